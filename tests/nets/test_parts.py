"""Networks for the parts of a sum or a product, with what else is built in within each part."""

import numpy as np
import pytest
import torch
from torch import nn

from lawful.errors import InputError
from lawful.nets import MLP
from lawful.nets.based import Based, Beside
from lawful.nets.built_in import build_in
from lawful.nets.parts import Composed, split_parts
from lawful.nets.symmetric import Averaged
from lawful.physics import Monotonic, Product, Sum, Symmetry, Units, groups
from lawful.physics.baseline import Baseline
from lawful.physics.columns import Columns

NAMES = ("px", "py", "pz", "a", "b")
TABLE = Columns(5, NAMES)
SUM = Sum({"one": ["px", "py", "pz", "a"], "other": ["a", "b"]})
ROTATION = Symmetry(groups.O(3), {"vector": [["px", "py", "pz"]], "scalar": "others"})


def rows(n=40, seed=0):
    return np.abs(np.random.default_rng(seed).normal(size=(n, 5))) + 0.1


def fitted(*statements, outputs=1):
    chain = build_in([s.by("architecture") for s in statements], TABLE, outputs)
    chain.fit(rows(), np.ones(40), rows()[:, :outputs])
    torch.manual_seed(0)
    return chain, chain.wrap(lambda o, i=None: MLP(i, o, hidden=(8,)), 0, outputs, 1).double()


def parts(chain, net, X):
    """(parts, N, O)"""
    with torch.no_grad():
        return split_parts(net, torch.from_numpy(chain.pack(X, lambda x: x))).numpy()


def answer(chain, net, X):
    with torch.no_grad():
        return net(torch.from_numpy(chain.pack(X, lambda x: x))).numpy()


@pytest.mark.parametrize("kind", [Sum, Product])
def test_a_part_depends_on_its_columns_alone(kind):
    chain, net = fitted(kind(SUM.parts))
    X, other = rows(), rows(seed=1)
    found = parts(chain, net, X)
    for columns, part in (([0, 1, 2, 3], 0), ([3, 4], 1)):
        changed = other.copy()
        changed[:, columns] = X[:, columns]
        after = parts(chain, net, changed)
        np.testing.assert_array_equal(after[part], found[part])
        assert np.abs(after[1 - part] - found[1 - part]).max() > 1e-3
    whole = found.sum(0) if kind is Sum else found.prod(0)
    np.testing.assert_allclose(answer(chain, net, X), whole, rtol=1e-12, atol=1e-12)


def test_what_else_is_built_in_holds_in_every_part():
    chain, net = fitted(SUM, ROTATION, Monotonic("y", along="b"))
    X = rows()
    turned, higher = X.copy(), X.copy()
    turned[:, :3] = X[:, :3] @ groups.O(3).sample(1, 3)[0].T
    higher[:, 4] += 0.5
    np.testing.assert_allclose(parts(chain, net, turned), parts(chain, net, X), atol=1e-9)
    assert (parts(chain, net, higher)[1] > parts(chain, net, X)[1]).all()
    np.testing.assert_array_equal(parts(chain, net, higher)[0], parts(chain, net, X)[0])


def test_every_term_has_the_unit_of_the_sum():
    units = Units({"px": "m", "py": "m", "pz": "m", "a": "m", "b": "s"}, to="m")
    chain, net = fitted(SUM, units)
    X = rows()
    np.testing.assert_allclose(parts(chain, net, X * [3, 3, 3, 3, 7]), 3 * parts(chain, net, X), rtol=1e-9)
    with pytest.raises(InputError, match="missing"):
        fitted(Sum({"one": ["px", "a"], "other": ["b"]}), units)


def test_a_vector_must_lie_in_a_part_as_a_whole():
    with pytest.raises(InputError, match=r"px, py, pz turn together, but a part .* px alone"):
        fitted(Sum({"one": ["px", "a"], "other": ["py", "pz", "b"]}), ROTATION)


@pytest.mark.parametrize("product", [False, True])
def test_composed_by_hand(product):
    torch.manual_seed(1)
    nets = [nn.Linear(2, 3), nn.Linear(4, 3)]
    net = Composed(nets, [(2, 0), (3, 1)], 3, product=product)
    x = torch.randn(6, 6)
    first, second = nets[0](x[:, :2]), nets[1](x[:, [2, 3, 4, 5]])
    expected = (1 + first) * (1 + second) if product else first + second
    torch.testing.assert_close(net(x), expected)
    before = [n.weight.clone() for n in nets]
    net.reset_parameters()
    assert not any(torch.equal(b, n.weight) for b, n in zip(before, nets, strict=True))


def test_parts_are_read_through_what_lies_around():
    torch.manual_seed(2)
    inner = Composed([MLP(1, 1, hidden=(4,)), MLP(1, 1, hidden=(4,))], [(1, 0), (1, 0)], 1, product=False)
    mean = Averaged(inner, None, 2)
    x = torch.randn(5, 4)
    torch.testing.assert_close(split_parts(mean, x).sum(0), mean(x))
    known = Baseline("k * x", columns=["x"], parameters={"k": 2.0})
    based = Based(mean, known, Columns(1), [0.0], [1.0])
    with_raw = torch.cat([x, torch.ones(5, 1)], 1)
    torch.testing.assert_close(split_parts(Beside(based), with_raw).sum(0), based.size(with_raw))


def test_weights_of_both_signs_are_refused():
    chain, _ = fitted(SUM)
    with pytest.raises(InputError, match="weights of both signs"):
        chain.wrap(lambda o, i=None: MLP(i, o), 1, 1, 2)


def test_restored():
    chain, net = fitted(SUM, ROTATION)
    again = build_in([s.by("architecture") for s in (SUM, ROTATION)], TABLE, 1)
    again.restore(chain.arrays)
    np.testing.assert_array_equal(parts(again, net, rows()), parts(chain, net, rows()))
