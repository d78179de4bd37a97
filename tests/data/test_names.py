import pytest

from lawful.data.names import expand, listed, nearest, require
from lawful.errors import InputError


def test_nearest_ignores_case_and_keeps_the_spelling() -> None:
    assert nearest("JET1_PT", ["jet1_pt", "jet2_pt", "met"]).startswith("did you mean 'jet1_pt'")


def test_nothing_near_lists_what_there_is() -> None:
    assert nearest("zzz", ["pt", "eta"]) == "there are 'pt', 'eta'"
    assert nearest("zzz", []) == "there are none"


def test_long_lists_are_cut() -> None:
    assert listed([f"x{i}" for i in range(20)]).endswith("and 8 more")


def test_require_names_the_nearest() -> None:
    with pytest.raises(InputError, match=r"the file has no branch 'lepton_pt': did you mean 'lepton_pT'"):
        require(["lepton_pt"], ["lepton_pT"], what="branch", where="the file")


def test_expand_takes_a_name_before_a_pattern() -> None:
    assert expand(["x*", "x"], ["x", "xa", "x*"], what="column", where="it") == ("x*", "x")
    assert expand(["x?"], ["x", "xa"], what="column", where="it") == ("xa",)


def test_a_pattern_without_a_match_is_an_error() -> None:
    with pytest.raises(InputError, match="has no column"):
        expand(["jet_*"], ["pt"], what="column", where="it")
