"""The file formats: what each must offer, and which suffix means which."""

import contextlib
import importlib
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lawful.data import sidecar
from lawful.data.clouds import Cloud
from lawful.data.names import listed
from lawful.errors import InputError

Array = npt.NDArray[Any]


class Batch(NamedTuple):
    """Some consecutive rows of a table.

    Attributes:
        columns: Name to (n,) values.
        ragged: Name of a ragged column to its lists, as a cloud.
        length: n.
    """

    columns: dict[str, Array]
    ragged: dict[str, Cloud]
    length: int


class Table(ABC):
    """One open table of a file: a tree, a group, or the file itself.

    Attributes:
        name: What errors call it.
        rows: How many there are; None when only reading tells.
        columns: Name to type of each column with one number or text a row.
        derived: The same for columns that are worked out when they are named, and not read otherwise.
        ragged: Name of each ragged column to its fields.
        unreadable: Name of each further column to the reason why it cannot be read.
        notes: What `Events.write` left in the file, as parsed JSON; None when there is nothing.
        remarks: What to say of a column that holds text and was probably meant otherwise.
        fault: Why notes that are there are left out of `notes`; empty when none are.
        lasting: Whether it can be read after `close` too.
    """

    name: str
    rows: int | None
    columns: Mapping[str, np.dtype[Any]]
    derived: Mapping[str, np.dtype[Any]]
    ragged: Mapping[str, tuple[str, ...]]
    unreadable: Mapping[str, str]
    notes: Any
    remarks: Mapping[str, str] = MappingProxyType({})
    fault: str = ""
    lasting: bool = False

    @abstractmethod
    def batches(
        self, columns: Sequence[str], ragged: Sequence[str], rows: int | None, stop: int | None
    ) -> Iterator[Batch]:
        """The columns named, piece by piece.

        Args:
            columns: Names among `columns` and `derived`.
            ragged: Names among `ragged`.
            rows: The most rows of a piece; the format's own choice when absent.
            stop: How many rows to read from the start; all when absent.
        """

    @abstractmethod
    def close(self) -> None:
        """Close the file."""


class Sink(ABC):
    """A file that is being written, table by table and piece by piece.

    Attributes:
        beside: Files that belong beside it, known once it is closed: what is added to its name, to their text.
    """

    beside: Mapping[str, str] = MappingProxyType({})

    @abstractmethod
    def append(self, columns: Mapping[str, Array], clouds: Mapping[str, Cloud], tree: str, notes: Any) -> None:
        """Add rows to a tree. Columns, their types and the notes are those of its first piece.

        Args:
            columns: Name to (n,) values.
            clouds: Name to cloud of n events.
            tree: Its name, where the format knows trees.
            notes: Plain data to be kept with the first piece; None for nothing.
        """

    @abstractmethod
    def close(self) -> None:
        """Finish the file."""


@dataclass(frozen=True)
class Format:
    """A file format.

    Attributes:
        name: What messages call it.
        suffixes: Which file names mean it.
        module: Where its `open_table(path, tree)`, its `Sink` and its `trees(path)` are.
        magic: The first bytes of every such file; empty when anything may stand there.
        has_trees: Whether one file holds several tables.
        has_clouds: Whether it can hold ragged columns.
        beside: What is added to the name of the file for those that may lie beside it.
    """

    name: str
    suffixes: tuple[str, ...]
    module: str
    magic: bytes = b""
    has_trees: bool = False
    has_clouds: bool = True
    beside: tuple[str, ...] = ()

    def open(self, path: Path, tree: str | None) -> Table:
        """The table in a file; `tree` says which, where there are several."""
        function: Callable[[Path, str | None], Table] = self._load("open_table")
        return function(path, tree)

    def sink(self, path: Path) -> Sink:
        """A new file to be written."""
        function: Callable[[Path], Sink] = self._load("FileSink")
        return function(path)

    def _load(self, name: str) -> Any:
        return getattr(importlib.import_module(self.module), name)


FORMATS = (
    Format("ROOT", (".root",), "lawful.data.root", b"root", has_trees=True),
    Format("Parquet", (".parquet", ".pq"), "lawful.data.parquet", b"PAR1"),
    Format("HDF5", (".h5", ".hdf5"), "lawful.data.hdf5", b"\x89HDF\r\n\x1a\n", has_trees=True),
    Format("NPZ", (".npz",), "lawful.data.npz", b"PK"),
    Format("CSV", (".csv", ".csv.gz"), "lawful.data.csv", has_clouds=False, beside=(sidecar.SUFFIX,)),
)
SUFFIXES = tuple(suffix for one in FORMATS for suffix in one.suffixes)


def format_of(path: Path) -> Format:
    """The format that the suffix of a path means.

    Raises:
        InputError: When it means none.

    Examples:
        >>> format_of(Path("higgs.root")).name
        'ROOT'
    """
    for one in FORMATS:
        if path.name.lower().endswith(one.suffixes):
            return one
    raise InputError(
        f"{path}: the suffix {path.suffix!r} is none of {listed(SUFFIXES)}; the format is chosen by the suffix"
    )


@contextlib.contextmanager
def faults(path: Path, kind: str) -> Iterator[None]:
    """Turn whatever a library raises over a broken file into an `InputError` that names the file."""
    try:
        yield
    except (InputError, MemoryError):
        raise
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise InputError(
            f"{path} cannot be read as {kind}: it is damaged, truncated or something else ({reason}). "
            "Copy or make it again, or check that its suffix is right"
        ) from error


def checked(path: Path) -> Format:
    """The format of a file that is there and starts as such a file must.

    Raises:
        InputError: When it is missing, a folder, empty, may not be read, or is something else.
    """
    one = format_of(path)
    if path.is_dir():
        raise InputError(f"{path} is a folder: name the files in it, as in {str(path / ('*' + one.suffixes[0]))!r}")
    try:
        with open(path, "rb") as file:
            start = file.read(max(len(one.magic), 1))
    except FileNotFoundError:
        raise InputError(f"{path} does not exist") from None
    except OSError as error:
        raise InputError(f"{path} cannot be opened: {error.strerror}") from error
    if not start:
        raise InputError(f"{path} is empty (0 bytes): was it copied or written to the end?")
    if not start.startswith(one.magic):
        raise InputError(
            f"{path} is not a {one.name} file: it starts with {start!r}, not {one.magic!r}. "
            "Is the suffix right, and is it the file itself and not a link or an error page?"
        )
    return one


def trees(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Which trees (tables) does a ROOT file hold, or which groups of columns an HDF5 file?

    Args:
        path: A .root, .h5 or .hdf5 file.

    Returns:
        Their names in the order of the file, empty trees too.

    Raises:
        InputError: When the file cannot be read, or its format has no trees.

    Examples:
        >>> import tempfile
        >>> from lawful.data import Events
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Events({"pt": [30.0]}).write(f"{folder}/small.root", tree="sig_tree")
        ...     trees(f"{folder}/small.root")
        ('sig_tree',)
    """
    where = Path(path)
    one = checked(where)
    if not one.has_trees:
        raise InputError(f"{where} is a {one.name} file: it holds one table and no trees")
    with faults(where, one.name):
        names: tuple[str, ...] = one._load("trees")(where)
    return names
