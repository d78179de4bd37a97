"""Where the computing happens: device, number type and threads."""

import contextlib
from collections.abc import Iterator

import torch

from lawful.errors import InputError

DTYPES = {"float32": torch.float32, "float64": torch.float64}


def find_device(name: str = "auto") -> torch.device:
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
        device = torch.device(name)
    except RuntimeError:
        raise InputError(f"device={name!r} is not known: use 'auto', 'cpu', 'cuda', 'cuda:1' or 'mps'.") from None
    if (device.type == "cuda" and not torch.cuda.is_available()) or (
        device.type == "mps" and not torch.backends.mps.is_available()
    ):
        raise InputError(f"device={name!r} is not there: this torch sees none. Use device='auto' or 'cpu'.")
    return device


def find_dtype(name: str) -> torch.dtype:
    """Give torch's number type for "float32" or "float64".

    Raises:
        InputError: For any other name.
    """
    if name not in DTYPES:
        raise InputError(f"dtype={name!r} is not known: use 'float32' or 'float64'.")
    return DTYPES[name]


@contextlib.contextmanager
def threads(count: int) -> Iterator[None]:
    """Let torch and BLAS use `count` threads inside the block, and what they used before after it."""
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        with threadpool_limits(count, user_api="blas"):
            yield
    finally:
        torch.set_num_threads(before)
