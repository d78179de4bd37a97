"""How much memory there is, so that a file that declares more is refused before it is read."""

import os
from pathlib import Path

from lawful.errors import InputError


def free() -> int | None:
    """Bytes that can still be had; None where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        pages = os.sysconf_names.get("SC_PHYS_PAGES") if hasattr(os, "sysconf_names") else None
        return None if pages is None else os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def require(size: int, *, where: str, instead: str) -> None:
    """Raise `InputError` when `size` bytes are more than there are.

    Args:
        size: What is needed.
        where: What errors call the data.
        instead: What to do then.
    """
    there = free()
    if there is not None and size > there:
        raise InputError(f"{where} takes {_spelt(size)} of memory and {_spelt(there)} are free: {instead}")


def _spelt(size: int) -> str:
    return f"{size / 2**30:.3g} GiB" if size >= 2**28 else f"{size / 2**20:.3g} MiB"
