"""Sparse tensors: coordinates (COO) and compressed rows and columns (CSR, CSC).

>>> import numtorch as torch
>>> s = torch.sparse_coo_tensor([[0, 1], [2, 0]], [3.0, 4.0], (2, 3))
>>> s @ torch.ones(3, 1)
tensor([[3.],
        [4.]])
"""

from __future__ import annotations

import numpy as np

from .. import _creation
from .._creation import _own
from .._descriptors import check_dim
from .._tensor import Tensor
from ._base import HANDLERS, SparseTensor
from ._coo import CooTensor, _as_coo, add_dense, make, matmul
from ._csr import CscTensor, CsrTensor, compressed, from_coo
from ._legacy import LEGACY

__all__ = [
    "addmm", "log_softmax", "mm", "sampled_addmm", "softmax", "spdiags", "sum",
]  # fmt: skip

globals().update(LEGACY)


def sparse_coo_tensor(
    indices, values=None, size=None, *, dtype=None, device=None, pin_memory=False,
    requires_grad: bool = False, check_invariants=None, is_coalesced: bool = False,
) -> CooTensor:  # fmt: skip
    """A tensor with `values` [nnz, ...] at `indices` [sparse dims, nnz]; equal indices add up.

    RuntimeError when indices are out of range or the shapes do not fit together.

    >>> import numtorch as torch
    >>> x = torch.sparse_coo_tensor([[0, 1, 1], [2, 0, 0]], [3, 4, 5], (2, 3))
    >>> x.to_dense()
    tensor([[0, 0, 3],
            [9, 0, 0]])
    """
    if values is None and size is None:  # only a size: no values
        indices, size = [[] for _ in indices], tuple(indices)
        values = _creation.zeros(0, dtype=dtype)
    idx = _indices(indices)
    vals = _creation.as_tensor(values, dtype=dtype)
    if vals.dim() == 0 and idx.size(1) != 1:
        vals = vals.expand(idx.size(1))
    elif vals.dim() == 0:
        vals = vals.reshape(1)
    if vals.size(0) != idx.size(1):
        raise RuntimeError(
            f"indices and values must have same nnz, but got nnz from indices: {idx.size(1)}, nnz "
            f"from values: {vals.size(0)}"
        )
    size = _checked_size(idx, vals, size)
    if requires_grad:
        vals = vals.detach()
    out = make(idx, vals, size, is_coalesced)
    return out.requires_grad_() if requires_grad else out


def _indices(indices) -> Tensor:
    idx = _creation.as_tensor(indices)
    if idx.dim() != 2:
        raise RuntimeError(f"indices must be sparse_dim x nnz, but got: {list(idx.shape)}")
    return idx.detach().long()


def _checked_size(idx: Tensor, vals: Tensor, size) -> tuple[int, ...]:
    rows = idx.numpy()
    for d, row in enumerate(rows):
        if len(row) and row.min() < 0:
            raise RuntimeError(f"found negative index {row.min()} for dim {d}")
    sd, dd = idx.size(0), vals.dim() - 1
    if size is None:
        head = tuple(int(row.max()) + 1 if len(row) else 0 for row in rows)
        return head + tuple(vals.shape[1:])
    size = tuple(int(n) for n in size)
    if len(size) != sd + dd:
        raise RuntimeError(
            f"'len(size) == sparse_dim + dense_dim' is not satisfied: len(size) = {len(size)}, "
            f"sparse_dim = {sd}, dense_dim = {dd}"
        )
    for d, row in enumerate(rows):
        if len(row) and row.max() >= size[d]:
            raise RuntimeError(
                f"size is inconsistent with indices: for dim {d}, size is {size[d]} but found "
                f"index {row.max()}"
            )
    if tuple(vals.shape[1:]) != size[sd:]:
        raise RuntimeError(
            f"values has incorrect size, expected {[vals.size(0), *size[sd:]]}, got "
            f"{list(vals.shape)}"
        )
    return size


def sparse_csr_tensor(
    crow_indices, col_indices, values, size=None, *, dtype=None, device=None, pin_memory=False,
    requires_grad: bool = False, check_invariants=None,
) -> CsrTensor:  # fmt: skip
    """A matrix in compressed rows; RuntimeError when the parts do not fit together.

    >>> import numtorch as torch
    >>> torch.sparse_csr_tensor([0, 1, 2], [1, 0], [4, 5], (2, 2)).to_dense()
    tensor([[0, 4],
            [5, 0]])
    """
    return compressed(CsrTensor, crow_indices, col_indices, values, size, dtype, requires_grad)


def sparse_csc_tensor(
    ccol_indices, row_indices, values, size=None, *, dtype=None, device=None, pin_memory=False,
    requires_grad: bool = False, check_invariants=None,
) -> CscTensor:  # fmt: skip
    """A matrix in compressed columns; RuntimeError when the parts do not fit together.

    >>> import numtorch as torch
    >>> torch.sparse_csc_tensor([0, 1, 2], [1, 0], [4, 5], (2, 2)).to_dense()
    tensor([[0, 5],
            [4, 0]])
    """
    return compressed(CscTensor, ccol_indices, row_indices, values, size, dtype, requires_grad)


# ---------------------------------------------------------------- from dense


def to_sparse(
    self: Tensor, sparse_dim=None, *, layout=None, blocksize=None, dense_dim=None
) -> SparseTensor:
    """The nonzero elements as coordinates, or in the given layout; differentiable.

    >>> import numtorch as torch
    >>> torch.tensor([[0, 1], [2, 0]]).to_sparse()
    tensor(indices=tensor([[0, 1],
                           [1, 0]]),
           values=tensor([1, 2]),
           size=(2, 2), nnz=2, layout=torch.sparse_coo)
    """
    sd = self.dim() if sparse_dim is None else sparse_dim
    if not 0 < sd <= max(self.dim(), 1):
        raise RuntimeError(
            f"sparse_dim argument must be in >=0 and <= input dimensions, got {sd}"
        )
    rows = self.detach().numpy() != 0
    where = rows.reshape(*rows.shape[:sd], -1).any(-1)
    idx = _own(np.stack(np.nonzero(where)).astype(np.int64))
    coo = make(idx, self[tuple(idx)], tuple(self.shape), True)
    if layout is None or str(layout).endswith("sparse_coo"):
        return coo
    return from_coo(coo, CscTensor if str(layout).endswith("csc") else CsrTensor)


def sparse_mask(self: Tensor, mask: SparseTensor) -> SparseTensor:
    """The elements at the positions of a sparse tensor's values.

    >>> import numtorch as torch
    >>> mask = torch.tensor([[0, 1], [1, 0]]).to_sparse()
    >>> torch.tensor([[1, 2], [3, 4]]).sparse_mask(mask).values()
    tensor([2, 3])
    """
    coo = _as_coo(mask).coalesce()
    out = make(coo._idx, self[tuple(coo._idx)], coo._shape, True)
    return out if mask.is_sparse else from_coo(out)


def _to_csr(self: Tensor, dense_dim=None) -> SparseTensor:
    """The nonzero elements of a matrix in compressed rows.

    >>> import numtorch as torch
    >>> torch.tensor([[0, 1], [2, 0]]).to_sparse_csr().crow_indices()
    tensor([0, 1, 2])
    """
    return from_coo(to_sparse(self))


def _to_csc(self: Tensor, dense_dim=None) -> SparseTensor:
    """The nonzero elements of a matrix in compressed columns.

    >>> import numtorch as torch
    >>> torch.tensor([[0, 1], [2, 0]]).to_sparse_csc().ccol_indices()
    tensor([0, 1, 2])
    """
    return from_coo(to_sparse(self), CscTensor)


def _to_coo(self: Tensor) -> SparseTensor:
    """`to_sparse` under another name.

    >>> import numtorch as torch
    >>> torch.tensor([[0, 1], [2, 0]]).to_sparse_coo().values()
    tensor([1, 2])
    """
    return to_sparse(self)


def _to_dense(self: Tensor, dtype=None, *, masked_grad=None) -> Tensor:
    """The tensor itself, or its cast: it is dense.

    >>> import numtorch as torch
    >>> torch.tensor([1, 2]).to_sparse().to_dense()
    tensor([1, 2])
    """
    return self if dtype is None else self.to(dtype)


def _install_dense() -> None:
    Tensor.to_sparse = to_sparse
    Tensor.sparse_mask = sparse_mask
    Tensor.to_sparse_csr, Tensor.to_sparse_csc = _to_csr, _to_csc
    Tensor.to_sparse_coo, Tensor.to_dense = _to_coo, _to_dense


_install_dense()


# ---------------------------------------------------------------- functions


def mm(mat1: Tensor, mat2: Tensor) -> Tensor:
    """Matrix product of a sparse matrix with a sparse or dense one.

    >>> import numtorch as torch
    >>> x = torch.tensor([[0.0, 2.0], [3.0, 0.0]]).to_sparse()
    >>> torch.sparse.mm(x, torch.tensor([[1.0], [10.0]]))
    tensor([[20.],
            [ 3.]])
    """
    return mat1 @ mat2


def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta=1, alpha=1) -> Tensor:
    """beta * input + alpha * (mat1 @ mat2) with a sparse mat1.

    >>> import numtorch as torch
    >>> x = torch.tensor([[0.0, 2.0], [3.0, 0.0]]).to_sparse()
    >>> torch.sparse.addmm(torch.ones(2, 1), x, torch.tensor([[1.0], [10.0]]))
    tensor([[21.],
            [ 4.]])
    """
    out = matmul(mat1, mat2)
    out = out if alpha == 1 else out * alpha
    if beta == 0:
        return out
    base = input if beta == 1 else input * beta
    return base + out


def sampled_addmm(
    input: CsrTensor, mat1: Tensor, mat2: Tensor, *, beta=1.0, alpha=1.0
) -> CsrTensor:
    """alpha * (mat1 @ mat2) at the positions of a CSR matrix, plus beta times it.

    >>> import numtorch as torch
    >>> mask = torch.eye(2).to_sparse_csr()
    >>> x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> torch.sparse.sampled_addmm(mask, x, x, beta=0.0).to_dense()
    tensor([[ 7.,  0.],
            [ 0., 22.]])
    """
    coo = input.to_sparse_coo()
    rows, cols = (_own(r.copy()) for r in coo._idx.numpy())
    dots = (mat1.index_select(0, rows) * mat2.t().index_select(0, cols)).sum(1)
    return input._with(alpha * dots + beta * input._vals)


def sum(input: CooTensor, dim=None, dtype=None) -> Tensor:
    """Sum over all dims (dense), or over some (sparse while sparse dims remain).

    >>> import numtorch as torch
    >>> x = torch.tensor([[0, 2], [3, 0]]).to_sparse()
    >>> torch.sparse.sum(x), torch.sparse.sum(x, 0).to_dense()
    (tensor(5), tensor([3, 2]))
    """
    if dtype is not None:
        input = input.to(dtype)
    if dim is None:
        return input._vals.sum()
    rank, sd = input.dim(), input.sparse_dim()
    dims = {check_dim(d, rank) for d in (dim if isinstance(dim, (tuple, list)) else (dim,))}
    values = input._vals
    dense = [d - sd + 1 for d in sorted(dims) if d >= sd]
    if dense:
        values = values.sum(dense)
    kept = [d for d in range(sd) if d not in dims]
    tail = tuple(input.shape[d] for d in range(sd, rank) if d not in dims)
    if not kept:
        return values.sum(0)
    rows = input._idx.numpy()[kept]
    shape = tuple(input.shape[d] for d in kept) + tail
    return make(_own(rows.copy()), values, shape).coalesce()


def softmax(input: CooTensor, dim: int, *, dtype=None) -> CooTensor:
    """Softmax over one sparse dim; elements that are not given count as minus infinity.

    >>> import numtorch as torch
    >>> x = torch.tensor([[0.0, 2.0], [3.0, 3.0]]).to_sparse()
    >>> torch.sparse.softmax(x, 1).to_dense()
    tensor([[0.0000, 1.0000],
            [0.5000, 0.5000]])
    """
    return _softmax(input, dim, dtype, log=False)


def log_softmax(input: CooTensor, dim: int, *, dtype=None) -> CooTensor:
    """Logarithm of the softmax over one sparse dim.

    >>> import numtorch as torch
    >>> x = torch.tensor([[0.0, 2.0], [3.0, 3.0]]).to_sparse()
    >>> torch.sparse.log_softmax(x, 1).values()
    tensor([ 0.0000, -0.6931, -0.6931])
    """
    return _softmax(input, dim, dtype, log=True)


def _softmax(input, dim: int, dtype, log: bool):
    base = (input if dtype is None else input.to(dtype)).coalesce()
    d = check_dim(dim, base.dim())
    if d >= base.sparse_dim():
        values = base._vals
        axis = d - base.sparse_dim() + 1
        return base._with(values.log_softmax(axis) if log else values.softmax(axis))
    rows = np.delete(base._idx.numpy(), d, axis=0)
    _, group = np.unique(rows, axis=1, return_inverse=True)
    group = _own(np.asarray(group).reshape(-1).astype(np.int64))
    n = int(group.max().item()) + 1 if group.numel() else 0
    tops = np.full((n, *base._vals.shape[1:]), -np.inf, base._vals.detach().numpy().dtype)
    np.maximum.at(tops, group.numpy(), base._vals.detach().numpy())
    shifted = base._vals - _own(tops).index_select(0, group)
    e = shifted.exp()
    total = _creation.zeros(tops.shape, dtype=base.dtype).index_add(0, group, e)
    total = total.index_select(0, group)
    return base._with(shifted - total.log() if log else e / total)


def spdiags(diagonals: Tensor, offsets: Tensor, shape, layout=None) -> SparseTensor:
    """A matrix of the given shape with `diagonals` [k, n] at `offsets` [k].

    >>> import numtorch as torch
    >>> torch.sparse.spdiags(torch.tensor([[1, 2, 3]]), torch.tensor([0]), (3, 3)).shape
    torch.Size([3, 3])
    """
    diagonals, offsets = _creation.as_tensor(diagonals), _creation.as_tensor(offsets)
    if diagonals.dim() == 1:
        diagonals, offsets = diagonals.unsqueeze(0), offsets.reshape(1)
    if offsets.unique().numel() != offsets.numel():
        raise RuntimeError("Offset tensor contains duplicate values")
    parts = []
    for k, offset in enumerate(offsets.tolist()):
        cols = np.arange(min(shape[1], diagonals.size(1)))
        rows = cols - offset
        fits = (rows >= 0) & (rows < shape[0])
        parts.append(np.stack([rows[fits], cols[fits], np.full(int(fits.sum()), k)]))
    table = np.concatenate(parts, axis=1)
    values = diagonals[_own(table[2].copy()), _own(table[1].copy())]
    out = make(_own(np.ascontiguousarray(table[:2])), values, tuple(shape))
    return out if layout is None else out.to_sparse(layout=layout)


def _add(a, b, *, alpha=1):
    if isinstance(a, CooTensor):
        return a.add(b, alpha=alpha)
    return add_dense(a, _as_coo(b), alpha)


def _sub(a, b, *, alpha=1):
    return a.sub(b, alpha=alpha) if isinstance(a, SparseTensor) else _add(a, b, alpha=-alpha)


def _cat(tensors, dim: int = 0):
    from .._joins import cat

    parts = [_as_coo(t) for t in tensors]
    d = check_dim(dim, parts[0].dim())
    rows, at = [], 0
    for p in parts:
        r = p._idx.numpy().copy()
        r[d] += at
        at += p._shape[d]
        rows.append(r)
    shape = (*parts[0]._shape[:d], at, *parts[0]._shape[d + 1 :])
    return make(_own(np.concatenate(rows, axis=1)), cat([p._vals for p in parts]), shape)


def _zeros_like(t, **kwargs):
    idx = _creation.zeros((t.sparse_dim(), 0), dtype=t._idx.dtype)
    vals = _creation.zeros((0, *t._vals.shape[1:]), dtype=kwargs.get("dtype") or t.dtype)
    return make(idx, vals, t._shape, True)


HANDLERS.update(
    add=_add, mul=lambda a, b: a.mul(b) if isinstance(a, SparseTensor) else b.mul(a),
    cat=_cat, addmm=addmm, zeros_like=_zeros_like, is_tensor=lambda t: True,
    numel=lambda t: t.numel(), stack=lambda ts, dim=0: _cat([t.unsqueeze(dim) for t in ts], dim),
    sub=_sub, sum=lambda t, *a, **k: t.sum(*a, **k),
)  # fmt: skip
CooTensor.sparse_mask = lambda self, mask: sparse_mask(self.to_dense(), mask)
