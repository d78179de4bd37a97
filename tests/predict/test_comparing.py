"""The comparison of mechanisms finds what is true, and what is not."""

import numpy as np
import pandas as pd
import pytest

import lawful as lf
from lawful.physics import Bounds, Symmetry, groups
from lawful.predict.comparing_table import count_text, events_needed, ratio, tabled, verdict
from lawful.predict.comparing_trial import Budget

X = np.random.default_rng(0).normal(size=(500, 4))
TRUE = np.hypot(X[:, 0], X[:, 1]) * (X[:, 0] * X[:, 2] + X[:, 1] * X[:, 3])
ROTATION = Symmetry(groups.SO(2), "2*vector")
FAST = {"seeds": 3, "epochs": 60, "fractions": (0.3, 1.0), "verbose": False}
QUICK = {"epochs": 3, "fractions": (1.0,)}


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


def test_the_verdict_is_wrong_once_in_twenty_where_a_mechanism_does_nothing():
    rng = np.random.default_rng(0)
    for seeds in (3, 5):
        wrong = np.mean([verdict(rng.normal(0, 0.3, seeds)) != "no difference" for _ in range(4000)])
        assert abs(wrong - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 4000)
    found = np.mean([verdict(rng.normal(np.log(0.5), 0.2, 5)) == "helps" for _ in range(400)])
    assert found > 0.95
    assert verdict(rng.normal(np.log(2), 0.05, 5)) == "hurts"


def test_one_seed_gives_no_verdict_and_a_tiny_change_makes_no_difference():
    assert verdict(np.array([-1.0])) == "one seed: unknown"
    assert verdict(np.zeros(5)) == "no difference"
    assert verdict(np.array([-1.0, -1.1, -0.9, -1.0, -1.0]) * 1e-3) == "no difference"
    middle, low, high = ratio(np.log([0.5, 0.5 * 1.1, 0.5 / 1.1]))
    assert middle == pytest.approx(0.5)
    reach = 4.302653 * np.log(1.1) / np.sqrt(3)  # Student, 2 degrees of freedom
    assert np.log(high / 0.5) == pytest.approx(reach, rel=1e-6) == np.log(0.5 / low)


def test_a_penalty_that_never_acts_makes_no_difference():
    far = Bounds(lower=-1e6)
    found = lf.compare(lf.Regressor(hidden=(8,)), X, TRUE, statements=far, mechanisms=[None, "loss"], **FAST | QUICK)
    row = found.table.set_index("mechanism").loc["loss"]
    assert row["verdict"] == "no difference"
    assert row["ratio"] == pytest.approx(1, abs=1e-3)


def test_the_network_without_physics_is_trained_once_for_all_statements():
    statements = [ROTATION, Bounds(lower=-1e6)]
    found = lf.compare(lf.Regressor(hidden=(8,)), X, TRUE, statements=statements, mechanisms=[None], **FAST | QUICK)
    one, two = (part for _, part in found.runs.groupby("statement"))
    assert len(found.runs) == 2 * 3
    np.testing.assert_array_equal(one["error"], two["error"])
    np.testing.assert_array_equal(one["seconds"], two["seconds"])
    assert (one["violation"].to_numpy() != two["violation"].to_numpy()).all()


def test_the_best_options_are_taken_and_named():
    false = TRUE + 3 * X[:, 0]
    found = lf.compare(
        lf.Regressor(hidden=(8,)),
        X,
        false,
        statements=ROTATION,
        mechanisms=[None, "loss"],
        options={"loss": [{"weight": 1000.0}, {"weight": 0.001}]},
        **FAST | {"epochs": 20, "fractions": (1.0,), "seeds": 2},
    )
    assert found.table.set_index("mechanism").loc["loss", "options"] == "weight=0.001"
    assert "weight=0.001" in repr(found)
    with pytest.raises(lf.InputError, match="'loss' is not compared"):
        lf.compare(lf.Regressor(), X, false, statements=ROTATION, mechanisms=[None], options={"loss": {}})
    with pytest.raises(lf.InputError, match="list of such"):
        lf.compare(lf.Regressor(), X, false, statements=ROTATION, options={"loss": 3.0})


def test_all_parts_get_as_many_updates_and_members():
    for batch, least in (("auto", 35), (32, 100)):
        budget = Budget.of(lf.Regressor(batch_size=batch), 1400, least, 50)
        made = [budget.epochs(rows) * budget.steps(rows) for rows in (least, 350, 700, 1400)]
        assert budget.members == 5
        assert np.allclose(made, made[-1], rtol=0.05)
    assert Budget.of(lf.Regressor(), 1400, 350, 50).members == 1
    found = lf.compare(lf.Regressor(hidden=(8,)), X, TRUE, statements=ROTATION, mechanisms=[None], **FAST | QUICK)
    assert found.wanted == pytest.approx(found.table["error"][0])


def test_a_training_that_was_cut_short_shows():
    noise = np.random.default_rng(1).normal(size=len(X))
    made = {
        name: lf.compare(
            lf.Regressor(hidden=(32,), learning_rate=0.01),
            X,
            y,
            statements=ROTATION,
            mechanisms=[None],
            **FAST | {"epochs": epochs, "fractions": (1.0,)},
        ).table["best after"][0]
        for name, y, epochs in (("short", TRUE, 4), ("long", noise, 60))
    }
    assert made["long"] < 0.3 < made["short"] == 1.0


def test_the_events_needed_and_their_spread_where_some_seeds_never_reach_the_error():
    runs = pd.DataFrame(
        {
            "seed": [0, 0, 1, 1, 2, 2],
            "events": [100, 200] * 3,
            "fraction": [0.5, 1.0] * 3,
            "statement": "s",
            "mechanism": "none",
            "options": "",
            "error": [0.4, 0.2, 0.4, 0.1, 0.4, 0.3],
            "error outside": np.nan,
            "violation": 0.1,
            "parameters": 3,
            "seconds": 1.0,
            "best after": 1.0,
        }
    )
    row = tabled(runs, 0.2, [("s", "none")]).iloc[0]
    assert row["events needed"] == pytest.approx(200)
    assert row["events needed spread"] == np.inf
    assert [count_text(n, 100, 200) for n in (100, 150, np.inf)] == ["≤ 100", "150", "> 200"]
    assert (tabled(runs, 0.05, [("s", "none")])["events needed"] == np.inf).all()


def test_a_penalty_that_hurts_puts_no_doubt_on_a_statement_whose_architecture_helps():
    base = {"events": 100, "fraction": 1.0, "statement": "s", "options": "", "error outside": np.nan}
    base |= {"violation": 0.1, "parameters": 3, "seconds": 1.0, "best after": 0.5}
    factor = {"none": 1.0, "loss": 2.0, "architecture": 0.5}
    rows = [
        {**base, "seed": seed, "mechanism": how, "error": size * (1 + 0.01 * seed * (how != "none"))}
        for seed in range(4)
        for how, size in factor.items()
    ]
    cases = [("s", how) for how in factor]
    assert list(tabled(pd.DataFrame(rows), 1.0, cases)["verdict"]) == ["–", "hurts", "helps"]
    factor["architecture"] = 2.0
    for row in rows:
        row["error"] = factor[row["mechanism"]] * (1 + 0.01 * row["seed"] * (row["mechanism"] != "none"))
    assert list(tabled(pd.DataFrame(rows), 1.0, cases)["verdict"])[1:] == ["hurts: is the statement true?"] * 2
    slow = pd.DataFrame(rows).assign(**{"best after": 0.9})
    assert list(tabled(slow, 1.0, cases)["verdict"])[1:] == ["hurts: trained too short?"] * 2
    broken = slow.assign(violation=5.0)  # by more than the errors of the plain network explain
    assert list(tabled(broken, 1.0, cases)["verdict"])[1:] == ["hurts: is the statement true?"] * 2


def test_long_names_are_broken_in_the_figure_and_rounding_does_not_stretch_it():
    known = Symmetry(groups.SO(2), "2*vector", to="scalar + scalar + scalar + scalar + scalar")
    found = lf.compare(
        lf.Regressor(hidden=(8,)),
        X,
        np.stack([TRUE] * 5, 1),
        statements=known,
        mechanisms=[None, "architecture"],
        outside=(2 * X, np.stack([TRUE] * 5, 1)),
        **FAST | QUICK,
    )
    axes = found.figure().axes
    assert max(map(len, axes[0].get_title().split("\n"))) <= 38
    assert axes[2].get_ylim()[0] > 1e-9
    assert [text.get_text() for text in axes[2].texts] == ["rounding"]
