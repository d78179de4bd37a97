"""Every statement in an estimator, by every mechanism that it has; a new statement joins by a case below."""

import numpy as np
import pandas as pd
import pytest

import lawful as lf
from lawful.physics import (
    STATEMENTS,
    Baseline,
    Bounds,
    Conserved,
    Integral,
    Monotonic,
    Product,
    Sum,
    Symmetry,
    Tied,
    Units,
    groups,
)


def square(y):
    return y**2


def radius(state):
    return (state**2).sum(1)


def table(rows, seed):
    return pd.DataFrame(np.random.default_rng(seed).uniform(0.5, 2, size=(rows, 2)), columns=["a", "b"])


def turned(x):
    a, b = x["a"].to_numpy(), x["b"].to_numpy()
    return np.stack([0.6 * a - 0.8 * b, 0.8 * a + 0.6 * b], 1)


def related(members=1):
    """A model of what "Tied" says is alike."""
    X = table(200, 5)
    settings = {"hidden": (16,), "epochs": 40, "members": members, "verbose": False}
    return lf.Regressor(**settings).fit(X, np.sin(X["a"] * X["b"]), validation=False)


# statement; targets that keep it
CASES = {
    "Symmetry": (Symmetry(groups.SO(2), "vector"), lambda x: np.exp(-np.hypot(x["a"], x["b"]))),
    "Bounds": (Bounds(lower=0.0, upper=1.0), lambda x: np.clip(1.5 * np.sin(3 * x["a"]), 0, 1)),
    "Monotonic": (Monotonic("y", along="b"), lambda x: np.arctan(5 * (x["b"] - 1)) * x["a"]),
    "Conserved": (Conserved(radius), turned),
    "Integral": (
        Integral(square, over=("a", 0.5, 2.0), equals=1.5, points=16),
        lambda x: np.sqrt(2) * np.sin(np.pi * 4 * x["a"] / 3),
    ),
    "Units": (Units({"a": "m", "b": "s"}, to="m/s"), lambda x: 3 * x["a"] / x["b"]),
    "Baseline": (Baseline("k * a", parameters={"k": 1.0}), lambda x: 2 * x["a"] + 0.1 * np.sin(3 * x["b"])),
    "Tied": (Tied(related()), lambda x: 1.1 * np.sin(x["a"] * x["b"])),
    "Sum": (Sum({"one": ["a"], "other": ["b"]}), lambda x: np.exp(x["a"]) + np.sin(3 * x["b"])),
    "Product": (Product({"one": ["a"], "other": ["b"]}), lambda x: np.exp(x["a"]) * np.sin(2 * x["b"])),
}
WAYS = [(name, mechanism) for name, (statement, _) in CASES.items() for mechanism in statement.mechanisms]


def model(physics, **settings):
    return lf.Regressor(physics=physics, **{"hidden": (16,), "epochs": 40, "verbose": False, **settings})


def test_every_statement_has_a_case():
    assert set(CASES) == set(STATEMENTS)


@pytest.mark.parametrize(("name", "mechanism"), WAYS)
class TestEveryMechanism:
    def test_it_learns_and_what_is_built_in_is_kept(self, name, mechanism):
        statement, truth = CASES[name]
        X, test = table(320, 0), table(200, 1)
        y = np.asarray(truth(X))
        y = y + 0.1 * y.std() * np.random.default_rng(3).normal(size=y.shape)
        held = model([statement.by(mechanism)], epochs=150).fit(X, y)
        assert held.score(test, np.asarray(truth(test))) > 0.5
        if mechanism == "architecture":
            assert statement.violation(held, test).max() < 1e-5

    def test_it_takes_weights_and_several_members_and_is_saved(self, name, mechanism, tmp_path):
        statement, truth = CASES[name]
        X, test = table(320, 0), table(50, 1)
        functions = {"square": square, "radius": radius}
        weight = np.random.default_rng(2).uniform(0.5, 2, len(X))
        held = model([statement.by(mechanism)], epochs=3, members=2).fit(X, np.asarray(truth(X)), weight)
        if mechanism == "architecture":
            assert statement.violation(held, test).max() < 1e-5
        assert held.spread(test).min() >= 0
        if name in ("Conserved", "Integral"):
            with pytest.warns(UserWarning, match="functions="):
                held.save(tmp_path / "model.lawful")
        else:
            held.save(tmp_path / "model.lawful")
        again = lf.load(tmp_path / "model.lawful", functions=functions)
        np.testing.assert_allclose(again.predict(test), held.predict(test), rtol=1e-6, atol=1e-9)
        assert again.physics[0].mechanism == mechanism

    def test_the_same_seed_gives_the_same_model(self, name, mechanism):
        statement, truth = CASES[name]
        X, test = table(320, 0), table(50, 1)
        first, second = (model([statement.by(mechanism)], epochs=3).fit(X, np.asarray(truth(X))) for _ in range(2))
        np.testing.assert_array_equal(first.predict(test), second.predict(test))


FALSE = {
    "Symmetry": lambda x: x["a"],
    "Bounds": lambda x: x["a"] - 0.5,
    "Monotonic": lambda x: -x["b"],
    "Conserved": lambda x: 1.5 * turned(x),
    "Integral": lambda x: 2 * np.sin(np.pi * 4 * x["a"] / 3),
    "Sum": lambda x: x["a"] * x["b"],
    "Product": lambda x: x["a"] - x["b"] + 2,
}


@pytest.mark.parametrize("name", [name for name, mechanism in WAYS if name in FALSE and mechanism == "loss"])
def test_a_large_penalty_outweighs_data_that_say_otherwise(name):
    statement = CASES[name][0]
    X, y = table(320, 0), np.asarray(FALSE[name](table(320, 0)))
    plain = model([statement], epochs=100).fit(X, y)
    held = model([statement.by("loss", weight=100.0)], epochs=100).fit(X, y)
    before, after = (statement.violation(m, table(100, 1)).mean() for m in (plain, held))
    assert before > 0.05
    assert after < 0.4 * before
