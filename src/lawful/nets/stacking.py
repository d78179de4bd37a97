"""Networks whose forward pass takes the parameters of several members at once, each with a leading dimension."""

import torch
from torch import Tensor, nn


def affine(h: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """W h + b of rows h, (..., in); with stacked parameters, (M, out, in) and (M, out), of rows (M, ..., in).

    Examples:
        >>> affine(torch.ones(4, 7, 3), torch.ones(4, 2, 3), torch.zeros(4, 2)).shape
        torch.Size([4, 7, 2])
    """
    if weight.dim() == 2:
        return nn.functional.linear(h, weight, bias)
    rows = h.flatten(1, -2) if h.dim() > 3 else h
    z = torch.baddbmm(bias.unsqueeze(1), rows, weight.transpose(1, 2))
    return z.unflatten(1, h.shape[1:-1]) if h.dim() > 3 else z


def beside(parameter: Tensor, h: Tensor, own: int = 1) -> Tensor:
    """A parameter with `own` dimensions, stacked or not, so that it broadcasts with rows h, (M, ..., F)."""
    lead = parameter.dim() - own
    return parameter.reshape(*parameter.shape[:lead], *(1,) * (h.dim() - 1 - lead), *parameter.shape[lead:])


def stacks(net: nn.Module) -> bool:
    """Whether a network takes stacked parameters: its class says so by an attribute `stacks`, and so do its parts.

    Frozen parameters are buffers in the members' common shape, and are not stacked.
    """
    if isinstance(net, nn.ModuleList):
        return all(stacks(part) for part in net)
    said = getattr(net, "stacks", False)
    if said == "leaf":
        return not any(True for _ in net.buffers())
    return bool(said) and all(stacks(part) for part in net.children())
