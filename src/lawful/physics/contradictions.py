"""Statements that cannot both hold are found before anything is trained."""

from collections.abc import Sequence
from itertools import combinations

from lawful.errors import InputError
from lawful.physics.columns import Columns
from lawful.physics.statement import Enforced, Statement


def check_together(items: Sequence[Enforced | Statement], table: Columns | None = None) -> None:
    """Refuse enforced statements that contradict one another; what is only measured may well be false.

    Args:
        items: Statements as a user lists them.
        table: The columns, where they are known: one may be named in one statement and numbered in another.

    Raises:
        InputError: When two that are enforced cannot both hold; names both, and says why.

    Examples:
        >>> from lawful.physics import Bounds
        >>> check_together([Bounds(lower=0.0).by("loss"), Bounds(upper=-1.0)])
        >>> check_together([Bounds(lower=0.0).by("loss"), Bounds(upper=-1.0).by("loss")])  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        lawful.errors.InputError: bounds, at least 0, by loss and bounds, at most -1, by loss cannot both hold: ...
    """
    enforced = [item for item in items if isinstance(item, Enforced)]
    for first, second in combinations(enforced, 2):
        one, two = (s if table is None else s.located(table) for s in (first.statement, second.statement))
        why = one.against(two) or two.against(one)
        if why is not None:
            raise InputError(
                f"{first.name} and {second.name} cannot both hold: {why}. Enforce one of them, and only measure the "
                "other."
            )
