"""Networks around networks: the pass that is made by hand against autograd, and members by hand against vmap."""

import itertools

import pytest
import torch

from lawful.learning.group import Group
from lawful.learning.loop import Examples, Settings
from lawful.learning.members import Members
from lawful.learning.objectives import SignedSquaredError, SquaredError
from lawful.nets import MLP
from lawful.nets.around import Around, innermost_core
from lawful.nets.monotone import Ramped
from lawful.nets.symmetric import Averaged, Contracted

T, K = 2, 3  # targets, knots
PLAIN = {0: (0, 1), 1: (1, 2)}  # plain outputs and copies, without and with weights of both signs


def averaged(core, inputs, plain, copies):
    back = torch.linalg.qr(torch.randn(4, T, T, generator=torch.Generator().manual_seed(3)))[0]
    return Averaged(core, back, 4, plain=plain, copies=copies), 4 * inputs


def contracted(core, inputs, plain, copies):
    return Contracted(core, T, T, plain=plain, copies=copies), inputs + T * T


def ramped(core, inputs, plain, copies):
    return Ramped(core, K, 1, T), inputs + K


def stack(layers, signed=0):
    """Layers from outside to inside around an MLP of three numbers; the network and how many it is given."""
    plain, copies = PLAIN[signed]
    width = plain + copies * T
    net, inputs = MLP(3, T * (1 + K) if layers[-1] is ramped else width, hidden=(5,)), 3
    for layer in reversed(layers):
        net, inputs = layer(net, inputs, plain, copies)
    return net, inputs


STACKS = [
    *[list(layers) for layers in itertools.product([averaged, contracted], repeat=2)],
    [averaged, ramped],
    [contracted, ramped],
    [averaged, contracted, ramped],
    [averaged, averaged, contracted],
]


def called(layers):
    return " ".join(layer.__name__ for layer in layers)


@pytest.mark.parametrize("layers", STACKS, ids=called)
def test_the_slope_of_the_innermost_core_is_that_of_autograd(layers):
    torch.manual_seed(0)
    net, inputs = stack(layers)
    net = net.double()
    x = torch.randn(7, inputs, dtype=torch.float64)
    core = innermost_core(net)
    assert isinstance(core, MLP)
    z = core(net.inner_given(x)).detach().requires_grad_()
    y = net.inner_combine(z, x)
    torch.testing.assert_close(y, net(x), rtol=0, atol=1e-12)
    d = torch.randn_like(y)
    (slope,) = torch.autograd.grad((y * d).sum(), z)
    torch.testing.assert_close(net.inner_slope(d, x, z.detach()), slope, rtol=0, atol=1e-12)


@pytest.mark.parametrize("layers", STACKS, ids=called)
def test_members_by_hand_score_as_by_vmap(layers):
    members = Members(lambda: stack(layers)[0], 3, seed=1, dtype=torch.float64)
    assert members.by_hand
    inputs = stack(layers)[1]
    x = torch.randn(301, inputs, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    generic = members.outputs(members.values, members.buffers, x.expand(3, *x.shape))
    torch.testing.assert_close(members.scores(x), generic, rtol=0, atol=1e-12)
    torch.testing.assert_close(members.scores(x, rows=16), generic, rtol=0, atol=1e-12)


@pytest.mark.parametrize("layers", STACKS, ids=called)
@pytest.mark.parametrize("signed", [0, 1])
def test_a_step_by_hand_is_the_step_of_autograd(layers, signed):
    if signed and ramped in layers:
        pytest.skip("no column is monotonic with weights of both signs")
    make = lambda: stack(layers, signed)[0]  # noqa: E731
    inputs = stack(layers, signed)[1]
    rng = torch.Generator().manual_seed(4)
    x = torch.randn(24, inputs, dtype=torch.float64, generator=rng)
    y = torch.randn(24, T + signed, dtype=torch.float64, generator=rng)
    if signed:
        y[:, 0] = (y[:, 0] > 0).double()
    w = torch.rand(24, dtype=torch.float64, generator=rng) + 0.5
    rows = torch.arange(24).repeat(2, 1)
    objective = SignedSquaredError(T) if signed else SquaredError(T)
    values = []
    for by_hand in (True, False):
        members = Members(make, 2, seed=5, dtype=torch.float64)
        group = Group(members, [0, 1], Examples(x, y, w, rows), objective, Settings(batch_size=8, seed=1), {}, [0, 1])
        assert group.by_hand
        group.by_hand = by_hand
        group.epoch(1)
        values.append(group.values)
    assert not torch.equal(values[0], members.values)
    torch.testing.assert_close(values[0], values[1], rtol=0, atol=1e-9)


def test_a_core_that_is_no_mlp_is_left_to_autograd():
    members = Members(lambda: Averaged(torch.nn.Linear(3, 1), None, 2), 2, seed=0)
    assert not members.by_hand
    assert innermost_core(members.net) is members.net.core
    assert isinstance(members.net, Around)
