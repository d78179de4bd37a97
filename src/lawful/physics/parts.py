"""Answers made of parts that have a meaning of their own: kinetic and potential energy, pressure and shear force."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lawful.errors import InputError
from lawful.physics.columns import Columns
from lawful.physics.statement import Model, Statement

_MOST_SETS = 12  # sets of columns that a violation looks at
_MOST_CHANGED = 4  # columns that are changed together at most
_DRAWS = 4  # rows from which changed columns are taken


class _Parts(Statement):
    """What `Sum` and `Product` share: parts by name, each with the columns on which it depends."""

    mechanisms = ("loss", "architecture")
    sign = ""  # between the parts, in the name

    def __init__(self, parts: Mapping[str, Sequence[str | int] | str | int]) -> None:
        kind = type(self).__name__
        if not isinstance(parts, Mapping) or len(parts) < 2:
            raise InputError(
                f"{kind}({parts!r}): expected two parts or more, each with its columns, such as "
                "{'kinetic': ['speed'], 'potential': ['position']}."
            )
        self.parts: dict[str, list[str | int]] = {}
        for name, columns in parts.items():
            alone = isinstance(columns, str | int | np.integer)
            listed: list[Any] = [columns] if alone else list(columns) if isinstance(columns, Iterable) else []
            good = all(isinstance(c, str | int | np.integer) and not isinstance(c, bool) for c in listed)
            if not isinstance(name, str) or name in ("", "constant"):
                raise InputError(f"{kind}: a part is called {name!r}: expected text, other than 'constant'.")
            if not listed or not good or len(set(listed)) < len(listed):
                raise InputError(
                    f"{kind}: the part {name!r} has the columns {columns!r}: expected different columns."
                )
            self.parts[name] = [c if isinstance(c, str) else int(c) for c in listed]

    @property
    def name(self) -> str:
        """The parts."""
        return f"{type(self).__name__.lower()} {f' {self.sign} '.join(self.parts)}"

    def plain(self) -> dict[str, Any]:
        """See `Statement.plain`."""
        return {"parts": {name: list(columns) for name, columns in self.parts.items()}}

    def places(self, table: Columns) -> dict[str, list[int]]:
        """Numbers of the columns of each part.

        Raises:
            InputError: When there is no such column, or one is named twice.
        """
        found = {name: [table.place(c, self) for c in columns] for name, columns in self.parts.items()}
        for name, places in found.items():
            if len(set(places)) < len(places):
                raise InputError(f"{self.name}: the part {name!r} names a column twice: {self.parts[name]}.")
        return found

    def check(self, table: Columns, outputs: int | None) -> None:  # noqa: ARG002
        """See `Statement.check`."""
        self.places(table)

    def uncovered(self, table: Columns) -> list[tuple[int, ...]]:
        """The smallest sets of columns that no part has together; sets of up to four columns are looked at."""
        parts = [set(columns) for columns in self.places(table).values()]
        found: list[tuple[int, ...]] = []
        for size in range(1, min(_MOST_CHANGED, table.count) + 1):
            for columns in combinations(range(table.count), size):
                new = set(columns)
                if not any(new <= part for part in parts) and not any(set(old) <= new for old in found):
                    found.append(columns)
        return found

    def residual(self, model: Model, X: Tensor, table: Columns, rng: np.random.Generator) -> Tensor:
        """Differences that vanish for an answer made of such parts, (N, sets * draws * O)."""
        return self.differences(model, X, table, rng, _MOST_SETS, _DRAWS)

    def training_residual(
        self, model: Model, X: Tensor, table: Columns, rng: np.random.Generator, options: dict[str, Any]
    ) -> Tensor:
        """See `Statement.training_residual`: of `samples` random sets, one difference each."""
        return self.differences(model, X, table, rng, int(options["samples"]), 1)

    def options(self, mechanism: str, given: dict[str, Any]) -> dict[str, Any]:
        """See `Statement.options`."""
        known = {"weight": 1.0, "tolerance": 0.0, "samples": 1} if mechanism == "loss" else {}
        chosen = self._filled(mechanism, known, given)
        samples = chosen.get("samples", 1)
        if isinstance(samples, bool) or not isinstance(samples, int | np.integer) or samples < 1:
            raise InputError(f"{self.name}.by('loss', samples={samples!r}): expected a whole number from 1.")
        return chosen

    def differences(
        self, model: Model, X: Tensor, table: Columns, rng: np.random.Generator, most: int, draws: int
    ) -> Tensor:
        """Differences for at most `most` sets of columns, each with `draws` other rows, (N, sets * draws * O)."""
        sets = self.uncovered(table)
        if len(sets) > most:
            sets = [sets[k] for k in sorted(rng.choice(len(sets), most, replace=False))]
        plain = model(X)
        if not sets:
            return torch.zeros_like(plain)
        found = []
        for columns in sets:
            for _ in range(draws):
                other = X[torch.from_numpy(rng.permutation(len(X)))]
                even, odd = [plain], list[Tensor]()
                for size in range(1, len(columns) + 1):
                    for chosen in combinations(columns, size):
                        moved = X.clone()
                        moved[:, list(chosen)] = other[:, list(chosen)]
                        (odd if size % 2 else even).append(model(moved))
                found.append(self.difference(torch.stack(even), torch.stack(odd)))
        return torch.cat(found, 1)

    @abstractmethod
    def difference(self, even: Tensor, odd: Tensor) -> Tensor:
        """How far predictions with an even and an odd number of columns changed, (k, N, O), differ: (N, O)."""


class Sum(_Parts):
    r"""The answer is a sum of parts, each a function of some of the inputs: $y = \sum_p f_p(x_{C_p})$.

    For columns i and j that no part has together, $f - f_i - f_j + f_{ij}$ vanishes, where $f_i$ is the prediction
    with the column i taken from another row; likewise for larger sets of which no part has all (the functional
    analysis of variance: Hoeffding 1948, Sobol 1993). The violation is the root mean square of such differences over
    sets and draws, in units of the target's deviation. Where some part has all columns it is zero.

    Args:
        parts: Names of the parts, and the columns on which each depends, by name or number.

    Mechanisms:
        loss: A penalty on those differences, `samples` of them in each step (1).
        architecture: A network for each part, of the chosen size; `model.parts(X)` gives what each adds.

    Raises:
        InputError: When there are fewer than two parts, or one has no columns.

    Examples:
        >>> energy = Sum({"kinetic": [0], "potential": [1]})
        >>> X = np.random.default_rng(0).normal(size=(50, 2))
        >>> bool(energy.violation(lambda x: x[:, 0] ** 2 / 2 + np.cos(x[:, 1]), X).max() < 1e-12)
        True
        >>> bool(energy.violation(lambda x: x[:, 0] * x[:, 1], X).mean() > 0.5)
        True
    """

    sign = "+"

    def difference(self, even: Tensor, odd: Tensor) -> Tensor:
        """See `_Parts.difference`."""
        return even.sum(0) - odd.sum(0)


class Product(_Parts):
    r"""The answer is a product of parts, each a function of some of the inputs: $y = \prod_p f_p(x_{C_p})$.

    As for `Sum`, with products in place of sums: $f f_{ij} - f_i f_j$ vanishes for columns that no part has together;
    it is divided by the root mean square of the predictions in it, to have their unit.

    Args:
        parts: Names of the parts, and the columns on which each depends, by name or number.

    Mechanisms:
        loss: A penalty on those differences, `samples` of them in each step (1).
        architecture: A network for each part, of the chosen size; `model.parts(X)` gives each factor.

    Raises:
        InputError: When there are fewer than two parts, or one has no columns.

    Examples:
        >>> rate = Product({"flux": ["F"], "cross section": ["E"]})
        >>> import pandas as pd
        >>> X = pd.DataFrame(np.random.default_rng(0).uniform(1, 2, size=(50, 2)), columns=["F", "E"])
        >>> bool(rate.violation(lambda x: x[:, 0] / x[:, 1], X).max() < 1e-12)
        True
        >>> bool(rate.violation(lambda x: x[:, 0] + x[:, 1], X).mean() > 0.01)
        True
    """

    sign = "times"

    def difference(self, even: Tensor, odd: Tensor) -> Tensor:
        """See `_Parts.difference`."""
        size = torch.cat([even, odd]).square().mean(0).sqrt().clamp_min(1e-300)
        return (torch.prod(even / size, 0) - torch.prod(odd / size, 0)) * size
