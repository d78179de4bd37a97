"""The numbers behind the working-point explorer of the report."""

from typing import Any

import numpy as np

from lawful.evidence.arrays import Array
from lawful.evidence.case import BEST, BinaryView
from lawful.evidence.shapes import histogram

_BINS = 50


def explorer_data(view: BinaryView) -> dict[str, Any]:
    """What passes each cut, and histograms of the score, as JSON takes them.

    The page computes all it shows from these cumulative sums, so at each threshold of the table it is exact.
    """
    table = view.table
    edges = np.linspace(0, 1, _BINS + 1)
    f, g = view.scale
    shapes = [histogram(view.score[m], view.weight[m], edges).sums for m in (view.signal, ~view.signal)]
    return {
        "name": view.name,
        "thresholds": table.thresholds.tolist(),
        "signal": _short(table.signal),
        "background": _short(table.background),
        "signalSquares": _short(table.signal_squares),
        "backgroundSquares": _short(table.background_squares),
        "signalEvents": table.signal_events.astype(int).tolist(),
        "backgroundEvents": table.background_events.astype(int).tolist(),
        "expectedSignal": float(table.signal[-1] * f),
        "expectedBackground": float(table.background[-1] * g),
        "uncertainty": float(view.uncertainty),
        "start": table.at(view.working_points[BEST]),
        "edges": _short(edges),
        "signalShape": _short(shapes[0] / shapes[0].sum()),
        "backgroundShape": _short(shapes[1] / shapes[1].sum()),
    }


def _short(values: Array) -> list[float]:
    """Numbers with nine significant digits, which is finer than anything shown."""
    return [float(f"{value:.9g}") for value in values]
