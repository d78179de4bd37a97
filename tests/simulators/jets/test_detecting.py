"""The detector against the numbers that it was given."""

import numpy as np
import pytest
from scipy.stats import norm

from lawful.simulators.jets.detecting import charge_of, class_of, detected


def seen(pid, pt, eta, n=20_000, phi=None):
    rng = np.random.default_rng(0)
    phi = rng.uniform(-np.pi, np.pi, n) if phi is None else np.full(n, phi)
    mass = 0.0 if pid == 22 else 0.13957
    p = np.stack([pt * np.cos(phi), pt * np.sin(phi), np.full(n, pt * np.sinh(eta)), np.zeros(n)], axis=1)
    p[:, 3] = np.sqrt((p[:, :3] ** 2).sum(1) + mass**2)
    return p, *detected(np.arange(n), p, np.full(n, pid), np.random.default_rng(1))


def share(expected, n=20_000):
    return pytest.approx(expected, abs=5 * np.sqrt(expected * (1 - expected) / n))  # wrong once in two million


@pytest.mark.parametrize(
    ("pt", "eta", "efficiency", "width"),
    [(20.0, 0.2, 0.95, 0.0104), (50.0, 2.0, 0.85, 0.0372), (0.5, 1.0, 0.7, 0.015)],
)
def test_tracks_are_found_and_smeared_as_said(pt, eta, efficiency, width):
    _, _, p, kind = seen(211, pt, eta)
    tracks = kind == 211
    assert tracks.mean() * len(kind) / 20_000 == share(efficiency)
    relative = np.hypot(p[tracks, 0], p[tracks, 1]) / pt
    assert relative.mean() == pytest.approx(1.0, abs=5 * width / np.sqrt(tracks.sum()))
    assert relative.std() == pytest.approx(width, rel=0.04)  # over five standard deviations
    np.testing.assert_allclose(p[tracks, 3] ** 2 - (p[tracks, :3] ** 2).sum(1), 0.13957**2, rtol=1e-4)


@pytest.mark.parametrize(
    ("pid", "kind", "energy", "width"),
    [(22, 22, 50.0, np.sqrt(0.4**2 + 0.11**2 * 50 + 0.4**2)), (2112, 130, 80.0, np.hypot(4.0, 1.5 * np.sqrt(80)))],
)
def test_cells_measure_as_said(pid, kind, energy, width):
    eta = 0.001
    true, event, p, kinds = seen(pid, energy / np.cosh(eta), eta)
    assert set(kinds) == {kind}
    assert len(p) > 0.999 * 20_000
    assert p[:, 3].mean() == pytest.approx(true[0, 3], abs=5 * width / np.sqrt(len(p)))
    assert p[:, 3].std() == pytest.approx(width, rel=0.03)
    np.testing.assert_allclose(p[:, 3], np.linalg.norm(p[:, :3], axis=1), rtol=1e-12)
    cell = 0.0174 if kind == 22 else 0.087
    at, whence = np.arctan2(p[:, 1], p[:, 0]), np.arctan2(true[event, 1], true[event, 0])
    assert np.abs((at - whence + np.pi) % (2 * np.pi) - np.pi).max() == pytest.approx(cell, rel=0.05)


def test_what_falls_into_a_cell_is_one_particle():
    p = np.array([[30.0, 0.003, 0.1, 30.0], [20.0, 0.002, 0.1, 20.0], [10.0, 0.001, 0.05, 10.0]])
    p[:, 3] = np.linalg.norm(p[:, :3], axis=1)
    event, momenta, kind = detected(np.array([0, 0, 1]), p, np.full(3, 22), np.random.default_rng(0))
    assert event.tolist() == [0, 1]
    assert kind.tolist() == [22, 22]
    assert momenta[:, 3] == pytest.approx([50.0, 10.0], abs=5.0)


def test_what_is_soft_forward_or_a_muon_without_a_track_is_lost():
    sigma = np.sqrt(0.4**2 + 0.11**2 * 0.05 + (0.008 * 0.05) ** 2)
    assert len(seen(22, 0.05, 0.0)[1]) / 20_000 == share(norm.sf((2 * sigma - 0.05) / sigma))
    assert len(seen(130, 10.0, 5.5)[1]) == 0
    lost = seen(13, 20.0, 0.0)[3]
    assert set(lost) == {13}
    assert len(lost) / 20_000 == share(0.99)
    assert set(seen(211, 20.0, 3.0)[3]) == {130}  # beyond the tracker


def test_classes_are_those_of_the_particles_pythia_leaves():
    pid = np.array([211, -321, 2212, -2212, 3112, 3222, -3312, 3334, 130, 310, 3122, -2112, 22, 11, -13])
    assert charge_of(pid).tolist() == [1, -1, 1, -1, -1, 1, 1, -1, 0, 0, 0, 0, 0, -1, 1]
    assert class_of(pid).tolist() == [211, -211, 211, -211, -211, 211, 211, -211, 130, 130, 130, 130, 22, 11, -13]
