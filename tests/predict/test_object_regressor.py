"""Numbers for each object, step and pixel, against values that are known."""

import numpy as np
import pytest

import lawful as lf
from lawful.data.clouds import Cloud, offsets_of


def cells(events, seed):
    """Cells of events of different sizes, and the share of its event's energy that each has."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 8, events)
    energy = rng.exponential(size=counts.sum())
    event = np.repeat(np.arange(events), counts)
    return Cloud(offsets_of(counts), {"energy": energy}), energy / np.bincount(event, energy, events)[event]


def test_shares_of_the_energy_of_an_event():
    X, y = cells(600, 0)
    fresh, truth = cells(300, 1)
    model = lf.ObjectRegressor("sets", epochs=25, learning_rate=0.01).fit(X, y)
    assert model.predict(fresh).shape == truth.shape
    assert model.score(fresh, truth) > 0.97
    lists = np.split(fresh["energy"], fresh.offsets[1:-1])
    same = lf.ObjectRegressor("sets", epochs=2).fit(lists, np.split(truth, fresh.offsets[1:-1]))
    assert [len(part) for part in same.predict(lists)] == fresh.counts.tolist()


def test_a_sum_and_a_difference_at_each_step():
    x = np.random.default_rng(0).normal(size=(400, 8, 1))
    y = np.stack([100 + 50 * x[..., 0].cumsum(1), np.diff(x[..., 0], axis=1, prepend=0)], 2)  # (N, T, 2)
    model = lf.ObjectRegressor("gru", members=2, epochs=20, learning_rate=0.02).fit(x[:300], y[:300])
    found, spread = model.predict_with_spread(x[300:])
    assert found.shape == spread.shape == (100, 8, 2)
    assert model.score(x[300:], y[300:]) > 0.97
    later = x.copy()
    later[:, 5:] = 0
    np.testing.assert_allclose(model.predict(later)[:, :5], model.predict(x)[:, :5], rtol=1e-5, atol=1e-4)


def test_noise_is_taken_off_images():
    rng = np.random.default_rng(0)
    row = np.arange(12)
    phase = rng.uniform(0, 6, (300, 1, 1))
    truth = np.sin(0.5 * row[:, None] + 0.5 * row + phase)
    x = truth + 0.5 * rng.normal(size=truth.shape)
    model = lf.ObjectRegressor("unet", hidden=(8, 16), epochs=5, learning_rate=5e-3).fit(x[:250], truth[:250])
    assert model.predict(x[250:]).shape == (50, 12, 12)
    assert np.mean((model.predict(x[250:]) - truth[250:]) ** 2) < 0.1  # of 0.25


def test_the_scale_of_targets_is_that_of_the_objects():
    """Padding does not count: nothing is learned here but mean and scale, of objects of the largest events too."""
    counts = np.tile([1, 9], 100)
    rng = np.random.default_rng(0)
    y = 1000 + rng.normal(size=counts.sum())
    model = lf.ObjectRegressor("sets", epochs=1).fit(Cloud(offsets_of(counts), {"x": y * 0}), y, validation=False)
    assert model.target_scaling_.centre == pytest.approx(y.mean())
    assert model.target_scaling_.scale == pytest.approx(y.std(), rel=1e-3)
    weighted = lf.ObjectRegressor("sets", epochs=1).fit(
        Cloud(offsets_of(counts), {"x": y * 0}), y, validation=False, object_weight=(y > 1000).astype(float)
    )
    assert weighted.target_scaling_.centre == pytest.approx(y[y > 1000].mean())


def test_negative_weights():
    """Mean over signed weights: (0.8 * 1 - 0.2 * 0.5 * 3) / 0.7 = 0.714, which fluctuates by 0.02."""
    rng = np.random.default_rng(0)
    negative = rng.random(2000) < 0.2
    counts = rng.integers(1, 4, 2000)
    y = np.repeat(np.where(negative, 3.0, 1.0), counts) + 0.3 * rng.normal(size=counts.sum())
    cloud = Cloud(offsets_of(counts), {"x": rng.normal(size=counts.sum())})
    model = lf.ObjectRegressor("sets", epochs=10).fit(cloud, y, np.where(negative, -0.5, 1.0))
    assert np.mean(model.predict(cloud)) == pytest.approx((0.8 - 0.3) / 0.7, abs=0.1)


def test_files_and_fields(tmp_path):
    X, y = cells(60, 0)
    cloud = Cloud(X.offsets, {"energy": X["energy"], "share": y})
    model = lf.ObjectRegressor("sets", epochs=2).fit(cloud, "share")
    assert model.structure_.parts[0].fields == ("energy",)
    model.save(tmp_path / "model.lawful")
    again = lf.load(tmp_path / "model.lawful")
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert again.score(cloud) == model.score(cloud)


def test_wrong_values():
    X, y = cells(60, 0)
    model = lf.ObjectRegressor("sets", epochs=2)
    with pytest.raises(lf.InputError, match="NaN"):
        model.fit(X, np.where(y > 0.5, np.nan, y))
    with pytest.raises(lf.InputError, match="ObjectRegressor"):
        lf.Regressor("gru").fit(np.zeros((50, 4, 1)), np.zeros((50, 4, 2)))
    with pytest.raises(lf.InputError, match="ObjectRegressor"):
        lf.Regressor("gru").fit([np.zeros(2), np.zeros(3)], [[1.0, 2.0], [1.0, 2.0, 3.0]])
    with pytest.raises(lf.InputError, match="event 0 has"):
        model.fit(X, [[1.0] * (n + 1) for n in X.counts])
