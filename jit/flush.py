"""Flushing: a tape's key finds its plan, the plan runs, its results become values in memory."""

from __future__ import annotations

import struct
from collections import Counter
from sys import getrefcount

from . import config, past, pieces, record
from .ops import OPS
from .ops.table import GradOp
from .passes.batching import batched_entries
from .pipeline import compile_trace
from .plan import BoundPlan, CheckFailed, Template
from .record import GIVEN, INPUT_BASE, Lazy, Storage, Tape, source_line

counters = config.counters


class Structure:
    """What is known about one exact trace: its plans by liveness."""

    __slots__ = ("by_counts", "by_live")

    def __init__(self):
        self.by_counts: dict[tuple, Entry] = {}
        self.by_live: dict[tuple, Entry] = {}


class Entry:
    """A bound plan and what a flush does with its results."""

    __slots__ = ("plan", "live", "roots", "kept", "views")

    def __init__(self, plan: BoundPlan, live: tuple, roots: tuple, kept: tuple, views: tuple = ()):
        self.plan, self.live = plan, frozenset(live)
        self.roots, self.kept = roots, kept  # results with a graph; inputs that it needs
        self.views = views  # views with a graph, which have no memory of their own


structures: dict[tuple, Structure] = {}
templates: dict[tuple, list[Template]] = {}
MAX_STRUCTURES = 2048
SELECT = OPS["select"]


def _baseline() -> int:
    probe = [object()]
    return next(iter(map(getrefcount, probe)))


BASE = _baseline()


def clear_plans() -> None:
    """Forgets all plans (compiled kernels stay in the store)."""
    structures.clear()
    templates.clear()
    pieces.clear()
    planned.clear()
    met.clear()


# Sets of ops -> structures made of them that were planned; traces run from pieces -> how often.
planned: dict[frozenset, int] = {}
met: dict[int, int] = {}
# After so many structures of the same ops a new one is run from pieces, the first times it is met.
FAMILIAR, TIMES = 6, 2


# A loop that was read at every turn: so many ops of older windows, so often each.
LOOP_OPS, LOOP_TURNS = 32, 8
# A backward through a loop of several full windows: planned whole it takes minutes.
LONG_LOOP = 2 * config.MAX_ENTRIES


def _loop(entries: tuple) -> bool:
    """True if a backward goes through a loop whose turns were windows of their own.

    How often it turned may change every time, and its pieces are few.
    """
    again = [(e[2][0], e[1]) for e in entries if e[0] is GIVEN]
    return len(again) >= LOOP_OPS and LOOP_TURNS * len(set(again)) <= len(again)


def _unfamiliar(tape: Tape, key: tuple) -> bool:
    """True if a trace is one more arrangement of ops that keep changing theirs."""
    known = planned.get(frozenset([e[0] for e in key[0]]), 0)
    loop = _loop(key[0])
    if (known < FAMILIAR and not loop) or not pieces.can_run(tape):
        return False
    if loop and len(key[0]) > LONG_LOOP:
        return True
    h = hash(key)
    times = met[h] = met.get(h, 0) + 1
    if len(met) > 4 * MAX_STRUCTURES:
        met.pop(next(iter(met)))
    return times <= TIMES


class _Delivery:
    """What `_deliver` needs of a plan."""

    home_outputs = ()

    def __init__(self, wanted: list[int]):
        self.out_entries = [[i] for i in wanted]


def _run_pieces(tape: Tape, key: tuple, counts: tuple) -> bool:
    """Executes the tape from pieces; False if that turns out to be impossible."""
    live, views = _live(tape, counts), _live_views(key[0], counts)
    roots, saved, kept = past.survivors(*key, live, tape.freed, bool(tape.nodes))
    wanted = sorted({*live, *saved})
    entry = Entry(_Delivery(wanted), live, roots, kept, views)
    try:
        values = pieces.Run(tape, set(wanted), find_plan).run()
    except pieces.Unfit:
        return False
    except CheckFailed as e:
        error = _recover(tape, entry, e, [v.addr for v in tape.inputs])
        raise error from None
    except BaseException as e:
        plain = isinstance(e, Exception)
        error = _translate(e) if plain else RuntimeError("interrupted")
        _poison(tape, live, error)
        if not plain:
            raise
        raise error from (e if config.debug else None)
    counters.plan_misses += 1
    counters.pieced += 1
    _deliver(tape, entry, [values[i][1] for i in wanted])
    _finish(tape)
    return True


def run_tape(tape: Tape) -> None:
    """Executes everything recorded on the tape."""
    with record.flush_lock:
        if not tape.vmapped and all(map(_alias, tape.entries)):
            _finish(tape)  # views only: each finds its place in memory by itself
            return
        key = (tuple(tape.entries), tuple(tape.in_key))
        # Traces differ in what is alive, and in which graphs were freed when.
        counts = (*map(getrefcount, tape.handles), tape.releases)
        if tape.shared:
            counts += (*map(getrefcount, tape.shared.values()), *tape.shared)
        structure = structures.get(key)
        if structure is None:
            if _unfamiliar(tape, key) and _run_pieces(tape, key, counts):
                counters.flushes += 1
                return
            if len(structures) >= MAX_STRUCTURES:
                structures.pop(next(iter(structures)))
            structure = structures[key] = Structure()
        entry = structure.by_counts.get(counts)
        counters.flushes += 1
        if entry is None:
            try:
                entry = _find_entry(structure, key, counts, tape)
            except Exception as e:
                # A trace that can't be planned must not be met again by the next flush.
                error = _translate(e)
                _poison(tape, _live(tape, counts), error)
                raise error from (e if config.debug else e.__cause__)
        else:
            counters.plan_hits += 1
        _execute(tape, entry)


def settle_views(tape: Tape) -> None:
    """Forgets what is recorded if it is views alone; they need no execution."""
    if tape.entries and not tape.levels and all(map(_alias, tape.entries)):
        run_tape(tape)


def _live(tape: Tape, counts: tuple) -> tuple:
    """Entries whose results somebody outside of the tape may read."""
    entries = tape.entries
    live = [i for i, (n, e) in enumerate(zip(counts, entries)) if n > BASE and not _alias(e)]
    if tape.shared:
        held = Counter(map(id, (*tape.handles, *tape.shared.values())))
        live = [i for i in live if i not in tape.shared or _seen(tape.handles[i], counts[i], held)]
    return tuple(live)


def _seen(st, count: int, held: Counter) -> bool:
    """False if all tensors that see a memory are the tape's own, held so often as `held` says."""
    aliases = [a for a in (r() for r in getattr(st, "aliases", ())) if a is not None]
    if st.__class__ is not Storage or count > BASE + len(aliases):
        return True
    bases = [id(a._view.base) for a in aliases if a._view is not None]
    for k, n in zip(map(id, aliases), list(map(getrefcount, aliases))):
        if not held[k] or n > BASE + held[k] + bases.count(k):
            return True
    return False


def _live_views(entries: tuple, counts: tuple) -> tuple:
    alive = [i for i, (n, _) in enumerate(zip(counts, entries)) if n > BASE]
    return tuple(i for i in alive if entries[i][0].__class__ is GradOp and _alias(entries[i]))


def _find_entry(structure: Structure, key, counts, tape: Tape) -> Entry:
    live, views = _live(tape, counts), _live_views(key[0], counts)
    if tape.vmapped:
        batched = batched_entries(key[0])
        live = tuple(i for i in live if i not in batched)
        views = tuple(i for i in views if i not in batched)
    entry = structure.by_live.get((live, views, tape.releases))
    if entry is None:
        counters.plan_misses += 1
        roots, saved, kept = past.survivors(*key, live, tape.freed)
        bound = counters.plans_bound
        plan = find_plan(key, sorted({*live, *saved}))
        if counters.plans_bound == bound:
            ops = frozenset([e[0] for e in key[0]])
            planned[ops] = planned.get(ops, 0) + 1
        entry = Entry(plan, live, roots, kept, views)
        structure.by_live[live, views, tape.releases] = entry
    else:
        counters.plan_hits += 1
    if len(structure.by_counts) > 64:
        structure.by_counts.clear()
    structure.by_counts[counts] = entry
    return entry


def _alias(entry: tuple) -> bool:
    op = entry[0]
    op = op.op if op.__class__ is GradOp else op
    return getattr(op, "kind", None) == "movement"


# ---------------------------------------------------------------- plans by structure


def _canonical(entries: tuple, in_key: tuple) -> tuple[tuple, list[int]]:
    """The trace with sizes above 1 left open, and those sizes in order of appearance."""
    sizes: list[int] = []

    def shape(m) -> tuple:
        if m.__class__ is tuple:
            return tuple(map(shape, m))
        sizes.extend([n for n in m.shape if n > 1])
        return (m.dtype, m.order, *[n if n <= 1 else -1 for n in m.shape])

    inputs = tuple((shape(m), strides, first) for m, strides, first in in_key)
    found = []
    for e in entries:
        m, attrs = e[1], e[2]
        op = e[0].op if e[0].__class__ is GradOp else e[0]
        if op is SELECT and attrs[1] and attrs[1] == length_of(e, entries, in_key) - 1:
            attrs = (attrs[0], "last")
        elif attrs and "shape" in getattr(op, "attr_names", ()):
            attrs = tuple("S" if a.__class__ is tuple and a == m.shape else a for a in attrs)
        elif op is GIVEN and attrs[1]:
            attrs = (attrs[0], tuple("S" if a == m.shape else a for a in attrs[1]), attrs[2])
        found.append((e[0], shape(m), attrs, *e[3:]))
    return (tuple(found), inputs), sizes


def length_of(e: tuple, entries: tuple, in_key: tuple) -> int:
    """The size of the dim that a select entry takes one element of."""
    i = e[3]
    m = entries[i][1] if i >= 0 else in_key[INPUT_BASE - i][0]
    return m[0].shape[e[2][0]] if m.__class__ is tuple else m.shape[e[2][0]]


def find_plan(key: tuple, wanted: list[int]) -> BoundPlan:
    """A plan for the trace: a known template bound to its sizes, or a new one."""
    canonical, sizes = _canonical(*key)
    known = templates.setdefault((canonical, tuple(wanted)), [])
    for template in known:
        values = template.sizes.match(sizes)
        if values is not None:
            counters.plans_bound += 1
            plan = template.bind(values)
            plan.sizes = values
            return plan
    if len(templates) > MAX_STRUCTURES:
        templates.pop(next(iter(templates)))
    template = Template(compile_trace(*key, wanted))
    template.sizes.set_pattern(sizes)
    if len(known) < 32:
        known.append(template)
    return template.bind()


# ---------------------------------------------------------------- execution


def _execute(tape: Tape, entry: Entry) -> None:
    addresses = [v.addr for v in tape.inputs]
    try:
        outs = entry.plan.run(addresses, tape.scalars)
    except CheckFailed as e:
        error = _recover(tape, entry, e, addresses)
        raise error from None
    except BaseException as e:
        if not isinstance(e, Exception):
            _poison(tape, entry.live, RuntimeError("interrupted"))
            raise
        error = _translate(e)
        _poison(tape, entry.live, error)
        raise error from (e if config.debug else None)
    _deliver(tape, entry, outs)
    _finish(tape)


def _deliver(tape: Tape, entry: Entry, outs: list) -> None:
    """Gives the results to the tensors, and these their place in the graph."""
    inputs, handles = tape.inputs, tape.handles
    values = {}
    live = entry.live
    for entries, buf in zip(entry.plan.out_entries, outs):
        for i in entries:
            v = handles[i]._v if i in live else None
            if v is None:
                v = Lazy(tape.entries[i][1])
            if v.buf is None:  # else another thread needed it sooner, and may have shared it
                v.buf, v.addr, v.home = buf, buf.addr, True
            values[i] = v
    for i, k in entry.plan.home_outputs:
        v, old = getattr(handles[i], "_v", None), inputs[k]
        if v is None:
            continue  # overwritten by a later store
        v.buf, v.addr, v.strides, v.home = old.buf, old.addr, old.strides, True
        values[i] = v
    if entry.roots:
        past.keep_graph(tape, entry.roots, values, entry.kept, entry.views)


def _recover(tape: Tape, entry: Entry, e: CheckFailed, addresses: list[int]) -> Exception:
    """After entry e.entry of the tape failed: what came before it is computed, as an eager run
    would have done; what came after raises the error when it is read."""
    live, end = entry.live, len(tape.entries)
    while True:
        error = check_error(e, tape)
        if e.entry is None or e.entry >= end:
            _poison(tape, live, error)
            return error
        end = e.entry
        _rewind(tape, end, error)
        live = tuple(i for i, h in enumerate(tape.handles[:end]) if _holds(h, i, tape))
        key = (tuple(tape.entries[:end]), tuple(tape.in_key))
        roots, saved, kept = past.survivors(*key, live, tape.freed)
        try:
            before = Entry(find_plan(key, sorted({*live, *saved})), live, roots, kept)
            scalars = tape.scalars[: len(before.plan.template.program.scalars)]
            outs = before.plan.run(addresses, scalars)
        except CheckFailed as other:
            e = other
            continue
        _deliver(tape, before, outs)
        _finish(tape)
        return error


def _holds(h, i: int, tape: Tape) -> bool:
    v = getattr(h, "_v", None)
    return v is not None and v.idx == i and v.win is tape.win and not _alias(tape.entries[i])


def _rewind(tape: Tape, end: int, error: Exception) -> None:
    """Tensors whose value is entry `end` or later get the value from before, or the error."""
    before = {new: old for old, new in tape.stale.items()}
    for i, h in enumerate(tape.handles[end:], end):
        if not _holds(h, i, tape):
            continue
        k = i
        while k >= end and k in before:
            k = before[k]
        v = h._v
        if k >= end:
            v.error = error
            v.win = None
        elif k >= 0:
            v.idx, v.home = k, False
            tape.handles[k] = h
        else:
            # Stores to memory that is owned come last: it still holds the old value.
            old = tape.inputs[INPUT_BASE - k]
            v.buf, v.addr, v.strides, v.home = old.buf, old.addr, old.strides, True
            v.win, old.history = None, None


def _close_examples(tape: Tape) -> None:
    """Tensors that stood for one example of a batch have no value outside of their vmap."""
    for i in batched_entries(tape.entries):
        v = getattr(tape.handles[i], "_v", None)
        if v is not None and v.idx == i and v.win is tape.win:
            v.error = RuntimeError(
                "A tensor of a function that vmap ran was read after the end of vmap: it stood for "
                "one example of a batch and has no value. Return it from the function instead."
            )


def _finish(tape: Tape) -> None:
    if tape.vmapped:
        _close_examples(tape)
    for v in tape.inputs:
        v.win = None
    tape.reset()


def _poison(tape: Tape, live: tuple, error: Exception) -> None:
    """After a failed flush its results raise the same error when they are read."""
    for i in live:
        h = tape.handles[i]
        v = getattr(h, "_v", None)
        if v is None or v.idx != i or v.win is not tape.win:
            continue
        old = _home_before(tape, i)
        if old is not None:
            # Stores to memory that is owned come last: it still holds the old value.
            v.buf, v.addr, v.strides, v.home = old.buf, old.addr, old.strides, True
        else:
            v.error = error
    _finish(tape)


def _home_before(tape: Tape, i: int):
    from .ops import OPS
    from .record import INPUT_BASE

    while i >= 0:
        entry = tape.entries[i]
        op = entry[0].op if entry[0].__class__ is GradOp else entry[0]
        if op is not OPS["assign"]:
            return None
        i = entry[3]
    return tape.inputs[INPUT_BASE - i] if i <= INPUT_BASE else None


def check_error(e: CheckFailed, tape: Tape) -> Exception:
    """PyTorch's IndexError, with the op and the line that recorded it."""
    where = tape.locs.get(e.entry)
    at = f" (recorded at {source_line(*where[:2])})" if where else ""
    if e.what == "host":
        return e.error.kind(f"{e.error.text}{at}")
    name = where[2] if where and len(where) > 2 else "index"
    if e.what == "target":
        return IndexError(f"Target {e.value} is out of bounds.{_op(name)}{at}")
    if e.what == "divisor":
        return RuntimeError(f"ZeroDivisionError{at}")
    size = _size_of(tape, e)
    tail = f"{_op(name)}{at}"
    if name in ("index_select", "embedding"):
        return IndexError(f"index out of range in self: {e.value}, size {size}{tail}")
    if name in ("take", "put"):
        return IndexError(
            f"out of range: tried to access index {e.value} on a tensor of {size} elements.{tail}"
        )
    if name == "max_unpool":
        return RuntimeError(
            f"Found an invalid max index: {e.value} (output volumes are of size {size}){tail}"
        )
    if name == "embedding_bag":
        return RuntimeError(
            f"Index of input takes value {e.value} which is not in the valid range [0, {size})"
            f"{tail}"
        )
    if name == "multi_margin_loss":
        return RuntimeError(f"target out of range{tail}")
    dim = where[4] if where and len(where) > 4 else e.dim
    text = f"index {e.value} is out of bounds for dimension {dim} with size {size}{tail}"
    if name == "index_copy_":
        return IndexError(f"index_copy_(): {text}")
    return (RuntimeError if e.what == "gather" else IndexError)(text)


def _op(name: str) -> str:
    return f" [{name}]"


def _size_of(tape: Tape, e: CheckFailed) -> str:
    where = tape.locs.get(e.entry)
    return str(where[3]) if where and len(where) > 3 else "?"


def _translate(e: Exception) -> Exception:
    """Errors of the compiler itself: no Numba or llvmlite type reaches the user."""
    module = type(e).__module__ or ""
    if module.startswith(("numba", "llvmlite")):
        return RuntimeError(f"numtorch could not compile a kernel: {type(e).__name__}: {e}")
    if isinstance(e, struct.error):  # a Python number among the operands, beyond int64
        return OverflowError("int too big to convert")
    return e
