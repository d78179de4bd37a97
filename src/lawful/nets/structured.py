"""Networks for structured inputs by name, and several of them joined."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from lawful.errors import InputError
from lawful.nets.cnn import CNN
from lawful.nets.equivariant import Equivariant
from lawful.nets.graph import Graph
from lawful.nets.layers import Dense
from lawful.nets.mlp import MLP
from lawful.nets.recurrent import Recurrent
from lawful.nets.sets import Sets
from lawful.nets.structure import Content, Part, Structure
from lawful.nets.transformer import Transformer
from lawful.nets.unet import UNet
from lawful.nets.values import one_of
from lawful.physics.kinematics import RELATIVE


@dataclass(frozen=True)
class Kind:
    """A kind of network for one input.

    Attributes:
        takes: Which kinds of input.
        make: Function of a part, the number of outputs and settings to a network of its contents.
        net: The class whose settings these are.
        hidden: Widths where the user says nothing.
        momenta: "no", "where known" or "always": whether it is given four-momenta.
        features: Whether it is told of each object what is relative to the jet, or only what no Lorentz
            transformation changes.
    """

    takes: tuple[str, ...]
    make: Callable[..., nn.Module]
    net: type[nn.Module]
    hidden: tuple[int, ...]
    momenta: str = "no"
    features: bool = True

    @property
    def settings(self) -> tuple[str, ...]:
        """Names of the settings that only this kind has."""
        common = (
            "hidden",
            "activation",
            "dropout",
            "each",
            "words",
            "tokens",
            "kind",
            "coordinates",
            "angles",
            "size",
        )
        parameters = inspect.signature(self.net).parameters.values()
        return tuple(p.name for p in parameters if p.kind == p.KEYWORD_ONLY and p.name not in common)


def _cnn(part: Part, outputs: int, *, each: bool = False, **settings: Any) -> nn.Module:
    if each:
        raise InputError(f"{part}: net='cnn' gives one answer for a whole image: use 'unet' for one of each pixel.")
    return CNN(part.shape[0], outputs, size=part.shape[1:], **settings)


def _unet(part: Part, outputs: int, *, each: bool = False, **settings: Any) -> nn.Module:
    if not each:
        raise InputError(
            f"{part}: net='unet' gives an answer for each pixel, as lawful.Segmenter and lawful.ObjectRegressor do: "
            "use 'cnn' for one of the whole image."
        )
    return UNet(part.shape[0], outputs, size=part.shape[1:], **settings)


def _recurrent(kind: str) -> Callable[..., nn.Module]:
    def make(part: Part, outputs: int, **settings: Any) -> nn.Module:
        words = len(part.vocabulary) + 2 if part.kind == "text" else None
        features = WORD_WIDTH if words else part.features
        return Recurrent(features, outputs, kind=kind, tokens=words, **settings)

    return make


def _sets(part: Part, outputs: int, **settings: Any) -> nn.Module:
    angles = tuple(part.fields.index(name) for name in RELATIVE[4:] if name in part.fields)
    if settings.get("pool") == "energy" and not part.momenta:
        raise InputError(f"{part}: pool='energy' needs momenta: fields px, py, pz or pt, eta, phi.")
    return Sets(part.features, outputs, angles=angles, **settings)


def _graph(part: Part, outputs: int, **settings: Any) -> nn.Module:
    return Graph(part.features, outputs, coordinates=part.coordinates, **settings)


def _transformer(part: Part, outputs: int, **settings: Any) -> nn.Module:
    if part.kind == "text":
        words = len(part.vocabulary) + 2
        return Transformer(WORD_WIDTH, outputs, words=words, **{"positions": True} | settings)
    usual = {"positions": part.kind == "sequence", "pairs": PAIR_WIDTH if part.momenta else 0}
    return Transformer(part.features, outputs, **usual | settings)


def _equivariant(part: Part, outputs: int, **settings: Any) -> nn.Module:
    return Equivariant(part.features, outputs, **settings)


WORD_WIDTH = 32  # numbers by which a word is known
PAIR_WIDTH = 16  # of the network of pairs
_PIXELS = 64  # an image counts as so many objects
_AT_ONCE = 256  # events judged at a time
_ORDERED = ("sequence", "cloud", "text")
STRUCTURED: dict[str, Kind] = {
    "cnn": Kind(("image",), _cnn, CNN, (32, 64, 64)),
    "unet": Kind(("image",), _unet, UNet, (16, 32, 64)),
    "rnn": Kind(_ORDERED, _recurrent("rnn"), Recurrent, (64,)),
    "lstm": Kind(_ORDERED, _recurrent("lstm"), Recurrent, (64,)),
    "gru": Kind(_ORDERED, _recurrent("gru"), Recurrent, (64,)),
    "sets": Kind(("cloud", "sequence"), _sets, Sets, (64, 64, 64), momenta="where known"),
    "graph": Kind(("cloud", "sequence"), _graph, Graph, (32, 64, 64)),
    "transformer": Kind(_ORDERED, _transformer, Transformer, (64, 64), momenta="where known"),
    "equivariant": Kind(("cloud",), _equivariant, Equivariant, (24, 24), momenta="always", features=False),
}
"""Networks for structured inputs, by name."""

USUAL = {"table": "mlp", "cloud": "sets", "sequence": "gru", "image": "cnn", "text": "gru"}
"""The network of each kind of input, where the user names none."""


USUAL_EACH = USUAL | {"image": "unet"}
"""The same where each object, step or pixel has an answer."""


def encoder_of(net: Any, part: Part, *, each: bool = False) -> Any:
    """The network for a part of several: the one that is named where it takes such inputs, else the usual one.

    Args:
        net: What the user chose.
        part: The input.
        each: Whether its objects each have an answer.
    """
    usual = (USUAL_EACH if each else USUAL)[part.kind]
    if isinstance(net, Mapping):
        chosen = net.get(part.name, usual)
    elif not isinstance(net, str):
        return net
    else:
        chosen = net if net in STRUCTURED and part.kind in STRUCTURED[net].takes else usual
    if not isinstance(chosen, str):
        return chosen
    one_of(f"net of {part.name!r}" if part.name else "net", chosen, sorted([*STRUCTURED, "mlp"]))
    takes = ("table",) if chosen == "mlp" else STRUCTURED[chosen].takes
    if part.kind not in takes:
        fitting = sorted(name for name, kind in STRUCTURED.items() if part.kind in kind.takes) or ["mlp"]
        raise InputError(
            f"net={chosen!r} takes a {' or '.join(takes)}, but {part} is a {part.kind}: use one of {fitting}."
        )
    return chosen


def make_encoder(
    net: str, part: Part, outputs: int, settings: Mapping[str, Any], *, hidden: Any = None, each: bool = False
) -> nn.Module:
    """The network of that name for a part.

    Args:
        net: Its name.
        part: What it is given, as prepared.
        outputs: Numbers that it has to give.
        settings: "activation", "dropout" and settings of its own.
        hidden: Widths; None: the usual ones.
        each: Whether the outputs are of each object.
    """
    if net == "mlp":
        kept = {name: settings[name] for name in ("activation", "dropout") if name in settings}
        return MLP(part.shape[0], outputs, hidden=hidden or (64, 64), **kept)
    kind = STRUCTURED[net]
    taken = inspect.signature(kind.net).parameters
    kept = {name: value for name, value in settings.items() if name in taken}
    return kind.make(part, outputs, hidden=hidden or kind.hidden, each=each, **kept)


class Joined(nn.Module):
    """Networks of the inputs of an event, and one of what they give.

    Args:
        structure: The inputs, as prepared, in rows.
        encoders: A network for each; where there is one alone it gives the outputs. That of the input `each` gives
            (B, P, O) numbers of its objects, or (B, O, H, W) of its pixels, the others (B, O).
        outputs: Number of outputs O.
        width: Numbers that each of several gives.
        activation: Of the network that joins them.
        dropout: Of the network that joins them.
        each: Number of the input whose objects or pixels each have outputs, (B, P * O) for all places of a row, with
            zeros where there is no object; what the other inputs give stands beside each of them. None: the event
            has them.
    """

    alone = True  # is called once a member

    def __init__(
        self,
        structure: Structure,
        encoders: Sequence[nn.Module],
        outputs: int,
        *,
        width: int = 64,
        activation: str = "silu",
        dropout: float = 0.0,
        each: int | None = None,
    ) -> None:
        super().__init__()
        self.structure, self.each = structure, each
        self.encoders = nn.ModuleList(encoders)
        self.head: Dense | None = None
        if len(self.encoders) > 1:
            self.head = Dense(width * len(self.encoders), (width, outputs), activation=activation, dropout=dropout)

    @property
    def reuse(self) -> int:
        """How often each weight is used for an event: places of objects, pixels."""
        return max(_PIXELS if part.kind == "image" else max(1, part.shape[0] // 2) for part in self.structure.parts)

    def forward(self, rows: Tensor) -> Tensor:
        """Scores (B, O) of rows (B, S)."""
        if self.training or len(rows) <= _AT_ONCE:
            return self._together(rows)
        lengths = self.structure.lengths(rows)
        if lengths is None:
            return torch.cat([self._together(part) for part in rows.split(_AT_ONCE)])
        order = lengths.argsort()  # events of about the same length together: little is padded
        z = torch.cat([self._together(part) for part in rows[order].split(_AT_ONCE)])
        return torch.empty_like(z).index_copy_(0, order, z)

    def _together(self, rows: Tensor) -> Tensor:
        contents = self.structure.contents(rows)
        found = [called(net, content) for net, content in zip(self.encoders, contents, strict=True)]
        if self.each is not None:
            return self._of_objects(found, contents[self.each].mask)
        if self.head is None:
            return found[0]
        joined: Tensor = self.head(nn.functional.silu(torch.cat(found, -1)))
        return joined

    def _of_objects(self, found: list[Tensor], mask: Tensor | None) -> Tensor:
        """Scores of all places of a row, (B, P * O), from what the networks give."""
        assert self.each is not None
        part, z = self.structure.parts[self.each], found[self.each]
        if part.kind == "image" and z.dim() == 4:
            z = z.movedim(1, -1).flatten(1, 2) if z.shape[2:] == part.shape[1:] else z  # (B, H * W, O)
        if z.dim() != 3 or (mask is not None and z.shape[:2] != mask.shape):
            raise InputError(
                f"The network of the {part} gave {tuple(found[self.each].shape)}; expected an answer for each "
                "object, (events, objects, outputs), or for each pixel, (events, outputs, rows, columns)."
            )
        if self.head is not None:
            beside = torch.cat([h for k, h in enumerate(found) if k != self.each], -1).unsqueeze(1)
            z = self.head(nn.functional.silu(torch.cat([z, beside.expand(-1, z.shape[1], -1)], -1)))
        if mask is not None:
            z = z * mask.unsqueeze(-1)
        return nn.functional.pad(z, (0, 0, 0, part.places - z.shape[1])).flatten(1)


def called(net: nn.Module, content: Content) -> Tensor:
    """What a network gives for the contents of a part."""
    if content.mask is None:
        z: Tensor = net(content.values)
    elif isinstance(net, Recurrent) or content.momenta is None:
        z = net(content.values, content.mask)
    else:
        z = net(content.values, content.mask, content.momenta)
    return z
