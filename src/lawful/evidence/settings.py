"""What `examine` checks of its settings before it measures anything."""

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

from lawful.errors import InputError
from lawful.evidence.models import Subject
from lawful.evidence.questions import Binary, ManyClass, Question, Regression
from lawful.evidence.resampling import check_toys

UNCERTAINTY = 0.1
_KIND = {"binary": "two classes", "classes": "many classes", "regression": "a regression"}
_ROLES = ("signal", "background")


def check_settings(
    *,
    toys: Any,
    seed: Any,
    background_uncertainty: Any,
    importance: Any,
    attribution: Any,
    name: Any,
    title: Any,
    description: Any,
    provenance: Any,
) -> None:
    """Check types and ranges.

    Raises:
        InputError: Naming the setting, what it is and what was expected.
    """
    check_toys(toys)
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise InputError(f"seed={seed!r}: expected a whole number of at least zero.")
    if background_uncertainty is not None:
        wrong = isinstance(background_uncertainty, bool) or not isinstance(background_uncertainty, Real)
        if wrong or not 0 <= float(background_uncertainty) < float("inf"):
            raise InputError(
                f"background_uncertainty={background_uncertainty!r}: expected a share of at least zero, such as 0.1."
            )
    for key, flag in (("importance", importance), ("attribution", attribution)):
        if not isinstance(flag, bool):
            raise InputError(f"{key}={flag!r}: expected True or False.")
    for key, text in (("name", name), ("title", title), ("description", description)):
        if not isinstance(text, str) and not (key == "title" and text is None):
            raise InputError(f"{key}={text!r}: expected text.")
    if not name.strip():
        raise InputError(f"name={name!r}: expected a name for tables and legends.")
    if provenance is not None and not isinstance(provenance, Mapping):
        raise InputError(f"provenance={type(provenance).__name__}: expected a mapping of names to facts.")


def names_of(variables: Any) -> tuple[str, ...]:
    """The names in `variables`, one of them or several.

    Raises:
        InputError: When they are not names.
    """
    if isinstance(variables, str):
        return (variables,)
    if not isinstance(variables, Sequence) or not all(isinstance(v, str) for v in variables):
        raise InputError(f"variables={variables!r}: expected names of columns, such as ['mass'].")
    return tuple(dict.fromkeys(variables))


def subjects(others: Any, name: str) -> tuple[Subject, ...]:
    """The models to compare with, fitted.

    Raises:
        InputError: When they are no mapping, or one has the name of the examined model or was not fitted.
    """
    if others is not None and not isinstance(others, Mapping):
        raise InputError(f"others={type(others).__name__}: expected a mapping of names to fitted models.")
    named = {str(key): model for key, model in (others or {}).items()}
    if len(named) < len(others or {}):
        raise InputError(f"others={list(others or {})!r}: two names are the same as text. Call them differently.")
    if name in named:
        raise InputError(f"others has the name {name!r} of the examined model: pass name= to call that otherwise.")
    found = tuple(Subject(key, model) for key, model in named.items())
    for subject in found:
        subject.check_fitted()
    return found


def check_use(question: Question, *, data: Any, background_uncertainty: Any) -> None:
    """Check that the options do something for this question.

    Raises:
        InputError: Naming the option, and what it is for.
    """
    kind = _KIND[question.kind]
    if data is not None and not isinstance(question, Binary):
        raise InputError(f"data= does nothing for {kind}: data and simulation are overlaid for two classes.")
    if background_uncertainty is not None and isinstance(question, Regression):
        raise InputError(f"background_uncertainty= does nothing for {kind}: it belongs to significances.")


def idle(question: Question, variables: Sequence[str]) -> str:
    """A sentence on options that do nothing for this question, empty when there are none.

    A study may name its variables before it is known how many classes there are, so these are no error.
    """
    if not variables or isinstance(question, Binary):
        return ""
    return (
        f"variables= ({', '.join(variables)}) does nothing for {_KIND[question.kind]}: the shape of variables after "
        "cuts on the score is shown for two classes."
    )


def yields(expected: Any, question: Question) -> dict[str, float]:
    """Expected yields: by "signal" and "background" for two classes, by class for many.

    Raises:
        InputError: For other names, names that could mean either class, yields that are not above zero, a
            regression, or many classes of which some have none.
    """
    if expected is None:
        return {}
    if not isinstance(expected, Mapping):
        raise InputError(f"expected={expected!r}: expected a mapping, such as {{'signal': 50, 'background': 1000}}.")
    if isinstance(question, Regression):
        raise InputError("expected= does nothing for a regression: yields belong to classes.")
    given = {str(key): _yield(str(key), value) for key, value in expected.items()}
    from lawful.data.names import require

    if isinstance(question, ManyClass):
        known = [str(c) for c in question.classes]
        require(given, known, what="class", where="expected=")
        absent = [c for c in known if c not in given]
        if absent and given:
            raise InputError(f"expected= has no yield for {absent[0]!r}: many classes need one each, {known[:10]}.")
        return given
    assert isinstance(question, Binary)
    classes = (str(question.positive), str(question.negative))
    require(given, dict.fromkeys([*_ROLES, *classes]), what="class", where="expected=")
    found: dict[str, float] = {}
    for key, value in given.items():
        meant = {role for role, label in zip(_ROLES, classes, strict=True) if key in (role, label)}
        if len(meant) > 1:
            raise InputError(
                f"expected[{key!r}] could mean either class, since {classes[0]!r} is the signal here: pass y with "
                "other labels, or choose positive= otherwise."
            )
        role = meant.pop()
        if role in found:
            raise InputError(f"expected={dict(expected)!r}: gives the {role} twice.")
        found[role] = value
    return found


def _yield(key: str, value: Any) -> float:
    wrong = isinstance(value, bool) or not isinstance(value, Real)
    if wrong or not 0 < float(value) < float("inf"):
        raise InputError(f"expected[{key!r}]={value!r}: a yield is a number of events above zero.")
    return float(value)
