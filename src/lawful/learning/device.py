"""Where the computing happens: device, number type and threads."""

import contextlib
import functools
import threading
from collections.abc import Iterator
from typing import Any

import torch

from lawful.errors import InputError
from lawful.nets.values import one_of

_LOCK = threading.Lock()
_BLOCKS: list[tuple[int, Any] | None] = []
SMALL = 2e8  # floating-point operations below which one thread is faster than two
DTYPES = {"float32": torch.float32, "float64": torch.float64}


def find_device(name: str | torch.device = "auto") -> torch.device:
    """Give the device of that name; "auto" takes the first of cuda, mps and cpu that is there.

    Raises:
        InputError: When the name is unknown or the device is absent.

    Examples:
        >>> find_device("cpu")
        device(type='cpu')
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name if isinstance(name, str | torch.device) else "meta")
    except RuntimeError:
        device = torch.device("meta")  # no place to compute either
    if device.type not in ("cpu", "cuda", "mps"):
        raise InputError(f"device={name!r} is not known: use 'auto', 'cpu', 'cuda', 'cuda:1' or 'mps'.")
    if (device.type == "cuda" and not torch.cuda.is_available()) or (
        device.type == "mps" and not torch.backends.mps.is_available()
    ):
        raise InputError(f"device={name!r} is not there: this torch sees none. Use device='auto' or 'cpu'.")
    if device.type == "cuda" and device.index is not None and device.index >= torch.cuda.device_count():
        raise InputError(f"device={name!r} is not there: this torch sees {torch.cuda.device_count()}, from 0.")
    return device


def find_dtype(name: str) -> torch.dtype:
    """Give torch's number type for "float32" or "float64".

    Raises:
        InputError: For any other name.
    """
    return DTYPES[one_of("dtype", name, list(DTYPES))]


@contextlib.contextmanager
def threads(count: int) -> Iterator[None]:
    """Let torch and BLAS use `count` threads inside the block, and what they used before after it.

    The numbers belong to the whole process: while blocks overlap, in several threads of the user's, the first one's
    number holds, and the last one to end puts things back.
    """
    with _LOCK:
        if not _BLOCKS:
            _BLOCKS.append((torch.get_num_threads(), _controller().limit(limits=count, user_api="blas")))
            torch.set_num_threads(count)
        else:
            _BLOCKS.append(None)
    try:
        yield
    finally:
        with _LOCK:
            if len(_BLOCKS) == 1:
                before, limits = _BLOCKS[0]  # type: ignore[misc]
                torch.set_num_threads(before)
                limits.restore_original_limits()
                _BLOCKS.clear()
            else:
                _BLOCKS.pop()


@functools.cache
def _controller() -> Any:
    """The libraries that are loaded, looked for once: a search takes milliseconds."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
