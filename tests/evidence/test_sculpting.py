"""The distance of shapes is right on average where nothing is sculpted, and where the truth is known."""

import numpy as np
import pytest
from scipy.stats import norm

from lawful.evidence.sections.sculpting import _distance
from lawful.evidence.shapes import jensen_shannon, nice_edges


class Few:
    """What the function needs of a case."""

    toys, seed = 60, 1


def distances(sculpted, n=2000, share=0.1):
    rng = np.random.default_rng(0)
    found = []
    for _ in range(25):
        x = rng.normal(size=n)
        chance = share * (2 * norm.cdf(x) if sculpted else np.ones(n))
        found.append(_distance(Few, x, np.ones(n), (rng.random(n) < chance).astype(float), nice_edges(x, bins=30)))
    return found


def test_a_blind_cut_sculpts_nothing():
    found = distances(sculpted=False)
    # half of the squares lie below zero and are shown as zero; false alarm of the bound on the mean: below 1e-3
    assert np.mean([m.value for m in found]) < 0.05
    assert np.mean([m.low == 0 for m in found]) > 0.6


def test_a_sculpting_cut_is_measured_without_bias():
    x = np.random.default_rng(1).normal(size=1_000_000)
    truth = jensen_shannon(x, norm.cdf(x), np.ones(len(x)), nice_edges(x[:2000], bins=30))
    found = distances(sculpted=True)
    assert np.mean([m.value for m in found]) == pytest.approx(truth, abs=0.02)
    assert all(m.low <= m.value <= m.high for m in found)
