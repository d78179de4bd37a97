"""Hyperparameters searched: many trials on one split, bad ones stopped early, all kept in a storage."""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lawful.errors import InputError
from lawful.nets.values import flag, number, whole
from lawful.predict.searching_judging import (
    Judge,
    divide_rows,
    read_data,
    read_judge,
    read_validation,
)
from lawful.predict.searching_space import Setting, combinations, read_space
from lawful.predict.searching_storage import check_storage, digest, need_optuna, open_study
from lawful.predict.searching_table import ended, importances, is_finished, tabled
from lawful.predict.searching_trial import (
    FAILED,
    FINISHED,
    PRUNED,
    Job,
    Outcome,
    pruner_of,
    reports_epochs,
    run_trial,
)
from lawful.progress import Progress

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_GIVE_UP = 5  # trials that failed with none finished, after which the reason is the user's
_OWN_LOSS = ("class_weight", "physics")  # settings that change what the validation loss means


@dataclass(frozen=True)
class Search:
    """What `search` found.

    Attributes:
        best: The settings of the best trial.
        score: Its score. It is the best of many and thus flatters: judge the model on events that the search has
            not seen.
        spread: Standard error of the score.
        model: A model with these settings, trained on all events of the search.
        table: A row for each trial: "trial", a column for each setting, "score" and "score spread" (NaN where it did
            not finish), "state" ("finished", "pruned", "failed"), "epochs made", "seconds", "reason" of a failure.
        kind: What the score is.
        maximise: Whether more is better.
        resumed: How many trials were in the storage when the call began.
        space: What was chosen from.
        trials: Optuna's trials that have ended, by their number, for its own tools.
        seed: Of the search.
    """

    best: dict[str, Any]
    score: float
    spread: float
    model: Any
    table: "pd.DataFrame"
    kind: str
    maximise: bool
    resumed: int
    space: tuple[Setting, ...] = field(repr=False)
    trials: dict[int, Any] = field(repr=False)
    seed: int = field(repr=False)

    def count(self, state: str) -> int:
        """Number of trials that are "finished", "pruned" or "failed"."""
        return int((self.table["state"] == state).sum())

    @property
    def pruned(self) -> int:
        """Number of trials that were stopped early."""
        return self.count(PRUNED)

    @cached_property
    def importance(self) -> "pd.DataFrame":
        """Which settings mattered; see `importances`.

        A row for each setting, the most important first: "setting", "importance" (share of the variance of the score
        over the whole space, from finished trials), and "importance spread"; NaN with fewer than ten finished trials.
        """
        return importances(self.trials, self.space, self.seed)

    def __repr__(self) -> str:
        """The best settings, and how many trials there were, for a screen."""
        counts = ", ".join(f"{self.count(state)} {state}" for state in (FINISHED, PRUNED, FAILED))
        there = f"; {self.resumed} were there before" if self.resumed else ""
        chosen = ", ".join(f"{name}={value!r}" for name, value in self.best.items())
        error = "" if np.isnan(self.spread) else f" ± {self.spread:.1g}"
        return f"{chosen}\n{self.kind} {self.score:.4g}{error}, best of {len(self.table)} trials ({counts}{there})"

    def figure(self) -> "Figure":
        """Best score so far, importance of each setting, and the settings of all trials, grey if unscored."""
        from lawful.predict.searching_figure import draw_search

        return draw_search(self)


def search(
    model: Any,
    X: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    space: Mapping[str, Any],
    trials: int = 50,
    seconds: float | None = None,
    validation: Any = None,
    folds: int = 1,
    score: str | Callable[[Any, Any, Any, Any], float] | None = None,
    seed: int = 0,
    storage: Any = None,
    name: str = "lawful",
    workers: int = 1,
    prune: bool | None = None,
    verbose: bool | None = None,
) -> Search:
    r"""Which settings are best for these data?

    Settings are drawn by Optuna's tree-structured Parzen estimator (Bergstra, Bardenet, Bengio, Kégl, 'Algorithms for
    hyper-parameter optimization', 2011). Every trial learns from the same events and is judged on the same others,
    by a score that does not depend on the settings: the weighted mean $\sum w l / \sum w$ of the log loss for
    probabilities, of the squared error in units of the target's variance for numbers. With negative weights the Brier
    score $\sum_k (p_k - y_k)^2$ takes the place of the log loss, which would have no lower bound. What an estimator
    holds out itself, to stop early and to calibrate, is a part of the events that it learns from.

    Args:
        model: An unfitted estimator of scikit-learn's form, whose other settings all trials share.
        X: Inputs, anything that the estimator takes, or `lawful.Events`, which bring targets, weights and groups.
        y: Targets or labels, (N,) or (N, T).
        sample_weight: Weights, (N,), of either sign.
        space: Name of a setting (in a pipeline `step__name`) to a list of choices, a range `(low, high)`, or
            `("log", low, high)`; a range of two whole numbers gives whole numbers.
        trials: Number of trials, those in the storage counted; fewer where the space has fewer combinations.
        seconds: After this time of the call no trial begins.
        validation: (X, y), (X, y, weight) or Events on which all trials are judged; they learn from all of X. None: a
            part of X is held out, stratified by class and sign of the weight, groups together.
        folds: 1: a fifth is held out. K > 1: the score is the mean over K held-out parts.
        score: A function (model, X, y, weight), or the name of one of scikit-learn's scorers; more is better.
        seed: Split and settings follow from it. The same seed gives the same trials with one worker.
        storage: File that keeps the trials, `search.db` (SQLite) or `search.log` (a journal: faster, and safe on
            shared file systems), an address that Optuna understands, or one of its storages. The same call goes on
            with a search that was killed. One call at a time may use it.
        name: Of the study in a storage that holds several.
        workers: Trials at the same time, by joblib, whose `parallel_config` may send them to Dask or Ray; these need
            a storage that all machines reach. A worker has one thread.
        prune: Whether trials stop early that are worse than the median of the others at the same epoch, by their
            best validation loss so far in the first fold, looked at every five epochs from the tenth on; models that
            tell of no epochs by the mean score after each fold. None: where it is possible, and `score` is not given.
        verbose: True: a line for each trial. None: a bar on a terminal. False: silence.

    Returns:
        A `Search`.

    Raises:
        InputError: When the space, the data or a setting is at fault, when the storage holds another search, when no
            trial has finished, or when Optuna is not installed.

    Examples:
        >>> from sklearn.linear_model import Ridge
        >>> rng = np.random.default_rng(0)
        >>> X = rng.normal(size=(100, 5))
        >>> y = X[:, 0] + rng.normal(size=100)
        >>> found = search(Ridge(), X, y, space={"alpha": ("log", 1e-3, 1e3)}, trials=15)
        >>> len(found.table), found.kind, list(found.best)
        (15, 'squared error / variance', ['alpha'])
    """
    need_optuna()
    _check(model, validation, folds, name, seed)
    space_read = read_space(space, model)
    trials, workers = whole("trials", trials, 1), whole("workers", workers, 1)
    if seconds is not None:
        number("seconds", seconds, above=0, also="None or ")
    data = read_data(model, X, y, sample_weight)
    judge = read_judge(model, data, score)
    held = None if validation is None else read_validation(model, validation)
    splits = divide_rows(data, model, folds, seed) if held is None else []
    how = _pruning(model, space_read, judge, folds, prune)
    identity = {
        "model": digest(type(model).__qualname__, _said(model)),
        "space": digest(space_read),
        "data": digest(data, held),
        "score, seed, folds or prune": digest(judge, int(seed), folds, how),
    }
    count = combinations(space_read)
    trials = trials if count is None else min(trials, count)
    deadline = None if seconds is None else time.time() + seconds
    kept = check_storage(storage, workers)
    with tempfile.TemporaryDirectory() if kept is None and workers > 1 else nullcontext() as folder:
        kept = kept if folder is None else Path(folder) / "search.log"
        job = Job(model, data, held, splits, judge, space_read, how, int(seed), kept, name)
        study = open_study(kept, name, identity, maximise=judge.maximise, pruner=pruner_of(how))
        _abandon(study)
        there = ended(study)
        missing = [position for position in range(trials) if position not in there]
        with Progress("search", total=trials, verbose=verbose) as progress:
            if there:
                progress.count = len(there) - 1
                progress.step(f"{len(there)} trials were there")
            _run(job, missing, study, workers, deadline, progress, finished=_best(there, judge) is not None)
        done = ended(study)
    best = _best(done, judge)
    if best is None:
        reasons = [trial.user_attrs["outcome"]["reason"] for trial in done.values()]
        raise InputError(
            f"None of {len(done)} trials has finished{f': {reasons[0]}' if reasons else ' in the time given'}. "
            "Change the space, or give more trials or time."
        )
    fitted = data.fit(job.built(best.params))
    return Search(
        best=job.values(best.params),
        score=float(best.value),
        spread=best.user_attrs["outcome"]["spread"],
        model=fitted,
        table=tabled(done, space_read),
        kind=judge.kind,
        maximise=judge.maximise,
        resumed=len(there),
        space=space_read,
        trials=done,
        seed=int(seed),
    )


def _run(
    job: Job,
    missing: list[int],
    study: Any,
    workers: int,
    deadline: float | None,
    progress: Progress,
    *,
    finished: bool,
) -> None:
    """Make the missing trials.

    Raises:
        InputError: When the first ones all fail for the same kind of reason and this is not divergence.
    """
    failed: list[str] = []
    best = np.nan
    for outcome in _outcomes(job, missing, study, workers, deadline):
        finished = finished or outcome.state == FINISHED
        if outcome.state == FINISHED:
            best = np.fmax(best, outcome.score) if job.judge.maximise else np.fmin(best, outcome.score)
        if outcome.state == FAILED and not outcome.reason.startswith("FloatingPointError"):
            failed.append(outcome.reason)
        if not finished and len(failed) >= _GIVE_UP:
            raise InputError(f"The first {len(failed)} trials failed and none finished. {failed[0]}")
        progress.step(f"{outcome.state}, best {job.judge.kind} {best:.5g}")


def _outcomes(job: Job, missing: list[int], study: Any, workers: int, deadline: float | None) -> Iterator[Outcome]:
    if workers == 1:
        for position in missing:
            outcome = run_trial(job, position, deadline=deadline, study=study)
            if outcome is None:
                return
            yield outcome
        return
    from joblib import Parallel, delayed

    pool = Parallel(n_jobs=workers, batch_size=1, return_as="generator_unordered")
    for outcome in pool(delayed(run_trial)(job, position, deadline=deadline) for position in missing):
        if outcome is not None:
            yield outcome


def _abandon(study: Any) -> None:
    """Put aside trials that a search was in when it was killed; they are made again."""
    from optuna.trial import TrialState

    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)


def _best(trials: dict[int, Any], judge: Judge) -> Any:
    """The first of the trials with the best score, or None when none has finished."""
    there = [trial for trial in trials.values() if is_finished(trial)]
    return (max if judge.maximise else min)(there, key=lambda trial: trial.value) if there else None


def _pruning(model: Any, space: tuple[Setting, ...], judge: Judge, folds: int, prune: Any) -> str | None:
    """By what trials are stopped early: "epochs", "folds" or None.

    Raises:
        InputError: When stopping is wished for and cannot be.
    """
    if prune is not None and not flag("prune", prune):
        return None
    if prune is None and judge.score is not None:
        return None
    if not reports_epochs(model):
        if folds == 1 and prune:
            raise InputError(
                f"prune=True: {type(model).__name__} tells of no epochs, and one fold has nothing to compare before "
                "its end. Give folds=5, or leave prune out."
            )
        return "folds" if folds > 1 else None
    changed = [setting.name for setting in space if setting.name.split("__")[-1] in _OWN_LOSS]
    if changed and prune:
        raise InputError(
            f"prune=True: the space holds {changed[0]!r}, which changes what a validation loss means, so that "
            "epochs of different trials cannot be compared. Leave prune out."
        )
    return None if changed else "epochs"


def _check(model: Any, validation: Any, folds: int, name: Any, seed: Any) -> None:
    for method in ("fit", "get_params", "set_params"):
        if isinstance(model, type) or not hasattr(model, method):
            raise InputError(
                f"model={model!r}: expected an unfitted estimator with fit, get_params and set_params, as "
                "lf.Classifier()."
            )
    whole("folds", folds, 1)
    whole("seed", seed, 0)
    if validation is not None and folds != 1:
        raise InputError(f"validation and folds={folds}: either all trials are judged on these events, or on folds.")
    if not isinstance(name, str) or not name:
        raise InputError(f"name={name!r}: expected the name of a study in the storage, as 'lawful'.")
    for setting, value in model.get_params(deep=True).items():
        if setting.split("__")[-1] == "checkpoint" and value is not None:
            raise InputError(
                f"{setting}={value!r}: all trials would write to this folder. Leave it out; storage= keeps a search."
            )


def _said(model: Any) -> dict[str, Any]:
    """Settings of a model that its trials depend on."""
    given = model.get_params(deep=True).items()
    return {name: value for name, value in given if name.split("__")[-1] not in ("verbose", "device")}
