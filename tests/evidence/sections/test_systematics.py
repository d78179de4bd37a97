import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import roc_auc_score

from lawful.data import Events
from lawful.evidence import examine
from lawful.evidence.case import BEST
from lawful.evidence.sections.systematics import (
    band,
    effects,
    find_shifts,
    main_metric_systematics_section,
    paired,
    varied_columns,
)

from .conftest import make_case


def test_variations_pair_by_name(case):
    assert paired(case, case.test.varied) == {
        "scale": ("scale_up", "scale_down"),
        "rate_up": ("rate_up", None),
        "none": ("none", None),
    }


def test_a_variation_called_as_a_pair_hides_neither(model, test):
    shifts = {"jes": {"pt": test["pt"] + 1}, "jes_up": {"pt": test["pt"] + 2}, "jes_down": {"pt": test["pt"] - 1}}
    events = Events({n: test[n] for n in test.features}, test.y, variations=shifts)
    pairs = paired(make_case(model, events), shifts)
    assert pairs == {"jes": ("jes_up", "jes_down"), "jes alone": ("jes", None)}
    assert {f"systematic[{n}, auc]" for n in shifts} <= set(examine(model, events, toys=20, importance=False).metrics)


def passing(test, score, weight, cut, label):
    """Weight of a class that passes, written out."""
    return sum(w for y, s, w in zip(test.y, score, weight, strict=True) if y == label and s >= cut)


def test_effects_are_varied_minus_nominal(case, view, model, test):
    found = effects(case, view, find_shifts(case))
    cut = view.working_points[BEST]
    score = model.predict_proba(test.frame())[:, 1]
    for name in ("scale_up", "scale_down", "rate_up"):
        other = test.variations[name]
        varied = model.predict_proba(other.frame())[:, 1]
        for label, efficiency, yields in (
            (1, "signal_efficiency", "signal_yield"),
            (0, "background_efficiency", "background_yield"),
        ):
            before, after = (
                passing(test, s, w, cut, label) for s, w in ((score, test.weight), (varied, other.weight))
            )
            total, total_varied = test.weight[test.y == label].sum(), other.weight[test.y == label].sum()
            assert found[name][efficiency].value == pytest.approx(after / total_varied - before / total)
            assert found[name][yields].value == pytest.approx(after / before - 1)
    assert found["scale_up"]["signal_efficiency"].value > 0 > found["scale_down"]["signal_efficiency"].value


def test_the_change_of_auc_is_varied_minus_nominal(model, test):
    events = Events(
        {n: test[n] for n in test.features}, test.y, variations={"smear": {"pt": test["pt"][::-1].copy()}}
    )
    before, after = (
        roc_auc_score(test.y, model.predict_proba(e.frame())[:, 1]) for e in (events, events.variations["smear"])
    )
    found = examine(model, events, toys=20, importance=False)["systematic[smear, auc]"]
    assert found.value == pytest.approx(after - before)
    assert found.value < -0.05


def test_a_regression_gets_worse_by_what_a_shift_adds():
    rng = np.random.default_rng(0)
    x = rng.normal(size=500)
    y = x + 0.1 * rng.normal(size=500)
    model = LinearRegression().fit(x[:, None], y)
    events = Events({"x0": x}, y, variations={"shift_up": {"x0": x + 1}})
    section = main_metric_systematics_section(make_case(model, events))
    before, after = (np.sqrt(np.mean((model.predict((x + s)[:, None]) - y) ** 2)) for s in (0, 1))
    assert section.metrics["systematic[shift_up, rmse]"].value == pytest.approx(after - before)


def test_the_band_is_the_larger_side_of_each_effect_in_quadrature(case, test):
    edges = np.array([0.0, 40.0, 1000.0])
    factor = np.where(test.y == 1, 0.5, 2.0)
    found = band(case, test["pt"], varied_columns(case, "pt"), edges, factor)

    def high(pt, weight):
        return (weight * factor)[pt >= 40].sum()

    w = test.weight
    nominal = high(test["pt"], w)
    scale = max(abs(high(test["pt"] * 1.05, w) - nominal), abs(high(test["pt"] / 1.05, w) - nominal))
    rate = high(test["pt"], test.variations["rate_up"].weight) - nominal
    assert found[1] == pytest.approx(np.hypot(scale, rate))


def test_two_sides_of_one_sign_do_not_cancel(model, test):
    rates = {"rate_up": 1.3 * test.weight, "rate_down": 1.3 * test.weight}
    events = Events({n: test[n] for n in test.features}, test.y, test.weight, variations=rates)
    case = make_case(model, events)
    edges = np.array([0.0, 1000.0])
    found = band(case, test["pt"], varied_columns(case, "pt"), edges, np.ones(len(test)))
    assert found == pytest.approx([0.3 * test.weight.sum()])


def test_events_without_variations_have_no_such_section(model, train):
    report = examine(model, train, toys=50, importance=False)
    assert "systematics" not in [section.name for section in report.sections]
