"""How figures look, and how they are saved."""

import functools
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, ParamSpec, TypeVar

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from lawful.errors import InputError
from lawful.files import writing

P = ParamSpec("P")
R = TypeVar("R")

# M. A. Petroff, "Accessible color sequences for data visualization" (2021)
COLOURS = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)
SIGNAL, BACKGROUND = "#bd1f01", "#3f90da"
DATA = "black"
_TOWERS = 25
FORMATS = ("png", "pdf", "svg")

STYLE: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib, so figures are the same everywhere
    "mathtext.fontset": "dejavusans",
    "font.size": 10,
    "axes.labelsize": 11,
    "axes.titlesize": 10,
    "axes.linewidth": 0.9,
    "axes.prop_cycle": cycler(color=COLOURS),
    "axes.formatter.use_mathtext": True,
    "axes.formatter.limits": (-4, 5),
    "axes.unicode_minus": True,
    "xaxis.labellocation": "right",
    "yaxis.labellocation": "top",
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "xtick.minor.visible": True,
    "ytick.minor.visible": True,
    "xtick.major.size": 6,
    "ytick.major.size": 6,
    "xtick.minor.size": 3,
    "ytick.minor.size": 3,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "lines.linewidth": 1.5,
    "lines.markersize": 4,
    "errorbar.capsize": 0,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "legend.handlelength": 1.6,
    "figure.dpi": 100,
    "figure.figsize": (6.0, 4.5),
    "figure.constrained_layout.use": True,
    "savefig.dpi": 160,
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "lawful",
}


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Draw under the style; settings outside are as before."""

    @functools.wraps(draw)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        with mpl.rc_context(STYLE):
            return draw(*args, **kwargs)

    return wrapped


def canvas(width: float = 6.0, height: float = 4.5, **subplots: Any) -> tuple[Figure, Any]:
    """A new figure with its axes, one or an array of them; pyplot knows nothing of it."""
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots(**subplots)


def ratio_canvas(width: float = 6.0, height: float = 5.2) -> tuple[Figure, Axes, Axes]:
    """A figure with a main panel and a small one below on the same horizontal axis."""
    figure = Figure(figsize=(width, height))
    top, bottom = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (3, 1), "hspace": 0.0})
    top.tick_params(labelbottom=False)
    figure.set_layout_engine("constrained", h_pad=0.02, hspace=0.0)
    return figure, top, bottom


def label(name: str, unit: str | None = None) -> str:
    """An axis label with the unit in brackets; text stays text, also when it holds $ or _."""
    text = _literal(name)
    return f"{text} [{_literal(unit)}]" if unit else text


def shortened(name: Any, most: int = 28) -> str:
    """A name that fits beside an axis or into a legend, on one line."""
    text = " ".join(str(name).split()) or "–"
    text = _literal(text if len(text) <= most else f"{text[: most - 1]}…")
    # matplotlib leaves what begins with _ out of legends
    return rf"$\_${text[1:]}" if text.startswith("_") else text


def _literal(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text).replace("$", r"\$")


def headroom(axes: Axes, share: float = 0.3) -> None:
    """Leave space for the legend above what is drawn."""
    low, high = axes.get_ylim()
    if axes.get_yscale() == "log":
        axes.set_ylim(low, high * (high / low) ** share)
    else:
        axes.set_ylim(low, high + (high - low) * share)


def stretch(axes: Axes, *heights: Any) -> None:
    """Make the vertical axis logarithmic where a few bins tower above the others."""
    values = np.concatenate([np.ravel(h) for h in heights])
    values = values[np.isfinite(values) & (values > 0)]
    if len(values) and values.max() > _TOWERS * np.median(values):
        axes.set_yscale("log")
        axes.set_ylim(max(values.min() / 2, values.max() * 1e-6), values.max() * 2)
    else:
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))


def save(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure as .png, .pdf or .svg; the same figure gives the same bytes.

    Raises:
        InputError: For another suffix.
    """
    target = Path(path)
    kind = target.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise InputError(f"{target.name}: figures are written as {', '.join('.' + f for f in FORMATS)}.")
    with writing(target) as temporary, open(temporary, "wb") as file:
        draw(figure, file, kind)
    return target


def svg(figure: Figure) -> bytes:
    """The figure as SVG text."""
    buffer = io.BytesIO()
    draw(figure, buffer, "svg")
    return buffer.getvalue()


def draw(figure: Figure, file: IO[bytes], kind: str) -> None:
    """Draw a figure into a file, once.

    `Figure.savefig` draws it twice, the first time only to learn its size, which here is fixed.
    """
    canvas: Any
    with mpl.rc_context(STYLE):
        settle(figure)
        before, dpi = figure.canvas, figure.dpi
        try:
            if kind == "png":
                figure.dpi = STYLE["savefig.dpi"]
                canvas = FigureCanvasAgg(figure)
                canvas.print_png(file)
            else:
                canvas = (FigureCanvasPdf if kind == "pdf" else FigureCanvasSVG)(figure)
                (canvas.print_pdf if kind == "pdf" else canvas.print_svg)(file, metadata=_metadata(kind))
        finally:
            figure.dpi = dpi
            figure.set_canvas(before)


def settle(figure: Figure) -> None:
    """Lay the figure out once and for all; a second layout would move everything by a hair."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine("none")


def _metadata(kind: str) -> dict[str, Any]:
    return {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(kind, {})
