"""Interned (shape, dtype) descriptions: recording compares and hashes them by identity."""

from __future__ import annotations

from .dtypes import DType
from .sym import prod


class Meta:
    """Shape and dtype of a tensor; one object per distinct pair."""

    __slots__ = ("shape", "dtype", "numel", "nbytes", "views")

    def __init__(self, shape: tuple[int, ...], dtype: DType):
        self.shape, self.dtype = shape, dtype
        self.numel = prod(shape)
        self.nbytes = self.numel * dtype.itemsize
        self.views: dict = {}  # memo of view rules: (op, attrs) -> result

    def __repr__(self) -> str:
        return f"{self.dtype.short}{list(self.shape)}"


_interned: dict[tuple, Meta] = {}


def meta(shape: tuple[int, ...], dtype: DType) -> Meta:
    """The one Meta of this shape and dtype."""
    m = _interned.get((shape, dtype))
    if m is None:
        shape = tuple(int(s) for s in shape)
        m = _interned.setdefault((shape, dtype), Meta(shape, dtype))
    return m
