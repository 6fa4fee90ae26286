"""Joining and repeating: cat, stack, repeat, roll, tril, meshgrid and their families."""

from __future__ import annotations

import numpy as np
from numtorch.jit import dtypes as _d
from numtorch.jit.ops import OPS
from numtorch.jit.record import local

from ._api import alias, function
from ._casts import to
from ._descriptors import check_dim
from ._dims import expand, slice_view, transpose, unsqueeze
from ._examples import described
from ._shape_ops import _copied, clone, reshape
from ._tensor import Tensor

_CAT = OPS["cat"]

# ---------------------------------------------------------------- cat and stack


@function("cat(Tensor[] tensors, int dim=0)", method=False, out=True, out_apart=True)
def cat(tensors, dim=0):
    """Tensors joined along a dim; other sizes must agree.

    >>> import numtorch as torch
    >>> torch.cat((torch.zeros(1), torch.ones(2)))
    tensor([0., 1., 1.])
    """
    if ((dim,), *[x._v.meta for x in tensors]) in _CAT.rules:
        return local.tape.record(_CAT, tensors, (dim,))  # tensors like these passed the checks
    tensors = list(tensors)
    if not tensors:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    for i, x in enumerate(tensors):
        if not x.dim():
            raise RuntimeError(
                f"zero-dimensional tensor (at position {i}) cannot be concatenated"
            )
    kind = tensors[0].dtype
    for x in tensors[1:]:
        kind = _d.promote(kind, x.dtype)
    # Vectors without elements fit everything, as they always have in PyTorch; some have gradients.
    full = [x for x in tensors if x._v.meta.shape != (0,)] or tensors
    first = full[0]._v.meta.shape
    d = check_dim(dim, len(first))
    for i, x in enumerate(tensors):
        if x._v.meta.shape != (0,):
            _check_joined(first, x._v.meta.shape, d, i)
    if len(full) < len(tensors) and local.tape.grad:
        none = (*first[:d], 0, *first[d + 1 :])
        full += [reshape(x, none) for x in tensors if x._rg and x._v.meta.shape == (0,)]
    full = [x if x.dtype is kind else to(x, kind) for x in full]
    return local.tape.record(_CAT, full, (d,))


def _check_joined(first, shape, d: int, i: int) -> None:
    if len(shape) != len(first):
        raise RuntimeError(
            f"Tensors must have same number of dimensions: got {len(first)} and {len(shape)}"
        )
    for j, (a, b) in enumerate(zip(first, shape)):
        if j != d and a != b:
            raise RuntimeError(
                f"Sizes of tensors must match except in dimension {d}. Expected size {a} but got "
                f"size {b} for tensor number {i} in the list."
            )


alias("concat", "cat")
alias("concatenate", "cat")


@function("stack(Tensor[] tensors, int dim=0)", method=False, out=True)
def stack(tensors, dim=0):
    """Tensors of one shape joined along a new dim.

    >>> import numtorch as torch
    >>> torch.stack([torch.tensor([1, 2, 3]), torch.tensor([4, 5, 6])], dim=1)
    tensor([[1, 4],
            [2, 5],
            [3, 6]])
    """
    tensors = list(tensors)
    if not tensors:
        raise RuntimeError("stack expects a non-empty TensorList")
    first = tensors[0]._v.meta.shape
    d = check_dim(dim, len(first) + 1)
    for i, x in enumerate(tensors):
        if x._v.meta.shape != first:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 "
                f"and {list(x.shape)} at entry {i}"
            )
    return cat([unsqueeze(x, d) for x in tensors], d)


def _at_least(t: Tensor, rank: int) -> Tensor:
    shape = t._v.meta.shape
    if len(shape) >= rank:
        return t
    if rank == 3 and shape:
        return reshape(t, (1, *shape, 1) if len(shape) == 1 else (*shape, 1))
    return reshape(t, (1,) * (rank - len(shape)) + shape)


def _atleast(rank: int):
    def atleast(*tensors):
        if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
            tensors = tensors[0]
        elif len(tensors) == 1:
            return _at_least(_need_tensor(tensors[0], atleast.__name__), rank)
        return tuple(_at_least(_need_tensor(t, atleast.__name__), rank) for t in tensors)

    atleast.__name__ = f"atleast_{rank}d"
    atleast.__doc__ = described(
        atleast.__name__, f"Tensors with dims of size 1 added until they have {rank}."
    )
    return atleast


def _need_tensor(t, name: str) -> Tensor:
    if not isinstance(t, Tensor):
        raise TypeError(
            f"{name}(): argument 'tensors' must be tuple of Tensors, not {type(t).__name__}"
        )
    return t


atleast_1d, atleast_2d, atleast_3d = _atleast(1), _atleast(2), _atleast(3)


@function("hstack(Tensor[] tensors)", method=False, out=True)
def hstack(tensors):
    """Tensors joined along the second dim (the first of vectors).

    >>> import numtorch as torch
    >>> torch.hstack([torch.tensor([1, 2, 3]), torch.tensor([4, 5])])
    tensor([1, 2, 3, 4, 5])
    """
    _need_some(tensors, "hstack")
    parts = [_at_least(t, 1) for t in tensors]
    return cat(parts, 0 if parts[0].dim() == 1 else 1)


@function("vstack(Tensor[] tensors)", method=False, out=True)
def vstack(tensors):
    """Tensors joined along the first dim; vectors are rows.

    >>> import numtorch as torch
    >>> torch.vstack([torch.tensor([1, 2, 3]), torch.tensor([4, 5, 6])])
    tensor([[1, 2, 3],
            [4, 5, 6]])
    """
    _need_some(tensors, "vstack")
    return cat([_at_least(t, 2) for t in tensors], 0)


@function("dstack(Tensor[] tensors)", method=False, out=True)
def dstack(tensors):
    """Tensors joined along the third dim.

    >>> import numtorch as torch
    >>> torch.dstack([torch.tensor([1, 2, 3]), torch.tensor([4, 5, 6])]).shape
    torch.Size([1, 3, 2])
    """
    _need_some(tensors, "dstack")
    return cat([_at_least(t, 3) for t in tensors], 2)


@function("column_stack(Tensor[] tensors)", method=False, out=True)
def column_stack(tensors):
    """Tensors joined along the second dim; vectors are columns.

    >>> import numtorch as torch
    >>> torch.column_stack([torch.tensor([1, 2, 3]), torch.tensor([4, 5, 6])])
    tensor([[1, 4],
            [2, 5],
            [3, 6]])
    """
    _need_some(tensors, "column_stack")
    return hstack([reshape(t, (t.numel(), 1)) if t.dim() <= 1 else t for t in tensors])


alias("row_stack", "vstack")


def _need_some(tensors, name: str) -> None:
    if not tensors:
        raise RuntimeError(f"{name} expects a non-empty TensorList")


def block_diag(*tensors):
    """A matrix with the given matrices along its diagonal, zeros elsewhere.

    >>> import numtorch as torch
    >>> torch.block_diag(torch.tensor([[1, 2]]), torch.tensor([[3], [4]]))
    tensor([[1, 2, 0],
            [0, 0, 3],
            [0, 0, 4]])
    """
    from ._creation import zeros

    for i, x in enumerate(tensors):
        if _need_tensor(x, "block_diag").dim() > 2:
            raise RuntimeError(
                "torch.block_diag: Input tensors must have 2 or fewer dimensions. Input "
                f"{i} has {x.dim()} dimensions"
            )
    if not tensors:
        return zeros((1, 0))
    parts = [_at_least(x, 2) for x in tensors]
    kind = parts[0].dtype
    for x in parts[1:]:
        kind = _d.promote(kind, x.dtype)
    width = sum(x.size(1) for x in parts)
    rows, at = [], 0
    for x in parts:
        low, high = (0, at), (0, width - at - x.size(1))
        rows.append(local.tape.record(OPS["constant_pad"], (to(x, kind),), (low, high, 0)))
        at += x.size(1)
    return cat(rows, 0)


# ---------------------------------------------------------------- repeating and turning


@function("repeat(Tensor input, int[] repeats)", free=False)
def repeat(input, repeats):
    """The tensor side by side with itself, as often as given per dim.

    >>> import numtorch as torch
    >>> torch.tensor([1, 2, 3]).repeat(2, 2)
    tensor([[1, 2, 3, 1, 2, 3],
            [1, 2, 3, 1, 2, 3]])
    """
    if len(repeats) < input.dim():
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of "
            "tensor"
        )
    if any(r < 0 for r in repeats):
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(repeats)}: "
                           f"{list(repeats)}")  # fmt: skip
    shape = (1,) * (len(repeats) - input.dim()) + input._v.meta.shape
    x = reshape(input, [n for s in shape for n in (1, s)])
    x = expand(x, [n for r, s in zip(repeats, shape) for n in (r, s)])
    out = reshape(x, tuple(r * s for r, s in zip(repeats, shape)))
    return _copied(out) if out._st is not None and out._st is input._st else out


@function("tile(Tensor input, int[] dims)")
def tile(input, dims):
    """`repeat` where missing counts are 1.

    >>> import numtorch as torch
    >>> torch.tile(torch.tensor([1, 2, 3]), (2,))
    tensor([1, 2, 3, 1, 2, 3])
    """
    return repeat(input, (1,) * (input.dim() - len(dims)) + dims)


@function("repeat_interleave(Tensor input, int repeats, int? dim=None, *, int? output_size=None)")
def _repeat_each(input, repeats, dim, *, output_size):
    """Each element (or slice of a dim) repeated in place.

    >>> import numtorch as torch
    >>> torch.arange(3).repeat_interleave(2)
    tensor([0, 0, 1, 1, 2, 2])
    """
    x = reshape(input, -1) if dim is None else input
    d = check_dim(0 if dim is None else dim, x.dim())
    if not x.dim():
        x = reshape(x, 1)
    if repeats < 0:
        raise RuntimeError("Repeats must be non-negative")
    shape = x._v.meta.shape
    wide = expand(unsqueeze(x, d + 1), (*shape[: d + 1], repeats, *shape[d + 1 :]))
    _check_output_size(output_size, shape[d] * repeats)
    return _copied(reshape(wide, (*shape[:d], shape[d] * repeats, *shape[d + 1 :])))


def _check_output_size(output_size, n: int) -> None:
    if output_size is not None and output_size != n:
        raise RuntimeError("allocated size does not match required size")


def _counts(repeats: Tensor) -> np.ndarray:
    if repeats.dim() > 1:
        raise RuntimeError("repeats must be 0-dim or 1-dim tensor")
    if repeats.dtype.short not in ("i64", "i32"):
        raise RuntimeError("repeats has to be Long or Int tensor")
    found = repeats.detach().numpy().reshape(-1)
    if (found < 0).any():
        raise RuntimeError("repeats can not be negative")
    return found


@function("repeat_interleave(Tensor input, Tensor repeats, int? dim=None, *, "
          "int? output_size=None)")  # fmt: skip
def _repeat_counted(input, repeats, dim, *, output_size):
    from ._creation import _own

    x = reshape(input, -1) if dim is None else input
    d = check_dim(0 if dim is None else dim, x.dim())
    counts = _counts(repeats)
    if counts.size == 1:
        return _repeat_each(x, int(counts[0]), d, output_size=output_size)
    if counts.size != x.size(d):
        raise RuntimeError(
            f"repeats must have the same size as input along dim, but got repeats.size(0) = "
            f"{counts.size} and input.size({d}) = {x.size(d)}"
        )
    _check_output_size(output_size, int(counts.sum()))
    return x.index_select(d, _own(np.repeat(np.arange(counts.size), counts)))


@function("repeat_interleave(Tensor repeats, *, int? output_size=None)", method=False)
def _repeat_indices(repeats, *, output_size):
    from ._creation import _own

    if repeats.dim() != 1:
        raise RuntimeError("repeat_interleave only accept 1D vector as repeat")
    counts = _counts(repeats)
    _check_output_size(output_size, int(counts.sum()))
    found = np.repeat(np.arange(counts.size), counts)
    return to(_own(found.astype(np.int64)), repeats.dtype)


@function("flip(Tensor input, int[] dims)")
def flip(input, dims):
    """A copy with the given dims reversed.

    >>> import numtorch as torch
    >>> torch.flip(torch.tensor([[1, 2], [3, 4]]), (0, 1))
    tensor([[4, 3],
            [2, 1]])
    """
    dims = tuple(check_dim(d, input.dim()) for d in dims)
    for k, d in enumerate(dims):
        if d in dims[:k]:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
    if not input.dim():
        return _copied(input)
    return local.tape.record(OPS["flipped"], (input,), (dims,))


@function("fliplr(Tensor input)")
def fliplr(input):
    """Columns in reverse order.

    >>> import numtorch as torch
    >>> torch.fliplr(torch.tensor([[1, 2], [3, 4]]))
    tensor([[2, 1],
            [4, 3]])
    """
    if input.dim() < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip(input, (1,))


@function("flipud(Tensor input)")
def flipud(input):
    """Rows in reverse order.

    >>> import numtorch as torch
    >>> torch.flipud(torch.tensor([[1, 2], [3, 4]]))
    tensor([[3, 4],
            [1, 2]])
    """
    if input.dim() < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return flip(input, (0,))


@function("roll(Tensor input, int[1] shifts, int[1] dims=())")
def roll(input, shifts, dims):
    """Elements moved along the dims; what falls off one end comes in at the other.

    >>> import numtorch as torch
    >>> torch.roll(torch.tensor([1, 2, 3, 4]), 1)
    tensor([4, 1, 2, 3])
    """
    if not shifts:
        raise RuntimeError("`shifts` required")
    if not dims and len(shifts) == 1 and not input.dim():
        return _copied(input)
    if not dims and len(shifts) == 1:
        return reshape(roll(reshape(input, -1), shifts, (0,)), input.shape)
    if len(shifts) != len(dims):
        raise RuntimeError(
            f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}"
        )
    if not input.dim():
        raise IndexError(f"Dimension specified as {dims[0]} but tensor has no dimensions")
    out = input
    for s, d in zip(shifts, dims):
        d = check_dim(d, input.dim())
        n = input.size(d)
        k = s % n if n else 0
        if k:
            out = cat((slice_view(out, {d: (n - k, 1, k)}), slice_view(out, {d: (0, 1, n - k)})), d)
    return _copied(out) if out is input else out


@function("rot90(Tensor input, int k=1, int[] dims=(0, 1))")
def rot90(input, k, dims):
    """A turn by 90 degrees, k times, in the plane of two dims.

    >>> import numtorch as torch
    >>> torch.rot90(torch.tensor([[1, 2], [3, 4]]))
    tensor([[2, 4],
            [1, 3]])
    """
    if len(dims) != 2:
        raise RuntimeError(
            f"expected total rotation dims == 2, but got dims = {len(dims)}"
        )
    rank = input.dim()
    if rank < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {rank}")
    if dims[0] == dims[1] or abs(dims[0] - dims[1]) == rank:
        raise RuntimeError(
            f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = "
            f"{dims[1]}"
        )
    for d, name in zip(dims, ("dim0", "dim1")):
        if not -rank <= d < rank:
            raise RuntimeError(f"Rotation {name} out of range, {name} = {d}")
    a, b = (d % rank for d in dims)
    turn = k % 4
    if turn == 0:
        return clone(input)
    if turn == 2:
        return flip(input, (a, b))
    return transpose(flip(input, (b if turn == 1 else a,)), a, b)
