"""Monotone networks rise for any weights, and can be any rising function."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.func import functional_call, vmap

import lawful as lf
from lawful.nets.mlp import MLP
from lawful.nets.monotone import Monotone, ramps
from lawful.physics import Monotonic
from lawful.physics.columns import Columns


def ready(X, outputs=1, *, statement=None, seed=0, plain=0, copies=1, **options):
    """An architecture that was fitted, and the network around a core."""
    found = Monotone(statement or Monotonic(0, along=1), Columns(X.shape[1]), outputs, **options)
    found.fit(X, np.ones(len(X)))
    torch.manual_seed(seed)
    net = found.wrap(lambda wanted: MLP(found.width, wanted, hidden=(16,)), plain, outputs or 1, copies)
    return found, net.double()


def given_to(found, X):
    return torch.from_numpy(np.concatenate([found.inputs(X).reshape(len(X), -1), found.side(X)], 1))


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=12, unique=True), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_ramps_rise_and_add_up_to_the_column(knots, seed):
    knots = np.sort(np.array(knots))
    if np.diff(knots).min() < 1e-3:
        return
    t = np.sort(np.random.default_rng(seed).uniform(-300, 300, 200))
    r = ramps(t, knots, 7.0)
    assert r.shape == (200, len(knots))
    assert np.diff(r, axis=0).min() >= -1e-12
    np.testing.assert_allclose(r.sum(1), (t - knots[len(knots) // 2]) / 7, atol=1e-9)
    beyond = t[t > knots[-1]]
    np.testing.assert_allclose(np.diff(ramps(beyond, knots, 7.0)[:, -1]), np.diff(beyond) / 7, atol=1e-9)


@pytest.mark.parametrize("increasing", [True, False])
@pytest.mark.parametrize("size", [0.1, 30.0])
def test_it_is_monotone_for_any_weights_far_outside_too(increasing, size):
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=300), rng.exponential(size=300), rng.normal(size=300)])
    statement = Monotonic("density", along=1, increasing=increasing)
    for seed in range(5):
        found, net = ready(X, statement=statement, seed=seed)
        with torch.no_grad():
            for parameter in net.parameters():
                parameter.normal_(std=size)
            wide = np.repeat(X[:20], 200, 0)
            wide[:, 1] = np.tile(np.linspace(-50, 50, 200), 20)
            y = net(given_to(found, wide)).reshape(20, 200)
        falls = torch.relu(-statement.sign * y.diff(dim=1)) / y.std()
        assert falls.max() < 1e-12
        assert y.std() > 0
        with torch.no_grad():
            measured = statement.violation(lambda x, f=found, n=net: n(given_to(f, x)), X)
        assert measured.max() < 1e-12


def test_other_outputs_may_fall_and_gradients_reach_every_parameter():
    X = np.random.default_rng(0).uniform(size=(300, 2))
    found, net = ready(X, 3, statement=Monotonic(-1, along=1))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.normal_()
    wide = np.column_stack([np.full(100, 0.3), np.linspace(0, 1, 100)])
    y = net(given_to(found, wide))
    assert y.shape == (100, 3)
    assert (y[:, 2].diff() >= -1e-12).all()
    assert (y[:, :2].diff(dim=0) < 0).any()
    y.square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in net.parameters())


@pytest.mark.parametrize(
    "truth",
    [
        lambda x: np.sin(x[:, 0]) + (1 + x[:, 0] ** 2) * np.tanh(3 * x[:, 1]),
        lambda x: x[:, 0] + 0 * x[:, 1],  # flat
        lambda x: np.where(x[:, 1] > 0.1, 1.0, -1.0) * (2 + x[:, 0]),  # a step
    ],
    ids=["smooth", "flat", "step"],
)
def test_it_learns_rising_functions_that_depend_on_the_other_column(truth):
    rng = np.random.default_rng(0)
    X, far = rng.uniform(-1, 1, size=(800, 2)), rng.uniform(-1, 1, size=(2000, 2))
    found, net = ready(X)
    x, y = given_to(found, X), torch.from_numpy(truth(X) / truth(X).std())[:, None]
    optimiser = torch.optim.Adam(net.parameters(), lr=0.02)
    for _ in range(400):
        optimiser.zero_grad()
        (net(x) - y).square().mean().backward()
        optimiser.step()
    with torch.no_grad():
        left = net(given_to(found, far))[:, 0].numpy() - truth(far) / truth(X).std()
    rough = np.abs(far[:, 1] - 0.1) < 0.15  # about the step the knots set the resolution
    assert np.sqrt(np.mean(left[~rough] ** 2)) < 0.08


def test_a_single_column_and_members_under_vmap():
    X = np.random.default_rng(0).normal(size=(200, 1))
    found, net = ready(X, statement=Monotonic("y", along=0))
    assert found.inputs(X).shape == (200, 1, 1)
    assert found.width == 1
    stacked = {name: torch.stack([p, 2 * p]) for name, p in net.named_parameters()}
    x = given_to(found, X).expand(2, -1, -1)
    both = vmap(lambda p, x: functional_call(net, p, (x,)))(stacked, x)
    torch.testing.assert_close(both[0], net(x[0]))
    first = net(x[0]).detach()
    net.reset_parameters()
    assert not torch.equal(net(x[0]), first)


def test_the_pass_by_hand_equals_automatic_differentiation():
    X = np.random.default_rng(0).normal(size=(40, 3))
    found, net = ready(X, 2)
    x, d = given_to(found, X), torch.randn(40, 2, dtype=torch.float64)
    z = net.core(net.given(x)).detach().requires_grad_()
    (net.combine(z, x) * d).sum().backward()
    torch.testing.assert_close(net.slope(d, x, z.detach()), z.grad)
    torch.testing.assert_close(net.combine(z, x), net(x))


def test_two_classes_have_a_score_that_rises_where_the_stated_probability_does():
    X = np.random.default_rng(0).normal(size=(100, 2))
    signs = [
        Monotone(Monotonic(k, along=0, increasing=up), Columns(2), None).sign for k in (0, 1) for up in (0 < 1, 0 > 1)
    ]
    assert signs == [-1.0, 1.0, 1.0, -1.0]
    for outputs, plain, copies, words in [(None, 0, 2, "two classes"), (1, 1, 2, "weights of both signs")]:
        with pytest.raises(lf.InputError, match=words):
            ready(X, outputs, plain=plain, copies=copies, statement=Monotonic(0, along=1))


def test_knots_lie_at_weighted_quantiles_and_come_back():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.uniform(0, 1, (4000, 1)), rng.uniform(5, 6, (4000, 1))])
    weight = np.repeat([1.0, 0.0], 4000)
    found = Monotone(Monotonic(0, along=0), Columns(1), 1, knots=11)
    found.fit(X, weight)
    np.testing.assert_allclose(found.arrays["knots"], np.linspace(0.005, 0.995, 11), atol=0.04)
    assert float(found.arrays["size"]) == pytest.approx(np.sqrt(1 / 12), rel=0.03)
    other = Monotone(Monotonic(0, along=0), Columns(1), 1, knots=11)
    other.restore({name: np.array(a) for name, a in found.arrays.items()})
    np.testing.assert_array_equal(other.side(X), found.side(X))
    for broken in (
        {"knots": found.arrays["knots"][::-1], "size": found.arrays["size"]},
        {"knots": found.arrays["knots"], "size": np.array(0.0)},
        {"knots": np.array([1.0]), "size": np.array(1.0)},
        {"knots": found.arrays["knots"]},
    ):
        with pytest.raises(lf.InputError, match="file was changed"):
            other.restore(broken)


def test_few_values_and_what_does_not_fit():
    spin = np.random.default_rng(0).integers(0, 3, size=(100, 1)).astype(float)
    found = Monotone(Monotonic(0, along=0), Columns(1), 1)
    found.fit(spin, np.ones(100))
    assert found.arrays["knots"].tolist() == [0, 1, 2]
    rare = np.zeros((5000, 1))
    rare[7] = 1.0
    found.fit(rare, np.ones(5000))
    assert found.arrays["knots"].tolist() == [0, 1]
    with pytest.raises(lf.InputError, match="single value, 3, in the training data"):
        found.fit(np.full((10, 1), 3.0), np.ones(10))
    with pytest.raises(lf.InputError, match="no column 5"):
        Monotone(Monotonic(0, along=5), Columns(2), 1)
    with pytest.raises(lf.InputError, match="have no names"):
        Monotone(Monotonic("signal", along=0), Columns(2), None)
    with pytest.raises(lf.InputError, match="cannot be built in"):
        Monotone(Monotonic(0, along=0, of=lambda y: y), Columns(2), 1)
