"""Bounds measure exactly what lies beyond."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import lawful as lf
from lawful.physics import Bounds
from lawful.physics.columns import Columns
from lawful.physics.statement import from_plain, to_plain


@given(st.floats(-3, 3), st.floats(0.01, 4), st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_the_violation_is_the_distance_to_the_nearest_allowed_value(low, width, seed):
    X = np.random.default_rng(seed).normal(size=(50, 2)) * 3
    found = Bounds(low, low + width).violation(lambda x: x, X, scale=2.0)
    expected = np.sqrt(((X - np.clip(X, low, low + width)) ** 2).mean(1)) / 2
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_one_side_a_bound_for_each_output_and_none():
    X = np.array([[-1.0, 5.0], [2.0, -3.0]])
    np.testing.assert_allclose(Bounds(lower=0.0).violation(lambda x: x, X, scale=1), [np.sqrt(0.5), 3 / np.sqrt(2)])
    np.testing.assert_allclose(Bounds(upper=4).violation(lambda x: x, X, scale=1), [1 / np.sqrt(2), 0])
    each = Bounds(lower=[None, -1.0], upper=np.array([1.0, np.inf]))
    np.testing.assert_allclose(each.violation(lambda x: x, X, scale=1), [0, np.sqrt((1 + 4) / 2)])
    assert to_plain(each) == {"statement": "Bounds", "lower": [None, -1.0], "upper": [1.0, None]}
    assert to_plain(from_plain(to_plain(each))) == to_plain(each)


def test_it_is_in_units_of_the_predictions_deviation_where_the_model_knows_no_targets():
    X = np.linspace(0, 10, 11)[:, None]
    assert Bounds(upper=5.0).violation(lambda x: x, X)[-1] == pytest.approx(5 / X.std())


def test_the_penalty_starts_at_the_tolerance():
    X = torch.tensor([[1.05], [1.5]], dtype=torch.float64)
    enforced = Bounds(0.0, 1.0).by("loss", weight=3.0, tolerance=0.1)
    penalty = enforced.penalty(lambda x: x, X, Columns(1), np.random.default_rng(0), scale=2.0)
    torch.testing.assert_close(penalty, torch.tensor([0.0, 3 * (0.25 - 0.1) ** 2], dtype=torch.float64))


def test_what_cannot_be_a_bound_is_refused():
    for arguments, words in [
        ({}, "both None"),
        ({"lower": [None, None]}, "both None"),
        ({"lower": 1.0, "upper": 1.0}, "lower < upper"),
        ({"lower": [0, 2], "upper": [1, 1]}, "of output 1 are 2 and 1"),
        ({"lower": [0, 0], "upper": [1, 1, 1]}, "different lengths"),
        ({"lower": "0"}, "expected a number"),
        ({"lower": np.nan}, "expected a number"),
        ({"lower": True}, "expected a number"),
        ({"lower": np.inf}, "expected a number"),
        ({"upper": [[1.0]]}, "expected a number"),
    ]:
        with pytest.raises(lf.InputError, match=words):
            Bounds(**arguments)
    with pytest.raises(
        lf.InputError, match="bounds of 2 outputs: 2 are given, but the model gives 3; a range for all"
    ):
        Bounds([0, 0]).violation(lambda x: x, pd.DataFrame(np.ones((4, 3)), columns=list("abc")))
    with pytest.raises(lf.InputError, match="cannot be enforced by 'augment'"):
        Bounds(0.0).by("augment")
    with pytest.raises(lf.InputError, match="not a number in 1 of 2 rows"):
        Bounds(0.0).violation(lambda x: x, np.array([[1.0], [np.nan]]), scale=1.0)
