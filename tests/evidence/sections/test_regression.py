import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from lawful.evidence.sections.regression import _in_bins, residuals_section
from lawful.evidence.sections.summary import measure_pulls

from .conftest import make_case


def lowest(values, weight, share):
    """The least value below or at which a share of the weight lies, written out."""
    order = np.argsort(values)
    so_far = 0.0
    for k in order:
        so_far += weight[k]
        if so_far >= share * weight.sum() * (1 - 1e-12):
            return values[k]
    raise AssertionError


def test_bias_and_width_in_bins_are_those_of_the_events_in_them():
    rng = np.random.default_rng(0)
    y = rng.random(400)
    predicted = y + 0.2 * y + rng.normal(size=400) * (0.1 + y)
    weight = rng.uniform(0.5, 2.0, 400)
    edges, bias, width, (bias_error, width_error) = _in_bins(y, predicted, weight, 0)
    assert len(edges) == 11
    for b in range(10):
        own = (y >= edges[b]) & ((y < edges[b + 1]) | (b == 9))
        r, w = (predicted - y)[own], weight[own]
        low, middle, high = (lowest(r, w, q) for q in (0.15865525393145707, 0.5, 0.8413447460685429))
        assert bias[b] == pytest.approx(middle)
        assert width[b] == pytest.approx((high - low) / 2)
    assert width[9] > 2 * width[0]
    assert 0.3 < np.median(bias_error / (1.2533 * width / np.sqrt(40))) < 2
    assert 0.3 < np.median(width_error / (width / np.sqrt(40))) < 2


class Unsure(LinearRegression):
    """States a wider uncertainty for its second output."""

    def predict(self, X, return_std=False):
        mean = super().predict(X)
        return (mean, np.tile([1.0, 4.0], (len(X), 1))) if return_std else mean


def test_pulls_of_each_output_use_its_own_uncertainty():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(600, 2))
    y = X @ [[1.0, 0.0], [0.5, 2.0]] + rng.normal(size=(600, 2)) * [1.0, 2.0]
    model = Unsure().fit(X, y)
    weight = rng.uniform(0.5, 2.0, 600)
    truth = y + np.array([0.0, 1.0])
    case = make_case(model, (X, truth, weight))
    metrics = case.question.statistics(case.truth, case.answer, weight)(weight)
    found = measure_pulls(case)
    for t, sigma in enumerate((1.0, 4.0)):
        p = (model.predict(X)[:, t] - truth[:, t]) / sigma
        mean = np.average(p, weights=weight)
        width = np.sqrt(np.average((p - mean) ** 2, weights=weight))
        assert found[f"pull_mean[y{t}]"].value == pytest.approx(mean)
        assert found[f"pull_width[y{t}]"].value == pytest.approx(width)
    every = {name: found.get(name) or _plain(value) for name, value in metrics.items()} | found
    figures = residuals_section(case, every).figures
    for t, sigma in enumerate((1.0, 4.0)):
        drawn = figures[f"pulls y{t}"].axes[0].containers[0][0].get_ydata()
        p = (model.predict(X)[:, t] - truth[:, t]) / sigma
        sums, _ = np.histogram(np.clip(p, -4.99, 4.99), np.linspace(-5, 5, 51), weights=weight)
        assert drawn == pytest.approx(sums / sums.sum() / 0.2)


def _plain(value):
    from lawful.evidence import Measured

    return Measured(float(value), float(value), float(value))
