"""Water: its density, and what it takes to warm it."""

from typing import Any

import numpy as np

from lawful.simulators.world import Array

HEAT_CAPACITY = 4.18e6  # of a volume, rho c, J/(m^3 K)
GRAVITY = 9.81  # m/s^2


def density(temperature: Any) -> Array:
    r"""Density of fresh water, $\rho = 1000\,(1 - \frac{(T + 288.9414)(T - 3.9863)^2}{508929.2\,(T + 68.12963)})$.

    Args:
        temperature: T in degrees Celsius, any shape; valid from 0 to 40.

    Returns:
        Density in kg/m^3, in that shape; largest at 3.9863 degrees.

    References:
        The formula of J. L. Martin, S. C. McCutcheon, 'Hydrodynamics and Transport for Water Quality Modeling'
        (1999), as in A. Daw and others, 'Physics-guided neural networks (PGNN)' (2017), arXiv:1710.11431.

    Examples:
        >>> bool(density(3.9863) == 1000.0), round(float(density(20.0)), 2)
        (True, 998.23)
    """
    T = np.asarray(temperature, dtype=np.float64)
    return np.asarray(1000 * (1 - (T + 288.9414) * (T - 3.9863) ** 2 / (508929.2 * (T + 68.12963))))
