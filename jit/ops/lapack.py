"""Host rows of matrix factorizations and solvers: what NumPy's LAPACK computes, and the results'
types. The gradients are in lapack_grad.py.
"""

from __future__ import annotations

import numpy as np

from .. import dtypes
from ..ir import Type
from . import lapack_grad as G
from . import numpy_linalg as N
from .host import HostError, host


class _LinAlgError(RuntimeError):
    """A matrix that a factorization or a solver can not take.

    >>> import numtorch as torch
    >>> try:
    ...     torch.linalg.inv(torch.zeros(2, 2)).sum().item()
    ... except torch.linalg.LinAlgError as error:
    ...     print(str(error)[:42])
    linalg.inv: The diagonal element 1 is zero
    """


LinAlgError = _LinAlgError  # PyTorch's own name of the class begins so


def _fail(who: str, info: np.ndarray, text: str) -> HostError:
    """The error of the first failing matrix; {} in the text is its info."""
    at = int(np.flatnonzero(info.reshape(-1))[0])
    where = f"(Batch element {at}): " if info.ndim else ""
    return HostError(f"{who}: {where}{text.format(int(info.reshape(-1)[at]))}", LinAlgError)


def _each(fn, a: np.ndarray, *more: np.ndarray):
    """fn for every matrix of a stack alone; failed ones are NaN, with their number."""
    lead = a.shape[:-2]
    out = None
    bad = np.zeros(lead, bool)
    for k in np.ndindex(lead):
        try:
            found = fn(a[k], *(b[k] for b in more))
        except np.linalg.LinAlgError:
            bad[k] = True
            continue
        if out is None:
            out = np.full((*lead, *found.shape), np.nan, found.dtype)
        out[k] = found
    return out, bad


def _types(*shapes):
    """infer from one function of the operand's type per result."""

    def infer(types, attrs):
        return shapes[attrs.get("result", 0)](types[0], **{
            k: v for k, v in attrs.items() if k != "result"
        })  # fmt: skip

    return infer


def _same(t, **_):
    return Type(t.shape, t.dtype)


def _info(t, **_):
    return Type(t.shape[:-2], dtypes.int32)


def _least(t) -> int:
    m, n = t.shape[-2:]
    return m if m < n else n


# ---------------------------------------------------------------- inverse, solve, determinants


def _inv(a, check, who):
    info = np.zeros(a.shape[:-2], np.int32)
    try:
        return np.linalg.inv(a), info
    except np.linalg.LinAlgError:
        info = N.lu(a)[2]
    if check:
        raise _fail(
            who, info, "The diagonal element {} is zero, the inversion could not be completed "
            "because the input matrix is singular.",
        )  # fmt: skip
    out, _ = _each(np.linalg.inv, a)
    return (np.full_like(a, np.nan) if out is None else out), info


def _solve(a, b, check, who):
    info = np.zeros(a.shape[:-2], np.int32)
    try:
        return np.linalg.solve(a, b), info
    except np.linalg.LinAlgError:
        info = N.lu(a)[2]
    if check:
        raise _fail(who, info, "The solver failed because the input matrix is singular.")
    out, _ = _each(np.linalg.solve, a, b)
    return (np.full_like(b, np.nan) if out is None else out), info


def _cofactor(a):
    """det(A) inv(A)^H, also where A is singular: by the SVD, with products of the other values."""
    n = a.shape[-1]
    if n == 0:
        return a
    u, s, vh = np.linalg.svd(a)
    table = np.where(np.eye(n, dtype=bool), 1.0, s[..., None, :])
    others = np.prod(table, -1)
    phase = np.conj(np.linalg.det(u) * np.linalg.det(vh))
    return (phase[..., None, None] * (u * others[..., None, :]) @ vh).astype(a.dtype)


def _det_type(t, **_):
    return Type(t.shape[:-2], t.dtype)


def _logdet_type(t, **_):
    return Type(t.shape[:-2], t.dtype.to_real())


host("inv", _inv, _types(_same, _info), results=2, attrs=("check", "who"), vjp=G.inv, columns=(0,))
host("solve", _solve,
     lambda ts, a: Type(ts[1].shape if a["result"] == 0 else ts[0].shape[:-2],
                        ts[1].dtype if a["result"] == 0 else dtypes.int32),
     results=2, attrs=("check", "who"), vjp=G.solve, arity=2, columns=(0,))  # fmt: skip
host("det", np.linalg.det, _types(_det_type), vjp=G.det)
host("cofactor", _cofactor, _types(_same))
host("slogdet", lambda a: tuple(np.linalg.slogdet(a)), _types(_det_type, _logdet_type), results=2,
     vjp=G.slogdet)  # fmt: skip
host("matrix_exp", N.matrix_exp, _types(_same), vjp=G.matrix_exp)

# ---------------------------------------------------------------- LU, triangular systems, LDL


def _pivots(t, **_):
    return Type((*t.shape[:-2], _least(t)), dtypes.int32)


host("lu_factor", N.lu, _types(_same, _pivots, _info), results=3, attrs=("pivot",), vjp=G.lu_factor,
     columns=(0,))  # fmt: skip
# P of lu_factor's exchanges, in the type of a second operand.
host("permutation_matrix", lambda p, like, m: N.permutation_matrix(p, m, like.dtype),
     lambda ts, a: Type((*ts[0].shape[:-1], a["m"], a["m"]), ts[1].dtype), attrs=("m",), arity=2)
host("solve_triangular", N.substitute, lambda ts, a: Type(ts[1].shape, ts[1].dtype),
     attrs=("upper", "unit"), vjp=G.solve_triangular, arity=2, columns=(0,))  # fmt: skip


def _ldl(a, hermitian):
    factor, swaps, info = N.ldl(a, hermitian)
    return np.tril(factor), swaps, info


host("ldl_factor", _ldl, _types(_same, _pivots, _info), results=3, attrs=("hermitian",),
     columns=(0,))  # fmt: skip
host("ldl_solve", N.ldl_solve, lambda ts, a: Type(ts[2].shape, ts[2].dtype), attrs=("hermitian",),
     arity=3, columns=(0,))  # fmt: skip

# ---------------------------------------------------------------- Cholesky, QR


def _cholesky(a, upper, check, who):
    """The lower factor of the matrix that one triangle gives; the other is not read."""
    info = np.zeros(a.shape[:-2], np.int32)
    a = np.tril(N.adjoint(a) if upper else a)
    try:
        factor = np.linalg.cholesky(a)
        if np.isfinite(factor).all() or np.isfinite(a).all():
            return factor, info
    except np.linalg.LinAlgError:
        pass
    for k in np.ndindex(a.shape[:-2]):
        info[k] = N.leading_minor(a[k])
    if check and info.any():
        raise _fail(
            who, info, "The factorization could not be completed because the input is not "
            "positive-definite (the leading minor of order {} is not positive-definite).",
        )  # fmt: skip
    out, bad = _each(np.linalg.cholesky, a)
    out = np.full_like(a, np.nan) if out is None else out
    out[bad] = a[bad]
    return out, info


def _cholesky_solve(b, factor, upper):
    low = N.adjoint(factor) if upper else factor
    return N.substitute(N.adjoint(low), N.substitute(low, b, False, False), True, False)


def _qr(a, mode):
    if mode == "r":
        return np.zeros(0, a.dtype), np.linalg.qr(a, mode="r")
    return tuple(np.linalg.qr(a, mode=mode))


def _q_type(t, mode):
    if mode == "r":
        return Type((0,), t.dtype)
    m = t.shape[-2]
    return Type((*t.shape[:-1], m if mode == "complete" else _least(t)), t.dtype)


def _r_type(t, mode):
    m, n = t.shape[-2:]
    return Type((*t.shape[:-2], m if mode == "complete" else _least(t), n), t.dtype)


def _geqrf(a):
    h, tau = np.linalg.qr(a, mode="raw")
    return np.swapaxes(h, -1, -2), tau


def _tau_type(t, **_):
    return Type((*t.shape[:-2], _least(t)), t.dtype)


host("cholesky", _cholesky, _types(_same, _info), results=2, attrs=("upper", "check", "who"),
     vjp=G.cholesky, columns=(0,))  # fmt: skip
host("cholesky_solve", _cholesky_solve, _types(_same), attrs=("upper",), vjp=G.cholesky_solve,
     arity=2, columns=(0,))  # fmt: skip
host("qr", _qr, _types(_q_type, _r_type), results=2, attrs=("mode",), vjp=G.qr,
     no_gradient=G.qr_refusal, columns=(0, 1))
host("geqrf", _geqrf, _types(_same, _tau_type), results=2, columns=(0,))

# ---------------------------------------------------------------- eigenvalues, singular values


def _finite(who: str, a: np.ndarray) -> None:
    bad = ~np.isfinite(a).all((-1, -2)) if a.size else np.zeros((), bool)
    if bad.any():
        raise _fail(
            who, bad, "The algorithm failed to converge because the input matrix contained "
            "non-finite values.",
        )  # fmt: skip


def _failed(who: str, e: Exception) -> HostError:
    return HostError(f"{who}: The algorithm failed to converge ({e}).", LinAlgError)


def _eigh(a, uplo, who):
    """Matrices with NaN or inf give NaN."""
    bad = ~np.isfinite(a).all((-1, -2))
    try:
        values, vectors = np.linalg.eigh(np.where(bad[..., None, None], 0, a), uplo)
    except np.linalg.LinAlgError as e:
        raise _failed(who, e) from None
    values[bad], vectors[bad] = np.nan, np.nan
    return values, vectors


def _eigvalsh(a, uplo, who):
    bad = ~np.isfinite(a).all((-1, -2))
    values = np.linalg.eigvalsh(np.where(bad[..., None, None], 0, a), uplo)
    values[bad] = np.nan
    return values


def _eig(a, who):
    if not np.isfinite(a).all():
        raise HostError(
            "torch.linalg.eig: input tensor should not contain infs or NaNs.", RuntimeError
        )
    try:
        return tuple(np.linalg.eig(a))
    except np.linalg.LinAlgError as e:
        raise _failed(who, e) from None


def _eigvals(a, who):
    if not np.isfinite(a).all():
        raise HostError(
            "torch.linalg.eigvals: input tensor should not contain infs or NaNs.", RuntimeError
        )
    return np.linalg.eigvals(a)


def _svd(a, full, who):
    _finite(who, a)
    try:
        return tuple(np.linalg.svd(a, full_matrices=full))
    except np.linalg.LinAlgError as e:
        raise _failed(who, e) from None


def _svdvals(a, who):
    _finite(who, a)
    return np.linalg.svd(a, compute_uv=False)


def _real_values(t, **_):
    return Type((*t.shape[:-2], _least(t)), t.dtype.to_real())


def _complex_values(t, **_):
    return Type(t.shape[:-1], t.dtype.to_complex())


def _complex_vectors(t, **_):
    return Type(t.shape, t.dtype.to_complex())


def _u_type(t, full, **_):
    return Type((*t.shape[:-1], t.shape[-2] if full else _least(t)), t.dtype)


def _vh_type(t, full, **_):
    n = t.shape[-1]
    return Type((*t.shape[:-2], n if full else _least(t), n), t.dtype)


host("eigh", _eigh, _types(_real_values, _same), results=2, attrs=("uplo", "who"), vjp=G.eigh,
     columns=(1,))  # fmt: skip
host("eigvalsh", _eigvalsh, _types(_real_values), attrs=("uplo", "who"), vjp=G.eigvalsh)
host("eig", _eig, _types(_complex_values, _complex_vectors), results=2, attrs=("who",), vjp=G.eig,
     columns=(1,))  # fmt: skip
host("eigvals", _eigvals, _types(_complex_values), attrs=("who",), vjp=G.eigvals)
host("svd", _svd, _types(_u_type, _real_values, _vh_type), results=3, attrs=("full", "who"),
     vjp=G.svd, columns=(0, 2))  # fmt: skip
host("svdvals", _svdvals, _types(_real_values), attrs=("who",), vjp=G.svdvals)

# ---------------------------------------------------------------- pseudo-inverse, least squares


def _pinv(a, atol, rtol, hermitian):
    """Singular values up to max(atol, rtol * the largest) count as zero."""
    if a.size == 0:
        return np.zeros((*a.shape[:-2], a.shape[-1], a.shape[-2]), a.dtype)
    if hermitian:
        s, u = np.linalg.eigh(a)
        vh, size = N.adjoint(u), np.abs(s)
    else:
        _finite("linalg.svd", a)
        u, s, vh = np.linalg.svd(a, full_matrices=False)
        size = s
    most = size.max(-1, keepdims=True)
    keep = size > np.maximum(np.asarray(atol)[..., None], np.asarray(rtol)[..., None] * most)
    inverse = np.where(keep, 1 / np.where(keep, s, 1), 0)
    return ((N.adjoint(vh) * inverse[..., None, :]) @ N.adjoint(u)).astype(a.dtype)


def _lstsq(a, b, rcond):
    """Solutions of least norm, ranks, singular values; by the SVD."""
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    if a.size == 0:
        shape = (*lead, a.shape[-1], b.shape[-1])
        least = min(a.shape[-2:])
        return (np.zeros(shape, b.dtype), np.zeros(a.shape[:-2], np.int64),
                np.zeros((*a.shape[:-2], least), a.real.dtype))  # fmt: skip
    _finite("torch.linalg.lstsq", a)
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    keep = s > rcond * s.max(-1, keepdims=True)
    inverse = np.where(keep, 1 / np.where(keep, s, 1), 0)
    x = N.adjoint(vh) @ (inverse[..., None] * (N.adjoint(u) @ b))
    return np.broadcast_to(x, (*lead, *x.shape[-2:])), keep.sum(-1), s


def _lstsq_type(types, attrs):
    a, b = types
    if attrs["result"] == 0:
        return Type((*b.shape[:-2], a.shape[-1], b.shape[-1]), b.dtype)
    if attrs["result"] == 1:
        return Type(a.shape[:-2], dtypes.int64)
    return Type((*a.shape[:-2], _least(a)), a.dtype.to_real())


host("pinv", _pinv, _types(lambda t, **_: Type((*t.shape[:-2], t.shape[-1], t.shape[-2]), t.dtype)),
     attrs=("hermitian",), vjp=G.pinv, arity=3)  # fmt: skip
host("lstsq", _lstsq, _lstsq_type, results=3, attrs=("rcond",), vjp=G.lstsq, arity=2)
