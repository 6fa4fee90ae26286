"""Writing through an index: x[key] = v and index_put."""

from __future__ import annotations

import builtins
import math

import numpy as np
from numtorch.jit.ops import OPS
from numtorch.jit.record import local
from numtorch.jit.views import check_overlap

from ._api import function
from ._casts import fill_, to
from ._creation import assigned
from ._dims import (
    expand,
    permute,
    squeeze,
)
from ._indexing import (
    _alias,
    _basic,
    _expand_key,
    _groups,
    _linear_index,
    _merge,
    array_now,
    record_checked,
)
from ._shape_ops import clone, in_shape, reshape
from ._tensor import Tensor

# ---------------------------------------------------------------- writing


def setitem(self: Tensor, key, value) -> None:
    """Writes through views; tensor indices scatter."""
    if not isinstance(value, Tensor):
        value = _assigned(self, value)
    view, tensors = _basic(self, _expand_key(key, self))
    if self._rg == 1 and local.tape.grad:
        raise RuntimeError(
            "a view of a leaf Variable that requires grad is being used in an in-place operation."
        )
    if tensors:
        masks = all(isinstance(k, bool) or k.dtype.kind == "b" for _, k in tensors)
        if isinstance(value, Tensor) and not (masks and value.numel() == 1):
            check_overlap(view, _fewer_dims(value, 0), whole=True)
        _write_at(view, tensors, value)
        return
    view = _alias(view) if view is self else view
    if not isinstance(value, Tensor):
        fill_(view, value)
        return
    while value.dim() > view.dim() and value._v.meta.shape[0] == 1:
        value = squeeze(value, 0)
    view.copy_(value)


def _assigned(t: Tensor, value):
    """A Python number, or TypeError."""
    if isinstance(value, (bool, int, float, np.bool_, np.integer, np.float64)):
        return assigned(value.item() if isinstance(value, np.generic) else value, t.dtype)
    if isinstance(value, complex):
        value = assigned(value, t.dtype)
        return value.real if t.dtype.kind in "if" and value.__class__ is complex else value
    shown = type(value).__name__
    if isinstance(value, (np.generic, np.ndarray)):
        shown = f"numpy.{shown}"
    raise TypeError(f"can't assign a {shown} to a torch.{t.dtype.tensor_type}")


def _number_like(t: Tensor, value) -> Tensor:
    from ._creation import full

    return full((), value, dtype=t.dtype)


def _write_at(view: Tensor, tensors: list, value) -> None:
    """view[tensors] = value: a mask with a value that has no dim of its own stays lazy."""
    if not isinstance(value, Tensor):
        value = _number_like(view, value)
    if len(tensors) == 1 and not isinstance(tensors[0][1], bool):
        d, mask = tensors[0]
        if mask.dtype.kind == "b" and _write_masked(view, d, mask, value):
            return
    put(view, _groups(tensors), value)


def _write_masked(view: Tensor, d: int, mask: Tensor, value: Tensor) -> bool:
    """where(mask, value, view); False if the value has one element per true element."""
    size, rank = max(mask.dim(), 1), view.dim()
    own = rank - d - size  # dims after the mask's
    shape = value._v.meta.shape
    if value.numel() == 1:
        value = reshape(value, ())
        value = to(value, view.dtype)
    else:
        # The place of the value that stands for the true elements must be 1 or missing.
        if len(shape) > own and shape[len(shape) - own - 1] != 1:
            return False
        _same_dtype(view, value)
        part = (*view.shape[:d], 1, *view.shape[d + size :])
        try:
            value = expand(_fewer_dims(value, len(part)), part)
        except RuntimeError:
            return False
        value = reshape(value, (*part[:d], *(1,) * size, *part[d + 1 :]))
    mask = reshape(mask, (1,) * d + (tuple(mask.shape) or (1,)) + (1,) * own)
    new = local.tape.record(OPS["where"], (mask, value, view))
    target = _alias(view) if view._view is None else view
    target.copy_(expand(new, view.shape) if new.shape != view.shape else new)
    return True


def _fewer_dims(value: Tensor, rank: int) -> Tensor:
    while value.dim() > rank and value._v.meta.shape[0] == 1:
        value = squeeze(value, 0)
    return value


def _same_dtype(view: Tensor, value: Tensor) -> None:
    if value.dtype is view.dtype:
        return
    from ._methods import _c_name

    raise RuntimeError(
        "Index put requires the source and destination dtypes match, got "
        f"{_c_name(view.dtype)} for the destination and {_c_name(value.dtype)} for the source."
    )


def put(view: Tensor, groups: list, value: Tensor, accumulate: bool = False) -> None:
    """view[indices] = value or += value, in order; out of range raises at once where it can."""
    _same_dtype(view, value)
    if value._st is not None and value._st is view._st and not (value._rg or view._rg):
        new = _put_in_order(view, groups, value, accumulate)
    else:
        new = put_result(view, groups, value, accumulate)
    (_alias(view) if view._view is None else view).copy_(new)


def _put_in_order(view: Tensor, groups: list, value: Tensor, accumulate: bool) -> Tensor:
    """What view becomes when the value lies in its memory: as in PyTorch, one element of the index
    after the other is stored, so that later ones read what earlier ones wrote."""
    from ._creation import _own

    wanted = put_result(view, groups, value, accumulate)  # the errors of bad indices and shapes
    array_now(wanted)
    memory = value.untyped_storage()._array().copy()
    x, v = (
        np.lib.stride_tricks.as_strided(
            memory[t.storage_offset() :], t.shape, [s * memory.itemsize for s in t.stride()]
        )
        for t in (view, value)
    )
    index, dims, shape = _linear_index(view, groups)
    adjacent = dims == list(range(dims[0], dims[0] + len(dims)))
    at = dims[0] if adjacent else 0
    rest = [n for d, n in enumerate(x.shape) if d not in dims]
    while v.ndim > len(rest) + len(shape) and v.shape[0] == 1:
        v = v[0]
    v = np.broadcast_to(v, (*rest[:at], *shape, *rest[at:]))
    v = np.moveaxis(v, range(at, at + len(shape)), range(len(shape)))
    x = np.moveaxis(x, dims, range(len(dims)))
    for k, flat in np.ndenumerate(array_now(index)):
        place = np.unravel_index(flat % math.prod(x.shape[: len(dims)]), x.shape[: len(dims)])
        x[place] = x[place] + v[k] if accumulate else v[k]
    return _own(np.ascontiguousarray(np.moveaxis(x, range(len(dims)), dims)))


def put_result(view: Tensor, groups: list, value: Tensor, accumulate: bool) -> Tensor:
    """What view becomes when value is stored at the indices."""
    for j, (dims, i, checked) in enumerate(groups):
        if not checked and i._v.buf is not None:
            check_now(i, view, dims, j)
    index, dims, shape = _linear_index(view, groups)
    x, order, at, sizes = _merge(view, dims)
    part = (*sizes[:at], *shape, *sizes[at + len(dims) :])
    try:
        value = expand(_fewer_dims(value, len(part)), part)
    except RuntimeError:
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(value.shape)} cannot be broadcast to "
            f"indexing result of shape {list(part)}"
        ) from None
    flat = reshape(index, -1)
    value = reshape(value, (*sizes[:at], flat.numel(), *sizes[at + len(dims) :]))
    place = reshape(flat, [-1 if d == at else 1 for d in range(x.dim())])
    op, attrs = ("scatter_add", (at, "index")) if accumulate else ("scatter", (at, "index", "set"))
    new = in_shape(record_checked("index_put_", op, (x, place, value), attrs, x.size(at)), sizes)
    if order != list(range(view.dim())):
        new = permute(new, sorted(range(len(order)), key=order.__getitem__))
    return new


def check_now(i: Tensor, view: Tensor, dims, j: int) -> None:
    """IndexError if an index that is in memory is out of range."""
    n = 1
    for d in dims:
        n *= view.size(d)
    places = array_now(i)
    wrong = (places < -n) | (places >= n)
    if wrong.any():
        raise IndexError(
            f"index {int(places[wrong][0])} is out of bounds for dimension {j} with size {n}"
        )


# ---------------------------------------------------------------- index_put


def _put_key(t: Tensor, indices) -> list:
    if not isinstance(indices, (tuple, list)):
        raise TypeError(
            "index_put(): argument 'indices' (position 1) must be tuple of Tensors, not "
            f"{type(indices).__name__}"
        )
    if len(indices) > t.dim():
        raise IndexError(
            f"too many indices for tensor of dimension {t.dim()} (got {len(indices)})"
        )
    key = []
    for k in indices:
        if k is not None and not isinstance(k, Tensor):
            raise TypeError(
                "index_put(): argument 'indices' (position 1) must be tuple of Tensors"
            )
        key.append(slice(None) if k is None else k)
    return _expand_key(tuple(_vector(k) for k in key), t)


def _vector(k):
    return reshape(k, (1,)) if isinstance(k, Tensor) and not k.dim() and k.dtype.kind == "i" else k


@function("index_put(Tensor input, any indices, Tensor values, bool accumulate=False)")
def index_put(input, indices, values, accumulate):
    """input with values stored (or added) at the places that the index tensors name.

    >>> import numtorch as torch
    >>> x = torch.zeros(3, dtype=torch.int64)
    >>> torch.index_put(x, (torch.tensor([0, 2]),), torch.tensor([5, 6]))
    tensor([5, 0, 6])
    """
    out = clone(input)
    _index_put(out, indices, values, accumulate)
    return out


def _index_put(t: Tensor, indices, values, accumulate) -> None:
    view, tensors = _basic(t, _put_key(t, indices))
    masks = all(isinstance(k, bool) or k.dtype.kind == "b" for _, k in tensors)
    if tensors and not (masks and not accumulate and values.numel() == 1):
        check_overlap(view, values, whole=True)
    if tensors:
        _check_value(view, tensors, values)
    if not tensors:
        t.copy_(t + values if accumulate else values)
    elif accumulate:
        put(view, _groups(tensors), values, True)
    else:
        _write_at(view, tensors, values)


def _check_value(view: Tensor, tensors: list, values: Tensor) -> None:
    """RuntimeError for values with more dims than what is indexed (x[...] = v drops those of 1)."""
    used = builtins.sum(
        max(k.dim(), 1) if isinstance(k, Tensor) and k.dtype.kind == "b" else 1 for _, k in tensors
    )
    own = max(
        k.dim() if isinstance(k, Tensor) and k.dtype.kind != "b" else 1 for _, k in tensors
    )
    if values.dim() > view.dim() - used + own:
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(values.shape)} cannot be broadcast to "
            "the indexing result, which has fewer dims"
        )


def index_put_(self, indices, values, accumulate=False):
    """In-place version of :meth:`index_put`.

    >>> import numtorch as torch
    >>> x = torch.zeros(3, dtype=torch.int64)
    >>> torch.index_put_(x, (torch.tensor([0, 0]),), torch.tensor(1), accumulate=True)
    tensor([2, 0, 0])
    """
    if self._rg == 1 and local.tape.grad:
        raise RuntimeError(
            "a leaf Variable that requires grad is being used in an in-place operation."
        )
    if not isinstance(values, Tensor):
        raise TypeError(
            "index_put_(): argument 'values' (position 2) must be Tensor, not "
            f"{type(values).__name__}"
        )
    _index_put(self, indices, values, accumulate)
    return self


Tensor.index_put_ = index_put_
Tensor.__setitem__ = setitem


def install(functions: dict) -> None:
    """Puts index_put_ into the torch namespace."""
    functions["index_put_"] = index_put_
