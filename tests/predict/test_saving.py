"""A saved network comes back where the function that makes it leaves to the file what is frozen."""

import numpy as np
import pandas as pd
import pytest
from torch import nn

import lawful as lf
from lawful.errors import InputError

X = np.random.default_rng(0).normal(size=(120, 3))
pytestmark = pytest.mark.filterwarnings("ignore:The net of this model is code:UserWarning")


def two_layers(shape, outputs):
    return nn.Sequential(nn.Linear(*shape, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, outputs))


def first_frozen(shape, outputs):
    net = two_layers(shape, outputs)
    net[0].requires_grad_(False)
    return net


@pytest.mark.parametrize(("made", "given"), [(first_frozen, two_layers), (two_layers, first_frozen)])
def test_the_file_says_which_layers_were_frozen(made, given, tmp_path):
    model = lf.Regressor(made, members=2, epochs=2).fit(X, X[:, 0])
    model.save(tmp_path / "m.lawful")
    again = lf.load(tmp_path / "m.lawful", functions={made.__name__: given})
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert again.members_.parameters().keys() == model.members_.parameters().keys()


def test_formulas_of_statements_are_in_the_file(tmp_path):
    """So there is no warning, which would be an error here, and nothing to hand in."""
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    known = [
        lf.physics.Integral("T**2 + 1 + 0 * b", over=("a", 0, 1), equals="c").by("loss"),
        lf.physics.Monotonic(of="T * exp(a)", along="b").by("loss"),
        lf.physics.Integral("T", over=("a", 0, 1)),
    ]
    model = lf.Regressor(hidden=(4,), epochs=2, physics=known, verbose=False).fit(frame, X[:, 0])
    model.save(tmp_path / "m.lawful")
    again = lf.load(tmp_path / "m.lawful")
    for old, new in zip(model.physics_.statements, again.physics_.statements, strict=True):
        assert old.name == new.name
        np.testing.assert_array_equal(new.violation(again, frame), old.violation(model, frame))
    state = lf.physics.Conserved(["a*b", "a + b + c"]).by("loss")
    mover = lf.Regressor(hidden=(4,), epochs=2, physics=[state], verbose=False).fit(frame, X)
    mover.save(tmp_path / "n.lawful")
    assert lf.load(tmp_path / "n.lawful").physics_.statements[0].plain() == state.statement.plain()


def test_a_network_that_is_kept_stays_as_it_was(tmp_path):
    kept = two_layers((3,), 1)
    model = lf.Regressor(first_frozen, epochs=2).fit(X, X[:, 0])
    model.save(tmp_path / "m.lawful")
    lf.load(tmp_path / "m.lawful", functions={"first_frozen": lambda *_: kept})
    assert all(parameter.requires_grad for parameter in kept.parameters())


def test_frozen_layers_of_another_shape_do_not_fit(tmp_path):
    def wider(shape, outputs):
        return nn.Sequential(nn.Linear(*shape, 5), nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, outputs))

    lf.Regressor(first_frozen, epochs=2).fit(X, X[:, 0]).save(tmp_path / "m.lawful")
    with pytest.raises(InputError, match=r"do not fit|does not fit"):
        lf.load(tmp_path / "m.lawful", functions={"first_frozen": wider})
