"""Blocks of memory that a worker and the main process share, one batch in each at a time.

A worker writes a batch into a segment and says where its tensors lie; the main process makes
tensors over the same memory. When the last of them is gone, the segment goes back to its worker for
another batch: both have its pages in their tables already, so nothing is allocated or zeroed.
"""

from __future__ import annotations

import ctypes
import os
import weakref
from sys import getrefcount

import numpy as np
from numtorch.jit.interop import _OWN, Foreign
from numtorch.jit.values import placed

from ...._tensor import Tensor, wrap

ALIGN = 64
_PROT_READ_WRITE, _MAP_SHARED = 0x1 | 0x2, 0x01
_leases: weakref.WeakSet = weakref.WeakSet()


def _libc():
    lib = ctypes.CDLL(None, use_errno=True)
    lib.mmap.restype = ctypes.c_void_p
    lib.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long)
    lib.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
    return lib.mmap, lib.munmap


_mmap, _munmap = _libc()


class Segment:
    """A map of an anonymous file; it does not keep the file's descriptor."""

    __slots__ = ("addr", "nbytes", "number")

    def __init__(self, fd: int, nbytes: int, number: int):
        self.addr, self.nbytes, self.number = 0, nbytes, number
        addr = _mmap(None, nbytes, _PROT_READ_WRITE, _MAP_SHARED, fd, 0)
        if addr is None or addr == ctypes.c_void_p(-1).value:
            code = ctypes.get_errno()
            raise OSError(code, f"can't map {nbytes} bytes of shared memory: {os.strerror(code)}")
        self.addr = addr

    def __del__(self, _munmap=_munmap):
        if self.addr:
            _munmap(self.addr, self.nbytes)


class Lease:
    """One batch's use of a segment; everything made over the segment keeps its lease alive.

    `done(number)` is called when the lease ends, unless the process has forked meanwhile: then the
    child may still read the memory, and the segment is not used again.
    """

    __slots__ = ("__weakref__", "done", "segment")

    def __init__(self, segment: Segment, done=None):
        self.segment, self.done = segment, done
        if done is not None:
            _leases.add(self)

    def __del__(self):
        if self.done is not None:
            self.done(self.segment.number)

    def array(self, offset: int, dtype: np.dtype, shape: tuple, strides=None) -> np.ndarray:
        """An array at a byte offset; strides in elements, None for row-major ones."""
        return np.asarray(_Place(self, offset, dtype, shape, strides))

    def tensor(self, offset: int, dtype, shape: tuple, strides=None) -> Tensor:
        """A tensor at a byte offset."""
        buf = LeasedBuffer(self.array(offset, dtype.np, shape, strides))
        return wrap(placed(shape, dtype, buf, buf.addr, strides))


class _Place:
    __slots__ = ("__array_interface__", "lease")

    def __init__(self, lease: Lease, offset: int, dtype: np.dtype, shape: tuple, strides):
        self.lease = lease
        if strides is not None:
            strides = tuple(s * dtype.itemsize for s in strides)
        self.__array_interface__ = {
            "version": 3, "typestr": dtype.str, "shape": shape, "strides": strides,
            "data": (lease.segment.addr + offset, False),
        }  # fmt: skip


class LeasedBuffer(Foreign):
    """A tensor's memory in a segment: nobody else writes to it while the lease lasts."""

    __slots__ = ()

    def exposed(self) -> bool:
        """True if NumPy arrays of the memory were handed out."""
        return getrefcount(self.array) > _OWN


def aligned(n: int) -> int:
    """The next multiple of the alignment of tensors."""
    return -(-n // ALIGN) * ALIGN


def _before_fork() -> None:
    for lease in list(_leases):
        lease.done = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork)
