"""The same network trained with several learning rates: too small, good, too large, diverging."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from lawful.errors import InputError
from lawful.nets.values import number, whole
from lawful.predict.estimator import NetEstimator
from lawful.predict.inputs import Array
from lawful.progress import Progress

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

RATES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)
SMALL, GOOD, LARGE, DIVERGES, NOTHING = "too small", "good", "too large", "diverges", "learns nothing"
_ENOUGH = 0.9  # share of the best rate's progress that a good one makes
_TAIL = 5  # the last part, one in so many epochs, of which the mean loss is taken


@dataclass(frozen=True)
class LearningRates:
    """What `learning_rates` found.

    Attributes:
        table: A row for each rate, the smallest first: "learning rate", "verdict", "loss" (of training, mean over
            the last fifth of the epochs), "progress" (its fall, as a share of that of the best rate), "validation
            loss" (the smallest), "epochs made", "reason" where training ended in numbers that are none.
        curves: A row for each rate and epoch: "learning rate", "epoch", "loss", "validation loss".
        best: The good rate with the smallest validation loss (training loss where nothing is held out); None when no
            rate is good.
    """

    table: "pd.DataFrame"
    curves: "pd.DataFrame" = field(repr=False)
    best: float | None

    def figure(self) -> "Figure":
        """Loss against epoch for each rate: training as lines, held-out events dashed."""
        from lawful.predict.searching_figure import draw_rates

        return draw_rates(self)


def learning_rates(
    model: Any,
    X: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    rates: Sequence[float] | None = None,
    epochs: int = 30,
    validation: Any = None,
    verbose: bool | None = None,
) -> LearningRates:
    r"""Which learning rates suit these data: train with each from the same first weights, and compare.

    With $L_0$ the training loss of the smallest rate in its first epoch, $L_r$ that of rate r in the last fifth of
    the epochs and $r^*$ the rate of the smallest $L_r$, the progress of a rate is
    $p_r = (L_0 - L_r) / (L_0 - L_{r^*})$. A rate

    - *diverges* when its loss stops being a number, or when $r > r^*$, it is not good, and its mean loss over all
      epochs is above $L_0$;
    - is *good* when $p_r \ge 0.9$;
    - is *too small* when it makes less progress and $r < r^*$, *too large* when $r > r^*$.

    Where no loss falls below $L_0$, all that stay numbers learn nothing. The verdicts are for this number of epochs:
    with more of them, smaller rates become good.

    Args:
        model: An unfitted `Classifier` or `Regressor`.
        X: Inputs, (N, F), or Events.
        y: Targets or labels.
        sample_weight: Weights, (N,), of either sign.
        rates: At least two positive numbers, of which the smallest should be too small; None: seven, from 1e-5 to 10.
        epochs: Passes over the training events, for all rates alike; no training stops early.
        validation: As for the estimator's `fit`.
        verbose: True: a line for each rate. None: a bar on a terminal. False: silence.

    Returns:
        The verdicts, the curves and a figure, as `LearningRates`.

    Raises:
        InputError: For a model of another kind, rates that are none, or data at fault.

    Examples:
        >>> import lawful as lf
        >>> X = np.random.default_rng(0).normal(size=(300, 2))
        >>> found = learning_rates(lf.Regressor(hidden=(16,)), X, X[:, 0] * X[:, 1], rates=[1e-6, 1e-2], epochs=15)
        >>> found.table["verdict"].tolist()
        ['too small', 'good']
    """
    import pandas as pd

    if not isinstance(model, NetEstimator):
        raise InputError(
            f"learning_rates takes a lawful Classifier or Regressor, unfitted; got {type(model).__name__}."
        )
    whole("epochs", epochs, 2)
    tried = _read(RATES if rates is None else rates)
    rows: list[dict[str, Any]] = []
    reasons = []
    with Progress("learning rates", total=len(tried), verbose=verbose) as progress:
        for rate in tried:
            lines: list[dict[str, Any]] = []
            one = clone(model).set_params(
                learning_rate=rate, epochs=epochs, patience=epochs, checkpoint=None, verbose=False
            )
            one._watch = lines.append
            try:
                one.fit(X, y, sample_weight, validation)
                reasons.append("")
            except FloatingPointError as error:
                reasons.append(str(error))
            held = [np.nan if line["validation_loss"] is None else line["validation_loss"] for line in lines]
            rows += [
                {"learning rate": rate, "epoch": line["epoch"], "loss": line["train_loss"], "validation loss": loss}
                for line, loss in zip(lines, held, strict=True)
            ]
            progress.step(f"{rate:g}")
    curves = pd.DataFrame(rows, columns=["learning rate", "epoch", "loss", "validation loss"])
    of = [curves[curves["learning rate"] == rate] for rate in tried]
    losses = [part["loss"].to_numpy(float) for part in of]
    found = verdicts(losses, [bool(reason) for reason in reasons])
    table = pd.DataFrame(
        {
            "learning rate": tried,
            "verdict": [verdict for verdict, _, _ in found],
            "loss": [loss for _, loss, _ in found],
            "progress": [progress for _, _, progress in found],
            "validation loss": [part["validation loss"].min() for part in of],
            "epochs made": [len(part) for part in of],
            "reason": reasons,
        }
    )
    good = table[table["verdict"] == GOOD]
    by = "validation loss" if good["validation loss"].notna().all() else "loss"
    best = float(good.loc[good[by].idxmin(), "learning rate"]) if len(good) else None
    return LearningRates(table, curves, best)


def verdicts(losses: Sequence[Array], broken: Sequence[bool]) -> list[tuple[str, float, float]]:
    """Verdict, loss at the end and progress of each rate, by the rules of `learning_rates`.

    Args:
        losses: Training loss in each epoch, for each rate, the smallest rate first.
        broken: Whether the training ended in numbers that are none.

    Examples:
        >>> curves = [np.linspace(1, 0.9, 10), np.linspace(0.9, 0.1, 10), np.linspace(0.9, 0.5, 10), np.full(10, 4.0)]
        >>> [verdict for verdict, _, _ in verdicts(curves, [False] * 4)]
        ['too small', 'good', 'too large', 'diverges']
    """
    ends = np.array(
        [
            np.nan if bad else float(np.mean(loss[-max(1, len(loss) // _TAIL) :]))
            for loss, bad in zip(losses, broken, strict=True)
        ]
    )
    first = next((loss[0] for loss in losses if len(loss)), np.nan)
    if not np.isfinite(ends).any():
        return [(DIVERGES, float(end), float("nan")) for end in ends]
    best = int(np.nanargmin(ends))
    if not ends[best] < first:
        return [(DIVERGES if np.isnan(end) else NOTHING, float(end), float("nan")) for end in ends]
    progress = (first - ends) / (first - ends[best])
    found = []
    for place, (end, share) in enumerate(zip(ends.tolist(), progress.tolist(), strict=True)):
        if share >= _ENOUGH:
            verdict = GOOD
        elif np.isnan(end) or (place > best and np.mean(losses[place]) > first):
            verdict = DIVERGES
        else:
            verdict = SMALL if place < best else LARGE
        found.append((verdict, end, share))
    return found


def _read(rates: Any) -> list[float]:
    if isinstance(rates, str) or not np.iterable(rates):
        raise InputError(f"rates={rates!r}: expected several positive numbers, as [1e-5, 1e-3, 1e-1].")
    read = sorted({number("rates", rate, above=0) for rate in rates})
    if len(read) < 2:
        raise InputError(f"rates={rates!r}: expected at least two different numbers, as [1e-5, 1e-3, 1e-1].")
    return read
