"""Events that are given up early against the same events run to their end."""

import numpy as np
import pytest

pytest.importorskip("pythia8mc")
pytest.importorskip("fastjet")

from lawful.simulators.jets import generating
from lawful.simulators.jets.clustering import leading_jets
from lawful.simulators.jets.deciding import early_veto
from lawful.simulators.jets.generating import Beam, Source

LOW, HIGH = 500.0, 600.0


def decided(process, n, monkeypatch, *, detector=False):
    """Weight, leading jet's pT (0 outside the window) and decision of n events, none of which is given up."""

    def undone(**told):
        class Watching(type(early_veto(**told))):
            def __init__(self):
                super().__init__()
                self.said, self.now = [], True

            def canVetoProcessLevel(self):  # noqa: N802 - named by Pythia
                self.now = True
                return False

            def doVetoPT(self, step, event):  # noqa: N802 - named by Pythia
                if step < 4:
                    self.now = self.hard_enough(event) and not self.too_hard(event)
                return False

            def onEndEvent(self, status):  # noqa: N802 - named by Pythia
                self.said.append(self.now)

        return Watching()

    monkeypatch.setattr(generating, "early_veto", undone)
    beam = Beam((0.8 * LOW, 1.2 * HIGH), (LOW, HIGH), 2.0, 0.8, 4.0, 13000.0, False, False, detector)
    source = Source(process, beam)
    source.seed(21)
    batch = source.batch(n)
    jets = leading_jets(batch.event, batch.p, radius=0.8, pt=(LOW, HIGH), eta=2.0)
    pt = np.zeros(batch.events)
    pt[jets.event] = np.hypot(jets.p[:, 0], jets.p[:, 1])
    assert len(source._veto.said) == batch.events
    return batch.weight, pt, np.array(source._veto.said)


@pytest.mark.parametrize(
    ("process", "n"),
    [
        ("QCD", 300),
        ("W", 300),
        pytest.param("QCD", 6000, marks=pytest.mark.slow),
        pytest.param("W", 6000, marks=pytest.mark.slow),
        pytest.param("top", 6000, marks=pytest.mark.slow),
        pytest.param("Higgs", 4000, marks=pytest.mark.slow),
    ],
)
def test_next_to_no_jet_of_the_window_is_given_up(process, n, monkeypatch):
    weight, pt, kept = decided(process, n, monkeypatch)
    good = pt > 0
    assert 0.2 < good.mean() < 0.45
    assert kept.mean() < 0.9  # it is worth the trouble
    # 0.1% to 0.4% by weight in 8,000 events of each; of 90 jets five or more are lost by chance with less than 1e-4
    most = 5 / 90 if n < 1000 else 0.01
    assert weight[good & ~kept].sum() / weight[good].sum() < most
    if n > 1000:
        mean = [np.average(pt[rows], weights=weight[rows]) for rows in (good, good & kept)]
        assert mean[0] == pytest.approx(mean[1], abs=0.3)


def test_limits_follow_the_window_the_detector_and_the_process():
    told = {"eta": 2.0, "radius": 0.8, "kept": 0.9, "multiparton": False}
    assert early_veto(pt=(50, 60), detector=False, **told).scaleVetoPT() == 1.0
    pythia8mc = pytest.importorskip("pythia8mc")

    def back_to_back(pt):
        event = pythia8mc.Event()
        for px in (0.0, pt, -pt):  # the first stands for the whole event
            event.append(1, 23 if px else -11, 0, 0, 0, 0, 0, 0, px, 0.0, 0.0, abs(px))
        return event

    def says(pt, **changes):
        hook = early_veto(pt=(500.0, 600.0), **{**told, "detector": False} | changes)
        return hook.hard_enough(back_to_back(pt)), hook.too_hard(back_to_back(pt))

    assert says(470) == (False, False)
    assert says(500) == says(660) == (True, False)
    assert says(680) == (True, True)
    assert says(470, detector=True) == says(680, detector=True) == (True, False)
    assert says(3000, kept=0.0) == (True, False)
