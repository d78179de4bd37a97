import pytest

from lawful.data.formats import Table
from lawful.data.grouping import by_prefix, grouped
from lawful.errors import InputError


class Ragged(Table):
    """A table that has names and no rows."""

    def __init__(self, *names: str, notes: object = None, columns: tuple[str, ...] = (), **records: tuple[str, ...]):
        self.name, self.rows, self.notes = "it", 0, notes
        self.columns = dict.fromkeys(columns)  # type: ignore[arg-type]
        self.derived, self.unreadable = {}, {"odd": "its type is odd"}
        self.ragged = {**dict.fromkeys(names, ("value",)), **records}

    def batches(self, *_: object):  # type: ignore[no-untyped-def, override]
        raise NotImplementedError

    def close(self) -> None: ...


def fields(groups: object) -> dict[str, dict[str, str]]:
    """Cloud to field of the cloud to ragged column."""
    return {
        name: {new: column for column, names in parts for new in names.values()}
        for name, parts in groups.items()  # type: ignore[attr-defined]
    }


def test_by_prefix() -> None:
    table = Ragged("trk_pt", "trk_eta", "jet_trk_pt", "alone", "p4_x", columns=("p4",), electrons=("pt", "eta"))
    assert fields(by_prefix(table)) == {
        "trk": {"pt": "trk_pt", "eta": "trk_eta"},
        "jet_trk": {"pt": "jet_trk_pt"},
        "alone": {"value": "alone"},
        "p4_x": {"value": "p4_x"},
        "electrons": {"pt": "electrons", "eta": "electrons"},
    }


def test_notes_know_better() -> None:
    table = Ragged(
        "my_trk_pt", "my_trk_d0_sig", notes={"clouds": {"my_trk": ["pt", "d0_sig"], "gone": ["x"], "bad": 3}}
    )
    assert fields(by_prefix(table)) == {"my_trk": {"pt": "my_trk_pt", "d0_sig": "my_trk_d0_sig"}}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (["trk"], {"trk": {"pt": "trk_pt", "eta": "trk_eta"}}),
        ({"tracks": ["trk_pt", "trk_eta"]}, {"tracks": {"pt": "trk_pt", "eta": "trk_eta"}}),
        ({"tracks": ["trk_*"]}, {"tracks": {"pt": "trk_pt", "eta": "trk_eta"}}),
        ({"trk": "trk_pt"}, {"trk": {"pt": "trk_pt"}}),
        ({"c": {"charge": "alone"}}, {"c": {"charge": "alone"}}),
        ({"c": ["electrons", "alone"]}, {"c": {"pt": "electrons", "eta": "electrons", "alone": "alone"}}),
        ({"c": {"e": "electrons", "q": "alone"}}, {"c": {"e_pt": "electrons", "e_eta": "electrons", "q": "alone"}}),
        ([], {}),
        ({}, {}),
    ],
)
def test_what_is_asked_for(asked: object, expected: object) -> None:
    table = Ragged("trk_pt", "trk_eta", "alone", electrons=("pt", "eta"))
    assert fields(grouped(asked, by_prefix(table), table, set())) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("trk", r"as in \['trk'\]"),
        (["trck"], "no cloud 'trck': did you mean 'trk'"),
        ({"c": ["trk_Pt"]}, "no ragged column 'trk_Pt': did you mean 'trk_pt'"),
        ({"c": ["met"]}, "one value for each event"),
        ({"c": ["odd"]}, "cannot be read: its type is odd"),
        ({"c": ["electrons", "muons"]}, "'pt' twice"),
    ],
)
def test_wrong_clouds(asked: object, message: str) -> None:
    table = Ragged("trk_pt", "trk_eta", columns=("met",), electrons=("pt",), muons=("pt",))
    with pytest.raises(InputError, match=message):
        grouped(asked, by_prefix(table), table, set())  # type: ignore[arg-type]


def test_excluded() -> None:
    table = Ragged("trk_pt", "trk_eta", "jet_pt")
    assert fields(grouped(None, by_prefix(table), table, {"trk_eta", "jet"})) == {"trk": {"pt": "trk_pt"}}
