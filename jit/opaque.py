"""Kernels of nodes that are no fused loop nest: gemm, cat, update, scatter_add."""

from __future__ import annotations

from .codegen import GRAIN, Emitter, Kernel
from .dtypes import int64
from .fuse import VIRTUAL, Unit, add_node
from .ir import Node, Type, Value
from .loops import Target
from .ops import OPS
from .ops.tensor_ops import contiguous_strides
from .passes.layout import Layout
from .sym import prod, size_max


def opaque_kernels(node: Node, layout: Layout) -> list[Kernel]:
    """The kernels of an opaque node, in order."""
    kernels = {
        "gemm": _gemm, "cat": _cat, "update": _update, "scatter_add": _scatter_add,
    }[node.op.name](node, layout)  # fmt: skip
    for k in kernels:
        k.nodes = [node]
        k.outputs = [node.out]
    return kernels


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


def _cat(node: Node, layout: Layout) -> list[Kernel]:
    out = node.out
    strides = contiguous_strides(out.shape)
    kernels, at = [], 0
    dim = node.attrs["dim"]
    for v in node.inputs:
        target = Target(("v", out), strides, at * strides[dim])
        kernels.append(copy_kernel(v, target, layout, node.loc))
        at = at + v.shape[dim]
    return kernels


def _update(node: Node, layout: Layout) -> list[Kernel]:
    x, new = node.inputs
    if "home" in node.attrs:
        home = node.out.graph.inputs[node.attrs["home"]]
        region = Target(("v", home), node.attrs["strides"], node.attrs["offset"])
        return [copy_kernel(new, region, layout, node.loc)]
    whole = copy_kernel(x, Target(("v", node.out)), layout, node.loc)
    region = Target(("v", node.out), node.attrs["strides"], node.attrs["offset"])
    return [whole, copy_kernel(new, region, layout, node.loc)]


def _gemm(node: Node, layout: Layout) -> list[Kernel]:
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
        contiguous_strides(out.shape), ma.offset, mb.offset,
    )  # fmt: skip
    size = out.dtype.itemsize
    kernel.bytes = (prod(a.shape) + prod(b.shape) + prod(out.shape)) * size
    kernel.flops = 2 * batch * m * n * k
    return [kernel]


_SCATTER = """def kernel(args, begin, end, tid):
{unpack}
    for t in range(begin, end):
        o = t // nt
        lo = (t - o * nt) * 256
        hi = min(lo + 256, ni)
        for k in range(nk):
            for i in range(lo, hi):
                j = p1[o * idx_o + k * idx_k + i * idx_i + idx_at]
                if WRAP:
                    j = select(j < 0, j + nj, j)
                if (j < 0) | (j >= nj):
                    err[0] = code
                    err[1] = p1[o * idx_o + k * idx_k + i * idx_i + idx_at]
                    j = 0
                at = (o * nj + j) * ni + i
                p0[at] = p0[at] + p2[o * src_o + k * src_k + i * src_i + src_at]
"""


def _scatter_add(node: Node, layout: Layout) -> list[Kernel]:
    """out = dest; out[o, idx[o, k, i], i] += src[o, k, i] with k in order, so deterministic."""
    dest, idx, src = node.inputs
    d = node.attrs["dim"]
    out = node.out
    first = copy_kernel(dest, Target(("v", out)), layout, node.loc)
    outer, inner = prod(out.shape[:d]), prod(out.shape[d + 1 :])
    nk, nj = src.shape[d], out.shape[d]
    args: list[tuple] = [("ptr", ("v", out), out.dtype)]
    names = ["p0"]
    for name, v in (("p1", idx), ("p2", src)):
        args.append(("ptr", ("v", layout.of(v)[0]), v.dtype))
        names.append(name)
    args.append(("ptr", ("status",), int64))
    names.append("err")
    sizes = {
        "nt": (inner + 255) // 256, "ni": inner, "nk": nk, "nj": nj,
        **_three(idx, d, src.shape, layout, "idx"), **_three(src, d, src.shape, layout, "src"),
    }  # fmt: skip
    for name, n in sizes.items():
        args.append(("int", n))
        names.append(name)
    args.append(("check", 1))
    names.append("code")
    unpack = "\n".join(
        f"    {name} = ptr(args, {k}, '{arg[2].short}')" if arg[0] == "ptr"
        else f"    {name} = arg_i64(args, {k})"
        for k, (name, arg) in enumerate(zip(names, args))
    )  # fmt: skip
    source = _SCATTER.format(unpack=unpack)
    wrap = node.attrs["what"] == "index"
    source = source.replace("if WRAP:", f"if {wrap}:")
    kernel = Kernel(
        "scatter_add", source, args, outer * sizes["nt"],
        size_max(1, GRAIN // size_max(1, nk * 256)), mode="scatter",
    )  # fmt: skip
    kernel.checks = [(node.attrs["what"], node.loc, d, nj)]
    kernel.bytes = prod(src.shape) * (src.dtype.itemsize * 3 + 8)
    kernel.flops = prod(src.shape)
    return [first, kernel]


def _three(v: Value, d: int, shape, layout: Layout, name: str) -> dict[str, int]:
    """Strides of a view over (outer, dim, inner), and its offset; views must be mergeable."""
    m = layout.of(v)[1]
    strides = [0 if v.shape[j] == 1 else s for j, s in enumerate(m.strides)]

    def merged(dims) -> int:
        step = None
        for j in reversed(dims):
            if shape[j] == 1:
                continue
            if step is None:
                step, size = strides[j], shape[j]
            elif strides[j] == step * size:
                size = size * shape[j]
            else:
                raise NotMergeable(name)
        return 0 if step is None else step

    rank = len(shape)
    return {
        f"{name}_o": merged(range(d)), f"{name}_k": strides[d],
        f"{name}_i": merged(range(d + 1, rank)), f"{name}_at": m.offset,
    }  # fmt: skip


class NotMergeable(Exception):
    """A view that the (outer, dim, inner) form can't describe; the pipeline copies it."""


def needs_copy(node: Node, j: int, layout: Layout) -> bool:
    """True if operand j of an opaque node must be copied to plain strided memory first."""
    v = node.inputs[j]
    source, m = layout.of(v)
    if node.op.name == "scatter_add" and j == 0 or node.op.name not in ("gemm", "scatter_add"):
        return False
    if m.guards or source.type.weak or source.op in VIRTUAL:
        return True
    if node.op.name == "gemm":
        return False
    try:
        _three(v, node.attrs["dim"], node.inputs[2].shape, layout, "")
    except NotMergeable:
        return True
    return False


