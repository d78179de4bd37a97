"""Groups hold what they say, and are drawn from as they say."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lawful as lf
from lawful.physics import groups

ETA = np.diag([1.0, -1, -1, -1])
NAMED = [
    groups.SO(2),
    groups.SO(3),
    groups.O(5),
    groups.O(1),
    groups.Lorentz(),
    groups.SO(1, 3),
    groups.SO(2, 1),
    groups.SU(2),
    groups.SU(3),
    groups.Sp(4),
    groups.S(4),
    groups.Z(5),
    groups.C(5),
    groups.D(4),
    groups.Translation(3),
    groups.Translation(1, period=2 * np.pi),
    groups.Scaling(3),
    groups.S(3) * groups.O(3),
]


@pytest.mark.parametrize("group", NAMED, ids=str)
def test_sampled_elements_form_a_group_of_the_right_size_and_follow_the_seed(group):
    g = group.sample(64, 3)
    size = group.dimension + group.affine
    assert g.shape == (64, size, size)
    np.testing.assert_array_equal(g, group.sample(64, np.random.default_rng(3)))
    assert np.abs(np.linalg.det(g)).min() > 1e-8
    if group.finite:  # products and inverses of elements are elements
        listed = group.elements()
        for product in [g[0] @ g[1], np.linalg.inv(g[2])]:
            assert np.abs(listed - product).max((1, 2)).min() < 1e-9


@pytest.mark.parametrize(
    ("group", "form"),
    [
        (groups.SO(4), np.eye(4)),
        (groups.O(3), np.eye(3)),
        (groups.Lorentz(reach=3), ETA),
        (groups.SO(2, 1), np.diag([1.0, 1, -1])),
        (groups.SU(3), np.eye(6)),
        (groups.Sp(4), np.block([[np.zeros((2, 2)), np.eye(2)], [-np.eye(2), np.zeros((2, 2))]])),
    ],
    ids=str,
)
def test_elements_keep_the_form_that_defines_the_group(group, form):
    g = group.sample(200, 0)
    np.testing.assert_allclose(g.transpose(0, 2, 1) @ form @ g, np.broadcast_to(form, g.shape), atol=1e-10)


def test_the_connected_groups_have_determinant_one_and_the_full_ones_both_signs():
    for group in (groups.SO(3), groups.SO(1, 3), groups.SU(2)):
        np.testing.assert_allclose(np.linalg.det(group.sample(100, 1)), 1, atol=1e-9)
    signs = np.sign(np.linalg.det(groups.O(3).sample(2000, 1)))
    assert abs(signs.mean()) < 0.1  # 4.5 standard deviations
    lorentz = groups.Lorentz().sample(4000, 1)
    four = np.stack([np.sign(np.linalg.det(lorentz)), np.sign(lorentz[:, 0, 0])])
    assert np.abs(np.cov(four)[0, 1]) < 0.08
    assert np.abs(four.mean(1)).max() < 0.08


def test_boosts_reach_the_stated_rapidity_and_go_everywhere():
    g = groups.SO(1, 3, reach=2.0).sample(5000, 0)
    gamma = g[:, 0, 0]
    assert np.cosh(1.95) < gamma.max() <= np.cosh(2.0) + 1e-9
    assert np.median(np.arccosh(gamma)) == pytest.approx(1.0, abs=0.08)
    direction = g[:, 0, 1:] / np.maximum(np.linalg.norm(g[:, 0, 1:], axis=1, keepdims=True), 1e-12)
    assert np.abs(direction.mean(0)).max() < 0.05


@pytest.mark.parametrize("group", [groups.SO(3), groups.Group(groups.SO(3).generators)], ids=["named", "general"])
def test_compact_groups_are_drawn_uniformly(group):
    """Characters of the Haar measure of SO(3): E tr^2 = 1, E tr^4 = 3 (four standard deviations of 40,000 draws)."""
    trace = np.trace(group.sample(40_000, 5), axis1=1, axis2=2)
    assert trace.mean() == pytest.approx(0, abs=0.02)
    assert (trace**2).mean() == pytest.approx(1, abs=0.03)
    assert (trace**4).mean() == pytest.approx(3, abs=0.16)


def test_a_basis_in_which_rotations_are_not_orthogonal_is_compact_all_the_same():
    T = np.array([[1.0, 0.4, 0], [0, 2, 0.3], [0.1, 0, 0.5]])
    group = groups.Group(np.linalg.inv(T) @ groups.SO(3).generators @ T)
    assert group.compact
    g = group.sample(50, 0)
    np.testing.assert_allclose(g.transpose(0, 2, 1) @ group.form @ g, np.broadcast_to(group.form, g.shape), atol=1e-9)
    assert not groups.Group([[[0.0, 1], [0, 0]]]).compact
    assert not groups.Scaling(2).compact


@pytest.mark.parametrize(
    ("group", "order"), [(groups.S(5), 120), (groups.Z(7), 7), (groups.C(6), 6), (groups.D(5), 10)]
)
def test_orders_of_finite_groups(group, order):
    assert group.finite
    assert len(group.elements()) == order
    np.testing.assert_array_equal(group.elements()[0], np.eye(group.dimension))


@given(st.integers(2, 4), st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_generators_that_are_not_closed_are_completed(n, seed):
    """Two general antisymmetric matrices generate all rotations (n > 2); a change of basis does not matter."""
    rng = np.random.default_rng(seed)
    T = rng.normal(size=(n, n)) + 2 * np.eye(n)
    A = rng.normal(size=(2, n, n))
    A = np.linalg.inv(T) @ (A - A.transpose(0, 2, 1)) @ T
    if np.linalg.cond(T) > 50:
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        group = groups.Group(A)
    assert len(group.generators) == n * (n - 1) // 2
    if n > 2:
        assert f"algebra of dimension {n * (n - 1) // 2}" in str(caught[0].message) or n == 3 or caught


def test_what_is_no_group_is_refused():
    for bad, words in [
        ({"generators": [[1.0, 2.0, 3.0]]}, "square"),
        ({"generators": "abc"}, "square matrices"),
        ({"generators": [[[np.nan, 0], [0, 0]]]}, "not finite"),
        ({"discrete": [[[1.0, 0], [0, 0]]]}, "inverted"),
        ({}, "needs generators"),
        ({"generators": np.zeros((1, 2, 2)), "discrete": np.eye(3)[None]}, "same vectors"),
    ]:
        with pytest.raises(lf.InputError, match=words):
            groups.Group(**bad)
    for call, words in [
        (lambda: groups.SO(0), "at least 1"),
        (lambda: groups.Sp(3), "even"),
        (lambda: groups.Translation(2, period=1.0), "needs n = 1"),
        (lambda: groups.SO(3) * groups.Translation(3), "linear"),
        (lambda: groups.SO(3).elements(), "infinitely many"),
    ]:
        with pytest.raises(lf.InputError, match=words):
            call()
