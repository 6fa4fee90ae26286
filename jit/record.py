"""The recorder: ops become tuples on a tape; a tape is executed when a value is needed.

An entry is (op, meta, attrs, *operands). Its result has the entry's position as index. Operands are
indices: >= 0 an entry's result; -1, -2, -3 the next float, int, bool scalar; <= INPUT_BASE an
input.
The tuple of entries is the key under which the plan is found.

This module knows tensors only as objects with the attributes
  _v     Lazy: the current value            _st    Storage, once it is shared (views, detach)
  _view  View, or None for the whole        _rg    0 no grad, 1 leaf, 2 result of recorded ops
  _node  autograd Node after a flush, or None
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

INPUT_BASE = -16
SCALAR_INDEX = {float: -1, int: -2, bool: -3}
SCALAR_KIND = {-1: "f", -2: "i", -3: "b"}
_new = object.__new__


class Lazy:
    """A value: pending in a window, or in memory. `addr` is its first element's address."""

    buf = None
    addr = 0
    strides = None  # None: row-major
    home = False  # lives in memory that a tensor already owns
    stale = False  # overwritten in place since
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


class Storage:
    """The cell that all aliases of one memory share: its current root value and version."""

    __slots__ = ("_v", "version", "aliases", "_rg", "_node", "__weakref__")

    def __init__(self, v: Lazy):
        self._v, self.version, self.aliases, self._rg, self._node = v, 0, [], 0, None

    def add_alias(self, t) -> None:
        if len(self.aliases) >= 16:
            self.aliases = [r for r in self.aliases if r() is not None]
        self.aliases.append(weakref.ref(t))


class View:
    """How an alias sees its storage: the steps from the root, and its layout.

    A step is (op, meta, attrs), or (None, leaf, None): here gradients end in that leaf.
    """

    __slots__ = ("chain", "offset", "strides", "quiet")

    def __init__(self, chain: tuple, offset: int, strides: tuple[int, ...]):
        self.chain, self.offset, self.strides = chain, offset, strides
        self.quiet = False  # .data: writes are not counted as versions


class Window:
    """One stretch of recording between two flushes."""

    __slots__ = ("tape", "__weakref__")

    def __init__(self, tape):
        self.tape = tape


class Pseudo:
    """Entries that are not rows: backward, its further results, forward ops recorded again."""

    def __init__(self, name: str):
        self.name = name

    def __repr__(self) -> str:
        return self.name


BACKWARD, RESULT, GIVEN, LINK = map(Pseudo, ("backward", "result", "given", "link"))
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
    """Result meta of a row; operands are Metas or scalar indices (-1, -2, -3)."""
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
        if op.kind == "elementwise":
            check_elementwise(op, types)
        out = op.infer(types, named)
    m = meta(tuple(out.shape), out.dtype)
    if len(op.rules) > 20_000:
        op.rules.clear()
    op.rules[(attrs, *operands)] = m
    return m


def check_elementwise(op: Op, types: list[Type]) -> None:
    """PyTorch's refusals of dtypes that an op has no meaning for."""
    kinds = {t.dtype.kind for t in types}
    if op.name == "sub" and "b" in kinds:
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` "
            "or `logical_xor()` operator instead."
            if kinds == {"b"} else
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying "
            "to invert a mask, use the `~` or `logical_not()` operator instead."
        )  # fmt: skip
    if op.name == "neg" and kinds == {"b"}:
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to "
            "invert a mask, use the `~` or `logical_not()` operator instead."
        )
    if op.name == "relu" and kinds == {"b"}:
        raise RuntimeError("Boolean inputs not supported for relu")
    if op.name in _NO_BOOL and kinds == {"b"}:
        raise NotImplementedError(f'"{_NO_BOOL[op.name]}" not implemented for \'Bool\'')
    if op.name.startswith("bitwise") and "f" in kinds:
        d = op.compute_dtype(types)
        name = "Float" if d.short == "f32" else "Double"
        raise NotImplementedError(f'"{op.name}_cpu" not implemented for \'{name}\'')


# Rows without a meaning for bool: the kernels that PyTorch's errors name.
_NO_BOOL = {
    "floor_divide": "div_floor_cpu", "remainder": "remainder_cpu", "fmod": "fmod_cpu", "pow": "pow",
    "abs": "abs_cpu", "floor": "floor_vml_cpu", "ceil": "ceil_vml_cpu", "trunc": "trunc_vml_cpu",
    "round": "round_vml_cpu",
}  # fmt: skip


def clear_rules() -> None:
    """Forgets inferred types (the default dtype changed)."""
    for op in OPS.values():
        op.rules.clear()


# ---------------------------------------------------------------- the tape


class Tape:
    """One thread's recording."""

    def __init__(self):
        self.grad = True  # gradients are recorded
        self.reset()

    def reset(self) -> None:
        self.win = Window(self)
        self.entries: list[tuple] = []
        self.handles: list = []  # per entry: whoever owns the result (Tensor or Storage)
        self.inputs: list[Lazy] = []
        self.in_key: list[tuple] = []
        self.in_bufs: dict[int, int] = {}
        self.scalars: list = []
        self.leaves: dict[int, object] = {}  # index -> leaf tensor
        self.nodes: dict[int, object] = {}  # input index -> autograd Node of an older window
        self.freed: set[int] = set()
        self.stale: dict[int, int] = {}  # overwritten value -> the one after it
        self.keepers: dict[int, object] = {}  # entry -> weak reference to who retains its gradient
        self.writers: dict[int, int] = {}  # overwritten value -> the result that was written
        self.locs: dict[int, tuple] = {}
        self.bytes = 0
        self.retained = False  # some result keeps its gradient
        self.limit = 0 if config.eager else config.MAX_ENTRIES

    # -- operands

    def input(self, t) -> int:
        """Index of a tensor's value when it is not in this window yet (the slow path)."""
        v = t._v
        if v.win is self.win:
            return v.idx
        if v.lost or (t._rg == 2 and t._view is not None):
            # A view has no place of its own in a kept graph: it hangs on its storage's.
            return self._replay(t)
        if v.buf is None:
            v = self.locate(t)
            if v.win is self.win:
                return v.idx
        idx = self._read(v)
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

    def _read(self, v: Lazy) -> int:
        if not exposed(v.buf):
            return self.add_input(v)
        # Memory that outsiders may write: take its content now.
        if v.meta.nbytes <= 1 << 14:
            return self.add_input(snapshot(v))
        idx = self.add_input(v)
        self.limit = 0
        return idx

    def locate(self, t) -> Lazy:
        """A value that has no memory and is not pending here: a view, or another thread's."""
        v = t._v
        if v.error is not None:
            raise v.error
        st = t._st
        if st is not None and t._view is not None:
            root = st._v
            if root.win is not None and root.buf is None and root.win is not self.win:
                materialize_foreign(root)
            if root.buf is not None:
                view = t._view
                contiguous = view.strides == row_major(v.meta.shape)
                t._v = Lazy(
                    v.meta, root.buf, root.addr + view.offset * v.meta.dtype.itemsize,
                    None if contiguous else view.strides,
                )  # fmt: skip
                return t._v
            self._replay(t)
            return t._v
        materialize_foreign(v)
        return t._v

    def _replay(self, t) -> int:
        """Records an alias's view ops again on its storage's current value."""
        st = t._st
        idx, rg, m = self.input_storage(st), st._rg == 2, st._v.meta
        for op, m, attrs in t._view.chain:
            if op is None:
                idx, rg = self._leaf(m, st, idx), True
                continue
            rg = rg and op.differentiable
            idx = self._append((op.grad_op if rg else op, m, attrs, idx), t)
        t._v = self._lazy(m, idx)
        if rg:
            t._rg = 2
        elif t._rg == 1:
            self.leaves[idx] = t
        else:
            t._rg = 0
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
        idx = self.add_input(v) if write else self._read(v)
        if st._rg == 2 and st._node is not None:
            self.nodes[idx] = st._node
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
        found = [self.operand(x) for x in operands]
        key = (attrs, *[f[1] for f in found])
        try:
            m = op.rules.get(key) or infer(op, key[1:], attrs)
        except BaseException:
            del self.scalars[mark:]
            raise
        rg = self.grad and op.differentiable and m.dtype.kind == "f" and any(f[2] for f in found)
        entry = (op.grad_op if rg else op, m, attrs, *[f[0] for f in found])
        return self.push(entry, m, rg)

    # -- views

    def view(self, t, op: Op, attrs: tuple, m: Meta, offset: int, strides: tuple[int, ...]):
        """A new tensor that shares t's memory: `op` re-indexes it, the layout says where it is."""
        idx = t._v.idx if t._v.win is self.win else self.input(t)
        st = share(self, t)
        rg = self.grad and t._rg and op.differentiable
        chain = t._view.chain if t._view is not None else ()
        if rg and t._rg == 1:
            chain += ((None, t, None),)
        out = self.push((op.grad_op if rg else op, m, attrs, idx), m, rg)
        out._st = st
        out._view = View(chain + ((op, m, attrs),), offset, strides)
        st.add_alias(out)
        return out

    # -- in place

    def write(self, t, result) -> None:
        """Makes `result` (a fresh tensor, same shape and dtype) the value of t and its aliases."""
        if t._view is not None and t._st._v.strides is not None:
            return self._write_strided(t, result)
        limit, self.limit = self.limit, sys.maxsize
        if result._v.win is not self.win:
            # The limit was reached: the result is in memory already.
            if result._node is not None:
                result._node.wrote()
            result = self.record(OPS["copy"], (result,))
        old, idx = self._write(t, result)
        if self.limit == sys.maxsize:
            self.limit = limit
        if (old.buf is not None and exposed(old.buf)) or idx >= self.limit:
            self.flush()

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
        array_of(Lazy(m, root.buf, at, view.strides))[...] = array_of(result._v)
        root.stale = True
        st._v = Lazy(root.meta, root.buf, root.addr, root.strides)
        st.version += 1
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
            part = all(op is None or op.differentiable for op, _, _ in view.chain)
            rg = bool(self.grad and part and (rg or st._rg == 2))
            idx = self._update_root(old_idx, m, t._v.meta, view, idx, rg)
        if holder._rg == 2 and not (part and self.grad):
            # A write through a detached alias or under no_grad leaves the graph as it was.
            rg = True
            idx = self._append((OPS["replaced"].grad_op, m, None, old_idx, idx))
        if old.home:
            op = OPS["assign"]
            idx = self._append((op.grad_op if rg else op, m, None, old_idx, idx))
        new = self._lazy(m, idx)
        new.home, new.strides = old.home, old.strides
        self.stale[old_idx] = idx
        if view is None or not view.quiet:
            old.stale = True
            self.writers[old_idx] = result._v.idx
        if old_idx >= 0:
            self.handles[old_idx] = object()
        self.handles[idx] = holder
        self._move(t, st, new, rg, idx)
        return old, idx

    def _update_root(self, root: int, m: Meta, vm: Meta, view: View, idx: int, rg: bool) -> int:
        if vm.numel == m.numel and view.offset == 0 and view.strides == row_major(vm.shape):
            op, attrs, ins = OPS["as_shape"], (m.shape,), (idx,)
        else:
            op, attrs, ins = OPS["update"], (vm.shape, view.strides, view.offset), (root, idx)
        return self._append((op.grad_op if rg else op, m, attrs, *ins))

    def _move(self, t, st, new: Lazy, rg: bool, idx: int) -> None:
        if st is None:
            t._v = new
            t._version = t._version + 1
            t._node = None
            if rg:
                t._rg = 2
            elif t._rg == 1:
                self.leaves[idx] = t
            return
        st._v = new
        st.version += 1
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

    # -- flush

    def flush(self) -> None:
        """Executes what is recorded."""
        if self.entries:
            from .flush import run_tape

            run_tape(self)
        else:
            self.reset_inputs()

    def reset_inputs(self) -> None:
        if self.inputs:
            for v in self.inputs:
                v.win = None
            self.reset()


def share(tape: Tape, t) -> Storage:
    """The storage cell of a tensor, made when its memory gets its first alias."""
    st = t._st
    if st is None:
        st = t._st = Storage(t._v)
        st.version = t._version
        st._rg, st._node = t._rg, t._node
        st.add_alias(t)
        v = t._v
        if v.win is tape.win and v.idx >= 0:
            tape.handles[v.idx] = st
    return st


def row_major(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides in elements of a contiguous tensor, as PyTorch gives them (0 counts as 1)."""
    out, n = [], 1
    for s in reversed(shape):
        out.append(n)
        n *= s if s > 1 else 1
    return tuple(reversed(out))


def snapshot(v: Lazy) -> Lazy:
    """A private copy of a value in memory."""
    import numpy as np

    from .runtime.allocator import alloc, as_array

    buf = alloc(v.meta.nbytes)
    out = Lazy(v.meta, buf, buf.addr)
    out.home = False
    target = as_array(buf, v.meta.dtype.np, v.meta.shape, None, 0)
    np.copyto(target, array_of(v))
    return out


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
