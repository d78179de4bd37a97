"""Estimators of clouds, images, sequences, text and several inputs: they learn, are saved, and say what is wrong."""

import warnings

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch import nn

import lawful as lf
from lawful.data.clouds import Cloud, offsets_of
from lawful.errors import InputError
from lawful.physics import Symmetry, groups

N = 400
QUICK = {"epochs": 4, "batch_size": 32, "learning_rate": 5e-3, "verbose": False}


def jets(n=N, seed=0, fields=("px", "py", "pz", "E")):
    """Clouds with two hard prongs at a distance, label 1, or one, label 0; and the labels."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    counts = rng.integers(4, 9, n)
    event = np.repeat(np.arange(n), counts)
    place = np.arange(len(event)) - np.repeat(offsets_of(counts)[:-1], counts)
    side = np.where((place % 2 == 0) | (y[event] == 0), 0.0, 0.6)
    eta, phi = side + 0.05 * rng.normal(size=len(event)), 0.05 * rng.normal(size=len(event))
    pt = rng.exponential(10.0, len(event)) + 1.0
    columns = {
        "px": pt * np.cos(phi),
        "py": pt * np.sin(phi),
        "pz": pt * np.sinh(eta),
        "E": pt * np.cosh(eta),
        "pt": pt,
        "eta": eta,
        "phi": phi,
        "charge": rng.choice([-1.0, 1.0], len(event)),
    }
    return Cloud(offsets_of(counts), {name: columns[name] for name in fields}), y


def ramps(n=N, seed=0):
    """Sequences of unequal lengths that rise, label 1, or fall, label 0."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    steps = [np.linspace(0, 1, k)[:: 1 if label else -1] for k, label in zip(rng.integers(3, 9, n), y, strict=True)]
    return [s[:, None] + 0.1 * rng.normal(size=(len(s), 1)) for s in steps], y


def spots(n=N, seed=0):
    """Images with a bright spot in the left, label 0, or right half, label 1."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    images = 0.2 * rng.normal(size=(n, 8, 8))
    images[np.arange(n), rng.integers(0, 8, n), 4 * y + rng.integers(0, 4, n)] += 3.0
    return images, y


def texts(n=N, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    words = [("the muon", "decays", "quickly"), ("an electron", "is", "stable")]
    return [" ".join(rng.permutation(words[label]).tolist() * rng.integers(1, 3)) for label in y], y


LEARNED = {
    "sets": jets,
    "graph": jets,
    "transformer": jets,
    "equivariant": jets,
    "cnn": spots,
    "rnn": ramps,
    "lstm": ramps,
    "gru": ramps,
}


def test_every_structured_network_is_learned_with():
    from lawful.nets.structured import STRUCTURED

    assert set(LEARNED) | {"unet"} == set(STRUCTURED)  # a U-net answers for pixels, in a Segmenter


@pytest.mark.parametrize("net", LEARNED)
def test_a_network_learns_is_saved_and_gives_the_same_again(net, tmp_path):
    X, y = LEARNED[net]()
    model = lf.Classifier(net, **QUICK, seed=1).fit(X, y)
    p = model.predict_proba(X)
    assert roc_auc_score(y, p[:, 1]) > 0.95
    model.save(tmp_path / "m.lawful")
    np.testing.assert_array_equal(lf.load(tmp_path / "m.lawful").predict_proba(X), p)
    again = lf.Classifier(net, **QUICK, seed=1).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), p)


@pytest.mark.parametrize("net", ["gru", "transformer"])
def test_texts_are_told_apart_by_their_words(net, tmp_path):
    X, y = texts()
    model = lf.Classifier(net, **QUICK).fit(X, y)
    assert model.score(X, y) > 0.98
    unknown = model.predict_proba(["what nobody ever said", "the muon decays", ""])
    assert np.isfinite(unknown).all()
    assert unknown[1].argmax() == 0
    model.save(tmp_path / "m.lawful")
    np.testing.assert_array_equal(lf.load(tmp_path / "m.lawful").predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize("net", ["gru", "transformer", "sets"])
def test_weights_count_as_repeated_events(net):
    """Weights of zero: what is not there cannot be learned, however many events say so."""
    X, y = ramps() if net == "gru" else jets()
    wrong = 1 - y
    both = (
        [*X, *X]
        if isinstance(X, list)
        else Cloud(
            np.concatenate([X.offsets, X.offsets[1:] + X.offsets[-1]]),
            {name: np.concatenate([X[name], X[name]]) for name in X.fields},
        )
    )
    w = np.concatenate([np.ones(N), np.full(N, 1e-9)])
    model = lf.Classifier(net, **QUICK).fit(both, np.concatenate([y, wrong]), w)
    assert model.score(X, y) > 0.9


def test_regression_with_members_of_a_cloud_and_a_table():
    X, _ = jets()
    rng = np.random.default_rng(3)
    table = rng.normal(size=(N, 2))
    energy = np.add.reduceat(X["E"], X.offsets[:-1])
    y = energy / 50 + table[:, 0]
    settings = QUICK | {"epochs": 12}
    model = lf.Regressor("sets", members=2, **settings).fit({"tracks": X, "jet": table}, y)
    assert model.score({"tracks": X, "jet": table}, y) > 0.8
    alone = lf.Regressor("sets", **settings).fit(X, y)
    assert alone.score(X, y) < model.score({"tracks": X, "jet": table}, y)
    assert model.spread({"tracks": X, "jet": table}).shape == (N,)


def test_events_with_features_and_a_cloud_are_both():
    X, y = jets()
    feature = np.random.default_rng(0).normal(size=N)
    events = lf.Events({"a": feature}, y=y, weight=np.full(N, 2.0), clouds={"tracks": X})
    both = lf.Classifier("sets", **QUICK).fit(events)
    assert [part.name for part in both.structure_.parts] == ["tracks", ""]
    assert both.score(events) > 0.95
    only = lf.Classifier("mlp", **QUICK).fit(events)  # a network of tables takes the features alone
    assert only.n_features_in_ == 1
    named = {"tracks": X, "": events.frame()}
    np.testing.assert_array_equal(both.predict_proba(named), both.predict_proba(events))


def test_networks_are_chosen_by_input():
    X, y = jets()
    images, _ = spots()
    named = {"tracks": X, "picture": images[:, None], "jet": np.random.default_rng(0).normal(size=(N, 3))}
    model = lf.Classifier({"tracks": "transformer"}, options={"tracks": {"heads": 2, "hidden": (16,)}}, **QUICK).fit(
        named, y
    )
    kinds = [type(net).__name__ for net in model.members_.net.encoders]
    assert kinds == ["Transformer", "CNN", "MLP"]
    assert model.members_.net.encoders[0].heads == 2
    assert model.score(named, y) > 0.9


@pytest.mark.parametrize("net", ["sets", "graph", "transformer", "gru"])
def test_lengths_in_a_batch_and_places_in_a_row_change_no_answer(net):
    """The answer of an event is the same alone, among longer ones, and where rows have more places."""
    X, y = jets(300)
    model = lf.Classifier(net, **QUICK | {"epochs": 1}, dtype="float64").fit(X, y)
    p = model.predict_proba(X)
    for i in (0, 7, 299):
        np.testing.assert_allclose(model.predict_proba(X.take(np.array([i])))[0], p[i], rtol=1e-9)


def test_images_are_drawn_from_clouds_for_convolutional_networks(tmp_path):
    X, y = jets()
    model = lf.Classifier("cnn", inputs={"pixels": 12, "width": 2.0}, **QUICK | {"epochs": 8}).fit(X, y)
    assert model.structure_.parts[0].shape == (1, 12, 12)
    assert model.score(X, y) > 0.9
    model.save(tmp_path / "m.lawful")
    np.testing.assert_array_equal(lf.load(tmp_path / "m.lawful").predict_proba(X), model.predict_proba(X))


def test_pairs_of_values_and_mask_awkward_arrays_and_lists_are_the_same_cloud():
    import awkward as ak

    X, y = jets(fields=("px", "py", "pz", "E"))
    counts = X.counts
    records = ak.unflatten(ak.zip({name: X[name] for name in X.fields}), counts)
    lists = {name: ak.unflatten(X[name], counts).to_list() for name in X.fields}
    model = lf.Classifier("sets", **QUICK | {"epochs": 1}).fit(X, y)
    p = model.predict_proba(X)
    for other in (records, {"X": lists}["X"]):
        given = {"": other} if isinstance(other, dict) else other
        np.testing.assert_allclose(model.predict_proba(given), p, rtol=1e-6)
    values, mask = X.padded()
    bare = lf.Classifier("sets", **QUICK | {"epochs": 1}).fit((values, mask), y)
    ragged = [values[i][mask[i]] for i in range(len(values))]
    np.testing.assert_allclose(bare.predict_proba(ragged), bare.predict_proba((values, mask)), rtol=1e-6)


def test_objects_beyond_most_are_cut_with_a_word():
    X, y = jets()
    with pytest.warns(UserWarning, match=r"events have more than 5 objects; .* of pt"):
        model = lf.Classifier("sets", inputs={"most": 5}, **QUICK | {"epochs": 1}).fit(X, y)
    assert model.structure_.parts[0].shape == (5, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict(X.take(np.flatnonzero(X.counts <= 5)))


def test_empty_clouds_are_normal_events():
    X, y = jets()
    empty = Cloud(np.append(X.offsets, [X.offsets[-1]] * 3), {name: X[name] for name in X.fields})
    for net in ("sets", "graph", "transformer", "equivariant", "gru"):
        model = lf.Classifier(net, **QUICK | {"epochs": 1}).fit(empty, np.append(y, [0, 1, 1]))
        p = model.predict_proba(empty)
        assert np.isfinite(p).all()
        np.testing.assert_allclose(p[-3:], p[-1:].repeat(3, 0), rtol=1e-6)
    none = Cloud(np.zeros(N + 1, int), {"pt": [], "eta": [], "phi": []})
    assert np.isfinite(lf.Classifier("sets", **QUICK | {"epochs": 1}).fit(none, y).predict_proba(none)).all()


def test_statements_are_measured_and_move_clouds():
    X, y = jets()
    lorentz = Symmetry(groups.Lorentz(), on={"vector": [["t.E", "t.px", "t.py", "t.pz"]], "scalar": "others"})
    settings = QUICK | {"epochs": 2, "dtype": "float64"}
    kept = lf.Classifier("equivariant", physics=[lorentz], **settings).fit({"t": X}, y)
    broken = lf.Classifier("sets", physics=[lorentz], **settings).fit({"t": X}, y)
    assert lorentz.violation(kept, {"t": X}).max() < 1e-6  # boosts enlarge rounding
    assert lorentz.violation(broken, {"t": X}).mean() > 1e-3
    for how in ("augment", "loss"):
        model = lf.Classifier("sets", physics=[lorentz.by(how)], **settings).fit({"t": X}, y)
        assert np.isfinite(model.predict_proba({"t": X})).all()


def test_a_network_of_the_users_takes_an_image():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.map = nn.Linear(64, 1)

        def forward(self, x):
            return self.map(x.flatten(1))

    X, y = spots()
    model = lf.Classifier({"picture": Own()}, **QUICK | {"epochs": 30}).fit({"picture": X[:, None]}, y)
    assert model.score({"picture": X[:, None]}, y) > 0.7  # of one affine map


def wrong(change):
    X, y = jets()
    fields = {name: X[name].copy() for name in X.fields}
    change(fields)
    return Cloud(X.offsets, fields), y


def put(field, value):
    def change(fields):
        fields[field][7] = value

    return change


BAD = {
    "a hole": (lambda: lf.Classifier("sets").fit(*wrong(put("px", np.nan))), "NaN or infinite.*event"),
    "a negative energy": (lambda: lf.Classifier("sets").fit(*wrong(put("E", -1.0))), "'E'.*negative"),
    "a table for a network of clouds": (
        lambda: lf.Classifier("sets").fit(np.zeros((N, 3)), np.arange(N) % 2),
        "net='sets' takes a cloud or sequence, but X is the table",
    ),
    "an equivariant network without momenta": (
        lambda: lf.Classifier("equivariant").fit(Cloud([0, 1, 2], {"x": [1.0, 2.0], "y": [1.0, 2.0]}), [0, 1]),
        "needs momenta",
    ),
    "images of unequal sizes": (
        lambda: lf.Classifier("cnn").fit([np.zeros((4, 4)), np.zeros((5, 4))] * 200, [0, 1] * 200),
        "images of unequal sizes, 4 x 4 and 5 x 4",
    ),
    "a cloud for a network of tables": (
        lambda: lf.Classifier("mlp").fit(*jets()),
        "net='mlp' takes a table, but X is the cloud",
    ),
    "an unknown input": (
        lambda: lf.Classifier("sets", inputs={"trakcs": {"most": 3}}).fit(
            {"tracks": jets()[0], "b": jets()[0]}, jets()[1]
        ),
        "trakcs.*did you mean 'tracks'",
    ),
    "an unknown setting of an input": (
        lambda: lf.Classifier("sets", inputs={"mots": 3}).fit(*jets()),
        "has no setting 'mots'",
    ),
    "an unknown option": (lambda: lf.Classifier("sets", options={"poool": "mean"}).fit(*jets()), "poool.*pool"),
    "heads that do not divide": (
        lambda: lf.Classifier("transformer", options={"heads": 5}).fit(*jets()),
        "multiple of the number of heads",
    ),
    "unequal lengths": (
        lambda: lf.Classifier("sets").fit({"a": jets()[0], "b": np.zeros((3, 2))}, jets()[1]),
        "different numbers of events",
    ),
    "an idle setting": (lambda: lf.Classifier("sets", embedding="periodic").fit(*jets()), "embedding=.*no effect"),
    "energy weights without momenta": (
        lambda: lf.Classifier("sets", options={"pool": "energy"}).fit(*ramps()),
        "pool='energy' needs momenta",
    ),
    "an empty dictionary": (lambda: lf.Classifier("sets").fit({}, [0, 1]), "empty dictionary"),
    "NaN in a table beside": (
        lambda: lf.Classifier("sets").fit({"a": jets()[0], "b": np.full((N, 2), np.nan)}, jets()[1]),
        "contains NaN or infinity.*column 0, 1.*missing='mark'",
    ),
    "most of zero": (lambda: lf.Classifier("sets", inputs={"most": 0}).fit(*jets()), "most=0"),
    "no such field": (
        lambda: lf.Classifier("sets", inputs={"fields": ["pt", "colour"]}).fit(*jets()),
        "colour",
    ),
    "a symmetry built into a network of clouds": (
        lambda: lf.Classifier("sets", physics=[Symmetry(groups.SO(3), on="3*vector").by("architecture")]).fit(
            *jets()
        ),
        "takes|replaces",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    call, words = BAD[case]
    with pytest.raises(InputError, match=words):
        call()


def test_what_is_predicted_must_be_what_was_fitted():
    X, y = jets(fields=("px", "py", "pz", "E", "charge"))
    model = lf.Classifier("sets", **QUICK | {"epochs": 1}).fit({"tracks": X}, y)
    with pytest.raises(InputError, match="no input 'tracks'"):
        model.predict({"towers": X})
    with pytest.raises(InputError, match="charge"):
        model.predict({"tracks": jets()[0]})
    picture = lf.Classifier("cnn", **QUICK | {"epochs": 1}).fit(*spots())
    with pytest.raises(InputError, match=r"images of 1 x 9 x 8 .* fitted on 1 x 8 x 8"):
        picture.predict(np.zeros((3, 9, 8)))


def test_batches_hold_events_of_about_one_length():
    from lawful.learning.group import by_length

    lengths = np.random.default_rng(0).integers(1, 100, 640)
    order = np.random.default_rng(1).permutation(640)
    found = by_length(order, lengths, 32, np.random.default_rng(2))
    assert sorted(found) == list(range(640))
    spread = lengths[found].reshape(-1, 32)
    assert (spread.max(1) - spread.min(1)).mean() < 15
    assert (np.diff(spread.mean(1)) > 0).mean() < 0.9  # in random order


def test_the_table_of_all_numbers_says_the_same():
    X, y = jets()
    model = lf.Classifier("sets", **QUICK | {"epochs": 1}).fit({"t": X}, y)
    table = model.as_table({"t": X})
    assert list(table.columns[:3]) == ["t.count[8]", "t.px[0]", "t.py[0]"]
    np.testing.assert_array_equal(model.predict_proba(table), model.predict_proba({"t": X}))
    with pytest.raises(InputError, match=r"without the column 't.px\[0\]'"):
        model.predict(table.drop(columns="t.px[0]"))


def test_members_are_called_one_by_one_and_threads_follow_the_work():
    X, y = jets()
    model = lf.Classifier("transformer", members=2, **QUICK | {"epochs": 1}).fit(X, y)
    assert model.members_.alone
    assert model.members_.reuse >= 4
    assert torch.isfinite(model.members_.values).all()


def test_images_and_clouds_are_moved_at_random_in_training():
    """Spots in the left or right half: mirrored along the rows they are no label any more, along columns they are."""
    X, y = spots()
    settings = QUICK | {"epochs": 12}
    free = lf.Classifier("cnn", augment={"flips": False, "quarter_turns": False, "shift": 0}, **settings).fit(X, y)
    mirrored = lf.Classifier("cnn", augment={"flips": True, "quarter_turns": False}, **settings).fit(X, y)
    assert free.score(X, y) > 0.95
    assert mirrored.score(X, y) < 0.8
    c, label = jets()
    turned = lf.Classifier("sets", augment={"": {"turn": "beam", "drop": 0.2, "soft": 3.0}}, **QUICK).fit(c, label)
    assert turned.score(c, label) > 0.9


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: lf.Classifier(augment={"flips": True}).fit(np.zeros((N, 3)), np.arange(N) % 2), "of a table, state"),
        (lambda: lf.Classifier("cnn", augment={"flip": True}).fit(*spots()), "no setting 'flip'.*flips"),
        (lambda: lf.Classifier("cnn", augment={"shift": -1}).fit(*spots()), "shift=-1"),
        (lambda: lf.Classifier("gru", augment={"shift": 1}).fit(*ramps()), "cannot be moved"),
        (lambda: lf.Classifier("sets", augment=True).fit(*jets()), "augment=True"),
    ],
)
def test_wrong_moves_are_named(call, words):
    with pytest.raises(InputError, match=words):
        call()


def test_objects_that_are_left_out_leave_no_gaps():
    from lawful.nets.structure import Structure
    from lawful.predict.augmenting import augmented

    X, y = jets()
    model = lf.Classifier("sets", **QUICK | {"epochs": 1}).fit({"t": X}, y)
    rows = model.as_table({"t": X}).to_numpy()
    assert isinstance(model.structure_, Structure)
    moved = augmented(rows, model.structure_, {0: {"drop": 0.5, "soft": 5.0}}, np.random.default_rng(0))
    values = moved[:, 1:].reshape(N, -1, 4)
    there = np.arange(values.shape[1]) < moved[:, :1]
    assert (moved[:, 0] <= rows[:, 0]).all()
    assert (moved[:, 0] < rows[:, 0]).mean() > 0.5
    assert not values[~there].any()
    assert (values[there][:, 3] > 0).all()
