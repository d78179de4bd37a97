"""Events of one process from Pythia, as flat arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lawful.errors import InputError
from lawful.simulators.jets.deciding import early_veto
from lawful.simulators.jets.packages import imported, silence_banners
from lawful.simulators.jets.processes import PROCESSES
from lawful.simulators.world import Array

Index = NDArray[np.int64]

VARIATIONS = {"fsr_up": "fsr:muRfac=2.0", "fsr_down": "fsr:muRfac=0.5", "isr_up": "isr:muRfac=2.0"} | {
    "isr_down": "isr:muRfac=0.5"
}
"""Name of a variation of the parton showers to what Pythia calls it."""

_INVISIBLE = (12, 14, 16)
_TOLERANCE = 1e-4  # of the energy of the collision, by which an event's momentum may differ from it


@dataclass(frozen=True)
class Beam:
    """What Pythia is told, but for the process.

    Attributes:
        scatter: Least and greatest transverse momentum of the hard scatter in GeV.
        pt: Window of the jet's transverse momentum in GeV.
        eta: Largest |eta| of the jet.
        radius: R of the jet.
        bias: Power of the transverse momentum by which hard scatters are preferred.
        energy: Of the collision in GeV.
        multiparton: Whether further pairs of partons scatter.
        variations: Whether weights of varied parton showers are made.
        detector: Whether the particles go through a detector afterwards.
    """

    scatter: tuple[float, float]
    pt: tuple[float, float]
    eta: float
    radius: float
    bias: float
    energy: float
    multiparton: bool
    variations: bool
    detector: bool

    @property
    def acceptance(self) -> float:
        """Largest |eta| of particles that can matter for the jet."""
        return self.eta + 2 * self.radius


@dataclass(frozen=True)
class Batch:
    """Events of one process, their visible final particles one after the other.

    Attributes:
        events: N, how many.
        event: To which event each particle belongs, (M,).
        p: Its px, py, pz, E in GeV, (M, 4).
        pid: Its PDG id, (M,).
        origin: For each candidate for the jet's origin its event, (K,).
        origin_id: Its absolute PDG id, (K,).
        origin_y: Its rapidity, (K,).
        origin_phi: Its azimuth, (K,).
        prongs: Rapidity and azimuth of the quarks that it decays to, (K, prongs, 2).
        weight: Event weights, (N,).
        varied: Weights over the nominal one for each of `VARIATIONS`, (N, 4) or (N, 0).
    """

    events: int
    event: Index
    p: Array
    pid: Index
    origin: Index
    origin_id: Index
    origin_y: Array
    origin_phi: Array
    prongs: Array
    weight: Array
    varied: Array


class Source:
    """Pythia, set up for one process.

    Args:
        process: Its name, one of `PROCESSES`.
        beam: What else Pythia is told.

    Raises:
        InputError: When pythia8mc is absent, or Pythia refuses the settings.
    """

    def __init__(self, process: str, beam: Beam) -> None:
        pythia8mc = imported("pythia8mc")
        silence_banners()
        self.process, self.beam = PROCESSES[process], beam
        self._pythia = pythia8mc.Pythia("", False)
        for line in pythia_lines(process, beam):
            if not self._pythia.readString(line):
                raise InputError(f"Pythia does not take the setting {line!r}; another version than 8.317?")
        # Pythia does not keep the hook alive
        self._veto = early_veto(
            pt=beam.pt,
            eta=beam.eta,
            radius=beam.radius,
            kept=self.process.kept,
            detector=beam.detector,
            multiparton=beam.multiparton,
        )
        self._pythia.setUserHooksPtr(self._veto)
        if not self._pythia.init():
            raise InputError(
                f"Pythia cannot make {process} with hard scatters from {beam.scatter[0]:g} to {beam.scatter[1]:g} "
                f"GeV at {beam.energy:g} GeV; is the window of pt too high, or too narrow?"
            )

    @property
    def tried(self) -> int:
        """How many events have been begun, those included that were given up in the parton showers."""
        return int(self._pythia.infoPython().nSelected())

    def seed(self, seed: int) -> None:
        """Start the random numbers anew."""
        self._pythia.rndm.init(seed)

    def batch(self, n: int) -> Batch:
        """About n further events whose jet may lie in the window."""
        import awkward as ak

        made = self._pythia.nextBatch(n)
        record = made.prt
        counts = np.asarray(ak.num(record.status, axis=1))
        first = np.cumsum(counts) - counts
        event = np.repeat(np.arange(len(counts)), counts)
        pid, status = _flat(record.id), _flat(record.status)
        p = np.stack([_flat(record.p[name]) for name in ("px", "py", "pz", "e")], axis=1)  # (all, 4)
        daughters = [first[event] + _flat(record[name]) for name in ("daughter1", "daughter2")]
        sound = _conserving(event[status > 0], p[status > 0], len(counts), self.beam.energy)
        visible = np.flatnonzero((status > 0) & sound[event] & ~np.isin(np.abs(pid), _INVISIBLE))
        inside = np.abs(p[visible, 2]) < np.sinh(self.beam.acceptance) * np.hypot(p[visible, 0], p[visible, 1])
        kept = visible[inside]
        origin, prongs = _origins(self.process.prongs, pid, status, *daughters)
        y, phi = rapidity(p[origin]), np.arctan2(p[origin, 1], p[origin, 0])
        quarks = np.stack([rapidity(p[prongs]), np.arctan2(p[prongs, 1], p[prongs, 0])], axis=-1)
        weights = np.asarray(ak.to_numpy(made.info.weights), dtype=np.float64).reshape(len(counts), -1)
        weight = weights[:, 0]
        return Batch(
            events=len(counts),
            event=event[kept],
            p=p[kept],
            pid=pid[kept],
            origin=event[origin],
            origin_id=np.abs(pid[origin]),
            origin_y=y,
            origin_phi=phi,
            prongs=quarks,
            weight=weight,
            varied=weights[:, 1 : 1 + len(VARIATIONS)] / weight[:, None],  # Pythia lists them twice
        )


def rapidity(p: Array) -> Array:
    """Rapidity of four-vectors px, py, pz, E, (..., 4) to (...)."""
    # ln((E + |pz|) / mT) keeps its digits where E and pz are nearly equal
    m2 = np.maximum(p[..., 3] ** 2 - (p[..., :3] ** 2).sum(-1), 0.0)
    mt = np.sqrt(p[..., 0] ** 2 + p[..., 1] ** 2 + m2)
    size = np.log((p[..., 3] + np.abs(p[..., 2])) / np.maximum(mt, 1e-300))
    return np.asarray(np.sign(p[..., 2]) * size)


def _conserving(event: Index, p: Array, n: int, energy: float) -> NDArray[np.bool_]:
    """Whether the final particles of each of n events have the momentum of the beams."""
    total = np.stack([np.bincount(event, p[:, i], n) for i in range(4)], axis=1)
    return np.asarray((np.abs(total - [0.0, 0.0, 0.0, energy]) < _TOLERANCE * energy).all(1))


def _flat(values: Any) -> NDArray[Any]:
    import awkward as ak

    return np.asarray(ak.to_numpy(ak.flatten(values, axis=1)))


def pythia_lines(process: str, beam: Beam) -> list[str]:
    """Every setting that Pythia is given for a process."""
    # Pythia's own check of momentum takes a tenth of its time; that of whole batches takes next to none
    lines = [
        "Print:quiet = on",
        "Check:event = off",
        "Random:setSeed = on",
        f"Beams:eCM = {beam.energy!r}",
        *PROCESSES[process].lines,
    ]
    lines += [f"PhaseSpace:pTHatMin = {beam.scatter[0]!r}", f"PhaseSpace:pTHatMax = {beam.scatter[1]!r}"]
    lines += ["ParticleDecays:limitTau0 = on", "ParticleDecays:tau0Max = 10."]  # longer flights end in a detector
    lines += [f"PartonLevel:MPI = {'on' if beam.multiparton else 'off'}"]
    if beam.bias:
        lines += ["PhaseSpace:bias2Selection = on", f"PhaseSpace:bias2SelectionPow = {beam.bias!r}"]
        lines += [f"PhaseSpace:bias2SelectionRef = {beam.scatter[0]!r}"]
    if beam.variations:
        bands = ", ".join(f"{name} {what}" for name, what in VARIATIONS.items())
        lines += ["UncertaintyBands:doVariations = on", f"UncertaintyBands:List = {{{bands}}}"]
    return lines


def _origins(prongs: int, pid: Index, status: Index, daughter1: Index, daughter2: Index) -> tuple[Index, Index]:
    """Rows of what the hard process made, at the end of its radiation, and of the quarks that it decays to."""
    if not prongs:
        rows = np.flatnonzero(status == -23)  # partons of the hard process before their shower
        return rows, np.zeros((len(rows), 0), dtype=np.int64)
    heavy = np.isin(np.abs(pid), (24, 25)) if prongs == 2 else np.abs(pid) == 6
    rows = _last_copy(np.flatnonzero(heavy & (status == -22)), pid, daughter1)
    if prongs == 2:
        return rows, np.stack([daughter1[rows], daughter2[rows]], axis=1)
    bosonic = np.abs(pid[daughter1[rows]]) == 24
    w = _last_copy(np.where(bosonic, daughter1[rows], daughter2[rows]), pid, daughter1)
    b = np.where(bosonic, daughter2[rows], daughter1[rows])
    return rows, np.stack([b, daughter1[w], daughter2[w]], axis=1)


def _last_copy(rows: Index, pid: Index, daughter1: Index) -> Index:
    """Follow particles down the record while they only recoil."""
    while np.any(same := pid[daughter1[rows]] == pid[rows]):
        rows = np.where(same, daughter1[rows], rows)
    return rows
