"""gather, scatter and index_* functions, masks and nonzero."""

from __future__ import annotations

import math

import numpy as np

from ._api import function
from ._casts import to
from ._creation import fitting
from ._descriptors import check_dim
from ._dims import expand, slice_view
from ._indexing import gather_flat, record_checked
from ._masked import _c, _where_masked
from ._out import expected_dtype
from ._shape_ops import _copied, reshape
from ._tensor import Tensor

# ---------------------------------------------------------------- checks


def _index_dtype(name: str, index: Tensor) -> Tensor:
    if index.dtype.short not in ("i64", "i32"):
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index")
    return index


def _lifted(t: Tensor) -> Tensor:
    return t if t.dim() else reshape(t, (1,))


def _smaller(t: Tensor, sizes) -> Tensor:
    """The corner of t with at most the given sizes."""
    parts = {j: (0, 1, n) for j, (n, m) in enumerate(zip(sizes, t._v.meta.shape)) if n < m}
    return slice_view(t, parts) if parts else t


# ---------------------------------------------------------------- gather


@function("gather(Tensor input, int dim, Tensor index, *, bool sparse_grad=False)", out=True,
          out_apart=True, out_dtype=expected_dtype)  # fmt: skip
def gather(input, dim, index, *, sparse_grad=False):
    """out[i][j] = input[index[i][j]][j] (for dim 0); index may be smaller than input.

    >>> import numtorch as torch
    >>> x = torch.tensor([[1, 2], [3, 4]])
    >>> x.gather(1, torch.tensor([[0, 0], [1, 0]]))
    tensor([[1, 1],
            [4, 3]])
    """
    d = check_dim(dim, input.dim())
    if not index.numel():
        none = slice_view(reshape(input, -1), {0: (0, 1, 0)})
        return reshape(_copied(none), index.shape)
    _index_dtype("gather", index)
    return _gathered(input, d, index, "gather")


def _gathered(input, d: int, index, what: str) -> Tensor:
    x, i = _lifted(input), _lifted(index)
    if x.dim() != i.dim():
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
    for j, (n, m) in enumerate(zip(x.shape, i.shape)):
        if j != d and m > n:
            raise RuntimeError(
                f"Size does not match at dimension {j} expected index {list(i.shape)} to be no "
                f"larger than self {list(x.shape)} apart from dimension {d}"
            )
    sizes = [n if j == d else m for j, (n, m) in enumerate(zip(x.shape, i.shape))]
    out = record_checked("gather", "gather", (_smaller(x, sizes), i), (d, what), x.size(d), d)
    return reshape(out, index.shape) if out.shape != index.shape else out


@function("take_along_dim(Tensor input, Tensor indices, int? dim=None)", out=True)
def take_along_dim(input, indices, dim):
    """`gather` where input and indices broadcast over the other dims (dim None: flattened).

    >>> import numtorch as torch
    >>> x = torch.tensor([[30, 10, 20]])
    >>> torch.take_along_dim(x, torch.argsort(x, dim=1), dim=1)
    tensor([[10, 20, 30]])
    """
    if indices.dtype.short != "i64":
        raise RuntimeError(
            "torch.take_along_dim(): dtype of indices should be Long but got "
            + indices.dtype.tensor_type.replace("Tensor", "")
        )
    if dim is None:
        return _gathered(reshape(input, -1), 0, reshape(indices, -1), "index")
    if input.dim() != indices.dim():
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, "
            f"but got {input.dim()} dimensions for input, and {indices.dim()} dimensions for "
            "indices"
        )
    d = check_dim(dim, input.dim())
    common = [max(a, b) if min(a, b) else 0 for a, b in zip(input.shape, indices.shape)]
    own = [input.size(d) if j == d else n for j, n in enumerate(common)]
    at = [indices.size(d) if j == d else n for j, n in enumerate(common)]
    return _gathered(expand(input, own), d, expand(indices, at), "index")


@function("index_select(Tensor input, int dim, Tensor index)", out=True, out_apart=True)
def index_select(input, dim, index):
    """The slices of a dim at the given indices.

    >>> import numtorch as torch
    >>> torch.index_select(torch.tensor([[1, 2], [3, 4]]), 1, torch.tensor([1, 1, 0]))
    tensor([[2, 2, 1],
            [4, 4, 3]])
    """
    if index.dim() > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    if index.dtype.short not in ("i64", "i32"):
        raise RuntimeError("index_select(): Expected dtype int32 or int64 for index")
    d = check_dim(dim, input.dim())
    if not input.dim() and index.numel() != 1:
        raise RuntimeError(
            "index_select(): Index to scalar can have only 1 value, got "
            f"{index.numel()} value(s)"
        )
    out = gather_flat(_lifted(input), index, d, "index_select", "gather")
    return out if input.dim() else reshape(out, ())


@function("take(Tensor input, Tensor index)", out=True, out_apart=True)
def take(input, index):
    """Elements at places of the flattened tensor, shaped like the index.

    >>> import numtorch as torch
    >>> torch.take(torch.tensor([[10, 20], [30, 40]]), torch.tensor([0, 3]))
    tensor([10, 40])
    """
    if index.dtype.short != "i64":
        raise RuntimeError("take(): Expected a long tensor for index, but got "
                           + index.dtype.tensor_type.replace("Tensor", ""))  # fmt: skip
    if not input.numel() and index.numel():
        raise IndexError("take(): tried to take from an empty tensor")
    out = gather_flat(reshape(input, -1), index, 0, "take", size=input.numel())
    return reshape(out, index.shape)


def embedding(weight: Tensor, index: Tensor, name: str = "embedding") -> Tensor:
    """Rows of weight at the given indices: shape [*index.shape, features]."""
    out = gather_flat(weight, index, 0, name, "gather")
    return reshape(out, (*index.shape, weight.size(1)))


# ---------------------------------------------------------------- scatter


def _check_scatter(name: str, t: Tensor, d: int, index: Tensor, src: Tensor | None) -> None:
    _index_dtype(name, index)
    if not index.numel():
        return
    rank = max(t.dim(), 1)
    if max(index.dim(), 1) != rank:
        raise RuntimeError("Index tensor must have the same number of dimensions as self tensor")
    if src is not None and max(src.dim(), 1) != rank:
        raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    have, own = _lifted(index).shape, _lifted(t).shape
    given = _lifted(src).shape if src is not None else have
    if any(n > s or (n > m and j != d) for j, (n, m, s) in enumerate(zip(have, own, given))):
        tail = f" and to be no larger size than src {list(given)}" if src is not None else ""
        raise RuntimeError(
            f"Expected index {list(index.shape)} to be no larger than self {list(t.shape)} apart "
            f"from dimension {d}{tail}"
        )


def _scattered(name: str, t: Tensor, d: int, index: Tensor, src: Tensor, reduce: str) -> Tensor:
    """t with src combined into it at the indices, in order; sizes may be smaller than t's."""
    if not index.numel():
        return _copied(t)
    x, i = _lifted(t), _lifted(index)
    src = _smaller(_lifted(src), i.shape)
    sizes = [n if j == d else m for j, (n, m) in enumerate(zip(x.shape, i.shape))]
    corner = _smaller(x, sizes)
    op = "scatter_add" if reduce == "add" else "scatter"
    attrs = (d, "gather") if reduce == "add" else (d, "gather", reduce)
    new = record_checked(name, op, (corner, i, src), attrs, x.size(d), d)
    if corner is not x:
        x = _copied(x)
        _smaller(x, sizes).copy_(new)
        new = x
    return new if t.dim() else reshape(new, ())


def named_gather(name: str, x: Tensor, index: Tensor) -> Tensor:
    """A gather along dim 1 whose errors name the function it is for."""
    return record_checked(name, "gather", (x, index), (1, "gather"), x.size(1), 1)


def scattered_at(name: str, t: Tensor, index: Tensor, src: Tensor, shown: str) -> Tensor:
    """t with src stored along the last dim; `shown`: t's size in the error of a wrong index."""
    if not index.numel():
        return t
    d = t.dim() - 1
    return record_checked(name, "scatter", (t, index, src), (d, "gather", "set"), shown, d)


def _same_dtype(name: str, t: Tensor, src: Tensor) -> None:
    if t.dtype is not src.dtype:
        raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype")


_REDUCE = {"add": "add", "multiply": "mul"}


def _scatter_kind(reduce) -> str:
    if reduce is None:
        return "set"
    if reduce not in _REDUCE:
        raise RuntimeError("reduce argument must be either add or multiply.")
    return _REDUCE[reduce]


@function("scatter(Tensor input, int dim, Tensor index, Tensor src, *, str? reduce=None)",
          out=True, inplace=True)  # fmt: skip
def _scatter_src(input, dim, index, src, *, reduce):
    """input with src stored (or added, multiplied) at the indices along a dim.

    >>> import numtorch as torch
    >>> torch.zeros(3).scatter(0, torch.tensor([2, 0]), torch.tensor([1.0, 2.0]))
    tensor([2., 0., 1.])
    """
    d, kind = check_dim(dim, input.dim()), _scatter_kind(reduce)
    _check_scatter("scatter", input, d, index, src)
    _same_dtype("scatter", input, src)
    return _scattered("scatter", input, d, index, src, kind)


@function("scatter(Tensor input, int dim, Tensor index, Number value, *, str? reduce=None)",
          out=True, inplace=True)  # fmt: skip
def _scatter_value(input, dim, index, value, *, reduce):
    d, kind = check_dim(dim, input.dim()), _scatter_kind(reduce)
    _check_scatter("scatter", input, d, index, None)
    return _scattered("scatter", input, d, index, _filled(index.shape, value, input), kind)


def _filled(shape, value, like: Tensor) -> Tensor:
    from ._creation import full

    return full(tuple(shape), value, dtype=like.dtype)


@function("scatter_add(Tensor input, int dim, Tensor index, Tensor src)", out=True, inplace=True)
def scatter_add(input, dim, index, src):
    """input with src added at the indices along a dim (in order, so deterministic).

    >>> import numtorch as torch
    >>> torch.scatter_add(torch.zeros(3), 0, torch.tensor([0, 0, 2]), torch.tensor([1.0, 2.0, 3.0]))
    tensor([3., 0., 3.])
    """
    d = check_dim(dim, input.dim())
    _check_scatter("scatter", input, d, index, src)
    _same_dtype("scatter", input, src)
    return _scattered("scatter_add", input, d, index, src, "add")


_KINDS = {"sum": "add", "prod": "mul", "mean": "add", "amax": "max", "amin": "min"}


def _identity(kind: str, d) -> float | int:
    if kind in ("add", "mul"):
        return 0 if kind == "add" else 1
    if d.kind == "b":
        return kind == "min"
    if d.kind == "f":
        return -math.inf if kind == "max" else math.inf
    info = np.iinfo(d.np)
    return int(info.min if kind == "max" else info.max)


def _reduced(name: str, t: Tensor, d: int, index, src, reduce: str, include_self: bool) -> Tensor:
    kind = _KINDS[reduce]
    start = t
    if not include_self:
        first = _filled(index.shape, _identity(kind, t.dtype), t)
        start = _scattered(name, t, d, index, first, "set")
    out = _scattered(name, start, d, index, src, kind)
    if reduce != "mean" or not index.numel():
        return out
    counts = t.detach().new_full(t.shape, 1)
    ones = _filled(index.shape, 1, t)
    if not include_self:
        counts = _scattered(name, counts, d, index, _filled(index.shape, 0, t), "set")
    counts = _scattered(name, counts, d, index, ones, "add")
    if t.dtype.kind in "fc":
        return out / counts
    return out.div(counts, rounding_mode="floor")


@function("scatter_reduce(Tensor input, int dim, Tensor index, Tensor src, str reduce, *, "
          "bool include_self=True)", out=True, inplace=True)  # fmt: skip
def scatter_reduce(input, dim, index, src, reduce, *, include_self):
    """input with src combined into it at the indices: sum, prod, mean, amax or amin.

    >>> import numtorch as torch
    >>> x, index = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([0, 0, 2])
    >>> torch.scatter_reduce(x, 0, index, torch.tensor([5.0, 9.0, 1.0]), "amax")
    tensor([9., 2., 3.])
    """
    d = check_dim(dim, input.dim())
    if reduce not in _KINDS:
        raise RuntimeError("reduce argument must be either sum, prod, mean, amax or amin, got "
                           + reduce)  # fmt: skip
    _check_scatter("scatter", input, d, index, src)
    _same_dtype("scatter", input, src)
    return _reduced("scatter_reduce", input, d, index, src, reduce, include_self)


# ---------------------------------------------------------------- slices at indices


def _check_slices(name: str, t: Tensor, d: int, index: Tensor, source: Tensor) -> None:
    if index.dim() > 1:
        error = IndexError if name in ("index_add", "index_copy") else RuntimeError
        raise error(f"{name}(): Index is supposed to be a vector, but got dim: {index.dim()} with "
                    f"type: {index.dtype.tensor_type.replace('Tensor', '')} and size: "
                    f"{list(index.shape)}")  # fmt: skip
    kinds = ("i64",) if name == "index_copy" else ("i64", "i32")
    if index.dtype.short not in kinds:
        want = "LongTensor" if name == "index_copy" else "int32/int64"
        raise RuntimeError(f"{name}(): Expected {'a ' if 'Tensor' in want else 'dtype '}{want} for "
                           "index")  # fmt: skip
    if t.dtype is not source.dtype:
        raise RuntimeError(
            f"{name}(): self ({t.dtype.tensor_type.replace('Tensor', '')}) and source "
            f"({source.dtype.tensor_type.replace('Tensor', '')}) must have the same scalar type"
        )
    _check_source(name, t, d, index, source)


def _check_source(name: str, t: Tensor, d: int, index: Tensor, source: Tensor) -> None:
    n = index.numel()
    rest, others = ([m for j, m in enumerate(x.shape) if j != d] for x in (t, source))
    if name == "index_add" and source.dim() and (source.dim() != max(t.dim(), 1) or rest != others):
        raise RuntimeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. "
            f"Got self.shape = {list(t.shape)} source.shape = {list(source.shape)}"
        )
    if not source.dim():
        if n != 1:
            raise (IndexError if name == "index_copy" else RuntimeError)(
                f"{name}(): When source is scalar, index should have one element (got {n})"
            )
        return
    if name == "index_copy" and source.dim() != t.dim() and t.dim():
        raise IndexError(
            "index_copy(): When source and destination are not scalars, their dimensionality must "
            f"match. Source dimensionality ({source.dim()}), destination dimensionality "
            f"({t.dim()})"
        )
    if d >= source.dim() or source.size(d) != n:
        got = source.size(d) if d < source.dim() else "none"
        raise (IndexError if name == "index_copy" else RuntimeError)(
            f"{name}(): Number of indices ({n}) should be equal to source.size(dim): ({got}), for "
            f"dim: {d}"
        )
    if t.dim() and others != rest:
        raise RuntimeError(
            f"{name}(): Source/destination tensor must have same slice shapes. Destination slice "
            f"shape: {rest} at dimension {d} and source slice shape: "
            f"{others} at dimension 0."
        )


def _slices(name: str, t: Tensor, d: int, index: Tensor, source: Tensor, kind: str) -> Tensor:
    """t with the slices of source combined into it at the indices of dim d."""
    if not index.numel() or not source.numel():
        return _copied(t)
    x = _lifted(t)
    i = reshape(index, [index.numel() if j == d else 1 for j in range(x.dim())])
    source = reshape(source, x.shape[:d] + (index.numel(),) + x.shape[d + 1 :])
    what = (d, "gather")
    op, attrs = ("scatter_add", what) if kind == "add" else ("scatter", (*what, kind))
    out = record_checked(name, op, (x, i, source), attrs, x.size(d), d)
    return out if t.dim() else reshape(out, ())


@function("index_add(Tensor input, int dim, Tensor index, Tensor source, *, Number alpha=1)",
          out=True, inplace=True)  # fmt: skip
def index_add(input, dim, index, source, *, alpha):
    """input with the slices of source added at the given indices of a dim.

    >>> import numtorch as torch
    >>> torch.index_add(torch.zeros(3), 0, torch.tensor([0, 0, 2]), torch.tensor([1.0, 2.0, 3.0]))
    tensor([3., 0., 3.])
    """
    d = check_dim(dim, input.dim())
    _check_slices("index_add", input, d, index, source)
    src = source if alpha == 1 else to(source * alpha, source.dtype)
    return _slices("index_add", input, d, index, src, "add")


@function("index_copy(Tensor input, int dim, Tensor index, Tensor source)", out=True, inplace=True)
def index_copy(input, dim, index, source):
    """input with the slices at the given indices of a dim replaced by those of source.

    >>> import numtorch as torch
    >>> torch.index_copy(torch.tensor([1, 2, 3]), 0, torch.tensor([2, 0]), torch.tensor([8, 9]))
    tensor([9, 2, 8])
    """
    d = check_dim(dim, input.dim())
    _check_slices("index_copy", input, d, index, source)
    return _slices("index_copy_", input, d, index, source, "set")


@function("index_fill(Tensor input, int dim, Tensor index, Number value)", inplace=True)
def _index_fill_value(input, dim, index, value):
    """input with the slices at the given indices of a dim filled with a value.

    >>> import numtorch as torch
    >>> torch.index_fill(torch.tensor([1, 2, 3]), 0, torch.tensor([0, 2]), -1)
    tensor([-1,  2, -1])
    """
    _fill_index(index)
    if isinstance(value, complex) and input.dtype.kind != "c":
        raise RuntimeError("index_fill_(): Converting complex Scalar to non-complex type is not "
                           "supported")  # fmt: skip
    if input.dtype.kind == "f":
        value = float(value)
    value = fitting(value, input.dtype)
    value = bool(value) if input.dtype.kind == "b" else value
    return _filled_at(input, check_dim(dim, input.dim()), index, value)


def _filled_at(t: Tensor, d: int, index: Tensor, value) -> Tensor:
    """where(the slice is named by the index, value, t)."""
    from ._creation import full

    if not index.numel() or not t.numel():
        return _copied(t)
    n = _lifted(t).size(d)
    none, some = full((n,), False), full((index.numel(),), True)
    where = (none, reshape(index, (-1,)), some)
    hit = record_checked("index_fill", "scatter", where, (0, "index", "set"), n, d)
    hit = reshape(hit, [n if j == d else 1 for j in range(t.dim())])
    return _where_masked(hit, value, t)


@function("index_fill(Tensor input, int dim, Tensor index, Tensor value)", inplace=True)
def _index_fill_tensor(input, dim, index, value):
    _fill_index(index)
    if value.dim():
        raise RuntimeError(
            "index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value.dim()} dimension(s)."
        )
    return _filled_at(input, check_dim(dim, input.dim()), index, to(value, input.dtype))


def _fill_index(index: Tensor) -> None:
    if index.dtype.short not in ("i64", "i32"):
        raise IndexError("index_fill_(): Expected dtype int64 for index.")
    if index.dim() > 1:
        raise IndexError("index_fill_(): Index is supposed to be a vector")


_INDEX_KINDS = {"prod": "prod", "mean": "mean", "amax": "amax", "amin": "amin"}


@function("index_reduce(Tensor input, int dim, Tensor index, Tensor source, str reduce, *, "
          "bool include_self=True)", out=True, inplace=True)  # fmt: skip
def index_reduce(input, dim, index, source, reduce, *, include_self):
    """input with the slices of source combined into it: prod, mean, amax or amin.

    >>> import numtorch as torch
    >>> x, index = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([0, 0, 2])
    >>> torch.index_reduce(x, 0, index, torch.tensor([5.0, 9.0, 2.0]), "prod")
    tensor([45.,  2.,  6.])
    """
    d = check_dim(dim, input.dim())
    if reduce not in _INDEX_KINDS:
        raise RuntimeError(
            f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got "
            f"{reduce}."
        )
    _check_slices("index_reduce", input, d, index, source)
    if not index.numel() or not source.numel():
        return _copied(input)
    x = _lifted(input)
    shape = x.shape[:d] + (index.numel(),) + x.shape[d + 1 :]
    wide = expand(reshape(index, [index.numel() if j == d else 1 for j in range(x.dim())]), shape)
    out = _reduced("index_reduce", x, d, wide, reshape(source, shape), reduce, include_self)
    return reshape(out, input.shape)


@function("put(Tensor input, Tensor index, Tensor source, bool accumulate=False)", inplace=True)
def put(input, index, source, accumulate):
    """input with elements of its flattened form replaced (or added to).

    >>> import numtorch as torch
    >>> torch.tensor([[1, 2], [3, 4]]).put(torch.tensor([3]), torch.tensor([9]))
    tensor([[1, 2],
            [3, 9]])
    """
    if index.dtype.short != "i64":
        raise RuntimeError("put_(): Expected a long tensor for index, but got "
                           + index.dtype.tensor_type.replace("Tensor", ""))  # fmt: skip
    if input.dtype is not source.dtype:
        raise RuntimeError(
            "put_(): self and source expected to have the same dtype, but got self.dtype = "
            f"{_c(input)} and source.dtype = {_c(source)}"
        )
    if index.numel() != source.numel():
        raise IndexError(
            "put_(): Expected source and index to have the same number of elements, but got "
            f"source.numel() = {source.numel()}, index.numel() = {index.numel()}"
        )
    if not index.numel():
        return _copied(input)
    flat = reshape(input, -1)
    i = reshape(index, -1)
    op, attrs = ("scatter_add", (0, "index")) if accumulate else ("scatter", (0, "index", "set"))
    out = record_checked("put", op, (flat, i, reshape(source, -1)), attrs, input.numel())
    return reshape(out, input.shape)
