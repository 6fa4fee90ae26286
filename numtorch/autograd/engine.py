"""Backward in pieces: Python (hooks, Functions) runs between entries of gradients.

A backward without Python in it is one entry. Else the values whose gradient Python wants to see
are stops: the gradient of each is an entry of its own, computed from the stops above it; what
Python makes of it is where the next pieces start. Python may read values, which flushes the tape;
then the graph is recorded again and the work goes on, so stops are known by their Info and not by
their place.
"""

from __future__ import annotations

import threading
import weakref

from numtorch.jit import autograd as _jit
from numtorch.jit.entries import inputs_of
from numtorch.jit.meta import Meta
from numtorch.jit.needs import saved_by, wants_gradient
from numtorch.jit.nodes import Node
from numtorch.jit.ops import OPS
from numtorch.jit.ops.table import GradOp
from numtorch.jit.record import BACKWARD, GIVEN, INPUT_BASE, LINK, last_step, local
from numtorch.jit.saved import known_value, renew
from numtorch.jit.usable import check_usable
from numtorch.jit.views import graph_of
from numtorch.jit.walk import Walk, leading

from .._tensor import Tensor
from . import anomaly

_new = object.__new__
_REPLACED, _ASSIGN = OPS["replaced"].grad_op, OPS["assign"].grad_op


def index_of(t: Tensor) -> int:
    """A tensor's place on the tape."""
    tape = local.tape
    return t._v.idx if t._v.win is tape.win else tape.input(t)


def places(t: Tensor, walk) -> list[int]:
    """Indices of a tensor on the tape; several if its memory is shared with NumPy."""
    tape = local.tape
    t = graph_of(t)
    own, node = index_of(t), t._node

    def is_t(i: int) -> bool:
        return tape.leaves.get(i) is t or (node is not None and tape.nodes.get(i) is node)

    if t._rg == 3:
        return []  # gradients do not reach it
    found = [own] + [i for i in walk.inputs if i != own and is_t(i)]
    if t._rg == 1:
        # A leaf is recorded again with older graphs, even where its value went with them.
        leaves, needed = tape.leaves.items(), walk.needed
        found += [i for i, x in leaves if x is t and i in needed and i not in found]
    before = _replaced(tape, walk, own, node)
    if before:
        found = before[-1:]  # what it gets of the values after it is among it
    if t._view is not None and t._v.lost:
        # A view of memory that outsiders write is recorded again for each use.
        found += _uses(tape, walk, t)
    return list(dict.fromkeys(found + [k for i in found for k in walk.moved.get(i, ())]))


def _uses(tape, walk, t: Tensor) -> list[int]:
    """Where a view was recorded again."""
    handles = tape.handles
    return [i for i in walk.needed if i >= 0 and handles[i] is t and last_step(tape, t, i)]


def _replaced(tape, walk, own: int, node) -> list[int]:
    """Where the graph has a value whose memory was written without it (through .data)."""
    found, i = [], own
    while i >= 0 and tape.entries[i][0] in (_REPLACED, _ASSIGN):
        e = tape.entries[i]
        i = e[3] if e[0] is _REPLACED else e[4]
        found.append(i)
    start, node = i, tape.nodes.get(i, node)
    if node is not None:
        n = first = node.node
        while n.ins and (n.store or n.op is _REPLACED) and n.ins[0].__class__ is Node:
            n = n.ins[0]
        if id(n) in walk.again and (n is not first or start not in walk.needed):
            found.append(walk.again[id(n)])
    return found


def tensor_at(k: int, grad: bool) -> Tensor:
    """A tensor of an entry that was just recorded."""
    tape = local.tape
    t = _new(Tensor)
    t._v = tape._lazy(tape.entries[k][1], k)
    t._rg = 2 if grad else 0
    tape.handles[k] = t
    return t


class _Current(threading.local):
    run: weakref.ref | None = None


_current = _Current()


def current() -> Run | None:
    """The backward that runs on this thread, or was the latest."""
    return None if _current.run is None else _current.run()


class Run:
    """One backward from `roots`, pairs of a tensor and its gradient (None: 1)."""

    def __init__(
        self, roots: list[tuple[Tensor, Tensor | None]], create: bool, part: bool = False
    ):
        self.roots, self.create = roots, create
        self.part = part  # of the graph: up to the targets
        self.final: dict = {}  # id(Info) -> gradient after its hooks
        self.raw: dict = {}  # id(Info) -> gradient before them
        self.fired: dict = {}  # id(function) -> gradients of its operands
        self.parts: dict = {}  # id(function) -> {result: gradient}
        self.keep: list = []  # what the ids above belong to
        self.checks: list = []  # anomaly mode: (op's Info and name, result, flag tensor)

    def place(self, targets=None) -> None:
        """Finds where everything is on the tape.

        What `targets` gives is all that gradients are wanted of, so that the rest is not looked at.
        """
        tape = self.tape = local.tape
        self.win = tape.win
        self.at = [index_of(t) for t, _ in self.roots]
        walk = _jit.reach(tape, self.at)
        if targets is not None and self.part:
            walk.only = leading(tape, walk, {i for _, i in targets(walk)})
        self.walk = walk
        check_usable(tape, walk)
        self.at, self.walk = renew(tape, walk, self.at)
        self.stops = stops_of(tape, self.walk)
        if self.stops:
            self._analyse()

    def gradients(self, targets) -> list[tuple[Tensor, Tensor | None]]:
        """Gradients of what `targets(walk)` gives as pairs of tensor and place."""
        _current.run = weakref.ref(self)
        self.place(targets)
        self._run_stops(targets)
        self._judge()
        if self.tape.win is not self.win:
            self.place(targets)
        wanted = targets(self.walk)
        if not self.stops:
            seeds = [None if s is None else index_of(s) for _, s in self.roots]
            pairs = list(zip(self.at, seeds))
            found = [i for _, i in wanted if i in self.walk.needed]
            grads = self._entry(pairs, found, ())
            return [(t, grads.get(i)) for t, i in wanted]
        return self._collect(wanted)

    def reaches(self, t: Tensor) -> bool:
        """True if the gradient of a tensor is part of this backward."""
        reached = self.walk.needed if self.walk.only is None else self.walk.only
        return any(i in reached or self.walk.needed == {i} for i in places(t, self.walk))

    def release(self) -> None:
        """Frees the graph."""
        _jit.release(self.tape, self.walk)

    # -- the order of the stops

    def _analyse(self) -> None:
        tape, needed = self.tape, self.walk.needed
        entries = tape.entries
        self.giver = giver = {}
        for k in needed:
            if k >= 0:
                known = known_value(entries[k])
                if known is not None and known not in giver:
                    giver[known] = k
        order = self._order(self._down)
        masks: dict[int, int] = dict.fromkeys(order, 0)
        self.sources = [[(r, n)] for n, r in enumerate(self.at)]  # pairs (value, root number)
        bits: dict[int, int] = {}
        for n, r in enumerate(self.at):
            masks[self.canon(r)] |= 1 << n
        for i in order:
            passed = masks[i]
            if i in self.stops:
                info = self.stops[i]
                key = info.function if info.function is not None else info
                if id(key) not in bits:
                    bits[id(key)] = len(self.sources)
                    self.sources.append(info)
                    self.keep.append(key)
                passed = 1 << bits[id(key)]
            for c in self._down(i):
                masks[c] |= passed
        self.masks = masks
        self.order = [i for i in order if i in self.stops]

    def canon(self, i: int) -> int:
        """One index for a value that is in memory and recorded again."""
        return self.giver.get(i, i)

    def _down(self, i: int):
        needed, canon = self.walk.needed, self.canon
        if i <= INPUT_BASE:
            return ()
        e = self.tape.entries[i]
        op = e[0]
        if op is LINK:
            return (canon(e[3]),)
        if op.__class__ is GradOp and op.op is BACKWARD:
            sub = Walk(self.tape)
            for j in inputs_of(e):
                sub.run(j)
            return {canon(j) for j in sub.needed if j != i}
        if op.__class__ is not GradOp and not (op is GIVEN and e[2][0].__class__ is GradOp):
            return ()
        return [canon(j) for j in inputs_of(e) if j in needed]

    def _order(self, down) -> list[int]:
        """Everything below the roots, what reads a value before the value."""
        seen: set[int] = set()
        post: list[int] = []
        for r in map(self.canon, self.at):
            if r in seen:
                continue
            seen.add(r)
            stack = [(r, iter(down(r)))]
            while stack:
                i, todo = stack[-1]
                nxt = next((c for c in todo if c not in seen), None)
                if nxt is None:
                    stack.pop()
                    post.append(i)
                else:
                    seen.add(nxt)
                    stack.append((nxt, iter(down(nxt))))
        return post[::-1]

    # -- the stops, one after the other

    def _run_stops(self, targets) -> None:
        while self.stops:
            win = self.win
            places = {self.canon(i) for _, i in targets(self.walk)}
            above = set().union(*map(self._stops_above, places))
            for i in self.order:
                info = self.stops[i]
                # A view of memory that outsiders write has a place for each use.
                same = [k for k in self.order if self.stops[k] is info]
                wanted = any(k in above or k in places for k in same)
                if id(info) in self.final or i != same[-1] or not wanted:
                    continue
                self._stop(same, info, any(k in above for k in same))
                if local.tape.win is not win:
                    break
            else:
                return
            self.place(targets)

    def _stop(self, same: list[int], info, goes_on: bool) -> None:
        i, g = same[0], None
        for k in same:
            part = self._gradient_at(k)
            local.tape.grad = self.create
            g = part if g is None else g if part is None else g + part
        self.raw[id(info)] = g
        if g is not None and info.hooks:
            g = run_hooks(info.hooks, g)
        self.final[id(info)] = g
        self.keep.append(info)
        f = info.function
        if f is None or not goes_on:
            return
        parts = self.parts.setdefault(id(f), {})
        parts[info.output] = g
        again = local.tape.win is not self.win
        others = {k for k, s in self.stops.items() if s.function is f}
        if len(parts) == len(others):
            if again:
                self.place()
            self._fire(f, i)

    def _fire(self, f, i: int) -> None:
        """Runs a Function's backward (or an op's, for its hooks)."""
        parts = self.parts[id(f)]
        local.tape.grad = self.create
        i = next(k for k, s in self.stops.items() if s.function is f)
        self.fired[id(f)] = found = f.run(self, i, parts)
        anomaly.look(self, f, found)

    def op_gradients(self, i: int, g: Tensor) -> list[Tensor | None]:
        """The gradients that one entry gives to its operands."""
        operands = list(dict.fromkeys(self._down(i)))
        if not operands:
            return []
        found = self._entry([(i, index_of(g))], operands, tuple(operands))
        return [found[j] for j in operands]

    def _gradient_at(self, i: int) -> Tensor | None:
        pairs = self._pairs(self.masks[i], i)
        if not pairs:
            return None
        own = [g for j, g in pairs if j == i]
        if len(own) == len(pairs):
            local.tape.grad = self.create
            total = self._explicit(i, own[0])
            for g in own[1:]:
                total = total + self._explicit(i, g)
            return total
        stops = tuple(sorted(k for k in self.stops if k != i))
        indexed = [(j, None if g is None else index_of(g)) for j, g in pairs]
        return self._entry(indexed, [i], stops)[i]

    def _explicit(self, i: int, g: Tensor | None) -> Tensor:
        if g is not None:
            return g
        from .. import ones

        m = self.meta(i)
        return ones(m.shape, dtype=m.dtype)

    def meta(self, i: int) -> Meta:
        """Shape and dtype of a value."""
        tape = self.tape
        return tape.entries[i][1] if i >= 0 else tape.inputs[INPUT_BASE - i].meta

    def _pairs(self, mask: int, target: int | None) -> list[tuple[int, Tensor | None]]:
        """Where gradients start for a value: pairs of a value and its gradient."""
        found = []
        n = 0
        while mask >> n:
            if mask >> n & 1:
                found.extend(self._pairs_of(self.sources[n], target))
            n += 1
        return found

    def _pairs_of(self, source, target):
        if source.__class__ is list:
            (r, n) = source[0]
            return [(self.canon(r), self.roots[n][1])]
        if source.function is None:
            i = next(k for k, s in self.stops.items() if s is source)
            g = self.final.get(id(source))
            return [] if g is None else [(i, g)]
        f = source.function
        grads = self.fired.get(id(f))
        if grads is None:
            return []
        i = next(k for k, s in self.stops.items() if s.function is f)
        operands = f.operands(self, i)
        return [
            (j, g) for j, g in zip(operands, grads)
            if g is not None and j in self.masks and (j not in self.stops or j == target)
        ]  # fmt: skip

    # -- results

    def _entry(self, pairs, targets: list[int], stops: tuple) -> dict[int, Tensor]:
        if not targets:
            return {}
        grown = self._with_graph(pairs, targets) if self.create else ()
        found = _jit.gradients(self.tape, pairs, targets, bool(grown), stops)
        return {i: tensor_at(k, i in grown) for i, k in zip(targets, found)}

    def _with_graph(self, pairs, targets: list[int]) -> set[int]:
        """The targets whose gradients depend on anything that has a gradient itself.

        A seed may, or what the gradients of the ops between root and target read.
        """
        tape, needed = self.tape, self.walk.needed
        flagged = wants_gradient
        if any(g is not None and flagged(tape, g) for _, g in pairs):
            return set(targets)
        bits = {t: 1 << n for n, t in enumerate(targets)}
        reads = 0
        for k in sorted(i for i in needed if i >= 0):
            e = tape.entries[k]
            below = 0
            for i in inputs_of(e):
                below |= bits.get(i, 0)
            if not below:
                continue
            bits[k] = bits.get(k, 0) | below
            if e[0] is LINK or e[0] is GIVEN:
                known = known_value(e)
                if known is not None:
                    # Its readers have lower places: the exact answer would take another pass.
                    return set(targets)
            if e[0].__class__ is GradOp and below & ~reads:
                saved = saved_by(tape, e[0].op, e[1], e[2], e[3:])
                read = [k if p == -1 else e[3 + p] for p in saved]
                if e[0].op is BACKWARD or any(flagged(tape, i) for i in read):
                    reads |= below
        return {t for n, t in enumerate(targets) if reads >> n & 1}

    def _collect(self, wanted):
        grads: dict[int, Tensor | None] = {}
        rest, mask = [], 0
        places = {self.canon(i) for _, i in wanted}
        for t, i in wanted:
            c = self.canon(i)
            if c in self.stops:
                # As in PyTorch, what is asked for has seen the hooks if the backward ends there.
                early = not getattr(t, "_retains_grad", False) and any(
                    p != c and c in self._stops_above(p) for p in places
                )
                grads[i] = (self.raw if early else self.final).get(id(self.stops[c]))
            elif self.masks.get(c) and i not in rest:
                rest.append(i)
                mask |= self.masks[c]
        pairs, sparse = self._sparse_apart(self._pairs(mask, None), rest)
        if rest and pairs:
            alive = {self.canon(i) for i in rest}
            stops = tuple(sorted(k for k in self.stops if k not in alive))
            indexed = [(j, None if g is None else index_of(g)) for j, g in pairs]
            grads.update(self._entry(indexed, rest, stops))
        for i, g in sparse:
            grads[i] = g if grads.get(i) is None else grads[i] + g
        return [(t, grads.get(i)) for t, i in wanted]

    def _sparse_apart(self, pairs: list, rest: list[int]) -> tuple[list, list]:
        """Sparse gradients of wanted values stay as they are; on their way down they are dense."""
        plain, sparse = [], []
        for j, g in pairs:
            if g is None or not g.is_sparse:
                plain.append((j, g))
                continue
            ends = [i for i in rest if self.canon(i) == j]
            sparse.extend((i, g) for i in ends)
            if not ends:
                plain.append((j, g.to_dense()))
        return plain, sparse

    def _stops_above(self, i: int) -> set[int]:
        """The stops that a value's gradient comes through."""
        found: set[int] = set()
        todo = [i]
        while todo:
            mask = self.masks.get(todo.pop(), 0)
            for n, source in enumerate(self.sources):
                if mask >> n & 1 and source.__class__ is not list:
                    f = source.function
                    above = {
                        k for k, s in self.stops.items()
                        if s is source or (f is not None and s.function is f)
                    }  # fmt: skip
                    todo.extend(above - found)
                    found |= above
        return found

    # -- anomaly mode

    def _judge(self) -> None:
        """RuntimeError for the first op that gave a nan gradient."""
        if not self.checks:
            return
        for info, name, k, flag in self.checks:
            if bool(flag):
                anomaly.report(info, name, k)


def stops_of(tape, walk) -> dict[int, object]:
    """The values whose gradient Python sees: index -> Info."""
    anomaly.watch(tape, walk)
    found = {}
    needed = walk.needed
    for k, info in tape.info.items():
        if k in needed and (info.hooks or info.function is not None):
            found[k] = info
    return found


def run_hooks(hooks: dict, g: Tensor) -> Tensor:
    """Calls hooks on a gradient; each may replace it."""
    for hook in list(hooks.values()):
        new = hook(g)
        if new is None:
            continue
        name = getattr(hook, "__name__", type(hook).__name__)
        if not isinstance(new, Tensor):
            raise TypeError(f"expected Variable, but hook returned '{type(new).__name__}'")
        if new.dtype is not g.dtype:
            raise RuntimeError(
                f"hook '{name}' has changed the type of value (was "
                f"torch.{g.dtype.tensor_type} got torch.{new.dtype.tensor_type})"
            )
        if new.shape != g.shape:
            raise RuntimeError(f"hook '{name}' has changed the size of value")
        g = new
    return g
