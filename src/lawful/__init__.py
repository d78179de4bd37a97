"""Machine learning that obeys the laws of physics, and finds new ones.

The names below are imported when they are first used, so that `import lawful` costs next to nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from lawful import data, evidence, learning, nets, predict, studies
    from lawful.data import Events, read
    from lawful.errors import InputError
    from lawful.learning import load
    from lawful.predict import Classifier, Regressor

_HOME = {
    "Classifier": "lawful.predict",
    "Events": "lawful.data",
    "InputError": "lawful.errors",
    "Regressor": "lawful.predict",
    "load": "lawful.learning",
    "read": "lawful.data",
}
_ROOMS = ("data", "evidence", "learning", "nets", "predict", "studies")

__all__ = [*_HOME, *_ROOMS, "__version__"]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    if name in _ROOMS:
        return importlib.import_module(f"lawful.{name}")
    raise AttributeError(f"module 'lawful' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
