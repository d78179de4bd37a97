"""The grammar of formulas: from text to a tree of nodes, and what a tree comes to."""

import difflib
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import torch
from torch import Tensor

from lawful.errors import InputError

_DEPTH = 50  # brackets, signs and powers in one another; beyond it Python's own stack would give out

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | `(?P<quoted>[^`]+)`
    | (?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*)
    | (?P<symbol>\*\*|[-+*/(),])
    )""",
    re.VERBOSE,
)
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
    "min": (-1, lambda *x: min(x), lambda *x: _fold(torch.minimum, x), "Min"),
    "max": (-1, lambda *x: max(x), lambda *x: _fold(torch.maximum, x), "Max"),
}
Call = Callable[[str, list[Any]], Any]


def _fold(function: Callable[[Any, Any], Any], values: Sequence[Any]) -> Any:
    result = values[0]
    for value in values[1:]:
        result = function(result, value)
    return result


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


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.parts))


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


def near(name: str, known: Iterable[str]) -> str:
    """Half a sentence that helps with a misspelt name."""
    names = list(dict.fromkeys(map(str, known)))
    matches = difflib.get_close_matches(name, names, 3, 0.5)
    if matches:
        return f"did you mean {' or '.join(map(repr, matches))}?"
    return f"there are {', '.join(map(repr, names[:20]))}" if names else "there are no names"


class _Parser:
    """Recursive descent: a method for each level of binding, the loosest first."""

    def __init__(self, text: str, names: frozenset[str], where: str) -> None:
        self.text, self.names, self.where = text, names, where
        self.tokens = list(self._split())
        self.at = self.depth = 0

    def _split(self) -> Iterator[tuple[str, str, int]]:
        at, end = 0, len(self.text.rstrip())
        while at < end:
            match = _TOKEN.match(self.text, at)
            if match is None:
                rest = self.text[at:].lstrip()
                hint = _HINTS.get(rest[:1], "a name with odd characters stands in backticks")
                self._fail(f"{rest[:1]!r} is not understood", len(self.text) - len(rest), hint)
            kind = str(match.lastgroup)
            yield kind, match[kind], match.start(kind)
            at = match.end()
        yield "end", "", end

    def _fail(self, problem: str, at: int | None = None, hint: str = "") -> NoReturn:
        at = self.tokens[self.at][2] if at is None else at
        beside = self.text[max(0, at - 20) : at + 20]
        raise InputError(
            f"{self.where} {self.text[:200]!r}: {problem} at character {at + 1}, near {beside!r}"
            + (f"; {hint}" if hint else "")
        )

    def _found(self) -> str:
        kind, value, _ = self.tokens[self.at]
        return "the end" if kind == "end" else repr(value)

    def _take(self, *symbols: str) -> str | None:
        kind, value, _ = self.tokens[self.at]
        if kind == "symbol" and value in symbols:
            self.at += 1
            return value
        return None

    def _close(self) -> None:
        if self._take(")") is None:
            self._fail(f"')' is expected, found {self._found()}")

    def _deeper(self, read: Callable[[], Node]) -> Node:
        self.depth += 1
        if self.depth > _DEPTH:
            self._fail(f"more than {_DEPTH} brackets, signs or powers inside one another")
        node = read()
        self.depth -= 1
        return node

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
            self._fail("what stands here is no finite number", self.tokens[start][2])
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
            self._fail(f"{value!r} is not expected", hint=hint)
        return node

    def _sum(self) -> Node:
        return self._chain("sum", ("+", "-"), self._product)

    def _product(self) -> Node:
        return self._chain("product", ("*", "/"), self._unary)

    def _chain(self, kind: str, signs: tuple[str, str], read: Callable[[], Node]) -> Node:
        start, parts, found = self.at, [read()], []
        while sign := self._take(*signs):
            found.append(sign)
            parts.append(read())
        return parts[0] if not found else self._node(kind, tuple(found), parts, start)

    def _unary(self) -> Node:
        start = self.at
        if self._take("-"):
            return self._node("minus", None, [self._deeper(self._unary)], start)
        if self._take("+"):
            return self._deeper(self._unary)
        base = self._atom()
        if self._take("**"):
            return self._node("power", None, [base, self._deeper(self._unary)], start)
        return base

    def _atom(self) -> Node:
        start = self.at
        kind, value, _ = self.tokens[start]
        if self._take("("):
            node = self._deeper(self._sum)
            self._close()
            return node
        if kind in ("end", "symbol"):
            self._fail(f"a name or number is expected, found {self._found()}")
        self.at += 1
        if kind == "number":
            return self._literal(value)
        if kind == "name" and self._take("("):
            return self._call(value, start)
        if kind == "name" and value in CONSTANTS and value not in self.names:
            return Node("constant", value, (), CONSTANTS[value])
        return Node("name", value)

    def _literal(self, digits: str) -> Node:
        value = int(digits) if digits.isdecimal() and len(digits) < 16 else float(digits)
        if not math.isfinite(value):
            self._fail(f"{digits} is too large", self.tokens[self.at - 1][2])
        return Node("number", value, (), float(value))

    def _call(self, name: str, start: int) -> Node:
        if name not in FUNCTIONS:
            self._fail(f"there is no function {name!r}", self.tokens[start][2], near(name, FUNCTIONS))
        arguments = [self._deeper(self._sum)]
        while self._take(","):
            arguments.append(self._deeper(self._sum))
        self._close()
        wanted = FUNCTIONS[name][0]
        if wanted not in (-1, len(arguments)):
            self._fail(f"{name}() takes {wanted} arguments, received {len(arguments)}", self.tokens[start][2])
        return self._node("call", name, arguments, start)
