"""A group of matrices, given by its generators and discrete elements."""

import functools
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lawful.errors import InputError

Array = NDArray[np.float64]
_MOST_ELEMENTS = 5040  # finite groups larger than this (7!) are not listed element by element
_WORD = 24  # factors in a random word of discrete elements, when these are too many to list


class Group:
    r"""Matrices that act on vectors of `dimension` numbers.

    The connected part is $\exp(\sum_a c_a A_a)$ with the generators $A_a$; the discrete elements $h$ multiply it.
    Any matrix group can be written so; `lawful.physics.groups` names the usual ones.

    Args:
        generators: Basis of the Lie algebra, (g, d, d); None: the group is discrete.
        discrete: Elements that are not reached from the identity, (h, d, d); their products belong too.
        name: How messages and reports call the group.
        affine: The matrices act on points in homogeneous coordinates: the last row is zero for a generator and
            (0, ..., 0, 1) for an element, the last column is the shift, and d is one more than `dimension`.
        period: Coordinates are taken modulo this number, as angles are modulo 2 pi; for affine groups of one
            dimension.
        reach: Largest real part of the exponents of sampled elements when the group is not compact: the
            rapidity of boosts, the logarithm of scale factors. Shifts are normal with this width.
        sampler: Function (count, generator) -> (count, d, d) that draws from the group, where a better one than the
            general recipe is known.

    Attributes:
        generators: (g, d, d), linearly independent and closed under commutation.
        discrete: (h, d, d).
        dimension: Length of the vectors that the group acts on.

    Warns:
        UserWarning: When the generators are not closed under commutation; their closure is used.

    Raises:
        InputError: Matrices that are not square, not finite, or discrete elements that cannot be inverted.

    Examples:
        >>> rotations = Group(generators=[[[0, -1], [1, 0]]], name="rotations")
        >>> rotations.dimension, len(rotations.generators), rotations.compact
        (2, 1, True)
        >>> quarter = Group(discrete=[[[0, -1], [1, 0]]])
        >>> len(quarter.elements())
        4
    """

    def __init__(
        self,
        generators: ArrayLike | None = None,
        discrete: ArrayLike | None = None,
        *,
        name: str | None = None,
        affine: bool = False,
        period: float | None = None,
        reach: float = 1.0,
        sampler: Callable[[int, np.random.Generator], Array] | None = None,
    ) -> None:
        A, h = _matrices(generators, "generators"), _matrices(discrete, "discrete")
        if A is None and h is None:
            raise InputError("A group needs generators=, discrete=, or both.")
        given = A if A is not None else h
        assert given is not None
        d = given.shape[-1]
        self.generators: Array = np.zeros((0, d, d)) if A is None else A
        self.discrete: Array = np.zeros((0, d, d)) if h is None else h
        if self.discrete.shape[-1] != self.generators.shape[-1]:
            raise InputError(
                f"The generators are {self.generators.shape[-1]} x {self.generators.shape[-1]}, the discrete "
                f"elements {self.discrete.shape[-1]} x {self.discrete.shape[-1]}: they must act on the same vectors."
            )
        self.affine, self.period, self.reach = affine, period, float(reach)
        self.dimension = d - 1 if affine else d
        self._sampler = sampler
        self._check()
        counts = (len(self.generators), "generator"), (len(self.discrete), "discrete element")
        self.name = name or "a group of " + " and ".join(f"{n} {what}{'s' * (n != 1)}" for n, what in counts)
        self.factors: tuple[Group, ...] = ()  # of a direct product
        self.recipe: tuple[Any, ...] | None = None  # ("SO", 3) where `groups` made it: how it is saved

    def _check(self) -> None:
        if self.affine:
            if np.abs(self.generators[:, -1]).max(initial=0) > 0:
                raise InputError("An affine generator must have a last row of zeros.")
            last = np.eye(self.dimension + 1)[-1]
            if len(self.discrete) and np.abs(self.discrete[:, -1] - last).max() > 0:
                raise InputError("An affine discrete element must have (0, ..., 0, 1) as its last row.")
        for number, element in enumerate(self.discrete):
            if np.linalg.cond(element) > 1e12:
                raise InputError(f"discrete[{number}] cannot be inverted: a group holds invertible matrices only.")
        if not len(self.generators):
            return
        independent = _span(self.generators)
        closure = _closure(independent)
        if len(closure) > len(independent):
            warnings.warn(
                f"The {len(self.generators)} generators are not closed under commutation: together with their "
                f"commutators they span an algebra of dimension {len(closure)}, which is used.",
                UserWarning,
                stacklevel=4,
            )
            self.generators = closure
        elif len(independent) < len(self.generators):
            self.generators = independent

    def __repr__(self) -> str:
        """The name."""
        return self.name

    def __mul__(self, other: "Group") -> "Group":
        """The direct product, acting on the tensor product of the two vectors (row-major)."""
        from lawful.physics.groups.products import product

        if not isinstance(other, Group):
            raise InputError(f"{self.name} * {other!r}: expected another group.")
        return product(self, other)

    def plain(self) -> dict[str, Any]:
        """The group in numbers and text, from which `lawful.physics.groups.read` makes it again."""
        if self.recipe is not None:
            maker, args, options = self.recipe
            return {
                "name": maker,
                "arguments": list(args),
                "options": {k: v for k, v in options.items() if v is not None},
            }
        if self.factors:
            return {"product": [factor.plain() for factor in self.factors]}
        return {
            "generators": self.generators.tolist(),
            "discrete": self.discrete.tolist(),
            "called": self.name,
            "affine": self.affine,
            "period": self.period,
            "reach": self.reach,
        }

    @property
    def finite(self) -> bool:
        """Whether the group has no generators and few enough elements to list them."""
        return not len(self.generators) and self._listed is not None

    @functools.cached_property
    def compact(self) -> bool:
        """Whether some positive definite form is kept by all elements, so that elements can be drawn uniformly."""
        return not self.affine and self.form is not None

    @functools.cached_property
    def form(self) -> Array | None:
        """A positive definite matrix Q with g^T Q g = Q for all elements, (d, d), or None when there is none."""
        d = self.generators.shape[-1]
        eye = np.eye(d)
        rows = [np.kron(A.T, eye) + np.kron(eye, A.T) for A in self.generators]
        rows += [np.kron(h.T, h.T) - np.eye(d * d) for h in self.discrete]
        swap = np.eye(d * d).reshape(d, d, d, d).transpose(0, 1, 3, 2).reshape(d * d, d * d)
        rows.append(swap - np.eye(d * d))  # symmetric
        _, s, Vt = np.linalg.svd(np.concatenate(rows))
        kept = Vt[np.concatenate([s, np.zeros(len(Vt) - len(s))]) < 1e-9 * max(1.0, s[0])]
        Q = eye.copy()
        for _ in range(500):  # alternating projections onto the invariant forms and the positive ones
            Q = (kept.T @ (kept @ Q.ravel())).reshape(d, d)
            values, vectors = np.linalg.eigh((Q + Q.T) / 2)
            if values[0] > 1e-3 * max(values[-1], 1e-300):
                return np.asarray(Q / (np.trace(Q) / d))
            Q = (vectors * np.maximum(values, 0.05)) @ vectors.T
        return None

    @functools.cached_property
    def _listed(self) -> Array | None:
        """All products of the discrete elements, identity first, (n, d, d); None when there are too many."""
        d = self.generators.shape[-1]
        elements: list[Array] = [np.eye(d)]
        seen = {_key(elements[0])}
        waiting = [elements[0]]
        while waiting:
            fresh = []
            for element in waiting:
                for h in self.discrete:
                    candidate = h @ element
                    key = _key(candidate)
                    if key not in seen:
                        seen.add(key)
                        fresh.append(candidate)
                        if len(seen) > _MOST_ELEMENTS or np.abs(candidate).max() > 1e8:
                            return None
            elements += fresh
            waiting = fresh
        return np.stack(elements)

    def elements(self) -> Array:
        """All elements of a finite group, (n, d, d), the identity first.

        Raises:
            InputError: When the group is not finite, or has more than 5040 elements.
        """
        if not self.finite:
            raise InputError(f"{self.name} has infinitely many elements, or more than {_MOST_ELEMENTS}.")
        assert self._listed is not None
        return self._listed

    def sample(self, count: int, seed: int | np.random.Generator = 0, *, reach: float | None = None) -> Array:
        """Draw elements, (count, d, d).

        Compact groups are drawn from the Haar measure (for a group without a recipe of its own, by products of
        exponentials that come close to it). For others the exponents are drawn so that their real parts reach at
        most `reach`.

        Args:
            count: How many.
            seed: Whole number or NumPy generator.
            reach: As in the constructor; None takes that one.
        """
        rng = np.random.default_rng(seed)
        if self._sampler is not None and reach is None:
            return self._sampler(count, rng)
        d = self.generators.shape[-1]
        g = np.broadcast_to(np.eye(d), (count, d, d))
        if len(self.generators):
            g = self._connected(count, rng, self.reach if reach is None else reach) @ g
        if len(self.discrete):
            if self._listed is not None:
                g = g @ self._listed[rng.integers(len(self._listed), size=count)]
            else:
                steps = np.concatenate([np.eye(d)[None], self.discrete, np.linalg.inv(self.discrete)])
                for _ in range(_WORD):
                    g = g @ steps[rng.integers(len(steps), size=count)]
        return np.ascontiguousarray(g)

    def _connected(self, count: int, rng: np.random.Generator, reach: float) -> Array:
        """Elements of the connected part: a compact factor times one that stretches, or plain exponentials."""
        A = self.generators
        if self.compact:
            return _walk(A, count, rng)
        if self.affine:
            return self._motions(count, rng, reach)
        turning = _combined(A, A + A.transpose(0, 2, 1))  # antisymmetric combinations
        stretching = _combined(A, A - A.transpose(0, 2, 1))
        if len(turning) + len(stretching) == len(A):
            g = _walk(turning, count, rng)
        else:  # no basis in which the two parts separate: exponentials of random combinations
            g, stretching = np.broadcast_to(np.eye(A.shape[-1]), (count, *A.shape[1:])), A
        exponent = np.einsum("na,aij->nij", rng.normal(size=(count, len(stretching))), stretching)
        growth = np.abs(np.linalg.eigvals(exponent).real).max(1)
        size = np.linalg.norm(exponent, axis=(1, 2))
        growth = np.where(growth > 1e-6 * size, growth, size)  # shears do not grow exponentially
        return g @ exponential(exponent * (rng.uniform(0, reach, count) / np.maximum(growth, 1e-300))[:, None, None])

    def _motions(self, count: int, rng: np.random.Generator, reach: float) -> Array:
        """Elements of an affine group: an element of the linear part, then a shift."""
        d = self.dimension
        shifts = _combined(self.generators, self.generators[:, :d, :d])
        g = np.tile(np.eye(d + 1), (count, 1, 1))
        linear = self.linear
        if len(linear.generators):
            exponent = np.einsum("na,aij->nij", rng.normal(size=(count, len(self.generators))), self.generators)
            if linear.compact:
                g = _walk(self.generators, count, rng)
            else:
                growth = np.abs(np.linalg.eigvals(exponent).real).max(1)
                scale = rng.uniform(0, reach, count) / np.maximum(growth, 1e-12)
                g = exponential(exponent * np.where(growth > 1e-9, scale, 1.0)[:, None, None])
            g[:, :d, d] = 0  # shifts are drawn below, about the origin
        if len(shifts):
            g[:, :d, d] = np.einsum("na,ai->ni", rng.normal(0, reach, (count, len(shifts))), shifts[:, :d, d])
        return g

    @functools.cached_property
    def linear(self) -> "Group":
        """The group without its shifts: what acts on differences of points."""
        if not self.affine:
            return self
        d = self.dimension
        A = _span(self.generators[:, :d, :d]) if len(self.generators) else np.zeros((0, d, d))
        h = self.discrete[:, :d, :d]
        name = f"the linear part of {self.name}"
        if not len(A) and not len(h):
            h = np.eye(d)[None]
        return Group(A if len(A) else None, h if len(h) else None, name=name, reach=self.reach)


def _walk(A: Array, count: int, rng: np.random.Generator) -> Array:
    """Products of exponentials of random combinations of `A`, close to uniform on a compact connected group."""
    g = np.tile(np.eye(A.shape[-1]), (count, 1, 1))
    if len(A):
        A = A / np.linalg.norm(A, axis=(1, 2), keepdims=True)
        for _ in range(6):
            g = g @ exponential(np.einsum("na,aij->nij", rng.normal(0, 4, (count, len(A))), A))
    return g


def _combined(A: Array, zero: Array) -> Array:
    """Combinations of the matrices `A` for which the same combination of `zero` vanishes, linearly independent."""
    if not len(A):
        return A
    flat = zero.reshape(len(A), -1)
    U, s, _ = np.linalg.svd(flat, full_matrices=True)
    rank = int((s > 1e-9 * max(float(s.max(initial=0)), 1e-300)).sum()) if s.max(initial=0) > 1e-12 else 0
    return np.asarray(np.einsum("ab,aij->bij", U[:, rank:], A))


def exponential(A: Array) -> Array:
    """Matrix exponentials of a stack, (n, d, d)."""
    from scipy.linalg import expm

    return np.asarray(expm(A))


def _key(element: Array) -> bytes:
    return (np.round(element, 6) + 0.0).tobytes()


def _matrices(values: ArrayLike | None, name: str) -> Array | None:
    if values is None:
        return None
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{name}: expected real square matrices, as an array of shape (count, d, d).") from None
    if array.ndim == 2:
        array = array[None]
    if array.ndim != 3 or array.shape[1] != array.shape[2] or array.shape[1] == 0:
        raise InputError(f"{name}: expected square matrices, (count, d, d); got shape {np.shape(values)}.")
    if not np.isfinite(array).all():
        raise InputError(f"{name}: {int((~np.isfinite(array)).sum())} entries are not finite.")
    return array if len(array) else None


def _span(A: Sequence[Array] | Array) -> Array:
    """Matrices of `A` that are linearly independent of those before them."""
    kept: list[Array] = []
    basis = np.zeros((0, np.size(A[0])))
    for matrix in A:
        row = matrix.ravel() / max(float(np.linalg.norm(matrix)), 1e-300)
        rest = row - basis.T @ (basis @ row)
        rest = rest - basis.T @ (basis @ rest)
        if np.linalg.norm(rest) > 1e-8:
            basis = np.vstack([basis, rest / np.linalg.norm(rest)])
            kept.append(np.asarray(matrix))
    return np.stack(kept) if kept else np.zeros((0, *np.shape(A[0])))


def _closure(A: Array) -> Array:
    """The smallest space of matrices that holds `A` and all commutators."""
    while True:
        brackets = np.einsum("aij,bjk->abik", A, A)
        brackets = (brackets - brackets.transpose(1, 0, 2, 3)).reshape(-1, *A.shape[1:])
        scale = np.abs(A).max(initial=0) ** 2
        grown = _span([*A, *[b for b in brackets if np.abs(b).max() > 1e-10 * scale]]) if len(A) else A
        if len(grown) == len(A):
            return A
        A = grown
