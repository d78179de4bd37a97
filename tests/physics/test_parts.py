"""Sums and products of parts: violations of known size."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lawful.errors import InputError
from lawful.physics import Product, Sum
from lawful.physics.columns import Columns
from lawful.physics.statement import from_plain, to_plain


def normal(n, columns, seed=0):
    return np.random.default_rng(seed).normal(size=(n, columns))


def test_the_violation_of_a_product_of_two_normal_numbers():
    """xy - x'y - xy' + x'y' = (x - x')(y - y'), of mean square 2 * 2 = 4; xy has the deviation 1."""
    X = normal(40_000, 2)
    v = Sum({"one": [0], "two": [1]}).violation(lambda x: x[:, 0] * x[:, 1], X, scale=1.0)
    assert np.mean(v**2) == pytest.approx(np.mean((X[:, 0] ** 2 + 1) * (X[:, 1] ** 2 + 1)), rel=0.05)
    assert np.mean(v**2) == pytest.approx(4, rel=0.1)
    small = Sum({"one": [0], "two": [1]}).violation(lambda x: x[:, 0] + 0.01 * x[:, 0] * x[:, 1], X, scale=1.0)
    assert np.mean(small**2) == pytest.approx(4e-4, rel=0.1)


def test_three_columns_that_no_part_has_together():
    """xyz breaks x + y + z and all pairs of it; in pairs only the difference of all three is left: (2)^3."""
    X = normal(40_000, 3, 1)
    pairs = Sum({"a": [0, 1], "b": [1, 2], "c": [2, 0]})
    assert pairs.uncovered(Columns(3)) == [(0, 1, 2)]
    v = pairs.violation(lambda x: x[:, 0] * x[:, 1] * x[:, 2], X, scale=1.0)
    assert np.mean(v**2) == pytest.approx(8, rel=0.15)
    assert pairs.violation(lambda x: x[:, 0] * x[:, 1] + np.sin(x[:, 1] * x[:, 2]) + x[:, 2], X).max() < 1e-9


def test_a_column_that_is_in_no_part_must_not_matter():
    """f - f' for a column by itself: mean square 2 for a normal number."""
    X = normal(40_000, 3, 2)
    parts = Sum({"a": [0], "b": [1]})
    assert parts.uncovered(Columns(3)) == [(2,), (0, 1)]
    v = parts.violation(lambda x: x[:, 2], X, scale=1.0)
    assert np.mean(v**2) == pytest.approx(2 / 2, rel=0.1)  # one of two sets
    assert parts.violation(lambda x: x[:, 0] - np.cos(x[:, 1]), X).max() < 1e-9


def test_the_violation_of_a_product():
    """f = 1 + e (x + y): f f_xy - f_x f_y = -e^2 (x - x')(y - y') exactly, over the size of f, which is 1."""
    X, e = normal(40_000, 2, 3), 1e-3
    v = Product({"one": [0], "two": [1]}).violation(lambda x: 1 + e * (x[:, 0] + x[:, 1]), X, scale=1.0)
    assert np.mean(v**2) == pytest.approx(4 * e**4, rel=0.1)


@pytest.mark.parametrize("size", [1e-12, 1.0, 1e12])
def test_a_product_is_found_in_any_unit(size):
    X = normal(200, 2, 4)
    rate = Product({"flux": [0], "area": [1]})
    assert rate.violation(lambda x: size * np.sin(x[:, 0]) * np.exp(x[:, 1]), X).max() < 1e-9
    assert rate.violation(lambda x: size * (np.sin(x[:, 0]) + np.exp(x[:, 1])), X).mean() > 0.1
    assert rate.violation(lambda x: 0 * x[:, 0], X).max() == 0


def test_overlapping_parts_and_parts_within_parts():
    X = normal(300, 3, 5)
    inside = Sum({"all": [0, 1, 2], "one": [0]})
    assert inside.uncovered(Columns(3)) == []
    assert inside.violation(lambda x: x[:, 0] * x[:, 1] * x[:, 2], X).max() == 0
    shared = Sum({"a": [0, 1], "b": [1, 2]})
    assert shared.uncovered(Columns(3)) == [(0, 2)]
    assert shared.violation(lambda x: x[:, 0] * x[:, 1] + x[:, 1] * x[:, 2], X).max() < 1e-9
    assert shared.violation(lambda x: x[:, 0] * x[:, 2], X).mean() > 0.5


def test_many_columns_take_no_longer_than_twelve_sets():
    X = normal(50, 40, 6)
    calls = []

    def model(x):
        calls.append(len(x))
        return (x**2).sum(1)

    many = Sum({f"part {c}": [c] for c in range(40)})
    assert len(many.uncovered(Columns(40))) == 780
    assert many.violation(model, X).max() < 1e-9
    assert len(calls) < 200


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.booleans(), st.sampled_from([[[0], [1], [2]], [[0, 1], [2]], [[0, 1], [1, 2]]]))
def test_what_is_made_of_parts_never_breaks_it(seed, product, columns):
    rng = np.random.default_rng(seed)
    weights = [torch.from_numpy(rng.normal(size=(len(c), 4))) for c in columns]

    def model(x):
        found = [torch.sin(x[:, c] @ w).sum(1) for c, w in zip(columns, weights, strict=True)]
        return torch.stack(found).prod(0) if product else torch.stack(found).sum(0)

    kind = Product if product else Sum
    statement = kind({f"part {k}": c for k, c in enumerate(columns)})
    assert statement.violation(lambda x: model(torch.from_numpy(x)).numpy(), rng.normal(size=(30, 3))).max() < 1e-9


def test_saved_as_it_was():
    for statement in (Sum({"a": ["x", "y"], "b": "z"}), Product({"a": 0, "b": [np.int64(1)]})):
        assert to_plain(from_plain(to_plain(statement))) == to_plain(statement)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"a": [0]}, "two parts or more"),
        ([0, 1], "two parts or more"),
        ({"a": [0], "b": []}, "the part 'b' has the columns"),
        ({"a": [0, 0], "b": [1]}, "expected different columns"),
        ({"a": [0], "b": [1.5]}, "the part 'b'"),
        ({"a": 3.5, "b": [1]}, "the part 'a'"),
        ({"a": None, "b": [1]}, "the part 'a'"),
        ({"a": [True], "b": [1]}, "the part 'a'"),
        ({"constant": [0], "b": [1]}, "other than 'constant'"),
        ({1: [0], "b": [1]}, "expected text"),
    ],
)
def test_what_cannot_be_parts(parts, words):
    for kind in (Sum, Product):
        with pytest.raises(InputError, match=words):
            kind(parts)


def test_a_column_that_is_named_in_two_ways_is_one():
    with pytest.raises(InputError, match="twice"):
        Sum({"a": ["x", 0], "b": ["y"]}).check(Columns(2, ("x", "y")), 1)
    with pytest.raises(InputError, match="there is no column 'z'"):
        Sum({"a": ["x"], "b": ["z"]}).check(Columns(2, ("x", "y")), 1)
