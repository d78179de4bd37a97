import numpy as np
import pytest

from lawful.data import Events, concatenate
from lawful.errors import InputError


def test_a_split_put_together_is_the_whole(full: Events) -> None:
    parts = full.split((0.5, 0.3, 0.2))
    whole = concatenate(parts)
    assert whole.columns == full.columns
    order = np.argsort(np.concatenate([np.flatnonzero(np.isin(full["run"], part["run"])) for part in parts]))
    assert whole.select(order).checksum() == full.checksum()


def test_also_as_a_method(flat: Events) -> None:
    assert len(Events.concatenate([flat, flat])) == 1000


def test_features_may_stand_in_another_order() -> None:
    whole = concatenate([Events({"a": [1.0], "b": [2.0]}), Events({"b": [20.0], "a": [10.0]})])
    assert whole.X.tolist() == [[1, 2], [10, 20]]


def test_columns_without_a_role_are_kept_where_all_have_them() -> None:
    a = Events({"x": [1.0]}, extras={"m": [1.0], "truth": [3]})
    b = Events({"x": [1.0]}, extras={"m": [2.0]})
    assert concatenate([a, b]).columns == ("x", "m")


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (Events({"z": [1.0]}, y=[0], units={"z": "GeV"}), "other features.*'x', 'z'"),
        (Events({"x": [1.0]}, y=[0], units={"x": "MeV"}), "in GeV in set 0 and in MeV in set 1"),
        (Events({"x": [1.0]}), "target 'target', set 1 has None"),
        (Events({"x": [1.0]}, y=[0], weight=[1.0]), "weight None, set 1 has 'weight'"),
        (Events({"x": [1.0]}, y=["a"]), "text in one set and numbers in another"),
        (Events({"x": [1.0]}, y=[0], variations={"up": [1.0]}), "variations"),
        (Events({"x": [1.0]}, y=[0], clouds={"c": [[1.0]]}), "clouds"),
    ],
)
def test_sets_that_do_not_fit(other: Events, message: str) -> None:
    with pytest.raises(InputError, match=message):
        concatenate([Events({"x": [1.0]}, y=[0], units={"x": "GeV"}), other])


def test_no_sets() -> None:
    with pytest.raises(InputError, match="no events"):
        concatenate([])
