"""Shuffled events remain events: as many objects as they say, and no empty place that counts as a value."""

import numpy as np
import pandas as pd
import pytest

from lawful import Regressor
from lawful.data import Cloud
from lawful.evidence import permutation_importance
from lawful.evidence.models import Subject
from lawful.evidence.shuffling import groups_of, shuffled
from lawful.nets.structure import Part, Structure

STRUCTURE = Structure((Part("hits", "cloud", (3, 2), ("a", "b")), Part("jet", "table", (1,), ("mass",))))
ROWS = np.array(
    [
        [3.0, 1, 10, 2, 20, 3, 30, 100],
        [1.0, 4, 40, 0, 0, 0, 0, 200],
        [0.0, 0, 0, 0, 0, 0, 0, 300],
        [2.0, 5, 50, 6, 60, 0, 0, 400],
    ]
)
FRAME = pd.DataFrame(ROWS, columns=STRUCTURE.names)
ORDER = np.array([1, 3, 0, 2])


def columns(field):
    return [f"hits.{field}[{k}]" for k in range(3)]


def test_a_field_is_repeated_or_cut_to_the_objects_that_there_are():
    found = shuffled(FRAME, columns("a"), ORDER, STRUCTURE)
    assert found[columns("a")].to_numpy().tolist() == [[4, 4, 4], [5, 0, 0], [0, 0, 0], [5, 6, 0]]
    assert found[columns("b")].equals(FRAME[columns("b")])
    assert list(found.columns) == list(FRAME.columns)


def test_a_number_of_objects_brings_that_many():
    found = shuffled(FRAME, ["hits.count[3]"], ORDER, STRUCTURE)
    assert found["hits.count[3]"].tolist() == [1, 2, 3, 0]
    assert found[columns("a")].to_numpy().tolist() == [[1, 0, 0], [4, 4, 0], [1, 2, 3], [0, 0, 0]]


def test_a_whole_cloud_and_a_column_are_taken_as_they_are():
    whole = [name for name in STRUCTURE.names if name.startswith("hits")]
    assert shuffled(FRAME, whole, ORDER, STRUCTURE)[whole].to_numpy().tolist() == ROWS[ORDER, :-1].tolist()
    assert shuffled(FRAME, ["jet.mass"], ORDER, STRUCTURE)["jet.mass"].tolist() == [200, 400, 100, 300]
    assert shuffled(FRAME, ["jet.mass"], ORDER)["jet.mass"].tolist() == [200, 400, 100, 300]


@pytest.fixture(scope="module")
def counted():
    """A target that is the number of objects; their fields are noise far from zero."""
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 9, 600)
    M = int(counts.sum())
    hits = Cloud(np.concatenate([[0], np.cumsum(counts)]), {"a": 5 + rng.normal(size=M), "b": rng.normal(size=M)})
    weight = rng.choice([1.0, -0.2], 600)
    net = {"hidden": (16, 16), "epochs": 25, "learning_rate": 0.01, "seed": 0, "verbose": False}
    return Regressor("sets", **net).fit({"hits": hits}, counts.astype(float)), {"hits": hits}, counts, weight


def test_the_number_of_objects_matters_and_their_noise_does_not(counted):
    model, X, counts, weight = counted
    found = permutation_importance(model, (X, counts.astype(float), weight), repeats=2)
    assert list(found) == ["hits: a", "hits: b", "hits: number"]
    spread = np.sqrt(np.average(2 * (counts - np.average(counts, weights=weight)) ** 2, weights=weight))
    own = np.sqrt(np.average((model.predict(X) - counts) ** 2, weights=weight))
    assert found["hits: number"].value == pytest.approx(spread - own, rel=0.15)
    for field in "ab":
        assert abs(found[f"hits: {field}"].value) < 0.1 * found["hits: number"].value


def test_groups_hold_every_number_once(counted):
    model = counted[0]
    groups = groups_of(Subject("m", model))
    held = [column for columns in groups.values() for column in columns]
    assert sorted(held) == sorted(model.structure_.names)
    assert groups_of(Subject("m", Regressor("linear", epochs=1).fit(np.eye(300)[:, :2], np.arange(300.0)))) is None
