"""Which events each member learns from, and which it is judged on."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
FOLDS = 5
FEW = 300  # rows below which one held-out fifth is too small to judge by


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
    folds = int(fold.max()) + 1
    inside = [np.flatnonzero(fold != m % folds) for m in range(members)]
    outside = [np.flatnonzero(fold == m % folds) for m in range(members)]
    tables = []
    for rows in (inside, outside):
        table = np.full((members, max(map(len, rows))), len(fold), np.int64)
        for m, row in enumerate(rows):
            table[m, : len(row)] = row
        tables.append(table)
    return tables[0], tables[1], any((table == len(fold)).any() for table in tables)
