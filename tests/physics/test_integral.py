"""Integrals agree with those done by hand, row by row."""

import numpy as np
import pandas as pd
import pytest
import torch

import lawful as lf
from lawful.physics import Integral
from lawful.physics.columns import Columns
from lawful.physics.statement import from_plain, to_plain

L = 2.5


def wave(amplitude):
    """sqrt(2 / L) sin(n pi x / L) with the level n in the first column: normalised for amplitude one."""
    return lambda X: amplitude * np.sqrt(2 / L) * np.sin(X[:, 0] * np.pi * X[:, 1] / L)


def box(rows=20):
    rng = np.random.default_rng(0)
    return pd.DataFrame({"n": rng.integers(1, 6, rows).astype(float), "x": rng.uniform(0, L, rows)})


@pytest.mark.parametrize(("rule", "points"), [("gauss", 64), ("trapezoid", 64), ("gauss", 24)])
def test_the_particle_in_a_box_has_probability_one_at_every_level(rule, points):
    unitary = Integral(lambda psi: psi**2, over=("x", 0.0, L), equals=1.0, points=points, rule=rule)
    np.testing.assert_allclose(unitary.violation(wave(1.0), box()), 0, atol=1e-9)
    np.testing.assert_allclose(unitary.violation(wave(1.2), box()), 1.44 - 1, rtol=1e-7)
    np.testing.assert_allclose(unitary.violation(wave(0.5), box()), 0.75, rtol=1e-7)


def test_it_is_relative_to_the_value_and_the_target_sets_the_unit_where_that_is_zero():
    X = box()
    three = Integral(lambda psi: psi**2, over=("x", 0.0, L), equals=3.0)
    assert three.natural
    np.testing.assert_allclose(three.violation(wave(1.0), X), 2 / 3, rtol=1e-9)
    vanishes = Integral(lambda y: y, over=("x", 0.0, L), equals=0)
    assert not vanishes.natural
    np.testing.assert_allclose(vanishes.violation(lambda x: 0 * x[:, 1] + 0.3, X, scale=2.0), 0.15)
    np.testing.assert_allclose(vanishes.violation(lambda x: np.cos(2 * np.pi * x[:, 1] / L), X), 0, atol=1e-12)


def test_gauss_is_exact_for_polynomials_up_to_its_degree_and_a_second_argument_gets_the_inputs():
    X = np.array([[0.3, 2.0], [0.9, -1.0]])
    # integral of t^9 + s from -1 to 3 over the first column, with s the second: (3^10 - 1) / 10 + 4 s
    exact = (3.0**10 - 1) / 10
    five = Integral(lambda y: y, over=(0, -1.0, 3.0), equals=exact, points=5)
    found = five.violation(lambda x: x[:, 0] ** 9 + x[:, 1], X)
    np.testing.assert_allclose(found, 4 * np.abs(X[:, 1]) / exact, rtol=1e-9)
    assert (
        Integral(lambda y: y, over=(0, -1.0, 3.0), equals=exact, points=4).violation(lambda x: x[:, 0] ** 9, X).min()
        > 1e-3
    )
    mean = Integral(lambda y, x: y[:, 0] * x[:, 0], over=(0, 0.0, 1.0), equals=1 / 3)
    np.testing.assert_allclose(mean.violation(lambda x: x[:, 0], X), 0, atol=1e-12)


def test_the_trapezoid_rule_is_exact_for_straight_lines():
    """The integral of 1 + 2 t from 0 to 3 is 12."""
    line = Integral(lambda y: y, over=(0, 0.0, 3.0), equals=12.0, points=4, rule="trapezoid")
    np.testing.assert_allclose(line.violation(lambda x: 1 + 2 * x[:, 0], np.zeros((2, 1))), 0, atol=1e-14)


def test_rows_keep_their_order_and_their_other_columns():
    table, X = Columns(3), torch.arange(12.0, dtype=torch.float64).reshape(4, 3)
    rows = Integral(lambda y: y, over=(1, 0.0, 1.0), points=5).expanded(X, table).reshape(4, 5, 3)
    torch.testing.assert_close(rows[:, :, [0, 2]], X[:, None, [0, 2]].expand(4, 5, 2))
    assert ((rows[:, :, 1] > 0) & (rows[:, :, 1] < 1)).all()
    assert X[0, 1] == 1.0  # the inputs are not written to


def test_a_penalty_trains_an_amplitude():
    a = torch.tensor([0.4], dtype=torch.float64, requires_grad=True)
    enforced = Integral(lambda y: y**2, over=("x", 0.0, L)).by("loss", tolerance=0.01)
    X = torch.tensor([[1.0, 0.2], [2.0, 0.2]], dtype=torch.float64)
    table = Columns(2, ("n", "x"))

    def model(x):
        return (a * torch.from_numpy(wave(1.0)(x.numpy()))).unsqueeze(1)

    for _ in range(200):
        loss = enforced.penalty(model, X, table, np.random.default_rng(0)).sum()
        (slope,) = torch.autograd.grad(loss, a)
        with torch.no_grad():
            a -= 0.05 * slope
    assert abs(float(a.detach()) ** 2 - 1) == pytest.approx(0.01, abs=2e-4)


def test_it_is_plain_data_but_for_the_function():
    def square(psi):
        return psi**2

    plain = to_plain(Integral(square, over=["x", 0, L], equals=2, points=8, rule="trapezoid"))
    assert plain == {
        "statement": "Integral",
        "function": {"function": "square"},
        "over": ["x", 0.0, L],
        "equals": 2.0,
        "points": 8,
        "rule": "trapezoid",
    }
    with pytest.raises(lf.InputError, match="'square' is not saved"):
        from_plain(plain)
    assert to_plain(from_plain(plain | {"function": square})) == plain


@pytest.mark.parametrize("text", ["psi**2", "y**2", "`the wave`**2", "abs(y0) * abs(y0)"])
def test_a_formula_is_the_function_that_it_says(text):
    statement = Integral(text, over=("x", 0.0, L))
    np.testing.assert_allclose(statement.violation(wave(1.2), box()), 0.44, rtol=1e-9)
    assert str(statement) == f"integral of {text} over x equals 1"
    again = from_plain(to_plain(statement.by("loss", weight=2.0)))
    assert to_plain(again) == to_plain(statement.by("loss", weight=2.0))
    np.testing.assert_array_equal(again.statement.violation(wave(1.2), box()), statement.violation(wave(1.2), box()))


def test_a_formula_takes_columns_and_one_of_several_predictions():
    """Mean position of two levels: L / 2 for each."""
    text = Integral("y1**2 * x", over=("x", 0.0, L), equals=L / 2)

    def model(x):
        return np.stack([0 * x[:, 1], wave(1.0)(x)], 1)

    np.testing.assert_allclose(text.violation(model, box()), 0, atol=1e-9)
    first = Integral("y0**2 * x", over=("x", 0.0, L), equals=L / 2)
    np.testing.assert_allclose(first.violation(model, box()), 1)
    unnamed = Integral("T * x1", over=(1, 0.0, 1.0), equals=0.5)
    np.testing.assert_allclose(unnamed.violation(lambda x: 0 * x[:, 0] + 3.0, np.zeros((2, 2))), 2)


def test_a_value_of_its_own_for_each_row():
    """The heat of a lake of depth 20 with T = a + b depth is 20 a + 200 b, in units of length times the target's."""
    rng = np.random.default_rng(2)
    lake = pd.DataFrame(rng.uniform(0, 20, (30, 4)), columns=["depth", "a", "b", "heat"])
    lake["heat"] = 20 * lake["a"] + 200 * lake["b"]
    heat = Integral("T", over=("depth", 0, 20), equals="heat")
    assert not heat.natural

    def model(x):
        return x[:, 1] + x[:, 2] * x[:, 0]

    np.testing.assert_allclose(heat.violation(model, lake, scale=1.0), 0, atol=1e-10)
    np.testing.assert_allclose(heat.violation(lambda x: model(x) + 0.3, lake, scale=2.0), 0.15)
    capacity = Integral("4.2 * T", over=("depth", 0, 20), equals="4.2 * heat + 0 * a")
    np.testing.assert_allclose(capacity.violation(model, lake, scale=1.0), 0, atol=1e-9)
    assert str(heat) == "integral of T over depth equals heat"
    assert to_plain(heat)["equals"] == "heat"
    assert to_plain(from_plain(to_plain(heat))) == to_plain(heat)
    with pytest.raises(lf.InputError, match="by row cannot be built in; it has"):
        heat.by("architecture")
    third = Integral("T", over=("depth", 0, 20), equals="1 / 3")
    assert third.natural
    assert third.equals == 1 / 3


def test_a_formula_has_second_derivatives():
    text = Integral("sin(T) * x1 + T**2", over=(0, 0.0, 1.0))
    y, X = torch.linspace(0.1, 1, 18, dtype=torch.float64).reshape(6, 3).split([1, 2], 1)
    assert torch.autograd.gradgradcheck(lambda y: text.values(y, X, Columns(2)), y.clone().requires_grad_())


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            Integral("T * dpeth", over=("depth", 0, 1)),
            "'dpeth' is no column.*already called 'T'; did you mean 'depth'",
        ),
        (
            Integral("y * dpeth", over=("depth", 0, 1)),
            "'dpeth' is no column.*already called 'y'; did you mean 'depth'",
        ),
        (Integral("depth**2", over=("depth", 0, 1)), "no prediction is in the formula"),
        (Integral("2", over=("depth", 0, 1)), "no prediction is in the formula"),
        (Integral("T", over=("depth", 0, 1), equals="haet"), "'haet' is no column; did you mean 'heat'"),
        (Integral("T", over=("depth", 0, 1), equals="depth"), "names 'depth', over which is integrated"),
        (Integral("e * T", over=("depth", 0, 1)), "'e' is a column, and also a constant"),
        (Integral("T", over=("depth", 0, 1), equals="e"), "'e' is a column, and also a constant"),
    ],
)
def test_names_that_do_not_fit_are_named(statement, words):
    lake = pd.DataFrame(np.ones((4, 3)), columns=["depth", "heat", "e"])
    with pytest.raises(lf.InputError, match=words):
        statement.violation(lambda x: x[:, 0], lake)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"function": 3}, "expected a formula as text, or a function"),
        ({"function": "y^2"}, r"a power is written \*\*"),
        ({"function": lambda: 1}, "takes 0 arguments"),
        ({"function": lambda a, b, c: a}, "needs 3 arguments"),
        ({"over": "x"}, "expected \\(column, low, high\\)"),
        ({"over": ("x", 0.0)}, "expected \\(column, low, high\\)"),
        ({"over": (1.5, 0.0, 1.0)}, "name or number of a column"),
        ({"over": ("x", 1.0, 1.0)}, "low < high"),
        ({"over": ("x", 0.0, np.inf)}, "finite"),
        ({"equals": None}, "finite number"),
        (
            {"equals": np.arange(99.0)},
            r"equals array\(\[ 0., .*\.\.\.: expected a finite number, or a formula of the other",
        ),
        ({"equals": "2 heat"}, "Integral: equals '2 heat'.*a product"),
        ({"points": 0}, "from 1 to"),
        ({"points": 1, "rule": "trapezoid"}, "from 2 to"),
        ({"rule": "simpson"}, "gauss"),
    ],
)
def test_bad_arguments_are_named(change, words):
    good = {"function": lambda y: y, "over": ("x", 0.0, 1.0), "equals": 1.0}
    with pytest.raises(lf.InputError, match=words):
        Integral(**good | change)


def test_what_does_not_fit_the_data_or_comes_back_wrong_is_named():
    X, model = box(), wave(1.0)
    for statement, words in [
        (Integral(lambda y: y, over=("X", 0.0, 1.0)), "over X equals 1: there is no column 'X'; nearest"),
        (Integral(lambda y: y, over=(7, 0.0, 1.0)), "no column 7"),
        (Integral(lambda y: y.sum(), over=("x", 0.0, 1.0)), r"returned shape \(\).*over the rows too"),
        (Integral(lambda y: torch.cat([y, y], 1), over=("x", 0.0, 1.0)), r"expected \(1280,\) or \(1280, 1\)"),
        (Integral(lambda y: y.numpy(), over=("x", 0.0, 1.0)), "returned ndarray"),
        (Integral(lambda y: y * 1j, over=("x", 0.0, 1.0)), "complex"),
        (Integral(lambda y: y.abs() ** 0.5 / 0, over=("x", 0.0, 1.0)), "not a number in 20 of 20 rows"),
    ]:
        with pytest.raises(lf.InputError, match=words):
            statement.violation(model, X)


class TestLimitsByColumn:
    """A particle in wells of several widths: the range of each row is its own."""

    def wells(self, rows=60):
        rng = np.random.default_rng(5)
        width = rng.uniform(1, 4, rows)
        return pd.DataFrame({"x": rng.uniform(0, 1, rows) * width, "width": width})

    def test_each_row_is_integrated_over_its_own_range(self):
        X = self.wells()
        unitary = Integral("psi**2", over=("x", 0.0, "width"), equals=1.0)
        assert unitary.violation(lambda x: np.sqrt(2 / x[:, 1]) * np.sin(np.pi * x[:, 0] / x[:, 1]), X).max() < 1e-12
        flat = unitary.violation(lambda x: 0 * x[:, 0] + 1, X)  # the integral of 1 is the width
        np.testing.assert_allclose(flat, np.abs(X["width"] - 1), rtol=1e-12)
        again = from_plain(to_plain(unitary))
        np.testing.assert_array_equal(again.violation(lambda x: 0 * x[:, 0] + 1, X), flat)

    def test_where_the_value_is_a_formula_the_residual_is_per_length(self):
        X = self.wells()
        charge = Integral("y", over=("x", "start", "width"), equals="width")
        X["start"] = -1.0
        found = charge.violation(lambda x: 0 * x[:, 0] + 2, X, scale=1.0)  # 2 (w + 1) - w, over w + 1
        np.testing.assert_allclose(found, (X["width"] + 2) / (X["width"] + 1), rtol=1e-12)

    def test_it_is_built_in_too(self):
        X = self.wells(200)
        y = np.sqrt(2 / X["width"]) * np.sin(np.pi * X["x"] / X["width"])
        unitary = Integral("psi**2", over=("x", 0.0, "width"), points=16)
        model = lf.Regressor(hidden=(8,), epochs=3, verbose=False, physics=[unitary.by("architecture")]).fit(X, y)
        assert unitary.violation(model, X).max() < 1e-6

    def test_wrong_limits_are_named(self):
        X = self.wells()
        with pytest.raises(lf.InputError, match="no column 'wide'"):
            Integral("y", over=("x", 0.0, "wide")).violation(lambda x: x[:, 0], X)
        with pytest.raises(lf.InputError, match="column over which is integrated"):
            Integral("y", over=("x", 0.0, "x")).violation(lambda x: x[:, 0], X)
        with pytest.raises(lf.InputError, match="expected the lower one below"):
            Integral("y", over=("x", 2.0, "width")).violation(lambda x: x[:, 0], X)
