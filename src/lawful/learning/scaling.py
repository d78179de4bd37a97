"""Inputs and targets brought to the size that networks learn best with."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lawful.nets.values import one_of

Array = npt.NDArray[Any]
_ENOUGH = 20_000
SCALINGS = ("robust", "standard", "none")


def weighted_quantiles(x: Array, weight: Array, levels: Array) -> Array:
    """Quantiles of each column of x, (N, F), under weights of at least zero, (N,): (levels, F).

    The quantile at level q is the least value below or at which a share q of the weight lies. Of more than 20,000
    rows, 20,000 evenly spaced ones are looked at.
    """
    if len(x) > _ENOUGH:
        rows = np.linspace(0, len(x) - 1, _ENOUGH).astype(np.int64)
        x, weight = x[rows], weight[rows]
        if not weight.any():
            weight = np.ones(len(rows))
    if np.all(weight == weight[0]):
        return np.asarray(np.quantile(x, levels, axis=0, method="inverted_cdf"))
    order = np.argsort(x, axis=0, kind="stable")
    share = np.cumsum(weight[order], axis=0)
    share /= share[-1]
    out = np.empty((len(levels), x.shape[1]), x.dtype)
    for column in range(x.shape[1]):
        rows = np.searchsorted(share[:, column], levels, side="left").clip(max=len(x) - 1)
        out[:, column] = x[order[rows, column], column]
    return out


@dataclass(frozen=True)
class InputScaling:
    r"""A monotone map of each column: $x \to \phi((x - c) / s)$.

    "robust": c is the median, s the distance between the quartiles, $\phi = \mathrm{arsinh}$, which is the identity
    near zero and logarithmic in the tails, so that a few large values neither blind the network nor are cut off.
    "standard": mean, standard deviation, $\phi$ the identity. "none": as it is. Values that were declared missing
    (NaN) become 0, the median, and each column that has some gets a second one that is 1 where it is missing.

    Attributes:
        kind: "robust", "standard" or "none".
        centre: c, (F,).
        scale: s, (F,); 1 for a constant column.
        gaps: Columns for which a mark of missing values is appended.
    """

    kind: str
    centre: Array
    scale: Array
    gaps: tuple[int, ...] = ()

    @classmethod
    def fit(cls, x: Array, weight: Array, kind: str = "robust") -> Self:
        """Learn c and s from inputs x, (N, F), under |weight|, (N,).

        Raises:
            InputError: For an unknown kind.
        """
        one_of("scaling", kind, SCALINGS)
        weight = np.abs(weight).astype(np.float64)
        missing = np.isnan(x)
        gaps = tuple(int(j) for j in np.flatnonzero(missing.any(0)))
        if gaps:
            x = np.where(missing, _column_medians(x, weight), x)
        F = x.shape[1]
        if kind == "none":
            return cls(kind, np.zeros(F), np.ones(F), gaps)
        if kind == "standard":
            mean, deviation = _mean_and_deviation(x, weight)
            return cls(kind, mean, np.where(deviation > 0, deviation, 1.0), gaps)
        low, centre, high = weighted_quantiles(x, weight, np.array([0.25, 0.5, 0.75])).astype(np.float64)
        scale = high - low
        flat = ~(scale > 1e-12 * np.abs(centre))  # most values are equal: take the deviation, if there is one
        if flat.any():
            deviation = _mean_and_deviation(x[:, flat], weight)[1]
            scale[flat] = np.where(deviation > 0, deviation, 1.0)
        return cls(kind, centre, scale, gaps)

    def apply(self, x: Array) -> Array:
        """Map (N, F) to (N, F + number of gaps), in the type of x."""
        z: Array = (x - self.centre.astype(x.dtype)) / self.scale.astype(x.dtype)
        if self.kind == "robust":
            np.arcsinh(z, out=z)
        missing = np.isnan(z)
        if missing.any():
            z[missing] = 0.0
        if not self.gaps:
            return z
        return np.concatenate([z, missing[:, self.gaps].astype(z.dtype)], axis=1)

    def apply_tensor(self, x: Tensor) -> Tensor:
        """As `apply`, for tensors, differentiable."""
        z = (x - torch.as_tensor(self.centre).to(x)) / torch.as_tensor(self.scale).to(x)
        if self.kind == "robust":
            z = torch.asinh(z)
        missing = torch.isnan(z)
        z = torch.where(missing, 0.0, z)
        return torch.cat([z, missing[:, list(self.gaps)].to(z.dtype)], 1) if self.gaps else z

    @property
    def outputs(self) -> int:
        """Number of columns after `apply`."""
        return len(self.centre) + len(self.gaps)


def _mean_and_deviation(x: Array, weight: Array) -> tuple[Array, Array]:
    """Weighted mean and standard deviation of each column; a deviation that is rounding counts as zero."""
    x = x.astype(np.float64, copy=False)
    mean = np.average(x, axis=0, weights=weight)
    deviation = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=weight))
    return mean, np.where(deviation > 1e-12 * np.abs(mean), deviation, 0.0)


def _column_medians(x: Array, weight: Array) -> Array:
    medians = np.zeros(x.shape[1])
    for column in range(x.shape[1]):
        there = ~np.isnan(x[:, column])
        if there.any():
            values = x[there, column][:, None].astype(np.float64)
            medians[column] = weighted_quantiles(values, weight[there], np.array([0.5]))[0, 0]
    return medians


@dataclass(frozen=True)
class TargetScaling:
    """Targets in units of their standard deviation from their mean: $y = c + s z$.

    Attributes:
        centre: Weighted mean of each target, (T,).
        scale: Weighted standard deviation, (T,); 1 for a constant target.
        low: Smallest target seen, (T,).
        high: Largest target seen, (T,).
    """

    centre: Array
    scale: Array
    low: Array
    high: Array

    @classmethod
    def fit(cls, y: Array, weight: Array) -> Self:
        """Learn from targets y, (N, T), under |weight|, (N,)."""
        weight = np.abs(weight).astype(np.float64)
        mean = np.average(y, axis=0, weights=weight)
        deviation = np.sqrt(np.average((y - mean) ** 2, axis=0, weights=weight))
        return cls(mean, np.where(deviation > 1e-12 * np.abs(mean), deviation, 1.0), y.min(0), y.max(0))

    def apply(self, y: Array) -> Array:
        """Map targets (N, T) to network units."""
        return (y - self.centre) / self.scale

    def invert(self, z: Array) -> Array:
        """Map network units (..., T) to targets."""
        return np.asarray(z * self.scale + self.centre)
