"""What a network's answers rest on, as a part of the report."""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lawful.evidence.arrays import Array
from lawful.evidence.case import Case
from lawful.evidence.document import Section
from lawful.evidence.questions import Binary, ManyClass, Regression

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lawful.evidence.attribution.result import Attribution

_EVENTS, _FEWEST = 120, 60  # events of structured inputs that are looked at, shared by the members of an ensemble
_PLAIN_EVENTS = 500  # of tables
_STEPS = 16
_SLOW_EVENTS, _SLOW_STEPS = 40, 8  # where derivatives are differences of predictions
_SEEN = 500  # events whose embeddings are drawn
_LABELS = 4  # classes, or targets, with pictures of their own
_BASELINES = {
    "table": "the mean event",
    "image": "a black image",
    "cloud": "as many objects near their mean",
    "sequence": "the sequence at its mean",
    "text": "the same words",
}
_ABOUT = (
    "What each number of the input contributes to an answer, compared with {baseline} (integrated gradients). Bars "
    "are weighted means of the size of what a field contributes to an event, all its objects together, with 68% "
    "intervals, over {events} test events."
)
_GAP = (
    "The contributions of an event should add up to the change of the {title} from there: they miss it by {gap:.2g}, "
    "of {far:.2g} (both root mean square)."
)


@dataclass(frozen=True)
class _Events:
    """Some of the test events, as the model takes them."""

    X: Any
    weight: Array
    labels: Array | None
    order: list[str]
    colour: Array
    name: str

    def by_label(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """The same in the order of the classes, background before signal, and not too many."""
        order = self.order or list(found)
        return {label: found[label] for label in [label for label in order if label in found][:_LABELS]}


def attribution_section(case: Case) -> Section | None:
    """Contributions of fields, where in jets and images, attention, and what the last layer sees."""
    model = case.subject.model
    if not case.attribution or not all(hasattr(model, name) for name in ("members_", "physics_", "scaling_")):
        return None
    text: list[str] = []
    figures: dict[str, Figure] = {}
    captions: dict[str, str] = {}
    exact = not (model.physics_.chain or model.physics_.maps)
    shared = _PLAIN_EVENTS if model.structure_ is None else max(_FEWEST, _EVENTS // len(model.members_))
    some = _some(case, shared if exact else _SLOW_EVENTS)
    if some.weight.sum() <= 0:
        text.append("The weights of the events that were looked at sum to zero or less: no means are shown.")
    elif importlib.util.find_spec("captum") is None:
        text.append("For what each input contributes, install captum: pip install 'lawful[interpret]'.")
    elif not _only_words(model):
        _contributions(case, some, _STEPS if exact else _SLOW_STEPS, text, figures, captions)
    _look_inside(case, some, figures, captions)
    if not text and not figures:
        return None
    return Section("attribution", "Where it looks", tuple(text), figures=figures, captions=captions)


def _some(case: Case, count: int) -> _Events:
    """Evenly spaced test events."""
    rows = np.linspace(0, len(case.test) - 1, min(len(case.test), count)).astype(np.int64)
    X, weight = case.subject.inputs(case.test.frame.iloc[rows]), case.test.weight[rows]
    question, truth = case.question, case.truth[rows]
    if isinstance(question, Binary):
        order = [str(question.negative), str(question.positive)]
        labels = np.array(order)[truth.astype(np.int64)]
        return _Events(X, weight, labels, order, labels, "class")
    if isinstance(question, ManyClass):
        order = [str(c) for c in question.classes.tolist()]
        labels = np.array(order)[truth]
        return _Events(X, weight, labels, order, labels, "class")
    assert isinstance(question, Regression)
    return _Events(X, weight, None, [], truth[:, 0], question.outputs[0])


def _only_words(model: Any) -> bool:
    return model.structure_ is not None and all(part.kind == "text" for part in model.structure_.parts)


def _contributions(
    case: Case, some: _Events, steps: int, text: list[str], figures: "dict[str, Figure]", captions: dict[str, str]
) -> None:
    """Contributions by field, in jets and in images."""
    from lawful.evidence.attribution.gradients import integrated_gradients
    from lawful.evidence.attribution.jets import jet_attribution
    from lawful.evidence.figures.attribution import draw_fields

    model, question = case.subject.model, case.question
    asked: dict[str, Any] = {"": None}
    if isinstance(question, Binary):
        asked = {"": question.positive}
    elif isinstance(question, ManyClass):
        codes = {str(c): c for c in question.classes.tolist()}
        assert some.labels is not None
        asked = {"": np.array([codes[label] for label in some.labels.tolist()])}
    elif isinstance(question, Regression) and len(question.outputs) > 1:
        asked = {name: k for k, name in enumerate(question.outputs[:_LABELS])}
    kinds = ["table"] if model.structure_ is None else [part.kind for part in model.structure_.parts]
    baseline = ", ".join(_BASELINES[kind] for kind in dict.fromkeys(kinds))
    text.append(_ABOUT.format(baseline=baseline, events=len(some.weight)))
    for name, output in asked.items():
        found = integrated_gradients(model, some.X, output=output, steps=steps, weight=some.weight)
        w = np.abs(some.weight) / np.abs(some.weight).sum()
        title = found.title if not isinstance(question, Regression) else f"prediction of {name or some.name}"
        gap, far = (float(np.sqrt(w @ values**2)) for values in (found.gap, found.output - found.start))
        text.append(_GAP.format(title=title, gap=gap, far=far))
        key = f" {name}" if name else ""
        shown = some.by_label(found.measured(some.labels, seed=case.seed))
        if len(next(iter(shown.values()))) > 1:
            figures[f"contributions{key}"] = draw_fields(shown, what=f"mean |contribution| to {title}")
        _images(found, some, key, figures, captions)
        for cloud in found.momenta:
            picture = f"contributions in {cloud}{key}"
            jets = replace(jet_attribution(found, some.labels, on=cloud), title=title)
            figures[picture] = jets.figure(list(some.by_label(jets.momentum)))
            captions[picture] = (
                f"Above the mean of the events in the plane of pseudorapidity and azimuth, all of {cloud} centred, "
                "the longest axis upright, the harder half up and right; below the mean size of what the objects in "
                "a pixel contribute."
            )


def _images(
    found: "Attribution", some: _Events, key: str, figures: "dict[str, Figure]", captions: dict[str, str]
) -> None:
    """Mean images, and where in them the network looks."""
    from lawful.evidence.attribution.result import events_by
    from lawful.evidence.figures.attribution import draw_maps

    for name, values in found.values.items():
        if values.ndim != 4:
            continue
        seen: dict[str, Array] = {}
        looked: dict[str, Array] = {}
        for label, own in some.by_label(events_by(some.labels, found.weight)).items():
            w = found.weight[own] / found.weight[own].sum()
            seen[label] = np.tensordot(w, found.inputs[name][own].sum(1), 1)
            looked[label] = np.tensordot(w, np.abs(values[own]).sum(1), 1)
        picture = f"contributions in {name}{key}"
        figures[picture] = draw_maps(
            {"mean image": seen, "mean |contribution|": looked}, half=found.windows.get(name)
        )
        captions[picture] = (
            "Above the mean image, below the mean size of what each pixel contributes; channels summed."
        )


def _look_inside(case: Case, some: _Events, figures: "dict[str, Figure]", captions: dict[str, str]) -> None:
    """Attention, and embeddings in two dimensions."""
    from lawful.evidence.attribution.attention import attention, transformers
    from lawful.evidence.attribution.embedding import embed, embedding_figure

    model = case.subject.model
    for name in transformers(model) if some.weight.sum() > 0 else ():
        figures[f"attention {name}"] = attention(model, some.X, on=name, weight=some.weight).figure()
        captions[f"attention {name}"] = (
            "Mean attention over events, heads and members: from where each block takes what it adds to an object "
            "(rows), or to the token from which the answer is read."
        )
    many = _some(case, _SEEN)
    if many.weight.sum() <= 0:
        return
    h = embed(model, many.X)
    figures["embedding"] = embedding_figure(h, many.colour, weight=many.weight, name=many.name)
    captions["embedding"] = (
        f"{len(h)} test events as the last layers of the network see them ({h.shape[1]} numbers), in the plane of "
        "largest weighted variance" + ("; rings have negative weight." if (many.weight < 0).any() else ".")
    )
