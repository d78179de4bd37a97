"""Settings of an estimator as JSON, and back."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from lawful.errors import InputError

_CALLABLE = "function"


def to_json(name: str, value: Any) -> Any:
    """What JSON keeps of a setting; of a network of the user's own only its name."""
    if isinstance(value, nn.Module) or callable(value):
        return {_CALLABLE: getattr(value, "__name__", type(value).__name__)}
    if isinstance(value, dict):
        return {"pairs": [[plain_number(k), plain_number(v)] for k, v in value.items()]}
    if isinstance(value, list | tuple):
        return [plain_number(v) for v in value]
    if isinstance(value, torch.device):
        return str(value)
    if name == "checkpoint":
        return None
    if isinstance(value, np.random.RandomState):
        return None
    return plain_number(value)


def plain_number(value: Any) -> Any:
    """Python's own number for NumPy's; anything else as it is."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"The setting {value} cannot be saved.")
    return value


def from_json(name: str, value: Any, functions: dict[str, Callable[..., Any]]) -> Any:
    """The setting that `to_json` wrote; networks come from `functions`."""
    if isinstance(value, dict) and _CALLABLE in value:
        key = value[_CALLABLE]
        if key not in functions:
            raise InputError(
                f"the {name} of this model is the function or module {key!r}, which is not in the file. Load it with "
                f"lawful.load(path, functions={{{key!r}: ...}})."
            )
        return functions[key]
    if isinstance(value, dict):
        return dict(value["pairs"])
    return tuple(value) if isinstance(value, list) else value
