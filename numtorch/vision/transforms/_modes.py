"""Ways of interpolating, and their numbers in Pillow."""

from __future__ import annotations

from enum import Enum


class InterpolationMode(Enum):
    """How values between pixels are found."""

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


_M = InterpolationMode
pil_modes_mapping = {
    _M.NEAREST: 0, _M.BILINEAR: 2, _M.BICUBIC: 3, _M.NEAREST_EXACT: 0, _M.BOX: 4, _M.HAMMING: 5,
    _M.LANCZOS: 1,
}  # fmt: skip
_by_number = {0: _M.NEAREST, 2: _M.BILINEAR, 3: _M.BICUBIC, 4: _M.BOX, 5: _M.HAMMING,
              1: _M.LANCZOS}  # fmt: skip


def interpolation_mode(mode) -> InterpolationMode:
    """A mode given as a member or as Pillow's number; TypeError for anything else."""
    if isinstance(mode, int) and mode in _by_number:
        return _by_number[mode]
    if not isinstance(mode, InterpolationMode):
        raise TypeError(
            "Argument interpolation should be a InterpolationMode or a corresponding Pillow "
            "integer constant"
        )
    return mode
