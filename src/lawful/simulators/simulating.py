"""Events from a world."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lawful.data.names import nearest
from lawful.errors import InputError
from lawful.simulators.world import World
from lawful.simulators.worlds import WORLDS

if TYPE_CHECKING:
    from lawful.data import Events


def simulate(world: str, n: int, seed: int = 0, **settings: Any) -> "Events":
    """Draw events from a world.

    Args:
        world: Its name, one of `WORLDS`.
        n: How many events.
        seed: The same seed gives the same events.
        **settings: Of the world; those that are not given have their defaults.

    Returns:
        The events, with features, one target or several, and the unit of each column; where the world makes them,
        with weights, systematic variations and clouds.

    Raises:
        InputError: When there is no such world or setting (names the nearest), or a value is out of range.

    Examples:
        >>> events = simulate("projectile", 100, speed=12.0, noise=0.0)
        >>> events
        Events(100 events, 1 feature, target 'height')
        >>> t = events["time"]
        >>> bool(np.allclose(events.y, 12.0 * t - 9.81 * t**2 / 2))
        True
        >>> events.units["height"]
        'm'
    """
    from lawful.data import Events

    known = find_world(world)
    count = whole("n", n, 1)
    chosen = check_settings(world, settings)
    made = known.draw(count, np.random.default_rng(whole("seed", seed, 0)), **chosen)
    columns = {**made.features, **made.targets, **made.extras}
    targets = list(made.targets)
    return Events(
        {**made.features, **made.targets},
        target=targets[0] if len(targets) == 1 else targets,
        features=list(made.features),
        extras=made.extras,
        units={name: known.columns[name].unit for name in columns},
        weight=made.weight,
        variations={name: {"weight": weight} for name, weight in made.variations.items()} or None,
        clouds=made.clouds or None,
    )


def find_world(name: str) -> World:
    """The world of that name.

    Raises:
        InputError: When there is none; names the nearest.
    """
    if name not in WORLDS:
        raise InputError(f"There is no world {name!r}: {nearest(str(name), WORLDS)}")
    return WORLDS[name]


def check_settings(world: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Every setting of a world, checked; those that are not given have their defaults.

    Raises:
        InputError: When there is no such world or setting (names the nearest), or a value is out of range.

    Examples:
        >>> check_settings("spring", {"mass": 2})["mass"]
        2.0
    """
    known = find_world(world).settings
    for name in settings:
        if name not in known:
            raise InputError(f"{world} has no setting {name!r}: {nearest(name, known)}")
    return {name: s.check(f"{world}: {name}", settings.get(name, s.default)) for name, s in known.items()}


def check_file(world: str, settings: Mapping[str, Any], path: Path) -> None:
    """See that the events of a world can be written to a file, before they are drawn.

    Raises:
        InputError: When its format is unknown or cannot hold the world's clouds, or its folder cannot be written to.
    """
    from lawful.data.formats import format_of

    format_of(path)
    # a cloud is left out by the switch that has its name
    clouds = [name for name in find_world(world).clouds if settings.get(name, True)]
    if clouds and ".csv" in path.suffixes:
        raise InputError(
            f"{path}: CSV cannot hold the cloud {clouds[0]!r} of {world}; write .parquet, .h5, .npz or .root, or "
            f"leave the cloud out with {clouds[0]}=false."
        )
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        place = "it is a folder" if path.is_dir() else f"{folder} is no folder that you may write to"
        raise InputError(f"{path}: no file can be written there: {place}.")


def whole(name: str, value: Any, least: int) -> int:
    """The value as a whole number.

    Raises:
        InputError: When it is none, or smaller than `least`.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InputError(f"{name}={value!r}: expected a whole number of at least {least}.")
    return int(value)
