"""The statements that an estimator is given, made ready for one set of data."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lawful.errors import InputError
from lawful.learning.scaling import InputScaling, TargetScaling
from lawful.nets.architecture import Architecture, find_architecture
from lawful.physics.start import Start, fit_start
from lawful.physics.statement import Columns, Enforced, Statement, statements_of
from lawful.physics.symmetry import Symmetry
from lawful.physics.units import Units
from lawful.predict.inputs import Array

_CERTAIN = 0.01  # a polynomial that leaves less of the variance than this is taken without a second training


def can_build(statement: Statement, mechanism: str) -> bool:
    """Whether estimators can hold a statement by a mechanism; an architecture is built in for symmetries."""
    if mechanism not in statement.mechanisms or mechanism == "residual":
        return False
    return mechanism != "architecture" or isinstance(statement, Symmetry)


class Knowledge:
    """What is known, and what it changes about inputs, targets, network and loss.

    Args:
        physics: Statements and enforced statements, as the user gave them.
        table: The columns of the data.
        outputs: Number of targets; None for a classifier, whose output never transforms.
        net: The network that the user chose, which an architecture wraps.

    Attributes:
        statements: Every statement, to be measured.
        augmented: Those that move the training data.
        penalised: Those that add to the loss.
        architecture: The parts that the network is built around, or None.
        start: A polynomial from which training starts, or None.
        doubtful: Whether the network might do better without that.

    Raises:
        InputError: When a statement does not fit the data or the network, or contradicts another; names it.
    """

    def __init__(self, physics: Any, table: Columns, outputs: int | None, net: Any) -> None:
        items = statements_of(physics)
        self.table = table
        self.statements = [item.statement if isinstance(item, Enforced) else item for item in items]
        enforced = [item for item in items if isinstance(item, Enforced)]
        for statement in self.statements:
            statement.check(table, outputs)
            if outputs is None and isinstance(statement, Symmetry) and not statement.invariant:
                raise InputError(f"{statement.name}: the probabilities of classes are scalars, use to='scalar'.")
        self.augmented = [item for item in enforced if item.mechanism == "augment"]
        self.penalised = [item for item in enforced if item.mechanism == "loss"]
        built = [item for item in enforced if item.mechanism == "architecture"]
        for item in enforced:
            if not can_build(item.statement, item.mechanism):
                raise InputError(
                    f"{item.statement.name} by {item.mechanism!r} is not built into estimators: use by('loss') where "
                    "the statement has it, or the modules of lawful.nets in a training loop of your own."
                )
        if len(built) > 1:
            raise InputError(
                f"{built[0].statement.name} and {built[1].statement.name} both ask for an architecture, and a "
                "network has one. Write their group as one, or enforce one of them by 'loss' or 'augment'."
            )
        self.architecture: Architecture | None = None
        self.start: Start | None = None
        self.doubtful = False
        if built:
            symmetry = built[0].statement
            assert isinstance(symmetry, Symmetry)
            if not isinstance(net, str) or net != "mlp":
                shown = net if isinstance(net, str) else "of your own"
                raise InputError(
                    f"{symmetry.name} by 'architecture' replaces the network by a symmetric one: leave net='mlp', "
                    f"or enforce it on the network {shown!r} by 'loss' or 'augment'."
                )
            self.architecture = find_architecture(symmetry, table, built[0].options["tolerance"])
            self.wanted: bool | str = built[0].options["start"]

    def __bool__(self) -> bool:
        """Whether anything is stated."""
        return bool(self.statements)

    # ---- inputs ------------------------------------------------------------------------------------------------
    def fit(self, x: Array, weight: Array) -> None:
        """Learn sizes from the training inputs, (N, F), and weights of any sign, (N,)."""
        if self.architecture is not None:
            if np.isnan(x).any():
                raise InputError(
                    f"{self.architecture.symmetry.name} by 'architecture' cannot be kept where inputs are missing."
                )
            self.architecture.fit(x.astype(np.float64), np.abs(weight))

    def numbers(self, x: Array) -> Array:
        """What the core network is given before scaling, (N, copies, S)."""
        if self.architecture is None:
            return x[:, None]
        return self.architecture.inputs(x.astype(np.float64))

    @property
    def width(self) -> int:
        """Numbers that the core network is given at a time, S, before scaling."""
        return self.table.count if self.architecture is None else self.architecture.width

    def fit_scaling(self, x: Array, weight: Array, kind: str) -> InputScaling:
        """Scaling of the core network's inputs."""
        numbers = self.numbers(x)
        copies = numbers.shape[1]
        return InputScaling.fit(numbers.reshape(-1, numbers.shape[2]), np.repeat(weight, copies), kind)

    def prepare(self, x: Array, scaling: InputScaling) -> Array:
        """Everything the network is given, (N, numbers)."""
        numbers = self.numbers(x)
        scaled = scaling.apply(numbers.reshape(-1, numbers.shape[2])).reshape(len(x), -1)
        side = None if self.architecture is None else self.architecture.side(x.astype(np.float64))
        return scaled if side is None else np.concatenate([scaled, side.astype(scaled.dtype)], 1)

    def prepare_tensor(self, x: Tensor, scaling: InputScaling) -> Tensor:
        """As `prepare`, for tensors; differentiable by x where there is no architecture."""
        if self.architecture is None:
            return scaling.apply_tensor(x)
        prepared = self.prepare(x.numpy(force=True).astype(np.float64), scaling)
        return torch.from_numpy(prepared).to(x)

    # ---- network -----------------------------------------------------------------------------------------------
    def wrap(self, make: Callable[..., nn.Module], outputs: int, plain: int, copies: int) -> nn.Module:
        """The network with `plain + copies * outputs` outputs, around a core made by `make`."""
        if self.architecture is None:
            return make(plain + copies * outputs)
        return self.architecture.wrap(make, plain, outputs, copies)

    # ---- targets -----------------------------------------------------------------------------------------------
    def blocks(self, outputs: int) -> list[tuple[list[int], bool]]:
        """Targets that are scaled by one number, and whether they may be shifted too."""
        symmetry = None if self.architecture is None else self.architecture.symmetry
        if symmetry is None or symmetry.invariant:
            return [([column], True) for column in range(outputs)]
        return [
            (list(columns), kind.invariant)
            for kind, columns in zip(symmetry.output.kinds, symmetry.output.columns, strict=True)
        ]

    def scale_targets(self, y: Array, weight: Array) -> TargetScaling:
        """Scaling of targets, (N, T), that commutes with the architecture's group."""
        scaling = TargetScaling.fit(y, weight)
        w = np.abs(weight)
        for columns, shifts in self.blocks(y.shape[1]):
            if not shifts:
                size = float(np.sqrt(np.average((y[:, columns] ** 2).mean(1), weights=w)))
                scaling.centre[columns], scaling.scale[columns] = 0.0, size if size > 0 else 1.0
        return scaling

    def reference(self, x: Array) -> Array | float:
        """What is added to predictions, (N, T), besides the polynomial."""
        given = None if self.architecture is None else self.architecture.reference(x.astype(np.float64))
        return 0.0 if given is None else given

    def fit_start(self, x: Array, y: Array, weight: Array, seed: int) -> Array | None:
        """Fit the polynomial to standardised targets, (N, T); give what it predicts of unseen events, or None."""
        features = None if self.architecture is None else self.architecture.features
        if features is None or (weight < 0).any() or self.wanted is False:
            return None
        found = fit_start(features, x.astype(np.float64), y, weight, seed)
        if found is None:
            return None
        self.start, held = found
        left = np.average(((y - held) ** 2).mean(1), weights=weight)
        self.doubtful = self.wanted == "auto" and bool(left > _CERTAIN * np.average((y**2).mean(1), weights=weight))
        return held

    def without_start(self, physics: Any) -> list[Enforced | Statement]:
        """The same statements, with a network that starts from nothing."""
        return [
            replace(item, options={**item.options, "start": False})
            if isinstance(item, Enforced) and item.mechanism == "architecture"
            else item
            for item in statements_of(physics)
        ]

    def started(self, x: Array) -> Array | float:
        """The polynomial's standardised predictions, (N, T)."""
        if self.start is None:
            return 0.0
        assert self.architecture is not None
        assert self.architecture.features is not None
        return self.start(self.architecture.features, x.astype(np.float64))

    # ---- data and loss -----------------------------------------------------------------------------------------
    def moved(self, x: Array, y: Array, seed: int, epoch: int) -> tuple[Array, Array]:
        """Training inputs (N, F) and targets (N, T), each event moved along the symmetries."""
        rng = np.random.default_rng([seed, epoch, 11])
        xt, yt = torch.from_numpy(x.astype(np.float64)), torch.from_numpy(y.astype(np.float64))
        for item in self.augmented:
            assert isinstance(item.statement, Symmetry | Units)
            xt, yt = item.statement.augmented(xt, yt, self.table, rng)
        return xt.numpy(), yt.numpy()

    # ---- save and load -----------------------------------------------------------------------------------------
    def arrays(self) -> dict[str, Array]:
        """What was learned, besides the network."""
        found: dict[str, Array] = {}
        if self.architecture is not None:
            found = {f"physics.{name}": value for name, value in self.architecture.arrays.items()}
        if self.start is not None:
            found["physics.start"] = self.start.coefficients
        return found

    def restore(self, arrays: dict[str, Array]) -> None:
        """Take back what `arrays` gave.

        Raises:
            InputError: When it does not fit the statements.
        """
        if self.architecture is not None:
            given = {name.removeprefix("physics."): a for name, a in arrays.items() if name.startswith("physics.")}
            start = given.pop("start", None)
            self.architecture.restore(given)
            self.start = None if start is None else Start(np.asarray(start))
