"""Events: observations with weights, units and named systematic variations."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, final

import numpy as np
import numpy.typing as npt

from lawful.data import checksums, cuts, dividing
from lawful.data import columns as col
from lawful.data.building import finished, gathered, varied
from lawful.data.clouds import Cloud
from lawful.data.names import expand, require
from lawful.data.roles import Roles, Shift, up_and_down, without
from lawful.data.summary import Summary, one_line, summarise
from lawful.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

Array = npt.NDArray[Any]


@final
class Events:
    """A set of observations with weights, units and named systematic variations; it never changes once made.

    Columns are kept one by one and copied in, so that nothing done to the inputs afterwards reaches them.

    Args:
        X: (N, F) array, DataFrame, or mapping of name to (N,) column.
        y: (N,) target: class labels (numbers or text) or a number to be predicted; (N, T) with a list of T names
            as `target`.
        weight: (N,) event weights of either sign, or the name of a column of X.
        features: Names of the features, in order; all columns of X that have no other role when absent.
        target: Name of the target column, or a list of several numbers to be predicted. Without `y`, these columns
            of X are the target.
        units: Column to unit, such as {"pt": "GeV"}.
        variations: Name of a systematic variation to what it shifts: another weight, or a mapping of column to what
            takes its place; each given as (N,) values or as the name of a column of X. In the mapping, "weight" (or
            the weight column's name) stands for the weight.
        clouds: Name to cloud: a `Cloud`, an awkward array, or a mapping of field to lists.
        extras: Name to further (N,) columns that are not features.
        group: (N,) values, or the name of a column: events with the same one stay in one part of a split.
        missing: What stands for 'not measured': a value, several, or a mapping of column to them. These become NaN.
            What is said of a column holds for those that take its place in variations, unless they are named too.

    Raises:
        InputError: When lengths do not fit, names occur twice, a feature, target or weight holds NaN or infinite
            values that are not declared missing, a target or group of text has empty entries, or the weights sum to
            zero or less. Only a whole that is made or read must have a positive sum: parts of it, from `select`,
            `split` or `lawful.data.chunks`, may sum to anything.

    Examples:
        >>> events = Events({"pt": [20.0, 40.0, 60.0], "eta": [0.1, -1.2, 2.0]}, y=[0, 1, 1], weight=[1.0, 2.0, -0.5],
        ...                 units={"pt": "GeV"}, variations={"scale_up": {"pt": [22.0, 44.0, 66.0]}})
        >>> events
        Events(3 events, 2 features, target 'target', weight 'weight', 1 variation)
        >>> events.X.shape, events.features, float(events.weight.sum())
        ((3, 2), ('pt', 'eta'), 2.5)
        >>> events.variations["scale_up"].X[:, 0].tolist()
        [22.0, 44.0, 66.0]
    """

    __slots__ = ("__weakref__", "_clouds", "_columns", "_length", "_roles", "_sources")
    _columns: dict[str, Array]
    _clouds: dict[str, Cloud]
    _roles: Roles
    _sources: tuple[Path, ...]
    _length: int

    def __init__(
        self,
        X: Any,
        y: Any = None,
        weight: Any = None,
        *,
        features: Sequence[str] | None = None,
        target: str | Sequence[str] | None = None,
        units: Mapping[str, str] | None = None,
        variations: Mapping[str, Any] | None = None,
        clouds: Mapping[str, Any] | None = None,
        extras: Mapping[str, Any] | None = None,
        group: Any = None,
        missing: col.Missing = None,
    ) -> None:
        made = gathered(
            X,
            {"y": y, "weight": weight, "group": group},
            named=target,
            features=features,
            units=units,
            variations=variations,
            clouds=clouds,
            extras=extras,
            missing=missing,
        )
        self._columns, self._clouds, self._roles, self._length = made
        self._sources = ()

    @classmethod
    def _make(
        cls, columns: dict[str, Array], clouds: dict[str, Cloud], roles: Roles, sources: tuple[Path, ...], length: int
    ) -> "Events":
        """Events from parts that were checked before; columns are shared, not copied."""
        events = object.__new__(cls)
        for array in columns.values():
            array.flags.writeable = False
        events._columns, events._clouds, events._roles = columns, clouds, roles
        events._sources, events._length = sources, length
        return events

    # ---- what there is

    def __len__(self) -> int:
        return self._length

    def __repr__(self) -> str:
        return one_line(len(self), self._roles, len(self._clouds))

    def __getitem__(self, name: str) -> Array:
        """The values of any column, (N,), also of one that is not a feature."""
        if not isinstance(name, str):
            raise InputError(f"events[{name!r}]: a column's name is expected; events.select(...) picks events")
        if name not in self._columns and name in self._clouds:
            raise InputError(f"{name!r} is a cloud: use events.cloud({name!r}) or events.clouds[{name!r}]")
        require([name], self._columns, what="column", where="the data")
        return self._columns[name]

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns, features and others."""
        return tuple(self._columns)

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features, in the order of the columns of `X`."""
        return self._roles.features

    @property
    def X(self) -> Array:  # noqa: N802
        """The features side by side, (N, F); float32 when that holds every one exactly, else float64."""
        return col.stack([self[name] for name in self.features], len(self))

    @property
    def y(self) -> Array | None:
        """The target, (N,); (N, T) when there are several; None when there is none."""
        columns = [self[name] for name in self._roles.targets]
        return col.stack(columns, len(self)) if len(columns) > 1 else next(iter(columns), None)

    @property
    def weight(self) -> npt.NDArray[np.float64]:
        """Event weights, (N,) float64; ones when none were given."""
        name = self._roles.weight
        return np.ones(len(self)) if name is None else self._columns[name].astype(np.float64)

    @property
    def weighted(self) -> bool:
        """Whether weights were given."""
        return self._roles.weight is not None

    @property
    def target(self) -> str | tuple[str, ...] | None:
        """Name of the target column, or the names of several."""
        return self._roles.target

    @property
    def group(self) -> str | None:
        """Name of the column whose equal values stay together in a split."""
        return self._roles.group

    @property
    def units(self) -> Mapping[str, str]:
        """Column to unit."""
        return MappingProxyType(dict(self._roles.units))

    @property
    def missing(self) -> Mapping[str, int]:
        """How many values are missing (NaN), for each column in which they may be."""
        return MappingProxyType({name: int(np.isnan(self[name]).sum()) for name in self._roles.may_miss})

    @property
    def sentinels(self) -> Mapping[str, tuple[float, ...]]:
        """The values that stood for 'not measured' in each column before they became NaN, which is not listed."""
        return MappingProxyType(dict(self._roles.sentinels))

    @property
    def sources(self) -> tuple[Path, ...]:
        """The files that the events were read from."""
        return self._sources

    @property
    def clouds(self) -> Mapping[str, Cloud]:
        """Name to cloud."""
        return MappingProxyType(self._clouds)

    @property
    def variations(self) -> Mapping[str, "Events"]:
        """Systematic variations by name: the same events with shifted columns or other weights, without the nominal.

        Columns that a variation leaves alone are shared with the nominal.
        """
        return MappingProxyType({name: self._varied(shift) for name, shift in self._roles.variations.items()})

    @property
    def variation_pairs(self) -> Mapping[str, tuple[str, str]]:
        """What is varied to its (up, down) variations, whose names end in `_up`/`_down`, `Up`/`Down` or alike."""
        return MappingProxyType(up_and_down(self._roles.variations))

    def _varied(self, shift: Shift) -> "Events":
        columns, roles = varied(self._columns, self._roles, shift)
        return Events._make(columns, self._clouds, roles, self._sources, len(self))

    def frame(self, features: Sequence[str] | None = None) -> "pd.DataFrame":
        """The features, or the columns named, as a DataFrame."""
        import pandas as pd

        return pd.DataFrame({name: self[name] for name in (self.features if features is None else features)})

    def cloud(
        self, name: str, fields: Sequence[str] | None = None, most: int | None = None, order_by: str | None = None
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        """A cloud as a dense array, (N, P, F) float32 padded with zeros, and the (N, P) mask of its objects.

        Args:
            name: Of the cloud.
            fields: Its fields in order, also four-vector components that follow from the stored ones; all stored.
            most: P; the largest number of objects in any event when absent. What is cut off is told in a warning.
            order_by: A field; each event's objects stand in falling order of it. As stored when absent.

        Raises:
            InputError: When there is no such cloud or field.

        Examples:
            >>> events = Events({"mass": [80.0, 91.0]}, clouds={"tracks": {"pt": [[5.0, 9.0, 7.0], []]}})
            >>> values, mask = events.cloud("tracks", fields=["pt"], most=3, order_by="pt")
            >>> values[..., 0].tolist(), mask[1].tolist()
            ([[9.0, 7.0, 5.0], [0.0, 0.0, 0.0]], [False, False, False])
        """
        require([name], self._clouds, what="cloud", where="the data")
        return self._clouds[name].padded(fields, most, order_by)

    def summary(self) -> Summary:
        """What the events hold: ranges, missing values, yields for each class, effective number of events."""
        features = {name: self[name] for name in self.features}
        return summarise(features, self.units, self.y, self.weight, weighted=self.weighted)

    def checksum(self) -> str:
        """SHA-256 of roles, columns and clouds, as 64 hexadecimal digits; the same for the same contents anywhere."""
        return checksums.of(self._roles, self._columns, self._clouds)

    # ---- other events from these

    def select(self, cut: str | npt.ArrayLike) -> "Events":
        """The events that pass a cut.

        Args:
            cut: A cut string (`lawful.data.cuts.parse` tells the language), an (N,) mask, or positions in the order
                wanted. A cut on a nominal column picks the same events in every variation; to cut on shifted values,
                select from the variation.

        Raises:
            InputError: When the cut is wrong or no event passes.

        Examples:
            >>> events = Events({"pt": [20.0, 40.0, 60.0], "eta": [0.1, -1.2, 2.0]})
            >>> events.select("pt > 30 and abs(eta) < 1.5")["pt"].tolist()
            [40.0]
        """
        counts = {name: cloud.counts for name, cloud in self._clouds.items()}
        index = cuts.selected(cut if isinstance(cut, str) else np.asarray(cut), self._columns, len(self), counts)
        if not len(index):
            shown = repr(cut) if isinstance(cut, str) else "given"
            raise InputError(f"no event passes the cut {shown}: {len(self)} events, 0 left")
        return self._take(index)

    def _take(self, index: npt.NDArray[np.int64]) -> "Events":
        columns = {name: values[index] for name, values in self._columns.items()}
        clouds = {name: cloud.take(index) for name, cloud in self._clouds.items()}
        return Events._make(columns, clouds, self._roles, self._sources, len(index))

    def split(self, fractions: Sequence[float], seed: int = 0, *, keep_yield: bool = False) -> tuple["Events", ...]:
        """Disjoint parts that together are the whole, each with its fraction of every class.

        Events that belong together, as copies of one event, stay in one part when the events have a `group`.

        Args:
            fractions: The share of each part; they sum to one.
            seed: The same seed gives the same parts.
            keep_yield: Whether to scale the weights of each part, class by class and also in the variations, so that
                they sum to what they sum to in the whole.

        Raises:
            InputError: When the fractions are wrong, a part would be empty, or a yield cannot be kept.

        Examples:
            >>> events = Events({"x": range(10)}, y=[0, 1] * 5)
            >>> [len(part) for part in events.split((0.6, 0.4), seed=1)]
            [6, 4]
        """
        return dividing.split(self, fractions, seed, keep_yield=keep_yield)

    def folds(self, k: int, seed: int = 0) -> Iterator[tuple["Events", "Events"]]:
        """The k pairs (training, test) of a cross-validation: every event is in exactly one test part.

        Folds are stratified by class, and keep groups whole.

        Raises:
            InputError: When k is below two or there are too few events.

        Examples:
            >>> events = Events({"x": range(9)})
            >>> [(len(train), len(test)) for train, test in events.folds(3)]
            [(6, 3), (6, 3), (6, 3)]
        """
        return dividing.folds(self, k, seed)

    def with_columns(self, columns: Mapping[str, Any], *, units: Mapping[str, str] | None = None) -> "Events":
        """The same events with columns added, or replaced where the name exists.

        A replaced column keeps its role; an added one is no feature until `with_features` says so.

        Raises:
            InputError: When a column has another length, or holds NaN or infinite values where it may not.

        Examples:
            >>> events = Events({"pt": [3.0, 4.0]}).with_columns({"twice": [6.0, 8.0]}, units={"twice": "GeV"})
            >>> events["twice"].tolist(), events.features
            ([6.0, 8.0], ('pt',))
        """
        new = {str(name): col.as_column(values, name=str(name)) for name, values in columns.items()}
        roles = replace(self._roles, units={**self._roles.units, **(units or {})})
        return self._checked({**self._columns, **new}, roles)

    def with_features(self, features: Sequence[str]) -> "Events":
        """The same events with these columns as the features, in this order; `*` and `?` stand for several.

        Raises:
            InputError: When a column does not exist, is text, or holds undeclared NaN or infinite values.

        Examples:
            >>> Events({"m_bb": [125.0], "m_jj": [80.0], "pt": [30.0]}).with_features(["m_*"]).features
            ('m_bb', 'm_jj')
        """
        col.unique(features, what="features")
        names = expand(features, self.columns, what="column", where="the data")
        return self._checked(dict(self._columns), replace(self._roles, features=names))

    def _checked(self, columns: dict[str, Array], roles: Roles) -> "Events":
        made = finished(columns, self._clouds, roles, None)
        return Events._make(made[0], made[1], made[2], self._sources, made[3])

    def without(self, columns: Sequence[str]) -> "Events":
        """The same events without these columns, and without the variations that need them.

        Raises:
            InputError: When a column does not exist, or is the target, weight or group.

        Examples:
            >>> Events({"pt": [30.0], "Type": [1.0]}).without(["Type"]).features
            ('pt',)
        """
        gone = expand(columns, self.columns, what="column", where="the data")
        for name in [name for name in self._roles.fixed if name in gone][:1]:
            raise InputError(f"{name!r} is the {self._roles.role_of(name)}: it cannot be left out")
        kept = {name: values for name, values in self._columns.items() if name not in gone}
        return Events._make(kept, self._clouds, without(self._roles, gone), self._sources, len(self))

    @staticmethod
    def concatenate(sets: Sequence["Events"]) -> "Events":
        """One set of events after the other, as `lawful.data.concatenate`."""
        from lawful.data.concatenating import concatenate

        return concatenate(sets)

    def write(self, path: str | os.PathLike[str], tree: str = "events") -> None:
        """Write a file that `lawful.read(path)` turns into these events again, roles, units and variations included.

        The suffix chooses the format: .root .parquet .csv .csv.gz .h5 .npz. The file appears whole or not at all. A
        CSV file is a plain table; its roles, units and types go to a second file, `jets.csv.lawful.json`.

        Args:
            path: Where to.
            tree: Name of the tree in a ROOT file, or of the group in an HDF5 file.

        Raises:
            InputError: When the suffix is unknown, or the format cannot hold clouds (.csv).
        """
        from lawful.data.write import Writer

        with Writer(path, tree=tree) as writer:
            writer.append(self)
