import numpy as np
import pytest

from lawful.evidence import rejection, roc
from lawful.evidence.cuts import cut_table, purity_band, roc_band
from lawful.evidence.resampling import toys_of


def test_few_scores_are_all_in_the_table(signed):
    y, score, weight = signed
    table = cut_table(y, score, weight, toys=20)
    curve = roc(y, score, weight)
    assert table.thresholds.tolist() == curve.thresholds[1:].tolist()
    assert table.signal_efficiency == pytest.approx(curve.signal_efficiency[1:])
    assert table.signal_squares[-1] == pytest.approx((weight[y == 1] ** 2).sum())
    assert table.toys_signal.shape == (20, len(table.thresholds))


def test_many_scores_are_thinned_but_sums_stay_exact():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 20_000)
    score = rng.normal(1.0 * y)
    table = cut_table(y, score, toys=20, also=[0.123])
    assert 500 < len(table.thresholds) < 1100
    assert table.thresholds[table.at(0.123)] == 0.123
    for k in (0, 300, len(table.thresholds) - 1):
        assert table.background[k] == (score[y == 0] >= table.thresholds[k]).sum()
    steps = np.abs(np.diff(table.background_efficiency))
    assert steps.max() < 0.01


def test_bands_follow_the_curve():
    rng = np.random.default_rng(1)
    y = np.repeat([0, 1], 3000)
    score = rng.normal(1.0 * y)
    band = roc_band(cut_table(y, score))
    k = np.argmin(np.abs(band.x - 0.5))
    assert 1 / band.value[k] == pytest.approx(rejection(y, score, band.x[k]), rel=0.03)
    inside = ~np.isnan(band.low)
    assert inside.all()
    assert (band.low <= band.high).all()
    assert np.mean((band.low <= band.value) & (band.value <= band.high)) > 0.9
    purity = purity_band(cut_table(y, score))
    assert purity.value[-1] == pytest.approx(0.5)


def test_the_purity_band_is_the_purity_of_each_cut_and_toy(signed):
    """At the signal efficiencies of the cuts, nothing is between the points: each toy written out."""
    y, score, weight = signed
    weight = np.abs(weight)
    table = cut_table(y, score, weight, toys=40)
    band = purity_band(table)
    k = int(np.argmin(np.abs(table.signal_efficiency - 0.6)))
    at = table.signal_efficiency[k]
    passing = score >= table.thresholds[k]
    s, b = (weight[passing & (y == label)].sum() for label in (1, 0))
    assert np.interp(at, band.x, band.value) == pytest.approx(s / (s + b), abs=0.01)
    toys = []
    for W in np.concatenate(list(toys_of(weight, 40, 0))):
        cuts = np.unique(score)[::-1]
        sums = np.array([[W[(score >= c) & (y == label)].sum() for label in (1, 0)] for c in cuts])
        purity = np.full(len(cuts), np.nan)
        some = sums.sum(1) > 0
        purity[some] = sums[some, 0] / sums[some].sum(1)
        toys.append(np.interp(band.x[90], (sums[:, 0] / sums[-1, 0])[some], purity[some]))
    assert [band.low[90], band.high[90]] == pytest.approx(np.quantile(toys, [0.16, 0.84]))
