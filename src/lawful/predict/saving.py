"""Fitted estimators as arrays and plain data of a file, and back."""

import copy
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from lawful.errors import InputError
from lawful.learning.archive import Arrays, write_archive
from lawful.learning.device import find_device, find_dtype
from lawful.learning.members import Members
from lawful.learning.preparation import Preparation
from lawful.learning.scaling import SCALINGS, InputScaling
from lawful.predict.inputs import read_sentinels
from lawful.predict.plain import to_json, warn_of_code


def save_estimator(estimator: Any, path: str | os.PathLike[str]) -> None:
    """Write a fitted estimator as one file; see `NetEstimator.save`."""
    settings = {name: to_json(name, value) for name, value in estimator.get_params(deep=False).items()}
    facts, arrays = estimator._state()
    scaling, known = estimator.scaling_, estimator.physics_
    arrays |= known.arrays() | members_arrays(estimator.members_)
    structured = isinstance(scaling, Preparation)
    if structured:
        arrays |= {f"scaling.{name}": value for name, value in scaling.arrays().items()}
    else:
        arrays |= {"scaling.centre": scaling.centre, "scaling.scale": scaling.scale}
    names = getattr(estimator, "feature_names_in_", None)
    facts |= {
        "settings": settings,
        "scaling": scaling.plain() if structured else {"kind": scaling.kind, "gaps": list(scaling.gaps)},
        "columns": int(estimator.n_features_in_),
        "events": estimator.fitted_on_events_,
        "sentinels": {
            name: [None if np.isnan(v) else v for v in values] for name, values in estimator.sentinels_.items()
        },
        "units": dict(known.table.units),
        "names": None if names is None else [str(name) for name in names],
        "history": estimator.history_,
        "inputs": scaling.outputs,
        "outputs": estimator.objective_.outputs,
    }
    write_archive(path, type(estimator).__name__, facts, arrays)
    warn_of_code(settings)


def restore_estimator(model: Any, facts: dict[str, Any], arrays: Arrays) -> None:
    """Make a fitted estimator of one that has its settings, from what `save_estimator` wrote.

    Raises:
        InputError: When facts and arrays do not fit each other.
    """
    model.n_features_in_ = facts["columns"]
    model.fitted_on_events_ = bool(facts["events"])
    model.sentinels_ = read_sentinels(facts.get("sentinels", {}))
    if facts["names"] is not None:
        model.feature_names_in_ = np.array(facts["names"], dtype=object)
    model.scaling_ = _restore_scaling(facts, arrays)
    model.structure_ = model.scaling_.raw if isinstance(model.scaling_, Preparation) else None
    model.history_ = facts["history"]
    model.n_iter_ = len(facts["history"])
    model.objective_ = model._restore(facts, arrays)
    model.physics_ = model._know(dict(facts.get("units", {})))
    model.physics_.restore(arrays)
    if isinstance(model.scaling_, InputScaling) and len(model.scaling_.centre) != model.physics_.width:
        raise InputError("the scaling does not fit the number of columns: the file was changed.")
    if model.objective_.outputs != facts["outputs"] or model.scaling_.outputs != facts["inputs"]:
        raise InputError("inputs and outputs do not fit the question: the file was changed.")
    model.members_ = restore_members(
        lambda: model._full_net(facts["inputs"]),
        arrays,
        find_dtype(model.dtype),
        model.device,
        known=isinstance(model.net, str),
    )


def _restore_scaling(facts: dict[str, Any], arrays: Arrays) -> InputScaling | Preparation:
    """The scaling of inputs that a file holds.

    Raises:
        InputError: When its parts do not fit each other.
    """
    scaling = facts["scaling"]
    if "parts" in scaling:
        own = {name.removeprefix("scaling."): a for name, a in arrays.items() if name.startswith("scaling.")}
        try:
            preparation = Preparation.from_plain(scaling, own)
        except (KeyError, TypeError, ValueError):
            raise InputError("the inputs that it describes are incomplete: the file was changed.") from None
        if preparation.raw.width != facts["columns"]:
            raise InputError("the inputs do not fit the number of columns: the file was changed.")
        return preparation
    centre, scale = arrays["scaling.centre"], arrays["scaling.scale"]
    if centre.ndim != 1 or scale.shape != centre.shape:
        raise InputError("the scaling does not fit the number of columns: the file was changed.")
    gaps = tuple(scaling["gaps"])
    named = facts["names"] is None or len(facts["names"]) == facts["columns"]
    if scaling["kind"] not in SCALINGS or not named or not all(0 <= gap < len(centre) for gap in gaps):
        raise InputError("the columns do not fit each other: the file was changed.")
    return InputScaling(scaling["kind"], centre, scale, gaps)


def members_arrays(members: Members) -> Arrays:
    """Parameters and buffers of all members, each (M, ...), by name."""
    arrays = {f"member.{name}": value.numpy(force=True) for name, value in members.parameters().items()}
    return arrays | {f"buffer.{name}": value.numpy(force=True) for name, value in members.buffers.items()}


def restore_members(
    make: Callable[[], nn.Module], arrays: Arrays, dtype: torch.dtype, device: str, *, known: bool
) -> Members:
    """Rebuild members from what `members_arrays` gave.

    Args:
        make: Function that makes the network that the settings describe.
        arrays: The file's arrays.
        dtype: Number type of the parameters.
        device: Where the members shall live; where it is absent, the best that is there.
        known: Whether the network is one of lawful's, whose shape is looked at before it takes any memory.

    Raises:
        InputError: When arrays and network do not fit each other.
    """
    weights = {name.removeprefix("member."): a for name, a in arrays.items() if name.startswith("member.")}
    buffers = {name.removeprefix("buffer."): a for name, a in arrays.items() if name.startswith("buffer.")}
    count = len(next(iter(weights.values())))
    given = {name: a.shape for name, a in weights.items()}

    def check(net: nn.Module) -> None:
        if {name: (count, *p.shape) for name, p in net.named_parameters()} != given:
            raise InputError("the weights do not fit the network that the settings describe: the file was changed.")

    if known:
        with torch.device("meta"):  # takes no memory, whatever size the file claims
            check(make())

    def as_trained() -> nn.Module:
        net = copy.deepcopy(make())  # it may be the caller's own
        for name, parameter in net.named_parameters():  # layers may have been frozen after they were made
            parameter.requires_grad_(name not in buffers)
        return net

    members = Members(as_trained, 1, seed=0, dtype=dtype)
    check(members.net)
    sizes = {name: a.shape for name, a in buffers.items()}
    if any(sizes.get(name) != (count, *v.shape[1:]) for name, v in members.buffers.items()):
        raise InputError("what the network keeps besides weights does not fit it: the file was changed.")
    try:
        place = find_device(device)
    except InputError:
        place = find_device("auto")  # the machine that it was trained on had another one
    rows = [
        torch.from_numpy(np.array(weights[name])).reshape(count, -1) for name, _ in members.net.named_parameters()
    ]
    members.values = torch.cat(rows, 1).to(place)
    members.buffers = {name: torch.from_numpy(np.array(buffers[name])).to(place) for name in members.buffers}
    members.net.to(place)
    return members
