"""What must be known before the first event is read: the files, their columns, what to read of each."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from lawful.data import columns as col
from lawful.data.defining import Defined, definitions
from lawful.data.formats import Table, faults, format_of
from lawful.data.plan import Plan, Request, plan, same_columns
from lawful.data.roles import Roles, inherited, with_missing
from lawful.data.sources import Paths, Source, Trees, sources
from lawful.data.unrolling import Unrolled, unrolling
from lawful.errors import InputError

Layer = Callable[[Table], Table]  # a table with other rows or further columns, made of a table


@dataclass(frozen=True)
class Reading:
    """Everything that must be known before the first event is read.

    Attributes:
        sources: The tables.
        request: What the user asked for.
        plan: What to read from each table.
        roles: What the columns are for, with what is declared missing and the weight that normalising makes.
        missing: Which values mean missing in which column.
        rows: How many rows will be read of each table; None where only reading tells.
        stops: How many rows to read of each table; None for all.
        row_bytes: Memory that one event's columns of numbers take.
        factors: Normalising factors for the events of each table: one number, or class to number.
        tables: Those that can be read after they were closed; None for those that must be opened again.
        layers: What is made of each table after it was opened, in this order.
        numbered: The column that numbers the events of each table from zero, where unrolling makes one.
    """

    sources: tuple[Source, ...]
    request: Request
    plan: Plan
    roles: Roles
    missing: Mapping[str, tuple[float, ...]]
    rows: tuple[int | None, ...]
    stops: tuple[int | None, ...]
    row_bytes: int
    factors: tuple[Mapping[Any, float] | float | None, ...]
    tables: tuple[Table | None, ...]
    layers: tuple[Layer, ...] = ()
    numbered: str | None = None

    @property
    def where(self) -> str:
        """What errors call the data."""
        return str(self.sources[0].path) if len(self.sources) == 1 else f"{self.sources[0].path} and others"


def opened(source: Source, known: Table | None = None, layers: Sequence[Layer] = ()) -> "closing[Table]":
    """The table of a source, to be closed at the end of a `with` block; `known` where it lasts, with its layers."""
    if known is not None:
        return closing(known)
    one = format_of(source.path)
    with faults(source.path, one.name):
        table = one.open(source.path, source.tree)
    return closing(_layered(table, layers))


def _layered(table: Table, layers: Sequence[Layer]) -> Table:
    for layer in layers:
        table = layer(table)
    return table


def _layers(table: Table, request: Request) -> tuple[tuple[Layer, ...], str | None, Request]:
    """What is made of each table, worked out on the first; a new column that numbers events; the request then."""
    layers: list[Layer] = []
    numbered = None
    if request.unroll is not None:
        how, group = unrolling(request.unroll, table, exclude=request.exclude, group=request.group)
        request, numbered = replace(request, group=group), how.event
        layers.append(partial(Unrolled, how=how))
        table = layers[-1](table)
    if request.define is not None:
        new, request = definitions(request.define, table, request)
        layers.append(partial(Defined, new=new))
    return tuple(layers), numbered, request


def prepare(path: Paths, tree: Trees, request: Request, most_rows: int | None) -> Reading:
    """Find the files, compare their columns, and work out what to read.

    Raises:
        InputError: As `read`.
    """
    found = sources(path, tree)
    labels = [source.label for source in found]
    labelled = any(label is not None for label in labels)
    if labelled and len({isinstance(label, str) for label in labels}) > 1:
        raise InputError(f"labels {labels} mix text and numbers: use one of them")
    tables = []
    for source in found:
        with opened(source) as table:
            tables.append(table)
    _look_at_faults(tables, request)
    layers, numbered, request = _layers(tables[0], request)
    tables = [_layered(table, layers) for table in tables]
    first, *others = tables
    made = plan(request, first, others, labelled=labelled)
    for other in others:
        same_columns(made, request, first, other)
    _warn_of_remarks(first, made, request)
    missing = _missing(request, first, made)
    rows = [table.rows for table in tables]
    if all(count == 0 for count in rows):
        raise InputError(f"{found[0].path} holds no events: the table has 0 rows")
    roles = with_missing(made.roles, {name: values for name, values in missing.items() if name in made.columns})
    made = replace(made, roles=roles)
    if request.normalise is not None and roles.weight is None:
        taken = {*made.columns, *made.clouds, made.label}
        roles = replace(roles, weight=next(n for n in _weight_names() if n not in taken))
    stops = _stops(found, rows, most_rows)
    will = tuple(count if stop is None or count is None else stop for count, stop in zip(rows, stops, strict=True))
    types = {**first.columns, **first.derived}
    row_bytes = sum(types[name].itemsize for name in made.columns)
    lasting = tuple(table if table.lasting else None for table in tables)
    return Reading(
        found, request, made, roles, missing, will, stops, row_bytes, (None,) * len(found), lasting, layers, numbered
    )


def _look_at_faults(tables: Sequence[Table], request: Request) -> None:
    """Raise `InputError` where the roles of a file were lost and none are named, and warn where some are."""
    named = request.target is not None or request.features is not None
    for table in tables:
        if table.fault and not named:
            raise InputError(
                f"{table.name}: {table.fault}. Write the events again, or remove that file and name the roles with "
                "target= or features="
            )
        if table.fault:
            warnings.warn(f"{table.name}: {table.fault}. It is left out", UserWarning, stacklevel=4)


def _warn_of_remarks(table: Table, made: Plan, request: Request) -> None:
    """Warn of columns of text that would be features if they held the numbers that they seem to hold."""
    roles = made.roles
    told = {*roles.fixed, *roles.shifted, *made.excluded, *request.extras}
    if request.features is None:
        for name in [name for name in table.remarks if name in made.columns and name not in told]:
            warnings.warn(
                f"{table.name}: column {name!r} is text and no feature: {table.remarks[name]}. "
                f"Pass exclude=[{name!r}] or extras=[{name!r}] if that is meant",
                UserWarning,
                stacklevel=4,
            )


def _weight_names() -> Iterator[str]:
    name = "weight"
    while True:
        yield name
        name += "_"


def _missing(request: Request, table: Table, made: Plan) -> dict[str, tuple[float, ...]]:
    """Which values mean missing in which column; a bare value speaks of all but target, weights and group."""
    roles = made.roles
    fixed = {*roles.fixed, *(shift.weight for shift in roles.variations.values())}
    among = {*made.columns, *made.cut_columns} - fixed
    types = {**table.columns, **table.derived}
    return inherited(col.missing_values(request.missing, types, among=among, where=table.name), roles.variations)


def _stops(found: Sequence[Source], rows: Sequence[int | None], most: int | None) -> tuple[int | None, ...]:
    """How many rows to read of each table, so that each label has its share of `most`."""
    if most is None:
        return (None,) * len(found)
    if not isinstance(most, int) or isinstance(most, bool) or most < 1:
        raise InputError(f"most_rows={most!r}: a positive whole number is expected")
    kinds = list(dict.fromkeys((source.tree, source.label) for source in found))
    left = {kind: most // len(kinds) + (i < most % len(kinds)) for i, kind in enumerate(kinds)}
    stops = []
    for source, count in zip(found, rows, strict=True):
        kind = (source.tree, source.label)
        stop = left[kind] if count is None else min(count, left[kind])
        left[kind] -= stop
        stops.append(stop)
    return tuple(stops)
