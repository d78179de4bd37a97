import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from lawful.evidence import accuracy, auc
from lawful.evidence.sections.domain import domain_section, outside_range, remoteness

from .conftest import make_case


def test_range_and_gaps():
    train = np.array([[0.0, np.nan], [1.0, 5.0], [0.5, 7.0]])
    test = np.array([[0.5, 6.0], [2.0, 6.0], [0.5, np.nan], [0.0, 8.0]])
    assert outside_range(train, test).any(axis=1).tolist() == [False, True, False, True]


def test_remoteness_counts_widths_from_the_middle():
    train = np.random.default_rng(0).normal(3.0, 2.0, (20_000, 2))
    found = remoteness(train, np.array([[3.0, 3.0], [5.0, 5.0], [3.0, 7.0]]))
    assert np.allclose(found, [0.0, 1.0, np.sqrt(2.0)], atol=0.05)


def test_inside_and_outside_are_judged_apart():
    """A fifth of the test events beyond the training range, in a feature that the model uses; weights matter."""
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(1000, 2)), np.tile([0, 1], 500)
    X[:, 0] += y
    model = LogisticRegression().fit(X, y)
    far = np.arange(1000) % 5 == 0
    test = X.copy()
    test[far, 0] = np.where(y[far] == 1, -9.0, 10.0) + 0.1 * rng.normal(size=far.sum())  # judged wrongly, all of them
    test[:, 1] = np.clip(test[:, 1], *np.quantile(X[:, 1], [0.01, 0.99]))
    inner = np.clip(test[~far, 0], *np.quantile(X[:, 0], [0.001, 0.999]))
    test[~far, 0] = inner
    weight = rng.uniform(0.5, 2.0, 1000)
    section = domain_section(make_case(model, (test, y, weight), train=(X, y)))
    assert section.metrics["share_outside"].value == pytest.approx(weight[far].sum() / weight.sum())
    score = model.predict_proba(test)[:, 1]
    assert section.metrics["outside[auc]"].value == pytest.approx(auc(y[far], score[far], weight[far]))
    assert section.metrics["outside[accuracy]"].value == 0
    rows = {row[0]: row for row in section.grids[0].rows}
    column = section.grids[0].columns.index("accuracy")
    expected = accuracy(y[~far], score[~far] > 0.5, weight[~far])
    assert rows["inside the training range"][1] == "800"
    assert rows["inside the training range"][column].startswith(f"{expected:.3f}"[:4])
    assert rows["nine tenths nearest to the training events"][1] == "900"
    assert rows["outermost tenth"][1] == "100"
    assert float(rows["outermost tenth"][column]) == 0
    assert section.grids[1].rows == (("x0", "20%"),)
