import numpy as np
import pytest

from lawful.data.building import Gathered, finished, free_name, varied
from lawful.data.roles import Roles, Shift
from lawful.errors import InputError


def test_free_names() -> None:
    assert free_name("w", {}) == "w"
    assert free_name("w", {"w": 1, "w_": 2}) == "w__"


def test_shifts_given_as_values_get_columns_of_their_own() -> None:
    table = Gathered({"pt": np.ones(2), "w": np.ones(2), "pt_up": np.zeros(2)})
    shift = table.shift("up", {"pt": [3.0, 4.0], "weight": [5.0, 6.0]}, "w")
    assert shift == Shift({"pt": "pt_up_"}, "weight_up")
    assert table.columns["pt_up_"].tolist() == [3, 4]
    assert table.columns["weight_up"].tolist() == [5, 6]


def test_the_word_weight_means_a_column_of_that_name_where_there_is_one() -> None:
    table = Gathered({"weight": np.array([70.0]), "w": np.ones(1), "heavier": np.array([75.0])})
    assert table.shift("up", {"weight": "heavier"}, "w") == Shift({"weight": "heavier"}, None)
    assert table.shift("up", {"w": "heavier"}, "w") == Shift({}, "heavier")


def test_shifts_of_what_is_not_there() -> None:
    table = Gathered({"pt": np.ones(2)})
    with pytest.raises(InputError, match="variation 'up': X has no column 'Pt': did you mean 'pt'"):
        table.shift("up", {"Pt": [1.0, 2.0]}, None)
    with pytest.raises(InputError, match="no column 'w_up'"):
        table.shift("up", "w_up", None)


def test_a_variation_takes_the_place_of_columns_and_weight() -> None:
    columns = {"pt": np.zeros(1), "pt_up": np.ones(1), "w": np.zeros(1), "w_up": np.full(1, 2.0)}
    roles = Roles(("pt",), weight="w", variations={"up": Shift({"pt": "pt_up"}, "w_up")})
    moved, others = varied(columns, roles, roles.variations["up"])
    assert (moved["pt"][0], moved["w"][0], others.weight, others.variations) == (1, 2, "w", {})
    assert columns["pt"][0] == 0
    assert varied(columns, Roles(("pt",)), Shift(weight="w_up"))[1].weight == "w_up"


def test_sentinels_of_a_mapping_reach_only_the_columns_named() -> None:
    columns = {"a": np.array([-9.0, 1.0]), "b": np.array([-9.0, 1.0]), "t": np.array([-9.0, 1.0])}
    made, _, roles, length = finished(dict(columns), {}, Roles(("a", "b"), target="t"), {"a": -9})
    assert np.isnan(made["a"]).tolist() == [True, False]
    assert (made["b"][0], length, roles.may_miss, roles.sentinels) == (-9, 2, ("a",), {"a": (-9.0,)})
    made, _, roles, _ = finished(dict(columns), {}, Roles(("a", "b"), target="t"), -9)
    assert (set(roles.may_miss), made["t"][0]) == ({"a", "b"}, -9)  # a bare value speaks of features
