"""Clouds turned, mirrored, boosted, smeared and thinned at random, for trainings where these make no difference.

Clouds are (B, P, F) tensors of floating-point numbers with a (B, P) mask that is True for objects. `fields` names the
F columns. Either px, py, pz or pt, eta, phi must be among them; m and E are known too, and columns with other names
stay as they are. Momenta and energies are in GeV, angles in radians, c = 1, z is the beam. Places without an object
are left alone, and nothing is changed in place.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from lawful.errors import InputError

_CARTESIAN, _POLAR = ("px", "py", "pz"), ("pt", "eta", "phi")
_SCALED = ("px", "py", "pz", "E", "pt", "m")


def augment_clouds(
    x: Tensor,
    mask: Tensor,
    fields: Sequence[str],
    rng: np.random.Generator,
    *,
    turn: Literal["beam", "jet"] | None = "beam",
    reflect: bool = True,
    boost: float = 0.0,
    smear: float = 0.0,
    drop: float = 0.0,
    soft: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """What else could each event have looked like?

    Every event is turned, mirrored and boosted by draws of its own, and its objects are smeared and left out one by
    one. Turns, reflections and boosts along the beam are symmetries of collisions (of the detector, roughly);
    smearing and leaving out soft objects teach a network not to rely on what a detector does not resolve. Compare
    Dillon, Kasieczka, Olischläger, Plehn, Sorrenson, Vogel, 'Symmetries, safety, and self-supervision' (2022).

    Args:
        x: (B, P, F) values.
        mask: (B, P), True for objects.
        fields: Names of the F columns.
        rng: Where the draws come from; the same state gives the same events.
        turn: "beam": by any angle about the beam. "jet": by any angle about the jet's axis (see `turn_about_jet`);
            each event is a jet then. None: not at all.
        reflect: Whether to exchange the two beams (eta to -eta), with a chance of one half.
        boost: The largest rapidity, either way, of a boost along the beam, uniformly drawn; 0 for none.
        smear: Relative width of a factor on the momentum and energy of each object; it has a log-normal distribution
            with mean 1. 0 for none.
        drop: Chance of each object with pt below `soft` to be left out. The mask then has gaps.
        soft: Of what pt on no object is left out, GeV.

    Returns:
        (B, P, F) values and the (B, P) mask, of the type and on the device of `x`.

    Raises:
        InputError: When shapes or fields do not fit, or a setting is out of range.

    Examples:
        >>> x, mask = torch.tensor([[[3.0, 4.0, 0.0, 13.0]]]), torch.tensor([[True]])
        >>> turned, _ = augment_clouds(x, mask, ["px", "py", "pz", "E"], np.random.default_rng(0))
        >>> turned[0, 0, :2].norm().item(), turned[0, 0, 3].item()
        (5.0, 13.0)
    """
    _place(x, mask, fields)
    if turn not in ("beam", "jet", None):
        raise InputError(f"turn={turn!r}: expected 'beam', 'jet' or None")
    for name, value in (("boost", boost), ("smear", smear), ("soft", soft)):
        if not 0 <= value < np.inf:
            raise InputError(f"{name}={value!r}: a number of at least 0 is expected")
    if not 0 <= drop <= 1:
        raise InputError(f"drop={drop!r}: a probability is expected")
    if (drop > 0) != (soft > 0):
        raise InputError(f"drop={drop!r}, soft={soft!r}: give both or none, as drop=0.1, soft=1.0 (GeV)")
    B, P = mask.shape
    if turn is not None:
        angle = rng.uniform(-np.pi, np.pi, B)
        x = (turn_about_beam if turn == "beam" else turn_about_jet)(x, mask, fields, angle)
    if reflect:
        x = reflect_beams(x, mask, fields, rng.random(B) < 0.5)
    if boost:
        x = boost_along_beam(x, mask, fields, rng.uniform(-boost, boost, B))
    if smear:
        width = np.sqrt(np.log1p(smear**2))
        x = scale_objects(x, mask, fields, np.exp(width * rng.standard_normal((B, P)) - width**2 / 2))
    if drop:
        x, mask = drop_objects(x, mask, fields, rng.random((B, P)) < drop, soft)
    return x, mask


def turn_about_beam(x: Tensor, mask: Tensor, fields: Sequence[str], angle: np.ndarray | Tensor) -> Tensor:
    """Events turned by angles, (B,) in radians, about the beam; phi stays in [-pi, pi).

    Examples:
        >>> x, mask = torch.tensor([[[20.0, 1.0, 0.5]]]), torch.tensor([[True]])
        >>> turn_about_beam(x, mask, ["pt", "eta", "phi"], np.array([1.0])).tolist()
        [[[20.0, 1.0, 1.5]]]
    """
    at, angles = _place(x, mask, fields), _each(angle, x)
    if "phi" in at:
        return _with(x, mask, at, phi=_wrapped(x[..., at["phi"]] + angles))
    px, py = x[..., at["px"]], x[..., at["py"]]
    c, s = angles.cos(), angles.sin()
    return _with(x, mask, at, px=c * px - s * py, py=s * px + c * py)


def turn_about_jet(x: Tensor, mask: Tensor, fields: Sequence[str], angle: np.ndarray | Tensor) -> Tensor:
    """Jets turned by angles, (B,) in radians from eta towards phi, about their axis.

    With px, py, pz the axis is the summed momentum, and energies and masses stay as they are. With pt, eta, phi the
    plane of (eta, phi) is turned about its mean weighted with pt, and each pt stays as it is: for narrow jets nearly
    the same. An E beside them follows eta at a constant mass.

    Examples:
        >>> x = torch.tensor([[[10.0, 0.0, 0.0], [10.0, 0.2, 0.0]]], dtype=torch.float64)
        >>> turned = turn_about_jet(x, torch.ones(1, 2, dtype=torch.bool), ["pt", "eta", "phi"], np.array([np.pi]))
        >>> turned[0, :, 1].numpy().round(9).tolist()
        [0.2, 0.0]
    """
    at, angles = _place(x, mask, fields), _each(angle, x)
    c, s = angles.cos(), angles.sin()
    if "phi" not in at:
        p = x[..., [at[name] for name in _CARTESIAN]]
        axis = torch.where(mask[..., None], p, 0.0).sum(1, keepdim=True)
        axis = axis / axis.norm(dim=-1, keepdim=True).clamp_min(torch.finfo(x.dtype).tiny)
        along = axis * (p * axis).sum(-1, keepdim=True)
        # Rodrigues' formula; seen along the axis, eta to phi is the left-handed sense
        turned = along + c[..., None] * (p - along) - s[..., None] * torch.linalg.cross(axis.expand_as(p), p)
        return _with(x, mask, at, **dict(zip(_CARTESIAN, turned.unbind(-1), strict=True)))
    pt, eta, phi = (x[..., at[name]] for name in _POLAR)
    weight = torch.where(mask, pt, 0.0)
    weight = weight / weight.sum(1, keepdim=True).clamp_min(torch.finfo(x.dtype).tiny)
    first = torch.atan2((weight * phi.sin()).sum(1, keepdim=True), (weight * phi.cos()).sum(1, keepdim=True))
    near = _wrapped(phi - first)
    middle = (weight * eta).sum(1, keepdim=True), (weight * near).sum(1, keepdim=True)
    u, v = eta - middle[0], near - middle[1]
    new = {"eta": middle[0] + c * u - s * v, "phi": _wrapped(first + middle[1] + s * u + c * v)}
    if "E" in at:
        more = pt.square() * (new["eta"].sinh().square() - eta.sinh().square())
        new["E"] = (x[..., at["E"]].square() + more).clamp_min(0).sqrt()
    return _with(x, mask, at, **new)


def reflect_beams(x: Tensor, mask: Tensor, fields: Sequence[str], which: np.ndarray | Tensor) -> Tensor:
    """Events mirrored along the beam, eta to -eta, where the (B,) truth values say so.

    Examples:
        >>> x, mask = torch.tensor([[[20.0, 1.0, 0.5]]]), torch.tensor([[True]])
        >>> reflect_beams(x, mask, ["pt", "eta", "phi"], np.array([True])).tolist()
        [[[20.0, -1.0, 0.5]]]
    """
    at = _place(x, mask, fields)
    name = "eta" if "eta" in at else "pz"
    return _with(x, mask, at, **{name: torch.where(_each(which, x) > 0, -x[..., at[name]], x[..., at[name]])})


def boost_along_beam(x: Tensor, mask: Tensor, fields: Sequence[str], rapidity: np.ndarray | Tensor) -> Tensor:
    """Events boosted along the beam, so that (B,) is added to the rapidity of every object.

    Energies that are not among the fields follow from m; without m the objects are massless.

    Examples:
        >>> x, mask = torch.tensor([[[20.0, 1.0, 0.5]]]), torch.tensor([[True]])
        >>> boosted = boost_along_beam(x, mask, ["pt", "eta", "phi"], np.array([0.25]))
        >>> [round(value, 5) for value in boosted[0, 0].tolist()]
        [20.0, 1.25, 0.5]
    """
    at, rapidities = _place(x, mask, fields), _each(rapidity, x)
    polar = "eta" in at
    pt = x[..., at["pt"]] if polar else torch.hypot(x[..., at["px"]], x[..., at["py"]])
    pz = pt * x[..., at["eta"]].sinh() if polar else x[..., at["pz"]]
    if "E" in at:
        E = x[..., at["E"]]
    else:
        E = torch.hypot(torch.hypot(pt, pz), x[..., at["m"]] if "m" in at else torch.zeros_like(pt))
    c, s = rapidities.cosh(), rapidities.sinh()
    moved = c * pz + s * E
    new = {"eta": torch.where(pt > 0, torch.asinh(moved / pt), x[..., at["eta"]])} if polar else {"pz": moved}
    if "E" in at:
        new["E"] = c * E + s * pz
    return _with(x, mask, at, **new)


def scale_objects(x: Tensor, mask: Tensor, fields: Sequence[str], factor: np.ndarray | Tensor) -> Tensor:
    """Momentum, energy and mass of each object times a factor, (B, P); directions stay.

    Examples:
        >>> x, mask = torch.tensor([[[20.0, 1.0, 0.5]]]), torch.tensor([[True]])
        >>> scale_objects(x, mask, ["pt", "eta", "phi"], np.array([[1.5]])).tolist()
        [[[30.0, 1.0, 0.5]]]
    """
    at = _place(x, mask, fields)
    factors = torch.as_tensor(factor).to(x)
    return _with(x, mask, at, **{name: x[..., at[name]] * factors for name in _SCALED if name in at})


def drop_objects(
    x: Tensor, mask: Tensor, fields: Sequence[str], which: np.ndarray | Tensor, soft: float
) -> tuple[Tensor, Tensor]:
    """Events without the objects that (B, P) truth values pick, if their pt is below `soft`: zeros, and no mask.

    Examples:
        >>> x, mask = torch.tensor([[[20.0, 1.0, 0.5], [1.0, 0.0, 0.2]]]), torch.tensor([[True, True]])
        >>> x, mask = drop_objects(x, mask, ["pt", "eta", "phi"], np.array([[True, True]]), soft=2.0)
        >>> mask.tolist(), x[0, 1].tolist()
        ([[True, False]], [0.0, 0.0, 0.0])
    """
    at = _place(x, mask, fields)
    pt = x[..., at["pt"]] if "pt" in at else torch.hypot(x[..., at["px"]], x[..., at["py"]])
    gone = mask & torch.as_tensor(which, device=x.device) & (pt < soft)
    return torch.where(gone[..., None], 0.0, x), mask & ~gone


def _place(x: Tensor, mask: Tensor, fields: Sequence[str]) -> dict[str, int]:
    """Name of each field to its column.

    Raises:
        InputError: When shapes do not fit, or the momenta are not among the fields, or are there twice.
    """
    if not isinstance(x, Tensor) or x.ndim != 3 or not x.is_floating_point():
        what = f"{tuple(x.shape)} of {x.dtype}" if isinstance(x, Tensor) else type(x).__name__
        raise InputError(f"x is {what}: clouds are a tensor of shape (B, P, F) and of a floating-point type")
    if not isinstance(mask, Tensor) or mask.shape != x.shape[:2] or mask.dtype != torch.bool:
        what = f"{tuple(mask.shape)} of {mask.dtype}" if isinstance(mask, Tensor) else type(mask).__name__
        raise InputError(f"mask is {what}: truth values of shape {tuple(x.shape[:2])} are expected, as x begins")
    names = tuple(fields)
    if len(names) != x.shape[2] or len(set(names)) != len(names):
        raise InputError(f"fields={names}: a name of its own is expected for each of the {x.shape[2]} columns of x")
    cartesian, polar = (set(names) & set(kind) for kind in (_CARTESIAN, _POLAR))
    if (len(cartesian), len(polar)) not in ((3, 0), (0, 3)):
        raise InputError(
            f"fields={names}: either px, py, pz or pt, eta, phi are expected among them, and none of the others, "
            "which would no longer fit"
        )
    return {name: column for column, name in enumerate(names)}


def _each(values: np.ndarray | Tensor, x: Tensor) -> Tensor:
    """One number for each event, as (B, 1)."""
    return torch.as_tensor(values).to(x).reshape(-1, 1)


def _wrapped(angle: Tensor) -> Tensor:
    """The same angles in [-pi, pi)."""
    return angle - 2 * torch.pi * torch.floor((angle + torch.pi) / (2 * torch.pi))


def _with(x: Tensor, mask: Tensor, at: dict[str, int], **new: Tensor) -> Tensor:
    """The clouds with columns replaced where there is an object."""
    columns = list(x.unbind(-1))
    for name, values in new.items():
        columns[at[name]] = torch.where(mask, values, columns[at[name]])
    return torch.stack(columns, -1)
