"""The pictures of a search and of learning rates."""

from typing import TYPE_CHECKING

import numpy as np

from lawful.evidence.figures.style import COLOURS, SIGNAL, canvas, shortened, styled
from lawful.predict.inputs import Array
from lawful.predict.searching_rates import DIVERGES, GOOD
from lawful.predict.searching_space import Choice, Setting
from lawful.predict.searching_trial import FINISHED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lawful.predict.searching import Search
    from lawful.predict.searching_rates import LearningRates

_GREY = "#717581"
_MOST = 8  # labels beside an axis of choices
_CEILING = 4.0  # first losses at which the picture ends: what diverges leaves it


@styled
def draw_search(found: "Search") -> "Figure":
    """Best so far, importance, and below both the settings of all trials on parallel axes."""
    figure, axes = canvas(9.0, 6.4, nrows=2, ncols=2)
    grid = axes[0, 0].get_gridspec()
    for axis in axes[1]:
        axis.remove()
    _progress(axes[0, 0], found)
    _importance(axes[0, 1], found)
    _parallel(figure.add_subplot(grid[1, :]), found)
    return figure


def _progress(axis: "Axes", found: "Search") -> None:
    table = found.table
    scores = table["score"].to_numpy(float)
    finished = (table["state"] == FINISHED).to_numpy()
    best = (np.fmax if found.maximise else np.fmin).accumulate(scores)
    axis.plot(table["trial"][finished], scores[finished], "o", color=_GREY, alpha=0.6, label="finished")
    axis.step(table["trial"], best, where="post", color=SIGNAL, label="best so far")
    for state, marker in (("pruned", "|"), ("failed", "x")):
        of = table["trial"][table["state"] == state]
        if len(of):
            axis.plot(
                of, np.full(len(of), 0.03), marker, color="black", transform=axis.get_xaxis_transform(), label=state
            )
    there = scores[finished]
    if there.min() > 0 and there.max() > 10 * there.min():
        axis.set_yscale("log")
    axis.set(xlabel="trial", ylabel=found.kind)
    axis.legend()


def _importance(axis: "Axes", found: "Search") -> None:
    table = found.importance
    if table["importance"].isna().all():
        axis.text(0.5, 0.5, "too few finished trials", ha="center", va="center", transform=axis.transAxes)
        axis.set(xticks=[], yticks=[])
        return
    places = np.arange(len(table))[::-1]
    axis.barh(places, table["importance"], xerr=table["importance spread"], color=COLOURS[0], height=0.6)
    axis.set_yticks(places, [shortened(name) for name in table["setting"]])
    axis.tick_params(axis="y", which="both", length=0)
    axis.set(xlabel="share of the variance of the score", xlim=(0, 1))


def _parallel(axis: "Axes", found: "Search") -> None:
    from matplotlib.collections import LineCollection

    finished = (found.table["state"] == FINISHED).to_numpy()
    order = found.table["score"][finished].rank(ascending=found.maximise, pct=True).to_numpy()  # 1 is the best
    across = np.arange(len(found.space))
    nudge = np.random.default_rng(0).uniform(-0.012, 0.012, len(found.table))  # lines through one choice fan out

    def path(row: int) -> Array:
        raw = found.trials[int(found.table["trial"].iloc[row])].params
        return np.column_stack([across, [s.place(raw[s.name]) + nudge[row] for s in found.space]])

    stopped = [path(row) for row in np.flatnonzero(~finished).tolist()]
    axis.add_collection(LineCollection(stopped, colors="0.85", linewidths=0.6))
    paths = [path(row) for row in np.flatnonzero(finished).tolist()]
    arranged = np.argsort(order)
    lines = LineCollection([paths[i] for i in arranged], cmap="viridis", alpha=0.7, linewidths=1.0)
    lines.set_array(order[arranged])
    axis.add_collection(lines)
    best = paths[int(np.argmax(order))]
    axis.plot(best[:, 0], best[:, 1], color=SIGNAL, linewidth=2.2, label="best", marker="o")
    for place, setting in enumerate(found.space):
        axis.axvline(place, color="black", linewidth=0.8)
        for height, text in _labels(setting):
            axis.annotate(shortened(text, 14), (place, height), (4, 0), textcoords="offset points", fontsize=8)
    axis.set_xticks(across, [shortened(setting.name, 20) for setting in found.space])
    axis.set(yticks=[], xlim=(-0.2, len(across) - 0.6), ylim=(-0.06, 1.06))
    axis.tick_params(which="both", length=0)
    axis.spines[:].set_visible(False)
    bar = axis.figure.colorbar(lines, ax=axis, pad=0.01, ticks=[])
    bar.set_label("rank: better upwards")
    axis.legend(loc="lower right", bbox_to_anchor=(1.0, 0.99))


def _labels(setting: Setting) -> list[tuple[float, str]]:
    """Heights and texts beside an axis."""
    if isinstance(setting, Choice):
        some = np.unique(np.linspace(0, len(setting.labels) - 1, min(len(setting.labels), _MOST)).astype(int))
        return [(setting.place(setting.labels[i]), setting.labels[i].strip("'")) for i in some]
    middle = np.sqrt(setting.low * setting.high) if setting.log else (setting.low + setting.high) / 2
    return [(height, f"{value:.3g}") for height, value in ((0, setting.low), (0.5, middle), (1, setting.high))]


@styled
def draw_rates(found: "LearningRates") -> "Figure":
    """Loss against epoch for each rate; a cross ends the line of one that stopped being a number."""
    figure, axis = canvas(6.4, 4.6)
    curves = found.curves
    finite = np.concatenate([curves["loss"], curves["validation loss"].dropna()])
    for place, (_, row) in enumerate(found.table.iterrows()):
        of = curves[curves["learning rate"] == row["learning rate"]]
        colour = COLOURS[place % len(COLOURS)]
        good = row["verdict"] == GOOD
        label = f"{row['learning rate']:g}: {row['verdict']}"
        axis.plot(of["epoch"], of["loss"], color=colour, linewidth=2.4 if good else 1.4, label=label)
        axis.plot(of["epoch"], of["validation loss"], color=colour, linestyle="--", linewidth=0.9)
        if row["verdict"] == DIVERGES and row["reason"] and len(of):
            axis.plot(of["epoch"].iloc[-1:], of["loss"].iloc[-1:], "x", color=colour, markersize=9)
    if len(finite) and finite.min() > 0:
        axis.set_yscale("log")
        first = curves["loss"].iloc[0]
        axis.set_ylim(finite.min() / 1.2, min(finite.max() * 1.2, _CEILING * first))
    axis.set(xlabel="epoch", ylabel="loss (dashed: held-out events)")
    axis.legend(title="learning rate", loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure
