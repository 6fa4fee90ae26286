"""Composites: ops written once with other rows. They fuse and differentiate by themselves."""

from __future__ import annotations

import math

from .. import dtypes
from ..ir import Type, Value
from ..sym import prod
from . import build as B
from .build import emit, stop_gradient
from .linalg import matmul
from .table import OPS, composite


def _count(x: Value, dims) -> int:
    return prod(x.shape[d] for d in dims)


def _drop(v: Value, dims, keepdim: bool) -> Value:
    if keepdim:
        return v
    return B.reshape(v, tuple(n for d, n in enumerate(v.shape) if d not in dims))


def _reduction(primitive: str, cast=None):
    def build(x, dims, keepdim):
        if cast is not None:
            x = B.cast(x, cast(x.dtype))
        out = emit(primitive, x, dims=dims) if dims else x
        return _drop(out, dims, keepdim)

    return build


def _sum_dtype(d):
    return d if d.differentiable else dtypes.int64


_KEEP = ("dims", "keepdim")
composite("reduce_sum", _reduction("sum", _sum_dtype), attrs=_KEEP)
composite("reduce_prod", _reduction("prod", _sum_dtype), attrs=_KEEP, saves=(0, -1))
composite("reduce_amax", _reduction("amax"), attrs=_KEEP, saves=(0, -1))
composite("reduce_amin", _reduction("amin"), attrs=_KEEP, saves=(0, -1))
composite("reduce_argmax", _reduction("argmax"), attrs=_KEEP, differentiable=False)
composite("reduce_argmin", _reduction("argmin"), attrs=_KEEP, differentiable=False)
composite("any", lambda x, dims, keepdim: _drop(
    B.cast(emit("amax", B.cast(B.cast(x, dtypes.bool_), dtypes.uint8), dims=dims), dtypes.bool_),
    dims, keepdim), attrs=_KEEP, differentiable=False)
composite("all", lambda x, dims, keepdim: _drop(
    B.cast(emit("amin", B.cast(B.cast(x, dtypes.bool_), dtypes.uint8), dims=dims), dtypes.bool_),
    dims, keepdim), attrs=_KEEP, differentiable=False)


def mean(x, dims, keepdim):
    """sum / count in the operand's type."""
    s = emit("sum", x, dims=dims) if dims else x
    return _drop(s / _count(x, dims), dims, keepdim)


def var(x, dims, correction, keepdim):
    """Two passes: mean, then the mean of squared deviations with `correction` subtracted from n."""
    n = _count(x, dims)
    d = x - emit("sum", x, dims=dims) / n
    left = n - correction
    return _drop(emit("sum", d * d, dims=dims) / (left if left > 0 else 0), dims, keepdim)


composite("mean", mean, attrs=_KEEP)
composite("var", var, attrs=("dims", "correction", "keepdim"))


def max_dim(x, dim, keepdim, name="argmax"):
    """Index of the first extreme along a dim; the value is gathered with it."""
    return _drop(emit(name, x, dims=(dim,)), (dim,), keepdim)


def vector_norm(x, p, dims, keepdim):
    """p-norm; where a root or power has no derivative (at 0) the gradient is 0."""
    if p == 0:
        return _drop(_sum(B.cast(emit("ne", x, 0), x.dtype), dims), dims, keepdim)
    if p == 2:
        total = _sum(x * x, dims)
    elif p == 1:
        return _drop(_sum(emit("abs", x), dims), dims, keepdim)
    else:
        total = _sum(_power(emit("abs", x), p), dims)
    return _drop(_power(total, 1 / p), dims, keepdim)


def _sum(x, dims):
    return emit("sum", x, dims=dims) if dims else x


def _power(x, p):
    if p < 0:
        return emit("pow", x, p)
    zero = emit("eq", x, 0)
    safe = emit("where", zero, 1.0, x)
    return emit("where", zero, 0.0, emit("sqrt", safe) if p == 0.5 else emit("pow", safe, p))


composite("vector_norm", vector_norm, attrs=("p", *_KEEP), saves=(0, -1))

# ---------------------------------------------------------------- softmax family


def _shifted(x, dim):
    # Softmax does not change when a constant is subtracted: no gradient through the maximum.
    with stop_gradient():
        m = emit("amax", x, dims=(dim,))
    return x - m


def softmax(x, dim):
    e = emit("exp", _shifted(x, dim))
    return e / emit("sum", e, dims=(dim,))


def log_softmax(x, dim):
    d = _shifted(x, dim)
    return d - emit("log", emit("sum", emit("exp", d), dims=(dim,)))


def logsumexp(x, dims, keepdim):
    with stop_gradient():
        m = emit("amax", emit("real", x) if x.dtype.kind == "c" else x, dims=dims)
        m = emit("where", emit("isfinite", m), m, 0.0)
    s = emit("log", emit("sum", emit("exp", x - m), dims=dims)) + m
    return _drop(s, dims, keepdim)


composite("softmax", softmax, attrs=("dim",), saves=(-1,))
composite("log_softmax", log_softmax, attrs=("dim",), saves=(-1,))
composite("logsumexp", logsumexp, attrs=_KEEP, saves=(0, -1))


def nll_loss(logp, target, reduction, ignore_index, rank):
    """Negative log likelihood of class indices; classes: dim 1 of [N, C, ...] or dim 0 of [C]."""
    dim = 1 if rank > 1 else 0
    shape = (*target.shape[:dim], 1, *target.shape[dim:]) if rank > 1 else (1,)
    t = B.reshape(target, shape)
    keep = emit("ne", t, ignore_index)
    picked = emit("gather", logp, emit("where", keep, t, 0), dim=dim, what="target")
    loss = emit("where", keep, -picked, 0.0)
    if reduction == "none":
        return B.reshape(loss, target.shape)
    dims = tuple(range(len(loss.shape)))
    total = emit("sum", loss, dims=dims)
    if reduction == "mean":
        total = total / emit("sum", B.cast(keep, dtypes.int64), dims=dims)
    return B.reshape(total, ())


def cross_entropy(x, target, reduction, ignore_index, rank):
    """log_softmax over the classes, then nll_loss."""
    return nll_loss(log_softmax(x, 1 if rank > 1 else 0), target, reduction, ignore_index, rank)


_NLL = ("reduction", "ignore_index", "rank")
composite("nll_loss", nll_loss, attrs=_NLL)
composite("cross_entropy", cross_entropy, attrs=_NLL, saves=(None,))

# ---------------------------------------------------------------- linear


def linear(x, w, b=None):
    """x @ w.T + b for x [..., in], w [out, in], b [out]."""
    out = matmul(x, B.permute(w, (1, 0)))
    return out if b is None else out + b


composite("linear", linear, arity=3)

# ---------------------------------------------------------------- random


def rand(seed, counter, shape, dtype):
    return seed.graph.add(
        OPS["uniform"], [seed, counter], {"shape": shape, "dtype": dtype}, [Type(shape, dtype)]
    ).out


def randn(seed, counter, shape, dtype):
    return seed.graph.add(
        OPS["normal"], [seed, counter], {"shape": shape, "dtype": dtype}, [Type(shape, dtype)]
    ).out


def dropout(x, seed, counter, p, scale):
    """Zeroes each element with probability p and multiplies the rest by scale = 1 / (1 - p)."""
    u = rand(seed, counter, x.shape, dtypes.float32)
    return emit("where", u >= p, x * scale, 0.0)


def as_shape(x, shape):
    """A reshape that is a value of its own, not an alias."""
    return B.reshape(x, shape)


def pad(x, low, high, fill):
    """Constant padding by `low` and `high` elements per dim."""
    return emit("pad", x, low=low, high=high, fill=fill)


def full(value, shape, dtype):
    return B.expand(B.cast(value, dtype), shape)


def arange(start, step, shape, dtype):
    attrs = {"shape": shape, "dim": 0, "dtype": dtypes.int64}
    index = start.graph.add(OPS["iota"], [], attrs, [Type(shape, dtypes.int64)]).out
    wide = dtypes.float64 if dtype.kind == "f" else dtypes.int64
    return B.cast(B.cast(start, wide) + B.cast(index, wide) * B.cast(step, wide), dtype)


_SHAPED = ("shape", "dtype")
composite("rand", rand, attrs=_SHAPED, arity=2, differentiable=False)
composite("randn", randn, attrs=_SHAPED, arity=2, differentiable=False)
composite("as_shape", as_shape, attrs=("shape",), moves=True)
composite("constant_pad", pad, attrs=("low", "high", "fill"))
composite("flipped", lambda x, dims: emit("flip", x, dims=dims), attrs=("dims",),
          layout="first")
composite("dropout", dropout, arity=5, saves=(None,))
composite("full", full, attrs=_SHAPED, arity=1, differentiable=False)
composite("arange", arange, attrs=_SHAPED, arity=2, differentiable=False)

# ---------------------------------------------------------------- activations, losses


def silu(x):
    return x * emit("sigmoid", x)


def gelu(x, approximate):
    """Gaussian error linear unit: exact, or with the tanh approximation."""
    if approximate == "tanh":
        inner = math.sqrt(2 / math.pi) * (x + 0.044715 * (x * x * x))
        return 0.5 * x * (1 + emit("tanh", inner))
    return x * emit("gauss_cdf", x)


def clamp(x, low=None, high=None):
    if low is not None:
        x = emit("where", x < low, low, x)
    if high is not None:
        x = emit("where", x > high, high, x)
    return x


def mse_loss(x, y, reduction):
    d = x - y
    return _reduce_loss(d * d, reduction)


def _reduce_loss(v, reduction):
    if reduction == "none":
        return v
    dims = tuple(range(len(v.shape)))
    return (mean if reduction == "mean" else OPS["reduce_sum"].build)(v, dims, False)


composite("mse_loss", mse_loss, arity=2, attrs=("reduction",))
