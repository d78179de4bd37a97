"""One affine map: logistic and linear regression."""

from torch import Tensor, nn

from lawful.nets.stacking import affine


class Linear(nn.Module):
    """Give scores that are affine in the inputs, $z = W x + b$, starting from zero.

    With the cross-entropy this is logistic regression, with the squared error linear regression.

    Args:
        inputs: Number of input columns F.
        outputs: Number of output columns O.

    Examples:
        >>> import torch
        >>> Linear(3, 2)(torch.ones(5, 3)).shape
        torch.Size([5, 2])
    """

    stacks = "leaf"

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.map = nn.Linear(inputs, outputs)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Start again from zero."""
        nn.init.zeros_(self.map.weight)
        nn.init.zeros_(self.map.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., F) to (..., O)."""
        return affine(x, self.map.weight, self.map.bias)
