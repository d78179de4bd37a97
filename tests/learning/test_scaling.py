"""Scaling follows weighted quantiles, keeps order, and marks what is missing."""

import numpy as np
import pytest

from lawful.errors import InputError
from lawful.learning import InputScaling, TargetScaling
from lawful.learning.scaling import weighted_quantiles

RNG = np.random.default_rng(0)


def test_weighted_quantiles_equal_those_of_repeated_rows():
    x = RNG.normal(size=(200, 3))
    repeats = RNG.integers(0, 4, 200)
    levels = np.array([0.1, 0.25, 0.5, 0.9])
    expected = np.quantile(np.repeat(x, repeats, axis=0), levels, axis=0, method="inverted_cdf")
    np.testing.assert_array_equal(weighted_quantiles(x, repeats.astype(float), levels), expected)


@pytest.mark.parametrize("kind", ["robust", "standard", "none"])
def test_order_is_kept_and_outliers_stay_apart(kind):
    x = np.sort(RNG.standard_cauchy(size=(500, 1)), axis=0)
    z = InputScaling.fit(x, np.ones(500), kind).apply(x)
    assert (np.diff(z[:, 0]) > 0).all()


def test_robust_is_near_the_identity_in_the_middle_and_logarithmic_far_out():
    x = RNG.normal(size=(50_000, 1))
    scaling = InputScaling.fit(x, np.ones(len(x)))
    spread = 1.349  # distance of the quartiles of a normal distribution
    z = scaling.apply(np.array([[0.1], [1e3], [1e6]]))[:, 0]
    assert z[0] == pytest.approx(0.1 / spread, abs=0.02)
    assert z[2] - z[1] == pytest.approx(np.log(1e3), rel=0.01)


def test_standard_gives_weighted_mean_zero_and_deviation_one():
    x, w = RNG.exponential(size=(300, 2)), RNG.random(300)
    z = InputScaling.fit(x, w, "standard").apply(x)
    assert np.average(z, axis=0, weights=w) == pytest.approx([0, 0], abs=1e-12)
    assert np.average(z**2, axis=0, weights=w) == pytest.approx([1, 1])


def test_constant_and_nearly_constant_columns_stay_finite():
    x = np.column_stack([np.full(100, 3.0), np.r_[np.zeros(99), 1.0], np.full(100, 1e30)])
    for kind in ("robust", "standard"):
        assert np.isfinite(InputScaling.fit(x, np.ones(100), kind).apply(x)).all()


def test_missing_values_become_the_median_and_get_a_mark():
    x = RNG.normal(size=(101, 2))
    x[::10, 1] = np.nan
    scaling = InputScaling.fit(x, np.ones(101))
    z = scaling.apply(x)
    assert z.shape == (101, 3)
    assert scaling.outputs == 3
    assert (z[::10, 1] == 0).all()
    np.testing.assert_array_equal(z[:, 2], np.isnan(x[:, 1]))
    there = x[~np.isnan(x[:, 1]), 1]
    assert scaling.centre[1] == pytest.approx(np.median(there), abs=0.05)


def test_targets_go_there_and_back():
    y = RNG.normal(5, 2, size=(400, 2))
    scaling = TargetScaling.fit(y, np.ones(400))
    assert scaling.apply(y).std(0) == pytest.approx([1, 1])
    np.testing.assert_allclose(scaling.invert(scaling.apply(y)), y)


def test_unknown_kind_is_named():
    with pytest.raises(InputError, match="scaling='minmax'"):
        InputScaling.fit(np.zeros((3, 1)), np.ones(3), "minmax")
