"""Networks by name."""

import difflib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from torch import nn

from lawful.errors import InputError
from lawful.nets.linear import Linear
from lawful.nets.mlp import ACTIVATIONS, MLP

NETS: dict[str, Callable[..., nn.Module]] = {"linear": Linear, "mlp": MLP}
EMBEDDINGS = (None, "periodic")


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
        dropout: Share of hidden units silenced in a training step, in [0, 1) ("mlp").
        embedding: None or "periodic" ("mlp").

    Returns:
        A module from (B, inputs) to (B, outputs).

    Raises:
        InputError: For an unknown name or a value out of range.

    Examples:
        >>> build("mlp", 4, 1, hidden=(8,)).layers[0]
        Linear(in_features=4, out_features=8, bias=True)
    """
    if net not in NETS:
        near = difflib.get_close_matches(str(net), NETS, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise InputError(f"net={net!r} is not known: use one of {sorted(NETS)}, a torch module or a function.{hint}")
    if net == "linear":
        return Linear(inputs, outputs)
    widths: list[Any] = [hidden] if isinstance(hidden, int | np.integer) else list(hidden)
    if not all(isinstance(width, int | np.integer) and width > 0 for width in widths):
        raise InputError(
            f"hidden={hidden!r}: expected positive whole numbers, one for each hidden layer, as (64, 64)."
        )
    if activation not in ACTIVATIONS:
        raise InputError(f"activation={activation!r} is not known: use one of {sorted(ACTIVATIONS)}.")
    if not 0 <= dropout < 1:
        raise InputError(f"dropout={dropout!r}: expected a share of at least 0 and below 1.")
    if embedding not in EMBEDDINGS:
        raise InputError(f"embedding={embedding!r} is not known: use None or 'periodic'.")
    return MLP(
        inputs,
        outputs,
        hidden=[int(width) for width in widths],
        activation=activation,
        dropout=dropout,
        embedding=embedding,
    )
