"""What is kept of recorded ops of older windows: enough to record them again."""

from __future__ import annotations

from collections import OrderedDict

from .ops.table import GradOp
from .record import (
    LINK,
    Lazy,
)  # fmt: skip


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
