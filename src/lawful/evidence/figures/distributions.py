"""Distributions: scores by class, data over simulation, shapes after cuts."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lawful.evidence.arrays import Array
from lawful.evidence.figures.style import (
    BACKGROUND,
    COLOURS,
    DATA,
    SIGNAL,
    canvas,
    headroom,
    label,
    ratio_canvas,
    shortened,
    stretch,
    styled,
)
from lawful.evidence.shapes import Histogram, histogram

_POINTS: dict[str, Any] = {"fmt": "o", "ms": 3, "lw": 1}
_LINE: dict[str, Any] = {"lw": 1.5, "baseline": None}


def points(axes: Axes, shape: Histogram, **look: Any) -> None:
    """Draw sums as points with statistical error bars and the width of the bin."""
    edges = shape.edges
    middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    axes.errorbar(middle, shape.sums, yerr=shape.error, xerr=half, **(_POINTS | look))


def outline(axes: Axes, shape: Histogram, **look: Any) -> None:
    """Draw sums as a stepped line."""
    axes.stairs(shape.sums, shape.edges, **(_LINE | look))


@styled
def draw_scores(
    test: Mapping[str, tuple[Array, Array]],
    train: Mapping[str, tuple[Array, Array]] | None = None,
    *,
    edges: Array,
    name: str = "score",
    cut: float | None = None,
) -> Figure:
    """Score of each class, area 1: test events as points, training events (if given) as filled steps.

    Args:
        test: Class to (scores, weights).
        train: The same for training events.
        edges: Bin edges.
        name: Label of the axis.
        cut: A working point to mark.
    """
    figure, axes = canvas()
    colours = class_colours(list(test))
    heights = []
    for key, (score, weight) in test.items():
        colour = colours[key]
        heights.append(histogram(score, weight, edges).density.sums)
        if train is not None and key in train:
            shape = histogram(*train[key], edges).density
            axes.stairs(shape.sums, edges, fill=True, color=colour, alpha=0.25, lw=0)
            outline(axes, shape, color=colour, lw=1, label=f"{shortened(key)}, training")
            points(axes, histogram(score, weight, edges).density, color=colour, label=f"{shortened(key)}, test")
        else:
            shape = histogram(score, weight, edges).density
            outline(axes, shape, color=colour, label=shortened(key))
            middle = (edges[1:] + edges[:-1]) / 2
            axes.errorbar(middle, shape.sums, yerr=shape.error, fmt="none", ecolor=colour, elinewidth=1)
    if cut is not None:
        axes.axvline(cut, color="0.3", ls="--", lw=1, label=f"cut at {cut:.3g}")
    axes.set(xlabel=label(name), ylabel="events (area 1)", xlim=(edges[0], edges[-1]))
    stretch(axes, *heights)
    headroom(axes, 0.3)
    axes.legend(loc="upper center", ncols=2)
    return figure


def class_colours(names: Sequence[str]) -> dict[str, str]:
    """Red for signal and blue for background, the palette for many classes."""
    if len(names) == 2:
        return dict(zip(names, (BACKGROUND, SIGNAL), strict=True))
    return {name: COLOURS[i % 10] for i, name in enumerate(names)}


@styled
def draw_class_scores(probability: Array, code: Array, weight: Array, classes: Sequence[str]) -> Figure:
    """Probability of each class (a panel each, nine at most), by true class (a line each), area 1."""
    shown = min(len(classes), 9)
    columns = min(3, shown)
    rows = -(-shown // columns)
    figure, grid = canvas(3.1 * columns, 2.5 * rows + 0.5, nrows=rows, ncols=columns, squeeze=False, sharex=True)
    edges = np.linspace(0, 1, 26)
    for k, axes in enumerate(grid.flat):
        if k >= shown:
            axes.set_visible(False)
            continue
        for j, name in enumerate(classes):
            own = code == j
            shape = histogram(probability[own, k], weight[own], edges).density
            outline(
                axes,
                shape,
                color=COLOURS[j % 10],
                lw=1.6 if j == k else 1,
                alpha=1 if j == k else 0.7,
                label=shortened(name, 16),
            )
        axes.set_xlabel(f"probability of {shortened(classes[k], 18)}")
        axes.set(yscale="log", xlim=(0, 1))
    handles, names = grid.flat[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=min(6, len(classes)))
    return figure


@styled
def draw_overlay(
    data: Histogram,
    components: Mapping[str, Histogram],
    *,
    name: str,
    unit: str | None = None,
    systematic: Array | None = None,
    colours: Mapping[str, str] | None = None,
) -> Figure:
    """Data as points over stacked simulation, with their ratio below.

    Args:
        data: Unweighted or weighted counts.
        components: Simulated contributions, scaled to the expected yields, from the bottom of the stack.
        name: The variable.
        unit: Its unit.
        systematic: Systematic standard deviation of the total in each bin, (B,).
        colours: Colour of each component.
    """
    figure, top, bottom = ratio_canvas()
    edges = data.edges
    base = np.zeros(len(edges) - 1)
    variance = np.zeros(len(edges) - 1)
    for i, (key, shape) in enumerate(components.items()):
        colour = (colours or {}).get(key, COLOURS[i % 10])
        top.stairs(base + shape.sums, edges, baseline=base, fill=True, color=colour, alpha=0.75, label=shortened(key))
        base, variance = base + shape.sums, variance + shape.squares
    if systematic is not None:
        variance = variance + systematic**2
    error = np.sqrt(variance)
    hatch: dict[str, Any] = {"fill": False, "hatch": "////", "ec": "0.35", "lw": 0}
    what = "simulation, stat. and syst." if systematic is not None else "simulation, statistical"
    top.bar(edges[:-1], 2 * error, np.diff(edges), base - error, align="edge", label=what, **hatch)
    points(top, data, color=DATA, label="data")
    top.set_ylabel("events")
    stretch(top, base)
    headroom(top, 0.3)
    handles, names = top.get_legend_handles_labels()
    top.legend(handles[::-1], names[::-1], loc="upper right", ncols=2)
    good = base > 0
    safe = np.where(good, base, 1.0)
    ratio = Histogram(edges, np.where(good, data.sums / safe, np.nan), np.where(good, data.squares / safe**2, np.nan))
    relative = np.where(good, error / safe, 0.0)
    bottom.bar(edges[:-1], 2 * relative, np.diff(edges), 1 - relative, align="edge", **hatch)
    bottom.axhline(1, color="0.3", lw=0.8)
    points(bottom, ratio, color=DATA)
    far = np.nanmax(np.abs(np.append(ratio.sums[good] - 1, 0.05)))
    half = float(np.clip(1.3 * far, 0.15, 0.95))
    bottom.set(ylim=(1 - half, 1 + half), xlim=(edges[0], edges[-1]), xlabel=label(name, unit), ylabel="data / sim.")
    figure.align_ylabels([top, bottom])
    return figure


@styled
def draw_sculpting(
    inclusive: Histogram, cuts: Mapping[float, tuple[Histogram, str]], *, name: str, unit: str | None = None
) -> Figure:
    """Shape of a variable in background before and after cuts on the score, and their ratio.

    Args:
        inclusive: All background.
        cuts: Background efficiency to (what passes, distance to the inclusive shape as text).
        name: The variable.
        unit: Its unit.
    """
    figure, top, bottom = ratio_canvas()
    whole = inclusive.density
    edges = inclusive.edges
    top.stairs(whole.sums, edges, fill=True, color="0.85", label="all background")
    good = whole.sums > 0
    far = 1.0
    for i, (efficiency, (shape, distance)) in enumerate(cuts.items()):
        after = shape.density
        colour = COLOURS[(0, 4, 2, 1)[i % 4]]
        points(top, after, color=colour, label=rf"$\epsilon_B$ = {efficiency:.3g}, JS {distance}")
        safe = np.where(good, whole.sums, 1.0)
        ratio = Histogram(
            edges, np.where(good, after.sums / safe, np.nan), np.where(good, after.squares / safe**2, 0)
        )
        points(bottom, ratio, color=colour)
        steady = good & (ratio.error < 0.5 * ratio.sums)
        far = max(far, float(np.max(ratio.sums[steady], initial=1.0)))
    bottom.axhline(1, color="0.3", lw=0.8)
    top.set_ylabel("background (area 1)")
    top.set_ylim(bottom=min(0.0, top.get_ylim()[0]))
    headroom(top, 0.25)
    top.legend(loc="upper right")
    bottom.set(ylim=(0, min(max(1.2 * far, 2.0), 8.0)), xlim=(edges[0], edges[-1]))
    bottom.set(xlabel=label(name, unit), ylabel="cut / all")
    figure.align_ylabels([top, bottom])
    return figure
