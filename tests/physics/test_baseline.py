"""Baselines: what they predict, how far a model is from them, and what is refused."""

import numpy as np
import pandas as pd
import pytest
import torch

from lawful.errors import InputError
from lawful.physics.baseline import Baseline
from lawful.physics.columns import Columns
from lawful.physics.constants import Constant
from lawful.physics.statement import from_plain, to_plain

X = np.random.default_rng(0).normal(size=(40, 2))
NAMED = pd.DataFrame(X[:, ::-1], columns=["speed", "angle"])
TEXT = "-9.81 / length * sin(angle)"


def truth(length):
    return lambda x: -9.81 / length * np.sin(x[:, 0])


def code(X, length):
    return -9.81 / length * torch.sin(X[:, 0])


BASELINES = {
    "text": Baseline(TEXT, columns=["angle", "speed"], parameters={"length": 2.0}),
    "code": Baseline(code, parameters={"length": 2.0}),
    "code of one column": Baseline(code, columns=["angle", "speed"], parameters={"length": 2.0}),
}


@pytest.mark.parametrize("known", BASELINES.values(), ids=BASELINES)
def test_predicts_and_measures(known):
    y = known.predict(torch.tensor(X), Columns(2), known.start())
    assert y.shape == (40, 1)
    np.testing.assert_allclose(y[:, 0], truth(2.0)(X), rtol=1e-14)
    assert known.violation(truth(2.0), X).max() < 1e-14
    shift = known.violation(lambda x: truth(2.0)(x) + 0.3, X, scale=1.5)
    np.testing.assert_allclose(shift, 0.2, rtol=1e-12)


def test_columns_are_found_by_name():
    for known in (Baseline(TEXT, parameters={"length": 2.0}), BASELINES["text"]):
        assert known.violation(lambda x: truth(2.0)(x[:, ::-1]), NAMED).max() < 1e-14
    one = Baseline(code, columns=["angle"], parameters={"length": 2.0})
    assert one.violation(lambda x: truth(2.0)(x[:, ::-1]), NAMED).max() < 1e-14
    numbered = Baseline(code, columns=[1], parameters={"length": 2.0})
    assert numbered.violation(lambda x: truth(2.0)(x[:, ::-1]), X[:, ::-1].copy()).max() < 1e-14


def test_violation_takes_the_fitted_constants():
    class Fitted:
        value = 3.0

    class Model:
        parameters_ = {"length": Fitted(), "other": Fitted()}  # noqa: RUF012
        predict = staticmethod(truth(3.0))

    for known in BASELINES.values():
        assert known.violation(Model(), X).max() < 1e-14
        assert known.violation(truth(3.0), X).mean() > 0.1


def test_several_targets():
    known = Baseline(["k * x", "k * x**2 + 1"], columns=["x"], parameters={"k": 2.0})
    x = np.array([[1.0], [3.0]])
    assert known.violation(lambda x: np.stack([2 * x[:, 0], 2 * x[:, 0] ** 2 + 1], 1), x).max() == 0
    with pytest.raises(InputError, match="2 formulas for 1 outputs"):
        known.violation(lambda x: x, x)
    with pytest.raises(InputError, match="it has 1 outputs, but the model gives 2"):
        Baseline(lambda X: X[:, 0]).violation(lambda x: np.tile(x, 2), x)


def test_constant_formula_has_a_value_for_each_row():
    known = Baseline("g", columns=["x"], parameters={"g": 9.81})
    assert known.predict(torch.zeros(4, 1), Columns(1), known.start()).tolist() == [[pytest.approx(9.81)]] * 4


def test_differentiable_by_inputs_and_constants():
    known = BASELINES["text"]
    x = torch.tensor(X, requires_grad=True)
    length = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    slopes = torch.autograd.grad(known.predict(x, Columns(2), {"length": length}).sum(), [x, length])
    np.testing.assert_allclose(slopes[0][:, 0], -9.81 / 2 * np.cos(X[:, 0]), rtol=1e-12)
    np.testing.assert_allclose(slopes[1], (9.81 / 4 * np.sin(X[:, 0])).sum(), rtol=1e-12)


@pytest.mark.parametrize("given", [2.0, (2.0, 0.0, 10.0), (2.0, 0, None), (2.0, None, 10)], ids=str)
def test_plain_and_back(given):
    known = Baseline(TEXT, columns=["angle", "speed"], parameters={"length": given}).by("residual", shrink=0.5)
    again = from_plain(to_plain(known))
    assert to_plain(again) == to_plain(known)
    assert again.statement.constants == known.statement.constants
    assert again.options == {"kind": "additive", "shrink": 0.5}
    assert again.statement.violation(truth(2.0), X).max() < 1e-14


def test_a_function_is_kept_by_name():
    known = Baseline(code, parameters={"length": 2.0})
    assert to_plain(known)["model"] == {"function": "code"}
    with pytest.raises(InputError, match="'code' is not saved"):
        from_plain(to_plain(known))
    assert to_plain(from_plain(to_plain(known) | {"model": code})) == to_plain(known)


@pytest.mark.parametrize(
    ("low", "high"),
    [(-np.inf, np.inf), (1.0, np.inf), (-np.inf, 3.0), (1.0, 3.0)],
    ids=["free", "low", "high", "both"],
)
def test_constants_keep_their_bounds_smoothly(low, high):
    constant = Constant("k", 2.5, low, high)
    t = torch.linspace(-5, 5, 101, dtype=torch.float64)
    k = constant.value(t)
    assert float(k[50]) == pytest.approx(2.5, rel=1e-14)
    assert bool((k > low).all() and (k < high).all())
    steps = k.diff().sign()
    assert bool((steps == steps[0]).all())
    assert steps[0] != 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Baseline("a * x", columns=["x"], parameters={}),
            "'a' is neither a column nor a parameter; there are",
        ),
        (
            lambda: Baseline("9.81 / lenght * angle", columns=["angle"], parameters={"length": 1.0}),
            "parameter 'length' is not in the formula; did you mean 'lenght'",
        ),
        (
            lambda: Baseline("length * angel", columns=["angle"], parameters={"length": 1.0}),
            "'angel' is neither a column nor a parameter; did you mean 'angle'",
        ),
        (lambda: Baseline("x * sen(x)"), "no function 'sen'"),
        (lambda: Baseline("x", columns=["x"], parameters={"x": 1.0}), "both a column and a parameter"),
        (lambda: Baseline("k", parameters={"k": "long"}), "expected a starting value"),
        (lambda: Baseline("k", parameters={"k": (1.0, 2.0)}), "expected a starting value"),
        (lambda: Baseline("k", parameters={"k": (1.0, 2.0, 3.0)}), "start between the bounds"),
        (lambda: Baseline("k", parameters={"k": np.nan}), "start between the bounds"),
        (lambda: Baseline("k", parameters=["k"]), "expected a dictionary"),
        (lambda: Baseline("x", columns="x"), "list of different names"),
        (lambda: Baseline(3), "expected a formula"),
        (lambda: Baseline([]), "expected a formula"),
        (lambda: Baseline(code, parameters={"lenght": 1.0}), "takes no 'lenght'; did you mean 'length'"),
        (lambda: Baseline(code), "lacks 'length'"),
        (lambda: BASELINES["text"].by("loss"), "cannot be enforced by 'loss'"),
        (lambda: BASELINES["text"].by("residual", kind="both"), "kind='both'"),
        (lambda: BASELINES["text"].by("residual", shrink=0), "expected a number above 0"),
        (lambda: BASELINES["text"].by("residual", srink=1), "does not take"),
        (lambda: Baseline(TEXT, parameters={"length": 1.0}).violation(truth(1), X), "give columns="),
        (lambda: Baseline("angel").violation(truth(1), NAMED), "did you mean 'angle'"),
        (lambda: BASELINES["text"].violation(truth(1), np.ones((4, 3))), "names 2 columns, but the data have 3"),
        (lambda: Baseline(lambda X: 1.0).violation(truth(1), X), "returned float; it gets torch tensors"),
        (
            lambda: Baseline(lambda X: X.sum()).violation(truth(1), X),
            r"returned shape \(\) for \(40, 2\); expected \(40,\) or \(40, O\)",
        ),
        (
            lambda: Baseline("e * x").violation(truth(1), pd.DataFrame({"x": [1.0, 2.0], "e": [1.0, 2.0]})),
            "'e' is a column, and also a constant",
        ),
    ],
)
def test_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
