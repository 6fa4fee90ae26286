"""Tensor products beyond matmul: tensordot, chains, kron, cross, Vandermonde, distances."""

from __future__ import annotations

from numtorch.jit import dtypes as _d

from ._api import function
from ._descriptors import check_dim
from ._matmul import (
    c_type,
    check_batches,
    conj,
    expected_scalar,
    no_bool,
    product,
    record,
    shape_of,
)
from ._methods import _c_name
from ._saves import kept
from ._tensor import Tensor


@function("inner(Tensor input, Tensor other)", out=True)
def inner(input, other):
    """Sums of products along the last dims of both: [..., k] and [***, k] give [..., ***].

    >>> import numtorch as torch
    >>> torch.inner(torch.tensor([1, 2, 3]), torch.tensor([[1, 1, 1], [0, 2, 0]]))
    tensor([6, 4])
    """
    a, b = shape_of(input), shape_of(other)
    if not a or not b:
        return input * other
    if input.dtype is not other.dtype:
        raise RuntimeError("both inputs should have same dtype")
    if a[-1] != b[-1]:
        raise RuntimeError(
            "inner() the last dimension must match on both input tensors but got shapes "
            f"{list(a)} and {list(b)}"
        )
    return tensordot(input, other, dims=[[-1], [-1]])


# ---------------------------------------------------------------- tensordot, chains


@function("tensordot(Tensor a, Tensor b, any dims=2)", out=True, method=False)
def tensordot(a, b, dims=2):
    """Sums of products over pairs of dims: an int n pairs a's last n dims with b's first n.

    >>> import numtorch as torch
    >>> torch.tensordot(torch.ones(2, 3, 4), torch.ones(4, 3, 5), dims=[[1, 2], [1, 0]]).shape
    torch.Size([2, 5])
    """
    first, second = _contracted(a, b, dims)
    sa, sb = shape_of(a), shape_of(b)
    if len(first) != len(second):
        raise RuntimeError("both dimension lists should have same length")
    if a.dtype is not b.dtype:
        raise RuntimeError("both inputs should have same dtype")
    first = [check_dim(d, len(sa)) for d in first]
    second = [check_dim(d, len(sb)) for d in second]
    for own in (first, second):
        for k, d in enumerate(own):
            if d in own[:k]:
                raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
    for p, q in zip(first, second):
        if sa[p] != sb[q] and 1 not in (sa[p], sb[q]):
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {sa[p]} in dim {p} and "
                f"second has size {sb[q]} in dim {q}"
            )
    labels = list(range(len(sa)))
    others = list(range(len(sa), len(sa) + len(sb)))
    for p, q in zip(first, second):
        others[q] = labels[p]
    out = [x for d, x in enumerate(labels) if d not in first]
    out += [x for d, x in enumerate(others) if d not in second]
    return record("einsum", (a, b), ((tuple(labels), tuple(others)), tuple(out)))


def _contracted(a: Tensor, b: Tensor, dims) -> tuple[list, list]:
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, (tuple, list)):
        first, second = dims
        return tuple(
            [int(d) for d in (x if isinstance(x, (tuple, list)) else [x])] for x in (first, second)
        )
    n = int(dims)
    if n < 0:
        raise RuntimeError(f"tensordot expects dims >= 0, but got dims={n}")
    if n > min(a.dim(), b.dim()):
        raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={n}")
    return list(range(a.dim() - n, a.dim())), list(range(n))


@function("linalg.multi_dot(Tensor[] tensors)", out=True, method=False)
def multi_dot(tensors):
    """Product of two or more matrices in the order that needs the fewest operations.

    The first and the last may be vectors. Cormen et al., Introduction to Algorithms, 15.2.

    >>> import numtorch as torch
    >>> torch.linalg.multi_dot([torch.zeros(2, 3), torch.zeros(3, 4), torch.zeros(4, 5)]).shape
    torch.Size([2, 5])
    """
    if len(tensors) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(tensors)}")
    items, last = list(tensors), len(tensors) - 1
    for k, t in enumerate(items):
        if t.dtype is not items[0].dtype:
            raise RuntimeError(
                f"multi_dot(): all tensors must have be the same dtype but tensor 0 is "
                f"{c_type(items[0].dtype)} and tensor {k} {c_type(t.dtype)}"
            )
        place = "the first tensor" if k == 0 else "the last tensor" if k == last else f"tensor {k}"
        allowed = (1, 2) if k in (0, last) else (2,)
        if t.dim() not in allowed:
            what = "1D or 2D" if k in (0, last) else "2D"
            raise RuntimeError(f"multi_dot(): {place} must be {what} but got {t.dim()}D")
    row, column = items[0].dim() == 1, items[-1].dim() == 1
    items[0] = items[0].unsqueeze(0) if row else items[0]
    items[-1] = items[-1].unsqueeze(1) if column else items[-1]
    for k in range(last):
        if shape_of(items[k])[1] != shape_of(items[k + 1])[0]:
            raise RuntimeError(
                f"multi_dot(): tensors {k} and {k + 1} with shapes {list(shape_of(tensors[k]))} "
                f"and {list(shape_of(tensors[k + 1]))} cannot be multiplied"
            )
    out = _chain(items)
    if row or column:
        out = out.reshape(tuple(n for n, drop in zip(shape_of(out), (row, column)) if not drop))
    return out


def _chain(items: list[Tensor]) -> Tensor:
    """The cheapest order of products, by dynamic programming over the splits."""
    n = len(items)
    p = [shape_of(items[0])[0], *(shape_of(t)[1] for t in items)]
    cost = [[0] * n for _ in range(n)]
    split = [[0] * n for _ in range(n)]
    for width in range(1, n):
        for i in range(n - width):
            j = i + width
            cost[i][j], split[i][j] = min(
                (cost[i][k] + cost[k + 1][j] + p[i] * p[k + 1] * p[j + 1], k) for k in range(i, j)
            )

    def build(i, j):
        if i == j:
            return items[i]
        k = split[i][j]
        return product(build(i, k), build(k + 1, j))

    return build(0, n - 1)


def chain_matmul(*matrices, out=None):
    """Product of matrices in the cheapest order (PyTorch's older name of linalg.multi_dot).

    >>> import numtorch as torch
    >>> torch.chain_matmul(torch.zeros(2, 3), torch.zeros(3, 4), torch.zeros(4, 5)).shape
    torch.Size([2, 5])
    """
    if len(matrices) == 1 and isinstance(matrices[0], (tuple, list)):
        matrices = tuple(matrices[0])
    for t in matrices:
        if t.dim() != 2:
            raise RuntimeError(f"Tensor dimension is {t.dim()}, expected 2 instead.")
    if len(matrices) == 1:
        return matrices[0]
    return multi_dot(matrices) if out is None else multi_dot(matrices, out=out)


# ---------------------------------------------------------------- others


@function("kron(Tensor input, Tensor other)", out=True)
def kron(input, other):
    """Kronecker product: every element of input times the whole of other.

    >>> import numtorch as torch
    >>> torch.kron(torch.tensor([1, 10]), torch.tensor([1, 2, 3]))
    tensor([ 1,  2,  3, 10, 20, 30])
    """
    return record("kron", (input, other))


@function("cross(Tensor input, Tensor other, int? dim=None)", out=True)
def cross(input, other, dim=None):
    """Vector product along `dim` (default: the first dim of size 3).

    >>> import numtorch as torch
    >>> torch.cross(torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 1.0, 0.0]), dim=0)
    tensor([0., 0., 1.])
    """
    if dim is None:
        if input.dim() != other.dim():
            raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
        dim = next((d for d, n in enumerate(shape_of(input)) if n == 3), None)
        if dim is None:
            raise RuntimeError("no dimension of size 3 in input")
    return linalg_cross(input, other, dim=dim)


@function("linalg.cross(Tensor input, Tensor other, *, int dim=-1)", out=True, method=False)
def linalg_cross(input, other, *, dim=-1):
    """Vector product along a dim of size 3; the other dims broadcast.

    >>> import numtorch as torch
    >>> torch.linalg.cross(torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 1.0, 0.0]))
    tensor([0., 0., 1.])
    """
    a, b = shape_of(input), shape_of(other)
    if len(a) != len(b):
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    at = check_dim(dim, len(a))
    if a[at] != 3 or b[at] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {a[at]} and {b[at]}"
        )
    if input.dtype is not other.dtype:
        raise expected_scalar(input.dtype, other.dtype)
    no_bool(input.dtype, "cross")
    return record("cross", (input, other), (at,))


@function("linalg.vecdot(Tensor x, Tensor y, *, int dim=-1)", out=True, method=False)
def vecdot(x, y, *, dim=-1):
    """Sums of conj(x) * y along a dim; the other dims broadcast.

    >>> import numtorch as torch
    >>> torch.linalg.vecdot(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([10.0, 1.0]))
    tensor([12., 34.])
    """
    if x.dtype is not y.dtype:
        raise RuntimeError(
            f"linalg.vecdot: Expected x and y to have the same dtype, but found x of type "
            f"{_c_name(x.dtype)} and y of type {_c_name(y.dtype)} instead"
        )
    if not x.dtype.differentiable:
        raise RuntimeError(
            "linalg.vecdot: Expected a floating point or complex tensor as input. Got "
            f"{_c_name(x.dtype)}"
        )
    out = (conj(x) * y).sum(dim)
    return out if out.dtype is x.dtype else out.to(x.dtype)


@function("linalg.vander(Tensor x, *, int? N=None)", method=False)
def linalg_vander(x, *, N=None):
    """Powers 0..N-1 of the elements, in rows: [..., n] gives [..., n, N].

    >>> import numtorch as torch
    >>> torch.linalg.vander(torch.tensor([2, 3]), N=4)
    tensor([[ 1,  2,  4,  8],
            [ 1,  3,  9, 27]])
    """
    if x.dim() == 0:
        x = x.reshape(1)
    if x.dtype.narrow or x.dtype.kind == "b":
        raise RuntimeError(
            "linalg.vander supports floating point, complex, and integer tensors, but got "
            f"{_c_name(x.dtype)}"
        )
    n = shape_of(x)[-1] if N is None else N
    if n <= 1:
        raise RuntimeError("N must be greater than 1.")
    return _powers(x, n)


def _powers(x: Tensor, n: int) -> Tensor:
    """x ** 0 ... x ** (n - 1) along a new last dim, as running products."""
    from ._creation import ones

    one = ones(1, dtype=x.dtype).expand(*x.shape, 1)
    again = x.unsqueeze(-1).expand(*x.shape, n - 1)
    return record("cat", (one, again), (x.dim(),)).cumprod(-1)


def vander(x, N=None, increasing=False):
    """Powers of a vector's elements in rows: the highest first unless `increasing`."""
    if x.dim() != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    from ._creation import ones

    n = shape_of(x)[0] if N is None else int(N)
    if n < 0:
        raise RuntimeError("N must be non-negative.")
    wide = x.to(_d.int64) if x.dtype.kind in "bi" else x
    if n < 2:
        return ones((shape_of(x)[0], n), dtype=wide.dtype)
    out = _powers(wide, n)
    return out if increasing else out.flip(-1)


@function("trace(Tensor input)")
def trace(input):
    """Sum of a matrix's main diagonal.

    >>> import numtorch as torch
    >>> torch.trace(torch.tensor([[1, 2], [3, 4]]))
    tensor(5)
    """
    if input.dim() != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {input.dim()}")
    no_bool(input.dtype, "trace")
    return input.diagonal().sum()


# ---------------------------------------------------------------- distances


def norm_kind(p: float) -> str:
    """How the row p_norm computes a p-norm."""
    known = {0.0: "0", 1.0: "1", 2.0: "2", float("inf"): "inf", -float("inf"): "-inf"}
    return known.get(p) or ("+" if p > 0 else "-")


_MODES = (
    "use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist",
    "donot_use_mm_for_euclid_dist",
)  # fmt: skip


@kept("cdist")
def cdist(x1, x2, p=2.0, compute_mode="use_mm_for_euclid_dist_if_necessary"):
    """p-norm distances of all pairs of rows: [..., n, k] and [..., m, k] give [..., n, m].

    Distances are always summed directly; the modes are accepted for compatibility.

    >>> import numtorch as torch
    >>> torch.cdist(torch.tensor([[0.0, 0.0], [3.0, 4.0]]), torch.tensor([[0.0, 0.0]]))
    tensor([[0.],
            [5.]])
    """
    if compute_mode not in _MODES and compute_mode is not None:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    for name, x in (("X1", x1), ("X2", x2)):
        if not x.dtype.is_floating_point:
            raise RuntimeError(
                f"cdist only supports floating-point dtypes, {name} got: {_c_name(x.dtype)}"
            )
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    for name, x in (("X1", x1), ("X2", x2)):
        if x.dim() < 2:
            raise RuntimeError(
                f"cdist only supports at least 2D tensors, {name} got: {x.dim()}D"
            )
    a, b = shape_of(x1), shape_of(x2)
    for x in (x1, x2):
        if x.dtype.narrow:
            raise NotImplementedError(f"\"cdist\" not implemented for '{_c_name(x.dtype)}'")
    if a[-1] != b[-1]:
        raise RuntimeError(
            f"X1 and X2 must have the same number of columns. X1: {a[-1]} X2: {b[-1]}"
        )
    if x1.dtype is not x2.dtype:
        raise expected_scalar(x1.dtype, x2.dtype)
    check_batches(x1._v.meta, x2._v.meta)
    kind = norm_kind(float(p))
    return record("cdist", (x1, x2, float(p)) if kind == "+" else (x1, x2), (kind,))


@function("pdist(Tensor input, float p=2)", method=False)
@kept("pdist")
def pdist(input, p=2.0):
    """p-norm distances of all pairs of a matrix's rows i < j, in order: [n, k] gives n(n-1)/2.

    >>> import numtorch as torch
    >>> torch.pdist(torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]))
    tensor([5.0000, 1.0000, 4.2426])
    """
    import numpy as np

    from ._creation import from_numpy

    if input.dim() != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.dim()}D")
    if not input.dtype.is_floating_point:
        raise RuntimeError("pdist only supports floating-point dtypes")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    i, j = np.triu_indices(shape_of(input)[0], 1)
    if not len(i):
        return input.reshape(-1)[:0]
    d = input.index_select(0, from_numpy(i)) - input.index_select(0, from_numpy(j))
    if not shape_of(input)[1]:
        return d.sum(1)
    kind = norm_kind(float(p))
    return record("p_norm", (d, float(p)) if kind == "+" else (d,), ((1,), False, kind))


def install(functions: dict) -> None:
    """Puts the functions without a schema into the torch namespace."""
    from ._einsum import einsum

    functions.update(
        chain_matmul=chain_matmul, vander=vander, cdist=cdist, einsum=einsum
    )
