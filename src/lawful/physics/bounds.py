"""Bounds that predictions keep: an efficiency between zero and one, an energy that is not negative."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lawful.errors import InputError
from lawful.physics.columns import Columns
from lawful.physics.statement import Model, Statement

_Side = float | list[float | None] | None


class Bounds(Statement):
    r"""Each output lies between bounds: $l_o \le f_o(x) \le u_o$.

    The violation is the root mean square over outputs of what lies beyond, $\max(l - f, 0) + \max(f - u, 0)$, in
    units of the target's deviation.

    Args:
        lower: Lower bound in the unit of the output: a number for all outputs, a list with one for each (None where
            there is none), or None.
        upper: Upper bound, in the same way.

    Mechanisms:
        loss: A penalty on what lies beyond.
        architecture: A map of the output that changes nothing in the middle and never reaches beyond.

    Raises:
        InputError: When there is no bound at all, or a lower one is not below the upper one.

    Examples:
        >>> import numpy as np
        >>> X = np.array([[0.5], [-0.1], [1.3]])
        >>> [round(float(v), 6) for v in Bounds(0.0, 1.0).violation(lambda x: x, X, scale=1.0)]
        [0.0, 0.1, 0.3]
    """

    mechanisms = ("loss", "architecture")

    def __init__(self, lower: Any = None, upper: Any = None) -> None:
        self.lower, self.upper = _side("lower", lower), _side("upper", upper)
        counts = {len(side) for side in (self.lower, self.upper) if isinstance(side, list)}
        if len(counts) > 1:
            raise InputError(
                f"Bounds(lower={lower!r}, upper={upper!r}): the lists have different lengths; expected one bound for "
                "each output in both."
            )
        self.count = next(iter(counts), None)
        low, high = self.limits(self.count or 1)
        if np.isinf(low).all() and np.isinf(high).all():
            raise InputError("Bounds: lower and upper are both None: expected at least one bound.")
        if (low >= high).any():
            o = int(np.argmax(low >= high))
            where = "" if self.count is None else f" of output {o}"
            raise InputError(f"Bounds: the bounds{where} are {low[o]:g} and {high[o]:g}: expected lower < upper.")

    @property
    def name(self) -> str:
        """The bounds."""
        if self.count is not None:
            return f"bounds of {self.count} output{'s' * (self.count > 1)}"
        if self.upper is None:
            return f"bounds, at least {self.lower:g}"
        return f"bounds, at most {self.upper:g}" if self.lower is None else f"bounds {self.lower:g} to {self.upper:g}"

    def plain(self) -> dict[str, Any]:
        """See `Statement.plain`."""
        return {"lower": self.lower, "upper": self.upper}

    def limits(self, outputs: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper bound of each output, (O,), infinite where there is none."""
        found = []
        for side, none in ((self.lower, -np.inf), (self.upper, np.inf)):
            values = side if isinstance(side, list) else [side] * outputs
            found.append(np.array([none if value is None else value for value in values], dtype=np.float64))
        return found[0], found[1]

    def check(self, table: Columns, outputs: int | None) -> None:  # noqa: ARG002
        """See `Statement.check`."""
        if outputs is not None and self.count not in (None, outputs):
            raise InputError(
                f"{self.name}: {self.count} are given, but the model gives {outputs}; a range for "
                "all of them is Bounds(lower, upper), two numbers."
            )

    def doubt(self, X: NDArray[Any], y: NDArray[Any] | None, table: Columns) -> str | None:  # noqa: ARG002
        """See `Statement.doubt`: targets most of which lie beyond, which noise does not explain."""
        if y is None:
            return None
        low, high = self.limits(y.shape[1])
        beyond = int(((y < low) | (y > high)).any(1).sum())
        if 2 * beyond <= len(y):
            return None
        return f"{beyond} of {len(y)} targets lie beyond; they go from {y.min():g} to {y.max():g}"

    def against(self, other: Statement) -> str | None:
        """See `Statement.against`: ranges that do not meet, or touch only."""
        if not isinstance(other, Bounds):
            return None
        if None not in (self.count, other.count) and self.count != other.count:
            return f"one is for {self.count} outputs, the other for {other.count}"
        outputs = self.count or other.count or 1
        (low, high), (other_low, other_high) = self.limits(outputs), other.limits(outputs)
        low, high = np.maximum(low, other_low), np.minimum(high, other_high)
        empty = np.flatnonzero(low >= high)
        if not len(empty):
            return None
        o = int(empty[0])
        return f"output {o} would be at least {low[o]:g} and at most {high[o]:g}"

    def residual(
        self,
        model: Model,
        X: Tensor,
        table: Columns,
        rng: np.random.Generator,  # noqa: ARG002
    ) -> Tensor:
        """What lies beyond the bounds, (N, O)."""
        y = model(X)
        self.check(table, y.shape[1])
        low, high = (torch.from_numpy(limit).to(y) for limit in self.limits(y.shape[1]))
        return torch.relu(low - y) + torch.relu(y - high)


def _side(name: str, given: Any) -> _Side:
    if given is None or (np.ndim(given) == 0 and not isinstance(given, str)):
        return _bound(name, given, given)
    if isinstance(given, str) or np.ndim(given) != 1 or not len(given):
        raise InputError(f"Bounds: {name}={given!r}: expected a number, a list with one for each output, or None.")
    values = [_bound(name, value, given) for value in given]
    return None if all(value is None for value in values) else values


def _bound(name: str, value: Any, given: Any) -> float | None:
    if value is None:
        return None
    good = not isinstance(value, bool | str | complex)
    try:
        number = float(value) if good else np.nan
    except (TypeError, ValueError):
        number = np.nan
    if np.isnan(number) or number == (np.inf if name == "lower" else -np.inf):
        raise InputError(f"Bounds: {name}={given!r}: expected a number, a list with one for each output, or None.")
    return None if np.isinf(number) else number
