import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lawful.data import splits
from lawful.errors import InputError


@given(st.integers(0, 10_000), st.lists(st.floats(0.05, 1), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_disjoint_exhaustive_and_stratified(seed: int, shares: list[float]) -> None:
    fractions = np.array(shares) / np.sum(shares)
    y = np.random.default_rng(seed).integers(0, 3, 500)
    parts = splits.parts(list(fractions), 500, y=y, group=None, seed=seed)
    assert sorted(np.concatenate(parts).tolist()) == list(range(500))
    for part, fraction in zip(parts, fractions, strict=True):
        assert np.all(np.diff(part) > 0)
        for k in range(3):
            assert abs((y[part] == k).sum() - fraction * (y == k).sum()) <= 1


def test_reproducible_and_shuffled() -> None:
    once, again, other = (splits.parts((0.5, 0.5), 100, y=None, group=None, seed=s)[0] for s in (0, 0, 1))
    np.testing.assert_array_equal(once, again)
    assert not np.array_equal(once, other)


def test_groups_stay_together() -> None:
    rng = np.random.default_rng(0)
    group = rng.integers(0, 200, 2000)
    y = rng.integers(0, 2, 2000)
    parts = splits.parts((0.6, 0.2, 0.2), 2000, y=y, group=group, seed=0)
    where = [set(group[part]) for part in parts]
    assert len(where[0] | where[1] | where[2]) == sum(map(len, where))
    np.testing.assert_allclose([len(part) / 2000 for part in parts], (0.6, 0.2, 0.2), atol=0.02)


def test_groups_are_stratified() -> None:
    group = np.repeat(np.arange(300), 2)
    y = np.repeat(np.arange(300) < 30, 2)
    for part in splits.folds(5, 600, y=y, group=group, seed=0):
        assert y[part].sum() == 12


def test_assignment_is_uniform() -> None:
    """Each event is held out in a fifth of the seeds: chi-square, false alarm one in a thousand."""
    from scipy.stats import chi2

    held = np.zeros(50)
    for seed in range(400):
        held[splits.parts((0.8, 0.2), 50, y=None, group=None, seed=seed)[1]] += 1
    statistic = ((held - 80) ** 2 / (400 * 0.2 * 0.8)).sum() * 49 / 50
    assert chi2.ppf(0.0005, 49) < statistic < chi2.ppf(0.9995, 49)


def test_measured_numbers_are_not_stratified() -> None:
    y = np.random.default_rng(0).normal(size=100)
    assert [len(part) for part in splits.parts((0.7, 0.3), 100, y=y, group=None, seed=0)] == [70, 30]


@pytest.mark.parametrize("fractions", [(0.5, 0.6), (1.5, -0.5), (0.5, 0.0, 0.5), (), ("a", "b"), 0.5, (0.5, np.nan)])
def test_wrong_fractions(fractions: object) -> None:
    with pytest.raises(InputError, match="fractions"):
        splits.parts(fractions, 10, y=None, group=None, seed=0)  # type: ignore[arg-type]


def test_too_few_events() -> None:
    with pytest.raises(InputError, match=r"part 2 of the split.*would be empty"):
        splits.parts((0.9, 0.1), 3, y=None, group=None, seed=0)
    with pytest.raises(InputError, match="at least two folds"):
        splits.folds(1, 3, y=None, group=None, seed=0)
    with pytest.raises(InputError, match="empty"):
        splits.folds(4, 12, y=None, group=np.repeat([0, 1, 2], 4), seed=0)


def test_yield_is_kept_with_negative_weights() -> None:
    rng = np.random.default_rng(0)
    weight, y = rng.normal(0.5, 1, 1000), rng.integers(0, 2, 1000)
    for part in splits.parts((0.5, 0.5), 1000, y=y, group=None, seed=0):
        scaled = splits.keeping_yield(weight, y, part, name="w")
        for k in (0, 1):
            assert scaled[y[part] == k].sum() == pytest.approx(weight[y == k].sum())
        assert np.array_equal(scaled < 0, weight[part] < 0)


def test_yield_that_cannot_be_kept() -> None:
    weight, y = np.array([1.0, 1.0, -1.5, 1.0]), np.zeros(4)
    with pytest.raises(InputError, match=r"'w' of class 0.0 sum to -0.5 in one part and to 1.5 in the whole"):
        splits.keeping_yield(weight, y, np.array([1, 2]), name="w")
    with pytest.raises(InputError, match="sum to 0 in one part"):
        splits.keeping_yield(np.ones(4), np.array([0, 0, 1, 1]), np.array([0, 1]), name="w")
