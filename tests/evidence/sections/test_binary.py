import numpy as np
import pytest

from lawful.evidence import asimov_significance, counts
from lawful.evidence.case import BEST, BinaryView
from lawful.evidence.explorer import explorer_data
from lawful.evidence.sections.binary import (
    _significance_figure,
    compared_with_noise,
    simulated,
    source_of_yields,
    working_point,
    working_section,
)


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


def test_a_working_point_keeps_what_scores_at_or_above_it(signed):
    y, score, weight = signed
    view = view_of(y, score, weight)
    threshold = view.working_points["ε_S = 0.3"]
    found = working_point(view, threshold)
    kept = {0: 0.0, 1: 0.0}
    behind = {0: 0, 1: 0}
    for label, s, w in zip(y, score, weight, strict=True):
        if s >= threshold:
            kept[label] += w
            behind[label] += 1
    assert found["signal_efficiency"].value == pytest.approx(kept[1] / weight[y == 1].sum())
    assert found["background_efficiency"].value == pytest.approx(kept[0] / weight[y == 0].sum())
    assert found["background_efficiency"].value < 0.3 < 0.5 < 1 - found["background_efficiency"].value
    assert simulated(view, "ε_S = 0.3") == (behind[1], behind[0])


def test_the_significance_figure_draws_the_scan(signed):
    y, score, weight = signed
    view = view_of(y, score, weight, (50.0, 500.0))
    axes = _significance_figure(view).axes[0]
    for line, uncertainty in zip(axes.lines[:2], (0.0, 0.2), strict=True):
        cuts, z = line.get_xdata(), line.get_ydata()
        assert len(cuts) > 30
        for k in (3, 20, len(cuts) - 1):
            s, b = (
                total * weight[(score >= cuts[k]) & (y == label)].sum() / weight[y == label].sum()
                for label, total in ((1, 50.0), (0, 500.0))
            )
            assert z[k] == pytest.approx(asimov_significance(s, b, uncertainty * b))
    assert axes.lines[2].get_xdata()[0] == view.working_points[BEST]
    assert "$s$ = 50, $b$ = 500" in axes.get_legend().get_title().get_text()


def test_the_explorer_starts_from_the_expected_yields(signed):
    y, score, weight = signed
    given = explorer_data(view_of(y, score, weight, (50.0, 500.0)))
    assert (given["expectedSignal"], given["expectedBackground"]) == pytest.approx((50.0, 500.0))
    plain = explorer_data(view_of(y, score, weight))
    own = weight[y == 1].sum(), weight[y == 0].sum()
    assert (plain["expectedSignal"], plain["expectedBackground"]) == pytest.approx(own)
    k = 17
    for label, name in ((1, "signal"), (0, "background")):
        passing = (score >= given["thresholds"][k]) & (y == label)
        assert given[f"{name}Events"][k] == passing.sum()
        assert given[name][k] == pytest.approx(weight[passing].sum())


def test_the_yields_before_cuts_say_where_they_come_from(signed):
    y, score, weight = signed
    assert source_of_yields(view_of(y, score, weight, (5.0, 50.0))) == "as expected"
    assert source_of_yields(view_of(y, score, weight)) == "the sums of the weights"
    partial = source_of_yields(view_of(y, score, weight, (5.0, None)))
    assert partial == "signal as expected, background the sum of its weights"


def few_background(uncertainty):
    """Ten of 400 signal events lie above all background, one background event above half of the signal."""
    rng = np.random.default_rng(3)
    y = np.repeat([0, 1], 400)
    score = np.r_[rng.uniform(0, 0.4, 399), 0.8, rng.uniform(0.5, 0.7, 390), np.full(10, 0.95)]
    return BinaryView("s", y == 1, score, np.ones(800), 10.0, 1000.0, uncertainty=uncertainty, toys=200, seed=0)


def test_no_significance_where_no_background_passes():
    view = few_background(0.2)
    assert np.isnan(working_point(view, 0.95)["significance"].value)
    assert working_point(few_background(0.0), 0.95)["significance"].value == np.inf
    one = working_point(view, view.working_points["ε_S = 0.5"])["significance"]
    assert one.value == pytest.approx(asimov_significance(5.0, 2.5, 0.5), rel=1e-3)
    assert one.low < one.value
    assert np.isnan(one.high)  # no background passes in a third of the toys
    section = working_section(view)
    assert any("no simulated background passes" in paragraph for paragraph in section.text)
    for line in _significance_figure(view).axes[0].lines[1:2]:
        assert np.isnan(line.get_ydata()[line.get_xdata() > 0.8]).all()


def test_nothing_left_to_test_is_said():
    y = np.tile([0.0, 1.0], 20)
    assert "cannot be tested" in compared_with_noise(y, y, np.ones(40))
