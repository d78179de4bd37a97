"""How heat moves down a lake: eddies made by the wind, and water that sinks because it is heavier."""

import math

import numpy as np
from scipy.linalg.lapack import dgtsv

from lawful.simulators.lake.water import GRAVITY, density
from lawful.simulators.world import Array

MOLECULAR = 1.4e-7  # m^2/s
_KARMAN = 0.4
_LEAST_STABILITY = 7e-5  # 1/s^2


def stability(temperature: Array, spacing: float) -> Array:
    """N^2 = (g / rho) d rho / dz between layers, in 1/s^2, (layers - 1,); negative where water would sink."""
    return np.asarray(GRAVITY / 1000 * np.diff(density(temperature)) / spacing)


def wind_diffusivity(N2: Array, depth: Array, wind: float, latitude: float) -> Array:
    r"""Eddy diffusivity that the wind makes.

    $K = \kappa w^* z\,e^{-k^* z} / (1 + 37 Ri^2)$ with $w^* = 0.0012\,U$, $k^* = 6.6 \sqrt{\sin\varphi}\,U^{-1.84}$
    and $Ri = (\sqrt{1 + 40 N^2 \kappa^2 z^2 / (w^{*2} e^{-2 k^* z})} - 1) / 20$.

    Args:
        N2: Stability between layers in 1/s^2, (L - 1,).
        depth: z of the interfaces in m, (L - 1,).
        wind: U over the water in m/s.
        latitude: phi in degrees.

    Returns:
        K in m^2/s, (L - 1,).

    References:
        B. Henderson-Sellers, 'New formulation of eddy diffusion thermocline models', Applied Mathematical Modelling 9
        (1985) 441.
    """
    U = max(wind, 0.1)
    w = 1.2e-3 * U
    decay = np.exp(-np.minimum(6.6 * math.sqrt(math.sin(math.radians(latitude))) * U**-1.84 * depth, 200.0))
    Ri = (np.sqrt(1 + 40 * np.maximum(N2, 0) * (_KARMAN * depth / np.maximum(w * decay, 1e-30)) ** 2) - 1) / 20
    return np.asarray(_KARMAN * w * depth * decay / (1 + 37 * Ri**2))


def deep_diffusivity(N2: Array, area: float) -> Array:
    """Diffusivity of the deep water of a lake with a surface of `area` km^2, in m^2/s, (L - 1,).

    8.17e-8 area^0.56 (N^2)^-0.43, after M. Hondzo, H. G. Stefan, 'Lake water temperature simulation model', Journal
    of Hydraulic Engineering 119 (1993) 1251.
    """
    return np.asarray(8.17e-8 * area**0.56 * np.maximum(N2, _LEAST_STABILITY) ** -0.43)


def diffuse(temperature: Array, K: Array, area: Array, volume: Array, spacing: float, dt: float) -> Array:
    """One implicit step of diffusion; the sum of temperature times volume stays.

    Args:
        temperature: Of each layer, (L,).
        K: Diffusivity at the interfaces between layers in m^2/s, (L - 1,).
        area: Of those interfaces, (L - 1,).
        volume: Of the layers, (L,), in the unit of the areas times m.
        spacing: Between the middles of layers in m.
        dt: Time step in s.

    Returns:
        Temperature afterwards, (L,).
    """
    exchange = dt * K * area / spacing
    diagonal = volume.copy()
    diagonal[:-1] += exchange
    diagonal[1:] += exchange
    _, _, _, solved, _ = dgtsv(-exchange, diagonal, -exchange, volume * temperature)
    # what rounding adds to the heat is taken from all layers alike
    return np.asarray(solved - (np.dot(solved - temperature, volume)) / volume.sum())


def overturn(temperature: Array, volume: Array) -> Array:
    """Mix layers wherever water lies on lighter water, until it does nowhere; heat stays.

    Args:
        temperature: Of each layer from the surface down, (L,).
        volume: Of each layer, (L,).

    Returns:
        Temperature afterwards, (L,).

    Examples:
        >>> overturn(np.array([8.0, 10.0, 5.0]), np.array([1.0, 1.0, 1.0]))
        array([9., 9., 5.])
    """
    T = temperature
    while True:
        falls = np.flatnonzero(np.diff(density(T)) < -1e-9)
        if not len(falls):
            return T
        T = T.copy() if T is temperature else T
        top = int(falls[0])
        top -= int(np.argmin(np.append(T[top::-1] == T[top], False))) - 1  # what was mixed before goes along
        mean = np.cumsum((T * volume)[top:]) / np.cumsum(volume[top:])
        settled = density(mean[:-1]) <= density(T[top + 1 :])
        settled[: int(falls[0]) - top + 1] = False  # the layer below the first fall is in any case taken in
        last = int(np.argmax(settled)) if settled.any() else len(mean) - 1
        T[top : top + last + 1] = mean[last]
