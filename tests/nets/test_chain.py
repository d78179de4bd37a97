"""Several architectures in one network: what each is given, what is added, and how it is saved."""

import numpy as np
import pytest
import torch

from lawful.errors import InputError
from lawful.nets import MLP
from lawful.nets.built_in import build_in
from lawful.physics import Monotonic, Symmetry, Units, groups
from lawful.physics.columns import Columns

NAMES = ("a", "b", "x", "t")
TABLE = Columns(4, NAMES)
UNITS = Units({"a": "m", "b": "m", "x": "m", "t": "s"}, to="m").by("architecture")
MIRROR = Symmetry(groups.Group(discrete=[[[-1.0]]], name="mirror"), {"vector": [["x"]], "scalar": "others"})
SWAP = Symmetry(groups.S(2), {"vector": [["a", "b"]], "scalar": "others"})
RISING = Monotonic("y", along="x").by("architecture")


def rows(n, seed=0):
    X = np.random.default_rng(seed).uniform(0.5, 2, size=(n, 4))
    X[:, 2] *= np.random.default_rng(seed + 1).choice([-1, 1], n)
    return X


def answers(chain, X, net):
    """What the network gives, and what is added to it, (N, 1), in float64."""
    packed = chain.pack(X, lambda numbers: numbers)
    with torch.no_grad():
        z = net.double()(torch.from_numpy(packed)).numpy()
    given = chain.reference(X)
    return z if given is None else z + given


def fitted(*items, X=None, y=None):
    chain = build_in([item if hasattr(item, "mechanism") else item.by("architecture") for item in items], TABLE, 1)
    X = rows(60) if X is None else X
    chain.fit(X, np.ones(len(X)), np.abs(X[:, 2:3]) + X[:, :1] if y is None else y)
    torch.manual_seed(0)
    return chain, chain.wrap(lambda o, i=None: MLP(chain.width if i is None else i, o, hidden=(8,)), 0, 1, 1)


def test_nothing_is_built_in():
    chain = build_in([], TABLE, 1)
    chain.fit(rows(5), np.ones(5), None)
    assert not chain
    assert chain.width == 4
    np.testing.assert_array_equal(chain.numbers(rows(5))[:, 0], rows(5))
    assert chain.reference(rows(5)) is None


@pytest.mark.parametrize("items", [[MIRROR], [SWAP, MIRROR], [MIRROR, UNITS], [SWAP, MIRROR, UNITS]], ids=str)
def test_means_are_kept_by_what_is_added_too(items):
    chain, net = fitted(*items)
    X, mirrored = rows(40, 5), rows(40, 5)
    mirrored[:, 2] *= -1
    np.testing.assert_allclose(answers(chain, mirrored, net), answers(chain, X, net), rtol=1e-12, atol=1e-12)
    if SWAP in items:
        swapped = X[:, [1, 0, 2, 3]]
        np.testing.assert_allclose(answers(chain, swapped, net), answers(chain, X, net), rtol=1e-12, atol=1e-12)
    assert answers(chain, X, net).std() > 1e-3


@pytest.mark.parametrize("items", [[UNITS], [MIRROR, UNITS], [SWAP, UNITS]], ids=str)
def test_what_is_added_is_the_fit_of_the_factor(items):
    """y = 2 a is F times a constant where a is the only repeating length; the mean over a swap gives a + b."""
    X = rows(200)
    y = X[:, :1] + X[:, 1:2] if SWAP in items else 2 * X[:, :1]
    chain, _ = fitted(*items, X=X, y=y)
    added = chain.reference(X)
    assert added is not None
    if SWAP in items:
        assert np.abs(added - y * (added / y).mean()).max() < 1e-9
        assert (added / y).mean() == pytest.approx(1, abs=0.1)
    else:
        np.testing.assert_allclose(added, y, rtol=1e-9)


def test_vectors_are_moved_back():
    turn = Symmetry(groups.C(4), {"vector": [["a", "b"]], "scalar": "others"}, "vector")
    chain = build_in([turn.by("architecture"), Units(dict.fromkeys(NAMES, "m"), to="m").by("architecture")], TABLE, 2)
    X = rows(50)
    chain.fit(X, np.ones(50), X[:, :2])
    torch.manual_seed(0)
    net = chain.wrap(lambda o, i=None: MLP(chain.width, o, hidden=(8,)), 0, 2, 1)
    g = groups.C(4).elements()[1]
    moved = X.copy()
    moved[:, :2] = X[:, :2] @ g.T
    np.testing.assert_allclose(answers(chain, moved, net), answers(chain, X, net) @ g.T, rtol=0, atol=1e-9)


def test_the_core_is_given_one_row_for_each_element():
    chain, _ = fitted(SWAP, MIRROR)
    assert chain.numbers(rows(7)).shape == (7, 4, 4)
    assert chain.numbers(rows(0)).shape[0] == 0
    assert chain.blocks([([0], True)]) == [([0], True)]


def test_a_unit_takes_the_shift_away_and_a_pure_number_leaves_it():
    assert fitted(UNITS)[0].blocks([([0], True)]) == [([0], False)]
    pure = Units({"a": "m", "b": "m", "x": "m", "t": "s"}, to="").by("architecture")
    assert fitted(pure)[0].blocks([([0], True)]) == [([0], True)]


@pytest.mark.parametrize("items", [[SWAP, UNITS], [UNITS, RISING], [MIRROR]], ids=str)
def test_restored_from_what_it_learned(items):
    chain, net = fitted(*items)
    built = [item if hasattr(item, "mechanism") else item.by("architecture") for item in items]
    again = build_in(built, TABLE, 1)
    again.restore(chain.arrays)
    X = rows(20, 9)
    np.testing.assert_array_equal(answers(again, X, net), answers(chain, X, net))
    with pytest.raises(InputError, match="the file was changed"):
        build_in(built, TABLE, 1).restore(chain.arrays | {"7.more": np.zeros(1)})


def test_a_file_that_lacks_what_was_learned_is_refused():
    chain, _ = fitted(UNITS)
    less = {name: a for name, a in chain.arrays.items() if not name.endswith("line")}
    with pytest.raises(InputError, match="does not fit"):
        build_in([UNITS], TABLE, 1).restore(less)
