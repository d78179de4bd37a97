import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import xlogy
from scipy.stats import norm

from lawful import InputError
from lawful.evidence import asimov_significance, scan_significance


def profiled(s, b, sigma):
    """Square root of 2 ln of the likelihood ratio, with b measured in a control region m = tau b, by minimisation."""
    tau = b / sigma**2
    n, m = s + b, tau * b

    def minus_log(mu_b, signal):
        return -(xlogy(n, signal + mu_b) - (signal + mu_b) + xlogy(m, tau * mu_b) - tau * mu_b)

    background_only = minimize_scalar(
        lambda mu_b: minus_log(mu_b, 0.0), bounds=(b * 0.5, n + 5 * b), method="bounded", options={"xatol": 1e-10}
    ).fun
    return np.sqrt(2 * (background_only - minus_log(b, s)))


@pytest.mark.parametrize(("s", "b", "sigma"), [(10, 100, 10), (5, 2, 0.5), (100, 50, 20), (3, 1000, 30)])
def test_it_is_the_profile_likelihood_ratio_of_the_expected_counts(s, b, sigma):
    assert asimov_significance(s, b, sigma) == pytest.approx(profiled(s, b, sigma), rel=1e-5)


def test_without_uncertainty_it_is_the_published_formula():
    s, b = np.array([1.0, 10.0, 50.0]), np.array([1.0, 100.0, 5.0])
    expected = np.sqrt(2 * ((s + b) * np.log(1 + s / b) - s))
    assert asimov_significance(s, b) == pytest.approx(expected)
    assert asimov_significance(s, b, 1e-6 * b) == pytest.approx(expected, rel=1e-6)


def test_limits():
    assert asimov_significance(1.0, 1e10) == pytest.approx(1e-5, rel=1e-6)  # s / sqrt b
    assert asimov_significance(1.0, 1e10, 1e6) == pytest.approx(1 / np.sqrt(1e10 + 1e12), rel=1e-6)
    steps = asimov_significance(np.array([0.99e-7, 1.01e-7]) * 1e6, 1e6)
    assert steps[1] / steps[0] == pytest.approx(1.01 / 0.99, rel=1e-6)  # where the small-signal form takes over
    assert asimov_significance(0.0, 5.0) == 0.0
    assert asimov_significance(2.0, 0.0) == np.inf
    assert asimov_significance(1.0, 0.0, 0.5) == 0.0
    assert asimov_significance(1.0, np.array([1e-3, 1e-6, 1e-9]), 0.5) == pytest.approx(0.0, abs=0.1)
    assert asimov_significance(1.0, 1e-9, 0.5) < 1e-3
    assert np.isnan(asimov_significance(2.0, -1.0))
    assert asimov_significance(-5.0, 100.0) == pytest.approx(-0.5044, abs=1e-3)


def test_it_falls_with_the_uncertainty():
    z = asimov_significance(20.0, 100.0, np.linspace(0, 50, 50))
    assert (np.diff(z) < 0).all()
    with pytest.raises(InputError, match="at least zero"):
        asimov_significance(1.0, 1.0, -1.0)


def test_the_scan_finds_the_best_cut_of_known_distributions():
    rng = np.random.default_rng(5)
    y = np.repeat([0, 1], 100_000)
    scan = scan_significance(y, rng.normal(2.0 * y), signal=10, background=10_000)
    cuts = np.linspace(0, 5, 5001)
    known = asimov_significance(10 * norm.sf(cuts - 2), 10_000 * norm.sf(cuts))
    assert scan.thresholds[scan.best] == pytest.approx(cuts[np.argmax(known)], abs=0.2)
    assert scan.significance[scan.best] == pytest.approx(known.max(), rel=0.1)


def test_a_cut_that_few_background_events_pass_is_not_chosen(signed):
    y, score, weight = signed
    scan = scan_significance(y, score, weight, least=20)
    assert scan.effective[scan.best] >= 20
    at = score >= scan.thresholds[scan.best]
    assert scan.background[scan.best] == pytest.approx(weight[at & (y == 0)].sum())
    assert scan.effective[scan.best] == pytest.approx(
        weight[at & (y == 0)].sum() ** 2 / (weight[at & (y == 0)] ** 2).sum()
    )


def test_bad_settings_are_named(signed):
    y, score, _ = signed
    with pytest.raises(InputError, match="expected signal=0"):
        scan_significance(y, score, signal=0)
    with pytest.raises(InputError, match="uncertainty=-1"):
        scan_significance(y, score, uncertainty=-1)


def test_a_scan_gives_no_significance_where_no_background_passes():
    y, score = np.r_[np.zeros(50), np.ones(50)], np.r_[np.linspace(0, 0.5, 50), np.linspace(0.3, 0.9, 50)]
    scan = scan_significance(y, score, uncertainty=0.1, least=5)
    assert np.isnan(scan.significance[scan.background == 0]).all()
    assert np.isfinite(scan.significance[scan.background > 0]).all()
    assert np.isinf(scan_significance(y, score, least=5).significance[0])
