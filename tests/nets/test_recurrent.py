"""Recurrent networks against their formulas, torch's own layers on packed sequences, and padding of any kind."""

import math

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from lawful.errors import InputError
from lawful.nets.recurrent import GATES, Direction, Recurrent

KINDS = sorted(GATES)
LENGTHS = torch.tensor([6, 3, 0, 1, 5])
MASK = torch.arange(6) < LENGTHS[:, None]


def made(features=3, outputs=2, **settings):
    torch.manual_seed(2)
    return Recurrent(features, outputs, **settings).double()


def sequences():
    torch.manual_seed(3)
    return torch.randn(5, 6, 3, dtype=torch.float64)


@pytest.mark.parametrize("kind", KINDS)
def test_steps_follow_the_formulas(kind):
    torch.manual_seed(1)
    layer = Direction(kind, 3, 4).double()
    nn.init.normal_(layer.bias_again)
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    h = c = torch.zeros(2, 4, dtype=torch.float64)
    for t, found in enumerate(layer(x).unbind(1)):
        reads = (x[:, t] @ layer.weight.T + layer.bias).chunk(GATES[kind], 1)
        again = (h @ layer.again.T + layer.bias_again).chunk(GATES[kind], 1)
        both = [a + b for a, b in zip(reads, again, strict=True)]
        if kind == "rnn":
            h = torch.tanh(both[0])
        elif kind == "gru":
            r, z = torch.sigmoid(both[0]), torch.sigmoid(both[1])
            h = (1 - z) * torch.tanh(reads[2] + r * again[2]) + z * h
        else:
            c = torch.sigmoid(both[1]) * c + torch.sigmoid(both[0]) * torch.tanh(both[2])
            h = torch.sigmoid(both[3]) * torch.tanh(c)
        torch.testing.assert_close(found, h, msg=f"step {t}")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_padding_is_skipped_as_torch_skips_it_in_packed_sequences(kind, bidirectional):
    net = made(kind=kind, hidden=(4, 4), bidirectional=bidirectional, each=True)
    peer = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[kind](
        3, 4, num_layers=2, bidirectional=bidirectional, batch_first=True
    ).double()
    own = [p for layer in net.layers for way in layer for p in way.parameters()]
    with torch.no_grad():
        for theirs, ours in zip(peer.parameters(), own, strict=True):
            theirs.copy_(ours)
    keep = LENGTHS > 0  # torch takes no empty sequences
    packed = pack_padded_sequence(sequences()[keep], LENGTHS[keep], batch_first=True, enforce_sorted=False)
    states, last = peer(packed)
    states = pad_packed_sequence(states, batch_first=True)[0]
    last = (last[0] if kind == "lstm" else last)[-2 if bidirectional else -1 :]
    torch.testing.assert_close(net.states(sequences(), MASK)[keep], states, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(net.embed(sequences(), MASK)[keep], torch.cat(list(last), 1), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("each", [False, True])
def test_what_stands_in_padded_steps_changes_nothing_not_even_gradients(kind, bidirectional, each):
    net = made(kind=kind, hidden=(4, 5), bidirectional=bidirectional, each=each)
    found = []
    for garbage in (0.0, 1e30, math.inf, math.nan):
        x = sequences().masked_fill(~MASK[..., None], garbage).requires_grad_()
        z = net(x, MASK)
        found.append([z, *torch.autograd.grad(z.sin().sum(), [x, *net.parameters()])])
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))
    assert torch.isfinite(found[0][0]).all()
    assert not found[0][1][~MASK].any()
    if each:
        assert not found[0][0][~MASK].any()


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("each", [False, True])
def test_more_padding_changes_nothing_and_neither_do_other_sequences(bidirectional, each):
    net = made(bidirectional=bidirectional, each=each)
    x = sequences()
    z = net(x, MASK)
    wide = net(nn.functional.pad(x, (0, 0, 0, 4), value=9.0), nn.functional.pad(MASK, (0, 4)))
    torch.testing.assert_close(wide[:, :6] if each else wide, z, rtol=1e-13, atol=1e-13)
    for k, length in enumerate(LENGTHS.tolist()):
        alone = net(x[k : k + 1, :length])[0]
        torch.testing.assert_close(z[k, :length] if each else z[k], alone, rtol=1e-13, atol=1e-13)


def test_no_mask_is_a_mask_of_real_steps():
    for each in (False, True):
        net = made(bidirectional=True, each=each)
        assert torch.equal(net(sequences()), net(sequences(), torch.ones(5, 6, dtype=torch.bool)))


@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_sequence_without_steps_is_answered_by_the_bias(bidirectional):
    net = made(bidirectional=bidirectional)
    assert torch.equal(net(sequences(), MASK)[2], net.head.bias)
    assert torch.equal(net(sequences()[:, :0]), net.head.bias.expand(5, 2))
    assert made(each=True, bidirectional=bidirectional)(sequences()[:, :0]).shape == (5, 0, 2)


@pytest.mark.parametrize("kind", KINDS)
def test_each_answer_knows_the_past_only_unless_it_reads_both_ways(kind):
    for bidirectional in (False, True):
        net = made(kind=kind, each=True, hidden=(4, 4), bidirectional=bidirectional)
        x = sequences().requires_grad_()
        slope = torch.autograd.grad(net(x)[:, 3].sum(), x)[0].abs().sum((0, 2))
        assert (slope[:4] > 0).all()
        assert bool((slope[4:] > 0).all()) is bidirectional
        assert bidirectional or not slope[4:].any()


def test_both_ways_are_alike_under_reversal_when_their_weights_are():
    net = made(bidirectional=True, each=True)
    forward, backward = net.layers[0]
    backward.load_state_dict(forward.state_dict())
    turned = torch.where(MASK, LENGTHS[:, None] - 1 - torch.arange(6), torch.arange(6))
    x = sequences()
    a, b = net.states(x, MASK), net.states(x.gather(1, turned[..., None].expand(-1, -1, 3)), MASK)
    swapped = torch.cat(b.chunk(2, -1)[::-1], -1).gather(1, turned[..., None].expand(-1, -1, 128))
    torch.testing.assert_close(a, swapped.masked_fill(~MASK[..., None], 0), rtol=1e-13, atol=1e-13)


def test_tokens_are_their_vectors_and_padding_may_hold_any_number():
    torch.manual_seed(0)
    net = made(tokens=7, each=True)
    tokens = torch.randint(0, 7, (5, 6))
    plain = made(each=True)
    plain.load_state_dict({k: v for k, v in net.state_dict().items() if not k.startswith("embedding")})
    assert torch.equal(net(tokens, MASK), plain(net.embedding.weight[tokens], MASK))
    for garbage in (-1, 7, 10**6):
        assert torch.equal(net(tokens.masked_fill(~MASK, garbage), MASK), net(tokens, MASK))
    assert torch.equal(net(tokens.int(), MASK), net(tokens, MASK))


@pytest.mark.parametrize("kind", KINDS)
def test_first_weights_keep_the_state(kind):
    torch.manual_seed(0)
    layer = Direction(kind, 50, 40)
    for gate in layer.again.split(40):
        torch.testing.assert_close(gate @ gate.T, torch.eye(40), rtol=1e-5, atol=1e-5)
    first = (layer.bias + layer.bias_again).detach().reshape(-1, 40).mean(1)
    for gate, mean in enumerate(first.tolist()):  # within six standard errors
        assert mean == pytest.approx(1 if gate == 1 else 0, abs=0.09)
    assert layer.weight.std().item() == pytest.approx(1 / math.sqrt(50), rel=0.05)


@pytest.mark.parametrize(
    ("settings", "x", "mask", "words"),
    [
        ({}, torch.zeros(4, 3, 6), None, "Are features before steps"),
        ({}, torch.zeros(4, 6, 5), None, "features=5"),
        ({}, torch.zeros(6, 3), None, "A single sequence"),
        ({}, torch.zeros(4, 6), None, "tokens="),
        ({}, torch.zeros(4, 6, 3, dtype=torch.long), None, "torch.int64: expected floating-point"),
        ({"features": 1}, torch.zeros(4, 6), None, r"unsqueeze\(2\)"),
        ({"tokens": 5}, torch.zeros(4, 6), None, "whole numbers"),
        ({"tokens": 5}, torch.zeros(4, 6, 3, dtype=torch.long), None, r"\(B, T\)"),
        ({"tokens": 5}, torch.full((4, 6), 5), None, "between 5 and 5: expected 0 to 4"),
        ({"tokens": 5}, torch.full((4, 6), -1), None, "padded steps"),
        ({}, torch.zeros(4, 6, 3), torch.ones(4, 6), "torch.float32"),
        ({}, torch.zeros(4, 6, 3), torch.ones(4, 5, dtype=torch.bool), r"\(4, 5\)"),
        ({}, torch.zeros(1, 3, 3), torch.tensor([[False, True, True]]), "behind padded ones"),
    ],
)
def test_inputs_that_do_not_fit(settings, x, mask, words):
    with pytest.raises(InputError, match=words):
        Recurrent(**({"features": 3, "outputs": 1} | settings))(x, mask)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"kind": "ltsm"}, "Did you mean 'lstm'"), ({"tokens": 0}, "tokens"), ({"each": "no"}, "each")],
)
def test_settings_out_of_range(wrong, words):
    with pytest.raises(InputError, match=words):
        Recurrent(3, 1, **wrong)


@pytest.mark.parametrize(("kind", "steps"), [("lstm", 12), ("gru", 24)])
def test_it_learns_to_remember_over_many_steps(kind, steps):
    """The first token is asked for at the end, after others that say nothing; forgetful first weights fail here."""
    torch.manual_seed(0)
    net = Recurrent(8, 4, kind=kind, hidden=(24,), tokens=4)
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-2)
    for _ in range(200):
        tokens, lengths = torch.randint(0, 4, (64, steps)), torch.randint(2 * steps // 3, steps + 1, (64, 1))
        mask = torch.arange(steps) < lengths
        optimiser.zero_grad()
        nn.functional.cross_entropy(net(tokens, mask), tokens[:, 0]).backward()
        optimiser.step()
    tokens = torch.randint(0, 4, (500, steps))
    assert float((net(tokens).argmax(1) == tokens[:, 0]).double().mean()) > 0.95
