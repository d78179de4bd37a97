"""Curves over cuts on the score: ROC, purity, significance."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lawful.evidence.arrays import Array
from lawful.evidence.cuts import Band
from lawful.evidence.figures.style import COLOURS, canvas, headroom, shortened, styled

_DASHES = ("-", "--", "-.", ":")
_FEW = 5  # curves whose names still fit inside the frame


def _height(curves: Mapping[str, Band]) -> float:
    return 4.5 if len(curves) <= _FEW else 4.5 + 0.14 * (len(curves) + 2)


def _legend(figure: Figure, axes: Axes, curves: Mapping[str, Band], place: Literal["best", "upper right"]) -> None:
    if len(curves) <= _FEW:
        axes.legend(loc=place)
    else:
        figure.legend(loc="outside lower center", ncols=2)


@styled
def draw_roc(curves: Mapping[str, Band]) -> Figure:
    """Background rejection against signal efficiency, with 68% bands; dotted: no separation."""
    figure, axes = canvas(height=_height(curves))
    top = 10.0
    for i, (name, band) in enumerate(curves.items()):
        with np.errstate(divide="ignore", invalid="ignore"):
            value, low, high = (np.where(e > 0, 1 / e, np.inf) for e in (band.value, band.high, band.low))
        value = np.where(np.isnan(band.value), np.nan, value)
        finite = np.isfinite(value)
        if finite.any():
            top = max(top, float(value[finite].max()))
        value = np.where(finite, value, np.nan)
        colour, dash = COLOURS[i % 10], _DASHES[(i // 10) % 4]
        axes.plot(band.x, value, dash, color=colour, label=shortened(name, 40))
        if np.isfinite(low).any():
            ceiling = np.where(np.isfinite(high), high, 1e12)
            axes.fill_between(
                band.x, low, ceiling, where=finite, color=colour, alpha=0.25 if len(curves) <= _FEW else 0.12, lw=0
            )
    grid = np.linspace(0.01, 1, 200)
    axes.plot(grid, 1 / grid, ":", color="0.4", lw=1, label="no separation")
    axes.set(xlabel=r"signal efficiency $\epsilon_S$", ylabel=r"background rejection $1/\epsilon_B$")
    axes.set(yscale="log", xlim=(0, 1), ylim=(0.9, top * 2))
    _legend(figure, axes, curves, "best")
    return figure


@styled
def draw_precision_recall(curves: Mapping[str, Band], prior: float | None = None) -> Figure:
    """Purity against signal efficiency, with 68% bands; dotted: purity without a cut."""
    figure, axes = canvas(height=_height(curves))
    for i, (name, band) in enumerate(curves.items()):
        colour, dash = COLOURS[i % 10], _DASHES[(i // 10) % 4]
        axes.plot(band.x, band.value, dash, color=colour, label=shortened(name, 40))
        axes.fill_between(
            band.x, band.low, band.high, color=colour, alpha=0.25 if len(curves) <= _FEW else 0.12, lw=0
        )
    if prior is not None:
        axes.axhline(prior, ls=":", color="0.4", lw=1, label="no separation")
    low, high = axes.get_ylim()
    axes.set(xlabel=r"signal efficiency $\epsilon_S$", ylabel=r"purity $s/(s+b)$", xlim=(0, 1))
    axes.set_ylim(max(low, -0.05), min(high, 1.1))
    headroom(axes, 0.15)
    _legend(figure, axes, curves, "upper right")
    return figure


@styled
def draw_significance(
    without: Band, with_uncertainty: Band, best: float, uncertainty: float, *, yields: tuple[float, float]
) -> Figure:
    """Asimov significance against the cut on the score, without and with background uncertainty."""
    figure, axes = canvas()
    bands = [(without, "no background uncertainty", COLOURS[3])]
    if uncertainty > 0:
        bands.append((with_uncertainty, f"{uncertainty:.3g} relative background uncertainty", COLOURS[0]))
    for band, name, colour in bands:
        finite = np.isfinite(band.value)
        axes.plot(band.x[finite], band.value[finite], color=colour, label=name)
        axes.fill_between(band.x, band.low, np.minimum(band.high, 1e6), where=finite, color=colour, alpha=0.25, lw=0)
    finite = without.value[np.isfinite(without.value)]
    axes.axvline(best, color=COLOURS[2], ls="--", lw=1, label=f"chosen cut, {best:.3g}")
    axes.set(xlabel="cut on the score", ylabel=r"expected significance $Z$ [$\sigma$]")
    axes.set_ylim(0, (float(finite.max()) if len(finite) else 1.0) * 1.4)
    axes.legend(loc="upper left", title=f"$s$ = {yields[0]:.4g}, $b$ = {yields[1]:.4g} before the cut")
    return figure


@styled
def draw_learning(history: list[dict[str, float]]) -> Figure:
    """Loss against epoch on training and validation events, and the learning rate."""
    figure, axes = canvas(6.0, 4.0)
    epochs = np.array([line.get("epoch", i + 1) for i, line in enumerate(history)])
    for name, text, colour in (("train_loss", "training", COLOURS[0]), ("validation_loss", "validation", COLOURS[2])):
        values = column(history, name)
        if np.isfinite(values).any():
            axes.plot(epochs, values, color=colour, label=text)
            if name == "validation_loss":
                best = int(np.nanargmin(values))
                axes.plot(epochs[best], values[best], "o", color=colour, label=f"least, epoch {epochs[best]:g}")
    rate = column(history, "learning_rate")
    axes.set(xlabel="epoch", ylabel="loss")
    losses = np.concatenate([column(history, "train_loss"), column(history, "validation_loss")])
    losses = losses[np.isfinite(losses)]
    if len(losses) and losses.min() > 0 and losses.max() > 3 * losses.min():
        axes.set_yscale("log")
    if len(epochs) > 1:
        axes.set_xlim(epochs[0], epochs[-1])
    handles, names = axes.get_legend_handles_labels()
    if (rate > 0).any():
        twin = axes.twinx()
        axes.tick_params(which="both", right=False)
        (line,) = twin.plot(epochs, rate, ":", color="0.5", lw=1)
        twin.set(yscale="log", ylabel="learning rate")
        handles, names = [*handles, line], [*names, "learning rate"]
    if axes.get_yscale() == "linear":
        headroom(axes, 0.25)
    axes.legend(handles, names, loc="upper right", ncols=2)
    return figure


def column(history: list[dict[str, float]], name: str) -> Array:
    """One column of a history, NaN where it is absent."""
    values = [line.get(name) for line in history]
    return np.array([float(v) if isinstance(v, int | float) else np.nan for v in values])
