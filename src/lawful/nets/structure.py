"""What the inputs of an event are: tables, clouds, sequences and images, and how they lie in one row of numbers."""

import itertools
import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from lawful.physics.kinematics import KINEMATIC, gives_momenta

KINDS = ("table", "cloud", "sequence", "image", "text")
COUNTED = ("cloud", "sequence", "text")  # of as many objects or steps as each event has


@dataclass(frozen=True)
class Part:
    """One input of each event.

    Attributes:
        name: What the user calls it; "" where there is one input alone.
        kind: "table", "cloud", "sequence", "image" or "text".
        shape: Table (F,); cloud (P, F) and sequence (T, F), padded with zeros; image (C, H, W); text (T,) whole
            numbers, 0 where there is no further word.
        fields: Names of the F columns or fields; empty where they have none.
        momenta: Whether the last four fields of an object are its four-momentum (E, px, py, pz).
        coordinates: Fields by which neighbours are found.
        drawn: Of an image of the momenta of a cloud: how it is drawn.
        vocabulary: The words of a text that are known; they are numbered from 2, and 1 is any other word.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    fields: tuple[str, ...] = ()
    momenta: bool = False
    coordinates: tuple[int, ...] = ()
    vocabulary: tuple[str, ...] = ()
    drawn: tuple[tuple[str, Any], ...] = ()

    @property
    def counted(self) -> bool:
        """Whether events have as many objects or steps as they like."""
        return self.kind in COUNTED

    @property
    def width(self) -> int:
        """How many numbers it takes in a row: the number of objects first, where that differs."""
        return math.prod(self.shape) + self.counted

    @property
    def places(self) -> int:
        """How many objects, steps or pixels there is room for; 1 for a table."""
        if self.kind == "image":
            return math.prod(self.shape[1:])
        return self.shape[0] if self.counted else 1

    @property
    def features(self) -> int:
        """How many numbers a network is told of an object besides its four-momentum."""
        return self.shape[-1] - 4 * self.momenta

    def __str__(self) -> str:
        """In words, for messages."""
        shape = " x ".join(map(str, self.shape))
        called = f"{self.name!r}: " if self.name else ""
        return f"{called}{self.kind} of {shape}" + (f" ({', '.join(self.fields)})" if self.fields else "")


@dataclass(frozen=True)
class Content:
    """One input of some events, taken out of their rows.

    Attributes:
        values: (..., B, *shape), with no more objects or steps than the largest event needs.
        mask: (..., B, P), True for what is there; None for tables and images.
        momenta: (..., B, P, 4) four-momenta (E, px, py, pz), or None.
    """

    values: Tensor
    mask: Tensor | None = None
    momenta: Tensor | None = None


@dataclass(frozen=True)
class Structure:
    """The inputs of an event, one after the other in a row of numbers.

    Attributes:
        parts: The inputs.

    Examples:
        >>> structure = Structure((Part("tracks", "cloud", (3, 2)), Part("jet", "table", (2,))))
        >>> structure.width
        9
        >>> row = torch.tensor([[1.0, 5.0, 6.0, 0.0, 0.0, 0.0, 0.0, 8.0, 9.0]])  # one track, then the jet
        >>> tracks = structure.contents(row)[0]
        >>> tracks.values.tolist(), tracks.mask.tolist()
        ([[[5.0, 6.0]]], [[True]])
    """

    parts: tuple[Part, ...]
    _ends: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Lay the parts out."""
        object.__setattr__(self, "_ends", tuple(itertools.accumulate(part.width for part in self.parts)))

    @property
    def width(self) -> int:
        """Numbers in a row."""
        return self._ends[-1]

    def places(self, index: int) -> slice:
        """Where a part lies in a row."""
        return slice(self._ends[index] - self.parts[index].width, self._ends[index])

    def contents(self, rows: Tensor, *, crop: bool = True) -> list[Content]:
        """Take the inputs out of rows (..., B, width).

        Args:
            rows: The events.
            crop: Whether places that no event of these needs are left out: what is computed for them is lost.
        """
        found = []
        for index, part in enumerate(self.parts):
            numbers = rows[..., self.places(index)]
            if not part.counted:
                found.append(Content(numbers.unflatten(-1, part.shape)))
                continue
            counts, places = numbers[..., 0], part.shape[0]
            most = max(1, int(counts.max())) if crop and counts.numel() else places
            values = numbers[..., 1:].unflatten(-1, part.shape)
            values = values[..., :most].long() if part.kind == "text" else values[..., :most, :]
            mask = torch.arange(most, device=rows.device) < counts.unsqueeze(-1)
            if part.momenta:
                found.append(Content(values[..., :-4], mask, values[..., -4:]))
            else:
                found.append(Content(values, mask))
        return found

    def lengths(self, rows: Tensor) -> Tensor | None:
        """How many objects and steps each event has in all, (N,); None where all events have the same."""
        counted = [self.places(i).start for i, part in enumerate(self.parts) if part.counted]
        return rows[:, counted].sum(1).long() if counted else None

    def groups(self) -> dict[str, list[str]]:
        """Numbers that belong together, by what they are: momenta of a cloud, a field of all objects, an image."""
        found: dict[str, list[str]] = {}
        for index, part in enumerate(self.parts):
            own = self.names[self.places(index)]
            if part.kind in ("image", "text"):
                found[part.name or part.kind] = list(own)
                continue
            if part.kind == "table":
                found |= {name: [name] for name in own}
                continue
            known = gives_momenta(part.fields)
            head = part.name or part.kind
            for number, name in enumerate(own[1:]):
                field_name = part.fields[number % part.shape[1]] if part.fields else f"x{number % part.shape[1]}"
                moving = known and field_name in KINEMATIC
                found.setdefault(f"{head}: momenta" if moving else f"{head}: {field_name}", []).append(name)
            if known:
                found[f"{head}: momenta"].append(own[0])
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """A name for each number in a row: `jet.mass`, `tracks.count[20]`, `tracks.pt[3]`, `image[0,5,7]`."""
        found: list[str] = []
        for part in self.parts:
            head = f"{part.name}." if part.name else ""
            if part.counted:
                found.append(f"{head}count[{part.shape[0]}]")
            if part.kind in ("image", "text"):
                places = itertools.product(*(range(n) for n in part.shape))
                found += [f"{part.name or part.kind}[{','.join(map(str, place))}]" for place in places]
                continue
            fields = part.fields or tuple(f"x{k}" for k in range(part.shape[-1]))
            if part.kind == "table":
                found += [f"{head}{name}" for name in fields]
            else:
                found += [f"{head}{name}[{k}]" for k in range(part.shape[0]) for name in fields]
        return tuple(found)
