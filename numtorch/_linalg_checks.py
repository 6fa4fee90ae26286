"""What the functions of linear algebra refuse, in PyTorch's words, and small shared pieces."""

from __future__ import annotations

from numtorch.jit.ops import OPS
from numtorch.jit.record import local
from numtorch.jit.strides import columns

from ._host import record_checked
from ._methods import _c_name
from ._tensor import Tensor

__all__ = [
    "adjoint", "batched", "floating", "host", "in_columns", "kernel", "matrix", "meta", "record",
    "same_dtype", "square", "tril", "triu",
]  # fmt: skip

host = record_checked


def record(name: str, operands: tuple, attrs: tuple | None = None) -> Tensor:
    """Records a row that cannot fail."""
    return local.tape.record(OPS[name], operands, attrs)


def meta(t: Tensor) -> tuple[int, ...]:
    """The shape as a plain tuple."""
    return t._v.meta.shape


def in_columns(x: Tensor) -> Tensor:
    """The same values, each matrix column by column in memory, as LAPACK leaves results."""
    return local.tape.record(OPS["copy"], (x,), None, columns(meta(x)))


def matrix(name: str, t: Tensor, arg: str = "A") -> None:
    """RuntimeError unless t has at least two dims."""
    if len(meta(t)) < 2:
        raise RuntimeError(f"{name}: The input tensor {arg} must have at least 2 dimensions.")


def square(name: str, t: Tensor, arg: str = "A") -> None:
    """RuntimeError unless t is a stack of square matrices."""
    matrix(name, t, arg)
    m, n = meta(t)[-2:]
    if m != n:
        raise RuntimeError(
            f"{name}: {arg} must be batches of square matrices, but they are {m} by {n} matrices"
        )


def floating(name: str, t: Tensor, low: bool = True) -> None:
    """RuntimeError for integers, and (unless `low`) for half types."""
    if not t.dtype.differentiable:
        raise RuntimeError(
            f"{name}: Expected a floating point or complex tensor as input. Got {_c_name(t.dtype)}"
        )
    if not low and t.dtype.narrow:
        raise RuntimeError(f"{name}: Low precision dtypes not supported. Got {_c_name(t.dtype)}")


def kernel(t: Tensor, name: str) -> None:
    """NotImplementedError for dtypes that PyTorch's kernel does not take."""
    if not t.dtype.differentiable or t.dtype.narrow:
        raise NotImplementedError(f"\"{name}\" not implemented for '{_c_name(t.dtype)}'")


def same_dtype(name: str, a: Tensor, b: Tensor, names=("A", "B")) -> None:
    """RuntimeError unless both have one dtype."""
    if a.dtype is not b.dtype:
        raise RuntimeError(
            f"{name}: Expected {names[0]} and {names[1]} to have the same dtype, but found "
            f"{names[0]} of type {_c_name(a.dtype)} and {names[1]} of type {_c_name(b.dtype)} "
            "instead"
        )


def batched(name: str, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Two stacks of matrices with their leading dims broadcast."""
    from numtorch.jit.ops.table import broadcast_shapes

    lead = broadcast_shapes(name, [meta(a)[:-2], meta(b)[:-2]])
    return tuple(
        t if meta(t)[:-2] == lead else t.expand(*lead, *meta(t)[-2:]) for t in (a, b)
    )


def adjoint(t: Tensor) -> Tensor:
    """Conjugate transpose."""
    t = t.transpose(-2, -1)
    return t.conj() if t.dtype.kind == "c" else t


def tril(t: Tensor, k: int = 0) -> Tensor:
    return record("tril", (t, k))


def triu(t: Tensor, k: int = 0) -> Tensor:
    return record("triu", (t, k))
