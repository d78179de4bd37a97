"""Whether a cut on the score changes the shape of another variable in background."""

from typing import TYPE_CHECKING

import numpy as np

from lawful.evidence.arrays import Array
from lawful.evidence.case import BinaryView, Case
from lawful.evidence.document import Grid, Section, percent
from lawful.evidence.figures.distributions import draw_sculpting
from lawful.evidence.resampling import Measured, measured, resample
from lawful.evidence.shapes import histogram, jensen_shannon, nice_edges

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_EFFICIENCIES = (0.5, 0.1, 0.01)
_LEAST = 50  # effective background events that make a shape
_SHUFFLES = 50
_NEAR = 0.2  # how far the efficiency may be from the wanted one


def sculpting_section(case: Case, view: BinaryView) -> Section | None:
    """Shape of each named variable after cuts at fixed background efficiencies, and its distance to the whole."""
    if not case.variables:
        return None
    background = ~view.signal
    score, w = view.score[background], view.weight[background]
    cuts = _cuts(score, w)
    figures: dict[str, Figure] = {}
    metrics: dict[str, Measured] = {}
    rows = []
    for name in case.variables:
        whole = case.test.column(name)
        x = whole[background]
        there = np.isfinite(x)
        edges = nice_edges(x, bins=30)
        drawn = {}
        for efficiency, threshold in cuts.items():
            passing = (score >= threshold).astype(np.float64)[there]
            kept = x[there]
            distance = _distance(case, kept, w[there], passing, edges)
            metrics[f"sculpting[{name}, {efficiency:g}]"] = distance
            rows.append((name, percent(efficiency), f"{threshold:.4g}", str(distance)))
            drawn[efficiency] = (histogram(kept, w[there] * passing, edges), f"{distance.value:.3f}")
        figures[f"sculpting {name}"] = draw_sculpting(
            histogram(x[there], w[there], edges), drawn, name=name, unit=case.test.units.get(name)
        )
    text = (
        "Background only, area 1, before and after cuts on the score. The Jensen-Shannon distance is 0 for equal "
        "shapes and 1 for disjoint ones. Fluctuations alone make it larger than 0, the more the fewer events pass: "
        "what blind cuts that keep as many events show on average is taken off, in squares.",
    )
    columns = ("variable", "background efficiency", "threshold", "distance to the whole background")
    return Section("sculpting", "Sculpting", text, (Grid(columns, tuple(rows)),), figures, metrics=metrics)


def _distance(case: Case, x: Array, w: Array, passing: Array, edges: Array) -> Measured:
    """Jensen-Shannon distance of what passes to all, less what as many events drawn blindly would show.

    The square of the distance is what noise adds to: its mean over shuffled decisions is taken off the square, once
    from the value, and twice from each toy, which carries the noise of the events and that of the toy.
    """
    toys = min(case.toys, 100)
    draw = np.random.default_rng([case.seed, 77])
    blind = [draw.permutation(passing) for _ in range(_SHUFFLES)]
    noise = float(np.mean([jensen_shannon(x, w * b, w, edges) ** 2 for b in blind]))
    values, spread = resample(
        lambda W: {"js": jensen_shannon(x, W * passing, W, edges)}, w, toys=toys, seed=case.seed
    )
    value = np.sqrt(max(values["js"] ** 2 - noise, 0.0))
    found = measured(float(value), np.sqrt(np.maximum(spread["js"] ** 2 - 2 * noise, 0.0)))
    return Measured(found.value, min(found.low, found.value), max(found.high, found.value))


def _cuts(score: Array, w: Array) -> dict[float, float]:
    """Background efficiency to threshold, where enough events pass to see a shape and ties allow the efficiency."""
    order = np.argsort(-score, kind="stable")
    s = score[order]
    ends = np.flatnonzero(np.append(s[1:] != s[:-1], True))  # last event at each distinct score
    passing = np.cumsum(w[order])[ends]
    squares = np.cumsum(w[order] ** 2)[ends]
    found = {}
    for efficiency in _EFFICIENCIES:
        k = int(np.argmin(np.abs(passing / w.sum() - efficiency)))
        enough = passing[k] ** 2 >= _LEAST * squares[k]
        if enough and abs(passing[k] / w.sum() / efficiency - 1) < _NEAR:
            found[efficiency] = float(s[ends[k]])
    return found
