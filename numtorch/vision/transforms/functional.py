"""Transforms as functions: each takes a Pillow image or a tensor [..., C, H, W]."""

from __future__ import annotations

import math
import numbers
import sys
import warnings

import numpy as np
from numtorch.jit import dtypes as _d
from numtorch.jit.values import steps_of

from ..._creation import from_numpy
from ..._host_arrays import new_tensor, value_in_memory, values_of
from ..._tensor import Tensor
from .._pillow import Picture, is_pil_image, pillow
from . import _functional_pil as F_pil
from . import _functional_tensor as F_t
from ._modes import InterpolationMode, interpolation_mode, pil_modes_mapping

__all__ = [
    "InterpolationMode", "adjust_brightness", "adjust_contrast", "adjust_gamma", "adjust_hue",
    "adjust_saturation", "adjust_sharpness", "affine", "autocontrast", "center_crop",
    "convert_image_dtype", "crop", "elastic_transform", "equalize", "erase", "five_crop",
    "gaussian_blur", "get_dimensions", "get_image_num_channels", "get_image_size", "hflip",
    "invert", "normalize", "pad", "perspective", "pil_modes_mapping", "pil_to_tensor", "posterize",
    "resize", "resized_crop", "rgb_to_grayscale", "rotate", "solarize", "ten_crop",
    "to_grayscale", "to_pil_image", "to_tensor", "vflip",
]  # fmt: skip


def get_dimensions(img) -> list[int]:
    """[channels, height, width]."""
    return F_t.get_dimensions(img) if isinstance(img, Tensor) else F_pil.get_dimensions(img)


def get_image_size(img) -> list[int]:
    """[width, height]."""
    return get_dimensions(img)[:0:-1]


def get_image_num_channels(img) -> int:
    """Number of channels."""
    return get_dimensions(img)[0]


# ---------------------------------------------------------------- images and tensors


def _is_numpy_image(pic) -> bool:
    return isinstance(pic, np.ndarray)


_PIL_TYPES = {"I": np.int32, "F": np.float32,
              "I;16" if sys.byteorder == "little" else "I;16B": np.int16}  # fmt: skip


def to_tensor(pic) -> Tensor:
    """An image or array [H, W, C] as a tensor [C, H, W]; bytes become floats in [0, 1].

    >>> import numpy as np
    >>> from numtorch.vision.transforms.functional import to_tensor
    >>> to_tensor(np.full((1, 1, 3), 255, np.uint8)).flatten()
    tensor([1., 1., 1.])
    """
    if isinstance(pic, np.ndarray):
        if pic.ndim not in (2, 3):
            raise ValueError(f"pic should be 2/3 dimensional. Got {pic.ndim} dimensions.")
        return _planes(pic[:, :, None] if pic.ndim == 2 else pic)
    if not is_pil_image(pic):
        raise TypeError(f"pic should be PIL Image or ndarray. Got {type(pic)}")
    array = np.asarray(pic, _PIL_TYPES.get(pic.mode, np.uint8))
    if pic.mode == "1":
        array = 255 * array
    return _planes(array.reshape(pic.size[1], pic.size[0], -1))


def _planes(array: np.ndarray) -> Tensor:
    planes = array.transpose(2, 0, 1)
    if array.dtype != np.uint8:
        return from_numpy(np.array(planes, order="C"))
    t, out = new_tensor(planes.shape, _d.default)
    np.divide(planes, out.dtype.type(255), out=out, dtype=out.dtype)
    return t


def pil_to_tensor(pic) -> Tensor:
    """A Pillow image as a tensor [C, H, W] of its own type."""
    if not is_pil_image(pic):
        raise TypeError(f"pic should be PIL Image. Got {type(pic)}")
    array = np.array(pic)
    return from_numpy(array.reshape(pic.size[1], pic.size[0], -1)).permute(2, 0, 1)


def convert_image_dtype(image: Tensor, dtype=_d.float32) -> Tensor:
    """Another dtype, with values scaled to its range."""
    if not isinstance(image, Tensor):
        raise TypeError("Input img should be Tensor Image")
    return F_t.convert_image_dtype(image, dtype)


_MODES = {2: ["LA"], 3: ["RGB", "YCbCr", "HSV"], 4: ["RGBA", "CMYK", "RGBX"]}
_GRAY = {"uint8": "L", "int16": "I;16" if sys.byteorder == "little" else "I;16B", "int32": "I",
         "float32": "F"}  # fmt: skip


def to_pil_image(pic, mode: str | None = None) -> Picture:
    """A tensor [C, H, W] or array [H, W, C] as a Pillow image; floats are in [0, 1]."""
    if isinstance(pic, Tensor):
        array = (pic.permute(1, 2, 0) if pic.ndim == 3 else pic).numpy(force=True)
    elif isinstance(pic, np.ndarray):
        array = pic
    else:
        raise TypeError(f"pic should be Tensor or ndarray. Got {type(pic)}.")
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3:
        raise ValueError(f"pic should be 2/3 dimensional. Got {array.ndim} dimensions.")
    channels = array.shape[-1]
    if channels > 4:
        raise ValueError(f"pic should not have > 4 channels. Got {channels} channels.")
    if array.dtype.kind == "f" and mode != "F":
        array = (array * 255).astype(np.uint8)
    if channels == 1:
        array, expected = array[:, :, 0], _GRAY.get(array.dtype.name)
        if mode is not None and mode != expected:
            raise ValueError(
                f"Incorrect mode ({mode}) supplied for input type {np.dtype}. Should be {expected}"
            )
        mode = expected
    else:
        if mode is not None and mode not in _MODES[channels]:
            raise ValueError(f"Only modes {_MODES[channels]} are supported for {channels}D inputs")
        if mode is None and array.dtype == np.uint8:
            mode = _MODES[channels][0]
    if mode is None:
        raise TypeError(f"Input type {array.dtype} is not supported")
    return _pil_image(np.ascontiguousarray(array), mode)


def _pil_image(array: np.ndarray, mode: str):
    image = pillow("Image")
    if mode in ("YCbCr", "HSV", "CMYK", "RGBX", "I;16", "I;16B"):
        return image.frombytes(mode, array.shape[1::-1], array.tobytes())
    return image.fromarray(array)


def normalize(tensor: Tensor, mean, std, inplace: bool = False) -> Tensor:
    """(tensor - mean) / std of each channel."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(tensor)}")
    out = None if inplace else _normalized(tensor, mean, std)
    return F_t.normalize(tensor, mean, std, inplace) if out is None else out


def _normalized(t: Tensor, mean, std) -> Tensor | None:
    """The result by NumPy, for a row-major float32 image in memory."""
    if t.dtype is not _d.float32 or t.ndim != 3 or isinstance(mean, Tensor):
        return None
    v = value_in_memory(t)
    if v is None or steps_of(v) is not None or isinstance(std, Tensor):
        return None
    mean, std = (np.asarray(x, np.float32) for x in (mean, std))
    if mean.ndim != 1 or std.ndim != 1 or not std.all():
        return None
    c = v.meta.shape[0]
    if mean.size not in (1, c) or std.size not in (1, c):
        return None
    out, array = new_tensor(v.meta.shape, _d.float32)
    np.subtract(values_of(v), mean[:, None, None], out=array)
    np.divide(array, std[:, None, None], out=array)
    return out


# ---------------------------------------------------------------- geometry


def resized_size(image_size, size, max_size: int | None = None) -> list[int]:
    """[height, width] of an image of (height, width) after a resize."""
    h, w = image_size
    if len(size) == 2:
        return [int(n) for n in size]
    short, long = min(h, w), max(h, w)
    new_short, new_long = size[0], int(size[0] * long / short)
    if max_size is not None:
        if max_size <= new_short:
            raise ValueError(
                f"max_size = {max_size} must be strictly greater than the requested size for the "
                f"smaller edge size = {size}"
            )
        if new_long > max_size:
            new_short, new_long = int(max_size * new_short / new_long), max_size
    return [new_long, new_short] if w <= h else [new_short, new_long]


def resize(
    img, size, interpolation: InterpolationMode = InterpolationMode.BILINEAR,
    max_size: int | None = None, antialias: bool | None = True,
) -> Picture:  # fmt: skip
    """The image in [height, width] pixels; one number is the length of the smaller edge."""
    interpolation = interpolation_mode(interpolation)
    if isinstance(size, (list, tuple)):
        if len(size) not in (1, 2):
            raise ValueError(
                f"Size must be an int or a 1 or 2 element tuple/list, not a {len(size)} element "
                "tuple/list"
            )
        if max_size is not None and len(size) != 1:
            raise ValueError(
                "max_size should only be passed if size specifies the length of the smaller edge, "
                "i.e. size should be an int or a sequence of length 1 in torchscript mode."
            )
    _, h, w = get_dimensions(img)
    out = resized_size((h, w), [size] if isinstance(size, int) else size, max_size)
    if out == [h, w]:
        return img
    if isinstance(img, Tensor):
        return F_t.resize(img, out, interpolation.value, antialias)
    if antialias is False:
        warnings.warn(
            "Anti-alias option is always applied for PIL Image input. Argument antialias is "
            "ignored.",
            stacklevel=2,
        )
    return F_pil.resize(img, out, pil_modes_mapping[interpolation])


def pad(img, padding, fill=0, padding_mode: str = "constant") -> Picture:
    """The image with a border: a number, (left/right, top/bottom) or (left, top, right, bottom)."""
    module = F_t if isinstance(img, Tensor) else F_pil
    return module.pad(img, padding, fill, padding_mode)


def crop(img, top: int, left: int, height: int, width: int) -> Picture:
    """A part of the image; zeros where it lies outside."""
    module = F_t if isinstance(img, Tensor) else F_pil
    return module.crop(img, top, left, height, width)


def _pair(size) -> tuple[int, int]:
    if isinstance(size, numbers.Number):
        return int(size), int(size)
    return tuple(size) * 2 if len(size) == 1 else tuple(size)


def center_crop(img, output_size) -> Picture:
    """The middle of the image, with a border of zeros if it is too small."""
    height, width = _pair(output_size)
    _, h, w = get_dimensions(img)
    if width > w or height > h:
        more_w, more_h = max(width - w, 0), max(height - h, 0)
        img = pad(img, [more_w // 2, more_h // 2, (more_w + 1) // 2, (more_h + 1) // 2])
        _, h, w = get_dimensions(img)
        if (width, height) == (w, h):
            return img
    return crop(img, round((h - height) / 2.0), round((w - width) / 2.0), height, width)


def resized_crop(
    img, top: int, left: int, height: int, width: int, size,
    interpolation: InterpolationMode = InterpolationMode.BILINEAR, antialias: bool | None = True,
) -> Picture:  # fmt: skip
    """A part of the image, resized."""
    return resize(crop(img, top, left, height, width), size, interpolation, antialias=antialias)


def hflip(img) -> Picture:
    """Left and right exchanged."""
    return F_t.hflip(img) if isinstance(img, Tensor) else F_pil.hflip(img)


def vflip(img) -> Picture:
    """Top and bottom exchanged."""
    return F_t.vflip(img) if isinstance(img, Tensor) else F_pil.vflip(img)


def five_crop(img, size) -> tuple:
    """The four corners and the middle."""
    size = _pair(size)
    if len(size) != 2:
        raise ValueError("Please provide only two dimensions (h, w) for size.")
    _, h, w = get_dimensions(img)
    height, width = size
    if width > w or height > h:
        raise ValueError(f"Requested crop size {size} is bigger than input size {(h, w)}")
    corners = (
        crop(img, top, left, height, width) for top in (0, h - height) for left in (0, w - width)
    )
    return (*corners, center_crop(img, [height, width]))


def ten_crop(img, size, vertical_flip: bool = False) -> tuple:
    """`five_crop` of the image and of its mirror image."""
    size = _pair(size)
    return five_crop(img, size) + five_crop(vflip(img) if vertical_flip else hflip(img), size)


def perspective_coeffs(startpoints, endpoints) -> list[float]:
    """The eight numbers that send the end points to the start points (in float32)."""
    if len(startpoints) != 4 or len(endpoints) != 4:
        raise ValueError(
            f"Please provide exactly four corners, got {len(startpoints)} startpoints and "
            f"{len(endpoints)} endpoints."
        )
    rows = []
    for (x, y), (u, v) in zip(endpoints, startpoints):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    right = np.array(startpoints, np.float64).reshape(8)
    found = np.linalg.lstsq(np.array(rows, np.float64), right, rcond=None)[0]
    return found.astype(np.float32).tolist()


def perspective(
    img, startpoints, endpoints, interpolation: InterpolationMode = InterpolationMode.BILINEAR,
    fill=None,
) -> Picture:  # fmt: skip
    """The image seen so that four points [x, y] come to other places."""
    coeffs = perspective_coeffs(startpoints, endpoints)
    mode = interpolation_mode(interpolation)
    if isinstance(img, Tensor):
        return F_t.perspective(img, coeffs, mode.value, fill)
    return F_pil.perspective(img, coeffs, pil_modes_mapping[mode], fill)


def _inverse_affine_matrix(center, angle, translate, scale, shear) -> list[float]:
    """The first two rows of C R^-1 C^-1 T^-1 for an image that is turned, sheared, scaled, moved.

    R = rotation * scale * shear in y * shear in x, C moves the origin to the center, T moves.
    """
    turn, sx, sy = (math.radians(v) for v in (angle, *shear))
    (cx, cy), (tx, ty) = center, translate
    a = math.cos(turn - sy) / math.cos(sy)
    b = -math.cos(turn - sy) * math.tan(sx) / math.cos(sy) - math.sin(turn)
    c = math.sin(turn - sy) / math.cos(sy)
    d = -math.sin(turn - sy) * math.tan(sx) / math.cos(sy) + math.cos(turn)
    # det R = scale**2: the inverse needs no division but by the scale.
    p, q, r, s = (v / scale for v in (d, -b, -c, a))
    return [
        p, q, p * (-cx - tx) + q * (-cy - ty) + cx, r, s, r * (-cx - tx) + s * (-cy - ty) + cy
    ]  # fmt: skip


def _from_middle(img, center) -> list[float]:
    if center is None:
        return [0.0, 0.0]
    _, h, w = get_dimensions(img)
    return [c - n * 0.5 for c, n in zip(center, (w, h))]


def rotate(
    img, angle: float, interpolation: InterpolationMode = InterpolationMode.NEAREST,
    expand: bool = False, center=None, fill=None,
) -> Picture:  # fmt: skip
    """Turned counterclockwise by degrees, about [x, y] or the middle."""
    mode = interpolation_mode(interpolation)
    if not isinstance(angle, (int, float)):
        raise TypeError("Argument angle should be int or float")
    if center is not None and not isinstance(center, (list, tuple)):
        raise TypeError("Argument center should be a sequence")
    if not isinstance(img, Tensor):
        return F_pil.rotate(img, angle, pil_modes_mapping[mode], expand, center, fill)
    matrix = _inverse_affine_matrix(
        _from_middle(img, center), -angle, [0.0, 0.0], 1.0, [0.0, 0.0]
    )
    return F_t.rotate(img, matrix, mode.value, expand, fill)


def _check_affine(angle, translate, scale, shear, center) -> list:
    """The two shear angles; TypeError or ValueError for bad arguments."""
    if not isinstance(angle, (int, float)):
        raise TypeError("Argument angle should be int or float")
    if not isinstance(translate, (list, tuple)):
        raise TypeError("Argument translate should be a sequence")
    if len(translate) != 2:
        raise ValueError("Argument translate should be a sequence of length 2")
    if scale <= 0.0:
        raise ValueError("Argument scale should be positive")
    if not isinstance(shear, (numbers.Number, list, tuple)):
        raise TypeError("Shear should be either a single value or a sequence of two values")
    shear = [shear, 0.0] if isinstance(shear, numbers.Number) else list(shear)
    shear = shear * 2 if len(shear) == 1 else shear
    if len(shear) != 2:
        raise ValueError(f"Shear should be a sequence containing two values. Got {shear}")
    if center is not None and not isinstance(center, (list, tuple)):
        raise TypeError("Argument center should be a sequence")
    return shear


def affine(
    img, angle: float, translate, scale: float, shear,
    interpolation: InterpolationMode = InterpolationMode.NEAREST, fill=None, center=None,
) -> Picture:  # fmt: skip
    """Turned clockwise by degrees, moved by [x, y] pixels, scaled and sheared about a center."""
    mode = interpolation_mode(interpolation)
    shear = _check_affine(angle, translate, scale, shear, center)
    if isinstance(img, Tensor):
        middle = _from_middle(img, center)
        matrix = _inverse_affine_matrix(middle, angle, translate, scale, shear)
        return F_t.affine(img, matrix, mode.value, fill)
    _, h, w = get_dimensions(img)
    middle = [w * 0.5, h * 0.5] if center is None else center
    matrix = _inverse_affine_matrix(middle, angle, translate, scale, shear)
    return F_pil.affine(img, matrix, pil_modes_mapping[mode], fill)


# ---------------------------------------------------------------- colors


def _either(name: str, *arguments: str):
    def run(img, *args, **kwargs):
        module = F_t if isinstance(img, Tensor) else F_pil
        args += tuple(kwargs.pop(k) for k in arguments[len(args) :] if k in kwargs)
        if kwargs:
            raise TypeError(f"{name}() got an unexpected keyword argument {next(iter(kwargs))!r}")
        return getattr(module, name)(img, *args)

    run.__name__ = run.__qualname__ = name
    run.__doc__ = getattr(F_t, name).__doc__
    return run


adjust_brightness = _either("adjust_brightness", "brightness_factor")
adjust_contrast = _either("adjust_contrast", "contrast_factor")
adjust_saturation = _either("adjust_saturation", "saturation_factor")
adjust_hue = _either("adjust_hue", "hue_factor")
adjust_gamma = _either("adjust_gamma", "gamma", "gain")
adjust_sharpness = _either("adjust_sharpness", "sharpness_factor")
solarize = _either("solarize", "threshold")
invert = _either("invert")
autocontrast = _either("autocontrast")
equalize = _either("equalize")


def posterize(img, bits: int) -> Picture:
    """The upper bits of the values."""
    if not 0 <= bits <= 8:
        raise ValueError(f"The number if bits should be between 0 and 8. Got {bits}")
    return (F_t if isinstance(img, Tensor) else F_pil).posterize(img, bits)


def to_grayscale(img, num_output_channels: int = 1) -> Picture:
    """`rgb_to_grayscale` of a Pillow image."""
    if not is_pil_image(img):
        raise TypeError("Input should be PIL Image")
    return F_pil.to_grayscale(img, num_output_channels)


def rgb_to_grayscale(img, num_output_channels: int = 1) -> Picture:
    """Luminance, in one channel or in three equal ones."""
    if isinstance(img, Tensor):
        return F_t.rgb_to_grayscale(img, num_output_channels)
    return F_pil.to_grayscale(img, num_output_channels)


def erase(img: Tensor, i: int, j: int, h: int, w: int, v, inplace: bool = False) -> Tensor:
    """A rectangle overwritten with v."""
    if not isinstance(img, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(img)}")
    return F_t.erase(img, i, j, h, w, v, inplace)


def _through_tensor(img, run):
    """A function of tensors applied to an image of either kind."""
    if isinstance(img, Tensor):
        return run(img)
    if not is_pil_image(img):
        raise TypeError(f"img should be PIL Image or Tensor. Got {type(img)}")
    return to_pil_image(run(pil_to_tensor(img)), img.mode)


def _kernel_pair(kernel_size) -> list[int]:
    if not isinstance(kernel_size, (int, list, tuple)):
        raise TypeError(
            f"kernel_size should be int or a sequence of integers. Got {type(kernel_size)}"
        )
    sizes = [kernel_size] * 2 if isinstance(kernel_size, int) else list(kernel_size)
    if len(sizes) != 2:
        raise ValueError(
            f"If kernel_size is a sequence its length should be 2. Got {len(sizes)}"
        )
    if any(k % 2 == 0 or k < 0 for k in sizes):
        raise ValueError(f"kernel_size should have odd and positive integers. Got {sizes}")
    return sizes


def gaussian_blur(img, kernel_size, sigma=None) -> Picture:
    """Smoothed; kernel and deviation as one number or [x, y]."""
    sizes = _kernel_pair(kernel_size)
    if sigma is None:
        sigma = [k * 0.15 + 0.35 for k in sizes]
    if not isinstance(sigma, (int, float, list, tuple)):
        raise TypeError(f"sigma should be either float or sequence of floats. Got {type(sigma)}")
    sigma = [float(sigma)] if isinstance(sigma, (int, float)) else list(sigma)
    sigma = sigma * 2 if len(sigma) == 1 else sigma
    if len(sigma) != 2:
        raise ValueError(f"If sigma is a sequence, its length should be 2. Got {len(sigma)}")
    if any(s <= 0.0 for s in sigma):
        raise ValueError(f"sigma should have positive values. Got {sigma}")
    return _through_tensor(img, lambda t: F_t.gaussian_blur(t, sizes, sigma))


def elastic_transform(
    img, displacement: Tensor, interpolation: InterpolationMode = InterpolationMode.BILINEAR,
    fill=None,
) -> Picture:  # fmt: skip
    """Each pixel from its position plus a displacement [1, H, W, 2] (2 is the image's width)."""
    mode = interpolation_mode(interpolation)
    if not isinstance(displacement, Tensor):
        raise TypeError("Argument displacement should be a Tensor")
    shape = (1, *get_dimensions(img)[1:], 2)
    if tuple(displacement.shape) != shape:
        raise ValueError(
            f"Argument displacement shape should be {shape}, but given {displacement.shape}"
        )
    return _through_tensor(
        img, lambda t: F_t.elastic_transform(t, displacement, mode.value, fill)
    )
