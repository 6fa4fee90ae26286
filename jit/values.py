"""Values: what a tensor holds, pending on a tape or in memory; and the marks that entries use.

A value never changes. A write gives the tensor another one; what the old one's memory has become
is in its History.
"""

from __future__ import annotations

from .meta import Meta, meta
from .ops.table import GradOp
from .strides import row_major

INPUT_BASE = -16
SCALAR_INDEX = {float: -1, int: -2, bool: -3, complex: -4}
SCALAR_KIND = {-1: "f", -2: "i", -3: "b", -4: "c"}


class History:
    """What was written to one memory: a value that was overwritten finds the present one here.

    Gradients read what they saved by reference, so that they see writes which the version of the
    saved tensor does not count.
    """

    __slots__ = ("v", "n", "own")

    def __init__(self):
        self.v = None  # the present value (which does not refer to this: no cycle)
        self.n = 0  # writes of any kind
        self.own = 0  # n at the last one that the memory's own version counts


class Lazy:
    """A value: pending in a window, or in memory. `addr` is its first element's address."""

    buf = None
    addr = 0
    strides = None  # None: row-major
    home = False  # lives in memory that a tensor already owns
    root = None  # the value of the whole memory, if this is a part or a copy of it
    source = None  # what this is a private copy of
    history = None  # of its memory, once that holds another value
    at = 0  # how often the memory had been written when this became its value
    given = None  # (tensor, version): it sees other memory now (its .data was set)
    watch = None  # a list that tells graphs of a write that the version tells of: see kept.py
    kept = False  # its memory stays as it is, though the tensor may be written
    pasts = None  # weak references to the graphs (Past) that may read it again
    lost = False  # an alias's value that somebody wrote over through another alias
    error = None
    win = None
    idx = 0
    meta: Meta

    def __init__(self, m: Meta, buf=None, addr: int = 0, strides=None):
        self.meta = m
        if buf is not None:
            self.buf, self.addr, self.strides, self.home = buf, addr, strides, True


def layout_of(v: Lazy) -> tuple[int, ...]:
    """Strides of a value in memory."""
    steps = steps_of(v)
    return row_major(v.meta.shape) if steps is None else steps


def steps_of(v: Lazy) -> tuple[int, ...] | None:
    """Strides of a value in memory; None for row-major."""
    return v.meta.strides if v.strides is None and v.meta.order is not None else v.strides


def placed(shape: tuple, dtype, buf, addr: int, strides: tuple | None) -> Lazy:
    """A value in memory with these strides."""
    m = meta(shape, dtype, strides)
    return Lazy(m, buf, addr, strides if m.order is None else None)


def lost(m: Meta) -> Lazy:
    """What an alias holds after somebody wrote through another one: to be recorded again."""
    v = Lazy(m)
    v.lost = True
    return v


def overwritten(v: Lazy) -> bool:
    """True if the memory that had this value was written since, and its version tells."""
    v = v if v.root is None else v.root
    return v.history is not None and v.history.own > v.at


def gone(v: Lazy) -> bool:
    """True if the memory of a value does not hold it any more."""
    if v.kept:
        return False
    v = v if v.root is None else v.root
    return v.history is not None and not v.kept


def supersede(holder, old: Lazy, new: Lazy, own: bool = True) -> None:
    """The memory of a tensor or storage has another value now; `own`: its version tells."""
    past = holder._past
    if past is None:
        past = holder._past = History()
    past.n += 1
    past.v, old.history, new.at = new, past, past.n
    if own:
        past.own = past.n
        if old.watch is not None:
            old.watch.append(past.n)
    else:
        new.watch = old.watch


class Orphan:
    """Owner of a pending value whose tensor has moved on; a store to memory still needs one."""

    __slots__ = ("_v",)

    def __init__(self, v: Lazy):
        self._v = v


class Window:
    """One stretch of recording between two flushes."""

    __slots__ = ("tape", "past", "__weakref__")

    def __init__(self, tape):
        self.tape = tape
        self.past = None  # what was kept of it for gradients


class Pseudo:
    """Entries that are not rows: backward, its further results, forward ops recorded again."""

    def __init__(self, name: str):
        self.name = name

    def __repr__(self) -> str:
        return self.name


BACKWARD, RESULT, GIVEN, LINK = map(Pseudo, ("backward", "result", "given", "link"))
LOST = Pseudo("lost")  # a value that is no more, and that nothing computed reads
BACKWARD_GRAD, RESULT_GRAD = GradOp(BACKWARD), GradOp(RESULT)


def snapshot(v: Lazy) -> Lazy:
    """A private copy of a value in memory."""
    import numpy as np

    from .runtime.allocator import alloc

    buf = alloc(v.meta.nbytes)
    out = Lazy(v.meta, buf, buf.addr)
    out.home, out.kept, out.root = False, True, v if v.root is None else v.root
    out.source, out.given = v, v.given
    np.copyto(array_of(out), array_of(v))
    return out


def array_of(v: Lazy):
    """A NumPy view of a value in memory (private use: its life is not tracked)."""
    import numpy as np

    size = v.meta.dtype.itemsize
    strides = layout_of(v)

    class _Holder:
        __array_interface__ = {
            "data": (v.addr, False), "shape": v.meta.shape, "typestr": v.meta.dtype.np.str,
            "strides": tuple(s * size for s in strides), "version": 3,
        }  # fmt: skip
        keep = v.buf

    if v.meta.numel == 0:
        return np.empty(v.meta.shape, v.meta.dtype.np)
    return np.asarray(_Holder())


def materialize_foreign(v: Lazy) -> None:
    """Computes a value that is pending on another thread's tape, without touching that tape."""
    from .foreign import run_foreign

    if v.error is not None:
        raise v.error
    if v.buf is None:
        run_foreign(v)


def share_foreign(v: Lazy, win) -> None:
    """Gives a value with a graph that is pending on another thread's tape a place in that graph."""
    tape = getattr(v.win, "tape", None)
    if v.idx >= 0 and tape is not None and tape.win is v.win and v.win is not win:
        from .foreign import share_graph

        share_graph(v)
