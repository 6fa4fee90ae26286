"""Making tensors: from data, filled, ranges, random."""

from __future__ import annotations

import math
import warnings

import numpy as np
from numtorch.jit import dtypes as _d
from numtorch.jit.interop import Foreign
from numtorch.jit.meta import meta
from numtorch.jit.record import Lazy
from numtorch.jit.runtime.allocator import alloc, as_array
from numtorch.jit.values import placed

from ._descriptors import check_device
from ._tensor import Tensor, as_plain, wrap


def _check_device(dev) -> None:
    if dev is not None:
        check_device(dev)


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


def _own(array: np.ndarray, requires_grad: bool = False, dtype=None) -> Tensor:
    """A tensor with its own copy of an array; `dtype` says what the bits of an opaque type are."""
    d = dtype if dtype is not None and dtype.opaque else _d.from_numpy(array.dtype)
    buf = alloc(array.nbytes)
    if array.size:
        np.copyto(as_array(buf, d.np, array.shape), array)
    return wrap(Lazy(meta(tuple(array.shape), d), buf, buf.addr), requires_grad)


def tensor(
    data, *, dtype=None, device=None, requires_grad: bool = False, pin_memory: bool = False
) -> Tensor:  # fmt: skip
    """A new tensor with a copy of `data` (numbers, nested lists, arrays, tensors).

    >>> import numtorch as torch
    >>> torch.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    """
    _check_device(device)
    if isinstance(data, Tensor):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach()"
            ".clone() or sourceTensor.detach().clone().requires_grad_(True), rather than "
            "torch.tensor(sourceTensor).", UserWarning, stacklevel=2,
        )  # fmt: skip
        out = as_plain(data).detach().clone()
        out = out.to(dtype) if dtype is not None else out
        return out.requires_grad_() if requires_grad else out
    if dtype is not None:
        dtype = _dtype(dtype)
    array, dtype = _to_array(data, dtype)
    return _own(array, requires_grad, dtype)


def _to_array(data, dtype) -> tuple:
    """(array, dtype) of a new tensor's memory."""
    if isinstance(data, (list, tuple)) and data and _has_tensors(data):
        data = _plain(data)
    array = _as_numpy(data)
    if not isinstance(data, (np.ndarray, np.generic)):
        array = _large_ints(array, data, dtype)
    if array.dtype.kind in "OUSVMm":
        if array.dtype.kind == "U" and isinstance(data, (list, tuple)):
            raise ValueError("too many dimensions 'str'")
        if array.dtype.kind == "O":
            raise RuntimeError(f"Could not infer dtype of {_odd_type(data)}")
        raise TypeError(f"new(): invalid data type '{_odd_type(data)}'")
    if dtype is None and not isinstance(data, (np.ndarray, np.generic)):
        if array.dtype.kind == "f" or array.size == 0:
            dtype = _d.default
        elif array.dtype.kind in "iu":
            dtype = _d.int64
        elif array.dtype.kind == "c":
            dtype = _d.default.to_complex()
    if dtype is not None and (dtype.opaque or array.dtype != dtype.np):
        if array.dtype.kind == "c" and dtype.kind in "fi" and not isinstance(data, np.ndarray):
            raise TypeError(
                "must be real number, not complex" if dtype.kind == "f" else
                "'complex' object cannot be interpreted as an integer"
            )
        if dtype.kind == "i" and array.size and not isinstance(data, (np.ndarray, np.generic)):
            _check_range(array, dtype)
        array = array != 0 if dtype.kind == "b" else _d.from_values(array, dtype)
    return array, dtype


def _check_range(array: np.ndarray, dtype) -> None:
    """RuntimeError for Python's numbers that an integer dtype does not have."""
    info, floats = np.iinfo(dtype.np), array.dtype.kind == "f"
    low = -info.max if info.min == 0 and not floats else info.min
    if not (array.min() >= low and array.max() <= info.max):  # nor NaN
        raise RuntimeError(f"value cannot be converted to type {dtype.name} without overflow")


def _large_ints(array: np.ndarray, data, dtype) -> np.ndarray:
    """Python's integers beyond int64: exact for uint64, a ValueError for other integer dtypes."""
    mixed = array.dtype.kind == "f" and dtype is _d.uint64  # NumPy's type of small and large ones
    if array.dtype != np.uint64 and array.dtype.kind != "O" and not mixed:
        return array
    exact = np.array(data, dtype=object)
    if not all(type(x) is int for x in exact.flat):
        return array
    if dtype is _d.uint64:
        return exact.astype(np.uint64)  # OverflowError beyond it
    if dtype is None or dtype.kind in "ib":
        raise ValueError("Overflow when unpacking long long")
    return exact.astype(np.float64)


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
    """A tensor that shares the array's memory.

    >>> import numtorch as torch
    >>> import numpy
    >>> array = numpy.zeros(3)
    >>> x = torch.from_numpy(array); array[1] = 7
    >>> x
    tensor([0., 7., 0.], dtype=torch.float64)
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(array).__name__})")
    d = _d.from_numpy(array.dtype.newbyteorder("="))
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
    if not array.flags.writeable:
        _warn_read_only("NumPy array")
    buf = Foreign(array)
    return wrap(placed(tuple(array.shape), d, buf, buf.addr, strides))


def as_tensor(data, dtype=None, device=None) -> Tensor:
    """`data` as a tensor, without a copy where its memory can be shared.

    >>> import numtorch as torch
    >>> x = torch.tensor([1, 2, 3])
    >>> torch.as_tensor(x) is x, torch.as_tensor([1.5, 2.5])
    (True, tensor([1.5000, 2.5000]))
    """
    _check_device(device)
    if isinstance(data, Tensor):
        return data if dtype is None or data.dtype is dtype else data.to(dtype)
    if isinstance(data, np.ndarray) and (dtype is None or _d.from_numpy(data.dtype) is dtype):
        return from_numpy(data)
    return tensor(data, dtype=dtype)


def asarray(obj, *, dtype=None, device=None, copy=None, requires_grad=False) -> Tensor:
    """`obj` (tensor, array, buffer, sequence, number) as a tensor.

    copy: True always copies, False never (ValueError when it must), None when needed.

    >>> import numtorch as torch
    >>> torch.asarray([1, 2, 3], dtype=torch.float32)
    tensor([1., 2., 3.])
    """
    _check_device(device)
    from . import _interop

    shared = _interop.shared(obj, dtype)
    if shared is None:
        if copy is False:
            raise ValueError(
                f"can't alias arbitrary sequence into a tensor. Got: {type(obj).__name__}"
            )
        out = tensor(obj, dtype=dtype)
    else:
        wrong = dtype is not None and shared.dtype is not dtype
        if copy is False and wrong:
            raise ValueError(
                f"can't alias tensor with dtype '{shared.dtype}' into dtype '{dtype}'."
            )
        out = shared.to(dtype) if wrong else shared.clone() if copy else shared
    if out.requires_grad and not requires_grad:
        return out.detach()
    return out.requires_grad_() if requires_grad and not out.requires_grad else out


def frombuffer(buffer, *, dtype, count=-1, offset=0, requires_grad=False) -> Tensor:
    """A vector that shares the memory of an object with the buffer interface.

    >>> import numtorch as torch
    >>> torch.frombuffer(bytearray([1, 0, 2, 0]), dtype=torch.int16)
    tensor([1, 2], dtype=torch.int16)
    """
    try:
        view = memoryview(buffer)
    except TypeError:
        raise TypeError("object does not implement Python buffer protocol.") from None
    size, item = view.nbytes, _dtype(dtype).itemsize
    if size == 0 or count == 0:
        raise ValueError(
            f"both buffer length ({size}) and count ({count}) must not be 0"
        )
    if not 0 <= offset < size:
        raise ValueError(
            f"offset ({offset} bytes) must be non-negative and no greater than buffer length "
            f"({size} bytes) minus 1"
        )
    if count > 0 and offset + count * item > size:
        raise ValueError(
            f"requested buffer length ({count} * {item} bytes) after offset ({offset} bytes) must "
            f"not be greater than actual buffer length ({size} bytes)"
        )
    if count < 0 and (size - offset) % item:
        raise ValueError(
            f"buffer length ({size - offset} bytes) after offset ({offset} bytes) must be a "
            f"multiple of element size ({item})"
        )
    if view.readonly:
        _warn_read_only("buffer")
    n = count if count > 0 else (size - offset) // item
    array = np.frombuffer(view, np.uint8, n * item, offset)
    buf = Foreign(array)
    out = wrap(Lazy(meta((n,), dtype), buf, buf.addr))
    return out.requires_grad_() if requires_grad else out


def _warn_read_only(what: str) -> None:
    warnings.warn(
        f"The given {what} is not writable, and PyTorch does not support non-writable tensors. "
        "This means you can write to the underlying (supposedly non-writable) "
        f"{what} using the tensor.", UserWarning, stacklevel=4,
    )  # fmt: skip


def _rebuild(cls, array, requires_grad, dtype=None):
    t = _own(array, dtype=dtype)
    if cls is not Tensor:
        out = object.__new__(cls)
        out._v = t._v
        t = out
    t._rg = 1 if requires_grad else 0
    return t


def _plain_number(x):
    for kind in (bool, int, float, complex):
        if isinstance(x, kind):
            return kind(x)
    return x.item() if isinstance(x, np.generic) else float(x)


_C_NAMES = {
    "i32": "int", "f16": "c10::Half", "bf16": "c10::BFloat16", "f32": "float", "f64": "double",
    "c64": "c10::complex<float>", "c128": "c10::complex<double>",
}  # fmt: skip
LARGEST = {"f16": 65504.0, "bf16": 3.3895313892515355e38, "f32": 3.4028234663852886e38}


def fitting(value, dtype):
    """A Python number that tensors of the dtype are to be filled with.

    RuntimeError if the dtype has no such number; integers may be negative in unsigned types.
    """
    short, given = dtype.short, value
    if dtype.kind == "c":
        limit = LARGEST["f32"] if short == "c64" else math.inf
        parts = (complex(value).real, complex(value).imag)
        fits = all(not limit < abs(p) < math.inf for p in parts)
    elif value.__class__ is complex and value.imag and dtype.kind != "b":
        fits = False
    else:
        value = value.real if value.__class__ is complex else value
        if dtype.kind == "f":
            fits = not LARGEST.get(short, math.inf) < abs(value) < math.inf
        elif dtype.kind == "b":
            fits = True
        else:
            info = np.iinfo(dtype.np)
            low = -info.max if info.min == 0 and value.__class__ is not float else info.min
            fits = low <= value <= info.max
    if not fits:
        name = _C_NAMES.get(short, f"{dtype.name}_t")
        raise RuntimeError(f"value cannot be converted to type {name} without overflow")
    return given


def assigned(value, dtype):
    """A number that is stored in an element: unlike `fitting`, halves round to infinities."""
    if not dtype.narrow:
        return fitting(value, dtype)
    fitting(value, _d.float64)
    value = value.real if value.__class__ is complex else value
    return math.copysign(math.inf, value) if abs(value) > LARGEST[dtype.short] else value


# The factories use what is above; everybody else finds all creation functions here.
from ._factories import (  # noqa: E402, F401
    arange,
    empty,
    empty_like,
    empty_strided,
    eye,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    zeros,
    zeros_like,
)  # fmt: skip
