"""The events that a model is examined on, taken apart, however they were given."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from lawful.errors import InputError
from lawful.evidence.arrays import Array, check_weight

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Sample:
    """Events with truth and weight.

    Attributes:
        frame: Features, (N, F), with names.
        y: Truth, (N,) or (N, T); None for real data.
        weight: Event weights, (N,).
        weighted: Whether weights were given.
        targets: Names of the outputs.
        units: Name to unit, for those that are known.
        events: The `lawful.Events` that it was made from, if it was.
        varied: Name of a systematic variation to the same events under it.
        pairs: Effect to the names of its (up, down) variations.
        plain: Columns of the frame that are features of their own; the others are numbers of objects or pixels, as
            models of structured inputs take them.
    """

    frame: "pd.DataFrame"
    y: Array | None
    weight: Array
    weighted: bool
    targets: tuple[str, ...] = ("y",)
    units: Mapping[str, str] = field(default_factory=dict)
    events: Any = None
    varied: Mapping[str, "Sample"] = field(default_factory=dict)
    pairs: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    plain: tuple[str, ...] = ()

    @property
    def features(self) -> "pd.DataFrame":
        """The features that are columns of their own, (N, plain)."""
        return self.frame[list(self.plain)]

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def truth(self) -> Array:
        """The truth, which there has to be."""
        if self.y is None:
            raise InputError("These events have no truth (y): read them with target=..., or pass (X, y).")
        return self.y

    def column(self, name: str) -> Array:
        """A feature, or another column of the events, by name, (N,).

        Raises:
            InputError: When there is none, naming the nearest, or when it holds no numbers.
        """
        if name in self.frame.columns:
            values = self.frame[name].to_numpy()
        elif self.events is not None:
            values = np.asarray(self.events[name])
        else:
            from lawful.data.names import nearest

            raise InputError(
                f"The test events have no column {name!r}: {nearest(name, map(str, self.frame.columns))}"
            )
        try:
            return np.asarray(values, dtype=np.float64)
        except (TypeError, ValueError):
            raise InputError(f"Column {name!r} holds no numbers, so it has no distribution to draw.") from None

    def take(self, rows: Array) -> "Sample":
        """Some of the events, without their variations."""
        y = None if self.y is None else self.y[rows]
        events = None if self.events is None else self.events.select(rows)
        frame = self.frame.iloc[np.flatnonzero(rows) if rows.dtype == bool else rows]
        return Sample(frame, y, self.weight[rows], self.weighted, self.targets, self.units, events, plain=self.plain)


def is_events(given: object) -> bool:
    """Whether these are `lawful.Events`."""
    return hasattr(given, "frame") and hasattr(given, "features") and hasattr(given, "weight")


def make_sample(
    given: Any,
    what: str = "test",
    *,
    names: Sequence[str] | None = None,
    truth: bool = True,
    tables: Sequence[Callable[[Any], "pd.DataFrame"]] = (),
) -> Sample:
    """Take apart Events, (X, y), (X, y, weight), or X alone where no truth is needed.

    Args:
        given: The events.
        what: What the caller calls them, for messages.
        names: Names of the features where X has none.
        truth: Whether y is needed.
        tables: Of each model of structured inputs, the function from inputs to one table of all numbers.

    Raises:
        InputError: For anything else, no events, unequal lengths, NaN or infinities (missing values that were
            declared when Events were read are fine), or weights that sum to zero or less.
    """
    import pandas as pd

    if is_events(given):
        return _from_events(given, what, truth=truth, tables=tables)
    X, y, weight = _unpack(given, what, truth=truth)
    if tables and not isinstance(X, pd.DataFrame):
        frame = _beside(None, X, tables)
        names = [str(name) for name in frame.columns if _of_its_own(str(name))]
    else:
        frame = _frame(X, names, what)
        names = list(frame.columns)
    if not len(frame):
        raise InputError(f"{what} holds no events. Did a cut remove all of them?")
    targets = tuple(map(str, y.columns)) if hasattr(y, "columns") else (str(getattr(y, "name", None) or "y"),)
    if y is not None:
        y = np.asarray(y)
        if len(y) != len(frame):
            raise InputError(
                f"{what}: X has {len(frame)} events, y {len(y)}. Were cuts applied to one of them alone?"
            )
        y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
        if y.ndim == 2 and len(targets) != y.shape[1]:
            targets = tuple(f"y{i}" for i in range(y.shape[1]))
        _check_truth(y, what)
    _check_features(frame, what)
    return Sample(frame, y, check_weight(weight, len(frame)), weight is not None, targets, plain=tuple(names))


def _beside(
    frame: "pd.DataFrame | None", X: Any, tables: Sequence[Callable[[Any], "pd.DataFrame"]]
) -> "pd.DataFrame":
    """Features, and beside them what models of structured inputs take, each column once."""
    import pandas as pd

    parts = [] if frame is None or (tables and not len(frame.columns)) else [frame]
    taken = set() if frame is None else set(frame.columns)
    for table in tables:
        found = table(X)
        parts.append(found[[name for name in found.columns if name not in taken]])
        taken |= set(found.columns)
    return parts[0] if len(parts) == 1 else pd.concat(parts, axis=1)


def _of_its_own(name: str) -> bool:
    """Whether a column is no number of an object or pixel."""
    return not name.endswith("]")


def _unpack(given: Any, what: str, *, truth: bool) -> tuple[Any, Any, Any]:
    if not truth and not isinstance(given, tuple):
        return given, None, None
    if not isinstance(given, tuple | list) or len(given) not in (2, 3):
        raise InputError(
            f"{what}: received {type(given).__name__}, expected lawful.Events, (X, y) or (X, y, weight). Is the "
            "truth missing?"
        )
    X, y, weight = (*given, None)[:3]
    return X, y, weight


def _frame(X: Any, names: Sequence[str] | None, what: str) -> "pd.DataFrame":
    import pandas as pd

    if isinstance(X, pd.DataFrame):
        columns = [str(c) for c in X.columns]
        twice = sorted({c for c in columns if columns.count(c) > 1})
        if twice:
            raise InputError(f"{what}: X has more than one column of the name {twice[0]!r}. Rename or drop one.")
        return X.set_axis(columns, axis=1)
    if isinstance(X, dict):
        raise InputError(
            f"{what}: X is a dictionary of named inputs, but no model here takes them; expected one table, (events, "
            "features)."
        )
    if type(X).__module__.split(".")[0] == "torch":
        X = X.detach().cpu().numpy()
    table = np.asarray(X)
    if table.ndim != 2:
        raise InputError(f"{what}: X has shape {table.shape}, expected (events, features).")
    if names is None or len(names) != table.shape[1]:
        names = [f"x{i}" for i in range(table.shape[1])]
    return pd.DataFrame(table, columns=list(map(str, names)))


def numeric(frame: "pd.DataFrame") -> list[str]:
    """Names of the columns that hold numbers, yes and no among them."""
    return [str(name) for name in frame.select_dtypes(["number", "bool"]).columns]


def _check_features(frame: "pd.DataFrame", what: str) -> None:
    numbers = frame.select_dtypes(["number", "bool"])
    if np.isfinite(numbers.to_numpy(dtype=np.float64).sum()):
        return
    for name in numbers.columns:
        x = numbers[name].to_numpy(dtype=np.float64)
        nan, infinite = int(np.isnan(x).sum()), int(np.isinf(x).sum())
        if nan or infinite:
            raise InputError(
                f"{what}: feature {name!r} holds {nan} NaN and {infinite} infinite values (of {len(x)}). Remove "
                "these events, or pass lawful.Events that were read with missing=..., which declares gaps."
            )


def _check_truth(y: Array, what: str) -> None:
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        raise InputError(
            f"{what}: y holds {int(np.isnan(y).sum())} NaN and {int(np.isinf(y).sum())} infinite values (of "
            f"{y.size}). Remove these events."
        )


def _names_of(target: Any) -> tuple[str, ...]:
    return tuple(map(str, target)) if isinstance(target, tuple) else (str(target or "y"),)


def _from_events(
    events: Any, what: str, *, truth: bool, tables: Sequence[Callable[[Any], "pd.DataFrame"]] = ()
) -> Sample:
    if not len(events):
        raise InputError(f"{what} holds no events. Did a cut remove all of them?")
    if truth and events.y is None:
        raise InputError(f"{what}: these events have no truth: read them with target='name of the label'.")
    y = None if events.y is None else np.asarray(events.y)
    if y is not None and truth:
        _check_truth(y, what)
    weighted = bool(getattr(events, "weighted", True))
    varied = {
        name: Sample(
            _beside(other.frame(), other, tables),
            y if other.y is None else np.asarray(other.y),
            check_weight(other.weight, len(other)),
            weighted,
            events=other,
            plain=other.features,
        )
        for name, other in getattr(events, "variations", {}).items()
    }
    return Sample(
        frame=_beside(events.frame(), events, tables),
        y=y,
        weight=check_weight(events.weight, len(events)),
        weighted=weighted,
        targets=_names_of(getattr(events, "target", None)),
        units=dict(events.units),
        events=events,
        varied=varied,
        pairs=dict(getattr(events, "variation_pairs", {})),
        plain=events.features,
    )
