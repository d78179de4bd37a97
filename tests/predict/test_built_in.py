"""Several statements built into one estimator: all are kept to rounding, or it is said why they cannot be."""

from functools import reduce
from itertools import combinations
from operator import mul

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lawful as lf
from lawful.physics import Baseline, Bounds, Conserved, Integral, Monotonic, Product, Sum, Symmetry, Units, groups

NAMES = ["px", "py", "pz", "m", "q", "phi1", "phi2", "t"]


def table(rows=160, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 8))
    X[:, 3] = np.abs(X[:, 3]) + 0.5
    X[:, 5:7] = rng.uniform(-np.pi, np.pi, (rows, 2))
    return pd.DataFrame(X, columns=NAMES)


def target(X):
    """Keeps everything that is stated below."""
    p = np.sqrt(X.px**2 + X.py**2 + X.pz**2)
    return np.asarray(X.m * (np.tanh(X["t"]) + 2) + p * (1 + np.cos(X.phi1 - X.phi2) / 2) + X.m * np.abs(X.q))


ROTATION = Symmetry(groups.O(3), {"vector": [["px", "py", "pz"]], "scalar": "others"})
MIRROR = Symmetry(groups.Group(discrete=[[[-1.0]]], name="mirror"), {"vector": [["q"]], "scalar": "others"})
SQUARE = Symmetry(groups.C(4), {"vector": [["px", "py"]], "scalar": "others"})
SHIFT = Symmetry(groups.Translation(1, period=2 * np.pi), {"vector": [["phi1"], ["phi2"]], "scalar": "others"})
UNITS = Units({"px": "GeV", "py": "GeV", "pz": "GeV", "m": "GeV", "q": "", "phi1": "", "phi2": "", "t": ""}, to="GeV")
PURE = Units({**UNITS.units, "m": "GeV"}, to="")
RISING = Monotonic("y", along="t")
SUM = Sum({"one": ["px", "py", "pz", "m", "q"], "other": ["m", "phi1", "phi2", "t"]})
BOUNDS = Bounds(lower=0.0)
NORM = Integral("y", over=("t", -2.0, 2.0), equals=8.0, points=12)
KEPT = {
    "rotation": ROTATION, "mirror": MIRROR, "shift": SHIFT, "units": UNITS, "rising": RISING, "sum": SUM,
    "bounds": BOUNDS, "integral": NORM,
}  # fmt: skip
APART = [{"units", "bounds"}, {"units", "integral"}, {"sum", "bounds"}, {"sum", "integral"}]
PAIRS = [set(pair) for pair in combinations(KEPT, 2)]
TOGETHER = [pair | ({"bounds"} if "integral" in pair else set()) for pair in PAIRS if pair not in APART]
TRIPLES = [
    {"rotation", "mirror", "units"}, {"rotation", "shift", "rising"}, {"mirror", "sum", "rising"},
    {"rotation", "units", "rising"}, {"shift", "units", "rising"}, {"mirror", "bounds", "rising"},
    {"rotation", "shift", "sum"}, {"rotation", "shift", "mirror", "rising", "bounds"},
    {"rotation", "shift", "mirror", "units", "rising"},
]  # fmt: skip


def fit(statements, X, y, w=None, kind=lf.Regressor, **given):
    physics = [s if hasattr(s, "mechanism") else s.by("architecture") for s in statements]
    return kind(physics=physics, **{"hidden": (8,), "epochs": 8, "verbose": False, **given}).fit(X, y, w)


def kept(model, X, most=2e-6):
    """The statements that a model breaks."""
    if hasattr(X, "columns") and "px" in X:
        X = X.assign(m=X["m"] * 3)  # beyond what it has seen
    sizes = {i.name: i.statement.violation(model, X).max() for i in model.physics if i.mechanism == "architecture"}
    return {name: size for name, size in sizes.items() if not size < most}


@pytest.mark.parametrize("names", [*TOGETHER, *TRIPLES], ids=lambda names: " ".join(sorted(names)))
def test_all_are_kept_after_training(names):
    X = table()
    model = fit([KEPT[name] for name in KEPT if name in names], X, target(X))
    assert kept(model, table(80, 9)) == {}
    assert model.predict(X).std() > 0.05


@pytest.mark.parametrize("names", APART, ids=lambda names: " ".join(sorted(names)))
def test_some_cannot_be_built_in_together(names):
    with pytest.raises(lf.InputError, match="cannot both be built in"):
        fit([KEPT[name] for name in KEPT if name in names], table(), target(table()))


@pytest.mark.parametrize("names", [{"rotation", "mirror", "units"}, {"shift", "mirror"}, {"rotation", "units"}])
@pytest.mark.parametrize("members", [1, 3])
def test_with_weights_of_both_signs(names, members):
    X = table()
    w = np.random.default_rng(3).choice([-0.4, 1.0], len(X))
    model = fit([KEPT[name] for name in names], X, target(X), w, members=members)
    assert kept(model, table(80, 9)) == {}


@pytest.mark.parametrize("names", TRIPLES[:7], ids=lambda names: " ".join(sorted(names)))
def test_members_weights_and_a_file(names, tmp_path):
    X, w = table(), np.random.default_rng(4).uniform(0, 2, 160)
    model = fit([KEPT[name] for name in KEPT if name in names], X, target(X), w, members=3, epochs=4)
    assert kept(model, table(80, 9)) == {}
    model.save(tmp_path / "m.lawful")
    again = lf.load(tmp_path / "m.lawful")
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    np.testing.assert_array_equal(again.spread(X), model.spread(X))
    assert kept(again, table(80, 9)) == {}


def test_doubles_are_kept_to_their_rounding():
    X = table()
    model = fit([ROTATION, SHIFT, MIRROR, UNITS, RISING], X, target(X), dtype="float64")
    assert kept(model, table(80, 9), 1e-12) == {}


def test_the_same_from_a_frame_from_numbers_and_from_events():
    X, y = table(), target(table())
    numbers = [
        Symmetry(groups.O(3), {"vector": [[0, 1, 2]], "scalar": "others"}),
        Symmetry(MIRROR.group, {"vector": [[4]], "scalar": "others"}),
        Units(UNITS.units, to="GeV"),
        Monotonic(0, along=7),
    ]
    by_name = fit([ROTATION, MIRROR, UNITS, Monotonic(0, along="t")], X, y).predict(X)
    by_place = fit(numbers, X.to_numpy(), y).predict(X.to_numpy())
    np.testing.assert_array_equal(by_place, by_name)
    events = lf.Events(X.assign(y=y), target="y", units=UNITS.units)
    of_events = fit([ROTATION, MIRROR, Units(to="GeV"), Monotonic(0, along="t")], events, None)
    np.testing.assert_allclose(of_events.predict(X), by_name, rtol=1e-9)


VECTOR = Symmetry(groups.O(3), ROTATION.on, "vector")
BOTH = Sum({"one": ["px", "py", "pz", "m"], "other": ["px", "py", "pz", "t", "q", "phi1", "phi2"]})


@pytest.mark.parametrize(
    "statements",
    [[VECTOR, UNITS], [VECTOR, BOTH], [VECTOR, MIRROR], [VECTOR, SHIFT, MIRROR, UNITS], [VECTOR, SHIFT, BOTH]],
    ids=str,
)
@pytest.mark.parametrize("signed", [False, True])
def test_a_vector_in_space(statements, signed):
    if signed and BOTH in statements:
        pytest.skip("a sum does not take weights of both signs")
    X = table()
    y = X[["px", "py", "pz"]].to_numpy() * (1 + np.exp(-(X.m.to_numpy()[:, None] ** 2)))
    w = np.random.default_rng(3).choice([-0.4, 1.0], len(X)) if signed else None
    model = fit(statements, X, y, w, epochs=15)
    assert kept(model, table(80, 9)) == {}
    assert model.score(X, y) > (0.3 if signed else 0.8)
    if BOTH in statements:
        found = model.parts(X)
        np.testing.assert_allclose(sum(found.values()), model.predict(X), atol=1e-6)
        np.testing.assert_allclose(found["constant"], 0, atol=1e-12)


def test_what_turns_conserves_whatever_its_components_deviate_by():
    rng = np.random.default_rng(5)
    X = pd.DataFrame(rng.normal(size=(160, 2)) * [3, 0.3], columns=["a", "b"])
    statements = [Symmetry(groups.SO(2), "vector", "vector"), Conserved("a**2 + b**2")]
    model = fit(statements, X, X.to_numpy() @ np.array([[0.6, 0.8], [-0.8, 0.6]]), epochs=4)
    assert kept(model, X, 1e-6) == {}


def test_several_targets_with_a_unit_each():
    X = table()
    y = np.stack([target(X), X.m * X.q**2], 1)
    units = Units(UNITS.units, to=["GeV", "GeV"])
    model = fit([ROTATION, MIRROR, SHIFT, units, Monotonic(0, along="t")], X, y)
    assert kept(model, table(80, 9)) == {}
    assert model.predict(X).shape == (160, 2)


@pytest.mark.parametrize("signed", [False, True])
def test_a_classifier(signed):
    X = table(400)
    label = (target(X) > 4.5).astype(int)
    w = np.random.default_rng(3).choice([-0.3, 1.0], 400) if signed else None
    rising = [] if signed else [Monotonic(1, along="t")]
    model = fit([ROTATION, MIRROR, SHIFT, PURE, *rising], X, label, w, kind=lf.Classifier, epochs=20)
    assert kept(model, table(80, 9)) == {}
    assert model.predict_proba(X)[:, 1].std() > 0.01


@pytest.mark.parametrize("kind", ["additive", "multiplicative"])
def test_a_baseline_beside_what_is_built_in(kind, tmp_path):
    X = table()
    known = Baseline("k * m", parameters={"k": 1.0}).by("residual", kind=kind)
    model = fit([ROTATION, SHIFT, MIRROR, known], X, target(X))
    assert kept(model, table(80, 9)) == {}
    model.save(tmp_path / "m.lawful")
    assert lf.load(tmp_path / "m.lawful").parameters_ == model.parameters_
    np.testing.assert_array_equal(lf.load(tmp_path / "m.lawful").predict(X), model.predict(X))


def test_a_baseline_that_breaks_what_is_built_in_is_refused():
    X = table()
    with pytest.raises(lf.InputError, match=r"symmetry O\(3\) to scalar is not kept .* baseline k\*px"):
        fit([ROTATION, Baseline("k*px", parameters={"k": 1.0}).by("residual")], X, target(X))


PRODUCT = Product({"one": ["px", "py", "pz", "m", "q"], "other": ["phi1", "phi2", "t"]})
BOTH_SIGNS = groups.Group(discrete=[-np.eye(2)], name="both")
CONTRARY = {
    "a product that rises": ([PRODUCT, RISING], "a factor may be negative"),
    "a product in units": ([PRODUCT, UNITS], "units of the factors"),
    "a product of vectors": ([PRODUCT, VECTOR], "factors that turn"),
    "a product and a baseline": ([PRODUCT, Baseline("m").by("residual")], "no product"),
    "a sum times a baseline": ([SUM, Baseline("m").by("residual", kind="multiplicative")], "no sum"),
    "parts that mix": (
        [SUM, Symmetry(groups.S(2), {"vector": [["q", "t"]], "scalar": "others"})],
        "bring other columns into the part 'one'",
    ),
    "factors that move at once": (
        [PRODUCT, Symmetry(BOTH_SIGNS, {"vector": [["q", "t"]], "scalar": "others"})],
        "several factors at once",
    ),
    "a vector within bounds": ([VECTOR, BOUNDS], "have no bounds of their own"),
    "a vector that rises": ([VECTOR, Monotonic(0, along="t")], "not monotonic by itself"),
    "what is moved rises": (
        [Symmetry(groups.S(2), {"vector": [["q", "t"]], "scalar": "others"}), RISING],
        "elements of the group move t",
    ),
    "two bounds of an integral": ([Bounds(0.0, 9.0), NORM], "beyond a bound"),
    "an integral over another column": ([RISING, Integral("y", over=("q", -1, 1), equals=2.0)], "along the column"),
    "two integrals": ([NORM, Integral("y", over=("q", -1, 1), equals=2.0)], "makes the other wrong"),
    "two units": ([UNITS, Units(UNITS.units, to="GeV", reach=3.0)], "cannot both be built in"),
    "two groups that do not fit": (
        [SQUARE, Symmetry(groups.S(2), {"vector": [["py", "pz"]], "scalar": "others"})],
        "is not kept when it is built in together",
    ),
    "a vector in two parts": (
        [ROTATION, Sum({"one": ["px", "m", "q", "t"], "other": ["py", "pz", "phi1", "phi2"]})],
        "turn together",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CONTRARY)
def test_what_cannot_go_together_is_refused_in_words(case):
    statements, words = CONTRARY[case]
    y = target(table())
    y = np.stack([y] * 3, 1) if VECTOR in statements else y
    with pytest.raises(lf.InputError, match=words):
        fit(statements, table(), y)


def test_kinetic_and_potential_energy_come_out_of_their_sum():
    """E = p^2 / 2 + x^4 / 4 with neither being told apart: each part is right up to a constant."""
    rng = np.random.default_rng(6)
    X = pd.DataFrame(rng.uniform(-1.5, 1.5, (600, 2)), columns=["p", "x"])
    kinetic, potential = X.p**2 / 2, X.x**4 / 4
    parts = Sum({"kinetic": ["p"], "potential": ["x"]})
    model = fit([parts], X, kinetic + potential, hidden=(32,), epochs=500, members=2, learning_rate=0.01)
    found = model.parts(X)
    for name, truth in (("kinetic", kinetic), ("potential", potential)):
        assert np.std(found[name] - truth) < 0.15 * np.std(truth)
        assert abs(found[name].mean()) < 0.01
    np.testing.assert_allclose(sum(found.values()), model.predict(X), atol=1e-6)


def test_factors_come_out_of_their_product():
    rng = np.random.default_rng(7)
    X = pd.DataFrame(rng.uniform(0.5, 2, (600, 2)), columns=["E", "F"])
    one, other = np.exp(-X.E), X.F**2
    parts = Product({"cross section": ["E"], "flux": ["F"]})
    model = fit([parts], X, 7 * one * other, hidden=(32,), epochs=500, members=2, learning_rate=0.01)
    found = model.parts(X)
    for name, truth in (("cross section", one), ("flux", other)):
        ratio = found[name] / (truth / np.sqrt(np.mean(truth**2)))
        assert np.std(ratio) < 0.04
        assert ratio.mean() == pytest.approx(1, abs=0.03)
    np.testing.assert_allclose(reduce(mul, found.values()), model.predict(X), rtol=1e-6)
    assert parts.violation(model, X).max() < 2e-6


def test_parts_rebuild_the_prediction_with_a_mean_around_them():
    X = table()
    for statement in (SUM, PRODUCT):
        model = fit([statement, MIRROR], X, target(X), members=2, epochs=2)
        found = model.parts(X)
        rebuilt = sum(found.values()) if statement is SUM else reduce(mul, found.values())
        np.testing.assert_allclose(rebuilt, model.predict(X), rtol=1e-5, atol=1e-5)
        mirrored = model.parts(X.assign(q=-X.q))
        np.testing.assert_allclose(mirrored["one"], found["one"], rtol=1e-6, atol=1e-6)


QUICK = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(st.integers(0, 10**6), st.sampled_from([2, 3, 4, 6]), st.booleans())
def test_any_finite_group_of_the_plane(seed, order, mirrored):
    """Conjugates of cyclic and dihedral groups, with units and a column along which the answer rises."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    exact = (groups.D(order) if mirrored else groups.C(order)).elements()
    group = groups.Group(discrete=turn @ exact @ turn.T, name="turned")
    symmetry = Symmetry(group, {"vector": [["px", "py"]], "scalar": "others"})
    model = fit([symmetry, UNITS, RISING], table(), target(table()), seed=seed, epochs=2)
    assert kept(model, table(60, seed), 1e-6) == {}


@QUICK
@given(st.integers(0, 10**6), st.booleans())
def test_rotations_about_any_axis(seed, vector):
    rng = np.random.default_rng(seed)
    axis = rng.normal(size=3)
    x, y, z = axis / np.linalg.norm(axis)
    group = groups.Group([[[0, -z, y], [z, 0, -x], [-y, x, 0]]], name="about an axis")
    symmetry = Symmetry(group, ROTATION.on, "vector" if vector else "scalar")
    X = table(120)
    aim = X[["px", "py", "pz"]].to_numpy() if vector else target(X)
    model = fit([symmetry, MIRROR, UNITS], X, aim, seed=seed, epochs=2)
    assert kept(model, table(60, seed)) == {}


ALL_MOVE = pd.DataFrame(np.random.default_rng(8).normal(size=(160, 7)), columns=["q", *"abcdef"])
OF_ALL = {"q": "C", **dict.fromkeys("abc", "V / cm"), **dict.fromkeys("def", "km / s")}
TURNS = {"vector": [list("abc"), list("def")], "scalar": "others"}


@pytest.mark.parametrize(
    ("symmetry", "to"),
    [
        (Symmetry(groups.O(3), TURNS), "mJ / s"),
        (Symmetry(groups.O(3), TURNS, "vector"), "N"),
        (Symmetry(groups.S(2) * groups.SO(3), {"vector": [list("abcdef")], "scalar": "others"}), "V / cm"),
        (Symmetry(groups.Translation(3), TURNS), "V / m"),
    ],
    ids=str,
)
def test_units_where_a_symmetry_moves_all_that_could_give_a_scale(symmetry, to, tmp_path):
    """A power, a force, a field of two charges, a difference of fields: sizes of vectors are the units."""
    alike = dict.fromkeys("def", "V / cm") if symmetry.group.name != "O(3)" else {}
    units = Units({**OF_ALL, **alike}, to=to)
    E, v = (ALL_MOVE[list(names)].to_numpy() for names in ("abc", "def"))
    power = np.tanh((E * v).sum(1)) + np.linalg.norm(E, axis=1)
    y = ALL_MOVE.q.to_numpy()[:, None] * E * np.abs(v[:, :1]) if not symmetry.invariant else power
    model = fit([symmetry, units], ALL_MOVE, y, epochs=20)
    assert kept(model, 3 * ALL_MOVE, 2e-6) == {}
    model.save(tmp_path / "m.lawful")
    np.testing.assert_array_equal(lf.load(tmp_path / "m.lawful").predict(ALL_MOVE), model.predict(ALL_MOVE))


def test_a_force_with_unit_and_rotations_is_that_of_any_strength_of_field():
    rng = np.random.default_rng(2)
    names = [f"{kind}{axis}" for kind in "EvB" for axis in "xyz"]
    X = pd.DataFrame(rng.normal(size=(400, 9)), columns=names).assign(q=rng.uniform(0.5, 2, 400))
    E, v, B = (X[[f"{kind}{axis}" for axis in "xyz"]].to_numpy() for kind in "EvB")
    y = X[["q"]].to_numpy() * (E + np.cross(v, B))
    rotation = Symmetry(
        groups.O(3), {"vector": [names[:3], names[3:6]], "pseudovector": [names[6:]], "scalar": "others"}, "vector"
    )
    of = {"E": "V / m", "v": "m / s", "B": "T"}
    units = Units({"q": "C", **{name: of[name[0]] for name in names}}, to="N")
    model = fit([rotation, units], X[:300], y[:300], hidden=(64, 64), epochs=300)
    strong = X[300:].assign(**{name: X[name][300:] * 50 for name in names[:3] + names[6:]})
    assert model.score(X[300:], y[300:]) > 0.9
    assert model.score(strong, 50 * y[300:]) == pytest.approx(model.score(X[300:], y[300:]), abs=1e-6)


def test_no_size_stays_where_the_metric_is_not_definite():
    p = pd.DataFrame(np.random.default_rng(1).normal(size=(50, 4)), columns=["E", "x", "y", "z"])
    boosts = Symmetry(groups.Lorentz(), {"vector": [["E", "x", "y", "z"]]})
    with pytest.raises(lf.InputError, match="can give the others their scale"):
        fit([boosts, Units(dict.fromkeys("Exyz", "GeV"), to="GeV")], p, np.ones(50))
