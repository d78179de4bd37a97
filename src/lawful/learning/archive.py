"""The file that a trained model is saved in: a zip of JSON and safetensors, which never runs code when read."""

import importlib
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lawful.errors import InputError
from lawful.files import writing

FORMAT = 1
_FACTS, _ARRAYS = "model.json", "arrays.safetensors"
_LIMIT = 1 << 26  # bytes of JSON that are read at most
_KINDS = dict.fromkeys(("Classifier", "ObjectRegressor", "Regressor", "Segmenter"), "lawful.predict")

Arrays = dict[str, npt.NDArray[Any]]


def write_archive(path: str | os.PathLike[str], kind: str, facts: Mapping[str, Any], arrays: Arrays) -> None:
    """Write JSON-ready facts and arrays as one file, whole or not at all.

    Args:
        path: Where; the suffix is the caller's choice, `.lawful` by custom.
        kind: Public name of the class that can read it back.
        facts: What is not an array.
        arrays: What is.
    """
    from safetensors.numpy import save

    header = {"format": FORMAT, "kind": kind, "lawful": version("lawful"), **facts}
    with writing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_FACTS, json.dumps(header, indent=1))
        archive.writestr(_ARRAYS, save({name: np.ascontiguousarray(array) for name, array in arrays.items()}))


def read_archive(path: str | os.PathLike[str]) -> tuple[dict[str, Any], Arrays]:
    """Read what `write_archive` wrote.

    Raises:
        InputError: When there is no such file, it is no model, it is damaged, or a newer lawful wrote it.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load as load_arrays

    file = Path(path)
    if not file.is_file():
        near = sorted(p.name for p in file.parent.glob("*.lawful"))[:3] if file.parent.is_dir() else []
        raise InputError(f"There is no model file {str(file)!r}." + (f" Nearby: {', '.join(near)}." if near else ""))
    try:
        with zipfile.ZipFile(file) as archive:
            if archive.getinfo(_FACTS).file_size > _LIMIT:
                raise InputError(
                    f"{str(file)!r} is not a model: its description is larger than any that lawful writes."
                )
            facts = json.loads(archive.read(_FACTS))
            arrays = load_arrays(archive.read(_ARRAYS))
    except (
        zipfile.BadZipFile,
        zlib.error,
        KeyError,
        ValueError,
        SafetensorError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        OSError,
        RecursionError,
    ) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{str(file)!r} is not a model file that lawful can read ({type(error).__name__}: {error}). It was not "
            "written by save(), or was cut off or changed on the way."
        ) from None
    if not isinstance(facts, dict) or not isinstance(facts.get("format"), int):
        raise InputError(f"{str(file)!r} is a zip file, but not one that lawful's save() wrote.")
    if facts["format"] > FORMAT:
        raise InputError(
            f"{str(file)!r} has format {facts['format']} (lawful {facts.get('lawful')}); this lawful reads up to "
            f"{FORMAT}. Install a newer one."
        )
    return facts, arrays


def load(path: str | os.PathLike[str], functions: Mapping[str, Callable[..., Any]] | None = None) -> Any:
    """Give back the model that `model.save(path)` wrote. No code from the file is ever run.

    Args:
        path: The file.
        functions: The callables that the model was made with, by name: a model with a custom network saves only the
            network's name and weights.

    Returns:
        The fitted estimator.

    Raises:
        InputError: When the file is missing, foreign, truncated or too new, or a function that it needs is not given.

    Examples:
        >>> import tempfile, numpy as np, lawful as lf
        >>> X = np.linspace(-1, 1, 64)[:, None]
        >>> model = lf.Classifier("linear", epochs=5).fit(X, X[:, 0] > 0)
        >>> path = tempfile.mkdtemp() + "/model.lawful"
        >>> model.save(path)
        >>> bool((lf.load(path).predict(X) == model.predict(X)).all())
        True
    """
    facts, arrays = read_archive(path)
    kind = facts.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise InputError(f"{str(path)!r} holds a {kind!r}, which this lawful does not know. Known: {sorted(_KINDS)}.")
    cls = getattr(importlib.import_module(_KINDS[kind]), kind)
    try:
        return cls.from_archive(facts, arrays, dict(functions or {}))
    except InputError as error:
        raise InputError(f"{str(path)!r}: {error}") from None
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RuntimeError) as error:
        raise InputError(
            f"{str(path)!r} is not a whole model file ({type(error).__name__}: {error}). It was changed after it was "
            "saved, or was not written by save()."
        ) from None
