import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from lawful import InputError
from lawful.evidence import jensen_shannon
from lawful.evidence.shapes import histogram, nice_edges


def test_a_histogram_sums_weights_and_squares_and_keeps_what_lies_beyond():
    found = histogram([-5.0, 0.2, 0.7, 9.0, np.nan], [1.0, -2.0, 3.0, 4.0, 7.0], [0.0, 0.5, 1.0])
    assert found.sums.tolist() == [-1.0, 7.0]
    assert found.error.tolist() == pytest.approx([np.sqrt(5), 5.0])
    density = found.density
    assert (density.sums * 0.5).sum() == pytest.approx(1)
    assert density.error / density.sums == pytest.approx(found.error / found.sums)


def test_the_distance_is_that_of_scipy():
    rng = np.random.default_rng(0)
    x, edges = rng.random(500), np.linspace(0, 1, 11)
    w, v = rng.exponential(size=500), x**2
    p, q = (np.histogram(x, edges, weights=u)[0] for u in (w, v))
    assert jensen_shannon(x, w, v, edges) == pytest.approx(jensenshannon(p, q, base=2))
    assert jensen_shannon(x, np.stack([w, v]), np.stack([v, v]), edges)[1] == pytest.approx(0, abs=1e-7)


def test_edges_must_rise():
    with pytest.raises(InputError, match="rising"):
        jensen_shannon([0.5], [1.0], [1.0], [1.0, 0.0])


def test_edges_hold_most_events_and_whole_numbers_get_their_own_bin():
    assert nice_edges(np.array([0.0, 1.0, 1.0, 2.0])).tolist() == [-0.5, 0.5, 1.5, 2.5]
    edges = nice_edges(np.append(np.random.default_rng(0).normal(size=10_000), 1e9))
    assert edges[-1] < 10
    assert len(nice_edges(np.full(5, 3.0))) == 41
    assert len(nice_edges(np.array([np.nan]))) == 41
