"""Element types: one row each, and PyTorch's promotion rules.

The kind orders the categories of PyTorch's type promotion: b (bool) < i (integer) < f (floating)
< c (complex). float16, bfloat16 and complex32 are storage only: a kernel computes with the type
`compute` and rounds the result of every op.
"""

from __future__ import annotations

import numpy as np


class DType:
    """An element type. `short` names it in kernels and IR text.

    `np` is the NumPy type of its memory: where NumPy has no such type (`opaque`), of its bits.

    >>> import numtorch as torch
    >>> torch.float32.itemsize, torch.float32.is_floating_point, torch.int64.is_signed
    (4, True, True)
    """

    __slots__ = (
        "name", "short", "kind", "itemsize", "np", "tensor_type", "opaque", "differentiable",
        "compute_short", "_real",
    )  # fmt: skip

    def __init__(
        self, name: str, short: str, kind: str, np_type: type, tensor_type: str, *,
        opaque: bool = False, compute: str | None = None, real: DType | None = None,
    ):  # fmt: skip
        self.name, self.short, self.kind = name, short, kind
        self.np = np.dtype(np_type)
        self.itemsize = self.np.itemsize
        self.tensor_type = tensor_type
        self.opaque = opaque
        self.differentiable = kind in "fc"
        # The type of a value in a kernel: another one for types that are storage only.
        self.compute_short = compute or short
        self._real = real or self

    @property
    def is_floating_point(self) -> bool:
        return self.kind == "f"

    @property
    def is_complex(self) -> bool:
        return self.kind == "c"

    @property
    def is_signed(self) -> bool:
        return self.short[0] != "u" and self.kind != "b"

    @property
    def narrow(self) -> bool:
        """True if results are rounded to this type from a wider one."""
        return self.compute_short != self.short

    @property
    def compute(self) -> DType:
        """The type that kernels compute this one in."""
        return _BY_SHORT[self.compute_short]

    @property
    def scalar_type(self) -> str:
        """The name that PyTorch's errors use: Float, ComplexDouble, Long."""
        return self.tensor_type.removesuffix("Tensor")

    def to_real(self) -> DType:
        """The type of the parts of a complex number; real types are their own."""
        return self._real

    def to_complex(self) -> DType:
        """The complex type with parts at least this wide."""
        return _COMPLEX_OF.get(self.short) or default.to_complex()

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self):
        return (by_short, (self.short,))


bool_ = DType("bool", "b1", "b", np.bool_, "BoolTensor")
uint8 = DType("uint8", "u8", "i", np.uint8, "ByteTensor")
uint16 = DType("uint16", "u16", "i", np.uint16, "UInt16Tensor")
uint32 = DType("uint32", "u32", "i", np.uint32, "UInt32Tensor")
uint64 = DType("uint64", "u64", "i", np.uint64, "UInt64Tensor")
int8 = DType("int8", "i8", "i", np.int8, "CharTensor")
int16 = DType("int16", "i16", "i", np.int16, "ShortTensor")
int32 = DType("int32", "i32", "i", np.int32, "IntTensor")
int64 = DType("int64", "i64", "i", np.int64, "LongTensor")
float16 = DType("float16", "f16", "f", np.float16, "HalfTensor", compute="f32")
bfloat16 = DType("bfloat16", "bf16", "f", np.uint16, "BFloat16Tensor", opaque=True, compute="f32")
float32 = DType("float32", "f32", "f", np.float32, "FloatTensor")
float64 = DType("float64", "f64", "f", np.float64, "DoubleTensor")
complex32 = DType("complex32", "c32", "c", np.uint32, "ComplexHalfTensor", opaque=True,
                  compute="c64", real=float16)  # fmt: skip
complex64 = DType("complex64", "c64", "c", np.complex64, "ComplexFloatTensor", real=float32)
complex128 = DType("complex128", "c128", "c", np.complex128, "ComplexDoubleTensor", real=float64)

ALL = (
    bool_, uint8, int8, int16, int32, int64, float16, bfloat16, float32, float64, complex32,
    complex64, complex128,
)  # fmt: skip
# As in PyTorch these are for storing and converting: they mix with no other integers.
UNSIGNED = (uint16, uint32, uint64)
_BY_SHORT = {d.short: d for d in (*ALL, *UNSIGNED)}
_BY_NP = {d.np: d for d in (*ALL, *UNSIGNED) if not d.opaque}
_COMPLEX_OF = {
    "f16": complex32, "bf16": complex64, "f32": complex64, "f64": complex128,
    "c32": complex32, "c64": complex64, "c128": complex128,
}  # fmt: skip

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
            f"can't convert np.ndarray of type {np.dtype(np_dtype).type.__module__}."
            f"{np.dtype(np_dtype).type.__name__}. The only supported types are: float64, float32, "
            "float16, complex64, complex128, int64, int32, int16, int8, uint64, uint32, uint16, "
            "uint8, and bool."
        )
    return d


def weak_dtype(kind: str) -> DType:
    """The dtype of a Python scalar of kind b, i, f or c when nothing else decides."""
    if kind == "c":
        return default.to_complex()
    return bool_ if kind == "b" else int64 if kind == "i" else default


def wide_dtype(types) -> DType:
    """What arithmetic of Python scalars alone is done in: Python's own types."""
    kind = max((t.weak for t in types), key="bifc".index)
    return {"b": bool_, "i": int64, "f": float64, "c": complex128}[kind]


# ---------------------------------------------------------------- promotion

_RANK = {"b": 0, "i": 1, "f": 2, "c": 3}


def promote(a: DType | None, b: DType | None) -> DType | None:
    """The common type of two tensors of the same priority."""
    if a is None or a is b:
        return b
    if b is None:
        return a
    if (a in UNSIGNED or b in UNSIGNED) and "f" not in (a.kind, b.kind):
        raise RuntimeError(
            "Promotion for uint16, uint32, uint64 types is not supported, attempted to promote "
            f"{a.scalar_type} and {b.scalar_type}"
        )
    if "c" in (a.kind, b.kind) and a.kind in "fc" and b.kind in "fc":
        return promote(a.to_real(), b.to_real()).to_complex()
    if a.kind != b.kind:
        return a if _RANK[a.kind] > _RANK[b.kind] else b
    if a.kind == "i" and "u8" in (a.short, b.short):
        other = b if a.short == "u8" else a
        return int16 if other.short == "i8" else other
    if a.itemsize == b.itemsize:
        return float32  # float16 and bfloat16
    return a if a.itemsize > b.itemsize else b


def _combine(higher: DType | None, lower: DType | None) -> DType | None:
    # A lower-priority operand matters only when its category is higher.
    if higher is None:
        return lower
    if lower is None or _RANK[lower.kind] <= _RANK[higher.kind]:
        return higher
    if lower.kind == "c" and higher.kind == "f":
        return higher.to_complex()
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


# ---------------------------------------------------------------- values of opaque types


def to_values(array: np.ndarray, dtype: DType) -> np.ndarray:
    """The numbers of an array of bits of an opaque type (a wider type that NumPy has)."""
    if dtype is bfloat16:
        return (array.astype(np.uint32) << np.uint32(16)).view(np.float32)
    if dtype is complex32:
        parts = np.ascontiguousarray(array)[..., None].view(np.float16)
        return parts.astype(np.float32).view(np.complex64)[..., 0]
    return array


def from_values(array: np.ndarray, dtype: DType) -> np.ndarray:
    """An array of numbers converted to `dtype`, as the memory of that type."""
    with np.errstate(all="ignore"):
        if array.dtype.kind == "c" and dtype.kind != "c":
            array = array.real
        if dtype.narrow and dtype.kind == "f":
            wide = array.astype(np.float32)
            return _bf16_bits(wide) if dtype is bfloat16 else wide.astype(np.float16)
        if dtype is complex32:
            wide = np.ascontiguousarray(array, dtype=np.complex64)[..., None].view(np.float32)
            return wide.astype(np.float16).view(np.uint32)[..., 0]
        return array.astype(dtype.np, copy=False)


def _bf16_bits(array: np.ndarray) -> np.ndarray:
    # Round to nearest even on the upper 16 bits; a NaN stays one.
    bits = np.ascontiguousarray(array).view(np.uint32).reshape(array.shape)
    rounded = (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)
    return np.where(np.isnan(array), np.uint32(0x7FC0), rounded).astype(np.uint16)
