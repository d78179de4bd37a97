"""Checks of physics for your own tests."""

from typing import Any

from lawful.physics.statement import Enforced, Statement, statements_of
from lawful.physics.symmetry import Symmetry


def assert_keeps(
    model: Any, statement: Statement | Enforced, X: Any, *, tolerance: float = 1e-6, seed: int = 0
) -> None:
    """Fail when a model breaks a statement by more than `tolerance` on some row.

    Args:
        model: A fitted estimator, a torch module or a function of arrays.
        statement: What must hold; enforced or not.
        X: Inputs, (N, F).
        tolerance: Largest violation of a row, see `Statement.violation`.
        seed: Random transformations follow from it.

    Raises:
        AssertionError: Says how far, and in how many rows.

    Examples:
        >>> import numpy as np
        >>> from lawful.physics import Bounds
        >>> assert_keeps(lambda x: np.exp(x[:, 0]), Bounds(lower=0.0), np.zeros((3, 1)))
    """
    (statement,) = statements_of(statement)
    v = statement.violation(model, X, seed=seed)
    if not v.max() <= tolerance:
        count = int((v > tolerance).sum())
        raise AssertionError(
            f"{statement.name} is broken by up to {v.max():.3g} (row {int(v.argmax())}), in {count} of {len(v)} rows "
            f"by more than {tolerance:g}."
        )


def assert_equivariant(
    model: Any, group: Any, on: Any, to: str, X: Any, *, tolerance: float = 1e-6, seed: int = 0
) -> None:
    """Fail when a model's output does not transform as stated when its inputs do.

    Args:
        model: A fitted estimator, a torch module or a function of arrays.
        group: As for `lawful.physics.Symmetry`.
        on: How the columns transform.
        to: How the output transforms.
        X: Inputs, (N, F).
        tolerance: Largest violation of a row, in deviations of the output.
        seed: Group elements follow from it.

    Raises:
        AssertionError: Says how far, and in how many rows.

    Examples:
        >>> import numpy as np
        >>> X = np.random.default_rng(0).normal(size=(10, 6))
        >>> assert_equivariant(lambda x: np.cross(x[:, :3], x[:, 3:]), "SO(3)", "2*vector", "vector", X)
    """
    assert_keeps(model, Symmetry(group, on, to), X, tolerance=tolerance, seed=seed)
