"""Conserved quantities: what is the same before and after; and how a user's function is called."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lawful.errors import InputError
from lawful.physics.statement import Columns, Model, Statement

ROUNDING = 1e-6  # a deviation below this share of the mean is rounding


class Conserved(Statement):
    r"""A quantity of the state is the same before (the inputs) and after (the prediction): Q(f(x)) = Q(x).

    The violation is $|Q(f(x)) - Q(x)| / s$, s the standard deviation of Q(x) over the inputs; where all inputs have
    the same Q, s is its size.

    Args:
        quantity: Function from states (n, S), a torch tensor, to (n,), or (n, Q) for several quantities, such as the
            components of a momentum. One that takes a second argument gets all inputs (n, F) there, masses say.
        columns: Names or numbers of the inputs that form the state, in the order of the outputs; None: all.
        scale: s, a positive number in the unit of the quantity, or one for each quantity; None: as above.

    Mechanisms:
        loss: A penalty on the violation.
        architecture: Predictions are moved along the gradient of Q onto the surface on which it has its value.

    A function cannot be saved: `plain` gives its name, and it is needed again when a saved model is loaded.

    Raises:
        InputError: When an argument is not of that kind.

    Examples:
        >>> import numpy as np
        >>> energy = Conserved(lambda state: (state**2).sum(1) / 2)  # harmonic oscillator, m = k = 1
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
        self.quantity = take_function("Conserved: quantity", quantity)
        self.columns: list[str | int] | None = None
        if columns is not None:
            listed = [columns] if isinstance(columns, str | int | np.integer) else list(columns)
            if not listed or not all(isinstance(c, str | int | np.integer) for c in listed):
                raise InputError(f"{self.name}: columns={columns!r}: expected names or numbers of columns.")
            self.columns = [c if isinstance(c, str) else int(c) for c in listed]
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
        return f"conserved {function_name(self.quantity, 'quantity')}"

    def plain(self) -> dict[str, Any]:
        """See `Statement.plain`; the function by name alone."""
        return {"quantity": function_plain(self.quantity), "columns": self.columns, "scale": self.scale}

    def state(self, table: Columns) -> list[int]:
        """Numbers of the inputs that form the state.

        Raises:
            InputError: When there is no such column, or one is named twice.
        """
        if self.columns is None:
            return list(range(table.count))
        places = [table.place(column, self) for column in self.columns]
        if len(set(places)) < len(places):
            raise InputError(f"{self.name}: columns={self.columns}: a column is named twice.")
        return places

    def check(self, table: Columns, outputs: int | None) -> None:
        """See `Statement.check`; the prediction must be a state."""
        need = len(self.state(table))
        if outputs is not None and outputs != need:
            raise InputError(
                f"{self.name}: the state has {need} columns, but the model gives {outputs}: expected the state "
                "afterwards. Name the inputs that form the state with columns=[...]."
            )

    def values(self, state: Tensor, X: Tensor) -> Tensor:
        """The quantity of states (n, S), (n, Q), given all inputs (n, F)."""
        return evaluate(self.quantity, state, X, self, several=True)

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
        before = self.values(X[:, self.state(table)], X)
        return (self.values(after, X.to(after)) - before.to(after)) / self.unit(before).to(after)


def deviation(values: Tensor) -> Tensor:
    """Standard deviation of each column of (N, Q), (Q,); its size where it is constant; 1 where it is all zero."""
    values = values.detach()
    size, spread = values.mean(0).abs(), values.std(0, correction=0)
    s = torch.where(spread > ROUNDING * size, spread, size)
    return torch.where(s > 0, s, torch.ones_like(s))


# ---- functions of a user ---------------------------------------------------------------------------------------
def take_function(what: str, function: Any) -> Callable[..., Any]:
    """Check that a function was given, with one or two arguments that it needs.

    Raises:
        InputError: Names `what` and says what was received.
    """
    if isinstance(function, dict) and set(function) == {"function"}:
        raise InputError(
            f"{what}: the function {function['function']!r} is not saved with the model; hand it in again, as "
            f"functions={{{function['function']!r}: ...}}."
        )
    if isinstance(function, str):
        raise InputError(f"{what}={function!r}: text is not taken here; expected a function of torch tensors.")
    if not callable(function):
        raise InputError(f"{what}={function!r}: expected a function of torch tensors.")
    if _needed(function) > 2:
        raise InputError(
            f"{what}: the function needs {_needed(function)} arguments; expected one (predictions or states), or two "
            "(and the inputs)."
        )
    checked: Callable[..., Any] = function
    return checked


def function_name(function: Any, otherwise: str) -> str:
    """Name of a function in messages; that of a lambda says nothing."""
    found = str(getattr(function, "__name__", type(function).__name__))
    return otherwise if found == "<lambda>" else found


def function_plain(function: Any) -> dict[str, str]:
    """A function as plain data: its name."""
    return {"function": function_name(function, "<lambda>")}


def evaluate(
    function: Callable[..., Any], y: Tensor, X: Tensor, statement: Statement, *, several: bool = False
) -> Tensor:
    """Call a user's function on predictions or states y, (n, O), and inputs X, (n, F), if it takes two arguments.

    Args:
        function: The function.
        y: Its first argument.
        X: Its second argument.
        statement: Named in messages.
        several: Whether it may return several columns.

    Returns:
        (n, 1), or (n, Q).

    Raises:
        InputError: When it returns anything else.
    """
    given = function(y, X) if _needed(function) == 2 else function(y)
    called = function_name(function, "function")
    if not isinstance(given, Tensor):
        raise InputError(
            f"{statement.name}: the {called} returned {type(given).__name__}; it gets torch tensors and must return "
            "one. Use torch's functions in place of NumPy's."
        )
    n = len(y)
    wanted = f"({n},) or ({n}, {'quantities' if several else 1})"
    if given.ndim == 1 and len(given) == n:
        given = given.unsqueeze(1)
    if given.ndim != 2 or len(given) != n or given.shape[1] == 0 or not (several or given.shape[1] == 1):
        hint = " Was the sum taken over the rows too? Use dim=1." if given.numel() == 1 and n != 1 else ""
        raise InputError(
            f"{statement.name}: the {called} returned shape {tuple(given.shape)} for {tuple(y.shape)}; expected "
            f"{wanted}.{hint}"
        )
    if given.is_complex():
        raise InputError(f"{statement.name}: the {called} returned complex numbers; expected real ones.")
    return given.to(y.dtype)


def _needed(function: Callable[..., Any]) -> int:
    """How many positional arguments a function needs; 1 where it does not say."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # built in
        return 1
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in kinds and p.default is inspect.Parameter.empty for p in parameters)
