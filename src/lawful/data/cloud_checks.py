"""Whether the values of a cloud can be learned from."""

import numpy as np

from lawful.data import padding
from lawful.data.clouds import Cloud
from lawful.errors import InputError


def check_cloud(cloud: Cloud, name: str) -> None:
    """Raise when a value of a cloud is not finite or an energy is negative; events without objects are normal.

    Args:
        cloud: The cloud.
        name: What errors call it.

    Raises:
        InputError: When a field holds NaN or infinite values, or the field E holds values below zero: the first one's
            event and place in it, counted from 0, and how many there are.

    Examples:
        >>> check_cloud(Cloud([0, 2, 2], {"pt": [20.0, 30.0]}), "tracks")
        >>> check_cloud(Cloud([0, 2, 3], {"pt": [20.0, 30.0, np.nan]}), "tracks")
        Traceback (most recent call last):
        ...
        lawful.errors.InputError: cloud 'tracks': field 'pt' holds 1 value that is NaN or infinite, of 3; the first \
is nan, object 0 of event 1. Leave such objects or events out before
    """
    for field in cloud.fields:
        if cloud[field].dtype.kind == "f":
            _none(cloud, name, field, "NaN or infinite", "Leave such objects or events out before")
    if "E" in cloud.fields:
        say = "E is the energy of a four-vector: correct it, or give what may be negative another name"
        _none(cloud, name, "E", "negative", say)


def _none(cloud: Cloud, name: str, field: str, kind: str, say: str) -> None:
    """Raise when there is a value of the kind."""
    count, first = 0, None
    for start, part in padding.parts(cloud):
        values = part[field]
        wrong = np.flatnonzero(values < 0 if kind == "negative" else ~np.isfinite(values))
        if len(wrong) and first is None:
            event = int(np.searchsorted(part.offsets, wrong[0], side="right")) - 1
            first = (
                f"the first is {values[wrong[0]]}, object {wrong[0] - part.offsets[event]} of event {start + event}"
            )
        count += len(wrong)
    if count:
        what = f"{count:,} value that is" if count == 1 else f"{count:,} values that are"
        raise InputError(
            f"cloud {name!r}: field {field!r} holds {what} {kind}, of {cloud.offsets[-1]:,}; {first}. {say}"
        )
