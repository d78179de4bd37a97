"""From a TOML file to a checked study."""

import difflib
import reprlib
import tomllib
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from lawful.errors import InputError
from lawful.studies.schema import Study
from lawful.studies.sources import PACKAGE, packaged

_BUILTIN = resources.files("lawful.studies") / "builtin"


def builtin() -> dict[str, Path]:
    """The studies that are shipped with lawful, by name.

    Examples:
        >>> sorted(builtin())[:4]
        ['drag', 'higgs', 'higgs-symmetry', 'infinite-well']
    """
    return {Path(str(f)).stem: Path(str(f)) for f in _BUILTIN.iterdir() if f.name.endswith(".toml")}


def title_of(path: Path) -> str:
    """The title of a study's file, which is not checked.

    Examples:
        >>> title_of(builtin()["higgs"])
        'Higgs bosons among top quarks'
    """
    return str(tomllib.loads(path.read_text(encoding="utf-8")).get("title", ""))


def find_study(name: str) -> Path:
    """The file of a built-in study or of a path.

    Raises:
        InputError: When there is neither; names the nearest.
    """
    known = builtin()
    path = Path(name)
    if name in known:
        return known[name]
    if path.is_file():
        return path
    if path.is_dir() and (path / "study.toml").is_file():
        return path / "study.toml"
    files = [str(p) for p in path.parent.glob("*.toml")] if path.parent.is_dir() else []
    near = difflib.get_close_matches(name, [*known, *files], 2)
    hint = f" Did you mean {' or '.join(repr(n) for n in near)}?" if near else ""
    raise InputError(f"There is no study {name!r}: neither a file nor one of {sorted(known)}.{hint}")


def read_study(name: str, changes: Iterable[str] = ()) -> Study:
    """Read and check a study.

    Args:
        name: Path of a TOML file, or the name of a built-in study.
        changes: Settings that replace those of the file, as "model.members=3"; values are TOML, or plain words.

    Returns:
        The study, with relative paths of data made absolute by the place of the file.

    Raises:
        InputError: When the file is absent or not TOML, or a key or value is wrong; says what is allowed.

    Examples:
        >>> read_study("higgs", ["model.members=3"]).model.members
        3
    """
    path = find_study(name)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not a TOML file: {error}.") from None
    except RecursionError:
        raise InputError(f"{path} is not a study: its values are nested too deeply.") from None
    folder = path.parent
    for change in changes:
        apply_change(content, change)
        if change.partition("=")[0].strip() == "data.source":
            folder = Path.cwd()  # what is typed is meant from where one stands
    study = check_study(content, str(path))
    return study.model_copy(update={"data": _absolute(study, folder)})


def check_study(content: dict[str, Any], where: str) -> Study:
    """Check the content of a study.

    Raises:
        InputError: One line for the first thing that is wrong.
    """
    try:
        return Study.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{where}: {_explain(error)}") from None


def apply_change(content: dict[str, Any], change: str) -> None:
    """Set one value of a study's content, given as "section.key=value".

    Raises:
        InputError: When the text is not of that form.
    """
    key, separator, text = change.partition("=")
    parts = [part.strip() for part in key.split(".")]
    if not separator or not all(parts):
        raise InputError(f"--set {change!r}: expected section.key=value, as model.members=3.")
    value = toml_value(key.strip(), text)
    for part in parts[:-1]:
        content = content.setdefault(part, {})
        if not isinstance(content, dict):
            raise InputError(f"--set {change!r}: {part} is not a section.")
    content[parts[-1]] = value


def toml_value(key: str, text: str) -> Any:
    """A value that was typed: TOML, or plain words.

    Raises:
        InputError: When it is nested too deeply; names the key.

    Examples:
        >>> toml_value("split", "[0.5, 0.5]"), toml_value("target", "label")
        ([0.5, 0.5], 'label')
    """
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text.strip()
    except RecursionError:
        raise InputError(f"--set {key}: the value is nested too deeply.") from None


def _explain(error: ValidationError) -> str:
    """One sentence for the first fault: the key, what was found, what is allowed."""
    fault = error.errors()[0]
    place = [str(part) for part in fault["loc"]]
    key = ".".join(
        part for part in place if not part.startswith(("function-", "str", "list[", "dict[", "float", "int"))
    )
    others = error.error_count() - 1
    more = f" ({others} more fault{'s' * (others > 1)})" if others else ""
    if fault["type"] == "extra_forbidden":
        allowed = _keys(place[:-1])
        near = difflib.get_close_matches(place[-1], allowed, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        return f"the key {key!r} is not known.{hint} Allowed here: {', '.join(allowed)}.{more}"
    if fault["type"] == "missing":
        return f"the key {key!r} is missing.{more}"
    message = fault["msg"].removeprefix("Value error, ")
    found = fault.get("input")
    shown = f" (found {reprlib.repr(found)})" if not isinstance(found, dict | BaseModel) else ""
    if fault["type"] != "value_error":  # pydantic's own sentences begin with a capital letter
        message = message[0].lower() + message[1:]
    return f"{key + ': ' if key else ''}{message.rstrip('.')}{shown}.{more}"


def _keys(place: list[str]) -> list[str]:
    """Keys that the schema allows at a place."""
    section: Any = Study
    for part in place:
        field = section.model_fields.get(part)
        if field is None:
            return []
        kinds = [field.annotation, *get_args(field.annotation)]
        section = next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)
        if section is None:
            return []
    return list(section.model_fields)


def _absolute(study: Study, folder: Path) -> Any:
    def resolve(source: str) -> str:
        if source.startswith(("builtin:", "package:", "simulate:")):
            return source
        source = str(Path(source).expanduser())
        return str((folder / source).resolve())

    source = study.data.source
    fixed = resolve(source) if isinstance(source, str) else [resolve(s) for s in source]
    return study.data.model_copy(update={"source": fixed})


def locate(source: str | list[str]) -> str | list[str]:
    """Turn `builtin:NAME` (shipped with lawful) and `package:MODULE:FILE` into paths for `lawful.read`.

    Args:
        source: What a study may give as `data.source`; paths are given back as they are.

    Raises:
        InputError: When no such file is shipped, or no such package is installed.

    Examples:
        >>> Path(locate("builtin:higgs.root")).name
        'higgs.root'
    """
    if isinstance(source, list):
        return [str(locate(s)) for s in source]
    if source.startswith(PACKAGE):
        return str(packaged(source))
    if not source.startswith("builtin:"):
        return source
    file = _BUILTIN / source.removeprefix("builtin:")
    if not file.is_file():
        shipped = sorted(f.name for f in _BUILTIN.iterdir() if not f.name.endswith((".toml", ".md")))
        raise InputError(f"{source!r}: no such file is shipped with lawful; there are {shipped}.")
    return str(file)
