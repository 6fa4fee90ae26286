"""Fusion: grouping nodes into units, each of which becomes one kernel.

A group has a full space (the loop axes: the dims of size > 1 of its widest values, in order) and,
once it holds a reduction, a set K of reduced axes. Its values are full (all axes) or rows (the axes
that are not reduced). Row groups may alternate reductions and full stages (softmax, layer norm);
column groups (the innermost axis is kept) and split groups reduce once.
"""

from __future__ import annotations

import heapq
import itertools

from . import config
from .ir import Graph, Node, Value
from .passes.layout import Layout, Map
from .passes.simplify import is_compute
from .sym import expr_of, prod

# Nodes without a unit: literals and indices are written where they are read.
VIRTUAL = ("const", "iota")
MAX_NODES = 128
MAX_SOURCES = 40
# Units beside a node that read the same value (a weight, say) are looked at, the newest first.
MAX_NEIGHBOURS = 16
# Columns that a row kernel adds up on its way, in scratch of each thread, and rows of a block.
MAX_CROSS = 8192
MAX_CROSS_ROWS = 1024


class Unit:
    """A kernel to be: a group of fused nodes, or one opaque node."""

    def __init__(self, index: int):
        self.index = index
        self.bit = 1 << index
        self.alive = True  # not merged into another
        self.nodes: list[Node] = []
        self.axes: tuple[int, ...] = ()
        self.reduced: tuple[int, ...] | None = None
        self.mode = "map"  # map, row, col, split, opaque
        self.labels: dict[Value, tuple[int | None, ...]] = {}
        self.after_reduce: set[Value] = set()  # values that depend on a reduction of this unit
        self.split: tuple | None = None  # (dims, block, axis) of a split group
        self.cross: list[Node] = []  # partial sums over the rows of a row group
        self.deps: set[Unit] = set()
        self.dependents: set[Unit] = set()
        self.ancestors = 0  # bit per unit that must run before
        self.reads: set[Value] = set()
        self.homes: dict[Node, int] = {}  # assign copies: node -> input whose memory they fill

    @property
    def opaque(self) -> bool:
        return self.mode == "opaque"

    @property
    def rows(self) -> tuple[int, ...]:
        """Axes that are not reduced."""
        return tuple(a for a in range(len(self.axes)) if a not in (self.reduced or ()))

    def __repr__(self) -> str:
        return f"<{self.mode} {'+'.join(n.op.name for n in self.nodes)}>"


def wide_dims(shape) -> list[int]:
    """The dims that are loop axes."""
    return [d for d, n in enumerate(shape) if not n == 1]


def _same_sizes(a, b) -> bool:
    return len(a) == len(b) and all(x is y or x == y for x, y in zip(a, b))


class Fuser:
    """Greedy grouping in execution order; `units` comes out in an order that can run."""

    def __init__(self, graph: Graph, layout: Layout, homes: dict[Node, int], aliases: list[int]):
        self.graph, self.layout = graph, layout
        self.homes, self.aliases = homes, aliases
        self.units: list[Unit] = []
        self.unit_of: dict[Value, Unit] = {}
        self.readers: dict[Value, dict[Unit, set]] = {}  # and where in the value they start
        self.fuel = config.fuse_limit
        self.members: dict[Node, Unit] = {}
        self.made = 0  # units so far, merged ones too
        self.position: dict[Node, int] = {}

    def run(self) -> list[Unit]:
        self.position = {n: i for i, n in enumerate(self.graph.nodes)}
        late = [n for n in self.graph.nodes if n in self.homes]
        for node in self.graph.nodes:
            if node.op.kind == "movement" or node in self.homes or node.op.name in VIRTUAL:
                continue
            if is_compute(node):
                self._place(node)
            else:
                self._new_unit(node, opaque=True)
        for node in late:
            self._place_home(node)
        return self._ordered()

    # -- placing

    def _place(self, node: Node) -> None:
        candidates = self._candidates(node)
        unit = next((u for u in candidates if self._may_join(u, node)), None)
        if unit is None:
            self._new_unit(node, opaque=False)
            return
        self._join(unit, node)
        for other in candidates:
            if other is not unit and other.alive and not other.opaque:
                if any(self.unit_of.get(self._inner(v)) is other for v in node.inputs):
                    unit = self._merge(other, unit) or unit

    def _inner(self, v: Value) -> Value:
        return self.layout.of(v)[0]

    def _candidates(self, node: Node) -> list[Unit]:
        found: list[Unit] = []
        for v in node.inputs:
            u = self.unit_of.get(self._inner(v))
            if u is not None and not u.opaque and u not in found:
                found.append(u)
        found.sort(key=lambda u: -u.index)
        for v in node.inputs:
            if wide_dims(node.out.shape) and not wide_dims(self._inner(v).shape):
                continue  # nothing is won by reading one number once
            source, m = self.layout.of(v)
            at = expr_of(m.offset)
            near = reversed(self.readers.get(source, {}).items())
            for u, starts in itertools.islice(near, MAX_NEIGHBOURS):
                # Parts of one memory (what split gives) are not the same value.
                if u.alive and not u.opaque and at in starts and u not in found:
                    found.append(u)
        return found

    def _new_unit(self, node: Node, opaque: bool) -> Unit:
        unit = Unit(self.made)
        self.made += 1
        self.units.append(unit)
        if opaque:
            unit.mode = "opaque"
        else:
            wide = node.inputs[0].shape if node.op.kind == "reduce" else node.out.shape
            unit.axes = tuple(wide[d] for d in wide_dims(wide))
        self._join(unit, node, force=True)
        return unit

    def _join(self, unit: Unit, node: Node, force: bool = False) -> None:
        if not force and self.fuel > 0:
            self.fuel -= 1
        if not unit.opaque:
            add_node(unit, node, self.layout)
        else:
            unit.nodes.append(node)
        self.members[node] = unit
        for v in node.inputs[1:] if "home" in node.attrs else node.inputs:
            source, m = self.layout.of(v)
            owner = self.unit_of.get(source)
            if owner is not unit:
                self._read(unit, source, owner, {expr_of(m.offset)})
        for v in node.outputs:
            self.unit_of[v] = unit

    def _read(self, unit: Unit, source: Value, owner: Unit | None, starts: set) -> None:
        unit.reads.add(source)
        self._add_reader(source, unit, starts)
        if owner is not None:
            self._depend(unit, owner)

    def _add_reader(self, source: Value, unit: Unit, starts: set) -> None:
        # The newest reader comes last.
        found = self.readers.setdefault(source, {})
        found[unit] = found.pop(unit, set()) | starts

    def _depend(self, unit: Unit, on: Unit) -> None:
        unit.deps.add(on)
        on.dependents.add(unit)
        _inherit(unit, on.ancestors | on.bit)

    def _may_join(self, unit: Unit, node: Node) -> bool:
        if self.fuel == 0 or len(unit.nodes) + len(unit.cross) >= MAX_NODES:
            return False
        sources = {self._inner(v) for v in node.inputs}
        for source in sources:
            owner = self.unit_of.get(source)
            if owner is not None and owner is not unit and owner.ancestors & unit.bit:
                return False
        if len(unit.reads | sources) > MAX_SOURCES:
            return False
        return fits(unit, node, self.layout)

    def _merge(self, a: Unit, b: Unit) -> Unit | None:
        """Makes one unit of two, if nothing has to run between them."""
        if self.fuel == 0 or len(a.nodes) + len(b.nodes) > MAX_NODES:
            return None
        for first, last in ((a, b), (b, a)):
            if any(u is not last and u.bit & last.ancestors for u in first.dependents):
                return None
        if not _same_sizes(a.axes, b.axes) or len(a.reads | b.reads) > MAX_SOURCES:
            return None
        trial = Unit(b.index)
        trial.axes = b.axes
        every = a.nodes + a.cross + b.nodes + b.cross
        for node in sorted(every, key=self.position.__getitem__):
            if not fits(trial, node, self.layout):
                return None
            add_node(trial, node, self.layout)
        self._absorb(a, b, trial)
        return b

    def _absorb(self, a: Unit, b: Unit, trial: Unit) -> None:
        for name in ("nodes", "labels", "reduced", "mode", "split", "after_reduce", "cross"):
            setattr(b, name, getattr(trial, name))
        self.units.remove(a)
        a.alive = False
        for node in a.nodes + a.cross:
            self.members[node] = b
            for v in node.outputs:
                self.unit_of[v] = b
        b.reads |= a.reads
        b.reads = {v for v in b.reads if self.unit_of.get(v) is not b}
        for source in a.reads:
            self._add_reader(source, b, self.readers[source][a])
        for u in a.dependents:
            u.deps.discard(a)
            u.deps.add(b)
        for u in a.deps:
            u.dependents.discard(a)
            u.dependents.add(b)
        b.deps = (b.deps | a.deps) - {a, b}
        b.dependents = (b.dependents | a.dependents) - {a, b}
        # The bit of a stays with those that depend on it: nothing else has it.
        b.ancestors = (b.ancestors | a.ancestors) & ~a.bit & ~b.bit
        for u in b.dependents:
            _inherit(u, b.ancestors | b.bit)
        if self.fuel > 0:
            self.fuel -= 1

    # -- assignments to memory that a tensor owns

    def _place_home(self, node: Node) -> None:
        k = self.homes[node]
        touching = self._memory_readers(k)
        if node.op.name == "update":
            unit = self._new_unit(node, opaque=True)
            # Updates of one memory run in program order.
            touching += [u for n, u in self.members.items() if self.homes.get(n) == k]
            for u in touching:
                if u is not unit and u not in unit.deps:
                    self._depend(unit, u)
            return
        unit = self.unit_of.get(self._inner(node.inputs[0]))
        if (
            unit is None or unit.opaque or not self._may_join(unit, node)
            or any(u is not unit and u.ancestors & unit.bit for u in touching)
            or not self._same_index_reads(unit, node, k)
        ):  # fmt: skip
            unit = self._new_unit(node, opaque=False)
        else:
            self._join(unit, node)
        unit.homes[node] = k
        for u in touching:
            if u is not unit:
                self._depend(unit, u)

    def _memory_readers(self, k: int) -> list[Unit]:
        """Units that read the memory of input k, through whichever input."""
        group = self.aliases[k]
        found = []
        for j, first in enumerate(self.aliases):
            if first == group:
                for u in self.readers.get(self.graph.inputs[j], ()):
                    if u.alive and u not in found:
                        found.append(u)
        return found

    def _same_index_reads(self, unit: Unit, node: Node, k: int) -> bool:
        """True if the unit reads the memory it would overwrite only at the element it writes."""
        target = self.layout.of(self.graph.inputs[k])[1]
        full = tuple(range(len(unit.axes)))
        stored = per_axis(target, node.out.shape, _node_labels(unit, node), full)
        for n in unit.nodes:
            for v in n.inputs:
                source, m = self.layout.of(v)
                if source.node is not None or source.index >= len(self.aliases):
                    continue  # computed, or a run-time scalar
                if self.aliases[source.index] != self.aliases[k]:
                    continue
                if source.index != k or n.op.kind == "gather" or m.guards:
                    return False
                labels = aligned(unit, n, v)
                if not (m.offset == target.offset and _same_sizes(
                    per_axis(m, v.shape, labels, full), stored
                )):  # fmt: skip
                    return False
        return True

    def _ordered(self) -> list[Unit]:
        """Units in an order that respects all dependencies, close to the program's order."""
        last = {u: max(self.position[n] for n in u.nodes + u.cross) for u in self.units}
        missing = {u: len(u.deps) for u in self.units}
        ready = [(last[u], u.index, u) for u in self.units if not u.deps]
        heapq.heapify(ready)
        order = []
        while ready:
            unit = heapq.heappop(ready)[2]
            order.append(unit)
            for u in unit.dependents:
                missing[u] -= 1
                if not missing[u]:
                    heapq.heappush(ready, (last[u], u.index, u))
        if len(order) < len(self.units):
            raise AssertionError("units depend on each other in a circle")
        return order


def _inherit(unit: Unit, gained: int) -> None:
    """Adds to the ancestors of a unit, and of all that depend on it."""
    stack = [unit]
    while stack:
        u = stack.pop()
        if gained & ~u.ancestors:
            u.ancestors |= gained
            stack.extend(u.dependents)


# ---------------------------------------------------------------- rules of a group


def in_group(unit: Unit, v: Value) -> tuple[int | None, ...] | None:
    """Labels of an operand that is computed in the unit (through dims of size 1), or None."""
    if v in unit.labels:
        return unit.labels[v]
    node = v.node
    if node is None or node.op.kind != "movement":
        return None
    if node.op.name == "expand":
        inner = in_group(unit, node.inputs[0])
        if inner is None:
            return None
        return (None,) * (len(v.shape) - len(inner)) + inner
    if node.op.name == "detach":
        return in_group(unit, node.inputs[0])
    if node.op.name == "reshape":
        inner = in_group(unit, node.inputs[0])
        x = node.inputs[0]
        if inner is None:
            return None
        a, b = wide_dims(x.shape), wide_dims(v.shape)
        if not _same_sizes([x.shape[d] for d in a], [v.shape[d] for d in b]):
            return None
        labels: list[int | None] = [None] * len(v.shape)
        for p, q in zip(a, b):
            labels[q] = inner[p]
        return tuple(labels)
    return None


def _full_labels(unit: Unit, shape, axes) -> tuple[int | None, ...] | None:
    """Labels of a shape whose wide dims are the given axes in order, or None."""
    dims = wide_dims(shape)
    if not _same_sizes([shape[d] for d in dims], [unit.axes[a] for a in axes]):
        return None
    labels: list[int | None] = [None] * len(shape)
    for d, a in zip(dims, axes):
        labels[d] = a
    return tuple(labels)


def _agree(outer, inner) -> bool:
    """True if an operand's labels, aligned at the right, are those of the result."""
    pairs = zip(reversed(outer), reversed(inner))
    return all(b is None or a == b for a, b in pairs)


def fits(unit: Unit, node: Node, layout: Layout) -> bool:
    """True if the node can be computed inside the unit's loops."""
    if unit.cross and any(layout.of(v)[0].node in unit.cross for v in node.inputs):
        return False
    if node.op.kind == "reduce":
        return _fits_reduce(unit, node, layout) or _crosses(unit, node, layout)
    labels = _node_labels(unit, node)
    if labels is None:
        return False
    late = False
    for i, v in enumerate(node.inputs):
        source = layout.of(v)[0]
        if source not in unit.labels:
            continue
        inner = in_group(unit, v)
        if inner is None or not _agree(labels, inner) or (node.op.kind == "gather" and i == 0):
            return False
        late = late or source in unit.after_reduce
    if late and unit.mode == "split":
        return False
    full = sum(a is not None for a in labels) == len(unit.axes) and unit.reduced
    return not (late and unit.mode == "col" and full)


def _node_labels(unit: Unit, node: Node):
    shape = node.out.shape
    labels = _full_labels(unit, shape, range(len(unit.axes)))
    if labels is None and unit.reduced is not None and unit.mode != "split":
        labels = _full_labels(unit, shape, unit.rows)
        if labels is not None and not any(
            layout_source in unit.after_reduce for layout_source in _sources(node)
        ):
            return None  # rows that depend on no reduction of this unit gain nothing here
    return labels


def _sources(node: Node):
    for v in node.inputs:
        while v.node is not None and v.node.op.kind == "movement":
            v = v.node.inputs[0]
        yield v


def _reduce_axes(labels, node: Node) -> tuple[int, ...]:
    return tuple(labels[d] for d in node.attrs["dims"] if labels[d] is not None)


def _fits_reduce(unit: Unit, node: Node, layout: Layout) -> bool:
    x = node.inputs[0]
    labels = in_group(unit, x)
    source = layout.of(x)[0]
    if source in unit.labels and labels is None:
        return False
    expected = _full_labels(unit, x.shape, range(len(unit.axes)))
    if expected is None or (labels is not None and not _agree(expected, labels)):
        return False
    axes = tuple(sorted(_reduce_axes(expected, node)))
    if unit.reduced is not None and axes != unit.reduced:
        return False
    if node.op.name == "partial":
        key = (node.attrs["dims"], node.attrs["block"])
        return unit.reduced is None or (unit.split is not None and _same_split(unit.split, key))
    if unit.mode in ("split", "col") and (unit.mode == "split" or source in unit.after_reduce):
        return False
    return True


def _crosses(unit: Unit, node: Node, layout: Layout) -> bool:
    """True if the node adds up, by blocks of rows, what a row group computes along the rows."""
    x = node.inputs[0]
    last = len(unit.axes) - 1
    if (
        node.op.name != "partial" or node.attrs["combine"] != "sum" or unit.mode != "row"
        or unit.reduced != (last,) or x.dtype.short not in ("f32", "f64") or unit.homes
    ):  # fmt: skip
        return False
    labels, full = in_group(unit, x), _full_labels(unit, x.shape, range(len(unit.axes)))
    if labels is None or full is None or not _agree(full, labels) or None in labels:
        return False
    if tuple(sorted(_reduce_axes(full, node))) != unit.rows or not unit.axes[last] <= MAX_CROSS:
        return False
    if not node.attrs["block"] * prod(unit.axes[1:last]) <= MAX_CROSS_ROWS:
        return False  # the sum of a block has the operand's precision
    return all(_same_split(_block_of(n), _block_of(node)) for n in unit.cross)


def _block_of(node: Node) -> tuple:
    return node.attrs["dims"], node.attrs["block"]


def _same_split(a, b) -> bool:
    return a[0] == b[0] and a[1] == b[1]


def add_node(unit: Unit, node: Node, layout: Layout) -> None:
    """Adds a node that fits: sets its labels and, for a reduction, the unit's mode."""
    if node.op.name == "partial" and _crosses(unit, node, layout):
        unit.cross.append(node)
        return
    late = any(layout.of(v)[0] in unit.after_reduce for v in node.inputs)
    unit.nodes.append(node)
    if node.op.kind != "reduce":
        labels = _node_labels(unit, node)
        unit.labels[node.out] = labels
        if late:
            unit.after_reduce.add(node.out)
        return
    x = node.inputs[0]
    labels = _full_labels(unit, x.shape, range(len(unit.axes)))
    reduced = _reduce_axes(labels, node)
    unit.labels[node.out] = tuple(
        None if d in node.attrs["dims"] else a for d, a in enumerate(labels)
    )
    unit.after_reduce.add(node.out)
    if unit.reduced is None:
        unit.reduced = tuple(sorted(reduced))
        inner_kept = bool(unit.axes) and (len(unit.axes) - 1) not in reduced
        unit.mode = "col" if inner_kept and reduced else "row"
    if node.op.name == "partial":
        unit.mode = "split"
        first = node.attrs["dims"][0]
        unit.split = (node.attrs["dims"], node.attrs["block"], labels[first])
        # The partial results lie along the split axis, one per block.
        own = list(unit.labels[node.out])
        own[first] = labels[first]
        unit.labels[node.out] = tuple(own)


def aligned(unit: Unit, node: Node, v: Value) -> tuple[int | None, ...]:
    """Labels of an operand's dims when it is loaded for a node of the unit."""
    if node.op.kind == "reduce":
        return _full_labels(unit, v.shape, range(len(unit.axes)))
    labels = unit.labels[node.out]
    lead = len(labels) - len(v.shape)
    return tuple(None if v.shape[d] == 1 else labels[lead + d] for d in range(len(v.shape)))


def per_axis(m: Map | tuple, shape, labels, axes) -> list[int]:
    """Strides (or guard coefficients) by loop axis instead of by dim."""
    strides = m.strides if isinstance(m, Map) else m
    out = [0] * len(axes)
    for d, a in enumerate(labels):
        if a is not None:
            out[a] = out[a] + strides[d]
    return out


