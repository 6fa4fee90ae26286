"""Reductions as Tensor methods and functions; softmax and its family."""

from __future__ import annotations

import warnings

from numtorch.jit import dtypes
from numtorch.jit.ops import OPS
from numtorch.jit.record import local

from ._api import REGISTRY, function
from ._casts import to
from ._descriptors import check_dim
from ._out import expected_dtype
from ._tensor import Tensor
from .return_types import result_type

max_result = result_type("max", "values", "indices")
min_result = result_type("min", "values", "indices")
aminmax_result = result_type("aminmax", "min", "max")


def _dims(t: Tensor, dim) -> tuple[int, ...]:
    """The reduced dims in 0..rank-1; none given means all."""
    rank = len(t._v.meta.shape)
    if dim is None or dim == ():
        return tuple(range(rank))
    if dim.__class__ is int and rank <= 64:
        return (check_dim(dim, rank),) if rank else _scalar_dim(dim)
    if rank > 64:
        raise RuntimeError("only tensors with up to 64 dims are supported")
    dims = tuple(check_dim(d, rank) for d in dim)
    for k, d in enumerate(dims):
        if d in dims[:k]:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
    return dims if rank else ()


def _scalar_dim(dim: int) -> tuple[int, ...]:
    check_dim(dim, 0)
    return ()


def _record(op: str, x: Tensor, *attrs) -> Tensor:
    return local.tape.record(OPS[op], (x,), attrs)


# ---------------------------------------------------------------- sums


@function("sum(Tensor input, dims? dim=None, bool keepdim=False, *, dtype? dtype=None)", out=True)
def sum(input, dim=None, keepdim=False, *, dtype=None):
    """Sum over the given dims (all by default); integers and bools are added as int64.

    >>> import numtorch as torch
    >>> torch.tensor([[1, 2], [3, 4]]).sum(0)
    tensor([4, 6])
    """
    x = input if dtype is None or dtype is input.dtype else to(input, dtype)
    out = local.tape.record(OPS["reduce_sum"], (x,), (_dims(x, dim), keepdim))
    return out if dtype is None or out.dtype is dtype else to(out, dtype)


@function("nansum(Tensor input, dims? dim=None, bool keepdim=False, *, dtype? dtype=None)",
          out=True)  # fmt: skip
def nansum(input, dim=None, keepdim=False, *, dtype=None):
    """Sum that takes NaN as 0.

    >>> import numtorch as torch
    >>> torch.nansum(torch.tensor([1.0, torch.nan, 3.0]))
    tensor(4.)
    """
    if input.dtype.kind == "c":
        raise RuntimeError("nansum does not support complex inputs")
    x = input
    if x.dtype.is_floating_point:
        x = local.tape.record(OPS["where"], (x.isnan(), 0.0, x))
    return sum(x, dim, keepdim, dtype=dtype)


@function("mean(Tensor input, dims? dim=None, bool keepdim=False, *, dtype? dtype=None)", out=True)
def mean(input, dim=None, keepdim=False, *, dtype=None):
    """Mean over the given dims (all by default); floating and complex dtypes only.

    >>> import numtorch as torch
    >>> torch.mean(torch.tensor([[1.0, 2.0], [3.0, 7.0]]), dim=1)
    tensor([1.5000, 5.0000])
    """
    x = input if dtype is None or dtype is input.dtype else to(input, dtype)
    if not x.dtype.differentiable:
        what = "Input" if dtype is None else "Optional"
        raise RuntimeError(
            f"mean(): could not infer output dtype. {what} dtype must be either a floating point "
            f"or complex dtype. Got: {x.dtype.scalar_type}"
        )
    return local.tape.record(OPS["mean"], (x,), (_dims(x, dim), keepdim))


@function("nanmean(Tensor input, dims? dim=None, bool keepdim=False, *, dtype? dtype=None)",
          out=True)  # fmt: skip
def nanmean(input, dim=None, keepdim=False, *, dtype=None):
    """Mean of the elements that are not NaN.

    >>> import numtorch as torch
    >>> torch.nanmean(torch.tensor([1.0, torch.nan, 3.0]))
    tensor(2.)
    """
    if not input.dtype.differentiable:
        raise RuntimeError(
            "nanmean(): expected input to have floating point or complex dtype but got "
            f"{input.dtype.scalar_type}"
        )
    if dtype is not None and not dtype.differentiable:
        raise RuntimeError(
            "nanmean(): could not infer output dtype. Optional dtype must be either a floating "
            f"point or complex dtype. Got: {dtype.scalar_type}"
        )
    count = sum(~input.isnan(), dim, keepdim)
    return nansum(input, dim, keepdim, dtype=dtype) / count


@function("prod(Tensor input, int? dim=None, bool keepdim=False, *, dtype? dtype=None)", out=True)
def prod(input, dim=None, keepdim=False, *, dtype=None):
    """Product over one dim, or over all.

    >>> import numtorch as torch
    >>> torch.prod(torch.tensor([2, 3, 4]))
    tensor(24)
    """
    x = input if dtype is None or dtype is input.dtype else to(input, dtype)
    out = local.tape.record(OPS["reduce_prod"], (x,), (_dims(x, dim), keepdim))
    return out if dtype is None or out.dtype is dtype else to(out, dtype)


@function("count_nonzero(Tensor input, dims? dim=None)")
def count_nonzero(input, dim=None):
    """How many elements differ from 0, over the given dims (all by default).

    >>> import numtorch as torch
    >>> torch.count_nonzero(torch.tensor([[0, 1], [2, 3]]), dim=0)
    tensor([1, 2])
    """
    return sum(input != 0, dim)


# ---------------------------------------------------------------- any, all


def _logical(name: str, doc: str):
    @function(f"{name}(Tensor input, dims? dim=None, bool keepdim=False)", out=True, doc=doc)
    def method(input, dim=None, keepdim=False):
        dims = () if dim == () else _dims(input, dim)
        out = local.tape.record(OPS[name], (input,), (dims, keepdim))
        return to(out, dtypes.uint8) if input.dtype is dtypes.uint8 else out

    return method


_any = _logical("any", "True if any element along the dims is (uint8 for uint8).")
_all = _logical("all", "True if all elements along the dims are (uint8 for uint8).")


# ---------------------------------------------------------------- extremes


def _check_nonempty(t: Tensor, dims: tuple, name: str, colon: str = "()") -> None:
    """IndexError when a reduced dim (as the user counts it) has no elements."""
    shape = t._v.meta.shape
    if t.numel() == 0:
        for d in dims:
            if shape and -len(shape) <= d < len(shape) and shape[d] == 0:
                raise IndexError(
                    f"{name}{colon}: Expected reduction dim {d} to have non-zero size."
                )


def _ordered(t: Tensor, name: str) -> None:
    if t.dtype.kind == "c":
        raise NotImplementedError(
            f"\"{name}\" not implemented for '{t.dtype.scalar_type}'"
        )


def _extreme_of(name: str, t: Tensor, dim, keepdim) -> Tensor:
    _ordered(t, f"{name.replace('a', '', 1)}_values_cpu" if name[0] == "a" else name)
    if (dim is None or dim == ()) and t.numel() == 0:
        raise RuntimeError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the "
            "reduction dim with the 'dim' argument."
        )
    _check_nonempty(t, (dim,) if dim.__class__ is int else dim or (), name)
    row = OPS["reduce_a" + name[-3:]]
    return local.tape.record(row, (t,), (_dims(t, dim), keepdim))


def _matching_dtype(result: Tensor, out: Tensor) -> str:
    return (
        "Expected the dtype for input and out to match, but got "
        f"{result.dtype.scalar_type} for input's dtype and {out.dtype.scalar_type} for out's dtype."
    )


@function("amax(Tensor input, dims? dim=(), bool keepdim=False)", out=True,
          out_dtype=_matching_dtype)  # fmt: skip
def amax(input, dim=(), keepdim=False):
    """Maximum over the given dims; equal maxima share the gradient.

    >>> import numtorch as torch
    >>> torch.amax(torch.tensor([[1, 7], [5, 3]]), dim=1)
    tensor([7, 5])
    """
    return _extreme_of("amax", input, dim, keepdim)


@function("amin(Tensor input, dims? dim=(), bool keepdim=False)", out=True,
          out_dtype=_matching_dtype)  # fmt: skip
def amin(input, dim=(), keepdim=False):
    """Minimum over the given dims; equal minima share the gradient.

    >>> import numtorch as torch
    >>> torch.amin(torch.tensor([[1, 7], [5, 3]]), dim=1)
    tensor([1, 3])
    """
    return _extreme_of("amin", input, dim, keepdim)


@function("aminmax(Tensor input, *, int? dim=None, bool keepdim=False)", out=("min", "max"),
          out_dtype=expected_dtype)  # fmt: skip
def aminmax(input, *, dim=None, keepdim=False):
    """(minimum, maximum) over one dim, or over all.

    >>> import numtorch as torch
    >>> low, high = torch.aminmax(torch.tensor([4, 1, 3]))
    >>> low, high
    (tensor(1), tensor(4))
    """
    if dim is None and input.numel() == 0:
        raise RuntimeError(
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no "
            "identity."
        )
    if dim is not None:
        _check_nonempty(input, (dim,), "aminmax", "")
    low, high = (_extreme_of(name, input, dim, keepdim) for name in ("amin", "amax"))
    return aminmax_result(low, high)


def _arg(name: str, doc: str):
    row = OPS["reduce_" + name]

    @function(f"{name}(Tensor input, int? dim=None, bool keepdim=False)", out=True, doc=doc)
    def method(input, dim=None, keepdim=False):
        if input.dtype.kind == "b":
            raise RuntimeError(f"{name}(): does not support bool input")
        _ordered(input, name + "_cpu")
        return _arg_of(row, name, input, dim, keepdim)

    return method


def _arg_of(row, name: str, x: Tensor, dim, keepdim) -> Tensor:
    if dim is not None and x.dim():
        _check_nonempty(x, (check_dim(dim, x.dim()),), name)
        return local.tape.record(row, (x,), (_dims(x, dim), keepdim))
    if dim is not None:
        check_dim(dim, 0)
    if x.numel() == 0:
        raise IndexError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0."
        )
    out = local.tape.record(row, (x.reshape(-1),), ((0,), False))
    return out.reshape((1,) * x.dim()) if keepdim else out


argmax = _arg("argmax", "Index of the first maximum along a dim, or of the flat tensor.")
argmin = _arg("argmin", "Index of the first minimum along a dim, or of the flat tensor.")


def _max(name: str, result):
    """max and min: of all elements, along a dim with indices, or of two tensors."""
    row = OPS["reduce_arg" + name]

    doc = "Extreme of all elements, (values, indices) along a dim, or elementwise of two tensors."

    @function(f"{name}(Tensor input)", out=True, doc=doc)
    def whole(input):
        return _extreme_of(name, input, None, False)

    @function(f"{name}(Tensor input, Tensor other)", out=True)
    def pairwise(input, other):
        return getattr(input, name + "imum")(other)

    @function(f"{name}(Tensor input, int dim, bool keepdim=False)", out=("values", "indices"))
    def along(input, dim, keepdim=False):
        _ordered(input, name)
        at = _arg_of(row, name, input, dim, True)
        values = gather_known(input, dim, at)
        if not keepdim and input.dim():
            values, at = values.squeeze(dim), at.squeeze(dim)
        return result(values, at)

    general = getattr(Tensor, name)

    def method(self, *args, **kwargs):
        if not kwargs:
            if not args:
                return _extreme_of(name, self, None, False)
            if args[0].__class__ is int and len(args) == 1:
                return along(self, args[0])
        return general(self, *args, **kwargs)

    method.__name__, method.__doc__ = name, REGISTRY[name].doc
    setattr(Tensor, name, method)


def gather_known(t: Tensor, dim: int, index: Tensor) -> Tensor:
    """gather with an index of size 1 along the dim that is known to be in range."""
    if not t.dim():
        return t.clone()
    return local.tape.record(OPS["gather"], (t, index), (check_dim(dim, t.dim()), "index"))


_max("max", max_result)
_max("min", min_result)


# ---------------------------------------------------------------- variance


def _variance(x: Tensor, dim, correction, keepdim) -> Tensor:
    if not x.dtype.differentiable:
        raise RuntimeError("std and var only support floating point and complex dtypes")
    correction = 1 if correction is None else correction
    dims = _dims(x, dim)
    count = 1
    for d in dims:
        count *= x._v.meta.shape[d]
    if count - correction <= 0 and x.numel():
        warnings.warn(
            "std(): degrees of freedom is <= 0. Correction should be strictly less than the "
            "reduction factor (input numel divided by output numel).", UserWarning, stacklevel=5,
        )  # fmt: skip
    if x.dtype.kind == "c":
        return _variance(x.real, dim, correction, keepdim) + _variance(
            x.imag, dim, correction, keepdim
        )
    return local.tape.record(OPS["var"], (x,), (dims, correction, keepdim))


def _spread(name: str, doc: str, build, method: bool = True):
    """The overloads of var and its relatives: correction=, or unbiased as PyTorch used to have."""
    fields = True if method else ("first", "second")

    @function(f"{name}(Tensor input, dims? dim=None, *, Number? correction=None, "
              "bool keepdim=False)", out=fields, method=method, doc=doc)  # fmt: skip
    def corrected(input, dim=None, *, correction=None, keepdim=False):
        return build(input, dim, correction, keepdim)

    @function(f"{name}(Tensor input, bool unbiased=True)", method=method)
    def whole(input, unbiased=True):
        return build(input, None, int(unbiased), False)

    @function(f"{name}(Tensor input, dims? dim, bool unbiased=True, bool keepdim=False)",
              out=fields, method=method)  # fmt: skip
    def along(input, dim, unbiased=True, keepdim=False):
        return build(input, dim, int(unbiased), keepdim)

    if method:
        setattr(Tensor, name, _quick(name, REGISTRY[name].doc, build))
    return REGISTRY[name].public


def _quick(name: str, doc: str, build):
    """The method with its usual arguments checked inline, the rest left to the overloads."""
    general = getattr(Tensor, name)

    def method(self, *args, **kwargs):
        if len(args) == 1 and args[0].__class__ is int and kwargs.keys() <= {"keepdim", "unbiased"}:
            keepdim, unbiased = kwargs.get("keepdim", False), kwargs.get("unbiased", True)
            if keepdim.__class__ is unbiased.__class__ is bool:
                return build(self, args[0], int(unbiased), keepdim)
        return general(self, *args, **kwargs) if args or kwargs else build(self, None, 1, False)

    method.__name__, method.__doc__ = name, doc
    return method


def _std(x, dim, correction, keepdim):
    return local.tape.record(OPS["root"], (_variance(x, dim, correction, keepdim),))


var = _spread("var", "Variance over the given dims; `correction` (1) is taken off the count.",
              _variance)  # fmt: skip
std = _spread("std", "Standard deviation over the given dims: the square root of var.", _std)
var_mean = _spread("var_mean", "(variance, mean) over the given dims.", lambda x, d, c, k: (
    _variance(x, d, c, k), mean(x, d, k)), method=False)  # fmt: skip
std_mean = _spread("std_mean", "(standard deviation, mean) over the given dims.", lambda x, d, c, k:
                   (_std(x, d, c, k), mean(x, d, k)), method=False)  # fmt: skip


# ---------------------------------------------------------------- softmax, logsumexp


@function("logsumexp(Tensor input, dims dim, bool keepdim=False)", out=True)
def logsumexp(input, dim, keepdim=False):
    """log(sum(exp(x))) over the dims, without overflow.

    >>> import numtorch as torch
    >>> torch.logsumexp(torch.tensor([1000.0, 1000.0]), 0)
    tensor(1000.6932)
    """
    x = input if input.dtype.differentiable else to(input, dtypes.default)
    return _record("logsumexp", x, _dims(x, dim), keepdim)


@function("softmax(Tensor input, int dim, dtype? dtype=None)", out=True)
def softmax(input, dim, dtype=None):
    """exp(x) / sum(exp(x)) along a dim.

    >>> import numtorch as torch
    >>> torch.softmax(torch.tensor([1.0, 2.0, 3.0]), dim=0)
    tensor([0.0900, 0.2447, 0.6652])
    """
    return _along("softmax", input if dtype is None else to(input, dtype), dim)


@function("log_softmax(Tensor input, int dim, dtype? dtype=None)", out=True)
def log_softmax(input, dim, dtype=None):
    """log(softmax(x)) along a dim.

    >>> import numtorch as torch
    >>> torch.log_softmax(torch.tensor([1.0, 2.0, 3.0]), dim=0)
    tensor([-2.4076, -1.4076, -0.4076])
    """
    return _along("log_softmax", input if dtype is None else to(input, dtype), dim)


def _along(op: str, x: Tensor, dim: int) -> Tensor:
    d = check_dim(dim, x.dim())
    if not x.dtype.is_floating_point:
        last = "_lastdim_kernel_impl" if d == x.dim() - 1 or not x.dim() else "_kernel_impl"
        raise NotImplementedError(
            f"\"{op}{last}\" not implemented for '{x.dtype.scalar_type}'"
        )
    if x.dim():
        return local.tape.record(OPS[op], (x,), (d,))
    return local.tape.record(OPS[op], (x.reshape(1),), (0,)).reshape(())


def install(functions: dict) -> None:
    """Nothing beyond what the declarations install."""
