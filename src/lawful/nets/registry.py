"""Networks by name."""

from collections.abc import Callable, Sequence
from typing import Any

from torch import nn

from lawful.nets.linear import Linear
from lawful.nets.mlp import ACTIVATIONS, MLP
from lawful.nets.values import number, one_of, widths

NETS: dict[str, Callable[..., nn.Module]] = {"linear": Linear, "mlp": MLP}
EMBEDDINGS = (None, "periodic")
MOST_DROPOUT = 0.95  # beyond, next to nothing of a layer is left to learn from


def build(
    net: str,
    inputs: int,
    outputs: int,
    *,
    hidden: Sequence[int] = (64, 64),
    activation: str = "tanh",
    dropout: float = 0.0,
    embedding: str | None = None,
) -> nn.Module:
    """Make the network of that name.

    Args:
        net: "linear" or "mlp".
        inputs: Number of input columns.
        outputs: Number of output columns.
        hidden: Widths of the hidden layers ("mlp").
        activation: "tanh", "relu" or "silu" ("mlp").
        dropout: Share of hidden units silenced in a training step, from 0 to 0.95 ("mlp").
        embedding: None or "periodic" ("mlp").

    Returns:
        A module from (B, inputs) to (B, outputs).

    Raises:
        InputError: For an unknown name or a value out of range.

    Examples:
        >>> build("mlp", 4, 1, hidden=(8,)).layers[0]
        Linear(in_features=4, out_features=8, bias=True)
    """
    one_of("net", net, sorted(NETS), ", a torch module or a function")
    if net == "linear":
        return Linear(inputs, outputs)
    return MLP(
        inputs,
        outputs,
        hidden=widths("hidden", hidden),
        embedding=one_of("embedding", embedding, EMBEDDINGS),
        **check_common(activation, dropout),
    )


def check_common(activation: str, dropout: float) -> dict[str, Any]:
    """The settings that all networks but the linear one have, checked.

    Raises:
        InputError: For an unknown activation or a share of dropout out of range.
    """
    return {
        "activation": one_of("activation", activation, sorted(ACTIVATIONS)),
        "dropout": number("dropout", dropout, least=0, most=MOST_DROPOUT),
    }
