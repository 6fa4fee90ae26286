"""Reading tensors: how a value, or a view of one, becomes an operand of the window's entries."""

from __future__ import annotations

from . import config
from .interop import exposed
from .meta import Meta
from .ops.table import OPS
from .values import INPUT_BASE, Lazy, lost, materialize_foreign, share_foreign, snapshot
from .views import (
    Family,
    Storage,
    apart,
    check_fresh,
    counter_of,
    follow_base,
    row_major,
    stale,
    under_leaf,
)  # fmt: skip

_new = object.__new__


class Reading:
    """The part of `Tape` that finds the index of what an op reads."""

    def input(self, t, check: bool = True) -> int:
        """Index of a tensor's value when it is not in this window yet (the slow path)."""
        v = t._v
        if v.win is self.win:
            return v.idx
        if v.lost or (t._rg == 2 and t._view is not None):
            # A view has no place of its own in a kept graph: it hangs on its storage's.
            return self._replay(t, check)
        if t._rg == 2 and v.win is not None:
            share_foreign(v, self.win)
        if v.buf is None:
            v = self.locate(t)
            if v.win is self.win:
                return v.idx
        if t._rg == 3 and check and self.grad:
            check_fresh(t)
        if t._rg == 0 and t._view is None and t._st is not None:
            idx = self.input_storage(t._st)  # another alias may be a leaf
        else:
            idx = self.read(v)
        if t._view is not None and t._view.counter is not None:
            self.count_apart(t, idx)
        if t._rg == 1:
            self.leaves[idx] = t
        elif t._rg == 2 and t._node is not None:
            self.nodes[idx] = t._node
        return idx

    def add_input(self, v: Lazy) -> int:
        """Registers a value in memory as an input of this window."""
        if v.win is self.win:
            return v.idx
        if v.error is not None:
            raise v.error
        k = len(self.inputs)
        idx = INPUT_BASE - k
        # Inputs that share memory must be known to the planner.
        first = self.in_bufs.setdefault(id(v.buf), k)
        self.in_key.append((v.meta, v.strides, first))
        self.inputs.append(v)
        v.win, v.idx = self.win, idx
        self.bytes += v.meta.nbytes
        if self.bytes > config.MAX_INPUT_BYTES:
            self.limit = 0
        return idx

    def add_inputs(self, values: list[Lazy]) -> list[int]:
        """`add_input` of many values."""
        win, inputs, in_key, first_of = self.win, self.inputs, self.in_key, self.in_bufs.setdefault
        k, nbytes, found = len(inputs), self.bytes, []
        for v in values:
            if v.win is not win:
                if v.error is not None:
                    raise v.error
                m = v.meta
                in_key.append((m, v.strides, first_of(id(v.buf), k)))
                inputs.append(v)
                nbytes += m.nbytes
                v.win, v.idx = win, INPUT_BASE - k
                k += 1
            found.append(v.idx)
        self.bytes = nbytes
        if nbytes > config.MAX_INPUT_BYTES:
            self.limit = 0
        return found

    def count_apart(self, t, idx: int) -> None:
        """Notes the version of a value that is read through .data."""
        counter = apart(t)
        if counter is not None:
            self.keys[idx] = (counter, counter.n)
            self.unseen = True

    def read(self, v: Lazy) -> int:
        """Index of the present content of a value in memory."""
        if v.win is self.win:
            return v.idx
        if v.kept or not exposed(v.buf):
            return self.add_input(v)
        self.outside = True
        # Memory that outsiders may write: take its content now.
        if v.meta.nbytes <= 1 << 14:
            return self.add_input(snapshot(v))
        idx = self.add_input(v)
        self.limit = 0
        return idx

    def locate(self, t) -> Lazy:
        """A value that has no memory and is not pending here: a view, or another thread's."""
        v = t._v
        if v.buf is not None:
            return v
        if v.error is not None:
            raise v.error
        st = t._st
        if self.levels and v.win is self.win:
            self.check_readable(v)
        if st is not None and t._view is not None:
            root = st._v
            foreign = root.win is not self.win or self.levels
            if root.win is not None and root.buf is None and foreign:
                materialize_foreign(root)
            if root.buf is not None:
                view = t._view
                contiguous = view.strides == row_major(v.meta.shape)
                t._v = Lazy(
                    v.meta, root.buf, root.addr + view.offset * v.meta.dtype.itemsize,
                    None if contiguous else view.strides,
                )  # fmt: skip
                t._v.root = root
                return t._v
            self._replay(t)
            return t._v
        materialize_foreign(v)
        return t._v

    def _replay(self, t, check: bool = False) -> int:
        """Records an alias's view ops again on its storage's current value."""
        st = t._st
        if check and self.grad:
            check_fresh(t)
        follow_base(t)
        unfit = not self.grad and stale(t)  # a later use with gradients is checked again
        region = OPS["region"]
        if st._v.strides is not None and any(op is region for op, _, _ in t._view.chain):
            return self._read_strided(t)
        if t._view.seen != counter_of(t).n and t._view.origin is None:
            # As in PyTorch it is a view of its root now; hooks were on what it was before.
            t._view.source = None
            if t._rg == 2:
                t._info = None
                t._view.seen = counter_of(t).n
        chain, m = t._view.chain, st._v.meta
        source = _source(t) if len(chain) < 64 else None
        if source is None:
            idx, rg = self.input_storage(st), st._rg == 2
            cut = flagged = rg  # cut: gradients end here, though the view requires grad
        else:
            idx = source._v.idx if source._v.win is self.win else self.input(source, False)
            chain = chain[len(source._view.chain) :]
            rg, cut, flagged = source._rg == 2, source._rg > 1, True
        for op, m, attrs in chain:
            if m.__class__ is Family:
                rg = cut = flagged = True
                idx, m = self._joined(m, idx, t), st._v.meta
                continue
            if op is None:
                flagged = m is not None
                if flagged and attrs is not None:  # the leaf is a part of what is read
                    whole, part = attrs
                    ins = (idx, self.input(m))
                    idx, cut = self._append((OPS["update"].grad_op, whole, part, *ins)), True
                elif m is False:
                    cut = True
                elif flagged:
                    idx, cut = self._leaf(m, st, idx), True
                else:
                    base = t._view.base
                    cut = cut or (base is not None and base.requires_grad)
                continue
            cut = cut and op.differentiable
            rg, flagged = cut and flagged, True
            idx = self._append((op.grad_op if rg else op, m, attrs, idx), t)
        root = st._v
        if not unfit and (root.buf is None or not exposed(root.buf)):
            t._v = self._lazy(m, idx)
        else:
            t._v = lost(m)  # outsiders may write there, say: every use reads it again
        if t._view.counter is not None:
            self.count_apart(t, idx)
        if rg:
            t._rg = 2
            self.retained = self.retained or t._retains_grad
            if t._info is not None:
                self.info[idx] = t._info
        elif t._rg == 1:
            self.leaves[idx] = t
        else:
            t._rg = 3 if cut or under_leaf(t._view) else 0
        return idx

    def _joined(self, family: Family, root: int, handle=None) -> int:
        """A memory's value with the graph of a family."""
        ghost = family.ghost
        m = ghost._v.meta
        root = self._append((OPS["detach"], m, None, root))
        idx = ghost._v.idx if ghost._v.win is self.win else self.input(ghost)
        return self._append((OPS["joined"].grad_op, m, None, root, idx), handle)

    def _read_strided(self, t) -> int:
        """Reads a region of an array's memory, whose elements are not in the order of the root."""
        if t._rg or t._st._rg:
            raise NotImplementedError(
                "gradients through as_strided() of a strided NumPy array are not implemented in "
                "numtorch; clone() the tensor first"
            )
        root, view, m = t._st._v, t._view, t._v.meta
        part = Lazy(m, root.buf, root.addr + view.offset * m.dtype.itemsize, view.strides)
        part.root = root
        idx = self.read(part)
        if view.counter is not None:
            self.count_apart(t, idx)
        return idx

    def _leaf(self, leaf, st: Storage, idx: int) -> int:
        """Index of a leaf that a view was taken of (it may have been given other memory since)."""
        if leaf._st is st:
            idx = leaf._v.idx if leaf._v.win is self.win else self.input(leaf)
        self.leaves[idx] = leaf
        return idx

    def input_storage(self, st, write: bool = False) -> int:
        """Index of a storage's (or lone tensor's) root value, with its graph.

        `write`: its memory is to be overwritten, so a copy will not do.
        """
        v = st._v
        if v.win is self.win:
            return v.idx
        if st._rg == 2 and v.win is not None:
            share_foreign(v, self.win)
        if v.buf is None:
            materialize_foreign(v)
        idx = self.add_input(v) if write else self.read(v)
        if st._rg == 2 and st._node is not None:
            self.nodes[idx] = st._node
        for ref in getattr(st, "aliases", ()):
            # The owner may be used directly later in this window.
            a = ref()
            if a is not None and a._rg == 1 and a._view is None:
                self.leaves[idx] = a
        return idx

    # -- new entries

    def _append(self, entry: tuple, handle=None) -> int:
        # Every entry has a handle of its own: how often it is referred to says if it is alive.
        idx = len(self.handles)
        self.entries.append(entry)
        self.handles.append(object() if handle is None else handle)
        return idx

    def _lazy(self, m: Meta, idx: int) -> Lazy:
        v = _new(Lazy)
        v.meta, v.win, v.idx = m, self.win, idx
        return v


def _source(t):
    """The nearest view that a view was made of, if it is still there and the same."""
    view = t._view
    if view.source is None or view.seen != counter_of(t).n:
        return None
    found = None
    while found is None and view.source is not None:
        ref, view = view.source
        found = ref()
    same = found is not None and found._view is view and found._st is t._st
    return found if same else None
