"""Integrals that are known: a probability that sums to one, a total charge, a mean that vanishes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lawful.errors import InputError
from lawful.physics.conserved import evaluate, function_name, function_plain, take_function
from lawful.physics.statement import Columns, Model, Statement

RULES = ("gauss", "trapezoid")


class Integral(Statement):
    r"""The integral of a function of the predictions over one column is known.

    $I(x) = \int_a^b F(f(x_1, .., t, .., x_n))\,dt$ is worked out for each row, whose other columns stay as they are.
    The violation is $|I / I_0 - 1|$; where $I_0 = 0$ it is $|I| / (b - a)$ in units of the target's deviation.

    Args:
        function: F, from predictions (n, O), a torch tensor, to (n,) or (n, 1). One that takes a second argument
            gets the inputs (n, F) there.
        over: Name or number of the column t, and the limits a and b in its unit.
        equals: The value I_0.
        points: Points of the quadrature.
        rule: "gauss" (Gauss-Legendre, exact for polynomials of degree 2 points - 1), or "trapezoid", the better one
            for a periodic function over its period.

    Mechanisms:
        loss: A penalty on the violation.
        architecture: Predictions are divided by what makes the integral right; F must be a power, as a square is.

    A function cannot be saved: `plain` gives its name, and it is needed again when a saved model is loaded.

    Raises:
        InputError: When an argument is not of that kind.

    Examples:
        >>> import numpy as np
        >>> unitary = Integral(lambda psi: psi**2, over=("x", 0.0, 1.0), equals=1.0)
        >>> import pandas as pd
        >>> X = pd.DataFrame({"x": np.linspace(0, 1, 5)})
        >>> bool(unitary.violation(lambda x: np.sqrt(2) * np.sin(np.pi * x), X).max() < 1e-12)
        True
        >>> [round(float(v), 6) for v in unitary.violation(lambda x: 2 * np.sin(np.pi * x), X)[:2]]
        [1.0, 1.0]
    """

    mechanisms = ("loss", "architecture")

    def __init__(
        self, function: Any, over: Sequence[Any], equals: float = 1.0, *, points: int = 64, rule: str = "gauss"
    ) -> None:
        self.function = take_function("Integral: function", function)
        if isinstance(over, str) or not isinstance(over, Sequence) or len(over) != 3:
            raise InputError(f"Integral: over={over!r}: expected (column, low, high), as ('x', 0.0, 1.0).")
        column, low, high = over
        if isinstance(column, bool) or not isinstance(column, str | int | np.integer):
            raise InputError(f"Integral: over={over!r}: expected the name or number of a column first.")
        self.column: str | int = column if isinstance(column, str) else int(column)
        self.low, self.high = _number("lower limit", low), _number("upper limit", high)
        if self.low >= self.high:
            raise InputError(f"Integral over {column}: the limits {low!r} and {high!r}: expected low < high.")
        self.equals = _number("equals", equals)
        least = 1 if rule == "gauss" else 2
        if isinstance(points, bool) or not isinstance(points, int | np.integer) or not least <= points <= 100_000:
            raise InputError(f"Integral: points={points!r}: expected a whole number from {least} to 100000.")
        if rule not in RULES:
            raise InputError(f"Integral: rule={rule!r}: expected one of {list(RULES)}.")
        self.points, self.rule = int(points), rule
        self.natural = self.equals != 0
        if rule == "gauss":
            t, w = np.polynomial.legendre.leggauss(self.points)
        else:
            t, w = np.linspace(-1, 1, self.points), np.full(self.points, 2 / (self.points - 1))
            w[[0, -1]] /= 2
        half = (self.high - self.low) / 2
        self.nodes = torch.from_numpy((self.high + self.low) / 2 + half * t)
        self.weights = torch.from_numpy(half * w)

    @property
    def name(self) -> str:
        """What is integrated, over what, and what it is."""
        called = function_name(self.function, "")
        return f"integral {f'of {called} ' if called else ''}over {self.column} equals {self.equals:g}"

    def plain(self) -> dict[str, Any]:
        """See `Statement.plain`; the function by name alone."""
        return {
            "function": function_plain(self.function),
            "over": [self.column, self.low, self.high],
            "equals": self.equals,
            "points": self.points,
            "rule": self.rule,
        }

    def check(self, table: Columns, outputs: int | None) -> None:  # noqa: ARG002
        """See `Statement.check`."""
        table.place(self.column, self)

    def expanded(self, X: Tensor, table: Columns) -> Tensor:
        """Each row at every point of the quadrature, (N * points, F); the points of a row follow one another."""
        place = table.place(self.column, self)
        rows = X.unsqueeze(1).repeat(1, self.points, 1)
        rows[:, :, place] = self.nodes.to(X)
        return rows.flatten(0, 1)

    def values(self, y: Tensor, X: Tensor) -> Tensor:
        """The integrand of predictions (n, O) at inputs (n, F), (n,)."""
        return evaluate(self.function, y, X, self)[:, 0]

    def integral(self, model: Model, X: Tensor, table: Columns) -> Tensor:
        """The integral for each row of inputs (N, F), (N,)."""
        rows = self.expanded(X, table)
        y = model(rows)
        return self.values(y, rows.to(y)).reshape(len(X), self.points) @ self.weights.to(y)

    def residual(
        self,
        model: Model,
        X: Tensor,
        table: Columns,
        rng: np.random.Generator,  # noqa: ARG002
    ) -> Tensor:
        """I / I_0 - 1, or I / (b - a) where I_0 = 0, (N, 1)."""
        found = self.integral(model, X, table).unsqueeze(1)
        return found / self.equals - 1 if self.natural else found / (self.high - self.low)


def _number(what: str, value: Any) -> float:
    good = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not good or not np.isfinite(value):
        raise InputError(f"Integral: {what} {value!r}: expected a finite number.")
    return float(value)
