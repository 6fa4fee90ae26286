"""Types for annotations: torch.types."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import IO, Any

from . import Size, device, dtype, layout, qscheme
from ._tensor import Tensor

_bool, _int, _float, _complex = bool, int, float, complex
_dtype, _device, _layout, _qscheme = dtype, device, layout, qscheme
_size = Size | list[int] | tuple[int, ...]
_TensorOrTensors = Tensor | Sequence[Tensor]
Number = int | float | bool
_Number = (int, float, bool)
IntLikeType, FloatLikeType, BoolLikeType = int, float, bool
Device = device | str | int | None
FileLike = str | os.PathLike | IO[bytes]
Storage = Any

__all__ = ["Number", "Device", "FileLike", "Storage"]
