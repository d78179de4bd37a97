"""Scores of pixels: where each comes from, and that they know more than the pixel."""

import pytest
import torch
from torch import nn

from lawful.nets.unet import UNet


def made(**settings):
    torch.manual_seed(2)
    return UNet(1, 2, **settings).double()


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (2, 3), (5, 8), (9, 1), (16, 16), (17, 31)])
@pytest.mark.parametrize("circular", [False, True])
def test_every_size_gives_scores_of_every_pixel(shape, circular):
    net = made(hidden=(4, 5, 6, 7), circular=circular)
    x = torch.randn(2, 1, *shape, dtype=torch.float64, requires_grad=True)
    z = net(x)
    assert z.shape == (2, 2, *shape)
    assert torch.isfinite(z).all()
    own = torch.autograd.grad(z[0, 0, -1, -1], x)[0][0, 0]
    assert own[-1, -1] != 0


def test_what_is_added_beyond_the_edges_of_an_image_changes_nothing_far_from_them():
    """Two levels with kernels of three pixels reach fewer than 12 pixels."""
    net = made(hidden=(4, 6))
    x = torch.randn(1, 1, 37, 41, dtype=torch.float64)
    larger = nn.functional.pad(x, (0, 9, 0, 5), value=3.0)
    torch.testing.assert_close(
        net(larger)[..., : 37 - 12, : 41 - 12], net(x)[..., : 37 - 12, : 41 - 12], rtol=1e-12, atol=1e-12
    )
    assert not torch.allclose(net(larger)[..., :37, :41], net(x))


def test_levels_let_a_pixel_see_further():
    def reach(hidden):
        net = made(hidden=hidden)
        x = torch.randn(1, 1, 1, 129, dtype=torch.float64, requires_grad=True)
        slopes = torch.autograd.grad(net(x)[0, 0, 0, 64], x)[0][0, 0, 0]
        return int(slopes.nonzero().max()) - 64

    # counted by hand for a pixel whose place divides by four: a block at each level up, then down to the image again
    assert reach((4,)) == 2 + 1  # the block and the stem
    assert reach((4, 4)) == 2 * (2 // 2 + 1) + 1 + 2 + 1
    assert reach((4, 4, 4)) == 2 * (2 * ((2 // 2 + 2) // 2 + 1) + 1 + 1) + 1 + 2 + 1


def test_a_ring_that_is_turned_has_turned_scores():
    net = made(hidden=(4, 5, 6), circular=True)
    x = torch.randn(2, 1, 8, 16, dtype=torch.float64)
    torch.testing.assert_close(net(x.roll((4, 8), (2, 3))), net(x).roll((4, 8), (2, 3)), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(net.embed(x.roll((4, 8), (2, 3))), net.embed(x), rtol=1e-12, atol=1e-12)
    assert not torch.allclose(net(x.roll(1, 3)), net(x).roll(1, 3))


def test_one_level_turns_by_any_number_of_pixels():
    net = made(hidden=(4,), circular=(False, True))
    x = torch.randn(2, 1, 5, 7, dtype=torch.float64)
    torch.testing.assert_close(net(x.roll(3, 3)), net(x).roll(3, 3), rtol=1e-12, atol=1e-12)


def test_another_head_gives_another_number_of_labels():
    net = made(hidden=(4, 6))
    net.head = nn.Conv2d(4, 7, 1).double()
    x = torch.randn(2, 1, 5, 7, dtype=torch.float64)
    assert net(x).shape == (2, 7, 5, 7)
    torch.testing.assert_close(net(x), net.head(net.features(x)))
    assert net.embed(x).shape == (2, 6)


def test_it_finds_discs_in_noise_that_hides_single_pixels():
    """Noise of the height of the discs: the best threshold on a pixel alone is wrong for one in six."""
    torch.manual_seed(1)
    rows = torch.arange(16.0)

    def draw(n):
        centre = 4 + 8 * torch.rand(n, 2, 1, 1)
        far = (rows[:, None] - centre[:, 0]) ** 2 + (rows - centre[:, 1]) ** 2
        y = (far < 16).long()
        return y[:, None] + torch.randn(n, 1, 16, 16), y

    x, y = draw(400)
    alone = min(float(((x[:, 0] > t).long() != y).double().mean()) for t in torch.linspace(-1, 4, 51))
    assert alone > 1 / 6
    net = UNet(1, 2, hidden=(6, 8, 10))
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-2)
    for _ in range(5):
        for part in torch.randperm(400).split(25):
            optimiser.zero_grad()
            nn.functional.cross_entropy(net(x[part]), y[part]).backward()
            optimiser.step()
    x, y = draw(100)
    assert float((net(x).argmax(1) != y).double().mean()) < 0.08
