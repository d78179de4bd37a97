"""Contributions against what is known of a function: its differences, its derivatives, its parts."""

import sys

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.linear_model import LinearRegression
from torch import nn

from lawful import Classifier, InputError, Regressor
from lawful.data import Cloud
from lawful.evidence import integrated_gradients, occlusion, saliency
from lawful.evidence.attribution.answers import Answer
from lawful.evidence.attribution.rows import NEAR, read_rows
from lawful.physics import Baseline, Bounds, Symmetry, groups

RNG = np.random.default_rng(0)
N = 320  # enough that one member is what one member means
X = RNG.normal(size=(N, 3)) * [1.0, 10.0, 0.1] + [0.0, 5.0, -1.0]
Y = X[:, 0] + 0.1 * X[:, 1] + RNG.normal(size=N)
CLASS = (Y.mean() < Y).astype(int)
SIGNED = RNG.choice([1.0, -0.4], N, p=[0.85, 0.15])
GAPS = np.where(RNG.random(X.shape) < 0.1, np.nan, X)
SMALL = {"hidden": (8, 8), "epochs": 2, "seed": 0, "verbose": False}
rotation = Symmetry(groups.SO(3), on="vector", to="scalar")
COUNTS = RNG.integers(0, 7, N)
COUNTS[:2] = 0, 1


def jets(turn=0.0, names=("pt", "eta", "phi")):
    """Random particles; their azimuths turned as a whole."""
    rng = np.random.default_rng(3)
    M = int(COUNTS.sum())
    pt, eta, phi = rng.exponential(20.0, M) + 1.0, rng.normal(0, 0.4, M), rng.normal(0, 0.4, M)
    phi = (phi + turn + np.pi) % (2 * np.pi) - np.pi
    all_fields = {"pt": pt, "eta": eta, "phi": phi, "px": pt * np.cos(phi), "py": pt * np.sin(phi)}
    all_fields |= {"pz": pt * np.sinh(eta), "E": pt * np.cosh(eta), "charge": rng.choice([-1.0, 1.0], M)}
    offsets = np.concatenate([[0], np.cumsum(COUNTS)])
    return Cloud(offsets, {name: all_fields[name] for name in (*names, "charge")})


LABEL = RNG.integers(0, 2, N)
IMAGES = RNG.exponential(size=(N, 1, 6, 6))
FITTED = {}
MODELS = {
    "binary": lambda: (Classifier(members=3, **SMALL).fit(X, CLASS), X),
    "linear": lambda: (Classifier("linear", epochs=5, verbose=False).fit(X, CLASS), X),
    "periodic": lambda: (Classifier(embedding="periodic", **SMALL).fit(X, CLASS), X),
    "three classes": lambda: (Classifier(**SMALL).fit(X, np.digitize(Y, [0.0, 1.0])), X),
    "signed classes": lambda: (Classifier(**SMALL | {"epochs": 20}).fit(X, CLASS, SIGNED), X),
    "number": lambda: (Regressor(members=2, **SMALL).fit(X, Y), X),
    "signed number": lambda: (Regressor(members=2, **SMALL | {"epochs": 20}).fit(X, Y, SIGNED), X),
    "named": lambda: (
        Regressor(**SMALL).fit(pd.DataFrame(X, columns=list("abc")), Y),
        pd.DataFrame(X, columns=list("abc")),
    ),
    "missing": lambda: (Regressor(missing="mark", **SMALL).fit(GAPS, Y), GAPS),
    "around a baseline": lambda: (
        Regressor(
            physics=[Baseline("k*a", columns=["a"], parameters={"k": 1.0}).by("residual")], **SMALL | {"hidden": (4,)}
        ).fit(pd.DataFrame(X, columns=list("abc")), Y),
        pd.DataFrame(X, columns=list("abc")),
    ),
    "symmetric": lambda: (Regressor(physics=[rotation.by("architecture")], **SMALL).fit(X, Y), X),
    "bounded": lambda: (Regressor(physics=[Bounds(lower=-5.0, upper=9.0).by("architecture")], **SMALL).fit(X, Y), X),
    "sets": lambda: (Classifier("sets", **SMALL).fit(jets(), LABEL), jets()),
    "graph": lambda: (Classifier("graph", **SMALL).fit(jets(), LABEL), jets()),
    "transformer": lambda: (
        Classifier("transformer", **SMALL).fit(jets(names=("px", "py", "pz", "E")), LABEL),
        jets(names=("px", "py", "pz", "E")),
    ),
    "equivariant": lambda: (Classifier("equivariant", **SMALL).fit(jets(), LABEL), jets()),
    "images": lambda: (Classifier("cnn", **SMALL).fit(IMAGES, LABEL), IMAGES),
    "images of jets": lambda: (Classifier("cnn", inputs={"pixels": 6}, **SMALL).fit(jets(), LABEL), jets()),
    "several": lambda: (
        Regressor({"jets": "sets"}, members=2, epochs=1, hidden=(8, 8), verbose=False).fit(
            {"jets": jets(), "t": X, "i": IMAGES}, Y
        ),
        {"jets": jets(), "t": X, "i": IMAGES},
    ),
}
WORST = {  # share of the difference that may be missed: of smooth functions the integral is nearly exact
    "graph": 0.2,  # neighbours change on the way, so that the function jumps
    "images": 0.03,  # the largest of all pixels is pooled, so that the function has kinks
    "images of jets": 0.03,
    "several": 0.03,
    "equivariant": 0.02,  # logarithms of small products
    "signed classes": 0.05,  # differences are cut off at zero
    "signed number": 0.05,
    "periodic": 0.02,  # waves
}


@pytest.fixture(params=MODELS)
def case(request):
    if request.param not in FITTED:
        FITTED[request.param] = MODELS[request.param]()
    return request.param, *FITTED[request.param]


def told(model, X):
    """What the model says, as the number that is explained."""
    if not hasattr(model, "classes_"):
        return model.predict(X)
    p = model.predict_proba(X)
    p = p[:, 1] if p.shape[1] == 2 else p.max(1)
    return p if model.signed_ else np.log(p) - np.log1p(-p)


def test_what_is_explained_is_what_the_model_says(case):
    name, model, X = case
    rows, _ = read_rows(model, X, None, "test")
    exact = model.physics_.chain or model.physics_.maps
    assert Answer(model, rows).exact is not bool(exact)
    found = Answer(model, rows).numbers(rows.x)
    assert np.allclose(found, told(model, X), atol=1e-5, rtol=1e-5), name


def few(X, count=48):
    """The first events of any kind of input."""
    if isinstance(X, dict):
        return {name: few(value) for name, value in X.items()}
    return X.slice(0, count) if isinstance(X, Cloud) else X[:count]


def test_contributions_add_up_to_the_difference(case):
    name, model, X = case
    found = integrated_gradients(model, few(X), steps=64)
    far = np.sqrt(np.mean((found.output - found.start) ** 2))
    assert far > 0
    assert np.sqrt(np.mean(found.gap**2)) < WORST.get(name, 2e-3) * far, name
    for values, given in zip(found.values.values(), found.inputs.values(), strict=True):
        assert values.shape == given.shape
        assert np.isfinite(values).all()
    for key, mask in found.masks.items():
        assert not found.values[key][~mask].any()


@pytest.mark.parametrize("name", ["binary", "signed classes", "number", "signed number", "symmetric"])
def test_saliency_is_the_derivative_of_the_prediction(name):
    model, X = FITTED.setdefault(name, MODELS[name]())
    found = saliency(model, X, unit="own").values["table"]
    for j in range(3):
        step = np.zeros(3)
        step[j] = 1e-3 * X[:, j].std()
        slope = (told(model, X + step) - told(model, X - step)) / (2 * step[j])
        assert np.allclose(found[:, j], slope, atol=2e-3 * np.abs(slope).max()), j
    sized = saliency(model, X).values["table"]
    assert np.allclose(sized, found * X.std(0), rtol=1e-6)


def test_a_linear_model_contributes_weight_times_distance():
    """Each term is the answer less that with the one number put back to the baseline."""
    model = MODELS["linear"]()[0]
    found = integrated_gradients(model, X, baseline=np.zeros((1, 3)), steps=1)
    for j in range(3):
        without = X.copy()
        without[:, j] = 0.0
        term = told(model, X) - told(model, without)
        assert np.allclose(found.values["table"][:, j], term, atol=1e-4)
    slope = saliency(model, X, unit="own").values["table"]
    assert np.allclose(slope, slope[0], rtol=1e-5)
    assert np.allclose(found.values["table"], slope * X, rtol=1e-4, atol=1e-5)


def test_the_baseline_of_a_table_is_the_mean_under_signed_weights():
    model = FITTED.setdefault("number", MODELS["number"]())[0]
    rows, w = read_rows(model, X, SIGNED, "test")
    assert np.allclose(rows.baseline(w), SIGNED @ X / SIGNED.sum())
    there = np.isfinite(GAPS)
    marked = FITTED.setdefault("missing", MODELS["missing"]())[0]
    rows, w = read_rows(marked, GAPS, SIGNED, "test")
    mean = np.array([SIGNED[k] @ GAPS[k, j] / SIGNED[k].sum() for j, k in enumerate(there.T)])
    assert np.allclose(rows.baseline(w), mean)
    assert not integrated_gradients(marked, GAPS).values["table"][~there].any()


@pytest.mark.parametrize("names", [("pt", "eta", "phi"), ("px", "py", "pz", "E")])
def test_the_baseline_of_a_jet_keeps_its_momentum_and_takes_its_structure(names):
    model = Classifier("sets", epochs=1, verbose=False).fit(jets(2.9, names), LABEL)
    rows, w = read_rows(model, jets(2.9, names), None, "test")
    start, own = rows.taken(rows.baseline(w))["cloud"], rows.taken(rows.x)["cloud"]
    mask = rows.masks["cloud"]

    def momenta(values):
        if names[0] == "px":
            return values[..., :3]
        pt, eta, phi = (values[..., k] for k in range(3))
        return np.stack([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)], -1) * mask[..., None]

    total, before = momenta(start).sum(1), momenta(own).sum(1)
    size = np.linalg.norm(before, axis=1)
    assert (np.linalg.norm(total - before, axis=1) < (1e-5 if names[0] == "px" else 0.1) * size + 1e-9).all()
    mean = before / np.maximum(COUNTS, 1)[:, None]
    if names[0] == "px":
        far = (start - own)[..., :3][mask] / (1 - NEAR)
        assert np.allclose(own[..., :3][mask] + far, np.repeat(mean, COUNTS, axis=0), atol=1e-4)
    assert not start[~mask].any()


def test_contributions_do_not_depend_on_where_azimuth_begins():
    """What is told of particles is relative to the jet, so a turn of all azimuths changes nothing."""
    model = FITTED.setdefault("sets", MODELS["sets"]())[0]
    found, turned = (integrated_gradients(model, jets(turn)).values["cloud"] for turn in (0.0, 3.1))
    assert np.allclose(found, turned, atol=1e-4)


class Known(nn.Module):
    """sum_i (3 a_i - b_i^2), of a cloud with the fields a and b."""

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(1))

    def forward(self, x, mask):
        return self.gain * ((3 * x[..., 0] - x[..., 1] ** 2) * mask).sum(-1, keepdim=True)


def test_the_objects_of_a_known_function():
    M = int(COUNTS.sum())
    values = RNG.normal(size=(M, 2))
    cloud = Cloud(np.concatenate([[0], np.cumsum(COUNTS)]), {"a": values[:, 0], "b": values[:, 1]})
    model = Regressor(Known(), scaling="none", epochs=1, verbose=False).fit(cloud, Y)
    factor = float(model.target_scaling_.scale[0] * model.members_.net_of(0).encoders[0].gain.detach())
    found = integrated_gradients(model, cloud, steps=4)
    mask = found.masks["cloud"]
    mean = np.repeat(
        [v.mean(0) if len(v) else np.zeros(2) for v in np.split(values, np.cumsum(COUNTS)[:-1])], COUNTS, axis=0
    )
    start = mean + NEAR * (values - mean)
    terms = factor * np.stack([3 * (values - start)[:, 0], start[:, 1] ** 2 - values[:, 1] ** 2], 1)
    assert np.allclose(found.values["cloud"][mask], terms, atol=1e-4)
    assert np.allclose(found.per_object()["cloud"][mask], terms.sum(1), atol=1e-4)
    field = found.per_field()["cloud: a"]
    assert np.allclose(field, np.bincount(np.repeat(np.arange(N), COUNTS), terms[:, 0], N), atol=1e-4)
    left = occlusion(model, cloud)
    assert np.allclose(left.values["cloud"][mask][:, 0], factor * (3 * values[:, 0] - values[:, 1] ** 2), atol=1e-4)
    assert not left.values["cloud"][~mask].any()
    slopes = saliency(model, cloud, unit="own").values["cloud"][mask]
    assert np.allclose(slopes, factor * np.stack([np.full(M, 3.0), -2 * values[:, 1]], 1), atol=1e-4)


class Pixels(nn.Module):
    def __init__(self, weights):
        super().__init__()
        self.register_buffer("weights", torch.as_tensor(weights, dtype=torch.float32))
        self.gain = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return self.gain * (x * self.weights).sum((1, 2, 3)).unsqueeze(1)


def test_pixels_count_by_their_weight_and_light():
    weights = RNG.normal(size=(1, 6, 6))
    model = Regressor(Pixels(weights), scaling="none", epochs=1, verbose=False).fit(IMAGES, Y)
    factor = float(model.target_scaling_.scale[0] * model.members_.net_of(0).encoders[0].gain.detach())
    found = integrated_gradients(model, IMAGES, steps=2)
    assert np.allclose(found.values["image"], factor * weights * IMAGES, atol=1e-5)
    where = LABEL == 1
    mean = np.tensordot(SIGNED[where], np.abs(factor * weights * IMAGES)[where], 1) / SIGNED[where].sum()
    weighted = integrated_gradients(model, IMAGES, steps=2, weight=SIGNED)
    assert np.allclose(weighted.mean(where)["image"], mean, atol=1e-5)


def test_words_are_left_out():
    texts = ["good beam", "bad beam", "good", "bad", ""] * 70
    y = np.array([1.0, -1.0, 1.0, -1.0, 0.0] * 70)
    model = Regressor(
        "transformer", hidden=(8,), options={"heads": 2}, epochs=15, learning_rate=0.02, seed=0, verbose=False
    ).fit(texts, y)
    found = occlusion(model, texts).per_object()["text"]
    whole, front, back, nothing = model.predict(["bad beam", "bad", "beam", ""])
    assert found[1] == pytest.approx([whole - back, whole - front], abs=1e-5)
    assert found[3] == pytest.approx([front - nothing, 0.0], abs=1e-5)
    assert not found[4].any()
    with pytest.raises(InputError, match="words have no derivative"):
        integrated_gradients(model, texts)


def test_means_take_weights_with_their_sign():
    model = FITTED.setdefault("binary", MODELS["binary"]())[0]
    found = integrated_gradients(model, X, weight=SIGNED)
    sizes = np.abs(found.values["table"])
    assert np.allclose(found.mean()["table"], SIGNED @ sizes / SIGNED.sum())
    by_class = found.measured(CLASS)
    own = CLASS == 1
    value = by_class["1"]["x1"]
    assert value.value == pytest.approx(SIGNED[own] @ sizes[own, 1] / SIGNED[own].sum())
    assert value.low < value.value < value.high


def test_the_class_that_is_asked_for():
    model = FITTED.setdefault("three classes", MODELS["three classes"]())[0]
    rows, _ = read_rows(model, X, None, "test")
    p = model.predict_proba(X)
    of_each = RNG.integers(0, 3, N)
    assert np.allclose(Answer(model, rows, 2).numbers(rows.x), np.log(p[:, 2] / (1 - p[:, 2])))
    own = p[np.arange(N), of_each]
    assert np.allclose(Answer(model, rows, of_each, "probability").numbers(rows.x), own)
    found = integrated_gradients(model, X, output=of_each, of="probability")
    assert np.allclose(found.output, own)
    binary = FITTED.setdefault("binary", MODELS["binary"]())[0]
    one, zero = (integrated_gradients(binary, X, output=k).values["table"] for k in (1, 0))
    assert np.allclose(one, -zero)


def test_what_is_wrong_is_said(monkeypatch):
    binary, number = (FITTED.setdefault(k, MODELS[k]())[0] for k in ("binary", "number"))
    signed, cloudy = (FITTED.setdefault(k, MODELS[k]())[0] for k in ("signed classes", "sets"))
    two = Regressor(**SMALL).fit(X, np.stack([Y, Y], 1))
    wrong = [
        (lambda: saliency(LinearRegression().fit(X, Y), X), "LinearRegression, expected a fitted lawful"),
        (lambda: saliency(binary, X, output=7), r"output=7: expected one of the classes \[0, 1\]"),
        (lambda: saliency(number, X, output=1), "output=1: expected the number of a target, 0 to 0"),
        (lambda: saliency(two, X), "the model predicts 2 numbers: say which"),
        (lambda: saliency(number, X, of="score"), "does nothing for a regression"),
        (lambda: saliency(signed, X, of="score"), "infinite where weights have both signs"),
        (lambda: saliency(binary, X, of="logit"), "of='logit'"),
        (lambda: saliency(binary, X, unit="sigma"), "unit='sigma'"),
        (lambda: integrated_gradients(binary, X, steps=0), "steps=0"),
        (lambda: integrated_gradients(binary, X, baseline=X[:3]), "baseline has 3 events"),
        (
            lambda: integrated_gradients(cloudy, jets(), baseline=jets().take(np.arange(N)[::-1])),
            "objects at both ends",
        ),
        (lambda: occlusion(binary, X), "this model takes none"),
        (lambda: occlusion(cloudy, jets(), on="tracks"), r"expected one of \['cloud'\]"),
        (lambda: saliency(binary, X, weight=np.ones(3)), "weight has shape"),
        (lambda: saliency(binary, X).gap, "do not add up"),
    ]
    for call, said in wrong:
        with pytest.raises(InputError, match=said):
            call()
    monkeypatch.setitem(sys.modules, "captum", None)
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    with pytest.raises(InputError, match=r"pip install 'lawful\[interpret\]'"):
        saliency(binary, X)
