"""The data of a search, its one split for all trials, and the score that is computed in one way for all of them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

from lawful.errors import InputError
from lawful.nets.values import whole
from lawful.predict.checking import validation_parts
from lawful.predict.estimator import NetEstimator
from lawful.predict.inputs import Array, check_weight, is_events, take_apart
from lawful.predict.splitting import FOLDS, assign_folds

Score = Callable[[Any, Any, Any, Any], float]
LOG_LOSS, BRIER, SQUARES = "log loss", "Brier score", "squared error / variance"
_LEAST = 1e-12  # probability of what happened; zero would make one event decide


@dataclass(frozen=True)
class Data:
    """Rows to learn from or to judge by.

    Attributes:
        X: Inputs as the model takes them.
        y: Targets or labels, (N,) or (N, T), or None.
        weight: Weights of either sign, (N,), or None for ones.
        groups: Rows of one group stay together; (N,) whole numbers or None.
        brought: Whether X are events that bring y and weights to the model themselves.
    """

    X: Any
    y: Any
    weight: Array | None
    groups: Array | None = None
    brought: bool = False

    def __len__(self) -> int:
        return count_rows(self.X)

    def part(self, rows: Array) -> "Data":
        """Some of the rows."""
        y, weight, groups = (None if v is None else v[rows] for v in (self.y, self.weight, self.groups))
        return replace(self, X=take(self.X, rows), y=y, weight=weight, groups=groups)

    def fit(self, model: Any) -> Any:
        """Train a model on these."""
        if self.brought:
            return model.fit(self.X)
        if self.weight is None:
            return model.fit(self.X) if self.y is None else model.fit(self.X, self.y)
        name = "sample_weight"
        if isinstance(model, Pipeline):
            name = f"{model.steps[-1][0]}__{name}"
        return model.fit(self.X, self.y, **{name: self.weight})


def read_data(model: Any, X: Any, y: Any, weight: Any) -> Data:
    """Take apart what the user gave, so that rows of it can be taken.

    Raises:
        InputError: When lengths differ, weights are none, or the model takes no weights but there are some.
    """
    groups, brought = None, False
    if is_events(X):
        brought = isinstance(model, NetEstimator) and y is None and weight is None
        weighted = getattr(X, "weighted", True)
        table = take_apart(X, y, weight)
        groups = table.groups
        weight = table.weight if weight is not None or weighted else None
        X, y = (X if isinstance(model, NetEstimator) else table.X), table.y
    elif not isinstance(X, dict | tuple):
        table = take_apart(X, y, weight)
        X, y, weight = (np.asarray(table.X) if isinstance(X, list) else table.X), table.y, table.weight
    rows = count_rows(X)
    y = None if y is None else np.asarray(y)
    if y is not None and (y.ndim == 0 or len(y) != rows):
        raise InputError(f"X has {rows} rows, y has shape {y.shape}: expected a target for each row.")
    weight = None if weight is None else check_weight(weight, rows)
    if weight is not None and not brought:
        last = model.steps[-1][1] if isinstance(model, Pipeline) else model
        if not has_fit_parameter(last, "sample_weight"):
            raise InputError(f"{type(last).__name__} takes no sample_weight: leave the weights out, or use another.")
    return Data(X, y, weight, groups, brought)


def count_rows(X: Any) -> int:
    """Number of rows of any kind of input."""
    if isinstance(X, dict):
        return count_rows(next(iter(X.values())))
    if isinstance(X, tuple):
        return count_rows(X[0])
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)


def take(X: Any, rows: Array) -> Any:
    """Rows of any kind of input: events, tables, arrays, several inputs by name."""
    if is_events(X):
        return X.select(rows)
    if isinstance(X, dict):
        return {name: take(part, rows) for name, part in X.items()}
    if isinstance(X, tuple):
        return tuple(take(part, rows) for part in X)
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def divide_rows(data: Data, model: Any, folds: int, seed: int) -> list[tuple[Array, Array]]:
    """Rows to learn from and rows to judge by, for each fold; with one fold a fifth is held out.

    Parts have equal shares of each class and of each sign of the weight, and groups stay together.

    Raises:
        InputError: When there are too few rows or groups, or a part has no positive sum of weights.
    """
    N = len(data)
    parts = FOLDS if whole("folds", folds, 1) == 1 else folds
    if 2 * parts > N or (data.groups is not None and len(np.unique(data.groups)) < parts):
        raise InputError(f"folds={folds} cuts the events into {parts} parts: there are too few events or groups.")
    kind = np.zeros(N, np.int64)
    if is_classifier(model) and data.y is not None and data.y.ndim == 1:
        kind = np.unique(data.y, return_inverse=True)[1]
    sign = np.zeros(N) if data.weight is None else np.sign(data.weight)
    fold = assign_folds(3 * kind + sign.astype(np.int64) + 1, data.groups, parts, seed)
    for k in range(parts):
        if data.weight is not None and data.weight[fold == k].sum() <= 0:
            raise InputError("The weights of a held-out part sum to zero or less: use fewer folds, or more events.")
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(folds)]


def read_validation(model: Any, validation: Any) -> Data:
    """Events that the user set aside, as `Data`."""
    parts = validation_parts(validation)
    return read_data(model, *parts, *[None] * (3 - len(parts)))


@dataclass(frozen=True)
class Judge:
    """How trials are scored.

    Attributes:
        kind: Name of the score.
        maximise: Whether more is better.
        score: The user's function, or None for a loss of this module.
        scale: Variance of each target, (T,), the unit of squared errors.
    """

    kind: str
    maximise: bool
    score: Score | None = None
    scale: Array | None = None

    def __call__(self, model: Any, data: Data) -> tuple[float, float]:
        r"""Score and its standard error, NaN for a user's score.

        A loss is $L = \sum w l / \sum w$ with the error $\sqrt{\sum w^2 (l - L)^2} / |\sum w|$.
        """
        if self.score is not None:
            try:
                score = float(self.score(model, data.X, data.y, data.weight))
            except TypeError as error:
                if data.weight is not None and "sample_weight" in str(error):
                    raise InputError(f"score={self.kind!r} takes no weights, but there are some: {error}") from None
                raise
            return score, float("nan")
        loss = _squares(model, data, self.scale) if self.scale is not None else _of_classes(model, data, self.kind)
        w = np.ones(len(loss)) if data.weight is None else data.weight
        mean = float((w * loss).sum() / w.sum())
        return mean, float(np.sqrt(np.square(w * (loss - mean)).sum()) / abs(w.sum()))


def read_judge(model: Any, data: Data, score: Any) -> Judge:
    """The score of a search.

    Args:
        model: The estimator.
        data: What is there, of which the unit of squared errors is taken.
        score: None for a loss, the name of one of scikit-learn's scorers, or a function (model, X, y, weight).

    Raises:
        InputError: When it is none of these, or the model has no loss of its own kind.
    """
    if isinstance(score, str):
        if score not in get_scorer_names():
            near = get_close_matches(score, get_scorer_names(), 3, 0.4)
            raise InputError(
                f"score={score!r}: scikit-learn has no scorer of this name{f'; near are {near}' if near else ''}. "
                "Give one of its names, or a function (model, X, y, weight)."
            )
        return Judge(score, True, _Scorer(get_scorer(score)))
    if callable(score):
        return Judge(getattr(score, "__name__", "score"), True, score)
    if score is not None:
        raise InputError(f"score={score!r}: expected None, a scikit-learn name, or a function (model, X, y, weight).")
    if data.y is not None and is_classifier(model) and hasattr(model, "predict_proba") and data.y.ndim == 1:
        signed = data.weight is not None and bool((data.weight < 0).any())
        return Judge(BRIER if signed else LOG_LOSS, False)
    if data.y is not None and is_regressor(model):
        y = data.y.astype(np.float64).reshape(len(data), -1)
        size = None if data.weight is None else np.abs(data.weight)
        variance = np.average((y - np.average(y, axis=0, weights=size)) ** 2, axis=0, weights=size)
        return Judge(SQUARES, False, scale=np.where(variance > 0, variance, 1.0))
    raise InputError(
        f"{type(model).__name__} with y {'missing' if data.y is None else 'given'} has no loss that all trials could "
        "share: give score=, a function (model, X, y, weight) whose larger values are better."
    )


@dataclass(frozen=True)
class _Scorer:
    """One of scikit-learn's scorers, with weights where there are any."""

    scorer: Any

    def __call__(self, model: Any, X: Any, y: Any, weight: Any) -> float:
        more = {} if weight is None else {"sample_weight": weight}
        return float(self.scorer(model, X, y, **more))


def _of_classes(model: Any, data: Data, kind: str) -> Array:
    """Loss of each event, (N,), from the probabilities of the classes.

    The log loss of events with negative weights has no lower bound where the weights sum to less than zero; the
    Brier score is bounded, and the true probability is its minimum too.
    """
    p, y = np.asarray(model.predict_proba(data.X)), data.y
    classes = np.asarray(model.classes_)
    column = np.searchsorted(classes, y).clip(max=len(classes) - 1)
    known = classes[column] == y
    if kind == LOG_LOSS:
        return np.asarray(-np.log(np.maximum(np.where(known, p[np.arange(len(y)), column], 0.0), _LEAST)))
    true = np.zeros_like(p, dtype=np.float64)
    true[np.flatnonzero(known), column[known]] = 1.0
    return np.asarray(np.square(p - true).sum(1) + ~known)


def _squares(model: Any, data: Data, scale: Array | None) -> Array:
    y = data.y.astype(np.float64).reshape(len(data), -1)
    return np.asarray((np.square(np.asarray(model.predict(data.X)).reshape(y.shape) - y) / scale).mean(1))
