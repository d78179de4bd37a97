"""Shifts and scale factors taken out of the inputs: differences and ratios, on which a linear group is left."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from lawful.errors import InputError
from lawful.physics.groups.group import Array, Group
from lawful.physics.layout import Layout
from lawful.physics.representations import Kind

_ALL_PAIRS = 8  # angles up to this number are compared each with each, more only with the first


@dataclass(frozen=True)
class Framed:
    """Inputs without shifts and scale factors.

    Attributes:
        blocks: What the linear group acts on, each (N, size).
        scalars: What nothing acts on, (N, S).
        size: The common size that blocks were divided by, (N, 1); ones where sizes stay.
        reference: The point that was subtracted, (N, d).
    """

    blocks: list[Array]
    scalars: Array
    size: Array
    reference: Array


class Frame:
    """How shifts and scale factors are taken out.

    Points become differences to the first point, and the mean of the points is the reference of an output point;
    angles become sines and cosines of differences. Where the group scales all vectors by one factor, tensors of p
    upper and q lower indices are divided by the (p - q)th power of the common size of the blocks.

    Args:
        layout: The blocks of columns.
        group: The group that acts on them.

    Attributes:
        group: The linear group that is left.
        kinds: Kinds of the blocks that are left.

    Raises:
        InputError: When scale factors act and no block has a size to compare with.
    """

    def __init__(self, layout: Layout, group: Group) -> None:
        self.layout, self.whole = layout, group
        moving = [kind for kind in layout.kinds if not kind.invariant]
        self.points = sum(self._is_point(kind) for kind in moving)
        self.group, self.dilation = _without_dilation(group.linear)
        others = [Kind(k.upper, k.lower, k.odd) for k in moving if not self._is_point(k)]
        differences = max(0, self.points - 1) if group.period is None else 0
        self.kinds: tuple[Kind, ...] = (*[Kind(1)] * differences, *others)
        if self.dilation and not any(kind.upper > kind.lower for kind in self.kinds):
            raise InputError(f"{group.name}: no input has a size that others could be divided by.")

    @property
    def angles(self) -> int:
        """How many sines and cosines angles give."""
        return 0 if self.whole.period is None else 2 * len(_pairs(self.points))

    def _is_point(self, kind: Kind) -> bool:
        return kind.point and self.whole.affine

    def __call__(self, X: Array) -> Framed:
        """Take shifts and scale factors out of X, (N, F)."""
        moving: list[Array] = []
        fixed: list[Array] = []
        points: list[Array] = []
        for kind, columns in zip(self.layout.kinds, self.layout.columns, strict=True):
            part = fixed if kind.invariant else points if self._is_point(kind) else moving
            part.append(X[:, list(columns)])
        N = len(X)
        reference = np.mean(points, axis=0) if points else np.zeros((N, self.whole.dimension))
        if self.whole.period is not None:
            fixed += _angles(points, self.whole.period)
        else:
            moving = [point - points[0] for point in points[1:]] + moving
        size = np.ones((N, 1))
        if self.dilation:
            weights = [kind.upper - kind.lower for kind in self.kinds]
            parts = [
                np.linalg.norm(block, axis=1, keepdims=True) ** (2 / w)
                for block, w in zip(moving, weights, strict=True)
                if w > 0
            ]
            size = np.sqrt(np.sum(parts, axis=0))
            size = np.where(size > 0, size, 1.0)
            moving = [block / size**w for block, w in zip(moving, weights, strict=True)]
        return Framed(moving, np.concatenate(fixed, 1) if fixed else np.zeros((N, 0)), size, reference)


def _angles(points: list[Array], period: float) -> list[Array]:
    """Cosines and sines of differences of angles, each (N, 1)."""
    out = []
    for a, b in _pairs(len(points)):
        difference = (points[b] - points[a]) * (2 * np.pi / period)
        out += [np.cos(difference), np.sin(difference)]
    return out


def _pairs(points: int) -> list[tuple[int, int]]:
    if points <= _ALL_PAIRS:
        return list(combinations(range(points), 2))
    return [(0, other) for other in range(1, points)]


def _without_dilation(group: Group) -> tuple[Group, bool]:
    """The group without a factor common to all numbers, and whether it had one."""
    A, d = group.generators, group.dimension
    if not len(A):
        return group, False
    flat = A.reshape(len(A), -1)
    eye = np.eye(d)
    c = np.linalg.lstsq(flat.T, eye.ravel(), rcond=None)[0]
    if np.abs(flat.T @ c - eye.ravel()).max() > 1e-9:
        return group, False
    rest = A - np.trace(A, axis1=1, axis2=2)[:, None, None] / d * eye
    rest = rest[np.abs(rest).max((1, 2)) > 1e-10]
    h = group.discrete if len(group.discrete) else eye[None]
    return Group(rest if len(rest) else None, h, name=group.name), True
