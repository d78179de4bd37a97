"""Whether probabilities and decisions are right: calibration and confusion."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from lawful.evidence.arrays import Array
from lawful.evidence.calibration import CalibrationCurve
from lawful.evidence.figures.style import COLOURS, canvas, ratio_canvas, shortened, styled


@styled
def draw_calibration(curves: Mapping[str, CalibrationCurve], what: str = "signal") -> Figure:
    """Observed share of signal (or what is named) against its predicted probability, and the difference."""
    figure, top, bottom = ratio_canvas(5.6, 5.6)
    top.plot([0, 1], [0, 1], ":", color="0.4", lw=1, label="perfect")
    far = 0.05
    for i, (name, curve) in enumerate(curves.items()):
        look: dict[str, Any] = {"fmt": "o", "color": COLOURS[i % 10], "ms": 3.5, "lw": 1}
        top.errorbar(curve.predicted, curve.observed, yerr=curve.error, label=shortened(name), **look)
        difference = curve.observed - curve.predicted
        bottom.errorbar(curve.predicted, difference, yerr=curve.error, **look)
        far = max(far, float(np.nanmax(np.abs(difference) + curve.error)))
    bottom.axhline(0, ls=":", color="0.4", lw=1)
    top.set(xlim=(0, 1), ylim=(-0.03, 1.05), ylabel=f"observed share of {what}")
    top.legend(loc="upper left")
    bottom.set(xlabel="predicted probability", ylabel="difference", ylim=(-1.2 * far, 1.2 * far))
    figure.align_ylabels([top, bottom])
    return figure


@styled
def draw_confusion(matrix: Array, classes: Sequence[str]) -> Figure:
    """Share of each true class that is predicted as each class, in percent."""
    K = len(classes)
    size = max(3.6, min(9.0, 0.55 * K + 2.6))
    figure, axes = canvas(size + 0.6, size)
    total = matrix.sum(1, keepdims=True)
    share = 100 * matrix / np.where(total > 0, total, np.nan)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=100, aspect="equal")
    if K <= 15:
        for i, j in np.ndindex(K, K):
            colour = "white" if share[i, j] > 55 else "black"
            text = "" if np.isnan(share[i, j]) else f"{share[i, j]:.1f}" if K <= 6 else f"{share[i, j]:.0f}"
            axes.text(
                j, i, text, ha="center", va="center", color=colour, fontsize=11 if K <= 4 else 9 if K <= 8 else 7
            )
    names = [shortened(name, 14) for name in classes]
    axes.set_xticks(range(K), names, rotation=0 if max(map(len, names)) * K < 40 else 60)
    axes.set_yticks(range(K), names)
    axes.tick_params(which="both", length=0)
    axes.minorticks_off()
    axes.set(xlabel="predicted class", ylabel="true class", title="share of the true class [%]")
    return figure
