"""What goes into `Events`: columns gathered under their names, and the checks that all of them must pass."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lawful.data import columns as col
from lawful.data.clouds import Cloud, as_cloud
from lawful.data.names import listed, require
from lawful.data.roles import Roles, Shift, as_target, inherited, with_missing
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

    def target(self, y: Any, named: Any) -> str | tuple[str, ...] | None:
        """The target's column, or columns where `named` is a list: of the table, or with the values y, (N, T)."""
        if isinstance(named, str):
            return self.role(named if y is None else y, named, what="y")
        names = list(named)
        if not names or not all(isinstance(name, str) for name in names):
            raise InputError(f"target={named!r}: expected the name of a column, or a list of names")
        col.unique(names, what="target")
        if y is None:
            require(names, self.columns, what="column", where=f"target={names}: X")
            return as_target(names)
        values = np.asarray(y)
        if values.ndim != 2 or values.shape[1] != len(names):
            raise InputError(
                f"y has shape {values.shape}, expected (N, {len(names)}) for the targets {listed(names)}"
            )
        return as_target([self.add(name, values[:, i]) for i, name in enumerate(names)])

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


def gathered(
    X: Any,
    given: Mapping[str, Any],
    *,
    named: str | Sequence[str] | None,
    features: Sequence[str] | None,
    units: Mapping[str, str] | None,
    variations: Mapping[str, Any] | None,
    clouds: Mapping[str, Any] | None,
    extras: Mapping[str, Any] | None,
    missing: col.Missing,
) -> tuple[dict[str, Array], dict[str, Cloud], Roles, int]:
    """Columns, clouds, roles and number of the events that a user hands to `Events`, who explains the arguments.

    Args:
        X: The table.
        given: "y", "weight" and "group" to values, or to the name of a column of X, or to None.
        named: The target's column, or a list of columns; what they are called when values y are given.
        features: As for `Events`, like all that follow.
        units: Column to unit.
        variations: Systematic variations.
        clouds: Name to cloud.
        extras: Further columns.
        missing: What stands for 'not measured'.

    Raises:
        InputError: As `Events`.
    """
    table = Gathered(col.as_table(X, features))
    own = set(table.columns)
    for name, values in (extras or {}).items():
        table.add(name, values)
    y = given["y"]
    if named is None or isinstance(y, str):
        target: str | tuple[str, ...] | None = table.role(y, named if isinstance(named, str) else "target", what="y")
    else:
        target = table.target(y, named)
    weight = table.role(given["weight"], "weight", what="weight")
    group = table.role(given["group"], "group", what="group")
    shifts = {str(name): table.shift(str(name), what, weight) for name, what in (variations or {}).items()}
    taken = {
        *Roles(target=target, weight=weight, group=group).fixed,
        *(name for shift in shifts.values() for name in shift.names),
    }
    if features is None:
        features = [
            name
            for name, values in table.columns.items()
            if name in own and name not in taken and col.is_number(values.dtype)
        ]
    col.unique(features, what="features")
    require(features, table.columns, what="column", where=f"features={list(features)}: X")
    roles = Roles(tuple(features), target, weight, group, dict(units or {}), shifts)
    lists = {str(name): as_cloud(cloud, name=name) for name, cloud in (clouds or {}).items()}
    made = finished(table.columns, lists, roles, missing)
    if weight is not None:
        col.positive_sum(made[0][weight], name=weight, where="the data")
    return made


def no_text_among(roles: Roles, types: Mapping[str, Any]) -> None:
    """Raise `InputError` when one of several targets is text."""
    for name in roles.targets if len(roles.targets) > 1 else ():
        if not col.is_number(types[name]):
            raise InputError(f"target {name!r} is text: several targets must be numbers")


def varied(columns: Mapping[str, Array], roles: Roles, shift: Shift) -> tuple[dict[str, Array], Roles]:
    """Columns and roles of the events that a variation makes; what it leaves alone is shared."""
    moved = {**columns, **{base: columns[other] for base, other in shift.columns.items()}}
    if shift.weight is not None:
        name = roles.weight if roles.weight is not None else shift.weight
        moved[name] = columns[shift.weight]
        roles = replace(roles, weight=name)
    return moved, replace(roles, variations={})


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
    declared = inherited(col.missing_values(missing, types, among=numbers, where="the data"), roles.variations)
    col.declare_missing(columns, declared)
    roles = with_missing(roles, declared)
    checked = [*roles.features, *roles.shifted]
    checked += roles.fixed
    may_be_nan = set(roles.may_miss) - weights - {*roles.targets, roles.group}
    col.finite({name: columns[name] for name in dict.fromkeys(checked)}, may_miss=may_be_nan, where="the data")
    fixed = {*roles.fixed} - {roles.weight}
    col.no_empty_text({name: columns[name] for name in roles.fixed if name in fixed}, where="the data")
    no_text_among(roles, {name: columns[name].dtype for name in roles.targets})
    for array in columns.values():
        array.flags.writeable = False
    return columns, clouds, roles, length
