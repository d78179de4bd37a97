from pathlib import Path

import numpy as np
import pytest

from lawful.data import read
from lawful.errors import InputError


def test_plain_archives(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", X=np.arange(6.0).reshape(3, 2), y=np.array([0, 1, 0]), note=np.array("hello"))
    events = read(tmp_path / "a.npz", target="y")
    assert events.features == ("X_0", "X_1")
    assert events.y.tolist() == [0, 1, 0]


def test_records_and_compression(tmp_path: Path) -> None:
    records = np.array([(1.0, 2)], dtype=[("pt", ">f4"), ("n", "i4")])
    np.savez_compressed(tmp_path / "a.npz", jets=records)
    assert read(tmp_path / "a.npz").features == ("pt", "n")


def test_pickles_are_never_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.array([{}, 1], dtype=object))
    with pytest.raises(InputError, match="cannot be read as NPZ"):
        read(tmp_path / "a.npz")


def test_different_lengths(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros(3), y=np.zeros(2))
    with pytest.raises(InputError, match="different lengths, 'x' has 3 rows and 'y' has 2"):
        read(tmp_path / "a.npz")


def test_nothing_inside(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz")
    with pytest.raises(InputError):
        read(tmp_path / "a.npz")
