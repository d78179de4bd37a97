"""What stands beside a CSV file: the roles and types that have no place in the table itself."""

import json
import os
import warnings
from pathlib import Path
from typing import Any

SUFFIX = ".lawful.json"  # added to the whole name: jets.csv.lawful.json
_SIZE = "bytes"


def text_of(notes: dict[str, Any], size: int) -> str:
    """The file beside a table of `size` bytes."""
    return json.dumps({**notes, _SIZE: size}, indent=1) + "\n"


def notes_of(path: Path) -> Any:
    """The notes beside the table at `path`; None when there are none.

    Warns:
        UserWarning: When the table is not the one that they were written for, and they are left out.
    """
    place = path.with_name(path.name + SUFFIX)
    try:
        notes = json.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        notes = None
    if not isinstance(notes, dict):
        reason = "it is damaged"
    elif notes.get(_SIZE) != (size := os.path.getsize(path)):
        reason = f"it was written for a file of {notes.get(_SIZE)} bytes, and this one has {size}"
    else:
        return notes
    warnings.warn(
        f"{place} is left out, with the roles, units and types in it: {reason}. Remove it, or write the events again",
        UserWarning,
        stacklevel=2,
    )
    return None
