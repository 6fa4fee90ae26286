"""Emitter of the matrix multiply's inner parts as LLVM vector IR: register tiles, packing, dots.

The vocabulary follows Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication"
(ACM TOMS 34(3), 2008): a *tile* of mr rows and nv vectors of C lives in registers while k runs; a
*panel* is a column of tiles; operands whose layout does not suit are *packed*. Pointers are
advanced in bytes, so every stride that the code here sees is in bytes.

The emitter writes text itself: llvmlite.ir took ten times as long, more than LLVM's own work.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import NamedTuple

__all__ = ["DTYPES", "I64", "PTR", "Emitter", "Target", "Value", "host_target"]

I64, PTR = "i64", "ptr"
DTYPES = {"f32": ("float", 4), "f64": ("double", 8), "i64": ("i64", 8)}


class Target(NamedTuple):
    """What the code depends on: vector bytes, tile heights (greatest first), vectors of a tile."""

    bytes: int
    rows: tuple[int, ...]
    nv: int
    fma: bool
    masks: bool  # masked loads and stores cost the same as plain ones


@cache
def host_target() -> Target:
    """The register tile for this CPU: accumulators, one row of B and a broadcast fill the file."""
    import llvmlite.binding as llvm

    has = llvm.get_host_cpu_features()
    arm = llvm.get_process_triple().startswith(("aarch64", "arm64"))
    fma = arm or bool(has.get("fma"))
    if has.get("avx512f") and has.get("avx512dq"):
        return Target(64, (12, 4, 2, 1), 2, fma, True)  # 24 + 2 + 1 of 32 registers
    if has.get("avx2"):
        return Target(32, (6, 3, 2, 1), 2, fma, False)  # 12 + 2 + 1 of 16
    if arm:
        return Target(16, (8, 3, 1), 2, fma, False)  # 16 + 2 + 1 of 32
    return Target(16, (4, 1), 2, fma, False)  # 8 + 2 + 1 of 16


class Value(NamedTuple):
    """An SSA value: its name in the text, its type."""

    name: str
    type: str


class Loop:
    """State of an emitted loop: its index, and the values carried from one turn to the next."""

    def __init__(self, index: Value, step, values: list[Value]):
        self.index = index
        self.step = step  # may be set in the body
        self.values = values  # inside: at the top of this turn; after: at the end
        self.next = list(values)  # what the next turn gets; set in the body


class Emitter:
    """Writes LLVM IR: byte pointers, structured loops, vectors of one dtype.

    An operand of the i64 operations may be a Python int.
    """

    def __init__(self, dtype: str, target: Target):
        self.type, self.size = DTYPES[dtype]
        self.target = target
        self.vl = target.bytes // self.size
        self.vec = f"<{self.vl} x {self.type}>"
        self.integer = dtype == "i64"
        self.suffix = f"v{self.vl}{dtype}"
        self.vzero = Value("zeroinitializer", self.vec)
        self.block = ""
        self._declared: dict[str, None] = {}
        self._lines: list[str] = []
        self._count = 0

    def text(self) -> str:
        """The module."""
        return "\n".join([*self._declared, *self._lines, ""])

    # -- functions and control flow

    @contextmanager
    def function(self, name: str, types: Sequence[str], internal=True) -> Iterator[list[Value]]:
        """Emit `void name(types)`; yields its arguments. Internal functions are not inlined."""
        args = [Value(f"%a{i}", kind) for i, kind in enumerate(types)]
        linkage, inline = ("internal ", "noinline ") if internal else ("", "")
        signature = ", ".join(f"{arg.type} {arg.name}" for arg in args)
        self._lines.append(f"define {linkage}void @{name}({signature}) {inline}nounwind {{")
        self._label("entry")
        yield args
        self._lines += ["  ret void", "}"]

    def call(self, name: str, *args) -> None:
        """Call a void function; ints are i64."""
        text = ", ".join(f"{self._type(arg)} {self._name(arg)}" for arg in args)
        self._lines.append(f"  call void @{name}({text})")

    @contextmanager
    def loop(self, lo, hi, step=1, carried: Sequence[Value] = ()) -> Iterator[Loop]:
        """for index in range(lo, hi, step), with SSA values carried around it."""
        entry, body, done = self.block, self._new("loop"), self._new("done")
        starts = [lo, *carried]
        self._branch(self.less(lo, hi), body, done)
        self._label(body)
        at = len(self._lines)
        phis = [Value(f"%{self._new('p')}", self._type(start)) for start in starts]
        self._lines += [""] * len(phis)
        state = Loop(phis[0], step, phis[1:])
        yield state
        ends, latch = [self.add(state.index, state.step), *state.next], self.block
        self._branch(self.less(ends[0], hi), body, done)
        self._label(done)
        pairs = list(zip(starts, ends, strict=True))
        for i, (phi, (start, end)) in enumerate(zip(phis, pairs, strict=True)):
            self._lines[at + i] = self._phi(phi, (start, entry), (end, latch))
        state.values = [self.phi((start, entry), (end, latch)) for start, end in pairs[1:]]

    @contextmanager
    def when(self, condition: Value) -> Iterator[None]:
        """Code that runs if the condition holds."""
        then, join = self._new("then"), self._new("join")
        self._branch(condition, then, join)
        self._label(then)
        yield
        self._lines.append(f"  br label %{join}")
        self._label(join)

    def phi(self, *incoming: tuple[Value, str]) -> Value:
        """The value that belongs to the block control came from: (value, block) pairs."""
        value = Value(f"%{self._new('p')}", self._type(incoming[0][0]))
        self._lines.append(self._phi(value, *incoming))
        return value

    def _phi(self, value: Value, *incoming) -> str:
        pairs = ", ".join(f"[{self._name(x)}, %{block}]" for x, block in incoming)
        return f"  {value.name} = phi {value.type} {pairs}"

    def _branch(self, condition: Value, yes: str, no: str) -> None:
        self._lines.append(f"  br i1 {condition.name}, label %{yes}, label %{no}")

    def _label(self, name: str) -> None:
        self._lines.append(f"{name}:")
        self.block = name

    def _new(self, stem: str) -> str:
        self._count += 1
        return f"{stem}{self._count}"

    def _emit(self, kind: str, text: str) -> Value:
        self._count += 1
        name = f"%v{self._count}"
        self._lines.append(f"  {name} = {text}")
        return Value(name, kind)

    @staticmethod
    def _name(x) -> str:
        return x.name if isinstance(x, Value) else str(x)

    @staticmethod
    def _type(x) -> str:
        return x.type if isinstance(x, Value) else I64

    # -- integers and addresses

    def _i64(self, op: str, a, b) -> Value:
        return self._emit(I64, f"{op} i64 {self._name(a)}, {self._name(b)}")

    def add(self, a, b) -> Value:
        return self._i64("add", a, b)

    def sub(self, a, b) -> Value:
        return self._i64("sub", a, b)

    def mul(self, a, b) -> Value:
        return self._i64("mul", a, b)

    def div(self, a, b) -> Value:
        return self._i64("sdiv", a, b)

    def rem(self, a, b) -> Value:
        return self._i64("srem", a, b)

    def less(self, a, b) -> Value:
        return self._emit("i1", f"icmp slt i64 {self._name(a)}, {self._name(b)}")

    def equal(self, a, b) -> Value:
        return self._emit("i1", f"icmp eq i64 {self._name(a)}, {self._name(b)}")

    def both(self, a: Value, b: Value) -> Value:
        return self._emit("i1", f"and i1 {a.name}, {b.name}")

    def select(self, condition: Value, a, b) -> Value:
        kind = self._type(a)
        text = f"select i1 {condition.name}, {kind} {self._name(a)}, {kind} {self._name(b)}"
        return self._emit(kind, text)

    def min(self, a, b) -> Value:
        return self.select(self.less(a, b), a, b)

    def bytes(self, elements) -> Value:
        """Elements to bytes."""
        return self.mul(elements, self.size)

    def pointer(self, address: Value) -> Value:
        return self._emit(PTR, f"inttoptr i64 {address.name} to ptr")

    def at(self, pointer: Value, *offsets) -> Value:
        """pointer + the byte offsets."""
        for offset in offsets:
            text = f"getelementptr i8, ptr {pointer.name}, i64 {self._name(offset)}"
            pointer = self._emit(PTR, text)
        return pointer

    def load_i64(self, pointer: Value) -> Value:
        return self._emit(I64, f"load i64, ptr {pointer.name}, align 8")

    # -- elements and vectors

    def load1(self, pointer: Value) -> Value:
        return self._emit(self.type, f"load {self.type}, ptr {pointer.name}, align {self.size}")

    def store1(self, x: Value, pointer: Value) -> None:
        self._lines.append(f"  store {x.type} {x.name}, ptr {pointer.name}, align {self.size}")

    def load(self, pointer: Value, mask: Value | None = None, lanes: int = 0) -> Value:
        """A vector (of `lanes`) from any address; masked-off lanes are not read, they are zero."""
        kind = f"<{lanes} x {self.type}>" if lanes else self.vec
        if mask is None:
            return self._emit(kind, f"load {kind}, ptr {pointer.name}, align {self.size}")
        name = f"llvm.masked.load.{self.suffix}.p0"
        self._declared[f"declare {kind} @{name}(ptr, {mask.type}, {kind})"] = None
        return self._emit(kind, f"call {kind} @{name}(ptr align {self.size} {pointer.name}, "
                          f"{mask.type} {mask.name}, {kind} zeroinitializer)")  # fmt: skip

    def store(self, x: Value, pointer: Value, mask: Value | None = None) -> None:
        if mask is None:
            self.store1(x, pointer)
            return
        name = f"llvm.masked.store.{self.suffix}.p0"
        self._declared[f"declare void @{name}({x.type}, ptr, {mask.type})"] = None
        self._lines.append(f"  call void @{name}({x.type} {x.name}, ptr align {self.size} "
                           f"{pointer.name}, {mask.type} {mask.name})")  # fmt: skip

    def prefetch(self, pointer: Value) -> None:
        """Ask for the cache line at any address, for reading soon."""
        self._declared["declare void @llvm.prefetch.p0(ptr, i32, i32, i32)"] = None
        how = "i32 0, i32 3, i32 1"  # to read, into all caches, data
        self._lines.append(f"  call void @llvm.prefetch.p0(ptr {pointer.name}, {how})")

    def fma(self, x: Value, y: Value, z: Value) -> Value:
        """x * y + z for vectors, rounded once where the CPU can."""
        kind = x.type
        if self.integer or not self.target.fma:
            op = "mul" if self.integer else "fmul"
            return self.plus(self._emit(kind, f"{op} {kind} {x.name}, {y.name}"), z)
        name = f"llvm.fma.{self.suffix}"
        self._declared[f"declare {kind} @{name}({kind}, {kind}, {kind})"] = None
        args = f"{kind} {x.name}, {kind} {y.name}, {kind} {z.name}"
        return self._emit(kind, f"call {kind} @{name}({args})")

    def plus(self, x: Value, y: Value) -> Value:
        op = "add" if self.integer else "fadd"
        return self._emit(x.type, f"{op} {x.type} {x.name}, {y.name}")

    def splat(self, x: Value) -> Value:
        """x in all lanes."""
        kind = f"<{self.vl} x {x.type}>"
        one = self._emit(kind, f"insertelement {kind} poison, {x.type} {x.name}, i64 0")
        return self._emit(kind, f"shufflevector {kind} {one.name}, {kind} poison, "
                          f"<{self.vl} x i32> zeroinitializer")  # fmt: skip

    def mask(self, lanes: Value) -> Value:
        """The first `lanes` lanes."""
        kind = f"<{self.vl} x i32>"
        limit = self.splat(self._emit("i32", f"trunc i64 {lanes.name} to i32"))
        iota = ", ".join(f"i32 {i}" for i in range(self.vl))
        return self._emit(f"<{self.vl} x i1>", f"icmp ugt {kind} {limit.name}, <{iota}>")

    def shuffle(self, x: Value, y: Value, lanes: Sequence[int]) -> Value:
        """The chosen elements of x followed by y."""
        indices = ", ".join(f"i32 {i}" for i in lanes)
        text = f"shufflevector {x.type} {x.name}, {y.type} {y.name}, <{len(lanes)} x i32> <"
        return self._emit(f"<{len(lanes)} x {self.type}>", f"{text}{indices}>")

    def concat(self, parts: Sequence[Value], lanes: int) -> Value:
        """One vector from a power of two of vectors of `lanes` each."""
        while len(parts) > 1:
            parts = [self.shuffle(x, y, range(2 * lanes))
                     for x, y in zip(parts[::2], parts[1::2], strict=True)]  # fmt: skip
            lanes *= 2
        return parts[0]

    def sum(self, x: Value) -> Value:
        """Sum of a vector's lanes: the upper half is added to the lower until one is left."""
        n = self.vl
        while n > 1:
            n //= 2
            x = self.plus(self.shuffle(x, x, range(n)), self.shuffle(x, x, range(n, 2 * n)))
        return self._emit(self.type, f"extractelement {x.type} {x.name}, i64 0")


def emit_tile(e: Emitter, mr: int, nv: int, a, a_rs, a_cs, b, b_rs, c, c_rs, k, mask, add) -> None:
    """C[mr, nv vectors] = (C if add) + sum over k of A[:, k] B[k, :], in ascending k.

    Rows of A are addressed as base + {0, 1, 2} * a_rs with a base every three rows: a few
    registers reach all of them. The last vector of a row of B and C is masked unless `mask` is
    None.
    """
    masks = [None] * (nv - 1) + [mask]
    twice, thrice = e.mul(a_rs, 2), e.mul(a_rs, 3)
    bases = [a]
    while len(bases) * 3 < mr:
        bases.append(e.at(bases[-1], thrice))
    with e.loop(0, k, carried=[*bases, b, *[e.vzero] * (mr * nv)]) as turn:
        *bases, row = turn.values[: len(bases) + 1]
        acc = turn.values[len(bases) + 1 :]
        columns = [e.load(e.at(row, j * e.target.bytes), masks[j]) for j in range(nv)]
        new = []
        if mr > 1:  # the panel on the right comes next; a single row has no time for it
            for j in range(e.target.nv):
                e.prefetch(e.at(row, (e.target.nv + j) * e.target.bytes))
        for i in range(mr):
            base, offset = bases[i // 3], (None, a_rs, twice)[i % 3]
            x = e.splat(e.load1(e.at(base, offset) if i % 3 else base))
            new += [e.fma(x, columns[j], acc[i * nv + j]) for j in range(nv)]
        turn.next = [*[e.at(base, a_cs) for base in bases], e.at(row, b_rs), *new]
    acc = turn.values[len(bases) + 1 :]
    for adds in (1, 0):
        with e.when(e.equal(add, adds)):
            row = c
            for i in range(mr):
                for j in range(nv):
                    x, p = acc[i * nv + j], e.at(row, j * e.target.bytes)
                    e.store(e.plus(e.load(p, masks[j]), x) if adds else x, p, masks[j])
                row = e.at(row, c_rs)


def emit_panel(e: Emitter) -> None:
    """panel(a, a_rs, a_cs, b, b_rs, c, c_rs, m, k, add, width): C[m, width] up to nr columns.

    Rows go in tiles of the greatest height that still fits.
    """
    types = [PTR, I64, I64, PTR, I64, PTR, I64, I64, I64, I64, I64]
    kinds = [True] if e.target.masks else [True, False]
    for nv in range(1, e.target.nv + 1):
        for masked in kinds:
            with e.function(f"panel{nv}{'_masked' if masked else ''}", types) as args:
                a, a_rs, a_cs, b, b_rs, c, c_rs, m, k, add, lanes = args
                mask = e.mask(lanes) if masked else None
                done = 0
                for mr in e.target.rows:
                    with e.loop(done, e.sub(m, mr - 1), mr) as turn:
                        pa = e.at(a, e.mul(turn.index, a_rs))
                        pc = e.at(c, e.mul(turn.index, c_rs))
                        emit_tile(e, mr, nv, pa, a_rs, a_cs, b, b_rs, pc, c_rs, k, mask, add)
                    left = e.sub(m, done)
                    done = e.add(done, e.sub(left, e.rem(left, mr)))
    with e.function("panel", types) as args:
        *others, width = args
        for nv in range(1, e.target.nv + 1):
            lanes = e.sub(width, (nv - 1) * e.vl)
            some = e.less(0, lanes)
            with e.when(e.both(some, e.less(lanes, e.vl + 1 if e.target.masks else e.vl))):
                e.call(f"panel{nv}_masked", *others, lanes)
            if not e.target.masks:
                with e.when(e.equal(lanes, e.vl)):
                    e.call(f"panel{nv}", *others, lanes)


def emit_copy(e: Emitter) -> None:
    """copy(src, src_rs, dst, dst_rs, m, n, ahead): m rows of n contiguous elements.

    `ahead`: bytes from what is read now to what will be read soon.
    """
    with e.function("copy", [PTR, I64, PTR, I64, I64, I64, I64]) as args:
        src, src_rs, dst, dst_rs, m, n, ahead = args
        rest = e.rem(n, e.vl)
        whole, mask = e.bytes(e.sub(n, rest)), e.mask(rest)
        has_rest = e.less(0, rest)
        with e.loop(0, m, carried=[src, dst]) as row:
            p, q = row.values
            with e.loop(0, whole, e.target.bytes) as turn:
                e.prefetch(e.at(p, turn.index, ahead))
                e.store(e.load(e.at(p, turn.index)), e.at(q, turn.index))
            with e.when(has_rest):
                e.store(e.load(e.at(p, whole), mask), e.at(q, whole), mask)
            row.next = [e.at(p, src_rs), e.at(q, dst_rs)]


def emit_gather(e: Emitter) -> None:
    """gather(src, src_rs, src_cs, dst, dst_rs, dst_cs, m, n, add): element by element, any strides.

    dst = src, or dst = dst + src if add.
    """
    with e.function("gather", [PTR, I64, I64, PTR, I64, I64, I64, I64, I64]) as args:
        src, src_rs, src_cs, dst, dst_rs, dst_cs, m, n, add = args
        with e.loop(0, m, carried=[src, dst]) as row:
            with e.loop(0, n, carried=row.values) as turn:
                p, q = turn.values
                x = e.load1(p)
                for adds in (1, 0):
                    with e.when(e.equal(add, adds)):
                        e.store1(e.plus(e.load1(q), x) if adds else x, q)
                turn.next = [e.at(p, src_cs), e.at(q, dst_cs)]
            row.next = [e.at(row.values[0], src_rs), e.at(row.values[1], dst_rs)]


def emit_transpose(e: Emitter) -> None:
    """transpose(src, src_cs, dst, dst_rs, k, n): dst[k, n] from columns that are contiguous in k.

    A turn reads `lane` (16 bytes of) k from vl columns: the vectors hold columns i, i + lane, ...
    side by side, so that transposing within their 128-bit lanes gives rows. Past column n it
    writes copies of the last one.
    """
    lane = 16 // e.size
    with e.function("transpose", [PTR, I64, PTR, I64, I64, I64]) as args:
        src, src_cs, dst, dst_rs, k, n = args
        rest = e.rem(k, lane)
        whole = e.sub(k, rest)
        with e.loop(0, n, e.vl) as block:
            columns = []
            for i in range(e.vl):
                index = e.min(e.add(block.index, i), e.sub(n, 1))
                columns.append(e.at(src, e.mul(index, src_cs)))
            with e.loop(0, whole, lane, [e.at(dst, e.bytes(block.index))]) as turn:
                offset = e.bytes(turn.index)
                rows = []
                for i in range(lane):
                    places = [e.at(column, offset) for column in columns[i::lane]]
                    rows.append(e.concat([e.load(p, lanes=lane) for p in places], lane))
                out = turn.values[0]
                for row in transpose_lanes(e, rows, lane):
                    e.store(row, out)
                    out = e.at(out, dst_rs)
                turn.next = [out]
        e.call("gather", e.at(src, e.bytes(whole)), e.size, src_cs,
               e.at(dst, e.mul(whole, dst_rs)), dst_rs, e.size, rest, n, 0)  # fmt: skip


def transpose_lanes(e: Emitter, rows: list[Value], lane: int) -> list[Value]:
    """Transpose `lane` vectors within each 128-bit lane: 4 x 4 (32-bit) or 2 x 2 (64-bit)."""

    def interleave(x: Value, y: Value, half: int, run: int) -> Value:
        """Runs of elements of x and y in turn, from one half of each lane."""
        picks: list[int] = []
        for base in range(half * lane // 2, e.vl, lane):
            for start in range(base, base + lane // 2, run):
                picks += [*range(start, start + run), *range(e.vl + start, e.vl + start + run)]
        return e.shuffle(x, y, picks)

    if lane == 2:
        return [interleave(*rows, half, 1) for half in (0, 1)]
    r0, r1, r2, r3 = rows
    out = []
    for half in (0, 1):
        x, y = interleave(r0, r1, half, 1), interleave(r2, r3, half, 1)
        out += [interleave(x, y, 0, 2), interleave(x, y, 1, 2)]
    return out


def emit_dot(e: Emitter) -> None:
    """dot(a, b, b_cs, c, c_cs, n, k, add): c[j] = sum of a[k] b[k, j], a and b contiguous in k.

    Four columns at a time share the loads of a; the last group repeats the last column, so that
    every column is summed in the same order.
    """
    width = 4
    with e.function("dot", [PTR, PTR, I64, PTR, I64, I64, I64, I64]) as args:
        a, b, b_cs, c, c_cs, n, k, add = args
        rest = e.rem(k, e.vl)
        whole, mask = e.bytes(e.sub(k, rest)), e.mask(rest)
        with e.loop(0, n, width) as group:
            index = [e.min(e.add(group.index, j), e.sub(n, 1)) for j in range(width)]
            columns = [e.at(b, e.mul(j, b_cs)) for j in index]

            def step(offset, acc, mask=None, columns=columns):
                x = e.load(e.at(a, offset), mask)
                return [e.fma(x, e.load(e.at(column, offset), mask), s)
                        for column, s in zip(columns, acc, strict=True)]  # fmt: skip

            with e.loop(0, whole, e.target.bytes, [e.vzero] * width) as turn:
                turn.next = step(turn.index, turn.values)
            acc, before = turn.values, e.block
            with e.when(e.less(0, rest)):
                tail, inside = step(whole, acc, mask), e.block
            acc = [e.phi((x, before), (y, inside)) for x, y in zip(acc, tail, strict=True)]
            for j, x in enumerate([e.sum(x) for x in acc]):
                p = e.at(c, e.mul(index[j], c_cs))
                for adds in (1, 0):
                    mine = e.both(e.equal(add, adds), e.less(e.add(group.index, j), n))
                    with e.when(mine):
                        e.store1(e.plus(e.load1(p), x) if adds else x, p)
