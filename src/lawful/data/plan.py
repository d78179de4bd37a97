"""What to read from a table, worked out from what the user asked for and what the table has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lawful.data import roles as r
from lawful.data.columns import Missing, is_number, unique
from lawful.data.cuts import Cut, parse
from lawful.data.formats import Table
from lawful.data.grouping import CloudSpec, Grouping, by_prefix, grouped
from lawful.data.names import expand, listed, nearest, require
from lawful.data.roles import Roles, Shift
from lawful.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the user asked `read` for, beyond the files; the meaning of each entry is told there."""

    target: str | Sequence[str] | None
    weight: str | None
    features: Sequence[str] | None
    exclude: Sequence[str]
    extras: Sequence[str]
    units: Mapping[str, str] | None
    variations: Mapping[str, str | Mapping[str, str]] | None
    clouds: CloudSpec
    select: str | None
    missing: Missing
    normalise: float | Mapping[Any, float] | None
    group: str | None
    unroll: Mapping[str, Sequence[str]] | None = None
    define: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Plan:
    """What to read from every table.

    Attributes:
        roles: What the columns are for.
        columns: The columns to keep.
        cut_columns: Further columns that only the cut needs.
        clouds: Cloud to its ragged columns, each with field of the column to field of the cloud.
        cut: What the events must pass.
        label: The column that the labels of files or trees go to.
        excluded: The columns that the user does not want.
    """

    roles: Roles
    columns: tuple[str, ...]
    cut_columns: tuple[str, ...]
    clouds: Mapping[str, Grouping]
    cut: Cut | None
    label: str | None
    excluded: frozenset[str]

    @property
    def ragged(self) -> tuple[str, ...]:
        """The ragged columns to read."""
        return tuple(dict.fromkeys(column for parts in self.clouds.values() for column, _ in parts))


def plan(request: Request, table: Table, others: Sequence[Table] = (), *, labelled: bool) -> Plan:
    """What to read, worked out on the first table; `others` are those that follow.

    Raises:
        InputError: When a column does not exist (the nearest are named) or has two roles that cannot go together.
    """
    known = {**table.columns, **table.derived}
    there = _Names(table, known)
    kept = r.from_notes(table.notes, known)
    old = kept or Roles()
    if labelled and not isinstance(request.target, str | None):
        raise InputError(f"target={request.target!r}: labelled trees or files have one target: give its name")
    label = str(request.target or "label") if labelled else None
    if label is not None and label in table.columns:
        raise InputError(
            f"{table.name}: the labels would go to a column {label!r}, but there is one of that name: "
            "choose another name with target=, or leave out the labels"
        )
    target = label or there.target(request.target) or old.target
    weight = there.one(request.weight, "weight") or old.weight
    group = there.one(request.group, "group") or old.group
    variations = dict(old.variations)
    if request.variations is not None:
        variations = {
            name: _shift(name, what, weight, there, target) for name, what in _named(request.variations).items()
        }
    usual = by_prefix(table)
    names = dict.fromkeys([*there.all, *usual, *(name for other in others for name in other.columns)])
    for key, given in (("exclude", request.exclude), ("extras", request.extras)):
        if isinstance(given, str):
            raise InputError(f"{key}={given!r}: a list of names is expected, as in [{given!r}]")
    excluded = set(expand(request.exclude, list(names), what="column", where=table.name))
    asked = Roles(target=target).targets if request.target is not None else ()
    excluded -= {name for name in (*asked, request.weight, request.group) if name is not None}
    target = r.as_target([name for name in Roles(target=target).targets if name not in excluded])
    weight, group = (name if name not in excluded else None for name in (weight, group))
    own_roles = replace(old, features=(), target=target, weight=weight, group=group, variations=variations)
    roles = r.without(own_roles, excluded)
    fixed = own_roles.fixed
    taken = {*fixed, *roles.shifted}
    own = _own_columns(table, kept)
    features = _features(request, table, there, kept, own, taken | excluded)
    clouds = grouped(request.clouds, usual, table, excluded)
    extras = expand(request.extras, list(known), what="column", where=table.name)
    if request.features is None:
        rest = set(features) | taken | excluded
        extras += tuple(n for n in own if n not in rest and (kept is not None or not is_number(known[n])))
    bases = [base for shift in roles.variations.values() for base in shift.columns]
    order = dict.fromkeys([*features, *fixed, *roles.shifted, *bases, *extras])
    columns = tuple(name for name in order if name != label)
    cut = None if request.select is None else parse(request.select)
    if cut is not None:
        require(
            cut.names, [*known, *([label] if label else [])], what="column", where=f"cut {cut.text!r}: {table.name}"
        )
        require(cut.clouds, clouds, what="cloud", where=f"cut {cut.text!r}: {table.name}")
    cut_columns = tuple(n for n in cut.names if n not in columns and n != label) if cut else ()
    if not columns and not clouds and label is None:
        raise InputError(f"{table.name} has no columns of numbers left to read: there are {listed(there.all)}")
    _no_text(table, known, roles, features)
    units = _units(request, roles, set(order), clouds, there)
    may_miss = tuple(name for name in roles.may_miss if name in order)
    sentinels = {name: values for name, values in roles.sentinels.items() if name in order}
    roles = replace(roles, features=features, units=units, may_miss=may_miss, sentinels=sentinels)
    return Plan(roles, columns, cut_columns, clouds, cut, label, frozenset(excluded))


class _Names:
    """The columns of a table, and errors for those that it lacks."""

    def __init__(self, table: Table, known: Mapping[str, Any]) -> None:
        self.table, self.known = table, known
        self.all = [*known, *table.ragged, *table.unreadable]

    def one(self, name: str | None, role: str) -> str | None:
        """The name, after it was found in the table."""
        if name is None:
            return None
        if not isinstance(name, str):
            raise InputError(f"{role}={name!r}: the name of a column is expected, received {type(name).__name__}")
        if name in self.table.ragged:
            raise InputError(f"{self.table.name}: {role} {name!r} is ragged, one value for each event is expected")
        self.readable(name)
        require([name], self.known, what=f"column for {role}", where=self.table.name)
        return name

    def target(self, given: Any) -> str | tuple[str, ...] | None:
        """The name of the target, or names, after they were found in the table."""
        if isinstance(given, list | tuple):
            if not given:
                raise InputError("target=[]: the name of a column is expected, or a list of names")
            unique(given, what="target")
            return r.as_target([name for name in (self.one(one, "target") for one in given) if name is not None])
        return self.one(given, "target")

    def readable(self, name: str) -> None:
        """Raise `InputError` for a column that is there and cannot be read."""
        if name in self.table.unreadable:
            raise InputError(f"{self.table.name}: column {name!r} cannot be read: {self.table.unreadable[name]}")


def _named(variations: Any) -> Mapping[str, Any]:
    if not isinstance(variations, Mapping):
        raise InputError(
            "variations must be a mapping of name to a weight column or to {column: shifted column}, "
            f"received {type(variations).__name__}"
        )
    return variations


def _shift(name: str, what: Any, weight: str | None, there: _Names, target: str | tuple[str, ...] | None) -> Shift:
    """What one variation shifts."""
    role = f"variation {name!r}"
    if isinstance(what, str):
        return Shift(weight=there.one(what, role))
    if not isinstance(what, Mapping) or not what:
        raise InputError(f"{role} must be a weight column or a mapping {{column: shifted column}}, received {what!r}")
    columns = {}
    other = None
    for base, moved in what.items():
        found = there.one(moved, role)
        assert found is not None
        if base == weight or (base == "weight" and base not in there.known):
            other = found
        elif base in Roles(target=target).targets:
            columns[base] = found
        else:
            columns[str(there.one(base, role))] = found
    return Shift(columns, other)


def _own_columns(table: Table, kept: Roles | None) -> list[str]:
    """The columns that count when none is named: those the file's notes know, or all."""
    noted = table.notes.get("columns") if kept is not None and isinstance(table.notes, dict) else None
    return [name for name in table.columns if name in noted] if isinstance(noted, list) else list(table.columns)


def _features(
    request: Request, table: Table, there: _Names, kept: Roles | None, own: list[str], taken: set[str]
) -> tuple[str, ...]:
    """The features: those named, those that the file's notes name, or every column of numbers without a role."""
    if request.features is None:
        if kept is not None:
            return tuple(name for name in kept.features if name not in taken)
        return tuple(name for name in own if name not in taken and is_number(table.columns[name]))
    if isinstance(request.features, str):
        raise InputError(f"features={request.features!r}: a list of names is expected, as in [{request.features!r}]")
    for name in request.features:
        there.readable(name)
        if name in table.ragged:
            raise InputError(
                f"{table.name}: feature {name!r} is ragged (a list for each event): it comes as a cloud, "
                "see events.clouds"
            )
    unique(request.features, what="features")
    names = expand(request.features, list(there.known), what="column", where=table.name)
    patterns = not set(names) <= set(request.features)
    clash = [name for name in names if name in taken]
    if clash and not patterns:
        raise InputError(
            f"{clash[0]!r} is among the features and is also the target, weight, group, a shifted column or excluded"
        )
    return tuple(name for name in names if name not in taken)


def _no_text(table: Table, known: Mapping[str, np.dtype[Any]], roles: Roles, features: Sequence[str]) -> None:
    """Raise `InputError` when a column that must hold numbers holds text."""
    for role, names in (("feature", features), ("weight", (roles.weight,)), ("variation", roles.shifted)):
        for name in names:
            if name is not None and name in known and not is_number(known[name]):
                remark = f": {table.remarks[name]}" if name in table.remarks else ", numbers are expected"
                raise InputError(f"{table.name}: {role} {name!r} holds text{remark}")


def _units(
    request: Request, roles: Roles, kept: set[str], clouds: Mapping[str, Any], there: _Names
) -> dict[str, str]:
    """Units of the columns that are kept."""
    fields = {f"{cloud}.{name}" for cloud, parts in clouds.items() for _, names in parts for name in names.values()}
    asked = {**roles.units, **(request.units or {})}
    require(
        request.units or {}, [*kept, *there.all, *clouds, *fields], what="column", where=f"units: {there.table.name}"
    )
    return {name: str(unit) for name, unit in asked.items() if name in kept or name in clouds or name in fields}


def same_columns(made: Plan, request: Request, first: Table, other: Table) -> None:
    """Raise `InputError` when a further table has not what the first one had.

    Its columns must include those of the plan; when no features were named, its columns of numbers must be the same.
    """
    known = {**other.columns, **other.derived}
    lacking = [name for name in (*made.columns, *made.cut_columns) if name not in known]
    lacking += [name for name in made.ragged if other.ragged.get(name) != first.ragged[name]]
    if lacking:
        raise InputError(
            f"{other.name} has not the columns of {first.name}: {listed(lacking)} missing "
            f"({nearest(lacking[0], [*known, *other.ragged])}); name the features that all files have with features="
        )
    if request.features is None:
        more = [
            name
            for name, dtype in other.columns.items()
            if is_number(dtype) and name not in first.columns and name not in made.excluded
        ]
        if more:
            raise InputError(
                f"{other.name} has columns that {first.name} has not: {listed(more)}; "
                "leave them out with exclude=, or name the features"
            )
    for name in made.columns:
        types = [{**table.columns, **table.derived}[name] for table in (first, other)]
        if (types[0].kind == "U") != (types[1].kind == "U"):
            raise InputError(f"column {name!r} is {types[0]} in {first.name} and {types[1]} in {other.name}")
