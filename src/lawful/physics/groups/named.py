"""The groups that have names."""

import math
from typing import Any

import numpy as np

from lawful.errors import InputError
from lawful.physics.groups.group import Array, Group

TIME, X, Y, Z_AXIS = range(4)


def _whole(n: Any, least: int, what: str) -> int:
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < least:
        raise InputError(f"{what}: expected a whole number of at least {least}, got {n!r}.")
    return int(n)


def _rotations(n: int) -> Array:
    """The generators of rotations in the planes (i, j), i < j, (n (n - 1) / 2, n, n)."""
    i, j = np.triu_indices(n, 1)
    A = np.zeros((len(i), n, n))
    k = np.arange(len(i))
    A[k, i, j], A[k, j, i] = -1, 1
    return A


def _haar(n: int, special: bool) -> Any:
    """A sampler of orthogonal matrices from the Haar measure (Mezzadri, 'How to generate random matrices', 2007)."""

    def sample(count: int, rng: np.random.Generator) -> Array:
        Q, R = np.linalg.qr(rng.normal(size=(count, n, n)))
        Q = Q * np.sign(np.diagonal(R, axis1=1, axis2=2))[:, None, :]
        if special:
            Q[:, :, 0] *= np.linalg.det(Q)[:, None]
        return np.asarray(Q)

    return sample


def _mirror(n: int) -> Array:
    return np.diag([-1.0] + [1.0] * (n - 1))[None]


def SO(n: int, m: int = 0, *, reach: float = 1.0) -> Group:
    """Rotations of n dimensions; with two numbers, of n + m: the connected Lorentz group is that of 1 and 3.

    Args:
        n: Dimensions of positive sign.
        m: Dimensions of negative sign; 0 for ordinary rotations.
        reach: Largest rapidity of sampled boosts.

    Examples:
        >>> len(SO(3).generators), len(SO(1, 3).generators)
        (3, 6)
    """
    n, m = _whole(n, 1, "SO(n, m)"), _whole(m, 0, "SO(n, m)")
    if m == 0:
        if n == 1:
            return _named(Group(discrete=[[[1.0]]], name="SO(1)"), "SO", 1)
        return _named(Group(_rotations(n), name=f"SO({n})", sampler=_haar(n, True)), "SO", n)
    return _named(Group(_pseudo(n, m), name=f"SO+({n},{m})", reach=reach), "SO", n, m, reach=reach)


def O(n: int, m: int = 0, *, reach: float = 1.0) -> Group:  # noqa: E743 - the group's name
    """Rotations and reflections of n dimensions; with two numbers, of n + m: Lorentz is that of 1 and 3.

    Args:
        n: Dimensions of positive sign.
        m: Dimensions of negative sign.
        reach: Largest rapidity of sampled boosts.

    Examples:
        >>> O(3)
        O(3)
    """
    n, m = _whole(n, 1, "O(n, m)"), _whole(m, 0, "O(n, m)")
    if m == 0:
        generators = _rotations(n) if n > 1 else None
        return _named(Group(generators, _mirror(n), name=f"O({n})", sampler=_haar(n, False)), "O", n)
    first, last = np.eye(n + m), np.eye(n + m)
    first[0, 0] = last[-1, -1] = -1
    group = Group(_pseudo(n, m), [first, last], name=f"O({n},{m})", reach=reach)
    return _named(group, "O", n, m, reach=reach)


def _pseudo(n: int, m: int) -> Array:
    """Generators of the group that keeps diag(1 x n, -1 x m)."""
    eta = np.array([1.0] * n + [-1.0] * m)
    A = _rotations(n + m)
    return np.asarray(A * eta[None, :, None] * (-1 if n == 1 else 1))


def Lorentz(*, reach: float = 1.0) -> Group:
    """The full Lorentz group O(1, 3) on four-vectors (E, px, py, pz), metric (+, -, -, -).

    Args:
        reach: Largest rapidity of sampled boosts; the Lorentz factor reaches cosh(reach).
    """
    return O(1, 3, reach=reach)


def SU(n: int) -> Group:
    """Special unitary matrices on complex vectors written as (real parts, imaginary parts), 2n numbers.

    Examples:
        >>> SU(2).dimension, len(SU(3).generators)
        (4, 8)
    """
    n = _whole(n, 2, "SU(n)")
    H: list[Any] = []
    for i in range(n):
        for j in range(i + 1, n):
            S = np.zeros((n, n), complex)
            S[i, j] = S[j, i] = 1
            T = np.zeros((n, n), complex)
            T[i, j], T[j, i] = -1j, 1j
            H += [S, T]
    for k in range(1, n):
        H.append(np.diag([1.0] * k + [-k] + [0.0] * (n - k - 1)) / math.sqrt(k * (k + 1) / 2) + 0j)
    generators = np.stack([_real(1j * h) for h in H])

    def sample(count: int, rng: np.random.Generator) -> Array:
        Z = rng.normal(size=(count, n, n)) + 1j * rng.normal(size=(count, n, n))
        Q, R = np.linalg.qr(Z)
        D = np.diagonal(R, axis1=1, axis2=2)
        Q = Q * (D / np.abs(D))[:, None, :]
        Q[:, :, 0] /= np.linalg.det(Q)[:, None]
        return _real(Q)

    return _named(Group(generators, name=f"SU({n})", sampler=sample), "SU", n)


def _real(U: Any) -> Array:
    """The real form of complex matrices, (..., n, n) to (..., 2n, 2n)."""
    top = np.concatenate([U.real, -U.imag], -1)
    return np.concatenate([top, np.concatenate([U.imag, U.real], -1)], -2)


def Sp(n: int, *, reach: float = 1.0) -> Group:
    """Symplectic matrices on phase space (positions, momenta) of n numbers in all; n is even. Not compact.

    Args:
        n: Twice the number of degrees of freedom.
        reach: Largest real part of the exponents of sampled elements.

    Examples:
        >>> len(Sp(4).generators)
        10
    """
    n = _whole(n, 2, "Sp(n)")
    if n % 2:
        raise InputError(f"Sp(n) acts on positions and momenta: n must be even, got {n}.")
    k = n // 2
    J = np.block([[np.zeros((k, k)), np.eye(k)], [-np.eye(k), np.zeros((k, k))]])
    A = []
    for i in range(n):
        for j in range(i, n):
            S = np.zeros((n, n))
            S[i, j] = S[j, i] = 1
            A.append(J @ S)
    return _named(Group(np.stack(A), name=f"Sp({n})", reach=reach), "Sp", n, reach=reach)


def S(n: int) -> Group:
    """Permutations of n objects: a vector holds one number of each object.

    Examples:
        >>> len(S(4).elements())
        24
    """
    n = _whole(n, 1, "S(n)")
    eye = np.eye(n)
    discrete = [eye] if n == 1 else [eye[[*range(i), i + 1, i, *range(i + 2, n)]] for i in range(n - 1)]

    def sample(count: int, rng: np.random.Generator) -> Array:
        return np.asarray(eye[rng.permuted(np.tile(np.arange(n), (count, 1)), axis=1)])

    return _named(Group(discrete=np.stack(discrete), name=f"S({n})", sampler=sample), "S", n)


def Z(n: int) -> Group:
    """Cyclic shifts of n objects in a ring: a vector holds one number of each. Rotations of a plane are C(n).

    Examples:
        >>> len(Z(4).elements()), Z(4).dimension
        (4, 4)
    """
    n = _whole(n, 1, "Z(n)")
    return _named(Group(discrete=np.roll(np.eye(n), 1, axis=0)[None], name=f"Z({n})"), "Z", n)


def C(n: int) -> Group:
    """Rotations of the plane by multiples of 360/n degrees.

    Examples:
        >>> len(C(6).elements()), C(6).dimension
        (6, 2)
    """
    n = _whole(n, 1, "C(n)")
    a = 2 * math.pi / n
    turn = np.array([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]])
    return _named(Group(discrete=turn[None], name=f"C({n})"), "C", n)


def D(n: int) -> Group:
    """The symmetries of a regular polygon of n corners: C(n) and reflections of the plane.

    Examples:
        >>> len(D(4).elements())
        8
    """
    n = _whole(n, 1, "D(n)")
    return _named(Group(discrete=np.stack([C(n).discrete[0], np.diag([1.0, -1.0])]), name=f"D({n})"), "D", n)


def Translation(n: int, *, period: float | None = None, reach: float = 1.0) -> Group:
    """Shifts of points in n dimensions by one vector common to all of them.

    Args:
        n: Dimensions.
        period: Coordinates are angles of this period (2 pi, 360): a rotation about an axis acts so on azimuths.
            For n = 1.
        reach: Width of the normal distribution of sampled shifts; with a period they are uniform.

    Examples:
        >>> Translation(2).dimension, len(Translation(2).generators)
        (2, 2)
    """
    n = _whole(n, 1, "Translation(n)")
    if period is not None and (n != 1 or not (math.isfinite(period) and period > 0)):
        raise InputError(f"Translation({n}, period={period!r}): a period is a positive number, and needs n = 1.")
    A = np.zeros((n, n + 1, n + 1))
    A[np.arange(n), np.arange(n), n] = 1

    def sample(count: int, rng: np.random.Generator) -> Array:
        g = np.tile(np.eye(n + 1), (count, 1, 1))
        g[:, :n, n] = rng.normal(0, reach, (count, n)) if period is None else rng.uniform(0, period, (count, 1))
        return g

    group = Group(A, name=f"Translation({n})", affine=True, period=period, reach=reach, sampler=sample)
    return _named(group, "Translation", n, period=period, reach=reach)


def Scaling(n: int, *, reach: float = 1.0) -> Group:
    """Multiplication of vectors of n numbers by one positive factor common to all of them.

    Args:
        n: Length of the vectors.
        reach: Sampled factors lie between exp(-reach) and exp(reach).

    Examples:
        >>> Scaling(3).dimension, Scaling(3).compact
        (3, False)
    """
    n = _whole(n, 1, "Scaling(n)")
    return _named(Group(np.eye(n)[None], name=f"Scaling({n})", reach=reach), "Scaling", n, reach=reach)


def _named(group: Group, maker: str, *args: Any, **options: Any) -> Group:
    group.recipe = (maker, args, options)
    return group
