"""Columns of numbers or text: taking them in, checking them, stacking them."""

import math
import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lawful.data.clouds import native
from lawful.data.names import require
from lawful.errors import InputError

Array = npt.NDArray[Any]
Missing = float | Sequence[float] | Mapping[str, float | Sequence[float]] | None

# Values that stand for 'not measured' in many files.
SENTINELS = (-999.0, -9999.0, -99999.0, -99.0, 999.0, 9999.0, 99999.0)
_SUSPECT_SHARE = 0.001
_CLASSES = 100
_ROWS = 32_768


def is_number(dtype: np.dtype[Any]) -> bool:
    """Whether a column of this type can be a feature."""
    return dtype.kind in "biuf"


def as_column(values: Any, *, name: str, copy: bool = True) -> Array:
    """One column, (N,), as a contiguous array of numbers or text in this machine's byte order.

    Raises:
        InputError: When it has another shape, or holds what is neither number nor text.
    """
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    try:
        array = np.asarray(values)
    except (TypeError, ValueError) as error:
        raise InputError(f"column {name!r} cannot be made an array: {error}") from error
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise InputError(
            f"column {name!r} has shape {array.shape}, expected one value for each event, (N,); "
            "lists of different lengths belong in clouds={...}"
        )
    if array.dtype.kind in "OST":
        array = _from_objects(array, name=name)
    if array.dtype.kind not in "biufU":
        raise InputError(f"column {name!r} holds {array.dtype}, expected numbers or text")
    if array.dtype == np.float16 or (array.dtype.itemsize > 8 and array.dtype.kind == "f"):
        array = array.astype(np.float32 if array.dtype == np.float16 else np.float64)
    array = native(array)
    return np.array(array, order="C", copy=True) if copy else np.ascontiguousarray(array)


def _from_objects(array: Array, *, name: str) -> Array:
    """Text or numbers from an array of Python objects; None becomes NaN among numbers."""
    if array.dtype.kind in "ST":
        return array.astype(np.str_)
    if all(isinstance(value, str) for value in array):
        return array.astype(np.str_)
    if all(isinstance(value, bool | np.bool_) for value in array):
        return array.astype(np.bool_)
    try:
        return np.array([math.nan if value is None else value for value in array], dtype=np.float64)
    except (TypeError, ValueError) as error:
        kinds = sorted({type(value).__name__ for value in array[:1000]})
        raise InputError(f"column {name!r} holds {', '.join(kinds)}, expected numbers or text throughout") from error


def as_table(X: Any, features: Sequence[str] | None) -> dict[str, Array]:
    """The columns of an (N, F) array, a DataFrame, or a mapping of name to (N,) values.

    Raises:
        InputError: When names and columns do not fit or a name occurs twice.
    """
    if hasattr(X, "columns") and hasattr(X, "dtypes"):
        names = [str(name) for name in X.columns]
        unique(names, what="columns")
        return {name: as_column(X.iloc[:, j], name=name) for j, name in enumerate(names)}
    if isinstance(X, Mapping):
        return {str(name): as_column(values, name=str(name)) for name, values in X.items()}
    if hasattr(X, "detach"):
        X = X.detach().cpu().numpy()
    array = np.asarray(X)
    if array.ndim != 2:
        raise InputError(
            f"X has shape {array.shape}, expected (N, F): one row an event, one column a feature. "
            + ("For a single feature use X.reshape(-1, 1)" if array.ndim == 1 else "Clouds go in clouds={...}")
        )
    names = [f"x{j}" for j in range(array.shape[1])] if features is None else [str(name) for name in features]
    unique(names, what="features")
    if len(names) != array.shape[1]:
        raise InputError(f"X has {array.shape[1]} columns, but features names {len(names)}")
    return {name: as_column(array[:, j], name=name) for j, name in enumerate(names)}


def unique(names: Iterable[str], *, what: str) -> None:
    """Raise `InputError` when a name occurs twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InputError(f"{what} name {name!r} twice: names must differ")
        seen.add(name)


def same_length(columns: Mapping[str, Any], length: int, *, of: str) -> None:
    """Raise `InputError` when a column or cloud has another length than the events."""
    for name, values in columns.items():
        if len(values) != length:
            raise InputError(
                f"{name!r} has {len(values)} entries, expected {length} as {of} has: one is needed for each event"
            )


def stack(columns: Sequence[Array], length: int) -> Array:
    """Columns side by side, (N, F); float32 when that holds every one of them exactly, else float64."""
    exact = all(
        array.dtype == np.float32 or (array.dtype.kind in "biu" and array.dtype.itemsize < 3) for array in columns
    )
    X = np.empty((length, len(columns)), dtype=np.float32 if exact else np.float64)
    for start in range(0, length, _ROWS):  # block by block, so that a block stays in the processor's cache
        rows = slice(start, start + _ROWS)
        for j, array in enumerate(columns):
            X[rows, j] = array[rows]
    return X


def finite(columns: Mapping[str, Array], *, may_miss: Collection[str] = (), where: str) -> None:
    """Raise `InputError` when a column of numbers holds NaN or infinite values that are not declared missing.

    Args:
        columns: Name to (N,) values.
        may_miss: Columns in which NaN means missing; infinite values are wrong there too.
        where: What errors call the data.
    """
    faults = []
    for name, array in columns.items():
        if array.dtype.kind != "f" or not len(array):
            continue
        low, high = np.min(array), np.max(array)
        if math.isfinite(low) and math.isfinite(high):
            continue
        nan, inf = int(np.isnan(array).sum()), int(np.isinf(array).sum())
        if nan and name not in may_miss:
            faults.append(f"column {name!r} has {nan} NaN" + (f" and {inf} infinite values" if inf else ""))
        elif inf:
            faults.append(f"column {name!r} has {inf} infinite values")
    if faults:
        shown = "; ".join(faults[:5]) + (f"; and {len(faults) - 5} more columns" if len(faults) > 5 else "")
        raise InputError(
            f"{where}: {shown}. Repair or cut these events, leave the column out, or, where NaN means "
            "'not measured', say missing=float('nan')"
        )


def no_empty_text(columns: Mapping[str, Array], *, where: str) -> None:
    """Raise `InputError` when a column of text has empty entries, which is what gaps in text become."""
    for name, array in columns.items():
        if array.dtype.kind == "U" and (count := int((array == "").sum())):
            raise InputError(
                f"{where}: column {name!r} has {count} empty entries of {len(array)}, a text is expected in each. "
                f"Repair these events, or cut them with select=\"{name} != ''\""
            )


def positive_sum(weight: Array, *, name: str, where: str, after: str = "") -> None:
    """Raise `InputError` when the weights of a whole set of events do not sum to a positive number."""
    total = float(weight.sum(dtype=np.float64))
    if not total > 0:
        raise InputError(
            f"{where}: the weights {name!r} of {len(weight)} events sum to {total:g}{after}, "
            "not to a positive number; is it the right column?"
        )


def missing_values(
    missing: Missing, columns: Mapping[str, np.dtype[Any]], *, among: Collection[str], where: str
) -> dict[str, tuple[float, ...]]:
    """Which values mean missing in which column.

    Args:
        missing: What the user said: a value, several, or a mapping of column to them; NaN declares NaN itself.
        columns: Name to type of every column that there is.
        among: The columns that a bare value speaks of.
        where: What errors call the data.

    Raises:
        InputError: When a column does not exist, or what was said is no number.
    """
    if missing is None:
        return {}
    if isinstance(missing, Mapping):
        require(missing, columns, what="column", where=f"missing={dict(missing)!r}: {where}")
        return {name: _values(values) for name, values in missing.items()}
    values = _values(missing)
    return {name: values for name, dtype in columns.items() if name in among and is_number(dtype)}


def declare_missing(columns: dict[str, Array], declared: Mapping[str, Sequence[float]]) -> None:
    """Put NaN where a column holds a value that stands for missing, in place of the dictionary's entries.

    Whole numbers become floats, since they have no NaN.

    Args:
        columns: Name to (N,) values; entries are replaced, arrays are left alone.
        declared: Column to values, as `missing_values` gives them.
    """
    for name, values in declared.items():
        array = columns.get(name)
        if array is None or not is_number(array.dtype):
            continue
        hit = np.zeros(len(array), dtype=np.bool_)
        for value in values:
            if not math.isnan(value) and array.dtype != np.bool_:
                hit |= array == value
        if array.dtype.kind in "iu":  # also without a hit, so that all pieces of a file have one type
            columns[name] = array = array.astype(np.float32 if array.dtype.itemsize < 3 else np.float64)
        if hit.any():
            columns[name] = np.where(hit, array.dtype.type(math.nan), array)


def _values(missing: Any) -> tuple[float, ...]:
    try:
        values = tuple(float(value) for value in np.atleast_1d(np.asarray(missing, dtype=np.float64)))
    except (TypeError, ValueError):
        raise InputError(f"missing={missing!r}: a number, a list of numbers or a mapping of column to them") from None
    return values


def suspects(columns: Mapping[str, Array], known: Collection[str] = ()) -> dict[str, tuple[float, int]]:
    """Columns that seem to hold a sentinel such as -999: name to (value, how many).

    A sentinel is the lowest or highest value of its column, makes up 0.1% of it or more, and stands alone: no other
    value lies nearer to it than half its size.
    """
    found: dict[str, tuple[float, int]] = {}
    for name, array in columns.items():
        if name in known or array.dtype.kind not in "iuf" or not len(array):
            continue
        for extreme in (np.min, np.max):
            value = float(extreme(array))
            if value not in SENTINELS:
                continue
            same = array == value
            count = int(same.sum())
            rest = array[~same]
            alone = len(rest) > 0 and float(np.min(np.abs(rest.astype(np.float64) - value))) > abs(value) / 2
            if alone and count >= _SUSPECT_SHARE * len(array):
                found[name] = (value, count)
    return found


def warn_of_suspects(found: Mapping[str, tuple[float, int]], length: int, *, where: str) -> None:
    """Warn that columns seem to hold sentinels, and say what to pass."""
    if not found:
        return
    shown = ", ".join(f"{name!r} ({count} of {length} equal {value:g})" for name, (value, count) in found.items())
    values = sorted({int(value) for value, _ in found.values()})
    warnings.warn(
        f"{where}: these values look like 'not measured' and would be taken for numbers: {shown}. "
        f"Pass missing={values[0] if len(values) == 1 else values}, or missing={{}} if they are real",
        UserWarning,
        stacklevel=4,
    )


def class_codes(y: Array | None) -> tuple[Array, Array] | None:
    """The classes in `y`, sorted, and for each event the place of its own; None when `y` is measured numbers.

    Text and bool are classes; so are whole numbers, also when stored as float, up to 100 different ones.
    """
    if y is None or not len(y) or y.ndim > 1:
        return None
    if y.dtype.kind == "f" and not bool(np.all(y == np.floor(y))):
        return None
    classes, codes = np.unique(y, return_inverse=True)
    return None if y.dtype.kind in "iuf" and len(classes) > _CLASSES else (classes, codes)
