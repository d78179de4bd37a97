"""The parts of a network from its input to its output, by name, as far as they hold parameters."""

import fnmatch
from collections.abc import Sequence

from torch import nn

from lawful.errors import InputError
from lawful.nets.structured import Joined

LAST = "head"


def stages_of(net: nn.Module) -> list[tuple[str, list[str]]]:
    """Name of each stage and the names of its parameters, from the input to the output; the last is the head.

    A network says its stages itself by a method `stages()`, which gives names and modules; of others they are the
    parts in the order in which they were made. Of several joined inputs, each input's network is one stage.

    Examples:
        >>> from lawful.nets import MLP
        >>> [name for name, _ in stages_of(MLP(3, 1, hidden=(8, 8)))]
        ['layer 1', 'layer 2', 'head']
    """
    found = [(name, sorted(names)) for name, names in _stages(net, "") if names]
    if not found:
        raise InputError("The network has no parameters to train.")
    return found


def _stages(net: nn.Module, head: str) -> list[tuple[str, set[str]]]:
    """Stages of a network whose parameters begin with `head`."""
    own = {head + name for name, _ in net.named_parameters(recurse=False)}
    if isinstance(net, Joined):
        if net.head is None:
            return _stages(net.encoders[0], f"{head}encoders.0.")
        found = [
            (part.name or part.kind, _all(module, f"{head}encoders.{k}."))
            for k, (part, module) in enumerate(zip(net.structure.parts, net.encoders, strict=True))
        ]
        return [*found, (LAST, _all(net.head, f"{head}head."))]
    if hasattr(net, "stages"):
        named = {id(module): name for name, module in net.named_modules()}
        found = [(name, _all(module, f"{head}{named[id(module)]}.")) for name, module in net.stages()]  # type: ignore[operator]
        missing = {head + name for name, _ in net.named_parameters()} - set().union(*(names for _, names in found))
        return [(found[0][0], found[0][1] | missing), *found[1:]]
    children = [(name, module) for name, module in net.named_children() if any(True for _ in module.parameters())]
    if len(children) == 1 and not own:
        return _stages(children[0][1], f"{head}{children[0][0]}.")
    found = [(name, _all(module, f"{head}{name}.")) for name, module in children]
    if own:
        found = [("input", own), *found]
    return [*found[:-1], (LAST, found[-1][1])] if found else []


def _all(net: nn.Module, head: str) -> set[str]:
    return {head + name for name, _ in net.named_parameters()}


def frozen_stages(freeze: str | int | Sequence[str] | None, names: Sequence[str]) -> list[bool]:
    """Which stages are frozen.

    Args:
        freeze: None: none; "all but last"; a number of stages from the input; or names of stages, with `*` and `?`.
        names: Of the stages, from the input.

    Raises:
        InputError: When a name is that of no stage, or nothing would be left to train.

    Examples:
        >>> frozen_stages("all but last", ["input", "layer 1", "head"])
        [True, True, False]
        >>> frozen_stages(["layer *"], ["input", "layer 1", "head"])
        [False, True, False]
    """
    if freeze is None:
        found = [False] * len(names)
    elif freeze == "all but last":
        found = [k < len(names) - 1 for k in range(len(names))]
    elif isinstance(freeze, int) and not isinstance(freeze, bool):
        if not 0 <= freeze < len(names):
            raise InputError(f"freeze={freeze}: expected 0 to {len(names) - 1}; the stages are {list(names)}.")
        found = [k < freeze for k in range(len(names))]
    else:
        if isinstance(freeze, bool | int):
            raise InputError(f"freeze={freeze!r}: expected 'all but last', a number of stages, names, or None.")
        patterns = [freeze] if isinstance(freeze, str) else list(freeze)
        for pattern in patterns:
            if not isinstance(pattern, str) or not fnmatch.filter(names, pattern):
                raise InputError(
                    f"freeze={freeze!r}: {pattern!r} is no stage of this network. Use 'all but last', a number of "
                    f"stages, or names out of {list(names)}."
                )
        found = [any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns) for name in names]
    if all(found):
        raise InputError(f"freeze={freeze!r}: all stages, {list(names)}, would be frozen; nothing is left to train.")
    return found
