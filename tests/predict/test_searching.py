"""Searches against losses that are known: optima, pruning, resuming, weights, failures, workers."""

import joblib
import numpy as np
import optuna
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import lawful as lf
from lawful.predict.searching_judging import divide_rows, read_data

X = np.zeros((40, 1))
Y = np.arange(40.0)
BOWL = {"a": (0.0, 1.0), "b": ("log", 1e-4, 1.0), "epochs": [30]}


class Bowl(BaseEstimator):
    """A loss (a - 0.3)^2 + (log10 b + 2)^2 / 16 that is reached exponentially; fits are counted and may be killed."""

    _watch = None
    fits = 0
    kill = None

    def __init__(self, a=0.0, b=1.0, epochs=30, kind="smooth"):
        self.a, self.b, self.epochs, self.kind = a, b, epochs, kind

    def fit(self, X, y=None):
        Bowl.fits += 1
        if Bowl.fits == Bowl.kill:
            raise KeyboardInterrupt
        if self.kind == "breaks" and self.b > 0.05:
            raise FloatingPointError("The loss stopped being a number.")
        self.loss_ = (self.a - 0.3) ** 2 + (np.log10(self.b) + 2) ** 2 / 16
        for epoch in range(self.epochs):
            if self._watch is not None:
                self._watch({"epoch": epoch + 1, "validation_loss": self.loss_ + np.exp(-epoch / 5)})
        return self


def depth(model, X, y, weight):
    return -model.loss_


def bowls(**more):
    given = {"space": BOWL, "score": depth, "trials": 12, "verbose": False} | more
    return lf.search(given.pop("model", Bowl()), X, Y, **given)


def told(found):
    return found.table.drop(columns="seconds")


class Constant(RegressorMixin, BaseEstimator):
    def __init__(self, value=0.0):
        self.value = value

    def fit(self, X, y, sample_weight=None):
        return self

    def predict(self, X):
        return np.full(len(X), self.value)


class Share(ClassifierMixin, BaseEstimator):
    def __init__(self, p=0.5):
        self.p = p

    def fit(self, X, y, sample_weight=None):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.tile([1 - self.p, self.p], (len(X), 1))


@pytest.fixture(autouse=True)
def fresh():
    Bowl.fits, Bowl.kill = 0, None
    yield
    Bowl.kill = None


def test_the_optimum_of_a_known_function_is_found():
    found = bowls(trials=50)
    assert abs(found.best["a"] - 0.3) < 0.1
    assert abs(np.log10(found.best["b"]) + 2) < 0.4
    assert found.score == pytest.approx(found.table["score"].max())
    assert found.model.loss_ == pytest.approx(-found.score)
    assert len(found.table) == 50
    assert "best of 50 trials" in repr(found)


def test_pruning_saves_epochs_and_keeps_the_best():
    """The first ten trials are drawn without looking back, so that both searches try the same settings."""
    plain, pruned = bowls(trials=10), bowls(trials=10, prune=True)
    assert (plain.pruned, plain.table["epochs made"].sum()) == (0, 300)
    assert pruned.pruned >= 2
    assert pruned.table["epochs made"].sum() <= 300 - 15 * pruned.pruned
    assert (pruned.table["epochs made"] >= 10).all()
    assert pruned.best == plain.best
    assert pruned.table.loc[pruned.table["state"] == "pruned", "score"].isna().all()


@pytest.mark.parametrize(("name", "trials"), [("search.db", 8), ("search.log", 14)])
def test_a_search_that_was_killed_goes_on_as_if_it_was_not(tmp_path, name, trials):
    whole = bowls(trials=trials, prune=True)
    Bowl.fits, Bowl.kill = 0, trials - 1
    with pytest.raises(KeyboardInterrupt):
        bowls(trials=trials, prune=True, storage=tmp_path / name)
    Bowl.kill = None
    again = bowls(trials=trials, prune=True, storage=tmp_path / name)
    assert again.resumed == trials - 2
    assert told(again).equals(told(whole))
    assert bowls(trials=trials, prune=True, storage=str(tmp_path / name)).resumed == trials


def test_the_same_seed_gives_the_same_trials():
    one, two, other = bowls(), bowls(), bowls(seed=1)
    assert told(one).equals(told(two))
    assert not one.table["a"].equals(other.table["a"])
    assert one.best == two.best


@pytest.mark.parametrize(("heavy", "best"), [(0.0, 0.0), (1.0, 1.0)])
def test_weights_decide_the_ranking(heavy, best):
    y = np.repeat([0.0, 1.0], 50)
    w = np.where(y == heavy, 3.0, 1.0)
    A = np.zeros((100, 1))
    found = lf.search(Constant(), A, y, w, space={"value": [0.0, 1.0]}, validation=(A, y, w), verbose=False)
    assert found.best == {"value": best}
    assert lf.search(Constant(), A, y, w, space={"value": [0.0, 1.0]}, verbose=False).best == found.best
    assert found.score == pytest.approx(0.25 / np.average((y - np.average(y, weights=w)) ** 2, weights=w))


def signed():
    """180 events of class 1 whose weights sum to 20, and 40 of class 0: the share of class 1 is a third."""
    y = np.repeat([0, 1, 1], [40, 100, 80])
    return np.zeros((220, 1)), y, np.repeat([1.0, 1.0, -1.0], [40, 100, 80])


def test_negative_weights_count_with_their_sign():
    A, y, w = signed()
    v = y.astype(float)
    found = lf.search(Constant(), A, v, w, space={"value": [0.0, 1.0]}, validation=(A, v, w), verbose=False)
    assert found.best == {"value": 0.0}
    size = np.abs(w)
    assert found.score == pytest.approx((1 / 3) / np.average((v - np.average(v, weights=size)) ** 2, weights=size))
    shares = lf.search(Share(), A, y, w, space={"p": [0.05, 1 / 3, 0.82]}, folds=5, verbose=False)
    assert shares.kind == "Brier score"
    assert shares.best == {"p": 1 / 3}
    assert shares.score == pytest.approx(2 * (1 / 3) * (2 / 3))
    assert shares.spread == pytest.approx(0, abs=1e-12)  # folds are stratified by class and sign


def test_the_log_loss_and_its_error_are_those_of_the_formula():
    rng = np.random.default_rng(1)
    y = (rng.random(400) < 0.25).astype(int)
    A = np.zeros((400, 1))
    found = lf.search(Share(), A, y, space={"p": [0.25]}, validation=(A, y), verbose=False)
    loss = np.where(y == 1, -np.log(0.25), -np.log(0.75))
    assert found.kind == "log loss"
    assert found.score == pytest.approx(loss.mean())
    assert found.spread == pytest.approx(loss.std() / 20)


def test_small_spaces_are_tried_once_each():
    found = bowls(space={"a": [0.0, 0.3, 0.9], "epochs": (1, 4)}, trials=50)
    assert len(found.table) == 12
    assert len(found.table[["a", "epochs"]].drop_duplicates()) == 12
    assert found.best["a"] == 0.3


def test_a_setting_that_diverges_is_a_failed_trial_with_its_reason():
    found = bowls(model=Bowl(kind="breaks"), trials=40)
    failed = found.table[found.table["state"] == "failed"]
    assert 0 < len(failed) < 20
    assert (failed["b"] > 0.05).all()
    assert failed["reason"].str.contains("stopped being a number").all()
    assert failed["score"].isna().all()
    assert found.best["b"] <= 0.05
    assert (failed["trial"] >= 20).sum() < 20 * 0.2  # the sampler learns: a third of the range fails


def test_what_can_never_work_ends_early():
    with pytest.raises(lf.InputError, match=r"first 5 trials failed.*activation"):
        lf.search(
            lf.Regressor(activation="nonsense"),
            X,
            Y,
            space={"learning_rate": (0.001, 0.1)},
            trials=500,
            verbose=False,
        )


def test_mistakes_in_a_program_are_not_hidden():
    def wrong(model, X, y, weight):
        raise KeyError("x")

    with pytest.raises(KeyError):
        bowls(score=wrong)


def test_workers_share_the_trials(tmp_path):
    with joblib.parallel_config(backend="threading"):
        found = bowls(trials=24, workers=2, prune=True, storage=tmp_path / "search.log")
    assert found.table["trial"].tolist() == list(range(24))
    assert len(found.table[["a", "b"]].drop_duplicates()) == 24


@pytest.mark.slow
def test_processes_share_the_trials():
    """The draws of the first ten trials depend on nothing but their numbers."""
    rng = np.random.default_rng(0)
    A = rng.normal(size=(60, 3))
    space = {"alpha": ("log", 1e-2, 1e3)}
    alone, both = (
        lf.search(Ridge(), A, A[:, 0] + rng.normal(size=60), space=space, trials=8, workers=n, verbose=False)
        for n in (1, 2)
    )
    assert both.table["alpha"].tolist() == alone.table["alpha"].tolist()


def test_the_time_is_kept_to(tmp_path):
    kept = tmp_path / "search.log"
    with pytest.raises(lf.InputError, match="in the time given"):
        bowls(seconds=1e-9)
    bowls(trials=3, storage=kept)
    assert len(bowls(seconds=1e-9, storage=kept).table) == 3


def test_importance_is_that_of_what_matters():
    found = bowls(space={"a": (0.0, 1.0), "b": ("log", 9e-3, 1.1e-2)}, trials=25)
    assert found.importance["setting"].tolist() == ["a", "b"]
    assert found.importance["importance"].sum() == pytest.approx(1)
    assert found.importance["importance"][0] > 0.9
    assert found.importance["importance spread"][0] < 0.1
    assert bowls(trials=5).importance["importance"].isna().all()


def test_a_network_is_searched_and_fitted():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(400, 2))
    model = lf.Classifier(epochs=25, batch_size=64)
    before = model.get_params()
    space = {"learning_rate": ("log", 1e-6, 0.1), "hidden": [(8,), (16, 16)]}
    found = lf.search(model, A, A[:, 0] * A[:, 1] > 0, space=space, trials=8, verbose=False)
    assert found.best["learning_rate"] > 1e-3
    assert found.model.hidden in [(8,), (16, 16)]
    assert found.model.score(A, A[:, 0] * A[:, 1] > 0) > 0.85
    assert found.model.verbose is None
    assert model.get_params() == before
    assert 0 < found.pruned < 8
    assert found.spread > 0


def test_settings_that_change_the_loss_are_not_stopped_by_it():
    rng = np.random.default_rng(0)
    A, y = rng.normal(size=(300, 1)), rng.random(300) < 0.1
    space = {"class_weight": [None, "balanced", {0: 1.0, 1: 50.0}]}
    model = lf.Classifier(net="linear", epochs=30)
    found = lf.search(model, A, y, space=space, trials=20, verbose=False)
    assert found.pruned == 0
    assert found.best == {"class_weight": None}
    assert found.table["class_weight"].tolist().count("balanced") == 1
    with pytest.raises(lf.InputError, match="class_weight"):
        lf.search(model, A, y, space=space, prune=True)


def test_pipelines_have_steps():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(300, 2))
    model = make_pipeline(StandardScaler(), lf.Regressor(epochs=20))
    space = {"lawful__learning_rate": [1e-5, 1e-2]}
    model.steps[-1] = ("lawful", model.steps[-1][1])
    w = rng.choice([1.0, -0.2], 300)
    found = lf.search(model, A, A[:, 0] ** 2, w, space=space, verbose=False)
    assert found.best == {"lawful__learning_rate": 1e-2}
    assert found.table["epochs made"].max() == 20


def test_events_bring_weights_and_groups():
    rng = np.random.default_rng(0)
    columns = {
        "x": rng.normal(size=120),
        "pair": np.repeat(np.arange(60), 2),
        "w": rng.choice([1.0, -0.5], 120, p=[0.8, 0.2]),
    }
    events = lf.Events(
        columns | {"y": (columns["x"] + rng.normal(size=120) > 0).astype(int)}, y="y", weight="w", group="pair"
    )
    model = lf.Classifier(net="linear", epochs=5)
    data = read_data(model, events, None, None)
    for learn, judge in divide_rows(data, model, 5, 0):
        assert not set(events["pair"][learn]) & set(events["pair"][judge])
        assert len(learn) + len(judge) == 120
    found = lf.search(model, events, space={"learning_rate": (0.01, 0.1)}, trials=3, verbose=False)
    assert found.kind == "Brier score"
    assert found.model.fitted_on_events_
    other = lf.search(Share(), events, space={"p": (0.1, 0.9)}, trials=3, verbose=False)
    assert other.table["score"].notna().all()


def test_scores_have_names():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(200, 3))
    y = A[:, 0] + 0.1 * rng.normal(size=200)
    found = lf.search(Ridge(), A, y, space={"alpha": [1e-3, 1e5]}, score="r2", folds=4, verbose=False)
    assert found.maximise
    assert found.best == {"alpha": 1e-3}
    assert found.score > 0.9
    assert 0 < found.spread < 0.1


def test_trials_of_models_without_epochs_are_stopped_between_folds():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(200, 3))
    found = lf.search(Ridge(), A, A[:, 0], space={"alpha": ("log", 1e-2, 1e6)}, folds=4, trials=15, verbose=False)
    assert found.pruned > 0
    assert found.best["alpha"] < 10


def test_nothing_of_optuna_is_changed():
    before = optuna.logging.get_verbosity()
    bowls(trials=1)
    assert optuna.logging.get_verbosity() == before


def test_the_picture_is_drawn(tmp_path):
    from lawful.evidence.figures.style import save

    found = bowls(model=Bowl(kind="breaks"), space=BOWL | {"epochs": [20, 30]}, trials=15, prune=True)
    assert save(found.figure(), tmp_path / "search.png").stat().st_size > 10_000
    assert save(bowls(trials=2).figure(), tmp_path / "few.svg").stat().st_size > 10_000
