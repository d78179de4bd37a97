"""The networks of structured inputs, from an estimator's settings."""

import copy
from collections.abc import Mapping
from typing import Any

from torch import nn

from lawful.errors import InputError
from lawful.grammar import nearest
from lawful.learning.members import redraw
from lawful.learning.preparation import Preparation
from lawful.nets.registry import check_common
from lawful.nets.structure import Part, Structure
from lawful.nets.structured import STRUCTURED, USUAL, Joined, encoder_of, make_encoder
from lawful.predict.own_nets import call_maker

_JOINED = 64  # numbers that each of several inputs gives, unless hidden says otherwise


def needs_of(net: Any, structure: Structure) -> list[tuple[str, bool]]:
    """Of each input: whether its network is given four-momenta, and what follows from them."""
    found = []
    for part in structure.parts:
        chosen = encoder_of(net, part)
        known = STRUCTURED.get(chosen) if isinstance(chosen, str) else None
        found.append(("no", True) if known is None else (known.momenta, known.features))
    return found


def settings_for(estimator: Any, part: Part, chosen: str, *, alone: bool) -> dict[str, Any]:
    """The settings of the network of one input.

    Raises:
        InputError: For one that this network does not have.
    """
    options = estimator.options or {}
    if not isinstance(options, Mapping):
        raise InputError(f"options={options!r}: expected settings of the network by name, as {{'heads': 8}}.")
    if not alone:
        own = options.get(part.name, {})
        if not isinstance(own, Mapping):
            raise InputError(
                f"options={{{part.name!r}: {own!r}}}: with several inputs, expected the settings of each, as "
                f"{{{part.name!r}: {{...}}}}."
            )
        options = own
    allowed = STRUCTURED[chosen].settings if chosen in STRUCTURED else ()
    for name in options:
        if name not in (*allowed, "hidden"):
            hint = nearest(str(name), list(allowed)) if allowed else "it has none"
            raise InputError(f"options: the network {chosen!r} has no setting {name!r}; {hint}")
    return dict(options)


def make_structured(estimator: Any, ready: Structure, outputs: int, *, fresh: bool = False) -> nn.Module:
    """The network of structured inputs, as prepared, that an estimator's settings ask for.

    Args:
        estimator: With `net`, `hidden`, `options` and so on.
        ready: The inputs.
        outputs: Numbers that it has to give.
        fresh: Draw the first weights of a module anew.

    Raises:
        InputError: When a network does not take its input, or has no such setting.
    """
    alone = len(ready.parts) == 1
    if not alone:
        for name in estimator.options or {}:
            if name not in {part.name for part in ready.parts}:
                names = [part.name for part in ready.parts if part.name]
                raise InputError(f"options={{{name!r}: ...}}: there is no such input; {nearest(str(name), names)}")
    common = check_common(estimator.activation, estimator.dropout)
    each = estimator._answered(ready)
    width = outputs if alone else _JOINED
    encoders = []
    for k, part in enumerate(ready.parts):
        beside = estimator.net == "unet" and not alone and k != each  # an image whose pixels are not answered
        chosen = encoder_of(USUAL[part.kind] if beside else estimator.net, part, each=k == each)
        if not isinstance(chosen, str):
            encoders.append(_own(chosen, part, width, fresh=fresh))
            continue
        options = settings_for(estimator, part, chosen, alone=alone)
        hidden = options.pop("hidden", estimator.hidden)
        encoders.append(make_encoder(chosen, part, width, common | options, hidden=hidden, each=k == each))
    return Joined(ready, encoders, outputs, width=_JOINED, each=each, **common)


def _own(net: Any, part: Part, outputs: int, *, fresh: bool) -> nn.Module:
    """A network of the user's for one input: it is called with values, or values and mask."""
    module = call_maker(net, part.shape, outputs)
    if fresh and isinstance(net, nn.Module):
        module = copy.deepcopy(module)
        redraw(module)
    return module


def fit_preparation(estimator: Any, structure: Structure, x: Any, weight: Any) -> Preparation:
    """Learn how rows of structured inputs are prepared for the networks that an estimator names."""
    return Preparation.fit(
        structure,
        x,
        weight,
        estimator._scaling_kind(),
        needs_of(estimator.net, structure),
        double=estimator.dtype == "float64",
    )
