"""Models side by side on the same events, with the uncertainty of their difference."""

from typing import TYPE_CHECKING, Any

import numpy as np

from lawful.evidence.arrays import Array, subtract
from lawful.evidence.case import Case
from lawful.evidence.describe import as_mathtext, title_of
from lawful.evidence.document import Grid, Section
from lawful.evidence.figures.bars import draw_comparison
from lawful.evidence.resampling import Measured, measured, resample

if TYPE_CHECKING:
    import pandas as pd

Compared = dict[tuple[str, str], tuple[Measured, Measured | None]]
_SHOWN = {"binary": ("auc", "rejection_at_0.5"), "classes": ("auc", "accuracy"), "regression": ("rmse", "r2")}


def compare(case: Case) -> Compared:
    """(model, metric) to its value and its difference to the examined model; None for that model itself."""
    evaluate = {
        name: case.question.statistics(case.truth, answer, case.test.weight) for name, answer in case.answers.items()
    }

    def every(W: Array) -> dict[tuple[str, str], Any]:
        return {(name, metric): value for name, one in evaluate.items() for metric, value in one(W).items()}

    values, toys = resample(every, case.test.weight, toys=case.toys, seed=case.seed)
    found: Compared = {}
    for key in values:
        own = measured(values[key], toys[key])
        first = (case.subject.name, key[1])
        difference = None
        if key != first:
            apart = np.asarray(subtract(toys[key], toys[first]))
            difference = measured(float(subtract(values[key], values[first])), apart)
        found[key] = (own, difference)
    return found


def comparison_frame(found: Compared) -> "pd.DataFrame":
    """One row a model and metric."""
    import pandas as pd

    rows = [
        {
            "model": name,
            "metric": metric,
            **own.as_dict(),
            "difference": 0.0 if difference is None else difference.value,
            "difference_low": 0.0 if difference is None else difference.low,
            "difference_high": 0.0 if difference is None else difference.high,
        }
        for (name, metric), (own, difference) in found.items()
    ]
    columns = ["model", "metric", "value", "low", "high", "difference", "difference_low", "difference_high"]
    return pd.DataFrame(rows, columns=columns)


def comparison_section(case: Case, found: Compared) -> Section | None:
    """Table and figure of the main metrics of all models."""
    if not case.others:
        return None
    names = list(case.answers)
    metrics = [m for m in _SHOWN[case.question.kind] if (names[0], m) in found]
    rows = []
    for name in names:
        cells = [name]
        for metric in metrics:
            own, difference = found[name, metric]
            cells += [str(own), "–" if difference is None else str(difference)]
        rows.append(tuple(cells))
    columns = ("model", *(c for m in metrics for c in (title_of(m), f"difference to {names[0]}")))
    figures = {}
    for metric in metrics:
        values = [(name, found[name, metric][0]) for name in names]
        differences = [found[name, metric][1] for name in names]
        name = "comparison" if metric == case.question.main else f"comparison {metric.split('_')[0]}"
        figures[name] = draw_comparison(values, differences, what=as_mathtext(title_of(metric)))
    text = (
        "All models judge the same events in the same toys, so what they share cancels in the difference: compare "
        "the differences with zero, not the intervals of the values with each other.",
    )
    return Section("comparison", "Comparison of models", text, (Grid(columns, tuple(rows)),), figures)
