"""Values of settings: taken as they are meant, or refused in one line that says what is allowed."""

import difflib
import math
import reprlib
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from lawful.errors import InputError


def whole(name: str, value: Any, least: int, also: str = "") -> int:
    """Give a whole number of at least `least`; True and False are none.

    Args:
        name: Of the setting.
        value: What was given.
        least: Smallest number allowed.
        also: What else the caller takes, for the message, as "'auto' or ".

    Raises:
        InputError: For anything else.

    Examples:
        >>> whole("epochs", np.int32(3), 1)
        3
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise InputError(f"{name}={_short(value)}: expected {also}a whole number of at least {least}.")
    return int(value)


def number(
    name: str,
    value: Any,
    *,
    least: float = -math.inf,
    above: float = -math.inf,
    most: float = math.inf,
    also: str = "",
) -> float:
    """Give a finite number x with x >= least, x > above and x <= most.

    Args:
        name: Of the setting.
        value: What was given.
        least: Smallest number allowed.
        above: Bound that is not allowed itself.
        most: Largest number allowed.
        also: What else the caller takes, for the message, as "None or ".

    Raises:
        InputError: For anything else.

    Examples:
        >>> number("dropout", 0.2, least=0, most=0.95)
        0.2
    """
    if isinstance(value, Real) and not isinstance(value, bool | np.bool_):
        x = _float(value)
        if least <= x <= most and x > above and math.isfinite(x):
            return x
    if math.isfinite(least) and math.isfinite(most):
        wanted = f"a number from {least:g} to {most:g}"
    elif math.isfinite(least):
        wanted = f"a number of at least {least:g}"
    elif above == 0:
        wanted = "a positive number, as 1e-3"
    else:
        wanted = "a finite number"
    raise InputError(f"{name}={_short(value)}: expected {also}{wanted}.")


def flag(name: str, value: Any) -> bool:
    """Give True or False.

    Raises:
        InputError: For anything but these, 0 and 1.
    """
    if isinstance(value, bool | np.bool_ | int | np.integer) and value in (0, 1):
        return bool(value)
    raise InputError(f"{name}={_short(value)}: expected True or False.")


def one_of(name: str, value: Any, allowed: Sequence[str | None], more: str = "") -> Any:
    """Give one of the allowed words, or None where it is among them.

    Args:
        name: Of the setting.
        value: What was given.
        allowed: What may be given.
        more: What else may be given, said at the end of the list.

    Raises:
        InputError: For anything else; names the nearest word.

    Examples:
        >>> one_of("schedule", "cosine", ("constant", "cosine"))
        'cosine'
    """
    if value is None or isinstance(value, str):
        if value in allowed:
            return value
        words = [word for word in allowed if isinstance(word, str)]
        near = difflib.get_close_matches(str(value), words, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
    else:
        hint = ""
    raise InputError(f"{name}={_short(value)} is not known: use one of {list(allowed)}{more}.{hint}")


def widths(name: str, value: Any) -> tuple[int, ...]:
    """Give the widths of hidden layers; a single number is one layer.

    Raises:
        InputError: For anything but positive whole numbers.

    Examples:
        >>> widths("hidden", [64, 32])
        (64, 32)
    """
    row = isinstance(value, np.ndarray) and value.ndim == 1
    several = list(value) if row or (isinstance(value, Sequence) and not isinstance(value, str)) else [value]
    if all(isinstance(n, Integral) and not isinstance(n, bool) and int(n) > 0 for n in several):
        return tuple(int(n) for n in several)
    raise InputError(
        f"{name}={_short(value)}: expected positive whole numbers, one for each hidden layer, as (64, 64)."
    )


def _float(value: Real) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number may be too long
        return math.inf


def _short(value: Any) -> str:
    """A value as Python writes it, on one line, and cut if it is long."""
    return " ".join(reprlib.repr(value).split())
