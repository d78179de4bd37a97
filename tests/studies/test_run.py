"""A run leaves what it promises, goes on after an interruption, and refuses what it should."""

import json

import numpy as np
import pandas as pd
import pytest

import lawful as lf
from lawful.errors import InputError
from lawful.studies import RunFolder, read_study, run
from lawful.studies.runner import rebuild

RNG = np.random.default_rng(0)


def write_events(path, n=600):
    x = RNG.normal(size=(n, 3))
    frame = pd.DataFrame(x, columns=["pt", "eta", "mass"])
    frame["w"] = RNG.choice([1.0, 1.0, 1.0, -0.5], n)
    frame["w_up"] = frame.w * (1 + 0.2 * frame.pt.clip(-2, 2))
    frame["label"] = (x[:, 0] * x[:, 1] + 0.5 * RNG.normal(size=n) > 0).astype(int)
    frame["energy"] = 50 + 10 * x[:, 0] + RNG.normal(size=n)
    frame.to_parquet(path)


STUDY = """
title = "a small one"
[data]
source = "events.parquet"
target = "label"
weight = "w"
exclude = ["energy"]
variations = { shape_up = "w_up" }
[data.subsets]
kinematics = ["pt", "eta"]
[model]
members = 2
hidden = [8]
[training]
epochs = 5
[evidence]
yardsticks = ["logistic regression", "gradient-boosted trees"]
toys = 20
figures = ["png"]
"""


@pytest.fixture
def study(tmp_path):
    write_events(tmp_path / "events.parquet")
    (tmp_path / "study.toml").write_text(STUDY)
    return read_study(str(tmp_path / "study.toml"))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_run_leaves_what_it_promises(study, tmp_path):
    lines = []
    folder = run(study, tmp_path / "run", say=lines.append)
    names = {p.name for p in folder.path.iterdir()}
    assert names == {
        "study.toml", "data.json", "model.lawful", "models", "metrics.json", "comparison.csv", "history.csv",
        "predictions.parquet", "figures",
        "report.html", "provenance.json", "checkpoint",
    }  # fmt: skip
    assert folder.finished
    assert any("[6/6] gradient-boosted trees, kinematics" in line for line in lines)
    metrics = json.loads((folder.path / "metrics.json").read_text())
    assert metrics["auc"]["low"] <= metrics["auc"]["value"] <= metrics["auc"]["high"]
    table = pd.read_parquet(folder.path / "predictions.parquet")
    assert list(table) == ["target", "weight", "score", "spread"]
    assert len(table) == pytest.approx(120, abs=2)
    assert len((folder.path / "history.csv").read_text().splitlines()) == 6
    html = (folder.path / "report.html").read_text()
    assert "a small one" in html
    assert "shape_up" in html
    assert "http://" not in html.replace("http://www.w3.org", "")
    provenance = json.loads((folder.path / "provenance.json").read_text())
    assert provenance["data"]["events.parquet"].startswith("sha256 ")
    assert folder.study() == study  # the resolved study says all that was done
    with pytest.raises(InputError, match="--force"):
        run(study, tmp_path / "run")
    before = (folder.path / "metrics.json").read_text()
    rebuild(folder.path)
    assert (folder.path / "metrics.json").read_text() == before


def test_an_interrupted_run_ends_as_one_that_was_not(study, tmp_path, monkeypatch):
    whole = run(study, tmp_path / "whole")

    import lawful.studies.runner as runner

    def interrupted(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "make_yardstick", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(study, tmp_path / "cut")
    monkeypatch.undo()
    assert not RunFolder(tmp_path / "cut").finished
    with pytest.raises(InputError, match="other settings"):
        run(study.model_copy(update={"title": "another"}), tmp_path / "cut")
    lines = []
    again = run(study, tmp_path / "cut", say=lines.append)
    assert "was trained before" in lines[1]
    for name in ("metrics.json", "predictions.parquet"):
        assert (again.path / name).read_bytes() == (whole.path / name).read_bytes(), name


def test_regression_with_three_parts(tmp_path):
    write_events(tmp_path / "events.parquet")
    text = STUDY.replace('"label"', '"energy"').replace('["energy"]', '["label"]').replace("logistic", "linear")
    text = text.replace("[data.subsets]", "split = [0.6, 0.2, 0.2]\n[data.subsets]").replace('weight = "w"', "")
    text = text.replace('variations = { shape_up = "w_up" }', "").replace("[model]", '[model]\nquestion = "regress"')
    (tmp_path / "study.toml").write_text(text)
    lines = []
    folder = run(read_study(str(tmp_path / "study.toml")), tmp_path / "run", say=lines.append)
    assert lines[0] == "600 events: 360 to learn from, 120 to be judged by while learning, 120 to be tested on"
    assert list(pd.read_parquet(folder.path / "predictions.parquet")) == ["target", "weight", "prediction", "spread"]
    assert isinstance(lf.load(folder.model), lf.Regressor)


def test_what_does_not_fit_leaves_no_folder(study, tmp_path):
    missing = study.model_copy(
        update={"data": study.data.model_copy(update={"source": str(tmp_path / "no.parquet")})}
    )
    with pytest.raises(InputError, match=r"no\.parquet"):
        run(missing, tmp_path / "run")
    subsets = study.model_copy(update={"data": study.data.model_copy(update={"subsets": {"few": ["pt", "phi"]}})})
    with pytest.raises(InputError, match="'phi' is not a feature"):
        run(subsets, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("precious")
    with pytest.raises(InputError, match="not empty"):
        run(study, tmp_path / "full")
    with pytest.raises(InputError, match="is a file"):
        run(study, tmp_path / "study.toml")
    with pytest.raises(InputError, match="not a run"):
        rebuild(tmp_path / "full")


def test_a_run_is_not_continued_on_other_data(study, tmp_path):
    run(study, tmp_path / "run")
    write_events(tmp_path / "events.parquet")  # other events under the same name
    with pytest.raises(InputError, match="data have changed"):
        rebuild(tmp_path / "run")
    (tmp_path / "run" / "provenance.json").unlink()
    with pytest.raises(InputError, match="data have changed"):
        run(study, tmp_path / "run")


def test_excluded_columns_can_be_watched_but_are_not_learned_from(study, tmp_path):
    evidence = study.evidence.model_copy(update={"variables": ["energy"], "yardsticks": []})
    watched = study.model_copy(update={"evidence": evidence, "data": study.data.model_copy(update={"subsets": {}})})
    folder = run(watched, tmp_path / "run")
    assert "energy" not in lf.load(folder.model).feature_names_in_
    with pytest.raises(InputError, match="no column 'phi'"):
        run(
            watched.model_copy(update={"evidence": evidence.model_copy(update={"variables": ["phi"]})}),
            tmp_path / "b",
        )


def test_the_model_s_file_alone_says_what_is_missing(tmp_path):
    from lawful.studies.scoring import score_file

    x = RNG.normal(size=(400, 2))
    x[::9, 0] = -999.0
    frame = pd.DataFrame(x, columns=["pt", "eta"])
    frame.to_parquet(tmp_path / "events.parquet")
    events = lf.Events(frame, (x[:, 1] + RNG.normal(size=400) > 0).astype(int), missing={"pt": -999.0})
    model = lf.Classifier(epochs=3).fit(events)
    model.save(tmp_path / "m.lawful")
    score_file(tmp_path / "m.lawful", str(tmp_path / "events.parquet"), tmp_path / "scores.parquet")
    scores = pd.read_parquet(tmp_path / "scores.parquet").score
    np.testing.assert_allclose(scores, model.predict_proba(events)[:, 1], atol=1e-6)


def test_files_of_one_name_keep_their_own_checksums(tmp_path):
    from lawful.studies.runner import provenance

    for folder in ("mc/a", "mc/b", "data"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("mc/a/events.parquet", "mc/b/events.parquet"):
        write_events(tmp_path / name, 20)
    write_events(tmp_path / "data" / "other.parquet", 20)
    study = read_study("higgs", [f"data.source={[str(p) for p in sorted(tmp_path.rglob('*.parquet'))]}"])
    data = provenance(study)["data"]
    assert list(data) == ["data/other.parquet", "a/events.parquet", "b/events.parquet"]
    assert len(set(data.values())) == 3


def test_the_network_is_run_once_for_predictions_and_spread(monkeypatch):
    from lawful.learning import Members
    from lawful.studies.runner import predictions

    x = RNG.normal(size=(400, 2))
    labels = np.digitize(x[:, 0] + RNG.normal(size=400), [-0.5, 0.5])
    weights = RNG.choice([1.0, 1.0, -0.3], 400)
    asked = []
    scores = Members.scores
    monkeypatch.setattr(Members, "scores", lambda self, *a, **k: asked.append(1) or scores(self, *a, **k))
    for model, y, names in (
        (lf.Classifier(members=2, epochs=2), labels > 0, ["score", "spread"]),
        (lf.Classifier(members=2, epochs=2), labels, None),
        (lf.Classifier(epochs=2), labels > 1, ["score"]),
        (lf.Regressor(members=3, epochs=2), x[:, 1], ["prediction", "spread"]),
        (lf.Regressor(members=3, epochs=2), x, ["prediction_0", "prediction_1", "spread_0", "spread_1"]),
    ):
        model.fit(x, y, weights)
        asked.clear()
        found = predictions(model, x)
        assert len(asked) == 1
        if names is None:
            names = [f"probability_{k}" for k in range(3)] + ["prediction"] + [f"spread_{k}" for k in range(3)]
        assert list(found) == names
        if hasattr(model, "predict_proba"):
            np.testing.assert_array_equal(
                found.get("score", found.get("probability_1")), model.predict_proba(x)[:, 1]
            )
        else:
            np.testing.assert_array_equal(
                np.stack([found[n] for n in names[: len(names) // 2]], -1).squeeze(), model.predict(x)
            )
        if len(model.members_) > 1:
            spread = np.stack([found[n] for n in names if "spread" in n], -1).squeeze()
            np.testing.assert_array_equal(spread, model.spread(x))


def test_two_trees_are_scored_into_one_table(tmp_path):
    write_events(tmp_path / "events.parquet")
    events = lf.read(tmp_path / "events.parquet", features=["pt", "eta"], extras=["label"])
    with lf.data.Writer(tmp_path / "two.root") as writer:
        for name, cut in (("sig", "label == 1"), ("bkg", "label == 0")):
            writer.append(events.select(cut), tree=name)
    (tmp_path / "study.toml").write_text(
        '[data]\nsource = "two.root"\ntree = { sig = 1, bkg = 0 }\ntarget = "is_signal"\nexclude = ["label"]\n'
        "[training]\nepochs = 3\n[evidence]\ntoys = 20\nfigures = []\n"
    )
    from lawful.studies.scoring import score_file

    folder = run(read_study(str(tmp_path / "study.toml")), tmp_path / "run")
    assert score_file(folder.path, str(tmp_path / "two.root"), tmp_path / "scores.parquet") == 600
    table = pd.read_parquet(tmp_path / "scores.parquet")
    assert ((table.tree == "sig") == (table.label == 1)).all()
    with pytest.raises(InputError, match="'score' already"):
        score_file(folder.path, str(tmp_path / "scores.parquet"), tmp_path / "again.parquet")
    assert not (tmp_path / "again.parquet").exists()
