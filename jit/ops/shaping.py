"""Rows of shaping and scattering: diagonals, triangles, strided regions, writes by index."""

from __future__ import annotations

from .. import dtypes
from ..ir import Type
from ..sym import prod
from . import build as B
from .build import emit
from .table import OPS, composite, register
from .tensor_ops import contiguous_strides

# ---------------------------------------------------------------- diagonals and triangles


def _diagonal_start(offset: int) -> tuple[int, int]:
    """First index of a diagonal in its two dims."""
    return max(-offset, 0), max(offset, 0)


def _diagonal_vjp(g, o, x, offset, dim1, dim2, shape):
    strides = contiguous_strides(x.shape)
    kept = tuple(s for d, s in enumerate(strides) if d not in (dim1, dim2))
    a, b = _diagonal_start(offset)
    return (
        emit("update", B.zeros(g.graph, x.shape, g.dtype), g, shape=shape,
             strides=(*kept, strides[dim1] + strides[dim2]),
             offset=a * strides[dim1] + b * strides[dim2]),
    )  # fmt: skip


def _select_vjp(g, o, x, dim, index):
    wide = B.reshape(g, tuple(1 if d == dim else n for d, n in enumerate(x.shape)))
    low = tuple(index if d == dim else 0 for d in range(len(x.shape)))
    high = tuple(n - index - 1 if d == dim else 0 for d, n in enumerate(x.shape))
    return (emit("pad", wide, low=low, high=high, fill=0.0),)


# One index of a dim, without the dim.
register("select", "movement", attrs=("dim", "index"), vjp=_select_vjp,
         infer=lambda ts, a: Type(
             (*ts[0].shape[: a["dim"]], *ts[0].shape[a["dim"] + 1 :]), ts[0].dtype))  # fmt: skip

# Elements x[.., i, .., i + offset, ..] of two dims, along a new last dim.
register("diagonal", "movement", attrs=("offset", "dim1", "dim2", "shape"),
         infer=lambda ts, a: Type(a["shape"], ts[0].dtype), vjp=_diagonal_vjp)


def iota(graph, shape, dim):
    """The index along `dim` as an int64 value that broadcasts to the shape."""
    small = tuple(n if d == dim else 1 for d, n in enumerate(shape))
    attrs = {"shape": small, "dim": dim, "dtype": dtypes.int64}
    return graph.add(OPS["iota"], [], attrs, [Type(small, dtypes.int64)]).out


def _triangle(keep):
    def build(x, k):
        rank = len(x.shape)
        d = iota(x.graph, x.shape, rank - 1) - iota(x.graph, x.shape, rank - 2)
        return emit("where", keep(d, k), x, B.const(x.graph, 0, x.dtype))

    return build


composite("tril", _triangle(lambda d, k: d <= k), arity=2)
composite("triu", _triangle(lambda d, k: d >= k), arity=2)


def eye(one, shape, dtype):
    """`one` on the main diagonal of a matrix."""
    hit = emit("eq", iota(one.graph, shape, 0), iota(one.graph, shape, 1))
    return emit("where", hit, B.cast(one, dtype), B.const(one.graph, 0, dtype))


composite("eye", eye, attrs=("shape", "dtype"), differentiable=False)

# ---------------------------------------------------------------- strided regions


def _overlaps(shape, strides) -> bool:
    """True unless the strides are seen to keep all elements of a region apart."""
    reach = 0
    for n, s in sorted(zip(shape, strides), key=lambda p: (int(p[1]), int(p[0]))):
        if int(n) == 1:
            continue
        if int(s) <= reach:
            return True
        reach += int(s) * (int(n) - 1)
    return False


def _places(graph, shape, strides, offset):
    """The flat index of each element of a region, as a vector."""
    at = B.expand(B.const(graph, offset, dtypes.int64), shape)
    for d, s in enumerate(strides):
        at = at + iota(graph, shape, d) * s
    return B.reshape(B.expand(at, shape), (prod(shape),))


def _region_vjp(g, o, x, shape, strides, offset):
    zeros = B.zeros(g.graph, x.shape, g.dtype)
    if not _overlaps(shape, strides):
        return (emit("update", zeros, g, shape=shape, strides=strides, offset=offset),)
    flat = B.reshape(zeros, (prod(x.shape),))
    at = _places(g.graph, shape, strides, offset)
    total = emit("scatter_add", flat, at, B.reshape(g, (prod(shape),)), dim=0, what="region")
    return (B.reshape(total, x.shape),)


OPS["region"].vjp = _region_vjp

# ---------------------------------------------------------------- scatter

# out = x, then out[.., idx[.., k, ..], ..] = combine(out[..], src[.., k, ..]) with k in order. idx
# broadcasts over the other dims of src; src has the sizes of x there.
REDUCTIONS = ("set", "mul", "max", "min")


def _zero_like(v, g):
    return B.expand(B.const(g.graph, 0, g.dtype), v.shape)


def _scatter_vjp(g, o, x, idx, src, dim, what, reduce):
    rule = {"set": _set_vjp, "mul": _mul_vjp}.get(reduce, _extreme_vjp)
    gx, gsrc = rule(g, o, x, idx, src, {"dim": dim, "what": what}, reduce)
    return (gx, None, gsrc)


def _set_vjp(g, o, x, idx, src, at, reduce):
    return emit("scatter", g, idx, _zero_like(src, g), **at, reduce="set"), _back(g, idx, src, at)


def _back(v, idx, src, at):
    """v gathered at the places that src went to."""
    full = tuple(m if d == at["dim"] else n for d, (n, m) in enumerate(zip(v.shape, src.shape)))
    idx = B.expand(idx, full) if at["dim"] is not None and len(full) == len(idx.shape) else idx
    return emit("gather", v, idx, **at)


def _extreme_vjp(g, o, x, idx, src, at, reduce):
    # All that are equal to the result share its gradient.
    own = B.cast(emit("eq", x, o), g.dtype)
    hit = B.cast(emit("eq", src, _back(o, idx, src, at)), g.dtype)
    share = g / emit("scatter_add", own, idx, hit, **at)
    return share * own, _back(share, idx, src, at) * hit


def _mul_vjp(g, o, x, idx, src, at, reduce):
    # Products of the other factors, right also where one factor is zero.
    zx, zs = emit("eq", x, 0), emit("eq", src, 0)
    safe_x, safe_s = emit("where", zx, 1.0, x), emit("where", zs, 1.0, src)
    product = emit("scatter", safe_x, idx, safe_s, **at, reduce="mul")
    count = emit("scatter_add", B.cast(zx, g.dtype), idx, B.cast(zs, g.dtype), **at)
    none, one = emit("eq", count, 0), emit("eq", count, 1)

    def part(v, zero, safe, whole, none, one):
        return emit("where", emit("where", zero, one, none), whole / safe, 0.0)

    gx = g * part(x, zx, safe_x, product, none, one)
    spread = (g, product, B.cast(none, g.dtype), B.cast(one, g.dtype))
    back = [_back(v, idx, src, at) for v in spread]
    gs = back[0] * part(src, zs, safe_s, back[1], emit("ne", back[2], 0), emit("ne", back[3], 0))
    return gx, gs


register("scatter", "opaque", arity=3, attrs=("dim", "what", "reduce"),
         kernels="opaque:scatter", takes=("any", "rows", "rows"),
         infer=lambda ts, a: Type(ts[0].shape, ts[0].dtype), vjp=_scatter_vjp)
