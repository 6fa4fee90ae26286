"""Inverses, determinants, linear systems and least squares."""

from __future__ import annotations

from numtorch.jit import dtypes as _d

from . import _linalg_checks as C
from ._api import function
from ._tensor import Tensor
from .return_types import result_type

_inv_ex = result_type("linalg_inv_ex", "inverse", "info")
_solve_ex = result_type("linalg_solve_ex", "result", "info")
_slogdet = result_type("linalg_slogdet", "sign", "logabsdet")
_lstsq = result_type("linalg_lstsq", "solution", "residuals", "rank", "singular_values")
_triangular = result_type("triangular_solve", "solution", "cloned_coefficient")

# ---------------------------------------------------------------- inverse


def _check_inv(A: Tensor) -> None:
    C.square("linalg.inv", A)
    C.floating("linalg.inv", A, low=False)


@function("linalg.inv(Tensor A)", out=True, method=False)
def inv(A):
    """Inverse of square matrices [..., n, n].

    Raises LinAlgError for a singular matrix, when the result is computed.

    >>> import numtorch as torch
    >>> torch.linalg.inv(torch.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    _check_inv(A)
    return C.host("inv", (A,), (True, "linalg.inv", 0))


@function("inverse(Tensor input)", out=True)
def inverse(input):
    """Inverse of square matrices: linalg.inv.

    >>> import numtorch as torch
    >>> torch.inverse(torch.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    return inv(input)


@function(
    "linalg.inv_ex(Tensor A, *, bool check_errors=False)", out=("inverse", "info"), method=False
)
def inv_ex(A, *, check_errors=False):
    """(inverse, info): info is 0, or the place of the pivot that is zero.

    >>> import numtorch as torch
    >>> torch.linalg.inv_ex(torch.zeros(2, 2)).info
    tensor(1, dtype=torch.int32)
    """
    _check_inv(A)
    return _inv_ex(*(C.host("inv", (A,), (check_errors, "linalg.inv", k)) for k in range(2)))


def _tolerance(value, like: Tensor, default: float) -> Tensor:
    from ._creation import tensor

    real = like.dtype.to_real()
    if isinstance(value, Tensor):
        return value.to(real)
    return tensor(default if value is None else float(value), dtype=real)


def tolerances(A: Tensor, atol, rtol) -> tuple[Tensor, Tensor]:
    """atol and rtol as tensors; rtol is eps * max(m, n) unless one of them is given."""
    import numpy as np

    eps = float(np.finfo(A.dtype.to_real().np).eps)
    given = atol is not None and not (isinstance(atol, (int, float)) and atol == 0)
    default = 0.0 if given else eps * max(C.meta(A)[-2:])
    if isinstance(atol, Tensor) and rtol is None:
        base = _tolerance(None, A, eps * max(C.meta(A)[-2:]))
        atol = _tolerance(atol, A, 0.0)
        return atol, (atol > 0).logical_not().to(atol.dtype) * base
    return _tolerance(atol, A, 0.0), _tolerance(rtol, A, default)


def _pinv(A, atol, rtol, hermitian):
    if A.dim() < 2 or not A.dtype.differentiable or A.dtype.narrow:
        from ._methods import _c_name

        raise RuntimeError(
            f"linalg.pinv({_c_name(A.dtype)}{{{list(A.shape)}}}): expected a tensor with 2 or more "
            "dimensions of float, double, cfloat or cdouble types"
        )
    if hermitian:
        C.square("linalg.eigh", A)
    return C.host("pinv", (A, *tolerances(A, atol, rtol)), (hermitian,))


@function("linalg.pinv(Tensor A, any rcond=None, bool hermitian=False, *, any atol=None, "
          "any rtol=None)", out=True, method=False)  # fmt: skip
def pinv(A, rcond=None, hermitian=False, *, atol=None, rtol=None):
    """Pseudo-inverse: singular values up to max(atol, rtol * the largest) count as zero.

    >>> import numtorch as torch
    >>> torch.linalg.pinv(torch.tensor([[2.0, 0.0], [0.0, 0.0], [0.0, 0.0]]))
    tensor([[0.5000, 0.0000, 0.0000],
            [0.0000, 0.0000, 0.0000]])
    """
    return _pinv(A, atol, rcond if rtol is None else rtol, hermitian)


@function("pinverse(Tensor input, float rcond=1e-15)")
def pinverse(input, rcond=1e-15):
    """Pseudo-inverse: linalg.pinv.

    >>> import numtorch as torch
    >>> torch.pinverse(torch.tensor([[2.0, 0.0], [0.0, 0.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.0000]])
    """
    return _pinv(input, None, rcond, False)


# ---------------------------------------------------------------- determinants


def _det(A: Tensor, name: str = "linalg.det") -> Tensor:
    C.square(name, A)
    C.floating(name, A)
    C.kernel(A, "lu_cpu")
    return C.host("det", (A,))


def _sign_and_log(A: Tensor, name: str) -> tuple[Tensor, Tensor]:
    C.square(name, A)
    C.floating(name, A, low=False)
    return tuple(C.host("slogdet", (A,), (k,)) for k in range(2))


@function("linalg.det(Tensor A)", out=True, method=False)
def det(A):
    """Determinant of square matrices.

    >>> import numtorch as torch
    >>> torch.linalg.det(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor(-2.)
    """
    return _det(A)


@function("det(Tensor input)")
def torch_det(input):
    """Determinant: linalg.det.

    >>> import numtorch as torch
    >>> torch.det(torch.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor(8.)
    """
    return _det(input)


@function("linalg.slogdet(Tensor A)", out=("sign", "logabsdet"), method=False)
def slogdet(A):
    """(sign, logarithm of the absolute value) of the determinant.

    >>> import numtorch as torch
    >>> sign, logabsdet = torch.linalg.slogdet(torch.tensor([[-2.0, 0.0], [0.0, 4.0]]))
    >>> sign, logabsdet
    (tensor(-1.), tensor(2.0794))
    """
    return _slogdet(*_sign_and_log(A, "linalg.slogdet"))


_old_slogdet = result_type("slogdet", "sign", "logabsdet")


@function("slogdet(Tensor input)", out=("sign", "logabsdet"))
def torch_slogdet(input):
    """(sign, logarithm of the absolute value) of the determinant: linalg.slogdet.

    >>> import numtorch as torch
    >>> torch.slogdet(torch.tensor([[2.0, 0.0], [0.0, 4.0]])).logabsdet
    tensor(2.0794)
    """
    return _old_slogdet(*_sign_and_log(input, "linalg.slogdet"))


@function("logdet(Tensor input)")
def logdet(input):
    """Logarithm of the determinant: NaN where it is negative, -inf where it is 0.

    >>> import numtorch as torch
    >>> torch.logdet(torch.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor(2.0794)
    """
    sign, log = _sign_and_log(input, "logdet")
    if input.dtype.kind == "c":
        return sign.log() + log
    return C.record("where", (sign == -1.0, float("nan"), log))


# ---------------------------------------------------------------- linear systems


def _vector_right_side(A: Tensor, B: Tensor) -> bool:
    a, b = C.meta(A), C.meta(B)
    return len(b) == 1 or (len(a) - 1 == len(b) and a[:-1] == b)


def _systems(name: str, A: Tensor, B: Tensor, left: bool) -> None:
    (m, n), k = C.meta(B)[-2:], C.meta(A)[-1]
    if k != (m if left else n):
        equation = "AX = B" if left else "XA = B"
        raise RuntimeError(
            f"{name}: Incompatible shapes of A and B for the equation {equation} ({k}x{k} and "
            f"{m}x{n})"
        )


def _solved(A, B, left, check) -> list[Tensor]:
    C.square("linalg.solve", A)
    C.floating("linalg.solve", A)
    C.same_dtype("linalg.solve", A, B)
    C.kernel(A, "lu_cpu")
    vector = _vector_right_side(A, B)
    if vector:
        B = B.unsqueeze(-1)
    C.matrix("linalg.solve", B, "B")
    _systems("linalg.solve", A, B, left or vector)
    turned = not left and not vector
    if turned:
        A, B = A.transpose(-2, -1), B.transpose(-2, -1)
    A, B = C.batched("linalg.solve", A, B)
    out, info = (C.host("solve", (A, B), (check, "torch.linalg.solve", k)) for k in range(2))
    out = out.transpose(-2, -1) if turned else out
    return [out.squeeze(-1) if vector else out, info]


@function("linalg.solve(Tensor A, Tensor B, *, bool left=True)", out=True, method=False)
def solve(A, B, *, left=True):
    """X with A X = B (left) or X A = B, for square A [..., n, n] and B [..., n, k] or [..., n].

    Raises LinAlgError for a singular matrix, when the result is computed.

    >>> import numtorch as torch
    >>> torch.linalg.solve(torch.tensor([[2.0, 1.0], [0.0, 1.0]]), torch.tensor([4.0, 2.0]))
    tensor([1., 2.])
    """
    return _solved(A, B, left, True)[0]


@function("linalg.solve_ex(Tensor A, Tensor B, *, bool left=True, bool check_errors=False)",
          out=("result", "info"), method=False)  # fmt: skip
def solve_ex(A, B, *, left=True, check_errors=False):
    """(result, info): info is 0, or the place of the pivot that is zero.

    >>> import numtorch as torch
    >>> A = torch.tensor([[2.0, 0.0], [0.0, 4.0]])
    >>> torch.linalg.solve_ex(A, torch.tensor([2.0, 4.0])).result
    tensor([1., 1.])
    """
    return _solve_ex(*_solved(A, B, left, check_errors))


def triangular(A, B, upper, unit):
    """X with A X = B for triangular A, checked operands."""
    return C.host("solve_triangular", (A, B), (upper, unit))


@function(
    "linalg.solve_triangular(Tensor A, Tensor B, *, bool upper, bool left=True, "
    "bool unitriangular=False)", out=True, method=False,
)  # fmt: skip
def solve_triangular(A, B, *, upper, left=True, unitriangular=False):
    """X with A X = B or X A = B for triangular A; its other triangle is not read.

    >>> import numtorch as torch
    >>> A = torch.tensor([[2.0, 1.0], [0.0, 4.0]])
    >>> torch.linalg.solve_triangular(A, torch.tensor([[5.0], [4.0]]), upper=True)
    tensor([[2.],
            [1.]])
    """
    name = "linalg.solve_triangular"
    C.square(name, A)
    C.matrix(name, B, "B")
    _systems(name, A, B, left)
    C.kernel(A, "triangular_solve_cpu")
    C.same_dtype(name, A, B)
    if not left:
        A, B, upper = A.transpose(-2, -1), B.transpose(-2, -1), not upper
    A, B = C.batched(name, A, B)
    out = triangular(A, B, upper, unitriangular)
    return out if left else C.in_columns(out.transpose(-2, -1))


@function(
    "triangular_solve(Tensor input, Tensor A, bool upper=True, bool transpose=False, "
    "bool unitriangular=False)", out=("solution", "cloned_coefficient"),
)  # fmt: skip
def triangular_solve(input, A, upper=True, transpose=False, unitriangular=False):
    """(solution of A x = input, a copy of A): PyTorch's older linalg.solve_triangular.

    >>> import numtorch as torch
    >>> A = torch.tensor([[2.0, 1.0], [0.0, 4.0]])
    >>> torch.triangular_solve(torch.tensor([[5.0], [4.0]]), A).solution
    tensor([[2.],
            [1.]])
    """
    for name, t in (("b", input), ("A", A)):
        if t.dim() < 2:
            raise RuntimeError(
                f"torch.triangular_solve: Expected {name} to have at least 2 dimensions, but it "
                f"has {t.dim()} dimensions instead"
            )
    C.square("triangular_solve", A)
    _systems("triangular_solve", A, input, True)
    C.kernel(A, "triangular_solve_cpu")
    A, B = C.batched("triangular_solve", A, input)
    lhs = C.adjoint(A) if transpose else A
    return _triangular(triangular(lhs, B, upper != transpose, unitriangular), C.in_columns(A))


# ---------------------------------------------------------------- least squares

_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


def _check_lstsq(A, B, driver) -> bool:
    """PyTorch's errors; whether B is a vector (or a stack of them)."""
    name = "torch.linalg.lstsq"
    if A.dim() < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    if B.dim() < 1:
        raise RuntimeError(f"{name}: other must have at least 1 dimension.")
    if driver not in _DRIVERS:
        raise RuntimeError(
            f"{name}: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)"
        )
    if A.dtype is not B.dtype:
        from ._methods import _c_name

        raise RuntimeError(
            f"{name}: Expected input and other to have the same dtype, but got input's dtype "
            f"{_c_name(A.dtype)} and other's dtype {_c_name(B.dtype)}"
        )
    a, b = C.meta(A), C.meta(B)
    vector = len(b) == 1 or (len(a) - 1 == len(b) and a[:-1] == b)
    if a[-2] != (b[-1] if vector else b[-2]):
        size = "other.size(-1)" if vector else "other.size(-2)"
        raise RuntimeError(f"{name}: input.size(-2) should match {size}")
    C.kernel(A, "linalg_lstsq_cpu")
    return vector


@function("linalg.lstsq(Tensor A, Tensor B, float? rcond=None, *, str? driver=None)",
          out=("solution", "residuals", "rank", "singular_values"), method=False)  # fmt: skip
def lstsq(A, B, rcond=None, *, driver=None):
    """Least squares solution of A X = B, of least norm where it is not unique.

    (solution, residuals, rank, singular_values); all drivers compute by the singular value
    decomposition. The residuals are empty unless A has more rows than columns and full rank,
    and for gelsy, which is what None means.

    >>> import numtorch as torch
    >>> A = torch.tensor([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
    >>> torch.linalg.lstsq(A, torch.tensor([[1.0], [3.0], [5.0]])).solution
    tensor([[1.0000],
            [2.0000]])
    """
    import numpy as np

    driver = "gelsy" if driver is None else driver
    vector = _check_lstsq(A, B, driver)
    B = B.unsqueeze(-1) if vector else B
    A, B = C.batched("torch.linalg.lstsq", A, B)
    m, n = C.meta(A)[-2:]
    if rcond is None:
        rcond = float(np.finfo(A.dtype.to_real().np).eps) * max(m, n)
    x, rank, values = (C.host("lstsq", (A, B), (float(rcond), k)) for k in range(3))
    real = A.dtype.to_real()
    residuals = x.reshape(-1)[:0].abs()
    if m > n and driver != "gelsy" and (driver == "gels" or bool((rank == n).all())):
        r = (A @ x - B).abs()
        residuals = (r * r).sum(-2)
    if driver == "gels":
        rank = A.new_empty(0, dtype=_d.int64)
    values = A.new_empty(0, dtype=real) if driver in ("gels", "gelsy") else values.detach()
    return _lstsq(x.squeeze(-1) if vector else x, residuals, rank, values)


# ---------------------------------------------------------------- tensors as matrices


def _prod(shape) -> int:
    n = 1
    for s in shape:
        n *= s
    return n


@function("linalg.tensorinv(Tensor A, int ind=2)", out=True, method=False)
def tensorinv(A, ind=2):
    """Inverse of A as a map of tensors: its first `ind` dims are the result's last.

    >>> import numtorch as torch
    >>> torch.linalg.tensorinv(torch.eye(4).reshape(2, 2, 4), ind=2).shape
    torch.Size([4, 2, 2])
    """
    if ind <= 0:
        raise RuntimeError(f"Expected a strictly positive integer for 'ind', but got {ind}")
    shape = C.meta(A)
    first, last = shape[:ind], shape[ind:]
    if _prod(last) != _prod(first):
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == "
            f"prod(self.shape[:ind]), but got {_prod(last)} != {_prod(first)}"
        )
    return inv(A.reshape(_prod(first), _prod(last))).reshape(*last, *first)


@function("linalg.tensorsolve(Tensor A, Tensor B, int[]? dims=None)", out=True, method=False)
def tensorsolve(A, B, dims=None):
    """X with tensordot(A, X, X.ndim) = B; `dims` of A are moved to its end first.

    >>> import numtorch as torch
    >>> torch.linalg.tensorsolve(torch.eye(4).reshape(4, 2, 2), torch.tensor([1.0, 2.0, 3.0, 4.0]))
    tensor([[1., 2.],
            [3., 4.]])
    """
    if dims is not None:
        A = A.movedim(tuple(dims), tuple(range(A.dim() - len(dims), A.dim())))
    lead, rest = C.meta(A)[: B.dim()], C.meta(A)[B.dim() :]
    if _prod(rest) != _prod(lead):
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == "
            f"prod(self.shape[:other.ndim]), but got {_prod(rest)} != {_prod(lead)}"
        )
    n = _prod(rest)
    return solve(A.reshape(n, n), B.reshape(n)).reshape(rest)
