"""What the estimators of objects, steps and pixels share: the way from events to their objects and back."""

import copy
import warnings
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from lawful.data.clouds import Cloud
from lawful.errors import InputError
from lawful.grammar import nearest
from lawful.learning.objectives import Objective
from lawful.learning.objectives_each import Each
from lawful.learning.preparation import Preparation
from lawful.nets.structure import Part, Structure
from lawful.nets.structured import Joined
from lawful.predict.checking import check_settings, validation_parts
from lawful.predict.each import ANSWERED, Answers, Layout, field_of, flattened, layout_of, without
from lawful.predict.estimator import NetEstimator
from lawful.predict.inputs import Array, Table, check_weight, is_events, take_apart
from lawful.predict.kinds import cloud_of, is_cloudy, is_frame
from lawful.predict.knowledge import Knowledge
from lawful.predict.structured import is_structured, rows_of, rows_of_table

_MOST_JUDGED = 200_000  # objects from which a calibration is learned
_MOST_SHARED = 400_000  # places in which the agreement of members is measured


class PerObject(NetEstimator):
    """An estimator whose answers are of each object of a cloud, step of a sequence or pixel of an image.

    An event stays a row: its targets are those of all its places, each with a weight that is zero where there is
    no object. What is learned and predicted of single objects is what another estimator does with rows.
    """

    of: str | None

    # ---- what is done with single objects ------------------------------------------------------------------------
    @abstractmethod
    def _learn_values(self, values: Array, weight: Array) -> Array:
        """Check what is said of objects, under weights of either sign, (M,), and learn scales; coded, (M, D)."""

    @abstractmethod
    def _code_values(self, values: Array) -> Array:
        """Code in the same way, (M, D)."""

    @abstractmethod
    def _object_targets(self, values: Array, negative: Array) -> tuple[Array, Array]:
        """Targets (n, Y) and factors of the weights, (n,), of coded values (n, D), negative weights marked, (n,)."""

    @abstractmethod
    def _judge(self, z: Array, y: Array, w: Array, shared: Array) -> None:
        """Learn from scores (n, O) of objects that members have not seen, targets (n, Y) and weights (n,).

        `shared` are scores of every member on the same objects, (M, s, O).
        """

    # ---- which objects -------------------------------------------------------------------------------------------
    def _answered(self, structure: Structure) -> int:
        names = [part.name for part in structure.parts if part.kind in ANSWERED]
        if self.of is not None:
            if self.of not in names:
                raise InputError(f"of={self.of!r}: no input of that name has objects; {nearest(str(self.of), names)}")
            return [part.name for part in structure.parts].index(self.of)
        if len(names) != 1:
            found = "; ".join(map(str, structure.parts))
            what = "Several inputs have" if names else "No input has"
            raise InputError(
                f"{what} objects, steps or pixels, of {found}. Say which are answered, as of='cells'."
                if names
                else f"{what} objects, steps or pixels that could be answered, of {found}. For one answer an event "
                "use lawful.Classifier or lawful.Regressor."
            )
        return [part.name for part in structure.parts].index(names[0])

    def _part(self) -> tuple[int, Part]:
        """Number of the input whose objects are answered, and the input."""
        assert self.structure_ is not None
        k = self._answered(self.structure_)
        return k, self.structure_.parts[k]

    def _find_structure(self, table: Table) -> Structure:
        if self.label_field_ is not None:
            name, field = self.label_field_
            table = replace(table, X={**table.X, name: without(table.X[name], field)})
        return super()._find_structure(table)

    def _answers_in(self, inputs: Any, part: Part, y: Any, object_weight: Any) -> Answers:
        """What is said of the objects of an input.

        Args:
            inputs: All inputs by name.
            part: That input.
            y: Values, or the name of a field.
            object_weight: Weights, or the name of a field, or None.
        """
        if part.name not in inputs:
            raise InputError(f"There is no input {part.name!r}, whose objects are answered.")
        layout = layout_of(inputs[part.name], part)
        values = flattened(self._said(inputs, part, y), layout)
        weight = np.ones(layout.objects)
        if object_weight is not None:
            given = flattened(self._said(inputs, part, object_weight), layout, "object_weight")
            weight = given.astype(np.float64)
            if weight.shape != (layout.objects,) or not np.isfinite(weight).all() or (weight < 0).any():
                raise InputError(
                    "object_weight: expected a finite number of at least zero for each object. Signs belong to the "
                    "events, in sample_weight."
                )
        return Answers(layout, values, weight)

    def _said(self, inputs: Any, part: Part, y: Any) -> Any:
        """What is said of objects, where a field may be named."""
        if not isinstance(y, str):
            return y
        name, field = field_of(inputs, y)
        if name != part.name:
            raise InputError(f"{y!r} is of the input {name!r}, but the objects of {part.name!r} are answered.")
        return cloud_of(name, inputs[name])[field]

    # ---- fit -----------------------------------------------------------------------------------------------------
    def _train(self, X: Any, y: Any, sample_weight: Any, validation: Any, object_weight: Any) -> None:
        """Train, with a row for each event."""
        check_settings(self)
        if not is_structured(X, self.net):
            raise InputError(
                "Expected X with objects, steps or pixels: a cloud, sequences, images, or several inputs by name. "
                "For Events and a network of your own give net={'cells': network}."
            )
        table = take_apart(X, structured=True)
        self.label_field_ = field_of(table.X, y) if isinstance(y, str) else None
        structure = self._find_structure(table)
        part = structure.parts[self._answered(structure)]
        answers = self._answers_in(table.X, part, y, object_weight)
        if self.label_field_ is None and is_cloudy(table.X[part.name]):
            _warn_of_labels(cloud_of(part.name, table.X[part.name]), part, answers.values)
        if validation is not None and validation is not False:
            judged, own = validation, object_weight if isinstance(object_weight, str) else None
            if isinstance(judged, tuple | list) and len(judged) == 4:
                *judged, own = judged
            Xv, yv, wv = (*validation_parts(judged), None, None)[:3]
            inputs = take_apart(Xv, structured=True).X
            validation = (Xv, self._answers_in(inputs, part, self._default(yv), own), wv)
        super().fit(X, answers, sample_weight, validation)

    def _default(self, y: Any) -> Any:
        """The field that told the training what is true, where nothing else is given."""
        return ".".join(filter(None, self.label_field_)) if y is None and self.label_field_ else y

    def _learn_targets(self, y: Answers, weight: Array) -> Array:
        if not y.layout.objects:
            raise InputError(f"No event has any {y.layout.word}: there is nothing to learn from.")
        w = np.repeat(weight, y.layout.counts) * y.weight
        if not w.any():
            raise InputError("All objects have weight zero: there is nothing to learn from.")
        self.objects_an_event_ = float(np.abs(w).sum() / np.abs(weight).sum())
        return self._laid(y, self._learn_values(y.values, w))

    def _code_targets(self, y: Answers) -> Array:
        return self._laid(y, self._code_values(y.values))

    def _laid(self, y: Answers, coded: Array) -> Array:
        """Coded values and weights of the objects in the places of rows, (N, P, D + 1)."""
        return y.layout.put(np.concatenate([coded, y.weight[:, None].astype(coded.dtype)], 1))

    def _examples(self, coded: Array, weight: Array) -> tuple[Array, Array]:
        N, P = coded.shape[:2]
        targets, factor = self._object_targets(coded[..., :-1].reshape(N * P, -1), np.repeat(weight < 0, P))
        own = coded[..., -1].reshape(-1) * factor / self.objects_an_event_
        return np.concatenate([targets, own[:, None].astype(targets.dtype)], 1).reshape(N, -1), np.abs(weight)

    def _continuous(self, coded: Array) -> Array | None:  # noqa: ARG002
        return None

    def _training_objective(self) -> Objective:
        return Each(self.objective_, self._part()[1].places)

    def _own(self, z: Array) -> Array:
        return z

    @property
    def _shared(self) -> int:  # type: ignore[override]
        return int(np.clip(_MOST_SHARED // self._part()[1].places, 50, 4000))

    def _after_training(self, z: Array, y: Array, w: Array, shared: Array) -> None:
        P = self._part()[1].places
        z, y = z.reshape(*z.shape[:2], P, -1), y.reshape(*y.shape[:2], P, -1)
        w = w[..., None] * y[..., -1]
        there = np.flatnonzero(w)
        there = there[np.linspace(0, len(there) - 1, min(len(there), _MOST_JUDGED)).astype(np.int64)]
        shared = shared.reshape(len(shared), -1, z.shape[-1])
        shared = shared[:, (shared != 0).any((0, 2))]  # places without an object are answered with zeros
        scores, targets = z.reshape(-1, z.shape[-1])[there], y.reshape(-1, y.shape[-1])[there, :-1]
        if len(there):
            self._judge(scores.astype(np.float64), targets, w.reshape(-1)[there], shared.astype(np.float64))

    def _know(self, units: dict[str, str], targets: tuple[str | None, ...] = ()) -> Knowledge:
        known = super()._know(units, targets)
        if any(item not in known.augmented for item in known.enforced) or len(known.statements) > len(known.enforced):
            raise InputError(
                f"physics: statements are about the answer for an event; {type(self).__name__} gives one for each "
                "object. " + self._enforceable
            )
        return known

    _enforceable = "Leave them out."

    # ---- predict -------------------------------------------------------------------------------------------------
    def _scored(self, X: Any) -> tuple[Array, Array, Layout]:
        """Scores of every member for each object, (M, objects, O), rows, and where the objects lie.

        There is room for as many objects as these events have, which may be more than in the training.
        """
        check_is_fitted(self, "members_")
        assert isinstance(self.scaling_, Preparation)
        table = self._take_apart(X)
        gaps = self.missing == "mark" or bool(self.scaling_.gaps)
        k, part = self._part()
        assert self.structure_ is not None
        preparation = self.scaling_
        if is_frame(table.X):
            rows = rows_of_table(table.X, self.structure_, gaps_allowed=gaps)
            layout = layout_of(table.X[list(self.structure_.names)], part, self.structure_.places(k).start)
        else:
            if part.name in table.X and part.counted:
                longest = int(cloud_of(part.name, table.X[part.name]).counts.max(initial=1))
                preparation = _with_places(preparation, k, longest)
            structure = preparation.raw
            rows = rows_of(table.X, structure, gaps_allowed=gaps)
            layout = layout_of(table.X[part.name], structure.parts[k])
        members = copy.copy(self.members_)
        members.net = copy.copy(members.net)
        assert isinstance(members.net, Joined)
        members.net.structure = preparation.ready
        inputs = torch.from_numpy(self.physics_.prepare(rows, preparation)).to(members.values.device)
        z: Array = members.scores(inputs).numpy(force=True)
        z = z.reshape(*z.shape[:2], -1, self.objective_.outputs).astype(np.float64)
        return layout.take(z), rows, layout

    def _scores(self, X: Any) -> tuple[Array, Array]:
        return self._scored(X)[:2]

    def _true(self, X: Any, y: Any, sample_weight: Any, object_weight: Any) -> tuple[Array, Array]:
        """What is true of each object, (M,) or (M, K), and its weight, (M,)."""
        check_is_fitted(self, "members_")
        if is_events(X) and sample_weight is None:
            sample_weight = X.weight
        inputs = take_apart(X, structured=True).X
        said = self._answers_in(inputs, self._part()[1], self._default(y), object_weight)
        weight = check_weight(sample_weight, len(said.layout.counts))
        return said.values, np.repeat(weight, said.layout.counts) * said.weight

    # ---- save and load -------------------------------------------------------------------------------------------
    def _restore_field(self, facts: Mapping[str, Any]) -> None:
        field = facts["label_field"]
        self.label_field_ = None if field is None else (str(field[0]), str(field[1]))


def _warn_of_labels(cloud: Cloud, part: Part, values: Array) -> None:
    """Warn of a field of the input that is what is to be found."""
    for field in part.fields:
        if values.shape == cloud[field].shape and len(values) and np.array_equal(cloud[field], values):
            name = ".".join(filter(None, (part.name, field)))
            warnings.warn(
                f"The field {name!r} of the input is y itself. Name it, as y={name!r}, and it is no input.",
                UserWarning,
                stacklevel=4,
            )


def _with_places(preparation: Preparation, k: int, places: int) -> Preparation:
    """The same preparation with room for another number of objects in an input."""
    parts = list(preparation.parts)
    old = parts[k]
    raw, ready = (replace(part, shape=(max(places, 1), *part.shape[1:])) for part in (old.raw, old.ready))
    parts[k] = replace(old, raw=raw, ready=ready)
    return replace(preparation, parts=tuple(parts))
