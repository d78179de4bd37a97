"""What several rooms' tests share."""

import os

if "PYTEST_XDIST_WORKER" in os.environ:  # a worker for each core: more threads would wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest

import lawful as lf


@pytest.fixture(scope="session")
def higgs():
    """The 20,000 events of the study `higgs`."""
    from lawful.studies.reading import locate

    return lf.read(
        locate("builtin:higgs.root"), tree={"sig_tree": 1, "bkg_tree": 0}, target="is_signal", exclude=["Type"]
    )
