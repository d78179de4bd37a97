"""The mechanisms compared: same data, same budget, several seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.model_selection import train_test_split

from lawful.errors import InputError
from lawful.physics.statement import MECHANISMS, Enforced, Statement
from lawful.predict.comparing_table import as_text, tabled
from lawful.predict.comparing_trial import Budget, Trial
from lawful.predict.estimator import NetEstimator
from lawful.predict.knowledge import can_hold
from lawful.progress import Progress

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FRACTIONS = (0.125, 0.25, 0.5, 1.0)
_LEAST_EVENTS = 20
Options = Mapping[str, Mapping[str, Any] | Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Comparison:
    """What `compare` found.

    Attributes:
        table: A row for each statement and mechanism: median over the seeds of "error", "error outside",
            "violation", "events needed", "parameters", "seconds" (CPU), "best after" (the share of the epochs after
            which held-out events were predicted best: near 1, longer training may help), each followed by a column
            with half the distance of its 16th and 84th percentiles, "... spread"; "options" of the mechanism;
            "ratio", the error as a multiple of that without physics (geometric mean over the seeds), its 95%
            interval "ratio low" and "ratio high", and "verdict": "helps", "hurts", or "no difference" where the
            interval contains 1 or the change is below 1%. Likewise "outside ratio" and "verdict outside".
        runs: A row for each single training.
        kind: What the error is: "rms error / deviation" or "log loss".
        wanted: The error for which the events needed are counted.

    A mechanism that makes no difference gets another verdict in one comparison of twenty. The interval is of random
    splits and starts with these events, not with others. "hurts: trained too short?" stands where "best after" is
    0.8 or more; else "hurts: is the statement true?" where holding the statement by architecture or residual does not
    help either. Events needed are infinite where the error was not
    reached, and the smallest number that was tried where this was enough; they are read off the medians.
    """

    table: "pd.DataFrame"
    runs: "pd.DataFrame"
    kind: str
    wanted: float = field(default=float("nan"))

    def __repr__(self) -> str:
        """The table, for a screen."""
        return as_text(self.table, self.runs)

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
    options: Options | None = None,
    seed: int = 0,
    verbose: bool | None = None,
) -> Comparison:
    """Which mechanism is best for these data, and does the statement hold at all?

    For each seed a share `test` of the events is set aside. Each mechanism is trained on the same parts of the rest,
    of several sizes, with the same number of gradient updates and of members, and judged on the same test events.

    Args:
        model: An unfitted `Classifier` or `Regressor`, whose settings all trainings share. Where the smallest part
            has fewer than 300 events, all trainings have at least five members, as an estimator would take for it.
        X: Inputs, (N, F).
        y: Targets or labels, (N,) or (N, T).
        sample_weight: Weights, (N,), of either sign.
        statements: What is stated, each compared by itself, without mechanism.
        mechanisms: Names, and None for a network that knows nothing; those that a statement lacks are left out.
        outside: (X, y) outside the domain of the training events.
        seeds: Number of repetitions; with one there is no verdict.
        test: Share of test events.
        fractions: Shares of the training events, for the number of events that are needed.
        epochs: Passes over all training events; on a part, as many more as make the same number of updates.
        error: The error for which the events needed are counted; None: the best that the model without physics
            reaches on all events.
        options: Options of a mechanism, {"loss": {"weight": 0.1}}; or a list of such, of which the one is taken, for
            each statement, that does best on a quarter of the training events of the first repetition when it is
            trained on the others.
        seed: Everything random follows from it.
        verbose: As for estimators.

    Returns:
        A `Comparison`.

    Raises:
        InputError: For a model of another kind, a mechanism that is unknown or that no statement has, options of a
            mechanism that is not compared, or too few events.

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
    tried = _tried(options or {}, mechanisms)
    X, y = (X if hasattr(X, "iloc") else np.asarray(X)), np.asarray(y)
    weight = None if sample_weight is None else np.asarray(sample_weight, dtype=float)
    learns, judges = [], []
    for repetition in range(seeds):
        learn, judge = train_test_split(
            np.arange(len(y)), test_size=test, random_state=seed + repetition, stratify=y if classify else None
        )
        learns.append(learn)
        judges.append(judge)
    sizes = {fraction: max(_LEAST_EVENTS, round(fraction * len(learns[0]))) for fraction in fractions}
    budget = Budget.of(model, len(learns[0]), min(sizes.values()), epochs)
    trial = Trial(model, X, y, weight, outside, budget)
    cases = [(s, m) for s in statements for m in mechanisms if m is not None and can_hold(s, m, classes=classify)]
    plain = None in mechanisms
    choices = sum(len(tried.get(m, ())) for _, m in cases if len(tried.get(m, ())) > 1)
    steps = seeds * (len(cases) + plain) * len(fractions) + choices
    rows: list[dict[str, Any]] = []
    with Progress("compare", total=steps, verbose=verbose) as progress:
        chosen: dict[tuple[str, str], Mapping[str, Any]] = {}
        for statement, mechanism in cases:
            given = tried.get(mechanism, [{}])
            errors = []
            for one in given if len(given) > 1 else []:
                cut = len(learns[0]) * 3 // 4
                physics = [statement.by(mechanism, **one)]
                errors.append(trial.run(physics, [statement], learns[0][:cut], learns[0][cut:], seed)[0]["error"])
                progress.step(f"{statement.name}, {mechanism}, {_as_words(one)}")
            chosen[statement.name, mechanism] = given[int(np.argmin(errors)) if errors else 0]
        for repetition, (learn, judge) in enumerate(zip(learns, judges, strict=True)):
            for fraction, size in sizes.items():
                base = {"seed": repetition, "events": size, "fraction": fraction}
                if plain:
                    found = trial.run([], statements, learn[:size], judge, seed + repetition)
                    rows += [{**base, "mechanism": "none", "options": "", **row} for row in found]
                    progress.step(f"none, {size} events")
                for statement, mechanism in cases:
                    how = chosen[statement.name, mechanism]
                    physics = [statement.by(mechanism, **how)]
                    found = trial.run(physics, [statement], learn[:size], judge, seed + repetition)
                    rows.append({**base, "mechanism": mechanism, "options": _as_words(how), **found[0]})
                    progress.step(f"{statement.name}, {mechanism}, {size} events")
    runs = pd.DataFrame(rows)
    whole = runs[(runs["fraction"] == max(fractions)) & (runs["mechanism"] == "none")]
    wanted = float(whole["error"].median()) if error is None else float(error)
    names = [m or "none" for m in mechanisms]
    there = [(s.name, how) for s in statements for how in names if how == "none" or (s.name, how) in chosen]
    return Comparison(tabled(runs, wanted, there), runs, "log loss" if classify else "rms error / deviation", wanted)


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
    names = [statement.name for statement in statements]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"statements: {name!r} stands there twice; compare two of one name in two calls.")
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


def _tried(options: Options, mechanisms: Sequence[str | None]) -> dict[str, list[Mapping[str, Any]]]:
    """The options to try of each mechanism."""
    for mechanism, given in options.items():
        if mechanism not in mechanisms:
            raise InputError(f"options: {mechanism!r} is not compared; mechanisms={list(mechanisms)}.")
        listed = [given] if isinstance(given, Mapping) else given
        if not isinstance(listed, Sequence) or not listed or not all(isinstance(one, Mapping) for one in listed):
            raise InputError(
                f"options[{mechanism!r}]={given!r}: expected a dictionary, {{'weight': 0.1}}, or a list of such."
            )
    return {m: [given] if isinstance(given, Mapping) else list(given) for m, given in options.items()}


def _as_words(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in options.items())
