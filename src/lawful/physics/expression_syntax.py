"""The grammar of formulas: from text to a tree of nodes, and what a tree comes to."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from lawful.grammar import NAME, NUMBER, QUOTED, Reader, fold, nearest

_TOKEN = re.compile(rf"\s*(?:{NUMBER}|{QUOTED}|{NAME}|(?P<symbol>\*\*|[-+*/(),]))")
_HINTS = {
    "^": "a power is written **",
    "=": "a formula has no equals sign",
    "[": "only round brackets are used",
    "`": "the backtick is not closed",
}
CONSTANTS = {"pi": math.pi, "e": math.e}
# name: how many arguments (-1: one or more), on floats, on tensors, name in SymPy
FUNCTIONS: dict[str, tuple[int, Callable[..., float], Callable[..., Tensor], str]] = {
    "sin": (1, math.sin, torch.sin, "sin"),
    "cos": (1, math.cos, torch.cos, "cos"),
    "tan": (1, math.tan, torch.tan, "tan"),
    "asin": (1, math.asin, torch.asin, "asin"),
    "acos": (1, math.acos, torch.acos, "acos"),
    "atan": (1, math.atan, torch.atan, "atan"),
    "atan2": (2, math.atan2, torch.atan2, "atan2"),
    "sinh": (1, math.sinh, torch.sinh, "sinh"),
    "cosh": (1, math.cosh, torch.cosh, "cosh"),
    "tanh": (1, math.tanh, torch.tanh, "tanh"),
    "exp": (1, math.exp, torch.exp, "exp"),
    "log": (1, math.log, torch.log, "log"),
    "sqrt": (1, math.sqrt, torch.sqrt, "sqrt"),
    "abs": (1, abs, torch.abs, "Abs"),
    "sign": (1, lambda x: float((x > 0) - (x < 0)), torch.sign, "sign"),
    "min": (-1, lambda *x: min(x), lambda *x: fold(torch.minimum, x), "Min"),
    "max": (-1, lambda *x: max(x), lambda *x: fold(torch.maximum, x), "Max"),
}
Call = Callable[[str, list[Any]], Any]


@dataclass(frozen=True)
class Node:
    """A piece of a formula.

    Attributes:
        kind: "number", "constant", "name", "minus", "sum", "product", "power" or "call".
        value: The number or name; the signs of a sum, the signs of a product; the function.
        parts: What it is made of.
        number: What it comes to, where no name is in it.
    """

    kind: str
    value: Any
    parts: "tuple[Node, ...]" = ()
    number: float | None = None


def read(text: str, names: frozenset[str], where: str) -> Node:
    """The tree of a formula; see `lawful.physics.expressions.parse`.

    Raises:
        InputError: When it cannot be understood; the message shows where.

    Examples:
        >>> read("a + 2 * b", frozenset(), "formula").kind
        'sum'
    """
    return _Parser(text, names, where).whole()


def evaluate(node: Node, leaf: Callable[[Node], Any], call: Call) -> Any:
    """Work out a node; `leaf` gives what needs no work, and None for the rest."""
    found = leaf(node)
    if found is not None:
        return found
    return _apply(node.kind, node.value, [evaluate(part, leaf, call) for part in node.parts], call)


def _apply(kind: str, value: Any, x: list[Any], call: Call) -> Any:
    if kind == "minus":
        return -x[0]
    if kind == "power":
        return call("**", x)
    if kind == "call":
        return call(value, x)
    result = x[0]
    for sign, part in zip(value, x[1:], strict=True):
        if kind == "sum":
            result = result + part if sign == "+" else result - part
        else:
            result = result * part if sign == "*" else result / part
    return result


def _on_floats(name: str, x: list[Any]) -> float:
    if name == "**":
        return math.pow(*x)
    return FUNCTIONS[name][1](*x)


class _Parser(Reader):
    """Recursive descent: a method for each level of binding, the loosest first."""

    def __init__(self, text: str, names: frozenset[str], where: str) -> None:
        super().__init__(text, _TOKEN, _HINTS, where, "brackets, signs or powers")
        self.names = names

    def _node(self, kind: str, value: Any, parts: Sequence[Node], start: int) -> Node:
        """A node; what has no names is worked out at once, so that it is known to be a number."""
        numbers = [part.number for part in parts]
        if None in numbers:
            return Node(kind, value, tuple(parts))
        try:
            number = float(_apply(kind, value, numbers, _on_floats))
        except (ValueError, OverflowError, ZeroDivisionError):
            number = math.nan
        if not math.isfinite(number):
            self.fail("what stands here is no finite number", self.tokens[start][2])
        return Node(kind, value, tuple(parts), number)

    def whole(self) -> Node:
        """The whole text."""
        node = self._sum()
        kind, value, _ = self.tokens[self.at]
        if kind != "end":
            before = self.tokens[self.at - 1]
            hint = "a product is written with *" if kind != "symbol" or value == "(" else ""
            if before[0] == "name" and before[1] in FUNCTIONS:
                hint = f"a function takes brackets, as {before[1]}(x)"
            self.fail(f"{value!r} is not expected", hint=hint)
        return node

    def _sum(self) -> Node:
        return self._chain("sum", ("+", "-"), self._product)

    def _product(self) -> Node:
        return self._chain("product", ("*", "/"), self._unary)

    def _chain(self, kind: str, signs: tuple[str, str], read: Callable[[], Node]) -> Node:
        start, parts, found = self.at, [read()], []
        while sign := self.take(*signs):
            found.append(sign)
            parts.append(read())
        return parts[0] if not found else self._node(kind, tuple(found), parts, start)

    def _unary(self) -> Node:
        start = self.at
        if self.take("-"):
            return self._node("minus", None, [self.deeper(self._unary)], start)
        if self.take("+"):
            return self.deeper(self._unary)
        base = self._atom()
        if self.take("**"):
            return self._node("power", None, [base, self.deeper(self._unary)], start)
        return base

    def _atom(self) -> Node:
        start = self.at
        if self.take("("):
            node = self.deeper(self._sum)
            self.expect(")")
            return node
        kind, value = self.operand()
        if kind == "number":
            return self._literal(value)
        if kind == "name" and self.take("("):
            return self._call(value, start)
        if kind == "name" and value in CONSTANTS and value not in self.names:
            return Node("constant", value, (), CONSTANTS[value])
        return Node("name", value)

    def _literal(self, digits: str) -> Node:
        value = int(digits) if digits.isdecimal() and len(digits) < 16 else float(digits)
        if not math.isfinite(value):
            self.fail(f"{digits} is too large", self.tokens[self.at - 1][2])
        return Node("number", value, (), float(value))

    def _call(self, name: str, start: int) -> Node:
        if name not in FUNCTIONS:
            self.fail(f"there is no function {name!r}", self.tokens[start][2], nearest(name, FUNCTIONS, 20))
        arguments = self.arguments(name, FUNCTIONS[name][0], self._sum, start)
        return self._node("call", name, arguments, start)
