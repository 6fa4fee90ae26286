"""backward() on the tape.

While the forward pass is on the tape, backward is one more entry. When a flush came in between,
what was kept of it (past.py) is recorded again.
"""

from __future__ import annotations

import functools
from collections import OrderedDict

from . import dtypes
from .ir import Graph, Type, live_nodes
from .kept import OWN, changed
from .meta import meta
from .ops import OPS
from .ops import build as B
from .ops.table import GradOp
from .passes.autodiff import gradients as derivatives
from .record import (
    BACKWARD,
    BACKWARD_GRAD,
    GIVEN,
    INPUT_BASE,
    LINK,
    LOST,
    RESULT,
    RESULT_GRAD,
    SCALAR_KIND,
    Lazy,
    Tape,
    gone,
    overwritten,
)  # fmt: skip
from .saved import known_value, own_operand, renew, row_of, writer  # noqa: F401
from .views import version_of


class Info:
    """Python in the backward of one value: hooks on its gradient, or the Function that made it."""

    __slots__ = ("hooks", "after", "function", "output", "stack", "node")

    def __init__(self):
        self.hooks: dict = OrderedDict()  # on the gradient, by handle
        self.after: dict = OrderedDict()  # on a leaf, when its .grad has been added to
        self.function, self.output = None, 0  # a Function and which of its results this is
        self.stack = None  # where the op was recorded, in anomaly mode
        self.node = None  # what grad_fn gave out


class Node:
    """One recorded op of an older window: enough to record it again."""

    __slots__ = (
        "op", "meta", "attrs", "ins", "val", "freed", "owner", "wrote", "info", "token",
        "place", "replaced", "at", "key", "store", "kept", "__weakref__",
    )  # fmt: skip

    def __init__(self, op, m, attrs, ins, val):
        self.op, self.meta, self.attrs, self.ins, self.val = op, m, attrs, ins, val
        self.freed = False
        self.owner = None  # weak reference to a tensor that retains its gradient
        self.info = self.token = None  # the latter: which window it is of
        self.place = None  # weak reference to the Kept of its value
        self.wrote = False  # its result was stored over its operand
        self.replaced = False  # its value was overwritten before it got memory
        self.at = None  # the memory that the result was written to: a Lazy, and its View or layout
        self.store = False  # it puts its operand in the memory of a tensor
        self.kept = None  # the Group of its call
        self.key = None  # what counts its version, if not its memory: a Counter, and its number

    @property
    def row(self):
        return self.op.op if self.op.__class__ is GradOp else self.op

    @property
    def flagged(self) -> bool:
        """True if gradients pass it."""
        return self.op.__class__ is GradOp or self.op is LINK


class Keyed:
    """A value in memory that was read through .data, whose version is counted apart."""

    __slots__ = ("value", "key")

    def __init__(self, value: Lazy, key: tuple):
        self.value, self.key = value, key


class Apart:
    """A value with a graph, read by what no gradient passes; `place`: weak, its Kept."""

    __slots__ = ("value", "place")

    def __init__(self, value: Lazy, place):
        self.value, self.place = value, place


class Lost:
    """A value that was freed with its graph; only its type is known."""

    __slots__ = ("meta",)

    def __init__(self, m):
        self.meta = m


class Scalar:
    """A run-time scalar of a recorded op."""

    __slots__ = ("index", "value")

    def __init__(self, index: int, value):
        self.index, self.value = index, value


TWICE = (
    "Trying to backward through the graph a second time (or directly access saved tensors after "
    "they have already been freed). Saved intermediate values of the graph are freed when you call "
    ".backward() or autograd.grad(). Specify retain_graph=True if you need to backward through the "
    "graph a second time or if you need to access saved tensors after calling backward."
)


# ---------------------------------------------------------------- what a gradient needs


@functools.lru_cache(maxsize=4096)
def _saved(op, out, operands: tuple, attrs: tuple | None, wants: tuple) -> frozenset:
    """Which values the op's gradient reads: operand positions, and -1 for the result.

    `wants` says which operands the gradient is wanted for. Found by building it on a scratch graph.
    """
    graph = Graph()
    graph.given, graph.given_out = {}, {}
    types = [
        Type((), dtypes.weak_dtype(m), m) if isinstance(m, str) else Type(m.shape, m.dtype)
        for m in operands
    ]
    ins = [graph.add_input(t) for t in types]
    targets = [v for v, w in zip(ins, wants) if w and not v.type.weak and v.dtype.differentiable]
    named = dict(zip(op.attr_names, attrs or ()))
    refused = op.no_gradient(operands, attrs) if op.no_gradient is not None else None
    if refused is not None and all(p in refused[0] for p, w in enumerate(wants) if w):
        return frozenset()  # no backward comes to what it reads
    result = g = None
    if op.kind == "composite":
        with B.grad_flags(True):
            result = op.build(*ins, **named)
        g = graph.add_input(Type(out.shape, out.dtype))
        parts = derivatives(graph, result, g, targets, False)
    elif op.vjp is not None:
        result = graph.add_input(Type(out.shape, out.dtype))
        g = graph.add_input(Type(out.shape, out.dtype))
        with B.grad_flags(False):
            parts = op.vjp(g, result, *ins, **named)
        parts = [p for p, v in zip(parts, ins) if p is not None and v in targets]
    else:
        return frozenset()
    used = {v for node in live_nodes(graph, parts) for v in node.inputs} | set(parts)
    found = [i for i, v in enumerate(ins) if v in used]
    return frozenset(found + ([-1] if result in used and op.kind != "composite" else []))


def saved_by(tape: Tape, op, m, attrs, ins: tuple) -> frozenset:
    """Which of an op's operands its gradient reads, as positions (-1: its own result)."""
    if not hasattr(op, "vjp"):
        return frozenset()
    operands = []
    for i in ins:
        if i >= 0:
            operands.append(tape.entries[i][1])
        elif i <= INPUT_BASE:
            operands.append(tape.inputs[INPUT_BASE - i].meta)
        else:
            operands.append(SCALAR_KIND[i])
    return saved_values(op, m, attrs, tuple(operands), [_wants(tape, i) for i in ins])


def saved_values(op, m, attrs, operands: tuple, wants: list[bool]) -> frozenset:
    """`_saved`; as in PyTorch the gradient of a lone operand counts as wanted in any case.

    Where gradients reach no operand, it was a view made under no_grad that requires one.
    """
    tensors = [not isinstance(x, str) for x in operands]
    lone = sum(tensors) == 1 or not any(wants)
    return _saved(op, m, operands, attrs, tuple(tensors if lone else wants))


def _wants(tape: Tape, i: int) -> bool:
    """True if gradients go on through a value."""
    if i in tape.leaves or i in tape.nodes:
        return True
    if i < 0:
        return False
    e = tape.entries[i]
    return (e[2][0] if e[0] is GIVEN else e[0]).__class__ is GradOp or e[0] is LINK


# ---------------------------------------------------------------- backward


class Walk:
    """The entries and inputs that a set of roots depends on through gradients."""

    def __init__(self, tape: Tape):
        self.tape = tape
        self.own = len(tape.entries)  # where older graphs that are recorded again begin
        self.needed: set[int] = set()
        self.inputs: list[int] = []
        self.nodes: dict[int, Node] = {}  # what was recorded again and may be something else now
        self.again: dict[int, int] = {}  # id of a Node -> its place
        self.errors: dict[int, Exception] = {}  # what can't be differentiated
        self.only: set[int] | None = None  # what leads to the targets; None: everything
        self.before: set[int] = set()  # what was needed before it was recorded again for
        self.moved: dict[int, list[int]] = {}  # its gradients; old places -> new ones

    def order(self, k: int) -> tuple[bool, int]:
        """Sorts entries as they were recorded: those of older windows come first."""
        return k < self.own, k

    def run(self, root: int) -> None:
        """Marks everything flagged below `root` (newest first)."""
        needed = self.needed
        if root <= INPUT_BASE:
            if root not in needed:
                needed.add(root)
                self.inputs.append(root)
            return
        entries = self.tape.entries
        needed.add(root)
        k = low = root  # what is below `low` was there before, with all below it
        while k >= low:
            if k in needed:
                e = entries[k]
                if e[0].__class__ is GradOp or e[0] is GIVEN or e[0] is LINK:
                    for i in self._operands(e):
                        if i not in needed and (i >= 0 or i <= INPUT_BASE):
                            needed.add(i)
                            if i < 0:
                                self.inputs.append(i)
                            elif i < low:
                                low = i
            k -= 1

    @staticmethod
    def _operands(e: tuple):
        if e[0] is GIVEN and e[2][0].__class__ is not GradOp:
            return ()
        return _inputs_of(e)


def reach(tape: Tape, roots: list[int]) -> Walk:
    """All entries below the roots; graphs of older windows are recorded again when reached."""
    walk = Walk(tape)
    for root in roots:
        walk.run(root)
    done: set[int] = set()
    again = _Again(tape)
    while True:
        todo = [i for i in walk.inputs if i in tape.nodes and i not in done]
        if not todo:
            walk.nodes, walk.again, walk.errors = again.nodes, again.memo, again.errors
            return walk
        for i in todo:
            done.add(i)
            k = again.record(tape.nodes[i].node, known=i)
            if k in again.errors and i in walk.needed:
                again.errors[i] = again.errors[k]
            walk.run(k)


class _Again:
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
            spent = node.freed and _saves(node)
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
            attrs, rest = _with_indices(node.attrs, ins)
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


def stale_text(m, op: str | None = None) -> str:
    """PyTorch's message for a saved value that was overwritten in place."""
    what = f"[torch.{m.dtype.tensor_type} {list(m.shape)}]"
    tail = f", which is output 0 of {op}," if op else ""
    return (
        "one of the variables needed for gradient computation has been modified by an inplace "
        f"operation: {what}{tail} is at version 1; expected version 0 instead. Hint: enable "
        "anomaly detection to find the operation that failed to compute its gradient, with "
        "torch.autograd.set_detect_anomaly(True, check_nan=False)."
    )


def leading(tape: Tape, walk: Walk, targets: set[int]) -> set[int]:
    """What lies between the roots and some of the values below them, without the latter."""
    found = {i for i in targets if i in walk.needed}
    leads: set[int] = set()
    order = sorted(k for k in walk.needed if k >= 0)
    while True:
        before = len(found)
        for k in order:
            e = tape.entries[k]
            if any(i in found for i in _inputs_of(e)):
                found.add(k)
                leads.add(k)
            known = known_value(e)
            if known is not None and k in found:
                found.add(known)
                if k in leads:
                    leads.add(known)
        if len(found) == before:
            return leads


def check_usable(tape: Tape, walk: Walk) -> None:
    """Raises PyTorch's errors for a graph that is freed or whose saved values were overwritten.

    The error is that of the op that backward comes to first; its entry is the error's `place`.
    """
    place = max(unusable := dict(_unusable(tape, walk)), key=walk.order, default=None)
    if place is not None:
        error = unusable[place]
        error.place = place
        raise error


def _unusable(tape: Tape, walk: Walk):
    """The errors of a graph, by entry."""
    needed = walk.needed if walk.only is None else walk.only
    for k, error in walk.errors.items():
        if k in needed:
            yield k, error
    freed, writers = tape.freed, tape.writers or tape.keys or tape.moved
    if not freed and not writers and not tape.refusing:
        return
    for k in needed:
        if k < 0 or k in walk.errors:
            continue
        e = tape.entries[k]
        op, attrs = e[0], e[2]
        if op is GIVEN:
            op, attrs, _ = attrs
        if op.__class__ is not GradOp:
            continue
        if getattr(op.op, "no_gradient", None) is not None:
            error = _underivable(tape, op.op, e, attrs)
            if error is not None:
                yield k, error
                continue
        group = tape.kept.get(k)
        if unpacks(tape, k) and k not in freed:
            continue  # what hooks return is not what the version tells of
        if group is not None:
            saved, found = group, changed(tape, group) if writers else None
        else:
            own = getattr(op.op, "saves", None)
            saved = saved_by(tape, op.op, e[1], attrs, e[3:]) if own is None else own
            node = walk.nodes.get(k)
            own = node is not None and node.wrote
            found = _overwritten(tape, k, e, saved, own) if writers else None
        if k in freed and saved:
            yield k, RuntimeError(TWICE)
        elif found is not None:
            i, j = found
            m = tape.inputs[INPUT_BASE - i].meta if i < 0 else tape.entries[i][1]
            # A result is named after its own op, an operand after what wrote it.
            yield k, RuntimeError(stale_text(m, _writer(tape, k if i == k else j)))


def _underivable(tape: Tape, op, e: tuple, attrs) -> Exception | None:
    """The error of an op without a derivative, where one of its operands asks for it."""
    metas = [tape.inputs[INPUT_BASE - i].meta if i <= INPUT_BASE else
             tape.entries[i][1] if i >= 0 else None for i in e[3:]]  # fmt: skip
    positions, error = op.no_gradient(metas, attrs) or ((), None)
    return error if any(_wants(tape, e[3 + p]) for p in positions if 3 + p < len(e)) else None


def _overwritten(tape: Tape, k: int, e: tuple, saved, own: bool) -> tuple[int, int] | None:
    """(a value that entry k saves and that was overwritten, what wrote it), or None.

    `own`: the entry is an older in-place op.
    """
    for p in saved:
        if p is None:
            continue
        i = k if p == -1 else e[3 + p]
        j = writer(tape, i)
        # An in-place op keeps its first operand as it was, but not the others.
        if j is not None and not (p == 0 and (own or own_operand(tape, k, j))):
            return i, j
    return None


def unpacks(tape: Tape, k: int) -> bool:
    """True for an op whose gradient reads what hooks on saved tensors return."""
    return _packed(tape.info.get(k))


def _packed(info: Info | None) -> bool:
    return info is not None and getattr(info.function, "unpacks", False)


def _writer(tape: Tape, k: int) -> str | None:
    """PyTorch's name of the op whose result was written, if gradients pass it."""
    if k < 0:
        return None
    e = tape.entries[k]
    if e[0] is GIVEN and e[2][0].__class__ is GradOp:
        return grad_name(e[2][0].op.name).removesuffix("Backward0")
    if e[0].__class__ is not GradOp:
        return None
    if e[0].op in (OPS["cast"], OPS["copy"]) and e[3] >= 0:
        return _writer(tape, e[3])
    return grad_name(e[0].op.name).removesuffix("Backward0")


def grad_name(op: str) -> str:
    """AddBackward0 for add."""
    return "".join(p.capitalize() for p in op.split("_")) + "Backward0"


def gradients(
    tape: Tape, roots: list[tuple[int, int | None]], targets: list[int], create_graph: bool,
    stops: tuple[int, ...] = (),
) -> list[int]:
    """Appends the backward entry; returns the indices of the gradients of the targets.

    roots: (value, its gradient; None for 1). Gradients do not go through the `stops`.
    """
    entries = tape.entries

    def m_of(i: int):
        return entries[i][1] if i >= 0 else tape.inputs[INPUT_BASE - i].meta

    back, result = (BACKWARD_GRAD, RESULT_GRAD) if create_graph else (BACKWARD, RESULT)
    metas = [meta(m_of(t).shape, m_of(t).dtype) for t in targets]
    attrs = (tuple(targets), create_graph)
    if len(roots) > 1 or stops or tape.levels:
        attrs += (stops, tuple(level.number for level in tape.levels))
    first = tape._append((back, metas[0], attrs, *(i for pair in roots for i in pair)))
    return [first] + [
        tape._append((result, m, j, first)) for j, m in enumerate(metas[1:], 1)
    ]


# ---------------------------------------------------------------- entries


def _row(entry: tuple):
    return entry[0].op if entry[0].__class__ is GradOp else entry[0]


_FUNCTION = OPS["function"]


def _inputs_of(e: tuple):
    row = e[0].op if e[0].__class__ is GradOp else e[0]
    if row is BACKWARD:
        return [i for i in _operands_of_backward(e) if i is not None]
    if row is LINK:
        return e[3:4]
    if row is _FUNCTION:
        return e[4:]
    return e[3:]


def _operands_of_backward(e: tuple) -> list:
    """Targets, stops, then pairs of root and seed."""
    return [*e[2][0], *(e[2][2] if len(e[2]) > 2 else ()), *e[3:]]


def _with_indices(attrs: tuple, ins: list) -> tuple[tuple, list]:
    """(attributes, pairs) of a backward entry whose operands are recorded again as `ins`."""
    a = len(attrs[0])
    if len(attrs) == 2:
        return (tuple(ins[:a]), attrs[1]), ins[a:]
    b = a + len(attrs[2])
    return (tuple(ins[:a]), attrs[1], tuple(ins[a:b]), *attrs[3:]), ins[b:]


def release(tape: Tape, walk: Walk) -> None:
    """Frees the graph after a backward that does not retain it."""
    only = walk.only
    needed = (*walk.needed, *walk.before) if only is None else only
    tape.freed.update(k for k in needed if k >= 0)
    tape.freed.update(k for i, k in tape.partners.items() if i in needed)
    tape.releases += (len(tape.entries),)
    for k, info in tape.info.items():
        if info.function is not None and k in walk.needed:
            info.function.release()
    for i in walk.inputs:
        kept = tape.nodes.get(i)
        if kept is not None and (only is None or i in only):
            free_nodes(kept.node, None if only is None else (walk.again, only))
            kept.past.freed = {*kept.past.freed, kept.index}


def free_nodes(root: Node, part: tuple | None = None) -> None:
    """Marks a kept graph as freed and drops what it holds; `part`: places, and those it is for."""
    stack = [root]
    while stack:
        node = stack.pop()
        if node.freed or (part is not None and part[0].get(id(node)) not in part[1]):
            continue
        node.freed = True
        stack.extend(x for x in node.ins if x.__class__ is Node and x.flagged)
        node.ins, node.val = tuple(map(_dropped, node.ins)), None


def _dropped(x):
    """An operand of a freed node without its value: ops that saved none may be passed again.

    What no gradient passes (a detached value, say) may lead to graphs that are not freed.
    """
    if x.__class__ is Node:
        return x if x.flagged else Lost(x.meta)
    if x.__class__ is tuple:
        return x if x[1].__class__ is Node else (x[0], Lost(x[1].meta), None)
    if x.__class__ in (Keyed, Apart):
        x = x.value
    return Lost(x.meta) if x.__class__ is Lazy else x


def _saves(node: Node) -> bool:
    """True if the gradient of a node reads any value."""
    if node.op.__class__ is not GradOp or not hasattr(node.row, "saves"):
        return node.op.__class__ is GradOp
    if node.kept is not None:
        return node.kept.any
    if node.row.saves is not None:
        return bool(node.row.saves)
    metas, wants = [], []
    for x in node.ins:
        v = x[1] if x.__class__ is tuple else x
        metas.append(SCALAR_KIND[v.index] if v.__class__ is Scalar else v.meta)
        wants.append(x.__class__ is tuple or (v.__class__ is Node and v.op.__class__ is GradOp))
    return bool(saved_values(node.row, node.meta, node.attrs, tuple(metas), wants))


