"""Reading and writing images with Pillow."""

from __future__ import annotations

import io as _io
import os
from enum import Enum

import numpy as np
from numtorch.jit import dtypes as _d

from .._creation import from_numpy
from .._tensor import Tensor
from ._pillow import pillow
from .transforms.functional import pil_to_tensor, to_pil_image

__all__ = ["ImageReadMode", "decode_image", "decode_jpeg", "decode_png", "encode_jpeg",
           "encode_png", "read_file", "read_image", "write_file", "write_jpeg",
           "write_png"]  # fmt: skip


class ImageReadMode(Enum):
    """The channels that an image is read with."""

    UNCHANGED = 0
    GRAY = 1
    GRAY_ALPHA = 2
    RGB = 3
    RGB_ALPHA = 4


_PIL_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def read_file(path: str) -> Tensor:
    """The bytes of a file."""
    with open(path, "rb") as f:
        return from_numpy(np.frombuffer(bytearray(f.read()), np.uint8))


def write_file(filename: str, data: Tensor) -> None:
    """Writes a tensor of bytes."""
    with open(filename, "wb") as f:
        f.write(data.numpy().tobytes())


def decode_image(
    input: Tensor | str | os.PathLike, mode=ImageReadMode.UNCHANGED,
    apply_exif_orientation: bool = False,
) -> Tensor:  # fmt: skip
    """The uint8 tensor [C, H, W] of an encoded image: its bytes, or its path."""
    image, ops = pillow("Image", "ImageOps")
    if isinstance(input, Tensor):
        if input.dtype is not _d.uint8 or input.ndim != 1:
            raise RuntimeError("Expected a non empty 1-dimensional uint8 tensor")
        source = _io.BytesIO(input.numpy().tobytes())
    else:
        source = os.fspath(input)
    try:
        img = image.open(source)
        img.load()
    except image.UnidentifiedImageError:
        raise RuntimeError(
            "Unsupported image file. Only jpeg, png, webp and gif are currently supported."
        ) from None
    except OSError as error:
        if isinstance(source, str) and not os.path.exists(source):
            raise RuntimeError(f"[Errno 2] No such file or directory: {source!r}") from None
        raise RuntimeError(f"can't decode the image: {error}") from None
    if apply_exif_orientation:
        img = ops.exif_transpose(img)
    mode = ImageReadMode[mode] if isinstance(mode, str) else mode
    if mode is not ImageReadMode.UNCHANGED:
        img = img.convert(_PIL_MODES[mode.value])
    elif img.mode in ("P", "1"):
        img = img.convert("RGBA" if "transparency" in img.info else "RGB")
    return pil_to_tensor(img).contiguous()


decode_png = decode_jpeg = decode_image


def read_image(
    path: str, mode=ImageReadMode.UNCHANGED, apply_exif_orientation: bool = False
) -> Tensor:
    """The uint8 tensor [C, H, W] of an image file."""
    return decode_image(path, mode, apply_exif_orientation)


def _encode(input: Tensor, **options) -> Tensor:
    if input.dtype is not _d.uint8:
        raise RuntimeError("Input tensor dtype should be uint8")
    if input.ndim != 3 or input.shape[0] not in (1, 3):
        raise RuntimeError(
            "The number of channels should be 1 or 3, got: "
            f"{input.shape[0] if input.ndim == 3 else tuple(input.shape)}"
        )
    out = _io.BytesIO()
    to_pil_image(input).save(out, **options)
    return from_numpy(np.frombuffer(bytearray(out.getvalue()), np.uint8))


def encode_png(input: Tensor, compression_level: int = 6) -> Tensor:
    """The bytes of a PNG file of a uint8 tensor [C, H, W]."""
    if not 0 <= compression_level <= 9:
        raise RuntimeError("Compression level should be between 0 and 9")
    return _encode(input, format="PNG", compress_level=compression_level)


def encode_jpeg(input: Tensor, quality: int = 75) -> Tensor:
    """The bytes of a JPEG file of a uint8 tensor [C, H, W]."""
    if not 1 <= quality <= 100:
        raise ValueError("Image quality should be a positive number between 1 and 100")
    return _encode(input, format="JPEG", quality=quality)


def write_png(input: Tensor, filename: str, compression_level: int = 6) -> None:
    """Writes a uint8 tensor [C, H, W] as PNG."""
    write_file(filename, encode_png(input, compression_level))


def write_jpeg(input: Tensor, filename: str, quality: int = 75) -> None:
    """Writes a uint8 tensor [C, H, W] as JPEG."""
    write_file(filename, encode_jpeg(input, quality))
