import numpy as np
import pytest

from lawful.evidence import asimov_significance, counts
from lawful.evidence.case import BinaryView
from lawful.evidence.sections.binary import working_point


def view_of(y, score, weight, expected=(None, None)):
    return BinaryView("s", y == 1, score, weight, *expected, uncertainty=0.2, toys=200, seed=0)


def test_working_points_reach_their_efficiency(signed):
    y, score, weight = signed
    view = view_of(y, score, np.abs(weight))
    for name, efficiency in (("ε_S = 0.3", 0.3), ("ε_S = 0.7", 0.7)):
        cut = counts(y, score, view.working_points[name], np.abs(weight))
        assert cut.signal_efficiency >= efficiency
        tighter = np.min(score[score > view.working_points[name]])
        assert counts(y, score, tighter, np.abs(weight)).signal_efficiency < efficiency


def test_everything_follows_from_the_counts(signed):
    y, score, weight = signed
    view = view_of(y, score, weight, (50.0, 500.0))
    threshold = view.working_points["ε_S = 0.5"]
    found = working_point(view, threshold)
    cut = counts(y, score, threshold, weight).scaled(50.0, 500.0)
    assert found["signal_efficiency"].value == pytest.approx(cut.signal_efficiency)
    assert found["rejection"].value == pytest.approx(1 / cut.background_efficiency)
    assert found["purity"].value == pytest.approx(cut.purity)
    z = asimov_significance(cut.signal, cut.background, 0.2 * cut.background)
    assert found["significance"].value == pytest.approx(z)


def test_the_error_of_an_efficiency_is_binomial():
    """Against sqrt(e (1 - e) / n); 200 toys know a width to 5%, the limit is three times that."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 2000)
    view = view_of(y, rng.normal(1.0 * y), np.ones(4000))
    m = working_point(view, view.working_points["ε_S = 0.3"])["signal_efficiency"]
    assert m.error == pytest.approx(0.9945 * np.sqrt(0.3 * 0.7 / 2000), rel=0.17)
