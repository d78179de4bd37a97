"""Networks of products of vectors, which no element of a group changes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from scipy.linalg import null_space
from torch import Tensor, nn

from lawful.errors import InputError
from lawful.nets.convolutions import draw_again
from lawful.nets.layers import Dense, masked_mean
from lawful.nets.mlp import ACTIVATIONS
from lawful.nets.pairs import every_pair
from lawful.nets.values import whole, widths
from lawful.physics.groups import Lorentz
from lawful.physics.groups.group import Array, Group
from lawful.physics.groups.reading import read

BEAMS = ((1.0, 0.0, 0.0, 1.0), (1.0, 0.0, 0.0, -1.0))
_SCALES = ((1e5, 3.0), (1e3, 2.0), (10.0, 1.0))  # products of collinear particles are small, and range widely


class Equivariant(nn.Module):
    r"""Give scores of a cloud of vectors that no element of a group changes, nor the order of the objects.

    All that the network computes with are products $a^\mu \eta_{\mu\nu} b^\nu$ of vectors, with every form $\eta$
    that the group leaves alone (the metric (+, -, -, -) of the Lorentz group), and sums of vectors with such products
    as factors. An object begins with $p_i \cdot p_i$ and $p_i \cdot P$, P the sum of all. In each block objects look
    at each other, $s_{ij} = q_i \cdot k_j / \sqrt{d} + u(p_i \cdot p_j)$ with a small network u of each pair; they
    gather $\sum_j \mathrm{softmax}_j(s_{ij})\, v_j$ and, for each head, the vector $y_i = \sum_j \sigma(s_{ij})\,
    p_j$ of the objects that they choose, of which they keep $y_i \cdot y_i$, $y_i \cdot p_i$ and $y_i \cdot P$: the
    masses of groups of particles. Vectors as outputs are sums $\sum_i c_i\, p_i$ with scores $c_i$ of each object.

    That all invariants of vectors are functions of their products is the first fundamental theorem (H. Weyl, 'The
    classical groups', 1939). Networks of them for jets: A. Bogatskiy, T. Hoffman, D. Miller, J. Offermann, 'PELICAN:
    permutation equivariant and Lorentz invariant or covariant aggregator network for particle physics' (2022);
    S. Gong and others, 'An efficient Lorentz equivariant graph neural network for jet tagging' (2022), whose learned
    sums of vectors these are.

    Args:
        features: Further numbers F of each object that the group does not change; 0: none.
        outputs: Number of outputs O; of vectors, how many.
        hidden: Width of each block, all alike.
        activation: "tanh", "relu" or "silu".
        dropout: Probability with which a unit is silenced in a training step.
        heads: Number of groups of objects that each object chooses; divides the width.
        pairs: Width of the network of pairs.
        group: The group, as one of `lawful.physics.groups` or by name, as "SO(3)"; the Lorentz group when absent.
        references: Fixed vectors that join the objects, (R, d), or "beams", those along +z and -z; what is left of
            the group is the part that does not move them.
        vectors: Whether the outputs are vectors.
        each: Whether the outputs are of each object.

    Raises:
        InputError: When the widths differ, the heads do not divide them, or no form is left alone by the group.

    Examples:
        >>> net = Equivariant(0, 2, hidden=(16, 16))
        >>> p = torch.rand(5, 30, 4)
        >>> net(torch.zeros(5, 30, 0), torch.ones(5, 30, dtype=torch.bool), p).shape
        torch.Size([5, 2])
    """

    forms: Tensor
    references: Tensor

    def __init__(
        self,
        features: int,
        outputs: int,
        *,
        hidden: tuple[int, ...] = (24, 24),
        activation: str = "silu",
        dropout: float = 0.0,
        heads: int = 8,
        pairs: int = 16,
        group: Group | str | None = None,
        references: Array | str | None = None,
        vectors: bool = False,
        each: bool = False,
    ) -> None:
        super().__init__()
        hidden = widths("hidden", hidden)
        width, heads = hidden[0], whole("heads", heads, 1)
        if set(hidden) != {width} or width % heads:
            raise InputError(
                f"hidden={hidden}, heads={heads}: the blocks of this network are of one width, a multiple of the "
                "number of heads, as hidden=(24, 24) with heads=8."
            )
        self.heads, self.vectors, self.each = heads, vectors, each
        forms = torch.from_numpy(invariant_forms(Lorentz() if group is None else read(group))).float()
        self.register_buffer("forms", forms, persistent=False)
        given: Any = [] if references is None else BEAMS if isinstance(references, str) else references
        fixed = np.asarray(given, np.float64).reshape(-1, forms.shape[-1])
        self.register_buffer("references", torch.from_numpy(fixed).float(), persistent=False)
        K = len(forms) * len(_SCALES)
        self.first = Dense(2 * K + features + len(fixed), (width, width), activation=activation)
        self.pairs = Dense(K, (whole("pairs", pairs, 1), pairs, heads * len(hidden)), activation=activation)
        self.blocks = nn.ModuleList(InvariantBlock(width, heads, K, activation, dropout) for _ in hidden)
        self.norm = nn.LayerNorm(width)
        self.chosen = nn.Linear(width, 1)
        summary = 2 * width + K + (width if each or vectors else 0)
        self.head = Dense(summary, (width, outputs), activation=activation, dropout=dropout)

    def _products(self, a: Tensor, b: Tensor) -> Tensor:
        """Products of vectors (..., d) with every form, near to unit size, (..., K)."""
        d = torch.stack([((a @ form) * b).sum(-1) for form in self.forms.to(a).unbind()], -1)
        return near_unit(d)

    def _objects(self, x: Tensor, mask: Tensor, momenta: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Objects after the last block (B, P, D), their mask, their vectors, and the invariants of the sum (B, K)."""
        p = torch.where(mask.unsqueeze(-1), momenta, torch.zeros_like(momenta))
        x = x * mask.unsqueeze(-1)
        total = p.sum(-2, keepdim=True)
        R = self.references.shape[0]
        if R:
            B, _, F = x.shape
            p = torch.cat([self.references.to(p).expand(B, R, -1), p], 1)
            mark = torch.eye(R, device=x.device, dtype=x.dtype).expand(B, R, R)
            x = torch.cat([nn.functional.pad(mark, (F, 0)), nn.functional.pad(x, (0, R))], 1)
            mask = nn.functional.pad(mask, (R, 0), value=True)
        whole = total.expand_as(p)
        h = self.first(torch.cat([self._products(p, p), self._products(p, whole), x], -1))
        closed = torch.zeros_like(mask, dtype=h.dtype).masked_fill(~mask, -1e4)[:, None, None, :]
        i, j, place = every_pair(p.shape[1], p.device)
        u = nn.functional.pad(self.pairs(self._products(p[:, i], p[:, j])), (0, 0, 0, 1)).transpose(1, 2)
        bias = u.index_select(2, place).unflatten(2, (p.shape[1], p.shape[1]))
        for k, block in enumerate(self.blocks):
            scores = bias[:, k * self.heads : (k + 1) * self.heads] + closed
            h = block(h, scores, p, whole, self._products)
        return self.norm(h), mask, p, self._products(total, total)[:, 0]

    def _summary(self, h: Tensor, mask: Tensor, mass: Tensor) -> Tensor:
        """The invariants of the whole cloud, (B, 2 D + K)."""
        score = self.chosen(h).squeeze(-1).masked_fill(~mask, -1e4)
        chosen = (torch.softmax(score, -1) * mask).unsqueeze(1) @ h
        return torch.cat([masked_mean(h, mask), chosen.squeeze(1), mass], -1)

    def embed(self, x: Tensor, mask: Tensor, momenta: Tensor) -> Tensor:
        """The invariants of the whole cloud that the head is given, (B, 2 D + K)."""
        h, mask, _, mass = self._objects(x, mask, momenta)
        return self._summary(h, mask, mass)

    def forward(self, x: Tensor, mask: Tensor, momenta: Tensor) -> Tensor:
        """Scores (B, O), or (B, P, O) of each object; with vectors (B, O * d).

        Args:
            x: Numbers of each object that the group does not change, (B, P, F); F may be zero.
            mask: True for objects, (B, P).
            momenta: Vectors, (B, P, d); of the Lorentz group (E, px, py, pz).
        """
        h, there, p, mass = self._objects(x, mask, momenta)
        summary = self._summary(h, there, mass)
        if not (self.each or self.vectors):
            z: Tensor = self.head(summary)
            return z
        spread = summary.unsqueeze(1).expand(-1, h.shape[1], -1)
        z = self.head(torch.cat([h, spread], -1)) * there.unsqueeze(-1)
        if self.vectors:
            return (z.transpose(1, 2) @ p).flatten(1)
        return z[:, self.references.shape[0] :]

    def reset_parameters(self) -> None:
        """Start again from new draws."""
        draw_again(self)

    def stages(self) -> list[tuple[str, nn.Module]]:
        """Parts from the input to the output."""
        blocks = [(f"blocks.{k}", block) for k, block in enumerate(self.blocks)]
        after = [("norm", self.norm), ("chosen", self.chosen), ("head", self.head)]
        return [("first", self.first), ("pairs", self.pairs), *blocks, *after]


class InvariantBlock(nn.Module):
    """Objects that look at each other, and at the sums of vectors that they choose."""

    def __init__(self, width: int, heads: int, products: int, activation: str, dropout: float) -> None:
        super().__init__()
        self.heads, self.activation, self.dropout = heads, activation, dropout
        self.before = nn.LayerNorm(width)
        self.triple = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.masses = nn.Linear(3 * products * heads, width)
        self.between = nn.LayerNorm(width)
        self.up = nn.Linear(width, 2 * width)
        self.down = nn.Linear(2 * width, width)

    def forward(
        self, h: Tensor, bias: Tensor, p: Tensor, whole: Tensor, products: Callable[[Tensor, Tensor], Tensor]
    ) -> Tensor:
        """From objects h (B, P, D), scores of pairs (B, heads, P, P) and vectors p and their sum, (B, P, d), to h."""
        B, P, D = h.shape
        q, k, v = (
            self.triple(self.before(h)).view(B, P, 3, self.heads, D // self.heads).permute(2, 0, 3, 1, 4)
        )  # (B, nh, P, hs)
        scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2) + bias
        mixed = (torch.softmax(scores, -1) @ v).transpose(1, 2).reshape(B, P, D)
        y = (torch.sigmoid(scores) @ p.unsqueeze(1)).transpose(1, 2)  # (B, P, nh, d)
        p, whole = p.unsqueeze(2).expand_as(y), whole.unsqueeze(2).expand_as(y)
        masses = torch.cat([products(y, y), products(y, p), products(y, whole)], -1).flatten(2)
        h = h + self._drop(self.out(mixed) + self.masses(masses))
        inner = self.down(ACTIVATIONS[self.activation](self.up(self.between(h))))
        out: Tensor = h + self._drop(inner)
        return out

    def _drop(self, h: Tensor) -> Tensor:
        return nn.functional.dropout(h, self.dropout, self.training) if self.dropout else h


def near_unit(d: Tensor) -> Tensor:
    r"""Products (..., K) as numbers near to unit size, $0.6\,\mathrm{arsinh}(s\,d) - c$ for three s, (..., 3 K).

    Vectors are expected in units of a typical one; products then range over many orders of magnitude, which a network
    tells apart by their logarithms.
    """
    return torch.cat([0.6 * torch.asinh(d * scale) - shift for scale, shift in _SCALES], -1)


def invariant_forms(group: Group) -> Array:
    r"""Symmetric matrices $\eta$ with $g^T \eta\, g = \eta$ for all elements g, (K, d, d), of unit largest entry.

    Raises:
        InputError: When there is none.

    Examples:
        >>> from lawful.physics.groups import Lorentz
        >>> np.diag(invariant_forms(Lorentz())[0]).tolist()
        [1.0, -1.0, -1.0, -1.0]
    """
    d = group.dimension
    upper = [(a, b) for a in range(d) for b in range(a, d)]
    basis = np.zeros((len(upper), d, d))
    for k, (a, b) in enumerate(upper):
        basis[k, a, b] = basis[k, b, a] = 1.0
    conditions = [A.T @ basis + basis @ A for A in group.generators]
    conditions += [h.T @ basis @ h - basis for h in group.discrete]
    rows = (
        np.concatenate([c.reshape(len(upper), -1).T for c in conditions]) if conditions else np.zeros((1, len(upper)))
    )
    found = null_space(rows, rcond=1e-9).T @ basis.reshape(len(upper), -1)
    if not len(found) or group.affine:
        raise InputError(f"{group.name} leaves no product of two vectors alone: this network has nothing to look at.")
    forms = found.reshape(-1, d, d)
    forms = forms / np.abs(forms).max((1, 2), keepdims=True)
    forms = np.round(forms, 12) + 0.0
    first = [form.reshape(-1)[np.flatnonzero(form)[0]] for form in forms]
    return np.asarray(forms * np.sign(first)[:, None, None])
