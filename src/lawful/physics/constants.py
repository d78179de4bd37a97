"""Physical constants that are fitted together with a network."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from lawful.errors import InputError


@dataclass(frozen=True)
class Constant:
    r"""A physical constant that is fitted, and the smooth map that keeps it within its bounds.

    With a free number t, zero at the start $k_0$ and of size one:
    $k = k_0 + s\,t$ with $s = |k_0|$, or 1 where that is zero; with a lower bound a, $k = a + (k_0 - a)\,e^t$; with
    an upper bound b, $k = b - (b - k_0)\,e^t$; with both,
    $k = a + (b - a)\,\sigma(t_0 + t)$, where $t_0$ gives $k_0$.

    Attributes:
        name: As in the formula.
        start: Value at which training starts.
        low: Lower bound, or minus infinity.
        high: Upper bound, or infinity.

    Examples:
        >>> Constant("length", 1.0, 0.0).value(torch.tensor([0.0, 0.5])).tolist()
        [1.0, 1.6487212181091309]
    """

    name: str
    start: float
    low: float = -math.inf
    high: float = math.inf

    def value(self, t: Tensor) -> Tensor:
        """The constant at free numbers t, of any shape."""
        if math.isinf(self.low) and math.isinf(self.high):
            return self.start + (abs(self.start) or 1.0) * t
        if math.isinf(self.high):
            return self.low + (self.start - self.low) * torch.exp(t)
        if math.isinf(self.low):
            return self.high - (self.high - self.start) * torch.exp(t)
        share = (self.start - self.low) / (self.high - self.low)
        return self.low + (self.high - self.low) * torch.sigmoid(t + math.log(share / (1 - share)))

    def plain(self) -> float | list[float | None]:
        """As it is written: the start, or [start, low, high] with None for no bound."""
        if math.isinf(self.low) and math.isinf(self.high):
            return self.start
        return [self.start, *(None if math.isinf(bound) else bound for bound in (self.low, self.high))]


def read_constants(parameters: Any, name: str) -> tuple[Constant, ...]:
    """The constants that a user wrote, {name: start} or {name: (start, low, high)}.

    Args:
        parameters: What the user wrote.
        name: What messages begin with.

    Raises:
        InputError: When a start is missing, no number, or not between its bounds.

    Examples:
        >>> read_constants({"length": (1.0, 0.0, None)}, "baseline")
        (Constant(name='length', start=1.0, low=0.0, high=inf),)
    """
    if not isinstance(parameters, Mapping):
        raise InputError(f"{name}: parameters={parameters!r}: expected a dictionary such as {{'length': 1.0}}.")
    found = []
    for key, given in parameters.items():
        parts: list[Any] = [given] if not isinstance(given, Sequence) or isinstance(given, str) else list(given)
        try:
            start, low, high = parts if len(parts) == 3 else (*parts, None, None)
            constant = Constant(
                str(key),
                float(start),
                -math.inf if low is None else float(low),
                math.inf if high is None else float(high),
            )
        except (TypeError, ValueError):
            raise InputError(f"{name}: {key}={given!r}: expected a starting value, or (start, low, high).") from None
        if not math.isfinite(constant.start) or not constant.low < constant.start < constant.high:
            raise InputError(f"{name}: {key}={given!r}: expected a start between the bounds, (start, low, high).")
        found.append(constant)
    return tuple(found)
