"""What each systematic variation does to the score, the efficiencies and the yields."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lawful.errors import InputError
from lawful.evidence.arrays import Array, safe_ratio, subtract
from lawful.evidence.case import BEST, BinaryView, Case
from lawful.evidence.document import Grid, Section, percent_measured
from lawful.evidence.figures.bars import draw_effects, draw_shape_ratio
from lawful.evidence.questions import Binary
from lawful.evidence.ranking import Ranking
from lawful.evidence.resampling import Measured, bootstrap
from lawful.evidence.shapes import histogram

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHAPES = 3  # effects whose shape is drawn


@dataclass(frozen=True)
class Shift:
    """The same events under a variation.

    Attributes:
        score: Scores, (N,).
        weight: Weights, (N,).
    """

    score: Array
    weight: Array


def find_shifts(case: Case) -> dict[str, Shift]:
    """The score and weights of the test events under each variation."""
    shifts = {}
    for name, sample in case.test.varied.items():
        if len(sample) != len(case.test):
            raise InputError(f"Variation {name!r} has {len(sample)} events, the nominal {len(case.test)}.")
        shifts[name] = Shift(case.question.ask(case.subject, sample.frame), sample.weight)
    return shifts


def effects(case: Case, view: BinaryView, shifts: Mapping[str, Shift]) -> dict[str, dict[str, Measured]]:
    """Variation to its change of AUC, of the efficiencies at the working point, and relative change of the yields.

    Nominal and varied events are the same, so they get the same toys and only what differs between them fluctuates.
    """
    cut = view.working_points[BEST]
    nominal = _Yields(view.signal, view.score, view.weight, cut)
    found = {}
    for name, shift in shifts.items():
        varied = _Yields(view.signal, shift.score, shift.weight, cut)

        def change(M: Array, varied: _Yields = varied) -> dict[str, Any]:
            before, after = nominal.at(M), varied.at(M)
            return {
                key: subtract(after[key], before[key])
                if key in _ABSOLUTE
                else subtract(safe_ratio(after[key], before[key]), 1.0)
                for key in before
            }

        found[name] = bootstrap(change, np.ones(len(view.score)), toys=case.toys, seed=case.seed)
    return found


_ABSOLUTE = ("auc", "signal_efficiency", "background_efficiency")


class _Yields:
    """What is measured of events as a function of multipliers of their weights."""

    def __init__(self, signal: Array, score: Array, weight: Array, cut: float) -> None:
        self.ranking = Ranking(signal, score)
        self.weight, self.cut = weight, cut

    def at(self, multipliers: Array) -> dict[str, Any]:
        """AUC, efficiencies and yields at the cut, for multipliers (N,) or (toys, N)."""
        W = multipliers * self.weight
        signal, background = (part[..., 0] for part in self.ranking.passing(self.cut, W))
        sums = self.ranking.sums(W)
        return {
            "auc": sums.auc(),
            "signal_efficiency": safe_ratio(signal, sums.total_signal),
            "background_efficiency": safe_ratio(background, sums.total_background),
            "signal_yield": signal,
            "background_yield": background,
        }


def paired(case: Case, names: Mapping[str, Any]) -> dict[str, tuple[str | None, str | None]]:
    """Effect to its up and down variation; a variation without a partner stands as up.

    One that is called as a pair is, such as `jes` beside `jes_up` and `jes_down`, is an effect of its own.
    """
    pairs: dict[str, tuple[str | None, str | None]] = dict(case.test.pairs)
    taken = {name for pair in pairs.values() for name in pair}
    for name in names:
        if name not in taken:
            effect = name
            while effect in pairs:
                effect += " alone"
            pairs[effect] = (name, None)
    return pairs


def systematics_section(case: Case, view: BinaryView, shifts: Mapping[str, Shift]) -> Section | None:
    """Table and figures of all effects."""
    if not shifts:
        return None
    found = effects(case, view, shifts)
    rows = tuple(
        (
            name,
            str(one["auc"]),
            str(one["signal_efficiency"]),
            str(one["background_efficiency"]),
            percent_measured(one["signal_yield"]),
            percent_measured(one["background_yield"]),
        )
        for name, one in found.items()
    )
    pairs = paired(case, shifts)
    figures = {}
    for key, what in (("signal_yield", "the signal yield"), ("background_yield", "the background yield")):
        sides = {effect: (_one(found, up, key), _one(found, down, key)) for effect, (up, down) in pairs.items()}
        figures[f"systematics {key.split('_')[0]}"] = draw_effects(sides, what=f"{what} after the cut")
    figures["systematics shape"] = _shape_figure(view, shifts, pairs, found)
    cut = view.working_points[BEST]
    text = (
        f"Changes at the cut score ≥ {cut:.4g}. Nominal and varied events are the same, so their statistical errors "
        "cancel for the most part in the intervals.",
    )
    columns = ("variation", "ΔAUC", "Δε_S", "Δε_B", "signal yield", "background yield")
    metrics = {f"systematic[{n}, {key}]": m for n, one in found.items() for key, m in one.items()}
    return Section(
        "systematics",
        "Systematic variations",
        text,
        (Grid(columns, rows),),
        figures,
        {"systematics shape": "Score of background: nominal, and the ratio of the largest effects to it."},
        metrics=metrics,
    )


def _one(found: Mapping[str, Mapping[str, Measured]], name: str | None, key: str) -> Measured | None:
    return None if name is None else found[name][key]


def _shape_figure(
    view: BinaryView,
    shifts: Mapping[str, Shift],
    pairs: Mapping[str, tuple[str | None, str | None]],
    found: Mapping[str, Mapping[str, Measured]],
) -> "Figure":
    """Score of background, nominal and under the effects that change its yield most."""

    def size(effect: str) -> float:
        return max(abs(float(found[n]["background_yield"].value)) for n in pairs[effect] if n is not None)

    background = ~view.signal
    edges = np.linspace(0, 1, 26)
    nominal = histogram(view.score[background], view.weight[background], edges).scaled(view.scale[1])
    varied = {}
    for effect in sorted(pairs, key=size, reverse=True)[:_SHAPES]:
        for name in pairs[effect]:
            if name is not None:
                one = shifts[name]
                varied[name] = histogram(one.score[background], one.weight[background], edges).scaled(view.scale[1])
    return draw_shape_ratio(nominal, varied, name=f"probability of {view.name}")


def main_metric_systematics_section(case: Case) -> Section | None:
    """Change of the main metric under each variation, for questions that are not binary."""
    if not case.test.varied or isinstance(case.question, Binary):
        return None
    question, truth = case.question, case.truth
    nominal = question.judge(truth, case.answer)
    rows = []
    metrics: dict[str, Measured] = {}
    for name, shift in find_shifts(case).items():
        varied = question.judge(truth, shift.score)

        def change(M: Array, varied: Any = varied, shift: Shift = shift) -> dict[str, Any]:
            return {"": subtract(varied(M * shift.weight), nominal(M * case.test.weight))}

        found = bootstrap(change, np.ones(len(case.test)), toys=case.toys, seed=case.seed)[""]
        rows.append((name, str(found)))
        metrics[f"systematic[{name}, {question.main}]"] = found
    columns = ("variation", f"change of {question.main}")
    return Section("systematics", "Systematic variations", (), (Grid(columns, tuple(rows)),), metrics=metrics)


def band(case: Case, values: Array, varied: Mapping[str, Array], edges: Array, factor: Array) -> Array | None:
    """Systematic uncertainty of a weighted histogram, (B,): the envelope of each effect, effects in quadrature.

    The envelope is in each bin the larger of the changes that up and down make, whatever their signs: where both go
    one way, half of up minus down would cancel them.
    """
    if not varied:
        return None

    def sums(name: str | None) -> Array:
        if name is None:
            return histogram(values, case.test.weight * factor, edges).sums
        return histogram(varied[name], case.test.varied[name].weight * factor, edges).sums

    nominal = sums(None)
    square = np.zeros(len(edges) - 1)
    for up, down in paired(case, varied).values():
        changes = [np.abs(sums(name) - nominal) for name in (up, down) if name is not None]
        square += np.maximum.reduce(changes) ** 2
    return np.sqrt(square)


def varied_columns(case: Case, name: str) -> dict[str, Array]:
    """A column under each variation."""
    return {key: sample.column(name) for key, sample in case.test.varied.items()}
