"""Two estimators trained together, with weights that are tied or shared."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from lawful.errors import InputError
from lawful.learning.loop import Examples, train
from lawful.learning.members import Members
from lawful.learning.scaling import InputScaling
from lawful.learning.tie import Tie
from lawful.physics.statement import Enforced
from lawful.physics.tied import Remembered, Tied
from lawful.predict.preparing import Prepared


def held_near(estimator: Any) -> Tie | None:
    """What holds an estimator, whose members are made, near the weights of another one; they start from these.

    Raises:
        InputError: When the other one is not fitted or has another shape.
    """
    item = estimator.physics_.tied
    if item is None:
        return None
    statement, members = item.statement, estimator.members_
    assert isinstance(statement, Tied)
    if statement.second is not None:
        raise InputError(f"{item.name}: with two models, train both by .fit((X1, y1), (X2, y2)).")
    to = statement.weights()
    _check_shapes(item, statement.first.members_, members)
    if len(to) not in (1, len(members)):
        raise InputError(f"{item.name}: it has {len(to)} members, this one {len(members)}; expected as many, or one.")
    to = to.to(members.values).expand_as(members.values).clone()
    members.values = to.clone()
    return Tie(float(item.options["weight"]), float(item.options["tolerance"]), to=to)


def scaling_of_first(estimator: Any) -> InputScaling | None:
    """The scaling of inputs that an estimator takes over from a fitted one to which it is tied."""
    item = estimator.physics_.tied
    if item is None:
        return None
    statement = item.statement
    assert isinstance(statement, Tied)
    statement.weights()  # it must be fitted
    if isinstance(statement.first, Remembered):
        raise InputError(
            f"{item.name}: a model that was read from a file does not hold the other one; state Tied(other) anew."
        )
    scaling: InputScaling = statement.first.scaling_
    if len(scaling.centre) != estimator.physics_.width:
        raise InputError(
            f"{item.name}: the other model takes {len(scaling.centre)} columns, this one {estimator.physics_.width}."
        )
    return scaling


def train_together(first: Any, second: Any, one: Prepared, other: Prepared, item: Enforced) -> None:
    """Train two estimators that are prepared, as one ensemble of pairs.

    Raises:
        InputError: When they differ in shape, question or settings of the training.
    """
    M = len(first.members_)
    _check_shapes(item, first.members_, second.members_)
    if len(second.members_) != M:
        raise InputError(
            f"{item.name}: {M} members and {len(second.members_)}; expected as many. Set members=5 in both."
        )
    if one.objective != other.objective:
        raise InputError(
            f"{item.name}: the two models minimise different losses; are the classes, or targets, as many?"
        )
    for estimator, prepared in ((first, one), (second, other)):
        if prepared.examples.renew or prepared.examples.enforcement or estimator.physics_.tied:
            raise InputError(f"{item.name}: models that are tied take no other statement by 'augment' or 'loss'.")
    if (one.examples.validation is None) != (other.examples.validation is None):
        raise InputError(f"{item.name}: give validation= for both, or for none.")
    shared = item.mechanism == "architecture"
    members = first.members_
    joint = Members.joined(members, second.members_)
    joint.values[M:] = joint.values[:M]  # units in the same order from the start
    partner = torch.arange(2 * M).roll(M)
    weight, tolerance = (0.0, 0.0) if shared else (item.options["weight"], item.options["tolerance"])
    examples = _joined(one.examples, other.examples, Tie(weight, tolerance, partner=partner, shared=shared))
    history = train(joint, examples, one.objective, one.settings)
    for estimator, prepared, rows in ((first, one, slice(0, M)), (second, other, slice(M, None))):
        estimator.members_.values = joint.values[rows].clone()
        estimator.members_.buffers = {name: v[rows].clone() for name, v in joint.buffers.items()}
        estimator._finish(prepared, history)


def _joined(one: Examples, other: Examples, tie: Tie) -> Examples:
    """The examples of both; a shorter list of rows is gone through again, a held-out one filled with weight zero."""
    N = len(one.x)
    x, y = torch.cat([one.x, other.x, one.x[:1]]), torch.cat([one.y, other.y, one.y[:1]])
    w = torch.cat([one.w / one.w.mean(), other.w / other.w.mean(), one.w.new_zeros(1)])
    train_rows = _both(one.train, other.train + N, None)
    judged = None
    if one.validation is not None and other.validation is not None:
        judged = _both(one.validation, other.validation + N, len(x) - 1)
    return Examples(x, y, w, train_rows, judged, tie=tie)


def _both(one: Tensor, other: Tensor, fill: int | None) -> Tensor:
    """Tables of rows below one another, (2M, n)."""
    width = max(one.shape[1], other.shape[1])
    tables = []
    for table in (one, other):
        at = torch.arange(width, device=table.device)
        rows = table[:, at % table.shape[1]]
        tables.append(rows if fill is None else torch.where(at < table.shape[1], rows, fill))
    return torch.cat(tables).contiguous()


def _check_shapes(item: Enforced, one: Members, other: Members) -> None:
    shapes = [{name: tuple(p.shape) for name, p in members.net.named_parameters()} for members in (one, other)]
    if shapes[0] != shapes[1]:
        counts = [int(np.sum([np.prod(shape) for shape in found.values()])) for found in shapes]
        raise InputError(
            f"{item.name}: the networks have different shapes ({counts[0]} and {counts[1]} weights); expected as "
            "many columns and outputs, and the same settings."
        )
