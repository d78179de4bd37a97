"""The lake against what physics demands: heat is conserved, diffusion is diffusion, heavy water lies below."""

import time
from dataclasses import replace

import numpy as np
import pytest

from lawful.simulators import simulate
from lawful.simulators.lake.basin import Basin, draw_basin
from lawful.simulators.lake.column import START, run_column
from lawful.simulators.lake.fluxes import surface_flux, vapour_pressure
from lawful.simulators.lake.mixing import deep_diffusivity, diffuse, overturn, stability, wind_diffusivity
from lawful.simulators.lake.observing import truth
from lawful.simulators.lake.season import draw_season
from lawful.simulators.lake.water import density
from lawful.simulators.lake.weather import LEAD, Weather, draw_weather, sun_above

BASIN = Basin(depth=20.0, shape=1.0, area=1.0, extinction=0.5, sheltering=0.8, latitude=44.0, warmth=8.0, swing=14.0)


def weather_of(days=250, **given):
    usual = {"air_temperature": 15.0, "shortwave": 0.0, "cloud": 0.5, "wind": 3.0, "humidity": 0.7}
    series = {name: np.full(days + LEAD, value) for name, value in (usual | given).items()}
    return Weather(day=np.arange(61.0, 61 + days + LEAD), **series)


# ---- water -----------------------------------------------------------------------------------------------------
def test_density_is_that_of_the_tables():
    """G. S. Kell, 'Density, thermal expansivity, and compressibility of liquid water', 1975."""
    table = {0.0: 999.84, 4.0: 999.97, 10.0: 999.70, 20.0: 998.21, 30.0: 995.65}
    np.testing.assert_allclose(density(list(table)), list(table.values()), atol=0.05)
    T = np.linspace(0, 30, 3001)
    assert T[np.argmax(density(T))] == pytest.approx(3.9863, abs=0.006)


def test_vapour_pressure_is_that_of_the_tables():
    found = [vapour_pressure(t) for t in (0.0, 10.0, 30.0)]
    assert found == pytest.approx([6.11, 12.28, 42.47], rel=3e-3)


def test_sunlight_follows_season_and_latitude():
    day = np.arange(1, 366.0)
    assert day[np.argmax(sun_above(day, 45.0))] == pytest.approx(172, abs=4)
    equator = sun_above(np.array([80.0]), 0.0)[0]
    assert equator == pytest.approx(1361 / np.pi, rel=0.02)


def test_surface_flux_vanishes_between_like_bodies():
    """Air of the water's temperature, saturated: only the sky is colder than the water."""
    still = surface_flux(20.0, 20.0, 1.0, 0.0, 1.0)
    assert still == pytest.approx(surface_flux(20.0, 20.0, 1.0, 10.0, 1.0))
    assert surface_flux(25.0, 20.0, 0.5, 5.0, 0.7) < surface_flux(20.0, 20.0, 0.5, 5.0, 0.7) < 0


# ---- diffusion and overturning ---------------------------------------------------------------------------------
def test_a_sine_mode_decays_as_diffusion_says():
    L, D, K, dt, steps = 80, 20.0, 1e-5, 3600.0, 2000
    z = (np.arange(L) + 0.5) * D / L
    T, k = 10 + np.cos(np.pi * z / D), np.pi / D
    for _ in range(steps):
        T = diffuse(T, np.full(L - 1, K), np.ones(L - 1), np.full(L, D / L), D / L, dt)
    np.testing.assert_allclose(T - 10, np.cos(np.pi * z / D) * np.exp(-K * k**2 * dt * steps), atol=3e-4)


def test_diffusion_keeps_heat_and_ends_in_one_temperature():
    rng = np.random.default_rng(0)
    volume, area = rng.uniform(0.1, 1.0, 30), rng.uniform(0.1, 1.0, 29)
    T = rng.uniform(5, 25, 30)
    for dt in (1e3, 1e12):
        after = diffuse(T, np.full(29, 1e-4), area, volume, 0.5, dt)
        assert after @ volume == pytest.approx(T @ volume, rel=1e-13)
        assert T.min() <= after.min() <= after.max() <= T.max()
    np.testing.assert_allclose(after, T @ volume / volume.sum(), rtol=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_overturning_leaves_no_heavy_water_above_and_keeps_heat(seed):
    rng = np.random.default_rng(seed)
    T, volume = rng.uniform(0, [8, 25][seed % 2], 40), rng.uniform(0.1, 1.0, 40)
    before = T.copy()
    after = overturn(T, volume)
    assert (before == T).all()
    assert (np.diff(density(after)) >= -1e-9).all()
    assert after @ volume == pytest.approx(T @ volume, rel=1e-13)
    assert overturn(after, volume) is after
    stable = np.sort(rng.uniform(5, 25, 40))[::-1]
    assert overturn(stable, volume) is stable


def test_stratification_hinders_mixing_and_wind_helps():
    depth = np.arange(0.5, 10, 0.5)
    calm, mixed = np.full(len(depth), 1e-3), np.zeros(len(depth))
    assert (wind_diffusivity(calm, depth, 5.0, 45.0) < wind_diffusivity(mixed, depth, 5.0, 45.0)).all()
    assert (wind_diffusivity(calm, depth, 8.0, 45.0) > wind_diffusivity(calm, depth, 4.0, 45.0)).all()
    assert (deep_diffusivity(calm, 1.0) < deep_diffusivity(mixed, 1.0)).all()
    assert (stability(np.array([20.0, 10.0]), 0.5) > 0).all()


# ---- the column ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("lake", [0, 3, 16])  # ice at the end of lake 16
def test_the_change_of_heat_is_what_came_in(lake):
    water = draw_season(lake).truth
    before = np.concatenate([[START * water.volume.sum()], water.heat[:-1]])
    np.testing.assert_allclose(water.heat - before, water.gained, atol=1e-10)
    assert water.temperature.min() >= 0


@pytest.mark.parametrize("shape", [0.6, 1.0, 1.6])
def test_volumes_are_those_of_the_basin(shape):
    water = run_column(replace(BASIN, shape=shape), weather_of(2))
    assert water.volume.sum() == pytest.approx(BASIN.depth / (shape + 1), rel=1e-12)


def test_a_lake_without_change_comes_to_rest():
    """Under constant weather all water ends at the temperature at which nothing is gained."""
    water = run_column(replace(BASIN, depth=8.0), weather_of(3000))
    rest = water.temperature[-1]
    assert np.ptp(rest) < 0.05
    assert abs(surface_flux(float(rest[0]), 15.0, 0.5, 0.8 * 3.0, 0.7)) < 0.5
    assert abs(water.gained[-1]) < 0.01


def test_summer_stratifies_and_autumn_mixes():
    water = draw_season(10).truth
    summer, autumn = water.temperature[105], water.temperature[-1]  # middle of July, middle of November
    assert summer[0] - summer[-1] > 8
    assert np.ptp(autumn) < 3


def test_clear_water_warms_deeper():
    weather = weather_of(60, shortwave=200.0)
    clear, dark = (run_column(replace(BASIN, extinction=k), weather).temperature[-1] for k in (0.3, 1.5))
    assert clear[20] > dark[20] + 1


def test_a_frozen_surface_stays_near_zero_and_thaws():
    cold, warm = weather_of(60, air_temperature=-5.0), weather_of(300, air_temperature=20.0, shortwave=200.0)
    both = Weather(
        **{
            name: np.concatenate([getattr(cold, name), getattr(warm, name)[LEAD:]])
            for name in ("day", "air_temperature", "shortwave", "cloud", "wind", "humidity")
        }
    )
    water = run_column(replace(BASIN, depth=8.0), both)
    assert water.ice[59] > 1
    assert 0 <= water.temperature[59, 0] < 0.1
    assert water.ice[-1] == 0
    assert water.temperature[-1, 0] > 4


# ---- the world -------------------------------------------------------------------------------------------------
def test_lakes_are_real_and_the_incomplete_model_is_wrong_by_about_two_degrees():
    errors = []
    for lake in range(24):
        season = draw_season(lake)
        T = season.truth.temperature
        assert 8 <= season.basin.depth <= 30
        assert 20 < T.max() < 34
        errors.append(np.sqrt(np.mean((season.process.temperature - T) ** 2)))
    assert 1.5 < np.median(errors) < 2.5


def test_a_season_takes_well_under_a_second():
    basin = draw_basin(0)
    weather = draw_weather(basin, np.random.default_rng(0))
    times = []
    for _ in range(3):
        start = time.perf_counter()
        run_column(basin, weather)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.5


def test_water_never_lies_on_lighter_water():
    for lake in range(3):
        assert (np.diff(density(draw_season(lake).truth.temperature), axis=1) >= -1e-9).all()


def test_observations_are_the_truth_with_noise():
    events = simulate("lake", 4000, seed=5, lake=3, noise=0.4)
    left = events.y - events["true_temperature"]
    assert left.std() == pytest.approx(0.4, rel=0.06)
    assert abs(left.mean()) < 5 * 0.4 / np.sqrt(4000)
    whole = truth(lake=3)
    assert whole.features == events.features
    assert whole.columns == events.columns
    grid = whole.frame([*whole.features, "true_temperature"]).set_index(["day", "depth"])
    day, depths = events["day"], np.unique(whole["depth"])
    for i in range(0, 4000, 400):
        profile = grid.loc[day[i]]
        assert events["true_temperature"][i] == pytest.approx(
            np.interp(events["depth"][i], depths, profile["true_temperature"]), abs=1e-9
        )
        assert events["process"][i] == pytest.approx(np.interp(events["depth"][i], depths, profile["process"]))
        for name in ("air_temperature_7", "wind_30", "heat"):
            assert events[name][i] == pytest.approx(profile[name].iloc[0])


def test_running_means_are_means_of_the_days_before():
    whole, season = truth(lake=2), draw_season(2)
    per_day = whole.frame().groupby("day").first()
    assert per_day["shortwave_7"].iloc[10] == pytest.approx(season.weather.shortwave[LEAD + 4 : LEAD + 11].mean())
    assert per_day["wind_30"].iloc[0] == pytest.approx(season.weather.wind[LEAD - 29 : LEAD + 1].mean())


def test_the_account_of_heat_is_that_of_the_water():
    """The documented weight (1 - z / D)^p turns a profile into the column `heat`."""
    exact, rough = truth(lake=4, account_error=0.0), truth(lake=4, account_error=0.03)
    basin, layers = draw_season(4).basin, len(np.unique(exact["depth"]))
    T, z = exact.y.reshape(-1, layers), np.unique(exact["depth"])
    heat = exact["heat"].reshape(-1, layers)[:, 0]
    integral = (T * basin.share(z)).sum(1) * basin.depth / layers
    np.testing.assert_allclose(integral, heat, rtol=0.01)
    error = rough["heat"] / exact["heat"] - 1
    assert 0.003 < np.sqrt(np.mean(error**2)) < 0.12
