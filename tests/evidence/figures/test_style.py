import matplotlib as mpl
import numpy as np
import pytest

from lawful import InputError
from lawful.evidence.figures.style import canvas, headroom, label, save, shortened, stretch, styled


def test_global_settings_stay_as_they_were():
    before = dict(mpl.rcParams)

    @styled
    def draw():
        assert mpl.rcParams["xtick.direction"] == "in"
        return canvas()[0]

    figure = draw()
    assert dict(mpl.rcParams) == before
    assert figure.get_layout_engine() is not None


def test_the_same_figure_gives_the_same_bytes(tmp_path):
    @styled
    def draw():
        figure, axes = canvas()
        axes.plot([0, 1], [0, 1], label="a")
        axes.legend()
        return figure

    for kind in ("png", "pdf", "svg"):
        first, second = save(draw(), tmp_path / f"a.{kind}"), save(draw(), tmp_path / f"b.{kind}")
        assert first.read_bytes() == second.read_bytes()
    with pytest.raises(InputError, match=r"\.png, \.pdf, \.svg"):
        save(draw(), tmp_path / "a.jpg")


def test_labels_carry_units_and_dollars_stay_dollars():
    assert label("pt", "GeV") == "pt [GeV]"
    assert label("cost $") == r"cost \$"
    assert shortened("x" * 50).endswith("…")


@styled
def axes_of(heights):
    axes = canvas()[1]
    axes.stairs(heights, np.arange(len(heights) + 1))
    stretch(axes, heights)
    headroom(axes)
    return axes


def test_towers_are_drawn_on_a_logarithmic_axis():
    assert axes_of([1000.0, 1.0, 2.0, 0.0]).get_yscale() == "log"
    flat = axes_of([3.0, -1.0, 2.0])
    assert flat.get_yscale() == "linear"
    assert flat.get_ylim()[0] <= -1
