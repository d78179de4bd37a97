r"""Tensors that a group leaves as they are, found by solving the constraint numerically.

A tensor T is invariant when every generator annihilates it and every discrete element keeps it: it lies in the null
space of the stacked matrices $\rho(A_a)$ and $\rho(h) - 1$ (Finzi, Welling and Wilson, 'A practical method for
constructing equivariant multilayer perceptrons for arbitrary matrix groups', 2021).
"""

import functools
import math
from itertools import combinations

import numpy as np
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve, eigh

from lawful.physics.groups.group import Array, Group
from lawful.physics.representations import Kind, element_matrix, generator_matrix

MOST_ENTRIES = 1300  # tensors with more entries than this are not searched: 6 to the 4th


def invariant_tensors(group: Group, kind: Kind, tolerance: float = 1e-6) -> Array:
    """An orthonormal basis of the invariant tensors of a kind, (n, d**rank).

    Args:
        group: A linear group.
        kind: The kind of tensor.
        tolerance: Singular values of the constraint below this part of the largest count as zero.

    Examples:
        >>> from lawful.physics import groups
        >>> len(invariant_tensors(groups.O(3), Kind(2))), len(invariant_tensors(groups.SO(3), Kind(3)))
        (1, 1)
    """
    if kind.rank == 0 and not kind.odd:
        return np.ones((1, 1))
    n = group.dimension**kind.rank
    blocks = [generator_matrix(kind, A / max(float(np.linalg.norm(A)), 1e-300)) for A in group.generators]
    blocks += [element_matrix(kind, h) - sparse.identity(n, format="csr") for h in group.discrete]
    C = sparse.vstack(blocks, format="csr")
    gram = (C.T @ C).toarray()
    largest = float(np.abs(gram).sum(0).max())
    if largest == 0.0:
        return np.eye(n)
    limit = max(tolerance**2, 1e-14) * largest
    _, basis = eigh(gram, subset_by_value=(-np.inf, limit), driver="evr")
    if basis.shape[1]:  # the Gram matrix knows the null space to the root of the rounding error only: refine
        solve = cho_factor(gram + largest * (basis @ basis.T), check_finite=False)
        for _ in range(2):
            basis = np.linalg.qr(basis - cho_solve(solve, C.T @ (C @ basis), check_finite=False))[0]
    return np.ascontiguousarray(_tidy(basis).T)


def _tidy(basis: Array) -> Array:
    """An equivalent orthonormal basis with many zeros: reduced column echelon form, made orthonormal again."""
    if basis.shape[1] <= 1:
        return basis * (np.sign(basis[np.abs(basis).argmax()]) if basis.size else 1.0)
    reduced, row = basis.T.copy(), 0
    for column in range(reduced.shape[1]):
        pivot = row + int(np.abs(reduced[row:, column]).argmax())
        if abs(reduced[pivot, column]) < 1e-6:
            continue
        reduced[[row, pivot]] = reduced[[pivot, row]]
        reduced[row] /= reduced[row, column]
        others = np.arange(len(reduced)) != row
        reduced[others] -= reduced[others, column][:, None] * reduced[row]
        row += 1
        if row == len(reduced):
            break
    return np.asarray(np.linalg.qr(reduced.T)[0])


@functools.lru_cache(maxsize=512)
def _cached(group: Group, kind: Kind, tolerance: float) -> Array:
    return invariant_tensors(group, kind, tolerance)


def forms(group: Group, inputs: Kind, output: Kind, tolerance: float = 1e-6) -> Array:
    """Multilinear maps from tensors to a tensor that commute with the group, (n, d**in, d**out).

    Args:
        group: A linear group.
        inputs: All indices of the inputs together; each is contracted with one of the opposite sort.
        output: The kind of the result.
        tolerance: As in `invariant_tensors`.
    """
    # T has the output's indices and the inputs' turned around: uppers first, as Kind orders them
    kind = Kind(inputs.lower + output.upper, inputs.upper + output.lower, inputs.odd != output.odd)
    found = _cached(group, kind, tolerance)
    d, n = group.dimension, len(found)
    T = found.reshape(n, *(d,) * kind.rank)
    a, b, c = inputs.lower, output.upper, inputs.upper
    where_in = [*range(1 + a + b, 1 + a + b + c), *range(1, 1 + a)]  # inputs: uppers, then lowers
    where_out = [*range(1 + a, 1 + a + b), *range(1 + a + b + c, 1 + kind.rank)]
    return T.transpose(0, *where_in, *where_out).reshape(n, d**inputs.rank, d**output.rank)


def block_forms(group: Group, blocks: tuple[Kind, ...], output: Kind, tolerance: float = 1e-6) -> Array:
    """As `forms`, with the indices of the inputs in the order of the blocks, (n, d**in, d**out)."""
    upper, lower = sum(b.upper for b in blocks), sum(b.lower for b in blocks)
    odd = sum(b.odd for b in blocks) % 2 == 1
    found = forms(group, Kind(upper, lower, odd), output, tolerance)
    places, next_upper, next_lower = [], 0, upper
    for block in blocks:
        places += [*range(next_upper, next_upper + block.upper), *range(next_lower, next_lower + block.lower)]
        next_upper, next_lower = next_upper + block.upper, next_lower + block.lower
    d, rank = group.dimension, upper + lower
    T = found.reshape(len(found), *(d,) * rank, found.shape[2])
    return T.transpose(0, *(1 + place for place in places), 1 + rank).reshape(found.shape)


@functools.lru_cache(maxsize=512)
def primitive_forms(group: Group, blocks: tuple[Kind, ...], output: Kind, tolerance: float = 1e-6) -> Array:
    """Those maps of `block_forms` that are not made of an invariant of some blocks times a map of the others.

    Products are found by their values on random inputs.
    """
    full = block_forms(group, blocks, output, tolerance)
    if not len(full) or not blocks:
        return full
    rng = np.random.default_rng(0)
    rows = 20 + 2 * len(full)
    x = [rng.normal(size=(rows, block.size(group))) for block in blocks]

    def values(form: Array, places: tuple[int, ...]) -> Array:
        return contract(form, [x[place] for place in places])  # (rows, n, d**out)

    parts = []
    slots = range(len(blocks))
    for count in range(1, len(blocks) + 1):
        for chosen in combinations(slots, count):
            rest = tuple(slot for slot in slots if slot not in chosen)
            if not rest and output.invariant:
                continue  # the whole
            invariant = block_forms(group, tuple(blocks[slot] for slot in chosen), Kind(), tolerance)
            other = block_forms(group, tuple(blocks[slot] for slot in rest), output, tolerance)
            if len(invariant) and len(other):
                product = np.einsum("rai,rbo->raibo", values(invariant, chosen), values(other, rest))
                parts.append(product.reshape(rows, -1, other.shape[-1]))
    if not parts:
        return full
    flat = values(full, tuple(slots)).transpose(0, 2, 1).reshape(-1, len(full))
    products = np.concatenate(parts, 1).transpose(0, 2, 1).reshape(len(flat), -1)
    scale = np.linalg.norm(flat) / math.sqrt(flat.shape[1])
    coefficients = np.linalg.lstsq(flat / scale, products / scale, rcond=None)[0]  # (n, products)
    U, s, _ = np.linalg.svd(coefficients)
    rank = int((s > 1e-8 * max(1.0, float(s.max(initial=0)))).sum())
    return np.ascontiguousarray(np.einsum("nk,nio->kio", U[:, rank:], full))


def contract(form: Array, x: list[Array]) -> Array:
    """Put blocks x, each (rows, size), into maps (n, d**in, d**out): (rows, n, d**out)."""
    n, _, out = form.shape
    rows = len(x[0]) if x else 1
    product = np.ones((rows, 1))
    for block in x:
        product = (product[:, :, None] * block[:, None, :]).reshape(rows, -1)
    return (product @ form.transpose(1, 0, 2).reshape(form.shape[1], -1)).reshape(rows, n, out)
