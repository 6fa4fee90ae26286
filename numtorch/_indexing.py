"""Indexing: x[...] and x[...] = v, gather and its family."""

from __future__ import annotations

import numpy as np
from numtorch.jit import dtypes as _d
from numtorch.jit.ops import OPS
from numtorch.jit.record import local, user_location

from ._shape_ops import clone, expand, permute, reshape, slice_view, squeeze, unsqueeze
from ._tensor import Tensor, check_dim


def locate(t: Tensor, name: str, size: int | None = None) -> Tensor:
    """Remembers the user's line for errors that show when the op runs."""
    tape = local.tape
    if t._v.win is tape.win:
        tape.locs[t._v.idx] = (*user_location(), name, size)
    return t


def _record(name: str, op: str, operands, attrs, size=None) -> Tensor:
    tape = local.tape
    where = user_location()
    for x in operands:
        if x._v.win is not tape.win:
            tape.input(x)
    tape.locs[len(tape.handles)] = (*where, name, size)
    return tape.record(OPS[op], operands, attrs)


def _expand_key(key, rank: int) -> list:
    if not isinstance(key, tuple):
        key = (key,)
    key = [_normal(k) for k in key]
    used = 0
    for k in key:
        if isinstance(k, Tensor) and k.dtype.kind == "b":
            used += k.dim()
        elif k is not None and k is not Ellipsis and not isinstance(k, bool):
            used += 1
    if used > rank:
        raise IndexError(f"too many indices for tensor of dimension {rank}")
    dots = [i for i, k in enumerate(key) if k is Ellipsis]
    at = dots[0] if dots else len(key)
    # As in PyTorch, the first ellipsis takes all dims that are left and further ones none.
    key = [k for i, k in enumerate(key) if i not in dots[1:]]
    return key[:at] + [slice(None)] * (rank - used) + key[at + 1 :]


def _normal(k):
    if isinstance(k, (list, np.ndarray)):
        from ._creation import tensor

        return tensor(k)
    if isinstance(k, np.generic):
        return k.item()
    if isinstance(k, Tensor) and k.dtype.kind == "f":
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    if isinstance(k, Tensor) and not k.dim() and k.dtype.kind == "i" and not k._rg:
        return k if k._v.buf is None else int(k.item())
    if isinstance(k, (float, str)):
        raise TypeError(
            "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are "
            f"valid indices (got {type(k).__name__})"
        )
    return k


def _basic(t: Tensor, key: list) -> tuple[Tensor, list]:
    """Applies ints, slices and None as views; returns the tensor indices left, by dim."""
    parts, drop, tensors, d = {}, [], [], 0
    inserts: list[int] = []
    out_dim = 0
    for k in key:
        if k is None:
            inserts.append(out_dim)
            out_dim += 1
            continue
        if isinstance(k, Tensor):
            for j in _nonzero(k, t, d) if k.dtype.kind == "b" else [k]:
                tensors.append((out_dim, j))
                out_dim += 1
                d += 1
            continue
        n = t._v.meta.shape[d]
        if isinstance(k, slice):
            if k.step is not None and int(k.step) <= 0:
                raise ValueError("step must be greater than zero")
            start, stop, step = slice(
                *(int(x) if x is not None else None for x in (k.start, k.stop, k.step))
            ).indices(n)
            if (start, stop, step) != (0, n, 1):
                parts[d] = (start, step, max(0, -(-(stop - start) // step)))
            out_dim += 1
        else:
            k = int(k)
            if not -n <= k < n:
                raise IndexError(
                    f"index {k} is out of bounds for dimension {d} with size {n}"
                )
            parts[d] = (k % n, 1, 1)
            drop.append(d)
        d += 1
    view = slice_view(t, parts) if parts else t
    if drop:
        view = squeeze(view, tuple(drop))
    for at in inserts:
        view = unsqueeze(view, at)
    return view, tensors


def _nonzero(mask: Tensor, t: Tensor, d: int) -> list[Tensor]:
    shape = t._v.meta.shape[d : d + mask.dim()]
    if mask._v.meta.shape != shape:
        bad = next(
            (i for i, (a, b) in enumerate(zip(mask._v.meta.shape, shape)) if a != b), 0
        )
        raise IndexError(
            f"The shape of the mask {list(mask.shape)} at index {bad} does not match the shape of "
            f"the indexed tensor {list(t.shape)} at index {d + bad}"
        )
    from ._creation import _own

    return [_own(i) for i in np.nonzero(mask.detach().numpy())]


def getitem(self: Tensor, key) -> Tensor:
    """Views for ints, slices, None, ...; copies for tensor indices."""
    view, tensors = _basic(self, _expand_key(key, self.dim()))
    if not tensors:
        if view is self:
            return _alias(self)
        return view
    return _take(view, tensors)


def _alias(t: Tensor) -> Tensor:
    shape = t._v.meta.shape
    return slice_view(t, {0: (0, 1, shape[0])}) if shape else reshape(t, ())


def _linear_index(view: Tensor, tensors: list) -> tuple[Tensor, list[int], tuple[int, ...]]:
    """One index over the merged indexed dims: (index, dims, broadcast shape)."""
    dims = [d for d, _ in tensors]
    shape = np.broadcast_shapes(*[tuple(i.shape) for _, i in tensors])
    total = None
    for d, i in tensors:
        n = view._v.meta.shape[d]
        i = i.to(_d.int64)
        if len(tensors) > 1:
            i = _checked(i, n, d)
        total = i if total is None else total * n + i
    return expand(total, shape) if tuple(total.shape) != shape else total, dims, shape


def _checked(i: Tensor, n: int, d: int) -> Tensor:
    """An index into a dim of size n, made non-negative; out of range raises when it runs."""
    from ._creation import arange

    return _record("index", "gather", (arange(n), i.reshape(-1)), (0, "index"), n).reshape(i.shape)


def _index_of(view: Tensor, tensors: list) -> tuple[Tensor, list[int], tuple[int, ...]]:
    try:
        return _linear_index(view, tensors)
    except ValueError:
        listed = ", ".join(str(list(i.shape)) for _, i in tensors)
        raise IndexError(
            f"shape mismatch: indexing tensors could not be broadcast together with shapes {listed}"
        ) from None


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


def _take(view: Tensor, tensors: list) -> Tensor:
    index, dims, shape = _index_of(view, tensors)
    x, _, at, sizes = _merge(view, dims)
    out = _gather_flat(x, index, at)
    return reshape(out, (*sizes[:at], *shape, *sizes[at + len(dims) :]))


def _gather_flat(x: Tensor, index: Tensor, d: int, name: str = "index") -> Tensor:
    flat = reshape(index, -1)
    shape = [1] * x.dim()
    shape[d] = flat.numel()
    return _record(name, "gather", (x, reshape(flat, shape)), (d, "index"), x.size(d))


def setitem(self: Tensor, key, value) -> None:
    """Writes through views; tensor indices scatter."""
    if not isinstance(value, Tensor):
        from ._creation import tensor

        if isinstance(value, (int, float, bool)):
            value = tensor(value, dtype=self.dtype)
        else:
            value = tensor(value)
    if self._rg == 1 and local.tape.grad:
        raise RuntimeError(
            "a view of a leaf Variable that requires grad is being used in an in-place operation."
        )
    if isinstance(key, Tensor) and key.dtype.kind == "b" and value.numel() == 1:
        from ._reductions import where

        _nonzero_check(key, self)
        shape = tuple(key.shape) + (1,) * (self.dim() - key.dim())
        self.copy_(where(reshape(key, shape), reshape(value, ()).to(self.dtype), self))
        return
    view, tensors = _basic(self, _expand_key(key, self.dim()))
    if tensors:
        _put(view, tensors, value)
        return
    if value.dim() > view.dim():
        value = reshape(value, tuple(value.shape)[value.dim() - view.dim() :])
    (_alias(view) if view is self else view).copy_(value)


def _nonzero_check(mask: Tensor, t: Tensor) -> None:
    if tuple(mask.shape) != tuple(t.shape)[: mask.dim()]:
        _nonzero(mask, t, 0)


def _put(view: Tensor, tensors: list, value: Tensor) -> None:
    """view[tensors] = value; with repeated indices the last one wins. Reads the indices at once."""
    if value.dtype is not view.dtype:
        from ._methods import _c_name

        raise RuntimeError(
            "Index put requires the source and destination dtypes match, got "
            f"{_c_name(view.dtype)} for the destination and {_c_name(value.dtype)} for the source."
        )
    index, dims, shape = _index_of(view, tensors)
    x, order, at, sizes = _merge(view, dims)
    part = (*sizes[:at], *shape, *sizes[at + len(dims) :])
    try:
        if value.dim() > len(part):
            value = reshape(value, tuple(value.shape)[value.dim() - len(part) :])
        value = expand(value, part)
    except RuntimeError:
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(value.shape)} cannot be broadcast to "
            f"indexing result of shape {list(part)}"
        ) from None
    where_from = _sources(index, x.size(at), dims[0])
    if where_from is None:
        return
    value = reshape(value, (*sizes[:at], -1, *sizes[at + len(dims) :]))
    source = reshape(where_from, [-1 if d == at else 1 for d in range(x.dim())])
    picked = local.tape.record(OPS["gather"], (value, source.clamp(min=0)), (at, "index"))
    new = reshape(local.tape.record(OPS["where"], (source >= 0, picked, x)), sizes)
    if order != list(range(view.dim())):
        new = permute(new, sorted(range(len(order)), key=order.__getitem__))
    (_alias(view) if view._view is None else view).copy_(new)


def _sources(index: Tensor, n: int, d: int) -> Tensor | None:
    """For each of the n places, which value is stored there (-1: none); None if none is at all."""
    from ._creation import _own

    places = index.detach().numpy().reshape(-1)
    wrong = (places < -n) | (places >= n)
    if wrong.any():
        bad = int(places[wrong][0])
        raise IndexError(f"index {bad} is out of bounds for dimension {d} with size {n}")
    if not places.size:
        return None
    found = np.full(n, -1, np.int64)
    found[places] = np.arange(places.size)
    return _own(found)


# ---------------------------------------------------------------- gather family


def _need_index(name: str, index: Tensor) -> Tensor:
    if index.dtype.kind != "i":
        raise RuntimeError(f"{name}(): Expected dtype int64 for index")
    return index


def gather(self: Tensor, dim: int, index: Tensor) -> Tensor:
    """out[i][j] = self[index[i][j]][j] (for dim 0)."""
    _need_index("gather", index)
    d = check_dim(dim, self.dim())
    if index.dim() != self.dim():
        raise RuntimeError(
            "Index tensor must have the same number of dimensions as input tensor"
        )
    x = self
    for j, (n, m) in enumerate(zip(self.shape, index.shape)):
        if j != d:
            if m > n:
                raise RuntimeError(
                    f"Size does not match at dimension {j} expected index {list(index.shape)} to "
                    f"be no larger than self {list(self.shape)} apart from dimension {d}"
                )
            if m < n:
                x = slice_view(x, {j: (0, 1, m)})
    return _record("gather", "gather", (x, index), (d, "gather"), self.size(d))


def index_select(self: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices of a dim at the given indices."""
    if index.dim() > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    if index.dtype.short not in ("i64", "i32"):
        raise RuntimeError("index_select(): Expected dtype int32 or int64 for index")
    return _gather_flat(self, index, check_dim(dim, self.dim()), "index_select")


def take_along_dim(self: Tensor, indices: Tensor, dim: int) -> Tensor:
    """`gather` with broadcasting of the other dims."""
    return gather(self, dim, indices)


def embedding(weight: Tensor, index: Tensor) -> Tensor:
    """Rows of weight at the given indices: shape [*index.shape, features]."""
    out = _gather_flat(weight, index, 0, "embedding")
    return reshape(out, (*index.shape, weight.size(1)))


def scatter_add(self: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """self with src added at the indices along a dim (in order, so deterministic)."""
    _need_index("scatter_add", index)
    d = check_dim(dim, self.dim())
    if not index.dim() == self.dim() == src.dim():
        raise RuntimeError(
            "Index tensor must have the same number of dimensions as "
            f"{'self' if index.dim() != self.dim() else 'src'} tensor"
        )
    if any(n > s or (n > m and j != d)
           for j, (n, m, s) in enumerate(zip(index.shape, self.shape, src.shape))):  # fmt: skip
        raise RuntimeError(
            f"Expected index {list(index.shape)} to be no larger than self {list(self.shape)} "
            f"apart from dimension {d} and to be no larger size than src {list(src.shape)}"
        )
    parts = {j: (0, 1, n) for j, n in enumerate(index.shape) if src.size(j) != n}
    src = slice_view(src, parts) if parts else src
    small = {
        j: (0, 1, n) for j, (n, m) in enumerate(zip(index.shape, self.shape)) if j != d and n < m
    }
    if small:
        # Only a corner of self takes part.
        out = clone(self)
        corner = slice_view(out, small)
        corner.copy_(scatter_add(corner, d, index, src))
        return out
    return _record("scatter_add", "scatter_add", (self, index, src), (d, "gather"), self.size(d))


def index_add(self: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha=1) -> Tensor:
    """self with the slices of source added at the given indices of a dim."""
    d = check_dim(dim, self.dim())
    shape = [1] * self.dim()
    shape[d] = index.numel()
    src = source if alpha == 1 else source * alpha
    i = reshape(index, shape)
    return _record("index_add", "scatter_add", (self, i, src), (d, "gather"), self.size(d))


def masked_select(self: Tensor, mask: Tensor) -> Tensor:
    """The elements where the mask holds, as a vector."""
    return getitem(expand(self, mask.shape) if self.dim() < mask.dim() else self, mask)


def nonzero(self: Tensor, as_tuple: bool = False):
    """Indices of the elements that are not zero: [n, dims], or one vector per dim."""
    from ._creation import _own

    found = np.nonzero(self.detach().numpy())
    if as_tuple:
        return tuple(_own(i) for i in found)
    return _own(np.stack(found, 1).reshape(-1, self.dim()).astype(np.int64))


METHODS = {
    "gather": gather, "index_select": index_select, "take_along_dim": take_along_dim,
    "scatter_add": scatter_add, "index_add": index_add, "masked_select": masked_select,
    "nonzero": nonzero,
}  # fmt: skip


def install(functions: dict) -> None:
    """Adds the methods to Tensor, and the functions to the given namespace."""
    from ._methods import inplace

    for name, method in METHODS.items():
        setattr(Tensor, name, method)
        functions[name] = method
    for name in ("scatter_add", "index_add"):
        setattr(Tensor, name + "_", inplace(METHODS[name], name))
    Tensor.__getitem__, Tensor.__setitem__ = getitem, setitem
