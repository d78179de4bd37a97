"""Whether predicted probabilities are right: calibration, Brier score, log loss."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lawful.errors import InputError
from lawful.evidence.arrays import (
    Array,
    Number,
    check_binary,
    check_numbers,
    check_same_length,
    check_weight,
    plain,
    safe_ratio,
)
from lawful.evidence.resampling import Measured

_BINS = 15


def check_probability(probability: Any, ndim: tuple[int, ...] = (1,)) -> Array:
    """Give probabilities as float64 in [0, 1].

    Raises:
        InputError: When one lies outside.
    """
    p = check_numbers("probability", probability, ndim)
    if p.min() < 0 or p.max() > 1:
        raise InputError(
            f"Probabilities between {p.min():g} and {p.max():g}, expected 0 to 1. Are these raw scores? Only "
            "probabilities can be calibrated."
        )
    return p


def calibration_edges(probability: Array, weight: Array, bins: int) -> Array:
    """Bin edges with about the same sum of |weight| in each bin, (at most bins + 1,)."""
    order = np.argsort(probability, kind="stable")
    share = np.cumsum(np.abs(weight[order]))
    rows = np.searchsorted(share, np.linspace(0, share[-1], bins + 1)[1:-1], side="right")
    inner = np.unique(probability[order[rows.clip(max=len(order) - 1)]])
    low, high = probability[order[0]], probability[order[-1]]
    inner = inner[(inner > low) & (inner <= high)]
    return np.concatenate([[low], inner, [np.nextafter(high, np.inf)]])


def memberships(probability: Array, edges: Array) -> Array:
    """Which bin each event is in, one-hot, (N, bins), so that a sum in bins is a matrix product."""
    bins = len(edges) - 1
    place = np.clip(np.searchsorted(edges, probability, side="right") - 1, 0, bins - 1)
    return np.eye(bins)[place]


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
    t, p, w = _checked(y, probability, weight)
    edges = calibration_edges(p, w, bins)
    inside = memberships(p, edges)
    total = w @ inside
    observed = np.asarray(safe_ratio((w * t) @ inside, total))
    spread = (w**2 * (t - inside @ np.nan_to_num(observed)) ** 2) @ inside
    return CalibrationCurve(
        edges=edges,
        predicted=np.asarray(safe_ratio((w * p) @ inside, total)),
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
    inside = memberships(p, calibration_edges(p, _one(w), bins))
    return plain(safe_ratio(np.abs(w @ (inside * (t - p)[:, None])).sum(-1), w.sum(-1)))


def calibration_noise(y: Any, probability: Any, weight: Any = None, *, bins: int = _BINS) -> Measured:
    r"""The `expected_calibration_error` that a perfect model would show with these events, from fluctuations alone.

    Bin by bin $|\mathcal N(0, \sigma_b)|$ with $\sigma_b^2 = \sum_{i \in b} w_i^2 \, p_i (1 - p_i) / (\sum_i w_i)^2$:
    mean $\sqrt{2/\pi} \sum_b \sigma_b$ and variance $(1 - 2/\pi) \sum_b \sigma_b^2$.

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
    _, p, w = _checked(y, probability, weight)
    inside = memberships(p, calibration_edges(p, w, bins))
    sigma = np.sqrt(w**2 @ (inside * (p * (1 - p))[:, None])) / w.sum()
    mean = float(np.sqrt(2 / np.pi) * sigma.sum())
    error = float(np.sqrt((1 - 2 / np.pi) * (sigma**2).sum()))
    return Measured(mean, mean - error, mean + error)


def calibration_error(y: Any, probability: Any, weight: Any = None, *, bins: int = _BINS) -> Number:
    r"""The root mean square distance between predicted and observed signal share, without what noise adds.

    With $d_b = \sum_{i \in b} w_i (y_i - p_i)$ and $W_b$ the bin's weight, the square is
    $\sum_b (d_b^2 - \sum_{i \in b} w_i^2 (y_i - d_b/W_b - p_i)^2) / (W_b \sum w)$; where noise explains all of it,
    the error is 0.

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
    inside = memberships(p, calibration_edges(p, _one(w), bins))
    return plain(_debiased(t - p, inside, w))


def _debiased(difference: Array, inside: Array, w: Array) -> Number:
    bins = inside.shape[1]
    moments = np.concatenate([inside, inside * difference[:, None], inside * (difference**2)[:, None]], axis=1)
    total, first = np.split(w @ moments[:, : 2 * bins], 2, axis=-1)
    squares, cross, second = np.split(w**2 @ moments, 3, axis=-1)
    mean = np.asarray(safe_ratio(first, total))
    noise = second - 2 * mean * cross + mean**2 * squares
    effective = total**2 / np.maximum(squares, 1e-300)
    noise = noise * effective / np.maximum(effective - 1, 1.0)
    square = np.nansum(safe_ratio(first**2 - noise, total), axis=-1)
    return np.sqrt(np.maximum(safe_ratio(square, w.sum(-1)), 0.0))


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
    if p.ndim == 1:
        return plain(safe_ratio(w @ (p - code) ** 2, w.sum(-1)))
    return plain(safe_ratio(w @ ((p - np.eye(p.shape[1])[code]) ** 2).sum(1), w.sum(-1)))


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
    chosen = np.where(code == 1, p, 1 - p) if p.ndim == 1 else p[np.arange(len(p)), code]
    tiny = np.finfo(np.float64).eps
    return plain(safe_ratio(w @ -np.log(np.clip(chosen, tiny, 1 - tiny)), w.sum(-1)))


def _checked(y: Any, probability: Any, weight: Any) -> tuple[Array, Array, Array]:
    check_same_length(y=y, probability=probability)
    p = check_probability(probability)
    return check_binary(y, len(p), least=1).astype(np.float64), p, check_weight(weight, len(p))


def _checked_classes(y: Any, probability: Any, weight: Any) -> tuple[Array, Array, Array]:
    check_same_length(y=y, probability=probability)
    p = check_probability(probability, (1, 2))
    K = 2 if p.ndim == 1 else p.shape[1]
    code = check_numbers("y", y)
    if not np.isin(code, np.arange(K)).all():
        raise InputError(f"y holds other values than the class numbers 0 to {K - 1}. Pass the place of each class.")
    return p, check_weight(weight, len(p)), code.astype(np.int64)


def _one(w: Array) -> Array:
    """One weight an event, for bins that stay the same in every toy."""
    return w if w.ndim == 1 else np.abs(w).mean(0)
