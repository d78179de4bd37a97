"""Scores of a trained model beside the columns of a file, part by part."""

import os
from pathlib import Path
from typing import Any

from lawful.errors import InputError
from lawful.studies.run_folder import RunFolder
from lawful.studies.runner import predictions


def score_file(run: Path, file: str, out: Path, tree: str | dict[str, Any] | None = None, rows: int = 200_000) -> int:
    """Write the events of `file` to `out` with the model's scores; the file is never held in memory as a whole.

    Args:
        run: Run folder, or a file that `save` wrote.
        file: Events with the columns that the model was trained on.
        out: Where to write; the suffix chooses the format. A ROOT file gets the same trees as the input.
        tree: Tree or trees of a ROOT file; None: those that the run was trained on if they are there, else the only
            one.
        rows: Events held at a time.

    Returns:
        Number of events.

    Raises:
        InputError: When the run has no model, columns are missing, or a format is not known.
    """
    from lawful.data import Writer, chunks, trees
    from lawful.learning import load

    model = load(_model_file(run))
    names = getattr(model, "feature_names_in_", None)
    if names is None:
        raise InputError(f"{run}: the model was trained on an array without column names; use model.predict.")
    if os.path.abspath(file) == os.path.abspath(out):
        raise InputError("The output is the input: choose another name for -o.")
    options: dict[str, Any] = {}
    if run.is_dir():
        study = RunFolder(run).study().data
        options["missing"] = study.missing
        if (
            tree is None
            and file.endswith(".root")
            and isinstance(study.tree, dict)
            and set(study.tree) <= {*trees(file)}
        ):
            tree = study.tree
    parts = list(tree) if isinstance(tree, dict) else [tree]
    count = 0
    with Writer(out) as writer:
        for part in parts:
            for events in chunks(file, rows, tree=part, features=[str(n) for n in names], extras=["*"], **options):
                scored = events.with_columns(predictions(model, events))
                writer.append(scored, tree=part or "events")
                count += len(events)
    return count


def _model_file(run: Path) -> Path:
    if run.is_dir():
        file = RunFolder(run).model
        if not file.is_file():
            raise InputError(f"{run} holds no trained model (no model.lawful). Has the run been finished?")
        return file
    return run
