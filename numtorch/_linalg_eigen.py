"""linalg: eigenvalues and singular values."""

from __future__ import annotations

from . import _linalg_checks as C
from ._api import function
from ._tensor import Tensor
from .return_types import result_type

# ---------------------------------------------------------------- eigenvalues

_eigh_result = result_type("linalg_eigh", "eigenvalues", "eigenvectors")
_eig_result = result_type("linalg_eig", "eigenvalues", "eigenvectors")


def _check_eigh(A: Tensor, UPLO: str) -> str:
    C.square("linalg.eigh", A)
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    C.kernel(A, "linalg_eigh_cpu")
    return UPLO.upper()


@function("linalg.eigh(Tensor A, str UPLO='L')", out=("eigenvalues", "eigenvectors"), method=False)
def eigh(A, UPLO="L"):
    """(eigenvalues in ascending order, eigenvectors in columns) of symmetric or Hermitian matrices.

    Only the lower (UPLO = "L") or upper triangle is read.

    >>> import numtorch as torch
    >>> values, vectors = torch.linalg.eigh(torch.tensor([[2.0, 1.0], [1.0, 2.0]]))
    >>> values, vectors.abs()
    (tensor([1., 3.]), tensor([[0.7071, 0.7071],
            [0.7071, 0.7071]]))
    """
    uplo = _check_eigh(A, UPLO)
    return _eigh_result(*(C.host("eigh", (A,), (uplo, "linalg.eigh", k)) for k in range(2)))


@function("linalg.eigvalsh(Tensor A, str UPLO='L')", out=True, method=False)
def eigvalsh(A, UPLO="L"):
    """Eigenvalues of symmetric or Hermitian matrices in ascending order.

    >>> import numtorch as torch
    >>> torch.linalg.eigvalsh(torch.tensor([[2.0, 1.0], [1.0, 2.0]]))
    tensor([1., 3.])
    """
    return C.host("eigvalsh", (A,), (_check_eigh(A, UPLO), "linalg.eigh"))


def _check_eig(A: Tensor, name: str) -> None:
    C.square(name, A)
    if not A.dtype.differentiable:
        raise RuntimeError(f"Unknown Complex ScalarType for {A.dtype.scalar_type}")
    C.kernel(A, "linalg_eig_out_cpu")


@function("linalg.eig(Tensor A)", out=("eigenvalues", "eigenvectors"), method=False)
def eig(A):
    """(eigenvalues, eigenvectors in columns of length 1) of square matrices; both are complex.

    >>> import numtorch as torch
    >>> torch.linalg.eig(torch.tensor([[0.0, -1.0], [1.0, 0.0]])).eigenvalues
    tensor([0.+1.j, 0.-1.j])
    """
    _check_eig(A, "linalg.eig")
    return _eig_result(*(C.host("eig", (A,), ("linalg.eig", k)) for k in range(2)))


@function("linalg.eigvals(Tensor A)", out=True, method=False)
def eigvals(A):
    """Eigenvalues of square matrices, complex.

    >>> import numtorch as torch
    >>> torch.linalg.eigvals(torch.tensor([[2.0, 0.0], [0.0, 3.0]]))
    tensor([2.+0.j, 3.+0.j])
    """
    _check_eig(A, "linalg.eigvals")
    return C.host("eigvals", (A,), ("linalg.eigvals",))


# ---------------------------------------------------------------- singular values

_svd_result = result_type("linalg_svd", "U", "S", "Vh")
_old_svd = result_type("svd", "U", "S", "V")


def _check_svd(A: Tensor, driver) -> None:
    C.matrix("linalg.svd", A)
    C.floating("linalg.svd", A)
    C.kernel(A, "linalg_svd_cpu")
    if driver is not None:
        raise RuntimeError(
            "torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with "
            "cuSOLVER backend."
        )


@function("linalg.svd(Tensor A, bool full_matrices=True, *, str? driver=None)",
          out=("U", "S", "Vh"), method=False)  # fmt: skip
def svd(A, full_matrices=True, *, driver=None):
    """(U, S, Vh) with A = U diag(S) Vh: orthonormal columns, singular values, orthonormal rows.

    >>> import numtorch as torch
    >>> U, S, Vh = torch.linalg.svd(torch.tensor([[0.0, 2.0], [3.0, 0.0], [0.0, 0.0]]))
    >>> U.shape, S, Vh.shape
    (torch.Size([3, 3]), tensor([3., 2.]), torch.Size([2, 2]))
    """
    _check_svd(A, driver)
    return _svd_result(*(C.host("svd", (A,), (full_matrices, "linalg.svd", k)) for k in range(3)))


@function("linalg.svdvals(Tensor A, *, str? driver=None)", out=True, method=False)
def svdvals(A, *, driver=None):
    """Singular values in descending order.

    >>> import numtorch as torch
    >>> torch.linalg.svdvals(torch.tensor([[0.0, 2.0], [3.0, 0.0]]))
    tensor([3., 2.])
    """
    _check_svd(A, driver)
    return C.host("svdvals", (A,), ("linalg.svd",))


@function("svd(Tensor input, bool some=True, bool compute_uv=True)", out=("U", "S", "V"))
def torch_svd(input, some=True, compute_uv=True):
    """(U, S, V): linalg.svd with V instead of its adjoint; zeros for U and V if not wanted.

    >>> import numtorch as torch
    >>> U, S, V = torch.svd(torch.tensor([[0.0, 2.0], [3.0, 0.0], [0.0, 0.0]]))
    >>> U.shape, S, V.shape
    (torch.Size([3, 2]), tensor([3., 2.]), torch.Size([2, 2]))
    """
    if not compute_uv:
        m, n = C.meta(input)[-2:]
        lead = C.meta(input)[:-2]
        return _old_svd(
            input.new_zeros(*lead, m, m), svdvals(input), input.new_zeros(*lead, n, n)
        )
    U, S, Vh = svd(input, full_matrices=not some)
    return _old_svd(U, S, C.adjoint(Vh))
