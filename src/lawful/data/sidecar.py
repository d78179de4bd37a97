"""What stands beside a CSV file: the roles and types that have no place in the table itself."""

import json
import os
import time
from pathlib import Path
from typing import Any

SUFFIX = ".lawful.json"  # added to the whole name: jets.csv.lawful.json
_SIZE = "bytes"
_MOMENT = 0.1  # seconds, longer than what lies between the renaming of the two files


def text_of(notes: dict[str, Any], size: int) -> str:
    """The file beside a table of `size` bytes."""
    return json.dumps({**notes, _SIZE: size}, indent=1) + "\n"


def notes_of(path: Path) -> tuple[Any, str]:
    """The notes beside the table at `path`, None when there are none, and why they were left out, if they were.

    They are left out when the table is not the one that they were written for. Both files may be about to be
    replaced, so that a second look decides.
    """
    notes, fault = _looked(path)
    if fault:
        time.sleep(_MOMENT)
        notes, fault = _looked(path)
    return notes, fault


def _looked(path: Path) -> tuple[Any, str]:
    place = path.with_name(path.name + SUFFIX)
    try:
        notes = json.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None, ""
    except ValueError:
        notes = None
    if not isinstance(notes, dict):
        return None, f"{place}, which tells roles, units and types, is damaged"
    if notes.get(_SIZE) != (size := os.path.getsize(path)):
        return None, (
            f"{place}, which tells roles, units and types, was written for a file of {notes.get(_SIZE)} bytes, and "
            f"this one has {size}"
        )
    return notes, ""
