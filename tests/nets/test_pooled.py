"""Objects that may be permuted: exact symmetry, less error than a plain network, saving, members, bad input."""

import numpy as np
import pandas as pd
import pytest
import torch

import lawful as lf
from lawful.nets import MLP
from lawful.nets.architecture import Invariants, Mean
from lawful.nets.built_in import find_architecture
from lawful.nets.permuted import Permuted
from lawful.nets.pooled import Pooled, Shape
from lawful.physics import Symmetry, groups
from lawful.physics.columns import Columns
from lawful.physics.groups.objects import permuted_objects

S, O = groups.S, groups.O  # noqa: E741
CASES = {
    "scalar": (Symmetry(S(6), "2*vector + scalar"), 13, 1),
    "two targets": (Symmetry(S(6), "vector"), 6, 2),
    "a number of each object": (Symmetry(S(6), "2*vector", "vector + scalar"), 12, 7),
    "two numbers of each object": (Symmetry(S(6), "covector + scalar", "2*vector"), 7, 12),
    "a number of each pair": (Symmetry(S(6), "vector", "tensor(2)"), 6, 36),
    "without pairs": (Symmetry(S(20), "vector + scalar", "vector"), 21, 20),
    "particles": (Symmetry(S(4) * O(3), "vector + scalar"), 13, 1),
    "forces": (Symmetry(S(4) * O(3), "2*vector", "vector + 2*scalar"), 24, 14),
    "group first": (Symmetry(groups.SO(1, 3) * S(3), "vector", "vector"), 12, 12),
    "group on both sides": (Symmetry(groups.C(3) * S(3) * groups.SO(2), "vector", "vector"), 12, 12),
    "no invariant of one": (Symmetry(groups.Sp(4) * S(3), "vector", "covector"), 12, 12),
}


def data(columns, outputs, rows=120):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(rows, columns))
    y = rng.normal(size=(rows, outputs)) + np.sin(X[:, :1])
    return X, y[:, 0] if outputs == 1 else y


def fitted(symmetry, X, y, **settings):
    settings = {"hidden": (16,), "epochs": 4, "verbose": False} | settings
    return lf.Regressor(physics=[symmetry.by("architecture", start=False)], **settings).fit(X, y)


def difference(symmetry, model, X):
    """The largest |f(g x) - g f(x)| for a random element of each row, relative to the largest |f|."""
    x = torch.from_numpy(X)
    g = torch.from_numpy(symmetry.group.sample(len(X), 5))
    moved = symmetry.layout(Columns(X.shape[1])).move(x, g, symmetry.group).numpy()
    before = torch.from_numpy(np.asarray(model.predict(X)).reshape(len(X), -1))
    expected = symmetry.moved_output(before, g).numpy()
    after = np.asarray(model.predict(moved)).reshape(len(X), -1)
    assert after.std() > 0
    return np.abs(after - expected).max() / np.abs(expected).max()


@pytest.mark.parametrize(("dtype", "most"), [("float32", 1e-5), ("float64", 1e-12)])
@pytest.mark.parametrize("case", CASES)
def test_it_cannot_break_its_symmetry(case, dtype, most):
    symmetry, columns, outputs = CASES[case]
    X, y = data(columns, outputs)
    model = fitted(symmetry, X, y, dtype=dtype)
    assert isinstance(model.physics_.chain.stages[0], Permuted)
    assert difference(symmetry, model, X) < most


@pytest.mark.parametrize("case", ["a number of each object", "forces", "no invariant of one"])
def test_a_saved_model_gives_the_same(case, tmp_path):
    symmetry, columns, outputs = CASES[case]
    X, y = data(columns, outputs)
    model = fitted(symmetry, X, y, members=2)
    assert not hasattr(model.members_, "_one_by_one")  # the members are one batched computation
    model.save(tmp_path / "m.lawful")
    again = lf.load(tmp_path / "m.lawful")
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    np.testing.assert_array_equal(again.spread(X), model.spread(X))
    assert model.spread(X).mean() > 0


def test_sizes_that_do_not_fit_are_refused():
    architecture = Permuted(CASES["particles"][0], Columns(13), 1e-6)
    with pytest.raises(lf.InputError, match="the file was changed"):
        architecture.restore({"pair.soft": np.ones(3)})


def error(physics, X, y, rows=300):
    model = lf.Regressor(physics=physics, verbose=False, hidden=(32, 32), seed=0).fit(X[:rows], y[:rows])
    return np.sqrt(np.mean((model.predict(X[rows:]) - y[rows:]) ** 2)) / y.std()


def test_the_largest_of_eight_numbers_is_learned_from_few_events():
    X = np.random.default_rng(0).normal(size=(1300, 8))
    symmetry = Symmetry(S(8), "vector")
    built = error([symmetry.by("architecture", start=False)], X, X.max(1))
    assert built < 0.05
    assert built < error([], X, X.max(1)) / 5


def test_the_energy_of_charges_is_learned_from_few_events():
    x = np.random.default_rng(0).normal(size=(1300, 4, 3))
    i, j = np.triu_indices(4, 1)
    y = (1 / np.sqrt(((x[:, i] - x[:, j]) ** 2).sum(2) + 0.3)).sum(1)
    X, symmetry = x.reshape(len(x), -1), Symmetry(S(4) * O(3), "vector")
    built = error([symmetry.by("architecture", start=False)], X, y)
    assert built < 0.2
    assert built < error([], X, y) / 3


def test_a_polynomial_law_is_still_found_exactly():
    X = np.random.default_rng(0).normal(size=(300, 6))
    y = X.sum(1) ** 2 - (X**2).sum(1)
    physics = [Symmetry(S(6), "vector").by("architecture")]
    model = lf.Regressor(physics=physics, verbose=False, hidden=(8,), epochs=5).fit(X[:200], y[:200])
    np.testing.assert_allclose(model.predict(X), y, atol=1e-5)


def test_a_classifier_of_named_columns_does_not_see_the_order_of_the_jets():
    rng = np.random.default_rng(0)
    names = [f"jet{k}_{what}" for k in range(1, 7) for what in ("pt", "eta")] + ["met"]
    frame = pd.DataFrame(rng.normal(size=(400, 13)), columns=names)
    pt, eta = ([f"jet{k}_{what}" for k in range(1, 7)] for what in ("pt", "eta"))
    label = (frame[pt].to_numpy().max(1) + frame["met"] > 1.3).to_numpy().astype(int)
    weight = np.where(rng.random(400) < 0.1, -0.5, 1.0)
    symmetry = Symmetry(S(6), {"vector": [pt, eta], "scalar": "others"})
    model = lf.Classifier(physics=[symmetry.by("architecture")], hidden=(16,), verbose=False, epochs=60)
    model.fit(frame[:300], label[:300], weight[:300])
    assert model.score(frame[300:], label[300:]) > 0.85
    order = rng.permutation(6)
    other = frame.copy()
    for columns in (pt, eta):
        other[columns] = frame[[columns[k] for k in order]].to_numpy()
    np.testing.assert_allclose(model.predict_proba(other), model.predict_proba(frame), atol=1e-6)


def test_dropout_and_a_periodic_embedding_keep_the_symmetry():
    symmetry, columns, outputs = CASES["scalar"]
    X, y = data(columns, outputs)
    model = fitted(symmetry, X, y, dropout=0.2, embedding="periodic", activation="silu", dtype="float64")
    assert difference(symmetry, model, X) < 1e-12


@pytest.mark.parametrize("order", [("scalar",), ("object", "scalar", "pair"), ("sum 0", "scalar")])
def test_it_compiles_without_a_break_and_gradients_reach_every_parameter(order):
    torch.manual_seed(0)
    sums = order[0] == "sum 0"
    shape = Shape(4, 2, 3 if sums else 0, 1, True, order, (2,) if sums else (), 3 if sums else 1, plain=1, copies=2)
    net = Pooled(lambda outputs, inputs: MLP(inputs, outputs, hidden=(8,)), shape)
    x = torch.randn(5, shape.inputs)
    y = net(x)
    sizes = {"scalar": 1, "object": 4, "pair": 16, "sum 0": 12}
    assert y.shape == (5, 1 + 2 * sum(sizes[sort] for sort in order))
    assert torch.allclose(torch.compile(net, backend="eager", fullgraph=True)(x), y, atol=1e-6)
    y.square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())


def test_the_numbers_of_pairs_stand_in_the_matrix_where_they_belong():
    """With a core that copies x_i, output (i, j) is x_i on and off the diagonal."""

    class First(torch.nn.Module):
        def __init__(self, outputs, inputs):
            super().__init__()
            self.outputs = outputs

        def forward(self, x):
            return x[..., :1].expand(*x.shape[:-1], self.outputs)

    x = torch.arange(1.0, 4.0)[None]
    found = Pooled(First, Shape(3, 1, 0, 0, True, ("pair",)))(x)
    assert torch.equal(found.reshape(3, 3), x.T.expand(3, 3))


def test_which_architecture_is_chosen():
    chosen = {
        Mean: (Symmetry(S(5), "vector"), 5),
        Permuted: (Symmetry(S(60), "vector"), 60),
        Invariants: (Symmetry(groups.SO(3), "vector"), 3),
    }
    others = (Symmetry(S(4) * O(3), "vector", "tensor(2)"), 12)  # no pooled network gives these
    for kind, (symmetry, columns) in [*chosen.items(), (Invariants, others)]:
        assert type(find_architecture(symmetry, Columns(columns), 1e-6)) is kind


def test_objects_are_found_in_products_and_split():
    objects = permuted_objects(groups.read((groups.C(4) * S(3) * groups.O(2)).plain()))
    assert (objects.count, objects.before, objects.inner.dimension) == (3, 2, 4)
    g = np.einsum("a,n,b->anb", [1, 10], [1, 2, 3], [5, 7]).reshape(-1)
    np.testing.assert_array_equal(objects.split(g)[1], [10, 14, 100, 140])
    assert permuted_objects(groups.SO(3)) is None


@pytest.mark.parametrize(
    ("symmetry", "columns", "words"),
    [
        (Symmetry(S(7), "vector", "pseudovector"), 7, "no pooled network gives a pseudovector"),
        (Symmetry(S(7), "tensor(2)", "pseudovector"), 49, "takes scalars, and at least one vector"),
    ],
)
def test_what_no_network_can_give_is_said(symmetry, columns, words):
    with pytest.raises(lf.InputError, match=words):
        find_architecture(symmetry, Columns(columns), 1e-6)


def test_pairs_that_would_fill_the_memory_are_refused():
    architecture = Permuted(Symmetry(S(30) * O(3), "vector"), Columns(90), 1e-6)
    with pytest.raises(lf.InputError, match="would take 77 GB"):
        architecture.inputs(np.broadcast_to(np.zeros(90), (1_000_000, 90)))


def test_an_energy_of_pairs_with_a_steep_wall_is_learned_from_few_events():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1.5, 1.5, size=(40_000, 4, 3))
    i, j = np.triu_indices(4, 1)
    d = np.linalg.norm(x[:, i] - x[:, j], axis=2)
    kept = d.min(1) > 0.95
    X, y = x[kept].reshape(-1, 12)[:1400], 4 * (d[kept] ** -12 - d[kept] ** -6).sum(1)[:1400]  # Lennard-Jones
    symmetry = Symmetry(S(4) * O(3), "vector")
    model = lf.Regressor(physics=[symmetry.by("architecture")], epochs=20, verbose=False).fit(X[:400], y[:400])
    assert np.sqrt(np.mean((model.predict(X[400:]) - y[400:]) ** 2)) < 0.05 * y.std()
    assert symmetry.violation(model, X[400:450]).max() < 1e-6
