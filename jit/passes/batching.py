"""vmap as a pass: nodes that say what happens to one example get the batch dims.

After lowering, composites and gradients are expanded, so what is left to batch are the primitive
rows: elementwise (broadcast), reductions and movement (dims move up by one), contraction (the
batch joins the batch of the product), indexing. A rule for each of these kinds covers every op
of the table and every gradient, and the result fuses like any other graph. Batching composites one
by one would need a rule for hundreds of ops, and their gradients would not come for free.

A value is kept as (physical value, levels): one leading dim for each level, outermost first.
"""

from __future__ import annotations

import warnings

from ..ir import Graph, Node, Value
from ..ops import build as B
from ..ops.table import GradOp
from ..sym import prod


def effect_of(e: tuple) -> int:
    """+1 or -1 (see Op.level_effect) with the level: effect * level; 0 for other entries."""
    op, attrs = e[0], e[2]
    row = op.op if op.__class__ is GradOp else op
    if getattr(row, "name", "") == "given":
        op, attrs = attrs[:2]
        row = op.op if op.__class__ is GradOp else op
    effect = getattr(row, "level_effect", 0)
    return effect * attrs[0] if effect else 0


def batched_entries(entries) -> set[int]:
    """The entries of a trace whose results stand for one example of some batch."""
    return set(levels_of(entries))


def levels_of(entries) -> dict[int, int]:
    """For such entries the vmaps, a bit each."""
    levels: dict[int, int] = {}
    for k, e in enumerate(entries):
        row = e[0].op if e[0].__class__ is GradOp else e[0]
        bits = 0
        for i in _flat(e[3:]):
            bits |= levels.get(i, 0)
        if row.__class__.__name__ == "Pseudo":
            bits |= _backward_bits(row, e, levels)
        effect = effect_of(e)
        if effect:
            bit = 1 << (abs(effect) - 1)
            bits = bits | bit if effect > 0 else bits & ~bit
        if bits:
            levels[k] = bits
    return levels


def _flat(operands):
    return [i for i in operands if i is not None and i >= 0]


def _backward_bits(row, e: tuple, levels: dict[int, int]) -> int:
    """Gradients: one example's in the vmaps that were open, else like their target."""
    if row.name == "backward":
        inside = e[2][3] if len(e[2]) > 2 else ()
        return levels.get(e[2][0][0], 0) | sum(1 << (n - 1) for n in inside)
    return 0


def batch(graph: Graph) -> dict[Value, Value]:
    """Gives all nodes their batch dims; returns what replaces the values of batched nodes."""
    nodes, graph.nodes = graph.nodes, []
    graph.levels = None
    pass_ = _Batching(graph)
    for node in nodes:
        pass_.visit(node)
    return {v: p for v, (p, _) in pass_.batched.items()} | pass_.same


class _Batching:
    def __init__(self, graph: Graph):
        self.graph = graph
        self.batched: dict[Value, tuple[Value, tuple[int, ...]]] = {}
        self.same: dict[Value, Value] = {}  # replaced values that have no levels
        self.sizes: dict[int, object] = {}  # level -> size of its batch

    def get(self, v: Value) -> tuple[Value, tuple[int, ...]]:
        v = self.same.get(v, v)
        return self.batched.get(v) or (v, ())

    def put(self, v: Value, p: Value, levels: tuple[int, ...]) -> None:
        if levels:
            self.batched[v] = (p, levels)
        elif p is not v:
            self.same[v] = p

    def visit(self, node: Node) -> None:
        """Appends what becomes of one node."""
        start = len(self.graph.nodes)
        special = _SPECIAL.get(node.op.name)
        with B.grad_flags(node.grad):
            if special is not None:
                special(self, node)
            else:
                self.ordinary(node)
        for made in self.graph.nodes[start:]:
            made.loc = node.loc

    def ordinary(self, node: Node) -> None:
        found = [self.get(v) for v in node.inputs]
        levels = tuple(sorted({lv for _, own in found for lv in own}))
        if not levels:
            node.inputs = [p for p, _ in found]
            self.graph.nodes.append(node)
            return
        rule = RULES.get(node.op.name) or _KINDS.get(node.op.kind, _independent)
        out = rule(self, node, found, levels)
        self.put(node.out, out, levels)

    # -- alignment

    def lead(self, levels) -> tuple:
        return tuple(self.sizes[lv] for lv in levels)

    def align(self, v: Value, own: tuple, levels: tuple, rank: int, full: bool) -> Value:
        """A value with a dim for each level (size 1 where it has none, unless `full`) and
        `rank` logical dims, padded with ones in front."""
        if v.type.weak or (v.node is None and v.type.weak):
            return v
        logical = v.shape[len(own):]
        at = dict(zip(own, v.shape))
        shape = [at.get(lv, 1) for lv in levels] + [1] * (rank - len(logical)) + list(logical)
        v = B.reshape(v, shape)
        if full:
            v = B.expand(v, (*self.lead(levels), *shape[len(levels):]))
        return v


def _rank(v: Value, own: tuple) -> int:
    return len(v.shape) - len(own)


# ---------------------------------------------------------------- rows of vmap itself


def _unbatch(s: _Batching, node: Node) -> None:
    p, own = s.get(node.inputs[0])
    level = node.attrs["level"]
    s.sizes[level] = p.shape[len(own)]
    levels = (*own, level)
    order = sorted(range(len(levels)), key=levels.__getitem__)
    dims = (*order, *range(len(levels), len(p.shape)))
    s.put(node.out, B.permute(p, dims), tuple(sorted(levels)))


def _batch(s: _Batching, node: Node) -> None:
    (p, own), (like, like_own) = s.get(node.inputs[0]), s.get(node.inputs[1])
    level = node.attrs["level"]
    s.sizes.setdefault(level, like.shape[len(like_own)])
    levels = tuple(sorted({*own, level}))
    p = s.align(p, own, levels, _rank(p, own), True)
    at = levels.index(level)
    n = len(levels)
    dims = (*range(at), *range(at + 1, n), at, *range(n, len(p.shape)))
    s.put(node.out, B.permute(p, dims), levels[:at] + levels[at + 1 :])


def _level_sum(s: _Batching, node: Node) -> None:
    p, own = s.get(node.inputs[0])
    level = node.attrs["level"]
    if level not in own:
        s.put(node.out, p, own)
        return
    at = own.index(level)
    p = B.sum_dims(p, (at,))
    s.put(node.out, B.reshape(p, (*p.shape[:at], *p.shape[at + 1 :])), own[:at] + own[at + 1 :])


def _vary(s: _Batching, node: Node) -> None:
    like, own = s.get(node.inputs[1])
    level = node.attrs["level"]
    s.sizes.setdefault(level, like.shape[len(own)])
    p, had = s.get(node.inputs[0])
    s.put(node.out, p, tuple(sorted({*had, level})))


_SPECIAL = {"unbatch": _unbatch, "batch": _batch, "level_sum": _level_sum, "vary": _vary}


# ---------------------------------------------------------------- rules


def _elementwise(s, node, found, levels):
    rank = len(node.out.shape)
    ins = [s.align(v, own, levels, rank, False) for v, own in found]
    out = B.emit(node.op, *ins, **node.attrs)
    return B.expand(out, (*s.lead(levels), *out.shape[len(levels):]))


def _generator(s, node, found, levels):
    # Only its counter is batched (see `vary`): the batch is one long stretch of numbers.
    shape = (*s.lead(levels), *node.attrs["shape"])
    attrs = {**node.attrs, "shape": shape}
    types = [node.op.infer([], attrs)]
    return s.graph.add(node.op, [v for v, _ in found], attrs, types, node.grad).out


def _reduce(s, node, found, levels):
    n = len(levels)
    dims = tuple(d + n for d in node.attrs["dims"])
    if not dims:
        return found[0][0]
    return B.emit(node.op, found[0][0], **{**node.attrs, "dims": dims})


def _reshape(s, node, found, levels):
    return B.reshape(found[0][0], (*s.lead(levels), *node.attrs["shape"]))


def _permute(s, node, found, levels):
    n = len(levels)
    return B.permute(found[0][0], (*range(n), *(d + n for d in node.attrs["dims"])))


def _expand(s, node, found, levels):
    shape = node.attrs["shape"]
    v = s.align(*found[0], levels, len(shape), False)
    return B.expand(v, (*s.lead(levels), *shape))


def _slice(s, node, found, levels):
    n, a = len(levels), node.attrs
    starts, steps = (0,) * n + tuple(a["starts"]), (1,) * n + tuple(a["steps"])
    shape = (*s.lead(levels), *a["shape"])
    return B.emit("slice", found[0][0], starts=starts, steps=steps, shape=shape)


def _pad(s, node, found, levels):
    n, a = len(levels), node.attrs
    return B.emit("pad", found[0][0], low=(0,) * n + tuple(a["low"]),
                  high=(0,) * n + tuple(a["high"]), fill=a["fill"])  # fmt: skip


def _trailing(s, node, found, levels):
    """Rows that look at the last dims only."""
    ins = [s.align(v, own, levels, _rank(v, own), True) for v, own in found]
    return B.emit(node.op, *ins, **node.attrs)


def _strided(s, node, found, levels):
    """region and update: strides of a row-major operand, to which the batch dims come in front."""
    a = node.attrs
    ins = [s.align(v, own, levels, _rank(v, own), True) for v, own in found]
    outer, step = [], prod(ins[0].shape[len(levels):])
    for size in reversed(s.lead(levels)):
        outer.insert(0, step)
        step = step * size
    return B.emit(node.op, *ins, shape=(*s.lead(levels), *a["shape"]),
                  strides=(*outer, *a["strides"]), offset=a["offset"])  # fmt: skip


def _gather(s, node, found, levels):
    (x, own), (index, index_own) = found
    x = s.align(x, own, levels, _rank(x, own), True)
    index = s.align(index, index_own, levels, _rank(index, index_own), False)
    return B.emit("gather", x, index, **{**node.attrs, "dim": node.attrs["dim"] + len(levels)})


def _gemm(s, node, found, levels):
    """[b, m, k] @ [b, k, n]: the batch joins b; rows of a shared right operand are one matrix."""
    (x, own), (y, y_own) = found
    b, m, n = node.out.shape
    lead = s.lead(levels)
    if not y_own and y.shape[0] == 1 and x.shape[len(own)] == 1:
        out = B.emit("gemm", B.reshape(x, (1, prod(lead) * m, x.shape[-1])), y, **node.attrs)
        return B.reshape(out, (*lead, b, m, n))
    ins = []
    for v, o in found:
        if not o and v.shape[0] == 1:
            ins.append(v)  # shared by all
            continue
        v = s.align(v, o, levels, 3, True)
        v = B.expand(v, (*lead, b, *v.shape[-2:]))
        ins.append(B.reshape(v, (prod(lead) * b, *v.shape[-2:])))
    out = B.emit("gemm", *ins, **node.attrs)
    return B.reshape(out, (*lead, b, m, n))


def _searchsorted(s, node, found, levels):
    """Boundaries [r or 1, n] and values [r, m]: the batch joins the rows; shared ones stay."""
    lead, (r, m) = s.lead(levels), node.out.shape
    ins = []
    for k, (v, own) in enumerate(found):
        if k == 1 or own or v.shape[0] != 1 or any(o for _, o in found[::2]):
            v = s.align(v, own, levels, 2, True)
            v = B.reshape(B.expand(v, (*lead, r, v.shape[-1])), (prod(lead) * r, v.shape[-1]))
        ins.append(v)
    return B.reshape(B.emit(node.op, *ins, **node.attrs), (*lead, r, m))


def _independent(s, node, found, levels):
    """Rows that work along attrs['dim'] or ['dims'], or on trailing dims: other dims are loops.

    The row's own type rule says if that holds; else each example is computed by itself.
    """
    n = len(levels)
    ins = [s.align(v, own, levels, _rank(v, own), True) for v, own in found]
    attrs = dict(node.attrs)
    for name in ("dim", "dim1", "dim2"):
        if attrs.get(name).__class__ is int:
            attrs[name] += n
    if attrs.get("dims").__class__ is tuple:
        attrs["dims"] = tuple(d + n for d in attrs["dims"])
    if attrs.get("shape").__class__ is tuple:
        attrs["shape"] = (*s.lead(levels), *attrs["shape"])
    want = (*s.lead(levels), *node.out.shape)
    if node.op.name not in LOOPED:
        try:
            t = node.op.infer([v.type for v in ins], attrs)
        except Exception:  # noqa: BLE001 (a rule that does not take these types)
            t = None
        if t is not None and len(t.shape) == len(want) and B._same(t.shape, want):
            return B.emit(node.op, *ins, **attrs)
    return _loop(s, node, ins, want)


def _loop(s, node, ins, want):
    """One node for each example: only for calls that can't take a batch."""
    lead = len(want) - len(node.out.shape)
    warnings.warn(
        f"There is a performance drop because we have not yet implemented the batching rule for "
        f"{node.op.name}.", UserWarning, stacklevel=2,
    )  # fmt: skip
    count = int(prod(want[:lead]))
    flat = [v if v.type.weak else B.reshape(v, (count, *v.shape[lead:])) for v in ins]
    outs = []
    for k in range(count):
        one = [v if v.type.weak else _take(v, k) for v in flat]
        outs.append(B.reshape(B.emit(node.op, *one, **node.attrs), (1, *node.out.shape)))
    return B.reshape(B.emit("cat", *outs, dim=0) if count > 1 else outs[0], want)


def _take(v: Value, k: int) -> Value:
    shape = v.shape[1:]
    part = B.emit("slice", v, starts=(k, *(0,) * len(shape)), steps=(1,) * len(v.shape),
                  shape=(1, *shape))  # fmt: skip
    return B.reshape(part, shape)


_KINDS = {"elementwise": _elementwise, "generator": _generator, "reduce": _reduce}
# Rows whose kind does not say how they are batched.
RULES = {
    "reshape": _reshape, "permute": _permute, "expand": _expand, "slice": _slice, "pad": _pad,
    "window": _trailing, "fold": _trailing, "detach": _trailing, "region": _strided,
    "update": _strided, "gather": _gather, "gemm": _gemm,
    "searchsorted": _searchsorted,
}  # fmt: skip
# Rows whose type rule would take a batch, though they do not treat its examples apart.
LOOPED = {"rnn_scan", "rnn_states", "rnn_back"}
