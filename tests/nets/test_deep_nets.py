"""Laws that networks of images and sequences keep, each in any training loop."""

import copy

import pytest
import torch
from torch import nn

from lawful.errors import InputError
from lawful.learning.members import Members, redraw
from lawful.nets.cnn import CNN
from lawful.nets.equivariant import Equivariant
from lawful.nets.graph import Graph
from lawful.nets.recurrent import Recurrent
from lawful.nets.sets import Sets
from lawful.nets.structured import STRUCTURED
from lawful.nets.transformer import Transformer
from lawful.nets.unet import UNet

MASK = torch.arange(5) < torch.tensor([[5], [3], [0], [1]])


def images(*shape):
    return lambda: (torch.randn(*shape, dtype=torch.float64),)


def steps():
    return torch.randn(4, 5, 3, dtype=torch.float64), MASK


def objects(features):
    def draw():
        v = torch.randn(4, 5, 3, dtype=torch.float64)
        p = torch.cat([(v.square().sum(-1, keepdim=True) + 0.1).sqrt(), v], -1)
        return torch.randn(4, 5, features, dtype=torch.float64), MASK, p

    return draw


def words():
    return torch.randint(0, 6, (4, 5)), MASK


CASES = {
    "cnn": (lambda: CNN(2, 3, hidden=(6, 8, 5)), images(4, 2, 9, 12), (4, 3)),
    "cnn of one pixel": (lambda: CNN(2, 3, hidden=(6, 8)), images(4, 2, 1, 1), (4, 3)),
    "cnn of signals": (lambda: CNN(2, 3, hidden=(6, 8), kernel=5), images(4, 2, 1, 20), (4, 3)),
    "cnn of sized signals": (lambda: CNN(2, 3, hidden=(6, 8), size=(1, None)), images(4, 2, 1, 20), (4, 3)),
    "cnn, circular": (lambda: CNN(2, 3, hidden=(6,), kernel=7, circular=True), images(4, 2, 2, 5), (4, 3)),
    "cnn, mean": (lambda: CNN(1, 1, hidden=(4,), pool="mean", activation="relu"), images(4, 1, 6, 6), (4, 1)),
    "cnn, max": (lambda: CNN(1, 1, hidden=(4,), pool="max", activation="tanh"), images(4, 1, 6, 6), (4, 1)),
    "unet": (lambda: UNet(2, 3, hidden=(4, 6, 8)), images(4, 2, 9, 14), (4, 3, 9, 14)),
    "unet of one pixel": (lambda: UNet(1, 2, hidden=(4, 6)), images(4, 1, 1, 1), (4, 2, 1, 1)),
    "unet of sized signals": (lambda: UNet(1, 2, hidden=(4, 6), size=(1, 11)), images(4, 1, 1, 11), (4, 2, 1, 11)),
    "unet of one level": (lambda: UNet(1, 2, hidden=(4,), circular=True), images(4, 1, 5, 7), (4, 2, 5, 7)),
    "sets": (lambda: Sets(3, 2, hidden=(6, 5)), objects(3), (4, 2)),
    "sets, mean, each": (lambda: Sets(3, 2, hidden=(6,), pool="mean", each=True), objects(3), (4, 5, 2)),
    "sets, energy": (lambda: Sets(3, 2, hidden=(6,), pool="energy", angles=(1, 2)), objects(3), (4, 2)),
    "graph": (lambda: Graph(3, 2, hidden=(6, 5), neighbours=2, coordinates=(0, 1)), objects(3), (4, 2)),
    "graph, each": (lambda: Graph(3, 2, hidden=(6, 5), neighbours=9, each=True), objects(3), (4, 5, 2)),
    "graph, gravnet": (lambda: Graph(3, 2, hidden=(6,), neighbours=2, layer="gravnet"), objects(3), (4, 2)),
    "graph, garnet, each": (lambda: Graph(3, 2, hidden=(6,), layer="garnet", each=True), objects(3), (4, 5, 2)),
    "transformer": (lambda: Transformer(3, 2, hidden=(8, 8), heads=2, pairs=5), objects(3), (4, 2)),
    "transformer, each": (lambda: Transformer(3, 2, hidden=(8,), positions=True, each=True), steps, (4, 5, 2)),
    "transformer of words": (lambda: Transformer(3, 2, hidden=(8,), words=6), words, (4, 2)),
    "equivariant": (lambda: Equivariant(0, 2, hidden=(8, 8), heads=4, pairs=5), objects(0), (4, 2)),
    "equivariant, each": (lambda: Equivariant(2, 3, hidden=(8,), heads=2, each=True), objects(2), (4, 5, 3)),
    "equivariant, beams": (lambda: Equivariant(1, 2, hidden=(8,), references="beams"), objects(1), (4, 2)),
    "equivariant, vectors": (lambda: Equivariant(0, 2, hidden=(8,), vectors=True), objects(0), (4, 8)),
    "lstm": (lambda: Recurrent(3, 2, hidden=(5, 4)), steps, (4, 2)),
    "gru, both ways": (lambda: Recurrent(3, 2, kind="gru", hidden=(5, 4), bidirectional=True), steps, (4, 2)),
    "rnn, each": (lambda: Recurrent(3, 2, kind="rnn", hidden=(5,), each=True), steps, (4, 5, 2)),
    "lstm, each, both ways": (lambda: Recurrent(3, 2, each=True, bidirectional=True), steps, (4, 5, 2)),
    "lstm of tokens": (lambda: Recurrent(3, 2, tokens=6, hidden=(5,)), words, (4, 2)),
}


def test_every_network_for_structured_inputs_has_a_case():
    assert {kind.net for kind in STRUCTURED.values()} <= {type(make()) for make, _, _ in CASES.values()}


@pytest.fixture(params=CASES)
def case(request):
    torch.manual_seed(7)
    make, draw, shape = CASES[request.param]
    return make().double(), draw(), shape


def test_shape_type_and_the_same_answer_twice(case):
    net, inputs, shape = case
    z = net(*inputs)
    assert z.shape == shape
    assert z.dtype == torch.float64
    assert torch.isfinite(z).all()
    assert torch.equal(z, net(*inputs))


def test_gradients_reach_every_parameter(case):
    net, inputs, _ = case
    (net(*inputs) - 1).square().sum().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_each_event_stands_alone(case):
    net, inputs, _ = case
    torch.testing.assert_close(net(*inputs)[1:3], net(*(x[1:3] for x in inputs)), rtol=1e-12, atol=1e-12)


def test_no_events_are_no_answers(case):
    net, inputs, shape = case
    assert net(*(x[:0] for x in inputs)).shape == (0, *shape[1:])


def test_what_is_saved_is_what_is_loaded(case):
    net, inputs, _ = case
    other = copy.deepcopy(net)
    other.reset_parameters()
    assert not torch.equal(net(*inputs), other(*inputs))
    other.load_state_dict(net.state_dict())
    assert torch.equal(net(*inputs), other(*inputs))


def test_every_parameter_is_drawn_again_alike_under_one_seed(case):
    net, _, _ = case
    drawn = []
    for shift in (1.0, -1.0):
        with torch.no_grad():
            for parameter in net.parameters():
                parameter.add_(shift)
        torch.manual_seed(3)
        net.reset_parameters()
        drawn.append([p.detach().clone() for p in net.parameters()])
    for (name, _), a, b in zip(net.named_parameters(), *drawn, strict=True):
        assert torch.equal(a, b), name


def test_stages_hold_every_parameter_once_from_the_input_to_the_head(case):
    net, _, _ = case
    stages = net.stages()
    held = [id(p) for _, stage in stages for p in stage.parameters()]
    assert sorted(held) == sorted(id(p) for p in net.parameters())
    assert all(net.get_submodule(name) is stage for name, stage in stages)
    assert stages[-1] == ("head", net.head)


def test_stages_come_in_the_order_in_which_they_are_used(case):
    net, inputs, _ = case
    order = []
    for name, stage in net.stages():
        for part in stage if isinstance(stage, nn.ModuleList) else [stage]:
            part.register_forward_hook(lambda *_, name=name: order.append(name))
    net(*inputs)
    assert list(dict.fromkeys(order)) == [name for name, _ in net.stages()]


def test_it_compiles_to_one_graph(case):
    net, inputs, _ = case
    torch._dynamo.reset()
    compiled = torch.compile(net, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(*inputs), net(*inputs), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", [n for n, (make, *_) in CASES.items() if isinstance(make(), CNN | UNet | Recurrent)])
def test_members_of_an_ensemble_answer_as_they_do_alone(name):
    torch.manual_seed(7)
    make, draw, _ = CASES[name]
    net, inputs = make().double(), draw()
    members = Members(lambda: _drawn(net), 2, seed=0, dtype=torch.float64)
    x = inputs[0]
    z = members.outputs(members.values, members.buffers, torch.stack([x, x]))
    for m in range(2):
        torch.testing.assert_close(z[m], members.net_of(m)(x), rtol=1e-11, atol=1e-11)
    assert not torch.equal(z[0], z[1])
    assert members.alike() == []


def _drawn(net):
    new = copy.deepcopy(net)
    redraw(new)
    return new


@pytest.mark.parametrize("make", [CASES[name][0] for name in ("cnn", "cnn, max", "lstm", "gru, both ways")])
def test_another_head_gives_another_number_of_outputs(make):
    net = make()
    x = torch.zeros(3, 2, 8, 8) if isinstance(net, CNN) and net.channels == 2 else torch.zeros(3, 1, 8, 8)
    x = torch.zeros(3, 6, 3) if isinstance(net, Recurrent) else x
    width = net.embed(x).shape[1]
    net.head = nn.Sequential(nn.Linear(width, 9), nn.ReLU(), nn.Linear(9, 5))
    assert net(x).shape == (3, 5)
    torch.testing.assert_close(net(x), net.head(net.embed(x)))
    before = net.head[0].weight.clone()
    net.reset_parameters()
    assert not torch.equal(before, net.head[0].weight)


@pytest.mark.parametrize("make", [lambda d: CNN(1, 2, dropout=d), lambda d: UNet(1, 2, dropout=d)])
def test_dropout_of_images(make):
    _dropout(make, torch.randn(2, 1, 8, 8))


@pytest.mark.parametrize("hidden", [(16,), (16, 16)])
def test_dropout_of_sequences(hidden):
    _dropout(lambda d: Recurrent(3, 2, hidden=hidden, dropout=d), torch.randn(2, 6, 3))


def _dropout(make, x):
    torch.manual_seed(0)
    net, sure = make(0.5), make(0.0)
    sure.load_state_dict(net.state_dict())
    assert not torch.equal(net(x), net(x))
    assert torch.equal(sure(x), sure(x))
    same = x[:1].expand(2, *x.shape[1:])
    assert not torch.equal(net(same)[0], net(same)[1])
    net.eval()
    assert torch.equal(net(x), sure(x))


@pytest.mark.parametrize("make", [CNN, UNet, Recurrent])
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"hidden": ()}, r"hidden=\(\)"),
        ({"hidden": (8, 0)}, "hidden"),
        ({"dropout": 1.0}, "dropout"),
        ({"outputs": 0}, "outputs"),
    ],
)
def test_wrong_settings_are_named(make, wrong, words):
    settings = {"outputs": 1} | wrong
    with pytest.raises(InputError, match=words):
        make(3, **settings)


@pytest.mark.parametrize("make", [CNN, UNet])
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"kernel": 4}, "odd"),
        ({"kernel": 0}, "kernel"),
        ({"activation": "rely"}, "Did you mean 'relu'"),
        ({"circular": (True,)}, "rows, columns"),
        ({"circular": "yes"}, "circular"),
        ({"size": 32}, "rows and columns"),
        ({"size": (0, 4)}, "size"),
    ],
)
def test_wrong_settings_of_networks_on_images_are_named(make, wrong, words):
    with pytest.raises(InputError, match=words):
        make(1, 1, **wrong)


@pytest.mark.parametrize("make", [CNN, UNet])
@pytest.mark.parametrize(
    ("channels", "x", "words"),
    [
        (3, torch.zeros(5, 8, 8, 3), r"\(B, C, H, W\) with C = 3.*Are channels last"),
        (3, torch.zeros(5, 4, 8, 8), "channels=4"),
        (1, torch.zeros(5, 8, 8), "unsqueeze\\(1\\)"),
        (3, torch.zeros(3, 8, 8), "A single image"),
        (3, torch.zeros(5, 3, 8), "Signals"),
        (1, torch.zeros(5, 64), "Flattened"),
        (1, torch.zeros(5, 1, 8, 0), "shape"),
        (1, torch.zeros(5, 1, 8, 8, dtype=torch.uint8), "x.float"),
    ],
)
def test_images_of_a_wrong_shape(make, channels, x, words):
    with pytest.raises(InputError, match=words):
        make(channels, 1)(x)


@pytest.mark.parametrize("make", [CNN, UNet])
def test_images_of_another_size_than_was_said(make):
    with pytest.raises(InputError, match="2 rows and 9 columns: expected 1 and any number"):
        make(1, 1, size=(1, None))(torch.zeros(3, 1, 2, 9))
