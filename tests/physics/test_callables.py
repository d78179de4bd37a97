"""Functions of a user are called, and what they do wrong is said."""

import numpy as np
import pytest
import torch

from lawful.errors import InputError
from lawful.physics import Conserved
from lawful.physics.callables import evaluate, function_name, function_plain, same_function, take_function
from lawful.physics.columns import Columns
from lawful.physics.expressions import parse

Y, X = torch.arange(6.0).reshape(3, 2), torch.ones(3, 4)
ANY = Conserved("x0")


def total(y):
    return y.sum(1)


def test_one_argument_gets_predictions_and_two_the_inputs_as_well():
    assert evaluate(total, Y, X, Columns(4), ANY).flatten().tolist() == [1, 5, 9]
    assert evaluate(lambda y, x: y[:, 0] + x[:, 3], Y, X, Columns(4), ANY).flatten().tolist() == [1, 3, 5]
    assert evaluate(lambda y, power=2: y[:, 1] ** power, Y, X, Columns(4), ANY).flatten().tolist() == [1, 9, 25]
    assert evaluate(parse("y1 + x3"), Y, X.double(), Columns(4), ANY).flatten().tolist() == [2, 4, 6]
    assert evaluate(parse("y1 + x3"), Y, X.double(), Columns(4), ANY).dtype == torch.float32
    assert evaluate(torch.nn.Linear(2, 1), Y, X, Columns(4), ANY).shape == (3, 1)


def test_names_and_plain_data():
    assert function_plain(take_function("of", "y + 1")) == "y + 1"
    assert function_plain(total) == {"function": "total"}
    assert function_name(lambda y: y, "quantity") == "quantity"
    assert len(function_name(parse("1 + " * 50 + "x"), "")) == 60
    assert same_function(parse("y+1"), parse("y + 1"))
    assert not same_function(parse("y+1"), parse("y+2"))
    assert same_function(total, total)
    assert not same_function(total, parse("y"))


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda a, b, c: a, "needs 3 arguments"),
        (lambda: 1, "takes 0 arguments"),
        (3, "expected a formula as text, or a function of torch tensors"),
        (torch.nn.ReLU, "expected a formula as text, or a function"),
        ("", "expected a formula as text"),
        ({"function": "total"}, "'total' is not saved with the model"),
    ],
)
def test_what_is_no_function(function, words):
    with pytest.raises(InputError, match=words):
        take_function("of", function)


def doubles(y):
    y *= 2
    return y.sum(1)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda y: np.sin(y.detach().numpy())[:, 0], "returned ndarray.*Use torch's functions"),
        (lambda y: np.sin(y[:, 0]), "uses NumPy, which has no derivatives; use torch's functions"),
        (lambda y: y["T"], r"failed on a tensor of shape \(3, 2\)"),
        (lambda y: y[:, 7], "out of bounds"),
        (lambda y: y @ torch.ones(3), "failed on a tensor"),
        (lambda y, *, mass: y, "missing 1 required keyword"),
        (lambda y: y.detach()[:, 0], "no derivative by the predictions.*is it cut by detach"),
        (doubles, "the function doubles writes to the tensor that it is given"),
        (lambda y: y[0], r"returned shape \(2,\) for \(3, 2\); expected \(3,\) or \(3, 1\)"),
        (lambda y: y.sum(), r"Was the sum taken over the rows too\? Use dim=1"),
        (lambda y: None, "returned NoneType"),
    ],
)
def test_what_goes_wrong_in_a_call(function, words):
    y = (Y.clone().requires_grad_() * 1.0).clone()
    with pytest.raises(InputError, match=words):
        evaluate(function, y, X, Columns(4), ANY)


def test_a_call_within_transforms_of_torch():
    found = torch.func.vmap(lambda y: evaluate(total, y, X, Columns(4), ANY))(torch.stack([Y, 2 * Y]))
    assert found[1].flatten().tolist() == [2, 10, 18]
    with torch.inference_mode():
        assert evaluate(total, Y * 1, X, Columns(4), ANY).shape == (3, 1)
