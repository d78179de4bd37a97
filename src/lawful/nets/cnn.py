"""The convolutional network."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lawful.nets.convolutions import Layers, check_images, draw_again, half, in_order, lengths
from lawful.nets.mlp import ACTIVATIONS
from lawful.nets.values import flag, one_of, whole

POOLS = ("mean", "max", "both")


class CNN(nn.Module):
    r"""Give scores of images, or of signals as images of one row: residual convolutions, then a pool over all pixels.

    $h = K * x$; for each width of `hidden` one residual block (see `Residual`), which from the second on halves the
    image; then $z = W\,\mathrm{pool}(\phi(h)) + b$. Source of the blocks: He, Zhang, Ren, Sun, 'Deep residual
    learning for image recognition' and 'Identity mappings in deep residual networks' (2016).

    There is no normalisation layer. One over the batch would mix events, whose weights may be negative and whose
    number may be small; one over an event would divide its total intensity out, often the best observable there is,
    and let each pixel see the whole image. Deep networks learn without: the last convolution of each of the $L$
    residual branches starts smaller by $1/\sqrt{L}$, so that the size of $h$ does not grow with depth (Hanin,
    Rolnick, 'How to start training: the effect of initialization and architecture', 2018).

    Translations: with circular padding the answer does not change when an image is shifted by whole multiples of
    `stride` and the image is a whole multiple of it long; with `halve=False` that is any whole number of pixels. With
    padding by zeros this holds only as long as nothing of the image comes within reach of an edge.

    Args:
        channels: Number of input channels C.
        outputs: Number of outputs O.
        hidden: Width of each stage.
        kernel: Length of the convolutions' kernels, in pixels; odd.
        activation: "tanh", "relu" or "silu".
        dropout: Probability with which each channel is silenced within a block, for a whole image, in a training step
            (Tompson and others, 'Efficient object localization using convolutional networks', 2015).
        circular: Whether the last pixel has the first one for a neighbour; for both axes, or for (rows, columns). An
            image of pseudorapidity by azimuth has `circular=(False, True)`.
        halve: Whether the image is halved, rounding up, between one stage and the next.
        pool: "mean" over pixels, "max", or "both" beside each other.
        size: Rows and columns (H, W) of the images, or None for those that vary. Along an axis that is known to be
            short, kernels have no weights for what is always padding, and a single pixel is not halved; this
            changes the cost and not what can be learned.

    Shapes: input (B, C, H, W), output (B, O), with any H and W of at least 1; a signal is (B, C, 1, T).

    Raises:
        InputError: For a setting out of range, or images of another shape.

    Examples:
        >>> net = CNN(1, 2, hidden=(8, 16))
        >>> net(torch.zeros(5, 1, 32, 32)).shape
        torch.Size([5, 2])
        >>> net.receptive_field, net.stride
        ((13, 13), (2, 2))
        >>> CNN(3, 1, hidden=(8, 16), size=(1, None)).receptive_field
        (1, 13)
    """

    def __init__(
        self,
        channels: int,
        outputs: int,
        *,
        hidden: Sequence[int] = (32, 64, 64),
        kernel: int = 3,
        activation: str = "silu",
        dropout: float = 0.0,
        circular: bool | Sequence[bool] = False,
        halve: bool = True,
        pool: str = "both",
        size: Sequence[int | None] | None = None,
    ) -> None:
        super().__init__()
        self.channels = whole("channels", channels, 1)
        self.pool = one_of("pool", pool, POOLS)
        self.size = lengths(size)
        layers = Layers(hidden, kernel, activation, dropout, circular)
        self.activation = layers.activation
        self.stem = layers.convolution(channels, layers.hidden[0], self.size)
        self.blocks = nn.ModuleList()
        now, share = self.size, 1 / len(layers.hidden)
        for i, width in enumerate(layers.hidden):
            halved = flag("halve", halve) and i > 0
            self.blocks.append(layers.residual(layers.hidden[max(i - 1, 0)], width, now, halved=halved, share=share))
            now = half(now) if halved else now
        features = layers.hidden[-1] * (2 if pool == "both" else 1)
        self.head: nn.Module = nn.Linear(features, whole("outputs", outputs, 1))

    def reset_parameters(self) -> None:
        """Start again from new draws; a head that was put in its place draws by its own parts."""
        draw_again(self)

    def stages(self) -> list[tuple[str, nn.Module]]:
        """The parts with parameters by name, from the input to the head."""
        return [("stem", self.stem), *((f"blocks.{i}", b) for i, b in enumerate(self.blocks)), ("head", self.head)]

    @property
    def receptive_field(self) -> tuple[int, int]:
        """Rows and columns of the input that one unit of the last layer before the pool sees.

        For images that are longer than this; where `size` says that they are not, it is all of the axis.
        """
        fields = []
        for axis, length in enumerate(self.size):
            low = high = 0
            for layer in (*reversed(self.blocks), self.stem):
                low, high = layer.sees(low, high, axis)  # type: ignore[operator]
            fields.append(high - low + 1 if length is None else min(high - low + 1, length))
        return fields[0], fields[1]

    @property
    def stride(self) -> tuple[int, int]:
        """Rows and columns of the input from one unit of the last layer to the next."""
        rows = math.prod(block.strides[0] for block in self.blocks)  # type: ignore[index, misc]
        columns = math.prod(block.strides[1] for block in self.blocks)  # type: ignore[index, misc]
        return rows, columns

    def features(self, x: Tensor) -> Tensor:
        """The last layer before the pool, (B, D, h, w), of images (B, C, H, W).

        Raises:
            InputError: For images of another shape.
        """
        check_images(x, self.channels, self.size)
        h = in_order(self.stem(x))
        for block in self.blocks:
            h = block(h)
        return ACTIVATIONS[self.activation](h)

    def embed(self, x: Tensor) -> Tensor:
        """What the head is given, (B, D) or, with both pools, (B, 2 D), of images (B, C, H, W)."""
        h = self.features(x)
        parts = []
        if self.pool != "max":
            parts.append(h.mean((-2, -1)))
        if self.pool != "mean":
            parts.append(h.amax((-2, -1)))
        return torch.cat(parts, -1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, O)."""
        z: Tensor = self.head(self.embed(x))
        return z

    def extra_repr(self) -> str:
        """What the parts do not show."""
        return f"channels={self.channels}, activation={self.activation!r}, pool={self.pool!r}"
