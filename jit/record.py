"""The recorder: ops become tuples on a tape; a tape is executed when a value is needed.

An entry is (op, meta, attrs, *operands). Its result has the entry's position as index. Operands are
indices: >= 0 an entry's result; -1, -2, -3, -4 the next float, int, bool, complex scalar;
<= INPUT_BASE an input.
The tuple of entries is the key under which the plan is found.

This module knows tensors only as objects with the attributes
  _v     Lazy: the current value            _st    Storage, once it is shared (views, detach)
  _view  View, or None for the whole        _rg    0 no grad, 1 leaf, 2 result of recorded ops,
                                                   3 view that gradients do not reach (no_grad)
  _node  autograd Node after a flush, or None
  _info  hooks on its gradient, or None     requires_grad, _strides(), storage_offset()
  _past  History of its memory, while it has no Storage
"""

from __future__ import annotations

import os
import sys
import threading
import weakref

from . import config
from .interop import exposed
from .ir import Graph, Type
from .meta import Meta, meta
from .ops.table import OPS, GradOp, Op
from .views import (
    CUT,
    NO_GRAD,
    Counter,
    History,
    Storage,
    View,
    apart,
    check_fresh,
    counter_of,
    mark,
    rebase,
    row_major,
)  # fmt: skip

INPUT_BASE = -16
SCALAR_INDEX = {float: -1, int: -2, bool: -3, complex: -4}
SCALAR_KIND = {-1: "f", -2: "i", -3: "b", -4: "c"}
_new = object.__new__


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

_tensor_type = None
flush_lock = threading.RLock()


def set_tensor_type(cls) -> None:
    """The framework's Tensor class, made by `Tape.push`."""
    global _tensor_type
    _tensor_type = cls
    _folders.append(os.path.dirname(os.path.abspath(sys.modules[cls.__module__].__file__)) + os.sep)
    _inside.clear()


class _Local(threading.local):
    def __init__(self):
        self.tape = Tape()


def current_tape() -> Tape:
    """The calling thread's tape."""
    return local.tape


# ---------------------------------------------------------------- rules


def infer(op: Op, operands: tuple, attrs: tuple | None) -> Meta:
    """Result meta of a row; operands are Metas or scalar indices (-1 to -4)."""
    from . import dtypes
    from .ops.build import grad_flags

    types = [
        Type((), dtypes.weak_dtype(SCALAR_KIND[m]), SCALAR_KIND[m]) if m.__class__ is int
        else Type(m.shape, m.dtype)
        for m in operands
    ]  # fmt: skip
    named = dict(zip(op.attr_names, attrs or ()))
    if op.kind == "composite":
        scratch = Graph()
        with grad_flags(False):
            out = op.build(*[scratch.add_input(t) for t in types], **named).type
    else:
        if op.refuse is not None:
            op.refuse(op, types)
        out = op.infer(types, named)
    m = meta(tuple(out.shape), out.dtype)
    if len(op.rules) > 20_000:
        op.rules.clear()
    op.rules[(attrs, *operands)] = m
    return m


def clear_rules() -> None:
    """Forgets inferred types (the default dtype changed)."""
    for op in OPS.values():
        op.rules.clear()


# ---------------------------------------------------------------- the tape


class Tape:
    """One thread's recording."""

    leaf_hooks = 0  # hooks on gradients of leaves, of all threads

    def __init__(self):
        self.grad = True  # gradients are recorded
        self.levels: list = []  # the vmaps that are open: see func/vmap.py
        self.new_handles = list  # anomaly and inference mode look at what is recorded
        self.reset()

    def reset(self) -> None:
        self.win = Window(self)
        self.entries: list[tuple] = []
        # per entry: whoever owns the result (Tensor or Storage)
        self.handles: list = self.new_handles()
        self.info: dict[int, object] = {}  # entry -> Python in its backward: hooks, a Function
        self.vmapped = False  # some entries stand for one example of a batch
        self.level_count = 0  # vmaps recorded in this window
        self.level_map: dict = {}  # those of older windows -> their numbers here
        self.inputs: list[Lazy] = []
        self.in_key: list[tuple] = []
        self.in_bufs: dict[int, int] = {}
        self.scalars: list = []
        self.leaves: dict[int, object] = {}  # index -> leaf tensor
        self.nodes: dict[int, object] = {}  # input index -> autograd Node of an older window
        self.freed: set[int] = set()
        self.stale: dict[int, int] = {}  # overwritten value -> the one after it
        self.keepers: dict[int, object] = {}  # entry -> weak reference to who retains its gradient
        # overwritten value -> the result that was written, if the version tells
        self.writers: dict[int, int] = {}
        self.stored: dict[int, tuple] = {}  # result -> (value of the memory it is in, View)
        self.keys: dict[int, tuple] = {}  # value read through .data -> (its Counter, version)
        self.moved: dict[int, tuple] = {}  # value of a tensor whose .data was set -> Lazy.given
        self.unseen = False  # gradients may have to read what versions do not tell of
        self.outside = False  # or what somebody wrote to an array
        self.pins: list = []  # memory that a graph may read though no tensor does
        self.releases: tuple = ()  # how long the tape was when graphs were freed
        self.locs: dict[int, tuple] = {}
        self.bytes = 0
        self.retained = False  # some result keeps its gradient
        self.limit = 0 if config.eager else config.MAX_ENTRIES

    # -- operands

    def input(self, t, check: bool = True) -> int:
        """Index of a tensor's value when it is not in this window yet (the slow path)."""
        v = t._v
        if v.win is self.win:
            return v.idx
        if v.lost or (t._rg == 2 and t._view is not None):
            # A view has no place of its own in a kept graph: it hangs on its storage's.
            return self._replay(t, check)
        if v.buf is None:
            v = self.locate(t)
            if v.win is self.win:
                return v.idx
        if t._rg == 3 and check and self.grad:
            check_fresh(t)
        if t._rg == 0 and t._view is None and t._st is not None:
            idx = self.input_storage(t._st)  # another alias may be a leaf
        else:
            idx = self.read(v)
        if t._view is not None and t._view.counter is not None:
            self.count_apart(t, idx)
        if t._rg == 1:
            self.leaves[idx] = t
        elif t._rg == 2 and t._node is not None:
            self.nodes[idx] = t._node
        return idx

    def add_input(self, v: Lazy) -> int:
        """Registers a value in memory as an input of this window."""
        if v.win is self.win:
            return v.idx
        if v.error is not None:
            raise v.error
        k = len(self.inputs)
        idx = INPUT_BASE - k
        # Inputs that share memory must be known to the planner.
        first = self.in_bufs.setdefault(id(v.buf), k)
        self.in_key.append((v.meta, v.strides, first))
        self.inputs.append(v)
        v.win, v.idx = self.win, idx
        self.bytes += v.meta.nbytes
        if self.bytes > config.MAX_INPUT_BYTES:
            self.limit = 0
        return idx

    def count_apart(self, t, idx: int) -> None:
        """Notes the version of a value that is read through .data."""
        counter = apart(t)
        if counter is not None:
            self.keys[idx] = (counter, counter.n)
            self.unseen = True

    def read(self, v: Lazy) -> int:
        """Index of the present content of a value in memory."""
        if v.win is self.win:
            return v.idx
        if v.kept or not exposed(v.buf):
            return self.add_input(v)
        self.outside = True
        # Memory that outsiders may write: take its content now.
        if v.meta.nbytes <= 1 << 14:
            return self.add_input(snapshot(v))
        idx = self.add_input(v)
        self.limit = 0
        return idx

    def locate(self, t) -> Lazy:
        """A value that has no memory and is not pending here: a view, or another thread's."""
        v = t._v
        if v.buf is not None:
            return v
        if v.error is not None:
            raise v.error
        st = t._st
        if self.levels and v.win is self.win:
            self.check_readable(v)
        if st is not None and t._view is not None:
            root = st._v
            foreign = root.win is not self.win or self.levels
            if root.win is not None and root.buf is None and foreign:
                materialize_foreign(root)
            if root.buf is not None:
                view = t._view
                contiguous = view.strides == row_major(v.meta.shape)
                t._v = Lazy(
                    v.meta, root.buf, root.addr + view.offset * v.meta.dtype.itemsize,
                    None if contiguous else view.strides,
                )  # fmt: skip
                t._v.root = root
                return t._v
            self._replay(t)
            return t._v
        materialize_foreign(v)
        return t._v

    def _replay(self, t, check: bool = False) -> int:
        """Records an alias's view ops again on its storage's current value."""
        st = t._st
        if check and self.grad:
            check_fresh(t)
        if st._v.strides is not None and t._view.chain[-1][0] is OPS["region"]:
            return self._read_strided(t)
        chain, m = t._view.chain, st._v.meta
        source = _source(t) if len(chain) < 64 else None
        if source is None:
            idx, rg = self.input_storage(st), st._rg == 2
            cut = flagged = rg  # cut: gradients end here, though the view requires grad
        else:
            idx = source._v.idx if source._v.win is self.win else self.input(source, False)
            chain = chain[len(source._view.chain) :]
            rg, cut, flagged = source._rg == 2, source._rg > 1, True
        for op, m, attrs in chain:
            if op is None:
                flagged = m is not None
                if flagged and attrs is not None:  # the leaf is a part of what is read
                    whole, part = attrs
                    ins = (idx, self.input(m))
                    idx, cut = self._append((OPS["update"].grad_op, whole, part, *ins)), True
                elif flagged:
                    idx, cut = self._leaf(m, st, idx), True
                else:
                    base = t._view.base
                    cut = cut or (base is not None and base.requires_grad)
                continue
            cut = cut and op.differentiable
            rg, flagged = cut and flagged, True
            idx = self._append((op.grad_op if rg else op, m, attrs, idx), t)
        root = st._v
        if root.buf is None or not exposed(root.buf):
            t._v = self._lazy(m, idx)
        else:
            t._v = lost(m)  # outsiders may write there: every use reads it again
        if t._view.counter is not None:
            self.count_apart(t, idx)
        if rg:
            t._rg = 2
            if t._info is not None:
                self.info[idx] = t._info
        elif t._rg == 1:
            self.leaves[idx] = t
        else:
            t._rg = 3 if cut else 0
        return idx

    def _read_strided(self, t) -> int:
        """Reads a region of an array's memory, whose elements are not in the order of the root."""
        if t._rg or t._st._rg:
            raise NotImplementedError(
                "gradients through as_strided() of a strided NumPy array are not implemented in "
                "numtorch; clone() the tensor first"
            )
        root, view, m = t._st._v, t._view, t._v.meta
        part = Lazy(m, root.buf, root.addr + view.offset * m.dtype.itemsize, view.strides)
        part.root = root
        idx = self.read(part)
        if view.counter is not None:
            self.count_apart(t, idx)
        return idx

    def _leaf(self, leaf, st: Storage, idx: int) -> int:
        """Index of a leaf that a view was taken of (it may have been given other memory since)."""
        if leaf._st is st:
            idx = leaf._v.idx if leaf._v.win is self.win else self.input(leaf)
        self.leaves[idx] = leaf
        return idx

    def input_storage(self, st, write: bool = False) -> int:
        """Index of a storage's (or lone tensor's) root value, with its graph.

        `write`: its memory is to be overwritten, so a copy will not do.
        """
        v = st._v
        if v.win is self.win:
            return v.idx
        if v.buf is None:
            materialize_foreign(v)
        idx = self.add_input(v) if write else self.read(v)
        if st._rg == 2 and st._node is not None:
            self.nodes[idx] = st._node
        for ref in getattr(st, "aliases", ()):
            # The owner may be used directly later in this window.
            a = ref()
            if a is not None and a._rg == 1 and a._view is None:
                self.leaves[idx] = a
        return idx

    # -- results

    def _append(self, entry: tuple, handle=None) -> int:
        # Every entry has a handle of its own: how often it is referred to says if it is alive.
        idx = len(self.handles)
        self.entries.append(entry)
        self.handles.append(object() if handle is None else handle)
        return idx

    def _lazy(self, m: Meta, idx: int) -> Lazy:
        v = _new(Lazy)
        v.meta, v.win, v.idx = m, self.win, idx
        return v

    def push(self, entry: tuple, m: Meta, rg: int):
        """Appends an entry and returns its result as a new tensor."""
        handles = self.handles
        idx = len(handles)
        v = _new(Lazy)
        v.meta, v.win, v.idx = m, self.win, idx
        t = _new(_tensor_type)
        t._v = v
        if rg:
            t._rg = 2
        self.entries.append(entry)
        handles.append(t)
        if idx >= self.limit:
            self.flush()
        return t

    def operand(self, x) -> tuple:
        """(index, meta-or-scalar-index, requires grad) of a tensor or a Python number."""
        if x.__class__ in SCALAR_INDEX:
            i = SCALAR_INDEX[x.__class__]
            self.scalars.append(x)
            return i, i, 0
        v = x._v
        idx = v.idx if v.win is self.win else self.input(x)
        return idx, x._v.meta, x._rg

    def record(self, op: Op, operands, attrs: tuple | None = None):
        """Records any row; the general path behind functions that are not generated methods."""
        mark = len(self.scalars)
        try:
            found = [self.operand(x) for x in operands]
            key = (attrs, *[f[1] for f in found])
            m = op.rules.get(key) or infer(op, key[1:], attrs)
        except BaseException:
            del self.scalars[mark:]
            raise
        rg = self.grad and op.differentiable and m.dtype.differentiable and any(f[2] for f in found)
        entry = (op.grad_op if rg else op, m, attrs, *[f[0] for f in found])
        return self.push(entry, m, rg)

    # -- views

    def view(self, t, op: Op, attrs: tuple, m: Meta, offset: int, strides: tuple[int, ...]):
        """A new tensor that shares t's memory: `op` re-indexes it, the layout says where it is."""
        st, old = share(self, t), t._view
        if st._v.buf is not None and (st._v.strides is not None or exposed(st._v.buf)):
            idx = None  # outsiders may write there: read when the view is
            if old is not None and self.grad and op.differentiable:
                check_fresh(t)
        else:
            idx = t._v.idx if t._v.win is self.win else self.input(t, op.differentiable)
        rg = self.grad and t._rg and op.differentiable
        chain = old.chain if old is not None else ()
        if rg and t._rg == 1:
            chain += ((None, t, None),)
        elif not self.grad and op.differentiable:
            chain += (CUT,)
        if idx is None:
            out = _new(_tensor_type)
            out._v, out._rg = lost(m), 2 if rg else 0
        else:
            out = self.push((op.grad_op if rg else op, m, attrs, idx), m, rg)
        out._st = st
        step = (op, m, attrs)
        again = chain and not op.differentiable and chain[-1] == step
        if again:
            chain = chain[:-1]  # detach twice is detach: p.data -= g would lengthen p's chain
        out._view = made = View((*chain, step), offset, strides)
        if old is not None and not again:
            made.source = weakref.ref(t), old
        if old is not None and old.counter is not None:
            made.counter = old.counter
            if idx is not None:
                self.count_apart(out, out._v.idx)
        made.seen = (made.counter or st.counter).n
        st.add_alias(out)
        if not op.differentiable:
            if old is not None and old.origin is not None:
                t._v = lost(t._v.meta)  # its next use is checked
        else:
            made.base = t if old is None or old.base is None else old.base
            if not self.grad or (old is not None and old.origin is not None):
                mark(out, NO_GRAD if old is None or old.origin is None else old.origin)
            if not self.grad and made.base.requires_grad:
                out._rg = 3
        return out

    def view_around(self, leaf, op: Op, attrs: tuple, m: Meta, offset: int, strides: tuple):
        """A view of the memory that a leaf is a part of, of which gradients reach that part."""
        st, v = leaf._st, leaf._view
        part = (st._v.meta, (leaf._v.meta.shape, v.strides, v.offset))
        out = _new(_tensor_type)
        out._v, out._rg, out._st = lost(m), 2, st
        out._view = View(((None, leaf, part), (op, m, attrs)), offset, strides)
        out._view.base, out._view.counter = leaf if v.base is None else v.base, v.counter
        st.add_alias(out)
        return out

    # -- in place

    def write(self, t, result) -> None:
        """Makes `result` (a fresh tensor, same shape and dtype) the value of t and its aliases."""
        if t._view is not None and t._st._v.strides is not None:
            return self._write_strided(t, result)
        kept, limit, self.limit = None, self.limit, sys.maxsize
        if result._v.win is not self.win:
            # The limit was reached: the result is in memory already.
            kept, result = result._node, self.record(OPS["copy"], (result,))
            if kept is not None:
                self._keep_operand(t, kept)
        old, idx = self._write(t, result)
        if kept is not None:
            kept.wrote(((t if t._st is None else t._st)._v, t._view))
        if self.limit == sys.maxsize:
            self.limit = limit
        if (old.buf is not None and exposed(old.buf)) or idx >= self.limit:
            self.flush()

    @staticmethod
    def _keep_operand(t, kept) -> None:
        """Leaves t's memory to the gradient of the op whose result is written, if that reads it."""
        old = (t if t._st is None else t._st)._v
        if old.buf is not None and old.strides is None:
            old.kept = old.kept or (not exposed(old.buf) and kept.reads(old))

    def _write_strided(self, t, result) -> None:
        """A write through a view of memory that is not row-major (an array): done at once."""
        if result._rg or t._st._rg == 2:
            raise NotImplementedError(
                "gradients through writes to views of a strided NumPy array are not implemented in "
                "numtorch yet; clone() the tensor first"
            )
        self.flush()
        st, view, m = t._st, t._view, t._v.meta
        root = st._v
        at = root.addr + view.offset * m.dtype.itemsize
        array_of(Lazy(m, root.buf, at, view.strides))[...] = array_of(self.locate(result))
        st._v = Lazy(root.meta, root.buf, root.addr, root.strides)
        supersede(st, root, st._v, apart(t) is None)
        counter_of(t).n += 1
        for a in (r() for r in st.aliases):
            if a is not None:
                a._v = st._v if a._view is None else lost(a._v.meta)

    def _write(self, t, result) -> tuple[Lazy, int]:
        """Records the write; returns the root's old value and the new one's index."""
        st, view = t._st, t._view
        holder = st if st is not None else t
        old = holder._v
        old_idx = old.idx if old.win is self.win else self.input_storage(holder, True)
        idx, rg = result._v.idx, bool(result._rg)
        m, part = old.meta, True
        if view is not None:
            part, root = view.differentiable, old_idx
            if rg and self.grad and not part:
                part, root = True, self._rebased(t, old_idx, m)
            rg = bool(self.grad and part and (rg or st._rg == 2))
            linked = rg and st._rg == 2
            idx = self._update_root(root, m, t._v.meta, view, idx, rg, linked)
        if holder._rg == 2 and not (part and self.grad):
            # A write through a detached alias or under no_grad leaves the graph as it was.
            rg = True
            idx = self._append((OPS["replaced"].grad_op, m, None, old_idx, idx))
            if self.retained:
                self._keep_retained(holder, old_idx)
        home = old.home
        if home and (old.pasts is not None or result._rg):
            home = not _spare(self, old, old_idx, result)
        if home:
            op = OPS["assign"]
            idx = self._append((op.grad_op if rg else op, m, None, old_idx, idx))
        new = self._lazy(m, idx)
        new.home, new.strides = home, old.strides
        self.stale[old_idx] = idx
        if result._rg and idx != result._v.idx:
            self.stored[result._v.idx] = new, view
        own = view is None or view.counter is None or apart(t) is None
        supersede(holder, old, new, own)
        if own:
            self.writers[old_idx] = result._v.idx
        if not own or self.keys:
            self.unseen = True
            self.pins.append(holder)
        elif old.pasts is not None:
            self.pins.append(holder)
        if old_idx >= 0:
            self.handles[old_idx] = object()
        self.handles[idx] = holder
        self._move(t, st, new, rg, idx)
        return old, idx

    def retain(self, t) -> None:
        """Notes that a tensor keeps its gradient if that is one of a value before this one."""
        idx = t._v.idx
        while idx >= 0 and (i := beneath(self.entries[idx])) is not None:
            idx = i
        if idx != t._v.idx:
            if idx in self.nodes:
                self.nodes[idx].retain(t)
            else:
                self.keepers[idx] = weakref.ref(t)

    def _keep_retained(self, holder, idx: int) -> None:
        """The gradient that a tensor retains is still that of the value before this write."""
        for t in (r() for r in holder.aliases) if holder.__class__ is Storage else (holder,):
            if t is not None and t._view is None and t._retains_grad:
                self.keepers[idx] = weakref.ref(t)

    def _rebased(self, t, root: int, m: Meta) -> int:
        """The root without its graph, as what t's family starts from."""
        if not rebase(t):
            raise NotImplementedError(
                "a write that carries gradients through a detached alias of a tensor that is still "
                "in use is not implemented in numtorch; clone() the detached tensor first"
            )
        t._st._rg, t._st._node = 0, None
        return self._append((OPS["detach"], m, None, root))

    def _update_root(
        self, root: int, m: Meta, vm: Meta, view: View, idx: int, rg: bool, linked: bool
    ) -> int:
        """The root's new value; `linked`: gradients (zeros, where all of it is written) go on."""
        same = vm.dtype is m.dtype  # else: parts of complex numbers, or pairs as such
        whole = vm.numel == m.numel and view.offset == 0 and view.strides == row_major(vm.shape)
        if same and whole and not linked:
            op, attrs, ins = OPS["as_shape"], (m.shape,), (idx,)
        else:
            op = OPS["update" if same else "update_as"]
            attrs = (vm.shape, view.strides, view.offset)
            ins = (root, idx)
        return self._append((op.grad_op if rg else op, m, attrs, *ins))

    def _move(self, t, st, new: Lazy, rg: bool, idx: int) -> None:
        if st is None:
            t._v = new
            t._count += 1
            t._node = None
            if rg:
                t._rg = 2
            elif t._rg == 1:
                self.leaves[idx] = t
            return
        st._v = new
        counter_of(t).n += 1
        st._rg, st._node = 2 if rg else st._rg, None
        for ref in st.aliases:
            a = ref()
            if a is None:
                continue
            if a._view is None:
                a._v = new
                if a._rg == 1:
                    self.leaves[idx] = a
                elif rg:
                    a._rg = 2
                a._node = None
            else:
                a._v = lost(a._v.meta)
                a._node = None

    def take_over(self, t, alias) -> None:
        """t sees the memory of a detached alias from now on; its version goes on counting."""
        counter = Counter(t._count) if t._st is None else counter_of(t)
        self.forget(t)
        v = t._v
        v.given = t, counter.n
        if v.win is self.win:
            self.moved[v.idx] = v.given
        self.unseen = True
        if t._st is not None:
            t._st.aliases = [r for r in t._st.aliases if r() is not t]
        t._v, t._st, t._view = alias._v, alias._st, alias._view
        t._view.counter, t._view.base, t._view.origin = counter, None, None
        t._st.add_alias(t)
        if t._v.win is self.win:
            self.count_apart(t, t._v.idx)
            if t._rg == 1:
                self.leaves[t._v.idx] = t

    def forget(self, t) -> None:
        """t is about to see another value: what is pending for it is nobody's now."""
        v = t._v
        if v.win is self.win and v.idx >= 0 and self.handles[v.idx] is t:
            self.handles[v.idx] = Orphan(v)

    # -- flush

    def flush(self) -> None:
        """Executes what is recorded (inside of vmap, nothing is until its end)."""
        if self.levels:
            return
        if self.entries:
            from .flush import run_tape

            run_tape(self)
        else:
            self.reset_inputs()

    def new_level(self, old=None) -> int:
        """The number of a vmap in this window; `old` stands for one of an older window."""
        if old in self.level_map:
            return self.level_map[old]
        self.vmapped = True
        self.level_count += 1
        if old is not None:
            self.level_map[old] = self.level_count
        return self.level_count

    def check_readable(self, v: Lazy, branch: bool = False) -> None:
        """RuntimeError for a value that stands for one example of a batch (`branch`: as a bool)."""
        from .passes.batching import batched_entries

        if self.vmapped and v.win is self.win and v.idx in batched_entries(self.entries):
            raise RuntimeError(
                "vmap: It looks like you're attempting to use a Tensor in some data-dependent "
                "control flow. We don't support that yet, please file an issue at "
                "https://github.com/pytorch/pytorch/issues ."
                if branch else
                "vmap: It looks like you're calling .item() on a Tensor. We don't support vmap "
                "over calling .item() on a Tensor, please try to rewrite what you're doing with "
                "other operations. If error is occurring somewhere inside PyTorch internals, "
                "please file a bug report."
            )

    def reset_inputs(self) -> None:
        if self.inputs:
            for v in self.inputs:
                v.win = None
            self.reset()


def beneath(e: tuple) -> int | None:
    """The value that has the gradient of what was written without it (through .data), or None."""
    if e[0] is OPS["replaced"].grad_op:
        return e[3]
    return e[4] if e[0] is OPS["assign"].grad_op else None


def _source(t):
    """The view that a view was made of, if it is still there and the same.

    As in PyTorch, after a write to the memory the view is one of its root.
    """
    if t._view.source is None or t._view.seen != counter_of(t).n:
        return None
    ref, view = t._view.source
    found = ref()
    same = found is not None and found._view is view and found._st is t._st
    return found if same else None


def share(tape: Tape, t) -> Storage:
    """The storage cell of a tensor, made when its memory gets its first alias."""
    st = t._st
    if st is None:
        st = t._st = Storage(t._v)
        st.version = t._count
        st._rg, st._node, st._past = t._rg, t._node, t._past
        st.add_alias(t)
        v = t._v
        if v.win is tape.win and v.idx >= 0:
            tape.handles[v.idx] = st
    return st


def snapshot(v: Lazy) -> Lazy:
    """A private copy of a value in memory."""
    import numpy as np

    from .runtime.allocator import alloc, as_array

    buf = alloc(v.meta.nbytes)
    out = Lazy(v.meta, buf, buf.addr)
    out.home, out.kept, out.root = False, True, v if v.root is None else v.root
    out.source, out.given = v, v.given
    target = as_array(buf, v.meta.dtype.np, v.meta.shape, None, 0)
    np.copyto(target, array_of(v))
    return out


def _spare(tape: Tape, v: Lazy, idx: int, result) -> bool:
    """True if v's memory is left to the gradients that read it: of graphs that compute from it
    again, and of the op whose result is written.

    The tensor that is written gets other memory, unless somebody else knows where it is.
    """
    own = result._rg and tape.grad
    if (v.pasts is None and not own) or v.buf is None or v.strides is not None or exposed(v.buf):
        return False
    if not v.kept:
        pasts = (ref() for ref in v.pasts or ())
        v.kept = any(past is not None and past.reads(v) for past in pasts)
        if own and not v.kept:
            from .saved import reads

            v.kept = reads(tape, result._v.idx, idx)
    return v.kept


def relocate(t) -> None:
    """Moves a tensor that somebody outside is about to see away from graphs that read it again."""
    holder = t if t._st is None else t._st
    v = holder._v
    if v.pasts is None or v.strides is not None or exposed(v.buf):
        return
    if not any(past is not None and past.reads(v) for past in (ref() for ref in v.pasts)):
        return
    copy = snapshot(v)
    new = Lazy(v.meta, copy.buf, copy.addr)
    v.kept = True
    supersede(holder, v, new, False)
    holder._v = new
    for a in (r() for r in t._st.aliases) if t._st is not None else ():
        if a is not None:
            a._v = new if a._view is None else lost(a._v.meta)


def array_of(v: Lazy):
    """A NumPy view of a value in memory (private use: its life is not tracked)."""
    import numpy as np

    size = v.meta.dtype.itemsize
    strides = v.strides if v.strides is not None else row_major(v.meta.shape)

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
    from .flush import run_foreign

    if v.error is not None:
        raise v.error
    if v.buf is None:
        run_foreign(v)


# Folders whose code is not the user's; files known to be in one of them or not.
_folders = [os.path.dirname(os.path.abspath(__file__)) + os.sep]
_inside: dict[str, bool] = {}


def user_location() -> tuple:
    """Where the nearest caller outside the library is: (code, instruction) for `source_line`.

    The line number itself is found only when an error needs it.
    """
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        name = code.co_filename
        inside = _inside.get(name)
        if inside is None:
            inside = _inside[name] = name.startswith(tuple(_folders))
        if not inside:
            return code, frame.f_lasti
        frame = frame.f_back
    return None, 0


def source_line(code, instruction: int) -> str:
    """'file:line' of an instruction."""
    if code is None:
        return "<unknown>:0"
    line = code.co_firstlineno
    for start, end, number in code.co_lines():
        if start <= instruction < end and number is not None:
            line = number
    return f"{code.co_filename}:{line}"


local = _Local()


def _after_fork() -> None:
    # The lock may have been held by a thread that the child does not have.
    global flush_lock
    flush_lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
