"""What a world is: a function that draws events, its settings, and its columns with their units."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from lawful.errors import InputError
from lawful.grammar import nearest

if TYPE_CHECKING:
    from lawful.data.clouds import Cloud

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
        window: Whether it is [a, b] always: what the world keeps lies between them.
    """

    default: float | int | list[float]
    unit: str
    text: str
    low: float = -math.inf
    high: float = math.inf
    above: bool = False
    whole: bool = False
    pair: bool = False
    window: bool = False

    def check(self, name: str, value: Any) -> Any:
        """The value as numbers.

        Raises:
            InputError: When it is none, or out of range.

        Examples:
            >>> Setting(1.0, "kg", "mass", low=0, above=True, pair=True).check("mass", [1, 2])
            [1.0, 2.0]
        """
        if (self.pair or self.window) and isinstance(value, list | tuple) and len(value) == 2:
            pair = [self._one(name, part, value) for part in value]
            if pair[0] >= pair[1]:
                raise InputError(f"{name}={value!r}: expected [a, b] with a below b.")
            return pair
        if self.window:
            raise InputError(f"{name}={value!r}: expected {self.allowed}.")
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
        if self.window:
            return f"[a, b] with a below b, each {' '.join(parts)}"
        return " ".join(parts) + (", or [a, b] to draw it for each event" if self.pair else "")


@dataclass(frozen=True)
class Choice:
    """Names that a world can be given, from a list.

    Attributes:
        default: What it is otherwise.
        text: What it is, in a few words.
        options: The names that there are.
    """

    default: list[str]
    text: str
    options: tuple[str, ...]
    unit: ClassVar[str] = ""
    pair: ClassVar[bool] = False

    def check(self, name: str, value: Any) -> list[str]:
        """The names as a list, also from one text with commas.

        Raises:
            InputError: When there is no such name (names the nearest), one stands there twice, or none is given.

        Examples:
            >>> Choice(["W"], "", ("W", "top", "QCD")).check("processes", "W, QCD")
            ['W', 'QCD']
        """
        names = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
        if not isinstance(names, list | tuple) or not names or not all(isinstance(part, str) for part in names):
            raise InputError(f"{name}={value!r}: expected {self.allowed}.")
        for part in names:
            if part not in self.options:
                raise InputError(f"{name}={value!r}: there is no {part!r}: {nearest(part, self.options)}")
            if names.count(part) > 1:
                raise InputError(f"{name}={value!r}: {part!r} stands there twice.")
        return list(names)

    @property
    def allowed(self) -> str:
        """What values may be, in words."""
        return f"one or several of {', '.join(self.options)}"


@dataclass(frozen=True)
class Switch:
    """Something that a world does or does not.

    Attributes:
        default: What it is otherwise.
        text: What it is, in a few words.
    """

    default: bool
    text: str
    unit: ClassVar[str] = ""
    pair: ClassVar[bool] = False

    def check(self, name: str, value: Any) -> bool:
        """The value as it is.

        Raises:
            InputError: When it is neither true nor false.

        Examples:
            >>> Switch(False, "detector").check("detector", True)
            True
        """
        if not isinstance(value, bool | np.bool_):
            raise InputError(f"{name}={value!r}: expected {self.allowed}.")
        return bool(value)

    @property
    def allowed(self) -> str:
        """What values may be, in words."""
        return "true or false"


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
        weight: Event weights; None where every event counts the same.
        variations: Name of a systematic variation to its event weights.
        clouds: What each event consists of.
    """

    features: Mapping[str, Array]
    targets: Mapping[str, NDArray[Any]]
    extras: Mapping[str, Array] = field(default_factory=dict)
    weight: Array | None = None
    variations: Mapping[str, Array] = field(default_factory=dict)
    clouds: "Mapping[str, Cloud]" = field(default_factory=dict)


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
        clouds: Every cloud that it can make, with its fields.
    """

    name: str
    line: str
    draw: Callable[..., Drawn]
    settings: Mapping[str, Setting | Choice | Switch]
    columns: Mapping[str, Column]
    source: str
    clouds: Mapping[str, Mapping[str, Column]] = field(default_factory=dict)


def drawn(n: int, rng: np.random.Generator, value: Any, *, whole: bool = False) -> Array:
    """A setting for each of n events, (n,): the number itself, or uniform between the two of a pair."""
    if not isinstance(value, list):
        return np.full(n, float(value))
    low, high = value
    return rng.integers(low, high, n, endpoint=True).astype(float) if whole else rng.uniform(low, high, n)


def varying(settings: Mapping[str, Any], columns: Mapping[str, Array]) -> dict[str, Array]:
    """The columns whose setting was a pair, and which therefore are features."""
    return {name: values for name, values in columns.items() if isinstance(settings[name], list)}
