import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lawful.data.roles import Roles, Shift, from_notes, up_and_down, without

ROLES = Roles(
    ("pt", "eta"),
    "y",
    "w",
    "event",
    {"pt": "GeV"},
    {"jes_up": Shift({"pt": "pt_up"}, "w_up"), "pdf": Shift({}, "w_pdf")},
    ("eta",),
)
KNOWN = ("pt", "eta", "y", "w", "event", "pt_up", "w_up", "w_pdf")


def test_notes_there_and_back() -> None:
    assert from_notes(json.loads(json.dumps(ROLES.notes())), KNOWN) == ROLES


def test_notes_about_columns_that_are_gone() -> None:
    found = from_notes(ROLES.notes(), ("pt", "y", "w_up"))
    assert found == Roles(("pt",), "y", None, None, {"pt": "GeV"}, {"jes_up": Shift({}, "w_up")}, ())


@pytest.mark.parametrize("notes", [None, 3, "x", [], {}, {"lawful": "x"}])
def test_other_notes_are_none_of_ours(notes: object) -> None:
    assert from_notes(notes, KNOWN) is None


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(KNOWN),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(list(ROLES.notes())), anything))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_spoilt_notes_never_raise(notes: dict[str, object]) -> None:
    found = from_notes({"lawful": 1, **notes}, KNOWN)
    assert found is None or set(found.features) <= set(KNOWN)


def test_without() -> None:
    left = without(ROLES, {"pt", "w_pdf"})
    assert left.features == ("eta",)
    assert left.variations == {"jes_up": Shift({}, "w_up")}


def test_pairs_by_every_way_of_naming() -> None:
    names = ["a_up", "a_down", "bUp", "bDown", "c__1up", "c__1down", "d_UP", "d_DOWN", "e_up", "f", "_up", "_down"]
    assert up_and_down(names) == {
        "a": ("a_up", "a_down"),
        "b": ("bUp", "bDown"),
        "c": ("c__1up", "c__1down"),
        "d": ("d_UP", "d_DOWN"),
    }
