"""The picture of a comparison of mechanisms."""

from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lawful.predict.comparing import Comparison

_COLOURS = {
    "none": "#868e96",
    "augment": "#e8a33d",
    "loss": "#2f7ed8",
    "architecture": "#c92a2a",
    "residual": "#2b8a3e",
}
_ROUNDING = 1e-9  # a violation below this is kept to rounding; its size says nothing
_TITLE = 38  # characters of a title's line


def draw_comparison(found: "Comparison") -> "Figure":
    """Error against training events, one column a statement; below, error outside and violation."""
    from matplotlib.figure import Figure

    statements = list(dict.fromkeys(found.table["statement"]))
    outside = bool(np.isfinite(found.table["error outside"]).any())
    rows = 3 if outside else 2
    figure = Figure(figsize=(4.6 * len(statements), 2.9 * rows), layout="constrained")
    axes = figure.subplots(rows, len(statements), squeeze=False)
    for column, statement in enumerate(statements):
        runs = found.runs[found.runs["statement"] == statement]
        table = found.table[found.table["statement"] == statement]
        _curves(axes[0, column], runs, table, "error")
        axes[0, column].set(title=fill(statement, _TITLE), ylabel=found.kind)
        axes[0, column].legend(frameon=False, fontsize="small")
        if outside:
            _curves(axes[1, column], runs, table, "error outside")
            axes[1, column].set(ylabel=f"{found.kind}, outside")
        _violations(axes[-1, column], table)
    return figure


def _curves(axis: "Axes", runs: "pd.DataFrame", table: "pd.DataFrame", what: str) -> None:
    for mechanism, options in zip(table["mechanism"], table["options"], strict=True):
        of_each = runs[runs["mechanism"] == mechanism].groupby("events")[what]
        middle, low, high = of_each.median(), of_each.quantile(0.16), of_each.quantile(0.84)
        label = f"{mechanism} ({options})" if options else mechanism
        axis.plot(middle.index, middle, "o-", color=_COLOURS[mechanism], label=label, markersize=4)
        axis.fill_between(middle.index, low, high, color=_COLOURS[mechanism], alpha=0.15, linewidth=0)
    axis.set(xscale="log", yscale="log", xlabel="training events")
    counts = sorted(set(runs["events"]))
    axis.set_xticks(counts, [f"{count:,}" for count in counts])
    axis.xaxis.minorticks_off()
    _label_decade(axis)


def _violations(axis: "Axes", table: "pd.DataFrame") -> None:
    kept = 0
    for place, (_, row) in enumerate(table.iterrows()):
        value, spread, colour = row["violation"], row["violation spread"], _COLOURS[row["mechanism"]]
        if value < _ROUNDING:
            axis.plot([place], [0.06], "v", color=colour, transform=axis.get_xaxis_transform())
            axis.annotate(
                "rounding",
                (place, 0.06),
                (0, 7),
                xycoords=axis.get_xaxis_transform(),
                textcoords="offset points",
                ha="center",
                fontsize="small",
                color=colour,
            )
            kept += 1
        else:
            reach = [[min(spread, 0.9 * value)], [spread]]
            axis.errorbar([place], [value], yerr=reach, fmt="o", color=colour, capsize=3)
    axis.set_xticks(range(len(table)), table["mechanism"])
    axis.set(ylabel="violation", xlim=(-0.5, len(table) - 0.5))
    if kept == len(table):
        axis.set_yticks([])
        return
    axis.set_yscale("log")
    axis.margins(y=0.2)
    if kept:
        low, high = axis.get_ylim()
        axis.set_ylim(low * (low / high) ** 0.4, high)  # room for what stands at the bottom
    _label_decade(axis)


def _label_decade(axis: "Axes") -> None:
    """Label the minor ticks of a logarithmic axis that spans less than a decade and a half."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_ylim()
    short = high < 30 * low
    axis.yaxis.set_minor_locator(LogLocator(subs=(2, 5) if short else range(2, 10)))
    axis.yaxis.set_minor_formatter(FuncFormatter(lambda v, _: f"{v:g}") if short else NullFormatter())
    if short:
        axis.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
