"""Two related models whose weights are alike: the same detector in two years, the same process in two samples."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lawful.errors import InputError
from lawful.physics.columns import Columns
from lawful.physics.statement import Enforced, Model, Statement


class Tied(Statement):
    r"""The weights of two models of the same shape are alike, since what they describe is related.

    The violation is the relative distance of the weights,
    $|\theta_1 - \theta_2| / \sqrt{(\theta_1^2 + \theta_2^2) / 2}$, root mean square over the members, the same for
    every row. The weights act on inputs that are scaled alike, as those of the first model.

    Args:
        first: A Classifier or Regressor. With a fitted one alone, a model with this statement in `physics=` starts
            from its weights and is held near them.
        second: Another one, of the same shape: both are trained together, by `fit` of what `by` gives.

    Mechanisms:
        loss: A penalty on the distance, `weight` times its square beyond a `tolerance`.
        architecture: One set of weights for both, which differ in the scaling of their targets; with `second` only.

    Raises:
        InputError: When what is given is no such model.

    Examples:
        >>> import lawful as lf
        >>> X = np.random.default_rng(0).normal(size=(100, 2))
        >>> first, second = (lf.Regressor(hidden=(8,), epochs=5, verbose=False) for _ in range(2))
        >>> tied = Tied(first, second)
        >>> models = tied.by("loss", weight=10.0).fit((X, X[:, 0]), (X[:60], X[:60, 0] + 0.1 * X[:60, 1]))
        >>> bool(0 < tied.violation(None, X).max() < 0.5)
        True
    """

    mechanisms: tuple[str, ...] = ("loss",)
    natural = True

    def __init__(self, first: Any, second: Any = None) -> None:
        first, second = (Remembered(**m) if _is_saved(m) else m for m in (first, second))
        for model in (first, second):
            if model is not None and not hasattr(model, "fit_tied") and not isinstance(model, Remembered):
                raise InputError(f"Tied: {model!r} is no lawful Classifier or Regressor.")
        if first is None:
            raise InputError("Tied(None): expected a Classifier or Regressor first.")
        if second is not None:
            if type(first) is not type(second):
                raise InputError(
                    f"Tied: a {type(first).__name__} and a {type(second).__name__} ask different questions."
                )
            if first is second:
                raise InputError("Tied: one model given twice; make the second with sklearn.base.clone(first).")
            self.mechanisms = ("loss", "architecture")
        self.first, self.second = first, second

    @property
    def name(self) -> str:
        """What is tied."""
        return f"weights tied to those of another {_called(self.first)}"

    def plain(self) -> dict[str, Any]:
        """See `Statement.plain`; the models by the name of their class alone."""
        named = {"first": {"model": _called(self.first)}}
        return named if self.second is None else named | {"second": {"model": _called(self.second)}}

    def by(self, mechanism: str, **options: Any) -> "Enforced":
        """See `Statement.by`."""
        enforced = super().by(mechanism, **options)
        return TiedTogether(self, enforced.mechanism, enforced.options)

    def fit(self, *data: Any) -> None:  # noqa: ARG002
        """Nothing can be trained before it is said how.

        Raises:
            InputError: Always.
        """
        raise InputError(f"{self.name}: say how, as in Tied(one, two).by('loss', weight=1.0).fit(...).")

    def weights(self, model: Any = None) -> Tensor:
        """The weights of a fitted model, (M, P), float64; by default of the first.

        Raises:
            InputError: When it is not fitted.
        """
        model = self.first if model is None else model
        if isinstance(model, Remembered) and model.values is not None:
            return torch.from_numpy(model.values)
        members = getattr(model, "members_", None)
        if members is None:
            raise InputError(f"{self.name}: fit it first.")
        values: Tensor = members.values.detach().to("cpu", torch.float64)
        return values

    def violation(self, model: Any, X: Any, *, seed: int = 0, scale: Any = None) -> NDArray[np.float64]:  # noqa: ARG002
        """See `Statement.violation`.

        Args:
            model: What is compared with the first; None: the second.
            X: Rows for each of which the one number is given.
            seed: Nothing here is random.
            scale: The distance has its own scale.

        Raises:
            InputError: When the models differ in shape, or are not fitted.
        """
        ours, theirs = self.weights(), self.weights(self.second if model is None else model)
        if ours.shape[1] != theirs.shape[1] or (len(ours) != len(theirs) and 1 not in (len(ours), len(theirs))):
            raise InputError(
                f"{self.name}: {tuple(ours.shape)} weights cannot be compared with {tuple(theirs.shape)}; expected "
                "networks of the same shape, and as many."
            )
        distance = (ours - theirs).square().sum(1) / ((ours.square().sum(1) + theirs.square().sum(1)) / 2)
        return np.full(len(X), float(distance.mean().sqrt()))

    def residual(self, model: Model, X: Tensor, table: Columns, rng: np.random.Generator) -> Tensor:  # noqa: ARG002
        """Nothing of predictions is stated."""
        raise InputError(f"{self.name}: it is about weights, not predictions; measure it by violation(model, X).")


@dataclass
class Remembered:
    """What is left of a model in the file of another one that is tied to it.

    Attributes:
        model: Name of its class.
        values: Its weights, (M, P), float64.
    """

    model: str
    values: NDArray[np.float64] | None = None


def _is_saved(given: Any) -> bool:
    return isinstance(given, Mapping) and set(given) == {"model"} and isinstance(given["model"], str)


def _called(model: Any) -> str:
    return model.model if isinstance(model, Remembered) else type(model).__name__


class TiedTogether(Enforced):
    """An enforced `Tied`, which trains both models where it has two."""

    def fit(self, first: tuple[Any, ...], second: tuple[Any, ...]) -> tuple[Any, Any]:
        """Train both models together.

        Args:
            first: (X, y) or (X, y, weight) of the first, or Events alone in a tuple.
            second: Those of the second.

        Returns:
            Both models, fitted.

        Raises:
            InputError: When there is no second model, or the networks differ in shape or question.
        """
        assert isinstance(self.statement, Tied)
        if self.statement.second is None:
            raise InputError(f"{self.name}: there is one model only; put the statement in physics= of another one.")
        self.statement.first.fit_tied(self.statement.second, first, second, self)
        return self.statement.first, self.statement.second
