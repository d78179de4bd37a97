"""Machine learning that obeys the laws of physics, and finds new ones.

The names below are imported when they are first used, so that `import lawful` costs next to nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from lawful import data as data
    from lawful import evidence as evidence
    from lawful import learning as learning
    from lawful import nets as nets
    from lawful import physics as physics
    from lawful import predict as predict
    from lawful import simulators as simulators
    from lawful import studies as studies
    from lawful.data import Events as Events
    from lawful.data import read as read
    from lawful.errors import InputError as InputError
    from lawful.learning import load as load
    from lawful.predict import Classifier as Classifier
    from lawful.predict import ObjectRegressor as ObjectRegressor
    from lawful.predict import Regressor as Regressor
    from lawful.predict import Segmenter as Segmenter
    from lawful.predict import compare as compare
    from lawful.predict import learning_rates as learning_rates
    from lawful.predict import search as search
    from lawful.predict import transfer as transfer

_HOME = {
    "Classifier": "lawful.predict",
    "Events": "lawful.data",
    "InputError": "lawful.errors",
    "ObjectRegressor": "lawful.predict",
    "Regressor": "lawful.predict",
    "Segmenter": "lawful.predict",
    "compare": "lawful.predict",
    "learning_rates": "lawful.predict",
    "load": "lawful.learning",
    "read": "lawful.data",
    "search": "lawful.predict",
    "transfer": "lawful.predict",
}
_ROOMS = ("data", "evidence", "learning", "nets", "physics", "predict", "simulators", "studies")

__all__ = [*_HOME, *_ROOMS, "__version__"]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    if name in _ROOMS:
        return importlib.import_module(f"lawful.{name}")
    raise AttributeError(f"module 'lawful' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
