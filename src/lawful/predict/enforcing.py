"""What statements do to a training: they move its data, and add to its loss."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from lawful.errors import InputError
from lawful.learning.loop import Penalty
from lawful.predict.inputs import Array


def renewal(
    estimator: Any, x: Array, coded: Array, weight: Array, inputs: Array, targets: Array, seed: int
) -> Callable[[int], tuple[torch.Tensor, torch.Tensor]]:
    """A function that gives inputs and targets anew for each epoch, moved along the symmetries."""

    def renew(epoch: int) -> tuple[torch.Tensor, torch.Tensor]:
        new_x, new_y = estimator._move(x, coded, seed, epoch)
        fresh, aims = inputs.copy(), targets.copy()  # a row of weight zero may follow the events
        fresh[: len(x)] = estimator.physics_.prepare(new_x, estimator.scaling_)
        aims[: len(x)] = estimator._examples(new_y, weight)[0]
        values = estimator.members_.values
        return tuple(torch.from_numpy(part).to(values.device, values.dtype) for part in (fresh, aims))  # type: ignore[return-value]

    return renew


def penalty(estimator: Any, x: Array, rows: int, device: torch.device, dtype: torch.dtype) -> Penalty:
    """What the statements that are enforced by loss add to it, for `rows` rows that begin with inputs x, (N, F)."""
    raw = np.concatenate([x, x[:1]]) if rows > len(x) else x

    def prepare(points: torch.Tensor) -> torch.Tensor:
        prepared: torch.Tensor = estimator.physics_.prepare_tensor(points, estimator.scaling_)
        return prepared

    return Penalty(torch.from_numpy(raw.astype(np.float64)).to(device, dtype), prepare, partial(_penalise, estimator))


def _penalise(
    estimator: Any, scores: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, rng: np.random.Generator
) -> torch.Tensor:
    """Penalty of each row of raw inputs x, (n, F), given a function from raw inputs to scores."""

    def model(points: torch.Tensor) -> torch.Tensor:
        answers: torch.Tensor = estimator._answers(scores(points), points)
        return answers

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
