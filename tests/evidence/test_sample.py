import numpy as np
import pandas as pd
import pytest

from lawful import InputError
from lawful.data import Events
from lawful.evidence.sample import make_sample


def test_events_and_tuples_give_the_same(test):
    from_events = make_sample(test)
    from_tuple = make_sample((test.frame(), test.y, test.weight))
    assert from_events.frame.equals(from_tuple.frame)
    assert np.array_equal(from_events.weight, from_tuple.weight)
    assert from_events.targets == ("is_signal",)
    assert from_events.units == {"pt": "GeV", "mass": "GeV"}
    assert set(from_events.varied) == {"scale_up", "scale_down", "rate_up", "none"}
    assert from_events.pairs == {"scale": ("scale_up", "scale_down")}


def test_arrays_get_names():
    assert list(make_sample((np.zeros((2, 2)), [0, 1])).frame) == ["x0", "x1"]
    assert list(make_sample((np.zeros((2, 2)), [0, 1]), names=["a", "b"]).frame) == ["a", "b"]
    two = make_sample((np.zeros((2, 1)), pd.DataFrame({"px": [1.0, 2.0], "py": [0.0, 1.0]})))
    assert two.targets == ("px", "py")


def test_columns_are_found_by_name(test):
    sample = make_sample(test)
    assert np.array_equal(sample.column("mass"), test["mass"])
    with pytest.raises(InputError, match="mass"):
        sample.column("mas")
    with pytest.raises(InputError, match="did you mean 'x1'"):
        make_sample((np.zeros((2, 2)), [0, 1])).column("x_1")


def test_parts_keep_their_columns(test):
    part = make_sample(test).take(np.array([5, 3]))
    assert np.array_equal(part.column("pt"), test["pt"][[5, 3]])
    assert np.array_equal(part.weight, test.weight[[5, 3]])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (np.zeros((3, 2)), r"expected lawful.Events, \(X, y\)"),
        ((np.zeros((3, 2)), [0, 1]), "X has 3 events, y 2"),
        ((np.zeros(3), [0, 1, 1]), r"expected \(events, features\)"),
        ((np.zeros((0, 2)), []), "no events"),
        ((np.full((2, 1), np.nan), [0, 1]), "'x0' holds 2 NaN"),
        ((np.zeros((2, 1)), [0.0, np.nan]), "y holds 1 NaN"),
        ((np.zeros((2, 1)), [0, 1], [1.0, -2.0]), "sum to -1"),
        (({"a": np.zeros((2, 1))}, [0, 1]), "dictionary"),
        (Events({"x": [1.0, 2.0]}), "no truth"),
    ],
)
def test_what_cannot_be_used_is_named(given, said):
    with pytest.raises(InputError, match=said):
        make_sample(given)


def test_data_needs_no_truth():
    assert make_sample(np.zeros((3, 2)), "data", truth=False).y is None
    assert make_sample(Events({"x": [1.0, 2.0]}), "data", truth=False).y is None


def test_declared_gaps_are_fine():
    events = Events({"x": [1.0, np.nan]}, [0, 1], missing={"x": np.nan})
    assert np.isnan(make_sample(events).frame["x"][1])
