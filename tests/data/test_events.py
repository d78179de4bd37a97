import math
import pickle
import subprocess
import sys
from pathlib import Path

import awkward as ak
import numpy as np
import pandas as pd
import pytest

from lawful.data import Events, chunks, concatenate, read
from lawful.errors import InputError


def test_array_frame_and_mapping_are_the_same() -> None:
    X = np.random.default_rng(0).random((10, 2))
    made = [
        Events(X, features=["a", "b"]),
        Events(pd.DataFrame(X, columns=["a", "b"])),
        Events({"a": X[:, 0], "b": X[:, 1]}),
    ]
    assert len({events.checksum() for events in made}) == 1
    np.testing.assert_array_equal(made[0].X, X)


def test_nothing_can_be_changed(full: Events) -> None:
    for name in full.columns:
        with pytest.raises(ValueError, match="read-only"):
            full[name][0] = full[name][1]
    for attribute in ("weight", "features", "units", "anything"):
        with pytest.raises(AttributeError):
            setattr(full, attribute, None)
    with pytest.raises(TypeError):
        full.units["pt"] = "MeV"  # type: ignore[index]
    with pytest.raises(ValueError, match="read-only"):
        full.clouds["tracks"]["pt"][0] = 0


def test_inputs_are_copied_and_left_alone() -> None:
    x = np.array([1.0, 2.0])
    events = Events({"x": x})
    x[0] = 7
    assert events["x"].tolist() == [1, 2]


def test_columns_by_name_in_one_table() -> None:
    frame = pd.DataFrame({"pt": [1.0, 2.0], "w": [2.0, -1.0], "label": [0, 1], "event": [1, 2], "up": [1.5, 2.5]})
    events = Events(frame, target="label", weight="w", group="event", variations={"scale_up": {"pt": "up"}})
    assert events.features == ("pt",)
    assert (events.target, events.group) == ("label", "event")
    assert events.weight.tolist() == [2, -1]
    assert events.variations["scale_up"].X.tolist() == [[1.5], [2.5]]


def test_weights_are_ones_when_absent() -> None:
    events = Events(np.zeros((3, 1)))
    assert events.weight.tolist() == [1, 1, 1]
    assert not events.weighted
    assert events.y is None


def test_variations_are_views(full: Events) -> None:
    assert set(full.variations) == {"jes_up", "jes_down", "pdf"}
    up = full.variations["jes_up"]
    assert up.features == full.features
    assert len(up) == len(full)
    assert up["eta"] is full["eta"]
    assert up["pt"] is full["pt_jes_up"]
    assert not up.variations
    np.testing.assert_array_equal(up.weight, full["weight_jes_up"])
    np.testing.assert_array_equal(full.variations["jes_down"].weight, full.weight)
    np.testing.assert_array_equal(full.variations["pdf"].X, full.X)
    assert full.variation_pairs == {"jes": ("jes_up", "jes_down")}


def test_weight_variation_of_unweighted_events() -> None:
    events = Events({"x": [1.0, 2.0]}, variations={"pdf": [1.0, 3.0]})
    assert not events.weighted
    assert events.variations["pdf"].weight.tolist() == [1, 3]


def test_shifted_columns_are_no_features(full: Events) -> None:
    assert full.features == ("pt", "eta", "jets", "tagged", "run")
    assert full.frame().columns.tolist() == list(full.features)
    assert full.frame(["mass", "process"]).shape == (500, 2)


def test_missing_is_counted(full: Events) -> None:
    assert full.missing == {"eta": 10}
    assert np.isnan(full["eta"]).sum() == 10


def test_parts_may_sum_to_anything(tmp_path: Path) -> None:
    events = Events({"x": [0.0, 1.0, 2.0]}, weight=[3.0, -1.0, 0.0])
    assert events.select("x > 0").weight.sum() == -1
    assert concatenate([events.select([1]), events.select([2])]).weight.sum() == -1
    events.write(tmp_path / "a.parquet")
    assert [piece.weight.sum() for piece in chunks(tmp_path / "a.parquet", rows=1)] == [3, -1, 0]
    with pytest.raises(InputError, match="sum to -1 after select"):
        read(tmp_path / "a.parquet", select="x > 0")


def test_what_is_missing_in_a_column_is_missing_in_its_shifted_ones() -> None:
    nominal, up = [1.0, -999.0, 3.0], [-999.0, 2.0, 4.0]
    for missing in (-999, {"d0": -999}):
        events = Events({"d0": nominal}, variations={"up": {"d0": up}}, missing=missing)
        np.testing.assert_array_equal(events.variations["up"]["d0"], [np.nan, 2, 4])
        assert events.missing == {"d0": 1, "d0_up": 1}
        assert events.sentinels == {"d0": (-999.0,), "d0_up": (-999.0,)}
    own = Events({"d0": nominal}, variations={"up": {"d0": [-1.0, -999.0, 4.0]}}, missing={"d0": -999, "d0_up": -1})
    np.testing.assert_array_equal(own.variations["up"]["d0"], [np.nan, -999, 4])
    marked = Events({"d0": [1.0, np.nan]}, variations={"up": {"d0": [np.nan, 2.0]}}, missing={"d0": np.nan})
    assert marked.missing == {"d0": 1, "d0_up": 1}


def test_sentinels_are_kept(full: Events) -> None:
    events = Events(
        {"a": [1.0, -9.0, -8.0], "b": [np.nan, 1, 2], "c": [1, 2, 3]}, missing={"a": [-9, -8], "b": np.nan}
    )
    assert events.sentinels == {"a": (-9.0, -8.0), "b": (math.nan,)}
    assert events.missing == {"a": 2, "b": 1}
    assert full.sentinels == {"eta": (-999.0,)}
    parts = [
        full.select("pt > 10"),
        *full.split((0.5, 0.5)),
        next(full.folds(3))[0],
        full.with_features(["pt", "eta"]),
    ]
    parts += [full.with_columns({"new": np.zeros(500)}), full.variations["jes_up"], concatenate([full, full])]
    assert all(part.sentinels == {"eta": (-999.0,)} for part in parts)
    assert full.without(["eta"]).sentinels == {}
    other = Events({"a": [-7.0, 1.0, 2.0], "b": [1.0, 1, 2], "c": [1, 2, 3]}, missing={"a": -7})
    assert concatenate([events, other]).sentinels == {"a": (-9.0, -8.0, -7.0), "b": (math.nan,)}
    assert concatenate([events, events]).sentinels == events.sentinels


def test_select_keeps_everything_together(full: Events) -> None:
    mask = (full["pt"] > 20) & (full["process"] == "zz")
    part = full.select("pt > 20 and process == 'zz'")
    assert len(part) == mask.sum()
    for name in full.columns:
        np.testing.assert_array_equal(part[name], full[name][mask])
    np.testing.assert_array_equal(part.clouds["tracks"].counts, full.clouds["tracks"].counts[mask])
    np.testing.assert_array_equal(part.variations["jes_up"].X, full.variations["jes_up"].X[mask])
    assert part.checksum() == full.select(mask).checksum() == full.select(np.flatnonzero(mask)).checksum()
    assert (full.select("count(tracks) == 0").clouds["tracks"].counts == 0).all()


def test_variations_select_by_their_own_values(full: Events) -> None:
    up = full.variations["jes_up"].select("pt > 40")
    assert len(up) == (full["pt_jes_up"] > 40).sum()


def test_split_and_folds(full: Events) -> None:
    parts = full.split((0.6, 0.2, 0.2), seed=3)
    assert sum(map(len, parts)) == len(full)
    groups = [set(part["group"].tolist()) for part in parts]
    assert not groups[0] & groups[1]
    assert not groups[0] & groups[2]
    assert [part.checksum() for part in parts] == [part.checksum() for part in full.split((0.6, 0.2, 0.2), seed=3)]
    tested = np.concatenate([test["run"] for _, test in full.folds(4)])
    assert sorted(tested.tolist()) == sorted(full["run"].tolist())
    for train, test in full.folds(4, seed=1):
        assert len(train) + len(test) == len(full)
        assert not set(train["group"].tolist()) & set(test["group"].tolist())


def test_split_can_keep_the_yield(full: Events) -> None:
    for part in full.split((0.5, 0.5), keep_yield=True):
        for label in ("signal", "background"):
            whole = full.weight[full.y == label].sum()
            assert part.weight[part.y == label].sum() == pytest.approx(whole)
            up = full.variations["jes_up"]
            assert part.variations["jes_up"].weight[part.y == label].sum() == pytest.approx(
                up.weight[full.y == label].sum()
            )
    parts = Events({"x": np.arange(10.0)}).split((0.8, 0.2), keep_yield=True)
    assert [part.weight.sum() for part in parts] == [10, 10]
    assert [part.features for part in parts] == [("x",), ("x",)]


def test_with_columns_replaces_and_adds(flat: Events) -> None:
    more = flat.with_columns({"pt": np.zeros(500), "score": np.ones(500)}, units={"score": "1"})
    assert more.features == flat.features
    assert (more["pt"] == 0).all()
    assert more["score"].sum() == 500
    assert flat["pt"].sum() > 0
    assert more.with_features(["score", "pt"]).X.tolist()[0] == [1, 0]
    with pytest.raises(InputError, match="'score' has 3 entries"):
        flat.with_columns({"score": np.ones(3)})
    with pytest.raises(InputError, match="'pt' has 500 NaN"):
        flat.with_columns({"pt": np.full(500, np.nan)})


def test_with_features(flat: Events) -> None:
    assert flat.with_features(["j*", "mass"]).features == ("jets", "mass")
    with pytest.raises(InputError, match="'process' is text"):
        flat.with_features(["process"])
    with pytest.raises(InputError, match="did you mean 'mass'"):
        flat.with_features(["maas"])


def test_without(flat: Events) -> None:
    less = flat.without(["pt", "weight_pdf"])
    assert less.features == ("eta", "jets", "tagged", "run")
    assert set(less.variations) == {"jes_up"}
    with pytest.raises(InputError, match="is the target"):
        flat.without(["target"])


def test_checksum_depends_on_contents_alone() -> None:
    one = Events({"a": [1.0], "b": [2.0]})
    assert one.checksum() == Events({"a": [1.0], "b": [2.0]}).checksum()
    others = [
        Events({"a": [1.0], "b": [3.0]}),
        Events({"b": [2.0], "a": [1.0]}),
        Events({"a": np.float32([1.0]), "b": [2.0]}),
        Events({"a": [1.0], "b": [2.0]}, units={"a": "GeV"}),
        Events({"a": [1.0], "b": [2.0]}, weight=[1.0]),
    ]
    assert len({one.checksum(), *(other.checksum() for other in others)}) == 6


def test_pickles_for_workers(full: Events) -> None:
    assert pickle.loads(pickle.dumps(full)).checksum() == full.checksum()


def test_clouds_from_awkward() -> None:
    events = Events({"x": [1.0, 2.0]}, clouds={"jets": ak.Array([[{"pt": 3.0, "eta": 0.0}], []])})
    values, mask = events.cloud("jets", fields=["pt"], most=2)
    assert values.shape == (2, 2, 1)
    assert mask.tolist() == [[True, False], [False, False]]
    with pytest.raises(InputError, match="no cloud 'jet': did you mean 'jets'"):
        events.cloud("jet")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"X": {"a": [1.0, 2.0], "b": [1.0]}}, "'b' has 1 entries, expected 2"),
        ({"X": np.zeros((2, 1)), "y": [1]}, "'target' has 1 entries, expected 2"),
        ({"X": np.zeros((2, 1)), "weight": [1.0]}, "'weight' has 1 entries"),
        ({"X": np.zeros((0, 1))}, "no events"),
        ({"X": {}}, "no columns"),
        ({"X": {"a": [np.nan, 1.0]}}, "'a' has 1 NaN"),
        ({"X": {"a": [np.inf, 1.0]}, "missing": np.nan}, "'a' has 1 infinite"),
        ({"X": {"a": [0.0, 1.0]}, "y": [np.nan, 1]}, "'target' has 1 NaN"),
        ({"X": {"a": [0.0, 1.0]}, "weight": [np.nan, 1], "missing": np.nan}, "'weight' has 1 NaN"),
        ({"X": {"a": [0.0, 1.0]}, "y": [np.nan, 1], "missing": np.nan}, "'target' has 1 NaN"),
        ({"X": {"a": [0.0, 1.0]}, "y": [np.nan, 1], "missing": {"target": np.nan}}, "'target' has 1 NaN"),
        ({"X": {"a": [0.0, 1.0]}, "weight": [-9, 1], "missing": {"weight": -9}}, "'weight' has 1 NaN"),
        ({"X": {"a": [0.0, 1.0]}, "group": [np.nan, 1], "missing": {"group": np.nan}}, "'group' has 1 NaN"),
        ({"X": {"a": [0.0, 1.0]}, "y": ["b", ""]}, "'target' has 1 empty entries of 2"),
        ({"X": {"a": [0.0, 1.0]}, "weight": [1.0, -1.0]}, "weights 'weight' of 2 events sum to 0"),
        ({"X": {"a": [0.0, 1.0]}, "weight": [0.0, 0.0]}, "sum to 0"),
        ({"X": {"a": [0.0, 1.0]}, "weight": [1.0, -3.0]}, "sum to -2"),
        ({"X": {"a": [0.0, 1.0]}, "variations": {"up": {"a": [np.nan, 1.0]}}}, "'a_up' has 1 NaN"),
        ({"X": {"a": [0.0, 1.0]}, "variations": {"up": {"b": [0.0, 1.0]}}}, "variation 'up': X has no column 'b'"),
        ({"X": {"a": [0.0, 1.0]}, "variations": {"up": "w_up"}}, "no column 'w_up'"),
        ({"X": {"a": [0.0, 1.0]}, "weight": "w"}, "weight='w': X has no column 'w'"),
        ({"X": {"a": [0.0, 1.0]}, "features": ["b"]}, "no column 'b'"),
        ({"X": {"a": ["x", "y"]}, "features": ["a"]}, "feature 'a' is text"),
        ({"X": {"a": [0.0, 1.0]}, "weight": ["x", "y"]}, "weight 'weight' is text"),
        ({"X": {"a": [0.0, 1.0]}, "units": {"b": "GeV"}}, "no column 'b'"),
        ({"X": {"a": [0.0, 1.0]}, "extras": {"a": [0, 1]}}, "two columns called 'a'"),
        ({"X": {"a": [0.0, 1.0]}, "clouds": {"a": [[1.0], []]}}, "column and of a cloud"),
        ({"X": {"a": [0.0, 1.0]}, "clouds": {"c": [[1.0]]}}, "'c' has 1 entries"),
        ({"X": {"target": [0.0, 1.0], "b": [1, 2]}, "y": [0, 1]}, "two columns called 'target'"),
    ],
)
def test_wrong_input(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Events(**arguments)  # type: ignore[arg-type]


def test_wrong_columns_and_cuts(full: Events) -> None:
    with pytest.raises(InputError, match="no column 'Pt': did you mean 'pt'"):
        full["Pt"]
    with pytest.raises(InputError, match="is a cloud"):
        full["tracks"]
    with pytest.raises(InputError, match="picks events"):
        full[0]  # type: ignore[index]
    with pytest.raises(InputError, match="no event passes the cut 'pt < 0'"):
        full.select("pt < 0")
    with pytest.raises(InputError, match="mask has 3 entries for 500"):
        full.select([True, False, True])


def test_importing_the_room_is_cheap() -> None:
    code = (
        "import sys, lawful.data\n"
        "def loaded(*names): return set(names) & set(sys.modules)\n"
        "assert not loaded('numpy', 'pandas', 'pyarrow', 'uproot', 'awkward', 'h5py', 'torch')\n"
        "from lawful.data import Events, read, chunks, Writer\n"
        "assert not loaded('pandas', 'pyarrow', 'uproot', 'awkward', 'h5py', 'torch')\n"
        "assert callable(lawful.data.read) and callable(lawful.data.concatenate)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_a_dense_cloud_leaves_out_is_said() -> None:
    events = Events({"x": [1.0, 2.0]}, clouds={"jets": {"pt": [[30.0, 20.0], [50.0]]}})
    with pytest.warns(UserWarning, match=r"1 of 2 events has more than 1 object; .* 20% of pt, at most 40%"):
        values, _ = events.cloud("jets", most=1, order_by="pt")
    assert values.ravel().tolist() == [30, 50]
