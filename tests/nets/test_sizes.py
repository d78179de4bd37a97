"""Sizes that symmetries leave alone: by what is known of each group."""

import numpy as np
import pytest

from lawful.nets.sizes import unmoved_sizes
from lawful.physics import Symmetry, Units, groups
from lawful.physics.columns import Columns

TABLE = Columns(7, ("m", *"abcdef"))
PAIRS = {"vector": [list("abc"), list("def")], "scalar": "others"}
LENGTHS = Units({"m": "kg", **dict.fromkeys("abc", "m"), **dict.fromkeys("def", "cm")}, to="m")
SAME = Units({"m": "kg", **dict.fromkeys("abcdef", "m")}, to="m")
ROTATION, SHIFT = Symmetry(groups.SO(3), PAIRS), Symmetry(groups.Translation(3), PAIRS)
X = np.random.default_rng(0).normal(size=(20, 7))


def size(matrix):
    return np.linalg.norm(X @ matrix.T, axis=1)


def test_the_length_of_all_vectors_of_a_unit():
    found = unmoved_sizes(LENGTHS, [ROTATION], TABLE)
    assert list(found) == ["m"]
    metres = X[:, 1:] * [1, 1, 1, 0.01, 0.01, 0.01]
    np.testing.assert_allclose(size(found["m"]), np.linalg.norm(metres, axis=1))


@pytest.mark.parametrize("symmetries", [[SHIFT], [SHIFT, ROTATION]])
def test_the_distance_where_points_are_shifted(symmetries):
    found = unmoved_sizes(SAME, symmetries, TABLE)
    np.testing.assert_allclose(size(found["m"]), np.linalg.norm(X[:, 1:4] - X[:, 4:], axis=1) / np.sqrt(2))


def test_each_unit_has_its_own():
    units = Units({"m": "kg", **dict.fromkeys("abc", "m"), **dict.fromkeys("def", "m / s")}, to="m")
    found = unmoved_sizes(units, [ROTATION], TABLE)
    np.testing.assert_allclose(size(found["m / s"]), np.linalg.norm(X[:, 4:], axis=1))
    assert set(found) == {"m", "m / s"}


@pytest.mark.parametrize(
    ("group", "on"),
    [
        (groups.Lorentz(), {"vector": [["m", *"abc"]], "scalar": "others"}),
        (groups.Scaling(3), PAIRS),
        (groups.Translation(6), {"vector": [list("abcdef")], "scalar": "others"}),
    ],
)
def test_none_where_every_size_moves(group, on):
    units = Units(dict.fromkeys(TABLE.names, "m"), to="m")
    assert unmoved_sizes(units, [Symmetry(group, on)], TABLE) == {}


def test_pure_numbers_need_none():
    assert unmoved_sizes(Units(dict.fromkeys(TABLE.names, ""), to=""), [ROTATION], TABLE) == {}
