"""Printing a unit's loop nest as Python source: the kernel that Numba compiles.

Forms (mode of the unit):
  map    every element once; all axes but the last are rows
  row    per row: alternating reductions and full stages over the reduced axes
  col    reduced axes outside, a tile of the innermost kept axis inside, accumulators in memory
  split  like row, one item per (row, block of the first reduced axis)
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from .dtypes import DType, int64
from .fuse import VIRTUAL, Unit
from .ir import Node, Value
from .loops import Access, Nest, Store, Target
from .ops.table import OPS
from .passes.layout import Layout
from .passes.simplify import COLUMN_TILE
from .sym import Sym, ceil_div, expr_of, prod, size_max

# Work (about one simple operation on one element) that a chunk should have at least.
GRAIN = 32768
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


def literal(value, t: str) -> str:
    """A Python number as source text of a short dtype."""
    if t == "b1":
        return "True" if value else "False"
    if isinstance(value, float) and t[0] == "f":
        if math.isnan(value):
            return f"{t}(NAN)"
        if math.isinf(value):
            return f"{t}(INF)" if value > 0 else f"-{t}(INF)"
        return f"{t}({value!r})"
    value = int(value)
    if value == -(2**63):
        return f"{t}(-9223372036854775807 - 1)"
    return f"{t}({value})" if t[0] != "f" else f"{t}({float(value)!r})"


_BOOL_EXPR = {
    "add": "{0} | {1}", "maximum": "{0} | {1}", "mul": "{0} & {1}", "minimum": "{0} & {1}",
    "relu": "{0}", "abs": "{0}", "square": "{0}",
}  # fmt: skip
_DIVISIONS = {"floor_divide", "remainder", "fmod"}
_COMPARE = {"eq", "ne", "lt", "le", "gt", "ge", "isnan", "isinf", "isfinite"}


class Emitter:
    """Writes one kernel."""

    def __init__(self, unit: Unit, layout: Layout, stored: dict[Value, Target]):
        self.unit, self.layout = unit, layout
        self.nest = Nest(unit, layout)
        self.nest.collect(stored)
        self.nest.merge()
        self.lines: list[str] = []
        self.depth = 1
        self.args: list[tuple] = []
        self.names: dict[tuple, str] = {}  # argument -> variable
        self.scope: list[dict] = [{}]  # memo of emitted values and indices, by loop depth
        self.counter = 0
        self.checks: list[tuple] = []
        self.temps: list[tuple] = []

    # -- small helpers

    def line(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)

    def fresh(self, prefix: str) -> str:
        self.counter += 1
        return f"{prefix}{self.counter}"

    def lookup(self, key):
        for memo in reversed(self.scope):
            if key in memo:
                return memo[key]
        return None

    def open_loop(self, header: str) -> None:
        self.line(header)
        self.depth += 1
        self.scope.append({})

    def close_loop(self) -> None:
        self.depth -= 1
        self.scope.pop()

    def size(self, n: int) -> str:
        """A size: literal 0 and 1 are structure, anything else is an argument."""
        if not isinstance(n, Sym) and n in (0, 1, -1):
            return str(n)
        key = ("int", expr_of(n))
        if key not in self.names:
            self.names[key] = f"n{sum(k[0] == 'int' for k in self.names)}"
            self.args.append(("int", n))
        return self.names[key]

    def pointer(self, key: tuple, dtype: DType) -> str:
        name = self.names.get(("ptr", key))
        if name is None:
            name = f"p{sum(k[0] == 'ptr' for k in self.names)}"
            self.names["ptr", key] = name
            self.args.append(("ptr", key, dtype))
        return name

    def scalar(self, v: Value, t: str) -> str:
        """A run-time scalar, converted to the short dtype t."""
        key = ("scalar", v)
        if key not in self.names:
            self.names[key] = f"s{sum(k[0] == 'scalar' for k in self.names)}"
            self.args.append(("scalar", v))
        return f"{t}({self.names[key]})" if t != "b1" else f"({self.names[key]} != 0)"

    # -- indices

    def index(self, access: Access, loop_vars: dict[int, str]) -> str:
        """Source text of the linear index, given the variables of the loops that are open."""
        terms, tail = [], ""
        for a, var in loop_vars.items():
            c = access.coefs[a]
            if c == 0:
                continue
            if a == self.innermost:
                tail = var if c == 1 else f"{var} * {self.size(c)}"
            else:
                terms.append(var if c == 1 else f"{var} * {self.size(c)}")
        if not access.offset == 0:
            terms.insert(0, self.size(access.offset))
        if len(terms) > 1 or (terms and "*" in terms[0]):
            terms = [self.hoisted(" + ".join(terms))]
        text = " + ".join([*terms, tail] if tail else terms)
        return text or "0"

    def hoisted(self, text: str) -> str:
        """A row part of an index, computed once outside the innermost loop."""
        return self._at_depth(("base", text), text, "b")

    def _at_depth(self, key, text: str, prefix: str) -> str:
        found = self.lookup(key)
        if found is None:
            found = self.fresh(prefix)
            place = self.hoist_at
            self.lines.insert(place[0], "    " * place[1] + f"{found} = {text}")
            place[0] += 1
            self.scope[place[2]][key] = found
        return found

    def guarded(self, access: Access, loop_vars: dict[int, str], at: str) -> tuple[str, str]:
        """(address, condition) of an access with guards."""
        conditions = []
        for g in access.guards:
            terms = [] if g.const == 0 else [self.size(g.const)]
            for a, var in loop_vars.items():
                if not g.coefs[a] == 0:
                    terms.append(var if g.coefs[a] == 1 else f"{var} * {self.size(g.coefs[a])}")
            e = self.fresh("e")
            self.line(f"{e} = {' + '.join(terms) or '0'}")
            conditions.append(f"({e} >= 0) & ({e} < {self.size(g.size)})")
            if not g.div == 1:
                conditions.append(f"({e} % {self.size(g.div)} == 0)")
                if not g.stride == 0:
                    at = f"{at} + {e} // {self.size(g.div)} * {self.size(g.stride)}"
        return at, " & ".join(conditions)

    # -- values

    def load(self, access: Access, loop_vars: dict[int, str]) -> str:
        """A loaded element as a variable."""
        key = ("load", access.source, access.key(), _guard_key(access), tuple(loop_vars.values()))
        found = self.lookup(key)
        if found is not None:
            return found
        dtype = access.source.dtype
        at = self.index(access, loop_vars)
        if access.source.op == "iota" and not access.guards:
            return f"{dtype.short}({at})"
        virtual = access.source.op in VIRTUAL
        p = None if virtual else self.pointer(("v", access.source), dtype)
        x = self.fresh("x")
        if access.guards:
            at, condition = self.guarded(access, loop_vars, at)
            fill = literal(access.fill if dtype.kind == "f" else _int_fill(access.fill, dtype),
                           dtype.short)  # fmt: skip
            inside = f"{p}[{at}]" if p else f"{dtype.short}({at})"
            if access.source.op == "const":
                inside = self.constant(access.source, dtype.short)
            self.line(f"{x} = {inside} if {condition} else {fill}")
        else:
            self.line(f"{x} = {p}[{at}]")
        self.scope[-1][key] = x
        return x

    def constant(self, source: Value, t: str) -> str:
        """The value of a const node as source text of the short dtype t."""
        value = source.node.attrs["value"]
        return f"{t}({self.size(value)})" if isinstance(value, Sym) else literal(value, t)

    def operand(self, node: Node, i: int, t: str, loop_vars) -> str:
        """Operand i of a node, cast to the short dtype t."""
        v = node.inputs[i]
        source, m = self.layout.of(v)
        if source.node is not None and source.node.op.name == "const" and not m.guards:
            return self.constant(source, t)
        if v.type.weak:
            return self.scalar(v, t)
        if source in self.unit.labels:
            text = self.value(source, loop_vars)
        else:
            text = self.load(self.nest.loads[node, i], loop_vars)
        return cast_text(text, source.dtype.short, t)

    def value(self, v: Value, loop_vars: dict[int, str]) -> str:
        """A value computed in this unit, as a variable."""
        found = self.lookup(v)
        if found is not None:
            return found
        text = self.expression(v.node, loop_vars)
        name = self.fresh("v")
        self.line(f"{name} = {text}")
        self.scope[-1][v] = name
        return name

    def expression(self, node: Node, loop_vars) -> str:
        op = node.op
        if op.name in ("cast", "copy"):
            t = node.out.dtype.short
            x = self.operand(node, 0, _source_short(node.inputs[0], t), loop_vars)
            return cast_text(x, _source_short(node.inputs[0], t), t)
        if op.kind == "generator":
            seed = self.operand(node, 0, "i64", loop_vars)
            at = self.index(self.nest.indices[node], loop_vars)
            counter = f"{self.operand(node, 1, 'i64', loop_vars)} + {at}"
            text = op.expr.format(seed, counter, t=node.out.dtype.short)
            return f"i64({text})" if op.name == "random_bits" else text
        if op.kind == "gather":
            return self.gather(node, loop_vars)
        return self.arithmetic(node, loop_vars)

    def arithmetic(self, node: Node, loop_vars) -> str:
        op = node.op
        types = [v.type for v in node.inputs]
        compute = op.compute_dtype(types)
        t, expr = compute.short, op.expr
        if compute.kind == "b":
            if op.name in _BOOL_EXPR:
                expr = _BOOL_EXPR[op.name]
            elif op.name in _COMPARE:
                t, expr = "i64", op.int_expr or expr
        elif compute.kind == "i" and op.int_expr is not None:
            expr = op.int_expr
        if compute.kind == "i" and "_{t}(" in expr:
            t = "i64"  # integer functions exist in one width
        wanted = ["b1", t, t] if op.name == "where" else [t] * len(types)
        ins = [self.operand(node, i, w, loop_vars) for i, w in enumerate(wanted)]
        if compute.kind == "i" and op.name in _DIVISIONS:
            self.check("divisor", node, f"{ins[1]} == 0", ins[1])
        text = expr.format(*ins, t=t)
        narrow = compute.kind == "i" and compute is not int64 and op.result != "bool"
        return f"{compute.short}({text})" if narrow else text

    def gather(self, node: Node, loop_vars) -> str:
        x, _ = node.inputs
        d = node.attrs["dim"]
        source, m = self.layout.of(x)
        idx = self.operand(node, 1, "i64", loop_vars)
        n = self.size(x.shape[d])
        j = self.fresh("j")
        self.line(f"{j} = {idx}")
        if node.attrs["what"] == "index":
            self.line(f"{j} = select({j} < 0, {j} + {n}, {j})")
        bad = f"({j} < 0) | ({j} >= {n})"
        self.check(node.attrs["what"], node, bad, idx, d, x.shape[d])
        self.line(f"    {j} = 0")
        access = self.nest.loads[node, 0]
        at = self.index(access, loop_vars)
        stride = m.strides[d]
        step = j if stride == 1 else f"{j} * {self.size(stride)}"
        p = self.pointer(("v", source), source.dtype)
        return f"{p}[{step if at == '0' else f'{at} + {step}'}]"

    def check(self, what: str, node: Node, bad: str, value: str, dim: int = 0, size: int = 0) -> None:
        """Reports `value` to the status words where the condition `bad` holds; the plan raises."""
        err = self.pointer(("status",), int64)
        self.checks.append((what, node.loc, dim, size))
        self.line(f"if {bad}:")
        self.line(f"    {err}[0] = {self.size_word(('check', len(self.checks)))}")
        self.line(f"    {err}[1] = {value}")

    def size_word(self, key: tuple) -> str:
        """An argument word that the plan fills in (a check's number)."""
        if key not in self.names:
            self.names[key] = f"c{sum(k[0] == 'check' for k in self.names)}"
            self.args.append(key)
        return self.names[key]

    def store(self, s: Store, loop_vars, text: str) -> None:
        p = self.pointer(s.key, s.value.dtype)
        self.line(f"{p}[{self.index(s.access, loop_vars)}] = {text}")

    def mark_hoist(self) -> None:
        """Row parts of indices go to the current line and depth."""
        self.hoist_at = [len(self.lines), self.depth, len(self.scope) - 1]

    # -- loops

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
        for s in stores:
            self.store(s, variables, self.value(s.value, variables))

    def emit_row(self) -> tuple[int, int]:
        rows = self.nest.rows
        self.open_loop("for r in range(begin, end):")
        variables = self.decode("r", rows)
        self.row_stages(variables)
        self.close_loop()
        inner = prod(self.nest.extents[a] for a in self.nest.reduced)
        return prod(self.nest.extents[a] for a in rows), inner * self.cost()

    def emit_split(self) -> tuple[int, int]:
        axis = self.nest.split_axis
        dims, block, _ = self.unit.split
        n = self.nest.extents[axis]
        blocks = ceil_div(n, block)
        rows = self.nest.rows
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

    split_range: tuple | None = None
    block_var: str | None = None

    # -- row stages

    def row_stages(self, rows: dict[int, str]) -> None:
        stages = Stages(self.unit, self.nest, self.layout)
        self.row_vars = rows
        for s in range(stages.count + 1):
            self.innermost = None
            self.mark_hoist()
            for store in stages.row_stores(s):
                self.row_store(store, rows)
            reduces, stores = stages.reduces(s), stages.full_stores(s)
            # Rows that this stage's loop reads are computed before it.
            for v in stages.rows_before(s):
                self.value(v, rows)
            if reduces or stores:
                self.stage_loop(rows, reduces, stores)

    def row_store(self, s: Store, rows) -> None:
        variables = dict(rows)
        if self.block_var is not None:
            variables[self.nest.split_axis] = self.block_var
        self.store(s, variables, self.value(s.value, rows))

    def stage_loop(self, rows, reduces: list[Node], stores: list[Store]) -> None:
        accumulators = [Accumulator(self, n) for n in reduces]
        axes = sorted(self.nest.reduced)
        blocked = len(axes) == 1 and self.split_range is None and any(a.float_sum for a in accumulators)
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
        n = self.nest.extents[inner]
        tiles = ceil_div(n, COLUMN_TILE)
        self.open_loop("for t in range(begin, end):")
        nt = self.size(tiles)
        self.line(f"o = t // {nt}")
        self.line(f"lo = (t - o * {nt}) * {COLUMN_TILE}")
        self.line(f"hi = min(lo + {COLUMN_TILE}, {self.size(n)})")
        variables = self.decode("o", outer)
        reduces = [x for x in self.unit.nodes if x.op.kind == "reduce"]
        accumulators = [Accumulator(self, x, memory=True) for x in reduces]
        tile = {**variables, inner: "i"}
        self.open_loop("for i in range(lo, hi):")
        for a in accumulators:
            a.init("i - lo")
        self.close_loop()
        self.innermost = inner
        for a in sorted(self.nest.reduced):
            var = self.fresh("c")
            tile[a] = var
            self.open_loop(f"for {var} in range({self.size(self.nest.extents[a])}):")
        self.mark_hoist()
        self.open_loop("for i in range(lo, hi):")
        for a in accumulators:
            a.update(tile)
        for s in self.nest.stores:
            if not s.row:
                self.store(s, tile, self.value(s.value, tile))
        self.close_loop()
        for _ in self.nest.reduced:
            self.close_loop()
        self.mark_hoist()
        self.open_loop("for i in range(lo, hi):")
        final = {**variables, inner: "i"}
        for a in accumulators:
            self.scope[-1][a.node.out] = a.load()
        for s in self.nest.stores:
            if s.row:
                self.store(s, final, self.value(s.value, final))
        self.close_loop()
        self.close_loop()
        total = prod(self.nest.extents[a] for a in self.nest.reduced)
        return prod(self.nest.extents[a] for a in outer) * tiles, total * COLUMN_TILE * self.cost()

    # -- finishing

    def cost(self) -> int:
        """Rough work per element: dear functions count more."""
        return max(1, sum(n.op.cost for n in self.unit.nodes) // 4)

    def finish(self, extent: int, work: int) -> Kernel:
        head = ["def kernel(args, begin, end, tid):"]
        for k, arg in enumerate(self.args):
            head.append("    " + self._unpack(k, arg))
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
            base, "\n".join(head + self.lines) + "\n", self.args, extent, chunk, moved,
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
        return f"{self.names[arg]} = arg_{'f64' if kind == 'f' else 'i64'}(args, {k})"


def _source_short(v: Value, t: str) -> str:
    return v.dtype.short if not v.type.weak else t


def _int_fill(fill, dtype: DType) -> int:
    return int(fill) if math.isfinite(fill) else 0


def _guard_key(access: Access) -> tuple:
    return tuple(
        (expr_of(g.const), tuple(expr_of(c) for c in g.coefs), expr_of(g.size)) for g in access.guards
    )


def cast_text(text: str, have: str, want: str) -> str:
    """Source text of a conversion; to bool is != 0."""
    if have == want:
        return text
    return f"({text} != 0)" if want == "b1" else f"{want}({text})"


def kernel_name(unit: Unit) -> str:
    """Readable part of a kernel's name: the ops in it."""
    names = [n.op.name for n in unit.nodes if n.op.name not in ("cast", "copy", "iota")]
    short = list(dict.fromkeys(names)) or ["copy"]
    return re.sub(r"\W", "", "_".join(short))[:48].rstrip("_")


class Stages:
    """Which loop of a row unit computes what.

    The loop number of a value: full values can be computed in the loop after the last reduction
    they need; a reduction's result exists after its own loop.
    """

    def __init__(self, unit: Unit, nest: Nest, layout: Layout):
        self.unit, self.nest, self.layout = unit, nest, layout
        self.level: dict[Value, int] = {}
        self.is_row: dict[Value, bool] = {}
        reduced = set(unit.reduced or ())
        for node in unit.nodes:
            at = 0
            for v in node.inputs:
                source = layout.of(v)[0]
                if source in self.level:
                    own = source.node
                    after = 1 if own.op.kind == "reduce" else 0
                    at = max(at, self.level[source] + after)
            self.level[node.out] = at
            labels = unit.labels[node.out]
            self.is_row[node.out] = node.op.kind == "reduce" or (
                bool(reduced) and not any(a in reduced for a in labels if a is not None)
                and node.out in unit.after_reduce
            )  # fmt: skip
        last = max(self.level.values(), default=0)
        self.count = last + (1 if any(
            n.op.kind == "reduce" and self.level[n.out] == last for n in unit.nodes
        ) else 0)  # fmt: skip

    def reduces(self, s: int) -> list[Node]:
        return [
            n for n in self.unit.nodes if n.op.kind == "reduce" and self.level[n.out] == s
        ]

    def ready(self, v: Value) -> int:
        return self.level[v] + (1 if v.node.op.kind == "reduce" else 0)

    def row_stores(self, s: int) -> list[Store]:
        return [x for x in self.nest.stores if self.is_row[x.value] and self.ready(x.value) == s]

    def full_stores(self, s: int) -> list[Store]:
        return [x for x in self.nest.stores if not self.is_row[x.value] and self.level[x.value] == s]

    def rows_before(self, s: int) -> list[Value]:
        """Row values (not reductions) that become computable just before loop s."""
        return [
            v for v, at in self.level.items()
            if self.is_row[v] and v.node.op.kind != "reduce" and at == s
        ]  # fmt: skip


class Accumulator:
    """The running value of one reduction, in a variable or (columns) in a tile of memory."""

    def __init__(self, emitter: Emitter, node: Node, memory: bool = False):
        self.e, self.node, self.memory = emitter, node, memory
        self.combine = node.attrs.get("combine", node.op.name)
        self.row = OPS[self.combine]
        self.t = node.inputs[0].dtype.short
        self.indexed = node.op.result == "index"
        self.float_sum = self.combine == "sum" and self.t[0] == "f"
        # Column sums add sequentially: float32 in float64 keeps them as accurate as row sums.
        self.wide = "f64" if memory and self.float_sum else self.t
        self.blocked = False
        self.total_type = "f64" if self.float_sum else self.t
        self.acc = emitter.fresh("a")
        self.at = emitter.fresh("j") if self.indexed else None
        if memory:
            self._allocate()

    def _allocate(self) -> None:
        from .dtypes import by_short

        e = self.e
        self.mem = e.pointer(("acc", self.acc), by_short(self.wide))
        e.temps.append((("acc", self.acc), 8 * COLUMN_TILE, "thread"))
        if self.indexed:
            self.mem_at = e.pointer(("acc", self.at), int64)
            e.temps.append((("acc", self.at), 8 * COLUMN_TILE, "thread"))
        self.base = f"tid * {COLUMN_TILE} - lo"

    def start(self, t: str) -> str:
        init = self.row.int_expr
        if init in ("0", "1"):
            return literal(int(init), t) if t != "b1" else ("False" if init == "0" else "True")
        low = init == "lowest"
        if t[0] == "f":
            return f"-{t}(INF)" if low else f"{t}(INF)"
        if t == "b1":
            return "False" if low else "True"
        bits = int(t[1:])
        lo, hi = (0, 2**bits - 1) if t[0] == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        return literal(lo if low else hi, t)

    def init(self, where: str) -> None:
        if self.memory:
            self.e.line(f"{self.mem}[{self.slot()}] = {self.start(self.wide)}")
            if self.indexed:
                self.e.line(f"{self.mem_at}[{self.slot()}] = 0")
            return
        self.e.line(f"{self.acc} = {self.start(self.total_type if self.blocked else self.wide)}")
        if self.indexed:
            self.e.line(f"{self.at} = 0")

    def slot(self) -> str:
        key = ("slot",)
        base = self.e.lookup(key)
        if base is None:
            base = self.e.fresh("w")
            self.e.line(f"{base} = i + {self.base}")
            self.e.scope[-1][key] = base
        return base

    def open_block(self) -> None:
        """Starts the sum of one block; the total of a float32 sum is kept in float64."""
        if self.float_sum:
            self.total, self.acc = self.acc, self.e.fresh("a")
            self.e.line(f"{self.acc} = {self.start(self.t)}")

    def close_block(self) -> None:
        if self.float_sum:
            wide = cast_text(self.acc, self.t, self.total_type)
            self.e.line(f"{self.total} = {self.total} + {wide}")
            self.acc = self.total

    def update(self, variables) -> None:
        e = self.e
        x = e.operand(self.node, 0, self.t, variables)
        if self.indexed:
            return self._update_index(x, variables)
        x = cast_text(x, self.t, self.wide)
        if self.memory:
            slot = f"{self.mem}[{self.slot()}]"
            e.line(f"{slot} = {self._combined(slot, x)}")
        else:
            e.line(f"{self.acc} = {self._combined(self.acc, x)}")

    def _combined(self, acc: str, x: str) -> str:
        if self.memory and self.combine == "sum":
            return f"{acc} + {x}"
        if self.memory and self.combine == "prod":
            return f"{acc} * {x}"
        return f"{self.row.expr}({acc}, {x})"

    def _update_index(self, x: str, variables) -> None:
        # The first extreme wins; a NaN beats everything, as in PyTorch.
        e = self.e
        sign = ">" if self.combine == "argmax" else "<"
        acc = f"{self.mem}[{self.slot()}]" if self.memory else self.acc
        at = f"{self.mem_at}[{self.slot()}]" if self.memory else self.at
        name, hit, old = e.fresh("x"), e.fresh("h"), e.fresh("m")
        e.line(f"{name} = {x}")
        e.line(f"{old} = {acc}")
        nan = f" | (({name} != {name}) & ({old} == {old}))" if self.t[0] == "f" else ""
        e.line(f"{hit} = ({name} {sign} {old}){nan}")
        e.line(f"{acc} = select({hit}, {name}, {old})")
        index = e.index(e.nest.indices[self.node], variables)
        e.line(f"{at} = select({hit}, i64({index}), {at})")

    def result(self) -> str:
        """The finished value, in the operand's type."""
        if self.indexed or not self.blocked or self.t == "f64":
            return self.at if self.indexed else self.acc
        name = self.e.fresh("a")
        self.e.line(f"{name} = {self.t}({self.acc})")
        return name

    def load(self) -> str:
        source = self.mem_at if self.indexed else self.mem
        name = self.e.fresh("a")
        text = f"{source}[{self.slot()}]"
        self.e.line(f"{name} = {text if self.indexed else cast_text(text, self.wide, self.t)}")
        return name
