"""Worlds in words."""

from lawful.simulators.simulating import find_world
from lawful.simulators.world import Choice, Setting, Switch
from lawful.simulators.worlds import WORLDS


def list_worlds() -> str:
    """A line for each world.

    Examples:
        >>> list_worlds().splitlines()[0]
        'infinite-well    stationary states of a particle in an infinitely deep well'
    """
    return "\n".join(f"{name:16} {world.line}" for name, world in WORLDS.items())


def tell_world(name: str) -> str:
    """What a world is, can be given and makes.

    Raises:
        InputError: When there is no such world.

    Examples:
        >>> print(tell_world("spring-energy"))  # doctest: +ELLIPSIS
        spring-energy: energy of a mass on a spring
        <BLANKLINE>
        settings
          mass = 1.0 kg        m; a number above 0
        ...
    """
    world = find_world(name)
    settings = [(f"{key} = {_valued(s)}", f"{s.text}; {s.allowed}") for key, s in world.settings.items()]
    columns = [(f"{key} [{c.unit}]" if c.unit else key, c.text) for key, c in world.columns.items()]
    parts = [f"{world.name}: {world.line}", "", "settings", *_aligned(settings), "", "columns", *_aligned(columns)]
    for cloud, fields in world.clouds.items():
        told = [(f"{key} [{c.unit}]" if c.unit else key, c.text) for key, c in fields.items()]
        parts += ["", f"cloud {cloud}", *_aligned(told)]
    return "\n".join([*parts, "", f"source: {world.source}"])


def _valued(setting: Setting | Choice | Switch) -> str:
    if isinstance(setting, Switch):
        return str(setting.default).lower()
    default = ", ".join(setting.default) if isinstance(setting, Choice) else setting.default
    return f"{default} {setting.unit}".strip()


def _aligned(rows: list[tuple[str, str]]) -> list[str]:
    width = max(len(left) for left, _ in rows)
    return [f"  {left:{width}}  {right}" for left, right in rows]
