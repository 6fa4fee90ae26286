"""Rows of layers over windows: convolution and pooling in one, two and three dimensions.

`window` lists all windows as a view; a convolution is a GEMM over it, a transposed convolution a
GEMM whose columns `fold` adds up (Dumoulin and Visin, A guide to convolution arithmetic, 2016).
"""

from __future__ import annotations

import math

from .. import dtypes
from ..ir import Type
from ..sym import prod
from . import build as B
from .build import OPS, emit, stop_gradient
from .table import composite

_GEOMETRY = ("stride", "padding", "dilation", "groups")


def conv(x, w, b=None, *, stride, padding, dilation, groups):
    """x [N, C, *in], w [O, C / groups, *kernel], b [O] -> [N, O, *out]."""
    if x.dtype.kind == "i" and x.dtype is not dtypes.int64:  # the product's only integer type
        long = [v if v is None else B.cast(v, dtypes.int64) for v in (x, w, b)]
        out = conv(*long, stride=stride, padding=padding, dilation=dilation, groups=groups)
        return B.cast(out, x.dtype)
    n, o, cg, kernel = x.shape[0], w.shape[0], w.shape[1], w.shape[2:]
    k = len(kernel)
    win = emit("window", x, kernel=tuple(kernel), stride=stride, padding=padding,
               dilation=dilation, fill=0.0)  # fmt: skip
    outs = tuple(win.shape[2 : 2 + k])  # win: [N, C, *out, *kernel]
    order = (0, 1, *range(2 + k, 2 + 2 * k), *range(2, 2 + k))
    cols = B.permute(win, order)
    depth, positions = cg * prod(kernel), prod(outs)
    if groups == 1:
        rows = B.reshape(w, (1, o, depth))
        out = emit("gemm", rows, B.reshape(cols, (n, depth, positions)))
    elif cg == 1:
        out = _depthwise(win, w, groups)
    else:
        out = _grouped(win, w, groups)
    return _biased(B.reshape(out, (n, o, *outs)), b, k)


def _depthwise(win, w, groups):
    """Sums of products over each channel's own windows [N, C, *out, *kernel]."""
    n, k = win.shape[0], len(w.shape) - 2
    rest, og, kernel = tuple(win.shape[2:]), w.shape[0] // groups, tuple(w.shape[2:])
    win = B.reshape(win, (n, groups, 1, *rest))
    weight = B.reshape(w, (1, groups, og, *(1,) * k, *kernel))
    rank = 3 + 2 * k
    return emit("sum", win * weight, dims=tuple(range(rank - k, rank)))


def _grouped(win, w, groups):
    """One batched GEMM, a group each, over all windows [N, C, *out, *kernel] of the batch."""
    n, o, cg, k = win.shape[0], w.shape[0], w.shape[1], len(w.shape) - 2
    outs = tuple(win.shape[2 : 2 + k])
    depth, og = cg * prod(w.shape[2:]), o // groups
    cols = B.permute(win, (1, *range(2 + k, 2 + 2 * k), 0, *range(2, 2 + k)))
    cols = B.reshape(cols, (groups, depth, n * prod(outs)))
    out = emit("gemm", B.reshape(w, (groups, og, depth)), cols)
    out = B.reshape(out, (groups, og, n, *outs))
    return B.permute(out, (2, 0, 1, *range(3, 3 + k)))


def _biased(out, b, k: int):
    return out if b is None else out + B.reshape(b, (b.shape[0], *(1,) * k))


def conv_transpose(x, w, b=None, *, stride, padding, dilation, groups, size):
    """x [N, C, *in], w [C, O / groups, *kernel] -> [N, O, *size]: the adjoint of conv in x."""
    n, c, ins = x.shape[0], x.shape[1], tuple(x.shape[2:])
    og, kernel = w.shape[1], tuple(w.shape[2:])
    k, depth = len(kernel), c // groups
    width = og * prod(kernel)
    if groups == 1:
        rows = B.transpose(B.reshape(w, (1, depth, width)))
        cols = emit("gemm", rows, B.reshape(x, (n, depth, prod(ins))))
        cols = B.reshape(cols, (n, og, *kernel, *ins))
    else:  # a batched GEMM, a group each
        rows = B.transpose(B.reshape(w, (groups, depth, width)))
        part = B.permute(B.reshape(x, (n, groups, depth, prod(ins))), (1, 2, 0, 3))
        cols = emit("gemm", rows, B.reshape(part, (groups, depth, n * prod(ins))))
        cols = B.reshape(cols, (groups, og, *kernel, n, *ins))
        cols = B.permute(cols, (2 + k, 0, *range(1, 2 + k), *range(3 + k, 3 + 2 * k)))
        cols = B.reshape(cols, (n, groups * og, *kernel, *ins))
    order = (0, 1, *range(2 + k, 2 + 2 * k), *range(2, 2 + k))
    out = emit("fold", B.permute(cols, order), size=size, stride=stride, padding=padding,
               dilation=dilation)  # fmt: skip
    return _biased(out, b, k)


composite("conv", conv, arity=3, attrs=_GEOMETRY)
composite("conv_transpose", conv_transpose, arity=3, attrs=(*_GEOMETRY, "size"))

# ---------------------------------------------------------------- pooling

_POOL = ("kernel", "stride", "padding", "dilation", "extra")


def lowest(dtype):
    """What never is a maximum."""
    if dtype.kind == "f":
        return -math.inf
    return -(2 ** (8 * dtype.itemsize - 1)) if dtype.is_signed else 0


def _windows(x, kernel, stride, padding, dilation, extra, fill):
    # `extra`: padding after the end, for windows that ceil_mode lets begin inside.
    if any(extra):
        lead = (0,) * (len(x.shape) - len(kernel))
        x = emit("pad", x, low=lead + (0,) * len(kernel), high=lead + extra, fill=fill)
    return emit("window", x, kernel=kernel, stride=stride, padding=padding, dilation=dilation,
                fill=fill)  # fmt: skip


def max_pool(x, kernel, stride, padding, dilation, extra):
    """Maximum of each window of [N, C, *in]; the gradient goes to its first maximum."""
    k = len(kernel)
    win = _windows(x, kernel, stride, padding, dilation, extra, lowest(x.dtype))
    rank = len(win.shape)
    dims = tuple(range(rank - k, rank))
    if not B.grad_enabled():
        return B.reshape(emit("amax", win, dims=dims), win.shape[:-k])
    with stop_gradient():
        at = emit("argmax", win, dims=dims)
        position, step = None, 1
        for d in reversed(dims):
            part = _iota(x.graph, win.shape, d) * step
            position, step = part if position is None else position + part, step * win.shape[d]
        first = emit("eq", position, at)
    return B.reshape(emit("sum", emit("where", first, win, 0.0), dims=dims), win.shape[:-k])


def max_pool_index(x, kernel, stride, padding, dilation, extra):
    """Where in its plane each window's first maximum lies (linear index over the last dims)."""
    k = len(kernel)
    ins = x.shape[len(x.shape) - k :]
    win = _windows(x, kernel, stride, padding, dilation, extra, lowest(x.dtype))
    rank = len(win.shape)
    at = B.reshape(emit("argmax", win, dims=tuple(range(rank - k, rank))), win.shape[:-k])
    flat, step = None, 1
    for j in reversed(range(k)):
        inside = emit("remainder", at, kernel[j])
        at = emit("floor_divide", at, kernel[j])
        out = _iota(x.graph, tuple(win.shape[:-k]), rank - 2 * k + j)
        place = (out * stride[j] - padding[j] + inside * dilation[j]) * step
        flat, step = place if flat is None else flat + place, step * ins[j]
    return flat


def avg_pool(x, kernel, stride, padding, extra, include_pad, divisor):
    """Mean of each window; `divisor` replaces the number of elements."""
    k = len(kernel)
    ones = (1,) * k
    win = _windows(x, kernel, stride, padding, ones, extra, 0.0)
    rank = len(win.shape)
    dims = tuple(range(rank - k, rank))
    total = B.reshape(emit("sum", win, dims=dims), win.shape[:-k])
    divide = "div_trunc" if x.dtype.kind == "i" else "div"
    if divisor is not None:
        return emit(divide, total, divisor)
    if not any(extra) and (include_pad or not any(padding)):
        return emit(divide, total, prod(kernel))
    # Elements that ceil_mode's last windows have beyond the padding never count.
    ins = x.shape[len(x.shape) - k :]
    edge = padding if include_pad else (0,) * k
    mask = B.expand(B.const(x.graph, 1, x.dtype), tuple(n + 2 * e for n, e in zip(ins, edge)))
    rest = tuple(p - e for p, e in zip(padding, edge))
    with stop_gradient():
        count = emit("sum", _windows(mask, kernel, stride, rest, ones, extra, 0.0),
                     dims=tuple(range(k, 2 * k)))  # fmt: skip
    return emit(divide, total, B.reshape(count, count.shape[:-k]))


def _iota(graph, shape, dim):
    small = tuple(n if d == dim else 1 for d, n in enumerate(shape))
    attrs = {"shape": small, "dim": dim, "dtype": dtypes.int64}
    return graph.add(OPS["iota"], [], attrs, [Type(small, dtypes.int64)]).out


composite("max_pool", max_pool, attrs=_POOL)
composite("max_pool_index", max_pool_index, attrs=_POOL, differentiable=False)
composite("avg_pool", avg_pool,
          attrs=("kernel", "stride", "padding", "extra", "include_pad", "divisor"))  # fmt: skip
composite("unfold_windows", lambda x, kernel, stride, padding, dilation: emit(
    "window", x, kernel=kernel, stride=stride, padding=padding, dilation=dilation, fill=0.0),
    attrs=("kernel", "stride", "padding", "dilation"))  # fmt: skip
composite("fold_windows", lambda x, size, stride, padding, dilation: emit(
    "fold", x, size=size, stride=stride, padding=padding, dilation=dilation),
    attrs=("size", "stride", "padding", "dilation"))  # fmt: skip
