"""Gradients of matrix factorizations and solvers, as graph code.

Giles, Collected matrix derivative results (2008); Seeger et al., Auto-differentiating linear
algebra (2017); Murray, Differentiation of the Cholesky decomposition (2016); Walter and Lehmann,
Algorithmic differentiation of linear algebra functions (2010); Townsend, Differentiating the
singular value decomposition (2016); Boeddeker et al., On the computation of complex-valued
gradients with application to statistically optimum beamforming (2019); Golub and Pereyra, The
differentiation of pseudo-inverses (1973). Gradients of complex operands are PyTorch's (conjugate).
"""

from __future__ import annotations

from .. import dtypes
from ..ir import Type, Value
from . import build as B
from .build import conj, emit
from .linalg import matmul
from .table import OPS

# ---------------------------------------------------------------- pieces


def real(x: Value) -> Value:
    return emit("real", x) if x.dtype.kind == "c" else x


def adjoint(x: Value) -> Value:
    return conj(B.transpose(x))


def mm(*factors: Value) -> Value:
    """Product of matrices from left to right; real ones join complex ones."""
    out = factors[0]
    for f in factors[1:]:
        d = f.dtype if f.dtype.kind == "c" else out.dtype
        out = matmul(B.cast(out, d), B.cast(f, d))
    return out


def tril(x: Value, k: int = 0) -> Value:
    return emit("tril", x, k)


def triu(x: Value, k: int = 0) -> Value:
    return emit("triu", x, k)


def rows(x: Value) -> Value:
    """[..., n] as [..., 1, n]: scales columns."""
    return B.reshape(x, (*x.shape[:-1], 1, x.shape[-1]))


def column(x: Value) -> Value:
    """[..., n] as [..., n, 1]: scales rows."""
    return B.reshape(x, (*x.shape, 1))


def scalar(x: Value) -> Value:
    """[...] as [..., 1, 1]."""
    return B.reshape(x, (*x.shape, 1, 1))


def _index(graph, n, dim) -> Value:
    shape = (n, 1) if dim == 0 else (1, n)
    attrs = {"shape": shape, "dim": dim, "dtype": dtypes.int64}
    return graph.add(OPS["iota"], [], attrs, [Type(shape, dtypes.int64)]).out


def on_diagonal(x: Value) -> Value:
    """Where the last two dims have equal indices."""
    return emit("eq", _index(x.graph, x.shape[-2], 0), _index(x.graph, x.shape[-1], 1))


def embed(v: Value) -> Value:
    """Diagonal matrices of the last dim."""
    n = v.shape[-1]
    m = B.expand(rows(v), (*v.shape[:-1], n, n))
    return emit("where", on_diagonal(m), m, B.const(v.graph, 0, v.dtype))


def diagonal(x: Value) -> Value:
    rank = len(x.shape)
    shape = (*x.shape[:-2], x.shape[-1])
    return emit("diagonal", x, offset=0, dim1=rank - 2, dim2=rank - 1, shape=shape)


def halved(x: Value) -> Value:
    """x with half its diagonal."""
    return emit("where", on_diagonal(x), x * 0.5, x)


def off_diagonal(x: Value) -> Value:
    return emit("where", on_diagonal(x), B.const(x.graph, 0, x.dtype), x)


def gaps(v: Value) -> Value:
    """v[j] - v[i], and 1 on the diagonal."""
    d = rows(v) - column(v)
    return emit("where", on_diagonal(d), B.const(v.graph, 1, v.dtype), d)


def part(x: Value, dim: int, start, size) -> Value:
    """`size` elements of a dim (counted from the end) from `start` on."""
    rank = len(x.shape)
    starts, shape = [0] * rank, list(x.shape)
    starts[dim], shape[dim] = start, size
    return emit("slice", x, starts=tuple(starts), steps=(1,) * rank, shape=tuple(shape))


def join(a: Value, b: Value, dim: int) -> Value:
    return emit("cat", a, b, dim=len(a.shape) + dim)


def solve_lower(a: Value, b: Value, unit: bool = False) -> Value:
    return emit("solve_triangular", a, b, upper=False, unit=unit)


def solve_upper(a: Value, b: Value, unit: bool = False) -> Value:
    return emit("solve_triangular", a, b, upper=True, unit=unit)


def zeros_like(x: Value) -> Value:
    return B.zeros(x.graph, x.shape, x.dtype)


# ---------------------------------------------------------------- solvers


def inv(g, out, a, check, who, result):
    if result:
        return (None,)
    h = adjoint(out)
    return (-mm(h, g, h),)


def solve(g, out, a, b, check, who, result):
    if result:
        return None, None
    gb = emit("solve", adjoint(a), g, check=check, who=who, result=0)
    return -mm(gb, adjoint(out)), gb


def solve_triangular(g, out, a, b, upper, unit):
    gb = emit("solve_triangular", adjoint(a), g, upper=not upper, unit=unit)
    ga = -mm(gb, adjoint(out))
    k = 1 if unit else 0
    return (triu(ga, k) if upper else tril(ga, -k)), gb


def det(g, out, a):
    if B.grad_enabled():
        # Differentiable again, for matrices that have an inverse.
        inverse = emit("inv", a, check=False, who="linalg.det", result=0)
        return (scalar(g * conj(out)) * adjoint(inverse),)
    return (scalar(g) * emit("cofactor", a),)


def slogdet(g, out, a, result):
    if result == 0:
        if a.dtype.kind != "c":
            return (None,)
        turn = emit("imag", conj(g) * out)
        g = emit("complex", turn * 0.0, -turn)
    inverse = emit("inv", a, check=False, who="linalg.slogdet", result=0)
    return (scalar(g) * adjoint(inverse),)


def matrix_exp(g, out, a):
    # The upper right block of exp([[A^H, G], [0, A^H]]).
    n, h = a.shape[-1], adjoint(a)
    both = join(join(h, g, -1), join(zeros_like(h), h, -1), -2)
    return (part(part(emit("matrix_exp", both), -2, 0, n), -1, n, n),)


def pinv(g, out, a, atol, rtol, hermitian):
    p, ph, gh = out, adjoint(out), adjoint(g)
    if a.shape[-2] <= a.shape[-1]:
        k = mm(gh, p)
        kph = mm(k, ph)
        ga = kph - adjoint(mm(p, k)) - mm(mm(a, p), kph) + mm(mm(ph, p), gh - mm(k, a))
    else:
        k = mm(p, gh)
        phk = mm(ph, k)
        ga = mm(gh - mm(a, k), p, ph) - adjoint(mm(k, p)) + phk - mm(mm(phk, p), a)
    return ga, None, None


def lstsq(g, out, a, b, rcond, result):
    if result:
        return None, None
    zero = B.const(a.graph, 0.0, a.dtype.to_real())
    cut = B.const(a.graph, rcond, a.dtype.to_real())
    p = emit("pinv", a, zero, cut, hermitian=False)
    ga = pinv(mm(g, adjoint(b)), p, a, zero, cut, False)[0]
    return ga, mm(adjoint(p), g)


# ---------------------------------------------------------------- factorizations


def lu_factor(g, out, a, pivot, result):
    if result:
        return (None,)
    m, n = a.shape[-2:]
    if pivot:
        swaps = emit("lu_factor", a, pivot=pivot, result=1)
        p = emit("permutation_matrix", swaps, a, m=m)
    k = m if m <= n else n
    square, gs = part(part(out, -2, 0, k), -1, 0, k), part(part(g, -2, 0, k), -1, 0, k)
    low, up = tril(square, -1), triu(square)
    eye = emit("where", on_diagonal(low), B.const(a.graph, 1, a.dtype), low)
    left, right = mm(adjoint(eye), tril(gs, -1)), mm(triu(gs), adjoint(up))
    more = None
    if m < n:
        g2, u2 = part(g, -1, m, n - m), part(out, -1, m, n - m)
        left, more = left - mm(g2, adjoint(u2)), g2
    elif m > n:
        g2, l2 = part(g, -2, n, m - n), part(out, -2, n, m - n)
        right, more = right - mm(adjoint(l2), g2), g2
    x = tril(left, -1) + triu(right)
    if m <= n:
        x = adjoint(solve_upper(up, adjoint(x)))
        x = x if more is None else join(x, more, -1)
        x = solve_upper(adjoint(eye), x, unit=True)
    else:
        x = solve_upper(adjoint(eye), x, unit=True)
        x = adjoint(solve_upper(up, adjoint(join(x, more, -2))))
    return (mm(p, x) if pivot else x,)


def cholesky_solve(g, out, b, factor, upper):
    # The gradient of a factor L with A = L L^H that is not known to be a triangle, as PyTorch's.
    gb = emit("cholesky_solve", g, factor, upper=upper)
    both = mm(gb, adjoint(out))
    both = both + adjoint(both)
    return gb, -(mm(factor, both) if upper else mm(both, factor))


def cholesky(g, out, a, upper, check, who, result):
    if result:
        return (None,)
    h = adjoint(out)
    x = tril(mm(h, g))
    phi = (x + adjoint(tril(x, -1))) * 0.5
    return (adjoint(solve_upper(h, adjoint(solve_upper(h, phi)))),)


def qr_refusal(metas, attrs):
    """PyTorch's errors for the modes of qr that have no derivative."""
    (m, n), mode = metas[0].shape[-2:], attrs[0]
    if mode == "r":
        return (0,), RuntimeError(
            "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please "
            "use linalg.qr(A, mode='reduced') if you are going to require gradients."
        )
    if mode == "complete" and m > n:
        return (0,), RuntimeError(
            "The QR decomposition is not differentiable when mode='complete' and nrows > ncols."
        )
    return None


def qr(g, out, a, mode, result):
    m, n = a.shape[-2:]
    refused = qr_refusal((a,), (mode,))
    if refused is not None:
        raise refused[1]
    q, r = (emit("qr", a, mode=mode, result=k) for k in (0, 1))
    if m >= n:
        return (_qr_tall(g if result == 0 else None, g if result == 1 else None, q, r),)
    u = part(r, -1, 0, m)
    if result == 0:
        gx = _qr_tall(g, None, q, u)
        return (join(gx, B.zeros(a.graph, (*a.shape[:-1], n - m), a.dtype), -1),)
    gu, gv = part(g, -1, 0, m), part(g, -1, m, n - m)
    gx = _qr_tall(mm(part(a, -1, m, n - m), adjoint(gv)), gu, q, u)
    return (join(gx, mm(q, gv), -1),)


def _qr_tall(gq, gr, q, r) -> Value:
    terms = None
    if gr is not None:
        terms = mm(gr, adjoint(r))
    if gq is not None:
        inner = -mm(adjoint(q), gq) if gr is None else terms - mm(adjoint(q), gq)
        terms = inner
    upper = halved(triu(terms))
    x = mm(q, upper + adjoint(upper))
    x = x if gq is None else x + gq
    return adjoint(solve_upper(r, adjoint(x)))


# ---------------------------------------------------------------- eigenvalues, singular values


def eigh(g, out, a, uplo, who, result):
    v = emit("eigh", a, uplo=uplo, who=who, result=1)
    if result == 0:
        return (mm(v * rows(g), adjoint(v)),)
    values = emit("eigh", a, uplo=uplo, who=who, result=0)
    inner = off_diagonal(mm(adjoint(v), g) / gaps(values))
    ga = mm(v, inner, adjoint(v))
    return ((ga + adjoint(ga)) * 0.5,)


def eigvalsh(g, out, a, uplo, who):
    v = emit("eigh", a, uplo=uplo, who=who, result=1)
    return (mm(v * rows(g), adjoint(v)),)


def _to_operand(ga: Value, a: Value) -> Value:
    return real(ga) if a.dtype.kind != "c" else ga


def eig(g, out, a, who, result):
    values, v = (emit("eig", a, who=who, result=k) for k in (0, 1))
    h = adjoint(v)
    if result == 0:
        inner = embed(g)
    else:
        vg = mm(h, g)
        drift = mm(h, v * rows(real(diagonal(vg))))
        inner = off_diagonal((vg - drift) / conj(gaps(values)))
    ga = emit("solve", h, mm(inner, h), check=False, who=who, result=0)
    return (_to_operand(ga, a),)


def eigvals(g, out, a, who):
    v = emit("eig", a, who=who, result=1)
    h = adjoint(v)
    ga = emit("solve", h, column(g) * h, check=False, who=who, result=0)
    return (_to_operand(ga, a),)


def svd(g, out, a, full, who, result):
    m, n = a.shape[-2:]
    k = m if m < n else n
    # Of full matrices only the first columns depend smoothly on A.
    u, s, vh = (emit("svd", a, full=False, who=who, result=j) for j in range(3))
    if result == 1:
        return (mm(u * rows(g), vh),)
    squares = gaps(s * s)
    if result == 0:
        g = part(g, -1, 0, k)
        ug = mm(adjoint(u), g)
        skew = ug - adjoint(ug)
        inner = off_diagonal(skew / squares * rows(s))
        if a.dtype.kind == "c":
            inner = inner + embed(diagonal(skew) / (2.0 * s))
        x = mm(u, inner)
        if m > n:
            x = x + (g - mm(u, ug)) / rows(s)
        return (mm(x, vh),)
    g = part(g, -2, 0, k)
    vg = mm(vh, adjoint(g))
    inner = off_diagonal(column(s) * ((vg - adjoint(vg)) / squares))
    x = mm(inner, vh)
    if n > m:
        x = x + (g - mm(mm(g, adjoint(vh)), vh)) / column(s)
    return (mm(u, x),)


def svdvals(g, out, a, who):
    u, vh = (emit("svd", a, full=False, who=who, result=j) for j in (0, 2))
    return (mm(u * rows(g), vh),)
