"""Factory functions: filled tensors, ranges, *_like and new_*."""

from __future__ import annotations

import math
import warnings

import numpy as np
from numtorch.jit import dtypes as _d
from numtorch.jit.meta import meta
from numtorch.jit.ops import OPS
from numtorch.jit.record import Lazy, local, row_major
from numtorch.jit.runtime.allocator import alloc
from numtorch.jit.strides import inverse, order_of, turned

from ._api import REGISTRY, function
from ._creation import _check_device, _dtype, _own, _plain_number, _sizes, assigned, fitting, tensor
from ._shape_ops import channels_last_strides, format_name, layout_of_copy
from ._tensor import Tensor, wrap

# What all factory functions take.
OPTIONS = (
    "dtype? dtype=None, layout? layout=None, device? device=None, bool? pin_memory=False, "
    "bool? requires_grad=False"
)
LIKE = OPTIONS + ", memory_format? memory_format=None"


def finish(t: Tensor, device, requires_grad) -> Tensor:
    """What the options ask for beyond the dtype."""
    _check_device(device)
    return t.requires_grad_() if requires_grad else t


def fast_sizes(name: str, make):
    """torch.name where plain ints as sizes need no checks; make(sizes) is the default result."""
    f = REGISTRY[name]
    checked = f.public

    def factory(*size, **named):
        if named or not size:
            return checked(*size, **named)
        found = size[0] if len(size) == 1 and size[0].__class__ in (tuple, list) else size
        for n in found:
            if n.__class__ is not int or n < 0:
                return checked(*size)
        return make(tuple(found))

    factory.__name__ = factory.__qualname__ = name
    factory.__doc__, factory.__module__ = checked.__doc__, "numtorch"
    factory.schemas = f.schemas
    f.public = factory
    return factory


# ---------------------------------------------------------------- filled


def _full(shape: tuple[int, ...], value, dtype, strides: tuple | None = None) -> Tensor:
    return local.tape.record(OPS["full"], (value,), (shape, dtype), strides)


@function(f"full(int[] size, Number fill_value, *, {OPTIONS})", method=False, out=True)
def _full_checked(size, fill_value, *, dtype, layout, device, pin_memory, requires_grad):
    """A tensor filled with one value.

    >>> import numtorch as torch
    >>> torch.full((2,), 7)
    tensor([7, 7])
    """
    return full(size, fill_value, dtype=dtype, device=device, requires_grad=requires_grad)


def full(size, fill_value, *, dtype=None, device=None, requires_grad=False) -> Tensor:
    """A tensor filled with one value."""
    if isinstance(fill_value, Tensor):
        fill_value = fill_value.item()
    if dtype is None:
        kinds = (("b", bool), ("i", int), ("c", complex))
        dtype = _d.weak_dtype(next((k for k, t in kinds if isinstance(fill_value, t)), "f"))
    shape = _sizes((size,) if isinstance(size, (tuple, list)) else (size,))
    dtype = _dtype(dtype)
    t = _full(shape, fitting(_plain_number(fill_value), dtype), dtype)
    return finish(t, device, requires_grad)


def _constant(name: str, value: float):
    def run(size, *, dtype, layout, device, pin_memory, requires_grad):
        if name == "zeros" and any(n < 0 for n in size):
            raise RuntimeError("zeros: Dimension size must be non-negative.")
        return finish(_full(_sizes((size,)), value, _dtype(dtype)), device, requires_grad)

    run.__doc__ = f"A tensor of {name}."
    function(f"{name}(int[] size, *, {OPTIONS})", method=False, out=True)(run)
    return fast_sizes(name, lambda shape: _full(shape, value, _d.default))


zeros, ones = _constant("zeros", 0.0), _constant("ones", 1.0)


def _empty(shape: tuple[int, ...], dtype=None, strides: tuple | None = None) -> Tensor:
    m = meta(shape, dtype or _d.default, strides)
    buf = alloc(m.nbytes)
    return wrap(Lazy(m, buf, buf.addr))


@function(f"empty(int[] size, *, {LIKE})", method=False, out=True)
def _empty_checked(
    size, *, dtype, layout, device, pin_memory, requires_grad, memory_format
):  # fmt: skip
    """A tensor whose content is not set.

    >>> import numtorch as torch
    >>> torch.empty(2, 3, dtype=torch.float64).shape
    torch.Size([2, 3])
    """
    size = _sizes((tuple(size),))
    out = _empty(size, _dtype(dtype), format_strides(size, memory_format))
    return finish(out, device, requires_grad)


empty = fast_sizes("empty", _empty)


def format_strides(size: tuple[int, ...], memory_format) -> tuple[int, ...] | None:
    """The strides that a memory format asks for; None if it is row-major."""
    kind = "preserve_format" if memory_format is None else format_name(memory_format)
    if kind in ("preserve_format", "contiguous_format"):
        return None
    return channels_last_strides(size, memory_format)


def like_strides(like: Tensor, memory_format) -> tuple[int, ...] | None:
    """The strides of a tensor like another one; None if they are row-major."""
    if memory_format is None and like._v.meta.strides is None:
        return None
    return layout_of_copy(like, memory_format)


def laid_out(t: Tensor, strides: tuple[int, ...] | None) -> Tensor:
    """The tensor with these strides (None: as it is)."""
    return t if strides is None else local.tape.record(OPS["copy"], (t,), None, strides)


@function(f"empty_strided(int[] size, int[] stride, *, {OPTIONS})", method=False)
def empty_strided(size, stride, *, dtype=None, layout=None, device=None, pin_memory=False,
                  requires_grad=False):  # fmt: skip
    """A tensor with the given strides whose content is not set.

    >>> import numtorch as torch
    >>> torch.empty_strided((2, 3), (1, 2)).stride()
    (1, 2)
    """
    if len(size) != len(stride):
        raise RuntimeError(
            f"dimensionality of sizes ({len(size)}) must match dimensionality of strides "
            f"({len(stride)})"
        )
    size = _sizes((tuple(size),))
    if order_of(size, tuple(stride)) is not None:
        return finish(_empty(size, _dtype(dtype), tuple(stride)), device, requires_grad)
    reach = 1 + sum((n - 1) * s for n, s in zip(size, stride)) if 0 not in size else 0
    out = _empty((reach,), _dtype(dtype)).as_strided(size, stride)
    return finish(out, device, requires_grad)


@function(f"empty_permuted(int[] size, int[] physical_layout, *, {OPTIONS})", method=False)
def empty_permuted(size, physical_layout, *, dtype, layout, device, pin_memory, requires_grad):
    """A tensor whose dims lie in memory in the given order; its content is not set.

    >>> import numtorch as torch
    >>> torch.empty_permuted((2, 3, 5), (0, 2, 1)).stride()
    (15, 1, 3)
    """
    if sorted(physical_layout) != list(range(len(size))):
        raise RuntimeError("Number of dimensions in size does not match the physical_layout")
    size, order = _sizes((tuple(size),)), tuple(physical_layout)
    inside = row_major(turned(size, order))
    out = _empty(size, _dtype(dtype), tuple(inside[k] for k in inverse(order)))
    return finish(out, device, requires_grad)


@function(f"scalar_tensor(Number s, *, {OPTIONS})", method=False)
def scalar_tensor(s, *, dtype, layout, device, pin_memory, requires_grad):
    """A 0-dim tensor of a number, of the default dtype.

    >>> import numtorch as torch
    >>> torch.scalar_tensor(3)
    tensor(3.)
    """
    dtype = _dtype(dtype)
    return finish(_full((), assigned(s, dtype), dtype), device, requires_grad)


# ---------------------------------------------------------------- like another tensor


def _like(name: str, make):
    def like(
        input, *, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False,
        memory_format=None,
    ):  # fmt: skip
        strides = like_strides(input, memory_format)
        out = make(input._v.meta.shape, dtype or input.dtype, strides)
        return finish(out, device, requires_grad)

    like.__doc__ = f"`{name}` with the shape and dtype of another tensor."
    return function(f"{name}_like(Tensor input, *, {LIKE})", method=False)(like)


zeros_like = _like("zeros", lambda s, d, strides: _full(s, 0.0, d, strides))
ones_like = _like("ones", lambda s, d, strides: _full(s, 1.0, d, strides))
empty_like = _like("empty", _empty)


@function(f"full_like(Tensor input, Number fill_value, *, {LIKE})", method=False)
def full_like(
    input, fill_value, *, dtype=None, layout=None, device=None, pin_memory=False,
    requires_grad=False, memory_format=None,
):  # fmt: skip
    """`full` with the shape and dtype of another tensor.

    >>> import numtorch as torch
    >>> torch.full_like(torch.tensor([1.5, 2.5, 3.5]), 7)
    tensor([7., 7., 7.])
    """
    strides, dtype = like_strides(input, memory_format), dtype or input.dtype
    value = fitting(_plain_number(fill_value), dtype)
    out = _full(input._v.meta.shape, value, dtype, strides)
    return finish(out, device, requires_grad)


def _new(name: str, make):
    def new(input, size, *, dtype, layout, device, pin_memory, requires_grad):
        out = make(_sizes((size,)), dtype or input.dtype)
        return finish(out, device, requires_grad)

    new.__doc__ = f"`{name}` with the dtype of this tensor."
    function(f"new_{name}(Tensor input, int[] size, *, {OPTIONS})", free=False)(new)


_new("zeros", lambda s, d: _full(s, 0.0, d))
_new("ones", lambda s, d: _full(s, 1.0, d))
_new("empty", _empty)


@function(f"new_full(Tensor input, int[] size, Number fill_value, *, {OPTIONS})", free=False)
def _new_full(input, size, fill_value, *, dtype, layout, device, pin_memory, requires_grad):
    """`full` with the dtype of this tensor.

    >>> import numtorch as torch
    >>> torch.tensor([1.5]).new_full((3,), 7)
    tensor([7., 7., 7.])
    """
    return full(size, fill_value, dtype=dtype or input.dtype, device=device,
                requires_grad=requires_grad)  # fmt: skip


@function(f"new_empty_strided(Tensor input, int[] size, int[] stride, *, {OPTIONS})", free=False)
def _new_empty_strided(input, size, stride, *, dtype, **options):
    """`empty_strided` with the dtype of this tensor.

    >>> import numtorch as torch
    >>> torch.tensor([1.5]).new_empty_strided((2, 3), (1, 2)).stride()
    (1, 2)
    """
    return empty_strided(size, stride, dtype=dtype or input.dtype, **options)


@function(f"new_tensor(Tensor input, any data, *, {OPTIONS})", free=False)
def _new_tensor(input, data, *, dtype, layout, device, pin_memory, requires_grad):
    """A new tensor with a copy of data and the dtype of this tensor.

    >>> import numtorch as torch
    >>> torch.tensor([1.5]).new_tensor([1, 2, 3])
    tensor([1., 2., 3.])
    """
    if isinstance(data, Tensor):
        dtype = dtype or data.dtype
    return tensor(data, dtype=dtype or input.dtype, device=device, requires_grad=requires_grad)


# ---------------------------------------------------------------- ranges


def _is_int(*numbers) -> bool:
    return all(isinstance(x, int) for x in numbers)


def _range_checks(start, end, step) -> None:
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (end - start) * (1 if step > 0 else -1) < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")


def _arange(start, end, step, *, dtype, layout, device, pin_memory, requires_grad):
    """start, start + step, ... below end.

    >>> import numtorch as torch
    >>> torch.arange(3)
    tensor([0, 1, 2])
    """
    out = arange(start, end, step, dtype=dtype)
    return finish(out, device, requires_grad)


def arange(start, end=None, step=1, *, dtype=None, device=None, requires_grad=False) -> Tensor:
    """start, start + step, ... below end, of plain numbers."""
    if end is None:
        start, end = 0, start
    if dtype is None:
        dtype = _d.int64 if _is_int(start, end, step) else _d.default
    if dtype.kind == "i":
        if dtype is _d.int64:
            if step and not int(step):
                raise ValueError("step must be nonzero")
            start, end, step = int(start), int(end), int(step)
    elif dtype.kind in "bc":
        from ._methods import _c_name

        raise NotImplementedError(f'"arange_cpu" not implemented for \'{_c_name(dtype)}\'')
    _range_checks(start, end, step)
    if _is_int(start, end, step):
        n = max(0, -((start - end) // step))
    else:
        n = max(0, math.ceil((end - start) / step))
    if dtype.kind == "f":
        start, step = float(start), float(step)
    args = (_plain_number(start), _plain_number(step))
    t = local.tape.record(OPS["arange"], args, ((n,), dtype))
    return finish(t, device, requires_grad)


_OUT = {"method": False, "out": True, "dtype_of_out": True}
function(f"arange(Number end, *, {OPTIONS})", **_OUT)(
    lambda end, **options: _arange(0, end, 1, **options))
function(f"arange(Number start, Number end, *, {OPTIONS})", **_OUT)(
    lambda start, end, **options: _arange(start, end, 1, **options))
function(f"arange(Number start, Number end, Number step=1, *, {OPTIONS})", **_OUT)(_arange)
REGISTRY["arange"].doc = REGISTRY["arange"].public.__doc__ = _arange.__doc__


def _range(start, end, step, *, dtype, layout, device, pin_memory, requires_grad):
    """start, start + step, ... up to end (deprecated: use arange).

    >>> import numtorch as torch
    >>> torch.range(0, 2)
    tensor([0., 1., 2.])
    """
    warnings.warn(
        "torch.range is deprecated and will be removed in a future release because its behavior is "
        "inconsistent with Python's range builtin. Instead, use torch.arange, which produces "
        "values in [start, end).", UserWarning, stacklevel=3,
    )  # fmt: skip
    _range_checks(start, end, step)
    n = int((end - start) / step + 1)
    args = (float(start), float(step))
    dtype = _dtype(dtype)
    if dtype.kind != "f":
        args = (_plain_number(start), _plain_number(step))
    return finish(local.tape.record(OPS["arange"], args, ((n,), dtype)), device, requires_grad)


function(f"range(Number start, Number end, Number step=1, *, {OPTIONS})", method=False, out=True)(
    _range)


def _steps(start, end, steps: int, dtype) -> np.ndarray:
    """Evenly spaced values, counted from the nearer end as PyTorch does."""
    kind = np.complex128 if dtype.kind == "c" else np.float64
    work = dtype.np if dtype.kind in "fc" and not dtype.opaque else kind
    if dtype.kind == "f" and dtype.itemsize == 2:
        work = np.float32
    whole = dtype.kind not in "fc"
    a, b = (np.asarray(int(x) if whole else x).astype(work) for x in (start, end))
    if steps < 2:
        return np.full(steps, a)
    step = (b - a) / work(steps - 1) if isinstance(work, type) else (b - a) / work.type(steps - 1)
    i = np.arange(steps)
    low = a + step * i.astype(a.dtype)
    high = b - step * (steps - 1 - i).astype(a.dtype)
    return np.where(i < steps // 2, low, high)


def _endpoints(name: str, start, end) -> tuple:
    for x in (start, end):
        if isinstance(x, Tensor) and x.dim():
            dims = [t.dim() if isinstance(t, Tensor) else 0 for t in (start, end)]
            raise RuntimeError(
                f"{name} only supports 0-dimensional start and end tensors, but got start with "
                f"{dims[0]} dimension(s) and end with {dims[1]} dimension(s)."
            )
    return tuple(x.item() if isinstance(x, Tensor) else x for x in (start, end))


def _spaced_dtype(name: str, dtype, start, end):
    if dtype is None:
        c = isinstance(start, complex) or isinstance(end, complex)
        return _d.default.to_complex() if c else _d.default
    if dtype.kind != "c" and (isinstance(start, complex) or isinstance(end, complex)):
        raise RuntimeError(f"torch.{name}(): inferred dtype ComplexFloat can't be safely cast to "
                           "passed dtype " + dtype.name)  # fmt: skip
    return dtype


def _linspace(start, end, steps, *, dtype, layout, device, pin_memory, requires_grad):
    """`steps` values from start to end, both included.

    >>> import numtorch as torch
    >>> torch.linspace(0, 1, 3)
    tensor([0.0000, 0.5000, 1.0000])
    """
    start, end = _endpoints("linspace", start, end)
    dtype = _spaced_dtype("linspace", dtype, start, end)
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    out = _own(_d.from_values(_steps(start, end, steps, dtype), dtype), False, dtype)
    return finish(out, device, requires_grad)


def _logspace(start, end, steps, base, *, dtype, layout, device, pin_memory, requires_grad):
    """`steps` powers of base, with exponents from start to end.

    >>> import numtorch as torch
    >>> torch.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    """
    start, end = _endpoints("logspace", start, end)
    dtype = _spaced_dtype("logspace", dtype, start, end)
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    kind = dtype if dtype.kind in "fc" else _d.float64
    if dtype.kind == "i":
        start, end = int(start), int(end)  # the exponents between them are no integers
    values = _steps(start, end, steps, kind)
    with np.errstate(all="ignore"):
        found = np.power(values.dtype.type(base), values)
    return finish(_own(_d.from_values(found, dtype), False, dtype), device, requires_grad)


for _start in ("Number", "Tensor"):
    for _end in ("Number", "Tensor"):
        _head = f"{_start} start, {_end} end, int steps"
        function(f"linspace({_head}, *, {OPTIONS})", method=False, out=True)(_linspace)
        function(f"logspace({_head}, float base=10.0, *, {OPTIONS})", method=False, out=True)(
            _logspace)
linspace = REGISTRY["linspace"].public


def _eye(n, m, *, dtype, layout, device, pin_memory, requires_grad):
    """The identity matrix [n, m].

    >>> import numtorch as torch
    >>> torch.eye(2, 3)
    tensor([[1., 0., 0.],
            [0., 1., 0.]])
    """
    for name, size in (("n", n), ("m", m)):
        if size < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {size}")
    t = local.tape.record(OPS["eye"], (1,), ((n, m), _dtype(dtype)))
    return finish(t, device, requires_grad)


function(f"eye(int n, *, {OPTIONS})", method=False, out=True)(
    lambda n, **options: _eye(n, n, **options))
function(f"eye(int n, int m, *, {OPTIONS})", method=False, out=True)(_eye)


def eye(n, m=None, **options) -> Tensor:
    """The identity matrix [n, m]."""
    return REGISTRY["eye"].public(n, n if m is None else m, **options)


