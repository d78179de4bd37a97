"""Units: an answer must not depend on the units in which the inputs are written."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lawful.errors import InputError
from lawful.physics.columns import Columns
from lawful.physics.dimensions import independent, matrix, read_unit, shown, solve
from lawful.physics.statement import Model, Statement

Array = NDArray[np.float64]
_SAMPLES = 8


@dataclass(frozen=True)
class Groups:
    r"""Inputs as pure numbers, and the output's unit made of inputs: $y = F(x)\,\phi(\Pi_1, \dots, \Pi_P)$.

    Buckingham's theorem, with columns b of independent dimensions as repeating variables: each other column j gives
    $\Pi_j = x_j \prod_b x_b^{e_{jb}}$, in which it stands with the exponent one, so that its sign and zeros stay;
    $F_o = \prod_b x_b^{f_{ob}}$ (Buckingham, 'On physically similar systems', 1914). The number of groups is
    P = F - rank. The sign of a repeating variable, which units do not change, is one more group where it takes both.

    Attributes:
        name: What messages begin with.
        called: Name of each column, for messages.
        repeating: The columns b.
        others: The columns j.
        signed: Repeating variables whose sign is a group.
        pi: For each of `others` the exponents $e_j$ by column.
        output: For each output the exponents $f_o$ by column.
        sizes: Unit of each column in SI base units, (F,).
        output_sizes: Unit of each output in SI base units.
    """

    name: str
    called: tuple[str, ...]
    repeating: tuple[int, ...]
    others: tuple[int, ...]
    signed: tuple[int, ...]
    pi: tuple[Mapping[int, Fraction], ...]
    output: tuple[Mapping[int, Fraction], ...]
    sizes: tuple[float, ...]
    output_sizes: tuple[float, ...]

    @property
    def width(self) -> int:
        """Number of pure numbers, P."""
        return len(self.others) + len(self.signed)

    @property
    def idle(self) -> tuple[int, ...]:
        """Columns that are in no group and in no factor: the answer cannot depend on them."""
        used = {j for powers in (*self.pi, *self.output) for j, e in powers.items() if e} | set(self.signed)
        return tuple(j for j in self.repeating if j not in used)

    def dimensionless(self, X: Tensor) -> Tensor:
        """The pure numbers of inputs (N, F): (N, P)."""
        x = X.double() * torch.tensor(self.sizes, dtype=torch.float64, device=X.device)
        parts = [x[:, j] * self._product(x, powers) for j, powers in zip(self.others, self.pi, strict=True)]
        parts += [torch.sign(x[:, j]) for j in self.signed]
        return torch.stack(parts, 1).to(X) if parts else X[:, :0]

    def factor(self, X: Tensor) -> Tensor:
        """The product of powers of inputs (N, F) that has the output's unit, in it: (N, O)."""
        x = X.double() * torch.tensor(self.sizes, dtype=torch.float64, device=X.device)
        parts = [self._product(x, f) / size for f, size in zip(self.output, self.output_sizes, strict=True)]
        return torch.stack(parts, 1).to(X)

    def _product(self, X: Tensor, powers: Mapping[int, Fraction]) -> Tensor:
        result = torch.ones_like(X[:, 0])
        for j, e in powers.items():
            if not e:
                continue
            if e.denominator > 1 and bool((X[:, j] <= 0).any()):
                self._refuse(j, e, int((X[:, j] <= 0).sum()), len(X), "not positive")
            if e < 0 and bool((X[:, j] == 0).any()):
                self._refuse(j, e, int((X[:, j] == 0).sum()), len(X), "zero")
            result = result * X[:, j] ** (e.numerator if e.denominator == 1 else float(e))
        return result

    def _refuse(self, column: int, e: Fraction, count: int, rows: int, what: str) -> None:
        raise InputError(
            f"{self.name}: the column {self.called[column]} is {what} in {count} of {rows} rows, but must be raised "
            f"to the power {e} to make a pure number; drop those rows, or add a positive input of the same unit."
        )


def _same_unit(text: str, other: str, name: str) -> bool:
    """Whether two texts mean one unit, or the other one is not understood."""
    dimensions, size = read_unit(text, name)
    try:
        found, other_size = read_unit(other, name)
    except InputError:
        return True
    return dimensions == found and math.isclose(size, other_size)


class Units(Statement):
    r"""The unit of each input and of the output: when units change, predictions change as numbers of their unit do.

    The violation is the root mean square of $f(\lambda x) / \lambda' - f(x)$: each base dimension is rescaled by
    random factors between 1 / `reach` and `reach`, inputs by $\lambda$, the output by $\lambda'$.

    Args:
        units: Unit of each column by name, "" for a pure number, as pint reads them ("m / s**2", "GeV"); for data
            without names a list, of all columns in order. None: the units that the data have (`Events.units`).
        to: Unit of the output, or a list with one for each output.
        reach: Largest factor by which base dimensions are rescaled, for a violation and for augmented data.

    Mechanisms:
        augment: In each epoch every event is written in random units of its own, target included.
        architecture: The network is given pure numbers (`Groups`), and its output is multiplied by a product of
            powers of the inputs that has the output's unit. It starts from a fit that is linear in the pure numbers.

    Raises:
        InputError: When a unit is not understood or missing, or no product of powers of inputs has the output's unit.

    Examples:
        >>> import numpy as np
        >>> pendulum = Units({"length": "m", "g": "m / s**2", "angle": "rad"}, to="s")
        >>> X = np.random.default_rng(0).uniform(0.5, 2, (50, 3))
        >>> bool(pendulum.violation(lambda x: np.sqrt(x[:, 0] / x[:, 1]) * (1 + x[:, 2] ** 2 / 16), X).max() < 1e-12)
        True
        >>> bool(pendulum.violation(lambda x: x[:, 0] / x[:, 1], X).mean() > 0.1)
        True
    """

    mechanisms = ("augment", "architecture")

    def __init__(
        self, units: Mapping[str, str] | Sequence[str] | None = None, *, to: str | Sequence[str], reach: float = 2.0
    ) -> None:
        if isinstance(units, Sequence) and not isinstance(units, str):
            units = {f"x{k}": unit for k, unit in enumerate(units)}
        if units is not None and not isinstance(units, Mapping):
            raise InputError(f"Units({units!r}): expected the unit of each column, such as {{'length': 'm'}}.")
        self.units = None if units is None else dict(units)
        self.to = list(to) if isinstance(to, Sequence) and not isinstance(to, str) else to
        if isinstance(reach, bool) or not isinstance(reach, int | float) or not 1 < reach < math.inf:
            raise InputError(f"{self.name}: reach={reach!r}: expected a number above 1.")
        self.reach = float(reach)
        if not self._targets:
            raise InputError(
                "Units: to=[]: expected the unit of the output, or of each of several; '' is a pure number."
            )
        for unit in (*self._targets, *(self.units or {}).values()):
            if not isinstance(unit, str):
                raise InputError(
                    f"{self.name}: {unit!r} is no unit; expected text such as 'm / s**2', or '' for a pure number."
                )
            read_unit(unit, self.name)

    @property
    def _targets(self) -> list[str]:
        return self.to if isinstance(self.to, list) else [self.to]

    @property
    def name(self) -> str:
        """The output's unit."""
        return f"units to {', '.join(map(str, self._targets)) or 'a pure number'}"

    def plain(self) -> dict[str, Any]:
        """See `Statement.plain`."""
        return {"units": self.units, "to": self.to, "reach": self.reach}

    def pure(self) -> "Units":
        """The same units of the inputs, and an output that is a pure number."""
        return Units(self.units, to="", reach=self.reach)

    def of_columns(self, table: Columns) -> dict[str, str]:
        """The unit of each column, by name (x0, x1, ... where the data have none).

        Raises:
            InputError: When one is missing.
        """
        _, texts = self._read(table)
        return {table.called(j): text for j, text in enumerate(texts)}

    def _read(self, table: Columns) -> tuple[list[str], list[str]]:
        """Name and unit of each column."""
        given: Mapping[str, str] = table.units if self.units is None else self.units
        names = table.names
        if names is None:
            if len(given) != table.count:
                raise InputError(
                    f"{self.name}: {len(given)} units for {table.count} columns without names; give the unit "
                    "of each, '' for a pure number."
                )
            names = tuple(given)
        elif self.units is not None:
            for name in self.units:
                table.place(name, self)
        for name in names:
            if name not in given:
                where = "units= lacks" if self.units is not None else "the data's units lack"
                raise InputError(f"{self.name}: {where} the column {name!r}; write '' for a pure number.")
        return list(names), [given[name] for name in names]

    def check(self, table: Columns, outputs: int | None) -> None:
        """See `Statement.check`; where the data have units of their own, they must be these."""
        self.groups(table)
        names, texts = self._read(table)
        stated = [(f"the column {n!r}", text, table.units.get(n)) for n, text in zip(names, texts, strict=True)]
        targets = self._targets * len(table.target_units) if len(self._targets) == 1 else self._targets
        stated += [("the target", text, of) for text, of in zip(targets, table.target_units, strict=False)]
        for what, text, of in stated:
            if of is not None and not _same_unit(text, of, self.name):
                raise InputError(
                    f"{self.name}: {what} is stated to be in {text or 'pure numbers'}, but the data have it in "
                    f"{of or 'pure numbers'}."
                )
        if outputs is not None and isinstance(self.to, list) and outputs != len(self.to):
            raise InputError(f"{self.name}: to= has {len(self.to)} units, but there are {outputs} outputs.")

    def against(self, other: Statement) -> str | None:
        """See `Statement.against`: another unit of the output, or of a column."""
        if not isinstance(other, Units):
            return None
        ours, theirs = self._targets, other._targets
        outputs = max(len(ours), len(theirs))
        ours, theirs = (t * outputs if len(t) == 1 else t for t in (ours, theirs))
        if len(ours) != len(theirs):
            return f"one is for {len(ours)} outputs, the other for {len(theirs)}"
        pairs = [("the output", a, b) for a, b in zip(ours, theirs, strict=True)]
        units = other.units or {}
        pairs += [(f"the column {n!r}", unit, units[n]) for n, unit in (self.units or {}).items() if n in units]
        for what, a, b in pairs:
            (one, size), (two, other_size) = read_unit(a, self.name), read_unit(b, other.name)
            if one != two or not math.isclose(size, other_size):
                return f"{what} would be in {a or 'no unit'} and in {b or 'no unit'}"
        return None

    def groups(
        self,
        table: Columns,
        X: Any = None,
        *,
        repeating: Sequence[int] | None = None,
        signed: Sequence[int] = (),
        last: Sequence[int] = (),
    ) -> Groups:
        """Pure numbers that can be made of the inputs.

        Args:
            table: The columns.
            X: Inputs, (N, F): columns that are positive in all rows are preferred as repeating variables, since they
                can be raised to any power, and the signs of others are kept. None: the first columns.
            repeating: The repeating variables themselves, as `Groups.repeating` of an earlier call; X then only says
                which of them take both signs.
            signed: Columns that take both signs, where X is not given.
            last: Columns that are repeating variables only where no others will do.

        Raises:
            InputError: When units are missing, or no product of powers has the output's unit.
        """
        names, texts = self._read(table)
        read = [read_unit(text, self.name) for text in texts]
        targets = [read_unit(text, self.name) for text in self._targets]
        F = len(read)
        dimensions, D = matrix([d for d, _ in (*read, *targets)])
        order = sorted(range(F), key=lambda j: j in last)
        both = set(signed)
        if X is not None:
            values = np.asarray(X, dtype=np.float64)
            zero, negative, positive = ([bool(v.any()) for v in t.T] for t in (values == 0, values < 0, values > 0))
            order.sort(key=lambda j: (j in last, negative[j] or zero[j], zero[j]))
            both = {j for j in order if negative[j] and positive[j]}
        b = independent(D, order) if repeating is None else [int(j) for j in repeating]
        if not set(b) <= set(order) or independent(D, b) != b or len(b) != len(independent(D, order)):
            raise InputError(f"{self.name}: repeating={b}: expected as many independent columns as there can be.")
        others = tuple(j for j in range(F) if j not in b)
        pi = []
        for j in others:
            e = solve(D, [-row[j] for row in D], b)
            assert e is not None
            pi.append(e)
        output = []
        for o, text in enumerate(self._targets):
            f = solve(D, [row[F + o] for row in D], b)
            if f is None:
                self._explain(text, names, texts, dimensions, D, F + o)
            output.append(f)
        used = {j for powers in (*pi, *output) if powers for j, e in powers.items() if e}
        return Groups(
            self.name,
            tuple(names),
            tuple(b),
            others,
            tuple(j for j in b if j in both & used),
            tuple(pi),
            tuple(f for f in output if f is not None),
            tuple(size for _, size in read),
            tuple(size for _, size in targets),
        )

    def _explain(
        self, text: str, names: list[str], texts: list[str], dimensions: list[str], D: list[list[Fraction]], o: int
    ) -> None:
        """Say which dimension is missing among the inputs."""
        F = len(names)
        b = independent(D, range(F))
        missing = []
        for d, dimension in enumerate(dimensions):
            wider = [[*row, Fraction(int(i == d))] for i, row in enumerate(D)]
            if solve(wider, [row[o] for row in D], [*b, len(D[0])]) is not None:
                missing.append(dimension)
        if not missing:
            missing = [d for d, row in zip(dimensions, D, strict=True) if row[o] and not any(row[:F])] or dimensions
        inputs = ", ".join(f"{n} [{u or 'pure number'}]" for n, u in zip(names[:8], texts[:8], strict=True))
        raise InputError(
            f"{self.name}: no product of powers of the inputs {inputs}{', ...' if F > 8 else ''} has the unit "
            f"{text!r} ({shown(read_unit(text, self.name)[0])}): an input that brings in {' or '.join(missing)} is "
            "missing. If it is a constant of nature, add it as a column."
        )

    def dimensionless(self, X: Tensor, table: Columns) -> Tensor:
        """Pure numbers of inputs (N, F): (N, P), of the groups whose repeating variables are the first columns."""
        return self.groups(table).dimensionless(X)

    def factor(self, X: Tensor, table: Columns) -> Tensor:
        """What has the output's unit, (N, O); see `Groups.factor`."""
        return self.groups(table).factor(X)

    def rescaling(self, table: Columns, rows: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Random changes of units: factors of the inputs, (rows, F), and of the outputs, (rows, O or 1)."""
        _, texts = self._read(table)
        dimensions, D = matrix([read_unit(text, self.name)[0] for text in (*texts, *self._targets)])
        log = math.log(self.reach)
        u = torch.from_numpy(rng.uniform(-log, log, (rows, len(dimensions))))
        exponents = np.array([[float(e) for e in row] for row in D])
        factors = torch.exp(u @ torch.from_numpy(exponents.reshape(len(D), len(texts) + len(self._targets))))
        return factors[:, : len(texts)], factors[:, len(texts) :]

    def residual(self, model: Model, X: Tensor, table: Columns, rng: np.random.Generator) -> Tensor:
        """f(units changed) / factor - f for eight random changes of units, (N, 8 O)."""
        N = len(X)
        inside, outside = (v.to(X) for v in self.rescaling(table, N * _SAMPLES, rng))
        plain = model(X)
        moved = model(X.repeat_interleave(_SAMPLES, 0) * inside) / outside
        return (moved.reshape(N, _SAMPLES, -1) - plain.unsqueeze(1)).flatten(1)

    def augmented(self, X: Tensor, y: Tensor, table: Columns, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Inputs (N, F) and targets (N, O), each row in units of its own."""
        inside, outside = self.rescaling(table, len(X), rng)
        return X * inside.to(X), (y * outside.to(y) if y.shape[1] else y)
