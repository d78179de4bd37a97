"""What the report rests on: the events, the training, the cost, and where everything came from."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from lawful.data.summary import Summary, summarise
from lawful.evidence.case import Case
from lawful.evidence.document import Grid, Section, number, percent
from lawful.evidence.figures.curves import column, draw_learning
from lawful.evidence.models import count_parameters
from lawful.evidence.sample import Sample, numeric
from lawful.evidence.settings import idle

_MOST_FEATURES = 60


def data_section(case: Case) -> Section:
    """How many events, with which weights and features."""
    sets = [("test", case.test)]
    if case.train is not None:
        sets.append(("training", case.train))
    if case.data is not None:
        sets.append(("data", case.data))
    rows = []
    summaries = {name: summary(sample) for name, sample in sets}
    for name, found in summaries.items():
        rows += [
            (
                name,
                part.name,
                number(part.events),
                number(part.sum_of_weights, 6),
                number(part.effective_events, 6),
                percent(part.negative_share),
            )
            for part in (found.total, *found.classes)
        ]
    columns = ("set", "class", "events", "sum of weights", "effective events", "negative weights")
    grids = [Grid(columns, tuple(rows), "Effective events: (Σw)² / Σw².")]
    features = summaries["test"].features
    cells = tuple(
        (
            f.name,
            f.unit or "–",
            *(number(v) for v in (f.min, _rounded(f.mean, f.std), f.std, f.max)),
            number(f.missing),
        )
        for f in features[:_MOST_FEATURES]
    )
    more = f", the first {_MOST_FEATURES} of {len(features)}" if len(features) > _MOST_FEATURES else ""
    heads = ("feature", "unit", "least", "mean", "standard deviation", "largest", "missing")
    grids.append(
        Grid(heads, cells, f"Test events{more}; mean and deviation are weighted.", f"{len(features)} features")
    )
    note = idle(case.question, case.variables)
    return Section("data", "Data", (note,) if note else (), tuple(grids))


def _rounded(mean: float, deviation: float) -> float:
    """A mean of which only rounding is left, beside the deviation, is 0."""
    return 0.0 if abs(mean) < 1e-12 * deviation else mean


def summary(sample: Sample) -> Summary:
    """Yields and features of a sample."""
    columns = {str(name): sample.frame[name].to_numpy(dtype=np.float64) for name in numeric(sample.features)}
    y = sample.y if sample.y is not None and sample.y.ndim == 1 else None
    return summarise(columns, dict(sample.units), y, sample.weight, weighted=sample.weighted)


def learning_section(case: Case) -> Section | None:
    """Loss against epoch, where the model has a history."""
    history = case.subject.history
    losses = column(history, "train_loss")
    if not len(history) or not (np.isfinite(losses).any() or np.isfinite(column(history, "validation_loss")).any()):
        return None
    validation = column(history, "validation_loss")
    text = [f"{len(history)} epochs."]
    if np.isfinite(validation).any():
        best = int(np.nanargmin(validation))
        epoch = history[best].get("epoch", best + 1)
        text.append(f"The validation loss was least, {validation[best]:.5g}, in epoch {epoch}.")
    return Section(
        "learning", "Learning curves", (" ".join(text),), figures={"learning curves": draw_learning(history)}
    )


def cost_section(case: Case) -> Section:
    """Parameters, time of training, time of prediction."""
    rows = []
    for subject in (case.subject, *case.others):
        count = count_parameters(subject.model)
        seconds = subject.training_seconds
        each = subject.prediction_seconds(case.test.frame)
        rows.append(
            (
                subject.name,
                type(subject.model).__name__,
                "–" if count is None else number(count),
                "–" if seconds is None else f"{seconds:.3g} s",
                f"{1e6 * each:.3g} µs",
            )
        )
    text = (
        "Numbers that training set (weights, or nodes of trees); training time where the model keeps a history; time "
        f"to predict one event, in one pass over {len(case.test)}, on the machine that wrote this report.",
    )
    columns = ("model", "kind", "parameters", "training", "prediction of an event")
    return Section("cost", "Cost", text, (Grid(columns, tuple(rows)),))


def provenance_section(provenance: Mapping[str, Any]) -> Section | None:
    """Versions, seeds, checksums, command."""
    if not provenance:
        return None
    rows = tuple(_flat(provenance))
    return Section("provenance", "Provenance", (), (Grid(("what", "value"), rows),))


def _flat(facts: Mapping[str, Any], above: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, value in facts.items():
        name = f"{above}{key}"
        if isinstance(value, Mapping):
            rows += _flat(value, f"{name} · ")
        elif isinstance(value, list | tuple):
            rows.append((name, ", ".join(map(str, value))))
        else:
            rows.append((name, str(value)))
    return rows
