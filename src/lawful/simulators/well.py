"""A particle in an infinitely deep well."""

from typing import Any

import numpy as np

from lawful.simulators.world import Array, Column, Drawn, Setting, World, drawn, varying


def wave_function(x: Array, width: Any, level: Any) -> Array:
    r"""Stationary state of a well from 0 to L, $\psi_n(x) = \sqrt{2/L}\,\sin(n \pi x / L)$.

    Args:
        x: Position in m, (N,), from 0 to L.
        width: L in m.
        level: n, from 1.

    Returns:
        Amplitude in m^-1/2, (N,).

    References:
        D. J. Griffiths, 'Introduction to Quantum Mechanics', second edition (2005), section 2.2.

    Examples:
        >>> wave_function(np.array([1.0]), 2.0, 1)
        array([1.])
    """
    return np.asarray(np.sqrt(2 / width) * np.sin(level * np.pi * x / width))


def _draw(n: int, rng: np.random.Generator, **settings: Any) -> Drawn:
    width = drawn(n, rng, settings["width"])
    level = drawn(n, rng, settings["level"], whole=True)
    x = width * rng.uniform(size=n)
    psi = wave_function(x, width, level) + settings["noise"] * rng.normal(size=n)
    return Drawn({"x": x, **varying(settings, {"width": width, "level": level})}, {"psi": psi})


WELL = World(
    name="infinite-well",
    line="stationary states of a particle in an infinitely deep well",
    draw=_draw,
    settings={
        "width": Setting(2.0, "m", "L, width of the well", low=0, above=True, pair=True),
        "level": Setting(1, "", "n, number of the state", low=1, whole=True, pair=True),
        "noise": Setting(0.1, "m**-0.5", "standard deviation of the noise of psi", low=0),
    },
    columns={
        "x": Column("m", "position, uniform from 0 to L"),
        "width": Column("m", "L, when it is drawn"),
        "level": Column("", "n, when it is drawn"),
        "psi": Column("m**-0.5", "target: amplitude of the state"),
    },
    source="D. J. Griffiths, 'Introduction to Quantum Mechanics', second edition (2005), section 2.2",
)
