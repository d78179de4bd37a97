"""Training data moved at random in every epoch: images and clouds of structured inputs."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lawful.errors import InputError
from lawful.grammar import nearest
from lawful.learning.augmenting_clouds import augment_clouds
from lawful.learning.augmenting_images import augment_images
from lawful.nets.structure import Part, Structure
from lawful.predict.inputs import Array

_HOW: dict[str, Callable[..., Any]] = {"image": augment_images, "cloud": augment_clouds}


def read_augment(given: Any, structure: Structure | None) -> dict[int, dict[str, Any]]:
    """What is done to which input, by its number, with the settings of `augment_images` or `augment_clouds`.

    Args:
        given: As the user gave it: settings by name of the input; of one input alone its settings.
        structure: The inputs.

    Raises:
        InputError: When there is no such input or setting, or an input cannot be moved.
    """
    if given is None:
        return {}
    if structure is None:
        raise InputError(
            "augment= moves images and clouds; of a table, state Symmetry(...).by('augment') in physics=."
        )
    if not isinstance(given, Mapping):
        raise InputError(f"augment={given!r}: expected settings by name, as {{'flips': True, 'shift': 2}}.")
    names = [part.name for part in structure.parts]
    if len(names) == 1 and names[0] not in given:
        given = {names[0]: given}
    found = {}
    for name, settings in given.items():
        if name not in names:
            raise InputError(f"augment={{{name!r}: ...}}: there is no such input; {nearest(name, names)}")
        part = structure.parts[names.index(name)]
        if part.kind not in _HOW:
            raise InputError(f"augment: the {part} cannot be moved: images and clouds can.")
        allowed = [p.name for p in inspect.signature(_HOW[part.kind]).parameters.values() if p.kind is p.KEYWORD_ONLY]
        if not isinstance(settings, Mapping):
            raise InputError(f"augment: {settings!r}: expected settings out of {allowed}.")
        for key in settings:
            if key not in allowed:
                raise InputError(f"augment: {part.kind}s have no setting {key!r}; {nearest(str(key), allowed)}")
        found[names.index(name)] = dict(settings)
        nothing = torch.zeros(1, part.width, dtype=torch.float64)
        _moved(part, nothing, found[names.index(name)], np.random.default_rng(0))  # says what is wrong
    return found


def augmented(
    x: Array, structure: Structure, chosen: Mapping[int, Mapping[str, Any]], rng: np.random.Generator
) -> Array:
    """Rows x, (N, S), with inputs moved, each event by draws of its own."""
    moved = x.copy()
    for index, settings in chosen.items():
        place = structure.places(index)
        numbers = torch.from_numpy(x[:, place].astype(np.float64))
        moved[:, place] = _moved(structure.parts[index], numbers, settings, rng).numpy()
    return moved


def _moved(part: Part, numbers: Tensor, settings: Mapping[str, Any], rng: np.random.Generator) -> Tensor:
    """The numbers of one input, (N, width), moved."""
    if part.kind == "image":
        return augment_images(numbers.unflatten(1, part.shape), rng, **settings).flatten(1)
    mask = torch.arange(part.shape[0]) < numbers[:, :1]
    values, there = augment_clouds(numbers[:, 1:].unflatten(1, part.shape), mask, part.fields, rng, **settings)
    order = torch.argsort(
        there.to(torch.int8), dim=1, descending=True, stable=True
    )  # objects that are left come first
    values = torch.gather(values * there.unsqueeze(-1), 1, order.unsqueeze(-1).expand_as(values))
    return torch.cat([there.sum(1, keepdim=True).to(values), values.flatten(1)], 1)
