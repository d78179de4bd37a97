"""Constants that were fitted with a network stand in the report with their errors."""

import numpy as np
import pytest

import lawful as lf
from lawful.physics import Baseline, Tied


def test_fitted_constants_stand_in_the_report_with_their_errors():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, size=(400, 1))
    y = 3 * X[:, 0] + rng.normal(0, 0.1, 400)
    known = Baseline("k * x", columns=["x"], parameters={"k": 1.0})
    model = lf.Regressor(hidden=(8,), epochs=20, verbose=False, physics=[known.by("residual")]).fit(X[:300], y[:300])
    report = lf.evidence.examine(model, (X[300:], y[300:]), importance=False, toys=50)
    k = model.parameters_["k"]
    found = report.metrics["constant[k]"]
    assert found["value"] == pytest.approx(k.value)
    assert found["high"] - found["low"] == pytest.approx(2 * k.error)
    section = next(s for s in report.sections if s.name == "constants")
    assert section.grids[0].rows[0][0] == "k"


def test_without_constants_there_is_no_section_and_others_may_lack_what_a_statement_needs():
    from sklearn.linear_model import LinearRegression

    X = np.random.default_rng(0).normal(size=(300, 2))
    first = lf.Regressor(hidden=(8,), epochs=2, verbose=False).fit(X, X[:, 0])
    near = lf.Regressor(hidden=(8,), epochs=2, verbose=False, physics=[Tied(first)]).fit(X, X[:, 0])
    others = {"line": LinearRegression().fit(X, X[:, 0])}
    report = lf.evidence.examine(near, (X, X[:, 0]), others=others, importance=False, toys=50)
    assert all(section.name != "constants" for section in report.sections)
    violations = next(s for s in report.sections if s.name == "violations")
    assert violations.grids[0].rows[0][-1] == "–"  # a line has no weights of that shape
