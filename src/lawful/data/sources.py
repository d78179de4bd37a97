"""Which files, trees and labels a call of `read` speaks of."""

import difflib
import glob
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lawful.data import sidecar
from lawful.data.formats import checked
from lawful.data.names import listed
from lawful.errors import InputError

PathLike = str | os.PathLike[str]
Paths = PathLike | Sequence[PathLike] | Mapping[PathLike, Any]
Trees = str | Mapping[str, Any] | None

_WITH_TREE = re.compile(r"^(?P<path>.+\.(?:root|h5|hdf5)):(?P<tree>[^\\]+)$", re.IGNORECASE)


@dataclass(frozen=True)
class Source:
    """One table to be read.

    Attributes:
        path: The file.
        tree: The tree in it, where it has several.
        label: The label of all its rows; None when a column tells.
        given: The path as the user wrote it.
    """

    path: Path
    tree: str | None
    label: Any
    given: str


def sources(path: Paths, tree: Trees) -> tuple[Source, ...]:
    """The tables that a path (or list, glob, or mapping of path to label) and a tree (or mapping to label) mean.

    Raises:
        InputError: When there is no such file, the list is empty, or both paths and trees are labelled.
    """
    labelled = isinstance(path, Mapping)
    if isinstance(path, Mapping):
        if isinstance(tree, Mapping):
            raise InputError("paths and trees are both mappings to labels: label one of them")
        pairs = [(one, label) for one, label in path.items()]
    elif isinstance(path, str | os.PathLike):
        pairs = [(path, None)]
    elif isinstance(path, Sequence):
        pairs = [(one, None) for one in path]
    else:
        raise InputError(
            f"path must be a path, a list of paths or a mapping of path to label, received {type(path).__name__}"
        )
    if not pairs:
        raise InputError("the list of files is empty: did a glob or a filter match nothing?")
    if isinstance(tree, Mapping) and not tree:
        raise InputError("tree={}: the mapping of tree to label is empty")
    found = []
    for one, label in pairs:
        if labelled and label is None:
            raise InputError(f"the label of {os.fspath(one)!r} is None: a number or a text is expected")
        for file, own_tree in _files(os.fspath(one)):
            checked(file)
            trees: list[tuple[str | None, Any]] = [(own_tree, label)]
            if tree is not None:
                if own_tree is not None:
                    raise InputError(f"{one}: the tree is named in the path and again as tree={tree!r}; say it once")
                trees = list(tree.items()) if isinstance(tree, Mapping) else [(tree, label)]
            found += [Source(file, name, mark, os.fspath(one)) for name, mark in trees]
    return tuple(found)


def _files(given: str) -> list[tuple[Path, str | None]]:
    """The files that one entry means, and the tree that it names after a colon."""
    if "://" in given:
        raise InputError(f"{given}: files are read from disks, not over the network; copy it here first")
    given = os.path.expanduser(given)
    if os.path.exists(given):
        return [(Path(given), None)]
    tree = None
    if match := _WITH_TREE.match(given):
        given, tree = match["path"], match["tree"]
        if os.path.exists(given):
            return [(Path(given), tree)]
    matches = sorted(glob.glob(given, recursive=True)) if glob.has_magic(given) else []
    matches = [one for one in matches if not one.endswith(sidecar.SUFFIX)]  # read with the tables that they belong to
    if matches:
        return [(Path(one), tree) for one in matches]
    raise InputError(_absent(given))


def _absent(given: str) -> str:
    """What to say about a path that does not exist."""
    path = Path(given)
    if glob.has_magic(given):
        return f"no file matches {given!r} (looked from {os.getcwd()!r})"
    folder = path.parent
    if not folder.is_dir():
        return f"{given} does not exist, nor does the folder {str(folder)!r}"
    try:
        names = sorted(file.name for file in folder.iterdir())
    except OSError:
        names = []
    near = difflib.get_close_matches(path.name, names, n=3, cutoff=0.6)
    if near:
        return f"{given} does not exist; did you mean {' or '.join(repr(str(folder / name)) for name in near)}?"
    same = [name for name in names if name.endswith(path.suffix) and path.suffix] or names
    return f"{given} does not exist; its folder holds {listed(same) if same else 'nothing'}"
