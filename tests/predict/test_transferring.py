"""A trained model as the start for a new question: what is kept, what is frozen, what is refused."""

import numpy as np
import pandas as pd
import pytest
import torch

import lawful as lf
from lawful.data.clouds import Cloud
from lawful.errors import InputError
from lawful.learning.pace import Pace
from lawful.nets import MLP
from lawful.nets.stages import frozen_stages, stages_of
from lawful.predict.transferring import stages, transfer

QUICK = {"epochs": 5, "verbose": False, "seed": 3}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(500, 4))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)


@pytest.fixture(scope="module")
def first():
    return lf.Classifier(hidden=(16, 8), members=2, **QUICK).fit(X, Y)


def weights(model, name):
    return model.members_.parameters()[name].clone()


def test_stages_run_from_the_input_to_the_output(first):
    assert stages(first) == ["layer 1", "layer 2", "head"]
    held = [name for _, names in stages_of(MLP(4, 1, hidden=(8,), embedding="periodic")) for name in names]
    assert sorted(held) == sorted(name for name, _ in MLP(4, 1, hidden=(8,), embedding="periodic").named_parameters())


@pytest.mark.parametrize(
    ("freeze", "found"),
    [
        (None, [False] * 3),
        ("all but last", [True, True, False]),
        (1, [True, False, False]),
        (0, [False] * 3),
        ("layer 2", [False, True, False]),
        (["layer *"], [True, True, False]),
    ],
)
def test_stages_are_frozen_by_depth_and_by_name(freeze, found):
    assert frozen_stages(freeze, ["layer 1", "layer 2", "head"]) == found


def test_frozen_weights_stay_and_others_learn(first):
    new = transfer(first, **QUICK).fit(X[:200], 1 - Y[:200])
    for name in ("gain", "layers.0.weight", "layers.1.bias"):
        torch.testing.assert_close(weights(new, name)[:2], weights(first, name), rtol=0, atol=0)
        assert new.transferred_[name] == "kept"
    assert not torch.equal(weights(new, "layers.2.weight")[:2], weights(first, "layers.2.weight"))
    assert len(new.members_) == 5  # few rows are cross-validated; members start from the trained ones in turn
    torch.testing.assert_close(weights(new, "layers.0.weight")[2], weights(first, "layers.0.weight")[0])


def test_without_training_the_answers_are_those_of_the_trained_model(first):
    new = transfer(first, freeze=None, learning_rate=1e-12, calibrate=False, epochs=1, averaging=0).fit(X, Y)
    old = first.members_.scores(torch.from_numpy(first.scaling_.apply(X)))
    same = new.members_.scores(torch.from_numpy(new.scaling_.apply(X)))
    torch.testing.assert_close(same, old, rtol=1e-5, atol=1e-6)


def test_a_frozen_start_learns_from_few_events_what_nothing_else_does():
    """The sign of a product of three columns, the other way round: 60 events are enough from the trained start."""
    data = np.random.default_rng(5).normal(size=(6000, 5))
    target = lambda x: (x[:, 0] * x[:, 1] * x[:, 2] < 0).astype(int)  # noqa: E731
    trained = lf.Classifier(epochs=60, verbose=False).fit(data, 1 - target(data))
    few, held = data[:60], data[1000:]
    settings = {"epochs": 60, "verbose": False}
    new = transfer(trained, outputs=2, **settings).fit(few, target(few))
    scratch = lf.Classifier(**settings).fit(few, target(few))
    assert new.score(held, target(held)) > scratch.score(held, target(held)) + 0.1


def test_one_stage_after_the_other_is_released():
    names = ["layer 1", "layer 2", "head"]
    model = lf.Classifier(hidden=(6, 5), members=1, **QUICK).fit(X, Y)
    new = transfer(model, unfreeze=3, epochs=3).fit(X, Y)
    for name in ("layers.0.weight", "layers.1.weight"):  # three epochs: only the head has learned
        torch.testing.assert_close(weights(new, name), weights(model, name), rtol=0, atol=0)
    later = transfer(model, unfreeze=3, epochs=4).fit(X, Y)
    torch.testing.assert_close(weights(later, "layers.0.weight"), weights(model, "layers.0.weight"), rtol=0, atol=0)
    assert not torch.equal(weights(later, "layers.1.weight"), weights(model, "layers.1.weight"))
    last = transfer(model, unfreeze=3, epochs=7).fit(X, Y)
    assert not torch.equal(weights(last, "layers.0.weight"), weights(model, "layers.0.weight"))
    assert stages(model) == names


def test_training_does_not_stop_before_all_stages_learn():
    model = lf.Classifier(hidden=(6, 5), **QUICK).fit(X, Y)
    new = transfer(model, unfreeze=4, epochs=40, patience=1, learning_rate=1e-9).fit(X, Y)  # nothing gets better
    assert new.n_iter_ == 4 * 2 + 1 + 1


def test_earlier_stages_learn_more_slowly():
    model = lf.Classifier(hidden=(6, 5), **QUICK).fit(X, Y)
    moved = {}
    for slower in (1.0, 0.01):
        new = transfer(model, freeze=None, slower=slower, epochs=2, averaging=0, weight_decay=0.0).fit(X, Y)
        names = [f"layers.{k}.weight" for k in range(3)]
        moved[slower] = [float((weights(new, name) - weights(model, name)).norm()) for name in names]
    assert moved[0.01][0] < 0.01 * moved[1.0][0]
    assert moved[0.01][1] < 0.05 * moved[1.0][1]
    assert moved[0.01][2] > 0.2 * moved[1.0][2]


def test_the_pace_of_an_epoch():
    pace = Pace(torch.tensor([1.0, 0.5, 0.0]), torch.tensor([1, 4, 9]))
    assert pace.at(3).tolist() == [1.0, 0.0, 0.0]
    assert pace.at(4).tolist() == [1.0, 0.5, 0.0]
    assert pace.settled == 4


def test_columns_are_found_by_name_and_new_ones_join():
    old = pd.DataFrame(X, columns=list("abcd"))
    model = lf.Classifier(hidden=(8,), **QUICK).fit(old, Y)
    wider = pd.DataFrame({"new": RNG.normal(size=500), "b": X[:, 1], "a": 5 * X[:, 0]})
    new = transfer(model, freeze=None, learning_rate=1e-12, epochs=1, averaging=0).fit(wider, Y)
    assert new.transferred_["layers.0.weight"] == "part"
    before, after = weights(model, "layers.0.weight"), weights(new, "layers.0.weight")
    torch.testing.assert_close(after[0, :, 2], before[0, :, 0])
    torch.testing.assert_close(after[0, :, 1], before[0, :, 1])
    assert new.scaling_.scale[2] == model.scaling_.scale[0]  # that of the trained one


def test_a_regressor_keeps_what_its_outputs_mean():
    y = 100 + 10 * X[:, 0]
    model = lf.Regressor(hidden=(16,), epochs=80, verbose=False).fit(X, y)
    new = transfer(model, freeze=None, learning_rate=1e-12, epochs=1, averaging=0).fit(X[:50], y[:50] + 1)
    np.testing.assert_allclose(new.predict(X), model.predict(X), rtol=1e-4)
    other = transfer(model, outputs=1, epochs=1).fit(X[:50], y[:50] / 1000)
    assert abs(other.predict(X).mean()) < 1.0


def test_a_model_that_was_transferred_is_saved_and_loads_alone(first, tmp_path):
    first.save(tmp_path / "first.lawful")
    new = transfer(tmp_path / "first.lawful", **QUICK).fit(X, Y)
    new.save(tmp_path / "new.lawful")
    np.testing.assert_array_equal(lf.load(tmp_path / "new.lawful").predict_proba(X), new.predict_proba(X))


def clouds(n=200, seed=0, fields=("pt", "eta", "phi")):
    rng = np.random.default_rng(seed)
    offsets = np.append(0, np.cumsum(rng.integers(2, 6, n)))
    return Cloud(offsets, {name: rng.exponential(size=offsets[-1]) for name in fields})


@pytest.mark.parametrize("net", ["sets", "graph", "transformer"])
def test_networks_of_clouds_are_taken_over(net):
    c, y = clouds(), RNG.integers(0, 2, 200)
    model = lf.Classifier(net, options={"hidden": (8, 8)}, **QUICK).fit(c, y)
    new = transfer(model, outputs=3, epochs=1).fit(clouds(seed=1), RNG.integers(0, 3, 200))
    frozen = [n for _, names in stages_of(new.members_.net)[:-1] for n in names]
    assert all(new.transferred_[name] == "kept" for name in frozen)
    for name in frozen:
        torch.testing.assert_close(weights(new, name)[0], weights(model, name)[0], rtol=0, atol=0)
    assert new.predict_proba(clouds(seed=2)).shape == (200, 3)


BAD = {
    "not fitted": (lambda m: transfer(lf.Classifier()), "not fitted"),
    "no such stage": (lambda m: transfer(m, freeze=["layer 9"]), "'layer 9' is no stage .*'layer 1'"),
    "everything frozen": (lambda m: transfer(m, freeze="*"), "nothing is left to train"),
    "too deep": (lambda m: transfer(m, freeze=3), "expected 0 to 2"),
    "slower": (lambda m: transfer(m, slower=0.0), "slower=0.0"),
    "idle unfreeze": (lambda m: transfer(m, freeze=None, unfreeze=2), "nothing is frozen"),
    "no such setting": (lambda m: transfer(m, learning_rat=1.0), "did you mean 'learning_rate'"),
    "no such file": (lambda m: transfer("nowhere.lawful"), "no model file"),
    "other classes": (lambda m: transfer(m, outputs=3).fit(X, Y), "outputs=3 was given to transfer, but y holds 2"),
    "other columns": (lambda m: transfer(m).fit(X[:, :3], Y), "takes 4 columns, the new data have 3"),
    "another kind of input": (
        lambda m: transfer(m, net="sets").fit(clouds(), RNG.integers(0, 2, 200)),
        "takes a table",
    ),
    "another network": (lambda m: transfer(m, hidden=(32, 32)).fit(X, Y), "Nothing of the trained network fits"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_transferred_is_refused(first, case):
    call, words = BAD[case]
    with pytest.raises((InputError, ValueError), match=words):
        call(first)


def test_a_file_for_another_input_is_refused(tmp_path):
    path, y = tmp_path / "c.lawful", RNG.integers(0, 2, 200)
    lf.Classifier("sets", **QUICK).fit({"tracks": clouds()}, y).save(path)
    with pytest.raises(InputError, match=r"takes 'tracks': cloud .* one table"):
        transfer(path, net="mlp").fit(X, Y)
    with pytest.raises(InputError, match=r"no input is of the same name"):
        transfer(path).fit({"towers": clouds()}, y)
    images = {"tracks": RNG.normal(size=(200, 1, 6, 6))}
    with pytest.raises(InputError, match=r"takes the 'tracks': cloud.*new data hold the 'tracks': image"):
        transfer(path, net="cnn").fit(images, y)
