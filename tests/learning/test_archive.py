"""A saved model comes back the same, and no file, however broken, does anything but raise InputError."""

import io
import json
import pickle
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

import lawful as lf
from lawful.errors import InputError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3))


def small_net(shape, outputs):
    return nn.Sequential(nn.Linear(*shape, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, outputs))


MODELS = {
    "binary": (lf.Classifier(members=2, epochs=3), X[:, 0] > 0.3 * X[:, 1], None),
    "text labels": (
        lf.Classifier("linear", epochs=3),
        np.array(["up", "down", "strange"])[RNG.integers(0, 3, 120)],
        None,
    ),
    "signed": (lf.Classifier(epochs=3), RNG.integers(0, 2, 120), np.where(RNG.random(120) < 0.1, -1.0, 1.0)),
    "one target": (lf.Regressor(epochs=3), X[:, 0], None),
    "targets": (lf.Regressor(embedding="periodic", epochs=3), X[:, :2], None),
    "signed target": (lf.Regressor(epochs=3), X[:, 0], np.where(RNG.random(120) < 0.1, -1.0, 1.0)),
    "own net": (lf.Regressor(small_net, epochs=3), X[:, 0], None),
    "class weights": (lf.Classifier(class_weight={0: 1.0, 1: 2.0}, epochs=3), RNG.integers(0, 2, 120), None),
}


# A network of one's own saves with a word of what loading will need; see below.
quiet = pytest.mark.filterwarnings("ignore:The net of this model is code:UserWarning")


@quiet
@pytest.mark.parametrize("name", MODELS)
def test_round_trip(name, tmp_path):
    model, y, w = MODELS[name]
    model.fit(X, y, w)
    path = tmp_path / "model.lawful"
    model.save(path)
    again = lf.load(path, functions={"small_net": small_net})
    assert type(again) is type(model)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    np.testing.assert_array_equal(again.spread(X), model.spread(X))
    assert again.history_ == model.history_
    again.save(tmp_path / "second.lawful")
    assert again.get_params().keys() == model.get_params().keys()


def test_names_of_columns_are_kept(tmp_path):
    import pandas as pd

    frame = pd.DataFrame(X, columns=["pt", "eta", "phi"])
    model = lf.Regressor(epochs=2).fit(frame, X[:, 0])
    model.save(tmp_path / "m.lawful")
    assert lf.load(tmp_path / "m.lawful").feature_names_in_.tolist() == ["pt", "eta", "phi"]


def test_a_network_of_ones_own_must_be_given_again(tmp_path):
    with pytest.warns(UserWarning, match=r"lawful\.load\(path, functions=\{'small_net': \.\.\.\}\)"):
        lf.Regressor(small_net, epochs=2).fit(X, X[:, 0]).save(tmp_path / "m.lawful")
    with pytest.raises(InputError, match=r"functions=\{'small_net'"):
        lf.load(tmp_path / "m.lawful")
    with pytest.raises(InputError, match=r"do not fit|not a whole"):
        lf.load(tmp_path / "m.lawful", functions={"small_net": lambda shape, outputs: nn.Linear(*shape, outputs)})


def half_frozen(shape, outputs):
    net = nn.Sequential(nn.Linear(*shape, 4), nn.Tanh(), nn.Linear(4, outputs))
    net[0].requires_grad_(False)
    return net


@quiet
def test_frozen_weights_of_each_member_are_saved(tmp_path):
    model = lf.Regressor(half_frozen, members=2, epochs=2).fit(X, X[:, 0])
    model.save(tmp_path / "m.lawful")
    again = lf.load(tmp_path / "m.lawful", functions={"half_frozen": half_frozen})
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    with pytest.raises(InputError, match="do not fit"):  # all of it trainable is another network
        lf.load(tmp_path / "m.lawful", functions={"half_frozen": lambda shape, outputs: nn.Linear(*shape, outputs)})


@pytest.fixture(scope="module")
def blob():
    model = lf.Classifier(members=2, hidden=(4,), epochs=2).fit(X, X[:, 0] > X[:, 1])
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.lawful"
        model.save(path)
        return path.read_bytes()


def load_bytes(content, tmp_path):
    path = tmp_path / "broken.lawful"
    path.write_bytes(content)
    return lf.load(path)


def test_truncation_anywhere_is_refused(blob, tmp_path):
    for size in [*range(0, len(blob), 97), len(blob) - 1]:
        with pytest.raises(InputError):
            load_bytes(blob[:size], tmp_path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_changed_bytes_are_refused_or_harmless(blob, tmp_path, data):
    changed = bytearray(blob)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(blob) - 1))] = data.draw(st.integers(0, 255))
    try:
        model = load_bytes(bytes(changed), tmp_path)
    except InputError:
        return
    assert model.predict_proba(X).shape == (120, 2)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_changed_facts_are_refused_or_harmless(blob, tmp_path, data):
    with zipfile.ZipFile(io.BytesIO(blob)) as archive:
        facts, arrays = json.loads(archive.read("model.json")), archive.read("arrays.safetensors")
    place = facts
    key = data.draw(st.sampled_from(sorted(place)))
    if isinstance(place[key], dict) and place[key]:
        place = place[key]
        key = data.draw(st.sampled_from(sorted(place)))
    place[key] = data.draw(json_values)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("model.json", json.dumps(facts))
        archive.writestr("arrays.safetensors", arrays)
    try:
        load_bytes(buffer.getvalue(), tmp_path)
    except InputError:
        return


class Bomb:
    def __reduce__(self):
        return (exec, ("raise SystemExit('code from the file was run')",))


def test_foreign_files_are_refused_and_no_code_is_run(tmp_path):
    torch.save({"weights": torch.zeros(3)}, tmp_path / "foreign.pt")
    (tmp_path / "bomb.pkl").write_bytes(pickle.dumps(Bomb()))
    (tmp_path / "text.lawful").write_text("hello")
    np.savez(tmp_path / "arrays.npz", a=np.zeros(3))
    for file in sorted(tmp_path.iterdir()):
        with pytest.raises(InputError, match=r"not a model file|not one that lawful"):
            lf.load(file)
    with pytest.raises(InputError, match=r"Nearby: text\.lawful"):
        lf.load(tmp_path / "missing.lawful")


def test_a_newer_format_says_so(tmp_path):
    with zipfile.ZipFile(tmp_path / "new.lawful", "w") as archive:
        archive.writestr("model.json", json.dumps({"format": 99, "lawful": "9.0", "kind": "Classifier"}))
        archive.writestr("arrays.safetensors", b"\x02\x00\x00\x00\x00\x00\x00\x00{}")
    with pytest.raises(InputError, match="format 99"):
        lf.load(tmp_path / "new.lawful")


def test_a_failed_save_leaves_nothing_behind(tmp_path, monkeypatch):
    model = lf.Regressor(epochs=2).fit(X, X[:, 0])
    model.save(tmp_path / "m.lawful")
    before = (tmp_path / "m.lawful").read_bytes()

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(OSError, match="No space"):
        model.save(tmp_path / "m.lawful")
    assert [p.name for p in tmp_path.iterdir()] == ["m.lawful"]
    assert (tmp_path / "m.lawful").read_bytes() == before
