"""Parquet files: columns in row groups, read with pyarrow."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lawful.data.clouds import Cloud, offsets_of
from lawful.data.formats import Batch, Sink, Table, faults
from lawful.errors import InputError

Array = npt.NDArray[Any]

_NOTES = b"lawful"
_AT_ONCE = 1_000_000  # rows that are read at once when all are wanted
_COLUMNS = 8


@final
class ParquetTable(Table):
    """The table in a Parquet file."""

    def __init__(self, path: Path) -> None:
        self.name, self._path = str(path), path
        self._file = pq.ParquetFile(path, memory_map=False)
        meta = self._file.metadata
        self.rows, self.derived = meta.num_rows, {}
        self.notes = _parsed((meta.metadata or {}).get(_NOTES))
        columns: dict[str, np.dtype[Any]] = {}
        self.ragged, self.unreadable = {}, {}
        self._home: dict[str, tuple[str, str | None]] = {}  # column to (column of the file, field of its struct)
        for field in self._file.schema_arrow:
            self._place(field, columns)
        self.columns = columns

    def _place(self, field: Any, columns: dict[str, np.dtype[Any]]) -> None:
        """Find out what a column of the file becomes."""
        name, kind = field.name, field.type
        if name in self._home or name in self.ragged:
            raise InputError(f"{self._path} has two columns called {name!r}: names must differ")
        if (dtype := _dtype(kind)) is not None:
            columns[name] = dtype
            self._home[name] = (name, None)
        elif _is_list(kind) and _dtype(kind.value_type) is not None:
            self.ragged = {**self.ragged, name: ("value",)}
        elif _is_list(kind) and pa.types.is_struct(kind.value_type) and _all_numbers(kind.value_type):
            self.ragged = {**self.ragged, name: tuple(inner.name for inner in kind.value_type)}
        elif pa.types.is_struct(kind) and _all_numbers(kind):
            for inner in kind:
                columns[f"{name}_{inner.name}"] = _dtype(inner.type) or np.dtype(np.float64)
                self._home[f"{name}_{inner.name}"] = (name, inner.name)
        else:
            self.unreadable = {**self.unreadable, name: f"its type is {kind}"}

    def batches(
        self, columns: Sequence[str], ragged: Sequence[str], rows: int | None, stop: int | None
    ) -> Iterator[Batch]:
        """The columns named, row group by row group, or in pieces of `rows`."""
        left = self._file.metadata.num_rows
        if stop is not None:
            left, rows = stop, min(rows or stop, stop)
        with faults(self._path, "Parquet"):
            for groups in self._spans(rows or _AT_ONCE):
                if left <= 0:
                    return
                for piece in self._pieces(groups, columns, ragged, rows):
                    part = _start_of(piece, left)
                    left -= part.length
                    if part.length:
                        yield part

    def _spans(self, rows: int) -> Iterator[list[int]]:
        """Neighbouring row groups, taken together until they hold that many rows."""
        span: list[int] = []
        held = 0
        for i in range(self._file.num_row_groups):
            span.append(i)
            held += self._file.metadata.row_group(i).num_rows
            if held >= rows:
                yield span
                span, held = [], 0
        if span:
            yield span

    def _pieces(
        self, groups: list[int], columns: Sequence[str], ragged: Sequence[str], rows: int | None
    ) -> Iterator[Batch]:
        wanted = list(dict.fromkeys([*(self._home[name][0] for name in columns), *ragged]))
        if rows is not None:
            for part in self._file.iter_batches(batch_size=rows, row_groups=groups, columns=wanted):
                yield self._batch(part, columns, ragged)
            return
        # a few columns at a time: pyarrow holds both the packed and the unpacked form of what it reads at once
        whole = Batch({}, {}, sum(self._file.metadata.row_group(i).num_rows for i in groups))
        for start in range(0, len(wanted), _COLUMNS):
            some = set(wanted[start : start + _COLUMNS])
            part = self._file.read_row_groups(groups, columns=list(some))
            found = self._batch(
                part, [n for n in columns if self._home[n][0] in some], [n for n in ragged if n in some]
            )
            whole.columns.update(found.columns)
            whole.ragged.update(found.ragged)
        yield whole

    def _batch(self, part: Any, columns: Sequence[str], ragged: Sequence[str]) -> Batch:
        found = {}
        for name in columns:
            home, field = self._home[name]
            values = part.column(home)
            found[name] = _to_numpy(values if field is None else pc.struct_field(values, field))
        return Batch(found, {name: _to_cloud(part.column(name)) for name in ragged}, part.num_rows)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _start_of(batch: Batch, rows: int) -> Batch:
    """The first rows of a batch."""
    if batch.length <= rows:
        return batch
    columns = {name: values[:rows] for name, values in batch.columns.items()}
    return Batch(columns, {name: cloud.slice(0, rows) for name, cloud in batch.ragged.items()}, rows)


def _parsed(text: bytes | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return None


def _dtype(kind: Any) -> np.dtype[Any] | None:
    """The type of array that a column of numbers or text becomes; None for other columns."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return np.dtype(np.str_)
    if pa.types.is_float16(kind):
        return np.dtype(np.float32)
    if pa.types.is_decimal(kind):
        return np.dtype(np.float64)
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        dtype: np.dtype[Any] = np.dtype(kind.to_pandas_dtype())
        return dtype
    return None


def _is_list(kind: Any) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _all_numbers(struct: Any) -> bool:
    kinds = [_dtype(inner.type) for inner in struct]
    return bool(kinds) and all(kind is not None and kind.kind != "U" for kind in kinds)


def _to_numpy(values: Any) -> Array:
    """One column as an array; without a copy where pyarrow has it in one piece. Gaps become NaN."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        values = values.cast(kind.value_type)
        kind = values.type
    if isinstance(values, pa.ChunkedArray):
        values = values.chunk(0) if values.num_chunks == 1 else values.combine_chunks()
    if _dtype(kind) == np.dtype(np.str_):
        return np.asarray(values.fill_null("").to_pylist(), dtype=np.str_)
    if pa.types.is_decimal(kind) or (values.null_count and not pa.types.is_floating(kind)):
        values = values.cast(pa.float64())
    array = np.asarray(values.to_numpy(zero_copy_only=False))
    return array.astype(np.float32) if array.dtype == np.float16 else array


def _to_cloud(values: Any) -> Cloud:
    """A ragged column as a cloud; a missing list is an empty one."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    counts = pc.list_value_length(values).fill_null(0).to_numpy(zero_copy_only=False)
    flat = values.flatten()
    if pa.types.is_struct(flat.type):
        fields = {inner.name: _to_numpy(pc.struct_field(flat, inner.name)) for inner in flat.type}
    else:
        fields = {"value": _to_numpy(flat)}
    return Cloud(offsets_of(counts), fields)


def open_table(path: Path, tree: str | None) -> Table:
    """The table in a Parquet file."""
    if tree is not None:
        raise InputError(f"{path}: tree={tree!r}, but a Parquet file has no trees; leave it out")
    with open(path, "rb") as file:
        file.seek(-4, 2)
        if file.read(4) != b"PAR1":
            raise InputError(f"{path} is truncated: a Parquet file ends with 'PAR1'. Copy or write it again")
    with faults(path, "Parquet"):
        return ParquetTable(path)


@final
class FileSink(Sink):
    """A Parquet file to be written, a row group for each piece appended; roles stand in the schema's metadata."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: Any = None

    def append(self, columns: Mapping[str, Array], clouds: Mapping[str, Cloud], tree: str, notes: Any) -> None:
        """Add rows; there is one table, whatever `tree` says."""
        del tree
        arrays = {
            name: pa.array(values.tolist() if values.dtype.kind == "U" else values)
            for name, values in columns.items()
        }
        arrays |= {name: _from_cloud(cloud) for name, cloud in clouds.items()}
        if self._writer is None:
            schema = pa.schema([pa.field(name, array.type) for name, array in arrays.items()])
            if notes is not None:
                schema = schema.with_metadata({_NOTES: json.dumps(notes).encode()})
            self._writer = pq.ParquetWriter(self._path, schema)
        self._writer.write_table(pa.table(list(arrays.values()), schema=self._writer.schema))

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.close()


def _from_cloud(cloud: Cloud) -> Any:
    objects = pa.StructArray.from_arrays([pa.array(cloud[name]) for name in cloud.fields], names=list(cloud.fields))
    return pa.LargeListArray.from_arrays(pa.array(cloud.offsets), objects)
