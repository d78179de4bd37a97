"""A cut that is chosen on other events than those it judges."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from lawful.evidence.arrays import Array

_FOLDS = 5


def cross_fitted_cuts(
    signal: npt.NDArray[np.bool_],
    weight: Array,
    choose: Callable[[npt.NDArray[np.bool_]], float],
    *,
    seed: int = 0,
    folds: int = _FOLDS,
) -> Array | None:
    """The cut that each event is judged by: chosen on the parts of the events that it does not belong to.

    A cut chosen on the events it is judged by looks too good, since it is drawn to their upward fluctuations. Here
    the events are dealt into `folds` parts, class by class, and each part is judged by the cut that the others chose;
    what passes is then summed over all parts, so that every event counts once.

    Args:
        signal: True for signal, (N,).
        weight: Event weights of either sign, (N,).
        choose: Takes the events to choose on, (N,) bool, and gives a cut.
        seed: Seed of the dealing.
        folds: Number of parts.

    Returns:
        A cut for each event, (N,); None where the events are too few: a class has no positive sum of weights in one
        of the sets to choose on.

    Examples:
        >>> signal = np.array([True, True, False, False])
        >>> cross_fitted_cuts(signal, np.ones(4), lambda rows: float(rows.sum()), folds=2).tolist()
        [2.0, 2.0, 2.0, 2.0]
    """
    rng = np.random.default_rng([seed, 5])
    part = np.empty(len(signal), dtype=np.int64)
    for own in (signal, ~signal):
        rows = rng.permutation(np.flatnonzero(own))
        part[rows] = np.arange(len(rows)) % folds
    cuts = np.empty(folds)
    for k in range(folds):
        rows = part != k
        if any(weight[rows & own].sum() <= 0 for own in (signal, ~signal)):
            return None
        cuts[k] = choose(rows)
    return cuts[part]
