"""The loop nest of a unit: what is loaded and stored, by which index, with axes merged.

An `Access` has one coefficient per loop axis. Neighbouring axes over which every access lies evenly
become one axis, so a contiguous 4-D chain runs as one flat loop. Coefficients and extents stay
sizes (possibly symbolic): the kernel's source depends on structure only.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .fuse import Unit, aligned, per_axis
from .ir import Node, Value
from .ops.tensor_ops import contiguous_strides
from .passes.layout import Guard, Layout, Map


@dataclass(eq=False)
class Access:
    """An index linear in the loop axes: offset + sum(coefs[a] * i[a])."""

    offset: int
    coefs: list[int]
    guards: list[Guard] = field(default_factory=list)
    fill: float = 0.0
    source: Value | None = None

    def key(self) -> tuple:
        return tuple(id_of(c) for c in (self.offset, *self.coefs))


def id_of(n: int) -> str:
    from .sym import expr_of

    return expr_of(n)


@dataclass(eq=False)
class Store:
    """One output of a kernel: a value, and where it goes."""

    value: Value
    access: Access
    row: bool
    key: tuple  # the buffer

    @property
    def foreign(self) -> bool:
        """True if it fills memory that values of the same kernel may have been read from."""
        return self.key != ("v", self.value)


@dataclass(eq=False)
class Target:
    """Where a value is stored: a buffer (None: its own), and a region of it."""

    key: tuple | None = None
    strides: tuple[int, ...] | None = None
    offset: int = 0


class Nest:
    """Axes after merging, the kept (rows) and reduced ones, and every access."""

    def __init__(self, unit: Unit, layout: Layout):
        self.unit, self.layout = unit, layout
        self.extents = list(unit.axes)
        self.reduced = set(unit.reduced or ())
        self.loads: dict[tuple[Node, int], Access] = {}
        self.indices: dict[Node, Access] = {}  # iota, random, argmax: linear index
        self.stores: list[Store] = []
        self.accesses: list[Access] = []
        self.split_axis = unit.split[2] if unit.split else 0 if unit.cross else None
        self.cross_stores: list[Store] = []

    def collect(self, stored: dict[Value, Target]) -> None:
        """`stored` maps values to where they go (Target)."""
        unit, axes = self.unit, range(len(self.extents))
        for node in unit.nodes + unit.cross:
            self._collect_node(node, axes)
        for node in unit.cross:
            self._collect_cross(node, axes)
        for v, target in stored.items():
            labels = unit.labels[v]
            strides = target.strides or contiguous_strides(v.shape)
            access = Access(target.offset, per_axis(tuple(strides), v.shape, labels, axes))
            row = v.op == "partial" or (
                unit.reduced is not None
                and not any(a in self.reduced for a in labels if a is not None)
                and (v in unit.after_reduce or not unit.reduced)
            )
            self._add(access)
            self.stores.append(Store(v, access, row, target.key or ("v", v)))

    def _collect_cross(self, node: Node, axes) -> None:
        # One partial sum for each block of the first axis, side by side along the last.
        v, (first, last) = node.out, (axes[0], axes[-1])
        strides = contiguous_strides(v.shape)
        at = {first: strides[node.attrs["dims"][0]], last: strides[-1]}
        access = Access(0, [at.get(a, 0) for a in axes])
        self._add(access)
        self.cross_stores.append(Store(v, access, False, ("v", v)))

    def _collect_node(self, node: Node, axes) -> None:
        unit = self.unit
        if node.op.kind == "generator":
            strides = contiguous_strides(node.out.shape)
            self._index(node, strides, node.out.shape, unit.labels[node.out], axes)
        elif node.op.result == "index" and node.op.kind == "reduce":
            x = node.inputs[0]
            inner = [n if d in node.attrs["dims"] else 1 for d, n in enumerate(x.shape)]
            strides = [
                s if d in node.attrs["dims"] else 0 for d, s in enumerate(contiguous_strides(inner))
            ]
            self._index(node, tuple(strides), x.shape, aligned(unit, node, x), axes)
        for i, v in enumerate(node.inputs):
            if v.type.weak or (v.node is not None and v.node.op.name == "const"):
                continue
            source, m = self.layout.of(v)
            if source in unit.labels:
                continue
            if source.node is not None and source.node.op.name == "const" and not m.guards:
                continue
            labels = aligned(unit, node, v)
            if node.op.kind == "gather" and i == 0:
                d = node.attrs["dim"]
                labels = tuple(None if j == d else a for j, a in enumerate(unit.labels[node.out]))
            self.loads[node, i] = self._load(source, m, v.shape, labels, axes)

    def _load(self, source: Value, m: Map, shape, labels, axes) -> Access:
        guards = [
            Guard(g.const, tuple(per_axis(g.coefs, shape, labels, axes)), g.size, g.div, g.stride)
            for g in m.guards
        ]
        access = Access(m.offset, per_axis(m, shape, labels, axes), guards, m.fill, source)
        self._add(access)
        return access

    def _index(self, node: Node, strides, shape, labels, axes) -> None:
        access = self.indices[node] = Access(0, per_axis(strides, shape, labels, axes))
        self._add(access)

    def _add(self, access: Access) -> None:
        self.accesses.append(access)

    # -- merging

    def merge(self) -> None:
        """Joins axis a+1 into a wherever all accesses allow it."""
        a = len(self.extents) - 2
        while a >= 0:
            if self._mergeable(a):
                self._fuse_axes(a)
            a -= 1

    def _mergeable(self, a: int) -> bool:
        if (a in self.reduced) != (a + 1 in self.reduced):
            return False
        if self.split_axis in (a, a + 1):
            return False
        inner = self.extents[a + 1]
        for x in self.accesses:
            if not x.coefs[a] == x.coefs[a + 1] * inner:
                return False
            for g in x.guards:
                if not (g.coefs[a] == 0 and g.coefs[a + 1] == 0):
                    return False
        return True

    def _fuse_axes(self, a: int) -> None:
        self.extents[a : a + 2] = [self.extents[a] * self.extents[a + 1]]
        for x in self.accesses:
            del x.coefs[a]
            for i, g in enumerate(x.guards):
                coefs = list(g.coefs)
                del coefs[a]
                x.guards[i] = Guard(g.const, tuple(coefs), g.size, g.div, g.stride)
        shift = {b: (b if b <= a else b - 1) for b in range(len(self.extents) + 1)}
        self.reduced = {shift[b] for b in self.reduced}
        if self.split_axis is not None:
            self.split_axis = shift[self.split_axis]

    @property
    def rows(self) -> list[int]:
        return [a for a in range(len(self.extents)) if a not in self.reduced]
