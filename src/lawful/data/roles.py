"""What each column is for: feature, target, weight, group, or its shifted version in a systematic variation."""

import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

_VERSION = 1
_UP_DOWN = (("__1up", "__1down"), ("_up", "_down"), ("_Up", "_Down"), ("_UP", "_DOWN"), ("Up", "Down"))


@dataclass(frozen=True)
class Shift:
    """What a systematic variation puts in the place of what.

    Attributes:
        columns: Column to the column that takes its place.
        weight: The column that takes the place of the weight, if one does.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    weight: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that the variation brings."""
        return (*self.columns.values(), *([self.weight] if self.weight is not None else []))


@dataclass(frozen=True)
class Roles:
    """What each column is for.

    Attributes:
        features: The columns of X, in order.
        target: The column of y, or several columns.
        weight: The column of event weights.
        group: The column whose equal values must stay in one part of a split.
        units: Column to unit.
        variations: Name to what it shifts.
        may_miss: Columns in which NaN means missing.
        sentinels: Column to the values that stood for missing before they became NaN; NaN where that was declared.
    """

    features: tuple[str, ...] = ()
    target: str | tuple[str, ...] | None = None
    weight: str | None = None
    group: str | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    variations: Mapping[str, Shift] = field(default_factory=dict)
    may_miss: tuple[str, ...] = ()
    sentinels: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    @property
    def targets(self) -> tuple[str, ...]:
        """The columns of y, none or several."""
        return () if self.target is None else (self.target,) if isinstance(self.target, str) else self.target

    @property
    def fixed(self) -> tuple[str, ...]:
        """The columns of target, weight and group, as far as there are such."""
        return (*self.targets, *(name for name in (self.weight, self.group) if name is not None))

    def role_of(self, name: str) -> str:
        """What one of `fixed` is."""
        return "target" if name in self.targets else "weight" if name == self.weight else "group"

    @property
    def shifted(self) -> tuple[str, ...]:
        """The columns that variations bring."""
        return tuple(dict.fromkeys(name for shift in self.variations.values() for name in shift.names))

    def notes(self) -> dict[str, Any]:
        """The roles as plain data, to be kept in a file."""
        notes = {
            "lawful": _VERSION,
            "features": list(self.features),
            "target": list(self.target) if isinstance(self.target, tuple) else self.target,
            "weight": self.weight,
            "group": self.group,
            "units": dict(self.units),
            "variations": {
                name: {"columns": dict(shift.columns), "weight": shift.weight}
                for name, shift in self.variations.items()
            },
            "may_miss": list(self.may_miss),
        }
        told = {n: [None if math.isnan(v) else v for v in values] for n, values in self.sentinels.items()}
        return notes | ({"sentinels": told} if told else {})


def from_notes(notes: Any, known: Collection[str]) -> Roles | None:
    """The roles in a file's notes, as far as its columns are still there; None when there are no notes of ours."""
    if not isinstance(notes, dict) or not isinstance(notes.get("lawful"), int):
        return None

    def one(key: str) -> str | None:
        name = notes.get(key)
        return name if isinstance(name, str) and name in known else None

    def several(key: str) -> tuple[str, ...]:
        names = notes.get(key)
        return tuple(name for name in names if name in known) if isinstance(names, list) else ()

    variations = {}
    for name, shift in _mapping(notes.get("variations")).items():
        columns = {
            str(base): moved for base, moved in _mapping(_mapping(shift).get("columns")).items() if moved in known
        }
        weight = _mapping(shift).get("weight")
        weight = weight if weight in known else None
        if columns or weight is not None:
            variations[str(name)] = Shift(columns, weight)
    return Roles(
        features=several("features"),
        target=as_target(several("target")) if isinstance(notes.get("target"), list) else one("target"),
        weight=one("weight"),
        group=one("group"),
        units={str(name): str(unit) for name, unit in _mapping(notes.get("units")).items() if name in known},
        variations=variations,
        may_miss=several("may_miss"),
        sentinels={
            str(name): distinct(math.nan if value is None else float(value) for value in values)
            for name, values in _mapping(notes.get("sentinels")).items()
            if name in known and isinstance(values, list) and all(isinstance(v, int | float | None) for v in values)
        },
    )


def as_target(names: Collection[str]) -> str | tuple[str, ...] | None:
    """Names of target columns as they stand in the roles: one alone, or several.

    Examples:
        >>> as_target(["label"]), as_target(["fx", "fy"]), as_target([])
        ('label', ('fx', 'fy'), None)
    """
    return tuple(names) if len(names) > 1 else next(iter(names), None)


def _mapping(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


def without(roles: Roles, gone: Collection[str]) -> Roles:
    """The roles when the columns in `gone` are no longer there."""
    variations = {}
    for name, shift in roles.variations.items():
        columns = {base: moved for base, moved in shift.columns.items() if base not in gone and moved not in gone}
        weight = shift.weight if shift.weight not in gone else None
        if columns or weight is not None:
            variations[name] = Shift(columns, weight)
    return replace(
        roles,
        features=tuple(name for name in roles.features if name not in gone),
        units={name: unit for name, unit in roles.units.items() if name not in gone},
        variations=variations,
        may_miss=tuple(name for name in roles.may_miss if name not in gone),
        sentinels={name: values for name, values in roles.sentinels.items() if name not in gone},
    )


def inherited(
    declared: Mapping[str, tuple[float, ...]], variations: Mapping[str, Shift]
) -> dict[str, tuple[float, ...]]:
    """What stands for missing in which column, with what shifted columns take over from those that they shift.

    Examples:
        >>> inherited({"d0": (-999.0,)}, {"up": Shift({"d0": "d0_up"})})
        {'d0': (-999.0,), 'd0_up': (-999.0,)}
    """
    found = dict(declared)
    for shift in variations.values():
        for base, moved in shift.columns.items():
            if base in declared:
                found.setdefault(moved, declared[base])
    return found


def distinct(values: Iterable[float]) -> tuple[float, ...]:
    """Each value once, in order, NaN too.

    Examples:
        >>> distinct([-9.0, float("nan"), -9.0, float("nan")])
        (-9.0, nan)
    """
    return tuple(dict.fromkeys(math.nan if math.isnan(value) else value for value in values))


def with_missing(roles: Roles, declared: Mapping[str, tuple[float, ...]]) -> Roles:
    """The roles when the columns in `declared` may miss, by these values or (also) by NaN."""
    values = {name: distinct((*roles.sentinels.get(name, ()), *told)) for name, told in declared.items()}
    return replace(
        roles,
        may_miss=tuple(dict.fromkeys((*roles.may_miss, *declared))),
        sentinels={**roles.sentinels, **{name: told for name, told in values.items() if told}},
    )


def up_and_down(names: Collection[str]) -> dict[str, tuple[str, str]]:
    """Variations that belong together by name: what they vary to (up, down).

    Examples:
        >>> up_and_down(["jes_up", "jes_down", "btag__1up", "btag__1down", "generator"])
        {'jes': ('jes_up', 'jes_down'), 'btag': ('btag__1up', 'btag__1down')}
    """
    pairs = {}
    for name in names:
        for up, down in _UP_DOWN:
            base = re.sub(f"{up}$", "", name)
            if base and base != name and base + down in names:
                pairs[base] = (name, base + down)
                break
    return pairs
