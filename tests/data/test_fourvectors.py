import numpy as np
import pytest

from lawful.data import fourvectors


def test_there_and_back() -> None:
    rng = np.random.default_rng(0)
    polar = {
        "pt": rng.exponential(50, 1000) + 0.1,
        "eta": rng.normal(0, 2, 1000),
        "phi": rng.uniform(-np.pi, np.pi, 1000),
        "m": rng.exponential(10, 1000),
    }
    cartesian = {name: fourvectors.derive(name, polar) for name in fourvectors.CARTESIAN}
    for name, values in polar.items():
        np.testing.assert_allclose(fourvectors.derive(name, cartesian), values, rtol=1e-7, atol=1e-5)


def test_known_values() -> None:
    p = {"px": np.array([3.0]), "py": np.array([4.0]), "pz": np.array([0.0]), "E": np.array([13.0])}
    assert fourvectors.derive("pt", p)[0] == 5
    assert fourvectors.derive("eta", p)[0] == 0
    assert fourvectors.derive("m", p)[0] == 12


def test_light_particles_keep_their_mass_in_float32() -> None:
    p, m = np.float32(1000.0), 0.0
    values = {"px": np.array([p]), "py": np.zeros(1, "f4"), "pz": np.zeros(1, "f4"), "E": np.array([p])}
    assert fourvectors.derive("m", values)[0] == m


def test_space_like_vectors_get_a_negative_mass() -> None:
    assert fourvectors.m(np.array(5.0), np.array(0.0), np.array(0.0), np.array(4.0)) == -3


@pytest.mark.filterwarnings("error")
def test_a_vector_at_rest_has_eta_zero() -> None:
    zero = np.zeros(1)
    assert fourvectors.eta(zero, zero, zero)[0] == 0
    assert np.isposinf(fourvectors.eta(zero, zero, np.ones(1))[0])


def test_derivable_needs_every_component() -> None:
    assert fourvectors.derivable(("px", "py", "pz", "E")) == ("pt", "eta", "phi", "m")
    assert fourvectors.derivable(("pt", "eta", "phi")) == ("px", "py", "pz")
