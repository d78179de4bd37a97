import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from lawful.data import memory, read
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


def test_arrays_called_like_the_offsets_of_a_cloud(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **{"x.offsets": np.array([0.5, 1.5]), "x.y": np.array([1.0, 2.0])})
    assert read(tmp_path / "a.npz").features == ("x.offsets", "x.y")
    np.savez(tmp_path / "a.npz", **{"x.offsets": np.array([1, 2])})
    assert read(tmp_path / "a.npz")["x.offsets"].tolist() == [1, 2]
    np.savez(tmp_path / "a.npz", **{"x.offsets": np.array([0, 2, 3]), "x.y": np.array([1.0, 2.0, 3.0])})
    assert read(tmp_path / "a.npz").clouds["x"].counts.tolist() == [2, 1]


def test_only_what_is_named_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive that unpacks to more than there is; a small column of it can still be read."""
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros((1000, 5000)), y=np.arange(1000.0))
    monkeypatch.setattr(memory, "free", lambda: 2**20)
    for cut in (None, "y >= 0"):
        with pytest.raises(InputError, match=r"takes 38.2 MiB of memory and 1 MiB are free"):
            read(tmp_path / "a.npz", select=cut)
    assert len(read(tmp_path / "a.npz", features=["y"])) == 1000


def archive_of(path: Path, shape: tuple[int, ...], values: bytes) -> None:
    """An archive whose one entry declares a shape and holds other bytes."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"shape": shape, "fortran_order": False, "descr": "<f8"})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", head.getvalue() + values)


@pytest.mark.parametrize(("shape", "values"), [((10**15,), b""), ((2,), b"\0" * 24), ((3,), b"\0" * 16)])
def test_headers_that_mislead(tmp_path: Path, shape: tuple[int, ...], values: bytes) -> None:
    archive_of(tmp_path / "a.npz", shape, values)
    with pytest.raises(InputError, match=rf"declares {8 * shape[0]} bytes of values and the archive {len(values)}"):
        read(tmp_path / "a.npz")
    archive_of(tmp_path / "a.npz", (2,), b"\0" * 16)
    assert read(tmp_path / "a.npz")["x"].tolist() == [0, 0]


def test_names_of_fields_in_any_script(tmp_path: Path) -> None:
    """NumPy writes headers with such names in version 3, as UTF-8, and says so."""
    records = np.array([(1.0, [2, 3]), (4.0, [5, 6])], dtype=[("pₜ", "f8"), ("η", "i4", (2,))])
    with pytest.warns(UserWarning, match="format 3.0"):
        np.savez(tmp_path / "a.npz", jets=records)
    events = read(tmp_path / "a.npz")
    assert events.features == ("pₜ", "η_0", "η_1")
    assert events["pₜ"].tolist() == [1.0, 4.0]
    assert events["η_1"].tolist() == [3, 6]


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': 'many'}",
        "{'descr': 'é', 'fortran_order': False, 'shape': (1,)}",
        "{'shape': (1,)}",
        "oops(",
        " " * 20_000,
    ],
)
def test_a_spoilt_header_of_version_3(tmp_path: Path, header: str) -> None:
    text = header.encode()
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", b"\x93NUMPY\x03\x00" + len(text).to_bytes(4, "little") + text + b"\0" * 8)
    with pytest.raises(InputError, match="cannot be read as NPZ"):
        read(tmp_path / "a.npz")
