"""The network around a baseline: what it gives, what is trained, and whether the constants' errors cover."""

import numpy as np
import pytest
import torch
from torch import nn

from lawful.errors import InputError
from lawful.learning.members import Members
from lawful.nets import MLP
from lawful.nets.based import Based, Beside
from lawful.nets.fitted import errors, fit_constants, settle
from lawful.physics.baseline import Baseline
from lawful.physics.columns import Columns

LINE = Baseline("k * x", columns=["x"], parameters={"k": 2.0})
ONE = Columns(1)


class Powers(nn.Module):
    """Given powers of the only input, each with a weight that is learned."""

    def __init__(self, *powers):
        super().__init__()
        self.powers = powers
        self.weight = nn.Parameter(torch.zeros(len(powers)))

    def forward(self, x):
        if not self.powers:
            return 0 * x
        return torch.cat([x**p for p in self.powers], -1) @ self.weight[:, None]


def minimised(powers, x, y, w, shrink):
    """The exact minimum of the penalised loss for y = k x + powers; k, and the network that has it."""
    J = np.stack([x, *(x**p for p in powers)], 1)
    G = J.copy()
    G[:, 0] = 0
    H = J.T @ (w[:, None] * J) + shrink * G.T @ (w[:, None] * G)
    found = np.linalg.solve(H + 1e-12 * np.eye(len(H)), J.T @ (w * y))
    net = Based(Powers(*powers), LINE, ONE, [0.0], [1.0]).double()
    with torch.no_grad():
        net.free.fill_((found[0] - 2) / 2)
        net.core.weight.copy_(torch.tensor(found[1:]))
    return found[0], net


def measured(powers, x, y, w, shrink=0.01):
    k, net = minimised(powers, x, y, w, shrink)
    both = torch.tensor(np.stack([x, x], 1))
    fitted = errors(net, both, torch.tensor(y)[:, None], torch.tensor(w), shrink=shrink)
    assert fitted.values[0] == pytest.approx(k, rel=1e-12)
    return fitted


@pytest.mark.parametrize("kind", ["additive", "multiplicative"])
def test_what_it_gives(kind):
    torch.manual_seed(0)
    core = MLP(3, 2)
    known = Baseline(["k * x", "x**2"], columns=["x", "other"], parameters={"k": (2.0, 0.0, None)})
    net = Based(core, known, Columns(2), [1.0, 0.0], [2.0, 3.0], kind=kind)
    x = torch.randn(7, 5)
    b = torch.stack([2 * x[:, 3], x[:, 3] ** 2], 1)
    g = core(x[:, :3])
    scale, centre = torch.tensor([2.0, 3.0]), torch.tensor([1.0, 0.0])
    y = b + scale * g if kind == "additive" else b * (1 + g)
    torch.testing.assert_close(net(x), (y - centre) / scale)
    torch.testing.assert_close(net.size(x), (y - b) / scale)
    torch.testing.assert_close(Beside(net)(x), torch.cat([net(x), net.size(x)], 1))
    net(x).square().sum().backward()
    assert all(p.grad is not None and bool(p.grad.abs().sum() > 0) for p in net.parameters())


def test_plain_outputs_and_copies():
    core = MLP(2, 1 + 2)
    net = Based(core, LINE, ONE, [0.0], [1.0], plain=1, copies=2)
    x = torch.randn(5, 3)
    z = core(x[:, :2])
    torch.testing.assert_close(net(x), z + torch.cat([torch.zeros(5, 1), 2 * x[:, 2:], 2 * x[:, 2:]], 1))
    assert Beside(net)(x).shape == (5, 5)


def test_members_take_it():
    members = Members(lambda: Based(MLP(1, 1, hidden=(4,)), LINE, ONE, [0.0], [1.0], free=[0.5]), 3, seed=0)
    x = torch.randn(6, 2)
    assert members.scores(x).shape == (3, 6, 1)
    assert members.parameters()["free"].tolist() == [[0.5]] * 3
    assert members.net.constants(members.parameters()["free"])["k"].tolist() == [3.0, 3.0, 3.0]
    assert members.alike() == []


def test_starts_again():
    net = Based(MLP(1, 1), LINE, ONE, [0.0], [1.0], free=[0.5])
    with torch.no_grad():
        net.free.fill_(3.0)
    before = net.core.layers[0].weight.clone()
    net.reset_parameters()
    assert net.free.tolist() == [0.5]
    assert not torch.equal(before, net.core.layers[0].weight)


def test_a_baseline_without_constants():
    net = Based(MLP(1, 1), Baseline("x", columns=["x"]), ONE, [0.0], [1.0])
    assert net.constants() == {}
    assert errors(net, torch.randn(9, 2), torch.randn(9, 1), torch.ones(9), shrink=0.1).names == ()
    assert fit_constants(net.baseline, ONE, torch.ones(3, 1), torch.ones(3, 1), torch.ones(3)).shape == (0,)


def test_outputs_must_fit():
    net = Based(MLP(1, 1), Baseline(lambda X: torch.cat([X, X], 1)), ONE, [0.0], [1.0])
    with pytest.raises(InputError, match="it has 2 outputs; the data have 1"):
        net(torch.zeros(3, 2))


@pytest.mark.parametrize("bounds", [2.0, (2.0, 0.0, None), (2.0, None, 40.0), (2.0, 0.5, 40.0)], ids=str)
def test_constants_alone_are_fitted(bounds):
    x = torch.linspace(-3, 3, 50, dtype=torch.float64)[:, None]
    known = Baseline("9.81 / k * sin(x) + a", columns=["x"], parameters={"k": bounds, "a": 1.0})
    y = 9.81 / 11.0 * torch.sin(x) - 0.3
    t = torch.tensor(fit_constants(known, ONE, x, y, torch.ones(50)))
    values = [float(c.value(t[k])) for k, c in enumerate(known.constants)]
    assert values == pytest.approx([11.0, -0.3], rel=1e-5)


def test_errors_without_a_network_are_those_of_least_squares():
    """Against the closed form, for weights of any size: C = (sum w x r)^2 / (sum w x^2)^2."""
    rng = np.random.default_rng(5)
    x, w = rng.normal(size=400), rng.uniform(0.2, 5, 400)
    y = 3 * x + rng.normal(size=400)
    fitted = measured((), x, y, w)
    k = (w * x * y).sum() / (w * x * x).sum()
    h = w * x**2 / (w * x**2).sum()
    truth = np.sqrt(((w * x * (y - k * x)) ** 2 / (1 - h)).sum()) / (w * x * x).sum()
    assert fitted.values[0] == pytest.approx(k)
    assert fitted.errors[0] == pytest.approx(truth, rel=1e-6)
    assert fitted.imitated[0] == 0


def test_bounds_do_not_change_an_error():
    rng = np.random.default_rng(6)
    x = rng.normal(size=200)
    y = 3 * x + rng.normal(size=200)
    free = measured((), x, y, np.ones(200))
    bounded = Baseline("k * x", columns=["x"], parameters={"k": (2.0, 0.0, 7.0)})
    t = fit_constants(bounded, ONE, torch.tensor(x)[:, None], torch.tensor(y)[:, None], torch.ones(200))
    net = Based(Powers(), bounded, ONE, [0.0], [1.0], free=t).double()
    with torch.no_grad():
        net.free.copy_(torch.tensor(t))
    both = torch.tensor(np.stack([x, x], 1))
    fitted = errors(net, both, torch.tensor(y)[:, None], torch.ones(200), shrink=0.1)
    assert fitted.values[0] == pytest.approx(free.values[0], rel=1e-6)
    assert fitted.errors[0] == pytest.approx(free.errors[0], rel=1e-5)


def data(rng, n, missing):
    """y = 3 x + missing physics + noise that grows with |x|, under event weights."""
    x, w = rng.normal(size=n), rng.uniform(0.2, 2, n)
    return x, 3 * x + missing(x) + (0.3 + 0.3 * np.abs(x)) * rng.normal(size=n), w


CASES = {
    "no network": ((), lambda x: 0 * x),
    "a network with nothing to add": ((2, 3), lambda x: 0 * x),
    "missing physics that is orthogonal": ((0, 2), lambda x: x**2),
    "orthogonal, and the network can imitate the baseline": ((0, 1, 2), lambda x: 2 * x**2),
}


@pytest.mark.parametrize(("powers", "missing"), CASES.values(), ids=CASES)
def test_errors_cover(powers, missing):
    """Of 200 repeats, 61 to 75% within one error of the truth: a fair 68.3% leaves that range once in 30 trials."""
    inside = []
    for repeat in range(200):
        x, y, w = data(np.random.default_rng([7, repeat]), 200, missing)
        fitted = measured(powers, x, y, w)
        inside.append(abs(fitted.values[0] - 3) < fitted.errors[0])
    assert 0.61 <= np.mean(inside) <= 0.75


def test_what_is_degenerate_is_said():
    """x^3 has a part along x, 3 x for a normal x: it goes to the constant, and the error does not know."""
    rng = np.random.default_rng(8)
    x, y, w = data(rng, 4000, lambda x: x**3)
    fitted = measured((1, 2, 3), x, y, w)
    assert fitted.values[0] == pytest.approx(6.0, abs=0.4)
    assert fitted.imitated[0] > 0.999
    apart = measured((0, 2), *data(rng, 4000, lambda x: x**2))
    assert apart.imitated[0] < 0.01
    half = measured((3,), x, y, w)
    assert half.imitated[0] == pytest.approx(9 / 15, abs=0.1)  # corr(x, x^3)^2 of a normal x


def test_without_a_penalty_in_the_way_the_error_grows():
    """A freer network takes more of what is known of the constant: with x^3 beside it, by 1 / sqrt(1 - 9 / 15)."""
    x, y, w = data(np.random.default_rng(9), 4000, lambda x: 0 * x)
    w = np.ones_like(w)
    y = 3 * x + np.random.default_rng(10).normal(size=4000)
    alone, beside = measured((), x, y, w), measured((3,), x, y, w, shrink=1e-9)
    assert beside.errors[0] / alone.errors[0] == pytest.approx(1 / np.sqrt(1 - 9 / 15), rel=0.1)


def test_events_of_negative_weight_are_judged_by_their_own_copy():
    torch.manual_seed(1)
    net = Based(MLP(1, 3, hidden=(4,)), LINE, ONE, [0.0], [1.0], plain=1, copies=2).double()
    x = torch.randn(60, 2, dtype=torch.float64)
    w = torch.where(torch.arange(60) % 4 == 0, -1.0, 1.0).double()
    z = net(x)
    y = torch.where(w[:, None] < 0, z[:, 2:], z[:, 1:2]).detach()
    kept = errors(net, x, y, w, shrink=1e-12)
    assert kept.errors[0] < 1e-6
    assert errors(net, x, y, w.abs(), shrink=1e-12).errors[0] > 1e-3


def test_large_networks_are_judged_by_their_last_module():
    torch.manual_seed(2)
    net = Based(MLP(1, 1, hidden=(64, 64)), LINE, ONE, [0.0], [1.0])
    x = torch.randn(900, 2)
    y = 2 * x[:, 1:] + 0.1 * torch.randn(900, 1)
    fitted = errors(net, x, y, torch.ones(900), shrink=0.1)
    assert 0 < fitted.errors[0] < 1
    assert 0 <= fitted.imitated[0] <= 1


def test_modules_that_look_at_their_values_are_taken_too():
    class Looking(Powers):
        def forward(self, x):
            return super().forward(x) if float(x.abs().max()) < 1e9 else 0 * x

    rng = np.random.default_rng(12)
    x, y, w = data(rng, 50, lambda x: x**2)
    both, targets = torch.tensor(np.stack([x, x], 1)), torch.tensor(y)[:, None]
    found = []
    for core in (Powers(0, 2), Looking(0, 2)):
        net = Based(core, LINE, ONE, [0.0], [1.0]).double()
        found.append(errors(net, both, targets, torch.tensor(w), shrink=0.1).errors[0])
    assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_shrinking_tells_constants_and_network_apart():
    """Trained by steps from a wrong constant, with a network that can imitate the baseline."""
    rng = np.random.default_rng(11)
    x = torch.tensor(rng.normal(size=(300, 1)))
    y = 3 * x + 0.5 * x**2 + 0.05 * torch.tensor(rng.normal(size=(300, 1)))
    t = fit_constants(LINE, ONE, x, y, torch.ones(300))
    net = Based(Powers(0, 1, 2), LINE, ONE, [0.0], [1.0], free=t).double()
    both = torch.cat([x, x], 1)
    optimiser = torch.optim.LBFGS(net.parameters(), lr=1, max_iter=200, line_search_fn="strong_wolfe")

    def loss():
        optimiser.zero_grad()
        z = Beside(net)(both)
        value = (z[:, :1] - y).square().mean() / 2 + 0.01 * z[:, 1:].square().mean() / 2
        value.backward()
        return value

    optimiser.step(loss)
    with torch.no_grad():
        found, bend = float(net.constants()["k"]), float(net.core.weight[2])
    alone = float((x * y).sum() / (x * x).sum())
    assert found == pytest.approx(alone, abs=0.05)
    assert found == pytest.approx(3.0, abs=0.15)
    assert bend == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("powers", [(), (0, 2), (1,), (0, 1, 2), (3,)], ids=str)
@pytest.mark.parametrize("away", [-0.4, 0.3])
def test_constants_settle_at_the_minimum_wherever_the_training_ended(powers, away):
    """From k that is off by as much as the network makes up for, to the exact minimum of the penalised loss."""
    x, y, w = data(np.random.default_rng(13), 300, lambda x: 0.5 * x**2)
    k, net = minimised(powers, x, y, w, 0.01)
    best = [p.detach().clone() for p in net.parameters()]
    with torch.no_grad():
        net.free += away / 2
        if 1 in powers:
            net.core.weight[powers.index(1)] -= away
    both = torch.tensor(np.stack([x, x], 1))
    before = net(both).detach()
    settle(net, both, torch.tensor(y)[:, None], torch.tensor(w), shrink=0.01)
    assert net.constants()["k"].item() == pytest.approx(k, abs=1e-4)
    for found, truth in zip(net.parameters(), best, strict=True):
        torch.testing.assert_close(found.detach(), truth, rtol=0, atol=1e-4)
    if 1 in powers:
        assert (net(both) - before).abs().max().item() < 0.05


def test_constants_settle_for_a_network_that_is_far_from_its_minimum():
    """The network stays where its training stopped, but for what the constants ask of it."""
    torch.manual_seed(3)
    x, y, w = data(np.random.default_rng(14), 300, lambda x: 0 * x)
    core = MLP(1, 1, hidden=(8,))
    net = Based(core, LINE, ONE, [0.0], [1.0], free=[3.0]).double()  # k = 8
    first = core.layers[0].weight.detach().clone()
    both = torch.tensor(np.stack([x, x], 1))
    settle(net, both, torch.tensor(y)[:, None], torch.tensor(w), shrink=0.01)
    assert net.constants()["k"].item() == pytest.approx((w * x * y).sum() / (w * x * x).sum(), abs=0.1)
    torch.testing.assert_close(core.layers[0].weight.detach(), first)
