"""What each part of a sum or a product contributes to the predictions of an ensemble."""

import numpy as np
import torch
from torch import Tensor

from lawful.learning.members import Members
from lawful.learning.scaling import TargetScaling
from lawful.nets.parts import split_parts
from lawful.physics.parts import Product, Sum
from lawful.predict.inputs import Array
from lawful.predict.knowledge import Knowledge


def stated_parts(known: Knowledge) -> Sum | Product | None:
    """The statement that says of which parts the network is made, if there is one."""
    found = [item.statement for item in known.built if isinstance(item.statement, Sum | Product)]
    return found[0] if found else None


def member_parts(members: Members, x: Tensor) -> Array:
    """Parts of the scores of each member, (M, parts, N, O), of network inputs x, (N, numbers)."""
    found = []
    with torch.no_grad():
        for m in range(len(members)):
            net, rows = members.net_of(m).to(torch.float64), x.to(torch.float64)
            found.append(split_parts(net, rows).numpy(force=True))
    return np.stack(found)


def levels(known: Knowledge, parts: Array, weight: Array) -> Array:
    """What is taken out of each member's parts, to make them comparable, (M, parts, O).

    Sum: the mean over the training events, where a constant may be added to the output at all. Product: the root mean
    square, with the sign of the mean.

    Args:
        known: The statements.
        parts: Parts of the training events, (M, parts, N, O).
        weight: Their weights, (N,).
    """
    w = np.abs(weight) / np.abs(weight).sum()
    mean = np.einsum("mpno,n->mpo", parts, w)
    if isinstance(stated_parts(known), Product):
        size = np.sqrt(np.einsum("mpno,n->mpo", parts**2, w))
        return np.where(size > 0, size, 1.0) * np.where(mean < 0, -1.0, 1.0)
    shifts = np.zeros(parts.shape[-1])
    for columns, shift in known.blocks(parts.shape[-1]):
        shifts[columns] = float(shift)
    return np.asarray(mean * shifts)


def contributions(
    known: Knowledge, parts: Array, level: Array, scaling: TargetScaling
) -> tuple[dict[str, Array], Array]:
    """What each part contributes, (N, T) by name, and the constant, (T,); means over the members.

    Args:
        known: The statements.
        parts: Parts of the scores, (M, parts, N, O).
        level: What `levels` gave.
        scaling: From scores to targets.
    """
    statement = stated_parts(known)
    assert statement is not None
    if isinstance(statement, Product):
        each = (parts / level[:, :, None]).mean(0)
        constant = (level.prod(1) * scaling.scale).mean(0)
    else:
        each = (parts - level[:, :, None]).mean(0) * scaling.scale
        constant = level.sum(1).mean(0) * scaling.scale
        constant = constant + (scaling.centre if known.baseline is None else 0.0)
    return dict(zip(statement.parts, each, strict=True)), np.asarray(constant)
