"""The front door: events from files of every format."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lawful.data import columns as col
from lawful.data import memory
from lawful.data.chunking import made_events, none_left
from lawful.data.clouds import Cloud, joined
from lawful.data.columns import Missing
from lawful.data.events import Events
from lawful.data.grouping import CloudSpec
from lawful.data.normalising import normalised
from lawful.data.pieces import Piece, raw_pieces
from lawful.data.plan import Request
from lawful.data.preparing import Reading, prepare
from lawful.data.sources import Paths, Trees
from lawful.errors import InputError

Array = npt.NDArray[Any]

_ROWS = 200_000  # of a piece when a cut throws part of it away


def read(
    path: Paths,
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
    missing: Missing = None,
    normalise: float | Mapping[Any, float] | None = None,
    group: str | None = None,
    unroll: Mapping[str, Sequence[str]] | None = None,
    define: Mapping[str, str] | None = None,
    most_rows: int | None = None,
) -> Events:
    """Which events do these files hold?

    A file that `Events.write` made needs no further argument: roles, units, variations and clouds stand in it, and
    what is said here goes before. In other files every column of numbers without a role is a feature; columns of
    text are kept as further columns; ragged columns become clouds.

    Args:
        path: A .root, .parquet, .csv, .h5 or .npz file, `file.root:tree`, a list or glob of them that have the
            same columns, or a mapping of path to label.
        tree: The tree of a ROOT file or group of an HDF5 file, where there are several; or a mapping of tree to label
            (number or text), which becomes the target column.
        target: Name of the target column, or a list of several numbers to be predicted; of the new column where trees
            or files are labelled (`label` when absent).
        weight: Name of the column of event weights, of either sign.
        features: Names of the features, in order; `*` and `?` stand for several.
        exclude: Columns and clouds to leave out, by name or pattern.
        extras: Further columns to keep that are no features.
        units: Column (or `cloud.field`) to unit.
        variations: Name of a systematic variation to a weight column, or to a mapping of column to what takes its
            place. Such columns are no features.
        clouds: The names of the clouds to read, or a mapping of cloud to what belongs to it: a list of ragged
            columns, or field to ragged column. When absent, records are clouds of their own, and lists of numbers are
            put together by what stands before the last `_` of their names.
        select: A cut, as in "pt > 30 and abs(eta) < 2.5"; `lawful.data.cuts.parse` tells the language. It sees the
            values of the file, weights before `normalise`, with declared missing values as NaN.
        missing: What stands for 'not measured', as in -999: a value, several, or column to them. Becomes NaN.
        normalise: What the weights of all events shall sum to before the cut, luminosity times cross section; or a
            mapping of label, tree or file to it. The factor is this number over the sum of the weights that the file
            holds; it multiplies the weights, and those of variations, of the events that pass the cut.
        group: Name of a column: events with the same value (an event number) stay in one part of a split.
        unroll: Objects of an event that shall be events of their own: `{"jet": ["jet1", "jet2"]}` makes two rows of
            each, with the columns `jet_pt` of `jet1_pt` and `jet2_pt`, and so on; clouds too. Other columns, and
            weights, are repeated. All other arguments speak of the rows and names after that. Without a `group`, a
            column `event` that numbers the events is made the group, so that no event is on both sides of a split.
        define: New columns from formulas in the language of cuts, as in {"log_pt": "log(jet_pt)", "quark":
            "abs(jet_id) < 7"}; conditions are 1 or 0, also 0 where a value is missing. A formula may use those before
            it. Where a variation shifts what a formula uses, it shifts the new column too.
        most_rows: The most rows to read, from the start of each tree, label by label alike.

    Returns:
        `Events`.

    Raises:
        InputError: When a file is missing, empty, truncated or something else; a tree or column does not exist (the
            nearest are named); files do not agree; a feature, target or weight holds NaN or infinite values that are
            not declared missing; weights sum to zero or less; or no event is left.

    Warns:
        UserWarning: When a column seems to hold undeclared sentinels such as -999.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Events({"pt": [20.0, 40.0, 60.0]}, units={"pt": "GeV"}).write(f"{folder}/a.root")
        ...     events = read(f"{folder}/a.root", select="pt > 30")
        >>> events["pt"].tolist(), dict(events.units)
        ([40.0, 60.0], {'pt': 'GeV'})
    """
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
        unroll=unroll,
        define=define,
    )
    reading = normalised(prepare(path, tree, request, most_rows))
    _fits(reading)
    rows = None if select is None else _ROWS
    parts: list[Piece] = []
    first = 0  # number of the first event of a table
    for i in range(len(reading.sources)):
        whole = _gathered(raw_pieces(reading, i, rows), reading.rows[i] if select is None else None)
        if reading.numbered is not None and whole.length:
            whole.columns[reading.numbered] = whole.columns[reading.numbered] + first
            first = int(whole.columns[reading.numbered][-1]) + 1
        if whole.length:
            parts.append(whole)
    if not parts:
        raise InputError(none_left(reading))
    piece = parts[0] if len(parts) == 1 else _joined(parts)
    paths = tuple(dict.fromkeys(source.path for source in reading.sources))
    events = made_events(reading, piece, paths, set())
    if reading.roles.weight is not None:
        after = "" if reading.plan.cut is None else f" after select={reading.plan.cut.text!r}"
        col.positive_sum(events.weight, name=reading.roles.weight, where=reading.where, after=after)
    return events


def _fits(reading: Reading) -> None:
    """Raise `InputError` when the columns of the files, as far as their sizes are known, are more than the memory."""
    if reading.plan.cut is None and (rows := sum(count or 0 for count in reading.rows)):
        memory.require(
            rows * reading.row_bytes,
            where=f"{reading.where}: {rows} events of {len(reading.plan.columns)} columns",
            instead="read them with lawful.data.chunks, a part with most_rows=, or fewer with select= or features=",
        )


def _gathered(pieces: Iterable[Piece], rows: int | None) -> Piece:
    """All pieces of one table as one.

    Where it is known how many rows there will be, columns of numbers are filled piece by piece, so that no more than
    the whole and one piece are in memory.
    """
    columns: dict[str, list[Array]] = {}
    clouds: dict[str, list[Cloud]] = {}
    whole: dict[str, Array] = {}
    length = 0
    for piece in pieces:
        if not piece.length:
            continue
        if piece.length == rows:
            return piece
        for name in list(piece.columns):
            values = piece.columns.pop(name)
            if rows is None or values.dtype.kind == "U":
                columns.setdefault(name, []).append(values)
                continue
            if not length:
                whole[name] = np.empty(rows, dtype=values.dtype)
            elif (dtype := np.result_type(whole[name], values)) != whole[name].dtype:
                whole[name] = whole[name].astype(dtype)
            whole[name][length : length + len(values)] = values
        for name, cloud in piece.clouds.items():
            clouds.setdefault(name, []).append(cloud)
        length += piece.length
    whole = {name: values[:length] for name, values in whole.items()}
    whole |= {name: np.concatenate(columns.pop(name)) for name in list(columns)}
    return Piece(whole, {name: joined(clouds.pop(name)) for name in list(clouds)}, length)


def _joined(parts: list[Piece]) -> Piece:
    """One piece after the other; each column of the parts is let go as soon as it is copied."""
    names, clouds = list(parts[0].columns), list(parts[0].clouds)
    length = sum(part.length for part in parts)
    columns = {name: np.concatenate([part.columns.pop(name) for part in parts]) for name in names}
    return Piece(columns, {name: joined([part.clouds.pop(name) for part in parts]) for name in clouds}, length)
