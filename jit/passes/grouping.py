"""Families of results: nodes that differ only in attrs["result"] become one node of several."""

from __future__ import annotations

from ..ir import Graph, Node, Value
from ..ops import build as B
from .simplify import Rewriter, node_key


def picked_values(graph: Graph) -> dict[Value, Value]:
    """gather(x, indices) by the indices (result 1) that a family found in x is its result 0."""

    def rule(node: Node) -> Value | None:
        if node.op.name != "gather":
            return None
        x, idx = node.inputs
        family = idx.node
        if (
            family is None or family.op.results < 2 or family.attrs.get("result") != 1
            or family.inputs[0] is not x or family.attrs["dim"] != node.attrs["dim"]
        ):  # fmt: skip
            return None
        return B.emit(family.op, *family.inputs, **{**family.attrs, "result": 0})

    return Rewriter(graph).run(rule)


def group_results(graph: Graph) -> dict[Value, Value]:
    """Merges the nodes of each call where the first of them stands; attrs["results"] lists what
    its outputs are. Values stay the same objects, so nothing has to be replaced."""
    groups: dict[tuple, Node] = {}
    kept = []
    for node in graph.nodes:
        if node.op.results == 1:
            kept.append(node)
            continue
        attrs = dict(node.attrs)
        k = attrs.pop("result")
        key = node_key(node.op, node.inputs, attrs)
        group = groups.get(key)
        if group is None:
            group = groups[key] = Node(node.op, node.inputs, {**attrs, "results": ()}, node.grad)
            group.loc = node.loc
            kept.append(group)
        group.attrs["results"] += (k,)
        v = node.out
        v.node, v.index = group, len(group.outputs)
        group.outputs.append(v)
    graph.nodes = kept
    return {}
