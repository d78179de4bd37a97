"""Objects, steps and pixels that each have an answer: where they lie in rows, and the form of the answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lawful.data.clouds import Cloud, offsets_of
from lawful.errors import InputError
from lawful.grammar import nearest
from lawful.nets.structure import Part
from lawful.predict.inputs import Array
from lawful.predict.kinds import called, cloud_of, depth, is_cloudy, is_frame, is_pair
from lawful.predict.structured import order_of

ANSWERED = ("cloud", "sequence", "image")
_NAMES = {"cloud": "object", "sequence": "step", "image": "pixel"}


@dataclass(frozen=True)
class Layout:
    """Where the objects of one input lie; "objects" are steps of a sequence and pixels of an image too.

    Attributes:
        part: The input.
        offsets: Event i has the objects offsets[i] up to, not including, offsets[i + 1]; (N + 1,).
        index: Number of the object that stands in each place of a row, -1 where there is none, (N, P); None where the
            objects of an event fill its places in their order.
        form: "flat" (one array of all objects), "list" (an array for each event), "awkward" or "dense" (N, *shape).
        shape: Of an event, where the form is dense.
        mask: Which places of padded values are objects, (N, P), where the input came with a mask.
    """

    part: Part
    offsets: Array
    index: Array | None
    form: str
    shape: tuple[int, ...] = ()
    mask: Array | None = None

    @property
    def counts(self) -> Array:
        """Objects in each event, (N,)."""
        return np.diff(self.offsets)

    @property
    def objects(self) -> int:
        """Number of objects M of all events."""
        return int(self.offsets[-1])

    @property
    def word(self) -> str:
        """What one of the objects is called."""
        return _NAMES[self.part.kind]

    def put(self, values: Array) -> Array:
        """Values of all objects, (M, D), in the places of the rows, (N, P, D), with zeros where there is none."""
        if self.index is None:
            return values.reshape(len(self.counts), -1, values.shape[1])
        there = self.index >= 0
        out = np.zeros((*self.index.shape, values.shape[1]), values.dtype)
        out[there] = values[self.index[there]]
        return out

    def take(self, z: Array) -> Array:
        """Numbers of the places of the rows, (M, N, P, O), as those of the objects in the order of the input."""
        if self.index is None:
            return z.reshape(len(z), -1, z.shape[-1])
        there = self.index >= 0
        out = np.empty((len(z), self.objects, z.shape[-1]), z.dtype)
        out[:, self.index[there]] = z[:, there]
        return out

    def told(self, values: Array) -> Any:
        """Values of all objects, (M, ...), in the form of the input."""
        if self.form == "dense":
            return values.reshape(len(self.counts), *self.shape, *values.shape[1:])
        if self.form == "list":
            return np.split(values, self.offsets[1:-1])
        if self.form == "awkward":
            import awkward as ak

            return ak.unflatten(values, self.counts)
        return values


@dataclass(frozen=True)
class Answers:
    """What is said of each object, and its weight; the estimators see one row for each event.

    Attributes:
        layout: Where the objects lie.
        values: (M,) or (M, K), in the order of the input.
        weight: Of each object, at least zero, (M,).
    """

    layout: Layout
    values: Array
    weight: Array
    ndim = 1

    @property
    def shape(self) -> tuple[int]:
        """(N,)."""
        return (len(self.layout.counts),)


def layout_of(value: Any, part: Part, row: int = 0) -> Layout:
    """Where the objects of an input lie in rows with the places of a part.

    Args:
        value: The input as the user gave it, or a table that `as_table` gave.
        part: The input; objects beyond its places are left out, as in the rows.
        row: Where a table tells the number of objects.
    """
    P = part.places
    if part.kind == "image":
        N = len(cloud_of(part.name, value)) if is_cloudy(value) else len(value)
        return Layout(part, np.arange(N + 1) * P, None, "dense", part.shape[1:])
    if is_frame(value):
        counts = np.asarray(value.iloc[:, row], dtype=np.int64)
        offsets = offsets_of(counts)
        step = np.arange(P)
        return Layout(part, offsets, np.where(step < counts[:, None], offsets[:-1, None] + step, -1), "flat")
    cloud = cloud_of(part.name, value)
    step = np.arange(cloud.offsets[-1]) - np.repeat(cloud.offsets[:-1], cloud.counts)
    order = order_of(part)
    numbered = Cloud(cloud.offsets, {"step": step} | ({} if order is None else {order: cloud[order]}))
    place, there = numbered.padded(["step"], P, order, quiet=True)
    index = np.where(there, cloud.offsets[:-1, None] + place[..., 0].astype(np.int64), -1)
    form = _form(value)
    shape = (int(cloud.counts[0]) if len(cloud) else 0,) if form == "dense" else ()
    return Layout(part, cloud.offsets, index, form, shape, np.asarray(value[1], bool) if is_pair(value) else None)


def _form(value: Any) -> str:
    """The form in which an input gives one number of each object."""
    if isinstance(value, Mapping):
        return _form(next(iter(value.values())))
    if isinstance(value, Cloud) or is_pair(value):
        return "flat"
    if type(value).__module__.split(".")[0] == "awkward":
        return "awkward"
    return "dense" if not isinstance(value, list | tuple) and depth(value) > 1 else "list"


# ---- what is said of objects -------------------------------------------------------------------------------------
def flattened(y: Any, layout: Layout, what: str = "y") -> Array:
    """What is said of each object, (M,) or (M, K), from any form that it may have.

    Args:
        y: Lists of an event's values, an awkward array, a cloud with one field, all values one after the other,
            values padded to (N, P), or (N, H, W) for images; each with an axis of K behind.
        layout: The objects.
        what: What errors call it.

    Raises:
        InputError: When there are not as many values as objects, or one belongs to no object.
    """
    if y is None:
        raise InputError(f"{what} is None: expected a value for each {layout.word}, or the name of a field.")
    module = type(y).__module__.split(".")[0]
    if module == "torch":
        y = y.detach().cpu().numpy()
    elif isinstance(y, Cloud):
        if len(y.fields) != 1:
            raise InputError(f"{what} is a cloud with the fields {', '.join(y.fields)}: expected one.")
        _same_counts(y.counts, layout, what)
        return y[y.fields[0]]
    elif module == "awkward":
        import awkward as ak

        if y.ndim < 2 or layout.part.kind == "image":
            return _of_array(ak.to_numpy(y), layout, what)
        _same_counts(ak.to_numpy(ak.num(y, axis=1)), layout, what)
        return np.asarray(ak.to_numpy(ak.flatten(y, axis=1)))
    elif module == "pandas":
        y = y.to_numpy()
    if isinstance(y, np.ndarray) and y.dtype != object:
        return _of_array(y, layout, what)
    rows = list(y) if isinstance(y, list | tuple | np.ndarray) else [y]
    if not rows or any(np.ndim(row) == 0 if not isinstance(row, list | tuple) else False for row in rows):
        return _of_array(np.asarray(rows), layout, what)
    if layout.part.kind == "image":
        return _of_array(np.asarray(rows), layout, what)
    _same_counts(np.array([len(row) for row in rows]), layout, what)
    arrays = [np.asarray(row) for row in rows if len(row)]
    tails = {array.shape[1:] for array in arrays}
    if len(tails) > 1:
        raise InputError(f"{what}: values of shapes {' and '.join(map(str, sorted(tails)))}: all need the same.")
    return np.concatenate(arrays) if arrays else np.zeros(0)


def _of_array(y: Array, layout: Layout, what: str) -> Array:
    N, M, one = len(layout.counts), layout.objects, layout.word
    if layout.part.kind == "image":
        shape = layout.part.shape[1:]
        if y.shape[:3] == (N, *shape):
            return y.reshape(M, *y.shape[3:])
        raise InputError(f"{what} has shape {y.shape}: expected {(N, *shape)}, a value for each pixel.")
    longest = int(layout.counts.max(initial=0)) if layout.mask is None else layout.mask.shape[1]
    if y.ndim > 1 and len(y) == N and y.shape[1] >= longest and (len(y) != M or y.shape[1] == longest):
        return _of_padded(y, layout, what)
    if y.ndim and len(y) == M:
        return y
    image = " For images of one channel give net='unet'." if layout.part.kind == "sequence" and y.ndim > 1 else ""
    if y.ndim == 1 and len(y) == N:
        image = " For one answer an event use lawful.Classifier or lawful.Regressor."
    raise InputError(
        f"{what} has shape {y.shape}: expected a value for each {one}, ({M},), a list for each of the {N} events, or "
        f"({N}, {longest}) padded.{image}"
    )


def _of_padded(y: Array, layout: Layout, what: str) -> Array:
    mask = layout.mask
    if mask is None:
        mask = np.arange(y.shape[1]) < layout.counts[:, None]
    elif y.shape[:2] != mask.shape:
        raise InputError(f"{what} has shape {y.shape}, but the mask of {called(layout.part.name)} {mask.shape}.")
    beside = np.ma.getdata(y)[~mask & ~np.ma.getmaskarray(y).reshape(*mask.shape, -1).all(-1)]
    if len(beside):
        missing = beside != beside  # NaN, of any type
        if not (missing | (beside == beside[:1])).all():
            event, place = np.argwhere(~mask & (y.reshape(*mask.shape, -1) != beside[0]).any(-1))[0]
            raise InputError(
                f"{what} says something in event {event}, place {place}, where there is no {layout.word}: the event "
                f"has {layout.counts[event]}. Fill padded places with one and the same value, or give lists."
            )
    return np.ma.getdata(y)[mask]


def _same_counts(counts: Array, layout: Layout, what: str) -> None:
    """Check that there are as many values as objects, event by event."""
    if len(counts) != len(layout.counts):
        raise InputError(
            f"Found input variables with inconsistent numbers of samples: X has {len(layout.counts)} events, {what} "
            f"has {len(counts)}. Were cuts applied to one of them alone?"
        )
    for event in np.flatnonzero(counts != layout.counts)[:1]:
        raise InputError(
            f"{what}: event {event} has {layout.counts[event]} {layout.word}s and {counts[event]} values. Each "
            f"{layout.word} needs one: were the {layout.word}s cut or sorted after they were labelled?"
        )


def field_of(inputs: Mapping[str, Any], text: str) -> tuple[str, str]:
    """Input and field that "cells.shower" names, or "shower" where one input alone has such a field.

    Raises:
        InputError: When there is none.
    """
    fields = {name: tuple(cloud_of(name, value).fields) for name, value in inputs.items() if is_cloudy(value)}
    for name, own in fields.items():
        for field in own:
            if text == f"{name}.{field}":
                return name, field
    having = [name for name, own in fields.items() if text in own]
    if len(having) == 1:
        return having[0], text
    known = [f"{name}.{field}" if name else field for name, own in fields.items() for field in own]
    raise InputError(f"{text!r} names no field of the objects of X; {nearest(text, known)}")


def without(value: Any, field: str) -> Cloud:
    """A cloud without one of its fields."""
    cloud = cloud_of("", value)
    return Cloud(cloud.offsets, {name: cloud[name] for name in cloud.fields if name != field})
