"""Output maps keep their statement whatever comes in, change nothing that is right, and let gradients through."""

import numpy as np
import pytest
import torch
from torch import nn

import lawful as lf
from lawful.nets.output_maps import Bounded, Projected, normalised, power
from lawful.physics import Bounds, Conserved, Integral
from lawful.physics.columns import Columns

F64 = {"dtype": torch.float64}


# ---- bounds ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("low", "high", "deviation"),
    [(0.0, 1.0, 0.3), (0.0, 1.0, 50.0), (0.25, None, 2.0), (None, -3.0, 1e-3), (-1e4, 1e4, 1.0)],
)
def test_bounds_are_never_left_and_the_middle_is_untouched(low, high, deviation, dtype):
    statement = Bounds(low, high)
    clip = Bounded(statement, 1, deviation)
    scale = torch.logspace(-6, 9, 400, **F64)
    y = torch.cat([-scale.flip(0), scale]).to(dtype).sort().values.unsqueeze(1).requires_grad_()
    out = clip(y)
    limits = [torch.tensor(v).to(y) for v in statement.limits(1)]
    assert (out >= limits[0]).all()
    assert (out <= limits[1]).all()
    assert (out.diff(dim=0) >= 0).all()
    margin = clip.margin.item()
    free = (y - limits[0] > margin) & (limits[1] - y > margin)
    assert free.any()
    torch.testing.assert_close(out[free], y[free], rtol=0, atol=0)
    (slope,) = torch.autograd.grad(out.sum(), y)
    near = y.abs() < 1e4 * deviation
    assert (slope[near] > 0).all()
    assert torch.isfinite(slope).all()


def test_far_outside_a_prediction_still_learns():
    y = torch.tensor([[-30.0]], requires_grad=True)
    optimiser = torch.optim.Adam([y], lr=0.5)
    clip = Bounded(Bounds(0.0, 10.0), 1, 1.0)
    for _ in range(300):
        optimiser.zero_grad()
        (clip(y) - 6).square().sum().backward()
        optimiser.step()
    assert clip(y).item() == pytest.approx(6, abs=0.01)


def test_the_map_bends_smoothly_and_each_output_has_its_own_bounds():
    clip = Bounded(Bounds([0.0, None, None], [1.0, None, 2.0]), 3, [1.0, 1.0, 1.0])
    y = torch.tensor([[-5.0, -5.0, 9.0], [0.5, 7.0, 1.5]], **F64)
    out = clip(y.reshape(2, 1, 3)).reshape(2, 3)
    assert out[0, 1] == -5
    assert 0 < out[0, 0] < 0.01
    assert 1.99 < out[0, 2] < 2
    torch.testing.assert_close(out[1], y[1], rtol=0, atol=0)
    bend = torch.tensor([[0.1]], **F64)  # the margin: value, slope and curvature go on
    for step in (1e-7, -1e-7):
        t = (bend + step).requires_grad_()
        (slope,) = torch.autograd.grad(Bounded(Bounds(0.0), 1, 1.0)(t).sum(), t, create_graph=True)
        assert slope.item() == pytest.approx(1, abs=1e-5)
        if slope.requires_grad:
            (curvature,) = torch.autograd.grad(slope.sum(), t)
            assert curvature.item() == pytest.approx(0, abs=1e-3)
    assert torch.autograd.gradcheck(clip, torch.randn(6, 3, **F64, requires_grad=True))


def test_deviations_that_cannot_be_are_refused():
    for deviation in (0.0, [1.0, 2.0], np.nan):
        with pytest.raises(lf.InputError, match="deviation of 1 targets"):
            Bounded(Bounds(0.0), 1, deviation)
    with pytest.raises(lf.InputError, match="model gives 3"):
        Bounded(Bounds([0.0, 1.0]), 3, 1.0)


# ---- conserved quantities ----------------------------------------------------------------------------------------
def pendulum(state):
    return state[:, 1] ** 2 / 2 - 9.81 * torch.cos(state[:, 0])


@pytest.mark.parametrize("grad", [True, False])
def test_projection_reaches_the_surface_to_rounding(grad):
    rng = np.random.default_rng(0)
    X = torch.from_numpy(rng.normal(size=(500, 2)) * [1.0, 3.0])
    y = X + torch.from_numpy(rng.normal(size=(500, 2))) * 0.3
    statement = Conserved(pendulum)
    with torch.set_grad_enabled(grad):
        moved = Projected(statement, Columns(2), [1.0, 3.0])(y, X)
    assert (pendulum(moved) - pendulum(X)).abs().max() < 1e-13 * 9.81 * 10
    assert ((moved - y).norm(dim=1) < 5).all()
    right = Projected(statement, Columns(2), [1.0, 3.0])(X, X)
    torch.testing.assert_close(right, X, rtol=0, atol=1e-12)


def test_on_a_sphere_it_moves_along_the_radius_and_gradients_are_exact():
    sphere = Conserved(lambda s: (s**2).sum(1))
    X = torch.tensor([[3.0, 4.0, 0.0], [0.0, 0.0, 2.0]], **F64)
    y = torch.tensor([[1.0, 2.0, 2.0], [0.1, 0.2, 5.0]], **F64, requires_grad=True)
    project = Projected(sphere, Columns(3))
    expected = y / y.norm(dim=1, keepdim=True) * X.norm(dim=1, keepdim=True)
    torch.testing.assert_close(project(y, X), expected, rtol=1e-13, atol=0)
    slope = torch.randn(2, 3, **F64)
    torch.testing.assert_close(
        torch.autograd.grad((project(y, X) * slope).sum(), y)[0],
        torch.autograd.grad((expected * slope).sum(), y)[0],
        rtol=1e-9,
        atol=1e-12,
    )
    assert torch.autograd.gradcheck(lambda y: project(y, X), y)


def test_an_output_with_a_larger_deviation_is_moved_more():
    """On a plane one step is enough: the shares of the move are those of the squared deviations."""
    total = Conserved(lambda s: s.sum(1))
    X = torch.tensor([[4.0, 6.0]], **F64)
    moved = Projected(total, Columns(2), [1.0, 3.0])(torch.zeros(1, 2, **F64), X)
    torch.testing.assert_close(moved, torch.tensor([[1.0, 9.0]], **F64))


def test_momentum_and_energy_together_with_masses_among_the_inputs():
    rng = np.random.default_rng(2)
    X = torch.from_numpy(rng.uniform(0.5, 2, size=(300, 4)))  # m1, v1, m2, v2

    def both(v, X):
        m = X[:, [0, 2]]
        return torch.stack([(m * v).sum(1), (m * v**2).sum(1) / 2], 1)

    m, v = X[:, [0, 2]], X[:, [1, 3]]
    mean = (m * v).sum(1, keepdim=True) / m.sum(1, keepdim=True)
    after = 2 * mean - v  # the only other state with this momentum and energy
    y = after + 0.2 * (after - mean).abs() * torch.from_numpy(rng.uniform(-1, 1, size=(300, 2)))
    moved = Projected(Conserved(both, columns=[1, 3]), Columns(4))(y, X)
    torch.testing.assert_close(moved, after, rtol=0, atol=2e-7)  # a tangent surface where velocities are nearly equal
    torch.testing.assert_close(both(moved, X), both(v, X), rtol=1e-14, atol=1e-14)


def test_far_away_and_where_the_gradient_vanishes():
    quartic = Conserved(lambda s: (s**4).sum(1))
    X = torch.tensor([[1.0, 0.0]] * 3, **F64)
    y = torch.tensor([[1e-3, 0.0], [300.0, 400.0], [0.0, 0.0]], **F64)
    moved = Projected(quartic, Columns(2), steps=60)(y, X)
    assert (moved[:2] ** 4).sum(1).sub(1).abs().max() < 1e-12
    assert (moved[2] == 0).all()  # stays: there is no direction to go, and nothing is infinite
    torch.testing.assert_close(Projected(quartic, Columns(2), steps=60)(y[None], X[None])[0], moved)


def test_a_row_without_a_gradient_stays_and_leaves_the_others_alone():
    radius = Conserved(lambda s: s.square().sum(1).sqrt())
    X = torch.tensor([[3.0, 4.0], [3.0, 4.0]], **F64)
    y = torch.tensor([[0.0, 0.0], [0.0, 1.0]], **F64)  # the slope of a radius is not defined at the origin
    with torch.no_grad():
        moved = Projected(radius, Columns(2))(y, X)
    torch.testing.assert_close(moved, torch.tensor([[0.0, 0.0], [0.0, 5.0]], **F64))


def test_a_net_learns_through_the_projection():
    """A network that learns a rotation from few data keeps the energy exactly, and gets better, not worse."""
    torch.manual_seed(0)
    X = torch.randn(200, 2)
    c, s = np.cos(0.5), np.sin(0.5)
    target = X @ torch.tensor([[c, -s], [s, c]], dtype=torch.float32)
    net = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 2))
    statement = Conserved(lambda s: (s**2).sum(1) / 2)
    project = Projected(statement, Columns(2))
    optimiser = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(300):
        optimiser.zero_grad()
        (project(net(X), X) - target).square().mean().backward()
        optimiser.step()
    net.double()
    far = 1.5 * torch.randn(200, 2, **F64)
    assert (project(net(X.double()), X.double()) - target).square().mean().sqrt() < 0.05
    assert statement.violation(lambda x: project(net(x), x), far.numpy()).max() < 1e-13


def test_what_cannot_be_projected_is_named():
    X = torch.ones(3, 2, **F64)
    with pytest.raises(lf.InputError, match="does not change with the state"):
        Projected(Conserved(lambda s: s[:, 0].round()), Columns(2))(2 * X, X)
    with pytest.raises(lf.InputError, match=r"expected \(3, 2\)"):
        Projected(Conserved(pendulum), Columns(2))(torch.ones(3, 1, **F64), X)
    with pytest.raises(lf.InputError, match="no column names"):
        Projected(Conserved(pendulum, columns=["angle"]), Columns(2))


# ---- integrals ---------------------------------------------------------------------------------------------------
def test_powers_are_found_and_what_is_none_is_refused():
    x, over = torch.ones(3, 2, **F64), (0, 0.0, 1.0)
    for function, outputs, p in [
        (lambda y: y**2, 1, 2.0),
        (lambda y: (y**2).sum(1), 2, 2.0),
        (lambda y: 3 * y[:, 0], 2, 1.0),
        (lambda y: y.abs() ** 1.5, 1, 1.5),
        (lambda y, x: x[:, 1:] * y**4, 1, 4.0),
    ]:
        assert power(Integral(function, over=over), outputs, x) == p
    for function in (torch.exp, lambda y: y**2 + y, lambda y: 0 * y, lambda y: y / y.abs()):
        with pytest.raises(lf.InputError, match="cannot be built in"):
            power(Integral(function, over=over), 1, x)
    with pytest.raises(lf.InputError, match="cannot be built in"):
        power(Integral(lambda y: y**2, over=over, equals=0), 1, x)


@pytest.mark.parametrize("settings", [{}, {"shared": True}, {"rows": 100}, {"shared": True, "rows": 1}])
def test_normalised_predictions_have_the_integral_and_keep_their_shape(settings):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1)).double()
    statement, table = Integral(lambda psi: psi**2, over=(1, 0.0, 2.0), equals=3.0), Columns(2)
    X = torch.rand(12, 2, **F64)
    X[:6, 0] = X[6:, 0]  # pairs of rows that differ in x alone
    with torch.no_grad():
        assert statement.violation(net, X).min() > 0.01

    def model(x):
        return normalised(net, x, statement, table, 2.0, **settings)

    found = statement.residual(model, X, table, np.random.default_rng(0))
    assert found.abs().max() < 1e-12
    ratio = model(X) / net(X)
    assert (ratio > 0).all()
    torch.testing.assert_close(ratio[:6], ratio[6:])
    assert (ratio[1:6] - ratio[0]).abs().min() > 0  # each row has a factor of its own
    model(X).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in net.parameters())


def test_a_known_wave_is_found_from_any_amplitude_and_a_density_that_changes_sign_is_refused():
    x = torch.linspace(0.1, 0.9, 5, **F64)[:, None]
    unitary = Integral(lambda psi: psi**2, over=(0, 0.0, 1.0))
    psi = normalised(lambda x: -0.01 * torch.sin(torch.pi * x), x, unitary, Columns(1), 2.0)
    torch.testing.assert_close(psi, -(2**0.5) * torch.sin(torch.pi * x))
    density = Integral(lambda p: p, over=(0, 0.0, 1.0))
    p = normalised(lambda x: 5 * x, x, density, Columns(1), 1.0)
    torch.testing.assert_close(p, 2 * x)
    for model in (lambda x: x - 0.6, lambda x: x * torch.nan):
        with pytest.raises(lf.InputError, match="no factor makes right"):
            normalised(model, x, density, Columns(1), 1.0)


# ---- formulas ----------------------------------------------------------------------------------------------------
def test_formulas_that_name_columns_are_built_in():
    table = Columns(3, ("m", "x", "v"))
    X = torch.tensor([[2.0, 3.0, 4.0], [0.5, 1.0, -2.0]], **F64)
    energy = Conserved("m * v**2 / 2 + x**2 / 2", columns=["x", "v"])
    y = Projected(energy, table, 1.0)(0.8 * X[:, 1:], X)
    torch.testing.assert_close(energy.values(y, X, table), energy.values(X[:, 1:], X, table), rtol=1e-12, atol=0)
    unitary = Integral("psi**2 * m", over=("x", 0.0, 1.0), equals=3.0)
    assert power(unitary, 1, X, table) == 2.0

    def model(x):
        return (1 + x[:, :1]) * torch.sin(torch.pi * x[:, 1:2])

    found = unitary.integral(lambda x: normalised(model, x, unitary, table, 2.0, shared=True), X, table)
    torch.testing.assert_close(found, torch.full((2,), 3.0, **F64))
    assert power(Integral("psi**3", over=(0, 0.0, 1.0)), 1, X) == 3.0
    with pytest.raises(lf.InputError, match="no power of the prediction"):
        power(Integral("psi + psi**2", over=("x", 0.0, 1.0)), 1, X, table)
