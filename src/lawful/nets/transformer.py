"""Self-attention between the objects of a cloud or the steps of a sequence."""

import math

import torch
from torch import Tensor, nn

from lawful.errors import InputError
from lawful.nets.convolutions import draw_again
from lawful.nets.layers import Dense
from lawful.nets.mlp import ACTIVATIONS
from lawful.nets.pairs import PAIR_FEATURES, every_pair, pair_features
from lawful.nets.values import whole, widths


class Transformer(nn.Module):
    r"""Give scores of a cloud, or of a sequence, by letting all objects look at each other.

    Each block is $h \leftarrow h + \mathrm{attention}(h)$, $h \leftarrow h + \mathrm{network}(h)$ on normalised h
    (A. Vaswani and others, 'Attention is all you need', 2017), with
    $\mathrm{softmax}_j(q_i \cdot k_j / \sqrt{d} + u_{ij})$. A learned class token stands beside the objects and gives
    the scores, so that an empty cloud has an answer. Of four-momenta, $u_{ij}$ is a small network of
    $\ln\Delta, \ln k_T, \ln z, \ln m^2$ of each pair (H. Qu, C. Li, S. Qian, 'Particle transformer for jet tagging',
    2022); it is the same for (i, j) and (j, i) and computed once. Without positions the order does not matter.

    Args:
        features: Numbers F that are known of each object; with `words` the width of the learned embedding.
        outputs: Number of outputs O.
        hidden: Width of each block, all alike.
        activation: "tanh", "relu" or "silu".
        dropout: Probability with which a unit is silenced in a training step.
        heads: Number of attention heads; divides the width.
        expansion: Width of the blocks' networks, in widths of the block.
        pairs: Width of the network of pairs; 0: pairs are not looked at.
        positions: Whether the place of a step counts: sines and cosines of it are added.
        words: Size of a vocabulary, for x of whole numbers (B, T); 0: x are numbers.
        each: Whether the outputs are of each object.

    Raises:
        InputError: When the widths differ, or the heads do not divide them.

    Examples:
        >>> net = Transformer(4, 2, pairs=16)
        >>> p = torch.rand(5, 30, 4) + torch.tensor([9.0, 0.0, 0.0, 0.0])
        >>> net(torch.randn(5, 30, 4), torch.ones(5, 30, dtype=torch.bool), p).shape
        torch.Size([5, 2])
    """

    def __init__(
        self,
        features: int,
        outputs: int,
        *,
        hidden: tuple[int, ...] = (64, 64),
        activation: str = "silu",
        dropout: float = 0.0,
        heads: int = 4,
        expansion: int = 2,
        pairs: int = 0,
        positions: bool = False,
        words: int = 0,
        each: bool = False,
    ) -> None:
        super().__init__()
        hidden = widths("hidden", hidden)
        width, self.heads = hidden[0], whole("heads", heads, 1)
        if set(hidden) != {width} or width % heads:
            raise InputError(
                f"hidden={hidden}, heads={heads}: the blocks of a transformer are of one width, a multiple of the "
                "number of heads, as hidden=(64, 64) with heads=4."
            )
        self.positions, self.each = positions, each
        self.words = nn.Embedding(words, features) if words else None
        self.first = Dense(features, (width, width), activation=activation)
        self.token = nn.Embedding(1, width)
        self.pairs = PairBias(pairs, self.heads * len(hidden), activation) if pairs else None
        self.blocks = nn.ModuleList(
            Block(width, self.heads, whole("expansion", expansion, 1) * width, activation, dropout) for _ in hidden
        )
        self.norm = nn.LayerNorm(width)
        self.head = Dense(width, (width, outputs), activation=activation, dropout=dropout)

    def reset_parameters(self) -> None:
        """Start again from new draws."""
        draw_again(self)

    def _objects(self, x: Tensor, mask: Tensor, momenta: Tensor | None, seen: list[Tensor] | None = None) -> Tensor:
        """Class token and objects after the last block, (B, 1 + P, D)."""
        if self.words is not None:
            x = self.words(x)
        h = self.first(x * mask.unsqueeze(-1))
        if self.positions:
            h = h + waves(h.shape[-2], h.shape[-1]).to(h)
        token = self.token(mask.new_zeros(len(h), 1, dtype=torch.long))
        h = torch.cat([token, h], -2)
        bias = self._bias(h, mask, momenta)
        for k, block in enumerate(self.blocks):
            h = block(h, bias[k], seen)
        normed: Tensor = self.norm(h)
        return normed

    def _bias(self, h: Tensor, mask: Tensor, momenta: Tensor | None) -> list[Tensor]:
        """What is added to the attention of each block, (B, heads or 1, 1 + P, 1 + P)."""
        there = nn.functional.pad(mask, (1, 0), value=True)
        closed = torch.zeros_like(there, dtype=h.dtype).masked_fill(~there, -math.inf)[:, None, None, :]
        if self.pairs is None:
            return [closed] * len(self.blocks)
        if momenta is None:
            raise InputError("This transformer looks at pairs: it needs momenta, (B, P, 4), besides x and mask.")
        bias = nn.functional.pad(self.pairs(momenta, mask), (1, 0, 1, 0))
        return [part + closed for part in bias.split(self.heads, 1)]

    def embed(self, x: Tensor, mask: Tensor, momenta: Tensor | None = None) -> Tensor:
        """The class token after the last block, (B, D)."""
        return self._objects(x, mask, momenta)[:, 0]

    def attention(self, x: Tensor, mask: Tensor, momenta: Tensor | None = None) -> Tensor:
        """How much each object looks at each other, (B, blocks, heads, 1 + P, 1 + P); the class token comes first.

        Rows sum to one over the last dimension.
        """
        seen: list[Tensor] = []
        self._objects(x, mask, momenta, seen)
        return torch.stack(seen, 1)

    def forward(self, x: Tensor, mask: Tensor, momenta: Tensor | None = None) -> Tensor:
        """Scores (B, O), or (B, P, O) of each object.

        Args:
            x: What is known of each object, (B, P, F), or words as whole numbers, (B, T).
            mask: True for objects, (B, P).
            momenta: Four-momenta (E, px, py, pz), (B, P, 4), where pairs are looked at.
        """
        h = self._objects(x, mask, momenta)
        if self.each:
            z: Tensor = self.head(h[:, 1:])
            return z * mask.unsqueeze(-1)
        z = self.head(h[:, 0])
        return z

    def stages(self) -> list[tuple[str, nn.Module]]:
        """Parts from the input to the output."""
        before = [("words", self.words)] if self.words is not None else []
        pairs = [("pairs", self.pairs)] if self.pairs is not None else []
        blocks = [(f"blocks.{k}", block) for k, block in enumerate(self.blocks)]
        first = [*before, ("first", self.first), ("token", self.token), *pairs]
        return [*first, *blocks, ("norm", self.norm), ("head", self.head)]


class Block(nn.Module):
    """Attention and a network of each object, each added to what comes in."""

    def __init__(self, width: int, heads: int, inner: int, activation: str, dropout: float) -> None:
        super().__init__()
        self.heads, self.activation, self.dropout = heads, activation, dropout
        self.before = nn.LayerNorm(width)
        self.triple = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.between = nn.LayerNorm(width)
        self.up = nn.Linear(width, inner)
        self.down = nn.Linear(inner, width)

    def forward(self, h: Tensor, bias: Tensor, seen: list[Tensor] | None = None) -> Tensor:
        """From h (B, P, D) and the bias of the attention, (B, heads, P, P) to (B, P, D)."""
        B, P, D = h.shape
        q, k, v = (
            self.triple(self.before(h)).view(B, P, 3, self.heads, D // self.heads).permute(2, 0, 3, 1, 4)
        )  # (B, nh, P, hs)
        weights = torch.softmax((q * (1 / math.sqrt(q.shape[-1]))) @ k.transpose(-1, -2) + bias, -1)
        if seen is not None:
            seen.append(weights)
        mixed = (weights @ v).transpose(1, 2).reshape(B, P, D)
        h = h + self._drop(self.out(mixed))
        inner = ACTIVATIONS[self.activation](self.up(self.between(h)))
        out: Tensor = h + self._drop(self.down(inner))
        return out

    def _drop(self, h: Tensor) -> Tensor:
        return nn.functional.dropout(h, self.dropout, self.training) if self.dropout else h


class PairBias(nn.Module):
    """A network of what two four-momenta have in common, for all pairs of a cloud."""

    def __init__(self, width: int, heads: int, activation: str) -> None:
        super().__init__()
        self.net = Dense(PAIR_FEATURES, (width, width, heads), activation=activation)

    def forward(self, momenta: Tensor, mask: Tensor) -> Tensor:
        """From momenta (B, P, 4) and mask (B, P) to (B, heads, P, P); zero where there is no pair."""
        i, j, place = every_pair(momenta.shape[-2], momenta.device)
        u = self.net(pair_features(momenta, mask, i, j))  # (B, pairs, heads)
        u = u * (mask[:, i] & mask[:, j]).unsqueeze(-1)
        u = nn.functional.pad(u, (0, 0, 0, 1))  # of an object with itself: nothing
        P = momenta.shape[-2]
        square: Tensor = u.transpose(1, 2).index_select(2, place).unflatten(2, (P, P))
        return square


def waves(steps: int, width: int) -> Tensor:
    """Sines and cosines of the place of a step, (steps, width), with wavelengths from 2 pi to 10,000 times that."""
    place = torch.arange(steps, dtype=torch.float64).unsqueeze(1)
    rate = torch.exp(-math.log(1e4) * torch.arange(0, width, 2, dtype=torch.float64) / width)
    angles = place * rate
    return torch.stack([torch.sin(angles), torch.cos(angles)], -1).flatten(1)[:, :width]
