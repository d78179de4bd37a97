"""What training minimises, written for weighted events, negative weights included.

A weight of either sign is a statement about a signed density. Multiplying a loss by a negative weight is unbounded
below where the local sum of weights is negative. So the sign becomes part of what is learned: the losses below are
weighted with |w| alone, and the sign comes back, exactly, when predictions are formed. Nothing is clipped or dropped.
Classification learns the probabilities q(k, s | x) of class k and sign s, after which
p(k | x) = sum_s s q(k, s | x) / sum_k sum_s s q(k, s | x) is the ratio of the signed densities; this is the signed
mixture of Drnevich, Jiggins, Katzy, Cranmer, 'Neural quasiprobabilistic likelihood ratio estimation with negatively
weighted data' (2024). Regression learns the share of negative weight r(x) and the mean of the target over each sign.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits


class Objective(ABC):
    """A loss for each event and its derivative by the scores.

    Shapes: scores z (..., B, O), targets y as each class says, result of `loss` (..., B), of `slope` (..., B, O).

    Attributes:
        tolerance: A gain in the loss below which nothing is gained; ends trainings whose loss falls for ever.
    """

    tolerance: float

    @property
    @abstractmethod
    def outputs(self) -> int:
        """Number of scores O that the network must give."""

    @property
    def parts(self) -> tuple[int, int, int]:
        """Scores that no symmetry moves, numbers in an output, and how often that output is given."""
        return 0, self.outputs, 1

    @abstractmethod
    def loss(self, z: Tensor, y: Tensor) -> Tensor:
        """Loss of each event."""

    @abstractmethod
    def slope(self, z: Tensor, y: Tensor) -> Tensor:
        """Derivative of each event's loss by its scores."""


@dataclass(frozen=True)
class BinaryCrossEntropy(Objective):
    r"""$-y \ln p - (1 - y) \ln(1 - p)$ with $p = 1 / (1 + e^{-z})$; y in {0, 1} of shape (..., B, 1)."""

    outputs = 1
    tolerance = 1e-6

    def loss(self, z: Tensor, y: Tensor) -> Tensor:
        """See the class."""
        return binary_cross_entropy_with_logits(z, y, reduction="none").squeeze(-1)

    def slope(self, z: Tensor, y: Tensor) -> Tensor:
        r"""$p - y$."""
        return torch.sigmoid(z).sub_(y)


@dataclass(frozen=True)
class CrossEntropy(Objective):
    r"""$-\ln p_y$ with $p = \mathrm{softmax}(z)$; y holds one-hot rows, (..., B, O)."""

    classes: int
    tolerance = 1e-6

    @property
    def outputs(self) -> int:
        """One score for each class."""
        return self.classes

    def loss(self, z: Tensor, y: Tensor) -> Tensor:
        """See the class."""
        return -(torch.log_softmax(z, -1) * y).sum(-1)

    def slope(self, z: Tensor, y: Tensor) -> Tensor:
        r"""$p - y$."""
        return torch.softmax(z, -1).sub_(y)


@dataclass(frozen=True)
class SquaredError(Objective):
    r"""$\frac12 \sum_o (z_o - y_o)^2$ over the outputs; y of shape (..., B, O)."""

    targets: int
    tolerance = 1e-9

    @property
    def outputs(self) -> int:
        """One score for each target."""
        return self.targets

    def loss(self, z: Tensor, y: Tensor) -> Tensor:
        """See the class."""
        return (z - y).square().sum(-1).div(2)

    def slope(self, z: Tensor, y: Tensor) -> Tensor:
        r"""$z - y$."""
        return z - y


@dataclass(frozen=True)
class SignedSquaredError(Objective):
    """Squared error for targets whose weights have both signs.

    The scores are [logit of the share of negative weight, mean over positive weights (T), mean over negative (T)];
    y of shape (..., B, T + 1) holds 1 for a negative weight and 0 else, then the T targets.
    """

    targets: int
    tolerance = 1e-9

    @property
    def outputs(self) -> int:
        """One logit and two means for each target."""
        return 1 + 2 * self.targets

    @property
    def parts(self) -> tuple[int, int, int]:
        """See `Objective.parts`."""
        return 1, self.targets, 2

    def loss(self, z: Tensor, y: Tensor) -> Tensor:
        """See the class."""
        negative, target = y[..., :1], y[..., 1:]
        sign = binary_cross_entropy_with_logits(z[..., :1], negative, reduction="none")
        positive_error = (z[..., 1 : 1 + self.targets] - target).square() * (1 - negative)
        negative_error = (z[..., 1 + self.targets :] - target).square() * negative
        return sign.squeeze(-1) + (positive_error + negative_error).sum(-1).div(2)

    def slope(self, z: Tensor, y: Tensor) -> Tensor:
        r"""$[\sigma(z_0) - n, (1 - n)(z_+ - y), n (z_- - y)]$ with n the mark of a negative weight."""
        negative, target = y[..., :1], y[..., 1:]
        return torch.cat(
            [
                torch.sigmoid(z[..., :1]) - negative,
                (z[..., 1 : 1 + self.targets] - target) * (1 - negative),
                (z[..., 1 + self.targets :] - target) * negative,
            ],
            -1,
        )


@dataclass(frozen=True)
class Shrunk(Objective):
    r"""Another loss, and $\tfrac{s}{2} \sum_o a_o^2$ of numbers a that the network gives behind its scores.

    Attributes:
        of: The other loss.
        parts_count: How many such numbers there are.
        shrink: s.
    """

    of: Objective
    parts_count: int
    shrink: float

    @property
    def tolerance(self) -> float:  # type: ignore[override]
        """That of the other loss."""
        return self.of.tolerance

    @property
    def outputs(self) -> int:
        """Scores, and the numbers that are to be small."""
        return self.of.outputs + self.parts_count

    def loss(self, z: Tensor, y: Tensor) -> Tensor:
        """See the class."""
        added = z[..., self.of.outputs :].square().sum(-1)
        return self.of.loss(z[..., : self.of.outputs], y) + self.shrink / 2 * added

    def slope(self, z: Tensor, y: Tensor) -> Tensor:
        r"""The slope of the other loss, and $s\,a$."""
        slope = self.of.slope(z[..., : self.of.outputs].clone(), y)
        return torch.cat([slope, self.shrink * z[..., self.of.outputs :]], -1)
