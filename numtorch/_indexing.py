"""Indexing: x[...] and x[...] = v, index_put."""

from __future__ import annotations

import builtins
import warnings

import numpy as np
from numtorch.jit import dtypes as _d
from numtorch.jit.ops import OPS
from numtorch.jit.record import array_of, local, user_location

from ._casts import to
from ._dims import (
    expand,
    permute,
    select_view,
    slice_view,
    unsqueeze,
)
from ._shape_ops import _copied, in_shape, reshape
from ._tensor import Tensor


def record_checked(name: str, op: str, operands, attrs, size=None, dim: int = 0) -> Tensor:
    """Records an op whose indices are checked when it runs; remembers the user's line."""
    tape = local.tape
    where = user_location()
    for x in operands:
        if x._v.win is not tape.win:
            tape.input(x)
    tape.locs[len(tape.handles)] = (*where, name, size, dim)
    return tape.record(OPS[op], operands, attrs)


# ---------------------------------------------------------------- reading a key


def _expand_key(key, t: Tensor) -> list:
    rank = t.dim()
    key = list(key) if isinstance(key, tuple) else _sequence(key)
    key = [_normal(k) for k in key]
    used = 0
    for k in key:
        if isinstance(k, Tensor) and k.dtype.kind == "b":
            used += k.dim()
        elif k is not None and k is not Ellipsis and not isinstance(k, bool):
            used += 1
    if used > rank:
        if rank == 0 and len(key) == 1 and isinstance(key[0], int):
            raise IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or "
                "`tensor.item<T>()` in C++ to convert a 0-dim tensor to a number"
            )
        if rank == 0 and len(key) == 1 and isinstance(key[0], slice):
            raise IndexError("slice() cannot be applied to a 0-dim tensor.")
        raise IndexError(f"too many indices for tensor of dimension {rank}")
    dots = [i for i, k in enumerate(key) if k is Ellipsis]
    at = dots[0] if dots else len(key)
    # As in PyTorch, the first ellipsis takes all dims that are left and further ones none.
    key = [k for i, k in enumerate(key) if i not in dots[1:]]
    return key[:at] + [slice(None)] * (rank - used) + key[at + 1 :]


def _sequence(key) -> list:
    """A list that holds more than numbers is a tuple of indices (deprecated)."""
    if not isinstance(key, (list, range)):
        return [key]
    if any(k is None or k is Ellipsis or isinstance(k, (list, tuple, slice, Tensor, np.ndarray))
           for k in key):  # fmt: skip
        warnings.warn(
            "Using a non-tuple sequence for multidimensional indexing is deprecated and will be "
            "changed in pytorch 2.9; use x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will "
            "be interpreted as tensor index, x[torch.tensor(seq)], which will result either in an "
            "error or a different result", UserWarning, stacklevel=4,
        )  # fmt: skip
        return list(key)
    return [key]


def _normal(k):
    if k.__class__ in (int, slice, bool) or k is None or k is Ellipsis:
        return k
    if isinstance(k, Tensor):
        return _tensor_index(k)
    if isinstance(k, (list, tuple, range, np.ndarray, str)):
        from ._creation import tensor

        if isinstance(k, np.ndarray) and k.ndim == 0:
            return _normal(k.item())
        found = tensor(list(k) if isinstance(k, range) else k)
        return to(found, _d.int64) if not found.numel() else _tensor_index(found)
    if isinstance(k, np.generic):
        return _normal(k.item())
    if hasattr(k, "__index__"):
        return k.__index__()
    raise IndexError(
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are "
        f"valid indices (got {type(k).__name__})"
    )


def _tensor_index(k: Tensor):
    if k.dtype.kind not in "ib":
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    if k.dtype.short == "u8":
        warnings.warn(
            "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool "
            "instead.", UserWarning, stacklevel=5,
        )  # fmt: skip
        return k.ne(0)
    if k.dtype.kind == "i" and k.dtype.itemsize < 4:
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    if not k.dim() and k.dtype.kind == "i":
        return k if k._v.buf is None else int(k.item())
    return k


def _basic(t: Tensor, key: list) -> tuple[Tensor, list]:
    """Applies ints, slices and None as views; returns the tensor indices left: (dim, tensor)."""
    parts, drop, tensors, d = {}, [], [], 0
    inserts: list[int] = []
    out_dim = 0
    for k in key:
        if k is None or isinstance(k, bool) or (
            isinstance(k, Tensor) and not k.dim() and k.dtype.kind == "b"
        ):  # fmt: skip
            if k is not None:
                tensors.append((out_dim, k))
            inserts.append(out_dim)
            out_dim += 1
            continue
        if isinstance(k, Tensor):
            tensors.append((out_dim, k))
            if k.dtype.kind == "b":
                _check_mask(k, t, d)
            out_dim += k.dim() if k.dtype.kind == "b" else 1
            d += k.dim() if k.dtype.kind == "b" else 1
            continue
        n = t._v.meta.shape[d]
        if isinstance(k, slice):
            part = _slice(k, n)
            if part is not None:
                parts[d] = part
            out_dim += 1
        else:
            if not -n <= k < n:
                raise IndexError(
                    f"index {k} is out of bounds for dimension {d} with size {n}"
                )
            parts[d] = (k % n, 1, 1)
            drop.append(d)
        d += 1
    view = t
    for d in reversed(drop):
        view = select_view(view, d, parts.pop(d)[0])
    if parts:
        gone = [builtins.sum(k < d for k in drop) for d in range(t.dim())]
        view = slice_view(view, {d - gone[d]: part for d, part in parts.items()})
    for at in inserts:
        view = unsqueeze(view, at)
    return view, tensors


def _slice(k: slice, n: int):
    ends = [None if x is None else x if x.__class__ is int else _end(x)
            for x in (k.start, k.stop, k.step)]  # fmt: skip
    if ends[2] is not None and ends[2] <= 0:
        raise ValueError("step must be greater than zero")
    start, stop, step = slice(*ends).indices(n)
    if (start, stop, step) == (0, n, 1):
        return None
    return start, step, max(0, -(-(stop - start) // step))


def _end(x) -> int:
    if isinstance(x, (float, str)) or not hasattr(x, "__index__"):
        raise TypeError(
            "slice indices must be integers or None or have an __index__ method"
        )
    return x.__index__()


def _check_mask(mask: Tensor, t: Tensor, d: int) -> None:
    shape = t._v.meta.shape[d : d + mask.dim()]
    if mask._v.meta.shape != shape:
        bad = next((i for i, (a, b) in enumerate(zip(mask._v.meta.shape, shape)) if a != b), 0)
        raise IndexError(
            f"The shape of the mask {list(mask.shape)} at index {bad} does not match the shape of "
            f"the indexed tensor {list(t.shape)} at index {d + bad}"
        )


def array_now(t: Tensor) -> np.ndarray:
    """The elements as an array for reading at once (not to be kept or written)."""
    value = t.detach()._value()
    return array_of(value)


def _groups(tensors: list) -> list[tuple[tuple[int, ...], Tensor, bool]]:
    """(dims, index, checked): masks become the flat indices of their true elements."""
    from ._creation import _own

    out = []
    for d, k in tensors:
        if isinstance(k, bool):
            out.append(((d,), _own(np.zeros(int(k), np.int64)), True))
        elif k.dtype.kind == "b":
            found = np.flatnonzero(array_now(k))
            out.append((tuple(range(d, d + max(k.dim(), 1))), _own(found), True))
        else:
            out.append(((d,), k, False))
    return out


def getitem(self: Tensor, key) -> Tensor:
    """Views for ints, slices, None, ...; copies for tensor indices."""
    if key.__class__ is int:
        shape = self._v.meta.shape
        if shape and 0 <= key < shape[0]:
            return select_view(self, 0, key)
    view, tensors = _basic(self, _expand_key(key, self))
    if tensors:
        return _take(view, _groups(tensors))
    return _alias(self) if view is self else view


def _alias(t: Tensor) -> Tensor:
    shape = t._v.meta.shape
    return slice_view(t, {0: (0, 1, shape[0])}) if shape else reshape(t, ())


def _linear_index(view: Tensor, groups: list) -> tuple[Tensor, list[int], tuple[int, ...]]:
    """One index over the merged indexed dims: (index, dims, broadcast shape)."""
    shape = _common_shape([i for _, i, _ in groups])
    sizes, total = view._v.meta.shape, None
    for j, (dims, i, checked) in enumerate(groups):
        n = 1
        for d in dims:
            n *= sizes[d]
        i = i if i.dtype is _d.int64 else to(i, _d.int64)
        if len(groups) > 1 and not checked:
            i = _checked(i, n, j)
        total = i if total is None else total * n + i
    total = expand(total, shape) if tuple(total.shape) != shape else total
    return total, [d for dims, _, _ in groups for d in dims], shape


def _common_shape(tensors: list) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(*[tuple(i.shape) for i in tensors])
    except ValueError:
        listed = ", ".join(str(list(i.shape)) for i in tensors)
        raise IndexError(
            f"shape mismatch: indexing tensors could not be broadcast together with shapes {listed}"
        ) from None


def _checked(i: Tensor, n: int, j: int) -> Tensor:
    """An index into a dim of size n, made non-negative; out of range raises when it runs."""
    from ._creation import arange

    flat = reshape(i, -1)
    out = record_checked("index", "gather", (arange(n), flat), (0, "index"), n, j)
    return reshape(out, i.shape)


def _merge(view: Tensor, dims: list[int]) -> tuple[Tensor, list[int], int, tuple[int, ...]]:
    """The indexed dims as one, in the place where the result has the index's dims.

    Returns (view with the dims merged, the order of dims before merging, the place, those sizes).
    """
    rank = view.dim()
    adjacent = dims == list(range(dims[0], dims[0] + len(dims)))
    at = dims[0] if adjacent else 0
    rest = [d for d in range(rank) if d not in dims]
    order = rest[:at] + dims + rest[at:]
    x = permute(view, order) if order != list(range(rank)) else view
    sizes = tuple(x.shape)
    merged = 1
    for d in range(at, at + len(dims)):
        merged *= sizes[d]
    return reshape(x, (*sizes[:at], merged, *sizes[at + len(dims) :])), order, at, sizes


def _take(view: Tensor, groups: list) -> Tensor:
    index, dims, shape = _linear_index(view, groups)
    x, _, at, sizes = _merge(view, dims)
    out = gather_flat(x, index, at)
    return in_shape(out, (*sizes[:at], *shape, *sizes[at + len(dims) :]))


def gather_flat(x: Tensor, index: Tensor, d: int, name="index", what="index", size=None) -> Tensor:
    """The slices of dim d at the indices (any shape, taken as a vector)."""
    flat = reshape(index, -1)
    shape = [1] * x.dim()
    shape[d] = flat.numel()
    size = x.size(d) if size is None else size
    if not flat.numel():
        return _no_slices(x, d)
    return record_checked(name, "gather", (x, reshape(flat, shape)), (d, what), size)


def _no_slices(x: Tensor, d: int) -> Tensor:
    return _copied(slice_view(x, {d: (0, 1, 0)}))


Tensor.__getitem__ = getitem
