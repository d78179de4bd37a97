import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lawful.data import Events, Writer, chunks
from lawful.errors import InputError


def test_faults_of_the_call_show_at_once(flat: Events, tmp_path: Path) -> None:
    flat.write(tmp_path / "a.parquet")
    for arguments, message in (
        ({"rows": 0}, "rows=0"),
        ({"features": ["Pt"]}, "did you mean 'pt'"),
        ({"select": "pt >"}, "found the end"),
    ):
        with pytest.raises(InputError, match=message):
            chunks(tmp_path / "a.parquet", **arguments)  # type: ignore[arg-type]


def test_faults_of_the_values_show_when_reached(tmp_path: Path) -> None:
    x = np.arange(100.0)
    x[70] = np.nan
    with Writer(tmp_path / "a.parquet") as writer:
        writer.append({"x": x})
    pieces = chunks(tmp_path / "a.parquet", rows=50)
    assert len(next(pieces)) == 50
    with pytest.raises(InputError, match="'x' has 1 NaN"):
        next(pieces)


def test_nothing_left(flat: Events, tmp_path: Path) -> None:
    flat.write(tmp_path / "a.root")
    with pytest.raises(InputError, match="no event passes"):
        list(chunks(tmp_path / "a.root", select="pt < 0"))


@pytest.mark.parametrize("suffix", [".root", ".parquet", ".h5", ".csv"])
def test_memory_is_bounded_by_the_piece(tmp_path: Path, suffix: str) -> None:
    """Reading 80 MB (CSV: 3 MB) in small pieces takes less than half of that, or 8 MB where that is more."""
    n, pieces, features = (5_000, 4, 20) if suffix == ".csv" else (100_000, 20, 5)
    rng = np.random.default_rng(0)
    with Writer(tmp_path / f"a{suffix}") as writer:
        for _ in range(pieces):
            writer.append({f"x{j}": rng.random(n) for j in range(features)})
    code = (
        "import resource\n"
        "from lawful.data import chunks\n"
        f"pieces = chunks({str(tmp_path / f'a{suffix}')!r}, rows={n // 4})\n"
        "next(pieces)\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "rows = sum(len(piece) for piece in pieces)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    grown = 1024 * int(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    )
    assert grown < max(n * pieces * features * 8 / 2, 8e6)
