"""How much each number of the input counts, event by event, and the means of that."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from lawful.errors import InputError
from lawful.evidence.arrays import Array, check_same_length
from lawful.evidence.attribution.answers import Answer
from lawful.evidence.attribution.rows import Rows
from lawful.evidence.resampling import Measured, measured, resample
from lawful.physics.kinematics import KINEMATIC, gives_momenta

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Attribution:
    """What each number of the input contributes to an answer.

    Attributes:
        values: By name of the input ("table", "cloud", "image" ... where it has none): (N, F) of a table, (N, P, F)
            of a cloud or sequence, (N, C, H, W) of an image; zero where there is no object or a value is missing.
            Left out objects have one number each, (N, P, 1).
        inputs: What the model was given, in the same shapes (of left out objects, with all their fields).
        masks: Of clouds, sequences and texts, (N, P): True for what is there.
        fields: Names of the columns or fields of each input, the last dimension of `inputs`.
        weight: Event weights of either sign, (N,).
        output: The answer, (N,).
        start: The answer at the baseline, (N,); None where there is none.
        method: "saliency", "integrated gradients" or "leaving out".
        title: What the answer is, in words.
        momenta: Inputs whose fields hold four-momenta.
        windows: Of images that were drawn from clouds: half the width, in eta and in phi (radians).
    """

    values: dict[str, Array]
    inputs: dict[str, Array]
    masks: dict[str, Array]
    fields: dict[str, tuple[str, ...]]
    weight: Array
    output: Array
    start: Array | None
    method: str
    title: str
    momenta: tuple[str, ...] = ()
    windows: dict[str, float] = field(default_factory=dict)

    @property
    def gap(self) -> Array:
        """By how much the contributions fail to add up to output less start, (N,).

        Raises:
            InputError: Where contributions are not meant to add up.
        """
        if self.start is None:
            raise InputError(f"The numbers of {self.method} do not add up to anything: use integrated_gradients.")
        total = sum(values.reshape(len(values), -1).sum(1) for values in self.values.values())
        return np.asarray(total - (self.output - self.start))

    def _summed(self, values: Array, axes: tuple[int, ...]) -> Array:
        """Several numbers as one: their sum, or of slopes the length of the vector."""
        return np.asarray(np.sqrt((values**2).sum(axes)) if self.method == "saliency" else values.sum(axes))

    def per_object(self) -> dict[str, Array]:
        """By name of each cloud, sequence or text: (N, P), what each object contributes, all its fields together.

        Sums of the fields, but for saliency the length of the gradient.
        """
        return {name: self._summed(self.values[name], (2,)) for name in self.masks if name in self.values}

    def per_field(self, *, together: bool = False) -> dict[str, Array]:
        """By name of each column, field of all objects, or channel of an image: (N,).

        Args:
            together: Whether the components of four-momenta count as one, "name: momenta", and an image as one.
        """
        found: dict[str, Array] = {}
        for name, values in self.values.items():
            if values.ndim == 4 and together:
                found[name] = self._summed(values, (1, 2, 3))
                continue
            if values.ndim == 4:
                found |= {f"{name}: channel {c}": self._summed(values[:, c], (1, 2)) for c in range(values.shape[1])}
                continue
            names = self.fields[name] if values.shape[-1] == len(self.fields[name]) else ("an object",)
            moving = [k for k, one in enumerate(names) if one in KINEMATIC]
            joined = moving if together and name in self.momenta else []
            if joined:
                found[f"{name}: momenta"] = self._summed(values[..., joined], (1, 2))
            for k, one in enumerate(names):
                if k not in joined:
                    head = "" if values.ndim == 2 and name == "table" else f"{name}: "
                    found[f"{head}{one}"] = values[:, k] if values.ndim == 2 else self._summed(values[..., k], (1,))
        return found

    def mean(self, where: Any = None) -> dict[str, Array]:
        """Weighted mean of the size of each number: (F,), (P, F) or (C, H, W) by name.

        Of an object, over the events that have it; NaN where their weights sum to zero or less.

        Args:
            where: Which events, (N,) booleans; None: all.
        """
        w = self.weight if where is None else self.weight * np.asarray(where, dtype=bool)
        found = {}
        for name, values in self.values.items():
            there = self.masks[name] if name in self.masks else np.ones(values.shape[:1])
            below = np.tensordot(w, there.astype(np.float64), 1)
            below = below[..., None] if name in self.masks else below
            sums = np.tensordot(w, np.abs(values), 1)
            with np.errstate(divide="ignore", invalid="ignore"):
                found[name] = np.where(below > 0, sums / below, np.nan)
        return found

    def measured(self, y: Any = None, *, toys: int = 100, seed: int = 0) -> dict[str, dict[str, Measured]]:
        """Mean size of what each field contributes, with its statistical interval.

        Args:
            y: A label for each event, by which they are taken apart; None: all together.
            toys: Number of bootstrap toys.
            seed: Their seed.

        Returns:
            Label ("all events" without y) to name of the field (as `per_field(together=True)`) to `Measured`; labels
            whose weights sum to zero or less are left out.

        Raises:
            InputError: When lengths differ.
        """
        sizes = {name: np.abs(values) for name, values in self.per_field(together=True).items()}
        found = {}
        for label, own in events_by(y, self.weight).items():
            table = np.stack([values[own] for values in sizes.values()], 1)

            def means(W: Array, table: Array = table) -> dict[str, Array]:
                total = W.sum(-1, keepdims=True)
                with np.errstate(divide="ignore", invalid="ignore"):
                    all_means = np.where(total > 0, W @ table / total, np.nan)
                return {name: all_means[..., k] for k, name in enumerate(sizes)}

            values, spread = resample(means, self.weight[own], toys=toys, seed=seed)
            found[label] = {name: measured(values[name], spread[name]) for name in sizes}
        return found

    def figure(self, y: Any = None) -> "Figure":
        """Mean size of what each field contributes; of an image alone, where in it.

        Args:
            y: A label for each event, by which they are taken apart; None: all together.

        Raises:
            InputError: When lengths differ.
        """
        from lawful.evidence.figures.attribution import draw_fields, draw_maps

        (name, values), *others = self.values.items()
        if values.ndim == 4 and not others:
            maps = {}
            for label, own in events_by(y, self.weight).items():
                where = np.isin(np.arange(len(self.weight)), own)
                maps[label] = self.mean(where)[name].sum(0)
            return draw_maps({self.what: maps}, half=self.windows.get(name))
        return draw_fields(self.measured(y), what=self.what)

    @property
    def what(self) -> str:
        """What the means are of, for an axis."""
        if self.method == "saliency":
            return f"mean |change| of {self.title} for one deviation"
        return f"mean |contribution| to {self.title}"


def events_by(y: Any, weight: Array) -> dict[str, Array]:
    """Numbers of the events of each label, of those whose weights sum to more than zero."""
    if y is None:
        return {"all events": np.arange(len(weight))}
    labels = np.asarray(y)
    check_same_length(y=labels, events=weight)
    if labels.dtype.kind == "f" and len(np.unique(labels)) > 20:
        raise InputError(f"y has {len(np.unique(labels))} values: expected labels of classes, one for each event.")
    own = {str(label): np.flatnonzero(labels == label) for label in np.unique(labels)}
    return {label: events for label, events in own.items() if weight[events].sum() > 0}


def attribution(
    rows: Rows, answer: Answer, numbers: Array, weight: Array, start: Array | None, method: str
) -> Attribution:
    """The result, from the numbers (N, S) of rows; text has none."""
    fields = {}
    for name, part, _ in rows.parts():
        width = part.shape[-1] if part.kind != "image" else part.shape[0]
        fields[name] = part.fields or tuple(f"x{k}" for k in range(width))
    kinds = {name: part.kind for name, part, _ in rows.parts()}
    return Attribution(
        values={name: values for name, values in rows.taken(numbers).items() if kinds[name] != "text"},
        inputs=rows.taken(rows.x),
        masks=dict(rows.masks),
        fields=fields,
        weight=weight,
        output=answer.numbers(rows.x),
        start=start,
        method=method,
        title=answer.title,
        momenta=tuple(name for name, part, _ in rows.parts() if part.kind == "cloud" and gives_momenta(part.fields)),
        windows={name: dict(part.drawn)["width"] / 2 for name, part, _ in rows.parts() if part.drawn},
    )
