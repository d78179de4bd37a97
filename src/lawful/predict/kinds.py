"""What a structured input is, told from its form, and its values as arrays."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lawful.data.clouds import Cloud, as_cloud, offsets_of
from lawful.errors import InputError
from lawful.nets.structured import STRUCTURED
from lawful.predict.inputs import Array


def kind_of(name: str, value: Any, net: Any) -> str:
    """Whether an input is a table, cloud, sequence, image or text.

    Raises:
        InputError: When it is none of them.
    """
    takes = STRUCTURED[net].takes if isinstance(net, str) and net in STRUCTURED else ()
    if is_text(value):
        return "text"
    if is_frame(value):
        return "table"
    if is_cloudy(value):
        if takes == ("image",):  # pixels that its momenta hit
            return "image"
        return "sequence" if takes and "cloud" not in takes else "cloud"
    dimensions = depth(value)
    if dimensions == 2:
        return "table"
    if dimensions == 4 or (dimensions == 3 and takes == ("image",)):
        return "image"
    if dimensions == 3 or is_ragged(value):
        if takes == ("image",):
            raise InputError(
                f"{called(name)}: images of unequal sizes, {sizes(value)}: bring them to one size, by cropping, "
                "padding or binning."
            )
        return "sequence" if not takes or "sequence" in takes else "cloud"
    raise InputError(
        f"{called(name)}: received {described(value)}; expected a table (N, F), a cloud, sequences (N, T, F), "
        "images (N, H, W) or (N, C, H, W), or a list of texts."
    )


def depth(value: Any) -> int:
    """Number of dimensions of an array or tensor, or of lists of equal lengths; 0 for anything else."""
    if hasattr(value, "ndim") and hasattr(value, "shape") and not is_frame(value):
        return 0 if str(getattr(value, "dtype", "")) == "object" else int(value.ndim)
    if isinstance(value, list | tuple) and not is_text(value):
        try:
            return np.asarray(value).ndim
        except ValueError:
            return 0
    return 0


def is_frame(value: Any) -> bool:
    """Whether this is a data frame."""
    return hasattr(value, "columns") and hasattr(value, "iloc")


def is_cloudy(value: Any) -> bool:
    """Whether these are objects by field, or values and a mask."""
    return isinstance(value, Cloud | Mapping) or is_pair(value) or type(value).__module__.split(".")[0] == "awkward"


def is_pair(value: Any) -> bool:
    """Whether these are values and a mask."""
    return (
        isinstance(value, tuple)
        and len(value) == 2
        and all(hasattr(part, "shape") for part in value)
        and len(value[0].shape) == 3
        and len(value[1].shape) == 2
    )


def is_text(value: Any) -> bool:
    """Whether this is a list of texts."""
    if isinstance(value, np.ndarray) or type(value).__module__.split(".")[0] == "pandas":
        return getattr(value, "ndim", 0) == 1 and len(value) > 0 and all(isinstance(v, str) for v in value)
    return isinstance(value, list | tuple) and len(value) > 0 and all(isinstance(v, str) for v in value)


def is_ragged(value: Any) -> bool:
    """Whether this is a list of arrays or lists of unequal lengths."""
    if type(value).__module__.split(".")[0] == "awkward":
        return not value.fields or value.ndim > 1
    if isinstance(value, np.ndarray) and value.dtype != object:
        return False
    if not isinstance(value, list | tuple | np.ndarray) or not len(value) or is_text(value):
        return False
    rows = all(isinstance(row, list | tuple | np.ndarray) for row in value)
    return rows and depth(value if not isinstance(value, np.ndarray) else list(value)) == 0


def columns_of(value: Any) -> tuple[str, ...] | None:
    """Names of the columns of a data frame; None of anything else."""
    return tuple(str(name) for name in value.columns) if is_frame(value) else None


def sizes(value: Any) -> str:
    """The sizes of images, in words."""
    found = sorted({np.shape(image) for image in value})
    return " and ".join(times(size) for size in found[:3]) + (" and others" if len(found) > 3 else "")


def times(shape: Sequence[int]) -> str:
    """A shape in words."""
    return " x ".join(map(str, shape))


def called(name: str) -> str:
    """What messages call an input."""
    return f"input {name!r}" if name else "X"


def described(value: Any) -> str:
    """What was received, in words."""
    shape = getattr(value, "shape", None)
    return f"{type(value).__name__}" + (f" of shape {tuple(shape)}" if shape is not None else "")


def images_of(name: str, value: Any) -> Array:
    """Images as (N, C, H, W)."""
    if type(value).__module__.split(".")[0] == "torch":
        value = value.detach().cpu().numpy()
    try:
        images = np.asarray(value)
    except ValueError:
        images = np.empty(0, object)
    if images.dtype.kind not in "biuf":
        raise InputError(f"{called(name)}: images of unequal sizes, {sizes(value)}: bring them to one size.")
    if images.ndim == 3:
        images = images[:, None]
    if images.ndim != 4 or not all(images.shape[1:]):
        raise InputError(
            f"{called(name)}: images of shape {images.shape}; expected (N, H, W) or (N, channels, H, W)."
        )
    if images.shape[3] <= 4 < images.shape[1]:
        warnings.warn(
            f"{called(name)}: images of shape {images.shape} are read as {images.shape[1]} channels of "
            f"{images.shape[2]} x {images.shape[3]} pixels. If the channels come last, use X.transpose(0, 3, 1, 2).",
            UserWarning,
            stacklevel=6,
        )
    return images.astype(np.float32 if images.dtype.kind != "f" or images.dtype.itemsize < 8 else np.float64)


def table_of(name: str, value: Any) -> Array:
    """A table as floats, (N, F)."""
    if type(value).__module__.split(".")[0] == "torch":
        value = value.detach().cpu().numpy()
    try:
        table = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{called(name)}: expected a table of numbers, received {described(value)}.") from None
    if table.ndim != 2 or not table.shape[1]:
        raise InputError(f"{called(name)}: a table of shape {table.shape}; expected (N, F).")
    return table


def cloud_of(name: str, value: Any) -> Cloud:
    """A cloud of what may be objects or steps."""
    if isinstance(value, Cloud):
        return value
    if is_pair(value):
        values, mask = (np.asarray(part) for part in value)
        if values.ndim != 3 or mask.shape != values.shape[:2]:
            raise InputError(
                f"{called(name)}: values {values.shape} and mask {mask.shape}; expected (N, P, F) and (N, P)."
            )
        there = mask.astype(bool)
        flat = values[there]
        return Cloud(offsets_of(there.sum(1)), {str(f): flat[:, f] for f in range(values.shape[2])})
    if type(value).__module__.split(".")[0] == "torch":
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray) and value.ndim == 3:
        flat = value.reshape(-1, value.shape[2])
        offsets = np.arange(len(value) + 1) * value.shape[1]
        return Cloud(offsets, {str(f): flat[:, f] for f in range(value.shape[2])})
    if isinstance(value, list | tuple | np.ndarray) and is_ragged(value):
        steps = [np.asarray(part, dtype=np.float64) for part in value]
        steps = [part[:, None] if part.ndim == 1 else part for part in steps]
        widths = sorted({part.shape[1] for part in steps if len(part)})
        if len(widths) > 1:
            raise InputError(f"{called(name)}: objects with {widths} numbers; all need the same number of them.")
        flat = np.concatenate([part.reshape(-1, widths[0] if widths else 1) for part in steps])
        return Cloud(
            offsets_of(np.array([len(p) for p in steps])), {str(f): flat[:, f] for f in range(flat.shape[1])}
        )
    return as_cloud(value, name=name or "X")
