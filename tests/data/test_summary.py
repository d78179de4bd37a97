import numpy as np
import pytest

from lawful.data import Events
from lawful.data.summary import effective_events


def test_effective_events_has_the_relative_error_of_the_sum() -> None:
    """For Poisson counts of weighted events var(sum w) is sum w^2: (mean / sigma)^2 of toys is (sum w)^2 / sum w^2.

    2,000 toys give the standard deviation to 1.6%; five standard errors are allowed, a false alarm in 10^6.
    """
    rng = np.random.default_rng(0)
    weight = rng.normal(1, 0.7, 2000)
    toys = np.array([(weight * rng.poisson(1, len(weight))).sum() for _ in range(2000)])
    expected = effective_events(weight)
    assert toys.mean() ** 2 / toys.var() == pytest.approx(expected, rel=10 / np.sqrt(2 * 2000))


def test_features_agree_with_numpy() -> None:
    rng = np.random.default_rng(0)
    x, w = rng.normal(3, 2, 1000), rng.exponential(size=1000)
    x[::10] = np.nan
    row = Events({"x": x}, weight=w, missing=np.nan, units={"x": "GeV"}).summary().features[0]
    there = ~np.isnan(x)
    mean = np.average(x[there], weights=w[there])
    assert (row.unit, row.missing) == ("GeV", 100)
    assert row.mean == pytest.approx(mean)
    assert row.std == pytest.approx(np.sqrt(np.average((x[there] - mean) ** 2, weights=w[there])))
    assert (row.min, row.max) == (np.nanmin(x), np.nanmax(x))


def test_classes_add_up() -> None:
    rng = np.random.default_rng(0)
    events = Events({"x": rng.random(100)}, y=rng.integers(0, 3, 100), weight=rng.normal(1, 1, 100))
    summary = events.summary()
    assert [row.name for row in summary.classes] == ["0", "1", "2"]
    assert sum(row.events for row in summary.classes) == summary.total.events == 100
    assert sum(row.sum_of_weights for row in summary.classes) == pytest.approx(summary.total.sum_of_weights)
    assert summary.total.negative_share == (events.weight < 0).mean()


def test_regression_has_no_classes_and_no_weights_are_said() -> None:
    summary = Events({"x": [1.0, 2.0]}, y=[0.5, 1.5]).summary()
    assert summary.classes == ()
    assert "no weights given" in str(summary)
    assert summary.total.effective_events == 2


def test_all_missing_and_weights_that_cancel() -> None:
    nothing = Events({"x": [-999.0, -999.0]}, missing=-999).summary().features[0]
    assert nothing.missing == 2
    assert np.isnan(nothing.mean)
    cancelled = Events({"x": [1.0, 2.0, 3.0]}, weight=[1.0, -1.0, 1.0]).select([0, 1]).summary()
    assert cancelled.total.effective_events == 0
    assert np.isnan(cancelled.features[0].mean)


def test_frame_and_text() -> None:
    summary = Events({"pt": [1.0], "eta": [2.0]}, y=["a"], units={"pt": "GeV"}).summary()
    frame = summary.frame()
    assert frame.loc["pt", "unit"] == "GeV"
    assert list(frame.index) == ["pt", "eta"]
    lines = str(summary).splitlines()
    assert not any(line != line.rstrip() for line in lines)
    assert lines[0].startswith("1 events")


def test_repeated_events_are_counted() -> None:
    rng = np.random.default_rng(0)
    x, n, w = rng.normal(size=1000), rng.integers(0, 3, 1000), rng.normal(1, 0.5, 1000)
    assert Events({"x": x, "n": n}, weight=w).summary().duplicates == 0
    again = rng.integers(0, 1000, 300)  # 300 copies, of some events several
    both = [np.concatenate([values, values[again]]) for values in (x, n, w)]
    order = rng.permutation(1300)
    x, n, w = (values[order] for values in both)
    pairs = set(zip(x.tolist(), n.tolist(), w.tolist(), strict=True))
    summary = Events({"x": x, "n": n}, weight=w).summary()
    assert summary.duplicates == pytest.approx((1300 - len(pairs)) / 1300) == pytest.approx(300 / 1300)
    assert "warning: 23.1% of the events repeat the features and the weight of another exactly" in str(summary)
    assert "group=" in str(summary)


def test_what_is_no_repetition() -> None:
    x = [0.5, 0.5, 1.5]
    assert Events({"x": x}).summary().duplicates == pytest.approx(1 / 3)
    assert Events({"x": x}, weight=[1.0, 2.0, 1.0]).summary().duplicates == 0  # another weight
    assert Events({"x": x, "y": [1, 2, 1]}).summary().duplicates == 0  # another feature
    assert Events({"x": x, "y": [0.0, -0.0, 1.0]}).summary().duplicates == pytest.approx(1 / 3)  # one zero
    assert Events({"x": x, "y": [np.nan] * 3}, missing=np.nan).summary().duplicates == pytest.approx(1 / 3)
    assert Events({"a": x, "b": x[::-1]}).summary().duplicates == 0  # the order of the features counts
    assert Events({"n": [1, 1, 2]}).summary().duplicates == 0  # whole numbers repeat by nature
    assert "warning" not in str(Events({"x": np.r_[np.arange(200) + 0.5, 0.5]}).summary())  # 0.5% is below 1%


def test_the_share_of_negative_weights_counts_no_zeros() -> None:
    summary = Events({"x": [1.0, 2, 3, 4]}, y=[0, 0, 1, 1], weight=[0.0, 2.0, -1.0, 0.0]).summary()
    assert summary.total.negative_share == 0.25
    assert [row.negative_share for row in summary.classes] == [0, 0.5]
