"""Members whose weights are held near others, or shared."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Tie:
    r"""What draws weights together: $w\,\max(d - t, 0)^2$ in the loss, d the relative distance; or one gradient.

    Attributes:
        weight: w.
        tolerance: t.
        to: Weights that members are held near, (M, P); or None.
        partner: The member that each member is tied to, (M,), where `to` is None; pairs stop together.
        shared: Whether partners have one set of weights; they must start from the same.
    """

    weight: float
    tolerance: float = 0.0
    to: Tensor | None = None
    partner: Tensor | None = None
    shared: bool = False

    def pull(self, gradients: Tensor, values: Tensor, ids: list[int]) -> None:
        """Add to the gradients of members `ids`, (m, P), in place."""
        if self.partner is not None:
            rows = torch.tensor([ids.index(int(self.partner[m])) for m in ids], device=values.device)
            if self.shared:
                gradients.copy_((gradients + gradients[rows]) / 2)
                return
            others = values[rows]
        else:
            assert self.to is not None
            others = self.to[ids]
        away = values - others
        size = (values.square().sum(1, keepdim=True) + others.square().sum(1, keepdim=True)) / 2
        distance = (away.square().sum(1, keepdim=True) / size).sqrt()
        over = torch.relu(distance - self.tolerance) / distance.clamp_min(1e-12)
        gradients.addcmul_(away, 2 * self.weight * over / size)
