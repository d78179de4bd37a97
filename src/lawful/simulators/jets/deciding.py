"""Early decisions: an event is given up as soon as its partons can hardly make the jet that is asked for."""

from typing import Any

import numpy as np

from lawful.simulators.jets.packages import imported

# The parton showers have come down to this share of the window's least pT when it is decided; most of their time
# goes into what is softer.
_SCALE = 0.02
# A jet has at most its partons' momentum within a wider radius, and at least, but for the share that a process tells,
# that within a narrower one. What the detector, further scatters and hadrons add, in GeV, goes on top.
_WIDE, _NARROW = 1.5, 0.75
_LEAST, _LEAST_DETECTED = 0.97, 0.92
_HADRONS, _FURTHER = 5.0, 10.0
_BEYOND = 0.15  # of |eta|
_IN_A_ROW = 2000  # events given up one after the other before one is let through, for whoever asks the impossible
_INTERLEAVED = 4  # steps of Pythia below this are those of the hard event, before the resonances' own showers


def early_veto(
    *, pt: tuple[float, float], eta: float, radius: float, kept: float, detector: bool, multiparton: bool
) -> Any:
    r"""A hook for Pythia that gives up an event in the middle of its parton showers.

    Once the showers have come down to 2% of the window's lower end, the partons, W, Z, H and top not yet decayed, are
    clustered by anti-kT. The event is given up

    - when no jet with 1.5 R has the pT of the window's lower end. A heavy particle may send more than its pT one way:
      its jet counts with $(p_T + \sqrt{p_T^2 + m^2}) / 2$;
    - when a jet with 0.75 R has so much more than the window's upper end that the leading jet must lie above. Jets
      whose decay is wider than R are left to their fate.

    Args:
        pt: Window of the jet's transverse momentum in GeV.
        eta: Largest |eta| of the jet.
        radius: R of the jet.
        kept: Share of a narrow jet's momentum that remains but for rare ones; with 0 nothing is too hard.
        detector: Whether momenta are smeared afterwards.
        multiparton: Whether further partons scatter.

    Returns:
        The hook.

    Examples:
        >>> import pytest
        >>> _ = pytest.importorskip("pythia8mc")
        >>> hook = early_veto(pt=(500, 600), eta=2, radius=0.8, kept=0.93, detector=False, multiparton=False)
        >>> hook.scaleVetoPT()
        10.0
    """
    pythia8mc: Any = imported("pythia8mc")
    more = _HADRONS + _FURTHER * multiparton
    least = (_LEAST_DETECTED if detector else _LEAST) * pt[0] - more
    share = kept * (_LEAST_DETECTED if detector else 1.0)
    most = pt[1] / share + more if share else np.inf
    beyond = eta + 2 * radius  # no particle further out matters

    class EarlyVeto(pythia8mc.UserHooks):
        def __init__(self) -> None:
            super().__init__()
            self.row = 0
            # massive jets count with more than their pT
            self.wide = pythia8mc.SlowJet(-1, _WIDE * radius, max(least / 4, 1.0), beyond, 1, 2)
            self.narrow = pythia8mc.SlowJet(-1, _NARROW * radius, min(most, 1e6), beyond, 1, 2)

        def canVetoPT(self) -> bool:  # noqa: N802 - named by Pythia
            return True

        def scaleVetoPT(self) -> float:  # noqa: N802 - named by Pythia
            return _SCALE * pt[0]

        def doVetoPT(self, step: int, event: Any) -> bool:  # noqa: N802 - named by Pythia
            if step >= _INTERLEAVED:
                return False
            good = self.hard_enough(event) and not self.too_hard(event)
            self.row = 0 if good else self.row + 1
            return not good and self.row < _IN_A_ROW

        def hard_enough(self, event: Any) -> bool:
            jets = self.wide
            jets.analyze(event)
            for i in range(jets.sizeJet()):
                size = jets.pT(i)
                if (size + np.hypot(size, jets.m(i))) / 2 > least and abs(jets.y(i)) < eta + _BEYOND:
                    return True
            return False

        def too_hard(self, event: Any) -> bool:
            if most == np.inf:
                return False
            jets = self.narrow
            jets.analyze(event)
            return any(
                abs(jets.y(i)) < eta - _BEYOND and 2 * jets.m(i) < radius * jets.pT(i) for i in range(jets.sizeJet())
            )

    return EarlyVeto()
