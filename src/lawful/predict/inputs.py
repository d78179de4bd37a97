"""What estimators check at their door."""

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import validate_data

from lawful.errors import InputError
from lawful.physics.statement import target_units

if TYPE_CHECKING:
    from lawful.data import Events

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Table:
    """Inputs, targets and weights as the user gave them, Events taken apart.

    Attributes:
        X: Anything two-dimensional, with column names where there are any.
        y: Targets or None.
        weight: Weights or None.
        groups: Events that must stay together carry the same number; None when each stands alone.
        gaps_declared: Whether missing values were declared when the events were read.
        events: Whether these were Events.
        sentinels: Of Events: which values meant missing, by column.
        units: Of Events: unit of each column that has one.
        target_units: Of Events: unit of each target, None where it has none.
    """

    X: Any
    y: Any
    weight: Any
    groups: Array | None = None
    gaps_declared: bool = False
    events: bool = False
    sentinels: dict[str, tuple[float, ...]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    target_units: tuple[str | None, ...] = ()


def is_events(X: object) -> bool:
    """Whether X is a set of `lawful.Events`."""
    return hasattr(X, "frame") and hasattr(X, "features") and hasattr(X, "weight")


def take_apart(
    X: Any, y: Any = None, weight: Any = None, names: Array | None = None, *, structured: bool = False
) -> Table:
    """Turn whatever the user gave into a `Table`: Events, torch tensors, awkward and pandas arrays, lists.

    Of Events the columns `names` are taken, or their features when there are no names yet. Structured inputs are
    taken by name, those of Events with their clouds.
    """
    if is_events(X):
        events: Events = X
        target = events.y if y is None else y
        own = events.weight if weight is None else weight
        groups = None if events.group is None else np.unique(events[events.group], return_inverse=True)[1]
        frame: Any = named_inputs(X) if structured else events.frame(None if names is None else list(names))
        told = read_sentinels(getattr(events, "sentinels", {}))
        told = {} if structured else {name: values for name, values in told.items() if name in frame}
        return Table(
            frame,
            target,
            own,
            groups,
            bool(events.missing),
            events=True,
            sentinels=told,
            units=dict(events.units),
            target_units=target_units(events) if y is None else (),
        )
    return Table(named_inputs(X) if structured else _plain(X), _plain(y), _plain(weight))


def named_inputs(X: Any) -> dict[str, Any]:
    """The inputs by name, "" for one alone or for the features of Events; what is no input is left out.

    Raises:
        InputError: When there is none.
    """
    if is_events(X):
        found: dict[str, Any] = dict(X.clouds)
        if X.features:
            found[""] = X.frame()
        return found
    if isinstance(X, Mapping) and not hasattr(X, "iloc"):
        if not X:
            raise InputError("X is an empty dictionary: expected inputs by name, as {'tracks': cloud, 'jet': table}.")
        return {str(name): value for name, value in X.items()}
    return {"": X}


def read_sentinels(told: Any) -> dict[str, tuple[float, ...]]:
    """Column to the values that mean missing there, from a mapping of column to one or several; None is NaN.

    Raises:
        InputError: When it is no such mapping.
    """
    try:
        return {
            str(name): tuple(float("nan" if v is None else v) for v in np.atleast_1d(np.asarray(values, object)))
            for name, values in dict(told).items()
        }
    except (TypeError, ValueError):
        raise InputError(f"{told!r} is no table from column to the values that mean missing.") from None


def unnamed(X: Any) -> Array | None:
    """An array or list of rows as an array; None for what has column names, or is no table."""
    if isinstance(X, list | tuple):
        try:
            X = np.asarray(X)
        except ValueError:  # rows of unequal length, of which `check_X` says more
            return None
    return X if isinstance(X, np.ndarray) and X.ndim == 2 else None


def put_gaps(frame: Any, sentinels: Mapping[str, tuple[float, ...]]) -> Any:
    """A data frame with NaN in place of the values that mean missing, column by column."""
    new = {}
    for name, values in sentinels.items():
        column = frame[name]
        if column.dtype == object:
            column = column.infer_objects()
        if column.dtype.kind in "iuf":
            numpy = getattr(column.dtype, "numpy_dtype", column.dtype)
            kind = numpy if numpy.kind == "f" else np.dtype(np.float64)
            new[name] = column.mask(column.isin(np.array(values, kind)))
    return frame.assign(**new)


def _plain(array: Any) -> Any:
    module = type(array).__module__.split(".")[0]
    if module == "torch":
        return array.detach().cpu().numpy()
    if module == "awkward":
        return _from_awkward(array)
    if module != "pandas" and not isinstance(array, np.ndarray) and hasattr(array, "__array__"):
        return np.asarray(array)
    return array


def _from_awkward(array: Any) -> Any:
    import awkward as ak
    import pandas as pd

    if ak.fields(array):
        return pd.DataFrame({name: ak.to_numpy(array[name]) for name in ak.fields(array)})
    return ak.to_numpy(array)


def check_X(estimator: Any, X: Any, *, fitting: bool, gaps_allowed: bool) -> Array:  # noqa: N802
    """Give X as a finite (N, F) float array: float32 where X is that or made of small integers, else float64.

    Only scaled inputs are rounded to the network's number type, so that columns far from zero, or of a tiny unit,
    keep their digits.

    Raises:
        InputError: When X is empty, has the wrong shape or other columns than in `fit`, or holds NaN, infinities or
            what is no number; names the columns.
    """
    _check_numbers(X)
    try:
        x = validate_data(estimator, X, reset=fitting, dtype="numeric", ensure_all_finite=False, ensure_min_samples=1)
    except InputError:
        raise
    except ValueError as error:  # some of these messages print all of X
        raise InputError(re.sub(r":?\s*array=.*\.\n|\n\[.*", ". ", str(error), flags=re.DOTALL).strip()) from None
    small = x.dtype.kind in "biu" and x.dtype.itemsize <= 2
    wide = x.astype(np.float32 if small or x.dtype in (np.float32, np.float16) else np.float64, copy=False)
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(wide.sum()):  # one pass; a sum that overflows is looked at closely below
            return np.asarray(wide)
    bad = ~np.isfinite(wide)
    if gaps_allowed:
        bad &= ~np.isnan(wide)
    if bad.any():
        raise InputError(_describe(x, bad, getattr(estimator, "feature_names_in_", None)))
    return np.asarray(wide)


def _check_numbers(X: Any) -> None:
    """Refuse columns of a data frame that hold no numbers, by name."""
    if not hasattr(X, "dtypes") or not hasattr(X, "columns"):
        return
    for name in X.columns:
        column = X[name]
        kind = getattr(column, "dtype", None)
        if kind is None or getattr(kind, "kind", "O") in "biufc":
            continue
        try:
            numbers = getattr(kind, "kind", "O") not in "Mm" and np.asarray(column, dtype=np.float64) is not None
        except (TypeError, ValueError):
            numbers = False
        if not numbers:
            first = repr(column.iloc[0]) if len(column) and hasattr(column, "iloc") else kind
            raise InputError(
                f"The column {name!r} holds no numbers: it is of type {kind}, and begins with {first}. Leave it out, "
                "or write it as numbers: a category as a column of 0 and 1 for each of its values."
            )


def _describe(x: Array, bad: Array, names: Array | None) -> str:
    """Say which columns hold how many NaN and infinite values, and what to do."""
    parts = []
    for column in np.flatnonzero(bad.any(0))[:5]:
        nan = int(np.isnan(x[:, column]).sum()) if x.dtype.kind == "f" else 0
        infinite = int(bad[:, column].sum()) - min(nan, int(bad[:, column].sum()))
        counts = [f"{nan} NaN" if nan else "", f"{infinite} infinity" if infinite else ""]
        name = f"{names[column]!r}" if names is not None else f"column {column}"
        parts.append(f"{name}: {' and '.join(c for c in counts if c)}")
    more = int(bad.any(0).sum()) - len(parts)
    return (
        f"Input X contains NaN or infinity. {'; '.join(parts)}{f'; and {more} more columns' if more > 0 else ''} "
        f"(of {len(x)} rows). Remove these rows, or give missing values as NaN with missing='mark'."
    )


def check_weight(weight: Any, rows: int) -> Array:
    """Give weights as a finite (N,) float64 array; ones when there are none.

    Raises:
        InputError: When lengths differ, a weight is not finite, or the weights sum to zero or less.
    """
    if weight is None:
        return np.ones(rows)
    try:
        w = np.asarray(weight, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("sample_weight: expected numbers, one for each row of X.") from None
    if w.ndim == 0:
        w = np.full(rows, float(w))
    if w.ndim == 2 and w.shape[1] == 1:
        w = w[:, 0]
    if w.ndim != 1:
        raise InputError(f"Sample weights must be 1D array or scalar: got shape {w.shape}, expected ({rows},).")
    if len(w) != rows:
        raise InputError(f"sample_weight.shape == {w.shape}, expected ({rows},)! X has {rows} rows.")
    if not np.isfinite(w).all():
        nan, inf = int(np.isnan(w).sum()), int(np.isinf(w).sum())
        raise InputError(
            f"sample_weight contains {nan} NaN and {inf} infinity values (of {rows}). Remove these rows."
        )
    if w.sum() <= 0:
        raise InputError(
            f"The weights sum to {w.sum():g}: no distribution has these weights. Are signs or a factor wrong, or are "
            "all of them zero?"
        )
    return w


def check_lengths(x: Array, y: Any) -> None:
    """Check that there is a target for each row.

    Raises:
        InputError: When y is missing or the lengths differ.
    """
    if y is None:
        raise InputError(
            "This estimator requires y to be passed, but the target y is None. Give fit(X, y), or events that were "
            "read with target=..."
        )
    try:
        rows = np.shape(y)[0] if np.ndim(y) else 0
    except ValueError:
        raise InputError(
            "y holds lists of unequal lengths: expected one answer for each row of X. For one of each object or step "
            "use lawful.Segmenter (classes) or lawful.ObjectRegressor (numbers)."
        ) from None
    if len(x) != rows:
        raise InputError(
            f"Found input variables with inconsistent numbers of samples: X has {len(x)} rows, y has {rows}. Were "
            "cuts applied to one of them alone?"
        )


def warn_of_labels(x: Array, coded: Array, names: Array | None) -> None:
    """Warn when one column alone separates the classes without error: it may be the label itself."""
    classes = int(coded.max()) + 1
    low = np.stack([np.fmin.reduce(x[coded == k]) for k in range(classes)])  # (K, F), NaN passed over
    high = np.stack([np.fmax.reduce(x[coded == k]) for k in range(classes)])
    order = low.argsort(0)
    low, high = np.take_along_axis(low, order, 0), np.take_along_axis(high, order, 0)
    for column in np.flatnonzero((high[:-1] < low[1:]).all(0)):
        name = f"{names[column]!r}" if names is not None else f"number {column}"
        warnings.warn(
            f"Column {name} alone separates the classes without error: is this the label? If so, leave it out "
            "(exclude=[...] in lawful.read).",
            UserWarning,
            stacklevel=4,
        )


def read_targets(y: Any) -> Array:
    """Targets of a regression as numbers, (N, T).

    Raises:
        InputError: When they are no numbers, of another shape, or not finite.
    """
    try:
        targets = np.asarray(y, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(
            "y: expected numbers, one row for each row of X. For classes use lawful.Classifier."
        ) from None
    if targets.ndim not in (1, 2) or (targets.ndim == 2 and targets.shape[1] == 0):
        raise InputError(
            f"y has shape {targets.shape}: expected (N,) or (N, targets). For numbers of each "
            "object, step or pixel use lawful.ObjectRegressor."
        )
    finite = np.isfinite(targets)
    if not finite.all():
        nan, inf = int(np.isnan(targets).sum()), int(np.isinf(targets).sum())
        raise InputError(f"Input y contains {nan} NaN and {inf} infinity values (of {targets.size}). Remove them.")
    return targets.reshape(len(targets), -1)
