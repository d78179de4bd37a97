import warnings

import numpy as np
import pytest

from lawful.data import Cloud, jet_images, memory, padding
from lawful.data.clouds import as_cloud, offsets_of
from lawful.errors import InputError


def make(counts: list[int], seed: int = 0) -> Cloud:
    """A cloud whose keys have ties, with a float64 key and whole numbers that tell the objects apart."""
    rng = np.random.default_rng(seed)
    offsets = offsets_of(np.array(counts))
    size = int(offsets[-1])
    return Cloud(offsets, {"pt": rng.integers(0, 4, size).astype(np.float64), "number": np.arange(size)})


def by_hand(cloud: Cloud, most: int, order_by: str | None) -> np.ndarray:
    """Number of each object in place, or -1, by Python's own stable sort; NaN counts as the lowest."""
    found = np.full((len(cloud), most), -1)
    for i, (a, b) in enumerate(zip(cloud.offsets, cloud.offsets[1:], strict=False)):
        objects = list(range(a, b))
        if order_by is not None:
            keys = cloud[order_by]
            objects.sort(key=lambda j: np.inf if np.isnan(keys[j]) else -keys[j])
        found[i, : min(most, b - a)] = cloud["number"][objects[:most]]
    return found


@pytest.mark.parametrize("order_by", [None, "pt"])
@pytest.mark.parametrize("most", [1, 4, 50])
@pytest.mark.parametrize("events_at_once", [1, 7, 1024])
def test_pieces_and_ties_agree_with_a_loop(
    most: int, order_by: str | None, events_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(padding, "_EVENTS", events_at_once)
    cloud = make([*np.random.default_rng(1).integers(0, 9, 60), 0, 30, 0])
    values, mask = padding.padded(cloud, ["number"], most, order_by)
    expected = by_hand(cloud, most, order_by)
    np.testing.assert_array_equal(mask, expected >= 0)
    np.testing.assert_array_equal(values[..., 0], np.where(expected >= 0, expected, 0))


def test_one_very_long_event_does_not_widen_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sorted pieces are no wider than the bound allows, whatever the longest event is."""
    monkeypatch.setattr(padding, "_PLACES", 1000)
    cloud = make([3, 400, 0, 2, 5000, 1])
    sizes = [len(part) for _, part in padding.parts(cloud, sort=True)]
    assert sizes == [1] * 6
    values, _ = padding.padded(cloud, ["number"], 10, "pt")
    np.testing.assert_array_equal(values[..., 0], np.maximum(by_hand(cloud, 10, "pt"), 0))


def test_nan_sorts_last_and_what_is_infinite_first() -> None:
    cloud = Cloud([0, 4, 5], {"pt": [np.nan, 1.0, np.inf, 2.0, np.nan], "number": [0, 1, 2, 3, 4]})
    values, mask = cloud.padded(["number"], order_by="pt")
    assert values[..., 0].tolist() == [[2, 3, 1, 0], [4, 0, 0, 0]]
    assert mask.sum(axis=1).tolist() == [4, 1]


def test_order_by_whole_numbers_and_derived_fields() -> None:
    cloud = as_cloud({"px": [[0.0, 3.0]], "py": [[1.0, 4.0]], "q": [[-1, 1]]}, name="c")
    assert cloud.padded(["pt"], order_by="pt")[0][0, :, 0].tolist() == [5, 1]
    assert cloud.padded(["q"], order_by="q")[0][0, :, 0].tolist() == [1, -1]


def test_no_events() -> None:
    values, mask = Cloud([0], {"pt": []}).padded(["pt"], 3, "pt")
    assert values.shape == (0, 3, 1)
    assert mask.shape == (0, 3)


@pytest.mark.parametrize("by", [None, "pt"])
@pytest.mark.parametrize("events_at_once", [1, 2, 1024])
def test_cut_agrees_with_the_mask(by: str | None, events_at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(padding, "_EVENTS", events_at_once)
    cloud = make([5, 0, 12, 3, 8])
    values, mask = cloud.padded(["pt"], 4, by, quiet=True)
    found = cloud.cut(4, by)
    pt = [cloud["pt"][a:b].sum() for a, b in zip(cloud.offsets, cloud.offsets[1:], strict=False)]
    kept = values[..., 0].sum(axis=1)
    lost = np.array([(whole - some) / whole if whole else 0 for whole, some in zip(pt, kept, strict=True)])
    assert (found.most, found.events, found.events_cut) == (4, 5, 3)
    assert (found.objects, found.objects_cut) == (28, 28 - mask.sum())
    assert found.pt_share == pytest.approx(1 - kept.sum() / sum(pt))
    assert found.largest_pt_share == pytest.approx(lost.max())


def test_the_hardest_lose_less_than_the_first() -> None:
    cloud = Cloud([0, 3], {"pt": [1.0, 2.0, 7.0]})
    assert cloud.cut(1).pt_share == pytest.approx(0.9)
    assert cloud.cut(1, by="pt").pt_share == pytest.approx(0.3)
    assert "the 2 objects beyond carry 30% of pt, at most 30% in one event" in str(cloud.cut(1, by="pt"))


def test_pt_share_of_other_components_and_of_none() -> None:
    momenta = Cloud([0, 2], {"px": [3.0, 0.0], "py": [4.0, 5.0]})
    assert momenta.cut(1).pt_share == pytest.approx(0.5)
    hits = Cloud([0, 2, 3], {"x": [3.0, 0.0, 1.0]})
    assert hits.cut(1).pt_share is None
    assert str(hits.cut(1)) == "1 of 2 events has more than 1 object; the 1 object beyond of 3 are left out"
    assert Cloud([0, 2], {"pt": [0.0, 0.0]}).cut(1).pt_share is None
    assert Cloud([0, 2], {"pt": [1.0, np.nan]}).cut(1).pt_share is None


def test_nothing_cut() -> None:
    found = make([2, 3]).cut(3)
    assert (found.events_cut, found.objects_cut, found.pt_share, found.largest_pt_share) == (0, 0, 0, 0)
    assert str(found) == "no event of 2 has more than 3 objects"


def test_what_is_left_out_is_said() -> None:
    cloud = Cloud([0, 2, 3], {"pt": [3.0, 1.0, 4.0]})
    with pytest.warns(UserWarning, match=r"1 of 2 events .* the 1 object beyond carries 12% of pt.*or order_by="):
        cloud.padded(most=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cloud.padded(most=2)
        cloud.padded()
        cloud.padded(most=1, quiet=True)


def test_wrong_names_and_numbers() -> None:
    cloud = Cloud([0, 1], {"pt": [1.0]})
    with pytest.raises(InputError, match="no field 'pT': did you mean 'pt'"):
        cloud.cut(1, by="pT")
    with pytest.raises(InputError, match="no field 'ptt'"):
        Cloud([0], {"pt": []}).padded(order_by="ptt")
    with pytest.raises(InputError, match="most=0"):
        cloud.cut(0)


def test_more_than_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """One event of a million objects among a thousand."""
    cloud = Cloud([0, 10**6, *[10**6] * 999], {name: np.zeros(10**6, np.float32) for name in ("pt", "eta", "phi")})
    monkeypatch.setattr(memory, "free", lambda: 2**22)
    with pytest.raises(InputError, match=r"1,000 events x 1,000,000 objects x 1 fields .* smaller most="):
        cloud.padded(["pt"])
    with pytest.raises(InputError, match=r"1,000 images .* in parts"):
        jet_images(cloud, pixels=64)
    assert cloud.padded(["pt"], 10, quiet=True)[0].shape == (1000, 10, 1)
