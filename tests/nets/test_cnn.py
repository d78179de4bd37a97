"""What a convolutional network sees, and what it does not."""

import itertools

import pytest
import torch
from torch import nn

from lawful.errors import InputError
from lawful.nets.cnn import CNN
from lawful.nets.convolutions import Convolution, ring


def made(channels=1, outputs=2, **settings):
    torch.manual_seed(2)
    return CNN(channels, outputs, **settings).double()


def seen(net, shape):
    """Rows and columns that the middle unit of the last layer depends on, by gradients."""
    torch.manual_seed(0)
    x = torch.randn(1, net.channels, *shape, dtype=torch.float64, requires_grad=True)
    h = net.features(x)
    h[0, :, h.shape[2] // 2, h.shape[3] // 2].sum().backward()
    slopes = x.grad[0].abs().sum(0)
    rows, columns = slopes.sum(1).nonzero()[:, 0], slopes.sum(0).nonzero()[:, 0]
    return int(rows.max() - rows.min()) + 1, int(columns.max() - columns.min()) + 1


@pytest.mark.parametrize(
    ("settings", "shape"),
    [
        ({}, (96, 96)),
        ({"hidden": (4,)}, (20, 20)),
        ({"hidden": (4, 4, 4), "kernel": 1}, (32, 32)),
        ({"hidden": (4, 6), "kernel": 5}, (64, 65)),
        ({"hidden": (4, 6, 8), "halve": False}, (31, 32)),
        ({"hidden": (4, 6), "circular": True}, (32, 32)),
        ({"hidden": (4, 6), "size": (1, None)}, (1, 40)),
        ({"hidden": (4, 6), "size": (2, None)}, (2, 40)),
        ({"hidden": (4, 6, 8), "size": (5, 64)}, (5, 64)),
    ],
)
def test_the_receptive_field_is_what_gradients_reach(settings, shape):
    net = made(**settings)
    assert seen(net, shape) == net.receptive_field


def test_the_stride_is_the_distance_of_what_neighbours_see():
    net = made(hidden=(4, 4, 4), size=(1, 64))
    x = torch.randn(1, 1, 1, 64, dtype=torch.float64, requires_grad=True)
    h = net.features(x)
    first = [torch.autograd.grad(h[0, :, 0, i].sum(), x, retain_graph=True)[0][0, 0, 0] for i in (7, 8)]
    starts = [int(slope.nonzero()[0]) for slope in first]
    assert net.stride == (1, starts[1] - starts[0]) == (1, 4)


@pytest.mark.parametrize("pool", ["mean", "max", "both"])
@pytest.mark.parametrize("shift", [(1, 0), (3, -2), (0, 7)])
def test_without_halving_a_ring_can_be_turned_by_any_number_of_pixels(pool, shift):
    net = made(hidden=(5, 7), halve=False, circular=True, pool=pool, kernel=5)
    x = torch.randn(3, 1, 9, 11, dtype=torch.float64)
    torch.testing.assert_close(net(x.roll(shift, (2, 3))), net(x), rtol=1e-12, atol=1e-12)


def test_with_halving_a_ring_can_be_turned_by_whole_strides_only():
    net = made(hidden=(5, 7, 6), circular=True)
    assert net.stride == (4, 4)
    x = torch.randn(3, 1, 16, 24, dtype=torch.float64)
    torch.testing.assert_close(net(x.roll((4, -8), (2, 3))), net(x), rtol=1e-12, atol=1e-12)
    assert (net(x.roll(1, 3)) - net(x)).abs().max() > 1e-4


def test_one_axis_alone_can_be_a_ring():
    """A cylinder: turned about its axis it is the same, moved along it is not."""
    net = made(hidden=(5, 7), halve=False, circular=(False, True))
    x = torch.randn(3, 1, 8, 10, dtype=torch.float64)
    torch.testing.assert_close(net(x.roll(3, 3)), net(x), rtol=1e-12, atol=1e-12)
    assert (net(x.roll(3, 2)) - net(x)).abs().max() > 1e-4


def test_far_from_edges_images_can_be_shifted_with_zeros_beyond():
    net = made(hidden=(5, 7), pool="max")
    for parameter in (net.stem.bias, *(c.bias for b in net.blocks for c in (b.inner, b.outer))):
        assert not parameter.any()  # so that an empty image stays empty
    small = torch.randn(1, 1, 6, 6, dtype=torch.float64)
    near, far = (nn.functional.pad(small, (a, 40 - a, 20, 20)) for a in (18, 24))
    torch.testing.assert_close(net(near), net(far), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("length", [1, 2, 3, 8, 9])
@pytest.mark.parametrize("kernel", [3, 5])
def test_kernels_cut_to_the_size_say_the_same(length, kernel):
    """A network for images of known size equals the one for any, whose further weights only ever meet padding."""
    free = made(hidden=(4, 6, 5), kernel=kernel)
    cut = made(hidden=(4, 6, 5), kernel=kernel, size=(length, 10))
    weights = free.state_dict()
    for name, value in cut.state_dict().items():
        if value.dim() == 4:
            rows, columns = ((b - a) // 2 for a, b in zip(value.shape[2:], weights[name].shape[2:], strict=True))
            middle = weights[name][:, :, rows : rows + value.shape[2], columns : columns + value.shape[3]]
            weights[name] = middle
    cut.load_state_dict(weights)
    x = torch.randn(3, 1, length, 10, dtype=torch.float64)
    torch.testing.assert_close(cut(x), free(x), rtol=1e-12, atol=1e-12)


def test_a_signal_costs_a_third_when_its_one_row_is_known():
    def weights(size):
        return sum(p.numel() for p in CNN(1, 1, size=size).blocks.parameters() if p.shape[-1:] == (3,))

    assert weights((1, None)) * 3 == weights(None)


@pytest.mark.parametrize("circular", list(itertools.product([False, True], repeat=2)))
@pytest.mark.parametrize("strides", [(1, 1), (2, 2), (1, 2)])
def test_a_convolution_is_the_sum_over_its_kernel(circular, strides):
    torch.manual_seed(1)
    layer = Convolution(2, 3, (3, 5), strides=strides, circular=circular).double()
    nn.init.normal_(layer.bias)
    H, W = 5, 4
    x = torch.randn(2, H, W, dtype=torch.float64)
    y = layer(x[None])[0]
    for i, j in itertools.product(range(y.shape[1]), range(y.shape[2])):
        total = layer.bias.detach().clone()
        for a, b in itertools.product(range(3), range(5)):
            row, column = i * strides[0] + a - 1, j * strides[1] + b - 2
            if (circular[0] or 0 <= row < H) and (circular[1] or 0 <= column < W):
                total += layer.weight[:, :, a, b].detach() @ x[:, row % H, column % W]
        torch.testing.assert_close(y[:, i, j].detach(), total)


@pytest.mark.parametrize("wrong", [{"pool": "sum"}, {"halve": "no"}])
def test_settings_of_its_own(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        CNN(1, 1, **wrong)


def test_a_ring_shorter_than_the_kernel_goes_round_more_than_once():
    x = torch.arange(6.0).reshape(1, 1, 2, 3)
    assert torch.equal(ring(x, -2, 5)[0, 0, :, 0], torch.tensor([3.0, 0, 3, 0, 3, 0, 3, 0, 3, 0, 3, 0]))


@pytest.mark.parametrize("activation", ["relu", "silu", "tanh"])
@pytest.mark.parametrize("depth", [1, 10, 30])
def test_depth_neither_blows_up_nor_silences_what_a_network_says(activation, depth):
    """Variance of the answers per unit variance of the input, over networks and images."""
    torch.manual_seed(5)
    x = torch.randn(8, 1, 12, 12)
    sizes = []
    with torch.no_grad():
        for _ in range(4):
            net = CNN(1, 1, hidden=(16,) * depth, activation=activation, halve=False, circular=True)
            h = net.stem(x)
            for block in net.blocks:
                h = block(h)
            sizes.append(float(h.square().mean()))
    assert 0.7 < sum(sizes) / len(sizes) < 4


def test_the_total_intensity_can_be_read():
    """Twice the light is not the same image, as it would be after a normalisation of each image."""
    net = made(hidden=(6,))
    x = torch.rand(4, 1, 8, 8, dtype=torch.float64)
    assert (net.embed(2 * x) - net.embed(x)).abs().mean() > 0.1 * net.embed(x).abs().mean()


def test_it_learns_what_is_the_same_everywhere():
    """Bars across or upright, anywhere in noise: no pixel alone tells them apart."""
    torch.manual_seed(4)

    def draw(n):
        x, y = 0.3 * torch.randn(n, 1, 12, 12), torch.randint(0, 2, (n,))
        for k in range(n):
            i, j = torch.randint(0, 8, (2,)).tolist()
            if y[k]:
                x[k, 0, i : i + 5, j] += 1
            else:
                x[k, 0, i, j : j + 5] += 1
        return x, y

    net = CNN(1, 2, hidden=(8, 12))
    optimiser = torch.optim.Adam(net.parameters(), lr=5e-3)
    x, y = draw(600)
    for _ in range(8):
        for rows in torch.randperm(600).split(50):
            optimiser.zero_grad()
            nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()
            optimiser.step()
    x, y = draw(300)
    assert float((net(x).argmax(1) == y).double().mean()) > 0.97
