"""Cut strings such as `pt > 30 and abs(eta) < 2.5`: a small language of our own, read but never run as code."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lawful.data.cut_syntax import CONSTANTS, FUNCTIONS, Node, parsed, walk
from lawful.data.names import require
from lawful.errors import InputError

Array = npt.NDArray[Any]

_LENGTH = 10_000  # characters of a cut
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_WHOLE = 2.0**63 - 2.0**12  # below it no sum or product of whole numbers overflows, also after rounding


def _exact(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Whole numbers stay whole while every result fits 64 bits; else all become floats, and none wraps around."""

    def apply(left: Any, right: Any) -> Any:
        if _whole(left, right):
            near = function(np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64))
            if np.any(np.abs(near) >= _WHOLE):
                return near
        return function(left, right)

    return apply


def _divided(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Division by zero as among floats, infinite or NaN, also of whole numbers, where NumPy would say 0."""

    def apply(left: Any, right: Any) -> Any:
        zero = np.asarray(right) == 0
        if not (_whole(left, right) and zero.any()):
            return function(left, right)
        undefined = function(np.asarray(left, dtype=np.float64), np.zeros(()))
        return np.where(zero, undefined, function(left, np.where(zero, 1, right)))

    return apply


def _whole(*values: Any) -> bool:
    return all(np.asarray(value).dtype.kind in "iu" for value in values)


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": _exact(np.add),
    "-": _exact(np.subtract),
    "*": _exact(np.multiply),
    "/": np.true_divide,
    "//": _divided(np.floor_divide),
    "%": _divided(np.mod),
    "**": lambda base, power: np.power(np.asarray(base, dtype=np.float64), power),
}


@dataclass(frozen=True)
class Cut:
    """A cut that was understood.

    Attributes:
        text: As the user wrote it.
        names: The columns that it needs, in order of appearance.
        clouds: The clouds whose objects it counts.
        what: What errors call it.
    """

    text: str
    names: tuple[str, ...]
    clouds: tuple[str, ...]
    _tree: Node
    what: str = "cut"

    def __call__(
        self, columns: Mapping[str, Array], length: int, counts: Mapping[str, Array] | None = None
    ) -> npt.NDArray[np.bool_]:
        """Which of `length` events pass, (N,) bool; a comparison with a missing value (NaN) is False, but for `!=`.

        Args:
            columns: Name to (N,) values.
            length: N.
            counts: Cloud name to (N,) numbers of objects.

        Raises:
            InputError: For a name that is no column (the nearest are named), or a cut that is not a condition.
        """
        with np.errstate(all="ignore"):
            passed = self._evaluator(columns, counts or {}).condition(self._tree)
        return np.broadcast_to(passed, (length,))

    def values(self, columns: Mapping[str, Array], length: int, counts: Mapping[str, Array] | None = None) -> Array:
        """What the text says as numbers, (N,): a condition is 1 or 0, whole numbers stay whole.

        Args:
            columns: Name to (N,) values.
            length: N.
            counts: Cloud name to (N,) numbers of objects.

        Raises:
            InputError: For a name that is no column, or where a number is expected and text stands.

        Examples:
            >>> parse("2 * n + (n > 1)").values({"n": np.array([1, 2])}, 2).tolist()
            [2, 5]
        """
        with np.errstate(all="ignore"):
            values = np.asarray(self._evaluator(columns, counts or {}).number(self._tree))
        return values if values.ndim else np.full(length, values)

    @property
    def undefined(self) -> bool:
        """Whether missing values go on into the values; those of a condition are 1 or 0 all the same."""
        tests = ("isnan", "isinf", "isfinite")
        return self._tree.kind not in ("compare", "in", "and", "or", "not") and self._tree.value not in tests

    def _evaluator(self, columns: Mapping[str, Array], counts: Mapping[str, Array]) -> "_Evaluator":
        require(self.names, columns, what="column", where=f"{self.what} {self.text!r}: the data")
        require(self.clouds, counts, what="cloud", where=f"{self.what} {self.text!r}: the data")
        return _Evaluator(f"{self.what} {self.text[:200]!r}", columns, counts)


def parse(text: str, what: str = "cut") -> Cut:
    """Understand a cut string.

    The language: `and`, `or`, `not`, comparisons and chains of them (`0 < eta <= 2.5`), `in (1, 2)`,
    `+ - * / // % **`, numbers, 'text', `pi`, functions (`abs`, `sqrt`, `log`, `exp`, `min`, `max`, `hypot`, `sin`
    and so on, as NumPy's), `count(cloud)` for the number of objects, and names of columns; a name with other
    characters than letters, digits and `_` stands in backticks.

    Signs bind as in C++ and in ROOT's `TTree::Draw`: `&` and `&&` are `and`, `|` and `||` are `or`, looser than
    comparisons, so that `a > 1 & b < 2` needs no brackets; none of them works on bits. `!` and `~` bind tighter
    than everything, so that `!a == 1` is `(!a) == 1`; the word `not` binds as in Python, so that `not a == 1` is
    `not (a == 1)`. Chains mean what they mean in Python: `0 < a < 2` is `0 < a and a < 2`.

    Arithmetic is NumPy's. `/` never cuts off a fraction. `//` rounds down and `%` has the sign of the divisor:
    `-7 % 3` is 2, where C++ has -1. Division by zero gives infinity or NaN, of whole numbers too. Whole numbers are
    exact while all results fit 64 bits, and floats beyond; none wraps around.

    Args:
        text: The cut.
        what: What errors call it.

    Returns:
        A `Cut`, to be called with the columns.

    Raises:
        InputError: When it cannot be understood; the message shows where.

    Examples:
        >>> cut = parse("pt > 30 and abs(eta) < 2.5 & (nb >= 1 | `b-tag` > 0.9)")
        >>> cut.names
        ('pt', 'eta', 'nb', 'b-tag')
        >>> parse("0 < x < 2")({"x": np.array([-1.0, 1.0, np.nan])}, 3).tolist()
        [False, True, False]
    """
    if not isinstance(text, str):
        raise InputError(f"a {what} must be text such as 'pt > 30', received {type(text).__name__}")
    if len(text) > _LENGTH:
        raise InputError(f"{what} is {len(text)} characters long, at most {_LENGTH} are read")
    tree = parsed(text, what)
    names, clouds = [], []
    for node in walk(tree):
        if node.kind == "name":
            names.append(node.value)
        elif node.kind == "count":
            clouds.append(node.value)
    return Cut(text, tuple(dict.fromkeys(names)), tuple(dict.fromkeys(clouds)), tree, what)


class _Evaluator:
    """Values of the pieces of a cut, for all events at once."""

    def __init__(self, where: str, columns: Mapping[str, Array], counts: Mapping[str, Array]) -> None:
        self.where = where
        self.columns = columns
        self.counts = counts

    def condition(self, node: Node) -> Any:
        """A piece that must be true or false; a column of zeros and ones will do."""
        if node.kind in ("and", "or"):
            result = self.condition(node.parts[0])
            for part in node.parts[1:]:
                other = self.condition(part)
                result = np.logical_and(result, other) if node.kind == "and" else np.logical_or(result, other)
            return result
        if node.kind == "not":
            return np.logical_not(self.condition(node.parts[0]))
        if node.kind == "in":
            return self.among(node)
        if node.kind == "compare":
            return self.compare(node)
        value = np.asarray(self.value(node))
        if value.dtype == np.bool_:
            return value
        if value.dtype.kind in "iuf" and node.kind != "number" and bool(np.all((value == 0) | (value == 1))):
            return value == 1
        raise InputError(
            f"{self.where}: {_spelt(node)} is a {'text' if value.dtype.kind == 'U' else 'number'}, "
            "not a condition; compare it with something, as in pt > 30"
        )

    def compare(self, node: Node) -> Any:
        values = [self.value(part) for part in node.parts]
        result: Any = True
        for sign, left, right in zip(node.value, values, values[1:], strict=False):
            texts = [isinstance(value, str) or np.asarray(value).dtype.kind == "U" for value in (left, right)]
            if texts[0] != texts[1] or (texts[0] and sign not in ("==", "!=")):
                raise InputError(
                    f"{self.where}: text can be compared with text by == and != alone, "
                    f"not a {'text' if texts[0] else 'number'} {sign} a {'text' if texts[1] else 'number'}"
                )
            result = np.logical_and(result, _COMPARE[sign](left, right))
        return result

    def among(self, node: Node) -> Any:
        value = np.asarray(self.value(node.parts[0]))
        if any(isinstance(choice, str) != (value.dtype.kind == "U") for choice in node.value):
            raise InputError(f"{self.where}: the list {node.value} mixes text and numbers with the column")
        result: Any = False
        for choice in node.value:
            result = np.logical_or(result, value == choice)
        return result

    def value(self, node: Node) -> Any:
        """A piece that may be a number, a text or a condition."""
        if node.kind in ("number", "text"):
            return node.value
        if node.kind == "constant":
            return CONSTANTS[node.value]
        if node.kind == "name":
            return self.columns[node.value]
        if node.kind == "count":
            return self.counts[node.value]
        if node.kind == "minus":
            return _tidy(np.negative(self.number(node.parts[0])))
        if node.kind == "arithmetic":
            left, right = (self.number(part) for part in node.parts)
            return _tidy(_ARITHMETIC[node.value](left, right))
        if node.kind == "call":
            return _tidy(FUNCTIONS[node.value][1](*(self.number(part) for part in node.parts)))
        return self.condition(node)

    def number(self, node: Node) -> Any:
        """A piece that must be a number; small and unsigned whole numbers are widened so that none wraps around."""
        value = self.value(node)
        if isinstance(value, str) or np.asarray(value).dtype.kind == "U":
            raise InputError(f"{self.where}: {_spelt(node)} is text, a number is expected")
        if isinstance(value, bool | int):
            return float(value) if isinstance(value, int) and abs(value) > 2**53 else value * 1
        if isinstance(value, float):
            return value
        array = np.asarray(value)
        if array.dtype.kind in "biu":
            return array.astype(np.float64 if array.dtype == np.uint64 else np.int64)
        return array


def _tidy(value: Any) -> Any:
    """A number made from constants alone goes on as a plain number, which takes the precision of its partner."""
    return float(value) if np.ndim(value) == 0 and np.asarray(value).dtype.kind in "iuf" else value


def _spelt(node: Node) -> str:
    return repr(node.value) if node.kind in ("name", "number", "text") else "an expression"


def selected(
    select: str | Array | Sequence[int],
    columns: Mapping[str, Array],
    length: int,
    counts: Mapping[str, Array] | None = None,
) -> npt.NDArray[np.int64]:
    """Positions of the events that a cut string, a mask or an array of positions picks, (n,).

    Raises:
        InputError: When the cut is wrong, the mask has another length, or a position lies outside.
    """
    if isinstance(select, str):
        return np.flatnonzero(parse(select)(columns, length, counts))
    chosen = np.asarray(select)
    if chosen.ndim != 1 or (len(chosen) and chosen.dtype.kind not in "biu"):
        raise InputError(
            f"select must be a cut such as 'pt > 30', a mask of bool or an array of positions, "
            f"received {chosen.dtype} of shape {chosen.shape}"
        )
    if chosen.dtype == np.bool_:
        if len(chosen) != length:
            raise InputError(f"the mask has {len(chosen)} entries for {length} events: made from other events?")
        return np.flatnonzero(chosen)
    positions = chosen.astype(np.int64)
    outside = (positions < -length) | (positions >= length)
    if outside.any():
        raise InputError(
            f"position {int(positions[outside][0])} lies outside the {length} events: made from other events?"
        )
    return np.where(positions < 0, positions + length, positions)
