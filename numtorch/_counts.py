"""Counts: bincount, histc, histogram."""

from __future__ import annotations

from numtorch.jit import dtypes as _d

from ._api import function
from ._search import _search
from ._tensor import Tensor
from .return_types import result_type

histogram_result = result_type("histogram", "hist", "bin_edges")
histogramdd_result = result_type("histogramdd", "hist", "bin_edges")


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
