"""Weighted histograms and the distance of two shapes."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lawful.errors import InputError
from lawful.evidence.arrays import Array, Number, check_numbers, check_same_length, check_weight, plain


@dataclass(frozen=True)
class Histogram:
    """Weight sums in bins.

    Attributes:
        edges: Bin edges, (B + 1,).
        sums: Sum of the weights in each bin, (B,).
        squares: Sum of the squared weights, (B,): the variance of the sum.
    """

    edges: Array
    sums: Array
    squares: Array

    @property
    def error(self) -> Array:
        """Statistical standard deviation of each sum, (B,)."""
        return np.sqrt(self.squares)

    @property
    def density(self) -> "Histogram":
        """Per unit of the axis, with area 1."""
        width = np.diff(self.edges)
        total = self.sums.sum()
        scale = 1.0 / (width * total) if total > 0 else np.full(len(width), np.nan)
        return Histogram(self.edges, self.sums * scale, self.squares * scale**2)

    def scaled(self, factor: float) -> "Histogram":
        """All sums times a factor."""
        return Histogram(self.edges, self.sums * factor, self.squares * factor**2)


def histogram(values: Any, weight: Any, edges: Any) -> Histogram:
    """Sum weights and squared weights in bins; values beyond the ends go into the first and last bin.

    Examples:
        >>> histogram([0.1, 0.2, 0.9], [1.0, -0.5, 2.0], [0.0, 0.5, 1.0]).sums.tolist()
        [0.5, 2.0]
    """
    v = np.asarray(values, dtype=np.float64)
    w = np.ones(len(v)) if weight is None else np.asarray(weight, dtype=np.float64)
    edges = np.asarray(edges, dtype=np.float64)
    B = len(edges) - 1
    inside = ~np.isnan(v)
    place = np.clip(np.searchsorted(edges, v[inside], side="right") - 1, 0, B - 1)
    sums = np.bincount(place, weights=w[inside], minlength=B)
    return Histogram(edges, sums, np.bincount(place, weights=w[inside] ** 2, minlength=B))


def nice_edges(*values: Any, bins: int = 40) -> Array:
    """Equal bins from the 0.5% to the 99.5% quantile of all values; a bin each where there are few values."""
    v = np.concatenate([np.asarray(part, dtype=np.float64).reshape(-1) for part in values])
    v = v[np.isfinite(v)]
    if not len(v):
        return np.linspace(0.0, 1.0, bins + 1)
    few = np.unique(v[:100_000])
    if 1 < len(few) <= 12 and len(np.unique(v)) == len(few):
        middle = (few[1:] + few[:-1]) / 2
        return np.concatenate([[few[0] - (middle[0] - few[0])], middle, [few[-1] + (few[-1] - middle[-1])]])
    low, high = np.quantile(v, [0.005, 0.995])
    if not high > low:
        low, high = float(v.min()), float(v.max())
    if not high > low:
        size = max(abs(low), 1.0) * 0.5
        low, high = low - size, high + size
    return np.linspace(low, high, bins + 1)


def jensen_shannon(values: Any, weight: Any, other: Any, edges: Any) -> Number:
    r"""How far two weightings of the same values are apart in shape (Jensen-Shannon distance, base 2).

    $\sqrt{\frac12 D(p \| m) + \frac12 D(q \| m)}$ with $m = (p + q)/2$ in bins: 0 for equal shapes, 1 for disjoint
    ones. A bin whose net weight is negative counts as empty of that shape, since entropy needs probabilities.

    Args:
        values: The variable, (N,).
        weight: Weights of the first shape, (N,) or (toys, N).
        other: Weights of the second, (N,) or (toys, N).
        edges: Bin edges, (B + 1,).

    Raises:
        InputError: For unequal lengths, NaN, or weights that sum to zero or less.

    References:
        Lin, "Divergence measures based on the Shannon entropy" (1991).

    Examples:
        >>> x = [0.2, 0.7]
        >>> jensen_shannon(x, [1.0, 0.0], [0.0, 1.0], [0.0, 0.5, 1.0])
        1.0
    """
    v = check_numbers("values", values)
    check_same_length(values=v)
    first, second = check_weight(weight, len(v)), check_weight(other, len(v))
    e = np.asarray(edges, dtype=np.float64)
    if e.ndim != 1 or len(e) < 2 or not (np.diff(e) > 0).all():
        raise InputError(f"edges={edges!r}: expected rising bin edges, at least two.")
    place = np.clip(np.searchsorted(e, v, side="right") - 1, 0, len(e) - 2)
    inside = np.eye(len(e) - 1)[place]
    p, q = (np.maximum(w @ inside, 0.0) for w in (first, second))
    with np.errstate(divide="ignore", invalid="ignore"):
        p, q = p / p.sum(-1, keepdims=True), q / q.sum(-1, keepdims=True)
        m = (p + q) / 2
        terms = [np.where(a > 0, a * np.log2(np.where(a > 0, a, 1.0) / np.where(m > 0, m, 1.0)), 0.0) for a in (p, q)]
        square = 0.5 * (terms[0].sum(-1) + terms[1].sum(-1))
    empty = np.isnan(p.sum(-1)) | np.isnan(q.sum(-1))
    return plain(np.where(empty, np.nan, np.sqrt(np.maximum(square, 0.0))))
