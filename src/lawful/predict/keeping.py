"""Predictions of an ensemble that keep bounds, integrals and conserved quantities."""

from typing import Any

import numpy as np
import torch

from lawful.physics.statement import Model
from lawful.predict.inputs import Array


def mean_kept(regressor: Any, x: Array) -> Array:
    """The mean of the members at raw inputs x, (N, F), made to keep what a mean need not keep, (N, T)."""
    members = _members(regressor)

    def mean(points: torch.Tensor) -> torch.Tensor:
        return torch.stack([model(points) for model in members]).mean(0)

    with torch.no_grad():
        model = regressor.physics_.maps(mean, regressor.target_deviation_, again=True)
        return np.asarray(model(torch.from_numpy(x.astype(np.float64))).numpy())


def members_kept(regressor: Any, x: Array) -> Array:
    """Predictions of each member at raw inputs x, (N, F): (M, N, T)."""
    with torch.no_grad():
        points = torch.from_numpy(x.astype(np.float64))
        return np.stack([model(points).numpy() for model in _members(regressor)])


def mapped_scores(regressor: Any, scores: Model, x: torch.Tensor, members: int) -> torch.Tensor:
    """Scores of raw inputs x, (n, F), as they are when predictions keep the statements."""
    last: list[torch.Tensor] = []

    def kept(points: torch.Tensor) -> torch.Tensor:
        last[:] = [scores(points)]  # that of x itself comes last
        return last[0]

    y = regressor._model(kept, members)(x)
    scaling = regressor.target_scaling_
    scale, centre = (torch.as_tensor(v).to(y) for v in (scaling.scale, scaling.centre))
    z = (y - centre - regressor._offset_like(y, x)) / scale
    return torch.cat([z, last[0][..., regressor.objective_.outputs :]], -1)


def _members(regressor: Any) -> list[Model]:
    """Each member as a function from raw inputs (n, F) to predictions (n, T)."""
    maps = regressor.physics_.maps
    count = len(regressor.members_)
    return [maps(_single(regressor, m), regressor.target_deviation_) for m in range(count)]


def _single(regressor: Any, member: int) -> Model:
    def model(points: torch.Tensor) -> torch.Tensor:
        x = points.numpy(force=True)
        inputs = torch.from_numpy(regressor.physics_.prepare(x, regressor.scaling_))
        z = regressor._score_rows(inputs.to(regressor.members_.values.device), member)
        parts = regressor._signs(z.numpy(force=True).astype(np.float64))
        return torch.from_numpy(regressor._combine(parts) + regressor._offset(x))

    return model
