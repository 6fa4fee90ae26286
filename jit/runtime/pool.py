"""The thread pool and the program launcher: native code hosted on Python's daemon threads.

`run(header)` walks a program: a table of kernel calls, serial or split into chunks that the pool's
threads and the caller share. How the threads agree is told in `pool_ir.py`, which holds the native
code; this module loads it (from the kernel store), starts and stops the threads, and keeps the
settings. Workers start at the first parallel row; a forked child has none until it asks for them.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import threading
import time

from . import engine
from . import pool_ir as ir
from .store import store

__all__ = [
    "HEADER_WORDS",
    "flush_denormal",
    "get_num_threads",
    "loop_address",
    "run",  # noqa: F822 (made by __getattr__)
    "run_address",
    "set_flush_denormal",
    "set_num_threads",
]

# header words: number of rows, rows, number of relocations, relocations, slots, status, release GIL
HEADER_WORDS = 7
SPIN_US = 100.0  # a worker looks for work this long before it sleeps
SPIN_US_SHARED = 5.0  # the same when there are more threads than cores
WAIT_SPINS = 4000  # pauses of the caller that waits for the last chunks, before it yields its core


class _Method(ctypes.Structure):
    """CPython's PyMethodDef."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


def _outside(*names: str) -> list[int]:
    """Addresses of functions of CPython's C API."""
    return [ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value for name in names]


def _yield_address() -> int:
    """A C function without arguments that gives the core to another thread."""
    if os.name == "nt":
        function = ctypes.WinDLL("kernel32").SwitchToThread
    else:
        function = ctypes.CDLL(None).sched_yield
    return ctypes.cast(function, ctypes.c_void_p).value


class _Native:
    """The loaded code: its context's words and its functions."""

    def __init__(self):
        symbol, text = ir.source()

        def build() -> tuple[str, bytes]:
            return symbol, engine.compile_ir(text)

        address = store.kernel(text, "pool", build, suffix="ll", counted=False)
        word = ctypes.c_int64
        table = ctypes.CFUNCTYPE(word, word)(address)
        context, turns, worker, wake, program, builtin, loop = (table(i) for i in range(7))
        self.words = (word * ir.WORDS).from_address(context)
        self.turns = ctypes.CFUNCTYPE(word, word)(turns)
        self.worker = ctypes.CFUNCTYPE(None, word)(worker)
        self.wake = ctypes.CFUNCTYPE(None, word)(wake)
        self.program_address, self.loop_address = program, loop
        self.start = ctypes.CFUNCTYPE(None)(_start_workers)
        words = self.words
        names = ("PyLong_AsLongLong", "PyLong_FromLongLong", "PyEval_SaveThread",
                 "PyEval_RestoreThread", "PyThread_acquire_lock", "PyThread_release_lock")
        words[ir.TO_LONG : ir.LOCK_RELEASE + 1] = _outside(*names)
        words[ir.YIELD] = _yield_address()
        words[ir.WAIT] = WAIT_SPINS
        self.run = self._builtin(builtin)

    def _builtin(self, address: int):
        """`run` as a builtin of one argument: ctypes would cost five times as much a call."""
        doc = b"run(header: int) -> int: run a program; the row it stopped at, or -1."
        self.method = _Method(b"run", address, 0x0008, doc)  # METH_O
        make = ctypes.PYFUNCTYPE(
            ctypes.py_object, ctypes.POINTER(_Method), ctypes.c_void_p, ctypes.c_void_p
        )(("PyCFunction_NewEx", ctypes.pythonapi))
        # the builtin points at the method record for ever
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self.method))
        return make(ctypes.byref(self.method), None, None)


_native: _Native | None = None
_threads: dict[int, threading.Thread] = {}
_guard = threading.RLock()
_count: int | None = None
_flush = False
_closing = False
_speed: float | None = None  # turns of the spin loop in a microsecond


def _load() -> _Native:
    """Load the native code once and put the settings into its context."""
    global _native
    with _guard:
        if _native is None:
            native = _Native()
            _native = native
            _apply()
        return _native


def __getattr__(name: str):
    # `run` is made on first use: importing this module compiles and loads nothing.
    if name == "run":
        globals()["run"] = _load().run
        return globals()["run"]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def run_address() -> int:
    """Address of the C function `int64 run(int64 header)`, for other native code."""
    return _load().program_address


def loop_address() -> int:
    """Address of the kernel whose items are loops over other kernels."""
    return _load().loop_address


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _default_threads() -> int:
    for name in ("NUMTORCH_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
        text = os.environ.get(name, "").split(",")[0].strip()
        if text:
            try:
                count = int(text)
            except ValueError:
                count = 0
            if count < 1:
                raise ValueError(f"{name} must be a positive integer, got {text!r}")
            return min(count, ir.MAX_THREADS)
    return min(_cores(), ir.MAX_THREADS)


def get_num_threads() -> int:
    """How many threads kernels may use, the caller's included."""
    global _count
    if _count is None:
        _count = _default_threads()
    return _count


def set_num_threads(n: int) -> None:
    """Let kernels use `n` threads, the caller's included. Results do not depend on it."""
    global _count
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ValueError(f"set_num_threads expects a positive integer, got {n!r}")
    with _guard:
        _count = min(n, ir.MAX_THREADS)
        if _native is not None:
            _apply()
            _stop_workers(_count)


def _apply() -> None:
    """Write the settings into the context."""
    native = _native
    words = native.words
    count = 1 if _closing else get_num_threads()
    words[ir.FLUSH] = ir.arch()[1] if _flush else 0
    words[ir.LIMIT] = count
    words[ir.SPIN] = _spin_turns(count)
    missing = any(not words[ir.WORKER + ir.STRIDE * tid + ir.ALIVE] for tid in range(1, count))
    words[ir.START] = ctypes.cast(native.start, ctypes.c_void_p).value if missing else 0
    words[ir.THREADS] = count


def _turns_per_us(native: _Native) -> float:
    """How many turns of the worker's spin loop take a microsecond: three timings of 25 us or so."""
    best = 1 << 62
    for _ in range(3):
        begin = time.perf_counter_ns()
        native.turns(1000)
        best = min(best, time.perf_counter_ns() - begin)
    return 1e6 / max(best, 1)


def _spin_turns(threads: int) -> int:
    """The time a worker of `threads` spins, in turns of its loop."""
    text = os.environ.get("NUMTORCH_SPIN_US", "")
    micros = float(text) if text else SPIN_US if threads <= _cores() else SPIN_US_SHARED
    return max(1, int(micros * (_speed or 1.0)))


def _start_workers() -> None:
    """Called by the launcher, which holds the pool, before its first parallel row."""
    global _speed
    native = _native
    words = native.words
    if _closing or not _guard.acquire(blocking=False):
        return  # someone changes the settings: this row runs without more workers, the next asks
    try:
        words[ir.START] = 0
        count = words[ir.THREADS]
        if _speed is None:
            _speed = _turns_per_us(native)
        words[ir.SPIN] = _spin_turns(count)
        for tid in range(1, count):
            thread = _threads.get(tid)
            if thread is None or not thread.is_alive():
                _start_worker(native, tid)
    except (RuntimeError, MemoryError):
        pass  # no more threads to be had: those that run will do
    finally:
        _guard.release()


def _start_worker(native: _Native, tid: int) -> None:
    words = native.words
    base = ir.WORKER + ir.STRIDE * tid
    if not words[base + ir.SLEEP_LOCK]:
        allocate = ctypes.PYFUNCTYPE(ctypes.c_void_p)(("PyThread_allocate_lock", ctypes.pythonapi))
        lock = allocate()
        acquire = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)(
            ("PyThread_acquire_lock", ctypes.pythonapi)
        )
        acquire(lock, 0)  # held from the start: the worker's own acquire is the sleep
        words[base + ir.SLEEP_LOCK] = lock
    words[base + ir.SLEEP] = 0
    thread = threading.Thread(
        target=native.worker, args=(tid,), name=f"numtorch-worker-{tid}", daemon=True
    )
    _threads[tid] = thread
    thread.start()


def _stop_workers(limit: int, timeout: float = 1.0) -> None:
    """Make the workers from `limit` on leave their loop, and wait for them for a while."""
    leaving = [tid for tid in _threads if tid >= limit]
    if not leaving:
        return
    for tid in leaving:
        _native.wake(tid)
    until = time.monotonic() + timeout
    for tid in leaving:
        thread = _threads[tid]
        thread.join(max(0.0, until - time.monotonic()))
        if not thread.is_alive():
            _threads.pop(tid, None)


def flush_denormal() -> bool:
    """Whether kernels treat denormal numbers as zero."""
    return _flush


def set_flush_denormal(mode: bool) -> bool:
    """Kernels treat denormal numbers as zero if `mode`; False if this machine cannot do so.

    Only kernels are affected: the launcher sets the mode and restores the caller's.
    """
    global _flush
    if not ir.arch()[1]:
        return False
    with _guard:
        _flush = bool(mode)
        if _native is not None:
            _native.words[ir.FLUSH] = ir.arch()[1] if _flush else 0
    return True


def _after_fork() -> None:
    """A child has no workers: it runs serially until it calls set_num_threads itself."""
    global _guard, _count
    _guard = threading.RLock()
    _threads.clear()
    _count = 1
    if _native is not None:
        words = _native.words
        for at in (ir.DONE, ir.LOCK, ir.SLEEPERS):
            words[at] = 0
        # The parent's locks are in any state.
        words[ir.WORKER:ir.WORDS] = [0] * (ir.WORDS - ir.WORKER)
        _apply()


def _close() -> None:
    """At exit: workers leave native code while the interpreter can still take them back."""
    global _closing
    _closing = True
    if _native is not None:
        _apply()
        _stop_workers(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
atexit.register(_close)
