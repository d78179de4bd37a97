"""Labelled jets: events are generated, measured, clustered and labelled until there are enough of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from lawful.errors import InputError
from lawful.simulators.jets.clustering import Jets, leading_jets, soft_drop_mass
from lawful.simulators.jets.detecting import charge_of, class_of, detected
from lawful.simulators.jets.generating import Batch, Beam, Index, Source, rapidity
from lawful.simulators.jets.processes import PROCESSES
from lawful.simulators.jets.substructure import energy_correlations, subjettiness
from lawful.simulators.world import Array

BETAS: Mapping[float, str] = {0.5: "_half", 1.0: "", 2.0: "_two"}
"""The exponents of N-subjettiness, and what they add to its name."""
MOST = 5
"""The largest N of N-subjettiness."""

_TRIED = 40_000  # events without a jet after which a setting is called hopeless
_BATCH = 400


@dataclass(frozen=True)
class Cut:
    """Which jets are kept and how they are groomed.

    Attributes:
        pt: Window of the transverse momentum in GeV.
        z_cut: Of soft drop.
        beta: Of soft drop.
    """

    pt: tuple[float, float]
    z_cut: float
    beta: float


@dataclass(frozen=True)
class Labelled:
    """Jets of one process.

    Attributes:
        features: Observables by name, (J,) each.
        extras: Truth by name, (J,) each.
        weight: Event weights, (J,).
        varied: Weights of the varied showers over the nominal ones, (J, V).
        counts: Constituents of each jet, (J,).
        constituents: px, py, pz, E, charge and class, all jets one after the other, (sum of counts, 6) float32.
        tried: How many events were begun for them.
    """

    features: dict[str, Array]
    extras: dict[str, Array]
    weight: Array
    varied: Array
    counts: Index
    constituents: np.ndarray[Any, np.dtype[np.float32]]
    tried: int

    def first(self, n: int) -> "Labelled":
        """The first n jets."""
        return replace(
            self,
            features={name: values[:n] for name, values in self.features.items()},
            extras={name: values[:n] for name, values in self.extras.items()},
            weight=self.weight[:n],
            varied=self.varied[:n],
            counts=self.counts[:n],
            constituents=self.constituents[: self.counts[:n].sum()],
        )


def labelled(process: str, n: int, beam: Beam, cut: Cut, rng: np.random.Generator) -> Labelled:
    """Jets of a process, n of them; the generator alone decides which.

    Raises:
        InputError: When next to no event gives such a jet, or Pythia refuses the settings.
    """
    source = _source(process, beam)
    source.seed(int(rng.integers(1, 900_000_000)))
    before, passed, have = source.tried, 0, 0
    made: list[Labelled] = []
    while have < n:
        tried = source.tried - before
        if tried > _TRIED * (have + 1):
            raise InputError(
                f"of {tried:,} events of {process} {have} gave a jet with pt from {cut.pt[0]:g} to {cut.pt[1]:g} "
                f"GeV, |eta| < {beam.eta:g} and R = {beam.radius:g}; widen or move the window."
            )
        expected = (n - have) * (1.05 * passed / have if have else 2.0) + 8
        batch = source.batch(int(np.clip(expected, 32, _BATCH)))
        passed += batch.events
        jets = _jets(process, batch, beam, cut, rng)
        if jets is not None:
            made.append(jets)
            have += len(jets.weight)
    return replace(joined(made).first(n), tried=source.tried - before)


def joined(parts: list[Labelled]) -> Labelled:
    """The jets of several, one after the other."""
    first = parts[0]
    return Labelled(
        {name: np.concatenate([part.features[name] for part in parts]) for name in first.features},
        {name: np.concatenate([part.extras[name] for part in parts]) for name in first.extras},
        np.concatenate([part.weight for part in parts]),
        np.concatenate([part.varied for part in parts]),
        np.concatenate([part.counts for part in parts]),
        np.concatenate([part.constituents for part in parts]),
        sum(part.tried for part in parts),
    )


def observables(
    p: Array, counts: Index, total: Array, *, radius: float, z_cut: float, beta: float
) -> dict[str, Array]:
    """Everything that is measured of jets, by name.

    Args:
        p: px, py, pz, E of the constituents in GeV, all jets one after the other, (M, 4).
        counts: Constituents of each jet, (J,).
        total: px, py, pz, E of the jets in GeV, (J, 4).
        radius: R of the jets.
        z_cut: Of soft drop.
        beta: Of soft drop.

    Returns:
        Columns, (J,) each.
    """
    pt = np.hypot(total[:, 0], total[:, 1])
    tau = subjettiness(p, counts, most=MOST, betas=list(BETAS), radius=radius)
    e2, e3 = energy_correlations(p, counts)
    usual = tau[1.0]
    columns = {
        "pt": pt,
        "eta": np.arcsinh(total[:, 2] / pt),
        "phi": np.arctan2(total[:, 1], total[:, 0]),
        "mass": np.sqrt(np.maximum(total[:, 3] ** 2 - (total[:, :3] ** 2).sum(1), 0.0)),
        "mass_soft_drop": soft_drop_mass(p, counts, z_cut=z_cut, beta=beta, radius=radius),
        "multiplicity": counts.astype(np.float64),
        "tau21": _over(usual[:, 1], usual[:, 0]),
        "tau32": _over(usual[:, 2], usual[:, 1]),
        "C2": _over(e3, e2**2),
        "D2": _over(e3, e2**3),
    }
    for exponent, ending in BETAS.items():
        columns |= {f"tau{n}{ending}": tau[exponent][:, n - 1] for n in range(1, MOST + 1)}
    return columns


@lru_cache(maxsize=8)
def _source(process: str, beam: Beam) -> Source:
    return Source(process, beam)  # to start Pythia takes as long as a hundred events


def _jets(process: str, batch: Batch, beam: Beam, cut: Cut, rng: np.random.Generator) -> Labelled | None:
    event, p, pid = batch.event, batch.p, class_of(batch.pid)
    charge = charge_of(batch.pid)
    if beam.detector:
        event, p, pid = detected(batch.event, batch.p, batch.pid, rng)
        charge = charge_of(pid)
    jets = leading_jets(event, p, radius=beam.radius, pt=cut.pt, eta=beam.eta)
    origin, reach, true = _truth(process, batch, jets, beam.radius)
    kept = np.flatnonzero(true)
    if not len(kept):
        return None
    rows = jets.rows[np.repeat(true, jets.counts)]
    counts, particles = jets.counts[kept], p[rows]
    features = observables(particles, counts, jets.p[kept], radius=beam.radius, z_cut=cut.z_cut, beta=cut.beta)
    constituents = np.column_stack([particles, charge[rows], pid[rows]]).astype(np.float32)
    return Labelled(
        features,
        {"origin": origin[kept].astype(np.float64), "reach": reach[kept]},
        batch.weight[jets.event[kept]],
        batch.varied[jets.event[kept]],
        counts,
        constituents,
        0,
    )


def _truth(process: str, batch: Batch, jets: Jets, radius: float) -> tuple[Index, Array, Any]:
    """For each jet what it lies upon, how far its quarks are from the axis, and whether the label is true."""
    of = np.full(batch.events, -1)
    of[jets.event] = np.arange(len(jets.event))
    candidates = np.flatnonzero(of[batch.origin] >= 0)
    jet = of[batch.origin[candidates]]
    y, phi = rapidity(jets.p), np.arctan2(jets.p[:, 1], jets.p[:, 0])
    distance = _distance(y[jet] - batch.origin_y[candidates], phi[jet] - batch.origin_phi[candidates])
    order = np.lexsort((distance, jet))
    nearest = order[np.flatnonzero(np.diff(jet[order], prepend=-1))]
    near = nearest[distance[nearest] < radius]
    origin, reach = np.zeros(len(jets.event), dtype=np.int64), np.zeros(len(jets.event))
    origin[jet[near]] = batch.origin_id[candidates[near]]
    quarks, axis = batch.prongs[candidates[near]], jet[near]
    if quarks.shape[1]:
        reach[axis] = _distance(y[axis][:, None] - quarks[..., 0], phi[axis][:, None] - quarks[..., 1]).max(1)
    wanted = PROCESSES[process].origin
    return origin, reach, np.isin(origin, wanted) if wanted else np.ones(len(origin), dtype=bool)


def _distance(y: Array, phi: Array) -> Array:
    return np.hypot(y, phi - 2 * np.pi * np.rint(phi / (2 * np.pi)))


def _over(top: Array, bottom: Array) -> Array:
    return np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)
