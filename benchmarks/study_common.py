"""What the scripts of the studies share: tables in Markdown, and figures for the docs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lawful.evidence.figures.style import save

IMAGES = Path(__file__).parents[1] / "docs" / "images"


def rmse(a: Any, b: Any) -> float:
    """Root mean square of a difference."""
    return float(np.sqrt(np.mean((np.asarray(a) - np.asarray(b)) ** 2)))


def print_table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A Markdown table."""
    print("| " + " | ".join(heads) + " |")
    print("|" + "---|" * len(heads))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |", flush=True)


def keep(figure: Any, name: str) -> None:
    """Write a figure for the docs."""
    save(figure, IMAGES / f"{name}.png")
