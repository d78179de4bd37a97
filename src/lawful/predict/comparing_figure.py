"""The picture of a comparison of mechanisms."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lawful.predict.comparing import Comparison

_COLOURS = {
    "none": "#868e96",
    "augment": "#e8a33d",
    "loss": "#2f7ed8",
    "architecture": "#c92a2a",
    "residual": "#2b8a3e",
}


def draw_comparison(found: "Comparison") -> "Figure":
    """Error against training events, one column a statement; below, error outside and violation."""
    from matplotlib.figure import Figure

    statements = list(dict.fromkeys(found.table["statement"]))
    outside = bool(np.isfinite(found.table["error outside"]).any())
    rows = 3 if outside else 2
    figure = Figure(figsize=(5.2 * len(statements), 3.1 * rows), layout="constrained")
    axes = figure.subplots(rows, len(statements), squeeze=False)
    for column, statement in enumerate(statements):
        top = axes[0, column]
        part = found.runs[found.runs["statement"] == statement]
        for mechanism in dict.fromkeys(part["mechanism"]):
            mine = part[part["mechanism"] == mechanism].groupby("events")["error"]
            middle, low, high = mine.median(), mine.quantile(0.16), mine.quantile(0.84)
            colour = _COLOURS[mechanism]
            top.plot(middle.index, middle, "o-", color=colour, label=mechanism, markersize=4)
            top.fill_between(middle.index, low, high, color=colour, alpha=0.15, linewidth=0)
        top.set(xscale="log", yscale="log", xlabel="training events", ylabel=found.kind, title=statement)
        counts = sorted(set(part["events"]))
        top.set_xticks(counts, [f"{count:,}" for count in counts])
        top.minorticks_off()
        top.legend(frameon=False, fontsize="small")
        table = found.table[found.table["statement"] == statement]
        for row, what in enumerate(["error outside", "violation"] if outside else ["violation"], start=1):
            axis = axes[row, column]
            values, spread = table[what].to_numpy(float), table[f"{what} spread"].to_numpy(float)
            for place, (mechanism, value, error) in enumerate(zip(table["mechanism"], values, spread, strict=True)):
                reach = [[min(error, 0.9 * value)], [error]] if value > 0 else None
                axis.errorbar([place], [value], yerr=reach, fmt="o", color=_COLOURS[mechanism], capsize=3)
            axis.set_xticks(range(len(values)), table["mechanism"])
            axis.set(yscale="log" if (values > 0).all() else "linear", ylabel=what, xlim=(-0.5, len(values) - 0.5))
            axis.margins(y=0.2)
    return figure
