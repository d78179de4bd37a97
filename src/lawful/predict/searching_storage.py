"""Where the trials of a search are kept, and how a storage of another search is recognised."""

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import issparse

from lawful.errors import InputError
from lawful.predict.inputs import is_events

_SQLITE, _JOURNAL = (".db", ".sqlite", ".sqlite3"), (".log", ".journal")
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_WAIT = 60.0  # seconds that a writer waits for another one


def need_optuna() -> None:
    """Check that Optuna is installed.

    Raises:
        InputError: Says how to install it.
    """
    try:
        import optuna  # noqa: F401
    except ImportError:
        raise InputError("A search needs Optuna, which is not installed: pip install 'lawful[search]'.") from None


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep Optuna from writing a line about each study."""
    from optuna import logging

    before = logging.get_verbosity()
    logging.set_verbosity(logging.WARNING)
    try:
        yield
    finally:
        logging.set_verbosity(before)


def check_storage(storage: Any, workers: int) -> Any:
    """A storage that can be sent to a worker: None, a path with a known suffix, an address, or one of Optuna's.

    Raises:
        InputError: For anything else; says what may stand there.
    """
    from optuna.storages import BaseStorage, InMemoryStorage

    if storage is None or isinstance(storage, BaseStorage):
        if isinstance(storage, InMemoryStorage) and workers > 1:
            raise InputError("storage lives in the memory of one process: with workers, give a path or an address.")
        return storage
    if isinstance(storage, str) and "://" in storage:
        return storage
    if isinstance(storage, str | os.PathLike):
        path = Path(storage).absolute()
        if path.suffix.lower() in (*_SQLITE, *_JOURNAL):
            return path
    raise InputError(
        f"storage={storage!r}: expected a file that ends in .db (SQLite) or .log (a journal, also for shared file "
        "systems), an address as 'postgresql://...', one of Optuna's storages, or None."
    )


def open_storage(storage: Any) -> Any:
    """What Optuna takes, from what `check_storage` gave.

    Raises:
        InputError: When the file cannot be opened as what its name says.
    """
    from optuna.storages import JournalStorage, RDBStorage
    from optuna.storages.journal import JournalFileBackend
    from sqlalchemy.exc import SQLAlchemyError

    if not isinstance(storage, Path):
        return storage
    storage.parent.mkdir(parents=True, exist_ok=True)
    try:
        if storage.suffix.lower() in _JOURNAL:
            return JournalStorage(JournalFileBackend(str(storage)))
        return RDBStorage(f"sqlite:///{storage}", engine_kwargs={"connect_args": {"timeout": _WAIT}})
    except (SQLAlchemyError, ValueError, KeyError, OSError) as error:
        text = str(error).split("\n")[0]
        raise InputError(f"storage={str(storage)!r} cannot be opened: {text}. Use another file.") from None


def open_study(storage: Any, name: str, identity: Mapping[str, str], *, maximise: bool, pruner: Any) -> Any:
    """The study of that name, begun when it is not there.

    Raises:
        InputError: When it was begun by another search; names what differs.
    """
    import optuna

    with quiet():
        study = optuna.create_study(
            storage=open_storage(storage),
            study_name=name,
            direction="maximize" if maximise else "minimize",
            pruner=pruner,
            load_if_exists=True,
        )
    kept = study.user_attrs.get("identity")
    where = f"storage={str(storage) if isinstance(storage, Path) else storage!r}"
    if kept is None:
        if study.get_trials(deepcopy=False):
            raise InputError(f"{where} holds trials of {name!r} that no search of lawful made. Use another file.")
        study.set_user_attr("identity", dict(identity))
    elif kept != identity:
        other = [what for what in identity if kept.get(what) != identity[what]]
        raise InputError(
            f"{where} holds a search with another {', another '.join(other)}. Give what was given then, or use "
            "another storage or name."
        )
    return study


def digest(*values: Any) -> str:
    """SHA-256 of settings and data, the same in another process; functions count by their name and code."""
    found = hashlib.sha256()
    for value in values:
        _feed(found, value)
    return found.hexdigest()


def _feed(found: Any, value: Any) -> None:
    found.update(f"<{type(value).__qualname__}>".encode())
    if is_events(value):
        found.update(value.checksum().encode())
    elif hasattr(value, "state_dict"):
        _feed(found, (str(value), {k: v.numpy(force=True) for k, v in value.state_dict().items()}))
    elif hasattr(value, "get_params") and not isinstance(value, type):
        _feed(found, value.get_params(deep=False))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            _feed(found, (key, inner))
    elif isinstance(value, list | tuple):
        for inner in value:
            _feed(found, inner)
    elif issparse(value):
        rows = value.tocsr()
        _feed(found, (rows.shape, rows.data, rows.indices, rows.indptr))
    elif hasattr(value, "iloc"):
        _feed(found, (list(getattr(value, "columns", [])), np.asarray(value)))
    elif isinstance(value, np.ndarray) and value.dtype != object:
        found.update(f"{value.shape}{value.dtype}".encode() + np.ascontiguousarray(value).tobytes())
    elif isinstance(value, np.ndarray):
        _feed(found, value.tolist())
    elif hasattr(value, "__code__"):
        code = value.__code__
        found.update(value.__qualname__.encode() + code.co_code)
        _feed(found, [c for c in code.co_consts if not hasattr(c, "co_code")])
        _feed(found, [c.cell_contents for c in value.__closure__ or () if not callable(c.cell_contents)])
    elif is_dataclass(value) and not isinstance(value, type):
        _feed(found, {f.name: getattr(value, f.name) for f in fields(value)})
    elif hasattr(value, "numpy") and hasattr(value, "detach"):
        _feed(found, value.numpy(force=True))
    else:
        found.update(_ADDRESS.sub("", repr(value)).encode())
