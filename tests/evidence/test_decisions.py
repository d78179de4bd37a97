import numpy as np
import pytest
from sklearn import metrics as sk

from lawful import InputError
from lawful.evidence import accuracy, confusion_matrix, counts


def test_accuracy_and_confusion_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    y, p = rng.choice(list("abc"), 200), rng.choice(list("abc"), 200)
    w = rng.exponential(size=200)
    assert accuracy(y, p, w) == pytest.approx(sk.accuracy_score(y, p, sample_weight=w))
    assert confusion_matrix(y, p, w) == pytest.approx(sk.confusion_matrix(y, p, sample_weight=w))


def test_negative_weights_are_summed():
    y, p, w = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), np.array([2.0, -0.5, 1.0, -0.25])
    assert accuracy(y, p, w) == pytest.approx((2 + 1 - 0.25) / 2.25)
    assert confusion_matrix(y, p, w).tolist() == [[2.0, -0.5], [0.0, 0.75]]
    assert accuracy(y, p, np.stack([w, 2 * w])) == pytest.approx(2 * [2.75 / 2.25])


def test_the_order_of_classes_can_be_given():
    found = confusion_matrix(["s", "b"], ["s", "s"], classes=["s", "b", "t"])
    assert found.tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 0]]
    with pytest.raises(InputError, match="not listed: \\['b'\\]"):
        confusion_matrix(["s", "b"], ["s", "s"], classes=["s", "t"])


def test_counts_scale_to_expected_yields(signed):
    y, score, weight = signed
    cut = counts(y, score, 0.5, weight)
    passing = score >= 0.5
    assert cut.signal == pytest.approx(weight[passing & (y == 1)].sum())
    assert cut.background_efficiency == pytest.approx(weight[passing & (y == 0)].sum() / weight[y == 0].sum())
    scaled = cut.scaled(10.0, 1000.0)
    assert scaled.signal == pytest.approx(10 * cut.signal_efficiency)
    assert scaled.purity == pytest.approx(scaled.signal / (scaled.signal + 1000 * cut.background_efficiency))


def test_unequal_lengths_are_refused():
    with pytest.raises(InputError, match="y has 2, predicted has 1"):
        accuracy([0, 1], [1])


def test_a_column_of_classes_is_taken_and_a_table_is_not():
    y = np.array([0, 1, 1, 0])
    assert accuracy(y, np.array([[0], [1], [0], [0]])) == 0.75
    assert accuracy(y[:, None], y) == 1
    assert confusion_matrix(y[:, None], y).tolist() == [[2, 0], [0, 2]]
    with pytest.raises(InputError, match=r"predicted has shape \(4, 2\)"):
        accuracy(y, np.zeros((4, 2)))
    with pytest.raises(InputError, match=r"weight has shape \(2, 4\)"):
        confusion_matrix(y, y, np.ones((2, 4)))
