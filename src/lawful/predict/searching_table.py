"""From the trials in a storage to a table, and to the importance of each setting."""

from typing import TYPE_CHECKING, Any

import numpy as np

from lawful.predict.inputs import Array
from lawful.predict.searching_space import Setting
from lawful.predict.searching_trial import FINISHED

if TYPE_CHECKING:
    import pandas as pd

OWN = ("trial", "score", "score spread", "state", "epochs made", "seconds", "reason")
LEAST = 10  # finished trials below which an importance says nothing
_REPEATS, _TREES = 8, 16


def column(setting: Setting) -> str:
    """Name of the column of a setting."""
    return f"setting {setting.name}" if setting.name in OWN else setting.name


def ended(study: Any) -> dict[int, Any]:
    """Trials that have ended, by their number in the search."""
    from optuna.trial import TrialState

    states = (TrialState.COMPLETE, TrialState.PRUNED)
    trials = study.get_trials(deepcopy=False, states=states)
    return dict(sorted((trial.user_attrs["position"], trial) for trial in trials))


def is_finished(trial: Any) -> bool:
    """Whether a trial was scored; Optuna gives one that was stopped early its last loss as a value."""
    return bool(trial.user_attrs["outcome"]["state"] == FINISHED)


def tabled(trials: dict[int, Any], space: tuple[Setting, ...]) -> "pd.DataFrame":
    """A row for each trial, in the order of their numbers."""
    import pandas as pd

    rows = []
    for number, trial in trials.items():
        facts = trial.user_attrs["outcome"]
        row = {"trial": number} | {column(setting): setting.shown(trial.params[setting.name]) for setting in space}
        row |= {"score": trial.value if is_finished(trial) else float("nan"), "score spread": facts["spread"]}
        row |= {"state": facts["state"], "epochs made": facts["epochs"]}
        rows.append(row | {"seconds": facts["seconds"], "reason": facts["reason"]})
    return pd.DataFrame(rows)


def importances(trials: dict[int, Any], space: tuple[Setting, ...], seed: int) -> "pd.DataFrame":
    """Share of the variance of the score that each setting explains, by functional analysis of variance.

    Hutter, Hoos, Leyton-Brown, 'An efficient approach for assessing hyperparameter importance' (2014).

    Args:
        trials: Optuna's trials that have ended.
        space: What was chosen from.
        seed: Forests and bootstrap follow from it.

    Returns:
        A row for each setting, the most important first: "setting", "importance", and "importance spread", the
        deviation over bootstrap samples of the finished trials; NaN with fewer than ten of these.
    """
    import pandas as pd

    finished = [trial for trial in trials.values() if is_finished(trial)]
    names = [setting.name for setting in space]
    found = np.full((1 + _REPEATS, len(names)), np.nan)
    if len(names) == 1:
        found[:, 0] = 1.0
    elif len(finished) >= LEAST and len({trial.value for trial in finished}) > 1:
        rng = np.random.default_rng([seed, 104729])
        for repeat in range(1 + _REPEATS):
            some = rng.integers(len(finished), size=len(finished)) if repeat else np.arange(len(finished))
            found[repeat] = _fanova([finished[i] for i in some], names, seed + repeat)
    table = pd.DataFrame({"setting": names, "importance": found[0], "importance spread": found[1:].std(0, ddof=1)})
    return table.sort_values("importance", ascending=False, kind="stable", ignore_index=True)


def _fanova(trials: list[Any], names: list[str], seed: int) -> Array:
    import optuna
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    from lawful.predict.searching_storage import quiet

    if len({trial.value for trial in trials}) < 2:
        return np.full(len(names), np.nan)
    with quiet():
        sample = optuna.create_study()
    sample.add_trials(trials)
    varied = [name for name in names if len({trial.params[name] for trial in trials}) > 1]
    if not varied:
        return np.full(len(names), np.nan)
    of = get_param_importances(sample, evaluator=FanovaImportanceEvaluator(n_trees=_TREES, seed=seed), params=varied)
    return np.array([float(of.get(name, 0.0)) for name in names])
