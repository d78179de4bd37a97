import warnings
from pathlib import Path

import numpy as np
import pytest

from lawful.data import Events, Writer, chunks, memory, read
from lawful.errors import InputError

BOTH = {"sig_tree": 1, "bkg_tree": 0}
QUIET = {"exclude": ["Type"], "missing": {"d0": -999}}


def test_trees_become_labels(ntuple: Path) -> None:
    events = read(ntuple, tree=BOTH, target="is_signal", exclude=["Type"], missing=-999)
    assert events.y.sum() == 300
    assert events.target == "is_signal"
    assert len(events) == 1000
    assert "Type" not in events
    words = read(ntuple, tree={"sig_tree": "signal", "bkg_tree": "background"}, **QUIET)
    assert words.target == "label"
    assert sorted(set(words.y)) == ["background", "signal"]
    np.testing.assert_array_equal(words["pt"], events["pt"])


def test_roles(ntuple: Path) -> None:
    events = read(
        f"{ntuple}:sig_tree",
        target="Type",
        weight="w",
        group="event",
        variations={"jes_up": {"pt": "pt_jes_up"}, "jes_down": {"pt": "pt_jes_down"}, "pdf_up": "w_pdf_up"},
        units={"pt": "GeV", "mass": "GeV"},
        missing={"d0": -999},
    )
    assert events.features == ("pt", "mass", "d0")
    assert events.variation_pairs == {"jes": ("jes_up", "jes_down")}
    np.testing.assert_allclose(events.variations["jes_up"]["pt"], 1.1 * events["pt"])
    assert events.variations["pdf_up"].weight.sum() != events.weight.sum()
    assert events.missing["d0"] == np.isnan(events["d0"]).sum() > 0
    assert len(events.split((0.5, 0.5))) == 2


def test_a_variation_of_features_and_weight_at_once(ntuple: Path) -> None:
    events = read(
        ntuple, tree=BOTH, weight="w", variations={"up": {"pt": "pt_jes_up", "w": "w_pdf_up"}}, missing={"d0": -999}
    )
    up = events.variations["up"]
    np.testing.assert_array_equal(up.weight, events["w_pdf_up"])
    np.testing.assert_array_equal(up["pt"], events["pt_jes_up"])


def test_features_by_name_and_pattern(ntuple: Path) -> None:
    assert read(ntuple, tree=BOTH, features=["mass", "pt"]).features == ("mass", "pt")
    assert read(ntuple, tree=BOTH, features=["pt*"]).features == ("pt", "pt_jes_up", "pt_jes_down")
    left = read(ntuple, tree=BOTH, weight="w", exclude=["*_jes_*", "w_*", "Type", "d0"])
    assert left.features == ("pt", "mass", "event")
    kept = read(ntuple, tree=BOTH, features=["pt"], extras=["mass"])
    assert kept.features == ("pt",)
    assert kept["mass"].mean() == pytest.approx(91, abs=1)


def test_a_cut_may_use_any_column_and_the_label(ntuple: Path) -> None:
    events = read(ntuple, tree=BOTH, target="s", features=["pt"], select="mass > 91 and s == 1")
    assert events.columns == ("pt", "s")
    whole = read(ntuple, tree="sig_tree", features=["mass"])
    assert len(events) == (whole["mass"] > 91).sum()


def test_a_cut_takes_declared_sentinels_for_missing(ntuple: Path) -> None:
    for missing in (-999, {"d0": -999}):
        events = read(ntuple, tree=BOTH, features=["pt"], missing=missing, select="d0 < 0")
        whole = read(ntuple, tree=BOTH, features=["d0"], missing=missing)
        assert len(events) == (whole["d0"] < 0).sum()
        assert "d0" not in events.missing


def test_undeclared_sentinels_are_warned_of(ntuple: Path) -> None:
    with pytest.warns(UserWarning, match=r"'d0' \(\d+ of 1000 equal -999\).*missing=-999"):
        read(ntuple, tree=BOTH, exclude=["Type"])
    with pytest.warns(UserWarning, match="'d0'") as caught:
        list(chunks(ntuple, rows=100, tree=BOTH, exclude=["Type"]))
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(ntuple, tree=BOTH, missing={})
        read(ntuple, tree=BOTH, exclude=["d0"])


def test_shifted_columns_miss_as_what_they_shift(tmp_path: Path) -> None:
    with Writer(tmp_path / "a.parquet") as writer:
        writer.append({"d0": [1.0, -999, 3], "up": [-999.0, 2, 4], "y": [0, -999, 1]})
    arguments = {"target": "y", "missing": {"d0": -999}, "variations": {"shift": {"d0": "up"}}}
    events = read(tmp_path / "a.parquet", **arguments)
    np.testing.assert_array_equal(events.variations["shift"].X[:, 0], [np.nan, 2, 4])
    assert events.sentinels == {"d0": (-999.0,), "up": (-999.0,)}
    assert events.y.tolist() == [0, -999, 1]  # nothing was said of it
    events.write(tmp_path / "b.parquet")
    again = read(tmp_path / "b.parquet", exclude=["up"])
    assert (again.sentinels, again.missing) == ({"d0": (-999.0,)}, {"d0": 1})


def test_more_than_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Writer(tmp_path / "a.parquet") as writer:
        writer.append({"x": np.zeros(100_000), "y": np.zeros(100_000)})
    monkeypatch.setattr(memory, "free", lambda: 2**20)
    with pytest.raises(InputError, match=r"100000 events of 2 columns takes 1.53 MiB .*lawful.data.chunks"):
        read(tmp_path / "a.parquet")
    assert len(read(tmp_path / "a.parquet", features=["x"])) == 100_000
    assert len(read(tmp_path / "a.parquet", most_rows=1000)) == 1000
    assert sum(map(len, chunks(tmp_path / "a.parquet", rows=30_000))) == 100_000


def test_most_rows_takes_from_every_tree(ntuple: Path) -> None:
    events = read(ntuple, tree=BOTH, most_rows=101, features=["pt"])
    assert len(events) == 101
    assert events.y.sum() == 51
    assert len(read([f"{ntuple}:sig_tree"] * 2, most_rows=400, features=["pt"])) == 400


def test_what_is_said_goes_before_what_the_file_says(flat: Events, tmp_path: Path) -> None:
    flat.write(tmp_path / "a.parquet")
    events = read(tmp_path / "a.parquet", target="process", weight="weight_pdf", features=["pt"], units={"pt": "MeV"})
    assert (events.target, events.features, events.units["pt"]) == ("process", ("pt",), "MeV")
    np.testing.assert_array_equal(events.weight, flat["weight_pdf"])
    assert read(tmp_path / "a.parquet", exclude=["weight", "jets"]).features == ("pt", "eta", "tagged", "run")
    assert not read(tmp_path / "a.parquet", exclude=["weight", "jets"]).weighted


def test_one_class_is_no_fault(ntuple: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert set(read(ntuple, tree="sig_tree", target="Type", features=["pt"]).y) == {1}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tree": "sig_tre"}, "no tree 'sig_tre': did you mean 'sig_tree'"),
        ({}, "several trees: say which with tree=, of 'sig_tree', 'bkg_tree'"),
        ({"tree": BOTH, "target": "pt"}, "there is one of that name"),
        ({"tree": {"sig_tree": 1, "bkg_tree": "b"}}, "mix text and numbers"),
        ({"tree": "sig_tree", "target": "Tpe"}, "no column for target 'Tpe': did you mean 'Type'"),
        ({"tree": "sig_tree", "target": 3}, "the name of a column is expected"),
        ({"tree": "sig_tree", "weight": "weight"}, "no column for weight 'weight'"),
        ({"tree": "sig_tree", "features": ["Pt"]}, "did you mean 'pt'"),
        ({"tree": "sig_tree", "features": "pt"}, r"as in \['pt'\]"),
        ({"tree": "sig_tree", "features": ["pt", "pt"]}, "'pt' twice"),
        ({"tree": "sig_tree", "features": ["pt", "w"], "weight": "w"}, "'w' is among the features"),
        ({"tree": "sig_tree", "exclude": ["Typ"]}, "did you mean 'Type'"),
        ({"tree": "sig_tree", "units": {"ptt": "GeV"}}, "did you mean 'pt'"),
        ({"tree": "sig_tree", "variations": {"up": "w_up"}}, "variation 'up' 'w_up'"),
        ({"tree": "sig_tree", "variations": {"up": {"pt": "pt_up"}}}, "variation 'up' 'pt_up'"),
        ({"tree": "sig_tree", "variations": {"up": 3}}, "variation 'up' must be"),
        ({"tree": "sig_tree", "variations": ["w_pdf_up"]}, "must be a mapping"),
        ({"tree": "sig_tree", "select": "ptt > 3"}, "no column 'ptt': did you mean 'pt'"),
        ({"tree": "sig_tree", "select": "pt > 1e9", "features": ["pt"]}, "no event passes select='pt > 1e9'"),
        ({"tree": "sig_tree", "missing": {"d1": -999}}, "did you mean 'd0'"),
        ({"tree": "sig_tree", "normalise": -1}, "positive numbers are expected"),
        ({"tree": "sig_tree", "normalise": {1: 3, 2: 4}, "target": "Type"}, "normalise names 2, but no events"),
        ({"tree": "sig_tree", "normalise": {2: 4}, "target": "Type"}, "there are also events of class 1.0"),
        ({"tree": BOTH, "normalise": {1: 4}}, "there are also events of 0"),
        ({"tree": "sig_tree", "normalise": {1: 4}}, "no target to tell"),
        ({"tree": "sig_tree", "most_rows": 0}, "most_rows=0"),
    ],
)
def test_wrong_arguments(ntuple: Path, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(ntuple, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("columns", "arguments", "message"),
    [
        ({"x": [1.0, np.nan], "y": [0, 1]}, {}, "column 'x' has 1 NaN"),
        ({"x": [1.0, np.inf], "y": [0, 1]}, {"missing": np.nan}, "column 'x' has 1 infinite"),
        ({"x": [1.0, 2.0], "y": [0, np.nan]}, {"target": "y", "missing": np.nan}, "column 'y' has 1 NaN"),
        ({"x": [1.0, 2.0], "w": [1, np.inf]}, {"weight": "w"}, "column 'w' has 1 infinite"),
        ({"x": [1.0, 2.0], "y": [0, np.nan]}, {"target": "y", "missing": {"y": np.nan}}, "column 'y' has 1 NaN"),
        ({"x": [1.0, 2.0], "y": [0, -9]}, {"target": "y", "missing": {"y": -9}}, "column 'y' has 1 NaN"),
        ({"x": [1.0, 2.0], "w": [1, np.nan]}, {"weight": "w", "missing": np.nan}, "column 'w' has 1 NaN"),
        ({"x": [1.0, 2.0], "w": [1, np.nan]}, {"weight": "w", "missing": {"w": np.nan}}, "column 'w' has 1 NaN"),
        ({"x": [1.0, 2.0], "w": [1, np.nan]}, {"group": "w", "missing": {"w": np.nan}}, "column 'w' has 1 NaN"),
        ({"x": [1.0, 2.0], "w": [1.0, -1.0]}, {"weight": "w"}, "'w' of 2 events sum to 0"),
        ({"x": [1.0, 2.0], "w": [1.0, -2.0]}, {"weight": "w", "normalise": 3}, "only a positive sum"),
        ({"x": [1.0, 2.0], "w": [3.0, -2.0]}, {"weight": "w", "select": "x > 1"}, "sum to -2 after select"),
        ({"x": ["a", "b"], "y": [0, 1]}, {"features": ["x"]}, "feature 'x' holds text"),
        ({"x": [1.0, 2.0], "w": ["a", "b"]}, {"weight": "w"}, "weight 'w' holds text"),
        ({"w": [1.0, 2.0]}, {"weight": "w", "exclude": ["z"]}, "no column 'z'"),
    ],
)
def test_wrong_values(tmp_path: Path, columns: dict[str, object], arguments: dict[str, object], message: str) -> None:
    with Writer(tmp_path / "a.parquet") as writer:
        writer.append(columns)
    with pytest.raises(InputError, match=message):
        read(tmp_path / "a.parquet", **arguments)  # type: ignore[arg-type]


def test_nan_may_be_declared_or_cut_away(tmp_path: Path) -> None:
    with Writer(tmp_path / "a.csv") as writer:
        writer.append({"x": [1.0, np.nan, 3.0], "z": [1.0, 2.0, 3.0]})
    events = read(tmp_path / "a.csv", missing=np.nan)
    assert events.missing == {"x": 1, "z": 0}
    assert read(tmp_path / "a.csv", select="not isnan(x)")["x"].tolist() == [1, 3]


def test_files_that_do_not_agree(tmp_path: Path) -> None:
    Events({"x": [1.0], "z": [1.0]}).write(tmp_path / "a.parquet")
    Events({"x": [1.0]}).write(tmp_path / "b.parquet")
    Events({"x": ["one"], "z": [1.0]}).write(tmp_path / "c.parquet")
    both = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    with pytest.raises(InputError, match=r"has not the columns of .*'z' missing"):
        read(both)
    with pytest.raises(InputError, match=r"has columns that .* has not: 'z'"):
        read(both[::-1])
    assert len(read(both, features=["x"])) == 2
    assert len(read(both[::-1], exclude=["z"])) == 2
    with pytest.raises(InputError, match=r"column 'x' is float64 in .* and"):
        read([tmp_path / "a.parquet", tmp_path / "c.parquet"])


def test_types_are_promoted_over_files(tmp_path: Path) -> None:
    Events({"x": np.float32([1])}).write(tmp_path / "a.parquet")
    Events({"x": np.float64([0.1])}).write(tmp_path / "b.csv")
    assert read([tmp_path / "a.parquet", tmp_path / "b.csv"])["x"].tolist() == [1, 0.1]


def test_a_file_without_events(tmp_path: Path) -> None:
    with Writer(tmp_path / "a.parquet") as writer:
        writer.append({"x": np.zeros(0)})
    with pytest.raises(InputError, match="no events"):
        read(tmp_path / "a.parquet")


def test_no_columns_of_numbers(tmp_path: Path) -> None:
    with Writer(tmp_path / "a.parquet") as writer:
        writer.append({"x": [1.0]})
    with pytest.raises(InputError, match="no columns of numbers left"):
        read(tmp_path / "a.parquet", exclude=["x"])


def test_a_file_that_may_not_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Events({"x": [1.0]}).write(tmp_path / "a.npz")

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", denied)
    with pytest.raises(InputError, match="cannot be opened: Permission denied"):
        read(tmp_path / "a.npz")
