"""Printing a unit's loop nest as Python source: the kernel that Numba compiles.

Forms (mode of the unit):
  map    every element once; all axes but the last are rows
  row    per row: alternating reductions and full stages over the reduced axes
  col    reduced axes outside, a tile of the innermost kept axis inside, accumulators in memory
  split  like row, one item per (row, block of the first reduced axis)
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .emit import ValueEmitter
from .fuse import Unit
from .ir import Node, Value
from .loops import Store
from .passes.simplify import COLUMN_TILE
from .reduction import KEPT_ROW, Accumulator, CrossSum, Stages
from .sym import ceil_div, expr_of, prod, size_max

# Work (about one simple operation on one element) that a chunk should have at least.
GRAIN = 32768
# Rows of a column sum that are added to each other before they are to the accumulator in memory.
ROW_BLOCK = 4
# Long float sums are added up in blocks of this many elements.
SUM_BLOCK = 4096


@dataclass(eq=False)
class Kernel:
    """Source and arguments of one kernel launch; sizes may be symbolic."""

    name: str
    source: str
    args: list[tuple]  # ("ptr", buffer key) | ("int", size) | ("scalar", Value)
    extent: int
    chunk: int
    bytes: int = 0
    flops: int = 0
    checks: list[tuple] = field(default_factory=list)  # (what, entry index)
    temps: list[tuple] = field(default_factory=list)  # (buffer key, bytes)
    nodes: list[Node] = field(default_factory=list)
    outputs: list[Value] = field(default_factory=list)
    mode: str = ""
    # In the body of a loop: argument -> elements by which its pointer moves on after each turn.
    steps: dict[int, int] = field(default_factory=dict)
    accumulate: bool = False  # a product is added to what is there
    rows: int = 0  # the end of a loop: rows that are independent in all of its body


def loop_end(count: int, body: list[Kernel], rows: int) -> Kernel:
    """What makes the kernels before it run `count` times (at least once).

    `rows`: no row of what they work on, of this many, depends on another row. Kernels have as many
    items, products as many rows.
    """
    kernel = Kernel("loop", "", [], count, len(body), mode="loop", rows=rows)
    kernel.bytes = count * sum(k.bytes for k in body)
    kernel.flops = count * sum(k.flops for k in body)
    kernel.nodes = body[0].nodes
    return kernel


class Emitter(ValueEmitter):
    """Writes one kernel."""

    def decode(self, item: str, axes: list[int], extra: str | None = None) -> dict[int, str]:
        """Variables of the given axes from a linear item number (the last axis runs fastest)."""
        if not axes:
            return {}
        out: dict[int, str] = {}
        rest = item
        for a in reversed(axes[1:]):
            q, i = self.fresh("q"), self.fresh("i")
            n = self.size(self.nest.extents[a])
            self.line(f"{q} = {rest} // {n}")
            self.line(f"{i} = {rest} - {q} * {n}")
            out[a], rest = i, q
        out[axes[0]] = rest
        return {a: out[a] for a in axes}

    innermost: int | None = None

    def emit(self) -> Kernel:
        mode = self.unit.mode
        extent, work = getattr(self, f"emit_{mode}")()
        return self.finish(extent, work)

    def emit_map(self) -> tuple[int, int]:
        axes = list(range(len(self.nest.extents)))
        stores = self.nest.stores
        if len(axes) <= 1:
            self.innermost = axes[0] if axes else None
            self.mark_hoist()
            self.open_loop("for i in range(begin, end):")
            variables = {0: "i"} if axes else {}
            self.body(stores, variables)
            self.close_loop()
            return (self.nest.extents[0] if axes else 1), self.cost()
        inner = axes[-1]
        self.open_loop("for r in range(begin, end):")
        variables = self.decode("r", axes[:-1])
        self.innermost = inner
        self.mark_hoist()
        self.open_loop(f"for i in range({self.size(self.nest.extents[inner])}):")
        self.body(stores, {**variables, inner: "i"})
        self.close_loop()
        self.close_loop()
        return prod(self.nest.extents[:-1]), self.nest.extents[inner] * self.cost()

    def body(self, stores: list[Store], variables) -> None:
        if any(s.foreign for s in stores):
            for s in stores:  # everything is read before anything is overwritten
                self.value(s.value, variables)
        for s in stores:
            self.store(s, variables, self.value(s.value, variables))

    def emit_row(self) -> tuple[int, int]:
        if self.unit.cross:
            return self.emit_blocks()
        rows = self.nest.rows
        self.open_loop("for r in range(begin, end):")
        variables = self.decode("r", rows)
        self.row_stages(variables)
        self.close_loop()
        inner = prod(self.nest.extents[a] for a in self.nest.reduced)
        return prod(self.nest.extents[a] for a in rows), inner * self.cost()

    def emit_blocks(self) -> tuple[int, int]:
        """Rows by blocks: each item also adds up columns over its rows."""
        first, *others = self.nest.rows
        n, inner = self.nest.extents[first], self.nest.extents[-1]
        block = self.unit.cross[0].attrs["block"]
        self.open_loop("for t in range(begin, end):")
        size = self.size(block)
        self.line(f"first = t * {size}")
        self.line(f"last = min(first + {size}, {self.size(n)})")
        self.cross_sums = {node: CrossSum(self, node, inner) for node in self.unit.cross}
        self.mark_hoist()
        self.open_loop(f"for i in range({self.size(inner)}):")
        for a in self.cross_sums.values():
            a.init("i")
        self.close_loop()
        variables = {first: self.fresh("r")}
        self.open_loop(f"for {variables[first]} in range(first, last):")
        for a in others:
            variables[a] = self.fresh("r")
            self.open_loop(f"for {variables[a]} in range({self.size(self.nest.extents[a])}):")
        self.row_stages(variables)
        for _ in others:
            self.close_loop()
        self.close_loop()
        self.innermost = len(self.nest.extents) - 1
        self.mark_hoist()
        self.open_loop(f"for i in range({self.size(inner)}):")
        for s in self.nest.cross_stores:
            text = self.cross_sums[s.value.node].at("i")
            self.store(s, {first: "t", self.innermost: "i"}, text)
        self.close_loop()
        self.close_loop()
        each = prod(self.nest.extents[a] for a in (*others, self.innermost)) * block
        return ceil_div(n, block), each * self.cost()

    cross_sums: dict = {}

    def emit_split(self) -> tuple[int, int]:
        axis = self.nest.split_axis
        dims, block, _ = self.unit.split
        n = self.nest.extents[axis]
        blocks = ceil_div(n, block)
        rows = self.nest.rows
        if rows and rows[-1] == len(self.nest.extents) - 1:
            return self.split_columns(axis, n, block, blocks)
        self.open_loop("for t in range(begin, end):")
        nb, size = self.size(blocks), self.size(block)
        self.line(f"r = t // {nb}")
        self.line(f"k = t - r * {nb}")
        self.line(f"lo = k * {size}")
        self.line(f"hi = min(lo + {size}, {self.size(n)})")
        variables = self.decode("r", rows)
        self.split_range = (axis, "lo", "hi")
        # The partial result's index: its rows, with the block in place of the split axis.
        self.block_var = "k"
        self.row_stages(variables)
        self.close_loop()
        items = prod(self.nest.extents[a] for a in rows) * blocks
        inner = prod(self.nest.extents[a] for a in self.nest.reduced if a != axis) * block
        return items, inner * self.cost()

    def split_columns(self, axis: int, n: int, block: int, blocks: int) -> tuple[int, int]:
        """Partial sums whose innermost axis is kept: an item is a block of a column tile's rows."""
        inner, outer = self.nest.rows[-1], self.nest.rows[:-1]
        tiles = ceil_div(self.nest.extents[inner], COLUMN_TILE)
        self.open_loop("for t in range(begin, end):")
        nt, nb, size = self.size(tiles), self.size(blocks), self.size(block)
        self.line(f"q = t // {nt}")
        self.line(f"o = q // {nb}")
        self.line(f"k = q - o * {nb}")
        self.line(f"first = k * {size}")
        self.line(f"last = min(first + {size}, {self.size(n)})")
        self.split_range = (axis, "first", "last")
        self.block_var = "k"
        self.column_tile(f"t - q * {nt}", lambda: self.decode("o", outer), inner)
        self.close_loop()
        items = prod(self.nest.extents[a] for a in outer) * blocks * tiles
        depth = prod(self.nest.extents[a] for a in self.nest.reduced if a != axis) * block
        return items, depth * COLUMN_TILE * self.cost()

    split_range: tuple | None = None
    block_var: str | None = None

    # -- row stages

    def row_stages(self, rows: dict[int, str]) -> None:
        stages = Stages(self.unit, self.nest, self.layout)
        self.row_vars = rows
        shared = self.shared_values(stages)
        for s in range(stages.count + 1):
            self.innermost = None
            self.mark_hoist()
            for store in stages.row_stores(s):
                self.row_store(store, rows)
            reduces, stores = stages.reduces(s), stages.full_stores(s)
            # Rows that this stage's loop reads are computed before it.
            for v in stages.rows_before(s):
                self.value(v, rows)
            new = [v for v, first in shared.items() if first == s]
            sums = [a for n, a in self.cross_sums.items() if stages.cross_level(n) == s]
            if reduces or stores or sums:
                keep = [v for v in new if not self.is_stored(v)]
                self.stage_loop(rows, reduces, stores, keep, sums)
            self.kept.update((v, self.place_of(v)) for v in new)
        late = stages.late_stores()
        for store in late:
            self.value(store.value, rows)
        for store in late:
            self.row_store(store, rows)

    def shared_values(self, stages: Stages) -> dict[Value, int]:
        """Values that one loop computes and later ones read again -> the loop."""
        if len(self.nest.reduced) != 1 or self.split_range is not None:
            return {}
        found = stages.shared()
        (a,) = self.nest.reduced
        return found if found and self.nest.extents[a] <= KEPT_ROW else {}

    def is_stored(self, v: Value) -> bool:
        return any(s.value is v and not s.foreign for s in self.nest.stores)

    def place_of(self, v: Value) -> tuple:
        """(buffer key, access) of a shared value: its own buffer, or scratch of a row."""
        for s in self.nest.stores:
            if s.value is v and not s.foreign:
                return s.key, s.access
        return ("kept", v), None

    def keep_value(self, v: Value, variables) -> None:
        (a,) = self.nest.reduced
        value = self.value(v, variables)
        self.temps.append((("kept", v), self.nest.extents[a] * v.dtype.itemsize, "thread"))
        self.kept[v] = ("kept", v), None
        self.line(f"{self.kept_at(v, variables)} = {value}")
        del self.kept[v]

    def row_store(self, s: Store, rows) -> None:
        variables = dict(rows)
        if self.block_var is not None:
            variables[self.nest.split_axis] = self.block_var
        self.store(s, variables, self.value(s.value, rows))

    def stage_loop(self, rows, reduces: list[Node], stores: list[Store], keep=(), sums=()) -> None:
        accumulators = [Accumulator(self, n) for n in reduces]
        axes = sorted(self.nest.reduced)
        float_sums = any(a.float_sum for a in accumulators)
        blocked = len(axes) == 1 and self.split_range is None and float_sums
        for a in accumulators:
            a.blocked = blocked and a.float_sum
            a.init("")
        variables = dict(rows)
        headers = []
        for a in axes:
            var = self.fresh("c")
            variables[a] = var
            lo, hi = "0", self.size(self.nest.extents[a])
            if self.split_range is not None and self.split_range[0] == a:
                lo, hi = self.split_range[1:]
            headers.append((var, lo, hi))
        if blocked:
            var, _, hi = headers[0]
            outer = self.fresh("k")
            self.open_loop(f"for {outer} in range(0, {hi}, {SUM_BLOCK}):")
            headers[0] = (var, outer, f"min({outer} + {SUM_BLOCK}, {hi})")
            for a in accumulators:
                a.open_block()
        for i, (var, lo, hi) in enumerate(headers):
            if i == len(headers) - 1:
                self.innermost = axes[-1]
                self.mark_hoist()
            bounds = hi if lo == "0" else f"{lo}, {hi}"
            self.open_loop(f"for {var} in range({bounds}):")
        for a in accumulators:
            a.update(variables)
        self.body(stores, variables)
        for a in sums:
            a.update(variables)
        for v in keep:
            self.keep_value(v, variables)
        for _ in headers:
            self.close_loop()
        if blocked:
            for a in accumulators:
                a.close_block()
            self.close_loop()
        self.innermost = None
        for a in accumulators:
            self.scope[-1][a.node.out] = a.result()

    # -- columns

    def emit_col(self) -> tuple[int, int]:
        rows = self.nest.rows
        inner, outer = rows[-1], rows[:-1]
        tiles = ceil_div(self.nest.extents[inner], COLUMN_TILE)
        self.open_loop("for t in range(begin, end):")
        nt = self.size(tiles)
        self.line(f"o = t // {nt}")
        self.column_tile(f"t - o * {nt}", lambda: self.decode("o", outer), inner)
        self.close_loop()
        total = prod(self.nest.extents[a] for a in self.nest.reduced)
        return prod(self.nest.extents[a] for a in outer) * tiles, total * COLUMN_TILE * self.cost()

    def column_tile(self, tile: str, decoded, inner: int) -> None:
        """Reduces the columns of one tile, rows outside, so that memory is read in its order."""
        self.line(f"lo = ({tile}) * {COLUMN_TILE}")
        self.line(f"hi = min(lo + {COLUMN_TILE}, {self.size(self.nest.extents[inner])})")
        variables = decoded()
        reduces = [x for x in self.unit.nodes if x.op.kind == "reduce"]
        accumulators = [Accumulator(self, x, memory=True) for x in reduces]
        columns = {**variables, inner: "i"}
        self.open_loop("for i in range(lo, hi):")
        for a in accumulators:
            a.init("i - lo")
        self.close_loop()
        self.innermost = inner
        *others, last = sorted(self.nest.reduced)
        for a in others:
            columns[a] = self.fresh("c")
            self.open_loop(f"for {columns[a]} in {_range(*self.bounds(a))}:")
        first, end = self.bounds(last)
        stores = [s for s in self.nest.stores if not s.row]
        if not stores and len(self.unit.nodes) <= 8 and all(a.float_sum for a in accumulators):
            first = self.row_blocks(accumulators, columns, last, first, end)
        columns[last] = self.fresh("c")
        self.open_loop(f"for {columns[last]} in {_range(first, end)}:")
        self.mark_hoist()
        self.open_loop("for i in range(lo, hi):")
        for a in accumulators:
            a.update(columns)
        self.body(stores, columns)
        self.close_loop()
        for _ in self.nest.reduced:
            self.close_loop()
        self.mark_hoist()
        self.open_loop("for i in range(lo, hi):")
        final = {**variables, inner: "i"}
        if self.block_var is not None:
            final[self.nest.split_axis] = self.block_var
        for a in accumulators:
            self.scope[-1][a.node.out] = a.load()
        self.body([s for s in self.nest.stores if s.row], final)
        self.close_loop()

    def bounds(self, axis: int) -> tuple[str, str]:
        """First and last + 1 of a loop over an axis: of its block, if it is split."""
        if self.split_range is not None and self.split_range[0] == axis:
            return self.split_range[1:]
        return "0", self.size(self.nest.extents[axis])

    def row_blocks(self, accumulators, columns, axis: int, first: str, end: str) -> str:
        """Adds up rows in blocks, so that the accumulators are read and written once for each; the
        row that is next after them."""
        rest, at = self.fresh("m"), self.fresh("c")
        count = end if first == "0" else f"({end} - {first})"
        self.line(f"{rest} = {end} - {count} % {ROW_BLOCK}")
        self.open_loop(f"for {at} in range({first}, {rest}, {ROW_BLOCK}):")
        names = [at, *(self.fresh("c") for _ in range(ROW_BLOCK - 1))]
        for k, name in enumerate(names[1:], 1):
            self.line(f"{name} = {at} + {k}")
        self.mark_hoist()
        self.open_loop("for i in range(lo, hi):")
        for a in accumulators:
            a.add([{**columns, axis: name} for name in names])
        self.close_loop()
        self.close_loop()
        return rest

    # -- finishing

    def cost(self) -> int:
        """Rough work per element: dear functions count more."""
        return max(1, sum(n.op.cost for n in self.unit.nodes) // 4)

    def finish(self, extent: int, work: int) -> Kernel:
        head = ["def kernel(args, begin, end, tid):"]
        for k, arg in enumerate(self.args):
            if arg[0] != "imag":
                head.append("    " + self._unpack(k, arg))
        head += ["    " + line for line in self.before]
        tail = ["    " + line for line in self.after]
        base = kernel_name(self.unit)
        # A chunk is a power-of-two-ish number of items with about GRAIN work, at most 64 chunks.
        grain = size_max(1, GRAIN // size_max(1, work))
        chunk = size_max(grain, ceil_div(extent, 64))
        if self.unit.mode == "map" and len(self.nest.extents) <= 1:
            chunk = (chunk + 63) // 64 * 64
        loads = {(x.source) for x in self.nest.accesses if x.source is not None}
        moved = sum(
            (prod(v.shape) * v.dtype.itemsize for v in loads), 0
        ) + sum((prod(s.value.shape) * s.value.dtype.itemsize for s in self.nest.stores), 0)
        elements = prod(self.nest.extents)
        return Kernel(
            base, "\n".join([*head, *self.lines, *tail]) + "\n", self.args, extent, chunk, moved,
            elements * len(self.unit.nodes), self.checks, self.temps, list(self.unit.nodes),
            [s.value for s in self.nest.stores], self.unit.mode,
        )  # fmt: skip

    def _unpack(self, k: int, arg: tuple) -> str:
        if arg[0] == "ptr":
            return f"{self.names['ptr', arg[1]]} = ptr(args, {k}, '{arg[2].short}')"
        if arg[0] == "int":
            return f"{self.names['int', expr_of(arg[1])]} = arg_i64(args, {k})"
        if arg[0] == "check":
            return f"{self.names[arg]} = arg_i64(args, {k})"
        kind = arg[1].type.weak
        if kind == "c":
            return f"{self.names[arg]} = cplx_c128(arg_f64(args, {k}), arg_f64(args, {k + 1}))"
        return f"{self.names[arg]} = arg_{'f64' if kind == 'f' else 'i64'}(args, {k})"


def _range(first: str, end: str) -> str:
    return f"range({end})" if first == "0" else f"range({first}, {end})"


def kernel_name(unit: Unit) -> str:
    """Readable part of a kernel's name: the ops in it."""
    names = [n.op.name for n in unit.nodes if n.op.name not in ("cast", "copy", "iota")]
    short = list(dict.fromkeys(names)) or ["copy"]
    return re.sub(r"\W", "", "_".join(short))[:48].rstrip("_")
