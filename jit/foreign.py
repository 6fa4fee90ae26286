"""Values that are pending on another thread's tape, and their graphs.

That tape is only read: its thread may record at the same time, but its entries up to a value never
change. It will compute the value again, with equal bits, when its own thread flushes.
"""

from __future__ import annotations

import copy

from . import record
from .flush import check_error, find_plan
from .ops import OPS
from .ops.table import GradOp
from .past import Kept, Past, survivors
from .plan import CheckFailed
from .values import Lazy, Window
from .views import Storage


def tape_of(v: Lazy):
    """The tape that a value is pending on, or None."""
    win = v.win
    tape = win.tape if isinstance(win, Window) else None
    return tape if tape is not None and tape.win is win else None


def run_foreign(v: Lazy) -> None:
    """Computes a value that is pending on another thread's tape."""
    with record.flush_lock:
        if v.buf is not None:
            return
        tape = tape_of(v)
        if tape is None:
            if v.buf is None:
                raise v.error or RuntimeError("the value of this tensor was lost in a failed flush")
            return
        _compute(tape, tape.entries[: v.idx + 1], {v.idx: v}, [v.idx])


def _compute(tape, entries: list, values: dict[int, Lazy], wanted: list[int]) -> None:
    """Gives memory to the values at the wanted entries."""
    in_key = tuple(tape.in_key)
    plan = find_plan((tuple(map(_pure, entries)), in_key), wanted)
    needed = len(plan.template.program.scalars)
    try:
        outs = plan.run([x.addr for x in tape.inputs[: len(in_key)]], tape.scalars[:needed])
    except CheckFailed as e:
        raise check_error(e, tape) from None
    for places, buf in zip(plan.out_entries, outs):
        for i in places:
            v = values.setdefault(i, Lazy(entries[i][1]))
            if v.buf is None:
                v.buf, v.addr = buf, buf.addr


def _pure(e: tuple) -> tuple:
    """An entry, or a copy in place of an assignment, so that running it changes nothing."""
    flagged = e[0].__class__ is GradOp
    if (e[0].op if flagged else e[0]) is not OPS["assign"]:
        return e
    made = OPS["copy"]
    return (made.grad_op if flagged else made, e[1], None, e[4])


def share_graph(v: Lazy) -> None:
    """Makes the graph of a value that is pending on another thread's tape one of a past window."""
    with record.flush_lock:
        tape = tape_of(v)
        if tape is None or tape.vmapped:
            return
        at, seen = v.idx, _until(tape, v.idx + 1)
        leaves = [i for i in seen.leaves if i >= 0]
        live = tuple(sorted({at, *leaves}))
        key = (tuple(seen.entries), tuple(seen.in_key))
        _, saved, kept = survivors(*key, live, seen.freed)
        values = {at: v, **{i: seen.leaves[i]._v for i in leaves if seen.leaves[i]._v.idx == i}}
        _compute(seen, seen.entries, values, sorted({*live, *saved}))
        place = Kept(Past(seen, values, kept), at)
        handle = seen.handles[at]
        for t in [handle, *(r() for r in getattr(handle, "aliases", None) or ())]:
            if t is None or (t is not handle and t._view is not None):
                continue
            if t.__class__ is Storage or t._rg == 2:
                t._node = place


def _until(tape, end: int):
    """A copy of what a tape has recorded before an entry."""
    seen = copy.copy(tape)
    seen.entries, seen.handles = tape.entries[:end], list(tape.handles[:end])
    seen.inputs, seen.in_key = list(tape.inputs), list(tape.in_key)
    seen.scalars, seen.freed = list(tape.scalars), {i for i in tape.freed if i < end}
    seen.nodes = dict(tape.nodes)
    for name in ("leaves", "kept", "writers", "stored", "stale", "keys"):
        setattr(seen, name, {i: x for i, x in list(getattr(tape, name).items()) if _before(i, end)})
    seen.stale = {i: k for i, k in seen.stale.items() if k < end}
    seen.writers = {i: k for i, k in seen.writers.items() if k < end}
    return seen


def _before(i, end: int) -> bool:
    return not isinstance(i, int) or i < end
