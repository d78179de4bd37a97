"""The temperature of a lake through a season, in depth and time: a process model of its own."""

from lawful.simulators.lake.basin import Basin, draw_basin
from lawful.simulators.lake.observing import truth
from lawful.simulators.lake.season import Season, draw_season
from lawful.simulators.lake.water import density

__all__ = ["Basin", "Season", "density", "draw_basin", "draw_season", "truth"]
