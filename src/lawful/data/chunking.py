"""Reading piece by piece, so that a file may be larger than memory."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lawful.data import columns as col
from lawful.data.events import Events
from lawful.data.grouping import CloudSpec
from lawful.data.normalising import normalised
from lawful.data.pieces import Piece, raw_pieces
from lawful.data.plan import Request
from lawful.data.preparing import Reading, prepare
from lawful.data.sources import Paths, Trees
from lawful.errors import InputError


def made_events(reading: Reading, piece: Piece, paths: tuple[Path, ...], known: set[str]) -> Events:
    """Events from columns that were read, after the checks.

    Args:
        reading: What was asked for.
        piece: The columns.
        paths: Where they came from.
        known: Columns that have been warned about; grows.
    """
    roles = reading.roles
    fixed = roles.fixed
    inputs = dict.fromkeys([*roles.features, *roles.shifted, *fixed])
    col.finite(
        {name: piece.columns[name] for name in inputs}, may_miss=set(roles.may_miss) - set(fixed), where=reading.where
    )
    texts = [name for name in fixed if name != roles.weight]
    col.no_empty_text({name: piece.columns[name] for name in texts}, where=reading.where)
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
    target: str | Sequence[str] | None = None,
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
    takes a pass over the weights before the first piece. The weights of a piece may sum to zero or less, as those of
    any part of a set of events may.

    Args:
        path: As for `read`.
        rows: The most events of a piece; pieces that a cut leaves empty are passed over.
        tree: As for `read`, like all that follow.
        target: Name of the target column, or a list of several.
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
    return _chunks(normalised(prepare(path, tree, request, most_rows)), rows)


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
