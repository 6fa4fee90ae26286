"""Transforms of tensors of images [..., C, H, W]."""

from __future__ import annotations

import warnings

import numpy as np
from numtorch.jit import dtypes as _d

from ..._creation import as_tensor, from_numpy, tensor
from ..._tensor import Tensor
from ...nn import functional as nn
from ._functional_pil import check_padding_mode, pad_sides

_MAX = {
    _d.uint8: 255, _d.int8: 127, _d.int16: 32767, _d.int32: 2147483647,
    _d.int64: 9223372036854775807,
}  # fmt: skip


def max_value(dtype) -> int:
    """The value of full brightness: the largest integer, 1 for floats."""
    return _MAX.get(dtype, 1)


def check_image(img) -> None:
    """TypeError if it can't be an image."""
    if not isinstance(img, Tensor) or img.ndim < 2:
        raise TypeError("Tensor is not a torch image.")


def get_dimensions(img: Tensor) -> list[int]:
    """[channels, height, width]."""
    check_image(img)
    return [1 if img.ndim == 2 else img.shape[-3], *img.shape[-2:]]


def _check_channels(img: Tensor, permitted=(1, 3)) -> int:
    c = get_dimensions(img)[0]
    if c not in permitted:
        raise TypeError(
            f"Input image tensor permitted channel values are {list(permitted)}, but found {c}"
        )
    return c


def _check_color_image(img: Tensor) -> None:
    check_image(img)
    if img.ndim < 3:
        raise TypeError(
            f"Input image tensor should have at least 3 dimensions, but found {img.ndim}"
        )
    _check_channels(img)


def _floating(img: Tensor):
    """The dtype to compute in."""
    return img.dtype if img.is_floating_point() else _d.float32


def convert_image_dtype(image: Tensor, dtype=_d.float32) -> Tensor:
    """Another dtype, with values scaled to its range."""
    if image.dtype == dtype:
        return image
    if image.is_floating_point():
        if dtype.kind == "f":
            return image.to(dtype)
        wide = {_d.float32: (_d.int32, _d.int64), _d.float64: (_d.int64,)}
        if dtype in wide.get(image.dtype, ()):
            raise RuntimeError(
                f"The cast from {image.dtype} to {dtype} cannot be performed safely."
            )
        # A little less than one step more, so that all integers are hit equally often.
        return image.mul(max_value(dtype) + 1.0 - 1e-3).to(dtype)
    have, want = max_value(image.dtype), max_value(dtype)
    if dtype.kind == "f":
        return image.to(dtype) / float(have)
    if have > want:
        factor = (have + 1) // (want + 1)
        return image.div(factor, rounding_mode="floor").to(dtype)
    return image.to(dtype) * ((want + 1) // (have + 1))


def vflip(img: Tensor) -> Tensor:
    """Top and bottom exchanged."""
    check_image(img)
    return img.flip(-2)


def hflip(img: Tensor) -> Tensor:
    """Left and right exchanged."""
    check_image(img)
    return img.flip(-1)


def crop(img: Tensor, top: int, left: int, height: int, width: int) -> Tensor:
    """A part of the image; zeros where it lies outside."""
    _, h, w = get_dimensions(img)
    right, bottom = left + width, top + height
    part = img[..., max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    if left >= 0 and top >= 0 and right <= w and bottom <= h:
        return part
    sides = [
        max(min(right, 0) - left, 0), max(min(bottom, 0) - top, 0),
        max(right - max(w, left), 0), max(bottom - max(h, top), 0),
    ]  # fmt: skip
    return pad(part, sides)


def rgb_to_grayscale(img: Tensor, num_output_channels: int = 1) -> Tensor:
    """Luminance (ITU-R 601), in one channel or in three equal ones."""
    if img.ndim < 3:
        raise TypeError(
            f"Input image tensor should have at least 3 dimensions, but found {img.ndim}"
        )
    c = _check_channels(img)
    if num_output_channels not in (1, 3):
        raise ValueError("num_output_channels should be either 1 or 3")
    if c == 3:
        r, g, b = img.unbind(-3)
        gray = (0.2989 * r + 0.587 * g + 0.114 * b).to(img.dtype).unsqueeze(-3)
    else:
        gray = img.clone()
    return gray.expand(img.shape) if num_output_channels == 3 else gray


def _blend(img: Tensor, other, ratio: float) -> Tensor:
    mixed = float(ratio) * img + (1.0 - float(ratio)) * other
    return mixed.clamp(0, max_value(img.dtype)).to(img.dtype)


def _non_negative(name: str, factor: float) -> None:
    if factor < 0:
        raise ValueError(f"{name} ({factor}) is not non-negative.")


def adjust_brightness(img: Tensor, brightness_factor: float) -> Tensor:
    """Mixed with black; factors above 1 make it brighter."""
    _non_negative("brightness_factor", brightness_factor)
    _check_channels(img)
    return _blend(img, img.new_zeros(img.shape), brightness_factor)


def adjust_contrast(img: Tensor, contrast_factor: float) -> Tensor:
    """Mixed with its mean gray."""
    _non_negative("contrast_factor", contrast_factor)
    gray = rgb_to_grayscale(img) if _check_channels(img) == 3 else img
    mean = gray.to(_floating(img)).mean((-3, -2, -1), keepdim=True)
    return _blend(img, mean, contrast_factor)


def adjust_saturation(img: Tensor, saturation_factor: float) -> Tensor:
    """Mixed with its luminance."""
    _non_negative("saturation_factor", saturation_factor)
    if _check_channels(img) == 1:
        return img
    return _blend(img, rgb_to_grayscale(img), saturation_factor)


def adjust_hue(img: Tensor, hue_factor: float) -> Tensor:
    """The hue turned by a part of the circle in [-0.5, 0.5]."""
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"hue_factor ({hue_factor}) is not in [-0.5, 0.5].")
    check_image(img)
    if _check_channels(img) == 1:
        return img
    h, s, v = _rgb2hsv(convert_image_dtype(img, _d.float32))
    return convert_image_dtype(_hsv2rgb((h + hue_factor) % 1.0, s, v), img.dtype)


def _rgb2hsv(img: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Hue, saturation and value (Smith 1978), each in [0, 1]."""
    r, g, b = img.unbind(-3)
    high, low = img.amax(-3), img.amin(-3)
    gray = high == low
    span = high - low
    s = span / high.masked_fill(gray, 1)
    span = span.masked_fill(gray, 1)
    rc, gc, bc = (high - r) / span, (high - g) / span, (high - b) / span
    red, green = high == r, high == g
    h = (
        red * (bc - gc) + (green & ~red) * (2.0 + rc - bc) + (~green & ~red) * (4.0 + gc - rc)
    )
    return (h / 6.0 + 1.0).fmod(1.0), s, high


def _hsv2rgb(h: Tensor, s: Tensor, v: Tensor) -> Tensor:
    sector = (h * 6.0).floor()
    f = h * 6.0 - sector
    p, q, t = (
        (v * (1.0 - s)).clamp(0.0, 1.0), (v * (1.0 - s * f)).clamp(0.0, 1.0),
        (v * (1.0 - s * (1.0 - f))).clamp(0.0, 1.0),
    )  # fmt: skip
    sector = sector.to(_d.int32) % 6
    from ..._joins import stack

    channels = []
    for choices in ((v, q, p, p, t, v), (t, v, v, q, p, p), (p, p, t, v, v, q)):
        x = choices[5]
        for k in range(5):
            x = choices[k].where(sector == k, x)
        channels.append(x)
    return stack(channels, -3)


def adjust_gamma(img: Tensor, gamma: float, gain: float = 1) -> Tensor:
    """gain * v**gamma of values in [0, 1]."""
    _check_channels(img)
    if gamma < 0:
        raise ValueError("Gamma should be a non-negative real number")
    x = img if img.is_floating_point() else convert_image_dtype(img, _d.float32)
    return convert_image_dtype((gain * x.pow(gamma)).clamp(0, 1), img.dtype)


def _mirrored(n: int, before: int, after: int) -> Tensor:
    """Indices of a row with its ends repeated in reverse, edges included."""
    row = np.arange(n)
    parts = [row[:before][::-1] if before else row[:0], row, row[n - after :][::-1]]
    return from_numpy(np.concatenate(parts))


def pad(img: Tensor, padding, fill=0, padding_mode: str = "constant") -> Tensor:
    """The image with a border; negative sides are cropped."""
    check_image(img)
    fill = 0 if fill is None else fill
    left, top, right, bottom = pad_sides(padding)
    if not isinstance(fill, (int, float)):
        raise TypeError("Got inappropriate fill arg")
    check_padding_mode(padding_mode)
    if padding_mode == "symmetric":
        h, w = img.shape[-2:]
        img = img[..., max(-top, 0) : h - max(-bottom, 0), max(-left, 0) : w - max(-right, 0)]
        left, top, right, bottom = (max(p, 0) for p in (left, top, right, bottom))
        if img.ndim not in (3, 4):
            raise RuntimeError("Symmetric padding of N-D tensors are not supported yet")
        rows = _mirrored(img.shape[-2], top, bottom)
        return img.index_select(-2, rows).index_select(
            -1, _mirrored(img.shape[-1], left, right)
        )
    sides = [left, right, top, bottom]
    if padding_mode == "constant":
        return nn.pad(img, sides, value=float(fill))
    batch = img.unsqueeze(0) if img.ndim < 4 else img
    exact = batch if img.dtype in (_d.float32, _d.float64) else batch.to(_d.float32)
    out = nn.pad(exact, sides, mode="replicate" if padding_mode == "edge" else padding_mode)
    return (out.squeeze(0) if img.ndim < 4 else out).to(img.dtype)


def _cast_in(img: Tensor, dtypes) -> Tensor:
    img = img.unsqueeze(0) if img.ndim < 4 else img
    return img if img.dtype in dtypes else img.to(dtypes[0])


def _cast_out(out: Tensor, img: Tensor) -> Tensor:
    out = out.squeeze(0) if img.ndim < 4 else out
    if out.dtype is img.dtype:
        return out
    return (out if img.is_floating_point() else out.round()).to(img.dtype)


def resize(img: Tensor, size, interpolation: str = "bilinear", antialias: bool | None = True):
    """The image in [height, width] pixels."""
    check_image(img)
    smooth = interpolation in ("bilinear", "bicubic")
    x = _cast_in(img, (_d.float32, _d.float64))
    x = nn.interpolate(
        x, size=list(size), mode=interpolation, align_corners=False if smooth else None,
        antialias=bool(antialias) and smooth,
    )  # fmt: skip
    if interpolation == "bicubic" and img.dtype is _d.uint8:
        x = x.clamp(0, 255)
    return _cast_out(x, img)


def _check_grid(img, interpolation: str, fill, modes=("nearest", "bilinear")) -> None:
    if not isinstance(img, Tensor):
        raise TypeError("Input img should be Tensor")
    check_image(img)
    if fill is not None and not isinstance(fill, (int, float, tuple, list)):
        warnings.warn("Argument fill should be either int, float, tuple or list", stacklevel=4)
    c = get_dimensions(img)[0]
    if isinstance(fill, (tuple, list)) and len(fill) > 1 and len(fill) != c:
        raise ValueError(
            "The number of elements in 'fill' cannot broadcast to match the number of channels of "
            f"the image ({len(fill)} != {c})"
        )
    if interpolation not in modes:
        raise ValueError(f"Interpolation mode '{interpolation}' is unsupported with Tensor input")


def _sample(img: Tensor, grid: Tensor, mode: str, fill) -> Tensor:
    """The image at the positions of a grid [1, H, W, 2]; `fill` outside."""
    x = _cast_in(img, (grid.dtype,))
    if x.shape[0] > 1:
        grid = grid.expand(x.shape[0], *grid.shape[1:])
    options = {"mode": mode, "padding_mode": "zeros", "align_corners": False}
    out = nn.grid_sample(x, grid, **options)
    if fill is not None:
        ones = x.new_ones((x.shape[0], 1, *x.shape[2:]))
        inside = nn.grid_sample(ones, grid, **options)
        color = tensor(
            [float(v) for v in fill] if isinstance(fill, (tuple, list)) else [float(fill)],
            dtype=x.dtype,
        ).view(1, -1, 1, 1)
        if mode == "nearest":
            out = color.where(inside < 0.5, out)
        else:
            out = out * inside + (1.0 - inside) * color
    return _cast_out(out, img)


def _centers(n: int, start: float, dtype) -> np.ndarray:
    # As torch.linspace has it: from both ends, in float32.
    step = np.float32(1)
    k = np.arange(n)
    first, last = np.float32(start), np.float32(start + n - 1)
    low = first + k.astype(np.float32) * step
    high = last - (n - 1 - k).astype(np.float32) * step
    return np.where(k < n // 2, low, high).astype(dtype)


def affine_grid(matrix, w: int, h: int, ow: int, oh: int, dtype) -> Tensor:
    """Positions in [-1, 1] of the input's pixels for the output's, about the centers of both."""
    np_dtype = dtype.np
    theta = np.array(matrix, np_dtype).reshape(2, 3)
    theta = theta.T / np.array([0.5 * w, 0.5 * h], np_dtype)
    base = np.ones((oh, ow, 3), np_dtype)
    base[..., 0] = _centers(ow, -ow * 0.5 + 0.5, np_dtype)
    base[..., 1] = _centers(oh, -oh * 0.5 + 0.5, np_dtype)[:, None]
    return from_numpy((base.reshape(-1, 3) @ theta).reshape(1, oh, ow, 2))


def affine(img: Tensor, matrix, interpolation: str = "nearest", fill=None) -> Tensor:
    """Each pixel from where the matrix sends its position."""
    _check_grid(img, interpolation, fill)
    h, w = img.shape[-2:]
    return _sample(img, affine_grid(matrix, w, h, w, h, _floating(img)), interpolation, fill)


def _rotated_size(matrix, w: int, h: int) -> tuple[int, int]:
    """(width, height) that hold the turned rectangle."""
    corners = np.array(
        [[x * w, y * h, 1.0] for x in (-0.5, 0.5) for y in (-0.5, 0.5)], np.float32
    )
    moved = corners @ np.array(matrix, np.float32).reshape(2, 3).T
    half, tolerance = np.array([w * 0.5, h * 0.5], np.float32), np.float32(1e-4)
    high = np.ceil(np.trunc((moved.max(0) + half) / tolerance) * tolerance)
    low = np.floor(np.trunc((moved.min(0) + half) / tolerance) * tolerance)
    return tuple(int(n) for n in high - low)


def rotate(img: Tensor, matrix, interpolation: str = "nearest", expand: bool = False, fill=None):
    """`affine`; with `expand` the output holds all of the turned image."""
    _check_grid(img, interpolation, fill)
    h, w = img.shape[-2:]
    ow, oh = _rotated_size(matrix, w, h) if expand else (w, h)
    return _sample(img, affine_grid(matrix, w, h, ow, oh, _floating(img)), interpolation, fill)


def perspective(
    img: Tensor, perspective_coeffs, interpolation: str = "bilinear", fill=None
) -> Tensor:
    """Each pixel from where the eight coefficients send its position."""
    if not isinstance(img, Tensor):
        raise TypeError("Input img should be Tensor.")
    _check_grid(img, interpolation, fill)
    if len(perspective_coeffs) != 8:
        raise ValueError("Argument coeffs should have 8 float values")
    h, w = img.shape[-2:]
    dtype = _floating(img)
    c = [float(v) for v in perspective_coeffs]
    base = np.ones((h, w, 3), dtype.np)
    base[..., 0], base[..., 1] = _centers(w, 0.5, dtype.np), _centers(h, 0.5, dtype.np)[:, None]
    base = base.reshape(-1, 3)
    top = np.array([c[:3], c[3:6]], dtype.np).T / np.array([0.5 * w, 0.5 * h], dtype.np)
    bottom = np.array([[c[6], c[7], 1.0]] * 2, dtype.np).T
    grid = (base @ top) / (base @ bottom) - dtype.np.type(1)
    return _sample(img, from_numpy(grid.reshape(1, h, w, 2)), interpolation, fill)


def gaussian_kernel(size: int, sigma: float, dtype) -> np.ndarray:
    """Weights of a normal distribution at pixel distances; they sum to 1."""
    half = (size - 1) * 0.5
    x = np.linspace(-half, half, size).astype(dtype)
    pdf = np.exp(dtype.type(-0.5) * (x / dtype.type(sigma)) ** 2)
    return pdf / pdf.sum()


def _filtered(img: Tensor, kernel: np.ndarray, padding) -> Tensor:
    x = _cast_in(img, (_floating(img),))
    c = x.shape[-3]
    weight = from_numpy(np.array(np.broadcast_to(kernel, (c, 1, *kernel.shape))))
    if padding is not None:
        x = nn.pad(x, padding, mode="reflect")
    return _cast_out(nn.conv2d(x, weight, groups=c), img)


def gaussian_blur(img: Tensor, kernel_size, sigma) -> Tensor:
    """Smoothed; (width, height) of the kernel and its deviations."""
    if not isinstance(img, Tensor):
        raise TypeError(f"img should be Tensor. Got {type(img)}")
    check_image(img)
    dtype = _floating(img).np
    (kx, ky), (sx, sy) = kernel_size, sigma
    kernel = np.outer(gaussian_kernel(ky, sy, dtype), gaussian_kernel(kx, sx, dtype))
    return _filtered(img, kernel, [kx // 2, kx // 2, ky // 2, ky // 2])


def invert(img: Tensor) -> Tensor:
    """Full brightness minus the values."""
    _check_color_image(img)
    return max_value(img.dtype) - img


def _only_bytes(img: Tensor) -> None:
    if img.dtype is not _d.uint8:
        raise TypeError(f"Only torch.uint8 image tensors are supported, but found {img.dtype}")


def posterize(img: Tensor, bits: int) -> Tensor:
    """The upper bits of the values."""
    check_image(img)
    if img.ndim < 3:
        _check_color_image(img)
    _only_bytes(img)
    _check_channels(img)
    return img & (256 - 2 ** (8 - bits))


def solarize(img: Tensor, threshold: float) -> Tensor:
    """Values of at least the threshold inverted."""
    _check_color_image(img)
    if threshold > max_value(img.dtype):
        raise TypeError("Threshold should be less than bound of img.")
    return invert(img).where(img >= threshold, img)


def adjust_sharpness(img: Tensor, sharpness_factor: float) -> Tensor:
    """Mixed with its 3x3 smoothing; factors above 1 make it sharper."""
    _non_negative("sharpness_factor", sharpness_factor)
    check_image(img)
    _check_channels(img)
    if img.shape[-1] <= 2 or img.shape[-2] <= 2:
        return img
    kernel = np.ones((3, 3), _floating(img).np)
    kernel[1, 1] = 5
    smooth = img.clone()
    smooth[..., 1:-1, 1:-1] = _filtered(img, kernel / kernel.sum(), None)
    return _blend(img, smooth, sharpness_factor)


def autocontrast(img: Tensor) -> Tensor:
    """Each channel stretched to the full range."""
    _check_color_image(img)
    bound, dtype = max_value(img.dtype), _floating(img)
    low = img.amin((-2, -1), keepdim=True).to(dtype)
    high = img.amax((-2, -1), keepdim=True).to(dtype)
    scale = bound / (high - low)
    flat = ~scale.isfinite()
    low, scale = low.masked_fill(flat, 0), scale.masked_fill(flat, 1)
    return ((img - low) * scale).clamp(0, bound).to(img.dtype)


def _equalized(channel: np.ndarray) -> np.ndarray:
    counts = np.bincount(channel.reshape(-1), minlength=256)
    step = counts[counts != 0][:-1].sum() // 255
    if step == 0:
        return channel
    table = (np.cumsum(counts) + step // 2) // step
    return np.clip(np.concatenate([[0], table[:-1]]), 0, 255).astype(np.uint8)[channel]


def equalize(img: Tensor) -> Tensor:
    """Each channel with a histogram that is as flat as can be."""
    check_image(img)
    if not 3 <= img.ndim <= 4:
        raise TypeError(f"Input image tensor should have 3 or 4 dimensions, but found {img.ndim}")
    _only_bytes(img)
    _check_channels(img)
    array = img.numpy()
    channels = [_equalized(c) for c in array.reshape(-1, *array.shape[-2:])]
    return from_numpy(np.stack(channels).reshape(array.shape))


def normalize(tensor: Tensor, mean, std, inplace: bool = False) -> Tensor:
    """(tensor - mean) / std of each channel."""
    check_image(tensor)
    if not tensor.is_floating_point():
        raise TypeError(f"Input tensor should be a float tensor. Got {tensor.dtype}.")
    if tensor.ndim < 3:
        raise ValueError(
            "Expected tensor to be a tensor image of size (..., C, H, W). Got tensor.size() = "
            f"{tensor.size()}"
        )
    dtype = tensor.dtype
    mean, std = (
        (x.detach().to(dtype) if isinstance(x, Tensor) else as_tensor(x, dtype=dtype))
        for x in (mean, std)
    )
    if bool((std == 0).any()):
        raise ValueError(
            f"std evaluated to zero after conversion to {dtype}, leading to division by zero."
        )
    mean, std = (x.view(-1, 1, 1) if x.ndim == 1 else x for x in (mean, std))
    if inplace:
        return tensor.sub_(mean).div_(std)
    return (tensor - mean) / std


def erase(img: Tensor, i: int, j: int, h: int, w: int, v, inplace: bool = False) -> Tensor:
    """A rectangle overwritten with v."""
    check_image(img)
    img = img if inplace else img.clone()
    img[..., i : i + h, j : j + w] = v
    return img


def elastic_transform(img: Tensor, displacement: Tensor, interpolation="bilinear", fill=None):
    """Each pixel from its position plus a displacement."""
    if not isinstance(img, Tensor):
        raise TypeError(f"img should be Tensor. Got {type(img)}")
    h, w = img.shape[-2:]
    ys, xs = (np.linspace((1 - s) / s, (s - 1) / s, s, dtype=np.float32) for s in (h, w))
    grid = np.stack(np.broadcast_arrays(xs[None, :], ys[:, None]), -1)[None]
    return _sample(img, from_numpy(np.ascontiguousarray(grid)) + displacement, interpolation, fill)
