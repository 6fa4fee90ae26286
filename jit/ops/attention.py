"""Ops whose gradients compute again what they are made of, rather than keep it: memory for time.

What the gradient needs is computed from an operand `after` the gradient has come: so it does not
become one with the values of the forward pass, which then live no longer than that.
"""

from __future__ import annotations

from ..ir import Type
from . import build as B
from .build import emit
from .composites import gelu, silu, softmax
from .linalg import matmul
from .table import broadcast_shapes, composite, register

# The first operand, once the second is known (which broadcasts to it).
register("after", "elementwise", arity=2, expr="{0}", public=None,
         infer=lambda ts, a: Type(ts[0].shape, ts[0].dtype),
         vjp=lambda g, o, x, y: (g, None))  # fmt: skip


# ---------------------------------------------------------------- activations


def _recomputed(build):
    """A vjp of a function of one operand that keeps the operand alone."""

    def vjp(g, o, x, **attrs):
        from ..passes.autodiff import gradients

        more = B.grad_enabled()
        x = emit("after", x, g)
        with B.grad_flags(True):
            y = build(x, **attrs)
        return tuple(gradients(g.graph, y, g, [x], more))

    return vjp


for _name, _build, _attrs in (("silu", silu, ()), ("gelu", gelu, ("approximate",))):
    _late = register(f"{_name}_late", "composite_late", attrs=_attrs, build=_build, public=None,
                     infer=lambda ts, a: Type(ts[0].shape, ts[0].dtype),
                     vjp=_recomputed(_build))  # fmt: skip
    composite(_name, lambda x, op=_late, **attrs: emit(op, x, **attrs), attrs=_attrs)

# ---------------------------------------------------------------- attention


def _turned(x):
    n = len(x.shape)
    return B.permute(x, (*range(n - 2), n - 1, n - 2))


def _weights(q, k, mask=None, hidden=None, empty=None):
    """softmax(q @ k' + mask) [..., L, S]; a bool mask says what takes part."""
    scores = matmul(q, _turned(k))
    if mask is not None:
        scores = scores + mask if hidden is None else emit("where", mask, scores, hidden)
    weights = softmax(scores, len(scores.shape) - 1)
    return weights if empty is None else emit("where", mask, weights, empty)


def _attend(q, k, v, *mask):
    return matmul(_weights(q, k, *mask), v)


def _attend_vjp(g, o, q, k, v, *mask):
    # Dao et al., FlashAttention (2022): a row's sum of weights times their gradients is that of
    # the result times its gradient.
    inner = emit("sum", g * o, dims=(len(g.shape) - 1,))
    # A q that is broadcast is copied as it is: its weights are kept.
    x = emit("after", q, inner) if q.shape[:-2] == g.shape[:-2] else q
    weights = _weights(x, k, *mask)
    scores = weights * (matmul(g, _turned(v)) - inner)
    found = [matmul(scores, k), matmul(_turned(scores), x), matmul(_turned(weights), g)]
    found = [B.match(part, operand) for part, operand in zip(found, (q, k, v))]
    if len(mask) == 1:
        found.append(B.match(scores, mask[0]))
        return tuple(found)
    return (*found, *(None for _ in mask))


def _attend_type(ts, a):
    q, k, v, *mask = ts
    lead = broadcast_shapes("attention", [t.shape[:-2] for t in ts])
    return Type((*lead, q.shape[-2], v.shape[-1]), q.dtype)


# q [..., L, E] (scaled), k [..., S, E], v [..., S, V]; perhaps a mask that broadcasts to
# [..., L, S]: one that is added, or a bool one with the score of what it hides (minus infinity),
# and perhaps with the weights of a row that sees nothing (0). These are no literals, which would
# make LLVM split the loops rather than vectorise them.
register("attend", "composite_late", arity=-1, build=_attend, vjp=_attend_vjp, infer=_attend_type,
         public=None)  # fmt: skip
composite("attention", lambda *ins: emit("attend", *ins), arity=-1, public=None,
          saves=(0, 1, 2, -1))  # fmt: skip
