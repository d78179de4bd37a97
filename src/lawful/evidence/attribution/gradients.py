"""Saliency and integrated gradients, in the numbers that the user gave."""

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor

from lawful.errors import InputError
from lawful.evidence.arrays import Array
from lawful.evidence.attribution.answers import Answer
from lawful.evidence.attribution.result import Attribution, attribution
from lawful.evidence.attribution.rows import Rows, read_rows

_AT_ONCE, _PLAIN_AT_ONCE = 256, 4096  # rows that are differentiated at a time, those of plain tables
UNITS = ("deviation", "own")


def saliency(
    model: Any, X: Any, *, output: Any = None, of: str | None = None, unit: str = "deviation", weight: Any = None
) -> Attribution:
    r"""By how much the answer changes when one number of the input changes a little, event by event.

    $\partial f / \partial x_j$ times the deviation $\sigma_j$: the change of the answer, to first order, when the
    number moves by one deviation. For tables it is the standard deviation of the column; for images the root mean
    square of the channel's pixels; for objects that of the field's distances from the mean object of the event, the
    same for all objects (see `integrated_gradients`). A saturated answer changes little though it may rest on much.

    Args:
        model: A fitted Classifier or Regressor, of tables or structured inputs.
        X: Inputs, as it takes them, or `lawful.Events`.
        output: A class, or one for each event; the number of a target. None: the second of two classes, the most
            probable of several, the only target.
        of: "score", the log-odds of the class, or its "probability"; None: the log-odds, but for models that learned
            from weights of both signs.
        unit: "deviation", or "own": the gradient itself, in units of the answer per unit of the input.
        weight: Event weights of either sign, (N,), for the means; None: those of Events, else ones.

    Returns:
        An `Attribution`, signed.

    Raises:
        InputError: When captum is not installed, the model is not ours, its inputs are words alone, or a setting is
            out of range.

    References:
        Simonyan, Vedaldi, Zisserman, "Deep inside convolutional networks: visualising image classification models and
        saliency maps" (2013). The derivatives are taken by captum.

    Examples:
        >>> from lawful import Regressor
        >>> X = np.random.default_rng(0).normal(size=(400, 2)) * [1.0, 10.0]
        >>> model = Regressor("linear", learning_rate=0.05, epochs=50).fit(X, 3.0 * X[:, 0] - 0.1 * X[:, 1])
        >>> found = saliency(model, X, unit="own").values["table"]
        >>> found[0].round(2).tolist()
        [3.0, -0.1]
    """
    captum = _captum("saliency")
    if unit not in UNITS:
        raise InputError(f"unit={unit!r}: expected one of {list(UNITS)}.")
    rows, w = read_rows(model, X, weight, "saliency")
    _check_numbers(rows, "saliency")
    answer = Answer(model, rows, output, of)
    method = captum.Saliency(answer)

    def ask(x: Tensor, given: tuple[Tensor, ...], _: Tensor) -> Tensor:
        found: Tensor = method.attribute(x.requires_grad_(), abs=False, additional_forward_args=given)
        return found

    slopes = _in_parts(rows, answer, rows.x, ask, _at_once(rows))
    size = rows.deviations(w) if unit == "deviation" else 1.0
    return attribution(rows, answer, slopes * size, w, None, "saliency")


def integrated_gradients(
    model: Any,
    X: Any,
    *,
    baseline: Any = None,
    steps: int = 32,
    output: Any = None,
    of: str | None = None,
    weight: Any = None,
) -> Attribution:
    r"""What each number contributes to the difference between the answer and the answer at a baseline.

    $(x_j - b_j) \int_0^1 \partial_j f(b + a (x - b))\, da$: the contributions of an event add up to $f(x) - f(b)$, up
    to the error of the integral, which `gap` of the result shows. Without a `baseline`, b is for

    - a **table** the weighted mean of the columns: what makes this event differ from the average one?
    - an **image** zero: no light, no energy;
    - a **cloud** the same event with its structure taken out: as many objects, each nine tenths of the way to the
      event's mean object. Where momenta are known, that is an equal share of the total momentum (for fields pt, eta,
      phi: of the total pt, in the direction of the total momentum), so that number and sum of the objects stay what
      they are. Objects without momentum would be no baseline: logarithms and angles are singular there. What the
      number of objects contributes `occlusion` tells.
    - a **sequence** its mean over the steps, at every step.

    Words and missing values stay as they are and contribute nothing.

    Args:
        model: A fitted Classifier or Regressor, of tables or structured inputs.
        X: Inputs, as it takes them, or `lawful.Events`.
        baseline: Inputs of the same kind: one event for all, or one for each with as many objects in each; None: as
            above.
        steps: Points of the integral (Gauss-Legendre).
        output: A class, or one for each event; the number of a target. None: the second of two classes, the most
            probable of several, the only target.
        of: "score", the log-odds of the class, or its "probability"; None: the log-odds, but for models that learned
            from weights of both signs.
        weight: Event weights of either sign, (N,), for means; None: those of Events, else ones.

    Returns:
        An `Attribution`, in units of the answer.

    Raises:
        InputError: When captum is not installed, the model is not ours, its inputs are words alone, the baseline has
            other numbers of objects, or a setting is out of range.

    References:
        Sundararajan, Taly, Yan, "Axiomatic attribution for deep networks" (2017). The integral is taken by captum.

    Examples:
        >>> from lawful import Regressor
        >>> X = np.random.default_rng(0).normal(size=(400, 2))
        >>> model = Regressor("linear", learning_rate=0.05, epochs=50).fit(X, 3.0 * X[:, 0] - X[:, 1])
        >>> found = integrated_gradients(model, X, baseline=[[0.0, 0.0]])
        >>> bool(np.allclose(found.values["table"], X * [3.0, -1.0], atol=0.02))
        True
    """
    captum = _captum("integrated_gradients")
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or not 1 <= steps <= 1000:
        raise InputError(f"steps={steps!r}: expected a whole number, 1 to 1000.")
    rows, w = read_rows(model, X, weight, "integrated_gradients")
    _check_numbers(rows, "integrated_gradients")
    answer = Answer(model, rows, output, of)
    start = rows.baseline(w) if baseline is None else _given(model, rows, baseline)
    filled = np.where(np.isnan(rows.x), start, rows.x)
    method = captum.IntegratedGradients(answer)

    def ask(x: Tensor, given: tuple[Tensor, ...], begin: Tensor) -> Tensor:
        found: Tensor = method.attribute(
            x, begin, additional_forward_args=given, n_steps=int(steps), method="gausslegendre"
        )
        return found

    numbers = _in_parts(rows, answer, filled, ask, max(1, _at_once(rows) // int(steps)), start)
    begun = answer.numbers(np.where(np.isnan(rows.x), np.nan, start))
    return attribution(rows, answer, numbers, w, begun, "integrated gradients")


def _at_once(rows: Rows) -> int:
    """How many rows fit into the processor's cache, roughly, with all that is kept for their derivatives."""
    plain = all(part.kind == "table" for part in rows.structure.parts)
    return _PLAIN_AT_ONCE if plain else _AT_ONCE


def _in_parts(
    rows: Rows,
    answer: Answer,
    x: Array,
    ask: Callable[[Tensor, tuple[Tensor, ...], Tensor], Tensor],
    at_once: int,
    start: Array | None = None,
) -> Array:
    """Numbers (N, S), a few events at a time; zero for what cannot change."""
    gaps = np.isnan(rows.x)
    begin = x if start is None else start
    out = np.zeros(x.shape)
    for first in range(0, len(x), at_once):
        some = slice(first, first + at_once)
        parts = [answer.tensor(part[some]) for part in (x, gaps, answer.place, begin)]
        out[some] = ask(parts[0], (parts[1], parts[2]), parts[3]).numpy(force=True)
    return np.where(rows.still, 0.0, out)


def _given(model: Any, rows: Rows, baseline: Any) -> Array:
    """The rows (N, S) of a baseline that a user gave."""
    found = np.asarray(model._scores(baseline)[1], dtype=np.float64)
    if len(found) not in (1, len(rows.x)):
        raise InputError(f"baseline has {len(found)} events: expected one for all, or {len(rows.x)} as X has.")
    found = np.broadcast_to(found, rows.x.shape)
    if np.isnan(found).any():
        raise InputError("baseline has missing values: give a number where the path from it is to begin.")
    for name, part, place in rows.parts():
        if not part.counted or part.kind == "text":
            continue
        count, own = found[:, place.start - 1], rows.x[:, place.start - 1]
        if (count != own).any():
            event = int(np.flatnonzero(count != own)[0])
            raise InputError(
                f"baseline: {name!r} of event {event} has {count[event]:.0f} objects, X has {own[event]:.0f}. A path "
                "needs as many objects at both ends: leave baseline=None, or use occlusion for what whole objects do."
            )
    return np.where(rows.still & ~np.isnan(rows.x), rows.x, found)


def _check_numbers(rows: Rows, what: str) -> None:
    if all(part.kind == "text" for part in rows.structure.parts):
        raise InputError(f"{what}: words have no derivative. Use lawful.evidence.occlusion, which leaves them out.")


def _captum(what: str) -> Any:
    try:
        import captum.attr
    except ImportError:
        raise InputError(
            f"{what} needs the package captum, which is not installed: pip install 'lawful[interpret]'."
        ) from None
    return captum.attr
