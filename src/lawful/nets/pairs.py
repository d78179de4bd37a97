"""What two particles have in common."""

import torch
from torch import Tensor

from lawful.physics.kinematics import rapidity, transverse, wrapped

PAIR_FEATURES = 4
_LEAST = 1e-8


def every_pair(objects: int, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor, Tensor]:
    """All pairs i < j of so many objects, (pairs,) each, and where each (i, j) of a square lies among them.

    Returns:
        i, j, and (objects * objects,) places, where those of i = j are the number of pairs.

    Examples:
        >>> i, j, place = every_pair(3)
        >>> i.tolist(), j.tolist(), place.view(3, 3).tolist()
        ([0, 0, 1], [1, 2, 2], [[3, 0, 1], [0, 3, 2], [1, 2, 3]])
    """
    i, j = torch.triu_indices(objects, objects, 1, device=device)
    place = torch.full((objects, objects), len(i), device=device)
    number = torch.arange(len(i), device=device)
    place[i, j] = number
    place[j, i] = number
    return i, j, place.reshape(-1)


def pair_features(momenta: Tensor, mask: Tensor, i: Tensor, j: Tensor) -> Tensor:
    r"""$\ln\Delta, \ln k_T, \ln z, \ln m^2$ of pairs, (B, pairs, 4), brought near to unit size.

    $\Delta^2 = \Delta\eta^2 + \Delta\phi^2$, $k_T = \min(p_{T,i}, p_{T,j})\,\Delta$,
    $z = \min(p_{T,i}, p_{T,j}) / (p_{T,i} + p_{T,j})$, $m^2 = (p_i + p_j)^2$: F. Dreyer, H. Qu, 'Jet tagging in the
    Lund plane with graph networks' (2021).

    Args:
        momenta: (E, px, py, pz), (B, P, 4).
        mask: True for particles, (B, P).
        i: First of each pair.
        j: Second of each pair.
    """
    there = mask.unsqueeze(-1)
    p = torch.where(there, momenta, torch.zeros_like(momenta))
    pt, eta = transverse(p), rapidity(p)
    phi = torch.atan2(p[..., 2], torch.where(p[..., 1] == 0, torch.full_like(pt, 1e-30), p[..., 1]))
    a, b = pt[:, i], pt[:, j]
    least = torch.minimum(a, b)
    delta = torch.sqrt((eta[:, i] - eta[:, j]) ** 2 + wrapped(phi[:, i] - phi[:, j]) ** 2 + _LEAST)
    both = p[:, i] + p[:, j]
    m2 = both[..., 0] ** 2 - (both[..., 1:] ** 2).sum(-1)
    logs = [torch.log(delta), torch.log(least * delta + _LEAST), torch.log(least / (a + b) + _LEAST)]
    logs.append(0.5 * torch.log(m2.clamp_min(_LEAST)))
    return (torch.stack(logs, -1) + 2.0) / 2.0
