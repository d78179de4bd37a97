"""The columns of the data that a statement is about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from lawful.errors import InputError


class _Named(Protocol):
    @property
    def name(self) -> str:
        """What messages begin with."""


@dataclass(frozen=True)
class Columns:
    """The columns that a model takes.

    Attributes:
        count: How many, F.
        names: Their names in order, or None where the data have none.
        units: Unit of each named column that has one.
        target_units: Unit of each target, None where it has none; empty where nothing is known of them.
    """

    count: int
    names: tuple[str, ...] | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    target_units: tuple[str | None, ...] = ()

    def called(self, column: int) -> str:
        """The name of a column; x0, x1, ... where the data have none."""
        return f"x{column}" if self.names is None else self.names[column]

    def place(self, column: str | int, statement: _Named) -> int:
        """The number of a column that is given by name or number.

        Raises:
            InputError: When there is no such column; names the nearest ones.
        """
        if isinstance(column, int | np.integer) and not isinstance(column, bool):
            if -self.count <= column < self.count:
                return int(column) % self.count
            raise InputError(f"{statement.name}: there is no column {column}; the data have {self.count}.")
        if self.names is None:
            raise InputError(
                f"{statement.name} names the column {column!r}, but the data have no column names: give a data frame "
                "or Events, or columns by number."
            )
        if column not in self.names:
            import difflib

            near = difflib.get_close_matches(str(column), self.names, 3, 0.4) or list(self.names)[:5]
            raise InputError(f"{statement.name}: there is no column {column!r}; nearest: {', '.join(near)}.")
        return self.names.index(column)
