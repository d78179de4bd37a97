"""How far predicted numbers are from the true ones: bias, resolution, pulls."""

from typing import Any

import numpy as np

from lawful.errors import InputError
from lawful.evidence.arrays import Array, Number, check_numbers, check_same_length, check_weight, plain, safe_ratio

_HALF = 0.6826894921370859 / 2  # half the probability within one standard deviation of a normal distribution


def residuals(y: Any, predicted: Any) -> Array:
    """Predicted minus true values, (N,) or (N, T).

    Raises:
        InputError: For unequal shapes, NaN or infinities.

    Examples:
        >>> residuals([1.0, 2.0], [1.5, 1.0]).tolist()
        [0.5, -1.0]
    """
    t, p = check_numbers("y", y, (1, 2)), check_numbers("predicted", predicted, (1, 2))
    check_same_length(y=t, predicted=p)
    if t.shape != p.shape:
        raise InputError(f"y has shape {t.shape}, predicted {p.shape}: expected the same.")
    return p - t


def _one_column(y: Any, predicted: Any, weight: Any) -> tuple[Array, Array]:
    r = residuals(y, predicted)
    if r.ndim == 2:
        raise InputError(f"Several outputs, {r.shape}: measure one column at a time.")
    return r, check_weight(weight, len(r))


def bias(y: Any, predicted: Any, weight: Any = None) -> Number:
    r"""The mean residual, $\sum_i w_i (\hat y_i - y_i) / \sum_i w_i$, in units of the target.

    Args:
        y: True values, (N,).
        predicted: Predicted values, (N,).
        weight: Event weights of either sign, (N,) or (toys, N); None: ones.

    Raises:
        InputError: For unequal shapes, NaN, or weights that sum to zero or less.

    Examples:
        >>> bias([1.0, 2.0], [1.5, 2.0])
        0.25
    """
    r, w = _one_column(y, predicted, weight)
    return plain(safe_ratio(w @ r, w.sum(-1)))


def rmse(y: Any, predicted: Any, weight: Any = None) -> Number:
    r"""The root of the mean square residual, in units of the target.

    $\sqrt{\sum_i w_i (\hat y_i - y_i)^2 / \sum_i w_i}$; NaN where negative weights make the mean square negative.

    Args:
        y: True values, (N,).
        predicted: Predicted values, (N,).
        weight: Event weights of either sign, (N,) or (toys, N); None: ones.

    Raises:
        InputError: For unequal shapes, NaN, or weights that sum to zero or less.

    Examples:
        >>> rmse([1.0, 2.0], [1.5, 2.5])
        0.5
    """
    r, w = _one_column(y, predicted, weight)
    return plain(_root(safe_ratio(w @ r**2, w.sum(-1))))


def mae(y: Any, predicted: Any, weight: Any = None) -> Number:
    r"""The mean size of the residual, $\sum_i w_i |\hat y_i - y_i| / \sum_i w_i$, in units of the target.

    Args:
        y: True values, (N,).
        predicted: Predicted values, (N,).
        weight: Event weights of either sign, (N,) or (toys, N); None: ones.

    Raises:
        InputError: For unequal shapes, NaN, or weights that sum to zero or less.

    Examples:
        >>> mae([1.0, 2.0], [1.5, 1.5])
        0.5
    """
    r, w = _one_column(y, predicted, weight)
    return plain(safe_ratio(w @ np.abs(r), w.sum(-1)))


def r2(y: Any, predicted: Any, weight: Any = None) -> Number:
    r"""The share of the target's variance that is explained.

    $1 - \sum_i w_i (\hat y_i - y_i)^2 / \sum_i w_i (y_i - \bar y)^2$: 1 is perfect, 0 is no better than the mean.

    Args:
        y: True values, (N,).
        predicted: Predicted values, (N,).
        weight: Event weights of either sign, (N,) or (toys, N); None: ones.

    Raises:
        InputError: For unequal shapes, NaN, or weights that sum to zero or less.

    Examples:
        >>> r2([1.0, 2.0, 3.0], [1.0, 2.0, 3.5])
        0.875
    """
    r, w = _one_column(y, predicted, weight)
    t = check_numbers("y", y)
    t = t - t.mean()  # keeps the difference of squares below exact for targets far from zero
    total = w.sum(-1)
    variance = safe_ratio(w @ t**2, total) - np.asarray(safe_ratio(w @ t, total)) ** 2
    return plain(1.0 - safe_ratio(safe_ratio(w @ r**2, total), variance))


def resolution(y: Any, predicted: Any, weight: Any = None) -> Number:
    r"""The standard deviation of the residuals, in units of the target.

    $\sqrt{\sum_i w_i (r_i - \bar r)^2 / \sum_i w_i}$ with residuals $r$; NaN where negative weights turn it
    imaginary.

    Args:
        y: True values, (N,).
        predicted: Predicted values, (N,).
        weight: Event weights of either sign, (N,) or (toys, N); None: ones.

    Raises:
        InputError: For unequal shapes, NaN, or weights that sum to zero or less.

    Examples:
        >>> resolution([0.0, 0.0], [1.0, 3.0])
        1.0
    """
    r, w = _one_column(y, predicted, weight)
    total = w.sum(-1)
    middle = r.mean()
    r = r - middle
    return plain(_root(safe_ratio(w @ r**2, total) - np.asarray(safe_ratio(w @ r, total)) ** 2))


def resolution_68(y: Any, predicted: Any, weight: Any = None) -> Number:
    """Half the width of the central 68.3% of the residuals, in units of the target; tails count little.

    For a normal distribution it is the standard deviation.

    Args:
        y: True values, (N,).
        predicted: Predicted values, (N,).
        weight: Event weights of either sign, (N,) or (toys, N); None: ones.

    Raises:
        InputError: For unequal shapes, NaN, or weights that sum to zero or less.

    Examples:
        >>> round(resolution_68(np.zeros(10_001), np.linspace(-1, 1, 10_001)), 3)
        0.683
    """
    r, w = _one_column(y, predicted, weight)
    low, high = np.moveaxis(weighted_quantile(r, [0.5 - _HALF, 0.5 + _HALF], w), -1, 0)
    return plain((high - low) / 2)


def pulls(y: Any, predicted: Any, sigma: Any) -> Array:
    r"""Residuals in units of the predicted uncertainty, $(\hat y_i - y_i) / \sigma_i$: of width 1 when it is right.

    Args:
        y: True values, (N,) or (N, T).
        predicted: Predicted values, of the same shape.
        sigma: Predicted standard deviations, above zero, of the same shape.

    Raises:
        InputError: For unequal shapes, or a sigma of zero or less.

    Examples:
        >>> pulls([1.0, 2.0], [1.5, 1.0], [0.5, 0.5]).tolist()
        [1.0, -2.0]
    """
    r = residuals(y, predicted)
    s = check_numbers("sigma", sigma, (1, 2))
    if s.shape != r.shape:
        raise InputError(f"sigma has shape {s.shape}, expected {r.shape} as the residuals.")
    if s.min() <= 0:
        raise InputError(f"sigma holds {int((s <= 0).sum())} values of zero or less: a pull needs positive ones.")
    return r / s


def weighted_quantile(values: Any, levels: Any, weight: Any = None) -> Array:
    """The least values below or at which given shares of the weight lie.

    Args:
        values: Numbers, (N,).
        levels: Shares between 0 and 1, (L,).
        weight: Weights of either sign, (N,) or (toys, N); None: ones.

    Returns:
        (L,) or (toys, L).

    Raises:
        InputError: For unequal lengths, NaN, or weights that sum to zero or less.

    Examples:
        >>> weighted_quantile([3.0, 1.0, 2.0], [0.5], [1.0, 1.0, 3.0]).tolist()
        [2.0]
    """
    v = check_numbers("values", values)
    w = check_weight(weight, len(v))
    order = np.argsort(v, kind="stable")
    share = np.cumsum(w[..., order], axis=-1)
    total = share[..., -1:]
    out = [v[order][np.argmax(share >= q * total * (1 - 1e-12), axis=-1)] for q in np.atleast_1d(levels)]
    quantiles = np.stack(out, axis=-1)
    return np.where(total > 0, quantiles, np.nan)


def _root(square: Any) -> Number:
    """Square root, NaN where negative weights make the mean square negative."""
    square = np.asarray(square)
    with np.errstate(invalid="ignore"):
        return np.where(square >= 0, np.sqrt(np.maximum(square, 0.0)), np.nan)[()]
