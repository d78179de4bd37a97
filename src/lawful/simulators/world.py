"""What a world is: a function that draws events, its settings, and its columns with their units."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lawful.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Setting:
    """A number that a world can be given.

    Attributes:
        default: What it is otherwise; a list of two where it is drawn for each event.
        unit: Its unit, "" for a pure number.
        text: What it is, in a few words.
        low: Smallest value.
        high: Largest value.
        above: Whether `low` itself is too small.
        whole: Whether it is a whole number.
        pair: Whether [a, b] is allowed too: the value is then drawn uniformly between them for each event.
    """

    default: float | int | list[float]
    unit: str
    text: str
    low: float = -math.inf
    high: float = math.inf
    above: bool = False
    whole: bool = False
    pair: bool = False

    def check(self, name: str, value: Any) -> Any:
        """The value as numbers.

        Raises:
            InputError: When it is none, or out of range.

        Examples:
            >>> Setting(1.0, "kg", "mass", low=0, above=True, pair=True).check("mass", [1, 2])
            [1.0, 2.0]
        """
        if self.pair and isinstance(value, list | tuple) and len(value) == 2:
            pair = [self._one(name, part, value) for part in value]
            if pair[0] >= pair[1]:
                raise InputError(f"{name}={value!r}: expected [a, b] with a below b.")
            return pair
        return self._one(name, value, value)

    def _one(self, name: str, value: Any, given: Any) -> float | int:
        kinds = (int, np.integer) if self.whole else (int, float, np.integer, np.floating)
        good = isinstance(value, kinds) and not isinstance(value, bool) and math.isfinite(value)
        if not good or not self.low <= value <= self.high or (self.above and value == self.low):
            raise InputError(f"{name}={given!r}: expected {self.allowed}.")
        return int(value) if self.whole else float(value)

    @property
    def allowed(self) -> str:
        """What values may be, in words."""
        parts = ["a whole number" if self.whole else "a number"]
        if math.isfinite(self.low):
            parts.append(f"{'above' if self.above else 'of at least'} {self.low:g}")
        if math.isfinite(self.high):
            parts.append(f"{'and at most' if math.isfinite(self.low) else 'of at most'} {self.high:g}")
        return " ".join(parts) + (", or [a, b] to draw it for each event" if self.pair else "")


@dataclass(frozen=True)
class Column:
    """A column that a world makes: its unit, "" for a pure number, and what it is."""

    unit: str
    text: str


@dataclass(frozen=True)
class Drawn:
    """Events that a world drew, each column (n,).

    Attributes:
        features: What is learned from.
        targets: What is to be predicted.
        extras: Further truth, which is not learned from.
    """

    features: Mapping[str, Array]
    targets: Mapping[str, Array]
    extras: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True)
class World:
    """A world.

    Attributes:
        name: As in `simulate(name, n)`.
        line: What it is, in one line.
        draw: Function of n, a generator and the settings by name.
        settings: What it can be given.
        columns: Every column that it can make.
        source: Where its law is published.
    """

    name: str
    line: str
    draw: Callable[..., Drawn]
    settings: Mapping[str, Setting]
    columns: Mapping[str, Column]
    source: str


def drawn(n: int, rng: np.random.Generator, value: Any, *, whole: bool = False) -> Array:
    """A setting for each of n events, (n,): the number itself, or uniform between the two of a pair."""
    if not isinstance(value, list):
        return np.full(n, float(value))
    low, high = value
    return rng.integers(low, high, n, endpoint=True).astype(float) if whole else rng.uniform(low, high, n)


def varying(settings: Mapping[str, Any], columns: Mapping[str, Array]) -> dict[str, Array]:
    """The columns whose setting was a pair, and which therefore are features."""
    return {name: values for name, values in columns.items() if isinstance(settings[name], list)}
