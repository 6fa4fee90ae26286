"""Matrix algorithms that NumPy has not, for stacks of matrices [..., m, n]: LU, triangular solves,
LDL, the matrix exponential.

Golub and Van Loan, Matrix Computations (2013), 3.1-3.4 and 4.4; Higham, The scaling and squaring
method for the matrix exponential revisited (2005).
"""

from __future__ import annotations

import math

import numpy as np

BLOCK = 32


def flat(a: np.ndarray) -> np.ndarray:
    """A stack of matrices with one batch dim, as a fresh array."""
    return np.array(a, order="C").reshape(math.prod(a.shape[:-2]), *a.shape[-2:])


def adjoint(a: np.ndarray) -> np.ndarray:
    """Conjugate transpose."""
    return np.conj(np.swapaxes(a, -1, -2))


# ---------------------------------------------------------------- LU


def lu(matrix: np.ndarray, pivot: bool = True):
    """(L and U in one matrix, row exchanges from 1 on, the first zero pivot from 1 on or 0)."""
    a = flat(matrix)
    count, m, n = a.shape
    k = min(m, n)
    swaps = np.tile(np.arange(1, k + 1, dtype=np.int32), (count, 1))
    info = np.zeros(count, np.int32)
    for j0 in range(0, k, BLOCK):
        j1 = min(j0 + BLOCK, k)
        for j in range(j0, j1):
            _column(a, j, j1, pivot, swaps, info)
        if j1 < n:
            top = a[:, j0:j1, j1:]
            a[:, j0:j1, j1:] = substitute(a[:, j0:j1, j0:j1], top, upper=False, unit=True)
            a[:, j1:, j1:] -= a[:, j1:, j0:j1] @ a[:, j0:j1, j1:]
    lead = matrix.shape[:-2]
    return a.reshape(matrix.shape), swaps.reshape(*lead, k), info.reshape(lead)


def _column(a, j, end, pivot, swaps, info) -> None:
    """One column of a panel: exchange rows, divide by the pivot, update the panel's rest."""
    rows = np.arange(len(a))
    if pivot:
        column = a[:, j:, j]
        size = np.abs(column.real) + np.abs(column.imag) if a.dtype.kind == "c" else np.abs(column)
        p = size.argmax(1) + j
        swaps[:, j] = p + 1
        if (p != j).any():
            kept = a[rows, p].copy()
            a[rows, p] = a[:, j]
            a[:, j] = kept
    zero = a[:, j, j] == 0
    info[zero & (info == 0)] = j + 1
    a[:, j + 1 :, j] /= np.where(zero, 1, a[:, j, j])[:, None]
    a[:, j + 1 :, j + 1 : end] -= a[:, j + 1 :, j, None] * a[:, j, None, j + 1 : end]


def permutation(swaps: np.ndarray, m: int) -> np.ndarray:
    """The order of the rows after the exchanges: row i of L U is row order[i] of the matrix."""
    lead, k = swaps.shape[:-1], swaps.shape[-1]
    flat_swaps = swaps.reshape(math.prod(lead), k)
    order = np.tile(np.arange(m), (len(flat_swaps), 1))
    rows = np.arange(len(flat_swaps))
    for j in range(k):
        p = flat_swaps[:, j] - 1
        kept = order[rows, p].copy()
        order[rows, p] = order[:, j]
        order[:, j] = kept
    return order.reshape(*lead, m)


def permutation_matrix(swaps: np.ndarray, m: int, dtype) -> np.ndarray:
    """P with matrix = P L U."""
    return np.swapaxes(np.eye(m, dtype=dtype)[permutation(swaps, m)], -1, -2)


# ---------------------------------------------------------------- triangular systems


def substitute(a: np.ndarray, b: np.ndarray, upper: bool, unit: bool) -> np.ndarray:
    """x with a x = b for triangular a; blocks of rows, so most of the work is products."""
    n = a.shape[-1]
    x = np.array(b)
    for i0 in range(0, n, BLOCK) if not upper else reversed(range(0, n, BLOCK)):
        i1 = min(i0 + BLOCK, n)
        done = slice(i1, n) if upper else slice(0, i0)
        if done.stop > done.start:
            x[..., i0:i1, :] -= a[..., i0:i1, done] @ x[..., done, :]
        for i in reversed(range(i0, i1)) if upper else range(i0, i1):
            near = slice(i + 1, i1) if upper else slice(i0, i)
            if near.stop > near.start:
                x[..., i, :] -= (a[..., i, None, near] @ x[..., near, :])[..., 0, :]
            if not unit:
                x[..., i, :] /= a[..., i, i, None]
    return x


# ---------------------------------------------------------------- Cholesky


def leading_minor(matrix: np.ndarray) -> int:
    """Order of the first leading minor of a matrix that is not positive; 0 if all are."""
    n = len(matrix)
    a = np.tril(np.array(matrix))
    for j in range(n):
        d = a[j, j].real - (np.abs(a[j, :j]) ** 2).sum()
        if not d > 0:
            return j + 1
        a[j, j] = math.sqrt(d)
        a[j + 1 :, j] = (a[j + 1 :, j] - a[j + 1 :, :j] @ np.conj(a[j, :j])) / a[j, j]
    return 0


# ---------------------------------------------------------------- LDL


def ldl(matrix: np.ndarray, hermitian: bool):
    """Bunch and Kaufman's P L D L^H P^H from the lower triangle, in LAPACK's compact form.

    A pivot of two rows is marked by equal negative exchanges. Bunch and Kaufman (1977).
    """
    a = flat(matrix)
    n = a.shape[-1]
    swaps, info = np.zeros((len(a), n), np.int32), np.zeros(len(a), np.int32)
    for k in range(len(a)):
        info[k] = _ldl_one(a[k], swaps[k], hermitian and a.dtype.kind == "c")
    lead = matrix.shape[:-2]
    return a.reshape(matrix.shape), swaps.reshape(*lead, n), info.reshape(lead)


def _size(x) -> np.ndarray:
    return np.abs(x.real) + np.abs(x.imag) if np.iscomplexobj(x) else np.abs(x)


def _ldl_one(a: np.ndarray, swaps: np.ndarray, hermitian: bool) -> int:
    n, k, info = len(a), 0, 0
    alpha = (1 + math.sqrt(17)) / 8
    while k < n:
        step, p = 1, k
        own = abs(a[k, k].real) if hermitian else _size(a[k, k])
        below = _size(a[k + 1 :, k])
        top = int(below.argmax()) + k + 1 if k + 1 < n else k
        largest = below.max() if k + 1 < n else 0.0
        if max(own, largest) == 0 or np.isnan(own):
            info = info or k + 1
        else:
            if own < alpha * largest:
                row = max(_size(a[top, k:top]).max(), _size(a[top + 1 :, top]).max(initial=0.0))
                other = abs(a[top, top].real) if hermitian else _size(a[top, top])
                if own >= alpha * largest * (largest / row):
                    p = k
                elif other >= alpha * row:
                    p = top
                else:
                    p, step = top, 2
            _exchange(a, k, k + step - 1, p, hermitian)
            _eliminate(a, k, step, hermitian)
        if step == 1:
            swaps[k] = p + 1
        else:
            swaps[k] = swaps[k + 1] = -(p + 1)
        k += step
    return info


def _exchange(a, k, kk, p, hermitian) -> None:
    """Swaps rows and columns kk and p of the trailing lower triangle."""
    if p == kk:
        return
    a[p + 1 :, [kk, p]] = a[p + 1 :, [p, kk]]
    between = a[kk + 1 : p, kk].copy()
    conj = np.conj if hermitian else np.asarray
    a[kk + 1 : p, kk] = conj(a[p, kk + 1 : p])
    a[p, kk + 1 : p] = conj(between)
    if hermitian:
        a[p, kk] = np.conj(a[p, kk])
    a[kk, kk], a[p, p] = a[p, p], a[kk, kk]
    if kk != k:
        a[kk, k], a[p, k] = a[p, k], a[kk, k]


def _eliminate(a, k, step, hermitian) -> None:
    """Subtracts a pivot block's part from the rest and stores its columns of L."""
    end = k + step
    if hermitian:
        for j in range(k, end):
            a[j, j] = a[j, j].real
    if end >= len(a):
        return
    block = np.tril(a[k:end, k:end])
    block = block + (adjoint(np.tril(block, -1)) if hermitian else np.tril(block, -1).T)
    column = a[end:, k:end].copy()
    lower = np.linalg.solve(block.T, column.T).T
    update = lower @ (adjoint(column) if hermitian else column.T)
    a[end:, end:] -= np.tril(update)
    a[end:, k:end] = lower


def ldl_solve(compact: np.ndarray, swaps: np.ndarray, b: np.ndarray, hermitian: bool) -> np.ndarray:
    """x with (P L D L^H P^H) x = b for the result of `ldl`."""
    lead = np.broadcast_shapes(compact.shape[:-2], b.shape[:-2])

    def stack(v, rank):
        return np.broadcast_to(v, (*lead, *v.shape[v.ndim - rank :]))

    a, x = flat(stack(compact, 2)), flat(stack(b, 2))
    p = stack(swaps, 1).reshape(len(a), swaps.shape[-1])
    for k in range(len(a)):
        _ldl_solve_one(a[k], p[k], x[k], hermitian and a.dtype.kind == "c")
    return x.reshape(*lead, *b.shape[-2:])


def _ldl_solve_one(a, swaps, x, hermitian) -> None:
    n, k, blocks = len(a), 0, []
    while k < n:
        step = 1 if swaps[k] > 0 else 2
        p, kk = abs(int(swaps[k])) - 1, k + step - 1
        if p != kk:
            x[[kk, p]] = x[[p, kk]]
        x[k + step :] -= a[k + step :, k : k + step] @ x[k : k + step]
        block = np.tril(a[k : k + step, k : k + step])
        low = np.tril(block, -1)
        x[k : k + step] = np.linalg.solve(
            block + (adjoint(low) if hermitian else low.T), x[k : k + step]
        )
        blocks.append((k, step, p, kk))
        k += step
    for k, step, p, kk in reversed(blocks):
        lower = a[k + step :, k : k + step]
        x[k : k + step] -= (adjoint(lower) if hermitian else lower.T) @ x[k + step :]
        if p != kk:
            x[[kk, p]] = x[[p, kk]]


# ---------------------------------------------------------------- matrix exponential

_PADE = (
    64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0,
    129060195264000.0, 10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0, 40840800.0,
    960960.0, 16380.0, 182.0, 1.0,
)  # fmt: skip
_PADE_NORM = 5.37  # up to here the approximant of degree 13 is exact to float64


def matrix_exp(matrix: np.ndarray) -> np.ndarray:
    """exp of square matrices: Pade approximant of degree 13, scaling and squaring."""
    n = matrix.shape[-1]
    kind = np.complex128 if matrix.dtype.kind == "c" else np.float64
    a = np.asarray(matrix, kind)
    if a.size == 0:
        return a
    norm = np.abs(a).sum(-2).max(-1)
    scale = np.where(norm > _PADE_NORM, np.ceil(np.log2(np.maximum(norm, 1e-30) / _PADE_NORM)), 0)
    scale = np.where(np.isfinite(scale), np.maximum(scale, 0), 0).astype(int)
    a = a / (2.0**scale)[..., None, None]
    eye, b = np.eye(n, dtype=kind), _PADE
    a2 = a @ a
    a4 = a2 @ a2
    a6 = a2 @ a4

    def even(k):
        # b[k] I + b[k + 2] A^2 + b[k + 4] A^4 + ...
        low = b[k] * eye + b[k + 2] * a2 + b[k + 4] * a4 + b[k + 6] * a6
        return low + a6 @ (b[k + 8] * a2 + b[k + 10] * a4 + b[k + 12] * a6)

    u, v = a @ even(1), even(0)
    out = np.linalg.solve(v - u, v + u)
    for step in range(int(scale.max(initial=0))):
        again = (scale > step)[..., None, None]
        out = np.where(again, out @ out, out)
    return out
