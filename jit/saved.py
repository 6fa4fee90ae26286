"""What gradients read: PyTorch saves tensors by reference.

A write that the version of the saved tensor counts is an error. One that it does not count
(through .data, or a NumPy array) is seen: the gradient reads the memory as it is when backward
runs. The tape's values never change, so then the graph is recorded again with what is there now.
"""

from __future__ import annotations

import weakref

import numpy as np

from .interop import exposed
from .ops import OPS
from .ops.from_result import RULES
from .ops.table import GradOp
from .record import BACKWARD, GIVEN, INPUT_BASE, LINK, RESULT, Lazy, Tape, array_of
from .strides import turned
from .values import layout_of
from .views import row_major, version_of


def row_of(e: tuple):
    """The row of an entry; of the op that is recorded again for GIVEN."""
    op = e[2][0] if e[0] is GIVEN else e[0]
    return op.op if op.__class__ is GradOp else op


def known_value(e: tuple) -> int | None:
    return e[4] if e[0] is LINK else e[2][2] if e[0] is GIVEN else None


def origin(tape: Tape, i: int) -> tuple[int, tuple | None]:
    """(the value whose memory a value lies in, what counts its version if not that memory).

    Views and values that are recorded again are followed.
    """
    key = tape.keys.get(i)
    while i >= 0:
        e = tape.entries[i]
        known = known_value(e)
        if known is not None:
            i = known
        elif getattr(row_of(e), "kind", None) == "movement":
            i = e[3]
        else:
            at = tape.stored.get(i)
            return (i if at is None else at[0].idx), key
        key = key or tape.keys.get(i)
    if i <= INPUT_BASE:
        root = tape.inputs[INPUT_BASE - i].root
        if root is not None and root.win is tape.win:
            return root.idx, key
    return i, key


def writer(tape: Tape, i: int) -> int | None:
    """The result that was stored over a saved value so that its version tells; None if none was.

    -1: something else than a result of this window.
    """
    given = tape.moved.get(i)
    if given is not None and version_of(given[0]) != given[1]:
        return -1
    j, key = origin(tape, i)
    if key is not None:
        counter, n = key
        return -1 if counter.n != n else None
    while j in tape.stale:
        if j in tape.writers:
            return tape.writers[j]
        j = tape.stale[j]
    return None


def own_operand(tape: Tape, k: int, result: int | None) -> bool:
    """True if entry k computed what was written (perhaps cast): it read the value before that."""
    if result is None:
        return False
    if result < 0:  # all that is known is that a version which is counted apart is another one
        return any(own_operand(tape, k, j) for j in tape.writers.values() if j >= 0)
    e = tape.entries[result]
    return result == k or (row_of(e) is OPS["cast"] and e[3] == k)


def reads(tape: Tape, k: int, old: int) -> bool:
    """True if the gradient of entry k (perhaps cast) reads the memory of value `old`."""
    from .needs import saved_by

    e = tape.entries[k]
    while row_of(e) in (OPS["cast"], OPS["copy"]) and e[3] >= 0:
        e = tape.entries[e[3]]
    if e[0].__class__ is not GradOp:
        return False
    if not any(i == old or origin(tape, i)[0] == old for i in e[3:]):
        return False
    return any(
        p >= 0 and origin(tape, e[3 + p])[0] == old
        for p in saved_by(tape, e[0].op, e[1], e[2], e[3:])
    )


# ---------------------------------------------------------------- the present content


def _source(v: Lazy) -> tuple[Lazy, Lazy]:
    """(the value that lies in the shared memory, the value of all of that memory)."""
    v = v if v.source is None else v.source
    return v, v if v.root is None else v.root


def changed_outside(tape: Tape) -> bool:
    """True if somebody wrote to an array since its content was taken."""
    return any(v.source is not None and _rewritten(v) for v in tape.inputs)


def _rewritten(v: Lazy) -> bool:
    part, root = _source(v)
    if root.history is not None or not exposed(root.buf):
        return False
    return array_of(v).tobytes() != array_of(part).tobytes()


class Present:
    """Finds where the present content of saved values is; None where it is the value itself."""

    def __init__(self, tape: Tape, nodes: dict):
        self.tape, self.nodes = tape, nodes
        self.memo: dict[tuple, int | None] = {}

    def of(self, i: int, operand: bool = True) -> int | None:
        """Index of the content that a value's memory has now, if it is another value."""
        if (i, operand) not in self.memo:
            self.memo[i, operand] = self._find(i, operand)
        return self.memo[i, operand]

    def _find(self, i: int, operand: bool) -> int | None:
        tape = self.tape
        if operand and i in tape.moved:
            return self._given(tape.moved[i], self._meta(i))
        if i <= INPUT_BASE:
            return self._input(tape.inputs[INPUT_BASE - i], operand)
        e = tape.entries[i]
        known, node = known_value(e), self.nodes.get(i)
        if node is not None:
            if operand and node.val is not None and node.val.given is not None:
                return self._given(node.val.given, e[1])
            if node.at is not None:
                root, view, other = node.at
                now = root if other and root.history is None else None
                return self._now(root, e[1], view, now)
            if known is None and node.val is not None:
                return self._input(node.val, operand)
        if known is not None:
            return self.of(known, operand)
        row = row_of(e)
        if row.__class__ is not type(OPS["add"]):
            return None
        if row.kind == "movement":
            base = self.of(e[3], False)
            if row.name == "joined":
                return base
            return None if base is None else tape._append((row, e[1], self._attrs(e), base))
        at = tape.stored.get(i)
        start = i if at is None else at[0].idx
        end = start
        while end in tape.stale:
            end = tape.stale[end]
        if end == start:
            return None
        return end if at is None else self._region(end, e[1], at[1])

    @staticmethod
    def _attrs(e: tuple):
        return e[2][1] if e[0] is GIVEN else e[2]

    def _meta(self, i: int):
        tape = self.tape
        return tape.entries[i][1] if i >= 0 else tape.inputs[INPUT_BASE - i].meta

    def _input(self, v: Lazy, operand: bool) -> int | None:
        if operand and v.given is not None:
            return self._given(v.given, v.meta)
        part, root = _source(v)
        if root.history is None:
            again = v.source is not None and _rewritten(v)
            return self.tape.read(part) if again else None
        size = v.meta.dtype.itemsize
        strides = layout_of(part)
        return self._now(root, v.meta, (strides, (part.addr - root.addr) // size))

    def _now(self, root: Lazy, m, view, now: Lazy | None = None) -> int | None:
        """The present content of a part of a memory that had the value `root`."""
        tape = self.tape
        if now is None:
            if root.history is None:
                return None
            now = root.history.v
        if view is not None and not isinstance(view, tuple):
            view = view.strides, view.offset
        if now.win is tape.win and now.buf is None:
            return self._region(now.idx, m, view)
        if now.buf is None:
            return None
        strides, offset = view or (layout_of(now), 0)
        if strides == row_major(m.shape):
            strides = None
        at = Lazy(m, now.buf, now.addr + offset * m.dtype.itemsize, strides)
        at.root = now
        return tape.read(at)

    def _region(self, k: int, m, view) -> int:
        if view is None:
            return k
        strides, offset = view if isinstance(view, tuple) else (view.strides, view.offset)
        whole = self._meta(k)
        layout = row_major(m.shape) if whole.order is None else whole.strides
        if offset == 0 and whole.shape == m.shape and strides == layout:
            return k
        if whole.order is not None:
            inside = _meta(turned(whole.shape, whole.order), whole.dtype)
            k = self.tape._append((OPS["permute"], inside, (whole.order,), k))
        return self.tape._append((OPS["region"], m, (m.shape, strides, offset), k))

    def _given(self, given: tuple, m) -> int | None:
        """The content that a tensor has now whose .data was set."""
        t, tape = given[0], self.tape
        v = t._v
        k = v.idx if v.win is tape.win else tape.input(t)
        now = t._v.meta
        if now is m:
            return k
        try:
            if np.broadcast_shapes(now.shape, m.shape) != m.shape:
                raise ValueError
        except ValueError:
            raise RuntimeError(
                f"a tensor that was saved with shape {list(m.shape)} has other data of shape "
                f"{list(now.shape)} now; set .data after backward"
            ) from None
        if now.dtype is not m.dtype:
            k = tape._append((OPS["cast"], _meta(now.shape, m.dtype), (m.dtype,), k))
        if now.shape != m.shape:
            k = tape._append((OPS["expand"], m, (m.shape,), k))
        return k


def _meta(shape, dtype):
    from .meta import meta

    return meta(shape, dtype)


# ---------------------------------------------------------------- the graph again


class Renewed:
    """A graph recorded again where its gradients read other content than it was computed from.

    Each value has up to two new places: `link`, as it was computed, and `fresh`, as it is now.
    """

    def __init__(self, tape: Tape, walk, present: Present):
        self.tape, self.walk, self.present = tape, walk, present
        self.saved: dict[int, frozenset] = {}
        self.links: dict[int, int] = {}
        self.freshes: dict[int, int] = {}
        self.specs: dict[int, tuple | None] = {}
        self.giver: dict[int, int] = {}
        self.moved: dict[int, list[int]] = {}

    def find(self) -> bool:
        """True if any saved value has other content now."""
        from .needs import saved_by
        from .usable import unpacks

        tape, only, found = self.tape, self.walk.only, False
        for k in [k for k in self.walk.needed if k >= 0]:
            e = tape.entries[k]
            known = known_value(e)
            if known is not None:
                self.giver.setdefault(known, k)
            op, attrs = (e[2][0], e[2][1]) if e[0] is GIVEN else (e[0], e[2])
            if op.__class__ is not GradOp or (only is not None and k not in only):
                continue
            if unpacks(tape, k):
                continue
            own = getattr(op.op, "saves", None)
            saved = saved_by(tape, op.op, e[1], attrs, e[3:]) if own is None else own
            saved = [p for p in saved if p is not None]
            self.saved[k] = saved = frozenset(p for p in saved if not self._private(k, p, e))
            for p in saved:
                now = self.present.of(k, False) if p == -1 else self.present.of(e[3 + p])
                found = found or now is not None
        return found

    def _private(self, k: int, p: int, e: tuple) -> bool:
        # An in-place op saves a copy of its first operand.
        if p:
            return False
        node = self.present.nodes.get(k)
        if node is not None and node.wrote:
            return True
        return own_operand(self.tape, k, writer(self.tape, e[3]))

    def roots(self, at: list[int]) -> list[int]:
        """The new places of the roots; records what is below them."""
        for r in at:
            todo = [r]
            while todo:
                i = todo[-1]
                deps = [d for d in self._deps(i) if d not in self.specs]
                if i in self.specs or not deps:
                    todo.pop()
                    if i not in self.specs:
                        self.specs[i] = self._spec(i)
                else:
                    todo.extend(deps)
        return [self.link(r) for r in at]

    def _source(self, i: int) -> int:
        """The entry that has a value's graph."""
        k = self.giver.get(i, i)
        while k >= 0 and self.tape.entries[k][0] is LINK:
            k = self.tape.entries[k][3]
        return k

    def _flagged(self, k: int) -> bool:
        e = self.tape.entries[k]
        op = e[2][0] if e[0] is GIVEN else e[0]
        return op.__class__ is GradOp and op.op not in (BACKWARD, RESULT)

    def _deps(self, i: int) -> list[int]:
        from .entries import inputs_of

        k = self._source(i)
        if k < 0 or not self._flagged(k):
            return []
        needed = self.walk.needed
        return [j for j in inputs_of(self.tape.entries[k]) if j in needed and j != i]

    def _spec(self, i: int) -> tuple | None:
        """(op, attrs, operands) of a value to be recorded again; None if its graph stays."""
        k = self._source(i)
        if k < 0 or not self._flagged(k):
            return None
        if k != i and k in self.specs:
            return self.specs[k]
        e = self.tape.entries[k]
        op, attrs, ins, first = e[0], e[2], list(e[3:]), 0
        if op is GIVEN:
            op, attrs, _ = attrs
        elif op.op is OPS["assign"]:
            op, ins, first = OPS["copy"].grad_op, ins[1:], 1
        elif op.op is OPS["function"]:
            ins, first = ins[1:], 1
        saved = self.saved.get(k, frozenset())
        new = [
            j if -5 < j < 0 else self.fresh(j) if p in saved else self.link(j)
            for p, j in enumerate(ins, first)
        ]
        own = -1 in saved and self.present.of(k, False) is not None
        return (op, attrs, tuple(ins), tuple(new)) if new != ins or own else None

    def link(self, i: int) -> int:
        """A value as it was computed, with the graph as it is now."""
        if i in self.links:
            return self.links[i]
        spec, k = self.specs.get(i), self._source(i)
        own = k >= 0 and -1 in self.saved.get(k, ()) and self.present.of(k, False) is not None
        if spec is None:
            self.links[i] = i
        elif own or i in self.tape.info or k in self.tape.info:
            self.links[i] = self.fresh(i)
        else:
            self.links[i] = self._record(i, k, spec, i)
        return self.links[i]

    def fresh(self, i: int) -> int:
        """A value as its memory holds it now."""
        if i in self.freshes:
            return self.freshes[i]
        now, spec, k = self.present.of(i), self.specs.get(i), self._source(i)
        graph = k >= 0 and self._flagged(k)
        if now is None and spec is None:
            out = i
        elif now is None:
            out = self._record(i, k, spec, i) if i not in self.links else self.links[i]
        elif graph:
            e = self.tape.entries[k]
            if spec is None:
                op, attrs = (e[2][0], e[2][1]) if e[0] is GIVEN else (e[0], e[2])
                ins = e[3:]
                if op.op is OPS["assign"]:
                    op, ins = OPS["copy"].grad_op, ins[1:]
                elif op.op is OPS["function"]:
                    ins = e[4:] if e[0] is not GIVEN else ins
                spec = op, attrs, tuple(ins), tuple(ins)
            out = self._record(i, k, spec, now)
        else:
            out = self._copy(now)
        t = self.tape.leaves.get(i)
        if t is not None and out != i:
            self.tape.leaves[out] = t
            for j in {i, now}:
                self.moved.setdefault(j, []).append(out)
        self.freshes[i] = out
        return out

    def _copy(self, i: int) -> int:
        tape = self.tape
        m = tape.entries[i][1] if i >= 0 else tape.inputs[INPUT_BASE - i].meta
        return tape._append((OPS["copy"], m, None, i))

    def _record(self, i: int, k: int, spec: tuple, known: int) -> int:
        tape = self.tape
        op, attrs, ins, new = spec
        value = self._copy(known)
        if op.__class__ is GradOp and op.op.name in RULES:
            named = tuple(zip(op.op.attr_names, attrs or ()))
            op, attrs = OPS["from_result"].grad_op, (op.op.name, named, tape.entries[k][1])
        if any(-5 < j < 0 for j in ins):
            tape.scalars.extend(self._scalars(k))
        m = tape.entries[k][1]
        out = tape._append((GIVEN, m, (op, attrs, value), *new))
        for j in {i, k}:
            if j in tape.info:
                tape.info[out] = tape.info[j]
            h = tape.keepers[j]() if j in tape.keepers else tape.handles[j] if j >= 0 else None
            if getattr(h, "_retains_grad", False) and (j in tape.keepers or h._v.idx == j):
                tape.keepers[out] = weakref.ref(h)
            self.moved.setdefault(j, []).append(out)
        return out

    def _scalars(self, k: int) -> list:
        """The run-time scalars of an entry."""
        from .past import _scalar_positions

        e = self.tape.entries[k]
        at = _scalar_positions(self.tape.entries[: k + 1])[k]
        return self.tape.scalars[at : at + sum(1 for i in e[3:] if -5 < i < 0)]


def renew(tape: Tape, walk, at: list[int]):
    """(roots, walk) of the graph as its gradients have to read it now."""
    if not (tape.unseen or (tape.outside and changed_outside(tape))):
        return at, walk
    new = Renewed(tape, walk, Present(tape, walk.nodes))
    if not new.find():
        return at, walk
    roots = new.roots(at)
    again = walk.__class__(tape)
    again.before, again.moved, again.again = walk.needed, new.moved, walk.again
    again.only = walk.only
    done: set[int] = set()
    for r in roots:
        again.run(r)
    while True:
        todo = [i for i in again.inputs if i in new.giver and i not in done]
        if not todo:
            return roots, again
        for i in todo:
            done.add(i)
            again.run(new.giver[i])
