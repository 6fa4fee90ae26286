"""How a batch crosses from a worker to the main process.

Each worker has a socket of its own, with one writer at each end: no locks that a killed process
could leave held, and its end is seen as the end of the file. A message is a fixed header, perhaps a
pickle, perhaps the descriptor of a new segment. Tensors, large arrays and large pickles lie in the
segment.
"""

from __future__ import annotations

import copyreg
import ctypes
import io
import os
import pickle
import struct
import threading
import weakref
from collections import ChainMap
from multiprocessing import reduction

import numpy as np
from numtorch.jit.record import Lazy
from numtorch.jit.values import steps_of

from .... import nn
from ...._host_arrays import values_of
from ...._tensor import Tensor
from ....multiprocessing._shared import anonymous_file, refuse_graph
from .segment import Lease, Segment, aligned

INLINE = 2048  # bytes of a pickle that travel in the message itself
IN_FLIGHT = 64  # tasks a worker may have: their messages fit into a socket's buffer
LARGE = 4096  # bytes from which a NumPy array lies in the segment
_HEADER = struct.Struct("<10q")
_KINDS = (Tensor, nn.Parameter, nn.Buffer)
_reading = threading.local()


# ---------------------------------------------------------------- the worker's side


class Arena:
    """A worker's segments and the place in the one that the current batch is written to."""

    def __init__(self):
        self.used: dict[int, tuple[Segment, weakref.ref]] = {}  # the main process has these
        self.free: list[Segment] = []
        self.lease: Lease | None = None
        self.at = self.wanted = self.count = 0
        self.fresh: int | None = None  # descriptor of a segment the main process has not seen
        self.dropped = -1

    def begin(self) -> None:
        """A new batch: it is written to a free segment, if there is one that may hold it."""
        self.at = 0
        self.dropped = -1
        if self.free:
            self.free.sort(key=lambda s: s.nbytes)
            self.lease = Lease(self.free.pop())

    def give_back(self, numbers: list[int]) -> None:
        """The main process is done with these segments."""
        for number in numbers:
            segment, lease = self.used.pop(number)
            if lease() is None:
                self.free.append(segment)

    def take(self, nbytes: int) -> int | None:
        """The offset of room for a tensor of the batch, or None if there is none."""
        if self.lease is None or not nbytes:
            return None
        at = aligned(self.at)
        if at + nbytes > self.lease.segment.nbytes:
            return None
        self.at = at + nbytes
        return at

    def grow(self, nbytes: int) -> None:
        """Makes the batch's segment at least so large; what is in it stays."""
        if self.lease is not None and nbytes <= self.lease.segment.nbytes:
            return
        self.wanted = max(self.wanted, nbytes + nbytes // 8)
        size = -(-self.wanted // 4096) * 4096
        if self.fresh is not None:
            os.close(self.fresh)
        self.fresh = anonymous_file(size)
        new = Segment(self.fresh, size, self.count)
        self.count += 1
        if self.lease is not None:
            old = self.lease.segment
            ctypes.memmove(new.addr, old.addr, min(self.at, old.nbytes))
            self.dropped = old.number
        self.lease = Lease(new)

    def forget(self) -> None:
        """The batch could not be sent."""
        if self.fresh is not None:
            os.close(self.fresh)
        elif self.lease is not None and self.dropped < 0:
            self.free.append(self.lease.segment)
        self.lease = self.fresh = None
        self.at, self.dropped = 0, -1

    def sent(self) -> None:
        """The batch is the main process's now."""
        if self.lease is not None:
            segment = self.lease.segment
            self.used[segment.number] = segment, weakref.ref(self.lease)
        self.lease = self.fresh = None


class _Pickler(pickle.Pickler):
    """Leaves tensors out: they are copied to the segment, unless they lie there already."""

    def __init__(self, file, arena: Arena):
        self.outside: list[tuple[int, np.ndarray]] = []
        self.buffers: list[tuple[int, int]] = []
        self.arena, self.at = arena, arena.at
        super().__init__(file, 5, buffer_callback=self._buffer)
        own = reduction.ForkingPickler._extra_reducers
        self.dispatch_table = ChainMap(own, copyreg.dispatch_table)

    def place(self, array: np.ndarray) -> int:
        """The offset that a row-major array will be copied to."""
        at = aligned(self.at)
        self.outside.append((at, array))
        self.at = at + array.nbytes
        return at

    def _buffer(self, buffer: pickle.PickleBuffer) -> bool:
        raw = buffer.raw()
        if raw.nbytes < LARGE:
            return True
        self.buffers.append((self.place(np.frombuffer(raw, np.uint8)), raw.nbytes))
        return False

    def reducer_override(self, obj):
        if type(obj) not in _KINDS:
            return NotImplemented
        refuse_graph(obj)
        v = obj._value()
        kind, flag, m = _KINDS.index(type(obj)), obj._rg == 1, v.meta
        if not m.numel:
            return _tensor_at, (0, m.dtype, m.shape, None, kind, flag)
        lease = self.arena.lease
        place = v.addr - lease.segment.addr if lease is not None else -1
        if 0 <= place < self.arena.at:
            return _tensor_at, (place, m.dtype, m.shape, steps_of(v), kind, flag)
        array, strides = _dense(v)
        return _tensor_at, (self.place(array), m.dtype, m.shape, strides, kind, flag)


def _dense(v: Lazy) -> tuple[np.ndarray, tuple | None]:
    """The elements in the order of memory, row-major if they have gaps; and their strides."""
    array, strides = values_of(v), steps_of(v)
    if strides is None or array.flags.c_contiguous:
        return array, None
    order = sorted(range(array.ndim), key=lambda k: -strides[k])
    turned = array.transpose(order)
    if turned.flags.c_contiguous:
        return turned, strides
    return np.ascontiguousarray(array), None


def send(conn, number: int, status: int, obj, arena: Arena) -> None:
    """Sends obj as the result of a task."""
    file = io.BytesIO()
    pickler = _Pickler(file, arena)
    pickler.dump(obj)
    body, table = file.getbuffer(), b""
    body_at = table_at = -1
    if pickler.buffers:
        table = np.array(pickler.buffers, np.int64)
        table_at = pickler.place(table)
    if body.nbytes > INLINE:
        body_at = pickler.place(np.frombuffer(body, np.uint8))
    if pickler.outside:
        arena.grow(pickler.at)
        base = arena.lease.segment.addr
        for at, array in pickler.outside:
            ctypes.memmove(base + at, array.ctypes.data, array.nbytes)
        arena.at = pickler.at
    segment = arena.lease.segment if arena.lease is not None else None
    header = _HEADER.pack(
        number, status, -1 if segment is None else segment.number,
        0 if arena.fresh is None else segment.nbytes, arena.dropped,
        body_at, body.nbytes, table_at, len(pickler.buffers), arena.at,
    )  # fmt: skip
    conn.send_bytes(header + body.tobytes() if body_at < 0 else header)
    if arena.fresh is not None:
        reduction.send_handle(conn, arena.fresh, None)
        os.close(arena.fresh)
    arena.sent()


# ---------------------------------------------------------------- the main process's side


class Inbox:
    """What the main process knows of one worker's segments."""

    def __init__(self, conn):
        self.conn = conn
        self.segments: dict[int, Segment] = {}
        self.freed: list[int] = []

    def take_freed(self) -> list[int]:
        """Segments that no tensor uses any more."""
        found = []
        while self.freed:  # other threads append
            found.append(self.freed.pop())
        return found

    def receive(self) -> tuple[int, int, object]:
        """(task, status, batch) of the next message; EOFError or OSError if the worker is gone."""
        data = self.conn.recv_bytes()
        (number, status, segment, new, dropped, body_at, body_len, table_at, buffers,
         used) = _HEADER.unpack_from(data)  # fmt: skip
        if new:
            fd = reduction.recv_handle(self.conn)
            try:
                self.segments[segment] = Segment(fd, new, segment)
            finally:
                os.close(fd)
        if dropped >= 0:
            self.segments.pop(dropped, None)
        lease = None
        if segment >= 0:
            lease = Lease(self.segments[segment], _Free(self.freed))
        body = memoryview(data)[_HEADER.size :]
        if body_at >= 0:
            body = lease.array(body_at, np.dtype(np.uint8), (body_len,)).data
        table = lease.array(table_at, np.dtype(np.int64), (buffers, 2)) if buffers else ()
        places = [lease.array(at, np.dtype(np.uint8), (n,)) for at, n in _pairs(table)]
        _reading.lease = lease
        try:
            return number, status, pickle.loads(body, buffers=places)  # noqa: S301 (our worker)
        finally:
            _reading.lease = None


def _pairs(table) -> list:
    return table.tolist() if len(table) else []


class _Free:
    """Appends to the list of freed segments (a list's own method would make a cycle)."""

    __slots__ = ("freed",)

    def __init__(self, freed: list):
        self.freed = freed

    def __call__(self, number: int) -> None:
        self.freed.append(number)


def _tensor_at(offset: int, dtype, shape, strides, kind: int, flag: bool) -> Tensor:
    if 0 in shape:
        from ...._creation import empty

        t = empty(tuple(shape), dtype=dtype)
    else:
        t = _reading.lease.tensor(offset, dtype, tuple(shape), strides)
    if kind == 1:
        return nn.Parameter(t, flag)
    if kind == 2:
        return nn.Buffer(t)
    return t.requires_grad_() if flag else t
