"""Augmented clouds keep what the symmetry says, and the two kinds of columns agree."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from lawful.data import fourvectors
from lawful.errors import InputError
from lawful.learning import augment_clouds
from lawful.learning.augmenting_clouds import (
    boost_along_beam,
    drop_objects,
    reflect_beams,
    scale_objects,
    turn_about_beam,
    turn_about_jet,
)

CARTESIAN, POLAR = ("px", "py", "pz", "E", "q"), ("pt", "eta", "phi", "m", "q")
NONE = {"turn": None, "reflect": False}
B, P = 40, 7
RNG = np.random.default_rng(5)
MASK = torch.from_numpy(RNG.random((B, P)) < 0.7)
ANGLE, RAPIDITY = RNG.uniform(-3, 3, B), RNG.uniform(-1, 1, B)
YES = np.ones(B, dtype=bool)


def columns(names: tuple[str, ...], *, mass: float = 1.0, spread: float = 1.0) -> Tensor:
    """The same events in the columns named, float64; zeros where there is no object."""
    rng = np.random.default_rng(6)
    parts = {
        "pt": rng.exponential(10, (B, P)),
        "eta": rng.uniform(-1, 1, (B, 1)) + spread * rng.normal(size=(B, P)),
        "phi": (rng.uniform(-np.pi, np.pi, (B, 1)) + spread * rng.uniform(-2, 2, (B, P)) + np.pi) % (2 * np.pi)
        - np.pi,
        "m": mass * rng.exponential(1, (B, P)),
        "q": rng.integers(-1, 2, (B, P)).astype(float),
    }
    for name in fourvectors.CARTESIAN:
        parts[name] = fourvectors.derive(name, parts)
    return torch.from_numpy(np.stack([parts[name] for name in names], -1)) * MASK[..., None]


def polar_of(x: Tensor) -> Tensor:
    """Cartesian columns as polar ones."""
    parts = {name: x[..., i].numpy() for i, name in enumerate(CARTESIAN)}
    found = np.stack([*(fourvectors.derive(name, parts) for name in fourvectors.POLAR), parts["q"]], -1)
    return torch.from_numpy(found) * MASK[..., None]


def masses(x: Tensor) -> Tensor:
    """Invariant mass of each pair of objects in Cartesian columns."""
    pair = x[:, :, None, :4] + x[:, None, :, :4]
    return (pair[..., 3] ** 2 - (pair[..., :3] ** 2).sum(-1)).clamp_min(0).sqrt()


ACTIONS: dict[str, Callable[[Tensor, tuple[str, ...]], Tensor]] = {
    "beam": lambda x, fields: turn_about_beam(x, MASK, fields, ANGLE),
    "reflect": lambda x, fields: reflect_beams(x, MASK, fields, ANGLE > 0),
    "boost": lambda x, fields: boost_along_beam(x, MASK, fields, RAPIDITY),
    "scale": lambda x, fields: scale_objects(x, MASK, fields, np.full((B, P), 1.3)),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_both_kinds_of_columns_agree(action: str):
    act = ACTIONS[action]
    cartesian, polar = act(columns(CARTESIAN), CARTESIAN), act(columns(POLAR), POLAR)
    np.testing.assert_allclose(polar_of(cartesian), polar, atol=1e-6)
    assert not torch.allclose(polar, columns(POLAR))


def test_an_energy_beside_polar_columns_follows():
    names = ("pt", "eta", "phi", "E")
    for act in (ACTIONS["boost"], ACTIONS["scale"]):
        cartesian, polar = act(columns(CARTESIAN), CARTESIAN), act(columns(names), names)
        np.testing.assert_allclose(polar[..., 3], cartesian[..., 3], rtol=1e-9)
    before, after = columns(names, spread=0.1), turn_about_jet(columns(names, spread=0.1), MASK, names, ANGLE)
    m = [fourvectors.derive("m", components(x)) for x in (before, after)]
    np.testing.assert_allclose(m[0], m[1], atol=1e-5)


def components(x: Tensor) -> dict[str, np.ndarray]:
    """Four-vectors of the columns pt, eta, phi, E."""
    parts = {name: x[..., i].numpy() for i, name in enumerate(("pt", "eta", "phi", "E"))}
    return {**{name: fourvectors.derive(name, parts) for name in ("px", "py", "pz")}, "E": parts["E"]}


@pytest.mark.parametrize("turn", [turn_about_beam, turn_about_jet])
def test_turns_keep_energies_and_masses(turn: Callable[..., Tensor]):
    x = columns(CARTESIAN)
    turned = turn(x, MASK, CARTESIAN, ANGLE)
    assert torch.equal(turned[..., 3:], x[..., 3:])
    np.testing.assert_allclose(masses(turned), masses(x), atol=1e-5)
    np.testing.assert_allclose(turned[..., :3].norm(dim=-1), x[..., :3].norm(dim=-1), rtol=1e-12)


def test_boosts_and_reflections_keep_pt_and_masses():
    x = columns(CARTESIAN)
    boosted = boost_along_beam(x, MASK, CARTESIAN, RAPIDITY)
    assert torch.equal(boosted[..., :2], x[..., :2])
    np.testing.assert_allclose(masses(boosted), masses(x), atol=1e-5)
    y = [torch.atanh(v[..., 2] / v[..., 3])[MASK] for v in (x, boosted)]
    expected = torch.from_numpy(RAPIDITY)[:, None].expand(B, P)[MASK]
    np.testing.assert_allclose(y[1] - y[0], expected, atol=1e-8)
    np.testing.assert_array_equal(masses(reflect_beams(x, MASK, CARTESIAN, YES)), masses(x))


def test_massless_objects_move_in_eta():
    names = ("pt", "eta", "phi")
    boosted = boost_along_beam(columns(names), MASK, names, RAPIDITY)
    moved = (boosted - columns(names))[..., 1][MASK]
    np.testing.assert_allclose(moved, torch.from_numpy(RAPIDITY)[:, None].expand(B, P)[MASK], atol=1e-12)


@pytest.mark.parametrize("fields", [CARTESIAN, POLAR])
@pytest.mark.parametrize("act", [turn_about_beam, turn_about_jet, boost_along_beam])
def test_inverses(act: Callable[..., Tensor], fields: tuple[str, ...]):
    x = columns(fields, spread=0.2)
    there = act(x, MASK, fields, RAPIDITY)
    back = act(there, MASK, fields, -RAPIDITY)
    assert not torch.allclose(there, x)
    np.testing.assert_allclose(back, x, atol=1e-8)
    np.testing.assert_allclose(act(x, MASK, fields, np.zeros(B)), x, atol=1e-12)
    assert torch.equal(reflect_beams(reflect_beams(x, MASK, fields, YES), MASK, fields, YES), x)


def test_the_axis_of_a_jet_stays():
    x = columns(CARTESIAN, spread=0.3)
    turned = turn_about_jet(x, MASK, CARTESIAN, ANGLE)
    np.testing.assert_allclose(turned.sum(1), x.sum(1), atol=1e-9)
    half = turn_about_jet(x, MASK, CARTESIAN, np.full(B, np.pi))
    axis = x[..., :3].sum(1, keepdim=True)
    axis = axis / axis.norm(dim=-1, keepdim=True)
    np.testing.assert_allclose(
        half[..., :3], 2 * axis * (x[..., :3] * axis).sum(-1, keepdim=True) - x[..., :3], atol=1e-9
    )


def test_narrow_jets_turn_alike_in_both_kinds_of_columns():
    """To first order in their size: the sense of the turn is the same too."""
    c, p = columns(CARTESIAN, mass=0, spread=1e-4), columns(POLAR, mass=0, spread=1e-4)
    turned = polar_of(turn_about_jet(c, MASK, CARTESIAN, ANGLE))
    flat = turn_about_jet(p, MASK, POLAR, ANGLE)
    moved = (flat - p)[..., 1:3].abs().amax()
    # on the sphere, eta and phi are stretched alike, so that a turn of the plane is one of the sphere
    assert (wrapped(turned - flat)[..., 1:3]).abs().amax() < 1e-2 * moved


def wrapped(angle: Tensor) -> Tensor:
    return torch.remainder(angle + np.pi, 2 * np.pi) - np.pi


def test_jets_across_pi_turn_like_others():
    x, shifted = columns(POLAR, spread=0.1), columns(POLAR, spread=0.1)
    shifted[..., 2] = torch.where(MASK, wrapped(x[..., 2] + 2.0), 0.0)
    a, b = (turn_about_jet(v, MASK, POLAR, ANGLE) for v in (x, shifted))
    np.testing.assert_allclose(wrapped(b[..., 2] - a[..., 2] - 2.0)[MASK], 0, atol=1e-9)
    np.testing.assert_allclose(a[..., 1], b[..., 1], atol=1e-9)
    assert (a[..., 2] >= -np.pi).all()
    assert (a[..., 2] < np.pi).all()


@pytest.mark.parametrize("fields", [CARTESIAN, POLAR])
def test_padding_and_other_columns_stay(fields: tuple[str, ...]):
    x = columns(fields)
    before = x.clone()
    everything = {"turn": "jet", "reflect": True, "boost": 0.5, "smear": 0.3}
    augmented, mask = augment_clouds(x, MASK, fields, np.random.default_rng(0), **everything)
    assert torch.equal(mask, MASK)
    assert torch.equal(x, before)
    assert not augmented[~MASK].any()
    assert torch.equal(augmented[..., 4], x[..., 4])
    assert augmented.isfinite().all()
    empty, _ = augment_clouds(x, torch.zeros_like(MASK), fields, np.random.default_rng(0), **everything)
    assert torch.equal(empty, x)
    assert len(augment_clouds(x[:0], MASK[:0], fields, np.random.default_rng(0), **everything)[0]) == 0


@pytest.mark.parametrize(
    "setting", [{"turn": "beam"}, {"turn": "jet"}, {"reflect": True}, {"boost": 0.5}, {"smear": 0.1}]
)
def test_each_setting_acts_alone_and_follows_from_the_generator(setting: dict):
    x = columns(CARTESIAN).float()
    first, again, other = (
        augment_clouds(x, MASK, CARTESIAN, np.random.default_rng(seed), **{**NONE, **setting})[0]
        for seed in (1, 1, 2)
    )
    assert first.dtype == torch.float32
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not torch.equal(first, x)
    assert torch.equal(augment_clouds(x, MASK, CARTESIAN, np.random.default_rng(1), **NONE)[0], x)


def test_smearing_has_the_width_asked_for_and_keeps_the_mean():
    """Within 4 standard errors of 200,000 objects: a false alarm in 10,000 seeds."""
    n = 200_000
    x = torch.tensor([20.0, 0.5, 0.1], dtype=torch.float64).expand(1, n, 3)
    mask = torch.ones(1, n, dtype=torch.bool)
    found, _ = augment_clouds(x, mask, POLAR[:3], np.random.default_rng(0), **NONE, smear=0.2)
    ratio = found[0, :, 0] / 20
    assert abs(float(ratio.mean()) - 1) < 4 * 0.2 / np.sqrt(n)
    assert abs(float(ratio.std()) - 0.2) < 4 * 0.2 * 1.1 / np.sqrt(2 * n)
    assert torch.equal(found[..., 1:], x[..., 1:])


@pytest.mark.parametrize("fields", [CARTESIAN, POLAR])
def test_only_soft_objects_are_left_out(fields: tuple[str, ...]):
    x, pt = columns(fields), columns(POLAR)[..., 0]
    left, mask = drop_objects(x, MASK, fields, np.ones((B, P), dtype=bool), 5.0)
    assert torch.equal(mask, MASK & (pt >= 5))
    assert not left[~mask].any()
    assert torch.equal(left[mask], x[mask])
    some = augment_clouds(x, MASK, fields, np.random.default_rng(0), **NONE, drop=0.5, soft=5.0)[1]
    assert mask.sum() < some.sum() < MASK.sum()


X3, M3 = torch.zeros(2, 4, 3), torch.ones(2, 4, dtype=torch.bool)


@pytest.mark.parametrize(
    ("x", "mask", "fields", "settings", "message"),
    [
        (X3[0], M3, POLAR[:3], {}, r"x is \(4, 3\)"),
        (X3.long(), M3, POLAR[:3], {}, "int64"),
        (X3, M3[:, :3], POLAR[:3], {}, r"mask is \(2, 3\) of torch.bool: .* \(2, 4\)"),
        (X3, M3.float(), POLAR[:3], {}, "float32: truth values"),
        (X3, M3, POLAR, {}, "each of the 3 columns"),
        (X3, M3, ("pt", "eta", "eta"), {}, "a name of its own"),
        (X3, M3, ("pt", "eta", "q"), {}, "either px, py, pz or pt, eta, phi"),
        (torch.zeros(2, 4, 4), M3, ("px", "py", "pz", "pt"), {}, "no longer fit"),
        (X3, M3, POLAR[:3], {"turn": "axis"}, "turn='axis'"),
        (X3, M3, POLAR[:3], {"boost": -1.0}, "boost=-1"),
        (X3, M3, POLAR[:3], {"smear": float("nan")}, "smear=nan"),
        (X3, M3, POLAR[:3], {"drop": 2}, "drop=2"),
        (X3, M3, POLAR[:3], {"drop": 0.1}, "give both or none"),
    ],
)
def test_wrong_input(x: Tensor, mask: Tensor, fields: tuple[str, ...], settings: dict, message: str):
    with pytest.raises(InputError, match=message):
        augment_clouds(x, mask, fields, np.random.default_rng(0), **settings)
