"""Tables read piece by piece: labelled, missing values declared, cut, weights scaled."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lawful.data import columns as col
from lawful.data.clouds import Cloud, merged
from lawful.data.grouping import Grouping
from lawful.data.plan import Plan
from lawful.data.preparing import Reading, opened

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


def raw_pieces(reading: Reading, i: int, rows: int | None) -> Iterator[Piece]:
    """The events of one table, piece by piece: labelled, missing values declared, cut, weights normalised."""
    source, made, stop = reading.sources[i], reading.plan, reading.stops[i]
    if stop == 0:
        return
    wanted = (*made.columns, *made.cut_columns)
    with opened(source, reading.tables[i], reading.layers) as table:
        some = wanted or (() if made.ragged else tuple(table.columns)[:1])  # the length must come from somewhere
        for columns, ragged, length in table.batches(some, made.ragged, rows, stop):
            col.same_length({**columns, **ragged}, length, of=table.name)
            if made.label is not None:
                columns[made.label] = np.full(length, source.label)
            col.declare_missing(columns, reading.missing)
            clouds = {name: _cloud(name, parts, ragged) for name, parts in made.clouds.items()}
            piece = _cut(made, Piece(columns, clouds, length))
            _scale(reading, i, piece.columns, piece.length)
            more = (n for n in (made.label, reading.roles.weight) if n is not None and n in piece.columns)
            keep = (*made.columns, *more)
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


def _scale(reading: Reading, i: int, columns: dict[str, Array], length: int) -> None:
    """Multiply the weights of a piece, and those of the variations, by the factors of its table."""
    factor = reading.factors[i]
    if factor is None:
        return
    roles = reading.roles
    assert roles.weight is not None
    if isinstance(factor, Mapping):
        labels, codes = np.unique(columns[roles.targets[0]], return_inverse=True)
        scale: Any = np.asarray([factor[label] for label in labels.tolist()])[codes]
    else:
        scale = factor
    before = columns.get(roles.weight) if reading.plan.roles.weight is not None else None
    columns[roles.weight] = (np.ones(length) if before is None else before.astype(np.float64)) * scale
    for name in {shift.weight for shift in roles.variations.values()} - {None, roles.weight}:
        columns[str(name)] = columns[str(name)].astype(np.float64) * scale
