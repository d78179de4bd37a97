"""ROOT files: trees of branches, read and written with uproot."""

import itertools
import json
import os
import re
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np
import numpy.typing as npt
import uproot

from lawful.data import fourvectors
from lawful.data.clouds import Cloud, from_awkward, joined, leaves, native
from lawful.data.formats import Batch, Sink, Table, faults
from lawful.data.names import listed, nearest
from lawful.errors import InputError

Array = npt.NDArray[Any]

_NOTES = "lawful"
_NOT_A_BRANCH = re.compile(r"/|\[\d*\]|^$")
_AT_ONCE = 200_000  # rows of a piece of branches of lists of records
_BASKET = 100_000  # rows that are packed together


@final
class TreeTable(Table):
    """One tree of a ROOT file.

    A branch with a four-vector an event, `jet`, gives the columns `jet_px`, `jet_py`, `jet_pz`, `jet_E`, and on
    demand `jet_pt`, `jet_eta`, `jet_phi`, `jet_m`; a branch of fixed-size arrays, `x`, gives `x_0`, `x_1`, ...
    """

    def __init__(self, path: Path, tree: str | None) -> None:
        self._path = path
        self._file = uproot.open(path)
        try:
            self._describe(tree)
        except BaseException:
            self._file.close()
            raise

    def _describe(self, tree: str | None) -> None:
        name = _chosen(self._path, self._file, tree)
        self._tree = self._file[name]
        if not isinstance(self._tree, uproot.TTree):
            raise InputError(f"{self._path}:{name} is an RNTuple, which is not read yet; write it as a TTree")
        self.name, self.rows = f"{self._path}:{name}", int(self._tree.num_entries)
        kept = _notes(self._file).get(name)
        self.notes = kept
        self._texts = _texts(kept)
        self._names: dict[str, str] = _noted(kept, "names")  # branch to column, where they differ
        self._counters = set(_noted(kept, "counters"))
        self._home: dict[str, tuple[str, str | int | None]] = {}  # column to (branch, field or place in an array)
        self.ragged, self.unreadable = {}, {}
        columns: dict[str, np.dtype[Any]] = {}
        derived: dict[str, np.dtype[Any]] = {}
        for branch in self._branches():
            self._place(branch, columns, derived)
        self.columns = columns
        self.derived = {key: dtype for key, dtype in derived.items() if key not in columns}

    def _branches(self) -> Iterator[Any]:
        """Branches that can be read; of one that is split into components, the components."""
        names: set[str] = set()
        waiting = list(reversed(self._tree.branches))
        while waiting:
            branch = waiting.pop()
            if branch.branches and isinstance(branch.interpretation, uproot.interpretation.grouped.AsGrouped):
                waiting.extend(reversed(branch.branches))
            elif branch.name not in names and branch.name not in self._counters:
                names.add(branch.name)
                yield branch

    def _place(self, branch: Any, columns: dict[str, np.dtype[Any]], derived: dict[str, np.dtype[Any]]) -> None:
        """Find out what a branch becomes."""
        kinds = uproot.interpretation
        kind, name = branch.interpretation, self._names.get(branch.name, branch.name)
        if name in self._texts:
            columns[name], self._home[name] = np.dtype(np.str_), (branch.name, None)
        elif isinstance(kind, kinds.objects.AsStridedObjects) or (
            isinstance(kind, kinds.jagged.AsJagged) and isinstance(kind.content, kinds.objects.AsStridedObjects)
        ):
            self._place_records(branch, columns, derived)
        elif isinstance(kind, kinds.numerical.AsDtype):
            self._place_numbers(branch.name, name, kind.to_dtype, columns)
        elif isinstance(kind, kinds.strings.AsStrings):
            columns[name], self._home[name] = np.dtype(np.str_), (branch.name, None)
        elif isinstance(kind, kinds.jagged.AsJagged) and isinstance(kind.content, kinds.numerical.AsDtype):
            self._place_lists(name, kind.content.to_dtype)
        else:
            self.unreadable = {**self.unreadable, name: f"its type is {branch.typename}"}

    def _place_numbers(self, branch: str, name: str, dtype: np.dtype[Any], columns: dict[str, np.dtype[Any]]) -> None:
        base, shape = dtype.subdtype or (dtype, ())
        if base.names or len(shape) > 1:
            self.unreadable = {**self.unreadable, name: f"its type is {dtype}"}
            return
        for j in range(shape[0]) if shape else [None]:
            column = name if j is None else f"{name}_{j}"
            columns[column], self._home[column] = base.newbyteorder("="), (branch, j)

    def _place_lists(self, name: str, dtype: np.dtype[Any]) -> None:
        if dtype.subdtype or dtype.names:
            self.unreadable = {**self.unreadable, name: f"its type is lists of {dtype}"}
        else:
            self.ragged = {**self.ragged, name: ("value",)}

    def _place_records(
        self, branch: Any, columns: dict[str, np.dtype[Any]], derived: dict[str, np.dtype[Any]]
    ) -> None:
        empty = branch.array(entry_stop=0, library="ak")
        if empty.ndim == 2:
            import awkward as ak

            self.ragged = {**self.ragged, branch.name: tuple(leaves(ak.flatten(empty, axis=1)))}
            return
        fields = {field: np.asarray(values).dtype for field, values in leaves(empty).items()}
        for field, dtype in fields.items():
            columns[f"{branch.name}_{field}"] = dtype
            self._home[f"{branch.name}_{field}"] = (branch.name, field)
        for field in fourvectors.derivable(tuple(fields)):
            derived[f"{branch.name}_{field}"] = np.dtype(np.float64)
            self._home.setdefault(f"{branch.name}_{field}", (branch.name, field))

    def batches(
        self, columns: Sequence[str], ragged: Sequence[str], rows: int | None, stop: int | None
    ) -> Iterator[Batch]:
        """The columns named, piece by piece; in one piece when `rows` is absent."""
        total = self.rows or 0
        end = total if stop is None else min(stop, total)
        step = rows or max(end, 1)
        with faults(self._path, "ROOT"):
            for start in range(0, end, step):
                till = min(start + step, end)
                found = self._columns(columns, start, till)
                yield Batch(found, {name: self._lists(name, start, till) for name in ragged}, till - start)

    def _lists(self, name: str, start: int, till: int) -> Cloud:
        """The lists of one ragged branch.

        Lists of numbers are read as a whole: the baskets of one branch are held beside what they become. Records take
        several times their size while they are taken apart, so they are read in pieces.
        """
        branch = self._tree[name]
        numbers = isinstance(branch.interpretation.content, uproot.interpretation.numerical.AsDtype)
        step = till - start if numbers else _AT_ONCE
        parts = [
            from_awkward(
                branch.array(entry_start=at, entry_stop=min(at + step, till), library="ak", array_cache=None)
            )
            for at in range(start, till, step)
        ]
        return parts[0] if len(parts) == 1 else joined(parts)

    def _columns(self, names: Sequence[str], start: int, till: int) -> dict[str, Array]:
        by_branch: dict[str, list[str]] = {}
        for name in names:
            by_branch.setdefault(self._home[name][0], []).append(name)
        found: dict[str, Array] = {}
        for branch, wanted in by_branch.items():
            found |= self._one(branch, wanted, start, till)
        return {name: found[name] for name in names}

    def _one(self, name: str, wanted: list[str], start: int, till: int) -> dict[str, Array]:
        """The columns that one branch gives."""
        branch = self._tree[name]
        if isinstance(branch.interpretation, uproot.interpretation.objects.AsStridedObjects):
            records = leaves(branch.array(entry_start=start, entry_stop=till, library="ak"))
            fields = {field: native(np.asarray(values)) for field, values in records.items()}
            pick = {column: str(self._home[column][1]) for column in wanted}
            return {
                column: fields[field] if field in fields else fourvectors.derive(field, fields)
                for column, field in pick.items()
            }
        values = branch.array(entry_start=start, entry_stop=till, library="np")
        if wanted[0] in self._texts:
            return {wanted[0]: np.asarray(self._texts[wanted[0]], dtype=np.str_)[values]}
        if values.dtype == object:
            return {wanted[0]: values.astype(np.str_)}
        if values.ndim == 1:
            return {wanted[0]: native(values)}
        return {column: native(np.ascontiguousarray(values[:, int(self._home[column][1] or 0)])) for column in wanted}

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _names(file: Any) -> dict[str, int]:
    """Name of each tree to its number of entries."""
    found: dict[str, int] = {}
    for name, kind in file.classnames(cycle=False).items():
        if kind in ("TTree", "TNtuple", "TNtupleD", "TChain") or "RNTuple" in kind:
            found[name] = int(file[name].num_entries)
    return found


def _chosen(path: Path, file: Any, tree: str | None) -> str:
    """The name of the tree that is meant."""
    there = _names(file)
    if tree is not None:
        bare = tree.split(";")[0]
        if bare in there:
            return bare
        raise InputError(f"{path} has no tree {tree!r}: {nearest(tree, there)}")
    if not there:
        raise InputError(
            f"{path} holds no trees, but {listed(file.keys(cycle=False))}: histograms and the like are not read"
        )
    filled = [name for name, entries in there.items() if entries]
    if len(filled) > 1:
        raise InputError(
            f"{path} holds several trees: say which with tree=, of {listed(filled)}; "
            f"to label several, tree={{{filled[0]!r}: 1, {filled[1]!r}: 0}} with target='the label'"
        )
    return filled[0] if filled else next(iter(there))


def _notes(file: Any) -> dict[str, Any]:
    """What `Events.write` left in the file, by tree."""
    if file.classnames(cycle=False).get(_NOTES) != "TObjString":
        return {}
    try:
        found = json.loads(str(file[_NOTES]))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _texts(notes: Any) -> dict[str, list[str]]:
    """Columns of text, which a tree holds as numbers: name to the text that each number stands for."""
    texts = notes.get("texts") if isinstance(notes, dict) else None
    if not isinstance(texts, dict):
        return {}
    return {str(name): [str(value) for value in values] for name, values in texts.items() if isinstance(values, list)}


def _noted(notes: Any, key: str) -> Any:
    """A mapping of name to name in a tree's notes."""
    found = notes.get(key) if isinstance(notes, dict) else None
    return {str(a): str(b) for a, b in found.items()} if isinstance(found, dict) else {}


def _whole(path: Path) -> None:
    """Raise `InputError` when a file ends before its header says."""
    with open(path, "rb") as file:
        head = file.read(20)
    if len(head) < 20:
        raise InputError(f"{path} is truncated: {len(head)} bytes are less than the header of a ROOT file")
    version = struct.unpack(">i", head[4:8])[0]
    end = struct.unpack(">q", head[12:20])[0] if version >= 1_000_000 else struct.unpack(">i", head[12:16])[0]
    size = os.path.getsize(path)
    if size < end:
        raise InputError(f"{path} is truncated: it should have {end} bytes and has {size}. Copy or write it again")


def open_table(path: Path, tree: str | None) -> Table:
    """One tree of a ROOT file; where there is one with entries, `tree` need not say which."""
    _whole(path)
    with faults(path, "ROOT"):
        return TreeTable(path, tree)


def trees(path: Path) -> tuple[str, ...]:
    """Names of the trees in a ROOT file."""
    _whole(path)
    with uproot.open(path) as file:
        return tuple(_names(file))


@final
class FileSink(Sink):
    """A ROOT file to be written: a TTree a tree; roles stand in a TObjString called `lawful`.

    Clouds become jagged branches `cloud_field` with the counter `ncloud`. Text becomes whole numbers, and the notes
    say which stands for which. A column whose name ROOT would take for something else gets the branch `column_0` or
    alike, and the notes say which.
    """

    def __init__(self, path: Path) -> None:
        self._file = uproot.recreate(path, compression=uproot.LZ4(1))
        self._trees: dict[str, Any] = {}
        self._notes: dict[str, Any] = {}
        self._branches: dict[str, dict[str, str]] = {}  # tree to column to branch

    def append(self, columns: Mapping[str, Array], clouds: Mapping[str, Cloud], tree: str, notes: Any) -> None:
        """Add rows to a tree."""
        new = tree not in self._trees
        if new:
            texts: dict[str, list[str]] = {name: [] for name, values in columns.items() if values.dtype.kind == "U"}
            groups = {name: list(cloud.fields) for name, cloud in clouds.items()}
            counters = {f"n{name}": name for name in clouds}
            lists = [f"{name}_{field}" for name, fields in groups.items() for field in fields]
            if tree == _NOTES or len({*lists, *counters}) < len(lists) + len(counters):
                raise InputError(
                    f"a ROOT file cannot hold a tree {tree!r} with clouds {listed(list(clouds))}: its notes or its "
                    "branches would have the same name; rename one of them"
                )
            self._branches[tree] = _branches(columns, {*lists, *counters, *clouds})
            names = {branch: name for name, branch in self._branches[tree].items() if branch != name}
            own = {"texts": texts, "clouds": groups, "names": names, "counters": counters}
            self._notes[tree] = {**(notes or {}), **own}
        branches = self._branches[tree]
        data: dict[str, Any] = {branches[name]: self._storable(tree, name, v) for name, v in columns.items()}
        data |= {name: _to_awkward(cloud) for name, cloud in clouds.items()}
        if new:
            kinds = {name: getattr(values, "dtype", None) or values.type.content for name, values in data.items()}
            self._trees[tree] = self._file.mktree(tree, kinds)
        rows = len(next(iter(data.values())))
        for start in range(0, max(rows, 1), _BASKET):
            self._trees[tree].extend({name: values[start : start + _BASKET] for name, values in data.items()})

    def _storable(self, tree: str, name: str, values: Array) -> Array:
        if values.dtype.kind != "U":
            return values
        texts = self._notes[tree]["texts"][name]
        texts += [str(value) for value in np.unique(values) if str(value) not in texts]
        order = np.argsort(texts)
        return order[np.searchsorted(np.asarray(texts)[order], values)].astype(np.int32)

    def close(self) -> None:
        """Finish the file."""
        self._file[_NOTES] = json.dumps(self._notes)
        self._file.close()


def _branches(columns: Iterable[str], taken: set[str]) -> dict[str, str]:
    """The branch of each column: of the same name, unless ROOT reads that as a path or an array, or it is taken."""
    columns = list(columns)
    found = {name: name for name in columns if not _NOT_A_BRANCH.search(name) and name not in taken}
    free = (name for i in itertools.count() if (name := f"column_{i}") not in taken and name not in columns)
    return {name: found[name] if name in found else next(free) for name in columns}


def _to_awkward(cloud: Cloud) -> Any:
    import awkward as ak

    fields = {name: ak.Array(cloud[name]) for name in cloud.fields}
    content = ak.zip(fields).layout
    return ak.Array(ak.contents.ListOffsetArray(ak.index.Index64(cloud.offsets), content))
