"""Which particle made each of these hits?"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import logit

from lawful.errors import InputError
from lawful.learning.archive import Arrays
from lawful.learning.objectives import BinaryCrossEntropy, Objective
from lawful.learning.objectives_each import NumberedCrossEntropy
from lawful.predict.calibrating import agreement, fit_temperature
from lawful.predict.classifier import Classifier
from lawful.predict.inputs import Array
from lawful.predict.per_object import PerObject


class Segmenter(PerObject, Classifier):
    r"""Answer 'which class is each of these?' for the objects of a cloud, steps of a sequence, or pixels of an image.

    Minimises the cross-entropy summed over all objects, $\sum_i w_i \sum_{j \in i} v_j\, (-\ln p(y_j | j, i))$, with
    the weight $w_i$ of the event and $v_j$ of the object. Every object counts alike, in whatever event it is, as in
    `score`; $v_j = 1/n_i$ makes every event count alike instead. Weights of both signs are treated as by
    `Classifier`, for each object.

    What is predicted comes in the form of one field of the input: of a `Cloud`, of Events, or of values and a mask
    one array of all objects, in the order of the cloud's fields; of a list a list with an array for each event; of
    an awkward array an awkward array; of sequences (N, T, F) an array (N, T); of images (N, H, W). Probabilities
    have an axis of classes behind.

    Args:
        net: "transformer", "graph", "sets", "equivariant" for clouds (the order of objects does not matter to any of
            them); "rnn", "lstm", "gru" for sequences (`options={"bidirectional": True}` to look ahead), or
            "transformer"; "unet" for images; of several inputs a dictionary with the network of each. Where the named
            one does not take an input: the usual one. Also a torch module, or a function from input shape and number
            of outputs to one, that gives (B, P, O) from values (B, P, F) and a mask (B, P), or (B, O, H, W).
        of: Name of the input whose objects are labelled; None: the only one that has objects, steps or pixels. What
            the others tell of an event is known to each of its objects.
        hidden: Widths of the layers; None: the usual ones of the network.
        inputs: By name of the input: which `fields`, and the `most` objects of an event to learn from.
        options: Further settings of the network.
        activation: "silu", "tanh" or "relu".
        dropout: Share of hidden units silenced in a training step, from 0 to 0.95.
        scaling: "robust" (median, quartiles, arsinh), "standard" (mean and deviation), "none", or "auto": robust.
        missing: "error", or "mark": NaN in a table means missing.
        members: Networks in the ensemble.
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
        class_weight: None, "balanced" (each class gets the same total weight of objects), or a dictionary.
        calibrate: Whether a temperature is fitted on the objects of the events held out, as by `Classifier`.
        device: "auto", "cpu", "cuda", "mps".
        dtype: "float32" or "float64".
        checkpoint: Folder in which the training's state is kept; a training that was killed goes on from it.
        verbose: True: report each epoch. None: a progress bar on a terminal. False: silence.
        physics: Symmetries that move no label, as `statement.by("augment")`.
        pretrained: As `lawful.transfer` sets it.
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
        >>> energy = [rng.exponential(size=n) for n in rng.integers(0, 9, 300)]
        >>> above = [e > e.mean() if len(e) else np.zeros(0, bool) for e in energy]  # the mean of its own event
        >>> model = lf.Segmenter("sets", epochs=30, learning_rate=0.01).fit(energy, above)
        >>> bool(model.score(energy, above) > 0.9), len(model.predict(energy))
        (True, 300)
    """

    def __init__(
        self,
        net: Any = "transformer",
        *,
        of: str | None = None,
        hidden: Sequence[int] | None = None,
        inputs: Any = None,
        options: Any = None,
        activation: str = "silu",
        dropout: float = 0.1,
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
        self.of = of
        super().__init__(
            net,
            hidden=hidden,
            inputs=inputs,
            options=options,
            activation=activation,
            dropout=dropout,
            scaling=scaling,
            missing=missing,
            members=members,
            epochs=epochs,
            patience=patience,
            batch_size=batch_size,
            learning_rate=learning_rate,
            schedule=schedule,
            averaging=averaging,
            weight_decay=weight_decay,
            l1=l1,
            l2=l2,
            gradient_clip=gradient_clip,
            class_weight=class_weight,
            calibrate=calibrate,
            device=device,
            dtype=dtype,
            checkpoint=checkpoint,
            verbose=verbose,
            physics=physics,
            pretrained=pretrained,
            seed=seed,
        )

    _enforceable = "Symmetries that move no label can be enforced by('augment')."

    # ---- fit -----------------------------------------------------------------------------------------------------
    def fit(
        self, X: Any, y: Any = None, sample_weight: Any = None, validation: Any = None, *, object_weight: Any = None
    ) -> "Segmenter":
        """Train the members.

        Args:
            X: A cloud, lists of objects or steps, sequences (N, T, F), values (N, P, F) and mask (N, P), images
                (N, H, W) or (N, C, H, W), `lawful.Events` with a cloud, or several inputs by name.
            y: A label for each object: lists of those of each event, an awkward array, an array of all labels one
                after the other, (N, P) padded, or (N, H, W). Or the name of a field of the cloud, as "cells.shower",
                which is then no input.
            sample_weight: Event weights, (N,), of either sign; None: those of the Events, or ones.
            validation: None: five parts of the events are held out in turn, as by `Classifier`. (X, y), (X, y,
                weight), (X, y, weight, object_weight), or Events where y names a field: judged on these. False:
                nothing is held out.
            object_weight: Weight of each object, at least zero, in a form as of y, or the name of a field, such as
                "cells.energy"; None: ones. An object of weight zero may have any label that occurs.

        Returns:
            The segmenter itself.

        Raises:
            InputError: When data or settings are at fault; the message says what to do.
        """
        self.temperature_ = 1.0
        self._train(X, y, sample_weight, validation, object_weight)
        return self

    def _learn_values(self, values: Array, weight: Array) -> Array:
        self._check_values(values)
        return Classifier._learn_targets(self, values, weight)[:, None].astype(np.float32)

    def _code_values(self, values: Array) -> Array:
        self._check_values(values)
        if not len(values):
            return np.zeros((0, 1), np.float32)
        return Classifier._code_targets(self, values)[:, None].astype(np.float32)

    def _check_values(self, values: Array) -> None:
        if values.ndim != 1:
            raise InputError(
                f"y: values of shape {values.shape[1:]} for each object; expected one label. For images of one "
                "channel, X and y of shape (N, H, W), give net='unet'."
            )

    def _strata(self, coded: Array) -> Array:
        """The rarest class that an event has, so that rare ones are spread evenly; 0 where it has no object."""
        K = len(self.classes_)
        labels, there = coded[..., 0].astype(np.int64), coded[..., 1] > 0
        order = np.argsort(np.bincount(labels[there], minlength=K))[::-1]
        strata = np.full(len(coded), 0)
        for number, k in enumerate(order):
            strata[((labels == k) & there).any(1)] = number + 1
        return strata

    def _look_at(self, x: Array, coded: Array) -> None:
        """Nothing is looked for: labels that follow from one field, as by a threshold, are common among objects."""

    def _plan(self, signed: bool) -> Objective:
        self.signed_ = signed
        K = len(self.classes_)
        return BinaryCrossEntropy() if K == 2 and not signed else NumberedCrossEntropy(K * (1 + signed))

    def _object_targets(self, values: Array, negative: Array) -> tuple[Array, Array]:
        K = len(self.classes_)
        return values + K * negative[:, None].astype(values.dtype), self.class_factors_[values[:, 0].astype(np.int64)]

    def _judge(self, z: Array, y: Array, w: Array, shared: Array) -> None:
        self.temperature_ = 1.0
        if self.calibrate:
            one_hot = y if z.shape[1] == 1 else np.eye(z.shape[1])[y[:, 0].astype(np.int64)]
            self.temperature_ = fit_temperature(z, one_hot, w) * agreement(shared)

    # ---- predict -------------------------------------------------------------------------------------------------
    def predict(self, X: Any) -> Any:
        """Most probable class of each object, in the form of one field of X."""
        z, _, layout = self._scored(X)
        return layout.told(self._labels_of(z))

    def predict_proba(self, X: Any) -> Any:
        """Probability of each class for each object: in the form of one field of X, with an axis of K behind."""
        z, _, layout = self._scored(X)
        return layout.told(self._mean_probabilities(z))

    def predict_with_spread(self, X: Any) -> tuple[Any, Any]:
        """Probabilities, as `predict_proba` gives them, and `spread`, for the price of one.

        Raises:
            InputError: When there is only one member.
        """
        self._check_spread()
        z, _, layout = self._scored(X)
        return layout.told(self._mean_probabilities(z)), layout.told(self._disagreement(z))

    def spread(self, X: Any) -> Any:
        """Disagreement of the members: standard deviation of their probabilities, in the form of one field of X.

        For two classes that of the second one's probability, else there is an axis of K classes behind.

        Raises:
            InputError: When there is only one member.
        """
        return self.predict_with_spread(X)[1]

    def decision_function(self, X: Any) -> Any:
        """Score that grows with the probability: its logit for two classes, else its logarithm, with an axis of K."""
        z, _, layout = self._scored(X)
        p = self._mean_probabilities(z)
        if p.shape[1] == 2:
            return layout.told(np.asarray(logit(p[:, 1].clip(1e-300, 1 - 1e-16))))
        return layout.told(np.log(p.clip(np.finfo(np.float64).tiny)))

    def _labels_of(self, z: Array) -> Array:
        return np.asarray(self.classes_[self._mean_probabilities(z).argmax(1)])

    # ---- judge ---------------------------------------------------------------------------------------------------
    def score(self, X: Any, y: Any = None, sample_weight: Any = None, *, object_weight: Any = None) -> float:
        """Weighted share of objects whose most probable class is the true one.

        Args:
            X: Inputs, as `fit` takes them.
            y: True labels, as `fit` takes them; None: the field that it was fitted with.
            sample_weight: Event weights, (N,).
            object_weight: Weight of each object, or the name of a field.
        """
        truth, weight = self._true(X, y, sample_weight, object_weight)
        return float(np.average(self._labels_of(self._scores(X)[0]) == truth, weights=weight))

    def overlap(
        self, X: Any, y: Any = None, sample_weight: Any = None, *, object_weight: Any = None
    ) -> dict[Any, float]:
        r"""Intersection over union of each class: $\sum w\,[\hat y = k, y = k] / \sum w\,[\hat y = k$ or $y = k]$.

        One for a class that is found without error, zero for one that is missed throughout, NaN for one that neither
        occurs nor is predicted. Their mean judges rare classes as it does frequent ones, which `score` does not.

        Args:
            X: Inputs, as `fit` takes them.
            y: True labels, as `fit` takes them; None: the field that it was fitted with.
            sample_weight: Event weights, (N,).
            object_weight: Weight of each object, or the name of a field.

        Returns:
            By class.
        """
        truth, weight = self._true(X, y, sample_weight, object_weight)
        found = self._labels_of(self._scores(X)[0])
        shares = {}
        for k in self.classes_.tolist():
            union = float(weight[(found == k) | (truth == k)].sum())
            shares[k] = float(weight[(found == k) & (truth == k)].sum()) / union if union else float("nan")
        return shares

    # ---- save and load -------------------------------------------------------------------------------------------
    def _state(self) -> tuple[dict[str, Any], Arrays]:
        facts, arrays = Classifier._state(self)
        return facts | {"label_field": self.label_field_}, arrays

    def _restore(self, facts: dict[str, Any], arrays: Arrays) -> Objective:
        self._restore_field(facts)
        return Classifier._restore(self, facts, arrays)
