import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from lawful import InputError
from lawful.evidence.figures.style import (
    STYLE,
    canvas,
    headroom,
    label,
    save,
    shortened,
    stretch,
    styled,
    svg,
)


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


def test_a_figure_is_drawn_once_in_each_format(tmp_path, monkeypatch):
    """`savefig` would draw it twice each time."""
    drawn = []
    whole = Figure.draw
    monkeypatch.setattr(Figure, "draw", lambda self, renderer: drawn.append(type(renderer)) or whole(self, renderer))
    figure = line()
    for kind in ("png", "pdf", "svg"):
        save(figure, tmp_path / f"a.{kind}")
    assert len(drawn) == 3


def test_a_figure_is_as_savefig_writes_it(tmp_path):
    """The same pixels, and the figure stays as it was."""
    figure, other = line(), line()
    dpi, size = figure.dpi, figure.get_size_inches().tolist()
    found = mpl.image.imread(save(figure, tmp_path / "a.png"))
    with mpl.rc_context(STYLE):
        other.draw_without_rendering()
        other.set_layout_engine("none")
        other.savefig(tmp_path / "b.png")
    assert found.shape == (720, 960, 4)
    assert np.array_equal(found, mpl.image.imread(tmp_path / "b.png"))
    assert (figure.dpi, figure.get_size_inches().tolist()) == (dpi, size)


@styled
def line():
    figure, axes = canvas()
    axes.plot([0, 1], [0, 1], label="a")
    axes.legend()
    return figure


def test_a_name_that_begins_with_an_underscore_is_in_the_legend():
    @styled
    def draw(name):
        figure, axes = canvas()
        axes.plot([0, 1], label=shortened(name))
        axes.legend()
        svg(figure)
        return [text.get_text() for text in axes.get_legend().get_texts()]

    assert draw("_hidden") == [r"$\_$hidden"]
    assert draw("_a$b$") == [r"$\_$a\$b\$"]
    assert draw("two\nlines\x07") == ["two lines "]
    assert draw(" ") == ["–"]


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
