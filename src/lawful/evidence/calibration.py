"""Whether predicted probabilities are right: calibration, Brier score, log loss."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lawful.errors import InputError
from lawful.evidence.arrays import (
    Array,
    Number,
    check_binary,
    check_numbers,
    check_one_weight,
    check_same_length,
    check_weight,
    plain,
    safe_ratio,
    within_one,
)
from lawful.evidence.bins import CalibrationBins, CalibrationTest, fit
from lawful.evidence.resampling import Measured, prepared_by
from lawful.evidence.squares import Squares

_BINS = 15


def check_probability(probability: Any, ndim: tuple[int, ...] = (1,)) -> Array:
    """Give probabilities as float64 in [0, 1].

    Raises:
        InputError: When one lies outside.
    """
    return within_one(check_numbers("probability", probability, ndim), "probability")


@dataclass(frozen=True)
class CalibrationCurve:
    """How often events are signal, against how often the model says so.

    Attributes:
        edges: Edges of the bins in probability, (B + 1,).
        predicted: Weighted mean probability in each bin, (B,).
        observed: Weight share of signal in each bin, (B,); with negative weights it may leave [0, 1].
        error: Its statistical standard deviation, (B,).
        share: Weight share of all events that lie in each bin, (B,).
    """

    edges: Array
    predicted: Array
    observed: Array
    error: Array
    share: Array


def calibration_curve(y: Any, probability: Any, weight: Any = None, *, bins: int = _BINS) -> CalibrationCurve:
    """How often events are signal that the model gives a certain probability, in bins of equal |weight|.

    Args:
        y: Labels, (N,), 1 for signal and 0 for background.
        probability: Predicted probability of signal, (N,).
        weight: Event weights of either sign, (N,); None: ones.
        bins: Number of bins; fewer where many events share one probability.

    Raises:
        InputError: For unequal lengths, or values outside 0 to 1.

    Examples:
        >>> curve = calibration_curve([0, 1, 0, 1], [0.2, 0.2, 0.6, 0.6], bins=2)
        >>> curve.predicted.tolist(), curve.observed.tolist()
        ([0.2, 0.6], [0.5, 0.5])
    """
    t, p, w = _checked(y, probability, weight, check_one_weight)
    inside = CalibrationBins.of(t, p, w, bins)
    total = inside.sums(w)
    observed = np.asarray(safe_ratio(inside.sums(w, t), total))
    spread = inside.sums(w**2, (t - np.nan_to_num(observed)[inside.place]) ** 2)
    return CalibrationCurve(
        edges=inside.edges,
        predicted=np.asarray(safe_ratio(inside.sums(w, p), total)),
        observed=observed,
        error=np.asarray(safe_ratio(np.sqrt(spread), total)),
        share=total / w.sum(),
    )


def expected_calibration_error(y: Any, probability: Any, weight: Any = None, *, bins: int = _BINS) -> Number:
    r"""The mean distance between predicted and observed signal share (expected calibration error).

    $\sum_b |\sum_{i \in b} w_i (y_i - p_i)| / \sum_i w_i$, in bins of equal |weight|. Statistical fluctuations make
    it larger than zero also for perfect probabilities: compare with `calibration_noise`, or use
    `calibration_error`.

    Args:
        y: Labels, (N,), 1 for signal and 0 for background.
        probability: Predicted probability of signal, (N,).
        weight: Event weights of either sign, (N,) or (toys, N); None: ones.
        bins: Number of bins.

    Raises:
        InputError: For unequal lengths, or values outside 0 to 1.

    References:
        Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks" (2017).

    Examples:
        >>> round(expected_calibration_error([0, 1, 0, 1], [0.2, 0.2, 0.6, 0.6], bins=2), 3)
        0.2
    """
    t, p, w = _checked(y, probability, weight)
    inside = CalibrationBins.of(t, p, w, bins)
    return plain(safe_ratio(np.abs(inside.sums(w, inside.difference)).sum(-1), w.sum(-1)))


def calibration_noise(y: Any, probability: Any, weight: Any = None, *, bins: int = _BINS) -> Measured:
    r"""The `expected_calibration_error` that a perfect model would show with these events, from fluctuations alone.

    Bin by bin $|\mathcal N(0, \sigma_b)|$: mean $\sqrt{2/\pi} \sum_b \sigma_b$ and variance
    $(1 - 2/\pi) \sum_b \sigma_b^2$. With weights of one size
    $\sigma_b^2 = \sum_{i \in b} w_i^2 \, p_i (1 - p_i) / (\sum_i w_i)^2$; else each class enters with the
    spread of its own weights, as in `calibration_chi2`.

    Args:
        y: Labels, (N,), 1 for signal and 0 for background.
        probability: Predicted probability of signal, (N,).
        weight: Event weights of either sign, (N,); None: ones.
        bins: Number of bins.

    Returns:
        The mean, and one standard deviation to both sides.

    Raises:
        InputError: For unequal lengths, or values outside 0 to 1.

    Examples:
        >>> print(calibration_noise([0, 1, 0, 1], [0.2, 0.2, 0.6, 0.6], bins=2))
        0.25 ± 0.13
    """
    t, p, w = _checked(y, probability, weight, check_one_weight)
    sigma = np.sqrt(np.maximum(CalibrationBins.of(t, p, w, bins).expected_variance(w), 0.0)) / w.sum()
    mean = float(np.sqrt(2 / np.pi) * sigma.sum())
    error = float(np.sqrt((1 - 2 / np.pi) * (sigma**2).sum()))
    return Measured(mean, mean - error, mean + error)


def calibration_chi2(y: Any, probability: Any, weight: Any = None, *, bins: int = _BINS) -> CalibrationTest:
    r"""How well the bins of the calibration curve fit perfect probabilities.

    $\chi^2 = \sum_b (\sum_{i \in b} w_i (y_i - p_i))^2 / V_b$ with
    $V_b = \sum_{i \in b} w_i p_i (1 - p_i) [(1 - p_i) u_S + p_i u_B]$, where $u = \sum w^2 / \sum w$ of a class is
    what a unit of its weight fluctuates by; for weights of 1 it is the variance of a sum of yes and no,
    $\sum p_i (1 - p_i)$. Neighbouring bins are joined until each expects five effective events of either class.

    Args:
        y: Labels, (N,), 1 for signal and 0 for background.
        probability: Predicted probability of signal, (N,).
        weight: Event weights of either sign, (N,); None: ones.
        bins: Number of bins.

    Returns:
        `chi2`, the number of `bins`, and the `probability` that a perfect model shows a larger chi2.

    Raises:
        InputError: For unequal lengths, or values outside 0 to 1.

    Examples:
        >>> print(calibration_chi2(np.tile([0, 1], 50), np.full(100, 0.4), bins=1))
        χ² = 4.17 in 1 bins, probability 0.041
    """
    t, p, w = _checked(y, probability, weight, check_one_weight)
    return fit(CalibrationBins.of(t, p, w, bins), w)


def calibration_squares(y: Any, probability: Any, weight: Array, *, bins: int = _BINS) -> Callable[[Array], Squares]:
    """The square of `calibration_error` as a function of weights, the events dealt into bins once."""
    t, p, w = _checked(y, probability, weight)
    return CalibrationBins.of(t, p, w, bins).squares


@prepared_by(calibration_squares)
def calibration_error(y: Any, probability: Any, weight: Any = None, *, bins: int = _BINS) -> Number:
    r"""The root mean square distance between predicted and observed signal share, without what noise adds.

    With $d_b = \sum_{i \in b} w_i (y_i - p_i)$ and $W_b$ the bin's weight, the square is
    $\sum_b (d_b^2 - \sum_{i \in b} w_i^2 (y_i - d_b/W_b - p_i)^2) / (W_b \sum w)$; where noise explains all of it,
    the error is 0. `interval` and `difference` let it fluctuate in toys by as much as it does from sample to sample,
    which a plain bootstrap of a square overstates.

    Args:
        y: Labels, (N,), 1 for signal and 0 for background.
        probability: Predicted probability of signal, (N,).
        weight: Event weights of either sign, (N,) or (toys, N); None: ones.
        bins: Number of bins.

    Raises:
        InputError: For unequal lengths, or values outside 0 to 1.

    References:
        Kumar, Liang, Ma, "Verified uncertainty calibration" (2019).

    Examples:
        >>> y = np.tile([0, 1], 500)
        >>> round(calibration_error(y, np.full(1000, 0.3), bins=1), 2)
        0.2
    """
    t, p, w = _checked(y, probability, weight)
    return CalibrationBins.of(t, p, w, bins).squares(w).root()


def brier(y: Any, probability: Any, weight: Any = None) -> Number:
    r"""The mean square distance of probability and truth, $\sum_i w_i \sum_k (p_{ik} - y_{ik})^2 / \sum_i w_i$.

    For two classes given as one column it is $\sum_i w_i (p_i - y_i)^2 / \sum_i w_i$, half the sum over both.

    Args:
        y: Labels, (N,): 1 for signal and 0 for background, or class numbers 0 to K - 1.
        probability: Probability of signal, (N,), or of each class, (N, K).
        weight: Event weights of either sign, (N,) or (toys, N); None: ones.

    Raises:
        InputError: For unequal lengths, or values outside 0 to 1.

    References:
        Brier, "Verification of forecasts expressed in terms of probability" (1950).

    Examples:
        >>> round(brier([0, 1], [0.2, 0.6]), 3)
        0.1
    """
    p, w, code = _checked_classes(y, probability, weight)
    return plain(safe_ratio(w @ square_distance(code, p), w.sum(-1)))


def square_distance(code: Array, p: Array) -> Array:
    """What each event adds to the Brier score, (N,)."""
    if p.ndim == 1:
        return np.asarray((p - code) ** 2)
    return np.asarray(((p - np.eye(p.shape[1])[code]) ** 2).sum(1))


def log_loss(y: Any, probability: Any, weight: Any = None) -> Number:
    r"""The mean surprise at the truth, $-\sum_i w_i \ln p_{i, y_i} / \sum_i w_i$ (cross entropy), in nats.

    Probabilities are kept away from 0 and 1 by the spacing of float64 so that one wrong certainty is not infinite.

    Args:
        y: Labels, (N,): 1 for signal and 0 for background, or class numbers 0 to K - 1.
        probability: Probability of signal, (N,), or of each class, (N, K).
        weight: Event weights of either sign, (N,) or (toys, N); None: ones.

    Raises:
        InputError: For unequal lengths, or values outside 0 to 1.

    Examples:
        >>> round(log_loss([0, 1], [0.2, 0.6]), 4)
        0.367
    """
    p, w, code = _checked_classes(y, probability, weight)
    return plain(safe_ratio(w @ surprise(code, p), w.sum(-1)))


def surprise(code: Array, p: Array) -> Array:
    """What each event adds to the log loss, (N,)."""
    chosen = np.where(code == 1, p, 1 - p) if p.ndim == 1 else p[np.arange(len(p)), code]
    tiny = np.finfo(np.float64).eps
    return np.asarray(-np.log(np.clip(chosen, tiny, 1 - tiny)))


def _checked(
    y: Any, probability: Any, weight: Any, check: Callable[[Any, int], Array] = check_weight
) -> tuple[Array, Array, Array]:
    check_same_length(y=y, probability=probability)
    p = check_probability(probability)
    return check_binary(y, len(p), least=1).astype(np.float64), p, check(weight, len(p))


def _checked_classes(y: Any, probability: Any, weight: Any) -> tuple[Array, Array, Array]:
    check_same_length(y=y, probability=probability)
    p = check_probability(probability, (1, 2))
    K = 2 if p.ndim == 1 else p.shape[1]
    code = check_numbers("y", y)
    if not np.isin(code, np.arange(K)).all():
        raise InputError(f"y holds other values than the class numbers 0 to {K - 1}. Pass the place of each class.")
    return p, check_weight(weight, len(p)), code.astype(np.int64)
