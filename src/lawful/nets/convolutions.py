"""Layers and checks that networks on images share."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from lawful.errors import InputError
from lawful.nets.mlp import ACTIVATIONS
from lawful.nets.values import flag, number, one_of, whole, widths

UNIT_GAIN = {"relu": math.sqrt(2), "silu": 1.677, "tanh": 1.593}  # 1 / rms of phi(z), z normal with unit variance
Lengths = tuple[int | None, int | None]  # rows and columns of images; None where they may differ


class Convolution(nn.Module):
    r"""Convolve images with kernels of their own size for rows and columns: $y = b + K * x$, padded at the edges.

    Args:
        before: Number of input channels.
        after: Number of output channels.
        kernel: Rows and columns of the kernels, odd.
        strides: Rows and columns from one output pixel to the next.
        circular: For rows and columns, whether the image is closed to a ring; else it is padded with zeros.
        gain: Ratio of the outputs' standard deviation to the root mean square of the inputs, at the start.

    Shapes: input (B, before, H, W), output (B, after, H / stride, W / stride), rounded up.

    Examples:
        >>> Convolution(1, 4, (3, 3), strides=(2, 1))(torch.zeros(2, 1, 5, 5)).shape
        torch.Size([2, 4, 3, 5])
    """

    def __init__(
        self,
        before: int,
        after: int,
        kernel: tuple[int, int],
        *,
        strides: tuple[int, int] = (1, 1),
        circular: tuple[bool, bool] = (False, False),
        gain: float = 1.0,
    ) -> None:
        super().__init__()
        self.kernel, self.strides, self.circular, self.gain = kernel, strides, circular, gain
        self.weight = nn.Parameter(torch.empty(after, before, *kernel))
        self.bias = nn.Parameter(torch.empty(after))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Start again from new draws."""
        nn.init.normal_(self.weight, std=self.gain / math.sqrt(self.weight[0].numel()))
        nn.init.zeros_(self.bias)

    def sees(self, low: int, high: int, axis: int) -> tuple[int, int]:
        """First and last input pixel, along an axis, that output pixels from `low` to `high` depend on."""
        reach = self.kernel[axis] // 2
        return self.strides[axis] * low - reach, self.strides[axis] * high + reach

    def extra_repr(self) -> str:
        """The sizes."""
        after, before = self.weight.shape[:2]
        return f"{before}, {after}, kernel={self.kernel}, strides={self.strides}, circular={self.circular}"

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        padding = []
        for axis in (0, 1):
            reach = self.kernel[axis] // 2
            if self.circular[axis] and reach:
                x = ring(x, axis - 2, reach)
                reach = 0
            padding.append(reach)
        y: Tensor = nn.functional.conv2d(x, self.weight, self.bias, self.strides, padding)
        return y


class Residual(nn.Module):
    r"""Add a correction to an image: $y = S x + K_2 * \mathrm{dropout}(\phi(K_1 * \phi(x)))$.

    $S$ is the identity; where the width changes, one matrix for all pixels; where the image is halved, the mean over
    squares of two by two pixels before, so that no pixel is passed over (He and others, 'Bag of tricks for image
    classification with convolutional neural networks', 2019). $K_1$ then takes every second pixel.

    Args:
        inner: The first convolution, of any stride.
        outer: The second convolution.
        activation: "tanh", "relu" or "silu".
        dropout: Probability with which a channel is silenced between the two.

    Shapes: input (B, before, H, W), output (B, after, H / stride, W / stride), rounded up.
    """

    def __init__(self, inner: Convolution, outer: Convolution, *, activation: str, dropout: float) -> None:
        super().__init__()
        self.inner, self.outer, self.activation, self.dropout = inner, outer, activation, dropout
        before, after = inner.weight.shape[1], outer.weight.shape[0]
        self.across = None if before == after else Convolution(before, after, (1, 1))
        self.strides = inner.strides

    def sees(self, low: int, high: int, axis: int) -> tuple[int, int]:
        """See `Convolution.sees`."""
        first, last = self.inner.sees(*self.outer.sees(low, high, axis), axis)
        stride = self.strides[axis]
        return min(first, stride * low), max(last, stride * high + stride - 1)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        phi = ACTIVATIONS[self.activation]
        h = phi(self.inner(phi(x)))
        if self.dropout:
            h = nn.functional.dropout2d(h, self.dropout, self.training)
        y: Tensor = self.outer(h)
        if self.strides != (1, 1):
            x = nn.functional.avg_pool2d(x, self.strides, ceil_mode=True)
        if self.across is not None:
            x = self.across(x)
        return y + x


class Layers:
    """Makes the layers of a network on images from its settings.

    Args:
        hidden: Width of each stage.
        kernel: Length of the kernels in pixels.
        activation: Name of an activation.
        dropout: Probability with which a channel is silenced within a block.
        circular: For both axes, or for each.

    Raises:
        InputError: For a setting out of range.
    """

    def __init__(
        self,
        hidden: Sequence[int],
        kernel: int,
        activation: str,
        dropout: float,
        circular: bool | Sequence[bool],
    ) -> None:
        self.hidden = widths("hidden", hidden)
        if not self.hidden:
            raise InputError("hidden=(): expected the width of at least one stage, as (32, 64, 64).")
        self.kernel = whole("kernel", kernel, 1)
        if self.kernel % 2 == 0:
            raise InputError(
                f"kernel={kernel}: expected an odd number of pixels, as 3, so that there is a middle one."
            )
        self.activation: str = one_of("activation", activation, sorted(ACTIVATIONS))
        self.dropout = number("dropout", dropout, least=0, most=0.95)
        pair = list(circular) if isinstance(circular, Sequence) else [circular, circular]
        if len(pair) != 2:
            raise InputError(f"circular={circular!r}: expected True, False or one of these for (rows, columns).")
        self.circular = flag("circular", pair[0]), flag("circular", pair[1])

    def convolution(
        self, before: int, after: int, now: Lengths, *, strides: tuple[int, int] = (1, 1), gain: float = 1.0
    ) -> Convolution:
        """A convolution of images of the lengths `now`, with no weights for what is always padding."""
        rows, columns = (self.kernel if n is None else min(self.kernel, 2 * n - 1) for n in now)
        return Convolution(before, after, (rows, columns), strides=strides, circular=self.circular, gain=gain)

    def residual(self, before: int, after: int, now: Lengths, *, halved: bool, share: float) -> Residual:
        """A block that adds about the `share` of its input's variance to it at the start."""
        gain = UNIT_GAIN[self.activation]
        strides = halving(now) if halved else (1, 1)
        inner = self.convolution(before, after, now, strides=strides, gain=gain)
        outer = self.convolution(after, after, half(now) if halved else now, gain=gain * math.sqrt(share))
        return Residual(inner, outer, activation=self.activation, dropout=self.dropout)


def half(now: Lengths) -> Lengths:
    """Lengths after halving, rounded up.

    Examples:
        >>> half((1, 5)), half((None, 4))
        ((1, 3), (None, 2))
    """
    rows, columns = (None if n is None else (n + 1) // 2 for n in now)
    return rows, columns


def halving(now: Lengths) -> tuple[int, int]:
    """The strides that halve an image: 2, but 1 along an axis of one pixel."""
    rows, columns = (1 if n == 1 else 2 for n in now)
    return rows, columns


def lengths(size: Any) -> Lengths:
    """Rows and columns of images as a setting says them, (H, W), either or both of them None.

    Raises:
        InputError: For anything else.
    """
    if size is None:
        return None, None
    if not isinstance(size, Sequence) or isinstance(size, str) or len(size) != 2:
        raise InputError(
            f"size={size!r}: expected rows and columns, as (32, 32), or (1, None) for signals of any length."
        )
    rows, columns = (None if n is None else whole("size", n, 1, "None or ") for n in size)
    return rows, columns


def check_images(x: Tensor, channels: int, size: Lengths) -> None:
    """Check that x is (B, C, H, W) with C channels and, where they are given, the rows and columns of `size`.

    Raises:
        InputError: When it is not; says what may have happened.
    """
    shape = tuple(x.shape)
    if not x.is_floating_point():
        raise InputError(f"The images are {x.dtype}: expected floating-point numbers, as x.float() gives.")
    if len(shape) != 4 or shape[1] != channels or 0 in shape[2:]:
        raise InputError(
            f"The images have shape {shape}: expected (B, C, H, W) with C = {channels}.{_cause(shape, channels)}"
        )
    if any(n is not None and n != m for n, m in zip(size, shape[2:], strict=True)):
        raise InputError(
            f"The images have {shape[2]} rows and {shape[3]} columns: expected {size[0] or 'any number'} and "
            f"{size[1] or 'any number'}. Make the network without size={size} for images of any size."
        )


def _cause(shape: tuple[int, ...], channels: int) -> str:
    """What may have happened to images of a wrong shape, and what to do."""
    if len(shape) == 4 and shape[3] == channels:
        return " Are channels last? x.permute(0, 3, 1, 2) puts them first."
    if len(shape) == 4:
        return f" For images with another number of channels make the network with channels={shape[1]}."
    if len(shape) == 3 and channels == 1:
        return " Images without an axis of channels? x.unsqueeze(1) adds it."
    if len(shape) == 3 and shape[0] == channels:
        return " A single image? x.unsqueeze(0) makes a batch of it."
    if len(shape) == 3 and shape[1] == channels:
        return " Signals (B, C, T)? x.unsqueeze(2) makes them images of one row."
    return " Flattened? x.reshape(-1, C, H, W) restores the images." if len(shape) == 2 else ""


def in_order(h: Tensor) -> Tensor:
    """The same numbers with the channels of a pixel side by side in memory, which convolutions on a CPU like best.

    `torch.func.vmap` refuses this with a RuntimeError, and would be slower: it makes grouped convolutions of several
    networks, which on a CPU take more than twice the time of the networks one by one.
    """
    return h.contiguous(memory_format=torch.channels_last)


def ring(x: Tensor, axis: int, reach: int) -> Tensor:
    """Repeat the end of an axis before its beginning and its beginning behind its end, `reach` pixels of each.

    Examples:
        >>> ring(torch.arange(3.0), 0, 1)
        tensor([2., 0., 1., 2., 0.])
        >>> ring(torch.arange(2.0), 0, 3)
        tensor([1., 0., 1., 0., 1., 0., 1., 0.])
    """
    n = x.shape[axis]
    if reach <= n:
        return torch.cat([x.narrow(axis, n - reach, reach), x, x.narrow(axis, 0, reach)], axis)
    return x.index_select(axis, torch.arange(-reach, n + reach, device=x.device) % n)


def draw_again(net: nn.Module) -> None:
    """Draw all parameters below a module anew, by the `reset_parameters` of its parts, inner ones first."""
    for part in reversed(list(net.modules())):
        reset: Callable[[], None] | None = getattr(part, "reset_parameters", None)
        if part is not net and reset is not None:
            reset()
