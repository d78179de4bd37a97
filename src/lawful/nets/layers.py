"""Pieces that networks for clouds, sequences and images share."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from torch import Tensor, nn

from lawful.nets.mlp import ACTIVATIONS


class Dense(nn.Module):
    """Affine maps with activations between them, for the last dimension of anything.

    Args:
        inputs: Numbers F that come in.
        widths: Width of each layer; the last one is that of the outputs.
        activation: "tanh", "relu" or "silu".
        dropout: Probability with which a hidden unit is silenced in a training step.
        last: Whether an activation follows the last layer too.

    Examples:
        >>> import torch
        >>> Dense(3, (8, 2))(torch.zeros(5, 4, 3)).shape
        torch.Size([5, 4, 2])
    """

    def __init__(
        self,
        inputs: int,
        widths: Sequence[int],
        *,
        activation: str = "silu",
        dropout: float = 0.0,
        last: bool = False,
    ) -> None:
        super().__init__()
        self.activation, self.dropout, self.last = activation, dropout, last
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise((inputs, *widths)))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights."""
        gain = 1.0 if self.activation == "tanh" else 2**0.5
        for k, layer in enumerate(self.layers):
            assert isinstance(layer, nn.Linear)
            ends = k == len(self.layers) - 1 and not self.last
            nn.init.normal_(layer.weight, std=(1.0 if ends else gain) / max(layer.in_features, 1) ** 0.5)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., F) to (..., last width)."""
        phi: Callable[[Tensor], Tensor] = ACTIVATIONS[self.activation]
        for k, layer in enumerate(self.layers):
            x = layer(x)
            if k < len(self.layers) - 1 or self.last:
                x = phi(x)
                if self.dropout:
                    x = nn.functional.dropout(x, self.dropout, self.training)
        return x


def masked_mean(h: Tensor, mask: Tensor) -> Tensor:
    """Mean over the objects that are there, (B, D), of h (B, P, D) under mask (B, P); zeros where there is none."""
    kept = mask.unsqueeze(-1).to(h.dtype)
    return (h * kept).sum(-2) / kept.sum(-2).clamp_min(1.0)
