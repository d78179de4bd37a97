"""Statements as plain data, their options, and a violation's unit: what a user may get wrong."""

import numpy as np
import pandas as pd
import pytest

from lawful.errors import InputError
from lawful.physics import Bounds, Symmetry, groups
from lawful.physics.statement import from_plain

X = np.ones((4, 3))
NAMED = pd.DataFrame(X, columns=["px", "py", "charge"])


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        ({"statement": "Bound", "lower": 0}, "no statement 'Bound'; there are .*'Bounds'"),
        ({"lower": 0}, "no statement None"),
        ({"statement": "Bounds", "loer": 0}, "Bounds has no argument 'loer'; did you mean 'lower'"),
        ({"statement": "Integral", "function": "y"}, "Integral: missing 1 required positional argument: 'over'"),
        ({"statement": ["Bounds"]}, "no statement .'Bounds'."),
        ({"statement": "Bounds", "lower": 0, "by": "loss", "options": 3}, "options=3: expected a table"),
        ({"statement": "Bounds", "lower": 0, "by": "los"}, "cannot be enforced by 'los'"),
        ({"statement": "Bounds", "lower": 0, "by": "loss", "options": {"wieght": 1}}, "does not take .'wieght'."),
    ],
)
def test_plain_data_that_are_no_statement(plain, words):
    with pytest.raises(InputError, match=words):
        from_plain(plain)


@pytest.mark.parametrize(
    ("on", "words"),
    [
        ({"vector": ["px", "py"], "scalar": "others"}, "has 2 columns; .'px'. has 1. Blocks are lists in a list"),
        ({"vector": 3}, r"on=\{'vector': 3\}: expected a list of blocks"),
        ({"vector": [["px", "pz"]], "scalar": "others"}, "no column 'pz'; nearest: p"),
        ({"vector": [["px", "py"]]}, "column charge is not covered"),
    ],
)
def test_blocks_of_columns_that_do_not_fit(on, words):
    with pytest.raises(InputError, match=words):
        Symmetry(groups.SO(2), on).violation(lambda x: x[:, 0], NAMED)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"samples": True}, "samples=True"),
        ({"samples": 1.5}, "samples=1.5"),
        ({"samples": 0}, "samples=0"),
        ({"lie": "yes"}, "lie='yes'"),
        ({"weight": "big"}, "weight='big'"),
        ({"weight": float("nan")}, "weight=nan"),
        ({"tolerance": -1}, "tolerance=-1"),
    ],
)
def test_options_that_are_none(options, words):
    with pytest.raises(InputError, match=words):
        Symmetry(groups.SO(3), "vector").by("loss", **options)


@pytest.mark.parametrize("scale", [-1, "big", np.nan, np.ones((2, 2))], ids=str)
def test_a_deviation_that_is_none(scale):
    with pytest.raises(InputError, match="expected the deviation of the target"):
        Bounds(0.0).violation(lambda x: x[:, 0], X, scale=scale)
