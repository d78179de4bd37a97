import numpy as np
import pytest
from scipy.optimize import brentq

from lawful.evidence.squares import Squares


def squares(mean, share, noise):
    return Squares(np.asarray(mean), np.asarray(share), lambda: np.asarray(noise))


def test_noise_is_taken_off_the_square():
    found = squares([0.3, -0.1, np.nan], [0.5, 0.5, 0.0], [0.01, 0.002, np.nan])
    assert found.square() == pytest.approx(0.5 * (0.09 - 0.01) + 0.5 * (0.01 - 0.002))
    assert found.root() == pytest.approx(np.sqrt(0.044))
    assert squares([0.1], [1.0], [0.02]).root() == 0


def test_a_toy_says_which_true_means_would_have_given_what_was_seen():
    """Against a root finder, also of toys in which no true mean above zero would have."""
    rng = np.random.default_rng(0)
    m, f = np.array([0.2, -0.1, 0.05]), np.array([0.5, 0.3, 0.2])
    e, g = 0.1 * rng.normal(size=(50, 3)), 0.02 * rng.normal(size=(50, 3))
    found = squares(m + e, f + g, None).around(squares(m, f, np.full(3, 0.01)))
    seen = (f * m**2).sum()
    solved = 0
    for toy in range(50):

        def excess(k, toy=toy):
            return (f * (k * m + e[toy]) ** 2).sum() - seen

        if excess(0) < 0:
            k = brentq(excess, 0, 20)
            assert found[toy] == pytest.approx(k * np.sqrt(((f - g[toy]) * m**2).sum()))
            solved += 1
    assert 30 < solved < 51
    drowned = squares(m + 2.0, f, None).around(squares(m, f, np.full(3, 0.01)))
    assert drowned.shape == ()
    assert drowned == 0


def test_nothing_seen_is_nothing_in_every_toy():
    none = squares(np.zeros(2), [0.5, 0.5], [0.0, 0.0])
    assert squares(np.ones((4, 2)), np.ones((4, 2)), None).around(none).tolist() == [0, 0, 0, 0]
