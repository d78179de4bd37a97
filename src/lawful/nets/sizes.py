"""Sizes of inputs that symmetries leave alone, and that can give other inputs their scale."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from lawful.physics.columns import Columns
from lawful.physics.dimensions import read_unit
from lawful.physics.groups.group import Array
from lawful.physics.symmetry import Symmetry
from lawful.physics.units import Units

_TRIED = 16  # random inputs on which a size is tried


def unmoved_sizes(units: Units, symmetries: Sequence[Symmetry], table: Columns) -> dict[str, Array]:
    """Matrices A by unit: |A x|, of all columns of a unit that symmetries move, is moved by none of them.

    The root of the sum of squares is tried, which rotations and permutations leave alone, then that of the
    differences from the mean, which shifts leave alone too.
    """
    texts = list(units.of_columns(table).values())
    blocks: dict[tuple[Any, ...], dict[tuple[int, ...], None]] = {}
    for symmetry in symmetries:
        layout = symmetry.layout(table)
        for kind, columns in zip(layout.kinds, layout.columns, strict=True):
            dimension = read_unit(texts[columns[0]], units.name)[0]
            if not kind.invariant and dimension:
                blocks.setdefault(tuple(sorted(dimension.items())), {})[columns] = None
    found = {}
    for of_unit in blocks.values():
        first = next(iter(of_unit))
        one = read_unit(texts[first[0]], units.name)[1]
        plain = np.zeros((table.count, table.count))
        for column in {c for columns in of_unit for c in columns}:
            plain[column, column] = read_unit(texts[column], units.name)[1] / one
        centred = plain.copy()
        if len({len(columns) for columns in of_unit}) == 1:
            for place in np.array(list(of_unit)).T:  # the same component of all blocks
                centred[:, place] -= plain[:, place].mean(1, keepdims=True)
        for A in (plain, centred):
            if np.abs(A).max() > 1e-9 and all(_unmoved(A, symmetry, table) for symmetry in symmetries):
                found[texts[first[0]]] = A
                break
    return found


def _unmoved(A: Array, symmetry: Symmetry, table: Columns) -> bool:
    """Whether a symmetry leaves |A x| alone, for some x."""
    rng = np.random.default_rng(0)
    X = torch.from_numpy(rng.normal(size=(_TRIED, table.count)))
    g = torch.from_numpy(symmetry.group.sample(_TRIED, rng))
    before, after = (
        np.linalg.norm(x.numpy() @ A.T, axis=1) for x in (X, symmetry.layout(table).move(X, g, symmetry.group))
    )
    return bool(np.allclose(before, after, rtol=1e-9, atol=1e-9 * np.abs(A).max()))
