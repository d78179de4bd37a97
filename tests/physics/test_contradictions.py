"""What contradicts is refused, whichever comes first, where both are enforced; what only looks alike is not."""

import numpy as np
import pandas as pd
import pytest

import lawful as lf
from lawful.errors import InputError
from lawful.physics import Bounds, Conserved, Integral, Monotonic, Symmetry, Units, groups
from lawful.physics.baseline import Baseline
from lawful.physics.contradictions import check_together


def square(y):
    return y**2


OVER = ("x", 0.0, 2.0)
WATER = "1000 - 0.0065 * (T - 4)**2"
CONTRADICTIONS = {
    "bounds apart": (Bounds(lower=1.0), Bounds(upper=0.0), "output 0 would be at least 1 and at most 0"),
    "bounds that touch": (Bounds(0.0, 1.0), Bounds(1.0, 2.0), "output 0 would be at least 1 and at most 1"),
    "bounds of one output": (Bounds([0.0, None], None), Bounds(upper=[9.0, 1.0]), None),
    "bounds of output 1": (Bounds([0.0, 2.0]), Bounds(upper=[9.0, 1.0]), "output 1 would be"),
    "one for all": (Bounds(lower=[0.0, 2.0]), Bounds(upper=1.0), "output 1 would be"),
    "bounds of other outputs": (Bounds([0.0, 0.0]), Bounds([0.0, 0.0, 0.0]), "one is for 2 outputs, the other for 3"),
    "overlap": (Bounds(0.0, 2.0), Bounds(1.0, 3.0), None),
    "rises and falls": (Monotonic("rho", "x"), Monotonic(0, "x", False), "only rises along x does not fall along it"),
    "along others": (Monotonic(0, "x"), Monotonic(0, "z", False), None),
    "of others": (Monotonic(0, "x"), Monotonic(1, "x", False), None),
    "twice": (Monotonic(0, "x"), Monotonic(0, "x"), None),
    "rises, then falls": (Monotonic(0, "x", between=(0, 1)), Monotonic(0, "x", False, between=(1, 2)), None),
    "in a part": (Monotonic(0, "x", between=(0, 2)), Monotonic(0, "x", False, between=(1, 3)), "does not fall"),
    "of a formula": (Monotonic(of=WATER, along=0), Monotonic("d", 0, False, of=WATER.replace("T", "y")), "does not"),
    "of a function": (Monotonic(0, 0, of=square), Monotonic(0, 0, False, of=square), "does not fall"),
    "falls otherwise": (Monotonic("T", "x"), Monotonic(of="-T", along="x", increasing=False), None),
    "two values": (Integral("psi**2", OVER, 1), Integral("y ** 2", OVER, 2), "one integral is not 1 and 2"),
    "two values of code": (Integral(square, OVER, 1), Integral(square, OVER, 2), "one integral is not 1 and 2"),
    "another range": (Integral("y", OVER, 1), Integral("y", ("x", 0, 1), 2), None),
    "another function": (Integral("y", OVER, 1), Integral("y**2", OVER, 2), None),
    "another output": (Integral("y0", OVER, 1), Integral("y1", OVER, 2), None),
    "by row": (Integral("y", OVER, "heat"), Integral("y", OVER, 2), None),
    "negative": (Integral("T", OVER, -1), Bounds(lower=0.0), "within the bounds the integral is at least 0"),
    "too much": (Integral("y1", OVER, 3), Bounds(upper=[9, 1]), "within the bounds the integral is at most 2"),
    "enough": (Integral("y0", OVER, 3), Bounds(upper=[9, 1]), None),
    "a square": (Integral("psi**2", OVER, 4), Bounds(upper=1.0), None),
    "scalar and vector": (
        Symmetry(groups.SO(3), "2*vector"),
        Symmetry(groups.SO(3), "vector + vector", "vector"),
        "the output would be scalar and vector",
    ),
    "two scalars": (Symmetry(groups.SO(3), "vector"), Symmetry(groups.SO(3), "vector", "2*scalar"), None),
    "other columns": (
        Symmetry(groups.SO(2), {"vector": [["a", "b"]], "scalar": "others"}),
        Symmetry(groups.SO(2), {"vector": [["c", "d"]], "scalar": "others"}, "vector"),
        None,
    ),
    "other groups": (Symmetry(groups.SO(3), "vector"), Symmetry(groups.O(3), "vector", "vector"), None),
    "units of the output": (Units({"a": "m"}, to="m"), Units({"a": "m"}, to="km"), "output would be in m and in km"),
    "units of a column": (Units({"a": "m"}, to="m"), Units({"a": "s"}, to="m"), "column 'a' would be in m and in s"),
    "the same units": (Units({"a": "m/s"}, to=["m"]), Units({"a": "km / ks"}, to="m"), None),
    "units of other outputs": (Units(to=["m", "m"]), Units(to=["m"] * 3), "one is for 2 outputs, the other for 3"),
    "two baselines": (Baseline("2 * x"), Baseline("3 * x"), "a network learns what one baseline misses"),
    "one baseline": (Baseline("2 * x"), Baseline("2 * x"), None),
    "conserved": (Conserved("x0"), Conserved("x0"), None),
    "kinds": (Bounds(0.0), Monotonic(0, "x"), None),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_both_enforced(name):
    one, two, words = CONTRADICTIONS[name]
    for items in ([one, two], [two, one]):
        enforced = [item.by(item.mechanisms[0]) for item in items]
        check_together(items)
        check_together([enforced[0], items[1]])
        if words is None:
            check_together(enforced)
            continue
        with pytest.raises(InputError, match="cannot both hold") as caught:
            check_together([Conserved("x0").by("loss"), *enforced])
        assert one.name in str(caught.value)
        assert two.name in str(caught.value)
        if items[0] is one:
            assert words in str(caught.value)


def test_a_statement_of_ones_own_joins():
    class Constant(Bounds):
        def against(self, other):
            return "a constant does not rise" if isinstance(other, Monotonic) else None

    from lawful.physics import STATEMENTS

    del STATEMENTS["Constant"]
    with pytest.raises(InputError, match="a constant does not rise"):
        check_together([Monotonic(0, 0).by("loss"), Constant(0.0).by("loss")])


def test_a_column_may_be_named_here_and_numbered_there():
    X = pd.DataFrame(np.random.default_rng(0).uniform(size=(30, 2)), columns=["a", "b"])
    rising, falling = Monotonic("y", along="a"), Monotonic("y", along=0, increasing=False)
    with pytest.raises(lf.InputError, match="cannot both hold"):
        lf.Regressor(physics=[rising.by("loss"), falling.by("loss")], epochs=1).fit(X, X["a"])
    check_together([rising.by("loss"), falling.by("loss")])  # not known without the columns
