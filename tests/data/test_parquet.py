from pathlib import Path

import awkward as ak
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lawful.data import Events, chunks, read
from lawful.errors import InputError


def test_pandas_files(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"x": [1.0, 2.0], "n": [1, 2], "flag": [True, False], "kind": ["a", "b"], "cat": pd.Categorical(["u", "v"])}
    )
    frame.to_parquet(tmp_path / "a.parquet")
    events = read(tmp_path / "a.parquet", target="cat")
    assert events.features == ("x", "n", "flag")
    assert events.y.tolist() == ["u", "v"]
    assert events["kind"].tolist() == ["a", "b"]


def test_gaps_are_nan_and_have_to_be_declared(tmp_path: Path) -> None:
    table = {"i": pa.array([1, None, 3]), "b": pa.array([True, None, False]), "f": pa.array([1.0, None, 2.0])}
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"'i' has 1 NaN; column 'b' has 1 NaN; column 'f' has 1 NaN"):
        read(tmp_path / "a.parquet")
    events = read(tmp_path / "a.parquet", missing=np.nan)
    np.testing.assert_array_equal(events.X, [[1, 1, 1], [np.nan] * 3, [3, 0, 2]])
    assert events.missing == {"i": 1, "b": 1, "f": 1}


def test_gaps_in_text(tmp_path: Path) -> None:
    table = {"x": [1.0, 2.0, 3.0, 4.0], "kind": ["a", None, "b", None], "note": [None, "n", None, "m"]}
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    for role in ("target", "group"):
        with pytest.raises(InputError, match="'kind' has 2 empty entries of 4"):
            read(tmp_path / "a.parquet", **{role: "kind"})
        with pytest.raises(InputError, match="'kind' has 1 empty entries of 2"):
            list(chunks(tmp_path / "a.parquet", rows=2, **{role: "kind"}))
    events = read(tmp_path / "a.parquet", target="kind", select="kind != ''")
    assert events.y.tolist() == ["a", "b"]
    assert read(tmp_path / "a.parquet")["note"].tolist() == ["", "n", "", "m"]


def test_gaps_in_a_later_row_group(tmp_path: Path) -> None:
    values = pa.array([1, 2, 3, None])
    pq.write_table(pa.table({"i": values}), tmp_path / "a.parquet", row_group_size=2)
    np.testing.assert_array_equal(read(tmp_path / "a.parquet", missing=np.nan)["i"], [1, 2, 3, np.nan])
    with pytest.raises(InputError, match="'i' has 1 NaN"):
        list(chunks(tmp_path / "a.parquet", rows=2))


def test_structs_lists_and_the_rest(tmp_path: Path) -> None:
    table = pa.table(
        {
            "p4": pa.array([{"pt": 1.0, "m": 2.0}, {"pt": 3.0, "m": 4.0}]),
            "trk_pt": pa.array([[1.0, 2.0], None]),
            "trk_q": pa.array([[1, -1], []], pa.large_list(pa.int8())),
            "jets": pa.array([[{"e": 1.0}], [{"e": 2.0}, {"e": 3.0}]]),
            "price": pa.array([1, 2], pa.decimal128(5, 2)),
            "when": pa.array([0, 1], pa.timestamp("s")),
            "deep": pa.array([[[1.0]], []]),
            "half": pa.array(np.float16([1, 2])),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    events = read(tmp_path / "a.parquet")
    assert events.features == ("p4_pt", "p4_m", "price", "half")
    assert events["price"].tolist() == [1, 2]
    assert {name: cloud.fields for name, cloud in events.clouds.items()} == {"trk": ("pt", "q"), "jets": ("e",)}
    assert events.clouds["trk"].counts.tolist() == [2, 0]
    assert events.clouds["jets"]["e"].tolist() == [1, 2, 3]
    for name in ("when", "deep"):
        with pytest.raises(InputError, match=f"column '{name}' cannot be read: its type is"):
            read(tmp_path / "a.parquet", features=[name])


def test_many_small_row_groups(tmp_path: Path) -> None:
    x = np.arange(1000.0)
    lists = ak.Array([[i] * (i % 3) for i in range(1000)])
    table = pa.table({"x": x, "l": pa.array(lists.to_list())})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=7)
    events = read(tmp_path / "a.parquet")
    np.testing.assert_array_equal(events["x"], x)
    assert events.clouds["l"]["value"].tolist() == ak.flatten(lists).to_list()
    assert sum(len(piece) for piece in chunks(tmp_path / "a.parquet", rows=300)) == 1000
    assert len(list(chunks(tmp_path / "a.parquet", rows=300))) < 12


def test_ours_are_plain_tables_to_others(full: Events, tmp_path: Path) -> None:
    full.write(tmp_path / "a.parquet")
    frame = pd.read_parquet(tmp_path / "a.parquet")
    np.testing.assert_array_equal(frame["pt"], full["pt"])
    array = ak.from_parquet(tmp_path / "a.parquet")
    assert ak.num(array.tracks).to_list() == full.clouds["tracks"].counts.tolist()


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_arrays([pa.array([1.0]), pa.array([2.0])], names=["x", "x"]), tmp_path / "a.parquet")
    with pytest.raises(InputError, match="two columns called 'x'"):
        read(tmp_path / "a.parquet")


def test_trees_are_not_for_parquet(flat: Events, tmp_path: Path) -> None:
    flat.write(tmp_path / "a.parquet")
    with pytest.raises(InputError, match="has no trees; leave it out"):
        read(tmp_path / "a.parquet", tree="events")
