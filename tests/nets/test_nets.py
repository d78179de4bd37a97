"""Laws that every network in the registry keeps."""

import pytest
import torch
from torch.func import functional_call, vmap

from lawful.errors import InputError
from lawful.nets import ACTIVATIONS, MLP, NETS, build
from lawful.nets.dense import DensePass, cut

CASES = {
    "linear": [{}],
    "mlp": [
        {"activation": activation, "embedding": embedding, "hidden": hidden}
        for activation in sorted(ACTIVATIONS)
        for embedding in (None, "periodic")
        for hidden in ((7, 5), (6,))
    ],
}


def test_every_net_has_cases():
    assert set(CASES) == set(NETS)


@pytest.fixture(params=[(net, case) for net, cases in CASES.items() for case in cases], ids=str)
def net(request):
    name, settings = request.param
    torch.manual_seed(3)
    module = build(name, 4, 3, **settings).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return module


def test_shapes(net):
    assert net(torch.zeros(9, 4, dtype=torch.float64)).shape == (9, 3)


def test_gradients_reach_every_parameter(net):
    net(torch.randn(32, 4, dtype=torch.float64)).square().sum().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_each_event_stands_alone(net):
    x = torch.randn(8, 4, dtype=torch.float64)
    torch.testing.assert_close(net(x)[3:5], net(x[3:5]))


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("settings", CASES["mlp"], ids=str)
def test_the_pass_by_hand_equals_automatic_differentiation(settings, outputs):
    torch.manual_seed(5)
    M, B = 3, 11
    net = MLP(4, outputs, **settings).double()
    values = torch.cat([p.detach().reshape(-1) for p in net.parameters()]).repeat(M, 1)
    values = values + 0.2 * torch.randn_like(values)
    gradients = torch.full_like(values, 7.0)  # stale values must be overwritten
    x, slope = torch.randn(M, B, 4, dtype=torch.float64), torch.randn(M, B, outputs, dtype=torch.float64)
    dense = DensePass(net, values, gradients, B)
    z = dense.forward(x).clone()
    dense.backward(slope)

    leaf = values.clone().requires_grad_()
    expected = vmap(lambda p, x: functional_call(net, p, (x,)))(dict(cut(net, leaf)), x)
    (expected * slope).sum().backward()
    torch.testing.assert_close(z, expected)
    torch.testing.assert_close(gradients, leaf.grad)


def test_dropout_by_hand_silences_the_units_that_the_noise_says_and_keeps_the_mean():
    import numpy as np

    torch.manual_seed(0)
    net = MLP(4, 1, hidden=(64,), dropout=0.25).double()
    values = torch.cat([p.detach().reshape(-1) for p in net.parameters()])[None]
    x = torch.randn(1, 1, 4, dtype=torch.float64).expand(1, 4000, 4).contiguous()
    dense = DensePass(net, values, torch.zeros_like(values), 4000)
    plain = float(dense.forward(x)[0, 0])
    noise = np.random.default_rng(0).integers(0, 256, (1, 4000, 64), np.uint8)
    noisy = dense.forward(x, noise)[0, :, 0]
    error = float(noisy.std()) / 4000**0.5
    assert abs(float(noisy.mean()) - plain) < 4 * error  # false alarm: 6e-5
    assert float((dense.dropped[0] == 0).double().mean()) == pytest.approx(0.25, abs=0.01)
    # the gradient of the noisy pass, by finite differences under the same noise
    slope = torch.ones(1, 4000, 1, dtype=torch.float64)
    dense.backward(slope)
    gradient = dense.d_gain[0, 2].item()
    values[0, 2] += 1e-6
    up = dense.forward(x, noise).sum().item()
    values[0, 2] -= 2e-6
    down = dense.forward(x, noise).sum().item()
    assert gradient == pytest.approx((up - down) / 2e-6, rel=1e-6)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"net": "mpl"}, "Did you mean 'mlp'"),
        ({"net": "mlp", "hidden": (64, 0)}, "hidden"),
        ({"net": "mlp", "activation": "step"}, "activation"),
        ({"net": "mlp", "dropout": 1.0}, "dropout"),
        ({"net": "mlp", "embedding": "fourier"}, "embedding"),
    ],
)
def test_wrong_settings_are_named(wrong, words):
    with pytest.raises(InputError, match=words):
        build(**{"inputs": 2, "outputs": 1} | wrong)
