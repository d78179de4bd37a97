"""New columns worked out from others by formulas in the language of cuts."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, final

import numpy as np

from lawful.data import columns as col
from lawful.data import roles as r
from lawful.data.building import free_name
from lawful.data.cuts import Cut, parse
from lawful.data.formats import Batch, Table
from lawful.data.grouping import by_prefix, grouped
from lawful.data.names import require
from lawful.data.plan import Request
from lawful.data.roles import Roles
from lawful.errors import InputError


@dataclass(frozen=True)
class Formula:
    """How one column is worked out.

    Attributes:
        name: Of the column.
        cut: What was written, understood.
        instead: Names in the formula to the columns that take their places in a systematic variation.
    """

    name: str
    cut: Cut
    instead: Mapping[str, str] = field(default_factory=dict)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns that it needs."""
        return tuple(self.instead.get(name, name) for name in self.cut.names)


@dataclass(frozen=True)
class Definitions:
    """All new columns, each after those that it needs.

    Attributes:
        formulas: How they are worked out.
        missing: Which values mean missing in which column, so that formulas see NaN there.
        counted: Cloud to a ragged column with as many objects, for `count(cloud)`.
    """

    formulas: tuple[Formula, ...]
    missing: Mapping[str, tuple[float, ...]]
    counted: Mapping[str, str]


def definitions(asked: Any, table: Table, request: Request) -> tuple[Definitions, Request]:
    """The new columns that the user wants, and the request with what follows from them.

    A variation that shifts what a formula uses shifts the new column too: it gets a second one, worked out from the
    shifted values, unless the user names another in its place.

    Args:
        asked: New column to formula.
        table: The first table.
        request: What else was asked for.

    Raises:
        InputError: When a formula cannot be understood, needs a column that is not there, or its name is taken.
    """
    example = 'define={"log_pt": "log(pt)"}'
    if not isinstance(asked, Mapping) or not asked:
        raise InputError(f"define={asked!r}: new column to formula is expected, as {example}")
    types = {**table.columns, **table.derived}
    taken = {*types, *table.ragged, *table.unreadable}
    formulas: list[Formula] = []
    for name, text in asked.items():
        if not isinstance(name, str) or not name or not isinstance(text, str):
            raise InputError(f"define: {name!r}: {text!r}: a name and a formula are expected, as {example}")
        if name in taken:
            raise InputError(f"define {name!r}: {table.name} has a column of that name already: choose another name")
        formula = Formula(name, parse(text, f"define {name!r}:"))
        _there(formula, [one.name for one in formulas], list(asked), table, types)
        formulas.append(formula)
    kept = r.from_notes(table.notes, types) or Roles()
    weight = request.weight or kept.weight
    shifts = _shifts(request, kept, weight)
    request = _with_shifted(formulas, shifts, request, taken)
    target = request.target or kept.target
    target = target if isinstance(target, str | None) else tuple(target)
    fixed = {*Roles(target=target, weight=weight, group=request.group or kept.group).fixed}
    fixed |= {shift for shift in shifts.values() if isinstance(shift, str)}
    missing = _missing(formulas, shifts, request, kept, types, fixed, table.name)
    if missing:
        request = replace(request, missing=missing)
    return Definitions(tuple(formulas), missing, _counted(formulas, table, request)), request


def _there(
    formula: Formula, before: Sequence[str], all_new: Sequence[str], table: Table, types: Collection[str]
) -> None:
    """Raise `InputError` when a formula needs a column that is not there."""
    where = f"{formula.cut.what} {formula.cut.text!r}"
    for name in formula.cut.names:
        if name in table.ragged:
            raise InputError(
                f"{where}: {name!r} is ragged, one value for each event is expected; "
                "count(cloud) is the number of objects"
            )
        if name in table.unreadable:
            raise InputError(f"{where}: column {name!r} cannot be read: {table.unreadable[name]}")
        if name in all_new and name not in (*types, *before):
            raise InputError(f"{where}: {name!r} must be defined before it, not by itself or after it")
        require([name], [*types, *before], what="column", where=f"{where}: {table.name}")


def _shifts(request: Request, kept: Roles, weight: str | None) -> dict[str, Any]:
    """The variations as `read` takes them, also those that the file's notes tell; the mappings are new ones."""
    if isinstance(request.variations, Mapping):
        return {str(v): dict(what) if isinstance(what, Mapping) else what for v, what in request.variations.items()}
    weights = {v: {} if s.weight is None else {weight or "weight": s.weight} for v, s in kept.variations.items()}
    return {v: {**s.columns, **weights[v]} if s.columns else s.weight for v, s in kept.variations.items()}


def _with_shifted(
    formulas: list[Formula], shifts: Mapping[str, Any], request: Request, taken: Collection[str]
) -> Request:
    """The request with variations that shift what is worked out from shifted columns; adds to the formulas."""
    own = list(formulas)
    for variation, moved in shifts.items():
        for formula in own if isinstance(moved, dict) else ():
            instead = {name: moved[name] for name in formula.cut.names if name in moved}
            if not instead or formula.name in moved:
                continue
            names = dict.fromkeys([*taken, *(one.name for one in formulas)])
            moved[formula.name] = free_name(f"{formula.name}_{variation}", names)
            formulas.append(replace(formula, name=moved[formula.name], instead=instead))
    return request if len(own) == len(formulas) else replace(request, variations=shifts)


def _missing(
    formulas: Sequence[Formula],
    shifts: Mapping[str, Any],
    request: Request,
    kept: Roles,
    types: Mapping[str, np.dtype[Any]],
    fixed: Collection[str],
    where: str,
) -> dict[str, tuple[float, ...]]:
    """Which values mean missing in which column; a new column may miss where one that it is worked out from may."""
    every = {**types, **{formula.name: np.dtype(np.float64) for formula in formulas}}
    declared = col.missing_values(request.missing, every, among={*types} - {*fixed}, where=where)
    columns = {v: moved for v, moved in shifts.items() if isinstance(moved, dict)}
    for moved in columns.values():
        for base, other in moved.items():
            if base in declared and other in types:
                declared.setdefault(other, declared[base])
    may_miss = {*declared, *kept.may_miss}
    for formula in formulas:
        if formula.cut.undefined and formula.name not in fixed and may_miss & {*formula.inputs}:
            declared.setdefault(formula.name, (math.nan,))
            may_miss.add(formula.name)
    return declared


def _counted(formulas: Sequence[Formula], table: Table, request: Request) -> dict[str, str]:
    """The clouds that formulas count, each to one of its ragged columns."""
    wanted = dict.fromkeys(cloud for formula in formulas for cloud in formula.cut.clouds)
    if not wanted:
        return {}
    usual = by_prefix(table)
    clouds = {**usual, **grouped(request.clouds, usual, table, set())}
    for formula in formulas:
        require(
            formula.cut.clouds, clouds, what="cloud", where=f"{formula.cut.what} {formula.cut.text!r}: {table.name}"
        )
    return {cloud: clouds[cloud][0][0] for cloud in wanted}


@final
class Defined(Table):
    """A table with the columns of formulas beside its own.

    Args:
        table: The table.
        new: The new columns.
    """

    def __init__(self, table: Table, new: Definitions) -> None:
        self._table, self._new = table, new
        self.name, self.rows, self.fault, self.lasting = table.name, table.rows, table.fault, table.lasting
        self.columns = {**table.columns, **{formula.name: np.dtype(np.float64) for formula in new.formulas}}
        self.derived, self.ragged, self.unreadable = table.derived, table.ragged, table.unreadable
        self.remarks, self.notes = table.remarks, table.notes
        if isinstance(table.notes, dict) and isinstance(table.notes.get("columns"), list):
            names = [formula.name for formula in new.formulas]
            self.notes = {**table.notes, "columns": [*table.notes["columns"], *names]}

    def batches(
        self, columns: Sequence[str], ragged: Sequence[str], rows: int | None, stop: int | None
    ) -> Iterator[Batch]:
        """The columns named, piece by piece."""
        formulas = self._needed(columns)
        new = {formula.name for formula in formulas}
        inputs = [name for formula in formulas for name in formula.inputs]
        own = [name for name in dict.fromkeys((*columns, *inputs)) if name not in new]
        lists = dict.fromkeys((*ragged, *(self._new.counted[c] for f in formulas for c in f.cut.clouds)))
        if not own and not lists:
            own = list(self._table.columns)[:1]  # the length must come from somewhere
        for batch in self._table.batches(own, list(lists), rows, stop):
            values = {name: batch.columns[name] for name in dict.fromkeys(inputs) if name not in new}
            for name in list(values):
                self._declare(values, name)
            counts = {cloud: batch.ragged[name].counts for cloud, name in self._new.counted.items() if name in lists}
            for formula in formulas:
                seen = {name: values[formula.instead.get(name, name)] for name in formula.cut.names}
                values[formula.name] = formula.cut.values(seen, batch.length, counts)
                self._declare(values, formula.name)
            made = {name: values[name] if name in new else batch.columns[name] for name in columns}
            yield Batch(made, {name: batch.ragged[name] for name in ragged}, batch.length)

    def _declare(self, values: dict[str, Any], name: str) -> None:
        """Put NaN where a column holds what stands for missing."""
        if name in self._new.missing:
            col.declare_missing(values, {name: self._new.missing[name]})

    def _needed(self, columns: Sequence[str]) -> list[Formula]:
        """The formulas of these columns and of those that they use, in order."""
        wanted, needed = set(columns), []
        for formula in reversed(self._new.formulas):
            if formula.name in wanted:
                needed.append(formula)
                wanted.update(formula.inputs)
        return needed[::-1]

    def close(self) -> None:
        """Close the file."""
        self._table.close()
