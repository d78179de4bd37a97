"""Headline numbers, and the table of all metrics."""

from collections.abc import Mapping
from typing import Any

from lawful.evidence.arrays import Array
from lawful.evidence.case import Case
from lawful.evidence.describe import meaning_of, title_of
from lawful.evidence.document import Grid, Section
from lawful.evidence.questions import Binary, ManyClass, Regression, metric_name
from lawful.evidence.regression import bias, pulls, resolution
from lawful.evidence.resampling import Measured, bootstrap

_HEADLINES = {
    "binary": ("auc", "accuracy", "rejection_at_0.5", "significance", "calibration_error"),
    "classes": ("auc", "accuracy", "log_loss", "calibration_error"),
    "regression": ("rmse", "resolution_68", "bias", "r2", "pull_width"),
}


def measure_pulls(case: Case) -> dict[str, Measured]:
    """Mean and width of the pulls of each output, empty where the model states no uncertainty."""
    assert isinstance(case.question, Regression)
    sigma = case.subject.spread(case.test.frame)
    if sigma is None or sigma.shape != case.answer.shape or sigma.min() <= 0:
        return {}
    found = {}
    for t, output in enumerate(case.question.outputs):
        p = pulls(case.truth[:, t], case.answer[:, t], sigma[:, t])
        zero = 0 * p

        def both(W: Array, p: Array = p, zero: Array = zero) -> dict[str, Any]:
            return {"pull_mean": bias(zero, p, W), "pull_width": resolution(zero, p, W)}

        own = bootstrap(both, case.test.weight, toys=case.toys, seed=case.seed)
        found.update({metric_name(name, output, case.question.outputs): m for name, m in own.items()})
    return found


def headline(case: Case, metrics: Mapping[str, Measured]) -> list[tuple[str, str]]:
    """The few numbers to read first: (name, value with interval)."""
    keys = list(_HEADLINES[case.question.kind])
    if isinstance(case.question, Regression) and len(case.question.outputs) > 1:
        keys = ["r2", *[f"resolution_68[{output}]" for output in case.question.outputs[:4]]]
    return [(title_of(key), str(metrics[key])) for key in keys if key in metrics]


def asked(case: Case) -> str:
    """One sentence: what was asked of which model on how many events."""
    kind = type(case.subject.model).__name__
    events = f"{len(case.test):,}".replace(",", "\u202f")
    question = case.question
    if isinstance(question, Binary):
        what = f"to tell {question.positive} (signal) from {question.negative} (background)"
    elif isinstance(question, ManyClass):
        what = f"to tell {len(question.classes)} classes apart"
    else:
        assert isinstance(question, Regression)
        what = f"to predict {', '.join(question.outputs)}"
    weights = "weighted" if case.test.weighted else "unweighted"
    return f"{kind}, asked {what}, on {events} {weights} test events."


def metrics_section(metrics: Mapping[str, Measured], toys: int) -> Section:
    """The table of all metrics."""
    rows = tuple((title_of(key), str(m), meaning_of(key)) for key, m in metrics.items())
    text = (
        f"Intervals hold 68% and come from {toys} bootstrap toys: event weights times Poisson(1) numbers, signs "
        "kept. They are statistical: they say how far other test events would move the number, not another training.",
    )
    return Section("metrics", "Metrics", text, (Grid(("metric", "value", "what it says"), rows),))
