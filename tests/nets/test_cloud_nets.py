"""Laws that networks of clouds keep: the order of the objects, padding, empty clouds, and their symmetries."""

import numpy as np
import pytest
import torch

from lawful.errors import InputError
from lawful.nets.equivariant import Equivariant, invariant_forms
from lawful.nets.graph import Graph, neighbours_of
from lawful.nets.pairs import every_pair, pair_features
from lawful.nets.sets import Sets
from lawful.nets.transformer import Transformer
from lawful.physics.groups import SO, Lorentz, O, S

F = 3
WHOLE = {
    "sets": lambda: Sets(F, 2, hidden=(7, 6)),
    "sets, mean": lambda: Sets(F, 2, hidden=(7,), pool="mean"),
    "sets, energy": lambda: Sets(F, 2, hidden=(7,), pool="energy", angles=(0, 1)),
    "edge": lambda: Graph(F, 2, hidden=(7, 6), neighbours=3),
    "gravnet": lambda: Graph(F, 2, hidden=(7, 6), neighbours=3, layer="gravnet"),
    "garnet": lambda: Graph(F, 2, hidden=(7, 6), neighbours=3, layer="garnet"),
    "transformer": lambda: Transformer(F, 2, hidden=(8, 8), heads=2),
    "transformer of pairs": lambda: Transformer(F, 2, hidden=(8, 8), heads=2, pairs=6),
    "equivariant": lambda: Equivariant(F, 2, hidden=(8, 8), heads=2),
    "equivariant with beams": lambda: Equivariant(F, 2, hidden=(8,), heads=2, references="beams"),
}
EACH = {
    "sets": lambda: Sets(F, 2, hidden=(7, 6), each=True),
    "edge": lambda: Graph(F, 2, hidden=(7, 6), neighbours=3, each=True),
    "gravnet": lambda: Graph(F, 2, hidden=(7,), neighbours=3, layer="gravnet", each=True),
    "garnet": lambda: Graph(F, 2, hidden=(7,), neighbours=3, layer="garnet", each=True),
    "transformer": lambda: Transformer(F, 2, hidden=(8,), heads=2, pairs=6, each=True),
    "equivariant": lambda: Equivariant(F, 2, hidden=(8, 8), heads=2, each=True),
}


def drawn(make, objects=6, seed=1):
    torch.manual_seed(seed)
    net = make().double()
    v = torch.randn(4, objects, 3, dtype=torch.float64)
    p = torch.cat([(v.square().sum(-1, keepdim=True) + 0.2).sqrt(), v], -1)
    mask = torch.arange(objects) < torch.tensor([[objects], [objects - 2], [1], [0]])
    return net, torch.randn(4, objects, F, dtype=torch.float64), mask, p


@pytest.mark.parametrize("name", WHOLE)
def test_the_order_of_the_objects_does_not_matter(name):
    net, x, mask, p = drawn(WHOLE[name])
    order = torch.randperm(x.shape[1])
    torch.testing.assert_close(net(x[:, order], mask[:, order], p[:, order]), net(x, mask, p), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", EACH)
def test_answers_of_objects_move_with_the_objects(name):
    net, x, mask, p = drawn(EACH[name])
    order = torch.randperm(x.shape[1])
    moved = net(x[:, order], mask[:, order], p[:, order])
    torch.testing.assert_close(moved, net(x, mask, p)[:, order], rtol=1e-10, atol=1e-10)
    assert not net(x, mask, p)[~mask].any()


@pytest.mark.parametrize("name", WHOLE)
def test_padding_changes_nothing_whatever_it_holds(name):
    net, x, mask, p = drawn(WHOLE[name])
    longer, there = torch.full((4, 3, F), 1e3, dtype=torch.float64), torch.zeros(4, 3, dtype=torch.bool)
    wild = torch.cat([torch.where(mask.unsqueeze(-1), x, torch.full_like(x, -7e2)), longer], 1)
    q = torch.cat([torch.where(mask.unsqueeze(-1), p, torch.full_like(p, 3.0)), torch.ones(4, 3, 4).double()], 1)
    z = net(wild, torch.cat([mask, there], 1), q)
    torch.testing.assert_close(z, net(x, mask, p), rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(net(x[1:2, :4], mask[1:2, :4], p[1:2, :4]), z[1:2], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", WHOLE)
def test_empty_clouds_have_one_finite_answer_and_finite_slopes(name):
    net, x, mask, p = drawn(WHOLE[name])
    none = torch.zeros_like(mask)
    x.requires_grad_()
    p.requires_grad_()
    z = net(x, none, p)
    assert torch.isfinite(z).all()
    torch.testing.assert_close(z, z[:1].expand_as(z))
    (z.sum() + net(x, mask, p).sum()).backward()
    assert torch.isfinite(x.grad).all()
    assert p.grad is None or torch.isfinite(p.grad).all()
    assert all(torch.isfinite(parameter.grad).all() for parameter in net.parameters())


def boosts(count, reach=1.5):
    return torch.from_numpy(Lorentz().sample(count, 3, reach=reach))


@pytest.mark.parametrize("name", ["equivariant"])
def test_lorentz_transformations_change_nothing(name):
    net, x, mask, p = drawn(WHOLE[name])
    for g in boosts(5):
        torch.testing.assert_close(net(x, mask, p @ g.T), net(x, mask, p), rtol=1e-9, atol=1e-9)


def test_beams_leave_rotations_about_them_and_boosts_along_them():
    net, x, mask, p = drawn(WHOLE["equivariant with beams"])
    c, s = np.cos(0.7), np.sin(0.7)
    about = torch.tensor([[1, 0, 0, 0], [0, c, -s, 0], [0, s, c, 0], [0, 0, 0, 1.0]], dtype=torch.float64)
    other = torch.tensor([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, c, -s], [0, 0, s, c]], dtype=torch.float64)
    torch.testing.assert_close(net(x, mask, p @ about.T), net(x, mask, p), rtol=1e-10, atol=1e-10)
    assert not torch.allclose(net(x, mask, p @ other.T), net(x, mask, p), rtol=1e-3, atol=1e-3)


def test_vectors_turn_with_the_inputs():
    net, x, mask, p = drawn(lambda: Equivariant(F, 2, hidden=(8,), heads=2, vectors=True))
    for g in boosts(3):
        turned = net(x, mask, p).unflatten(1, (2, 4)) @ g.T
        torch.testing.assert_close(net(x, mask, p @ g.T).unflatten(1, (2, 4)), turned, rtol=1e-9, atol=1e-9)


def test_forms_that_groups_leave_alone():
    assert invariant_forms(Lorentz()).tolist() == [np.diag([1.0, -1, -1, -1]).tolist()]
    assert invariant_forms(SO(3)).tolist() == [np.eye(3).tolist()]
    assert len(invariant_forms(S(4))) == 2  # the squares, and the products of different ones
    turned = Equivariant(0, 1, hidden=(8,), group=O(3)).double()
    v = torch.randn(2, 5, 3, dtype=torch.float64)
    g = torch.from_numpy(O(3).sample(1, 0)[0])
    mask = torch.ones(2, 5, dtype=torch.bool)
    torch.testing.assert_close(turned(v[..., :0], mask, v @ g.T), turned(v[..., :0], mask, v), rtol=1e-10, atol=1e-10)


def test_soft_and_collinear_particles_do_not_move_an_energy_flow_network():
    net, x, mask, p = drawn(lambda: Sets(F, 2, hidden=(7,), pool="energy", angles=(0, 1)))
    x, mask, p = x[:1], mask[:1], p[:1]
    halves = torch.cat([p[:, :-1], 0.3 * p[:, -1:], 0.7 * p[:, -1:]], 1)
    split = net(torch.cat([x, x[:, -1:]], 1), torch.ones(1, 7, dtype=torch.bool), halves)
    torch.testing.assert_close(split, net(x, mask, p), rtol=1e-10, atol=1e-10)
    soft = torch.cat([p, 1e-12 * p[:, :1]], 1)
    softer = net(torch.cat([x, torch.randn(1, 1, F).double()], 1), torch.ones(1, 7, dtype=torch.bool), soft)
    torch.testing.assert_close(softer, net(x, mask, p), rtol=1e-9, atol=1e-9)


def test_neighbours_are_those_that_a_search_of_all_finds():
    torch.manual_seed(4)
    x = torch.randn(3, 9, 2, dtype=torch.float64)
    mask = torch.arange(9) < torch.tensor([[9], [4], [1]])
    index, there, squared = neighbours_of(x, mask, 3)
    for b in range(3):
        n = int(mask[b].sum())
        for i in range(9):
            found = {int(j) for j, is_there in zip(index[b, i], there[b, i], strict=True) if is_there}
            others = [j for j in range(n) if j != i] if i < n else []
            nearest = sorted(others, key=lambda j, b=b, i=i: float((x[b, i] - x[b, j]).square().sum()))[:3]
            assert found == set(nearest)
    nearby = torch.gather(x, 1, index.flatten(1).unsqueeze(-1).expand(-1, -1, 2)).view(3, 9, 3, 2)
    torch.testing.assert_close(squared, (x.unsqueeze(2) - nearby).square().sum(-1))


def test_attention_sums_to_one_and_sees_no_padding():
    net, x, mask, p = drawn(WHOLE["transformer of pairs"])
    seen = net.attention(x, mask, p)
    assert seen.shape == (4, 2, 2, 7, 7)
    torch.testing.assert_close(seen.sum(-1), torch.ones(4, 2, 2, 7).double())
    assert not seen[..., 1:][(~mask)[:, None, None, None, :].expand(-1, 2, 2, 7, -1)].any()


def test_pairs_of_particles_by_hand():
    p = torch.tensor([[[5.0, 3.0, 0.0, 4.0], [10.0, 0.0, 6.0, 8.0]]], dtype=torch.float64)
    i, j, _ = every_pair(2)
    found = 2 * pair_features(p, torch.ones(1, 2, dtype=torch.bool), i, j)[0, 0] - 2
    delta = np.hypot(np.arcsinh(4 / 3) - np.arcsinh(8 / 6), np.pi / 2)
    m2 = 15.0**2 - 3**2 - 6**2 - 12**2
    expected = [np.log(delta), np.log(3 * delta), np.log(3 / 9), 0.5 * np.log(m2)]
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Transformer(F, 1, hidden=(8, 9)), "one width"),
        (lambda: Transformer(F, 1, hidden=(9,), heads=2), "multiple of the number of heads"),
        (lambda: Equivariant(0, 1, hidden=(8,), heads=3), "multiple of the number of heads"),
        (lambda: Sets(F, 1, pool="most"), "pool='most' is not known"),
        (lambda: Graph(F, 1, layer="edges"), "Did you mean 'edge'"),
        (lambda: Graph(F, 1, neighbours=0), "neighbours=0"),
    ],
)
def test_wrong_settings_are_named(make, words):
    with pytest.raises(InputError, match=words):
        make()
