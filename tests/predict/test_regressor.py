"""The regressor finds conditional means, of one target or several, under weights of either sign."""

import numpy as np
import pytest

import lawful as lf
from lawful.errors import InputError

RNG = np.random.default_rng(0)


def wave(n=2000, noise=0.1, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (n, 1))
    return x, np.sin(4 * x[:, 0]) + noise * rng.normal(size=n)


GRID = np.linspace(-0.95, 0.95, 77)[:, None]


def test_conditional_mean():
    error = lf.Regressor(members=5).fit(*wave()).predict(GRID) - np.sin(4 * GRID[:, 0])
    assert np.sqrt(np.mean(error**2)) < 0.03


def test_precision_without_noise():
    error = lf.Regressor(members=3).fit(*wave(noise=0.0)).predict(GRID) - np.sin(4 * GRID[:, 0])
    assert np.sqrt(np.mean(error**2)) < 0.01


def test_the_linear_net_is_linear_regression():
    x = RNG.normal(size=(1000, 3))
    y = x @ [1.0, -2.0, 0.5] + 3 + 0.1 * RNG.normal(size=1000)
    model = lf.Regressor("linear", learning_rate=0.02).fit(x, y)
    far = np.array([[50.0, 0, 0]])  # a straight line goes on outside the data
    assert model.predict(far)[0] == pytest.approx(53, abs=1.5)


def test_several_targets_of_very_different_size():
    x, y = wave()
    both = np.stack([y, 1e6 * x[:, 0] + 5e6], 1)
    model = lf.Regressor(members=2).fit(x, both)
    p = model.predict(GRID)
    assert p.shape == (77, 2)
    assert model.spread(GRID).shape == (77, 2)
    assert np.sqrt(np.mean((p[:, 0] - np.sin(4 * GRID[:, 0])) ** 2)) < 0.05
    assert np.sqrt(np.mean((p[:, 1] - 1e6 * GRID[:, 0] - 5e6) ** 2)) < 3e4
    assert model.score(x, both) > 0.95


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_negative_weights_give_the_ratio_of_signed_sums(seed):
    """Three events in ten weigh -1 and lie one unit higher: the weighted mean is sin - 0.3 / 0.4."""
    rng = np.random.default_rng(seed)
    n = 20_000
    x = rng.uniform(-1, 1, (n, 1))
    negative = rng.random(n) < 0.3
    y = np.sin(3 * x[:, 0]) + negative + 0.1 * rng.normal(size=n)
    model = lf.Regressor(members=2, seed=seed).fit(x, y, sample_weight=np.where(negative, -1.0, 1.0))
    grid = np.linspace(-0.1, 0.9, 50)[:, None]  # where the exact value lies within the range of the targets
    assert np.abs(model.predict(grid) - (np.sin(3 * grid[:, 0]) - 0.75)).max() < 0.12


def test_predictions_stay_within_the_targets_where_the_weight_is_negative():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (6000, 1))
    y = x[:, 0] + 0.1 * rng.normal(size=6000)
    w = np.where((np.abs(x[:, 0]) < 0.2) & (rng.random(6000) < 0.8), -1.0, 1.0)
    p = lf.Regressor(members=2).fit(x, y, sample_weight=w).predict(GRID)
    assert np.isfinite(p).all()
    assert p.min() >= y.min()
    assert p.max() <= y.max()
    outside = np.abs(GRID[:, 0]) > 0.4
    assert np.abs(p - GRID[:, 0])[outside].max() < 0.1


def test_weights_choose_what_is_learned():
    x = np.zeros((1000, 1))
    y = np.repeat([0.0, 1.0], 500)
    model = lf.Regressor("linear", learning_rate=0.05).fit(x, y, np.repeat([1.0, 3.0], 500))
    assert model.predict([[0.0]])[0] == pytest.approx(0.75, abs=0.02)


def test_float64_and_default_epochs_end_by_themselves():
    x, y = wave()
    model = lf.Regressor(dtype="float64").fit(x, y)
    assert model.members_.values.dtype.is_floating_point
    assert str(model.members_.values.dtype) == "torch.float64"
    assert model.n_iter_ < model.epochs


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (np.array(["a", "b"] * 50), "expected numbers"),
        (np.r_[np.nan, np.ones(99)], "1 NaN"),
        (np.r_[np.inf, np.ones(99)], "1 infinity"),
        (np.ones((100, 2, 2)), "shape"),
        (np.ones(98), "y has 98"),
    ],
)
def test_bad_targets_are_named(y, words):
    with pytest.raises(InputError, match=words):
        lf.Regressor().fit(np.ones((100, 1)), y)
