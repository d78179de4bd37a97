import numpy as np
import pytest
from sklearn import metrics as sk

from lawful import InputError
from lawful.evidence import (
    brier,
    calibration_curve,
    calibration_error,
    calibration_noise,
    expected_calibration_error,
    log_loss,
)


@pytest.fixture
def predictions():
    rng = np.random.default_rng(2)
    p = rng.random(500)
    return (rng.random(500) < p).astype(int), p, rng.exponential(size=500)


def test_brier_and_log_loss_are_those_of_scikit_learn(predictions):
    y, p, w = predictions
    assert brier(y, p, w) == pytest.approx(sk.brier_score_loss(y, p, sample_weight=w))
    assert log_loss(y, p, w) == pytest.approx(sk.log_loss(y, p, sample_weight=w))


def test_many_classes():
    rng = np.random.default_rng(3)
    p, y, w = rng.dirichlet([1, 1, 1], 100), rng.integers(0, 3, 100), rng.exponential(size=100)
    assert log_loss(y, p, w) == pytest.approx(sk.log_loss(y, p, sample_weight=w))
    assert brier(y, p, w) == pytest.approx(np.average(((p - np.eye(3)[y]) ** 2).sum(1), weights=w))
    with pytest.raises(InputError, match="class numbers 0 to 2"):
        brier(y + 1, p)


def test_certainty_that_is_wrong_is_finite():
    assert 0 < log_loss([0, 1], [1.0, 1.0]) < 20


def test_the_curve_is_a_plain_average_in_bins(predictions):
    y, p, w = predictions
    curve = calibration_curve(y, p, w, bins=4)
    for b in range(4):
        own = (p >= curve.edges[b]) & (p < curve.edges[b + 1])
        assert curve.observed[b] == pytest.approx(np.average(y[own], weights=w[own]))
        assert curve.predicted[b] == pytest.approx(np.average(p[own], weights=w[own]))
    assert curve.share == pytest.approx([0.25] * 4, abs=0.02)
    assert curve.share.sum() == pytest.approx(1)


def test_negative_weights_keep_their_sign_in_bins():
    y, p, w = np.array([0, 1, 1, 0]), np.array([0.5, 0.5, 0.5, 0.5]), np.array([1.0, 2.0, -0.5, 1.0])
    curve = calibration_curve(y, p, w)
    assert curve.observed.tolist() == pytest.approx([1.5 / 3.5])
    assert expected_calibration_error(y, p, w) == pytest.approx(abs(1.5 / 3.5 - 0.5))


def test_the_error_of_a_known_miscalibration():
    rng = np.random.default_rng(4)
    p = rng.random(200_000)
    y = rng.random(200_000) < np.clip(p + 0.05, 0, 1)
    truth = 0.05 - 0.05**2 / 2
    assert expected_calibration_error(y, p) == pytest.approx(truth, abs=0.005)
    assert calibration_error(y, p) == pytest.approx(truth, abs=0.005)


def test_noise_alone_is_predicted_and_subtracted():
    """Perfect probabilities: 300 sets; the mean of 300 errors is known to better than 0.002 (four deviations)."""
    rng = np.random.default_rng(5)
    plain, noise, debiased = [], [], []
    for _ in range(300):
        p = rng.random(400)
        y = rng.random(400) < p
        w = rng.exponential(size=400) * np.where(rng.random(400) < 0.1, -1, 1)
        plain.append(expected_calibration_error(y, p, w))
        noise.append(calibration_noise(y, p, w).value)
        debiased.append(calibration_error(y, p, w))
    assert np.mean(plain) == pytest.approx(np.mean(noise), rel=0.08)
    assert np.mean(debiased) < 0.4 * np.mean(plain)
    assert np.mean(np.array(debiased) == 0) > 0.25


def test_a_weight_of_n_is_n_rows(predictions):
    y, p, _ = predictions
    n = np.random.default_rng(0).integers(1, 4, len(y))
    for metric in (brier, log_loss, expected_calibration_error):
        assert metric(y, p, n) == pytest.approx(metric(np.repeat(y, n), np.repeat(p, n)), rel=1e-9)


def test_toys_are_the_metric_of_each_toy_in_fixed_bins(predictions):
    y, p, w = predictions
    W = np.stack([w, w])
    for metric in (brier, log_loss, expected_calibration_error, calibration_error):
        assert metric(y, p, W) == pytest.approx(2 * [metric(y, p, w)])


def test_scores_are_not_probabilities():
    with pytest.raises(InputError, match="raw scores"):
        calibration_curve([0, 1], [-3.0, 2.0])
