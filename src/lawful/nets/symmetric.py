"""Networks that cannot break a symmetry, around a network that knows nothing of it."""

import torch
from torch import Tensor, nn


class Contracted(nn.Module):
    r"""Outputs made of basis tensors, $y = \sum_k c_k T_k$, with coefficients c that a network gives.

    Since the $T_k$ transform as y does and the coefficients depend on invariants alone, so does y.

    Args:
        core: Network from S invariants to `plain + copies * basis` numbers.
        basis: Number K of basis tensors.
        width: Numbers D in an output.
        plain: Leading outputs of the core that are passed on as they are.
        copies: How many outputs are made of the same basis tensors.

    Shapes: input (B, S + K * D), the invariants and then the basis tensors; output (B, plain + copies * D).

    Examples:
        >>> net = Contracted(nn.Linear(4, 2), basis=2, width=3)
        >>> net(torch.zeros(5, 4 + 6)).shape
        torch.Size([5, 3])
    """

    def __init__(self, core: nn.Module, basis: int, width: int, *, plain: int = 0, copies: int = 1) -> None:
        super().__init__()
        self.core, self.basis, self.width, self.plain, self.copies = core, basis, width, plain, copies

    def reset_parameters(self) -> None:
        """Draw the core's parameters again."""
        self.core.reset_parameters()  # type: ignore[operator]

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        split = x.shape[-1] - self.basis * self.width
        T = x[..., split:].unflatten(-1, (self.basis, self.width))  # (B, K, D)
        z = self.core(x[..., :split])
        c = z[..., self.plain :].unflatten(-1, (self.copies, self.basis))  # (B, copies, K)
        return torch.cat([z[..., : self.plain], (c @ T).flatten(-2)], -1)

    def extra_repr(self) -> str:
        """What a printout shows besides the core."""
        return f"basis={self.basis}, width={self.width}"


class Averaged(nn.Module):
    r"""The mean over a finite group, $y = \frac{1}{|G|} \sum_g \rho'(g)^{-1} f(\rho(g) x)$: exact for any network f.

    Args:
        core: Network f from S numbers to `plain + copies * D`.
        back: The matrices $\rho'(g)^{-1}$, (|G|, D, D); None for invariant outputs.
        count: Number |G| of elements.
        plain: Leading outputs that are invariant.
        copies: How many outputs transform with `back`.

    Shapes: input (B, |G| * S), the inputs as each element moves them; output (B, plain + copies * D).

    Examples:
        >>> Averaged(nn.Linear(4, 1), None, 8)(torch.zeros(5, 32)).shape
        torch.Size([5, 1])
    """

    back: Tensor | None

    def __init__(self, core: nn.Module, back: Tensor | None, count: int, *, plain: int = 0, copies: int = 1) -> None:
        super().__init__()
        self.core, self.count, self.plain, self.copies = core, count, plain, copies
        self.register_buffer("back", back)

    def reset_parameters(self) -> None:
        """Draw the core's parameters again."""
        self.core.reset_parameters()  # type: ignore[operator]

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        z: Tensor = self.core(x.unflatten(-1, (self.count, -1)))  # (B, |G|, O)
        if self.back is None:
            return z.mean(-2)
        moved = z[..., self.plain :].unflatten(-1, (self.copies, -1))  # (B, |G|, copies, D)
        moved = (moved @ self.back.transpose(-1, -2)).mean(-3).flatten(-2)
        return torch.cat([z[..., : self.plain].mean(-2), moved], -1)

    def extra_repr(self) -> str:
        """What a printout shows besides the core."""
        return f"elements={self.count}"
