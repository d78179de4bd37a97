"""Attention, embeddings and pictures of jets, against what they are by definition."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from torch import nn

from lawful import Classifier, InputError, Regressor
from lawful.data import Cloud
from lawful.evidence import Attribution, attention, embed, embedding_figure, jet_attribution, occlusion
from lawful.evidence.attribution.embedding import principal_plane
from lawful.evidence.attribution.result import events_by
from lawful.physics import Symmetry, groups

RNG = np.random.default_rng(0)
N = 310
COUNTS = RNG.integers(0, 6, N)
COUNTS[0] = 0
M = int(COUNTS.sum())
OFFSETS = np.concatenate([[0], np.cumsum(COUNTS)])
HITS = Cloud(OFFSETS, {"a": RNG.normal(size=M), "b": RNG.normal(size=M)})
JETS = Cloud(
    OFFSETS, {"pt": RNG.exponential(size=M) + 0.1, "eta": RNG.normal(0, 0.3, M), "phi": RNG.normal(0, 0.3, M)}
)
X = RNG.normal(size=(N, 3))
Y = RNG.normal(size=N)
SMALL = {"hidden": (8, 8), "epochs": 1, "verbose": False, "seed": 0}


@pytest.fixture(scope="module")
def transformer():
    return Regressor("transformer", members=2, **SMALL).fit(HITS, Y)


def test_rows_of_attention_sum_to_one(transformer):
    found = attention(transformer, HITS, average=[])
    P = COUNTS.max()
    assert found.values.shape == (N, 2, 2, 4, P + 1, P + 1)
    there = np.concatenate([np.ones((N, 1), bool), found.mask], 1)
    sums = np.moveaxis(found.values.sum(-1), -1, 1)  # (N, 1 + P, ...)
    assert np.allclose(sums[there], 1.0, atol=1e-5)
    assert not sums[~there].any()
    looked_at = np.moveaxis(found.values, -1, 1)
    assert not looked_at[~there].any()


def test_attention_is_that_of_the_members(transformer):
    found = attention(transformer, HITS, average=[])
    net = transformer.members_.net_of(1)
    rows = torch.from_numpy(transformer.scaling_.apply(transformer.as_table(HITS).to_numpy()))
    content = net.structure.contents(rows)[0]
    own = net.encoders[0].attention(content.values, content.mask).detach().numpy()
    k = int(COUNTS.argmax())
    assert np.allclose(found.values[k, 1], own[k], atol=1e-6)
    mean = attention(transformer, HITS)
    assert np.allclose(mean.values, found.values.mean((1, 3)), atol=1e-6)
    assert np.allclose(mean.from_token(), found.values.mean((1, 3))[:, :, 0, 1:], atol=1e-6)


def test_the_mean_of_attention_is_over_events_that_have_both(transformer):
    weight = RNG.choice([1.0, -0.3], N)
    found = attention(transformer, HITS, average=["members", "blocks", "heads"], weight=weight)
    own = COUNTS >= 3
    mean = weight[own] @ found.values[own, 2, 3] / weight[own].sum()
    assert found.mean()[2, 3] == pytest.approx(mean, abs=1e-6)
    assert len(found.figure(most=3).axes) == 2


def test_what_has_no_transformer_says_so():
    model = Regressor("sets", **SMALL).fit(HITS, Y)
    with pytest.raises(InputError, match="no transformer is in this model"):
        attention(model, HITS)
    with pytest.raises(InputError, match="average='heads'"):
        attention(model, HITS, average="heads")


def last_layers(model, h, head):
    """Predictions from embeddings, by the layers behind them."""
    z = head(model.members_.net_of(0))(torch.from_numpy(h)).detach().numpy()[:, 0]
    return z * model.target_scaling_.scale[0] + model.target_scaling_.centre[0]


@pytest.mark.parametrize(
    ("net", "given", "head"),
    [
        ("mlp", X, lambda net: net.layers[-1]),
        ("linear", X, lambda net: net.map),
        ("sets", HITS, lambda net: net.encoders[0].head),
        ("transformer", HITS, lambda net: net.encoders[0].head),
        ("gru", HITS, lambda net: net.encoders[0].head),
        ("cnn", RNG.normal(size=(N, 1, 4, 4)), lambda net: net.encoders[0].head),
        (
            lambda shape, outputs: nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, outputs)),
            X,
            lambda net: net[-1],
        ),
    ],
    ids=["mlp", "linear", "sets", "transformer", "gru", "cnn", "own"],
)
def test_the_last_layers_make_the_prediction_of_an_embedding(net, given, head):
    settings = SMALL if net != "linear" and isinstance(net, str) else {"epochs": 1, "verbose": False}
    model = Regressor(net, members=1, **settings).fit(given, Y, validation=False)
    h = embed(model, given)
    assert len(h) == N
    assert np.allclose(last_layers(model, h, head), model.predict(given), atol=1e-5)


def test_several_inputs_stand_side_by_side():
    both = {"hits": HITS, "table": X}
    model = Regressor("sets", members=2, **SMALL).fit(both, Y)
    h = embed(model, both, member=1)
    net = model.members_.net_of(1)
    z = net.head(nn.functional.silu(torch.from_numpy(h))).detach().numpy()
    each = model.members_.scores(torch.from_numpy(model.scaling_.apply(model.as_table(both).to_numpy())))
    assert np.allclose(z, each[1].numpy(), atol=1e-5)
    with pytest.raises(InputError, match="member=2: expected the number of a member, 0 to 1"):
        embed(model, both, member=2)


def test_an_invariant_network_has_invariant_embeddings():
    rotation = Symmetry(groups.SO(3), on="vector", to="scalar")
    model = Regressor(physics=[rotation.by("architecture")], **SMALL).fit(X, Y)
    turn = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
    turn *= np.linalg.det(turn)
    assert np.allclose(embed(model, X), embed(model, X @ turn.T), atol=1e-5)


def test_the_plane_is_that_of_the_principal_components():
    h = RNG.normal(size=(200, 5)) * [4.0, 2.0, 1.0, 1.0, 1.0]
    plane, shares = principal_plane(h, np.ones(200))
    truth = PCA(2).fit(h)
    assert np.allclose(shares, truth.explained_variance_ratio_)
    assert np.allclose(np.abs(plane), np.abs(truth.transform(h)))
    twice, same = principal_plane(np.concatenate([h, h[:50]]), np.ones(250))
    weighted, again = principal_plane(h, 1.0 + (np.arange(200) < 50))
    assert np.allclose(twice[:200], weighted)
    assert np.allclose(same, again)
    cancelled, _ = principal_plane(
        np.concatenate([h, 9 + h[:20], 9 + h[:20]]), np.repeat([1.0, 1.0, -1.0], (200, 20, 20))
    )
    assert np.allclose(cancelled[:200], plane)


def test_pictures_of_embeddings():
    h = RNG.normal(size=(60, 4))
    assert embedding_figure(h, np.tile(["b", "s"], 30), weight=RNG.choice([1.0, -0.2], 60)).axes[0].get_legend()
    assert len(embedding_figure(h, RNG.normal(size=60), kind="tsne").axes) == 2
    assert embedding_figure(h[:, :1], np.tile([0, 1], 30)).axes
    with pytest.raises(InputError, match="kind='umap'"):
        embedding_figure(h, h[:, 0], kind="umap")


def test_a_jet_is_looked_at_where_its_objects_lie():
    """Two objects with known contributions: the harder one ends up above, the softer one below."""
    inputs = np.array([[[60.0, 1.0, 0.5], [40.0, 1.0, -0.5]], [[60.0, -1.0, 3.1], [40.0, 0.0, 3.1]]])
    found = Attribution(
        values={"jet": np.array([[[-1.0, 0.5, 0.0], [0.0, 0.0, 2.0]], [[0.0, 3.0, 0.0], [0.0, 0.0, -1.0]]])},
        inputs={"jet": inputs},
        masks={"jet": np.ones((2, 2), dtype=bool)},
        fields={"jet": ("pt", "eta", "phi")},
        weight=np.array([1.0, -0.25]),
        output=np.zeros(2),
        start=np.zeros(2),
        method="integrated gradients",
        title="it",
        momenta=("jet",),
    )
    seen = jet_attribution(found, pixels=4, width=1.6)
    (picture,), (momentum,) = seen.attribution.values(), seen.momentum.values()
    up, down = (0.5 - 0.25 * 3.0) / 0.75, (2.0 - 0.25 * 1.0) / 0.75
    assert picture[3].sum() == pytest.approx(up)
    assert picture[:2].sum() == pytest.approx(down)
    assert picture.sum() == pytest.approx(up + down)
    assert momentum[3].sum() == pytest.approx(0.6)
    assert momentum.sum() == pytest.approx(1.0)
    assert len(seen.figure().axes) == 4
    apart = jet_attribution(found, ["a", "b"], pixels=4)
    assert list(apart.attribution) == ["a"]  # the other one has no weight to mean over
    with pytest.raises(InputError, match="on='tracks'"):
        jet_attribution(found, on="tracks")


def test_left_out_objects_make_a_picture_too():
    y = (Y > 0).astype(int)
    model = Classifier("sets", **SMALL).fit(JETS, y)
    found = occlusion(model, JETS)
    seen = jet_attribution(found, y, pixels=2, width=20.0)
    total = np.abs(found.values["cloud"]).sum((1, 2))
    assert seen.attribution["1"].sum() == pytest.approx(total[y == 1].mean(), rel=1e-5)
    with pytest.raises(InputError, match="expected labels of classes"):
        events_by(Y, np.ones(N))
