"""What statements do to a training: they move its data, add to its loss, and map its predictions."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from lawful.errors import InputError
from lawful.learning.loop import Enforcement, Scores
from lawful.physics.statement import Stacked
from lawful.predict.augmenting import augmented
from lawful.predict.inputs import Array

_BROKEN = 1e-2  # of a deviation; what is built in is kept to rounding, which boosts enlarge
_LARGER = 2.0  # factor of first weights with which networks are tried again


def renewal(
    estimator: Any, x: Array, coded: Array, weight: Array, inputs: Array, targets: Array, seed: int
) -> Callable[[int], tuple[torch.Tensor, torch.Tensor]]:
    """A function that gives inputs and targets anew for each epoch, moved by symmetries or as `augment` says."""

    def renew(epoch: int) -> tuple[torch.Tensor, torch.Tensor]:
        new_x, new_y = estimator._move(x, coded, seed, epoch)
        if estimator.augmented_:
            draws = np.random.default_rng([seed, epoch, 13])
            new_x = augmented(new_x, estimator.structure_, estimator.augmented_, draws)
        fresh, aims = inputs.copy(), targets.copy()  # a row of weight zero may follow the events
        fresh[: len(x)] = estimator.physics_.prepare(new_x, estimator.scaling_)
        aims[: len(x)] = estimator._examples(new_y, weight)[0]
        values = estimator.members_.values
        return tuple(torch.from_numpy(part).to(values.device, values.dtype) for part in (fresh, aims))  # type: ignore[return-value]

    return renew


def enforcement(estimator: Any, x: Array, rows: int, device: torch.device, dtype: torch.dtype) -> Enforcement | None:
    """What statements ask of the scores of `rows` rows that begin with inputs x, (N, F); None: nothing."""
    known = estimator.physics_
    if not known.penalised and not known.maps:
        return None
    raw = np.concatenate([x, x[:1]]) if rows > len(x) else x

    def prepare(points: torch.Tensor) -> torch.Tensor:
        prepared: torch.Tensor = known.prepare_tensor(points, estimator.scaling_)
        return prepared

    return Enforcement(
        torch.from_numpy(raw.astype(np.float64)).to(device, dtype),
        prepare,
        partial(_penalise, estimator) if known.penalised else None,
        estimator._mapped_scores if known.maps and estimator._maps_in_training else None,
    )


def _penalise(
    estimator: Any, scores: Scores, x: torch.Tensor, members: int, rng: np.random.Generator
) -> torch.Tensor:
    """Penalty of each row of raw inputs x, (n, F), given a function from raw inputs to scores."""
    model = Stacked(estimator._model(scores, members), members)
    known, scale = estimator.physics_, estimator._deviation
    parts = []
    for item in known.penalised:
        parts.append(item.penalty(model, x, known.table, rng, scale))
        if not bool(torch.isfinite(parts[-1]).all()):
            raise InputError(
                f"{item.name}: not a number in {int((~torch.isfinite(parts[-1])).sum())} of {len(x)} rows of a "
                "batch. Look at what it is computed from; a learning rate that is too large can be the cause too."
            )
    return torch.stack(parts).sum(0)


def check_kept(estimator: Any, x: Array) -> None:
    """See whether statements that are built in are kept beside others, by networks that have not learned anything.

    The networks are tried as they start, and with larger weights, where what is not linear shows.

    Args:
        estimator: With its networks at their first weights.
        x: Some inputs, (n, F).

    Raises:
        InputError: Names the first that is not kept.
    """
    known = estimator.physics_
    if len(known.built) + (known.baseline is not None) < 2:
        return
    if hasattr(estimator, "feature_names_in_"):
        import pandas as pd

        x = pd.DataFrame(x, columns=estimator.feature_names_in_)
    _try(estimator, x)
    if known.maps:  # of wild predictions integrals may vanish, and conserved quantities be out of reach
        return
    first = estimator.members_.values
    estimator.members_.values = _LARGER * first
    try:
        _try(estimator, x)
    finally:
        estimator.members_.values = first


def _try(estimator: Any, x: Any) -> None:
    known = estimator.physics_
    spread = np.std(estimator.predict(x), axis=0).max() if known.targets else 1.0
    most = _BROKEN * max(1.0, float(spread) / estimator._deviation)
    for item in known.built:
        size = float(item.statement.violation(estimator, x).max())
        if size > most:
            beside = [*known.built, *([] if known.baseline is None else [known.baseline])]
            others = ", ".join(other.statement.name for other in beside if other is not item)
            raise InputError(
                f"{item.statement.name} is not kept when it is built in together with {others}: before any training "
                f"the violation is {size:.2g}. They contradict each other, or need one architecture for both: "
                f"enforce one of them by {' or '.join(map(repr, _otherwise(item))) or 'another mechanism'}."
            )


def _otherwise(item: Any) -> list[str]:
    """The mechanisms besides."""
    return [name for name in item.statement.mechanisms if name != item.mechanism]
