"""Ragged lists as dense arrays, and what does not fit into them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lawful.data import fourvectors, memory
from lawful.errors import InputError

if TYPE_CHECKING:
    from lawful.data.clouds import Cloud

Array = npt.NDArray[Any]

_EVENTS = 1024  # of a piece: what is worked on stays in the cache
_PLACES = 2**20  # of a piece that is sorted: bounds its memory where one event holds very many objects


@dataclass(frozen=True)
class Cut:
    """What is lost when events keep no more than `most` objects.

    Attributes:
        most: How many objects an event may keep.
        events: How many events there are.
        events_cut: How many of them hold more.
        objects: How many objects there are.
        objects_cut: How many of them are beyond.
        pt_share: Their share of the summed pt; None where the cloud has no pt, or it sums to nothing.
        largest_pt_share: The largest such share in one event; None likewise.

    Examples:
        >>> print(Cut(8, 1000, 12, 3_140, 31, 0.002, 0.034))
        12 of 1,000 events have more than 8 objects; the 31 objects beyond carry 0.2% of pt, at most 3.4% in one event
    """

    most: int
    events: int
    events_cut: int
    objects: int
    objects_cut: int
    pt_share: float | None = None
    largest_pt_share: float | None = None

    def __str__(self) -> str:
        if not self.events_cut:
            return f"no event of {self.events:,} has more than {_number(self.most, 'object')}"
        verb = "has" if self.events_cut == 1 else "have"
        start = f"{self.events_cut:,} of {self.events:,} events {verb} more than {_number(self.most, 'object')}"
        beyond = f"the {_number(self.objects_cut, 'object')} beyond"
        if self.pt_share is None or self.largest_pt_share is None:
            return f"{start}; {beyond} of {self.objects:,} are left out"
        carry = "carries" if self.objects_cut == 1 else "carry"
        most = f"{100 * self.largest_pt_share:.2g}% in one event"
        return f"{start}; {beyond} {carry} {100 * self.pt_share:.2g}% of pt, at most {most}"


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def padded(
    cloud: "Cloud", fields: Sequence[str], most: int, order_by: str | None
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """A cloud as a dense array and the mask of its objects, written piece by piece into place.

    Args:
        cloud: The cloud.
        fields: Which fields, in this order.
        most: P, how many objects an event may keep.
        order_by: A field: the objects of an event stand in falling order of it. As stored when absent.

    Returns:
        (N, P, F) float32 values and an (N, P) mask that is True for objects.

    Raises:
        InputError: When the memory does not suffice.
    """
    memory.require(
        len(cloud) * most * (4 * len(fields) + 1),
        where=f"a dense array of {len(cloud):,} events x {most:,} objects x {len(fields)} fields",
        instead="give a smaller most= (Cloud.cut tells what is lost), or take the events in parts",
    )
    values = np.zeros((len(cloud), most, len(fields)), dtype=np.float32)  # (N, P, F)
    mask = np.zeros((len(cloud), most), dtype=np.bool_)
    for start, part in parts(cloud, sort=order_by is not None):
        inside = mask[start : start + len(part)]
        np.less(np.arange(most), part.counts[:, None], out=inside)
        keep = _kept(part, most, order_by)
        for f, name in enumerate(fields):
            found = part[name]
            values[start : start + len(part), :, f][inside] = found if keep is None else found[keep]
    return values, mask


def cut(cloud: "Cloud", most: int, by: str | None) -> Cut:
    """What is lost when the events of a cloud keep no more than `most` objects.

    Args:
        cloud: The cloud.
        most: How many objects an event may keep.
        by: A field: those with the largest values of it stay. The first ones when absent.
    """
    over = cloud.counts[cloud.counts > most]
    if "pt" in (*cloud.fields, *fourvectors.derivable(cloud.fields)):
        shares = _pt_shares(cloud, most, by) if len(over) else (0.0, 0.0)
    else:
        shares = (None, None)
    return Cut(most, len(cloud), len(over), int(cloud.offsets[-1]), int((over - most).sum()), *shares)


def _pt_shares(cloud: "Cloud", most: int, by: str | None) -> tuple[float, float] | tuple[None, None]:
    """Share of the summed pt that the objects beyond `most` carry: in all events, and the largest in one."""
    total, lost, largest = 0.0, 0.0, 0.0
    for _, part in parts(cloud, sort=by is not None):
        total += float(part["pt"].sum(dtype=np.float64))
        long = part.take(np.flatnonzero(part.counts > most))
        if not len(long):
            continue
        event = np.repeat(np.arange(len(long)), long.counts)
        pt = long["pt"].astype(np.float64)
        whole = np.bincount(event, pt, len(long))
        pt[_kept(long, most, by)] = 0.0
        beyond = np.bincount(event, pt, len(long))
        lost += float(beyond.sum())
        largest = max(largest, float(np.divide(beyond, whole, out=np.zeros(len(long)), where=whole > 0).max()))
    return (lost / total, largest) if np.isfinite(total) and total > 0 else (None, None)


def parts(cloud: "Cloud", *, sort: bool = False) -> Iterator[tuple[int, "Cloud"]]:
    """A cloud in pieces of consecutive events, each with the number of its first one; shares memory.

    Args:
        cloud: The cloud.
        sort: Whether the objects of the pieces will be sorted, with as many places for each event as the longest has.
    """
    step = _EVENTS
    if sort:
        step = int(np.clip(_PLACES // max(int(cloud.counts.max(initial=0)), 1), 1, _EVENTS))
    for start in range(0, len(cloud), step):
        yield start, cloud.slice(start, min(start + step, len(cloud)))


def _kept(cloud: "Cloud", most: int, order_by: str | None) -> npt.NDArray[np.int64] | None:
    """Which objects stay, event by event in the order in which they shall stand; None for all as they are."""
    counts = cloud.counts
    widest = int(counts.max(initial=0))
    if order_by is None:
        if widest <= most:
            return None
        return np.flatnonzero(np.arange(cloud.offsets[-1]) - np.repeat(cloud.offsets[:-1], counts) < most)
    there = np.arange(widest) < counts[:, None]  # (n, widest)
    # NaN is sorted last, and what is equal stays in order: so the places without an object come last
    keys = np.full(there.shape, np.nan)
    keys[there] = -np.asarray(cloud[order_by], dtype=np.float64)
    order = np.argsort(keys, axis=1, kind="stable")[:, :most] + cloud.offsets[:-1, None]
    return np.asarray(order[there[:, :most]])


def most_allowed(most: int | None, counts: npt.NDArray[np.int64]) -> int:
    """P, how many objects an event may keep; the largest number in any event, and at least one, when absent.

    Raises:
        InputError: When it is below one.
    """
    places = int(most) if most is not None else max(int(counts.max(initial=0)), 1)
    if places < 1:
        raise InputError(f"most={most!r}: at least one object an event must be kept")
    return places
