"""Which events each member learns from, and which it is judged on."""

from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

from lawful.errors import InputError

Array = npt.NDArray[Any]
FOLDS = 5
FEW = 300  # rows below which one held-out part is too small to judge by


def count_members(rows: int, members: int, *, held_out: bool) -> int:
    """With few rows one held-out part is too noisy to stop by: every part then gets a member of its own."""
    return max(members, FOLDS) if held_out and rows < FEW else members


def assign_folds(strata: Array, groups: Array | None, folds: int, seed: int) -> Array:
    """Give each row the fold in which it is held out, (N,): equally large folds with equal shares of each class.

    Args:
        strata: Class of each row, (N,), whole numbers.
        groups: Rows of one group get one fold; (N,) whole numbers or None.
        folds: Number of folds.
        seed: The draw follows from it.
    """
    draw = np.random.default_rng([seed, 7919])
    if groups is not None:
        names, first = np.unique(groups, return_index=True)
        return assign_folds(strata[first], None, min(folds, len(names)), seed)[np.searchsorted(names, groups)]
    order = draw.permutation(len(strata))
    order = order[np.argsort(strata[order], kind="stable")]
    fold = np.empty(len(strata), np.int64)
    fold[order] = np.arange(len(strata)) % folds
    return fold


def rectangles(fold: Array, members: int) -> tuple[Array, Array, bool]:
    """Rows to learn from and rows held out for each member, as (M, n) and (M, v).

    Member m holds out fold m modulo the number of folds. Where folds differ in size, short rows are filled with the
    index N, for an event of weight zero that the caller appends.

    Returns:
        Both tables, and whether the index N occurs.
    """
    folds, kind = int(fold.max()) + 1, _index_type(len(fold) + 1)
    inside = [np.flatnonzero(fold != m % folds) for m in range(members)]
    outside = [np.flatnonzero(fold == m % folds) for m in range(members)]
    tables = []
    for rows in (inside, outside):
        table = np.full((members, max(map(len, rows))), len(fold), kind)
        for m, row in enumerate(rows):
            table[m, : len(row)] = row
        tables.append(table)
    return tables[0], tables[1], any((table == len(fold)).any() for table in tables)


def same_for_all(start: int, stop: int, members: int) -> Array:
    """The rows from start to stop for every member, (M, stop - start); members share one row of the memory."""
    row = np.arange(start, stop, dtype=_index_type(stop))
    return as_strided(row, (members, len(row)), (0, row.itemsize))  # torch takes no read-only memory without a word


def held_out(strata: Array, groups: Array | None, members: int, seed: int) -> tuple[Array, Array, bool]:
    """Hold out one part of the rows for each member, parts different in turn; what `rectangles` returns.

    There are five parts, or as many as members if these are more, or as many as rows or groups if those are fewer.

    Args:
        strata: Class of each row, (N,), whole numbers; each part gets its share of each.
        groups: Rows of one group stay together; (N,) whole numbers or None.
        members: Number of members M.
        seed: The draw follows from it.

    Raises:
        InputError: When all rows are in one group.
    """
    if groups is not None and len(np.unique(groups)) < 2:
        raise InputError("All events are in one group: none can be held out. Give validation=, or no group.")
    return rectangles(assign_folds(strata, groups, min(max(FOLDS, members), len(strata)), seed), members)


def _index_type(rows: int) -> type[np.integer[Any]]:
    """The number type of row numbers: tables of them are large."""
    return np.int32 if rows < 2**31 else np.int64
