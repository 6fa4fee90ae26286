"""Kernels that find elements by rank without sorting a row: topk, kthvalue, medians; and mode.

A rank is found digit by digit from the most significant one: count the digits of the candidates,
keep those with the digit that the rank falls on. Few largest ones are kept in a sorted buffer.
"""

from __future__ import annotations

from .argblock import indent
from .codegen import Kernel
from .ir import Node
from .passes.layout import Layout
from .sort import Rows, _load, _row_start, _to
from .sort_keys import INSERTION

BUFFER = 32  # up to this many of topk go through a sorted buffer
LOOK = 16  # elements that are compared at once with the worst of the buffer


def select_lines(key) -> str:
    """Lines: S[a + rank] becomes the entry of that rank among the n entries from `a` on."""
    keep = key.move("a + c", "a + i")
    return (
        f"m = n\nq = {key.bytes - 1}\nwhile q >= 0 and m > {INSERTION}:\n"
        "    for i in range(256):\n        H[h + i] = 0\n"
        f"    for i in range(m):\n        g = h + ({key.digit('q', 'S[a + i]')})\n"
        "        H[g] = H[g] + 1\n"
        "    g = 0\n    while H[h + g] <= rank:\n"
        "        rank = rank - H[h + g]\n        g = g + 1\n"
        "    if H[h + g] != m:\n        c = 0\n        for i in range(m):\n"
        f"            hit = ({key.digit('q', 'S[a + i]')}) == g\n" + indent(keep, 3)
        + "            c = c + i64(hit)\n        m = c\n    q = q - 1\n"
        "if q >= 0:\n" + indent(key.insertion("m"), 1)
    )  # fmt: skip


def _kernel(rows: Rows, name: str, body: str, head: str, block, work: int) -> Kernel:
    text = indent(head, 1) + "    for r in range(begin, end):\n" + indent(body, 2)
    return block.kernel(name, text, rows.outer * rows.inner, work * rows.n, bytes=rows.bytes)


def _base(rows: Rows, count: str) -> str:
    """Row start, where the results have `count` elements along the dim."""
    return _row_start(rows).replace("base = r * nk", f"base = r * {count}").replace(
        "base = o * nk * ni", f"base = o * {count} * ni"
    )


def kth_kernels(node: Node, layout: Layout) -> list[Kernel]:
    """The k-th smallest, or the lower median: NaN if there is one ("median"), or without them."""
    rows = Rows(node, layout, False)
    what = node.attrs["what"]
    block = rows.block()
    lines = rows.results(block)
    head = rows.scratch(block, rows.n)
    load = _load(rows, "0")
    if what == "kth":
        block.sizes(k=node.attrs["k"])
        rank = "rank = k - 1\n"
    else:
        count = "    bad = bad + i64(v != v)\n    b = "
        load = "bad = 0\n" + (load.replace("    b = ", count, 1) if rows.keys.float else load)
        rank = (
            "rank = select(bad > 0, n - bad, (n - 1) // 2)\n" if what == "median" else
            "rank = max(0, (n - bad - 1) // 2)\n"
        )  # fmt: skip
    body = (
        _base(rows, "1") + "n = nk\na = s0\n" + load + rank + select_lines(rows.keys)
        + "to = base\n" + rows.store("a + rank", lines)
    )
    return [_kernel(rows, f"select_{what}", body, head, block, 8)]


def topk_kernels(node: Node, layout: Layout) -> list[Kernel]:
    """The k largest (or smallest) in order; of equal ones those that come first."""
    rows = Rows(node, layout, node.attrs["largest"])
    k = node.attrs["k"]
    few = k <= BUFFER and k < rows.n
    block = rows.block()
    lines = rows.results(block)
    head = rows.scratch(block, BUFFER if few else 3 * rows.n)
    block.sizes(k=k)
    find = _buffered(rows) if few else _thresholded(rows)
    body = (
        _base(rows, "k") + find + "for i in range(k):\n"
        + indent(_to(rows, "i") + rows.store("a + i", lines), 1)
    )  # fmt: skip
    return [_kernel(rows, "topk_few" if few else "topk", body, head, block, 2 if few else 12)]


def _buffered(rows: Rows) -> str:
    key = rows.keys
    worst = "worst = S[a + k - 1]" + (" >> 32\n" if key.packed else "\n")
    element = f"v = {rows.at('w + i')}\n" + key.key()
    insert = (
        "if s < worst:\n" + indent(
            ("e = (s << 32) | (w + i)\n" if key.packed else "e = s\n")
            + "c = k - 1\nwhile c > 0 and S[a + c - 1] > e:\n"
            + indent(key.move("a + c", "a + c - 1") + "c = c - 1\n", 1)
            + "S[a + c] = e\n" + ("" if key.packed else "J[a + c] = w + i\n") + worst, 1)
    )  # fmt: skip
    return (
        "a = s0\nn = k\n" + _load(rows, "0") + key.insertion() + worst + "w = k\n"
        f"while w + {LOOK} <= nk:\n    i = 0\n    v = {rows.at('w')}\n" + indent(key.key(), 1)
        + f"    best = s\n    for i in range({LOOK}):\n"
        + indent(element + "best = minimum(best, s)\n", 2)
        + f"    if best < worst:\n        for i in range({LOOK}):\n" + indent(element + insert, 3)
        + f"    w = w + {LOOK}\nfor i in range(nk - w):\n" + indent(element + insert, 1)
    )  # fmt: skip


def _thresholded(rows: Rows) -> str:
    """Finds the entry of rank k, collects the k up to it, sorts these."""
    key = rows.keys
    below = "e <= limit" if key.packed else "(e < limit) | ((e == limit) & (i <= last))"
    entry = "e = (s << 32) | i\n" if key.packed else "e = s\n"
    element = f"v = {rows.at('i')}\n" + key.key() + entry
    return (
        "n = nk\na = s0\nrank = k - 1\n" + _load(rows, "0") + select_lines(key)
        + "limit = S[a + rank]\n" + ("" if key.packed else "last = i64(J[a + rank])\n")
        + "c = 0\nfor i in range(n):\n" + indent(
            element + f"if {below}:\n    S[a + c] = e\n"
            + ("" if key.packed else "    J[a + c] = i\n") + "    c = c + 1\n", 1)
        + "n = k\nz = s0 + nk\n" + key.sort()
    )  # fmt: skip


def mode_kernels(node: Node, layout: Layout) -> list[Kernel]:
    """The most frequent element (of equal ones the smallest), and its last index."""
    rows = Rows(node, layout, False)
    key = rows.keys
    block = rows.block()
    lines = rows.results(block)
    head = rows.scratch(block, 2 * rows.n)
    same = f"(S[a + i]{' >> 32' if key.packed else ''}) == s"
    if key.float:
        nan = "2147483647" if key.packed else "9223372036854775807"
        same = f"({same}) & (s != {nan})"
    shift = " >> 32" if key.packed else ""
    body = (
        _base(rows, "1") + "n = nk\na = s0\nz = s0 + nk\n" + _load(rows, "0") + key.sort()
        + f"s = S[a]{shift}\nbest = 0\nmost = 0\nc = 0\nfor i in range(n):\n"
        f"    c = select({same}, c + 1, 1)\n    s = S[a + i]{shift}\n"
        "    if c > most:\n        most = c\n        best = i\n"
        "to = base\n" + rows.store("a + best", lines)
    )  # fmt: skip
    return [_kernel(rows, "mode", body, head, block, 20)]
