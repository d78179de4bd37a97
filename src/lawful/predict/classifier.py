"""Is it signal?"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from scipy.special import expit, logit, softmax
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from lawful.errors import InputError
from lawful.learning.archive import Arrays
from lawful.learning.objectives import BinaryCrossEntropy, CrossEntropy, Objective
from lawful.predict.calibrating import agreement, fit_temperature
from lawful.predict.estimator import NetEstimator
from lawful.predict.inputs import Array, is_events, warn_of_labels
from lawful.predict.plain import plain_number
from lawful.predict.signed import signed_probabilities


class Classifier(ClassifierMixin, NetEstimator):
    r"""Answer 'which class is it?' with calibrated probabilities from an ensemble of networks.

    Minimises the weighted cross-entropy. The scores (logits) are averaged over the members and divided by a
    temperature. With weights of both signs the
    network learns the probabilities of class and sign, and gives the ratio of the signed densities,
    $p(k|x) = \sum_{i \in k} w_i\,\delta(x - x_i) / \sum_i w_i\,\delta(x - x_i)$, wherever these are positive, and
    stays in [0, 1] elsewhere (Drnevich et al., 'Neural quasiprobabilistic likelihood ratio estimation with negatively
    weighted data', 2024). No weight is clipped or dropped.

    Args:
        net: Of tables "mlp" (multilayer perceptron) or "linear" (logistic regression); of clouds "sets", "graph",
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
        embedding: None, or "periodic" for a learned periodic embedding of each column: slower, and often better
            where there are narrow structures.
        scaling: "robust" (median, quartiles, arsinh), "standard" (mean and deviation), "none", or "auto": robust, and
            standard for `net="linear"`, which stays linear in the inputs.
        missing: "error", or "mark": NaN means missing, is replaced by the median and marked in an extra input. Events
            read with `missing=` are marked in any case.
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
        class_weight: None, "balanced" (each class gets the same total weight), or a dictionary from class to factor.
        calibrate: Whether a temperature is fitted on the held-out events, so that probabilities mean what they say
            (Guo et al., 'On calibration of modern neural networks', 2017). No event is held out by all members, so
            the temperature of single members is fitted, and carried over to their mean by how much they agree.
        device: "auto", "cpu", "cuda", "mps".
        dtype: "float32" or "float64".
        checkpoint: Folder in which the training's state is kept; a training that was killed goes on from it.
        verbose: True: report each epoch. None: a progress bar on a terminal. False: silence.
        physics: Statements about the system; each is measured, and one given as `statement.by(...)` is enforced.
        pretrained: Where training starts from, as `lawful.transfer` makes it.
        seed: Same seed, same machine, same result.

    Attributes:
        classes_: Class labels, sorted, (K,).
        history_: A dictionary for each epoch: losses, learning rate, seconds.
        temperature_: By what the scores are divided.
        members_: The networks, as `lawful.learning.Members`.
        n_iter_: Number of epochs made.

    Examples:
        >>> import numpy as np, lawful as lf
        >>> rng = np.random.default_rng(0)
        >>> X = rng.normal(size=(400, 2))
        >>> y = X[:, 0] ** 2 + X[:, 1] ** 2 > 1.5
        >>> model = lf.Classifier(hidden=(32,), epochs=60, learning_rate=0.01).fit(X, y)
        >>> model.predict_proba(X).shape
        (400, 2)
        >>> bool(model.score(X, y) > 0.9)
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
        dropout: float = 0.2,
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
        class_weight: Any = None,
        calibrate: bool = True,
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
        self.class_weight = class_weight
        self.calibrate = calibrate
        self.device = device
        self.dtype = dtype
        self.checkpoint = checkpoint
        self.verbose = verbose
        self.physics = physics
        self.pretrained = pretrained
        self.seed = seed

    # ---- targets -----------------------------------------------------------------------------------------------
    def _learn_targets(self, y: Any, weight: Array) -> Array:
        labels = self._labels(y)
        self.classes_ = np.unique(labels)
        if len(self.classes_) < 2:
            raise InputError(
                f"y holds only one class, {plain_number(self.classes_[0])!r}: a classifier needs at least two. Was "
                "only one of the trees or files read, or has a cut removed the other class?"
            )
        coded = np.searchsorted(self.classes_, labels)
        sums = np.bincount(coded, weight, len(self.classes_))
        if (sums <= 0).any():
            worst = plain_number(self.classes_[int(sums.argmin())])
            raise InputError(
                f"The weights of class {worst!r} sum to {sums.min():g}; each class needs a positive sum of weights."
            )
        self.class_factors_ = self._class_factors(coded, weight)
        return coded

    def _labels(self, y: Any) -> Array:
        if y is not None and np.ndim(y) == 0:
            raise InputError(f"y={y!r}: expected one label for each row of X.")
        try:
            labels: Array = column_or_1d(y, warn=True)
            if labels.dtype.kind == "f" and not np.isfinite(labels).all():
                raise InputError(f"Input y contains NaN or infinity: {int((~np.isfinite(labels)).sum())} values.")
            check_classification_targets(labels)
        except InputError:
            raise
        except ValueError as error:
            raise InputError(str(error)) from None
        return labels

    def _code_targets(self, y: Any) -> Array:
        labels = self._labels(y)
        unknown = np.setdiff1d(labels, self.classes_)
        if len(unknown):
            raise InputError(f"The validation labels {unknown[:5].tolist()} do not occur in the training labels.")
        return np.searchsorted(self.classes_, labels)

    def _class_factors(self, coded: Array, weight: Array) -> Array:
        K = len(self.classes_)
        if self.class_weight is None:
            return np.ones(K)
        if isinstance(self.class_weight, str) and self.class_weight == "balanced":
            sums = np.bincount(coded, weight, K)
            return np.asarray(sums.sum() / (K * sums))
        if not isinstance(self.class_weight, dict):
            raise InputError(f"class_weight={self.class_weight!r}: expected None, 'balanced' or a dictionary.")
        try:
            factors = compute_class_weight(self.class_weight, classes=self.classes_, y=self.classes_[coded])
        except ValueError as error:
            raise InputError(f"class_weight: {error}") from None
        if not (np.isfinite(factors).all() and (factors >= 0).all() and factors.any()):
            raise InputError(f"class_weight={self.class_weight!r}: expected factors of at least zero, not all zero.")
        return np.asarray(factors, dtype=np.float64)

    def _answers_count(self) -> int:
        return len(self.classes_)

    def _strata(self, coded: Array) -> Array:
        return coded

    def _look_at(self, x: Array, coded: Array) -> None:
        if len(x) >= 100:  # with fewer rows a good column may separate by chance
            own = self._columns_of_their_own
            names = getattr(self, "feature_names_in_", None)
            warn_of_labels(x[:, own], coded, None if names is None else names[own])

    # ---- loss --------------------------------------------------------------------------------------------------
    def _plan(self, signed: bool) -> Objective:
        self.signed_ = signed
        if signed:
            return CrossEntropy(2 * len(self.classes_))
        return BinaryCrossEntropy() if len(self.classes_) == 2 else CrossEntropy(len(self.classes_))

    def _examples(self, coded: Array, weight: Array) -> tuple[Array, Array]:
        weight = weight * self.class_factors_[coded]
        if isinstance(self.objective_, BinaryCrossEntropy):
            return coded[:, None].astype(np.float64), weight
        column = coded + len(self.classes_) * (weight < 0)  # positive weights of each class first, then negative
        return np.eye(self.objective_.outputs)[column], np.abs(weight)

    def _answers(self, z: torch.Tensor, x: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        if isinstance(self.objective_, BinaryCrossEntropy):
            p = torch.sigmoid(z)
            return torch.cat([1 - p, p], -1)
        q = torch.softmax(z, -1)
        if not self.signed_:
            return q
        K = len(self.classes_)
        return q[..., :K] - q[..., K:]  # not normalised, so that it stays bounded

    def _after_training(self, z: Array, y: Array, w: Array, shared: Array) -> None:
        self.temperature_ = 1.0
        if self.calibrate:
            z = z.astype(np.float64)
            single = fit_temperature(z.reshape(-1, z.shape[-1]), y.reshape(-1, y.shape[-1]), w.reshape(-1))
            self.temperature_ = single * agreement(shared.astype(np.float64))

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None, validation: Any = None) -> "Classifier":
        """Train the members; see `NetEstimator.fit`, whose arguments these are.

        Args:
            X: Inputs, (N, F): array, data frame, torch tensor, awkward array, or `lawful.Events`. Or clouds (a
                `Cloud`, an awkward array, or values (N, P, F) and mask (N, P)), sequences (N, T, F), images (N, H, W)
                or (N, C, H, W), texts, or a dictionary of such inputs by name.
            y: Labels, (N,); taken from the events when X holds them.
            sample_weight: Event weights, (N,), of either sign; None: ones.
            validation: None: five seeded, stratified parts, or as many as members if these are more, are held out
                in turn. (X, y), (X, y, weight) or Events: judged on these. False: nothing is held out and all
                `epochs` are made.

        Returns:
            The classifier itself.

        Raises:
            InputError: When data or settings are at fault; the message says what to do.
        """
        self.temperature_ = 1.0
        super().fit(X, y, sample_weight, validation)
        return self

    # ---- predict -----------------------------------------------------------------------------------------------
    def _probabilities(self, z: Array) -> Array:
        """From scores (..., O) to probabilities of classes, or of classes and signs."""
        z = z / self.temperature_
        if isinstance(self.objective_, BinaryCrossEntropy):
            p = expit(z)
            return np.concatenate([1 - p, p], -1)
        return np.asarray(softmax(z, -1))

    def predict_proba(self, X: Any) -> Array:
        """Probability of each class.

        Args:
            X: Inputs, (N, F).

        Returns:
            (N, K), rows sum to one; columns in the order of `classes_`.
        """
        return self._mean_probabilities(self._scores(X)[0])

    def predict_with_spread(self, X: Any) -> tuple[Array, Array]:
        """Probabilities, as `predict_proba` gives them, and `spread`, for the price of one.

        Raises:
            InputError: When there is only one member.
        """
        self._check_spread()
        z = self._scores(X)[0]
        return self._mean_probabilities(z), self._disagreement(z)

    def _mean_probabilities(self, z: Array) -> Array:
        """Probabilities of the classes, (N, K), from the scores of all members, (M, N, O)."""
        return self._combine(self._probabilities(z.mean(0)))

    def _combine(self, q: Array) -> Array:
        """From probabilities of class and sign, (..., 2K), to those of the classes, (..., K)."""
        return signed_probabilities(q) if self.signed_ else q

    def decision_function(self, X: Any) -> Array:
        """Score that grows with the probability: its logit, (N,), for two classes, else its logarithm, (N, K)."""
        p = self.predict_proba(X)
        tiny = np.finfo(np.float64).tiny
        if p.shape[1] == 2:
            return np.asarray(logit(p[:, 1].clip(1e-300, 1 - 1e-16)))
        return np.asarray(np.log(p.clip(tiny)))

    def predict(self, X: Any) -> Array:
        """Most probable class of each row, (N,)."""
        p = self.predict_proba(X)
        return np.asarray(self.classes_[p.argmax(1)])

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Weighted share of rows whose most probable class is the true one; Events bring y and weights along."""
        if y is None and is_events(X):
            y, sample_weight = X.y, X.weight if sample_weight is None else sample_weight
        return float(super().score(X, y, sample_weight))

    def spread(self, X: Any) -> Array:
        """Disagreement of the members: standard deviation of their probabilities.

        Returns:
            (N,) for two classes (of the second one's probability), else (N, K).

        Raises:
            InputError: When there is only one member.
        """
        self._check_spread()
        return self._disagreement(self._scores(X)[0])

    def _disagreement(self, z: Array) -> Array:
        p = self._combine(self._probabilities(z))
        deviation = p.std(0, ddof=1)
        return np.asarray(deviation[:, 1] if deviation.shape[1] == 2 else deviation)

    # ---- save and load -----------------------------------------------------------------------------------------
    def _state(self) -> tuple[dict[str, Any], Arrays]:
        facts = {"classes": self.classes_.tolist(), "classes_dtype": self.classes_.dtype.str}
        facts |= {"temperature": self.temperature_, "signed": self.signed_}
        return facts, {}

    def _restore(self, facts: dict[str, Any], arrays: Arrays) -> Objective:  # noqa: ARG002
        kind = np.dtype(facts["classes_dtype"])
        self.classes_ = np.array(facts["classes"], dtype=kind)
        self.temperature_ = float(facts["temperature"])
        if not 0 < self.temperature_ < np.inf:
            raise InputError("the temperature is not a positive number: the file was changed.")
        return self._plan(bool(facts["signed"]))
