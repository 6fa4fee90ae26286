"""The allocator: classes, reuse, bounds, exported arrays."""

import ctypes
import gc
import os
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import numpy as np
import pytest
from numtorch.jit.runtime import allocator


@pytest.mark.parametrize("nbytes", [0, 1, 64, 65, 1024, 1025, 5000, 1 << 16, (1 << 20) + 1, 5 << 20])
def test_alloc_is_aligned_and_writable(nbytes):
    buffer = allocator.alloc(nbytes)
    assert buffer.addr and buffer.addr % 64 == 0
    assert buffer.nbytes == nbytes
    size = allocator.class_size(nbytes)
    assert nbytes <= size <= max(64, nbytes + 63, int(nbytes * 1.25))
    ctypes.memset(buffer.addr, 0xAB, nbytes)
    array = allocator.as_array(buffer, "u1", (nbytes,))
    assert (array == 0xAB).all()


def test_size_classes():
    sizes = sorted({allocator.class_size(n) for n in range(1, 9000)})
    assert sizes[:16] == list(range(64, 1025, 64))
    assert sizes[16:25] == [1280, 1536, 1792, 2048, 2560, 3072, 3584, 4096, 5120]


@pytest.mark.parametrize("nbytes", [100, 100_000, 3 << 20])
def test_freed_memory_comes_back(nbytes):
    buffer = allocator.alloc(nbytes)
    address = buffer.addr
    other = allocator.alloc(nbytes)
    assert other.addr != address
    del buffer
    assert allocator.alloc(nbytes).addr == address


def test_large_blocks_start_on_a_huge_page():
    if sys.platform.startswith("linux"):
        assert allocator.alloc(5 << 20).addr % (2 << 20) == 0


def test_counters():
    gc.collect()
    allocator.empty_cache()
    assert allocator.cached_bytes() == 0
    allocator.reset_peak()
    before = allocator.allocated_bytes()
    buffers = [allocator.alloc(1000), allocator.alloc(2 << 20)]
    size = 1024 + (2 << 20)
    assert allocator.allocated_bytes() - before == size
    assert allocator.peak_bytes() - before == size
    buffers.clear()
    assert allocator.allocated_bytes() == before
    assert allocator.cached_bytes() == size
    assert allocator.peak_bytes() - before == size
    allocator.reset_peak()
    assert allocator.peak_bytes() == before
    allocator.empty_cache()
    assert allocator.cached_bytes() == 0


def test_cache_is_bounded(monkeypatch):
    gc.collect()
    allocator.empty_cache()
    monkeypatch.setattr(allocator._state, "limit", 10 << 20)
    buffers = [allocator.alloc(4 << 20) for _ in range(8)]
    buffers.clear()
    assert allocator.cached_bytes() <= 10 << 20
    buffers = [allocator.alloc(1 << 19) for _ in range(60)]
    buffers.clear()
    allocator.alloc(1 << 18)  # fresh memory: the cache is looked at
    assert allocator.cached_bytes() <= 10 << 20


def test_out_of_memory():
    kept = allocator.alloc(1 << 20)
    allocator.alloc(2 << 20)
    with pytest.raises(RuntimeError, match=r"you tried to allocate 4611686018427387904 bytes\."):
        allocator.alloc(1 << 62)
    assert allocator.cached_bytes() == 0
    del kept


def test_negative_size():
    with pytest.raises(ValueError, match="-5 bytes"):
        allocator.alloc(-5)


def test_as_array_strides_and_offset():
    buffer = allocator.alloc(24 * 4)
    flat = allocator.as_array(buffer, np.float32, (24,))
    flat[:] = np.arange(24)
    view = allocator.as_array(buffer, np.float32, (3, 2), (16, 8), 4)
    assert view.tolist() == [[1, 3], [5, 7], [9, 11]]
    backward = allocator.as_array(buffer, np.float32, (3,), (-4,), 92)
    assert backward.tolist() == [23, 22, 21]
    assert allocator.as_array(buffer, np.float32, ()).item() == 0
    assert allocator.as_array(buffer, np.bool_, (0, 3)).shape == (0, 3)
    locked = allocator.as_array(buffer, np.float32, (2,), writable=False)
    assert not locked.flags.writeable


def test_exports_keep_memory_alive_and_tell_when_they_die():
    buffer = allocator.alloc(4000)
    address = buffer.addr
    array = allocator.as_array(buffer, np.int32, (1000,))
    alive = weakref.ref(array.base)
    other = allocator.as_array(buffer, np.int32, (1000,))
    assert other.base is not array.base
    part = array[3:].reshape(-1, 1)
    del array, other, buffer
    assert alive() is not None
    assert allocator.alloc(4000).addr != address
    del part
    assert alive() is None
    assert allocator.alloc(4000).addr == address


def test_threads_share_the_allocator():
    before = allocator.allocated_bytes()

    def body(seed):
        rng = np.random.default_rng(seed)
        kept = []
        for size in rng.integers(0, 5000, 2000).tolist():
            kept.append(allocator.alloc(size))
            if len(kept) > 50:
                del kept[: int(rng.integers(1, 50))]

    runners = [threading.Thread(target=body, args=(i,)) for i in range(4)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    gc.collect()
    assert allocator.allocated_bytes() == before


def test_buffers_survive_the_interpreters_end():
    code = """
import sys
from numtorch.jit.runtime import allocator
kept = [allocator.alloc(n) for n in (10, 3000, 3 << 20)]
sys.kept = [allocator.as_array(b, 'u1', (b.nbytes,)) for b in kept]
kept.append(kept)
"""
    root = Path(__file__).resolve().parents[1]
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, cwd=root, stderr=subprocess.PIPE, timeout=60, check=True)
    assert not run.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fork():
    kept = allocator.alloc(100_000)
    ctypes.memset(kept.addr, 1, 100_000)
    child = os.fork()
    if child == 0:
        ctypes.memset(kept.addr, 2, 100_000)
        other = allocator.alloc(3 << 20)
        ctypes.memset(other.addr, 2, 3 << 20)
        del other
        allocator.empty_cache()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert (allocator.as_array(kept, "u1", (100_000,)) == 1).all()
