"""What a boosted jet may come from, and how Pythia is told to make it."""

from dataclasses import dataclass

_HADRONIC_W = ("24:onMode = off", "24:onIfAny = 1 2 3 4 5")
_LIGHT_OR_HEAVY = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Process:
    """A hard process, and what of it the leading jet must be.

    Attributes:
        text: What it is, in a few words.
        lines: Settings of Pythia that choose it.
        origin: Absolute PDG ids, one of which the jet must lie upon; none when any jet will do.
        prongs: How many quarks its origin decays to.
        kept: Share of its partons' transverse momentum that a narrow jet keeps but for rare ones; 0 where neutrinos
            often take away more.
    """

    text: str
    lines: tuple[str, ...]
    origin: tuple[int, ...] = ()
    prongs: int = 0
    kept: float = 0.93


PROCESSES: dict[str, Process] = {
    "W": Process("W boson to two quarks, from WW", ("WeakDoubleBoson:ffbar2WW = on", *_HADRONIC_W), (24,), 2),
    "top": Process(
        "top quark to three quarks, from top pairs",
        ("Top:gg2ttbar = on", "Top:qqbar2ttbar = on", *_HADRONIC_W),
        (6,),
        3,
        kept=0.88,
    ),
    "Higgs": Process(
        "Higgs boson to two b quarks, from ZH with Z to neutrinos",
        ("HiggsSM:ffbar2HZ = on", "25:onMode = off", "25:onIfAny = 5", "23:onMode = off", "23:onIfAny = 12 14 16"),
        (25,),
        2,
        kept=0.0,
    ),
    "QCD": Process("quark or gluon, from two-jet events", ("HardQCD:all = on",)),
    "quark": Process(
        "quark, from two-jet events whose hard partons are both quarks",
        (
            "HardQCD:qq2qq = on",
            "HardQCD:gg2qqbar = on",
            "HardQCD:qqbar2qqbarNew = on",
            "HardQCD:gg2ccbar = on",
            "HardQCD:qqbar2ccbar = on",
            "HardQCD:gg2bbbar = on",
            "HardQCD:qqbar2bbbar = on",
        ),
        _LIGHT_OR_HEAVY,
    ),
    "gluon": Process(
        "gluon, from two-jet events whose hard partons are both gluons",
        ("HardQCD:gg2gg = on", "HardQCD:qqbar2gg = on"),
        (21,),
    ),
}
"""The processes by name."""
