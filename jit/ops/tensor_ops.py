"""Rows that are not elementwise: reductions, movement, indexing, contraction."""

from __future__ import annotations

import numpy as np

from .. import dtypes
from ..ir import Type
from ..sym import ceil_div, prod
from . import build as B
from .build import emit
from .table import reduce, register

# ---------------------------------------------------------------- reductions


def _prod_vjp(g, o, x, dims):
    # Product of the other factors, right also where factors are zero.
    if B.grad_enabled() and prod(x.shape[d] for d in dims) <= 512:
        return (g * _products_of_others(x, dims),)
    zero = emit("eq", x, 0)
    safe = emit("where", zero, 1.0, x)
    count = emit("sum", B.cast(zero, dtypes.int64), dims=dims)
    lone = emit("eq", count, 1) & zero
    others = emit("where", lone, emit("prod", safe, dims=dims), 0.0)
    return (g * emit("where", emit("eq", count, 0), o / safe, others),)


def _products_of_others(x, dims):
    """For each element the product of the others over dims, as a masked table: it can be
    differentiated again, which a division by zero factors can not."""
    kept = tuple(d for d in range(len(x.shape)) if d not in dims)
    order = (*kept, *dims)
    y = B.permute(x, order)
    lead, n = y.shape[: len(kept)], prod(x.shape[d] for d in dims)
    table = B.expand(B.reshape(y, (*lead, 1, n)), (*lead, n, n))
    own = emit("eq", _index(x.graph, (n, 1), 0), _index(x.graph, (1, n), 1))
    others = emit("prod", emit("where", own, 1.0, table), dims=(len(lead) + 1,))
    return B.permute(B.reshape(others, y.shape), _inverse(order))


def _index(graph, shape, dim):
    attrs = {"shape": shape, "dim": dim, "dtype": dtypes.int64}
    return graph.add(B.OPS["iota"], [], attrs, [Type(shape, dtypes.int64)]).out


def _extreme_vjp(g, o, x, dims):
    # Ties share the gradient evenly, as torch.amax does.
    hit = B.cast(emit("eq", x, o), g.dtype)
    return (g * hit / emit("sum", hit, dims=dims),)


reduce("sum", "red_add", "0", ref=np.sum, vjp=lambda g, o, x, dims: (B.expand(g, x.shape),))
reduce("prod", "red_mul", "1", ref=np.prod, vjp=_prod_vjp)
reduce("amax", "red_max", "lowest", ref=np.max, vjp=_extreme_vjp)
reduce("amin", "red_min", "highest", ref=np.min, vjp=_extreme_vjp)
reduce("argmax", "first_max", "lowest", result="index", ref=np.argmax, differentiable=False)
reduce("argmin", "first_min", "highest", result="index", ref=np.argmin, differentiable=False)
# Stands in for a sum over many elements with few results: one partial sum per `block` indices of
# the first reduced dim, so that the work splits over threads the same way for any thread count.
register(
    "partial", "reduce", expr="red_add", int_expr="0", attrs=("dims", "block", "combine"),
    infer=lambda ts, a: Type(
        tuple(ceil_div(n, a["block"]) if d == a["dims"][0] else 1 if d in a["dims"] else n
              for d, n in enumerate(ts[0].shape)), ts[0].dtype),
    differentiable=False,
)  # fmt: skip

# ---------------------------------------------------------------- movement


def _movement(name, attrs, shape, vjp, ref=None, **row):
    register(
        name, "movement", attrs=attrs, vjp=vjp, ref=ref,
        infer=lambda ts, a: Type(shape(ts[0].shape, **a), ts[0].dtype), **row,
    )  # fmt: skip


def _inverse(dims):
    return tuple(sorted(range(len(dims)), key=dims.__getitem__))


def _window_shape(s, kernel, stride, padding, dilation, fill=0.0):
    lead = s[: len(s) - len(kernel)]
    outs = tuple(
        (n + 2 * p - d * (k - 1) - 1) // st + 1
        for n, k, st, p, d in zip(s[len(lead) :], kernel, stride, padding, dilation)
    )
    return (*lead, *outs, *kernel)


def _slice_vjp(g, o, x, starts, steps, shape):
    if all(step == 1 for step in steps):
        high = tuple(n - a - m for n, a, m in zip(x.shape, starts, shape))
        return (emit("pad", g, low=starts, high=high, fill=0.0),)
    strides = contiguous_strides(x.shape)
    return (
        emit(
            "update", B.zeros(g.graph, x.shape, g.dtype), g, shape=shape,
            strides=tuple(a * b for a, b in zip(strides, steps)),
            offset=sum(a * b for a, b in zip(strides, starts)),
        ),
    )  # fmt: skip


def contiguous_strides(shape) -> tuple[int, ...]:
    """Row-major strides in elements."""
    out, n = [], 1
    for s in reversed(shape):
        out.append(n)
        n = n * s
    return tuple(reversed(out))


_movement("reshape", ("shape",), lambda s, shape: shape,
          lambda g, o, x, shape: (B.reshape(g, x.shape),), np.reshape)
_movement("permute", ("dims",), lambda s, dims: tuple(s[d] for d in dims),
          lambda g, o, x, dims: (B.permute(g, _inverse(dims)),), np.transpose)
_movement("expand", ("shape",), lambda s, shape: shape,
          lambda g, o, x, shape: (B.match(g, x),), np.broadcast_to)
_movement("slice", ("starts", "steps", "shape"), lambda s, starts, steps, shape: shape, _slice_vjp)
_movement("flip", ("dims",), lambda s, dims: s,
          lambda g, o, x, dims: (emit("flip", g, dims=dims),), np.flip)
_movement("pad", ("low", "high", "fill"),
          lambda s, low, high, fill: tuple(a + n + b for a, n, b in zip(low, s, high)),
          lambda g, o, x, low, high, fill: (
              emit("slice", g, starts=low, steps=(1,) * len(low), shape=x.shape)
              if all(n >= 0 for n in (*low, *high)) else
              emit("pad", g, low=tuple(-n for n in low), high=tuple(-n for n in high), fill=0.0),))


def _folded_windows(windows, shape):
    # A size with much output padding has room for more windows than were folded.
    if windows.shape == shape:
        return windows
    rank = len(shape)
    return emit("slice", windows, starts=(0,) * rank, steps=(1,) * rank, shape=shape)


# All windows of the last len(kernel) dims: [..., *out, *kernel]; `fold` is its adjoint.
_movement("window", ("kernel", "stride", "padding", "dilation", "fill"), _window_shape,
          lambda g, o, x, kernel, stride, padding, dilation, fill: (
              emit("fold", g, size=x.shape[len(x.shape) - len(kernel):], stride=stride,
                   padding=padding, dilation=dilation),))
register("fold", "composite_late", attrs=("size", "stride", "padding", "dilation"),
         infer=lambda ts, a: Type(
             (*ts[0].shape[: len(ts[0].shape) - 2 * len(a["size"])], *a["size"]), ts[0].dtype),
         vjp=lambda g, o, x, size, stride, padding, dilation: (_folded_windows(
             emit("window", g, kernel=x.shape[len(x.shape) - len(size):], stride=stride,
                  padding=padding, dilation=dilation, fill=0.0), x.shape),))
# The terms that fold adds up: [..., *size, *kernel]; exists only after decomposition.
_movement("unwindow", ("size", "stride", "padding", "dilation"),
          lambda s, size, stride, padding, dilation:
          (*s[: len(s) - 2 * len(size)], *size, *s[len(s) - len(size):]), None)
# A strided region of a contiguous operand (offset and strides in elements).
_movement("region", ("shape", "strides", "offset"), lambda s, shape, strides, offset: shape,
          lambda g, o, x, shape, strides, offset: (
              emit("update", B.zeros(g.graph, x.shape, g.dtype), g, shape=shape, strides=strides,
                   offset=offset),))

# ---------------------------------------------------------------- indexing


def _gather_type(ts, a):
    x, idx = ts
    d = a["dim"]
    shape = tuple(
        idx.shape[j] if j == d else (x.shape[j] if idx.shape[j] == 1 else idx.shape[j])
        for j in range(len(x.shape))
    )
    return Type(shape, x.dtype)


def _gather_vjp(g, o, x, idx, dim, what):
    if idx.shape[dim] == 1:
        n = x.shape[dim]
        where = emit("where", idx < 0, idx + n, idx)
        shape = tuple(n if j == dim else 1 for j in range(len(x.shape)))
        iota = g.graph.add(
            B.OPS["iota"], [], {"shape": shape, "dim": dim, "dtype": dtypes.int64},
            [Type(shape, dtypes.int64)],
        ).out  # fmt: skip
        return (emit("where", emit("eq", iota, where), g, 0.0), None)
    zeros = B.zeros(g.graph, x.shape, g.dtype)
    return emit("scatter_add", zeros, idx, g, dim=dim, what=what), None


# out[.., j, ..] = x[.., idx[.., j, ..], ..]; idx broadcasts over the other dims of x.
register("gather", "gather", arity=2, attrs=("dim", "what"), infer=_gather_type, vjp=_gather_vjp)
register("scatter_add", "opaque", arity=3, attrs=("dim", "what"),
         kernels="opaque:scatter", takes=("any", "rows", "rows"),
         infer=lambda ts, a: Type(ts[0].shape, ts[0].dtype),
         vjp=lambda g, o, x, idx, src, dim, what: (
             g, None, emit("gather", g, idx, dim=dim, what=what)))


def _update_vjp(g, o, x, new, shape, strides, offset):
    region = {"shape": shape, "strides": strides, "offset": offset}
    zero = B.cast(B.const(g.graph, 0.0), g.dtype)
    return (emit("update", g, B.expand(zero, shape), **region), emit("region", g, **region))


# The operand with a strided region replaced.
register("update", "opaque", arity=2, attrs=("shape", "strides", "offset"),
         kernels="opaque:update", takes="any",
         infer=lambda ts, a: Type(ts[0].shape, ts[0].dtype), vjp=_update_vjp)


def _cat_vjp(g, o, *xs, dim):
    grads, at = [], 0
    for x in xs:
        starts = tuple(at if j == dim else 0 for j in range(len(x.shape)))
        grads.append(emit("slice", g, starts=starts, steps=(1,) * len(starts), shape=x.shape))
        at = at + x.shape[dim]
    return tuple(grads)


def _cat_type(ts, a):
    shape = list(ts[0].shape)
    shape[a["dim"]] = sum(t.shape[a["dim"]] for t in ts)
    return Type(tuple(shape), ts[0].dtype)


register("cat", "opaque", arity=-1, attrs=("dim",), infer=_cat_type, vjp=_cat_vjp,
         kernels="opaque:cat", takes="any", ref=np.concatenate)

# ---------------------------------------------------------------- contraction


def _gemm_type(ts, a):
    x, y = ts
    (b, m, _), (c, _, n) = x.shape, y.shape
    return Type((c if b == 1 else b, m, n), x.dtype)


def _gemm_vjp(g, o, x, y):
    gx = emit("gemm", g, B.transpose(y))
    gy = emit("gemm", B.transpose(x), g)
    return (B.match(gx, x), B.match(gy, y))


# out[b] = x[b] @ y[b] for [b, m, k] and [b, k, n]; a batch of 1 broadcasts.
register("gemm", "opaque", arity=2, infer=_gemm_type, vjp=_gemm_vjp, ref=np.matmul,
         kernels="opaque:gemm")

# ---------------------------------------------------------------- assignment

# The new value of a storage whose old value is the first operand: stored in the same memory.
register("assign", "opaque", arity=2, infer=lambda ts, a: Type(ts[1].shape, ts[1].dtype),
         vjp=lambda g, o, old, new: (None, g))
# Same memory, no gradient.
register("detach", "movement", infer=lambda ts, a: Type(ts[0].shape, ts[0].dtype),
         differentiable=False)
# The memory of the first operand, the graph of the second: see views.Family.
register("joined", "movement", arity=2, infer=lambda ts, a: Type(ts[0].shape, ts[0].dtype),
         build=lambda value, graph: emit("replaced", graph, value), public=None)

