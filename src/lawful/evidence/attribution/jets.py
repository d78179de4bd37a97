"""Where in a jet a network looks: contributions of particles in the plane of pseudorapidity and azimuth."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lawful.data.clouds import Cloud
from lawful.data.images import jet_images
from lawful.errors import InputError
from lawful.evidence.arrays import Array
from lawful.evidence.attribution.result import Attribution, events_by

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_OWN = "what the object contributes"


@dataclass(frozen=True, eq=False)
class JetAttribution:
    """Mean pictures of jets, and of where a network looks in them.

    Attributes:
        momentum: By label: mean share of pt in each pixel, (pixels, pixels).
        attribution: By label: mean of the summed |contribution| of the objects in each pixel, (pixels, pixels).
        width: Of the window, in eta and in phi (radians).
        title: What is contributed to.
    """

    momentum: dict[str, Array]
    attribution: dict[str, Array]
    width: float
    title: str

    def figure(self, labels: Sequence[str] | None = None) -> "Figure":
        """The mean jets above, where the network looks in them below; of all labels, or of these in this order."""
        from lawful.evidence.figures.attribution import draw_maps

        shown = list(self.momentum) if labels is None else labels
        maps = {"mean share of $p_T$": self.momentum, f"mean |contribution| to {self.title}": self.attribution}
        return draw_maps(
            {what: {label: found[label] for label in shown} for what, found in maps.items()}, half=self.width / 2
        )


def jet_attribution(
    found: Attribution,
    y: Any = None,
    *,
    on: str | None = None,
    pixels: int = 32,
    width: float = 1.6,
) -> JetAttribution:
    """Where in the jets does the network look?

    Each jet is moved, turned and mirrored to one standard position, as `lawful.data.jet_images` does, and the sizes
    of what its objects contribute, all their fields together, are summed up pixel by pixel.

    Args:
        found: Contributions, of `integrated_gradients`, `saliency` or `occlusion`, for a cloud with momenta.
        y: A label for each jet, by which they are taken apart; None: all together.
        on: Which cloud; None: the only one with momenta.
        pixels: Along each side.
        width: Of the window, in eta and in phi (radians).

    Returns:
        The weighted means, weights of either sign, as a `JetAttribution`.

    Raises:
        InputError: When there is no such cloud, or a setting is out of range.

    Examples:
        >>> from lawful import Classifier
        >>> from lawful.evidence import occlusion
        >>> rng = np.random.default_rng(0)
        >>> y = np.repeat([0, 1], 150)
        >>> eta, phi = rng.normal(size=(2, 1500)) * np.repeat(0.1 + 0.2 * y, 5)  # wider jets in class 1
        >>> jets = Cloud(range(0, 1501, 5), {"pt": rng.exponential(9.0, 1500), "eta": eta, "phi": phi})
        >>> model = Classifier("sets", epochs=3).fit(jets, y)
        >>> jet_attribution(occlusion(model, jets), y, pixels=8).attribution["1"].shape
        (8, 8)
    """
    name = _which(found, on)
    mask = found.masks[name]
    sizes = np.abs(found.per_object()[name])
    values = found.inputs[name][mask]
    offsets = np.concatenate([[0], np.cumsum(mask.sum(1))])
    fields = {one: values[:, k] for k, one in enumerate(found.fields[name])}
    cloud = Cloud(offsets, fields | {_OWN: sizes[mask]})
    images = jet_images(cloud, pixels=pixels, width=width, value=("pt", _OWN), normalise=None).astype(np.float64)
    total = images[:, 0].sum((1, 2), keepdims=True)
    shares = np.divide(images[:, 0], total, out=np.zeros_like(images[:, 0]), where=total > 0)
    momentum, looked = {}, {}
    for label, own in events_by(y, found.weight).items():
        w = found.weight[own] / found.weight[own].sum()
        momentum[label] = np.tensordot(w, shares[own], 1)
        looked[label] = np.tensordot(w, images[own, 1], 1)
    return JetAttribution(momentum, looked, width, found.title)


def _which(found: Attribution, name: str | None) -> str:
    there = [one for one in found.momenta if one in found.values]
    if name is None and len(there) == 1:
        return there[0]
    if name not in there:
        raise InputError(f"jet_attribution: on={name!r}: expected one of {there}, the clouds with momenta.")
    return name
