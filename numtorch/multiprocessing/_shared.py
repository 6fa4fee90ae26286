"""Tensors in shared memory, and how they travel between processes.

The memory is an anonymous file that is mapped by every process that has its descriptor; it goes
when the last of them does, so that a killed process leaves nothing behind. Other processes may
write to it at any time: numtorch treats it like memory that NumPy shares (reads take what is there
when an op is recorded, writes happen at once).
"""

from __future__ import annotations

import mmap
import os
import tempfile
import weakref
from multiprocessing.reduction import DupFd, ForkingPickler

import numpy as np
from numtorch.jit.interop import Foreign
from numtorch.jit.meta import meta
from numtorch.jit.record import Lazy, array_of, local, lost, row_major, share
from numtorch.jit.values import placed

from .. import nn
from .._creation import wrap
from .._tensor import Tensor

_strategy = "file_descriptor"
_STRATEGIES = {"file_descriptor", "file_system"}


def get_all_sharing_strategies() -> set[str]:
    """The ways of sharing memory that this system has.

    >>> import numtorch as torch
    >>> sorted(torch.multiprocessing.get_all_sharing_strategies())
    ['file_descriptor', 'file_system']
    """
    return set(_STRATEGIES)


def get_sharing_strategy() -> str:
    """What set_sharing_strategy was given; 'file_descriptor' at first.

    >>> import numtorch as torch
    >>> torch.multiprocessing.get_sharing_strategy()
    'file_descriptor'
    """
    return _strategy


def set_sharing_strategy(new_strategy: str) -> None:
    """Accepts 'file_descriptor' and 'file_system'; both are an anonymous file per storage.

    >>> import numtorch as torch
    >>> torch.multiprocessing.set_sharing_strategy("file_descriptor")
    >>> torch.multiprocessing.get_sharing_strategy()
    'file_descriptor'
    """
    global _strategy
    assert new_strategy in _STRATEGIES, f"sharing strategy {new_strategy!r} is not available"
    _strategy = new_strategy


def anonymous_file(nbytes: int) -> int:
    """A descriptor of zeroed memory that has no name; OSError when there is no room for it."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("numtorch")
    else:
        fd, path = tempfile.mkstemp(prefix="numtorch-")
        os.unlink(path)
    try:
        os.ftruncate(fd, max(nbytes, 1))
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(fd, 0, max(nbytes, 1))  # no room: an error, not a bus error
    except OSError:
        os.close(fd)
        raise
    return fd


class Region:
    """One anonymous file and this process's map of it."""

    def __init__(self, fd: int, nbytes: int):
        self.fd, self.nbytes = fd, nbytes
        self.map = mmap.mmap(fd, max(nbytes, 1))
        weakref.finalize(self, os.close, fd)

    @classmethod
    def create(cls, nbytes: int) -> Region:
        """A new region of zeros; OSError when there is no room for it."""
        return cls(anonymous_file(nbytes), nbytes)


class SharedBuffer(Foreign):
    """A storage's memory in a region."""

    __slots__ = ("region",)

    def __init__(self, region: Region, dtype: np.dtype):
        super().__init__(np.frombuffer(region.map, dtype, region.nbytes // dtype.itemsize))
        self.region = region

    def exposed(self) -> bool:
        return True


def is_shared(t: Tensor) -> bool:
    """True if the tensor's memory is shared between processes."""
    return isinstance(_root(t).buf, SharedBuffer)


def _root(t: Tensor) -> Lazy:
    """The value of the whole storage, in memory."""
    t._value()
    if local.tape.entries:
        local.tape.flush()
    return t._st._v if t._st is not None else t._v


def share_memory_(t: Tensor) -> Tensor:
    """Moves the tensor's storage to shared memory, with all tensors that view it."""
    root = _root(t)
    if isinstance(root.buf, SharedBuffer):
        return t
    st = share(local.tape, t)
    dtype = root.meta.dtype.np
    flat = root.strides is None or root.strides == row_major(root.meta.shape)
    values = _span(root, root.meta.numel if flat else None)
    buf = SharedBuffer(Region.create(values.nbytes), dtype)
    buf.array[:] = values.reshape(-1)
    root.buf, root.addr, root.home = buf, buf.addr, True
    root.win = None  # another thread that has it pending reads the shared memory from now on
    for r in st.aliases:
        a = r()
        if a is not None and a._view is not None:
            a._v = lost(a._v.meta)
    return t


def _span(root: Lazy, n: int | None) -> np.ndarray:
    # A wrapped array with strides: everything between its first and last element.
    if n is None:
        n = sum((n - 1) * s for n, s in zip(root.meta.shape, root.strides)) + 1
    return array_of(Lazy(meta((n,), root.meta.dtype), root.buf, root.addr))


# ---------------------------------------------------------------- pickling


def refuse_graph(t: Tensor) -> None:
    """RuntimeError for a tensor whose graph would be lost."""
    if t._rg == 2:
        raise RuntimeError(
            "Cowardly refusing to serialize non-leaf tensor which requires_grad, since autograd "
            "does not support crossing process boundaries.  If you just want to transfer the data, "
            "call detach() on the tensor before serializing (e.g., putting it on the queue)."
        )


def reduce_tensor(t: Tensor):
    """How a tensor crosses to another process: the descriptor of its memory and its layout."""
    refuse_graph(t)
    share_memory_(t)
    root = _root(t)
    region = root.buf.region
    offset = (t._value().addr - root.buf.addr) // t.dtype.itemsize
    layout = (tuple(t.shape), t._strides(), offset)
    kind = type(t) if type(t) in _CLASSES else Tensor
    return _rebuild, (kind, DupFd(region.fd), region.nbytes, t.dtype, layout, t.requires_grad)


_CLASSES = (Tensor, nn.Parameter, nn.Buffer)


def _rebuild(kind: type, handle, nbytes: int, dtype, layout: tuple, requires_grad: bool) -> Tensor:
    shape, strides, offset = layout
    region = Region(handle.detach(), nbytes)
    buf = SharedBuffer(region, dtype.np)
    flat = None if strides == row_major(shape) else strides
    t = wrap(placed(shape, dtype, buf, buf.addr + offset * dtype.itemsize, flat))
    if kind is nn.Parameter:
        return nn.Parameter(t, requires_grad)
    if kind is nn.Buffer:
        return nn.Buffer(t)
    return t.requires_grad_() if requires_grad else t


def register() -> None:
    """Makes multiprocessing's own pickler share tensors."""
    for kind in _CLASSES:
        ForkingPickler.register(kind, reduce_tensor)
