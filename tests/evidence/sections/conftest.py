"""Sections are checked against sums that the test writes out."""

import numpy as np
import pytest

from lawful.data import Events
from lawful.evidence.case import Case, binary_view
from lawful.evidence.models import Subject
from lawful.evidence.questions import find_question
from lawful.evidence.sample import make_sample


def make_case(model, test, *, train=None, data=None, expected=None, variables=(), others=(), toys=60):
    subject, sample = Subject("model", model), make_sample(test, names=Subject("model", model).names)
    return Case(
        subject,
        tuple(Subject(name, other) for name, other in others),
        find_question(subject, sample),
        sample,
        None if train is None else make_sample(train, "train", names=subject.names),
        None if data is None else make_sample(data, "data", names=subject.names, truth=False),
        expected or {},
        0.2,
        tuple(variables),
        toys,
        0,
        False,
        {},
    )


@pytest.fixture
def real(test):
    """Data without truth, with weights."""
    rng = np.random.default_rng(11)
    return Events({n: test[n][:400] for n in test.features}, weight=rng.uniform(0.5, 2.0, 400), units={"pt": "GeV"})


@pytest.fixture
def case(model, test, train, real):
    return make_case(model, test, train=train, data=real, expected={"signal": 70.0, "background": 900.0})


@pytest.fixture
def view(case):
    return binary_view(case)
