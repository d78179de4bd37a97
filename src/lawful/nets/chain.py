"""Several architectures in one network, each around the next."""

from collections.abc import Callable, Sequence

import numpy as np
from torch import nn

from lawful.errors import InputError
from lawful.nets.architecture import Architecture, Blocks, Core
from lawful.physics.columns import Columns
from lawful.physics.groups.group import Array
from lawful.physics.terms import Terms

Maker = Callable[[Columns], Architecture]


class Chain:
    """Architectures from the outermost to the innermost; each is given what the one before makes of the inputs.

    Args:
        makers: Functions that make one for a table of columns, which is known when what lies before has been fitted.
        table: The columns of the data.

    Attributes:
        stages: The architectures, once they have been fitted or restored.
    """

    def __init__(self, makers: Sequence[Maker], table: Columns) -> None:
        self.makers, self.table = list(makers), table
        self.stages: list[Architecture] = []

    def __bool__(self) -> bool:
        """Whether anything is built in."""
        return bool(self.makers)

    @property
    def width(self) -> int:
        """Numbers that the core network is given at a time, before scaling."""
        return self.stages[-1].width if self.stages else self.table.count

    def fit(self, X: Array, weight: Array, y: Array | None) -> None:
        """Make and fit each, given inputs (N, F), weights of at least zero, (N,), and targets, (N, T)."""
        self.stages, table = [], self.table
        for make in self.makers:
            stage = make(table)
            stage.fit(X, weight, y)
            self.stages.append(stage)
            inside = stage.inputs(X)
            X, weight, y, table = (
                inside.reshape(-1, inside.shape[2]),
                np.repeat(weight, inside.shape[1]),
                None if y is None else stage.aims(y),
                stage.table,
            )

    @property
    def terms(self) -> Terms | None:
        """Of which a linear model may be made, from which training starts."""
        found = self.stages[-1].terms if self.stages else None
        for stage in reversed(self.stages[:-1]):
            found = None if found is None else stage.terms_around(found)
        return found

    def numbers(self, X: Array) -> Array:
        """What the core network is given, (N, copies, S)."""
        rows = X
        for stage in self.stages:
            rows = (inside := stage.inputs(rows)).reshape(-1, inside.shape[2])
        return rows.reshape(len(X), -1, rows.shape[1]) if len(X) else rows[:, None]

    def pack(self, X: Array, finish: Callable[[Array], Array], stage: int = 0) -> Array:
        """Everything that the network is given, (N, numbers), with `finish` made of the core's rows, (n, S)."""
        if stage == len(self.stages):
            return finish(X)
        inside = self.stages[stage].inputs(X)
        packed = self.pack(inside.reshape(-1, inside.shape[2]), finish, stage + 1)
        packed = packed.reshape(len(X), inside.shape[1] * packed.shape[1])
        side = self.stages[stage].side(X)
        return packed if side is None else np.concatenate([packed, side.astype(packed.dtype)], 1)

    def reference(self, X: Array, stage: int = 0) -> Array | None:
        """What is added to the output, (N, O), or None."""
        if not any(later.adds for later in self.stages[stage:]):
            return None
        inside = self.stages[stage].inputs(X)
        inner = self.reference(inside.reshape(-1, inside.shape[2]), stage + 1)
        return self.stages[stage].reference(X, inner)

    def wrap(self, core: Core, plain: int, outputs: int, copies: int, stage: int = 0) -> nn.Module:
        """The network around a core; arguments as of `Architecture.wrap`."""
        if stage == len(self.stages):
            return core(plain + copies * outputs)

        width = plain + copies * outputs

        def within(outputs: int, inputs: int | None = None) -> nn.Module:
            if inputs is not None:
                return core(outputs, inputs)
            if outputs == width:
                return self.wrap(core, plain, targets, copies, stage + 1)
            return self.wrap(core, outputs, 0, 1, stage + 1)  # coefficients, which do not transform

        targets = outputs
        return self.stages[stage].wrap(within, plain, outputs, copies)

    def blocks(self, inner: Blocks) -> Blocks:
        """Targets that are scaled by one number, and whether they may be shifted."""
        for stage in reversed(self.stages):
            inner = stage.blocks(inner)
        return inner

    @property
    def arrays(self) -> dict[str, Array]:
        """What was learned."""
        return {f"{k}.{name}": a for k, stage in enumerate(self.stages) for name, a in stage.arrays.items()}

    def restore(self, arrays: dict[str, Array]) -> None:
        """Take back `arrays`.

        Raises:
            InputError: When they do not fit the statements.
        """
        self.stages, table, left = [], self.table, set(arrays)
        for k, make in enumerate(self.makers):
            stage, head = make(table), f"{k}."
            given = {name.removeprefix(head): a for name, a in arrays.items() if name.startswith(head)}
            stage.restore(given)
            self.stages.append(stage)
            table, left = stage.table, left - {head + name for name in given}
        if left:
            raise InputError(f"{sorted(left)[0]!r} belongs to no statement: the file was changed.")
