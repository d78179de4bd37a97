"""Clouds: per event a ragged list of objects (particles, hits, cells), kept flat with offsets."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np
import numpy.typing as npt

from lawful.data import fourvectors, padding
from lawful.data.names import require
from lawful.errors import InputError

Array = npt.NDArray[Any]


@final
class Cloud:
    """Per event a ragged list of objects, each with the same fields.

    Event i holds the objects `offsets[i]` up to, not including, `offsets[i + 1]` of every field. Components of
    four-vectors that follow from the stored ones (pt, eta, phi, m from px, py, pz, E, and back) can be asked for
    like fields. An event without objects is a normal event.

    Args:
        offsets: (N + 1,) whole numbers that start at zero and never fall.
        fields: Name to (M,) values, M = offsets[-1], all events one after the other.

    Raises:
        InputError: When the lengths do not fit.

    Examples:
        >>> tracks = Cloud([0, 2, 2, 3], {"pt": [30.0, 20.0, 50.0]})
        >>> len(tracks), tracks.counts.tolist()
        (3, [2, 0, 1])
    """

    __slots__ = ("_fields", "offsets")

    def __init__(self, offsets: npt.ArrayLike, fields: Mapping[str, npt.ArrayLike]) -> None:
        self.offsets: npt.NDArray[np.int64] = np.asarray(offsets, dtype=np.int64)
        self._fields: dict[str, Array] = {name: np.asarray(values) for name, values in fields.items()}
        if self.offsets.ndim != 1 or not len(self.offsets) or self.offsets[0] or np.any(np.diff(self.offsets) < 0):
            raise InputError(
                "offsets of a cloud must be a list of whole numbers that starts at 0 and never falls, "
                f"received {self.offsets[:5].tolist()}..."
            )
        for name, values in self._fields.items():
            if values.shape != (self.offsets[-1],):
                raise InputError(
                    f"field {name!r} of a cloud has shape {values.shape}, expected ({self.offsets[-1]},): "
                    "every object needs one value of every field"
                )
        for array in (self.offsets, *self._fields.values()):
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __repr__(self) -> str:
        return f"Cloud({len(self)} events, {self.offsets[-1]} objects, fields {', '.join(self._fields)})"

    def __getitem__(self, field: str) -> Array:
        """Values of one field, or of a four-vector component that follows from the fields, (M,)."""
        if field in self._fields:
            return self._fields[field]
        self.require([field])
        return fourvectors.derive(field, self._fields)

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """Objects in each event, (N,)."""
        return np.diff(self.offsets)

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the stored fields."""
        return tuple(self._fields)

    def take(self, index: npt.NDArray[np.int64]) -> "Cloud":
        """The events at `index`, in its order."""
        counts = self.counts[index]
        offsets = offsets_of(counts)
        objects = np.repeat(self.offsets[:-1][index] - offsets[:-1], counts) + np.arange(offsets[-1])
        return Cloud(offsets, {name: values[objects] for name, values in self._fields.items()})

    def slice(self, start: int, stop: int) -> "Cloud":
        """The events from `start` up to, not including, `stop`; shares memory."""
        offsets = self.offsets[start : stop + 1]
        if not len(offsets):
            return Cloud([0], {name: values[:0] for name, values in self._fields.items()})
        inside = slice(int(offsets[0]), int(offsets[-1]))
        return Cloud(offsets - offsets[0], {name: values[inside] for name, values in self._fields.items()})

    def padded(
        self,
        fields: Sequence[str] | None = None,
        most: int | None = None,
        order_by: str | None = None,
        *,
        quiet: bool = False,
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        """The cloud as a dense array, with zeros where an event has no further object, and the mask of the real ones.

        Args:
            fields: Which fields, in this order; all the stored ones when absent.
            most: P, how many objects an event may keep; the largest number in any event when absent.
            order_by: A field: each event's objects are put in falling order of it before those beyond `most` are
                left out. As stored when absent.
            quiet: Whether to leave out the warning when objects are left out.

        Returns:
            (N, P, F) float32 values and an (N, P) mask that is True for objects.

        Raises:
            InputError: When there is no such field, `most` is below one, or the memory does not suffice.

        Warns:
            UserWarning: When events have more than `most` objects: how many, and what those beyond carry.

        Examples:
            >>> tracks = Cloud([0, 2, 2, 3], {"pt": [20.0, 30.0, 50.0], "charge": [1, -1, 1]})
            >>> values, mask = tracks.padded(["pt"], most=1, order_by="pt", quiet=True)
            >>> values[:, 0, 0].tolist(), mask[:, 0].tolist()
            ([30.0, 0.0, 50.0], [True, False, True])
        """
        names = self.fields if fields is None else tuple(fields)
        self.require(names if order_by is None else (*names, order_by))
        places = padding.most_allowed(most, self.counts)
        if not quiet and (lost := padding.cut(self, places, order_by)).events_cut:
            say = "Give a larger most=" + ("" if order_by else ', or order_by= (as "pt") to keep the largest')
            warnings.warn(f"{lost}. {say}.", UserWarning, stacklevel=2)
        return padding.padded(self, names, places, order_by)

    def cut(self, most: int, by: str | None = None) -> padding.Cut:
        """What is lost when events keep no more than `most` objects?

        Args:
            most: How many objects an event may keep.
            by: A field: those with the largest values of it stay. The first ones when absent.

        Returns:
            How many events and objects are cut, and which share of the summed pt the objects carry, where the cloud
            has pt or what it follows from.

        Raises:
            InputError: When there is no such field, or `most` is below one.

        Examples:
            >>> tracks = Cloud([0, 2, 2, 5], {"pt": [20.0, 30.0, 50.0, 10.0, 5.0]})
            >>> print(tracks.cut(2, by="pt"))
            1 of 3 events has more than 2 objects; the 1 object beyond carries 4.3% of pt, at most 7.7% in one event
        """
        self.require([] if by is None else [by])
        return padding.cut(self, padding.most_allowed(most, self.counts), by)

    def require(self, names: Sequence[str]) -> None:
        """Raise `InputError` for a name that is neither a field nor follows from the fields, naming the nearest."""
        require(names, (*self._fields, *fourvectors.derivable(self._fields)), what="field", where="the cloud")


def offsets_of(counts: Array) -> npt.NDArray[np.int64]:
    """Offsets of lists that hold so many objects each."""
    offsets = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=offsets[1:])
    return offsets


def joined(clouds: Sequence[Cloud]) -> Cloud:
    """One cloud after the other; all have the same fields."""
    offsets = offsets_of(np.concatenate([cloud.counts for cloud in clouds]))
    return Cloud(offsets, {name: np.concatenate([cloud[name] for cloud in clouds]) for name in clouds[0].fields})


def merged(parts: Mapping[str, Cloud], *, name: str) -> Cloud:
    """The fields of several clouds over the same objects as one cloud; `parts` is field name to one-field cloud.

    Raises:
        InputError: When the events of two fields hold different numbers of objects, or there are more of one.
    """
    first, *others = parts
    offsets = parts[first].offsets
    for other in others:
        if len(parts[other]) != len(parts[first]):
            raise InputError(
                f"fields {first!r} and {other!r} of cloud {name!r} have {len(parts[first])} and {len(parts[other])} "
                "events: one list is needed for each event"
            )
        if not np.array_equal(parts[other].offsets, offsets):
            i = int(np.flatnonzero(parts[other].counts != parts[first].counts)[0])
            raise InputError(
                f"fields {first!r} and {other!r} of cloud {name!r} hold different numbers of objects "
                f"(event {i}: {parts[first].counts[i]} and {parts[other].counts[i]}). They are lists of different "
                f"things: say what belongs together, as in clouds={{{name!r}: [...], ...}}"
            )
    return Cloud(offsets, {field: part[part.fields[0]] for field, part in parts.items()})


def as_cloud(data: Any, *, name: str) -> Cloud:
    """A cloud from what a user may have: a `Cloud`, an awkward array, a mapping of field to lists, or lists.

    Args:
        data: A `Cloud`; an awkward array of lists of records or numbers; a mapping of field name to awkward array,
            list of lists, or (N, P) array; or a list of lists of numbers, which becomes the field `value`.
        name: What errors call it.

    Raises:
        InputError: When it has no list for each event, or the fields disagree on the number of objects.

    Examples:
        >>> as_cloud({"pt": [[1.0, 2.0], []], "charge": [[1, -1], []]}, name="tracks")
        Cloud(2 events, 2 objects, fields pt, charge)
    """
    if isinstance(data, Cloud):
        return data
    if isinstance(data, Mapping):
        if not data:
            raise InputError(f"cloud {name!r} has no fields")
        parts = {}
        for field, values in data.items():
            part = as_cloud(values, name=f"{name}.{field}")
            if len(part.fields) != 1:
                raise InputError(f"field {field!r} of cloud {name!r} is itself a record with {part.fields}")
            parts[str(field)] = part
        return merged(parts, name=name)
    import awkward as ak

    try:
        array = data if isinstance(data, ak.Array) else ak.Array(_plain(data))
        return from_awkward(array)
    except (TypeError, ValueError, IndexError) as error:
        raise InputError(
            f"cloud {name!r}: expected for each event a list of numbers or of records of numbers, "
            f"received {type(data).__name__} ({str(error).splitlines()[0]})"
        ) from error


def _plain(data: Any) -> Any:
    """What awkward can take: an object array of arrays becomes a list of them."""
    if isinstance(data, np.ndarray) and data.dtype == object:
        return list(data)
    return data


def from_awkward(array: Any) -> Cloud:
    """A cloud from an awkward array of lists of numbers or records; records in records are flattened.

    Raises:
        ValueError: When the array is not one list deep.
    """
    import awkward as ak

    array = ak.from_regular(array, axis=None)
    if array.ndim != 2:
        if len(array):
            raise ValueError(f"{array.ndim - 1} lists deep: one list for each event is expected")
        return Cloud([0], {"value": np.zeros(0)})
    counts = np.asarray(ak.num(array, axis=1))
    flat = ak.flatten(array, axis=1)
    fields = {name: _filled(ak.to_numpy(values)) for name, values in leaves(flat).items()}
    for values in fields.values():
        if values.dtype.kind not in "biuf":
            raise ValueError(f"values of type {values.dtype}: numbers are expected")
    return Cloud(offsets_of(counts), {name: native(values) for name, values in fields.items()})


def _filled(values: Array) -> Array:
    """Values with NaN in the place of those that are not there (None)."""
    if np.ma.is_masked(values):
        return np.ma.filled(values.astype(np.float64), np.nan)
    return np.asarray(values)


# What ROOT calls the components of its vector classes, with and without an energy among them.
_MOMENTUM = {
    "fX": "px",
    "fY": "py",
    "fZ": "pz",
    "fE": "E",
    "fT": "E",
    "fPt": "pt",
    "fEta": "eta",
    "fPhi": "phi",
    "fM": "m",
}
_POSITION = {"fX": "x", "fY": "y", "fZ": "z"}
_BOOKKEEPING = ("fUniqueID", "fBits")


def leaves(records: Any) -> dict[str, Any]:
    """The numbers inside an awkward array of records, by name: ROOT's four-vectors become px, py, pz, E."""
    if not records.fields:
        return {"value": records}
    found = _leaves(records)
    names = _MOMENTUM if {"fE", "fT", "fPt"} & set(found) else _POSITION
    return {names.get(name, name): values for name, values in found.items()}


def _leaves(records: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in records.fields:
        bare = name.rpartition("/")[2]
        if not bare.startswith("@") and bare not in _BOOKKEEPING:
            inner = records[name]
            found |= _leaves(inner) if inner.fields else {bare: inner}
    return found


def native(values: Array) -> Array:
    """The same numbers in this machine's byte order."""
    return values if values.dtype.isnative else values.astype(values.dtype.newbyteorder("="))
