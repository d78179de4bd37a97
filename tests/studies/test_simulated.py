"""Studies whose events come from a world."""

import json

import numpy as np
import pandas as pd
import pytest

import lawful as lf
from lawful.errors import InputError
from lawful.simulators import simulate
from lawful.studies import RunFolder, read_study, run
from lawful.studies.runner import prepare, read_events

TEXT = """
[data]
source = "simulate:spring"
simulate = { n = 200, seed = 4, dt = 0.5 }
[model]
question = "regress"
members = 2
hidden = [8]
[training]
epochs = 4
[evidence]
toys = 20
figures = []
importance = false
"""


def study_of(tmp_path, text=TEXT, changes=()):
    (tmp_path / "study.toml").write_text(text)
    return read_study(str(tmp_path / "study.toml"), changes)


def test_events_are_those_of_the_world(tmp_path):
    study = study_of(tmp_path)
    events, (train, validation, test) = prepare(study)
    assert events.checksum() == simulate("spring", 200, seed=4, dt=0.5).checksum()
    assert (len(train), validation, len(test)) == (160, None, 40)
    assert study.data.source == "simulate:spring"


def test_every_setting_is_resolved(tmp_path):
    given = {"n": 200, "seed": 4, "dt": 0.5}
    usual = {"mass": 1.0, "stiffness": 1.0, "amplitude": 1.0, "noise": 0.01}
    assert study_of(tmp_path).data.simulate == given | usual
    changed = study_of(tmp_path, changes=["data.simulate.n=50", "data.simulate.noise=0"])
    assert changed.data.simulate == given | usual | {"n": 50, "noise": 0.0}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("data.source=simulate:sprin", "no world 'sprin': did you mean 'spring'"),
        ("data.simulate.masss=2", "spring has no setting 'masss': did you mean 'mass'"),
        ("data.simulate.mass=0", "spring: mass=0: expected a number above 0"),
        ("data.simulate.n=0", "n=0: expected a whole number"),
        ("data.simulate.seed=0.5", "seed=0.5: expected a whole number"),
        ("data.simulate={}", "simulate needs n"),
        ("data.simulate=3", "simulate=3: expected a table"),
        ("data.weight=w", "weight has no effect with source = 'simulate:spring'"),
        ("data.missing=-999", "missing has no effect"),
        ("data.source=events.csv", "simulate has no effect with files"),
        ('data.source=["simulate:spring", "a.csv"]', "a world stands alone"),
    ],
)
def test_what_is_wrong_is_told_when_the_study_is_read(tmp_path, change, words):
    with pytest.raises(InputError, match=words) as error:
        study_of(tmp_path, changes=[change])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("data.target=positon_after", "positon_after"),
        ("data.exclude=['sped']", "'speed'"),
        ("data.features=['sped']", "'speed'"),
        ("data.select='position > 5'", "no event passes"),
        ("data.features=['speed', 'speed_after']", "'speed_after' is the target"),
        ("data.units={sped='m'}", "'sped'"),
    ],
)
def test_what_does_not_fit_the_world_is_told(tmp_path, change, words):
    with pytest.raises(InputError, match=words):
        prepare(study_of(tmp_path, changes=[change]))


def test_columns_get_other_roles(tmp_path):
    changes = ["data.target=speed_after", "data.exclude=['position']", "data.select='position > 0'"]
    events = read_events(study_of(tmp_path, changes=changes))
    assert events.features == ("speed",)
    assert events.target == "speed_after"
    assert events["position"].min() > 0
    assert events.units["position_after"] == "m"
    grouped = read_events(
        study_of(
            tmp_path,
            TEXT.replace("spring", "lake").replace("dt = 0.5", "lake = 3"),
            ["data.group=day", 'data.features=["depth", "day", "*_30"]', "data.exclude=['wind_30']"],
        )
    )
    assert grouped.features == ("depth", "day", "air_temperature_30", "shortwave_30", "humidity_30")
    everything = read_events(
        study_of(
            tmp_path, TEXT.replace("simulate:spring", "simulate:drag").replace("dt", "noise"), ["data.features=['*']"]
        )
    )
    assert everything.features == simulate("drag", 1).features  # nothing of the truth
    train, test = grouped.split((0.5, 0.5))
    assert not set(train["day"]) & set(test["day"])


def test_a_run_keeps_world_settings_and_version(tmp_path):
    yardsticks = 'evidence.yardsticks=["linear regression", "gradient-boosted trees"]'
    folder = run(study_of(tmp_path, changes=[yardsticks]), tmp_path / "run")
    compared = pd.read_csv(folder.path / "comparison.csv")
    assert {"network", "linear regression", "gradient-boosted trees"} <= set(compared["model"])
    told = json.loads((folder.path / "provenance.json").read_text())["data"]
    assert told == {
        "simulate:spring": "n 200, seed 4, mass 1.0, stiffness 1.0, amplitude 1.0, dt 0.5, noise 0.01; "
        f"lawful {lf.__version__}"
    }
    table = pd.read_parquet(folder.path / "predictions.parquet")
    assert list(table)[:5] == ["target_0", "target_1", "weight", "prediction_0", "prediction_1"]
    assert "position_after" in folder.report.read_text()


def test_an_interrupted_run_ends_as_one_that_was_not(tmp_path, monkeypatch):
    text = TEXT.replace("[model]", '[data.subsets]\nspeed = ["speed"]\n[model]')
    study = study_of(tmp_path, text)
    whole = run(study, tmp_path / "whole")
    train, seen = lf.Regressor.fit, []

    def interrupted(self, X, *args, **kwargs):
        if seen:
            raise KeyboardInterrupt
        seen.append(1)
        return train(self, X, *args, **kwargs)

    monkeypatch.setattr(lf.Regressor, "fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(study, tmp_path / "cut")
    monkeypatch.undo()
    assert not RunFolder(tmp_path / "cut").finished
    with pytest.raises(InputError, match="other settings"):
        run(study_of(tmp_path, text, ["data.simulate.mass=2"]), tmp_path / "cut")
    lines = []
    again = run(study, tmp_path / "cut", say=lines.append)
    assert "was trained before" in lines[1]
    for name in ("metrics.json", "predictions.parquet"):
        assert (again.path / name).read_bytes() == (whole.path / name).read_bytes(), name


def test_predictions_of_a_single_target_are_as_before(tmp_path):
    folder = run(study_of(tmp_path, changes=["data.target=speed_after"]), tmp_path / "run")
    table = pd.read_parquet(folder.path / "predictions.parquet")
    assert list(table) == ["target", "weight", "prediction", "spread"]
    assert np.isfinite(table.to_numpy()).all()
