"""Kernels that store or accumulate at indices: scatter_add and scatter.

Deterministic for any number of threads: work is split over (outer index, tile of inner indices),
and one item takes all indices along the scattered dim in order.
"""

from __future__ import annotations

from .codegen import GRAIN, Kernel
from .dtypes import int64
from .ir import Node, Value
from .passes.layout import Layout
from .sym import prod, size_max

SCATTERS = ("scatter_add", "scatter")
TILE = 256

_COMBINE = {
    "add": "{d} + {s}", "set": "{s}", "mul": "{d} * {s}", "max": "maximum({d}, {s})",
    "min": "minimum({d}, {s})",
}  # fmt: skip
_COMBINE_BOOL = {"add": "{d} | {s}", "set": "{s}", "mul": "{d} & {s}", "max": "{d} | {s}",
                 "min": "{d} & {s}"}  # fmt: skip

_HEAD = """def kernel(args, begin, end, tid):
{unpack}
    for t in range(begin, end):
        o = t // nt
        lo = (t - o * nt) * {tile}
        hi = min(lo + {tile}, ni)
        for k in range(nk):
"""
_PLACE = """j = p1[{at}]
if WRAP:
    j = select(j < 0, j + nj, j)
if (j < 0) | (j >= nj):
    err[0] = code
    err[1] = p1[{at}]
    j = 0
"""


def scatter_kernel(node: Node, layout: Layout) -> Kernel:
    """The accumulation into node.out, which holds the first operand already."""
    _, idx, src = node.inputs
    d, out = node.attrs["dim"], node.out
    outer, inner = prod(out.shape[:d]), prod(out.shape[d + 1 :])
    sizes = {
        "nt": (inner + TILE - 1) // TILE, "ni": inner, "nk": src.shape[d], "nj": out.shape[d],
        **three_strides(idx, d, src.shape, layout, "idx"),
        **three_strides(src, d, src.shape, layout, "src"),
    }  # fmt: skip
    args: list[tuple] = [("ptr", ("v", out), out.dtype)]
    args += [("ptr", ("v", layout.of(v)[0]), v.dtype) for v in (idx, src)]
    args += [("ptr", ("status",), int64), *(("int", n) for n in sizes.values()), ("check", 1)]
    names = ["p0", "p1", "p2", "err", *sizes, "code"]
    unpack = "\n".join(
        f"    {name} = ptr(args, {k}, '{arg[2].short}')" if arg[0] == "ptr"
        else f"    {name} = arg_i64(args, {k})"
        for k, (name, arg) in enumerate(zip(names, args))
    )  # fmt: skip
    kernel = Kernel(
        "scatter_add" if node.op.name == "scatter_add" else f"scatter_{node.attrs['reduce']}",
        _HEAD.format(unpack=unpack, tile=TILE) + _body(node, idx), args, outer * sizes["nt"],
        size_max(1, GRAIN // size_max(1, sizes["nk"] * TILE)), mode="scatter",
    )  # fmt: skip
    kernel.checks = [(node.attrs["what"], node.loc, d, out.shape[d])]
    kernel.bytes = prod(src.shape) * (src.dtype.itemsize * 3 + 8)
    kernel.flops = prod(src.shape)
    return kernel


def _body(node: Node, idx: Value) -> str:
    """The loop over the inner tile; an index without inner dims is read once per k."""
    d, dtype = node.attrs["dim"], node.out.dtype
    reduce = node.attrs.get("reduce", "add")
    expr = (_COMBINE_BOOL if dtype.kind == "b" else _COMBINE)[reduce]
    lone = all(not hasattr(n, "expr") and n == 1 for n in idx.shape[d + 1 :])
    at = "o * idx_o + k * idx_k + idx_at" if lone else "o * idx_o + k * idx_k + i * idx_i + idx_at"
    place = _PLACE.format(at=at).replace("WRAP", str(node.attrs["what"] == "index"))
    pad, deep = " " * 12, " " * 16
    loop = f"{pad}for i in range(lo, hi):\n"
    found = "".join(f"{pad if lone else deep}{line}\n" for line in place.splitlines())
    combine = expr.format(d="p0[at]", s="p2[o * src_o + k * src_k + i * src_i + src_at]")
    store = f"{deep}at = (o * nj + j) * ni + i\n{deep}p0[at] = {combine}\n"
    return found + loop + store if lone else loop + found + store


def three_strides(v: Value, d: int, shape, layout: Layout, name: str) -> dict[str, int]:
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


def mergeable(node: Node, j: int, layout: Layout) -> bool:
    """True if the kernel can read operand j through its strides."""
    try:
        three_strides(node.inputs[j], node.attrs["dim"], node.inputs[-1].shape, layout, "")
    except NotMergeable:
        return False
    return True
