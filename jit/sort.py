"""Kernels that sort along a dim, stably: insertion for short rows, radix for longer ones.

Rows above CHUNK elements are sorted in chunks, which are then merged two by two; a merge is split
into segments whose starts a binary search finds (merge path), so that one long row keeps all
threads busy and the result does not depend on their number.
"""

from __future__ import annotations

from .argblock import ArgBlock, indent
from .codegen import Kernel
from .dtypes import int32, int64
from .ir import Node
from .passes.layout import Layout
from .scatter import three_strides
from .sort_keys import Keys
from .sym import ceil_div, prod

CHUNK = 1 << 16
SEGMENT = 1 << 14
COLUMNS = 16  # columns that are read and written together
MAX_TILE = 1 << 13  # rows of such a tile


class Rows:
    """The rows that a kernel works on: strides of the operand, sizes, where results go."""

    def __init__(self, node: Node, layout: Layout, descending: bool):
        self.node, self.layout = node, layout
        x = self.x = node.inputs[0]
        self.dim = node.attrs["dim"]
        self.n = x.shape[self.dim]
        self.outer, self.inner = prod(x.shape[: self.dim]), prod(x.shape[self.dim + 1 :])
        self.last = self.inner == 1
        sorts = node.op.name == "sort"
        self.keys = Keys(x.dtype, values_only=sorts and tuple(node.attrs["results"]) == (0,))
        self.order = -1 if descending else 0
        self.strides = three_strides(x, self.dim, x.shape, layout, "x")

    def block(self) -> ArgBlock:
        """The operand, its sizes and strides."""
        block = ArgBlock(self.layout)
        block.value("X", self.x)
        block.sizes(nk=self.n, ni=self.inner, order=self.order, **self.strides)
        return block

    @property
    def unit(self) -> bool:
        """True if neighbours along the dim are neighbours in memory: known when compiling."""
        step = self.strides["x_k"]
        return not hasattr(step, "expr") and step == 1

    def at(self, k: str) -> str:
        """The operand's element k of the row that starts at `at`."""
        return f"X[at + {k}]" if self.unit else f"X[at + ({k}) * x_k]"

    def results(self, block: ArgBlock) -> str:
        """Pointers of the wanted results; lines that store v and j at `to`."""
        lines = ""
        for k, v in zip(self.node.attrs["results"], self.node.outputs):
            block.pointer(f"P{k}", ("v", v), v.dtype)
            lines += f"P{k}[to] = {'j' if k else 'v'}\n"
        return lines

    def store(self, entry: str, lines: str) -> str:
        """Lines that store an entry of the scratch at `to`."""
        value = self.keys.element(self.at("j")) if "P0" in lines else ""
        return self.keys.decode(entry) + value + lines

    def scratch(self, block: ArgBlock, count: int) -> str:
        """Scratch of each thread: entries and counters; lines that set its bases."""
        key, digits = self.keys, 256 * self.keys.bytes
        block.scratch("S", ("sort", self.node), int64, count)
        if key.apart:
            block.scratch("J", ("sorti", self.node), int32, count)
        block.scratch("H", ("sorth", self.node), int64, digits)
        block.sizes(span=count)
        return f"s0 = tid * span\nh = tid * {digits}\n"

    @property
    def bytes(self) -> int:
        values = [self.x, *self.node.outputs]
        return sum(prod(v.shape) * v.dtype.itemsize for v in values)


def sort_kernels(node: Node, layout: Layout) -> list[Kernel]:
    """sort: results 0 (values) and 1 (indices), those that are wanted."""
    rows = Rows(node, layout, node.attrs["descending"])
    if rows.n > CHUNK:
        return _chunked(rows)
    if rows.last or rows.n > MAX_TILE:
        return [_whole(rows)]
    return [_tiled(rows)]


def _name(rows: Rows, what: str) -> str:
    return f"{rows.node.op.name}_{what}"


def _row_start(rows: Rows) -> str:
    """Lines: `at`, where row r starts in the operand, and `base`, `step` of its results."""
    if rows.last:
        return "at = r * x_o + x_at\nbase = r * nk\n"
    return (
        "o = r // ni\nat = o * x_o + (r - o * ni) * x_i + x_at\n"
        "base = o * nk * ni + (r - o * ni)\n"
    )


def _to(rows: Rows, k: str) -> str:
    return f"to = base + {k}\n" if rows.last else f"to = base + ({k}) * ni\n"


def _load(rows: Rows, first: str) -> str:
    """Lines: the entries of elements first .. first + n go to S[a ..]."""
    key = rows.keys
    return (
        f"for i in range(n):\n    v = {rows.at(f'{first} + i' if first != '0' else 'i')}\n"
        + indent(key.key() + key.put("a + i", f"{first} + i" if first != "0" else "i"), 1)
    )  # fmt: skip


def _whole(rows: Rows) -> Kernel:
    """One row per item."""
    block = rows.block()
    lines = rows.results(block)
    head = rows.scratch(block, 2 * rows.n)
    body = (
        _row_start(rows) + "n = nk\na = s0\nz = s0 + nk\n" + _load(rows, "0") + rows.keys.sort()
        + "for i in range(n):\n" + indent(_to(rows, "i") + rows.store("a + i", lines), 1)
    )  # fmt: skip
    text = indent(head, 1) + "    for r in range(begin, end):\n" + indent(body, 2)
    return block.kernel(
        _name(rows, "rows"), text, rows.outer * rows.inner, 20 * rows.n, bytes=rows.bytes
    )


def _tiled(rows: Rows) -> Kernel:
    """A tile of neighbouring columns per item: memory is read and written along its lines."""
    block = rows.block()
    lines = rows.results(block)
    head = rows.scratch(block, (COLUMNS + 1) * rows.n)
    tiles = ceil_div(rows.inner, COLUMNS)
    block.sizes(nt=tiles)
    key = rows.keys
    body = (
        f"o = t // nt\nlo = (t - o * nt) * {COLUMNS}\nnc = min({COLUMNS}, ni - lo)\n"
        "first = o * x_o + lo * x_i + x_at\nn = nk\n"
        "for k in range(n):\n    for c in range(nc):\n        v = X[first + k * x_k + c * x_i]\n"
        + indent(key.key() + key.put("s0 + c * n + k", "k"), 2)
        + f"z = s0 + {COLUMNS} * n\nfor col in range(nc):\n    a = s0 + col * n\n"
        + indent(key.sort(), 1)
        + "for k in range(n):\n    for c in range(nc):\n        at = first + c * x_i\n"
        "        to = (o * n + k) * ni + lo + c\n" + indent(rows.store("s0 + c * n + k", lines), 2)
    )  # fmt: skip
    text = indent(head, 1) + "    for t in range(begin, end):\n" + indent(body, 2)
    return block.kernel(
        _name(rows, "columns"), text, rows.outer * tiles, 20 * COLUMNS * rows.n, bytes=rows.bytes
    )


# ---------------------------------------------------------------- long rows


def _shared(rows: Rows, block: ArgBlock, which: int, name: str = "K") -> None:
    """Entries of all rows, in one of two buffers that the merges use in turns."""
    count = rows.outer * rows.inner * rows.n
    node, kind = rows.node, "shared"
    block.scratch(name, ("run", node, which), int64, count, kind)
    if rows.keys.apart:
        block.scratch(name + "j", ("runj", node, which), int32, count, kind)


def _chunked(rows: Rows) -> list[Kernel]:
    """Chunks are sorted, then merged in rounds; the last round writes the results."""
    kernels, width, which = [_sort_chunks(rows)], CHUNK, 0
    while width < rows.n:
        last = width * 2 >= rows.n
        kernels.append(_merge(rows, width, which, last))
        width, which = width * 2, 1 - which
    return kernels


def _sort_chunks(rows: Rows) -> Kernel:
    block = rows.block()
    head = rows.scratch(block, 2 * CHUNK)
    _shared(rows, block, 0)
    chunks = ceil_div(rows.n, CHUNK)
    block.sizes(nt=chunks)
    apart = "    Kj[r * nk + lo + i] = J[a + i]\n" if rows.keys.apart else ""
    body = (
        f"r = t // nt\nlo = (t - r * nt) * {CHUNK}\nn = min({CHUNK}, nk - lo)\n"
        + _row_start(rows) + f"a = s0\nz = s0 + {CHUNK}\n" + _load(rows, "lo") + rows.keys.radix()
        + "for i in range(n):\n    K[r * nk + lo + i] = S[a + i]\n" + apart
    )  # fmt: skip
    text = indent(head, 1) + "    for t in range(begin, end):\n" + indent(body, 2)
    return block.kernel(
        _name(rows, "chunks"), text, rows.outer * rows.inner * chunks, 20 * CHUNK,
        bytes=rows.bytes,
    )  # fmt: skip


_MERGE = """r = t // nt
lo = (t - r * nt) * {segment}
n = min({segment}, nk - lo)
p = lo // (2 * width) * (2 * width)
left = r * nk + p
nl = min(width, nk - p)
nr = min(width, nk - p - nl)
right = left + nl
k = lo - p
i = max(0, k - nr)
hi = min(k, nl)
while i < hi:
    mid = (i + hi) // 2
    if K[left + mid] <= K[right + k - mid - 1]:
        i = mid + 1
    else:
        hi = mid
m = k - i
for q in range(n):
    e = left + min(i, nl - 1)
    f = select(nr > 0, right + min(m, nr - 1), e)
    x = K[e]
    y = K[f]
    take = (i < nl) & ((m >= nr) | (x <= y))
    x = select(take, x, y)
    e = select(take, e, f)
    i = i + i64(take)
    m = m + 1 - i64(take)
"""


def _merge(rows: Rows, width: int, which: int, last: bool) -> Kernel:
    """Pairs of sorted stretches of `width` become one, a segment of the result per item."""
    block = rows.block()
    _shared(rows, block, which)
    key = rows.keys
    segments = ceil_div(rows.n, SEGMENT)
    block.sizes(nt=segments, width=width)
    if last:
        lines = rows.results(block)
        index = "j = i64(Kj[e])\n" if key.apart else ""
        entry = "s = x >> 32\nj = x & 4294967295\n" if key.packed else "s = x\n" + index
        value = key.element(rows.at("j")) if "P0" in lines else ""
        put = entry + value + _to(rows, "lo + q") + lines
    else:
        _shared(rows, block, 1 - which, "T")
        put = "T[r * nk + lo + q] = x\n"
        put += "Tj[r * nk + lo + q] = Kj[e]\n" if key.apart else ""
    body = _MERGE.format(segment=SEGMENT) + indent(put, 1)
    body = body.replace("r = t // nt\n", "r = t // nt\n" + (_row_start(rows) if last else ""), 1)
    text = "    for t in range(begin, end):\n" + indent(body, 2)
    return block.kernel(
        _name(rows, "merge_last" if last else "merge"), text,
        rows.outer * rows.inner * segments, 4 * SEGMENT, bytes=rows.bytes,
    )  # fmt: skip
