"""How far predicted numbers are from the truth."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from lawful.evidence.arrays import Array
from lawful.evidence.figures.distributions import outline, points
from lawful.evidence.figures.style import COLOURS, canvas, headroom, label, ratio_canvas, styled
from lawful.evidence.shapes import histogram


@styled
def draw_predicted(y: Array, predicted: Array, weight: Array, *, name: str, unit: str | None = None) -> Figure:
    """Predicted against true values, as a map of event density."""
    figure, axes = canvas(5.4, 4.6)
    low, high = np.quantile(np.concatenate([y, predicted]), [0.002, 0.998])
    low, high = (low, high) if high > low else (low - 1, high + 1)
    edges = np.linspace(low, high, 61)
    density, _, _ = np.histogram2d(y, predicted, bins=(edges, edges), weights=weight)
    shown = np.ma.masked_where(density.T == 0, density.T)
    image = axes.pcolormesh(edges, edges, shown, cmap="viridis", rasterized=True)
    axes.plot([low, high], [low, high], ":", color=COLOURS[2], lw=1.2)
    figure.colorbar(image, ax=axes, label="events")
    axes.set(xlabel=label(f"true {name}", unit), ylabel=label(f"predicted {name}", unit))
    return figure


@styled
def draw_residuals(
    y: Array, predicted: Array, weight: Array, *, bias: str, width: str, name: str, unit: str | None = None
) -> Figure:
    """Distribution of the residuals, with bias and resolution in numbers."""
    figure, axes = canvas()
    r = predicted - y
    low, high = np.quantile(r, [0.005, 0.995])
    low, high = (low, high) if high > low else (low - 1, high + 1)
    edges = np.linspace(low, high, 51)
    inside = (r >= low) & (r <= high)
    shape = histogram(r[inside], weight[inside], edges)
    outline(axes, shape, color=COLOURS[0])
    middle = (edges[1:] + edges[:-1]) / 2
    axes.errorbar(middle, shape.sums, yerr=shape.error, fmt="none", ecolor=COLOURS[0], elinewidth=1)
    axes.axvline(0, ls=":", color="0.4", lw=1)
    axes.set(xlabel=label(f"predicted − true {name}", unit), ylabel="events", xlim=(low, high))
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    headroom(axes, 0.15)
    axes.plot([], [], " ", label=f"bias {bias}")
    axes.plot([], [], " ", label=f"68% half-width {width}")
    axes.legend(loc="upper left", handlelength=0)
    return figure


@styled
def draw_resolution(
    edges: Array, bias: Array, width: Array, errors: tuple[Array, Array], *, name: str, unit: str | None = None
) -> Figure:
    """Bias and resolution (68% half-width) in bins of the true value.

    Args:
        edges: Bin edges in the true value, (B + 1,).
        bias: Median residual, (B,).
        width: 68% half-width of the residuals, (B,).
        errors: Statistical standard deviations of both.
        name: The target.
        unit: Its unit.
    """
    figure, top, bottom = ratio_canvas()
    middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    look: dict[str, Any] = {"fmt": "o", "lw": 1, "ms": 3.5}
    top.errorbar(middle, width, yerr=errors[1], xerr=half, color=COLOURS[0], **look)
    bottom.errorbar(middle, bias, yerr=errors[0], xerr=half, color=COLOURS[2], **look)
    bottom.axhline(0, ls=":", color="0.4", lw=1)
    top.set_ylim(bottom=0)
    top.set_ylabel(label("resolution (68% half-width)", unit))
    bottom.set(xlabel=label(f"true {name}", unit), ylabel="bias", xlim=(edges[0], edges[-1]))
    figure.align_ylabels([top, bottom])
    return figure


@styled
def draw_pulls(pulls: Array, weight: Array, *, mean: str, width: str, what: str) -> Figure:
    """Residuals in units of the predicted uncertainty, beside the normal distribution that they should follow."""
    figure, axes = canvas()
    edges = np.linspace(-5, 5, 51)
    shape = histogram(pulls, weight, edges).density
    points(axes, shape, color="black", label=f"mean {mean}, width {width}")
    x = np.linspace(-5, 5, 201)
    axes.plot(x, np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi), color=COLOURS[2], label="normal, width 1")
    axes.set(xlabel=f"(predicted − true) / {what}", ylabel="events (area 1)", xlim=(-5, 5))
    headroom(axes, 0.3)
    axes.legend(loc="upper left")
    return figure
