"""What a model that is linear in its coefficients is made of, where a group leaves the answer alone or turns it."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from lawful.physics.features import Features
from lawful.physics.groups.group import Array
from lawful.physics.splines import Splines

MOST_COLUMNS = 1200


class Terms(Protocol):
    """What a linear model is made of.

    Attributes:
        invariant: Whether each target has coefficients of its own, and every column one number.
    """

    @property
    def invariant(self) -> bool:
        """See the class."""

    def __call__(self, X: Array) -> Array:
        """The terms of inputs (N, F), (N, columns, width), of width 1 or as many as there are targets."""

    @property
    def degrees(self) -> Array:
        """Degree of each column, (columns,); of the models up to each degree the best is taken."""

    @property
    def arrays(self) -> dict[str, Array]:
        """What was learned from data."""


@dataclass(frozen=True)
class Monomials:
    r"""Products of at most two factors out of invariants and basis tensors.

    For an invariant output these are $1, s_a, s_a s_b$; for any other $T_k$ and $T_k s_a$, and $T_k s_a s_b$ for
    basis tensors that do not depend on the inputs. Degrees are those in the inputs that the group moves.
    """

    features: Features

    @property
    def invariant(self) -> bool:
        """See `Terms`."""
        return self.features.outputs is None

    def __call__(self, X: Array) -> Array:
        """See `Terms`."""
        features = self.features
        plain = features.plain(X)
        i, j = np.triu_indices(plain.shape[1])
        first = np.concatenate([np.ones((len(X), 1)), plain], 1)
        second = np.concatenate([first, plain[:, i] * plain[:, j]], 1)
        if features.outputs is None:
            return second[:, :, None]
        T = features.basis(X)
        constant = features.degrees == 0
        parts = [
            (c[:, :, None, None] * part[:, None]).reshape(len(X), -1, T.shape[2])
            for c, part in ((first, T[:, ~constant]), (second, T[:, constant]))
        ]
        return np.concatenate(parts, 1)

    @property
    def degrees(self) -> Array:
        """See `Terms`."""
        features = self.features
        plain = np.concatenate([np.zeros(features.scalars, int), features.invariants.degrees])
        i, j = np.triu_indices(len(plain))
        first = np.concatenate([[0], plain])
        second = np.concatenate([first, plain[i] + plain[j]])
        if features.outputs is None:
            return second
        T = features.degrees
        constant = T == 0
        return np.concatenate([np.add.outer(first, T[~constant]).ravel(), np.add.outer(second, T[constant]).ravel()])

    @property
    def arrays(self) -> dict[str, Array]:
        """See `Terms`: nothing."""
        return {}


@dataclass(frozen=True)
class Additive:
    """Monomials, then splines of each invariant, then splines of those of sums and differences of vectors.

    Later ones come as higher degrees, and are left out where there would be too many columns.
    """

    monomials: Monomials
    splines: tuple[Splines, Splines] = field(default_factory=lambda: (Splines(), Splines()))

    invariant = True

    def _values(self, X: Array) -> tuple[Array, Array]:
        features = self.monomials.features
        return features.plain(X), features.paired(X)

    def fit(self, X: Array, weight: Array) -> None:
        """Place the knots, given inputs (N, F) and weights of at least zero, (N,)."""
        room = MOST_COLUMNS - len(self.monomials.degrees)
        for splines, values in zip(self.splines, self._values(X), strict=True):
            wide = values.shape[1] * splines.each > room
            splines.fit(values[:, :0] if wide else values, weight)
            room -= splines.columns

    def __call__(self, X: Array) -> Array:
        """See `Terms`."""
        parts = [self.monomials(X)]
        for splines, values in zip(self.splines, self._values(X), strict=True):
            parts.append(splines(values[:, : len(splines.knots)])[:, :, None])
        return np.concatenate(parts, 1)

    @property
    def degrees(self) -> Array:
        """See `Terms`."""
        first = self.monomials.degrees
        later = [np.full(splines.columns, first.max() + 1 + k) for k, splines in enumerate(self.splines)]
        return np.concatenate([first, *later])

    @property
    def arrays(self) -> dict[str, Array]:
        """See `Terms`: the knots."""
        return {f"knots.{k}": splines.knots for k, splines in enumerate(self.splines)}

    def restore(self, arrays: dict[str, Array], name: str) -> None:
        """Take back `arrays`.

        Raises:
            InputError: When they do not fit the invariants.
        """
        features = self.monomials.features
        counts = (features.scalars + len(features.invariants), features.pairs.count)
        for k, (splines, count) in enumerate(zip(self.splines, counts, strict=True)):
            knots = arrays.get(f"knots.{k}", np.zeros(0))
            splines.restore(knots, 0 if knots.shape[:1] == (0,) else count, name)
