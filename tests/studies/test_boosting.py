"""Boosted trees as yardsticks give the ratios of signed densities."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.ensemble import HistGradientBoostingRegressor

from lawful import InputError
from lawful.studies import read_study
from lawful.studies.boosting import BoostedRegressor
from lawful.studies.yardsticks import make_yardstick


def signed_sample(n, f, seed):
    """Signal N(0, 1) less a share f at N(0.5, 0.3), of weight -1; background N(0.5, 1.2)."""
    rng = np.random.default_rng(seed)
    negative = rng.random(n) < f / (1 + f)
    signal = np.where(negative, rng.normal(0.5, 0.3, n), rng.normal(0, 1, n))
    X = np.concatenate([signal, rng.normal(0.5, 1.2, n)])[:, None]
    return X, np.repeat([1, 0], n), np.concatenate([np.where(negative, -1.0, 1.0), np.ones(n)])


@pytest.mark.parametrize("seed", [0, 1])
def test_probabilities_are_the_ratio_of_the_signed_densities(seed):
    """With |w| in place of w the largest error is 0.57."""
    f = 0.25
    X, y, w = signed_sample(40_000, f, seed)
    grid = np.linspace(-2.2, 2.5, 100)
    density = (norm.pdf(grid) - f * norm.pdf(grid, 0.5, 0.3)) / (1 + f)  # signed weight for each event of signal
    exact = density / (density + norm.pdf(grid, 0.5, 1.2))
    trees = make_yardstick("gradient-boosted trees", read_study("higgs", [f"training.seed={seed}"]))
    p = trees.fit(X, y, w).predict_proba(grid[:, None])[:, 1]
    assert np.sqrt(np.mean((p - exact) ** 2)) < 0.05
    assert np.abs(p - exact).max() < 0.25


def test_the_regression_gives_the_ratio_of_signed_sums():
    """Three events in ten weigh -1 and lie one unit higher: the weighted mean is sin - 0.3 / 0.4."""
    rng = np.random.default_rng(0)
    n = 20_000
    x = rng.uniform(-1, 1, (n, 1))
    negative = rng.random(n) < 0.3
    y = np.sin(3 * x[:, 0]) + negative + 0.1 * rng.normal(size=n)
    model = BoostedRegressor().fit(pd.DataFrame(x, columns=["x"]), y, np.where(negative, -1.0, 1.0))
    grid = np.linspace(-0.1, 0.9, 50)
    error = model.predict(pd.DataFrame({"x": grid})) - (np.sin(3 * grid) - 0.75)
    assert np.sqrt(np.mean(error**2)) < 0.1  # raw negative weights: 0.28
    assert model.predict(pd.DataFrame({"x": np.linspace(-1, 1, 99)})).min() >= y.min()


def test_without_negative_weights_the_regression_is_that_of_scikit_learn():
    X = signed_sample(1000, 0.25, 0)[0]
    straight = HistGradientBoostingRegressor(early_stopping=True, random_state=3).fit(X, X[:, 0])
    np.testing.assert_array_equal(BoostedRegressor(3).fit(X, X[:, 0]).predict(X), straight.predict(X))


@pytest.mark.parametrize("few", [1, 2, 5, 39])
def test_a_few_negative_weights_shift_the_mean_by_their_share(few):
    """Of few events of one sign the mean and the share are constants."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(100 + few, 2))
    y = np.r_[np.zeros(50), np.full(50, 2.0), np.full(few, 10.0)]
    w = np.r_[np.ones(100), np.full(few, -0.1)]
    plus = BoostedRegressor().fit(X[:100], y[:100]).predict(X)
    r = 0.1 * few / (100 + 0.1 * few)
    expected = plus + (plus - 10.0) * r / (1 - 2 * r)
    found = BoostedRegressor().fit(X, y, w).predict(X)
    np.testing.assert_allclose(found, np.clip(expected, 0, 10), atol=0.02)


def test_weights_of_one_sign_give_the_plain_mean():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(300, 1))
    plain = BoostedRegressor().fit(X, X[:, 0], np.ones(300)).predict(X)
    np.testing.assert_array_equal(BoostedRegressor().fit(X, X[:, 0], np.full(300, -1.0)).predict(X), plain)
    more, y = np.r_[X, X], np.r_[X[:, 0], np.full(300, 50.0)]
    found = BoostedRegressor().fit(more, y, np.r_[np.ones(300), np.zeros(300)])
    np.testing.assert_array_equal(found.predict(X), plain)
    mixed = BoostedRegressor().fit(more, y, np.r_[np.full(300, -1.0), np.zeros(300)])
    np.testing.assert_array_equal(mixed.predict(X), plain)
    with pytest.raises(InputError, match="sum to 0"):
        BoostedRegressor().fit(X, X[:, 0], np.zeros(300))


def test_one_event_is_its_own_mean():
    assert BoostedRegressor().fit([[1.0]], [3.0]).predict([[2.0]]).tolist() == [3.0]
