"""Sorting and ranks: sort, topk, kthvalue, medians, mode, quantiles."""

from __future__ import annotations

from numtorch.jit import dtypes as _d
from numtorch.jit.ops import OPS
from numtorch.jit.record import local

from ._api import function
from ._descriptors import check_dim
from ._scan import picked
from ._tensor import Tensor
from .return_types import result_type

_PAIR = ("values", "indices")
sort_result = result_type("sort", *_PAIR)
topk_result = result_type("topk", *_PAIR)
kthvalue_result = result_type("kthvalue", *_PAIR)
median_result = result_type("median", *_PAIR)
nanmedian_result = result_type("nanmedian", *_PAIR)
mode_result = result_type("mode", *_PAIR)


def _found(op: str, x: Tensor, d: int, attrs: tuple) -> tuple[Tensor, Tensor]:
    """(values, indices) of an op that finds elements along a dim."""
    if not x.dim():
        values, at = _found(op, x.reshape(1), 0, attrs)
        return values.reshape(()), at.reshape(())
    at = local.tape.record(OPS[op], (x,), (d, *attrs, 1))
    return picked(x, at, d), at


def _refuse(x: Tensor, name: str, kinds: str) -> None:
    if x.dtype.kind in kinds:
        raise NotImplementedError(f"\"{name}\" not implemented for '{x.dtype.scalar_type}'")


def _nonempty(x: Tensor, d: int, name: str) -> None:
    if x.dim() and x.shape[d] == 0:
        raise IndexError(f"{name}(): Expected reduction dim {d} to have non-zero size.")


def _squeezed(result, pair: tuple, x: Tensor, d: int, keepdim: bool):
    if not keepdim and x.dim():
        pair = tuple(t.squeeze(d) for t in pair)
    return result(*pair)


# ---------------------------------------------------------------- whole rows


def _sort(x: Tensor, dim: int, descending: bool):
    d = check_dim(dim, x.dim())
    if x.dtype.is_complex:
        raise RuntimeError(" Sort does not support complex dtypes on CPU")
    values, at = _found("sort", x, d, (descending,))
    if at._v.meta.order is not None:
        values = local.tape.record(OPS["copy"], (values,), None, at._v.meta.strides)
    return sort_result(values, at)


@function("sort(Tensor input, *, bool? stable, int dim=-1, bool descending=False)", out=_PAIR)
def sort(input, *, stable, dim, descending):
    """(values, indices) sorted along a dim; the sort is always stable, NaN is above all numbers.

    >>> import numtorch as torch
    >>> torch.sort(torch.tensor([3.0, 1.0, 2.0])).indices
    tensor([1, 2, 0])
    """
    return _sort(input, dim, descending)


@function("sort(Tensor input, int dim=-1, bool descending=False)", out=_PAIR)
def sort(input, dim, descending):  # noqa: F811
    return _sort(input, dim, descending)


@function("argsort(Tensor input, *, bool stable, int dim=-1, bool descending=False)", out=True)
def argsort(input, *, stable, dim, descending):
    """Indices that sort a tensor along a dim.

    >>> import numtorch as torch
    >>> torch.argsort(torch.tensor([3, 1, 2]), descending=True)
    tensor([0, 2, 1])
    """
    return _sort(input, dim, descending).indices


@function("argsort(Tensor input, int dim=-1, bool descending=False)")
def argsort(input, dim, descending):  # noqa: F811
    return _sort(input, dim, descending).indices


@function("msort(Tensor input)", out=True)
def msort(input):
    """Values sorted along the first dim.

    >>> import numtorch as torch
    >>> torch.msort(torch.tensor([[3, 1], [2, 4]]))
    tensor([[2, 1],
            [3, 4]])
    """
    return _sort(input, 0, False).values


# ---------------------------------------------------------------- ranks


@function("topk(Tensor input, int k, int dim=-1, bool largest=True, bool sorted=True)", out=_PAIR)
def topk(input, k, dim, largest, sorted):
    """(values, indices) of the k largest (or smallest) elements along a dim, in order.

    >>> import numtorch as torch
    >>> torch.topk(torch.tensor([1, 5, 3]), 2).values
    tensor([5, 3])
    """
    d = check_dim(dim, input.dim())
    if not 0 <= k <= (input.shape[d] if input.dim() else 1):
        raise RuntimeError("selected index k out of range")
    if input.dtype.is_complex:
        raise RuntimeError(" topk does not support complex dtypes on CPU")
    if input.dtype.kind == "b":
        raise RuntimeError("topk does not support bool dtypes on CPU")
    return topk_result(*_found("topk", input, d, (k, largest)))


@function("kthvalue(Tensor input, int k, int dim=-1, bool keepdim=False)", out=_PAIR,
          out_apart=True)  # fmt: skip
def kthvalue(input, k, dim, keepdim):
    """(values, indices) of the k-th smallest elements along a dim.

    >>> import numtorch as torch
    >>> torch.kthvalue(torch.tensor([4.0, 2.0, 9.0]), 2).values
    tensor(4.)
    """
    d = check_dim(dim, input.dim())
    _nonempty(input, d, "kthvalue")
    if not 1 <= k <= (input.shape[d] if input.dim() else 1):
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {d}")
    _refuse(input, "kthvalue_cpu", "bc")
    return _squeezed(kthvalue_result, _found("kth", input, d, ("kth", k)), input, d, keepdim)


def _median(name: str, result):
    def whole(input):
        if not input.numel():
            fill = float("nan") if input.dtype.kind == "f" else _least(input.dtype)
            return input.sum().new_full((), fill, dtype=input.dtype)
        _refuse(input, "median_cpu", "bc")
        # All that equal the median share its gradient.
        return local.tape.record(OPS["kth"], (input.reshape(-1),), (0, name, 0, 0)).reshape(())

    def along(input, dim, keepdim):
        d = check_dim(dim, input.dim())
        _nonempty(input, d, name)
        _refuse(input, "median_cpu", "bc")
        return _squeezed(result, _found("kth", input, d, (name, 0)), input, d, keepdim)

    whole.__doc__ = (
        "The lower median, of all elements or (values, indices) along a dim; "
        + ("NaN if there is a NaN." if name == "median" else "NaN do not count.")
    )
    function(f"{name}(Tensor input)")(whole)
    return function(f"{name}(Tensor input, int dim, bool keepdim=False)", out=_PAIR)(along)


def _least(dtype) -> int:
    return 0 if not dtype.is_signed else -(1 << (8 * dtype.itemsize - 1))


median = _median("median", median_result)
nanmedian = _median("nanmedian", nanmedian_result)


@function("mode(Tensor input, int dim=-1, bool keepdim=False)", out=_PAIR)
def mode(input, dim, keepdim):
    """(values, indices) of the most frequent element along a dim; of equal ones the smallest.

    >>> import numtorch as torch
    >>> torch.mode(torch.tensor([1, 2, 2, 3])).values
    tensor(2)
    """
    d = check_dim(dim, input.dim())
    _nonempty(input, d, "mode")
    _refuse(input, "mode_cpu", "c")
    return _squeezed(mode_result, _found("mode", input, d, ()), input, d, keepdim)


# ---------------------------------------------------------------- quantiles

_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _check_quantile(name: str, x: Tensor, q: Tensor, interpolation: str) -> None:
    if not x.numel():
        raise RuntimeError(f"{name}() input tensor must be non-empty")
    if q.dim() > 1:
        raise RuntimeError(f"{name}() q must be a scalar or 1D tensor")
    if x.dtype not in (_d.float32, _d.float64):
        raise RuntimeError(f"{name}() input tensor must be either float or double dtype")
    if q.dtype is not x.dtype:
        raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor")
    if interpolation not in _INTERPOLATIONS:
        raise RuntimeError(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, "
            f"but got {interpolation}"
        )


def _quantile(name: str, x: Tensor, q: Tensor, dim, keepdim: bool, how: str) -> Tensor:
    _check_quantile(name, x, q, how)
    if not bool(((q >= 0) & (q <= 1)).all()):
        raise RuntimeError(f"{name}() q values must be in the range [0, 1]")
    rank = x.dim()
    d = None if dim is None else check_dim(dim, rank)
    if d is None:
        rows = x.reshape(-1)
    else:
        rows = x.reshape(1) if not rank else x.movedim(d, -1)
    ordered = _sort(rows, -1, False).values
    last = ordered.shape[-1] - 1
    points = q.reshape(-1)
    if name == "quantile":
        # A NaN is the last element, and then the answer.
        ranks = (points * last).expand(*ordered.shape[:-1], points.shape[0])
        ranks = ranks.masked_fill(ordered.narrow(-1, last, 1).isnan(), float(last))
    else:
        count = ordered.isnan().logical_not().sum(-1, True)
        ranks = points * (count - 1).to(x.dtype)
        ranks = ranks.masked_fill(ranks < 0, 0.0)
    out = _interpolated(ordered, ranks.detach(), how)
    return _placed(out, q, rank, d, keepdim)


def _interpolated(ordered: Tensor, ranks: Tensor, how: str) -> Tensor:
    whole = {"lower": Tensor.floor, "higher": Tensor.ceil, "nearest": Tensor.round}.get(how)
    if whole is not None:
        return ordered.gather(-1, whole(ranks).to(_d.int64))
    below = ranks.to(_d.int64)
    low, high = ordered.gather(-1, below), ordered.gather(-1, ranks.ceil().to(_d.int64))
    if how == "midpoint":
        return low.lerp(high, 0.5)
    return low.lerp(high, ranks - below.to(ranks.dtype))


def _placed(out: Tensor, q: Tensor, rank: int, d: int | None, keepdim: bool) -> Tensor:
    """The dim of q comes first; the reduced dims stay as ones when asked to."""
    out = out.movedim(-1, 0)
    if keepdim and rank:
        out = out.reshape([out.shape[0]] + [1] * rank) if d is None else out.unsqueeze(d + 1)
    elif rank == 0:
        out = out.reshape(-1)
    return out if q.dim() else out.squeeze(0)


def _declare(name: str, doc: str) -> None:
    tail = "int? dim=None, bool keepdim=False, *, str interpolation='linear'"

    def by_tensor(input, q, dim, keepdim, *, interpolation):
        return _quantile(name, input, q, dim, keepdim, interpolation)

    def by_number(input, q, dim, keepdim, *, interpolation):
        from ._creation import tensor

        if not 0 <= q <= 1:
            raise RuntimeError(f"{name}() q must be in the range [0, 1] but got {q:g}")
        kind = input.dtype if input.dtype.kind == "f" else _d.float32
        return _quantile(name, input, tensor(q, dtype=kind), dim, keepdim, interpolation)

    by_tensor.__doc__ = doc
    function(f"{name}(Tensor input, Tensor q, {tail})", out=True)(by_tensor)
    function(f"{name}(Tensor input, float q, {tail})", out=True)(by_number)


_declare(
    "quantile",
    """q-th quantiles along a dim (or of all elements), interpolated between neighbours.

    >>> import numtorch as torch
    >>> torch.quantile(torch.tensor([0.0, 1.0, 2.0]), 0.25)
    tensor(0.5000)
    """,
)
_declare("nanquantile", "quantile() that leaves NaN out.")
