"""Members start apart, learn what may learn, and leave alone what is frozen."""

import numpy as np
import pytest
import torch
from torch import nn

from lawful.errors import InputError
from lawful.learning import Examples, Members, Settings, SquaredError, train
from lawful.learning.members import redraw, seeded
from lawful.nets import MLP, Linear, PeriodicEmbedding

D = torch.float64


def examples(members, n=200):
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.normal(size=(n, 3)))
    y = x.sum(1, keepdim=True)
    rows = torch.arange(n).repeat(members, 1)
    return Examples(x, y, torch.ones(n, dtype=D), rows[:, : n // 2], rows[:, n // 2 :])


def part_frozen():
    net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
    net[0].requires_grad_(False)
    net[2].bias.requires_grad_(False)
    return net


def test_frozen_parameters_are_bit_equal_after_training_and_the_rest_learns():
    members = Members(part_frozen, 3, seed=0, dtype=D)
    assert members.values.shape == (3, 8)
    frozen = {name: value.clone() for name, value in members.buffers.items()}
    assert set(frozen) == {"0.weight", "0.bias", "2.bias"}
    assert not torch.equal(frozen["0.weight"][0], frozen["0.weight"][1])  # each member has its own
    history = train(
        members, examples(3), SquaredError(1), Settings(epochs=60, learning_rate=0.03, l2=0.01, averaging=10)
    )
    for name, value in frozen.items():
        assert torch.equal(members.buffers[name], value), name
    assert history[-1]["validation_loss"] < 0.3 * history[0]["validation_loss"]
    for member in range(3):  # the scores are those of the frozen and the learned parts together
        with seeded(0, member):
            net = part_frozen().double()
        with torch.no_grad():
            net[2].weight.copy_(members.values[member].view(1, 8))
            x = examples(1).x
            torch.testing.assert_close(net(x), members.scores(x)[member])


class Tied(nn.Module):
    """Two layers of one frozen matrix, and one that learns."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 1)
        self.b.weight = self.a.weight
        self.a.weight.requires_grad_(False)

    def forward(self, x):
        return self.c(self.b(self.a(x)))


def test_a_frozen_parameter_may_be_shared():
    members = Members(Tied, 2, seed=0)
    assert list(members.buffers) == ["a.weight"]
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    for member in range(2):
        with seeded(0, member), torch.no_grad():
            torch.testing.assert_close(members.scores(x)[member], Tied()(x))


def test_nothing_to_train_is_an_error():
    for make in (nn.Tanh, lambda: nn.Linear(3, 1).requires_grad_(False)):
        with pytest.raises(InputError, match="no parameters to train"):
            Members(make, 1, seed=0)


@pytest.mark.parametrize(
    "net",
    [
        MLP(3, 1, hidden=(5,)), MLP(3, 2, embedding="periodic"), PeriodicEmbedding(3, sigma=0.5), Linear(3, 2),
        nn.MultiheadAttention(4, 2), nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)),
    ],
    ids=lambda net: type(net).__name__,
)  # fmt: skip
def test_redrawn_weights_are_as_a_new_network_s(net):
    """Spread and constants are those of the construction: 6 sigma on the root mean square."""
    before = {name: p.detach().clone() for name, p in net.named_parameters()}
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.fill_(77.0)
    with seeded(0):
        redraw(net)
    for name, p in net.named_parameters():
        old = before[name]
        if bool((old == old.reshape(-1)[0]).all()) and old.numel() > 1 and "bias" not in name:
            torch.testing.assert_close(p.detach(), old)  # zeros and ones on purpose
            continue
        rms, expected = float(p.detach().square().mean().sqrt()), float(old.square().mean().sqrt())
        assert rms < 77.0
        if old.numel() >= 8 and "bias" not in name:
            assert rms == pytest.approx(expected, rel=6 / old.numel() ** 0.5)


def test_redrawing_leaves_what_is_frozen():
    net = part_frozen()
    before = {name: p.detach().clone() for name, p in net.named_parameters()}
    redraw(net)
    assert torch.equal(net[0].weight, before["0.weight"])
    assert torch.equal(net[2].bias, before["2.bias"])
    assert not torch.equal(net[2].weight, before["2.weight"])


def test_what_members_share_is_named():
    drawn = nn.Linear(3, 4)
    assert Members(lambda: drawn, 3, seed=0).alike() == ["weight", "bias"]
    assert Members(lambda: nn.Linear(3, 4), 3, seed=0).alike() == []
    assert Members(lambda: MLP(3, 1), 3, seed=0).alike() == []
    assert Members(lambda: Linear(3, 1), 3, seed=0).alike() == []  # zeros on purpose
    assert Members(lambda: drawn, 1, seed=0).alike() == []
