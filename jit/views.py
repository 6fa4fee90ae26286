"""What aliases of one memory share, how each sees it, and what a write through one of them means.

Views follow PyTorch's rules of which writes are refused: views made under no_grad and views that
came several at a time (split, unbind) may not be written while gradients are recorded.
"""

from __future__ import annotations

import weakref
from sys import getrefcount

from .meta import meta
from .ops import OPS
from .strides import row_major  # noqa: F401
from .values import lost

NO_GRAD = "no_grad"  # View.origin of views made while gradients were not recorded
# Steps of a chain. CUT: gradients end here; END: so they do, in a graph of what is made from here.
CUT, END = (None, None, None), (None, False, None)


class Counter:
    """Versions of .data and its views, which PyTorch counts apart."""

    __slots__ = ("n",)

    def __init__(self, n: int = 0):
        self.n = n


class Storage:
    """The cell that all aliases of one memory share: its current root value and version."""

    __slots__ = ("_v", "counter", "aliases", "room", "_rg", "_node", "_past", "__weakref__")

    def __init__(self, v):
        self._v, self.counter, self.aliases, self._rg, self._node = v, Counter(), [], 0, None
        self._past, self.room = None, 16  # History, once it was written; aliases before a look

    @property
    def version(self) -> int:
        return self.counter.n

    @version.setter
    def version(self, n: int) -> None:
        self.counter.n = n

    def add_alias(self, t) -> None:
        if len(self.aliases) >= self.room:
            self.aliases = [r for r in self.aliases if r() is not None]
            self.room = max(16, 2 * len(self.aliases))
        self.aliases.append(weakref.ref(t))


class View:
    """How an alias sees its storage: the steps from the root, and its layout.

    A step is (op, meta, attrs), or (None, leaf, None): here gradients end in that leaf, or CUT;
    (None, leaf, part): those of this part of the memory do; (None, Family, None): they go on in
    that family's graph.
    """

    __slots__ = ("chain", "offset", "strides", "counter", "origin", "seen", "base", "source")

    def __init__(self, chain: tuple, offset: int, strides: tuple[int, ...]):
        self.chain, self.offset, self.strides = chain, offset, strides
        self.counter = None  # .data: writes are counted here, not as versions of the storage
        self.origin = None  # NO_GRAD, or the op that made several views at once
        self.seen = 0  # the version when the view was made
        self.base = None  # the tensor that this is a differentiable view of, at the root
        self.source = None  # (weak reference, View) of the view that it was made of

    @property
    def differentiable(self) -> bool:
        """True if gradients pass from the root to the view."""
        return all(
            op.differentiable if op is not None else leaf is not None for op, leaf, _ in self.chain
        )


class Family:
    """The graph of a detached tensor and its views after a write that carries gradients.

    All aliases of a memory see one value, but each detached tensor has a history of its own.
    `ghost`: a result whose graph is that history; its value, the whole memory, is not looked at.
    """

    __slots__ = ("ghost",)

    def __init__(self):
        self.ghost = None


def family_of(t) -> Family | None:
    """The Family that an alias belongs to, if its gradients do not go on in the memory's graph."""
    chain = t._view.chain if t._view is not None else ()
    return chain[0][1] if chain and chain[0][1].__class__ is Family else None


def graph_of(t):
    """The tensor that has t's place in the graph: the ghost of a family for its base."""
    if t._view is None or len(t._view.chain) != 1:
        return t
    family = family_of(t)
    return t if family is None else family.ghost


def make_family(t) -> Family:
    """Gives a detached tensor and its views a history of their own."""
    base = t if t._view.base is None else t._view.base
    last, old = _last_detach(base._view.chain), base._view.chain
    family = Family()
    steps = (s for s in old[:last] if s[0] is not None and s[0].differentiable)
    head = ((None, family, None), *steps)
    for a in (r() for r in t._st.aliases):
        if a is base or (a is not None and a._view is not None and a._view.base is base):
            a._view.chain = head + a._view.chain[last + 1 :]
    base._view.source = None
    return family


def counter_of(t) -> Counter:
    """What counts the writes through a tensor that has a storage cell."""
    counter = t._view.counter if t._view is not None else None
    return t._st.counter if counter is None else counter


def version_of(t) -> int:
    """How often the memory of a tensor was written to."""
    return t._count if t._st is None else counter_of(t).n


def apart(t) -> Counter | None:
    """What counts the reads and writes of t, if the version of its memory does not."""
    counter = t._view.counter if t._view is not None else None
    return None if counter is None or counter is t._st.counter else counter


def mark(t, origin: str) -> None:
    """t is a view that PyTorch does not let be written while gradients are recorded."""
    t._view.origin, t._view.seen = origin, version_of(t)


def flag_of(t) -> int:
    """_rg of an alias after a write through another one, without recording anything."""
    view = t._view
    cut = flagged = rg = t._st._rg == 2
    for op, leaf, _ in view.chain:
        if leaf.__class__ is Family:
            rg = cut = flagged = True
        elif op is None:
            flagged = leaf is not None
            cut = flagged or cut or (view.base is not None and view.base.requires_grad)
        else:
            cut = cut and op.differentiable
            rg, flagged = cut and flagged, True
    return 2 if rg else 1 if t._rg == 1 else 3 if cut or under_leaf(view) else 0


def under_leaf(view: View) -> bool:
    """True for a view that requires grad as its base does, a leaf."""
    return view.base is not None and view.base._rg == 1


def flag_views(t) -> None:
    """Views that are no part of t's graph require grad when t does."""
    old, new = (0, 3) if t._rg else (3, 0)
    for a in (r() for r in t._st.aliases):
        if a is not None and a._rg == old and a._view is not None and a._view.base is t:
            a._rg = new
            if a._view.seen != counter_of(a).n:
                a._v = lost(a._v.meta)  # see follow_base


def _last_detach(chain: tuple) -> int:
    return max(k for k, (op, _, _) in enumerate(chain) if op is not None and not op.differentiable)


def follow_base(t) -> None:
    """A view whose base became a leaf is a view of that leaf once the memory was written.

    As in PyTorch, where gradients reach the base only then.
    """
    view = t._view
    base, n = view.base, counter_of(t).n
    if base is None or base._rg != 1 or view.origin is not None or view.seen == n or t._rg == 1:
        return
    head = base._view.chain if base._view is not None else ()
    k = len(head)
    if any(leaf is base for _, leaf, _ in view.chain[k:]):
        return
    below = len(view.chain) > k and all(a is b for a, b in zip(head, view.chain))
    steps = view.chain[k:] if below else ()
    if not all(op is not None and op.differentiable for op, _, _ in steps or (CUT,)):
        # The base was turned into a view of itself, or the region has a root of its own.
        steps = _region(t, base)
    if steps:
        view.chain = (*head, (None, base, None), *steps)
        view.source, view.seen = None, n
        t._v = lost(t._v.meta)


def _region(t, base) -> tuple:
    """Steps to the elements of t from a base whose elements lie without gaps; () if not in it."""
    m, view, shape = base._v.meta, t._view, t._v.meta.shape
    start = 0 if base._view is None else base._view.offset
    if m.order is None and base._view is not None and base._view.strides != row_major(m.shape):
        return ()
    last = view.offset + sum((n - 1) * s for n, s in zip(shape, view.strides))
    whole = start <= view.offset and last < start + m.numel
    if not whole or 0 in shape or t._v.meta.dtype is not m.dtype:
        return ()
    step = (OPS["region"], t._v.meta, (shape, view.strides, view.offset - start))
    if m.order is None:
        return (step,)
    rows = meta(tuple(m.shape[d] for d in m.order), m.dtype)  # the elements as they lie in memory
    return (OPS["permute"], rows, (m.order,)), step


_HELD_ALONE = 4  # references: the tape's, the list's, the loop's, the argument


def rebase(t, held: dict) -> bool:
    """Drops the detach() that t's family starts with, if nobody sees the memory from before it.

    Then a write through t may carry gradients: no other graph is there to keep. `held`: tensors
    that the tape holds; nobody else does if these are all their references.
    """
    st, chain = t._st, t._view.chain
    last = _last_detach(chain)
    head = chain[: last + 1]
    if any(op is not None and op.differentiable for op, _, _ in head):
        return False
    alive = [a for a in (r() for r in st.aliases) if a is not None]
    ours = set(map(id, held.values()))
    alive = [a for a in alive if id(a) not in ours or getrefcount(a) > _HELD_ALONE]
    base = t if t._view.base is None else t._view.base
    if any(a is not base and (a._view is None or a._view.base is not base) for a in alive):
        return False
    for a in alive:
        a._view.chain = a._view.chain[last + 1 :]
    return True


_MODES = (
    "Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your "
    "code by moving both the view and the inplace either both inside the no_grad block (if you "
    "don't want the inplace to be tracked) or both outside (if you want the inplace to be tracked)."
)
_SEVERAL = (
    "This view is the output of a function that returns multiple views. Such functions do not "
    "allow the output views to be modified inplace. You should replace the inplace operation by an "
    "out-of-place one."
)


def refuse(view: View, indirect: bool) -> RuntimeError:
    """PyTorch's error for a write to such a view, or for its use after its base was written."""
    what = (
        "its base or another view of its base has been modified inplace"
        if indirect else "is being modified inplace"
    )  # fmt: skip
    if view.origin == NO_GRAD:
        return RuntimeError(
            f"A view was created in no_grad mode and {what} with grad mode enabled. {_MODES}"
        )
    return RuntimeError(
        f"Output 0 of {view.origin} is a view and {what}. {_SEVERAL}"
    )


def stale(t) -> bool:
    """True for a view with an origin that requires grad and whose base was written since."""
    view = t._view
    if view.origin is None or version_of(t) == view.seen:
        return False
    return t._rg == 2 or view.base.requires_grad


def check_fresh(t) -> None:
    """Raises for a view whose use PyTorch refuses since its base was written."""
    if stale(t):
        raise refuse(t._view, True)


def check_write(t, value_rg: bool) -> None:
    """PyTorch's refusals of a write while gradients are recorded."""
    view, own = t._view, t.requires_grad
    if not (own or value_rg):
        return
    if view is not None:
        if view.origin is not None:
            raise refuse(view, False)
        ends = any(op is None and m.__class__ is not Family for op, m, _ in view.chain)
        if own and (ends or (view.base is not None and view.base._rg == 1)):
            raise RuntimeError(
                "a view of a leaf Variable that requires grad is being used in an in-place "
                "operation."
            )
    if t._rg == 1:
        raise RuntimeError(
            "a leaf Variable that requires grad is being used in an in-place operation."
        )


def overlaps_itself(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    """True if two indices surely name one place: PyTorch looks for expanded dims only."""
    return 0 not in shape and any(s == 0 and n > 1 for s, n in zip(strides, shape))


def _dense(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    n = 1
    for stride, size in sorted((s, k) for k, s in zip(shape, strides) if k != 1):
        if stride != n:
            return False
        n *= size
    return True


OVERLAP = (
    "unsupported operation: some elements of the input tensor and the written-to tensor refer to a "
    "single memory location. Please clone() the tensor before performing the operation."
)


def check_overlap(t, x, whole: bool = False) -> None:
    """RuntimeError if t, which is written, shares some places with the operand x.

    As in PyTorch only tensors without gaps are looked at. `whole`: nor may they be the same region.
    """
    if t is x:
        if whole:
            raise RuntimeError(OVERLAP)
        return
    if t._st is None or t._st is not x._st:
        return
    (sa, sb), (ta, tb) = (t._v.meta.shape, x._v.meta.shape), (t._strides(), x._strides())
    na, nb = t._v.meta.numel, x._v.meta.numel
    if not na or not nb or not _dense(sa, ta) or not _dense(sb, tb):
        return
    oa, ob = t.storage_offset(), x.storage_offset()
    same = oa == ob and na == nb and ta == tb
    if (whole or not same) and oa < ob + nb and ob < oa + na:
        raise RuntimeError(OVERLAP)
