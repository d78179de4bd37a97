"""The values and gradients of a stack of multilayer perceptrons, written out by hand for the CPU."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lawful.nets.mlp import GAIN_SCALE, MLP

_KEEP_STEPS = 256  # dropout probabilities are rounded to multiples of 1/256, one random byte a unit


class DensePass:
    r"""Compute outputs and parameter gradients of M networks of the same shape in one go.

    The same function as `MLP.forward` and its reverse-mode derivative, without a graph: every intermediate lies in a
    buffer that is made once, the gain is folded into the first layer, and matrix products write straight into rows of
    a flat gradient. For a batch of weighted events,
    with $\delta = \partial L/\partial z$ given, $\partial L/\partial W_l = \delta_l^T h_{l-1}$ and
    $\delta_{l-1} = (\delta_l W_l) \odot \phi'(z_{l-1})$.

    Args:
        net: The network whose shape all members share; its own weights are not used.
        values: Parameters, (M, P), each row in the order of `net.parameters()`.
        gradients: Where to write the gradients, (M, P); None when only scores are wanted.
        batch: Events in a batch, B.
    """

    def __init__(self, net: MLP, values: Tensor, gradients: Tensor | None, batch: int) -> None:
        self.net = net
        M, dtype = len(values), values.dtype
        self.shape = (M, batch)
        views = dict(cut(net, values))
        self.gain = views["gain"]  # (M, F)
        count = len(net.layers)
        self.W = [views[f"layers.{i}.weight"] for i in range(count)]  # (M, out, in)
        self.b = [views[f"layers.{i}.bias"].unsqueeze(1) for i in range(count)]  # (M, 1, out)
        widths = [w.shape[1] for w in self.W]
        self.folded = torch.empty_like(self.W[0], memory_format=torch.contiguous_format)

        def room(*shape: int) -> Tensor:
            return torch.empty(M, batch, *shape, dtype=dtype)

        self.h = [room(n) for n in widths]  # activations; the last one holds the scores
        self.sigmoid = [room(n) for n in widths[:-1]] if net.activation == "silu" else []
        self.embedding = None if net.embedding is None else _EmbeddingPass(views, batch)
        if gradients is None:
            return
        slopes = dict(cut(net, gradients))
        self.d_gain = slopes["gain"]
        self.dW = [slopes[f"layers.{i}.weight"] for i in range(count)]
        self.db = [slopes[f"layers.{i}.bias"] for i in range(count)]  # (M, out)
        self.d_folded = torch.empty_like(self.folded)
        self.d = [room(n) for n in widths[:-1]]
        self.scratch = [room(n) for n in widths[:-1]]
        self.kept = [room(n) for n in widths[:-1]] if net.dropout else []  # 0 or 1 / (1 - dropout)
        self.dropped = [room(n) for n in widths[:-1]] if net.dropout else []
        if self.embedding is not None:
            self.embedding.prepare(slopes)

    def forward(self, x: Tensor, noise: np.ndarray[Any, np.dtype[np.uint8]] | None = None) -> Tensor:
        """Give the scores z, (M, B, O), in a buffer that the next call overwrites.

        Args:
            x: Inputs, (M, B, F).
            noise: Random bytes, (M, B, sum of the hidden widths), for dropout; None leaves dropout out.
        """
        net = self.net
        first = self.W[0]
        if self.embedding is None:
            torch.mul(first, (GAIN_SCALE * self.gain).unsqueeze(1), out=self.folded)
            first, self.x = self.folded, x
        else:
            self.x = self.embedding.forward(x)
        left = self.x
        start = 0
        for i, h in enumerate(self.h):
            W = first if i == 0 else self.W[i]
            torch.baddbmm(self.b[i], left, W.transpose(1, 2), out=h)
            if i == len(self.h) - 1:
                break
            if net.activation == "tanh":
                h.tanh_()
            elif net.activation == "relu":
                h.relu_()
            else:
                torch.sigmoid(h, out=self.sigmoid[i])
                h.mul_(self.sigmoid[i])
            left = h
            if noise is not None and net.dropout:
                stop = start + h.shape[-1]
                limit = round(net.dropout * _KEEP_STEPS)
                kept = self.kept[i].numpy()
                np.multiply(
                    noise[..., start:stop] >= limit, kept.dtype.type(_KEEP_STEPS / (_KEEP_STEPS - limit)), out=kept
                )
                torch.mul(h, self.kept[i], out=self.dropped[i])
                left, start = self.dropped[i], stop
        self.noisy = noise is not None and net.dropout > 0
        return self.h[-1]

    def backward(self, slope: Tensor) -> None:
        """Write the gradients for the batch of the last `forward`; `slope` is dL/dz, (M, B, O)."""
        net = self.net
        d = slope
        for i in range(len(self.h) - 1, -1, -1):
            below = self.x if i == 0 else (self.dropped[i - 1] if self.noisy else self.h[i - 1])
            folded = i == 0 and self.embedding is None
            target = self.d_folded if folded else self.dW[i]
            torch.bmm(d.transpose(1, 2), below, out=target)
            torch.sum(d, 1, out=self.db[i])
            if i == 0:
                break
            lower, h = self.d[i - 1], self.h[i - 1]
            if d.shape[-1] == 1:  # an outer product, for which BLAS is slow
                torch.mul(d, self.W[i], out=lower)
            else:
                torch.bmm(d, self.W[i], out=lower)
            if self.noisy:
                lower.mul_(self.kept[i - 1])
            _chain(net.activation, lower, h, self.scratch[i - 1], self.sigmoid[i - 1] if self.sigmoid else None)
            d = lower
        if self.embedding is None:
            torch.mul(self.d_folded, (GAIN_SCALE * self.gain).unsqueeze(1), out=self.dW[0])
            torch.sum(self.d_folded.mul_(self.W[0]), 1, out=self.d_gain).mul_(GAIN_SCALE)
        else:
            self.embedding.backward(torch.bmm(d, self.W[0]))


def _chain(activation: str, d: Tensor, h: Tensor, scratch: Tensor, sigmoid: Tensor | None) -> None:
    """Multiply `d` in place by the activation's derivative, written in the activation `h`."""
    if activation == "tanh":  # 1 - h^2
        torch.mul(d, h, out=scratch)
        d.addcmul_(scratch, h, value=-1)
    elif activation == "relu":
        torch.sign(h, out=scratch)
        d.mul_(scratch)
    else:  # silu: s + h (1 - s)
        assert sigmoid is not None
        torch.addcmul(h, h, sigmoid, value=-1, out=scratch)
        d.mul_(scratch.add_(sigmoid))


class _EmbeddingPass:
    """The same for the periodic embedding, with the gain folded into the frequencies; columns come first."""

    def __init__(self, views: dict[str, Tensor], batch: int) -> None:
        self.gain = views["gain"]  # (M, F)
        self.omega = views["embedding.frequencies"]  # (M, F, k)
        self.A = views["embedding.weight"]  # (M, F, 2k, E)
        self.a = views["embedding.bias"]  # (M, F, E)
        (M, F, k), E, dtype = self.omega.shape, self.a.shape[-1], self.a.dtype
        self.waves = torch.empty(M, F, batch, 2 * k, dtype=dtype)
        self.features = torch.empty(M, F, batch, E, dtype=dtype)
        self.out = torch.empty(M, batch, F * E, dtype=dtype)

    def prepare(self, slopes: dict[str, Tensor]) -> None:
        self.d_gain, self.d_omega = slopes["gain"], slopes["embedding.frequencies"]
        self.d_A, self.d_a = slopes["embedding.weight"], slopes["embedding.bias"]
        self.d_waves = torch.empty_like(self.waves)

    def forward(self, x: Tensor) -> Tensor:
        self.x = x.transpose(1, 2).contiguous().unsqueeze(-1)  # (M, F, B, 1)
        k = self.omega.shape[-1]
        scale = 2 * math.pi * GAIN_SCALE * self.gain.unsqueeze(-1) * self.omega  # (M, F, k)
        phase = self.x * scale.unsqueeze(2)
        torch.cos(phase, out=self.waves[..., :k])
        torch.sin(phase, out=self.waves[..., k:])
        torch.matmul(self.waves, self.A, out=self.features)
        self.features.add_(self.a.unsqueeze(2)).relu_()
        M, F, B, E = self.features.shape
        self.out.view(M, B, F, E).copy_(self.features.transpose(1, 2))
        return self.out

    def backward(self, slope: Tensor) -> None:
        M, F, B, E = self.features.shape
        k = self.omega.shape[-1]
        d = slope.view(M, B, F, E).transpose(1, 2).contiguous()
        d.mul_(self.features.sign_())  # the features are spent once their sign is known
        torch.matmul(self.waves.transpose(2, 3), d, out=self.d_A)
        torch.sum(d, 2, out=self.d_a)
        torch.matmul(d, self.A.transpose(2, 3), out=self.d_waves)
        d_phase = self.d_waves[..., k:].mul_(self.waves[..., :k])
        d_phase.addcmul_(self.d_waves[..., :k], self.waves[..., k:], value=-1)
        d_scale = (d_phase * self.x).sum(2).mul_(2 * math.pi * GAIN_SCALE)  # (M, F, k)
        torch.mul(d_scale, self.gain.unsqueeze(-1), out=self.d_omega)
        torch.sum(d_scale * self.omega, -1, out=self.d_gain)


def cut(net: nn.Module, rows: Tensor) -> list[tuple[str, Tensor]]:
    """Cut (M, P) rows into the parameters of `net`, each (M, *shape), sharing memory."""
    named = list(net.named_parameters())
    parts = rows.split([parameter.numel() for _, parameter in named], 1)
    return [(name, part.view(-1, *p.shape)) for (name, p), part in zip(named, parts, strict=True)]
