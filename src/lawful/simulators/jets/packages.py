"""The packages that only the jets need, and their banners."""

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

from lawful.errors import InputError


def imported(name: str) -> Any:
    """A package that only the jets need.

    Raises:
        InputError: When it is absent.

    Examples:
        >>> imported("fastjets")
        Traceback (most recent call last):
        lawful.errors.InputError: boosted-jets needs the package fastjets: pip install 'lawful[jets]'
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        raise InputError(f"boosted-jets needs the package {name}: pip install 'lawful[jets]'") from None


@cache
def silence_banners() -> None:
    """Let FastJet, and the part of it inside Pythia, print their banners unseen: each does so once in a process."""
    import awkward as ak

    pythia8mc, fastjet = imported("pythia8mc"), imported("fastjet")
    with _unseen():
        particles = ak.Array([[{"px": 1.0, "py": 0.0, "pz": 0.0, "E": 1.0}]])
        fastjet.ClusterSequence(particles, fastjet.JetDefinition(fastjet.antikt_algorithm, 1.0))
        event = pythia8mc.Event()
        for px in (0.0, 1.0):  # the first stands for the whole event
            event.append(1, 1, 0, 0, 0, 0, 0, 0, px, 0.0, 0.0, 1.0)
        pythia8mc.SlowJet(-1, 1.0, 0.1, 5.0, 1, 2).analyze(event)


@contextlib.contextmanager
def _unseen() -> Iterator[None]:
    """What is written to the standard output inside, also by C++, is lost."""
    sys.stdout.flush()
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
