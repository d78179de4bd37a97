"""Runnable studies: a TOML file says data, question, model and evidence, and can be run again."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lawful.studies.reading import builtin, locate, read_study
    from lawful.studies.run_folder import RunFolder
    from lawful.studies.runner import run
    from lawful.studies.schema import Study

_HOME = {
    "RunFolder": "run_folder",
    "Study": "schema",
    "builtin": "reading",
    "locate": "reading",
    "read_study": "reading",
    "run": "runner",
}

__all__ = ["RunFolder", "Study", "builtin", "locate", "read_study", "run"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"lawful.studies.{_HOME[name]}"), name)
    raise AttributeError(f"module 'lawful.studies' has no attribute {name!r}")
