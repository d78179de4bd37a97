"""What is known, given to an estimator: measured, and enforced by each mechanism."""

import numpy as np
import pandas as pd
import pytest
import torch

import lawful as lf
from lawful.physics import Baseline, Bounds, Monotonic, Symmetry, Units, groups
from lawful.simulators import simulate
from lawful.testing import assert_keeps

RNG = np.random.default_rng(0)
FAST = {"verbose": False, "hidden": (16,), "epochs": 15, "validation": None}


def moved(symmetry, X, seed=3):
    """X and the matrices that act on outputs, for one random element a row."""
    table = lf.physics.statement.as_inputs(X)[1]
    g = torch.from_numpy(symmetry.group.sample(len(X), seed))
    values = torch.from_numpy(np.array(X, dtype=np.float64))
    out = symmetry.layout(table).move(values, g, symmetry.group).numpy()
    return (pd.DataFrame(out, columns=X.columns) if hasattr(X, "columns") else out), g


def table(n, columns):
    return np.random.default_rng(7).normal(size=(n, columns))


MOTIONS = np.zeros((3, 3, 3))  # of the plane: a rotation and two shifts
MOTIONS[0, 0, 1], MOTIONS[0, 1, 0], MOTIONS[1, 0, 2], MOTIONS[2, 1, 2] = -1, 1, 1, 1
PERIOD = groups.Translation(1, period=2 * np.pi)
NAMED = pd.DataFrame(table(200, 4), columns=["pt1", "phi1", "pt2", "phi2"])
CASES = {
    "O(3) scalar": (Symmetry(groups.O(3), "2*vector + scalar"), table(200, 7)),
    "O(3) tensor": (Symmetry(groups.O(3), "2*vector", "tensor(2)"), table(200, 6)),
    "SO(3) vector": (Symmetry(groups.SO(3), "2*vector", "vector + scalar"), table(200, 6)),
    "O(3) pseudovector": (Symmetry(groups.O(3), "2*vector", "pseudovector"), table(200, 6)),
    "Lorentz scalar": (Symmetry(groups.Lorentz(), "3*vector"), table(200, 12)),
    "Lorentz vector": (Symmetry(groups.SO(1, 3), "2*vector", "vector"), table(200, 8)),
    "SU(2)": (Symmetry(groups.SU(2), "2*vector", "vector"), table(200, 8)),
    "Sp(4)": (Symmetry(groups.Sp(4), "2*vector"), table(200, 8)),
    "C(5) scalar": (Symmetry(groups.C(5), "vector"), table(200, 2)),
    "C(5) vector": (Symmetry(groups.C(5), "2*vector", "vector"), table(200, 4)),
    "S(4)": (Symmetry(groups.S(4), "2*vector", "vector"), table(200, 8)),
    "translations": (Symmetry(groups.Translation(2), "3*vector"), table(200, 6)),
    "translations, point": (Symmetry(groups.Translation(2), "3*vector + scalar", "vector"), table(200, 7)),
    "scalings": (Symmetry(groups.Scaling(3), "2*vector"), table(200, 6)),
    "scalings, vector": (Symmetry(groups.Scaling(3), "2*vector", "vector"), table(200, 6)),
    "azimuth": (Symmetry(PERIOD, {"vector": [["phi1"], ["phi2"]], "scalar": "others"}), NAMED),
    "own group": (Symmetry(groups.Group([[[0.0, 1], [2, 0]]]), "2*vector"), table(200, 4)),
    "motions": (
        Symmetry(
            groups.Group(
                [
                    [[0, -1, 0], [1, 0, 0], [0, 0, 0]],
                    [[0, 0, 1], [0, 0, 0], [0, 0, 0]],
                    [[0, 0, 0], [0, 0, 1], [0, 0, 0]],
                ],
                affine=True,
                name="motions of the plane",
            ),
            "3*vector",
            "vector",
        ),
        table(200, 6),
    ),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES)
def test_an_architecture_cannot_break_its_symmetry(case, dtype):
    symmetry, X = CASES[case]
    outputs = sum(kind.size(symmetry.group) for kind in symmetry.kinds)
    y = np.sin(np.asarray(X)[:, :1]) + np.random.default_rng(1).normal(size=(len(X), outputs))
    model = lf.Regressor(
        hidden=(16,), epochs=10, patience=10, verbose=False, dtype=dtype, physics=[symmetry.by("architecture")]
    ).fit(X, y[:, 0] if outputs == 1 else y)
    assert symmetry.violation(model, X).max() < (1e-5 if dtype == "float32" else 1e-11)
    other, g = moved(symmetry, X)
    before = torch.from_numpy(np.asarray(model.predict(X)).reshape(len(X), -1))
    after = np.asarray(model.predict(other)).reshape(len(X), -1)
    expected = symmetry.moved_output(before, g).numpy()
    assert np.abs(after - expected).max() < (1e-6 if dtype == "float32" else 1e-11) * np.abs(expected).max()
    assert model.predict(X).std() > 0


def test_boosts_to_a_lorentz_factor_of_ten():
    symmetry = Symmetry(groups.Lorentz(reach=np.arccosh(10)), "3*vector")
    X = table(300, 12)
    y = X[:, 0] ** 2
    for dtype, most in (("float32", 1e-4), ("float64", 1e-11)):
        model = lf.Regressor(
            hidden=(16,), epochs=10, verbose=False, dtype=dtype, physics=[symmetry.by("architecture")]
        )
        model.fit(X, y)
        assert np.sqrt(np.mean(symmetry.violation(model, X) ** 2)) < most


@pytest.mark.parametrize("case", ["O(3) scalar", "O(3) tensor", "C(5) vector", "scalings, vector", "azimuth"])
def test_a_saved_model_gives_the_same_and_knows_what_was_stated(case, tmp_path):
    symmetry, X = CASES[case]
    outputs = sum(kind.size(symmetry.group) for kind in symmetry.kinds)
    y = np.random.default_rng(1).normal(size=(len(X), outputs))
    physics = [symmetry.by("architecture"), symmetry]
    model = lf.Regressor(hidden=(8,), epochs=3, verbose=False, members=2, physics=physics).fit(X, y)
    model.save(tmp_path / "m.lawful")
    again = lf.load(tmp_path / "m.lawful")
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    np.testing.assert_array_equal(again.spread(X), model.spread(X))
    assert [item.name for item in again.physics] == [item.name for item in physics]
    np.testing.assert_array_equal(symmetry.violation(again, X), symmetry.violation(model, X))


def test_the_polynomial_start_finds_a_polynomial_law_exactly():
    symmetry = Symmetry(groups.O(3), "2*vector + scalar")
    X = table(150, 7)
    y = (X[:, :3] * X[:, 3:6]).sum(1) * X[:, 6] + 2
    model = lf.Regressor(verbose=False, physics=[symmetry.by("architecture")]).fit(X[:100], y[:100])
    np.testing.assert_allclose(model.predict(X), y, atol=1e-6)


def test_what_is_no_polynomial_is_learned_better_than_without():
    """A vector that depends on two others: the error falls by far more than ten."""
    X = table(1600, 6)
    a, b = X[:, :3], X[:, 3:]
    y = np.cross(a, b) * np.exp(-(a * a).sum(1, keepdims=True) / 3) + b / (1 + (b * b).sum(1, keepdims=True))
    symmetry = Symmetry(groups.SO(3), "2*vector", "vector")
    errors = []
    for physics in ([symmetry], [symmetry.by("architecture")]):
        model = lf.Regressor(verbose=False, physics=physics).fit(X[:500], y[:500])
        errors.append(np.mean((model.predict(X[500:]) - y[500:]) ** 2))
    assert errors[1] < errors[0] / 20


def test_a_classifier_takes_an_architecture_and_negative_weights():
    X = table(800, 6)
    label = ((X[:, :3] * X[:, 3:]).sum(1) > 0).astype(int)
    weight = np.where(np.random.default_rng(0).random(800) < 0.1, -0.5, 1.0)
    symmetry = Symmetry(groups.SO(3), "2*vector")
    for w in (None, weight):
        model = lf.Classifier(verbose=False, members=2, physics=[symmetry.by("architecture")])
        model.fit(X[:600], label[:600], None if w is None else w[:600])
        assert model.score(X[600:], label[600:]) > 0.93
        assert symmetry.violation(model, X).max() < 1e-12


@pytest.mark.parametrize("mechanism", ["augment", "loss"])
@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_augmentation_and_loss_lower_the_violation(kind, mechanism):
    X = table(400, 2)
    symmetry = Symmetry(groups.SO(2), "vector")
    r = np.hypot(*X.T)
    violations = []
    for physics in ([symmetry], [symmetry.by(mechanism)]):
        if kind == "classifier":
            model = lf.Classifier(verbose=False, physics=physics, epochs=60).fit(X, (r > 1.2).astype(int))
        else:
            model = lf.Regressor(verbose=False, physics=physics, epochs=60).fit(X, np.sin(2 * r))
        violations.append(symmetry.violation(model, X).mean())
    assert violations[1] < 0.8 * violations[0]


def test_a_vector_target_moves_along_when_augmented():
    X = table(500, 4)
    y = X[:, :2] + 0.5 * X[:, 2:] ** 3
    symmetry = Symmetry(groups.SO(2), "2*vector", "vector")
    plain, augmented = (
        lf.Regressor(verbose=False, physics=physics, epochs=80).fit(X, X[:, :2] * np.hypot(X[:, 2], X[:, 3])[:, None])
        for physics in ([symmetry], [symmetry.by("augment")])
    )
    assert symmetry.violation(augmented, X).mean() < 0.8 * symmetry.violation(plain, X).mean()
    assert y.shape == augmented.predict(X).shape


def test_the_lie_derivative_as_a_penalty():
    X = table(300, 2)
    symmetry = Symmetry(groups.SO(2), "vector")
    plain, held = (
        lf.Regressor(verbose=False, physics=physics, epochs=60, hidden=(16,)).fit(X, np.hypot(*X.T))
        for physics in ([symmetry], [symmetry.by("loss", lie=True)])
    )
    assert symmetry.violation(held, X).mean() < 0.8 * symmetry.violation(plain, X).mean()


@pytest.mark.parametrize(
    ("physics", "settings", "words"),
    [
        (["rotation"], {}, "no statement"),
        ("rotation", {}, "list of statements"),
        ([Symmetry(groups.SO(3), "3*vector")], {}, "takes 9 columns"),
        ([Symmetry(groups.SO(3), "2*vector", "vector")], {}, "output has 3 columns"),
        ([Symmetry(groups.SO(3), "2*vector").by("architecture")], {"net": "linear"}, "replaces the network"),
        ([Symmetry(groups.SO(3), "2*vector").by("architecture")] * 2, {}, "both make use of x0"),
        ([Symmetry(groups.Scaling(2), "3*vector", "tensor(0, 1)").by("architecture")], {}, "output|transforms"),
        ([Symmetry(groups.SO(3), {"vector": [["a", "b", "c"]]})], {}, "no column names"),
    ],
)
def test_what_does_not_fit_is_named(physics, settings, words):
    X = table(50, 6)
    with pytest.raises(lf.InputError, match=words):
        lf.Regressor(verbose=False, physics=physics, **settings).fit(X, X[:, 0])


def test_a_function_in_a_statement_is_warned_of_and_handed_in_again(tmp_path):
    def energy(state):
        return (state**2).sum(1)

    X = table(100, 4)
    model = lf.Regressor(hidden=(8,), epochs=2, verbose=False, physics=[lf.physics.Conserved(energy).by("loss")])
    model.fit(X, X)
    with pytest.warns(UserWarning, match="'energy'"):
        model.save(tmp_path / "m.lawful")
    with pytest.raises(lf.InputError, match="functions="):
        lf.load(tmp_path / "m.lawful")
    again = lf.load(tmp_path / "m.lawful", functions={"energy": energy})
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert again.physics[0].statement.violation(again, X).mean() > 0


def test_a_penalty_that_is_no_number_is_named():
    X = table(100, 4)
    broken = lf.physics.Conserved(lambda state: state[:, 0] * np.nan).by("loss")
    with pytest.raises(lf.InputError, match="conserved quantity, by loss: not a number"):
        lf.Regressor(hidden=(8,), epochs=2, verbose=False, physics=[broken]).fit(X, X)


def test_members_around_two_constants_start_from_the_same_on_purpose(recwarn):
    X = np.random.default_rng(0).normal(size=(60, 1))
    known = Baseline("a + b * x", columns=["x"], parameters={"a": 1.0, "b": 2.0}).by("residual")
    lf.Regressor(physics=[known], members=2, epochs=1, hidden=(4,), verbose=False).fit(X, X[:, 0] ** 2)
    assert not [w for w in recwarn if "start from the same values" in str(w.message)]


@pytest.mark.parametrize(
    ("statement", "y", "words"),
    [
        (Bounds(100.0, 200.0).by("architecture"), 1, "60 of 60 targets lie beyond; they go from"),
        (Monotonic("y", along="a", between=(20, 30)).by("loss"), 1, "no event lies between 20 and 30"),
        (Symmetry(groups.SO(3), "vector").by("architecture"), 3, "the 3 targets are taken as scalars.*to='vector'"),
    ],
    ids=str,
)
def test_statements_that_look_meant_otherwise_are_doubted(statement, y, words):
    X = pd.DataFrame(np.random.default_rng(0).uniform(size=(60, 3)), columns=["a", "b", "c"])
    targets = X.to_numpy()[:, 0] if y == 1 else X.to_numpy()
    with pytest.warns(UserWarning, match=words):
        lf.Regressor(physics=[statement], hidden=(8,), epochs=1, verbose=False).fit(X, targets)


def test_no_doubt_where_it_is_said():
    X = np.random.default_rng(0).uniform(size=(60, 3))
    meant = Symmetry(groups.SO(3), "vector", "3*scalar").by("architecture")
    within = [Bounds(0.1, 2.0).by("loss"), Monotonic(0, along=0, between=(0.2, 9)).by("loss")]
    for physics, y in (([meant], X), (within, X[:, 0])):
        lf.Regressor(physics=physics, hidden=(8,), epochs=1, verbose=False).fit(X, y)


def test_units_are_those_of_the_data():
    drops = simulate("drag", 60)
    of = {name: unit for name, unit in drops.units.items() if name in drops.features}
    for units, words in [
        (Units(to="Pa"), "the target is stated to be in Pa, but the data have it in N"),
        (Units({**of, "viscosity": "m"}, to="N"), "'viscosity' is stated to be in m, but the data have it in Pa"),
        (Units({**of, "diameter": "cm"}, to="N"), "'diameter' is stated to be in cm, but the data have it in m"),
        (Units(to=["N", "N", "mN"]), "the target is stated to be in mN"),
    ]:
        with pytest.raises(lf.InputError, match=words):
            lf.Regressor(physics=[units.by("architecture")], epochs=1, verbose=False).fit(drops)
    same = Units({**of, "density": "g / L"}, to="kg * m / s**2")  # the same size, in other words
    lf.Regressor(physics=[same.by("architecture")], hidden=(8,), epochs=1, verbose=False).fit(drops)


@pytest.mark.parametrize(
    "column", [["u", "v"] * 10, pd.Categorical(["u", "v"] * 10), pd.date_range("2020-01-01", periods=20)], ids=str
)
def test_columns_that_hold_no_numbers_are_named(column):
    X = pd.DataFrame({"a": np.arange(20.0), "kind": column})
    with pytest.raises(lf.InputError, match="The column 'kind' holds no numbers: it is of type"):
        lf.Regressor(epochs=1, verbose=False).fit(X, np.arange(20.0))


def test_what_is_enforced_can_be_measured_and_a_class_is_no_statement():
    X = np.random.default_rng(0).normal(size=(20, 2))
    enforced = Bounds(lower=0.0).by("loss")
    np.testing.assert_array_equal(enforced.violation(abs, X), Bounds(lower=0.0).violation(abs, X))
    assert enforced.by("architecture").mechanism == "architecture"
    assert_keeps(abs, enforced, X)
    for wrong in (Bounds, [Bounds]):
        with pytest.raises(lf.InputError, match=r"Bounds is a class; expected a statement, Bounds\(...\)"):
            lf.Regressor(physics=wrong).fit(X, X[:, 0])
    with pytest.raises(lf.InputError, match="one number for 20 rows"):
        Bounds(lower=0.0).violation(lambda x: 1.0, X)
    with pytest.raises(lf.InputError, match="expected another group"):
        groups.S(3) * 3
