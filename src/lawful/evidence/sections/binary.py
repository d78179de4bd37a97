"""What there is to see of a score that separates signal from background."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from lawful.evidence.arrays import Array
from lawful.evidence.calibration import calibration_curve, calibration_noise, expected_calibration_error
from lawful.evidence.case import BinaryView, Case
from lawful.evidence.cuts import Band, cut_table, purity_band, roc_band, spread
from lawful.evidence.decisions import confusion_matrix
from lawful.evidence.document import Grid, Section, number
from lawful.evidence.explorer import explorer_data
from lawful.evidence.figures.curves import draw_precision_recall, draw_roc, draw_significance
from lawful.evidence.figures.distributions import draw_scores
from lawful.evidence.figures.probability import draw_calibration, draw_confusion
from lawful.evidence.questions import Binary
from lawful.evidence.resampling import Measured, measured
from lawful.evidence.significance import asimov_significance

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_CURVES = 10


def separation_section(case: Case, view: BinaryView) -> Section:
    """ROC, purity, distribution of the score."""
    assert isinstance(case.question, Binary)
    names = {True: str(case.question.positive), False: str(case.question.negative)}
    tables = {case.subject.name: view.table}
    for other in list(case.answers)[1:_MOST_CURVES]:
        answer = case.answers[other]
        tables[other] = cut_table(view.signal, answer, view.weight, toys=min(case.toys, 100), seed=case.seed)
    edges = np.linspace(0, 1, 41)
    test = _by_class(view.score, view.signal, view.weight, names)
    train = None
    if case.train is not None and case.train_answer is not None:
        train = _by_class(case.train_answer, case.question.truth(case.train), case.train.weight, names)
    cut = view.working_points["largest significance"]
    prior = float(view.weight[view.signal].sum() / view.weight.sum())
    return Section(
        "separation",
        "Separation",
        figures={
            "roc": draw_roc({name: roc_band(table) for name, table in tables.items()}),
            "scores": draw_scores(test, train, edges=edges, name=f"probability of {view.name}", cut=cut),
            "precision recall": draw_precision_recall({n: purity_band(t) for n, t in tables.items()}, prior),
            "confusion": draw_confusion(
                confusion_matrix(view.signal, view.score > 0.5, view.weight, classes=[False, True]),
                [names[False], names[True]],
            ),
        },
        captions={
            "roc": "Background rejection against signal efficiency with 68% bands.",
            "scores": "Distribution of the score of each class, area 1"
            + ("; training events filled, test events as points." if train else "."),
            "precision recall": "Purity at the weights of the test events.",
            "confusion": "Decisions at probability 0.5.",
        },
    )


def _by_class(
    score: Array, signal: Array, weight: Array, names: Mapping[bool, str]
) -> dict[str, tuple[Array, Array]]:
    """Class to its scores and weights, background first."""
    return {names[c]: (score[signal == c], weight[signal == c]) for c in (False, True)}


def calibration_section(case: Case, view: BinaryView) -> Section:
    """Whether the probabilities are right."""
    curve = calibration_curve(view.signal, view.score, view.weight)
    text = ("Bins hold equal sums of |weight|. " + compared_with_noise(view.signal, view.score, view.weight),)
    figures = {"calibration": draw_calibration({case.subject.name: curve})}
    return Section("calibration", "Calibration", text, figures=figures)


def compared_with_noise(right: Array, probability: Array, weight: Array) -> str:
    """A sentence: the plain calibration error, and what noise alone would make of it."""
    plain_error = expected_calibration_error(right, probability, weight)
    noise = calibration_noise(right, probability, weight)
    return (
        f"The mean |observed − predicted| is {number(plain_error, 3)}, noise included; from fluctuations alone, a "
        f"perfect model would show {noise} with these events."
    )


def working_section(view: BinaryView) -> Section:
    """Working points with everything that follows from them, the significance scan, and the explorer."""
    rows = []
    metrics: dict[str, Measured] = {}
    for name, threshold in view.working_points.items():
        found = working_point(view, threshold)
        rows.append((name, f"{threshold:.4g}", *(str(found[key]) for key in _WORKING)))
        if name == "largest significance":
            metrics["significance"] = found["significance"]
    s, b = (float(v[-1]) * f for v, f in zip((view.table.signal, view.table.background), view.scale, strict=True))
    source = "as expected" if view.expected_signal is not None else "the sums of the weights"
    text = (
        f"Before the cut there are {number(s)} signal and {number(b)} background events ({source}); the background "
        f"has a relative uncertainty of {number(view.uncertainty)}. Cuts are score ≥ threshold. The threshold is "
        "held fixed in the intervals. The cut of largest significance was chosen on these same events, among cuts "
        "that leave at least 25 effective background events, so its significance is too good, typically by most of "
        "its error.",
    )
    columns = ("working point", "threshold", "ε_S", "ε_B", "rejection 1/ε_B", "purity", "significance Z")
    return Section(
        "working-points",
        "Working points",
        text,
        (Grid(columns, tuple(rows)),),
        {"significance": _significance_figure(view)},
        {"significance": "Expected significance against the cut, with 68% bands of the test statistics."},
        explorer=[explorer_data(view)],
        metrics=metrics,
    )


_WORKING = ("signal_efficiency", "background_efficiency", "rejection", "purity", "significance")


def working_point(view: BinaryView, threshold: float) -> dict[str, Measured]:
    """Everything that follows from a cut in the table, with intervals at this fixed threshold."""
    table = view.table
    k = table.at(threshold)
    f, g = view.scale
    s, b = table.signal[k] * f, table.background[k] * g
    eps_s, eps_b = (e[:, k] for e in table.toys_efficiency)
    # expected yields are given numbers: only the efficiencies fluctuate with the test events
    toys_s = eps_s * view.expected_signal if view.expected_signal is not None else table.toys_signal[:, k]
    toys_b = eps_b * view.expected_background if view.expected_background is not None else table.toys_background[:, k]
    with np.errstate(divide="ignore", invalid="ignore"):
        rejection = np.where(eps_b > 0, 1 / eps_b, np.inf)
        purity = np.where(toys_s + toys_b > 0, toys_s / (toys_s + toys_b), np.nan)
    own = float(table.background_efficiency[k])
    z = float(asimov_significance(s, b, view.uncertainty * abs(b)))
    return {
        "signal_efficiency": measured(float(table.signal_efficiency[k]), eps_s),
        "background_efficiency": measured(own, eps_b),
        "rejection": measured(1 / own if own > 0 else float("inf"), rejection),
        "purity": measured(s / (s + b) if s + b > 0 else float("nan"), purity),
        "significance": measured(
            z, np.asarray(asimov_significance(toys_s, toys_b, view.uncertainty * np.abs(toys_b)))
        ),
    }


def _significance_figure(view: BinaryView) -> "Figure":
    """Significance at the tabulated cuts, thinned to about 300, without and with background uncertainty."""
    table = view.table
    f, g = view.scale
    eps_s, eps_b = table.toys_efficiency
    total_s, total_b = table.signal[-1] * f, table.background[-1] * g
    step = max(1, len(table.thresholds) // 300)
    keep = np.arange(0, len(table.thresholds), step)
    bands: list[Band] = []
    for u in (0.0, view.uncertainty):
        s, b = table.signal[keep] * f, table.background[keep] * g
        toys_b = eps_b[:, keep] * total_b
        value = np.asarray(asimov_significance(s, b, u * np.abs(b)))
        toys = np.asarray(asimov_significance(eps_s[:, keep] * total_s, toys_b, u * np.abs(np.nan_to_num(toys_b))))
        finite = np.where(np.isfinite(toys), toys, np.nan)
        bands.append(spread(table.thresholds[keep], np.where(np.isfinite(value), value, np.nan), finite))
    cut = view.working_points["largest significance"]
    return draw_significance(bands[0], bands[1], cut, view.uncertainty, yields=(float(total_s), float(total_b)))
