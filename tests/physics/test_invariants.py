"""Invariant tensors and polynomials: as many as theory says, and kept by every element."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lawful.physics import groups
from lawful.physics.invariants import invariant_tensors
from lawful.physics.polynomials import Polynomials
from lawful.physics.representations import Kind, element_matrix, parse


def kinds(text):
    return tuple(Kind(k.upper, k.lower, k.odd) for k in parse(text))


@pytest.mark.parametrize(
    ("group", "counts"),
    [
        (groups.O(3), [0, 1, 0, 3]),
        (groups.SO(3), [0, 1, 1, 3]),
        (groups.SO(2), [0, 2, 0, 6]),
        (groups.Lorentz(), [0, 1, 0, 3]),
        (groups.SO(1, 3), [0, 1, 0, 4]),
        (groups.SU(2), [0, 4, 0, 32]),
        (groups.Sp(4), [0, 1, 0, 3]),
        (groups.S(3), [1, 2, 5, 14]),
        (groups.Z(3), [1, 3, 9, 27]),
        (groups.C(5), [0, 2, 0, 6]),
    ],
    ids=str,
)
def test_numbers_of_invariant_tensors(group, counts):
    """Brauer diagrams for O(n), with epsilon for SO(n); Bell-like numbers for S(3); d^r / n for the regular Z(n)."""
    assert [len(invariant_tensors(group, Kind(r))) for r in (1, 2, 3, 4)] == counts


CASES = [
    (groups.O(3), "5*vector", "scalar", [0, 0, 15]),
    (groups.O(3), "5*vector", "tensor(2)", [1, 0, 25]),
    (groups.SO(3), "4*vector", "scalar", [0, 0, 10, 4]),
    (groups.SO(3), "4*vector", "vector", [0, 4, 6]),
    (groups.O(3), "3*vector", "pseudoscalar", [0, 0, 0, 1]),
    (groups.O(3), "2*vector + pseudovector", "scalar", None),
    (groups.O(3), "pseudoscalar + 2*vector", "pseudovector", None),
    (groups.Lorentz(), "4*vector", "scalar", [0, 0, 10]),
    (groups.SO(1, 3), "4*vector", "scalar", [0, 0, 10, 0, 1]),
    (groups.SO(1, 3), "4*vector", "vector", [0, 4, 0, 4]),
    (groups.Lorentz(), "tensor(2) + 2*vector", "vector", None),
    (groups.Lorentz(), "vector + covector", "covector", None),
    (groups.SU(2), "2*vector", "scalar", [0, 0, 6]),
    (groups.SU(3), "3*vector", "scalar", [0, 0, 9, 2]),
    (groups.Sp(4), "3*vector + covector", "covector", None),
    (groups.C(5), "2*vector", "vector", None),
    (groups.S(3), "2*vector", "scalar", None),
    (groups.SO(3), "tensor(2)", "tensor(2)", None),
    (groups.Group([[[0.0, 1], [0, 0]]], name="Galilean boosts of (x, t)"), "2*vector", "scalar", [0, 2, 1]),
]


@pytest.mark.parametrize(("group", "inputs", "output", "degrees"), CASES, ids=lambda v: str(v))
def test_polynomials_commute_with_the_group(group, inputs, output, degrees):
    blocks, out = kinds(inputs), kinds(output)[0]
    P = Polynomials(group, blocks, out)
    assert len(P)
    if degrees is not None:
        assert np.bincount(P.degrees).tolist() == degrees
    rng = np.random.default_rng(0)
    x = [rng.normal(size=(30, kind.size(group))) for kind in blocks]
    g = group.sample(30, 1)

    def move(kind, values):
        return np.stack([element_matrix(kind, h) @ v for h, v in zip(g, values, strict=True)])

    before, after = P(x), P([move(kind, block) for kind, block in zip(blocks, x, strict=True)])
    moved = np.stack([move(out, before[:, k]) for k in range(len(P))], 1)
    np.testing.assert_allclose(after, moved, rtol=1e-9, atol=1e-10 * np.abs(moved).max())
    flat = before.transpose(0, 2, 1).reshape(-1, len(P))  # none of them is a sum of the others
    if len(flat) >= len(P):
        assert np.linalg.matrix_rank(flat / np.linalg.norm(flat, axis=0), tol=1e-7) == len(P)


@given(st.integers(0, 10_000), st.sampled_from(["SO(3)", "SO(2,1)", "C(3)"]))
@settings(max_examples=15, deadline=None)
def test_a_change_of_basis_changes_nothing(seed, name):
    """A random group is one of the known ones in a basis of its own: as many polynomials, kept as well."""
    group = {"SO(3)": groups.SO(3), "SO(2,1)": groups.SO(2, 1), "C(3)": groups.C(3)}[name]
    rng = np.random.default_rng(seed)
    d = group.dimension
    T = np.linalg.qr(rng.normal(size=(d, d)))[0] @ np.diag(rng.uniform(0.5, 2, d))
    back = np.linalg.inv(T)
    other = groups.Group(
        back @ group.generators @ T if len(group.generators) else None,
        back @ group.discrete @ T if len(group.discrete) else None,
    )
    blocks = (Kind(1),) * 3
    P, Q = Polynomials(group, blocks, Kind()), Polynomials(other, blocks, Kind())
    assert P.degrees.tolist() == Q.degrees.tolist()
    x = [rng.normal(size=(20, d)) for _ in blocks]
    g = back @ group.sample(20, 1) @ T
    np.testing.assert_allclose(Q([np.einsum("nij,nj->ni", g, b) for b in x]), Q(x), rtol=1e-8, atol=1e-8)


def test_building_is_fast():
    """Half a second for rank 4 of SO(5) alone on a quiet machine is the aim; the limit allows for a busy one."""
    started = time.thread_time()
    for group in (groups.SO(3), groups.Lorentz(), groups.SO(5)):
        Polynomials(
            groups.Group(group.generators, group.discrete if len(group.discrete) else None), (Kind(1),) * 3, Kind()
        )
    assert time.thread_time() - started < 3
