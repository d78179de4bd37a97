"""What a search may choose from: a dictionary of choices and ranges, checked and numbered."""

import difflib
import re
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np

from lawful.errors import InputError

_PLAIN = (bool, int, float, str, type(None), np.generic)
_FORMS = (
    "a list of choices as [16, 32], a range (low, high) of two whole numbers or two floats, or ('log', low, high) "
    "for a range that is uniform in the logarithm"
)


@dataclass(frozen=True)
class Choice:
    """One of several values, which have no order.

    Attributes:
        name: Of the setting.
        choices: The values.
        labels: A short text for each, all different.
    """

    name: str
    choices: tuple[Any, ...]
    labels: tuple[str, ...]

    @property
    def count(self) -> int | None:
        """How many values there are."""
        return len(self.choices)

    def at(self, place: int) -> str:
        """What the storage holds for the value of that number."""
        return self.labels[place]

    def value(self, raw: Any) -> Any:
        """The value of what the storage holds."""
        return self.choices[self.labels.index(raw)]

    def shown(self, raw: Any) -> Any:
        """The value in a table: itself, or its label when it is no plain value."""
        value = self.value(raw)
        return value if _is_plain(value) else raw

    def place(self, raw: Any) -> float:
        """Where the value stands among the others, from 0 to 1."""
        return self.labels.index(raw) / max(len(self.labels) - 1, 1)

    def distribution(self) -> Any:
        """As Optuna has it."""
        from optuna.distributions import CategoricalDistribution

        return CategoricalDistribution(self.labels)


@dataclass(frozen=True)
class Range:
    """A number from low to high, both included.

    Attributes:
        name: Of the setting.
        low: Smallest value.
        high: Largest value.
        log: Whether it is uniform in the logarithm.
        whole: Whether the values are whole numbers.
    """

    name: str
    low: float
    high: float
    log: bool
    whole: bool

    @property
    def count(self) -> int | None:
        """How many values there are; None when they cannot be counted."""
        return int(self.high - self.low) + 1 if self.whole else None

    def at(self, place: int) -> int:
        """The value of that number."""
        return int(self.low) + place

    def value(self, raw: Any) -> Any:
        """The value of what the storage holds."""
        return int(raw) if self.whole else float(raw)

    shown = value

    def place(self, raw: Any) -> float:
        """Where the value stands in the range, from 0 to 1."""
        ends = np.array([raw, self.low, self.high], dtype=float)
        x, low, high = np.log(ends) if self.log else ends
        return float((x - low) / (high - low))

    def distribution(self) -> Any:
        """As Optuna has it."""
        from optuna.distributions import FloatDistribution, IntDistribution

        if self.whole:
            return IntDistribution(int(self.low), int(self.high), log=self.log)
        return FloatDistribution(self.low, self.high, log=self.log)


Setting = Choice | Range


def read_space(space: Any, model: Any) -> tuple[Setting, ...]:
    """Check a space and give its settings in the order of the dictionary.

    Args:
        space: Name of a setting to a list of choices, (low, high) or ("log", low, high).
        model: The estimator that must have these settings.

    Raises:
        InputError: Names the setting and its value, and says what may stand there.

    Examples:
        >>> from sklearn.linear_model import Ridge
        >>> read_space({"alpha": ("log", 1e-3, 10.0)}, Ridge())
        (Range(name='alpha', low=0.001, high=10.0, log=True, whole=False),)
    """
    if not isinstance(space, Mapping) or not space:
        raise InputError(f"space={_short(space)}: expected a dictionary from the name of a setting to {_FORMS}.")
    names = list(model.get_params(deep=True))
    for name in space:
        if name not in names:
            near = difflib.get_close_matches(str(name), names, 1)
            hint = f" Did you mean {near[0]!r}?" if near else f" It has {', '.join(sorted(names))}."
            raise InputError(f"space[{name!r}]: {type(model).__name__} has no setting of this name.{hint}")
        if name in ("checkpoint", "verbose"):
            raise InputError(f"space[{name!r}]: this setting does not change what is learned. Leave it out.")
    return tuple(_read(name, given) for name, given in space.items())


def combinations(settings: tuple[Setting, ...]) -> int | None:
    """How many different settings there are in all; None when they cannot be counted."""
    total = 1
    for setting in settings:
        if setting.count is None:
            return None
        total *= setting.count
    return total


def combination(settings: tuple[Setting, ...], number: int) -> dict[str, Any]:
    """The settings of that number, as the storage holds them."""
    raw: dict[str, Any] = {}
    for setting in settings:
        assert setting.count is not None
        number, place = divmod(number, setting.count)
        raw[setting.name] = setting.at(place)
    return raw


def _read(name: str, given: Any) -> Setting:
    if isinstance(given, np.ndarray) and given.ndim == 1:
        given = given.tolist()
    if isinstance(given, list):
        return _read_choices(name, given)
    if not isinstance(given, tuple):
        raise InputError(f"space[{name!r}]={_short(given)}: expected {_FORMS}.")
    log = bool(given) and isinstance(given[0], str) and given[0] == "log"
    ends = given[1:] if log else given
    numbers = all(isinstance(end, Real) and not isinstance(end, bool | np.bool_) for end in ends)
    if len(ends) != 2 or not numbers or not np.isfinite(np.array(ends, dtype=float)).all():
        raise InputError(
            f"space[{name!r}]={_short(given)}: a tuple is a range, (low, high) or ('log', low, high) with two "
            "finite numbers. Choices stand in a list, as [(32,), (64, 64)]."
        )
    low, high = ends
    if low >= high:
        raise InputError(f"space[{name!r}]={_short(given)}: the lower end must lie below the upper one.")
    if log and low <= 0:
        raise InputError(f"space[{name!r}]={_short(given)}: a logarithmic range begins above zero.")
    whole = isinstance(low, Integral) and isinstance(high, Integral)
    return Range(name, low if whole else float(low), high if whole else float(high), log, whole)


def _read_choices(name: str, given: list[Any]) -> Choice:
    if not given:
        raise InputError(f"space[{name!r}]=[]: there is nothing to choose from. Give choices, or leave {name!r} out.")
    labels: list[str] = []
    for value in given:
        label = repr(value.item() if isinstance(value, np.generic) else value) if _is_plain(value) else _label(value)
        if label in labels and _is_plain(value):
            raise InputError(f"space[{name!r}]={_short(given)}: {label} stands there twice.")
        same = sum(other == label or other.startswith(f"{label} #") for other in labels)
        labels.append(f"{label} #{same + 1}" if same else label)
    return Choice(name, tuple(given), tuple(labels))


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return all(_is_plain(part) for part in value)
    return isinstance(value, _PLAIN)


def _label(value: Any) -> str:
    name = getattr(value, "__name__", None) or getattr(value, "name", None)
    text = name if isinstance(name, str) else re.sub(r" at 0x[0-9a-f]+", "", repr(value))
    text = " ".join(text.split())
    return text if len(text) <= 40 else f"{text[:39]}…"


def _short(value: Any) -> str:
    return " ".join(reprlib.repr(value).split())
