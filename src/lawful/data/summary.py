"""What a set of events holds, in one table."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lawful.data.columns import class_codes
from lawful.data.names import listed
from lawful.data.roles import Roles

if TYPE_CHECKING:
    import pandas as pd

Array = npt.NDArray[Any]

_SHOWN_CLASSES = 20
_MANY = 0.01  # share of repeated events from which the summary warns


@dataclass(frozen=True)
class Yield:
    """How much a set of events, or one class of it, amounts to.

    Attributes:
        name: The class, or `all`.
        events: How many there are.
        sum_of_weights: Their expected number, sum w.
        effective_events: (sum w)^2 / sum w^2, the number of unweighted events with the same relative error.
        negative_share: Share of the events whose weight is below zero.
    """

    name: str
    events: int
    sum_of_weights: float
    effective_events: float
    negative_share: float


@dataclass(frozen=True)
class Feature:
    """What one feature holds; mean and standard deviation are weighted, missing values left out.

    Attributes:
        name: Its column.
        unit: Its unit, empty when not stated.
        min: Lowest value.
        max: Highest value.
        mean: sum w x / sum w.
        std: sqrt(sum w (x - mean)^2 / sum w), NaN where negative weights make that negative.
        missing: How many values are missing.
    """

    name: str
    unit: str
    min: float
    max: float
    mean: float
    std: float
    missing: int


@dataclass(frozen=True)
class Summary:
    """What a set of events holds; `str()` prints it.

    Attributes:
        features: One entry a feature.
        total: The yield of all events.
        classes: The yield of each class, empty when the target is a measured number or absent.
        weighted: Whether weights were given.
        duplicates: Share of the events whose features and weight repeat those of an earlier one, all of them exactly;
            0 when no feature has fractions, since whole numbers repeat by nature. From 1% on, the text warns.

    Examples:
        >>> from lawful.data import Events
        >>> events = Events({"pt": [10.0, 30.0]}, y=[0, 1], weight=[1.0, -0.5], units={"pt": "GeV"})
        >>> summary = events.summary()
        >>> summary.total.effective_events, summary.total.negative_share
        (0.2, 0.5)
        >>> print(summary)
        2 events
        <BLANKLINE>
        class  events  sum of weights  effective events  negative weights
        all         2             0.5               0.2             50.0%
        0           1               1                 1              0.0%
        1           1            -0.5                 1            100.0%
        <BLANKLINE>
        feature  unit  min  max  mean  std  missing
        pt       GeV    10   30   -10  nan        0
    """

    features: tuple[Feature, ...]
    total: Yield
    classes: tuple[Yield, ...]
    weighted: bool
    duplicates: float = 0.0

    def frame(self) -> "pd.DataFrame":
        """The table of features, indexed by name."""
        import pandas as pd

        return pd.DataFrame([vars(feature) for feature in self.features], columns=_FEATURE_COLUMNS).set_index("name")

    def __str__(self) -> str:
        yields = [
            (
                row.name,
                f"{row.events}",
                f"{row.sum_of_weights:.6g}",
                f"{row.effective_events:.6g}",
                f"{row.negative_share:.1%}",
            )
            for row in (self.total, *self.classes)
        ]
        head = ("class", "events", "sum of weights", "effective events", "negative weights")
        columns = [
            (
                row.name,
                row.unit,
                *(f"{value:.4g}" for value in (row.min, row.max, row.mean, row.std)),
                f"{row.missing}",
            )
            for row in self.features
        ]
        note = "" if self.weighted else ", no weights given"
        copies = f"{self.duplicates:.1%} of the events repeat the features and the weight of another exactly"
        return "\n".join(
            [
                f"{self.total.events} events{note}",
                *([f"warning: {copies}; split them with group="] if self.duplicates >= _MANY else []),
                "",
                *_aligned([head, *yields], left=1),
                "",
                *_aligned([("feature", "unit", "min", "max", "mean", "std", "missing"), *columns], left=2),
            ]
        )


_FEATURE_COLUMNS = ["name", "unit", "min", "max", "mean", "std", "missing"]


def _aligned(rows: list[tuple[str, ...]], *, left: int) -> list[str]:
    widths = [max(len(row[j]) for row in rows) for j in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if j < left else cell.rjust(width)
            for j, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def summarise(
    columns: Mapping[str, Array], units: Mapping[str, str], y: Array | None, weight: Array, *, weighted: bool
) -> Summary:
    """The summary of feature columns with target and weights."""
    found = class_codes(y)
    classes: tuple[Yield, ...] = ()
    if found is not None and len(found[0]) <= _SHOWN_CLASSES:
        values, codes = found
        classes = tuple(_yield(_spelt(value), weight[codes == k]) for k, value in enumerate(values))
    return Summary(
        features=tuple(_feature(name, units.get(name, ""), values, weight) for name, values in columns.items()),
        total=_yield("all", weight),
        classes=classes,
        weighted=weighted,
        duplicates=_repeated([*columns.values(), weight]) if any(map(_fractional, columns.values())) else 0.0,
    )


def _fractional(values: Array) -> bool:
    """Whether a column holds numbers that are not whole."""
    return values.dtype.kind == "f" and bool(np.any(np.isfinite(values) & (values != np.floor(values))))


def _repeated(columns: Sequence[Array]) -> float:
    """Share of the rows that repeat an earlier one.

    Rows are compared by a hash of 64 bits: for N different rows the chance of one false repetition is N^2 / 2^65,
    3e-8 for a million. Bits are mixed as in S. Vigna's splitmix64 (2015).
    """
    code = np.zeros(len(columns[0]), dtype=np.uint64)
    for values in columns:
        number = values.astype(np.float64) + 0.0  # one zero
        number[np.isnan(number)] = np.nan  # one NaN
        code = (code + np.uint64(0x9E3779B97F4A7C15)) ^ number.view(np.uint64)
        code = (code ^ (code >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        code = (code ^ (code >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        code ^= code >> np.uint64(31)
    code.sort()
    return float(np.mean(code[1:] == code[:-1])) * (len(code) - 1) / len(code) if len(code) > 1 else 0.0


def _spelt(value: Any) -> str:
    return f"{value:g}" if isinstance(value, np.floating) else str(value)


def one_line(length: int, roles: Roles, clouds: int) -> str:
    """How many events there are, and of what, as `repr` tells it."""

    def counted(n: int, what: str) -> list[str]:
        return [f"{n} {what}{'' if n == 1 else 's'}"] if n else []

    parts = [f"{length} events", *counted(len(roles.features), "feature")]
    parts += [f"target{'s' * (len(roles.targets) > 1)} {listed(roles.targets)}"] if roles.targets else []
    parts += [f"{role} {name!r}" for role in ("weight", "group") if (name := getattr(roles, role))]
    parts += [*counted(clouds, "cloud"), *counted(len(roles.variations), "variation")]
    return f"Events({', '.join(parts)})"


def effective_events(weight: Array) -> float:
    """(sum w)^2 / sum w^2: how many unweighted events have the same relative error.

    Reference: G. Bohm and G. Zech, "Statistics of weighted Poisson events and its applications", 2014.

    Examples:
        >>> effective_events(np.array([2.0, 2.0, 2.0]))
        3.0
    """
    squares = float(np.dot(weight, weight))
    return float(weight.sum()) ** 2 / squares if squares else 0.0


def _yield(name: str, weight: Array) -> Yield:
    negative = float(np.mean(weight < 0)) if len(weight) else 0.0
    return Yield(name, len(weight), float(weight.sum()), effective_events(weight), negative)


def _feature(name: str, unit: str, values: Array, weight: Array) -> Feature:
    x = values.astype(np.float64)
    missing = int(np.isnan(x).sum())
    if missing:
        there = ~np.isnan(x)
        x, weight = x[there], weight[there]
    if not len(x):
        return Feature(name, unit, math.nan, math.nan, math.nan, math.nan, missing)
    total = float(weight.sum())
    mean = float(np.dot(weight, x)) / total if total else math.nan
    variance = float(np.dot(weight, (x - mean) ** 2)) / total if total else math.nan
    std = math.sqrt(variance) if variance >= 0 else math.nan
    return Feature(name, unit, float(x.min()), float(x.max()), mean, std, missing)
