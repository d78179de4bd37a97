"""Every cut on a score at once: what passes, with its spread. Curves and the explorer are drawn from it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lawful.evidence.arrays import Array
from lawful.evidence.ranking import ranked
from lawful.evidence.resampling import toys_of

_MOST = 1000


@dataclass(frozen=True)
class CutTable:
    """Sums of what passes score >= threshold, from the tightest cut to the loosest, which lets all events pass.

    Attributes:
        thresholds: Descending, (K,).
        signal: Sum of signal weights that pass, (K,).
        background: The same for background, (K,).
        signal_squares: Sum of squared signal weights that pass, (K,).
        background_squares: The same for background, (K,).
        signal_events: Number of simulated signal events that pass, (K,).
        background_events: The same for background, (K,).
        toys_signal: `signal` in each toy, (toys, K).
        toys_background: `background` in each toy, (toys, K).
    """

    thresholds: Array
    signal: Array
    background: Array
    signal_squares: Array
    background_squares: Array
    signal_events: Array
    background_events: Array
    toys_signal: Array
    toys_background: Array

    @cached_property
    def signal_efficiency(self) -> Array:
        """(K,)."""
        return np.asarray(self.signal / self.signal[-1])

    @cached_property
    def background_efficiency(self) -> Array:
        """(K,)."""
        return np.asarray(self.background / self.background[-1])

    @cached_property
    def toys_efficiency(self) -> tuple[Array, Array]:
        """Signal and background efficiency in each toy, (toys, K); NaN where a toy has no positive class sum."""
        pair = []
        for sums in (self.toys_signal, self.toys_background):
            total = sums[:, -1:]
            pair.append(np.where(total > 0, sums / np.where(total > 0, total, 1.0), np.nan))
        return pair[0], pair[1]

    def at(self, threshold: float) -> int:
        """Place of the threshold nearest to a number."""
        return int(np.argmin(np.abs(self.thresholds - threshold)))


def cut_table(
    y: Any, score: Any, weight: Any = None, *, toys: int = 200, seed: int = 0, also: Any = (), most: int = _MOST
) -> CutTable:
    """Tabulate cuts at up to about `most` scores: even steps in both efficiencies, and finer ones at tight cuts.

    Args:
        y: Labels, (N,), 1 for signal and 0 for background.
        score: Scores, (N,).
        weight: Event weights of either sign, (N,); None: ones.
        toys: Number of toys.
        seed: Seed of the toys.
        also: Thresholds that shall be in the table exactly.
        most: About how many thresholds.

    Raises:
        InputError: As for `auc`.

    Examples:
        >>> table = cut_table([0, 1, 0, 1], [0.1, 0.9, 0.4, 0.4], toys=20)
        >>> table.thresholds.tolist(), table.signal.tolist(), table.background.tolist()
        ([0.9, 0.4, 0.1], [1.0, 2.0, 2.0], [0.0, 1.0, 2.0])
    """
    ranking, w = ranked(y, score, weight)
    cuts = ranking.thresholds
    if len(cuts) > most:
        picked = [cuts[[0, -1]]]
        for ordered, share in ((ranking.score_signal, most // 3), (ranking.score_background, most - most // 3)):
            n = len(ordered)
            even = np.linspace(0, n - 1, share // 2)
            tight = np.geomspace(1, n, share - share // 2) - 1
            picked.append(ordered[np.unique(np.concatenate([even, tight]).astype(int))])
        cuts = np.unique(np.concatenate(picked))[::-1]
    if np.size(also):
        extra = np.asarray(also, dtype=np.float64)
        cuts = np.unique(np.concatenate([cuts, extra[extra >= cuts[-1]]]))[::-1]
    s, b = ranking.passing(cuts, w)
    s2, b2 = ranking.passing(cuts, w**2)
    n_s, n_b = ranking.passing(cuts, np.ones(len(w)))
    parts = [ranking.passing(cuts, W) for W in toys_of(w, toys, seed)]
    toys_s, toys_b = (np.concatenate([p[i] for p in parts]) for i in (0, 1))
    return CutTable(cuts, s, b, s2, b2, n_s, n_b, toys_s, toys_b)


@dataclass(frozen=True)
class Band:
    """A curve with its interval at each point.

    Attributes:
        x: (P,).
        value: (P,).
        low: (P,).
        high: (P,).
    """

    x: Array
    value: Array
    low: Array
    high: Array


def spread(x: Array, value: Array, toys: Array, level: float = 0.68) -> Band:
    """The band that toys, (toys, P), span around a curve; points at which no toy has a value get none."""
    ends = np.full((2, len(x)), np.nan)
    some = ~np.isnan(toys).all(0)
    if some.any():
        ends[:, some] = np.nanquantile(toys[:, some], [(1 - level) / 2, (1 + level) / 2], axis=0)
    return Band(x, value, ends[0], ends[1])


def roc_band(table: CutTable, points: int = 150) -> Band:
    """Background efficiency against signal efficiency, 0.01 to 1, with its interval."""
    grid = np.linspace(0.01, 1.0, points)
    toys_s, toys_b = table.toys_efficiency
    curves = np.stack([_follow(grid, s, b) for s, b in zip(toys_s, toys_b, strict=True)])
    return spread(grid, _follow(grid, table.signal_efficiency, table.background_efficiency), curves)


def purity_band(table: CutTable, points: int = 150) -> Band:
    """Purity against signal efficiency, 0.01 to 1, with its interval."""
    grid = np.linspace(0.01, 1.0, points)
    toys_s, _ = table.toys_efficiency
    purity = _share(table.toys_signal, table.toys_background)
    curves = np.stack([_follow(grid, s, p) for s, p in zip(toys_s, purity, strict=True)])
    value = _follow(grid, table.signal_efficiency, _share(table.signal, table.background))
    return spread(grid, value, curves)


def _share(s: Array, b: Array) -> Array:
    total = s + b
    return np.where(total > 0, s / np.where(total > 0, total, 1.0), np.nan)


def _follow(grid: Array, x: Array, value: Array) -> Array:
    """Read a curve at the grid; where negative weights turn x back, its running maximum is the axis."""
    if np.isnan(x).any():
        return np.full(len(grid), np.nan)
    keep = ~np.isnan(value)
    if not keep.any():
        return np.full(len(grid), np.nan)
    return np.interp(grid, np.maximum.accumulate(x)[keep], value[keep], left=np.nan)
