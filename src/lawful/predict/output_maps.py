"""Bounds, integrals and conserved quantities that predictions keep whatever the network gives."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from lawful.errors import InputError
from lawful.nets.output_maps import Bounded, Projected, normalised, power
from lawful.physics.bounds import Bounds
from lawful.physics.columns import Columns
from lawful.physics.conserved import Conserved
from lawful.physics.integral import Integral
from lawful.physics.statement import Enforced, Model, Stacked
from lawful.physics.symmetry import Symmetry
from lawful.predict.inputs import Array

MAPPED = (Bounds, Integral, Conserved)
_ROWS = 2**18  # evaluations of a model at a time, for integrals


class OutputMaps:
    """Maps of predictions in physical units, one after the other: bounds, integrals, conserved quantities.

    Args:
        items: Statements by architecture.
        table: The columns of the data.
    """

    def __init__(self, items: Sequence[Enforced], table: Columns) -> None:
        self.statements = [item.statement for kind in MAPPED for item in items if isinstance(item.statement, kind)]
        self.table = table
        self.turning = [
            list(columns)
            for item in items
            if isinstance(item.statement, Symmetry) and not item.statement.invariant
            for kind, columns in zip(item.statement.output.kinds, item.statement.output.columns, strict=True)
            if not kind.invariant
        ]
        self.powers: list[float] = []

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.statements)

    def fit(self, X: Array, outputs: int) -> None:
        """Find how each integrand scales with the predictions, given inputs (N, F).

        Raises:
            InputError: When one is no power of them.
        """
        rows = torch.from_numpy(np.array(X[:256], dtype=np.float64))
        self.powers = [power(s, outputs, rows, self.table) for s in self.statements if isinstance(s, Integral)]

    def restore(self, powers: Sequence[float]) -> None:
        """Take back `powers`.

        Raises:
            InputError: When they do not fit the statements.
        """
        count = sum(isinstance(s, Integral) for s in self.statements)
        if len(powers) != count or not all(np.isfinite(p) and p != 0 for p in powers):
            raise InputError("the powers of the integrands do not fit the statements: the file was changed.")
        self.powers = [float(p) for p in powers]

    def __call__(self, model: Model, deviation: Array, *, members: int | None = None, again: bool = False) -> Model:
        """A model whose predictions keep the statements.

        Args:
            model: Function from inputs (n, F) to predictions (n, O).
            deviation: Of the targets, (O,).
            members: How many members the model has, whose rows follow one another; None: it is one function, and rows
                that agree in what an integral does not run over share it.
            again: Whether the model is a mean of such models, which keeps bounds already.
        """
        powers, deviation = iter(self.powers), np.array(deviation)
        for columns in self.turning:  # numbers that turn into one another have one deviation
            deviation[columns] = np.sqrt(np.mean(deviation[columns] ** 2))
        for statement in self.statements:
            if isinstance(statement, Bounds) and not again:
                model = _bounded(model, Bounded(statement, len(deviation), deviation))
            elif isinstance(statement, Integral):
                model = _normalised(model, statement, self.table, next(powers), members)
            elif isinstance(statement, Conserved):
                model = _projected(model, Projected(statement, self.table, deviation))
        return model


def _bounded(model: Model, bounded: Bounded) -> Model:
    def mapped(X: Tensor) -> Tensor:
        y: Tensor = bounded(model(X))
        return y

    return mapped


def _normalised(model: Model, statement: Integral, table: Columns, p: float, members: int | None) -> Model:
    if members is None:
        return lambda X: normalised(model, X, statement, table, p, shared=True, rows=_ROWS)
    return lambda X: normalised(Stacked(model, members), X, statement, table, p)


def _projected(model: Model, projected: Projected) -> Model:
    def mapped(X: Tensor) -> Tensor:
        y: Tensor = projected(model(X), X)
        return y

    return mapped
