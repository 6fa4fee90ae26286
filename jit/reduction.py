"""Reductions inside a kernel: which loop computes what, and the running values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .dtypes import by_short, int64
from .emit import cast_text, literal
from .fuse import Unit
from .ir import Node, Value
from .loops import Nest, Store
from .ops.table import OPS
from .passes.layout import Layout
from .passes.simplify import COLUMN_TILE

if TYPE_CHECKING:
    from .codegen import Emitter


# Values that cost more are kept for later loops over the same row, if the row is short.
DEAR = 10
KEPT_ROW = 1 << 16


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
        last = self.last = max(self.level.values(), default=0)
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
        return [
            x for x in self.nest.stores
            if self.is_row[x.value] and not x.foreign and self.ready(x.value) == s
        ]  # fmt: skip

    def late_stores(self) -> list[Store]:
        """Stores of rows to memory that any of the loops may read."""
        return [x for x in self.nest.stores if self.is_row[x.value] and x.foreign]

    def full_stores(self, s: int) -> list[Store]:
        """Stores of loop s; memory that is read in several loops is overwritten in the last."""
        full = [x for x in self.nest.stores if not self.is_row[x.value]]
        return [x for x in full if (self.last if x.foreign else self.level[x.value]) == s]

    def rows_before(self, s: int) -> list[Value]:
        """Row values (not reductions) that become computable just before loop s."""
        return [
            v for v, at in self.level.items()
            if self.is_row[v] and v.node.op.kind != "reduce" and at == s
        ]  # fmt: skip


    def cross_level(self, node: Node) -> int:
        """The loop in which a sum over rows takes its operand."""
        return self.level[self._source(node, 0)]

    # -- values that several loops need

    def _source(self, node: Node, i: int) -> Value:
        return self.layout.of(node.inputs[i])[0]

    def _inner(self, v: Value) -> list[Value]:
        """Full values of the unit that v is computed from."""
        sources = (self._source(v.node, i) for i in range(len(v.node.inputs)))
        return [x for x in sources if x in self.level and not self.is_row[x]]

    def _cost(self, v: Value, known: dict) -> int:
        """What computing v again costs, where `known` values need not be."""
        seen, stack = {v}, [v]
        while stack:
            for x in self._inner(stack.pop()):
                if x not in seen and x not in known:
                    seen.add(x)
                    stack.append(x)
        return sum(x.node.op.cost for x in seen)

    def shared(self) -> dict[Value, int]:
        """Dear full values that later loops read where an earlier one left them -> that loop."""
        found: dict[Value, int] = {}
        seen: dict[Value, int] = {}
        for s in range(self.last + 1):
            roots = [self._source(n, 0) for n in self.reduces(s)]
            roots += [x.value for x in self.full_stores(s)]
            cross = [n for n in self.unit.cross if self.cross_level(n) == s]
            roots += [self._source(n, 0) for n in cross]
            stack = [v for v in roots if v in self.level and not self.is_row[v]]
            here = set()
            while stack:
                v = stack.pop()
                if v in here:
                    continue
                here.add(v)
                if v in seen and v.dtype.short in ("f32", "f64") and self._cost(v, found) >= DEAR:
                    found[v] = seen[v]
                else:
                    stack.extend(self._inner(v))
            for v in here:
                seen.setdefault(v, s)
        return found


class CrossSum:
    """Sums over the rows of a block, one for each column, in scratch of the thread.

    In the operand's own type: a block is short, and what adds up the blocks is wider.
    """

    def __init__(self, emitter: Emitter, node: Node, columns: int):
        self.e, self.node, self.columns = emitter, node, columns
        self.t = node.inputs[0].dtype.short
        key = ("cross", node)
        self.mem = emitter.pointer(key, by_short(self.t))
        emitter.temps.append((key, 8 * columns, "thread"))

    def at(self, column: str) -> str:
        base = self.e.hoisted(f"tid * {self.e.size(self.columns)}")
        return f"{self.mem}[{base} + {column}]"

    def init(self, column: str) -> None:
        self.e.line(f"{self.at(column)} = {self.t}(0)")

    def update(self, variables) -> None:
        x = self.e.operand(self.node, 0, self.t, variables)
        place = self.at(variables[len(self.e.nest.extents) - 1])
        self.e.line(f"{place} = {place} + {x}")


class Accumulator:
    """The running value of one reduction, in a variable or (columns) in a tile of memory."""

    def __init__(self, emitter: Emitter, node: Node, memory: bool = False):
        self.e, self.node, self.memory = emitter, node, memory
        self.combine = node.attrs.get("combine", node.op.name)
        self.row = OPS[self.combine]
        self.t = node.inputs[0].dtype.compute_short
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
        e = self.e
        self.mem = e.pointer(("acc", self.acc), by_short(self.wide))
        size = max(8, by_short(self.wide).itemsize)
        e.temps.append((("acc", self.acc), size * COLUMN_TILE, "thread"))
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

    def add(self, places: list[dict]) -> None:
        """Adds a few elements of a column to each other, then to the sum."""
        found = []
        for variables in places:
            self.e.scope.append({})  # the values of another row
            found.append(self.e.operand(self.node, 0, self.t, variables))
            self.e.scope.pop()
        while len(found) > 1:
            found = [f"({a} + {b})" for a, b in zip(found[::2], found[1::2])]
        slot = f"{self.mem}[{self.slot()}]"
        self.e.line(f"{slot} = {slot} + {cast_text(found[0], self.t, self.wide)}")

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
        if self.indexed:
            return self.at
        text = self.acc
        if self.blocked and self.t != "f64":
            text = f"{self.t}({text})"
        text = self._narrowed(text)
        if text == self.acc:
            return text
        name = self.e.fresh("a")
        self.e.line(f"{name} = {text}")
        return name

    def _narrowed(self, text: str) -> str:
        own = self.node.out.dtype
        rounds = own.narrow and self.combine in ("sum", "prod")
        return f"{own.short}({text})" if rounds else text

    def load(self) -> str:
        source = self.mem_at if self.indexed else self.mem
        name = self.e.fresh("a")
        text = f"{source}[{self.slot()}]"
        if not self.indexed:
            text = self._narrowed(cast_text(text, self.wide, self.t))
        self.e.line(f"{name} = {text}")
        return name
