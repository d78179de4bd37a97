"""A trained model as the start for a new question."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from lawful.errors import InputError
from lawful.learning.archive import load
from lawful.learning.members import Members
from lawful.learning.pace import Pace
from lawful.learning.preparation import PartPreparation, Preparation
from lawful.learning.scaling import InputScaling, TargetScaling
from lawful.nets.stages import frozen_stages, stages_of
from lawful.nets.structure import Structure
from lawful.nets.values import number, whole
from lawful.predict.inputs import Array


@dataclass(frozen=True)
class Pretrained:
    """Where a training starts from, and which parts it leaves as they are.

    Attributes:
        model: The trained estimator.
        freeze: As of `transfer`.
        unfreeze: As of `transfer`.
        slower: As of `transfer`.
        outputs: As of `transfer`.
    """

    model: Any
    freeze: Any = None
    unfreeze: int | None = None
    slower: float = 1.0
    outputs: int | None = None

    # ---- inputs ------------------------------------------------------------------------------------------------
    def structure(self, found: Structure) -> Structure:
        """The inputs of new data, with the vocabulary of the trained model.

        Raises:
            InputError: When they are of another kind.
        """
        known = {part.name: part for part in self._structure().parts}
        shared = [part for part in found.parts if part.name in known]
        if not shared:
            raise InputError(
                f"The trained model takes {_told(self._structure())}; the new data are {_told(found)}: no input is "
                "of the same name."
            )
        for part in shared:
            if part.kind != known[part.name].kind:
                raise InputError(f"The trained model takes the {known[part.name]}; the new data hold the {part}.")
        words = {part.name: known[part.name].vocabulary for part in shared if part.kind == "text"}
        return Structure(tuple(replace(p, vocabulary=words.get(p.name, p.vocabulary)) for p in found.parts))

    def _structure(self) -> Structure:
        if self.model.structure_ is None:
            raise InputError(
                f"The trained model takes a table of {self.model.n_features_in_} columns; the new data are clouds, "
                "images, sequences or several inputs."
            )
        return self.model.structure_  # type: ignore[no-any-return]

    def scaling(self, fitted: InputScaling | Preparation, names: Array | None) -> InputScaling | Preparation:
        """The scaling of new data: that of the trained model for what it knows, else as `fitted` to the new.

        Raises:
            InputError: When nothing that the trained model knows is among the new inputs.
        """
        old: InputScaling | Preparation = self.model.scaling_
        if isinstance(fitted, Preparation):
            known = {part.raw.name: part for part in old.parts} if isinstance(old, Preparation) else {}
            return replace(fitted, parts=tuple(_part(known.get(part.raw.name), part) for part in fitted.parts))
        if isinstance(old, Preparation):
            raise InputError(f"The trained model takes {_told(old.raw)}; the new data are one table.")
        pairs = self._columns(names, len(fitted.centre))
        if all(a == b for a, b in pairs) and len(pairs) == len(fitted.centre) == len(old.centre):
            return old
        if old.kind != fitted.kind or old.gaps or fitted.gaps:
            return fitted
        centre, scale = fitted.centre.copy(), fitted.scale.copy()
        for new, before in pairs:
            centre[new], scale[new] = old.centre[before], old.scale[before]
        return InputScaling(fitted.kind, centre, scale)

    def targets(self, fitted: TargetScaling) -> TargetScaling:
        """The scaling of new targets: where the last layer is kept, so is what its outputs mean."""
        old: TargetScaling = self.model.target_scaling_
        if self.outputs is not None or len(old.centre) != len(fitted.centre):
            return fitted
        return replace(old, low=np.minimum(old.low, fitted.low), high=np.maximum(old.high, fitted.high))

    def _columns(self, names: Array | None, count: int) -> list[tuple[int, int]]:
        """Columns of a table that both have, as (new, old) numbers.

        Raises:
            InputError: When there is none, or columns without names differ in number.
        """
        before = getattr(self.model, "feature_names_in_", None)
        if names is None or before is None:
            if count != len(self.model.scaling_.centre):
                raise InputError(
                    f"The trained model takes {len(self.model.scaling_.centre)} columns, the new data have {count}. "
                    "With column names, those that both have are kept: give data frames or Events to both."
                )
            return [(k, k) for k in range(count)]
        place = {str(name): k for k, name in enumerate(before)}
        pairs = [(k, place[str(name)]) for k, name in enumerate(names) if str(name) in place]
        if not pairs:
            raise InputError(
                f"The trained model takes the columns {', '.join(map(str, before[:5]))}; none of them is among the "
                f"new ones, {', '.join(map(str, names[:5]))}."
            )
        return pairs

    # ---- weights -----------------------------------------------------------------------------------------------
    def start(self, members: Members, names: Array | None) -> dict[str, str]:
        """Put the trained weights where they fit; say of each parameter whether it is "kept", "part" or "new".

        Raises:
            InputError: When none fits.
        """
        new, old = members.parameters(), self.model.members_.parameters()
        head = set(stages_of(members.net)[-1][1])
        table = self.model.structure_ is None
        pairs = self._columns(names, new_width(self.model, names)) if table else []
        said: dict[str, str] = {}
        for name, value in new.items():
            before = old.get(name)
            said[name] = "new"
            if before is None or (self.outputs is not None and name in head):
                continue
            rows = before[[m % len(before) for m in range(len(members))]].to(value)
            if rows.shape == value.shape:
                value.copy_(rows)
                said[name] = "kept"
            elif name not in head and table and rows.shape[:-1] == value.shape[:-1] and pairs:
                for place, where in pairs:
                    value[..., place] = rows[..., where]
                said[name] = "part"
        matrices = [name for name, value in new.items() if value.dim() > 2]  # by members, rows and columns
        inside = [name for name in matrices if name not in head] or matrices
        if all(said[name] == "new" for name in inside):
            raise InputError(
                "Nothing of the trained network fits the new one: they differ in inputs, hidden layers or kind of "
                f"network. Trained: {_shapes(old)}. New: {_shapes(new)}."
            )
        return said

    def pace(self, members: Members, said: dict[str, str]) -> Pace | None:
        """How fast each parameter learns; None: all alike and at once."""
        stages = stages_of(members.net)
        frozen = frozen_stages(self.freeze, [name for name, _ in stages])
        if not any(frozen) and self.slower == 1.0:
            return None
        place = {name: k for k, (_, names) in enumerate(stages) for name in names}
        factors, starts = [], []
        for name, value in members.parameters().items():
            below = len(stages) - 1 - place[name]  # stages between this one and the output
            new = said[name] == "new"  # what was not trained cannot stay as it is
            held = frozen[place[name]] and not new
            begins = 1
            if held and self.unfreeze is not None:
                begins, held = 1 + self.unfreeze * below, False
            factors.append(torch.full((value[0].numel(),), 0.0 if held else 1.0 if new else self.slower**below))
            starts.append(torch.full((value[0].numel(),), begins))
        return Pace(torch.cat(factors).to(members.values), torch.cat(starts).to(members.values.device))


def new_width(model: Any, names: Array | None) -> int:
    """Number of columns of the new table."""
    return len(model.scaling_.centre) if names is None else len(names)


def _part(known: PartPreparation | None, fitted: PartPreparation) -> PartPreparation:
    """The preparation of one input: the trained one where it is of the same fields, for as many objects as now."""
    if known is None or known.ready.fields != fitted.ready.fields or known.raw.fields != fitted.raw.fields:
        return fitted
    if known.raw.kind in ("table", "image") and known.ready.shape[:1] != fitted.ready.shape[:1]:
        return fitted
    return replace(known, raw=fitted.raw, ready=fitted.ready)


def _told(structure: Structure) -> str:
    return "; ".join(map(str, structure.parts))


def _shapes(parameters: dict[str, torch.Tensor]) -> str:
    told = [f"{name} {tuple(value.shape[1:])}" for name, value in parameters.items()]
    return ", ".join(told[:4]) + (", ..." if told[4:] else "")


def transfer(
    model: Any,
    *,
    freeze: str | int | Sequence[str] | None = "all but last",
    unfreeze: int | None = None,
    slower: float = 1.0,
    outputs: int | None = None,
    **settings: Any,
) -> Any:
    """Which model starts from what another one has learned?

    The new one has the networks of the trained one, with their weights wherever shapes fit, and takes its scaling of
    inputs over. What does not fit is drawn anew: the last layer when there are other classes or targets, and the
    weights of inputs that the trained one did not know; of a table, columns are found by name. New weights are never
    frozen. Members start from the trained members in turn.

    Args:
        model: A fitted `Classifier` or `Regressor`, or the path of a saved one.
        freeze: What stays as it is: "all but last"; a number of stages from the input; names of stages (`*` and `?`
            stand for several); None: nothing. `stages(model)` lists them.
        unfreeze: Number of epochs after which, time and again, one further frozen stage begins to learn, from the
            output to the input; training cannot stop before all do (J. Howard, S. Ruder, 'Universal language model
            fine-tuning for text classification', 2018). None: frozen stages stay so.
        slower: Factor of the learning rate from each stage to the one before it, from 0 (not included) to 1; new
            weights learn at full rate (same source).
        outputs: Number of classes or targets of the new question; given, the last layer is drawn anew even if that
            number is the same. None: the last layer is kept where the number is the same.
        **settings: Of the new estimator, where they differ, as `learning_rate=` or `members=`.

    Returns:
        An estimator of the same kind, to be fitted. After `fit`, `transferred_` says of each parameter whether it was
        "kept", "new", or "part" of it.

    Raises:
        InputError: When the model is not fitted or the file holds none, a stage does not exist, or a setting is out
            of range; in `fit`, when the new inputs have nothing in common with the old ones.

    Examples:
        >>> import numpy as np, lawful as lf
        >>> rng = np.random.default_rng(0)
        >>> X = rng.normal(size=(600, 4))
        >>> first = lf.Classifier(epochs=20, verbose=False).fit(X, X[:, 0] * X[:, 1] > 0)
        >>> few = X[:100]
        >>> second = transfer(first, outputs=2, epochs=20).fit(few, few[:, 0] * few[:, 1] > 0.5)
        >>> second.transferred_["layers.0.weight"], second.transferred_["layers.2.weight"]
        ('kept', 'new')
    """
    if isinstance(model, str | os.PathLike):
        model = load(Path(model))
    check_is_fitted(model, "members_")
    if outputs is not None:
        whole("outputs", outputs, 1, also="None or ")
    if unfreeze is not None:
        whole("unfreeze", unfreeze, 1, also="None or ")
        if freeze is None:
            raise InputError("unfreeze= has no effect with freeze=None: nothing is frozen.")
    number("slower", slower, above=0, most=1)
    frozen_stages(freeze, [name for name, _ in stages_of(model.members_.net)])
    start = Pretrained(model, freeze, unfreeze, float(slower), outputs)
    names = set(model.get_params(deep=False))
    for name in settings:
        if name not in names:
            from lawful.grammar import nearest

            raise InputError(f"{type(model).__name__} has no setting {name!r}; {nearest(name, names)}")
    return clone(model).set_params(pretrained=start, **settings)


def stages(model: Any) -> list[str]:
    """Names of the stages of a fitted model's network, from the input to the output.

    Examples:
        >>> import numpy as np, lawful as lf
        >>> X = np.linspace(-1, 1, 64)[:, None]
        >>> stages(lf.Classifier(hidden=(8,), epochs=2, verbose=False).fit(X, X[:, 0] > 0))
        ['layer 1', 'head']
    """
    check_is_fitted(model, "members_")
    return [name for name, _ in stages_of(model.members_.net)]


def check_outputs(pretrained: Pretrained | None, outputs: int) -> None:
    """See whether there are as many classes or targets as was said.

    Raises:
        InputError: When there are not.
    """
    if pretrained is not None and pretrained.outputs not in (None, outputs):
        raise InputError(f"outputs={pretrained.outputs} was given to transfer, but y holds {outputs}.")
