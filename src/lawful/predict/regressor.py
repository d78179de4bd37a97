"""What is its energy?"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch
from scipy.special import expit
from sklearn.base import RegressorMixin, clone
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted
from torch import nn

from lawful.errors import InputError
from lawful.learning.archive import Arrays
from lawful.learning.loop import Examples, Scores
from lawful.learning.objectives import Objective, SignedSquaredError, SquaredError
from lawful.learning.scaling import TargetScaling
from lawful.physics.parts import Product
from lawful.predict.estimator import NetEstimator
from lawful.predict.inputs import Array, is_events, read_targets
from lawful.predict.keeping import mapped_scores, mean_kept, members_kept
from lawful.predict.reading_parts import contributions, levels, member_parts, stated_parts
from lawful.predict.residual import Parameter, around, constants, first_constants, shrunk
from lawful.predict.signed import LEAST_SHARE, signed_targets

_CLEARLY = 1.25  # times less squared error than from nothing that a start must give: beyond the data it goes astray
_NOTHING_LEFT = 1e-6  # deviation of the targets, relative, below which they are rounding


class Regressor(RegressorMixin, NetEstimator):
    r"""Answer 'how much is it?' with the mean of an ensemble of networks.

    Minimises the weighted squared error of the standardised targets, and so estimates the conditional mean
    $E[y|x] = \sum_i w_i y_i\,\delta(x - x_i) / \sum_i w_i\,\delta(x - x_i)$. With weights of both signs the network
    learns the share r(x) of negative weight and the mean of y over each sign, $f_+$ and $f_-$, and gives
    $f_+ + (f_+ - f_-)\,r / (1 - 2r)$, the same ratio, kept within the range of the targets; where the local sum of
    weights is negative the ratio is not defined and the prediction stays at an end of that range. Targets that a
    built-in symmetry turns, or that have a built-in unit, are not kept within a range; there 1 - 2r counts as 0.05 at
    least. No weight is clipped or dropped.

    Args:
        net: Of tables "mlp" (multilayer perceptron) or "linear" (linear regression); of clouds "sets", "graph",
            "transformer" or "equivariant"; of images "cnn"; of sequences and texts "rnn", "lstm", "gru" or
            "transformer". Of several inputs a dictionary from name to network; inputs that it does not name, or that
            the one named network does not take, get the usual one of their kind. Or a torch module, or a function
            from input shape, (F,) of a table, and if it likes the number of outputs, to a torch module.
        hidden: Widths of the hidden layers; None: (64, 64) of "mlp", and what suits the others.
        inputs: What is taken of structured inputs, by name (of one alone without): `fields` and `most`, the number
            of objects an event may keep, of a cloud; settings of `lawful.data.jet_images` of a cloud for "cnn"; None
            leaves an input out.
        options: Further settings of networks for structured inputs, as {"heads": 8}; of several inputs by name.
        augment: How images and clouds are moved at random in each epoch: settings of `lawful.learning.augment_images`
            and `augment_clouds`, of several inputs by name.
        activation: "silu", "tanh" or "relu".
        dropout: Share of hidden units silenced in a training step, from 0 to 0.95; on the CPU in steps of 1/256.
        embedding: None, or "periodic" for a learned periodic embedding of each column.
        scaling: "robust" (median, quartiles, arsinh), "standard" (mean and deviation), "none", or "auto": robust, and
            standard for `net="linear"`, which stays linear in the inputs.
        missing: "error", or "mark": NaN means missing, is replaced by the median and marked in an extra input.
        members: Networks in the ensemble, trained as one batched network.
        epochs: Passes over the data at most; by default patience ends the training long before.
        patience: Epochs without a better validation loss after which a member stops.
        batch_size: Events in a step; "auto": 256, or fewer where an epoch would otherwise have less than ten steps.
        learning_rate: Step size of AdamW.
        schedule: "constant" or "cosine".
        averaging: Steps over which weights are averaged; 0 switches it off.
        weight_decay: Decoupled weight decay.
        l1: Factor of the sum of |weights| in the loss.
        l2: Factor of half the sum of squared weights in the loss.
        gradient_clip: Largest norm of a member's gradient, or None.
        device: "auto", "cpu", "cuda", "mps".
        dtype: "float32" or "float64".
        checkpoint: Folder in which the training's state is kept; a training that was killed goes on from it.
        verbose: True: report each epoch. None: a progress bar on a terminal. False: silence.
        physics: Statements about the system; each is measured, and one given as `statement.by(...)` is enforced.
        pretrained: Where training starts from, as `lawful.transfer` makes it.
        seed: Same seed, same machine, same result.

    Attributes:
        history_: A dictionary for each epoch: losses, learning rate, seconds.
        members_: The networks, as `lawful.learning.Members`.
        n_iter_: Number of epochs made.
        parameters_: The constants of a `Baseline` that was fitted along, by name, each with `value`, `error` and
            `imitated`.

    Examples:
        >>> import numpy as np, lawful as lf
        >>> x = np.linspace(-1, 1, 400)[:, None]
        >>> model = lf.Regressor(hidden=(32,), epochs=200, learning_rate=0.01).fit(x, np.sin(3 * x[:, 0]))
        >>> bool(model.score(x, np.sin(3 * x[:, 0])) > 0.99)
        True
    """

    def __init__(
        self,
        net: Any = "mlp",
        *,
        hidden: Sequence[int] | None = None,
        inputs: Any = None,
        options: Any = None,
        augment: Any = None,
        activation: str = "silu",
        dropout: float = 0.0,
        embedding: str | None = None,
        scaling: str = "auto",
        missing: str = "error",
        members: int = 1,
        epochs: int = 10_000,
        patience: int = 20,
        batch_size: int | str = "auto",
        learning_rate: float = 2e-3,
        schedule: str = "constant",
        averaging: int = 1000,
        weight_decay: float = 1e-4,
        l1: float = 0.0,
        l2: float = 0.0,
        gradient_clip: float | None = None,
        device: str = "auto",
        dtype: str = "float32",
        checkpoint: Any = None,
        verbose: bool | None = None,
        physics: Any = (),
        pretrained: Any = None,
        seed: Any = 0,
    ) -> None:
        self.net = net
        self.hidden = hidden
        self.inputs = inputs
        self.options = options
        self.augment = augment
        self.activation = activation
        self.dropout = dropout
        self.embedding = embedding
        self.scaling = scaling
        self.missing = missing
        self.members = members
        self.epochs = epochs
        self.patience = patience
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.averaging = averaging
        self.weight_decay = weight_decay
        self.l1 = l1
        self.l2 = l2
        self.gradient_clip = gradient_clip
        self.device = device
        self.dtype = dtype
        self.checkpoint = checkpoint
        self.verbose = verbose
        self.physics = physics
        self.pretrained = pretrained
        self.seed = seed

    def __sklearn_tags__(self) -> Tags:
        """Tell scikit-learn that several targets are taken."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    # ---- targets -----------------------------------------------------------------------------------------------
    def _learn_targets(self, y: Any, weight: Array) -> Array:
        targets = read_targets(y)
        self.flat_ = np.ndim(y) == 1
        self.target_scaling_ = TargetScaling.fit(targets, weight)
        self.target_deviation_ = self.target_scaling_.scale.copy()
        if self.pretrained is not None:
            self.target_scaling_ = self.pretrained.targets(self.target_scaling_)
        self.held_out_error_: float | None = None
        self.part_levels_ = np.zeros((0, 0, 0))
        return targets

    def _targets_count(self) -> int:
        return len(self.target_scaling_.centre)

    def _subtract_known(self, x: Array, coded: Array, weight: Array, rows: int, seed: int) -> Array:
        """Subtract the reference and the polynomial from which training starts; scale what is left."""
        known = self.physics_
        if not known.chain and known.baseline is None:
            return coded
        coded = coded - known.reference(x)
        self.start_scaling_ = known.scale_targets(coded[:rows], weight[:rows])
        held = known.fit_start(x[:rows], self.start_scaling_.apply(coded[:rows]), weight[:rows], seed)
        if held is not None:
            if len(x) > rows:
                held = np.concatenate([held, np.asarray(known.started(x[rows:]))])
            coded = coded - self.start_scaling_.invert(held)
        left = known.scale_targets(coded[:rows], weight[:rows])
        floor = _NOTHING_LEFT * self.start_scaling_.scale  # what rounding leaves is not learned
        self.target_scaling_ = replace(left, scale=np.maximum(left.scale, floor))
        if known.baseline is not None:
            self.first_constants_: Array | None = first_constants(
                known, x[:rows], coded[:rows], weight[:rows], self.target_scaling_
            )
        return coded

    def _offset(self, x: Array) -> Array | float:
        """What is added to the network's predictions, (N, T)."""
        known = self.physics_
        if not known.offsets:
            return 0.0
        started = 0.0 if known.start is None else self.start_scaling_.invert(np.asarray(known.started(x)))
        return known.reference(x) + started

    def _move(self, x: Array, coded: Array, seed: int, epoch: int) -> tuple[Array, Array]:
        offset = self._offset(x)
        moved, targets = self.physics_.moved(x, coded + offset, seed, epoch)
        return moved, targets - self._offset(moved)

    def _answers(self, z: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        z = z[..., : self.objective_.outputs]
        if isinstance(self.objective_, SignedSquaredError):
            count = self.objective_.targets
            r, plus, minus = torch.sigmoid(z[..., :1]), z[..., 1 : 1 + count], z[..., 1 + count :]
            z = plus + (plus - minus) * r / (1 - 2 * r).clamp_min(LEAST_SHARE)
        scale, centre = (torch.as_tensor(v).to(z) for v in (self.target_scaling_.scale, self.target_scaling_.centre))
        return z * scale + centre + self._offset_like(z, x)

    def _offset_like(self, y: torch.Tensor, x: torch.Tensor) -> torch.Tensor | float:
        """What is added to the network's predictions y, (n, T), at raw inputs x, (n, F)."""
        if not self.physics_.offsets:
            return 0.0
        return torch.as_tensor(np.broadcast_to(self._offset(x.numpy(force=True)), y.shape).copy()).to(y)

    def _model(self, scores: Scores, members: int) -> Scores:
        return self.physics_.maps(super()._model(scores, members), self.target_deviation_, members=members)

    @property
    def _maps_in_training(self) -> bool:
        """With weights of both signs the mean over each sign is learned, of which nothing is stated."""
        return not isinstance(self.objective_, SignedSquaredError)

    def _mapped_scores(self, scores: Scores, x: torch.Tensor, members: int) -> torch.Tensor:
        return mapped_scores(self, scores, x, members)

    @property
    def _deviation(self) -> float:
        return float(np.sqrt(np.mean(self.target_deviation_**2)))

    def _code_targets(self, y: Any) -> Array:
        return read_targets(y)

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None, validation: Any = None) -> "Regressor":
        """Train the members.

        Args:
            X: Inputs, (N, F): array, data frame, torch tensor, awkward array, or `lawful.Events`. Or clouds (a
                `Cloud`, an awkward array, or values (N, P, F) and mask (N, P)), sequences (N, T, F), images (N, H, W)
                or (N, C, H, W), texts, or a dictionary of such inputs by name.
            y: Targets, (N,) or (N, T); taken from the events when X holds them.
            sample_weight: Event weights, (N,), of either sign; None: ones.
            validation: None: five seeded parts, or as many as members if these are more, are held out in turn.
                (X, y), (X, y, weight) or Events: judged on these. False: nothing is held out and all `epochs` are
                made.

        Returns:
            The regressor itself.

        Raises:
            InputError: When data or settings are at fault; the message says what to do.
        """
        super().fit(X, y, sample_weight, validation)
        if self.physics_.doubtful and self.held_out_error_ is not None:
            rival = clone(self).set_params(physics=self.physics_.without_start(self.physics), checkpoint=None)
            rival.fit(X, y, sample_weight, validation)
            if rival.held_out_error_ < _CLEARLY * self.held_out_error_:
                for name, value in vars(rival).items():
                    if name.endswith("_"):
                        setattr(self, name, value)
        return self

    def _after_training(self, z: Array, y: Array, w: Array, shared: Array) -> None:  # noqa: ARG002
        """Keep the error on held-out events, in deviations of the targets."""
        if not isinstance(self.objective_, SignedSquaredError):
            error = ((z - y) * self.target_scaling_.scale / self.target_deviation_) ** 2
            self.held_out_error_ = float(np.average(error.mean(-1), weights=w))

    def _answers_count(self) -> int:
        return len(self.target_scaling_.centre)

    def _strata(self, coded: Array) -> Array:
        return np.zeros(len(coded), np.int64)

    def _continuous(self, coded: Array) -> Array | None:
        return coded

    # ---- known models --------------------------------------------------------------------------------------------
    def _training_objective(self) -> Objective:
        return shrunk(self.objective_, self.physics_)

    def _full_net(self, inputs: int, *, fresh: bool = False) -> nn.Module:
        core = super()._full_net(inputs, fresh=fresh)
        if self.physics_.baseline is None:
            return core
        return around(core, self.physics_, self.objective_, self.target_scaling_, self.first_constants_)

    def _read_off(self, examples: Examples, weight: Array, rows: int) -> None:
        self.parameters_ = {}
        if self.physics_.baseline is not None:
            signed = isinstance(self.objective_, SignedSquaredError)
            y = examples.y[:, 1:] if signed else examples.y
            w = torch.from_numpy(weight).to(y)
            self.parameters_ = constants(self.members_, self.physics_, examples.x, y, w, examples.train)
        if stated_parts(self.physics_) is not None:
            self.part_levels_ = levels(self.physics_, member_parts(self.members_, examples.x[:rows]), weight[:rows])

    # ---- loss --------------------------------------------------------------------------------------------------
    def _plan(self, signed: bool) -> Objective:
        count = len(self.target_scaling_.centre)
        return SignedSquaredError(count) if signed else SquaredError(count)

    def _examples(self, coded: Array, weight: Array) -> tuple[Array, Array]:
        targets = self.target_scaling_.apply(coded)
        if isinstance(self.objective_, SignedSquaredError):
            targets = np.concatenate([(weight < 0)[:, None], targets], 1)
        return targets, np.abs(weight)

    # ---- predict -----------------------------------------------------------------------------------------------
    def predict(self, X: Any) -> Array:
        """Expected target of each row.

        Args:
            X: Inputs, (N, F).

        Returns:
            (N,) or (N, T), as y was in `fit`.
        """
        parts, x = self._parts(X)
        return self._shape(self._mean(parts, x))

    def _mean(self, parts: Array, x: Array) -> Array:
        """Predictions (N, T) of the ensemble, from the members' parts (M, N, O) and raw inputs."""
        if self.physics_.maps:
            return mean_kept(self, x)
        if len(parts) > 1 and isinstance(stated_parts(self.physics_), Product):  # a mean of products is no product
            factors, constant = self._contributions(x)
            return np.asarray(np.prod(list(factors.values()), axis=0) * constant)
        return np.asarray(self._combine(parts.mean(0)) + self._offset(x))

    def parts(self, X: Any) -> dict[str, Array]:
        """What each part of a `Sum` or `Product` that is built in contributes.

        Parts of a sum are known up to constants, and factors of a product up to scale: a part of a sum has mean zero
        over the training events, a factor the root mean square one, and "constant" has the rest.

        Args:
            X: Inputs, (N, F).

        Returns:
            By name of the part, in the shape of `predict`: terms in the unit of the target, or factors; together with
            "constant", (T,) or a number, they make the prediction, less what a `Baseline` gives.

        Raises:
            InputError: When no `Sum` or `Product` is built in.
        """
        check_is_fitted(self, "members_")
        if stated_parts(self.physics_) is None:
            raise InputError("No parts are built in: state physics=[Sum({...}).by('architecture')], or a Product.")
        found, constant = self._contributions(self._scores(X)[1])
        return {name: self._shape(values) for name, values in found.items()} | {"constant": self._shape(constant)}

    def _contributions(self, x: Array) -> tuple[dict[str, Array], Array]:
        inputs = torch.from_numpy(self.physics_.prepare(x, self.scaling_)).to(self.members_.values.device)
        parts = member_parts(self.members_, inputs)
        untrained = np.ones((*parts.shape[:2], parts.shape[3]))
        level = self.part_levels_ if self.part_levels_.size else untrained
        return contributions(self.physics_, parts, level, self.target_scaling_)

    def predict_with_spread(self, X: Any) -> tuple[Array, Array]:
        """Expected target, as `predict` gives it, and `spread`, for the price of one.

        Raises:
            InputError: When there is only one member.
        """
        self._check_spread()
        parts, x = self._parts(X)
        return self._shape(self._mean(parts, x)), self._disagreement(parts, x)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Coefficient of determination, weighted, mean over the targets; Events bring y and weights along."""
        if y is None and is_events(X):
            y, sample_weight = X.y, X.weight if sample_weight is None else sample_weight
        return float(super().score(X, y, sample_weight))

    def spread(self, X: Any) -> Array:
        """Disagreement of the members: standard deviation of their predictions, in the shape of `predict`.

        Raises:
            InputError: When there is only one member.
        """
        self._check_spread()
        return self._disagreement(*self._parts(X))

    def _disagreement(self, parts: Array, x: Array) -> Array:
        each = members_kept(self, x) if self.physics_.maps else self._combine(parts)
        return self._shape(each.std(0, ddof=1))

    def _parts(self, X: Any) -> tuple[Array, Array]:
        z, x = self._scores(X)
        return self._signs(z), x

    def _signs(self, z: Array) -> Array:
        """Scores with the share of negative weight in place of its logit."""
        z = z[..., : self.objective_.outputs]
        if isinstance(self.objective_, SignedSquaredError):
            z[..., 0] = expit(z[..., 0])
        return z

    def _combine(self, z: Array) -> Array:
        signed = isinstance(self.objective_, SignedSquaredError)
        return signed_targets(z, self.target_scaling_, self.physics_) if signed else self.target_scaling_.invert(z)

    def _shape(self, y: Array) -> Array:
        return y[..., 0] if self.flat_ else y

    # ---- save and load -----------------------------------------------------------------------------------------
    def _state(self) -> tuple[dict[str, Any], Arrays]:
        arrays = {f"target.{name}": value for name, value in vars(self.target_scaling_).items()}
        arrays["target.deviation"] = self.target_deviation_
        arrays["parts.levels"] = self.part_levels_
        if self.physics_.start is not None:
            arrays |= {f"start.{name}": value for name, value in vars(self.start_scaling_).items()}
        facts = {"flat": self.flat_, "signed": isinstance(self.objective_, SignedSquaredError)}
        return facts | {"parameters": {name: asdict(p) for name, p in self.parameters_.items()}}, arrays

    def _restore(self, facts: dict[str, Any], arrays: Arrays) -> Objective:
        names = ("centre", "scale", "low", "high")
        self.target_scaling_ = TargetScaling(*(arrays[f"target.{name}"] for name in names))
        self.target_deviation_ = arrays["target.deviation"]
        if "start.centre" in arrays:
            self.start_scaling_ = TargetScaling(*(arrays[f"start.{name}"] for name in names))
        self.flat_ = bool(facts["flat"])
        self.parameters_ = {name: Parameter(**p) for name, p in facts.get("parameters", {}).items()}
        self.first_constants_ = None
        self.part_levels_ = arrays["parts.levels"]
        return self._plan(bool(facts["signed"]))
