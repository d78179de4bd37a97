"""Which event goes into which part: disjoint, exhaustive, stratified by class, whole groups."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lawful.data.columns import class_codes
from lawful.errors import InputError

Array = npt.NDArray[Any]


def parts(
    fractions: Sequence[float], length: int, *, y: Array | None, group: Array | None, seed: int
) -> list[npt.NDArray[np.int64]]:
    """Positions of the events of each part, each in rising order.

    Every class is dealt out on its own, so that each part holds its fraction of it, to within one event (or, with
    groups, one group). A group counts to the class of its first event.

    Args:
        fractions: The share of each part; they sum to one.
        length: N.
        y: (N,) target; a measured number is not stratified.
        group: (N,) values; events with the same one stay together.
        seed: Of the shuffle.

    Raises:
        InputError: When the fractions are not positive or do not sum to one, or a part would be empty.
    """
    shares = _checked(fractions)
    owner, sizes = _groups(group, length)
    first = np.zeros(len(sizes), dtype=np.int64)
    first[owner[::-1]] = np.arange(length)[::-1]
    found = class_codes(y)
    label = np.zeros(len(sizes), dtype=np.int64) if found is None else found[1][first]
    draw = np.random.default_rng(seed)
    order = draw.permutation(len(sizes))
    edges = np.cumsum(shares)
    edges[-1] = 1.0
    part = np.zeros(len(sizes), dtype=np.int64)
    for k in np.unique(label):
        mine = order[label[order] == k]
        # a random place within each step: also a class of one event gets into each part with its share
        within = 0.5 if found is None else draw.uniform(1e-9, 1 - 1e-9)
        place = np.cumsum(sizes[mine]) - sizes[mine] * within
        part[mine] = np.searchsorted(edges, place / sizes[mine].sum())
    event_part = part[owner]
    found_parts = [np.flatnonzero(event_part == p) for p in range(len(shares))]
    for p, index in enumerate(found_parts):
        if not len(index):
            things = "events" if group is None else "groups"
            raise InputError(
                f"part {p + 1} of the split (fraction {shares[p]:g}) would be empty: {len(sizes)} {things} are too "
                "few for it"
            )
    return found_parts


def _checked(fractions: Sequence[float]) -> npt.NDArray[np.float64]:
    try:
        shares = np.asarray([float(fraction) for fraction in fractions])
    except (TypeError, ValueError):
        raise InputError(
            f"fractions={fractions!r}: expected numbers that sum to one, such as (0.6, 0.2, 0.2)"
        ) from None
    if not len(shares) or not np.all(shares > 0) or not math.isclose(shares.sum(), 1.0, abs_tol=1e-6):
        raise InputError(
            f"fractions={tuple(fractions)!r} must each be positive and sum to one, they sum to {shares.sum():g}; "
            "to leave events out, name the rest as a further part"
        )
    return np.asarray(shares / shares.sum())


def _groups(group: Array | None, length: int) -> tuple[Array, Array]:
    """For each event the number of its group, and the size of each group."""
    if group is None:
        return np.arange(length), np.ones(length, dtype=np.int64)
    _, owner, sizes = np.unique(group, return_inverse=True, return_counts=True)
    return owner, sizes


def folds(k: int, length: int, *, y: Array | None, group: Array | None, seed: int) -> list[npt.NDArray[np.int64]]:
    """Positions of the events held out in each of `k` folds.

    Raises:
        InputError: When k is below two, or there are fewer events (or groups) than folds.
    """
    if k < 2:
        raise InputError(f"folds(k={k}): at least two folds are needed")
    return parts([1 / k] * k, length, y=y, group=group, seed=seed)


def keeping_yield(weight: Array, y: Array | None, index: Array, *, name: str) -> Array:
    """The weights of one part, scaled class by class to the sum of the whole.

    Args:
        weight: (N,) of the whole.
        y: (N,) target, or None.
        index: Positions of the part.
        name: What errors call the weight.

    Raises:
        InputError: When the part's sum for a class has not the sign of the whole's.
    """
    found = class_codes(y)
    codes = np.zeros(len(weight), dtype=np.int64) if found is None else found[1]
    whole = np.bincount(codes, weights=weight)
    part = np.bincount(codes[index], weights=weight[index], minlength=len(whole))
    there = np.bincount(codes[index], minlength=len(whole)) > 0
    if np.any(there & (part * whole <= 0)) or np.any(~there & (whole != 0)):
        k = int(np.flatnonzero((there & (part * whole <= 0)) | (~there & (whole != 0)))[0])
        which = "" if found is None else f" of class {found[0][k]}"
        raise InputError(
            f"the weights {name!r}{which} sum to {part[k]:g} in one part and to {whole[k]:g} in the whole: "
            "no factor carries one into the other. Use fewer parts, or keep_yield=False"
        )
    scale = np.divide(whole, part, out=np.ones_like(whole), where=part != 0)
    return np.asarray(weight[index] * scale[codes[index]])
