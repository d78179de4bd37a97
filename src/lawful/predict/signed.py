"""From what was learned of each sign of the weight to the ratios of signed sums."""

from typing import Any

import numpy as np
import numpy.typing as npt

from lawful.learning.scaling import TargetScaling
from lawful.predict.knowledge import Knowledge

Array = npt.NDArray[Any]
LEAST_SHARE = 0.05  # of the weight that counts, where predictions are not kept within the range of the targets


def signed_probabilities(q: Array) -> Array:
    r"""Probabilities of K classes, (..., K), from those of class and sign, (..., 2K), positive weights first.

    $p_k = [q_{k+} - q_{k-}]_+ / \sum_j [q_{j+} - q_{j-}]_+$, the ratio of the signed densities wherever all
    differences are positive, and 1/K where none is. Source: Drnevich, Jiggins, Katzy, Cranmer, 'Neural
    quasiprobabilistic likelihood ratio estimation with negatively weighted data' (2024).

    Examples:
        >>> signed_probabilities(np.array([0.5, 0.3, 0.2, 0.0]))
        array([0.5, 0.5])
    """
    K = q.shape[-1] // 2
    positive = np.maximum(q[..., :K] - q[..., K:], 0.0)
    total = positive.sum(-1, keepdims=True)
    return np.asarray(np.divide(positive, total, out=np.full_like(positive, 1 / K), where=total > 0))


def signed_mean(r: Array, plus: Array, minus: Array, least: float = 1e-9) -> Array:
    r"""Mean of the target under signed weights, $f_+ + (f_+ - f_-)\,r / (1 - 2r)$.

    Args:
        r: Share of negative weight; the mean is defined where it is below one half.
        plus: Mean of the target over events of positive weight, $f_+$.
        minus: The same over events of negative weight, $f_-$.
        least: What $1 - 2r$ is taken to be at least.

    Examples:
        >>> signed_mean(np.array([0.25]), np.array([1.0]), np.array([3.0]))  # (0.75 * 1 - 0.25 * 3) / 0.5
        array([0.])
    """
    return np.asarray(plus + (plus - minus) * r / np.maximum(1 - 2 * r, least))


def signed_targets(z: Array, scaling: TargetScaling, known: Knowledge) -> Array:
    """Predictions, (..., T), from what was learned of each sign, (..., 1 + 2 T), as `SignedSquaredError` has it.

    They are kept within the range of the targets, but for targets that turn or have units: a range that is cut off in
    each number does not turn, and does not scale.
    """
    count = len(scaling.centre)
    r, plus, minus = z[..., :1], z[..., 1 : 1 + count], z[..., 1 + count :]
    y = np.clip(scaling.invert(signed_mean(r, plus, minus)), scaling.low, scaling.high)
    for columns, shifts in known.blocks(count):
        if not shifts:
            y[..., columns] = scaling.invert(signed_mean(r, plus, minus, LEAST_SHARE))[..., columns]
    return np.asarray(y)
