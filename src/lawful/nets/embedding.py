"""Numerical embeddings: a few learned features in place of each input column."""

import math

import torch
from torch import Tensor, nn

from lawful.nets.stacking import beside


class PeriodicEmbedding(nn.Module):
    r"""Replace each column by learned features of its sines and cosines.

    For column $j$ the features are
    $\mathrm{ReLU}\left(A_j [\cos 2\pi\omega_j x_j, \sin 2\pi\omega_j x_j] + a_j\right)$ with learned frequencies
    $\omega_j$. A network that sees them resolves narrow structures, such as a mass peak, that a plain multilayer
    perceptron smooths away. Source: Gorishniy, Rubachev, Babenko, 'On embeddings for numerical features in tabular
    deep learning' (2022), the variant called PLR.

    Args:
        inputs: Number of input columns F.
        frequencies: Number of frequencies k for each column.
        width: Number of features E made of each column.
        sigma: Standard deviation of the frequencies at the start, in cycles per unit of the (standardised) input.

    Examples:
        >>> PeriodicEmbedding(3, frequencies=4, width=5)(torch.zeros(7, 3)).shape
        torch.Size([7, 15])
    """

    def __init__(self, inputs: int, *, frequencies: int = 8, width: int = 8, sigma: float = 0.1) -> None:
        super().__init__()
        self.sigma = sigma
        self.frequencies = nn.Parameter(torch.empty(inputs, frequencies))
        self.weight = nn.Parameter(torch.empty(inputs, 2 * frequencies, width))
        self.bias = nn.Parameter(torch.empty(inputs, width))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw frequencies and weights anew."""
        with torch.no_grad():
            self.frequencies.normal_().mul_(self.sigma)
            self.weight.normal_().div_(math.sqrt(self.weight.shape[1]))
            self.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, F) to (B, F * E); with stacked parameters (M, ..., F) to (M, ..., F * E)."""
        phase = 2 * math.pi * beside(self.frequencies, x, 2) * x.unsqueeze(-1)  # (B, F, k)
        waves = torch.cat([phase.cos(), phase.sin()], -1)  # (B, F, 2k)
        member = "m" if self.weight.dim() == 4 else ""
        features = torch.einsum(f"{member}...fk,{member}fke->{member}...fe", waves, self.weight)
        features = features + beside(self.bias, x, 2)
        return torch.relu(features).flatten(-2)
