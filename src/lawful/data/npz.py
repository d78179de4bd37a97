"""NPZ files: NumPy's archive of arrays, one entry a column."""

import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np
import numpy.typing as npt

from lawful.data.clouds import Cloud, joined, native
from lawful.data.formats import Batch, Sink, Table, faults
from lawful.errors import InputError

Array = npt.NDArray[Any]

_NOTES = "__lawful__"
_OFFSETS = ".offsets"


@final
class ArraysTable(Table):
    """A table whose arrays are all in memory."""

    def __init__(self, name: str, arrays: Mapping[str, Array], ragged: Mapping[str, Cloud], notes: Any) -> None:
        self.name = name
        self._arrays, self._ragged = arrays, ragged
        self.columns = {key: values.dtype for key, values in arrays.items()}
        self.derived = {}
        self.ragged = {key: cloud.fields for key, cloud in ragged.items()}
        self.unreadable = {}
        self.notes = notes
        everything: dict[str, Any] = {**arrays, **ragged}
        lengths = {key: len(values) for key, values in everything.items()}
        if len(set(lengths.values())) > 1:
            (a, n), (b, m) = next((x, y) for x in lengths.items() for y in lengths.items() if x[1] != y[1])
            raise InputError(f"{name}: arrays have different lengths, {a!r} has {n} rows and {b!r} has {m}")
        self.rows = next(iter(lengths.values()), 0)

    def batches(
        self, columns: Sequence[str], ragged: Sequence[str], rows: int | None, stop: int | None
    ) -> Iterator[Batch]:
        """The columns named, piece by piece; pieces share memory with the whole."""
        end = self.rows or 0
        end = end if stop is None else min(stop, end)
        step = rows or max(end, 1)
        for start in range(0, end, step):
            till = min(start + step, end)
            yield Batch(
                {name: self._arrays[name][start:till] for name in columns},
                {name: self._ragged[name].slice(start, till) for name in ragged},
                till - start,
            )

    def close(self) -> None:
        """Nothing is open."""


def columns_of(name: str, array: Array) -> dict[str, Array]:
    """The columns in an array: itself, or one for each second index, or one for each field of a record."""
    if array.dtype.names:
        return {
            inner: values for field in array.dtype.names for inner, values in columns_of(field, array[field]).items()
        }
    if array.dtype.kind == "S":
        array = array.astype(np.str_)
    if array.ndim == 1:
        return {name: native(array)}
    if array.ndim == 2:
        return {f"{name}_{j}": native(np.ascontiguousarray(array[:, j])) for j in range(array.shape[1])}
    return {}


def open_table(path: Path, tree: str | None) -> Table:
    """The arrays of an NPZ file; two-dimensional ones give a column for each second index, `X_0`, `X_1`, ..."""
    if tree is not None:
        raise InputError(f"{path}: tree={tree!r}, but an NPZ file has no trees; leave it out")
    notes = None
    with faults(path, "NPZ"):
        if not zipfile.is_zipfile(path):
            raise InputError(f"{path} is not a whole NPZ file: the end of the archive is missing; truncated?")
        found: dict[str, Array] = {}
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            if _NOTES in archive.files:
                notes = json.loads(str(archive[_NOTES]))
            for key in archive.files:
                if key != _NOTES:
                    found[key] = np.asarray(archive[key])
        ragged = {}
        for key in [key for key in found if key.endswith(_OFFSETS)]:
            name = key.removesuffix(_OFFSETS)
            fields = {
                field.removeprefix(f"{name}."): native(found.pop(field))
                for field in list(found)
                if field.startswith(f"{name}.") and field != key
            }
            ragged[name] = Cloud(found.pop(key), fields)
        arrays: dict[str, Array] = {}
        for key, array in found.items():
            if array.ndim and array.dtype.kind in "biufUSV":
                arrays |= columns_of(key, array)
    return ArraysTable(str(path), arrays, ragged, notes)


@final
class FileSink(Sink):
    """An NPZ file to be written; what is appended is kept until the end, since the format cannot grow."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._columns: dict[str, list[Array]] = {}
        self._clouds: dict[str, list[Cloud]] = {}
        self._notes: Any = None

    def append(self, columns: Mapping[str, Array], clouds: Mapping[str, Cloud], tree: str, notes: Any) -> None:  # noqa: ARG002
        """Add rows; there is one table, whatever `tree` says."""
        if not self._columns and not self._clouds:
            self._notes = notes
        for name, values in columns.items():
            self._columns.setdefault(name, []).append(values)
        for name, cloud in clouds.items():
            self._clouds.setdefault(name, []).append(cloud)

    def close(self) -> None:
        """Write the file."""
        arrays = {name: np.concatenate(values) for name, values in self._columns.items()}
        for name, clouds in self._clouds.items():
            cloud = joined(clouds)
            arrays[f"{name}{_OFFSETS}"] = cloud.offsets
            arrays |= {f"{name}.{field}": cloud[field] for field in cloud.fields}
        if self._notes is not None:
            arrays[_NOTES] = np.array(json.dumps(self._notes))
        with zipfile.ZipFile(self._path, "w", zipfile.ZIP_STORED) as archive:
            for name, values in arrays.items():
                # a fixed date, so that the same events give the same bytes
                entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
                with archive.open(entry, "w", force_zip64=True) as file:
                    np.lib.format.write_array(file, np.asarray(values, order="C"), allow_pickle=False)
