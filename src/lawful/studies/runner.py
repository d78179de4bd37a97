"""From a study to a run folder."""

import csv
import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lawful.errors import InputError
from lawful.files import writing
from lawful.studies.provenance import provenance
from lawful.studies.reading import locate
from lawful.studies.run_folder import RunFolder
from lawful.studies.schema import Study
from lawful.studies.sources import simulated, world_of
from lawful.studies.statements import check_columns
from lawful.studies.yardsticks import make_yardstick


def run(study: Study, out: str | Path, *, force: bool = False, say: Callable[[str], None] | None = None) -> RunFolder:
    """Run a study, or go on with one that was interrupted; the end is the same.

    Args:
        study: What to do.
        out: The run folder.
        force: Whether a finished or different run in `out` is replaced.
        say: Called with one line for each step.

    Returns:
        The finished run folder.

    Raises:
        InputError: When the study does not fit its data, or `out` holds something else.
    """
    folder = RunFolder(out)
    speak = say or _nothing
    data, (train, validation, test) = prepare(study)  # before anything is written: a wrong path leaves no folder
    folder.start(study, force=force)
    folder.check_data(data.checksum())
    judging = "" if validation is None else f"{len(validation):,} to be judged by while learning, "
    speak(f"{len(data):,} events: {len(train):,} to learn from, {judging}{len(test):,} to be tested on")
    models = train_all(study, folder, train, validation, speak)
    write_evidence(study, folder, models, train, test, speak)
    folder.finish(provenance(study))
    return folder


def _nothing(line: str) -> None:
    """Say nothing."""


def prepare(study: Study) -> tuple[Any, tuple[Any, Any, Any]]:
    """Do all that can fail before anything is learned: find the device, read the events, and split them.

    Returns:
        The events; and the training, validation (or None) and test events.

    Raises:
        InputError: When the device is not there, or the study does not fit its data.
    """
    if study.model.device not in ("auto", "cpu"):
        from lawful.learning.device import find_device

        find_device(study.model.device)
    data = read_events(study)
    return data, split(study, data)


def read_events(study: Study) -> Any:
    """Read the events that a study names.

    Raises:
        InputError: When they cannot be read, have no target, or lack a column that the study names.
    """
    d = study.data
    events = _read(study) if world_of(d.source) is None else simulated(d)
    kept = [name for name in events.features if name not in d.exclude]
    if len(kept) < len(events.features):
        events = events.with_features(kept)  # shown in the report, not learned from
    for name in study.evidence.variables:
        if name not in events:
            raise InputError(f"evidence.variables: there is no column {name!r}; there are {list(events.columns)}.")
    for name, columns in d.subsets.items():
        absent = [c for c in columns if c not in events.features]
        if absent:
            raise InputError(
                f"data.subsets.{name}: {absent[0]!r} is not a feature; there are {list(events.features)}."
            )
    for rival in study.rivals:
        absent = [c for c in rival.features or () if c not in events.features]
        if absent:
            raise InputError(
                f"rivals: {rival.name!r} has no feature {absent[0]!r}; there are {list(events.features)}."
            )
    _check_nets(study, events)
    if study.physics:
        check_columns(study.statements(), events, _sets(study, events), study)
    return events


def _check_nets(study: Study, events: Any) -> None:
    """Refuse networks that take nothing of the events, before anything is written."""
    wanted: list[tuple[str, Any, Any, list[str] | None]] = [("model", study.model.net, study.model.inputs, None)]
    wanted += [(r.name, r.net or study.model.net, r.inputs, r.features) for r in study.rivals]
    for name, net, inputs, features in wanted:
        if net in ("mlp", "linear"):
            continue
        from lawful.predict.inputs import named_inputs
        from lawful.predict.structured import read_structure

        own = events if features is None else events.with_features(features)
        try:
            read_structure(named_inputs(own), net, inputs)
        except InputError as error:
            raise InputError(f"{name}: {error}") from None


def _read(study: Study) -> Any:
    """The events of files."""
    from lawful.data import read

    d = study.data
    if d.target is None:
        raise InputError("data.target is missing: which column is to be predicted?")
    return read(
        locate(d.source),
        tree=d.tree,
        target=d.target,
        weight=d.weight,
        features=d.features,
        exclude=[name for name in d.exclude if name not in study.evidence.variables],
        units=d.units or None,
        variations=d.variations or None,
        unroll=d.unroll,
        define=d.define,
        clouds=d.clouds,
        select=d.select,
        missing=d.missing,
        normalise=d.normalise,
        group=d.group,
    )


def _sets(study: Study, events: Any) -> dict[str, list[str]]:
    """The features that networks learn from, by the name of the set."""
    return {"all": list(events.features)} | study.data.subsets


def split(study: Study, events: Any) -> tuple[Any, Any, Any]:
    """Give training, validation (or None) and test events."""
    parts = events.split(tuple(study.data.split), seed=study.data.seed)
    return (parts[0], None, parts[1]) if len(parts) == 2 else tuple(parts)


def train_all(
    study: Study, folder: RunFolder, train: Any, validation: Any, say: Callable[[str], None]
) -> dict[str, Any]:
    """Train the main model and everything it is compared with, on each set of features.

    Networks that were trained before an interruption are loaded; one that was under way goes on from its checkpoint.

    Returns:
        Fitted models by name; the main one is called "network".
    """
    from lawful.learning import load
    from lawful.predict import Classifier, Regressor

    kind = Classifier if study.model.question == "classify" else Regressor
    sets = _sets(study, train)
    jobs = [(name, "network") for name in sets] + [(name, y) for y in study.evidence.yardsticks for name in sets]
    jobs += [("all", rival.name) for rival in study.rivals]
    rivals = {rival.name: rival for rival in study.rivals}
    models: dict[str, Any] = {}
    for number, (subset, what) in enumerate(jobs, 1):
        rival = rivals.get(what)
        plain = len(sets) == 1 or rival is not None or (what == "network" and subset == "all")
        name = what if plain else f"{what}, {subset}"
        features = sets[subset] if rival is None or rival.features is None else rival.features
        started = time.perf_counter()
        if what == "network" or rival is not None:
            label = subset if rival is None else rival.name
            file = folder.model if label == "all" else folder.others / f"{label}.lawful"
            if file.is_file():
                models[name] = load(file)
                say(f"[{number}/{len(jobs)}] {name}: was trained before")
                continue
            chosen = study.settings() if rival is None else rival.changed(study.settings())
            model: Any = kind(**chosen, checkpoint=folder.checkpoint / label)
            judged = None if validation is None else _columns(validation, features)
            model.fit(_columns(train, features), validation=judged)
            model.checkpoint = None
            model.save(file)
        else:
            part = _columns(train, features)
            model = make_yardstick(what, study, 1 if part.y.ndim == 1 else part.y.shape[1])
            model.fit(part.frame(), part.y, sample_weight=part.weight if part.weighted else None)
        models[name] = model
        say(f"[{number}/{len(jobs)}] {name}: {len(features)} features, {time.perf_counter() - started:.1f} s")
    return models


def _columns(events: Any, features: list[str]) -> Any:
    return events if features == list(events.features) else events.with_features(features)


def write_evidence(
    study: Study, folder: RunFolder, models: dict[str, Any], train: Any, test: Any, say: Callable[[str], None]
) -> None:
    """Measure on the test events; write metrics, history, predictions, figures and the report."""
    from lawful.evidence import examine

    e, model = study.evidence, models["network"]
    others = {name: other for name, other in models.items() if other is not model}
    say("measuring on the test events")
    extra: dict[str, Any] = {}
    if study.model.question == "classify":
        extra = {"expected": e.expected, "background_uncertainty": e.background_uncertainty}
    report = examine(
        model,
        test,
        train=train,
        others=others or None,
        variables=tuple(e.variables),
        toys=e.toys,
        seed=study.training.seed,
        importance=e.importance,
        attribution=e.attribution,
        title=study.title or None,
        description=study.description,
        name="network",
        provenance=provenance(study),
        **extra,
    )
    folder.write_json("metrics.json", report.metrics)
    if others:
        folder.write_text("comparison.csv", report.comparison.to_csv(index=False))
    _write_history(folder, model.history_)
    _write_predictions(folder, model, test)
    say("drawing")
    report.save_figures(folder.path / "figures", formats=tuple(e.figures))
    report.save(folder.report)


def _write_history(folder: RunFolder, history: list[dict[str, Any]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(history[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    folder.write_text("history.csv", text.getvalue())


def _write_predictions(folder: RunFolder, model: Any, test: Any) -> None:
    import pandas as pd

    truth = _by_column("target", test.y, range(test.y.shape[-1]))
    table = pd.DataFrame(truth | {"weight": test.weight} | predictions(model, test))
    with writing(folder.path / "predictions.parquet") as path:
        table.to_parquet(path, index=False)


def predictions(model: Any, X: Any) -> dict[str, Any]:
    """Columns that a model has to say about events: score or probabilities, prediction, and spread of the members."""
    classify, several = hasattr(model, "predict_proba"), len(model.members_) > 1
    if several:
        found, spread = model.predict_with_spread(X)
    else:
        found = model.predict_proba(X) if classify else model.predict(X)
    columns: dict[str, Any] = {}
    if not classify:
        columns = _by_column("prediction", found, range(found.shape[-1]))
    elif found.shape[1] == 2:
        columns["score"] = found[:, 1]
    else:
        columns = _by_column("probability", found, model.classes_)
        columns["prediction"] = model.classes_[found.argmax(1)]
    return columns | (_by_column("spread", spread, range(spread.shape[-1])) if several else {})


def _by_column(name: str, values: Any, labels: Any) -> dict[str, Any]:
    """One column, or one for each label."""
    return {name: values} if values.ndim == 1 else {f"{name}_{label}": values[:, k] for k, label in enumerate(labels)}


def rebuild(out: str | Path, say: Callable[[str], None] | None = None) -> RunFolder:
    """Measure a run again with its trained networks, and rewrite metrics, figures and report.

    Raises:
        InputError: When `out` holds no run with a trained model.
    """
    folder = RunFolder(out)
    study = folder.study()
    if not folder.model.is_file():
        raise InputError(f"{folder.path} holds no trained model yet: run the study first.")
    speak = say or _nothing
    data = read_events(study)
    folder.check_data(data.checksum())
    train, validation, test = split(study, data)
    models = train_all(study, folder, train, validation, speak)
    write_evidence(study, folder, models, train, test, speak)
    facts = folder.provenance() or provenance(study)
    folder.finish(facts | {"measured again": provenance(study)["time"]} if folder.finished else facts)
    return folder
