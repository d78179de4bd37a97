"""Observables against sums by hand, limiting cases and FastJet's own code."""

import warnings

import numpy as np
import pytest

pytest.importorskip("fastjet")
import awkward as ak
import fastjet

from lawful.simulators.jets.clustering import clustered, leading_jets, soft_drop_mass
from lawful.simulators.jets.generating import rapidity
from lawful.simulators.jets.packages import silence_banners
from lawful.simulators.jets.substructure import energy_correlations, subjettiness

silence_banners()


def particles(pt, y, phi, mass=0.0):
    pt, y, phi = np.broadcast_arrays(*(np.asarray(v, dtype=float) for v in (pt, y, phi)))
    mt = np.hypot(pt, mass)
    return np.stack([pt * np.cos(phi), pt * np.sin(phi), mt * np.sinh(y), mt * np.cosh(y)], axis=1)


def random_jets(counts, seed=0, width=0.3):
    rng = np.random.default_rng(seed)
    n = sum(counts)
    # around phi = pi, where azimuths jump
    return particles(rng.exponential(10.0, n) + 0.1, rng.normal(0.5, width, n), np.pi + rng.normal(0, width, n), 0.14)


def split(p, counts):
    return np.split(p, np.cumsum(counts)[:-1])


def distance(a, b):
    turn = np.arctan2(a[1], a[0]) - np.arctan2(b[1], b[0])
    return np.hypot(rapidity(a) - rapidity(b), (turn + np.pi) % (2 * np.pi) - np.pi)


def test_rapidity_is_the_logarithm():
    p = random_jets([50])
    np.testing.assert_allclose(rapidity(p), np.log((p[:, 3] + p[:, 2]) / (p[:, 3] - p[:, 2])) / 2, rtol=1e-9)


# ---- N-subjettiness --------------------------------------------------------------------------------------------
def test_two_prongs_by_hand():
    d, R = 0.5, 0.8
    p = particles([60.0, 40.0, 5.0], [0.0, d, d], [1.0, 1.0, 1.1])
    tau = subjettiness(p, np.array([3]), most=4, betas=[0.5, 1.0, 2.0], radius=R)
    for beta, values in tau.items():
        # the winner of all is the particle of 60 GeV, and the soft one belongs to that of 40 GeV
        one = 40 * d**beta + 5 * np.hypot(d, 0.1) ** beta
        np.testing.assert_allclose(values[0], np.array([one, 5 * 0.1**beta, 0, 0]) / (105 * R**beta), atol=1e-12)


@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0])
def test_subjettiness_is_that_of_fastjet_contrib(beta):
    counts = np.array([40, 3, 25, 6, 60])
    p = random_jets(counts)
    ours = subjettiness(p, counts, most=4, betas=[beta], radius=0.8)[beta]
    clusters = clustered(p, counts, fastjet.JetDefinition(fastjet.kt_algorithm, 1000.0))
    theirs = ak.to_numpy(clusters.njettiness("NormalizedMeasure", "WTA_KT_Axes", [1, 2, 3, 4], beta=beta, R0=0.8))
    np.testing.assert_allclose(ours, theirs, atol=1e-9)
    assert (ours[1, 2:] == 0).all()  # three particles


def test_subjettiness_is_the_same_for_turned_boosted_and_scaled_jets_and_falls_with_n():
    counts = np.array([30, 50])
    rng = np.random.default_rng(1)
    pt, y, phi = rng.exponential(10, 80) + 0.1, rng.normal(0, 0.3, 80), rng.normal(0, 0.3, 80)
    here = subjettiness(particles(pt, y, phi), counts, most=5, betas=[1.0], radius=1.0)[1.0]
    there = subjettiness(particles(7 * pt, y + 1.3, phi + 2.0), counts, most=5, betas=[1.0], radius=1.0)[1.0]
    np.testing.assert_allclose(there, here, rtol=1e-9)
    assert (np.diff(here, axis=1) < 0).all()


def test_fastjet_leaves_the_warnings_alone():
    before = warnings.formatwarning
    subjettiness(random_jets([5]), np.array([5]), most=2, betas=[1.0], radius=0.8)
    assert warnings.formatwarning is before


# ---- energy correlations ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0])
def test_energy_correlations_are_the_explicit_sums(beta):
    counts = np.array([8, 1, 5, 12])
    p = random_jets(counts, seed=2)
    e2, e3 = energy_correlations(p, counts, beta=beta)
    for jet, two, three in zip(split(p, counts), e2, e3, strict=True):
        z = np.hypot(jet[:, 0], jet[:, 1])
        z, n = z / z.sum(), len(jet)
        R = [[distance(a, b) for b in jet] for a in jet]
        pairs = sum(z[i] * z[j] * R[i][j] ** beta for i in range(n) for j in range(i))
        triples = sum(
            z[i] * z[j] * z[k] * (R[i][j] * R[j][k] * R[i][k]) ** beta
            for i in range(n)
            for j in range(i)
            for k in range(j)
        )
        np.testing.assert_allclose([two, three], [pairs, triples], rtol=1e-10, atol=1e-15)


def test_energy_correlations_are_those_of_fastjet_contrib():
    counts = np.array([30, 20])
    p = random_jets(counts, seed=3)
    clusters = clustered(p, counts, fastjet.JetDefinition(fastjet.cambridge_algorithm, 1000.0))
    for n, ours in zip((2, 3), energy_correlations(p, counts), strict=True):
        theirs = clusters.exclusive_jets_energy_correlator(njets=1, beta=1.0, npoint=n, func="generalized")
        np.testing.assert_allclose(ours, np.asarray(theirs), rtol=1e-6)


# ---- jets ------------------------------------------------------------------------------------------------------
def groomed_mass(jet, z_cut, beta, radius):
    """Soft drop on a Cambridge/Aachen tree that is built pair by pair."""
    nodes = [(p, None) for p in jet]
    while len(nodes) > 1:
        d, i, j = min((distance(nodes[i][0], nodes[j][0]), i, j) for i in range(len(nodes)) for j in range(i))
        merged = (nodes[i][0] + nodes[j][0], (nodes[i], nodes[j], d))
        nodes = [node for k, node in enumerate(nodes) if k not in (i, j)] + [merged]
    p, parents = nodes[0]
    while parents:
        a, b, d = parents
        pts = [np.hypot(*node[0][:2]) for node in (a, b)]
        if min(pts) / sum(pts) > z_cut * (d / radius) ** beta:
            break
        p, parents = a if pts[0] > pts[1] else b
    return np.sqrt(max(p[3] ** 2 - (p[:3] ** 2).sum(), 0.0))


@pytest.mark.parametrize(("z_cut", "beta"), [(0.1, 0.0), (0.2, 1.0), (0.05, -1.0), (0.0, 0.0)])
def test_soft_drop_takes_the_tree_apart(z_cut, beta):
    counts = np.array([12, 7, 15])
    p = random_jets(counts, seed=4)
    masses = soft_drop_mass(p, counts, z_cut=z_cut, beta=beta, radius=0.8)
    expected = [groomed_mass(jet, z_cut, beta, 0.8) for jet in split(p, counts)]
    np.testing.assert_allclose(masses, expected, rtol=1e-6)


@pytest.mark.parametrize(("z_cut", "beta"), [(0.1, 0.0), (0.3, 2.0), (0.02, -1.0)])
def test_soft_drop_is_that_of_fastjet_contrib(z_cut, beta):
    counts = np.array([1, 80, 2, 33, 1, 60])
    p = random_jets(counts, seed=5)
    definition = fastjet.JetDefinition(fastjet.cambridge_algorithm, 1000.0)
    tool = clustered(p, counts, definition).exclusive_jets_softdrop_grooming(
        njets=1, beta=beta, symmetry_cut=z_cut, R0=0.8
    )
    masses = soft_drop_mass(p, counts, z_cut=z_cut, beta=beta, radius=0.8)
    np.testing.assert_allclose(masses, np.asarray(tool.msoftdrop), rtol=1e-9)


def test_soft_drop_takes_particles_that_coincide():
    p = particles([50.0, 30.0, 20.0], [0.0, 0.0, 0.4], [0.0, 0.0, 0.0])
    mass = soft_drop_mass(p, np.array([3]), z_cut=0.1, beta=0.0, radius=0.8)[0]
    assert mass == pytest.approx(np.sqrt(2 * 80 * 20 * (np.cosh(0.4) - 1)))


def test_the_leading_jet_is_found_with_its_constituents():
    event = np.array([0, 0, 0, 2, 2, 3, 5, 5])
    p = particles(
        [300.0, 40.0, 200.0, 90.0, 700.0, 300.0, 450.0, 400.0],
        [0.0, 0.3, 2.5, 0.1, 0.2, 3.0, 2.9, -0.5],
        [0.0, 0.2, 3.0, 1.0, -2.0, 0.0, 0.0, 2.0],
    )
    jets = leading_jets(event, p, radius=0.8, pt=(250.0, 500.0), eta=2.0)
    # event 2 has a jet above the window, event 3 none within eta, event 5 a harder one beyond eta
    assert jets.event.tolist() == [0, 5]
    assert jets.counts.tolist() == [2, 1]
    assert jets.rows.tolist() == [0, 1, 7]
    np.testing.assert_allclose(jets.p, [p[0] + p[1], p[7]])
