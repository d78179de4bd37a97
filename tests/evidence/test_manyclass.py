import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from lawful import InputError
from lawful.evidence import auc, macro_auc, one_vs_rest_auc


def test_it_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 4, 300)
    p = rng.dirichlet([1] * 4, 300) + 0.2 * np.eye(4)[y]
    p /= p.sum(1, keepdims=True)
    w = rng.exponential(size=300)
    assert macro_auc(y, p) == pytest.approx(roc_auc_score(y, p, multi_class="ovr"))
    each = one_vs_rest_auc(y, p, w)
    assert list(each) == [0, 1, 2, 3]
    assert each[2] == pytest.approx(auc(y == 2, p[:, 2], w))
    assert macro_auc(y, p, np.stack([w, w])).shape == (2,)


def test_columns_and_classes_must_agree():
    with pytest.raises(InputError, match="3 columns, but there are 2 classes"):
        macro_auc(["a", "b"], np.full((2, 3), 1 / 3))
