"""The one training loop, what it minimises, ensembles, checkpoints and the file that a model is saved in."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lawful.learning.archive import load
    from lawful.learning.augmenting_clouds import augment_clouds
    from lawful.learning.augmenting_images import augment_images
    from lawful.learning.loop import Examples, Settings, train
    from lawful.learning.members import Members
    from lawful.learning.objectives import (
        BinaryCrossEntropy,
        CrossEntropy,
        Objective,
        SignedSquaredError,
        SquaredError,
    )
    from lawful.learning.objectives_each import Each, NumberedCrossEntropy
    from lawful.learning.scaling import InputScaling, TargetScaling

_HOME = {
    "BinaryCrossEntropy": "objectives",
    "CrossEntropy": "objectives",
    "Each": "objectives_each",
    "Examples": "loop",
    "InputScaling": "scaling",
    "Members": "members",
    "NumberedCrossEntropy": "objectives_each",
    "Objective": "objectives",
    "Settings": "loop",
    "SignedSquaredError": "objectives",
    "SquaredError": "objectives",
    "TargetScaling": "scaling",
    "augment_clouds": "augmenting_clouds",
    "augment_images": "augmenting_images",
    "load": "archive",
    "train": "loop",
}

__all__ = [
    "BinaryCrossEntropy",
    "CrossEntropy",
    "Each",
    "Examples",
    "InputScaling",
    "Members",
    "NumberedCrossEntropy",
    "Objective",
    "Settings",
    "SignedSquaredError",
    "SquaredError",
    "TargetScaling",
    "augment_clouds",
    "augment_images",
    "load",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"lawful.learning.{_HOME[name]}"), name)
    raise AttributeError(f"module 'lawful.learning' has no attribute {name!r}")
