"""Several objects of an event, as `jet1` and `jet2`, as rows of their own."""

import fnmatch
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import numpy.typing as npt

from lawful.data import roles as r
from lawful.data.building import free_name
from lawful.data.clouds import Cloud, offsets_of
from lawful.data.columns import is_number
from lawful.data.formats import Batch, Table
from lawful.data.names import listed, nearest
from lawful.data.roles import Roles, Shift
from lawful.errors import InputError

Array = npt.NDArray[Any]

_ROWS = (
    100_000  # of a file in one piece, so that what was read and what is made of it are not whole in memory at once
)


@dataclass(frozen=True)
class Unrolling:
    """How rows are made of the objects of an event.

    Attributes:
        prefixes: What the new names start with, to what the names of the first, second and further object start with.
        exclude: Names and patterns of columns that need not be there for every object.
        event: The column to be made that numbers the events, where there is no other group.
    """

    prefixes: Mapping[str, tuple[str, ...]]
    exclude: tuple[str, ...] = ()
    event: str | None = None

    @property
    def count(self) -> int:
        """Rows made of each event."""
        return len(next(iter(self.prefixes.values())))

    def place(self, name: str) -> tuple[str, int, str] | None:
        """New start, number of the object and rest of a name; None where it has none of the prefixes."""
        fitting = [
            (len(prefix), new, j)
            for new, prefixes in self.prefixes.items()
            for j, prefix in enumerate(prefixes)
            if name.startswith(prefix) and not (prefix[-1].isdigit() and name[len(prefix) :][:1].isdigit())
        ]
        if not fitting:
            return None
        length, new, j = max(fitting)
        return new, j, name[length:]

    def renamed(self, name: str) -> str:
        """The name after unrolling: `jetID` of `jet2ID`."""
        place = self.place(name)
        return name if place is None else place[0] + place[2]


def unrolling(asked: Any, table: Table, *, exclude: Sequence[str], group: str | None) -> tuple[Unrolling, str]:
    """How to unroll, as the user asked, and the column that tells which rows are of one event.

    Args:
        asked: New prefix to the prefixes of the objects.
        table: The first table, as it stands in the file.
        exclude: Names and patterns of columns to leave out.
        group: The group that the user named, a name after unrolling.

    Raises:
        InputError: When what was asked is no such mapping, or has lists of different lengths.

    Examples:
        >>> how = Unrolling({"jet": ("jet1", "jet2")})
        >>> how.renamed("jet2ID"), how.renamed("jet21ID"), how.renamed("met")
        ('jetID', 'jet21ID', 'met')
    """
    example = 'unroll={"jet": ["jet1", "jet2"]}'
    if not isinstance(asked, Mapping) or not asked:
        raise InputError(f"unroll={asked!r}: new prefix to prefixes of columns is expected, as {example}")
    for new, prefixes in asked.items():
        if (
            not isinstance(new, str)
            or not isinstance(prefixes, list | tuple)
            or not all(isinstance(prefix, str) and prefix for prefix in prefixes)
            or len(set(prefixes)) < max(2, len(prefixes))
        ):
            raise InputError(
                f"unroll: {new!r}: {prefixes!r}: two different prefixes or more are expected, as {example}"
            )
    numbers = {new: len(prefixes) for new, prefixes in asked.items()}
    if len(set(numbers.values())) > 1:
        raise InputError(
            f"unroll has {numbers} prefixes: each row takes one of each, so the lists must be equally long"
        )
    all_prefixes = [prefix for prefixes in asked.values() for prefix in prefixes]
    if twice := [prefix for prefix in all_prefixes if all_prefixes.count(prefix) > 1]:
        raise InputError(f"unroll names the prefix {twice[0]!r} twice: a column goes to one place")
    patterns = () if isinstance(exclude, str) else tuple(exclude)
    how = Unrolling({new: tuple(prefixes) for new, prefixes in asked.items()}, patterns)
    noted = r.from_notes(table.notes, {**table.columns, **table.derived})
    group = group or (how.renamed(noted.group) if noted is not None and noted.group is not None else None)
    if group is not None:
        return how, group
    names = (*table.columns, *table.derived, *table.ragged, *table.unreadable)
    event = free_name("event", {how.renamed(name): None for name in names})
    return replace(how, event=event), event


@final
class Unrolled(Table):
    """A table whose rows are the objects of the events of another; what has no prefix is repeated for each.

    The rows of one event follow each other, in the order of the prefixes.

    Args:
        table: The table of events.
        how: What to do.

    Raises:
        InputError: When no column has a prefix, the objects have different columns, or a name would exist twice.
    """

    def __init__(self, table: Table, how: Unrolling) -> None:
        self._table, self._how = table, how
        self.name, self.fault, self.lasting = table.name, table.fault, table.lasting
        self.rows = None if table.rows is None else table.rows * how.count
        self._parts, absent = _parts(table, how)
        types = {**table.columns, **table.derived}
        self.columns, self.derived, ragged = {}, {}, {}
        for new, parts in self._parts.items():
            if all(part in types for part in parts):
                home = self.columns if all(part in table.columns for part in parts) else self.derived
                home[new] = _one_type(new, {part: types[part] for part in parts}, table.name)
            elif all(part in table.ragged for part in parts):
                ragged[new] = _one_record(new, {part: table.ragged[part] for part in parts}, table.name)
            else:
                lists = [part for part in parts if part in table.ragged]
                raise InputError(
                    f"{table.name}: unroll makes {new!r} of {listed(parts)}, but {listed(lists)} is ragged and the "
                    "others are not"
                )
        if how.event is not None:
            self.columns[how.event] = np.dtype(np.int64)
        self.ragged = ragged
        self.unreadable = {how.renamed(name): why for name, why in table.unreadable.items()} | absent
        self.remarks = {how.renamed(name): remark for name, remark in table.remarks.items()}
        self.notes = _notes(table, how)

    def batches(
        self, columns: Sequence[str], ragged: Sequence[str], rows: int | None, stop: int | None
    ) -> Iterator[Batch]:
        """The columns named, piece by piece."""
        count = self._how.count
        own = self._of(name for name in columns if name != self._how.event)
        lists = self._of(ragged)
        if not own and not lists:
            own = list(self._table.columns)[:1]  # the length must come from somewhere
        size = max(1, (rows or _ROWS * count) // count)
        last = None if stop is None else -(-stop // count)
        done = 0
        for batch in self._table.batches(own, lists, size, last):
            length = batch.length * count
            made = {}
            for name in columns:
                if name == self._how.event:
                    made[name] = np.repeat(np.arange(done // count, done // count + batch.length), count)
                else:  # each column of the file is let go as soon as its values are copied
                    made[name] = _interleaved([batch.columns.pop(part) for part in self._parts[name]], count)
            clouds = {
                name: _interleaved_lists([batch.ragged.pop(part) for part in self._parts[name]], count)
                for name in ragged
            }
            if stop is not None and done + length > stop:
                length = stop - done
                made = {name: values[:length] for name, values in made.items()}
                clouds = {name: cloud.slice(0, length) for name, cloud in clouds.items()}
            done += length
            yield Batch(made, clouds, length)

    def _of(self, names: Iterable[str]) -> list[str]:
        """The columns of the file that these are made of."""
        return [part for name in names for part in self._parts[name]]

    def close(self) -> None:
        """Close the file."""
        self._table.close()


def _parts(table: Table, how: Unrolling) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """Each new name to the columns that it is made of, and why some columns go to none."""
    names = [*table.columns, *table.derived, *table.ragged]
    found: dict[str, dict[int, str]] = {}
    seen: set[tuple[str, int]] = set()
    for name in names:
        place = how.place(name)
        if place is not None:
            found.setdefault(place[0] + place[2], {})[place[1]] = name
            seen.add(place[:2])
    for new, prefixes in how.prefixes.items():
        for j, prefix in enumerate(prefixes):
            if (new, j) not in seen:
                starts = dict.fromkeys(name[: len(prefix)] for name in names)
                raise InputError(
                    f"{table.name}: no column starts with {prefix!r} of unroll: {nearest(prefix, starts)}"
                )
    absent: dict[str, str] = {}
    for new, parts in list(found.items()):
        lacking = [j for j in range(how.count) if j not in parts]
        if not lacking:
            continue
        if not all(any(fnmatch.fnmatchcase(part, one) for one in how.exclude) for part in parts.values()):
            there, rest = next((name, place[2]) for name in parts.values() if (place := how.place(name)) is not None)
            start = next(start for start in how.prefixes if new == start + rest)
            wanted = [how.prefixes[start][j] + rest for j in lacking]
            raise InputError(
                f"{table.name}: unroll needs the same columns for each of {listed(how.prefixes[start])}: there is "
                f"{there!r}, but {listed(wanted)} is missing; leave it out with exclude={list(parts.values())!r}"
            )
        absent |= dict.fromkeys(parts.values(), "it is excluded, and not there for every object")
        del found[new]
    repeated = [name for name in names if how.place(name) is None]
    if both := [name for name in repeated if name in found]:
        raise InputError(
            f"{table.name}: unroll makes {both[0]!r} of {listed(list(found[both[0]].values()))}, but there is "
            "a column of that name already: choose another new prefix"
        )
    made = {new: tuple(parts[j] for j in range(how.count)) for new, parts in found.items()}
    order = dict.fromkeys(how.renamed(name) for name in names if name not in absent)
    return {name: made.get(name, (name,)) for name in order}, absent


def _one_type(new: str, types: Mapping[str, np.dtype[Any]], where: str) -> np.dtype[Any]:
    """The type that holds the values of all parts of a column."""
    numbers = {is_number(dtype) for dtype in types.values()}
    if len(numbers) > 1:
        shown = ", ".join(f"{name!r} is {dtype}" for name, dtype in types.items())
        raise InputError(f"{where}: unroll makes {new!r} of text and numbers: {shown}")
    return np.result_type(*types.values()) if numbers == {True} else next(iter(types.values()))


def _one_record(new: str, fields: Mapping[str, tuple[str, ...]], where: str) -> tuple[str, ...]:
    """The fields of the lists, which must be those of each part."""
    if len(set(fields.values())) > 1:
        raise InputError(f"{where}: unroll makes {new!r} of lists with different fields: {dict(fields)}")
    return next(iter(fields.values()))


def _interleaved(parts: Sequence[Array], count: int) -> Array:
    """Values of the objects of each event, (n * count,), event by event; a single part is repeated."""
    if len(parts) == 1:
        return np.repeat(parts[0], count)
    values = np.empty((len(parts[0]), count), dtype=np.result_type(*parts))
    for j, part in enumerate(parts):
        values[:, j] = part
    return values.reshape(-1)


def _interleaved_lists(parts: Sequence[Cloud], count: int) -> Cloud:
    """The same for lists."""
    if len(parts) == 1:
        return parts[0].take(np.repeat(np.arange(len(parts[0])), count))
    offsets = offsets_of(_interleaved([part.counts for part in parts], count))
    fields = {
        name: np.empty(offsets[-1], dtype=np.result_type(*(part[name] for part in parts))) for name in parts[0].fields
    }
    for j, part in enumerate(parts):
        to = np.repeat(offsets[j:-1:count] - part.offsets[:-1], part.counts) + np.arange(part.offsets[-1])
        for name, values in fields.items():
            values[to] = part[name]
    return Cloud(offsets, fields)


def _notes(table: Table, how: Unrolling) -> Any:
    """What `Events.write` left in the file, with the names after unrolling."""
    kept = r.from_notes(table.notes, {**table.columns, **table.derived})
    if kept is None:
        return table.notes
    notes = _renamed(kept, how.renamed, table.name).notes()
    columns, clouds = table.notes.get("columns"), table.notes.get("clouds")
    if isinstance(columns, list):
        notes["columns"] = list(dict.fromkeys(how.renamed(str(name)) for name in columns))
    if isinstance(clouds, dict):
        notes["clouds"] = {how.renamed(str(name)): fields for name, fields in clouds.items()}
    return notes


def _renamed(roles: Roles, new: Callable[[str], str], where: str) -> Roles:
    """The roles with the names after unrolling.

    Raises:
        InputError: When the objects have different units, or a variation shifts them differently.
    """

    def several(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(map(new, names)))

    def mapped(entries: Mapping[str, str], what: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, value in entries.items():
            if found.setdefault(new(name), value) != value:
                raise InputError(
                    f"{where}: unroll makes {new(name)!r} of columns whose {what} differ: {found[new(name)]!r} and "
                    f"{value!r}; bring them to one first"
                )
        return found

    def shifted(name: str, shift: Shift) -> Shift:
        columns = {base: new(moved) for base, moved in shift.columns.items()}
        return Shift(mapped(columns, f"columns in the variation {name!r}"), shift.weight and new(shift.weight))

    sentinels: dict[str, tuple[float, ...]] = {}
    for name, values in roles.sentinels.items():
        sentinels[new(name)] = r.distinct((*sentinels.get(new(name), ()), *values))
    return Roles(
        features=several(roles.features),
        target=r.as_target(several(roles.targets)),
        weight=roles.weight and new(roles.weight),
        group=roles.group and new(roles.group),
        units=mapped(roles.units, "units"),
        variations={name: shifted(name, shift) for name, shift in roles.variations.items()},
        may_miss=several(roles.may_miss),
        sentinels=sentinels,
    )
