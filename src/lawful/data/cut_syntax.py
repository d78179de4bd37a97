"""The grammar of cut strings: from text to a tree of nodes. Nothing is worked out here."""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from lawful.data.names import nearest
from lawful.errors import InputError

_DEPTH = 50  # brackets in brackets; beyond it Python's own stack would give out

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | `(?P<quoted>[^`]+)`
    | (?P<text>"[^"]*"|'[^']*')
    | (?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*)
    | (?P<symbol>\*\*|//|<=|>=|==|!=|&&|\|\||[-+*/%<>&|!~()\[\],])
    )""",
    re.VERBOSE,
)
_WORDS = {"&": "and", "&&": "and", "|": "or", "||": "or"}
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
CONSTANTS = {"pi": math.pi, "true": True, "false": False, "True": True, "False": False}
FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    **{
        name: (1, getattr(np, name))
        for name in [
            "abs",
            "sqrt",
            "cbrt",
            "exp",
            "expm1",
            "log",
            "log10",
            "log2",
            "log1p",
            "sin",
            "cos",
            "tan",
            "asin",
            "acos",
            "atan",
            "arcsin",
            "arccos",
            "arctan",
            "sinh",
            "cosh",
            "tanh",
            "asinh",
            "acosh",
            "atanh",
            "arcsinh",
            "arccosh",
            "arctanh",
            "floor",
            "ceil",
            "round",
            "sign",
            "isnan",
            "isinf",
            "isfinite",
        ]
    },
    **{name: (2, getattr(np, name)) for name in ("atan2", "arctan2", "hypot")},
    "min": (-1, lambda *values: _fold(np.minimum, values)),
    "max": (-1, lambda *values: _fold(np.maximum, values)),
}


def _fold(function: Callable[[Any, Any], Any], values: Sequence[Any]) -> Any:
    result = values[0]
    for value in values[1:]:
        result = function(result, value)
    return result


@dataclass(frozen=True)
class Node:
    """A piece of a cut: what it does, and to what."""

    kind: str
    value: Any
    parts: "tuple[Node, ...]" = ()


def parsed(text: str) -> Node:
    """The tree of a cut string.

    Raises:
        InputError: When it cannot be understood; the message shows where.

    Examples:
        >>> parsed("pt > 30").kind
        'compare'
    """
    return _Parser(text).cut()


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it, in the order of the text."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.parts))


class _Parser:
    """Recursive descent: a method for each level of binding, the loosest first."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(self._split())
        self.at = 0
        self.depth = 0

    def _split(self) -> Iterator[tuple[str, str, int]]:
        at = 0
        end = len(self.text.rstrip())
        while at < end:
            match = _TOKEN.match(self.text, at)
            if match is None:
                rest = self.text[at:].lstrip()
                hint = {
                    "=": "equality is written ==",
                    "^": "a power is written **",
                    "`": "the backtick is not closed",
                    "'": "the quote is not closed",
                    '"': "the quote is not closed",
                }.get(rest[:1], "a name with odd characters stands in backticks")
                self._fail(f"{rest[:1]!r} is not understood", len(self.text) - len(rest), hint)
            kind = str(match.lastgroup)
            value = match[kind]
            if kind == "symbol" and value in _WORDS:
                kind, value = "name", _WORDS[value]
            if kind == "name" and value in ("and", "or", "not", "in"):
                kind = "symbol"
            yield kind, value, match.start(str(match.lastgroup))
            at = match.end()
        yield "end", "", end

    def _fail(self, problem: str, at: int | None = None, hint: str = "") -> NoReturn:
        at = self.tokens[self.at][2] if at is None else at
        near = self.text[max(0, at - 20) : at + 20]
        raise InputError(
            f"cut {self.text[:200]!r}: {problem} at character {at + 1}, near {near!r}" + (f"; {hint}" if hint else "")
        )

    def _take(self, *symbols: str) -> str | None:
        kind, value, _ = self.tokens[self.at]
        if kind == "symbol" and value in symbols:
            self.at += 1
            return value
        return None

    def _expect(self, symbol: str) -> None:
        if self._take(symbol) is None:
            kind, value, _ = self.tokens[self.at]
            self._fail(f"{symbol!r} is expected, found {'the end' if kind == 'end' else repr(value)}")

    def _deeper(self, parse: Callable[[], Node]) -> Node:
        self.depth += 1
        if self.depth > _DEPTH:
            self._fail(f"more than {_DEPTH} brackets or signs inside one another")
        node = parse()
        self.depth -= 1
        return node

    def cut(self) -> Node:
        """The whole text."""
        node = self._either()
        kind, value, _ = self.tokens[self.at]
        if kind != "end":
            self._fail(f"{value!r} is not expected")
        return node

    def _either(self) -> Node:
        parts = [self._both()]
        while self._take("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Node("or", None, tuple(parts))

    def _both(self) -> Node:
        parts = [self._negation()]
        while self._take("and"):
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else Node("and", None, tuple(parts))

    def _negation(self) -> Node:
        if self._take("not"):
            return Node("not", None, (self._deeper(self._negation),))
        return self._comparison()

    def _comparison(self) -> Node:
        parts = [self._sum()]
        signs: list[str] = []
        while True:
            if sign := self._take(*COMPARISONS):
                signs.append(sign)
                parts.append(self._sum())
            elif not signs and self._take("in"):
                return Node("in", self._choices(), (parts[0],))
            else:
                break
        return parts[0] if not signs else Node("compare", tuple(signs), tuple(parts))

    def _choices(self) -> tuple[Any, ...]:
        close = {"(": ")", "[": "]"}.get(self._take("(", "[") or "")
        if close is None:
            self._fail("a list is expected after 'in'", hint="as in njet in (2, 3)")
        values = []
        while True:
            node = self._unary()
            if node.kind not in ("number", "text"):
                self._fail("only numbers and text can stand in a list")
            values.append(node.value)
            if self._take(close):
                return tuple(values)
            self._expect(",")

    def _sum(self) -> Node:
        node = self._product()
        while sign := self._take("+", "-"):
            node = self._pair(sign, node, self._product())
        return node

    def _product(self) -> Node:
        node = self._unary()
        while sign := self._take("*", "/", "//", "%"):
            node = self._pair(sign, node, self._unary())
        return node

    def _pair(self, sign: str, left: Node, right: Node) -> Node:
        return Node("arithmetic", sign, (left, right))

    def _unary(self) -> Node:
        if self._take("-"):
            inner = self._deeper(self._unary)
            return Node("number", -inner.value) if inner.kind == "number" else Node("minus", None, (inner,))
        if self._take("+"):
            return self._deeper(self._unary)
        if self._take("!", "~"):
            return Node("not", None, (self._deeper(self._unary),))
        base = self._atom()
        if self._take("**"):
            return Node("arithmetic", "**", (base, self._deeper(self._unary)))
        return base

    def _atom(self) -> Node:
        kind, value, _ = self.tokens[self.at]
        if self._take("("):
            node = self._deeper(self._either)
            self._expect(")")
            return node
        if kind in ("end", "symbol"):
            self._fail(f"a name or number is expected, found {'the end' if kind == 'end' else repr(value)}")
        self.at += 1
        if kind == "number":
            return Node("number", _literal(value))
        if kind == "text":
            return Node("text", value[1:-1])
        if kind == "name" and self._take("("):
            return self._call(value)
        if kind == "name" and value in CONSTANTS:
            return Node("constant", value)
        return Node("name", value)

    def _call(self, name: str) -> Node:
        if name == "count":
            kind, cloud, _ = self.tokens[self.at]
            if kind not in ("name", "quoted"):
                self._fail("the name of a cloud is expected in count()")
            self.at += 1
            self._expect(")")
            return Node("count", cloud)
        if name not in FUNCTIONS:
            self.at -= 2
            self._fail(f"there is no function {name!r}", hint=nearest(name, (*FUNCTIONS, "count")))
        arguments = [self._deeper(self._sum)]
        while self._take(","):
            arguments.append(self._deeper(self._sum))
        self._expect(")")
        wanted = FUNCTIONS[name][0]
        if wanted not in (-1, len(arguments)):
            self._fail(f"{name}() takes {wanted} arguments, received {len(arguments)}")
        return Node("call", name, tuple(arguments))


def _literal(digits: str) -> int | float:
    """A whole number while it fits 64 bits, so that it compares exactly with event numbers; else a float."""
    if digits.isdigit() and len(digits) < 19:
        return int(digits)
    return float(digits)
