import numpy as np
import pytest

from lawful.evidence import examine
from lawful.evidence.case import Case
from lawful.evidence.models import Subject
from lawful.evidence.questions import find_question
from lawful.evidence.sample import make_sample
from lawful.evidence.sections.systematics import band, paired, varied_columns


@pytest.fixture
def case(model, test):
    subject, sample = Subject("model", model), make_sample(test)
    question = find_question(subject, sample)
    return Case(subject, (), question, sample, None, None, {}, 0.1, (), 50, 0, False, {})


def test_variations_pair_by_name(case):
    assert paired(case, case.test.varied) == {
        "scale": ("scale_up", "scale_down"),
        "rate_up": ("rate_up", None),
        "none": ("none", None),
    }


def test_the_band_adds_half_differences_in_quadrature(case, test):
    edges = np.array([0.0, 40.0, 1000.0])
    found = band(case, test["pt"], varied_columns(case, "pt"), edges, np.ones(len(test)))

    def high(pt, weight):
        return weight[pt >= 40].sum()

    w = test.weight
    scale = (high(test["pt"] * 1.05, w) - high(test["pt"] / 1.05, w)) / 2
    rate = high(test["pt"], test.variations["rate_up"].weight) - high(test["pt"], w)
    assert found[1] == pytest.approx(np.hypot(scale, rate))


def test_events_without_variations_have_no_such_section(model, train):
    report = examine(model, train, toys=50, importance=False)
    assert "systematics" not in [section.name for section in report.sections]
