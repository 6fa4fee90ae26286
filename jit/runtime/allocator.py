"""Memory for tensors: 64-byte aligned, in size classes, kept for the next request.

Fresh pages cost more than the work on them (each is zeroed by the kernel at the first touch), so
freed blocks go to their class's free list and come back from there. Classes: steps of 64 bytes up
to 1 KiB, then four per power of two. Blocks of 1 MiB and more are mapped on their own, with huge
pages where the system has them.

Cached memory is bounded by NUMTORCH_CACHE_BYTES, by default a quarter of the memory this process
may use. The cache holds only what the program has used at once before, so a program with steady
steps never reaches the bound; a quarter leaves most of the machine to arrays of other libraries
and to other processes when one large phase is over.
"""

from __future__ import annotations

import ctypes
import os
import sys

import numpy as np

__all__ = [
    "Buffer",
    "alloc",
    "allocated_bytes",
    "as_array",
    "cached_bytes",
    "empty_cache",
    "peak_bytes",
    "reset_peak",
]

ALIGN = 64
SMALL = 1024  # up to here steps of ALIGN bytes
LARGE = 1 << 20  # from here blocks are mapped one by one
HUGE = 2 << 20  # size and alignment of a huge page


def _raw_functions():
    """(allocate(size) -> address or 0, free(address, size)) for blocks below LARGE."""
    if os.name == "nt":
        lib = ctypes.CDLL("msvcrt")
        get, put = lib._aligned_malloc, lib._aligned_free
        get.argtypes = (ctypes.c_size_t, ctypes.c_size_t)
    else:
        lib = ctypes.CDLL(None)
        get, put = lib.aligned_alloc, lib.free
        get.argtypes = (ctypes.c_size_t, ctypes.c_size_t)
    get.restype = ctypes.c_void_p
    put.argtypes, put.restype = (ctypes.c_void_p,), None
    if os.name == "nt":
        return (lambda size: get(size, ALIGN) or 0), (lambda address, size: put(address))
    return (lambda size: get(ALIGN, size) or 0), (lambda address, size: put(address))


def _map_functions():
    """The same for blocks of LARGE bytes and more: maps of their own where there is mmap."""
    if not sys.platform.startswith("linux"):
        return _raw_functions()
    lib = ctypes.CDLL(None)
    mmap, munmap, madvise = lib.mmap, lib.munmap, lib.madvise
    mmap.restype = ctypes.c_void_p
    mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long)
    munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    failed = ctypes.c_void_p(-1).value
    read_write, private_anonymous, use_huge = 0x1 | 0x2, 0x02 | 0x20, 14

    def get(size: int) -> int:
        slack = HUGE if size >= HUGE else 0
        base = mmap(None, size + slack, read_write, private_anonymous, -1, 0)
        if base is None or base == failed:
            return 0
        if not slack:
            return base
        address = -(-base // HUGE) * HUGE
        if address > base:
            munmap(base, address - base)
        if base + slack > address:
            munmap(address + size, base + slack - address)
        madvise(address, size, use_huge)  # a wish: no harm where it is refused
        return address

    return get, munmap


class _Home:
    """One size class: its free addresses, its kind of buffer, and how blocks come and go."""

    __slots__ = ("free", "get", "make", "put", "size")

    def __init__(self, size: int):
        self.size = size
        self.free: list[int] = []
        self.make = _LargeBuffer if size >= LARGE else Buffer
        self.get, self.put = _MAP if size >= LARGE else _RAW


class _State:
    """What this process holds, in bytes of size classes."""

    __slots__ = ("allocated", "limit", "peak", "reserved")

    def __init__(self):
        self.allocated = 0  # in live buffers
        self.peak = 0  # the most there was in live buffers
        self.reserved = 0  # in live buffers and in free lists
        self.limit = _default_limit()


def _default_limit() -> int:
    """NUMTORCH_CACHE_BYTES, else a quarter of the memory (of the container's, if it is limited)."""
    text = os.environ.get("NUMTORCH_CACHE_BYTES", "")
    if text:
        try:
            return int(text)
        except ValueError:
            raise ValueError(f"NUMTORCH_CACHE_BYTES must be an integer, got {text!r}") from None
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        total = 8 << 30
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            with open(path) as file:
                total = min(total, int(file.read()))
        except (OSError, ValueError):
            continue
    return total // 4


_RAW = _raw_functions()
_MAP = _map_functions()
_state = _State()


class Buffer:
    """A block of memory: `addr`, and `nbytes` as asked for. Collected, it goes to its free list.

    Made by `alloc`, which fills the slots itself: an __init__ would double the cost.
    """

    __slots__ = ("_home", "addr", "nbytes")

    def __del__(self, _state=_state):
        home = self._home
        _state.allocated -= home.size
        home.free.append(self.addr)

    def __repr__(self) -> str:
        return f"Buffer({self.nbytes} bytes at {self.addr:#x})"


def _shrink(home: _Home, _state=_state) -> None:
    """Give free blocks of one class back to the system until the cache is within its bound."""
    while _state.reserved - _state.allocated > _state.limit:
        try:
            address = home.free.pop()
        except IndexError:
            return
        home.put(address, home.size)
        _state.reserved -= home.size


class _LargeBuffer(Buffer):
    """A buffer that is unmapped when it is freed and the cache is full."""

    __slots__ = ()

    # defaults, because the module's names may be gone when the interpreter ends
    def __del__(self, _state=_state, _shrink=_shrink):
        home = self._home
        _state.allocated -= home.size
        home.free.append(self.addr)
        if _state.reserved - _state.allocated > _state.limit:
            _shrink(home)


_homes: dict[int, _Home] = {size: _Home(size) for size in range(ALIGN, SMALL + 1, ALIGN)}
_small = [_homes[max(ALIGN, size)] for size in range(0, SMALL + 1, ALIGN)]  # by (n + 63) // 64


def class_size(nbytes: int) -> int:
    """The bytes that a request takes: the size of its class."""
    if nbytes <= SMALL:
        return max(ALIGN, -(-nbytes // ALIGN) * ALIGN)
    step = (nbytes - 1).bit_length() - 3
    return (((nbytes - 1) >> step) + 1) << step


def alloc(nbytes: int) -> Buffer:
    """A buffer of `nbytes` bytes, 64-byte aligned, with whatever was in that memory before."""
    if nbytes <= 1024:
        home = _small[(nbytes + 63) >> 6]
    else:
        step = (nbytes - 1).bit_length() - 3
        size = (((nbytes - 1) >> step) + 1) << step
        home = _homes.get(size) or _homes.setdefault(size, _Home(size))
    try:
        address = home.free.pop()
    except IndexError:
        address = _fresh(home, nbytes)
    state = _state
    state.allocated = total = state.allocated + home.size
    if total > state.peak:  # noqa: PLR1730 (a call of max costs more)
        state.peak = total
    buffer = home.make()
    buffer.addr = address
    buffer.nbytes = nbytes
    buffer._home = home
    return buffer


def _fresh(home: _Home, nbytes: int) -> int:
    """Memory from the system; if it has none, the cache is given back first."""
    if nbytes < 0:
        raise ValueError(f"cannot allocate {nbytes} bytes")
    if _state.reserved - _state.allocated > _state.limit:
        empty_cache()
    address = home.get(home.size)
    if not address:
        empty_cache()
        address = home.get(home.size)
    if not address:
        raise RuntimeError(f"not enough memory: you tried to allocate {nbytes} bytes.")
    _state.reserved += home.size
    return address


def empty_cache() -> None:
    """Give all cached memory back to the system."""
    for home in list(_homes.values()):
        while True:
            try:
                address = home.free.pop()
            except IndexError:
                break
            home.put(address, home.size)
            _state.reserved -= home.size


def allocated_bytes() -> int:
    """Bytes in live buffers, each counted with its class's size."""
    return _state.allocated


def cached_bytes() -> int:
    """Bytes in free lists."""
    return _state.reserved - _state.allocated


def peak_bytes() -> int:
    """The most bytes in live buffers since the start or `reset_peak()`."""
    return _state.peak


def reset_peak() -> None:
    _state.peak = _state.allocated


class Export:
    """Keeps a buffer alive for one exported array; a weak reference to it tells when that died."""

    __slots__ = ("__array_interface__", "__weakref__", "buffer")

    def __init__(self, buffer: Buffer, interface: dict):
        self.buffer = buffer
        self.__array_interface__ = interface


def as_array(
    buf: Buffer,
    np_dtype,
    shape: tuple[int, ...],
    strides_bytes: tuple[int, ...] | None = None,
    offset: int = 0,
    writable: bool = True,
) -> np.ndarray:
    """A NumPy array over `buf` from byte `offset` on; its `.base` is a new `Export`.

    `strides_bytes=None` is C order. The caller answers for the array lying inside the buffer.
    """
    interface = {
        "version": 3,
        "typestr": np.dtype(np_dtype).str,
        "shape": shape,
        "strides": strides_bytes,
        "data": (buf.addr + offset, not writable),
    }
    return np.asarray(Export(buf, interface))
