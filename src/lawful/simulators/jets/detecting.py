"""A detector: what tracker and calorimeters make of the particles of an event."""

import numpy as np

from lawful.simulators.jets.generating import Index
from lawful.simulators.world import Array

_PION = 0.13957  # GeV
_TRACKER, _MUON, _ELECTRON, _PHOTON = 2.5, 13, 11, 22
_CHARGED, _NEUTRAL = 211, 130  # what a detector calls hadrons
_CELLS = {"electromagnetic": 0.0174, "hadronic": 0.087}
_LEAST_ENERGY = {"electromagnetic": 0.5, "hadronic": 1.0}  # GeV
_LEAST_SIGNIFICANCE = 2.0
_NO_CHARGE = (12, 14, 16, 22, 111, 130, 310, 311, 2112, 3122, 3212, 3322, 421, 423, 511, 513, 531, 533, 5122)


def charge_of(pid: Index) -> Index:
    """Electric charges of final particles from their PDG ids, (M,): -1, 0 or 1.

    Examples:
        >>> charge_of(np.array([211, -2212, 22, 11, -13, 3112, 130, -3312])).tolist()
        [1, -1, 0, -1, 1, -1, 0, 1]
    """
    kind = np.abs(pid)
    negative = np.isin(kind, (_ELECTRON, _MUON, 15, 3112, 3312, 3334))
    sign = np.where(negative, -1, 1) * np.sign(pid)
    return np.where(np.isin(kind, _NO_CHARGE), 0, sign)


def class_of(pid: Index) -> Index:
    """What a detector calls particles, (M,): electrons, muons and photons by their PDG ids, hadrons pi or K0L.

    Examples:
        >>> class_of(np.array([-2212, 321, 11, -13, 22, 2112])).tolist()
        [-211, 211, 11, -13, 22, 130]
    """
    known = np.isin(np.abs(pid), (_ELECTRON, _MUON, _PHOTON))
    charge = charge_of(pid)
    return np.where(known, pid, np.where(charge == 0, _NEUTRAL, _CHARGED * charge))


def detected(event: Index, p: Array, pid: Index, rng: np.random.Generator) -> tuple[Index, Array, Index]:
    """The particles of events as a detector like CMS measures them; no magnetic field bends them.

    - A charged particle with |eta| < 2.5 and pT > 0.1 GeV has a track with 70% (60% beyond |eta| = 1.5) below
      1 GeV and 95% (85%) above; muons with 99% above 1 GeV. Its pT is smeared by 1% to 2.5% of it, growing with pT;
      its direction is kept, and its mass becomes the pion's.
    - Photons, and electrons without a track, go to the electromagnetic calorimeter: cells of 0.0174 in eta and phi,
      sigma(E) = (1 + 0.64 eta^2) sqrt((0.008 E)^2 + 0.11^2 E + 0.4^2), worse beyond |eta| = 1.5.
    - Neutral hadrons, and charged ones without a track, go to the hadronic calorimeter: cells of 0.087, sigma(E) =
      sqrt((0.05 E)^2 + 1.5^2 E).
    - A cell counts when it measures more than 0.5 or 1 GeV and two sigma; it becomes one massless particle somewhere
      in the cell. Muons without a track are lost, and so is all with |eta| > 5.

    Args:
        event: To which event each particle belongs, in rising order, (M,).
        p: px, py, pz, E in GeV, (M, 4).
        pid: PDG ids, (M,).
        rng: Draws what chance decides.

    Returns:
        Event, px, py, pz, E and class of each particle that was measured, by event.

    References:
        J. de Favereau and others, 'DELPHES 3: a modular framework for fast simulation of a generic collider
        experiment', JHEP 02 (2014) 057, whose card for CMS has these numbers.
    """
    kind, charged = class_of(pid), charge_of(pid) != 0
    pt = np.hypot(p[:, 0], p[:, 1])
    eta, phi = np.arcsinh(p[:, 2] / pt), np.arctan2(p[:, 1], p[:, 0])
    tracked = charged & (rng.random(len(p)) < _track_efficiency(pt, eta, kind))
    tracks = _tracks(pt[tracked], eta[tracked], phi[tracked], rng)
    parts = [(event[tracked], tracks, kind[tracked])]
    left = ~tracked & (np.abs(eta) < 5.0) & (np.abs(kind) != _MUON)
    light = np.isin(np.abs(kind), (_PHOTON, _ELECTRON))
    for name, among, called in (("electromagnetic", light, _PHOTON), ("hadronic", ~light, _NEUTRAL)):
        rows = np.flatnonzero(left & among)
        where, cells = _cells(event[rows], p[rows, 3], eta[rows], phi[rows], name, rng)
        parts.append((where, cells, np.full(len(where), called)))
    events, momenta, kinds = (np.concatenate([part[i] for part in parts]) for i in range(3))
    order = np.argsort(events, kind="stable")
    return events[order], momenta[order], kinds[order]


def _track_efficiency(pt: Array, eta: Array, kind: Index) -> Array:
    outer = np.abs(eta) > 1.5
    muon = np.abs(kind) == _MUON
    soft = np.where(outer, 0.60, 0.70)
    hard = np.where(muon, 0.99, np.where(outer, 0.85, 0.95))
    seen = (pt > 0.1) & (np.abs(eta) < _TRACKER)
    return np.where(seen, np.where(pt > 1.0, hard, soft), 0.0)


def _tracks(pt: Array, eta: Array, phi: Array, rng: np.random.Generator) -> Array:
    size = np.abs(eta)
    constant = np.select([size < 0.5, size < 1.5], [0.01, 0.015], 0.025)
    growing = np.select([size < 0.5, size < 1.5], [1.5e-4, 2.5e-4], 5.5e-4)  # 1/GeV
    measured = pt * np.maximum(1 + np.hypot(constant, growing * pt) * rng.normal(size=len(pt)), 0.01)
    return _momenta(measured, eta, phi, _PION)


def _cells(
    event: Index, energy: Array, eta: Array, phi: Array, name: str, rng: np.random.Generator
) -> tuple[Index, Array]:
    """Energies gathered in cells and smeared; the event of each cell and its massless four-momentum."""
    rings = round(2 * np.pi / _CELLS[name])
    width = np.array([_CELLS[name], 2 * np.pi / rings])
    ring = np.floor(eta / width[0]).astype(np.int64)
    place = np.floor((phi + np.pi) / width[1]).astype(np.int64) % rings
    lowest = int(ring.min(initial=0))
    columns = int(ring.max(initial=0)) - lowest + 1
    key, cell = np.unique((event * columns + ring - lowest) * rings + place, return_inverse=True)
    E = np.bincount(cell, energy, len(key)).astype(np.float64)
    corner = np.stack([(key // rings) % columns + lowest, key % rings], axis=1)
    centre = (corner + 0.5) * width - np.array([0.0, np.pi])
    sigma = _resolution(E, np.abs(centre[:, 0]), name)
    measured = E + sigma * rng.normal(size=len(E))
    seen = np.flatnonzero((measured > _LEAST_ENERGY[name]) & (measured > _LEAST_SIGNIFICANCE * sigma))
    at = centre[seen] + width * rng.uniform(-0.5, 0.5, (len(seen), 2))
    pt = measured[seen] / np.cosh(at[:, 0])
    return key[seen] // (rings * columns), _momenta(pt, at[:, 0], at[:, 1], 0.0)


def _resolution(E: Array, eta: Array, name: str) -> Array:
    """Standard deviation of the energy that a cell measures, in GeV."""
    if name == "hadronic":
        return np.where(eta < 3, np.hypot(0.05 * E, 1.5 * np.sqrt(E)), np.hypot(0.13 * E, 2.7 * np.sqrt(E)))
    fine = np.sqrt((0.008 * E) ** 2 + 0.11**2 * E + 0.4**2)
    forward = np.hypot(0.107 * E, 2.08 * np.sqrt(E))
    return np.select(
        [eta < 1.5, eta < 2.5], [(1 + 0.64 * eta**2) * fine, (2.16 + 5.6 * (eta - 2) ** 2) * fine], forward
    )


def _momenta(pt: Array, eta: Array, phi: Array, mass: float) -> Array:
    """px, py, pz, E, (M, 4)."""
    pz = pt * np.sinh(eta)
    return np.stack([pt * np.cos(phi), pt * np.sin(phi), pz, np.sqrt(pt**2 + pz**2 + mass**2)], axis=1)
