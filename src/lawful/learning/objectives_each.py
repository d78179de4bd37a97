"""What training minimises where each object of an event has an answer."""

from dataclasses import dataclass

import torch
from torch import Tensor

from lawful.learning.objectives import Objective


@dataclass(frozen=True)
class Each(Objective):
    r"""Another loss, summed over the objects of an event: $\sum_i v_i\, \ell(z_i, y_i)$.

    The sum, and not the mean, makes every object count alike, in whatever event it is: an event of weight 2 counts as
    two events do, and two events that are put into one count as before. Places without an object have $v_i = 0$.

    Scores z (..., B, P * O) hold those of each of the P places one after the other; targets y (..., B, P * (Y + 1))
    hold for each place the Y targets that the other loss wants and $v_i$.

    Attributes:
        of: The other loss, of scores (..., O) and targets (..., Y).
        places: P.

    Examples:
        >>> from lawful.learning import SquaredError
        >>> y = torch.tensor([[3.0, 1.0, 5.0, 0.5, 0.0, 0.0]])  # two objects of weight 1 and 0.5; the third is none
        >>> Each(SquaredError(1), 3).loss(torch.tensor([[1.0, 1.0, 0.0]]), y)  # 1 * 2**2 / 2 + 0.5 * 4**2 / 2
        tensor([6.])
    """

    of: Objective
    places: int

    @property
    def tolerance(self) -> float:  # type: ignore[override]
        """That of the other loss."""
        return self.of.tolerance

    @property
    def outputs(self) -> int:
        """The other loss's scores for each place."""
        return self.places * self.of.outputs

    def loss(self, z: Tensor, y: Tensor) -> Tensor:
        """See the class."""
        z, y = z.unflatten(-1, (self.places, -1)), y.unflatten(-1, (self.places, -1))
        return (self.of.loss(z, y[..., :-1]) * y[..., -1]).sum(-1)

    def slope(self, z: Tensor, y: Tensor) -> Tensor:
        """The other loss's slope, times the weight of each object."""
        z, y = z.unflatten(-1, (self.places, -1)), y.unflatten(-1, (self.places, -1))
        return (self.of.slope(z.clone(), y[..., :-1]) * y[..., -1:]).flatten(-2)


@dataclass(frozen=True)
class NumberedCrossEntropy(Objective):
    r"""As `CrossEntropy`, $-\ln p_y$, with the number of the class as target, (..., B, 1): for very many objects.

    Examples:
        >>> z = torch.tensor([[0.0, 0.0, 0.0]])
        >>> round(float(NumberedCrossEntropy(3).loss(z, torch.tensor([[2.0]]))), 4)  # ln 3
        1.0986
    """

    classes: int
    tolerance = 1e-6

    @property
    def outputs(self) -> int:
        """One score for each class."""
        return self.classes

    def loss(self, z: Tensor, y: Tensor) -> Tensor:
        """See the class."""
        return -torch.log_softmax(z, -1).gather(-1, y.long()).squeeze(-1)

    def slope(self, z: Tensor, y: Tensor) -> Tensor:
        r"""$p - y$ with y as one-hot rows."""
        return torch.softmax(z, -1).scatter_add(-1, y.long(), -torch.ones_like(y))
