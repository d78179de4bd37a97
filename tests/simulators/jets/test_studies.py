"""A study of jets is trained with the weights, variations and clouds of the world."""

import json

import numpy as np
import pytest

pytest.importorskip("pythia8mc")
pytest.importorskip("fastjet")

from lawful.errors import InputError
from lawful.simulators import simulate
from lawful.studies import read_study, run
from lawful.studies.runner import read_events

TEXT = """
[data]
source = "simulate:boosted-jets"
simulate = { n = 80, seed = 3, cores = 1, variations = true }
features = ["mass_soft_drop", "multiplicity", "tau21"]
select = "mass > 20"
[model]
question = "classify"
hidden = [8]
[training]
epochs = 4
[evidence]
toys = 20
figures = []
importance = false
"""


@pytest.fixture
def study(tmp_path):
    def read(*changes):
        (tmp_path / "study.toml").write_text(TEXT)
        return read_study(str(tmp_path / "study.toml"), changes)

    return read


def test_weights_variations_and_clouds_are_passed_on(study):
    events = read_events(study())
    world = simulate("boosted-jets", 80, seed=3, cores=1, variations=True).select("mass > 20")
    assert events.weighted
    np.testing.assert_array_equal(events.weight, world.weight)
    assert set(events.variations) == {"fsr_up", "fsr_down", "isr_up", "isr_down"}
    assert dict(events.variation_pairs) == dict(world.variation_pairs)
    for name, varied in events.variations.items():
        np.testing.assert_array_equal(varied.weight, world.variations[name].weight)
        assert (varied.weight != events.weight).any()
    px = events.clouds["constituents"]["px"]
    np.testing.assert_array_equal(px, world.clouds["constituents"]["px"])
    with pytest.raises(InputError, match="'weight_fsr_up' is an event weight"):
        read_events(study("data.features=['mass', 'weight_fsr_up']"))


def test_a_run_is_weighted_and_tells_what_the_variations_do(study, tmp_path):
    folder = run(study(), tmp_path / "run")
    told = json.loads((folder.path / "metrics.json").read_text())
    assert "fsr_up" in json.dumps(told)
    import pandas as pd

    table = pd.read_parquet(folder.path / "predictions.parquet")
    assert table["weight"].nunique() > 5
