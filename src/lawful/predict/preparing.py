"""What an estimator has made of its data before it is trained."""

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from lawful.errors import InputError
from lawful.learning.loop import Examples, Settings
from lawful.learning.objectives import Objective
from lawful.predict.inputs import Array
from lawful.predict.plain import plain_number
from lawful.predict.splitting import held_out as hold_out
from lawful.predict.splitting import same_for_all


@dataclass(frozen=True)
class Prepared:
    """Everything that a training needs, and what is read off after it.

    Attributes:
        examples: What is learned from.
        objective: The loss.
        settings: How to train.
        judge: Rows that each member is judged on, (M, v).
        weight: Weights of either sign of the examples, (N,).
        rows: How many examples are there to learn from; those behind them are only judged on.
    """

    examples: Examples
    objective: Objective
    settings: Settings
    judge: Array
    weight: Array
    rows: int


def read_seed(seed: Any) -> int:
    """The seed that a user gave, or a fresh one for None.

    Raises:
        InputError: When it is no whole number of at least 0.
    """
    if isinstance(seed, np.random.RandomState):
        return int(seed.randint(2**31))
    if seed is None:
        return int.from_bytes(os.urandom(4), "little")
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InputError(f"seed={seed!r}: expected a whole number of at least 0, or None for a fresh one.")
    return int(seed)


def settings_of(estimator: Any, seed: int, rows: int) -> Settings:
    """The settings of a training on a number of rows, from those of an estimator."""
    names = Settings.__dataclass_fields__
    chosen = {name: plain_number(getattr(estimator, name)) for name in names if name != "seed"}
    if chosen["batch_size"] == "auto":
        chosen["batch_size"] = int(np.clip(rows // 10, 16, 256))
    return Settings(**chosen, seed=seed)


def divide(
    strata: Array, weight: Array, groups: Array | None, rows: int, members: int, seed: int, *, held_out: bool
) -> tuple[Array, Array, bool]:
    """Which rows each member learns from, (M, n), and is judged on, (M, v); and whether a row is to be appended.

    Args:
        strata: Class of each row, (N,).
        weight: Weights of either sign, (N,).
        groups: Rows of one group stay together; (N,) whole numbers or None.
        rows: How many are there to learn from; those behind them are only judged on.
        members: Number of members M.
        seed: The draw follows from it.
        held_out: Whether members are judged on parts of the rows.
    """
    if held_out and rows > 1:
        return hold_out(2 * strata + (weight != 0), groups, members, seed)  # events without weight are spread evenly
    return same_for_all(0, rows, members), same_for_all(rows, len(weight), members), False


def checked(inputs: Array, weight: Array, learn: Array, judge: Array, dtype: torch.dtype) -> tuple[Array, Array]:
    """Inputs in the type of the network, and weights of mean one.

    Raises:
        InputError: When a member has no event with a weight, or inputs leave the range of the type.
    """
    if not (weight[learn].sum(1) > 0).all() or (judge.size and not (weight[judge].sum(1) > 0).all()):
        raise InputError("Too few events have a weight: a held-out part has none at all. Drop events of weight zero.")
    inputs = inputs.astype(np.float64 if dtype == torch.float64 else np.float32, copy=False)
    if not np.isfinite(inputs).all():
        raise InputError("Inputs are too large for dtype='float32' and scaling='none': scale them, or use float64.")
    return inputs, weight / weight.mean()
