"""Normalisation layers as rows: each becomes one row kernel, and one for its gradient."""

from __future__ import annotations

from ..ir import Type
from ..sym import prod
from . import build as B
from .build import emit
from .table import composite, register


def _mean(x, dims):
    return emit("sum", x, dims=dims) / prod(x.shape[d] for d in dims)


def _rstd(x, eps, dims):
    d = x - _mean(x, dims)
    return emit("rsqrt", _mean(d * d, dims) + eps)


def _standardize_vjp(g, o, x, eps, dims):
    # Both sums are of what is known before either, so one loop over a row finds them.
    g = emit("rstd", x, eps, dims=dims) * (g - _mean(g, dims) - o * _mean(g * o, dims))
    return g, None


def _rstd_vjp(g, o, x, eps, dims):
    y = emit("standardize", x, eps, dims=dims)
    return g * (o * o) * y / -prod(x.shape[d] for d in dims), None


def _affine(y, more: tuple, flags: tuple, shape):
    """y * weight + bias, of which `flags` says what there is."""
    parts = iter(more)
    if flags[0]:
        y = y * B.reshape(next(parts), shape)
    if flags[1]:
        y = y + B.reshape(next(parts), shape)
    return y


def layer_norm(x, eps, *more, count, flags):
    """Over the last `count` dims; Ba, Kiros and Hinton, Layer normalization (2016)."""
    dims = tuple(range(len(x.shape) - count, len(x.shape)))
    return _affine(emit("standardize", x, eps, dims=dims), more, flags, x.shape[-count:])


def rms_norm(x, eps, *more, count, flags):
    """Over the last `count` dims, without a mean; Zhang and Sennrich (2019)."""
    dims = tuple(range(len(x.shape) - count, len(x.shape)))
    square = emit("sum", x * x, dims=dims) / prod(x.shape[d] for d in dims)
    return _affine(x * emit("rsqrt", square + eps), more, flags, x.shape[-count:])


def group_norm(x, eps, *more, groups, flags):
    """Over groups of channels of [N, C, ...]; Wu and He, Group normalization (2018)."""
    n, c, tail = x.shape[0], x.shape[1], tuple(x.shape[2:])
    y = B.reshape(x, (n, groups, c // groups, *tail))
    y = emit("standardize", y, eps, dims=tuple(range(2, len(y.shape))))
    y = _affine(y, more, flags, (1, groups, c // groups, *(1,) * len(tail)))
    return B.reshape(y, x.shape)


def batch_norm(x, mean, var, eps, *more, flags):
    """Of [N, C, ...] with given moments [C]; Ioffe and Szegedy, Batch normalization (2015)."""
    shape = tuple(x.shape[1] if d == 1 else 1 for d in range(len(x.shape)))
    scale = B.reshape(emit("rsqrt", var + eps), shape)
    return _affine((x - B.reshape(mean, shape)) * scale, more, flags, shape)


def running(old, new, keep, take):
    """old * keep + new * take: a running mean."""
    return old * keep + new * take


# (x - mean) / sqrt(variance + eps) over dims, and the factor: written out after autodiff.
register("standardize", "composite_late", arity=2, attrs=("dims",), vjp=_standardize_vjp,
         infer=lambda ts, a: Type(ts[0].shape, ts[0].dtype), public=None,
         build=lambda x, eps, dims: (x - _mean(x, dims)) * _rstd(x, eps, dims))
register("rstd", "composite_late", arity=2, attrs=("dims",), vjp=_rstd_vjp, build=_rstd,
         infer=lambda ts, a: Type(tuple(1 if d in a["dims"] else n
                                        for d, n in enumerate(ts[0].shape)), ts[0].dtype),
         public=None)  # fmt: skip
composite("layer_norm", layer_norm, arity=-1, attrs=("count", "flags"))
composite("rms_norm", rms_norm, arity=-1, attrs=("count", "flags"))
composite("group_norm", group_norm, arity=-1, attrs=("groups", "flags"))
composite("batch_norm", batch_norm, arity=-1, attrs=("flags",))
composite("running", running, arity=4, differentiable=False)
