"""Observations of a lake's temperature, and the whole truth."""

from typing import TYPE_CHECKING, Any

import numpy as np

from lawful.simulators.lake.column import Column as Water
from lawful.simulators.lake.season import Season, draw_season
from lawful.simulators.lake.weather import LEAD
from lawful.simulators.world import Array, Column, Drawn, Setting, World

if TYPE_CHECKING:
    from lawful.data import Events

_DRIVERS = {
    "air_temperature": ("degC", "temperature of the air"),
    "shortwave": ("W/m**2", "sunlight on the surface"),
    "wind": ("m/s", "wind at 10 m over open land"),
    "humidity": ("", "relative humidity of the air"),
}
_MEANS = (7, LEAD)


def _columns(season: Season, day: Any, depth: Array, heat: Array) -> dict[str, Array]:
    """Features of observations on days (counted from the first of the season, whole numbers, (n,)) and at depths."""
    today = season.weather.day[LEAD:][day]
    turn = 2 * np.pi * today / 365
    columns = {"depth": depth, "day": today, "season_sine": np.sin(turn), "season_cosine": np.cos(turn)}
    for name in _DRIVERS:
        series = getattr(season.weather, name)
        columns[name] = series[LEAD:][day]
        sums = np.concatenate([[0.0], np.cumsum(series)])
        for days in _MEANS:
            columns[f"{name}_{days}"] = (sums[day + LEAD + 1] - sums[day + LEAD + 1 - days]) / days
    return columns | {"process": _at(season.process, day, depth), "heat": heat[day]}


def _at(water: Water, day: Any, depth: Array) -> Array:
    """Temperature at days and depths, (n,) each, linear between the middles of layers and constant beyond."""
    place = np.interp(depth, water.depth, np.arange(len(water.depth)))
    above = np.minimum(place.astype(int), len(water.depth) - 2)
    part = place - above
    T = water.temperature
    return np.asarray(T[day, above] * (1 - part) + T[day, above + 1] * part)


def _draw(n: int, rng: np.random.Generator, *, lake: int, noise: float, account_error: float) -> Drawn:
    season = draw_season(lake)
    heat = season.account(account_error, np.random.default_rng([lake, 3]))
    day = rng.integers(0, len(season.truth.gained), n)
    depth = rng.uniform(0.0, season.basin.depth, n)
    true = _at(season.truth, day, depth)
    measured = true + noise * rng.normal(size=n)
    return Drawn(_columns(season, day, depth, heat), {"temperature": measured}, {"true_temperature": true})


def truth(lake: int = 0, account_error: float = 0.03) -> "Events":
    """What the world `lake` knows: the noise-free temperature of every day of the season, every half metre.

    Args:
        lake: Number of the lake.
        account_error: As the setting of the world.

    Returns:
        Events with the same columns as those of `simulate("lake", ...)`, day by day and from the surface down.

    Raises:
        InputError: When an argument is out of range.

    Examples:
        >>> events = truth(lake=3)
        >>> bool((events.y == events["true_temperature"]).all())
        True
    """
    from lawful.data import Events
    from lawful.simulators.simulating import check_settings

    known = check_settings("lake", {"lake": lake, "account_error": account_error})
    season = draw_season(known["lake"])
    heat = season.account(known["account_error"], np.random.default_rng([known["lake"], 3]))
    days, layers = season.truth.temperature.shape
    day, depth = np.repeat(np.arange(days), layers), np.tile(season.truth.depth, days)
    true = season.truth.temperature.ravel()
    features = _columns(season, day, depth, heat)
    return Events(
        {**features, "temperature": true},
        target="temperature",
        features=list(features),
        extras={"true_temperature": true},
        units={name: LAKE.columns[name].unit for name in features | {"temperature": true} if LAKE.columns[name].unit},
    )


def _described() -> dict[str, Column]:
    columns = {
        "depth": Column("m", "below the surface, uniform from 0 to the bottom"),
        "day": Column("day", "of the year, in the season from 91 (1 April) to 319 (15 November)"),
        "season_sine": Column("", "sine of 2 pi day / 365"),
        "season_cosine": Column("", "cosine of 2 pi day / 365"),
    }
    for name, (unit, text) in _DRIVERS.items():
        columns[name] = Column(unit, f"{text}, mean of the day")
        columns |= {f"{name}_{days}": Column(unit, f"mean of the {days} days up to the day") for days in _MEANS}
    return columns | {
        "process": Column("degC", "what the incomplete process model says of that day and depth"),
        "heat": Column(
            "degC*m",
            "integral over depth of temperature times (1 - depth / D)**p on that day, by an account of fluxes",
        ),
        "temperature": Column("degC", "target: measured temperature of the water"),
        "true_temperature": Column("degC", "without noise; no feature"),
    }


LAKE = World(
    name="lake",
    line="temperature of a lake in depth and time, with an incomplete process model beside it",
    draw=_draw,
    settings={
        "lake": Setting(
            0, "", "which lake: its depth, shape, clarity, shelter, climate and weather", low=0, whole=True
        ),
        "noise": Setting(0.5, "degC", "standard deviation of the noise of the temperature", low=0),
        "account_error": Setting(0.03, "", "relative error of the account of heat", low=0, high=1),
    },
    columns=_described(),
    source="the process after B. Henderson-Sellers, Applied Mathematical Modelling 9 (1985) 441, and M. Hondzo, "
    "H. G. Stefan, Journal of Hydraulic Engineering 119 (1993) 1251; the task is that of A. Daw and others, "
    "'Physics-guided neural networks (PGNN): an application in lake temperature modeling' (2017), arXiv:1710.11431",
)
