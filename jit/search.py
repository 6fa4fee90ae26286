"""Binary search of many values in sorted rows."""

from __future__ import annotations

from .argblock import ArgBlock
from .codegen import Kernel
from .ir import Node
from .passes.layout import Layout

_BODY = """    for t in range(begin, end):
        r = t // nv
        v = {cast}(V[r * v_r + (t - r * nv) * v_k + v_at])
        at = r * b_r + b_at
        lo = 0
        hi = nb
        while lo < hi:
            mid = (lo + hi) // 2
            k = {place}
            x = {cast}(B[at + k * b_k])
            if x {order} v:
                hi = mid
            else:
                lo = mid + 1
        P[t] = lo
"""


def search_kernels(node: Node, layout: Layout) -> list[Kernel]:
    """searchsorted for boundaries [r or 1, n], values [r, m] and perhaps a sorter like the first.

    NaN is beyond every boundary.
    """
    bounds, values = node.inputs[:2]
    block = ArgBlock(layout)
    block.value("B", bounds)
    block.value("V", values)
    (_, mb), (_, mv) = layout.of(bounds), layout.of(values)
    block.sizes(
        nb=bounds.shape[1], nv=values.shape[1], v_r=mv.strides[0], v_k=mv.strides[1],
        v_at=mv.offset, b_r=0 if bounds.shape[0] == 1 else mb.strides[0], b_k=mb.strides[1],
        b_at=mb.offset,
    )  # fmt: skip
    place = "mid"
    if len(node.inputs) == 3:
        sorter = node.inputs[2]
        block.value("O", sorter)
        m = layout.of(sorter)[1]
        o_r = 0 if sorter.shape[0] == 1 else m.strides[0]
        block.sizes(o_r=o_r, o_k=m.strides[1], o_at=m.offset)
        place = "O[r * o_r + mid * o_k + o_at]"
    block.pointer("P", ("v", node.out), node.out.dtype)
    wide = bounds.dtype.compute_short
    order = ">" if node.attrs["right"] else ">="
    body = _BODY.format(cast="i64" if wide == "b1" else wide, place=place, order=order)
    total = values.shape[0] * values.shape[1]
    return [block.kernel("searchsorted", body, total, 64)]
