"""What there is to see of a score that separates signal from background."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from lawful.evidence.arrays import Array, safe_ratio
from lawful.evidence.calibration import (
    calibration_chi2,
    calibration_curve,
    calibration_noise,
    expected_calibration_error,
)
from lawful.evidence.case import BEST, BinaryView, Case
from lawful.evidence.cuts import Band, cut_table, purity_band, roc_band, spread
from lawful.evidence.decisions import confusion_matrix
from lawful.evidence.document import Grid, Section, number
from lawful.evidence.explorer import explorer_data
from lawful.evidence.figures.curves import draw_precision_recall, draw_roc, draw_significance
from lawful.evidence.figures.distributions import draw_scores
from lawful.evidence.figures.probability import draw_calibration, draw_confusion
from lawful.evidence.questions import Binary
from lawful.evidence.ranking import inverse
from lawful.evidence.resampling import Measured, measured, toys_of
from lawful.evidence.significance import significance_of_cut

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
    cut = view.working_points[BEST]
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
    test = calibration_chi2(right, probability, weight)
    fits = f"{test}." if math.isnan(test.probability) else f"{test} that a perfect model fits worse."
    return (
        f"The mean |observed − predicted| is {number(plain_error, 3)}, noise included; from fluctuations alone, a "
        f"perfect model would show {noise} with these events. {fits}"
    )


def working_section(view: BinaryView) -> Section:
    """Working points with everything that follows from them, the significance scan, and the explorer."""
    rows = []
    unknown = False
    metrics: dict[str, Measured] = {}
    for name, threshold in view.working_points.items():
        found = best_point(view) if name == BEST else working_point(view, threshold)
        behind = " + ".join(number(n) for n in simulated(view, name))
        unknown |= view.uncertainty > 0 and any(map(math.isnan, found["significance"].as_dict().values()))
        rows.append((name, f"{threshold:.4g}", *(str(found[key]) for key in _WORKING), behind))
        if name == BEST:
            metrics["significance"] = found["significance"]
    s, b = (float(v[-1]) * f for v, f in zip((view.table.signal, view.table.background), view.scale, strict=True))
    text = (
        f"Before the cut there are {number(s)} signal and {number(b)} background events ({source_of_yields(view)}); "
        f"the background has a relative uncertainty of {number(view.uncertainty)}. Cuts are score ≥ threshold. The "
        "threshold is held fixed in the intervals. The last column counts the simulated signal and background events "
        "that pass, whatever their weights.",
        _HOW_CHOSEN if view.selected is not None else _NOT_JUDGED,
        *((_NO_BACKGROUND,) if unknown else ()),
    )
    columns = (
        "working point",
        "threshold",
        "ε_S",
        "ε_B",
        "rejection 1/ε_B",
        "purity",
        "significance Z",
        "simulated events",
    )
    return Section(
        "working-points",
        "Working points",
        text,
        (Grid(columns, tuple(rows)),),
        {"significance": _significance_figure(view)},
        {
            "significance": "Expected significance against the cut, with 68% bands of the test statistics. A cut "
            "that is picked by eye at the top of this curve is judged too well by it."
        },
        explorer=[explorer_data(view)],
        metrics=metrics,
    )


_WORKING = ("signal_efficiency", "background_efficiency", "rejection", "purity", "significance")
_HOW_CHOSEN = (
    "The threshold of largest significance was chosen on all test events, among cuts that leave at least 25 "
    "effective background events. The numbers beside it are free of that choice: each fifth of the events is judged "
    "by the cut that the other four fifths choose, and what passes is summed."
)
_NO_BACKGROUND = (
    "Where no simulated background passes, in the events or in toys of them, there is no significance (–): nothing "
    "tells how much background there is, and an uncertainty relative to none would be none."
)
_NOT_JUDGED = (
    "There are too few events to choose a cut on some and judge it on others: nothing is said of the threshold of "
    "largest significance, which was chosen on all of them."
)


def source_of_yields(view: BinaryView) -> str:
    """Where the yields before cuts come from, in words."""
    given = [view.expected_signal is not None, view.expected_background is not None]
    if all(given):
        return "as expected"
    if not any(given):
        return "the sums of the weights"
    known, other = ("signal", "background") if given[0] else ("background", "signal")
    return f"{known} as expected, {other} the sum of its weights"


def simulated(view: BinaryView, name: str) -> tuple[int, int]:
    """How many simulated signal and background events stand behind a working point, whatever their weights."""
    if name == BEST and view.selected is not None:
        return int((view.selected & view.signal).sum()), int((view.selected & ~view.signal).sum())
    k = view.table.at(view.working_points[name])
    return int(view.table.signal_events[k]), int(view.table.background_events[k])


def working_point(view: BinaryView, threshold: float) -> dict[str, Measured]:
    """Everything that follows from a cut in the table, with intervals at this fixed threshold."""
    table = view.table
    k = table.at(threshold)
    sums = (float(table.signal[k]), float(table.background[k]))
    return _what_follows(view, sums, (table.toys_signal[:, k], table.toys_background[:, k]))


def best_point(view: BinaryView) -> dict[str, Measured]:
    """The same for the cut of largest significance, each event judged by the cut that others chose."""
    if view.selected is None:
        return dict.fromkeys(_WORKING, Measured(float("nan"), float("nan"), float("nan")))
    passing = np.stack([view.selected & view.signal, view.selected & ~view.signal], axis=1).astype(np.float64)
    s, b = view.weight @ passing
    toys = np.concatenate([W @ passing for W in toys_of(view.weight, view.toys, view.seed)])
    return _what_follows(view, (float(s), float(b)), (toys[:, 0], toys[:, 1]))


def _what_follows(view: BinaryView, sums: tuple[float, float], toys: tuple[Array, Array]) -> dict[str, Measured]:
    """Efficiencies, rejection, purity and significance of weight sums that pass: signal and background."""
    table = view.table
    f, g = view.scale
    s, b = sums[0] * f, sums[1] * g
    own_s, own_b = sums[0] / float(table.signal[-1]), sums[1] / float(table.background[-1])
    eps_s = np.asarray(safe_ratio(toys[0], table.toys_signal[:, -1]))
    eps_b = np.asarray(safe_ratio(toys[1], table.toys_background[:, -1]))
    # expected yields are given numbers: only the efficiencies fluctuate with the test events
    toys_s = eps_s * view.expected_signal if view.expected_signal is not None else toys[0]
    toys_b = eps_b * view.expected_background if view.expected_background is not None else toys[1]
    z = float(significance_of_cut(s, b, view.uncertainty))
    toys_z = np.asarray(significance_of_cut(toys_s, toys_b, view.uncertainty))
    return {
        "signal_efficiency": measured(own_s, eps_s),
        "background_efficiency": measured(own_b, eps_b),
        "rejection": measured(float(inverse(own_b)), np.asarray(inverse(eps_b))),
        "purity": measured(float(safe_ratio(s, s + b)), np.asarray(safe_ratio(toys_s, toys_s + toys_b))),
        "significance": _with_unknown(z, toys_z, (toys_b == 0) & (view.uncertainty > 0)),
    }


def _with_unknown(z: float, toys: Array, unknown: Array) -> Measured:
    """The interval of a significance; an end among toys in which no background passes is not known, NaN."""
    m = measured(z, np.where(unknown, np.inf, toys))
    low, high = (math.nan if math.isinf(end) and unknown.any() else end for end in (m.low, m.high))
    return Measured(m.value, low, high)


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
        value = np.asarray(significance_of_cut(s, b, u))
        toys = np.asarray(significance_of_cut(eps_s[:, keep] * total_s, toys_b, u))
        finite = np.where(np.isfinite(toys), toys, np.nan)
        bands.append(spread(table.thresholds[keep], np.where(np.isfinite(value), value, np.nan), finite))
    cut = view.working_points[BEST]
    return draw_significance(bands[0], bands[1], cut, view.uncertainty, yields=(float(total_s), float(total_b)))
