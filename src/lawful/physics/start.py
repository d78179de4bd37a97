"""A model that is linear in its coefficients, fitted in closed form, from which training starts."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from lawful.physics.groups.group import Array
from lawful.physics.terms import MOST_COLUMNS, Terms

FOLDS = 5
WORTH = 0.5  # share of the variance that it must explain on held-out events, else training starts from nothing
_PENALTIES = np.logspace(-12, 2, 29)
_NOTHING = 1e-12


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

    Of models whose held-out errors differ by less than a standard error, the one with the least degree and the
    largest penalty is taken (Breiman, Friedman, Olshen, Stone, 'Classification and regression trees', 1984).

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
    dead = size <= _NOTHING * size.max()  # splines between knots where no event lies
    size = np.where(dead, np.inf, size)
    gram /= size[:, None] * size[None, :] * weight.sum()
    moment /= size[:, None] * weight.sum()

    def solve(G: Array, m: Array) -> Array:  # (penalties, columns, T)
        values, V = eigh(G)
        d = 1 / (np.maximum(values, 0)[None, :] + _PENALTIES[:, None])
        return np.asarray(np.einsum("ck,pk,kt->pct", V, d, V.T @ m))

    degree = terms.degrees
    best: tuple[Array, Array, Array] | None = None
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
        errors = ((held - y) ** 2).sum(2) * weight  # (penalties, N)
        least = int(errors.sum(1).argmin())
        chosen = max(p for p in range(least, len(errors)) if not _worse(errors[p], errors[least]))
        if best is None or _worse(best[0], errors[chosen]):
            coefficients = np.zeros((columns, m.shape[2]))
            coefficients[kept] = solve(G.sum(0), m.sum(0))[chosen] / size[kept, None]
            best = errors[chosen], coefficients, held[chosen].copy()
    assert best is not None
    mean = np.average(y, axis=0, weights=weight)
    if best[0].sum() > (1 - WORTH) * np.einsum("nt,n->", (y - mean) ** 2, weight):
        return None
    return Start(best[1]), best[2]


def _worse(errors: Array, others: Array) -> bool:
    """Whether errors of events are larger than others of the same events by more than their scatter explains."""
    more = errors - others
    return bool(more.mean() > more.std() / np.sqrt(len(more)))
