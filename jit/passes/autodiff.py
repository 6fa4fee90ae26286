"""Reverse-mode differentiation of a graph: appends the gradient nodes to the same graph.

A row's `vjp` is graph code, so gradients fuse with everything else and can be differentiated
again. Griewank and Walther, Evaluating Derivatives (2008), chapter 3.
"""

from __future__ import annotations

from ..ir import Graph, Node, Value
from ..ops import build as B


def gradients(
    graph: Graph, root: Value, seed: Value | None, targets: list[Value], create_graph: bool
) -> list[Value]:
    """d root / d target for each target (zeros where there is no path), shaped like the targets.

    `seed` is the gradient of root (None: 1). With create_graph the new nodes can be
    differentiated in turn.
    """
    with B.grad_flags(create_graph):
        if seed is None:
            seed = B.expand(B.const(graph, 1.0, root.dtype), root.shape)
        grads: dict[Value, Value] = {root: seed}
        for node in reversed(_path(graph, root, targets)):
            _transfer(graph, node, grads)
        return [grads.get(t) or B.zeros(graph, t.shape, t.dtype) for t in targets]


def _path(graph: Graph, root: Value, targets: list[Value]) -> list[Node]:
    """Nodes on a differentiable path from a target to the root, operands first."""
    given = getattr(graph, "given", {})
    goals = set(targets)
    order: list[Node] = []
    leads: dict[Node, bool] = {}

    def producers(node: Node):
        for v in node.inputs:
            p = _producer(v, given)
            if p is not None and p.grad:
                yield p

    start = _producer(root, given)
    stack = [(start, iter(producers(start)))] if start is not None and start.grad else []
    if stack:
        leads[start] = False
    while stack:
        node, todo = stack[-1]
        nxt = next((p for p in todo if p not in leads), None)
        if nxt is not None:
            leads[nxt] = False
            stack.append((nxt, iter(producers(nxt))))
            continue
        stack.pop()
        leads[node] = any(
            v in goals or leads.get(_producer(v, given), False) for v in node.inputs
        )
        if leads[node]:
            order.append(node)
    return order


def _producer(v: Value, given: dict[Value, Value]) -> Node | None:
    return given[v].node if v in given else v.node


def _transfer(graph: Graph, node: Node, grads: dict[Value, Value]) -> None:
    """Adds the node's contribution to the gradients of its operands."""
    given_out = getattr(graph, "given_out", {})
    out = given_out.get(node.out, node.out)
    g = grads.get(out)
    if g is None or node.op.vjp is None:
        return
    parts = node.op.vjp(g, out, *node.inputs, **node.attrs)
    for v, part in zip(node.inputs, parts):
        if part is None or v.type.weak or v.dtype.kind != "f":
            continue
        grads[v] = part if v not in grads else grads[v] + part
