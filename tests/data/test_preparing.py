from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lawful.data import Writer
from lawful.data.pieces import raw_pieces
from lawful.data.plan import Request
from lawful.data.preparing import Reading, prepare
from lawful.errors import InputError


def request(**said: object) -> Request:
    empty: dict[str, object] = dict.fromkeys(Request.__dataclass_fields__)
    return Request(**{**empty, "exclude": (), "extras": (), **said})  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Writer(tmp_path / "a.root") as writer:
        for tree, n in (("s", 10), ("b", 30)):
            w = np.linspace(-1, 2, n)
            writer.append({"x": np.arange(float(n)), "w": w, "w_up": 2 * w, "n": np.arange(n, dtype="i2")}, tree=tree)
    return tmp_path / "a.root"


@pytest.mark.parametrize(
    ("most", "stops"), [(None, (None, None)), (2, (1, 1)), (7, (4, 3)), (30, (10, 15)), (999, (10, 30))]
)
def test_each_label_has_its_share_of_the_rows(path: Path, most: int | None, stops: tuple[int | None, ...]) -> None:
    reading = prepare(path, {"s": 1, "b": 0}, request(), most)
    assert reading.stops == stops
    assert reading.rows == (tuple(stops) if most else (10, 30))


def test_files_of_one_label_share_its_rows(path: Path) -> None:
    assert prepare([f"{path}:s"] * 3, None, request(), 15).stops == (10, 5, 0)


@pytest.mark.parametrize("most", [0, -1, 2.0, True])
def test_rows_are_a_positive_whole_number(path: Path, most: object) -> None:
    with pytest.raises(InputError, match="most_rows="):
        prepare(path, "s", request(), most)  # type: ignore[arg-type]


def test_a_bare_sentinel_speaks_of_all_but_target_weights_and_group(path: Path) -> None:
    said = {"target": "n", "weight": "w", "variations": {"up": "w_up"}, "select": "x > 0"}
    assert prepare(path, "s", request(missing=-9, **said), None).missing == {"x": (-9.0,)}
    assert prepare(path, "s", request(missing={"n": -9}, **said), None).missing == {"n": (-9.0,)}


def test_memory_of_a_row(path: Path) -> None:
    assert prepare(path, "s", request(), None).row_bytes == 8 + 8 + 8 + 2
    assert prepare(path, "s", request(features=["n"]), None).row_bytes == 2


def pieces(reading: Reading, rows: int | None) -> list[dict[str, list[float]]]:
    return [{n: v.tolist() for n, v in piece.columns.items()} for piece in raw_pieces(reading, 0, rows)]


def test_sentinels_then_cut_then_factors(path: Path) -> None:
    """The cut sees NaN for the sentinel and the weights of the file; the factor comes last, on all weights."""
    asked = request(
        features=["x"], weight="w", variations={"up": "w_up"}, missing={"x": 9}, select="w > 1 and x > 0", normalise=1
    )
    reading = prepare(path, "s", asked, None)
    whole = np.linspace(-1, 2, 10)
    found = pieces(replace(reading, factors=(10.0,)), None)
    assert found[0]["x"] == [7, 8]  # the last, 9, is missing
    np.testing.assert_allclose(found[0]["w"], 10 * whole[7:9])
    np.testing.assert_allclose(found[0]["w_up"], 20 * whole[7:9])


def test_pieces_keep_only_what_was_asked_for(path: Path) -> None:
    reading = prepare(path, {"s": "sig"}, request(features=["x"], select="w > 1"), None)
    found = pieces(reading, 8)
    assert [set(piece) for piece in found] == [{"x", "label"}] * 2
    assert [piece["label"] for piece in found] == [["sig"], ["sig", "sig"]]
