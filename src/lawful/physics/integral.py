"""Integrals that are known: a probability that sums to one, a total charge, a mean that vanishes."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lawful.errors import InputError
from lawful.physics.bounds import Bounds
from lawful.physics.callables import evaluate, function_name, function_plain, same_function, take_function, worked_out
from lawful.physics.columns import Columns
from lawful.physics.expressions import Expression, parse
from lawful.physics.formula_names import check_constants, column_names, column_places, prediction_names, shortened
from lawful.physics.statement import Model, Stacked, Statement

RULES = ("gauss", "trapezoid")
_OTHERWISE = ", or a formula of the other columns as text where each row has its own value"


class Integral(Statement):
    r"""The integral of a function of the predictions over one column is known.

    $I(x) = \int_a^b F(f(x_1, .., t, .., x_n))\,dt$ is worked out for each row, whose other columns stay as they are.
    The violation is $|I / I_0 - 1|$; where $I_0 = 0$, and where it is a formula, it is $|I - I_0| / (b - a)$ in units
    of the target's deviation.

    Args:
        function: F, a formula as text. A name in it is a column, the prediction (y, or any one name that is no
            column), or one of several predictions, y0, y1, ... Or a function from predictions (n, O), a torch tensor,
            to (n,) or (n, 1); one that takes a second argument gets the inputs (n, F) there.
        over: Name or number of the column t, and the limits a and b in its unit: numbers, or names of columns where
            each row has its own, such as the width of a well.
        equals: The value I_0, or a formula of the other columns, where each row has its own, such as the heat that a
            lake is known to hold on each day.
        points: Points of the quadrature.
        rule: "gauss" (Gauss-Legendre, exact for polynomials of degree 2 points - 1), or "trapezoid", the better one
            for a periodic function over its period.

    Mechanisms:
        loss: A penalty on the violation, worked out at `rows` rows of each batch (32).
        architecture: Predictions are divided by what makes the integral right; F must be a power, as a square is,
            and I_0 a number.

    A formula is saved; of a function only the name, and it is needed again when a saved model is loaded.

    Raises:
        InputError: When an argument is not of that kind.

    Examples:
        >>> import numpy as np
        >>> unitary = Integral("psi**2", over=("x", 0.0, 1.0), equals=1.0)
        >>> import pandas as pd
        >>> X = pd.DataFrame({"x": np.linspace(0, 1, 5)})
        >>> bool(unitary.violation(lambda x: np.sqrt(2) * np.sin(np.pi * x), X).max() < 1e-12)
        True
        >>> [round(float(v), 6) for v in unitary.violation(lambda x: 2 * np.sin(np.pi * x), X)[:2]]
        [1.0, 1.0]
    """

    mechanisms: tuple[str, ...] = ("loss", "architecture")

    def __init__(
        self,
        function: Any,
        over: Sequence[Any],
        equals: float | str = 1.0,
        *,
        points: int = 64,
        rule: str = "gauss",
    ) -> None:
        self.function = take_function("Integral: function", function)
        if isinstance(over, str) or not isinstance(over, Sequence) or len(over) != 3:
            raise InputError(f"Integral: over={over!r}: expected (column, low, high), as ('x', 0.0, 1.0).")
        column, low, high = over
        if isinstance(column, bool) or not isinstance(column, str | int | np.integer):
            raise InputError(f"Integral: over={over!r}: expected the name or number of a column first.")
        self.column: str | int = column if isinstance(column, str) else int(column)
        self.low, self.high = _limit("lower limit", low), _limit("upper limit", high)
        if not isinstance(self.low, str) and not isinstance(self.high, str) and self.low >= self.high:
            raise InputError(f"Integral over {column}: the limits {low!r} and {high!r}: expected low < high.")
        self.formula = parse(equals, (), "Integral: equals") if isinstance(equals, str) else None
        self.known = self.formula if self.formula is not None and self.formula.names else None
        number = equals if self.formula is None else self.formula.tree.number
        self.equals = _number("equals", number, _OTHERWISE) if self.known is None else float("nan")
        least = 1 if rule == "gauss" else 2
        if isinstance(points, bool) or not isinstance(points, int | np.integer) or not least <= points <= 100_000:
            raise InputError(f"Integral: points={points!r}: expected a whole number from {least} to 100000.")
        if rule not in RULES:
            raise InputError(f"Integral: rule={rule!r}: expected one of {list(RULES)}.")
        self.points, self.rule = int(points), rule
        self.natural = self.known is None and self.equals != 0
        if self.known is not None:
            self.mechanisms = ("loss",)
        if rule == "gauss":
            t, w = np.polynomial.legendre.leggauss(self.points)
        else:
            t, w = np.linspace(-1, 1, self.points), np.full(self.points, 2 / (self.points - 1))
            w[[0, -1]] /= 2
        self.nodes, self.weights = torch.from_numpy((1 + t) / 2), torch.from_numpy(w / 2)  # from 0 to 1

    @property
    def name(self) -> str:
        """What is integrated, over what, and what it is."""
        called = function_name(self.function, "")
        value = f"{self.equals:g}" if self.known is None else function_name(self.known, "")
        return f"integral {f'of {called} ' if called else ''}over {self.column} equals {value}"

    def plain(self) -> dict[str, Any]:
        """See `Statement.plain`; a function by name alone."""
        return {
            "function": function_plain(self.function),
            "over": [self.column, self.low, self.high],
            "equals": self.equals if self.known is None else self.known.text,
            "points": self.points,
            "rule": self.rule,
        }

    def options(self, mechanism: str, given: dict[str, Any]) -> dict[str, Any]:
        """See `Statement.options`."""
        if mechanism == "architecture" and self.known is not None:
            raise InputError(f"{self.name}: a value that differs by row cannot be built in; it has ['loss'].")
        if mechanism != "loss":
            return super().options(mechanism, given)
        chosen = self._filled(mechanism, {"weight": 1.0, "tolerance": 0.0, "rows": 32}, given)
        rows = chosen["rows"]
        if isinstance(rows, bool) or not isinstance(rows, int | np.integer) or rows < 1:
            raise InputError(f"{self.name}.by('loss', rows={rows!r}): expected a whole number from 1.")
        return chosen

    def check(self, table: Columns, outputs: int | None) -> None:
        """See `Statement.check`."""
        place = table.place(self.column, self)
        for limit in (self.low, self.high):
            if isinstance(limit, str) and table.place(limit, self) == place:
                raise InputError(f"{self.name}: the limit {limit!r} is the column over which is integrated.")
        if isinstance(self.function, Expression):
            prediction_names(self.function, table, outputs, self)
        if self.formula is not None:
            check_constants(self.formula, column_names(table), self)
            for name, column in column_places(self.formula.names, table, self).items():
                if column == place:
                    raise InputError(
                        f"{self.name}: equals= names {name!r}, over which is integrated; expected other columns."
                    )

    def against(self, other: Statement) -> str | None:
        """See `Statement.against`: another value of the same integral, or one that bounds do not allow."""
        if self.known is not None:
            return None
        if isinstance(other, Bounds):
            return self._beyond(other)
        if not isinstance(other, Integral) or other.known is not None or self.equals == other.equals:
            return None
        if (self.column, self.low, self.high) != (other.column, other.low, other.high):
            return None
        same = same_function(self.function, other.function)
        return f"one integral is not {self.equals:g} and {other.equals:g}" if same else None

    def _beyond(self, bounds: Bounds) -> str | None:
        """Why an integral of an output itself cannot be what it is."""
        formula = self.function
        if not isinstance(formula, Expression) or formula.tree.kind != "name":
            return None
        numbered = re.fullmatch(r"y(\d+)", str(formula.tree.value))
        o = int(numbered[1]) if numbered else 0
        outputs = bounds.count or o + 1
        if o >= outputs:
            return None
        if isinstance(self.low, str) or isinstance(self.high, str):
            return None
        low, high = (float(limit[o]) * (self.high - self.low) for limit in bounds.limits(outputs))
        if low <= self.equals <= high:
            return None
        side = f"at least {low:g}" if self.equals < low else f"at most {high:g}"
        return f"within the bounds the integral is {side}"

    def expanded(self, X: Tensor, table: Columns) -> Tensor:
        """Each row at every point of the quadrature, (N * points, F); the points of a row follow one another."""
        place = table.place(self.column, self)
        low, length = self.limits(X, table)
        rows = X.unsqueeze(1).repeat(1, self.points, 1)
        rows[:, :, place] = low.unsqueeze(1) + length.unsqueeze(1) * self.nodes.to(X)
        return rows.flatten(0, 1)

    def limits(self, X: Tensor, table: Columns) -> tuple[Tensor, Tensor]:
        """The lower limit and the length of the range for each row of inputs (N, F), (N,) each.

        Raises:
            InputError: When a column has limits that are not in order.
        """
        low, high = (
            X[:, table.place(limit, self)] if isinstance(limit, str) else X.new_full((len(X),), limit)
            for limit in (self.low, self.high)
        )
        wrong = ~(low < high)
        if bool(wrong.any()):
            row = int(wrong.to(torch.int8).argmax())
            raise InputError(
                f"{self.name}: the limits are {float(low[row]):g} and {float(high[row]):g} in {int(wrong.sum())} of "
                f"{len(X)} rows; expected the lower one below the upper one."
            )
        return low, high - low

    def values(self, y: Tensor, X: Tensor, table: Columns | None = None) -> Tensor:
        """F of predictions (n, O) and inputs (n, F), (n,); a formula needs the names of the columns, if any."""
        return evaluate(self.function, y, X, Columns(X.shape[1]) if table is None else table, self)[:, 0]

    def integral(self, model: Model, X: Tensor, table: Columns) -> Tensor:
        """The integral for each row of inputs (N, F), (N,)."""
        members = model.members if isinstance(model, Stacked) else 1
        others = X.clone()
        others[:, table.place(self.column, self)] = 0.0
        if len(X) > members and bool((others == others[:1]).all()):  # one integral for all rows of a member
            each = X.unflatten(0, (members, -1))
            return self.integral(model, each[:, 0], table).repeat_interleave(each.shape[1])
        rows = self.expanded(X, table)
        y = model(rows)
        mean = self.values(y, rows.to(y), table).reshape(len(X), self.points) @ self.weights.to(y)
        return mean * self.limits(X, table)[1].to(y)

    def training_residual(
        self, model: Model, X: Tensor, table: Columns, rng: np.random.Generator, options: dict[str, Any]
    ) -> Tensor:
        """See `Statement.training_residual`: at the first `rows` rows of each member, which stand for the others."""
        members = model.members if isinstance(model, Stacked) else 1
        each = X.unflatten(0, (members, -1))
        B = each.shape[1]
        k = min(B, int(options["rows"]))
        r = self.residual(model, each[:, :k].flatten(0, 1), table, rng).unflatten(0, (members, k))
        repeated: Tensor = r[:, torch.arange(B, device=r.device) % k]
        return repeated.flatten(0, 1)

    def value(self, X: Tensor, table: Columns) -> Tensor:
        """I_0 for each row of inputs (N, F), (N,)."""
        if self.known is None:
            return X.new_full((len(X),), self.equals)
        values = {name: X[:, j] for name, j in column_places(self.known.names, table, self).items()}
        return worked_out(self.known, values, X)[:, 0]

    def residual(
        self,
        model: Model,
        X: Tensor,
        table: Columns,
        rng: np.random.Generator,  # noqa: ARG002
    ) -> Tensor:
        """I / I_0 - 1, or (I - I_0) / (b - a) where I_0 = 0 or differs by row, (N, 1)."""
        found = self.integral(model, X, table)
        if self.natural:
            return (found / self.equals - 1).unsqueeze(1)
        return ((found - self.value(X, table).to(found)) / self.limits(X, table)[1].to(found)).unsqueeze(1)


def _limit(what: str, value: Any) -> float | str:
    return value if isinstance(value, str) and value else _number(what, value, ", or the name of a column")


def _number(what: str, value: Any, otherwise: str = "") -> float:
    good = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not good or not np.isfinite(value):
        shown = shortened(" ".join(repr(value).split()))
        raise InputError(f"Integral: {what} {shown}: expected a finite number{otherwise}.")
    return float(value)
