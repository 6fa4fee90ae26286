"""Kernels of nodes that are no fused loop nest. A row names its emitter: `kernels="opaque:gemm"`.

An emitter maps (node, layout) to the kernels of the node, in order. A node of several results
(grouped from a family) has their numbers in attrs["results"], in the order of its outputs.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from .codegen import Emitter, Kernel
from .fuse import VIRTUAL, Unit, add_node
from .ir import Node, Type, Value
from .loops import Target
from .ops import OPS
from .ops.table import Op
from .ops.tensor_ops import contiguous_strides
from .passes.layout import Layout, is_contiguous
from .scatter import mergeable, scatter_kernel
from .sym import prod


def opaque_kernels(node: Node, layout: Layout) -> list[Kernel]:
    """The kernels of an opaque node, in order."""
    if node.op.kind == "host":
        from .hostcall import host_kernel

        kernels = [host_kernel(node, layout)]
    else:
        kernels = emitter(node.op)(node, layout)
    for k in kernels:
        k.nodes = [node]
        k.outputs = list(node.outputs)
    return kernels


def emitter(op: Op) -> Callable[[Node, Layout], list[Kernel]]:
    """The function that an opaque row names."""
    if isinstance(op.kernels, str):
        module, _, name = op.kernels.partition(":")
        op.kernels = getattr(import_module(f".{module}", __package__), name)
    return op.kernels


def copy_kernel(v: Value, target: Target, layout: Layout, loc) -> Kernel:
    """A kernel that stores v (any view or literal) in a region of a buffer."""
    graph = v.graph
    node = graph.add(OPS["copy"], [v], {}, [Type(v.shape, v.dtype)], False)
    graph.nodes.pop()
    node.loc = loc
    unit = Unit(0)
    unit.axes = tuple(n for n in v.shape if not n == 1)
    add_node(unit, node, layout)
    return Emitter(unit, layout, {node.out: target}).emit()


def cat(node: Node, layout: Layout) -> list[Kernel]:
    """One copy per operand, into its part of the result."""
    out = node.out
    strides = contiguous_strides(out.shape)
    kernels, at = [], 0
    dim = node.attrs["dim"]
    for v in node.inputs:
        target = Target(("v", out), strides, at * strides[dim])
        kernels.append(copy_kernel(v, target, layout, node.loc))
        at = at + v.shape[dim]
    return kernels


def update(node: Node, layout: Layout) -> list[Kernel]:
    """The old value, then the region; only the region when it is stored in place."""
    x, new = node.inputs
    if "home" in node.attrs:
        home = node.out.graph.inputs[node.attrs["home"]]
        region = Target(("v", home), node.attrs["strides"], node.attrs["offset"])
        return [copy_kernel(new, region, layout, node.loc)]
    whole = copy_kernel(x, Target(("v", node.out)), layout, node.loc)
    region = Target(("v", node.out), node.attrs["strides"], node.attrs["offset"])
    return [whole, copy_kernel(new, region, layout, node.loc)]


def gemm(node: Node, layout: Layout) -> list[Kernel]:
    """The native micro-kernel on strided operands."""
    a, b = node.inputs
    (sa, ma), (sb, mb) = layout.of(a), layout.of(b)
    out = node.out
    batch, m, n = out.shape
    k = a.shape[2]

    def strides(v: Value, view) -> tuple[int, ...]:
        return (0 if v.shape[0] == 1 else view.strides[0], view.strides[1], view.strides[2])

    kernel = Kernel(
        "gemm", "", [("ptr", ("v", sa), sa.dtype), ("ptr", ("v", sb), sb.dtype),
                     ("ptr", ("v", out), out.dtype)],
        1, 1, mode="gemm",
    )  # fmt: skip
    kernel.gemm = (
        out.dtype.short, (batch, m, n, k), strides(a, ma), strides(b, mb),
        contiguous_strides(out.shape), ma.offset, mb.offset, 0,
    )  # fmt: skip
    size = out.dtype.itemsize
    kernel.bytes = (prod(a.shape) + prod(b.shape) + prod(out.shape)) * size
    kernel.flops = 2 * batch * m * n * k
    return [kernel]


def scatter(node: Node, layout: Layout) -> list[Kernel]:
    """out = the first operand, then the accumulation at the indices."""
    first = copy_kernel(node.inputs[0], Target(("v", node.out)), layout, node.loc)
    return [first, scatter_kernel(node, layout)]


def needs_copy(node: Node, j: int, layout: Layout) -> bool:
    """True if operand j of an opaque node must be copied to plain strided memory first."""
    v = node.inputs[j]
    source, m = layout.of(v)
    takes = node.op.takes if isinstance(node.op.takes, str) else node.op.takes[j]
    if takes == "any" or (node.op.kind == "host" and v.type.weak):
        return False
    if m.guards or source.type.weak or source.op in VIRTUAL:
        return True
    if takes == "packed":
        return not is_contiguous(m, v.shape)
    return takes == "rows" and not mergeable(node, j, layout)


