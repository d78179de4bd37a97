"""Reading of small languages: text is split into tokens, which are read one after another; messages show where."""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn, Protocol, Self, TypeVar

from lawful.errors import InputError

NUMBER = r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
QUOTED = r"`(?P<quoted>[^`]+)`"
NAME = r"(?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*)"
N = TypeVar("N")
_DEPTH = 50  # brackets in brackets; beyond it Python's own stack would give out
_SHOWN = 12


class _Tree(Protocol):
    @property
    def parts(self) -> tuple[Self, ...]: ...


Tree = TypeVar("Tree", bound=_Tree)


class Reader:
    """The tokens of a text, and what every grammar reads in the same way.

    Args:
        text: What is read.
        token: Pattern of a token, with a named group for each kind of it; "symbol" is one of them.
        hints: What is meant by a character that is not understood.
        where: What messages begin with.
        deep: What may not stand in one another too often, for messages.

    Attributes:
        tokens: Kind, value and place in the text of each token; the last is "end".
        at: Which one is read next.

    Raises:
        InputError: When a character is not understood.
    """

    def __init__(self, text: str, token: re.Pattern[str], hints: Mapping[str, str], where: str, deep: str) -> None:
        self.text, self.where, self.deep = text, where, deep
        self.tokens = list(self._split(token, hints))
        self.at = self.depth = 0

    def _split(self, token: re.Pattern[str], hints: Mapping[str, str]) -> Iterator[tuple[str, str, int]]:
        at, end = 0, len(self.text.rstrip())
        while at < end:
            match = token.match(self.text, at)
            if match is None:
                rest = self.text[at:].lstrip()
                hint = hints.get(rest[:1], "a name with odd characters stands in backticks")
                self.fail(f"{rest[:1]!r} is not understood", len(self.text) - len(rest), hint)
            kind = str(match.lastgroup)
            yield kind, match[kind], match.start(kind)
            at = match.end()
        yield "end", "", end

    def fail(self, problem: str, at: int | None = None, hint: str = "") -> NoReturn:
        """Raise an `InputError` that shows the place, that of the next token where none is given."""
        at = self.tokens[self.at][2] if at is None else at
        beside = self.text[max(0, at - 20) : at + 20]
        raise InputError(
            f"{self.where} {self.text[:200]!r}: {problem} at character {at + 1}, near {beside!r}"
            + (f"; {hint}" if hint else "")
        )

    def found(self) -> str:
        """The next token, for messages."""
        kind, value, _ = self.tokens[self.at]
        return "the end" if kind == "end" else repr(value)

    def take(self, *symbols: str) -> str | None:
        """Read one of the symbols, if it comes next."""
        kind, value, _ = self.tokens[self.at]
        if kind == "symbol" and value in symbols:
            self.at += 1
            return value
        return None

    def expect(self, symbol: str) -> None:
        """Read a symbol that must come next."""
        if self.take(symbol) is None:
            self.fail(f"{symbol!r} is expected, found {self.found()}")

    def operand(self) -> tuple[str, str]:
        """Read a token that is no symbol: its kind and value."""
        kind, value, _ = self.tokens[self.at]
        if kind in ("end", "symbol"):
            self.fail(f"a name or number is expected, found {self.found()}")
        self.at += 1
        return kind, value

    def deeper(self, read: Callable[[], N]) -> N:
        """Read what stands inside, not too deep."""
        self.depth += 1
        if self.depth > _DEPTH:
            self.fail(f"more than {_DEPTH} {self.deep} inside one another")
        node = read()
        self.depth -= 1
        return node

    def arguments(self, name: str, wanted: int, read: Callable[[], N], start: int | None = None) -> list[N]:
        """Read what stands between the brackets of a function; `wanted` is how many, -1 for one or more."""
        found = [self.deeper(read)]
        while self.take(","):
            found.append(self.deeper(read))
        self.expect(")")
        if wanted not in (-1, len(found)):
            at = None if start is None else self.tokens[start][2]
            self.fail(f"{name}() takes {wanted} arguments, received {len(found)}", at)
        return found


def walk(node: Tree) -> Iterator[Tree]:
    """A node of a tree and all below it, its `parts`, in the order of the text."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.parts))


def fold(function: Callable[[Any, Any], Any], values: Sequence[Any]) -> Any:
    """A function of two arguments for any number of them, from the left."""
    result = values[0]
    for value in values[1:]:
        result = function(result, value)
    return result


def nearest(name: str, known: Iterable[object], most: int = _SHOWN) -> str:
    """Half a sentence that helps with a misspelt name: the nearest known ones, or what there is.

    Examples:
        >>> nearest("lepton_pt", ["lepton_pT", "m_bb"])
        "did you mean 'lepton_pT'?"
        >>> nearest("zzz", ["lepton_pT", "m_bb"])
        "there are 'lepton_pT', 'm_bb'"
    """
    names = list(dict.fromkeys(map(str, known)))
    if not names:
        return "there are none"
    folded = {key.lower(): key for key in reversed(names)}
    matches = [folded[key] for key in difflib.get_close_matches(name.lower(), folded, n=3, cutoff=0.5)]
    if matches:
        return f"did you mean {' or '.join(map(repr, matches))}?"
    return f"there are {listed(names, most)}"


def listed(names: Sequence[object], most: int = _SHOWN) -> str:
    """Names in quotes with commas, the first ones of a long list.

    Examples:
        >>> listed(["pt", "eta"])
        "'pt', 'eta'"
    """
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
