"""Networks around a core: the pass by hand is that of autograd, they compile, and too large a mean is refused."""

import numpy as np
import pytest
import torch

import lawful as lf
from lawful.nets import MLP
from lawful.nets.architecture import Mean
from lawful.nets.symmetric import Averaged, Contracted
from lawful.physics import Symmetry, groups
from lawful.physics.columns import Columns


def nets():
    torch.manual_seed(0)
    yield Contracted(MLP(4, 1 + 2 * 3, hidden=(8,)), 3, 2, plain=1, copies=2), 4 + 6
    back = torch.linalg.qr(torch.randn(5, 3, 3))[0]
    yield Averaged(MLP(4, 1 + 3, hidden=(8,)), back, 5, plain=1), 20
    yield Averaged(MLP(4, 2, hidden=(8,)), None, 5), 20


@pytest.mark.parametrize("which", [0, 1, 2])
def test_the_slope_is_that_of_autograd(which):
    net, inputs = list(nets())[which]
    x = torch.randn(7, inputs)
    z = net.core(net.given(x)).detach().requires_grad_()
    y = net.combine(z, x)
    assert torch.allclose(y, net(x), atol=1e-6)
    d = torch.randn_like(y)
    (slope,) = torch.autograd.grad((y * d).sum(), z)
    assert torch.allclose(net.slope(d, x, z), slope, atol=1e-6)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_it_compiles_without_a_break_and_gradients_reach_every_parameter(which):
    net, inputs = list(nets())[which]
    x = torch.randn(7, inputs)
    compiled = torch.compile(net, backend="eager", fullgraph=True)
    assert torch.allclose(compiled(x), net(x), atol=1e-6)
    net(x).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())


def test_a_mean_that_would_fill_the_memory_is_refused():
    mean = Mean(Symmetry(groups.S(5), "vector"), Columns(5))
    with pytest.raises(lf.InputError, match="would take 5 GB"):
        mean.inputs(np.broadcast_to(np.zeros(5), (1_000_000, 5)))
