"""A network around a known model: the constants come out right, and their errors cover."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import ellipk

import lawful as lf
from lawful.physics import Baseline, Units

PENDULUM = Baseline("-9.81 / length * sin(angle)", columns=["angle", "speed"], parameters={"length": 1.0})
LINE = Baseline("k * x", parameters={"k": 1.0})


def complete(rng, rows):
    X = pd.DataFrame(rng.uniform(-1, 1, (rows, 2)), columns=["x", "z"])
    return LINE.by("residual"), X, 3 * X.x + 0.3 * rng.normal(size=rows), 3.0


def orthogonal(rng, rows):
    X = pd.DataFrame(rng.uniform(-1, 1, (rows, 2)), columns=["x", "z"])
    return LINE.by("residual"), X, 3 * X.x + np.cos(np.pi * X.z) + 0.3 * rng.normal(size=rows), 3.0


def pendulum(rng, rows):
    """With friction, which the baseline lacks."""
    X = pd.DataFrame({"angle": rng.uniform(-1.5, 1.5, rows), "speed": rng.uniform(-2, 2, rows)})
    y = -9.81 / 1.3 * np.sin(X.angle) - 0.5 * X.speed + 0.3 * rng.normal(size=rows)
    return PENDULUM.by("residual"), X, y, 1.3


def multiplicative(rng, rows):
    X = pd.DataFrame({"x": rng.uniform(1, 2, rows), "z": rng.uniform(-1, 1, rows)})
    y = 3 * X.x * (1 + 0.2 * np.sin(np.pi * X.z)) + 0.2 * rng.normal(size=rows)
    return LINE.by("residual", kind="multiplicative"), X, y, 3.0


CASES = {"complete": complete, "orthogonal": orthogonal, "pendulum": pendulum, "multiplicative": multiplicative}


def pull(case, toy, rows=300, **given):
    """Of the only constant: how far it is from the truth, in standard errors; and the model."""
    known, X, y, truth = CASES[case](np.random.default_rng([5, toy]), rows)
    settings = {"hidden": (16,), "epochs": 300, "learning_rate": 4e-3, "verbose": False, "seed": toy, **given}
    model = lf.Regressor(physics=[known], **settings).fit(X, y)
    (found,) = model.parameters_.values()
    return (found.value - truth) / found.error, model, X, y


@pytest.mark.parametrize("case", CASES)
def test_the_constant_is_found(case):
    """Three repeats, each within three errors: a false alarm once in 120."""
    pulls = [pull(case, toy, epochs=60)[0] for toy in range(3)]
    assert np.abs(pulls).max() < 3
    assert np.std(pulls) > 0.1


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_the_errors_cover(case):
    """Of 60 repeats, 53 to 83% within one error: a fair 68.3% leaves that range once in 50 trials."""
    pulls = np.abs([pull(case, toy)[0] for toy in range(60)])
    assert 0.53 <= np.mean(pulls < 1) <= 0.83
    assert np.mean(pulls < 2) >= 0.85


def test_where_the_network_could_do_all_the_constant_is_that_of_least_squares():
    """Of the events that were learned from; the network keeps no part along the baseline."""
    known, X, y, _ = complete(np.random.default_rng(1), 400)
    model = lf.Regressor(physics=[known], hidden=(16,), epochs=40, verbose=False).fit(X, y, validation=False)
    k = model.parameters_["k"]
    assert k.imitated > 0.99
    assert k.value == pytest.approx((X.x @ y) / (X.x @ X.x), abs=0.25 * k.error)
    added = model.predict(X) - k.value * X.x
    assert (X.x @ added) / (X.x @ X.x) == pytest.approx(0, abs=0.25 * k.error)


def test_the_network_learns_the_friction():
    _, model, X, y = pull("pendulum", 0, rows=1000, epochs=60)
    at_rest = X.assign(angle=0.0)
    friction = np.polyfit(X.speed, model.predict(at_rest), 1)[0]
    assert friction == pytest.approx(-0.5, abs=0.06)
    assert model.score(X, y) > 0.98


def test_members_agree_on_the_constant():
    single, model, *_ = pull("complete", 3, members=3, epochs=40)
    assert abs(single) < 3
    assert len(model.members_) == 3
    assert model.parameters_["k"].error < 0.1


def test_weights_of_both_signs():
    rng = np.random.default_rng(8)
    known, X, y, truth = complete(rng, 800)
    w = rng.choice([-0.3, 1.0], 800, p=[0.15, 0.85])
    model = lf.Regressor(physics=[known], hidden=(16,), epochs=60, verbose=False).fit(X, y, w)
    found = model.parameters_["k"]
    assert abs(found.value - truth) < 4 * found.error
    assert np.isfinite(found.error)


@pytest.mark.parametrize("case", ["pendulum", "multiplicative"])
def test_saved_and_loaded(case, tmp_path):
    _, model, X, _ = pull(case, 1, rows=200, epochs=5)
    model.save(tmp_path / "m.lawful")
    again = lf.load(tmp_path / "m.lawful")
    assert again.parameters_ == model.parameters_
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    known = model.physics[0].statement
    np.testing.assert_allclose(known.violation(again, X), known.violation(model, X))


@pytest.mark.parametrize("formula", ["k * log(x)", "k / (x - x)"])
def test_a_baseline_that_is_no_number_is_named(formula):
    _, X, y, _ = complete(np.random.default_rng(2), 100)
    known = Baseline(formula, parameters={"k": 1.0}).by("residual")
    with pytest.raises(lf.InputError, match=r"baseline k .* not a number in \d+ of 100 rows at the starting values"):
        lf.Regressor(physics=[known], verbose=False).fit(X, y)


@pytest.mark.parametrize(
    ("formula", "start", "lost", "kept"),
    [
        ("-g / length * sin(angle)", {"g": 9.0, "length": 1.0}, "g and length", []),
        ("k * angle + m * angle - c * sin(angle)", {"k": 1.0, "m": 7.0, "c": 3.0}, "k and m", ["c"]),
        ("0 * m - k * sin(angle)", {"m": 7.0, "k": 9.0}, "m has no effect", ["k"]),
    ],
)
@pytest.mark.parametrize("members", [1, 3])
def test_constants_that_no_data_tell_apart_have_no_error(formula, start, lost, kept, members, tmp_path):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"angle": rng.uniform(-2, 2, 300), "speed": rng.uniform(-3, 3, 300)})
    y = -14 * np.sin(X["angle"]) - 0.3 * X["speed"] + rng.normal(0, 0.1, 300)
    known = Baseline(formula, parameters=start).by("residual")
    model = lf.Regressor(physics=[known], hidden=(8,), epochs=30, members=members, verbose=False)
    with pytest.warns(UserWarning, match=lost):
        model.fit(X, y)
    finite = [name for name, constant in model.parameters_.items() if np.isfinite(constant.error)]
    assert finite == kept
    model.save(tmp_path / "m.lawful")
    assert lf.load(tmp_path / "m.lawful").parameters_ == model.parameters_
    report = lf.evidence.examine(model, (X, y), importance=False)
    lost_name = next(name for name in start if name not in kept)
    assert np.isinf(report[f"constant[{lost_name}]"].error)
    report.save(tmp_path / "report.html")


def test_a_parameter_is_no_column():
    X = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [1.0, 0.0, 1.0]})
    with pytest.raises(lf.InputError, match="'a' is both a column and a parameter"):
        lf.Regressor(physics=[Baseline("a * b", parameters={"a": 1.0}).by("residual")]).fit(X, X["b"])


@pytest.mark.parametrize("kind", ["additive", "multiplicative"])
def test_units_go_with_a_known_model_that_has_the_unit(kind, tmp_path):
    """The period of a pendulum, far beyond the lengths that were seen."""
    rng = np.random.default_rng(1)
    X = pd.DataFrame(
        {"length": rng.uniform(0.5, 2, 300), "g": rng.uniform(5, 15, 300), "swing": rng.uniform(0, 2, 300)}
    )
    y = 4 * np.sqrt(X["length"] / X["g"]) * ellipk(np.sin(X["swing"] / 2) ** 2)
    units = Units({"length": "m", "g": "m / s**2", "swing": ""}, to="s")
    known = Baseline("2 * pi * sqrt(length / g)").by("residual", kind=kind)
    model = lf.Regressor(physics=[units.by("architecture"), known], epochs=60, verbose=False).fit(X[:200], y[:200])
    far = X[200:].assign(length=100 * X["length"][200:])
    assert model.score(far, 10 * y[200:]) > 0.99
    assert units.violation(model, far).max() < 1e-4
    model.save(tmp_path / "m.lawful")
    np.testing.assert_array_equal(lf.load(tmp_path / "m.lawful").predict(far), model.predict(far))
    wrong = Baseline("2 * pi * sqrt(length / g) + k", parameters={"k": 0.1}).by("residual", kind=kind)
    with pytest.raises(lf.InputError, match="units to s is not kept"):
        lf.Regressor(physics=[units.by("architecture"), wrong], epochs=1, verbose=False).fit(X, y)
