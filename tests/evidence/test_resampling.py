import time

import numpy as np
import pytest
from scipy.stats import norm, poisson
from sklearn.metrics import roc_auc_score

from lawful import InputError
from lawful.evidence import (
    Measured,
    accuracy,
    auc,
    bootstrap,
    calibration_error,
    difference,
    each_toy,
    interval,
    resolution,
    resolution_68,
)
from lawful.evidence.ranking import Ranking
from lawful.evidence.resampling import measured, resample, toys_of

SETS = 400  # simulated data sets; the share of 68% intervals that cover has a standard deviation of 2.3%


def simulate(rng, n, *, signed):
    """Scores of shifted normals, residuals of a standard normal, weights that do not change either's truth."""
    y = np.repeat([0, 1], n)
    sign = np.where(rng.random(2 * n) < 0.15, -1, 1)
    weight = rng.exponential(size=2 * n) * sign if signed else np.ones(2 * n)
    return y, rng.normal(1.0 * y), rng.normal(size=2 * n), weight


TRUTH = {
    "auc": norm.cdf(1 / np.sqrt(2)),
    "background efficiency": norm.sf(norm.isf(0.5) + 1),
    "accuracy": norm.cdf(0.5),
    "resolution": 1.0,
    "half-width": 1.0,
}


@pytest.mark.parametrize("signed", [False, True])
def test_intervals_cover_the_truth(signed):
    """61% to 75% of 400 intervals of 68% hold the truth.

    Seeded. With another seed a right method would fail with a probability of 0.3% for each metric. Rejection is one
    over the background efficiency, so its interval covers when that one does.
    """
    rng = np.random.default_rng(20 + signed)
    covered = dict.fromkeys(TRUTH, 0)
    for _ in range(SETS):
        y, score, residual, weight = simulate(rng, 300, signed=signed)
        ranking, zero = Ranking(y, score), np.zeros(len(y))

        def statistics(W, y=y, score=score, residual=residual, ranking=ranking, zero=zero):
            sums = ranking.sums(W)
            return {
                "auc": sums.auc(),
                "background efficiency": sums.background_efficiency(0.5),
                "accuracy": accuracy(y, score > 0.5, W),
                "resolution": resolution(zero, residual, W),
                "half-width": resolution_68(zero, residual, W),
            }

        for name, m in bootstrap(statistics, weight, toys=200, seed=rng).items():
            covered[name] += m.low <= TRUTH[name] <= m.high
    shares = {name: count / SETS for name, count in covered.items()}
    assert all(0.61 <= share <= 0.75 for share in shares.values()), shares


def overconfident(rng, n, signed, factor):
    """Labels, probabilities that are too sure of themselves by a factor in the logit, and weights."""
    y, score, _, weight = simulate(rng, n, signed=signed)
    return y, 1 / (1 + np.exp(-factor * (score - 0.5))), weight


@pytest.mark.parametrize(("signed", "factor"), [(False, 1.3), (False, 2.5), (True, 1.6)])
def test_intervals_of_the_calibration_error_cover(signed, factor):
    """61% to 78% of 200 intervals hold the truth of a model that is too sure of itself.

    Seeded; the share has a deviation of 3.3%, and a method that covers 69% fails with a probability of 1%. A plain
    bootstrap of the square covers 80% to 96%.
    """
    rng = np.random.default_rng(30 + signed)
    truth = calibration_error(*overconfident(rng, 500_000, False, factor)[:2])
    covered = 0
    for _ in range(200):
        y, p, weight = overconfident(rng, 1000, signed, factor)
        m = interval(calibration_error, y, p, weight=weight, seed=rng)
        covered += m.low <= truth <= m.high
    assert 0.61 <= covered / 200 <= 0.78


def test_the_calibration_error_of_a_perfect_model_reaches_down_to_zero():
    """84% of one-sided intervals hold 0, where the upper ends are bounds; 100 sets, five deviations of 4%."""
    rng = np.random.default_rng(32)
    sets = [overconfident(rng, 1000, False, 1.0) for _ in range(100)]
    found = [interval(calibration_error, y, p, weight=w, seed=rng) for y, p, w in sets]
    assert 0.64 <= np.mean([m.low == 0 for m in found]) < 1
    assert all(m.low <= m.value <= m.high for m in found if m.value > 0)


def test_a_difference_of_calibration_errors_is_paired():
    rng = np.random.default_rng(33)
    y, p, weight = overconfident(rng, 2000, True, 1.6)
    same = difference(calibration_error, y, p, p, weight)
    assert (same.value, same.low, same.high) == (0, 0, 0)
    near = difference(calibration_error, y, p, 0.95 * p, weight)
    assert near.error < 0.7 * interval(calibration_error, y, p, weight=weight).error


def test_the_error_of_a_mean_is_the_known_one():
    """Width against the formula with sums of squared weights; 2000 toys know a width to 1.6%."""
    rng = np.random.default_rng(1)
    x, w = rng.normal(size=2000), rng.exponential(size=2000) * np.where(rng.random(2000) < 0.2, -1, 1)
    mean = (w @ x) / w.sum()
    expected = np.sqrt((w**2 * (x - mean) ** 2).sum()) / w.sum()
    found = bootstrap(lambda W: {"mean": W @ x / W.sum(-1)}, w, toys=2000)["mean"]
    assert found.error == pytest.approx(expected, rel=0.08)
    assert found.value == pytest.approx(mean)


def test_the_same_seed_gives_the_same_toys_whatever_the_chunks(monkeypatch):
    w = np.arange(1.0, 101.0)
    whole = np.concatenate(list(toys_of(w, 50, 3)))
    monkeypatch.setattr("lawful.evidence.resampling._CHUNK", 700)
    parts = list(toys_of(w, 50, 3))
    assert len(parts) == 8
    assert np.array_equal(np.concatenate(parts), whole)
    assert whole.mean() == pytest.approx(50.5, rel=0.05)


def test_multipliers_are_poisson():
    """Shares of 400,000 counts agree with Poisson(1) to 0.4%, five standard deviations."""
    counts = np.concatenate(list(toys_of(np.ones(2000), 200, 0))).ravel()
    for k in range(5):
        assert np.mean(counts == k) == pytest.approx(poisson.pmf(k, 1), abs=0.004)
    assert counts.mean() == pytest.approx(1, abs=0.008)
    assert counts.var() == pytest.approx(1, abs=0.02)


def test_a_difference_is_paired():
    """Two scores that share most of their noise: the paired interval is far narrower than the two together."""
    rng = np.random.default_rng(2)
    y = np.repeat([0, 1], 1000)
    first = rng.normal(1.0 * y)
    second = first + 0.2 * rng.normal(size=2000)
    d = difference(auc, y, first, second)
    assert d.value == pytest.approx(auc(y, first) - auc(y, second))
    assert d.error < 0.35 * np.hypot(interval(auc, y, first).error, interval(auc, y, second).error)


def test_the_interval_of_a_difference_covers():
    """60% to 76% of 300 intervals hold the known difference; a right method fails with probability 0.3%."""
    rng = np.random.default_rng(4)
    truth = norm.cdf(1 / np.sqrt(2)) - norm.cdf(1 / np.sqrt(2 * 1.25))
    covered = 0
    for _ in range(300):
        y = np.repeat([0, 1], 200)
        first = rng.normal(1.0 * y)
        d = difference(auc, y, first, first + 0.5 * rng.normal(size=400), seed=rng)
        covered += d.low <= truth <= d.high
    assert 0.60 <= covered / 300 <= 0.76


def test_any_function_of_plain_weights_can_be_lifted(signed):
    y, score, weight = signed
    w = np.abs(weight)
    lifted = each_toy(lambda y, s, weight: roc_auc_score(y, s, sample_weight=weight))
    ours, theirs = interval(auc, y, score, weight=w, toys=30), interval(lifted, y, score, weight=w, toys=30)
    assert [theirs.low, theirs.high] == pytest.approx([ours.low, ours.high])


def test_infinite_toys_make_an_open_interval():
    toys = np.append(np.linspace(1, 2, 60), np.full(40, np.inf))
    m = measured(1.5, toys)
    assert m.high == np.inf
    assert 1 < m.low < 2
    assert str(m) == "1.5 [1.268, ∞]"


def test_toys_without_a_value_are_left_out():
    assert measured(1.0, np.array([np.nan, 1.0, 1.0, 1.0])).low == 1.0
    assert np.isnan(measured(1.0, np.array([np.nan, np.nan])).low)


def test_numbers_are_printed_to_the_digit_that_is_known():
    assert str(Measured(1234.5, 1200.0, 1270.0)) == "1234 ± 35"
    assert str(Measured(-0.0123, -0.0133, -0.0113)) == "−0.0123 ± 0.0010"
    assert str(Measured(0.5, 0.5, 0.5)) == "0.5"
    assert str(Measured(20.0, 20.0 - 4e-15, 20.0 - 3e-15)) == "20"
    assert str(Measured(-1e-15, -0.03, 0.03)) == "0.000 ± 0.030"
    assert str(Measured(-1.2e-15, -1.4e-15, -1.0e-15)).startswith("−1.2e−15")
    assert str(Measured(0.5, 0.6, 0.7)) == "0.5 [0.6, 0.7]"
    assert str(Measured(float("nan"), 0.0, 1.0)) == "– [0, 1]"
    assert Measured(1.0, 0.5, 2.0).as_dict() == {"value": 1.0, "low": 0.5, "high": 2.0}


def test_settings_are_checked():
    for toys in (5, 20.0, "many"):
        with pytest.raises(InputError, match="at least 20"):
            interval(auc, [0, 1], [0.1, 0.2], toys=toys)
    with pytest.raises(InputError, match="level="):
        interval(auc, [0, 1], [0.1, 0.2], level=1.5)


def test_200_toys_of_20000_events_take_seconds():
    """Loose: a loop over events or toys would take minutes."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 10_000)
    ranking = Ranking(y, rng.normal(1.0 * y))
    start = time.process_time()
    resample(lambda W: {"auc": ranking.sums(W).auc()}, np.ones(20_000), toys=200, seed=0)
    assert time.process_time() - start < 5
