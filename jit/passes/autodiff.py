"""Reverse-mode differentiation of a graph: appends the gradient nodes to the same graph.

A row's `vjp` is graph code, so gradients fuse with everything else and can be differentiated
again. Griewank and Walther, Evaluating Derivatives (2008), chapter 3.
"""

from __future__ import annotations

from ..ir import Graph, Node, Value
from ..ops import build as B


def gradients(
    graph: Graph, root: Value, seed: Value | None, targets: list[Value], create_graph: bool,
    more: tuple = (), stops: frozenset = frozenset(), open_levels: int = 0,
) -> list[Value]:
    """d root / d target for each target (zeros where there is no path), shaped like the targets.

    `seed` is the gradient of root (None: 1). With create_graph the new nodes can be
    differentiated in turn. `more`: further pairs of root and seed. Gradients do not go through
    `stops`, whose own are complete where they are roots. `open_levels`: the vmaps (a bit
    each) inside of which this is.
    """
    with B.grad_flags(create_graph):
        grads: dict[Value, Value] = {}
        pairs = ((root, seed), *more)
        for r, s in pairs:
            if s is None:
                s = B.expand(B.const(graph, 1.0, r.dtype), r.shape)
            grads[r] = s if r not in grads else grads[r] + s
        done = {r for r, _ in pairs if r in stops}
        for node in reversed(_path(graph, [r for r, _ in pairs], targets, stops)):
            _transfer(graph, node, grads, done, open_levels)
        found = [grads.get(t) or B.zeros(graph, t.shape, t.dtype) for t in targets]
        for g in found:
            if g.__class__ is B.Underivable:
                g.refuse()
        return found


def _path(graph: Graph, roots: list[Value], targets: list[Value], stops) -> list[Node]:
    """Nodes on a differentiable path from a target to a root, operands first."""
    given = getattr(graph, "given", {})
    goals = set(targets)
    order: list[Node] = []
    leads: dict[Node, bool] = {}

    def producers(node: Node):
        for v in node.inputs:
            p = _producer(v, given)
            if p is not None and p.grad and v not in stops:
                yield p

    for root in roots:
        start = _producer(root, given)
        if start is not None and start.grad and start not in leads:
            _visit(start, producers, goals, stops, given, leads, order)
    return order


def _visit(start: Node, producers, goals, stops, given, leads: dict, order: list) -> None:
    leads[start] = False
    stack = [(start, iter(producers(start)))]
    while stack:
        node, todo = stack[-1]
        nxt = next((p for p in todo if p not in leads), None)
        if nxt is not None:
            leads[nxt] = False
            stack.append((nxt, iter(producers(nxt))))
            continue
        stack.pop()
        leads[node] = any(
            v in goals or (v not in stops and leads.get(_producer(v, given), False))
            for v in node.inputs
        )
        if leads[node]:
            order.append(node)


def _producer(v: Value, given: dict[Value, Value]) -> Node | None:
    return given[v].node if v in given else v.node


def vjp(node: Node, g: Value, out: Value) -> tuple:
    """The gradients of a node's operands, by its row's rule and PyTorch's complex convention.

    They are g times the conjugate of the derivative: that is, of the derivative at the conjugates,
    for the rules of holomorphic functions.
    """
    row = node.op
    own = row.conjugate == "own" or not any(v.dtype.kind == "c" for v in (out, *node.inputs))
    if own:
        return row.vjp(g, out, *node.inputs, **node.attrs)
    wide = out.dtype.to_complex()
    ins = (B.cast(v, wide) if v.type.weak == "c" else v for v in node.inputs)
    return row.vjp(g, B.conj(out), *map(B.conj, ins), **node.attrs)


def _transfer(graph: Graph, node: Node, grads: dict[Value, Value], done, levels: int) -> None:
    """Adds the node's contribution to the gradients of its operands."""
    given_out = getattr(graph, "given_out", {})
    out = given_out.get(node.out, node.out)
    g = grads.get(out)
    if g is None or node.op.vjp is None:
        return
    if g.__class__ is B.Underivable:
        g.refuse()
    parts = vjp(node, g, out)
    for v, part in zip(node.inputs, parts):
        if part is None or v.type.weak or not v.dtype.differentiable:
            continue
        if v in done:
            continue
        if B.Underivable in (part.__class__, grads.get(v).__class__):
            grads[v] = part if part.__class__ is B.Underivable else grads[v]
            continue
        if graph.levels is not None:
            part = B.sum_levels(part, v, levels)
        grads[v] = part if v not in grads else grads[v] + part
