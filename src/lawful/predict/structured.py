"""Structured inputs, alone or by name, and the rows of numbers that are made of them."""

import inspect
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lawful.data.cloud_checks import check_cloud
from lawful.data.clouds import Cloud
from lawful.data.images import jet_images
from lawful.errors import InputError
from lawful.grammar import nearest
from lawful.nets.structure import COUNTED, Part, Structure
from lawful.nets.structured import STRUCTURED
from lawful.physics.kinematics import gives_momenta
from lawful.predict.inputs import Array, is_events
from lawful.predict.kinds import (
    called,
    cloud_of,
    columns_of,
    depth,
    described,
    images_of,
    is_cloudy,
    is_pair,
    is_ragged,
    is_text,
    kind_of,
    table_of,
    times,
)

_WORD = re.compile(r"\w+|[^\w\s]")
_SETTINGS = ("fields", "most")
_DRAWN: dict[str, Any] = {
    name: p.default for name, p in inspect.signature(jet_images).parameters.items() if p.kind is p.KEYWORD_ONLY
}
_MOST_WORDS = 20_000


def is_structured(X: Any, net: Any) -> bool:
    """Whether inputs are to be read as structured ones, for a network."""
    if isinstance(net, Mapping) or (isinstance(net, str) and net in STRUCTURED):
        return True
    if is_events(X):
        return False
    if isinstance(X, Mapping):
        return not hasattr(X, "dtypes") and not hasattr(X, "nnz")
    return isinstance(X, Cloud) or is_pair(X) or depth(X) > 2 or is_text(X) or is_ragged(X)


def read_structure(X: dict[str, Any], net: Any, settings: Mapping[str, Any] | None) -> Structure:
    """What the inputs of training data are.

    Args:
        X: Inputs by name.
        net: What the user chose, by which numbers of three dimensions are sequences or images.
        settings: By name of the input: `fields` and `most` of a cloud or sequence; None: it is left out.

    Raises:
        InputError: When an input is not understood, or a setting names no input.
    """
    settings = dict(settings or {})
    if len(X) == 1 and settings and not set(settings) & set(X):
        settings = {next(iter(X)): settings}
    for name in settings:
        if name not in X:
            raise InputError(
                f"inputs={{{name!r}: ...}}: there is no such input; {nearest(name, [n for n in X if n])}"
            )
    kept = {name: value for name, value in X.items() if settings.get(name, {}) is not None}
    if not kept:
        raise InputError("inputs= leaves out every input.")
    chosen = {name: _net_for(name, net) for name in kept}
    parts = tuple(read_part(name, value, chosen[name], settings.get(name) or {}) for name, value in kept.items())
    if isinstance(net, str):
        _check_taken(net, parts)
    if isinstance(net, Mapping):
        gone = [name for name in net if name not in kept]
        if gone:
            raise InputError(f"net={{{gone[0]!r}: ...}}: there is no such input; {nearest(gone[0], list(kept))}")
    return Structure(parts)


def _check_taken(net: str, parts: tuple[Part, ...]) -> None:
    """Refuse a network that takes none of the inputs.

    Raises:
        InputError: Names those that do.
    """
    takes = STRUCTURED[net].takes if net in STRUCTURED else ("table",)
    if any(part.kind in takes for part in parts):
        return
    kinds = {part.kind for part in parts}
    fitting = sorted(name for name, kind in STRUCTURED.items() if kinds & set(kind.takes))
    fitting += ["linear", "mlp"] if "table" in kinds else []
    told = "; ".join(map(str, parts))
    a = "an" if takes[0] == "image" else "a"
    raise InputError(f"net={net!r} takes {a} {' or '.join(takes)}, but X is the {told}: use one of {fitting}.")


def _net_for(name: str, net: Any) -> Any:
    return net.get(name) if isinstance(net, Mapping) else net


def read_part(name: str, value: Any, net: Any, settings: Mapping[str, Any]) -> Part:
    """What one input is.

    Raises:
        InputError: When it is not understood.
    """
    kind = kind_of(name, value, net)
    if kind == "table":
        table = table_of(name, value)
        return Part(name, kind, (table.shape[1],), columns_of(value) or ())
    drawn = kind == "image" and is_cloudy(value)
    allowed = _SETTINGS if kind in COUNTED else tuple(_DRAWN) if drawn else ()
    for key in settings:
        if key not in allowed:
            what = f"use {list(allowed)}" if allowed else "it has none"
            raise InputError(f"inputs: {called(name)}, read as {kind}, has no setting {key!r}: {what}.")
    if drawn:
        chosen = _DRAWN | dict(settings)
        values = chosen["value"]
        pixels = int(chosen["pixels"]) if isinstance(chosen["pixels"], int) else 1
        shape = (1 if isinstance(values, str) else len(values), pixels, pixels)
        return Part(name, kind, shape, drawn=tuple(chosen.items()))
    if kind == "image":
        return Part(name, kind, images_of(name, value).shape[1:])
    most = settings.get("most")
    if most is not None and (isinstance(most, bool) or not isinstance(most, int | np.integer) or most < 1):
        raise InputError(f"inputs: most={most!r} of {called(name)}: expected a whole number of at least 1.")
    if kind == "text":
        words = [_WORD.findall(text.lower()) for text in value]
        longest = max(max(map(len, words), default=0), 1)
        return Part(name, kind, (int(most or longest),), vocabulary=_vocabulary(words))
    cloud = cloud_of(name, value)
    fields = tuple(settings.get("fields") or _fields_of(cloud))
    for field in fields:
        cloud[field]  # says which are there
    longest = max(int(cloud.counts.max(initial=0)), 1)
    anonymous = all(field.isdigit() for field in fields)
    return Part(name, kind, (int(most or longest), len(fields)), () if anonymous else fields)


def _fields_of(cloud: Cloud) -> tuple[str, ...]:
    return tuple(field for field in cloud.fields if cloud[field].dtype.kind in "biuf")


def rows_of(X: dict[str, Any], structure: Structure, *, gaps_allowed: bool) -> Array:
    """The inputs as rows of numbers, (N, S).

    Raises:
        InputError: When an input is absent or of another kind or size than in the training data, lengths differ,
            or numbers are not finite.
    """
    blocks = []
    for part in structure.parts:
        if part.name not in X:
            raise InputError(
                f"There is no input {part.name!r}: the model was fitted with {_listed(structure)}, and received "
                f"{', '.join(repr(name) for name in X if name) or 'one input without a name'}."
            )
        blocks.append(_block(part, X[part.name], gaps_allowed=gaps_allowed))
    rows = {part.name: len(block) for part, block in zip(structure.parts, blocks, strict=True)}
    if len(set(rows.values())) > 1:
        told = ", ".join(f"{called(name)} has {n}" for name, n in rows.items())
        raise InputError(f"The inputs have different numbers of events: {told}.")
    if not len(blocks[0]):
        raise InputError("Found array with 0 sample(s): X holds no events.")
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks, 1)


def rows_of_table(X: Any, structure: Structure, *, gaps_allowed: bool) -> Array:
    """The rows, from a table of all numbers by name, as `as_table` of an estimator gives it.

    Raises:
        InputError: When a column is absent, or numbers are not finite.
    """
    names = structure.names
    there = set(map(str, X.columns))
    absent = [name for name in names if name not in there]
    if absent:
        raise InputError(
            f"X is a table without the column {absent[0]!r} ({len(absent)} of {len(names)} are absent). This model "
            f"was fitted with {_listed(structure)}: give these inputs, or the table that as_table makes of them."
        )
    rows = table_of("", X if list(map(str, X.columns)) == list(names) else X[list(names)])
    _check_finite("", rows, gaps_allowed=gaps_allowed, names=names)
    return rows


def _block(part: Part, value: Any, *, gaps_allowed: bool) -> Array:
    """The numbers of one input, (N, width)."""
    if part.kind == "table":
        return _table_block(part, value, gaps_allowed=gaps_allowed)
    if part.kind == "image":
        images = _drawn(part, value) if part.drawn else images_of(part.name, value)
        if images.shape[1:] != part.shape:
            raise InputError(
                f"{called(part.name)}: images of {times(images.shape[1:])} (channels, rows, columns); the model was "
                f"fitted on {times(part.shape)}."
            )
        _check_finite(part.name, images)
        return images.reshape(len(images), -1)
    if part.kind == "text":
        if not is_text(value):
            raise InputError(f"{called(part.name)}: expected a list of texts, received {described(value)}.")
        return _text_block(part, value)
    cloud = cloud_of(part.name, value)
    names = part.fields or tuple(str(k) for k in range(part.shape[-1]))
    if not part.fields and len(cloud.fields) != part.shape[-1]:
        raise InputError(
            f"{called(part.name)}: {len(cloud.fields)} numbers for each object; the model was fitted on "
            f"{part.shape[-1]}."
        )
    absent = [name for name in names if name not in cloud.fields]
    for name in absent:
        try:
            cloud[name]
        except InputError as error:
            raise InputError(f"{called(part.name)}, with which the model was fitted: {error}") from None
    check_cloud(cloud, part.name or "X")
    order = order_of(part)
    if int(cloud.counts.max(initial=0)) > part.shape[0]:
        warnings.warn(f"{called(part.name)}: {cloud.cut(part.shape[0], order)}.", UserWarning, stacklevel=6)
    values, _ = cloud.padded(names, part.shape[0], order, quiet=True)
    block = np.empty((len(cloud), part.width), values.dtype)
    block[:, 0] = np.minimum(cloud.counts, part.shape[0])
    block[:, 1:] = values.reshape(len(cloud), -1)
    _check_finite(part.name, block)  # what follows from finite fields may not be
    return block


def order_of(part: Part) -> str | None:
    """The field in whose falling order the objects of an input stand in a row; None: as they were given."""
    return "pt" if part.kind == "cloud" and gives_momenta(part.fields) else None


def _drawn(part: Part, value: Any) -> Array:
    """Images of the momenta of a cloud, (N, C, H, W)."""
    cloud = cloud_of(part.name, value)
    check_cloud(cloud, part.name or "X")
    return jet_images(cloud, **dict(part.drawn))


def _table_block(part: Part, value: Any, *, gaps_allowed: bool) -> Array:
    names = columns_of(value)
    if part.fields and names is not None:
        absent = [name for name in part.fields if name not in names]
        if absent:
            raise InputError(
                f"{called(part.name)} has no column {absent[0]!r}, with which the model was fitted: "
                f"{nearest(absent[0], names)}"
            )
        value = value[list(part.fields)]
    table = table_of(part.name, value)
    if table.shape[1] != part.shape[0]:
        raise InputError(
            f"{called(part.name)} has {table.shape[1]} columns; the model was fitted on {part.shape[0]}."
        )
    _check_finite(part.name, table, gaps_allowed=gaps_allowed, names=part.fields)
    return table


def _text_block(part: Part, texts: Sequence[str]) -> Array:
    number = {word: k + 2 for k, word in enumerate(part.vocabulary)}
    block = np.zeros((len(texts), part.width), np.float32)
    cut = 0
    for row, text in zip(block, texts, strict=True):
        words = _WORD.findall(text.lower())
        cut += len(words) > part.shape[0]
        words = words[: part.shape[0]]
        row[0] = len(words)
        row[1 : 1 + len(words)] = [number.get(word, 1) for word in words]
    if cut:
        warnings.warn(
            f"{called(part.name)}: {cut} of {len(texts)} texts have more than {part.shape[0]} words, which are cut "
            "off there.",
            UserWarning,
            stacklevel=7,
        )
    return block


def _check_finite(name: str, x: Array, *, gaps_allowed: bool = False, names: Sequence[str] = ()) -> None:
    bad = np.isinf(x) if gaps_allowed else ~np.isfinite(x)
    if not bad.any():
        return
    where = ""
    if x.ndim == 2:
        columns = [names[c] if names else str(c) for c in np.flatnonzero(bad.any(0))[:5]]
        where = f" in column {', '.join(columns)}"
    hint = " Missing values of a table may be NaN with missing='mark'." if x.ndim == 2 and not gaps_allowed else ""
    events = bad.reshape(len(x), -1).any(1)
    raise InputError(
        f"{called(name)}: Input X contains NaN or infinity: {int(bad.sum())} values{where}, in {int(events.sum())} "
        f"of {len(x)} events, first in event {int(np.flatnonzero(events)[0])}. Remove these events.{hint}"
    )


def _vocabulary(texts: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The words that occur at least twice, most frequent first; all of them in small data."""
    from collections import Counter

    counts = Counter(word for words in texts for word in words)
    least = 2 if len(texts) > 1000 else 1
    words = sorted((word for word, n in counts.items() if n >= least), key=lambda word: (-counts[word], word))
    return tuple(words[:_MOST_WORDS])


def _listed(structure: Structure) -> str:
    return "; ".join(map(str, structure.parts))
