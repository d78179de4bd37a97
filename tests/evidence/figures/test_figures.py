"""Each figure draws without a warning, also of awkward numbers, and says what its axes are."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from lawful.evidence import Measured, calibration_curve
from lawful.evidence.cuts import Band, cut_table, purity_band, roc_band
from lawful.evidence.figures.bars import draw_comparison, draw_effects, draw_importance, draw_shape_ratio
from lawful.evidence.figures.curves import draw_learning, draw_precision_recall, draw_roc, draw_significance
from lawful.evidence.figures.distributions import draw_class_scores, draw_overlay, draw_scores, draw_sculpting
from lawful.evidence.figures.probability import draw_calibration, draw_confusion
from lawful.evidence.figures.regression import draw_predicted, draw_pulls, draw_residuals, draw_resolution
from lawful.evidence.figures.style import svg
from lawful.evidence.shapes import histogram

RNG = np.random.default_rng(0)
N = 300
Y = np.tile([0, 1], N // 2)
SCORE = 1 / (1 + np.exp(-RNG.normal(1.5 * Y - 0.75)))
W = RNG.exponential(size=N) * np.where(RNG.random(N) < 0.15, -1, 1)
TABLE = cut_table(Y, SCORE, W, toys=30)
EDGES = np.linspace(0, 1, 11)
M = Measured(0.1, 0.05, 0.2)
EMPTY = histogram([], [], EDGES)
NAMES = ["a_b", "$x$", "a name that is far too long to be shown in any legend"]


def shape(k):
    return histogram(SCORE[k::3], W[k::3], EDGES)


FIGURES = {
    "roc": lambda: draw_roc({name: roc_band(TABLE) for name in NAMES}),
    "roc without background": lambda: draw_roc({"m": Band(*np.array([[0.2, 0.5, 1.0], *3 * [[0.0, 0.0, 1.0]]]))}),
    "precision": lambda: draw_precision_recall({"m": purity_band(TABLE)}, 0.5),
    "significance": lambda: draw_significance(roc_band(TABLE), roc_band(TABLE), 0.5, 0.1, yields=(1, 2)),
    "learning": lambda: draw_learning([{"epoch": i, "train_loss": 1 / i, "learning_rate": 0.1} for i in (1, 2)]),
    "learning, validation only": lambda: draw_learning([{"validation_loss": 1.0, "train_loss": None}]),
    "scores": lambda: draw_scores({"b": (SCORE[Y == 0], W[Y == 0]), "s": (SCORE[Y == 1], W[Y == 1])}, edges=EDGES),
    "scores of empty training": lambda: draw_scores(
        dict.fromkeys(NAMES, (SCORE, W)), {NAMES[0]: (SCORE[:0], W[:0])}, edges=EDGES, cut=0.5
    ),
    "class scores": lambda: draw_class_scores(RNG.dirichlet([1] * 3, N), np.arange(N) % 3, W, NAMES),
    "class scores of four": lambda: draw_class_scores(RNG.dirichlet([1] * 4, N), np.arange(N) % 4, W, [*NAMES, "d"]),
    "overlay": lambda: draw_overlay(shape(0), {"b": shape(1), "s": shape(2)}, name="pt", unit="GeV"),
    "overlay of nothing": lambda: draw_overlay(EMPTY, {"b": EMPTY}, name="pt", systematic=np.zeros(10)),
    "sculpting": lambda: draw_sculpting(shape(0), {0.5: (shape(1), "0.1"), 0.1: (EMPTY, "–")}, name="m", unit="GeV"),
    "calibration": lambda: draw_calibration({"m": calibration_curve(Y, SCORE, W)}),
    "confusion": lambda: draw_confusion(np.array([[3.0, -1.0], [0.0, 0.0]]), ["a", "b"]),
    "confusion of many": lambda: draw_confusion(np.eye(20), [f"class {i}" for i in range(20)]),
    "predicted": lambda: draw_predicted(SCORE, SCORE + 0.1 * W, W, name="E", unit="GeV"),
    "predicted constant": lambda: draw_predicted(np.ones(5), np.ones(5), np.ones(5), name="E"),
    "residuals": lambda: draw_residuals(SCORE, SCORE + 0.1 * W, W, bias="0 ± 1", width="1 ± 1", name="E"),
    "residuals of zero": lambda: draw_residuals(SCORE, SCORE, W, bias="0", width="0", name="E"),
    "resolution": lambda: draw_resolution(EDGES, EDGES[1:], EDGES[1:], (EDGES[1:], EDGES[1:]), name="E"),
    "pulls": lambda: draw_pulls(RNG.normal(size=N), W, mean="0", width="1", what="σ"),
    "importance": lambda: draw_importance({f"feature {i}": M for i in range(50)}, what="loss of AUC"),
    "effects": lambda: draw_effects(
        {"up and down": (M, Measured(-0.1, -0.2, 0.0)), "alone": (M, None)}, what="yield"
    ),
    "shape ratio": lambda: draw_shape_ratio(shape(0), {"up": shape(1), "down": shape(2)}),
    "shape ratio of nothing": lambda: draw_shape_ratio(EMPTY, {"up": EMPTY}),
    "comparison": lambda: draw_comparison([("m", M), ("other", M)], [None, M], what="AUC"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_it_draws_and_names_its_axes(name):
    figure = FIGURES[name]()
    assert isinstance(figure, Figure)
    assert svg(figure).startswith(b"<?xml")
    visible = [axes for axes in figure.axes if axes.get_visible()]
    assert any(axes.get_xlabel() for axes in visible)
