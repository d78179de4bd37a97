"""Learning rates against gradient descent on a parabola, whose rates are known."""

import numpy as np
import pytest

import lawful as lf
from lawful.predict.searching_rates import verdicts


def descent(rate, epochs=30):
    """Loss of gradient descent on x^2 / 2 from x = 1: (1 - rate)^(2 epochs) / 2; it diverges beyond a rate of 2."""
    return 0.5 * (1 - rate) ** (2.0 * np.arange(epochs))


def test_the_rates_of_a_parabola():
    rates = [1e-4, 1e-2, 0.5, 1.9, 1.999, 2.1]
    found = [verdict for verdict, _, _ in verdicts([descent(rate) for rate in rates], [False] * 6)]
    assert found == ["too small", "too small", "good", "good", "too large", "diverges"]


def test_rates_that_end_in_no_numbers():
    found = verdicts([descent(1e-3), descent(0.5), np.zeros(0)], [False, False, True])
    assert [verdict for verdict, _, _ in found] == ["too small", "good", "diverges"]
    assert {verdict for verdict, _, _ in verdicts([np.ones(3), np.zeros(0)], [True, True])} == {"diverges"}
    assert [v for v, _, _ in verdicts([np.ones(9), np.ones(9)], [False, False])] == ["learns nothing"] * 2


def test_rates_of_a_network(tmp_path):
    from lawful.evidence.figures.style import save

    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 2))
    y = X[:, 0] * X[:, 1]
    model = lf.Regressor(hidden=(32,))
    found = lf.learning_rates(model, X, y, rng.choice([1.0, -0.1], 500), rates=[1e25, 1e-6, 1e-2], epochs=20)
    assert found.table["learning rate"].tolist() == [1e-6, 1e-2, 1e25]
    assert found.table["verdict"].tolist() == ["too small", "good", "diverges"]
    assert found.best == 1e-2
    assert "stopped being a number" in found.table["reason"][2]
    assert (found.curves.groupby("learning rate").size()[[1e-6, 1e-2]] == 20).all()
    assert model._watch is None
    assert save(found.figure(), tmp_path / "rates.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"rates": 0.1}, "several positive"),
        ({"rates": [0.1]}, "at least two"),
        ({"rates": [0.1, -1.0]}, "rates=-1.0"),
        ({"epochs": 1}, "epochs=1"),
        ({"model": "mlp"}, "got str"),
    ],
)
def test_rates_are_checked(more, words):
    given = {"model": lf.Regressor()} | more
    with pytest.raises(lf.InputError, match=words):
        lf.learning_rates(given.pop("model"), np.zeros((9, 1)), np.zeros(9), **given)
