"""The folder that a study leaves behind."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import tomli_w

from lawful.errors import InputError
from lawful.files import writing
from lawful.studies.reading import check_study
from lawful.studies.schema import Study

_DONE = "provenance.json"
_FILES = (
    "data.json",
    "model.lawful",
    "metrics.json",
    "comparison.csv",
    "history.csv",
    "predictions.parquet",
    "report.html",
)


class RunFolder:
    """Paths and states of a run: absent, started, or finished.

    A run is finished when its `provenance.json` is there, which is written last.

    Args:
        path: The folder.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    @property
    def model(self) -> Path:
        """The main model."""
        return self.path / "model.lawful"

    @property
    def others(self) -> Path:
        """Folder of the models for the subsets of features."""
        return self.path / "models"

    @property
    def checkpoint(self) -> Path:
        """Folder of the training that is under way."""
        return self.path / "checkpoint"

    @property
    def report(self) -> Path:
        """The report."""
        return self.path / "report.html"

    @property
    def started(self) -> bool:
        """Whether a study has been put here."""
        return (self.path / "study.toml").is_file()

    @property
    def finished(self) -> bool:
        """Whether the run has come to its end."""
        return (self.path / _DONE).is_file()

    def start(self, study: Study, *, force: bool = False) -> None:
        """Put a study here, or go on with the one that is here.

        Raises:
            InputError: When the folder holds something else, another study, or a finished run and not `force`.
        """
        if self.path.exists() and not self.path.is_dir():
            raise InputError(f"{self.path} is a file; --out names a folder.")
        untouched = not (self.finished or self.model.exists() or self.checkpoint.exists())
        if (force and (self.started or self.finished)) or (self.started and untouched):
            self.clear()  # a run that failed before anything was learned is no loss
        if self.finished:
            raise InputError(f"{self.path} holds a finished run. Use --force to run it again, or another --out.")
        if self.started:
            if self.study() != study:
                raise InputError(
                    f"{self.path} was started with other settings (see {self.path / 'study.toml'}). Use the same "
                    "settings to go on, --force to start again, or another --out."
                )
            return
        for left in self.path.glob(".*-????????.*") if self.path.is_dir() else ():
            left.unlink()  # what writers that were killed left behind
        if self.path.is_dir() and any(self.path.iterdir()):
            raise InputError(f"{self.path} is not empty and not a run of lawful. Use another --out.")
        content = study.model_dump(exclude_none=True)
        self.write_text("study.toml", tomli_w.dumps(content, multiline_strings=True))

    def clear(self) -> None:
        """Remove what a run leaves; files of others stay."""
        (self.path / _DONE).unlink(missing_ok=True)
        for folder in (self.others, self.checkpoint, self.path / "figures"):
            shutil.rmtree(folder, ignore_errors=True)
        for name in (*_FILES, "study.toml"):  # the study last: until then the folder is still known as a run
            (self.path / name).unlink(missing_ok=True)

    def study(self) -> Study:
        """The study that was put here.

        Raises:
            InputError: When this is no run, or its study was changed into something that is none.
        """
        import tomllib

        file = self.path / "study.toml"
        if not file.is_file():
            raise InputError(f"{self.path} is not a run of lawful: it has no study.toml.")
        try:
            content = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{file} is not a TOML file: {error}.") from None
        return check_study(content, str(file))

    def check_data(self, checksum: str) -> None:
        """Note the checksum of the events, or compare it with the one that was noted when the run was started.

        Raises:
            InputError: When the events are others: then the split is another one, and events that were learned from
                would be tested on.
        """
        file = self.path / "data.json"
        if not file.is_file():
            self.write_json("data.json", {"events": checksum})
        elif json.loads(file.read_text(encoding="utf-8")).get("events") != checksum:
            raise InputError(f"The data have changed since {self.path} was started. Use --force, or another --out.")

    def provenance(self) -> dict[str, Any]:
        """What was written when the run was finished; empty before."""
        if not self.finished:
            return {}
        facts: dict[str, Any] = json.loads((self.path / _DONE).read_text(encoding="utf-8"))
        return facts

    def write_text(self, name: str, text: str) -> None:
        """Write a text file, whole or not at all."""
        with writing(self.path / name) as path:
            path.write_text(text, encoding="utf-8")

    def write_json(self, name: str, content: Any) -> None:
        """Write JSON, whole or not at all; numbers that JSON does not know become "inf", "-inf" and "nan"."""
        self.write_text(name, json.dumps(_writable(content), indent=1, allow_nan=False) + "\n")

    def finish(self, provenance: dict[str, Any]) -> None:
        """Empty the folder of checkpoints, and write the provenance, which marks the run as finished."""
        shutil.rmtree(self.checkpoint, ignore_errors=True)
        self.checkpoint.mkdir()
        self.write_json(_DONE, provenance)


def _writable(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _writable(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_writable(value) for value in content]
    if isinstance(content, float) and not math.isfinite(content):
        return str(content)
    return content
