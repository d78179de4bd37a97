"""Images of jets: the objects of each event as pixels in pseudorapidity and azimuth."""

import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from lawful.data import memory, padding
from lawful.data.cloud_checks import check_cloud
from lawful.data.clouds import Cloud
from lawful.errors import InputError

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

_GRID = 2**14  # steps in a pixel: what lies on an edge but for rounding, of float32 too, falls on one side always


class _Plane(NamedTuple):
    """Objects of some events in the plane: event (M,), pt (M,), x along eta and y along phi (M,) of n events."""

    event: npt.NDArray[np.int64]
    pt: Floats
    x: Floats
    y: Floats
    n: int

    def sum(self, values: Floats) -> Floats:
        """Sums of (M,) values over the objects of each event, (n,)."""
        return np.asarray(np.bincount(self.event, values, self.n), dtype=np.float64)

    def mean(self, values: Floats) -> Floats:
        """Means weighted with pt, (n,); 0 where there is no pt."""
        weight = self.sum(self.pt)
        return np.divide(self.sum(self.pt * values), weight, out=np.zeros(self.n), where=weight > 0)


def jet_images(
    cloud: Cloud,
    *,
    pixels: int = 32,
    width: float = 1.6,
    value: str | Sequence[str] = "pt",
    centre: bool = True,
    rotate: bool = True,
    flip: bool = True,
    normalise: Literal["sum"] | None = "sum",
) -> npt.NDArray[np.float32]:
    """What does a calorimeter see of each event, with what no physics depends on taken out?

    Each object adds its value to the pixel in which it lies. Before that, each event is moved, turned and mirrored to
    one standard position, so that a network need not learn that these make no difference:

    1. centre: the mean of (eta, phi) weighted with pt becomes the origin. Azimuths are differences on the circle.
    2. rotate: the axis along which the second moments of pt about the origin are largest becomes vertical, by a turn
       that brings its harder half, with the larger sum of pt, up. Without a longest axis nothing is turned.
    3. flip: mirrored so that the harder half is at the right, and the harder half up.

    Steps 1 to 3 follow Cogan, Kagan, Strauss, Schwartzman, 'Jet-images: computer vision inspired techniques for jet
    tagging' (2015) and de Oliveira, Kagan, Mackey, Nachman, Schwartzman, 'Jet-images: deep learning edition' (2016),
    but need no jet algorithm: the latter put the leading subjet at the origin and turn by the second one, and by the
    principal axis where there is none. Here the origin is the mean and the axis the principal one always.

    Objects outside the window are left out, as are those along the beam. With `normalise=None` the image of pt sums
    to the pt of the objects inside.

    Args:
        cloud: One jet (or event) each: pt, eta and phi must be among its fields or follow from them.
        pixels: Along each side.
        width: Of the window, in eta and in phi (radians).
        value: The field that is summed up, or several: one channel each, as for charged and neutral objects.
        centre: Whether to take step 1; without it the window lies around eta = phi = 0.
        rotate: Whether to take step 2.
        flip: Whether to take step 3.
        normalise: "sum" divides each image by the sum of the absolute values of its pixels in all channels; None
            leaves it.

    Returns:
        (N, C, pixels, pixels) float32. The last index runs along eta, the one before along phi: draw it with
        `origin="lower"`. An event without objects is black (zero).

    Raises:
        InputError: When a field is missing, or is NaN or infinite anywhere, pt is negative, a setting is out of
            range, or the memory does not suffice.

    Examples:
        >>> jets = Cloud([0, 3, 3], {"pt": [60.0, 30.0, 10.0], "eta": [1.0, 1.0, 1.2], "phi": [3.1, -3.1, 3.1]})
        >>> images = jet_images(jets, pixels=8, width=0.8, normalise=None)
        >>> images.shape, images.sum(axis=(1, 2, 3)).tolist()
        ((2, 1, 8, 8), [100.0, 0.0])
    """
    if isinstance(pixels, bool) or not isinstance(pixels, int | np.integer) or pixels < 1:
        raise InputError(f"pixels={pixels!r}: a whole number of at least 1 is expected")
    if not 0 < width < np.inf:
        raise InputError(f"width={width!r}: a length in eta and phi above 0 is expected, as 1.6")
    if normalise not in ("sum", None):
        raise InputError(f"normalise={normalise!r}: expected 'sum' or None")
    values = (value,) if isinstance(value, str) else tuple(value)
    if not values:
        raise InputError("value=[]: name at least one field, as 'pt'")
    cloud.require(("pt", "eta", "phi", *values))
    check_cloud(cloud, "of the jets")
    shape = (len(cloud), len(values), pixels, pixels)
    memory.require(4 * math.prod(shape), where=f"{len(cloud):,} images", instead="draw the events in parts")
    images = np.zeros(shape, dtype=np.float32)
    for start, part in padding.parts(cloud):
        plane, there = _plane(part)
        if centre:
            plane = _centred(plane)
        plane = plane._replace(y=_wrapped(plane.y))
        if rotate:
            plane = _turned(plane)
        # in pixels from here on
        plane = plane._replace(x=_snapped(plane.x * pixels / width), y=_snapped(plane.y * pixels / width))
        if rotate:
            up = _harder(plane, plane.y)
            plane = plane._replace(x=plane.x * up, y=plane.y * up)
        if flip:
            plane = plane._replace(x=plane.x * _harder(plane, plane.x), y=plane.y * _harder(plane, plane.y))
        drawn = _drawn(plane, there, [part[name] for name in values], pixels)
        if normalise == "sum":
            total = np.abs(drawn).sum(axis=(1, 2, 3), keepdims=True)
            np.divide(drawn, total, out=drawn, where=total > 0)
        images[start : start + len(part)] = drawn
    return images


def _plane(cloud: Cloud) -> tuple[_Plane, npt.NDArray[np.bool_]]:
    """The objects as they lie, and which of them are not along the beam."""
    pt, eta, phi = (np.asarray(cloud[name], dtype=np.float64) for name in ("pt", "eta", "phi"))
    if (pt < 0).any():
        raise InputError(f"pt of the jets' objects is negative: {pt.min()} is the lowest; lengths are expected")
    there = np.isfinite(eta)
    event = np.repeat(np.arange(len(cloud)), cloud.counts)
    return _Plane(event, pt, np.where(there, eta, 0.0), phi, len(cloud)), there


def _wrapped(angle: Floats) -> Floats:
    """The same angles in [-pi, pi)."""
    return np.asarray((angle + np.pi) % (2 * np.pi) - np.pi)


def _centred(plane: _Plane) -> _Plane:
    """With the mean at the origin; azimuths are differences to their mean direction first."""
    first = np.arctan2(plane.mean(np.sin(plane.y)), plane.mean(np.cos(plane.y)))
    near = plane._replace(y=_wrapped(plane.y - first[plane.event]))
    return near._replace(x=near.x - near.mean(near.x)[near.event], y=near.y - near.mean(near.y)[near.event])


def _turned(plane: _Plane) -> _Plane:
    """With the principal axis vertical.

    With xx, xy, yy the second moments, the axis (c, s) has the angle a with tan(2a) = 2 xy / (xx - yy). Half angles
    are taken from the cosine and sine of 2a, so that an axis along x or y gives c and s exactly.
    """
    difference = plane.mean(plane.x**2) - plane.mean(plane.y**2)
    mixed = 2 * plane.mean(plane.x * plane.y)
    length = np.hypot(difference, mixed)
    size = plane.mean(plane.x**2) + plane.mean(plane.y**2)
    some = length > 1e-9 * size  # else round, or a point
    cosine = np.divide(difference, length, out=np.full(plane.n, -1.0), where=some)
    sine = np.divide(mixed, length, out=np.zeros(plane.n), where=some)
    long = np.sqrt((1 + np.abs(cosine)) / 2)
    short = sine / (2 * long)
    c, s = np.where(cosine >= 0, (long, short), (short, long))
    c, s = c[plane.event], s[plane.event]
    return plane._replace(x=plane.x * s - plane.y * c, y=plane.x * c + plane.y * s)


def _snapped(values: Floats) -> Floats:
    return np.asarray(np.rint(values * _GRID) / _GRID)


def _harder(plane: _Plane, along: Floats) -> Floats:
    """For each object 1, or -1 where its event has more pt on the negative side of `along`, (M,)."""
    side = plane.sum(plane.pt * np.sign(along))
    return np.where(side < 0, -1.0, 1.0)[plane.event]


def _drawn(plane: _Plane, there: npt.NDArray[np.bool_], channels: list[Array], pixels: int) -> Floats:
    """What the objects carry, pixel by pixel, (n, C, pixels, pixels); x and y are in pixels from the middle."""
    column, row = (np.floor(values + pixels / 2) for values in (plane.x, plane.y))
    inside = there & (column >= 0) & (column < pixels) & (row >= 0) & (row < pixels)
    place = (plane.event[inside] * pixels + row[inside].astype(np.int64)) * pixels + column[inside].astype(np.int64)
    drawn = np.empty((plane.n, len(channels), pixels, pixels))
    for c, values in enumerate(channels):
        sums = np.bincount(place, np.asarray(values, dtype=np.float64)[inside], plane.n * pixels**2)
        drawn[:, c] = sums.reshape(plane.n, pixels, pixels)
    return drawn
