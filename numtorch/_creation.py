"""Making tensors: from data, filled, ranges, random."""

from __future__ import annotations

import math

import numpy as np
from numtorch.jit import dtypes as _d
from numtorch.jit.interop import Foreign
from numtorch.jit.meta import meta
from numtorch.jit.ops import OPS
from numtorch.jit.record import Lazy, local
from numtorch.jit.runtime.allocator import alloc, as_array

from ._tensor import Tensor, device, wrap


def _check_device(dev) -> None:
    if dev is not None:
        device(dev)


def _dtype(dtype, fallback=None):
    if dtype is None:
        return fallback if fallback is not None else _d.default
    if not isinstance(dtype, _d.DType):
        raise TypeError(f"dtype must be a torch.dtype, not {type(dtype).__name__}")
    return dtype


def _sizes(size) -> tuple[int, ...]:
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = tuple(size[0])
    out = tuple(int(s) for s in size)
    for s in out:
        if s < 0:
            raise RuntimeError(
                f"Trying to create tensor with negative dimension {s}: {list(out)}"
            )
    return out


def _own(array: np.ndarray, requires_grad: bool = False) -> Tensor:
    """A tensor with its own copy of an array."""
    d = _d.from_numpy(array.dtype)
    buf = alloc(array.nbytes)
    if array.size:
        np.copyto(as_array(buf, d.np, array.shape), array)
    return wrap(Lazy(meta(tuple(array.shape), d), buf, buf.addr), requires_grad)


def tensor(data, *, dtype=None, device=None, requires_grad: bool = False) -> Tensor:
    """A new tensor with a copy of `data` (numbers, nested lists, arrays, tensors).

    >>> import numtorch as torch
    >>> torch.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    """
    _check_device(device)
    if isinstance(data, Tensor):
        out = data.detach().clone()
        out = out.to(dtype) if dtype is not None else out
        return out.requires_grad_() if requires_grad else out
    if dtype is not None:
        dtype = _dtype(dtype)
    return _own(_to_array(data, dtype), requires_grad)


def _to_array(data, dtype) -> np.ndarray:
    if isinstance(data, (list, tuple)) and data and _has_tensors(data):
        data = _plain(data)
    array = _as_numpy(data)
    if array.dtype == object:
        raise TypeError(f"new(): invalid data type '{_odd_type(data)}'")
    if dtype is None and not isinstance(data, (np.ndarray, np.generic)):
        if array.dtype.kind == "f" or array.size == 0:
            dtype = _d.default
        elif array.dtype.kind in "iu":
            dtype = _d.int64
    if dtype is not None and array.dtype != dtype.np:
        with np.errstate(all="ignore"):
            array = array.astype(dtype.np)
    return array


def _as_numpy(data) -> np.ndarray:
    try:
        return np.array(data)
    except OverflowError:
        raise RuntimeError("Overflow when unpacking long") from None
    except ValueError as e:
        if "inhomogeneous" in str(e):
            raise ValueError(_ragged(data)) from None
        raise


def _ragged(data) -> str:
    n = len(data[0]) if isinstance(data[0], (list, tuple)) else 0
    for x in data:
        k = len(x) if isinstance(x, (list, tuple)) else 0
        if k != n:
            return f"expected sequence of length {n} at dim 1 (got {k})"
    return "expected sequences of equal length"


def _has_tensors(data) -> bool:
    x = data[0]
    while isinstance(x, (list, tuple)) and x:
        x = x[0]
    return isinstance(x, Tensor)


def _plain(data):
    if isinstance(data, Tensor):
        return data.item()
    return [_plain(x) for x in data] if isinstance(data, (list, tuple)) else data


def _odd_type(data) -> str:
    while isinstance(data, (list, tuple)) and data:
        odd = [x for x in data if not isinstance(x, (int, float, bool))]
        data = odd[0] if odd else data[0]
    return type(data).__name__


def from_numpy(array: np.ndarray) -> Tensor:
    """A tensor that shares the array's memory."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(array).__name__})")
    d = _d.from_numpy(array.dtype)
    size = d.itemsize
    if any(s < 0 for s in array.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative "
            "strides are not currently supported. (You can probably work around this by making a "
            "copy of your array  with array.copy().) "
        )
    if any(s % size for s in array.strides):
        raise ValueError("given numpy array strides not a multiple of the element byte size.")
    if not array.dtype.isnative:
        raise ValueError(
            "given numpy array has byte order different from the native byte order. Conversion "
            "between byte orders is currently not supported."
        )
    strides = None if array.flags.c_contiguous else tuple(s // size for s in array.strides)
    buf = Foreign(array)
    return wrap(Lazy(meta(tuple(array.shape), d), buf, buf.addr, strides))


def as_tensor(data, dtype=None, device=None) -> Tensor:
    """`data` as a tensor, without a copy where its memory can be shared."""
    _check_device(device)
    if isinstance(data, Tensor):
        return data if dtype is None or data.dtype is dtype else data.to(dtype)
    if isinstance(data, np.ndarray) and (dtype is None or _d.from_numpy(data.dtype) is dtype):
        return from_numpy(data)
    return tensor(data, dtype=dtype)


asarray = as_tensor


def _rebuild(cls, array, requires_grad):
    t = _own(array)
    if cls is not Tensor:
        out = object.__new__(cls)
        out._v = t._v
        t = out
    t._rg = 1 if requires_grad else 0
    return t


# ---------------------------------------------------------------- filled


def full(size, fill_value, *, dtype=None, device=None, requires_grad=False, out=None) -> Tensor:
    """A tensor filled with one value.

    >>> import numtorch as torch
    >>> torch.full((2,), 7)
    tensor([7, 7])
    """
    _check_device(device)
    if isinstance(fill_value, Tensor):
        fill_value = fill_value.item()
    if dtype is None:
        kind = "b" if isinstance(fill_value, bool) else "i" if isinstance(fill_value, int) else "f"
        dtype = _d.weak_dtype(kind)
    shape = _sizes((size,) if isinstance(size, (tuple, list)) else (size,))
    t = local.tape.record(OPS["full"], (_plain_number(fill_value),), (shape, _dtype(dtype)))
    return t.requires_grad_() if requires_grad else t


def _plain_number(x):
    for kind in (bool, int, float):
        if isinstance(x, kind):
            return kind(x)
    return float(x)


def zeros(*size, dtype=None, device=None, requires_grad=False, out=None) -> Tensor:
    """A tensor of zeros."""
    return full(_sizes(size), 0.0, dtype=_dtype(dtype), device=device, requires_grad=requires_grad)


def ones(*size, dtype=None, device=None, requires_grad=False, out=None) -> Tensor:
    """A tensor of ones."""
    return full(_sizes(size), 1.0, dtype=_dtype(dtype), device=device, requires_grad=requires_grad)


def empty(*size, dtype=None, device=None, requires_grad=False, **_) -> Tensor:
    """A tensor whose content is not set."""
    _check_device(device)
    m = meta(_sizes(size), _dtype(dtype))
    buf = alloc(m.nbytes)
    return wrap(Lazy(m, buf, buf.addr), requires_grad)


def _like(function):
    def like(input, *, dtype=None, device=None, requires_grad=False, **_):
        return function(
            tuple(input.shape), dtype=dtype or input.dtype, device=device,
            requires_grad=requires_grad,
        )  # fmt: skip

    like.__doc__ = f"`{function.__name__}` with the shape and dtype of another tensor."
    like.__name__ = function.__name__ + "_like"
    return like


zeros_like, ones_like, empty_like = _like(zeros), _like(ones), _like(empty)


def full_like(input, fill_value, *, dtype=None, device=None, requires_grad=False) -> Tensor:
    """`full` with the shape and dtype of another tensor."""
    return full(tuple(input.shape), fill_value, dtype=dtype or input.dtype, device=device,
                requires_grad=requires_grad)  # fmt: skip


# ---------------------------------------------------------------- ranges


def arange(start, end=None, step=1, *, dtype=None, device=None, requires_grad=False) -> Tensor:
    """start, start + step, ... below end.

    >>> import numtorch as torch
    >>> torch.arange(3)
    tensor([0, 1, 2])
    """
    _check_device(device)
    if end is None:
        start, end = 0, start
    start, end, step = (x.item() if isinstance(x, Tensor) else x for x in (start, end, step))
    if dtype is None:
        ints = all(isinstance(x, int) for x in (start, end, step))
        dtype = _d.int64 if ints else _d.default
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    n = max(0, math.ceil((end - start) / step))
    if dtype.kind == "f":
        start, step = float(start), float(step)
    args = (_plain_number(start), _plain_number(step))
    t = local.tape.record(OPS["arange"], args, ((n,), _dtype(dtype)))
    return t.requires_grad_() if requires_grad else t


def linspace(start, end, steps, *, dtype=None, device=None, requires_grad=False) -> Tensor:
    """`steps` values from start to end, both included."""
    dtype = _dtype(dtype)
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    array = np.linspace(float(start), float(end), steps, dtype=np.float64).astype(dtype.np)
    _check_device(device)
    return _own(array, requires_grad)


def eye(n, m=None, *, dtype=None, device=None, requires_grad=False) -> Tensor:
    """The identity matrix [n, m]."""
    _check_device(device)
    return _own(np.eye(n, m, dtype=_dtype(dtype).np), requires_grad)
