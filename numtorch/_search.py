"""Searching and counting: searchsorted, unique, bincount, histograms, isin."""

from __future__ import annotations

from numtorch.jit import dtypes as _d
from numtorch.jit.ops import OPS
from numtorch.jit.record import local

from ._api import function
from ._descriptors import check_dim
from ._sort import sort
from ._tensor import Tensor


def _number_among(value, bounds: Tensor) -> Tensor:
    """A number as a tensor that can be compared with the boundaries."""
    from ._creation import tensor

    whole = bounds.dtype.kind == "i"
    return tensor(value, dtype=_d.default if isinstance(value, float) and whole else bounds.dtype)


# ---------------------------------------------------------------- sorted sequences


def _check_sorter(bounds: Tensor, sorter) -> None:
    if sorter is None:
        return
    if sorter.shape != bounds.shape:
        raise RuntimeError(
            "torch.searchsorted(): boundary and sorter must have the same size, but got boundary "
            f"tensor {list(bounds.shape)}and got sorter tensor {list(sorter.shape)}"
        )
    if sorter.dtype is not _d.int64:
        raise RuntimeError(
            "torch.searchsorted(): sorter must be a tensor of long dtype but got dtype "
            f"{sorter.dtype.scalar_type}"
        )
    if sorter.numel() and bool(((sorter < 0) | (sorter >= bounds.shape[-1])).any()):
        raise RuntimeError("torch.searchsorted(): sorter index out of range")


def _check_search(bounds: Tensor, values: Tensor, right: bool, side) -> bool:
    """Whether the right side is meant."""
    if not bounds.dim():
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should have positive dimension, but got 0 "
            "dimension"
        )
    if side is not None:
        if side not in ("left", "right"):
            raise RuntimeError(
                f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}"
            )
        if side == "left" and right:
            raise RuntimeError(
                "torch.searchsorted(): side and right can't be set to opposites, got side of "
                "left while right was True"
            )
        right = side == "right"
    if bounds.dim() > 1 and not values.dim():
        raise RuntimeError(
            "torch.searchsorted(): input value can be a scalar only when boundaries tensor "
            f"dimension is 1, but we got boundaries tensor dim({bounds.dim()}) and input value's "
            f"dim(0) numel({values.numel()})"
        )
    if bounds.dim() > 1 and bounds.shape[:-1] != values.shape[:-1]:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 "
            "dimensions of boundaries tensor and input value tensor must match, but we got "
            f"boundaries tensor {list(bounds.shape)} and input value tensor {list(values.shape)}"
        )
    for t in (bounds, values):
        if t.dtype.kind in "bc":
            raise NotImplementedError(
                f"\"searchsorted_out_cpu\" not implemented for '{t.dtype.scalar_type}'"
            )
    return right


def _search(bounds: Tensor, values: Tensor, out_int32: bool, right: bool, side, sorter) -> Tensor:
    right = _check_search(bounds, values, right, side)
    _check_sorter(bounds, sorter)
    if bounds.dtype is not values.dtype:
        # The wider category decides, as when the two are compared.
        kind = _d.result_type([(t.shape, t.dtype, None) for t in (bounds, values)])
        bounds, values = bounds.to(kind), values.to(kind)
    shape, n = values.shape, bounds.shape[-1]
    attrs = (right, _d.int32 if out_int32 else _d.int64)
    rows = 1 if bounds.dim() == 1 else bounds.numel() // max(n, 1)
    if not values.numel() or (rows == 0):
        return values.to(attrs[1])
    per_row = values.numel() // rows
    operands = [bounds.detach().reshape(rows, n), values.detach().reshape(rows, per_row)]
    if sorter is not None:
        operands.append(sorter.reshape(rows, n))
    return local.tape.record(OPS["searchsorted"], operands, attrs).reshape(shape)


_SEARCH = "bool out_int32=False, bool right=False, str? side=None, Tensor? sorter=None"


@function(
    f"searchsorted(Tensor sorted_sequence, Tensor self, *, {_SEARCH})", out=True, method=False
)
def searchsorted(bounds, values, *, out_int32, right, side, sorter):
    """Indices at which values keep a sorted sequence (its last dim) in order.

    >>> import numtorch as torch
    >>> torch.searchsorted(torch.tensor([1, 3, 5]), torch.tensor([3, 6]))
    tensor([1, 3])
    """
    return _search(bounds, values, out_int32, right, side, sorter)


@function(
    f"searchsorted(Tensor sorted_sequence, Number self, *, {_SEARCH})", out=True, method=False
)
def searchsorted(bounds, value, *, out_int32, right, side, sorter):  # noqa: F811
    values = _number_among(value, bounds)
    return _search(bounds, values, out_int32, right, side, sorter)


def _check_boundaries(boundaries: Tensor) -> None:
    if boundaries.dim() != 1:
        raise RuntimeError(
            f"boundaries tensor must be 1 dimension, but got dim({boundaries.dim()})"
        )


@function(
    "bucketize(Tensor input, Tensor boundaries, *, bool out_int32=False, bool right=False)",
    out=True, method=False,
)  # fmt: skip
def bucketize(input, boundaries, *, out_int32, right):
    """The bucket between sorted boundaries that each value belongs to.

    >>> import numtorch as torch
    >>> torch.bucketize(torch.tensor([0.5, 3.0]), torch.tensor([1.0, 2.0]))
    tensor([0, 2])
    """
    _check_boundaries(boundaries)
    return _search(boundaries, input, out_int32, right, None, None)


@function(
    "bucketize(Number self, Tensor boundaries, *, bool out_int32=False, bool right=False)",
    method=False,
)
def bucketize(value, boundaries, *, out_int32, right):  # noqa: F811
    _check_boundaries(boundaries)
    values = _number_among(value, boundaries)
    return _search(boundaries, values, out_int32, right, None, None)


# ---------------------------------------------------------------- unique


def _runs(flat: Tensor):
    """For a 1-D tensor: where runs of equal elements start, as (mask, number of each element's)."""
    from ._creation import ones

    first = ones(1, dtype=_d.bool_)
    from ._joins import cat

    starts = cat([first, flat[1:] != flat[:-1]])
    return starts, starts.cumsum(0) - 1


def _positions(starts: Tensor) -> Tensor:
    return starts.nonzero().reshape(-1)


def _counts(at: Tensor, n: int) -> Tensor:
    from ._creation import full
    from ._scan import diff

    return diff(at, append=full((1,), n, dtype=_d.int64))


def _unique_flat(x: Tensor):
    """(values, inverse, counts) of all elements, values in order."""
    flat = x.reshape(-1)
    n = flat.shape[0]
    if not n:
        empty = flat.to(_d.int64)
        return flat, empty.reshape(x.shape), empty
    if x.dtype.is_complex:
        raise NotImplementedError(f"\"unique\" not implemented for '{x.dtype.scalar_type}'")
    ordered, order = sort(flat)
    starts, number = _runs(ordered)
    at = _positions(starts)
    inverse = number.new_zeros(n).scatter(0, order, number)
    return ordered[at], inverse.reshape(x.shape), _counts(at, n)


def _unique_dim(x: Tensor, dim: int, consecutive: bool):
    """(slices, inverse, counts) along a dim; slices in lexical order unless `consecutive`."""
    import numpy as np

    from ._creation import tensor

    d = check_dim(dim, x.dim())
    if x.numel() == 0 and any(n == 0 for k, n in enumerate(x.shape) if k != d):
        raise RuntimeError(
            "There are 0 sized dimensions, and they aren't selected, so unique cannot be applied"
        )
    n = x.shape[d] if x.dim() else 1
    if n == 0:
        empty = tensor([], dtype=_d.int64)
        return x, empty, empty
    rows = x.detach().movedim(d, 0).reshape(n, -1) if x.dim() else x.detach().reshape(1, 1)
    table = rows.numpy() if not rows.dtype.opaque else rows.to(_d.float32).numpy()
    order = np.arange(n) if consecutive else np.lexsort(table.T[::-1])
    ordered = table[order]
    starts = np.concatenate([[True], (ordered[1:] != ordered[:-1]).any(1)])
    at = np.flatnonzero(starts)
    inverse = np.empty(n, np.int64)
    inverse[order] = np.cumsum(starts) - 1
    picked = x.index_select(d, tensor(order[at])) if x.dim() else x.reshape(1)
    return picked, tensor(inverse), tensor(np.diff(np.append(at, n)))


def _chosen(values, inverse, counts, return_inverse: bool, return_counts: bool):
    if not (return_inverse or return_counts):
        return values
    found = [values]
    found += [inverse] if return_inverse else []
    found += [counts] if return_counts else []
    return tuple(found)


@function(
    "unique(Tensor input, bool sorted=True, bool return_inverse=False, bool return_counts=False, "
    "int? dim=None)"
)
def unique(input, sorted, return_inverse, return_counts, dim):
    """Distinct elements (or slices along `dim`) in order, and which of them each element is, and
    how often each occurs.

    >>> import numtorch as torch
    >>> torch.unique(torch.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    found = _unique_flat(input) if dim is None else _unique_dim(input, dim, False)
    return _chosen(*found, return_inverse, return_counts)


@function(
    "unique_consecutive(Tensor input, bool return_inverse=False, bool return_counts=False, "
    "int? dim=None)"
)
def unique_consecutive(input, return_inverse, return_counts, dim):
    """The first of each run of equal elements (or slices along `dim`).

    >>> import numtorch as torch
    >>> torch.unique_consecutive(torch.tensor([1, 1, 2, 1]), return_counts=True)
    (tensor([1, 2, 1]), tensor([2, 1, 1]))
    """
    if input.dtype.kind == "c":
        kernel = "unique" if dim is None else "unique_dim"
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{input.dtype.scalar_type}'")
    if dim is not None:
        found = _unique_dim(input, dim, True)
        return _chosen(*found, return_inverse, return_counts)
    flat = input.reshape(-1)
    if not flat.numel():
        empty = flat.to(_d.int64)
        return _chosen(flat, empty.reshape(input.shape), empty, return_inverse, return_counts)
    starts, number = _runs(flat)
    at = _positions(starts)
    found = flat[at], number.reshape(input.shape), _counts(at, flat.shape[0])
    return _chosen(*found, return_inverse, return_counts)


@function(
    "isin(Tensor elements, Tensor test_elements, *, bool assume_unique=False, bool invert=False)",
    out=True, method=False,
)  # fmt: skip
def isin(elements, test_elements, *, assume_unique, invert):
    """Which elements occur among the test elements.

    >>> import numtorch as torch
    >>> torch.isin(torch.tensor([1, 2, 3]), torch.tensor([2, 5]))
    tensor([False,  True, False])
    """
    for t in (elements, test_elements):
        if t.dtype.kind in "bc":
            raise RuntimeError(
                f"Unsupported input type encountered for isin(): {t.dtype.scalar_type}"
            )
    kind = _d.result_type([(t.shape, t.dtype, None) for t in (elements, test_elements)])
    x, tests = elements.detach().to(kind), test_elements.detach().to(kind).reshape(-1)
    if not tests.numel():
        found = x != x if kind.kind != "f" else (x == x) & (x != x)
    elif tests.numel() <= 8:
        found = (x.unsqueeze(-1) == tests).any(-1)
    else:
        ordered = sort(tests).values
        at = _search(ordered, x, False, False, None, None).clamp(max=tests.numel() - 1)
        found = ordered[at] == x
    return ~found if invert else found


@function(
    "isin(Number element, Tensor test_elements, *, bool assume_unique=False, bool invert=False)",
    out=True, method=False,
)  # fmt: skip
def isin(element, test_elements, *, assume_unique, invert):  # noqa: F811
    found = (test_elements.detach() == element).any()
    return ~found if invert else found


@function(
    "isin(Tensor elements, Number test_element, *, bool assume_unique=False, bool invert=False)",
    out=True, method=False,
)  # fmt: skip
def isin(elements, test_element, *, assume_unique, invert):  # noqa: F811
    found = elements.detach() == test_element
    return ~found if invert else found
