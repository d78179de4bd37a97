"""Recurrent networks: sequences read step by step."""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from lawful.errors import InputError
from lawful.nets.convolutions import draw_again
from lawful.nets.values import flag, number, one_of, whole, widths

GATES = {"lstm": 4, "gru": 3, "rnn": 1}


class Recurrent(nn.Module):
    r"""Give scores of a sequence, or of each of its steps, from states that are carried from step to step.

    Each layer goes through the steps $x_t$ of a sequence with a state $h_t$, $h_0 = 0$:

    - "rnn": $h_t = \tanh(W x_t + R h_{t-1} + b)$ (Elman, 'Finding structure in time', 1990);
    - "gru": $h_t = (1 - z_t) \odot n_t + z_t \odot h_{t-1}$, with gates $r_t, z_t = \sigma(W x_t + R h_{t-1} + b)$
      and $n_t = \tanh(W x_t + b + r_t \odot (R h_{t-1} + c))$ (Cho and others, 'Learning phrase representations using
      RNN encoder-decoder for statistical machine translation', 2014);
    - "lstm": $h_t = o_t \odot \tanh(c_t)$, $c_t = f_t \odot c_{t-1} + i_t \odot \tanh(W x_t + R h_{t-1} + b)$, with
      gates $i_t, f_t, o_t = \sigma(W x_t + R h_{t-1} + b)$ (Hochreiter, Schmidhuber, 'Long short-term memory', 1997;
      Gers, Schmidhuber, Cummins, 'Learning to forget: continual prediction with LSTM', 2000).

    The biases of the gates that keep the state, $f$ and $z$, start about 1, so that a network remembers before it has
    learned to forget (Jozefowicz, Zaremba, Sutskever, 'An empirical exploration of recurrent network architectures',
    2015, for $f$; Tallec, Ollivier, 'Can recurrent neural networks warp time?', 2018, for both).

    The next layer reads the states of the one before. The answer is $z = W h_T + b$ of the last real step $T$ of each
    sequence or, with `each=True`, $z_t = W h_t + b$ of every step, which then depends on the steps up to $t$ only,
    unless the network reads in both directions.

    Args:
        features: Number of features F of a step or, with `tokens`, width of their embedding.
        outputs: Number of outputs O.
        kind: "lstm", "gru" or "rnn".
        hidden: Width of each layer.
        bidirectional: Whether each layer also goes through the sequence from its end, with weights of its own; widths
            are then those of each direction, and a sequence's answer is made of the states at both ends (Schuster,
            Paliwal, 'Bidirectional recurrent neural networks', 1997).
        each: Whether there is an answer for each step.
        tokens: Number V of different tokens, if the steps are whole numbers from 0 to V - 1; each then has a learned
            vector of F numbers.
        dropout: Probability with which each state is silenced on the way to the next layer and to the head, in a
            training step, but not on the way to the next time (Zaremba, Sutskever, Vinyals, 'Recurrent neural network
            regularization', 2014).

    Shapes: input (B, T, F), or (B, T) with tokens, and a mask (B, T) that is True for real steps, which come first,
    or None if all are real; output (B, O), or (B, T, O) with `each`. What stands in padded steps changes nothing, and
    is answered with zeros; a sequence without any step has the state 0, and so the answer b.

    Raises:
        InputError: For a setting out of range, inputs of another shape, padding before real steps, or tokens out of
            range; the last two are not looked for within a graph of `torch.compile`.

    Examples:
        >>> net = Recurrent(3, 2, kind="gru", hidden=(16, 8))
        >>> mask = torch.arange(7) < torch.tensor([[7], [4], [0], [1]])
        >>> net(torch.zeros(4, 7, 3), mask).shape
        torch.Size([4, 2])
        >>> Recurrent(5, 20, tokens=20, each=True)(torch.zeros(4, 7, dtype=torch.long)).shape
        torch.Size([4, 7, 20])
    """

    def __init__(
        self,
        features: int,
        outputs: int,
        *,
        kind: str = "lstm",
        hidden: Sequence[int] = (64,),
        bidirectional: bool = False,
        each: bool = False,
        tokens: int | None = None,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.features = whole("features", features, 1)
        self.kind = one_of("kind", kind, sorted(GATES))
        self.each = flag("each", each)
        self.tokens = None if tokens is None else whole("tokens", tokens, 1, "None or ")
        self.dropout = number("dropout", dropout, least=0, most=0.95)
        row = widths("hidden", hidden)
        if not row:
            raise InputError("hidden=(): expected the width of at least one layer, as (64,).")
        ways = 2 if flag("bidirectional", bidirectional) else 1
        self.embedding = None if self.tokens is None else nn.Embedding(self.tokens, self.features)
        self.layers = nn.ModuleList()
        for before, after in pairwise((self.features, *(ways * width for width in row))):
            self.layers.append(nn.ModuleList(Direction(self.kind, before, after // ways) for _ in range(ways)))
        self.head: nn.Module = nn.Linear(ways * row[-1], whole("outputs", outputs, 1))

    def reset_parameters(self) -> None:
        """Start again from new draws; a head that was put in its place draws by its own parts."""
        draw_again(self)

    def stages(self) -> list[tuple[str, nn.Module]]:
        """The parts with parameters by name, from the input to the head."""
        first = [] if self.embedding is None else [("embedding", self.embedding)]
        return [*first, *((f"layers.{i}", layer) for i, layer in enumerate(self.layers)), ("head", self.head)]

    def states(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """The last layer's states (B, T, D), zero at padded steps; both directions beside each other.

        Raises:
            InputError: For inputs of another shape, padding before real steps, or tokens out of range.
        """
        h, real, turned = self._run(x, mask)
        states = [h[0], *(_take(way, turned) for way in h[1:])]
        return torch.cat(states, -1).masked_fill(~real.unsqueeze(-1), 0)

    def embed(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """The state after the last real step, (B, D), with that of the other direction after the first one beside it.

        Raises:
            InputError: As `states`.
        """
        h, real, _ = self._run(x, mask)
        if real.shape[1] == 0:
            return torch.cat(h, -1).sum(1)
        length = real.sum(1, keepdim=True)
        ends = [_take(way, (length - 1).clamp(min=0)).squeeze(1) for way in h]
        return torch.cat(ends, -1).masked_fill(length == 0, 0)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Map (B, T, F), or tokens (B, T), to (B, O), or (B, T, O) with `each`."""
        h = self.states(x, mask) if self.each else self.embed(x, mask)
        if self.dropout:
            h = nn.functional.dropout(h, self.dropout, self.training)
        z: Tensor = self.head(h)
        return z if mask is None or not self.each else z.masked_fill(~mask.unsqueeze(-1), 0)

    def extra_repr(self) -> str:
        """What the parts do not show."""
        return f"kind={self.kind!r}, each={self.each}, dropout={self.dropout}"

    def _run(self, x: Tensor, mask: Tensor | None) -> tuple[list[Tensor], Tensor, Tensor]:
        """The last layer's states (B, T, D) in each direction, in its order; what is real; the backward order."""
        self._check(x, mask)
        B, T = x.shape[:2]
        real = torch.ones(B, T, dtype=torch.bool, device=x.device) if mask is None else mask
        t = torch.arange(T, device=x.device)
        length = real.sum(1, keepdim=True)
        turned = torch.where(t < length, length - 1 - t, t)  # (B, T): each sequence backwards, padding in its place
        if self.embedding is None:
            h = x if mask is None else x.masked_fill(~mask.unsqueeze(-1), 0)  # else NaN there enters the gradients
        else:
            h = self.embedding(self._tokens(x, mask))
        ways: list[Tensor] = []
        for i, layer in enumerate(self.layers):
            if i:
                h = torch.cat([ways[0], *(_take(way, turned) for way in ways[1:])], -1)
                if self.dropout:
                    h = nn.functional.dropout(h, self.dropout, self.training)
            assert isinstance(layer, nn.ModuleList)
            ways = [way(_take(h, turned) if k else h) for k, way in enumerate(layer)]
        return ways, real, turned

    def _tokens(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """The tokens, with a known one at padded steps."""
        tokens = x.long() if mask is None else x.long().masked_fill(~mask, 0)
        if not torch.compiler.is_compiling() and tokens.numel():
            low, high = (int(end) for end in tokens.aminmax())
            count = self.tokens or 0
            if low < 0 or high >= count:
                raise InputError(
                    f"The tokens lie between {low} and {high}: expected 0 to {count - 1}, as tokens={count} says. "
                    "Are there padded steps, for which no mask was given?"
                )
        return tokens

    def _check(self, x: Tensor, mask: Tensor | None) -> None:
        """Check shapes and types, and that real steps come first."""
        shape = tuple(x.shape)
        if self.tokens is None:
            wanted = f"(B, T, F) with F = {self.features}"
            if len(shape) != 3 or shape[2] != self.features:
                raise InputError(f"The sequences have shape {shape}: expected {wanted}.{self._cause(shape)}")
            if not x.is_floating_point():
                hint = "x.float() makes them so; for whole numbers that are names give tokens="
                raise InputError(f"The sequences are {x.dtype}: expected floating-point numbers. {hint}.")
        elif len(shape) != 2:
            raise InputError(f"The tokens have shape {shape}: expected (B, T), one whole number a step.")
        elif x.is_floating_point() or x.dtype == torch.bool:
            raise InputError(f"The tokens are {x.dtype}: expected whole numbers, as x.long() gives.")
        if mask is None:
            return
        if mask.dtype != torch.bool or tuple(mask.shape) != shape[:2]:
            raise InputError(
                f"The mask is {mask.dtype} of shape {tuple(mask.shape)}: expected torch.bool of shape {shape[:2]}, "
                "True for real steps."
            )
        if not torch.compiler.is_compiling() and bool((mask[:, 1:] & ~mask[:, :-1]).any()):
            raise InputError(
                "The mask has real steps behind padded ones: move each sequence's real steps to its start."
            )

    def _cause(self, shape: tuple[int, ...]) -> str:
        """What may have happened to sequences of a wrong shape, and what to do."""
        if len(shape) == 2 and self.features == 1:
            return " One number a step? x.unsqueeze(2) adds the axis of features."
        if len(shape) == 2 and shape[1] == self.features:
            return " A single sequence? x.unsqueeze(0) makes a batch of it."
        if len(shape) == 2:
            return " For whole numbers that are names make the network with tokens=."
        if len(shape) == 3 and shape[1] == self.features:
            return " Are features before steps? x.transpose(1, 2) puts them last."
        return (
            f" For another number of features make the network with features={shape[2]}." if len(shape) == 3 else ""
        )


class Direction(nn.Module):
    """One layer in one direction, of the kinds that `Recurrent` names, by torch's fused loops.

    The weights are the module's own, because `torch.compile` takes no graph through `torch.nn.LSTM`. Those that read
    the steps are normal draws with variance 1 / before, and those that read the state are random rotations, one for
    each gate (Saxe, McClelland, Ganguli, 'Exact solutions to the nonlinear dynamics of learning in deep linear neural
    networks', 2014).

    Args:
        kind: "lstm", "gru" or "rnn".
        before: Number of features of a step.
        width: Number of states.

    Shapes: input (B, T, before), output (B, T, width), the states after each step; T may be 0.

    Examples:
        >>> Direction("rnn", 3, 8)(torch.zeros(2, 5, 3)).shape
        torch.Size([2, 5, 8])
    """

    def __init__(self, kind: str, before: int, width: int) -> None:
        super().__init__()
        self.kind = kind
        self.weight = nn.Parameter(torch.empty(GATES[kind] * width, before))
        self.again = nn.Parameter(torch.empty(GATES[kind] * width, width))
        self.bias = nn.Parameter(torch.empty(GATES[kind] * width))
        self.bias_again = nn.Parameter(torch.empty(GATES[kind] * width))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Start again from new draws."""
        before, width = self.weight.shape[1], self.again.shape[1]
        nn.init.normal_(self.weight, std=1 / math.sqrt(before))
        for gate in range(GATES[self.kind]):
            nn.init.orthogonal_(self.again[gate * width : (gate + 1) * width])
        nn.init.uniform_(self.bias, -1 / math.sqrt(width), 1 / math.sqrt(width))
        nn.init.zeros_(self.bias_again)
        if self.kind != "rnn":
            with torch.no_grad():  # torch's order: input, forget, cell, output; reset, update, new
                self.bias[width : 2 * width] += 1

    def extra_repr(self) -> str:
        """The sizes."""
        return f"{self.kind!r}, {self.weight.shape[1]}, {self.again.shape[1]}"

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        start = x.new_zeros(1, x.shape[0], self.again.shape[1])
        if x.shape[1] == 0:
            return start.transpose(0, 1)[:, :0]
        weights: list[Tensor] = [self.weight, self.again, self.bias, self.bias_again]
        settings = (
            True,
            1,
            0.0,
            self.training,
            False,
            True,
        )  # biases, layers, dropout, training, two ways, batch first
        if self.kind == "lstm":
            h: Tensor = torch.lstm(x, (start, start), weights, *settings)[0]
        else:
            h = (torch.gru if self.kind == "gru" else torch.rnn_tanh)(x, start, weights, *settings)[0]
        return h


def _take(h: Tensor, places: Tensor) -> Tensor:
    """The steps (B, S, D) of states (B, T, D) at the given places (B, S)."""
    return h.gather(1, places.unsqueeze(-1).expand(-1, -1, h.shape[-1]))
