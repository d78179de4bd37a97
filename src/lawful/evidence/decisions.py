"""What a cut on the score, or a choice of class, does to the events."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lawful.errors import InputError
from lawful.evidence.arrays import (
    Array,
    Number,
    check_labels,
    check_one_weight,
    check_same_length,
    check_weight,
    plain,
    safe_ratio,
)


def accuracy(y: Any, predicted: Any, weight: Any = None) -> Number:
    r"""The weight share of events whose class is predicted rightly, $\sum_i w_i [\hat y_i = y_i] / \sum_i w_i$.

    Args:
        y: True classes, (N,): numbers or names.
        predicted: Predicted classes, (N,).
        weight: Event weights of either sign, (N,) or (toys, N); None: ones.

    Raises:
        InputError: For unequal lengths or weights that sum to zero or less.

    Examples:
        >>> accuracy([0, 1, 1, 0], [0, 1, 0, 0])
        0.75
    """
    true, guess = check_labels("y", y), check_labels("predicted", predicted)
    check_same_length(y=true, predicted=guess)
    right = np.asarray(true == guess).astype(np.float64)
    w = check_weight(weight, len(right))
    return plain(safe_ratio(w @ right, w.sum(-1)))


def confusion_matrix(y: Any, predicted: Any, weight: Any = None, *, classes: Any = None) -> Array:
    """How much weight of each true class (rows) is predicted as each class (columns).

    Args:
        y: True classes, (N,): numbers or names.
        predicted: Predicted classes, (N,).
        weight: Event weights of either sign, (N,); None: ones.
        classes: Order of the classes, (K,); None: all that occur, sorted.

    Returns:
        Weight sums, (K, K).

    Raises:
        InputError: For unequal lengths, or classes that are not listed.

    Examples:
        >>> confusion_matrix(["b", "s", "s"], ["b", "b", "s"], [1.0, 2.0, -0.5]).tolist()
        [[1.0, 0.0], [2.0, -0.5]]
    """
    true, guess = check_labels("y", y), check_labels("predicted", predicted)
    check_same_length(y=true, predicted=guess)
    w = check_one_weight(weight, len(true))
    order = np.unique(np.concatenate([true, guess])) if classes is None else np.asarray(classes)
    K = len(order)
    sorting = np.argsort(order)
    codes = []
    for name, labels in (("y", true), ("predicted", guess)):
        position = np.searchsorted(order[sorting], labels).clip(max=K - 1)
        code = sorting[position]
        if not (order[code] == labels).all():
            unknown = np.unique(labels[order[code] != labels])[:5].tolist()
            raise InputError(f"{name} holds classes that are not listed: {unknown}; expected {order.tolist()}.")
        codes.append(code)
    return np.bincount(codes[0] * K + codes[1], weights=w, minlength=K * K).reshape(K, K)


@dataclass(frozen=True)
class Counts:
    """Weight sums on both sides of a cut score >= threshold.

    Attributes:
        signal: Signal that passes.
        background: Background that passes.
        total_signal: All signal.
        total_background: All background.
    """

    signal: Number
    background: Number
    total_signal: Number
    total_background: Number

    @property
    def signal_efficiency(self) -> Number:
        """Weight share of signal that passes."""
        return safe_ratio(self.signal, self.total_signal)

    @property
    def background_efficiency(self) -> Number:
        """Weight share of background that passes."""
        return safe_ratio(self.background, self.total_background)

    def scaled(self, signal: float | None, background: float | None) -> "Counts":
        """The same efficiencies for given totals; None leaves a total as it is."""
        s = 1.0 if signal is None else safe_ratio(signal, self.total_signal)
        b = 1.0 if background is None else safe_ratio(background, self.total_background)
        return Counts(self.signal * s, self.background * b, self.total_signal * s, self.total_background * b)

    @property
    def purity(self) -> Number:
        """Weight share of signal among what passes."""
        return safe_ratio(self.signal, self.signal + self.background)


def counts(y: Any, score: Any, threshold: float, weight: Any = None) -> Counts:
    """What passes a cut score >= threshold, and what there is.

    Args:
        y: Labels, (N,), 1 for signal and 0 for background.
        score: Scores, (N,).
        threshold: The cut.
        weight: Event weights of either sign, (N,) or (toys, N); None: ones.

    Raises:
        InputError: As for `auc`.

    Examples:
        >>> cut = counts([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], 0.35)
        >>> cut.signal_efficiency, cut.background_efficiency, round(cut.purity, 3)
        (1.0, 0.5, 0.667)
    """
    from lawful.evidence.ranking import ranked

    ranking, w = ranked(y, score, weight)
    cut = (np.asarray(score, dtype=np.float64).reshape(-1) >= threshold).astype(np.float64)
    s, b = ranking.signal.astype(np.float64), (~ranking.signal).astype(np.float64)
    return Counts(*(plain(w @ part) for part in (cut * s, cut * b, s, b)))
