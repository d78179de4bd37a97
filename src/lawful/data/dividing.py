"""Events split into disjoint parts, for training and test or for a cross-validation."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lawful.data import splits
from lawful.data.building import free_name

if TYPE_CHECKING:
    from lawful.data.events import Events


def split(events: "Events", fractions: Sequence[float], seed: int, *, keep_yield: bool) -> "tuple[Events, ...]":
    """Parts with these shares of every class, as `Events.split` tells."""
    found = splits.parts(fractions, len(events), y=events.y, group=_group(events), seed=seed)
    return tuple(_keeping_yield(events, index) if keep_yield else events._take(index) for index in found)


def _keeping_yield(events: "Events", index: npt.NDArray[np.int64]) -> "Events":
    """A part whose weights, those of variations too, sum class by class to what they sum to in the whole."""
    roles = events._roles
    name = roles.weight if roles.weight is not None else free_name("weight", events._columns)
    weights = {name: events.weight}
    weights |= {w: events._columns[w] for shift in roles.variations.values() if (w := shift.weight) is not None}
    part = events._take(index)
    columns = dict(part._columns)
    for key, whole in weights.items():
        columns[key] = splits.keeping_yield(whole.astype(np.float64), events.y, index, name=key)
    return part._make(columns, part._clouds, replace(roles, weight=name), part._sources, len(part))


def folds(events: "Events", k: int, seed: int) -> "Iterator[tuple[Events, Events]]":
    """The pairs (training, test) of a cross-validation, as `Events.folds` tells."""
    for index in splits.folds(k, len(events), y=events.y, group=_group(events), seed=seed):
        rest = np.ones(len(events), dtype=np.bool_)
        rest[index] = False
        yield events._take(np.flatnonzero(rest)), events._take(index)


def _group(events: "Events") -> npt.NDArray[Any] | None:
    return None if events.group is None else events[events.group]
