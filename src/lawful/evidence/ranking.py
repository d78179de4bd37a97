"""How well a score ranks signal above background: ROC, AUC, background rejection."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lawful.errors import InputError
from lawful.evidence.arrays import (
    Array,
    Number,
    check_binary,
    check_classes,
    check_numbers,
    check_one_weight,
    check_same_length,
    check_weight,
    plain,
    safe_ratio,
)


class Ranking:
    """Events in the order of their score, so that a metric under new weights costs a cumulative sum and no sort.

    Args:
        y: Labels, (N,), 1 for signal.
        score: Scores, (N,), higher means more like signal.
    """

    def __init__(self, y: Any, score: Any) -> None:
        score = check_numbers("score", score)
        signal = check_binary(y, len(score))
        self.signal = signal
        self.rows_signal, self.score_signal = _descending(score, np.flatnonzero(signal))
        self.rows_background, self.score_background = _descending(score, np.flatnonzero(~signal))

    def __len__(self) -> int:
        return len(self.signal)

    @cached_property
    def thresholds(self) -> Array:
        """All distinct scores, descending."""
        return np.unique(np.concatenate([self.score_signal, self.score_background]))[::-1]

    @cached_property
    def _groups(self) -> tuple[Array, Array, Array]:
        """Of each distinct signal score: how many signal events reach it, background events exceed it, reach it."""
        ends = np.flatnonzero(np.append(self.score_signal[1:] != self.score_signal[:-1], True)) + 1
        value = -self.score_signal[ends - 1]
        ascending = -self.score_background
        above = np.searchsorted(ascending, value, side="left")
        return ends, above, np.searchsorted(ascending, value, side="right")

    def passing(self, thresholds: Any, weight: Array) -> tuple[Array, Array]:
        """Sums of the weights of signal and of background with score >= threshold, each (..., thresholds)."""
        t = -np.atleast_1d(np.asarray(thresholds, dtype=np.float64))
        signal = np.searchsorted(-self.score_signal, t, side="right")
        background = np.searchsorted(-self.score_background, t, side="right")
        return (
            _cumulative(weight, self.rows_signal)[..., signal],
            _cumulative(weight, self.rows_background)[..., background],
        )

    def sums(self, weight: Array) -> "RankedSums":
        """Running sums under these weights, from which all metrics of the ranking follow."""
        ends, above, through = self._groups
        signal = _cumulative(weight, self.rows_signal)
        background = _cumulative(weight, self.rows_background)
        return RankedSums(
            signal=signal[..., ends],
            above=background[..., above],
            through=background[..., through],
            total_signal=signal[..., -1],
            total_background=background[..., -1],
        )


@dataclass(frozen=True)
class RankedSums:
    """Weight sums at the G distinct scores of signal, descending; the leading axis, if any, runs over toys.

    Attributes:
        signal: Signal at or above the score, (..., G).
        above: Background strictly above it, (..., G).
        through: Background at or above it, (..., G).
        total_signal: Sum of signal, (...).
        total_background: Sum of background, (...).
    """

    signal: Array
    above: Array
    through: Array
    total_signal: Array
    total_background: Array

    @cached_property
    def steps(self) -> Array:
        """Signal exactly at each score, (..., G)."""
        return np.diff(self.signal, prepend=0.0, axis=-1)

    def auc(self) -> Number:
        """Area under the ROC curve; see `auc`."""
        beaten = self.total_background[..., None] - 0.5 * (self.above + self.through)
        product = np.where((self.total_signal > 0) & (self.total_background > 0), self.total_signal, np.nan)
        return safe_ratio((self.steps * beaten).sum(-1), product * self.total_background)

    def background_efficiency(self, efficiency: float) -> Number:
        """Background efficiency at a signal efficiency, linear between neighbouring points of the ROC curve."""
        wanted = efficiency * self.total_signal
        with np.errstate(invalid="ignore"):
            reached = self.signal >= wanted[..., None] * (1 - 1e-12)
        first = np.argmax(reached, axis=-1)[..., None]
        signal, above, through = (
            np.take_along_axis(part, first, -1)[..., 0] for part in (self.signal, self.above, self.through)
        )
        step = np.take_along_axis(self.steps, first, -1)[..., 0]
        share = np.clip(1.0 - (signal - wanted) / np.where(step > 0, step, 1.0), 0.0, 1.0)
        valid = (self.total_signal > 0) & (self.total_background > 0)
        return safe_ratio(above + share * (through - above), np.where(valid, self.total_background, np.nan))

    def average_precision(self) -> Number:
        """Area under the precision-recall curve; see `average_precision`."""
        passing = self.signal + self.through
        with np.errstate(divide="ignore", invalid="ignore"):
            purity = np.where(passing != 0, self.signal / np.where(passing != 0, passing, 1.0), 0.0)
        return safe_ratio((self.steps * purity).sum(-1), self.total_signal)


def _descending(score: Array, rows: Array) -> tuple[Array, Array]:
    order = np.argsort(-score[rows], kind="stable")
    return rows[order], score[rows[order]]


def _cumulative(weight: Array, rows: Array) -> Array:
    """Sums of the first 0, 1, ..., n of the weights in this order, (..., n + 1)."""
    out = np.zeros((*weight.shape[:-1], len(rows) + 1))
    np.cumsum(weight[..., rows], axis=-1, out=out[..., 1:])
    return out


def ranked(y: Any, score: Any, weight: Any) -> tuple[Ranking, Array]:
    """Check the arrays and sort them once."""
    check_same_length(y=y, score=score)
    ranking = Ranking(y, score)
    w = check_weight(weight, len(ranking))
    check_classes(w, ranking.signal)
    return ranking, w


@dataclass(frozen=True)
class Roc:
    """The receiver operating characteristic, from the tightest cut (nothing passes) to the loosest (all pass).

    Attributes:
        thresholds: Cuts score >= threshold, descending, (T,); the first is infinite.
        signal_efficiency: Weight share of signal that passes, (T,).
        background_efficiency: Weight share of background that passes, (T,).
    """

    thresholds: Array
    signal_efficiency: Array
    background_efficiency: Array


def roc(y: Any, score: Any, weight: Any = None) -> Roc:
    r"""How much signal and background pass each cut on the score.

    $\epsilon(t) = \sum_{i: s_i \ge t} w_i / \sum_i w_i$ for each class. With negative weights an efficiency need not
    rise steadily and may leave [0, 1].

    Args:
        y: Labels, (N,), 1 for signal and 0 for background.
        score: Scores, (N,), higher means more like signal.
        weight: Event weights of either sign, (N,); None: ones.

    Raises:
        InputError: For unequal lengths, NaN, one class only, or a class whose weights sum to zero or less.

    Examples:
        >>> curve = roc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
        >>> curve.signal_efficiency.tolist(), curve.background_efficiency.tolist()
        ([0.0, 0.5, 0.5, 1.0, 1.0], [0.0, 0.0, 0.5, 0.5, 1.0])
    """
    ranking, w = ranked(y, score, weight)
    check_one_weight(w, len(ranking))
    signal, background = ranking.passing(ranking.thresholds, w)
    return Roc(
        np.append(np.inf, ranking.thresholds),
        np.append(0.0, signal / signal[-1]),
        np.append(0.0, background / background[-1]),
    )


def auc(y: Any, score: Any, weight: Any = None) -> Number:
    r"""The chance that a signal event scores above a background event (area under the ROC curve).

    $\sum_{i \in S} \sum_{j \in B} w_i w_j \, [\theta(s_i - s_j) + \frac12 \delta_{s_i s_j}] / (\sum_S w \sum_B w)$,
    ties counted half. Exact also with negative weights.

    Args:
        y: Labels, (N,), 1 for signal and 0 for background.
        score: Scores, (N,), higher means more like signal.
        weight: Event weights of either sign, (N,) or (toys, N); None: ones.

    Raises:
        InputError: For unequal lengths, NaN, one class only, or a class whose weights sum to zero or less.

    References:
        Hanley, McNeil, "The meaning and use of the area under a receiver operating characteristic curve" (1982).

    Examples:
        >>> auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
        0.75
    """
    ranking, w = ranked(y, score, weight)
    return plain(ranking.sums(w).auc())


def rejection(y: Any, score: Any, efficiency: float = 0.5, weight: Any = None) -> Number:
    r"""How many background events there are for each that passes, $1/\epsilon_B$, at a signal efficiency.

    The cut is the tightest that reaches the efficiency; among events with the same score a share is taken, so that
    the efficiency is met exactly. Infinite when the weights of the background that passes sum to zero or less.

    Args:
        y: Labels, (N,), 1 for signal and 0 for background.
        score: Scores, (N,), higher means more like signal.
        efficiency: Signal efficiency between 0 and 1.
        weight: Event weights of either sign, (N,) or (toys, N); None: ones.

    Raises:
        InputError: As for `auc`, and for an efficiency outside (0, 1].

    Examples:
        >>> rejection([0, 0, 0, 0, 1, 1], [0.1, 0.2, 0.3, 0.8, 0.7, 0.9], efficiency=1.0)
        4.0
    """
    if not 0 < efficiency <= 1:
        raise InputError(f"efficiency={efficiency!r}: expected a share above 0 and up to 1, such as 0.5.")
    ranking, w = ranked(y, score, weight)
    return plain(inverse(ranking.sums(w).background_efficiency(efficiency)))


def inverse(efficiency: Any) -> Number:
    """1 / efficiency, infinite at zero and below."""
    eps = np.asarray(efficiency, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        passes = eps > 0
    return np.where(passes, 1.0 / np.where(passes, eps, 1.0), np.where(np.isnan(eps), np.nan, np.inf))[()]


@dataclass(frozen=True)
class PrecisionRecall:
    """Purity against efficiency, from the tightest cut to the loosest.

    Attributes:
        thresholds: Cuts score >= threshold, descending, (T,).
        precision: Weight share of signal among what passes (purity), (T,); NaN where nothing is left.
        recall: Weight share of signal that passes (efficiency), (T,).
    """

    thresholds: Array
    precision: Array
    recall: Array


def precision_recall(y: Any, score: Any, weight: Any = None) -> PrecisionRecall:
    """How pure the selected events are at each signal efficiency.

    Args:
        y: Labels, (N,), 1 for signal and 0 for background.
        score: Scores, (N,), higher means more like signal.
        weight: Event weights of either sign, (N,); None: ones.

    Raises:
        InputError: As for `roc`.

    Examples:
        >>> curve = precision_recall([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
        >>> curve.precision.round(2).tolist(), curve.recall.tolist()
        ([1.0, 0.5, 0.67, 0.5], [0.5, 0.5, 1.0, 1.0])
    """
    ranking, w = ranked(y, score, weight)
    check_one_weight(w, len(ranking))
    signal, background = ranking.passing(ranking.thresholds, w)
    return PrecisionRecall(
        ranking.thresholds, np.asarray(safe_ratio(signal, signal + background)), signal / signal[-1]
    )


def average_precision(y: Any, score: Any, weight: Any = None) -> Number:
    r"""The mean purity over all signal efficiencies, $\sum_k (r_k - r_{k-1}) \, p_k$ (area under precision-recall).

    Args:
        y: Labels, (N,), 1 for signal and 0 for background.
        score: Scores, (N,), higher means more like signal.
        weight: Event weights of either sign, (N,) or (toys, N); None: ones.

    Raises:
        InputError: As for `auc`.

    Examples:
        >>> round(average_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 4)
        0.8333
    """
    ranking, w = ranked(y, score, weight)
    return plain(ranking.sums(w).average_precision())
