"""Whole events against what is known of W bosons, top quarks, Higgs bosons, quarks and gluons.

Seeds are fixed, so a test that passes keeps passing until the events change. Thresholds on the 150 jets of each
process come from one run of 2,000 jets each (seed 99), of which samples of 150 were drawn 3,000 times; means and
standard deviations of the medians stand beside them. Each lies at least four standard deviations away, or beyond
all but one in a thousand samples: for new events the false alarm is below 1e-3 for each.
"""

import numpy as np
import pytest

pytest.importorskip("pythia8mc")
pytest.importorskip("fastjet")

import lawful as lf
from lawful.errors import InputError
from lawful.simulators import check_settings, simulate
from lawful.simulators.jets.generating import Beam, Source

MASSES = {"W": 80.4, "top": 172.5, "Higgs": 125.0}


@pytest.fixture(scope="module")
def jets():
    """150 jets each of W and QCD."""
    return simulate("boosted-jets", 300, seed=1, cores=1)


def of(events, process):
    return events.select(np.flatnonzero(events.y == process))


def test_events_are_as_told(jets, tmp_path):
    assert sorted(jets.y) == ["QCD"] * 150 + ["W"] * 150
    assert len(set(jets.y[:20])) == 2  # mixed
    assert 500 <= jets["pt"].min() < jets["pt"].max() <= 600
    assert np.abs(jets["eta"]).max() < 2
    assert not {"origin", "reach", "weight", "process"} & set(jets.features)
    assert jets.units["mass_soft_drop"] == "GeV"
    jets.write(tmp_path / "jets.parquet")
    again = lf.read(tmp_path / "jets.parquet")
    assert again.checksum() == jets.checksum()
    assert (again.target, again.clouds["constituents"].fields) == (
        "process",
        ("px", "py", "pz", "E", "charge", "pid"),
    )


def test_a_jet_is_the_sum_of_its_constituents(jets):
    cloud = jets.clouds["constituents"]
    assert (cloud.counts == jets["multiplicity"]).all()
    px, py, pz, E = (
        np.add.reduceat(cloud[name].astype(float), cloud.offsets[:-1]) for name in ("px", "py", "pz", "E")
    )
    pt = np.hypot(px, py)
    np.testing.assert_allclose(pt, jets["pt"], rtol=1e-5)
    np.testing.assert_allclose(np.arcsinh(pz / pt), jets["eta"], atol=1e-5)
    np.testing.assert_allclose(np.arctan2(py, px), jets["phi"], atol=1e-5)
    np.testing.assert_allclose(E**2 - px**2 - py**2 - pz**2, jets["mass"] ** 2, atol=1.0)
    values, mask = jets.cloud("constituents", fields=["pt", "charge", "pid"])
    assert (np.diff(values[..., 0], axis=1)[mask[:, 1:]] <= 1e-4).all()
    assert set(values[mask][:, 1]) == {-1, 0, 1}
    assert set(np.abs(values[mask][:, 2])) <= {11, 13, 22, 130, 211}


def test_w_bosons_are_told_from_qcd(jets):
    w, qcd = of(jets, "W"), of(jets, "QCD")
    assert np.median(w["mass_soft_drop"]) == pytest.approx(79.2, abs=4)  # 79.2 +- 0.5
    assert 5 < np.median(qcd["mass_soft_drop"]) < 47  # 22 +- 5.4, skewed
    assert np.median(w["tau21"]) < 0.42 < 0.56 < np.median(qcd["tau21"])  # 0.326 +- 0.022 and 0.65 +- 0.02
    assert np.median(w["D2"]) < 1.85 < 2.2 < np.median(qcd["D2"])  # 1.40 +- 0.10 and 3.44 +- 0.32
    assert (w["mass_soft_drop"] <= w["mass"] + 1e-6).all()
    assert set(w["origin"]) == {24}
    assert {21, 2} <= set(qcd["origin"])
    assert w["reach"].min() > 0
    # the quarks of a W are about 2 m / pT apart, the farther one more than half of that from the axis
    assert np.median(w["reach"]) == pytest.approx(0.29, abs=0.08)  # 0.290 +- 0.019


def test_weights_have_a_mean_of_one_and_undo_the_bias(jets):
    for process in ("W", "QCD"):
        part = of(jets, process)
        assert part.weight.mean() == pytest.approx(1.0)
        assert 0 < part.weight.min() < 0.8 < 1.2 < part.weight.max()
    plain = simulate("boosted-jets", 80, seed=2, processes="QCD", bias=0.0, constituents=False, cores=1)
    assert (plain.weight == 1).all()
    assert not plain.clouds
    qcd = of(jets, "QCD")
    mean = np.average(qcd["pt"], weights=qcd.weight)
    assert mean < qcd["pt"].mean()  # by 4.4 +- 1.0
    error = 28 * np.sqrt(1 / 80 + 1 / 120)  # the window's spread is 28 GeV; five standard deviations
    assert mean == pytest.approx(plain["pt"].mean(), abs=5 * error)


def test_a_chunk_depends_on_nothing_that_was_made_before():
    beam = Beam((400.0, 750.0), (500.0, 600.0), 2.0, 0.8, 4.0, 13000.0, False, False, False)
    source = Source("QCD", beam)
    source.seed(5)
    first = source.batch(20)
    source.seed(6)
    source.batch(30)
    source.seed(5)
    again = source.batch(20)
    assert (first.p == again.p).all()
    assert (first.weight == again.weight).all()


def test_jets_do_not_depend_on_the_number_of_processes(monkeypatch):
    monkeypatch.setattr("lawful.simulators.jets.boosted._CHUNK", 20)
    one, two = (simulate("boosted-jets", 40, seed=3, cores=cores) for cores in (1, 2))
    assert one.checksum() == two.checksum()
    assert one.checksum() != simulate("boosted-jets", 40, seed=4, cores=1).checksum()


def test_varied_showers_are_weights_near_one():
    events = simulate("boosted-jets", 50, seed=5, processes="QCD", variations=True, cores=1)
    assert set(events.variations) == {"fsr_up", "fsr_down", "isr_up", "isr_down"}
    assert dict(events.variation_pairs) == {"fsr": ("fsr_up", "fsr_down"), "isr": ("isr_up", "isr_down")}
    for name, varied in events.variations.items():
        ratio = varied.weight / events.weight
        assert ratio.std() > 0.001
        assert (varied.X == events.X).all()
        if name.startswith("isr"):  # those of final-state radiation have tails that 50 jets cannot show
            assert ratio.mean() == pytest.approx(1.0, abs=5 * 0.35 / np.sqrt(50)), name


@pytest.mark.slow
def test_weights_of_less_radiation_are_those_of_a_shower_that_radiates_less(monkeypatch):
    # with half the step on a logarithmic scale, and on W bosons, the weights are narrow enough to be checked
    less = {"fsr_up": "fsr:muRfac=1.4142", "isr_up": "isr:muRfac=1.4142"}
    monkeypatch.setattr("lawful.simulators.jets.generating.VARIATIONS", less)
    n, beam = 2000, Beam((400.0, 720.0), (500.0, 600.0), 2.0, 0.8, 4.0, 13000.0, False, True, False)
    source = Source("W", beam)
    source.seed(3)
    batch = source.batch(n)
    particles = np.bincount(batch.event, minlength=n)
    for i, spread in enumerate((0.61, 0.2)):
        ratio = batch.varied[:, i]
        # events are chosen by their partons, so that the mean need not be one; 4 standard deviations and 0.02
        assert ratio.mean() == pytest.approx(1.0, abs=0.02 + 4 * spread / np.sqrt(n))
        shift = (ratio - ratio.mean()) * (particles - particles.mean())
        # fewer particles by 3.7 and 2.5; false alarm below 1e-5 for each
        assert shift.mean() + 4.3 * shift.std() / np.sqrt(n) < 0
        assert shift.mean() > -8


def test_the_detector_thins_the_jet_and_keeps_its_mass(jets):
    seen = simulate("boosted-jets", 150, seed=6, processes="W", detector=True, cores=1)
    true = of(jets, "W")
    assert np.median(seen["mass_soft_drop"]) == pytest.approx(80, abs=6)
    assert seen["multiplicity"].mean() < true["multiplicity"].mean() - 3
    assert seen["pt"].min() > 500


@pytest.mark.slow
@pytest.mark.parametrize(("process", "radius", "pt"), [("W", 0.8, 500.0), ("Higgs", 1.0, 500.0), ("top", 1.0, 900.0)])
def test_masses_are_those_of_the_particles(process, radius, pt):
    events = simulate("boosted-jets", 1500, seed=7, processes=process, radius=radius, pt=[pt, 1.3 * pt])
    inside = events.select("reach < 0.8")
    # neutrinos of b decays leave the jets of Higgs bosons and top quarks
    lost = {"W": 1.5, "Higgs": 8.0, "top": 6.0}[process]
    mass = np.median(inside["mass_soft_drop"])
    assert MASSES[process] - lost < mass < MASSES[process] + 2


@pytest.mark.slow
def test_the_detector_widens_the_mass():
    both = [simulate("boosted-jets", 1500, seed=6, processes="W", detector=on) for on in (False, True)]
    near = [np.mean(np.abs(events["mass_soft_drop"] - 80) < 4) for events in both]
    assert near[1] < near[0] - 0.06  # 0.53 and 0.39, each known to 0.013


@pytest.mark.slow
def test_gluons_are_wider_than_quarks_and_three_prongs_are_three():
    events = simulate("boosted-jets", 2400, seed=8, processes=["quark", "gluon", "top", "W"], radius=1.0)
    quark, gluon, top, w = (of(events, name) for name in ("quark", "gluon", "top", "W"))
    assert np.average(gluon["multiplicity"], weights=gluon.weight) > 1.3 * np.average(
        quark["multiplicity"], weights=quark.weight
    )
    assert set(gluon["origin"]) == {21}
    assert set(quark["origin"]) <= {1, 2, 3, 4, 5}
    assert np.median(top["tau32"]) < np.median(w["tau32"]) - 0.05


@pytest.mark.slow
def test_more_partons_scatter_into_a_jet():
    plain, busy = (
        simulate("boosted-jets", 400, seed=9, processes="W", radius=1.0, multiparton=on) for on in (False, True)
    )
    assert busy["multiplicity"].mean() > 1.2 * plain["multiplicity"].mean()


@pytest.mark.parametrize(
    ("n", "settings", "words"),
    [
        (5, {"processes": "W, QDC"}, "no 'QDC': did you mean 'QCD'"),
        (5, {"processes": ["W", "W"]}, "'W' stands there twice"),
        (5, {"processes": 3}, "expected one or several of W, top, Higgs, QCD, quark, gluon"),
        (1, {}, "n=1: expected at least one jet for each of W, QCD"),
        (5, {"pt": 500.0}, "expected .a, b. with a below b, each a number of at least 20"),
        (5, {"pt": [600.0, 500.0]}, "expected .a, b. with a below b"),
        (5, {"pt": [8000.0, 9000.0]}, "no collision at 13000 GeV makes such jets"),
        (5, {"radius": 2.0}, "radius=2.0: expected a number of at least 0.1 and at most 1.5"),
        (5, {"detector": 1}, "detector=1: expected true or false"),
        (5, {"cores": -1}, "cores=-1"),
    ],
)
def test_what_is_wrong_is_said(n, settings, words):
    with pytest.raises(InputError, match=words):
        simulate("boosted-jets", n, **settings)


def test_a_hopeless_window_ends(monkeypatch):
    monkeypatch.setattr("lawful.simulators.jets.drawing._TRIED", 100)
    monkeypatch.setattr("lawful.simulators.jets.deciding._IN_A_ROW", 20)
    with pytest.raises(InputError, match=r"events of W 0 gave a jet .* widen or move the window"):
        simulate("boosted-jets", 5, processes="W", pt=[500.0, 500.001], scatter=[0.3, 0.5], cores=1)


def test_an_absent_package_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pythia8mc", None)
    with pytest.raises(InputError, match=r"needs the package pythia8mc: pip install 'lawful\[jets\]'"):
        simulate("boosted-jets", 4)


def test_text_is_taken_for_several_processes():
    assert check_settings("boosted-jets", {"processes": "top,W"})["processes"] == ["top", "W"]
