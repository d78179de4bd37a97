import numpy as np

from lawful.evidence.sections.domain import outside_range, remoteness


def test_range_and_gaps():
    train = np.array([[0.0, np.nan], [1.0, 5.0], [0.5, 7.0]])
    test = np.array([[0.5, 6.0], [2.0, 6.0], [0.5, np.nan], [0.0, 8.0]])
    assert outside_range(train, test).any(axis=1).tolist() == [False, True, False, True]


def test_remoteness_counts_widths_from_the_middle():
    train = np.random.default_rng(0).normal(3.0, 2.0, (20_000, 2))
    found = remoteness(train, np.array([[3.0, 3.0], [5.0, 5.0], [3.0, 7.0]]))
    assert np.allclose(found, [0.0, 1.0, np.sqrt(2.0)], atol=0.05)
