from pathlib import Path

import numpy as np
import pytest

from lawful.data import Writer, chunks, read
from lawful.errors import InputError

BOTH = {"sig_tree": 1, "bkg_tree": 0}


def test_normalising_counts_events_before_the_cut(ntuple: Path) -> None:
    plain = read(ntuple, tree=BOTH, weight="w", features=["pt"])
    events = read(ntuple, tree=BOTH, weight="w", features=["pt"], normalise=500.0)
    assert events.weight.sum() == pytest.approx(500)
    cut = read(ntuple, tree=BOTH, weight="w", features=["pt"], normalise=500.0, select="pt > 50")
    efficiency = plain.weight[plain["pt"] > 50].sum() / plain.weight.sum()
    assert cut.weight.sum() == pytest.approx(500 * efficiency)
    assert np.array_equal(events.weight < 0, plain.weight < 0)


@pytest.mark.parametrize("keys", [(1, 0), ("sig_tree", "bkg_tree")])
def test_normalising_class_by_class(ntuple: Path, keys: tuple[object, object]) -> None:
    yields = dict(zip(keys, (30.0, 7000.0), strict=True))
    events = read(
        ntuple,
        tree=BOTH,
        weight="w",
        features=["pt"],
        normalise=yields,
        variations={"pdf_up": "w_pdf_up"},
    )
    assert events.weight[events.y == 1].sum() == pytest.approx(30)
    assert events.weight[events.y == 0].sum() == pytest.approx(7000)
    plain = read(ntuple, tree=BOTH, weight="w", features=["pt"], variations={"pdf_up": "w_pdf_up"})
    for k in (0, 1):  # the variation keeps its relative effect
        ratio = [e.variations["pdf_up"].weight[e.y == k].sum() / e.weight[e.y == k].sum() for e in (events, plain)]
        assert ratio[0] == pytest.approx(ratio[1])
    assert sum(
        piece.weight.sum()
        for piece in chunks(ntuple, rows=90, tree=BOTH, weight="w", normalise=yields, features=["pt"])
    ) == pytest.approx(7030)


def test_normalising_by_a_column_of_classes_and_without_weights(ntuple: Path) -> None:
    events = read(
        [f"{ntuple}:sig_tree", f"{ntuple}:bkg_tree"], target="Type", features=["pt"], normalise={1: 3, 0: 7}
    )
    assert events.weighted
    assert events.weight[events.y == 1].sum() == pytest.approx(3)
    assert events.weight[events.y == 0].sum() == pytest.approx(7)


def test_cuts_see_the_weights_of_the_file(ntuple: Path) -> None:
    """A cut on the weight, or on that of a variation, means the same events with and without `normalise`."""
    arguments = {"tree": BOTH, "weight": "w", "features": ["pt"], "variations": {"pdf": "w_pdf_up"}}
    whole = read(ntuple, **arguments)
    for cut in ("w > 0.5", "w_pdf_up > 0.5 and w < 2"):
        expected = whole.select(cut)
        events = read(ntuple, **arguments, normalise=5000.0, select=cut)
        factor = 5000 / whole.weight.sum()
        np.testing.assert_array_equal(events["pt"], expected["pt"])
        np.testing.assert_allclose(events.weight, factor * expected.weight, rtol=1e-12)
        np.testing.assert_allclose(
            events.variations["pdf"].weight, factor * expected.variations["pdf"].weight, rtol=1e-12
        )
        pieces = list(chunks(ntuple, rows=77, **arguments, normalise=5000.0, select=cut))
        np.testing.assert_array_equal(np.concatenate([piece.weight for piece in pieces]), events.weight)


def test_the_column_weight_of_the_file_is_cut_before_ones_take_its_name(tmp_path: Path) -> None:
    with Writer(tmp_path / "a.parquet") as writer:
        writer.append({"x": [1.0, 2.0, 3.0, 4.0], "weight": [5.0, 7.0, 9.0, 11.0]})
    events = read(tmp_path / "a.parquet", features=["x"], normalise=2.0, select="weight > 8")
    assert (events["x"].tolist(), events.weight.tolist()) == ([3, 4], [0.5, 0.5])


def test_a_class_that_the_cut_empties(ntuple: Path) -> None:
    events = read(ntuple, tree=BOTH, target="s", features=["pt"], normalise={1: 30, 0: 70}, select="s == 1")
    assert events.weight.sum() == pytest.approx(30)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"tree": BOTH, "normalise": {"sig": 1, "bkg": 2}},
            "there are the labels 1, 0, the trees 'sig_tree', ",
        ),
        ({"tree": BOTH, "normalise": {"sig_tree": 1}}, "also events of 0; there are the labels 1, 0, the trees"),
        (
            {"tree": {"sig_tree": "s", "bkg_tree": "b"}, "normalise": {1: 3, 0: 4}},
            "also events of 's'; there are the labels 's', 'b', the trees 'sig_tree', 'bkg_tree', the files '",
        ),
        (
            {"tree": "sig_tree", "target": "Type", "normalise": {"signal": 3, 1: 2}},
            "'signal', but no events have this label, tree or file; there are the labels 1.0, the trees 'sig_tree'",
        ),
        ({"tree": "sig_tree", "target": "Type", "normalise": {0: 3}}, "class 1.0; there are the labels 1.0"),
        ({"tree": "sig_tree", "normalise": {1: 3}}, "no target to tell the events apart; there are the trees 'sig_t"),
    ],
)
def test_wrong_keys_name_what_there_is(ntuple: Path, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(ntuple, features=["pt"], **arguments)
