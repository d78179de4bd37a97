"""The networks of estimators: those that are named, and those that the user brings, modules and functions."""

import copy
import inspect
import warnings
from typing import Any

import torch
from torch import nn

from lawful.errors import InputError
from lawful.learning.members import redraw
from lawful.nets.registry import build


def make_net(estimator: Any, inputs: int, outputs: int, *, fresh: bool = False) -> nn.Module:
    """The network that an estimator's settings ask for, from `inputs` numbers to `outputs`.

    Args:
        estimator: With `net`, `hidden` and so on.
        inputs: Numbers that the network is given.
        outputs: Numbers that it has to give.
        fresh: Draw the first weights of a module anew: the members of an ensemble must not start from one point.

    Raises:
        InputError: When a network of the user gives another number of outputs.
    """
    if isinstance(estimator.net, str):
        names = ("hidden", "activation", "dropout", "embedding")
        settings = {name: getattr(estimator, name) for name in names}
        if settings["hidden"] is None:
            del settings["hidden"]
        return build(estimator.net, inputs, outputs, **settings)
    module = call_maker(estimator.net, (inputs,), outputs)
    if fresh and isinstance(estimator.net, nn.Module):
        redraw(module)
    given = count_outputs(module, inputs)
    if given == outputs:
        return module
    raise InputError(
        f"The network gives {given} outputs for each row; {outputs} are needed here. Change its last layer, or "
        "give a function of (input shape, outputs) that makes it."
    )


def call_maker(net: Any, shape: tuple[int, ...], outputs: int) -> nn.Module:
    """Make a network from a module (copied) or a function of the input shape, and of the outputs if it takes them."""
    if isinstance(net, nn.Module):
        return copy.deepcopy(net)
    if not callable(net):
        raise InputError(f"net={net!r}: expected a name, a torch module, or a function from input shape to module.")
    rest = list(inspect.signature(net).parameters.values())[1:]
    try:
        if any(p.name == "outputs" for p in rest):
            module = net(shape, outputs=outputs)
        elif rest and rest[0].default is rest[0].empty and rest[0].kind is rest[0].POSITIONAL_OR_KEYWORD:
            module = net(shape, outputs)
        else:
            module = net(shape)
    except TypeError as error:
        if not isinstance(net, type):
            raise
        raise InputError(
            f"net={net.__name__}: this class does not take the input shape, {shape}, as first argument "
            f"({error}). Give a module, or a function that makes one."
        ) from None
    if not isinstance(module, nn.Module):
        raise InputError(f"The function given as net returned {type(module).__name__}; expected a torch module.")
    return module


def count_outputs(module: nn.Module, inputs: int) -> int:
    """Number of scores that a module gives for each row of a table."""
    parameter = next(module.parameters(), None)
    probe = torch.zeros(2, inputs, dtype=torch.float32 if parameter is None else parameter.dtype)
    training = module.training
    try:
        with torch.no_grad():
            z = module.eval()(probe)
    except (RuntimeError, TypeError, ValueError) as error:
        raise InputError(
            f"The network does not take a table of {inputs} columns, (rows, {inputs}): {error}"
        ) from None
    finally:
        module.train(training)
    if not isinstance(z, torch.Tensor) or z.dim() != 2 or len(z) != 2:
        shape = tuple(z.shape) if isinstance(z, torch.Tensor) else type(z).__name__
        raise InputError(f"The network gave {shape} for 2 rows; expected (2, outputs).")
    return int(z.shape[1])


def warn_of_equals(names: list[str]) -> None:
    """Warn that members of an ensemble start from the same values of these parameters."""
    if names:
        warnings.warn(
            f"All members start from the same values of {', '.join(names[:5])}{', ...' if names[5:] else ''}, and "
            "will differ less than an ensemble should. Give the module that holds them a reset_parameters() that "
            "draws them, or give net= as a function that makes a new module at each call.",
            UserWarning,
            stacklevel=4,
        )
