"""What must be known to make a result again."""

import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from lawful.files import checksum
from lawful.studies.reading import locate
from lawful.studies.schema import Study
from lawful.studies.sources import described, world_of

_PACKAGES = ("lawful", "torch", "numpy", "scipy", "scikit-learn", "pandas", "pyarrow", "uproot", "matplotlib")


def provenance(study: Study) -> dict[str, Any]:
    """What must be known to make the same result again: versions, seeds, checksums of the data, command, machine."""
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "unknown"
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["lawful", *sys.argv[1:]]) if Path(sys.argv[0]).name == "lawful" else "python",
        "versions": {"python": platform.python_version()} | versions,
        "machine": f"{platform.system()} {platform.machine()}",
        "seeds": {"split": study.data.seed, "training": study.training.seed},
        "data": _checksums(study) if world_of(study.data.source) is None else described(study.data),
    }


def _checksums(study: Study) -> dict[str, str]:
    """The files of a study with their checksums."""
    import glob

    source = locate(study.data.source)
    patterns = source if isinstance(source, list) else [source]
    files = sorted(
        {f for pattern in patterns for f in (glob.glob(_without_tree(pattern)) or [_without_tree(pattern)])}
    )
    return {name: f"sha256 {checksum(file)}" for name, file in _short_names(files).items()}


def _short_names(files: list[str]) -> dict[str, str]:
    """Files by the shortest ends of their paths that tell them apart: names where these differ."""
    paths = sorted({Path(f) for f in files if Path(f).is_file()})
    depth = 1
    while len({path.parts[-depth:] for path in paths}) < len(paths):
        depth += 1
    return {Path(*path.parts[-depth:]).as_posix(): str(path) for path in paths}


def _without_tree(source: str) -> str:
    head, separator, _ = source.rpartition(":")
    return head if separator and head.endswith(".root") else source
