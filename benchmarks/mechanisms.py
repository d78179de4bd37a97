"""Which mechanism when: systems of physics with what is known of them, learned by each mechanism of `lf.compare`.

    python benchmarks/mechanisms.py [CASE ...] [--figures FOLDER]

Ratios are errors as multiples of the error of the same network without physics, on the same events with as many
updates, with 95% intervals over five seeds. The weight of a penalty is the best of three on held-out training events.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

import lawful as lf
from lawful.predict.comparing import Comparison
from lawful.predict.comparing_table import count_text, interval_text, verdict
from mechanism_cases import CASES, FIELDS

COLOURS = {
    "none": "#868e96",
    "augment": "#e8a33d",
    "loss": "#2f7ed8",
    "architecture": "#c92a2a",
    "residual": "#2b8a3e",
}
COLUMNS = (
    "case",
    "mechanism",
    "error inside",
    "error outside",
    "violation",
    "ratio inside",
    "ratio outside",
    "events needed",
    "CPU time",
    "inside it",
)


def measure(name: str) -> Comparison:
    """Compare all mechanisms of a case, five seeds."""
    seed, make = CASES[name]
    case = make(np.random.default_rng(seed))
    return lf.compare(
        lf.Regressor(hidden=(32, 32), learning_rate=0.01),
        *case.inside,
        statements=case.statement,
        mechanisms=[None, *case.mechanisms],
        outside=case.outside,
        options={key: value for key, value in case.options.items() if key in case.mechanisms},
        fractions=case.fractions,
        seeds=case.seeds,
        epochs=100,
        verbose=False,
    )


def rows(name: str, found: Comparison) -> list[str]:
    """The rows of a case in the printed table."""
    least, most = found.runs["events"].min(), found.runs["events"].max()
    lines = []
    base = found.table["seconds"].iloc[0]
    for _, row in found.table.iterrows():
        cells = [
            name if row["mechanism"] == "none" else "",
            row["mechanism"] + (f", {row['options'].replace('=', ' ')}" if row["options"] else ""),
            *(f"{row[what]:.2g} ± {row[f'{what} spread']:.1g}" for what in ("error", "error outside")),
            f"{row['violation']:.1g}" if row["violation"] > 1e-9 else "0",
            *(interval_text(*(row[f"{at}ratio{end}"] for end in ("", " low", " high"))) for at in ("", "outside ")),
            count_text(row["events needed"], least, most) if most > least else "–",
            f"{row['seconds'] / base:.1f}",
            row["verdict"].split(":")[0],
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def false_alarms(comparisons: int = 40) -> float:
    """Share of comparisons, five seeds each, in which a network is said to differ from the same one, started anew."""
    X, y = CASES["units"][1](np.random.default_rng(1)).inside
    values, wrong = X.to_numpy(), 0
    for comparison in range(comparisons):
        errors = np.zeros((5, 2))
        for repetition in range(5):
            rng = np.random.default_rng([comparison, repetition])
            learn, judge = np.split(rng.permutation(len(y)), [200])
            for start in range(2):
                model = lf.Regressor(hidden=(32, 32), learning_rate=0.01, epochs=50, patience=50, verbose=False)
                model.set_params(seed=1000 * comparison + 10 * repetition + start).fit(values[learn], y[learn])
                errors[repetition, start] = np.sqrt(np.mean((model.predict(values[judge]) - y[judge]) ** 2))
        wrong += verdict(np.log(errors[:, 1] / errors[:, 0])) != "no difference"
    return wrong / comparisons


def draw_ratios(results: dict[str, Comparison]) -> Any:
    """Ratios of all cases, inside and outside."""
    from matplotlib.figure import Figure

    names = [name for name in results if not name.startswith("field") or name == "field 0"]
    figure = Figure(figsize=(8.2, 0.36 * len(names) + 1.2), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    for axis, prefix, title in zip(axes, ("", "outside "), ("inside", "outside"), strict=True):
        for place, name in enumerate(names):
            part = results[name].table.iloc[1:]
            for k, (_, row) in enumerate(part.iterrows()):
                middle, low, high = (row[f"{prefix}ratio{end}"] for end in ("", " low", " high"))
                height = -place - 0.2 * (k - (len(part) - 1) / 2)
                axis.plot([low, high], [height, height], color=COLOURS[row["mechanism"]], linewidth=1.2)
                axis.plot([middle], [height], "o", color=COLOURS[row["mechanism"]], markersize=4)
        axis.axvline(1, color=COLOURS["none"], linewidth=1)
        axis.set(xscale="log", title=title, xlabel="error / error without physics")
        axis.set_xlim(0.0005, 12)
    axes[0].set_yticks(-np.arange(len(names)), names)
    _legend(axes[0], ("augment", "loss", "architecture", "residual"), "upper left")
    return figure


def draw_field(results: dict[str, Comparison]) -> Any:
    """Errors against the strength of what breaks the symmetry, for few and for many events."""
    from matplotlib.figure import Figure

    found = {strength: results[f"field {strength:g}"].runs for strength in FIELDS}
    events = sorted(set(found[FIELDS[0]]["events"]))
    figure = Figure(figsize=(8.2, 3.2), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    for axis, count in zip(axes, events, strict=True):
        for mechanism in ("none", "augment", "loss", "architecture"):
            parts = [runs[(runs["events"] == count) & (runs["mechanism"] == mechanism)] for runs in found.values()]
            middle = [part["error"].median() for part in parts]
            low, high = ([part["error"].quantile(q) for part in parts] for q in (0.16, 0.84))
            axis.plot(range(len(FIELDS)), middle, "o-", color=COLOURS[mechanism], markersize=4)
            axis.fill_between(range(len(FIELDS)), low, high, color=COLOURS[mechanism], alpha=0.15, linewidth=0)
        axis.set_xticks(range(len(FIELDS)), [f"{strength:g}" for strength in FIELDS])
        axis.set(title=f"{count} training events", xlabel="field / deviation without it")
    axes[0].set(ylabel="rms error / deviation", ylim=(0, None))
    _legend(axes[0], ("none", "augment", "loss", "architecture"), "lower right")
    return figure


def _legend(axis: Any, names: tuple[str, ...], where: str) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=COLOURS[name], marker="o", markersize=4, label=name) for name in names]
    axis.legend(handles=handles, frameon=False, fontsize="small", loc=where)


def main() -> None:
    """Measure and print; with --figures, draw."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("cases", nargs="*", help=f"all, if none is named: {', '.join(CASES)}")
    reader.add_argument("--figures", type=Path, help="folder for mechanisms.svg and mechanisms-field.svg")
    given = reader.parse_args()
    for name in given.cases:
        if name not in CASES:
            reader.error(f"there is no case {name!r}; there are {', '.join(CASES)}")
    results, started = {}, time.process_time()
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for name in given.cases or CASES:
        results[name] = measure(name)
        print("\n".join(rows(name, results[name])), flush=True)
    print(f"\n{time.process_time() - started:.0f} CPU s.")
    if not given.cases:
        print(f"The same network, started anew, was said to differ in {false_alarms():.0%} of 40 comparisons.")
    if given.figures:
        draw_ratios(results).savefig(given.figures / "mechanisms.svg")
        if all(f"field {strength:g}" in results for strength in FIELDS):
            draw_field(results).savefig(given.figures / "mechanisms-field.svg")


if __name__ == "__main__":
    main()
