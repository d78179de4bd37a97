"""How fast each parameter of a network learns, and from which epoch on."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Pace:
    """A factor of the learning rate for each parameter, and the epoch from which it is trained.

    Attributes:
        factors: Factor of the learning rate, (P,); 0: never trained.
        starts: Epoch, counted from 1, in which a parameter begins to learn, (P,).
    """

    factors: Tensor
    starts: Tensor

    def at(self, epoch: int) -> Tensor:
        """The factors of an epoch, (P,)."""
        return torch.where(self.starts <= epoch, self.factors, torch.zeros_like(self.factors))

    @property
    def settled(self) -> int:
        """The epoch from which nothing changes any more."""
        moving = self.starts[self.factors > 0]
        return int(moving.max()) if moving.numel() else 1
