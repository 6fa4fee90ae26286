"""Aliases and writes: views, in-place results, memory that a tensor is given."""

from __future__ import annotations

import sys
import weakref

import numpy as np

from .interop import exposed
from .meta import Meta, meta
from .ops.table import OPS, GradOp, Op
from .strides import inverse, turned
from .values import Lazy, Orphan, array_of, lost, snapshot, supersede
from .views import (
    CUT,
    END,
    NO_GRAD,
    Counter,
    Family,
    Storage,
    View,
    apart,
    check_fresh,
    counter_of,
    family_of,
    flag_of,
    graph_of,
    make_family,
    mark,
    rebase,
    row_major,
    stale,
)  # fmt: skip

_new = object.__new__


class Writing:
    """The part of `Tape` that records views and writes."""

    tensor_type = None  # the framework's Tensor class

    # -- views

    def view(self, t, op: Op, attrs: tuple, m: Meta, offset: int, strides: tuple[int, ...]):
        """A new tensor that shares t's memory: `op` re-indexes it, the layout says where it is."""
        st, old = share(self, t), t._view
        if st._v.buf is not None and (st._v.strides is not None or exposed(st._v.buf)):
            idx = None  # outsiders may write there: read when the view is
            if old is not None and self.grad and op.differentiable:
                check_fresh(t)
        else:
            idx = t._v.idx if t._v.win is self.win else self.input(t, op.differentiable)
        rg = self.grad and t._rg and op.differentiable
        chain = old.chain if old is not None else ()
        if rg and t._rg == 1:
            chain += ((None, t, None),)
        elif rg and t._rg == 3:
            chain += (END,)
        elif not self.grad and op.differentiable:
            chain += (CUT,)
        if idx is None:
            out = _new(self.tensor_type)
            out._v, out._rg = lost(m), 2 if rg else 0
        else:
            out = self.push((op.grad_op if rg else op, m, attrs, idx), m, rg)
        out._st = st
        step = (op, m, attrs)
        again = chain and not op.differentiable and chain[-1] == step
        if again:
            chain = chain[:-1]  # detach twice is detach: p.data -= g would lengthen p's chain
        out._view = made = View((*chain, step), offset, strides)
        if old is not None and not again:
            made.source = weakref.ref(t), old
        if old is not None and old.counter is not None:
            made.counter = old.counter
            if idx is not None:
                self.count_apart(out, out._v.idx)
        made.seen = (made.counter or st.counter).n
        st.add_alias(out)
        if not op.differentiable:
            if old is not None and old.origin is not None and stale(t):
                t._v = lost(t._v.meta)  # its next use is checked
        else:
            made.base = t if old is None or old.base is None else old.base
            if not self.grad or (old is not None and old.origin is not None):
                mark(out, NO_GRAD if old is None or old.origin is None else old.origin)
            if not self.grad and made.base.requires_grad:
                out._rg = 3
        return out

    def view_around(self, leaf, op: Op, attrs: tuple, m: Meta, offset: int, strides: tuple):
        """A view of the memory that a leaf is a part of, of which gradients reach that part."""
        st, v = leaf._st, leaf._view
        part = (st._v.meta, (leaf._v.meta.shape, v.strides, v.offset))
        out = _new(self.tensor_type)
        out._v, out._rg, out._st = lost(m), 2, st
        out._view = View(((None, leaf, part), (op, m, attrs)), offset, strides)
        out._view.base, out._view.counter = leaf if v.base is None else v.base, v.counter
        st.add_alias(out)
        return out

    # -- in place

    def write(self, t, result) -> None:
        """Makes `result` (a fresh tensor, same shape and dtype) the value of t and its aliases."""
        if t._view is not None and t._st._v.strides is not None:
            graph = result._rg or t._st._rg == 2 or family_of(t) is not None
            if not (graph and self.grad):
                return self._write_strided(t, result)
        kept, limit, self.limit = None, self.limit, sys.maxsize
        if result._view is not None:  # a value of its own, as memory is needed for it
            result = self.record(OPS["as_shape"], (result,), (result._v.meta.shape,))
        if result._v.win is not self.win:
            # The limit was reached: the result is in memory already.
            kept, result = result._node, self.record(OPS["copy"], (result,))
            if kept is not None:
                self._keep_operand(t, kept)
        old, idx = self._write(t, result)
        if kept is not None:
            kept.wrote(((t if t._st is None else t._st)._v, t._view))
        if self.limit == sys.maxsize:
            self.limit = limit
        if (old.buf is not None and exposed(old.buf)) or idx >= self.limit:
            self.flush()

    @staticmethod
    def _keep_operand(t, kept) -> None:
        """Leaves t's memory to the gradient of the op whose result is written, if that reads it."""
        old = (t if t._st is None else t._st)._v
        if old.buf is not None and old.strides is None:
            old.kept = old.kept or (not exposed(old.buf) and kept.reads(old))

    def _write_strided(self, t, result) -> None:
        """A write through a view of memory that is not row-major (an array): done at once."""
        self.flush()
        st, view, m = t._st, t._view, t._v.meta
        root = st._v
        at = root.addr + view.offset * m.dtype.itemsize
        array_of(Lazy(m, root.buf, at, view.strides))[...] = array_of(self.locate(result))
        st._v = Lazy(root.meta, root.buf, root.addr, root.strides)
        supersede(st, root, st._v, apart(t) is None)
        counter_of(t).n += 1
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
            part, root = view.differentiable, old_idx
            family = family_of(t)
            if rg and self.grad and not part:
                if rebase(t, self.shared):
                    st._rg, st._node = 0, None
                    part, root = True, self._append((OPS["detach"], m, None, old_idx))
                else:
                    family = make_family(t)
            if family is not None and self.grad:
                idx, rg = self._write_family(t, family, old_idx, idx), False
                part = False  # of the graph that the memory has
            else:
                rg = bool(self.grad and part and (rg or st._rg == 2))
                linked = rg and st._rg == 2
                layout = in_rows(old, t._v.meta, view)
                idx = self._update_root(root, m, t._v.meta, layout, idx, rg, linked)
        if part and self.grad and view is None and t._retains_grad and t._node is not None:
            t._node.let_go(t)  # it keeps the gradient of its new value
        if holder._rg == 2 and not (part and self.grad):
            # A write through a detached alias or under no_grad leaves the graph as it was.
            rg = True
            idx = self._append((OPS["replaced"].grad_op, m, None, old_idx, idx))
            if self.retained:
                self._keep_retained(holder, old_idx)
        home = old.home
        if home and (old.pasts is not None or result._rg):
            home = not _spare(self, old, old_idx, result)
        if not home and view is None and result._v.meta.order != m.order:
            idx = self._append((OPS["copy"].grad_op if rg else OPS["copy"], m, None, idx))
        if home:
            op = OPS["assign"]
            idx = self._append((op.grad_op if rg else op, m, None, old_idx, idx))
        new = self._lazy(m, idx)
        new.home, new.strides = home, old.strides
        self.stale[old_idx] = idx
        if result._rg and idx != result._v.idx:
            self.stored[result._v.idx] = new, view
        own = view is None or view.counter is None or apart(t) is None
        supersede(holder, old, new, own)
        self.writers[old_idx if own else ("apart", old_idx)] = result._v.idx
        if not own or self.keys:
            self.unseen = True
            self.pins.append(holder)
        elif old.pasts is not None:
            self.pins.append(holder)
        if old_idx >= 0:
            self.handles[old_idx] = object()
        self.handles[idx] = holder
        self._move(t, st, new, rg, idx)
        return old, idx

    def retain(self, t) -> None:
        """Notes that a tensor keeps its gradient if that is one of a value before this one."""
        idx = t._v.idx
        while idx >= 0 and (i := beneath(self.entries[idx])) is not None:
            idx = i
        if idx != t._v.idx:
            if idx in self.nodes:
                self.nodes[idx].retain(t)
            else:
                self.keepers[idx] = weakref.ref(t)

    def _keep_retained(self, holder, idx: int) -> None:
        """The gradient that a tensor retains is still that of the value before this write."""
        for t in (r() for r in holder.aliases) if holder.__class__ is Storage else (holder,):
            if t is not None and t._view is None and t._retains_grad:
                self.keepers[idx] = weakref.ref(t)

    def _write_family(self, t, family: Family, root: int, idx: int) -> int:
        """Adds a write to the graph of a family; returns the memory's new value, without it."""
        st, old, m = t._st, family.ghost, t._st._v.meta
        k = idx
        if len(t._view.chain) > 1 or self.entries[idx][0].__class__ is not GradOp:
            linked = old is not None
            detached = OPS["detach"], m, None, root
            root = self._joined(family, root) if linked else self._append(detached)
            layout = in_rows(st._v, t._v.meta, t._view)
            k = self._update_root(root, m, t._v.meta, layout, idx, True, linked)
        ghost = family.ghost = self.handles[k] = _new(self.tensor_type)
        ghost._v, ghost._rg = self._lazy(m, k), 2
        for a in (r() for r in st.aliases):
            if a is None or family_of(a) is not family:
                continue
            flag = flag_of(a)
            a._rg = a._rg if flag == 1 else flag
            if a._retains_grad and graph_of(a) is ghost:
                if old is not None and old._node is not None:
                    old._node.let_go(a)
                self.keepers = {i: r for i, r in self.keepers.items() if r() is not a}
                self.keepers[k] = weakref.ref(a)
        return self._append((OPS["copy"], m, None, k))

    def _update_root(
        self, root: int, m: Meta, vm: Meta, view: View, idx: int, rg: bool, linked: bool
    ) -> int:
        """The root's new value; `linked`: gradients (zeros, where all of it is written) go on."""
        same = vm.dtype is m.dtype  # else: parts of complex numbers, or pairs as such
        whole = vm.numel == m.numel and view.offset == 0 and view.strides == row_major(vm.shape)
        if same and whole and not linked:
            op, attrs, ins = OPS["as_shape"], (m.shape,), (idx,)
        else:
            op = OPS["update" if same else "update_as"]
            attrs = (vm.shape, view.strides, view.offset)
            ins = (root, idx)
        if m.order is None:
            return self._append((op.grad_op if rg else op, m, attrs, *ins))
        # The dims as they lie in memory, there and back.
        permute, order = OPS["permute"], m.order
        inside = meta(turned(m.shape, order), m.dtype)
        op, permute = (op.grad_op, permute.grad_op) if rg else (op, permute)
        if len(ins) == 1:
            attrs = (inside.shape,)
        else:
            ins = (self._append((permute, inside, (order,), root)), idx)
        new = self._append((op, inside, attrs, *ins))
        new = self._append((permute, m, (inverse(order),), new))
        # A value that is stored in the root's memory is no view.
        return self._append((OPS["copy"].grad_op if rg else OPS["copy"], m, None, new))

    def _move(self, t, st, new: Lazy, rg: bool, idx: int) -> None:
        if st is None:
            t._v = new
            t._count += 1
            t._node = None
            if rg:
                t._rg = 2
            elif t._rg == 1:
                self.leaves[idx] = t
            return
        st._v = new
        counter_of(t).n += 1
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

    def take_over(self, t, alias) -> None:
        """t sees the memory of a detached alias from now on; its version goes on counting."""
        counter = Counter(t._count) if t._st is None else counter_of(t)
        self.forget(t)
        v = t._v
        v.given = t, counter.n
        if v.win is self.win:
            self.moved[v.idx] = v.given
        self.unseen = True
        if t._st is not None:
            t._st.aliases = [r for r in t._st.aliases if r() is not t]
        t._v, t._st, t._view = alias._v, alias._st, alias._view
        t._view.counter, t._view.base, t._view.origin = counter, None, None
        t._st.add_alias(t)
        if t._v.win is self.win:
            self.count_apart(t, t._v.idx)
            if t._rg == 1:
                self.leaves[t._v.idx] = t

    def forget(self, t) -> None:
        """t is about to see another value: what is pending for it is nobody's now."""
        v = t._v
        if v.win is self.win and v.idx >= 0 and self.handles[v.idx] is t:
            self.handles[v.idx] = Orphan(v)


def in_rows(root: Lazy, m: Meta, view: View) -> View:
    """A view of a strided array as one of the array's elements in row-major order."""
    if root.strides is None:
        return view
    places = _places(root.meta.shape, root.strides)
    order = np.argsort(places, axis=None)
    at = view.offset + _places(m.shape, view.strides)
    found = np.searchsorted(places.flat[order], at.ravel()).clip(0, places.size - 1)
    index = order[found].reshape(m.shape)
    first = int(index.flat[0]) if m.numel else 0
    steps = tuple(
        int(index.take(1, d).flat[0]) - first if n > 1 and m.numel else 1
        for d, n in enumerate(m.shape)
    )
    if (places.flat[index] != at).any() or (first + _places(m.shape, steps) != index).any():
        raise NotImplementedError(
            "gradients through writes to as_strided() of a strided NumPy array are not implemented "
            "in numtorch; clone() the tensor first"
        )
    return View((), first, steps)


def _places(shape: tuple, strides: tuple) -> np.ndarray:
    """Where the elements of a layout lie."""
    at = np.zeros(shape, np.int64)
    for d, s in enumerate(strides):
        at += (np.arange(shape[d]) * s).reshape([-1 if k == d else 1 for k in range(len(shape))])
    return at


def share(tape: Writing, t) -> Storage:
    """The storage cell of a tensor, made when its memory gets its first alias."""
    st = t._st
    if st is None:
        st = t._st = Storage(t._v)
        st.version = t._count
        st._rg, st._node, st._past = t._rg, t._node, t._past
        st.add_alias(t)
        v = t._v
        if v.win is tape.win and v.idx >= 0:
            tape.handles[v.idx], tape.shared[v.idx] = st, t
    return st


def beneath(e: tuple) -> int | None:
    """The value that has the gradient of what was written without it (through .data), or None."""
    if e[0] is OPS["replaced"].grad_op:
        return e[3]
    return e[4] if e[0] in (OPS["assign"].grad_op, OPS["joined"].grad_op) else None


def last_step(tape, t, i: int) -> bool:
    """True for the value of a view that was recorded again, not one of the steps to it."""
    after = i + 1
    return after == len(tape.handles) or not (
        tape.handles[after] is t and tape.entries[after][3] == i
    )


def _spare(tape: Writing, v: Lazy, idx: int, result) -> bool:
    """True if v's memory is left to the gradients that read it: of graphs that compute from it
    again, and of the op whose result is written.

    The tensor that is written gets other memory, unless somebody else knows where it is.
    """
    own = result._rg and tape.grad
    if (v.pasts is None and not own) or v.buf is None or v.strides is not None or exposed(v.buf):
        return False
    if not v.kept:
        pasts = (ref() for ref in v.pasts or ())
        v.kept = any(past is not None and past.reads(v) for past in pasts)
        if own and not v.kept:
            from .saved import reads

            v.kept = reads(tape, result._v.idx, idx)
    return v.kept


def relocate(t) -> None:
    """Moves a tensor that somebody outside is about to see away from graphs that read it again."""
    holder = t if t._st is None else t._st
    v = holder._v
    if v.pasts is None or v.strides is not None or exposed(v.buf):
        return
    if not any(past is not None and past.reads(v) for past in (ref() for ref in v.pasts)):
        return
    copy = snapshot(v)
    new = Lazy(v.meta, copy.buf, copy.addr)
    v.kept = True
    supersede(holder, v, new, False)
    holder._v = new
    for a in (r() for r in t._st.aliases) if t._st is not None else ():
        if a is not None:
            a._v = new if a._view is None else lost(a._v.meta)
