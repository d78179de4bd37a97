"""Everything that the sections of a report look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lawful.evidence.arrays import Array
from lawful.evidence.cuts import CutTable, cut_table
from lawful.evidence.models import Subject
from lawful.evidence.questions import Binary, Question
from lawful.evidence.sample import Sample
from lawful.evidence.selection import cross_fitted_cuts
from lawful.evidence.significance import SignificanceScan, scan_significance

WORKING = (0.3, 0.5, 0.7)
BEST = "largest significance"
LEAST = 25.0  # effective background events that a chosen cut leaves


@dataclass(frozen=True)
class Case:
    """A model, what it is asked, and the events it is asked on.

    Attributes:
        subject: The model.
        others: Models to compare it with.
        question: What is asked.
        test: Events to judge by.
        train: Events it was trained on, if given.
        data: Real data without truth, if given.
        expected: Expected yields by "signal" and "background" (or class), if given.
        uncertainty: Relative uncertainty of the background.
        variables: Names of columns to look at after cuts.
        toys: Number of bootstrap toys.
        seed: Seed of the toys and shuffles.
        importance: Whether to measure what features matter.
        provenance: Facts on how all this was made.
        attribution: Whether to measure where networks look.
    """

    subject: Subject
    others: tuple[Subject, ...]
    question: Question
    test: Sample
    train: Sample | None
    data: Sample | None
    expected: Mapping[str, float]
    uncertainty: float
    variables: tuple[str, ...]
    toys: int
    seed: int
    importance: bool
    provenance: Mapping[str, Any]
    attribution: bool = False

    @cached_property
    def truth(self) -> Array:
        """Truth of the test events as the metrics want it."""
        return self.question.truth(self.test)

    @cached_property
    def answer(self) -> Array:
        """The model's answer on the test events."""
        return self.question.ask(self.subject, self.test.frame)

    @cached_property
    def train_answer(self) -> Array | None:
        """The model's answer on the training events, if they were given."""
        return None if self.train is None else self.question.ask(self.subject, self.train.frame)

    @cached_property
    def data_answer(self) -> Array | None:
        """The model's answer on real data, if they were given."""
        return None if self.data is None else self.question.ask(self.subject, self.data.frame)

    @cached_property
    def answers(self) -> dict[str, Array]:
        """Answers of all models on the test events, by name, the examined one first."""
        found = {self.subject.name: self.answer}
        found.update({other.name: self.question.ask(other, self.test.frame) for other in self.others})
        return found


@dataclass(frozen=True)
class BinaryView:
    """One class against the rest: labels, scores, and the cuts that follow.

    Attributes:
        name: The class that is signal.
        signal: True for signal, (N,).
        score: Its probability, (N,).
        weight: Event weights, (N,).
        expected_signal: Expected signal before cuts; None: the sum of its weights.
        expected_background: The same for background.
        uncertainty: Relative uncertainty of the background.
        toys: Number of toys.
        seed: Seed of the toys.
    """

    name: str
    signal: Array
    score: Array
    weight: Array
    expected_signal: float | None
    expected_background: float | None
    uncertainty: float
    toys: int
    seed: int

    @cached_property
    def scan(self) -> SignificanceScan:
        """Significance at every cut."""
        return self._scan(np.ones(len(self.signal), dtype=bool))

    def _scan(self, rows: Array) -> SignificanceScan:
        """The scan of some of the events, scaled to the yields of all."""
        f, g = self.scale
        own_s, own_b = (self.weight[own].sum() for own in (self.signal, ~self.signal))
        return scan_significance(
            self.signal[rows],
            self.score[rows],
            self.weight[rows],
            signal=float(f * own_s),
            background=float(g * own_b),
            uncertainty=self.uncertainty,
            least=LEAST * float(np.mean(rows)),
        )

    @cached_property
    def selected(self) -> Array | None:
        """Whether each event passes the cut of largest significance that the other events chose, (N,).

        None where the events are too few to choose on some and judge on others.
        """

        def choose(rows: Array) -> float:
            scan = self._scan(rows)
            return float(scan.thresholds[scan.best])

        cuts = cross_fitted_cuts(self.signal, self.weight, choose, seed=self.seed)
        return None if cuts is None else np.asarray(self.score >= cuts)

    @cached_property
    def working_points(self) -> dict[str, float]:
        """Name to threshold: fixed signal efficiencies, and the largest significance."""
        rows = np.argsort(-self.score, kind="stable")
        rows = rows[self.signal[rows]]
        share = np.cumsum(self.weight[rows]) / self.weight[rows].sum()
        points = {f"ε_S = {e:g}": float(self.score[rows][np.argmax(share >= e * (1 - 1e-12))]) for e in WORKING}
        return points | {BEST: float(self.scan.thresholds[self.scan.best])}

    @cached_property
    def table(self) -> CutTable:
        """All cuts, with toys; the working points are among them."""
        also = list(self.working_points.values())
        return cut_table(self.signal, self.score, self.weight, toys=self.toys, seed=self.seed, also=also)

    @cached_property
    def scale(self) -> tuple[float, float]:
        """Factors from weights to expected yields, of signal and background."""
        s, b = self.weight[self.signal].sum(), self.weight[~self.signal].sum()
        return (
            1.0 if self.expected_signal is None else self.expected_signal / s,
            1.0 if self.expected_background is None else self.expected_background / b,
        )


def binary_view(case: Case) -> BinaryView:
    """The view on a binary question."""
    assert isinstance(case.question, Binary)
    s, b = (case.expected.get(role) for role in ("signal", "background"))
    return BinaryView(
        str(case.question.positive),
        case.truth,
        case.answer,
        case.test.weight,
        s,
        b,
        case.uncertainty,
        case.toys,
        case.seed,
    )
