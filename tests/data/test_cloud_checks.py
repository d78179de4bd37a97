import numpy as np
import pytest

from lawful.data import Cloud, check_cloud
from lawful.errors import InputError


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_the_first_wrong_value_is_named(wrong: float) -> None:
    eta = np.zeros(5000)
    eta[[3001, 4000]] = wrong
    offsets = np.array([0, 10, 10, *range(10, 5001, 10)])  # events of ten objects, but the second is empty
    cloud = Cloud(offsets, {"pt": np.ones(5000), "eta": eta})
    with pytest.raises(InputError) as error:
        check_cloud(cloud, "tracks")
    event = int(np.flatnonzero((offsets[:-1] <= 3001) & (offsets[1:] > 3001))[0])
    assert f"cloud 'tracks': field 'eta' holds 2 values that are NaN or infinite, of 5,000; the first is {wrong}" in (
        str(error.value)
    )
    assert f"object {3001 - offsets[event]} of event {event}." in str(error.value)


def test_an_event_beyond_the_first_piece() -> None:
    pt = np.ones(3000)
    pt[2500] = np.nan
    with pytest.raises(InputError, match="object 0 of event 2500"):
        check_cloud(Cloud(np.arange(3001), {"pt": pt}), "c")


def test_negative_energy() -> None:
    momenta = {"px": [1.0, -1.0, -2.0], "py": [0.0, 0.0, 0.0], "pz": [0.0, 0.0, 0.0]}
    check_cloud(Cloud([0, 1, 3], {**momenta, "E": [1.0, 1.0, 0.0]}), "c")
    with pytest.raises(InputError, match=r"field 'E' holds 1 value that is negative, of 3; .* object 1 of event 1"):
        check_cloud(Cloud([0, 1, 3], {**momenta, "E": [1.0, 1.0, -2.0]}), "c")


@pytest.mark.parametrize("offsets", [[0], [0, 0, 0]])
def test_no_objects_are_fine(offsets: list[int]) -> None:
    check_cloud(Cloud(offsets, {"pt": np.zeros(0), "E": np.zeros(0)}), "c")


def test_whole_numbers_and_truth_values_are_fine() -> None:
    check_cloud(Cloud([0, 2], {"charge": [1, -1], "good": [True, False]}), "c")
