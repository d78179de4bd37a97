"""Sets of events put one after the other."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lawful.data.clouds import joined
from lawful.data.events import Events
from lawful.data.names import listed
from lawful.data.roles import Roles, with_missing
from lawful.errors import InputError


def concatenate(sets: Sequence[Events]) -> Events:
    """One set of events after the other: the same features, units, roles, variations and clouds in each.

    Columns without a role are kept where every set has them. The order of the features is that of the first set.

    Raises:
        InputError: When the sets do not fit, or there are none.

    Examples:
        >>> signal = Events({"pt": [50.0, 70.0]}, y=[1, 1])
        >>> background = Events({"pt": [20.0]}, y=[0])
        >>> concatenate([signal, background]).y.tolist()
        [1, 1, 0]
    """
    sets = list(sets)
    if not sets:
        raise InputError("concatenate received no events: an empty list")
    first = sets[0]._roles
    for i, events in enumerate(sets[1:], start=1):
        _alike(first, events._roles, i)
        if {n: set(c.fields) for n, c in events._clouds.items()} != {
            n: set(c.fields) for n, c in sets[0]._clouds.items()
        }:
            raise InputError(
                f"set {i} has clouds {listed(list(events._clouds))}, set 0 has {listed(list(sets[0]._clouds))}, "
                "or their fields differ: they must be the same"
            )
    shared = [name for name in sets[0]._columns if all(name in events._columns for events in sets)]
    for name in shared:
        kinds = {events._columns[name].dtype.kind == "U" for events in sets}
        if len(kinds) > 1:
            raise InputError(f"column {name!r} is text in one set and numbers in another")
    columns = {name: np.concatenate([events._columns[name] for events in sets]) for name in shared}
    clouds = {name: joined([events._clouds[name] for events in sets]) for name in sets[0]._clouds}
    may_miss = tuple(dict.fromkeys(n for events in sets for n in events._roles.may_miss if n in columns))
    declared = {
        name: tuple(dict.fromkeys(v for events in sets for v in events._roles.sentinels.get(name, ())))
        for name in may_miss
    }
    units = {name: unit for events in reversed(sets) for name, unit in events._roles.units.items() if name in columns}
    sources = tuple(dict.fromkeys(source for events in sets for source in events._sources))
    roles = with_missing(replace(first, may_miss=may_miss, sentinels={}, units=units), declared)
    return Events._make(columns, clouds, roles, sources, sum(map(len, sets)))


def _alike(first: Roles, other: Roles, i: int) -> None:
    """Raise `InputError` when the roles of set `i` are not those of the first set."""
    if set(first.features) != set(other.features):
        only = sorted(set(first.features) ^ set(other.features))
        raise InputError(f"set {i} has other features than set 0: they differ in {listed(only)}")
    for role in ("target", "weight", "group"):
        a, b = getattr(first, role), getattr(other, role)
        if a != b:
            raise InputError(f"set 0 has {role} {a!r}, set {i} has {b!r}: they must be the same")
    for name in first.features:
        a, b = first.units.get(name), other.units.get(name)
        if a is not None and b is not None and a != b:
            raise InputError(f"{name!r} is in {a} in set 0 and in {b} in set {i}: convert one of them")
    shifts = [{n: (dict(s.columns), s.weight) for n, s in roles.variations.items()} for roles in (first, other)]
    if shifts[0] != shifts[1]:
        raise InputError(
            f"set 0 has variations {listed(list(first.variations))}, set {i} has "
            f"{listed(list(other.variations))}, or they shift other columns: they must be the same"
        )
