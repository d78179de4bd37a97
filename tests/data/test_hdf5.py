from pathlib import Path

import h5py
import numpy as np
import pytest

from lawful.data import Events, read, trees
from lawful.errors import InputError


def test_datasets_at_the_root(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = np.arange(3, dtype=">f4")
        file["image"] = np.zeros((3, 4, 4))
        file["X"] = np.arange(6.0).reshape(3, 2)
        file["name"] = ["a", "b", "c"]
        file["scalar"] = 3.0
    events = read(tmp_path / "a.h5")
    assert set(events.features) == {"x", "X_0", "X_1"}
    assert events["X_1"].tolist() == [1, 3, 5]
    assert events["x"].dtype.isnative
    assert events["name"].tolist() == ["a", "b", "c"]
    with pytest.raises(InputError, match=r"'image' cannot be read: its shape is \(3, 4, 4\)"):
        read(tmp_path / "a.h5", features=["image"])


def test_groups_and_records(tmp_path: Path) -> None:
    records = np.array([(1.0, 2, b"a"), (3.0, 4, b"b")], dtype=[("pt", "f4"), ("n", "i4"), ("tag", "S1")])
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["jets"] = records
        file["tracks"] = records[:1]
    assert set(trees(tmp_path / "a.h5")) == {"jets", "tracks"}
    with pytest.raises(InputError, match="several groups of columns"):
        read(tmp_path / "a.h5")
    events = read(f"{tmp_path}/a.h5:jets")
    assert events.features == ("pt", "n")
    assert events["tag"].tolist() == ["a", "b"]
    with pytest.raises(InputError, match="no group 'jet': did you mean 'jets'"):
        read(tmp_path / "a.h5", tree="jet")


def test_nested_groups(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["a/b/x"] = [1.0, 2.0]
    assert trees(tmp_path / "a.h5") == ("a/b",)
    assert read(tmp_path / "a.h5")["x"].tolist() == [1, 2]


def test_lists_of_variable_length(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        data = file.create_dataset("trk_pt", (2,), dtype=h5py.vlen_dtype(np.float32))
        data[0], data[1] = [1.0, 2.0], []
        file["x"] = [1.0, 2.0]
    assert read(tmp_path / "a.h5").clouds["trk"].counts.tolist() == [2, 0]


def test_different_lengths_and_nothing(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"], file["y"] = [1.0, 2.0], [1.0]
    with pytest.raises(InputError, match="datasets have different lengths"):
        read(tmp_path / "a.h5")
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file.attrs["x"] = 1
    with pytest.raises(InputError, match="no datasets"):
        read(tmp_path / "b.h5")


def test_ours_are_plain_datasets_to_others(flat: Events, tmp_path: Path) -> None:
    flat.write(tmp_path / "a.h5", tree="nominal")
    with h5py.File(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(file["nominal/pt"][:], flat["pt"])
