"""Grids of images, saving them, drawing boxes on them."""

from __future__ import annotations

import math

from .._creation import full
from .._joins import cat, stack
from .._tensor import Tensor
from ..autograd import no_grad
from ._pillow import pillow
from .transforms.functional import to_pil_image

__all__ = ["draw_bounding_boxes", "draw_segmentation_masks", "make_grid", "save_image"]


def _batch(tensor) -> Tensor:
    """Images [B, C, H, W] with at least three channels."""
    if not isinstance(tensor, Tensor):
        if not isinstance(tensor, list):
            raise TypeError(f"tensor or list of tensors expected, got {type(tensor)}")
        for t in tensor:
            if not isinstance(t, Tensor):
                raise TypeError(
                    f"tensor or list of tensors expected, got a list containing {type(t)}"
                )
        tensor = stack(tensor, 0)
    tensor = tensor.detach()
    if tensor.dim() == 2:
        tensor = tensor.unsqueeze(0)
    if tensor.dim() == 3:
        tensor = tensor.unsqueeze(0)
    if tensor.dim() == 4 and tensor.size(1) == 1:
        tensor = cat((tensor, tensor, tensor), 1)
    return tensor


def _stretched(t: Tensor, value_range) -> Tensor:
    low, high = value_range or (float(t.min()), float(t.max()))
    return (t.clamp(low, high) - low) / max(high - low, 1e-5)


@no_grad()
def make_grid(
    tensor: Tensor | list[Tensor], nrow: int = 8, padding: int = 2, normalize: bool = False,
    value_range: tuple[float, float] | None = None, scale_each: bool = False,
    pad_value: float = 0.0,
) -> Tensor:  # fmt: skip
    """One image [C, H, W] of many, `nrow` in a row; with `normalize` stretched to [0, 1].

    >>> import numtorch as torch
    >>> from numtorch.vision.utils import make_grid
    >>> make_grid(torch.zeros(5, 1, 4, 4), nrow=3).shape
    torch.Size([3, 14, 20])
    """
    tensor = _batch(tensor)
    if normalize:
        if value_range is not None and not isinstance(value_range, tuple):
            raise TypeError(
                "value_range has to be a tuple (min, max) if specified. min and max are numbers"
            )
        if scale_each:
            tensor = stack([_stretched(t, value_range) for t in tensor.unbind(0)])
        else:
            tensor = _stretched(tensor, value_range)
    count, channels, h, w = tensor.shape
    if count == 1:
        return tensor.squeeze(0)
    columns = min(nrow, count)
    rows = math.ceil(count / columns)
    h, w = h + padding, w + padding
    grid = full(
        (channels, h * rows + padding, w * columns + padding), pad_value, dtype=tensor.dtype
    )
    for k in range(count):
        y, x = k // columns * h + padding, k % columns * w + padding
        grid[:, y : y + h - padding, x : x + w - padding] = tensor[k]
    return grid


@no_grad()
def save_image(tensor: Tensor | list[Tensor], fp, format: str | None = None, **kwargs) -> None:
    """Writes a grid of images with values in [0, 1] to a file; options are those of `make_grid`."""
    grid = make_grid(tensor, **kwargs)
    image = pillow("Image")
    array = (grid * 255).add(0.5).clamp(0, 255).permute(1, 2, 0).byte().numpy()
    image.fromarray(array).save(fp, format=format)


@no_grad()
def draw_bounding_boxes(
    image: Tensor, boxes: Tensor, labels: list[str] | None = None, colors=None,
    fill: bool | None = False, width: int = 1, font: str | None = None,
    font_size: int | None = None,
) -> Tensor:  # fmt: skip
    """A uint8 image [C, H, W] with boxes [N, 4] of (left, top, right, bottom) drawn on it."""
    if font is not None or font_size is not None:
        raise NotImplementedError("draw_bounding_boxes has only the default font in numtorch")
    if image.dtype.name != "uint8":
        raise ValueError(f"The image dtype must be uint8, got {image.dtype}")
    if image.dim() != 3:
        raise ValueError("Pass individual images, not batches")
    if image.size(0) not in (1, 3):
        raise ValueError("Only grayscale and RGB images are supported")
    n = boxes.size(0)
    if labels is not None and len(labels) != n:
        raise ValueError(
            f"Number of boxes ({n}) and labels ({len(labels)}) mismatch. Please specify labels for "
            "each box."
        )
    picture = to_pil_image(image if image.size(0) == 3 else image.expand(3, -1, -1))
    draw = pillow("ImageDraw").Draw(picture, "RGBA" if fill else "RGB")
    for k, (box, color) in enumerate(zip(boxes.tolist(), _colors(colors, n))):
        inside = (*color, 100) if fill else None
        draw.rectangle(box, width=width, outline=color, fill=inside)
        if labels is not None and labels[k] is not None:
            draw.text((box[0] + width, box[1] + width), labels[k], fill=color)
    from .transforms.functional import pil_to_tensor

    return pil_to_tensor(picture)


def _colors(colors, n: int) -> list[tuple]:
    """n colors as (r, g, b)."""
    if colors is None:
        steps = (2**25 - 1, 2**15 - 1, 2**21 - 1)
        return [tuple(k * s % 255 for s in steps) for k in range(n)]
    if not isinstance(colors, list):
        colors = [colors] * n
    if len(colors) < n:
        raise ValueError(f"Number of colors must be equal or larger than the number of objects, "
                         f"but got {len(colors)} < {n}.")  # fmt: skip
    rgb = pillow("ImageColor").getrgb
    return [rgb(c) if isinstance(c, str) else tuple(c) for c in colors[:n]]


@no_grad()
def draw_segmentation_masks(
    image: Tensor, masks: Tensor, alpha: float = 0.8, colors=None
) -> Tensor:
    """An image [3, H, W] with boolean masks [N, H, W] painted over it."""
    if image.dim() != 3 or image.size(0) != 3:
        raise ValueError("Pass an RGB image. Other Image formats are not supported")
    masks = masks.unsqueeze(0) if masks.dim() == 2 else masks
    if masks.dtype.name != "bool":
        raise ValueError(f"The masks must be of dtype bool. Got {masks.dtype}")
    if masks.shape[-2:] != image.shape[-2:]:
        raise ValueError("The image and the masks must have the same height and width")
    scale = 1.0 if image.dtype.name == "uint8" else 255.0
    painted = image
    for mask, color in zip(masks.unbind(0), _colors(colors, masks.size(0))):
        tone = image.new_tensor([c / scale for c in color[:3]]).reshape(3, 1, 1)
        painted = tone.where(mask, painted)
    return (image * (1 - alpha) + painted * alpha).to(image.dtype)
