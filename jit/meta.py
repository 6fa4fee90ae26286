"""Interned (shape, dtype, layout) descriptions: recording compares and hashes them by identity."""

from __future__ import annotations

from sys import getrefcount

from .dtypes import DType
from .strides import in_rows, order_of, row_major
from .sym import prod


class Meta:
    """Shape and dtype of a tensor, and its strides if they are others than those of a
    row-major one; one object of each.

    `order`: the dims from outermost to innermost, if the elements lie in memory without gaps in
    another order than row-major. A result with an order is stored in it.
    """

    __slots__ = ("shape", "dtype", "numel", "nbytes", "views", "strides", "order")

    def __init__(self, shape: tuple[int, ...], dtype: DType, strides: tuple[int, ...] | None):
        self.shape, self.dtype, self.strides = shape, dtype, strides
        self.numel = prod(shape)
        self.nbytes = self.numel * dtype.itemsize
        self.views: dict = {}  # memo of view rules: (op, attrs) -> result
        plain = strides is None or in_rows(shape, strides)
        self.order = None if plain else order_of(shape, strides)

    def __repr__(self) -> str:
        return f"{self.dtype.short}{list(self.shape)}"


_interned: dict[tuple, Meta] = {}


def forget_unused() -> None:
    """Drops the descriptions that nothing refers to but this table."""
    for m in list(_interned.values()):
        m.views.clear()
    for key in list(_interned):
        if getrefcount(_interned[key]) <= _UNUSED:
            del _interned[key]


def _unused() -> int:
    held = {0: object()}
    return getrefcount(held[0])


_UNUSED = _unused()


def meta(shape: tuple[int, ...], dtype: DType, strides: tuple[int, ...] | None = None) -> Meta:
    """The one Meta of this shape and dtype, and of these strides if they are not row-major."""
    key = (shape, dtype) if strides is None else (shape, dtype, strides)
    m = _interned.get(key)
    if m is None:
        shape = tuple(int(s) for s in shape)
        if strides is not None and strides == row_major(shape):
            m = meta(shape, dtype)
        else:
            m = Meta(shape, dtype, strides)
        m = _interned.setdefault(key, m)
    return m
