r"""Polynomials of the inputs that a group leaves invariant, or that transform as an output does.

Every polynomial map that commutes with the group is a sum of invariant polynomials times *basis tensors*. Both are
built here from invariant tensors that are contracted with the inputs; products of simpler ones are left out, since
the network that follows can multiply (Villar, Hogg, Storey-Fisher, Yao, Blum-Smith, 'Scalars are universal:
equivariant machine learning, structured like classical physics', 2021).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from lawful.errors import InputError
from lawful.physics.groups.group import Array, Group
from lawful.physics.invariants import MOST_ENTRIES, contract, primitive_forms
from lawful.physics.representations import Kind

Numbers = NDArray[np.int64]
RANK = 4  # indices of an invariant tensor at most
MOST = 600  # polynomials kept at most
_BYTES = 64e6  # intermediate products held at a time


@dataclass(frozen=True, eq=False)
class Term:
    """Maps of one form, applied to several choices of blocks.

    Attributes:
        blocks: Which blocks are put in, (choices, arity).
        form: The multilinear maps, (n, d**in, d**out).
        kept: Which of the choices x n results are kept.
    """

    blocks: Numbers
    form: Array
    kept: Numbers

    @property
    def degree(self) -> int:
        """How many blocks are multiplied."""
        return int(self.blocks.shape[1])


class Polynomials:
    """Polynomial maps from blocks of given kinds to one kind, all commuting with a linear group.

    Args:
        group: The group.
        kinds: Kinds of the blocks of the input, in order.
        output: Kind of the result.
        tolerance: As in `invariant_tensors`.

    Attributes:
        degrees: Degree of each polynomial in the inputs, (K,).
    """

    def __init__(self, group: Group, kinds: Sequence[Kind], output: Kind, tolerance: float = 1e-6) -> None:
        self.group, self.kinds, self.output = group, tuple(kinds), output
        self.width = output.size(group)
        self.terms: list[Term] = []
        self.cut_short = False
        total = 0
        for blocks, signature in self._choices():
            form = primitive_forms(group, signature, output, tolerance)
            if not len(form):
                continue
            if total + len(blocks) * len(form) > 4 * MOST:
                self.cut_short = True
                break
            self.terms.append(Term(blocks, form, np.arange(len(blocks) * len(form))))
            total += len(blocks) * len(form)
        self._prune()
        self.degrees = np.concatenate([np.full(len(t.kept), t.degree) for t in self.terms] or [np.zeros(0, int)])

    def _choices(self) -> Iterator[tuple[Numbers, tuple[Kind, ...]]]:
        """Choices of blocks, of few indices first: (choices, arity) numbers of blocks, and their kinds."""
        sorts = sorted(set(self.kinds))
        members = {kind: [n for n, other in enumerate(self.kinds) if other == kind] for kind in sorts}
        most = max(RANK - self.output.rank, self.output.rank)
        signatures = [
            signature
            for arity in range(0 if self.output.rank or self.output.odd else 1, RANK + 1)
            for signature in combinations_with_replacement(sorts, arity)
            if (rank := sum(kind.rank for kind in signature)) <= most
            and self.group.dimension ** (rank + self.output.rank) <= MOST_ENTRIES
        ]
        for signature in sorted(signatures, key=lambda s: (sum(kind.rank for kind in s), len(s))):
            picks: list[tuple[int, ...]] = [()]
            for kind in sorts:
                count = signature.count(kind)
                if count:
                    picks = [
                        (*pick, *more)
                        for pick in picks
                        for more in combinations_with_replacement(members[kind], count)
                    ]
                if len(picks) > 4 * MOST:
                    break
            yield np.array(picks, np.int64).reshape(len(picks), len(signature)), signature

    def _prune(self) -> None:
        """Drop polynomials that vanish or that are sums of the others."""
        if not self.terms:
            return
        rng = np.random.default_rng(1)
        count = sum(len(term.kept) for term in self.terms)
        rows = 10 + math.ceil(1.5 * count / self.width)
        values = self([rng.normal(size=(rows, kind.size(self.group))) for kind in self.kinds])
        flat = values.transpose(0, 2, 1).reshape(-1, count)
        flat = flat / np.maximum(np.linalg.norm(flat, axis=0), 1e-300)
        from scipy.linalg import qr

        # the first of two equal ones stays: pivot only within reach of the rounding error
        R, order = qr(flat, mode="r", pivoting=True)
        size = np.abs(np.diag(R))
        good = np.zeros(count, bool)
        good[order[: len(size)][size > 1e-7 * max(1.0, float(size.max(initial=0)))]] = True
        good &= np.linalg.norm(values.transpose(0, 2, 1).reshape(-1, count), axis=0) > 1e-10
        kept, start = [], 0
        for term in self.terms:
            stop = start + len(term.kept)
            chosen = term.kept[good[start:stop]]
            if len(chosen):
                kept.append(Term(term.blocks, term.form, chosen))
            start = stop
        total = 0
        self.terms = []
        for term in kept:
            room = MOST - total
            if room <= 0:
                self.cut_short = True
                break
            self.cut_short |= len(term.kept) > room
            self.terms.append(Term(term.blocks, term.form, term.kept[:room]))
            total += min(len(term.kept), room)

    def __len__(self) -> int:
        """Number of polynomials K."""
        return sum(len(term.kept) for term in self.terms)

    def __call__(self, blocks: Sequence[Array]) -> Array:
        """Work the polynomials out for blocks (N, size), in float64: (N, K, width)."""
        N = len(blocks[0]) if blocks else 1
        out = np.empty((N, len(self), self.width))
        start = 0
        for term in self.terms:
            stop = start + len(term.kept)
            choices = len(term.blocks)
            wide = max(1, choices * term.form.shape[1])
            step = max(1, int(_BYTES / (8 * wide)))
            for first in range(0, N, step):
                rows = slice(first, min(first + step, N))
                n = rows.stop - rows.start
                stacked = [
                    np.stack([blocks[b][rows] for b in term.blocks[:, place]], 1).reshape(n * choices, -1)
                    for place in range(term.degree)
                ]
                if stacked:
                    values = contract(term.form, stacked).reshape(n, -1, self.width)
                else:
                    values = np.broadcast_to(term.form[:, 0, :], (n, len(term.form), self.width))
                out[rows, start:stop] = values[:, term.kept]
            start = stop
        return out


def check_some(polynomials: Polynomials, group: Group, what: str) -> None:
    """Make sure that there are polynomials at all.

    Raises:
        InputError: Says that the group allows none of up to `RANK` indices.
    """
    if not len(polynomials):
        raise InputError(
            f"{group.name}: no polynomial of the inputs with up to {RANK} indices gives {what}, so no network can be "
            "built from invariant tensors. Use by('augment') or by('loss'), or state more inputs."
        )
