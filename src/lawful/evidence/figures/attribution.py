"""What an answer rests on: fields, pixels, attention, and the events as the last layer sees them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure

from lawful.evidence.arrays import Array
from lawful.evidence.figures.distributions import class_colours
from lawful.evidence.figures.style import COLOURS, canvas, shortened, styled
from lawful.evidence.resampling import Measured

_CLASSES = 10  # different values up to which y is taken for labels
_TOWERS = 20.0  # a pixel so many times the median one asks for a logarithmic scale
_DECADES = 3


@styled
def draw_fields(values: Mapping[str, Mapping[str, Measured]], *, what: str, most: int = 30) -> Figure:
    """A bar for each field and label, with its interval; largest first.

    Args:
        values: Label to name of the field to its value.
        what: Label of the axis.
        most: How many fields are shown.
    """
    fields = dict.fromkeys(name for found in values.values() for name in found)
    names = sorted(fields, key=lambda name: -max(found[name].value for found in values.values()))[:most]
    figure, axes = canvas(6.4, 1.5 + (0.16 + 0.14 * len(values)) * len(names))
    colours = class_colours(list(values)) if len(values) > 1 else dict.fromkeys(values, COLOURS[0])
    height = 0.8 / len(values)
    for k, (key, found) in enumerate(values.items()):
        place = np.arange(len(names)) + (k - (len(values) - 1) / 2) * height
        centre = np.array([found[name].value for name in names])
        ends = np.array([[found[n].value - found[n].low, found[n].high - found[n].value] for n in names]).T
        axes.barh(place, centre, 0.9 * height, color=colours[key], alpha=0.6, label=shortened(key))
        axes.errorbar(
            centre, place, xerr=np.maximum(np.nan_to_num(ends), 0), fmt="none", ecolor="black", elinewidth=1
        )
    axes.axvline(0, color="0.3", lw=0.8)
    axes.set_yticks(range(len(names)), [shortened(name) for name in names])
    axes.tick_params(axis="y", which="both", length=0)
    axes.set(ylim=(len(names) - 0.4, -0.6))
    axes.set_xlabel(_broken(shortened(what, 90), 44), loc="center")
    if len(values) > 1:
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=min(len(values), 4))
    return figure


@styled
def draw_maps(maps: Mapping[str, Mapping[str, Array]], *, half: float | None = None) -> Figure:
    """Pictures side by side for each label, one line and one scale for each quantity.

    Args:
        maps: Quantity to label to picture, (H, W).
        half: Half the width of the window in eta and phi; None: pixels are counted, from the upper left.
    """
    labels = list(next(iter(maps.values())))
    figure, grid = canvas(
        2.7 * len(labels) + 1.4, 2.7 * len(maps) + 0.4, nrows=len(maps), ncols=len(labels), squeeze=False
    )
    extent: Any = None if half is None else (-half, half, -half, half)
    for row, (what, pictures) in enumerate(maps.items()):
        scale = _scale(np.concatenate([np.ravel(picture) for picture in pictures.values()]))
        for axes, name in zip(grid[row], labels, strict=True):
            shown = np.ma.masked_less_equal(pictures[name], 0.0) if isinstance(scale, LogNorm) else pictures[name]
            drawn = axes.imshow(
                shown, norm=scale, cmap="viridis", extent=extent, origin="upper" if half is None else "lower",
                interpolation="nearest",
            )  # fmt: skip
            axes.set_facecolor("#440154")  # the lowest colour, for pixels that are empty on a logarithmic scale
            axes.minorticks_off()
            if row == 0:
                axes.set_title(shortened(name, 24))
            _name_axes(axes, angles=half is not None, left=axes is grid[row][0], bottom=row == len(maps) - 1)
        bar = figure.colorbar(drawn, ax=list(grid[row]), shrink=0.9)
        bar.ax.set_ylabel(_broken(what), loc="center")
    return figure


def _scale(values: Array) -> Normalize:
    """Logarithmic where a few pixels tower above the others, from zero else."""
    positive = values[np.isfinite(values) & (values > 0)]
    if not len(positive):
        return Normalize(0.0, 1.0)
    top = float(positive.max())
    if top > _TOWERS * np.median(positive):
        return LogNorm(top / 10**_DECADES, top)
    return Normalize(min(0.0, float(np.nanmin(values))), top)


def _name_axes(axes: Axes, *, angles: bool, left: bool, bottom: bool) -> None:
    if angles:
        axes.set(xlabel=r"$\Delta\eta$" if bottom else "", ylabel=r"$\Delta\phi$" if left else "")
    else:
        axes.set(xlabel="column" if bottom else "", ylabel="row" if left else "")
    axes.tick_params(labelbottom=bottom, labelleft=left)


def _broken(text: str, most: int = 30) -> str:
    """A long label in lines."""
    import textwrap

    return "\n".join(textwrap.wrap(text, most, break_on_hyphens=False))


@styled
def draw_attention(blocks: Array, *, most: int = 15) -> Figure:
    """How much each object looks at each other, a panel for each block.

    Args:
        blocks: (blocks, 1 + P, 1 + P), the class token first.
        most: How many objects are shown.
    """
    seen = blocks[:, : most + 1, : most + 1]
    columns = min(len(seen), 3)
    rows = -(-len(seen) // columns)
    figure, grid = canvas(3.4 * columns + 1.2, 3.3 * rows + 0.4, nrows=rows, ncols=columns, squeeze=False)
    top = float(np.nanmax(seen)) if np.isfinite(seen).any() else 1.0
    step = max(1, (seen.shape[1] - 1) // 5)
    ticks = [0, *range(step, seen.shape[1], step)]
    for k, axes in enumerate(grid.flat):
        if k >= len(seen):
            axes.set_visible(False)
            continue
        drawn = axes.imshow(seen[k], cmap="viridis", vmin=0.0, vmax=top, interpolation="nearest")
        axes.minorticks_off()
        axes.set_xticks(ticks, ["token", *map(str, ticks[1:])])
        axes.set_yticks(ticks, ["token", *map(str, ticks[1:])])
        axes.set_title(f"block {k + 1}")
        axes.set_xlabel("object that is looked at", loc="center")
        if k % columns == 0:
            axes.set_ylabel("object that looks", loc="center")
    bar = figure.colorbar(drawn, ax=list(grid.flat))
    bar.ax.set_ylabel("mean attention", loc="center")
    return figure


@styled
def draw_plane(points: Array, y: Array, weight: Array, *, axes: Sequence[str], name: str = "target") -> Figure:
    """Events as points in a plane, coloured by class or number; those of negative weight as rings.

    Args:
        points: (N, 2).
        y: Labels, or numbers of more than ten different values, (N,).
        weight: Event weights, (N,), of which the signs are shown.
        axes: Labels of the two axes.
        name: What y is.
    """
    figure, plane = canvas(5.6, 4.8)
    size = float(np.clip(4000 / max(len(points), 1), 3, 18))
    minus = weight < 0
    labels = np.unique(y)
    if y.dtype.kind in "fiu" and len(labels) > _CLASSES:
        low, high = np.quantile(y, [0.01, 0.99])
        scale = Normalize(float(low), float(high) if high > low else float(low) + 1.0)
        drawn = plane.scatter(*points[~minus].T, c=y[~minus], s=size, norm=scale, cmap="viridis", alpha=0.7, lw=0)
        plane.scatter(*points[minus].T, c="none", edgecolors=drawn.cmap(scale(y[minus])), s=size, lw=0.6)
        figure.colorbar(drawn, ax=plane).ax.set_ylabel(shortened(name), loc="center")
    else:
        colours = class_colours([str(one) for one in labels])
        for one in labels:
            own = y == one
            colour = colours[str(one)]
            plane.scatter(*points[own & ~minus].T, color=colour, s=size, alpha=0.5, lw=0, label=shortened(one))
            plane.scatter(*points[own & minus].T, facecolors="none", edgecolors=colour, s=size, lw=0.6)
        made = plane.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=min(len(labels), 4), markerscale=2)
        for handle in made.legend_handles:
            if handle is not None:
                handle.set_alpha(1.0)
    plane.set_xlabel(axes[0], loc="center")
    plane.set_ylabel(axes[1], loc="center")
    return figure
