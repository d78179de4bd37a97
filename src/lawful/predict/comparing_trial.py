"""One training of a comparison: with the budget that all share, judged inside and outside."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.base import clone

from lawful.physics.statement import Enforced, Statement
from lawful.predict.estimator import NetEstimator
from lawful.predict.inputs import Array
from lawful.predict.splitting import FOLDS, count_members


def _rows(X: Any, rows: Array) -> Any:
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


@dataclass(frozen=True)
class Budget:
    """What all trainings share: members, events in a step, and updates of each member."""

    members: int
    batch: int
    updates: int

    @classmethod
    def of(cls, model: NetEstimator, most: int, least: int, epochs: int) -> "Budget":
        """Of a model, given the sizes of the largest and the smallest part, and the passes over the largest."""
        given = model.batch_size
        batch = int(np.clip(most // 10, 16, 256)) if isinstance(given, str) else int(given)
        members = count_members(least, int(model.members), held_out=True)
        return cls(members, batch, epochs * cls(members, batch, 0).steps(most))

    def steps(self, rows: int) -> int:
        """Updates in an epoch over so many rows, some of which are held out."""
        learned = rows - rows / max(FOLDS, self.members)
        return max(1, round(learned / self.batch))

    def epochs(self, rows: int) -> int:
        """Passes over so many rows."""
        return max(1, round(self.updates / self.steps(rows)))


@dataclass(frozen=True)
class Trial:
    """A model with data on which it is trained and judged, one mechanism after the other.

    Attributes:
        model: The estimator, unfitted.
        X: Inputs, (N, F).
        y: Targets or labels, (N,) or (N, T).
        weight: Weights, (N,), or None.
        outside: (X, y) on which it is judged besides, or None.
        budget: Of each training.
    """

    model: Any
    X: Any
    y: Array
    weight: Array | None
    outside: tuple[Any, Any] | None
    budget: Budget

    @cached_property
    def scale(self) -> Array:
        """Deviation of each target over all events, (T,), the unit of errors; 1 for what does not vary."""
        if hasattr(type(self.model), "predict_proba"):
            return np.ones(1)
        y = self.y.astype(np.float64).reshape(len(self.y), -1)
        w = None if self.weight is None else np.abs(self.weight)
        deviation = np.sqrt(np.average((y - np.average(y, axis=0, weights=w)) ** 2, axis=0, weights=w))
        return np.where(deviation > 0, deviation, 1.0)

    def run(
        self, physics: list[Enforced], measured: Sequence[Statement], learn: Array, judge: Array, seed: int
    ) -> list[dict[str, Any]]:
        """Train once; a row for each statement that is measured."""
        epochs = self.budget.epochs(len(learn))
        fitted = clone(self.model).set_params(
            physics=[*self.model.physics, *physics],
            epochs=epochs,
            patience=epochs,
            batch_size=self.budget.batch,
            members=self.budget.members,
            seed=seed,
            verbose=False,
        )
        X, y, w = _rows(self.X, judge), self.y[judge], None if self.weight is None else self.weight[judge]
        started = time.process_time()
        fitted.fit(_rows(self.X, learn), self.y[learn], None if self.weight is None else self.weight[learn])
        seconds = time.process_time() - started
        judged = [line["validation_loss"] for line in fitted.history_]
        row = {
            "seconds": seconds,
            "best after": (int(np.argmin(judged)) + 1) / len(judged),
            "error": _error(fitted, X, y, w, self.scale),
            "error outside": np.nan if self.outside is None else _error(fitted, *self.outside, None, self.scale),
            "parameters": int(fitted.members_.values.shape[1]),
        }
        size = None if w is None else np.abs(w)
        rows = []
        for statement in measured:
            violation = np.average(statement.violation(fitted, X, seed=seed), weights=size)
            rows.append({**row, "statement": statement.name, "violation": float(violation)})
        return rows


def _error(model: Any, X: Any, y: Any, weight: Any, scale: Array) -> float:
    """Log loss, or the rms error over the deviation of the targets."""
    if hasattr(model, "classes_"):
        p = model.predict_proba(X)[np.arange(len(y)), np.searchsorted(model.classes_, y)]
        loss = -np.log(np.maximum(p, 1e-12))
    else:
        y = np.asarray(y, dtype=float).reshape(len(y), -1)
        difference = (np.asarray(model.predict(X)).reshape(y.shape) - y) / scale
        loss = (difference**2).mean(1)
    mean = float(np.average(loss, weights=weight))
    return mean if hasattr(model, "classes_") else float(np.sqrt(max(mean, 0.0)))
