"""A model that is linear in its coefficients, fitted in closed form, from which training starts."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.linalg import eigh

from lawful.physics.features import Features
from lawful.physics.groups.group import Array

FOLDS = 5
WORTH = 0.5  # share of the variance that it must explain on held-out events, else training starts from nothing
MOST_COLUMNS = 1200
_PENALTIES = np.logspace(-12, 2, 29)


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


@dataclass(frozen=True)
class Start:
    """A sum of terms, with coefficients (columns, targets)."""

    coefficients: Array

    def __call__(self, terms: Terms, X: Array, rows: int = 4096) -> Array:
        """Predictions, (N, T)."""
        parts = []
        for first in range(0, max(1, len(X)), rows):
            D = terms(X[first : first + rows])
            if terms.invariant:
                parts.append(D[:, :, 0] @ self.coefficients)
            else:
                parts.append(np.einsum("nkw,k->nw", D, self.coefficients[:, 0]))
        return np.concatenate(parts)


def fit_start(terms: Terms, X: Array, y: Array, weight: Array, seed: int) -> tuple[Start, Array] | None:
    """Fit by weighted ridge regression, the penalty chosen by five-fold cross-validation over events.

    Args:
        terms: What it is made of.
        X: Inputs, (N, F).
        y: Standardised targets, (N, T).
        weight: Weights of at least zero, (N,).
        seed: The folds follow from it.

    Returns:
        The model and what the folds predict of events that they did not see, (N, T); None when that explains
        less than half of the variance, or when there are too many columns.
    """
    N = len(X)
    columns = terms(X[:1]).shape[1]
    if columns > MOST_COLUMNS or N < 2 * FOLDS:
        return None
    invariant = terms.invariant
    fold = np.random.default_rng([seed, 7]).permutation(N) % FOLDS
    width = 1 if invariant else y.shape[1]
    gram = np.zeros((FOLDS, columns, columns))
    moment = np.zeros((FOLDS, columns, y.shape[1] if invariant else 1))
    step = max(1, int(32e6 / (8 * columns * width)))
    for f in range(FOLDS):
        rows = np.flatnonzero(fold == f)
        for first in range(0, len(rows), step):
            part = rows[first : first + step]
            D, w = terms(X[part]), weight[part]
            flat = D[:, :, 0] if invariant else D.transpose(0, 2, 1).reshape(-1, columns)
            targets = y[part] if invariant else y[part].reshape(-1, 1)
            weighted = flat * np.repeat(w, width)[:, None]
            gram[f] += weighted.T @ flat
            moment[f] += weighted.T @ targets
    size = np.sqrt(np.maximum(np.diagonal(gram.sum(0)) / weight.sum(), 1e-300))
    gram /= size[:, None] * size[None, :] * weight.sum()
    moment /= size[:, None] * weight.sum()

    def solve(G: Array, m: Array) -> Array:  # (penalties, columns, T)
        values, V = eigh(G)
        d = 1 / (np.maximum(values, 0)[None, :] + _PENALTIES[:, None])
        return np.asarray(np.einsum("ck,pk,kt->pct", V, d, V.T @ m))

    degree = terms.degrees
    best: tuple[float, Array, Array] | None = None
    for most in np.unique(degree):
        kept = np.flatnonzero(degree <= most)
        if len(kept) == 1 and most < degree.max():
            continue
        G, m = gram[:, kept][:, :, kept], moment[:, kept]
        guesses = [solve(G.sum(0) - G[f], m.sum(0) - m[f]) / size[kept, None] for f in range(FOLDS)]
        held = np.zeros((len(_PENALTIES), *y.shape))
        for f in range(FOLDS):
            rows = np.flatnonzero(fold == f)
            for first in range(0, len(rows), step):
                part = rows[first : first + step]
                D = terms(X[part])[:, kept]
                if invariant:
                    held[:, part] = np.einsum("nc,pct->pnt", D[:, :, 0], guesses[f], optimize=True)
                else:
                    held[:, part] = np.einsum("ncw,pc->pnw", D, guesses[f][:, :, 0], optimize=True)
        errors = np.einsum("pnt,n->p", (held - y) ** 2, weight)
        least = int(errors.argmin())
        if best is None or errors[least] < best[0]:
            coefficients = np.zeros((columns, m.shape[2]))
            coefficients[kept] = solve(G.sum(0), m.sum(0))[least] / size[kept, None]
            best = float(errors[least]), coefficients, held[least].copy()
    assert best is not None
    mean = np.average(y, axis=0, weights=weight)
    if best[0] > (1 - WORTH) * np.einsum("nt,n->", (y - mean) ** 2, weight):
        return None
    return Start(best[1]), best[2]
