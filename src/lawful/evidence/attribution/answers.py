"""The answer of a model as one number an event, a function of rows that can be differentiated."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lawful.errors import InputError
from lawful.evidence.arrays import Array
from lawful.evidence.attribution.rows import Rows

OF = ("score", "probability")
_LEAST = 1e-9  # what the share of positive less negative weight is taken to be at least
_STEP = 1e-4  # of the size of a column, for numerical derivatives
_INFINITE = "a log-odds may be infinite where weights have both signs: use of='probability'"


class Answer:
    """One number an event: the log-odds or the probability of a class, or a predicted target.

    It is the model's own answer, of all its members. Where something is built into the network or done to its
    predictions, derivatives are central differences of what the model predicts; else they are exact.

    Args:
        model: A fitted Classifier or Regressor.
        rows: The events.
        output: A class, or one for each event; the number of a target. None: the second of two classes, the most
            probable one of several, the only target.
        of: "score" or "probability" of a class; None: the log-odds, or the probability where weights have both
            signs.

    Attributes:
        title: What the number is, in words.
        place: Which class or target is meant, (N,).

    Raises:
        InputError: For an unknown class or target, or where it is not said which.
    """

    def __init__(self, model: Any, rows: Rows, output: Any = None, of: str | None = None) -> None:
        self.model, self.rows = model, rows
        self.classes = getattr(model, "classes_", None)
        if self.classes is None:
            if of is not None:
                raise InputError(f"of={of!r} does nothing for a regression: its answer is the prediction itself.")
            self.place, self.title = _target(model, output, len(rows.x))
        else:
            self.of = _kind(model, of)
            self.place, name = self._class(output)
            self.title = f"{'log-odds' if self.of == 'score' else 'probability'} of {name}"
        where = model.members_.values.device
        self.device = torch.device("cpu") if where.type == "mps" else where  # which has no float64
        physics = model.physics_
        self.exact = not (physics.chain or physics.maps)
        self.nets = [
            model.members_.net_of(m).requires_grad_(False).to(self.device) for m in range(len(model.members_))
        ]
        self.size = np.nanstd(rows.x, axis=0)

    def _class(self, output: Any) -> tuple[Array, str]:
        assert self.classes is not None
        labels = self.classes.tolist()
        N = len(self.rows.x)
        if output is None:
            if len(labels) == 2:
                return np.ones(N, np.int64), str(labels[1])
            return self._predicted(self.rows.x).argmax(1), "the most probable class"
        given = np.asarray(output)
        if given.ndim == 0:
            given = np.full(N, given)
            name = str(output)
        else:
            name = "each event's class"
        known = {label: k for k, label in enumerate(labels)}
        unknown = [label for label in np.unique(given).tolist() if label not in known]
        if unknown or given.shape != (N,):
            wrong = f"{unknown[0]!r}" if unknown else f"an array of shape {given.shape}"
            raise InputError(
                f"output={wrong}: expected one of the classes {labels[:10]}, or one for each of {N} events."
            )
        return np.array([known[label] for label in given.tolist()]), name

    def tensor(self, x: Array) -> Tensor:
        """Rows as a tensor where the networks are."""
        return torch.tensor(x, device=self.device)

    def __call__(self, x: Tensor, gaps: Tensor, place: Tensor) -> Tensor:
        """The number (n,) of rows (n, S) where `gaps`, (n, S), are missing; `place`, (n,), says which is asked."""
        x = torch.where(gaps, torch.nan, x)
        found: Tensor = self._exactly(x) if self.exact else _Differences.apply(x, self._plainly, self.size)
        return found.gather(1, place.unsqueeze(1)).squeeze(1)

    def numbers(self, x: Array, place: Array | None = None, at_once: int = 2048) -> Array:
        """The number (n,) of rows (n, S): of all events, or of some with their `place`, (n,)."""
        place = self.place if place is None else place
        gaps = np.isnan(x)
        with torch.no_grad():
            parts = [
                self(*(self.tensor(part[some]) for part in (x, gaps, place))).numpy(force=True)
                for some in _chunks(len(x), at_once)
            ]
        return np.concatenate(parts)

    def _exactly(self, x: Tensor) -> Tensor:
        """Answers (n, K or T)."""
        inputs = self.model.physics_.prepare_tensor(self._padded(x), self.model.scaling_)
        inputs = inputs.to(self.model.members_.values.dtype)
        count = self.model.objective_.outputs
        each = [net(inputs)[..., :count].to(torch.float64) for net in self.nets]
        if self.classes is None:
            return _regressed(self.model, each)
        z = torch.stack(each).mean(0) / self.model.temperature_
        return _classified(z, len(self.classes), self.of, signed=self.model.signed_)

    def _padded(self, x: Tensor) -> Tensor:
        """Rows with ones where there is no object, since zero has no direction; what is there is masked later."""
        for _, part, place in self.rows.parts():
            if part.counted and part.kind != "text":
                there = torch.arange(part.shape[0], device=x.device) < x[:, place.start - 1, None]
                there = there.repeat_interleave(part.shape[1], 1)
                x = torch.cat([x[:, : place.start], torch.where(there, x[:, place], 1.0), x[:, place.stop :]], 1)
        return x

    def _plainly(self, x: Tensor) -> Tensor:
        """Answers (n, K or T) by the model's own prediction."""
        found = self._predicted(x.numpy(force=True))
        if self.classes is not None and self.of == "score":
            found = np.log(found) - np.log1p(-found)
        return torch.from_numpy(found).to(x)

    def _predicted(self, x: Array) -> Array:
        import pandas as pd

        names = getattr(self.model, "feature_names_in_", None)
        X = x if names is None else pd.DataFrame(x, columns=names)
        found = self.model.predict(X) if self.classes is None else self.model.predict_proba(X)
        return np.asarray(found, dtype=np.float64).reshape(len(x), -1)


class _Differences(torch.autograd.Function):
    """A function of rows whose derivatives are central differences."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, call: Callable[[Tensor], Tensor], size: Array) -> Tensor:
        ctx.save_for_backward(x)
        ctx.call, ctx.size = call, size
        return call(x)

    @staticmethod
    def backward(ctx: Any, *slope: Tensor) -> tuple[Tensor, None, None]:
        (x,) = ctx.saved_tensors
        found = torch.zeros_like(x)
        for column, size in enumerate(ctx.size):
            step = torch.zeros_like(x)
            step[:, column] = _STEP * (size if size > 0 else 1.0)
            change = ctx.call(x + step) - ctx.call(x - step)
            found[:, column] = (slope[0] * change).sum(1) / (2 * step[:, column])
        return found, None, None


def _chunks(rows: int, at_once: int) -> list[slice]:
    return [slice(start, start + at_once) for start in range(0, rows, at_once)]


def _kind(model: Any, of: str | None) -> str:
    if of is None:
        return "probability" if model.signed_ else "score"
    if of not in OF:
        raise InputError(f"of={of!r}: expected one of {list(OF)}.")
    if of == "score" and model.signed_:
        raise InputError(f"of='score': {_INFINITE}.")
    return of


def _target(model: Any, output: Any, rows: int) -> tuple[Array, str]:
    count = model._answers_count()
    if output is None and count > 1:
        raise InputError(f"output=None, but the model predicts {count} numbers: say which, output=0 to {count - 1}.")
    k = 0 if output is None else output
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or not 0 <= k < count:
        raise InputError(f"output={output!r}: expected the number of a target, 0 to {count - 1}.")
    return np.full(rows, int(k)), "prediction" if count == 1 else f"prediction {k}"


def _classified(z: Tensor, K: int, of: str, *, signed: bool) -> Tensor:
    """Log-odds or probabilities of K classes, (n, K), from the calibrated scores of the ensemble, (n, O)."""
    if z.shape[1] == 1:
        z = torch.cat([-z, z], 1) / 2  # the difference of the two is the logit
    if of == "score":
        rest = torch.stack([torch.logsumexp(torch.cat([z[:, :k], z[:, k + 1 :]], 1), 1) for k in range(K)], 1)
        return z - rest
    q = torch.softmax(z, 1)
    if not signed:
        return q
    positive = (q[:, :K] - q[:, K:]).clamp_min(0.0)
    total = positive.sum(1, keepdim=True)
    return torch.where(total > 0, positive / torch.where(total > 0, total, 1.0), 1 / K)


def _regressed(model: Any, each: Sequence[Tensor]) -> Tensor:
    """Predicted targets, (n, T), from the scores of each member, (n, O)."""
    scaling = model.target_scaling_
    scale, centre, low, high = (
        torch.as_tensor(v, dtype=torch.float64).to(each[0].device)
        for v in (scaling.scale, scaling.centre, scaling.low, scaling.high)
    )
    T = len(scale)
    z = torch.stack(list(each)).mean(0)
    if z.shape[1] == T:
        return z * scale + centre
    r = torch.stack([torch.sigmoid(one[:, :1]) for one in each]).mean(0)
    plus, minus = z[:, 1 : 1 + T], z[:, 1 + T :]
    y = plus + (plus - minus) * r / (1 - 2 * r).clamp_min(_LEAST)
    return torch.minimum(torch.maximum(y * scale + centre, low), high)
