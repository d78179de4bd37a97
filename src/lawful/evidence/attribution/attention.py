"""Where a transformer looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from lawful.errors import InputError
from lawful.evidence.arrays import Array
from lawful.evidence.attribution.rows import Rows, key_of, read_rows
from lawful.nets.structured import Joined
from lawful.nets.transformer import Transformer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AVERAGED = ("members", "blocks", "heads")
_AT_ONCE = 256  # events at a time


@dataclass(frozen=True, eq=False)
class Attention:
    """How much each object looks at each other.

    Attributes:
        values: (N, members, blocks, heads, 1 + P, 1 + P) without the dimensions that were averaged over: row i says
            how much object i looks at each; the class token, from which the answer is read, comes first. Rows sum to
            one; rows of objects that are not there are zero.
        mask: (N, P), True for what is there.
        weight: Event weights of either sign, (N,).
        input: The name of the input.
    """

    values: Array
    mask: Array
    weight: Array
    input: str

    def from_token(self) -> Array:
        """How much the class token looks at each object, (N, ..., P)."""
        return self.values[..., 0, 1:]

    def mean(self) -> Array:
        """Weighted mean over the events, (..., 1 + P, 1 + P), of each pair over those that have both; else NaN."""
        there = np.pad(self.mask, ((0, 0), (1, 0)), constant_values=True).astype(np.float64)
        below = np.einsum("n,ni,nj->ij", self.weight, there, there)
        sums = np.tensordot(self.weight, self.values, 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(below > 0, sums / below, np.nan)

    def figure(self, most: int = 15) -> "Figure":
        """The mean over the events (and over what was not averaged, but for blocks), of the first `most` objects."""
        from lawful.evidence.figures.attribution import draw_attention

        return draw_attention(self.mean().reshape(-1, *self.values.shape[-2:]), most=most)


def attention(
    model: Any,
    X: Any,
    *,
    on: str | None = None,
    average: Sequence[str] = ("members", "heads"),
    weight: Any = None,
) -> Attention:
    r"""Where does a transformer look? The attention of each block, event by event.

    $\mathrm{softmax}_j(q_i \cdot k_j / \sqrt{d} + u_{ij})$: attention says from where a block takes what it adds, not
    what the answer rests on; for that see `integrated_gradients`.

    Args:
        model: A fitted Classifier or Regressor with `net="transformer"` for one of its inputs.
        X: Inputs, as it takes them, or `lawful.Events`.
        on: Which of them; None: the only one that a transformer takes.
        average: Over what to average: any of "members", "blocks", "heads".
        weight: Event weights of either sign, (N,), for means; None: those of Events, else ones.

    Returns:
        An `Attention`, float32: four bytes times N (1 + P)^2 for each member, block and head that is kept.

    Raises:
        InputError: When there is no transformer in it, or it is not clear which is meant.

    References:
        Vaswani and others, "Attention is all you need" (2017); Jain, Wallace, "Attention is not explanation" (2019).

    Examples:
        >>> from lawful import Regressor
        >>> rng = np.random.default_rng(0)
        >>> hits = [rng.normal(size=(n, 2)) for n in rng.integers(1, 4, 300)]
        >>> model = Regressor("transformer", epochs=1).fit(hits, [h[:, 0].sum() for h in hits])
        >>> found = attention(model, hits, average=["members", "blocks", "heads"])
        >>> found.values.shape, bool(np.allclose(found.values[:, 0].sum(-1), 1.0, atol=1e-5))
        ((300, 4, 4), True)
    """
    if isinstance(average, str) or not set(average) <= set(AVERAGED):
        raise InputError(f"average={average!r}: expected a list of any of {list(AVERAGED)}.")
    rows, w = read_rows(model, X, weight, "attention")
    index, name = _which(model, rows, on)
    axes = tuple(k + 1 for k, one in enumerate(AVERAGED) if one in average)
    members = model.members_
    nets = [members.net_of(m).requires_grad_(False) for m in range(len(members))]
    mask = rows.masks[name]
    parts = []
    for first in range(0, len(rows.x), _AT_ONCE):
        x = torch.from_numpy(rows.x[first : first + _AT_ONCE])
        prepared = model.physics_.prepare_tensor(x, model.scaling_).to(members.values)
        with torch.no_grad():
            seen = np.stack([_attended(net, prepared, index) for net in nets], 1)
        extra = mask.shape[1] + 1 - seen.shape[-1]
        seen = np.pad(seen, (*((0, 0),) * 4, (0, extra), (0, extra)))
        there = np.pad(mask[first : first + _AT_ONCE], ((0, 0), (1, 0)), constant_values=True)
        parts.append((seen * there[:, None, None, None, :, None]).mean(axes))
    return Attention(np.concatenate(parts), mask, w, name)


def transformers(model: Any) -> dict[str, int]:
    """Inputs that transformers take, by name, and their place among the inputs."""
    net = model.members_.net
    if not isinstance(net, Joined):
        return {}
    pairs = zip(net.structure.parts, net.encoders, strict=True)
    return {key_of(part): k for k, (part, one) in enumerate(pairs) if isinstance(one, Transformer)}


def _which(model: Any, rows: Rows, name: str | None) -> tuple[int, str]:
    there = transformers(model)
    if not there:
        kinds = [str(part) for part in rows.structure.parts]
        raise InputError(f"attention: no transformer is in this model (net={model.net!r}, of {'; '.join(kinds)}).")
    if name is None and len(there) == 1:
        name = next(iter(there))
    if name not in there:
        raise InputError(f"on={name!r}: expected one of {list(there)}, which transformers take.")
    return there[name], name


def _attended(net: Any, prepared: torch.Tensor, index: int) -> Array:
    """Attention of one member, (n, blocks, heads, 1 + p, 1 + p)."""
    content = net.structure.contents(prepared)[index]
    found = net.encoders[index].attention(content.values, content.mask, content.momenta)
    return np.asarray(found.numpy(force=True))
