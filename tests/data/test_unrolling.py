"""Objects of an event as rows of their own."""

import numpy as np
import pytest
import uproot

from lawful.data import Events, read
from lawful.errors import InputError

TWO = {"jet": ["jet1", "jet2"]}
N = 40


def pairs(seed=0, **more):
    rng = np.random.default_rng(seed)
    columns = {f"jet{j}_{name}": rng.normal(size=N) for j in (1, 2) for name in ("pt", "eta")}
    columns |= {"jet1_id": rng.integers(0, 4, N), "jet2_id": rng.integers(0, 4, N).astype(np.int16)}
    return columns | {"met": rng.normal(size=N), "w": rng.uniform(1, 2, N)} | more


def lists(seed=0):
    rng = np.random.default_rng(seed)
    found = {}
    for name in ("jet1_trk", "jet2_trk", "other"):
        counts = rng.integers(0, 4, N)
        found[name] = {"pt": [rng.normal(size=n) for n in counts], "q": [rng.integers(-1, 2, n) for n in counts]}
    return found


def by_event(first, second):
    return np.stack([first, second], axis=1).reshape(-1)


@pytest.mark.parametrize("suffix", ["root", "parquet", "csv", "h5", "npz"])
def test_every_format(tmp_path, suffix):
    columns = pairs()
    clouds = None if suffix == "csv" else lists()
    Events(columns, weight="w", clouds=clouds, units={"jet1_pt": "GeV", "jet2_pt": "GeV"}).write(
        f"{tmp_path}/a.{suffix}"
    )
    events = read(f"{tmp_path}/a.{suffix}", unroll=TWO, target="jet_id", extras=["met"])
    for name in ("pt", "eta", "id"):
        np.testing.assert_array_equal(
            events[f"jet_{name}"], by_event(columns[f"jet1_{name}"], columns[f"jet2_{name}"])
        )
    np.testing.assert_array_equal(events["met"], np.repeat(columns["met"], 2))
    np.testing.assert_array_equal(events.weight, np.repeat(columns["w"], 2))
    np.testing.assert_array_equal(events["event"], np.repeat(np.arange(N), 2))
    assert (events.group, events.features) == ("event", ("jet_pt", "jet_eta", "met"))
    assert events.units["jet_pt"] == "GeV"
    if clouds:
        for field in ("pt", "q"):
            halves = zip(clouds["jet1_trk"][field], clouds["jet2_trk"][field], strict=True)
            wanted = [np.asarray(one) for both in halves for one in both]
            np.testing.assert_array_equal(events.clouds["jet_trk"].counts, [len(one) for one in wanted])
            np.testing.assert_array_equal(events.clouds["jet_trk"][field], np.concatenate(wanted))
        twice = [np.asarray(one) for one in clouds["other"]["pt"] for _ in (1, 2)]
        np.testing.assert_array_equal(events.clouds["other"]["pt"], np.concatenate(twice))


def test_pieces_and_a_cut_change_nothing(tmp_path, monkeypatch):
    Events(pairs(), clouds=lists()).write(f"{tmp_path}/a.root")
    whole = read(f"{tmp_path}/a.root", unroll=TWO, target="jet_id")
    monkeypatch.setattr("lawful.data.unrolling._ROWS", 7)
    again = read(f"{tmp_path}/a.root", unroll=TWO, target="jet_id")
    assert again.checksum() == whole.checksum()
    cut = read(f"{tmp_path}/a.root", unroll=TWO, target="jet_id", select="jet_pt > 0 and count(jet_trk) > 0")
    assert cut.checksum() == whole.select("jet_pt > 0 and count(jet_trk) > 0").checksum()
    start = read(f"{tmp_path}/a.root", unroll=TWO, target="jet_id", most_rows=9)
    assert start.checksum() == whole.select(np.arange(9)).checksum()


@pytest.mark.parametrize("suffix", ["root", "csv"])
def test_events_of_several_files_have_numbers_of_their_own(tmp_path, suffix):
    for i in (0, 1):
        Events(pairs(i)).write(f"{tmp_path}/{i}.{suffix}")
    events = read(f"{tmp_path}/*.{suffix}", unroll=TWO, target="jet_id", select="abs(jet_pt) < 2")
    assert (np.bincount(np.unique(events["event"], return_counts=True)[1])[3:] == 0).all()
    parts = events.split((0.5, 0.5), seed=1)
    assert not set(parts[0]["event"]) & set(parts[1]["event"])


def test_variations_follow(tmp_path):
    columns = pairs(jet1_pt_up=np.arange(N) + 0.5, jet2_pt_up=-np.arange(N), w_up=np.full(N, 3.0))
    shifts = {"jes": {"jet1_pt": "jet1_pt_up", "jet2_pt": "jet2_pt_up"}, "pdf": "w_up"}
    Events(columns, weight="w", variations=shifts).write(f"{tmp_path}/a.parquet")
    varied = read(f"{tmp_path}/a.parquet", unroll=TWO, define={"twice": "2 * jet_pt"}).variations
    wanted = by_event(columns["jet1_pt_up"], columns["jet2_pt_up"])
    np.testing.assert_array_equal(varied["jes"]["jet_pt"], wanted)
    np.testing.assert_array_equal(varied["jes"]["twice"], 2 * wanted)
    np.testing.assert_array_equal(varied["pdf"].weight, np.full(2 * N, 3.0))


def test_dijets(dijets):
    events = read(
        dijets,
        tree="tree",
        unroll=TWO,
        define={"quark": "abs(jetID) < 7", "log_pt": "log(jetP4_pt)", "m_over_pt": "jetP4_m / jetP4_pt"},
        clouds={"tracks": ["jetTrksP4", "jetTrksChg"]},
        target="quark",
        features=["log_pt", "jetP4_eta", "m_over_pt", "jetChgMult", "jetTotChg", "jetCutChg"],
        group="EventNumber",
    )
    assert (len(events), int((events.y == 0).sum()), events.y.dtype.kind) == (27_214, 14_095, "i")
    train, test = events.split((0.8, 0.2), seed=3)
    assert not set(train["EventNumber"]) & set(test["EventNumber"])
    with uproot.open(dijets) as file:
        raw = file["tree"].arrays(["jet2P4", "jet2TrksP4", "jet2TrksChg", "jet2ID"], entry_stop=300)
    momentum = np.asarray(raw["jet2P4"]["fP"]["fX"]) ** 2 + np.asarray(raw["jet2P4"]["fP"]["fY"]) ** 2
    np.testing.assert_allclose(events["log_pt"][1:600:2], np.log(momentum) / 2, rtol=1e-6)
    np.testing.assert_array_equal(events.y[1:600:2], np.abs(np.asarray(raw["jet2ID"])) < 7)
    tracks = events.clouds["tracks"]
    for i in (0, 17, 299):
        inside = slice(tracks.offsets[2 * i + 1], tracks.offsets[2 * i + 2])
        np.testing.assert_allclose(tracks["px"][inside], np.asarray(raw["jet2TrksP4"]["fP"]["fX"][i]))
        np.testing.assert_array_equal(tracks["jetTrksChg"][inside], np.asarray(raw["jet2TrksChg"][i]))


def test_numbers_beyond_nine_and_a_taken_name(tmp_path):
    columns = {f"j{i}_pt": np.full(3, float(i)) for i in range(1, 12)} | {"event": np.zeros(3)}
    Events(columns).write(f"{tmp_path}/a.npz")
    events = read(f"{tmp_path}/a.npz", unroll={"j": [f"j{i}" for i in range(1, 12)]})
    assert events["j_pt"].tolist() == [float(i) for i in range(1, 12)] * 3
    assert events.group == "event_"


@pytest.mark.parametrize(
    ("unroll", "more", "says"),
    [
        ({"jet": ["jet1", "jte2"]}, {}, r"'jte2'.*did you mean.*'jet2'"),
        (TWO, {"jet1_mass": np.ones(N)}, r"'jet1_mass', but 'jet2_mass' is missing.*exclude"),
        (TWO, {"jet_pt": np.ones(N)}, r"'jet_pt' of 'jet1_pt', 'jet2_pt', but there is a column of that name"),
        (TWO, {"jet1_tag": ["a"] * N, "jet2_tag": np.ones(N)}, "text and numbers"),
        ({"jet": ["jet1"]}, {}, "two different prefixes"),
        ({"jet": ["jet1", "jet2"], "m": ["met", "w", "x"]}, {}, "equally long"),
        ({}, {}, "new prefix to prefixes"),
    ],
)
def test_errors(tmp_path, unroll, more, says):
    Events(pairs(**more)).write(f"{tmp_path}/a.h5")
    with pytest.raises(InputError, match=says):
        read(f"{tmp_path}/a.h5", unroll=unroll)


def test_units_that_differ(tmp_path):
    Events(pairs(), units={"jet1_pt": "GeV", "jet2_pt": "MeV"}).write(f"{tmp_path}/a.h5")
    with pytest.raises(InputError, match="units differ: 'GeV' and 'MeV'"):
        read(f"{tmp_path}/a.h5", unroll=TWO)


def test_a_column_of_one_object_can_be_left_out(tmp_path):
    Events(pairs(jet1_mass=np.ones(N))).write(f"{tmp_path}/a.h5")
    events = read(f"{tmp_path}/a.h5", unroll=TWO, exclude=["jet1_mass"])
    assert "jet_pt" in events
    assert not [name for name in events.columns if "mass" in name]
