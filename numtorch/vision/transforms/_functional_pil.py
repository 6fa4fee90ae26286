"""Transforms of Pillow images."""

from __future__ import annotations

import numbers

import numpy as np

from .._pillow import is_pil_image, pillow

FLIP_LEFT_RIGHT, FLIP_TOP_BOTTOM, AFFINE, PERSPECTIVE = 0, 1, 0, 2  # Pillow's constants


def _check(img) -> None:
    if not is_pil_image(img):
        raise TypeError(f"img should be PIL Image. Got {type(img)}")


def get_dimensions(img) -> list[int]:
    """[channels, height, width]."""
    if not is_pil_image(img):
        raise TypeError(f"Unexpected type {type(img)}")
    width, height = img.size
    return [len(img.getbands()), height, width]


def hflip(img):
    """Left and right exchanged."""
    _check(img)
    return img.transpose(FLIP_LEFT_RIGHT)


def vflip(img):
    """Top and bottom exchanged."""
    _check(img)
    return img.transpose(FLIP_TOP_BOTTOM)


def _enhancer(name: str):
    def adjust(img, factor: float):
        _check(img)
        return getattr(pillow("ImageEnhance"), name)(img).enhance(factor)

    adjust.__doc__ = f"Pillow's ImageEnhance.{name}."
    return adjust


adjust_brightness = _enhancer("Brightness")
adjust_contrast = _enhancer("Contrast")
adjust_saturation = _enhancer("Color")
adjust_sharpness = _enhancer("Sharpness")


def _operation(name: str):
    def run(img, *args):
        _check(img)
        return getattr(pillow("ImageOps"), name)(img, *args)

    run.__doc__ = f"Pillow's ImageOps.{name}."
    return run


invert = _operation("invert")
posterize = _operation("posterize")
solarize = _operation("solarize")
autocontrast = _operation("autocontrast")
equalize = _operation("equalize")


def adjust_hue(img, hue_factor: float):
    """The hue turned by a part of the circle in [-0.5, 0.5]."""
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"hue_factor ({hue_factor}) is not in [-0.5, 0.5].")
    _check(img)
    if img.mode in {"L", "1", "I", "F"}:
        return img
    image = pillow("Image")
    h, s, v = img.convert("HSV").split()
    turned = np.array(h, np.uint8) + np.int32(hue_factor * 255).astype(np.uint8)  # wraps
    return image.merge("HSV", (image.fromarray(turned), s, v)).convert(img.mode)


def adjust_gamma(img, gamma: float, gain: float = 1.0):
    """gain * v**gamma of values in [0, 1]."""
    _check(img)
    if gamma < 0:
        raise ValueError("Gamma should be a non-negative real number")
    table = [int((255 + 1 - 1e-3) * gain * pow(v / 255.0, gamma)) for v in range(256)] * 3
    return img.convert("RGB").point(table).convert(img.mode)


def pad_sides(padding) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of a number or of 1, 2 or 4 of them; checks the argument."""
    if not isinstance(padding, (numbers.Number, tuple, list)):
        raise TypeError("Got inappropriate padding arg")
    if isinstance(padding, numbers.Number):
        return (padding,) * 4
    if len(padding) not in (1, 2, 4):
        raise ValueError(
            f"Padding must be an int or a 1, 2, or 4 element tuple, not a {len(padding)} element "
            "tuple"
        )
    return tuple(padding) * (4 // len(padding))


def check_padding_mode(padding_mode) -> None:
    """TypeError or ValueError for what is no padding mode."""
    if not isinstance(padding_mode, str):
        raise TypeError("Got inappropriate padding_mode arg")
    if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
        raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")


def pad(img, padding, fill=0, padding_mode: str = "constant"):
    """The image with a border; negative sides are cropped."""
    _check(img)
    sides = pad_sides(padding)
    if fill is not None and not isinstance(fill, (numbers.Number, tuple, list)):
        raise TypeError("Got inappropriate fill arg")
    check_padding_mode(padding_mode)
    image, ops = pillow("Image", "ImageOps")
    palette = img.getpalette() if img.mode == "P" else None
    if padding_mode == "constant":
        out = ops.expand(img, border=sides, **_fill(fill, img, "fill"))
    else:
        crop_left, crop_top, crop_right, crop_bottom = (max(-p, 0) for p in sides)
        if any(p < 0 for p in sides):
            img = img.crop(
                (crop_left, crop_top, img.width - crop_right, img.height - crop_bottom)
            )
        left, top, right, bottom = (max(p, 0) for p in sides)
        array = np.asarray(img)
        widths = ((top, bottom), (left, right), (0, 0))[: array.ndim]
        out = image.fromarray(np.pad(array, widths, padding_mode))
    if palette is not None:
        out.putpalette(palette)
    return out


def crop(img, top: int, left: int, height: int, width: int):
    """A part of the image; zeros where it lies outside."""
    _check(img)
    return img.crop((left, top, left + width, top + height))


def resize(img, size, interpolation: int = 2):
    """The image in [height, width] pixels."""
    _check(img)
    if not (isinstance(size, list) and len(size) == 2):
        raise TypeError(f"Got inappropriate size arg: {size}")
    return img.resize(tuple(size[::-1]), interpolation)


def _fill(fill, img, name: str = "fillcolor") -> dict:
    """The option of Pillow for a color: a number for all channels, or one for each."""
    channels = get_dimensions(img)[0]
    fill = 0 if fill is None else fill
    if isinstance(fill, (int, float)) and channels > 1:
        fill = (fill,) * channels
    if isinstance(fill, (list, tuple)):
        if len(fill) == 1:
            fill = fill * channels
        elif len(fill) != channels:
            raise ValueError(
                "The number of elements in 'fill' does not match the number of channels of the "
                f"image ({len(fill)} != {channels})"
            )
        fill = tuple(fill)
    if img.mode != "F":
        fill = tuple(int(x) for x in fill) if isinstance(fill, tuple) else int(fill)
    return {name: fill}


def affine(img, matrix, interpolation: int = 0, fill=None):
    """Each pixel from where the matrix sends its position."""
    _check(img)
    return img.transform(img.size, AFFINE, matrix, interpolation, **_fill(fill, img))


def rotate(img, angle: float, interpolation: int = 0, expand: bool = False, center=None, fill=None):
    """Turned counterclockwise by degrees."""
    _check(img)
    return img.rotate(angle, interpolation, expand, center, **_fill(fill, img))


def perspective(img, perspective_coeffs, interpolation: int = 3, fill=None):
    """Each pixel from where the eight coefficients send its position."""
    _check(img)
    return img.transform(
        img.size, PERSPECTIVE, perspective_coeffs, interpolation, **_fill(fill, img)
    )


def to_grayscale(img, num_output_channels: int):
    """Luminance, in one channel or in three equal ones."""
    _check(img)
    if num_output_channels not in (1, 3):
        raise ValueError("num_output_channels should be either 1 or 3")
    gray = img.convert("L")
    return gray if num_output_channels == 1 else pillow("Image").merge("RGB", (gray,) * 3)
