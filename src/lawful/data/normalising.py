"""Weights scaled to the yields that luminosity times cross section predicts."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lawful.data import columns as col
from lawful.data.names import listed
from lawful.data.pieces import raw_pieces
from lawful.data.preparing import Reading
from lawful.data.sources import Source
from lawful.errors import InputError


def normalised(reading: Reading) -> Reading:
    """The reading with the factors that its request asks for; takes one pass over weights and labels.

    Raises:
        InputError: When a class has no events or no positive sum of weights, or is not spoken of.
    """
    return reading if reading.request.normalise is None else replace(reading, factors=_factors(reading))


def _factors(reading: Reading) -> tuple[Mapping[Any, float] | float, ...]:
    """The factors that give the weights the sums asked for; takes one pass over weights and labels."""
    wanted = reading.request.normalise
    made = reading.plan
    keys = _keys(wanted)
    if keys and len(made.roles.targets) > 1:
        raise InputError(f"normalise names {listed(keys)}, but there are several targets, which name no classes")
    needed = [made.roles.weight, *(made.roles.targets if keys and made.label is None else ())]
    columns = tuple(name for name in needed if name is not None)
    only = replace(made, columns=columns, cut_columns=(), clouds={}, cut=None)
    first_pass = replace(reading, plan=only, roles=made.roles, missing={})
    sums: dict[Any, float] = dict.fromkeys(keys or [None], 0.0)
    seen: dict[Any, int] = {}
    classes: set[Any] = set()
    for i, source in enumerate(reading.sources):
        fixed = _key_of(source, keys, reading)
        for piece in raw_pieces(first_pass, i, None):
            weight = piece.columns[made.roles.weight] if made.roles.weight is not None else np.ones(piece.length)
            col.finite({str(made.roles.weight): weight}, where=str(source.path))
            if not keys or fixed is not None:
                sums[fixed] += float(weight.sum(dtype=np.float64))
                seen[fixed] = seen.get(fixed, 0) + piece.length
                continue
            if not made.roles.targets:
                raise InputError(
                    f"normalise names {listed(keys)}, but there is no target to tell the events apart; "
                    + _known(reading)
                )
            labels, codes = np.unique(piece.columns[made.roles.targets[0]], return_inverse=True)
            classes |= set(labels.tolist())
            for label, total, count in zip(
                labels.tolist(), np.bincount(codes, weights=weight), np.bincount(codes), strict=True
            ):
                if label not in sums:
                    raise InputError(
                        f"normalise names {listed(keys)}, but there are also events of class {label!r}; "
                        + _known(reading, labels.tolist())
                    )
                sums[label] += float(total)
                seen[label] = seen.get(label, 0) + int(count)
    for key in sums:
        if not seen.get(key):
            raise InputError(
                f"normalise names {key!r}, but no events have this label, tree or file; "
                + _known(reading, sorted(classes))
            )
        if not sums[key] > 0:
            which = "" if key is None else f" of {key!r}"
            raise InputError(f"weights{which} sum to {sums[key]:g}: only a positive sum can be normalised")
    if not isinstance(wanted, Mapping):
        return (float(wanted or 0) / sums[None],) * len(reading.sources)
    factors = {key: float(value) / sums[key] for key, value in wanted.items()}
    fixed_keys = [_key_of(source, keys, reading) for source in reading.sources]
    return tuple(factors if key is None else factors[key] for key in fixed_keys)


def _keys(wanted: float | Mapping[Any, float] | None) -> list[Any]:
    values = wanted.values() if isinstance(wanted, Mapping) else [wanted]
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 < value < math.inf:
            raise InputError(f"normalise={wanted!r}: positive numbers are expected (luminosity times cross section)")
    return list(wanted) if isinstance(wanted, Mapping) else []


def _known(reading: Reading, classes: Collection[Any] = ()) -> str:
    """What `normalise` may name: half a sentence."""
    there = {
        "labels": [*classes, *(s.label for s in reading.sources if s.label is not None)],
        "trees": [s.tree for s in reading.sources if s.tree is not None],
        "files": [s.path.name for s in reading.sources],
    }
    shown = [f"{what} {listed(list(dict.fromkeys(names)))}" for what, names in there.items() if names]
    return f"there are the {', the '.join(shown)}"


def _key_of(source: Source, keys: Sequence[Any], reading: Reading) -> Any:
    """The key of `normalise` that speaks of all events of a table: its label, tree, path or file name."""
    for key in keys:
        if (source.label is not None and key == source.label) or key in (source.tree, source.given, source.path.name):
            return key
    if source.label is not None and keys:
        raise InputError(
            f"normalise names {listed(keys)}, but there are also events of {source.label!r}; {_known(reading)}"
        )
    return None
