"""The process model: a column of water through a season."""

from dataclasses import dataclass

import numpy as np

from lawful.simulators.lake.basin import Basin
from lawful.simulators.lake.fluxes import ALBEDO, surface_flux
from lawful.simulators.lake.mixing import (
    MOLECULAR,
    deep_diffusivity,
    diffuse,
    overturn,
    stability,
    wind_diffusivity,
)
from lawful.simulators.lake.water import HEAT_CAPACITY
from lawful.simulators.lake.weather import LEAD, Weather
from lawful.simulators.world import Array

SPACING = 0.5  # m
STEPS = 4  # in a day
START = 4.0  # degrees Celsius, when the ice has gone
_AT_ONCE = 0.4  # share of sunlight, the infrared, that the uppermost layer takes


@dataclass(frozen=True)
class Column:
    """A lake through a season.

    Attributes:
        depth: Middle of each layer in m, (L,).
        volume: Of each layer over the area of the surface, in m, (L,).
        temperature: In degrees Celsius at the end of each day, (days, L).
        gained: Heat that came in through the surface on each day, over the heat capacity of water, in degC m.
        ice: Heat that the water is short of below 0 degrees at the end of each day, in degC m: ice to be melted.
    """

    depth: Array
    volume: Array
    temperature: Array
    gained: Array
    ice: Array

    @property
    def heat(self) -> Array:
        """Heat of the water and the ice at the end of each day, over the heat capacity, in degC m, (days,)."""
        return np.asarray(self.temperature @ self.volume - self.ice)


def run_column(basin: Basin, weather: Weather) -> Column:
    r"""Solve a lake's heat balance, $A \rho c\,\dot T = \partial_z (A \rho c K \partial_z T) - \partial_z (A I)$.

    Layers of half a metre and steps of six hours: first light and surface exchange, then diffusion (implicit), then
    overturning wherever water would lie on lighter water. Light falls off as $I = 0.6\,I_0 e^{-k z}$ below the
    uppermost layer; what hits the bottom warms the water there, and no heat goes through the bottom. The surface
    does not freeze before all that was lost below 0 degrees has gone into ice; ice does not hinder the exchange,
    which is crude but does not matter in a season of open water.

    Args:
        basin: The lake.
        weather: From `LEAD` days before the season; these are left out.

    Returns:
        The lake at the end of each day of the season.
    """
    L = max(2, round(basin.depth / SPACING))
    faces = np.linspace(0.0, basin.depth, L + 1)
    spacing = basin.depth / L
    depth, inner = (faces[:-1] + faces[1:]) / 2, faces[1:-1]
    area = basin.share(faces)
    # the exact volume between faces: the integral of (1 - z / D)^p
    volume = -np.diff(np.clip(1 - faces / basin.depth, 0, 1) ** (basin.shape + 1)) * basin.depth / (basin.shape + 1)
    light = (1 - _AT_ONCE) * np.exp(-basin.extinction * faces) * area
    light[0], light[-1] = 1.0, 0.0
    absorbed = -np.diff(light)  # share of the light that each layer takes; they sum to one
    dt = 86400.0 / STEPS
    T, ice = np.full(L, START), 0.0
    days = range(LEAD, len(weather.day))
    temperature, gained, frozen = np.empty((len(days), L)), np.zeros(len(days)), np.empty(len(days))
    for i, d in enumerate(days):
        wind = float(basin.sheltering * weather.wind[d])
        sun = (1 - ALBEDO) * float(weather.shortwave[d])
        air, cloud, humidity = float(weather.air_temperature[d]), float(weather.cloud[d]), float(weather.humidity[d])
        for _ in range(STEPS):
            exchange = surface_flux(float(T[0]), air, cloud, wind, humidity)
            warmed = T + dt / HEAT_CAPACITY * sun * absorbed / volume
            top = float(warmed[0] * volume[0]) + dt / HEAT_CAPACITY * exchange - ice
            ice = max(0.0, -top)
            warmed[0] = max(0.0, top) / volume[0]
            gained[i] += dt / HEAT_CAPACITY * (sun + exchange)
            N2 = stability(warmed, spacing)
            K = MOLECULAR + wind_diffusivity(N2, inner, wind, basin.latitude) + deep_diffusivity(N2, basin.area)
            T = overturn(diffuse(warmed, K, area[1:-1], volume, spacing, dt), volume)
        temperature[i], frozen[i] = T, ice
    return Column(depth, volume, temperature, gained, frozen)
