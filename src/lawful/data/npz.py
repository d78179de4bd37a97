"""NPZ files: NumPy's archive of arrays, one entry a column."""

import ast
import json
import math
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple, final

import numpy as np
import numpy.typing as npt

from lawful.data import memory
from lawful.data.clouds import Cloud, joined, native
from lawful.data.formats import Batch, Sink, Table, faults
from lawful.errors import InputError

Array = npt.NDArray[Any]

_NOTES = "__lawful__"
_LAYOUT = "__lawful_layout__"
_OFFSETS = ".offsets"
_ENDING = ".npy"
_LONGEST = 10_000  # bytes of a header; NumPy itself reads no longer ones


class _Entry(NamedTuple):
    """An array in the archive, as its header declares it."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def size(self) -> int:
        """Bytes that the array takes."""
        return math.prod(self.shape) * self.dtype.itemsize


@final
class ArchiveTable(Table):
    """The arrays of an NPZ file; only headers are read before the columns are asked for."""

    def __init__(self, path: Path) -> None:
        self.name, self._path = str(path), path
        self._entries: dict[str, _Entry] = {}
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.filename.endswith(_ENDING):
                    self._entries[info.filename.removesuffix(_ENDING)] = _declared(archive, info, path)
        self.derived, self.unreadable = {}, {}
        self.notes = self._parsed(_NOTES)
        self._clouds = self._found_clouds()
        inside = {key for offsets, fields in self._clouds.values() for key in (offsets, *fields.values())}
        names = {key: name for name, key in self._layout("columns").items()}
        self._home: dict[str, tuple[str, str]] = {}  # column to (entry, name of the column that the entry gives)
        columns: dict[str, np.dtype[Any]] = {}
        lengths: dict[str, int] = {}
        for key, entry in self._entries.items():
            if key in inside or key in (_NOTES, _LAYOUT) or not entry.shape or entry.dtype.kind not in "biufUSV":
                continue
            name = names.get(key, key)
            for column, values in columns_of(name, np.empty((0, *entry.shape[1:]), dtype=entry.dtype)).items():
                columns[column], self._home[column] = values.dtype, (key, name)
                lengths[column] = entry.shape[0]
        lengths |= {name: self._entries[offsets].shape[0] - 1 for name, (offsets, _) in self._clouds.items()}
        if len(set(lengths.values())) > 1:
            (a, n), (b, m) = next((x, y) for x in lengths.items() for y in lengths.items() if x[1] != y[1])
            raise InputError(f"{path}: arrays have different lengths, {a!r} has {n} rows and {b!r} has {m}")
        self.columns, self.ragged = columns, {name: tuple(fields) for name, (_, fields) in self._clouds.items()}
        self.rows = next(iter(lengths.values()), 0)

    def _parsed(self, key: str) -> Any:
        return json.loads(str(self._loaded([key])[key])) if key in self._entries else None

    def _layout(self, what: str) -> dict[str, Any]:
        layout = self._parsed(_LAYOUT)
        found = layout.get(what) if isinstance(layout, dict) else None
        return found if isinstance(found, dict) else {}

    def _found_clouds(self) -> dict[str, tuple[str, dict[str, str]]]:
        """Cloud to the entry of its offsets, and field to its entry."""
        if _LAYOUT in self._entries:
            return {name: (offsets, dict(fields)) for name, (offsets, fields) in self._layout("clouds").items()}
        found = {}
        for key in [key for key in self._entries if key.endswith(_OFFSETS)]:
            name = key.removesuffix(_OFFSETS)
            fields = {k.removeprefix(f"{name}."): k for k in self._entries if k.startswith(f"{name}.") and k != key}
            if fields and self._entries[key].dtype.kind in "iu":
                found[name] = (key, fields)
        return found

    def _loaded(self, keys: Sequence[str]) -> dict[str, Array]:
        size = sum(self._entries[key].size for key in keys)
        instead = "write it as .parquet or .h5 and read it with lawful.data.chunks"
        memory.require(size, where=f"{self._path}: reading {len(keys)} arrays", instead=instead)
        with zipfile.ZipFile(self._path) as archive:
            loaded = {}
            for key in keys:
                with archive.open(key + _ENDING) as file:
                    loaded[key] = np.asarray(np.lib.format.read_array(file, allow_pickle=False))
                    if file.read(1):
                        raise InputError(f"{self._path}: {key!r} holds more than its header declares; damaged?")
        return loaded

    def batches(
        self, columns: Sequence[str], ragged: Sequence[str], rows: int | None, stop: int | None
    ) -> Iterator[Batch]:
        """The columns named, piece by piece; pieces share memory with the whole."""
        end = self.rows or 0
        end = end if stop is None else min(stop, end)
        step = rows or max(end, 1)
        with faults(self._path, "NPZ"):
            clouds = [key for name in ragged for key in (self._clouds[name][0], *self._clouds[name][1].values())]
            held = self._loaded(list(dict.fromkeys([*(self._home[name][0] for name in columns), *clouds])))
            whole: dict[str, Array] = {}
            for key, name in dict.fromkeys(self._home[column] for column in columns):
                whole |= columns_of(name, held[key])
            lists = {
                name: Cloud(held[offsets], {field: native(held[key]) for field, key in fields.items()})
                for name, (offsets, fields) in self._clouds.items()
                if name in ragged
            }
        for start in range(0, end, step):
            till = min(start + step, end)
            yield Batch(
                {name: whole[name][start:till] for name in columns},
                {name: lists[name].slice(start, till) for name in ragged},
                till - start,
            )

    def close(self) -> None:
        """Nothing is open between pieces."""


def _declared(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> _Entry:
    """What the header of an entry declares, after it was found to fit the bytes that follow it."""
    with archive.open(info) as file:
        version = np.lib.format.read_magic(file)
        shape, dtype = _header(file, version)
        entry = _Entry(shape, dtype)
        if dtype.hasobject:
            raise InputError(f"{path} cannot be read as NPZ: {info.filename!r} holds Python objects, never read")
        if entry.size != info.file_size - file.tell():
            raise InputError(
                f"{path}: {info.filename!r} declares {entry.size} bytes of values and the archive "
                f"{info.file_size - file.tell()}; it is damaged or made to mislead"
            )
    return entry


def _header(file: IO[bytes], version: tuple[int, int]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type that a header declares; in version 3, which NumPy has no public reader of, it is UTF-8."""
    if version < (3, 0):
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file)
        return shape, dtype
    size = int.from_bytes(file.read(4), "little")
    if version != (3, 0) or size > _LONGEST:
        raise ValueError(f"a header of version {version} and {size} bytes")
    told = ast.literal_eval(file.read(size).decode("utf-8"))
    shape = told["shape"]
    if not isinstance(shape, tuple) or not all(isinstance(n, int) and n >= 0 for n in shape):
        raise ValueError(f"the shape {shape!r}")
    return shape, np.lib.format.descr_to_dtype(told["descr"])


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
    with faults(path, "NPZ"):
        if not zipfile.is_zipfile(path):
            raise InputError(f"{path} is not a whole NPZ file: the end of the archive is missing; truncated?")
        return ArchiveTable(path)


@final
class FileSink(Sink):
    """An NPZ file to be written; what is appended is kept until the end, since the format cannot grow.

    An entry is called as its column; where that could be taken for something else, it gets another name, and the
    entry `__lawful_layout__` says which. The same entry says what belongs to a cloud.
    """

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
        arrays: dict[str, Array] = {}

        def put(name: str, values: Array, *, usual: bool) -> str:
            key = name if usual else f"column_{len(arrays)}"
            while key in arrays:
                key += "_"
            arrays[key] = values
            return key

        places = {
            name: put(name, np.concatenate(values), usual=_safe(name)) for name, values in self._columns.items()
        }
        clouds = {}
        for name, pieces in self._clouds.items():
            cloud = joined(pieces)
            fields = {
                field: put(f"{name}.{field}", cloud[field], usual=_safe(f"{name}.{field}")) for field in cloud.fields
            }
            clouds[name] = (put(f"{name}{_OFFSETS}", cloud.offsets, usual=_safe(name)), fields)
        moved = {name: key for name, key in places.items() if key != name}
        if moved or clouds:
            arrays[_LAYOUT] = np.array(json.dumps({"columns": moved, "clouds": clouds}))
        if self._notes is not None:
            arrays[_NOTES] = np.array(json.dumps(self._notes))
        with zipfile.ZipFile(self._path, "w", zipfile.ZIP_STORED) as archive:
            for key, values in arrays.items():
                # a fixed date, so that the same events give the same bytes
                entry = zipfile.ZipInfo(f"{key}{_ENDING}", (1980, 1, 1, 0, 0, 0))
                with archive.open(entry, "w", force_zip64=True) as file:
                    np.lib.format.write_array(file, np.asarray(values, order="C"), allow_pickle=False)


def _safe(name: str) -> bool:
    """Whether an entry called so comes back under this name, in NumPy too."""
    ours = name in (_NOTES, _LAYOUT) or name.endswith((_OFFSETS, _ENDING))
    return bool(name) and not ours and not set(name) & set("\\/:\0") and name.isprintable()
