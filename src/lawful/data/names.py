"""Names of columns: the nearest one to a misspelt one, and patterns that stand for several."""

import difflib
import fnmatch
from collections.abc import Iterable, Sequence

from lawful.errors import InputError

_SHOWN = 12


def nearest(name: str, known: Iterable[str]) -> str:
    """Half a sentence that helps with a misspelt name: the nearest known ones, or what there is.

    Examples:
        >>> nearest("lepton_pt", ["lepton_pT", "m_bb"])
        "did you mean 'lepton_pT'?"
        >>> nearest("zzz", ["lepton_pT", "m_bb"])
        "there are 'lepton_pT', 'm_bb'"
    """
    names = list(dict.fromkeys(known))
    if not names:
        return "there are none"
    folded = {key.lower(): key for key in reversed(names)}
    matches = [folded[key] for key in difflib.get_close_matches(name.lower(), folded, n=3, cutoff=0.5)]
    if matches:
        return f"did you mean {' or '.join(map(repr, matches))}?"
    return f"there are {listed(names)}"


def listed(names: Sequence[object]) -> str:
    """Names in quotes with commas, the first dozen of a long list.

    Examples:
        >>> listed(["pt", "eta"])
        "'pt', 'eta'"
    """
    shown = ", ".join(repr(name) for name in names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"


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
