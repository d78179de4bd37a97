import awkward as ak
import numpy as np
import pytest

from lawful.data.clouds import Cloud, as_cloud, joined, merged
from lawful.errors import InputError


@pytest.fixture
def lists() -> list[list[float]]:
    rng = np.random.default_rng(0)
    return [rng.random(k).tolist() for k in rng.integers(0, 6, 200)]


def dense(lists: list[list[float]], most: int) -> tuple[np.ndarray, np.ndarray]:
    """The padded array by a plain loop."""
    values, mask = np.zeros((len(lists), most), np.float32), np.zeros((len(lists), most), bool)
    for i, row in enumerate(lists):
        values[i, : len(row[:most])], mask[i, : len(row[:most])] = row[:most], True
    return values, mask


@pytest.mark.parametrize("most", [1, 3, 10])
def test_padded_agrees_with_a_loop(lists: list[list[float]], most: int) -> None:
    values, mask = as_cloud({"pt": lists}, name="c").padded(["pt"], most, quiet=True)
    assert values.dtype == np.float32
    assert mask.dtype == np.bool_
    expected, there = dense(lists, most)
    np.testing.assert_array_equal(values[..., 0], expected)
    np.testing.assert_array_equal(mask, there)


@pytest.mark.parametrize("most", [1, 3, None])
def test_ordered_keeps_the_largest(lists: list[list[float]], most: int | None) -> None:
    cloud = as_cloud({"pt": lists, "twice": [[2 * x for x in row] for row in lists]}, name="c")
    values, mask = cloud.padded(["pt", "twice"], most, order_by="pt", quiet=True)
    expected, there = dense([sorted(row, reverse=True) for row in lists], values.shape[1])
    np.testing.assert_array_equal(values[..., 0], expected)
    np.testing.assert_array_equal(mask, there)
    np.testing.assert_allclose(values[..., 1], 2 * values[..., 0])


def test_without_most_the_longest_event_fits(lists: list[list[float]]) -> None:
    values, mask = as_cloud({"pt": lists}, name="c").padded()
    assert values.shape == (200, max(map(len, lists)), 1)
    assert mask.sum() == sum(map(len, lists))


def test_all_events_empty() -> None:
    values, mask = as_cloud({"pt": [[], []]}, name="c").padded()
    assert values.shape == (2, 1, 1)
    assert not mask.any()


def test_take_and_slice_agree_with_lists(lists: list[list[float]]) -> None:
    cloud = as_cloud({"pt": lists}, name="c")
    index = np.array([5, 3, 3, 199, 0])
    taken = cloud.take(index)
    assert [taken["pt"][a:b].tolist() for a, b in zip(taken.offsets, taken.offsets[1:], strict=False)] == [
        lists[i] for i in index
    ]
    part = cloud.slice(10, 20)
    assert part["pt"].tolist() == [x for row in lists[10:20] for x in row]
    assert len(cloud.slice(0, 0)) == 0
    again = joined([cloud.slice(0, 50), cloud.slice(50, 50), cloud.slice(50, 200)])
    np.testing.assert_array_equal(again["pt"], cloud["pt"])
    np.testing.assert_array_equal(again.offsets, cloud.offsets)


def test_awkward_records_and_options() -> None:
    array = ak.Array([[{"pt": 1.0, "q": 1}], [], [{"pt": 2.0, "q": -1}, {"pt": 3.0, "q": 1}]])
    cloud = as_cloud(array, name="c")
    assert cloud.fields == ("pt", "q")
    assert cloud.counts.tolist() == [1, 0, 2]
    assert as_cloud([[1.0], []], name="c").fields == ("value",)
    assert as_cloud(np.array([[1.0, 2.0], [3.0, 4.0]]), name="c").counts.tolist() == [2, 2]


@pytest.mark.parametrize("values", [[[1, None], [], [3]], [[1.0, None], [], [3.0]]])
def test_what_is_not_there_is_nan(values: list) -> None:
    np.testing.assert_array_equal(as_cloud({"q": ak.Array(values)}, name="c")["q"], [1, np.nan, 3])


def test_four_vector_components_follow() -> None:
    cloud = as_cloud({"px": [[3.0]], "py": [[4.0]], "pz": [[0.0]], "E": [[13.0]]}, name="c")
    values, _ = cloud.padded(["pt", "m", "eta"])
    np.testing.assert_allclose(values[0, 0], [5, 12, 0])


def test_fields_of_different_lengths() -> None:
    with pytest.raises(InputError, match=r"'pt' and 'eta' of cloud 'jets'.*event 1: 2 and 1"):
        as_cloud({"pt": [[1.0], [1.0, 2.0]], "eta": [[1.0], [1.0]]}, name="jets")


def test_fields_of_different_events() -> None:
    with pytest.raises(InputError, match=r"'pt' and 'eta' of cloud 'jets' have 2 and 1 events"):
        as_cloud({"pt": [[1.0], [2.0]], "eta": [[1.0]]}, name="jets")


def test_equal_totals_with_other_shares_are_told_apart() -> None:
    with pytest.raises(InputError, match="different numbers of objects"):
        merged({"a": Cloud([0, 1, 3], {"a": [1, 2, 3]}), "b": Cloud([0, 2, 3], {"b": [1, 2, 3]})}, name="c")


@pytest.mark.parametrize("wrong", [[1.0, 2.0], [[["a"]]], [["a"], []], {}, "tracks", 3, None])
def test_what_is_no_cloud(wrong: object) -> None:
    with pytest.raises(InputError):
        as_cloud(wrong, name="tracks")


def test_wrong_field_names_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'charge'"):
        as_cloud({"charge": [[1]]}, name="c").padded(["chrge"])


def test_wrong_offsets_and_most() -> None:
    with pytest.raises(InputError, match="offsets"):
        Cloud([0, 2, 1], {"pt": [1.0]})
    with pytest.raises(InputError, match="shape"):
        Cloud([0, 2], {"pt": [1.0]})
    with pytest.raises(InputError, match="most=0"):
        Cloud([0, 1], {"pt": [1.0]}).padded(most=0)
