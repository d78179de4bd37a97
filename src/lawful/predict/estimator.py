"""What classifiers and regressors share: the way from a table to trained members and back."""

import copy
import os
from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import nn

from lawful.errors import InputError
from lawful.learning.archive import Arrays
from lawful.learning.device import find_device, find_dtype
from lawful.learning.loop import Examples, Scores, train
from lawful.learning.members import Members
from lawful.learning.objectives import Objective
from lawful.learning.pace import Pace
from lawful.learning.preparation import Preparation, Scaling
from lawful.nets.structure import Structure
from lawful.physics.columns import Columns
from lawful.physics.statement import Enforced
from lawful.predict.augmenting import read_augment
from lawful.predict.checking import check_settings, validation_parts
from lawful.predict.encoders import make_structured
from lawful.predict.enforcing import check_kept, enforcement, renewal
from lawful.predict.inputs import (
    Array,
    check_lengths,
    check_weight,
    take_apart,
)
from lawful.predict.knowledge import Knowledge
from lawful.predict.own_nets import make_net, warn_of_equals
from lawful.predict.plain import from_json
from lawful.predict.preparing import Prepared, checked, divide, read_seed, settings_of
from lawful.predict.saving import restore_estimator, save_estimator
from lawful.predict.splitting import count_members
from lawful.predict.structured import is_structured
from lawful.predict.taking import TakesInputs
from lawful.predict.transferring import check_outputs
from lawful.predict.tying import held_near, scaling_of_first, train_together
from lawful.progress import Progress

_TRIED = 64  # events on which statements that are built in together are tried


class NetEstimator(TakesInputs):
    """An ensemble of networks behind scikit-learn's interface; see `Classifier` and `Regressor`."""

    dtype: str
    device: str
    hidden: Any
    options: Any
    augment: Any
    activation: str
    dropout: float
    embedding: str | None
    members: int
    epochs: int
    patience: int
    batch_size: int | str
    learning_rate: float
    schedule: str
    averaging: int
    weight_decay: float
    l1: float
    l2: float
    gradient_clip: float | None
    checkpoint: Any
    verbose: bool | None
    physics: Any
    seed: Any

    _shared = 4000  # events on which the members' agreement is measured
    _watch: Callable[[dict[str, Any]], None] | None = None  # called after each epoch; may raise to end the training

    # ---- what the two kinds differ in ------------------------------------------------------------------------
    @abstractmethod
    def _learn_targets(self, y: Any, weight: Array) -> Array:
        """Check targets and learn their scale or classes; give them coded, (N, ...)."""

    @abstractmethod
    def _code_targets(self, y: Any) -> Array:
        """Code targets in the same way as in `_learn_targets`."""

    @abstractmethod
    def _plan(self, signed: bool) -> Objective:
        """Choose the loss, given whether some weights are negative."""

    @abstractmethod
    def _examples(self, coded: Array, weight: Array) -> tuple[Array, Array]:
        """Targets (N, ...) and weights of at least zero (N,) as the loss wants them."""

    @abstractmethod
    def _strata(self, coded: Array) -> Array:
        """Class of each row for a stratified split, (N,)."""

    def _subtract_known(self, x: Array, coded: Array, weight: Array, rows: int, seed: int) -> Array:  # noqa: ARG002
        """Targets less what is known without the network; the first `rows` are for training."""
        return coded

    def _targets_count(self) -> int | None:
        """Number of targets; None for classes."""
        return None

    def _answered(self, structure: Structure) -> int | None:  # noqa: ARG002
        """Number of the input whose objects each have an answer; None where the event has it."""
        return None

    def _own(self, z: Array) -> Array:
        """Scores (..., O) without what a network gives besides for the training alone."""
        return z[..., : self.objective_.outputs]

    def _look_at(self, x: Array, coded: Array) -> None:
        """Warn of what looks wrong in the training data."""

    def _after_training(self, z: Array, y: Array, w: Array, shared: Array) -> None:
        """Calibrate.

        Args:
            z: Scores of each member on the events that it did not see, (M, v, O).
            y: Their coded targets, (M, v, ...).
            w: Their weights, (M, v).
            shared: Scores of every member on the same events, (M, n, O).
        """

    # ---- fit ---------------------------------------------------------------------------------------------------
    def fit(self, X: Any, y: Any = None, sample_weight: Any = None, validation: Any = None) -> Self:
        """Train the members.

        Args:
            X: Inputs, (N, F): array, data frame, torch tensor, awkward array, or `lawful.Events`, from which y and
                weights are taken too.
            y: Targets, (N,) or (N, T).
            sample_weight: Event weights, (N,), of either sign; None: ones.
            validation: None: the events are cut into five parts, stratified by class (as many as members, if these
                are more), and each member holds out another part in turn, so that an ensemble loses no event (fewer
                than 300 rows: at least five members). A tuple (X, y), (X, y, weight) or Events: all members are
                judged on these. False: nothing is held out, and all `epochs` are made.

        Returns:
            The estimator itself.

        Raises:
            InputError: When something is wrong with the data or a setting; the message says what to do.
            FloatingPointError: When the loss stops being a number.
        """
        prepared = self._prepare(X, y, sample_weight, validation)
        kind = type(self).__name__
        with Progress(f"{kind} {self.net if isinstance(self.net, str) else 'net'}", verbose=self.verbose) as progress:

            def report(line: dict[str, Any]) -> None:
                held = line["validation_loss"]
                judged = "" if held is None else f" validation {held:.5f}"
                progress.step(f"loss {line['train_loss']:.5f}{judged} {line['seconds']:.1f} s")
                if self._watch is not None:
                    self._watch(line)

            history = train(
                self.members_,
                prepared.examples,
                prepared.objective,
                prepared.settings,
                checkpoint=None if self.checkpoint is None else Path(self.checkpoint),
                report=report,
            )
        self._finish(prepared, history)
        return self

    def fit_tied(self, other: "NetEstimator", data: tuple[Any, ...], others: tuple[Any, ...], item: Enforced) -> None:
        """Train this estimator together with another one; see `lawful.physics.Tied`.

        Args:
            other: The other one.
            data: (X, y) or (X, y, weight) of this one, or (Events,).
            others: Those of the other one.
            item: The enforced statement.
        """
        one = self._prepare(*data)
        two = other._prepare(*others, scaling=self.scaling_)
        train_together(self, other, one, two, item)

    def _prepare(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        validation: Any = None,
        *,
        scaling: Scaling | None = None,
    ) -> Prepared:
        """Check the data and make networks and examples of them; `scaling` is that of another model's inputs."""
        dtype, device = find_dtype(self.dtype), find_device(self.device)
        seed = read_seed(self.seed)
        check_settings(self)
        structured = is_structured(X, self.net)
        table = take_apart(X, y, sample_weight, structured=structured)
        self.fitted_on_events_, self.sentinels_ = table.events, table.sentinels
        gaps = self.missing == "mark" or table.gaps_declared
        self.structure_ = self._find_structure(table) if structured else None
        self.augmented_ = read_augment(self.augment, self.structure_)
        x = self._rows(table, fitting=True, gaps=gaps)
        check_lengths(x, table.y)
        weight = check_weight(table.weight, len(x))
        coded = self._learn_targets(table.y, weight)
        self.physics_ = self._know(table.units, table.target_units)
        self._look_at(x, coded)
        rows = len(x)
        settings = settings_of(self, seed, rows)
        held = None if validation is None or validation is False else self._held_out(validation, gaps)
        if held is not None:
            x, coded, weight = (np.concatenate(pair) for pair in zip((x, coded, weight), held, strict=True))
        signed = bool((weight < 0).any())
        self.physics_.fit(x[:rows], weight[:rows], self._continuous(coded[:rows]))
        self.scaling_ = scaling or scaling_of_first(self) or self._fit_scaling(x[:rows], weight[:rows])
        raw, coded = x, self._subtract_known(x, coded, weight, rows, seed)
        self.objective_ = self._plan(signed)
        objective = self._training_objective()
        targets, positive = self._examples(coded, weight)
        inputs = self.physics_.prepare(x, self.scaling_)
        count = count_members(rows, int(self.members), held_out=validation is None)
        self.members_ = Members(
            lambda: self._full_net(self.scaling_.outputs, fresh=int(self.members) > 1),
            count,
            seed=seed,
            dtype=dtype,
            device=device,
        )
        if int(self.members) > 1:
            warn_of_equals([n for n in self.members_.alike() if n != "based.free"])  # constants start at what fits
        pace = self._start_from_pretrained()
        check_kept(self, x[:_TRIED])
        learn, judge, filled = divide(
            self._strata(coded), weight, table.groups, rows, count, seed, held_out=validation is None
        )
        if filled:  # an event of weight zero stands where folds differ in size
            inputs, targets = np.concatenate([inputs, inputs[:1]]), np.concatenate([targets, targets[:1]])
            positive = np.append(positive, 0.0)
        inputs, positive = checked(inputs, positive, learn, judge, dtype)
        moving = self.physics_.augmented or self.augmented_
        examples = Examples(
            torch.from_numpy(inputs).to(device, dtype),
            torch.from_numpy(targets).to(device, dtype),
            torch.from_numpy(positive).to(device, dtype),
            torch.from_numpy(learn).to(device),
            torch.from_numpy(judge).to(device) if judge.size else None,
            renew=renewal(self, raw, coded, weight, inputs, targets, seed) if moving else None,
            enforcement=enforcement(self, raw, len(inputs), device, dtype),
            tie=held_near(self),
            pace=pace,
            lengths=self._lengths(inputs),
        )
        weight = np.append(weight, 0.0) if filled else weight
        return Prepared(examples, objective, settings, judge, weight, rows)

    def _finish(self, prepared: Prepared, history: list[dict[str, Any]]) -> None:
        """Keep the history, calibrate, and read off what physics has put into the networks."""
        self.history_ = history
        self.n_iter_ = len(history)
        examples, rows = prepared.examples, prepared.rows
        if examples.validation is not None:
            some = np.linspace(0, rows - 1, min(rows, self._shared)).astype(np.int64)
            shared = self.members_.scores(examples.x[torch.from_numpy(some).to(examples.x.device)])
            each = torch.stack([self._score_rows(examples.x[rows], m) for m, rows in enumerate(examples.validation)])
            y, w = (part.numpy(force=True)[prepared.judge] for part in (examples.y, examples.w))
            self._after_training(self._own(each.numpy(force=True)), y, w, self._own(shared.numpy(force=True)))
        self._read_off(examples, prepared.weight, rows)

    def _continuous(self, coded: Array) -> Array | None:  # noqa: ARG002
        """Targets (N, T) as numbers; None for classes."""
        return None

    def _training_objective(self) -> Objective:
        """The loss of the training, which may ask more of the network than scores."""
        return self.objective_

    def _read_off(self, examples: Examples, weight: Array, rows: int) -> None:
        """Read from the trained networks what physics has put there: constants and parts.

        Args:
            examples: What was learned from.
            weight: Weights of either sign of its rows, (N,).
            rows: How many of them were there to learn from.
        """

    def _model(self, scores: Scores, members: int) -> Scores:  # noqa: ARG002
        """Predictions or probabilities (n, O) as a function of raw inputs (n, F), given one that gives scores.

        The rows of each of the members follow one another.
        """
        return lambda points: self._answers(scores(points), points)

    def _move(self, x: Array, coded: Array, seed: int, epoch: int) -> tuple[Array, Array]:
        """Inputs and coded targets moved along the symmetries; classes do not move."""
        return self.physics_.moved(x, np.zeros((len(x), 0)), seed, epoch)[0], coded

    @abstractmethod
    def _answers(self, z: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Predictions or probabilities, (n, O), from scores z, (n, ...), of raw inputs (n, F)."""

    @property
    def _deviation(self) -> float:
        """Standard deviation of the targets; 1 for probabilities."""
        return 1.0

    def _score_rows(self, x: torch.Tensor, member: int) -> torch.Tensor:
        """Scores of one member on events that are prepared, (n, O)."""
        alone = copy.copy(self.members_)
        alone.values = self.members_.values[member : member + 1]
        alone.buffers = {k: v[member : member + 1] for k, v in self.members_.buffers.items()}
        return alone.scores(x)[0]

    def _held_out(self, validation: Any, gaps: bool) -> tuple[Array, Array, Array]:
        table = self._take_apart(*validation_parts(validation))
        x = self._rows(table, fitting=False, gaps=gaps)
        check_lengths(x, table.y)
        return x, self._code_targets(table.y), check_weight(table.weight, len(x))

    def _start_from_pretrained(self) -> Pace | None:
        """Put the weights of a trained model into the members."""
        if self.pretrained is None:
            return None
        check_outputs(self.pretrained, self._answers_count())
        self.transferred_ = self.pretrained.start(self.members_, getattr(self, "feature_names_in_", None))
        return self.pretrained.pace(self.members_, self.transferred_)  # type: ignore[no-any-return]

    @abstractmethod
    def _answers_count(self) -> int:
        """Number of classes or targets."""

    def _know(self, units: dict[str, str], targets: tuple[str | None, ...] = ()) -> Knowledge:
        names = tuple(str(name) for name in self.feature_names_in_) if hasattr(self, "feature_names_in_") else None
        self.feature_units_ = dict(units)
        columns = Columns(self.n_features_in_, names, units, targets)
        return Knowledge(self.physics, columns, self._targets_count(), self.net)

    def _full_net(self, inputs: int, *, fresh: bool = False) -> nn.Module:
        """The network with what the physics builds around it, from `inputs` numbers for each call of the core."""
        plain, targets, copies = self.objective_.parts
        prepared = inputs

        def core(outputs: int, inputs: int | None = None) -> nn.Module:
            if isinstance(self.scaling_, Preparation):
                return make_structured(self, self.scaling_.ready, outputs, fresh=fresh)
            return make_net(self, prepared if inputs is None else inputs, outputs, fresh=fresh)

        return self.physics_.wrap(core, targets, plain, copies)

    # ---- predict -----------------------------------------------------------------------------------------------
    def _scores(self, X: Any) -> tuple[Array, Array]:
        """Scores of every member, (M, N, O), as float64, and the rows of X as numbers, (N, F)."""
        check_is_fitted(self, "members_")
        table = self._take_apart(X)
        gaps = self.missing == "mark" or bool(self.scaling_.gaps) or bool(self.sentinels_)
        x = self._rows(table, fitting=False, gaps=gaps)
        inputs = self.physics_.prepare(x, self.scaling_)
        values = self.members_.values
        z: Array = self.members_.scores(torch.from_numpy(inputs).to(values.device)).numpy(force=True)
        return self._own(z).astype(np.float64), x

    def _check_spread(self) -> None:
        check_is_fitted(self, "members_")
        if len(self.members_) < 2:
            raise InputError("One member cannot disagree with itself: fit with members=5, say, to get a spread.")

    # ---- save and load -----------------------------------------------------------------------------------------
    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted model as one file, which `lawful.load` reads back without running code from it.

        A custom network (a torch module or function) is saved by name and weights, and so is a function in a
        statement: `lawful.load(path, functions=...)` needs it again.

        Raises:
            sklearn.exceptions.NotFittedError: When the model is not fitted.

        Warns:
            UserWarning: When there is such a function; says what `load` will need.
        """
        check_is_fitted(self, "members_")
        save_estimator(self, path)

    @abstractmethod
    def _state(self) -> tuple[dict[str, Any], Arrays]:
        """What the kind adds to the saved model."""

    @abstractmethod
    def _restore(self, facts: dict[str, Any], arrays: Arrays) -> Objective:
        """Take back what `_state` gave; give the loss."""

    @classmethod
    def from_archive(cls, facts: dict[str, Any], arrays: Arrays, functions: dict[str, Callable[..., Any]]) -> Self:
        """Rebuild a model from what `save` wrote; `lawful.load` is the front door.

        Raises:
            InputError: When the network was a function that is not among `functions`.
        """
        model = cls(**{name: from_json(name, value, functions) for name, value in facts["settings"].items()})
        restore_estimator(model, facts, arrays)
        return model
