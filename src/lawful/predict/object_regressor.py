"""How much is it, for each of these?"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.metrics import r2_score

from lawful.learning.archive import Arrays
from lawful.learning.objectives import Objective
from lawful.predict.inputs import Array
from lawful.predict.per_object import PerObject
from lawful.predict.regressor import Regressor


class ObjectRegressor(PerObject, Regressor):
    r"""Answer 'how much is it?' for each object of a cloud, step of a sequence, or pixel of an image.

    Minimises the squared error of the standardised targets summed over all objects,
    $\sum_i w_i \sum_{j \in i} v_j\, (f(j, i) - y_j)^2$, with the weight $w_i$ of the event and $v_j$ of the object,
    and so estimates the mean of y for an object, given all that is known of its event; with "rnn", "lstm" and "gru"
    given the steps up to its own, unless `options={"bidirectional": True}`. Weights of both signs are treated as by
    `Regressor`, for each object. Which networks there are, `of`, and the form of what is predicted are as of
    `Segmenter`.

    Args:
        net: As of `Segmenter`.
        of: Name of the input whose objects have targets; None: the only one that has objects, steps or pixels.
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
        device: "auto", "cpu", "cuda", "mps".
        dtype: "float32" or "float64".
        checkpoint: Folder in which the training's state is kept; a training that was killed goes on from it.
        verbose: True: report each epoch. None: a progress bar on a terminal. False: silence.
        pretrained: As `lawful.transfer` sets it.
        seed: Same seed, same machine, same result.

    Attributes:
        history_: A dictionary for each epoch: losses, learning rate, seconds.
        members_: The networks, as `lawful.learning.Members`.
        n_iter_: Number of epochs made.

    Examples:
        >>> import numpy as np, lawful as lf
        >>> x = np.random.default_rng(0).normal(size=(300, 6, 1))
        >>> total = x[..., 0].cumsum(1)  # after each step
        >>> model = lf.ObjectRegressor("gru", epochs=40, learning_rate=0.01).fit(x, total)
        >>> model.predict(x).shape, bool(model.score(x, total) > 0.9)
        ((300, 6), True)
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
        dropout: float = 0.0,
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
            device=device,
            dtype=dtype,
            checkpoint=checkpoint,
            verbose=verbose,
            pretrained=pretrained,
            seed=seed,
        )

    # ---- fit -----------------------------------------------------------------------------------------------------
    def fit(
        self, X: Any, y: Any = None, sample_weight: Any = None, validation: Any = None, *, object_weight: Any = None
    ) -> "ObjectRegressor":
        """Train the members.

        Args:
            X: As `Segmenter.fit` takes it.
            y: One or K numbers for each object: lists of those of each event, an awkward array, an array of all of
                them one after the other, (M,) or (M, K), padded (N, P) or (N, P, K), or (N, H, W) or (N, H, W, K).
                Or the name of a field of the cloud, which is then no input.
            sample_weight: Event weights, (N,), of either sign; None: those of the Events, or ones.
            validation: As `Segmenter.fit` takes it.
            object_weight: Weight of each object, at least zero, in a form as of y, or the name of a field.

        Returns:
            The regressor itself.

        Raises:
            InputError: When data or settings are at fault; the message says what to do.
        """
        self._train(X, y, sample_weight, validation, object_weight)
        return self

    def _learn_values(self, values: Array, weight: Array) -> Array:
        return Regressor._learn_targets(self, values, weight)

    def _code_values(self, values: Array) -> Array:
        return Regressor._code_targets(self, values)

    def _strata(self, coded: Array) -> Array:
        """Whether an event has objects."""
        return np.asarray((coded[..., -1] > 0).any(1), dtype=np.int64)

    def _object_targets(self, values: Array, negative: Array) -> tuple[Array, Array]:
        sign = np.where(negative, -1.0, 1.0)
        return Regressor._examples(self, values, sign)[0], np.ones(len(values))

    def _judge(self, z: Array, y: Array, w: Array, shared: Array) -> None:
        Regressor._after_training(self, z, y, w, shared)

    # ---- predict -------------------------------------------------------------------------------------------------
    def predict(self, X: Any) -> Any:
        """Expected target of each object, in the form of one field of X, with an axis of K behind if y had one."""
        z, x, layout = self._scored(X)
        return layout.told(self._shape(self._mean(self._signs(z), x)))

    def predict_with_spread(self, X: Any) -> tuple[Any, Any]:
        """Expected targets, as `predict` gives them, and `spread`, for the price of one.

        Raises:
            InputError: When there is only one member.
        """
        self._check_spread()
        z, x, layout = self._scored(X)
        parts = self._signs(z)
        return layout.told(self._shape(self._mean(parts, x))), layout.told(self._disagreement(parts, x))

    def spread(self, X: Any) -> Any:
        """Disagreement of the members: standard deviation of their predictions, in the form of `predict`.

        Raises:
            InputError: When there is only one member.
        """
        return self.predict_with_spread(X)[1]

    def score(self, X: Any, y: Any = None, sample_weight: Any = None, *, object_weight: Any = None) -> float:
        """Coefficient of determination over all objects, weighted, mean over the targets.

        Args:
            X: Inputs, as `fit` takes them.
            y: True values, as `fit` takes them; None: the field that it was fitted with.
            sample_weight: Event weights, (N,).
            object_weight: Weight of each object, or the name of a field.
        """
        truth, weight = self._true(X, y, sample_weight, object_weight)
        z, x, _ = self._scored(X)
        return float(r2_score(truth, self._shape(self._mean(self._signs(z), x)), sample_weight=weight))

    # ---- save and load -------------------------------------------------------------------------------------------
    def _state(self) -> tuple[dict[str, Any], Arrays]:
        facts, arrays = Regressor._state(self)
        return facts | {"label_field": self.label_field_}, arrays

    def _restore(self, facts: dict[str, Any], arrays: Arrays) -> Objective:
        self._restore_field(facts)
        return Regressor._restore(self, facts, arrays)
