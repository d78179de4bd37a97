"""From statements that are enforced by architecture to the parts of a network that keep them together."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from lawful.errors import InputError
from lawful.nets.architecture import MOST_AVERAGED, Architecture, Invariants, Mean
from lawful.nets.chain import Chain, Maker
from lawful.nets.dimensionless import Dimensionless
from lawful.nets.monotone import Monotone
from lawful.nets.parts import Parts
from lawful.nets.permuted import Permuted
from lawful.nets.sizes import unmoved_sizes
from lawful.physics.columns import Columns
from lawful.physics.groups.objects import permuted_objects
from lawful.physics.monotonic import Monotonic
from lawful.physics.parts import Product, Sum
from lawful.physics.statement import Enforced, Statement
from lawful.physics.symmetry import Symmetry
from lawful.physics.units import Units

BUILT = (Symmetry, Units, Monotonic, Sum, Product)
MOST_AVERAGED_OBJECTS = 5  # permuted objects; six have more than 128 permutations


def build_in(items: Sequence[Enforced], table: Columns, outputs: int | None) -> Chain:
    """The architectures that hold statements, one around the other.

    From outside to inside: means over finite groups, parts of a sum or product (with what follows in each of them),
    pure numbers, invariants of other groups, a column along which the output is monotonic.

    Args:
        items: Statements by architecture.
        table: The columns of the data.
        outputs: Number of targets; None for a classifier.

    Raises:
        InputError: When two of them need the same place.
    """
    of: dict[type, list[Enforced]] = {kind: [i for i in items if isinstance(i.statement, kind)] for kind in BUILT}
    for kinds in ((Units,), (Monotonic,), (Sum, Product)):
        found = [item for kind in kinds for item in of[kind]]
        if len(found) > 1:
            raise InputError(
                f"{found[0].statement.name} and {found[1].statement.name} cannot both be built in: enforce one of "
                "them by 'loss'."
            )
    if outputs is None and (of[Sum] or of[Product]):
        raise InputError(f"{(of[Sum] + of[Product])[0].statement.name}: the probabilities of classes have no parts.")
    names = tuple(table.called(c) for c in range(table.count))
    named = Columns(table.count, names, table.units)
    of = {
        kind: [replace(item, statement=_by_name(item.statement, table)) for item in found]
        for kind, found in of.items()
    }
    means = [item for item in of[Symmetry] if averaged(item.statement)]
    rest = sorted((item for item in of[Symmetry] if item not in means), key=lambda item: _permutes(item.statement))
    within = [*of[Units], *rest, *of[Monotonic]]
    makers: list[Maker] = [partial(_make, item, within, outputs) for item in means]
    if of[Sum] or of[Product]:
        statement = (of[Sum] + of[Product])[0].statement

        def branch(part: Columns) -> Chain:
            inside = [replace(item, statement=kept) for item in within if (kept := _restricted(item.statement, part))]
            return build_in(inside, part, outputs)

        makers.append(lambda columns: Parts(statement, columns, branch))  # type: ignore[arg-type]
    else:
        makers += [partial(_make, item, within, outputs) for item in within]
    return Chain(makers, named)


def _make(item: Enforced, within: Sequence[Enforced], outputs: int | None, table: Columns) -> Architecture:
    """The architecture of one statement on a table of named columns."""
    statement = item.statement
    gone = [name for name in _needed(statement) if name not in (table.names or ())]
    if gone:
        used = ", ".join(other.statement.name for other in within if other is not item)
        units = [other.statement for other in (item, *within) if isinstance(other.statement, Units)]
        how = (
            f"Only {gone[0]} can give the others their scale: add an input of its unit that nothing else is said of, "
            "or enforce one of them by 'augment'."
            if units
            else "Write symmetries as one group, or enforce one of them by 'loss'."
        )
        raise InputError(f"{statement.name} and {used} cannot both be built in: both make use of {gone[0]}. {how}")
    if isinstance(statement, Symmetry):
        return find_architecture(statement, table, item.options["tolerance"])
    if isinstance(statement, Monotonic):
        return Monotone(statement, table, outputs, knots=item.options["knots"])
    assert isinstance(statement, Units)
    symmetries = [other.statement for other in within if isinstance(other.statement, Symmetry)]
    moved = {table.place(n, statement) for other in within if other is not item for n in _needed(other.statement)}
    turns = any(not symmetry.invariant for symmetry in symmetries)
    rising = [
        table.place(other.statement.along, statement) for other in within if isinstance(other.statement, Monotonic)
    ]
    return Dimensionless(
        statement,
        table,
        outputs,
        tuple(sorted(moved)),
        turns,
        rising=rising[0] if rising else None,
        sizes=unmoved_sizes(statement, symmetries, table),
    )


def _by_name(statement: Statement, table: Columns) -> Statement:
    """The same statement, with its columns by name, so that it can be made of columns that lie elsewhere."""
    if isinstance(statement, Symmetry):
        layout = statement.layout(table)
        on: dict[str, Any] = {"scalar": "others"}
        for kind, columns in zip(layout.kinds, layout.columns, strict=True):
            if not kind.invariant:
                on.setdefault(str(kind), []).append([table.called(c) for c in columns])
        return Symmetry(statement.group, on, statement.to)
    if isinstance(statement, Units):
        return Units(statement.of_columns(table), to=statement.to, reach=statement.reach)
    if isinstance(statement, Monotonic):
        along = table.called(table.place(statement.along, statement))
        return Monotonic(statement.output, along, statement.increasing, of=statement.of, between=statement.between)
    assert isinstance(statement, Sum | Product)
    return type(statement)({n: [table.called(c) for c in cs] for n, cs in statement.places(table).items()})


def _needed(statement: Statement) -> list[str]:
    """Names of the columns that a statement, with columns by name, makes use of itself."""
    if isinstance(statement, Monotonic):
        return [str(statement.along)]
    if not isinstance(statement, Symmetry):
        return []
    assert isinstance(statement.on, Mapping)
    return [name for kind, blocks in statement.on.items() if kind != "scalar" for block in blocks for name in block]


def _restricted(statement: Statement, part: Columns) -> Statement | None:
    """What a statement, with columns by name, says of a part of the columns; None: nothing."""
    names = set(part.names or ())
    if isinstance(statement, Units):
        assert statement.units is not None
        return Units({n: u for n, u in statement.units.items() if n in names}, to=statement.to, reach=statement.reach)
    if isinstance(statement, Monotonic):
        return statement if statement.along in names else None
    assert isinstance(statement, Symmetry)
    on: dict[str, Any] = {"scalar": "others"}
    assert isinstance(statement.on, Mapping)
    for kind, blocks in statement.on.items():
        for block in blocks if kind != "scalar" else ():
            if set(block) <= names:
                on.setdefault(kind, []).append(block)
            elif set(block) & names:
                raise InputError(
                    f"{statement.name}: {', '.join(block)} turn together, but a part of the answer depends on "
                    f"{', '.join(sorted(set(block) & names))} alone: give it all of them."
                )
    if len(on) == 1 and statement.invariant:
        return None
    return Symmetry(statement.group, on, statement.to)


def _permutes(symmetry: Statement) -> bool:
    """Whether objects are permuted, which makes a network of its own, around no other architecture."""
    assert isinstance(symmetry, Symmetry)
    return permuted_objects(symmetry.group) is not None


def averaged(symmetry: Statement) -> bool:
    """Whether a symmetry is built in by a mean over its group."""
    assert isinstance(symmetry, Symmetry)
    group = symmetry.group
    objects = permuted_objects(group)
    if objects is not None and objects.count > MOST_AVERAGED_OBJECTS:  # not to be written out
        return False
    return group.finite and not group.affine and len(group.elements()) <= MOST_AVERAGED


def find_architecture(symmetry: Symmetry, table: Columns, tolerance: float) -> Architecture:
    """Choose how a symmetry is built in.

    Finite groups of up to 128 elements: the mean over the elements. Larger groups that permute objects: pooled
    networks. Any other group: invariants and basis tensors.

    Raises:
        InputError: When none can be done; says why.
    """
    if averaged(symmetry):
        return Mean(symmetry, table)
    objects, refused = permuted_objects(symmetry.group), ""
    if objects is not None and objects.count > 1:
        try:
            return Permuted(symmetry, table, tolerance)
        except InputError as error:
            refused = f"{error} "
    try:
        return Invariants(symmetry, table, tolerance)
    except InputError as error:
        if refused or len(symmetry.group.generators):
            raise InputError(f"{refused}{error}") from None
        raise InputError(
            f"{error} The group is discrete, and too large to average over: more than {MOST_AVERAGED} elements."
        ) from None
