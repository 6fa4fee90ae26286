"""Compressed sparse rows (and columns): the conventions of scipy.sparse."""

from __future__ import annotations

import numpy as np

from .. import _creation
from .._creation import _own
from .._tensor import Tensor
from ._base import SparseTensor, _new
from ._coo import CooTensor, add_dense, make, matmul


class CsrTensor(SparseTensor, internal=True):
    """crow_indices [rows + 1], col_indices [nnz] and values [nnz] of a matrix."""

    _layout = "sparse_csr"
    _index_names = ("crow_indices", "col_indices")
    _compressed = 0  # the dim whose indices are compressed

    def _with(self, values: Tensor):
        return _make(type(self), self._starts, self._plain, values, self._shape)

    def _index(self, name: str) -> Tensor:
        return self._starts if name == self._index_names[0] else self._plain

    def crow_indices(self) -> Tensor:
        """Where each row's values start."""
        return self._starts

    def col_indices(self) -> Tensor:
        """The column of each value."""
        return self._plain

    def values(self) -> Tensor:
        """The values, row by row."""
        return self._vals

    def sparse_dim(self) -> int:
        """2."""
        return 2

    def dense_dim(self) -> int:
        """0."""
        return 0

    def to_sparse_coo(self) -> CooTensor:
        """The same elements as coordinates."""
        starts = self._starts.numpy()
        long = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        pair = [long, self._plain.numpy()]
        rows = np.stack(pair if self._compressed == 0 else pair[::-1]).astype(np.int64)
        return make(_own(rows), self._vals, self._shape, self._compressed == 0)

    def to_sparse(self, sparse_dim=None, *, layout=None, blocksize=None, dense_dim=None):
        """Coordinates, or the layout that is asked for."""
        wanted = str(layout) if layout is not None else "torch.sparse_coo"
        if wanted.endswith(self._layout):
            return self
        coo = self.to_sparse_coo()
        return coo if wanted.endswith("sparse_coo") else coo.to_sparse(layout=layout)

    def to_sparse_csr(self, dense_dim=None):
        """Compressed rows."""
        return self if self._compressed == 0 else from_coo(self.to_sparse_coo())

    def to_dense(self, dtype=None, *, masked_grad=None) -> Tensor:
        """The matrix with all its zeros; differentiable in the values."""
        return self.to_sparse_coo().to_dense(dtype)

    def coalesce(self) -> CooTensor:
        """Coordinates in order."""
        return self.to_sparse_coo().coalesce()

    def t(self):
        """Transpose: compressed rows become compressed columns."""
        kind = CscTensor if self._compressed == 0 else CsrTensor
        return _make(kind, self._starts, self._plain, self._vals, self._shape[::-1])

    T = mT = property(t)

    def transpose(self, dim0: int, dim1: int):
        """Swaps the two dims."""
        if {dim0 % 2, dim1 % 2} == {0, 1}:
            return self.t()
        return self

    def __matmul__(self, other):
        return _product(self, other)

    def __rmatmul__(self, other):
        return _product(other, self)

    mm = matmul = mv = __matmul__

    def __mul__(self, other):
        if isinstance(other, Tensor) and other.dim() > 0:
            return self.to_sparse_coo().mul(
                other.to_sparse_coo() if isinstance(other, CsrTensor) else other
            ).to_sparse_csr()  # fmt: skip
        return self._with(self._vals * other)

    __rmul__ = mul = __mul__

    def __add__(self, other):
        if isinstance(other, CsrTensor):
            return (self.to_sparse_coo() + other.to_sparse_coo()).coalesce().to_sparse_csr()
        return NotImplemented

    def __radd__(self, other):
        return add_dense(other, self.to_sparse_coo())

    def __rsub__(self, other):
        return add_dense(other, self.to_sparse_coo(), -1)

    add = __add__


class CscTensor(CsrTensor, internal=True):
    """ccol_indices [columns + 1], row_indices [nnz] and values [nnz] of a matrix."""

    _layout = "sparse_csc"
    _index_names = ("ccol_indices", "row_indices")
    _compressed = 1

    def ccol_indices(self) -> Tensor:
        """Where each column's values start."""
        return self._starts

    def row_indices(self) -> Tensor:
        """The row of each value."""
        return self._plain


def _make(kind: type, starts: Tensor, plain: Tensor, values: Tensor, shape):
    t = _new(kind)
    t._starts, t._plain, t._vals, t._shape = starts, plain, values, tuple(shape)
    return t


def _product(a, b):
    both = isinstance(a, SparseTensor) and isinstance(b, SparseTensor)
    out = matmul(a, b)
    return out.to_sparse_csr() if both else out


def from_coo(coo: CooTensor, kind: type = CsrTensor) -> CsrTensor:
    """Compressed rows (or columns) of a matrix of coordinates."""
    if len(coo._shape) != 2 or coo.sparse_dim() != 2:
        raise RuntimeError(
            f"to_sparse_csr: conversion needs a tensor with 2 sparse dims, got {len(coo._shape)}"
        )
    c = kind._compressed
    coo = coo.coalesce()
    rows = coo._idx.numpy()
    values = coo._vals
    if c == 1:
        order = np.lexsort((rows[0], rows[1]))
        rows, values = rows[:, order], values.index_select(0, _own(order))
    starts = np.zeros(coo._shape[c] + 1, np.int64)
    np.cumsum(np.bincount(rows[c], minlength=coo._shape[c]), out=starts[1:])
    return _make(kind, _own(starts), _own(rows[1 - c].copy()), values, coo._shape)


def compressed(kind: type, starts, plain, values, size, dtype, requires_grad: bool) -> CsrTensor:
    """A tensor of the user's parts; RuntimeError where they do not fit together."""
    starts, plain = _creation.as_tensor(starts), _creation.as_tensor(plain)
    values = _creation.as_tensor(values, dtype=dtype)
    a, b = kind._index_names
    rows = starts.size(-1) - 1
    if size is None:
        other = int(plain.max().item()) + 1 if plain.numel() else 0
        size = (rows, other) if kind._compressed == 0 else (other, rows)
    s, p = starts.numpy(), plain.numpy()
    n, m = size[kind._compressed], size[1 - kind._compressed]
    problems = (
        (rows != n, f"{a}.shape[-1] must be equal to the number of compressed rows plus one"),
        (s[0] != 0, f"{a}[..., 0] == 0 is not satisfied"),
        (s[-1] != len(p), f"{a}[..., -1] == nnz is not satisfied"),
        ((np.diff(s) < 0).any(), f"0 <= {a}[..., 1:] - {a}[..., :-1] is not satisfied"),
        (((p < 0) | (p >= m)).any(), f"0 <= {b} < {m} is not satisfied"),
        (values.size(0) != len(p), f"{b} and values must have the same number of elements"),
    )
    for wrong, text in problems:
        if wrong:
            raise RuntimeError(f"`{text}.`")
    t = _make(kind, starts, plain, values.detach() if requires_grad else values, size)
    return t.requires_grad_() if requires_grad else t
