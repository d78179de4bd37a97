"""From statements to architectures: which come first, what they are given, and what has no architecture."""

import numpy as np
import pytest

from lawful.errors import InputError
from lawful.nets.architecture import Invariants, Mean
from lawful.nets.built_in import build_in
from lawful.nets.dimensionless import Dimensionless
from lawful.nets.monotone import Monotone
from lawful.nets.parts import Parts
from lawful.physics import Monotonic, Product, Sum, Symmetry, Units, groups
from lawful.physics.columns import Columns

TABLE = Columns(5, ("x", "y", "z", "m", "t"))
BOOST = Symmetry(groups.Lorentz(), {"vector": [["t", "x", "y", "z"]], "scalar": "others"})
TURN = Symmetry(groups.SO(3), {"vector": [["x", "y", "z"]], "scalar": "others"})
FLIP = Symmetry(groups.Group(discrete=[[[-1.0]]], name="flip"), {"vector": [["t"]], "scalar": "others"})
UNITS = Units({"x": "m", "y": "m", "z": "m", "m": "m", "t": ""}, to="m")
RISING = Monotonic("y", along="t")
SUM = Sum({"one": ["x", "y", "z", "m"], "other": ["t", "m"]})


def stages(*statements, outputs=1):
    chain = build_in([s.by("architecture") for s in statements], TABLE, outputs)
    X = np.abs(np.random.default_rng(0).normal(size=(30, 5))) + 0.1
    chain.fit(X, np.ones(30), X[:, :1])
    return chain.stages


def test_the_order_does_not_depend_on_the_list():
    wanted = [Mean, Dimensionless, Invariants]
    for statements in ([TURN, UNITS, FLIP], [FLIP, TURN, UNITS], [UNITS, FLIP, TURN]):
        assert [type(stage) for stage in stages(*statements)] == wanted
    assert [type(stage) for stage in stages(RISING, TURN, UNITS)] == [Dimensionless, Invariants, Monotone]


def test_what_stands_around_parts_and_what_within():
    outer = stages(FLIP, SUM, TURN, UNITS)
    assert [type(stage) for stage in outer] == [Mean, Parts]
    inner = {name: [type(stage) for stage in chain.stages] for name, chain in outer[1].branches.items()}
    assert inner == {"one": [Dimensionless, Invariants], "other": [Dimensionless]}
    assert {name: chain.table.names for name, chain in outer[1].branches.items()} == {
        "one": ("x", "y", "z", "m"),
        "other": ("t", "m"),
    }


def test_columns_that_a_symmetry_moves_do_not_set_the_scale():
    assert stages(UNITS)[0].groups.repeating == (0,)
    assert stages(UNITS, TURN)[0].groups.repeating == (3,)


def test_columns_by_number_are_the_same_as_by_name():
    by_place = build_in(
        [
            Symmetry(groups.SO(3), "vector + 2*scalar").by("architecture"),
            Monotonic(0, along=-1).by("architecture"),
        ],
        Columns(5),
        1,
    )
    by_name = build_in([TURN.by("architecture"), RISING.by("architecture")], TABLE, 1)
    X = np.random.default_rng(1).normal(size=(30, 5))
    for chain in (by_place, by_name):
        chain.fit(X, np.ones(30), None)
    pack = [chain.pack(X, lambda rows: rows) for chain in (by_place, by_name)]
    np.testing.assert_array_equal(*pack)


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        ([UNITS, UNITS], "cannot both be built in"),
        ([RISING, Monotonic("y", along="m")], "cannot both be built in"),
        ([SUM, Product(SUM.parts)], "cannot both be built in"),
        ([TURN, Monotonic("y", along="x")], r"both make use of x. Write symmetries as one group"),
        (
            [BOOST, Units({**UNITS.units, "t": "m", "m": ""}, to="m")],
            r"Only x can give the others their scale: add an input",
        ),
    ],
    ids=str,
)
def test_two_that_need_the_same_place(statements, words):
    with pytest.raises(InputError, match=words):
        stages(*statements)


def test_classes_have_no_parts():
    with pytest.raises(InputError, match="the probabilities of classes have no parts"):
        stages(SUM, outputs=None)
