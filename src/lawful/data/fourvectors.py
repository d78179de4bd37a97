"""Components of four-vectors from other components; momenta and energies in GeV, c = 1, angles in radians."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

CARTESIAN = ("px", "py", "pz", "E")
POLAR = ("pt", "eta", "phi", "m")


def pt(px: Array, py: Array) -> Array:
    """Transverse momentum, sqrt(px^2 + py^2)."""
    return np.hypot(px, py)


def eta(px: Array, py: Array, pz: Array) -> Array:
    """Pseudorapidity, arsinh(pz / pt); infinite along the beam."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where((px == 0) & (py == 0) & (pz == 0), 0, np.arcsinh(pz / pt(px, py))))


def phi(px: Array, py: Array) -> Array:
    """Azimuth in (-pi, pi]."""
    return np.arctan2(py, px)


def m(px: Array, py: Array, pz: Array, E: Array) -> Array:
    """Mass, sqrt(E^2 - p^2), negative when E^2 < p^2 so that rounding shows instead of turning into NaN.

    The difference is taken in float64: for a light particle at high energy it is lost in float32.
    """
    px, py, pz, E = (np.asarray(value, dtype=np.float64) for value in (px, py, pz, E))
    squared = E**2 - px**2 - py**2 - pz**2
    return np.asarray(np.sign(squared) * np.sqrt(np.abs(squared)))


def px(pt: Array, phi: Array) -> Array:
    """Momentum along x, pt cos(phi)."""
    return pt * np.cos(phi)


def py(pt: Array, phi: Array) -> Array:
    """Momentum along y, pt sin(phi)."""
    return pt * np.sin(phi)


def pz(pt: Array, eta: Array) -> Array:
    """Momentum along the beam, pt sinh(eta)."""
    return pt * np.sinh(eta)


def E(pt: Array, eta: Array, m: Array) -> Array:  # noqa: N802
    """Energy, sqrt(pt^2 cosh(eta)^2 + m^2)."""
    return np.asarray(np.hypot(pt * np.cosh(eta), m))


_RECIPES: dict[str, tuple[Callable[..., Array], tuple[str, ...]]] = {
    "pt": (pt, ("px", "py")),
    "eta": (eta, ("px", "py", "pz")),
    "phi": (phi, ("px", "py")),
    "m": (m, ("px", "py", "pz", "E")),
    "px": (px, ("pt", "phi")),
    "py": (py, ("pt", "phi")),
    "pz": (pz, ("pt", "eta")),
    "E": (E, ("pt", "eta", "m")),
}


def derivable(fields: Mapping[str, object] | tuple[str, ...]) -> tuple[str, ...]:
    """The components that follow from `fields` without being among them.

    Examples:
        >>> derivable(("px", "py", "charge"))
        ('pt', 'phi')
    """
    return tuple(
        name for name, (_, needed) in _RECIPES.items() if name not in fields and all(key in fields for key in needed)
    )


def needed(name: str) -> tuple[str, ...]:
    """The components that `derive` takes to make `name`."""
    return _RECIPES[name][1]


def derive(name: str, fields: Mapping[str, Array]) -> Array:
    """The component `name`, from those in `fields`.

    Examples:
        >>> float(derive("pt", {"px": np.array(3.0), "py": np.array(4.0)}))
        5.0
    """
    function, names = _RECIPES[name]
    return function(*(fields[key] for key in names))
