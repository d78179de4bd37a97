"""Settings of an estimator as JSON, and back."""

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from lawful.errors import InputError
from lawful.physics.statement import from_plain, statements_of, to_plain

_CALLABLE = "function"


def to_json(name: str, value: Any) -> Any:
    """What JSON keeps of a setting; of a network of the user's own only its name."""
    if name == "physics":
        return [to_plain(item) for item in statements_of(value)]
    if isinstance(value, nn.Module) or callable(value):
        return {_CALLABLE: getattr(value, "__name__", type(value).__name__)}
    if isinstance(value, dict):
        return {"pairs": [[_finite(k), _finite(v)] for k, v in value.items()]}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    if isinstance(value, torch.device):
        return str(value)
    if name in ("checkpoint", "pretrained"):  # neither is needed again
        return None
    if isinstance(value, np.random.RandomState):
        return None
    return _finite(value)


def plain_number(value: Any) -> Any:
    """Python's own number for NumPy's; anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def _finite(value: Any) -> Any:
    """As `plain_number`; JSON has no infinity."""
    value = plain_number(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"The setting {value} cannot be saved.")
    return value


def from_json(name: str, value: Any, functions: dict[str, Callable[..., Any]]) -> Any:
    """The setting that `to_json` wrote; networks come from `functions`."""
    if name == "physics":
        return [from_plain({key: _filled(name, part, functions) for key, part in item.items()}) for item in value]
    if isinstance(value, dict) and _CALLABLE in value:
        return _filled(name, value, functions)
    if isinstance(value, dict):
        return dict(value["pairs"])
    return tuple(value) if isinstance(value, list) else value


def _filled(name: str, value: Any, functions: dict[str, Callable[..., Any]]) -> Any:
    """A value, or the function of which the file holds only the name."""
    if not (isinstance(value, dict) and set(value) == {_CALLABLE}):
        return value
    key = value[_CALLABLE]
    if key not in functions:
        raise InputError(
            f"the {name} of this model is the function or module {key!r}, which is not in the file. Load it with "
            f"lawful.load(path, functions={{{key!r}: ...}})."
        )
    return functions[key]


def warn_of_code(settings: dict[str, Any]) -> None:
    """Warn of each setting, as `to_json` wrote it, that is code, and say how to load the model again."""
    parts = [(name, value) for name, value in settings.items() if name != "physics"]
    parts += [("physics", part) for item in settings.get("physics", []) for part in item.values()]
    for name, value in parts:
        if isinstance(value, dict) and _CALLABLE in value:
            key = value[_CALLABLE]
            warnings.warn(
                f"The {name} of this model is code, of which the file holds only the name {key!r}. To load it, give "
                f"the code again: lawful.load(path, functions={{{key!r}: ...}}).",
                UserWarning,
                stacklevel=3,
            )
