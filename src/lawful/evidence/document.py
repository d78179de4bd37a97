"""What a report is made of: sections with sentences, tables and figures."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lawful.evidence.resampling import Measured

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Grid:
    """A table as text.

    Attributes:
        columns: Headings.
        rows: Cells, one tuple a row.
        caption: What it shows.
        title: What a long table is folded under; without one it is always open.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    title: str = ""


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Attributes:
        name: Short name, the anchor in the page.
        title: Heading.
        text: Paragraphs.
        grids: Tables.
        figures: Name to figure.
        captions: Name of a figure to a sentence below it.
        explorer: Data of the working-point explorer, where it stands.
        metrics: What the section adds to the metrics.
    """

    name: str
    title: str
    text: tuple[str, ...] = ()
    grids: tuple[Grid, ...] = ()
    figures: Mapping[str, "Figure"] = field(default_factory=dict)
    captions: Mapping[str, str] = field(default_factory=dict)
    explorer: Any = None
    metrics: Mapping[str, Measured] = field(default_factory=dict)


def number(value: float | None, digits: int = 4) -> str:
    """A number as a reader wants it."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if float(value).is_integer() and abs(value) < 1e7:
        return f"{value:,.0f}".replace(",", "\u202f").replace("-", "−")
    return f"{value:.{digits}g}".replace("-", "−")


def percent(value: float) -> str:
    """A share in percent."""
    return "–" if math.isnan(value) else f"{100 * value:.3g}%".replace("-", "−")


def percent_measured(m: Measured) -> str:
    """A share with its interval, in percent."""
    return f"{Measured(100 * m.value, 100 * m.low, 100 * m.high)}%"
