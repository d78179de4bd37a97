"""A mass on a spring: where it will be, and what energy it has."""

from typing import Any

import numpy as np

from lawful.simulators.world import Array, Column, Drawn, Setting, World


def state_after(x: Array, v: Array, dt: float, mass: float = 1.0, stiffness: float = 1.0) -> tuple[Array, Array]:
    r"""State of a harmonic oscillator, $m \ddot x = -k x$, a time dt later.

    $x' = x \cos\omega\,dt + (v/\omega) \sin\omega\,dt$, $v' = v \cos\omega\,dt - \omega x \sin\omega\,dt$,
    $\omega = \sqrt{k/m}$.

    Args:
        x: Position in m, (N,).
        v: Speed in m/s, (N,).
        dt: In s.
        mass: m in kg.
        stiffness: k in N/m.

    Returns:
        Position in m and speed in m/s, (N,) each.

    References:
        L. D. Landau, E. M. Lifshitz, 'Mechanics', third edition (1976), section 21.

    Examples:
        >>> x, v = state_after(np.array([1.0]), np.array([0.0]), np.pi)
        >>> round(float(x[0]), 12)
        -1.0
    """
    omega = np.sqrt(stiffness / mass)
    c, s = np.cos(omega * dt), np.sin(omega * dt)
    return x * c + v / omega * s, v * c - omega * x * s


def energy(x: Array, v: Array, mass: float = 1.0, stiffness: float = 1.0) -> Array:
    r"""Kinetic and potential energy together, $m v^2 / 2 + k x^2 / 2$, in J.

    Args:
        x: Position in m, (N,).
        v: Speed in m/s, (N,).
        mass: m in kg.
        stiffness: k in N/m.

    Returns:
        Energy in J, (N,).

    Examples:
        >>> energy(np.array([1.0]), np.array([2.0]))
        array([2.5])
    """
    return np.asarray(mass * v**2 / 2 + stiffness * x**2 / 2)


def _states(n: int, rng: np.random.Generator, settings: dict[str, Any]) -> tuple[Array, Array, float, float]:
    """Positions and speeds, uniform in a rectangle, and half its sides."""
    reach = float(settings["amplitude"])
    fastest = float(reach * np.sqrt(settings["stiffness"] / settings["mass"]))
    return rng.uniform(-reach, reach, n), rng.uniform(-fastest, fastest, n), reach, fastest


def _draw(n: int, rng: np.random.Generator, **settings: Any) -> Drawn:
    x, v, reach, fastest = _states(n, rng, settings)
    later, speed = state_after(x, v, settings["dt"], settings["mass"], settings["stiffness"])
    later = later + settings["noise"] * reach * rng.normal(size=n)
    speed = speed + settings["noise"] * fastest * rng.normal(size=n)
    return Drawn({"position": x, "speed": v}, {"position_after": later, "speed_after": speed})


def _draw_energy(n: int, rng: np.random.Generator, **settings: Any) -> Drawn:
    x, v, reach, _ = _states(n, rng, settings)
    m, k = settings["mass"], settings["stiffness"]
    noise = settings["noise"] * k * reach**2 / 2 * rng.normal(size=n)
    return Drawn({"position": x, "speed": v}, {"energy": energy(x, v, m, k) + noise})


_SETTINGS = {
    "mass": Setting(1.0, "kg", "m", low=0, above=True),
    "stiffness": Setting(1.0, "N/m", "k", low=0, above=True),
    "amplitude": Setting(1.0, "m", "positions are uniform from -a to a, speeds to match", low=0, above=True),
}
_STATE = {"position": Column("m", "x, from equilibrium"), "speed": Column("m/s", "v")}
_SOURCE = "L. D. Landau, E. M. Lifshitz, 'Mechanics', third edition (1976), section 21"

SPRING = World(
    name="spring",
    line="state of a mass on a spring a moment later",
    draw=_draw,
    settings={
        **_SETTINGS,
        "dt": Setting(0.1, "s", "time that passes", low=0),
        "noise": Setting(0.01, "", "noise of position and speed after, in parts of their ranges' halves", low=0),
    },
    columns={
        **_STATE,
        "position_after": Column("m", "target: x a time dt later"),
        "speed_after": Column("m/s", "target: v a time dt later"),
    },
    source=_SOURCE,
)

SPRING_ENERGY = World(
    name="spring-energy",
    line="energy of a mass on a spring",
    draw=_draw_energy,
    settings={**_SETTINGS, "noise": Setting(0.01, "", "noise of the energy, in parts of k a^2 / 2", low=0)},
    columns={**_STATE, "energy": Column("J", "target: m v^2 / 2 + k x^2 / 2")},
    source=_SOURCE,
)
