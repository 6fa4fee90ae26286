"""More views: parts of a dim, diagonals, windows, strided regions, dtypes; copies of views."""

from __future__ import annotations

import builtins

from numtorch.jit.views import mark

from ._api import REGISTRY, function
from ._descriptors import check_dim
from ._dims import select, slice_view
from ._shape_ops import _copied, clone
from ._strided import as_strided
from ._tensor import Tensor
from ._view_rules import record_view

# ---------------------------------------------------------------- parts of a dim


@function("unbind(Tensor input, int dim=0)")
def unbind(input, dim):
    """All slices along a dim.

    >>> import numtorch as torch
    >>> torch.unbind(torch.tensor([[1, 2], [3, 4]]), 1)
    (tensor([1, 3]), tensor([2, 4]))
    """
    if not input.dim():
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    d = check_dim(dim, input.dim())
    return _several("Unbind", tuple(select(input, d, i) for i in range(input.size(d))))


def _several(name: str, views: tuple) -> tuple[Tensor, ...]:
    """Views that came together: PyTorch does not let them be written while gradients are on."""
    for v in views:
        if v._view.origin is None:
            mark(v, name)
    return views


def _parts(input, sizes, d: int) -> tuple[Tensor, ...]:
    out, at = [], 0
    for s in sizes:
        out.append(slice_view(input, {d: (at, 1, s)}))
        at += s
    return tuple(out)


def _need_dims(input, name: str) -> None:
    if not input.dim():
        raise RuntimeError(f"{name} expects at least a 1-dimensional tensor")


@function("split(Tensor input, int split_size, int dim=0)")
def _split_int(input, split_size, dim):
    """Parts of the given size (or sizes) along a dim.

    >>> import numtorch as torch
    >>> torch.arange(5).split(2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    _need_dims(input, "split")
    if split_size < 0:
        raise RuntimeError(
            f"split expects split_size be non-negative, but got split_size={split_size}"
        )
    d = check_dim(dim, input.dim())
    n = input.size(d)
    if split_size == 0 and n:
        raise RuntimeError(
            f"split_size can only be 0 if dimension size is 0, but got dimension size of {n}"
        )
    sizes = [builtins.min(split_size, n - i) for i in range(0, n, split_size or 1)] or [n]
    return _several("Split", _parts(input, sizes, d))


def _split_sizes(input, split_sizes, dim):
    """Parts of the given sizes along a dim."""
    _need_dims(input, "split_with_sizes")
    d = check_dim(dim, input.dim())
    n = input.size(d)
    for s in split_sizes:
        if s < 0:
            raise RuntimeError(
                "split_with_sizes expects split_sizes have only non-negative entries, but got "
                f"split_sizes={list(split_sizes)}"
            )
    if builtins.sum(split_sizes) != n:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size at "
            f"dimension {d}), but got split_sizes={list(split_sizes)}"
        )
    return _several("SplitWithSizes", _parts(input, split_sizes, d))


function("split(Tensor input, int[] split_size, int dim=0)")(_split_sizes)
function("split(Tensor tensor, int split_size_or_sections, int dim=0)")(_split_int)
function("split(Tensor tensor, int[] split_size_or_sections, int dim=0)")(_split_sizes)
function("split_with_sizes(Tensor input, int[] split_sizes, int dim=0)")(_split_sizes)


def _unsafe(f):
    """Parts that PyTorch takes for tensors of their own."""

    def parts(input, size, dim):
        found = f(input, size, dim)
        for v in found:
            v._view.base = v._view.origin = None
        return found

    parts.__doc__ = f.__doc__
    return parts


function("unsafe_split(Tensor input, int split_size, int dim=0)")(_unsafe(_split_int))
function("unsafe_split_with_sizes(Tensor input, int[] split_sizes, int dim=0)")(
    _unsafe(_split_sizes)
)


def _chunk(input, chunks, dim):
    """At most `chunks` equal parts along a dim.

    >>> import numtorch as torch
    >>> torch.chunk(torch.tensor([1, 2, 3, 4, 5]), 3)
    (tensor([1, 2]), tensor([3, 4]), tensor([5]))
    """
    _need_dims(input, "chunk")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    d = check_dim(dim, input.dim())
    n = input.size(d)
    size = -(-n // chunks)
    if size == 0:
        return _parts(input, [0] * chunks, d)
    return _split_int(input, size, d)


chunk = function("chunk(Tensor input, int chunks, int dim=0)")(_chunk)
function("unsafe_chunk(Tensor input, int chunks, int dim=0)")(_unsafe(_chunk))


def _sections(input, sections: int, d: int):
    if sections <= 0:
        raise RuntimeError(
            f"number of sections must be larger than 0, got {sections}"
        )
    small, extra = divmod(input.size(d), sections)
    return _parts(input, [small + (i < extra) for i in range(sections)], d)


def _at_indices(input, indices, d: int):
    n, out, at = input.size(d), [], 0
    for end in (*indices, n):
        a, b, _ = slice(at, end).indices(n)
        out.append(slice_view(input, {d: (a, 1, builtins.max(b - a, 0))}))
        at = end
    return tuple(out)


@function("tensor_split(Tensor input, int sections, int dim=0)")
def _tensor_split_int(input, sections, dim):
    """Parts of nearly equal size, or parts that end at the given indices.

    >>> import numtorch as torch
    >>> torch.tensor_split(torch.tensor([1, 2, 3, 4]), 3)
    (tensor([1, 2]), tensor([3]), tensor([4]))
    """
    _need_split_dims(input)
    return _sections(input, sections, check_dim(dim, input.dim()))


@function("tensor_split(Tensor input, int[] indices, int dim=0)")
def _tensor_split_indices(input, indices, dim):
    _need_split_dims(input)
    return _at_indices(input, indices, check_dim(dim, input.dim()))


@function("tensor_split(Tensor input, Tensor tensor_indices_or_sections, int dim=0)")
def _tensor_split_tensor(input, at, dim):
    _need_split_dims(input)
    d = check_dim(dim, input.dim())
    if at.dtype.short != "i64" or at.dim() > 1:
        raise RuntimeError(
            "tensor_split expected tensor_indices_or_sections to be a zero-dimensional or "
            "one-dimensional tensor of dtype long"
        )
    found = at.tolist()
    return _at_indices(input, found, d) if at.dim() else _sections(input, found, d)


function("tensor_split(Tensor input, int indices_or_sections, int dim=0)")(_tensor_split_int)
function("tensor_split(Tensor input, int[] indices_or_sections, int dim=0)")(_tensor_split_indices)


def _need_split_dims(input) -> None:
    if not input.dim():
        raise RuntimeError(
            "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims"
        )


def _axis_split(name: str, least: int, axis):
    def split(input, given):
        if input.dim() < least:
            raise RuntimeError(
                f"torch.{name} requires a tensor with at least {least} dimension, "
                f"but got a tensor with {input.dim()} dimensions!"
            )
        d = axis(input)
        if not isinstance(given, int):
            return _at_indices(input, given, d)
        n = input.size(d)
        if given <= 0 or n % given:
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {d}, but the size of the "
                f"dimension {n} is not divisible by the split_size {given}!"
            )
        return _sections(input, given, d)

    split.__doc__ = "Parts of equal size, or parts that end at the given indices."
    for text in ("int sections", "int[] indices", "int split_size_or_sections",
                 "int[] split_size_or_sections", "int indices_or_sections",
                 "int[] indices_or_sections"):
        function(f"{name}(Tensor input, {text})")(split)


_axis_split("hsplit", 1, lambda t: 0 if t.dim() == 1 else 1)
_axis_split("vsplit", 2, lambda t: 0)
_axis_split("dsplit", 3, lambda t: 2)

# ---------------------------------------------------------------- diagonals


@function("diagonal(Tensor input, int offset=0, int dim1=0, int dim2=1)")
def diagonal(input, offset, dim1, dim2):
    """The diagonal of two dims as the last dim of a view.

    >>> import numtorch as torch
    >>> torch.diagonal(torch.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    shape, strides = input._v.meta.shape, input._strides()
    a, b = check_dim(dim1, len(shape)), check_dim(dim2, len(shape))
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    n = builtins.min(shape[a] + builtins.min(offset, 0), shape[b] - builtins.max(offset, 0))
    n = builtins.max(n, 0)
    kept = [d for d in range(len(shape)) if d not in (a, b)]
    at = builtins.max(-offset, 0) * strides[a] + builtins.max(offset, 0) * strides[b] if n else 0
    new = (*(shape[d] for d in kept), n)
    steps = (*(strides[d] for d in kept), strides[a] + strides[b])
    return record_view(input, "diagonal", (offset, a, b, new), new, at, steps)


@function("diag_embed(Tensor input, int offset=0, int dim1=-2, int dim2=-1)")
def diag_embed(input, offset, dim1, dim2):
    """The last dim on the diagonal of two new dims, zeros elsewhere.

    >>> import numtorch as torch
    >>> torch.diag_embed(torch.tensor([1, 2, 3]))
    tensor([[1, 0, 0],
            [0, 2, 0],
            [0, 0, 3]])
    """
    from ._creation import zeros

    rank = input.dim() + 1
    a, b = check_dim(dim1, rank), check_dim(dim2, rank)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    n = input.size(-1) + builtins.abs(offset)
    shape = list(input.shape[:-1])
    for d in sorted((a, b)):
        shape.insert(d, n)
    out = zeros(tuple(shape), dtype=input.dtype)
    diagonal(out, offset, a, b).copy_(input)
    return out


@function("diag(Tensor input, int diagonal=0)", out=True)
def diag(input, diagonal):
    """The diagonal of a matrix, or a matrix with the given diagonal.

    >>> import numtorch as torch
    >>> torch.diag(torch.tensor([1, 2]), 1)
    tensor([[0, 1, 0],
            [0, 0, 2],
            [0, 0, 0]])
    """
    if input.dim() == 1:
        return diag_embed(input, diagonal)
    if input.dim() == 2:
        return _copied(REGISTRY["diagonal"].public(input, diagonal))
    raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {input.dim()}D")


@function("diagflat(Tensor input, int offset=0)")
def diagflat(input, offset):
    """A matrix with the elements on a diagonal.

    >>> import numtorch as torch
    >>> torch.diagflat(torch.tensor([[1, 2], [3, 4]])).shape
    torch.Size([4, 4])
    """
    return diag_embed(input.reshape(-1), offset)


def _with_part(input, part, src, name: str) -> Tensor:
    out = clone(input)
    view = part(out)
    if view.shape != src.shape:
        raise RuntimeError(
            "expected src to have a size equal to the slice of self. src size = "
            f"{list(src.shape)}, slice size = {list(view.shape)}"
        )
    if src.dtype is not input.dtype:
        src = src.to(input.dtype)
    view.copy_(src)
    return out


@function("diagonal_scatter(Tensor input, Tensor src, int offset=0, int dim1=0, int dim2=1)")
def diagonal_scatter(input, src, offset, dim1, dim2):
    """input with its diagonal replaced by src.

    >>> import numtorch as torch
    >>> torch.diagonal_scatter(torch.zeros(2, 2), torch.tensor([1.0, 2.0]))
    tensor([[1., 0.],
            [0., 2.]])
    """
    return _with_part(input, lambda t: diagonal(t, offset, dim1, dim2), src, "diagonal_scatter")


@function("select_scatter(Tensor input, Tensor src, int dim, int index)")
def select_scatter(input, src, dim, index):
    """input with one slice replaced by src.

    >>> import numtorch as torch
    >>> torch.select_scatter(torch.zeros(2, 2), torch.tensor([1.0, 2.0]), 0, 1)
    tensor([[0., 0.],
            [1., 2.]])
    """
    return _with_part(input, lambda t: select(t, dim, index), src, "select_scatter")


@function("slice_scatter(Tensor input, Tensor src, int dim=0, int? start=None, int? end=None, "
          "int step=1)", out=True)  # fmt: skip
def slice_scatter(input, src, dim, start, end, step):
    """input with a slice start:end:step of a dim replaced by src.

    >>> import numtorch as torch
    >>> torch.slice_scatter(torch.zeros(4), torch.tensor([1.0, 2.0]), start=1, end=3)
    tensor([0., 1., 2., 0.])
    """
    return _with_part(input, lambda t: _slice(t, dim, start, end, step), src, "slice_scatter")


@function("as_strided_scatter(Tensor input, Tensor src, int[] size, int[] stride, "
          "int? storage_offset=None)")  # fmt: skip
def as_strided_scatter(input, src, size, stride, storage_offset):
    """input with a strided region replaced by src.

    >>> import numtorch as torch
    >>> torch.as_strided_scatter(torch.zeros(4), torch.tensor([1.0, 2.0]), (2,), (2,))
    tensor([1., 0., 2., 0.])
    """
    return _with_part(input, lambda t: as_strided(t, size, stride, storage_offset), src, "")


def _slice(t, dim, start, end, step):
    if step <= 0:
        raise RuntimeError("slice step must be positive")
    d = check_dim(dim, t.dim())
    a, b, step = slice(start, end, step).indices(t.size(d))
    return slice_view(t, {d: (a, step, builtins.max(0, -(-(b - a) // step)))})
