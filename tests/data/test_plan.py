from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pytest

from lawful.data.formats import Batch, Table
from lawful.data.plan import Request, plan, same_columns
from lawful.data.roles import Shift
from lawful.errors import InputError

F8, I2, TEXT = np.dtype("f8"), np.dtype("i2"), np.dtype(np.str_)


class Shown(Table):
    """A table of which only the description is looked at."""

    def __init__(self, columns: Mapping[str, np.dtype], notes: object = None, name: str = "it") -> None:  # type: ignore[type-arg]
        self.name, self.rows, self.notes = name, 1, notes
        self.columns, self.derived, self.ragged = columns, {"pt": F8}, {"jet_pt": ("value",)}
        self.unreadable = {"odd": "its type is map"}

    def batches(
        self, columns: Sequence[str], ragged: Sequence[str], rows: int | None, stop: int | None
    ) -> Iterator[Batch]:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing is open."""


def request(**said: object) -> Request:
    empty: dict[str, object] = dict.fromkeys(Request.__dataclass_fields__)
    return Request(**{**empty, "exclude": (), "extras": (), **said})  # type: ignore[arg-type]


COLUMNS = {"x": F8, "y": I2, "w": F8, "w_up": F8, "x_up": F8, "kind": TEXT, "more": F8}


def test_every_column_of_numbers_without_a_role_is_a_feature() -> None:
    said = request(target="y", weight="w", variations={"up": {"x": "x_up", "w": "w_up"}})
    made = plan(said, Shown(COLUMNS), labelled=False)
    assert made.roles.features == ("x", "more")
    assert made.roles.variations == {"up": Shift({"x": "x_up"}, "w_up")}
    assert set(made.columns) == {*COLUMNS}  # text is kept, and what variations need
    assert list(made.clouds) == ["jet"]


def test_derived_columns_are_read_when_they_are_named() -> None:
    assert "pt" not in plan(request(), Shown(COLUMNS), labelled=False).columns
    made = plan(request(features=["pt"], select="pt > 3 and more > 1"), Shown(COLUMNS), labelled=False)
    assert (made.columns, made.cut_columns) == (("pt",), ("more",))


def test_what_is_said_goes_before_the_notes() -> None:
    notes = {"lawful": 1, "features": ["x", "more"], "target": "y", "weight": "w", "may_miss": ["x", "gone"]}
    notes |= {"sentinels": {"x": [-9], "gone": [-9]}, "columns": ["x", "more", "y", "w"]}
    made = plan(request(target="kind", exclude=["w"]), Shown(COLUMNS, notes), labelled=False)
    assert (made.roles.target, made.roles.weight) == ("kind", None)
    assert made.roles.features == ("x", "more")
    assert (made.roles.may_miss, made.roles.sentinels) == (("x",), {"x": (-9.0,)})
    assert plan(request(features=["more"]), Shown(COLUMNS, notes), labelled=False).roles.sentinels == {}


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"target": "yy"}, "no column for target 'yy': did you mean 'y'"),
        ({"target": "jet_pt"}, "target 'jet_pt' is ragged"),
        ({"target": 3}, "the name of a column is expected, received int"),
        ({"features": ["odd"]}, "'odd' cannot be read: its type is map"),
        ({"features": ["x", "y"], "target": "y"}, "'y' is among the features and is also the target"),
        ({"features": "x"}, r"a list of names is expected, as in \['x'\]"),
        ({"weight": "kind"}, "weight 'kind' holds text"),
        ({"variations": {"up": {}}}, "a weight column or a mapping"),
        ({"variations": ["w_up"]}, "must be a mapping of name"),
        ({"select": "z > 1"}, "no column 'z'"),
        ({"units": {"z": "GeV"}}, "no column 'z'"),
        ({"exclude": ["*"]}, "no columns of numbers left to read"),
    ],
)
def test_what_cannot_be_read(said: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        plan(request(**said), Shown(COLUMNS), labelled=False)


def test_further_tables_must_have_the_same_columns() -> None:
    first = Shown(COLUMNS, name="first")
    made = plan(request(target="y"), first, labelled=False)
    same_columns(made, request(target="y"), first, Shown({**COLUMNS, "note": TEXT}))
    with pytest.raises(InputError, match="it has not the columns of first: 'x' missing"):
        same_columns(made, request(), first, Shown({k: v for k, v in COLUMNS.items() if k != "x"}))
    with pytest.raises(InputError, match="it has columns that first has not: 'new'"):
        same_columns(made, request(), first, Shown({**COLUMNS, "new": F8}))
    with pytest.raises(InputError, match="column 'kind' is <U0 in first and float64 in it"):
        same_columns(made, request(), first, Shown({**COLUMNS, "kind": F8}))
