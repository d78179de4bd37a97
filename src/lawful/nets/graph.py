"""Networks on the graph of nearest neighbours: dynamic edge convolutions and distance-weighted layers."""

import torch
from torch import Tensor, nn

from lawful.nets.convolutions import draw_again
from lawful.nets.layers import Dense, masked_mean
from lawful.nets.mlp import ACTIVATIONS
from lawful.nets.values import one_of, whole, widths

LAYERS = ("edge", "gravnet", "garnet")


class Graph(nn.Module):
    r"""Give scores of a cloud from what neighbouring objects tell each other; their order does not matter.

    The objects are put in relation with their k nearest neighbours, by `coordinates` in the first block, and in the
    later ones by what the block before has made of them. Blocks are

    - "edge": $h'_i = h_i W + \mathrm{mean}_{j \in N(i)}\, \psi(h_i, h_j - h_i)$ with a network $\psi$, the
      dynamic edge convolution of Y. Wang and others, 'Dynamic graph CNN for learning on point clouds' (2019), in
      the form of ParticleNet (H. Qu, L. Gouskos, 'Jet tagging via particle clouds', 2020);
    - "gravnet": learned coordinates $s_i$ and messages $f_i$; objects gather the mean and the maximum of
      $f_j \exp(-10\,|s_i - s_j|^2)$ over their neighbours (S. R. Qasim, J. Kieseler, Y. Iiyama, M. Pierini,
      'Learning representations of irregular particle-detector geometry with distance-weighted graph networks', 2019);
    - "garnet": the same through a few aggregators a in place of neighbours, with the learned distances $d_{ia}$ and
      $\exp(-d_{ia}^2)$, both ways (same source): no search, and a cost that grows with the number of objects.

    Args:
        features: Numbers F that are known of each object.
        outputs: Number of outputs O.
        hidden: Width of each block.
        activation: "tanh", "relu" or "silu".
        dropout: Probability with which a unit of the head is silenced in a training step.
        layer: "edge", "gravnet" or "garnet".
        neighbours: k; for "garnet" the number of aggregators.
        coordinates: Columns of x in which the first neighbours are found; all of them when empty.
        each: Whether the outputs are of each object.

    Examples:
        >>> net = Graph(4, 2, coordinates=(1, 2))
        >>> net(torch.randn(5, 30, 4), torch.ones(5, 30, dtype=torch.bool)).shape
        torch.Size([5, 2])
    """

    def __init__(
        self,
        features: int,
        outputs: int,
        *,
        hidden: tuple[int, ...] = (32, 64, 64),
        activation: str = "silu",
        dropout: float = 0.0,
        layer: str = "edge",
        neighbours: int = 12,
        coordinates: tuple[int, ...] = (),
        each: bool = False,
    ) -> None:
        super().__init__()
        hidden = widths("hidden", hidden)
        self.coordinates, self.each = list(coordinates), each
        kind = {"edge": EdgeBlock, "gravnet": GravBlock, "garnet": GarBlock}[one_of("layer", layer, LAYERS)]
        k = whole("neighbours", neighbours, 1)
        self.blocks = nn.ModuleList(
            kind(a, b, k, activation=activation) for a, b in zip((features, *hidden), hidden, strict=False)
        )
        summary = sum(hidden)
        self.head = Dense(summary * (2 if each else 1), (hidden[-1], outputs), activation=activation, dropout=dropout)

    def _objects(self, x: Tensor, mask: Tensor) -> Tensor:
        """What all blocks make of each object, (B, P, sum of widths)."""
        h = x * mask.unsqueeze(-1)
        where = h[..., self.coordinates] if self.coordinates else h
        found = []
        for block in self.blocks:
            h = block(h, mask, where)
            where = h
            found.append(h)
        return torch.cat(found, -1)

    def embed(self, x: Tensor, mask: Tensor, momenta: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """The mean over the objects of what all blocks give, (B, D)."""
        return masked_mean(self._objects(x, mask), mask)

    def forward(self, x: Tensor, mask: Tensor, momenta: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """Scores (B, O), or (B, P, O) of each object.

        Args:
            x: What is known of each object, (B, P, F).
            mask: True for objects, (B, P).
            momenta: Not looked at.
        """
        h = self._objects(x, mask)
        mean = masked_mean(h, mask)
        if self.each:
            z: Tensor = self.head(torch.cat([h, mean.unsqueeze(-2).expand_as(h)], -1))
            return z * mask.unsqueeze(-1)
        z = self.head(mean)
        return z

    def reset_parameters(self) -> None:
        """Start again from new draws."""
        draw_again(self)

    def stages(self) -> list[tuple[str, nn.Module]]:
        """Parts from the input to the output."""
        return [*((f"blocks.{k}", block) for k, block in enumerate(self.blocks)), ("head", self.head)]


class EdgeBlock(nn.Module):
    r"""One dynamic edge convolution, (B, P, F) to (B, P, D).

    The first layer of $\psi$ is affine in $(h_i, h_j - h_i)$, and so is made of two products for each object instead
    of one for each edge.
    """

    def __init__(self, features: int, width: int, neighbours: int, *, activation: str) -> None:
        super().__init__()
        self.neighbours, self.activation = neighbours, activation
        self.own = nn.Linear(features, width)
        self.other = nn.Linear(features, width, bias=False)
        self.edge = Dense(width, (width,), activation=activation, last=True)
        self.straight = nn.Linear(features, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, h: Tensor, mask: Tensor, where: Tensor) -> Tensor:
        """From objects h (B, P, F) and the coordinates in which they are neighbours to (B, P, D)."""
        index, near, _ = neighbours_of(where, mask, self.neighbours)
        phi = ACTIVATIONS[self.activation]
        other = self.other(h)
        message = phi((self.own(h) - other).unsqueeze(-2) + gathered(other, index))  # (B, P, k, D)
        message = self.edge(message) * near.unsqueeze(-1)
        mean = message.sum(-2) / near.sum(-1, keepdim=True).clamp_min(1).to(h.dtype)
        return phi(self.norm(self.straight(h) + mean)) * mask.unsqueeze(-1)


class GravBlock(nn.Module):
    """One GravNet layer with four learned coordinates, (B, P, F) to (B, P, D)."""

    def __init__(self, features: int, width: int, neighbours: int, *, activation: str) -> None:
        super().__init__()
        self.neighbours, self.activation = neighbours, activation
        self.place = nn.Linear(features, 4)
        self.message = nn.Linear(features, width)
        self.combine = nn.Linear(features + 2 * width, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, h: Tensor, mask: Tensor, where: Tensor) -> Tensor:  # noqa: ARG002
        """From objects h (B, P, F) to (B, P, D)."""
        s = self.place(h)
        index, near, squared = neighbours_of(s, mask, self.neighbours)
        potential = (torch.exp(-10 * squared) * near).unsqueeze(-1)
        message = gathered(self.message(h), index) * potential  # (B, P, k, D)
        mean = message.sum(-2) / near.sum(-1, keepdim=True).clamp_min(1).to(h.dtype)
        most = message.masked_fill(~near.unsqueeze(-1), -torch.inf).amax(-2)
        most = torch.where(near.any(-1, keepdim=True), most, torch.zeros_like(most))
        phi = ACTIVATIONS[self.activation]
        return phi(self.norm(self.combine(torch.cat([h, mean, most], -1)))) * mask.unsqueeze(-1)


class GarBlock(nn.Module):
    """One GarNet layer, (B, P, F) to (B, P, D)."""

    def __init__(self, features: int, width: int, aggregators: int, *, activation: str) -> None:
        super().__init__()
        self.activation = activation
        self.distance = nn.Linear(features, aggregators)
        self.message = nn.Linear(features, width)
        self.back = nn.Linear(width, width)
        self.combine = nn.Linear(features + width, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, h: Tensor, mask: Tensor, where: Tensor) -> Tensor:  # noqa: ARG002
        """From objects h (B, P, F) to (B, P, D)."""
        there = mask.unsqueeze(-1).to(h.dtype)
        potential = torch.exp(-self.distance(h).square()) * there  # (B, P, A)
        number = there.sum(-2, keepdim=True).clamp_min(1.0)
        pooled = potential.transpose(-1, -2) @ self.message(h) / number  # (B, A, D)
        returned = potential @ self.back(pooled) / potential.shape[-1]
        phi = ACTIVATIONS[self.activation]
        return phi(self.norm(self.combine(torch.cat([h, returned], -1)))) * there


def neighbours_of(where: Tensor, mask: Tensor, k: int) -> tuple[Tensor, Tensor, Tensor]:
    """The k nearest other objects of each object.

    Args:
        where: Coordinates, (B, P, d).
        mask: True for objects, (B, P).
        k: How many; fewer where there are fewer places.

    Returns:
        Their places (B, P, k), which of them are objects (B, P, k), and their squared distances (B, P, k), the last
        differentiable by the coordinates.

    Examples:
        >>> x = torch.tensor([[[0.0], [1.0], [3.0]]])
        >>> neighbours_of(x, torch.ones(1, 3, dtype=torch.bool), 1)[0].flatten().tolist()
        [1, 0, 1]
    """
    P = where.shape[-2]
    squared = (where * where).sum(-1)
    with torch.no_grad():
        distance = squared.unsqueeze(-1) + squared.unsqueeze(-2) - 2 * where @ where.transpose(-1, -2)
        distance = distance.masked_fill(~mask.unsqueeze(-2), torch.inf)
        distance = distance + torch.diag(where.new_full((P,), torch.inf))
        near, index = distance.topk(min(k, max(P - 1, 1)), -1, largest=False, sorted=False)
        there = torch.isfinite(near) & mask.unsqueeze(-1)
    apart = gathered(where, index) - where.unsqueeze(-2)
    return index, there, (apart * apart).sum(-1)


def gathered(h: Tensor, index: Tensor) -> Tensor:
    """Rows of h (B, P, D) at index (B, P, k): (B, P, k, D)."""
    B, P, k = index.shape
    flat = (index + P * torch.arange(B, device=index.device).view(B, 1, 1)).reshape(-1)
    return h.reshape(B * P, h.shape[-1]).index_select(0, flat).view(B, P, k, h.shape[-1])
