"""Norms, ranks, condition numbers, powers and exponentials of matrices, low-rank approximations."""

from __future__ import annotations

import math

from . import _linalg_checks as C
from ._api import function
from ._descriptors import check_dim
from ._linalg_eigen import eigvalsh, svd, svdvals
from ._linalg_factor import _eye_like, qr
from ._linalg_solve import inv, tolerances
from ._matmul import product
from ._products import norm_kind
from ._tensor import Tensor

# ---------------------------------------------------------------- norms


def _dims(x: Tensor, dim) -> tuple[int, ...]:
    rank = x.dim()
    if dim is None or dim == ():
        return tuple(range(rank))
    dims = tuple(check_dim(d, rank) for d in dim) if rank else tuple(0 for d in dim if False)
    for k, d in enumerate(dims):
        if d in dims[:k]:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
    return dims


def _converted(name: str, x: Tensor, dtype) -> Tensor:
    """x in the dtype that is asked for, which must not be narrower."""
    C.floating(name, x)
    if dtype is None:
        return x
    if not dtype.differentiable:
        raise RuntimeError(
            f"{name}: dtype should be floating point or complex. Got {dtype.scalar_type}"
        )
    if dtype.is_complex != x.dtype.is_complex:
        kinds = ("complex", "Complex") if x.dtype.is_complex else ("real", "Real")
        raise RuntimeError(
            f"{name}: dtype should be {kinds[0]} for {kinds[0]} inputs, but got "
            f"{dtype.scalar_type}"
        )
    if dtype.itemsize < x.dtype.itemsize:
        raise RuntimeError(
            f"{name}: the dtype of the input ({x.dtype.scalar_type}) should be convertible without "
            f"narrowing to the specified dtype ({dtype.scalar_type})"
        )
    return x.to(dtype)


def _check_identity(x: Tensor, ord, dim, dims) -> None:
    if x.numel() or not (ord < 0 or ord == math.inf):
        return
    shown = f"{ord:g}"
    if dim is None or dim == () or not x.dim():
        raise RuntimeError(
            f"linalg.vector_norm cannot compute the {shown} norm on an empty tensor because the "
            "operation does not have an identity"
        )
    for d in dims:
        if C.meta(x)[d] == 0:
            raise RuntimeError(
                f"linalg.vector_norm cannot compute the {shown} norm on the dimension {d}because "
                "this dimension is empty and the operation does not have an identity"
            )


@function("linalg.vector_norm(Tensor x, Number ord=2, int[1]? dim=None, bool keepdim=False, *, "
          "dtype? dtype=None)", out=True, method=False)  # fmt: skip
def vector_norm(x, ord=2, dim=None, keepdim=False, *, dtype=None):
    """p-norm of the elements along the dims (all of them by default).

    >>> import numtorch as torch
    >>> torch.linalg.vector_norm(torch.tensor([3.0, 4.0]))
    tensor(5.)
    """
    x = _converted("linalg.vector_norm", x, dtype)
    dims = _dims(x, dim)
    _check_identity(x, ord, dim, dims)
    how = norm_kind(float(ord))
    operands = (x, float(ord)) if how in "+-" else (x,)
    return C.record("p_norm", operands, (dims, keepdim, how))


_NAMED = ("fro", "nuc")
_NUMBERED = (1.0, -1.0, 2.0, -2.0, math.inf, -math.inf)


@function("linalg.matrix_norm(Tensor A, any ord='fro', int[] dim=(-2, -1), bool keepdim=False, *, "
          "dtype? dtype=None)", out=True, method=False)  # fmt: skip
def matrix_norm(A, ord="fro", dim=(-2, -1), keepdim=False, *, dtype=None):
    """Norm of matrices: "fro", "nuc", or by a number 1, -1, 2, -2, inf, -inf.

    >>> import numtorch as torch
    >>> A = torch.tensor([[3.0, 0.0], [0.0, -4.0]])
    >>> torch.linalg.matrix_norm(A), torch.linalg.matrix_norm(A, "nuc")
    (tensor(5.), tensor(7.))
    """
    name = "linalg.matrix_norm"
    C.matrix(name, A)
    A = _converted(name, A, dtype)
    if len(dim) != 2:
        raise RuntimeError(f"{name}: dim must be a 2-tuple. Got {', '.join(map(str, dim))}")
    first, second = (check_dim(d, A.dim()) for d in dim)
    if first == second:
        raise RuntimeError(f"{name}: dims must be different. Got ({dim[0]}, {dim[1]})")
    known = _NAMED if isinstance(ord, str) else _NUMBERED
    if ord not in known:
        shown = ord if isinstance(ord, str) else f"{ord:g}"
        raise RuntimeError(f"{name}: Order {shown} not supported.")
    if ord == "fro":
        return C.record("p_norm", (A,), ((first, second), keepdim, "2"))
    if ord in ("nuc", 2, -2):
        out = _by_singular_values(A.movedim((first, second), (-2, -1)), ord)
    else:
        summed, kept = (first, second) if abs(ord) == 1 else (second, first)
        out = _by_sums(A, summed, kept, ord)
    if keepdim:
        for d in sorted((first, second)):
            out = out.unsqueeze(d)
    return out


def _by_singular_values(A: Tensor, ord) -> Tensor:
    values = svdvals(A)
    if ord == "nuc":
        return values.sum(-1)
    return _extreme(values, -1, ord > 0)


def _by_sums(A: Tensor, summed: int, kept: int, ord) -> Tensor:
    sums = C.record("p_norm", (A,), ((summed,), False, "1"))
    return _extreme(sums, kept - (summed < kept), ord > 0)


def _extreme(x: Tensor, dim: int, largest: bool) -> Tensor:
    if largest and C.meta(x)[dim] == 0:
        return x.sum(dim)
    return x.amax(dim) if largest else x.amin(dim)


@function("linalg.norm(Tensor A, any ord=None, int[1]? dim=None, bool keepdim=False, *, "
          "dtype? dtype=None)", out=True, method=False)  # fmt: skip
def norm(A, ord=None, dim=None, keepdim=False, *, dtype=None):
    """vector_norm, or matrix_norm where two dims are given or ord is a string.

    >>> import numtorch as torch
    >>> torch.linalg.norm(torch.ones(2, 2), "nuc")
    tensor(2.)
    """
    if isinstance(ord, str) and dim is None and A.dim() not in (1, 2):
        raise RuntimeError(
            "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got "
            f"{A.dim()}D."
        )
    if isinstance(ord, str):
        return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    if dim is not None and len(dim) not in (1, 2):
        raise RuntimeError(
            f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dim)}"
        )
    if ord is None:
        return vector_norm(A, 2, dim, keepdim, dtype=dtype)
    if dim is None and A.dim() not in (1, 2):
        raise RuntimeError(
            "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got "
            f"{A.dim()}D."
        )
    if (A.dim() if dim is None else len(dim)) == 2:
        return matrix_norm(A, ord, (0, 1) if dim is None else dim, keepdim, dtype=dtype)
    return vector_norm(A, ord, dim, keepdim, dtype=dtype)


# ---------------------------------------------------------------- rank, condition


def _rank(A: Tensor, atol, rtol, hermitian: bool) -> Tensor:
    C.matrix("torch.linalg.matrix_rank", A, "input")
    if not A.dtype.differentiable or A.dtype.narrow:
        raise RuntimeError("This function doesn't handle types other than float and double")
    values = eigvalsh(A).abs() if hermitian else svdvals(A)
    atol, rtol = tolerances(A, atol, rtol)
    if not C.meta(values)[-1]:
        return values.sum(-1).to(_int64())
    limit = (rtol * values.amax(-1)).maximum(atol)
    return (values > limit.unsqueeze(-1)).sum(-1)


def _int64():
    from numtorch.jit.dtypes import int64

    return int64


@function("linalg.matrix_rank(Tensor A, any tol=None, bool hermitian=False, *, any atol=None, "
          "any rtol=None)", out=True, method=False)  # fmt: skip
def matrix_rank(A, tol=None, hermitian=False, *, atol=None, rtol=None):
    """How many singular values are greater than max(atol, rtol * the largest).

    >>> import numtorch as torch
    >>> torch.linalg.matrix_rank(torch.tensor([[1.0, 2.0], [2.0, 4.0]]))
    tensor(1)
    """
    if tol is not None:
        return _rank(A, tol, 0.0, hermitian)
    return _rank(A, atol, rtol, hermitian)


@function("linalg.cond(Tensor A, any p=None)", out=True, method=False)
def cond(A, p=None):
    """Condition number: the norm of A times that of its inverse; infinite for a singular A.

    >>> import numtorch as torch
    >>> torch.linalg.cond(torch.tensor([[4.0, 0.0], [0.0, 2.0]]))
    tensor(2.)
    """
    if A.dim() < 2:
        raise RuntimeError("linalg.cond: The input tensor must have at least 2 dimensions.")
    if p is None or p in (2, -2):
        values = svdvals(A)
        if not C.meta(values)[-1]:
            return values.sum(-1)
        first, last = values[..., 0], values[..., -1]
        return last / first if p == -2 else first / last
    if p not in ("fro", "nuc", 1, -1, math.inf, -math.inf):
        raise RuntimeError(f"linalg.cond got an invalid norm type: {p}")
    m, n = C.meta(A)[-2:]
    if m != n:
        raise RuntimeError(
            f"linalg.cond(ord={p}): A must be batches of square matrices, but they are {m} by {n} "
            "matrices"
        )
    C.floating("linalg.inv", A, low=False)
    if not A.numel():
        return A.new_zeros(C.meta(A)[:-2], dtype=A.dtype.to_real())
    inverse = C.host("inv", (A,), (False, "linalg.inv", 0))
    info = C.host("inv", (A,), (False, "linalg.inv", 1))
    out = matrix_norm(A, p) * matrix_norm(inverse, p)
    return C.record("where", (info == 0, out, math.inf))


# ---------------------------------------------------------------- powers, exponential


def _power(A: Tensor, n: int) -> Tensor:
    name = "linalg.matrix_power"
    C.square(name, A)
    if n < 0:
        A, n = inv(A), -n
    if n == 0:
        # A takes part without an effect, so the result has a (zero) gradient as PyTorch's.
        one = _eye_like(A)
        return C.record("where", (one != one, A, one))
    out, square = None, A
    while n:
        if n & 1:
            out = square if out is None else product(out, square)
        n >>= 1
        square = product(square, square) if n else square
    return out.clone() if out is A else out


@function("linalg.matrix_power(Tensor A, int n)", out=True, method=False)
def matrix_power(A, n):
    """A @ A @ ... (n times) by repeated squaring; of the inverse if n < 0.

    >>> import numtorch as torch
    >>> torch.linalg.matrix_power(torch.tensor([[1.0, 1.0], [1.0, 0.0]]), 10)
    tensor([[89., 55.],
            [55., 34.]])
    """
    return _power(A, n)


@function("matrix_power(Tensor input, int n)", out=True)
def torch_matrix_power(input, n):
    """linalg.matrix_power.

    >>> import numtorch as torch
    >>> torch.matrix_power(torch.tensor([[1.0, 1.0], [0.0, 1.0]]), 3)
    tensor([[1., 3.],
            [0., 1.]])
    """
    return _power(input, n)


@function("linalg.matrix_exp(Tensor A)", method=False)
def matrix_exp(A):
    """Exponential of square matrices: I + A + A @ A / 2 + ...

    >>> import numtorch as torch
    >>> torch.linalg.matrix_exp(torch.tensor([[0.0, 1.0], [0.0, 0.0]]))
    tensor([[1., 1.],
            [0., 1.]])
    """
    C.square("linalg.matrix_exp", A)
    C.floating("linalg.matrix_exp", A)
    if A.dtype.narrow:  # the polynomials' coefficients are beyond the range of halves
        return matrix_exp(A.to(A.dtype.compute)).to(A.dtype)
    return C.host("matrix_exp", (A,))


@function("matrix_exp(Tensor input)")
def torch_matrix_exp(input):
    """linalg.matrix_exp.

    >>> import numtorch as torch
    >>> torch.matrix_exp(torch.zeros(2, 2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    return matrix_exp(input)


@function("linalg.diagonal(Tensor A, *, int offset=0, int dim1=-2, int dim2=-1)", method=False)
def diagonal(A, *, offset=0, dim1=-2, dim2=-1):
    """Diagonals of the last two dims: a view.

    >>> import numtorch as torch
    >>> torch.linalg.diagonal(torch.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    return A.diagonal(offset, dim1, dim2)


# ---------------------------------------------------------------- low-rank approximations


def _range(A: Tensor, q: int, niter: int, M: Tensor | None) -> Tensor:
    """Orthonormal columns that nearly span A's range: Halko et al. (2009), algorithm 4.4."""
    from ._random import randn

    def times(X, adjoint=False):
        out = (C.adjoint(A) if adjoint else A) @ X
        return out if M is None else out - (C.adjoint(M) if adjoint else M) @ X

    Q = qr(times(randn(C.meta(A)[-1], q, dtype=A.dtype))).Q
    for _ in range(niter):
        Q = qr(times(qr(times(Q, True)).Q)).Q
    return Q


def svd_lowrank(A, q=6, niter=2, M=None):
    """(U, S, V): the q greatest singular values of A (of A - M) with their vectors, by random
    projection.

    >>> import numtorch as torch
    >>> U, S, V = torch.svd_lowrank(torch.tensor([[1.0, 2.0], [2.0, 4.0]]), q=1)
    >>> U.shape, S.shape, V.shape
    (torch.Size([2, 1]), torch.Size([1]), torch.Size([2, 1]))
    """
    q = 6 if q is None else q
    m, n = C.meta(A)[-2:]
    M = None if M is None else M.expand(*A.shape)
    if m < n:
        U, S, V = svd_lowrank(C.adjoint(A), q, niter, None if M is None else C.adjoint(M))
        return V, S, U
    Q = _range(A, q, niter, M)
    B = C.adjoint(Q) @ (A if M is None else A - M)
    U, S, Vh = svd(B, full_matrices=False)
    return Q @ U, S, C.adjoint(Vh)


def pca_lowrank(A, q=None, center=True, niter=2):
    """(U, S, V) of principal components: svd_lowrank of the centred rows.

    >>> import numtorch as torch
    >>> U, S, V = torch.pca_lowrank(torch.tensor([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]]), q=1)
    >>> U.shape, S.shape, V.shape
    (torch.Size([3, 1]), torch.Size([1]), torch.Size([2, 1]))
    """
    m, n = C.meta(A)[-2:]
    if q is None:
        q = min(6, m, n)
    elif not 0 <= q <= min(m, n):
        raise ValueError(
            f"q(={q}) must be non-negative integer and not greater than min(m, n)={min(m, n)}"
        )
    if niter < 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    return svd_lowrank(A - A.mean(-2, keepdim=True) if center else A, q, niter)
