"""The comparison of mechanisms finds what is true, and what is not."""

import numpy as np
import pytest

import lawful as lf
from lawful.physics import Bounds, Symmetry, groups
from lawful.predict.comparing_table import events_needed

X = np.random.default_rng(0).normal(size=(500, 4))
TRUE = np.hypot(X[:, 0], X[:, 1]) * (X[:, 0] * X[:, 2] + X[:, 1] * X[:, 3])
ROTATION = Symmetry(groups.SO(2), "2*vector")
FAST = {"seeds": 3, "epochs": 60, "fractions": (0.3, 1.0), "verbose": False}


def test_a_true_symmetry_helps_and_a_false_one_hurts():
    model = lf.Regressor(hidden=(32,))
    found = lf.compare(model, X, TRUE, statements=[ROTATION], mechanisms=[None, "augment", "architecture"], **FAST)
    table = found.table.set_index("mechanism")
    assert table.loc["architecture", "error"] < table.loc["none", "error"] / 4
    assert table.loc["architecture", "verdict"] == "helps"
    assert table.loc["architecture", "violation"] < 1e-9 < table.loc["augment", "violation"]
    assert table.loc["augment", "violation"] < table.loc["none", "violation"]
    assert table.loc["architecture", "events needed"] <= table.loc["none", "events needed"]
    assert len(found.runs) == 3 * 3 * 2
    false = lf.compare(model, X, TRUE + 3 * X[:, 0], statements=[ROTATION], mechanisms=[None, "architecture"], **FAST)
    assert false.table.set_index("mechanism").loc["architecture", "verdict"].startswith("hurts")


def test_outside_the_domain_classes_weights_and_several_statements():
    label = (TRUE > 0).astype(int)
    found = lf.compare(
        lf.Classifier(hidden=(8,)),
        X,
        label,
        sample_weight=np.where(label, 2.0, 1.0),
        statements=[ROTATION, Symmetry(groups.O(2), "2*vector")],
        mechanisms=[None, "loss"],
        outside=(2 * X, label),
        seeds=1,
        epochs=3,
        fractions=(1.0,),
        verbose=False,
    )
    assert list(found.table["mechanism"]) == ["none", "loss"] * 2
    assert np.isfinite(found.table["error outside"]).all()
    assert found.kind == "log loss"
    axes = found.figure().axes
    assert len(axes) == 6
    assert "none" in repr(found)


def test_the_events_that_are_needed():
    events, errors = np.array([100.0, 200, 400]), np.array([0.4, 0.2, 0.1])
    assert events_needed(events, errors, 0.4) == 100
    assert events_needed(events, errors, 0.1) == pytest.approx(400)
    assert events_needed(events, errors, 0.4 / np.sqrt(2)) == pytest.approx(100 * np.sqrt(2))
    assert events_needed(events, errors, 0.05) == np.inf


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"statements": []}, "at least one"),
        ({"statements": [ROTATION.by("loss")]}, "plain statement"),
        ({"statements": ["rotation"]}, "no statement"),
        ({"mechanisms": ["magic"]}, "not known"),
        ({"statements": [Bounds(lower=0)], "mechanisms": ["augment"]}, "none of the statements"),
        ({"seeds": 0}, "seeds"),
        ({"test": 1.5}, "test"),
        ({"fractions": (2.0,)}, "fractions"),
    ],
)
def test_what_cannot_be_compared(changes, words):
    with pytest.raises(lf.InputError, match="Classifier or Regressor"):
        lf.compare(object(), X, TRUE, statements=[ROTATION])
    with pytest.raises(lf.InputError, match=words):
        lf.compare(lf.Regressor(), X, TRUE, **({"statements": [ROTATION]} | changes))
