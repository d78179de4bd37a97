"""The one training loop."""

import math
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lawful.learning.checkpoint import clear_state, fingerprint, load_state, save_state
from lawful.learning.device import SMALL, threads
from lawful.learning.group import Group
from lawful.learning.members import Members
from lawful.learning.objectives import Objective
from lawful.learning.pace import Pace
from lawful.learning.tie import Tie
from lawful.nets.values import number, one_of, whole

_WORTH = 2e7  # floating-point operations in a step of a worker; of less, most time goes to Python, which takes turns
SCHEDULES = ("constant", "cosine")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to train.

    Attributes:
        epochs: Passes over the training events at most.
        patience: Epochs without a better validation loss after which a member stops.
        batch_size: Events in a step; the events of an epoch are cut into equal batches of about this size.
        learning_rate: Step size of AdamW.
        schedule: "constant", or "cosine" (falls to zero over `epochs`); both start with one epoch of linear warm-up.
        averaging: Steps over which weights are averaged (exponentially, and never over more than a tenth of the
            steps made) to give the weights that are validated and kept; 0 switches averaging off. The average of a
            constant step size does what a falling step size does, without having to know when training ends.
        weight_decay: Decoupled decay of AdamW, on matrices only.
        l1: Factor of the sum of |weights| in the loss, on matrices only.
        l2: Factor of half the sum of squared weights in the loss, on matrices only.
        gradient_clip: Largest norm of a member's gradient; larger ones are scaled down to it. None: no limit.
        seed: Orders of events and dropout follow from it.
    """

    epochs: int = 10_000
    patience: int = 20
    batch_size: int = 256
    learning_rate: float = 2e-3
    schedule: str = "constant"
    averaging: int = 1000
    weight_decay: float = 1e-4
    l1: float = 0.0
    l2: float = 0.0
    gradient_clip: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Check every value.

        Raises:
            InputError: Names the setting, its value and what it may be.
        """
        for name, least in (("epochs", 1), ("patience", 1), ("batch_size", 1), ("averaging", 0), ("seed", 0)):
            whole(name, getattr(self, name), least)
        number("learning_rate", self.learning_rate, above=0)
        for name in ("weight_decay", "l1", "l2"):
            number(name, getattr(self, name), least=0)
        if self.gradient_clip is not None:
            number("gradient_clip", self.gradient_clip, above=0, also="None or ")
        one_of("schedule", self.schedule, SCHEDULES)

    def rate(self, step: int, steps_an_epoch: int) -> float:
        """Learning rate of a step, counted from 1."""
        warm = min(1.0, step / steps_an_epoch)
        if self.schedule == "cosine":
            warm *= 0.5 * (1 + math.cos(math.pi * min(1.0, step / (self.epochs * steps_an_epoch))))
        return self.learning_rate * warm


Scores = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Enforcement:
    """What is asked of the scores besides the targets, and what is done to them; in training and in judging.

    Attributes:
        x: Inputs as the functions want them, (N, F), beside the examples' inputs.
        prepare: From such inputs, (n, F), to what the network is given, (n, ...).
        penalty: From a function that gives scores (n, O) of inputs (n, F), inputs (n, F), the number of members,
            whose rows follow one another, and a random generator to what is added to the loss of each row, (n,).
        maps: From such a function, inputs and number to the scores (n, O) that are compared with the targets.
    """

    x: Tensor
    prepare: Callable[[Tensor], Tensor]
    penalty: Callable[[Scores, Tensor, int, np.random.Generator], Tensor] | None = None
    maps: Callable[[Scores, Tensor, int], Tensor] | None = None


@dataclass(frozen=True)
class Examples:
    """What is learned from, and which events each member sees.

    Attributes:
        x: Inputs, (N, ...).
        y: Targets as the objective wants them, (N, ...).
        w: Weights of at least zero, (N,).
        train: Rows that member m learns from, (M, n).
        validation: Rows that member m is judged on, (M, v); None: nothing is held out and no member stops early.
        renew: Function from the number of an epoch to the inputs and targets, as x and y, that are learned from in
            it; members are judged on x and y.
        enforcement: What else is asked of the scores.
        tie: What draws the members' weights to others.
        lengths: How many objects each event has, (N,): batches are made of events of about the same length.
        pace: How fast each parameter learns; members stop no earlier than all do.
    """

    x: Tensor
    y: Tensor
    w: Tensor
    train: Tensor
    validation: Tensor | None = None
    renew: Callable[[int], tuple[Tensor, Tensor]] | None = None
    enforcement: Enforcement | None = None
    tie: Tie | None = None
    lengths: Tensor | None = None
    pace: Pace | None = None


@dataclass
class Progress:
    """How far each member has come; with the groups' states, all that a checkpoint needs."""

    epoch: int = 0
    best: list[float] = field(default_factory=list)
    waited: list[int] = field(default_factory=list)
    active: list[bool] = field(default_factory=list)
    training: list[float] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)


def train(
    members: Members,
    examples: Examples,
    objective: Objective,
    settings: Settings,
    *,
    checkpoint: Path | None = None,
    checkpoint_seconds: float = 5.0,
    report: Callable[[dict[str, Any]], None] | None = None,
) -> list[dict[str, Any]]:
    """Train every member, and leave in `members.values` the weights that validated best.

    Minimises the weighted mean loss sum_i w_i L(z_i, y_i) / sum_i w_i of each member over its own rows by AdamW.
    Members do not influence each other: each has its own order of events and stops on its own. One exception: where
    automatic differentiation does the work (modules other than `MLP`, and all on a GPU), random numbers, as those of
    dropout, come from one stream for all members that still train, so that a member's draws depend on how many these
    are. Small networks on the CPU are trained in as many threads as torch may use, each with its share of members.

    Args:
        members: The networks; changed in place.
        examples: Events, weights and who sees which.
        objective: The loss.
        settings: How to train.
        checkpoint: Folder in which the state is kept, so that a training that was killed goes on from there and ends
            with the same weights.
        checkpoint_seconds: Least time between two states.
        report: Called after each epoch with its line of the history.

    Returns:
        The history, a dictionary for each epoch: "epoch", "train_loss", "validation_loss" (means over the members;
        one that has stopped counts with its last training loss and its best validation loss), "learning_rate",
        "seconds" (since the start), "members" (how many still train).

    Raises:
        FloatingPointError: When a loss stops being a number.
        InputError: When the checkpoint belongs to another training.
    """
    M = len(members)
    state = Progress(best=[math.inf] * M, waited=[0] * M, active=[True] * M, training=[math.nan] * M)
    best_values, best_buffers = members.values.clone(), {k: v.clone() for k, v in members.buffers.items()}
    identity = ""
    restored: dict[str, Tensor] = {}
    if checkpoint is not None:
        identity = fingerprint(
            (asdict(settings), objective, str(members.net)),
            members.values,
            examples.x,
            examples.y,
            examples.w,
            examples.train,
            examples.validation,
            None if examples.tie is None else examples.tie.to,
            None if examples.pace is None else examples.pace.factors * examples.pace.starts,
        )
        found = load_state(checkpoint, identity)
        if found is not None:
            restored, facts = found
            state = Progress(**facts["progress"])
            best_values = restored["best_values"].to(members.values.device)
            best_buffers = {k: restored[f"best_buffers.{k}"].to(v.device) for k, v in best_buffers.items()}
    workers, inside = _layout(members, settings, examples)
    started = time.perf_counter() - (state.history[-1]["seconds"] if state.history else 0.0)
    saved = time.perf_counter()

    def collect(groups: list[Group]) -> dict[str, Tensor]:
        tensors = {f"best_buffers.{k}": v for k, v in best_buffers.items()} | {"best_values": best_values}
        for name in groups[0].state():
            tensors[name] = torch.cat([group.state()[name] for group in groups])
        return tensors

    with threads(inside), ThreadPoolExecutor(workers) if workers > 1 else nullcontext() as pool:
        run = map if pool is None else pool.map
        ids = [m for m in range(M) if state.active[m]]
        groups = [
            Group(members, part.tolist(), examples, objective, settings, restored, ids)
            for part in np.array_split(ids, min(workers, len(ids)))
        ]
        while groups and state.epoch < settings.epochs:
            state.epoch += 1
            if examples.renew is not None:
                fresh = examples.renew(state.epoch)
                for group in groups:
                    group.fresh = fresh
            results = list(run(lambda group: group.epoch(state.epoch), groups))
            losses = np.concatenate([r[0] for r in results])
            scores = np.concatenate([r[1] for r in results])
            partner = None if examples.tie is None else examples.tie.partner
            if partner is not None and examples.tie is not None and examples.tie.shared:
                scores = (scores + scores[partner.numpy(force=True)]) / 2  # one set of weights, judged once
            if not (np.isfinite(losses).all() and np.isfinite(scores).all()):
                raise FloatingPointError(
                    f"The loss stopped being a number in epoch {state.epoch}. Lower the learning rate "
                    f"(now {settings.learning_rate:g}), set gradient_clip, or look for extreme inputs or weights."
                )
            training = [member for group in groups for member in group.ids]
            judged = list(state.best)
            for member, loss, score in zip(training, losses.tolist(), scores.tolist(), strict=True):
                state.training[member], judged[member] = loss, score
            line = {
                "epoch": state.epoch,
                "train_loss": float(np.mean(state.training)),
                "validation_loss": float(np.mean(judged)) if examples.validation is not None else None,
                "learning_rate": settings.rate(groups[0].step, groups[0].steps),
                "seconds": time.perf_counter() - started,
                "members": len(training),
            }
            state.history.append(line)
            position = 0
            for group in groups:
                keep = []
                for row, member in enumerate(group.ids):
                    score = float(scores[position])
                    position += 1
                    best = state.best[member]
                    if (
                        examples.validation is None
                        or math.isinf(best)
                        or best - score > max(1e-4 * best, objective.tolerance)
                    ):
                        state.best[member], state.waited[member] = score, 0
                        best_values[member] = group.average[row]
                        for name, buffer in group.buffers.items():
                            best_buffers[name][member] = buffer[row]
                    elif examples.pace is None or state.epoch > examples.pace.settled:
                        state.waited[member] += 1
                    state.active[member] = state.waited[member] < settings.patience
                    keep.append(state.active[member])
                if partner is not None and any(keep):  # pairs stop together
                    keep = [True] * len(keep)
                    state.active = [True] * len(state.active)
                if not all(keep):
                    group.keep(keep)
            groups = [group for group in groups if group.ids]
            if report is not None:
                report(line)
            if checkpoint is not None and groups and time.perf_counter() - saved >= checkpoint_seconds:
                facts = {"identity": identity, "progress": asdict(state)}
                save_state(checkpoint, collect(groups), facts)
                saved = time.perf_counter()
    members.values, members.buffers = best_values, best_buffers
    if checkpoint is not None:
        clear_state(checkpoint)
    return state.history


def _layout(members: Members, settings: Settings, examples: Examples) -> tuple[int, int]:
    """Choose how many workers share the members, and how many threads each may use inside torch and BLAS."""
    available = min(torch.get_num_threads(), os.cpu_count() or 1)
    batch = min(settings.batch_size, examples.train.shape[1])
    work = 6 * batch * members.reuse * members.values.shape[1] * len(members)  # both ways, in operations
    together = examples.tie is not None and examples.tie.partner is not None
    if together or not members.by_hand or examples.enforcement is not None:
        return 1, available if work > SMALL else 1
    if len(members) > 1:
        return max(1, min(available, len(members), int(work // _WORTH))), 1
    return 1, available if work > SMALL else 1
