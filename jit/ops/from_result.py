"""Gradients as functions of a result that was overwritten since.

Composites differentiate by what they are built of. PyTorch's formulas of these read the result as
it is when backward runs; so do these rules, for a result that somebody wrote through .data.
"""

from __future__ import annotations

from ..ir import Type
from . import build as B
from .build import emit
from .table import OPS, register


def _kept(v, x, dims, keepdim):
    """A result or its gradient with the reduced dims as dims of size 1."""
    if keepdim or not dims:
        return v
    return B.reshape(v, tuple(1 if d in dims else n for d, n in enumerate(x.shape)))


def _softmax(g, o, x, dim):
    return (o * (g - emit("sum", g * o, dims=(dim,))),)


def _log_softmax(g, o, x, dim):
    return (g - emit("exp", o) * emit("sum", g, dims=(dim,)),)


def _logsumexp(g, o, x, dims, keepdim):
    g, o = (_kept(v, x, dims, keepdim) for v in (g, o))
    return (g * emit("exp", x - o),)


def _reduced(primitive: str):
    def rule(g, o, x, dims, keepdim):
        if not dims:
            return (B.expand(g, x.shape),)
        g, o = (_kept(v, x, dims, keepdim) for v in (g, o))
        return OPS[primitive].vjp(g, o, B.cast(x, o.dtype), dims=dims)

    return rule


def _norm(g, o, x, p, dims):
    """`p`: a number or a Value; the convention at zeros is PyTorch's."""
    size = emit("abs", x)
    sign = emit("sgn", x)
    if p in (0, 1):
        return g * sign if p else g * 0.0 * size
    if p in (float("inf"), float("-inf")):
        hit = B.cast(emit("eq", size, o), g.dtype)
        return sign * (g * hit / emit("sum", hit, dims=dims))
    lost = emit("eq", o, 0)
    safe = emit("where", lost, 1.0, o)
    if p == 2:
        return emit("where", lost, 0.0, x * (g / safe))
    zero = emit("eq", size, 0)
    power = emit("pow", emit("where", zero, 1.0, size), p - 1)
    scale = emit("where", lost, 0.0, g * emit("pow", safe, 1 - p))
    return sign * emit("where", zero, 0.0, power) * scale


def _vector_norm(g, o, x, p, dims, keepdim):
    g, o = (_kept(v, x, dims, keepdim) for v in (g, o))
    return (_norm(g, o, x, p, dims),)


def _p_norm(g, o, x, *p, dims, keepdim, how):
    g, o = (_kept(v, x, dims, keepdim) for v in (g, o))
    known = how in ("0", "1", "2", "inf", "-inf")
    return (_norm(g, o, x, float(how) if known else B.cast(p[0], o.dtype), dims), *(None,) * len(p))


RULES = {
    "softmax": _softmax, "log_softmax": _log_softmax, "logsumexp": _logsumexp,
    "reduce_prod": _reduced("prod"), "reduce_amax": _reduced("amax"),
    "reduce_amin": _reduced("amin"), "vector_norm": _vector_norm, "p_norm": _p_norm,
}  # fmt: skip


def _vjp(g, o, *ins, row, named, meta):
    return RULES[row](g, o, *ins, **dict(named))


# A result that is known, as a function of its operands: never computed, only differentiated.
register("from_result", "opaque", arity=-1, attrs=("row", "named", "meta"), vjp=_vjp, public=None,
         infer=lambda ts, a: Type(a["meta"].shape, a["meta"].dtype))
