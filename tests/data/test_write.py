from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lawful.data import Events, Writer, read, trees
from lawful.data.formats import SUFFIXES
from lawful.errors import InputError


def test_scores_go_back_into_their_trees(tmp_path: Path) -> None:
    path, out = tmp_path / "in.root", tmp_path / "out.root"
    with Writer(path) as writer:
        writer.append(Events({"x": np.arange(10.0)}), tree="sig_tree")
        writer.append(Events({"x": np.arange(20.0)}), tree="bkg_tree")
    from lawful.data import chunks

    with Writer(out) as writer:
        for tree in trees(path):
            for events in chunks(path, rows=7, tree=tree):
                writer.append(events.with_columns({"score": events["x"] / 20}), tree=tree)
    assert trees(out) == ("sig_tree", "bkg_tree")
    again = read(out, tree="bkg_tree")
    assert again.features == ("x",)
    np.testing.assert_array_equal(again["score"], np.arange(20) / 20)


def test_frames_and_mappings(tmp_path: Path) -> None:
    with Writer(tmp_path / "a.parquet") as writer:
        writer.append(pd.DataFrame({"a": [1.0], "b": ["x"]}))
        writer.append({"a": [2.0], "b": ["y"]})
    assert read(tmp_path / "a.parquet")["b"].tolist() == ["x", "y"]


def append_all(path: Path, *pieces: object, tree: str | None = None) -> None:
    """Write the pieces one after the other, all but the first to `tree`."""
    with Writer(path) as writer:
        for i, piece in enumerate(pieces):
            writer.append(piece, tree=tree if i else None)


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ([{"a": [1.0]}, {"a": [1.0], "b": [2.0]}], "differ in 'b'"),
        ([{"a": [1.0]}, {"a": ["text"]}], "differ in 'a'"),
        ([], "nothing was appended"),
        ([{}], "no columns to write"),
        ([{"a": [1.0, 2.0], "b": [1.0]}], "has 1 entries, expected 2"),
        ([{"a": [[1.0, 2.0]]}], "has shape"),
        ([np.zeros(3)], "has shape"),
    ],
)
def test_wrong_pieces_leave_nothing(tmp_path: Path, pieces: list[object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        append_all(tmp_path / "a.csv", *pieces)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_pieces_of_other_types(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    append_all(path, {"i": [1], "f": np.float32([0.5])}, {"i": [2.0], "f": [0.25]})
    events = read(path)
    assert (events["i"].tolist(), events["f"].tolist()) == ([1, 2], [0.5, 0.25])
    with pytest.raises(InputError, match="column 'i' is float64 in this piece and int64"):
        append_all(path, {"i": [1]}, {"i": [2.5]})


def test_one_table_has_no_second_tree(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds one table"):
        append_all(tmp_path / "a.csv", {"a": [1.0]}, {"a": [1.0]}, tree="other")


def test_a_closed_writer(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "a.csv")
    with pytest.raises(InputError, match="inside its with block"):
        writer.append({"a": [1.0]})
    with pytest.raises(InputError, match=r"suffix '.xyz'"):
        Writer(tmp_path / "a.xyz")


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lawful.data.csv import FileSink

    close = FileSink.close

    def full(sink: FileSink) -> None:
        close(sink)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FileSink, "close", full)
    with pytest.raises(OSError, match="No space left"), Writer(tmp_path / "a.csv") as writer:
        writer.append({"a": [1.0]})
    assert list(tmp_path.iterdir()) == []


def test_folders_are_made(tmp_path: Path) -> None:
    Events({"x": [1.0]}).write(tmp_path / "new" / "folder" / "a.npz")
    assert read(tmp_path / "new" / "folder" / "a.npz")["x"].tolist() == [1]
