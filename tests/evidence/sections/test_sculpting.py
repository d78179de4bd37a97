import numpy as np

from lawful.evidence.sections.sculpting import _cuts


def test_cuts_meet_their_efficiency_or_are_left_out():
    rng = np.random.default_rng(0)
    score, weight = rng.normal(size=5000), rng.exponential(size=5000)
    found = _cuts(score, weight)
    assert set(found) == {0.5, 0.1}  # a hundredth leaves too few events for a shape
    for efficiency, threshold in found.items():
        assert abs(weight[score >= threshold].sum() / weight.sum() / efficiency - 1) < 0.02


def test_ties_forbid_what_they_do_not_allow():
    score = np.repeat([0.0, 1.0], [900, 100])
    assert set(_cuts(score, np.ones(1000))) == {0.1}
