"""From the tape's entries to a Graph: rows become nodes, composites and backward are expanded."""

from __future__ import annotations

from . import dtypes
from .entries import row_at
from .ir import Graph, Type, Value
from .meta import Meta
from .ops import OPS
from .ops import build as B
from .ops.table import GradOp
from .passes.autodiff import gradients
from .passes.batching import batch, effect_of
from .record import BACKWARD, GIVEN, INPUT_BASE, LINK, LOST, RESULT, SCALAR_KIND
from .strides import inverse, turned
from .sym import Sym


class Lowering:
    """Builds the graph of one trace.

    With `symbolic`, each distinct size above 1 becomes a Sym named after its place in `sizes`, so
    that the plan made from the graph can serve other sizes.
    """

    def __init__(self, entries: tuple, in_key: tuple, symbolic: bool = True):
        self.entries, self.in_key = entries, in_key
        self.symbolic = symbolic
        self.graph = Graph()
        self.graph.given, self.graph.given_out = {}, {}
        self.sizes: dict[int, Sym] = {}
        self.values: list[Value | list[Value]] = []
        self.inputs: list[Value] = []  # as they lie in memory
        self.seen: list[Value] = []  # as entries see them
        self.scalars: list[Value] = []
        self.stores: list[Value] = []  # assignments that no entry stands for: optimizer steps

    def size(self, n: int) -> int:
        """The Sym of a size; sizes 0 and 1 stay literal."""
        if n <= 1 or not self.symbolic:
            return n
        s = self.sizes.get(n)
        if s is None:
            s = self.sizes[n] = Sym(n, f"s{len(self.sizes)}")
        return s

    def shape(self, m: Meta) -> tuple[int, ...]:
        return tuple(self.size(n) for n in m.shape)

    def run(self) -> Graph:
        for k, (m, strides, _first) in enumerate(self.in_key):
            shape, order = self.shape(m), m.order if strides is None else None
            inside = shape if order is None else turned(shape, order)
            v = self.graph.add_input(Type(inside, m.dtype), f"in{k}")
            self.inputs.append(v)
            if order is not None:
                v = B.emit("permute", v, dims=inverse(order))
            self.seen.append(v)
        for entry in self.entries:
            # All sizes in the order in which the plan cache finds them, used by a node or not.
            for m in entry[1] if entry[1].__class__ is tuple else entry[1:2]:
                self.shape(m)
        if any(map(effect_of, self.entries)):
            self.graph.levels = {}
        stops = _stops(self.entries)
        for k, entry in enumerate(self.entries):
            before = len(self.graph.nodes)
            self.values.append(self._entry(entry))
            if k in stops:
                self._own_value(k, before)
            for node in self.graph.nodes[before:]:
                node.loc = k
        if self.graph.levels is not None:
            self._batch()
        return self.graph

    def _batch(self) -> None:
        new = batch(self.graph)
        self.values = [
            [new.get(x, x) for x in v] if isinstance(v, list) else new.get(v, v)
            for v in self.values
        ]
        self.stores = [new.get(v, v) for v in self.stores]

    def _own_value(self, k: int, before: int) -> None:
        # Where gradients stop there must be a value that is no other entry's too.
        v = self.values[k]
        if isinstance(v, Value) and (v.node is None or v.node not in self.graph.nodes[before:]):
            if self._given_value(k) is v:
                return
            with B.grad_flags(True):
                self.values[k] = B.emit("copy", v)

    def _given_value(self, k: int) -> Value | None:
        op, _, attrs = self.entries[k][:3]
        row = op.op if op.__class__ is GradOp else op
        if row is LINK:
            return self.operand(self.entries[k][4])
        return self.operand(attrs[2]) if row is GIVEN and attrs[2] is not None else None

    def operand(self, i: int) -> Value:
        """The value of an index; a scalar index takes the next scalar."""
        if i >= 0:
            v = self.values[i]
            return v[0] if isinstance(v, list) else v
        if i <= INPUT_BASE:
            return self.seen[INPUT_BASE - i]
        kind = SCALAR_KIND[i]
        k = len(self.scalars)
        v = self.graph.add_input(Type((), dtypes.weak_dtype(kind), kind), f"scalar{k}")
        self.scalars.append(v)
        return v

    def _attrs(self, op, m: Meta, attrs: tuple | None) -> dict:
        named = dict(zip(op.attr_names, attrs or ()))
        if "shape" in named and tuple(named["shape"]) == m.shape:
            named["shape"] = self.shape(m)
        return named

    def _entry(self, entry: tuple):
        op, m, attrs = entry[:3]
        grad = op.__class__ is GradOp
        row = op.op if grad else op
        if row is BACKWARD:
            return self._backward(attrs, entry[3:])
        if row is RESULT:
            return self.values[entry[3]][attrs]
        if row is LINK:
            self._link(self.operand(entry[3]), self.operand(entry[4]))
            return self.operand(entry[4])
        if row is GIVEN:
            return self._given(m, attrs, entry[3:])
        if row is LOST:
            return self._lost(m)
        if row.kind == "step":
            return self._step(row, attrs, entry[3:])
        ins = [self.operand(i) for i in entry[3:]]
        named = self._attrs(row, m, attrs)
        if row.name == "detach":
            return self._detach(ins[0])
        if row.name == "select" and named["index"]:
            n = ins[0].shape[named["dim"]]
            if named["index"] == int(n) - 1:
                named["index"] = n - 1  # the last one, however many there are
        with B.grad_flags(grad):
            if row.name in ("iota", "const") or not ins:
                raise AssertionError(f"{row.name} is not recorded")
            if m.order is not None and row.kind == "elementwise":
                return self._as_stored(row, ins, named, m)
            if m.order is not None and row.name == "assign":
                new = B.emit("permute", ins[1], dims=m.order)
                out = B.emit_recorded(row, [unturned(ins[0], m.order), new], named, m.dtype)
                return B.emit("permute", out, dims=inverse(m.order))
            return B.emit_recorded(row, ins, named, m.dtype)

    def _as_stored(self, row, ins: list[Value], named: dict, m: Meta) -> Value:
        """A pointwise op over the elements in the order in which its result lies in memory."""
        shape = self.shape(m)
        inside = [
            v if v.type.weak else B.emit("permute", B.expand(v, shape), dims=m.order) for v in ins
        ]  # fmt: skip
        out = B.emit_recorded(row, inside, named, m.dtype)
        return B.emit("permute", out, dims=inverse(m.order))

    def stored(self, k: int) -> Value:
        """An entry's result as it lies in memory."""
        v, m = self.values[k], self.entries[k][1]
        v = v[0] if isinstance(v, list) else v
        m = m[0] if m.__class__ is tuple else m
        return v if m.order is None else unturned(v, m.order)

    def _detach(self, v: Value) -> Value:
        t = Type(v.shape, v.dtype)
        return self.graph.add(OPS["detach"], [v], {}, [t], False).out

    def _step(self, row, attrs: tuple, operands: tuple) -> None:
        # See ops/optim.py: scalars, then `width` tensors per parameter.
        width, flags = attrs
        count = sum(1 for i in operands if -5 < i < 0)
        ins = [self.operand(i) for i in operands]
        scalars, tensors = ins[:count], ins[count:]
        with B.grad_flags(False):
            for k in range(0, len(tensors), width):
                p, g, *states = tensors[k : k + width]
                for old, new in zip((p, *states), row.build(p, g, states, scalars, *flags)):
                    new = B.cast(new, old.dtype)
                    if old.op == "permute":  # of a parameter that is not row-major
                        order = inverse(old.node.attrs["dims"])
                        new, old = unturned(new, order), unturned(old, order)
                    self.stores.append(B.emit("assign", old, new))

    def _backward(self, attrs: tuple, operands: tuple):
        targets, create, stops, levels = attrs if len(attrs) > 2 else (*attrs, (), ())
        values = [None if i is None else self.operand(i) for i in operands]
        (root, seed), *more = zip(values[::2], values[1::2])
        return gradients(
            self.graph, root, seed, [self.operand(t) for t in targets], create, tuple(more),
            frozenset(self.operand(i) for i in stops), sum(1 << (n - 1) for n in levels),
        )  # fmt: skip

    def _given(self, m: Meta, attrs: tuple, ins: tuple) -> Value:
        # A forward op of an older window, recorded again: its value may be in memory.
        op, op_attrs, known = attrs
        grad = op.__class__ is GradOp
        row = op.op if grad else op
        values = [self.operand(i) for i in ins]
        if row.name == "function":
            # Gradients end here: its backward is Python.
            return self.operand(known) if known is not None else self._lost(m)
        if row.name == "detach":
            out = self._detach(values[0])
        else:
            with B.grad_flags(grad):
                out = B.emit_recorded(row, values, self._attrs(row, m, op_attrs), m.dtype)
        if known is None:
            return out
        v = self.operand(known)
        if grad:
            self._link(out, v)  # of several backwards the latest one recorded what it needs
        return v

    def _lost(self, m: Meta) -> Value:
        # A value that was overwritten or freed since; nothing reads it (`_Again` saw to that).
        return B.zeros(self.graph, self.shape(m), m.dtype)

    def _link(self, computed: Value, known: Value) -> None:
        """Gradients of `known`, a value in memory, go to the node that computes it again."""
        with B.grad_flags(True):
            out = B.emit("copy", computed)
        self.graph.given[known] = out
        # Gradients read the result that is in memory: its operands may be overwritten since.
        self.graph.given_out[out] = self.graph.given_out[computed] = known


def unturned(v: Value, order: tuple[int, ...]) -> Value:
    """A value as it lies in memory (gradients do not see that): what it was permuted from."""
    if v.op == "permute" and tuple(v.node.attrs["dims"]) == inverse(order):
        return v.node.inputs[0]
    return B.emit("permute", v, dims=order)


def _stops(entries: tuple) -> set[int]:
    """All entries at which some backward stops."""
    found: set[int] = set()
    for e in entries:
        if row_at(e) is BACKWARD and len(e[2]) > 2:
            found.update(e[2][2])
    return found
