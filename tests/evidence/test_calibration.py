import time

import numpy as np
import pytest
from scipy.stats import chi2
from sklearn import metrics as sk

from lawful import InputError
from lawful.evidence import (
    brier,
    calibration_chi2,
    calibration_curve,
    calibration_error,
    calibration_noise,
    expected_calibration_error,
    interval,
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
        variance = sum((wi * (yi - curve.observed[b])) ** 2 for yi, wi in zip(y[own], w[own], strict=True))
        assert curve.error[b] == pytest.approx(np.sqrt(variance) / w[own].sum())
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


def known_weights(rng, y, kind):
    if kind == "classes":  # a class of small weights, with a prior that follows them
        return np.where(y == 1, 0.2, 1.0) * np.where(rng.random(len(y)) < 0.1, -1, 1)
    return rng.exponential(size=len(y)) * np.where(rng.random(len(y)) < 0.1, -1, 1) if kind == "signed" else None


@pytest.mark.parametrize("kind", ["plain", "signed", "classes"])
def test_the_chi2_probability_of_a_perfect_model_is_uniform(kind):
    """300 sets: the mean of 300 probabilities is 0.5 to 0.017, the share below 0.1 is known to 0.017.

    Seeded; limits at three and a half deviations, wider by 0.02 for the tails of the weights' distribution.
    """
    rng = np.random.default_rng(6)
    found = []
    for _ in range(300):
        y = rng.integers(0, 2, 2000)
        p = 1 / (1 + np.exp(-(rng.normal(1.0 * y) - 0.5 + (np.log(0.2) if kind == "classes" else 0.0))))
        found.append(calibration_chi2(y, p, known_weights(rng, y, kind)).probability)
    assert np.mean(found) == pytest.approx(0.5, abs=0.06)
    assert np.mean(np.array(found) < 0.1) == pytest.approx(0.1, abs=0.08)


@pytest.mark.parametrize("n", [100, 2000])
def test_the_chi2_is_the_sum_over_bins(n):
    """In bins of few events each class has the spread of all its weights, in bins of many that of the bin."""
    rng = np.random.default_rng(7)
    p = np.repeat([0.3, 0.5, 0.7], n)
    y, w = rng.random(3 * n) < p + 0.1, np.where(np.arange(3 * n) % 2, 2.0, 1.0) + p
    expected = 0.0
    for chance in (0.3, 0.5, 0.7):
        own = p == chance
        seen = own if n > 500 else np.ones(3 * n, dtype=bool)
        unit = [(w[seen & (y == c)] ** 2).sum() / w[seen & (y == c)].sum() for c in (0, 1)]
        variance = w[own].sum() * chance * (1 - chance) * ((1 - chance) * unit[1] + chance * unit[0])
        expected += (w[own] * (y[own] - chance)).sum() ** 2 / variance
    found = calibration_chi2(y, p, w, bins=3)
    assert found.bins == 3
    assert found.chi2 == pytest.approx(expected)
    assert found.probability == pytest.approx(chi2.sf(expected, 3))


def test_what_the_model_calls_impossible_does_not_happen():
    wrong = calibration_chi2([1, 0], [0.0, 1.0])
    assert wrong.chi2 == np.inf
    assert wrong.probability == 0
    y = np.r_[np.ones(100), np.zeros(900)]  # as many events in all as the model says, at the wrong place
    for never in (0.0, 1e-12):
        assert calibration_chi2(y, np.r_[np.full(100, never), np.full(900, 0.1)]).probability < 1e-12
        assert calibration_chi2(1 - y, np.r_[np.full(100, 1 - never), np.full(900, 0.9)]).probability < 1e-12


def test_right_certainties_change_nothing():
    rng = np.random.default_rng(10)
    p = rng.uniform(0.2, 0.8, 600)
    y = (rng.random(600) < p).astype(float)
    alone = calibration_chi2(y, p, bins=1)
    among = calibration_chi2(np.r_[y, np.ones(50), np.zeros(50)], np.r_[p, np.ones(50), np.zeros(50)], bins=1)
    assert (among.chi2, among.bins) == pytest.approx((alone.chi2, 1))


def test_weights_of_both_signs_may_cancel_where_a_class_has_no_yield():
    p = np.r_[np.zeros(100), np.full(100, 0.5)]
    y = np.r_[np.ones(100), np.tile([0, 1], 50)]
    w = np.r_[np.tile([1.0, -1.0], 50), np.ones(100)]
    assert calibration_chi2(y, p, w).probability == 1
    assert calibration_chi2(y, p, np.r_[np.tile([1.0, 1.0, 1.0, -1.0], 25), np.ones(100)]).probability < 1e-5


def test_certainties_alone_cannot_be_tested():
    found = calibration_chi2([1, 0], [1.0, 0.0])
    assert (found.chi2, found.bins) == (0, 0)
    assert np.isnan(found.probability)
    assert "cannot be tested" in str(found)


def test_a_class_without_events_fluctuates_too():
    """A thousand events of which a tenth of one is expected to be background; seen 0 where V = 0.1."""
    found = calibration_chi2(np.ones(1000), np.full(1000, 0.9999), bins=1)
    assert found.chi2 == pytest.approx(0.1, rel=1e-3)


def test_unequal_weights_do_not_reject_a_perfect_model():
    """Log-normal weights; 600 sets: a share of 0.05 is known to 0.009, the limit is three times that."""
    rng = np.random.default_rng(11)
    found = []
    for _ in range(600):
        p = 1 / (1 + np.exp(-1.5 * rng.normal(size=1000)))
        y = rng.random(1000) < p
        found.append(calibration_chi2(y, p, rng.lognormal(size=1000)).probability)
    assert np.mean(np.array(found) < 0.05) < 0.05 + 0.027


def test_bins_that_expect_few_events_of_a_class_are_joined():
    p = np.linspace(0.001, 0.02, 3000)
    found = calibration_chi2(np.arange(3000) % 100 == 0, p)
    assert 1 < found.bins <= 6  # thirty signal events in all, five at least in each


def test_noise_follows_the_weights_of_the_classes():
    """Signal of small weight: what fluctuates is the background. Mean of 200 errors, known to 4%."""
    rng = np.random.default_rng(8)
    plain, noise = [], []
    for _ in range(200):
        y = rng.integers(0, 2, 2000)
        p = 1 / (1 + np.exp(-(rng.normal(1.0 * y) - 0.5 + np.log(0.05))))
        w = np.where(y == 1, 0.05, 1.0)
        plain.append(expected_calibration_error(y, p, w))
        noise.append(calibration_noise(y, p, w).value)
    assert np.mean(plain) == pytest.approx(np.mean(noise), rel=0.15)


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


def test_a_million_events_take_seconds():
    """Loose: dealing the events into bins again for each chunk of toys took 25 s."""
    rng = np.random.default_rng(9)
    p = rng.random(1_000_000)
    y = rng.random(len(p)) < p
    start = time.process_time()
    interval(calibration_error, y, p, toys=40)
    assert time.process_time() - start < 5


def test_rounding_beyond_one_is_taken():
    assert brier([0, 1], [0.0, 1 + 2e-16]) == 0
    assert log_loss([0, 1], [-1e-9, 1 + 1e-7]) < 1e-9


def test_a_curve_is_of_one_set_of_weights(predictions):
    y, p, w = predictions
    for measure in (calibration_curve, calibration_noise, calibration_chi2):
        with pytest.raises(InputError, match=r"shape \(2, 500\), expected \(500,\)"):
            measure(y, p, np.stack([w, w]))
