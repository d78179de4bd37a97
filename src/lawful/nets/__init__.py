"""Networks, each a plain torch module that works alone in anybody's training loop."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lawful.nets.cnn import CNN
    from lawful.nets.embedding import PeriodicEmbedding
    from lawful.nets.equivariant import Equivariant
    from lawful.nets.graph import Graph
    from lawful.nets.linear import Linear
    from lawful.nets.mlp import ACTIVATIONS, MLP
    from lawful.nets.recurrent import Recurrent
    from lawful.nets.registry import NETS, build
    from lawful.nets.sets import Sets
    from lawful.nets.structured import STRUCTURED
    from lawful.nets.transformer import Transformer
    from lawful.nets.unet import UNet

_HOME = {
    "ACTIVATIONS": "mlp",
    "CNN": "cnn",
    "MLP": "mlp",
    "NETS": "registry",
    "STRUCTURED": "structured",
    "Equivariant": "equivariant",
    "Graph": "graph",
    "Linear": "linear",
    "PeriodicEmbedding": "embedding",
    "Recurrent": "recurrent",
    "Sets": "sets",
    "Transformer": "transformer",
    "UNet": "unet",
    "build": "registry",
}

__all__ = [
    "ACTIVATIONS",
    "CNN",
    "MLP",
    "NETS",
    "STRUCTURED",
    "Equivariant",
    "Graph",
    "Linear",
    "PeriodicEmbedding",
    "Recurrent",
    "Sets",
    "Transformer",
    "UNet",
    "build",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"lawful.nets.{_HOME[name]}"), name)
    raise AttributeError(f"module 'lawful.nets' has no attribute {name!r}")
