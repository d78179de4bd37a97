"""What a lake is: its depth, shape, clarity, shelter and climate."""

from dataclasses import dataclass

import numpy as np

from lawful.simulators.world import Array


@dataclass(frozen=True)
class Basin:
    """A lake.

    Attributes:
        depth: D, largest depth in m.
        shape: p: at depth z the share (1 - z / D)^p of the surface is water; 0: steep walls, 1: a bowl, 2: a cone.
        area: Surface in km^2, which sets how waves inside the lake mix its deep water.
        extinction: Light extinction in 1/m; about 1.7 over the Secchi depth.
        sheltering: Share of the wind speed that reaches the water.
        latitude: In degrees north.
        warmth: Mean temperature of the air in a year, in degrees Celsius.
        swing: Half the difference of the air's temperature between summer and winter, in K.
    """

    depth: float
    shape: float
    area: float
    extinction: float
    sheltering: float
    latitude: float
    warmth: float
    swing: float

    def share(self, depth: Array) -> Array:
        """Area at a depth over the area of the surface, in the shape of `depth` (in m).

        Examples:
            >>> Basin(20.0, 1.0, 1.0, 0.5, 0.8, 45.0, 7.0, 14.0).share(np.array([0.0, 5.0, 20.0]))
            array([1.  , 0.75, 0.  ])
        """
        return np.asarray(np.clip(1 - depth / self.depth, 0.0, 1.0) ** self.shape)


def draw_basin(lake: int) -> Basin:
    """The lake of a number: small to middling lakes of the cool temperate zone that turn over in spring and autumn.

    Args:
        lake: Any whole number from 0; the same number is the same lake.

    Examples:
        >>> draw_basin(3) == draw_basin(3), draw_basin(3) == draw_basin(4)
        (True, False)
    """
    rng = np.random.default_rng([lake, 1])
    latitude = rng.uniform(41.0, 46.0)
    return Basin(
        depth=round(2 * rng.uniform(8.0, 30.0)) / 2,
        shape=round(rng.uniform(0.6, 1.6), 1),
        area=float(np.exp(rng.uniform(np.log(0.3), np.log(5.0)))),
        extinction=float(np.exp(rng.uniform(np.log(0.35), np.log(1.2)))),
        sheltering=rng.uniform(0.6, 1.0),
        latitude=latitude,
        warmth=9.0 - 0.8 * (latitude - 42.0) + rng.normal(),
        swing=rng.uniform(12.5, 15.0),
    )
