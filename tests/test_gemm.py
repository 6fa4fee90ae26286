"""The matrix multiply kernel: values, strides, tiles, memory bounds."""

import ctypes
import time
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numtorch.jit.kernels import gemm, gemm_micro
from numtorch.jit.runtime import engine

KINDS = {"f32": np.float32, "f64": np.float64, "i64": np.int64}
GUARD = 0x5A


@cache
def native(dtype, target=None):
    """The compiled kernel as a ctypes function (for `target`, which the caller makes current)."""
    symbol, text = gemm.kernel_ir(dtype)
    address = engine.load_object(engine.compile_ir(text, optimize=False), symbol)
    return ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 4)(address)


class Operand:
    """A (batch, rows, columns) array laid out in guarded memory with chosen strides."""

    def __init__(self, dtype, shape, order, gap, signs, broadcast, rng):
        kind = np.dtype(KINDS[dtype])
        real = tuple(1 if b else s for s, b in zip(shape, broadcast))
        strides, step = [0, 0, 0], 1
        for axis in order:
            strides[axis] = step
            step *= max(real[axis], 1)
            step += gap
        self.bytes = np.full(step * kind.itemsize + 128, GUARD, np.uint8)
        memory = self.bytes[64:-64].view(kind)
        offset = 0
        for axis in range(3):
            if broadcast[axis]:
                strides[axis] = 0
            elif signs[axis] < 0:
                offset -= -strides[axis] * max(shape[axis] - 1, 0)
                strides[axis] = -strides[axis]
        self.strides = tuple(strides)
        self.addr = memory.ctypes.data + offset * kind.itemsize
        self.array = np.lib.stride_tricks.as_strided(
            memory[offset:], shape, [s * kind.itemsize for s in strides]
        )
        if all(shape):
            values = rng.integers(-9, 9, real) if dtype == "i64" else rng.standard_normal(real)
            self.array[...] = values


def call(run, dtype, a, b, c, accumulate=0, cuts=(), threads=1):
    """Run all tiles, cut at the given fractions, chunks on different thread numbers."""
    batch, m, n = c.array.shape
    k = a.array.shape[2]
    p = gemm.plan(dtype, batch, m, n, k, a.strides, b.strides, c.strides)
    scratch = np.full(p.scratch_bytes_per_thread * threads + 192, GUARD, np.uint8)
    base = -(-(scratch.ctypes.data + 64) // 64) * 64
    words = np.array([a.addr, b.addr, c.addr, batch, m, n, k, *a.strides, *b.strides, *c.strides,
                      base, accumulate, *p.words], np.int64)  # fmt: skip
    assert p.extent == 0 or p.chunk >= 1
    edges = [0, *sorted(int(x * p.extent) for x in cuts), p.extent]
    chunks = [(lo, hi) for lo, hi in pairwise(edges) if lo < hi]
    for number, (lo, hi) in enumerate(reversed(chunks)):
        run(words.ctypes.data, lo, hi, number % threads)
    used = base - scratch.ctypes.data
    assert (scratch[:used] == GUARD).all(), "wrote before the scratch"
    assert (scratch[used + p.scratch_bytes_per_thread * threads :] == GUARD).all()
    return p


def operands(dtype, batch, m, n, k, layouts, rng):
    shapes = (batch, m, k), (batch, k, n), (batch, m, n)
    return [Operand(dtype, shape, *layout, rng) for shape, layout in zip(shapes, layouts)]


def expected(a, b, c, accumulate):
    """In float64 (float32) or wider (float64), and the bound on the error."""
    wide = np.longdouble if a.array.dtype == np.float64 else np.float64
    wide = np.int64 if a.array.dtype == np.int64 else wide
    x, y = a.array.astype(wide), b.array.astype(wide)
    out = x @ y + (c.array.astype(wide) if accumulate else 0)
    if wide == np.int64:
        return out, np.zeros(out.shape)
    scale = np.abs(x) @ np.abs(y) + np.abs(c.array)
    return out, (x.shape[2] + 2) * np.finfo(a.array.dtype).eps * scale.astype(np.float64)


ROWS = (2, 1, 0), 0, (1, 1, 1), (False,) * 3
TRANSPOSED = (1, 2, 0), 0, (1, 1, 1), (False,) * 3

layouts = st.tuples(
    st.sampled_from([(2, 1, 0), (1, 2, 0), (0, 1, 2), (2, 0, 1), (1, 0, 2)]),
    st.sampled_from([0, 0, 1, 3]),
    st.tuples(*[st.sampled_from([1, 1, 1, -1])] * 3),
    st.tuples(*[st.sampled_from([False] * 7 + [True])] * 3),
)
outputs = st.tuples(
    st.sampled_from([(2, 1, 0), (2, 1, 0), (1, 2, 0), (0, 1, 2)]),
    st.sampled_from([0, 0, 2]),
    st.tuples(*[st.sampled_from([1, 1, 1, -1])] * 3),
    st.just((False,) * 3),
)
extent = st.one_of(st.integers(0, 5), st.integers(0, 70))


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(["f32", "f32", "f64", "i64"]), st.integers(0, 3), extent, extent, extent,
       layouts, layouts, outputs, st.booleans(), st.lists(st.floats(0, 1), max_size=4),
       st.integers(0, 2**32 - 1))  # fmt: skip
@example("f32", 1, 1, 45, 70, ROWS, TRANSPOSED, ROWS, False, [], 0)
@example("f32", 2, 45, 1, 70, ROWS, TRANSPOSED, ROWS, True, [], 0)
def test_matches_numpy(dtype, batch, m, n, k, la, lb, lc, accumulate, cuts, seed):
    rng = np.random.default_rng(seed)
    a, b, c = operands(dtype, batch, m, n, k, (la, lb, lc), rng)
    want, bound = expected(a, b, c, accumulate)
    start = c.array.copy()
    memory = c.bytes.copy()
    call(native(dtype), dtype, a, b, c, accumulate, cuts, threads=2)
    got = c.array.copy()
    assert (np.abs(got - want) <= bound).all()
    c.array[...] = start
    assert (c.bytes == memory).all(), "wrote outside of C"
    call(native(dtype), dtype, a, b, c, accumulate)
    assert got.tobytes() == c.array.tobytes(), "the result depends on the chunks"
    c.array[...] = start
    call(gemm.interpret, dtype, a, b, c, accumulate, cuts)
    assert (np.abs(c.array - want) <= bound).all()


SHAPES = [(130, 90, 600), (25, 200, 1100), (97, 33, 513), (1, 300, 700), (300, 1, 700), (7, 90, 9)]


@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize("m, n, k", SHAPES)
@pytest.mark.parametrize("orders", ["rr", "rt", "tr", "tt"])
def test_tiles_are_bit_identical(dtype, m, n, k, orders):
    """Several tiles: every tile alone, all at once, and runs of tiles give the same bits."""
    rng = np.random.default_rng(1)
    picked = [ROWS if x == "r" else TRANSPOSED for x in orders]
    a, b, c = operands(dtype, 2, m, n, k, (*picked, ROWS), rng)
    want, bound = expected(a, b, c, 0)
    p = call(native(dtype), dtype, a, b, c)
    got = c.array.copy()
    assert (np.abs(got - want) <= bound).all()
    for cuts in ([i / p.extent for i in range(p.extent)], [0.3], [0.2, 0.7, 0.9]):
        c.array[...] = 0
        call(native(dtype), dtype, a, b, c, 0, cuts, threads=3)
        assert got.tobytes() == c.array.tobytes()


@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize("layout", [ROWS, TRANSPOSED])
def test_a_row_does_not_depend_on_the_others(dtype, layout):
    """A batch of 2 and a batch of 200 give a sample the same bits (a batch of 1 may be a dot)."""
    rng = np.random.default_rng(2)
    a, b, c = operands(dtype, 1, 200, 70, 900, (ROWS, layout, ROWS), rng)
    call(native(dtype), dtype, a, b, c)
    for m in (2, 5, 50):
        few, out = operands(dtype, 1, m, 70, 900, (ROWS, layout, ROWS), rng)[::2]
        few.array[...] = a.array[:, :m]
        call(native(dtype), dtype, few, b, out)
        assert out.array.tobytes() == c.array[:, :m].tobytes()


NARROW = [
    gemm_micro.Target(32, (6, 3, 2, 1), 2, True, False),
    gemm_micro.Target(16, (4, 1), 2, False, False),
]


@pytest.mark.parametrize("target", NARROW, ids=lambda target: f"{8 * target.bytes} bits")
@pytest.mark.parametrize("dtype", KINDS)
def test_narrower_vectors(dtype, target, monkeypatch):
    """Kernels for CPUs with less: this one runs them too, if it has as much."""
    if target.bytes > gemm_micro.host_target().bytes:
        pytest.skip("this CPU has narrower vectors")
    monkeypatch.setattr(gemm, "host_target", lambda: target)
    gemm.kernel_ir.cache_clear()
    gemm._tile_of.cache_clear()
    try:
        rng = np.random.default_rng(4)
        layouts = [ROWS, TRANSPOSED, ((2, 1, 0), 2, (1, -1, -1), (False,) * 3)]
        for m, n, k in [(1, 9, 70), (9, 1, 70), (23, 37, 21), (200, 61, 450), (3, 5, 0)]:
            for i in range(9):
                picked = layouts[i % 3], layouts[i // 3], layouts[(i + m) % 3]
                a, b, c = operands(dtype, 2, m, n, k, picked, rng)
                want, bound = expected(a, b, c, 0)
                call(native(dtype, target), dtype, a, b, c, 0, [0.4], threads=2)
                assert (np.abs(c.array - want) <= bound).all()
    finally:
        gemm.kernel_ir.cache_clear()
        gemm._tile_of.cache_clear()


def test_nan_and_inf():
    rng = np.random.default_rng(3)
    a, b, c = operands("f32", 1, 17, 18, 19, (ROWS, TRANSPOSED, ROWS), rng)
    a.array[0, 3, 18] = np.inf
    b.array[0, 2, 17] = np.nan
    call(native("f32"), "f32", a, b, c)
    with np.errstate(invalid="ignore"):
        want = a.array.astype(float) @ b.array.astype(float)
    np.testing.assert_allclose(c.array, want, rtol=1e-4, atol=1e-4)


def test_plan_accepts_int_subclasses_and_is_cheap():
    class Size(int):
        pass

    strides = tuple(map(Size, (0, 1, 64))), tuple(map(Size, (0, 784, 1))), (0, 784, 1)
    sizes = map(Size, (1, 128, 784, 64))
    assert gemm.plan("f32", *sizes, *strides) == gemm.plan("f32", 1, 128, 784, 64, *strides)
    start = time.perf_counter()
    for _ in range(100):
        gemm.plan("f32", 1, 128, 784, 64, *strides)
    assert time.perf_counter() - start < 100 * 100e-6
