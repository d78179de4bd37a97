"""What each metric is called, and what it says."""

import re

from markupsafe import Markup, escape

_MEANING = {
    "auc": ("AUC", "chance that signal scores above background; 0.5 is no separation"),
    "average_precision": ("average precision", "mean purity over all signal efficiencies"),
    "accuracy": ("accuracy", "weight share of events whose most probable class is the true one"),
    "violation": ("violation", "mean violation of the statement over test events; 0 when it is kept"),
    "log_loss": ("log loss", "mean of −ln p(true class), in nats; lower is better"),
    "brier": ("Brier score", "mean square distance of probability and truth; lower is better"),
    "calibration_error": (
        "calibration error",
        "root mean square of observed − predicted signal share in bins, noise subtracted",
    ),
    "significance": ("significance at the chosen cut", "expected Asimov Z; events are judged by the cut of others"),
    "rmse": ("RMSE", "root mean square residual"),
    "mae": ("MAE", "mean size of the residual"),
    "bias": ("bias", "mean residual, predicted − true"),
    "resolution": ("resolution, standard deviation", "standard deviation of the residuals"),
    "resolution_68": ("resolution, 68% half-width", "half the width of the central 68% of the residuals"),
    "r2": ("R²", "share of the target's variance that is explained"),
    "pull_mean": ("mean pull", "mean of residual / predicted uncertainty; 0 when right"),
    "pull_width": ("width of the pulls", "standard deviation of residual / predicted uncertainty; 1 when right"),
}
_REJECTION = re.compile(r"rejection_at_([\d.]+)$")


def title_of(metric: str) -> str:
    """What a metric is called in tables.

    Examples:
        >>> title_of("rejection_at_0.5"), title_of("rmse[energy]")
        ('rejection 1/ε_B at ε_S = 0.5', 'RMSE, energy')
    """
    found = _REJECTION.match(metric)
    if found:
        return f"rejection 1/ε_B at ε_S = {found[1]}"
    base, _, rest = metric.partition("[")
    name = _MEANING.get(base, (base.replace("_", " "), ""))[0]
    return f"{name}, {rest.removesuffix(']')}" if rest else name


def as_mathtext(text: str) -> str:
    """ε_S and ε_B as figures show them."""
    return text.replace("1/ε_B", r"$1/\epsilon_B$").replace("ε_S", r"$\epsilon_S$")


def as_html(text: object) -> Markup:
    """Escaped text, with ε_S and ε_B as the field writes them.

    Examples:
        >>> str(as_html("ε_S < 1"))
        'ε<sub>S</sub> &lt; 1'
    """
    safe = str(escape(text))
    for index in "SB":
        safe = safe.replace(f"ε_{index}", f"ε<sub>{index}</sub>")
    return Markup(safe)  # noqa: S704 (escaped above)


def meaning_of(metric: str) -> str:
    """What a metric says, in half a sentence."""
    if _REJECTION.match(metric):
        return "background events for each one that passes"
    base, _, rest = metric.partition("[")
    if base == "auc" and rest:
        return "this class against the rest"
    return _MEANING.get(base, ("", ""))[1]
