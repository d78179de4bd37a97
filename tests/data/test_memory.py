import pytest

from lawful.data import memory
from lawful.errors import InputError


def test_there_is_memory() -> None:
    there = memory.free()
    assert there is None or 2**20 < there < 2**50


def test_more_than_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free", lambda: 2**30)
    memory.require(2**30, where="it", instead="take less")
    with pytest.raises(InputError, match="it takes 3 GiB of memory and 1 GiB are free: take less"):
        memory.require(3 * 2**30, where="it", instead="take less")
    monkeypatch.setattr(memory, "free", lambda: None)
    memory.require(2**60, where="it", instead="take less")  # the system does not tell: try
