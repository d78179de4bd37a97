"""What metrics check at their door.

Weights come as (N,), or as (toys, N) from the bootstrap; every metric takes both and gives a number or (toys,).
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from lawful.errors import InputError

Array = npt.NDArray[Any]
_ROUNDING = 1e-6  # what sums of float32 are off by
Number = Any
"""A float for weights (N,), an array (toys,) for weights (toys, N)."""


def check_numbers(name: str, values: Any, ndim: tuple[int, ...] = (1,)) -> Array:
    """Give `values` as a finite float64 array with one of the allowed numbers of dimensions.

    Raises:
        InputError: When they are not numbers, empty, of the wrong shape, or hold NaN or infinities.
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{name}: expected numbers, received {type(values).__name__}. Were labels meant?") from None
    if array.ndim == 2 and array.shape[1] == 1 and 2 not in ndim:
        array = array[:, 0]
    if array.ndim not in ndim:
        wanted = " or ".join("(N,)" if n == 1 else "(N, K)" for n in ndim)
        raise InputError(
            f"{name} has shape {array.shape}, expected {wanted}. Is it a whole table, or one column of it?"
        )
    if array.size == 0:
        raise InputError(f"{name} is empty: there is nothing to measure. Did a cut remove every event?")
    if not np.isfinite(array.sum()):
        nan, infinite = int(np.isnan(array).sum()), int(np.isinf(array).sum())
        if nan or infinite:
            raise InputError(
                f"{name} holds {nan} NaN and {infinite} infinite values (of {array.size}). Remove these events, or "
                "look for a division by zero or a training that diverged."
            )
    return array


def check_same_length(**arrays: Any) -> None:
    """Check that all arrays have the same number of events.

    Raises:
        InputError: Naming the lengths.
    """
    for name, array in arrays.items():
        if not np.ndim(array):
            raise InputError(f"{name}={array!r}: expected an array with a value for each event.")
    lengths = {name: np.shape(array)[0] for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise InputError(f"Different numbers of events: {listed}. Were cuts applied to one of them alone?")


def check_weight(weight: Any, rows: int) -> Array:
    """Give weights as float64, (N,) or (toys, N); ones when there are none. The sign is kept.

    Raises:
        InputError: When the length differs, a weight is not finite, or (N,) weights sum to zero or less.
    """
    if weight is None:
        return np.ones(rows)
    w = check_numbers("weight", weight, (1, 2))
    if w.shape[-1] != rows:
        raise InputError(
            f"Different numbers of events: weight has shape {w.shape}, expected ({rows},) or (toys, {rows}). Were "
            "cuts applied to one of them alone?"
        )
    if w.ndim == 1 and w.sum() <= 0:
        raise InputError(
            f"The weights sum to {w.sum():g}: no distribution has these weights. Are signs or a factor wrong, or are "
            "all of them zero?"
        )
    return w


def check_one_weight(weight: Any, rows: int) -> Array:
    """`check_weight` for what knows no toys: weights (N,).

    Raises:
        InputError: As for `check_weight`, and for weights (toys, N).
    """
    w = check_weight(weight, rows)
    if w.ndim > 1:
        raise InputError(f"weight has shape {w.shape}, expected ({rows},): a curve is of one set of weights.")
    return w


def check_labels(name: str, labels: Any) -> Array:
    """Give labels of any kind as (N,).

    Raises:
        InputError: For another shape, or none.
    """
    array = np.asarray(labels)
    array = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if array.ndim != 1:
        raise InputError(f"{name} has shape {array.shape}, expected one label an event, (N,).")
    if not len(array):
        raise InputError(f"{name} is empty: there is nothing to measure. Did a cut remove every event?")
    return array


def within_one(p: Array, name: str) -> Array:
    """Probabilities in [0, 1]; what float32 arithmetic lets stand out is rounded.

    Raises:
        InputError: When one lies outside.
    """
    if p.min(initial=0.0) < -_ROUNDING or p.max(initial=1.0) > 1 + _ROUNDING:
        raise InputError(
            f"{name} lies between {p.min():g} and {p.max():g}, expected probabilities, 0 to 1. Are these raw scores? "
            "Only probabilities can be calibrated."
        )
    return np.clip(p, 0.0, 1.0)


def check_binary(y: Any, rows: int | None = None, *, least: int = 2) -> npt.NDArray[np.bool_]:
    """Give labels as booleans, true for signal.

    Raises:
        InputError: For other labels than 0 and 1 (or false and true), fewer classes than `least`, or another length.
    """
    array = np.asarray(y)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise InputError(f"y has shape {array.shape}, expected (N,).")
    if rows is not None and len(array) != rows:
        raise InputError(
            f"Different numbers of events: y has {len(array)}, the scores {rows}. Were cuts applied to one?"
        )
    labels = np.unique(array[~np.isnan(array)] if array.dtype.kind == "f" else array)
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise InputError(f"y holds {int(np.isnan(array).sum())} NaN values (of {len(array)}). Remove these events.")
    if array.dtype.kind not in "biuf" or not np.isin(labels, (0, 1)).all():
        shown = ", ".join(map(repr, labels[:5].tolist()))
        raise InputError(
            f"y holds the labels {shown}: expected 0 (background) and 1 (signal). Pass `y == signal_label`."
        )
    if len(labels) < least:
        raise InputError(
            f"y holds one class only ({labels.tolist()[0] if len(labels) else 'it is empty'}): signal and background "
            "are needed. Did a cut or a split remove the other class?"
        )
    return array.astype(bool)


def safe_ratio(above: Any, below: Any) -> Number:
    """`above` / `below`, NaN where `below` is zero or less: a weight sum that no distribution has."""
    above, below = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return plain(np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan))


def subtract(first: Any, second: Any) -> Number:
    """`first` - `second`, exactly 0 where only rounding is left of equal numbers."""
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    with np.errstate(invalid="ignore"):  # two infinities have no difference
        apart = a - b
        same = np.abs(apart) <= 1e-13 * np.maximum(np.abs(a), np.abs(b))
    return plain(np.where(same, 0.0, apart))


def plain(values: Any) -> Number:
    """A float for a single number, the array for several."""
    array = np.asarray(values)
    return float(array) if array.ndim == 0 else array


def check_classes(weight: Array, signal: npt.NDArray[np.bool_]) -> None:
    """Check that each class has a positive sum of weights, (N,) weights only.

    Raises:
        InputError: Naming the class and its sum.
    """
    if weight.ndim > 1:
        return
    for name, mask in (("signal", signal), ("background", ~signal)):
        total = weight[mask].sum()
        if total <= 0:
            raise InputError(
                f"The weights of the {name} sum to {total:g}: an efficiency needs a positive sum. Are signs or a "
                "factor wrong, or are there too few events for their negative weights?"
            )
