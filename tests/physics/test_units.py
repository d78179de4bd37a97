"""Units: groups against textbook ones, and models of known violation."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lawful.errors import InputError
from lawful.physics.columns import Columns
from lawful.physics.statement import from_plain, to_plain
from lawful.physics.units import Units

RNG = np.random.default_rng(0)
PENDULUM = {"length": "m", "mass": "kg", "g": "m/s^2", "angle": "rad"}
NAMES = tuple(PENDULUM)
X = RNG.uniform(0.5, 2, (60, 4)) * [1, 1, 9.81, 0.3]
HALF = Fraction(1, 2)


def period(x):
    return 2 * np.pi * np.sqrt(x[:, 0] / x[:, 2]) * (1 + x[:, 3] ** 2 / 16)


def test_the_pendulum():
    groups = Units(PENDULUM, to="s").groups(Columns(4, NAMES))
    assert {NAMES[j]: e for j, e in groups.output[0].items() if e} == {"length": HALF, "g": -HALF}
    assert [NAMES[j] for j in groups.idle] == ["mass"]
    assert [NAMES[j] for j in groups.others] == ["angle"]
    np.testing.assert_allclose(groups.dimensionless(torch.tensor(X))[:, 0], X[:, 3])
    np.testing.assert_allclose(groups.factor(torch.tensor(X))[:, 0], np.sqrt(X[:, 0] / X[:, 2]))


def test_drag_depends_on_the_reynolds_number_alone():
    """Buckingham's own example: a force from density, speed, size and viscosity."""
    units = Units({"rho": "kg/m**3", "v": "m/s", "d": "m", "mu": "Pa*s"}, to="N")
    x = torch.tensor(RNG.uniform(0.5, 2, (30, 4)))
    rho, v, d, mu = x.T
    table = Columns(4)
    np.testing.assert_allclose(units.dimensionless(x, table), (mu / (rho * v * d))[:, None])
    np.testing.assert_allclose(units.factor(x, table), (rho * v**2 * d**2)[:, None])
    assert units.violation(lambda x: 6 * np.pi * x[:, 3] * x[:, 1] * x[:, 2], x.numpy()).max() < 1e-12


def test_mixed_units_are_converted():
    """A length in cm and a speed in km/h give a time in minutes."""
    units = Units({"l": "cm", "v": "km/h"}, to="min")
    x = torch.tensor([[100.0, 3.6]], dtype=torch.float64)  # 1 m at 1 m/s: one second
    assert float(units.factor(x, Columns(2))) == pytest.approx(1 / 60)
    ratio = Units({"l": "cm", "b": "m", "phi": "deg"}, to="")
    got = ratio.dimensionless(torch.tensor([[100.0, 3.0, 180.0]], dtype=torch.float64), Columns(3))
    np.testing.assert_allclose(got, [[3.0, np.pi]])


def test_small_units_in_single_precision():
    units = Units({"m": "GeV/c**2", "p": "GeV/c", "t": "fm/c"}, to="GeV**2")
    x = torch.tensor([[0.938, 2.0, 1.0]])
    assert bool(torch.isfinite(units.dimensionless(x, Columns(3))).all())
    assert bool((units.factor(x, Columns(3)) > 0).all())


def test_kept_and_broken():
    units = Units(PENDULUM, to="s")
    frame = pd.DataFrame(X, columns=NAMES)
    assert units.violation(period, X).max() < 1e-12
    assert Units(PENDULUM, to="s").violation(lambda f: period(np.asarray(f)), frame).max() < 1e-12
    assert units.violation(lambda x: period(x) * x[:, 1], X).mean() > 0.1
    assert Units(PENDULUM, to="").violation(period, X).mean() > 0.1


def test_violation_of_known_size():
    """f = length, said to be a pure number: r = x (c - 1), with ln c uniform in (-ln 2, ln 2)."""
    x = np.full((4000, 1), 3.0)
    got = Units({"l": "m"}, to="").violation(lambda x: x[:, 0], x, scale=1.0, seed=1)
    log = np.log(2)
    mean, square = (2 - 0.5) / (2 * log), (4 - 0.25) / (4 * log)
    truth = 3 * np.sqrt(square - 2 * mean + 1)
    assert np.sqrt(np.mean(got**2)) == pytest.approx(truth, rel=0.02)  # 32,000 draws: five standard errors


def test_units_of_the_data():
    table = Columns(4, NAMES, PENDULUM)
    units = Units(to="s")
    units.check(table, 1)
    assert units.groups(table).output == Units(PENDULUM, to="s").groups(table).output
    with pytest.raises(InputError, match="the data's units lack the column 'g'"):
        units.check(Columns(4, NAMES, {k: v for k, v in PENDULUM.items() if k != "g"}), 1)


def test_signs_and_zeros_stay():
    """Positive columns repeat, so that the others stand with exponent one."""
    units = Units({"v": "m/s", "length": "m", "g": "m/s**2"}, to="m")
    table = Columns(3)
    x = np.array([[-1.0, 2.0, 9.0], [0.0, 1.0, 9.0], [3.0, 4.0, 1.0]])
    groups = units.groups(table, x)
    assert groups.repeating == (1, 2)
    np.testing.assert_allclose(groups.dimensionless(torch.tensor(x))[:, 0], x[:, 0] / np.sqrt(x[:, 1] * x[:, 2]))
    again = units.groups(table, repeating=groups.repeating)
    assert again == groups
    with pytest.raises(InputError, match=r"column v is zero in 1 of 3 rows"):
        units.groups(table, repeating=[0, 1]).dimensionless(torch.tensor(x))
    with pytest.raises(InputError, match=r"repeating=.*independent"):
        units.groups(table, repeating=[0])


def test_negative_repeating_variables():
    whole = Units({"x": "m", "y": "m"}, to="m")
    x = np.array([[-2.0, 4.0], [2.0, -6.0]])
    groups = whole.groups(Columns(2), x)
    assert groups.dimensionless(torch.tensor(x)).tolist() == [[-2.0, -1.0], [-3.0, 1.0]]
    assert groups.factor(torch.tensor(x)).tolist() == [[-2.0], [2.0]]
    with pytest.raises(InputError, match=r"column x is not positive in 1 of 2 rows.*power 1/2"):
        Units({"x": "m"}, to="m**0.5").factor(torch.tensor(x[:, :1]), Columns(1))


def test_augmented_data_keep_the_law():
    units = Units(PENDULUM, to="s")
    y = torch.tensor(period(X))[:, None]
    moved, aims = units.augmented(torch.tensor(X), y, Columns(4, NAMES), np.random.default_rng(1))
    np.testing.assert_allclose(period(moved.numpy()), aims[:, 0], rtol=1e-12)
    assert float((moved[:, :3] / torch.tensor(X[:, :3])).log().std()) > 0.3
    np.testing.assert_allclose(moved[:, 3], X[:, 3])
    labels = torch.zeros(60, 0)
    assert units.augmented(torch.tensor(X), labels, Columns(4, NAMES), np.random.default_rng(1))[1].shape == (60, 0)


POWERS = st.lists(st.integers(-2, 2), min_size=3, max_size=3)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(POWERS, min_size=2, max_size=6), st.lists(st.integers(-1, 1), min_size=6, max_size=6))
def test_groups_do_not_change_with_units(columns, mixture):
    """Whatever the units: P = F - rank groups that nothing moves, and a factor that moves as the output."""

    def text(powers):
        return " * ".join(f"{u}**({p})" for u, p in zip(("m", "kg", "s"), powers, strict=True))

    target = np.array(mixture[: len(columns)]) @ np.array(columns)
    units = Units({f"x{j}": text(p) for j, p in enumerate(columns)}, to=text(target))
    table = Columns(len(columns))
    x = torch.tensor(np.random.default_rng(2).uniform(0.5, 2, (20, len(columns))))
    groups = units.groups(table, x)
    rank = np.linalg.matrix_rank(np.array(columns))
    assert groups.width == len(columns) - rank
    inside, outside = units.rescaling(table, 20, np.random.default_rng(3))
    torch.testing.assert_close(groups.dimensionless(x * inside), groups.dimensionless(x), rtol=1e-8, atol=0)
    torch.testing.assert_close(groups.factor(x * inside), groups.factor(x) * outside, rtol=1e-8, atol=0)
    if groups.width:
        logs = torch.log(
            groups.dimensionless(torch.tensor(np.random.default_rng(2).uniform(0.5, 2, (99, len(columns)))))
        )
        assert torch.linalg.matrix_rank(logs) == groups.width


def test_several_outputs():
    units = Units({"l": "m", "v": "m/s"}, to=["s", "m"])
    x = np.array([[2.0, 4.0], [3.0, 1.0]])
    assert units.factor(torch.tensor(x), Columns(2)).tolist() == [[0.5, 2.0], [3.0, 3.0]]
    assert units.violation(lambda x: np.stack([x[:, 0] / x[:, 1], x[:, 0]], 1), x).max() < 1e-12
    with pytest.raises(InputError, match="has 2 units, but there are 1 outputs"):
        units.violation(lambda x: x[:, 0], x)


def test_plain_and_back():
    units = Units(PENDULUM, to="s", reach=3)
    again = from_plain(to_plain(units.by("architecture")))
    assert to_plain(again) == to_plain(units.by("architecture"))
    assert again.statement.violation(period, X).max() < 1e-12


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Units({"l": "m"}, to="s").violation(period, X[:, :1]), "an input that brings in time is missing"),
        (lambda: Units({"v": "m/s"}, to="m").violation(period, X[:, :1]), "length or time is missing"),
        (lambda: Units({"v": "m/s"}, to="K").violation(period, X[:, :1]), "temperature is missing"),
        (lambda: Units({"v": "furlong/fortnite"}, to="m"), "'furlong/fortnite' is not understood"),
        (lambda: Units({"v": "3 m"}, to="m"), "not understood"),
        (lambda: Units({"v": "m**9**9**9"}, to="m"), "not understood"),
        (lambda: Units({"v": "m**(9**(9**9))"}, to="m"), "not understood"),
        (lambda: Units({"v": "__import__('os')"}, to="m"), "not understood"),
        (lambda: Units({"v": "m"}, to=[]), r"to=\[\]: expected the unit"),
        (lambda: Units({"v": 3}, to="m"), "3 is no unit"),
        (lambda: Units({"v": "m"}, to=None), "None is no unit"),
        (lambda: Units({"v": "degC"}, to="m"), "zero that is not absolute"),
        (lambda: Units({"v": "m"}, to="m", reach=1), "reach=1"),
        (lambda: Units({"l": "m"}, to="m").violation(period, X), "1 units for 4 columns"),
        (
            lambda: Units({"l": "m"}, to="m").violation(lambda f: f["l"], pd.DataFrame({"l": [1.0], "b": [2.0]})),
            "lacks the column 'b'; write ''",
        ),
        (
            lambda: Units({"lenght": "m"}, to="m").violation(lambda f: f["length"], pd.DataFrame({"length": [1.0]})),
            "no column 'lenght'; nearest: length",
        ),
        (lambda: Units({"l": "m"}, to="m").by("loss"), "cannot be enforced"),
    ],
)
def test_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
