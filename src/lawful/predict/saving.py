"""Members as arrays of a file, and back."""

import copy
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from lawful.errors import InputError
from lawful.learning.archive import Arrays
from lawful.learning.device import find_device
from lawful.learning.members import Members


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
