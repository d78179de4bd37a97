"""Symmetries: what a transformation of the inputs does to the output."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lawful.errors import InputError
from lawful.physics.columns import Columns
from lawful.physics.groups import Group, read
from lawful.physics.layout import Layout, check_on, read_layout
from lawful.physics.representations import parse, size
from lawful.physics.statement import Model, Statement

_SAMPLES = 8


class Symmetry(Statement):
    r"""When the inputs are transformed by a group, the output transforms as `to` says: f(g x) = g f(x).

    The violation is the root mean square of $f(\rho(g) x) - \rho'(g) f(x)$ over elements g of the group: drawn from
    the Haar measure of a compact group; boosts, scale factors and shifts within the group's `reach`.

    Args:
        group: One of `lawful.physics.groups`, a `Group` of your own, or text such as "SO(3)".
        on: How the columns transform: text such as "3*vector + 2*scalar" takes consecutive columns in that order;
            a dictionary takes columns by name, {"vector": [["px", "py", "pz"]], "scalar": ["charge"]}, where
            "scalar": "others" stands for all that are not named.
        to: How the output transforms, as text; "tensor(2)" is (N, d * d), row-major.

    Mechanisms:
        augment: In each epoch every event is moved by a random element, target included.
        loss: A penalty on $f(g x) - g f(x)$; `samples` elements for each event (1), or with `lie=True` on the
            derivative along each generator.
        architecture: A network that cannot break the symmetry; `tolerance` of the null space (1e-6). A regression may
            start from a polynomial of invariants and basis tensors, fitted in closed form: `start=True` or `False`,
            or "auto", which takes it where it leaves less than 1e-4 of the variance, and where it explains more than
            half trains with and without it and keeps it if the squared error on held-out events is a fifth less.

    Raises:
        InputError: When `on` or `to` cannot be understood.

    Examples:
        >>> import numpy as np
        >>> from lawful.physics import groups
        >>> rotation = Symmetry(groups.SO(3), on="vector + scalar", to="scalar")
        >>> X = np.random.default_rng(0).normal(size=(5, 4))
        >>> bool(rotation.violation(lambda x: (x[:, :3] ** 2).sum(1), X).max() < 1e-12)
        True
        >>> bool(rotation.violation(lambda x: x[:, 0], X).mean() > 0.1)
        True
    """

    mechanisms = ("augment", "loss", "architecture")

    def __init__(
        self, group: Group | str | Mapping[str, Any], on: str | Mapping[str, Any], to: str = "scalar"
    ) -> None:
        if not isinstance(group, Group | str | Mapping):
            raise InputError(f"Symmetry({group!r}): expected a group, such as lawful.physics.groups.SO(3).")
        check_on(on)
        self.group: Group = read(group)
        self.on, self.to = on, to
        self.kinds = parse(to)
        self._read: tuple[Columns, Layout] | None = None

    @property
    def name(self) -> str:
        """The group and how the output transforms."""
        return f"symmetry {self.group.name} to {self.to}"

    def plain(self) -> dict[str, Any]:
        """See `Statement.plain`."""
        on = self.on if isinstance(self.on, str) else dict(self.on.items())
        return {"group": self.group.plain(), "on": on, "to": self.to}

    def layout(self, table: Columns) -> Layout:
        """The blocks of columns.

        Raises:
            InputError: When the columns do not fit the representation.
        """
        if self._read is None or self._read[0] is not table:  # asked for in every step of a training
            self._read = table, read_layout(self.on, self.group, table, self)
        return self._read[1]

    @cached_property
    def output(self) -> Layout:
        """The blocks of the output."""
        return Layout.consecutive(self.kinds, self.group)

    @property
    def invariant(self) -> bool:
        """Whether the output does not change."""
        return all(kind.invariant for kind in self.kinds)

    def check(self, table: Columns, outputs: int | None) -> None:
        """See `Statement.check`; an invariant output may have any number of columns."""
        self.layout(table)
        need = size(self.kinds, self.group)
        if outputs is not None and outputs != need and not self.invariant:
            raise InputError(f"{self.name}: the output has {need} columns, but the model gives {outputs}.")

    def doubt(self, X: NDArray[Any], y: NDArray[Any] | None, table: Columns) -> str | None:  # noqa: ARG002
        """See `Statement.doubt`: as many targets as a vector has numbers, said to be one scalar."""
        vectors = {kind for kind in self.layout(table).kinds if not kind.invariant}
        count = 1 if y is None else y.shape[1]
        if (
            len(self.kinds) > 1
            or not self.invariant
            or count < 2
            or count not in {k.size(self.group) for k in vectors}
        ):
            return None
        kind = next(k for k in vectors if k.size(self.group) == count)
        return (
            f"the {count} targets are taken as scalars, which do not change. If they turn, say to={str(kind)!r}, "
            f"if not, to='{count}*scalar'"
        )

    def against(self, other: Statement) -> str | None:
        """See `Statement.against`: outputs that transform in two ways under one group."""
        if not isinstance(other, Symmetry) or self.kinds == other.kinds or (self.invariant and other.invariant):
            return None
        one, two = self.plain(), other.plain()
        if isinstance(self.on, str) and isinstance(other.on, str):
            one["on"], two["on"] = parse(self.on), parse(other.on)
        if one["group"] != two["group"] or one["on"] != two["on"]:
            return None
        return f"the inputs transform alike, but the output would be {self.to} and {other.to}"

    def residual(self, model: Model, X: Tensor, table: Columns, rng: np.random.Generator) -> Tensor:
        """f(g x) - g f(x) for eight random elements, (N, 8 O)."""
        return self.differences(model, X, table, rng, _SAMPLES)

    def training_residual(
        self, model: Model, X: Tensor, table: Columns, rng: np.random.Generator, options: dict[str, Any]
    ) -> Tensor:
        """See `Statement.training_residual`."""
        if options["lie"]:
            return self.slopes(model, X, table)
        return self.differences(model, X, table, rng, int(options["samples"]))

    def differences(self, model: Model, X: Tensor, table: Columns, rng: np.random.Generator, samples: int) -> Tensor:
        """f(g x) - g f(x) for random elements of each row, (N, samples * O)."""
        layout, N = self.layout(table), len(X)
        g = torch.from_numpy(self.group.sample(N * samples, rng)).to(X).reshape(N, samples, *self._shape)
        moved = layout.move(X.unsqueeze(1), g, self.group)
        plain, after = model(X), model(moved.flatten(0, 1)).reshape(N, samples, -1)
        return (after - self.moved_output(plain.unsqueeze(1), g)).flatten(1)

    def slopes(self, model: Model, X: Tensor, table: Columns) -> Tensor:
        """The derivative of f(g x) - g f(x) along each generator at the identity, (N, generators * O)."""
        layout = self.layout(table)
        x = X.detach().requires_grad_()
        y = model(x)
        rows = [torch.autograd.grad(y[:, o].sum(), x, create_graph=True)[0] for o in range(y.shape[1])]
        J = torch.stack(rows, 1)  # (N, O, F)
        parts = []
        for A in torch.from_numpy(self.group.generators).to(X):
            slope = (J @ layout.velocity(X, A, self.group).unsqueeze(-1)).squeeze(-1)
            parts.append(slope if self.invariant else slope - self.output.velocity(y, A, self.group))
        return torch.cat(parts, 1)

    def moved_output(self, y: Tensor, g: Tensor) -> Tensor:
        """Apply elements to outputs, (..., O)."""
        if self.invariant:
            return y.expand(*np.broadcast_shapes(y.shape[:-1], g.shape[:-2]), y.shape[-1])
        return self.output.move(y, g, self.group)

    def augmented(self, X: Tensor, y: Tensor, table: Columns, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Inputs (N, F) and targets (N, O), each row moved by an element of its own."""
        g = torch.from_numpy(self.group.sample(len(X), rng)).to(X)
        return self.layout(table).move(X, g, self.group), self.moved_output(y, g.to(y))

    @property
    def _shape(self) -> tuple[int, int]:
        size = self.group.dimension + self.group.affine
        return size, size

    def options(self, mechanism: str, given: dict[str, Any]) -> dict[str, Any]:
        """See `Statement.options`."""
        known: dict[str, dict[str, Any]] = {
            "augment": {},
            "loss": {"weight": 1.0, "tolerance": 0.0, "samples": 1, "lie": False},
            "architecture": {"tolerance": 1e-6, "start": "auto"},
        }
        chosen = self._filled(mechanism, known[mechanism], given)
        samples, lie = chosen.get("samples", 1), chosen.get("lie", False)
        if isinstance(samples, bool) or not isinstance(samples, int | np.integer) or samples < 1:
            raise InputError(f"{self.name}.by('loss', samples={samples!r}): expected a whole number from 1.")
        if not isinstance(lie, bool | np.bool_):
            raise InputError(f"{self.name}.by('loss', lie={lie!r}): expected True or False.")
        if chosen.get("start", "auto") not in ("auto", True, False):
            raise InputError(f"{self.name}.by('architecture', start={chosen['start']!r}): 'auto', True or False.")
        if lie and not len(self.group.generators):
            raise InputError(f"{self.name}.by('loss', lie=True): the group has no generators.")
        return chosen
