import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import roc_auc_score

from lawful import InputError
from lawful.evidence import auc, permutation_importance
from lawful.evidence.resampling import toys_of


def test_a_feature_that_carries_everything_and_one_that_carries_nothing(model, test):
    found = permutation_importance(model, test)
    assert list(found) == ["pt", "mass", "noise"]
    assert abs(found["noise"].value) < 0.01
    score = model.predict_proba(test.frame())[:, 1]
    assert 0.05 < found["pt"].value < auc(test.y, score, test.weight)
    for m in found.values():
        assert m.low <= m.value <= m.high


def test_the_loss_of_a_linear_model_is_known():
    """Shuffling feature j of y = sum a_j x_j raises the mean square error by 2 a_j^2."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, 2))
    y = X @ [3.0, 1.0] + rng.normal(size=4000)
    found = permutation_importance(LinearRegression().fit(X, y), (X, y))
    assert found["x0"].value == pytest.approx(np.sqrt(1 + 18) - 1, rel=0.05)
    assert found["x1"].value == pytest.approx(np.sqrt(1 + 2) - 1, rel=0.05)


def test_groups_are_shuffled_together():
    rng = np.random.default_rng(1)
    x = rng.normal(size=2000)
    X = np.stack([x, x + 0.01 * rng.normal(size=2000), rng.normal(size=2000)], axis=1)
    y = (x + rng.normal(size=2000) > 0).astype(int)
    model = LogisticRegression().fit(X, y)
    alone = permutation_importance(model, (X, y))
    both = permutation_importance(model, (X, y), groups={"twins": ["x0", "x1"], "rest": ["x2"]})
    assert both["twins"].value > 1.5 * max(alone["x0"].value, alone["x1"].value)
    assert list(both) == ["twins", "rest"]


def test_the_same_seed_gives_the_same(model, test):
    first = permutation_importance(model, test, repeats=2, most=500)
    assert first == permutation_importance(model, test, repeats=2, most=500)


def test_bad_groups_are_named(model, test):
    with pytest.raises(InputError, match="did you mean 'mass'"):
        permutation_importance(model, test, groups={"g": ["mas"]})
    with pytest.raises(InputError, match="list of features"):
        permutation_importance(model, test, groups={"g": "mass"})
    with pytest.raises(InputError, match="repeats=0"):
        permutation_importance(model, test, repeats=0)


def test_the_value_is_the_mean_loss_over_the_shuffles():
    """The same shuffles drawn again, the metric of each written out; a feature alone and a group."""
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(300, 3)), np.tile([0, 1], 150)
    X += 0.8 * y[:, None] * [1.0, 0.5, 0.0]
    weight = rng.uniform(0.5, 2.0, 300)
    model = LogisticRegression().fit(X, y)
    groups = {"first": [0], "both": [0, 1]}
    named = {name: [f"x{j}" for j in columns] for name, columns in groups.items()}
    found = permutation_importance(model, (X, y, weight), groups=named, repeats=3, toys=30, seed=4)
    draw = np.random.default_rng(4)
    own = model.predict_proba(X)[:, 1]
    nominal = roc_auc_score(y, own, sample_weight=weight)
    W = np.concatenate(list(toys_of(weight, 30, 4)))
    nominals = [roc_auc_score(y, own, sample_weight=w) for w in W]
    for name, columns in groups.items():
        losses, toy_losses = [], []
        for _ in range(3):
            shuffled, order = X.copy(), draw.permutation(300)
            for j in columns:
                shuffled[:, j] = X[order, j]
            score = model.predict_proba(shuffled)[:, 1]
            losses.append(nominal - roc_auc_score(y, score, sample_weight=weight))
            toy_losses.append(
                [n - roc_auc_score(y, score, sample_weight=w) for n, w in zip(nominals, W, strict=True)]
            )
        assert found[name].value == pytest.approx(np.mean(losses))
        spread = np.mean(toy_losses, axis=0)
        shuffling = np.std(losses, ddof=1) / np.sqrt(3)
        low, high = np.quantile(spread, [0.16, 0.84])
        assert found[name].low == pytest.approx(np.mean(losses) - np.hypot(np.mean(losses) - low, shuffling))
        assert found[name].high == pytest.approx(np.mean(losses) + np.hypot(high - np.mean(losses), shuffling))
