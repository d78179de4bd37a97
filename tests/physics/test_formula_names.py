"""What names in formulas stand for."""

import pytest

from lawful.errors import InputError
from lawful.physics import Bounds
from lawful.physics.columns import Columns
from lawful.physics.expressions import parse
from lawful.physics.formula_names import column_names, column_places, prediction_names

ANY = Bounds(0.0)
LAKE = Columns(3, ("day", "depth", "y"))


@pytest.mark.parametrize(
    ("text", "table", "outputs", "expected"),
    [
        ("T**2", Columns(2), 1, {"T": 0}),
        ("y + x0", Columns(2), 1, {"y": 0}),
        ("y0", Columns(2), 1, {"y0": 0}),
        ("T * y", LAKE, 1, {"T": 0}),  # y is the column
        ("x0 * day", LAKE, 1, {"x0": 0}),  # these data have names
        ("y2 - y0", Columns(1), 3, {"y2": 2, "y0": 0}),
        ("y2 - y0", Columns(1), None, {"y2": 2, "y0": 0}),
        ("psi * `x 1`", Columns(1, ("x 1",)), None, {"psi": 0}),
    ],
)
def test_predictions(text, table, outputs, expected):
    assert prediction_names(parse(text), table, outputs, ANY) == expected


@pytest.mark.parametrize(
    ("text", "table", "outputs", "words"),
    [
        ("y**2", LAKE, 1, "'y' is a column, but also stands for a prediction: give the prediction any other name"),
        ("y0 + y1", Columns(1, ("y0",)), 2, "'y0' is a column, but also stands for a prediction: rename the column"),
        (
            "T + x2",
            Columns(2),
            1,
            r"'x2' is no column.*did you mean 'x1' or 'x0'\? \(the data have no column names\)",
        ),
        ("P + Q", LAKE, 1, "'Q' is no column, and the single prediction is already called 'P'; there are 'day'"),
        ("T * dept", LAKE, None, "'dept' is no column.*did you mean 'depth'"),
        ("T", LAKE, 2, "'T' is no column, and the model gives 2 predictions, y0, y1"),
        ("day", LAKE, None, "no prediction is in the formula.*The prediction is y or any name"),
        ("day", LAKE, 5, "The prediction is y0, y1, y2, ...\\."),
    ],
)
def test_what_cannot_be_read(text, table, outputs, words):
    with pytest.raises(InputError, match=words):
        prediction_names(parse(text), table, outputs, ANY)


def test_columns():
    assert column_names(Columns(2)) == ("x0", "x1")
    assert column_places(["depth"], LAKE, ANY) == {"depth": 1}
    with pytest.raises(InputError, match="bounds, at least 0: 'dpeth' is no column; did you mean 'depth'"):
        column_places(["dpeth"], LAKE, ANY)
