"""Searching and counting: searchsorted, unique, bincount, histograms, isin."""

from __future__ import annotations

from numtorch.jit import dtypes as _d
from numtorch.jit.ops import OPS
from numtorch.jit.record import local

from ._api import function
from ._sort import sort
from ._tensor import Tensor, check_dim
from .return_types import result_type

histogram_result = result_type("histogram", "hist", "bin_edges")
histogramdd_result = result_type("histogramdd", "hist", "bin_edges")


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


# ---------------------------------------------------------------- counting


@function("bincount(Tensor input, Tensor? weights=None, int minlength=0)")
def bincount(input, weights, minlength):
    """How often each non-negative integer occurs, or the sums of its weights.

    >>> import numtorch as torch
    >>> torch.bincount(torch.tensor([0, 2, 2]))
    tensor([1, 0, 2])
    """
    from ._creation import zeros

    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if input.dtype.kind != "i":
        raise NotImplementedError(
            f"\"bincount_cpu\" not implemented for '{input.dtype.scalar_type}'"
        )
    x = input.to(_d.int64)
    if x.dim() == 1 and not x.numel():
        return zeros(minlength, dtype=_d.int64)
    if x.dim() != 1 or int(x.min()) < 0:
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if weights is not None and weights.shape != x.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    size = max(int(x.max()) + 1, minlength)
    if weights is None:
        return _binned(x, None, size)
    return _binned(x, weights if weights.dtype is _d.float32 else weights.to(_d.float64), size)


def _binned(index: Tensor, weights: Tensor | None, size: int) -> Tensor:
    """Sums of weights (ones) by index."""
    from ._creation import ones, zeros

    if weights is None:
        weights = ones(index.shape, dtype=_d.int64)
    return zeros(size, dtype=weights.dtype).scatter_add(0, index, weights.detach())


def _finite_range(name: str, x: Tensor, low: float, high: float) -> tuple[float, float]:
    """The range of the bins: the data's when low == high, wider when that is a point."""
    from math import isfinite, isnan

    if low == high and x.numel():
        low, high = float(x.min()), float(x.max())
    if not (isfinite(low) and isfinite(high)):
        shown = ["-nan" if isnan(v) else f"{v:g}" for v in (low, high)]
        raise RuntimeError(f"{name}: range of [{shown[0]}, {shown[1]}] is not finite")
    if low == high:
        low, high = low - 1, high + 1
    return low, high


@function("histc(Tensor input, int bins=100, Number min=0, Number max=0)", out=True)
def histc(input, bins, min, max):
    """Counts of elements in equal bins between min and max (of the data when both are equal).

    >>> import numtorch as torch
    >>> torch.histc(torch.tensor([1.0, 2.0, 1.0]), bins=4, min=0, max=3)
    tensor([0., 2., 1., 0.])
    """
    if input.dtype.kind != "f":
        raise NotImplementedError(
            f"\"histogram_cpu\" not implemented for '{input.dtype.scalar_type}'"
        )
    if bins <= 0:
        raise RuntimeError(
            f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0"
        )
    x = input.detach().reshape(-1)
    if float(min) > float(max):
        raise RuntimeError("torch.histc: max must be larger than min")
    low, high = _finite_range("torch.histc", x, float(min), float(max))
    at, inside = _bin_numbers(x, bins, low, high)
    return _binned(at, inside.to(input.dtype), bins)


def _bin_numbers(x: Tensor, bins: int, low: float, high: float) -> tuple[Tensor, Tensor]:
    """(bin of each element, whether it lies in the range); the last bin holds its upper end."""
    inside = (x >= low) & (x <= high)
    at = ((x - low) * (bins / (high - low))).where(inside, 0.0).to(_d.int64)
    return at.clamp(max=bins - 1), inside


def _edges(x: Tensor, bins: int, given, k: int) -> Tensor:
    """Ends of equal bins over the given range, or that of the data, in dim k."""
    from math import isfinite

    from ._creation import linspace

    low, high = given or ((float(x.min()), float(x.max())) if x.numel() else (0.0, 1.0))
    if not (isfinite(low) and isfinite(high)):
        raise RuntimeError(
            f"torch.histogramdd: dimension {k}'s range [{low:g}, {high:g}] is not finite"
        )
    if low == high:
        low, high = low - 0.5, high + 0.5
    return linspace(low, high, bins + 1, dtype=x.dtype)


def _placed(x: Tensor, edges: Tensor) -> tuple[Tensor, Tensor]:
    """(bin between the edges, whether inside), the upper end belonging to the last bin."""
    n = edges.shape[0] - 1
    inside = (x >= edges[0]) & (x <= edges[n])
    at = _search(edges, x, False, True, None, None) - 1
    return at.clamp(0, n - 1 if n > 0 else 0), inside


def _names(d) -> str:
    return {"f32": "float", "f64": "double", "i64": "long int", "i32": "int"}.get(d.short, d.name)


def _check_histogram(x: Tensor, bins: list, ranges, weight) -> None:
    if x.dim() < 2:
        raise RuntimeError("torch.histogramdd: input tensor should have at least 2 dimensions")
    n = x.shape[-1]
    if len(bins) != n:
        raise RuntimeError(
            "histogramdd: The size of bins must be equal to the innermost dimension of the input."
        )
    for k, b in enumerate(bins):
        if isinstance(b, Tensor):
            if b.dtype is not x.dtype:
                raise RuntimeError(
                    "torch.histogramdd: input tensor and bins tensors should have the same dtype, "
                    f"but got input with dtype {_names(x.dtype)} and bins for dimension {k} with "
                    f"dtype {_names(b.dtype)}"
                )
            if b.dim() != 1:
                raise RuntimeError(
                    "torch.histogramdd: bins tensor should have one dimension, but got "
                    f"{b.dim()} dimensions in the bins tensor for dimension {k}"
                )
        elif b <= 0:
            raise RuntimeError(
                f"torch.histogram(): bins must be > 0, but got {b} for dimension {k}"
            )
    if weight is not None and weight.shape != x.shape[:-1]:
        raise RuntimeError(
            "torch.histogramdd: if weight tensor is provided it should have the same shape as the "
            f"input tensor excluding its innermost dimension, but got input with shape "
            f"{list(x.shape)} and weight with shape {list(weight.shape)}"
        )
    if weight is not None and weight.dtype is not x.dtype:
        raise RuntimeError(
            "torch.histogramdd: if weight tensor is provided, input tensor and weight tensor "
            f"should have the same dtype, but got input(dtype={_names(x.dtype)}), and "
            f"weight(dtype={_names(weight.dtype)})"
        )
    _check_ranges(ranges, n)


def _check_ranges(ranges, n: int) -> None:
    if ranges is None:
        return
    if len(ranges) != 2 * n:
        raise RuntimeError(
            f"torch.histogramdd: for a {n}-dimensional histogram range should have {2 * n} "
            f"elements, but got {len(ranges)}"
        )
    for k in range(n):
        if ranges[2 * k] > ranges[2 * k + 1]:
            raise RuntimeError(
                f"torch.histogramdd: min should not exceed max, but got min {ranges[2 * k]:g} max "
                f"{ranges[2 * k + 1]:g} for dimension {k}"
            )


def _histogram(x: Tensor, bins: list, ranges, weight, density: bool, kernel: str):
    """(counts, edges of each dim) of points along the last dim."""
    _check_histogram(x, bins, ranges, weight)
    if x.dtype.short not in ("f32", "f64"):
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{x.dtype.scalar_type}'")
    points = x.detach().reshape(-1, x.shape[-1])
    flat = keep = None
    edges = []
    for k, b in enumerate(bins):
        column = points[:, k]
        if isinstance(b, Tensor):
            e, (at, inside) = b.detach(), _placed(column, b.detach())
        else:
            given = None if ranges is None else (ranges[2 * k], ranges[2 * k + 1])
            e = _edges(column, b, given, k)
            at, inside = _placed(column, e)
        edges.append(e)
        size = e.shape[0] - 1
        flat = at if flat is None else flat * size + at
        keep = inside if keep is None else keep & inside
    sizes = [e.shape[0] - 1 for e in edges]
    amounts = keep.to(x.dtype)
    if weight is not None:
        amounts = weight.detach().reshape(-1).where(keep, 0.0)
    total = 1
    for s in sizes:
        total *= s
    hist = _binned(flat, amounts, total).reshape(sizes)
    if density:
        hist = hist / hist.sum()
        for k, e in enumerate(edges):
            hist = hist / (e[1:] - e[:-1]).reshape([-1] + [1] * (len(edges) - k - 1))
    return hist, edges


_TAIL = "*, float[]? range=None, Tensor? weight=None, bool density=False"


@function(f"histogram(Tensor input, Tensor bins, {_TAIL})", out=("hist", "bin_edges"))
def histogram(input, bins, *, range, weight, density):
    """(hist, bin_edges): counts, weights or densities between edges or in equal bins.

    >>> import numtorch as torch
    >>> hist, edges = torch.histogram(torch.tensor([1.0, 2.0, 1.0]), bins=2, range=(0.0, 4.0))
    >>> hist, edges
    (tensor([2., 1.]), tensor([0., 2., 4.]))
    """
    return _histogram_1d(input, bins, range, weight, density)


@function(f"histogram(Tensor input, int bins=100, {_TAIL})", out=("hist", "bin_edges"))
def histogram(input, bins, *, range, weight, density):  # noqa: F811
    return _histogram_1d(input, bins, range, weight, density)


def _histogram_1d(x: Tensor, bins, ranges, weight, density: bool):
    x = x.reshape(-1, 1)
    weight = None if weight is None else weight.reshape(-1)
    hist, edges = _histogram(x, [bins], ranges, weight, density, "histogramdd")
    return histogram_result(hist, edges[0])


def _histogramdd(input, bins, ranges, weight, density):
    found = _histogram(input, list(bins), ranges, weight, density, "histogramdd")
    return histogramdd_result(found[0], tuple(found[1]))


@function(f"histogramdd(Tensor input, int[] bins, {_TAIL})", method=False)
def histogramdd(input, bins, *, range, weight, density):
    """(hist, bin_edges) of points along the last dim, one edge tensor per coordinate.

    >>> import numtorch as torch
    >>> hist, edges = torch.histogramdd(torch.zeros(5, 2), bins=[2, 3])
    >>> hist.shape, len(edges)
    (torch.Size([2, 3]), 2)
    """
    return _histogramdd(input, bins, range, weight, density)


@function(f"histogramdd(Tensor input, int bins, {_TAIL})", method=False)
def histogramdd(input, bins, *, range, weight, density):  # noqa: F811
    return _histogramdd(input, [bins] * input.shape[-1], range, weight, density)


@function(f"histogramdd(Tensor input, Tensor[] bins, {_TAIL})", method=False)
def histogramdd(input, bins, *, range, weight, density):  # noqa: F811
    return _histogramdd(input, bins, range, weight, density)
