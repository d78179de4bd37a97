"""Invariants of sums and differences of two vectors: distances, invariant masses, momentum transfers."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from lawful.physics.groups.group import Array, Group
from lawful.physics.polynomials import Polynomials
from lawful.physics.representations import Kind

MOST_BLOCKS = 6  # of one kind; of more there are too many pairs


class Pairs:
    """What a group leaves alone of $a + b$ and $a - b$, for each two blocks a and b of one kind.

    They are functions of the invariants of all blocks, which a network finds only with many events.

    Args:
        group: The group.
        kinds: Kinds of the blocks.
        tolerance: As in `invariant_tensors`.

    Attributes:
        degrees: Degree of each number in the inputs, (count,).
    """

    def __init__(self, group: Group, kinds: Sequence[Kind], tolerance: float) -> None:
        self.found: list[tuple[Polynomials, list[tuple[int, int]]]] = []
        degrees = [np.zeros(0, int)]
        for kind in sorted(set(kinds)):
            blocks = [number for number, other in enumerate(kinds) if other == kind]
            if not 2 <= len(blocks) <= MOST_BLOCKS:
                continue
            single = Polynomials(group, [kind], Kind(), tolerance)
            if len(single):
                pairs = list(combinations(blocks, 2))
                self.found.append((single, pairs))
                degrees.append(np.tile(single.degrees, 2 * len(pairs)))
        self.degrees = np.concatenate(degrees)

    @property
    def count(self) -> int:
        """How many numbers there are."""
        return len(self.degrees)

    def __call__(self, blocks: Sequence[Array], rows: int) -> Array:
        """The numbers of blocks, each (N, size): (N, count), N the number of rows."""
        parts = [np.zeros((rows, 0))]
        for single, pairs in self.found:
            for i, j in pairs:
                parts += [single([blocks[i] + blocks[j]])[:, :, 0], single([blocks[i] - blocks[j]])[:, :, 0]]
        return np.concatenate(parts, 1)
