"""The compiler's pipeline as one function: trace -> graph -> passes -> units -> kernels.

`compile_trace` lists the stages in order; `trace_stages` collects their text for explain.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from . import config
from .codegen import Emitter, Kernel
from .fuse import VIRTUAL, Fuser, Unit
from .ir import Graph, Node, Value, to_text, verify
from .loops import Target
from .lower import Lowering
from .opaque import needs_copy, opaque_kernels
from .ops import OPS
from .ops import build as B
from .ops.table import GradOp
from .passes import simplify
from .passes.grouping import group_results, picked_values
from .passes.layout import Layout, is_contiguous
from .sym import collect_guards

# Replaced by explain with a list that receives (stage, text).
stages: list[tuple[str, str]] | None = None
units_seen: list[Unit] | None = None


@dataclass
class Program:
    """What a trace compiles to, before it is bound to sizes and memory."""

    graph: Graph
    kernels: list[Kernel]
    inputs: list[Value]
    scalars: list[Value]
    outputs: list[tuple[int, str, object]]  # (entry, "own" | "home", value | input number)
    sizes: dict[int, object]
    guards: list[str] = field(default_factory=list)


def compile_trace(entries: tuple, in_key: tuple, wanted: list[int], symbolic=True) -> Program:
    """Plans the computation of the entries in `wanted` (and what they overwrite)."""
    with collect_guards() as guards:
        low = Lowering(entries, in_key, symbolic)
        graph = low.run()
        state = _State(graph, low, in_key, wanted)
        _show("lowered", graph)
        state.assignments()
        state.dce()
        state.rewrite(simplify.expand_late)
        state.rewrite(simplify.turned_back)
        state.rewrite(simplify.common_subexpressions)
        state.rewrite(picked_values)
        state.rewrite(simplify.decompose)
        state.dce()
        state.rewrite(group_results)
        _show("simplified", graph)
        layout = state.layouts()
        state.claim_outputs(layout)
        state.opaque_operands(layout)
        state.dce()
        _show("legalized", graph)
        units = Fuser(graph, layout, state.homes, [f for _, _, f in in_key]).run()
        if units_seen is not None:
            units_seen.extend(units)
        if config.debug >= 3:
            from .explain import describe

            print("\n".join(f"[numtorch] {describe(u)}" for u in units), flush=True)
        kernels = generate(graph, units, layout, state, in_key)
    return Program(
        graph, kernels, low.inputs, low.scalars, state.outputs(), low.sizes, guards.guards
    )


def _show(stage: str, graph: Graph) -> None:
    if config.verify or stages is not None:
        verify(graph, stage)
    if stages is not None:
        stages.append((stage, to_text(graph, header=stage)))
    if config.debug >= 5:
        print(to_text(graph, header=stage), flush=True)


class _State:
    """The graph on its way, with the values that must come out of it."""

    def __init__(self, graph: Graph, low: Lowering, in_key: tuple, wanted: list[int]):
        self.graph, self.low, self.in_key = graph, low, in_key
        with B.grad_flags(False):
            self.wanted: dict[int, Value] = {i: low.stored(i) for i in wanted}
        self.homes: dict[Node, int] = {}  # copies into memory that a tensor owns
        self.home_of: dict[int, int] = {}  # entry -> input
        self.alias_out: dict[int, Value] = {}  # entry -> value whose buffer it is

    def keep(self) -> list[Value]:
        return [*self.wanted.values(), *(n.out for n in self.homes)]

    def dce(self) -> None:
        simplify.dead_code(self.graph, self.keep())

    def rewrite(self, rule) -> None:
        """Runs a pass that returns replaced values, and follows them."""
        mapping = rule(self.graph)
        for i, v in self.wanted.items():
            while v in mapping:
                v = mapping[v]
            self.wanted[i] = v

    def assignments(self) -> None:
        """assign(old, new): readers read `new`; the last one of a live tensor fills its memory."""
        root: dict[Value, Value] = {}
        mapping: dict[Value, Value] = {}
        nodes, self.graph.nodes = self.graph.nodes, []
        for node in nodes:
            # What an assignment overwrites stays as it is.
            kept = 1 if node.op.name == "assign" else 0
            ins = node.inputs
            node.inputs = ins[:kept] + [mapping.get(v, v) for v in ins[kept:]]
            if node.op.name == "assign":
                old, new = node.inputs
                root[node.out] = root.get(old, old)
                mapping[node.out] = new
            else:
                self.graph.nodes.append(node)
        late, last = [], self._last_assignments()
        for i, v in self.wanted.items():
            if i in last:
                late.append((i, root[v], mapping[v]))
        late += [(None, root[v], mapping[v]) for v in self.low.stores]
        uses = self.graph.uses()
        for i, home, new in late:
            chain = self._update_chain(home, new, uses)
            if chain:
                self._update_in_place(chain, home.index)
            else:
                with B.grad_flags(False):
                    if _is_input_view(new):
                        new = B.emit("copy", new)
                    # The attribute keeps it apart from other copies of the same value.
                    where = {"into": home.index}
                    stored = self.graph.add(OPS["copy"], [new], where, [new.type], False)
                self.homes[stored] = home.index
            if i is not None:
                self.home_of[i] = home.index
                del self.wanted[i]
        for i, v in self.wanted.items():
            self.wanted[i] = mapping.get(v, v)

    def _last_assignments(self) -> set[int]:
        """The entries whose value a home has in the end (others may have the same value)."""
        found = {}
        for k, e in enumerate(self.low.entries):
            if (e[0].op if e[0].__class__ is GradOp else e[0]) is OPS["assign"]:
                found[k] = e[3]
        return found.keys() - found.values()

    def _update_chain(self, home: Value, new: Value, uses) -> list[Node]:
        """The region updates that lead from a home's old value to its new one, if nothing else
        reads what is between."""
        chain, v = [], new
        if self.in_key[home.index][1] is not None or new in self.wanted.values():
            return []
        while v.op == "update" and len(uses.get(v, ())) == (1 if chain else 0):
            chain.append(v.node)
            v = v.node.inputs[0]
        return chain[::-1] if v is home else []

    def _update_in_place(self, chain: list[Node], home: int) -> None:
        """Region updates that store straight into the memory of an input, after its readers."""
        for node in chain:
            self.graph.nodes.remove(node)
            if _is_input_view(node.inputs[1]):
                with B.grad_flags(False):
                    node.inputs[1] = B.emit("copy", node.inputs[1])
            node.attrs = {**node.attrs, "home": home}
            self.graph.nodes.append(node)
            self.homes[node] = home

    def layouts(self) -> Layout:
        strides = {
            self.graph.inputs[k]: s for k, (_, s, _) in enumerate(self.in_key) if s is not None
        }
        layout = Layout(strides)
        layout.resolve(self.graph)
        return layout

    def claim_outputs(self, layout: Layout) -> None:
        """Gives each output a buffer of its own: its producer's, or a copy."""
        claimed: set[Value] = set()
        for i, v in self.wanted.items():
            source, m = layout.of(v)
            fit = (
                source.node is not None and not source.type.weak
                and source.node.op.name not in VIRTUAL and source not in claimed
                and is_contiguous(m, v.shape) and _numel(source) == _numel(v)
                and source.node not in self.homes
            )  # fmt: skip
            if not fit:
                with B.grad_flags(False):
                    source = B.emit("copy", v)
            claimed.add(source)
            self.wanted[i] = self.alias_out[i] = source

    def opaque_operands(self, layout: Layout) -> None:
        """Opaque kernels read plain strided memory: anything else is copied first."""
        nodes, self.graph.nodes = self.graph.nodes, []
        for node in nodes:
            if node.op.kind in ("opaque", "host"):
                for j, v in enumerate(node.inputs):
                    if needs_copy(node, j, layout):
                        with B.grad_flags(False):
                            node.inputs[j] = B.emit("copy", v)
            self.graph.nodes.append(node)

    def outputs(self) -> list[tuple[int, str, object]]:
        found = [(i, "own", v) for i, v in self.alias_out.items()]
        return found + [(i, "home", k) for i, k in self.home_of.items()]


def _numel(v: Value) -> int:
    from .sym import prod

    return prod(v.shape)


def _is_input_view(v: Value) -> bool:
    while v.node is not None and v.node.op.kind == "movement":
        v = v.node.inputs[0]
    return v.node is None


def _merge_again(unit: Unit, needed: set[Value]) -> None:
    """What is computed `after` something, to be kept no longer, in a kernel that has it anyway."""
    if not any(n.op.name == "after" for n in unit.nodes):
        return
    mapping: dict[Value, Value] = {}
    seen: dict[tuple, Node] = {}
    kept = []
    for node in unit.nodes:
        node.inputs = [mapping.get(v, v) for v in node.inputs]
        if node in unit.homes or node.out in needed or node in unit.cross:
            kept.append(node)
        elif node.op.name == "after":
            mapping[node.out] = node.inputs[0]
        else:
            first = seen.setdefault(simplify.node_key(node.op, node.inputs, node.attrs), node)
            if first is node:
                kept.append(node)
            else:
                mapping[node.out] = first.out
    unit.nodes = kept


def generate(graph: Graph, units: list[Unit], layout: Layout, state, in_key) -> list[Kernel]:
    """Kernels of the units, in order."""
    needed: set[Value] = set(state.alias_out.values())
    for unit in units:
        needed |= unit.reads
        if unit.opaque:
            needed |= {v for n in unit.nodes for v in n.outputs}
    kernels = []
    for unit in units:
        if unit.opaque:
            kernels.extend(opaque_kernels(unit.nodes[0], layout))
            continue
        _merge_again(unit, needed)
        stored: dict[Value, Target] = {}
        for node in unit.nodes:
            if node in unit.homes:
                k = unit.homes[node]
                strides = in_key[k][1]
                home = graph.inputs[k]
                if strides is not None:
                    strides = layout.of(home)[1].strides
                stored[node.out] = Target(("v", home), strides)
            elif node.out in needed:
                stored[node.out] = Target()
        if stored or unit.cross:
            kernels.append(Emitter(unit, layout, stored).emit())
    return kernels
