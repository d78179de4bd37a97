"""What a jet looks like inside: N-subjettiness and energy correlations."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lawful.simulators.jets.clustering import winner_axes
from lawful.simulators.jets.generating import Index, rapidity
from lawful.simulators.world import Array


def subjettiness(p: Array, counts: Index, *, most: int, betas: Sequence[float], radius: float) -> dict[float, Array]:
    r"""N-subjettiness of jets for N from 1 on.

    $$\tau_N^{(\beta)} = \frac{\sum_i p_{Ti} \min_a \Delta R_{ia}^\beta}{\sum_i p_{Ti} R^\beta}$$

    with distances in rapidity and azimuth. The N axes are those of the exclusive kT algorithm with the
    winner-take-all recombination, for every beta the same, and are not moved afterwards: for beta of at most 1 they
    lie near the minimum by construction, for beta = 2 the values are somewhat above it.

    Args:
        p: px, py, pz, E of the constituents in GeV, all jets one after the other, (M, 4).
        counts: Constituents of each jet, (J,).
        most: The largest N.
        betas: Each beta.
        radius: R.

    Returns:
        For each beta the values, (J, most); 0 where a jet has N constituents or fewer.

    References:
        J. Thaler, K. Van Tilburg, 'Identifying boosted objects with N-subjettiness', JHEP 03 (2011) 015;
        A. J. Larkoski, D. Neill, J. Thaler, 'Jet shapes with the broadening axis', JHEP 04 (2014) 017.

    Examples:
        Two particles of equal pT at a distance of 0.4 have the harder one, or the first, as their axis.

        >>> p = np.array([[100.0, 0.0, 0.0, 100.0], [100 * np.cos(0.4), 100 * np.sin(0.4), 0.0, 100.0]])
        >>> tau = subjettiness(p, np.array([2]), most=2, betas=[1.0], radius=0.8)[1.0]
        >>> np.round(tau, 6).tolist()
        [[0.25, 0.0]]
    """
    pt, y, phi = np.hypot(p[:, 0], p[:, 1]), rapidity(p), np.arctan2(p[:, 1], p[:, 0])
    jet = np.repeat(np.arange(len(counts)), counts)
    scale = np.bincount(jet, pt, len(counts))
    values = {beta: np.zeros((len(counts), most)) for beta in betas}
    for n, (found, a) in enumerate(winner_axes(p, counts, most), start=1):
        y_a, phi_a = rapidity(a), np.arctan2(a[:, 1], a[:, 0])
        first = np.cumsum(found) - found
        nearest = np.full(len(p), np.inf)  # (M,) squared distance to the nearest axis
        for k in range(n):
            axis = (first + np.minimum(k, found - 1))[jet]
            np.minimum(nearest, (y - y_a[axis]) ** 2 + _turn(phi - phi_a[axis]) ** 2, out=nearest)
        nearest[nearest < _SAME] = 0.0
        for beta in betas:
            sums = np.bincount(jet, pt * nearest ** (beta / 2), len(counts))
            values[beta][:, n - 1] = sums / (scale * radius**beta)
    return values


_SAME = 1e-20  # squared distance below which a particle is its own axis, but for rounding


def energy_correlations(p: Array, counts: Index, *, beta: float = 1.0) -> tuple[Array, Array]:
    r"""The normalised energy correlations of two and three particles.

    $$e_2 = \sum_{i<j} z_i z_j \Delta R_{ij}^\beta, \qquad
      e_3 = \sum_{i<j<k} z_i z_j z_k (\Delta R_{ij} \Delta R_{jk} \Delta R_{ik})^\beta$$

    with $z_i = p_{Ti} / \sum_j p_{Tj}$ and distances in rapidity and azimuth; $C_2 = e_3 / e_2^2$ and
    $D_2 = e_3 / e_2^3$. With $A_{ij} = z_i \Delta R_{ij}^\beta$ the triple sum is $\mathrm{tr} A^3 / 6$.

    Args:
        p: px, py, pz, E of the constituents in GeV, all jets one after the other, (M, 4).
        counts: Constituents of each jet, (J,).
        beta: beta.

    Returns:
        e_2 and e_3, (J,) each.

    References:
        A. J. Larkoski, G. P. Salam, J. Thaler, 'Energy correlation functions for jet substructure', JHEP 06 (2013)
        108; A. J. Larkoski, I. Moult, D. Neill, 'Power counting to better jet observables', JHEP 12 (2014) 009.

    Examples:
        >>> p = np.array([[100.0, 0.0, 0.0, 100.0], [100 * np.cos(0.4), 100 * np.sin(0.4), 0.0, 100.0]])
        >>> e2, e3 = energy_correlations(p, np.array([2]))
        >>> round(float(e2[0]), 6), float(e3[0])
        (0.1, 0.0)
    """
    pt, y, phi = np.hypot(p[:, 0], p[:, 1]), rapidity(p), np.arctan2(p[:, 1], p[:, 0])
    start = np.cumsum(counts) - counts
    e2, e3 = np.zeros(len(counts)), np.zeros(len(counts))
    for jets in _alike(counts):
        place = np.arange(counts[jets].max())
        there = place < counts[jets][:, None]  # (B, P)
        rows = np.where(there, start[jets][:, None] + place, 0)
        z = np.where(there, pt[rows], 0.0)
        z /= z.sum(1, keepdims=True)
        distance2 = (y[rows][:, :, None] - y[rows][:, None]) ** 2
        distance2 += _turn(phi[rows][:, :, None] - phi[rows][:, None]) ** 2  # (B, P, P)
        A = z[:, :, None] * distance2 ** (beta / 2)
        e2[jets] = (A @ z[:, :, None]).sum((1, 2)) / 2
        e3[jets] = ((A @ A) * A.transpose(0, 2, 1)).sum((1, 2)) / 6
    return e2, e3


def _alike(counts: Index, most: int = 32) -> Iterator[NDArray[np.int64]]:
    """Positions of the jets in groups with like numbers of constituents, so that little is padded."""
    order = np.argsort(counts, kind="stable")
    for first in range(0, len(order), most):
        yield order[first : first + most]


def _turn(angle: Array) -> Array:
    """A difference of two azimuths in (-2 pi, 2 pi) as one in [-pi, pi]."""
    return angle - 2 * np.pi * np.rint(angle / (2 * np.pi))
