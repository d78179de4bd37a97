"""Which ragged columns make which cloud."""

from collections.abc import Mapping, Sequence
from typing import Any

from lawful.data.columns import unique
from lawful.data.formats import Table
from lawful.data.names import expand, require
from lawful.errors import InputError

CloudSpec = Mapping[str, Sequence[str] | Mapping[str, str]] | Sequence[str] | None
# Ragged columns, each with field of the column to field of the cloud.
Grouping = tuple[tuple[str, Mapping[str, str]], ...]


def grouped(asked: CloudSpec, usual: Mapping[str, Grouping], table: Table, excluded: set[str]) -> dict[str, Grouping]:
    """The clouds to make.

    Args:
        asked: What the user said: names among the usual clouds, or cloud to what belongs to it; None for all.
        usual: The clouds that `by_prefix` finds.
        table: Where the ragged columns are.
        excluded: Names of clouds and ragged columns to leave out of the usual ones.

    Raises:
        InputError: When a cloud or ragged column does not exist, or fields share a name.
    """
    if isinstance(asked, str):
        raise InputError(f"clouds={asked!r}: a list of names or a mapping is expected, as in [{asked!r}]")
    if isinstance(asked, Mapping):
        return {str(name): _put_together(str(name), what, table) for name, what in asked.items()}
    found = {
        name: rest
        for name, parts in usual.items()
        if name not in excluded and (rest := tuple(part for part in parts if part[0] not in excluded))
    }
    if asked is None:
        return found
    require(asked, found, what="cloud", where=table.name)
    return {name: found[name] for name in asked}


def _put_together(name: str, what: Any, table: Table) -> Grouping:
    """A cloud as the user put it together: a list of ragged columns, or field to ragged column."""
    if isinstance(what, str):
        what = [what]
    columns = [str(column) for column in (what.values() if isinstance(what, Mapping) else what)]
    for column in columns:
        if column in table.unreadable:
            raise InputError(f"{table.name}: column {column!r} cannot be read: {table.unreadable[column]}")
        if column in table.columns:
            raise InputError(f"{table.name}: {column!r} has one value for each event and cannot be in cloud {name!r}")
    if isinstance(what, Mapping):
        require(columns, table.ragged, what="ragged column", where=table.name)
        pairs = list(zip(map(str, what), columns, strict=True))
    else:
        columns = list(expand(columns, list(table.ragged), what="ragged column", where=table.name))
        start = len(_shared_start(name, columns))
        pairs = [(column[start:], column) for column in columns]
    parts = []
    for field, column in pairs:
        fields = table.ragged[column]
        if fields == ("value",):
            names = {"value": field}
        elif isinstance(what, Mapping):
            names = {inner: f"{field}_{inner}" for inner in fields}
        else:
            names = {inner: inner for inner in fields}
        parts.append((column, names))
    unique([field for _, names in parts for field in names.values()], what=f"the fields of cloud {name!r}")
    return tuple(parts)


def _shared_start(name: str, columns: Sequence[str]) -> str:
    """What the columns' names start with and the fields' names need not: `trk_` of `trk_pt` and `trk_eta`."""
    starts = {column[: max(column.rfind("_"), column.rfind(".")) + 1] for column in columns}
    if len(starts) > 1 or (len(columns) == 1 and starts != {f"{name}_"}):
        return ""
    start = starts.pop()
    return start if all(len(column) > len(start) for column in columns) else ""


def by_prefix(table: Table) -> dict[str, Grouping]:
    """The clouds when nothing is said: a record each, and lists of numbers by what stands before the last `_`."""
    found: dict[str, list[tuple[str, Mapping[str, str]]]] = {}
    noted = table.notes.get("clouds") if isinstance(table.notes, dict) else None
    for name, fields in noted.items() if isinstance(noted, dict) else ():
        if isinstance(fields, list) and all(f"{name}_{field}" in table.ragged for field in fields):
            found[name] = [(f"{name}_{field}", {"value": field}) for field in fields]
    done = {column for parts in found.values() for column, _ in parts}
    taken = {*table.columns, *table.derived, *(name for name, fields in table.ragged.items() if fields != ("value",))}
    for column, fields in table.ragged.items():
        if column in done:
            continue
        prefix, _, rest = column.rpartition("_")
        if fields != ("value",):
            found[column] = [(column, {inner: inner for inner in fields})]
        elif prefix and rest and prefix not in taken:
            found.setdefault(prefix, []).append((column, {"value": rest}))
        else:
            found[column] = [(column, {"value": "value"})]
    return {name: tuple(parts) for name, parts in found.items()}
