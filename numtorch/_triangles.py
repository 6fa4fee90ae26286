"""Triangles of matrices and combinations of tensors: tril, meshgrid, vander, ..."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
from numtorch.jit import dtypes as _d
from numtorch.jit.ops import OPS
from numtorch.jit.record import local

from ._api import function
from ._casts import to
from ._descriptors import Size
from ._dims import expand
from ._joins import _need_tensor, atleast_1d, atleast_2d, atleast_3d, block_diag, stack
from ._shape_ops import reshape

# ---------------------------------------------------------------- triangles


def _triangle(name: str, doc: str):
    def run(input, diagonal):
        if input.dim() < 2:
            raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")
        return local.tape.record(OPS[name], (input, diagonal))

    run.__doc__ = doc
    return function(f"{name}(Tensor input, int diagonal=0)", out=True, inplace=True)(run)


tril = _triangle("tril", "The elements on and below a diagonal; zeros above.")
triu = _triangle("triu", "The elements on and above a diagonal; zeros below.")


def _triangle_indices(name: str, find):
    def run(row, col, offset, *, dtype, device, layout):
        from ._creation import _check_device, _own

        _check_device(device)
        for what, n in (("row", row), ("col", col)):
            if n < 0:
                raise RuntimeError(f"{what} must be non-negative, got{n}")
        found = np.stack(find(np.ones((row, col), bool), offset)).astype(np.int64)
        return to(_own(found), dtype or _d.int64)

    run.__doc__ = f"Row and column of the elements that `{name[:4]}` keeps: [2, n]."
    return function(
        f"{name}(int row, int col, int offset=0, *, dtype? dtype=None, device? device=None, "
        "layout? layout=None)", method=False,
    )(run)  # fmt: skip


tril_indices = _triangle_indices("tril_indices", lambda m, k: np.nonzero(np.tril(m, k)))
triu_indices = _triangle_indices("triu_indices", lambda m, k: np.nonzero(np.triu(m, k)))

# ---------------------------------------------------------------- combinations of tensors


def broadcast_shapes(*shapes):
    """The shape that the given ones broadcast to.

    >>> import numtorch as torch
    >>> torch.broadcast_shapes((2, 1), (3,))
    torch.Size([2, 3])
    """
    out: list[int] = []
    for shape in shapes:
        sizes = (shape,) if isinstance(shape, int) else shape
        if not isinstance(sizes, (tuple, list)):
            raise RuntimeError(
                "Input shapes should be of type ints, a tuple of ints, or a list of ints, got "
                f"{shape}"
            )
        for s in sizes:
            if s < 0:
                raise RuntimeError(
                    f"Trying to create tensor with negative dimension ({s}): ({s})"
                )
        out = [1] * (len(sizes) - len(out)) + out
        for d, n in enumerate(sizes, len(out) - len(sizes)):
            if out[d] == 1:
                out[d] = n
            elif n not in (1, out[d]):
                raise RuntimeError(
                    "Shape mismatch: objects cannot be broadcast to a single shape"
                )
    return Size(out)


def broadcast_tensors(*tensors):
    """All tensors expanded to their common shape.

    >>> import numtorch as torch
    >>> [x.shape for x in torch.broadcast_tensors(torch.zeros(2, 1), torch.zeros(3))]
    [torch.Size([2, 3]), torch.Size([2, 3])]
    """
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tensors[0]
    if not tensors:
        return ()
    from numtorch.jit.ops.table import broadcast_shapes as common

    shape = [_need_tensor(t, "broadcast_tensors")._v.meta.shape for t in tensors]
    found = common("broadcast_tensors", shape)
    return tuple(expand(t, found) for t in tensors)


def meshgrid(*tensors, indexing=None):
    """One grid per vector: element [i, j, ..] of the k-th is its k-th index' element.

    >>> import numtorch as torch
    >>> x, y = torch.meshgrid(torch.tensor([1, 2]), torch.tensor([3, 4, 5]), indexing="ij")
    >>> x, y
    (tensor([[1, 1, 1],
            [2, 2, 2]]), tensor([[3, 4, 5],
            [3, 4, 5]]))
    """
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tensors[0]
    if not tensors:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    if indexing is None:
        warnings.warn(
            "torch.meshgrid: in an upcoming release, it will be required to pass the indexing "
            "argument.", UserWarning, stacklevel=2,
        )  # fmt: skip
    elif indexing not in ("ij", "xy"):
        raise RuntimeError(
            'torch.meshgrid: indexing must be one of "xy" or "ij", but received: ' + str(indexing)
        )
    for t in tensors:
        if _need_tensor(t, "meshgrid").dim() > 1:
            raise RuntimeError(
                "torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: "
                f"{list(t.shape)}"
            )
        if t.dtype is not tensors[0].dtype:
            raise RuntimeError("torch.meshgrid expects all tensors to have the same dtype")
    swap = indexing == "xy" and len(tensors) >= 2
    parts = [tensors[1], tensors[0], *tensors[2:]] if swap else list(tensors)
    shape = [t.numel() for t in parts]
    grids = []
    for k, t in enumerate(parts):
        t = reshape(t, [t.numel() if j == k else 1 for j in range(len(parts))])
        grids.append(expand(t, shape))
    return (grids[1], grids[0], *grids[2:]) if swap else tuple(grids)


def cartesian_prod(*tensors):
    """All combinations of one element of each vector: [n, number of vectors].

    >>> import numtorch as torch
    >>> torch.cartesian_prod(torch.tensor([1, 2]), torch.tensor([8, 9]))
    tensor([[1, 8],
            [1, 9],
            [2, 8],
            [2, 9]])
    """
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tensors[0]
    for t in tensors:
        if _need_tensor(t, "cartesian_prod").dim() != 1:
            raise RuntimeError(
                f"Expect a 1D vector, but got shape {list(t.shape)}"
            )
    if len(tensors) == 1:
        return tensors[0]
    return stack([g.flatten() for g in meshgrid(*tensors, indexing="ij")], 1)


@function("combinations(Tensor input, int r=2, bool with_replacement=False)")
def combinations(input, r, with_replacement):
    """All combinations of r elements of a vector, as rows.

    >>> import numtorch as torch
    >>> torch.combinations(torch.tensor([1, 2, 3]))
    tensor([[1, 2],
            [1, 3],
            [2, 3]])
    """
    from ._creation import _own

    if input.dim() != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(input.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if r == 0:
        return input.new_empty((0,))
    pick = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    found = np.array(list(pick(range(input.size(0)), r)), np.int64).reshape(-1, r)
    picked = input.index_select(0, _own(found.reshape(-1)))
    return reshape(picked, (found.shape[0], r))


@function("vander(Tensor x, int? N=None, bool increasing=False)", method=False)
def vander(x, N, increasing):  # noqa: N803
    """Powers of the elements of a vector, as columns.

    >>> import numtorch as torch
    >>> torch.vander(torch.tensor([1, 2, 3]))
    tensor([[1, 1, 1],
            [4, 2, 1],
            [9, 3, 1]])
    """
    from ._creation import ones_like

    if x.dim() != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    n = x.size(0) if N is None else N
    if n < 0:
        raise RuntimeError("N must be non-negative.")
    x = x if x.dtype.kind in "fc" else to(x, _d.int64)
    columns = [ones_like(x)]
    while len(columns) < n:
        columns.append(columns[-1] * x)
    if n == 0:
        return x.new_empty((x.size(0), 0))
    return stack(columns if increasing else columns[::-1], 1)


def _whole(*names):
    for f in names:
        f.__module__ = "numtorch"
    return {f.__name__: f for f in names}


FUNCTIONS = _whole(
    atleast_1d, atleast_2d, atleast_3d, block_diag, broadcast_shapes, broadcast_tensors, meshgrid,
    cartesian_prod,
)


def install(functions: dict) -> None:
    """Puts the functions of several tensors into the torch namespace."""
    functions.update(FUNCTIONS)
