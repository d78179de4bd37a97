"""One trial of a search: settings are drawn, a model is trained with them and scored, or stopped on the way."""

import itertools
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from lawful.learning.device import threads
from lawful.predict.inputs import Array
from lawful.predict.searching_judging import Data, Judge
from lawful.predict.searching_space import Setting, combination, combinations
from lawful.predict.searching_storage import open_storage

WARM_UP = 10  # epochs before a trial may be stopped
EVERY = 5  # epochs between two looks: each is written to the storage, which takes milliseconds
FINISHED, PRUNED, FAILED = "finished", "pruned", "failed"
_DRAWS = 5  # draws of the sampler before settings are picked that were not tried yet
Watch = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Job:
    """What all trials share.

    Attributes:
        model: The estimator, unfitted.
        data: All events to learn from.
        validation: Events that are set aside to judge by, or None.
        splits: Rows to learn from and to judge by, for each fold; empty with `validation`.
        judge: The score.
        space: What is chosen from.
        prune: "epochs", "folds" or None.
        seed: Settings that are drawn follow from it.
        storage: Where trials are kept, as `check_storage` gives it.
        name: Of the study there.
    """

    model: Any
    data: Data
    validation: Data | None
    splits: Sequence[tuple[Array, Array]]
    judge: Judge
    space: tuple[Setting, ...]
    prune: str | None
    seed: int
    storage: Any
    name: str

    def parts(self) -> list[tuple[Data, Data]]:
        """What is learned from and what is judged by, for each fold."""
        if self.validation is not None:
            return [(self.data, self.validation)]
        return [(self.data.part(learn), self.data.part(judge)) for learn, judge in self.splits]

    def values(self, raw: dict[str, Any]) -> dict[str, Any]:
        """Settings from what the storage holds."""
        return {setting.name: setting.value(raw[setting.name]) for setting in self.space}

    def built(self, raw: dict[str, Any]) -> Any:
        """A model with these settings, which shares nothing with another one."""
        return clone(clone(self.model).set_params(**self.values(raw)))


@dataclass(frozen=True)
class Outcome:
    """What became of a trial: the state, and for one that failed the reason."""

    state: str
    reason: str = ""
    score: float = float("nan")


def last_step(model: Any) -> Any:
    """The estimator at the end of a pipeline, or the model itself."""
    return last_step(model.steps[-1][1]) if isinstance(model, Pipeline) else model


def reports_epochs(model: Any) -> bool:
    """Whether the model tells of each epoch."""
    return hasattr(type(last_step(model)), "_watch")


def pruner_of(prune: str | None) -> Any:
    """Optuna's pruner: what is worse than the median of the others at the same step is stopped."""
    from optuna.pruners import MedianPruner, NopPruner

    if prune is None:
        return NopPruner()
    return MedianPruner(n_startup_trials=5, n_warmup_steps=WARM_UP if prune == "epochs" else 1, n_min_trials=3)


def run_trial(job: Job, position: int, *, deadline: float | None = None, study: Any = None) -> Outcome | None:
    """Make the trial of that number; None when the time is over.

    Args:
        job: What all trials share.
        position: Number of the trial, from 0, from which its random numbers follow.
        deadline: Time of the clock after which no trial begins.
        study: Optuna's, when it is open already; a worker, which has one thread, opens it.
    """
    import optuna
    from optuna.trial import TrialState

    if deadline is not None and time.time() >= deadline:
        return None
    with threads(1) if study is None else nullcontext():
        if study is None:
            study = optuna.load_study(
                study_name=job.name, storage=open_storage(job.storage), pruner=pruner_of(job.prune)
            )
        trial = _ask(job, study, position)
        facts: dict[str, Any] = {"epochs": 0, "spread": float("nan"), "reason": ""}
        started = time.perf_counter()
        state, score = PRUNED, float("nan")
        try:
            score, facts["spread"] = _attempt(job, trial, facts)
            state = FINISHED
        except optuna.TrialPruned:
            pass
        except Exception as error:
            if not _is_of_settings(error):
                raise
            state, facts["reason"] = FAILED, f"{type(error).__name__}: {error}"
        if state == FINISHED and not np.isfinite(score):
            state, facts["reason"], score = FAILED, f"the score is {score}", float("nan")
        facts |= {"state": state, "seconds": time.perf_counter() - started}
        trial.set_user_attr("outcome", facts)
        # a failed trial is told as pruned, which the sampler takes for the worst; of failed ones it learns nothing
        told = TrialState.COMPLETE if state == FINISHED else TrialState.PRUNED
        study.tell(trial, score if state == FINISHED else None, state=told)
        return Outcome(state, facts["reason"], score)


def _attempt(job: Job, trial: Any, facts: dict[str, Any]) -> tuple[float, float]:
    """Train and judge in each fold: the mean score and its error."""
    import optuna

    scores, errors = [], []
    parts = job.parts()
    for fold, (learn, judge) in enumerate(parts):
        model = _silent(job.built(trial.params))
        if reports_epochs(model):
            watch = _watcher(job, trial, facts, look=fold == 0 and job.prune == "epochs")
            last_step(model)._watch = watch
        fitted = learn.fit(model)
        score, error = job.judge(fitted, judge)
        scores.append(score)
        errors.append(error)
        if job.prune == "folds" and fold + 1 < len(parts) and np.isfinite(score):
            trial.report(float(np.mean(scores)), fold + 1)
            if trial.should_prune():
                raise optuna.TrialPruned
    if len(scores) > 1:
        return float(np.mean(scores)), float(np.std(scores, ddof=1) / np.sqrt(len(scores)))
    return scores[0], errors[0]


def _watcher(job: Job, trial: Any, facts: dict[str, Any], *, look: bool) -> Watch:
    """Counts epochs; with `look` the best validation loss so far is compared with other trials every few epochs."""
    import optuna

    losses: list[float] = []

    def watch(line: dict[str, Any]) -> None:
        facts["epochs"] += 1
        loss = line["validation_loss"]
        if not look or loss is None:
            return
        losses.append(loss)
        if len(losses) % EVERY == 0:
            best = min(losses)
            trial.report(-best if job.judge.maximise else best, len(losses))
            if trial.should_prune():
                raise optuna.TrialPruned

    return watch


def _ask(job: Job, study: Any, position: int) -> Any:
    """Draw settings, others than those of all trials before where they can be counted.

    The draw follows from the seed, the number of the trial and the trials that have ended: a search that goes on
    draws what it would have drawn had it not been interrupted.
    """
    from optuna.samplers import TPESampler
    from optuna.trial import TrialState

    count = combinations(job.space)
    distributions = {setting.name: setting.distribution() for setting in job.space}
    for draw in itertools.count():
        rng = np.random.default_rng([job.seed, position, draw])
        if count is not None and draw == _DRAWS:
            study.sampler = _fixed(_untried(job, study, count, rng))
        else:
            study.sampler = TPESampler(seed=int(rng.integers(2**31)))
        trial = study.ask(distributions)
        if count is None or draw == _DRAWS or trial.params not in _tried(study, trial.number):
            break
        study.tell(trial, state=TrialState.FAIL)
    trial.set_user_attr("position", position)
    return trial


def _tried(study: Any, before: int) -> list[dict[str, Any]]:
    """Settings of the trials that count, up to a number."""
    from optuna.trial import TrialState

    states = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)
    return [trial.params for trial in study.get_trials(deepcopy=False, states=states) if trial.number < before]


def _untried(job: Job, study: Any, count: int, rng: np.random.Generator) -> dict[str, Any]:
    tried = _tried(study, len(study.get_trials(deepcopy=False)))
    while True:
        settings = combination(job.space, int(rng.integers(count)))
        if len(tried) >= count or settings not in tried:
            return settings


def _fixed(settings: dict[str, Any]) -> Any:
    """A sampler that gives these settings."""
    from optuna.samplers import BaseSampler

    class Fixed(BaseSampler):
        def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:  # noqa: ARG002
            return {}

        def sample_relative(self, study: Any, trial: Any, search_space: Any) -> dict[str, Any]:  # noqa: ARG002
            return {}

        def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: Any) -> Any:  # noqa: ARG002
            return settings[param_name]

    return Fixed()


def _is_of_settings(error: Exception) -> bool:
    """Whether settings that do not work can raise this; anything else is a mistake in the program."""
    kinds = (ValueError, ArithmeticError, MemoryError)
    return isinstance(error, kinds) or type(error).__name__ == "OutOfMemoryError"


def _silent(model: Any) -> Any:
    """The model without bars of its own, which would write over that of the search."""
    given = model.get_params(deep=True).items()
    names = [name for name, value in given if name.split("__")[-1] == "verbose" and value in (None, True)]
    return model.set_params(**dict.fromkeys(names, False))
