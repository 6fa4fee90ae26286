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

import functools
import os
import threading

from . import config
from .ir import Graph, Type
from .location import add_folder, source_line, user_location
from .meta import Meta, forget_unused, meta
from .ops.table import OPS, Op
from .reading import Reading
from .strides import columns, pointwise, preserved
from .values import (
    BACKWARD,
    BACKWARD_GRAD,
    GIVEN,
    INPUT_BASE,
    LINK,
    LOST,
    RESULT,
    RESULT_GRAD,
    SCALAR_INDEX,
    SCALAR_KIND,
    Lazy,
    Window,
    array_of,
    gone,
    lost,
    overwritten,
    snapshot,
    supersede,
)
from .views import Storage, row_major
from .writing import Writing, beneath, last_step, relocate, share

__all__ = [
    "BACKWARD", "BACKWARD_GRAD", "GIVEN", "INPUT_BASE", "LINK", "LOST", "Lazy", "RESULT",
    "RESULT_GRAD", "SCALAR_INDEX", "SCALAR_KIND", "Storage", "Tape", "Window", "array_of",
    "beneath", "clear_rules", "current_tape", "flush_lock", "gone", "infer", "last_step", "local",
    "lost", "overwritten", "relocate", "row_major", "set_tensor_type", "share", "snapshot",
    "source_line", "supersede", "threads", "user_location",
]  # fmt: skip

_new = object.__new__
_tensor_type = None
flush_lock = threading.RLock()


def set_tensor_type(cls) -> None:
    """The framework's Tensor class, made by `Tape.push`."""
    global _tensor_type
    _tensor_type = Tape.tensor_type = cls
    add_folder(cls.__module__)


class _Threads:
    """How many threads have a tape; each holds a token that goes with it."""

    count = 0

    class Token:
        def __init__(self):
            threads.count += 1

        def __del__(self):
            threads.count -= 1


threads = _Threads()


@functools.cache
def _runner():
    """`flush.run_tape`: an import statement costs a microsecond each time."""
    from .flush import run_tape

    return run_tape


class _Local(threading.local):
    def __init__(self):
        self.tape, self.token = Tape(), _Threads.Token()


def current_tape() -> Tape:
    """The calling thread's tape."""
    return local.tape


# ---------------------------------------------------------------- rules


MAX_RULES = 50_000
_inferred = 0  # results since the rules were forgotten


def infer(op: Op, operands: tuple, attrs: tuple | None) -> Meta:
    """Result meta of a row; operands are Metas or scalar indices (-1 to -4)."""
    global _inferred
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
    if op.no_gradient is not None and out.dtype.differentiable:
        Tape.refusing = True
    m = _laid_out(op, meta(tuple(out.shape), out.dtype), operands)
    if op.columns and (attrs[-1] if op.results > 1 else 0) in op.columns and len(m.shape) > 1:
        m = meta(m.shape, m.dtype, columns(m.shape))
    _inferred += 1
    if _inferred > MAX_RULES:
        # Shapes that never come again must not fill the memory.
        clear_rules()
        forget_unused()
    op.rules[(attrs, *operands)] = m
    return m


def _laid_out(op: Op, m: Meta, operands: tuple) -> Meta:
    """The result's Meta with the strides that PyTorch gives it."""
    if op.layout == "rows" or not any(x.__class__ is Meta and x.strides for x in operands):
        return m
    if op.layout == "first":
        first = operands[0].strides
        return m if first is None else meta(m.shape, m.dtype, preserved(m.shape, first))
    known = [
        ((), ()) if x.__class__ is int else (x.shape, x.strides or row_major(x.shape))
        for x in operands
    ]
    return meta(m.shape, m.dtype, pointwise(m.shape, known))


def clear_rules() -> None:
    """Forgets inferred types (the default dtype changed, or they are too many)."""
    global _inferred
    _inferred = 0
    for op in OPS.values():
        op.rules.clear()


# ---------------------------------------------------------------- the tape


class Tape(Reading, Writing):
    """One thread's recording."""

    leaf_hooks = 0  # hooks on gradients of leaves, of all threads
    refusing = False  # an op without a derivative was used

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
        self.shared: dict[int, object] = {}  # entry -> the tensor that was its owner before Storage
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
        self.partners: dict[int, int] = {}  # results of one op: what frees one frees the other
        self.stale: dict[int, int] = {}  # overwritten value -> the one after it
        self.keepers: dict[int, object] = {}  # entry -> weak reference to who retains its gradient
        # overwritten value -> the result that was written; under another key if no version tells
        self.writers: dict[int, int] = {}
        self.stored: dict[int, tuple] = {}  # result -> (value of the memory it is in, View)
        self.keys: dict[int, tuple] = {}  # value read through .data -> (its Counter, version)
        self.moved: dict[int, tuple] = {}  # value of a tensor whose .data was set -> Lazy.given
        self.kept: dict[int, tuple] = {}  # entry -> what the formula of its call saves: see kept.py
        self.unseen = False  # gradients may have to read what versions do not tell of
        self.outside = False  # or what somebody wrote to an array
        self.pins: list = []  # memory that a graph may read though no tensor does
        self.releases: tuple = ()  # how long the tape was when graphs were freed
        self.locs: dict[int, tuple] = {}
        self.bytes = 0
        self.retained = False  # some result keeps its gradient
        self.limit = 0 if config.eager else config.MAX_ENTRIES

    # -- results

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

    def record(self, op: Op, operands, attrs: tuple | None = None, strides: tuple | None = None):
        """Records any row; the general path behind functions that are not generated methods.

        `strides`: those of the result, which leave no gaps; None: the row says.
        """
        mark = len(self.scalars)
        try:
            found = [self.operand(x) for x in operands]
            key = (attrs, *[f[1] for f in found])
            m = op.rules.get(key) or infer(op, key[1:], attrs)
            if strides is not None:
                m = meta(m.shape, m.dtype, strides)
        except BaseException:
            del self.scalars[mark:]
            raise
        rg = self.grad and op.differentiable and m.dtype.differentiable and any(f[2] for f in found)
        entry = (op.grad_op if rg else op, m, attrs, *[f[0] for f in found])
        return self.push(entry, m, rg)

    # -- flush

    def flush(self) -> None:
        """Executes what is recorded (inside of vmap, nothing is until its end)."""
        if self.levels:
            return
        if self.entries:
            _runner()(self)
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


local = _Local()


def _after_fork() -> None:
    # The lock may have been held by a thread that the child does not have.
    global flush_lock
    flush_lock = threading.RLock()
    threads.count = 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
