"""Every built-in study is read, fits its data, and runs in a small version."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

import lawful as lf
from lawful.evidence import report
from lawful.studies import builtin, read_study, run
from lawful.studies.runner import prepare

QUICK = ["evidence.toys=20", "evidence.figures=[]", "evidence.importance=false", "evidence.yardsticks=[]"]
FEW = {
    "higgs": ["data.subsets={}", "training.epochs=1", "model.members=1"],
    "quark-gluon": ["data.select='jetP4_pt > 100'", "training.epochs=1", "model.members=1"],
}
DIJETS = Path(__file__).parents[1] / "data" / "files" / "dijets.root"


def place(name):
    """The file of the package where that is not installed."""
    return [f"data.source={DIJETS}"] if name == "quark-gluon" and find_spec("skhep_testdata") is None else []


def small(name):
    changes = FEW.get(name, ["training.epochs=3", "model.members=1"])
    drawn = name not in ("higgs", "higgs-symmetry", "quark-gluon")
    return read_study(name, [*QUICK, *changes, *place(name), *(["data.simulate.n=150"] if drawn else [])])


@pytest.mark.parametrize("name", sorted(builtin()))
def test_it_fits_its_data(name):
    study = read_study(name, place(name))
    assert study.title
    assert study.description.strip()
    events, (train, _, test) = prepare(study)
    assert len(train) + len(test) <= len(events)


@pytest.mark.parametrize("name", sorted(builtin()))
def test_it_runs(name, tmp_path, monkeypatch):
    monkeypatch.setattr(report, "_picture", lambda figure: "data:,")  # drawing takes most of the time
    study = small(name)
    folder = run(study, tmp_path / "run")
    metrics = json.loads((folder.path / "metrics.json").read_text())
    model = lf.load(folder.model)
    assert len(model.physics) == len(study.physics)
    for item in study.statements():
        statement = getattr(item, "statement", item)
        value = metrics[f"violation[{statement.name}]"]["value"]
        assert value >= 0
        if getattr(item, "mechanism", "") == "architecture" and statement.name.split()[0] in (
            "conserved",
            "symmetry",
        ):
            assert value < 1e-5


def test_well_points_are_few():
    _, (train, validation, test) = prepare(read_study("infinite-well"))
    assert (len(train), len(validation), len(test)) == (40, 40, 120)


def test_the_azimuths_of_higgs_have_the_period_that_is_stated():
    """Uniform azimuths end at half a period."""
    study = read_study("higgs-symmetry")
    turn = study.statements()[0].statement
    events, _ = prepare(study)
    columns = [name for (name,) in turn.on["vector"]]
    assert sorted(columns) == sorted(name for name in events.features if name.endswith("_phi"))
    largest = max(abs(events[name]).max() for name in columns)
    assert 2 * largest == pytest.approx(turn.group.period, rel=1e-3)
    assert 2 * largest <= turn.group.period * (1 + 1e-4)
