"""The events that a study names: read from files, or drawn from a world."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lawful.errors import InputError

if TYPE_CHECKING:
    from lawful.studies.schema import Data

PREFIX = "simulate:"
PACKAGE = "package:"
_OF_FILES = ("tree", "weight", "missing", "normalise", "variations", "unroll", "define", "clouds")
_DISTRIBUTIONS = {"skhep_testdata": "scikit-hep-testdata==0.3.4"}  # where pip's name is not that of the module


def world_of(source: Any) -> str | None:
    """The world that a source names, None for files.

    Raises:
        InputError: When a list of sources names a world.
    """
    if isinstance(source, list) and any(isinstance(s, str) and s.startswith(PREFIX) for s in source):
        raise InputError(f"source: a world stands alone, as {PREFIX}WORLD, not in a list.")
    return source.removeprefix(PREFIX) if isinstance(source, str) and source.startswith(PREFIX) else None


def packaged(source: str) -> Path:
    """The file inside an installed package that `package:MODULE:FILE` means; nothing of the package is run.

    Raises:
        InputError: When the package is not installed, or has no such file.

    Examples:
        >>> packaged("package:lawful:studies/builtin/higgs.root").name
        'higgs.root'
    """
    module, separator, name = source.removeprefix(PACKAGE).partition(":")
    if not separator or not module.isidentifier() or Path(name).is_absolute() or ".." in Path(name).parts or not name:
        raise InputError(f"{source!r}: expected {PACKAGE}MODULE:FILE, with the file's place inside the package.")
    spec = find_spec(module)
    if spec is None:
        wanted = _DISTRIBUTIONS.get(module, module)
        raise InputError(f"{source!r}: the package {module} is not installed: pip install {wanted}")
    for folder in spec.submodule_search_locations or ():
        if (file := Path(folder) / name).is_file():
            return file
    wanted = f": pip install {_DISTRIBUTIONS[module]}" if module in _DISTRIBUTIONS else ""
    raise InputError(
        f"{source!r}: the installed package {module} has no file {name!r}; is it another version?{wanted}"
    )


def resolved(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content of `[data]` with every setting of the world that it names.

    Raises:
        InputError: When there is no such world or setting, or keys do not go together.
    """
    world = world_of(content.get("source"))
    given = content.get("simulate", {})
    if world is None:
        if given:
            raise InputError(f"simulate has no effect with files; it goes with source = '{PREFIX}WORLD'.")
        return dict(content)
    from lawful.simulators.simulating import check_settings, find_world, whole

    find_world(world)
    idle = [key for key in _OF_FILES if content.get(key)]
    if idle:
        raise InputError(f"{idle[0]} has no effect with source = '{PREFIX}{world}'; leave it out.")
    if not isinstance(given, Mapping):
        raise InputError(f"simulate={given!r}: expected a table, as simulate = {{ n = 1000, seed = 0 }}.")
    if "n" not in given:
        raise InputError("simulate needs n, how many events are drawn, as simulate = { n = 1000, seed = 0 }.")
    settings = {name: value for name, value in given.items() if name not in ("n", "seed")}
    size = {"n": whole("n", given["n"], 1), "seed": whole("seed", given.get("seed", 0), 0)}
    return {**content, "simulate": size | check_settings(world, settings)}


def simulated(data: "Data") -> Any:
    """The events that a study draws from a world, with the roles that it gives to the columns.

    Weights, systematic variations and clouds are those of the world.

    Raises:
        InputError: When it names a column that the world does not make, or its cut passes none.
    """
    from lawful.data import Events
    from lawful.data.names import expand
    from lawful.simulators import simulate

    events = simulate(str(world_of(data.source)), **data.simulate)
    where = f"the world {world_of(data.source)}"
    target = events.target if data.target is None else data.target
    targets = [target] if isinstance(target, str) else list(target or ())
    # the columns in which `simulate` puts the weights: that of the events, and one for each variation
    variations = {name: f"weight_{name}" for name in events.variations}
    weights = ("weight", *variations.values()) if events.weighted else ()
    excluded = set(expand(data.exclude, events.columns, what="column", where=where))
    if data.features is None:
        features = [name for name in events.features if name not in (data.group, *targets)]
    else:
        if clash := [name for name in data.features if name in targets]:
            raise InputError(f"data.features: {clash[0]!r} is the target.")
        if clash := [name for name in data.features if name in weights]:
            raise InputError(f"data.features: {clash[0]!r} is an event weight, which nothing is learned from.")
        # patterns stand for features of the world: further truth, which it makes too, must be named
        named = {name: None for name in data.features if name in events.columns}
        among = [*named, *(name for name in events.features if name not in targets)]
        features = list(expand(data.features, among, what="column", where=where))
    made = Events(
        {name: events[name] for name in events.columns},
        target=target,
        features=[name for name in features if name not in excluded],
        units={**events.units, **data.units},
        group=data.group,
        weight=weights[0] if weights else None,
        variations=variations or None,
        clouds=events.clouds or None,
    )
    return made if data.select is None else made.select(data.select)


def described(data: "Data") -> dict[str, str]:
    """World, settings and version of simulated events, for the provenance."""
    from lawful import __version__

    settings = ", ".join(f"{name} {value}" for name, value in data.simulate.items())
    return {str(data.source): f"{settings}; lawful {__version__}"}
