import numpy as np
import pytest
from sklearn import metrics as sk

from lawful import InputError
from lawful.evidence import bias, mae, pulls, r2, residuals, resolution, resolution_68, rmse, weighted_quantile

METRICS = [bias, rmse, mae, r2, resolution, resolution_68]


@pytest.fixture
def numbers():
    rng = np.random.default_rng(1)
    y = rng.normal(size=300)
    return y, y + 0.3 + rng.normal(size=300), rng.exponential(size=300)


def test_they_are_those_of_scikit_learn(numbers):
    y, p, w = numbers
    assert rmse(y, p, w) == pytest.approx(sk.root_mean_squared_error(y, p, sample_weight=w))
    assert mae(y, p, w) == pytest.approx(sk.mean_absolute_error(y, p, sample_weight=w))
    assert r2(y, p, w) == pytest.approx(sk.r2_score(y, p, sample_weight=w))
    assert r2(y + 1e6, p + 1e6, w) == pytest.approx(r2(y, p, w), rel=1e-6)


def test_bias_and_resolution_make_up_the_rmse(numbers):
    y, p, w = numbers
    assert bias(y, p, w) ** 2 + resolution(y, p, w) ** 2 == pytest.approx(rmse(y, p, w) ** 2)


def test_the_half_width_of_a_normal_is_its_deviation():
    rng = np.random.default_rng(2)
    r = rng.normal(1.0, 2.0, 200_000)
    assert resolution_68(np.zeros_like(r), r) == pytest.approx(2.0, abs=0.03)


@pytest.mark.parametrize("metric", METRICS)
def test_a_weight_of_n_is_n_rows(numbers, metric):
    y, p, _ = numbers
    n = np.random.default_rng(0).integers(1, 4, len(y))
    assert metric(y, p, n) == pytest.approx(metric(np.repeat(y, n), np.repeat(p, n)), rel=1e-9)


@pytest.mark.parametrize("metric", METRICS)
def test_an_event_and_its_negative_cancel(numbers, metric):
    y, p, w = numbers
    more = metric(np.append(y, [9.0, 9.0]), np.append(p, [1.0, 1.0]), np.append(w, [4.0, -4.0]))
    assert more == pytest.approx(metric(y, p, w), rel=1e-6)


@pytest.mark.parametrize("metric", METRICS)
def test_toys_are_the_metric_of_each_toy(numbers, metric):
    y, p, w = numbers
    W = np.stack([w, w**2, np.where(np.arange(300) % 9 == 0, -w, w)])
    assert metric(y, p, W) == pytest.approx([metric(y, p, one) for one in W])


def test_quantiles_are_those_of_repeated_values():
    rng = np.random.default_rng(3)
    v, n = rng.normal(size=50), rng.integers(1, 5, 50)
    levels = [0.1, 0.5, 0.9]
    expected = np.quantile(np.repeat(v, n), levels, method="inverted_cdf")
    assert weighted_quantile(v, levels, n) == pytest.approx(expected)


def test_pulls_need_a_positive_uncertainty():
    assert pulls([0.0], [2.0], [4.0]).tolist() == [0.5]
    with pytest.raises(InputError, match="1 values of zero or less"):
        pulls([0.0, 1.0], [1.0, 1.0], [1.0, 0.0])


def test_shapes_must_agree():
    with pytest.raises(InputError, match="shape \\(2, 2\\)"):
        residuals(np.zeros((2, 2)), np.zeros(2))
    with pytest.raises(InputError, match="one column at a time"):
        rmse(np.zeros((2, 2)), np.zeros((2, 2)))
