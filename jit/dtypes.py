"""Element types: one row each, and PyTorch's promotion rules.

The kind orders the categories of PyTorch's type promotion: b (bool) < i (integer) < f (floating).
"""

from __future__ import annotations

import numpy as np


class DType:
    """An element type. `short` names it in kernels and IR text, `letter` in struct formats."""

    __slots__ = ("name", "short", "kind", "itemsize", "np", "tensor_type")

    def __init__(self, name: str, short: str, kind: str, np_type: type, tensor_type: str):
        self.name, self.short, self.kind = name, short, kind
        self.np = np.dtype(np_type)
        self.itemsize = self.np.itemsize
        self.tensor_type = tensor_type

    @property
    def is_floating_point(self) -> bool:
        return self.kind == "f"

    @property
    def is_complex(self) -> bool:
        return False

    @property
    def is_signed(self) -> bool:
        return self.short not in ("u8", "b1")

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self):
        return (by_short, (self.short,))


bool_ = DType("bool", "b1", "b", np.bool_, "BoolTensor")
uint8 = DType("uint8", "u8", "i", np.uint8, "ByteTensor")
int8 = DType("int8", "i8", "i", np.int8, "CharTensor")
int16 = DType("int16", "i16", "i", np.int16, "ShortTensor")
int32 = DType("int32", "i32", "i", np.int32, "IntTensor")
int64 = DType("int64", "i64", "i", np.int64, "LongTensor")
float32 = DType("float32", "f32", "f", np.float32, "FloatTensor")
float64 = DType("float64", "f64", "f", np.float64, "DoubleTensor")

ALL = (bool_, uint8, int8, int16, int32, int64, float32, float64)
_BY_SHORT = {d.short: d for d in ALL}
_BY_NP = {d.np: d for d in ALL}

# The dtype that a float literal, a division of integers and a factory function get.
default = float32


def set_default(dtype: DType) -> None:
    """Sets the dtype of float literals; only floating types are allowed (as in PyTorch)."""
    global default
    if dtype.kind != "f":
        raise TypeError(
            "only floating-point types are supported as the default type"
        )
    default = dtype


def by_short(short: str) -> DType:
    return _BY_SHORT[short]


def from_numpy(np_dtype: np.dtype) -> DType:
    """The DType of a NumPy dtype; TypeError in PyTorch's words when there is none."""
    d = _BY_NP.get(np.dtype(np_dtype))
    if d is None:
        raise TypeError(
            f"can't convert np.ndarray of type {np.dtype(np_dtype).type.__name__}. The only "
            "supported types are: float64, float32, int64, int32, int16, int8, uint8, and bool."
        )
    return d


def weak_dtype(kind: str) -> DType:
    """The dtype of a Python scalar of kind b, i or f when nothing else decides."""
    return bool_ if kind == "b" else int64 if kind == "i" else default


_RANK = {"b": 0, "i": 1, "f": 2}


def promote(a: DType | None, b: DType | None) -> DType | None:
    """The common type of two tensors of the same priority."""
    if a is None or a is b:
        return b
    if b is None:
        return a
    if a.kind != b.kind:
        return a if _RANK[a.kind] > _RANK[b.kind] else b
    if a.kind == "i" and "u8" in (a.short, b.short):
        other = b if a.short == "u8" else a
        return int16 if other.short == "i8" else other
    return a if a.itemsize > b.itemsize else b


def _combine(higher: DType | None, lower: DType | None) -> DType | None:
    # A lower-priority operand matters only when its category is higher.
    if higher is None:
        return lower
    if lower is None or _RANK[lower.kind] <= _RANK[higher.kind]:
        return higher
    return promote(higher, lower)


def result_type(operands) -> DType:
    """PyTorch's result_type: operands are (shape, dtype, weak) with weak the kind of a Python
    scalar or None. Tensors with dims decide before 0-dim tensors, these before Python scalars.
    """
    dim = zero = wrapped = None
    for shape, dtype, weak in operands:
        if weak:
            wrapped = promote(wrapped, weak_dtype(weak))
        elif len(shape) == 0:
            zero = promote(zero, dtype)
        else:
            dim = promote(dim, dtype)
    return _combine(dim, _combine(zero, wrapped))
