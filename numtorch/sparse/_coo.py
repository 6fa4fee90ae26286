"""Coordinate format: one column of indices per value; equal indices add up."""

from __future__ import annotations

import numpy as np

from .. import _creation
from .._creation import _own
from .._descriptors import Size
from .._dtype_info import promote_types
from .._tensor import Tensor
from ._base import HANDLERS, SparseTensor, _dim, _new


class CooTensor(SparseTensor, internal=True):
    """indices [sparse_dim, nnz] (int64) and values [nnz, *dense dims]."""

    _layout = "sparse_coo"
    _coalesced = False

    def _with(self, values: Tensor) -> CooTensor:
        return make(self._idx, values, self._shape, self._coalesced)

    def _index(self, name: str) -> Tensor:
        return self._idx

    def sparse_dim(self) -> int:
        """Number of dims that have indices."""
        return self._idx.size(0)

    def dense_dim(self) -> int:
        """Number of dims of each value."""
        return self._vals.dim() - 1

    def is_coalesced(self) -> bool:
        """True if the indices are sorted and unique."""
        return self._coalesced

    def _indices(self) -> Tensor:
        return self._idx

    def _values(self) -> Tensor:
        return self._vals

    def indices(self) -> Tensor:
        """The indices of a coalesced tensor; RuntimeError otherwise."""
        self._need_coalesced("indices")
        return self._idx

    def values(self) -> Tensor:
        """The values of a coalesced tensor; RuntimeError otherwise."""
        self._need_coalesced("values")
        return self._vals

    def _need_coalesced(self, what: str) -> None:
        if not self._coalesced:
            raise RuntimeError(
                f"Cannot get {what} on an uncoalesced tensor, please call .coalesce() first"
            )

    def _flat(self) -> np.ndarray:
        """Linear index of each value over the sparse dims."""
        sizes = self._shape[: self.sparse_dim()]
        flat = np.zeros(self._nnz(), np.int64)
        for row, n in zip(self._idx.numpy(), sizes):
            flat = flat * n + row
        return flat

    def coalesce(self) -> CooTensor:
        """Sorted unique indices; the values of equal indices are added up."""
        if self._coalesced:
            return self
        if self._nnz() < 2:
            return make(self._idx, self._vals, self._shape, True)
        found, first, inverse = np.unique(self._flat(), return_index=True, return_inverse=True)
        zeros = _creation.zeros((len(found), *self._vals.shape[1:]), dtype=self.dtype)
        values = zeros.index_add(0, _own(inverse.reshape(-1)), self._vals)
        return make(_own(self._idx.numpy()[:, first]), values, self._shape, True)

    def to_dense(self, dtype=None, *, masked_grad=None) -> Tensor:
        """The tensor with all its zeros; differentiable in the values."""
        sd = self.sparse_dim()
        values = self._vals if dtype is None else self._vals.to(dtype)
        flat = _creation.zeros(
            (Size(self._shape[:sd]).numel(), *self._shape[sd:]), dtype=values.dtype
        )
        return flat.index_add(0, _own(self._flat()), values).reshape(self._shape)

    def to_sparse(self, sparse_dim=None, *, layout=None, blocksize=None, dense_dim=None):
        """Itself, or another layout."""
        if layout is not None and "csr" in str(layout):
            return self.to_sparse_csr()
        return self

    def to_sparse_csr(self, dense_dim=None):
        """Compressed rows of a matrix."""
        from ._csr import from_coo

        return from_coo(self)

    # -- shape

    def transpose(self, dim0: int, dim1: int) -> CooTensor:
        """Swaps two sparse dims."""
        rank, sd = len(self._shape), self.sparse_dim()
        a, b = _dim(dim0, rank), _dim(dim1, rank)
        if a >= sd or b >= sd:
            raise RuntimeError("transpose of dense dims of a sparse tensor is not supported")
        order = list(range(sd))
        order[a], order[b] = b, a
        shape = list(self._shape)
        shape[a], shape[b] = shape[b], shape[a]
        return make(_own(self._idx.numpy()[order]), self._vals, tuple(shape), False)

    def t(self) -> CooTensor:
        """Transpose of a matrix."""
        if len(self._shape) > 2:
            raise RuntimeError(
                f"t() expects a tensor with <= 2 sparse and 0 dense dimensions, but got "
                f"{self.sparse_dim()} sparse and {self.dense_dim()} dense dimensions"
            )
        return self.transpose(0, 1) if len(self._shape) == 2 else self

    T = mT = property(t)

    def unsqueeze(self, dim: int) -> CooTensor:
        """A new sparse dim of size 1."""
        d = _dim(dim, len(self._shape) + 1)
        rows = np.insert(self._idx.numpy(), d, 0, axis=0)
        shape = (*self._shape[:d], 1, *self._shape[d:])
        return make(_own(rows), self._vals, shape, self._coalesced)

    def index_select(self, dim: int, index: Tensor) -> CooTensor:
        """The given indices of one sparse dim, in order."""
        d = _dim(dim, len(self._shape))
        have, want = self._idx.numpy(), index.numpy()
        hits = [np.flatnonzero(have[d] == k) for k in want]
        pick = np.concatenate([np.zeros(0, np.int64), *hits]).astype(np.int64)
        rows = have[:, pick].copy()
        rows[d] = np.repeat(np.arange(len(want)), [len(h) for h in hits])
        shape = (*self._shape[:d], len(want), *self._shape[d + 1 :])
        return make(_own(rows), self._vals.index_select(0, _own(pick)), shape, False)

    def select(self, dim: int, index: int):
        """One index of a dim: a sparse tensor of one dim less, or a dense value."""
        n = self.size(dim)
        if not -n <= index < n:
            raise IndexError(f"select(): index {index} out of range for tensor of size {list(self._shape)} at dimension {dim}")  # noqa: E501
        d = _dim(dim, len(self._shape))
        part = self.index_select(d, _own(np.array([index % n])))
        if self.sparse_dim() == 1:
            return part.coalesce()._vals.sum(0)
        rows = np.delete(part._idx.numpy(), d, axis=0)
        return make(_own(rows), part._vals, (*self._shape[:d], *self._shape[d + 1 :]), False)

    def __getitem__(self, key):
        out = self
        for k in key if isinstance(key, tuple) else (key,):
            if not isinstance(k, int) or isinstance(k, bool):
                raise unsupported_index()
            out = out.select(0, k) if isinstance(out, SparseTensor) else out[k]
        return out

    # -- arithmetic

    def __add__(self, other):
        return self.add(other)

    def __radd__(self, other):
        return add_dense(other, self) if isinstance(other, Tensor) else self.add(other)

    def __rsub__(self, other):
        return add_dense(other, self, -1)

    def add(self, other, *, alpha=1):
        """Sum with a sparse tensor; dense + sparse is dense."""
        if isinstance(other, CooTensor):
            return _add(self, other, alpha)
        raise RuntimeError("add(sparse, dense) is not supported. Use add(dense, sparse) instead.")

    def __sub__(self, other):
        return self.sub(other)

    def sub(self, other, *, alpha=1):
        """Difference of two sparse tensors."""
        if isinstance(other, CooTensor):
            return _add(self, -other, alpha)
        raise RuntimeError("sub(sparse, dense) is not supported. Use sub(dense, sparse) instead.")

    def __mul__(self, other):
        return self.mul(other)

    __rmul__ = __mul__

    def mul(self, other):
        """Product with a number or, element by element, a sparse or dense tensor."""
        if isinstance(other, CooTensor):
            return _product(self.coalesce(), other.coalesce())
        if isinstance(other, Tensor) and other.dim() > 0:
            base = self.coalesce()
            dense = other.expand(self._shape)
            return base._with(base._vals * dense[tuple(base._idx)])
        return self._with(self._vals * other)

    multiply = mul

    def __matmul__(self, other):
        return matmul(self, other)

    def __rmatmul__(self, other):
        return matmul(other, self)

    mm = matmul = mv = __matmul__


def unsupported_index() -> NotImplementedError:
    return NotImplementedError(
        "Could not run 'aten::as_strided' with arguments from the 'SparseCPU' backend. Only "
        "integers can index sparse tensors."
    )


def make(indices: Tensor, values: Tensor, shape, coalesced: bool = False) -> CooTensor:
    """A tensor of checked parts."""
    t = _new(CooTensor)
    t._idx, t._vals, t._shape, t._coalesced = indices, values, tuple(shape), coalesced
    return t


def _add(a: CooTensor, b: CooTensor, alpha) -> CooTensor:
    if a._shape != b._shape:
        raise RuntimeError(
            f"add: expected 'self' and 'other' to have same size, but self has size "
            f"{list(a._shape)} while other has size {list(b._shape)} (FYI: dense-sparse addition "
            "does not currently support broadcasting)"
        )
    from .._joins import cat

    scaled = b._vals if alpha == 1 else b._vals * alpha
    indices = _own(np.concatenate([a._idx.numpy(), b._idx.numpy()], axis=1))
    out = make(indices, cat((a._vals, scaled)), a._shape)
    return out.coalesce() if a._coalesced and b._coalesced else out


def _product(a: CooTensor, b: CooTensor) -> CooTensor:
    if a._shape != b._shape:
        raise RuntimeError(
            f"mul operands have incompatible sizes {list(a._shape)} and {list(b._shape)}"
        )
    _, at, bt = np.intersect1d(a._flat(), b._flat(), assume_unique=True, return_indices=True)
    values = a._vals.index_select(0, _own(at)) * b._vals.index_select(0, _own(bt))
    return make(_own(a._idx.numpy()[:, at]), values, a._shape, True)


def add_dense(dense: Tensor, sparse: CooTensor, alpha=1) -> Tensor:
    """dense + alpha * sparse."""
    sd = sparse.sparse_dim()
    if tuple(dense.shape) != sparse._shape:
        raise RuntimeError(
            f"add: expected 'self' and 'other' to have same size, but self has size "
            f"{list(dense.shape)} while other has size {list(sparse._shape)} (FYI: dense-sparse "
            "addition does not currently support broadcasting)"
        )
    dtype = promote_types(dense.dtype, sparse.dtype)
    flat = dense.to(dtype).reshape(Size(sparse._shape[:sd]).numel(), *sparse._shape[sd:])
    values = sparse._vals.to(dtype) if alpha == 1 else sparse._vals.to(dtype) * alpha
    return flat.index_add(0, _own(sparse._flat()), values).reshape(dense.shape)


def matmul(a, b):
    """Matrix product in which at least one operand is a sparse matrix.

    sparse @ dense and dense @ sparse are dense, sparse @ sparse is sparse.
    """
    for x in (a, b):
        if x.dim() not in (1, 2):
            raise RuntimeError("Tensors must be matrices or vectors for a sparse product")
    if a.shape[-1] != b.shape[0]:
        shapes = f"{a.shape[0]}x{a.shape[-1]} and {b.shape[0]}x{b.shape[-1]}"
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({shapes})")
    if isinstance(a, SparseTensor) and isinstance(b, SparseTensor):
        return _sparse_product(_as_coo(a), _as_coo(b))
    if isinstance(b, SparseTensor):
        return matmul(_as_coo(b).t(), a.t() if a.dim() == 2 else a).t()
    if b.dim() == 1:
        return matmul(a, b.unsqueeze(1)).squeeze(1)
    a = _as_coo(a)
    rows, cols = (_own(r) for r in np.ascontiguousarray(a._idx.numpy()))
    terms = a._vals.unsqueeze(1) * b.index_select(0, cols)
    return _creation.zeros((a._shape[0], b.size(1)), dtype=terms.dtype).index_add(0, rows, terms)


def _as_coo(t) -> CooTensor:
    return t if isinstance(t, CooTensor) else t.to_sparse_coo()


def _sparse_product(a: CooTensor, b: CooTensor) -> CooTensor:
    # Every pair of a value (i, k) of a and a value (k, j) of b is a term of (i, j).
    a, b = a.coalesce(), b.coalesce()
    (ai, ak), (bk, bj) = a._idx.numpy(), b._idx.numpy()
    starts = np.searchsorted(bk, np.arange(b._shape[0] + 1))
    counts = starts[ak + 1] - starts[ak]
    left = np.repeat(np.arange(len(ak)), counts)
    offset = np.arange(len(left)) - np.repeat(np.cumsum(counts) - counts, counts)
    right = starts[ak[left]] + offset
    values = a._vals.index_select(0, _own(left)) * b._vals.index_select(0, _own(right))
    out = make(_own(np.stack([ai[left], bj[right]])), values, (a._shape[0], b._shape[1]))
    return out.coalesce()


HANDLERS.update(mm=matmul, matmul=matmul, mv=matmul, smm=matmul)
