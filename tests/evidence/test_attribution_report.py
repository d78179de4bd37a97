"""Where a network looks, in the report."""

import importlib.util

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from lawful import Classifier, InputError, Regressor
from lawful.data import Cloud
from lawful.evidence import Measured, examine
from lawful.evidence.figures.attribution import draw_attention, draw_fields, draw_maps, draw_plane
from lawful.evidence.figures.style import svg
from lawful.evidence.sections import attribution as section_module
from lawful.physics import Symmetry, groups

RNG = np.random.default_rng(0)
N = 320
COUNTS = RNG.integers(0, 6, N)
M = int(COUNTS.sum())
LABEL = np.where(RNG.random(N) < 0.5, "top", "QCD")
WEIGHT = RNG.choice([1.0, -0.2], N, p=[0.9, 0.1])
JETS = Cloud(
    np.concatenate([[0], np.cumsum(COUNTS)]),
    {
        "pt": RNG.exponential(size=M) + 0.1,
        "eta": RNG.normal(0, 0.3, M),
        "phi": RNG.normal(0, 0.3, M),
        "charge": RNG.choice([-1, 1], M),
    },
)
X = RNG.normal(size=(N, 3))
Y = X[:, 0] + RNG.normal(size=N)
SMALL = {"hidden": (8, 8), "epochs": 1, "verbose": False, "seed": 0}
QUICK = {"toys": 20, "importance": False}


def looked(report):
    found = [section for section in report.sections if section.name == "attribution"]
    return found[0] if found else None


def test_a_tagger_of_jets():
    model = Classifier("transformer", **SMALL).fit(JETS, LABEL)
    found = looked(examine(model, (JETS, LABEL, WEIGHT), positive="QCD", **QUICK))
    assert found.title == "Where it looks"
    assert list(found.figures) == ["contributions", "contributions in cloud", "attention cloud", "embedding"]
    bars, jets = (found.figures[name] for name in ("contributions", "contributions in cloud"))
    assert [text.get_text() for text in bars.axes[0].get_legend().get_texts()] == ["top", "QCD"]  # signal last
    assert [axes.get_title() for axes in jets.axes[:2]] == ["top", "QCD"]
    assert {tick.get_text() for tick in bars.axes[0].get_yticklabels()} == {"cloud: momenta", "cloud: charge"}
    assert "change of the log-odds of QCD from there" in found.text[1]


def test_images_have_their_mean_beside_what_counts():
    images = RNG.exponential(size=(N, 2, 5, 5))
    classes = np.arange(N) % 3
    model = Classifier("cnn", **SMALL).fit(images, classes)
    found = looked(examine(model, (images, classes), **QUICK))
    assert list(found.figures) == ["contributions in image", "embedding"]
    assert len(found.figures["contributions in image"].axes) == 8
    assert "log-odds of each event's class" in found.text[1]


def test_images_of_jets_stand_upright():
    model = Classifier("cnn", inputs={"pixels": 6, "width": 2.0}, **SMALL).fit(JETS, LABEL)
    found = looked(examine(model, (model.as_table(JETS), LABEL), **QUICK))
    axes = found.figures["contributions in image"].axes[0]
    assert axes.get_ylim() == (-1.0, 1.0)
    assert axes.images[0].origin == "lower"


def test_several_numbers_have_one_each():
    model = Regressor(**SMALL).fit(X, np.stack([Y, -Y], 1))
    found = looked(examine(model, (X, np.stack([Y, -Y], 1)), **QUICK))
    assert list(found.figures) == ["contributions y0", "contributions y1", "embedding"]
    assert len(found.text) == 3


def test_what_is_built_in_is_explained_by_differences():
    rotation = Symmetry(groups.SO(3), on="vector", to="scalar")
    model = Regressor(physics=[rotation.by("architecture")], **SMALL).fit(X, Y)
    found = looked(examine(model, (X, Y), **QUICK))
    assert "over 40 test events" in found.text[0]


def test_where_there_is_nothing_to_look_into():
    assert looked(examine(LogisticRegression().fit(X, LABEL), (X, LABEL), **QUICK)) is None
    assert looked(examine(LinearRegression().fit(X, Y), (X, Y), **QUICK)) is None
    model = Regressor(**SMALL).fit(X, Y)
    assert looked(examine(model, (X, Y), attribution=False, **QUICK)) is None
    with pytest.raises(InputError, match="attribution='yes': expected True or False"):
        examine(model, (X, Y), attribution="yes", **QUICK)


def test_without_captum_it_says_what_to_install(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "captum" else find(name))
    found = looked(examine(Regressor(**SMALL).fit(X, Y), (X, Y), **QUICK))
    assert "pip install 'lawful[interpret]'" in found.text[0]
    assert list(found.figures) == ["embedding"]


def test_weights_without_a_sum_give_no_means(monkeypatch):
    monkeypatch.setattr(section_module, "_PLAIN_EVENTS", 2)
    weight = np.ones(N)
    weight[[0, -1]] = -1.0
    found = looked(examine(Regressor(**SMALL).fit(X, Y), (X, Y, weight), **QUICK))
    assert "sum to zero or less" in found.text[0]


M1 = Measured(0.1, 0.05, 0.2)
NAMES = ["a_b", "$x$", "a name that is far too long to be shown in any legend"]
FIGURES = {
    "fields": lambda: draw_fields({"all": {f"field {i}": M1 for i in range(40)}}, what="w"),
    "fields by class": lambda: draw_fields({name: dict.fromkeys(NAMES, M1) for name in NAMES}, what="$w$"),
    "fields without intervals": lambda: draw_fields({"a": {"x": Measured(0.1, np.nan, np.nan)}}, what="w"),
    "maps": lambda: draw_maps({"w": {n: RNG.random((4, 4)) for n in NAMES}, "$p_T$": {n: np.eye(9) for n in NAMES}}),
    "maps of nothing": lambda: draw_maps({"w": {"a": np.zeros((3, 3))}}, half=0.8),
    "maps below zero": lambda: draw_maps({"w": {"a": -np.eye(3), "b": np.eye(3)}}),
    "attention": lambda: draw_attention(RNG.random((3, 30, 30))),
    "attention of one": lambda: draw_attention(np.full((1, 2, 2), np.nan)),
    "plane": lambda: draw_plane(RNG.random((9, 2)), np.array(NAMES * 3), RNG.normal(size=9), axes=["a", "b"]),
    "plane of numbers": lambda: draw_plane(
        RNG.random((30, 2)), np.arange(30.0), RNG.normal(size=30), axes=["a", "b"]
    ),
    "plane of one sign": lambda: draw_plane(RNG.random((30, 2)), np.arange(30), -np.ones(30), axes=["a", "b"]),
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_draw_without_a_warning(name):
    assert svg(FIGURES[name]()).startswith(b"<?xml")
