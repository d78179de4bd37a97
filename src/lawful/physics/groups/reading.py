"""Groups from text and plain data."""

import ast
from collections.abc import Mapping
from typing import Any

from lawful.errors import InputError
from lawful.physics.groups import named
from lawful.physics.groups.group import Group
from lawful.physics.groups.products import product

NAMES = ("SO", "O", "Lorentz", "SU", "Sp", "S", "Z", "C", "D", "Translation", "Scaling")


def read(given: Any) -> Group:
    """A group from what `Group.plain` gave, or from text such as "SO(3)", "O(1, 3)" or "S(4) * O(3)".

    Raises:
        InputError: When it names no group.

    Examples:
        >>> read("S(4) * O(3)")
        S(4) x O(3)
        >>> read(read("Translation(1, period=360)").plain()).period
        360
    """
    if isinstance(given, Group):
        return given
    if isinstance(given, str):
        return _from_text(given)
    if not isinstance(given, Mapping):
        raise InputError(f"{given!r} is no group: expected text such as 'SO(3)'.")
    if "product" in given:
        return product(*[read(part) for part in given["product"]])
    if "name" in given:
        return _made(
            given["name"], list(given.get("arguments", [])), dict(given.get("options", {})), str(dict(given))
        )
    known = {"generators", "discrete", "called", "affine", "period", "reach"}
    if not set(given) <= known:
        raise InputError(f"A group in numbers has the keys {sorted(known)}; got {sorted(given)}.")
    return Group(
        given.get("generators") or None,
        given.get("discrete") or None,
        name=given.get("called"),
        affine=bool(given.get("affine", False)),
        period=given.get("period"),
        reach=float(given.get("reach", 1.0)),
    )


def _made(name: Any, arguments: list[Any], options: dict[str, Any], shown: str) -> Group:
    if name not in NAMES:
        raise InputError(f"{shown}: there is no group {name!r}; there are {', '.join(NAMES)}.")
    try:
        made: Group = getattr(named, name)(*arguments, **options)
    except TypeError:
        raise InputError(f"{shown}: {name} does not take these arguments; write {name}(3), for example.") from None
    return made


def _from_text(text: str) -> Group:
    """Calls of named groups with numbers, multiplied; the text is parsed as an expression and never run."""
    try:
        tree: ast.expr = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        raise InputError(f"{text!r} is no group: expected text such as 'SO(3)' or 'S(4) * O(3)'.") from None

    def walk(node: ast.expr) -> Group:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            return product(walk(node.left), walk(node.right))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            options = {word.arg: _number(word.value, text) for word in node.keywords if word.arg is not None}
            return _made(node.func.id, [_number(a, text) for a in node.args], options, repr(text))
        raise InputError(f"{text!r} is no group: expected text such as 'SO(3)' or 'S(4) * O(3)'.")

    return walk(tree)


def _number(node: ast.expr, text: str) -> float | int:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return node.value
    raise InputError(f"{text!r}: the arguments of a group are numbers.")
