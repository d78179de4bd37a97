"""A fitted model: what it takes, what it says, and what it costs."""

import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lawful.errors import InputError
from lawful.evidence.arrays import Array, within_one

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Subject:
    """A fitted model with the name it is reported under.

    Attributes:
        name: For tables and legends.
        model: A fitted estimator with scikit-learn's methods.
    """

    name: str
    model: Any

    def check_fitted(self) -> None:
        """Check that this is a model, and that it was fitted.

        Raises:
            InputError: When it is not.
        """
        from sklearn.exceptions import NotFittedError
        from sklearn.utils.validation import check_is_fitted

        kind = type(self.model).__name__
        if isinstance(self.model, type) or not (
            hasattr(self.model, "predict") or hasattr(self.model, "predict_proba")
        ):
            raise InputError(f"{self.name}: received {kind}, expected a fitted model with predict or predict_proba.")
        try:
            check_is_fitted(self.model)
        except NotFittedError:
            raise InputError(f"{self.name}: this {kind} was not fitted. Call fit(X, y) first.") from None
        except (
            TypeError,
            AttributeError,
        ):  # not one of scikit-learn's kind: that it is fitted shows when it predicts
            return

    @property
    def names(self) -> list[str] | None:
        """Features that it was fitted with, where it knows them."""
        names = getattr(self.model, "feature_names_in_", None)
        return None if names is None else [str(name) for name in names]

    @property
    def table(self) -> Callable[[Any], "pd.DataFrame"] | None:
        """Of a model of structured inputs: the function from inputs to one table of all their numbers."""
        structured = getattr(self.model, "structure_", None) is not None
        found: Callable[[Any], pd.DataFrame] | None = self.model.as_table if structured else None
        return found

    @property
    def groups(self) -> dict[str, list[str]] | None:
        """Of a model of structured inputs: what can be shuffled together, by name."""
        structure = getattr(self.model, "structure_", None)
        return None if structure is None else dict(structure.groups())

    @property
    def classes(self) -> Array | None:
        """Its classes, None for a regression.

        Raises:
            InputError: When it is a classifier without probabilities.
        """
        if not hasattr(self.model, "classes_"):
            return None
        if not hasattr(self.model, "predict_proba"):
            raise InputError(
                f"{self.name}: {type(self.model).__name__} gives no probabilities (predict_proba). Wrap it in "
                "sklearn.calibration.CalibratedClassifierCV."
            )
        return np.asarray(self.model.classes_)

    def inputs(self, frame: "pd.DataFrame") -> Any:
        """What the model takes of these features: its own columns by name, or the table as an array.

        Raises:
            InputError: When a feature is missing (naming the nearest), or their number is wrong.
        """
        names = self.names
        if names is not None:
            there = set(frame.columns)
            absent = [name for name in names if name not in there]
            if absent:
                from lawful.data.names import nearest

                raise InputError(
                    f"{self.name}: the events have no feature {absent[0]!r} that the model was fitted with "
                    f"({len(absent)} of {len(names)} are absent): {nearest(absent[0], list(frame.columns))}"
                )
            return frame[names]
        expected = getattr(self.model, "n_features_in_", None)
        if expected is not None and expected != frame.shape[1]:
            raise InputError(
                f"{self.name}: fitted on {expected} features without names, but the events have {frame.shape[1]}. "
                "Fit it on a data frame, so that its columns can be found by name."
            )
        numbers = all(kind.kind in "biuf" for kind in frame.dtypes if hasattr(kind, "kind"))
        # beside floats, a column of yes and no would turn the whole table into objects
        return (
            frame.to_numpy(dtype=np.float64)
            if numbers and "b" in {k.kind for k in frame.dtypes}
            else frame.to_numpy()
        )

    def probability(self, frame: "pd.DataFrame") -> Array:
        """Probability of each class, (N, K)."""
        p = self._checked(self._numbers("predict_proba", frame), "predict_proba")
        classes = self.classes
        K = 0 if classes is None else len(classes)
        if p.shape != (len(frame), K):
            raise InputError(
                f"{self.name}: predict_proba gives shape {p.shape}, expected ({len(frame)}, {K}), a probability for "
                "each event and class."
            )
        return within_one(p, f"{self.name}: predict_proba")

    def predict(self, frame: "pd.DataFrame") -> Array:
        """Predicted numbers, (N, T)."""
        p = self._checked(self._numbers("predict", frame), "predict")
        if len(p) != len(frame):
            raise InputError(f"{self.name}: predict gives {len(p)} values for {len(frame)} events.")
        return p.reshape(len(frame), -1)

    def _numbers(self, method: str, frame: "pd.DataFrame") -> Array:
        found = getattr(self.model, method)(self.inputs(frame))
        try:
            values = np.asarray(found, dtype=np.float64)
        except (TypeError, ValueError):
            values = np.empty(())
        if values.ndim == 0:
            raise InputError(f"{self.name}: {method} gives no numbers, one for each event. Has it classes_ it hides?")
        return values

    def _checked(self, predicted: Array, method: str) -> Array:
        if not np.isfinite(predicted).all():
            bad = int((~np.isfinite(predicted.reshape(len(predicted), -1))).any(axis=1).sum())
            raise InputError(
                f"{self.name}: {method} gives NaN or infinity for {bad} of {len(predicted)} events. Did the training "
                "diverge, or are these events far from those it was trained on?"
            )
        return predicted

    def spread(self, frame: "pd.DataFrame") -> Array | None:
        """The model's own uncertainty of its predictions, (N, T): of `spread`, or of `predict(return_std=True)`."""
        rows = len(frame)
        if hasattr(self.model, "spread"):
            try:
                found = self.model.spread(self.inputs(frame))
            except InputError:  # a single member has no spread
                return None
            return np.asarray(found, dtype=np.float64).reshape(rows, -1)
        predict = getattr(self.model, "predict", None)
        if predict is not None and _takes_return_std(predict):
            return np.asarray(predict(self.inputs(frame), return_std=True)[1], dtype=np.float64).reshape(rows, -1)
        return None

    @property
    def history(self) -> list[dict[str, Any]]:
        """One dictionary an epoch, empty where there is none."""
        found = getattr(self.model, "history_", None)
        return found if isinstance(found, list) and all(isinstance(line, dict) for line in found) else []

    @property
    def training_seconds(self) -> float | None:
        """Time that its training took, from its history."""
        seconds = [line["seconds"] for line in self.history if isinstance(line.get("seconds"), int | float)]
        return float(max(seconds)) if seconds else None

    def prediction_seconds(self, frame: "pd.DataFrame") -> float:
        """Time to predict one event, in seconds: the best of up to three passes over these."""
        X = self.inputs(frame)
        ask = self.model.predict_proba if hasattr(self.model, "classes_") else self.model.predict
        best, spent = np.inf, 0.0
        for _ in range(3):
            start = time.perf_counter()
            ask(X)
            passed = time.perf_counter() - start
            best, spent = min(best, passed), spent + passed
            if spent > 1.0:
                break
        return float(best / len(frame))


def _takes_return_std(predict: Any) -> bool:
    try:
        return "return_std" in inspect.signature(predict).parameters
    except (TypeError, ValueError):  # compiled code may have no signature
        return False


def count_parameters(model: Any) -> int | None:
    """How many numbers the training set: weights of networks and linear models, nodes of trees; None if unknown."""
    steps = getattr(model, "steps", None)
    if steps:
        return count_parameters(steps[-1][1])
    if hasattr(model, "best_estimator_"):
        return count_parameters(model.best_estimator_)
    values: Any = getattr(getattr(model, "members_", None), "values", None)
    if hasattr(values, "numel"):
        return int(values.numel())
    if hasattr(model, "parameters") and callable(model.parameters):
        return int(sum(p.numel() for p in model.parameters()))
    parts: list[Any] = []
    for name in ("coef_", "intercept_", "coefs_", "intercepts_"):
        found = getattr(model, name, None)
        if found is not None:
            parts.extend(found if isinstance(found, list) else [found])
    if parts:
        return int(sum(np.size(part) for part in parts))
    stages = getattr(model, "_predictors", None)
    if stages is not None:
        return int(sum(len(tree.nodes) for stage in stages for tree in stage))
    trees = getattr(model, "estimators_", None)
    if trees is not None:
        return int(sum(tree.tree_.node_count for tree in np.ravel(trees) if hasattr(tree, "tree_"))) or None
    tree = getattr(model, "tree_", None)
    return None if tree is None else int(tree.node_count)
