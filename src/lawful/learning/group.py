"""A share of the members, trained together by one worker."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from lawful.learning.members import Members, scores_by_hand, seeded
from lawful.learning.objectives import Objective
from lawful.nets.around import Around, innermost_core
from lawful.nets.dense import DensePass

if TYPE_CHECKING:
    from lawful.learning.loop import Examples, Settings

_JUDGED = 2048  # events of a member judged at a time: networks of pairs take much memory
_POOL = 16  # batches among which rows are shared out by length
_CHUNK_BYTES = 4e6  # how much of the shuffled inputs is gathered at a time
_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8
_STATES = ("values", "average", "first", "second")


class Group:
    """Parameters, AdamW moments and averages of some members, all (m, P), and the epoch that advances them.

    AdamW: Loshchilov and Hutter, 'Decoupled weight decay regularization' (2019).
    """

    def __init__(
        self,
        members: Members,
        ids: list[int],
        examples: "Examples",
        objective: Objective,
        settings: "Settings",
        restored: dict[str, Tensor],
        order: Sequence[int],
    ) -> None:
        self.members, self.ids = members, ids
        self.examples, self.objective, self.settings = examples, objective, settings
        self.sums = torch.float32 if examples.x.device.type == "mps" else torch.float64  # mps has no float64
        self.by_hand = members.by_hand and examples.enforcement is None
        self.fresh = (examples.x, examples.y)  # what the epoch learns from
        n = examples.train.shape[1]
        self.steps = max(1, round(n / settings.batch_size))
        self.batch = n // self.steps
        if restored:
            rows = [list(order).index(member) for member in ids]
            for name in _STATES:
                setattr(self, name, restored[name][rows].to(members.values.device))
            self.buffers = {k: restored[f"buffers.{k}"][rows].to(v.device) for k, v in members.buffers.items()}
            self.step = int(restored["step"][0])
        else:
            self.values = members.values[ids].clone()
            self.average = self.values.clone()
            self.first, self.second = torch.zeros_like(self.values), torch.zeros_like(self.values)
            self.buffers = {k: v[ids].clone() for k, v in members.buffers.items()}
            self.step = 0
        matrices = [
            torch.full((p.numel(),), float(p.dim() > 1 and "frequencies" not in name))
            for name, p in members.net.named_parameters()
        ]
        self.matrix = torch.cat(matrices).to(members.values)  # 1 for entries of matrices, which are penalised
        self._prepare()

    def _prepare(self) -> None:
        """Make the buffers for the present number of members."""
        self.gradients = torch.zeros_like(self.values)
        self.scratch = torch.zeros_like(self.values)
        net = self.members.net
        if self.by_hand:
            self.around = net if isinstance(net, Around) else None
            copies = 1 if self.around is None else self.around.inner_given(self.examples.x[:1]).shape[-2]
            self.rows = self.batch * copies  # of the core, in a step
            self.dense = DensePass(innermost_core(net), self.values, self.gradients, self.rows)  # type: ignore[arg-type]
        e = self.examples
        self.index = _rows(e.train, self.ids).numpy(force=True)
        shared = _rows(e.train, self.ids[:1]) if e.train.stride(0) == 0 else _rows(e.train, self.ids)
        self.scale = e.w[shared.long()].mean(1).expand(len(self.ids))  # (m,)
        self.raw_held: Tensor | None = None
        if e.validation is not None:
            if e.enforcement is not None:
                self.raw_held = e.enforcement.x[e.validation[self.ids].long()]
            if e.validation.stride(0) == 0:  # the same events for all members: once in memory
                rows = e.validation[0].long()
                self.x_held, self.y_held, self.w_held = (
                    part[rows].expand(len(self.ids), *[-1] * part.dim()) for part in (e.x, e.y, e.w)
                )
            else:
                held = e.validation[self.ids].long()
                self.x_held, self.y_held, self.w_held = e.x[held], e.y[held], e.w[held]

    def keep(self, mask: list[bool]) -> None:
        """Drop the members that have stopped."""
        rows = [row for row, stays in enumerate(mask) if stays]
        self.ids = [self.ids[row] for row in rows]
        for name in _STATES:
            setattr(self, name, getattr(self, name)[rows].clone())
        self.buffers = {k: v[rows].clone() for k, v in self.buffers.items()}
        if self.ids:
            self._prepare()

    def state(self) -> dict[str, Tensor]:
        """Everything that a checkpoint needs besides the seed: all draws follow from seed, member and epoch."""
        tensors = {name: getattr(self, name) for name in _STATES}
        tensors |= {f"buffers.{k}": v for k, v in self.buffers.items()}
        return tensors | {"step": torch.full((len(self.ids),), self.step)}

    def epoch(self, number: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Make one pass over the training events.

        Returns:
            Training and validation loss of each member, (m,) each; zeros for the second when nothing is held out.
        """
        e, settings, B = self.examples, self.settings, self.batch
        m = len(self.ids)
        draws = [np.random.Generator(np.random.SFC64([settings.seed, member, number])) for member in self.ids]
        shuffled = np.stack(
            [draw.permutation(row)[: B * self.steps] for draw, row in zip(draws, self.index, strict=True)]
        )
        if e.lengths is not None:
            lengths = e.lengths.numpy(force=True)
            shuffled = np.stack([by_length(row, lengths, B, d) for row, d in zip(shuffled, draws, strict=True)])
        order = torch.from_numpy(shuffled).to(e.x.device)
        row_bytes = e.x[0].numel() * e.x.element_size() * m * B
        chunk = max(1, min(self.steps, int(_CHUNK_BYTES // max(row_bytes, 1))))
        room = e.x.new_empty(chunk * B * m, *e.x.shape[1:])  # made once: fresh memory costs more than the gathering
        total = torch.zeros(m, dtype=self.sums, device=e.x.device)
        self.members.net.train()
        self.pace = None if e.pace is None else e.pace.at(number)
        generic = seeded(settings.seed, number) if not self.by_hand else None
        if generic is not None:
            generic.__enter__()
        try:
            for first in range(0, self.steps, chunk):
                last = min(first + chunk, self.steps)
                rows = order[:, first * B : last * B].reshape(-1)
                shape = (m, last - first, B)
                x = torch.index_select(self.fresh[0], 0, rows, out=room[: len(rows)]).view(*shape, *e.x.shape[1:])
                y = self.fresh[1].index_select(0, rows).view(*shape, -1)
                w = e.w.index_select(0, rows).view(shape) / self.scale[:, None, None]
                raw = None if e.enforcement is None else e.enforcement.x.index_select(0, rows).view(*shape, -1)
                total += self._steps(x, y, w, draws, raw) / (B * self.steps)
        finally:
            if generic is not None:
                generic.__exit__()
        if self.settings.averaging == 0:
            self.average.copy_(self.values)
        return total.numpy(force=True), self._validate()

    def _steps(self, x: Tensor, y: Tensor, w: Tensor, draws: list[np.random.Generator], raw: Tensor | None) -> Tensor:
        """Take a step for each batch, x (m, S, B, ...), y (m, S, B, O), w (m, S, B); give the summed loss, (m,)."""
        count = x.shape[1]
        if not self.by_hand:
            total = torch.zeros(len(self.ids), dtype=self.sums, device=x.device)
            for s in range(count):
                total += self._generic_step(x[:, s], y[:, s], w[:, s], None if raw is None else raw[:, s], draws[0])
                self._advance()
            return total
        scores = torch.empty(*y.shape[:-1], self.objective.outputs, dtype=x.dtype)
        per_event = (w / self.batch).unsqueeze(-1)
        noise = None
        if self.dense.net.dropout:
            units = sum(h.shape[-1] for h in self.dense.h[:-1])
            size = (count, self.rows, units)
            noise = np.stack([draw.integers(0, 256, size, np.uint8) for draw in draws], 1)  # (S, m, B, units)
        for s in range(count):
            draw = None if noise is None else noise[s]
            if self.around is None:
                z = self.dense.forward(x[:, s], draw)
                slope = self.objective.slope(z, y[:, s]).mul_(per_event[:, s])
            else:
                given = self.around.inner_given(x[:, s]).contiguous()
                core = self.dense.forward(given, draw)
                z = self.around.inner_combine(core, x[:, s])
                slope = self.objective.slope(z, y[:, s]).mul_(per_event[:, s])
                slope = self.around.inner_slope(slope, x[:, s], core)
            scores[:, s] = z
            self.dense.backward(slope)
            self._advance()
        return (self.objective.loss(scores, y) * w).sum((1, 2), dtype=self.sums)

    def _generic_step(self, x: Tensor, y: Tensor, w: Tensor, raw: Tensor | None, draw: np.random.Generator) -> Tensor:
        """Fill the gradients by automatic differentiation; give the summed loss of each member."""
        leaf = self.values.detach().requires_grad_()
        loss = (self._losses(leaf, x, y, raw, draw) * w).sum(1)
        (self.gradients,) = torch.autograd.grad(loss.sum() / self.batch, leaf)
        return loss.detach().to(self.sums)

    def _losses(self, values: Tensor, x: Tensor, y: Tensor, raw: Tensor | None, draw: np.random.Generator) -> Tensor:
        """Loss and penalty of each row, (m, B), for inputs x (m, B, ...) that are raw (m, B, F) before preparation.

        Members are told apart by the place of a row: whatever points are asked for, those of a member follow one
        another, and there are as many for each.
        """
        enforcement, m = self.examples.enforcement, len(self.ids)
        if enforcement is None or raw is None:
            return self.objective.loss(self.members.outputs(values, self.buffers, x), y)
        rows = raw.flatten(0, 1)
        own: list[Tensor] = []

        def scores(points: Tensor) -> Tensor:
            if points is not rows:
                inputs = enforcement.prepare(points).unflatten(0, (m, -1))
                return self.members.outputs(values, self.buffers, inputs).flatten(0, 1)
            if not own:  # asked for by the loss and by statements
                own.append(self.members.outputs(values, self.buffers, x).flatten(0, 1))
            return own[0]

        z = scores(rows) if enforcement.maps is None else enforcement.maps(scores, rows, m)
        loss = self.objective.loss(z.view(m, -1, z.shape[-1]), y)
        return loss if enforcement.penalty is None else loss + enforcement.penalty(scores, rows, m, draw).view(m, -1)

    def _advance(self) -> None:
        """One step of AdamW on all members."""
        settings, values, gradients = self.settings, self.values, self.gradients
        self.step += 1
        if self.examples.tie is not None:
            self.examples.tie.pull(gradients, values, self.ids)
        rate = settings.rate(self.step, self.steps)
        if settings.l1:
            gradients.addcmul_(values.sign(), self.matrix, value=settings.l1)
        if settings.l2:
            gradients.addcmul_(values, self.matrix, value=settings.l2)
        if settings.gradient_clip is not None:
            norm = torch.linalg.vector_norm(gradients, dim=1, keepdim=True)
            gradients.mul_((settings.gradient_clip / norm.clamp_min(1e-12)).clamp_max(1.0))
        if settings.weight_decay:
            decayed = self.matrix if self.pace is None else self.matrix * self.pace
            values.addcmul_(values, decayed, value=-rate * settings.weight_decay)
        self.first.lerp_(gradients, 1 - _BETA1)
        self.second.mul_(_BETA2).addcmul_(gradients, gradients, value=1 - _BETA2)
        correction = (1 - _BETA2**self.step) ** 0.5
        torch.sqrt(self.second, out=self.scratch).add_(_EPSILON * correction)
        if self.pace is None:
            values.addcdiv_(self.first, self.scratch, value=-rate * correction / (1 - _BETA1**self.step))
        else:
            torch.div(self.first, self.scratch, out=self.scratch)
            values.addcmul_(self.scratch, self.pace, value=-rate * correction / (1 - _BETA1**self.step))
        if settings.averaging:
            horizon = max(1.0, min(settings.averaging, self.step / 10))
            self.average.lerp_(values, 1 / horizon)

    def _validate(self) -> np.ndarray[Any, Any]:
        """Weighted mean loss of each member's averaged weights on its held-out events, (m,)."""
        if self.examples.validation is None:
            return np.zeros(len(self.ids))
        net = self.members.net.eval()
        if self.raw_held is not None:
            loss = self._judge(self.raw_held) * self.w_held
            return (loss.sum(1, dtype=self.sums) / self.w_held.sum(1, dtype=self.sums)).numpy(force=True)
        with torch.no_grad():
            if self.members.by_hand:
                z = scores_by_hand(net, self.average, self.x_held)
            else:
                parts = self.x_held.split(_JUDGED, 1)
                z = torch.cat([self.members.outputs(self.average, self.buffers, part) for part in parts], 1)
            loss = self.objective.loss(z, self.y_held) * self.w_held
        return (loss.sum(1, dtype=self.sums) / self.w_held.sum(1, dtype=self.sums)).numpy(force=True)

    def _judge(self, raw: Tensor) -> Tensor:
        """Loss and penalty of the held-out events, (m, v), with the same random transformations in every epoch."""
        draw, parts = np.random.default_rng([self.settings.seed, 29]), []
        for x, y, part in zip(*(t.split(4 * self.batch, 1) for t in (self.x_held, self.y_held, raw)), strict=True):
            parts.append(self._losses(self.average, x, y, part, draw).detach())
        return torch.cat(parts, 1)


def by_length(
    order: np.ndarray[Any, Any], lengths: np.ndarray[Any, Any], batch: int, draw: np.random.Generator
) -> np.ndarray[Any, Any]:
    """The same rows in such an order that batches hold rows of about the same length.

    Every sixteen batches in a row, or fewer at the end, share out their rows by length, and then come in random
    order: a row meets others than last time, and little is padded.

    Args:
        order: Rows in random order, (steps * batch,).
        lengths: Length of each row of the data.
        batch: Rows in a batch.
        draw: Source of the order of the batches.
    """
    out = order.copy()
    for start in range(0, len(order), _POOL * batch):
        pool = order[start : start + _POOL * batch]
        rows = pool[np.argsort(lengths[pool], kind="stable")].reshape(-1, batch)
        out[start : start + len(pool)] = rows[draw.permutation(len(rows))].reshape(-1)
    return out


def _rows(index: Tensor, ids: list[int]) -> Tensor:
    """Rows of an index table, (M, n), for some members; a table whose rows are one and the same stays so."""
    return index[:1].expand(len(ids), -1) if index.stride(0) == 0 else index[ids]
