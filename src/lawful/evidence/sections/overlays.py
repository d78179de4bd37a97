"""Real data over simulation: the score, and the variables that matter."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lawful.evidence.arrays import Array
from lawful.evidence.case import BinaryView, Case
from lawful.evidence.document import Section
from lawful.evidence.figures.distributions import draw_overlay
from lawful.evidence.figures.style import BACKGROUND, SIGNAL
from lawful.evidence.questions import Binary
from lawful.evidence.sections.systematics import Shift, band, varied_columns
from lawful.evidence.shapes import histogram, nice_edges

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST = 6


def overlay_section(
    case: Case, view: BinaryView, shifts: Mapping[str, Shift], important: Sequence[str]
) -> Section | None:
    """Score, named variables and the most important features in data and simulation."""
    if case.data is None or case.data_answer is None:
        return None
    assert isinstance(case.question, Binary)
    factor = np.where(view.signal, view.scale[0], view.scale[1])
    scores = {name: shift.score for name, shift in shifts.items()}
    figures = {
        "overlay score": _draw(
            case,
            view,
            f"probability of {view.name}",
            None,
            case.data_answer,
            view.score,
            scores,
            factor,
            np.linspace(0, 1, 26),
        )
    }
    for name in list(dict.fromkeys([*case.variables, *important]))[:_MOST]:
        simulated, real = case.test.column(name), case.data.column(name)
        edges = nice_edges(simulated, real, bins=30)
        varied = varied_columns(case, name)
        unit = case.test.units.get(name)
        title = "overlay score (variable)" if name == "score" else f"overlay {name}"
        figures[title] = _draw(case, view, name, unit, real, simulated, varied, factor, edges)
    scaled = "the expected yields" if view.expected_signal is not None else "the sums of their weights"
    text = (
        f"Simulated test events are scaled to {scaled}. Hatched: statistical uncertainty of the simulation"
        + (", and systematic variations in quadrature, of each the larger of its two sides." if shifts else ".")
        + " The first and last bin hold what lies beyond.",
    )
    return Section("overlays", "Data and simulation", text, figures=figures)


def _draw(
    case: Case,
    view: BinaryView,
    name: str,
    unit: str | None,
    real: Array,
    simulated: Array,
    varied: Mapping[str, Array],
    factor: Array,
    edges: Array,
) -> "Figure":
    """One variable: simulated classes stacked, scaled by `factor`, with data on top."""
    assert isinstance(case.question, Binary)
    assert case.data is not None
    weight = case.test.weight * factor
    labels = (str(case.question.negative), str(case.question.positive))
    components = {
        label: histogram(simulated[mask], weight[mask], edges)
        for label, mask in zip(labels, (~view.signal, view.signal), strict=True)
    }
    return draw_overlay(
        histogram(real, case.data.weight, edges),
        components,
        name=name,
        unit=unit,
        systematic=band(case, simulated, varied, edges, factor),
        colours=dict(zip(labels, (BACKGROUND, SIGNAL), strict=True)),
    )
