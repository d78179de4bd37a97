"""The world `boosted-jets`: what it can be given, what it makes, and how its work is shared among processes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lawful.errors import InputError
from lawful.simulators.jets.processes import PROCESSES
from lawful.simulators.world import Choice, Column, Drawn, Setting, Switch, World

if TYPE_CHECKING:
    from lawful.simulators.jets.drawing import Labelled

_CHUNK = 250  # jets that one process makes at a time, whatever the number of processes
_FIELDS = {"px": "GeV", "py": "GeV", "pz": "GeV", "E": "GeV", "charge": "", "pid": ""}


def _draw(n: int, rng: np.random.Generator, **settings: Any) -> Drawn:
    from lawful.data.clouds import Cloud, offsets_of
    from lawful.simulators.jets.drawing import joined
    from lawful.simulators.jets.generating import VARIATIONS

    _check(n, settings)
    order = rng.permutation(n)
    made = make(n, rng, settings)
    whole = joined([part for _, part in made])
    label = np.repeat([name for name, _ in made], [len(part.counts) for _, part in made])
    weight = whole.weight.copy()
    for name in settings["processes"]:
        weight[label == name] /= weight[label == name].mean()
    varied = {
        name: (weight * whole.varied[:, i])[order] for i, name in enumerate(VARIATIONS) if settings["variations"]
    }
    clouds = {}
    if settings["constituents"]:
        cloud = Cloud(offsets_of(whole.counts), {name: whole.constituents[:, i] for i, name in enumerate(_FIELDS)})
        clouds = {"constituents": cloud.take(order)}
    return Drawn(
        {name: values[order] for name, values in whole.features.items()},
        {"process": label[order]},
        {name: values[order] for name, values in whole.extras.items()},
        weight=weight[order],
        variations=varied,
        clouds=clouds,
    )


def _check(n: int, settings: Mapping[str, Any]) -> None:
    names, pt, scatter = settings["processes"], settings["pt"], settings["scatter"]
    if n < len(names):
        raise InputError(f"boosted-jets: n={n}: expected at least one jet for each of {', '.join(names)}.")
    if 2 * scatter[0] * pt[0] >= 0.9 * settings["energy"]:
        raise InputError(
            f"boosted-jets: pt={pt}: no collision at {settings['energy']:g} GeV makes such jets; "
            f"each has less than half of that energy."
        )


def make(n: int, rng: np.random.Generator, settings: Mapping[str, Any]) -> "list[tuple[str, Labelled]]":
    """Chunks of jets, n together, each with the name of its process; made on all cores, or on as many as asked.

    Each chunk has a generator of its own, so that the jets do not depend on who makes them.

    Raises:
        InputError: When pythia8mc or fastjet is absent, or such jets cannot be made.
    """
    from joblib import Parallel, cpu_count, delayed

    from lawful.progress import Progress
    from lawful.simulators.jets.drawing import Cut, labelled
    from lawful.simulators.jets.generating import Beam
    from lawful.simulators.jets.packages import imported

    imported("pythia8mc"), imported("fastjet")
    names, (low, high) = settings["processes"], settings["pt"]
    each = [n // len(names) + (i < n % len(names)) for i in range(len(names))]
    sizes = [(name, size) for name, jets in zip(names, each, strict=True) for size in _shares(jets)]
    shared = ("eta", "radius", "bias", "energy", "multiparton", "variations", "detector")
    scatter = (settings["scatter"][0] * low, settings["scatter"][1] * high)
    beam = Beam(scatter=scatter, pt=(low, high), **{name: settings[name] for name in shared})
    cut = Cut((low, high), settings["soft_drop_z"], settings["soft_drop_beta"])
    tasks = [(*size, beam, cut, child) for size, child in zip(sizes, rng.spawn(len(sizes)), strict=True)]
    workers = min(settings["cores"] or cpu_count(), len(tasks))
    made: list[tuple[str, Labelled]] = []
    with Progress("boosted-jets", len(tasks)) as progress:
        parts = Parallel(n_jobs=workers, return_as="generator")(delayed(labelled)(*task) for task in tasks)
        for (name, _), part in zip(sizes, parts, strict=True):
            made.append((name, part))
            progress.step(f"{sum(len(one.counts) for _, one in made):,} jets")
    return made


def _shares(jets: int) -> list[int]:
    """Sizes of the chunks that make so many jets."""
    chunks = -(-jets // _CHUNK)
    return [jets // chunks + (i < jets % chunks) for i in range(chunks)]


def _taus() -> dict[str, Column]:
    told = {"_half": "0.5", "": "1", "_two": "2"}
    return {
        f"tau{n}{ending}": Column("", f"{n}-subjettiness with beta {beta}")
        for ending, beta in told.items()
        for n in range(1, 6)
    }


_SHOWERS = {
    f"weight_{kind}_{way}": Column("", f"event weight with the scale of {text} {what}, that is {how} of it")
    for kind, text in (("fsr", "final-state radiation"), ("isr", "initial-state radiation"))
    for way, what, how in (("up", "doubled", "less"), ("down", "halved", "more"))
}

BOOSTED_JETS = World(
    name="boosted-jets",
    line="the leading jet of Monte Carlo collisions: W, top, Higgs, quark or gluon (needs lawful[jets])",
    draw=_draw,
    settings={
        "processes": Choice(
            ["W", "QCD"], "what the jets come from, the same number of each", options=tuple(PROCESSES)
        ),
        "pt": Setting([500.0, 600.0], "GeV", "window of the jet's pT", low=20, high=20_000, window=True),
        "radius": Setting(0.8, "", "R of the anti-kT jets", low=0.1, high=1.5),
        "eta": Setting(2.0, "", "largest |eta| of the jet", low=0.1, high=4.5),
        "soft_drop_z": Setting(0.1, "", "z_cut of soft drop", low=0, high=0.5),
        "soft_drop_beta": Setting(0.0, "", "beta of soft drop", low=-2, high=10),
        "detector": Switch(False, "whether a detector like CMS measures the particles"),
        "multiparton": Switch(False, "whether further partons of the protons scatter; three times slower"),
        "variations": Switch(False, "whether weights of varied parton showers are made; two to three times slower"),
        "constituents": Switch(True, "whether the jets' particles are kept as a cloud"),
        "bias": Setting(
            4.0, "", "hard scatters are preferred by this power of their pT, weights undo it", low=0, high=8
        ),
        "scatter": Setting(
            [0.8, 1.2], "", "pT of the hard scatter over the ends of the jet's window", low=0.3, high=3, window=True
        ),
        "energy": Setting(13_000.0, "GeV", "of the proton-proton collision", low=500, high=200_000),
        "cores": Setting(0, "", "processes that share the work, 0: one for each core", low=0, high=1024, whole=True),
    },
    columns={
        "pt": Column("GeV", "of the jet, the sum of its constituents"),
        "eta": Column("", "pseudorapidity of the jet"),
        "phi": Column("rad", "azimuth of the jet"),
        "mass": Column("GeV", "of the jet"),
        "mass_soft_drop": Column("GeV", "of the jet after soft drop"),
        "multiplicity": Column("", "number of constituents"),
        "tau21": Column("", "tau2 over tau1"),
        "tau32": Column("", "tau3 over tau2"),
        "C2": Column("", "energy correlation e3 / e2**2 with beta 1"),
        "D2": Column("", "energy correlation e3 / e2**3 with beta 1"),
        **_taus(),
        "process": Column("", "target: what the jet comes from"),
        "origin": Column("", "absolute PDG id of the hard process's particle within R, 0 for none; no feature"),
        "reach": Column("", "distance of the farthest quark of the decay from the axis, 0 for none; no feature"),
        "weight": Column("", "event weight, its mean is one in each process"),
        **_SHOWERS,
    },
    clouds={
        "constituents": {
            **{axis: Column("GeV", "of the particle, in falling pT") for axis in ("px", "py", "pz")},
            "E": Column("GeV", "of the particle; with its true mass, or with the detector the pion's or none"),
            "charge": Column("", "-1, 0 or 1"),
            "pid": Column("", "211 charged hadron, 130 neutral hadron, 22 photon, 11 electron, 13 muon; with sign"),
        }
    },
    source="C. Bierlich and others, 'A comprehensive guide to the physics and usage of PYTHIA 8.3', SciPost Physics "
    "Codebases 8 (2022); M. Cacciari, G. P. Salam, G. Soyez, 'FastJet user manual', European Physical Journal C 72 "
    "(2012) 1896",
)
