"""Features shuffled among events, where events have different numbers of objects too."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lawful.evidence.arrays import Array
from lawful.evidence.models import Subject

if TYPE_CHECKING:
    import pandas as pd


def groups_of(subject: Subject) -> dict[str, list[str]] | None:
    """Columns that are shuffled together, by name, for a model of structured inputs; None for others.

    To what the structure says comes the number of objects of each input where no group holds it.
    """
    groups = subject.groups
    if groups is None:
        return None
    structure = subject.model.structure_
    held = {column for columns in groups.values() for column in columns}
    for index, part in enumerate(structure.parts):
        count = structure.names[structure.places(index)][0]
        if part.counted and count not in held:
            groups[f"{part.name or part.kind}: number"] = [count]
    return groups


def shuffled(frame: "pd.DataFrame", columns: Sequence[str], order: Array, structure: Any = None) -> "pd.DataFrame":
    """The events with some columns from other events, event i from event `order[i]`.

    Where an event has more objects than the values that it is given, these are repeated from the first one on; where
    it has fewer, the last ones are left out. So a field of objects is never shuffled against empty places, and a
    number of objects never changes without the objects.

    Args:
        frame: (N, S).
        columns: Those that are shuffled together.
        order: (N,), a permutation.
        structure: Of the inputs of a model, whose numbers the columns are; None: a table.
    """
    import pandas as pd

    new = frame.copy(deep=False)
    for column in columns:
        new[column] = frame[column].to_numpy()[order]
    moved = set(columns)
    made: dict[str, Array] = {}
    for index, part in enumerate(() if structure is None else structure.parts):
        names = structure.names[structure.places(index)]
        if part.counted and moved & set(names) and not moved >= set(names):
            made |= _fitted(frame, names, moved, order, part.shape[0])
    return new if not made else pd.DataFrame({name: made.get(str(name), new[name]) for name in new.columns})


def _fitted(
    frame: "pd.DataFrame", names: Sequence[str], moved: set[str], order: Array, places: int
) -> dict[str, Array]:
    """The fields of one input, (N,) for each place, with as many values as the event has objects."""
    counts = frame[names[0]].to_numpy().astype(np.int64)
    wanted = counts[order] if names[0] in moved else counts
    width = (len(names) - 1) // places
    own = np.arange(len(frame))
    found: dict[str, Array] = {}
    for f in range(width):
        field = names[1 + f :: width]
        source = order if field[0] in moved else own
        other = own if field[0] in moved else order
        source = np.where((counts[source] == 0) & (wanted > 0), other, source)  # nothing to repeat
        values = frame[list(field)].to_numpy()
        place = np.arange(places) % np.maximum(counts[source], 1)[:, None]
        taken = values[source[:, None], place]
        filled = np.where(np.arange(places) < wanted[:, None], taken, 0)
        found |= dict(zip(field, filled.T, strict=True))
    return found
