"""Ranking of many classes, each against the rest."""

from typing import Any

import numpy as np

from lawful.errors import InputError
from lawful.evidence.arrays import Number, check_numbers, check_same_length, plain
from lawful.evidence.ranking import ranked


def one_vs_rest_auc(y: Any, probability: Any, weight: Any = None, *, classes: Any = None) -> dict[Any, Number]:
    """The AUC of each class against all others, by its own probability.

    Args:
        y: True classes, (N,): numbers or names.
        probability: Probability or score of each class, (N, K).
        weight: Event weights of either sign, (N,) or (toys, N); None: ones.
        classes: The class of each column, (K,); None: those that occur, sorted.

    Returns:
        Class to AUC.

    Raises:
        InputError: As for `auc`, and when the number of columns differs from the number of classes.

    Examples:
        >>> p = [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.2, 0.7], [0.3, 0.4, 0.3]]
        >>> one_vs_rest_auc(["a", "b", "c", "a"], p)
        {'a': 1.0, 'b': 1.0, 'c': 1.0}
    """
    check_same_length(y=y, probability=probability)
    p = check_numbers("probability", probability, (2,))
    truth = np.asarray(y)
    labels = np.unique(truth) if classes is None else np.asarray(classes)
    if p.shape[1] != len(labels):
        raise InputError(
            f"probability has {p.shape[1]} columns, but there are {len(labels)} classes: {labels[:8].tolist()}. Pass "
            "classes= in the order of the columns (an estimator's classes_)."
        )
    out = {}
    for k, label in enumerate(labels.tolist()):
        ranking, w = ranked(truth == label, p[:, k], weight)
        out[label] = plain(ranking.sums(w).auc())
    return out


def macro_auc(y: Any, probability: Any, weight: Any = None, *, classes: Any = None) -> Number:
    """The mean over the classes of the AUC of each against the rest; each class counts the same.

    Args:
        y: True classes, (N,): numbers or names.
        probability: Probability or score of each class, (N, K).
        weight: Event weights of either sign, (N,) or (toys, N); None: ones.
        classes: The class of each column, (K,); None: those that occur, sorted.

    Raises:
        InputError: As for `one_vs_rest_auc`.

    Examples:
        >>> macro_auc(["a", "b", "c"], [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.2, 0.7]])
        1.0
    """
    each = one_vs_rest_auc(y, probability, weight, classes=classes)
    return plain(np.mean(np.stack([np.asarray(v) for v in each.values()]), axis=0))
