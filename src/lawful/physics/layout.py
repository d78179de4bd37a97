"""Which columns form which blocks of a representation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lawful.errors import InputError
from lawful.physics.columns import Columns
from lawful.physics.groups import Group
from lawful.physics.representations import Kind, derivative, moved, parse, size
from lawful.physics.statement import Statement


@dataclass(frozen=True)
class Layout:
    """Blocks of columns, each of one kind.

    Attributes:
        kinds: Kind of each block.
        columns: Columns of each block, as many as its kind has numbers.
    """

    kinds: tuple[Kind, ...]
    columns: tuple[tuple[int, ...], ...]

    @classmethod
    def consecutive(cls, kinds: Sequence[Kind], group: Group) -> "Layout":
        """Blocks that follow one another."""
        columns, start = [], 0
        for kind in kinds:
            stop = start + kind.size(group)
            columns.append(tuple(range(start, stop)))
            start = stop
        return cls(tuple(kinds), tuple(columns))

    @property
    def width(self) -> int:
        """Number of columns that are covered."""
        return sum(len(columns) for columns in self.columns)

    @cached_property
    def sorts(self) -> list[tuple[Kind, Tensor]]:
        """Each kind with the columns of its blocks, (count, size)."""
        found: dict[Kind, list[tuple[int, ...]]] = {}
        for kind, columns in zip(self.kinds, self.columns, strict=True):
            found.setdefault(kind, []).append(columns)
        return [(kind, torch.tensor(blocks)) for kind, blocks in found.items()]

    def move(self, X: Tensor, g: Tensor, group: Group) -> Tensor:
        """Apply an element to each row: X (..., F), g (..., d, d) with shapes that broadcast; gives (..., F)."""
        shape = np.broadcast_shapes(X.shape[:-1], g.shape[:-2])
        out = X.expand(*shape, X.shape[-1]).clone()
        for kind, blocks in self.sorts:
            if not kind.invariant:
                out[..., blocks.reshape(-1)] = moved(X[..., blocks], kind, g, group).flatten(-2)
        return out

    def velocity(self, X: Tensor, A: Tensor, group: Group) -> Tensor:
        """How fast the flow of a generator A, (d, d), moves each row of X, (N, F)."""
        out = torch.zeros_like(X)
        for kind, blocks in self.sorts:
            if kind.rank:
                out[..., blocks.reshape(-1)] = derivative(X[..., blocks], kind, A, group).flatten(-2)
        return out


def read_layout(on: Any, group: Group, table: Columns, statement: Statement) -> Layout:
    """The blocks that `on` names.

    Raises:
        InputError: When columns are missing, named twice or not covered, or do not fit the representation.
    """
    if isinstance(on, str):
        kinds = parse(on)
        need = size(kinds, group)
        if need != table.count:
            raise InputError(
                f"{statement.name}: {on!r} takes {need} columns (a vector has {group.dimension}), but the data have "
                f"{table.count}."
            )
        return Layout.consecutive(kinds, group)
    found: list[Kind] = []
    columns: list[tuple[int, ...]] = []
    others = None
    for text, blocks in on.items():
        named = parse(text)
        if len(named) != 1:
            raise InputError(f"{statement.name}: the key {text!r} of on= must name one representation, as 'vector'.")
        if isinstance(blocks, str):
            if blocks != "others" or not named[0].invariant:
                raise InputError(
                    f"{statement.name}: on={{{text!r}: {blocks!r}}}: expected a list of blocks of columns; only "
                    "scalars may be 'others', which is all columns that are not named."
                )
            others = named[0]
            continue
        need = named[0].size(group)
        if not isinstance(blocks, Iterable):
            raise InputError(
                f"{statement.name}: on={{{text!r}: {blocks!r}}}: expected a list of blocks of columns, as "
                "{'vector': [['px', 'py', 'pz']]}."
            )
        for block in blocks:
            block = [block] if isinstance(block, str | int) else list(block)
            if len(block) != need:
                raise InputError(
                    f"{statement.name}: a {text} of {group.name} has {need} columns; {block} has {len(block)}. "
                    "Blocks are lists in a list, as {'vector': [['px', 'py', 'pz']]}."
                )
            for one in of_each_object(block, table):
                found.append(named[0])
                columns.append(tuple(table.place(column, statement) for column in one))
    taken = [column for block in columns for column in block]
    twice = sorted({column for column in taken if taken.count(column) > 1})
    if twice:
        raise InputError(f"{statement.name}: {_called(twice, table)} named more than once in on=.")
    left = [column for column in range(table.count) if column not in set(taken)]
    if left and others is None:
        raise InputError(
            f"{statement.name}: {_called(left, table)} not covered by on=. Add what does not transform as "
            "'scalar': 'others'."
        )
    for column in left:
        found.append(Kind())
        columns.append((column,))
    return Layout(tuple(found), tuple(columns))


def of_each_object(block: Sequence[str | int], table: Columns) -> list[list[str | int]]:
    """A block of columns; where it names fields of a cloud, as `tracks.px`, one block for each of its objects.

    Examples:
        >>> of_each_object(["t.x", "t.y"], Columns(4, ("t.x[0]", "t.y[0]", "t.x[1]", "t.y[1]")))
        [['t.x[0]', 't.y[0]'], ['t.x[1]', 't.y[1]']]
    """
    names = set(table.names or ())
    if any(name in names or f"{name}[0]" not in names for name in block):
        return [list(block)]
    found: list[list[str | int]] = []
    while f"{block[0]}[{len(found)}]" in names:
        found.append([f"{name}[{len(found)}]" for name in block])
    return found


def _called(columns: Sequence[int], table: Columns) -> str:
    shown = [str(table.names[c]) if table.names else str(c) for c in columns[:5]]
    more = "" if len(columns) <= 5 else f" and {len(columns) - 5} more"
    return f"column{'s' if len(columns) > 1 else ''} {', '.join(shown)}{more} {'are' if len(columns) > 1 else 'is'}"


def check_on(on: Any) -> None:
    """Refuse what cannot be a layout, before there are data."""
    if isinstance(on, str):
        parse(on)
    elif isinstance(on, Mapping) and on:
        for text in on:
            parse(text)
    else:
        raise InputError(
            f"on={on!r}: expected text such as '3*vector + 2*scalar', or columns by name such as "
            "{'vector': [['px', 'py', 'pz']], 'scalar': 'others'}."
        )
