"""The result of an examination, and the one file it is read in."""

import base64
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lawful.errors import InputError
from lawful.evidence.describe import as_html
from lawful.evidence.document import Section
from lawful.evidence.resampling import Measured
from lawful.files import writing

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_LONGEST = 60  # characters of a file's name: four bytes each are below the 255 that file systems take


@dataclass(frozen=True)
class Report:
    """What was measured of a model.

    Attributes:
        title: Heading.
        asked: One sentence: what was asked of which model on how many events.
        description: What it is about.
        headline: The few numbers to read first, (name, value with interval).
        kind: "binary", "classes" or "regression".
        metrics: Name to {"value", "low", "high"}, plain floats; a rejection may be infinite.
        table: The same as a data frame, with what each metric says.
        comparison: One row a model and metric, with the difference to the examined model on the same events.
        sections: The parts of the report.
    """

    title: str
    asked: str
    description: str
    headline: tuple[tuple[str, str], ...]
    kind: str
    metrics: dict[str, dict[str, float]]
    table: "pd.DataFrame"
    comparison: "pd.DataFrame"
    sections: tuple[Section, ...]

    @property
    def figures(self) -> dict[str, "Figure"]:
        """Name to matplotlib figure, in the order of the report."""
        return {name: figure for section in self.sections for name, figure in section.figures.items()}

    def __getitem__(self, metric: str) -> Measured:
        """A metric with its interval.

        Raises:
            InputError: When there is none of that name, naming the nearest.
        """
        if metric not in self.metrics:
            from lawful.data.names import nearest

            raise InputError(f"The report has no metric {metric!r}: {nearest(metric, self.metrics)}")
        return Measured(**self.metrics[metric])

    def __str__(self) -> str:
        width = max((len(name) for name, _ in self.headline), default=0)
        lines = [self.title, self.asked, *(f"{name:<{width}}  {value}" for name, value in self.headline)]
        return "\n".join(lines)

    def html(self) -> str:
        """The report as one page that needs no network."""
        from jinja2 import Environment

        files = resources.files("lawful.evidence") / "templates"
        environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
        environment.filters["math"] = as_html
        template = environment.from_string((files / "report.html").read_text(encoding="utf-8"))
        return template.render(
            report=self,
            pictures={name: _picture(figure) for name, figure in self.figures.items()},
            style=(files / "report.css").read_text(encoding="utf-8"),
            script=(files / "explorer.js").read_text(encoding="utf-8"),
            embedded=_embedded,
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the report as one HTML file; nothing else is written.

        Raises:
            InputError: When the name does not end in .html.
        """
        target = Path(path)
        if target.suffix.lower() not in (".html", ".htm"):
            raise InputError(f"{target.name}: a report is written as .html. For figures use save_figures.")
        text = self.html()
        with writing(target) as temporary:
            temporary.write_text(text, encoding="utf-8")
        return target

    def save_figures(self, folder: str | os.PathLike[str], formats: Sequence[str] = ("pdf", "png")) -> list[Path]:
        """Write each figure into a folder, in each format.

        Raises:
            InputError: For formats other than pdf, png and svg.
        """
        from lawful.evidence.figures.style import save

        wanted = [formats] if isinstance(formats, str) else list(formats)
        return [
            save(self.figures[name], Path(folder) / f"{file}.{kind.removeprefix('.')}")
            for name, file in file_names(self.figures).items()
            for kind in wanted
        ]


def file_names(names: Iterable[str]) -> dict[str, str]:
    """A name that every file system takes for each, and no two alike, also where case does not count.

    Examples:
        >>> file_names(["overlay a/b", "overlay a_b", "roc"])
        {'overlay a/b': 'overlay_a_b', 'overlay a_b': 'overlay_a_b-2', 'roc': 'roc'}
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        base = "".join(c if c.isalnum() or c in "-+." else "_" for c in name)[:_LONGEST]
        file, n = base, 1
        while file.lower() in taken:
            n += 1
            file = f"{base}-{n}"
        taken.add(file.lower())
        found[name] = file
    return found


def _picture(figure: "Figure") -> str:
    """The figure as a data address for an <img>."""
    from lawful.evidence.figures.style import svg

    return "data:image/svg+xml;base64," + base64.b64encode(svg(figure)).decode("ascii")


def _embedded(value: Any) -> str:
    """JSON that is safe inside a <script> element: no character of it can end the element."""
    from markupsafe import Markup

    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 (escaped above)


def as_json(metrics: Mapping[str, Mapping[str, float]]) -> str:
    """Metrics as strict JSON: what is not finite becomes null.

    Examples:
        >>> as_json({"rejection": {"value": float("inf"), "low": 3.0, "high": float("inf")}})
        '{"rejection": {"value": null, "low": 3.0, "high": null}}'
    """
    finite = {
        name: {key: value if abs(value) < float("inf") else None for key, value in one.items()}
        for name, one in metrics.items()
    }
    return json.dumps(finite)
