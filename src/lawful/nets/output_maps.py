"""What is done to predictions, in physical units, so that they keep a statement whatever the network gives."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import vjp

from lawful.errors import InputError
from lawful.physics.bounds import Bounds
from lawful.physics.columns import Columns
from lawful.physics.conserved import Conserved
from lawful.physics.integral import Integral

_MARGIN = 0.1  # width of the bend at a bound, in deviations of the target
_SHORTER = 20  # times that a step of Newton's method is quartered at most
_TRIED = 64  # predictions on which the power of an integrand is found


class Bounded(nn.Module):
    r"""A map of outputs that is the identity in the middle and never leaves the bounds.

    At a distance of more than m from every bound nothing changes. Nearer to the lower bound l and beyond it, with
    $\tau = (l + m - y) / m > 0$, it gives $l + m / (1 + \tau + \tau^2)$, and the mirror image at the upper bound. It
    rises everywhere, is twice continuously differentiable, and its slope falls off as a power, so that a prediction
    far outside still learns; an exponential's gradient would vanish there.

    Args:
        statement: The bounds.
        outputs: Number of outputs O.
        deviation: Of each target, (O,) or a number; m is a tenth of it, or a quarter of the distance between the
            bounds where that is less.

    Shapes: (..., O) to (..., O).

    Raises:
        InputError: When the bounds do not fit the number of outputs.

    Examples:
        >>> clip = Bounded(Bounds(0.0, 1.0), 1, 1.0)
        >>> clip(torch.tensor([[-50.0], [0.4], [7.0]])).round(decimals=3).flatten().tolist()
        [0.0, 0.4000000059604645, 1.0]
    """

    low: Tensor
    high: Tensor
    margin: Tensor

    def __init__(self, statement: Bounds, outputs: int, deviation: Any) -> None:
        super().__init__()
        statement.check(Columns(0), outputs)
        low, high = statement.limits(outputs)
        margin = _MARGIN * _positive(deviation, outputs, statement.name)
        for name, value in (("low", low), ("high", high), ("margin", np.minimum(margin, (high - low) / 4))):
            self.register_buffer(name, torch.from_numpy(np.array(value)), persistent=False)

    def forward(self, y: Tensor) -> Tensor:
        """See the class."""
        low, high, m = self.low.to(y), self.high.to(y), self.margin.to(y)
        tau = torch.relu((low + m - y) / m)
        y = torch.where(tau > 0, low + m / (1 + tau + tau**2), y)
        tau = torch.relu((y - high + m) / m)
        return torch.where(tau > 0, high - m / (1 + tau + tau**2), y)


class Projected(nn.Module):
    r"""Move predictions along the gradient of a conserved quantity until it is what it was before.

    Newton's method for $Q(y) = Q(x)$: $y \leftarrow y - S J^T (J S J^T)^{-1} (Q(y) - Q(x))$ with $J = \partial Q /
    \partial y$ and S the squared deviations of the outputs; a step that does not bring Q nearer is quartered. The
    number of steps is not fixed: it ends when rounding is reached, so in float64 the statement is kept to rounding.
    Gradients flow through all steps.

    Where Q cannot be reached along its gradient, the prediction stays as near as the steps come, and the measured
    violation says so.

    Args:
        statement: The conserved quantity.
        table: The columns of the inputs.
        deviation: Of each output, (S,) or a number: an output with a larger one is moved more.
        steps: Steps at most.

    Shapes: predictions (..., S) and all inputs (..., F) to (..., S), not inside `torch.func.vmap`.

    Raises:
        InputError: When the columns do not fit, or the quantity does not depend differentiably on the state.

    Examples:
        >>> energy = Conserved(lambda s: (s**2).sum(1) / 2)
        >>> x = torch.tensor([[3.0, 4.0]], dtype=torch.float64)
        >>> Projected(energy, Columns(2), 1.0)(torch.tensor([[0.0, 4.5]], dtype=torch.float64), x).tolist()
        [[0.0, 5.0]]
    """

    squared: Tensor

    def __init__(self, statement: Conserved, table: Columns, deviation: Any = 1.0, steps: int = 30) -> None:
        super().__init__()
        self.statement, self.places, self.steps = statement, statement.state(table), steps
        self.table = table
        width = len(self.places)
        s = _positive(deviation, width, statement.name)
        self.register_buffer("squared", torch.from_numpy((s / s.max()) ** 2), persistent=False)

    def forward(self, y: Tensor, X: Tensor) -> Tensor:
        """See the class."""
        shape = y.shape
        y, X = y.reshape(-1, shape[-1]), X.to(y).reshape(-1, X.shape[-1])
        if y.shape[1] != len(self.places) or len(y) != len(X):
            raise InputError(
                f"{self.statement.name}: predictions {tuple(shape)} for inputs {tuple(X.shape)}: expected "
                f"({len(X)}, {len(self.places)})."
            )
        before = self.statement.values(X[:, self.places], X, self.table)
        unit = self.statement.unit(before)
        floor = 2 * torch.finfo(y.dtype).eps * before.detach().abs()
        for step in range(self.steps):
            r, move = self._newton(y, X, before)
            if step == 0 and len(y) and not bool(move.ne(0).any()) and bool((r.detach().abs() > floor).any()):
                raise InputError(
                    f"{self.statement.name}: the quantity does not change with the state, so predictions cannot be "
                    "moved; is its gradient cut, by detach() or a step?"
                )
            share, after = self._share(y.detach(), X, before.detach(), r.detach(), move.detach(), unit)
            y = y - torch.where(share > 0, share * move, torch.zeros_like(move))
            worse = (after / unit).norm(dim=1) > (r.detach() / unit).norm(dim=1) / 2
            if bool((worse | (after.abs() <= floor).all(1)).all()):  # rounding is reached: no row comes nearer
                break
        return y.reshape(shape)

    def _newton(self, y: Tensor, X: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """Q(y) - Q(x), (n, Q), and the step that makes it vanish to first order, (n, S)."""
        value, pull = vjp(  # type: ignore[misc]
            lambda state: self.statement.values(state, X, self.table), y
        )
        r = value - before
        J = torch.stack([pull(one.expand_as(value))[0] for one in torch.eye(r.shape[1]).to(y)], 1)  # (n, Q, S)
        SJ = J * self.squared.to(y)
        A = SJ @ J.transpose(1, 2)  # (n, Q, Q)
        size = A.diagonal(dim1=1, dim2=2).sum(1)
        tiny = size * (4 * torch.finfo(y.dtype).eps) if r.shape[1] > 1 else torch.zeros_like(size)
        tiny = torch.where(size > 0, tiny, torch.ones_like(size))
        A = A + tiny[:, None, None] * torch.eye(r.shape[1]).to(y)
        return r, (SJ.transpose(1, 2) @ torch.linalg.solve(A, r.unsqueeze(2)))[:, :, 0]

    def _share(
        self, y: Tensor, X: Tensor, before: Tensor, r: Tensor, move: Tensor, unit: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The share of each row's step that brings Q nearer, (n, 1), and Q(y) - Q(x) after it, (n, Q)."""
        share = torch.ones(len(y), 1, dtype=y.dtype, device=y.device)
        now = (r / unit).norm(dim=1)
        with torch.no_grad():
            for _ in range(_SHORTER):
                after = self.statement.values(y - share * move, X, self.table) - before
                far = ~((after / unit).norm(dim=1) <= now)
                if not bool(far.any()):
                    break
                share = torch.where(far.unsqueeze(1), share / 4, share)
            else:
                share = torch.where(far.unsqueeze(1), torch.zeros_like(share), share)
                after = torch.where(far.unsqueeze(1), r, after)
        return share, after


def _positive(deviation: Any, outputs: int, name: str) -> NDArray[np.float64]:
    """Deviations of the targets, (O,), from one for each or a number for all."""
    s = np.asarray(deviation, dtype=np.float64)
    if s.shape not in ((), (1,), (outputs,)) or not (np.isfinite(s).all() and (s > 0).all()):
        raise InputError(
            f"{name}: the deviation of {outputs} targets is {deviation!r}; expected more than 0 for each."
        )
    return np.broadcast_to(s, (outputs,))


def power(statement: Integral, outputs: int, X: Tensor, table: Columns | None = None) -> float:
    r"""The power p for which the integrand F keeps $F(s\,y) = s^p F(y)$ for every $s > 0$.

    Args:
        statement: The integral.
        outputs: Number of outputs O.
        X: Some inputs, (n, F), for an integrand that takes them.
        table: The columns of X, for a formula that names them.

    Raises:
        InputError: When there is none, or the integral is to vanish; then no factor makes it right.

    Examples:
        >>> power(Integral(lambda y: y**2, over=(0, 0.0, 1.0)), 1, torch.zeros(1, 1))
        2.0
    """
    if not statement.natural:
        raise InputError(f"{statement.name} cannot be built in by a factor: enforce it by 'loss'.")
    generator = torch.Generator().manual_seed(0)
    y = torch.randn(_TRIED, outputs, dtype=torch.float64, generator=generator)
    y = torch.cat([y, y.abs()])
    rows = X.detach().to("cpu", torch.float64)[torch.arange(len(y)) % len(X)]
    with torch.no_grad():
        first = statement.values(y, rows, table)
        found = []
        for s in (0.5, 2.0, 3.0):
            ratio = statement.values(s * y, rows, table) / first
            found.append(ratio[torch.isfinite(ratio)].clamp_min(1e-300).log() / np.log(s))
    p = torch.cat(found)
    middle = float(p.median()) if len(p) >= _TRIED // 2 else float("nan")
    if not np.isfinite(middle) or abs(middle) < 1e-6 or bool((p - middle).abs().max() > 1e-6):
        raise InputError(
            f"{statement.name} cannot be built in: its function is no power of the prediction, F(s y) = s^p F(y), as "
            "y**2 is. Enforce it by 'loss'."
        )
    return float(np.round(middle, 6))


def normalised(
    model: Callable[[Tensor], Tensor],
    X: Tensor,
    statement: Integral,
    table: Columns,
    p: float,
    *,
    shared: bool = False,
    rows: int | None = None,
) -> Tensor:
    r"""Predictions divided by $(I / I_0)^{1/p}$, whose integral is what the statement says, by its own quadrature.

    Args:
        model: Function from inputs (n, F) to predictions (n, O).
        X: Inputs, (N, F).
        statement: The integral.
        table: The columns of the inputs.
        p: Power of the integrand, see `power`.
        shared: Whether rows that agree in all other columns may share one integral. Only where the model is one
            function for all rows, so not for the stacked members of an ensemble.
        rows: Evaluations of the model at a time; None: all at once, which stacked members need.

    Returns:
        (N, O), differentiable.

    Raises:
        InputError: When an integral is not a number or does not have the sign of I_0.

    Examples:
        >>> unitary = Integral(lambda psi: psi**2, over=(0, 0.0, 1.0))
        >>> x = torch.tensor([[0.5]], dtype=torch.float64)
        >>> y = normalised(lambda x: 7 * torch.sin(torch.pi * x), x, unitary, Columns(1), 2.0)
        >>> round(float(y) ** 2, 9)
        2.0
    """
    if shared:
        others = X.clone()
        others[:, table.place(statement.column, statement)] = 0.0
        points, back = torch.unique(others, dim=0, return_inverse=True)
    else:
        points, back = X, None
    step = len(points) if rows is None else max(1, rows // statement.points)
    found = torch.cat([statement.integral(model, part, table) for part in points.split(max(1, step))])
    ratio = found / statement.equals
    bad = ~(torch.isfinite(ratio) & (ratio > 0)).detach()
    if bool(bad.any()):
        worst = float(found.detach()[bad][0])
        raise InputError(
            f"{statement.name}: before normalisation it is {worst:g} in {int(bad.sum())} of {len(bad)} rows, "
            "which no factor makes right. Where predictions change sign, add Bounds(lower=0).by('architecture')."
        )
    factor = ratio ** (-1 / p)
    y = model(X) if rows is None else torch.cat([model(part) for part in X.split(rows)])
    return y * (factor if back is None else factor[back]).unsqueeze(1)
