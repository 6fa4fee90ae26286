"""Rows of products: matmul and its family as composites over gemm."""

from __future__ import annotations

import math

from .. import dtypes
from ..ir import Value
from ..sym import prod
from . import build as B
from .build import emit
from .table import broadcast_shapes, composite

# ---------------------------------------------------------------- gemm for every dtype


def gemm(x: Value, y: Value) -> Value:
    """x[b] @ y[b] for [b, m, k] and [b, k, n] of one dtype; a batch of 1 broadcasts.

    Narrow integers wrap around, so a product in int64 is theirs too; half types are summed in
    float32; a complex product is four real ones.
    """
    d = x.dtype
    if d.kind == "i" and d is not dtypes.int64:
        return B.cast(emit("gemm", B.cast(x, dtypes.int64), B.cast(y, dtypes.int64)), d)
    if d.kind == "f" and d.itemsize == 2:
        return B.cast(emit("gemm", B.cast(x, dtypes.float32), B.cast(y, dtypes.float32)), d)
    if d.kind == "c":
        return _complex_gemm(x, y)
    return emit("gemm", x, y)


def _complex_gemm(x: Value, y: Value) -> Value:
    a, b = emit("real", x), emit("imag", x)
    c, d = emit("real", y), emit("imag", y)
    return emit(
        "complex", emit("gemm", a, c) - emit("gemm", b, d), emit("gemm", a, d) + emit("gemm", b, c)
    )


def wide(v: Value) -> Value:
    """Half types as float32: what their products and sums are accumulated in."""
    return B.cast(v, dtypes.float32) if v.dtype.kind == "f" and v.dtype.itemsize == 2 else v


def matmul(x: Value, y: Value) -> Value:
    """NumPy's matmul for 1-D, 2-D and batched operands."""
    if len(x.shape) == 1 and len(y.shape) == 1:
        return B.cast(B.reshape(emit("sum", wide(x) * wide(y), dims=(0,)), ()), x.dtype)
    if len(x.shape) == 1:
        out = matmul(B.reshape(x, (1, *x.shape)), y)
        return B.reshape(out, (*out.shape[:-2], out.shape[-1]))
    if len(y.shape) == 1:
        out = matmul(x, B.reshape(y, (*y.shape, 1)))
        return B.reshape(out, out.shape[:-1])
    if len(y.shape) == 2:
        # The rows of all batches are one matrix.
        rows = B.reshape(x, (1, prod(x.shape[:-1]), x.shape[-1]))
        out = gemm(rows, B.reshape(y, (1, *y.shape)))
        return B.reshape(out, (*x.shape[:-1], y.shape[1]))
    lead = broadcast_shapes("matmul", [x.shape[:-2], y.shape[:-2]])
    x3, y3 = (
        B.reshape(B.expand(v, (*lead, *v.shape[-2:])), (prod(lead), *v.shape[-2:])) for v in (x, y)
    )
    return B.reshape(gemm(x3, y3), (*lead, x.shape[-2], y.shape[-1]))


composite("matmul", matmul, arity=2)

# ---------------------------------------------------------------- c * beta + alpha * product


def outer(x: Value, y: Value) -> Value:
    """x[i] * y[j]."""
    return B.reshape(x, (*x.shape, 1)) * y


def _sum_of_products(a: Value, b: Value) -> Value:
    # sum over e of a[e] @ b[e]: one product with e and the inner dim as its inner dim.
    e, n, m = a.shape
    p = b.shape[2]
    rows = B.reshape(B.permute(a, (1, 0, 2)), (n, e * m))
    return matmul(rows, B.reshape(b, (e * m, p)))


_PRODUCTS = {
    "addmm": matmul, "addmv": matmul, "baddbmm": matmul, "addr": outer, "addbmm": _sum_of_products,
}  # fmt: skip


def _added(product):
    def build(c, a, b, *scalars, given):
        """beta * c + alpha * product(a, b); `given`: which of (alpha, beta) are operands, and
        whether c counts (beta = 0 drops even its NaNs)."""
        has_alpha, has_beta, counts = given
        scalars = list(scalars)
        d = c.dtype
        exact = d.kind in "bi"
        out = product(wide(a), wide(b))
        if has_alpha:
            out = _scaled(out, scalars.pop(0), exact)
        if counts:
            out = out + (_scaled(wide(c), scalars.pop(0), exact) if has_beta else wide(c))
        if product is outer:
            d = dtypes.result_type([(v.shape, v.dtype, v.type.weak) for v in (c, a, b)])
        return B.cast(out, d)

    return build


def _scaled(v: Value, factor: Value, exact: bool) -> Value:
    # Integer products take the factor as an integer, as PyTorch does.
    return v * (B.cast(factor, v.dtype) if exact and factor.dtype.kind == "f" else factor)


for _name, _product in _PRODUCTS.items():
    composite(_name, _added(_product), arity=-1, attrs=("given",))
composite("outer", outer, arity=2)

# ---------------------------------------------------------------- einsum


def einsum(*operands: Value, terms, out):
    """Sum of products by labels: `terms` has a tuple of labels per operand, `out` the result's.

    Operands are contracted in pairs, the cheapest pair first; a pair with labels to sum over is
    one batched gemm.
    """
    items = [_diagonals(v, list(t)) for v, t in zip(operands, terms)]
    sizes = _label_sizes(items)
    while len(items) > 1:
        i, j = _cheapest(items, out, sizes)
        b, a = items.pop(j), items.pop(i)
        later = {x for _, t in items for x in t} | set(out)
        items.append(_pair(_sum_out(a, later | set(b[1])), _sum_out(b, later | set(a[1])), later))
    v, labels = _sum_out(items[0], set(out))
    return B.permute(v, [labels.index(x) for x in out])


def _diagonals(v: Value, labels: list[int]) -> tuple[Value, list[int]]:
    """Labels that occur twice in an operand mean its diagonal."""
    for x in dict.fromkeys(labels):
        while labels.count(x) > 1:
            p = labels.index(x)
            q = labels.index(x, p + 1)
            kept = [d for d in range(len(labels)) if d not in (p, q)]
            shape = (*(v.shape[d] for d in kept), v.shape[p])
            v = emit("diagonal", v, offset=0, dim1=p, dim2=q, shape=shape)
            labels = [*(labels[d] for d in kept), x]
    return v, labels


def _label_sizes(items) -> dict[int, int]:
    """Size of each label: a size of 1 broadcasts."""
    sizes: dict[int, int] = {}
    for v, labels in items:
        for n, x in zip(v.shape, labels):
            if x not in sizes or sizes[x] == 1:
                sizes[x] = n
    return sizes


def _cheapest(items, out, sizes) -> tuple[int, int]:
    """The pair whose contraction makes the smallest result compared with what it removes."""
    best = None
    for j in range(len(items)):
        for i in range(j):
            rest = {x for k, (_, t) in enumerate(items) if k not in (i, j) for x in t} | set(out)
            kept = [x for x in dict.fromkeys([*items[i][1], *items[j][1]]) if x in rest]
            made = prod(int(sizes[x]) for x in kept)
            cost = made - sum(prod(int(n) for n in items[k][0].shape) for k in (i, j))
            if best is None or cost < best[0]:
                best = (cost, i, j)
    return best[1:]


def _sum_out(item, needed) -> tuple[Value, list[int]]:
    """Sums over the labels that nobody else has."""
    v, labels = item
    dims = tuple(d for d, x in enumerate(labels) if x not in needed)
    if not dims:
        return item
    d = v.dtype
    out = B.cast(B.sum_dims(wide(v), dims), d)
    kept = [k for k in range(len(labels)) if k not in dims]
    return B.reshape(out, tuple(v.shape[k] for k in kept)), [labels[k] for k in kept]


def _pair(a, b, later) -> tuple[Value, list[int]]:
    """Product of two operands, summed over the labels they share that are not needed later."""
    (x, tx), (y, ty) = a, b
    sizes_x, sizes_y = dict(zip(tx, x.shape)), dict(zip(ty, y.shape))
    # A shared label that is 1 on one side only is summed on the other side alone.
    lone = {
        k for k in tx if k in sizes_y and k not in later and (sizes_x[k] == 1) != (sizes_y[k] == 1)
    }
    if lone:
        x, tx = _sum_out((x, tx), set(tx) - lone)
        y, ty = _sum_out((y, ty), set(ty) - lone)
    summed = [k for k in tx if k in ty and k not in later]
    if not summed:
        return _multiply(x, tx, y, ty)
    batch = [k for k in tx if k in ty and k in later]
    left, right = [k for k in tx if k not in ty], [k for k in ty if k not in tx]
    if not left and not right:
        v, labels = _multiply(wide(x), tx, wide(y), ty)
        v, labels = _sum_out((v, labels), set(batch))
        return B.cast(v, x.dtype), labels
    sizes = [sizes_y[k] if sizes_x[k] == 1 else sizes_x[k] for k in batch]

    def matrix(v, labels, rows, columns):
        order = [labels.index(k) for k in (*batch, *rows, *columns)]
        v = B.permute(v, order)
        v = B.expand(v, (*sizes, *v.shape[len(batch) :]))
        m = prod(v.shape[len(batch) : len(batch) + len(rows)])
        return B.reshape(v, (prod(sizes), m, prod(v.shape[len(batch) + len(rows) :])))

    out = gemm(matrix(x, tx, left, summed), matrix(y, ty, summed, right))
    shape = (*sizes, *(sizes_x[k] for k in left), *(sizes_y[k] for k in right))
    return B.reshape(out, shape), [*batch, *left, *right]


def _multiply(x, tx, y, ty) -> tuple[Value, list[int]]:
    """Elementwise product with the labels aligned."""
    labels = [*tx, *(k for k in ty if k not in tx)]

    def aligned(v, own):
        order = [own.index(k) for k in labels if k in own]
        sizes = dict(zip(own, v.shape))
        return B.reshape(B.permute(v, order), tuple(sizes.get(k, 1) for k in labels))

    return aligned(x, list(tx)) * aligned(y, list(ty)), labels


composite("einsum", einsum, arity=-1, attrs=("terms", "out"))

# ---------------------------------------------------------------- other products


def kron(x: Value, y: Value) -> Value:
    """Kronecker product: every element of x times all of y."""
    rank = max(len(x.shape), len(y.shape))
    sx = (1,) * (rank - len(x.shape)) + tuple(x.shape)
    sy = (1,) * (rank - len(y.shape)) + tuple(y.shape)
    a = B.reshape(x, tuple(n for s in sx for n in (s, 1)))
    b = B.reshape(y, tuple(n for s in sy for n in (1, s)))
    return B.reshape(a * b, tuple(m * n for m, n in zip(sx, sy)))


def cross(x: Value, y: Value, dim: int) -> Value:
    """Vector product along a dim of size 3."""
    shape = broadcast_shapes("linalg.cross", [x.shape, y.shape])

    def turned(v, by):
        # The dim twice in a row, read from `by` on.
        v = B.expand(v, shape)
        twice = B.reshape(v, (*shape[:dim], 1, *shape[dim:]))
        twice = B.expand(twice, (*shape[:dim], 2, *shape[dim:]))
        twice = B.reshape(twice, (*shape[:dim], 6, *shape[dim + 1 :]))
        starts = tuple(by if d == dim else 0 for d in range(len(shape)))
        return emit("slice", twice, starts=starts, steps=(1,) * len(shape), shape=shape)

    return turned(x, 1) * turned(y, 2) - turned(x, 2) * turned(y, 1)


def p_norm(x: Value, *p: Value, dims, keepdim, how: str) -> Value:
    """p-norm over the dims; `how`: 0, 1, 2, inf, -inf, + or - (the sign of the operand p).

    The gradient where an element or the norm is 0 is 0, as in PyTorch.
    """
    d = x.dtype.to_real()
    a = wide(emit("abs", x))
    if not dims:
        out = B.cast(emit("ne", a, 0), a.dtype) if how == "0" else a
    elif how == "0":
        out = emit("sum", B.cast(emit("ne", a, 0), a.dtype), dims=dims)
    elif how == "1":
        out = emit("sum", a, dims=dims)
    elif how in ("inf", "-inf"):
        out = emit("amax" if how == "inf" else "amin", a, dims=dims)
    elif how == "2":
        total = emit("sum", a * a, dims=dims)
        out = _guarded(total, 0.0, lambda v: emit("sqrt", v))
    else:
        edge = 0.0 if how == "+" else math.inf
        power = B.cast(p[0], a.dtype)
        total = emit("sum", _guarded(a, edge, lambda v: emit("pow", v, power)), dims=dims)
        out = _guarded(total, edge, lambda v: emit("pow", v, 1.0 / power))
    if not keepdim:
        out = B.reshape(out, tuple(n for k, n in enumerate(x.shape) if k not in dims))
    return B.cast(out, d)


def _guarded(v: Value, edge: float, f) -> Value:
    """f(v), and `edge` where v is 0 (there f's slope is infinite)."""
    zero = emit("eq", v, 0)
    return emit("where", zero, edge, f(emit("where", zero, 1.0, v)))


def cdist(x: Value, y: Value, *p: Value, how: str) -> Value:
    """Distances of all rows of x [..., n, k] and y [..., m, k]."""
    a = B.reshape(x, (*x.shape[:-1], 1, x.shape[-1]))
    b = B.reshape(y, (*y.shape[:-2], 1, *y.shape[-2:]))
    if x.shape[-1] == 0:
        shape = broadcast_shapes("cdist", [a.shape[:-1], b.shape[:-1]])
        return B.zeros(x.graph, shape, x.dtype)
    d = a - b
    return p_norm(d, *p, dims=(len(d.shape) - 1,), keepdim=False, how=how)


composite("kron", kron, arity=2)
composite("cross", cross, arity=2, attrs=("dim",))
composite("cdist", cdist, arity=-1, attrs=("how",))
composite("p_norm", p_norm, arity=-1, attrs=("dims", "keepdim", "how"), saves=(0, -1))
