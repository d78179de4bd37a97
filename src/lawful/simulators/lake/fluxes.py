"""Heat through the surface of a lake."""

import math

ALBEDO = 0.06
_STEFAN_BOLTZMANN = 5.67e-8
_EMISSIVITY = 0.97
_AIR_DENSITY, _AIR_HEAT = 1.2, 1005.0  # kg/m^3, J/(kg K)
_EVAPORATION = 2.47e6  # J/kg
_BULK = 1.4e-3  # coefficient of both turbulent fluxes
_PRESSURE = 1000.0  # hPa
_GUSTS = 1.0  # m/s, which blow where there is no wind


def vapour_pressure(temperature: float) -> float:
    """Saturated vapour pressure over water in hPa, at a temperature in degrees Celsius.

    References:
        O. A. Alduchov, R. E. Eskridge, 'Improved Magnus form approximation of saturation vapor pressure', Journal of
        Applied Meteorology 35 (1996) 601.

    Examples:
        >>> round(vapour_pressure(20.0), 1)
        23.3
    """
    return 6.1094 * math.exp(17.625 * temperature / (temperature + 243.04))


def surface_flux(water: float, air: float, cloud: float, wind: float, humidity: float) -> float:
    r"""Heat into the water through its surface, without sunlight: long waves in and out, evaporation, conduction.

    $\epsilon (L_{in} - \sigma T_w^4) + \rho_a C U (\Lambda (q_a - q_w) + c_p (T_a - T_w))$, with the long waves of
    the sky after W. C. Swinbank, 'Long-wave radiation from clear skies', Quarterly Journal of the Royal
    Meteorological Society 89 (1963) 339, times 1 + 0.17 c^2 for clouds; bulk formulae for the turbulent fluxes as in
    B. Henderson-Sellers, 'Calculating the surface energy balance for lake and reservoir modeling', Reviews of
    Geophysics 24 (1986) 625. $U^2$ is the wind's speed squared and that of gusts of 1 m/s.

    Args:
        water: Temperature of the surface in degrees Celsius.
        air: Temperature of the air in degrees Celsius.
        cloud: Share of the sky that is covered.
        wind: Wind speed over the water in m/s.
        humidity: Relative humidity of the air.

    Returns:
        Flux in W/m^2, positive into the water.

    Examples:
        >>> surface_flux(20.0, 20.0, 0.5, 3.0, 1.0) > surface_flux(20.0, 20.0, 0.5, 3.0, 0.5)
        True
    """
    kelvin = air + 273.15
    sky = 9.37e-6 * kelvin**2 * _STEFAN_BOLTZMANN * kelvin**4 * (1 + 0.17 * cloud**2)
    glow = _STEFAN_BOLTZMANN * (water + 273.15) ** 4
    drier = 0.622 / _PRESSURE * (humidity * vapour_pressure(air) - vapour_pressure(water))
    turbulent = _AIR_DENSITY * _BULK * math.hypot(wind, _GUSTS) * (_EVAPORATION * drier + _AIR_HEAT * (air - water))
    return _EMISSIVITY * (sky - glow) + turbulent
