"""Weather over a lake, day by day."""

from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from lawful.simulators.lake.basin import Basin
from lawful.simulators.world import Array

FIRST, LAST = 91, 319  # the season of open water: 1 April to 15 November
LEAD = 30  # days before, for running means


@dataclass(frozen=True)
class Weather:
    """Daily means, (days,) each, from `LEAD` days before the season to its end.

    Attributes:
        day: Of the year, 1 on the first of January.
        air_temperature: In degrees Celsius.
        shortwave: Sunlight on the surface in W/m^2.
        cloud: Share of the sky that is covered.
        wind: Speed in m/s at 10 m over open land.
        humidity: Relative humidity.
    """

    day: Array
    air_temperature: Array
    shortwave: Array
    cloud: Array
    wind: Array
    humidity: Array


def sun_above(day: Array, latitude: float) -> Array:
    r"""Daily mean of sunlight above the atmosphere.

    $S = \frac{1361}{\pi}\,r\,(h \sin\varphi \sin\delta + \cos\varphi \cos\delta \sin h)$ with
    $r = 1 + 0.033 \cos(2 \pi d / 365)$, the declination $\delta$ and the hour angle of sunset h.

    Args:
        day: d, of the year, (days,).
        latitude: phi in degrees north, below the polar circle.

    Returns:
        In W/m^2, (days,).

    References:
        M. Iqbal, 'An Introduction to Solar Radiation' (1983), chapters 1 and 4.

    Examples:
        >>> sun_above(np.array([172.0]), 45.0).round()
        array([483.])
    """
    turn = 2 * np.pi * day / 365
    declination = np.deg2rad(23.45) * np.sin(2 * np.pi * (284 + day) / 365)
    phi = np.deg2rad(latitude)
    h = np.arccos(-np.tan(phi) * np.tan(declination))
    sines, cosines = np.sin(phi) * np.sin(declination), np.cos(phi) * np.cos(declination)
    return np.asarray(1361 / np.pi * (1 + 0.033 * np.cos(turn)) * (h * sines + cosines * np.sin(h)))


def draw_weather(basin: Basin, rng: np.random.Generator) -> Weather:
    """The weather of one year.

    Clouds, winds and the departure of the air's temperature from its season remember the day before
    (autoregressive of first order). Clear air lets 0.7 of the sunlight through, clouds take
    0.75 c^3.4 of that (F. Kasten, G. Czeplak, 'Solar and terrestrial radiation dependent on the amount and type of
    cloud', Solar Energy 24 (1980) 177).
    """
    day = np.arange(FIRST - LEAD, LAST + 1, dtype=float)
    fronts, skies, gusts, damp = (_remembering(rng, len(day), memory) for memory in (0.75, 0.5, 0.4, 0.6))
    cloud = 1 / (1 + np.exp(-(1.4 * skies + 0.5)))
    season = basin.warmth + basin.swing * np.cos(2 * np.pi * (day - 202) / 365)
    return Weather(
        day=day,
        air_temperature=season + 3.5 * fronts,
        shortwave=0.7 * sun_above(day, basin.latitude) * (1 - 0.75 * cloud**3.4),
        cloud=cloud,
        wind=np.exp(np.log(4.5) + 0.4 * gusts),
        humidity=np.clip(0.60 + 0.2 * cloud + 0.06 * damp, 0.3, 0.98),
    )


def _remembering(rng: np.random.Generator, days: int, memory: float) -> Array:
    """A series of unit variance whose neighbours correlate by `memory`, (days,)."""
    shocks = rng.normal(size=days)
    shocks[1:] *= np.sqrt(1 - memory**2)
    return np.array(list(accumulate(shocks, lambda before, shock: memory * before + shock)))
