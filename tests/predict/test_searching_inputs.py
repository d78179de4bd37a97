"""What a search refuses, and in which words."""

import sys

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.cluster import KMeans
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor

import lawful as lf
from lawful.predict.searching_space import combination, combinations, read_space
from lawful.predict.searching_storage import digest

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 2))
Y = X[:, 0]
ALPHA = {"alpha": (0.1, 1.0)}


def search(model=None, X=X, y=Y, **more):
    given = {"space": ALPHA, "trials": 2, "verbose": False} | more
    return lf.search(Ridge() if model is None else model, X, y, **given)


@pytest.mark.parametrize(
    ("space", "words"),
    [
        ({}, "dictionary"),
        (["alpha"], "dictionary"),
        ({"alpah": (0.1, 1.0)}, "alpah.*Did you mean 'alpha'"),
        ({"zzz": (0.1, 1.0)}, "It has alpha, copy_X"),
        ({"alpha": []}, "nothing to choose"),
        ({"alpha": [1.0, 2.0, 1.0]}, "1.0 stands there twice"),
        ({"alpha": {1.0, 2.0}}, "list of choices"),
        ({"alpha": 3.0}, "alpha.*3.0.*list of choices"),
        ({"alpha": (1.0, 2.0, 3.0)}, "a tuple is a range"),
        ({"alpha": (2.0, 1.0)}, "lower end"),
        ({"alpha": (1.0, 1.0)}, "lower end"),
        ({"alpha": (0.0, np.inf)}, "finite"),
        ({"alpha": (False, True)}, "a tuple is a range"),
        ({"alpha": ("log", 0.0, 1.0)}, "above zero"),
        ({"alpha": ("lin", 0.1, 1.0)}, "a tuple is a range"),
        ({"alpha": ("log", 1.0)}, "a tuple is a range"),
    ],
)
def test_spaces_are_checked(space, words):
    with pytest.raises(lf.InputError, match=words):
        search(space=space)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"model": Ridge}, "unfitted estimator"),
        ({"model": KMeans(), "space": {"n_clusters": (2, 4)}}, "give score="),
        ({"y": None}, "give score="),
        ({"y": Y[:-1]}, "40 rows, y has shape"),
        ({"trials": 0}, "trials=0"),
        ({"trials": 2.5}, "trials=2.5"),
        ({"workers": 0}, "workers=0"),
        ({"seconds": -1.0}, "seconds=-1.0"),
        ({"seed": -1}, "seed=-1"),
        ({"folds": 0}, "folds=0"),
        ({"folds": 30}, "too few events"),
        ({"folds": 3, "validation": (X, Y)}, "either"),
        ({"validation": X}, "validation="),
        ({"score": "r3"}, "r3.*near are .*r2"),
        ({"score": 3}, "score=3"),
        ({"prune": "yes"}, "prune='yes'"),
        ({"prune": True}, "no epochs"),
        ({"storage": "search.txt"}, "search.txt.*SQLite"),
        ({"storage": 5}, "storage=5"),
        ({"name": ""}, "name=''"),
        ({"sample_weight": np.ones(3)}, "40 rows"),
        ({"sample_weight": -np.ones(40)}, "sum to -40"),
        (
            {"model": KNeighborsRegressor(), "space": {"n_neighbors": (1, 5)}, "sample_weight": np.ones(40)},
            "no sample_weight",
        ),
        ({"model": lf.Regressor(checkpoint="here"), "space": {"dropout": (0.0, 0.5)}}, "checkpoint='here'"),
        ({"model": lf.Regressor(), "space": {"verbose": [True, False]}}, "does not change"),
    ],
)
def test_settings_are_checked(more, words):
    with pytest.raises(lf.InputError, match=words):
        search(**more)


def test_a_score_without_weights_is_named():
    with pytest.raises(lf.InputError, match=r"neg_max_error.*no weights"):
        search(score="neg_max_error", sample_weight=np.ones(40), trials=5)


def test_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(lf.InputError, match=r"lawful\[search\]"):
        search()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"space": {"alpha": (0.1, 2.0)}}, "another space"),
        ({"y": Y + 1}, "another data"),
        ({"model": Ridge(fit_intercept=False)}, "another model"),
        ({"seed": 1}, "seed"),
        ({"folds": 2}, "folds"),
    ],
)
def test_the_storage_of_another_search_is_refused(tmp_path, change, word):
    kept = tmp_path / "search.log"
    search(storage=kept)
    with pytest.raises(lf.InputError, match=word):
        search(storage=kept, **change)
    assert search(storage=kept, trials=3).resumed == 2
    assert search(storage=kept, name="second", **change).resumed == 0


def test_a_file_that_is_no_storage_is_refused(tmp_path):
    path = tmp_path / "search.db"
    path.write_text("these are no trials " * 100)
    with pytest.raises(lf.InputError, match="cannot be opened"):
        search(storage=path)


def test_values_of_every_form():
    choices = [(32,), (64, 64), None, "auto", True, 1]
    space = {"alpha": choices, "tol": ("log", 1e-4, 1e-2), "max_iter": (1, 9), "copy_X": np.array([1, 2])}
    alpha, tol, steps, copy = read_space(space, Ridge())
    assert [alpha.value(alpha.at(i)) for i in range(6)] == choices
    assert [copy.value(copy.at(i)) for i in range(2)] == [1, 2]
    assert tol.place(1e-3) == pytest.approx(0.5)
    assert isinstance(steps.value(np.int64(3)), int)
    assert combinations((alpha, steps)) == 54
    assert combinations((alpha, tol)) is None
    seen = {tuple(combination((alpha, steps), number).values()) for number in range(54)}
    assert len(seen) == 54


def test_choices_that_are_no_plain_values_are_told_apart():
    nets = [lambda shape: None, lambda shape: 1]
    (found,) = read_space({"net": nets}, lf.Regressor())
    assert len(set(found.labels)) == 2
    assert found.value(found.labels[1]) is nets[1]


def test_digests_know_what_changed():
    def one(x):
        return x + 1

    def two(x):
        return x + 2

    same = [digest(Ridge(), X), digest(Ridge(), X.copy())]
    assert same[0] == same[1]
    others = [
        digest(Ridge(alpha=2.0), X),
        digest(Ridge(), X + 1),
        digest(one),
        digest(two),
        digest([1]),
        digest([1.0]),
    ]
    assert len({*same, *others}) == 7


@pytest.mark.parametrize("kind", ["torch", "awkward", "pandas", "list", "sparse"])
def test_inputs_of_every_kind_give_the_same_trials(kind):
    import awkward as ak
    import pandas as pd
    import torch

    make = {"torch": torch.from_numpy, "awkward": ak.from_numpy, "list": np.ndarray.tolist, "sparse": csr_array}
    given = make.get(kind, pd.DataFrame)(X)
    found = search(X=given, y=given[:, 0] if kind == "torch" else Y)
    assert found.table["score"].to_numpy() == pytest.approx(search().table["score"].to_numpy())
