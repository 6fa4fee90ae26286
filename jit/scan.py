"""Kernels of scans: running sums, products, log-sum-exps, extremes along a dim.

Each row (or column) is scanned in order by one item, so results do not depend on the threads.
Along an inner dim an item takes a tile of columns, so that memory is walked in order. Steps that
are dear, or whose chain is long, take a block of rows along the last dim: it is turned around in
scratch, so that one instruction steps several rows.
"""

from __future__ import annotations

from .argblock import ArgBlock, indent
from .codegen import Kernel
from .dtypes import DType, by_short, int64
from .ir import Node
from .ops.table import OPS
from .passes.layout import Layout
from .scatter import three_strides
from .sym import ceil_div, prod

TILE = 256
AHEAD = 2  # rows whose sums (a chain of additions each) run at the same time; 8 thrash the cache
ROWS, STEPS = 32, 64  # of a block of rows that is turned around in scratch

# Running values: start, and the next one from the old `a` and the element `x` (of type t).
_STEP = {
    "sum": ("{t}(0)", "{a} + x"),
    "prod": ("{t}(1)", "{a} * x"),
    "logaddexp": ("-{t}(INF)", None),
}
# Once equal (infinite) operands are out of the way, the smaller one adds at most log(2).
_LOGADDEXP = """big = maximum({a}, x)
low = minimum({a}, x)
grown = big + log1p_{t}(exp_{t}(low - big))
{a} = select((low == big) & (fabs(big) == {t}(INF)), big, grown)
"""
_WIDE = {"f32": "f64", "f16": "f32", "bf16": "f32", "c64": "c128"}


class Steps:
    """A scan's source: lines for lane i (running values `acc`, `pos`), results by pointer.

    `start` and `step` contain {x} for the lane's element; `results` are (pointer, text, dtype).
    """

    def __init__(self, start: str, step: str, results: list[tuple[str, str, DType]]):
        self.start, self.step, self.results = start, step, results


def scan_kernels(node: Node, layout: Layout) -> list[Kernel]:
    """cumsum, cumprod, logcumsumexp: the running value is kept in a wider type."""
    combine = node.op.name.removeprefix("scan_")
    out, dtype = node.out, node.inputs[0].dtype
    wide = by_short(_WIDE.get(out.dtype.short, out.dtype.short))
    start, step = (text and text.format(t=wide.short, a="{a}") for text in _STEP[combine])
    update = _logaddexp(wide) if step is None else "{a} = " + step + "\n"
    block = _block(node, layout)
    block.pointer("p0", ("v", out), out.dtype)
    if _is_last(node) and step is not None:
        load, text = _cast("p1[{at} + j * x_k]", dtype, wide), _cast("{a}", wide, out.dtype)
        one = "x = " + load + "\n" + update + "p0[{to} + j] = " + text + "\n"
        return [_rows(node, block, combine, start, one)]
    lane = "acc[w + i]"
    block.scratch("acc", ("acc", node), wide, TILE)
    text = f"x = {_cast('{x}', dtype, wide)}\n" + update.replace("{a}", lane)
    steps = Steps(f"{lane} = {start}\n", text, [("p0", _cast(lane, wide, out.dtype), out.dtype)])
    return [_lanes(node, block, combine, steps)]


def _logaddexp(t: DType) -> str:
    if t.kind != "c":
        return _LOGADDEXP.replace("{t}", t.short)
    text = OPS["logaddexp"].complex_expr.format("{a}", "x", t=t.short, r=t.to_real().short)
    return "{a} = " + text + "\n"


# The running extreme and where it is: the last of equal ones, and every NaN, takes its place.
_EXTREME = """x = {x}
hit = {hit}
acc[w + i] = select(hit, x, acc[w + i])
pos[w + i] = select(hit, j, pos[w + i])
"""
_BOOL_HIT = {"cummax": "x | (x == acc[w + i])", "cummin": "acc[w + i] | (x == acc[w + i])"}


def extreme_kernels(node: Node, layout: Layout) -> list[Kernel]:
    """cummax and cummin: results 0 (values) and 1 (indices), those that are wanted."""
    dtype = node.inputs[0].dtype
    sign = ">=" if node.op.name == "cummax" else "<="
    hit = f"(x {sign} acc[w + i])" + (" | (x != x)" if dtype.kind == "f" else "")
    step = _EXTREME.replace("{hit}", hit if dtype.kind != "b" else _BOOL_HIT[node.op.name])
    block = _block(node, layout)
    results = []
    for k, v in zip(node.attrs["results"], node.outputs):
        block.pointer(f"p{2 + k}", ("v", v), v.dtype)
        results.append((f"p{2 + k}", "pos[w + i]" if k else "acc[w + i]", v.dtype))
    block.scratch("acc", ("acc", node), by_short(dtype.compute_short), TILE)
    block.scratch("pos", ("pos", node), int64, TILE)
    steps = Steps("acc[w + i] = {x}\npos[w + i] = 0\n", step, results)
    return [_lanes(node, block, node.op.name, steps)]


def _cast(text: str, have: DType, want: DType) -> str:
    return text if have.compute_short == want.compute_short else f"{want.compute_short}({text})"


def _block(node: Node, layout: Layout) -> ArgBlock:
    (x,) = node.inputs
    d = node.attrs["dim"]
    block = ArgBlock(layout)
    block.value("p1", x)
    block.sizes(nk=x.shape[d], **three_strides(x, d, x.shape, layout, "x"))
    return block


def _is_last(node: Node) -> bool:
    return prod(node.out.shape[node.attrs["dim"] + 1 :]) == 1


def _position(node: Node, k: str = "k") -> str:
    return f"nk - 1 - {k}" if node.attrs.get("reverse") else k


def _rows(node: Node, block: ArgBlock, name: str, start: str, step: str) -> Kernel:
    """One row per item; AHEAD rows advance together, so that their steps overlap in time."""
    shape, d = node.out.shape, node.attrs["dim"]

    def rows(n: int) -> str:
        lanes = [{"a": f"a{r}", "at": f"at{r}", "to": f"to{r}"} for r in range(n)]
        head = "".join(
            f"at{r} = (o + {r}) * x_o + x_at\nto{r} = (o + {r}) * nk\na{r} = {start}\n"
            for r in range(n)
        )
        body = f"j = {_position(node)}\n" + "".join(step.format(**lane) for lane in lanes)
        return head + "for k in range(nk):\n" + indent(body, 1)

    text = (
        f"    m = (end - begin) // {AHEAD}\n    for q in range(m):\n"
        f"        o = begin + {AHEAD} * q\n" + indent(rows(AHEAD), 2)
        + f"    for o in range(begin + {AHEAD} * m, end):\n" + indent(rows(1), 2)
    )  # fmt: skip
    return block.kernel(
        f"scan_{name}", text, prod(shape[:d]), 4 * shape[d], bytes=_bytes(node)
    )


def _lanes(node: Node, block: ArgBlock, name: str, steps: Steps) -> Kernel:
    return (_turned if _is_last(node) else _columns)(node, block, name, steps)


def _columns(node: Node, block: ArgBlock, name: str, steps: Steps) -> Kernel:
    """A tile of columns per item: the lanes are neighbours in memory."""
    shape, d = node.out.shape, node.attrs["dim"]
    inner = prod(shape[d + 1 :])
    tiles = ceil_div(inner, TILE)
    block.sizes(nt=tiles, all=inner)
    stores = "".join(f"{p}[to + j * all + i] = {text}\n" for p, text, _ in steps.results)
    start = steps.start.replace("{x}", "p1[at + i * x_i]")
    step = steps.step.replace("{x}", "p1[at + j * x_k + i * x_i]")
    body = (
        f"o = t // nt\nlo = (t - o * nt) * {TILE}\nni = min({TILE}, all - lo)\n"
        "at = o * x_o + lo * x_i + x_at\nto = o * nk * all + lo\n"
        "for i in range(ni):\n" + indent(start, 1)
        + f"for k in range(nk):\n    j = {_position(node)}\n    for i in range(ni):\n"
        + indent(step + stores, 2)
    )  # fmt: skip
    text = f"    w = tid * {TILE}\n    for t in range(begin, end):\n" + indent(body, 2)
    return block.kernel(
        f"scan_{name}", text, prod(shape[:d]) * tiles, 2 * TILE * shape[d], bytes=_bytes(node)
    )


def _turned(node: Node, block: ArgBlock, name: str, steps: Steps) -> Kernel:
    """A block of rows per item: the lanes are rows."""
    shape, d = node.out.shape, node.attrs["dim"]
    outer = prod(shape[:d])
    size = ROWS * STEPS
    block.scratch("B", ("turned", node), by_short(node.inputs[0].dtype.compute_short), size)
    stores = finish = ""
    for k, (p, text, dtype) in enumerate(steps.results):
        block.scratch(f"R{k}", ("turned", node, k), by_short(dtype.compute_short), size)
        stores += f"R{k}[b + c * {ROWS} + i] = {text}\n"
        finish += f"{p}[to + i * nk + j] = R{k}[b + c * {ROWS} + i]\n"
    block.sizes(all=outer)
    start = steps.start.replace("{x}", "p1[at + i * x_o]")
    step = steps.step.replace("{x}", f"B[b + c * {ROWS} + i]")
    where = f"j = {_position(node, '(kb + c)')}\n"
    body = (
        f"lo = t * {ROWS}\nni = min({ROWS}, all - lo)\nat = lo * x_o + x_at\nto = lo * nk\n"
        "for i in range(ni):\n" + indent(start, 1)
        + f"for kb in range(0, nk, {STEPS}):\n    nb = min({STEPS}, nk - kb)\n"
        "    for i in range(ni):\n        for c in range(nb):\n"
        + indent(where + f"B[b + c * {ROWS} + i] = p1[at + i * x_o + j * x_k]\n", 3)
        + "    for c in range(nb):\n" + indent(where, 2) + "        for i in range(ni):\n"
        + indent(step + stores, 3)
        + "    for i in range(ni):\n        for c in range(nb):\n" + indent(where + finish, 3)
    )  # fmt: skip
    text = (
        f"    w = tid * {TILE}\n    b = tid * {size}\n    for t in range(begin, end):\n"
        + indent(body, 2)
    )
    return block.kernel(
        f"scan_{name}", text, ceil_div(outer, ROWS), 2 * ROWS * shape[d], bytes=_bytes(node)
    )


def _bytes(node: Node) -> int:
    values = [*node.inputs, *node.outputs]
    return sum(prod(v.shape) * v.dtype.itemsize for v in values)
