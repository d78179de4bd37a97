"""What there is to see of predicted numbers."""

from collections.abc import Mapping

import numpy as np

from lawful.evidence.arrays import Array
from lawful.evidence.case import Case
from lawful.evidence.document import Section
from lawful.evidence.figures.regression import draw_predicted, draw_pulls, draw_residuals, draw_resolution
from lawful.evidence.questions import Regression, metric_name
from lawful.evidence.regression import pulls, weighted_quantile
from lawful.evidence.resampling import Measured, toys_of

_MOST_OUTPUTS = 6
_BINS = 12


def residuals_section(case: Case, metrics: Mapping[str, Measured]) -> Section:
    """Predicted against true values, residuals, resolution, pulls."""
    assert isinstance(case.question, Regression)
    figures, captions = {}, {}
    outputs = case.question.outputs
    sigma = case.subject.spread(case.test.frame)
    w = case.test.weight
    for t, output in enumerate(outputs[:_MOST_OUTPUTS]):
        y, p = case.truth[:, t], case.answer[:, t]
        unit = case.test.units.get(output)
        tail = "" if len(outputs) == 1 else f" {output}"
        figures[f"predicted{tail}"] = draw_predicted(y, p, w, name=output, unit=unit)
        bias, width = (str(metrics[metric_name(m, output, outputs)]) for m in ("bias", "resolution_68"))
        figures[f"residuals{tail}"] = draw_residuals(y, p, w, bias=bias, width=width, name=output, unit=unit)
        figures[f"resolution{tail}"] = draw_resolution(*_in_bins(y, p, w, case.seed), name=output, unit=unit)
        captions[f"resolution{tail}"] = "Median residual and 68% half-width in bins of the true value."
        if metric_name("pull_width", output, outputs) in metrics and sigma is not None:
            mean, spread = (str(metrics[metric_name(m, output, outputs)]) for m in ("pull_mean", "pull_width"))
            what = "spread of members" if hasattr(case.subject.model, "spread") else "predicted uncertainty"
            figures[f"pulls{tail}"] = draw_pulls(pulls(y, p, sigma[:, t]), w, mean=mean, width=spread, what=what)
            if what == "spread of members":
                captions[f"pulls{tail}"] = (
                    "The spread of an ensemble's members holds only the uncertainty of the training, not the noise "
                    "of the targets: pulls wider than 1 are expected where targets are noisy."
                )
    more = len(outputs) - _MOST_OUTPUTS
    text = (f"Figures show the first {_MOST_OUTPUTS} outputs; {more} more are in the table.",) if more > 0 else ()
    return Section("residuals", "Residuals", text, figures=figures, captions=captions)


def _in_bins(y: Array, predicted: Array, weight: Array, seed: int) -> tuple[Array, Array, Array, tuple[Array, Array]]:
    """Median residual and half-width in bins of equal numbers of events, with errors from 50 toys."""
    edges = np.unique(np.quantile(y, np.linspace(0, 1, min(_BINS, max(1, len(y) // 40)) + 1)))
    if len(edges) < 2:
        edges = np.array([edges[0] - 0.5, edges[0] + 0.5])
    place = np.clip(np.searchsorted(edges, y, side="right") - 1, 0, len(edges) - 2)
    levels = [0.15865525393145707, 0.5, 0.8413447460685429]
    columns = []
    for b in range(len(edges) - 1):
        own = place == b
        r, w = (predicted - y)[own], weight[own]
        if not own.any() or w.sum() <= 0:
            columns.append([np.nan] * 4)
            continue
        low, middle, high = weighted_quantile(r, levels, w)
        toys = np.concatenate([weighted_quantile(r, levels, W) for W in toys_of(w, 50, seed)])
        toys = toys[~np.isnan(toys).any(1)]
        errors = (toys[:, 1].std(), ((toys[:, 2] - toys[:, 0]) / 2).std()) if len(toys) else (np.nan, np.nan)
        columns.append([middle, (high - low) / 2, *errors])
    table = np.array(columns).T
    return edges, table[0], table[1], (table[2], table[3])
