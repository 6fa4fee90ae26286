"""Rows of scans and of ops on sorted rows."""

from __future__ import annotations

import numpy as np

from .. import dtypes
from ..ir import Type
from . import build as B
from .build import emit
from .table import register

# ---------------------------------------------------------------- scans


def _scan(name: str, vjp, ref) -> None:
    """A running value along `dim`, from its end if `reverse`; `dtype` is the result's."""
    register(
        "scan_" + name, "opaque", attrs=("dim", "reverse", "dtype"), kernels="scan:scan_kernels",
        takes="rows", infer=lambda ts, a: Type(ts[0].shape, a["dtype"]), vjp=vjp, ref=ref,
        conjugate="vjp" if name == "prod" else "own",
    )  # fmt: skip


def scan(name: str, x, dim: int, reverse: bool = False):
    """A scan in the operand's own type."""
    return emit("scan_" + name, x, dim=dim, reverse=reverse, dtype=x.dtype)


def _cumsum_vjp(g, o, x, dim, reverse, dtype):
    return (B.cast(scan("sum", g, dim, not reverse), x.dtype),)


def _cumprod_vjp(g, o, x, dim, reverse, dtype):
    n = x.shape[dim]
    if B.grad_enabled() and n <= 512:
        return (B.cast(_cumprod_table(g, B.cast(x, dtype), dim, reverse), x.dtype),)
    # Up to the first zero the sum of products is divided by the element; at the first zero the
    # products leave it out; elements behind it only scale it.
    x = B.cast(x, dtype)
    zero = emit("eq", x, 0)
    count = emit("scan_sum", zero, dim=dim, reverse=reverse, dtype=dtypes.int64)
    before = emit("eq", count, 0)
    first = zero & emit("eq", count, 1)
    without = scan("prod", emit("where", first, 1.0, x), dim, reverse)
    lead = scan("sum", emit("where", before, g * o, 0.0), dim, not reverse)
    rest = scan("sum", emit("where", before, 0.0, g * without), dim, not reverse)
    safe = emit("where", zero, 1.0, x)
    return (emit("where", before, lead / safe, emit("where", first, rest, 0.0)),)


def _cumprod_table(g, x, dim, reverse):
    """The products that leave element j out, as a table [.., j, k]; can be differentiated again."""
    rank = len(x.shape)
    order = (*(d for d in range(rank) if d != dim), dim)
    y, h = B.permute(x, order), B.permute(g, order)
    lead, n = y.shape[:-1], x.shape[dim]
    row, col = (_index(x.graph, s, d) for s, d in (((n, 1), 0), ((1, n), 1)))
    spread = B.expand(B.reshape(y, (*lead, 1, n)), (*lead, n, n))
    others = scan("prod", emit("where", emit("eq", row, col), 1.0, spread), rank, reverse)
    later = (col <= row) if reverse else (col >= row)
    terms = emit("where", later, others * B.reshape(h, (*lead, 1, n)), 0.0)
    total = B.reshape(emit("sum", terms, dims=(rank,)), y.shape)
    return B.permute(total, tuple(sorted(range(rank), key=order.__getitem__)))


def _index(graph, shape, dim):
    attrs = {"shape": shape, "dim": dim, "dtype": dtypes.int64}
    return graph.add(B.OPS["iota"], [], attrs, [Type(shape, dtypes.int64)]).out


def _logcumsumexp_vjp(g, o, x, dim, reverse, dtype):
    # exp(x) * sum of g * exp(-out), in logarithms; positive and negative gradients apart.
    if x.dtype.kind == "c":
        logs = scan("logaddexp", emit("log", g) - B.conj(o), dim, not reverse)
        return (emit("exp", logs + B.conj(x)),)
    least = -1.6e4 if x.dtype.short == "f16" else -1e37  # finite, so that it has a gradient

    def part(h):
        hit = h > 0
        logs = emit("where", hit, emit("log", emit("where", hit, h, 1.0)), least)
        return emit("exp", scan("logaddexp", logs - o, dim, not reverse) + x)

    return (part(g) - part(-g),)


_scan("sum", _cumsum_vjp, np.cumsum)
_scan("prod", _cumprod_vjp, np.cumprod)
_scan("logaddexp", _logcumsumexp_vjp, np.logaddexp.accumulate)


# ---------------------------------------------------------------- values and indices


def _pair_type(ts, a):
    return Type(ts[0].shape, dtypes.int64 if a["result"] == 1 else ts[0].dtype)


# Result 0 are the values; it exists in graphs only: a value is recorded as a gather by result 1,
# which carries the gradient, and grouping turns the gather into result 0 of the same kernel.
for _name in ("cummax", "cummin"):
    register(_name, "opaque", attrs=("dim", "result"), results=2, kernels="scan:extreme_kernels",
             takes="rows", infer=_pair_type, differentiable=False)  # fmt: skip

register("sort", "opaque", attrs=("dim", "descending", "result"), results=2, takes="rows",
         layout="first",
         kernels="sort:sort_kernels", infer=_pair_type, differentiable=False)  # fmt: skip


def _one_type(ts, a):
    shape = tuple(1 if d == a["dim"] else n for d, n in enumerate(ts[0].shape))
    return Type(shape, dtypes.int64 if a["result"] == 1 else ts[0].dtype)


def _topk_type(ts, a):
    shape = tuple(a["k"] if d == a["dim"] else n for d, n in enumerate(ts[0].shape))
    return Type(shape, dtypes.int64 if a["result"] == 1 else ts[0].dtype)


register("topk", "opaque", attrs=("dim", "k", "largest", "result"), results=2, takes="rows",
         kernels="select:topk_kernels", infer=_topk_type, differentiable=False)  # fmt: skip


def _kth_vjp(g, o, x, dim, what, k, result):
    # All that are equal to the result share its gradient; medians along a dim gather instead.
    same = emit("eq", x, o) | (emit("isnan", x) & emit("isnan", o))
    hit = B.cast(same, g.dtype)
    return (g * hit / emit("sum", hit, dims=(dim,)),)


# The k-th smallest, or with `what` "median" and "nanmedian" the lower median.
register("kth", "opaque", attrs=("dim", "what", "k", "result"), results=2, takes="rows",
         kernels="select:kth_kernels", infer=_one_type, vjp=_kth_vjp)  # fmt: skip
register("mode", "opaque", attrs=("dim", "result"), results=2, takes="rows",
         kernels="select:mode_kernels", infer=_one_type, differentiable=False)  # fmt: skip
# Where each value belongs in a row of sorted boundaries.
register("searchsorted", "opaque", arity=-1, attrs=("right", "dtype"), differentiable=False,
         kernels="search:search_kernels", infer=lambda ts, a: Type(ts[1].shape, a["dtype"]))
