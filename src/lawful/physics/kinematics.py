"""Momenta of particles: from whatever components are known, and relative to the sum of them."""

from collections.abc import Collection, Mapping

import torch
from torch import Tensor

KINEMATIC = ("px", "py", "pz", "E", "pt", "eta", "phi", "m")
RELATIVE = ("log pt", "log E", "log pt/sum", "log E/sum", "delta eta", "delta phi", "delta R")
_TINY = 1e-8  # GeV, below any momentum that is measured


def gives_momenta(fields: Collection[str]) -> bool:
    """Whether three-momenta follow from fields of these names."""
    return {"px", "py", "pz"} <= set(fields) or {"pt", "eta", "phi"} <= set(fields)


def four_momenta(fields: Mapping[str, Tensor]) -> Tensor:
    r"""Four-momenta (E, px, py, pz) in GeV, (..., 4), from px, py, pz or pt, eta, phi, each (...).

    The energy is E where it is given, else $\sqrt{p^2 + m^2}$ with the mass m, which is zero where it is not given.

    Examples:
        >>> one = torch.tensor([3.0])
        >>> four_momenta({"px": one, "py": 0 * one, "pz": one + 1}).tolist()
        [[5.0, 3.0, 0.0, 4.0]]
    """
    if "px" in fields and "py" in fields and "pz" in fields:
        px, py, pz = fields["px"], fields["py"], fields["pz"]
    else:
        pt, phi = fields["pt"], fields["phi"]
        px, py, pz = pt * torch.cos(phi), pt * torch.sin(phi), pt * torch.sinh(fields["eta"])
    E = fields.get("E")
    if E is None:
        mass = fields.get("m")
        E = torch.sqrt(px**2 + py**2 + pz**2 + (0.0 if mass is None else mass**2))
    return torch.stack([E, px, py, pz], -1)


def relative(momenta: Tensor, mask: Tensor) -> Tensor:
    r"""What is told of each particle of a jet besides its momentum, (..., P, 7), in the order of `RELATIVE`.

    $\log p_T$, $\log E$, $\log p_T/\sum p_T$, $\log E/\sum E$, and $\Delta\eta$, $\Delta\phi$ in (-pi, pi] and
    $\Delta R = \sqrt{\Delta\eta^2 + \Delta\phi^2}$ from the direction of the sum of all momenta, as in H. Qu and
    L. Gouskos, 'Jet tagging via particle clouds' (2020).

    Args:
        momenta: (E, px, py, pz) in GeV, (..., P, 4); anything where there is no particle.
        mask: (..., P), True for particles.

    Examples:
        >>> p = torch.tensor([[[5.0, 3.0, 0.0, 4.0], [5.0, 3.0, 0.0, 4.0]]])
        >>> [round(number, 4) for number in relative(p, torch.tensor([[True, True]]))[0, 0, 2:].tolist()]
        [-0.6931, -0.6931, 0.0, 0.0, 0.0]
    """
    there = mask.unsqueeze(-1)
    momenta = torch.where(there, momenta, torch.zeros_like(momenta))
    total = momenta.sum(-2, keepdim=True)
    E, pt = momenta[..., 0], transverse(momenta)
    sums = pt.sum(-1, keepdim=True), E.sum(-1, keepdim=True)
    logs = [_log(pt), _log(E), _log(pt) - _log(sums[0]), _log(E) - _log(sums[1])]
    deta = rapidity(momenta) - rapidity(total)
    dphi = wrapped(_azimuth(momenta) - _azimuth(total))
    dR = torch.sqrt(deta**2 + dphi**2 + _TINY**2)
    return torch.stack([*logs, deta, dphi, dR], -1) * there


def transverse(momenta: Tensor) -> Tensor:
    """Transverse momentum of (E, px, py, pz), (...)."""
    return torch.sqrt(momenta[..., 1] ** 2 + momenta[..., 2] ** 2 + _TINY**2)


def rapidity(momenta: Tensor) -> Tensor:
    """Pseudorapidity of (E, px, py, pz), (...); 0 where there is no momentum."""
    return torch.asinh(momenta[..., 3] / transverse(momenta).clamp_min(1e-4 * momenta[..., 3].abs() + _TINY))


def wrapped(angle: Tensor) -> Tensor:
    """An angle brought into [-pi, pi)."""
    return torch.remainder(angle + torch.pi, 2 * torch.pi) - torch.pi


def _azimuth(momenta: Tensor) -> Tensor:
    px, py = momenta[..., 1], momenta[..., 2]
    still = (px == 0) & (py == 0)  # where the slope of the angle is not a number
    return torch.atan2(py, torch.where(still, torch.ones_like(px), px))


def _log(x: Tensor) -> Tensor:
    return torch.log(x.clamp_min(_TINY))
