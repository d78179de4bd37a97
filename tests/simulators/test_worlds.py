"""Each world against what is known of it."""

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

import lawful as lf
from lawful.errors import InputError
from lawful.physics.dimensions import read_unit
from lawful.simulators import WORLDS, simulate
from lawful.simulators.drag import forces
from lawful.simulators.projectile import height
from lawful.simulators.simulating import check_file
from lawful.simulators.spring import energy, state_after
from lawful.simulators.well import wave_function

# what the jets make is tested beside them, on fewer events
_QUICK = [name for name in WORLDS if name != "boosted-jets"]


# ---- every world -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", _QUICK)
def test_a_world_makes_what_it_says(name, tmp_path):
    world = WORLDS[name]
    events = simulate(name, 50, seed=1)
    assert len(events) == 50
    assert set(events.columns) <= set(world.columns)
    targets = [column for column in events.columns if world.columns[column].text.startswith("target")]
    assert targets == list([events.target] if isinstance(events.target, str) else events.target)
    assert all(events.units.get(column, "") == world.columns[column].unit for column in events.columns)
    events.write(tmp_path / "events.parquet")
    again = lf.read(tmp_path / "events.parquet")
    assert again.checksum() == events.checksum()


@pytest.mark.parametrize("name", _QUICK)
def test_the_seed_alone_decides(name):
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - that nobody draws from it is the point
    first, same, other = (simulate(name, 20, seed=seed) for seed in (3, 3, 4))
    assert first.checksum() == same.checksum() != other.checksum()
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


@pytest.mark.parametrize("name", [name for name in WORLDS if name != "lake"])
def test_units_are_units(name):
    for column in WORLDS[name].columns.values():
        read_unit(column.unit, "a column")


@pytest.mark.parametrize("name", _QUICK)
def test_a_pair_makes_a_feature_within_it(name):
    for setting, what in WORLDS[name].settings.items():
        if not what.pair or setting == "reynolds":
            continue
        low, high = (2, 4) if what.whole else (0.2, 0.4)
        events = simulate(name, 300, **{setting: [low, high]})
        values = events[setting]
        assert setting in events.features
        assert low <= values.min() < low + 0.1 * (high - low) + 1e-9
        assert high >= values.max() > high - 0.1 * (high - low) - 1e-9
        assert not what.whole or set(values) == {2.0, 3.0, 4.0}


@pytest.mark.parametrize(
    ("arguments", "settings", "words"),
    [
        (("lak", 5), {}, "no world 'lak': did you mean 'lake'"),
        (("lake", 5), {"nois": 1.0}, "lake has no setting 'nois': did you mean 'noise'"),
        (("lake", 5), {"noise": -1.0}, "lake: noise=-1.0: expected a number of at least 0"),
        (("lake", 5), {"lake": 1.5}, "lake: lake=1.5: expected a whole number of at least 0"),
        (("spring", 5), {"mass": 0}, "spring: mass=0: expected a number above 0"),
        (("spring", 5), {"mass": [1.0, 2.0]}, "spring: mass"),
        (("spring", 5), {"mass": True}, "spring: mass=True"),
        (("spring", 5), {"mass": float("nan")}, "spring: mass=nan"),
        (("infinite-well", 5), {"width": [2.0, 1.0]}, "expected .a, b. with a below b"),
        (("drag", 5), {"solid_fraction": 0.7}, "at least 0 and at most 0.6"),
        (("drag", 0), {}, "n=0: expected a whole number of at least 1"),
        (("drag", 2.5), {}, "n=2.5"),
        (("drag", 2, -1), {}, "seed=-1: expected a whole number of at least 0"),
    ],
)
def test_what_is_wrong_is_said(arguments, settings, words):
    with pytest.raises(InputError, match=words):
        simulate(*arguments, **settings)


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("no/such.doc", {}, "'.doc'"),
        ("jets.csv", {"constituents": True}, "cannot hold the cloud 'constituents'.* constituents=false"),
        ("jets.csv.gz", {"constituents": True}, "cannot hold the cloud"),
        ("file/jets.parquet", {}, "no file can be written there: .*file is no folder"),
        ("folder.parquet", {}, "it is a folder"),
    ],
)
def test_a_file_that_cannot_be_is_said_before_anything_is_drawn(tmp_path, name, settings, words):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.parquet").mkdir()
    with pytest.raises(InputError, match=words):
        check_file("boosted-jets", settings, tmp_path / name)
    check_file("boosted-jets", {"constituents": False}, tmp_path / "new" / "jets.csv")
    check_file("lake", {}, tmp_path / "lake.csv")


# ---- the well --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("width", "level"), [(2.0, 1), (0.7, 3)])
def test_states_are_normalised_and_solve_schroedinger(width, level):
    total, _ = quad(lambda x: float(wave_function(np.array(x), width, level)) ** 2, 0, width)
    assert total == pytest.approx(1.0, abs=1e-10)
    x, h = np.linspace(0.1, 0.6, 5), 1e-4
    second = sum(f * wave_function(x + s * h, width, level) for f, s in ((1, -1), (-2, 0), (1, 1))) / h**2
    np.testing.assert_allclose(second, -((level * np.pi / width) ** 2) * wave_function(x, width, level), rtol=1e-5)


def test_noise_of_the_well_is_as_large_as_said():
    events = simulate("infinite-well", 20_000, noise=0.3)
    left = events.y - wave_function(events["x"], 2.0, 1)
    assert left.std() == pytest.approx(0.3, rel=0.025)  # five standard deviations
    assert abs(left.mean()) < 5 * 0.3 / np.sqrt(20_000)
    assert 0 < events["x"].min() < events["x"].max() < 2


# ---- the projectile --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("speed", "drag"), [(20.0, 0.02), (5.0, 1.0), (0.0, 0.1), (300.0, 0.5)])
def test_flight_with_drag_is_that_of_the_equation_of_motion(speed, drag):
    t = np.linspace(0.0, 5.0, 40)
    solved = solve_ivp(
        lambda _, s: [s[1], -9.81 - drag * s[1] * abs(s[1])], (0, 5), [0.0, speed], t_eval=t, rtol=1e-11, atol=1e-11
    )
    np.testing.assert_allclose(height(t, speed, 9.81, drag), solved.y[0], rtol=1e-6, atol=1e-6)


def test_flight_without_drag_is_a_parabola_and_the_limit():
    events = simulate("projectile", 100, speed=[5.0, 30.0], noise=0.0)
    t, v = events["time"], events["speed"]
    np.testing.assert_allclose(events.y, v * t - 9.81 * t**2 / 2, atol=1e-12)
    np.testing.assert_allclose(height(t, v, drag=1e-8), events.y, atol=1e-4)


# ---- the spring ------------------------------------------------------------------------------------------------
def test_a_spring_keeps_its_energy_and_its_equation():
    rng = np.random.default_rng(0)
    x, v = rng.normal(size=(2, 100))
    later, speed = state_after(x, v, 0.37, mass=2.0, stiffness=5.0)
    np.testing.assert_allclose(energy(later, speed, 2.0, 5.0), energy(x, v, 2.0, 5.0), rtol=1e-12)
    x1, v1 = state_after(x, v, 1e-6, mass=2.0, stiffness=5.0)
    np.testing.assert_allclose((x1 - x) / 1e-6, v, atol=1e-5)
    np.testing.assert_allclose((v1 - v) / 1e-6, -2.5 * x, atol=1e-5)
    once = state_after(*state_after(x, v, 0.2), 0.3)
    np.testing.assert_allclose(once, state_after(x, v, 0.5), atol=1e-12)


def test_events_of_springs():
    events = simulate("spring", 500, mass=2.0, stiffness=5.0, dt=0.3, noise=0.0)
    assert events.y.shape == (500, 2)
    np.testing.assert_allclose(
        events.y, np.transpose(state_after(events["position"], events["speed"], 0.3, 2.0, 5.0)), atol=1e-12
    )
    told = simulate("spring-energy", 500, mass=2.0, stiffness=5.0, noise=0.0)
    np.testing.assert_allclose(told.y, told["speed"] ** 2 + 2.5 * told["position"] ** 2, atol=1e-12)
    assert told["position"].max() == pytest.approx(1.0, abs=0.03)


# ---- drag ------------------------------------------------------------------------------------------------------
def forces_of(**changes):
    given = {"velocity": [[0.0, 0.01, 0.0]], "density": [1000.0], "viscosity": [1e-3], "diameter": [1e-3]}
    given |= {"solid_fraction": [0.0]} | changes
    return [part[0] for part in forces(**{name: np.array(value, dtype=float) for name, value in given.items()})]


def test_slow_flow_is_stokes_flow():
    v = 1e-9
    pressure, shear = forces_of(velocity=[[v, 0, 0]])
    stokes = 3 * np.pi * 1e-3 * 1e-3 * v
    np.testing.assert_allclose(pressure, [stokes / 3, 0, 0], rtol=1e-4)
    np.testing.assert_allclose(shear, [2 * stokes / 3, 0, 0], rtol=0.02)


@pytest.mark.parametrize(
    ("Re", "coefficient"), [(0.1, 245.0), (1.0, 27.2), (10.0, 4.26), (100.0, 1.09), (1000.0, 0.47)]
)
def test_a_single_sphere_has_the_standard_drag_curve(Re, coefficient):
    """Values of R. Clift, J. R. Grace, M. E. Weber, 'Bubbles, Drops, and Particles' (1978), which Abraham's meet."""
    v = Re * 1e-3
    total = sum(forces_of(velocity=[[v, 0, 0]]))[0]
    assert total / (np.pi / 8 * 1000 * v**2 * 1e-6) == pytest.approx(coefficient, rel=0.09)


def test_pressure_wins_where_inertia_does():
    shares = []
    for v in (1e-5, 1e-3, 1e-2, 0.1, 1.0):
        pressure, shear = forces_of(velocity=[[v, 0, 0]])
        shares.append(pressure[0] / (pressure + shear)[0])
    assert min(shares) < 0.35
    assert shares[-1] > 0.6


def test_fast_flow_scales_as_the_square_of_the_speed():
    one, two = (forces_of(velocity=[[v, 0, 0]])[0][0] for v in (1e3, 2e3))
    assert two / one == pytest.approx(4.0, rel=1e-4)


def test_forces_turn_with_the_velocity_and_grow_with_crowding():
    q, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))
    v = np.array([0.01, 0.02, -0.005])
    for part, turned in zip(forces_of(velocity=[v]), forces_of(velocity=[q @ v]), strict=True):
        np.testing.assert_allclose(turned, q @ part, atol=1e-18)
    sizes = [np.linalg.norm(sum(forces_of(solid_fraction=[phi]))) for phi in (0.0, 0.1, 0.3)]
    assert sizes == sorted(sizes)


def test_forces_of_a_suspension_are_di_felices():
    phi, v = 0.3, 0.02
    crowded = sum(forces_of(velocity=[[v, 0, 0]], solid_fraction=[phi]))[0]
    alone = sum(forces_of(velocity=[[v * (1 - phi), 0, 0]]))[0]
    Re = 1000 * v * (1 - phi) * 1e-3 / 1e-3
    beta = 3.7 - 0.65 * np.exp(-((1.5 - np.log10(Re)) ** 2) / 2)
    assert crowded / alone == pytest.approx((1 - phi) ** -beta)


def test_events_of_drag_add_up_and_keep_their_units():
    events = simulate("drag", 2000, noise=0.0)
    assert events.y.shape == (2000, 3)
    for i, axis in enumerate("xyz"):
        np.testing.assert_allclose(events.y[:, i], events[f"pressure_{axis}"] + events[f"shear_{axis}"], rtol=1e-12)
    assert not {"pressure_x", "shear_x"} & set(events.features)
    speed = np.linalg.norm(events.frame([f"velocity_{a}" for a in "xyz"]), axis=1)
    Re = events["density"] * speed * (1 - events["solid_fraction"]) * events["diameter"] / events["viscosity"]
    assert 1 <= Re.min() < 1.1
    assert 180 < Re.max() <= 200
    noisy = simulate("drag", 2000, noise=0.05)
    size = np.linalg.norm(events.y, axis=1, keepdims=True)
    assert ((noisy.y - events.y) / size).std() == pytest.approx(0.05, rel=0.05)
