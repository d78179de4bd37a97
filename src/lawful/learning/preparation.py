"""Structured inputs brought to the size that networks learn best with, particles with what follows for them."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from lawful.errors import InputError
from lawful.learning.scaling import Array, InputScaling
from lawful.nets.structure import Part, Structure
from lawful.physics.kinematics import KINEMATIC, RELATIVE, four_momenta, gives_momenta, relative

_LOOKED_AT = 4000  # events from which scales are learned
_AT_ONCE = 2048  # events prepared at a time
_POSITIONS = ("x", "y", "z")


@dataclass(frozen=True)
class PartPreparation:
    """How one input is prepared.

    Attributes:
        raw: As the user gave it.
        ready: As a network takes it.
        scaling: Of the columns, the fields of objects or the channels; None for text.
        unit: By what four-momenta are divided, in GeV.
    """

    raw: Part
    ready: Part
    scaling: InputScaling | None
    unit: float = 1.0

    @classmethod
    def fit(cls, part: Part, numbers: Array, weight: Array, kind: str, momenta: str, *, features: bool) -> Self:
        """Learn scales from the numbers of a part, (n, width), under |weight|, (n,).

        Args:
            part: The input.
            numbers: It, of some events.
            weight: Of these events.
            kind: As of `InputScaling`.
            momenta: "no", "where known" or "always": whether the network is given four-momenta.
            features: Whether it is given more of particles than the fields that are no momenta.

        Raises:
            InputError: When momenta do not follow from the fields, and the network needs them.
        """
        if part.kind == "text":
            return cls(part, part, None)
        if part.kind in ("table", "image"):
            rows = numbers if part.kind == "table" else numbers.reshape(-1, *part.shape).transpose(0, 2, 3, 1)
            rows = rows.reshape(-1, rows.shape[-1])
            scaling = InputScaling.fit(rows, np.repeat(weight, len(rows) // max(len(numbers), 1)), kind)
            shape = (scaling.outputs,) if part.kind == "table" else part.shape
            return cls(part, replace(part, shape=shape, fields=_with_marks(part, scaling)), scaling)
        known = part.kind == "cloud" and gives_momenta(part.fields)
        if momenta == "always" and not known:
            raise InputError(
                f"{part}: an equivariant network needs momenta: fields px, py, pz and E, or pt, eta, phi (and m)."
            )
        given = known and momenta != "no"
        ready = _ready(part, known=known, momenta=given, features=features)
        draft = cls(part, ready, None)
        found, p, mask = draft._told(torch.from_numpy(numbers.astype(np.float64)))
        there = mask.numpy()
        rows, w = found.numpy()[there], np.repeat(np.abs(weight), there.sum(1))
        if not len(rows) or not w.any():
            rows, w = np.zeros((1, found.shape[-1])), np.ones(1)
        unit = 1.0
        if p is not None and there.any():
            unit = float(np.average(np.abs(p.numpy()[there][:, 0]), weights=w)) or 1.0
        return cls(part, ready, InputScaling.fit(rows, w, kind), unit)

    def _told(self, numbers: Tensor) -> tuple[Tensor, Tensor | None, Tensor]:
        """What is told of objects (n, P, F), their momenta (n, P, 4) and the mask (n, P), not yet scaled."""
        values, mask = numbers[:, 1:].unflatten(1, self.raw.shape), None
        mask = torch.arange(self.raw.shape[0], device=numbers.device) < numbers[:, :1]
        fields = {name: values[..., k] for k, name in enumerate(self.raw.fields)}
        names = self.ready.fields[: self.ready.features]
        p = four_momenta(fields) if self.ready.momenta or set(names) & set(RELATIVE) else None
        if not self.raw.fields:
            return values, None, mask
        if p is not None:
            fields |= dict(zip(RELATIVE, relative(p, mask).unbind(-1), strict=True))
        told = torch.stack([fields[name] for name in names], -1) if names else values[..., :0]
        return told, p if self.ready.momenta else None, mask

    def __call__(self, numbers: Tensor) -> Tensor:
        """Prepare the numbers of the part, (n, width), differentiable by them; gives (n, ready width)."""
        if self.scaling is None:
            return numbers
        if self.raw.kind == "table":
            return self.scaling.apply_tensor(numbers)
        if self.raw.kind == "image":
            rows = numbers.unflatten(1, self.raw.shape).movedim(1, -1)
            scaled = self.scaling.apply_tensor(rows.flatten(0, -2)).view(rows.shape)
            return scaled.movedim(-1, 1).flatten(1)
        told, p, mask = self._told(numbers)
        there = mask.unsqueeze(-1)
        told = torch.where(there, told, torch.zeros_like(told))
        if told.shape[-1]:
            told = self.scaling.apply_tensor(told.flatten(0, 1)).view(told.shape) * there
        if p is not None:
            told = torch.cat([told, torch.where(there, p / self.unit, torch.zeros_like(p))], -1)
        return torch.cat([numbers[:, :1], told.flatten(1)], 1)


def _with_marks(part: Part, scaling: InputScaling) -> tuple[str, ...]:
    """Names of the columns, with marks of missing values behind them."""
    if not part.fields:
        return ()
    return (*part.fields, *(f"{part.fields[gap]} missing" for gap in scaling.gaps))


def _ready(part: Part, *, known: bool, momenta: bool, features: bool) -> Part:
    """A part of objects as networks take it."""
    if not part.fields:
        return part
    names = part.fields
    if known:
        others = tuple(name for name in names if name not in KINEMATIC)
        names = (*RELATIVE, *others) if features else others
    if known and features:
        coordinates = tuple(names.index(name) for name in RELATIVE[4:6])
    else:
        places = tuple(names.index(name) for name in _POSITIONS if name in names)
        coordinates = places if len(places) >= 2 else ()
    fields = (*names, "E", "px", "py", "pz") if momenta else names
    return replace(part, shape=(part.shape[0], len(fields)), fields=fields, momenta=momenta, coordinates=coordinates)


@dataclass(frozen=True)
class Preparation:
    """How rows of structured inputs become rows that networks take; the counterpart of `InputScaling`.

    Attributes:
        parts: One for each input.
        double: Whether the rows are float64.
    """

    parts: tuple[PartPreparation, ...]
    double: bool = False

    @property
    def raw(self) -> Structure:
        """The inputs as the user gave them."""
        return Structure(tuple(part.raw for part in self.parts))

    @property
    def ready(self) -> Structure:
        """The inputs as networks take them."""
        return Structure(tuple(part.ready for part in self.parts))

    @property
    def outputs(self) -> int:
        """Numbers in a prepared row."""
        return self.ready.width

    @property
    def gaps(self) -> tuple[int, ...]:
        """Columns with marks of missing values, of any part."""
        return tuple(gap for part in self.parts if part.scaling is not None for gap in part.scaling.gaps)

    @classmethod
    def fit(
        cls,
        structure: Structure,
        x: Array,
        weight: Array,
        kind: str,
        needs: list[tuple[str, bool]],
        *,
        double: bool = False,
    ) -> Self:
        """Learn from rows x, (N, S), under |weight|, (N,); `needs` says of each part what its network is given."""
        some = np.linspace(0, len(x) - 1, min(len(x), _LOOKED_AT)).astype(np.int64)
        parts = [
            PartPreparation.fit(part, x[some, structure.places(k)], weight[some], kind, momenta, features=features)
            for k, (part, (momenta, features)) in enumerate(zip(structure.parts, needs, strict=True))
        ]
        return cls(tuple(parts), double)

    def apply(self, x: Array) -> Array:
        """Map rows (N, S) to prepared rows (N, outputs), float32 or float64."""
        out = np.empty((len(x), self.outputs), np.float64 if self.double else np.float32)
        for start in range(0, len(x), _AT_ONCE):
            part = torch.from_numpy(x[start : start + _AT_ONCE].astype(np.float64))
            out[start : start + _AT_ONCE] = self.apply_tensor(part).numpy()
        return out

    def apply_tensor(self, x: Tensor) -> Tensor:
        """As `apply`, for tensors, differentiable."""
        raw = self.raw
        return torch.cat([part(x[:, raw.places(k)]) for k, part in enumerate(self.parts)], 1)

    # ---- save and load -----------------------------------------------------------------------------------------
    def plain(self) -> dict[str, Any]:
        """Everything but the scales, as plain data."""
        parts = []
        for part in self.parts:
            scaling = None if part.scaling is None else {"kind": part.scaling.kind, "gaps": list(part.scaling.gaps)}
            parts.append(
                {"raw": asdict(part.raw), "ready": asdict(part.ready), "scaling": scaling, "unit": part.unit}
            )
        return {"parts": parts, "double": self.double}

    def arrays(self) -> dict[str, Array]:
        """The scales, by name."""
        found: dict[str, Array] = {}
        for k, part in enumerate(self.parts):
            if part.scaling is not None:
                found |= {f"part.{k}.centre": part.scaling.centre, f"part.{k}.scale": part.scaling.scale}
        return found

    @classmethod
    def from_plain(cls, plain: dict[str, Any], arrays: dict[str, Array]) -> Self:
        """Take back what `plain` and `arrays` gave."""
        parts = []
        for k, told in enumerate(plain["parts"]):
            scaling = None
            if told["scaling"] is not None:
                centre, scale = arrays[f"part.{k}.centre"], arrays[f"part.{k}.scale"]
                scaling = InputScaling(told["scaling"]["kind"], centre, scale, tuple(told["scaling"]["gaps"]))
            raw, ready = (_part(told[name]) for name in ("raw", "ready"))
            parts.append(PartPreparation(raw, ready, scaling, float(told["unit"])))
        return cls(tuple(parts), bool(plain["double"]))


def _part(plain: dict[str, Any]) -> Part:
    """A part from plain data."""
    given: dict[str, Any] = {name: _tuples(value) for name, value in plain.items()}
    return Part(**given)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(v) for v in value) if isinstance(value, list | tuple) else value


Scaling = InputScaling | Preparation
"""How the rows of inputs are prepared for networks."""
