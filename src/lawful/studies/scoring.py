"""Scores of a trained model beside the columns of a file, part by part."""

import glob
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lawful.errors import InputError
from lawful.studies.run_folder import RunFolder
from lawful.studies.runner import predictions


def score_file(run: Path, file: str, out: Path, tree: list[str] | None = None, rows: int = 200_000) -> int:
    """Write the events of `file` to `out` with the model's scores; the file is never held in memory as a whole.

    Args:
        run: Run folder, or a file that `save` wrote.
        file: Events with the columns that the model was trained on, or a glob of such files.
        out: Where to write; the suffix chooses the format. A ROOT file gets the trees of the input; other formats
            hold one table, in which the column "tree" names where an event comes from if there were several.
        tree: Trees of a ROOT file; None: those that the run was trained on if they are there, else the only one.
        rows: Events held at a time.

    Returns:
        Number of events.

    Raises:
        InputError: When the run has no model, columns are missing or in the way, or a format is not known.
    """
    from lawful.data import Writer
    from lawful.learning import load

    folder = RunFolder(run if run.is_dir() else run.parent)
    if run.is_dir() and not folder.model.is_file():
        raise InputError(f"{run} holds no trained model (no model.lawful). Has the run been finished?")
    model = load(folder.model if run.is_dir() else run)
    names = getattr(model, "feature_names_in_", None)
    if names is None:
        raise InputError(f"{run}: the model was trained on an array without column names; use model.predict.")
    if os.path.abspath(file) == os.path.abspath(out):
        raise InputError("The output is the input: choose another name for -o.")
    study = folder.study().data if folder.started and (run.is_dir() or run == folder.model) else None
    trained = _trained_trees(file, study.tree) if study else []
    parts: list[str | None] = list(tree or trained) or [None]
    several = len(parts) > 1 and out.suffix != ".root"

    def scored() -> Iterator[tuple[str | None, Any]]:
        from lawful.data import chunks

        for part in parts:
            structure = getattr(model, "structure_", None)
            wanted = [str(name) for name in names]
            if structure is not None:  # clouds are read whatever is asked for
                wanted = [name for p in structure.parts if p.kind == "table" for name in p.fields]
            missing = getattr(model, "sentinels_", None) or (study.missing if study else None)
            for events in chunks(file, rows, tree=part, features=wanted, extras=["*"], missing=missing):
                new = predictions(model, events)
                if several:
                    new["tree"] = [part] * len(events)
                taken = [name for name in new if name in events]
                if taken:
                    raise InputError(
                        f"{file} has a column {taken[0]!r} already, the name of what is to be written. Rename it, or "
                        "score the file that the column was added to."
                    )
                yield part, events.with_columns(new)

    pieces = scored()
    first = next(pieces, None)  # looked at before the output is opened
    if first is None:
        raise InputError(f"{file} holds no events.")
    count = 0
    with Writer(out) as writer:
        for part, events in itertools.chain([first], pieces):
            if out.suffix == ".root" and part is not None:
                writer.append(events, tree=part)
            else:
                writer.append(events)
            count += len(events)
    return count


def _trained_trees(file: str, tree: Any) -> list[str]:
    """The trees that a run was trained on, when the file has them."""
    from lawful.data import trees

    found = sorted(glob.glob(file)) or [file]
    if tree is None or not found[0].endswith(".root"):
        return []
    names = list(tree) if isinstance(tree, dict) else [tree]
    return names if set(names) <= {*trees(found[0])} else []
