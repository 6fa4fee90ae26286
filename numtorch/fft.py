"""Discrete Fourier transforms: torch.fft."""

from __future__ import annotations

from numtorch.jit import dtypes as _d
from numtorch.jit.ops import OPS
from numtorch.jit.record import local
from numtorch.jit.strides import (
    by_stride,
    channels_last,
    row_major,
    suggests_channels_last,
    transformed,
)

from ._api import function
from ._descriptors import check_dim
from ._tensor import Tensor

__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "hfft2", "hfftn", "ifft", "ifft2",
    "ifftn", "ifftshift", "ihfft", "ihfft2", "ihfftn", "irfft", "irfft2", "irfftn", "rfft", "rfft2",
    "rfftfreq", "rfftn",
]  # fmt: skip

# ---------------------------------------------------------------- arguments


def _scale(norm, inverse: bool) -> str:
    """How a direction is scaled under a mode."""
    norm = "backward" if norm is None else norm
    if norm not in ("forward", "backward", "ortho"):
        raise RuntimeError(f'Invalid normalization mode: "{norm}"')
    if norm == "ortho":
        return "root"
    return "full" if (norm == "backward") == inverse else "none"


def _promoted(x: Tensor) -> Tensor:
    """Integers become the default float type; half types are refused."""
    if not x.dtype.differentiable:
        return x.to(_d.default)
    if x.dtype.narrow:
        raise RuntimeError(f"Unsupported dtype {x.dtype.scalar_type}")
    return x


def _dim(x: Tensor, dim: int) -> int:
    if not x.dim():
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    return check_dim(dim, x.dim())


def _points(n: int) -> int:
    if n < 1:
        raise RuntimeError(f"Invalid number of data points ({n}) specified")
    return n


def _record(op: str, x: Tensor, dims, sizes, inverse: bool, scale: str) -> Tensor:
    attrs = (tuple(dims), tuple(sizes), inverse, scale)
    if len(x._v.meta.shape) < 2 or not dims:
        return local.tape.record(OPS[op], (x,), attrs)
    strides = _layout(op, x, attrs[0], attrs[1], inverse)
    return local.tape.record(OPS[op], (x,), attrs, strides)


def _layout(op: str, x: Tensor, dims, sizes, inverse: bool) -> tuple[int, ...]:
    """The result's strides, step by step as PyTorch transforms them."""
    old, strides, last = x._v.meta.shape, x._strides(), dims[-1]
    shape = list(old)
    for d, n in zip(dims, sizes):
        shape[d] = n // 2 + 1 if op == "irfft" and d == last else n
    if any(n > m for n, m in zip(shape, old)):  # filled up: a copy
        suggested = suggests_channels_last(old, strides)
        strides = (channels_last if suggested else row_major)(tuple(shape))
    if op == "rfft":
        shape[last] = sizes[-1] // 2 + 1
        if inverse:
            strides, dims = transformed(shape, strides, (last,)), dims[:-1]
        else:
            dims = (*by_stride(strides, dims[:-1]), last)
            return transformed(shape, strides, dims)
    if op == "irfft":
        dims = dims[:-1]
    if dims:
        strides = transformed(shape, strides, by_stride(strides, dims))
    if op == "irfft":
        shape[last] = sizes[-1]
        strides = transformed(shape, strides, (last,))
    return strides


def _real_only(x: Tensor, text: str) -> None:
    if x.dtype.is_complex:
        raise RuntimeError(f"{text} input tensor, but got {x.dtype.scalar_type}")


def _sizes(x: Tensor, s, dim) -> tuple[list[int], list[int]]:
    """Dims and their sizes from the arguments s and dim."""
    shape = x._v.meta.shape
    if dim is not None:
        dims = [_dim(x, d) for d in dim]
        if len(set(dims)) < len(dims):
            raise RuntimeError("FFT dims must be unique")
        if s is not None and len(s) != len(dims):
            raise RuntimeError("When given, dim and shape arguments must have the same length")
    elif s is not None:
        if len(s) > len(shape):
            raise RuntimeError(
                f"Got shape with {len(s)} values but input tensor only has {len(shape)} dimensions."
            )
        dims = list(range(len(shape) - len(s), len(shape)))
    else:
        dims = list(range(len(shape)))
    sizes = [shape[d] for d in dims] if s is None else [
        shape[d] if n == -1 else n for d, n in zip(dims, s)
    ]  # fmt: skip
    return dims, sizes


# ---------------------------------------------------------------- one dim


def _one(name: str, op: str, inverse: bool, doc: str):
    """A transform along one dim."""

    def transform(input, n=None, dim=-1, norm=None):
        if op == "rfft":
            _real_only(input, f"{name} expects a real")
        x = _promoted(input)
        d = _dim(x, dim)
        size = x._v.meta.shape[d]
        if n is None:
            n = 2 * (size - 1) if op == "irfft" else size
        return _record(op, x, (d,), (_points(n),), inverse, _scale(norm, inverse))

    transform.__doc__ = doc
    return function(
        f"fft.{name}(Tensor input, int? n=None, int dim=-1, str? norm=None)", out=True, method=False
    )(transform)


fft = _one("fft", "fft", False, "Discrete Fourier transform along a dim, cut or padded to n.")
ifft = _one("ifft", "fft", True, "Inverse transform along a dim.")
rfft = _one("rfft", "rfft", False, "The first half of the transform of real values.")
irfft = _one("irfft", "irfft", True, "n real values from the first half of their transform.")
hfft = _one("hfft", "irfft", False, "Transform of n values that are Hermitian: it is real.")
ihfft = _one("ihfft", "rfft", True, "The first half of the inverse transform of real values.")

# ---------------------------------------------------------------- several dims


def _many(name: str, op: str, inverse: bool, two: bool, doc: str):
    """A transform along several dims."""

    def transform(input, s=None, dim=(-2, -1) if two else None, norm=None):
        if op == "rfft":
            _real_only(input, f"{name.replace('2', 'n')} expects a real-valued")
        x = _promoted(input)
        dims, sizes = _sizes(x, s, dim)
        if not dims and op != "fft":
            raise RuntimeError(f"{name} must transform at least one axis")
        if op == "irfft" and (s is None or s[-1] == -1):
            sizes[-1] = 2 * (x._v.meta.shape[dims[-1]] - 1)
        for n in sizes:
            _points(n)
        return _record(op, x, dims, sizes, inverse, _scale(norm, inverse))

    transform.__doc__ = doc
    default = "int[1] dim=(-2, -1)" if two else "int[1]? dim=None"
    return function(
        f"fft.{name}(Tensor input, int[1]? s=None, {default}, str? norm=None)", out=True,
        method=False,
    )(transform)  # fmt: skip


fft2 = _many("fft2", "fft", False, True, "Transform along two dims, cut or padded to s.")
ifft2 = _many("ifft2", "fft", True, True, "Inverse transform along two dims.")
rfft2 = _many("rfft2", "rfft", False, True, "Half of the transform of real values, two dims.")
irfft2 = _many("irfft2", "irfft", True, True, "Real values from half of their transform, two dims.")
hfft2 = _many("hfft2", "irfft", False, True, "Transform of Hermitian values, two dims.")
ihfft2 = _many("ihfft2", "rfft", True, True, "Half of the inverse transform of real values.")
fftn = _many("fftn", "fft", False, False, "Transform along the dims (all by default).")
ifftn = _many("ifftn", "fft", True, False, "Inverse transform along the dims.")
rfftn = _many("rfftn", "rfft", False, False, "Half of the transform of real values.")
irfftn = _many("irfftn", "irfft", True, False, "Real values from half of their transform.")
hfftn = _many("hfftn", "irfft", False, False, "Transform of Hermitian values along the dims.")
ihfftn = _many("ihfftn", "rfft", True, False, "Half of the inverse transform of real values.")

# ---------------------------------------------------------------- frequencies, shifts


def _frequencies(name: str, n: int, d: float, dtype, make) -> Tensor:
    from ._creation import from_numpy

    dtype = _d.default if dtype is None else dtype
    if not dtype.differentiable:
        raise RuntimeError(f"{name} requires a floating point or complex dtype")
    if n < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
    return from_numpy(make(n) * (1.0 / (n * d) if n * d else float("inf"))).to(dtype)


def fftfreq(
    n, d=1.0, *, out=None, dtype=None, layout=None, device=None, requires_grad=False
) -> Tensor:
    """Frequencies of the elements of fft's result: 0, 1, ..., -2, -1 over n * d.

    >>> import numtorch as torch
    >>> torch.fft.fftfreq(4, d=0.5)
    tensor([ 0.0000,  0.5000, -1.0000, -0.5000])
    """
    import numpy as np

    def make(n):
        at = np.arange(n, dtype=np.float64)
        return np.where(at < (n + 1) // 2, at, at - n)

    return _finish(_frequencies("fftfreq", n, d, dtype, make), out, requires_grad)


def rfftfreq(
    n, d=1.0, *, out=None, dtype=None, layout=None, device=None, requires_grad=False
) -> Tensor:
    """Frequencies of the elements of rfft's result: 0, 1, ..., n // 2 over n * d.

    >>> import numtorch as torch
    >>> torch.fft.rfftfreq(4, d=0.5)
    tensor([0.0000, 0.5000, 1.0000])
    """
    import numpy as np

    def make(n):
        return np.arange(n // 2 + 1, dtype=np.float64)

    return _finish(_frequencies("rfftfreq", n, d, dtype, make), out, requires_grad)


def _finish(result: Tensor, out, requires_grad: bool) -> Tensor:
    if out is not None:
        from ._out import store_one

        return store_one(out, result)
    return result.requires_grad_() if requires_grad else result


def _shift(x: Tensor, dim, sign: int) -> Tensor:
    if not x.dim():
        raise RuntimeError("`shifts` required")
    dims = list(range(x.dim())) if dim is None else [_dim(x, d) for d in dim]
    shape = x._v.meta.shape
    return x.roll([shape[d] // 2 if sign > 0 else (shape[d] + 1) // 2 for d in dims], dims)


@function("fft.fftshift(Tensor input, int[1]? dim=None)", method=False)
def fftshift(input, dim=None) -> Tensor:
    """Moves the zero frequency to the middle of the dims.

    >>> import numtorch as torch
    >>> torch.fft.fftshift(torch.fft.fftfreq(5, d=0.2))
    tensor([-2., -1.,  0.,  1.,  2.])
    """
    return _shift(input, dim, 1)


@function("fft.ifftshift(Tensor input, int[1]? dim=None)", method=False)
def ifftshift(input, dim=None) -> Tensor:
    """Undoes fftshift.

    >>> import numtorch as torch
    >>> torch.fft.ifftshift(torch.tensor([-2, -1, 0, 1, 2]))
    tensor([ 0,  1,  2, -2, -1])
    """
    return _shift(input, dim, -1)
