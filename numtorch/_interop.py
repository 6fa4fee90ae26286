"""Tensors and other libraries: NumPy functions, DLPack, buffers, Arrow, pandas, pickle, copy."""

from __future__ import annotations

import ctypes
import numbers

import numpy as np
from numtorch.jit import dtypes as _d
from numtorch.jit.meta import meta
from numtorch.jit.record import Lazy, local, share
from numtorch.jit.runtime.allocator import alloc
from numtorch.jit.views import Storage

from ._creation import from_numpy, frombuffer, tensor
from ._descriptors import check_device
from ._tensor import Tensor, _new, members, shared_leaf

# ---------------------------------------------------------------- NumPy


def __array__(self: Tensor, dtype=None, copy=None):
    """For np.asarray and NumPy functions: shares memory unless dtype or copy say otherwise."""
    array = self.numpy()
    if dtype is not None and array.dtype != dtype:
        if copy is False:
            raise ValueError("Unable to avoid copy while creating an array as requested.")
        return array.astype(dtype)
    return array.copy() if copy else array


def __array_wrap__(self: Tensor, array, context=None, return_scalar=False):
    """Makes the result of a NumPy function of tensors a tensor."""
    if array.dtype == bool:
        array = array.astype(np.uint8)  # as PyTorch does
    return from_numpy(np.asarray(array))


# ---------------------------------------------------------------- DLPack


def __dlpack__(self: Tensor, *, stream=-1, max_version=None, dl_device=None, copy=None):
    """A DLPack capsule of this tensor's memory; BufferError for leaves that require grad."""
    if self.requires_grad:
        raise BufferError(
            "Can't export tensors that require gradient, use tensor.detach()"
        )
    if stream not in (None, -1):
        raise AssertionError("stream must be None on the CPU")
    if dl_device is not None and tuple(dl_device) != (1, 0):
        raise BufferError(f"cross-device copy to {dl_device} is not supported")
    array = self.numpy()
    array = array.copy() if copy else array
    if max_version is None:
        return array.__dlpack__()
    return array.__dlpack__(max_version=max_version)


def __dlpack_device__(self: Tensor) -> tuple[int, int]:
    """(1, 0): the CPU."""
    return (1, 0)


class _Capsule:
    """A capsule with the methods that np.from_dlpack asks for; it can be taken once."""

    def __init__(self, capsule):
        self.capsule = capsule

    def __dlpack__(self, **_):
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)


def from_dlpack(ext_tensor, *, device=None, copy=None) -> Tensor:
    """A tensor that shares the memory of any object with __dlpack__ (or of a capsule).

    >>> import numpy as np
    >>> import numtorch as torch
    >>> a = np.zeros(2)
    >>> torch.from_dlpack(a).add_(1), a
    (tensor([1., 1.], dtype=torch.float64), array([1., 1.]))
    """
    check_device(device)
    if not hasattr(ext_tensor, "__dlpack__"):
        if type(ext_tensor).__name__ != "PyCapsule":
            raise AttributeError(
                f"'{type(ext_tensor).__name__}' object has no attribute '__dlpack__'"
            )
        ext_tensor = _Capsule(ext_tensor)
    elif ext_tensor.__dlpack_device__()[0] != 1:
        raise BufferError("from_dlpack: only memory of the CPU can be shared")
    array = np.from_dlpack(ext_tensor)
    if copy:
        array = array.copy()
    elif not array.flags.writeable:
        array = _writeable(array)
    return from_numpy(array)


class _Span:
    """The same memory as an array that may be written: DLPack producers say no more than 'old'."""

    def __init__(self, array: np.ndarray):
        self.keep = array
        self.__array_interface__ = {**array.__array_interface__}
        self.__array_interface__["data"] = (array.__array_interface__["data"][0], False)


def _writeable(array: np.ndarray) -> np.ndarray:
    return np.asarray(_Span(array)) if array.size else array.copy()


def to_dlpack(tensor: Tensor):
    """A DLPack capsule of a tensor's memory.

    >>> import numtorch as torch
    >>> torch.from_dlpack(torch.to_dlpack(torch.tensor([1, 2, 3])))
    tensor([1, 2, 3])
    """
    return tensor.__dlpack__()


# ---------------------------------------------------------------- asarray


def shared(obj, dtype) -> Tensor | None:
    """A tensor over the memory of an object for `asarray`, or None if it offers none.

    Takes tensors, arrays, anything with DLPack, the buffer protocol, __array__ or Arrow's
    interface (pyarrow arrays, pandas columns).
    """
    if isinstance(obj, Tensor):
        return obj
    if isinstance(obj, np.ndarray):
        return from_numpy(obj)
    if isinstance(obj, (str, numbers.Number, list, tuple, range)):
        return None
    if hasattr(obj, "__arrow_array__") or hasattr(obj, "__arrow_c_array__"):
        return from_numpy(_arrow(obj))
    if _is_pandas(obj):
        return from_numpy(_pandas(obj))
    if hasattr(obj, "__dlpack__") or type(obj).__name__ == "PyCapsule":
        return from_dlpack(obj)
    try:
        view = memoryview(obj)
    except TypeError:
        pass
    else:
        return _of_buffer(view, dtype)
    return from_numpy(np.asarray(obj)) if hasattr(obj, "__array__") else None


def _of_buffer(view: memoryview, dtype) -> Tensor:
    """Bytes are elements of `dtype` (by default of the default dtype), as torch.asarray has it."""
    dtype = dtype or _d.default
    if not view.nbytes:
        return tensor([], dtype=dtype)
    return frombuffer(view if view.contiguous else bytes(view), dtype=dtype)


def _is_pandas(obj) -> bool:
    return type(obj).__module__.partition(".")[0] == "pandas" and hasattr(obj, "to_numpy")


def _pandas(obj) -> np.ndarray:
    """The column's own memory where its type has no missing values."""
    floating = getattr(getattr(obj, "dtype", None), "kind", "f") in "fc"
    extension = not isinstance(getattr(obj, "dtype", np.dtype("f8")), np.dtype)
    if (extension or not floating) and bool(np.asarray(obj.isna()).any()):
        raise ValueError(
            "can't make a tensor of a pandas column with missing values: fill or drop them first"
        )
    array = obj.to_numpy()
    if array.dtype == object:
        raise TypeError(
            f"can't make a tensor of a pandas column of type {obj.dtype}"
        )
    return array


def _arrow(obj) -> np.ndarray:
    """The values of a pyarrow array (or column of several chunks, which are copied together)."""
    if getattr(obj, "null_count", 0):
        raise ValueError(
            "can't make a tensor of an Arrow array with nulls: fill or drop them first"
        )
    if not hasattr(obj, "to_numpy"):
        import pyarrow as pa

        obj = pa.array(obj)
        return _arrow(obj)
    try:
        return obj.to_numpy(zero_copy_only=True)
    except TypeError:  # a ChunkedArray decides by itself
        chunks = obj.chunks
        return _arrow(chunks[0]) if len(chunks) == 1 else obj.to_numpy()
    except Exception as e:
        if type(e).__name__ != "ArrowInvalid":
            raise
        return obj.to_numpy(zero_copy_only=False)  # booleans are bits in Arrow


# ---------------------------------------------------------------- pickle and copy


def _load_storage(bits: np.ndarray, dtype) -> Storage:
    """A storage with the elements of a flat array."""
    buf = alloc(bits.nbytes)
    v = Lazy(meta(bits.shape, dtype), buf, buf.addr)
    if bits.size:
        ctypes.memmove(buf.addr, np.ascontiguousarray(bits).ctypes.data, bits.nbytes)
    return Storage(v)


def _reduce_storage(st: Storage):
    # deepcopy meets one storage once, so tensors that share it share the copy.
    from ._storage import UntypedStorage

    if st._v.buf is None or local.tape.entries:
        local.tape.flush()
    holder = UntypedStorage(_whole(Tensor, st))
    return _load_storage, (holder._array().copy(), st._v.meta.dtype)


class _Pickled:
    """A storage in a pickle: each tensor brings a copy of its own, as in PyTorch."""

    __slots__ = ("st",)

    def __init__(self, st: Storage):
        self.st = st

    def __reduce__(self):
        return _reduce_storage(self.st)


Storage.__reduce__ = _reduce_storage


def _whole(cls, st: Storage) -> Tensor:
    t = _new(cls)
    t._v, t._st = st._v, st
    st.add_alias(t)
    return t


def _rebuild_tensor(cls, st: Storage, offset, shape, strides, flag: bool, state) -> Tensor:
    """The inverse of Tensor.__reduce_ex__."""
    whole = _whole(Tensor, st)
    alias = whole.detach()
    if (offset, shape, strides) != (0, whole._v.meta.shape, (1,)):
        alias = alias.as_strided(shape, strides, offset).detach()
    t = _new(cls)
    t._v, t._st, t._view = alias._v, st, alias._view
    st.add_alias(t)
    if flag:
        t.requires_grad_()
    return set_state(t, state)


def set_state(t: Tensor, state) -> Tensor:
    """Gives a tensor the attributes that the program had set on the original."""
    if state:
        t.__dict__.update(state)
    return t


# What Tensor declares with a default, and what its subclasses keep on an instance.
_INTERNAL = frozenset((
    *(name for name in members() if name[0] == "_" and name[1] != "_"),
    "_v", "_info", "_lazy_dtype", "_lazy_grad", "persistent", "_shape", "_vals", "_idx",
    "_coalesced", "_starts", "_plain", "_accumulate",
))  # fmt: skip


_PLAIN = (bool, int, float, complex, str, bytes, type(None))


def own_attributes(t: Tensor) -> dict:
    """The attributes that the program has set on a tensor; of private ones, plain values."""
    return {k: v for k, v in t.__dict__.items() if k[0] != "_" or _is_own(k, v)}


def _is_own(name: str, value) -> bool:
    return type(value) in _PLAIN and name not in _INTERNAL and not hasattr(Tensor, name)


def refuse_names(names) -> None:
    """RuntimeError for attributes that a file must not set on a tensor."""
    for name in names:
        if type(name) is not str or name in _INTERNAL or hasattr(Tensor, name):
            raise RuntimeError(f"a tensor in the file sets the attribute {name!r}: not allowed")


def __reduce_ex__(self: Tensor, protocol: int):
    """Pickles the whole storage and the place in it; the graph is not kept."""
    st = share(local.tape, self)
    self._value()
    args = (
        type(self), _Pickled(st), self.storage_offset(), tuple(self.shape), self.stride(),
        self._rg == 1,
        own_attributes(self),
    )  # fmt: skip
    return _rebuild_tensor, args


def __deepcopy__(self: Tensor, memo: dict) -> Tensor:
    """A leaf with memory of its own; aliases within one deepcopy keep sharing."""
    import copy

    if id(self) in memo:
        return memo[id(self)]
    if self._flag() == 2:
        raise RuntimeError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
            "protocol at the moment.  If you were attempting to deepcopy a module, this may be "
            "because of a torch.nn.utils.weight_norm usage, see "
            "https://github.com/pytorch/pytorch/pull/103001"
        )
    self._value()
    if self._st is None and self._v.strides is None:
        out = _new(type(self))
        copied = self.detach().clone()
        copied._value()
        out._v = copied._v
        out._rg = 1 if self.requires_grad else 0
    else:
        st = share(local.tape, self)
        new = copy.deepcopy(st, memo)
        out = _rebuild_tensor(
            type(self), new, self.storage_offset(), tuple(self.shape), self.stride(),
            self.requires_grad, None,
        )  # fmt: skip
    if out._st is None:
        out._count = 1  # as in PyTorch, where a copy is given its storage
    else:
        out._st.version = 1
    memo[id(self)] = out
    if self._grad is not None:
        out._grad = copy.deepcopy(self._grad, memo)
    return set_state(out, copy.deepcopy(own_attributes(self), memo))


def __copy__(self: Tensor) -> Tensor:
    """Another tensor over the same memory, a leaf as this one is."""
    out = shared_leaf(type(self), self)
    if self._rg == 1:
        out.requires_grad_()
    return set_state(out, own_attributes(self))


def install(functions: dict) -> None:
    """Adds the protocols to Tensor, and the functions to the given namespace."""
    Tensor.__array__, Tensor.__array_wrap__ = __array__, __array_wrap__
    Tensor.__array_priority__ = 1000
    Tensor.__dlpack__, Tensor.__dlpack_device__ = __dlpack__, __dlpack_device__
    Tensor.__reduce_ex__, Tensor.__deepcopy__ = __reduce_ex__, __deepcopy__
    Tensor.__copy__ = __copy__
    functions.update(from_dlpack=from_dlpack, to_dlpack=to_dlpack)

