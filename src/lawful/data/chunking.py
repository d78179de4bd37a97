"""Reading piece by piece, so that a file may be larger than memory."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lawful.data import columns as col
from lawful.data.clouds import Cloud, merged
from lawful.data.events import Events
from lawful.data.formats import Table, faults, format_of
from lawful.data.grouping import CloudSpec, Grouping
from lawful.data.names import listed
from lawful.data.plan import Plan, Request, plan, same_columns
from lawful.data.roles import Roles
from lawful.data.sources import Paths, Source, Trees, sources
from lawful.errors import InputError

Array = npt.NDArray[Any]


class Piece(NamedTuple):
    """Some events of one table, after the cut.

    Attributes:
        columns: Name to (n,) values.
        clouds: Name to cloud.
        length: n.
    """

    columns: dict[str, Array]
    clouds: dict[str, Cloud]
    length: int


@dataclass(frozen=True)
class Reading:
    """Everything that must be known before the first event is read.

    Attributes:
        sources: The tables.
        request: What the user asked for.
        plan: What to read from each table.
        roles: What the columns are for, with what is declared missing and the weight that normalising makes.
        rows: How many rows will be read of each table; None where only reading tells.
        stops: How many rows to read of each table; None for all.
        factors: Normalising factors for the events of each table: one number, or class to number.
    """

    sources: tuple[Source, ...]
    request: Request
    plan: Plan
    roles: Roles
    rows: tuple[int | None, ...]
    stops: tuple[int | None, ...]
    factors: tuple[Mapping[Any, float] | float | None, ...]

    @property
    def where(self) -> str:
        """What errors call the data."""
        return str(self.sources[0].path) if len(self.sources) == 1 else f"{self.sources[0].path} and others"


def opened(source: Source) -> "closing[Table]":
    """The table of a source, to be closed at the end of a `with` block."""
    one = format_of(source.path)
    with faults(source.path, one.name):
        return closing(one.open(source.path, source.tree))


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
    with opened(found[0]) as first:
        made = plan(request, first, labelled=labelled)
        rows = [first.rows]
        for source in found[1:]:
            with opened(source) as other:
                same_columns(made, request, first, other)
                rows.append(other.rows)
        declared = _may_miss(request, first, made)
    if all(count == 0 for count in rows):
        raise InputError(f"{found[0].path} holds no events: the table has 0 rows")
    roles = replace(made.roles, may_miss=tuple(dict.fromkeys((*made.roles.may_miss, *declared))))
    made = replace(made, roles=roles)
    if request.normalise is not None and roles.weight is None:
        taken = {*made.columns, *made.clouds, made.label}
        roles = replace(roles, weight=next(n for n in _weight_names() if n not in taken))
    stops = _stops(found, rows, most_rows)
    will = tuple(count if stop is None or count is None else stop for count, stop in zip(rows, stops, strict=True))
    reading = Reading(found, request, made, roles, will, stops, (None,) * len(found))
    return reading if request.normalise is None else replace(reading, factors=_factors(reading))


def _weight_names() -> Iterator[str]:
    name = "weight"
    while True:
        yield name
        name += "_"


def _may_miss(request: Request, table: Table, made: Plan) -> tuple[str, ...]:
    """The columns in which missing values are declared."""
    types = {**table.columns, **table.derived}
    empty = {name: np.empty(0, dtype=types[name]) for name in made.columns}
    return tuple(col.missing_values(request.missing, empty, among=_may_be_missing(made), where=table.name))


def _may_be_missing(made: Plan) -> set[str]:
    roles = made.roles
    fixed = {roles.target, roles.weight, roles.group, *(shift.weight for shift in roles.variations.values())}
    return set(made.columns) - {name for name in fixed if name is not None}


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


def raw_pieces(reading: Reading, i: int, rows: int | None) -> Iterator[Piece]:
    """The events of one table, piece by piece: labelled, missing values declared, weights normalised, cut."""
    source, made, stop = reading.sources[i], reading.plan, reading.stops[i]
    if stop == 0:
        return
    wanted = (*made.columns, *made.cut_columns)
    among = _may_be_missing(made)
    with opened(source) as table:
        some = wanted or (() if made.ragged else tuple(table.columns)[:1])  # the length must come from somewhere
        for columns, ragged, length in table.batches(some, made.ragged, rows, stop):
            if made.label is not None:
                columns[made.label] = np.full(length, source.label)
            if reading.request.missing is not None:
                col.declare_missing(columns, reading.request.missing, among=among, where=table.name)
            clouds = {name: _cloud(name, parts, ragged) for name, parts in made.clouds.items()}
            _normalise(reading, i, columns, length)
            piece = _cut(made, Piece(columns, clouds, length))
            keep = (*made.columns, *(n for n in (made.label, reading.roles.weight) if n in columns and n is not None))
            yield piece._replace(columns={name: piece.columns[name] for name in dict.fromkeys(keep)})


def _cloud(name: str, parts: Grouping, ragged: Mapping[str, Cloud]) -> Cloud:
    """The cloud that some ragged columns make."""
    fields = {
        new: Cloud(ragged[column].offsets, {new: ragged[column][old]})
        for column, names in parts
        for old, new in names.items()
    }
    return merged(fields, name=name)


def _cut(made: Plan, piece: Piece) -> Piece:
    if made.cut is None:
        return piece
    counts = {name: cloud.counts for name, cloud in piece.clouds.items()}
    passed = made.cut(piece.columns, piece.length, counts)
    if passed.all():
        return piece
    index = np.flatnonzero(passed)
    columns = {name: values[index] for name, values in piece.columns.items()}
    return Piece(columns, {name: cloud.take(index) for name, cloud in piece.clouds.items()}, len(index))


# ---- normalising


def _factors(reading: Reading) -> tuple[Mapping[Any, float] | float, ...]:
    """The factors that give the weights the sums asked for; takes one pass over weights and labels."""
    wanted = reading.request.normalise
    made = reading.plan
    keys = _keys(wanted)
    needed = [made.roles.weight] + ([made.roles.target] if keys and made.label is None else [])
    columns = tuple(name for name in needed if name is not None)
    only = replace(
        made,
        columns=columns,
        cut_columns=(),
        clouds={},
        cut=None,
    )
    first_pass = replace(
        reading, plan=only, roles=made.roles, request=replace(reading.request, normalise=None, missing=None)
    )
    sums: dict[Any, float] = dict.fromkeys(keys or [None], 0.0)
    seen: dict[Any, int] = {}
    for i, source in enumerate(reading.sources):
        fixed = _key_of(source, keys)
        for piece in raw_pieces(first_pass, i, None):
            weight = piece.columns[made.roles.weight] if made.roles.weight is not None else np.ones(piece.length)
            col.finite({str(made.roles.weight): weight}, where=str(source.path))
            if not keys or fixed is not None:
                sums[fixed] += float(weight.sum(dtype=np.float64))
                seen[fixed] = seen.get(fixed, 0) + piece.length
                continue
            if made.roles.target is None:
                raise InputError(f"normalise names {listed(keys)}, but there is no target to tell the events apart")
            labels, codes = np.unique(piece.columns[made.roles.target], return_inverse=True)
            for label, total, count in zip(
                labels.tolist(), np.bincount(codes, weights=weight), np.bincount(codes), strict=True
            ):
                if label not in sums:
                    raise InputError(f"normalise names {listed(keys)}, but there are also events of class {label!r}")
                sums[label] += float(total)
                seen[label] = seen.get(label, 0) + int(count)
    for key in sums:
        if not seen.get(key):
            raise InputError(f"normalise names {key!r}, but no events have this label, tree or file")
        if not sums[key] > 0:
            which = "" if key is None else f" of {key!r}"
            raise InputError(f"weights{which} sum to {sums[key]:g}: only a positive sum can be normalised")
    if not isinstance(wanted, Mapping):
        return (float(wanted or 0) / sums[None],) * len(reading.sources)
    factors = {key: float(value) / sums[key] for key, value in wanted.items()}
    fixed_keys = [_key_of(source, keys) for source in reading.sources]
    return tuple(factors if key is None else factors[key] for key in fixed_keys)


def _keys(wanted: float | Mapping[Any, float] | None) -> list[Any]:
    values = wanted.values() if isinstance(wanted, Mapping) else [wanted]
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 < value < math.inf:
            raise InputError(f"normalise={wanted!r}: positive numbers are expected (luminosity times cross section)")
    return list(wanted) if isinstance(wanted, Mapping) else []


def _key_of(source: Source, keys: Sequence[Any]) -> Any:
    """The key of `normalise` that speaks of all events of a table: its label, tree, path or file name."""
    for key in keys:
        if (source.label is not None and key == source.label) or key in (source.tree, source.given, source.path.name):
            return key
    if source.label is not None and keys:
        raise InputError(f"normalise names {listed(keys)}, but there are also events of {source.label!r}")
    return None


def _normalise(reading: Reading, i: int, columns: dict[str, Array], length: int) -> None:
    """Multiply the weights of a piece, and those of the variations, by the factors of its table."""
    factor = reading.factors[i]
    if factor is None:
        return
    roles = reading.roles
    assert roles.weight is not None
    if isinstance(factor, Mapping):
        labels, codes = np.unique(columns[str(roles.target)], return_inverse=True)
        scale: Any = np.asarray([factor[label] for label in labels.tolist()])[codes]
    else:
        scale = factor
    before = columns.get(roles.weight) if reading.plan.roles.weight is not None else None
    columns[roles.weight] = (np.ones(length) if before is None else before.astype(np.float64)) * scale
    for name in {shift.weight for shift in roles.variations.values()} - {None, roles.weight}:
        columns[str(name)] = columns[str(name)].astype(np.float64) * scale


# ---- the front door


def made_events(reading: Reading, piece: Piece, paths: tuple[Path, ...], known: set[str]) -> Events:
    """Events from columns that were read, after the checks.

    Args:
        reading: What was asked for.
        piece: The columns.
        paths: Where they came from.
        known: Columns that have been warned about; grows.
    """
    roles = reading.roles
    fixed = [name for name in (roles.target, roles.weight, roles.group) if name is not None]
    inputs = dict.fromkeys([*roles.features, *roles.shifted, *fixed])
    col.finite(
        {name: piece.columns[name] for name in inputs}, may_miss=set(roles.may_miss) - set(fixed), where=reading.where
    )
    features = {name: piece.columns[name] for name in inputs if name not in fixed}
    found = col.suspects(features, known | set(_told(reading.request.missing, features)))
    col.warn_of_suspects(found, piece.length, where=reading.where)
    known.update(found)
    return Events._make(piece.columns, piece.clouds, roles, paths, piece.length)


def _told(missing: col.Missing, columns: Mapping[str, Any]) -> set[str]:
    """Columns for which the user has said what is missing, be it nothing."""
    if missing is None:
        return set()
    return set(missing) if isinstance(missing, Mapping) and missing else set(columns)


def chunks(
    path: Paths,
    rows: int = 200_000,
    *,
    tree: Trees = None,
    target: str | None = None,
    weight: str | None = None,
    features: Sequence[str] | None = None,
    exclude: Sequence[str] = (),
    extras: Sequence[str] = (),
    units: Mapping[str, str] | None = None,
    variations: Mapping[str, str | Mapping[str, str]] | None = None,
    clouds: CloudSpec = None,
    select: str | None = None,
    missing: col.Missing = None,
    normalise: float | Mapping[Any, float] | None = None,
    group: str | None = None,
    most_rows: int | None = None,
) -> Iterator[Events]:
    """The events of files piece by piece, so that the files may be larger than memory.

    ROOT, Parquet, CSV and HDF5 files are read as the pieces are asked for; an NPZ file is read whole. `normalise`
    takes a pass over the weights before the first piece.

    Args:
        path: As for `read`.
        rows: The most events of a piece; pieces that a cut leaves empty are passed over.
        tree: As for `read`, like all that follow.
        target: Name of the target column.
        weight: Name of the weight column.
        features: Names of the features.
        exclude: Columns to leave out.
        extras: Further columns to keep.
        units: Column to unit.
        variations: Systematic variations.
        clouds: Which clouds, and what belongs to them.
        select: A cut string.
        missing: What stands for 'not measured'.
        normalise: What the weights shall sum to.
        group: Name of the group column.
        most_rows: The most rows to read.

    Returns:
        An iterator over `Events`.

    Raises:
        InputError: As `read`; faults in the call and the files' columns at once, faults in the values when they are
            reached.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Events({"pt": range(10)}).write(f"{folder}/jets.parquet")
        ...     [len(piece) for piece in chunks(f"{folder}/jets.parquet", rows=4)]
        [4, 4, 2]
    """
    if not isinstance(rows, int) or isinstance(rows, bool) or rows < 1:
        raise InputError(f"rows={rows!r}: a positive whole number is expected")
    request = Request(
        target=target,
        weight=weight,
        features=features,
        exclude=exclude,
        extras=extras,
        units=units,
        variations=variations,
        clouds=clouds,
        select=select,
        missing=missing,
        normalise=normalise,
        group=group,
    )
    return _chunks(prepare(path, tree, request, most_rows), rows)


def _chunks(reading: Reading, rows: int) -> Iterator[Events]:
    known: set[str] = set()
    empty = True
    for i, source in enumerate(reading.sources):
        for piece in raw_pieces(reading, i, rows):
            if piece.length:
                empty = False
                yield made_events(reading, piece, (source.path,), known)
    if empty:
        raise InputError(none_left(reading))


def none_left(reading: Reading) -> str:
    """What to say when no event was read."""
    if reading.plan.cut is None:
        return f"{reading.where} holds no events"
    return f"{reading.where}: no event passes select={reading.plan.cut.text!r}; check its names and units"
