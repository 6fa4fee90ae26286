"""Hooks on what the gradients of ops read: saved_tensors_hooks over a lazy graph.

An op of the tape saves nothing by itself: its backward is planned together with the rest. Under
hooks the handles of the tape notice each op that is recorded, and what its gradient reads
(`saved_by`) goes through the pack hook at once. Such an op is a stop of the backward: there its
values are unpacked and the op is recorded again with them in place of what it read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from numtorch.jit import autograd as _jit
from numtorch.jit.needs import saved_by
from numtorch.jit.nodes import Info
from numtorch.jit.ops import OPS
from numtorch.jit.ops.table import GradOp
from numtorch.jit.record import GIVEN, INPUT_BASE, local

from .._tensor import Tensor

_new = object.__new__


class _State(threading.local):
    def __init__(self):
        self.stack: list = []
        self.disabled: str | None = None
        self.packing = False


state = _State()


def saved_hooks() -> tuple | None:
    """The (pack, unpack) hooks in force, or None."""
    return state.stack[-1] if state.stack else None


def unpacked(value) -> Tensor:
    """What an unpack hook returned, checked."""
    if not isinstance(value, Tensor):
        raise TypeError(
            "Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
            f"{type(value).__name__}"
        )
    return value


def _packing(kind):
    """The class of a tape's handles under hooks; `kind` is the class outside."""

    class Packing(kind):
        def append(self, t) -> None:
            kind.append(self, t)
            if isinstance(t, Tensor) and state.stack and not state.packing:
                _pack(local.tape, len(self) - 1)

    return Packing


def enter(hooks: tuple) -> None:
    """Puts hooks in force on this thread."""
    tape = local.tape
    state.stack.append(hooks)
    if len(state.stack) == 1:
        state.outer = tape.new_handles
        _switch(tape, _packing(state.outer))


def leave() -> None:
    """Takes the latest hooks off."""
    state.stack.pop()
    if not state.stack:
        _switch(local.tape, state.outer)


def _switch(tape, kind) -> None:
    tape.new_handles = kind
    tape.handles = kind(tape.handles)


def _pack(tape, k: int) -> None:
    """Hands what the gradient of entry k reads to the pack hook."""
    e = tape.entries[k]
    op = e[0]
    if op.__class__ is not GradOp or not hasattr(op.op, "vjp") or op.op is OPS["assign"]:
        return
    own = getattr(op.op, "saves", None)
    # None: what only the op itself knows; without hooks it is computed again from what it reads.
    own = None if own is not None and set(own) == {None} else own
    saved = saved_by(tape, op.op, e[1], e[2], e[3:]) if own is None else own
    named = sorted(p for p in saved if p is not None)
    places = [p for p in named if p == -1 or not -5 < e[3 + p] < 0]
    if not places or op.op.name == "function":
        return
    places = [p for p in places if p >= 0] + [p for p in places if p < 0]
    from .graph import PackedOp

    info = tape.info.setdefault(k, Info())
    info.function = stop = PackedOp(info)
    state.packing, outer, tape.grad = True, tape.grad, False
    try:
        values = [(p, _value(tape, k if p == -1 else e[3 + p])) for p in places]
        pack, unpack = state.stack[-1]
        for p, t in values:
            stop.packed[p] = (unpack, pack(t))
    finally:
        state.packing, tape.grad = False, outer


def _value(tape, i: int) -> Tensor:
    """The value of an index as a tensor without a graph."""
    leaf = tape.leaves.get(i)
    if leaf is not None:
        return leaf
    t = _new(Tensor)
    if i <= INPUT_BASE:
        t._v = tape.inputs[INPUT_BASE - i]
        return t
    # A copy: its tensor may be what the op at hand writes to.
    m = tape.entries[i][1]
    t._v = tape._lazy(m, tape._append((OPS["copy"], m, None, i), t))
    return t


def gradients(run, stop, i: int, g: Tensor) -> list[Tensor | None]:
    """The gradients of an op's operands, computed from what the unpack hooks return."""
    from .engine import index_of, tensor_at

    given = {p: unpacked(unpack(value)) for p, (unpack, value) in stop.packed.items()}
    if local.tape.win is not run.win:
        run.place()
        i = next(k for k, s in run.stops.items() if s.function is stop)
    tape = local.tape
    at = {p: index_of(t) for p, t in given.items()}
    e = tape.entries[i]
    op, attrs, known = e[2] if e[0] is GIVEN else (e[0], e[2], i)
    operands = stop.operands(run, i)
    new, targets = [], {}
    for p, j in enumerate(e[3:]):
        k, c = at.get(p, j), run.canon(j)
        if c in operands:
            if p in at:  # the unpacked value, whose gradients are those of the operand
                m = run.meta(j)
                k = tape._append((OPS["copy"], m, None, k))
                k = tape._append((GIVEN, m, (OPS["copy"].grad_op, None, k), j))
            targets[k] = c
        new.append(k)
    if any(-5 < j < 0 for j in new):
        tape.scalars.extend(_scalars(tape, i))
    value = tape._append((OPS["copy"], e[1], None, at.get(-1, i if known is None else known)))
    out = tape._append((GIVEN, e[1], (op, attrs, value), *new))
    found = _jit.gradients(tape, [(out, index_of(g))], list(targets), run.create, tuple(targets))
    total: dict[int, Tensor] = {}
    for k, c in zip(found, targets.values()):
        part = tensor_at(k, run.create)
        total[c] = part if c not in total else total[c] + part
    return [total.get(j) for j in operands]


def _scalars(tape, k: int) -> list:
    from numtorch.jit.past import _scalar_positions

    e = tape.entries[k]
    start = _scalar_positions(tape.entries[: k + 1])[k]
    return tape.scalars[start : start + sum(1 for i in e[3:] if -5 < i < 0)]


class saved_tensors_hooks:
    """In this context what gradients will read goes through pack_hook when it is computed, and
    what that returns through unpack_hook when a backward reads it.

    Each op under hooks has a backward of its own, so this is slower than without.

    >>> import numtorch as torch
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t * 10):
    ...     y = x.sin()
    >>> y.sum().backward()
    >>> x.grad == (x * 10).cos()
    tensor([True, True])
    """

    def __init__(self, pack_hook: Callable, unpack_hook: Callable):
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self) -> None:
        if state.disabled is not None:
            raise RuntimeError(state.disabled)
        if not callable(self.pack_hook) or not callable(self.unpack_hook):
            raise TypeError(
                "_push_saved_tensors_default_hooks(): incompatible function arguments. The "
                f"hooks must be callable. Invoked with: {self.pack_hook}, {self.unpack_hook}"
            )
        enter((self.pack_hook, self.unpack_hook))

    def __exit__(self, *exc) -> None:
        leave()


class save_on_cpu(saved_tensors_hooks):
    """Keeps saved tensors in main memory, where they are here anyway.

    >>> import numtorch as torch
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> with torch.autograd.graph.save_on_cpu():
    ...     y = x * x
    >>> y.sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda"):
        super().__init__(lambda t: t, lambda t: t)

    def __enter__(self) -> None:
        if state.disabled is not None:
            raise RuntimeError(state.disabled)

    def __exit__(self, *exc) -> None:
        pass


class _AllowMutation(saved_tensors_hooks):
    """What `allow_mutation_on_saved_tensors` gives: saved values are copies if need be."""

    def __init__(self):
        super().__init__(_own, lambda t: t)

    def __enter__(self) -> _AllowMutation:
        super().__enter__()
        return self

    def clear(self) -> None:
        """Nothing to forget: copies go with the graph."""


def _own(t: Tensor) -> Tensor:
    # A copy on the tape costs memory only where something is written to the original.
    return t.clone()


def allow_mutation_on_saved_tensors() -> _AllowMutation:
    """In this context tensors that gradients read may be written to: the old value is kept.

    >>> import numtorch as torch
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> with torch.autograd.graph.allow_mutation_on_saved_tensors():
    ...     y = x.clone()
    ...     out = (y * y).sum()
    ...     z = y.zero_()
    ...     out.backward()
    >>> x.grad
    tensor([2., 4.])
    """
    return _AllowMutation()


class disable_saved_tensors_hooks:
    """In this context, saved_tensors_hooks raises with the message.

    >>> import numtorch as torch
    >>> with torch.autograd.graph.disable_saved_tensors_hooks("no hooks here"):
    ...     try:
    ...         with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
    ...             pass
    ...     except RuntimeError as error:
    ...         print(error)
    no hooks here
    """

    def __init__(self, error_message: str):
        self.message = error_message

    def __enter__(self) -> None:
        if state.stack:
            raise RuntimeError(self.message)
        self.outer, state.disabled = state.disabled, self.message

    def __exit__(self, *exc) -> None:
        state.disabled = self.outer
