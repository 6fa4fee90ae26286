"""Matrix multiply as one generated kernel per dtype: C[b] = A[b] @ B[b] (+ C[b]), any strides.

Work items are tiles of C. The kernel walks its tiles [begin, end); runs of tiles in the same
columns are treated as one taller tile, so an operand is packed once for all of them. Each element
of C is a sum over k in one order, which depends on K alone: partial sums of KC products, each by
fused multiply-adds in ascending k, are added to C in ascending order. It does not depend on the
element's place, the tiles, the number of threads, or the other extents. The one exception: products
of a vector with a matrix (or the other way round) whose rows are contiguous along k are dot
products, summed by lanes.

Decisions on shapes are made once by `plan`; the kernel reads them as words.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import NamedTuple

from . import gemm_micro
from .gemm_micro import (
    I64,
    PTR,
    Emitter,
    emit_copy,
    emit_dot,
    emit_gather,
    emit_panel,
    emit_transpose,
    host_target,
)

__all__ = ["WORDS", "GemmPlan", "interpret", "kernel_ir", "plan", "source_key"]

# Words of the argument block. Strides are in elements; `scratch` is an address.
WORDS = (
    "A", "B", "C", "batch", "M", "N", "K",
    "a_batch", "a_rs", "a_cs", "b_batch", "b_rs", "b_cs", "c_batch", "c_rs", "c_cs",
    "scratch", "accumulate",
)  # fmt: skip
# Words that follow them, made by `plan`. Extents m, n and the modes are those after the swap.
PLAN_WORDS = (
    "dtype",  # index in DTYPE_NAMES, for the interpreter
    "swap",  # compute C^T = B^T A^T: A and B change places, rows and columns too
    "m", "n",  # extents per batch entry (equal matrices of a batch may be merged into m)
    "tm", "tn",  # extents of a tile
    "mt",  # tiles along m, along n
    "nt",
    "kc",  # products in a partial sum
    "mc",  # rows of A that are visited with one panel of B
    "dot",  # m == 1 and both operands contiguous along k
    "b_mode",  # B: 0 read in place, 1 copy rows, 2 transpose, 3 gather
    "a_mode",  # A: the same without 2, and 4 copy columns
    "left_rs", "left_cs",  # strides of the copy of A, in elements
    "c_mode",  # C: 0 rows contiguous, 1 through a buffer
    "a_offset",  # bytes from a thread's scratch to its copy of A
    "c_offset",  # and to its buffer of C
    "scratch_bytes",  # of a thread
)  # fmt: skip
_WORD = {name: i for i, name in enumerate(WORDS + PLAN_WORDS)}
IN_PLACE, COPY, TRANSPOSE, GATHER, COPY_COLUMNS = range(5)
DTYPE_NAMES = ("f32", "f64", "i64")

KC_BYTES = 1536  # greatest partial sum: 384 float32, 192 float64
MC_BYTES = 384 * 1024  # the block of A stays in the second-level cache
SERIAL_FLOPS = 300_000  # below, one work item
SPLIT_FLOPS = 150_000  # up to four work items of at least about this much,
TILE_FLOPS = 2_000_000  # then more of them, of this much
MAX_TILES = 64
CHUNKS = 8  # per thread: who is late takes fewer
ROWS_AHEAD = 2  # copying A, rows that are fetched before they are read,
COLUMNS_AHEAD = 16  # or columns
LARGE_A = 1 << 20  # bytes of badly strided A that had better be read once
COPY_A_COLUMNS = 96  # columns of a tile of C from which badly strided A is worth copying
TILE_COLUMNS = 256  # a tile is split along both sides down to this many columns
TILE_ROWS = 256  # and this many rows; then along the columns first
MIN_ROWS = 48  # rows that pay for packing columns
PACK_ROWS = 160  # rows of C from which contiguous rows of B are worth copying


class GemmPlan(NamedTuple):
    """How to call the kernel: work items, items of a chunk, scratch, and the words after WORDS."""

    extent: int
    chunk: int
    scratch_bytes_per_thread: int
    words: tuple[int, ...]


def _ceil(a, b):
    return -(-a // b)


def plan(dtype: str, batch, M, N, K, a_strides, b_strides, c_strides,
         threads=4) -> GemmPlan:  # fmt: skip
    """Decide tiles, packing and scratch; strides are (batch, row, column) in elements.

    Only integer arithmetic and comparisons. `threads` is a hint for the chunk and
    the tiles, on which no result depends.
    """
    size, vl, mr, nr = _tile_of(dtype)
    if batch <= 0 or M <= 0 or N <= 0:
        return GemmPlan(0, 1, 0, (0,) * len(PLAN_WORDS))
    a_batch, a_rs, a_cs = a_strides
    b_batch, b_rs, b_cs = b_strides
    c_batch, c_rs, c_cs = c_strides
    m, n, swap = M, N, 0
    if (N == 1 and M > 1) or (c_cs != 1 and c_rs == 1 and M > 1):
        m, n, swap = N, M, 1
        a_batch, a_rs, a_cs, b_batch, b_rs, b_cs = b_batch, b_cs, b_rs, a_batch, a_cs, a_rs
        c_rs, c_cs = c_cs, c_rs
    if batch > 1 and b_batch == 0 and a_batch == m * a_rs and c_batch == m * c_rs:
        m, batch = m * batch, 1

    kc = _ceil(_ceil(K, _ceil(K, KC_BYTES // size)), 16) * 16 if K > 0 else 16
    dot = 1 if m == 1 and (b_rs == 1 or K == 1) and (a_cs == 1 or K == 1) and vl <= K else 0
    c_mode = 0 if c_cs == 1 or n == 1 else 1
    if b_cs == 1 or n == 1:
        b_mode = 1 if m >= PACK_ROWS else 0
    else:
        b_mode = 2 if b_rs == 1 or K == 1 else 3
    step = a_cs if a_rs == 1 else a_rs
    gaps = a_rs != 1 and a_cs != 1
    bad = gaps or step * size % 1024 == 0 or step * size >= 8192 or step * size <= -8192
    large = a_rs == 1 and m > 1 and batch == 1 and m * K * size >= LARGE_A
    once = 2 * threads if bad and large else 0
    tm, tn = _tiles(batch, m, n, K, mr, nr, dot, once)
    mt, nt = _ceil(m, tm), _ceil(n, tn)
    mc = max(1, MC_BYTES // (kc * size) // mr) * mr
    mc = _ceil(_ceil(tm, _ceil(tm, mc)), mr) * mr
    a_mode, left_rs, left_cs = IN_PLACE, 0, 0
    if tn >= COPY_A_COLUMNS and m > mr and bad:
        a_mode, left_rs, left_cs = (
            (GATHER, kc + 16, 1) if gaps else
            (COPY_COLUMNS, 1, mc) if a_rs == 1 else (COPY, kc + 16, 1))  # fmt: skip
    if dot:
        b_mode = a_mode = c_mode = 0
    b_size = kc * _ceil(tn, nr) * nr * size if b_mode else 0
    a_size = mc * (kc + 16) * size if a_mode else 0
    c_size = min(mc, _ceil(m, mr) * mr) * nr * size if c_mode else 0
    a_offset, c_offset = b_size, b_size + a_size
    scratch = b_size + a_size + c_size
    extent = batch * mt * nt
    serial = 2 * batch * m * n * K < SERIAL_FLOPS
    chunk = extent if serial else _ceil(extent, CHUNKS * threads)
    words = (DTYPE_NAMES.index(dtype), swap, m, n, tm, tn, mt, nt, kc, mc, dot,
             b_mode, a_mode, left_rs, left_cs, c_mode, a_offset, c_offset, scratch)  # fmt: skip
    return GemmPlan(extent, chunk, scratch, words)


def _tiles(batch, m, n, K, mr, nr, dot, once):
    """(tm, tn): split columns first, because each column of B is then packed once.

    `once`: how many tiles there should be of rows of A that are read once, if possible.
    """
    flops = 2 * m * n * max(K, 1)
    if flops * batch < SERIAL_FLOPS:
        return m, n
    want = max(min(4, flops // SPLIT_FLOPS), min(MAX_TILES, flops // TILE_FLOPS))
    want = min(want, _ceil(MAX_TILES, batch))
    if want <= 1:
        return m, n
    step = 4 if dot else nr
    columns, rows = _ceil(n, step), _ceil(m, mr)
    across = min(columns, max(_ceil(n, TILE_COLUMNS), _ceil(want, _ceil(m, TILE_ROWS))))
    down = min(_ceil(m, MIN_ROWS), _ceil(want, across))
    if once and n >= COPY_A_COLUMNS and _ceil(n, TILE_COLUMNS) < across:
        across, down = _ceil(n, TILE_COLUMNS), min(_ceil(m, MIN_ROWS), once)
    return _ceil(rows, down) * mr, _ceil(columns, across) * step


@cache
def _tile_of(dtype: str) -> tuple[int, int, int, int]:
    """(bytes of an element, lanes, rows of a register tile, columns of it)."""
    target = host_target()
    size = 4 if dtype == "f32" else 8
    vl = target.bytes // size
    return size, vl, target.rows[0], target.nv * vl


@cache
def source_key(dtype: str) -> str:
    """What the kernel's text depends on, for the kernel store: the emitters and the target."""
    try:
        with open(__file__, "rb") as mine, open(gemm_micro.__file__, "rb") as micro:
            text = mine.read() + micro.read()
    except OSError:  # no source files: the kernel itself
        text = kernel_ir(dtype)[1].encode()
    return f"gemm {dtype} {host_target()} {hashlib.sha256(text).hexdigest()}"


# The generated kernel


@cache
def kernel_ir(dtype: str) -> tuple[str, str]:
    """(symbol, LLVM IR) of the kernel for 'f32', 'f64' or 'i64' and this CPU's vectors."""
    e = Emitter(dtype, host_target())
    for part in (emit_copy, emit_gather, emit_transpose, emit_panel, emit_dot, _emit_pack):
        part(e)
    _emit_block(e)
    with e.function("KERNEL", [I64] * 4, internal=False) as args:
        _emit_walk(e, *args)
    text = e.text()
    symbol = f"numtorch_gemm_{dtype}_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    return symbol, text.replace("@KERNEL(", f"@{symbol}(")


class _Words:
    """The argument block as attributes; each access loads the word."""

    def __init__(self, e: Emitter, args):
        self._e = e
        self._args = args

    def __getattr__(self, name: str):
        return self._e.load_i64(self._e.at(self._args, 8 * _WORD[name]))


def _emit_walk(e: Emitter, args, begin, end, tid) -> None:
    """Tiles are numbered rows first, then columns, then the batch; runs of rows are merged."""
    args = e.pointer(args)
    w = _Words(e, args)
    swap = e.less(0, w.swap)

    def pick(first, second, scale=e.size):
        """Word `first`, or `second` if the operands change places."""
        return e.mul(e.select(swap, getattr(w, second), getattr(w, first)), scale)

    a, b, c = pick("A", "B", 1), pick("B", "A", 1), w.C
    a_batch, a_rs, a_cs = pick("a_batch", "b_batch"), pick("a_rs", "b_cs"), pick("a_cs", "b_rs")
    b_batch, b_rs, b_cs = pick("b_batch", "a_batch"), pick("b_rs", "a_cs"), pick("b_cs", "a_rs")
    c_batch, c_rs, c_cs = e.bytes(w.c_batch), pick("c_rs", "c_cs"), pick("c_cs", "c_rs")
    mt, nt, tm, tn, m, n = w.mt, w.nt, w.tm, w.tn, w.m, w.n
    scratch = e.pointer(e.add(w.scratch, e.mul(tid, w.scratch_bytes)))
    dot, k, accumulate = w.dot, w.K, w.accumulate
    with e.loop(begin, end) as walk:
        entry = e.div(walk.index, e.mul(mt, nt))
        place = e.sub(walk.index, e.mul(entry, e.mul(mt, nt)))
        j = e.div(place, mt)
        i = e.sub(place, e.mul(j, mt))
        run = walk.step = e.min(e.sub(end, walk.index), e.sub(mt, i))
        m0, n0 = e.mul(i, tm), e.mul(j, tn)
        rows = e.min(e.sub(m, m0), e.mul(run, tm))
        columns = e.min(e.sub(n, n0), tn)
        pa = e.at(e.pointer(a), e.mul(entry, a_batch), e.mul(m0, a_rs))
        pb = e.at(e.pointer(b), e.mul(entry, b_batch), e.mul(n0, b_cs))
        pc = e.at(e.pointer(c), e.mul(entry, c_batch), e.mul(m0, c_rs), e.mul(n0, c_cs))
        with e.when(e.equal(dot, 1)):
            e.call("dot", pa, pb, b_cs, pc, c_cs, columns, k, accumulate)
        with e.when(e.equal(dot, 0)):
            e.call("block", args, pa, a_rs, a_cs, pb, b_rs, b_cs, pc, c_rs, c_cs,
                   rows, columns, scratch)  # fmt: skip


def _emit_pack(e: Emitter) -> None:
    """pack(mode, src, src_rs, src_cs, dst, dst_rs, m, n, ahead): dst rows are contiguous."""
    with e.function("pack", [I64, PTR, I64, I64, PTR, I64, I64, I64, I64]) as args:
        mode, src, src_rs, src_cs, dst, dst_rs, m, n, ahead = args
        with e.when(e.equal(mode, COPY)):
            e.call("copy", src, src_rs, dst, dst_rs, m, n, ahead)
        with e.when(e.equal(mode, TRANSPOSE)):
            e.call("transpose", src, src_cs, dst, dst_rs, m, n)
        with e.when(e.equal(mode, GATHER)):
            e.call("gather", src, src_rs, src_cs, dst, dst_rs, e.size, m, n, 0)


def _emit_block(e: Emitter) -> None:
    """block(args, a, a_rs, a_cs, b, b_rs, b_cs, c, c_rs, c_cs, m, n, scratch): one tall tile of C.

    for each partial sum over k, for each block of rows, for each panel of nr columns:
    pack the panel of B if it is the first block of rows, then multiply.
    """
    nr = e.target.nv * e.vl
    nr_bytes = nr * e.size
    types = [PTR, PTR, I64, I64, PTR, I64, I64, PTR, I64, I64, I64, I64, PTR]
    with e.function("block", types) as parameters:
        args, a, a_rs, a_cs, b, b_rs, b_cs, c, c_rs, c_cs, m, n, scratch = parameters
        w = _Words(e, args)
        k, kc, mc, accumulate = w.K, w.kc, w.mc, w.accumulate
        a_mode, b_mode = w.a_mode, w.b_mode
        copies, copied = e.less(IN_PLACE, a_mode), e.at(scratch, w.a_offset)
        left_rs = e.select(copies, e.bytes(w.left_rs), a_rs)
        left_cs = e.select(copies, e.bytes(w.left_cs), a_cs)
        packs, buffered = e.less(IN_PLACE, b_mode), e.less(0, w.c_mode)
        buffer = e.at(scratch, w.c_offset)
        right_rs = e.select(packs, nr_bytes, b_rs)
        target_rs = e.select(buffered, nr_bytes, c_rs)
        # a panel that is used only once is packed where the one before it was
        panel_step = e.select(e.less(mc, m), e.bytes(kc), 0)
        with e.loop(0, e.select(e.less(0, k), k, 1), kc) as ks:  # one turn if k is 0
            depth = e.min(kc, e.sub(k, ks.index))
            add = e.select(e.less(0, ks.index), 1, accumulate)
            with e.loop(0, m, mc) as rows:
                height = e.min(mc, e.sub(m, rows.index))
                left = e.at(a, e.mul(rows.index, a_rs), e.mul(ks.index, a_cs))
                with e.when(copies):
                    with e.when(e.less(a_mode, COPY_COLUMNS)):
                        e.call("pack", a_mode, left, a_rs, a_cs, copied, left_rs, height, depth,
                               e.mul(a_rs, ROWS_AHEAD))  # fmt: skip
                    with e.when(e.equal(a_mode, COPY_COLUMNS)):
                        e.call("copy", left, a_cs, copied, left_cs, depth, height,
                               e.mul(a_cs, COLUMNS_AHEAD))  # fmt: skip
                left = e.select(copies, copied, left)
                fresh = e.both(packs, e.equal(rows.index, 0))
                with e.loop(0, n, nr) as cols:
                    width = e.min(nr, e.sub(n, cols.index))
                    source = e.at(b, e.mul(ks.index, b_rs), e.mul(cols.index, b_cs))
                    packed = e.at(scratch, e.mul(cols.index, panel_step))
                    with e.when(fresh):
                        e.call("pack", b_mode, source, b_rs, b_cs, packed, nr_bytes, depth, width,
                               nr_bytes)  # the panel on the right comes next
                    out = e.at(c, e.mul(rows.index, c_rs), e.mul(cols.index, c_cs))
                    target = e.select(buffered, buffer, out)
                    right = e.select(packs, packed, source)
                    e.call("panel", left, left_rs, left_cs, right, right_rs, target, target_rs,
                           height, depth, e.select(buffered, 0, add), width)  # fmt: skip
                    with e.when(buffered):
                        e.call("gather", buffer, nr_bytes, e.size, out, c_rs, c_cs,
                               height, width, add)  # fmt: skip


# The same tiles in plain Python


def _matrix(address: int, shape, strides, name: str):
    """A numpy array over raw memory; strides in elements, any sign."""
    import numpy as np

    kind = np.dtype({"f32": "f4", "f64": "f8", "i64": "i8"}[name])
    if 0 in shape:
        return np.zeros(shape, kind)
    holder = type("Raw", (), {})()
    holder.__array_interface__ = {
        "version": 3, "typestr": kind.str, "shape": shape, "data": (address, False),
        "strides": tuple(kind.itemsize * s for s in strides),
    }  # fmt: skip
    return np.asarray(holder)


def interpret(args: int, begin: int, end: int, tid: int) -> None:
    """The kernel in NumPy: tiles [begin, end) of the call that the argument block describes."""
    import ctypes

    words = (ctypes.c_int64 * len(_WORD)).from_address(args)
    w = {name: words[i] for name, i in _WORD.items()}
    dtype = DTYPE_NAMES[w["dtype"]]
    size = 4 if dtype == "f32" else 8
    a, b, c = (w[x] for x in "ABC")
    a_batch, a_rs, a_cs = (w[f"a_{x}"] for x in ("batch", "rs", "cs"))
    b_batch, b_rs, b_cs = (w[f"b_{x}"] for x in ("batch", "rs", "cs"))
    c_batch, c_rs, c_cs = (w[f"c_{x}"] for x in ("batch", "rs", "cs"))
    if w["swap"]:
        a, a_batch, a_rs, a_cs, b, b_batch, b_rs, b_cs = (
            b, b_batch, b_cs, b_rs, a, a_batch, a_cs, a_rs)  # fmt: skip
        c_rs, c_cs = c_cs, c_rs
    for tile in range(begin, end):
        entry, place = divmod(tile, w["mt"] * w["nt"])
        j, i = divmod(place, w["mt"])
        m0, n0 = i * w["tm"], j * w["tn"]
        m, n, k = min(w["tm"], w["m"] - m0), min(w["tn"], w["n"] - n0), w["K"]
        left = _matrix(a + size * (entry * a_batch + m0 * a_rs), (m, k), (a_rs, a_cs), dtype)
        right = _matrix(b + size * (entry * b_batch + n0 * b_cs), (k, n), (b_rs, b_cs), dtype)
        at = c + size * (entry * c_batch + m0 * c_rs + n0 * c_cs)
        out = _matrix(at, (m, n), (c_rs, c_cs), dtype)
        out[...] = left @ right + (out if w["accumulate"] else 0)
