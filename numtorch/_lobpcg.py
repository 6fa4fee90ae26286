"""A few extreme eigenpairs of a symmetric matrix by LOBPCG.

Knyazev, Toward the optimal preconditioned eigensolver (2001); orthonormal bases as in Duersch et
al., A robust and efficient implementation of LOBPCG (2018).
"""

from __future__ import annotations

import numpy as np

from ._tensor import Tensor
from .autograd import Function, enable_grad, grad, is_grad_enabled


def _is_sparse(A) -> bool:
    return repr(A.layout) != "torch.strided"


def _operator(A):
    """The product of a matrix (dense or sparse) and a NumPy array, as a function; None is I."""
    from ._creation import from_numpy

    if A is None:
        return lambda x: x
    if _is_sparse(A):
        return lambda x: (A @ from_numpy(np.ascontiguousarray(x))).detach().numpy()
    dense = A.detach().numpy()
    return lambda x: dense @ x


def _orthonormal(basis: np.ndarray, times_b) -> np.ndarray:
    """A basis of the same space with S^H B S = I; directions that nearly depend are dropped."""
    for _ in range(2):
        gram = basis.conj().T @ times_b(basis)
        scale = np.sqrt(np.maximum(np.diagonal(gram).real, np.finfo(gram.dtype).tiny))
        values, vectors = np.linalg.eigh(gram / np.outer(scale, scale))
        keep = values > np.finfo(gram.dtype).eps * len(values) * values.max()
        basis = basis @ (vectors[:, keep] / np.sqrt(values[keep]) / scale[:, None])
    return basis


def _iterate(A, B, X: np.ndarray, iK, niter: int, tol: float, largest: bool):
    """(eigenvalues, vectors) after at most niter steps (-1: until all have converged)."""
    times_a, times_b, precondition = map(_operator, (A, B, iK))
    n = X.shape[1]

    def ritz(S):
        values, vectors = np.linalg.eigh(S.conj().T @ times_a(S))
        order = slice(None, None, -1) if largest else slice(None)
        return values[order][:n], vectors[:, order][:, :n]

    S = _orthonormal(X, times_b)
    values, Z = ritz(S)
    X, P = S @ Z, X[:, :0]
    size_a = np.linalg.norm(times_a(X)) / np.linalg.norm(X)
    size_b = np.linalg.norm(times_b(X)) / np.linalg.norm(X)
    step = 0
    while step != niter:
        R = times_a(X) - times_b(X) * values
        off = np.linalg.norm(R, axis=0) / (
            np.linalg.norm(X, axis=0) * (size_a + np.abs(values) * size_b))  # fmt: skip
        active = off >= tol
        if not active.any():
            break
        W = precondition(R[:, active])
        rest = np.concatenate([W, P], 1)
        for _ in range(2):
            rest = rest - X @ (X.conj().T @ times_b(rest))
        S = np.concatenate([X, _orthonormal(rest, times_b)], 1)
        values, Z = ritz(S)
        P = S[:, n:] @ Z[n:]
        X = S @ Z
        step += 1
    return values, X


class _Eigenpairs(Function):
    """Gradients of the pairs by those of linalg.eigh, which are differentiable again."""

    @staticmethod
    def forward(ctx, A, solve, largest):
        E, U = solve(A)
        ctx.save_for_backward(A, U)
        ctx.largest = largest
        return E, U

    @staticmethod
    def backward(ctx, of_values, of_vectors):
        from .linalg import eigh

        A, U = ctx.saved_tensors
        again = is_grad_enabled()
        with enable_grad():
            A = A if again else A.detach().requires_grad_()
            values, vectors = eigh(A)
            if ctx.largest:
                values, vectors = values.flip(-1), vectors.flip(-1)
            k = U.size(-1)
            vectors = vectors[..., :k]
            sign = (vectors * U).sum(-2, keepdim=True).sign().detach()
            (found,) = grad((values[..., :k], vectors * sign), (A,), (of_values, of_vectors),
                            create_graph=again)  # fmt: skip
        return found, None, None


def _check(A, B, method, tracker, more) -> None:
    if A.shape[-2] != A.shape[-1]:
        raise AssertionError(f"A must be square, got shape {A.shape}")
    if B is not None and A.shape != B.shape:
        raise AssertionError(f"A and B must have same shape, got {A.shape} vs {B.shape}")
    if method not in (None, "ortho", "basic"):
        raise ValueError(f"lobpcg: method must be 'ortho' or 'basic', got {method!r}")
    if tracker is not None or any(m is not None for m in more):
        raise NotImplementedError(
            "lobpcg: tracker and the ortho_* parameters are not implemented in numtorch"
        )


def _refuse_gradients(A, B) -> None:
    if _is_sparse(A):
        raise ValueError(
            "lobpcg.backward does not support sparse input yet. Note that lobpcg.forward does "
            "though."
        )
    if A.dtype.is_complex:
        raise ValueError(
            "lobpcg.backward does not support complex input yet. Note that lobpcg.forward does "
            "though."
        )
    if B is not None:
        raise ValueError("lobpcg.backward does not support backward with B != I yet.")


def lobpcg(
    A, k: int | None = None, B=None, X: Tensor | None = None, n: int | None = None, iK=None,
    niter: int | None = None, tol: float | None = None, largest: bool | None = None,
    method: str | None = None, tracker=None, ortho_iparams: dict | None = None,
    ortho_fparams: dict | None = None, ortho_bparams: dict | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """The k largest (or smallest) eigenvalues [..., k] of symmetric A, with vectors [..., m, k].

    With B those of A x = B x lambda. X are first vectors (random ones by default), iK a
    preconditioner. Both methods compute with orthonormal bases. A may be sparse; gradients are
    those of a dense A with B = I.

    >>> import numtorch as torch
    >>> A = torch.diag(torch.arange(1.0, 10.0))
    >>> torch.lobpcg(A, 2)[0]
    tensor([9.0000, 8.0000])
    """
    _check(A, B, method, tracker, (ortho_iparams, ortho_fparams, ortho_bparams))
    largest = True if largest is None else largest
    m = A.shape[-1]
    k = (1 if X is None else X.shape[-1]) if k is None else k
    n = (k if n is None else n) if X is None else X.shape[-1]
    if m < 3 * n:
        raise ValueError(
            f"LOBPCG algorithm is not applicable when the number of A rows (={m}) is smaller than "
            f"3 x the number of requested eigenpairs (={n})"
        )
    if tol is None:
        tol = float(np.finfo(A.dtype.to_real().np).eps) ** 0.5
    options = (1000 if niter is None else niter, tol, largest)

    def solve(a):
        return _solve(a, k, B, X, n, iK, options)

    if is_grad_enabled() and (A.requires_grad or (B is not None and B.requires_grad)):
        _refuse_gradients(A, B)
        return _Eigenpairs.apply((A + A.mT) / 2, solve, largest)
    return solve(A)


def _solve(A, k: int, B, X, n: int, iK, options) -> tuple[Tensor, Tensor]:
    from ._creation import from_numpy
    from ._random import randn

    m, lead = A.shape[-1], tuple(A.shape[:-2])
    count = int(np.prod(lead)) if lead else 1
    first = randn(*lead, m, n, dtype=A.dtype) if X is None else X
    if tuple(first.shape) != (*lead, m, n):
        raise AssertionError(f"X shape mismatch: got {first.shape}, expected {(*lead, m, n)}")
    starts = first.detach().numpy().reshape(count, m, n)
    pairs = []
    for b in range(count):
        one = [x if x is None or not lead else x.reshape(count, m, m)[b] for x in (A, B)]
        pairs.append(_iterate(*one, starts[b], iK, *options))
    values = np.stack([e[:k] for e, _ in pairs]).reshape(*lead, k)
    vectors = np.stack([v[:, :k] for _, v in pairs]).reshape(*lead, m, k)
    real = A.dtype.to_real()
    return from_numpy(values.astype(real.np)), from_numpy(vectors.astype(A.dtype.np))
