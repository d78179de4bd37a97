"""The three kinds of question a model answers, and the metrics of each as functions of the weights."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lawful.errors import InputError
from lawful.evidence import calibration, regression
from lawful.evidence.arrays import Array, check_classes, safe_ratio
from lawful.evidence.models import Subject
from lawful.evidence.ranking import Ranking, inverse
from lawful.evidence.sample import Sample

if TYPE_CHECKING:
    import pandas as pd

Statistics = Callable[[Array], dict[str, Any]]
EFFICIENCIES = (0.3, 0.5, 0.7)


class Question(ABC):
    """What is asked of a model: how to read its answer, and how good the answer is."""

    kind: str
    main: str
    rises: bool  # whether a higher value of the main metric is better

    @abstractmethod
    def truth(self, sample: Sample) -> Array:
        """Truth coded as the metrics want it."""

    @abstractmethod
    def ask(self, subject: Subject, frame: "pd.DataFrame") -> Array:
        """The model's answer."""

    @abstractmethod
    def statistics(self, truth: Array, answer: Array, weight: Array) -> Statistics:
        """All metrics, as a function of weights, (N,) or (toys, N) of the nominal ones, which fix bins."""

    @abstractmethod
    def judge(self, truth: Array, answer: Array) -> Callable[[Array], Any]:
        """The main metric alone, as a function of weights."""

    @abstractmethod
    def strata(self, truth: Array) -> Array:
        """Which class each event is in, (N,), all the same for a regression."""


@dataclass(frozen=True)
class Binary(Question):
    """Is it signal? The answer is a score, (N,).

    Attributes:
        classes: The model's two classes.
        positive: Which of them is signal.
    """

    classes: Array
    positive: Any
    kind = "binary"
    main = "auc"
    rises = True

    @property
    def negative(self) -> Any:
        """The class that is background."""
        return next(c for c in self.classes.tolist() if c != self.positive)

    def truth(self, sample: Sample) -> Array:
        """True for signal, (N,)."""
        code = codes(sample.truth, self.classes)
        if len(np.unique(code)) < 2:
            raise InputError(
                f"The events hold one class only, {self.classes.tolist()[code[0]]!r}: signal and background are "
                "needed. Did a cut or a split remove the other?"
            )
        signal = np.asarray(self.classes[code] == self.positive)
        check_classes(sample.weight, signal)
        return signal

    def ask(self, subject: Subject, frame: "pd.DataFrame") -> Array:
        """Probability of signal, (N,)."""
        place = _place(subject, self.classes, self.positive)
        return subject.probability(frame)[:, place]

    def statistics(self, truth: Array, answer: Array, weight: Array) -> Statistics:
        """Ranking, decision and probability metrics."""
        ranking = Ranking(truth, answer)
        probabilities = _probability_metrics(truth.astype(np.int64), answer, (answer > 0.5) == truth)
        squares = calibration.calibration_squares(truth, answer, weight)

        def evaluate(W: Array) -> dict[str, Any]:
            sums, plain = ranking.sums(W), probabilities(W)
            return {
                "auc": sums.auc(),
                "average_precision": sums.average_precision(),
                "accuracy": plain["accuracy"],
                **{f"rejection_at_{e:g}": inverse(sums.background_efficiency(e)) for e in EFFICIENCIES},
                "log_loss": plain["log_loss"],
                "brier": plain["brier"],
                "calibration_error": squares(W),
            }

        return evaluate

    def judge(self, truth: Array, answer: Array) -> Callable[[Array], Any]:
        """AUC."""
        ranking = Ranking(truth, answer)
        return lambda W: ranking.sums(W).auc()

    def strata(self, truth: Array) -> Array:
        """0 for background, 1 for signal."""
        return truth.astype(np.int64)


@dataclass(frozen=True)
class ManyClass(Question):
    """Which class is it? The answer is a probability for each class, (N, K).

    Attributes:
        classes: The model's classes.
    """

    classes: Array
    kind = "classes"
    main = "auc"
    rises = True

    def truth(self, sample: Sample) -> Array:
        """Place of the true class, (N,)."""
        code = codes(sample.truth, self.classes)
        absent = [str(self.classes[k]) for k in range(len(self.classes)) if not (code == k).any()]
        if absent:
            raise InputError(
                f"The events hold none of the classes {absent[:5]}: each class needs events to be judged on. Use a "
                "stratified split."
            )
        for k, label in enumerate(self.classes.tolist()):
            if sample.weight[code == k].sum() <= 0:
                raise InputError(f"The weights of class {label!r} sum to zero or less. Are signs or a factor wrong?")
        return code

    def ask(self, subject: Subject, frame: "pd.DataFrame") -> Array:
        """Probability of each class, (N, K)."""
        order = [_place(subject, self.classes, c) for c in self.classes.tolist()]
        return subject.probability(frame)[:, order]

    def statistics(self, truth: Array, answer: Array, weight: Array) -> Statistics:
        """One-vs-rest ranking, decision and probability metrics."""
        right = answer.argmax(1) == truth
        probabilities = _probability_metrics(truth, answer, right)
        squares = calibration.calibration_squares(right, answer.max(1), weight)
        rankings = {label: Ranking(truth == k, answer[:, k]) for k, label in enumerate(self.classes.tolist())}

        def evaluate(W: Array) -> dict[str, Any]:
            each = {f"auc[{label}]": np.asarray(ranking.sums(W).auc()) for label, ranking in rankings.items()}
            return {
                "auc": np.mean(list(each.values()), axis=0),
                **probabilities(W),
                "calibration_error": squares(W),
                **each,
            }

        return evaluate

    def judge(self, truth: Array, answer: Array) -> Callable[[Array], Any]:
        """Mean one-vs-rest AUC."""
        rankings = [Ranking(truth == k, answer[:, k]) for k in range(len(self.classes))]
        return lambda W: np.mean([r.sums(W).auc() for r in rankings], axis=0)

    def strata(self, truth: Array) -> Array:
        """The class."""
        return truth


@dataclass(frozen=True)
class Regression(Question):
    """What is its value? The answer is a number for each output, (N, T).

    Attributes:
        outputs: Names of the outputs.
    """

    outputs: tuple[str, ...]
    kind = "regression"

    @property
    def main(self) -> str:  # type: ignore[override]
        """RMSE for one output; the mean of R^2 for several, which may have different units."""
        return "rmse" if len(self.outputs) == 1 else "r2"

    @property
    def rises(self) -> bool:  # type: ignore[override]
        """Whether higher is better."""
        return self.main == "r2"

    def truth(self, sample: Sample) -> Array:
        """True values, (N, T)."""
        try:
            y = sample.truth.astype(np.float64)
        except (TypeError, ValueError):
            raise InputError("y holds no numbers, but the model predicts numbers (it has no classes_).") from None
        return y.reshape(len(y), -1)

    def ask(self, subject: Subject, frame: "pd.DataFrame") -> Array:
        """Predicted values, (N, T)."""
        predicted = subject.predict(frame)
        if predicted.shape[1] != len(self.outputs):
            raise InputError(f"{subject.name} predicts {predicted.shape[1]} outputs, y has {len(self.outputs)}.")
        return predicted

    def statistics(self, truth: Array, answer: Array, weight: Array) -> Statistics:  # noqa: ARG002 (no bins here)
        """Bias, resolution and the like of each output."""
        metrics = {name: getattr(regression, name) for name in REGRESSION_METRICS}

        def evaluate(W: Array) -> dict[str, Any]:
            found = {
                metric_name(name, output, self.outputs): metric(truth[:, t], answer[:, t], W)
                for t, output in enumerate(self.outputs)
                for name, metric in metrics.items()
            }
            if len(self.outputs) > 1:
                each = [np.asarray(found[f"r2[{output}]"]) for output in self.outputs]
                return {"r2": np.mean(each, axis=0), **found}
            return found

        return evaluate

    def judge(self, truth: Array, answer: Array) -> Callable[[Array], Any]:
        """RMSE, or the mean of R^2."""
        if len(self.outputs) == 1:
            return lambda W: regression.rmse(truth[:, 0], answer[:, 0], W)
        return lambda W: np.mean([regression.r2(truth[:, t], answer[:, t], W) for t in range(truth.shape[1])], axis=0)

    def strata(self, truth: Array) -> Array:
        """All the same."""
        return np.zeros(len(truth), dtype=np.int64)


def _probability_metrics(code: Array, answer: Array, right: Array) -> Statistics:
    """Accuracy, log loss and Brier score, each a weighted mean over the events."""
    each = [right.astype(np.float64), calibration.surprise(code, answer), calibration.square_distance(code, answer)]
    table = np.stack(each, axis=1)  # (N, 3)

    def evaluate(W: Array) -> dict[str, Any]:
        sums, total = W @ table, W.sum(-1)
        return {name: safe_ratio(sums[..., k], total) for k, name in enumerate(("accuracy", "log_loss", "brier"))}

    return evaluate


REGRESSION_METRICS = ("rmse", "mae", "bias", "resolution", "resolution_68", "r2")


def metric_name(name: str, output: str, outputs: tuple[str, ...]) -> str:
    """`rmse` for one output, `rmse[output]` for several."""
    return name if len(outputs) == 1 else f"{name}[{output}]"


def codes(y: Array, classes: Array) -> Array:
    """The place of each label among the classes, (N,).

    Raises:
        InputError: For labels that the model does not know.
    """
    order = np.argsort(classes)
    try:
        place = order[np.searchsorted(classes[order], y).clip(max=len(classes) - 1)]
        known = classes[place] == y
    except (TypeError, ValueError):
        known = np.zeros(len(y), dtype=bool)
    if not np.all(known):
        unknown = np.unique(y[~known])[:5].tolist()
        raise InputError(
            f"y holds {int((~known).sum())} events of classes that the model does not know, {unknown}; it knows "
            f"{classes.tolist()[:10]}. Was it trained with other labels?"
        )
    return np.asarray(place)


def _place(subject: Subject, classes: Array, label: Any) -> int:
    own = subject.classes
    labels = [] if own is None else own.tolist()
    if own is None or len(labels) != len(classes) or set(labels) != set(classes.tolist()):
        shown = "no classes: it is a regression" if own is None else f"the classes {labels}"
        alike = own is not None and sorted(map(str, labels)) == sorted(map(str, classes.tolist()))
        hint = " Text and numbers are different labels: fit both models on the same y." if alike else ""
        raise InputError(
            f"{subject.name} has {shown}, expected {classes.tolist()} as the model it is compared with.{hint}"
        )
    return labels.index(label)


def find_question(subject: Subject, sample: Sample, positive: Any = None) -> Question:
    """What kind of model this is.

    Raises:
        InputError: When `positive` is no class of the model.
    """
    classes = subject.classes
    if classes is None:
        if positive is not None:
            raise InputError(f"positive={positive!r}, but {subject.name} has no classes: it is a regression.")
        y = sample.truth
        outputs = sample.targets if y.ndim == 2 else sample.targets[:1]
        return Regression(tuple(outputs))
    if sample.truth.ndim == 2:
        raise InputError(f"y has shape {sample.truth.shape}, expected one label an event, (N,).")
    if positive is not None and positive not in classes.tolist():
        from lawful.data.names import nearest

        raise InputError(
            f"positive={positive!r} is none of the classes {classes.tolist()[:10]}: "
            f"{nearest(str(positive), [str(c) for c in classes])}"
        )
    if len(classes) == 2:
        return Binary(classes, classes.tolist()[1] if positive is None else positive)
    if positive is not None and len(classes) > 2:
        raise InputError(
            f"positive={positive!r} does nothing with {len(classes)} classes: each is judged against the rest."
        )
    if len(classes) < 2:
        raise InputError(f"{subject.name} knows one class only, {classes.tolist()}: there is nothing to tell apart.")
    return ManyClass(classes)
