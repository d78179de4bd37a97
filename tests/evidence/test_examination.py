import json

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression

from lawful import InputError
from lawful.data import Events
from lawful.evidence import accuracy, auc, examine, rejection, rmse


@pytest.fixture(scope="module")
def report(model, trees, train, test):
    data = Events({name: test[name][:300] for name in test.features}, units={"pt": "GeV", "mass": "GeV"})
    return examine(
        model,
        test,
        train=train,
        others={"one feature": trees},
        expected={"signal": 100, "background": 1000},
        variables=["mass"],
        data=data,
        toys=100,
        name="regression",
        provenance={"seed": 0, "versions": {"numpy": "2"}},
    )


def test_metrics_are_those_of_the_functions(report, model, test):
    score = model.predict_proba(test.frame())[:, 1]
    y, w = test.y, test.weight
    assert report.metrics["auc"]["value"] == pytest.approx(auc(y, score, w))
    assert report.metrics["accuracy"]["value"] == pytest.approx(accuracy(y, score > 0.5, w))
    assert report.metrics["rejection_at_0.5"]["value"] == pytest.approx(rejection(y, score, 0.5, w))
    assert report["auc"].error < 0.05
    with pytest.raises(InputError, match="did you mean 'auc'"):
        report["acu"]


def test_every_metric_is_plain_and_has_an_interval(report):
    json.dumps(report.metrics)
    for name, one in report.metrics.items():
        assert set(one) == {"value", "low", "high"}
        assert all(type(v) is float for v in one.values()), name
        if not np.isnan(one["low"]):
            assert one["low"] <= one["value"] <= one["high"] or name.startswith("systematic"), name
    assert list(report.table.index) == list(report.metrics)
    assert list(report.table.columns) == ["value", "low", "high", "meaning"]


def test_models_are_compared_on_the_same_events(report, trees, model, test):
    table = report.comparison.set_index(["model", "metric"])
    score = trees.predict_proba(test.frame(["pt"]))[:, 1]
    own = table.loc[("one feature", "auc")]
    assert own["value"] == pytest.approx(auc(test.y, score, test.weight))
    assert own["difference"] == pytest.approx(own["value"] - report["auc"].value)
    assert own["difference_low"] <= own["difference"] <= own["difference_high"]
    assert table.loc[("regression", "auc")]["difference"] == 0


def test_all_figures_are_there(report):
    expected = {"roc", "scores", "precision recall", "confusion", "calibration", "significance", "comparison"}
    expected |= {"importance", "sculpting mass", "systematics signal", "systematics background", "systematics shape"}
    expected |= {"overlay score", "overlay mass"}
    assert expected <= set(report.figures)
    assert all(isinstance(figure, Figure) for figure in report.figures.values())


def test_variations_have_their_known_effect(report):
    rate = report["systematic[rate_up, background_yield]"]
    assert rate.value == pytest.approx(0.2)
    assert rate.error < 1e-9
    assert report["systematic[rate_up, signal_yield]"].value == pytest.approx(0)
    assert report["systematic[none, auc]"].value == 0
    up, down = (report[f"systematic[scale_{side}, signal_efficiency]"].value for side in ("up", "down"))
    assert up > 0 > down


def test_a_cut_on_the_score_sculpts_what_the_score_knows(report):
    assert report["sculpting[mass, 0.5]"].low > 0.02


def test_the_same_seed_gives_the_same_numbers(model, test):
    first = examine(model, test, toys=50, importance=False)
    second = examine(model, test, toys=50, importance=False)
    assert first.metrics == second.metrics
    third = examine(model, test, toys=50, importance=False, seed=1)
    assert first["auc"].low != third["auc"].low


def test_the_positive_class_can_be_chosen(train, test):
    names = np.array(["background", "signal"])
    model = LogisticRegression(max_iter=500).fit(train.frame(), names[train.y])
    given = (test.frame(), names[test.y], test.weight)
    report = examine(model, given, positive="background", toys=50, importance=False)
    score = model.predict_proba(test.frame())[:, 0]
    assert report["auc"].value == pytest.approx(auc(test.y == 0, score, test.weight))
    with pytest.raises(InputError, match="did you mean 'signal'"):
        examine(model, given, positive="signl")
    by_class = examine(model, given, positive="signal", expected={"signal": 7, "background": 70}, toys=50)
    assert by_class.sections


def test_many_classes():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 600)
    X = rng.normal(size=(600, 2)) + 1.5 * np.array([[0, 0], [1, 0], [0, 1]])[y]
    names = np.array(["up", "down", "strange"])
    model = LogisticRegression().fit(X[:300], names[y[:300]])
    report = examine(model, (X[300:], names[y[300:]]), train=(X[:300], names[y[:300]]), toys=50)
    assert report.kind == "classes"
    assert {"auc", "accuracy", "auc[up]", "auc[strange]", "log_loss"} <= set(report.metrics)
    assert report["accuracy"].value == pytest.approx(np.mean(model.predict(X[300:]) == names[y[300:]]))
    assert {"roc", "confusion", "scores", "calibration"} <= set(report.figures)
    with pytest.raises(InputError, match="none of the classes \\['strange'\\]"):
        examine(model, (X[300:][y[300:] < 2], names[y[300:][y[300:] < 2]]))


@pytest.fixture(scope="module")
def energies():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.normal(size=(800, 3)), columns=["a", "b", "c"])
    return frame, (10 + 3 * frame["a"] + rng.normal(size=800)).rename("energy")


def test_regression(energies):
    frame, y = energies
    model = LinearRegression().fit(frame[:400], y[:400])
    forest = RandomForestRegressor(10, random_state=0).fit(frame[["a"]][:400], y[:400])
    report = examine(model, (frame[400:], y[400:]), train=(frame[:400], y[:400]), others={"forest": forest}, toys=50)
    assert report.kind == "regression"
    assert report["rmse"].value == pytest.approx(rmse(y[400:], model.predict(frame[400:])))
    assert report["resolution"].value == pytest.approx(1.0, abs=0.15)
    assert report["importance[a]"].value > 1
    assert {"predicted", "residuals", "resolution", "importance", "comparison"} <= set(report.figures)
    assert "pull_width" not in report.metrics


def test_pulls_of_a_right_uncertainty_have_width_one(energies):
    frame, y = energies

    class Honest(LinearRegression):
        def predict(self, X, return_std=False):
            mean = super().predict(X)
            return (mean, np.ones(len(X))) if return_std else mean

    model = Honest().fit(frame[:400], y[:400])
    report = examine(model, (frame[400:], y[400:]), toys=50)
    assert report["pull_width"].low < 1.05
    assert report["pull_width"].high > 0.95
    assert "pulls" in report.figures


def test_many_outputs_and_variations_of_a_regression(energies):
    frame, y = energies
    both = np.stack([y, 2 * frame["b"]], axis=1)
    model = LinearRegression().fit(frame, both)
    report = examine(model, (frame, both), toys=50, importance=False)
    assert {"r2", "rmse[y0]", "rmse[y1]", "bias[y1]"} <= set(report.metrics)
    events = Events(frame, y.to_numpy(), variations={"shift_up": {"a": frame["a"].to_numpy() + 1}}, target="energy")
    shifted = examine(LinearRegression().fit(frame, y), events, toys=50, importance=False)
    assert shifted["systematic[shift_up, rmse]"].value == pytest.approx(np.sqrt(1 + 9) - 1, rel=0.1)


def test_behaviour_outside_the_training_range(energies):
    frame, y = energies
    model = LinearRegression().fit(frame, y)
    far = frame + 4 * (np.arange(800) % 4 == 0)[:, None]
    report = examine(model, (far, y), train=(frame, y), toys=50, importance=False)
    assert report["share_outside"].value == pytest.approx(0.25, abs=0.03)
    assert report["outside[rmse]"].value > 5 * rmse(y, model.predict(frame))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"toys": 3}, "at least 20"),
        ({"variables": ["mas"]}, "mass"),
        ({"expected": {"signl": 3}}, "did you mean 'signal'"),
        ({"expected": {"signal": 0}}, "above zero"),
        ({"background_uncertainty": -1}, "at least zero"),
        ({"others": [1]}, "expected a mapping"),
        ({"others": {"other": 3}}, "other: received int, expected a fitted model"),
        ({"others": {"other": LogisticRegression()}}, "was not fitted"),
        ({"others": {"model": None}}, "pass name="),
        ({"others": {"other": LinearRegression().fit(np.zeros((2, 3)), [0, 1])}}, "it is a regression"),
    ],
)
def test_what_cannot_be_examined_is_named(model, test, change, said):
    with pytest.raises(InputError, match=said):
        examine(model, test, **change)


def test_events_that_cannot_be_judged_are_named(model, test):
    frame, y = test.frame(), test.y
    with pytest.raises(InputError, match="one class only"):
        examine(model, (frame[y == 1], y[y == 1]))
    with pytest.raises(InputError, match="classes that the model does not know, \\[2\\]"):
        examine(model, (frame, y + 1))
    with pytest.raises(InputError, match="background sum to"):
        examine(model, (frame, y, np.where(y == 1, 3.0, -1.0)))
    with pytest.raises(InputError, match="no feature 'pt'"):
        examine(model, (frame.drop(columns="pt"), y))
    with pytest.raises(InputError, match="more than one column of the name 'pt'"):
        examine(model, (frame.set_axis(["pt", "pt", "noise"], axis=1), y))


@pytest.mark.parametrize("events", [2, 20])
def test_few_events_and_wild_weights_give_a_report(events):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 2)), np.tile([0, 1], 150)
    model = LogisticRegression().fit(X, y)
    weight = np.where(rng.random(300) < 0.4, -1.0, 1.3)
    few = examine(model, (X[:events], y[:events]), train=(X, y), variables=["x1"], toys=30)
    wild = examine(model, (X, y, weight), variables=["x1"], others={"same": model}, toys=30)
    assert few.metrics
    assert wild["auc"].error > 3 * examine(model, (X, y), toys=30, importance=False)["auc"].error


def test_importing_the_room_is_cheap():
    import subprocess
    import sys

    code = (
        "import sys, lawful.evidence; print(sorted({'matplotlib', 'pandas', 'sklearn', 'jinja2'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_no_module_hides_a_public_name():
    import pkgutil

    from lawful import evidence

    modules = {module.name for module in pkgutil.iter_modules(evidence.__path__)}
    assert not modules & set(evidence.__all__)
    assert all(getattr(evidence, name) is not None for name in evidence.__all__)
