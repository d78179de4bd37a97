"""Which statements can be built into one model; those that cannot are refused before anything is trained."""

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
import torch

from lawful.errors import InputError
from lawful.nets.built_in import averaged
from lawful.physics.baseline import Baseline
from lawful.physics.bounds import Bounds
from lawful.physics.columns import Columns
from lawful.physics.conserved import Conserved
from lawful.physics.integral import Integral
from lawful.physics.monotonic import Monotonic
from lawful.physics.parts import Product, Sum
from lawful.physics.statement import Enforced, Statement
from lawful.physics.symmetry import Symmetry
from lawful.physics.units import Units

_MAPS = (Bounds, Integral, Conserved)


def check_compatible(items: Sequence[Enforced], table: Columns, outputs: int | None) -> None:
    """Refuse statements of which one would not be kept when both are built in, though they may both hold.

    Args:
        items: Enforced statements; those by "architecture" and "residual" are looked at.
        table: The columns of the data.
        outputs: Number of targets; None for a classifier.

    Raises:
        InputError: Names the two, and says why.

    Examples:
        >>> both = [Product({"a": [0], "b": [1]}), Monotonic("y", along=0)]
        >>> check_compatible([s.by("architecture") for s in both], Columns(2), 1)  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        lawful.errors.InputError: product a times b and y increasing along 0 cannot both be built in: a factor ...
    """
    built = [item for item in items if item.mechanism in ("architecture", "residual")]
    for first, second in combinations(built, 2):
        for one, other in ((first, second), (second, first)):
            why = _why(one, other, table, outputs)
            if why is None:
                continue
            ways = [
                f"{item.statement.name} by {way!r}"
                for item in (other, one)
                for way in item.statement.mechanisms
                if way in ("loss", "augment")
            ]
            raise InputError(
                f"{one.statement.name} and {other.statement.name} cannot both be built in: {why}. Enforce "
                f"{' or '.join(ways) if ways else 'only one of them'}."
            )


def _why(one: Enforced, other: Enforced, table: Columns, outputs: int | None) -> str | None:
    for kinds, partners, rule in _RULES:
        if isinstance(one.statement, kinds) and isinstance(other.statement, partners):
            why = rule(one, other, table, outputs)
            if why is not None:
                return why
    return None


Rule = Callable[[Enforced, Enforced, Columns, int | None], str | None]
Kinds = tuple[type[Statement], ...]


def _always(why: str) -> Rule:
    return lambda *_: why


def _of_product(one: Enforced, other: Enforced, table: Columns, outputs: int | None) -> str | None:  # noqa: ARG001
    assert isinstance(other.statement, Symmetry)
    return None if other.statement.invariant else "factors that turn have no product that turns with them"


def _parts_moved(one: Enforced, other: Enforced, table: Columns, outputs: int | None) -> str | None:  # noqa: ARG001
    """A mean over a group leaves parts only where no element mixes their columns with others."""
    parts, symmetry = one.statement, other.statement
    assert isinstance(parts, Sum | Product)
    assert isinstance(symmetry, Symmetry)
    if not averaged(symmetry):
        return None
    moves = _moves(symmetry, table)
    moving = 0
    for name, columns in parts.places(table).items():
        rest = [c for c in range(table.count) if c not in columns]
        if np.abs(moves[:, columns][:, :, rest]).max(initial=0.0) > 1e-12:
            return f"elements of the group bring other columns into the part {name!r}"
        own = moves[:, columns][:, :, columns]
        moving += bool(np.abs(own - np.eye(len(columns))).max(initial=0.0) > 1e-12)
    if isinstance(parts, Product) and moving > 1:
        return "the group moves several factors at once, and a mean of products is no product"
    return None


def _moves(symmetry: Symmetry, table: Columns) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """How elements of a finite group act on all columns, (|G|, F, F)."""
    g = torch.from_numpy(symmetry.group.elements())
    moved = symmetry.layout(table).move(torch.eye(table.count, dtype=torch.float64).unsqueeze(1), g, symmetry.group)
    return np.asarray(moved.permute(1, 2, 0).numpy())


def _along_moved(one: Enforced, other: Enforced, table: Columns, outputs: int | None) -> str | None:
    monotonic, symmetry = one.statement, other.statement
    assert isinstance(monotonic, Monotonic)
    assert isinstance(symmetry, Symmetry)
    if averaged(symmetry):
        column = table.place(monotonic.along, monotonic)
        unmoved = np.eye(table.count)[column]
        if np.abs(_moves(symmetry, table)[:, column] - unmoved).max() > 1e-12:
            return f"elements of the group move {table.called(column)}, and the mean over them need not rise along it"
    if symmetry.invariant or outputs is None:
        return None
    place = monotonic.place(outputs)
    kind = next(k for k, cs in zip(symmetry.output.kinds, symmetry.output.columns, strict=True) if place in cs)
    if not kind.invariant:
        return "an output that turns is not monotonic by itself"
    return None if averaged(symmetry) else "an output that turns is made of basis tensors, whose factors may fall"


def _over_other(one: Enforced, other: Enforced, table: Columns, outputs: int | None) -> str | None:  # noqa: ARG001
    monotonic, integral = one.statement, other.statement
    assert isinstance(monotonic, Monotonic)
    assert isinstance(integral, Integral)
    if table.place(monotonic.along, monotonic) == table.place(integral.column, integral):
        return None
    return "the factor that makes the integral right differs along the column of the other"


def _bounds_scaled(one: Enforced, other: Enforced, table: Columns, outputs: int | None) -> str | None:  # noqa: ARG001
    assert isinstance(one.statement, Bounds)
    limits = np.concatenate(one.statement.limits(outputs or 1))
    if not limits[np.isfinite(limits)].any():
        return None
    return "the factor that makes the integral right may carry predictions beyond a bound other than zero"


def _bounds_turned(one: Enforced, other: Enforced, table: Columns, outputs: int | None) -> str | None:  # noqa: ARG001
    bounds, symmetry = one.statement, other.statement
    assert isinstance(bounds, Bounds)
    assert isinstance(symmetry, Symmetry)
    if symmetry.invariant or outputs is None:
        return None
    low, high = bounds.limits(outputs)
    turning = [
        c
        for kind, columns in zip(symmetry.output.kinds, symmetry.output.columns, strict=True)
        for c in columns
        if not kind.invariant
    ]
    return (
        "outputs that turn have no bounds of their own" if np.isfinite([low[turning], high[turning]]).any() else None
    )


def _in_units(one: Enforced, other: Enforced, table: Columns, outputs: int | None) -> str | None:  # noqa: ARG001
    units, known = one.statement, other.statement
    assert isinstance(units, Units)
    if any(powers for powers in _exponents(units, table)):
        return "a number in it would have to change with the units"
    if isinstance(known, Integral) and units.of_columns(table)[table.called(table.place(known.column, known))]:
        return f"the range of {known.column} would have to change with the units"
    return None


def _exponents(units: Units, table: Columns) -> list[bool]:
    """Whether each output has a unit."""
    return [any(powers.values()) for powers in units.groups(table).output]


def _multiplied(one: Enforced, other: Enforced, table: Columns, outputs: int | None) -> str | None:  # noqa: ARG001
    if other.options["kind"] != "multiplicative":
        return None
    return "a baseline times a sum is no sum"


_RULES: list[tuple[Kinds, Kinds, Rule]] = [
    ((Product,), (Monotonic,), _always("a factor may be negative, and then the product falls where the other rises")),
    ((Product,), (Units,), _always("of the units of the factors nothing is known")),
    ((Product,), (Baseline,), _always("a product beside a baseline is no product")),
    ((Product,), (Symmetry,), _of_product),
    ((Sum,), (Baseline,), _multiplied),
    ((Sum, Product), (Symmetry,), _parts_moved),
    ((Sum, Product), (Bounds, Integral), _always("what is done to predictions does not leave the parts apart")),
    ((Monotonic,), (Symmetry,), _along_moved),
    ((Monotonic,), (Integral,), _over_other),
    ((Monotonic,), (Conserved,), _always("what conserves need not rise")),
    ((Bounds,), (Integral,), _bounds_scaled),
    ((Bounds,), (Conserved,), _always("what conserves may carry predictions beyond the bounds")),
    ((Bounds,), (Symmetry,), _bounds_turned),
    ((Integral,), (Integral, Conserved), _always("making one right makes the other wrong")),
    ((Conserved,), (Conserved,), _always("making one right makes the other wrong; give both quantities as one list")),
    ((Units,), (Bounds, Integral), _in_units),
]
