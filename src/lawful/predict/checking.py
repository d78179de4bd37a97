"""Settings of an estimator, looked at before anything is done."""

import inspect
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lawful.errors import InputError
from lawful.learning.scaling import SCALINGS
from lawful.nets.registry import NETS
from lawful.nets.structured import STRUCTURED
from lawful.nets.values import flag, one_of, whole, widths
from lawful.predict.inputs import is_events

MISSING = ("error", "mark")
_GATED = ("rnn", "lstm", "gru")  # which have activations of their own
_OF_MLP = ("hidden", "activation", "dropout", "embedding")


def check_settings(estimator: Any) -> None:
    """Check the settings that neither the network nor the training checks itself.

    Raises:
        InputError: Names the setting, its value and what it may be; also for settings that would have no effect.
    """
    whole("members", estimator.members, 1)
    one_of("missing", estimator.missing, MISSING)
    one_of("scaling", estimator.scaling, ("auto", *SCALINGS))
    if not isinstance(estimator.batch_size, str) or estimator.batch_size != "auto":
        whole("batch_size", estimator.batch_size, 1, also="'auto' or ")
    if estimator.verbose is not None:
        flag("verbose", estimator.verbose)
    flag("calibrate", getattr(estimator, "calibrate", True))
    if not isinstance(estimator.checkpoint, str | os.PathLike | None):
        raise InputError(f"checkpoint={estimator.checkpoint!r}: expected the path of a folder, or None.")
    net = estimator.net
    if not (isinstance(net, str | Mapping) or callable(net)):  # a module can be called
        raise InputError(
            f"net={_short(net)}: expected a name, a torch module, or a function from input shape to module."
        )
    if isinstance(net, Mapping):
        for part, chosen in net.items():
            if isinstance(chosen, str):
                one_of(f"net of {part!r}", chosen, sorted({"mlp", *STRUCTURED}), ", a torch module or a function")
    elif isinstance(net, str):
        one_of("net", net, sorted({*NETS, *STRUCTURED}), ", a torch module or a function")
    if estimator.hidden is not None:
        widths("hidden", estimator.hidden)
    if isinstance(net, Mapping) or net in ("mlp", *STRUCTURED):
        _check_idle(
            estimator, () if net == "mlp" else ("embedding", "activation") if net in _GATED else ("embedding",)
        )
        return
    _check_idle(estimator, (*_OF_MLP, "inputs", "options"))


def _check_idle(estimator: Any, names: Sequence[str]) -> None:
    """Refuse settings that would have no effect with the network that was chosen."""
    net = estimator.net
    defaults = {name: p.default for name, p in inspect.signature(type(estimator).__init__).parameters.items()}
    for name in names:
        value = getattr(estimator, name)
        if name in defaults and not _equal(value, defaults[name]):
            kind = f"net={net!r}" if isinstance(net, str) else "a network of your own"
            raise InputError(f"{name}={value!r} has no effect with {kind}: leave it out, or use net='mlp'.")


def _equal(a: Any, b: Any) -> bool:
    """Whether two settings are the same; a list is as good as a tuple."""
    a, b = (tuple(np.ravel(v).tolist()) if isinstance(v, list | tuple | np.ndarray) else v for v in (a, b))
    return bool(a == b)


def validation_parts(validation: Any) -> tuple[Any, ...]:
    """Give (X, y), (X, y, weight) or (events,) for what was given as validation data.

    Raises:
        InputError: For anything else.
    """
    if is_events(validation):
        return (validation,)
    if not isinstance(validation, tuple | list):
        raise InputError(
            f"validation={_short(validation)}: expected None, False, (X, y), (X, y, weight) or Events. With None a "
            "share of the events is held out."
        )
    if len(validation) not in (2, 3):
        raise InputError(f"validation has {len(validation)} parts: expected (X, y) or (X, y, weight).")
    return tuple(validation)


def _short(value: Any) -> str:
    """A value, or of a large one its type and shape."""
    shape = getattr(value, "shape", None)
    return repr(value) if shape is None or shape == () else f"<{type(value).__name__} of shape {tuple(shape)}>"
