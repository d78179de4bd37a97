"""Networks that cannot fall along a column, and may do anything along the others."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from lawful.errors import InputError
from lawful.nets.architecture import Architecture, Core
from lawful.nets.around import Around
from lawful.physics.columns import Columns
from lawful.physics.groups.group import Array
from lawful.physics.monotonic import Monotonic

_TAIL = 0.005  # share of the data beyond the first and the last knot
MOST_KNOTS = 1001


class Monotone(Architecture):
    r"""Outputs that rise along one column t: $y = c_0 + \sum_j \mathrm{softplus}(c_j)\,r_j(t)$.

    The ramps $r_j$ are integrals of the hat functions between knots at quantiles of the column (I-splines: Ramsay,
    'Monotone regression splines in action', 1988), linear beyond the ends. So the slope of y along t is linear
    between knots and softplus(c_j) at knot j, never negative. The coefficients come from a network that is given all
    other columns, but not t. Outputs of which nothing is stated have coefficients of either sign.

    Args:
        statement: What rises, along which column.
        table: The columns of the inputs.
        outputs: Number of targets; None for a classifier of two classes, whose score is the logit of the second.
        knots: Knots at most; fewer where the column has fewer values.

    Raises:
        InputError: When statement, columns and outputs do not fit each other.

    Examples:
        >>> X = np.random.default_rng(0).uniform(size=(200, 3))
        >>> rising = Monotone(Monotonic("density", along=2), Columns(3), 1)
        >>> rising.fit(X, np.ones(200))
        >>> rising.inputs(X).shape, rising.side(X).shape
        ((200, 1, 2), (200, 16))
    """

    def __init__(self, statement: Monotonic, table: Columns, outputs: int | None, knots: int = 16) -> None:
        if statement.of is not None:
            raise InputError(f"{statement.name}: a function of the output cannot be built in: enforce it by 'loss'.")
        self.statement = self.monotonic = statement
        self.knots = knots
        self.column = table.place(statement.along, statement)
        self.classes = outputs is None
        place = statement.place(2 if outputs is None else outputs)
        self.output, self.sign = place, statement.sign
        if self.classes:  # the probability of the first class falls where the logit rises
            self.output, self.sign = 0, statement.sign * (1 if place == 1 else -1)
        self.learned: dict[str, Array] = {}
        others = [table.called(c) for c in range(table.count) if c != self.column]
        self.table = Columns(len(others), tuple(others)) if others else Columns(1, ("one",))

    @property
    def arrays(self) -> dict[str, Array]:
        """See `Architecture.arrays`: the knots, (K,), and the deviation of the column, "size", ()."""
        return self.learned

    def fit(self, X: Array, weight: Array, y: Array | None = None) -> None:  # noqa: ARG002
        """Place the knots, given inputs (N, F) and weights of at least zero, (N,).

        Raises:
            InputError: When the column has a single value.
        """
        t = np.asarray(X[:, self.column], dtype=np.float64)
        w = np.asarray(weight, dtype=np.float64)
        levels = np.linspace(_TAIL, 1 - _TAIL, self.knots)
        knots = np.unique(np.quantile(t, levels, weights=w, method="inverted_cdf"))
        if len(knots) < 2:  # most rows share a value
            knots = np.unique([t[w > 0].min(), t[w > 0].max()])
        if len(knots) < 2:
            raise InputError(f"{self.statement.name}: the column has a single value, {t[0]:g}, in the training data.")
        mean = np.average(t, weights=w)
        self.learned = {"knots": knots, "size": np.sqrt(np.average((t - mean) ** 2, weights=w))}

    def restore(self, arrays: dict[str, Array]) -> None:
        """Take back `arrays`.

        Raises:
            InputError: When they cannot be what `fit` learned.
        """
        knots, size = (np.asarray(arrays.get(name, np.nan), dtype=np.float64) for name in ("knots", "size"))
        size = size.reshape(()) if size.size == 1 else size
        good = set(arrays) == {"knots", "size"} and knots.ndim == 1 and 2 <= len(knots) <= MOST_KNOTS
        if (
            not good
            or not (np.isfinite(knots).all() and (np.diff(knots) > 0).all())
            or not (size.shape == () and np.isfinite(size) and size > 0)
        ):
            raise InputError(f"{self.statement.name}: the knots are not in order: the file was changed.")
        self.learned = {"knots": knots, "size": size}

    def inputs(self, X: Array) -> Array:
        """See `Architecture.inputs`: all columns but t."""
        others = np.delete(np.asarray(X, dtype=np.float64), self.column, axis=1)
        return (others if others.shape[1] else np.ones((len(X), 1)))[:, None]

    def side(self, X: Array) -> Array:
        """The ramps, (N, K), which fall where the statement says so."""
        return self.sign * ramps(np.asarray(X[:, self.column], dtype=np.float64), **self.arrays)

    def wrap(self, core: Core, plain: int, outputs: int, copies: int) -> nn.Module:
        """See `Architecture.wrap`.

        Raises:
            InputError: For weights of both signs, and for more than two classes.
        """
        if plain or copies != 1 or (self.classes and outputs != 1):
            what = "more than two classes or weights of both signs" if self.classes else "weights of both signs"
            raise InputError(f"{self.statement.name} cannot be built in with {what}: enforce it by 'loss'.")
        K = len(self.arrays["knots"])
        return Ramped(core(outputs * (1 + K)), K, self.output, outputs)


def ramps(t: Array, knots: Array, size: Array | float) -> Array:
    r"""Rising functions of t, (N,), one for each of K knots, (N, K); they vanish at the middle knot.

    $r_j(t) = \frac{1}{s} \int \varphi_j(t)\,dt$ with the hat function $\varphi_j$, which is 1 at knot j and 0 at all
    others; the first and the last stay 1 beyond the ends. Their sum is $(t - t_m) / s$.

    Examples:
        >>> ramps(np.array([-1.0, 0.0, 1.0, 4.0]), np.array([0.0, 1.0, 2.0]), 1.0)
        array([[-1.5, -0.5,  0. ],
               [-0.5, -0.5,  0. ],
               [ 0. ,  0. ,  0. ],
               [ 0. ,  0.5,  2.5]])
    """

    def rise(t: Array) -> Array:
        d = np.diff(knots)
        u = np.clip((t[:, None] - knots[:-1]) / d, 0, 1)
        out = np.zeros((len(t), len(knots)))
        out[:, 1:] += d * u**2 / 2
        out[:, :-1] += d * (u - u**2 / 2)
        out[:, 0] += np.minimum(t - knots[0], 0)
        out[:, -1] += np.maximum(t - knots[-1], 0)
        return out

    return np.asarray((rise(t) - rise(knots[[len(knots) // 2]])) / size)


class Ramped(Around):
    r"""Outputs $y_o = c_{o0} + \sum_j c_{oj} r_j$ with ramps r, one of them with softplus of its coefficients.

    Args:
        core: Network from S numbers to `outputs * (1 + knots)`.
        knots: Number K of ramps.
        output: The output that rises.
        outputs: Number O of outputs.

    Shapes: input (B, S + K), the core's inputs and then the ramps; output (B, O).

    Examples:
        >>> Ramped(nn.Linear(4, 2 * 9), 8, output=0, outputs=2)(torch.zeros(5, 4 + 8)).shape
        torch.Size([5, 2])
    """

    def __init__(self, core: nn.Module, knots: int, output: int, outputs: int) -> None:
        super().__init__()
        self.core, self.knots, self.output, self.outputs = core, knots, output, outputs

    def given(self, x: Tensor) -> Tensor:
        """What the core is given, (..., B, S)."""
        return x[..., : x.shape[-1] - self.knots]

    def combine(self, z: Tensor, x: Tensor) -> Tensor:
        """The outputs, (..., B, O), from what the core gives, (..., B, O * (1 + K))."""
        r, c = self._parts(z, x)
        slopes = torch.where(self._rises(x), softplus(c[..., 1:]), c[..., 1:])
        return c[..., 0] + (slopes * r).sum(-1)

    def slope(self, d: Tensor, x: Tensor, z: Tensor) -> Tensor:
        """See `Around.slope`."""
        r, c = self._parts(z, x)
        by_slopes = torch.where(self._rises(x), torch.sigmoid(c[..., 1:]), torch.ones_like(c[..., 1:])) * r
        d = d.unsqueeze(-1)
        return torch.cat([d, d * by_slopes], -1).flatten(-2)

    def _parts(self, z: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Ramps, (..., B, 1, K), and coefficients, (..., B, O, 1 + K)."""
        r = x[..., x.shape[-1] - self.knots :].unsqueeze(-2)
        return r, z.unflatten(-1, (self.outputs, 1 + self.knots))

    def _rises(self, x: Tensor) -> Tensor:
        """Whether an output rises, (O, 1)."""
        return torch.arange(self.outputs, device=x.device).unsqueeze(-1) == self.output

    def extra_repr(self) -> str:
        """What a printout shows besides the core."""
        return f"knots={self.knots}"
