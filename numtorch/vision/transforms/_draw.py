"""What random transforms draw: from the host stream, so that equal seeds give torch's numbers."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from ... import _random


def host():
    """The default generator's host stream."""
    return _random.default_generator.host


def rand() -> float:
    """A float32 in [0, 1): `HostStream.floats`, one number."""
    return (host().word() & 0xFFFFFF) * 2.0**-24


def randint(low: int, high: int) -> int:
    """An integer in [low, high)."""
    span = high - low
    if 0 < span < 1 << 28:
        return host().word() % span + low
    return int(host().integers(low, high, 1)[0])


def uniform(low: float, high: float) -> float:
    """A float32 in [low, high): `HostStream.uniform`, one number."""
    if high < low:
        raise RuntimeError(
            f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}"
        )
    start, span = _float32_range(low, high)
    return float(np.float32(rand() * span + start))


@lru_cache(64)
def _float32_range(low: float, high: float) -> tuple[float, float]:
    low, high = np.float32(low), np.float32(high)
    return float(low), float(high - low)


@lru_cache(64)
def _logarithms(low: float, high: float) -> tuple[float, float]:
    return tuple(np.log(np.array([low, high], np.float32)).tolist())


def log_uniform(low: float, high: float) -> float:
    """A float32 whose logarithm is uniform."""
    return float(np.exp(np.float32(uniform(*_logarithms(low, high)))))


def area_and_aspect(area: int, scale, ratio) -> tuple[float, float]:
    """Sides whose product is a part of the area in `scale`, and whose quotient is in `ratio`."""
    part = area * uniform(scale[0], scale[1])
    aspect = log_uniform(ratio[0], ratio[1])
    return math.sqrt(part * aspect), math.sqrt(part / aspect)


# ---------------------------------------------------------------- arguments


def setup_size(size, error_msg: str) -> tuple:
    """(h, w) of a number, a sequence of one, or of two."""
    if isinstance(size, numbers.Number):
        return int(size), int(size)
    if isinstance(size, Sequence) and len(size) == 1:
        return size[0], size[0]
    if len(size) != 2:
        raise ValueError(error_msg)
    return size


TWO_DIMS = "Please provide only two dimensions (h, w) for size."


def check_sequence(x, name: str, lengths=(2,)) -> None:
    """TypeError or ValueError if x is no sequence of one of the lengths."""
    text = f"{name} should be a sequence of length {' or '.join(map(str, lengths))}."
    if not isinstance(x, Sequence):
        raise TypeError(text)
    if len(x) not in lengths:
        raise ValueError(text)


def setup_angle(x, name: str, lengths=(2,)) -> list[float]:
    """A range of angles, of its ends or of one number."""
    if isinstance(x, numbers.Number):
        if x < 0:
            raise ValueError(f"If {name} is a single number, it must be positive.")
        x = [-x, x]
    else:
        check_sequence(x, name, lengths)
    return [float(d) for d in x]


def setup_fill(fill):
    """A fill color; TypeError for what is none."""
    if fill is None:
        return 0
    if not isinstance(fill, (Sequence, numbers.Number)):
        raise TypeError("Fill should be either a sequence or a number.")
    return fill


def setup_ranges(scale, ratio) -> None:
    """TypeError for what is no range, a warning for one that is reversed."""
    import warnings

    for name, x in (("Scale", scale), ("Ratio", ratio)):
        if not isinstance(x, Sequence):
            raise TypeError(f"{name} should be a sequence")
    if scale[0] > scale[1] or ratio[0] > ratio[1]:
        warnings.warn("Scale and ratio should be of kind (min, max)", stacklevel=3)
