"""More views: parts of a dim, diagonals, windows, strided regions, dtypes; copies of views."""

from __future__ import annotations

import builtins

from numtorch.jit.interop import Foreign, export
from numtorch.jit.meta import meta
from numtorch.jit.ops import OPS
from numtorch.jit.record import local, row_major
from numtorch.jit.values import placed
from numtorch.jit.views import mark

from ._api import REGISTRY, function
from ._descriptors import check_dim
from ._dims import permute, select, slice_view
from ._shape_ops import _copied, clone
from ._tensor import Tensor, wrap
from ._view_rules import in_place_view, record_view

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


# ---------------------------------------------------------------- windows and strided regions


@function("unfold(Tensor input, int dimension, int size, int step)", free=False)
def unfold(input, dimension, size, step):
    """All windows of a dim: their elements are a new last dim.

    >>> import numtorch as torch
    >>> torch.tensor([1, 2, 3, 4]).unfold(0, 2, 1)
    tensor([[1, 2],
            [2, 3],
            [3, 4]])
    """
    rank = input.dim()
    d = check_dim(dimension, rank)
    n = input.size(d) if rank else 1
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if size > n:
        raise RuntimeError(
            f"maximum size for tensor at dimension {d} is {n} but size is {size}"
        )
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    if not rank:
        return input.reshape(1)[:size]
    if size == 0:
        shape = (*input.shape[:d], n // step + 1, *input.shape[d + 1 :], 0)
        return as_strided(input, shape, _unfold_strides(input, d, step), None)
    order = (*(k for k in range(rank) if k != d), d)
    x = permute(input, order)
    count = (n - size) // step + 1
    shape = (*x.shape[:-1], count, size)
    last = x._strides()[-1]
    out = record_view(x, "window", ((size,), (step,), (0,), (1,), 0.0), shape, 0,
                (*x._strides()[:-1], last * step, last))  # fmt: skip
    back = list(range(rank - 1))
    back.insert(d, rank - 1)
    return permute(out, (*back, rank))


def _unfold_strides(t, d: int, step: int):
    s = t._strides()
    return (*s[:d], s[d] * step, *s[d + 1 :], s[d])


@function("as_strided(Tensor input, int[] size, int[] stride, int? storage_offset=None)")
def as_strided(input, size, stride, storage_offset):
    """A view of any elements of the tensor's memory: sizes, strides and first element.

    RuntimeError when it would reach outside of the memory.

    >>> import numtorch as torch
    >>> torch.as_strided(torch.tensor([1, 2, 3, 4]), (2, 2), (1, 1), 1)
    tensor([[2, 3],
            [3, 4]])
    """
    if len(size) != len(stride):
        raise RuntimeError("mismatch in length of strides and shape")
    if any(s < 0 for s in stride):
        raise RuntimeError(
            "as_strided: Negative strides are not supported at the moment, got strides: "
            f"{list(stride)}"
        )
    at = input.storage_offset() if storage_offset is None else storage_offset
    if at < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {at}")
    root = _root(input)
    _check_reach(root, size, stride, at)
    m = meta(tuple(size), input.dtype, tuple(stride))
    if root._v.strides is not None:
        attrs = (tuple(size), tuple(stride), at)
        return local.tape.view(input, OPS["region"], attrs, m, at, tuple(stride))
    base, start = _graph_base(input, root, at, size, stride)
    if start is None and root._v.meta.order is not None:
        raise NotImplementedError(
            "as_strided: gradients of elements outside of a leaf that is a view of memory that is "
            "not row-major are not implemented in numtorch"
        )
    if start is None:
        attrs = (tuple(size), tuple(stride), at)
        return local.tape.view_around(base, OPS["region"], attrs, m, at, tuple(stride))
    attrs = (tuple(size), tuple(stride), at - start)
    if root._v.meta.order is not None and base._v.meta is root._v.meta:
        base = permute(base, root._v.meta.order)  # the elements as they lie in memory
    out = local.tape.view(base, OPS["region"], attrs, m, at, tuple(stride))
    old, new = input._view, out._view
    if old is not None and base is not input:
        new.base = old.base if old.base is not None else input
        new.counter = old.counter
        if old.origin is not None and new.origin is None:
            mark(out, old.origin)
        if old.counter is not None and out._v.win is local.tape.win:
            local.tape.count_apart(out, out._v.idx)
    return out


def _root(t: Tensor) -> Tensor:
    """The whole storage that a view is of, as a tensor."""
    if t._view is None:
        return t
    root = object.__new__(Tensor)
    st = t._st
    root._v, root._st, root._rg, root._node = st._v, st, 2 if st._rg == 2 else 0, st._node
    return root


def _graph_base(t: Tensor, root: Tensor, at: int, size, stride) -> tuple[Tensor, int | None]:
    """The tensor that gradients of a region go to, and where it starts in the storage; None where
    the region has elements outside of it."""
    if t._view is None:
        return t, 0
    if not t._rg or not local.tape.grad:
        return root.detach(), 0
    leaves = [leaf for op, leaf, _ in t._view.chain if op is None and leaf is not None]
    base = t if t._rg == 1 else leaves[-1] if leaves else root
    if base._view is None:
        return base, 0
    start = base._view.offset
    last = at + builtins.sum((n - 1) * s for n, s in zip(size, stride))
    if not base.is_contiguous() or at < start or last >= start + base.numel():
        if base.dtype is not root.dtype:
            raise NotImplementedError(
                "as_strided: gradients of elements outside of a leaf that is a view of another "
                "dtype are not implemented in numtorch"
            )
        return base, None
    return base, start


def _check_reach(root: Tensor, size, stride, at: int) -> None:
    if 0 in size:
        return
    last = at + builtins.sum((n - 1) * s for n, s in zip(size, stride))
    have = root._v.meta.numel
    if root._v.strides is not None:
        have = 1 + builtins.sum((n - 1) * s for n, s in zip(root.shape, root._v.strides))
    if last >= have:
        item = root.dtype.itemsize
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {at}, and "
            f"itemsize {item} requiring a storage size of {(last + 1) * item} are out of bounds "
            f"for storage of size {have * item}"
        )


Tensor.as_strided_ = in_place_view("as_strided")


def view_dtype(self: Tensor, dtype) -> Tensor:
    """The same memory read as another dtype; sizes other than the old one change the last dim."""
    if dtype is self.dtype:
        return self.view(self.shape)
    have, want = self.dtype.itemsize, dtype.itemsize
    names = f"view {_dtype_name(self.dtype)} as {_dtype_name(dtype)}"
    shape, strides = list(self.shape), list(self._strides())
    if have != want:
        if not shape:
            raise RuntimeError(
                f"self.dim() cannot be 0 to {names} "
                "(different element sizes)"
            )
        if strides[-1] != 1:
            raise RuntimeError(
                f"self.stride(-1) must be 1 to {names} "
                f"(different element sizes), but got {strides[-1]}"
            )
        bigger = want // have
        if bigger > 1 and shape[-1] % bigger:
            raise RuntimeError(
                f"self.size(-1) must be divisible by {bigger} to {names} (different element "
                f"sizes), but got {shape[-1]}"
            )
        if bigger > 1 and self.storage_offset() % bigger:
            raise RuntimeError(
                f"self.storage_offset() must be divisible by {bigger} to {names} (different "
                f"element sizes), but got {self.storage_offset()}"
            )
        shape[-1] = shape[-1] * have // want
        strides = [s * have // want for s in strides[:-1]] + [1]
    local.tape.flush()
    buf = Foreign(export(self.detach()._value()))
    strides = tuple(strides)
    plain = strides == row_major(tuple(shape))
    return wrap(placed(tuple(shape), dtype, buf, buf.addr, None if plain else strides))


def _dtype_name(d) -> str:
    from ._methods import _c_name

    return _c_name(d)
