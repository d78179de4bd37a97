"""CSV files: a line of names, then one line an event; roles stand in a file beside it."""

import contextlib
import csv
import gzip
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from csv import QUOTE_ALL, QUOTE_MINIMAL, QUOTE_NONNUMERIC
from pathlib import Path
from typing import Any, final

import numpy as np
import numpy.typing as npt

from lawful.data import sidecar
from lawful.data.clouds import Cloud
from lawful.data.columns import as_column, is_number
from lawful.data.csv_lines import BLANKS, Counting, check, head
from lawful.data.formats import Batch, Sink, Table, faults
from lawful.data.names import listed
from lawful.errors import InputError

Array = npt.NDArray[Any]

_ROWS = 500_000
_GUESSED_FROM = 1000
_GAPS = ["", "nan", "NaN", "-nan", "NA", "N/A", "n/a", "<NA>", "null", "NULL", "None"]
_DECIMAL_COMMA = re.compile(r"[+-]?\d+(,\d+)?([eE][+-]?\d+)?")
_PLAIN_NAME = re.compile(r"[^\s,;\"#\ufeff][^\s,;\"]*")


@final
class TextTable(Table):
    """The table in a CSV file; types are guessed from the first thousand rows unless the file beside it says them."""

    def __init__(self, path: Path) -> None:
        self.name, self._path = str(path), path
        self.rows, self.lasting = None, True
        self.notes, self.fault = sidecar.notes_of(path)
        self.columns, self.derived, self.ragged, self.unreadable = {}, {}, {}, {}
        with self._open() as file:
            found = head(file)
        if found is None:
            raise InputError(f"{path} holds no line of names and no events")
        self._head = found
        self._places = self._checked_names()
        try:
            frame = next(iter(self._frames(None, _GUESSED_FROM, _GUESSED_FROM)))
        except StopIteration:
            raise InputError(f"{path} holds a line of names and no events") from None
        self.columns = {name: self._guess(name, frame[j]) for name, j in self._places.items()}
        self.remarks = self._remarked(frame)

    def _open(self) -> Any:
        if self._path.suffix == ".gz":
            return gzip.open(self._path, "rt", encoding="utf-8-sig", newline="")
        return open(self._path, encoding="utf-8-sig", newline="")

    def _checked_names(self) -> dict[str, int]:
        """Name of each column to its place in a line."""
        names = list(self._head.names)
        numbers = [name for name in self._head.bare if _is_number(name)]
        if numbers:
            raise InputError(
                f"{self._path}: the first line holds numbers ({listed(numbers[:3])}), names of columns are expected; "
                f"{self._hint() or 'put a line of names at the top of the file, in quotes if numbers are meant'}"
            )
        # row numbers that data frames are written with, under no name, are no column
        first = int(len(names) > 1 and not names[0] and not self._head.quoted)
        for name in names:
            if names.count(name) > 1:
                raise InputError(f"{self._path} has two columns called {name!r}: names must differ")
        return {name: j for j, name in enumerate(names) if j >= first}

    def _hint(self) -> str:
        """Where names seem to stand, if they do in a comment."""
        mark = self._head.separator
        comment = self._head.comment.lstrip("#").strip()
        words = re.split(BLANKS if mark == BLANKS else rf"\s*{re.escape(mark)}\s*", comment)
        if len(words) != len(self._head.names) or any(_is_number(word) for word in words):
            return ""
        return f"the comment {self._head.comment!r} above seems to hold them: take away its '#'"

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

    def _remarked(self, frame: Any) -> dict[str, str]:
        """What to say of columns of text that look like numbers with decimal commas."""
        remarks = {}
        for name, dtype in self.columns.items():
            words = [v for v in frame[self._places[name]] if isinstance(v, str) and v.strip() not in _GAPS]
            comma = next((word for word in words if "," in word), None)
            if dtype.kind == "U" and comma and all(_DECIMAL_COMMA.fullmatch(word.strip()) for word in words):
                remarks[name] = (
                    f"it holds numbers with decimal commas such as {comma!r}, points are expected; "
                    f"pandas.read_csv(path, sep={self._head.separator!r}, decimal=',') makes a frame that "
                    "lawful.Events takes"
                )
        return remarks

    def _frames(self, columns: Sequence[str] | None, rows: int, stop: int | None) -> Iterator[Any]:
        """Frames whose columns are called by their places."""
        import pandas as pd

        wanted = list(self._places if columns is None else columns)
        texts = {name for name, dtype in self.columns.items() if dtype.kind == "U"}
        # in text, "NA" is a word like others; among numbers it is a gap
        known: dict[str, Any] = {
            "dtype": {self._places[name]: str for name in wanted if name in texts},
            "na_values": {self._places[name]: _GAPS for name in wanted if name not in texts},
            "keep_default_na": False,
            "usecols": [self._places[name] for name in wanted],
        }
        with faults(self._path, "CSV"), self._open() as file:
            for _ in range(self._head.lines):
                file.readline()
            try:
                frames = pd.read_csv(
                    Counting(file, self._head, self._check),
                    sep=self._head.separator,
                    header=None,
                    names=list(range(len(self._head.names))),
                    index_col=False,
                    chunksize=rows,
                    nrows=stop,
                    skipinitialspace=True,
                    low_memory=False,
                    **_exact(pd.__version__),
                    **(known if self.columns else {}),
                )
            except pd.errors.EmptyDataError:
                return
            yield from (frame for frame in frames if len(frame))

    def _check(self) -> None:
        with self._open() as file:
            check(file, self._head, str(self._path))

    def batches(
        self, columns: Sequence[str], ragged: Sequence[str], rows: int | None, stop: int | None
    ) -> Iterator[Batch]:
        """The columns named, piece by piece."""
        del ragged
        for frame in self._frames(columns or list(self.columns)[:1], rows or _ROWS, stop):
            found = {name: self._typed(name, frame[self._places[name]]) for name in columns}
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
    """A CSV file to be written; roles and types go to a file beside it, so that any program can read the table."""

    def __init__(self, path: Path) -> None:
        self._started = False
        self._notes: Any = None
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
        if not self._started:
            if notes is not None:
                types = {n: "U" if values.dtype.kind == "U" else values.dtype.str for n, values in columns.items()}
                self._notes = {**notes, "types": types}
            self._write(_names_line(list(columns)))
            self._started = True
        frame = pd.DataFrame(dict(columns))
        quoting = QUOTE_NONNUMERIC if any(values.dtype.kind == "U" for values in columns.values()) else QUOTE_MINIMAL
        self._write(frame.to_csv(index=False, header=False, na_rep="nan", lineterminator="\n", quoting=quoting))

    def _write(self, text: str) -> None:
        (self._zip or self._raw).write(text.encode("utf-8"))

    def close(self) -> None:
        """Finish the file."""
        if self._zip is not None:
            self._zip.close()
        if self._notes is not None:
            self.beside = {sidecar.SUFFIX: sidecar.text_of(self._notes, self._raw.tell())}
        self._raw.close()


def _names_line(names: Sequence[str]) -> str:
    """The line of names, in quotes where a name could be taken for a number, a comment or several names."""
    plain = all(_PLAIN_NAME.fullmatch(name) for name in names) and not any(_is_number(name) for name in names)
    line = io.StringIO()
    csv.writer(line, quoting=QUOTE_MINIMAL if plain else QUOTE_ALL, lineterminator="\n").writerow(names)
    return line.getvalue()
