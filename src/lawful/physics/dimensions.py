"""Dimensions of units, and products of powers that have none: exact linear algebra in fractions."""

import functools
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from lawful.errors import InputError

Exponents = Mapping[str, Fraction]
Rows = Sequence[Sequence[Fraction]]


@functools.cache
def _registry() -> Any:
    import pint

    return pint.UnitRegistry(cache_folder=None)


@functools.cache
def read_unit(text: str, name: str) -> tuple[dict[str, Fraction], float]:
    """The dimensions of a unit, and its size in SI base units.

    Args:
        text: As "m / s**2", "GeV", or "" or "1" for a pure number.
        name: What messages begin with.

    Raises:
        InputError: When there is no such unit, or it counts from a zero that is not absolute.

    Examples:
        >>> read_unit("cm / s**2", "units")
        ({'length': Fraction(1, 1), 'time': Fraction(-2, 1)}, 0.01)
    """
    if re.search(r"\d{4}|(\*\*|\^)[-+\s\d().]*(\*\*|\^)", text):  # numbers so large that reading them takes for ever
        raise InputError(f"{name}: the unit {text[:60]!r} is not understood; expected text such as 'm / s**2'.")
    units = _registry()
    try:
        unit = units.Unit(text)
        quantity = units.Quantity(1.0, unit)
        dimensions = {str(d).strip("[]"): Fraction(e).limit_denominator(1000) for d, e in unit.dimensionality.items()}
        absolute = quantity._is_multiplicative
        size = float(quantity.to_base_units().magnitude)
    except Exception as error:
        reason = str(error).split("\n")[0].strip().rstrip(".")
        raise InputError(
            f"{name}: the unit {text[:60]!r} is not understood ({reason}); expected text such as 'm / s**2'."
        ) from None
    if not absolute:
        raise InputError(f"{name}: the unit {text!r} counts from a zero that is not absolute: use 'K', say.")
    return dimensions, size


def matrix(columns: Sequence[Exponents]) -> tuple[list[str], list[list[Fraction]]]:
    """The dimensions that occur, sorted, and the matrix of exponents, (dimensions, columns)."""
    names = sorted({name for column in columns for name in column})
    return names, [[Fraction(column.get(name, 0)) for column in columns] for name in names]


def solve(rows: Rows, target: Sequence[Fraction], among: Sequence[int]) -> dict[int, Fraction] | None:
    r"""Exponents $a_j$ of independent columns j with $\sum_j D_{dj} a_j = t_d$; None where there are none.

    Args:
        rows: The matrix D, (d, n).
        target: t, (d,).
        among: Columns that may be used; independent.

    Examples:
        >>> one = Fraction(1)
        >>> solve([[one, one], [0 * one, -2 * one]], [0 * one, one], [0, 1])
        {0: Fraction(1, 2), 1: Fraction(-1, 2)}
    """
    table = [[row[j] for j in among] + [t] for row, t in zip(rows, target, strict=True)]
    at = 0
    for column in range(len(among)):
        pivot = next((i for i in range(at, len(table)) if table[i][column]), None)
        if pivot is None:
            continue
        table[at], table[pivot] = table[pivot], table[at]
        table[at] = [v / table[at][column] for v in table[at]]
        for i, row in enumerate(table):
            if i != at and row[column]:
                table[i] = [v - row[column] * p for v, p in zip(row, table[at], strict=True)]
        at += 1
    if any(row[-1] for row in table[at:]):
        return None
    return {j: table[i][-1] for i, j in enumerate(among)}


def independent(rows: Rows, order: Sequence[int]) -> list[int]:
    """The first columns of an order that are independent, as many as the rank.

    Examples:
        >>> one = Fraction(1)
        >>> independent([[one, 2 * one, one], [one, 2 * one, 0 * one]], [0, 1, 2])
        [0, 2]
    """
    found: list[int] = []
    for j in order:
        column = [row[j] for row in rows]
        if any(column) and solve(rows, column, found) is None:
            found.append(j)
    return found


def shown(dimensions: Exponents) -> str:
    """Dimensions as a product of powers.

    Examples:
        >>> shown({"length": Fraction(1), "time": Fraction(-2)})
        'length time**-2'
    """
    parts = [n if e == 1 else f"{n}**{e}" if e.denominator == 1 else f"{n}**({e})" for n, e in dimensions.items()]
    return " ".join(parts) or "no dimension"
