"""The numbers that the overlay draws, read from the figure, against sums that are written out."""

import numpy as np
import pytest

from lawful.evidence.case import binary_view
from lawful.evidence.sections.overlays import overlay_section
from lawful.evidence.sections.systematics import find_shifts
from lawful.evidence.shapes import nice_edges

from .conftest import make_case


def drawn(figure):
    """Points of the data, their errors, and middle and half height of the hatched bars, of both panels."""
    found = []
    for axes in figure.axes:
        line, _, (_, bars) = axes.containers[-1] if axes is figure.axes[1] else axes.containers[1]
        ends = np.array([s[:, 1] if len(s) else (np.nan, np.nan) for s in bars.get_segments()])
        box = next(c for c in axes.containers if hasattr(c, "patches"))
        bottom = np.array([patch.get_y() for patch in box.patches])
        height = np.array([patch.get_height() for patch in box.patches])
        found.append((line.get_ydata(), (ends[:, 1] - ends[:, 0]) / 2, bottom + height / 2, height / 2))
    return found


def in_bins(edges, values, weight):
    """Sums in bins, the ends hold what lies beyond."""
    sums = np.zeros(len(edges) - 1)
    for v, w in zip(values, weight, strict=True):
        b = int(np.sum(v >= edges[1:-1]))
        sums[b] += w
    return sums


@pytest.fixture
def overlay(model, test, real):
    case = make_case(model, test, data=real, expected={"signal": 70.0, "background": 900.0}, variables=["pt"])
    return overlay_section(case, binary_view(case), find_shifts(case), []).figures["overlay pt"]


def test_yields_weights_band_and_errors_are_plain_sums(overlay, test, real):
    edges = nice_edges(test["pt"], real["pt"], bins=30)
    scale = {1: 70.0 / test.weight[test.y == 1].sum(), 0: 900.0 / test.weight[test.y == 0].sum()}
    factor = np.array([scale[y] for y in test.y])
    nominal = in_bins(edges, test["pt"], test.weight * factor)
    assert nominal.sum() == pytest.approx(970)
    statistical = in_bins(edges, test["pt"], (test.weight * factor) ** 2)
    shift = {
        name: np.abs(in_bins(edges, other["pt"], other.weight * factor) - nominal)
        for name, other in test.variations.items()
    }
    scale_squared = np.maximum(shift["scale_up"], shift["scale_down"]) ** 2
    error = np.sqrt(statistical + scale_squared + shift["rate_up"] ** 2 + shift["none"] ** 2)
    data = in_bins(edges, real["pt"], real.weight)
    data_error = np.sqrt(in_bins(edges, real["pt"], real.weight**2))

    top, bottom = drawn(overlay)
    for found, expected in zip(top, (data, data_error, nominal, error), strict=True):
        assert found == pytest.approx(expected)
    good = nominal > 0
    assert good.sum() > 20
    for found, expected in zip(bottom, (data, data_error, nominal, error), strict=True):
        assert found[good] == pytest.approx(expected[good] / nominal[good])


def test_signal_is_stacked_on_background(overlay, test):
    low, high = (patch for patch in overlay.axes[0].patches[:2])
    both = high.get_data().values.sum(), low.get_data().values.sum()
    assert both == pytest.approx((970, 900))
