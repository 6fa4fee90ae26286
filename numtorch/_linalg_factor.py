"""Factorizations: Cholesky, QR, LU, LDL, eigenvalues, singular values."""

from __future__ import annotations

from . import _linalg_checks as C
from ._api import function
from ._linalg_solve import triangular
from ._out import store_one
from ._saves import kept
from ._tensor import Tensor
from .return_types import result_type

# ---------------------------------------------------------------- Cholesky


def _cholesky(A, upper, check, name) -> list[Tensor]:
    C.square(name, A)
    C.floating(name, A)
    C.kernel(A, "cholesky_cpu")
    factor, info = (C.host("cholesky", (A,), (upper, check, name, k)) for k in range(2))
    return [C.in_columns(C.adjoint(factor)) if upper else factor, info]


@function("linalg.cholesky(Tensor A, *, bool upper=False)", out=True, method=False)
def cholesky(A, *, upper=False):
    """L with L L^H = A for positive definite A, or U with U^H U = A.

    Raises LinAlgError, when the result is computed, for a matrix that is not positive definite.

    >>> import numtorch as torch
    >>> torch.linalg.cholesky(torch.tensor([[4.0, 2.0], [2.0, 10.0]]))
    tensor([[2., 0.],
            [1., 3.]])
    """
    return _cholesky(A, upper, True, "linalg.cholesky")[0]


@function("cholesky(Tensor input, bool upper=False)", out=True)
def torch_cholesky(input, upper=False):
    """linalg.cholesky.

    >>> import numtorch as torch
    >>> torch.cholesky(torch.tensor([[4.0, 2.0], [2.0, 10.0]]), upper=True)
    tensor([[2., 1.],
            [0., 3.]])
    """
    return _cholesky(input, upper, True, "cholesky")[0]


_cholesky_ex = result_type("linalg_cholesky_ex", "L", "info")


@function("linalg.cholesky_ex(Tensor A, *, bool upper=False, bool check_errors=False)",
          out=("L", "info"), method=False)  # fmt: skip
def cholesky_ex(A, *, upper=False, check_errors=False):
    """(L, info): info is 0, or the order of the leading minor that is not positive.

    >>> import numtorch as torch
    >>> torch.linalg.cholesky_ex(torch.tensor([[1.0, 0.0], [0.0, -1.0]])).info
    tensor(2, dtype=torch.int32)
    """
    return _cholesky_ex(*_cholesky(A, upper, check_errors, "linalg.cholesky"))


@function("cholesky_solve(Tensor B, Tensor L, bool upper=False)", out=True)
def cholesky_solve(B, L, upper=False):
    """X with A X = B, given the Cholesky factor of A.

    >>> import numtorch as torch
    >>> L = torch.tensor([[2.0, 0.0], [1.0, 3.0]])
    >>> torch.cholesky_solve(torch.tensor([[4.0], [20.0]]), L)
    tensor([[0.],
            [2.]])
    """
    for name, t in (("b", B), ("u", L)):
        if t.dim() < 2:
            raise RuntimeError(
                f"{name} should have at least 2 dimensions, but has {t.dim()} dimensions instead"
            )
    C.square("cholesky_solve", L)
    n, (m, k) = C.meta(L)[-1], C.meta(B)[-2:]
    if n != m:
        raise RuntimeError(
            f"Incompatible matrix sizes for cholesky_solve: each A matrix is {n} by {n} but each "
            f"b matrix is {m} by {k}"
        )
    C.kernel(B, "cholesky_solve_cpu")
    L, B = C.batched("cholesky_solve", L, B)
    return C.host("cholesky_solve", (B, L), (upper,))


@function("cholesky_inverse(Tensor L, bool upper=False)", out=True)
def cholesky_inverse(L, upper=False):
    """inv(A), given the Cholesky factor of A.

    >>> import numtorch as torch
    >>> torch.cholesky_inverse(torch.tensor([[2.0, 0.0], [1.0, 1.0]]))
    tensor([[ 0.5000, -0.5000],
            [-0.5000,  1.0000]])
    """
    C.square("cholesky_inverse", L)
    C.kernel(L, "cholesky_inverse_out_cpu")
    return C.host("cholesky_solve", (_eye_like(L), L), (upper,))


def _eye_like(A: Tensor, m: int | None = None) -> Tensor:
    """Identities of m rows with A's columns and leading dims."""
    from ._creation import eye

    shape = C.meta(A)
    m = shape[-1] if m is None else m
    return eye(m, shape[-1], dtype=A.dtype).expand(*shape[:-2], m, shape[-1])


# ---------------------------------------------------------------- QR


_qr_result = result_type("linalg_qr", "Q", "R")
_old_qr = result_type("qr", "Q", "R")
_geqrf = result_type("geqrf", "a", "tau")


def _qr(A: Tensor, mode: str) -> list[Tensor]:
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', "
            "or 'complete'"
        )
    C.matrix("linalg.qr", A)
    C.floating("linalg.qr", A)
    C.kernel(A, "geqrf_cpu")
    return [C.host("qr", (A,), (mode, k)) for k in range(2)]


@function("linalg.qr(Tensor A, str mode='reduced')", out=("Q", "R"), method=False)
def qr(A, mode="reduced"):
    """(Q, R) with A = Q R, Q of orthonormal columns, R upper triangular.

    Modes: "reduced" [m, k] and [k, n] with k = min(m, n), "complete" [m, m] and [m, n], "r" only R.

    >>> import numtorch as torch
    >>> Q, R = torch.linalg.qr(torch.tensor([[3.0, 1.0], [4.0, 2.0]]))
    >>> Q.shape, R.abs()
    (torch.Size([2, 2]), tensor([[5.0000, 2.2000],
            [0.0000, 0.4000]]))
    """
    return _qr_result(*_qr(A, mode))


@function("qr(Tensor input, bool some=True)", out=("Q", "R"))
def torch_qr(input, some=True):
    """linalg.qr.

    >>> import numtorch as torch
    >>> Q, R = torch.qr(torch.zeros(3, 2))
    >>> Q.shape, R.shape
    (torch.Size([3, 2]), torch.Size([2, 2]))
    """
    return _old_qr(*_qr(input, "reduced" if some else "complete"))


@function("geqrf(Tensor input)", out=("a", "tau"))
def geqrf(input):
    """QR in LAPACK's compact form: R and, below it, the Householder vectors; their factors tau.

    >>> import numtorch as torch
    >>> a, tau = torch.geqrf(torch.zeros(3, 2))
    >>> a.shape, tau.shape
    (torch.Size([3, 2]), torch.Size([2]))
    """
    if input.dim() < 2:
        raise RuntimeError("torch.geqrf: input must have at least 2 dimensions.")
    C.kernel(input, "geqrf_cpu")
    return _geqrf(*(C.host("geqrf", (input,), (k,)) for k in range(2)))


def _reflectors(A: Tensor, tau: Tensor) -> tuple[Tensor, Tensor]:
    """V and T with H_1 H_2 ... = I - V T V^H (Schreiber and Van Loan, 1989)."""
    k = C.meta(tau)[-1]
    V = C.tril(A[..., :k], -1) + _eye_like(A[..., :k], C.meta(A)[-2])
    coupling = C.triu(C.adjoint(V) @ V, 1) * tau.unsqueeze(-2)
    identity = _eye_like(coupling)
    T = tau.unsqueeze(-1) * triangular(coupling + identity, identity, True, True)
    return V, T


@function("linalg.householder_product(Tensor input, Tensor tau)", out=True, method=False)
def householder_product(input, tau):
    """The first columns of the product of the Householder matrices I - tau v v^H.

    >>> import numtorch as torch
    >>> A, tau = torch.geqrf(torch.zeros(3, 2))
    >>> torch.linalg.householder_product(A, tau).shape
    torch.Size([3, 2])
    """
    name = "torch.linalg.householder_product"
    if input.dim() < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    m, n = C.meta(input)[-2:]
    if m < n:
        raise RuntimeError(
            f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]"
        )
    if n < C.meta(tau)[-1]:
        raise RuntimeError(
            f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]"
        )
    if input.dim() - tau.dim() != 1 or C.meta(input)[:-2] != C.meta(tau)[:-1]:
        raise RuntimeError(
            f"{name}: Expected tau to have one dimension less than input and equal batch dims"
        )
    C.kernel(input, "orgqr_cpu")
    V, T = _reflectors(input, tau)
    identity = _eye_like(input, m)
    return C.in_columns(identity - V @ (T @ (C.adjoint(V) @ identity)))


@function("orgqr(Tensor input, Tensor input2)", out=True)
def orgqr(input, input2):
    """linalg.householder_product.

    >>> import numtorch as torch
    >>> A, tau = torch.geqrf(torch.tensor([[3.0], [4.0]]))
    >>> torch.orgqr(A, tau).shape
    torch.Size([2, 1])
    """
    return householder_product(input, input2)


@function("ormqr(Tensor input, Tensor tau, Tensor other, bool left=True, bool transpose=False)",
          out=True)  # fmt: skip
def ormqr(input, tau, other, left=True, transpose=False):
    """Q @ other (or other @ Q, or with Q^H) for the Q whose Householder vectors are given.

    >>> import numtorch as torch
    >>> A, tau = torch.geqrf(torch.zeros(3, 2))
    >>> torch.ormqr(A, tau, torch.zeros(3, 5)).shape
    torch.Size([3, 5])
    """
    for name, t in (("input", input), ("other", other)):
        if t.dim() < 2:
            raise RuntimeError(f"torch.ormqr: {name} must have at least 2 dimensions.")
    side = -2 if left else -1
    m, k = C.meta(input)[-2], C.meta(tau)[-1]
    if C.meta(other)[side] < k:
        raise RuntimeError(
            f"torch.ormqr: other.shape[{side}] must be greater than or equal to tau.shape[-1]"
        )
    if k != min(C.meta(other)[side], C.meta(input)[-1]):
        raise RuntimeError(
            f"torch.ormqr: tau.shape[-1] must be equal to min(other.shape[{side}], input.shape[-1])"
        )
    if C.meta(other)[side] != m:
        raise RuntimeError(f"torch.ormqr: other.shape[{side}] must be equal to input.shape[-2]")
    C.kernel(input, "ormqr_cpu")
    V, T = _reflectors(input, tau)
    T = C.adjoint(T) if transpose else T
    if left:
        return C.in_columns(other - V @ (T @ (C.adjoint(V) @ other)))
    return C.in_columns(other - ((other @ V) @ T) @ C.adjoint(V))


# ---------------------------------------------------------------- LU

_lu_result = result_type("linalg_lu", "P", "L", "U")
_lu_factor = result_type("linalg_lu_factor", "LU", "pivots")
_lu_factor_ex = result_type("linalg_lu_factor_ex", "LU", "pivots", "info")
_lu_unpacked = result_type("lu_unpack", "P", "L", "U")


def _compact_lu(A: Tensor, pivot: bool, name: str) -> list[Tensor]:
    if A.dim() < 2:
        raise RuntimeError(
            f"{name}: Expected tensor with 2 or more dimensions. Got size: {list(A.shape)} instead"
        )
    C.kernel(A, "lu_cpu")
    if not pivot:
        raise RuntimeError("linalg.lu_factor: LU without pivoting is not implemented on the CPU")
    return [C.host("lu_factor", (A,), (True, k)) for k in range(3)]


@function("linalg.lu_factor(Tensor A, *, bool pivot=True)", out=("LU", "pivots"), method=False)
def lu_factor(A, *, pivot=True):
    """(LU, pivots): L and U in one matrix, and the exchanges of rows, counted from 1.

    >>> import numtorch as torch
    >>> LU, pivots = torch.linalg.lu_factor(torch.tensor([[2.0, 1.0], [4.0, 3.0]]))
    >>> LU, pivots
    (tensor([[ 4.0000,  3.0000],
            [ 0.5000, -0.5000]]), tensor([2, 2], dtype=torch.int32))
    """
    LU, pivots, info = _compact_lu(A, pivot, "torch.lu_factor")
    _check_pivots(info)
    return _lu_factor(LU, pivots)


def _check_pivots(info: Tensor) -> None:
    failed = info.reshape(-1).numpy()
    if failed.any():
        at = int(failed.nonzero()[0][0])
        where = f"(Batch element {at}): " if info.dim() else ""
        k = failed[at]
        raise RuntimeError(
            f"torch.linalg.lu_factor: {where}U[{k},{k}] is zero and using it on lu_solve would "
            "result in a division by zero. If you still want to perform the factorization, "
            "consider calling linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)"
        )


@function("linalg.lu_factor_ex(Tensor A, *, bool pivot=True, bool check_errors=False)",
          out=("LU", "pivots", "info"), method=False)  # fmt: skip
def lu_factor_ex(A, *, pivot=True, check_errors=False):
    """(LU, pivots, info): info is 0, or the place of the first zero pivot.

    >>> import numtorch as torch
    >>> torch.linalg.lu_factor_ex(torch.tensor([[0.0, 1.0], [0.0, 3.0]])).info
    tensor(1, dtype=torch.int32)
    """
    LU, pivots, info = _compact_lu(A, pivot, "torch.lu_factor")
    if check_errors:
        _check_pivots(info)
    return _lu_factor_ex(LU, pivots, info)


def _lower_upper(LU: Tensor) -> tuple[Tensor, Tensor]:
    m, n = C.meta(LU)[-2:]
    k = min(m, n)
    low = C.tril(LU[..., :k], -1)
    return low + _eye_like(low, m), C.triu(LU[..., :k, :])


def _permutation(pivots: Tensor, LU: Tensor) -> Tensor:
    return C.host("permutation_matrix", (pivots, LU.detach()), (C.meta(LU)[-2],))


@function("linalg.lu(Tensor A, *, bool pivot=True)", out=("P", "L", "U"), method=False)
def lu(A, *, pivot=True):
    """(P, L, U) with A = P L U: a permutation, unit lower and upper triangular matrices.

    >>> import numtorch as torch
    >>> P, L, U = torch.linalg.lu(torch.tensor([[2.0, 1.0], [4.0, 3.0]]))
    >>> L, U
    (tensor([[1.0000, 0.0000],
            [0.5000, 1.0000]]), tensor([[ 4.0000,  3.0000],
            [ 0.0000, -0.5000]]))
    """
    LU, pivots, _ = _compact_lu(A, pivot, "linalg.lu")
    return _lu_result(_permutation(pivots, LU), *_lower_upper(LU))


@kept("lu")
def torch_lu(A, pivot=True, get_infos=False, out=None):
    """(LU, pivots[, info]): linalg.lu_factor, where info shows zero pivots.

    >>> import numtorch as torch
    >>> LU, pivots = torch.lu(torch.tensor([[2.0, 1.0], [4.0, 3.0]]))
    >>> LU, pivots
    (tensor([[ 4.0000,  3.0000],
            [ 0.5000, -0.5000]]), tensor([2, 2], dtype=torch.int32))
    """
    LU, pivots, info = lu_factor_ex(A, pivot=pivot)
    if not get_infos:
        _check_pivots(info)
    results = (LU, pivots, info) if get_infos else (LU, pivots)
    if out is None:
        return results
    if len(out) != len(results):
        raise TypeError(
            f"expected tuple of {len(results)} elements but got {len(out)}"
        )
    return tuple(store_one(o, r) for o, r in zip(out, results))


@function("lu_unpack(Tensor LU_data, Tensor LU_pivots, bool unpack_data=True, "
          "bool unpack_pivots=True)", out=("P", "L", "U"), method=False)  # fmt: skip
def lu_unpack(LU_data, LU_pivots, unpack_data=True, unpack_pivots=True):
    """(P, L, U) from the result of linalg.lu_factor; what is not wanted is empty.

    >>> import numtorch as torch
    >>> LU, pivots = torch.linalg.lu_factor(torch.tensor([[2.0, 1.0], [4.0, 3.0]]))
    >>> torch.lu_unpack(LU, pivots)[0]
    tensor([[0., 1.],
            [1., 0.]])
    """
    if unpack_pivots and LU_pivots.dtype.short != "i32":
        raise RuntimeError(
            "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 "
            "dtype.\nNote: this function is intended to be used with the output produced by "
            "torch.linalg.lu_factor"
        )
    P = _permutation(LU_pivots, LU_data) if unpack_pivots else LU_data.new_empty(0)
    if not unpack_data:
        return _lu_unpacked(P, LU_data.new_empty(0), LU_data.new_empty(0))
    return _lu_unpacked(P, *_lower_upper(LU_data))


@function("linalg.lu_solve(Tensor LU, Tensor pivots, Tensor B, *, bool left=True, "
          "bool adjoint=False)", out=True, method=False)  # fmt: skip
def lu_solve(LU, pivots, B, *, left=True, adjoint=False):
    """X with A X = B (or X A = B, or with A^H), given linalg.lu_factor(A).

    >>> import numtorch as torch
    >>> LU, pivots = torch.linalg.lu_factor(torch.tensor([[2.0, 1.0], [4.0, 3.0]]))
    >>> torch.linalg.lu_solve(LU, pivots, torch.tensor([[3.0], [7.0]]))
    tensor([[1.],
            [1.]])
    """
    name = "linalg.lu_solve"
    C.floating(name, LU)
    if LU.dtype.narrow:
        raise NotImplementedError(
            f"\"linalg.lu_solve_cpu\" not implemented for '{LU.dtype.scalar_type}'"
        )
    C.same_dtype(name, LU, B, ("LU", "B"))
    if pivots.dtype.short != "i32":
        raise RuntimeError(f"{name}: pivots should be a Tensor of scalar type torch.int32")
    C.square(name, LU, "LU")
    C.matrix(name, B, "B")
    n, (m, k) = C.meta(LU)[-1], C.meta(B)[-2:]
    if n != (m if left else k):
        equation = "AX = B" if left else "XA = B"
        raise RuntimeError(
            f"{name}: Incompatible shapes of A and B for the equation {equation} ({n}x{n} and "
            f"{m}x{k})"
        )
    if C.meta(pivots)[-1] != n:
        raise RuntimeError(
            f"{name}: Number of pivots per batch should be same as the dimension of the matrix"
        )
    P = _permutation(pivots, LU)
    if not left:
        # X A = B is A^H X^H = B^H.
        return C.adjoint(_lu_solved(LU, P, C.adjoint(B), not adjoint))
    return _lu_solved(LU, P, B, adjoint)


def _lu_solved(LU, P, B, adjoint) -> Tensor:
    LU, B = C.batched("linalg.lu_solve", LU, B)
    if not adjoint:
        y = triangular(LU, P.transpose(-2, -1) @ B, False, True)
        return triangular(LU, y, True, False)
    H = C.adjoint(LU)
    return C.in_columns(P @ triangular(H, triangular(H, B, False, False), True, True))


@function("lu_solve(Tensor b, Tensor LU_data, Tensor LU_pivots)", out=True)
def torch_lu_solve(b, LU_data, LU_pivots):
    """linalg.lu_solve with the right-hand side first.

    >>> import numtorch as torch
    >>> LU, pivots = torch.linalg.lu_factor(torch.tensor([[2.0, 1.0], [4.0, 3.0]]))
    >>> torch.lu_solve(torch.tensor([[4.0], [10.0]]), LU, pivots)
    tensor([[1.],
            [2.]])
    """
    return lu_solve(LU_data, LU_pivots, b)


# ---------------------------------------------------------------- LDL

_ldl = result_type("linalg_ldl_factor", "LD", "pivots")
_ldl_ex = result_type("linalg_ldl_factor_ex", "LD", "pivots", "info")


def _compact_ldl(A: Tensor, hermitian: bool) -> list[Tensor]:
    C.square("torch.linalg.ldl_factor_ex", A)
    C.floating("torch.linalg.ldl_factor_ex", A)
    C.kernel(A, "ldl_factor_kernel_cpu")
    return [C.host("ldl_factor", (A,), (hermitian, k)) for k in range(3)]


@function("linalg.ldl_factor(Tensor A, *, bool hermitian=False)", out=("LD", "pivots"),
          method=False)  # fmt: skip
def ldl_factor(A, *, hermitian=False):
    """(LD, pivots): symmetric (hermitian) indefinite factorization in LAPACK's compact form.

    >>> import numtorch as torch
    >>> LD, pivots = torch.linalg.ldl_factor(torch.tensor([[4.0, 2.0], [2.0, 6.0]]))
    >>> LD
    tensor([[4.0000, 0.0000],
            [0.5000, 5.0000]])
    """
    LD, pivots, _ = _compact_ldl(A, hermitian)
    return _ldl(LD, pivots)


@function("linalg.ldl_factor_ex(Tensor A, *, bool hermitian=False, bool check_errors=False)",
          out=("LD", "pivots", "info"), method=False)  # fmt: skip
def ldl_factor_ex(A, *, hermitian=False, check_errors=False):
    """(LD, pivots, info): info is 0, or the place of a zero block of D.

    >>> import numtorch as torch
    >>> torch.linalg.ldl_factor_ex(torch.tensor([[4.0, 2.0], [2.0, 6.0]])).info
    tensor(0, dtype=torch.int32)
    """
    return _ldl_ex(*_compact_ldl(A, hermitian))


@function("linalg.ldl_solve(Tensor LD, Tensor pivots, Tensor B, *, bool hermitian=False)",
          out=True, method=False)  # fmt: skip
def ldl_solve(LD, pivots, B, *, hermitian=False):
    """X with A X = B, given linalg.ldl_factor(A).

    >>> import numtorch as torch
    >>> LD, pivots = torch.linalg.ldl_factor(torch.tensor([[4.0, 2.0], [2.0, 6.0]]))
    >>> torch.linalg.ldl_solve(LD, pivots, torch.tensor([[6.0], [8.0]]))
    tensor([[1.],
            [1.]])
    """
    C.square("torch.linalg.ldl_solve", LD, "LD")
    C.matrix("torch.linalg.ldl_solve", B, "B")
    if pivots.dtype.kind != "i":
        raise RuntimeError(
            "torch.linalg.ldl_solve: Expected pivots to be integers. Got "
            f"{pivots.dtype.scalar_type}"
        )
    C.same_dtype("torch.linalg.ldl_solve", LD, B, ("LD", "B"))
    LD, B = C.batched("torch.linalg.ldl_solve", LD, B)
    pivots = pivots.expand(*C.meta(LD)[:-1])
    return C.host("ldl_solve", (LD, pivots, B), (hermitian,))
