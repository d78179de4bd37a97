"""Events in bins of predicted probability: sums under any weights, and whether they fit."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.stats import chi2 as chi2_distribution

from lawful.evidence.arrays import Array, safe_ratio
from lawful.evidence.squares import Squares

_LEAST = 5.0  # effective events of each class that a bin of the chi2 shall expect
_KNOWN = 200.0  # effective events of a class in a bin that tell how its weights spread
_CERTAIN = 1e-6  # events of a class that are expected among those to which the model denies it


def calibration_edges(probability: Array, weight: Array, bins: int) -> Array:
    """Bin edges with about the same sum of |weight| in each bin, (at most bins + 1,)."""
    order = np.argsort(probability, kind="stable")
    share = np.cumsum(np.abs(weight[order]))
    rows = np.searchsorted(share, np.linspace(0, share[-1], bins + 1)[1:-1], side="right")
    inner = np.unique(probability[order[rows.clip(max=len(order) - 1)]])
    low, high = probability[order[0]], probability[order[-1]]
    inner = inner[(inner > low) & (inner <= high)]
    return np.concatenate([[low], inner, [np.nextafter(high, np.inf)]])


@dataclass(frozen=True)
class CalibrationBins:
    """Events dealt once into bins of their probability.

    Attributes:
        truth: 1 for signal, 0 for background, (N,).
        probability: Predicted, (N,).
        edges: Of the bins, (B + 1,).
    """

    truth: Array
    probability: Array
    edges: Array

    @classmethod
    def of(cls, truth: Array, probability: Array, weight: Array, bins: int) -> "CalibrationBins":
        """Bins of about equal |weight|, (N,) or the mean over (toys, N)."""
        w = weight if weight.ndim == 1 else np.abs(weight).mean(0)
        return cls(truth, probability, calibration_edges(probability, w, bins))

    def __len__(self) -> int:
        return len(self.edges) - 1

    @cached_property
    def place(self) -> Array:
        """The bin of each event, (N,)."""
        return np.clip(np.searchsorted(self.edges, self.probability, side="right") - 1, 0, len(self) - 1)

    @cached_property
    def difference(self) -> Array:
        """Truth minus probability, (N,)."""
        return self.truth - self.probability

    def sums(self, weight: Array, values: Array | None = None) -> Array:
        """Sums in bins of weight times value, (..., B) for weights (..., N)."""
        w = weight if values is None else weight * values
        if w.ndim == 1:
            return np.bincount(self.place, w, minlength=len(self))
        toys = len(w)
        place = (np.arange(toys)[:, None] * len(self) + self.place).ravel()
        return np.bincount(place, w.ravel(), minlength=toys * len(self)).reshape(toys, len(self))

    def squares(self, weight: Array) -> Squares:
        """Mean differences in bins and their statistical variances."""
        total, first = self.sums(weight), self.sums(weight, self.difference)
        mean = np.asarray(safe_ratio(first, total))

        def noise() -> Array:
            w2 = weight**2
            squares, cross, second = (self.sums(w2, power) for power in (None, self.difference, self.difference**2))
            effective = total**2 / np.maximum(squares, 1e-300)
            spread = second - 2 * mean * cross + mean**2 * squares
            return np.asarray(safe_ratio(spread * effective / np.maximum(effective - 1, 1.0), total**2))

        return Squares(mean, np.asarray(safe_ratio(total, weight.sum(-1)[..., None])), noise)

    def expected_variance(self, weight: Array) -> Array:
        r"""Variance of the sums of w (y - p) if the probabilities are right, (B,).

        $\sum_i w_i p_i (1 - p_i) [(1 - p_i) u_S + p_i u_B]$, where $u = \sum w^2 / \sum w$ of a class says how much
        a unit of its weight fluctuates: of its events in the bin, or of all its events where the bin has few, or of
        all events where there are none of the class.
        """
        q = self.probability * (1 - self.probability)
        variance = np.zeros(len(self))
        for own, other_share in ((self.truth, 1 - self.probability), (1 - self.truth, self.probability)):
            w, w2 = self.sums(weight, own), self.sums(weight**2, own)
            whole, whole2 = w.sum(), w2.sum()
            overall = whole2 / whole if whole > 0 else (weight**2).sum() / weight.sum()
            good = (w > 0) & (w**2 >= _KNOWN * w2)
            unit = np.where(good, w2 / np.where(good, w, 1.0), overall)
            variance += unit * self.sums(weight, q * other_share)
        return variance

    def merged(self, weight: Array) -> "CalibrationBins":
        """Neighbouring bins joined until each expects at least five effective events of either class."""
        chances = (self.probability, 1 - self.probability)
        expected = [(self.sums(weight, chance), self.sums(weight**2, chance)) for chance in chances]
        inner: list[int] = []  # edges that are kept
        start = 0
        for end in range(1, len(self) + 1):
            sums = [(s[start:end].sum(), v[start:end].sum()) for s, v in expected]
            enough = all(s > 0 and s**2 >= _LEAST * v for s, v in sums)
            if enough:
                inner.append(end)
                start = end
        kept = [0, *inner[:-1], len(self)]
        return CalibrationBins(self.truth, self.probability, self.edges[kept])


@dataclass(frozen=True)
class CalibrationTest:
    """Whether the bins of a calibration curve fit perfect probabilities.

    Attributes:
        chi2: Sum over the bins of the squared deviation over its variance; infinite where an event is what the model
            calls impossible.
        bins: Number of bins, the degrees of freedom.
        probability: With which a perfect model would show a larger chi2, 0 to 1; NaN where nothing can be tested.

    Examples:
        >>> print(CalibrationTest(12.3, 15, 0.66))
        χ² = 12.3 in 15 bins, probability 0.66
        >>> print(CalibrationTest(0.0, 0, float("nan")))
        χ² cannot be tested: no bin of events whose class the model leaves open
    """

    chi2: float
    bins: int
    probability: float

    def __str__(self) -> str:
        if math.isnan(self.probability):
            return "χ² cannot be tested: no bin of events whose class the model leaves open"
        if math.isinf(self.chi2):
            return f"χ² is infinite: events are what the model calls impossible, probability {self.probability:.2g}"
        return f"χ² = {self.chi2:.3g} in {self.bins} bins, probability {self.probability:.2g}"


def _denied(chance: Array, own: Array, weight: Array) -> Array:
    """Which events, (N,), are so unlikely of a class that no event of it is expected among them all.

    Args:
        chance: Probability of the class, (N,).
        own: 1 for its events, (N,).
        weight: (N,).
    """
    size = np.abs(weight)
    of_class = size @ own
    unit = (weight**2) @ own / of_class if of_class > 0 else (weight**2).sum() / size.sum()  # weight of one event
    order = np.argsort(chance, kind="stable")
    denied = np.empty(len(chance), dtype=bool)
    denied[order] = np.cumsum(size[order] * chance[order]) <= _CERTAIN * unit
    return denied


def fit(bins: CalibrationBins, weight: Array) -> CalibrationTest:
    """The chi2 of the bins, neighbours with few events joined.

    Events to which the model denies a class are tested apart, for among others a few contradictions would be lost.
    They add nothing but where the class is there all the same.
    """
    t, p = bins.truth, bins.probability
    value, open_ = 0.0, np.ones(len(p), dtype=bool)
    for own, chance in ((t, p), (1 - t, 1 - p)):
        denied = _denied(chance, own, weight)
        there = denied & (own == 1) & (weight != 0)
        if there.any():
            # weights of both signs may cancel where the class has no yield
            signed = bool((weight < 0).any())
            variance = (weight[there] ** 2).sum() if signed else (weight**2 * chance * (1 - chance))[denied].sum()
            deviation = (weight * (own - chance))[denied].sum()
            value += float(deviation**2 / variance) if variance > 0 else math.inf
        open_ &= ~denied
    left = CalibrationBins(t[open_], p[open_], bins.edges)
    B = 0
    if open_.any():
        joined = left.merged(weight[open_])
        deviation, variance = joined.sums(weight[open_], joined.difference), joined.expected_variance(weight[open_])
        good = variance > 0
        value, B = value + float((deviation[good] ** 2 / variance[good]).sum()), int(good.sum())
    if not B:
        return CalibrationTest(value, 0, 0.0 if value > 0 else math.nan)
    return CalibrationTest(value, B, float(chi2_distribution.sf(value, B)))
