"""Events and files that several tests use."""

from pathlib import Path

import numpy as np
import pytest

from lawful.data import Events, Writer


@pytest.fixture
def flat() -> Events:
    """Events with every role but clouds, and every kind of column."""
    return make_events(clouds=False)


@pytest.fixture
def full() -> Events:
    """Events with every role, every kind of column, and clouds with empty events."""
    return make_events(clouds=True)


@pytest.fixture(scope="session")
def dijets() -> Path:
    """A file with four-vectors, alone and in lists, that a C++ program wrote."""
    return Path(__file__).parent / "files" / "dijets.root"


def make_events(*, clouds: bool, n: int = 500) -> Events:
    rng = np.random.default_rng(1)
    counts = rng.integers(0, 4, n)
    lists = [rng.exponential(10, k).astype(np.float32) for k in counts]
    eta = rng.normal(size=n)
    eta[::50] = -999
    return Events(
        {
            "pt": rng.exponential(30, n).astype(np.float32),
            "eta": eta,
            "jets": rng.integers(0, 6, n).astype(np.int16),
            "tagged": rng.random(n) < 0.3,
            "run": rng.integers(0, 2**40, n),
        },
        y=np.where(rng.random(n) < 0.4, "signal", "background"),
        weight=rng.normal(1, 1, n),
        group=np.arange(n) // 3,
        units={"pt": "GeV"},
        variations={
            "jes_up": {"pt": rng.exponential(33, n).astype(np.float32), "weight": rng.normal(1, 1, n)},
            "jes_down": {"pt": rng.exponential(27, n).astype(np.float32)},
            "pdf": rng.normal(1, 1, n),
        },
        extras={"mass": rng.normal(91, 3, n), "process": np.array(["zz", "ttbar", "größer"])[rng.integers(0, 3, n)]},
        clouds={"tracks": {"pt": lists, "hits": [np.arange(k) for k in counts]}} if clouds else None,
        missing={"eta": -999},
    )


@pytest.fixture
def ntuple(tmp_path: Path) -> Path:
    """A ROOT file as an experiment might make it: two trees, shifted branches, weights, a sentinel."""
    rng = np.random.default_rng(0)
    with Writer(tmp_path / "ntuple.root") as writer:
        for tree, n, mean in (("sig_tree", 300, 60), ("bkg_tree", 700, 40)):
            pt = rng.normal(mean, 5, n)
            writer.append(
                {
                    "Type": np.full(n, float(tree == "sig_tree")),
                    "pt": pt,
                    "pt_jes_up": pt * 1.1,
                    "pt_jes_down": pt * 0.9,
                    "mass": rng.normal(91, 3, n),
                    "d0": np.where(rng.random(n) < 0.1, -999.0, rng.normal(size=n)),
                    "w": rng.normal(1, 1, n),
                    "w_pdf_up": rng.normal(1, 1, n),
                    "event": np.arange(n) // 2,
                },
                tree=tree,
            )
    return tmp_path / "ntuple.root"
