"""A network around a baseline: it learns only what the known model misses, and the model's constants with it."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lawful.errors import InputError
from lawful.physics.baseline import Baseline
from lawful.physics.columns import Columns

Array = NDArray[np.float64]


class Based(nn.Module):
    r"""A known model and what a network adds: $y = b(x; \kappa) + s\,g(z)$, or $b(x; \kappa)\,(1 + g(z))$.

    Outputs are in units of the standardised targets, $(y - c) / s$. The constants $\kappa$ are parameters, through
    the smooth maps of `lawful.physics.constants.Constant`, and trained with the network; unless its part, `size`,
    is penalised, the two are degenerate.

    Args:
        core: Network g from the S network inputs to `plain + copies * O` numbers.
        baseline: The known model b.
        table: The F columns that it is given.
        centre: c, (O,).
        scale: s, (O,).
        kind: "additive" or "multiplicative".
        plain: Leading outputs of the core that are passed on as they are.
        copies: How many outputs are given, each with the baseline in it.
        free: Free numbers t at which the constants start, (K,); None: zeros, which are the baseline's own start.

    Shapes: input (B, S + F), the network's inputs and then the raw columns; output (B, plain + copies * O).

    Examples:
        >>> known = Baseline("k * x", columns=["x"], parameters={"k": 2.0})
        >>> net = Based(nn.Linear(3, 1), known, Columns(1), [0.0], [1.0])
        >>> x = torch.ones(5, 4)
        >>> torch.allclose(net(x) - net.size(x), torch.full((5, 1), 2.0))
        True
    """

    centre: Tensor
    scale: Tensor

    def __init__(
        self,
        core: nn.Module,
        baseline: Baseline,
        table: Columns,
        centre: Sequence[float] | Array,
        scale: Sequence[float] | Array,
        *,
        kind: str = "additive",
        plain: int = 0,
        copies: int = 1,
        free: Sequence[float] | Array | None = None,
    ) -> None:
        super().__init__()
        self.core, self.baseline, self.table = core, baseline, table
        self.kind, self.plain, self.copies = kind, plain, copies
        self.first = tuple(float(t) for t in (free if free is not None else [0.0] * len(baseline.constants)))
        if self.first:
            self.free = nn.Parameter(torch.tensor(self.first))
        self.register_buffer("centre", torch.as_tensor(np.asarray(centre, np.float64)).to(torch.get_default_dtype()))
        self.register_buffer("scale", torch.as_tensor(np.asarray(scale, np.float64)).to(torch.get_default_dtype()))

    @property
    def stacks(self) -> bool:
        """Whether stacked parameters are taken (see `lawful.nets.stacking`); a function is written for one member."""
        return self.baseline.expressions is not None

    def reset_parameters(self) -> None:
        """Draw the core's parameters again, and put the constants back to their start."""
        self.core.reset_parameters()  # type: ignore[operator]
        if self.first:
            with torch.no_grad():
                self.free.copy_(torch.tensor(self.first))

    def constants(self, free: Tensor | None = None) -> dict[str, Tensor]:
        """The constants by name, at free numbers (..., K), by default those of the network; each (...)."""
        if not self.first:
            return {}
        t = self.free if free is None else free
        return {constant.name: constant.value(t[..., k]) for k, constant in enumerate(self.baseline.constants)}

    def parts(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What is passed on, (B, plain); the baseline, (B, 1, O); what the network adds to it, (B, copies, O)."""
        split = x.shape[-1] - self.table.count
        known = self._known(x[..., split:])  # (B, O)
        if known.shape[-1] != self.scale.shape[-1]:
            raise InputError(
                f"{self.baseline.name}: it has {known.shape[-1]} outputs; the data have {self.scale.shape[-1]}."
            )
        z: Tensor = self.core(x[..., :split])
        added = z[..., self.plain :].unflatten(-1, (self.copies, -1))
        if self.kind == "multiplicative":
            added = added * (known / self.scale).unsqueeze(-2)
        return z[..., : self.plain], ((known - self.centre) / self.scale).unsqueeze(-2), added

    def _known(self, x: Tensor) -> Tensor:
        """What the baseline predicts, (B, O); with stacked parameters (M, B, O)."""
        constants = self.constants()
        if x.dim() == 2:
            return self.baseline.predict(x, self.table, constants)
        shape = x.shape[:-1]
        each = {name: value.unsqueeze(-1).expand(shape).flatten() for name, value in constants.items()}
        known = self.baseline.predict(x.flatten(0, 1), self.table, each)
        return known.unflatten(0, shape)  # type: ignore[no-any-return]

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        plain, known, added = self.parts(x)
        return torch.cat([plain, (known + added).flatten(-2)], -1)

    def size(self, x: Tensor) -> Tensor:
        """What the network adds to the baseline, in standardised units, (B, copies * O): to be penalised."""
        return self.parts(x)[2].flatten(-2)

    def extra_repr(self) -> str:
        """What a printout shows besides the core."""
        return f"{self.baseline.name}, kind={self.kind!r}"


class Beside(nn.Module):
    """A `Based` network that gives `size` beside its outputs, in one pass: (B, plain + 2 * copies * O).

    For a loss that penalises the network's part: the trailing `copies * O` numbers are that part.

    Examples:
        >>> known = Baseline("k * x", columns=["x"], parameters={"k": 2.0})
        >>> Beside(Based(nn.Linear(3, 1), known, Columns(1), [0.0], [1.0]))(torch.ones(5, 4)).shape
        torch.Size([5, 2])
    """

    stacks = True

    def __init__(self, based: Based) -> None:
        super().__init__()
        self.based = based

    def reset_parameters(self) -> None:
        """Draw the parameters again."""
        self.based.reset_parameters()

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        plain, known, added = self.based.parts(x)
        return torch.cat([plain, (known + added).flatten(-2), added.flatten(-2)], -1)
