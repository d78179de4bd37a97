"""Falls are found where they are, and only there."""

import numpy as np
import pandas as pd
import pytest
import torch

import lawful as lf
from lawful.physics import Monotonic
from lawful.physics.columns import Columns
from lawful.physics.statement import from_plain, to_plain


@pytest.fixture
def lake():
    rng = np.random.default_rng(0)
    return pd.DataFrame({"day": rng.uniform(0, 365, 400), "depth": rng.uniform(0, 25, 400)})


def test_rising_models_have_none_and_falling_ones_what_the_size_of_the_steps_says():
    """From the ends of the range every step is possible, and E h^2 = (b - a)^2 E u^4 = (b - a)^2 / 5."""
    X = np.zeros((20_000, 2))
    X[::2, 1] = 4.0
    rising = Monotonic("density", along=1)
    assert (rising.violation(lambda x: np.exp(x[:, 1]) + x[:, 0], X) == 0).all()
    found = rising.violation(lambda x: -0.5 * x[:, 1], X, scale=2.0)
    error = (0.5 * 4 / 2) ** 2 * np.sqrt((1 / 9 - 1 / 25) / 160_000)  # of the mean of h^2
    assert np.mean(found**2) == pytest.approx((0.5 * 4 / 2) ** 2 / 5, abs=4 * error)  # false alarm: 6e-5


def test_falling_is_the_mirror_image_of_rising(lake):
    def model(x):
        return np.sin(x[:, 1] / 3) + x[:, 0]

    up = Monotonic(0, along="depth").violation(model, lake, seed=3)
    down = Monotonic(0, along="depth", increasing=False).violation(lambda x: -model(x), lake, seed=3)
    np.testing.assert_array_equal(up, down)
    assert up.max() > 0
    assert (Monotonic(0, along="depth", increasing=False).violation(lambda x: -(x[:, 1] ** 3), lake) == 0).all()
    assert (Monotonic(0, along="depth", increasing=False).violation(lambda x: x[:, 1], lake) > 0).mean() > 0.99


def test_a_small_wiggle_is_found_by_the_short_steps(lake):
    """A fall over a thousandth of the range, 4 slopes deep, is too short for steps of the size of the range."""
    found = Monotonic(0, along="depth").violation(lambda x: x[:, 1] + 0.02 * np.sin(x[:, 1] / 0.01), lake)
    assert 0.01 < (found > 0).mean() < 0.9


def test_steps_stay_within_the_range_and_change_one_column():
    X = torch.rand(300, 3, dtype=torch.float64)
    seen = []

    def model(x):
        seen.append(x)
        return x[:, :1]

    for between in (None, (0.25, 0.5)):
        seen.clear()
        Monotonic(0, along=2, between=between).falls(model, X, Columns(3), np.random.default_rng(0), 4)
        points = seen[1].reshape(300, 4, 3)
        torch.testing.assert_close(points[:, :, :2], X[:, None, :2].expand(300, 4, 2))
        low, high = between or (X[:, 2].min(), X[:, 2].max())
        assert points[:, :, 2].min() >= low
        assert points[:, :, 2].max() <= high
        assert points[:, :, 2].unique().numel() > 1000 or between
    fall = Monotonic(0, along=2, between=(0.25, 0.5)).falls(lambda x: -x[:, 2:], X, Columns(3), *_draw())
    inside = (X[:, 2] >= 0.25) & (X[:, 2] <= 0.5)
    assert (fall[~inside] == 0).all()
    assert (fall[inside] > 0).any()


def _draw():
    return np.random.default_rng(0), 4


def test_density_as_a_function_of_the_predicted_temperature(lake):
    """Water is densest at 4 degrees Celsius, here a parabola: cold deep water is right, warm deep water is not."""

    def density(temperature):
        return 1000 - 0.0065 * (temperature[:, 0] - 4) ** 2

    heavy = Monotonic("density", along="depth", of=density)
    assert heavy.natural
    assert (heavy.violation(lambda x: 20 - 0.6 * x[:, 1], lake) == 0).all()
    assert heavy.violation(lambda x: 5 + 0.6 * x[:, 1], lake).mean() > 0.1
    scaled = Monotonic("density", along="depth", of=lambda t: 1000 * density(t))
    np.testing.assert_allclose(
        scaled.violation(lambda x: 5 + 0.6 * x[:, 1], lake), heavy.violation(lambda x: 5 + 0.6 * x[:, 1], lake)
    )
    both = Monotonic("difference", along="depth", of=lambda t, X: t[:, 0] - X[:, 1])
    assert (both.violation(lambda x: 2 * x[:, 1], lake) == 0).all()
    assert both.violation(lambda x: 0.5 * x[:, 1], lake).mean() > 0.1


WATER = "1000 * (1 - (T + 288.9414) * (T - 3.9863)**2 / (508929.2 * (T + 68.12963)))"


def test_the_density_of_water_as_a_formula(lake):
    """It is highest at 3.9863 degrees Celsius."""
    heavy = Monotonic(of=WATER, along="depth")
    assert heavy.violation(lambda x: 20 - 0.6 * x[:, 1], lake).max() == 0
    assert heavy.violation(lambda x: 5 + 0.6 * x[:, 1], lake).mean() > 0.1

    def density(T, X):
        return 1000 * (1 - (T + 288.9414) * (T - 3.9863) ** 2 / (508929.2 * (T + 68.12963)))

    code = Monotonic(of=density, along="depth")
    np.testing.assert_allclose(
        heavy.violation(lambda x: 5 + 0.6 * x[:, 1], lake), code.violation(lambda x: 5 + 0.6 * x[:, 1], lake)
    )
    assert to_plain(heavy)["of"] == WATER
    assert to_plain(from_plain(to_plain(heavy))) == to_plain(heavy)
    assert str(heavy) == f"{WATER[:57]}... increasing along depth"
    with pytest.raises(lf.InputError, match="cannot be built in; it has"):
        heavy.by("architecture")


def test_a_formula_takes_columns_and_several_predictions(lake):
    rising = Monotonic(of="y1 - y0 + day", along="depth")
    assert rising.violation(lambda x: np.stack([x[:, 1], 2 * x[:, 1]], 1), lake).max() == 0
    assert rising.violation(lambda x: np.stack([2 * x[:, 1], x[:, 1]], 1), lake).mean() > 0.05


def test_a_formula_has_derivatives_of_the_derivative_by_the_inputs():
    """As where the slope of the model is in the loss too."""
    X = torch.linspace(0.1, 1, 16, dtype=torch.float64).reshape(8, 2).requires_grad_()
    a = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    heavy = Monotonic(of="-T**3 * x1", along=0)
    r = heavy.falls(lambda x: a * x[:, :1] ** 2, X, Columns(2), np.random.default_rng(0), 2)
    (slope,) = torch.autograd.grad(r.square().sum(), X, create_graph=True)
    (second,) = torch.autograd.grad(slope.square().sum(), a)
    assert torch.isfinite(second)
    assert second != 0


def test_missing_values_make_no_steps_and_no_penalty():
    X = torch.tensor([[0.0], [1.0], [torch.nan], [2.0]], dtype=torch.float64)
    r = Monotonic(0, along=0).falls(lambda x: -x, X, Columns(1), *_draw())
    assert (r[2] == 0).all()
    assert (r[[0, 1, 3]] > 0).all()
    alone = Monotonic(0, along=0).by("loss").penalty(lambda x: -x, X[:1], Columns(1), np.random.default_rng(0))
    assert alone.tolist() == [0.0]


def test_the_penalty_turns_a_falling_slope():
    a = torch.tensor(-1.0, dtype=torch.float64, requires_grad=True)
    X, rng = torch.rand(500, 1, dtype=torch.float64), np.random.default_rng(0)
    enforced = Monotonic(0, along=0).by("loss", samples=1)

    def model(x):
        return a * x

    for _ in range(400):
        loss = enforced.penalty(model, X, Columns(1), rng, scale=0.3).mean()
        (slope,) = torch.autograd.grad(loss, a)
        with torch.no_grad():
            a -= 0.1 * slope
    assert -0.01 < float(a.detach()) <= 0


def test_it_is_plain_data(lake):
    first = Monotonic("density", along="depth", increasing=False, between=(0, 5)).by("architecture", knots=8)
    assert to_plain(from_plain(to_plain(first))) == to_plain(first)
    assert to_plain(first)["options"] == {"knots": 8}

    def density(t):
        return t

    plain = to_plain(Monotonic(0, along="depth", of=density))
    assert plain["of"] == {"function": "density"}
    with pytest.raises(lf.InputError, match="'density' is not saved"):
        from_plain(plain)
    assert str(Monotonic("density", along="depth")) == "density increasing along depth"


def test_what_does_not_fit_is_named(lake):
    for call, words in [
        (lambda: Monotonic(1.5, along=0), "output=1.5"),
        (lambda: Monotonic(0, along=None), "along=None"),
        (lambda: Monotonic(0, along=0, increasing="up"), "True or False"),
        (lambda: Monotonic(0, along=0, of="t +"), "Monotonic: of 't \\+': a name or number is expected"),
        (lambda: Monotonic(along=0), "output=None: expected a name or a number, or of="),
        (lambda: Monotonic("1000 - T**2", along=0), "reads as a formula; give it as of='1000 - T"),
        (lambda: Monotonic(of="T"), "along=None"),
        (lambda: Monotonic(0, along=0, between=(1, 1)), "low < high"),
        (lambda: Monotonic(0, along=0, between=3), "low < high"),
        (lambda: Monotonic(0, along=0).by("loss", samples=0), "from 1"),
        (lambda: Monotonic(0, along=0).by("architecture", knots=1), "from 2"),
        (lambda: Monotonic(0, along=0).by("architecture", samples=2), "does not take"),
        (lambda: Monotonic(0, along=0, of=lambda y: y).by("architecture"), "cannot be built in"),
    ]:
        with pytest.raises(lf.InputError, match=words):
            call()
    for statement, words in [
        (Monotonic("density", along="deep"), "no column 'deep'; nearest: depth"),
        (Monotonic(2, along="depth"), "no output 2; the model gives 2"),
        (Monotonic("density", along="depth"), "gives 2 outputs, which have no names"),
        (Monotonic(of="y", along="depth"), "'y' is no column, and the model gives 2 predictions, y0, y1"),
        (Monotonic(of="y0 + y2", along="depth"), "'y2' is no column.*did you mean 'y"),
        (Monotonic(of="y0 * dpeth", along="depth"), "'dpeth' is no column.*did you mean 'depth'"),
        (Monotonic(of="day * 2", along="depth"), "no prediction is in the formula"),
        (Monotonic(0, along="depth", of=lambda y: y), r"returned shape \(400, 2\)"),
    ]:
        with pytest.raises(lf.InputError, match=words):
            statement.violation(lambda x: x, lake)
    with pytest.raises(lf.InputError, match="single value in the data"):
        Monotonic(0, along="depth").violation(lambda x: x[:, 0], lake.assign(depth=3.0))
    with pytest.raises(lf.InputError, match="not a number in"):
        Monotonic(0, along="depth").violation(lambda x: np.where(x[:, 1] > 20, np.nan, 1.0), lake, scale=1.0)
