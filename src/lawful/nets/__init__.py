"""Networks, each a plain torch module that works alone in anybody's training loop."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lawful.nets.embedding import PeriodicEmbedding
    from lawful.nets.linear import Linear
    from lawful.nets.mlp import ACTIVATIONS, MLP
    from lawful.nets.registry import NETS, build

_HOME = {
    "ACTIVATIONS": "mlp",
    "MLP": "mlp",
    "NETS": "registry",
    "Linear": "linear",
    "PeriodicEmbedding": "embedding",
    "build": "registry",
}

__all__ = ["ACTIVATIONS", "MLP", "NETS", "Linear", "PeriodicEmbedding", "build"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"lawful.nets.{_HOME[name]}"), name)
    raise AttributeError(f"module 'lawful.nets' has no attribute {name!r}")
