"""The U-net: scores for each pixel of an image."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lawful.nets.convolutions import (
    Convolution,
    Layers,
    Residual,
    check_images,
    draw_again,
    half,
    halving,
    in_order,
    lengths,
)
from lawful.nets.mlp import ACTIVATIONS
from lawful.nets.values import whole


class UNet(nn.Module):
    r"""Give scores of every pixel of an image, from what is near it and from what lies far away.

    On the way down $h_0 = R_0(K * x)$ and $h_l = R_l(h_{l-1})$, each half as long as the one before; on the way up
    $u_L = h_L$ and $u_l = Q_l([U_l u_{l+1}, h_l])$, where $U$ makes two by two pixels of each one and $R, Q$ are
    residual blocks; then $z = W \phi(u_0) + b$ for each pixel. The details that halving loses come back by the $h_l$
    beside. Source: Ronneberger, Fischer, Brox, 'U-Net: convolutional networks for biomedical image segmentation'
    (2015); the residual blocks, and why there is no normalisation, are those of `CNN`.

    Lengths are halved rounding up, and the way up drops the row or column that is too many, so that images need not
    be a power of two long. With circular padding, shifting an image by whole multiples of $2^L$ pixels, L + 1 being
    the number of widths, shifts the answer likewise if the image is a whole multiple of that long.

    Args:
        channels: Number of input channels C.
        outputs: Number of outputs O for each pixel.
        hidden: Width at each length, from the full one down.
        kernel: Length of the convolutions' kernels, in pixels; odd.
        activation: "tanh", "relu" or "silu".
        dropout: Probability with which each channel is silenced within a block, for a whole image, in training.
        circular: Whether the last pixel has the first one for a neighbour; for both axes, or for (rows, columns).
        size: Rows and columns (H, W) of the images, or None for those that vary; see `CNN`.

    Shapes: input (B, C, H, W), output (B, O, H, W), with any H and W of at least 1.

    Raises:
        InputError: For a setting out of range, or images of another shape.

    Examples:
        >>> net = UNet(1, 3, hidden=(8, 16))
        >>> net(torch.zeros(2, 1, 17, 30)).shape
        torch.Size([2, 3, 17, 30])
        >>> net.embed(torch.zeros(2, 1, 17, 30)).shape
        torch.Size([2, 16])
    """

    def __init__(
        self,
        channels: int,
        outputs: int,
        *,
        hidden: Sequence[int] = (16, 32, 64),
        kernel: int = 3,
        activation: str = "silu",
        dropout: float = 0.0,
        circular: bool | Sequence[bool] = False,
        size: Sequence[int | None] | None = None,
    ) -> None:
        super().__init__()
        self.channels = whole("channels", channels, 1)
        self.size = lengths(size)
        layers = Layers(hidden, kernel, activation, dropout, circular)
        self.activation = layers.activation
        share = 1 / (2 * len(layers.hidden) - 1)
        self.stem = layers.convolution(channels, layers.hidden[0], self.size)
        self.down = nn.ModuleList(
            [layers.residual(layers.hidden[0], layers.hidden[0], self.size, halved=False, share=share)]
        )
        up: list[nn.Module] = []
        now = self.size
        for before, after in zip(layers.hidden, layers.hidden[1:], strict=False):
            self.down.append(layers.residual(before, after, now, halved=True, share=share))
            merged = layers.residual(2 * before, before, now, halved=False, share=share)
            up.insert(0, Rise(after, before, halving(now), merged))
            now = half(now)
        self.up = nn.ModuleList(up)
        self.head: nn.Module = Convolution(layers.hidden[0], whole("outputs", outputs, 1), (1, 1))

    def reset_parameters(self) -> None:
        """Start again from new draws; a head that was put in its place draws by its own parts."""
        draw_again(self)

    def stages(self) -> list[tuple[str, nn.Module]]:
        """The parts with parameters by name, from the input to the head."""
        down = [(f"down.{i}", block) for i, block in enumerate(self.down)]
        up = [(f"up.{i}", block) for i, block in enumerate(self.up)]
        return [("stem", self.stem), *down, *up, ("head", self.head)]

    def features(self, x: Tensor) -> Tensor:
        """What the head is given, (B, D, H, W) with D the first width, of images (B, C, H, W).

        Raises:
            InputError: For images of another shape.
        """
        levels = self._descend(x)
        h = levels.pop()
        for rise in self.up:
            h = rise(h, levels.pop())
        return ACTIVATIONS[self.activation](h)

    def embed(self, x: Tensor) -> Tensor:
        """The shortest image between the ways down and up, its mean over pixels: (B, last width), of (B, C, H, W)."""
        return ACTIVATIONS[self.activation](self._descend(x)[-1]).mean((-2, -1))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, O, H, W)."""
        z: Tensor = self.head(self.features(x))
        return z

    def _descend(self, x: Tensor) -> list[Tensor]:
        """The images on the way down, the full one first."""
        check_images(x, self.channels, self.size)
        h = in_order(self.stem(x))
        levels = []
        for block in self.down:
            h = block(h)
            levels.append(h)
        return levels

    def extra_repr(self) -> str:
        """What the parts do not show."""
        return f"channels={self.channels}, activation={self.activation!r}"


class Rise(nn.Module):
    """Double an image, put the one of the way down beside it and merge the two.

    Args:
        before: Number of channels of the short image.
        after: Number of channels of the long image.
        strides: Rows and columns of the long image for each pixel of the short one.
        merge: Block from 2 * after to `after` channels.

    Shapes: inputs (B, before, h, w) and (B, after, H, W), output (B, after, H, W), H at most h times the stride.
    """

    def __init__(self, before: int, after: int, strides: tuple[int, int], merge: Residual) -> None:
        super().__init__()
        self.strides = strides
        self.spread = Convolution(before, after * strides[0] * strides[1], (1, 1))
        self.merge = merge

    def forward(self, low: Tensor, high: Tensor) -> Tensor:
        """See the class."""
        rows, columns = self.strides
        h = self.spread(low)  # (B, after * rows * columns, h, w)
        h = h.unflatten(1, (-1, rows, columns)).permute(0, 1, 4, 2, 5, 3)  # (B, after, h, rows, w, columns)
        h = h.flatten(4, 5).flatten(2, 3)[..., : high.shape[-2], : high.shape[-1]]
        z: Tensor = self.merge(in_order(torch.cat([h, high], 1)))
        return z
