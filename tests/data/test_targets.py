"""Events with several targets: read, written, split, learned from."""

import numpy as np
import pytest

import lawful as lf
from lawful.data import Events, chunks, concatenate, read
from lawful.errors import InputError

RNG = np.random.default_rng(0)
COLUMNS = {name: RNG.normal(size=60) for name in ("x", "fx", "fy")}


@pytest.fixture
def events():
    return Events(COLUMNS, target=["fy", "fx"], units={"fx": "N", "x": "m"})


def test_y_holds_them_side_by_side(events):
    assert events.target == ("fy", "fx")
    assert events.features == ("x",)
    np.testing.assert_array_equal(events.y, np.stack([COLUMNS["fy"], COLUMNS["fx"]], 1))
    assert "targets 'fy', 'fx'" in repr(events)
    assert "60" in str(events.summary())


def test_they_are_given_as_values(events):
    made = Events({"x": COLUMNS["x"]}, events.y, target=["fy", "fx"], units=events.units)
    assert (
        made.checksum()
        == Events({n: COLUMNS[n] for n in ("x", "fy", "fx")}, target=["fy", "fx"], units=events.units).checksum()
    )
    assert Events(COLUMNS, target=["fx"]).target == "fx"


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".root", ".h5", ".npz"])
def test_files_keep_them(events, suffix, tmp_path):
    path = tmp_path / f"events{suffix}"
    events.write(path)
    for again in (read(path), concatenate(list(chunks(path, rows=25))), read(path, target=["fy", "fx"])):
        assert again.target == ("fy", "fx")
        assert again.features == ("x",)
        np.testing.assert_allclose(again.y, events.y, rtol=1e-12)
    assert read(path, target="x", features=["fx"]).target == "x"


def test_parts_keep_them(events):
    train, test = events.split((0.5, 0.5), seed=1)
    assert train.y.shape == test.y.shape == (30, 2)
    assert events.select("x > 0").target == ("fy", "fx")
    assert [len(part) for _, part in events.folds(3)] == [20, 20, 20]


def test_a_network_learns_them_and_is_judged(events):
    model = lf.Regressor(epochs=2, hidden=(4,)).fit(events)
    assert model.predict(events).shape == (60, 2)
    report = lf.evidence.examine(model, events, toys=20, importance=False)
    assert any("fx" in name for name in report.metrics)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"target": ["fx", "fz"]}, "'fz'"),
        ({"target": ["fx", "fx"]}, "fx"),
        ({"target": []}, "expected the name of a column, or a list of names"),
        ({"target": ["fx", 3]}, "expected the name of a column"),
        ({"target": ["a", "b"], "y": np.zeros((60, 3))}, r"y has shape \(60, 3\), expected \(N, 2\)"),
        ({"target": ["x", "kind"], "extras": {"kind": ["a"] * 60}}, "'kind' is text"),
    ],
)
def test_what_is_wrong_is_said(arguments, words):
    with pytest.raises(InputError, match=words):
        Events(COLUMNS, **arguments)


def test_one_of_them_cannot_be_left_out(events):
    with pytest.raises(InputError, match="'fx' is the target"):
        events.without(["fx"])


def test_what_a_file_lacks_is_said(events, tmp_path):
    events.write(tmp_path / "e.parquet")
    with pytest.raises(InputError, match="'fz'"):
        read(tmp_path / "e.parquet", target=["fx", "fz"])
    with pytest.raises(InputError, match="expected"):
        read(tmp_path / "e.parquet", target=[])
    with pytest.raises(InputError, match="several targets"):
        read(tmp_path / "e.parquet", normalise={"a": 1.0})
    events.write(tmp_path / "e.root", tree="a")
    with pytest.raises(InputError, match="one target"):
        read(tmp_path / "e.root", tree={"a": 1}, target=["fx", "fy"])
