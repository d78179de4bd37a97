from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from lawful import InputError
from lawful.evidence.models import Subject, count_parameters

FRAME = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0], "b": [1.0, 0.0, 1.0, 0.0]})
Y = np.array([0, 0, 1, 1])


def test_features_are_taken_by_name():
    subject = Subject("small", LogisticRegression().fit(FRAME[["b"]], Y))
    assert list(subject.inputs(FRAME[["b", "a"]])) == ["b"]
    with pytest.raises(InputError, match=r"no feature 'b' .*did you mean 'bb'"):
        subject.inputs(FRAME.rename(columns={"b": "bb"}))


def test_models_without_names_get_the_array():
    subject = Subject("m", LogisticRegression().fit(FRAME.to_numpy(), Y))
    assert subject.inputs(FRAME).shape == (4, 2)
    with pytest.raises(InputError, match="fitted on 2 features without names, but the events have 1"):
        subject.inputs(FRAME[["a"]])


def test_a_classifier_without_probabilities_is_refused():
    with pytest.raises(InputError, match="CalibratedClassifierCV"):
        _ = Subject("svc", LinearSVC().fit(FRAME, Y)).classes


def test_answers_must_be_numbers():
    class Broken(LinearRegression):
        def predict(self, X):
            return np.full(len(X), np.nan)

    with pytest.raises(InputError, match="NaN or infinity for 4 of 4"):
        Subject("broken", Broken().fit(FRAME, Y)).predict(FRAME)


def test_uncertainty_comes_from_spread_or_from_predict():
    found = Subject("gp", GaussianProcessRegressor().fit(FRAME, Y)).spread(FRAME)
    assert found is not None
    assert found.shape == (4, 1)
    assert Subject("linear", LinearRegression().fit(FRAME, Y)).spread(FRAME) is None


def test_parameters_are_counted():
    X, y = np.random.default_rng(0).normal(size=(200, 3)), np.tile([0, 1], 100)
    assert count_parameters(LogisticRegression().fit(X, y)) == 4
    assert count_parameters(make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)) == 4
    net = MLPClassifier((5,), max_iter=400, random_state=0, tol=1.0).fit(X, y)
    assert count_parameters(net) == 3 * 5 + 5 + 5 + 1
    trees = HistGradientBoostingClassifier(max_iter=2, max_leaf_nodes=4, random_state=0).fit(X, y)
    assert 2 < count_parameters(trees) <= 2 * 7
    assert count_parameters(RandomForestRegressor(3, max_depth=1).fit(X, y)) == 9
    assert count_parameters(object()) is None


def test_history_gives_the_training_time():
    net = SimpleNamespace(history_=[{"epoch": 1, "seconds": 0.5}, {"epoch": 2, "seconds": 1.25}])
    assert Subject("net", net).training_seconds == 1.25
    assert Subject("none", object()).training_seconds is None
    assert Subject("linear", LinearRegression().fit(FRAME, Y)).prediction_seconds(FRAME) > 0
