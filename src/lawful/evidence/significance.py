"""How significant an expected excess would be, and where to cut for it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lawful.errors import InputError
from lawful.evidence.arrays import Array, Number, check_one_weight, plain
from lawful.evidence.ranking import ranked


def asimov_significance(s: Any, b: Any, sigma_b: Any = 0.0) -> Number:
    r"""The median significance, in standard deviations, with which s signal events over b would be discovered.

    $$Z = \sqrt{2\left[(s+b)\ln\frac{(s+b)(b+\sigma^2)}{b^2+(s+b)\sigma^2}
    - \frac{b^2}{\sigma^2}\ln\left(1+\frac{\sigma^2 s}{b(b+\sigma^2)}\right)\right]},$$
    and $\sqrt{2[(s+b)\ln(1+s/b)-s]}$ for $\sigma = 0$. Negative for s < 0 (a deficit), NaN for b < 0. For
    b = 0 it is infinite if b is known exactly, and 0 if not: nothing then says how much background there is. Takes
    numbers or arrays, which broadcast.

    Args:
        s: Expected signal events.
        b: Expected background events.
        sigma_b: Absolute uncertainty of b, in events.

    Raises:
        InputError: When sigma_b is negative or not a number.

    References:
        Cowan, Cranmer, Gross, Vitells, "Asymptotic formulae for likelihood-based tests of new physics" (2011);
        Cowan, "Discovery sensitivity for a counting experiment with background uncertainty" (2012).

    Examples:
        >>> round(asimov_significance(10.0, 100.0), 4)
        0.984
        >>> round(asimov_significance(10.0, 100.0, sigma_b=10.0), 4)
        0.6902
    """
    s, b, sigma = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (s, b, sigma_b)))
    if not (sigma >= 0).all() and not np.isnan(b).any():
        raise InputError(f"sigma_b={float(sigma.min())!r}: an uncertainty is a number of at least zero.")
    v = sigma**2
    good = (b > 0) & (s + b >= 0)
    s1, b1 = np.where(good, s, 1.0), np.where(good, b, 1.0)
    n = s1 + b1
    with np.errstate(divide="ignore", invalid="ignore"):
        first = np.where(n > 0, n * np.log1p(s1 * b1 / (b1**2 + n * v)), 0.0)
        exact = v > 1e-9 * b1
        v1 = np.where(exact, v, 1.0)
        second = np.where(exact, b1**2 / v1 * np.log1p(v1 * s1 / (b1 * (b1 + v1))), s1)
        z = np.sqrt(np.maximum(2.0 * (first - second), 0.0)) * np.sign(s1)
        z = np.where(np.abs(s1) < 1e-7 * b1, s1 / np.sqrt(b1 + v), z)  # the difference above loses all digits
    z = np.where(good, z, np.where((b == 0) & (s >= 0), np.where((s > 0) & (v == 0), np.inf, 0.0), np.nan))
    return plain(z)


def significance_of_cut(s: Any, b: Any, uncertainty: float) -> Number:
    """`asimov_significance` of what passes a cut, for a relative uncertainty of the background.

    NaN for b = 0 with an uncertainty above zero: a share of nothing would claim that b is known exactly, where the
    simulation has only run out of events.
    """
    s, b = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (s, b)))
    z = np.asarray(asimov_significance(s, b, uncertainty * np.abs(np.nan_to_num(b))))
    return plain(np.where((b == 0) & (uncertainty > 0), np.nan, z))


@dataclass(frozen=True)
class SignificanceScan:
    """Significance at each cut on the score.

    Attributes:
        thresholds: Cuts score >= threshold, descending, (T,).
        signal: Expected signal that passes, (T,).
        background: Expected background that passes, (T,).
        significance: Asimov significance, (T,); NaN where no background passes and `uncertainty` is above zero.
        effective: Effective number of simulated background events that pass, (sum w)^2 / sum w^2, (T,).
        best: Index of the best cut among those with enough effective background events.
    """

    thresholds: Array
    signal: Array
    background: Array
    significance: Array
    effective: Array
    best: int


def scan_significance(
    y: Any,
    score: Any,
    weight: Any = None,
    *,
    signal: float | None = None,
    background: float | None = None,
    uncertainty: float = 0.0,
    least: float = 25.0,
    thresholds: Any = None,
) -> SignificanceScan:
    """Which cut on the score makes the Asimov significance largest.

    A cut chosen on the events it is judged by is a little too good there. So that it is not a fluctuation of a few
    events, cuts that leave fewer than `least` effective background events do not count as best, if any leaves more.

    Args:
        y: Labels, (N,), 1 for signal and 0 for background.
        score: Scores, (N,).
        weight: Event weights of either sign, (N,); None: ones.
        signal: Expected signal events before the cut; None: the sum of its weights.
        background: Expected background events before the cut; None: the sum of its weights.
        uncertainty: Relative uncertainty of the background.
        least: Least effective number of simulated background events.
        thresholds: Cuts to try, (T,); None: every distinct score.

    Raises:
        InputError: As for `auc`, and for yields that are not above zero.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> y = np.repeat([0, 1], 1000)
        >>> scan = scan_significance(y, rng.normal(2.0 * y), signal=50, background=1000, uncertainty=0.1)
        >>> bool(scan.significance[scan.best] > scan.significance[-1])
        True
    """
    for name, total in (("signal", signal), ("background", background)):
        if total is not None and not total > 0:
            raise InputError(f"expected {name}={total!r}: a yield is a number of events above zero.")
    if not uncertainty >= 0:
        raise InputError(
            f"uncertainty={uncertainty!r}: expected a relative uncertainty of at least zero, such as 0.1."
        )
    ranking, w = ranked(y, score, weight)
    check_one_weight(w, len(ranking))
    cuts = ranking.thresholds if thresholds is None else np.sort(np.asarray(thresholds, dtype=np.float64))[::-1]
    s, b = ranking.passing(cuts, w)
    _, squares = ranking.passing(cuts, w**2)
    effective = np.where(squares > 0, b**2 / np.where(squares > 0, squares, 1.0), 0.0) * (b > 0)
    s = s if signal is None else s * (signal / w[ranking.signal].sum())
    b = b if background is None else b * (background / w[~ranking.signal].sum())
    z = np.asarray(significance_of_cut(s, b, uncertainty))
    enough = effective >= min(least, effective.max())
    best = int(np.argmax(np.where(enough & np.isfinite(z), z, -np.inf)))
    return SignificanceScan(cuts, s, b, z, effective, best)
