"""Masks and places: masked_fill, masked_select, nonzero, ..."""

from __future__ import annotations

import numpy as np
from numtorch.jit.ops import OPS
from numtorch.jit.record import local

from ._api import function
from ._casts import to
from ._creation import fitting
from ._dims import expand, slice_view
from ._index_put import put_result
from ._indexing import array_now, gather_flat
from ._shape_ops import _copied, in_shape, reshape
from ._tensor import Tensor

# ---------------------------------------------------------------- masks


def _need_mask(name: str, mask: Tensor) -> None:
    if mask.dtype.kind != "b":
        raise RuntimeError(
            f"{name} only supports boolean masks, but got mask with dtype {_short(mask)}"
        )


def _short(t: Tensor) -> str:
    names = {"f32": "float", "f64": "double", "i64": "long int", "i32": "int"}
    return names.get(t.dtype.short, t.dtype.name)


@function("masked_fill(Tensor input, Tensor mask, Number value)", inplace=True)
def _masked_fill_value(input, mask, value):
    """input with a value where the mask holds; both broadcast.

    >>> import numtorch as torch
    >>> x = torch.arange(3.0)
    >>> x.masked_fill(x > 0.5, -1.0)
    tensor([ 0., -1., -1.])
    """
    _need_mask("masked_fill", mask)
    value, kind = fitting(value, input.dtype), input.dtype.kind
    if isinstance(value, complex) and kind in "if":
        value = value.real
    if kind in "bi" and not isinstance(value, bool):
        value = bool(value) if kind == "b" else int(value)
    elif kind == "f":
        value = float(value)
    return _where_masked(mask, value, input)


def _where_masked(mask, value, t: Tensor) -> Tensor:
    out = local.tape.record(OPS["where"], (mask, value, t))
    if out._v.meta.order is not None:
        out = _copied(out)  # row-major, unlike other pointwise results
    return out if out.dtype is t.dtype else to(out, t.dtype)


@function("masked_fill(Tensor input, Tensor mask, Tensor value)", inplace=True)
def _masked_fill_tensor(input, mask, value):
    _need_mask("masked_fill", mask)
    if value.dim():
        raise RuntimeError(
            "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value.dim()} dimension(s)."
        )
    return _where_masked(mask, to(value, input.dtype), input)


@function("masked_select(Tensor input, Tensor mask)", out=True, out_apart=True)
def masked_select(input, mask):
    """The elements where the mask holds, as a vector.

    >>> import numtorch as torch
    >>> x = torch.tensor([[1, -2], [-3, 4]])
    >>> torch.masked_select(x, x > 0)
    tensor([1, 4])
    """
    if mask.dtype.kind != "b":
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    shape = _broadcast(input, mask)
    found = np.flatnonzero(np.broadcast_to(array_now(mask), shape))
    return gather_flat(reshape(expand(input, shape), -1), _own(found), 0)


def _own(array) -> Tensor:
    from ._creation import _own as own

    return own(array)


def _broadcast(a: Tensor, b: Tensor) -> tuple[int, ...]:
    from numtorch.jit.ops.table import broadcast_shapes

    return broadcast_shapes("masked_select", [a._v.meta.shape, b._v.meta.shape])


@function("masked_scatter(Tensor input, Tensor mask, Tensor source)", inplace=True)
def masked_scatter(input, mask, source):
    """input with the elements where the mask holds replaced by those of source, in order.

    >>> import numtorch as torch
    >>> mask = torch.tensor([True, False, True])
    >>> torch.masked_scatter(torch.tensor([1, 2, 3]), mask, torch.tensor([8, 9]))
    tensor([8, 2, 9])
    """
    if mask.dtype.kind != "b":
        raise RuntimeError("masked_scatter_ only supports boolean masks, but got mask with dtype "
                           + _short(mask))  # fmt: skip
    if input.dtype is not source.dtype:
        raise RuntimeError(
            "masked_scatter: expected self and source to have same dtypes but got "
            f"{_c(input)} and {_c(source)}"
        )
    shape = _broadcast(input, mask)
    x = expand(input, shape)
    found = np.flatnonzero(np.broadcast_to(array_now(mask), shape))
    if found.size > source.numel():
        raise RuntimeError(
            f"Number of elements of source ({source.numel()}) < number of ones in mask "
            f"({found.size})"
        )
    part = slice_view(reshape(source, -1), {0: (0, 1, found.size)})
    flat = reshape(x, -1)
    out = put_result(flat, [((0,), _own(found), True)], part, False)
    return in_shape(out, shape)


# ---------------------------------------------------------------- nonzero


@function("nonzero(Tensor input, *, bool as_tuple=False)", out=True)
def nonzero(input, *, as_tuple):
    """Indices of the elements that are not zero: [n, dims], or one vector per dim.

    >>> import numtorch as torch
    >>> torch.tensor([0, 3, 0, 5]).nonzero()
    tensor([[1],
            [3]])
    """
    array = array_now(input if input.dtype.kind in "ib" else input.ne(0))
    if as_tuple:
        return tuple(_own(i) for i in np.nonzero(np.atleast_1d(array)))
    if not input.dim():
        return _own(np.empty((int(bool(array)), 0), np.int64))
    found = np.stack(np.nonzero(array)).reshape(input.dim(), -1).astype(np.int64)
    return _own(found).t()  # a coordinate's indices lie together, as in PyTorch


@function("argwhere(Tensor input)")
def argwhere(input):
    """Indices of the elements that are not zero: [n, dims].

    >>> import numtorch as torch
    >>> torch.argwhere(torch.tensor([[0, 1], [2, 0]]))
    tensor([[0, 1],
            [1, 0]])
    """
    return nonzero(input, as_tuple=False)


@function("nonzero_static(Tensor input, *, int size, int fill_value=-1)", out=True)
def nonzero_static(input, *, size, fill_value):
    """`nonzero` with a given number of rows: filled up, or cut.

    >>> import numtorch as torch
    >>> torch.nonzero_static(torch.tensor([[0, 1], [2, 0]]), size=3)
    tensor([[ 0,  1],
            [ 1,  0],
            [-1, -1]])
    """
    if size < 0:
        raise RuntimeError("nonzero_static: 'size' must be an non-negative integer")
    array = array_now(input if input.dtype.kind in "ib" else input.ne(0))
    found = np.full((size, input.dim()), fill_value, np.int64)
    rows = np.stack(np.nonzero(array), 1)[:size] if input.dim() else found[:0]
    found[: len(rows)] = rows
    return _own(found)


def _c(t: Tensor) -> str:
    from ._methods import _c_name

    return _c_name(t.dtype)

