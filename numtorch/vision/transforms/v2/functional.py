"""The functions of `transforms.functional`, and those that only the second version has."""

from __future__ import annotations

import numpy as np
from numtorch.jit import dtypes as _d

from ...._creation import from_numpy
from ...._tensor import Tensor
from ..functional import *  # noqa: F403
from ..functional import (
    InterpolationMode,
    convert_image_dtype,
    elastic_transform,
    get_dimensions,
    get_image_num_channels,
    get_image_size,
    hflip,
    pil_to_tensor,
    rgb_to_grayscale,
    vflip,
)

__all__ = ["InterpolationMode", "gaussian_noise", "grayscale_to_rgb", "to_dtype", "to_image"]

horizontal_flip, vertical_flip, elastic = hflip, vflip, elastic_transform
get_num_channels = get_image_num_channels


def get_size(img) -> list[int]:
    """[height, width]."""
    return get_image_size(img)[::-1]


def to_image(inpt) -> Tensor:
    """An image or array [H, W, C] as a tensor [C, H, W] of its own dtype."""
    if isinstance(inpt, np.ndarray):
        array = inpt[:, :, None] if inpt.ndim == 2 else inpt
        return from_numpy(np.array(array.transpose(2, 0, 1), order="C"))
    if isinstance(inpt, Tensor):
        return inpt
    return pil_to_tensor(inpt).contiguous()


def to_dtype(inpt: Tensor, dtype=_d.float32, scale: bool = False) -> Tensor:
    """Another dtype, with `scale` also in its range."""
    return convert_image_dtype(inpt, dtype) if scale else inpt.to(dtype)


def grayscale_to_rgb(img) -> object:
    """Three equal channels for one."""
    return rgb_to_grayscale(img, 3) if get_dimensions(img)[0] == 1 else img


def gaussian_noise(
    inpt: Tensor, mean: float = 0.0, sigma: float = 0.1, clip: bool = True
) -> Tensor:
    """Normal noise added to a float image."""
    from ._misc import noise_like

    if not isinstance(inpt, Tensor) or not inpt.is_floating_point():
        dtype = getattr(inpt, "dtype", type(inpt).__name__)
        raise ValueError(f"Input tensor is expected to be in float dtype, got dtype={dtype}")
    if sigma < 0:
        raise ValueError(f"sigma shouldn't be negative. Got {sigma}")
    noisy = inpt + (mean + noise_like(inpt) * sigma)
    return noisy.clamp(0, 1) if clip else noisy
