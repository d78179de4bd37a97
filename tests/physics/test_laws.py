"""What every statement does; a new one joins by a case below."""

import numpy as np
import pytest

import lawful as lf
from lawful.physics import (
    MECHANISMS,
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
from lawful.physics.statement import from_plain, to_plain

X = np.random.default_rng(0).uniform(0.5, 2, size=(40, 2))


def state(x):
    return (x**2).sum(1)


def tiny(seed):
    return lf.Regressor(hidden=(4,), epochs=1, members=1, seed=seed, verbose=False).fit(X, X[:, 0], validation=False)


ONE, OTHER = tiny(0), tiny(1)

# statement; a model that keeps it; one that breaks it; whether it is all text and numbers. What follows the statement
# in a name is the form that it is given in; the data have the columns a and b where that is "text".
CASES = {
    "Symmetry": (Symmetry(groups.SO(2), "vector"), lambda x: (x**2).sum(1), lambda x: x[:, 0], True),
    "Bounds": (Bounds(lower=0.0, upper=1.0), lambda x: 0.5 + 0 * x[:, 0], lambda x: 1 + x[:, 0], True),
    "Monotonic": (Monotonic("density", along=1), lambda x: x[:, 1] ** 3, lambda x: -x[:, 1], True),
    "Conserved": (Conserved(state), lambda x: x[:, [1, 0]], lambda x: 2 * x, False),
    "Integral": (
        Integral(lambda y: y**2, over=(0, 0.0, 1.0), equals=1.0),
        lambda x: 1 + 0 * x[:, :1],
        lambda x: 2 + 0 * x[:, :1],
        False,
    ),
    "Monotonic, text": (
        Monotonic(of="1000 - T**2", along="b", increasing=False),
        lambda x: 1 + x[:, 1],
        lambda x: 3 - x[:, 1],
        True,
    ),
    "Conserved, text": (
        Conserved("a**2 + b**2", columns=["a", "b"]),
        lambda x: x[:, [1, 0]],
        lambda x: 2 * x,
        True,
    ),
    "Conserved, texts": (Conserved(["a + b", "a * b"]), lambda x: x[:, [1, 0]], lambda x: 2 * x, True),
    "Integral, text": (
        Integral("psi**2 * a", over=("a", 0.0, 1.0), equals=2.0),
        lambda x: 2 + 0 * x[:, 0],
        lambda x: 1 + x[:, 1],
        True,
    ),
    "Integral, text by row": (
        Integral("T", over=("a", 0.0, 1.0), equals="b / 2"),
        lambda x: x[:, 0] * x[:, 1],
        lambda x: x[:, 1],
        True,
    ),
    "Units": (Units({"a": "m", "b": "s"}, to="m/s"), lambda x: x[:, 0] / x[:, 1], lambda x: x[:, 0] + x[:, 1], True),
    "Baseline": (
        Baseline("k * a", columns=["a", "b"], parameters={"k": 2.0}),
        lambda x: 2 * x[:, 0],
        lambda x: 3 * x[:, 0],
        True,
    ),
    "Tied": (Tied(ONE), ONE, OTHER, False),
    "Sum": (
        Sum({"one": [0], "other": [1]}),
        lambda x: np.exp(x[:, 0]) - x[:, 1],
        lambda x: x[:, 0] * x[:, 1],
        True,
    ),
    "Product": (
        Product({"one": [0], "other": [1]}),
        lambda x: np.exp(x[:, 0]) * x[:, 1],
        lambda x: np.exp(x[:, 0]) - x[:, 1] ** 2,
        True,
    ),
}


def test_every_statement_has_a_case():
    assert {name.split(",")[0] for name in CASES} == set(STATEMENTS)


@pytest.mark.parametrize("name", CASES)
class TestLaws:
    def frame(self, name):
        import pandas as pd

        return pd.DataFrame(X, columns=["a", "b"]) if name == "Baseline" or "text" in name else X

    def models(self, name):
        """Models that take what `frame` gives, as arrays."""
        return CASES[name][1], CASES[name][2]

    def test_the_violation_is_zero_where_it_is_kept_and_else_positive(self, name):
        statement, data = CASES[name][0], self.frame(name)
        keeps, breaks = self.models(name)
        kept, broken = statement.violation(keeps, data), statement.violation(breaks, data)
        assert kept.shape == broken.shape == (len(X),)
        assert kept.max() < 1e-10
        assert broken.min() >= 0
        assert broken.mean() > 0.05

    def test_the_violation_follows_the_seed(self, name):
        statement, data = CASES[name][0], self.frame(name)
        breaks = self.models(name)[1]
        np.testing.assert_array_equal(
            statement.violation(breaks, data, seed=4), statement.violation(breaks, data, seed=4)
        )

    def test_its_mechanisms_are_known_and_others_are_refused(self, name):
        statement = CASES[name][0]
        assert set(statement.mechanisms) <= set(MECHANISMS)
        for mechanism in MECHANISMS:
            if mechanism in statement.mechanisms:
                assert statement.by(mechanism).statement is statement
                with pytest.raises(lf.InputError, match="does not take"):
                    statement.by(mechanism, nonsense=1)
            else:
                with pytest.raises(lf.InputError, match="it has"):
                    statement.by(mechanism)

    def test_as_plain_data_it_is_the_same(self, name):
        statement, _, breaks, plain = CASES[name]
        if not plain:
            return
        again = from_plain(to_plain(statement))
        data = self.frame(name)
        np.testing.assert_array_equal(again.violation(breaks, data), statement.violation(breaks, data))
        assert again.name == statement.name
        assert to_plain(again) == to_plain(statement)

    def test_columns_that_do_not_fit_are_an_error_of_the_user(self, name):
        statement = CASES[name][0]
        if name in ("Bounds", "Conserved", "Integral", "Conserved, texts"):
            return  # these take any number of columns, as far as they know
        with pytest.raises(lf.InputError):
            statement.violation(lambda x: x[:, 0], np.ones((5, 1)))
