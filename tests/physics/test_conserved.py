"""Conserved quantities of movements that are known exactly."""

import numpy as np
import pandas as pd
import pytest
import torch

import lawful as lf
from lawful.physics import Conserved
from lawful.physics.columns import Columns
from lawful.physics.statement import from_plain, to_plain


def energy(state):
    """Harmonic oscillator, m = k = 1."""
    return (state**2).sum(1) / 2


def turned(angle):
    c, s = np.cos(angle), np.sin(angle)
    return lambda x: x @ np.array([[c, -s], [s, c]])


@pytest.fixture
def states():
    return np.random.default_rng(0).normal(size=(200, 2))


def test_the_exact_movement_keeps_the_energy_and_a_damped_one_loses_the_share_that_is_known(states):
    assert Conserved(energy).violation(turned(0.7), states).max() < 1e-12
    E = (states**2).sum(1) / 2
    damped = Conserved(energy).violation(lambda x: 0.9 * turned(0.7)(x), states)
    np.testing.assert_allclose(damped, (1 - 0.81) * E / E.std(), rtol=1e-9)
    stated = Conserved(energy, scale=0.5).violation(lambda x: 0.9 * x, states)
    np.testing.assert_allclose(stated, (1 - 0.81) * E / 0.5, rtol=1e-9)


def test_where_all_states_have_one_energy_the_unit_is_that_energy():
    angle = np.linspace(0, 6, 30)
    X = 3 * np.stack([np.cos(angle), np.sin(angle)], 1)
    np.testing.assert_allclose(Conserved(energy).violation(lambda x: 0.9 * x, X), 0.19, rtol=1e-9)
    assert (Conserved(lambda s: s[:, 0] * 0).violation(lambda x: x, X) == 0).all()


def test_several_quantities_and_named_columns_and_masses_from_the_other_inputs():
    """Two bodies collide elastically in one dimension: momentum and energy are kept."""
    rng = np.random.default_rng(1)
    X = pd.DataFrame(rng.uniform(0.5, 2, size=(100, 4)), columns=["m1", "v1", "m2", "v2"])

    def both(v, X):
        m = X[:, [0, 2]]
        return torch.stack([(m * v).sum(1), (m * v**2).sum(1) / 2], 1)

    def collide(x):
        m1, v1, m2, v2 = x.T
        mean = (m1 * v1 + m2 * v2) / (m1 + m2)
        return np.stack([2 * mean - v1, 2 * mean - v2], 1)

    kept = Conserved(both, columns=["v1", "v2"])
    assert kept.violation(collide, X).max() < 1e-12
    assert kept.violation(lambda x: x[:, [3, 1]], X).mean() > 0.1
    slower = kept.violation(lambda x: 0.5 * collide(x), X)
    m, v = X[["m1", "m2"]].to_numpy(), X[["v1", "v2"]].to_numpy()
    p, E = (m * v).sum(1), (m * v**2).sum(1) / 2
    expected = np.sqrt(((0.5 * p / p.std()) ** 2 + (0.75 * E / E.std()) ** 2) / 2)
    np.testing.assert_allclose(slower, expected, rtol=1e-9)


def test_the_penalty_pulls_a_growing_movement_back(states):
    a = torch.tensor(1.3, dtype=torch.float64, requires_grad=True)
    X, enforced = torch.from_numpy(states), Conserved(energy).by("loss")

    def model(x):
        return a * x

    for _ in range(300):
        loss = enforced.penalty(model, X, Columns(2), np.random.default_rng(0)).mean()
        (slope,) = torch.autograd.grad(loss, a)
        with torch.no_grad():
            a -= 0.05 * slope
    assert float(a.detach()) == pytest.approx(1, abs=1e-6)


def test_it_is_plain_data_but_for_the_function():
    plain = to_plain(Conserved(energy, columns=["q", "p"], scale=2).by("loss", weight=2.0))
    assert plain == {
        "statement": "Conserved",
        "quantity": {"function": "energy"},
        "columns": ["q", "p"],
        "scale": [2.0],
        "by": "loss",
        "options": {"weight": 2.0, "tolerance": 0.0},
    }
    with pytest.raises(lf.InputError, match="'energy' is not saved"):
        from_plain(plain)
    assert to_plain(from_plain(plain | {"quantity": energy})) == plain
    assert str(Conserved(energy)) == "conserved energy"


def test_a_formula_is_the_function_that_it_says(states):
    text = Conserved("(q**2 + p**2) / 2", columns=["q", "p"])
    model = turned(0.3)
    np.testing.assert_allclose(
        text.violation(lambda x: 0.9 * model(x), states),
        Conserved(energy).violation(lambda x: 0.9 * model(x), states),
    )
    assert text.violation(model, states).max() < 1e-12
    numbered = Conserved("(x0**2 + x1**2) / 2")
    np.testing.assert_array_equal(
        numbered.violation(lambda x: 0.9 * x, states), text.violation(lambda x: 0.9 * x, states)
    )
    assert str(text) == "conserved (q**2 + p**2) / 2"


def test_formulas_of_an_elastic_collision_take_masses_from_the_other_inputs():
    rng = np.random.default_rng(1)
    X = pd.DataFrame(rng.uniform(0.5, 2, size=(100, 4)), columns=["m1", "v1", "m2", "v2"])

    def collide(x):
        m1, v1, m2, v2 = x.T
        mean = (m1 * v1 + m2 * v2) / (m1 + m2)
        return np.stack([2 * mean - v1, 2 * mean - v2], 1)

    kept = Conserved(["m1*v1 + m2*v2", "m1*v1**2/2 + m2*v2**2/2"], columns=["v1", "v2"])
    assert kept.violation(collide, X).max() < 1e-12
    m, v = X[["m1", "m2"]].to_numpy(), X[["v1", "v2"]].to_numpy()
    p, E = (m * v).sum(1), (m * v**2).sum(1) / 2
    expected = np.sqrt(((0.5 * p / p.std()) ** 2 + (0.75 * E / E.std()) ** 2) / 2)
    np.testing.assert_allclose(kept.violation(lambda x: 0.5 * collide(x), X), expected, rtol=1e-9)
    assert to_plain(from_plain(to_plain(kept))) == to_plain(kept)
    assert to_plain(kept)["quantity"] == ["m1*v1 + m2*v2", "m1*v1**2/2 + m2*v2**2/2"]


def test_a_formula_has_second_derivatives(states):
    text, table = Conserved("sin(q) * p**2", columns=["q", "p"]), Columns(2)
    state = torch.from_numpy(states[:5]).requires_grad_()
    assert torch.autograd.gradgradcheck(lambda s: text.values(s, torch.zeros(5, 2).double(), table), state)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (Conserved("m * V**2", columns=["v"]), r"m \* V\*\*2: 'V' is no column; did you mean 'v'"),
        (Conserved("mass * v**2", columns=["v"]), "'mass' is no column"),
        (Conserved("m", columns=["v"]), "no column of the state is in 'm', so any model keeps it"),
        (Conserved("m * v", columns=["w"]), "no column 'w'"),
    ],
)
def test_names_that_are_no_columns_are_named(statement, words):
    X = pd.DataFrame(np.ones((5, 3)), columns=["x", "v", "m"])
    with pytest.raises(lf.InputError, match=words):
        statement.violation(lambda x: x[:, :1], X)


def test_data_without_names_are_named_in_order(states):
    for statement, words in [
        (Conserved("x * v", columns=["x"]), "has 1 names, but the data have 2 columns without names"),
        (Conserved("x * v", columns=["x", "x"]), "name each once"),
        (Conserved("x * v"), r"'v' is no column; there are 'x0', 'x1' \(name the state"),
    ]:
        with pytest.raises(lf.InputError, match=words):
            statement.violation(lambda x: x, states)


def test_what_does_not_fit_is_named(states):
    for call, words in [
        (lambda: Conserved("m*v^2"), r"Conserved: quantity 'm\*v\^2'.*a power is written \*\*"),
        (lambda: Conserved(["x", energy]), "expected a formula as text, a list of formulas, or one function"),
        (lambda: Conserved([]), "a list of formulas"),
        (lambda: Conserved(energy, columns=2.5), "names or numbers"),
        (lambda: Conserved(energy, columns=[]), "names or numbers"),
        (lambda: Conserved(energy, columns=[0.5]), "names or numbers"),
        (lambda: Conserved(energy, scale=0), "positive"),
        (lambda: Conserved(energy, scale="big"), "positive"),
    ]:
        with pytest.raises(lf.InputError, match=words):
            call()
    for statement, words in [
        (Conserved(energy, columns=[0, 0]), "named twice"),
        (Conserved(energy, columns="q"), "no column names"),
        (Conserved(energy, columns=[0]), "the state has 1 columns, but the model gives 2"),
        (Conserved(energy, scale=[1, 2, 3]), "scale has 3 numbers, but there are 1"),
        (Conserved(lambda s: s.sum()), r"conserved quantity: .*shape \(\) for \(200, 2\)"),
        (Conserved(lambda s: s[:0, 0]), r"expected \(200,\) or \(200, quantities\)"),
        (Conserved(lambda s: 1.0), "returned float"),
        (Conserved(lambda s: (s[:, 0] - 100).log()), "not a number in 200"),
    ]:
        with pytest.raises(lf.InputError, match=words):
            statement.violation(lambda x: x, states)
