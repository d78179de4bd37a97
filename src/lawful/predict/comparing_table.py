"""From single trainings to the table of a comparison: medians, events needed, verdicts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import t as student

from lawful.predict.inputs import Array

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("error", "error outside", "violation", "events needed", "parameters", "seconds", "best after")
_FALSE_ALARMS = 0.05
_CUT_SHORT = 0.8  # share of the epochs after which held-out events were predicted best, if it is still improving
_BEYOND = 3.0  # errors by which a network must break a true statement at most: of a difference of two, and a margin
_LEAST = 0.01  # a smaller change of the error is no difference, however often it is seen


def tabled(runs: "pd.DataFrame", wanted: float, cases: Sequence[tuple[str, str]]) -> "pd.DataFrame":
    """The table of `Comparison`.

    Args:
        runs: A row for each training.
        wanted: The error for which events are counted.
        cases: Statement and mechanism of each row, by name.
    """
    import pandas as pd

    of = dict(iter(runs.groupby(["statement", "mechanism"])))
    rows = []
    for name, how in cases:
        curve = of[name, how]
        mine = _whole(curve)
        row: dict[str, Any] = {"statement": name, "mechanism": how, "options": curve["options"].iloc[0]}
        for column in COLUMNS:
            if column == "events needed":
                middle = curve.groupby("events")["error"].median()
                row[column] = events_needed(middle.index.to_numpy(float), middle.to_numpy(float), wanted)
                values = np.array(
                    [
                        events_needed(part["events"].to_numpy(float), part["error"].to_numpy(float), wanted)
                        for _, part in curve.groupby("seed")
                    ]
                )
            else:
                values = mine[column].to_numpy(float)
                row[column] = float(np.median(values))
            row[f"{column} spread"] = _half_distance(values)
        base = _whole(of[name, "none"]) if how != "none" and (name, "none") in of else None
        for column, prefix in (("error", ""), ("error outside", "outside ")):
            there = base is not None and bool(np.isfinite(mine[column]).all())
            d = _log_ratios(mine, base, column) if there and base is not None else np.zeros(0)
            middle, low, high = ratio(d)
            row |= {f"{prefix}ratio": middle, f"{prefix}ratio low": low, f"{prefix}ratio high": high}
            row["verdict outside" if prefix else "verdict"] = verdict(d) if there else "–"
        rows.append(row)
    for row in rows:
        if row["verdict"] != "hurts":
            continue
        base = of.get((row["statement"], "none"))
        if base is not None and _breaks(_whole(base)) and _is_doubtful(row, rows):
            row["verdict"] = "hurts: is the statement true?"
        elif row["best after"] >= _CUT_SHORT:
            row["verdict"] = "hurts: trained too short?"
        elif _is_doubtful(row, rows):
            row["verdict"] = "hurts: is the statement true?"
    return pd.DataFrame(rows)


def _whole(runs: "pd.DataFrame") -> "pd.DataFrame":
    return runs[runs["fraction"] == runs["fraction"].max()].sort_values("seed")


def _breaks(plain: "pd.DataFrame") -> bool:
    """Whether the network without physics breaks a statement by more than its own errors explain."""
    return bool(plain["violation"].median() > _BEYOND * plain["error"].median())


def _half_distance(values: Array) -> float:
    """Half the distance of the 16th and 84th percentiles; infinite where one of them is, NaN where both are."""
    low, high = np.quantile(values, [0.16, 0.84], method="linear" if np.isfinite(values).all() else "nearest")
    return float("nan") if np.isinf(low) else float(high - low) / 2


def _log_ratios(mine: "pd.DataFrame", base: "pd.DataFrame", column: str) -> Array:
    """log(error / error without physics) of each seed."""
    one, two = (np.clip(part[column].to_numpy(float), 1e-300, 1e300) for part in (mine, base))
    return np.asarray(np.log(one / two))


def ratio(d: Array) -> tuple[float, float, float]:
    r"""The mean ratio of errors and its interval, from log ratios d, (seeds,).

    $\exp(\bar d \pm t\,s / \sqrt n)$ with the 97.5% point t of Student's distribution with n - 1 degrees of freedom.
    One seed has no interval, and no seed no ratio: these are NaN.
    """
    if not len(d):
        return (float("nan"),) * 3
    if len(d) < 2:
        return float(np.exp(d[0])), float("nan"), float("nan")
    reach = student.ppf(1 - _FALSE_ALARMS / 2, len(d) - 1) * d.std(ddof=1) / np.sqrt(len(d))
    with np.errstate(over="ignore"):
        middle, low, high = np.exp([d.mean(), d.mean() - reach, d.mean() + reach])
    return float(middle), float(low), float(high)


def verdict(d: Array) -> str:
    """Whether a mechanism helps, from log ratios of errors, (seeds,); wrong once in twenty where it does nothing."""
    middle, low, high = ratio(d)
    if len(d) < 2:
        return "one seed: unknown"
    if low <= 1 <= high or abs(np.log(middle)) < _LEAST:
        return "no difference"
    return "helps" if middle < 1 else "hurts"


def _is_doubtful(row: dict[str, Any], rows: list[dict[str, Any]]) -> bool:
    """Whether what hurts puts the statement in doubt: not where holding it exactly helps."""
    exact = ("architecture", "residual")
    others = [other for other in rows if other["statement"] == row["statement"] and other is not row]
    return not any(other["mechanism"] in exact and other["verdict"] == "helps" for other in others)


def events_needed(events: Array, errors: Array, wanted: float) -> float:
    """Events at which a falling curve of errors reaches what is wanted, on logarithmic axes; infinite when never."""
    order = np.argsort(events)
    events, errors = events[order], np.minimum.accumulate(np.maximum(errors[order], 1e-300))
    if errors[-1] > wanted:
        return float("inf")
    at = int(np.argmax(errors <= wanted))
    if at == 0:
        return float(events[0])
    x, z = np.log(events[at - 1 : at + 1]), np.log(errors[at - 1 : at + 1])
    return float(np.exp(x[0] + (np.log(wanted) - z[0]) / (z[1] - z[0]) * (x[1] - x[0])))


def as_text(table: "pd.DataFrame", runs: "pd.DataFrame") -> str:
    """The table for a screen: medians with spreads, events needed with their limits, ratios with intervals."""
    import pandas as pd

    events = runs["events"]
    shown: dict[str, list[str]] = {name: list(table[name]) for name in ("statement", "mechanism")}
    if (table["options"] != "").any():
        shown["options"] = list(table["options"])
    for column in COLUMNS:
        values, spreads = table[column], table[f"{column} spread"]
        if column == "events needed":
            shown[column] = [count_text(v, events.min(), events.max()) for v in values]
        elif column in ("parameters", "best after"):
            shown[column] = [f"{v:,.0f}" if column == "parameters" else f"{v:.0%}" for v in values]
        elif np.isfinite(values).any():
            shown[column] = [f"{v:.3g} ± {s:.1g}" for v, s in zip(values, spreads, strict=True)]
    for prefix, judged in (("", "verdict"), ("outside ", "verdict outside")):
        if not prefix or np.isfinite(table["error outside"]).any():
            names = [f"{prefix}ratio", f"{prefix}ratio low", f"{prefix}ratio high"]
            shown[names[0]] = [interval_text(*(row[name] for name in names)) for _, row in table.iterrows()]
            shown[judged] = list(table[judged])
    return str(pd.DataFrame(shown).to_string(index=False))


def count_text(needed: float, least: int, most: int) -> str:
    """Events needed, as "120", or "≤ 44" and "> 350" at the ends of what was tried."""
    if np.isinf(needed):
        return f"> {most:,}"
    return f"≤ {least:,}" if needed <= least else f"{needed:,.0f}"


def interval_text(middle: float, low: float, high: float) -> str:
    """A ratio with its interval, as "0.5 (0.4 to 0.6)"."""
    if np.isnan(middle):
        return "–"
    return f"{middle:.2g}" if np.isnan(low) else f"{middle:.2g} ({low:.3g} to {high:.3g})"
