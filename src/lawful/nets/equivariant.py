"""Networks of all products of two four-momenta, which no Lorentz transformation changes."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.linalg import null_space
from torch import Tensor, nn

from lawful.errors import InputError
from lawful.nets.layers import Dense
from lawful.nets.mlp import ACTIVATIONS
from lawful.nets.values import widths
from lawful.physics.groups import Lorentz
from lawful.physics.groups.group import Array, Group

_FINE = 1e-3  # of the squared typical momentum: products of collinear particles are that small


class Equivariant(nn.Module):
    r"""Give scores of a cloud of vectors that no element of a group changes, nor the order of the objects.

    The network sees nothing but the products $d_{ij} = p_i^\mu \eta_{\mu\nu} p_j^\nu$ of all pairs, with every form
    $\eta$ that the group leaves alone: the metric (+, -, -, -) for the Lorentz group. By the first fundamental
    theorem of invariants all others are functions of these. Each block maps symmetric matrices of channels $T_{ij}$
    to such matrices, with a network of each entry and the sums over rows, the diagonal and all entries that no
    permutation changes, as A. Bogatskiy, T. Hoffman, D. Miller, J. Offermann, 'PELICAN: permutation equivariant and
    Lorentz invariant or covariant aggregator network for particle physics' (2022). Pairs (i, j) and (j, i) are one.
    Vectors as outputs are sums $\sum_i c_i\, p_i$ with scores $c_i$ of each object.

    Args:
        features: Further numbers F of each object that the group does not change; 0: none.
        outputs: Number of outputs O; of vectors, how many.
        hidden: Number of channels of each block, all alike.
        activation: "tanh", "relu" or "silu".
        dropout: Probability with which a unit of the head is silenced in a training step.
        group: The group; the Lorentz group when absent.
        references: Fixed vectors that join the objects, as the directions of two beams, (R, d); what is left of the
            group is the part that does not move them.
        vectors: Whether the outputs are vectors.
        each: Whether the outputs are of each object.

    Raises:
        InputError: When the widths differ, or no form is left alone by the group.

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
        hidden: tuple[int, ...] = (24, 24, 24, 24),
        activation: str = "silu",
        dropout: float = 0.0,
        group: Group | None = None,
        references: Array | None = None,
        vectors: bool = False,
        each: bool = False,
    ) -> None:
        super().__init__()
        hidden = widths("hidden", hidden)
        if len(set(hidden)) != 1:
            raise InputError(f"hidden={hidden}: the blocks of this network are of one width, as (24, 24, 24).")
        width = hidden[0]
        self.vectors, self.each = vectors, each
        forms = torch.from_numpy(invariant_forms(group or Lorentz())).float()
        self.register_buffer("forms", forms, persistent=False)
        fixed = np.zeros((0, forms.shape[-1])) if references is None else np.asarray(references, np.float64)
        self.register_buffer("references", torch.from_numpy(fixed).float(), persistent=False)
        self.first = Dense(2 * len(forms), (width,), activation=activation, last=True)
        self.own = nn.Linear(features + len(fixed), width, bias=False) if features + len(fixed) else None
        self.blocks = nn.ModuleList(PairBlock(width, activation) for _ in hidden)
        summary = (4 if each or vectors else 2) * width
        self.head = Dense(summary, (width, outputs), activation=activation, dropout=dropout)

    def _pairs(self, x: Tensor, mask: Tensor, momenta: Tensor) -> tuple[Tensor, "Pairing", Tensor]:
        """Channels of all pairs after the last block, (B, pairs, D), how they pair, and the vectors."""
        p = torch.where(mask.unsqueeze(-1), momenta, torch.zeros_like(momenta))
        R = self.references.shape[0]
        if R:
            B, _, F = x.shape
            p = torch.cat([self.references.to(p).expand(B, R, -1), p], 1)
            mark = torch.eye(R, device=x.device, dtype=x.dtype).expand(B, R, R)
            x = torch.cat([nn.functional.pad(mark, (F, 0)), nn.functional.pad(x, (0, R))], 1)
            mask = nn.functional.pad(mask, (R, 0), value=True)
        pairing = Pairing.of(mask, p.dtype)
        d = torch.einsum("bpm,kmn,bqn->bpqk", p, self.forms.to(p), p)  # (B, P, P, forms)
        d = d[:, pairing.i, pairing.j]
        T = self.first(torch.cat([torch.asinh(d), torch.asinh(d / _FINE) / 4], -1))
        if self.own is not None:
            T = T + pairing.to_pairs(self.own(x * mask.unsqueeze(-1)))
        for block in self.blocks:
            T = block(T * pairing.there, pairing)
        return T * pairing.there, pairing, p

    def embed(self, x: Tensor, mask: Tensor, momenta: Tensor) -> Tensor:
        """The invariants of the whole cloud, (B, 2 D): means over all pairs and over the diagonal."""
        T, pairing, _ = self._pairs(x, mask, momenta)
        return torch.cat(pairing.means(T)[2:], -1)

    def forward(self, x: Tensor, mask: Tensor, momenta: Tensor) -> Tensor:
        """Scores (B, O), or (B, P, O) of each object; with vectors (B, O * d).

        Args:
            x: Numbers of each object that the group does not change, (B, P, F); F may be zero.
            mask: True for objects, (B, P).
            momenta: Vectors, (B, P, d); of the Lorentz group (E, px, py, pz).
        """
        T, pairing, p = self._pairs(x, mask, momenta)
        rows, diagonal, total, trace = pairing.means(T)
        if not (self.each or self.vectors):
            z: Tensor = self.head(torch.cat([total, trace], -1))
            return z
        whole = torch.cat([total, trace], -1).unsqueeze(1).expand(-1, rows.shape[1], -1)
        z = self.head(torch.cat([rows, diagonal, whole], -1)) * pairing.mask
        if self.vectors:
            return torch.einsum("bpo,bpm->bom", z, p).flatten(1)
        return z[:, self.references.shape[0] :]

    def stages(self) -> list[tuple[str, nn.Module]]:
        """Parts from the input to the output."""
        first = [("first", self.first)] if self.own is None else [("first", self.first), ("own", self.own)]
        return [*first, *((f"block {k + 1}", block) for k, block in enumerate(self.blocks)), ("head", self.head)]


class PairBlock(nn.Module):
    """A map of symmetric matrices of channels that no permutation changes, added to what comes in."""

    def __init__(self, width: int, activation: str) -> None:
        super().__init__()
        self.activation = activation
        self.norm = nn.LayerNorm(width)
        self.inner = nn.Linear(width, width)
        self.outer = nn.Linear(width, width)
        self.rows = nn.Linear(2 * width, width, bias=False)
        self.diagonal = nn.Linear(2 * width, width, bias=False)
        self.whole = nn.Linear(2 * width, width, bias=False)

    def forward(self, T: Tensor, pairing: "Pairing") -> Tensor:
        """From channels T (B, pairs, D), zero where there is no pair, to the same."""
        phi = ACTIVATIONS[self.activation]
        h = phi(self.inner(self.norm(T))) * pairing.there
        rows, diagonal, total, trace = pairing.means(h)
        each = torch.cat([rows, diagonal], -1)
        whole = self.whole(torch.cat([total, trace], -1)).unsqueeze(1)
        out = self.outer(h) + whole + pairing.to_pairs(self.rows(each)) + pairing.to_diagonal(self.diagonal(each))
        return T + phi(out)


@dataclass(frozen=True)
class Pairing:
    """All pairs i <= j of the objects of some clouds.

    Attributes:
        i: First of each pair, (pairs,).
        j: Second of each pair, (pairs,).
        joins: 1 where an object is in a pair, (P, pairs).
        mask: 1 for objects, (B, P, 1).
        there: 1 for pairs of objects, (B, pairs, 1).
        count: Number of objects, at least 1, (B, 1).
    """

    i: Tensor
    j: Tensor
    joins: Tensor
    mask: Tensor
    there: Tensor
    count: Tensor

    @classmethod
    def of(cls, mask: Tensor, dtype: torch.dtype) -> "Pairing":
        """The pairs of objects under a mask, (B, P)."""
        P = mask.shape[1]
        i, j = torch.triu_indices(P, P, device=mask.device)
        places = torch.arange(P, device=mask.device).unsqueeze(1)
        joins = ((places == i) | (places == j)).to(dtype)
        there = (mask[:, i] & mask[:, j]).unsqueeze(-1).to(dtype)
        count = mask.sum(1, keepdim=True).clamp_min(1).to(dtype)
        return cls(i, j, joins, mask.unsqueeze(-1).to(dtype), there, count)

    def means(self, T: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Means over each row, the diagonal, (B, P, D) each; over all entries, and the diagonal's, (B, D) each."""
        rows = self.joins @ T / self.count.unsqueeze(-1)
        diagonal = T[:, self.i == self.j]
        return rows, diagonal, rows.sum(1) / self.count, diagonal.sum(1) / self.count

    def to_pairs(self, h: Tensor) -> Tensor:
        """From objects (B, P, D) to the sum of the two of each pair, (B, pairs, D)."""
        return self.joins.T @ h

    def to_diagonal(self, h: Tensor) -> Tensor:
        """From objects (B, P, D) to pairs of an object with itself, (B, pairs, D); zero for all others."""
        return h[:, self.i] * (self.i == self.j).unsqueeze(-1).to(h.dtype)


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
