"""Pure numbers in, an answer with a unit out: against by-hand pure numbers, for every choice of units."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lawful.errors import InputError
from lawful.nets import MLP
from lawful.nets.dimensionless import Dimensionless
from lawful.physics import Units
from lawful.physics.columns import Columns

PENDULUM = Units({"length": "m", "g": "m / s**2", "angle": ""}, to="s")
TABLE = Columns(3, ("length", "g", "angle"))


def rows(n=80, seed=0, columns=3):
    return np.random.default_rng(seed).uniform(0.5, 2, (n, columns))


def fitted(units, table, X, y, **more):
    outputs = None if y is None else y.shape[1]
    stage = Dimensionless(units, table, outputs, **more)
    stage.fit(X, np.ones(len(X)), y)
    return stage


def answers(stage, X, outputs=1, core=None):
    torch.manual_seed(0)
    net = stage.wrap(core or (lambda o, i=None: MLP(stage.width, o, hidden=(8,))), 0, outputs, 1).double()
    given = stage.inputs(X)[:, 0]
    side = stage.side(X)
    packed = given if side is None else np.concatenate([given, side], 1)
    with torch.no_grad():
        z = net(torch.from_numpy(packed)).numpy()
    added = stage.reference(X, None)
    return z if added is None else z + added


def test_the_pendulum():
    X = rows()
    y = 2 * np.pi * np.sqrt(X[:, :1] / X[:, 1:2])
    stage = fitted(PENDULUM, TABLE, X, y)
    np.testing.assert_allclose(stage.inputs(X)[:, 0], X[:, 2:])
    np.testing.assert_allclose(stage.reference(X, None), y, rtol=1e-12)
    np.testing.assert_allclose(stage.sizes["line"], [[2 * np.pi], [0]], atol=1e-9)
    np.testing.assert_allclose(np.mean(stage.side(X) ** 2), 1)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.01, 100), st.floats(0.01, 100), st.sampled_from(["s", "m / s", "m**2", "1 / s**2", ""]))
def test_other_units_give_the_same_answer(metre, second, to):
    units = Units({"length": "m", "g": "m / s**2", "angle": ""}, to=to)
    X = rows(40)
    stage = fitted(units, TABLE, X, np.sin(3 * X[:, :1]))
    powers = {"s": (0, 1), "m / s": (1, -1), "m**2": (2, 0), "1 / s**2": (0, -2), "": (0, 0)}[to]
    factor = metre ** powers[0] * second ** powers[1]
    other = X * [metre, metre / second**2, 1.0]
    np.testing.assert_allclose(answers(stage, other), factor * answers(stage, X), rtol=1e-9)


def test_several_outputs_have_a_unit_each():
    units = Units({"length": "m", "g": "m / s**2", "angle": ""}, to=["s", "m", ""])
    X = rows()
    y = np.stack([np.sqrt(X[:, 0] / X[:, 1]), 3 * X[:, 0], X[:, 2]], 1)
    stage = fitted(units, TABLE, X, y)
    other = X * [4.0, 4.0 / 9.0, 1.0]
    np.testing.assert_allclose(answers(stage, other, 3), answers(stage, X, 3) * [3.0, 4.0, 1.0], rtol=1e-12)
    assert stage.blocks([([0], True), ([1], True), ([2], True)])[0] == ([0], False)


def test_no_pure_number_is_left():
    """y = c L alone: the network is given ones, and the answer is a constant times L."""
    stage = fitted(Units({"L": "m"}, to="m"), Columns(1, ("L",)), rows(20, 1, 1), 3 * rows(20, 1, 1))
    X = rows(20, 1, 1)
    np.testing.assert_array_equal(stage.inputs(X), np.ones((20, 1, 1)))
    ratio = answers(stage, X) / X
    np.testing.assert_allclose(ratio, np.full_like(ratio, ratio[0, 0]), rtol=1e-12)


def test_the_sign_of_a_repeating_variable_is_given():
    X = rows(60, 2, 2) * np.random.default_rng(3).choice([-1, 1], (60, 2))
    stage = fitted(Units({"a": "m", "b": "m"}, to=""), Columns(2, ("a", "b")), X, X[:, :1])
    assert stage.width == 2
    assert set(np.unique(stage.inputs(X)[:, 0, 1])) == {-1.0, 1.0}
    np.testing.assert_allclose(answers(stage, 7 * X), answers(stage, X), rtol=1e-12)


def test_columns_that_others_need_are_no_repeating_variables():
    units, table = Units({"a": "m", "b": "m"}, to="m"), Columns(2, ("a", "b"))
    X = rows(30, 4, 2)
    assert fitted(units, table, X, X[:, :1]).groups.repeating == (0,)
    assert fitted(units, table, X, X[:, :1], last=(0,)).groups.repeating == (1,)


def test_outputs_that_turn_have_no_constant():
    X = rows()
    assert fitted(PENDULUM, TABLE, X, X[:, :1], turns=True).sizes["line"] == 0


def test_a_sum_of_products_with_the_unit_is_found_and_answers_grow_with_the_larger():
    """q E + q v B, measured by q E where that is larger and by q v B where that is."""
    units = Units({"q": "C", "E": "V / m", "v": "m / s", "B": "T"}, to="N")
    table = Columns(4, ("q", "E", "v", "B"))
    X = np.exp(rows(200, 4, 4))
    y = X[:, :1] * (X[:, 1:2] - 3 * X[:, 2:3] * X[:, 3:])
    stage = fitted(units, table, X, y)
    np.testing.assert_allclose(stage.reference(X, None), y, rtol=1e-9, atol=1e-9 * np.abs(y).max())
    for other, size in ((X * [1, 1, 1, 1e-6], X[:, 0] * X[:, 1]), (X * [1, 1, 1, 1e6], np.prod(X[:, [0, 2, 3]], 1))):
        ratio = stage.side(other)[:, 0] / size
        np.testing.assert_allclose(ratio, ratio[0], rtol=1e-3)
    few = fitted(units, table, X[:20], y[:20])
    assert (few.sizes["line"][1:] == 0).all()


def test_what_is_monotonic_does_not_bend_the_measure():
    X = rows(100, 5, 3)
    stage = fitted(PENDULUM, TABLE, X, X[:, :1], last=(2,), rising=2)
    moved = stage.side(X * [1, 1, 9])
    np.testing.assert_array_equal(moved, stage.side(X))


def test_a_classifier_answers_in_pure_numbers():
    with pytest.raises(InputError, match="probabilities of classes are pure numbers"):
        Dimensionless(PENDULUM, TABLE, None)
    stage = fitted(Units({"length": "m", "g": "m / s**2", "angle": ""}, to=""), TABLE, rows(), None)
    assert stage.side(rows()) is None
    assert stage.reference(rows(), None) is None


def test_what_rises_must_not_be_measured_by_something_negative():
    units, table = Units({"a": "m", "b": "m"}, to="m"), Columns(2, ("a", "b"))
    X = rows(30, 5, 2)
    stage = fitted(units, table, X, X[:, :1], last=(1,), rising=1)
    X[4, 0] = -1.0
    with pytest.raises(InputError, match=r"b, along which .* units of a, which is negative in 1 of 30 rows"):
        stage.inputs(X)
    squared = fitted(Units({"a": "m", "b": "m**2"}, to="m**2"), table, X, X[:, :1], last=(1,), rising=1)
    assert squared.inputs(X).shape[0] == 30  # even powers have no sign


def test_zeros_and_negative_numbers_are_refused_in_words():
    X = rows()
    X[3, 1] = 0.0
    with pytest.raises(InputError, match=r"the column g is .* in 1 of 80 rows"):
        fitted(PENDULUM, TABLE, X, X[:, :1])


def test_restored():
    X = rows()
    stage = fitted(PENDULUM, TABLE, X, np.sqrt(X[:, :1] / X[:, 1:2]))
    again = Dimensionless(PENDULUM, TABLE, 1)
    again.restore(stage.arrays)
    np.testing.assert_array_equal(answers(again, X), answers(stage, X))
    for change in (
        {"line": np.zeros(2)},
        {"constant": np.zeros(2)},
        {"factor": np.array([np.nan])},
        {"more": np.zeros(1)},
    ):
        with pytest.raises(InputError, match="the file was changed"):
            Dimensionless(PENDULUM, TABLE, 1).restore(stage.arrays | change)
