"""Statistical uncertainty of any metric, by resampling events.

A metric of fixed events is a function of their weights. Each toy multiplies the weights by independent Poisson(1)
numbers, which keeps their signs, and the spread of the metric over the toys is its uncertainty.
"""

import functools
import math
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from lawful.errors import InputError
from lawful.evidence.arrays import Array, check_weight, subtract
from lawful.evidence.squares import Squares

Statistic = Callable[..., Any]
Prepared = Callable[[Array], Any]
Key = TypeVar("Key", bound=Hashable)
_CHUNK = 4_000_000  # numbers held at once
_ALIKE = 0.2  # two sides of an interval are told apart when they differ by more, which 200 toys can show


@dataclass(frozen=True)
class Measured:
    """A number with its interval.

    Attributes:
        value: On the events themselves.
        low: Lower end of the interval.
        high: Upper end.

    Examples:
        >>> print(Measured(0.79512, 0.7920, 0.7983))
        0.7951 ± 0.0031
        >>> print(Measured(26.7, 23.9, 31.7))
        26.7 +5.0 −2.8
    """

    value: float
    low: float
    high: float

    @property
    def error(self) -> float:
        """Half the width of the interval."""
        return (self.high - self.low) / 2

    def as_dict(self) -> dict[str, float]:
        """The three numbers by name, as JSON takes them."""
        return {"value": self.value, "low": self.low, "high": self.high}

    def __str__(self) -> str:
        up, down = self.high - self.value, self.value - self.low
        if not all(map(math.isfinite, (self.value, up, down))):
            return f"{_short(self.value)} [{_short(self.low)}, {_short(self.high)}]"
        size = max(abs(up), abs(down))
        if size <= 1e-12 * abs(self.value):  # what rounding leaves of an exact number
            return _short(self.value)
        if size == 0 or min(up, down) < 0:
            return (
                _short(self.value) if size == 0 else f"{_short(self.value)} [{_short(self.low)}, {_short(self.high)}]"
            )
        digits = max(0, 1 - math.floor(math.log10(size)))
        if digits > 8 or abs(self.value) >= 1e7:
            return f"{self.value:.4g} +{up:.2g} −{down:.2g}".replace("-", "−")
        value = f"{self.value:.{digits}f}"
        value = value.replace("-", "−" if float(value) else "")  # rounded to zero, a number has no sign
        if abs(up - down) < _ALIKE * size:
            return f"{value} ± {self.error:.{digits}f}"
        return f"{value} +{up:.{digits}f} −{down:.{digits}f}"


def _short(value: float) -> str:
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.4g}".replace("-", "−")


def toys_of(weight: Array, toys: int, seed: int | np.random.Generator) -> Iterator[Array]:
    """Weights times Poisson(1) numbers, in chunks (toys, N) of bounded size; the same for the same seed."""
    rng = np.random.default_rng(seed)
    counts = _poisson_table()
    rows = max(1, _CHUNK // max(len(weight), 1))
    for start in range(0, toys, rows):
        shape = (min(rows, toys - start), len(weight))
        yield weight * counts[rng.integers(0, len(counts), shape, dtype=np.uint16)]


@functools.cache
def _poisson_table() -> Array:
    """Poisson(1) counts by 16-bit number: their probabilities to 1 in 65536, ten times faster than drawing them."""
    probability = np.exp(-1.0) / np.cumprod(np.maximum(np.arange(12.0), 1.0))
    ends = np.round(np.cumsum(probability) * 65536).astype(int)
    return np.repeat(np.arange(12.0), np.diff(ends, prepend=0))


def bootstrap(
    statistics: Callable[[Array], Mapping[str, Any]],
    weight: Any,
    *,
    toys: int = 200,
    seed: int | np.random.Generator = 0,
    level: float = 0.68,
) -> dict[str, Measured]:
    r"""The values of several metrics with their intervals, all from the same toys.

    Intervals are percentiles of the toys: they follow any monotone change of the metric and stay within its bounds.

    Args:
        statistics: Takes weights, (N,) or (toys, N), and gives name to number or (toys,).
        weight: Event weights of either sign, (N,).
        toys: Number of toys, at least 20.
        seed: Seed or generator.
        level: Probability content of the intervals.

    Returns:
        Name to `Measured`.

    Raises:
        InputError: For too few toys, a level outside (0, 1), or weights that sum to zero or less.

    References:
        Efron, Tibshirani, "An introduction to the bootstrap" (1993), chapter 13; Oza, Russell, "Online bagging and
        boosting" (2001) for Poisson multipliers.

    Examples:
        >>> x = np.random.default_rng(1).normal(size=10_000)
        >>> mean = bootstrap(lambda w: {"mean": w @ x / w.sum(-1)}, np.ones(10_000))["mean"]
        >>> round(mean.error, 2)
        0.01
    """
    check_toys(toys, level)
    values, spread = resample(statistics, weight, toys=toys, seed=seed)
    return {name: measured(values[name], spread[name], level) for name in values}


def resample(
    statistics: Callable[[Array], Mapping[Key, Any]],
    weight: Any,
    *,
    toys: int,
    seed: int | np.random.Generator,
) -> tuple[dict[Key, float], dict[Key, Array]]:
    """The values of several metrics, and those in each toy, (toys,), from which differences can be formed."""
    w = check_weight(weight, len(weight))
    own = statistics(w)
    parts: dict[Key, list[Array]] = {name: [] for name in own}
    for W in toys_of(w, toys, seed):
        for name, value in statistics(W).items():
            found = value.around(own[name]) if isinstance(value, Squares) else value
            parts[name].append(np.atleast_1d(np.asarray(found, dtype=np.float64)))
    values = {name: float(v.root() if isinstance(v, Squares) else v) for name, v in own.items()}
    return values, {name: np.concatenate(part) for name, part in parts.items()}


_PREPARED: dict[Statistic, Callable[..., Prepared]] = {}


def prepared_by(prepare: Callable[..., Prepared]) -> Callable[[Statistic], Statistic]:
    """Say how a metric is prepared once, `prepare(*arrays, weight)`, to be a function of weights (N,) or (toys, N).

    That saves work, and lets a metric hand back `Squares`, which have to be read beside the nominal.
    """

    def remember(statistic: Statistic) -> Statistic:
        _PREPARED[statistic] = prepare
        return statistic

    return remember


def _prepare(statistic: Statistic, arrays: tuple[Any, ...], weight: Array) -> Prepared:
    prepare = _PREPARED.get(statistic) if isinstance(statistic, Hashable) else None
    if prepare is not None:
        return prepare(*arrays, weight)
    return lambda W: statistic(*arrays, weight=W)


def measured(value: float, toys: Array, level: float = 0.68) -> Measured:
    """A value with the interval that its toys span; toys that are not numbers (an empty class) are left out."""
    toys = np.sort(toys[~np.isnan(toys)])
    if not len(toys) or math.isnan(value):
        return Measured(float(value), math.nan, math.nan)
    place = (len(toys) - 1) * np.array([(1 - level) / 2, (1 + level) / 2])
    low, high = _between(toys, place[0], math.floor), _between(toys, place[1], math.ceil)
    return Measured(float(value), low, high)


def _between(ordered: Array, place: float, outwards: Callable[[float], int]) -> float:
    """Entry at a place between two; the outer one of the two where one is infinite."""
    low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
    if low == high or not (math.isfinite(low) and math.isfinite(high)):
        return float(ordered[outwards(place)])
    return float(low + (place - math.floor(place)) * (high - low))


def check_toys(toys: int, level: float = 0.68) -> None:
    """Check the settings of a bootstrap.

    Raises:
        InputError: For fewer than 20 toys, or a level outside (0, 1).
    """
    if not isinstance(toys, int | np.integer) or toys < 20:
        raise InputError(
            f"toys={toys!r}: expected a whole number of at least 20; 200 give intervals good to about 5%."
        )
    if not 0 < level < 1:
        raise InputError(f"level={level!r}: expected a probability between 0 and 1, such as 0.68.")


def interval(
    statistic: Statistic,
    *arrays: Any,
    weight: Any = None,
    toys: int = 200,
    seed: int | np.random.Generator = 0,
    level: float = 0.68,
) -> Measured:
    """A metric with its statistical uncertainty.

    Args:
        statistic: Called as statistic(*arrays, weight=W) with W of shape (N,) or (toys, N), as all metrics of this
            room may be; wrap functions that know only (N,) in `each_toy`.
        *arrays: What the metric takes before the weight, each of length N.
        weight: Event weights of either sign, (N,); None: ones.
        toys: Number of toys.
        seed: Seed or generator.
        level: Probability content of the interval.

    Raises:
        InputError: For too few toys, a level outside (0, 1), or what the metric complains about.

    Examples:
        >>> from lawful.evidence import auc
        >>> rng = np.random.default_rng(0)
        >>> y = np.repeat([0, 1], 500)
        >>> print(interval(auc, y, rng.normal(y)))
        0.756 ± 0.014
    """
    w = check_weight(weight, len(arrays[0]))
    evaluate = _prepare(statistic, arrays, w)
    return bootstrap(lambda W: {"": evaluate(W)}, w, toys=toys, seed=seed, level=level)[""]


def difference(
    statistic: Statistic,
    y: Any,
    first: Any,
    second: Any,
    weight: Any = None,
    *,
    toys: int = 200,
    seed: int | np.random.Generator = 0,
    level: float = 0.68,
) -> Measured:
    """By how much the first model is above the second in a metric, on the same events.

    Both get the same toys, so that what they share cancels and the interval is that of the difference.

    Args:
        statistic: Called as statistic(y, prediction, weight=W), as for `interval`.
        y: Truth, (N, ...).
        first: Predictions of the first model, (N, ...).
        second: Predictions of the second, (N, ...).
        weight: Event weights of either sign, (N,); None: ones.
        toys: Number of toys.
        seed: Seed or generator.
        level: Probability content of the interval.

    Raises:
        InputError: As for `interval`.

    Examples:
        >>> from lawful.evidence import auc
        >>> rng = np.random.default_rng(0)
        >>> y = np.repeat([0, 1], 500)
        >>> good = rng.normal(y)
        >>> difference(auc, y, good, good).error
        0.0
    """
    check_toys(toys, level)
    w = check_weight(weight, len(y))
    one, other = _prepare(statistic, (y, first), w), _prepare(statistic, (y, second), w)
    values, found = resample(lambda W: {"one": one(W), "other": other(W)}, w, toys=toys, seed=seed)
    apart = np.asarray(subtract(found["one"], found["other"]))
    return measured(float(subtract(values["one"], values["other"])), apart, level)


def each_toy(statistic: Statistic) -> Statistic:
    """Lift a metric that knows weights (N,) to one that takes (toys, N), by calling it for each toy.

    Examples:
        >>> mean = each_toy(lambda x, weight: float(np.average(x, weights=weight)))
        >>> mean(np.array([1.0, 3.0]), weight=np.array([[1.0, 1.0], [1.0, 0.0]])).tolist()
        [2.0, 1.0]
    """

    def lifted(*arrays: Any, weight: Array) -> Any:
        if weight.ndim == 1:
            return statistic(*arrays, weight=weight)
        return np.array([statistic(*arrays, weight=w) for w in weight])

    return lifted
