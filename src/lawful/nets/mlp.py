"""The multilayer perceptron."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from lawful.nets.embedding import PeriodicEmbedding
from lawful.nets.stacking import affine, beside

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu,
    "silu": nn.functional.silu,
    "tanh": torch.tanh,
}


GAIN_SCALE = 6.0


class MLP(nn.Module):
    r"""Give scores that are any smooth function of the inputs: alternating affine maps and activations.

    $h_0 = s \odot x$, $h_{l} = \mathrm{dropout}(\phi(W_l h_{l-1} + b_l))$, $z = W_L h_{L-1} + b_L$, with one learned
    gain $s_j$ for each input column. The gains let the network turn useless columns down, which plain weights do
    slowly; they are stored divided by six, so that an optimiser of the Adam family moves them six times as fast as
    the weights (Holzmueller, Grinsztajn, Steinwart, 'Better by default: strong pre-tuned MLPs and boosted trees on
    tabular data', 2024).

    Args:
        inputs: Number of input columns F.
        outputs: Number of output columns O.
        hidden: Width of each hidden layer.
        activation: "tanh", "relu" or "silu".
        dropout: Probability with which each hidden unit is silenced in a training step.
        embedding: None, or "periodic" for a `PeriodicEmbedding` of each column in front of the first layer.

    Examples:
        >>> net = MLP(28, 1, hidden=(64, 64))
        >>> net(torch.zeros(5, 28)).shape
        torch.Size([5, 1])
        >>> sum(p.numel() for p in net.parameters())
        6109
    """

    stacks = "leaf"

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        hidden: Sequence[int] = (64, 64),
        activation: str = "tanh",
        dropout: float = 0.0,
        embedding: str | None = None,
    ) -> None:
        super().__init__()
        self.activation = activation
        self.dropout = dropout
        self.gain = nn.Parameter(torch.full((inputs,), 1 / GAIN_SCALE))
        self.embedding = PeriodicEmbedding(inputs) if embedding == "periodic" else None
        first = inputs if self.embedding is None else self.embedding.bias.numel()
        widths = (first, *hidden, outputs)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self._draw()

    def _draw(self) -> None:
        """Draw weights and biases of the layers."""
        gain = {"relu": math.sqrt(2), "silu": math.sqrt(2), "tanh": 1.0}[self.activation]
        for layer in self.layers:
            assert isinstance(layer, nn.Linear)
            fan_in = max(layer.in_features, 1)
            last = layer is self.layers[-1]
            nn.init.normal_(layer.weight, std=(1.0 if last else gain) / math.sqrt(fan_in))
            reach = 0.0 if last else 1 / math.sqrt(fan_in)  # units that bend at different places
            nn.init.uniform_(layer.bias, -reach, reach)

    def reset_parameters(self) -> None:
        """Start again from new draws."""
        nn.init.constant_(self.gain, 1 / GAIN_SCALE)
        if self.embedding is not None:
            self.embedding.reset_parameters()
        self._draw()

    def stages(self) -> list[tuple[str, nn.Module]]:
        """Parts from the input to the output; gains and embedding belong to the input."""
        *hidden, head = self.layers
        first = [("input", self.embedding)] if self.embedding is not None else []
        return [*first, *((f"layer {k + 1}", layer) for k, layer in enumerate(hidden)), ("head", head)]

    def extra_repr(self) -> str:
        """What the parts do not show."""
        return f"activation={self.activation!r}, dropout={self.dropout}"

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, F) to (B, O); with stacked parameters (M, ..., F) to (M, ..., O)."""
        h = x * beside(GAIN_SCALE * self.gain, x)
        if self.embedding is not None:
            h = self.embedding(h)
        last = len(self.layers) - 1
        for i, layer in enumerate(self.layers):
            h = affine(h, layer.weight, layer.bias)  # type: ignore[arg-type]
            if i < last:
                h = ACTIVATIONS[self.activation](h)
                if self.dropout:
                    h = nn.functional.dropout(h, self.dropout, self.training)
        return h
