"""Regression around a known model: the network learns what it misses, and its constants are fitted along."""

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lawful.errors import InputError
from lawful.learning.members import Members
from lawful.learning.objectives import Objective, Shrunk
from lawful.learning.scaling import TargetScaling
from lawful.nets.based import Based, Beside
from lawful.nets.fitted import Fitted, errors, fit_constants, settle
from lawful.predict.inputs import Array
from lawful.predict.knowledge import Knowledge

_ROWS = 20_000  # events from which the first values of the constants are found
_JUDGED = 5_000  # events from which their errors are worked out, and scaled to the number that there are


@dataclass(frozen=True)
class Parameter:
    """A constant of a known model, fitted with a network.

    Attributes:
        value: The mean over the members.
        error: Standard error: that of a member, and the scatter of the mean over the members. Infinite where the data
            cannot determine the constant, because others make the same predictions, or because it has no effect.
        imitated: Which share of the constant's effect the network could make as well, 0 to 1. Near 1 the penalty on
            the network, not the data, decides between the two.
    """

    value: float
    error: float
    imitated: float


def first_constants(known: Knowledge, x: Array, y: Array, weight: Array, scaling: TargetScaling) -> Array:
    """The constants that fit best without a network, as free numbers, (K,), for targets (N, T).

    Raises:
        InputError: When the baseline is no number at its starting values.
    """
    model = known.known_model
    with torch.no_grad():
        begun = model.predict(torch.from_numpy(x.astype(np.float64)), known.table, model.start())
    bad = int((~torch.isfinite(begun)).any(1).sum())
    if bad:
        raise InputError(
            f"{model.name}: not a number in {bad} of {len(x)} rows at the starting values of its parameters. Drop "
            "those, or start elsewhere: parameters={'k': (start, low, high)}."
        )
    some = np.linspace(0, len(x) - 1, min(len(x), _ROWS)).astype(np.int64)
    X, targets, w = (torch.from_numpy(v[some].astype(np.float64)) for v in (x, y, weight))
    return fit_constants(known.known_model, known.table, X, targets, w, torch.from_numpy(scaling.scale))


def around(core: nn.Module, known: Knowledge, objective: Objective, scaling: TargetScaling, free: Any) -> nn.Module:
    """The network with the known model around it; the numbers behind its scores are what it adds to the model."""
    assert known.baseline is not None
    plain, _, copies = objective.parts
    return Beside(
        Based(
            core,
            known.known_model,
            known.table,
            scaling.centre,
            scaling.scale,
            kind=known.baseline.options["kind"],
            plain=plain,
            copies=copies,
            free=free,
        )
    )


def shrunk(objective: Objective, known: Knowledge) -> Objective:
    """The loss of a training around a known model, if there is one."""
    if known.baseline is None:
        return objective
    _, outputs, copies = objective.parts
    return Shrunk(objective, outputs * copies, float(known.baseline.options["shrink"]))


def constants(
    members: Members, known: Knowledge, x: Tensor, y: Tensor, weight: Tensor, rows: Tensor
) -> dict[str, Parameter]:
    """The fitted constants, after they have settled.

    Args:
        members: The networks after training; they change with their constants, and predict as before.
        known: The statements.
        x: What the networks were given, (N, numbers).
        y: Standardised targets, (N, T).
        weight: Event weights, (N,).
        rows: Rows that each member learned from, (M, n).
    """
    assert known.baseline is not None
    found: list[Fitted] = []
    for m in range(len(members)):
        net = members.net_of(m)
        assert isinstance(net, Beside)
        chosen = rows[m].long()
        some = chosen[:: -(-len(chosen) // _JUDGED)]
        seen, shrink = (x[some], y[some], weight[some]), float(known.baseline.options["shrink"])
        settle(net.based, *seen, shrink=shrink)
        members.values[m] = torch.cat([p.detach().flatten() for p in net.parameters()])
        fitted = errors(net.based, *seen, shrink=shrink)
        found.append(replace(fitted, covariance=fitted.covariance * len(some) / len(chosen)))
    if not found[0].names:
        return {}
    values = np.array([fitted.values for fitted in found])  # (M, K)
    variance = np.mean([fitted.errors**2 for fitted in found], axis=0)
    if len(found) > 1:
        variance = variance + values.var(0, ddof=1) / len(found)
    imitated = np.mean([fitted.imitated for fitted in found], axis=0)
    _warn_of_tangled(known.known_model.name, found)
    return {
        name: Parameter(float(values[:, k].mean()), float(np.sqrt(variance[k])), float(imitated[k]))
        for k, name in enumerate(found[0].names)
    }


def _warn_of_tangled(name: str, found: list[Fitted]) -> None:
    """Warn of constants that the data cannot determine in any member."""
    for group in sorted(set.intersection(*(set(fitted.tangled) for fitted in found))):
        what = (
            f"the data cannot tell {' and '.join(group)} apart: other values of all of them predict the same. Write "
            "what they make together as one parameter, or fix all but one"
            if len(group) > 1
            else f"{group[0]} has no effect on the predictions"
        )
        warnings.warn(f"{name}: {what}; the error is infinite.", UserWarning, stacklevel=7)
