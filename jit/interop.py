"""Memory shared with the outside: arrays we wrap, and arrays we hand out.

Laziness must not show: a result is what its inputs were when the op was recorded. So memory that
an outsider can reach (`exposed`) is read at once and written at once.
"""

from __future__ import annotations

import weakref
from sys import getrefcount

import numpy as np

from .runtime.allocator import as_array

# Address of a buffer -> weak references to the exports that are alive.
_exports: dict[int, list] = {}


class Foreign:
    """Memory that belongs to a NumPy array."""

    __slots__ = ("addr", "nbytes", "array", "__weakref__")

    def __init__(self, array: np.ndarray):
        self.array = array
        self.addr, self.nbytes = array.ctypes.data, array.nbytes

    def exposed(self) -> bool:
        """True if somebody else still holds the array or the memory it views."""
        if getrefcount(self.array) > _OWN:
            return True
        base = self.array.base
        return base is not None and not (
            isinstance(base, np.ndarray) and base.base is None and getrefcount(base) <= _OWN_BASE
        )


def _calibrate() -> tuple[int, int]:
    holder = Foreign.__new__(Foreign)
    holder.array = np.zeros(2)[:1]
    own = getrefcount(holder.array)
    base = holder.array.base
    return own, getrefcount(base)


_OWN, _OWN_BASE = _calibrate()


def exposed(buf) -> bool:
    """True if memory can be read or written by code outside the library."""
    if isinstance(buf, Foreign):
        return buf.exposed()
    refs = _exports.get(buf.addr)
    if refs is None:
        return False
    alive = [r for r in refs if r() is not None]
    if alive:
        _exports[buf.addr] = alive
        return True
    del _exports[buf.addr]
    return False


def export(v) -> np.ndarray:
    """A NumPy array that shares the memory of a value (a record.Lazy in memory)."""
    from .values import layout_of

    dtype, shape = v.meta.dtype, v.meta.shape
    strides = layout_of(v)
    bytes_ = tuple(s * dtype.itemsize for s in strides)
    buf = v.buf
    if isinstance(buf, Foreign):
        same = dtype.itemsize == buf.array.itemsize and shape == buf.array.shape
        if v.addr == buf.addr and same and bytes_ == buf.array.strides:
            return buf.array.view(dtype.np)
        interface = {
            "version": 3, "typestr": dtype.np.str, "shape": shape, "strides": bytes_,
            "data": (v.addr, not buf.array.flags.writeable),
        }  # fmt: skip
        return np.asarray(_Alias(buf.array, interface))
    array = as_array(buf, dtype.np, shape, bytes_, v.addr - buf.addr)
    _exports.setdefault(buf.addr, []).append(weakref.ref(array.base))
    return array


class _Alias:
    """Another view of an array's memory; keeps the array alive."""

    __slots__ = ("array", "__array_interface__")

    def __init__(self, array: np.ndarray, interface: dict):
        self.array, self.__array_interface__ = array, interface
