"""What outlives a flush: the graph of the surviving results.

Dear results (products, reductions) stay in memory; cheap chains are recorded again by a later
backward, and so recomputed.
"""

from __future__ import annotations

import weakref

from .entries import inputs_of, operands_of_backward, row_at
from .kept import groups_of
from .needs import saved_values
from .nodes import Apart, Info, Keyed, Lost, Node, Scalar
from .ops import OPS
from .ops.table import GradOp
from .passes.batching import batched_entries, effect_of
from .record import (
    BACKWARD,
    GIVEN,
    INPUT_BASE,
    LINK,
    RESULT,
    SCALAR_KIND,
    Lazy,
    Storage,
    Tape,
    beneath,
    last_step,
)  # fmt: skip

# Ops whose results are recomputed rather than kept.
CHEAP = {"dropout", "silu", "gelu", "rand", "full", "arange", "assign"}


def _cheap(entry: tuple) -> bool:
    op = entry[0].op if entry[0].__class__ is GradOp else entry[0]
    kind = getattr(op, "kind", None)
    return kind in ("elementwise", "movement", "generator") or getattr(op, "name", "") in CHEAP


def survivors(
    entries: tuple, in_key: tuple, live: tuple, freed: set[int], linked: bool = True
) -> tuple[tuple, tuple, tuple]:
    """(roots, saved, (inputs, links)): live results with a graph, and what to keep for it.

    `saved` and `inputs` stay in memory; `links` are the inputs that may have an older graph
    (not `linked`: none has one).
    """
    roots = tuple(i for i in live if entries[i][0].__class__ is GradOp)
    open_roots = [i for i in roots if i not in freed]
    closure = _closure(entries, open_roots)
    saved = set()
    examples = batched_entries(entries) if any(effect_of(entries[k]) for k in closure) else ()
    once = _from_overwritten(entries, in_key) if closure else ()
    for k in closure:
        if k in freed:
            continue
        for i in inputs_of(entries[k]):
            # Only rows are kept: gradients and forward ops recorded again are recomputed.
            if i < 0 or i in examples or not hasattr(row_at(entries[i]), "kind"):
                continue
            # A graph that a detached value came from may be freed before the one that reads it.
            if _passes(entries[i]) and not _passes(entries[k]):
                while i >= 0 and _moves(entries[i]):
                    i = entries[i][3]
                if i >= 0 and _passes(entries[i]):
                    saved.add(i)
            elif i in once or not _cheap(entries[i]):
                saved.add(i)
    inputs = {i for k in closure for i in inputs_of(entries[k]) if i <= INPUT_BASE}
    inputs |= {
        entries[k][2][2] for k in closure
        if row_at(entries[k]) is GIVEN and entries[k][2][2] is not None
    }  # fmt: skip
    links = inputs
    if linked and len(open_roots) < len(roots):
        links = {i for k in _closure(entries, roots) for i in inputs_of(entries[k]) if i < 0}
    return roots, tuple(sorted(saved - set(live))), (tuple(inputs), tuple(links))


def _from_overwritten(entries: tuple, in_key: tuple) -> set[int]:
    """Values that are computed from memory that is overwritten: they can't be recomputed."""
    homes: set[int] = set()
    for e in entries:
        row = row_at(e)
        if row is OPS["assign"]:
            homes.add(e[3])
        elif getattr(row, "kind", None) == "step":
            homes.update(e[3:])
    memory = {in_key[INPUT_BASE - i][2] for i in homes if i <= INPUT_BASE}
    if not memory:
        return memory
    views = {INPUT_BASE - k for k, (_, _, first) in enumerate(in_key) if first in memory}
    found: set[int] = set()
    for k, e in enumerate(entries):
        kind = getattr(row_at(e), "kind", None)
        if kind is not None and any(i in views for i in _values_of(e)):
            (views if kind == "movement" else found).add(k)
    return found


def _values_of(e: tuple):
    """What a value is computed from: the old one is no part of what is assigned."""
    return e[4:5] if row_at(e) is OPS["assign"] else inputs_of(e)


def _passes(e: tuple) -> bool:
    """True if gradients pass an entry."""
    return (e[2][0] if e[0] is GIVEN else e[0]).__class__ is GradOp or e[0] is LINK


def _moves(e: tuple) -> bool:
    """True for a view that gradients pass: it is recorded again, its memory is its operand's."""
    op = e[2][0] if e[0] is GIVEN else e[0]
    return op.__class__ is GradOp and op.op.kind == "movement" and len(e) == 4


def _closure(entries: tuple, roots) -> list[int]:
    """Everything the roots depend on, oldest first."""
    needed = set(roots)
    for k in range(max(needed, default=-1), -1, -1):
        if k in needed:
            needed.update(i for i in inputs_of(entries[k]) if i >= 0)
    return sorted(needed)


class Past:
    """What is kept of a flushed window for gradients: its entries, and the values they need.

    Nodes are made only when a later backward asks for them, so a forward pass whose graph is never
    used costs one of these.
    """

    __slots__ = (
        "entries", "inputs", "in_key", "scalars", "values", "leaves", "nodes", "freed", "built",
        "owners", "writers", "stored", "stale", "keys", "info", "win", "token", "places", "kept",
        "homes",
        "__weakref__",
    )  # fmt: skip

    def __init__(self, tape: Tape, values: dict[int, Lazy], kept: tuple):
        self.entries, self.scalars, self.freed = tape.entries, tape.scalars, tape.freed
        self.values, self.leaves = values, tape.leaves
        self.token = object()
        inputs, links = kept
        self.inputs = {i: tape.inputs[INPUT_BASE - i] for i in inputs}
        self.nodes = {i: tape.nodes[i] for i in links if i in tape.nodes}
        self.in_key = tape.in_key
        self.kept = groups_of(tape, values) if tape.kept else tape.kept
        self.built: dict[int, Node] = {}
        self.owners: dict[int, object] = {}
        self.places: dict[int, object] = {}  # weak references to the Kepts
        self.writers, self.info, self.win = tape.writers, tape.info, tape.win
        self.stored, self.stale, self.keys = tape.stored, tape.stale, tape.keys
        # Where results were stored: later windows give the Lazys other indices.
        self.homes = {k: at[0].idx for k, at in tape.stored.items()}
        ref = weakref.ref(self)
        for v in (*self.inputs.values(), *values.values()):
            v = v if v.root is None else v.root
            if v.pasts is None:
                v.pasts = [ref]
            elif ref not in v.pasts:
                v.pasts.append(ref)
                if len(v.pasts) > 8:
                    v.pasts = [r for r in v.pasts if r() is not None]

    def node(self, root: int) -> Node:
        """The graph below an entry."""
        waiting = [(self, root)]
        while waiting:  # no recursion: a long loop is a chain of many windows
            past, k = waiting[-1]
            closure = _closure(past.entries, [k])
            older = past._older(closure)
            if older:
                waiting += older
            else:
                past._build(closure)
                waiting.pop()
        return self.built[root]

    def _older(self, closure: list[int]) -> list[tuple[Past, int]]:
        """What entries read of graphs of older windows that were not built yet."""
        if not self.nodes:
            return []
        found = []
        for k in closure:
            if k in self.built or not _passes(self.entries[k]):
                continue
            for i in inputs_of(self.entries[k]):
                kept = self.nodes.get(i) if i <= INPUT_BASE and i not in self.leaves else None
                if kept.__class__ is Kept and kept.index not in kept.past.built:
                    found.append((kept.past, kept.index))
        return found

    def _build(self, closure: list[int]) -> None:
        built, entries, values = self.built, self.entries, self.values
        scalar_at = _scalar_positions(entries)
        written = _written(entries, self.writers)
        for k in closure:
            if k in built:
                continue
            e = entries[k]
            row = row_at(e)
            op, attrs = e[0], e[2]
            if row is GIVEN:
                op, attrs, known = e[2]
                if known is not None and k not in values:
                    values[k] = self.inputs.get(known)
            ins, at, operands = [], scalar_at[k], inputs_of(e)
            if row is OPS["assign"]:
                # The new value, not the act of storing it.
                op, operands = _same_flag(e[0], OPS["copy"]), e[4:5]
            passes = _passes(e)
            for i in operands:
                scalar = -5 < i < 0
                x = Scalar(i, self.scalars[at]) if scalar else self._operand(i, passes)
                ins.append(x)
                at += scalar
            if row is BACKWARD:
                ins = [None if i is None else self._operand(i) for i in operands_of_backward(e)]
            node = built[k] = Node(op, e[1], attrs, tuple(ins), values.get(k))
            node.kept = self.kept.get(k)
            node.token, node.place = self.token, self.places.get(k)
            node.owner, node.info = self.owners.get(k), self.info.get(k)
            node.store = row is OPS["assign"]
            node.wrote, node.key = k in written, self.keys.get(k)
            if k in self.freed and row is not GIVEN and self._saves(k):
                node.freed, node.val = True, None
                continue
            node.replaced, node.at = self._end(k)

    def _saves(self, k: int) -> bool:
        """True if the gradient of an entry reads any value: it can't when that was freed."""
        e = self.entries[k]
        if e[0].__class__ is not GradOp or not hasattr(e[0].op, "saves"):
            return e[0].__class__ is GradOp
        if k in self.kept:
            return self.kept[k].any
        return bool(self.saved(e) if e[0].op.saves is None else e[0].op.saves)

    def saved(self, e: tuple) -> frozenset:
        """Which operands the gradient of an entry reads (-1: its result)."""
        metas = [
            SCALAR_KIND[i] if -5 < i < 0
            else self.entries[i][1] if i >= 0 else self.in_key[INPUT_BASE - i][0]
            for i in e[3:]
        ]  # fmt: skip
        wants = [i in self.leaves or i in self.nodes or self._flagged(i) for i in e[3:]]
        return saved_values(e[0].op, e[1], e[2], tuple(metas), wants)

    def _flagged(self, i: int) -> bool:
        return i >= 0 and _passes(self.entries[i])

    def _end(self, k: int) -> tuple[bool, tuple | None]:
        """(was a value overwritten in its window so that its version tells, the memory it lies in
        at the window's end: a Lazy, how it is seen, has it another value; None: its own)."""
        at = self.stored.get(k)
        i = self.homes.get(k, k)
        first, told = i, False
        while i in self.stale:
            told = told or i in self.writers
            i = self.stale[i]
        if i == first or i not in self.values:
            return told, at and (*at, False)
        return told, (self.values[i], None if at is None else at[1], True)

    def reads(self, root: Lazy) -> bool:
        """True if recomputing what an open graph needs reads a memory's value."""
        known = (self.inputs, self.values)
        at = {i for d in known for i, v in d.items() if v is root or v.root is root}
        places = [kept for kept in (ref() for ref in self.places.values()) if kept is not None]
        roots = [kept.index for kept in places if not kept.freed]
        if max(roots, default=-1) <= min(at, default=len(self.entries)):
            return False  # readers come after what they read, and no graph goes on that far
        for k in _closure(self.entries, roots):
            e = self.entries[k]
            given = row_at(e) is GIVEN and e[2][2] is not None
            if k in self.values or given or not any(i in at for i in _values_of(e)):
                continue
            if getattr(row_at(e), "kind", None) != "movement":
                return True
            at.add(k)
        return False

    def _operand(self, i: int, passes: bool = True):
        """What an entry reads; its value alone if no gradient passes the entry."""
        if i <= INPUT_BASE:
            v = self.inputs.get(i)
            if v is None:
                v = Lost(self.in_key[INPUT_BASE - i][0])
            if i in self.leaves:
                return (self.leaves[i], v, self.keys.get(i))
            if i in self.nodes:
                kept = self.nodes[i]
                return kept.node if passes else Apart(v, weakref.ref(kept))
            keyed = i in self.keys and v.__class__ is Lazy
            return Keyed(v, self.keys[i]) if keyed else v
        v = self.values.get(i)
        e = self.entries[i]
        if i in self.leaves:
            return (self.leaves[i], self.built[i] if v is None else v, self.keys.get(i))
        if not passes and _passes(e):
            if v is not None:
                return Apart(v, self.places.get(i))
            if _moves(e):
                op, attrs = e[2][:2] if e[0] is GIVEN else (e[0], e[2])
                node = Node(op.op, e[1], attrs, (self._operand(e[3], False),), None)
                node.token = self.token
                return node
        if v is not None and e[0].__class__ is not GradOp and row_at(e) is not GIVEN:
            return v
        return self.built[i]


def _same_flag(op, row):
    return row.grad_op if op.__class__ is GradOp else row


class Kept:
    """A surviving tensor's place in a Past."""

    __slots__ = ("past", "index", "__weakref__")

    def __init__(self, past: Past, index: int):
        self.past, self.index = past, index
        past.places[index] = weakref.ref(self)

    def wrote(self, at: tuple) -> None:
        """The value was stored over the operand it was computed from; `at`: where (Lazy, View)."""
        self.past.writers = {**self.past.writers, ("late", self.index): self.index}
        self.past.stored = {**self.past.stored, self.index: at}

    def reads(self, v: Lazy) -> bool:
        """True if the gradient reads the value of a memory as an operand."""
        past, k = self.past, self.index
        e = past.entries[k]
        while row_at(e) in (OPS["cast"], OPS["copy"]) and e[3] >= 0:
            e = past.entries[e[3]]
        if e[0].__class__ is not GradOp or not hasattr(e[0].op, "saves"):
            return False
        for p in past.saved(e):
            i = e[3 + p] if p >= 0 else INPUT_BASE + 1
            while i >= 0 and getattr(row_at(past.entries[i]), "kind", None) == "movement":
                i = past.entries[i][3]
            x = past.inputs.get(i)
            if x is not None and v in (x, x.root):
                return True
        return False

    def retain(self, t) -> None:
        """Tensor t gets the gradient of this value in its .grad."""
        past, k = self.past, self.index
        while k >= 0 and (i := beneath(past.entries[k])) is not None:
            k = i
        if k in past.nodes:
            return past.nodes[k].retain(t)
        ref = past.owners[k] = weakref.ref(t)
        if k in past.built:
            past.built[k].owner = ref

    def let_go(self, t) -> None:
        """Tensor t, which has another value now, does not get the gradient of this one."""
        past, nodes = self.past, self.past.built.values()
        past.owners = {k: ref for k, ref in past.owners.items() if ref() is not t}
        for node in nodes:
            if node.owner is not None and node.owner() is t:
                node.owner = None

    def info(self) -> Info:
        """What is known of Python in this value's backward; made when missing."""
        info = self.past.info.setdefault(self.index, Info())
        if self.index in self.past.built:
            self.past.built[self.index].info = info
        return info

    @property
    def node(self) -> Node:
        return self.past.node(self.index)

    @property
    def row(self):
        e = self.past.entries[self.index]
        row = row_at(e)
        return (e[2][0].op if e[2][0].__class__ is GradOp else e[2][0]) if row is GIVEN else row

    @property
    def freed(self) -> bool:
        return self.index in self.past.freed or (
            self.index in self.past.built and self.past.built[self.index].freed
        )


def _written(entries, writers: dict[int, int]) -> set[int]:
    """Entries whose result was stored over something (a cast may come in between)."""
    found = set(writers.values())
    for k in writers.values():
        if k >= 0 and row_at(entries[k]) is OPS["cast"]:
            found.add(entries[k][3])
    return found


def keep_graph(tape: Tape, roots: tuple, values: dict, kept: tuple, views: tuple) -> None:
    """Gives the surviving tensors of a flushed window their place in its graph."""
    examples = batched_entries(tape.entries) if tape.vmapped else ()
    for i, leaf in tape.leaves.items():
        if i in examples:
            continue  # a leaf inside of vmap has no value
        v = leaf._v
        if i >= 0 and i not in values and v.win is tape.win and v.idx == i and leaf._st is not None:
            values[i] = tape.locate(leaf)
    past = Past(tape, values, kept)
    tape.win.past = weakref.ref(past)
    for i in roots:
        h, kept_here = tape.handles[i], Kept(past, i)
        if i in tape.keepers:
            past.owners[i] = tape.keepers[i]
        for t in _tensors(h):
            if t._rg == 2:
                t._node = kept_here
                if t._retains_grad:
                    t._node.retain(t)
        if h.__class__ is Storage:
            h._node = kept_here
    for i in views:
        t = tape.handles[i]
        if t._rg != 2:
            continue
        if t._v.idx == i and t._v.win is tape.win:
            t._node = Kept(past, i)
            if t._retains_grad:
                t._node.retain(t)
        elif t._v.lost and t._retains_grad and last_step(tape, t, i):
            past.owners[i] = weakref.ref(t)


def _tensors(h):
    aliases = getattr(h, "aliases", None)
    if aliases is None:
        return (h,)
    return [a for a in (r() for r in aliases) if a is not None and a._view is None]


def _scalar_positions(entries) -> list[int]:
    """For each entry, where its scalars start in the tape's list."""
    out, n = [], 0
    for e in entries:
        out.append(n)
        if row_at(e) not in (BACKWARD, RESULT):
            n += sum(1 for i in e[3:] if i is not None and -5 < i < 0)
    return out
