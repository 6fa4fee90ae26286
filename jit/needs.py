"""Which values a gradient reads."""

from __future__ import annotations

import functools

from . import dtypes
from .ir import Graph, Type, live_nodes
from .nodes import Node, Scalar
from .ops import build as B
from .ops.table import GradOp
from .passes.autodiff import gradients as derivatives
from .record import (
    GIVEN,
    INPUT_BASE,
    LINK,
    SCALAR_KIND,
    Tape,
)  # fmt: skip


@functools.lru_cache(maxsize=4096)
def _saved(op, out, operands: tuple, attrs: tuple | None, wants: tuple) -> frozenset:
    """Which values the op's gradient reads: operand positions, and -1 for the result.

    `wants` says which operands the gradient is wanted for. Found by building it on a scratch graph.
    """
    graph = Graph()
    graph.given, graph.given_out = {}, {}
    types = [
        Type((), dtypes.weak_dtype(m), m) if isinstance(m, str) else Type(m.shape, m.dtype)
        for m in operands
    ]
    ins = [graph.add_input(t) for t in types]
    targets = [v for v, w in zip(ins, wants) if w and not v.type.weak and v.dtype.differentiable]
    named = dict(zip(op.attr_names, attrs or ()))
    refused = op.no_gradient(operands, attrs) if op.no_gradient is not None else None
    if refused is not None and all(p in refused[0] for p, w in enumerate(wants) if w):
        return frozenset()  # no backward comes to what it reads
    result = g = None
    if op.kind == "composite":
        with B.grad_flags(True):
            result = op.build(*ins, **named)
        g = graph.add_input(Type(out.shape, out.dtype))
        parts = derivatives(graph, result, g, targets, False)
    elif op.vjp is not None:
        result = graph.add_input(Type(out.shape, out.dtype))
        g = graph.add_input(Type(out.shape, out.dtype))
        with B.grad_flags(False):
            parts = op.vjp(g, result, *ins, **named)
        parts = [p for p, v in zip(parts, ins) if p is not None and v in targets]
    else:
        return frozenset()
    used = {v for node in live_nodes(graph, parts) for v in node.inputs} | set(parts)
    found = [i for i, v in enumerate(ins) if v in used]
    return frozenset(found + ([-1] if result in used and op.kind != "composite" else []))


def saved_by(tape: Tape, op, m, attrs, ins: tuple) -> frozenset:
    """Which of an op's operands its gradient reads, as positions (-1: its own result)."""
    if not hasattr(op, "vjp"):
        return frozenset()
    operands = []
    for i in ins:
        if i >= 0:
            operands.append(tape.entries[i][1])
        elif i <= INPUT_BASE:
            operands.append(tape.inputs[INPUT_BASE - i].meta)
        else:
            operands.append(SCALAR_KIND[i])
    return saved_values(op, m, attrs, tuple(operands), [wants_gradient(tape, i) for i in ins])


def saved_values(op, m, attrs, operands: tuple, wants: list[bool]) -> frozenset:
    """`_saved`; as in PyTorch the gradient of a lone operand counts as wanted in any case.

    Where gradients reach no operand, it was a view made under no_grad that requires one.
    """
    tensors = [not isinstance(x, str) for x in operands]
    lone = sum(tensors) == 1 or not any(wants)
    return _saved(op, m, operands, attrs, tuple(tensors if lone else wants))


def wants_gradient(tape: Tape, i: int) -> bool:
    """True if gradients go on through a value."""
    if i in tape.leaves or i in tape.nodes:
        return True
    if i < 0:
        return False
    e = tape.entries[i]
    return (e[2][0] if e[0] is GIVEN else e[0]).__class__ is GradOp or e[0] is LINK


def saves_any(node: Node) -> bool:
    """True if the gradient of a node reads any value."""
    if node.op.__class__ is not GradOp or not hasattr(node.row, "saves"):
        return node.op.__class__ is GradOp
    if node.kept is not None:
        return node.kept.any
    if node.row.saves is not None:
        return bool(node.row.saves)
    metas, wants = [], []
    for x in node.ins:
        v = x[1] if x.__class__ is tuple else x
        metas.append(SCALAR_KIND[v.index] if v.__class__ is Scalar else v.meta)
        wants.append(x.__class__ is tuple or (v.__class__ is Node and v.op.__class__ is GradOp))
    return bool(saved_values(node.row, node.meta, node.attrs, tuple(metas), wants))
