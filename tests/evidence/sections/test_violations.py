"""The report says how far each model breaks what is known."""

import numpy as np
import pytest

import lawful as lf
from lawful.physics import Symmetry, groups


def test_the_mean_violation_of_each_statement_with_its_interval():
    X = np.random.default_rng(0).normal(size=(300, 2))
    y, weight = np.hypot(*X.T), np.random.default_rng(1).uniform(0.5, 2, 100)
    turn, mirror = Symmetry(groups.SO(2), "vector"), Symmetry(groups.O(2), "vector")
    settings = {"hidden": (8,), "epochs": 3, "verbose": False}
    model = lf.Regressor(physics=[turn.by("loss"), mirror], **settings).fit(X[:200], y[:200])
    other = lf.Regressor(physics=[turn.by("architecture")], **settings).fit(X[:200], y[:200])
    report = lf.evidence.examine(
        model, (X[200:], y[200:], weight), others={"built in": other}, importance=False, toys=50
    )
    for statement in (turn, mirror):
        v = statement.violation(model, X[200:])
        found = report.metrics[f"violation[{statement.name}]"]
        assert found["value"] == pytest.approx((v * weight).sum() / weight.sum())
        assert found["low"] < found["value"] < found["high"]
    section = next(s for s in report.sections if s.name == "violations")
    assert [row[1] for row in section.grids[0].rows] == ["loss", "measured only"]
    assert section.grids[0].columns == ("statement", "enforced by", "model", "built in")


def test_no_statement_no_section():
    X = np.random.default_rng(0).normal(size=(200, 2))
    model = lf.Regressor(hidden=(8,), epochs=2, verbose=False).fit(X, X[:, 0])
    report = lf.evidence.examine(model, (X, X[:, 0]), importance=False, toys=50)
    assert all(section.name != "violations" for section in report.sections)
