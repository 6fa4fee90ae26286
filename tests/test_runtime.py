"""The launcher and the thread pool, in this process and at exits and forks."""

import ctypes
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from ir_kernels import COUNT, FAIL, HALVE, Program, compiled, counting, words
from numtorch.jit.runtime import pool, pool_ir

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def count() -> int:
    return compiled("test_runtime_count", COUNT)


@pytest.fixture
def threads():
    """set_num_threads, undone after the test."""
    before = pool.get_num_threads()
    yield pool.set_num_threads
    pool.set_num_threads(before)


# ---------------------------------------------------------------------------- launcher


@pytest.mark.parametrize("release_gil", [0, 1])
@pytest.mark.parametrize("n, chunk", [(0, 4), (1, 1), (1, 0), (7, 7), (7, 100), (7, 2), (1000, 1)])
def test_every_item_runs_once(count, threads, n, chunk, release_gil):
    for num_threads in (1, 2, 3):
        threads(num_threads)
        program, p, q = counting(count, n, chunk, rows=3, release_gil=release_gil)
        assert program.run() == -1
        assert (p == 3).all()
        assert ((q >= 0) & (q < num_threads)).all()


def test_no_rows():
    assert Program([]).run() == -1


def test_negative_extent_is_skipped(count):
    program, p, _ = counting(count, 4, 2)
    program.rows[2] = -1
    assert program.run() == -1
    assert (p == 0).all()


def test_relocations(count):
    p, q = np.zeros(8, np.int64), np.zeros(8, np.int64)
    args = words(0, 0)
    at = ctypes.addressof(args)
    program = Program(
        [(count, args, 4, 4, 0)],
        relocs=[(at, 1, 16), (at + 8, 0, 0)],
        slots=[q.ctypes.data, p.ctypes.data],
    )
    assert program.run() == -1
    assert p.tolist() == [0, 0, 1, 1, 1, 1, 0, 0]
    program.slots[1] = q.ctypes.data + 16
    assert program.run() == -1
    assert q.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


def test_status_stops_a_program_at_the_row_that_asks(count):
    fail = compiled("test_runtime_fail", FAIL)
    program, p, _ = counting(count, 4, 2, rows=4)
    args = words(0, ctypes.addressof(program.status))
    for row, flags in ((1, 0), (2, 1)):
        program.rows[5 * row : 5 * row + 5] = [fail, ctypes.addressof(args), 1, 1, flags]
    assert program.run() == 2
    assert program.status[0] == 7
    assert (p == 1).all()


def test_bad_header_argument():
    with pytest.raises(TypeError):
        pool.run("program")
    with pytest.raises(OverflowError):
        pool.run(1 << 70)


def test_address_of_the_launcher(count):
    program, p, _ = counting(count, 10, 3)
    call = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(pool.run_address())
    assert call(program.address) == -1
    assert (p == 1).all()


# ---------------------------------------------------------------------------- pool


def test_stress(count, threads):
    rng = np.random.default_rng(0)
    for num_threads in (2, 4, 7, 2):
        threads(num_threads)
        for _ in range(100):
            n = int(rng.integers(1, 300))
            rows = int(rng.integers(1, 20))
            program, p, _ = counting(count, n, int(rng.integers(1, n + 1)), rows)
            assert program.run() == -1
            assert (p == rows).all()


def test_sleeping_workers_wake_up(count, threads):
    threads(3)
    program, p, _ = counting(count, 64, 1)
    for i in range(30):
        program.run()
        if i % 3 == 0:
            time.sleep(0.005)
    assert (p == 30).all()


def test_workers_do_take_part(count, threads):
    threads(2)
    program, _, q = counting(count, 1 << 20, 1 << 12)
    seen = set()
    for _ in range(200):
        program.run()
        seen |= set(q.tolist())
        if seen == {0, 1}:
            break
        time.sleep(0.001)
    assert seen == {0, 1}


def test_several_python_threads(count, threads):
    threads(3)
    failures = []

    def body(release_gil):
        for _ in range(200):
            program, p, _ = counting(count, 97, 10, rows=5, release_gil=release_gil)
            if program.run() != -1 or not (p == 5).all():
                failures.append(p)

    runners = [threading.Thread(target=body, args=(i % 2,)) for i in range(6)]
    for runner in runners:
        runner.start()
    for i in range(20):
        pool.set_num_threads(1 + i % 4)
        time.sleep(0.002)
    for runner in runners:
        runner.join()
    assert not failures


def test_set_num_threads_stops_workers(count, threads):
    threads(4)
    counting(count, 64, 1)[0].run()
    alive = [t.name for t in threading.enumerate() if t.name.startswith("numtorch-worker")]
    assert sorted(alive) == [f"numtorch-worker-{i}" for i in (1, 2, 3)]
    threads(2)
    alive = [t.name for t in threading.enumerate() if t.name.startswith("numtorch-worker")]
    assert alive == ["numtorch-worker-1"]
    assert pool.get_num_threads() == 2


def test_spinning_time(count, threads, monkeypatch):
    """Long when every thread has a core, short when threads share cores."""
    monkeypatch.delenv("NUMTORCH_SPIN_US", raising=False)
    monkeypatch.setattr(pool, "_cores", lambda: 2)
    turns = []
    for n in (2, 3, 2):
        threads(n)
        counting(count, 64, 1)[0].run()
        turns.append(pool._native.words[pool_ir.SPIN])
    assert turns[0] == turns[2] > 5 * turns[1]


@pytest.mark.parametrize("n", [0, -1, 1.5, True, "2"])
def test_set_num_threads_rejects(n):
    with pytest.raises(ValueError, match="positive integer"):
        pool.set_num_threads(n)


def test_callback_kernels_and_nested_runs(count, threads):
    """A kernel that calls back into Python and runs another program: the pool is busy, no hang."""
    threads(2)
    program, p, _ = counting(count, 10, 2)

    @ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 4)
    def kernel(args, begin, end, tid):
        program.run()

    address = ctypes.cast(kernel, ctypes.c_void_p).value
    assert Program([(address, words(0), 6, 1, 0)]).run() == -1
    assert (p == 6).all()


def test_flush_denormal(threads):
    halve = compiled("test_runtime_halve", HALVE)
    if not pool.set_flush_denormal(False):
        pytest.skip("not on this architecture")
    n = 64
    p, q = np.full(n, 4e-310), np.zeros(n)
    args = words(p.ctypes.data, q.ctypes.data)
    try:
        for num_threads in (1, 3):
            threads(num_threads)
            for chunk in (1, n):
                program = Program([(halve, args, n, chunk, 0)])
                for mode in (True, False):
                    assert pool.set_flush_denormal(mode)
                    assert pool.flush_denormal() is mode
                    for _ in range(20):
                        program.run()
                        assert (q == (0.0 if mode else 2e-310)).all()
                    # the caller's own arithmetic keeps its denormals
                    assert (p * 0.5 == 2e-310).all()
    finally:
        pool.set_flush_denormal(False)


def test_ir_for_other_architectures(monkeypatch):
    """The text for machines this test does not run on is at least valid IR."""
    import llvmlite.binding as llvm

    for machine in ("x86_64", "arm64", "riscv64"):
        monkeypatch.setattr(pool_ir.platform, "machine", lambda machine=machine: machine)
        symbol, text = pool_ir.source()
        with llvm.parse_assembly(text) as module:
            module.verify()
            assert module.get_function(symbol)


# ---------------------------------------------------------------------------- processes

SETUP = """
import ctypes, os, sys, threading, time
sys.path.insert(0, "tests")
from ir_kernels import COUNT, Program, compiled, counting, pool
pool.set_num_threads(3)
count = compiled("count", COUNT)
program, p, q = counting(count, 1000, 10, rows=10)
program.run()
assert (p == 10).all()
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return str(tmp_path_factory.mktemp("kernels"))


def start(code: str, cache: str, **env):
    return subprocess.Popen(
        [sys.executable, "-c", SETUP + code],
        cwd=ROOT, env={**os.environ, "NUMTORCH_CACHE_DIR": cache, **env},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finish(process, code: int = 0):
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, (process.returncode, out, err)
    return out, err


EXITS = {
    "plain": ("", 0),
    "asleep": ("time.sleep(0.02)", 0),
    "exception": ("raise SystemError('on purpose')", 1),
    "exit code": ("sys.exit(3)", 3),
    "exit from a thread": (
        "t = threading.Thread(target=lambda: (program.run(), sys.exit(4)))\nt.start()",
        0,
    ),
    "daemon thread keeps running programs": (
        """
def forever():
    while True: program.run()
threading.Thread(target=forever, daemon=True).start()
time.sleep(0.01)
""",
        0,
    ),
    "runs in an exit handler": ("import atexit\natexit.register(program.run)", 0),
    "runs in a finalizer": (
        "class F:\n    def __del__(self, run=program.run): run()\nkept = F()",
        0,
    ),
}


@pytest.mark.parametrize("name", EXITS)
def test_exit(name, cache):
    code, status = EXITS[name]
    for _ in range(2):
        processes = [start(code, cache) for _ in range(2)]
        for process in processes:
            _, err = finish(process, status)
            assert ("on purpose" in err) if name == "exception" else not err, err


FORK = """
child = os.fork()
if child == 0:
    try:
        assert pool.get_num_threads() == 1
        p[:] = 0
        program.run()
        assert (p == 10).all() and (q == 0).all()
        assert threading.active_count() == 1
        pool.set_num_threads(2)
        for _ in range(50):
            program.run()
        assert (p == 510).all()
        assert threading.active_count() == 2
    except BaseException as error:
        print(repr(error), file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)
_, status = os.waitpid(child, 0)
assert status == 0
assert pool.get_num_threads() == 3
for _ in range(10):
    program.run()
assert (p == 110).all()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fork(cache):
    _, err = finish(start("for _ in range(5):\n    p[:] = 10" + FORK.replace("\n", "\n    "), cache))
    assert not err


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fork_while_other_threads_run(cache):
    """The child must not inherit a pool that is held for ever."""
    code = """
other, p2, _ = counting(count, 1000, 10, rows=200)
stop = []
def forever():
    while not stop: other.run()
threads = [threading.Thread(target=forever) for _ in range(2)]
for t in threads: t.start()
for _ in range(20):
    child = os.fork()
    if child == 0:
        pool.set_num_threads(2)
        for _ in range(20): program.run()
        os._exit(0 if (p == 210).all() else 1)
    assert os.waitpid(child, 0)[1] == 0
stop.append(1)
for t in threads: t.join()
"""
    finish(start(code, cache))


def test_import_starts_nothing(cache):
    code = (
        "import sys, threading\n"
        "import numtorch.jit.runtime.pool as pool, numtorch.jit.runtime.allocator\n"
        "assert threading.active_count() == 1\n"
        "pool.run\n"
        "assert threading.active_count() == 1\n"
        "assert 'numba' not in sys.modules\n"
    )
    env = {**os.environ, "NUMTORCH_CACHE_DIR": cache}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, check=True, timeout=60)


@pytest.mark.parametrize(
    "env, expect",
    [
        ({"NUMTORCH_NUM_THREADS": "5", "OMP_NUM_THREADS": "3"}, 5),
        ({"OMP_NUM_THREADS": "3,1"}, 3),
        ({"NUMBA_NUM_THREADS": "4"}, 4),
    ],
)
def test_thread_count_from_the_environment(monkeypatch, env, expect):
    for name in ("NUMTORCH_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert pool._default_threads() == expect


def test_thread_count_of_nonsense(monkeypatch):
    monkeypatch.setenv("NUMTORCH_NUM_THREADS", "many")
    with pytest.raises(ValueError, match="NUMTORCH_NUM_THREADS"):
        pool._default_threads()
