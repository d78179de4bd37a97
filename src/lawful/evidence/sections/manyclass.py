"""What there is to see of a choice among many classes."""

import numpy as np

from lawful.evidence.calibration import calibration_curve
from lawful.evidence.case import BinaryView, Case
from lawful.evidence.cuts import roc_band
from lawful.evidence.decisions import confusion_matrix
from lawful.evidence.document import Section
from lawful.evidence.explorer import explorer_data
from lawful.evidence.figures.curves import draw_roc
from lawful.evidence.figures.distributions import draw_class_scores
from lawful.evidence.figures.probability import draw_calibration, draw_confusion
from lawful.evidence.questions import ManyClass
from lawful.evidence.sections.binary import compared_with_noise

_MOST_VIEWS = 10


def views(case: Case) -> list[BinaryView]:
    """Each of the first classes against the rest."""
    assert isinstance(case.question, ManyClass)
    labels = [str(label) for label in case.question.classes.tolist()]
    found = []
    for k, label in enumerate(labels[:_MOST_VIEWS]):
        own = case.expected.get(label)
        rest = [case.expected.get(other) for other in labels if other != label]
        whole = None if own is None or any(v is None for v in rest) else float(sum(v for v in rest if v is not None))
        found.append(
            BinaryView(
                label,
                case.truth == k,
                case.answer[:, k],
                case.test.weight,
                own if whole is not None else None,
                whole,
                case.uncertainty,
                case.toys,
                case.seed,
            )
        )
    return found


def separation_section(case: Case, against_rest: list[BinaryView]) -> Section:
    """Confusion, ROC of each class against the rest, distribution of the probabilities."""
    assert isinstance(case.question, ManyClass)
    labels = [str(label) for label in case.question.classes.tolist()]
    matrix = confusion_matrix(case.truth, case.answer.argmax(1), case.test.weight, classes=np.arange(len(labels)))
    return Section(
        "separation",
        "Separation",
        figures={
            "confusion": draw_confusion(matrix, labels),
            "roc": draw_roc({view.name: roc_band(view.table) for view in against_rest}),
            "scores": draw_class_scores(case.answer, case.truth, case.test.weight, labels),
        },
        captions={
            "confusion": "The most probable class is chosen.",
            "roc": "Each class against the rest, with 68% bands.",
            "scores": "Probability of each class (panels), by true class (lines), area 1.",
        },
    )


def calibration_section(case: Case) -> Section:
    """Whether the most probable class is right as often as its probability says."""
    right, confidence = case.answer.argmax(1) == case.truth, case.answer.max(1)
    curve = calibration_curve(right, confidence, case.test.weight)
    text = (
        "Share of events whose most probable class is the true one, against its probability. "
        + compared_with_noise(right, confidence, case.test.weight),
    )
    figures = {"calibration": draw_calibration({case.subject.name: curve}, "right choices")}
    return Section("calibration", "Calibration", text, figures=figures)


def working_section(against_rest: list[BinaryView]) -> Section:
    """The explorer, each class against the rest."""
    text = ("Each class against the rest: events are kept whose probability of the class is at or above the cut.",)
    return Section("working-points", "Working points", text, explorer=[explorer_data(view) for view in against_rest])
