"""Mean squares that noise adds to: what is left without it, and toys that spread as they should."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lawful.evidence.arrays import Array, Number, plain


@dataclass(frozen=True)
class Squares:
    r"""The root of $T = \sum_b f_b (m_b^2 - v_b)$: means $m_b$ in bins with variances $v_b$ and weight shares $f_b$.

    $E[m_b^2]$ is the square of the true mean plus $v_b$, so that T has no bias. Toys need care: a toy's mean
    $m_b^*$ fluctuates about $m_b$, which fluctuates itself, so that $T$ computed from a toy spreads too far where
    the true means are not large. A toy therefore says which true means $k m_b$ would have given what was seen, had
    they fluctuated by $e_b = m_b^* - m_b$:

    $$\sum_b f_b (k m_b + e_b)^2 = \sum_b f_b m_b^2, \quad T^* = k^2 \sum_b f_b^* m_b^2,$$

    with k = 0 where no positive one would have. The quantiles of $T^*$ are the true values at which what was seen
    lies at the same quantile from the other side: a test inversion.

    Attributes:
        mean: (..., B), NaN for a bin without a positive sum of weights.
        share: (..., B).
        noise: Gives the variances, (..., B).

    References:
        Arcones, Giné, "On the bootstrap of U and V statistics" (1992).
    """

    mean: Array
    share: Array
    noise: Callable[[], Array]

    def square(self) -> Number:
        """T, a number or (toys,)."""
        return plain(np.nansum(self.share * (self.mean**2 - self.noise()), axis=-1))

    def root(self) -> Number:
        """Its root, 0 where noise explains all."""
        return plain(np.sqrt(np.maximum(self.square(), 0.0)))

    def around(self, nominal: "Squares") -> Array:
        """The root in each of these toys of `nominal`, (toys,)."""
        m, f = nominal.mean, nominal.share
        e = self.mean - m
        whole = float(np.nansum(f * m**2))
        if whole <= 0:
            return np.zeros(len(self.mean))
        half, rest = np.nansum(f * m * e, axis=-1) / whole, np.nansum(f * e**2, axis=-1) / whole - 1.0
        inside = half**2 - rest  # k^2 + 2 half k + rest = 0
        k = np.where(inside > 0, np.sqrt(np.maximum(inside, 0.0)) - half, 0.0)
        square = np.maximum(k, 0.0) ** 2 * np.nansum((2 * f - self.share) * m**2, axis=-1)
        return np.asarray(np.sqrt(np.maximum(square, 0.0)))
