"""What goes into `Events`: columns gathered under their names, and the checks that all of them must pass."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy.typing as npt

from lawful.data import columns as col
from lawful.data.clouds import Cloud
from lawful.data.names import require
from lawful.data.roles import Roles, Shift
from lawful.errors import InputError

Array = npt.NDArray[Any]


class Gathered:
    """Columns that are being gathered for `Events`: arrays get a free name, names are looked up."""

    def __init__(self, columns: dict[str, Array]) -> None:
        self.columns = columns

    def add(self, name: str, values: Any) -> str:
        """Take in a column; gives its name."""
        if name in self.columns:
            raise InputError(f"there are two columns called {name!r}")
        self.columns[name] = col.as_column(values, name=name)
        return name

    def role(self, given: Any, name: str, *, what: str) -> str | None:
        """The column that has the role: `given` is its name, or its values, which are then called `name`."""
        if given is None:
            return None
        if isinstance(given, str):
            require([given], self.columns, what="column", where=f"{what}={given!r}: X")
            return given
        return self.add(name, given)

    def shift(self, variation: str, what: Any, weight: str | None) -> Shift:
        """What a variation shifts; values get a column of their own."""
        if not isinstance(what, Mapping):
            return Shift(weight=self._moved(what, f"{weight or 'weight'}_{variation}", variation))
        moved = {str(base): self._moved(values, f"{base}_{variation}", variation) for base, values in what.items()}
        other_weight = None
        for name in (weight, "weight"):
            if name in moved and (name == weight or name not in self.columns):
                other_weight = moved.pop(name)
        require(moved, self.columns, what="column", where=f"variation {variation!r}: X")
        return Shift(moved, other_weight)

    def _moved(self, what: Any, name: str, variation: str) -> str:
        if isinstance(what, str):
            require([what], self.columns, what="column", where=f"variation {variation!r}: X")
            return what
        return self.add(free_name(name, self.columns), what)


def free_name(name: str, taken: Mapping[str, Any]) -> str:
    """The name, with underscores until no column has it."""
    while name in taken:
        name += "_"
    return name


def finished(
    columns: dict[str, Array], clouds: dict[str, Cloud], roles: Roles, missing: col.Missing
) -> tuple[dict[str, Array], dict[str, Cloud], Roles, int]:
    """Columns, clouds and roles after the checks that every new set of events must pass."""
    if not columns and not clouds:
        raise InputError("there are no columns")
    everything: dict[str, Any] = {**columns, **clouds}
    lengths = {name: len(values) for name, values in everything.items()}
    first, length = next(iter(lengths.items()))
    col.same_length(everything, length, of=repr(first))
    if not length:
        raise InputError("there are no events: the columns are empty")
    if both := set(columns) & set(clouds):
        raise InputError(f"{sorted(both)[0]!r} is the name of a column and of a cloud")
    for role, names in (("feature", roles.features), ("weight", [roles.weight] if roles.weight else [])):
        for name in names:
            if not col.is_number(columns[name].dtype):
                raise InputError(f"{role} {name!r} is text: only numbers can be {role}s; leave it out or encode it")
    require(roles.units, [*columns, *clouds], what="column", where="units: the data")
    weights = {roles.weight, *(shift.weight for shift in roles.variations.values())}
    numbers = {name for name in (*roles.features, *roles.shifted) if name not in weights}
    types = {name: values.dtype for name, values in columns.items()}
    may_miss = col.missing_values(missing, types, among=numbers, where="the data")
    col.declare_missing(columns, may_miss)
    roles = replace(roles, may_miss=tuple(dict.fromkeys((*roles.may_miss, *may_miss))))
    checked = [*roles.features, *roles.shifted]
    checked += [name for name in (roles.target, roles.weight, roles.group) if name is not None]
    may_be_nan = set(roles.may_miss) - weights - {roles.target, roles.group}
    col.finite({name: columns[name] for name in dict.fromkeys(checked)}, may_miss=may_be_nan, where="the data")
    for array in columns.values():
        array.flags.writeable = False
    return columns, clouds, roles, length
