"""Conserved quantities: what is the same before and after."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lawful.errors import InputError
from lawful.grammar import nearest
from lawful.physics.callables import evaluate, function_name, function_plain, take_function, worked_out
from lawful.physics.columns import Columns
from lawful.physics.expressions import Expression, parse
from lawful.physics.formula_names import check_constants, column_names, shortened
from lawful.physics.statement import Model, Statement

ROUNDING = 1e-6  # a deviation below this share of the mean is rounding


class Conserved(Statement):
    r"""A quantity of the state is the same before (the inputs) and after (the prediction): Q(f(x)) = Q(x).

    The violation is $|Q(f(x)) - Q(x)| / s$, s the standard deviation of Q(x) over the inputs; where all inputs have
    the same Q, s is its size.

    Args:
        quantity: Formula as text, or a list of formulas for several quantities, such as the components of a momentum.
            A name in it is a column of the state, before and after, or another column of the inputs, a mass say,
            which stays as it is. Or a function from states (n, S), a torch tensor, to (n,) or (n, Q); one that takes
            a second argument gets all inputs (n, F) there.
        columns: Names or numbers of the inputs that form the state, in the order of the outputs; None: all. For a
            formula they also name the columns of data without names, which are x0, x1, ... else.
        scale: s, a positive number in the unit of the quantity, or one for each quantity; None: as above.

    Mechanisms:
        loss: A penalty on the violation.
        architecture: Predictions are moved along the gradient of Q onto the surface on which it has its value.

    A formula is saved; of a function only the name, and it is needed again when a saved model is loaded.

    Raises:
        InputError: When an argument is not of that kind, or a name in a formula is no column; names the nearest.

    Examples:
        >>> import numpy as np
        >>> energy = Conserved("(x**2 + v**2) / 2", columns=["x", "v"])  # harmonic oscillator, m = k = 1
        >>> X = np.random.default_rng(0).normal(size=(100, 2))
        >>> c, s = np.cos(0.1), np.sin(0.1)
        >>> bool(energy.violation(lambda x: x @ np.array([[c, -s], [s, c]]), X).max() < 1e-12)
        True
        >>> euler = energy.violation(lambda x: x + 0.1 * x @ np.array([[0.0, -1.0], [1.0, 0.0]]), X)
        >>> E = (X**2).sum(1) / 2  # Euler's step multiplies the energy by 1 + 0.1^2
        >>> bool(np.allclose(euler, 0.01 * E / E.std()))
        True
    """

    mechanisms = ("loss", "architecture")
    natural = True

    def __init__(
        self, quantity: Any, columns: Sequence[str | int] | str | int | None = None, scale: Any = None
    ) -> None:
        listed = [columns] if columns is None or isinstance(columns, str | int | np.integer) else columns
        if not isinstance(listed, Sequence | np.ndarray):
            raise InputError(f"Conserved: columns={columns!r}: expected names or numbers of columns.")
        self.quantity: Any = quantity
        self.formulas = _formulas(quantity, [c for c in listed if isinstance(c, str)])
        self.columns: list[str | int] | None = None
        if columns is not None:
            good = [isinstance(c, str | int | np.integer) and not isinstance(c, bool) for c in listed]
            if not good or not all(good):
                raise InputError(f"{self.name}: columns={columns!r}: expected names or numbers of columns.")
            self.columns = [c if isinstance(c, str) else int(c) for c in listed if c is not None]
        self.scale: list[float] | None = None
        if scale is not None:
            try:
                values = np.atleast_1d(np.asarray(scale, dtype=np.float64))
            except (TypeError, ValueError):
                values = np.array([np.nan])
            if values.ndim != 1 or not (np.isfinite(values).all() and (values > 0).all()):
                raise InputError(f"{self.name}: scale={scale!r}: expected a positive number, or one a quantity.")
            self.scale = values.tolist()

    @property
    def name(self) -> str:
        """Which quantity."""
        if self.formulas:
            return f"conserved {shortened(', '.join(map(str, self.formulas)))}"
        return f"conserved {function_name(self.quantity, 'quantity')}"

    def plain(self) -> dict[str, Any]:
        """See `Statement.plain`; a function by name alone."""
        texts: Any = [formula.text for formula in self.formulas]
        if isinstance(self.quantity, str):
            texts = texts[0]
        return {"quantity": texts or function_plain(self.quantity), "columns": self.columns, "scale": self.scale}

    def state(self, table: Columns) -> list[int]:
        """Numbers of the inputs that form the state.

        Raises:
            InputError: When there is no such column, or one is named twice.
        """
        if self.columns is None or self._names_all(table):
            return list(range(table.count))
        places = [table.place(column, self) for column in self.columns]
        if len(set(places)) < len(places):
            raise InputError(f"{self.name}: columns={self.columns}: a column is named twice.")
        return places

    def check(self, table: Columns, outputs: int | None) -> None:
        """See `Statement.check`; the prediction must be a state."""
        need = len(self.state(table))
        for formula in self.formulas:
            self._places(formula, table)
        if outputs is not None and outputs != need:
            raise InputError(
                f"{self.name}: the state has {need} columns, but the model gives {outputs}: expected the state "
                "afterwards. Name the inputs that form the state with columns=[...]."
            )

    def _names_all(self, table: Columns) -> bool:
        """Whether `columns` gives the columns of data without names their names, in order."""
        if not self.formulas or table.names is not None or not all(isinstance(c, str) for c in self.columns or [0]):
            return False
        assert self.columns is not None
        if len(set(self.columns)) == len(self.columns) == table.count:
            return True
        raise InputError(
            f"{self.name}: columns={self.columns} has {len(self.columns)} names, but the data have {table.count} "
            "columns without names: name each once, in order, or give a data frame or Events."
        )

    def _places(self, formula: Expression, table: Columns) -> tuple[dict[str, int], dict[str, int]]:
        """Places in the state, and among the inputs, of the names in a formula."""
        state = self.state(table)
        names = [str(c) for c in self.columns or ()] if self._names_all(table) else list(column_names(table))
        within = {names[place]: s for s, place in enumerate(state)}
        for name in formula.names:
            if name not in names:
                hint = "" if table.names is not None or self.columns else " (name the state with columns=[...])"
                raise InputError(f"{self.name}: {name!r} is no column; {nearest(name, names)}{hint}")
        if not set(within) & set(formula.names):
            raise InputError(
                f"{self.name}: no column of the state is in {shortened(formula.text)!r}, so any model keeps it; the "
                f"state is {shortened(', '.join(within))}."
            )
        check_constants(formula, names, self)
        others = {name: names.index(name) for name in formula.names if name not in within}
        return {name: within[name] for name in formula.names if name in within}, others

    def values(self, state: Tensor, X: Tensor, table: Columns | None = None) -> Tensor:
        """The quantity of states (n, S), (n, Q), given all inputs (n, F), and their names if they have any."""
        table = Columns(X.shape[1]) if table is None else table
        if not self.formulas:
            return evaluate(self.quantity, state, X, table, self, several=True)
        found = []
        for formula in self.formulas:
            within, others = self._places(formula, table)
            values = {name: X.to(state)[:, place] for name, place in others.items()}
            found.append(worked_out(formula, values | {name: state[:, s] for name, s in within.items()}, state))
        return torch.cat(found, 1)

    def unit(self, before: Tensor) -> Tensor:
        """What differences are divided by, (Q,), given the quantity before, (N, Q)."""
        if self.scale is not None:
            if len(self.scale) not in (1, before.shape[1]):
                raise InputError(
                    f"{self.name}: scale has {len(self.scale)} numbers, but there are {before.shape[1]} quantities."
                )
            return before.new_tensor(self.scale).expand(before.shape[1])
        return deviation(before)

    def residual(
        self,
        model: Model,
        X: Tensor,
        table: Columns,
        rng: np.random.Generator,  # noqa: ARG002
    ) -> Tensor:
        """(Q(f(x)) - Q(x)) / s, (N, Q)."""
        after = model(X)
        self.check(table, after.shape[1])
        before = self.values(X[:, self.state(table)], X, table)
        return (self.values(after, X.to(after), table) - before.to(after)) / self.unit(before).to(after)


def _formulas(quantity: Any, names: list[str]) -> tuple[Expression, ...]:
    """The formulas that were given; none where a function was."""
    if isinstance(quantity, str) or not isinstance(quantity, Sequence):
        taken = take_function("Conserved: quantity", quantity, names)
        return (taken,) if isinstance(taken, Expression) else ()
    if not quantity or not all(isinstance(text, str) for text in quantity):
        raise InputError(
            f"Conserved: quantity={quantity!r}: expected a formula as text, a list of formulas, or one function, "
            "which may return several quantities as columns."
        )
    return tuple(parse(text, names, "Conserved: quantity") for text in quantity)


def deviation(values: Tensor) -> Tensor:
    """Standard deviation of each column of (N, Q), (Q,); its size where it is constant; 1 where it is all zero."""
    values = values.detach()
    size, spread = values.mean(0).abs(), values.std(0, correction=0)
    s = torch.where(spread > ROUNDING * size, spread, size)
    return torch.where(s > 0, s, torch.ones_like(s))
