"""The classifier gives calibrated probabilities, treats weights of either sign rightly, and checks its input."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import norm
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from torch import nn

import lawful as lf
from lawful.errors import InputError
from lawful.studies.scoring import score_file


def two_gaussians(n, seed, shift=1.0):
    """Classes 0 and 1 at -shift/2 and +shift/2 of unit width in the first of three columns, (2n, 3)."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(2 * n, 3))
    y = np.repeat([0, 1], n)
    X[:, 0] += shift * (y - 0.5)
    return X, y


def test_probabilities_are_those_of_bayes():
    X, y = two_gaussians(8000, 0, shift=2.0)
    grid = np.zeros((61, 3))
    grid[:, 0] = np.linspace(-2.5, 2.5, 61)
    p = lf.Classifier(members=5).fit(X, y).predict_proba(grid)[:, 1]
    exact = 1 / (1 + np.exp(-2.0 * grid[:, 0]))
    assert np.abs(p - exact).max() < 0.05


def test_members_five_is_level_with_boosted_trees_on_a_table(higgs):
    train, test = higgs.split((0.8, 0.2), seed=3)
    ours = lf.Classifier(members=5).fit(train).predict_proba(test)[:, 1]
    trees = HistGradientBoostingClassifier(early_stopping=True, random_state=0).fit(train.X, train.y)
    rival = trees.predict_proba(test.X)[:, 1]
    # the difference on one split of 4,000 events has a standard deviation of about 0.003
    assert roc_auc_score(test.y, ours) > roc_auc_score(test.y, rival) - 0.008


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_negative_weights_give_the_ratio_of_the_signed_densities(seed):
    """Signal: N(0, 1) minus a fifth at N(0.5, 0.3) of weight -1; the local sum of signal weights stays positive."""
    rng = np.random.default_rng(seed)
    n, f = 30_000, 0.25
    negative = rng.random(n) < f / (1 + f)
    signal = np.where(negative, rng.normal(0.5, 0.3, n), rng.normal(0, 1, n))
    X = np.concatenate([signal, rng.normal(0.5, 1.2, n)])[:, None]
    y, w = np.repeat([1, 0], n), np.concatenate([np.where(negative, -1.0, 1.0), np.ones(n)])
    grid = np.linspace(-2.2, 2.5, 100)
    density = (norm.pdf(grid) - f * norm.pdf(grid, 0.5, 0.3)) / (1 + f)
    exact = density / (density + norm.pdf(grid, 0.5, 1.2))
    p = lf.Classifier(members=2, patience=10, seed=seed).fit(X, y, sample_weight=w).predict_proba(grid[:, None])[:, 1]
    assert np.sqrt(np.mean((p - exact) ** 2)) < 0.03
    assert np.abs(p - exact).max() < 0.09


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_predictions_are_bounded_where_the_local_weight_is_negative(seed):
    rng = np.random.default_rng(seed)
    n = 6000
    X = rng.uniform(-1, 1, (2 * n, 1))
    y = np.repeat([0, 1], n)
    w = np.ones(2 * n)
    inside = (np.abs(X[:, 0]) < 0.2) & (y == 1)
    w[inside & (rng.random(2 * n) < 0.8)] = -1.0  # here signal weights sum to -0.6 of their number
    model = lf.Classifier(members=2, seed=seed).fit(X, y, sample_weight=w)
    p = model.predict_proba(np.array([[0.0], [0.7], [-0.7]]))[:, 1]
    assert np.isfinite(p).all()
    assert p[0] == pytest.approx(0.0, abs=0.02)
    assert p[1:] == pytest.approx([0.5, 0.5], abs=0.08)
    losses = [line["validation_loss"] for line in model.history_]
    assert min(losses) > 0  # bounded below, as a sum of positive terms


def test_weights_move_the_prior():
    X, y = two_gaussians(4000, 1)
    w = np.where(y == 1, 3.0, 1.0)
    p = lf.Classifier("linear", epochs=100, learning_rate=0.02).fit(X, y, w).predict_proba(np.zeros((1, 3)))[0, 1]
    assert p == pytest.approx(0.75, abs=0.03)
    q = lf.Classifier("linear", epochs=100, learning_rate=0.02, class_weight="balanced").fit(X, y, w)
    assert q.predict_proba(np.zeros((1, 3)))[0, 1] == pytest.approx(0.5, abs=0.03)
    r = lf.Classifier("linear", epochs=100, learning_rate=0.02, class_weight={0: 9.0}).fit(X, y, w)
    assert r.predict_proba(np.zeros((1, 3)))[0, 1] == pytest.approx(0.25, abs=0.03)


def test_calibration_undoes_overconfidence():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(20_000, 1)) * 2
    y = (rng.random(20_000) < 1 / (1 + np.exp(-z[:, 0] / 2))).astype(float)
    from lawful.predict.calibrating import fit_temperature

    w = np.ones(len(z))
    assert fit_temperature(z, y[:, None], w) == pytest.approx(2.0, rel=0.06)
    one_hot = np.stack([1 - y, y], 1)
    both = np.concatenate([np.zeros_like(z), z], 1)
    assert fit_temperature(both, one_hot, w) == pytest.approx(fit_temperature(z, y[:, None], w))
    assert fit_temperature(z[:3] * 100, y[:3, None], w[:3]) == pytest.approx(1.0, abs=0.9)  # three events say little


def test_many_classes_and_any_labels():
    rng = np.random.default_rng(0)
    labels = np.array(["quark", "gluon", "tau"])
    k = rng.integers(0, 3, 1500)
    X = rng.normal(size=(1500, 2)) + 3 * np.stack([np.cos(2 * k), np.sin(2 * k)], 1)
    model = lf.Classifier(members=2, epochs=60).fit(X, labels[k])
    assert model.classes_.tolist() == ["gluon", "quark", "tau"]
    p = model.predict_proba(X)
    assert p.shape == (1500, 3)
    assert p.sum(1) == pytest.approx(np.ones(1500))
    assert model.score(X, labels[k]) > 0.95
    assert model.spread(X).shape == (1500, 3)
    assert model.decision_function(X).shape == (1500, 3)


def test_spread_grows_away_from_the_data():
    X, y = two_gaussians(400, 0)
    model = lf.Classifier(members=8, dropout=0.0).fit(X, y)
    assert (
        model.spread(X + np.array([0.0, 9.0, 9.0])).mean() > 2 * model.spread(X).mean()
    )  # off to the side of both classes
    with pytest.raises(InputError, match="members=5"):
        lf.Classifier(epochs=2).fit(X, y).spread(X)


def test_few_rows_get_a_member_for_each_fold():
    X, y = two_gaussians(100, 0)
    model = lf.Classifier(epochs=3).fit(X, y)
    assert len(model.members_) == 5
    assert len(lf.Classifier(epochs=3).fit(*two_gaussians(200, 0)).members_) == 1


def test_history_has_a_line_for_each_epoch():
    model = lf.Classifier(epochs=4, members=2).fit(*two_gaussians(200, 0))
    assert [line["epoch"] for line in model.history_] == [1, 2, 3, 4]
    assert set(model.history_[0]) == {"epoch", "train_loss", "validation_loss", "learning_rate", "seconds", "members"}


def test_same_seed_same_result_and_no_global_state():
    X, y = two_gaussians(300, 0)
    numpy_before = np.random.get_state()[1].copy()  # noqa: NPY002
    torch_before = torch.get_rng_state()
    threads = torch.get_num_threads()
    a, b, c = (lf.Classifier(epochs=5, members=2, seed=s).fit(X, y).predict_proba(X) for s in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert np.abs(a - c).max() > 1e-3
    assert (np.random.get_state()[1] == numpy_before).all()  # noqa: NPY002
    assert (torch.get_rng_state() == torch_before).all()
    assert torch.get_num_threads() == threads


def test_validation_data_of_ones_own():
    X, y = two_gaussians(400, 0)
    V, v = two_gaussians(100, 1)
    w = np.ones(len(v))
    one = lf.Classifier(epochs=5).fit(X, y, validation=(V, v))
    two = lf.Classifier(epochs=5).fit(X, y, validation=(V, v, w))
    assert one.history_[-1]["validation_loss"] == two.history_[-1]["validation_loss"]
    none = lf.Classifier(epochs=5).fit(X, y, validation=False)
    assert none.history_[-1]["validation_loss"] is None
    with pytest.raises(InputError, match="do not occur in the training labels"):
        lf.Classifier(epochs=2).fit(X, y, validation=(V, v + 5))
    with pytest.raises(InputError, match="1 parts"):
        lf.Classifier(epochs=2).fit(X, y, validation=(V,))


def test_groups_stay_together(higgs):
    from lawful.predict.splitting import assign_folds

    groups = np.repeat(np.arange(50), 4)
    fold = assign_folds(np.zeros(200, int), groups, 5, 0)
    assert all(len(set(fold[groups == g])) == 1 for g in range(50))
    assert np.bincount(fold).tolist() == [40] * 5
    grouped = lf.Events(np.random.default_rng(0).normal(size=(400, 2)), np.arange(400) % 2, group=np.arange(400) // 4)
    assert len(lf.Classifier(epochs=2).fit(grouped).members_) == 1


def test_events_frames_tensors_and_awkward_arrays_give_the_same():
    import awkward as ak

    X, y = two_gaussians(200, 0)
    names = ["pt", "eta", "phi"]
    frame = pd.DataFrame(X, columns=names)
    plain = lf.Classifier(epochs=3).fit(X, y).predict_proba(X)
    events = lf.Events(frame, y)
    model = lf.Classifier(epochs=3).fit(events)
    np.testing.assert_array_equal(model.predict_proba(events), plain)
    np.testing.assert_array_equal(model.predict_proba(X), plain)
    assert model.score(events) == model.score(X, y)
    tensor = lf.Classifier(epochs=3).fit(torch.from_numpy(X), torch.from_numpy(y))
    np.testing.assert_array_equal(tensor.predict_proba(torch.from_numpy(X)), plain)
    records = ak.zip({name: X[:, i] for i, name in enumerate(names)})
    np.testing.assert_array_equal(lf.Classifier(epochs=3).fit(records, y).predict_proba(records), plain)
    wider = events.with_columns({"more": np.ones(len(y))}).with_features([*names, "more"])
    np.testing.assert_array_equal(model.predict_proba(wider), plain)  # columns are found by name


def test_missing_values():
    X, y = two_gaussians(400, 0, shift=3.0)
    X[::7, 0] = np.nan
    with pytest.raises(InputError, match=r"column 0: 115 NaN .*of 800 rows"):
        lf.Classifier(epochs=2).fit(X, y)
    model = lf.Classifier(epochs=60, missing="mark").fit(X, y)
    assert model.score(X, y) > 0.85
    declared = lf.Events(np.nan_to_num(X, nan=-999.0), y, missing=-999.0)
    assert lf.Classifier(epochs=2).fit(declared).predict(declared).shape == (800,)


def test_a_model_knows_which_values_meant_missing(tmp_path):
    X, y = two_gaussians(400, 0, shift=3.0)
    raw = X.copy()
    raw[::7, 0], raw[::5, 1] = -999.0, -1.0
    frame = pd.DataFrame(raw, columns=["pt", "eta", "phi"])
    declared = lf.Events(frame, y, missing={"pt": -999.0, "eta": [-1.0, np.nan]})
    model = lf.Classifier(epochs=3).fit(declared)
    model.save(tmp_path / "m.lawful")
    for each in (model, lf.load(tmp_path / "m.lawful")):
        p = each.predict_proba(declared)
        np.testing.assert_array_equal(each.predict_proba(lf.Events(frame, y)), p)
        np.testing.assert_array_equal(each.predict_proba(lf.Events(frame, y, missing={"eta": -1.0})), p)
        other = each.predict_proba(lf.Events(frame, y, missing={"pt": np.nan}))  # what events say of a column counts
        assert np.abs(other - p)[::7].max() > 1e-3
        np.testing.assert_array_equal(each.predict_proba(frame), p)
    clean = lf.Events(frame.iloc[1:5], y[1:5])
    np.testing.assert_array_equal(model.predict_proba(clean), model.predict_proba(frame.iloc[1:5]))


def test_values_that_never_were_missing_in_training_may_be_later():
    X, y = two_gaussians(200, 0)
    model = lf.Classifier(epochs=2).fit(lf.Events(X, y, missing=-999.0))
    X[3, 1] = -999.0
    assert np.isfinite(model.predict_proba(lf.Events(X, y))).all()


def own_net(shape, outputs):
    return nn.Sequential(nn.Linear(*shape, 16), nn.Tanh(), nn.Linear(16, outputs))


def test_networks_of_ones_own():
    X, y = two_gaussians(600, 0, shift=3.0)
    for net in (own_net, lambda shape: own_net(shape, 1), own_net((3,), 1)):
        model = lf.Classifier(net, members=3, epochs=40, learning_rate=0.01).fit(X, y)
        assert model.score(X, y) > 0.9
        first = model.members_.values
        assert (first[0] - first[1]).abs().max() > 1e-3  # members start from different points
    with pytest.raises(InputError, match="gives 4 outputs"):
        lf.Classifier(own_net((3,), 4), epochs=2).fit(X, y)
    with pytest.raises(InputError, match="does not take a table of 3 columns"):
        lf.Classifier(own_net((5,), 1), epochs=2).fit(X, y)
    with pytest.raises(InputError, match="expected a torch module"):
        lf.Classifier(lambda shape: "net", epochs=2).fit(X, y)


class Scaled(nn.Module):
    """Holds drawn parameters of its own, and no way to draw them again."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.randn(3))
        self.map = nn.Linear(3, 1)

    def forward(self, x):
        return self.map(self.scale * x)


class Resettable(Scaled):
    def reset_parameters(self):
        nn.init.normal_(self.scale)


def test_members_that_start_alike_are_pointed_out():
    X, y = two_gaussians(200, 0)
    with pytest.warns(UserWarning, match="the same values of scale, and"):
        lf.Classifier(Scaled(), members=2, epochs=1).fit(X, y)
    for net in (Resettable(), lambda shape: Scaled(), own_net((3,), 1)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            lf.Classifier(net, members=2, epochs=1).fit(X, y)


def test_frozen_parts_of_a_network_of_ones_own_stay():
    X, y = two_gaussians(300, 0, shift=3.0)
    net = own_net((3,), 1)
    net[0].requires_grad_(False)
    for members in (1, 3):
        model = lf.Classifier(net, members=members, epochs=20, learning_rate=0.02).fit(X, y)
        assert model.members_.values.shape[1] == 17  # the last layer alone
        for m in range(len(model.members_)):
            assert torch.equal(model.members_.buffers["0.weight"][m], net[0].weight.detach())
        assert model.score(X, y) > 0.85
    assert net[2].weight.requires_grad  # the user's own module is as it was
    assert not net[0].weight.requires_grad


def test_a_column_that_is_the_label_is_pointed_out():
    X, y = two_gaussians(200, 0)
    frame = pd.DataFrame(X, columns=["pt", "eta", "phi"]).assign(Type=y)
    with pytest.warns(UserWarning, match="'Type' alone separates the classes"):
        lf.Classifier(epochs=1).fit(frame, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lf.Classifier(epochs=1).fit(frame.drop(columns="Type"), y)


X, Y = two_gaussians(50, 0)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: lf.Classifier().fit(X, np.ones(100)), "only one class"),
        (lambda: lf.Classifier().fit(X, Y[:70]), "X has 100 rows, y has 70"),
        (lambda: lf.Classifier().fit(X, None), "target y is None"),
        (lambda: lf.Classifier().fit(X, Y + 0.25), "continuous"),
        (lambda: lf.Classifier().fit(X, np.where(Y, np.nan, 0.0)), "50 values"),
        (lambda: lf.Classifier().fit(X, Y, np.ones(99)), "X has 100 rows"),
        (lambda: lf.Classifier().fit(X, Y, np.zeros(100)), "sum to 0"),
        (lambda: lf.Classifier().fit(X, Y, -np.ones(100)), "sum to -100"),
        (lambda: lf.Classifier().fit(X, Y, np.where(Y, -1.0, 5.0)), "weights of class"),
        (lambda: lf.Classifier().fit(X, Y, np.where(Y, np.nan, 1.0)), "50 NaN"),
        (lambda: lf.Classifier().fit(X, Y, np.array(["a"] * 100)), "expected numbers"),
        (lambda: lf.Classifier().fit(X[:, 0], Y), "Expected 2D array"),
        (lambda: lf.Classifier().fit(X[:0], Y[:0]), "0 sample"),
        (lambda: lf.Classifier().fit({}, Y), "X is an empty dictionary"),
        (lambda: lf.Classifier(epochs=1).fit(X, Y).predict(X[:, :2]), "2 features"),
        (lambda: lf.Classifier(epochs=1).fit(X, Y).predict(np.where(X > 2, np.inf, X)), "infinity"),
        (lambda: lf.Classifier("mpl").fit(X, Y), "Did you mean 'mlp'"),
        (lambda: lf.Classifier(3).fit(X, Y), "net=3"),
        (lambda: lf.Classifier(members=0).fit(X, Y), "members=0"),
        (lambda: lf.Classifier(seed=-1).fit(X, Y), "seed=-1"),
        (lambda: lf.Classifier(missing="drop").fit(X, Y), "missing='drop'"),
        (lambda: lf.Classifier(dtype="float16").fit(X, Y), "dtype='float16'"),
        (lambda: lf.Classifier(device="tpu9").fit(X, Y), "device='tpu9'"),
        (lambda: lf.Classifier(class_weight="even").fit(X, Y), "class_weight='even'"),
        (lambda: lf.Classifier(class_weight={0: -1.0}).fit(X, Y), "at least zero"),
        (lambda: lf.Classifier(hidden=(0,)).fit(X, Y), "hidden"),
        (lambda: lf.Classifier("linear", hidden=(8,)).fit(X, Y), "hidden=.* has no effect with net='linear'"),
        (lambda: lf.Classifier("linear", dropout=0.1).fit(X, Y), "dropout=0.1 has no effect"),
        (lambda: lf.Classifier(own_net, activation="relu").fit(X, Y), "a network of your own"),
        (lambda: lf.Classifier(nn.Linear).fit(X, Y), "net=Linear: this class"),
        (lambda: lf.Classifier(epochs=1).fit(X, Y, validation=True), "validation=True: expected None"),
        (lambda: lf.Classifier(epochs=1).fit(X, Y, validation=X), r"validation=<ndarray of shape \(100, 3\)>"),
        (lambda: lf.Classifier(epochs=1).fit(X, Y, validation=0.2), "validation=0.2"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(InputError, match=words):
        call()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", "a"), ("learning_rate", 10**400), ("dropout", "a"), ("dropout", None), ("dropout", 0.96),
        ("hidden", True), ("hidden", "64"), ("hidden", (64, 1.5)), ("gradient_clip", "a"),
        ("gradient_clip", np.inf), ("epochs", 1.5), ("epochs", True), ("members", True), ("members", "3"),
        ("patience", []), ("batch_size", "big"), ("batch_size", None), ("schedule", np.zeros(2)), ("averaging", None),
        ("weight_decay", "a"), ("l1", [1]), ("l2", None), ("device", 3), ("device", "meta"), ("dtype", []),
        ("scaling", np.zeros(2)), ("missing", None), ("embedding", 3), ("activation", nn.ReLU), ("checkpoint", 3),
        ("verbose", "yes"), ("calibrate", "no"), ("class_weight", [1, 2]), ("class_weight", {0: "a"}),
        ("seed", 1.5), ("seed", True), ("net", None), ("net", np.zeros(2)), ("net", ["mlp"]),
    ],
    ids=str,
)  # fmt: skip
def test_a_setting_of_the_wrong_type_is_one_clear_line(name, value):
    with pytest.raises(InputError, match=name) as caught:
        lf.Classifier(**{"epochs": 1, name: value}).fit(X, Y)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", [np.int64(2), np.int8(2)])
def test_numbers_of_numpy_are_taken(value):
    model = lf.Classifier(epochs=value, members=value, hidden=np.array([4, 4]), dropout=np.float32(0.25))
    assert len(model.fit(X, Y).history_) == 2


def test_default_fits_end_by_themselves():
    for model, X, y in (
        (lf.Classifier(), *two_gaussians(1000, 0)),
        (lf.Classifier(), *two_gaussians(60, 0)),
        (lf.Classifier(), *two_gaussians(1000, 0, shift=30.0)),  # separable
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert model.fit(X, y).n_iter_ < model.epochs


def test_columns_far_from_zero_or_of_a_tiny_unit_keep_their_digits():
    X, y = two_gaussians(300, 0, shift=3.0)
    best = lf.Classifier(epochs=30).fit(X, y).score(X, y)
    for moved in (1.7e9 + 50 * X, 1e-47 * (3 + X), 1e41 * (3 + X)):
        assert lf.Classifier(epochs=30).fit(moved, y).score(moved, y) == pytest.approx(best, abs=0.02)


def test_the_calibration_of_the_mean_undoes_what_averaging_does():
    """Members that see the true score with noise of their own: the mean needs a higher slope than each of them."""
    from lawful.predict.calibrating import agreement

    rng = np.random.default_rng(0)
    truth = rng.normal(size=(1, 50_000, 1))
    z = truth + rng.normal(size=(10, 50_000, 1))
    single = z.var() / np.mean(truth * z)  # the temperature of one member, by regression of the truth on its score
    mean = z.mean(0).var() / np.mean(truth[0] * z.mean(0))
    assert single * agreement(z) == pytest.approx(mean, rel=0.02)


def test_fits_in_several_threads_give_what_each_gives_alone():
    from concurrent.futures import ThreadPoolExecutor

    X, y = two_gaussians(200, 0)

    def fit(seed):
        return lf.Classifier(own_net, members=2, epochs=3, seed=seed).fit(X, y).predict_proba(X)

    before = torch.get_num_threads()
    alone = [fit(seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(fit, range(4)))
    np.testing.assert_allclose(together, alone, atol=1e-6)
    assert torch.get_num_threads() == before


@pytest.fixture(scope="module")
def with_gaps():
    """Data in which -999 (and in `eta` NaN) means missing, and a model that was told so."""
    X, y = two_gaussians(300, 8, shift=2.0)
    rng = np.random.default_rng(8)
    X[rng.random(600) < 0.2, 0] = -999.0
    X[rng.random(600) < 0.1, 1] = np.nan
    frame = pd.DataFrame(X, columns=["pt", "eta", "phi"])
    events = lf.Events(frame, y, missing={"pt": -999.0, "eta": np.nan})
    return frame, y, events, lf.Classifier(epochs=5).fit(events)


def test_declared_values_mean_missing_in_tables_of_every_kind(with_gaps):
    frame, _, events, model = with_gaps
    p = model.predict_proba(events)
    np.testing.assert_array_equal(model.predict_proba(frame), p)
    np.testing.assert_array_equal(model.predict_proba(frame.to_numpy()), p)
    np.testing.assert_array_equal(model.predict_proba(frame.to_numpy().tolist()), p)
    np.testing.assert_array_equal(model.predict_proba(torch.tensor(frame.to_numpy())), p)
    np.testing.assert_array_equal(model.predict_proba(frame.astype(object)), p)
    np.testing.assert_allclose(model.predict_proba(frame.astype(np.float32)), p, atol=1e-5)
    rows = np.flatnonzero(~np.isnan(frame["eta"]))  # whole numbers, in the types of NumPy and of pandas
    some = frame.iloc[rows].round().astype("int64")
    gaps = some.astype(float).replace(-999.0, np.nan)
    for table in (some, some.astype("Int64"), some.to_numpy()):
        np.testing.assert_allclose(model.predict_proba(table), model.predict_proba(gaps), atol=1e-6)
    lonely = pd.DataFrame({"pt": [-999.0, -998.0], "eta": 0.0, "phi": [0.0, 0.0]})
    assert model.predict_proba(lonely)[0, 1] != model.predict_proba(lonely)[1, 1]


def test_declared_values_mean_missing_in_validation_tables(with_gaps):
    frame, y, events, _ = with_gaps
    losses = [
        lf.Classifier(epochs=3).fit(events, validation=part).history_[-1]["validation_loss"]
        for part in (events, (events.frame(), y), (frame, y), (frame.to_numpy(), y))
    ]
    assert losses == losses[:1] * 4


def test_a_saved_model_remembers_that_nan_was_declared(with_gaps, tmp_path):
    frame, _, events, model = with_gaps
    model.save(tmp_path / "m.lawful")
    again = lf.load(tmp_path / "m.lawful")
    assert again.sentinels_["pt"] == (-999.0,)
    assert np.isnan(again.sentinels_["eta"]).tolist() == [True]
    np.testing.assert_array_equal(again.predict_proba(frame), model.predict_proba(events))
    frame.to_csv(tmp_path / "d.csv", index=False)
    assert score_file(tmp_path / "m.lawful", str(tmp_path / "d.csv"), tmp_path / "s.csv") == len(frame)
    scores = pd.read_csv(tmp_path / "s.csv")["score"]
    np.testing.assert_allclose(scores, model.predict_proba(events)[:, 1], atol=1e-6)
    events.write(tmp_path / "e.parquet")
    back = lf.read(tmp_path / "e.parquet")
    assert {name: repr(values) for name, values in back.sentinels.items()} == {"pt": "(-999.0,)", "eta": "(nan,)"}
