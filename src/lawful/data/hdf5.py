"""HDF5 files: a group of datasets, one a column; or a dataset of records."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, final

import h5py
import numpy as np
import numpy.typing as npt

from lawful.data.clouds import Cloud, from_awkward
from lawful.data.formats import Batch, Sink, Table, faults
from lawful.data.names import listed, nearest
from lawful.data.npz import columns_of
from lawful.errors import InputError

Array = npt.NDArray[Any]

_NOTES = "lawful"
_CLOUDS = "clouds"
_OFFSETS = "offsets"
_ESCAPE = re.compile("%(00|25|2E|2F|63|6F)")  # what `_escaped` makes of NUL % . / and of c(louds), o(ffsets)
_CHUNK = 16_384  # rows of a stored piece
_ROWS = 1_000_000  # rows of a piece that is read


@final
class GroupTable(Table):
    """The datasets of one group (or one dataset of records) as a table."""

    def __init__(self, path: Path, tree: str | None) -> None:
        self._path = path
        self._file = h5py.File(path, "r")
        try:
            self._describe(tree)
        except BaseException:
            self._file.close()
            raise

    def _describe(self, tree: str | None) -> None:
        where = self._chosen(tree)
        place = self._file[where]
        self.name = str(self._path) if where == "/" else f"{self._path}:{where}"
        self.derived, self.unreadable = {}, {}
        self.notes = _notes(place)
        self._parts: dict[str, tuple[str, Any]] = {}  # column to (dataset, field or second index)
        columns: dict[str, np.dtype[Any]] = {}
        ragged: dict[str, tuple[str, ...]] = {}
        self._vlen: dict[str, str] = {}
        lengths: dict[str, int] = {}
        datasets = {where: place} if isinstance(place, h5py.Dataset) else dict(place.items())
        for key, data in datasets.items():
            if not isinstance(data, h5py.Dataset):
                continue
            name = _unescaped(key)
            if data.ndim == 1 and h5py.check_vlen_dtype(data.dtype) not in (None, str, bytes):
                ragged[name], self._vlen[name] = ("value",), key
                lengths[name] = len(data)
            elif data.ndim in (1, 2) and (found := _columns(name, data)):
                for column, (dtype, part) in found.items():
                    columns[column], self._parts[column] = dtype, (key, part)
                lengths[name] = len(data)
            elif data.ndim:
                self.unreadable = {**self.unreadable, name: f"its shape is {data.shape} and its type {data.dtype}"}
        self._kept: Any = None
        if isinstance(place, h5py.Group) and isinstance(place.get(_CLOUDS), h5py.Group):
            self._kept = place[_CLOUDS]
            for key, group in self._kept.items():
                name = _unescaped(key)
                ragged[name] = tuple(_unescaped(field) for field in group if field != _OFFSETS)
                lengths[name] = len(group[_OFFSETS]) - 1
        self._place = place
        if len(set(lengths.values())) > 1:
            shown = ", ".join(f"{name!r} has {n}" for name, n in list(lengths.items())[:4])
            raise InputError(
                f"{self.name}: datasets have different lengths ({shown}): they are no table. "
                "Name the group or dataset that is one with tree=..."
            )
        self.rows = next(iter(lengths.values()), 0)
        self.columns, self.ragged = columns, ragged

    def _chosen(self, tree: str | None) -> str:
        groups = _tables(self._file)
        if tree is not None:
            if tree in self._file:
                return tree
            raise InputError(f"{self._path} has no group {tree!r}: {nearest(tree, groups)}")
        if not groups:
            raise InputError(f"{self._path} holds no datasets that could be columns")
        if len(groups) > 1 and "/" not in groups:
            raise InputError(
                f"{self._path} holds several groups of columns: say which with tree=, of {listed(groups)}"
            )
        return "/" if "/" in groups else groups[0]

    def batches(
        self, columns: Sequence[str], ragged: Sequence[str], rows: int | None, stop: int | None
    ) -> Iterator[Batch]:
        """The columns named, piece by piece."""
        end = (self.rows or 0) if stop is None else min(stop, self.rows or 0)
        step = rows or _ROWS
        with faults(self._path, "HDF5"):
            for start in range(0, end, step):
                till = min(start + step, end)
                yield Batch(
                    self._columns(columns, start, till),
                    {name: self._cloud(name, start, till) for name in ragged},
                    till - start,
                )

    def _columns(self, names: Sequence[str], start: int, till: int) -> dict[str, Array]:
        found: dict[str, Array] = {}
        whole: dict[str, dict[str, Array]] = {}
        for name in names:
            key, part = self._parts[name]
            if part is None:
                found |= {name: _read(self._dataset(key), start, till)}
            else:  # several columns of one dataset: it is read once
                if key not in whole:
                    whole[key] = columns_of(_unescaped(key), _read(self._dataset(key), start, till))
                found[name] = whole[key][name]
        return found

    def _dataset(self, key: str) -> Any:
        return self._place if isinstance(self._place, h5py.Dataset) else self._place[key]

    def _cloud(self, name: str, start: int, till: int) -> Cloud:
        if name in self._vlen:
            import awkward as ak

            lists = [np.asarray(values) for values in self._dataset(self._vlen[name])[start:till]]
            return from_awkward(ak.Array(lists))
        group = self._kept[_escaped(name)]
        offsets = group[_OFFSETS][start : till + 1]
        first, last = int(offsets[0]), int(offsets[-1])
        return Cloud(
            offsets - first, {field: group[_escaped(field, _OFFSETS)][first:last] for field in self.ragged[name]}
        )

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _columns(name: str, data: Any) -> dict[str, tuple[np.dtype[Any], Any]]:
    """Name of each column in a dataset to its type, and to what picks it (None: the dataset itself)."""
    if h5py.check_string_dtype(data.dtype) is not None:
        return {name: (np.dtype(np.str_), None)} if data.ndim == 1 else {}
    if data.dtype.kind in "biuf" and data.ndim == 1:
        return {name: (data.dtype.newbyteorder("="), None)}
    if data.dtype.kind not in "biufV":
        return {}
    empty = columns_of(name, np.empty((0, *data.shape[1:]), dtype=data.dtype))
    return {column: (values.dtype, column) for column, values in empty.items() if values.dtype.kind in "biufU"}


def _read(data: Any, start: int, till: int) -> Array:
    if h5py.check_string_dtype(data.dtype) is not None:
        return np.asarray(data.asstr()[start:till].tolist(), dtype=np.str_)
    values = np.asarray(data[start:till])
    return values if values.dtype.isnative or values.dtype.names else values.astype(values.dtype.newbyteorder("="))


def _notes(place: Any) -> Any:
    text = place.attrs.get(_NOTES)
    try:
        return None if text is None else json.loads(text)
    except (ValueError, TypeError):
        return None


def _tables(file: Any) -> list[str]:
    """Names of the groups that hold datasets, the file's root as `/`, and of datasets of records."""
    found: list[str] = []

    def look(group: Any, name: str) -> None:
        kept = _NOTES in group.attrs
        if kept or any(isinstance(inner, h5py.Dataset) for inner in group.values()):
            found.append(name or "/")
        for key, inner in group.items():
            if isinstance(inner, h5py.Group) and not (kept and key == _CLOUDS):
                look(inner, f"{name}/{key}" if name else key)

    look(file, "")
    if found == ["/"] and not any(isinstance(d, h5py.Dataset) and not d.dtype.names for d in file.values()):
        found = list(file)  # only datasets of records: each is a table
    return found


def _escaped(name: str, taken: str = "") -> str:
    """A name that HDF5 does not take for a path or for the end, and that is not `taken` for something else."""
    name = name.replace("%", "%25").replace("/", "%2F").replace("\0", "%00")
    if name in (".", taken):
        name = f"%{ord(name[0]):02X}{name[1:]}"
    return name or "%"


def _unescaped(key: str) -> str:
    """The name that `_escaped` was given; what else stands after a `%` is left as it is."""
    return "" if key == "%" else _ESCAPE.sub(lambda found: chr(int(found[1], 16)), key)


def open_table(path: Path, tree: str | None) -> Table:
    """The table in a group of an HDF5 file; where there is one group with datasets, `tree` need not say which."""
    with faults(path, "HDF5"):
        return GroupTable(path, tree)


def trees(path: Path) -> tuple[str, ...]:
    """Names of the groups that hold columns."""
    with h5py.File(path, "r") as file:
        return tuple(_tables(file))


@final
class FileSink(Sink):
    """An HDF5 file to be written: a group a tree, a dataset a column; roles stand in the group's attributes."""

    def __init__(self, path: Path) -> None:
        self._file = h5py.File(path, "w")

    def append(self, columns: Mapping[str, Array], clouds: Mapping[str, Cloud], tree: str, notes: Any) -> None:
        """Add rows to a group."""
        new = tree not in self._file
        group = self._file.create_group(tree, track_order=True) if new else self._file[tree]
        if new and notes is not None:
            group.attrs[_NOTES] = json.dumps(notes)
        for name, values in columns.items():
            _extend(group, _escaped(name, _CLOUDS), values)
        for name, cloud in clouds.items():
            inner = group.require_group(_CLOUDS).require_group(_escaped(name))
            if _OFFSETS in inner:
                _extend(inner, _OFFSETS, cloud.offsets[1:] + int(inner[_OFFSETS][-1]))
            else:
                _extend(inner, _OFFSETS, cloud.offsets)
            for field in cloud.fields:
                _extend(inner, _escaped(field, _OFFSETS), cloud[field])

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


def _extend(group: Any, key: str, values: Array) -> None:
    if key not in group:
        dtype = h5py.string_dtype() if values.dtype.kind == "U" else values.dtype
        group.create_dataset(key, shape=(0,), maxshape=(None,), chunks=(_CHUNK,), dtype=dtype)
    data = group[key]
    start = len(data)
    data.resize(start + len(values), axis=0)
    data[start:] = values.astype(object) if values.dtype.kind == "U" else values
