"""Images mirrored, turned and moved at random, for trainings where these make no difference.

Images are (B, C, H, W) tensors of floating-point numbers. The last axis is x and the one before y, both growing with
the index, and a positive angle turns x towards y. Nothing is changed in place.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from lawful.errors import InputError


def augment_images(
    x: Tensor,
    rng: np.random.Generator,
    *,
    flips: bool = True,
    quarter_turns: bool = True,
    rotation: float = 0.0,
    shift: int = 0,
    cyclic: bool = False,
) -> Tensor:
    """What else could each image have looked like?

    Every image is mirrored, turned and moved by draws of its own. Choose only what leaves the answer as it is: turns
    by angles between the quarter turns blur the pixels a little and lose what leaves the frame.

    Args:
        x: (B, C, H, W) images.
        rng: Where the draws come from; the same state gives the same images.
        flips: Whether to mirror along each of the two axes, with a chance of one half.
        quarter_turns: Whether to turn by none, one, two or three right angles; of square images only.
        rotation: The largest angle in radians, either way, of a further turn, uniformly drawn; 0 for none.
        shift: By how many whole pixels at most, either way along each axis, to move; 0 for none.
        cyclic: Whether what is moved out at one side comes in at the other, as for an azimuth or a periodic lattice;
            else zeros come in.

    Returns:
        (B, C, H, W) images, of the type and on the device of `x`.

    Raises:
        InputError: When `x` is no batch of images, or a setting is out of range.

    Examples:
        >>> x = torch.zeros(2, 1, 8, 8)
        >>> x[:, :, 1, 2] = 1.0
        >>> augmented = augment_images(x, np.random.default_rng(0))
        >>> augmented.shape, augmented.sum().item()
        (torch.Size([2, 1, 8, 8]), 2.0)
    """
    _checked(x)
    B = len(x)
    if not 0 <= rotation < np.inf:
        raise InputError(f"rotation={rotation!r}: the largest angle in radians is expected, 0 for none")
    if shift < 0 or shift != int(shift):
        raise InputError(f"shift={shift!r}: a whole number of pixels is expected, 0 for none")
    if flips:
        x = flip_images(x, *rng.random((2, B)) < 0.5)
    if quarter_turns:
        if x.shape[2] != x.shape[3]:
            raise InputError(
                f"images of {x.shape[2]} x {x.shape[3]} pixels cannot be turned by a right angle: "
                "make them square, or set quarter_turns=False"
            )
        x = turn_images(x, rng.integers(0, 4, B))
    if rotation:
        x = rotate_images(x, rng.uniform(-rotation, rotation, B))
    if shift:
        x = shift_images(x, *rng.integers(-int(shift), int(shift) + 1, (2, B)), cyclic=cyclic)
    return x


def flip_images(x: Tensor, along_x: np.ndarray | Tensor, along_y: np.ndarray | Tensor) -> Tensor:
    """Images mirrored along x, along y, or both, where the (B,) truth values say so.

    Examples:
        >>> flip_images(torch.tensor([[[[1.0, 2.0]]]]), np.array([True]), np.array([False])).flatten().tolist()
        [2.0, 1.0]
    """
    x = torch.where(_each(along_x, x) > 0, x.flip(-1), x)
    return torch.where(_each(along_y, x) > 0, x.flip(-2), x)


def turn_images(x: Tensor, quarters: np.ndarray | Tensor) -> Tensor:
    """Square images turned by so many right angles, (B,) whole numbers, from x towards y; exact.

    Examples:
        >>> turn_images(torch.tensor([[[[0.0, 1.0], [2.0, 3.0]]]]), np.array([1]))[0, 0].tolist()
        [[2.0, 0.0], [3.0, 1.0]]
    """
    quarters = torch.as_tensor(quarters, device=x.device) % 4
    turned = x.clone()
    for quarter in (1, 2, 3):
        those = quarters == quarter
        turned[those] = torch.rot90(x[those], quarter, (-1, -2))
    return turned


def rotate_images(x: Tensor, angle: np.ndarray | Tensor) -> Tensor:
    """Images turned by angles, (B,) in radians, from x towards y about their middle.

    Values between pixels are interpolated linearly along both axes; what was outside the frame is zero.

    Examples:
        >>> rotate_images(torch.tensor([[[[0.0, 1.0], [2.0, 3.0]]]]), np.array([np.pi / 2]))[0, 0].round().tolist()
        [[2.0, 0.0], [3.0, 1.0]]
    """
    H, W = x.shape[-2:]
    angle = torch.as_tensor(angle).to(x)
    c, s = angle.cos(), angle.sin()
    zero = torch.zeros_like(c)
    # where each pixel comes from, in halves of the frame: x' = c x + s y, y' = -s x + c y
    sources = torch.stack([c, s * H / W, zero, -s * W / H, c, zero], -1).reshape(-1, 2, 3)
    across = (torch.arange(W).to(x) * 2 + 1) / W - 1
    down = (torch.arange(H).to(x) * 2 + 1) / H - 1
    y, x_ = torch.meshgrid(down, across, indexing="ij")
    places = torch.stack([x_, y, torch.ones_like(y)], -1)  # (H, W, 3)
    grid = torch.einsum("bij,hwj->bhwi", sources, places)
    return grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def shift_images(
    x: Tensor, along_x: np.ndarray | Tensor, along_y: np.ndarray | Tensor, *, cyclic: bool = False
) -> Tensor:
    """Images moved by whole pixels, (B,) along each axis; zeros come in, or what left at the other side if cyclic.

    Examples:
        >>> row = torch.tensor([[[[1.0, 2.0, 3.0]]]])
        >>> shift_images(row, np.array([1]), np.array([0])).flatten().tolist()
        [0.0, 1.0, 2.0]
        >>> shift_images(row, np.array([1]), np.array([0]), cyclic=True).flatten().tolist()
        [3.0, 1.0, 2.0]
    """
    H, W = x.shape[-2:]
    rows, columns = (
        torch.arange(size, device=x.device) - torch.as_tensor(by, device=x.device)[:, None]
        for size, by in ((H, along_y), (W, along_x))
    )
    events = torch.arange(len(x), device=x.device)
    # advanced indices first: (B, H, W, C)
    moved = x.permute(0, 2, 3, 1)[events[:, None, None], (rows % H)[:, :, None], (columns % W)[:, None, :]]
    if not cyclic:
        inside = ((rows >= 0) & (rows < H))[:, :, None] & ((columns >= 0) & (columns < W))[:, None, :]
        moved = torch.where(inside[..., None], moved, 0.0)
    return moved.permute(0, 3, 1, 2)


def _each(values: np.ndarray | Tensor, x: Tensor) -> Tensor:
    """One number for each image, as (B, 1, 1, 1)."""
    return torch.as_tensor(values).to(x).reshape(-1, 1, 1, 1)


def _checked(x: Tensor) -> None:
    if not isinstance(x, Tensor) or x.ndim != 4 or not x.is_floating_point():
        what = f"{tuple(x.shape)} of {x.dtype}" if isinstance(x, Tensor) else type(x).__name__
        raise InputError(f"x is {what}: images are a tensor of shape (B, C, H, W) and of a floating-point type")
