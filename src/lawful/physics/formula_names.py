"""What the names in a statement's formula stand for: columns of the inputs, or predictions."""

import re
from collections.abc import Iterable

from lawful.errors import InputError
from lawful.grammar import nearest
from lawful.physics.columns import Columns
from lawful.physics.expressions import Expression
from lawful.physics.statement import Statement

_NUMBERED = re.compile(r"y\d+")


def column_names(table: Columns) -> tuple[str, ...]:
    """Names of the columns in formulas: their own, or x0, x1, ... where the data have none."""
    return table.names if table.names is not None else tuple(f"x{j}" for j in range(table.count))


def column_places(names: Iterable[str], table: Columns, statement: Statement) -> dict[str, int]:
    """The number of each column that is named in a formula.

    Raises:
        InputError: When there is no such column; names the nearest.
    """
    known = column_names(table)
    for name in names:
        if name not in known:
            raise InputError(f"{statement.name}: {name!r} is no column; {nearest(name, known)}{_unnamed(table)}")
    return {name: known.index(name) for name in names}


def prediction_names(
    expression: Expression, table: Columns, outputs: int | None, statement: Statement
) -> dict[str, int]:
    """The number of each output that is named in a formula; its other names are columns.

    A name that is a column is that input. A single output is called y, or as the one name that is no column; several
    outputs are y0, y1, ...

    Args:
        expression: The formula.
        table: The columns.
        outputs: How many predictions there are; None: as many as the formula names.
        statement: Named in messages.

    Raises:
        InputError: When a name is neither, could be both, or no prediction is in the formula; names the nearest.

    Examples:
        >>> from lawful.physics import Bounds
        >>> from lawful.physics.expressions import parse
        >>> prediction_names(parse("psi**2 * x"), Columns(2, ("x", "t")), 1, Bounds(0))
        {'psi': 0}
        >>> prediction_names(parse("y1 - y0"), Columns(2), 2, Bounds(0))
        {'y0': 0, 'y1': 1}
    """
    columns = column_names(table)
    check_constants(expression, columns, statement)
    others = [name for name in expression.names if name not in columns]
    if outputs is None:
        numbers = [int(name[1:]) for name in others if _NUMBERED.fullmatch(name)]
        outputs = 1 if len(others) == 1 or not numbers else max(numbers) + 1
    if outputs == 1:
        if len(others) == 1:
            return {others[0]: 0}
        if others:
            _refuse_several(others, table, statement)
    own = ["y"] if outputs == 1 else [f"y{o}" for o in range(outputs)]
    both = [name for name in own if name in columns and name in expression.names]
    if both:
        advice = "give the prediction any other name" if outputs == 1 else "rename the column"
        raise InputError(f"{statement.name}: {both[0]!r} is a column, but also stands for a prediction: {advice}.")
    for name in others:
        if name not in own:
            raise InputError(
                f"{statement.name}: {name!r} is no column, and the model gives {outputs} predictions, "
                f"{_listed(own)}; {nearest(name, [*columns, *own])}{_unnamed(table)}"
            )
    if not others:
        raise InputError(
            f"{statement.name}: no prediction is in the formula: every name in it is a column of the inputs. The "
            f"prediction is {_listed(own)}{' or any name that is no column' if outputs == 1 else ''}."
        )
    return {name: own.index(name) for name in others}


def check_constants(expression: Expression, columns: Iterable[str], statement: Statement) -> None:
    """Raise an `InputError` where pi or e in a formula could also be a column."""
    for shadow in sorted(set(expression.constants) & set(columns)):
        raise InputError(
            f"{statement.name}: {shadow!r} is a column, and also a constant of mathematics: write `{shadow}` in "
            "backticks where the column is meant."
        )


def shortened(text: str, most: int = 60) -> str:
    """A text for a message."""
    return text if len(text) <= most else text[: most - 3] + "..."


def _refuse_several(others: list[str], table: Columns, statement: Statement) -> None:
    """Say of several names, of which one at most is the prediction, which is likely to be wrong."""
    columns = column_names(table)
    wrong = [name for name in others if name != "y"]
    hints = {name: nearest(name, columns) for name in wrong}
    name = next((name for name, hint in hints.items() if hint.startswith("did")), wrong[-1])
    rest = next(other for other in (["y"] if "y" in others else others) if other != name)
    raise InputError(
        f"{statement.name}: {name!r} is no column, and the single prediction is already called {rest!r}; "
        f"{hints[name]}{_unnamed(table)}"
    )


def _listed(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def _unnamed(table: Columns) -> str:
    return "" if table.names is not None else " (the data have no column names)"
