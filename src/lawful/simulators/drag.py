"""The force of a fluid on a particle among other particles: pressure and shear."""

from typing import Any

import numpy as np

from lawful.simulators.world import Array, Column, Drawn, Setting, World, drawn

_C0, _DELTA = 0.2924, 9.06  # Abraham (1970): C_D = C_0 (1 + delta / sqrt(Re))^2
_AXES = "xyz"


def forces(
    velocity: Array, density: Array, viscosity: Array, diameter: Array, solid_fraction: Array
) -> tuple[Array, Array]:
    r"""Pressure and shear force of a fluid on a sphere in a suspension.

    With the superficial velocity $U = (1 - \phi)\,v$ and $Re = \rho U d / \mu$ the coefficient of a single sphere
    is Abraham's, $C_D = C_0 (1 + \delta / \sqrt{Re})^2 = C_0 + 2 C_0 \delta / \sqrt{Re} + 24 / Re$. Its terms are
    told apart by what they scale with: $C_0$, that is $\rho U^2 d^2$, is form drag and goes to the pressure; the
    boundary layer's $1/\sqrt{Re}$ is friction and goes to the shear; of Stokes' drag, $3 \pi \mu d U$, one third is
    pressure and two thirds are shear. Neighbours multiply both by the voidage function $(1 - \phi)^{-\beta}$,
    $\beta = 3.7 - 0.65 \exp(-(1.5 - \log_{10} Re)^2 / 2)$.

    Args:
        velocity: v of the fluid relative to the particle, between the particles, in m/s, (N, 3).
        density: rho of the fluid in kg/m^3, (N,).
        viscosity: mu in Pa s, (N,).
        diameter: d in m, (N,).
        solid_fraction: phi, share of the volume that is solid, (N,).

    Returns:
        Pressure force and shear force in N, (N, 3) each.

    References:
        F. F. Abraham, 'Functional dependence of drag coefficient of a sphere on Reynolds number', Physics of Fluids
        13 (1970) 2194; R. Di Felice, 'The voidage function for fluid-particle interaction systems', International
        Journal of Multiphase Flow 20 (1994) 153; G. K. Batchelor, 'An Introduction to Fluid Dynamics' (1967),
        section 4.9, for the thirds.

    Examples:
        >>> one = np.ones(1)
        >>> p, s = forces(np.array([[0.0, 0.0, 1e-9]]), 1000 * one, 1e-3 * one, 1e-3 * one, 0 * one)
        >>> stokes = 3 * np.pi * 1e-3 * 1e-3 * 1e-9
        >>> bool(abs(p[0, 2] / stokes - 1 / 3) < 1e-6), bool(abs(s[0, 2] / stokes - 2 / 3) < 0.01)
        (True, True)
    """
    U = velocity * (1 - solid_fraction)[:, None]
    speed = np.linalg.norm(U, axis=1)
    Re = density * speed * diameter / viscosity
    stokes = np.pi / 8 * 24 * viscosity * diameter  # over the speed, as all that follow
    inertial = np.pi / 8 * density * diameter**2 * speed
    form = _C0 * inertial
    friction = 2 * _C0 * _DELTA * np.pi / 8 * np.sqrt(density * viscosity * diameter**3 * speed)
    beta = 3.7 - 0.65 * np.exp(-((1.5 - np.log10(np.maximum(Re, 1e-300))) ** 2) / 2)
    crowding = (1 - solid_fraction) ** -beta
    pressure, shear = crowding * (form + stokes / 3), crowding * (friction + 2 * stokes / 3)
    return pressure[:, None] * U, shear[:, None] * U


def _log_uniform(rng: np.random.Generator, n: int, value: Any) -> Array:
    logs = [float(np.log(v)) for v in value] if isinstance(value, list) else float(np.log(value))
    return np.asarray(np.exp(drawn(n, rng, logs)))


def _draw(n: int, rng: np.random.Generator, **settings: Any) -> Drawn:
    density = drawn(n, rng, settings["density"])
    viscosity = _log_uniform(rng, n, settings["viscosity"])
    diameter = drawn(n, rng, settings["diameter"])
    phi = drawn(n, rng, settings["solid_fraction"])
    Re = _log_uniform(rng, n, settings["reynolds"])
    direction = rng.normal(size=(n, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    velocity = direction * (Re * viscosity / (density * diameter * (1 - phi)))[:, None]
    pressure, shear = forces(velocity, density, viscosity, diameter, phi)
    total = pressure + shear
    size = np.linalg.norm(total, axis=1, keepdims=True)
    measured = total + settings["noise"] * size * rng.normal(size=(n, 3))
    features = {f"velocity_{a}": velocity[:, i] for i, a in enumerate(_AXES)}
    features |= {"density": density, "viscosity": viscosity, "diameter": diameter, "solid_fraction": phi}
    parts = {
        f"{name}_{a}": f[:, i] for name, f in (("pressure", pressure), ("shear", shear)) for i, a in enumerate(_AXES)
    }
    return Drawn(features, {f"force_{a}": measured[:, i] for i, a in enumerate(_AXES)}, parts)


DRAG = World(
    name="drag",
    line="force of a fluid on a particle among others, the sum of pressure and shear",
    draw=_draw,
    settings={
        "density": Setting([800.0, 1200.0], "kg/m**3", "of the fluid", low=0, above=True, pair=True),
        "viscosity": Setting(
            [1e-3, 1e-2], "Pa*s", "of the fluid, drawn by its logarithm", low=0, above=True, pair=True
        ),
        "diameter": Setting([0.5e-3, 2e-3], "m", "of the particle", low=0, above=True, pair=True),
        "solid_fraction": Setting([0.0, 0.35], "", "share of the volume that is solid", low=0, high=0.6, pair=True),
        "reynolds": Setting(
            [1.0, 200.0], "", "Re of the superficial velocity, drawn by its logarithm", low=0, above=True, pair=True
        ),
        "noise": Setting(0.02, "", "noise of each component, in parts of the force", low=0),
    },
    columns={
        **{f"velocity_{a}": Column("m/s", "of the fluid relative to the particle") for a in _AXES},
        "density": Column("kg/m**3", "of the fluid"),
        "viscosity": Column("Pa*s", "of the fluid"),
        "diameter": Column("m", "of the particle"),
        "solid_fraction": Column("", "share of the volume that is solid"),
        **{f"force_{a}": Column("N", "target: measured force on the particle") for a in _AXES},
        **{f"pressure_{a}": Column("N", "true part by pressure; no feature") for a in _AXES},
        **{f"shear_{a}": Column("N", "true part by shear; no feature") for a in _AXES},
    },
    source="F. F. Abraham, Physics of Fluids 13 (1970) 2194; R. Di Felice, International Journal of Multiphase Flow "
    "20 (1994) 153; the task is that of N. Muralidhar and others, 'PhyNet: Physics guided neural networks for "
    "particle drag force prediction in assembly', SIAM International Conference on Data Mining (2020)",
)
