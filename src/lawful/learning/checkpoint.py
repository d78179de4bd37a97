"""The state of a training on disk: whole or absent, and continued only by the training that wrote it."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from lawful.errors import InputError
from lawful.files import writing

_NAME = "training.safetensors"


def fingerprint(settings: Any, *arrays: Tensor | None) -> str:
    """SHA-256 of settings and data: equal for the same training, different for any other."""
    digest = hashlib.sha256(repr(settings).encode())
    for array in arrays:
        if array is not None:
            digest.update(repr((tuple(array.shape), array.dtype)).encode())
            digest.update(np.ascontiguousarray(array.cpu().numpy()).data)
    return digest.hexdigest()


def save_state(folder: Path, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Write tensors and JSON-ready facts as one file in `folder`, in place of the one before."""
    from safetensors.torch import save

    blob = save({k: v.detach().cpu().contiguous() for k, v in tensors.items()}, {"facts": json.dumps(facts)})
    with writing(folder / _NAME) as path:
        path.write_bytes(blob)


def load_state(folder: Path, identity: str) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """Give tensors and facts that `save_state` wrote, or None when there are none yet.

    Raises:
        InputError: When the file is damaged, or was written by a training with other settings or other data.
    """
    from safetensors import SafetensorError, safe_open

    path = folder / _NAME
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads((file.metadata() or {})["facts"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dictionary
            owner = facts["identity"]
    except (SafetensorError, KeyError, TypeError, ValueError, OSError) as error:
        raise InputError(f"{path} is not a readable checkpoint ({error}). Delete it to start again.") from None
    if owner != identity:
        raise InputError(
            f"{path} was written by a training with other settings or other data. Use another folder, or delete it."
        )
    return tensors, facts


def clear_state(folder: Path) -> None:
    """Remove the state once the training it belongs to has ended."""
    (folder / _NAME).unlink(missing_ok=True)
