"""Views that reorder, repeat, drop or cut dims."""

from __future__ import annotations

import builtins

from ._descriptors import check_dim
from ._tensor import Tensor
from ._view_rules import as_ints, record_view, remembered


@remembered
def permute(self: Tensor, *dims) -> Tensor:
    """Dims in another order.

    >>> import numtorch as torch
    >>> torch.permute(torch.zeros(2, 3, 5), (2, 0, 1)).shape
    torch.Size([5, 2, 3])
    """
    dims = as_ints(dims)
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
    sizes, steps = [shape[d] for d in dims], [strides[d] for d in dims]
    return record_view(self, "permute", (dims,), sizes, 0, steps)


@remembered
def transpose(self: Tensor, dim0: int, dim1: int) -> Tensor:
    """Swaps two dims."""
    rank = len(self._v.meta.shape)
    a, b = check_dim(dim0, rank), check_dim(dim1, rank)
    dims = list(range(rank))
    if dims:
        dims[a], dims[b] = dims[b], dims[a]
    return permute(self, dims)


def t(self: Tensor) -> Tensor:
    """Transpose of a tensor with at most 2 dims.

    >>> import numtorch as torch
    >>> torch.t(torch.tensor([[1, 2], [3, 4]]))
    tensor([[1, 3],
            [2, 4]])
    """
    if self.dim() > 2:
        raise RuntimeError(
            f"t() expects a tensor with <= 2 dimensions, but self is {self.dim()}D"
        )
    return permute(self, tuple(range(self.dim()))[::-1])


def movedim(self: Tensor, source, destination) -> Tensor:
    """Moves dims to other places, the rest keep their order.

    >>> import numtorch as torch
    >>> torch.movedim(torch.zeros(2, 3, 5), 0, -1).shape
    torch.Size([3, 5, 2])
    """
    rank = self.dim()
    source = (source,) if isinstance(source, int) else source
    destination = (destination,) if isinstance(destination, int) else destination
    if len(source) != len(destination):
        raise RuntimeError(
            "movedim: Invalid source or destination dims: source "
            f"({list(source)} dims) should contain the same number of dims as destination "
            f"({list(destination)} dims)"
        )
    src, dst = ([check_dim(d, rank) for d in dims] for dims in (source, destination))
    for name, dims, given in (("source", src, source), ("destination", dst, destination)):
        if len(set(dims)) != len(dims):
            raise RuntimeError(f"movedim: repeated dim in `{name}` ({list(given)})")
    if not rank:
        return permute(self, ())
    order = [d for d in range(rank) if d not in src]
    for d, s in sorted(zip(dst, src)):
        order.insert(d, s)
    return permute(self, order)


@remembered
def expand(self: Tensor, *sizes) -> Tensor:
    """Repeats dims of size 1 without memory (stride 0).

    >>> import numtorch as torch
    >>> torch.tensor([[1], [2]]).expand(-1, 3)
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """
    sizes = as_ints(sizes)
    shape, strides = self._v.meta.shape, self._strides()
    lead = len(sizes) - len(shape)
    if lead < 0:
        raise RuntimeError(
            f"expand(torch.{self.dtype.tensor_type}{{{list(shape)}}}, size={list(sizes)}): the "
            f"number of sizes provided ({len(sizes)}) must be greater or equal to the number of "
            f"dimensions in the tensor ({len(shape)})"
        )
    out, new = list(sizes), [0] * len(sizes)
    for d in reversed(range(len(sizes))):
        s, old = sizes[d], d >= lead
        n = shape[d - lead] if old else 1
        if s == -1:
            if not old:
                raise RuntimeError(
                    "The expanded size of the tensor (-1) isn't allowed in a leading, "
                    f"non-existing dimension {d}"
                )
            s = out[d] = n
        if s < 0 or n not in (1, s):
            raise RuntimeError(
                f"The expanded size of the tensor ({s}) must match the existing size ({n}) at "
                f"non-singleton dimension {d}.  Target sizes: {list(sizes)}.  Tensor sizes: "
                f"{list(shape)}"
            )
        if n == s and shape:
            new[d] = strides[d - lead] if old else out[d + 1] * new[d + 1]
    return record_view(self, "expand", (tuple(out),), out, 0, new)


def expand_as(self: Tensor, other: Tensor) -> Tensor:
    """`expand` to another tensor's shape.

    >>> import numtorch as torch
    >>> torch.tensor([1, 2, 3]).expand_as(torch.zeros(2, 3))
    tensor([[1, 2, 3],
            [1, 2, 3]])
    """
    return expand(self, other.shape)


def broadcast_to(self: Tensor, size) -> Tensor:
    """`expand` to a shape.

    >>> import numtorch as torch
    >>> torch.broadcast_to(torch.tensor([1, 2, 3]), (2, 3))
    tensor([[1, 2, 3],
            [1, 2, 3]])
    """
    return expand(self, size)


@remembered
def squeeze(self: Tensor, dim=None) -> Tensor:
    """Drops dims of size 1 (all, or the given ones).

    >>> import numtorch as torch
    >>> x = torch.zeros(2, 1, 3, 1)
    >>> torch.squeeze(x).shape, torch.squeeze(x, 1).shape
    (torch.Size([2, 3]), torch.Size([2, 3, 1]))
    """
    shape, strides = self._v.meta.shape, self._strides()
    if dim is None:
        drop = [d for d, n in enumerate(shape) if n == 1]
    else:
        dims = (dim,) if isinstance(dim, int) else dim
        found = [check_dim(d, len(shape)) for d in dims]
        for k, d in enumerate(found):
            if d in found[:k]:
                raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
        drop = [d for d in found if shape and shape[d] == 1]
    keep = [d for d in range(len(shape)) if d not in drop]
    new = tuple(shape[d] for d in keep)
    return record_view(self, "reshape", (new,), new, 0, [strides[d] for d in keep])


@remembered
def unsqueeze(self: Tensor, dim: int) -> Tensor:
    """Inserts a dim of size 1.

    >>> import numtorch as torch
    >>> torch.unsqueeze(torch.tensor([1, 2, 3]), 1).shape
    torch.Size([3, 1])
    """
    shape, strides = self._v.meta.shape, self._strides()
    d = check_dim(dim, len(shape) + 1)
    new = (*shape[:d], 1, *shape[d:])
    step = shape[d] * strides[d] if d < len(shape) else 1
    return record_view(self, "reshape", (new,), new, 0, (*strides[:d], step, *strides[d:]))


def narrow(self: Tensor, dim: int, start, length: int) -> Tensor:
    """The part start..start+length of a dim.

    A view; IndexError or RuntimeError where it would reach past the dim.

    >>> import numtorch as torch
    >>> torch.narrow(torch.tensor([1, 2, 3, 4]), 0, 1, 2)
    tensor([2, 3])
    """
    shape = self._v.meta.shape
    if not shape:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if isinstance(start, Tensor):
        if start.dim() or start.dtype.kind != "i":
            raise RuntimeError("start must be an 0-dim integral Tensor.")
        start = int(start.item())
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    d = check_dim(dim, len(shape))
    n = shape[d]
    if not -n <= start <= n:
        raise IndexError(
            f"start out of range (expected to be in range of [{-n}, {n}], but got {start})"
        )
    if start < 0:
        start += n
    if start + length > n:
        raise RuntimeError(
            f"start ({start}) + length ({length}) exceeds dimension size ({n})."
        )
    return slice_view(self, {d: (start, 1, length)})


def slice_view(self: Tensor, parts: dict[int, tuple[int, int, int]]) -> Tensor:
    """A view of (start, step, length) per dim."""
    return _sliced(self, tuple(parts.items()))


@remembered
def _sliced(self: Tensor, items: tuple) -> Tensor:
    parts, shape, strides = dict(items), self._v.meta.shape, self._strides()
    starts = tuple(parts[d][0] if d in parts else 0 for d in range(len(shape)))
    steps = tuple(parts[d][1] if d in parts else 1 for d in range(len(shape)))
    new = tuple(parts[d][2] if d in parts else n for d, n in enumerate(shape))
    offset = builtins.sum(a * s for a, s in zip(starts, strides))
    new_strides = [a * s for a, s in zip(steps, strides)]
    return record_view(self, "slice", (starts, steps, new), new, offset, new_strides)


def select(self: Tensor, dim: int, index: int) -> Tensor:
    """The slice at one index of a dim, without that dim.

    >>> import numtorch as torch
    >>> torch.select(torch.tensor([[1, 2], [3, 4]]), 0, 1)
    tensor([3, 4])
    """
    shape = self._v.meta.shape
    if not shape:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    d = check_dim(dim, len(shape))
    n = shape[d]
    index = int(index)
    if not -n <= index < n:
        raise IndexError(f"select(): index {index} out of range for tensor of size "
                         f"{list(shape)} at dimension {d}")  # fmt: skip
    return select_view(self, d, index % n)


@remembered
def select_view(self: Tensor, d: int, index: int) -> Tensor:
    """The slice at an index that is in range."""
    shape, strides = self._v.meta.shape, self._strides()
    return record_view(self, "select", (d, index), shape[:d] + shape[d + 1 :], index * strides[d],
                 strides[:d] + strides[d + 1 :])  # fmt: skip
