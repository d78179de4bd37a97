from pathlib import Path

import pytest

from lawful.data import Events
from lawful.data.sources import sources
from lawful.errors import InputError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("signal.parquet", "background.parquet", "extra.csv"):
        Events({"x": [1.0]}).write(tmp_path / name)
    Events({"x": [1.0]}).write(tmp_path / "both.root")
    return tmp_path


def names(path: object, tree: object = None) -> list[tuple[str, str | None, object]]:
    return [(s.path.name, s.tree, s.label) for s in sources(path, tree)]  # type: ignore[arg-type]


def test_one_list_and_glob(folder: Path) -> None:
    assert names(folder / "signal.parquet") == [("signal.parquet", None, None)]
    assert names(str(folder / "*.parquet")) == [("background.parquet", None, None), ("signal.parquet", None, None)]
    two = [folder / "signal.parquet", str(folder / "extra.csv")]
    assert [name for name, _, _ in names(two)] == ["signal.parquet", "extra.csv"]
    assert [name for name, _, _ in names([str(folder / "*.parquet"), str(folder / "*.csv")])][2] == "extra.csv"


def test_a_path_with_a_tree(folder: Path) -> None:
    assert names(f"{folder}/both.root:dir/events") == [("both.root", "dir/events", None)]
    assert names(f"{folder}/bo*.root:events") == [("both.root", "events", None)]


def test_labels_of_trees_and_files(folder: Path) -> None:
    assert names(folder / "both.root", {"s": 1, "b": 0}) == [("both.root", "s", 1), ("both.root", "b", 0)]
    both = {str(folder / "signal.parquet"): "s", str(folder / "back*"): "b"}
    assert names(both) == [("signal.parquet", None, "s"), ("background.parquet", None, "b")]


def test_a_name_with_brackets_is_a_file_first(tmp_path: Path) -> None:
    Events({"x": [1.0]}).write(tmp_path / "a[1].csv")
    assert names(tmp_path / "a[1].csv") == [("a[1].csv", None, None)]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sigal.parquet", "did you mean .*signal.parquet"),
        ("zzz.csv", "its folder holds 'extra.csv'"),
        ("nowhere/signal.parquet", "nor does the folder"),
        ("*.h5", "no file matches"),
        ("both.rot:events", "does not exist"),
        ("https://example.org/a.root", "not over the network"),
    ],
)
def test_wrong_paths(folder: Path, name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        sources(f"{folder}/{name}", None)


def test_wrong_arguments(folder: Path) -> None:
    for path, tree, message in (
        ([], None, "list of files is empty"),
        ({}, None, "list of files is empty"),
        (3, None, "received int"),
        (folder / "both.root", {}, "mapping of tree to label is empty"),
        ({folder / "both.root": 1}, {"s": 1}, "label one of them"),
        ({folder / "both.root": None}, None, "is None"),
        (f"{folder}/both.root:events", "events", "say it once"),
    ):
        with pytest.raises(InputError, match=message):
            sources(path, tree)  # type: ignore[arg-type]


def test_a_glob_leaves_out_what_stands_beside_a_csv_file(tmp_path: Path) -> None:
    for i in range(2):
        Events({"x": [float(i)], "y": [i]}, y="y").write(tmp_path / f"{i}.csv")
    assert len(list(tmp_path.glob("*.lawful.json"))) == 2
    assert [name for name, _, _ in names(str(tmp_path / "*"))] == ["0.csv", "1.csv"]
    with pytest.raises(InputError, match="no file matches"):
        sources(str(tmp_path / "*.json"), None)
