"""Graphs of older windows are recorded again on the tape."""

from __future__ import annotations

from .entries import with_indices
from .kept import OWN
from .needs import saved_by, saves_any
from .nodes import Apart, Keyed, Lost, Node, Scalar
from .ops.table import GradOp
from .record import (
    BACKWARD,
    GIVEN,
    INPUT_BASE,
    LINK,
    LOST,
    RESULT,
    Lazy,
    Tape,
    gone,
    overwritten,
)  # fmt: skip
from .saved import row_of
from .usable import TWICE, _packed, _writer, stale_text
from .views import version_of


class Again:
    """Records Nodes of older windows on the tape.

    A value that was overwritten in place since may be part of a graph as long as no gradient
    reads it: `stale` holds such values and their views, `gone` what can't be computed any more.
    """

    def __init__(self, tape: Tape):
        self.tape = tape
        self.memo: dict[int, int] = {}
        self.stale: set[int] = set()
        self.gone: set[int] = set()
        self.nodes: dict[int, Node] = {}  # those whose memory may have other content now
        self.errors: dict[int, Exception] = {}

    def record(self, root: Node, known: int | None = None) -> int:
        memo, stack = self.memo, [root]
        if id(root) in memo:
            return self._same(memo[id(root)], root, known)
        while stack:
            node = stack[-1]
            if id(node) in memo:
                stack.pop()
                continue
            spent = node.freed and saves_any(node)
            if spent and node.row in (LOST, BACKWARD, RESULT):
                stack.pop()
                memo[id(node)] = k = self._lost(Lost(node.meta))
                self.errors[k] = RuntimeError(TWICE)
                continue
            todo = [x[1] if x.__class__ is tuple else x for x in node.ins]
            todo = [x for x in todo if x.__class__ is Node and id(x) not in memo]
            if todo:
                stack.extend(todo)
                continue
            stack.pop()
            memo[id(node)] = k = self._one(node, known if node is root else None)
            if spent:  # an error if gradients pass it on their way to what is asked for
                self.errors[k] = RuntimeError(TWICE)
        return memo[id(root)]

    def _one(self, node: Node, known: int | None) -> int:
        tape = self.tape
        ins = []
        for x in node.ins:
            if x.__class__ is Node:
                ins.append(self.memo[id(x)])
            elif x.__class__ is Scalar:
                tape.scalars.append(x.value)
                ins.append(x.index)
            elif x.__class__ is Lazy:
                ins.append(self._lazy(x))
            elif x.__class__ is Keyed:
                ins.append(self._lazy(x.value, x.key))
            elif x.__class__ is Apart:
                ins.append(self._lazy(x.value))
                self._used(ins[-1], x.place)
            elif x is None:
                ins.append(None)
            elif x.__class__ is Lost:
                ins.append(self._lost(x))
            else:
                ins.append(self._leaf(x))
        if node.row is LOST:
            return self._lost(node)
        if node.row is BACKWARD:
            self._refuse(None, ins, self.gone)
            attrs, rest = with_indices(node.attrs, ins)
            if len(attrs) > 2:
                attrs = (*attrs[:3], tuple(tape.new_level((node.token, n)) for n in attrs[3]))
            return self._link(tape._append((node.op, node.meta, attrs, *rest)), node, known)
        if node.row is RESULT:
            k = ins[0]
            if tape.entries[k][0] is LINK:
                k = tape.entries[k][3]
            return self._link(tape._append((node.op, node.meta, node.attrs, k)), node, known)
        val = node.val
        at = val if node.at is None else node.at[0]
        if node.key is not None:
            old = node.key[0].n != node.key[1]
        else:
            old = node.replaced or (known is None and at is not None and overwritten(at))
            old = old or (node.row.kind == "movement" and ins[0] in self.stale)
        if known is None and val is not None and val.buf is not None and not gone(val):
            known = tape.read(val)
            self._used(known, node.place)
        attrs = node.attrs
        if node.row.kind == "batching":
            attrs = (tape.new_level((node.token, attrs[0])),)
        k = tape._append((GIVEN, node.meta, (node.op, attrs, known), *ins))
        if known is None and any(i in self.gone for i in ins):
            self.gone.add(k)
        if (val is not None and val.given is not None) or (
            at is not None and (at.history is not None or (node.at is not None and node.at[2]))
        ):
            self.nodes[k], tape.unseen = node, True
        elif node.wrote:
            self.nodes[k] = node
        if old:
            self.stale.add(k)
        if node.kept is not None:
            tape.kept[k] = (OWN,) * node.kept.any
            if node.kept.changed() and not _packed(node.info):
                self.errors[k] = RuntimeError(stale_text(node.meta))
        grad_op = node.op.__class__ is GradOp and not _packed(node.info)
        if (self.stale or self.gone) and grad_op:
            read = saved_by(tape, node.row, node.meta, node.attrs, tuple(ins))
            own = getattr(node.row, "saves", None)
            saved = read if own is None else own
            saved = () if node.kept is not None else saved
            saved = [
                k if p == -1 else ins[p] for p in saved if p or (p == 0 and not node.wrote)
            ]
            self._refuse(k, saved, self.stale)
            # What lies in memory that was overwritten is read as it is now, but for this: an
            # in-place op reads its own operand as it was.
            private = ins[:1] if node.wrote else []
            read = [k if p == -1 else ins[p] for p in read]
            lost = [i for i in read if i in private or self._no_memory(i)]
            self._refuse(k, lost, self.gone)
        if node.owner is not None:
            tape.keepers[k] = node.owner
        if node.info is not None:
            tape.info[k] = node.info
        return k

    def _no_memory(self, i: int) -> bool:
        """True for a value whose present content can't be found: see `Present`."""
        entries = self.tape.entries
        while i >= 0 and i not in self.nodes and _moves(entries[i]):
            i = entries[i][3]
        return i >= 0 and i not in self.nodes

    def _used(self, known: int, ref) -> None:
        """The value may be used directly too, in this window."""
        place = None if ref is None else ref()
        if place is not None:
            self.tape.nodes.setdefault(known, place)

    def _refuse(self, k: int | None, read: list, bad: set[int]) -> None:
        """Notes PyTorch's error if the gradient of entry k reads values that were overwritten."""
        for i in read:
            if i in bad:
                tape = self.tape
                m = tape.entries[i][1] if i >= 0 else tape.inputs[INPUT_BASE - i].meta
                error = RuntimeError(stale_text(m, _writer(tape, k) if i == k else None))
                if k is None:
                    raise error
                self.errors[k] = error

    def _same(self, k: int, node: Node, known: int | None) -> int:
        # A node that was met below another one; its value is also read as the input `known`.
        e = self.tape.entries[k]
        return k if e[0] is GIVEN and e[2][2] == known else self._link(k, node, known)

    def _link(self, k: int, node: Node, known: int | None) -> int:
        # Gradients of the value in memory go on to the one recorded again.
        return k if known is None else self.tape._append((LINK, node.meta, None, k, known))

    def _lost(self, x) -> int:
        k = self.tape._append((LOST, x.meta, None))
        self.gone.add(k)
        return k

    def _lazy(self, v: Lazy, key: tuple | None = None) -> int:
        tape = self.tape
        idx = tape.read(v)
        if key is not None:
            tape.keys[idx] = key
        if _told(v, key):
            self.stale.add(idx)
        if gone(v):
            self.gone.add(idx)
        if v.given is not None:
            tape.moved[idx] = v.given
            if version_of(v.given[0]) != v.given[1]:
                self.stale.add(idx)
        root = v if v.root is None else v.root
        tape.unseen = tape.unseen or root.history is not None or v.given is not None
        tape.outside = tape.outside or v.source is not None
        return idx

    def _leaf(self, leaf) -> int:
        t, v, key = leaf
        if v.__class__ is Node:
            idx = self.memo[id(v)]
        else:
            idx = self._lost(v) if v.__class__ is Lost else self._lazy(v, key)
        self.tape.leaves[idx] = t
        return idx


def _told(v: Lazy, key: tuple | None) -> bool:
    """True if a value was overwritten so that its version tells."""
    return overwritten(v) if key is None else key[0].n != key[1]


def _moves(e: tuple) -> bool:
    """True for a view, whose content is that of its operand."""
    return getattr(row_of(e), "kind", None) == "movement"
