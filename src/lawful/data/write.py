"""Writing events, whole or piece by piece; the file appears finished or not at all."""

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, final

import numpy as np
import numpy.typing as npt

from lawful.data.clouds import Cloud
from lawful.data.columns import as_column, as_table, same_length
from lawful.data.events import Events
from lawful.data.formats import Sink, format_of
from lawful.data.names import listed
from lawful.errors import InputError
from lawful.files import writing

Array = npt.NDArray[Any]


@final
class Writer:
    """A file to which events are appended piece by piece, inside a `with` block.

    The file appears, whole, when the block ends well; when it ends with an error there is none, and an old one stays.
    .root, .parquet, .csv and .h5 files grow on the disk; an .npz file is gathered in memory. Roles, units and types
    of `Events` stand in the file, but for CSV, where `jets.csv` gets `jets.csv.lawful.json` beside it.

    Args:
        path: Where to; the suffix chooses the format.
        tree: The tree (ROOT) or group (HDF5) that pieces go to when they do not say.

    Raises:
        InputError: When the suffix means no format.

    Examples:
        >>> import tempfile
        >>> from lawful.data import read
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with Writer(f"{folder}/scores.parquet") as writer:
        ...         writer.append({"score": [0.1, 0.9]})
        ...         writer.append({"score": [0.4]})
        ...     read(f"{folder}/scores.parquet")["score"].tolist()
        [0.1, 0.9, 0.4]
    """

    def __init__(self, path: str | os.PathLike[str], tree: str = "events") -> None:
        self.path, self.tree = Path(path), tree
        self._format = format_of(self.path)
        self._stack = contextlib.ExitStack()
        self._sink: Sink | None = None
        self._types: dict[str, dict[str, str]] = {}
        self._dtypes: dict[tuple[str, str], np.dtype[Any]] = {}

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            temporary = stack.enter_context(writing(self.path))
            self._sink = self._format.sink(temporary)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sink, self._sink = self._sink, None
        assert sink is not None
        if error is None and not self._types:
            error = InputError(f"{self.path}: nothing was appended, so there is nothing to write")
            kind = InputError
        try:
            sink.close()
            for suffix, text in sink.beside.items() if error is None else ():
                self._stack.enter_context(writing(self._beside(suffix))).write_text(text, encoding="utf-8")
        except BaseException as fault:
            self._stack.__exit__(type(fault), fault, fault.__traceback__)
            if kind is None:
                raise
            return
        self._stack.__exit__(kind, error, trace)
        if error is None:
            for suffix in set(self._format.beside) - set(sink.beside):
                self._beside(suffix).unlink(missing_ok=True)  # of the file that was replaced
        if isinstance(error, InputError) and trace is None:
            raise error

    def _beside(self, suffix: str) -> Path:
        return self.path.with_name(self.path.name + suffix)

    def append(self, rows: Events | Mapping[str, Any] | Any, tree: str | None = None) -> None:
        """Add events.

        Args:
            rows: `Events`, a DataFrame, or a mapping of name to (n,) values (or to a `Cloud`). Roles, units and
                variations are kept from the first `Events` of a tree.
            tree: The tree that they go to; the writer's own when absent.

        Raises:
            InputError: When the columns are not those of the tree's first piece, or the format cannot hold them.
        """
        if self._sink is None:
            raise InputError("the writer is closed: append inside its with block")
        columns, clouds, notes = _contents(rows)
        where = self.tree if tree is None else tree
        if where != next(iter(self._types), where) and not self._format.has_trees:
            raise InputError(
                f"{self.path}: a {self._format.name} file holds one table, there can be no tree {where!r}"
            )
        if clouds and not self._format.has_clouds:
            raise InputError(
                f"{self.path}: a {self._format.name} file cannot hold clouds ({listed(list(clouds))}); "
                "write .parquet, .root, .h5 or .npz"
            )
        self._same(where, columns, clouds)
        self._sink.append({n: self._cast(where, n, values) for n, values in columns.items()}, clouds, where, notes)

    def _cast(self, tree: str, name: str, values: Array) -> Array:
        """The values in the type of the tree's first piece, which the file was laid out for.

        Raises:
            InputError: When that cannot hold them.
        """
        first = self._dtypes.setdefault((tree, name), values.dtype)
        if values.dtype == first or first.kind == "U":
            return values
        with np.errstate(all="ignore"):
            cast = values.astype(first)
        if (first.kind == "f" and values.dtype.kind == "f") or np.array_equal(cast, values):
            return cast
        raise InputError(
            f"{self.path}: column {name!r} is {values.dtype} in this piece and {first} in the first one of tree "
            f"{tree!r}, which cannot hold its values; make it float64 from the start"
        )

    def _same(self, tree: str, columns: Mapping[str, Array], clouds: Mapping[str, Cloud]) -> None:
        """Raise `InputError` when a piece has other columns than the tree's first."""
        kinds = {name: "text" if values.dtype.kind == "U" else "numbers" for name, values in columns.items()}
        kinds |= {name: f"cloud of {', '.join(cloud.fields)}" for name, cloud in clouds.items()}
        first = self._types.setdefault(tree, kinds)
        if first != kinds:
            differ = sorted(
                {
                    name
                    for name, kind in [*first.items(), *kinds.items()]
                    if (first.get(name), kinds.get(name)) != (kind, kind)
                }
            )
            raise InputError(
                f"{self.path}: this piece has other columns than the first one of tree {tree!r}: "
                f"they differ in {listed(differ)}"
            )


def _contents(rows: Any) -> tuple[dict[str, Array], dict[str, Cloud], Any]:
    """Columns, clouds and notes of what is to be written."""
    if isinstance(rows, Events):
        columns = {name: rows[name] for name in rows.columns}
        notes = rows._roles.notes() | {"columns": list(columns)}
        return columns, dict(rows.clouds), notes
    if isinstance(rows, Mapping):
        clouds = {str(name): value for name, value in rows.items() if isinstance(value, Cloud)}
        columns = {
            str(name): as_column(value, name=str(name), copy=False)
            for name, value in rows.items()
            if not isinstance(value, Cloud)
        }
    else:
        columns, clouds = as_table(rows, None), {}
    if not columns and not clouds:
        raise InputError("there are no columns to write")
    everything: dict[str, Any] = {**columns, **clouds}
    lengths = {name: len(values) for name, values in everything.items()}
    first, length = next(iter(lengths.items()))
    same_length(everything, length, of=repr(first))
    return columns, clouds, None
