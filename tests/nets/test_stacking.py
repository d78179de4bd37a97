"""Networks with the parameters of several members at once give what the members give one by one."""

import pytest
import torch
from torch import nn

from lawful.learning.members import Members
from lawful.nets import MLP
from lawful.nets.based import Based, Beside
from lawful.nets.linear import Linear
from lawful.nets.monotone import Ramped
from lawful.nets.parts import Composed
from lawful.nets.pooled import Pooled, Shape
from lawful.nets.stacking import stacks
from lawful.nets.symmetric import Averaged, Contracted
from lawful.physics import Baseline
from lawful.physics.columns import Columns


def core(outputs, inputs):
    return MLP(inputs, outputs, hidden=(7, 5))


def based(kind="additive", copies=1):
    known = Baseline("k * a + sin(b / q)", columns=["a", "b"], parameters={"k": 2.0, "q": (1.0, 0.1, 5.0)})
    net = MLP(3, copies, hidden=(7,))
    return Beside(Based(net, known, Columns(2), [0.3], [2.0], kind=kind, copies=copies))


PAIRS = Shape(objects=4, single=2, pair=3, scalars=1, paired=True, order=("scalar", "object", "pair", "sum 0"))
NETS = {
    "silu": (lambda: MLP(3, 2, hidden=(7, 5), activation="silu"), 3),
    "relu": (lambda: MLP(3, 2, hidden=(7,), activation="relu"), 3),
    "embedding": (lambda: MLP(3, 2, embedding="periodic", hidden=(7,)), 3),
    "linear": (lambda: Linear(3, 2), 3),
    "basis tensors": (lambda: Contracted(MLP(4, 5, hidden=(7,)), basis=2, width=3, plain=1, copies=2), 10),
    "mean": (lambda: Averaged(MLP(2, 3, hidden=(7,)), torch.randn(4, 2, 2), 4, plain=1), 8),
    "rising": (lambda: Ramped(MLP(3, 2 * 5, hidden=(7,)), 4, output=0, outputs=2), 7),
    "basis tensors around a rising net": (
        lambda: Contracted(Ramped(MLP(3, 2 * 5, hidden=(7,)), 4, output=0, outputs=2), basis=2, width=3),
        13,
    ),
    "sum": (lambda: Composed([core(1, 2), core(1, 3)], [(2, 0), (3, 0)], 1, product=False), 5),
    "product": (lambda: Composed([core(2, 2), core(2, 3)], [(2, 0), (3, 0)], 2, product=True), 5),
    "baseline": (based, 5),
    "baseline, times": (lambda: based("multiplicative"), 5),
    "baseline, both signs": (lambda: based(copies=2), 5),
    "baseline around a sum": (
        lambda: Based(
            Composed([core(1, 2), core(1, 1)], [(2, 0), (1, 0)], 1, product=False),
            Baseline("k * a", columns=["a", "b"], parameters={"k": 2.0}),
            Columns(2),
            [0.0],
            [1.0],
        ),
        5,
    ),
    "pooled objects": (lambda: Pooled(core, Shape(objects=5, single=2, pair=0, scalars=1, paired=True)), 15),
    "pooled pairs": (
        lambda: Pooled(core, Shape(**{**vars(PAIRS), "basis": (2,), "width": 3})),
        12 * 6 + 12 * 2 * 3,
    ),
}


@pytest.mark.parametrize("case", NETS)
def test_stacked_is_one_by_one(case):
    """Values, and gradients by parameters and by inputs."""
    make, inputs = NETS[case]
    torch.manual_seed(1)
    frozen = make()  # buffers are drawn at random here, and are the same in all members
    members = Members(lambda: _like(make(), frozen), 3, seed=0, dtype=torch.float64)
    members.values = members.values + 0.3 * torch.randn_like(members.values)
    assert members.stacked
    x = torch.randn(3, 6, inputs, dtype=torch.float64, requires_grad=True)
    values = members.values.detach().requires_grad_()
    z = members.outputs(values, members.buffers, x)
    slopes = torch.autograd.grad(z.sin().sum(), [values, x])
    for m in range(3):
        net = members.net_of(m)
        own = net(x[m])
        assert torch.allclose(z[m], own, rtol=1e-12, atol=1e-12)
        by_own = torch.autograd.grad(own.sin().sum(), [*net.parameters(), x])
        assert torch.allclose(slopes[0][m], torch.cat([s.flatten() for s in by_own[:-1]]), rtol=1e-10, atol=1e-12)
        assert torch.allclose(slopes[1][m], by_own[-1][m], rtol=1e-10, atol=1e-12)


def test_dropout_differs_between_members_and_events():
    members = Members(lambda: MLP(2, 50, hidden=(40,), dropout=0.5), 2, seed=0)
    members.values = members.values[:1].expand(2, -1).clone()
    members.net.train()
    z = members.outputs(members.values, {}, torch.ones(2, 3, 2))
    assert len({round(float(value), 5) for value in z[..., 0].flatten()}) == 6
    members.net.eval()
    z = members.outputs(members.values, {}, torch.ones(2, 3, 2))
    assert torch.equal(z[0], z[1])


def test_what_is_not_made_for_it_is_not_stacked():
    """Modules of users, frozen parts, and baselines that are functions of a member's rows."""
    assert not stacks(nn.Linear(2, 1))
    assert not stacks(Contracted(nn.Linear(4, 2), basis=2, width=3))
    net = MLP(2, 1)
    net.layers[0].weight.requires_grad_(False)
    assert not Members(lambda: net, 2, seed=0).stacked
    known = Baseline(lambda x, k: k * x[:, 0], parameters={"k": 2.0})
    beside = Beside(Based(MLP(3, 1), known, Columns(2), [0.0], [1.0]))
    assert not stacks(beside)
    members = Members(lambda: Beside(Based(MLP(3, 1), known, Columns(2), [0.0], [1.0])), 2, seed=0)
    x = torch.randn(2, 4, 5)
    z = members.outputs(members.values, members.buffers, x)
    assert torch.allclose(z[1], members.net_of(1)(x[1]), atol=1e-6)


def _like(net, other):
    for (name, buffer), (_, value) in zip(net.named_buffers(), other.named_buffers(), strict=True):
        place, _, last = name.rpartition(".")
        setattr(net.get_submodule(place), last, value.clone().to(buffer.dtype))
    return net
