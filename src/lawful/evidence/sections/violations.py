"""How far a model breaks what is known, as a part of the report."""

from typing import Any

import numpy as np

from lawful.errors import InputError
from lawful.evidence.arrays import Array
from lawful.evidence.case import Case
from lawful.evidence.document import Grid, Section
from lawful.evidence.resampling import interval
from lawful.physics.statement import Enforced, Statement

_MOST_EVENTS = 2000


def violations_section(case: Case) -> Section | None:
    """The mean violation of each statement that the model was given, on test events, for every model."""
    items = getattr(case.subject.model, "physics", None)
    items = (
        [item for item in items if isinstance(item, Statement | Enforced)] if isinstance(items, list | tuple) else []
    )
    if not items:
        return None
    rows, metrics = [], {}
    some = np.linspace(0, len(case.test) - 1, min(len(case.test), _MOST_EVENTS)).astype(np.int64)
    frame, weight = case.test.frame.iloc[some], case.test.weight[some]
    for item in items:
        statement = item.statement if isinstance(item, Enforced) else item
        how = item.mechanism if isinstance(item, Enforced) else "measured only"
        cells = [statement.name, how]
        for subject in (case.subject, *case.others):
            names = subject.names
            if names is not None and names != case.subject.names:
                cells.append("–")  # it does not take these columns
                continue
            try:
                v = statement.violation(subject.model, frame if names is None else frame[names], seed=case.seed)
            except InputError:
                if subject is case.subject:
                    raise
                cells.append("–")  # it has not what the statement is about, such as weights
                continue
            found = interval(_mean, v, weight=weight, toys=case.toys, seed=case.seed)
            cells.append(str(found))
            if subject is case.subject:
                metrics[f"violation[{statement.name}]"] = found
        rows.append(tuple(cells))
    text = (
        "Mean over test events; 0 when a statement is kept. In standard deviations of the target (probabilities for "
        "classes), or relative where a statement has a scale of its own.",
    )
    columns = ("statement", "enforced by", *(subject.name for subject in (case.subject, *case.others)))
    grid = Grid(columns, tuple(rows))
    return Section("violations", "Violations of what is known", text, (grid,), metrics=metrics)


def _mean(v: Array, weight: Any) -> Array:
    """Mean violation under weights (..., N)."""
    weight = np.asarray(weight)
    return np.asarray((weight @ v) / weight.sum(-1))
