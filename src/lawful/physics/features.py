"""The fixed part of a network that cannot break a symmetry: invariants and basis tensors of its inputs."""

from typing import Any

import numpy as np

from lawful.errors import InputError
from lawful.physics.columns import Columns
from lawful.physics.frame import Frame
from lawful.physics.groups.group import Array
from lawful.physics.pairs import Pairs
from lawful.physics.polynomials import RANK, Polynomials
from lawful.physics.representations import Kind
from lawful.physics.symmetry import Symmetry


class Features:
    r"""Invariants and basis tensors, from inputs that a group acts on.

    An invariant output is a function of the invariants s alone; any other output is $y = \sum_k c_k(s)\,T_k$ with
    basis tensors $T_k$ that transform as y does, and coefficients that the network gives. Both are polynomials of
    the inputs, worked out in float64 and without anything to learn, so they are found once and not in every step.

    The network is given each invariant of degree n as it is and as its n-th root, which is as large as the inputs
    (softened near zero), and the roots of those of sums and differences of two vectors.

    Args:
        symmetry: The symmetry.
        table: The columns of the inputs.
        tolerance: Of the null space, see `lawful.physics.invariants.invariant_tensors`.
        paired: Whether sums and differences are looked at.

    Attributes:
        outputs: How many coefficients the network must give; None: as many as there are targets.
        degrees: Degree of each basis tensor, (outputs,).

    Raises:
        InputError: When the group leaves no polynomial from which the output could be made.
    """

    def __init__(self, symmetry: Symmetry, table: Columns, tolerance: float = 1e-6, *, paired: bool = True) -> None:
        self.symmetry = symmetry
        self.frame = Frame(symmetry.layout(table), symmetry.group)
        group, kinds = self.frame.group, self.frame.kinds
        self.invariants = Polynomials(group, kinds, Kind(), tolerance)
        self.bases = [Polynomials(group, kinds, _displaced(kind), tolerance) for kind in symmetry.kinds]
        self.pairs = Pairs(group, kinds if paired else (), tolerance)
        scalars = len([kind for kind in self.frame.layout.kinds if kind.invariant])
        if symmetry.group.period is not None:
            scalars += self.frame.angles
        self.scalars = scalars
        if symmetry.invariant and kinds and not len(self.invariants):
            raise InputError(
                f"{symmetry.name}: no polynomial of the inputs with up to {RANK} indices is invariant"
                + (f", and only the {scalars} scalars are left. " if scalars else ". ")
                + "Use by('augment') or by('loss'), or state more inputs."
            )
        for kind, basis in zip(symmetry.kinds, self.bases, strict=True):
            if not kind.invariant and not len(basis):
                raise InputError(
                    f"{symmetry.name}: no polynomial of the inputs with up to {max(RANK - kind.rank, kind.rank)} "
                    f"indices transforms as a {kind}. Use by('augment') or by('loss'), or state more inputs."
                )
        if not symmetry.invariant and symmetry.group.period is not None:
            raise InputError(f"{symmetry.name}: an angle as output has no architecture; give its sine and cosine.")
        self.outputs = None if symmetry.invariant else sum(self._counts)
        self.arrays: dict[str, Array] = {}

    @property
    def width(self) -> int:
        """Numbers that the network is given, K."""
        return self.scalars + len(self.invariants) + int((self.invariants.degrees > 1).sum()) + self.pairs.count

    @property
    def _counts(self) -> list[int]:
        """Coefficients of each block of the output."""
        return [
            1 if kind.invariant else len(basis) for kind, basis in zip(self.symmetry.kinds, self.bases, strict=True)
        ]

    def fit(self, X: Array, weight: Array) -> None:
        """Learn sizes from inputs (N, F) under |weight|, (N,): one for each block, invariant and basis tensor."""
        share = np.abs(weight) / np.abs(weight).sum()

        def size(values: Array) -> Array:  # (N, ...) to (...)
            rms = np.sqrt(np.tensordot(share, values**2, 1))
            return np.where(rms > 0, rms, 1.0)

        framed = self.frame(X)
        self.arrays = {"blocks": np.array([np.sqrt(np.mean(size(block) ** 2)) for block in framed.blocks])}
        s = self._invariants(framed.blocks, len(X))
        self.arrays["invariants"] = size(s)
        self.arrays["soft"] = _soft(s, self.arrays["invariants"])
        pairs = self.pairs(framed.blocks, len(X))
        self.arrays["pairs"] = _soft(pairs, size(pairs))
        for number, (kind, basis) in enumerate(zip(self.symmetry.kinds, self.bases, strict=True)):
            if not kind.invariant:
                T = self._basis(basis, framed.blocks) * (framed.size ** (kind.upper - kind.lower))[:, :, None]
                self.arrays[f"basis.{number}"] = np.sqrt(np.mean(size(T) ** 2, axis=-1))

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of `arrays` after `fit`."""
        count = len(self.invariants)
        shapes: dict[str, tuple[int, ...]] = {
            "blocks": (len(self.frame.kinds),),
            "invariants": (count,),
            "soft": (count,),
            "pairs": (self.pairs.count,),
        }
        for number, (kind, basis) in enumerate(zip(self.symmetry.kinds, self.bases, strict=True)):
            if not kind.invariant:
                shapes[f"basis.{number}"] = (len(basis),)
        return shapes

    def _scaled(self, blocks: list[Array]) -> list[Array]:
        return [block / scale for block, scale in zip(blocks, self.arrays["blocks"], strict=True)]

    def _invariants(self, blocks: list[Array], rows: int) -> Array:
        if not len(self.invariants):
            return np.zeros((rows, 0))
        return self.invariants(self._scaled(blocks))[:, :, 0]

    def _basis(self, basis: Polynomials, blocks: list[Array]) -> Array:
        return basis(self._scaled(blocks))

    def plain(self, X: Array) -> Array:
        """The scalars and invariants as they are, (N, S): what every invariant function is a function of."""
        framed = self.frame(X)
        s = self._invariants(framed.blocks, len(X))
        return np.concatenate([framed.scalars, s / self.arrays["invariants"]], 1)

    def inputs(self, X: Array) -> Array:
        """What the network is given, (N, K)."""
        framed = self.frame(X)
        s = self._invariants(framed.blocks, len(X))
        higher = self.invariants.degrees > 1
        roots = _root(s[:, higher], self.arrays["soft"][higher], self.invariants.degrees[higher])
        pairs = _root(self.pairs(framed.blocks, len(X)), self.arrays["pairs"], self.pairs.degrees)
        return np.concatenate([framed.scalars, s / self.arrays["invariants"], roots, pairs], 1)

    def paired(self, X: Array) -> Array:
        """Invariants of sums and differences of two vectors, (N, pairs)."""
        return self.pairs(self.frame(X).blocks, len(X))

    def basis(self, X: Array) -> Array:
        """Basis tensors of the whole output, (N, outputs, width of the output)."""
        framed = self.frame(X)
        width = sum(kind.size(self.symmetry.group) for kind in self.symmetry.kinds)
        out = np.zeros((len(X), sum(self._counts), width))
        row = column = 0
        for number, (kind, basis) in enumerate(zip(self.symmetry.kinds, self.bases, strict=True)):
            size, count = kind.size(self.symmetry.group), self._counts[number]
            if kind.invariant:
                out[:, row, column] = 1.0
            else:
                T = self._basis(basis, framed.blocks) * (framed.size ** (kind.upper - kind.lower))[:, :, None]
                out[:, row : row + count, column : column + size] = T / self.arrays[f"basis.{number}"][:, None]
            row, column = row + count, column + size
        return out

    @property
    def degrees(self) -> Array:
        """Degree in the inputs of each basis tensor, (outputs,)."""
        parts: list[Any] = [
            np.zeros(1, int) if kind.invariant else basis.degrees
            for kind, basis in zip(self.symmetry.kinds, self.bases, strict=True)
        ]
        return np.concatenate(parts)

    def reference(self, X: Array) -> Array:
        """What is added to an output made of the basis tensors, (N, width): the reference point of output points."""
        framed = self.frame(X)
        parts = [
            framed.reference
            if kind.point and self.symmetry.group.affine
            else np.zeros((len(X), kind.size(self.symmetry.group)))
            for kind in self.symmetry.kinds
        ]
        return np.concatenate(parts, 1)


def _root(s: Array, soft: Array, degree: Array) -> Array:
    """The n-th roots of invariants of degree n, (N, S), with their sign, softened near zero."""
    return np.asarray(s / (s**2 + soft**2) ** ((degree - 1) / (2 * degree)))


def _soft(s: Array, size: Array) -> Array:
    """Where roots are softened, (S,): a tenth of the median, or of the size, of invariants (N, S)."""
    soft = 0.1 * np.median(np.abs(s), axis=0) if s.shape[1] else np.zeros(0)
    return np.where(soft > 0, soft, 0.1 * size)


def _displaced(kind: Kind) -> Kind:
    return Kind(kind.upper, kind.lower, kind.odd)
