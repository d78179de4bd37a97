"""The mechanisms compared: same data, same budget, several seeds."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import train_test_split

from lawful.errors import InputError
from lawful.physics.statement import MECHANISMS, Enforced, Statement
from lawful.predict.estimator import NetEstimator
from lawful.predict.inputs import Array
from lawful.predict.knowledge import can_hold
from lawful.progress import Progress

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FRACTIONS = (0.125, 0.25, 0.5, 1.0)
_COLUMNS = ("error", "error outside", "violation", "events needed", "parameters", "seconds")


@dataclass(frozen=True)
class Comparison:
    """What `compare` found.

    Attributes:
        table: A row for each statement and mechanism: median over the seeds of "error", "error outside",
            "violation", "events needed", "parameters", "seconds" (CPU), each followed by a column with half the
            distance of its 16th and 84th percentiles, "... spread"; and "verdict", whether enforcing helps.
        runs: A row for each single training.
        kind: What the error is: "rms error / deviation" or "log loss".
    """

    table: "pd.DataFrame"
    runs: "pd.DataFrame"
    kind: str
    wanted: float = field(default=float("nan"))

    def __repr__(self) -> str:
        """The table."""
        return str(self.table.to_string(index=False, float_format=lambda v: f"{v:.3g}"))

    def figure(self) -> "Figure":
        """Error against number of training events for each mechanism, inside and outside, and the violations."""
        from lawful.predict.comparing_figure import draw_comparison

        return draw_comparison(self)


def compare(
    model: Any,
    X: Any,
    y: Any,
    *,
    sample_weight: Any = None,
    statements: Sequence[Statement] | Statement,
    mechanisms: Sequence[str | None] = (None, "augment", "loss", "architecture"),
    outside: tuple[Any, Any] | None = None,
    seeds: int = 5,
    test: float = 0.3,
    fractions: Sequence[float] = FRACTIONS,
    epochs: int = 200,
    error: float | None = None,
    options: dict[str, dict[str, Any]] | None = None,
    seed: int = 0,
    verbose: bool | None = None,
) -> Comparison:
    """Which mechanism is best for these data, and does the statement hold at all?

    For each seed a share `test` of the events is set aside. Each mechanism is trained on the same parts of the rest,
    of several sizes, with the same number of gradient updates, and judged on the same test events.

    Args:
        model: An unfitted `Classifier` or `Regressor`, whose settings all trainings share.
        X: Inputs, (N, F).
        y: Targets or labels, (N,) or (N, T).
        sample_weight: Weights, (N,), of either sign.
        statements: What is stated, each compared by itself, without mechanism.
        mechanisms: Names, and None for a network that knows nothing; those that a statement lacks are left out.
        outside: (X, y) outside the domain of the training events.
        seeds: Number of repetitions.
        test: Share of test events.
        fractions: Shares of the training events, for the number of events that are needed.
        epochs: Passes over all training events; on a part, as many more as make the same number of updates.
        error: The error for which the events needed are counted; None: the best that the model without physics
            reaches on all events.
        options: Options of a mechanism, {"loss": {"weight": 0.1}}.
        seed: Everything random follows from it.
        verbose: As for estimators.

    Returns:
        A `Comparison`.

    Raises:
        InputError: For a model of another kind, a mechanism that is unknown or that no statement has, or too few
            events.

    Examples:
        >>> import lawful as lf
        >>> from lawful.physics import Symmetry, groups
        >>> X = np.random.default_rng(0).normal(size=(120, 2))
        >>> rotation = Symmetry(groups.SO(2), on="vector")
        >>> found = compare(lf.Regressor(hidden=(8,)), X, np.hypot(*X.T), statements=rotation,
        ...                 mechanisms=[None, "architecture"], seeds=1, epochs=5, verbose=False)
        >>> found.table["mechanism"].tolist()
        ['none', 'architecture']
    """
    import pandas as pd

    if not isinstance(model, NetEstimator):
        raise InputError(f"compare takes a lawful Classifier or Regressor, unfitted; got {type(model).__name__}.")
    statements = [statements] if isinstance(statements, Statement) else list(statements)
    classify = hasattr(model, "predict_proba") or hasattr(type(model), "predict_proba")
    _check(statements, mechanisms, seeds, test, fractions, classify)
    X, weighted = (X if hasattr(X, "iloc") else np.asarray(X)), sample_weight is not None
    y = np.asarray(y)
    weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    given = model.batch_size
    batch = int(np.clip((1 - test) * len(y) // 10, 16, 256)) if isinstance(given, str) else int(given)
    cases = [(s, m) for s in statements for m in mechanisms if m is None or can_hold(s, m, classes=classify)]
    rows: list[dict[str, Any]] = []
    with Progress("compare", total=seeds * len(cases) * len(fractions), verbose=verbose) as progress:
        for repetition in range(seeds):
            learn, judge = train_test_split(
                np.arange(len(y)), test_size=test, random_state=seed + repetition, stratify=y if classify else None
            )
            for statement, mechanism in cases:
                for fraction in fractions:
                    part = learn[: max(20, round(fraction * len(learn)))]
                    row = _train(
                        model,
                        statement,
                        mechanism,
                        (options or {}).get(mechanism or "", {}),
                        (_rows(X, part), y[part], weight[part] if weighted else None),
                        (_rows(X, judge), y[judge], weight[judge]),
                        outside,
                        epochs=max(1, round(epochs * len(learn) / len(part))),
                        batch=batch,
                        seed=seed + repetition,
                    )
                    rows.append({"seed": repetition, "events": len(part), "fraction": fraction, **row})
                    progress.step(f"{statement.name}, {mechanism or 'none'}, {len(part)} events")
    runs = pd.DataFrame(rows)
    whole = runs[runs["fraction"] == max(fractions)]
    wanted = float(whole[whole["mechanism"] == "none"]["error"].median()) if error is None else float(error)
    table = _table(runs, whole, wanted, cases)
    return Comparison(table, runs, "log loss" if classify else "rms error / deviation", wanted)


def _check(
    statements: Sequence[Any],
    mechanisms: Sequence[Any],
    seeds: Any,
    test: Any,
    fractions: Sequence[float],
    classify: bool,
) -> None:
    for statement in statements:
        if isinstance(statement, Enforced):
            raise InputError(f"{statement.name}: give the plain statement; `mechanisms` says how it is enforced.")
        if not isinstance(statement, Statement):
            raise InputError(f"statements: {statement!r} is no statement.")
    if not statements:
        raise InputError("statements is empty: give at least one.")
    for mechanism in mechanisms:
        if mechanism is not None and mechanism not in MECHANISMS:
            raise InputError(f"mechanisms: {mechanism!r} is not known; there are None and {list(MECHANISMS)}.")
        if mechanism is not None and not any(can_hold(s, mechanism, classes=classify) for s in statements):
            raise InputError(f"mechanisms: an estimator can hold none of the statements by {mechanism!r}.")
    if isinstance(seeds, bool) or not isinstance(seeds, int | np.integer) or seeds < 1:
        raise InputError(f"seeds={seeds!r}: expected a whole number of at least 1.")
    if not 0 < test < 1:
        raise InputError(f"test={test!r}: expected a share between 0 and 1.")
    if not len(fractions) or not all(0 < f <= 1 for f in fractions):
        raise InputError(f"fractions={fractions!r}: expected shares above 0 and at most 1.")


def _rows(X: Any, rows: Array) -> Any:
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def _train(
    model: Any,
    statement: Statement,
    mechanism: str | None,
    options: dict[str, Any],
    data: tuple[Any, Any, Any],
    test: tuple[Any, Any, Any],
    outside: tuple[Any, Any] | None,
    *,
    epochs: int,
    batch: int,
    seed: int,
) -> dict[str, Any]:
    physics = [statement if mechanism is None else statement.by(mechanism, **options)]
    already = list(model.physics)
    fitted = clone(model).set_params(
        physics=already + physics, epochs=epochs, patience=epochs, batch_size=batch, seed=seed, verbose=False
    )
    started = time.process_time()
    fitted.fit(data[0], data[1], data[2])
    seconds = time.process_time() - started
    return {
        "statement": statement.name,
        "mechanism": mechanism or "none",
        "error": _error(fitted, *test),
        "error outside": np.nan if outside is None else _error(fitted, *outside, None),
        "violation": float(np.average(statement.violation(fitted, test[0], seed=seed), weights=np.abs(test[2]))),
        "parameters": int(fitted.members_.values.shape[1]),
        "seconds": seconds,
    }


def _error(model: Any, X: Any, y: Any, weight: Any) -> float:
    """Log loss, or the rms error over the deviation of the targets in training."""
    if hasattr(model, "classes_"):
        p = model.predict_proba(X)[np.arange(len(y)), np.searchsorted(model.classes_, y)]
        loss = -np.log(np.maximum(p, 1e-12))
    else:
        y = np.asarray(y, dtype=float).reshape(len(y), -1)
        difference = (np.asarray(model.predict(X)).reshape(y.shape) - y) / model.target_deviation_
        loss = (difference**2).mean(1)
    mean = float(np.average(loss, weights=weight))
    return mean if hasattr(model, "classes_") else float(np.sqrt(max(mean, 0.0)))


def _needed(events: Array, errors: Array, wanted: float) -> float:
    """Events at which a falling curve of errors reaches what is wanted, on logarithmic axes; infinite when never."""
    order = np.argsort(events)
    events, errors = events[order], np.minimum.accumulate(np.maximum(errors[order], 1e-300))
    if errors[-1] > wanted:
        return float("inf")
    at = int(np.argmax(errors <= wanted))
    if at == 0:
        return float(events[0])
    x, z = np.log(events[at - 1 : at + 1]), np.log(errors[at - 1 : at + 1])
    return float(np.exp(x[0] + (np.log(wanted) - z[0]) / (z[1] - z[0]) * (x[1] - x[0])))


def _table(
    runs: "pd.DataFrame", whole: "pd.DataFrame", wanted: float, cases: Sequence[tuple[Statement, str | None]]
) -> "pd.DataFrame":
    import pandas as pd

    rows = []
    for statement, mechanism in cases:
        name, how = statement.name, mechanism or "none"
        mine = whole[(whole["statement"] == name) & (whole["mechanism"] == how)].set_index("seed")
        base = whole[(whole["statement"] == name) & (whole["mechanism"] == "none")].set_index("seed")
        curve = runs[(runs["statement"] == name) & (runs["mechanism"] == how)]
        needed = np.array(
            [
                _needed(part["events"].to_numpy(float), part["error"].to_numpy(float), wanted)
                for _, part in curve.groupby("seed")
            ]
        )
        row: dict[str, Any] = {"statement": name, "mechanism": how}
        for column in _COLUMNS:
            values = needed if column == "events needed" else mine[column].to_numpy(float)
            row[column] = float(np.median(values))
            finite = values[np.isfinite(values)]
            row[f"{column} spread"] = (
                float(np.diff(np.quantile(finite, [0.16, 0.84]))[0] / 2) if len(finite) else np.nan
            )
        row["verdict"] = "–" if mechanism is None or not len(base) else _verdict(mine, base)
        rows.append(row)
    return pd.DataFrame(rows)


def _verdict(mine: "pd.DataFrame", base: "pd.DataFrame") -> str:
    """Whether enforcing helps: the difference of errors, seed by seed, against its scatter."""
    gain = np.log(base["error"] / mine.loc[base.index, "error"]).to_numpy(float)
    if len(gain) < 2:
        return "helps" if gain[0] > 0 else "hurts"
    error = gain.std(ddof=1) / np.sqrt(len(gain))
    if abs(gain.mean()) < 2 * error:
        return "no difference"
    return "helps" if gain.mean() > 0 else "hurts: is the statement true?"
