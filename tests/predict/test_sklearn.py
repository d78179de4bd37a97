"""Both estimators keep scikit-learn's contract."""

import numpy as np
import pytest
from sklearn.datasets import load_iris, make_friedman1
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures
from sklearn.utils.estimator_checks import parametrize_with_checks

import lawful as lf

# Few rows and few epochs keep the suite short; full batches in float64 are what makes weights equal to repeated rows.
QUICK = {"hidden": (16,), "epochs": 40, "learning_rate": 0.03, "averaging": 0, "verbose": False}


def expected_failures(estimator):
    reason = (
        "A weight of two and a row given twice start from the same weights but are held out and shuffled as one "
        "event and as two, so the networks differ by more than rounding."
    )
    return {
        "check_sample_weight_equivalence_on_dense_data": reason,
    }


@parametrize_with_checks([lf.Classifier(**QUICK), lf.Regressor(**QUICK)], expected_failed_checks=expected_failures)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def test_works_in_a_pipeline_and_cross_validation():
    X, y = load_iris(return_X_y=True)
    pipeline = make_pipeline(PolynomialFeatures(2, include_bias=False), lf.Classifier(epochs=60, seed=1))
    assert cross_val_score(pipeline, X, y, cv=3).mean() > 0.9


def test_regressor_beats_a_linear_fit_in_cross_validation():
    X, y = make_friedman1(400, noise=1.0, random_state=0)
    network = cross_val_score(lf.Regressor(epochs=150, learning_rate=0.01), X, y, cv=3).mean()
    straight = cross_val_score(lf.Regressor("linear", epochs=150, learning_rate=0.03), X, y, cv=3).mean()
    assert network > straight + 0.03
    assert straight == pytest.approx(0.70, abs=0.1)  # the linear part of Friedman's function
    assert np.isfinite([network, straight]).all()
