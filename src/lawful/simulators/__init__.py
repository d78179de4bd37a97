"""Worlds that make data: events drawn from physics that is known, to learn on and to test with."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lawful.simulators.simulating import check_settings, simulate
    from lawful.simulators.world import Choice, Column, Drawn, Setting, Switch, World
    from lawful.simulators.worlds import WORLDS

_HOME = {
    "WORLDS": "worlds",
    "Choice": "world",
    "Column": "world",
    "Drawn": "world",
    "Setting": "world",
    "Switch": "world",
    "World": "world",
    "check_settings": "simulating",
    "simulate": "simulating",
}

__all__ = ["WORLDS", "Choice", "Column", "Drawn", "Setting", "Switch", "World", "check_settings", "simulate"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"lawful.simulators.{_HOME[name]}"), name)
    raise AttributeError(f"module 'lawful.simulators' has no attribute {name!r}")
