"""Windows, strided regions of a storage, and memory read as another dtype."""

from __future__ import annotations

import builtins

from numtorch.jit.interop import Foreign, export
from numtorch.jit.meta import meta
from numtorch.jit.ops import OPS
from numtorch.jit.record import local, row_major
from numtorch.jit.values import lost, placed
from numtorch.jit.views import View, family_of, mark

from ._api import function
from ._descriptors import check_dim
from ._dims import permute
from ._tensor import Tensor, wrap
from ._view_rules import in_place_view, record_view

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
    st, family = t._st, family_of(t)
    root._v, root._st, root._rg, root._node = st._v, st, 2 if st._rg == 2 else 0, st._node
    if family is not None:
        m = st._v.meta
        root._v, root._rg, root._node = lost(m), 2, None
        root._view = View(((None, family, None),), 0, m.strides or row_major(m.shape))
        root._view.base = t if t._view.base is None else t._view.base
    return root


def _graph_base(t: Tensor, root: Tensor, at: int, size, stride) -> tuple[Tensor, int | None]:
    """The tensor that gradients of a region go to, and where it starts in the storage; None where
    the region has elements outside of it."""
    if t._view is None:
        return t, 0
    if not t._rg or not local.tape.grad:
        return root.detach(), 0
    steps = (leaf for op, leaf, _ in t._view.chain if op is None)
    leaves = [leaf for leaf in steps if isinstance(leaf, Tensor)]
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
