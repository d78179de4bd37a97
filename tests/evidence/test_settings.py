"""Settings of the wrong kind, or that do nothing, are said to be so; odd but right ones work."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from lawful import InputError
from lawful.data import Events
from lawful.evidence import auc, examine
from lawful.evidence.report import file_names

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 2))
TWO, THREE = np.tile([0, 1], 200), np.arange(400) % 3
X[:, 0] += TWO
QUICK = {"toys": 20, "importance": False}


@pytest.fixture(scope="module")
def binary():
    return LogisticRegression().fit(X, TWO)


@pytest.fixture(scope="module")
def many():
    return LogisticRegression().fit(X, THREE)


@pytest.fixture(scope="module")
def line():
    return LinearRegression().fit(X, X[:, 0])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": "a"}, "seed='a': expected a whole number"),
        ({"seed": -1}, "seed=-1"),
        ({"background_uncertainty": "x"}, "background_uncertainty='x': expected a share"),
        ({"background_uncertainty": float("nan")}, "background_uncertainty=nan"),
        ({"importance": "no"}, "importance='no': expected True or False"),
        ({"name": 3}, "name=3: expected text"),
        ({"name": " "}, "name=' '"),
        ({"title": 3}, "title=3: expected text"),
        ({"description": None}, "description=None: expected text"),
        ({"provenance": [1]}, "provenance=list: expected a mapping"),
        ({"variables": 3}, "variables=3: expected names of columns"),
        ({"variables": [3]}, "expected names of columns"),
        ({"others": {1: None, "1": None}}, "two names are the same"),
        ({"expected": 3}, "expected=3: expected a mapping"),
        ({"expected": {"signal": "many"}}, "above zero"),
        ({"expected": {"signal": 3, "1": 4}}, "gives the signal twice"),
        ({"positive": "1"}, r"positive='1' is none of the classes \[0, 1\]"),
    ],
)
def test_settings_of_the_wrong_kind_are_named(binary, change, said):
    with pytest.raises(InputError, match=said):
        examine(binary, (X, TWO), **QUICK | change)


def test_options_that_do_nothing_say_so(many, line):
    for model, y, change, said in [
        (many, THREE, {"data": X}, "data= does nothing for many classes"),
        (many, THREE, {"positive": 1}, "positive=1 does nothing with 3 classes"),
        (many, THREE, {"expected": {"0": 3}}, "expected= has no yield for '1'"),
        (line, X[:, 0], {"data": X}, "data= does nothing for a regression"),
        (line, X[:, 0], {"background_uncertainty": 0.1}, "background_uncertainty= does nothing for a regression"),
        (line, X[:, 0], {"expected": {"signal": 3}}, "expected= does nothing for a regression"),
    ]:
        with pytest.raises(InputError, match=said):
            examine(model, (X, y), **QUICK | change)
    for model, y, kind in ((many, THREE, "many classes"), (line, X[:, 0], "a regression")):
        data = examine(model, (X, y), variables=["x1"], **QUICK).sections[0]
        assert f"variables= (x1) does nothing for {kind}" in data.text[0]


def test_some_or_all_yields_may_be_expected(binary, many):
    half = examine(binary, (X, TWO), expected={"signal": 7.0}, **QUICK)
    data = next(s for s in half.sections if s.explorer).explorer[0]
    assert (data["expectedSignal"], data["expectedBackground"]) == pytest.approx((7, 200))
    by_class = examine(binary, (X, TWO), expected={"1": 7.0, "0": 9.0}, positive=0, **QUICK)
    data = next(s for s in by_class.sections if s.explorer).explorer[0]
    assert (data["expectedSignal"], data["expectedBackground"]) == pytest.approx((9, 7))
    three = examine(many, (X, THREE), expected={"0": 1.0, "1": 2.0, "2": 4.0}, **QUICK)
    data = next(s for s in three.sections if s.explorer).explorer
    for one, expected in zip(data, [(1, 6), (2, 5), (4, 3)], strict=True):
        assert (one["expectedSignal"], one["expectedBackground"]) == pytest.approx(expected)


def test_a_yield_that_could_mean_either_class_is_refused():
    names = np.array(["background", "signal"])
    model = LogisticRegression().fit(X, names[TWO])
    with pytest.raises(InputError, match="could mean either class"):
        examine(model, (X, names[TWO]), positive="background", expected={"signal": 3.0}, **QUICK)


class Plain:
    """An estimator that inherits nothing."""

    classes_ = np.array([0, 1])

    def fit(self, X, y):
        return self

    def predict_proba(self, X):
        p = 1 / (1 + np.exp(-np.asarray(X)[:, 0]))
        return np.stack([1 - p, p], axis=1)


def test_an_estimator_that_inherits_nothing_is_taken():
    report = examine(Plain(), (X, TWO), toys=20)
    assert report["auc"].value == pytest.approx(auc(TWO, X[:, 0]))


def test_an_answer_of_the_wrong_shape_is_named():
    class Flat(Plain):
        def predict_proba(self, X):
            return super().predict_proba(X)[:, 1]

    class Words:
        def predict(self, X):
            return np.array(["a"] * len(X))

    with pytest.raises(InputError, match=r"gives shape \(400,\), expected \(400, 2\)"):
        examine(Flat(), (X, TWO), **QUICK)
    with pytest.raises(InputError, match="predict gives no numbers"):
        examine(Words(), (X, X[:, 0]), **QUICK)


def test_models_of_other_labels_are_not_compared(binary):
    text = LogisticRegression().fit(X, TWO.astype(str))
    with pytest.raises(
        InputError, match=r"text has the classes \['0', '1'\].* Text and numbers are different labels"
    ):
        examine(binary, (X, TWO), others={"text": text}, **QUICK)
    yes = LogisticRegression().fit(X, TWO == 1)
    assert examine(binary, (X, TWO), others={"yes": yes}, **QUICK)["auc"].value > 0.5


def test_names_of_any_characters_give_a_report(binary, tmp_path):
    report = examine(binary, (X, TWO), name="a\nb", others={"_x": binary, "a b": binary, "$": binary}, **QUICK)
    assert set(report.comparison["model"]) == {"a\nb", "_x", "a b", "$"}
    legend = report.figures["roc"].axes[0].get_legend().get_texts()
    assert [text.get_text() for text in legend][:4] == ["a b", r"$\_$x", "a b", r"\$"]


def test_a_variable_called_score_has_a_figure_of_its_own():
    frame = pd.DataFrame(X, columns=["a/b", "a_b"]).assign(score=X[:, 1])
    model = LogisticRegression().fit(frame, TWO)
    variables = ["score", "a/b", "a_b"]
    report = examine(model, (frame, TWO), data=frame[::2], variables=variables, **QUICK)
    assert {"overlay score", "overlay score (variable)", "overlay a/b", "overlay a_b"} <= set(report.figures)
    assert report.figures["overlay score"].axes[1].get_xlabel() == "probability of 1"
    assert report.figures["overlay score (variable)"].axes[1].get_xlabel() == "score"
    files = file_names(report.figures)
    assert len({f.lower() for f in files.values()}) == len(report.figures)
    assert (files["overlay a/b"], files["overlay a_b"]) == ("overlay_a_b", "overlay_a_b-2")
    assert len(file_names(["x" * 500])["x" * 500]) <= 60


def test_yes_and_no_are_features_too(line):
    frame = pd.DataFrame({"pt": X[:, 0], "tagged": X[:, 1] > 0})
    model = LogisticRegression().fit(frame, TWO)
    report = examine(model, (frame, TWO), train=(frame, TWO), variables=["tagged"], **QUICK)
    rows = report.sections[0].grids[1].rows
    assert rows[1][0] == "tagged"
    assert float(rows[1][3]) == pytest.approx(np.mean(X[:, 1] > 0), rel=1e-3)
    nameless = examine(Plain(), (frame, TWO), **QUICK)
    assert nameless["auc"].value > 0.5


def test_what_rounding_leaves_is_not_shown():
    symmetric = np.concatenate([X, -X])
    y = np.tile(TWO, 2)
    model = LogisticRegression().fit(symmetric, y)
    events = Events(pd.DataFrame(symmetric, columns=["a", "b"]), y, variations={"rate": np.full(800, 1.1)})
    report = examine(model, events, others={"twin": model}, **QUICK)
    assert [row[3] for row in report.sections[0].grids[1].rows] == ["0", "0"]
    systematics = next(s for s in report.sections if s.name == "systematics")
    assert systematics.grids[0].rows[0] == ("rate", "0", "0", "0", "10%", "10%")
