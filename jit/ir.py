"""The graph IR: values, nodes, blocks; its text form, parser and verifier.

    graph(%x: f32[64, 128], %s: f32) {
      %0: f32[64, 128] = mul(%x, %s)
      %1: f32[64, 1] = sum(%0) {dims=(1,)}
      return %1
    }

Every pass maps a Graph to a Graph. Nodes may have several results and nested blocks.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable

from . import dtypes
from .dtypes import DType


class Type:
    """Shape and dtype of a value. `weak` is the kind of a Python scalar (b, i, f, c) or None."""

    __slots__ = ("shape", "dtype", "weak")

    def __init__(self, shape: tuple[int, ...], dtype: DType, weak: str | None = None):
        self.shape, self.dtype, self.weak = tuple(shape), dtype, weak

    def __repr__(self) -> str:
        if self.weak:
            return f"{self.dtype.short}*"
        dims = f"[{', '.join(str(int(s)) for s in self.shape)}]" if self.shape else ""
        return f"{self.dtype.short}{dims}"

    def __eq__(self, other) -> bool:
        return (
            isinstance(other, Type)
            and self.shape == other.shape
            and self.dtype is other.dtype
            and self.weak == other.weak
        )

    __hash__ = None


class Value:
    """One result of a node, or an input of a block (then `node` is None)."""

    __slots__ = ("node", "index", "type", "graph", "name")

    def __init__(self, graph: Graph, type: Type, node: Node | None = None, index: int = 0):
        self.graph, self.type, self.node, self.index = graph, type, node, index
        self.name = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.type.shape

    @property
    def dtype(self) -> DType:
        return self.type.dtype

    @property
    def op(self) -> str | None:
        return self.node.op.name if self.node is not None else None

    def __repr__(self) -> str:
        return f"<{self.type} from {self.op or 'input'}>"


class Node:
    """An operation: op row, operands, attributes, results. `grad` marks what autodiff may enter."""

    __slots__ = ("op", "inputs", "attrs", "outputs", "blocks", "grad", "loc")

    def __init__(self, op, inputs: list[Value], attrs: dict, grad: bool = False):
        self.op, self.inputs, self.attrs, self.grad = op, inputs, attrs, grad
        self.outputs: list[Value] = []
        self.blocks: list[Graph] = []
        self.loc = None

    @property
    def out(self) -> Value:
        return self.outputs[0]

    def __repr__(self) -> str:
        return f"<{self.op.name} -> {self.outputs[0].type if self.outputs else None}>"


def mark_levels(levels: dict, node: Node) -> None:
    """Notes for which vmaps a new node's results stand for one example (see passes/batching)."""
    bits = 0
    for v in node.inputs:
        bits |= levels.get(v, 0)
    effect = node.op.level_effect
    if effect:
        bit = 1 << (node.attrs["level"] - 1)
        bits = bits | bit if effect > 0 else bits & ~bit
    if bits:
        for v in node.outputs:
            levels[v] = bits


class Graph:
    """A block: inputs, nodes in execution order, outputs."""

    def __init__(self):
        self.inputs: list[Value] = []
        self.nodes: list[Node] = []
        self.outputs: list[Value] = []
        self.numbers: set[Value] = set()  # what is computed from Python scalars alone
        # Value -> vmaps (a bit each) for which it stands for one example; None: there are none.
        self.levels: dict[Value, int] | None = None

    def add_input(self, type: Type, name: str | None = None) -> Value:
        v = Value(self, type, None, len(self.inputs))
        v.name = name
        self.inputs.append(v)
        return v

    def add(self, op, inputs: list[Value], attrs: dict, types: list[Type], grad=False) -> Node:
        """Appends a node whose result types are known."""
        node = Node(op, inputs, attrs, grad)
        node.outputs = [Value(self, t, node, i) for i, t in enumerate(types)]
        self.nodes.append(node)
        if self.levels is not None:
            mark_levels(self.levels, node)
        return node

    def uses(self) -> dict[Value, list[Node]]:
        """For each value, the nodes that read it (a node once per operand)."""
        table: dict[Value, list[Node]] = {}
        for node in self.nodes:
            for v in node.inputs:
                table.setdefault(v, []).append(node)
        return table

    def replace(self, mapping: dict[Value, Value]) -> None:
        """Makes every reader of a key read its value instead (chains are followed)."""

        def final(v: Value) -> Value:
            while v in mapping:
                v = mapping[v]
            return v

        for node in self.nodes:
            node.inputs = [final(v) for v in node.inputs]
        self.outputs = [final(v) for v in self.outputs]

    def __str__(self) -> str:
        return to_text(self)


# ---------------------------------------------------------------- text


def _names(graph: Graph) -> dict[Value, str]:
    names, used = {}, set()
    for i, v in enumerate(graph.inputs):
        name = v.name or f"in{i}"
        names[v] = name
        used.add(name)
    k = 0
    for node in graph.nodes:
        for v in node.outputs:
            names[v] = str(k)
            k += 1
    return names


def _attr_text(value) -> str:
    if isinstance(value, DType):
        return f"@{value.short}"
    if isinstance(value, bool) or value is None:
        return repr(value)
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, tuple):
        inner = ", ".join(_attr_text(v) for v in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(value)


def to_text(graph: Graph, indent: str = "", header: str = "") -> str:
    """Readable text of a graph; `parse` reads it back."""
    names = _names(graph)
    args = ", ".join(f"%{names[v]}: {v.type}" for v in graph.inputs)
    lines = [f"{indent}graph({args}) {{" + (f"  # {header}" if header else "")]
    for node in graph.nodes:
        results = ", ".join(f"%{names[v]}: {v.type}" for v in node.outputs)
        operands = ", ".join(f"%{names[v]}" for v in node.inputs)
        attrs = ", ".join(f"{k}={_attr_text(v)}" for k, v in node.attrs.items())
        tail = (f" {{{attrs}}}" if attrs else "") + (" !grad" if node.grad else "")
        lines.append(f"{indent}  {results} = {node.op.name}({operands}){tail}")
        for block in node.blocks:
            lines.append(to_text(block, indent + "    "))
    outs = ", ".join(f"%{names[v]}" for v in graph.outputs)
    lines.append(f"{indent}  return {outs}")
    lines.append(f"{indent}}}")
    return "\n".join(lines)


_TYPE = re.compile(r"([a-z]+\d+)(\*?)(?:\[([\d, ]*)\])?$")
_LINE = re.compile(
    r"(?P<res>.+?) = (?P<op>\w+)\((?P<ins>[^)]*)\)(?: \{(?P<attrs>.*)\})?(?P<g> !grad)?$"
)


class ParseError(ValueError):
    """IR text that does not follow the grammar; names the line."""


def _parse_type(text: str) -> Type:
    m = _TYPE.match(text.strip())
    if not m:
        raise ParseError(f"not a type: {text!r}")
    dims = tuple(int(d) for d in (m[3] or "").split(",") if d.strip())
    try:
        dtype = dtypes.by_short(m[1])
    except KeyError:
        raise ParseError(f"unknown dtype {m[1]!r}") from None
    return Type(dims, dtype, dtype.kind if m[2] else None)


def _split(text: str) -> list[str]:
    """Splits at commas outside brackets."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c in "([{") - (c in ")]}")
        if c == "," and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    parts.append(text[start:])
    return [p.strip() for p in parts if p.strip()]


def _parse_attr(text: str):
    text = re.sub(r"@(\w+)", r"'@\1'", text)
    text = re.sub(r"(?<!['@\w])(-?inf|nan)(?!['\w])", r"'@\1'", text)

    def fix(v):
        if isinstance(v, tuple):
            return tuple(fix(x) for x in v)
        if isinstance(v, str) and v.startswith("@"):
            number = v[1:] in ("inf", "-inf", "nan")
            return float(v[1:]) if number else dtypes.by_short(v[1:])
        return v

    return fix(ast.literal_eval(text))


def parse(text: str, lookup: Callable[[str], object]) -> Graph:
    """Reads what `to_text` wrote. `lookup` maps an op name to its row. Raises ParseError."""
    graph, values = Graph(), {}
    lines = [ln.split("  # ")[0].rstrip() for ln in text.strip().splitlines()]
    for number, line in enumerate(lines, 1):
        try:
            _parse_line(graph, values, line.strip(), lookup)
        except (ParseError, KeyError, ValueError, SyntaxError) as e:
            raise ParseError(f"line {number}: {e}: {line.strip()!r}") from None
    return graph


def _parse_line(graph: Graph, values: dict, line: str, lookup) -> None:
    if line.startswith("graph("):
        for part in _split(line[6 : line.rindex(")")]):
            name, _, ty = part.partition(":")
            values[name.strip()] = graph.add_input(_parse_type(ty), name.strip()[1:])
    elif line.startswith("return"):
        graph.outputs = [values[n] for n in _split(line[6:])]
    elif line not in ("", "}"):
        m = _LINE.match(line)
        if not m:
            raise ParseError("not a node")
        attrs = {}
        for part in _split(m["attrs"] or ""):
            key, _, val = part.partition("=")
            attrs[key.strip()] = _parse_attr(val.strip())
        results = [p.partition(":") for p in _split(m["res"])]
        ins = [values[n] for n in _split(m["ins"])]
        node = graph.add(
            lookup(m["op"]), ins, attrs, [_parse_type(t) for _, _, t in results], bool(m["g"])
        )
        for (name, _, _), v in zip(results, node.outputs):
            values[name.strip()] = v


# ---------------------------------------------------------------- verifier


class VerifyError(AssertionError):
    """A graph that breaks an invariant; says which node and how."""


def verify(graph: Graph, stage: str = "") -> None:
    """Checks order of definition, ownership, result types against the op's own rule."""
    seen = set(graph.inputs)
    for i, node in enumerate(graph.nodes):
        where = f"{stage}: node {i} ({node.op.name})"
        for v in node.inputs:
            if v not in seen:
                raise VerifyError(f"{where} reads a value that is not defined before it")
        if node.op.infer is not None:
            for attrs, out in _results(node):
                expected, got = node.op.infer([v.type for v in node.inputs], attrs), out.type
                if tuple(expected.shape) != tuple(got.shape) or expected.dtype is not got.dtype:
                    raise VerifyError(f"{where} has type {got}, its rule says {expected}")
        for v in node.outputs:
            if v.node is not node:
                raise VerifyError(f"{where} does not own its result")
            seen.add(v)
    for v in graph.outputs:
        if v not in seen:
            raise VerifyError(f"{stage}: an output is not defined in the graph")


def _results(node: Node):
    """(attributes, value) of each result, as the op's rule takes them."""
    if "results" not in node.attrs:
        return [(node.attrs, node.out)]
    shared = {k: v for k, v in node.attrs.items() if k != "results"}
    return [({**shared, "result": k}, v) for k, v in zip(node.attrs["results"], node.outputs)]


def live_nodes(graph: Graph, roots: Iterable[Value]) -> set[Node]:
    """The nodes that the roots depend on."""
    live: set[Node] = set()
    stack = [v.node for v in roots if v.node is not None]
    while stack:
        node = stack.pop()
        if node not in live:
            live.add(node)
            stack.extend(v.node for v in node.inputs if v.node is not None)
    return live
