"""Deep sets: a network of each object, a weighted sum over the objects, and a network of the sum."""

import torch
from torch import Tensor, nn

from lawful.nets.convolutions import draw_again
from lawful.nets.layers import Dense
from lawful.nets.values import one_of, widths

POOLS = ("sum", "mean", "energy")


class Sets(nn.Module):
    r"""Give scores of a set of objects that do not depend on their order.

    $z = \rho\left(\sum_i w_i\, \phi(x_i)\right)$ with networks $\phi$ and $\rho$: any continuous function of a set
    can be written so (M. Zaheer and others, 'Deep sets', 2017). With the weights $w_i = 1/\bar n$ ($\bar n$ a fixed
    typical number of objects) this is a particle flow network, and with $w_i = p_{T,i} / \sum_j p_{T,j}$ and a
    $\phi$ that sees angles alone an energy flow network, which soft and collinear particles do not move
    (P. Komiske, E. Metodiev, J. Thaler, 'Energy flow networks: deep sets for particle jets', 2019).

    Args:
        features: Numbers F that are known of each object.
        outputs: Number of outputs O.
        hidden: Widths of $\phi$, and in reverse of $\rho$.
        activation: "tanh", "relu" or "silu".
        dropout: Probability with which a unit of $\rho$ is silenced in a training step.
        pool: "sum", "mean", or "energy": weights from `momenta`, and $\phi$ sees the columns `angles`.
        angles: Columns that $\phi$ sees where the weights are energies.
        each: Whether the outputs are of each object: $z_i = \rho(\phi(x_i), \sum_j w_j \phi(x_j))$.

    Examples:
        >>> net = Sets(4, 2)
        >>> net(torch.zeros(5, 30, 4), torch.ones(5, 30, dtype=torch.bool)).shape
        torch.Size([5, 2])
    """

    typical = 20.0  # objects; the sum over that many is of the size of one

    def __init__(
        self,
        features: int,
        outputs: int,
        *,
        hidden: tuple[int, ...] = (64, 64, 64),
        activation: str = "silu",
        dropout: float = 0.0,
        pool: str = "sum",
        angles: tuple[int, ...] = (),
        each: bool = False,
    ) -> None:
        super().__init__()
        hidden = widths("hidden", hidden)
        self.pool, self.each = one_of("pool", pool, POOLS), each
        self.angles = list(angles)
        seen = len(angles) if pool == "energy" else features
        self.objects = Dense(seen, hidden, activation=activation, last=True)
        summary = hidden[-1] * (2 if each else 1)
        self.head = Dense(summary, (*hidden[::-1], outputs), activation=activation, dropout=dropout)

    def embed(self, x: Tensor, mask: Tensor, momenta: Tensor | None = None) -> Tensor:
        """The weighted sum over the objects, (B, D)."""
        return self._sum(self._each(x), mask, momenta)

    def _each(self, x: Tensor) -> Tensor:
        h: Tensor = self.objects(x[..., self.angles] if self.pool == "energy" else x)
        return h

    def _sum(self, h: Tensor, mask: Tensor, momenta: Tensor | None) -> Tensor:
        w = mask.to(h.dtype)
        if self.pool == "energy":
            assert momenta is not None
            pt = torch.linalg.vector_norm(momenta[..., 1:3], dim=-1) * w
            w = pt / pt.sum(-1, keepdim=True).clamp_min(1e-12)
        elif self.pool == "mean":
            w = w / w.sum(-1, keepdim=True).clamp_min(1.0)
        else:
            w = w / self.typical
        return (w.unsqueeze(-2) @ h).squeeze(-2)

    def forward(self, x: Tensor, mask: Tensor, momenta: Tensor | None = None) -> Tensor:
        """Scores (B, O), or (B, P, O) of each object.

        Args:
            x: What is known of each object, (B, P, F).
            mask: True for objects, (B, P).
            momenta: Four-momenta (E, px, py, pz), (B, P, 4), for the weights of `pool="energy"`.
        """
        x = x * mask.unsqueeze(-1)
        h = self._each(x)
        total = self._sum(h, mask, momenta)
        if self.each:
            z: Tensor = self.head(torch.cat([h, total.unsqueeze(-2).expand_as(h)], -1))
            return z * mask.unsqueeze(-1)
        z = self.head(total)
        return z

    def reset_parameters(self) -> None:
        """Start again from new draws."""
        draw_again(self)

    def stages(self) -> list[tuple[str, nn.Module]]:
        """Parts from the input to the output."""
        return [("objects", self.objects), ("head", self.head)]
