"""A lake's season: the truth, what an incomplete model says of it, and what an account of its heat says."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from lawful.simulators.lake.basin import Basin, draw_basin
from lawful.simulators.lake.column import START, Column, run_column
from lawful.simulators.lake.weather import LEAD, Weather, draw_weather
from lawful.simulators.world import Array

TYPICAL = {"shape": 1.0, "area": 1.0, "extinction": 0.65, "sheltering": 0.85}  # of a lake that nobody has calibrated


@dataclass(frozen=True)
class Season:
    """Everything that is known of a lake's season.

    Attributes:
        basin: The lake.
        weather: Over it, with `LEAD` days before the season.
        truth: The lake itself.
        process: What the incomplete model makes of the same weather.
    """

    basin: Basin
    weather: Weather
    truth: Column
    process: Column

    def account(self, error: float, rng: np.random.Generator) -> Array:
        """Heat of the lake by an account of its fluxes, over the heat capacity, in degC m, (days,).

        Every day's gain is measured with one relative error of standard deviation `error` for the season, and a
        daily one of three times `error` of the gains' root mean square.
        """
        gained = self.truth.gained
        daily = 3 * error * np.sqrt(np.mean(gained**2)) * rng.normal(size=len(gained))
        return np.asarray(START * self.truth.volume.sum() + np.cumsum(gained * (1 + error * rng.normal()) + daily))


@lru_cache(maxsize=16)
def draw_season(lake: int) -> Season:
    """The season of the lake of that number; the same number is the same lake, weather and season.

    The incomplete model is the process model as it is used where nobody has measured: it knows the depth, the
    latitude and the weather but for the wind, of which it has the season's mean, and it has the shape, area, clarity
    and shelter of a typical lake.

    Examples:
        >>> season = draw_season(3)
        >>> error = season.process.temperature - season.truth.temperature
        >>> bool(0.5 < np.sqrt(np.mean(error**2)) < 5)
        True
    """
    basin = draw_basin(lake)
    weather = draw_weather(basin, np.random.default_rng([lake, 2]))
    calm = replace(weather, wind=np.full_like(weather.wind, weather.wind[LEAD:].mean()))
    return Season(basin, weather, run_column(basin, weather), run_column(replace(basin, **TYPICAL), calm))
