"""CSV files: a line of names, then one line an event."""

import contextlib
import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from csv import QUOTE_MINIMAL, QUOTE_NONNUMERIC
from pathlib import Path
from typing import Any, final

import numpy as np
import numpy.typing as npt

from lawful.data.clouds import Cloud
from lawful.data.columns import as_column, is_number
from lawful.data.formats import Batch, Sink, Table, faults
from lawful.data.names import listed
from lawful.errors import InputError

Array = npt.NDArray[Any]

_MARK = "# lawful: "
_ROWS = 500_000
_GUESSED_FROM = 1000
_GAPS = ["", "nan", "NaN", "-nan", "NA", "N/A", "n/a", "<NA>", "null", "NULL", "None"]


@final
class TextTable(Table):
    """The table in a CSV file; types are guessed from the first thousand rows unless the file says them."""

    def __init__(self, path: Path) -> None:
        self.name, self._path = str(path), path
        self.rows, self.notes = None, None
        self.columns, self.derived, self.ragged, self.unreadable = {}, {}, {}, {}
        lines = self._comments()
        for line in lines:
            if line.startswith(_MARK):
                try:
                    self.notes = json.loads(line.removeprefix(_MARK))
                except ValueError:
                    self.notes = None
        self._skip = len(lines)
        first = self._first_line()
        self._separator = max(",;\t", key=first.count) if any(mark in first for mark in ",;\t") else r"\s+"
        start = self._frames(None, _GUESSED_FROM, _GUESSED_FROM)
        try:
            frame = next(iter(start))
        except StopIteration:
            raise InputError(f"{path} holds a line of names and no events") from None
        own = [str(name) for name in frame.columns]
        if first.split(self._separator)[0].strip().strip('"') == "":
            own = own[1:]  # the row numbers that data frames are written with, under no name
        self._checked_names(own)
        self.columns = {name: self._guess(name, frame[name]) for name in own}

    def _open(self) -> Any:
        if self._path.suffix == ".gz":
            return gzip.open(self._path, "rt", encoding="utf-8-sig", newline="")
        return open(self._path, encoding="utf-8-sig", newline="")

    def _comments(self) -> list[str]:
        lines = []
        with self._open() as file:
            for line in file:
                if not line.startswith("#"):
                    break
                lines.append(line.rstrip("\r\n"))
        return lines

    def _first_line(self) -> str:
        with self._open() as file:
            for i, line in enumerate(file):
                if i == self._skip:
                    return str(line)
        raise InputError(f"{self._path} holds no line of names and no events")

    def _checked_names(self, names: list[str]) -> None:
        if all(_is_number(name) for name in names):
            raise InputError(
                f"{self._path}: the first line holds numbers ({listed(names[:3])}...), names of columns are "
                "expected; put a line of names at the top of the file"
            )
        # pandas tells twins apart by .1, .2; the file's own first line shows what they are called
        own = [name.strip().strip('"') for name in self._first_line().split(self._separator)]
        for name in own:
            if own.count(name) > 1 and f"{name}.1" in names:
                raise InputError(f"{self._path} has two columns called {name!r}: names must differ")

    def _guess(self, name: str, values: Any) -> np.dtype[Any]:
        """The type that the file's notes tell, or else that of the first rows."""
        types = self.notes.get("types") if isinstance(self.notes, dict) else None
        kept = types.get(name) if isinstance(types, dict) else None
        if isinstance(kept, str):
            with contextlib.suppress(TypeError):
                return np.dtype(kept)
        if any(isinstance(value, str) for value in values.to_numpy(dtype=object)):
            return np.dtype(np.str_)
        return as_column(values.to_numpy(), name=name).dtype

    def _frames(self, columns: Sequence[str] | None, rows: int, stop: int | None) -> Iterator[Any]:
        import pandas as pd

        texts = [name for name, dtype in self.columns.items() if dtype.kind == "U"]
        wanted = list(self.columns) if columns is None else list(columns)
        # in text, "NA" is a word like others; among numbers it is a gap
        known: dict[str, Any] = {
            "dtype": {name: str for name in wanted if name in texts},
            "na_values": {name: _GAPS for name in wanted if name not in texts},
            "keep_default_na": False,
            "usecols": wanted,
        }
        with faults(self._path, "CSV"), self._open() as file:
            for _ in range(self._skip):
                file.readline()
            yield from pd.read_csv(
                file,
                sep=self._separator,
                chunksize=rows,
                nrows=stop,
                skipinitialspace=True,
                low_memory=False,
                **_exact(pd.__version__),
                **(known if self.columns else {}),
            )

    def batches(
        self, columns: Sequence[str], ragged: Sequence[str], rows: int | None, stop: int | None
    ) -> Iterator[Batch]:
        """The columns named, piece by piece."""
        del ragged
        for frame in self._frames(columns or list(self.columns)[:1], rows or _ROWS, stop):
            found = {name: self._typed(name, frame[name]) for name in columns}
            yield Batch(found, {}, len(frame))

    def _typed(self, name: str, values: Any) -> Array:
        """A column of a piece in the type of the whole; in a wider one where later rows bring fractions or gaps."""
        wanted = self.columns[name]
        if wanted.kind == "U":
            return np.array(values.to_numpy(dtype=object), dtype=np.str_)
        words = [] if is_number(values.dtype) else [v for v in values if isinstance(v, str) and not _is_number(v)]
        if words:
            raise InputError(
                f"{self._path}: column {name!r} holds numbers at first and then {words[0]!r}; "
                "repair the file, or leave the column out with exclude"
            )
        array = as_column(values.to_numpy(), name=name, copy=False)
        if wanted.kind == "f":
            return array.astype(wanted)
        if array.dtype.kind == "f":
            return array
        cast = array.astype(wanted)
        return cast if np.array_equal(cast, array) else array

    def close(self) -> None:
        """Nothing is open between pieces."""


def _exact(version: str) -> dict[str, Any]:
    """What makes pandas read every digit; from 3.1 on it always does, and warns when told to."""
    major, minor = (int(part) for part in version.split(".")[:2])
    return {} if (major, minor) >= (3, 1) else {"float_precision": "round_trip"}


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def open_table(path: Path, tree: str | None) -> Table:
    """The table in a CSV file."""
    if tree is not None:
        raise InputError(f"{path}: tree={tree!r}, but a CSV file has no trees; leave it out")
    with faults(path, "CSV"):
        return TextTable(path)


@final
class FileSink(Sink):
    """A CSV file to be written; roles and types stand in a comment on its first line."""

    def __init__(self, path: Path) -> None:
        self._started = False
        self._raw = open(path, "wb")  # noqa: SIM115
        # no name and no date inside, so that the same events give the same bytes
        self._zip = gzip.GzipFile("", "wb", fileobj=self._raw, mtime=0) if path.suffix == ".gz" else None

    def append(self, columns: Mapping[str, Array], clouds: Mapping[str, Cloud], tree: str, notes: Any) -> None:
        """Add lines; there is one table, whatever `tree` says."""
        import pandas as pd

        del tree
        if clouds:
            raise InputError(
                f"a CSV file cannot hold clouds ({listed(list(clouds))}): write .parquet, .root, .h5 or .npz"
            )
        if not self._started and notes is not None:
            types = {name: "U" if values.dtype.kind == "U" else values.dtype.str for name, values in columns.items()}
            self._write(_MARK + json.dumps({**notes, "types": types}) + "\n")
        frame = pd.DataFrame(dict(columns))
        quoting = QUOTE_NONNUMERIC if any(values.dtype.kind == "U" for values in columns.values()) else QUOTE_MINIMAL
        head = not self._started
        self._write(frame.to_csv(index=False, header=head, na_rep="nan", lineterminator="\n", quoting=quoting))
        self._started = True

    def _write(self, text: str) -> None:
        (self._zip or self._raw).write(text.encode("utf-8"))

    def close(self) -> None:
        """Finish the file."""
        if self._zip is not None:
            self._zip.close()
        self._raw.close()
