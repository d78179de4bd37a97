"""A function of predictions or states that a user hands to a statement, as text or as code; and how it is called."""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from lawful.errors import InputError
from lawful.physics.columns import Columns
from lawful.physics.expression_syntax import Node
from lawful.physics.expressions import Expression, parse
from lawful.physics.formula_names import column_names, prediction_names, shortened
from lawful.physics.statement import Statement

Function = Expression | Callable[..., Any]
_FAILURES = (TypeError, RuntimeError, ValueError, IndexError, KeyError, AttributeError, NotImplementedError)


def take_function(what: str, given: Any, names: Iterable[str] = ()) -> Function:
    """Read a formula, or check that a function was given, with one or two arguments that it needs.

    Args:
        what: Argument that it is, for messages.
        given: Text, or a function of torch tensors.
        names: Names that are meant in a text where they could also be a constant.

    Raises:
        InputError: Names `what` and says what was received.
    """
    refuse_saved(what, given)
    if isinstance(given, str):
        return parse(given, names, what)
    if not callable(given) or isinstance(given, type):
        raise InputError(f"{what}={given!r}: expected a formula as text, or a function of torch tensors.")
    least, most = _arguments(given)
    if least > 2 or most < 1:
        raise InputError(
            f"{what}: the function {'needs' if least > 2 else 'takes'} {least} arguments; expected one (predictions "
            "or states), or two (and the inputs)."
        )
    checked: Function = given
    return checked


def refuse_saved(what: str, given: Any) -> None:
    """Raise an `InputError` where only the name of a function is left, as in a saved model."""
    if isinstance(given, Mapping) and set(given) == {"function"}:
        raise InputError(
            f"{what}: the function {given['function']!r} is not saved with the model; hand it in again, as "
            f"functions={{{given['function']!r}: ...}}."
        )


def function_name(function: Any, otherwise: str) -> str:
    """A formula, or the name of a function, for messages; that of a lambda says nothing."""
    if isinstance(function, Expression):
        return shortened(function.text)
    found = str(getattr(function, "__name__", type(function).__name__))
    return otherwise if found == "<lambda>" else found


def function_plain(function: Any) -> str | dict[str, str]:
    """As plain data: a formula as its text, a function as its name."""
    return function.text if isinstance(function, Expression) else {"function": function_name(function, "<lambda>")}


def same_function(a: Any, b: Any) -> bool:
    """Whether two formulas of predictions say the same in the same way, or two functions are one.

    Examples:
        >>> same_function(parse("psi**2"), parse("y ** 2"))  # the only name of each is the prediction
        True
        >>> same_function(parse("y0**2"), parse("y1**2"))
        False
    """
    if isinstance(a, Expression) and isinstance(b, Expression):
        return _as_y(a) == _as_y(b)
    return a is b


def _as_y(formula: Expression) -> Node:
    """The tree, its only name changed into y, unless it is one of several predictions."""

    def renamed(node: Node) -> Node:
        if node.kind == "name":
            return replace(node, value="y")
        return replace(node, parts=tuple(map(renamed, node.parts)))

    single = len(formula.names) == 1 and not re.fullmatch(r"y\d+", formula.names[0])
    return renamed(formula.tree) if single else formula.tree


def evaluate(
    function: Function, y: Tensor, X: Tensor, table: Columns, statement: Statement, *, several: bool = False
) -> Tensor:
    """A function of predictions or states y, (n, O), and of inputs X, (n, F), where it takes or names them.

    Args:
        function: A formula, whose names are columns and predictions, or a function.
        y: Its first argument.
        X: Its second argument, if it needs two.
        table: The columns of X.
        statement: Named in messages.
        several: Whether it may return several columns.

    Returns:
        (n, 1), or (n, Q).

    Raises:
        InputError: When it fails, or returns anything else.
    """
    if isinstance(function, Expression):
        outputs = prediction_names(function, table, y.shape[1], statement)
        columns = {name: j for j, name in enumerate(column_names(table)) if name not in outputs}
        values = {name: X.to(y)[:, columns[name]] for name in function.names if name in columns}
        return worked_out(function, values | {name: y[:, o] for name, o in outputs.items()}, y)
    called = f"the function {function_name(function, '')}".rstrip()
    arguments = (y, X) if _arguments(function)[0] == 2 else (y,)
    given = call(function, arguments, {}, called, statement, "quantities" if several else "1").to(y.dtype)
    if torch.is_grad_enabled() and y.requires_grad and not given.requires_grad:
        raise InputError(
            f"{statement.name}: what {called} returns has no derivative by the predictions, so nothing is learned "
            "from it; is it cut by detach(), item() or NumPy?"
        )
    return given


def worked_out(expression: Expression, values: Mapping[str, Tensor], like: Tensor) -> Tensor:
    """A formula for each of n rows, (n, 1)."""
    return expression.torch(values).to(like).expand(len(like)).unsqueeze(1)


def call(
    function: Callable[..., Any],
    arguments: tuple[Tensor, ...],
    keywords: Mapping[str, Tensor],
    called: str,
    statement: Statement,
    width: str,
) -> Tensor:
    """Call a user's function of n rows.

    Args:
        function: The function.
        arguments: Its tensors, each of n rows.
        keywords: Its arguments by name.
        called: What it is called in messages.
        statement: Named in messages.
        width: How many columns it may return: "1", or a word for any number.

    Returns:
        (n, Q).

    Raises:
        InputError: When it fails, writes to its arguments, or returns no real tensor of n rows.
    """
    before = [_version(x) for x in arguments]
    first = arguments[0]
    try:
        given = function(*arguments, **keywords)
    except InputError:
        raise
    except _FAILURES as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        if "numpy" in reason.lower():
            raise InputError(
                f"{statement.name}: {called} uses NumPy, which has no derivatives; use torch's functions of the same "
                "names."
            ) from error
        raise InputError(
            f"{statement.name}: {called} failed on a tensor of shape {tuple(first.shape)}: {reason}. It gets torch "
            "tensors, a row for each event."
        ) from error
    if [_version(x) for x in arguments] != before:
        raise InputError(
            f"{statement.name}: {called} writes to the tensor that it is given, which others need; write x = x + 1 "
            "in place of x += 1, or begin with x = x.clone()."
        )
    if not isinstance(given, Tensor):
        raise InputError(
            f"{statement.name}: {called} returned {type(given).__name__}; it gets torch tensors and must return "
            "one. Use torch's functions in place of NumPy's."
        )
    n = len(first)
    if given.ndim == 1 and len(given) == n:
        given = given.unsqueeze(1)
    if given.ndim != 2 or len(given) != n or given.shape[1] == 0 or (width == "1" and given.shape[1] > 1):
        hint = " Was the sum taken over the rows too? Use dim=1." if given.numel() == 1 and n != 1 else ""
        raise InputError(
            f"{statement.name}: {called} returned shape {tuple(given.shape)} for {tuple(first.shape)}; expected "
            f"({n},) or ({n}, {width}).{hint}"
        )
    if given.is_complex():
        raise InputError(f"{statement.name}: {called} returned complex numbers; expected real ones.")
    return given


def _version(x: Tensor) -> int:
    """Counts what is written to a tensor, or to another one in the same memory."""
    return 0 if x.is_inference() else int(x._version)


def _arguments(function: Callable[..., Any]) -> tuple[int, float]:
    """How many positional arguments a function needs, and takes; 1 and 2 where it does not say."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # built in
        return 1, 2
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    places = [p for p in parameters if p.kind in kinds]
    endless = any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters)
    least = sum(p.default is inspect.Parameter.empty for p in places)
    return least, float("inf") if endless else len(places)
