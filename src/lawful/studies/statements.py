"""The statements of a study: from the tables of `[[physics]]` to what an estimator is given."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from lawful.errors import InputError


def without_gaps(content: Any, where: str) -> Any:
    """Plain data as TOML can hold it: keys without a value are left out, tuples become lists.

    Raises:
        InputError: When a list has an empty place, for which TOML has no word.

    Examples:
        >>> without_gaps({"lower": 0.0, "upper": None}, "physics")
        {'lower': 0.0}
    """
    if isinstance(content, Mapping):
        return {str(k): without_gaps(v, f"{where}.{k}") for k, v in content.items() if v is not None}
    if isinstance(content, list | tuple):
        if any(value is None for value in content):
            raise InputError(f"{where}: a list in a study has no empty places (found {list(content)!r}).")
        return [without_gaps(value, where) for value in content]
    return content


def make_statement(plain: Mapping[str, Any]) -> Any:
    """The statement that a table of `[[physics]]` says, enforced where it has `by`.

    Args:
        plain: `statement`, its arguments, and perhaps `by` and `options`.

    Raises:
        InputError: When a name or value is wrong; says what is allowed.

    Examples:
        >>> make_statement({"statement": "Bounds", "lower": 0.0, "by": "loss", "options": {"weight": 10}})
        Enforced(statement=bounds, at least 0, mechanism='loss', options={'weight': 10, 'tolerance': 0.0})
    """
    from lawful.data.names import nearest
    from lawful.physics import STATEMENTS
    from lawful.physics.statement import Statement, from_plain

    kind = plain["statement"]
    if kind not in STATEMENTS:
        raise InputError(f"statement: there is no {kind!r} ({nearest(str(kind), STATEMENTS)}).")
    arguments, required = arguments_of(kind)
    given = set(plain) - {"statement", "by", "options"}
    for name in sorted(given - set(arguments)):
        raise InputError(
            f"the key {name!r} is not known ({nearest(name, arguments)}). Allowed with {kind}: "
            f"{', '.join([*arguments, 'by', 'options'])}."
        )
    if absent := [name for name in required if name not in given]:
        raise InputError(f"the key {absent[0]!r} is missing: {kind} needs {', '.join(required)}.")
    if plain.get("options") and "by" not in plain:
        raise InputError("options belong to a mechanism: say which one with by.")
    bare = from_plain({name: plain[name] for name in ("statement", *given)})
    assert isinstance(bare, Statement)
    allowed = list(bare.mechanisms)
    if "by" in plain and plain["by"] not in allowed:
        raise InputError(
            f"by: {kind} cannot be enforced by {plain['by']!r} in a study; allowed: "
            f"{', '.join(map(repr, allowed)) or 'none'}, or leave it out to have it measured alone."
        )
    return bare.by(plain["by"], **plain.get("options", {})) if "by" in plain else bare


def arguments_of(kind: str) -> tuple[list[str], list[str]]:
    """Names of the arguments of a statement, and of those that it cannot do without."""
    from lawful.physics import STATEMENTS

    parameters = inspect.signature(STATEMENTS[kind]).parameters.values()
    return [p.name for p in parameters], [p.name for p in parameters if p.default is inspect.Parameter.empty]


def check_columns(physics: Sequence[Any], events: Any, sets: Mapping[str, Sequence[str]], study: Any) -> None:
    """Check that the statements fit the columns of every set of features that is learned from.

    Raises:
        InputError: When one does not; names the set.
    """
    from lawful.physics.columns import Columns
    from lawful.physics.statement import target_units
    from lawful.predict.knowledge import Knowledge

    outputs = None if study.model.question == "classify" else (1 if events.y.ndim == 1 else events.y.shape[1])
    for subset, features in sets.items():
        units = {name: events.units[name] for name in features if name in events.units}
        try:
            columns = Columns(len(features), tuple(features), units, target_units(events))
            Knowledge(physics, columns, outputs, study.model.net)
        except InputError as error:
            where = "" if subset == "all" else f" on data.subsets.{subset}"
            raise InputError(f"physics{where}: {error}") from None
