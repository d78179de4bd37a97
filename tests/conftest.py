"""What several rooms' tests share."""

import pytest

import lawful as lf


@pytest.fixture(scope="session")
def higgs():
    """The 20,000 events of the study `higgs`."""
    from lawful.studies.reading import locate

    return lf.read(
        locate("builtin:higgs.root"), tree={"sig_tree": 1, "bkg_tree": 0}, target="is_signal", exclude=["Type"]
    )
