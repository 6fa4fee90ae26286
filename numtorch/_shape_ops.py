"""Views, reshapes, joins and casts, as Tensor methods and functions."""

from __future__ import annotations

import builtins

from numtorch.jit import dtypes as _d
from numtorch.jit.meta import meta
from numtorch.jit.ops import OPS
from numtorch.jit.record import local, row_major

from ._tensor import Tensor, check_dim, device


def _view(t: Tensor, name: str, attrs: tuple, shape, offset: int, strides) -> Tensor:
    m = meta(tuple(shape), t._v.meta.dtype)
    base = t._view.offset if t._view is not None else 0
    return local.tape.view(t, OPS[name], attrs, m, base + offset, tuple(strides))


def _ints(sizes) -> tuple[int, ...]:
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
        sizes = sizes[0]
    return tuple(int(s) for s in sizes)


def _infer_size(shape: tuple[int, ...], n: int) -> tuple[int, ...]:
    """Fills in a -1; RuntimeError when the sizes do not give n elements."""
    known, hole = 1, None
    for i, s in enumerate(shape):
        if s == -1:
            if hole is not None:
                raise RuntimeError("only one dimension can be inferred")
            hole = i
        elif s < 0:
            raise RuntimeError(f"invalid shape dimension {s}")
        else:
            known *= s
    if hole is not None:
        if known == 0:
            raise RuntimeError(
                f"cannot reshape tensor of 0 elements into shape {list(shape)} because the "
                "unspecified dimension size -1 can be any value and is ambiguous"
            )
        if n % known:
            raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {n}")
        return shape[:hole] + (n // known,) + shape[hole + 1 :]
    if known != n:
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {n}")
    return shape


def _view_strides(t: Tensor, shape: tuple[int, ...]):
    """Strides under which t's memory has the shape, or None."""
    from numtorch.jit.passes.layout import Map, _reshape

    old = t._v.meta.shape
    if t.is_contiguous():
        return row_major(shape)
    found = _reshape(Map(0, t._strides()), old, shape)
    if found is None:
        return None
    normal = row_major(shape)
    return tuple(s if n != 1 else r for n, s, r in zip(shape, found.strides, normal))


def view(self: Tensor, *shape) -> Tensor:
    """The same memory under another shape; RuntimeError if strides do not allow it."""
    if len(shape) == 1 and isinstance(shape[0], _d.DType):
        raise NotImplementedError("view(dtype) is not implemented in numtorch")
    shape = _infer_size(_ints(shape), self.numel())
    strides = _view_strides(self, shape)
    if strides is None:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one "
            "dimension spans across two contiguous subspaces). Use .reshape(...) instead."
        )
    return _view(self, "reshape", (shape,), shape, 0, strides)


def reshape(self: Tensor, *shape) -> Tensor:
    """Another shape: a view where possible, else a copy."""
    shape = _infer_size(_ints(shape), self.numel())
    strides = _view_strides(self, shape)
    if strides is None:
        return view(contiguous(self), shape)
    return _view(self, "reshape", (shape,), shape, 0, strides)


def contiguous(self: Tensor, memory_format=None) -> Tensor:
    """Itself if row-major, else a row-major copy."""
    return self if self.is_contiguous() else clone(self)


def clone(self: Tensor, memory_format=None) -> Tensor:
    """A copy that gradients flow through."""
    return local.tape.record(OPS["copy"], (self,))


def view_as(self: Tensor, other: Tensor) -> Tensor:
    """`view` with another tensor's shape."""
    return view(self, other.shape)


def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """`reshape` to another tensor's shape."""
    return reshape(self, other.shape)


def flatten(self: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Merges the dims start_dim..end_dim."""
    shape = self._v.meta.shape
    if not shape:
        return reshape(self, 1)
    a, b = check_dim(start_dim, len(shape)), check_dim(end_dim, len(shape))
    if a > b:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if a == b:
        return self
    n = 1
    for s in shape[a : b + 1]:
        n *= s
    return reshape(self, (*shape[:a], n, *shape[b + 1 :]))


def unflatten(self: Tensor, dim: int, sizes) -> Tensor:
    """Splits a dim into the given sizes (one may be -1)."""
    shape = self._v.meta.shape
    dim = check_dim(dim, len(shape))
    return view(self, (*shape[:dim], *_infer_size(tuple(sizes), shape[dim]), *shape[dim + 1 :]))


def permute(self: Tensor, *dims) -> Tensor:
    """Dims in another order."""
    dims = _ints(dims)
    shape, strides = self._v.meta.shape, self._strides()
    if len(dims) != len(shape):
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the "
            f"length of the desired ordering of dimensions i.e. input.dim() = {len(shape)} is not "
            f"equal to len(dims) = {len(dims)}"
        )
    dims = tuple(check_dim(d, len(shape)) for d in dims)
    if len(set(dims)) != len(dims):
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return _view(self, "permute", (dims,), [shape[d] for d in dims], 0, [strides[d] for d in dims])


def transpose(self: Tensor, dim0: int, dim1: int) -> Tensor:
    """Swaps two dims."""
    rank = self.dim()
    a, b = check_dim(dim0, rank), check_dim(dim1, rank)
    dims = list(range(rank))
    if dims:
        dims[a], dims[b] = dims[b], dims[a]
    return permute(self, dims)


def t(self: Tensor) -> Tensor:
    """Transpose of a tensor with at most 2 dims."""
    if self.dim() > 2:
        raise RuntimeError(
            f"t() expects a tensor with <= 2 dimensions, but self is {self.dim()}D"
        )
    return self if self.dim() < 2 else transpose(self, 0, 1)


def movedim(self: Tensor, source, destination) -> Tensor:
    """Moves dims to other places, the rest keep their order."""
    rank = self.dim()
    src = [check_dim(d, rank) for d in ((source,) if isinstance(source, int) else source)]
    dst = (destination,) if isinstance(destination, int) else destination
    dst = [check_dim(d, rank) for d in dst]
    order = [d for d in range(rank) if d not in src]
    for d, s in sorted(zip(dst, src)):
        order.insert(d, s)
    return permute(self, order)


def expand(self: Tensor, *sizes) -> Tensor:
    """Repeats dims of size 1 without memory (stride 0)."""
    sizes = _ints(sizes)
    shape, strides = self._v.meta.shape, self._strides()
    lead = len(sizes) - len(shape)
    if lead < 0:
        raise RuntimeError(
            f"expand(torch.{self.dtype.tensor_type}{{{list(shape)}}}, size={list(sizes)}): the "
            f"number of sizes provided ({len(sizes)}) must be greater or equal to the number of "
            f"dimensions in the tensor ({len(shape)})"
        )
    out, new = [], []
    for d, s in enumerate(sizes):
        n = shape[d - lead] if d >= lead else 1
        if s == -1 and d >= lead:
            s = n
        if s < 0 or (n not in (1, s)):
            raise RuntimeError(
                f"The expanded size of the tensor ({s}) must match the existing size ({n}) at "
                f"non-singleton dimension {d}.  Target sizes: {list(sizes)}.  Tensor sizes: "
                f"{list(shape)}"
            )
        out.append(s)
        new.append(strides[d - lead] if d >= lead and (n == s) else 0)
    return _view(self, "expand", (tuple(out),), out, 0, new)


def expand_as(self: Tensor, other: Tensor) -> Tensor:
    """`expand` to another tensor's shape."""
    return expand(self, other.shape)


broadcast_to = expand


def squeeze(self: Tensor, dim=None) -> Tensor:
    """Drops dims of size 1 (all, or the given ones)."""
    shape, strides = self._v.meta.shape, self._strides()
    if dim is None:
        drop = [d for d, n in enumerate(shape) if n == 1]
    else:
        dims = (dim,) if isinstance(dim, int) else dim
        drop = [d for d in (check_dim(d, len(shape)) for d in dims) if shape and shape[d] == 1]
    keep = [d for d in range(len(shape)) if d not in drop]
    new = tuple(shape[d] for d in keep)
    return _view(self, "reshape", (new,), new, 0, [strides[d] for d in keep])


def unsqueeze(self: Tensor, dim: int) -> Tensor:
    """Inserts a dim of size 1."""
    shape, strides = self._v.meta.shape, self._strides()
    d = check_dim(dim, len(shape) + 1)
    new = (*shape[:d], 1, *shape[d:])
    step = shape[d] * strides[d] if d < len(shape) else 1
    return _view(self, "reshape", (new,), new, 0, (*strides[:d], step, *strides[d:]))


def narrow(self: Tensor, dim: int, start: int, length: int) -> Tensor:
    """The part start..start+length of a dim."""
    shape = self._v.meta.shape
    d = check_dim(dim, len(shape))
    n = shape[d]
    if start < 0:
        start += n
    if length < 0 or not 0 <= start <= n or start + length > n:
        raise RuntimeError(
            f"start ({start}) + length ({length}) exceeds dimension size ({n})."
        )
    return slice_view(self, {d: (start, 1, length)})


def slice_view(self: Tensor, parts: dict[int, tuple[int, int, int]]) -> Tensor:
    """A view of (start, step, length) per dim."""
    shape, strides = self._v.meta.shape, self._strides()
    starts = tuple(parts[d][0] if d in parts else 0 for d in range(len(shape)))
    steps = tuple(parts[d][1] if d in parts else 1 for d in range(len(shape)))
    new = tuple(parts[d][2] if d in parts else n for d, n in enumerate(shape))
    offset = builtins.sum(a * s for a, s in zip(starts, strides))
    new_strides = [a * s for a, s in zip(steps, strides)]
    return _view(self, "slice", (starts, steps, new), new, offset, new_strides)


def select(self: Tensor, dim: int, index: int) -> Tensor:
    """The slice at one index of a dim, without that dim."""
    shape = self._v.meta.shape
    if not shape:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    d = check_dim(dim, len(shape))
    n = shape[d]
    index = int(index)
    if not -n <= index < n:
        raise IndexError(f"select(): index {index} out of range for tensor of size "
                         f"{list(shape)} at dimension {d}")  # fmt: skip
    return squeeze(slice_view(self, {d: (index % n, 1, 1)}), d)


def unbind(self: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """All slices along a dim."""
    d = check_dim(dim, self.dim())
    return tuple(select(self, d, i) for i in range(self.size(d)))


def split(self: Tensor, split_size, dim: int = 0) -> tuple[Tensor, ...]:
    """Parts of the given size (or sizes) along a dim."""
    d = check_dim(dim, self.dim())
    n = self.size(d)
    if isinstance(split_size, int):
        if split_size < 0 or (split_size == 0 and n):
            raise RuntimeError(
                f"split expects split_size be non-negative, but got split_size={split_size}"
            )
        sizes = [builtins.min(split_size, n - i) for i in range(0, n, split_size or 1)] or [n]
    else:
        sizes = list(split_size)
        if builtins.sum(sizes) != n:
            raise RuntimeError(
                f"split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size "
                f"at dimension {d}), but got split_sizes={sizes}"
            )
    out, at = [], 0
    for s in sizes:
        out.append(narrow(self, d, at, s))
        at += s
    return tuple(out)


def chunk(self: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` equal parts along a dim."""
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    n = self.size(dim)
    return split(self, builtins.max(1, -(-n // chunks)), dim)


def flip(self: Tensor, *dims) -> Tensor:
    """A copy with the given dims reversed."""
    dims = tuple(check_dim(d, self.dim()) for d in _ints(dims))
    for k, d in enumerate(dims):
        if d in dims[:k]:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
    return local.tape.record(OPS["flipped"], (self,), (dims,))


def cat(tensors, dim: int = 0, *, out=None) -> Tensor:
    """Tensors joined along a dim; other sizes must agree."""
    tensors = list(tensors)
    if not tensors:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    for i, x in enumerate(tensors):
        if not isinstance(x, Tensor):
            raise TypeError(
                f"expected Tensor as element {i} in argument 0, but got {type(x).__name__}"
            )
    full = [x for x in tensors if x._v.meta.shape != (0,)] or tensors[:1]
    first = full[0]._v.meta.shape
    if any(not x.dim() for x in full):
        raise RuntimeError("zero-dimensional tensor (at position 0) cannot be concatenated")
    d = check_dim(dim, len(first))
    for i, x in enumerate(full[1:], 1):
        shape = x._v.meta.shape
        if len(shape) != len(first):
            raise RuntimeError(
                f"Tensors must have same number of dimensions: got {len(first)} and {len(shape)}"
            )
        for j, (a, b) in enumerate(zip(first, shape)):
            if j != d and a != b:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {d}. Expected size {a} but "
                    f"got size {b} for tensor number {i} in the list."
                )
    kind = full[0].dtype
    for x in full[1:]:
        kind = _d.promote(kind, x.dtype)
    full = [x if x.dtype is kind else to(x, kind) for x in full]
    return local.tape.record(OPS["cat"], full, (d,))


def stack(tensors, dim: int = 0, *, out=None) -> Tensor:
    """Tensors of one shape joined along a new dim."""
    tensors = list(tensors)
    if not tensors:
        raise RuntimeError("stack expects a non-empty TensorList")
    first = tensors[0].shape
    for i, x in enumerate(tensors):
        if x.shape != first:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 "
                f"and {list(x.shape)} at entry {i}"
            )
    d = check_dim(dim, len(first) + 1)
    return cat([unsqueeze(x, d) for x in tensors], d)


# ---------------------------------------------------------------- casts


def to(self: Tensor, *args, dtype=None, device=None, copy=False, non_blocking=False, **_) -> Tensor:
    """Another dtype (devices: cpu)."""
    for a in args:
        if isinstance(a, _d.DType):
            dtype = a
        elif isinstance(a, Tensor):
            dtype = a.dtype
        elif isinstance(a, (str, device_type)):
            device = a
    if device is not None:
        device_type(device)
    if dtype is None or dtype is self.dtype:
        return clone(self) if copy else self
    return local.tape.record(OPS["cast"], (self,), (dtype,))


device_type = device


def type_as(self: Tensor, other: Tensor) -> Tensor:
    """Cast to another tensor's dtype."""
    return to(self, other.dtype)


def _cast_method(d):
    def method(self: Tensor) -> Tensor:
        return to(self, d)

    method.__doc__ = f"Cast to {d!r}."
    return method


def copy_(self: Tensor, src: Tensor, non_blocking: bool = False) -> Tensor:
    """Overwrites this tensor with the elements of another (broadcast, cast)."""
    from ._methods import write_result

    if not isinstance(src, Tensor):
        from ._creation import as_tensor

        src = as_tensor(src)
    if src._v.meta.shape != self._v.meta.shape:
        src = expand(src, self._v.meta.shape)
    op = OPS["cast"] if src.dtype is not self.dtype else OPS["copy"]
    attrs = (self.dtype,) if op.name == "cast" else None
    return write_result(self, local.tape.record(op, (src,), attrs), "copy")


def fill_(self: Tensor, value) -> Tensor:
    """Sets every element."""
    from ._creation import full_like
    from ._methods import write_result

    if isinstance(value, Tensor):
        return copy_(self, value)
    return write_result(self, full_like(self, value), "fill")


def zero_(self: Tensor) -> Tensor:
    """Sets every element to zero."""
    return fill_(self, 0)


METHODS = {
    "view": view, "reshape": reshape, "contiguous": contiguous, "clone": clone,
    "view_as": view_as, "reshape_as": reshape_as, "flatten": flatten, "unflatten": unflatten,
    "permute": permute, "transpose": transpose, "swapaxes": transpose, "t": t, "movedim": movedim,
    "expand": expand, "expand_as": expand_as, "broadcast_to": broadcast_to, "squeeze": squeeze,
    "unsqueeze": unsqueeze, "narrow": narrow, "select": select, "unbind": unbind, "split": split,
    "chunk": chunk, "flip": flip, "to": to, "type_as": type_as, "copy_": copy_, "fill_": fill_,
    "zero_": zero_,
}  # fmt: skip
_CASTS = {
    "float": _d.float32, "double": _d.float64, "long": _d.int64, "int": _d.int32, "bool": _d.bool_,
    "short": _d.int16, "byte": _d.uint8, "char": _d.int8,
}  # fmt: skip


def install(functions: dict) -> None:
    """Adds the methods to Tensor, and the functions to the given namespace."""
    for name, method in METHODS.items():
        setattr(Tensor, name, method)
        if not name.endswith("_") and name not in ("view", "to", "contiguous", "type_as", "expand"):
            functions[name] = method
    for name, d in _CASTS.items():
        setattr(Tensor, name, _cast_method(d))
    Tensor.T = property(lambda self: permute(self, tuple(range(self.dim()))[::-1]))
    Tensor.mT = property(lambda self: transpose(self, -2, -1))
    Tensor.cpu = lambda self: self
    functions.update(cat=cat, concat=cat, concatenate=cat, stack=stack)
