from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot

from lawful.data import Events, read, root, trees
from lawful.errors import InputError


def test_four_vectors_of_a_real_file(dijets: Path) -> None:
    assert trees(dijets) == ("tree", "CollectionTree")
    events = read(dijets, group="EventNumber", extras=["jet1P4_pt", "jet1P4_m"])  # the one tree with entries
    assert len(events) == 13_607
    assert events.features[:4] == ("jet1P4_px", "jet1P4_py", "jet1P4_pz", "jet1P4_E")
    assert "jet1ID" in events.features
    with uproot.open(dijets) as file:
        raw = file["tree"]["jet1P4"].array()
    np.testing.assert_array_equal(events["jet1P4_px"], raw.fP.fX)
    np.testing.assert_allclose(events["jet1P4_pt"], np.hypot(raw.fP.fX, raw.fP.fY))
    mass = np.asarray(raw.fE**2 - raw.fP.fX**2 - raw.fP.fY**2 - raw.fP.fZ**2)
    np.testing.assert_allclose(events["jet1P4_m"], np.sqrt(np.maximum(mass, 0)), rtol=1e-6, atol=1)


def test_lists_of_four_vectors_become_clouds(dijets: Path) -> None:
    events = read(dijets, features=["jet1ID"])
    assert set(events.clouds) == {"jet1TrksP4", "jet2TrksP4", "jet1TrksChg", "jet2TrksChg"}
    values, mask = events.cloud("jet1TrksP4", fields=["pt", "eta", "phi"], most=6, order_by="pt")
    with uproot.open(dijets) as file:
        raw = file["tree"]["jet1TrksP4"].array()
    pt = np.hypot(raw.fP.fX, raw.fP.fY)
    hardest = ak.fill_none(ak.pad_none(ak.sort(pt, ascending=False), 6, clip=True), 0)
    np.testing.assert_allclose(values[..., 0], ak.to_numpy(hardest), rtol=1e-6)
    np.testing.assert_array_equal(mask.sum(axis=1), np.minimum(ak.num(raw), 6))


def test_pieces_of_records_make_the_same_cloud(dijets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read(dijets).clouds["jet1TrksP4"]
    monkeypatch.setattr(root, "_AT_ONCE", 700)
    pieces = read(dijets).clouds["jet1TrksP4"]
    np.testing.assert_array_equal(pieces.offsets, whole.offsets)
    for field in ("px", "py", "pz", "E"):
        np.testing.assert_array_equal(pieces[field], whole[field])


def test_records_and_lists_make_one_cloud(dijets: Path) -> None:
    tracks = {"tracks": ["jet1TrksP4", "jet1TrksChg"]}
    events = read(dijets, features=["jet1P4_pt"], clouds=tracks, select="count(tracks) > 3")
    assert events.clouds["tracks"].fields == ("px", "py", "pz", "E", "jet1TrksChg")
    assert events.clouds["tracks"].counts.min() == 4
    with pytest.raises(InputError, match="different numbers of objects"):
        read(dijets, clouds={"tracks": ["jet1TrksP4", "jet2TrksChg"]})


def test_fixed_size_arrays_lists_and_records(tmp_path: Path) -> None:
    with uproot.recreate(tmp_path / "a.root") as file:
        file.mktree("t", {"x": np.float32, "hit": np.dtype((np.int32, (3,))), "big": np.dtype((np.int32, (2, 2)))})
        file["t"].extend({"x": [1.0, 2.0], "hit": [[1, 2, 3], [4, 5, 6]], "big": np.zeros((2, 2, 2), np.int32)})
        jets = ak.Array([[{"pt": 1.0, "q": 2}], []])
        file.mktree("lists", {"jets": jets.type.content, "d0": ak.Array([[1.0]]).type.content, "n": np.int32})
        file["lists"].extend({"jets": jets, "d0": ak.Array([[1.0, 2.0], [3.0]]), "n": np.array([1, 2], np.int32)})
        file["h"] = np.histogram([1.0, 2.0])
    assert trees(tmp_path / "a.root") == ("t", "lists")
    events = read(f"{tmp_path}/a.root:t")
    assert events.features == ("x", "hit_0", "hit_1", "hit_2")
    assert events["hit_1"].tolist() == [2, 5]
    with pytest.raises(InputError, match="column 'big' cannot be read"):
        read(f"{tmp_path}/a.root:t", features=["big"])
    lists = read(f"{tmp_path}/a.root:lists")
    assert lists.clouds["jets"].fields == ("pt", "q")
    assert lists.clouds["d0"].fields == ("value",)
    with pytest.raises(InputError, match="'d0' is ragged"):
        read(f"{tmp_path}/a.root:lists", features=["d0"])
    with pytest.raises(InputError, match="target 'd0' is ragged"):
        read(f"{tmp_path}/a.root:lists", target="d0")


def test_a_file_without_trees(tmp_path: Path) -> None:
    with uproot.recreate(tmp_path / "a.root") as file:
        file["h"] = np.histogram([1.0, 2.0])
    with pytest.raises(InputError, match="holds no trees, but 'h'"):
        read(tmp_path / "a.root")


def test_a_shortened_file_says_by_how_much(tmp_path: Path) -> None:
    Events({"x": np.random.default_rng(0).random(10_000)}).write(tmp_path / "a.root")
    data = (tmp_path / "a.root").read_bytes()
    (tmp_path / "a.root").write_bytes(data[:20_000])
    with pytest.raises(InputError, match=rf"truncated: it should have {len(data)} bytes and has 20000"):
        read(tmp_path / "a.root")
    (tmp_path / "a.root").write_bytes(data[:10])
    with pytest.raises(InputError, match="10 bytes are less than the header"):
        read(tmp_path / "a.root")


def test_ours_are_plain_trees_to_others(full: Events, tmp_path: Path) -> None:
    full.write(tmp_path / "a.root", tree="events")
    with uproot.open(tmp_path / "a.root") as file:
        tree = file["events"]
        np.testing.assert_array_equal(tree["pt"].array(library="np"), full["pt"])
        np.testing.assert_array_equal(tree["ntracks"].array(library="np"), full.clouds["tracks"].counts)
        assert ak.flatten(tree["tracks_pt"].array()).to_list() == full.clouds["tracks"]["pt"].tolist()


def test_text_that_appears_late(tmp_path: Path) -> None:
    from lawful.data import Writer

    with Writer(tmp_path / "a.root") as writer:
        for words in (["b", "c"], ["a", "b"], ["d", "a"]):
            writer.append({"word": words})
    assert read(tmp_path / "a.root", features=[], extras=["word"])["word"].tolist() == ["b", "c", "a", "b", "d", "a"]
