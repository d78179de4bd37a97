"""Statements that cannot both hold are found before anything is trained."""

from collections.abc import Sequence
from itertools import combinations

from lawful.errors import InputError
from lawful.physics.statement import Enforced, Statement


def check_together(items: Sequence[Enforced | Statement]) -> None:
    """Refuse enforced statements that contradict one another; what is only measured may well be false.

    Args:
        items: Statements as a user lists them.

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
        why = first.statement.against(second.statement) or second.statement.against(first.statement)
        if why is not None:
            raise InputError(
                f"{first.name} and {second.name} cannot both hold: {why}. Enforce one of them, and only measure the "
                "other."
            )
