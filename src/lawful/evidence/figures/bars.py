"""Numbers with intervals side by side: importance, systematic effects, models."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from lawful.evidence.figures.distributions import outline
from lawful.evidence.figures.style import COLOURS, canvas, headroom, label, ratio_canvas, shortened, stretch, styled
from lawful.evidence.resampling import Measured
from lawful.evidence.shapes import Histogram

_UP, _DOWN = COLOURS[2], COLOURS[0]


def _rows(count: int) -> float:
    return 1.3 + 0.26 * count


@styled
def draw_importance(values: Mapping[str, Measured], *, what: str, most: int = 30) -> Figure:
    """How much worse the metric gets when a feature is shuffled; most important first."""
    names = sorted(values, key=lambda name: -values[name].value)[:most]
    figure, axes = canvas(6.0, _rows(len(names)))
    place = np.arange(len(names))
    centre = np.array([values[n].value for n in names])
    ends = np.array([[values[n].value - values[n].low, values[n].high - values[n].value] for n in names]).T
    axes.barh(place, centre, 0.7, color=COLOURS[0], alpha=0.6)
    axes.errorbar(centre, place, xerr=np.maximum(ends, 0), fmt="none", ecolor="black", elinewidth=1)
    axes.axvline(0, color="0.3", lw=0.8)
    axes.set_yticks(place, [shortened(n) for n in names])
    axes.tick_params(axis="y", which="both", length=0)
    axes.set(xlabel=f"{what} when shuffled", ylim=(len(names) - 0.4, -0.6))
    return figure


@styled
def draw_effects(
    effects: Mapping[str, tuple[Measured | None, Measured | None]], *, what: str, most: int = 30
) -> Figure:
    """Relative change for the up and the down variation of each systematic effect, in percent; largest first."""

    def size(name: str) -> float:
        return max(abs(m.value) for m in effects[name] if m is not None)

    names = sorted(effects, key=lambda name: -size(name))[:most]
    figure, axes = canvas(6.0, _rows(len(names)) + 0.4)
    for side, (colour, text) in enumerate(((_UP, "up"), (_DOWN, "down"))):
        rows = [(i, m) for i, n in enumerate(names) if (m := effects[n][side]) is not None]
        if not rows:
            continue
        place = np.array([i for i, _ in rows]) + (-0.18 if side == 0 else 0.18)
        centre = np.array([100 * m.value for _, m in rows])
        ends = 100 * np.array([[m.value - m.low, m.high - m.value] for _, m in rows]).T
        axes.barh(place, centre, 0.34, color=colour, alpha=0.6, label=text)
        axes.errorbar(centre, place, xerr=np.maximum(ends, 0), fmt="none", ecolor="black", elinewidth=1)
    axes.axvline(0, color="0.3", lw=0.8)
    axes.set_yticks(range(len(names)), [shortened(n) for n in names])
    axes.tick_params(axis="y", which="both", length=0)
    axes.set(xlabel=f"change of {what} [%]", ylim=(len(names) - 0.4, -0.6))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return figure


@styled
def draw_shape_ratio(nominal: Histogram, varied: Mapping[str, Histogram], *, name: str = "score") -> Figure:
    """The nominal distribution and the ratio of varied ones to it."""
    figure, top, bottom = ratio_canvas()
    outline(top, nominal, color="black", label="nominal")
    good = nominal.sums > 0
    safe = np.where(good, nominal.sums, 1.0)
    far = 0.02
    for i, (key, shape) in enumerate(varied.items()):
        colour = COLOURS[(2, 0, 4, 1, 5, 6)[i % 6]]
        outline(top, shape, color=colour, lw=1, label=shortened(key))
        ratio = np.where(good, shape.sums / safe, np.nan)
        bottom.stairs(ratio, nominal.edges, color=colour, lw=1, baseline=None)
        steady = good & (nominal.error < 0.2 * safe)
        if steady.any():
            far = max(far, float(np.nanmax(np.abs(ratio[steady] - 1))))
    bottom.axhline(1, color="0.3", lw=0.8)
    half = min(1.3 * far, 0.95)
    edges = nominal.edges
    top.set_ylabel("background events")
    stretch(top, nominal.sums)
    headroom(top, 0.25)
    top.legend(loc="upper right", ncols=2)
    bottom.set(ylim=(1 - half, 1 + half), xlim=(edges[0], edges[-1]), xlabel=label(name), ylabel="varied / nom.")
    figure.align_ylabels([top, bottom])
    return figure


@styled
def draw_comparison(
    values: Sequence[tuple[str, Measured]], differences: Sequence[Measured | None], *, what: str
) -> Figure:
    """A metric of each model (left), and its difference to the first on the same events (right)."""
    figure, (left, right) = canvas(8.4, 1.5 + 0.36 * len(values), ncols=2, sharey=True)
    for i, (_, m) in enumerate(values):
        colour = COLOURS[2] if i == 0 else COLOURS[0]
        left.errorbar(m.value, i, xerr=_ends(m), fmt="o", color=colour, lw=1.5)
        d = differences[i]
        if d is not None:
            right.errorbar(d.value, i, xerr=_ends(d), fmt="o", color=colour, lw=1.5)
    right.axvline(0, color="0.3", lw=0.8)
    left.set_yticks(range(len(values)), [shortened(name, 40) for name, _ in values])
    for axes in (left, right):
        axes.tick_params(axis="y", which="both", length=0)
        axes.margins(x=0.15)
        axes.locator_params(axis="x", nbins=5)
    left.set(xlabel=what, ylim=(len(values) - 0.4, -0.6))
    right.set(xlabel=f"difference to {shortened(values[0][0], 24)}")
    return figure


def _ends(m: Measured) -> list[list[float]]:
    return [[max(m.value - m.low, 0.0)], [max(m.high - m.value, 0.0)]]
