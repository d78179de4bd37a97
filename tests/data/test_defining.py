"""Columns from formulas."""

import numpy as np
import pytest

from lawful.data import Events, read
from lawful.errors import InputError

X = {"pt": [1.0, 10.0, 100.0, 1000.0], "n": [3, -999, 5, 6], "up": [2.0, 20.0, 200.0, 2000.0], "s": list("abab")}


@pytest.fixture(params=["root", "parquet", "csv", "h5", "npz"])
def file(request, tmp_path):
    Events(X).without(["s"]).with_columns({"s": X["s"]}).write(f"{tmp_path}/a.{request.param}")
    return f"{tmp_path}/a.{request.param}"


def test_each_role(file):
    new = {"log_pt": "log10(pt)", "class": "pt > 5 and s == 'b'", "twice": "2 * log_pt", "one": "1.0"}
    events = read(file, define=new, features=["twice"], target="class", weight="one", select="log_pt < 2.5")
    assert events["twice"].tolist() == pytest.approx([0.0, 2.0, 4.0])
    assert (events.y.tolist(), events.y.dtype.kind, events.weight.tolist()) == ([0, 1, 0], "i", [1.0] * 3)


def test_missing_values_go_through_formulas(file):
    for missing in (-999, {"n": -999}):
        events = read(
            file, define={"more": "n + 1", "some": "n > 4"}, features=["more"], target="some", missing=missing
        )
        np.testing.assert_array_equal(events["more"], [4, np.nan, 6, 7])
        assert (events.missing["more"], events.y.tolist()) == (1, [0, 0, 1, 1])


def test_what_a_formula_gives_is_no_missing_value(file):
    events = read(file, define={"d": "pt - 1000"}, features=["d"], missing=-999)
    assert events["d"][0] == -999  # 1 - 1000, a measured value


def test_variations_shift_what_is_worked_out(file):
    new = {"l": "log10(pt)", "ll": "2 * l", "own": "3 * pt", "own_up": "7 * pt"}
    shifts = {"jes": {"pt": "up", "own": "own_up"}}
    events = read(file, define=new, features=["pt", "l", "ll", "own"], variations=shifts)
    varied = events.variations["jes"]
    np.testing.assert_allclose(varied["ll"], 2 * np.log10(X["up"]))
    np.testing.assert_allclose(varied["own"], 7 * np.asarray(X["pt"]))
    np.testing.assert_allclose(events["ll"], 2 * np.log10(X["pt"]))


def test_objects_are_counted(tmp_path):
    tracks = {"pt": [[1.0, 2.0], [], [3.0]]}
    Events({"x": [1.0, 2.0, 3.0]}, clouds={"trk": tracks}).write(f"{tmp_path}/a.root")
    events = read(f"{tmp_path}/a.root", define={"k": "count(trk) * 10"}, features=["k"])
    assert events["k"].tolist() == [20, 0, 10]


@pytest.mark.parametrize(
    ("new", "says"),
    [
        ({"a": "log(ptt)"}, r"define 'a': 'log\(ptt\)'.*'ptt'.*did you mean.*'pt'"),
        ({"a": "log(pt"}, r"define 'a'.*'\)' is expected"),
        ({"a": "b", "b": "pt"}, "'b' must be defined before"),
        ({"a": "a + 1"}, "'a' must be defined before"),
        ({"pt": "2 * up"}, "define 'pt'.*a column of that name"),
        ({"a": "s"}, "define 'a'.*'s' is text"),
        ({"a": 3}, "a name and a formula"),
        ({"a": "count(pt)"}, "no cloud 'pt'"),
        ({}, "new column to formula"),
    ],
)
def test_errors(tmp_path, new, says):
    Events(X).write(f"{tmp_path}/a.h5")
    with pytest.raises(InputError, match=says):
        read(f"{tmp_path}/a.h5", define=new, features=["a"] if "a" in new else None)


def test_a_formula_without_a_value_is_found(tmp_path):
    Events(X).write(f"{tmp_path}/a.h5")
    with pytest.raises(InputError, match="'a'"):
        read(f"{tmp_path}/a.h5", define={"a": "log(n)"}, features=["a"])
