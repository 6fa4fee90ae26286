"""Losses with class weights, label smoothing or class probabilities as targets."""

from __future__ import annotations

from .. import dtypes
from ..sym import prod
from . import build as B
from .build import emit
from .composites import log_softmax
from .table import composite, elementwise


def _class_dim(rank: int) -> int:
    return 1 if rank > 1 else 0


def _along_classes(w, rank: int):
    """Class weights [C], broadcast against [N, C, ...] or [C]."""
    return B.reshape(w, tuple(w.shape[0] if d == _class_dim(rank) else 1 for d in range(rank)))


def _total(v, reduction: str, shape, count):
    """No reduction to the target's shape, the sum, or the sum over `count`."""
    if reduction == "none":
        return B.reshape(v, shape)
    total = emit("sum", v, dims=tuple(range(len(v.shape))))
    return B.reshape(total / count if reduction == "mean" else total, ())


def weighted_nll(logp, target, w=None, hard=None, spread=None, *, reduction, ignore_index, rank):
    """nll_loss with class weights; smoothing gives `hard` to the target, `spread` to each class.

    The mean divides by the sum of the weights of the targets. Szegedy et al., Rethinking the
    Inception architecture (2016), section 7.
    """
    dim = _class_dim(rank)
    t = B.reshape(target, (*target.shape[:dim], 1, *target.shape[dim:]) if rank > 1 else (1,))
    keep = emit("ne", t, ignore_index)
    at = emit("where", keep, B.cast(t, dtypes.int64), 0)
    factor = 1.0
    if w is not None:
        w = _along_classes(w, rank)
        factor = emit("gather", B.expand(w, logp.shape), at, dim=dim, what="target")
    picked = emit("gather", logp, at, dim=dim, what="target")
    loss = emit("where", keep, -(picked * factor), 0.0)
    if w is None:
        count = emit("sum", B.cast(keep, dtypes.int64), dims=tuple(range(rank)))
    else:
        count = emit("sum", emit("where", keep, factor, 0.0), dims=tuple(range(rank)))
    out = _total(loss, reduction, target.shape, count)
    if hard is None:
        return out
    all_classes = emit("sum", logp if w is None else logp * w, dims=(dim,))
    smooth = emit("where", keep, -all_classes, 0.0)
    return out * hard + _total(smooth, reduction, target.shape, count) * spread


def weighted_cross_entropy(x, target, *more, reduction, ignore_index, rank, weighted):
    """log_softmax, then weighted_nll; `more`: maybe weights, maybe hard and spread."""
    logp = log_softmax(x, _class_dim(rank))
    options = {"reduction": reduction, "ignore_index": ignore_index, "rank": rank}
    return weighted_nll(logp, target, *(() if weighted else (None,)), *more, **options)


def soft_cross_entropy(x, target, hard, spread, w=None, *, reduction, rank):
    """Cross entropy with class probabilities as target, in the shape of x.

    The target becomes target * hard + spread; the mean is over everything but the classes.
    """
    dim = _class_dim(rank)
    target = target * hard + spread
    loss = -(log_softmax(x, dim) * target)
    if w is not None:
        loss = loss * _along_classes(w, rank)
    loss = emit("sum", loss, dims=(dim,))
    shape = tuple(n for d, n in enumerate(x.shape) if d != dim)
    return _total(loss, reduction, shape, prod(shape))


_NLL = ("reduction", "ignore_index", "rank")
composite("weighted_nll_loss", weighted_nll, attrs=_NLL, arity=3)
composite("weighted_cross_entropy", weighted_cross_entropy, attrs=(*_NLL, "weighted"), arity=5)
composite("soft_cross_entropy", soft_cross_entropy, attrs=("reduction", "rank"), arity=5)

# The slope's denominator is kept away from 0, the logarithms above -100, as in PyTorch.
elementwise(
    "binary_cross_entropy", "({1} - {t}(1)) * maximum(log1p_{t}(-{0}), {t}(-100)) - "
    "{1} * maximum(log_{t}({0}), {t}(-100))", arity=2, cost=24, public=None, domain=(0.1, 0.9),
    vjp=lambda g, o, x, y: (
        B.match(g * ((x - y) / emit("maximum", x * (1.0 - x), 1e-12)), x),
        B.match(g * (emit("maximum", emit("log1p", -x), -100.0)
                     - emit("maximum", emit("log", x), -100.0)), y)),
)  # fmt: skip


def _no_second_derivative(g, o, x):
    raise RuntimeError("derivative for aten::_ctc_loss_backward is not implemented")


# What ctc_loss reads; its gradient, which has no derivative in PyTorch.
elementwise("ctc_scores", "{0}", arity=1, public=None, vjp=lambda g, o, x: (emit("ctc_slope", g),))
elementwise("ctc_slope", "{0}", arity=1, public=None, vjp=_no_second_derivative)
