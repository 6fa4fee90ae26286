"""Scans along a dim: cumsum and its family, differences, the trapezoidal rule."""

from __future__ import annotations

from numtorch.jit import dtypes as _d
from numtorch.jit.ops import OPS
from numtorch.jit.record import local

from ._api import function
from ._descriptors import check_dim
from ._tensor import Tensor
from .return_types import result_type

cummax_result = result_type("cummax", "values", "indices")
cummin_result = result_type("cummin", "values", "indices")


def _scan(op: str, x: Tensor, dim: int, dtype) -> Tensor:
    d = check_dim(dim, x.dim())
    if dtype is None:
        dtype = x.dtype if x.dtype.differentiable else _d.int64
    if dtype.kind == "b":
        raise NotImplementedError(f"\"cum{op}_out_cpu\" not implemented for 'Bool'")
    if x.dtype.is_complex and not dtype.is_complex:
        x = x.to(dtype)
    if not x.dim():
        return _scan(op, x.reshape(1), 0, dtype).reshape(())
    return local.tape.record(OPS["scan_" + op], (x,), (d, False, dtype))


@function("cumsum(Tensor input, int dim, *, dtype? dtype=None)", out=True, inplace=True)
def cumsum(input, dim, *, dtype):
    """Running sums along a dim; integers and bools add up in int64 unless `dtype` says otherwise.

    >>> import numtorch as torch
    >>> torch.cumsum(torch.tensor([1, 2, 3]), 0)
    tensor([1, 3, 6])
    """
    return _scan("sum", input, dim, dtype)


@function("cumprod(Tensor input, int dim, *, dtype? dtype=None)", out=True, inplace=True)
def cumprod(input, dim, *, dtype):
    """Running products along a dim; integers and bools multiply in int64.

    >>> import numtorch as torch
    >>> torch.cumprod(torch.tensor([1.0, 2.0, 3.0]), 0)
    tensor([1., 2., 6.])
    """
    return _scan("prod", input, dim, dtype)


@function("logcumsumexp(Tensor input, int dim)", out=True)
def logcumsumexp(input, dim):
    """Logarithm of the running sums of exp(x) along a dim, without overflow.

    >>> import numtorch as torch
    >>> torch.logcumsumexp(torch.tensor([0.0, 0.0, 0.0]), 0)
    tensor([0.0000, 0.6931, 1.0986])
    """
    if not input.dtype.differentiable:
        raise NotImplementedError(
            f"\"logcumsumexp_out_cpu\" not implemented for '{input.dtype.scalar_type}'"
        )
    return _scan("logaddexp", input, dim, None)


def picked(x: Tensor, index: Tensor, dim: int) -> Tensor:
    """x at indices that are known to be in range; inside a plan the kernel that found them gives
    these values too."""
    return local.tape.record(OPS["gather"], (x, index), (dim, "known"))


def _extreme(op: str, x: Tensor, dim: int, result):
    d = check_dim(dim, x.dim())
    if x.dtype.is_complex:
        raise NotImplementedError(
            f"\"{op}_cpu\" not implemented for '{x.dtype.scalar_type}'"
        )
    if not x.dim():
        values, at = _extreme(op, x.reshape(1), 0, result)
        return result(values.reshape(()), at.reshape(()))
    at = local.tape.record(OPS[op], (x,), (d, 1))
    return result(picked(x, at, d), at)


@function("cummax(Tensor input, int dim)", out=("values", "indices"))
def cummax(input, dim):
    """(values, indices) of the running maxima along a dim; of equal ones the last index.

    >>> import numtorch as torch
    >>> torch.cummax(torch.tensor([1.0, 3.0, 2.0]), 0).indices
    tensor([0, 1, 1])
    """
    return _extreme("cummax", input, dim, cummax_result)


@function("cummin(Tensor input, int dim)", out=("values", "indices"))
def cummin(input, dim):
    """(values, indices) of the running minima along a dim; of equal ones the last index.

    >>> import numtorch as torch
    >>> torch.cummin(torch.tensor([3.0, 1.0, 2.0]), 0).values
    tensor([3., 1., 1.])
    """
    return _extreme("cummin", input, dim, cummin_result)


# ---------------------------------------------------------------- differences, areas


@function(
    "diff(Tensor input, int n=1, int dim=-1, Tensor? prepend=None, Tensor? append=None)", out=True
)
def diff(input, n, dim, prepend, append):
    """The n-th differences of neighbours along a dim, with tensors put before and behind it.

    >>> import numtorch as torch
    >>> torch.diff(torch.tensor([1, 4, 9]))
    tensor([3, 5])
    """
    if not input.dim():
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    d = check_dim(dim, input.dim())
    parts = [x for x in (prepend, input, append) if x is not None]
    for x in parts:
        if x.dim() != input.dim():
            raise RuntimeError(
                "diff expects prepend or append to be the same dimension as input"
            )
        for k in range(x.dim()):
            if k != d and x.shape[k] != input.shape[k]:
                raise RuntimeError(
                    "diff expects the shape of tensor to prepend or append to match that of input "
                    "except along the differencing dimension;"
                    f" input.size({k}) = {input.shape[k]}, but got tensor.size({k}) = {x.shape[k]}"
                )
    if n == 0:
        return input.clone()
    if len(parts) > 1:
        from ._joins import cat

        input = cat(parts, d)
    for _ in range(min(n, input.shape[d])):
        size = input.shape[d]
        rest = max(size - 1, 0)
        high, low = input.narrow(d, min(1, size), rest), input.narrow(d, 0, rest)
        input = high ^ low if input.dtype.kind == "b" else high - low
    return input


def _spacings(x: Tensor, spacing, dim, edge_order: int) -> list[tuple]:
    """(dim, step or coordinates) of each dim that `gradient` differentiates along."""
    if edge_order not in (1, 2):
        raise RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.")
    if x.dtype is _d.uint8:
        raise RuntimeError("torch.gradient does not support uint8 input.")
    given = range(x.dim()) if dim is None else (dim,) if isinstance(dim, int) else dim
    dims = [check_dim(d, x.dim()) for d in given]
    for k, d in enumerate(dims):
        if d in dims[:k]:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
    if not isinstance(spacing, (tuple, list)):
        step = 1 if spacing is None else spacing
        steps = [step.item() if isinstance(step, Tensor) else step] * len(dims)
    else:
        steps = list(spacing)
        if len(steps) != len(dims):
            wanted = (
                f", or a list of length equal to 'self.dim() = {x.dim()}', since dim argument was "
                f"not given, but got a list of length {len(steps)}" if dim is None else
                " or it's spacing and dim arguments to have the same length, but got a spacing "
                f"argument of length {len(steps)} and a dim argument of length {len(dims)}."
            )
            raise RuntimeError(
                f"torch.gradient expected spacing to be unspecified, a scalar{wanted}"
            )
        for step in steps:
            if isinstance(step, Tensor) and step.dim() != 1:
                raise RuntimeError(
                    "torch.gradient expected each element of spacing to have one dimension, but "
                    f"got an element with {step.dim()} dimensions!"
                )
    for d in dims:
        if x.shape[d] <= edge_order:
            raise RuntimeError(
                "torch.gradient expected each dimension size to be at least edge_order+1"
            )
    return list(zip(dims, steps))


@function(
    "gradient(Tensor input, *, any spacing=None, any dim=None, int edge_order=1)", method=False
)
def gradient(input, *, spacing, dim, edge_order):
    """Estimates of the derivative along each dim (or those given), by central differences.

    `spacing`: the distance of the samples, one for each dim, or 1-d tensors of coordinates.

    >>> import numtorch as torch
    >>> torch.gradient(torch.tensor([1.0, 4.0, 9.0, 16.0]))
    (tensor([3., 4., 6., 7.]),)
    """
    pairs = _spacings(input, spacing, dim, edge_order)
    return tuple(_derivative(input, d, step, edge_order) for d, step in pairs)


def _derivative(x: Tensor, d: int, step, edge_order: int) -> Tensor:
    """Central differences inside, one-sided ones of the given order at both ends."""
    from ._joins import cat

    n = x.shape[d]

    def at(k: int, size: int = 1) -> Tensor:
        return x.narrow(d, k if k >= 0 else n + k, size)

    if isinstance(step, Tensor):
        return cat(_uneven(at, n, diff(step), [-1] + [1] * (x.dim() - d - 1), edge_order), d)
    middle = (at(2, n - 2) - at(0, n - 2)) / (2 * step)
    if edge_order == 1:
        return cat([(at(1) - at(0)) / step, middle, (at(-1) - at(-2)) / step], d)
    first = (-1.5 * at(0) + 2 * at(1) - 0.5 * at(2)) / step
    return cat([first, middle, (0.5 * at(-3) - 2 * at(-2) + 1.5 * at(-1)) / step], d)


def _uneven(at, n: int, h: Tensor, shape: list[int], edge_order: int) -> list[Tensor]:
    """The three parts of a derivative for samples at the distances h."""
    h1, h2 = h[:-1].reshape(shape), h[1:].reshape(shape)
    middle = (
        -h2 / (h1 * (h1 + h2)) * at(0, n - 2) + (h2 - h1) / (h1 * h2) * at(1, n - 2)
        + h1 / (h2 * (h1 + h2)) * at(2, n - 2)
    )  # fmt: skip
    if edge_order == 1:
        return [(at(1) - at(0)) / h[0], middle, (at(-1) - at(-2)) / h[-1]]

    def edge(a: Tensor, b: Tensor, x0: Tensor, x1: Tensor, x2: Tensor) -> Tensor:
        # The parabola through three samples, differentiated at the first.
        return (
            -(2 * a + b) / (a * (a + b)) * x0 + (a + b) / (a * b) * x1 - a / (b * (a + b)) * x2
        )

    last = -edge(h[-1], h[-2], at(-1), at(-2), at(-3))
    return [edge(h[0], h[1], at(0), at(1), at(2)), middle, last]


def _slabs(y: Tensor, d: int) -> Tensor:
    """Sums of neighbours along a dim."""
    n = y.shape[d]
    return y.narrow(d, 1, n - 1) + y.narrow(d, 0, n - 1)


def _trapezoid(name: str, y: Tensor, x, dx, dim: int, total) -> Tensor:
    if not y.dim():
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    d = check_dim(dim, y.dim())
    if y.dtype.kind == "b":
        raise RuntimeError(f"{name}: received a bool input for `y`, but bool is not supported")
    if x is None:
        if y.shape[d] == 0:
            return _nothing(y, d, total)
        return total(_slabs(y, d), d) * (dx / 2.0) if not y.dtype.is_complex else (
            total(_slabs(y, d), d) * dx / 2.0
        )
    if x.dtype.kind == "b":
        raise RuntimeError(f"{name}: received a bool input for `x`, but bool is not supported")
    if x.dim() == 1:
        if x.shape[0] != y.shape[d]:
            raise RuntimeError(
                f"{name}: There must be one `x` value for each sample point"
            )
        widths = diff(x).reshape([-1] + [1] * (y.dim() - d - 1))
    else:
        lead = y.dim() - x.dim()
        if lead > 0:
            x = x.reshape([1] * lead + list(x.shape))
        widths = diff(x, dim=d)
    if y.shape[d] == 0:
        return _nothing(y, d, total)
    return total(_slabs(y, d) * widths, d) / 2.0


def _nothing(y: Tensor, d: int, total) -> Tensor:
    if total is _sum:
        return y.sum(d)
    return y.narrow(d, 0, 0)


def _sum(x: Tensor, d: int) -> Tensor:
    return x.sum(d)


def _running(x: Tensor, d: int) -> Tensor:
    return cumsum(x, d)


def _declare(name: str, shown: str, total, doc: str) -> None:
    def by_x(y, x, *, dim):
        return _trapezoid(shown, y, x, 1.0, dim, total)

    def by_dx(y, *, dx, dim):
        return _trapezoid(shown, y, None, dx, dim, total)

    by_x.__doc__ = by_dx.__doc__ = doc
    function(f"{name}(Tensor y, Tensor x, *, int dim=-1)", method=False)(by_x)
    function(f"{name}(Tensor y, *, Number dx=1, int dim=-1)", method=False)(by_dx)


_AREA = "Area under y by the trapezoidal rule along a dim, at the points x or at steps of dx."
_declare("trapezoid", "trapezoid", _sum, _AREA)
_declare("trapz", "trapezoid", _sum, _AREA)
_declare(
    "cumulative_trapezoid", "cumulative_trapezoid", _running,
    "Running areas under y by the trapezoidal rule along a dim.",
)  # fmt: skip
