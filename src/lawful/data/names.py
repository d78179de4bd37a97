"""Names of columns: the nearest one to a misspelt one, and patterns that stand for several."""

import fnmatch
from collections.abc import Iterable, Sequence

from lawful.errors import InputError
from lawful.grammar import listed, nearest

__all__ = ["expand", "listed", "nearest", "require"]


def require(names: Iterable[str], known: Iterable[str], *, what: str, where: str) -> None:
    """Raise `InputError` for the first name that is not known, naming the nearest that are."""
    known = list(known)
    there = set(known)
    for name in names:
        if name not in there:
            raise InputError(f"{where} has no {what} {name!r}: {nearest(name, known)}")


def expand(patterns: Iterable[str], known: Sequence[str], *, what: str, where: str) -> tuple[str, ...]:
    """The names that `patterns` stand for, in the order given: a name itself, or `*` and `?` for several.

    Examples:
        >>> expand(["m_*", "pt"], ["pt", "m_bb", "m_jj"], what="column", where="the file")
        ('m_bb', 'm_jj', 'pt')
    """
    there = set(known)
    found: list[str] = []
    for pattern in patterns:
        if pattern in there:
            found.append(pattern)
            continue
        matches = [name for name in known if fnmatch.fnmatchcase(name, pattern)] if set("*?") & set(pattern) else []
        if not matches:
            require([pattern], known, what=what, where=where)
        found.extend(matches)
    return tuple(dict.fromkeys(found))
