"""Linear algebra: torch.linalg."""

from __future__ import annotations

from numtorch.jit.ops.lapack import LinAlgError

from ._api import function
from ._linalg_eigen import eig, eigh, eigvals, eigvalsh, svd, svdvals
from ._linalg_factor import (
    cholesky,
    cholesky_ex,
    householder_product,
    ldl_factor,
    ldl_factor_ex,
    ldl_solve,
    lu,
    lu_factor,
    lu_factor_ex,
    lu_solve,
    qr,
    torch_lu,
)
from ._linalg_norms import (
    cond,
    diagonal,
    matrix_exp,
    matrix_norm,
    matrix_power,
    matrix_rank,
    norm,
    pca_lowrank,
    svd_lowrank,
    vector_norm,
)
from ._linalg_solve import (
    det,
    inv,
    inv_ex,
    lstsq,
    pinv,
    slogdet,
    solve,
    solve_ex,
    solve_triangular,
    tensorinv,
    tensorsolve,
)
from ._matmul import product
from ._products import linalg_cross as cross
from ._products import linalg_vander as vander
from ._products import multi_dot, vecdot
from ._tensor import Tensor

__all__ = [
    "LinAlgError", "cholesky", "cholesky_ex", "cond", "cross", "det", "diagonal", "eig", "eigh",
    "eigvals", "eigvalsh", "householder_product", "inv", "inv_ex", "ldl_factor", "ldl_factor_ex",
    "ldl_solve", "lstsq", "lu", "lu_factor", "lu_factor_ex", "lu_solve", "matmul", "matrix_exp",
    "matrix_norm", "matrix_power", "matrix_rank", "multi_dot", "norm", "pinv", "qr", "slogdet",
    "solve", "solve_ex", "solve_triangular", "svd", "svdvals", "tensorinv", "tensorsolve", "vander",
    "vecdot", "vector_norm",
]  # fmt: skip


@function("linalg.matmul(Tensor input, Tensor other)", out=True, method=False)
def matmul(input, other) -> Tensor:
    """torch.matmul.

    >>> import numtorch as torch
    >>> torch.linalg.matmul(torch.zeros(5, 2, 3), torch.zeros(3, 4)).shape
    torch.Size([5, 2, 4])
    """
    return product(input, other)


def install(functions: dict) -> None:
    """Puts the functions without a schema into the torch namespace."""
    functions.update(lu=torch_lu, svd_lowrank=svd_lowrank, pca_lowrank=pca_lowrank)
    Tensor.lu = torch_lu
