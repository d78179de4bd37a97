"""The events as rows of numbers, and the parts of a row: tables, clouds, sequences, images, text."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

from lawful.errors import InputError
from lawful.evidence.arrays import Array, check_one_weight
from lawful.nets.structure import Part, Structure
from lawful.physics.kinematics import four_momenta, gives_momenta

NEAR = 0.1  # of its distance from the mean object that an object of a baseline keeps


def key_of(part: Part) -> str:
    """What an input is called where it needs a name."""
    return part.name or part.kind


def need_ours(model: Any, what: str) -> None:
    """Check that a model is a fitted one of lawful's networks.

    Raises:
        InputError: When it is not.
    """
    if not all(hasattr(model, name) for name in ("members_", "physics_", "scaling_", "objective_")):
        raise InputError(
            f"{what}: received {type(model).__name__}, expected a fitted lawful.Classifier or lawful.Regressor. For "
            "other models use lawful.evidence.permutation_importance."
        )


@dataclass(frozen=True, eq=False)
class Rows:
    """Events in rows, as a model takes them.

    Attributes:
        structure: What lies where in a row.
        x: The numbers, (N, S) float64; NaN where a value is missing.
    """

    structure: Structure
    x: Array

    def parts(self) -> list[tuple[str, Part, slice]]:
        """Each input: its name, what it is, and where its values lie in a row, without the number of objects."""
        found = []
        for index, part in enumerate(self.structure.parts):
            place = self.structure.places(index)
            found.append((key_of(part), part, slice(place.start + part.counted, place.stop)))
        return found

    def taken(self, numbers: Array) -> dict[str, Array]:
        """Numbers (N, S) in the shape of the inputs, by name."""
        return {name: numbers[:, place].reshape(-1, *part.shape) for name, part, place in self.parts()}

    @cached_property
    def masks(self) -> dict[str, Array]:
        """By name of each cloud, sequence or text: (N, P), True for what is there."""
        return {
            name: np.arange(part.shape[0]) < self.x[:, place.start - 1, None]
            for name, part, place in self.parts()
            if part.counted
        }

    @cached_property
    def still(self) -> Array:
        """Which numbers are none that can be changed by a little, (N, S): counts, words, padding, missing values."""
        found = np.isnan(self.x)
        for name, part, place in self.parts():
            if part.counted:
                found[:, place.start - 1] = True
                there = self.masks[name] & (part.kind != "text")
                found[:, place] |= ~np.repeat(there, (place.stop - place.start) // part.shape[0], axis=1)
        return found

    def baseline(self, weight: Array) -> Array:
        """Rows (N, S) to which these are compared; see `integrated_gradients`."""
        start = self.x.copy()
        for name, part, place in self.parts():
            if part.kind == "table":
                start[:, place] = _mean_columns(self.x[:, place], weight)
            elif part.kind == "image":
                start[:, place] = 0.0
            elif part.kind != "text":
                values = self.x[:, place].reshape(-1, *part.shape)
                near = NEAR if part.kind == "cloud" else 0.0
                start[:, place] = _towards_mean(part, values, self.masks[name], near).reshape(len(values), -1)
        return np.where(np.isnan(self.x), start, np.where(self.still, self.x, start))

    def deviations(self, weight: Array) -> Array:
        """The size of each number's differences, (S,): root mean square about the baseline, under |weight|.

        One for each column of a table, field of objects, and channel of an image.
        """
        far = np.where(self.still, np.nan, self.x - self.baseline(weight))
        out = np.zeros(far.shape[1])
        for _, part, place in self.parts():
            values = far[:, place].reshape(-1, *part.shape)
            if part.kind == "table":
                alike = values[:, None, :]
            elif part.kind == "image":
                alike = values.reshape(*values.shape[:2], -1).transpose(0, 2, 1)
            else:
                alike = values.reshape(*values.shape[:2], -1)
            w = np.broadcast_to(np.abs(weight)[:, None, None], alike.shape) * np.isfinite(alike)
            squares = (w * np.nan_to_num(alike) ** 2).sum((0, 1))
            total = w.sum((0, 1))
            size = np.sqrt(np.divide(squares, total, out=np.zeros_like(squares), where=total > 0))
            if part.kind == "cloud":
                size = size / (1 - NEAR)
            out[place] = (
                np.repeat(size, part.shape[1] * part.shape[2])
                if part.kind == "image"
                else np.resize(size, place.stop - place.start)
            )
        return out


def read_rows(model: Any, X: Any, weight: Any, what: str) -> tuple[Rows, Array]:
    """Events as rows, and their weights (N,): those given, else those of Events, else ones.

    Args:
        model: A fitted Classifier or Regressor.
        X: Inputs, as the model takes them, or `lawful.Events`.
        weight: Event weights of either sign, or None.
        what: Who asks, for messages.

    Raises:
        InputError: When the model is not ours, or events or weights are at fault.
    """
    need_ours(model, what)
    x = model._scores(X)[1]  # its own door: names, missing values, shapes
    if weight is None:
        weight = getattr(X, "weight", None)
    structure = model.structure_
    if structure is None:
        names = tuple(str(name) for name in getattr(model, "feature_names_in_", ()))
        structure = Structure((Part("", "table", (x.shape[1],), names or tuple(f"x{i}" for i in range(x.shape[1]))),))
    return Rows(structure, np.array(x, dtype=np.float64)), check_one_weight(weight, len(x))


def _mean_columns(x: Array, weight: Array) -> Array:
    """Weighted mean of each column, (F,), of what is not missing; unweighted where its weights sum to nothing."""
    there = np.isfinite(x)
    filled = np.where(there, x, 0.0)
    sums, total = weight @ filled, weight @ there
    plain = filled.sum(0) / np.maximum(there.sum(0), 1)
    return np.where(total > 0, sums / np.where(total > 0, total, 1.0), plain)


def _towards_mean(part: Part, values: Array, mask: Array, near: float) -> Array:
    """Objects (N, P, F) brought to the mean object of their event, but for a share `near` of the distance."""
    count = np.maximum(mask.sum(1), 1)[:, None]  # (N, 1)
    there = mask[..., None]
    mean = (np.where(there, values, 0.0).sum(1) / count)[:, None]  # (N, 1, F)
    away = values - mean
    if part.kind == "cloud" and gives_momenta(part.fields):
        fields = {name: torch.from_numpy(values[..., k]) for k, name in enumerate(part.fields)}
        total = np.where(there, four_momenta(fields).numpy(), 0.0).sum(1)  # (N, 4)
        pt = np.hypot(total[:, 1], total[:, 2])
        jet = {
            "pt": pt / count[:, 0],
            "eta": np.arcsinh(total[:, 3] / np.maximum(pt, 1e-6 * np.abs(total[:, 3]) + 1e-12)),
            "phi": np.arctan2(total[:, 2], total[:, 1]),
        }
        for k, name in enumerate(part.fields):
            if name in jet:
                away[..., k] = values[..., k] - jet[name][:, None]
                if name == "phi":
                    away[..., k] = (away[..., k] + np.pi) % (2 * np.pi) - np.pi
    return np.where(there, values - (1 - near) * away, 0.0)
