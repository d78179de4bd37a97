"""Constants that are fitted with a network: where their training starts, and how well they are known."""

import copy
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call, jacrev, vmap

from lawful.nets.based import Based, Beside
from lawful.physics.baseline import Baseline
from lawful.physics.columns import Columns

Array = NDArray[np.float64]
_ALL = 300  # parameters up to which a network's freedom is that of all of them; beyond, of its last module
_ROWS = 1024  # events whose derivatives are held at a time
_STEPS = 50
_NEWTON = 4  # steps with which trained constants settle, at most
_SHARES = (1.0, 0.5, 0.25, 0.125)  # of such a step that are tried
_SLACK = 1e-3  # of the loss, that it may rise since the last module cannot make up for all of a change
_SETTLED = 1e-5  # of a constant's size, the last of these steps
_EFFECT = 1e-9  # of a constant, in deviations of the targets, below which it has none
_ALIKE = 1e-8  # share of a constant's squared effect that others cannot make, below which they are tangled
_LEVERAGE = 0.95  # of an event on its own fit, beyond which nothing is learned from how well it fits


@dataclass(frozen=True)
class Fitted:
    """Constants that were fitted with a network.

    Attributes:
        names: Their names.
        values: Their values, (K,).
        covariance: Of the values, (K, K).
        imitated: For each, which share of its effect on the predictions the network could make as well, from 0 (it
            cannot: the data alone determine the constant) to 1 (it can: the penalty alone tells them apart), (K,).
        tangled: Names of constants that no data like these can tell apart, whatever the network; a constant without
            any effect stands alone.
    """

    names: tuple[str, ...]
    values: Array
    covariance: Array
    imitated: Array
    tangled: tuple[tuple[str, ...], ...] = ()

    @property
    def errors(self) -> Array:
        """Standard errors, (K,); infinite for constants that are tangled."""
        lost = np.array([any(name in names for names in self.tangled) for name in self.names], dtype=bool)
        return np.where(lost, np.inf, np.sqrt(np.diag(self.covariance).clip(0)))


def fit_constants(
    baseline: Baseline, table: Columns, X: Tensor, y: Tensor, weight: Tensor, scale: Tensor | None = None
) -> Array:
    r"""Fit the constants alone, without a network: the free numbers t at which a training best starts, (K,).

    Minimises $\sum_i |w_i| \, |(y_i - b(x_i; \kappa)) / s|^2$ by Levenberg and Marquardt's method; gives zeros, the
    baseline's own start, where that meets numbers that are not finite.

    Args:
        baseline: The known model.
        table: Columns of X.
        X: Inputs, (N, F).
        y: Targets, (N, O), in their own units.
        weight: Event weights, (N,).
        scale: s, (O,), in which misses of the targets are counted; None: ones.

    Examples:
        >>> known = Baseline("k * x", columns=["x"], parameters={"k": 2.0})
        >>> x = torch.linspace(-1, 1, 9).double()[:, None]
        >>> t = fit_constants(known, Columns(1), x, 3 * x, torch.ones(9))
        >>> float(known.constants[0].value(torch.tensor(t[0])).round(decimals=6))
        3.0
    """
    K = len(baseline.constants)
    X, y, w = X.double(), y.double(), weight.double().abs().sqrt()[:, None]
    w = w if scale is None else w / scale.double()

    def misses(t: Tensor) -> Tensor:
        values = {c.name: c.value(t[k]) for k, c in enumerate(baseline.constants)}
        return ((baseline.predict(X, table, values) - y) * w).flatten()

    t, damping = torch.zeros(K, dtype=torch.float64), 1e-3
    r = misses(t)
    for _ in range(_STEPS if K else 0):
        J = _slopes(misses, t)
        if not bool(torch.isfinite(J).all() & torch.isfinite(r).all()):
            return np.zeros(K)
        A, slope = J.T @ J, J.T @ r
        step = torch.linalg.lstsq(A + damping * torch.diag(A.diagonal() + 1e-30), slope[:, None]).solution[:, 0]
        new = (t - step).clamp(-8, 8)
        after = misses(new)
        if bool(torch.isfinite(after).all()) and float(after @ after) <= float(r @ r):
            done = float((new - t).abs().max()) < 1e-10
            t, r, damping = new, after, damping / 5
            if done:
                break
        else:
            damping *= 10
    return np.asarray(t.numpy())


def errors(net: Based, x: Tensor, y: Tensor, weight: Tensor, *, shrink: float, ridge: float = 1e-8) -> Fitted:
    r"""Constants of a trained network and their covariance, with the network's freedom taken into account.

    The training minimises $\sum_i w_i \left(\tfrac{1}{2} |r_i|^2 + \tfrac{s}{2} |a_i|^2\right)$ with residuals r and
    the network's part a. With derivatives $J_i$ of the prediction and $G_i$ of the network's part by the constants
    and the network's parameters together, the covariance of both is that of an M-estimator,
    $$C = H^{-1} \Big(\sum_i \psi_i \psi_i^T\Big) H^{-1}, \quad
      H = \sum_i w_i (J_i^T J_i + s\, G_i^T G_i) + \lambda, \quad \psi_i = w_i (J_i^T r_i - s\, G_i^T a_i),$$
    (White, 'Maximum likelihood estimation of misspecified models', 1982), of which the block of the constants is
    given: the weighted least-squares covariance where the network has no freedom, and with its freedom profiled out
    under its penalty where it has. It holds for event weights and for noise that differs from event to event. What
    r and a are in $\psi_i$ is divided by the root of 1 - h, with the matrix h of the event's leverage on its own
    fit, since a network fits a part of the noise (MacKinnon and White, 'Some heteroskedasticity-consistent covariance
    matrix estimators with improved finite sample properties', 1985). The network's parameters are all up to 300 of
    them, else those of its last module that has some; $\lambda$ is a ridge that only keeps H invertible.

    What it covers: scatter of the constants over repeated data. Where missing physics has a part in common with the
    baseline's derivatives, no data can tell the two apart; that part is credited to the constants by the penalty, and
    the error does not cover it. `imitated` says how far this can matter.

    Args:
        net: The network after training, one member.
        x: What it is given, (N, S + F).
        y: Standardised targets, (N, O); with two copies, the second is for events of negative weight.
        weight: Event weights, (N,).
        shrink: s.
        ridge: $\lambda$ in units of the mean of the network's diagonal of H.
    """
    names = tuple(constant.name for constant in net.baseline.constants)
    K = len(names)
    if not K:
        return Fitted((), np.zeros(0), np.zeros((0, 0)), np.zeros(0))
    beside = copy.deepcopy(Beside(net)).to("cpu", torch.float64).eval()
    problem = _Problem(beside, x, y, weight, shrink)
    fit, penalty, _ = problem.normal()
    P = len(fit)
    small = _ridge(fit, K, ridge)
    inverse = torch.linalg.pinv(fit + penalty + torch.diag(small), hermitian=True)
    C = torch.zeros(K, K, dtype=torch.float64)
    for U, miss in problem.blocks():
        U, miss = U.flatten(1, 2), miss.flatten(1)
        V = U @ inverse  # (B, 2 O, P)
        values, vectors = torch.linalg.eigh(V @ U.transpose(1, 2))
        root = (1 - values.clamp(0, _LEVERAGE)).rsqrt()
        miss = (vectors * root[:, None, :]) @ (vectors.transpose(1, 2) @ miss[:, :, None])  # (1 - h)^(-1/2) miss
        delta = (V[:, :, :K] * miss).sum(1)  # (B, K)
        C += delta.T @ delta
    free = beside.based.free.detach()
    slope = _slopes(lambda t: torch.stack(list(net.constants(t).values())), free)
    imitated = torch.zeros(K, dtype=torch.float64)
    if P > K:
        inner = torch.linalg.solve(fit[K:, K:] + torch.diag(small[K:]), fit[K:, :K])
        imitated = (fit[:K, K:] @ inner).diagonal() / fit.diagonal()[:K].clamp_min(1e-300)
    return Fitted(
        names,
        np.array([float(v) for v in net.constants(free).values()]),
        np.asarray((slope @ C @ slope.T).numpy()),
        np.asarray(imitated.clamp(0, 1).numpy()),
        tuple(tuple(names[k] for k in group) for group in _tangled(fit[:K, :K].numpy(), len(x))),
    )


def _tangled(normal: Array, events: int) -> list[list[int]]:
    """Groups of constants whose effects are linear in one another, from their normal matrix, (K, K).

    A constant whose effect on standardised targets is below rounding is a group of its own.
    """
    size = np.sqrt(np.diag(normal).clip(0))
    without = [k for k in range(len(size)) if size[k] <= _EFFECT * np.sqrt(events)]
    rest = [k for k in range(len(size)) if k not in without]
    values, vectors = np.linalg.eigh(normal[np.ix_(rest, rest)] / np.outer(size[rest], size[rest]))
    null = vectors[:, values < _ALIKE]  # directions that leave all predictions as they are
    linked = np.abs(null @ null.T) > np.sqrt(_ALIKE)
    groups: list[list[int]] = [[k] for k in without]
    for row, k in enumerate(rest):
        if linked[row, row] and not any(k in group for group in groups):
            groups.append([rest[other] for other in np.flatnonzero(linked[row])])
    return groups


class _Problem:
    """The penalised least squares of a trained network, linear about what the network is.

    Args:
        beside: The network, float64; it is looked at anew in each call.
        x: What it is given, (N, S + F).
        y: Standardised targets, (N, O).
        weight: Event weights, (N,).
        shrink: s.
    """

    def __init__(self, beside: Beside, x: Tensor, y: Tensor, weight: Tensor, shrink: float) -> None:
        self.beside = beside
        self.x, self.y, w = (v.detach().to("cpu", torch.float64) for v in (x, y, weight))
        self.sign = (w < 0) if beside.based.copies == 2 else torch.zeros(len(w), dtype=torch.bool)
        self.w = w.abs() / w.abs().mean()
        self.factor = torch.tensor([1.0, math.sqrt(shrink)], dtype=torch.float64)[:, None]

    def blocks(self) -> Iterator[tuple[Tensor, Tensor]]:
        """For some events at a time derivatives, (B, 2, O, P), and misses, (B, 2, O), times root of the weights."""
        for a in range(0, len(self.x), _ROWS):
            rows = slice(a, a + _ROWS)
            D, z = _derivatives(self.beside, self.x[rows], self.sign[rows])
            root = self.w[rows].sqrt()[:, None, None] * self.factor
            yield D * root.unsqueeze(-1), self._miss(z, rows) * root

    def _miss(self, z: Tensor, rows: slice) -> Tensor:
        return torch.stack([self.y[rows] - z[:, 0], -z[:, 1]], 1)

    def normal(self) -> tuple[Tensor, Tensor, Tensor]:
        """The normal matrix of the fit and that of the penalty, (P, P), and the loss's descent, (P,)."""
        matrices, descent = [], []
        for U, miss in self.blocks():
            matrices.append(torch.einsum("btop,btoq->tpq", U, U))
            descent.append(torch.einsum("btop,bto->p", U, miss))
        fit, penalty = torch.stack(matrices).sum(0)
        return fit, penalty, torch.stack(descent).sum(0)

    def loss(self) -> float:
        """The penalised loss."""
        total = 0.0
        with torch.no_grad():
            for a in range(0, len(self.x), 16 * _ROWS):
                rows = slice(a, a + 16 * _ROWS)
                z = _picked(self.beside, self.beside(self.x[rows]), self.sign[rows])
                miss = self._miss(z, rows) * self.factor
                total += float((self.w[rows] * miss.square().sum((1, 2))).sum())
        return total


def settle(net: Based, x: Tensor, y: Tensor, weight: Tensor, *, shrink: float, ridge: float = 1e-6) -> None:
    r"""Bring the constants of a trained network to the minimum of the penalised loss; changed in place.

    Along a change of the constants $\kappa$ that the network $\theta$ makes up for, the loss rises by its penalty
    alone, and training by steps ends anywhere. So the constants take the step $\delta$ of Newton's method for
    constants and network together, with the H of `errors`. A part of it, $H_{\kappa\kappa}^{-1} c_\kappa$ with the
    descent c of the loss, is what the data ask for while the network stays; the last module of the network makes up
    for the rest, $-H_{\theta\theta}^{-1} H_{\theta\kappa} (\delta - H_{\kappa\kappa}^{-1} c_\kappa)$. In all else the
    network is left as it is, stopped early as it may have been.

    Args:
        net: The network after training, one member.
        x: What it is given, (N, S + F).
        y: Standardised targets, (N, O).
        weight: Event weights, (N,).
        shrink: s.
        ridge: As of `errors`.
    """
    K = len(net.baseline.constants)
    if not K:
        return
    beside = copy.deepcopy(Beside(net)).to("cpu", torch.float64).eval()
    problem = _Problem(beside, x, y, weight, shrink)
    chosen, last = _chosen(beside), list(_chosen(beside, 0))
    own = torch.cat([torch.full((p.numel(),), name in last[1:]) for name, p in chosen.items()])
    before = problem.loss()
    for _ in range(_NEWTON if math.isfinite(before) else 0):
        fit, penalty, descent = problem.normal()
        H = fit + penalty + torch.diag(_ridge(fit, K, ridge))
        delta = (torch.linalg.pinv(H, hermitian=True) @ descent)[:K]
        alone = torch.linalg.lstsq(H[:K, :K], descent[:K, None]).solution[:, 0]
        step = torch.cat([delta, torch.zeros(len(H) - K, dtype=H.dtype)])
        if bool(own.any()):
            step[own] = -torch.linalg.lstsq(H[own][:, own], H[own][:, :K] @ (delta - alone)[:, None]).solution[:, 0]
        step = step.round(decimals=6)  # below is the rounding of sums, which differs from call to call
        first = torch.cat([p.detach().flatten() for p in chosen.values()])
        for share in _SHARES:
            _put(list(chosen.values()), first + share * step)
            after = problem.loss()
            if after < before * (1 + _SLACK):
                break
        else:
            _put(list(chosen.values()), first)
            break
        before = min(after, before)
        if share * float(step[:K].abs().max()) < _SETTLED:
            break
    with torch.no_grad():
        for ours, theirs in zip(net.parameters(), beside.based.parameters(), strict=True):
            ours.copy_(theirs)


def _put(parameters: list[nn.Parameter], values: Tensor) -> None:
    """Fill parameters with the numbers of one row."""
    with torch.no_grad():
        for p, part in zip(parameters, values.split([p.numel() for p in parameters]), strict=True):
            p.copy_(part.view_as(p))


def _ridge(fit: Tensor, K: int, ridge: float) -> Tensor:
    """What is added to the diagonal of a normal matrix, (P,), so that it can be inverted."""
    small = 1e-14 * fit.diagonal() + 1e-300
    small[K:] += ridge * fit.diagonal()[K:].mean() if len(fit) > K else 0.0
    return small


def _picked(beside: Beside, z: Tensor, sign: Tensor) -> Tensor:
    """Prediction and network's part, (B, 2, O), of the copy that is for the sign of an event's weight."""
    based = beside.based
    both = z[:, based.plain :].unflatten(1, (2, based.copies, -1))
    return torch.where(sign[:, None, None], both[:, :, -1], both[:, :, 0])


def _derivatives(beside: Beside, x: Tensor, sign: Tensor) -> tuple[Tensor, Tensor]:
    """Of prediction and network's part by constants and parameters, (B, 2, O, P), and both themselves, (B, 2, O)."""
    chosen = {name: p.detach() for name, p in _chosen(beside).items()}
    rest = {name: p.detach() for name, p in beside.named_parameters() if name not in chosen}

    def outputs(values: Mapping[str, Tensor], row: Tensor, negative: Tensor) -> tuple[Tensor, Tensor]:
        picked = _picked(beside, functional_call(beside, {**rest, **values}, (row[None],)), negative[None])[0]
        return picked, picked

    slopes = jacrev(outputs, has_aux=True)
    with torch.no_grad():
        try:
            D, z = vmap(slopes, in_dims=(None, 0, 0))(chosen, x, sign)
        except RuntimeError:  # a module that looks at its values is called row by row
            each = [slopes(chosen, row, negative) for row, negative in zip(x, sign, strict=True)]
            D = {name: torch.stack([d[name] for d, _ in each]) for name in chosen}
            z = torch.stack([value for _, value in each])
    return torch.cat([d.flatten(3) for d in D.values()], -1), z


def _slopes(function: Callable[[Tensor], Tensor], t: Tensor) -> Tensor:
    """Derivatives of (n,) values by few numbers t, (K,): (n, K), by two backward passes."""
    with torch.enable_grad():
        t = t.detach().requires_grad_()
        r = function(t)
        u = torch.zeros_like(r, requires_grad=True)
        (back,) = torch.autograd.grad(r, t, u, create_graph=True)  # J^T u, linear in u
        return torch.stack([torch.autograd.grad(b, u, retain_graph=True)[0] for b in back], 1)


def _chosen(beside: Beside, most: int = _ALL) -> dict[str, nn.Parameter]:
    """The constants' free numbers, and the parameters that stand for the core's freedom, by their names.

    All parameters of the core up to `most` of them, else those of its last module.
    """
    free, core = beside.based.free, beside.based.core
    own = {name: p for name, p in core.named_parameters() if p.requires_grad == free.requires_grad and p.numel()}
    if sum(p.numel() for p in own.values()) > most:
        last = list(own)[-1].rpartition(".")[0]
        own = {name: p for name, p in own.items() if name.rpartition(".")[0] == last}
    return {"based.free": free, **{f"based.core.{name}": p for name, p in own.items()}}
