"""The usual backward(), flat: one loss, no options, its whole graph on the tape.

`run_backward` does the same in general; this is the part of it that a training loop needs.
"""

from __future__ import annotations

from numtorch.jit.meta import meta
from numtorch.jit.ops.table import GradOp
from numtorch.jit.record import (
    BACKWARD,
    BACKWARD_GRAD,
    INPUT_BASE,
    RESULT,
    Lazy,
    Tape,
    threads,
)  # fmt: skip
from numtorch.jit.saved import changed_outside

from .._tensor import Tensor

_new = object.__new__


def plain_backward(tape: Tape, root: Tensor) -> bool:
    """Records the backward of a loss; False, with nothing done, if it is not the plain case."""
    v = root._v
    win = tape.win
    if (
        v.win is not win or root._rg != 2 or v.meta.numel != 1 or v.meta.dtype.kind != "f"
        or tape.nodes or tape.freed
        or tape.stale or tape.retained or tape.info or tape.leaf_hooks
        or tape.levels or tape.unseen or tape.refusing
        or (tape.outside and changed_outside(tape)) or threads.count > 1
    ):  # fmt: skip
        return False
    at, entries, inputs = v.idx, tape.entries, tape.inputs
    needed = _needed(entries, at)
    if needed is None:
        return False
    leaves = tape.leaves
    targets = tuple(sorted([i for i in leaves if i in needed]))
    handles = tape.handles
    first = len(handles)
    for j, i in enumerate(targets):
        m = entries[i][1] if i >= 0 else inputs[INPUT_BASE - i].meta
        if m.strides is not None and m.order is None:
            m = meta(m.shape, m.dtype)  # a leaf with gaps: its gradient has none
        if j:
            entries.append((RESULT, m, j, first))
        else:
            entries.append((BACKWARD, m, (targets, False), at, None))
        g = _new(Lazy)
        g.meta, g.win, g.idx = m, win, first + j
        t = _new(Tensor)
        t._v = g
        handles.append(t)
        leaf = leaves[i]
        if leaf._grad is None:
            leaf._grad = t
    tape.freed = {i for i in needed if i >= 0}
    if tape.partners:
        tape.freed.update([k for i, k in tape.partners.items() if i in needed])
    tape.releases += (len(entries),)
    for j, i in enumerate(targets):
        # Gradients that are there already are added to, in place.
        if leaves[i]._grad is not handles[first + j]:
            leaves[i]._grad.add_(handles[first + j])
    return True


def _needed(entries: list, root: int) -> set[int] | None:
    """Indices that the root depends on through gradients; None if a backward is among them."""
    needed = {root}
    for k in range(root, -1, -1):
        if k in needed:
            entry = entries[k]
            if entry[0].__class__ is GradOp:
                if entry[0] is BACKWARD_GRAD:
                    return None
                needed.update(entry[3:])
    return needed
