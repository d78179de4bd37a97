from pathlib import Path

import numpy as np
import pytest

from lawful.data import chunks, read

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
