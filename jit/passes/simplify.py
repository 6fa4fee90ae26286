"""Small graph passes: dead code, common subexpressions, decomposition of late composites."""

from __future__ import annotations

from ..ir import Graph, Node, Value, live_nodes
from ..ops import build as B
from ..strides import inverse
from ..sym import Sym, ceil_div, prod, size_max

# A reduction with fewer independent results than this is split into partial sums, when it
# reads at least SPLIT_MIN elements; a block reads about SPLIT_BLOCK.
SPLIT_RESULTS = 8
SPLIT_MIN = 1 << 18
SPLIT_BLOCK = 1 << 15
COLUMN_TILE = 1024


def dead_code(graph: Graph, keep: list[Value]) -> None:
    """Drops nodes that nothing in `keep` depends on."""
    live = live_nodes(graph, keep)
    graph.nodes = [n for n in graph.nodes if n in live]


def node_key(op, inputs: list[Value], attrs: dict) -> tuple:
    """Equal for nodes that compute the same thing."""

    def freeze(x):
        if isinstance(x, Sym):
            return x.expr
        if isinstance(x, (tuple, list)):
            return tuple(freeze(v) for v in x)
        return (type(x), repr(x)) if isinstance(x, (float, complex)) else x

    found = tuple((k, freeze(v)) for k, v in attrs.items())
    return (op.name, tuple(id(v) for v in inputs), found)


def common_subexpressions(graph: Graph) -> dict[Value, Value]:
    """Merges nodes that compute the same thing; returns what was replaced by what."""
    seen: dict[tuple, Node] = {}
    mapping: dict[Value, Value] = {}
    kept = []
    for node in graph.nodes:
        node.inputs = [mapping.get(v, v) for v in node.inputs]
        if node.op.name in ("assign", "detach", "update"):
            kept.append(node)
            continue
        first = seen.setdefault(node_key(node.op, node.inputs, node.attrs), node)
        if first is node:
            kept.append(node)
        else:
            mapping.update(zip(node.outputs, first.outputs))
    graph.nodes = kept
    return mapping


class Rewriter:
    """Rebuilds the node list while replacing some nodes by sequences of new ones."""

    def __init__(self, graph: Graph):
        self.graph = graph
        self.mapping: dict[Value, Value] = {}

    def run(self, rule) -> dict[Value, Value]:
        nodes, self.graph.nodes = self.graph.nodes, []
        with B.grad_flags(False):
            for node in nodes:
                node.inputs = [self.mapping.get(v, v) for v in node.inputs]
                before = len(self.graph.nodes)
                new = rule(node)
                if new is None:
                    self.graph.nodes.append(node)
                    continue
                self.mapping[node.out] = new
                for made in self.graph.nodes[before:]:
                    made.loc = node.loc
        return self.mapping


def expand_late(graph: Graph) -> dict[Value, Value]:
    """Ops that were kept whole for their gradients become what they are made of."""

    def rule(node: Node) -> Value | None:
        if node.op.kind != "composite_late" or node.op.build is None:
            return None
        return node.op.build(*node.inputs, **node.attrs)

    return Rewriter(graph).run(rule)


def turned_back(graph: Graph) -> dict[Value, Value]:
    """Dims that are permuted there and back stay as they are."""

    def rule(node: Node) -> Value | None:
        if node.op.name != "permute" or node.inputs[0].op != "permute":
            return None
        inner = node.inputs[0].node
        same = inverse(tuple(inner.attrs["dims"])) == tuple(node.attrs["dims"])
        return inner.inputs[0] if same else None

    return Rewriter(graph).run(rule)


def decompose(graph: Graph) -> dict[Value, Value]:
    """fold -> sum of unwindow; large reductions -> two stages; transposed products."""

    uses = graph.uses()

    def rule(node: Node) -> Value | None:
        name = node.op.name
        if name == "fold":
            return _fold(node)
        if name in ("sum", "prod"):
            return _wide_reduction(node) or _split(node)
        if name in ("amax", "amin"):
            return _split(node)
        if name == "permute":
            return _transposed_gemm(node, uses)
        if name == "gather":
            return _picked(node)
        return None

    return Rewriter(graph).run(rule)


def _fold(node: Node) -> Value:
    (x,) = node.inputs
    k = len(node.attrs["size"])
    if _tiles_exactly(x, k, node.attrs):
        return _untile(x, k, node.attrs["size"])
    terms = B.emit("unwindow", x, **node.attrs)
    rank = len(terms.shape)
    total = B.emit("sum", terms, dims=tuple(range(rank - k, rank)))
    return B.reshape(total, total.shape[: rank - k])


def _tiles_exactly(x: Value, k: int, attrs: dict) -> bool:
    """True if the windows do not overlap and leave no gaps: every element has one term."""
    kernel = x.shape[len(x.shape) - k :]
    return (
        all(s == n for s, n in zip(attrs["stride"], kernel))
        and not any(attrs["padding"]) and all(d == 1 for d in attrs["dilation"])
    )  # fmt: skip


def _untile(x: Value, k: int, size) -> Value:
    # [..., *out, *kernel] -> [..., out0 * kernel0, ...], and zeros where no window reaches.
    rank = len(x.shape)
    lead = rank - 2 * k
    order = [*range(lead), *(d for j in range(k) for d in (lead + j, lead + k + j))]
    merged = tuple(x.shape[lead + j] * x.shape[lead + k + j] for j in range(k))
    y = B.reshape(B.permute(x, order), (*x.shape[:lead], *merged))
    if all(a == b for a, b in zip(merged, size)):
        return y
    high = (0,) * lead + tuple(b - a for a, b in zip(merged, size))
    return B.emit("pad", y, low=(0,) * (lead + k), high=high, fill=0.0)


def _wide_reduction(node: Node) -> Value | None:
    """Sums of complex numbers are sums of their parts; narrow types are added up in wider ones."""
    (x,), d, name = node.inputs, node.out.dtype, node.op.name
    if d.narrow:
        return B.cast(_reduced(name, B.cast(x, d.compute), node.attrs["dims"]), d)
    if d.kind != "c" or name == "prod":
        return None
    parts = (_reduced("sum", B.emit(part, x), node.attrs["dims"]) for part in ("real", "imag"))
    return B.emit("complex", *parts)


def _reduced(name: str, x: Value, dims) -> Value:
    node = B.emit(name, x, dims=dims).node
    if x.dtype.kind == "c":
        return _wide_reduction(node) or node.out
    return _split(node) or node.out


def _split(node: Node) -> Value | None:
    (x,) = node.inputs
    dims = tuple(d for d in node.attrs["dims"] if not x.shape[d] == 1)
    total, results = prod(x.shape), prod(node.out.shape)
    if not dims or total < SPLIT_MIN:
        return None
    inner_kept = (len(x.shape) - 1) not in dims
    items = ceil_div(results, COLUMN_TILE) if inner_kept else results
    if items >= SPLIT_RESULTS:
        return None
    first = dims[0]
    per_index = prod(x.shape[d] for d in dims[1:])
    if inner_kept:
        per_index = per_index * results
    block = size_max(ceil_div(SPLIT_BLOCK, per_index), ceil_div(x.shape[first], 256))
    part = B.emit("partial", x, dims=dims, block=block, combine=node.op.name)
    return B.emit(node.op.name, part, dims=(first,))


def _picked(node: Node) -> Value | None:
    """One element per row of an elementwise result: computes it there, from picked operands."""
    x, idx = node.inputs
    dim = node.attrs["dim"]
    literal = _literal(x)
    if literal is not None:
        return B.expand(literal, node.out.shape)
    if not idx.shape[dim] == 1 or not _pickable(x):
        return None
    return _pick(x, idx, node.attrs)


def _literal(x: Value) -> Value | None:
    """The const node whose value all elements of x have."""
    while x.op in ("expand", "reshape"):
        x = x.node.inputs[0]
    return x if x.op == "const" and not x.shape else None


def _pickable(x: Value) -> bool:
    return x.node is not None and x.node.op.kind == "elementwise" and len(x.shape) > 0


def _pick(x: Value, idx: Value, attrs: dict) -> Value:
    literal = _literal(x)
    if literal is not None:
        sizes = zip(x.shape, idx.shape)
        return B.expand(
            literal, (k if j == attrs["dim"] or not k == 1 else n for j, (n, k) in enumerate(sizes))
        )
    if not _pickable(x):
        return B.emit("gather", x, idx, **attrs)
    rank, ins = len(x.shape), []
    for v in x.node.inputs:
        if len(v.shape) < rank and len(v.shape) > 0:
            v = B.reshape(v, (1,) * (rank - len(v.shape)) + tuple(v.shape))
        if len(v.shape) > 0 and not v.shape[attrs["dim"]] == 1:
            if any(not (a == b or a == 1) for a, b in zip(v.shape, x.shape)):
                raise AssertionError("an elementwise operand broadcasts to the result")
            v = _pick(v, idx, attrs) if _same_shape(v, x) else B.emit(
                "gather", B.expand(v, x.shape), idx, **attrs
            )  # fmt: skip
        ins.append(v)
    return B.emit(x.node.op, *ins, **x.node.attrs)


def _same_shape(a: Value, b: Value) -> bool:
    return len(a.shape) == len(b.shape) and all(m == n for m, n in zip(a.shape, b.shape))


def _transposed_gemm(node: Node, uses) -> Value | None:
    # (a @ b)^T = b^T @ a^T: the product is written in the layout that is wanted.
    (x,) = node.inputs
    chain, v = [], x
    while v.op == "reshape" and len(uses.get(v, ())) <= 1:
        chain.append(v)
        v = v.node.inputs[0]
    if v.op != "gemm" or len(uses.get(v, ())) > 1 or len(uses.get(x, ())) > 1:
        return None
    rank = len(x.shape)
    if node.attrs["dims"] != (*range(rank - 2), rank - 1, rank - 2) or len(chain) > 1:
        return None
    a, b = v.node.inputs
    if rank < 2 or not (v.shape[-1] == x.shape[-1] and v.shape[-2] == x.shape[-2]):
        return None
    out = B.emit("gemm", B.transpose(b), B.transpose(a))
    return B.reshape(out, node.out.shape)


def is_compute(node: Node) -> bool:
    return node.op.kind in ("elementwise", "generator", "reduce", "gather")


