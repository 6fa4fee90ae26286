"""Rows of discrete Fourier transforms: NumPy's pocketfft inside the plan, in the given precision.

`scale` of a transform of n points: "none", "root" (1/sqrt(n)) or "full" (1/n), in any direction. A
transform is symmetric, so its gradient is the transform of the other direction with the same scale.
"""

from __future__ import annotations

import numpy as np

from .. import dtypes
from ..ir import Type, Value
from . import build as B
from .build import conj, emit
from .host import host
from .table import composite

# ---------------------------------------------------------------- primitives

_FORWARD = {"none": "backward", "root": "ortho", "full": "forward"}
_INVERSE = {"none": "forward", "root": "ortho", "full": "backward"}


def _c2c(x, dims, inverse, scale):
    if inverse:
        return np.fft.ifftn(x, axes=dims, norm=_INVERSE[scale])
    return np.fft.fftn(x, axes=dims, norm=_FORWARD[scale])


def _r2c_type(types, attrs):
    (t,) = types
    d = attrs["dim"]
    shape = (*t.shape[:d], t.shape[d] // 2 + 1, *t.shape[d + 1 :])
    return Type(shape, t.dtype.to_complex())


def _r2c_vjp(g, out, x, dim, scale):
    full = resize(g, dim, x.shape[dim])
    return (emit("real", emit("fft_c2c", full, dims=(dim,), inverse=True, scale=scale)),)


def _c2r_type(types, attrs):
    (t,) = types
    d = attrs["dim"]
    return Type((*t.shape[:d], attrs["n"], *t.shape[d + 1 :]), t.dtype.to_real())


def _c2r_vjp(g, out, x, dim, n, scale):
    # All but the first (and, for even n, the last) stand for two elements of the full spectrum.
    half = emit("fft_r2c", g, dim=dim, scale=scale)
    shape = tuple(n // 2 + 1 if d == dim else 1 for d in range(len(x.shape)))
    at = g.graph.add(
        B.OPS["iota"], [], {"shape": shape, "dim": dim, "dtype": dtypes.int64},
        [Type(shape, dtypes.int64)],
    ).out  # fmt: skip
    twice = (at > 0) & (at < n - n // 2)
    return (emit("where", twice, half * 2.0, half),)


host("fft_c2c", _c2c, lambda ts, a: ts[0], attrs=("dims", "inverse", "scale"),
     vjp=lambda g, o, x, dims, inverse, scale: (
         emit("fft_c2c", g, dims=dims, inverse=not inverse, scale=scale),))  # fmt: skip
host("fft_r2c", lambda x, dim, scale: np.fft.rfft(x, axis=dim, norm=_FORWARD[scale]), _r2c_type,
     attrs=("dim", "scale"), vjp=_r2c_vjp)  # fmt: skip
host("fft_c2r", lambda x, dim, n, scale: np.fft.irfft(x, n, axis=dim, norm=_INVERSE[scale]),
     _c2r_type, attrs=("dim", "n", "scale"), vjp=_c2r_vjp)  # fmt: skip

# ---------------------------------------------------------------- transforms of given sizes


def resize(x: Value, dim: int, n: int) -> Value:
    """x cut off or filled up with zeros to n elements along a dim."""
    rank, old = len(x.shape), x.shape[dim]
    if old == n:
        return x
    if n < old:
        shape = (*x.shape[:dim], n, *x.shape[dim + 1 :])
        return emit("slice", x, starts=(0,) * rank, steps=(1,) * rank, shape=shape)
    high = tuple(n - old if d == dim else 0 for d in range(rank))
    return emit("pad", x, low=(0,) * rank, high=high, fill=0.0)


def _resized(x: Value, dims, sizes) -> Value:
    for d, n in zip(dims, sizes):
        x = resize(x, d, n)
    return x


def _complex(x: Value) -> Value:
    return x if x.dtype.kind == "c" else B.cast(x, x.dtype.to_complex())


def fft(x, dims, sizes, inverse, scale):
    """Complex transform over dims of the given sizes."""
    x = _resized(_complex(x), dims, sizes)
    return emit("fft_c2c", x, dims=dims, inverse=inverse, scale=scale) if dims else x


def rfft(x, dims, sizes, inverse, scale):
    """Transform of real values, half of the last of the dims; inverse: the conjugate."""
    x = emit("fft_r2c", _resized(x, dims, sizes), dim=dims[-1], scale=scale)
    if len(dims) > 1:
        x = emit("fft_c2c", x, dims=dims[:-1], inverse=False, scale=scale)
    return conj(x) if inverse else x


def irfft(x, dims, sizes, inverse, scale):
    """Real values from half a spectrum; sizes[-1] is the length of the result."""
    n = sizes[-1]
    x = _resized(_complex(x), dims, (*sizes[:-1], n // 2 + 1))
    x = x if inverse else conj(x)
    if len(dims) > 1:
        x = emit("fft_c2c", x, dims=dims[:-1], inverse=True, scale=scale)
    return emit("fft_c2r", x, dim=dims[-1], n=n, scale=scale)


def frames(x, n, hop):
    """Windows of n elements every `hop` along the last dim: [..., frames, n]."""
    return emit("window", x, kernel=(n,), stride=(hop,), padding=(0,), dilation=(1,), fill=0.0)


def overlap_add(x, size, hop):
    """Adjoint of `frames`: sums frames [..., frames, n] into [..., size]."""
    return emit("fold", x, size=(size,), stride=(hop,), padding=(0,), dilation=(1,))


for _build in (fft, rfft, irfft):
    composite(_build.__name__, _build, attrs=("dims", "sizes", "inverse", "scale"))
composite("frames", frames, attrs=("n", "hop"))
composite("overlap_add", overlap_add, attrs=("size", "hop"))
