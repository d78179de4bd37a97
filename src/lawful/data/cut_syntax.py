"""The grammar of cut strings: from text to a tree of nodes. Nothing is worked out here."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lawful.grammar import NAME, NUMBER, QUOTED, Reader, fold, nearest, walk

__all__ = ["COMPARISONS", "CONSTANTS", "FUNCTIONS", "Node", "parsed", "walk"]

_TEXT = r"""(?P<text>"[^"]*"|'[^']*')"""
_SYMBOL = r"(?P<symbol>\*\*|//|<=|>=|==|!=|&&|\|\||[-+*/%<>&|!~()\[\],])"
_TOKEN = re.compile(rf"\s*(?:{NUMBER}|{QUOTED}|{_TEXT}|{NAME}|{_SYMBOL})")
_HINTS = {
    "=": "equality is written ==",
    "^": "a power is written **",
    "`": "the backtick is not closed",
    "'": "the quote is not closed",
    '"': "the quote is not closed",
}
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
    "min": (-1, lambda *values: fold(np.minimum, values)),
    "max": (-1, lambda *values: fold(np.maximum, values)),
}


@dataclass(frozen=True)
class Node:
    """A piece of a cut: what it does, and to what."""

    kind: str
    value: Any
    parts: "tuple[Node, ...]" = ()


def parsed(text: str, what: str = "cut") -> Node:
    """The tree of a cut string; `what` is what errors call it.

    Raises:
        InputError: When it cannot be understood; the message shows where.

    Examples:
        >>> parsed("pt > 30").kind
        'compare'
    """
    return _Parser(text, what).cut()


class _Parser(Reader):
    """Recursive descent: a method for each level of binding, the loosest first."""

    def __init__(self, text: str, what: str) -> None:
        super().__init__(text, _TOKEN, _HINTS, what, "brackets or signs")
        self.tokens = [_with_words(*token) for token in self.tokens]

    def cut(self) -> Node:
        """The whole text."""
        node = self._either()
        kind, value, _ = self.tokens[self.at]
        if kind != "end":
            self.fail(f"{value!r} is not expected")
        return node

    def _either(self) -> Node:
        parts = [self._both()]
        while self.take("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Node("or", None, tuple(parts))

    def _both(self) -> Node:
        parts = [self._negation()]
        while self.take("and"):
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else Node("and", None, tuple(parts))

    def _negation(self) -> Node:
        if self.take("not"):
            return Node("not", None, (self.deeper(self._negation),))
        return self._comparison()

    def _comparison(self) -> Node:
        parts = [self._sum()]
        signs: list[str] = []
        while True:
            if sign := self.take(*COMPARISONS):
                signs.append(sign)
                parts.append(self._sum())
            elif not signs and self.take("in"):
                return Node("in", self._choices(), (parts[0],))
            else:
                break
        return parts[0] if not signs else Node("compare", tuple(signs), tuple(parts))

    def _choices(self) -> tuple[Any, ...]:
        close = {"(": ")", "[": "]"}.get(self.take("(", "[") or "")
        if close is None:
            self.fail("a list is expected after 'in'", hint="as in njet in (2, 3)")
        values = []
        while True:
            node = self._unary()
            if node.kind not in ("number", "text"):
                self.fail("only numbers and text can stand in a list")
            values.append(node.value)
            if self.take(close):
                return tuple(values)
            self.expect(",")

    def _sum(self) -> Node:
        node = self._product()
        while sign := self.take("+", "-"):
            node = self._pair(sign, node, self._product())
        return node

    def _product(self) -> Node:
        node = self._unary()
        while sign := self.take("*", "/", "//", "%"):
            node = self._pair(sign, node, self._unary())
        return node

    def _pair(self, sign: str, left: Node, right: Node) -> Node:
        return Node("arithmetic", sign, (left, right))

    def _unary(self) -> Node:
        if self.take("-"):
            inner = self.deeper(self._unary)
            return Node("number", -inner.value) if inner.kind == "number" else Node("minus", None, (inner,))
        if self.take("+"):
            return self.deeper(self._unary)
        if self.take("!", "~"):
            return Node("not", None, (self.deeper(self._unary),))
        base = self._atom()
        if self.take("**"):
            return Node("arithmetic", "**", (base, self.deeper(self._unary)))
        return base

    def _atom(self) -> Node:
        if self.take("("):
            node = self.deeper(self._either)
            self.expect(")")
            return node
        kind, value = self.operand()
        if kind == "number":
            return Node("number", _literal(value))
        if kind == "text":
            return Node("text", value[1:-1])
        if kind == "name" and self.take("("):
            return self._call(value)
        if kind == "name" and value in CONSTANTS:
            return Node("constant", value)
        return Node("name", value)

    def _call(self, name: str) -> Node:
        if name == "count":
            kind, cloud, _ = self.tokens[self.at]
            if kind not in ("name", "quoted"):
                self.fail("the name of a cloud is expected in count()")
            self.at += 1
            self.expect(")")
            return Node("count", cloud)
        if name not in FUNCTIONS:
            self.at -= 2
            self.fail(f"there is no function {name!r}", hint=nearest(name, (*FUNCTIONS, "count")))
        return Node("call", name, tuple(self.arguments(name, FUNCTIONS[name][0], self._sum)))


def _with_words(kind: str, value: str, at: int) -> tuple[str, str, int]:
    """A token, in which and, or, not and in are symbols, however they are written."""
    if kind == "symbol" and value in _WORDS:
        return kind, _WORDS[value], at
    return ("symbol", value, at) if kind == "name" and value in ("and", "or", "not", "in") else (kind, value, at)


def _literal(digits: str) -> int | float:
    """A whole number while it fits 64 bits, so that it compares exactly with event numbers; else a float."""
    if digits.isdigit() and len(digits) < 19:
        return int(digits)
    return float(digits)
