"""The kernel store: what is kept, who may share it, and what happens when it is damaged or full."""

import ctypes
import errno
import os
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import pytest
from numtorch.jit.runtime import engine
from numtorch.jit.runtime import store as store_module
from numtorch.jit.runtime.store import Store

ROOT = Path(__file__).resolve().parents[1]

TEXT = """
define i64 @NAME(i64 %x) {
  %y = add i64 %x, VALUE
  ret i64 %y
}
"""


class Builder:
    """Builds the kernel x + value under a symbol no other test uses."""

    serial = 0

    def __init__(self, value: int):
        Builder.serial += 1
        self.calls = 0
        self.symbol = f"test_store_{os.getpid()}_{Builder.serial}"
        self.text = TEXT.replace("NAME", self.symbol).replace("VALUE", str(value))

    def __call__(self) -> tuple[str, bytes]:
        self.calls += 1
        return self.symbol, engine.compile_ir(self.text)


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path / "kernels")


def call(address: int, x: int) -> int:
    return ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(address)(x)


def fill(store: Store, values) -> None:
    """The kernels x + value, all of them new."""
    for value in values:
        address = store.kernel(f"x + {value}", "add", Builder(value))
        assert call(address, 1) == 1 + value


def seen(store: Store) -> tuple[int, int, int]:
    return store.counters.compiled, store.counters.loaded, store.counters.memory


def test_compiled_once(folder):
    build = Builder(5)
    store = Store(folder)
    address = store.kernel("x + 5", "add", build)
    assert call(address, 2) == 7
    assert store.kernel("x + 5", "add", build) == address
    assert build.calls == 1
    assert seen(store) == (1, 0, 1)
    assert store.folder == folder


def test_names_and_sources_in_the_folder(folder):
    store = Store(folder)
    build = Builder(6)
    store.kernel("x + 6", "add", build)
    path = Path(store.path("x + 6", "add"))
    assert path.exists()
    assert path.name.startswith("add-")
    assert path.with_suffix(".py").read_text() == "x + 6"
    store.kernel("key 2", "add", Builder(6), source="def kernel(): pass")
    assert Path(store.path("key 2", "add")).with_suffix(".py").read_text() == "def kernel(): pass"
    assert len(os.listdir(folder)) == 4  # no temporary files stay


def test_another_store_loads_from_disk(folder):
    build = Builder(7)
    address = Store(folder).kernel("x + 7", "add", build)
    store = Store(folder)
    assert store.kernel("x + 7", "add", build) == address
    assert build.calls == 1
    assert seen(store) == (0, 1, 0)


def test_uncounted_kernels(folder):
    store = Store(folder)
    store.kernel("x + 8", "add", Builder(8), counted=False, suffix="ll")
    assert seen(store) == (0, 0, 0)
    assert Path(store.path("x + 8", "add")).with_suffix(".ll").exists()


def test_the_key_holds_the_cpu(folder, monkeypatch):
    build, other = Builder(1), Builder(1)
    Store(folder).kernel("x + 1", "add", build)
    monkeypatch.setattr(engine, "cpu_key", lambda: "another cpu")
    store = Store(folder)
    store.kernel("x + 1", "add", other)
    assert other.calls == 1
    assert len(os.listdir(folder)) == 4


def test_nothing_is_written_before_it_is_needed(folder):
    Store(folder)
    assert not os.path.exists(folder)


def test_a_failing_build_can_be_tried_again(folder):
    store = Store(folder)

    def fail():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.kernel("x + 2", "add", fail)
    assert call(store.kernel("x + 2", "add", Builder(2)), 1) == 3
    assert not store._building


# ---------------------------------------------------------------------------- damage


def damaged(data: bytes, how: str) -> bytes:
    if how == "empty":
        return b""
    if how == "short":
        return data[:20]
    if how == "cut":
        return data[:-1]
    if how == "longer":
        return data + b"x"
    at = {"magic": 0, "version": 12, "key": 30, "checksum": 60, "symbol": 100, "code": 400}[how]
    return data[:at] + bytes([data[at] ^ 0x40]) + data[at + 1 :]


@pytest.mark.parametrize(
    "how",
    ["empty", "short", "cut", "longer", "magic", "version", "key", "checksum", "symbol", "code"],
)
def test_damaged_file_is_built_again(folder, how):
    store = Store(folder)
    address = store.kernel("x + 9", "add", build := Builder(9))
    path = Path(store.path("x + 9", "add"))
    good = path.read_bytes()
    path.write_bytes(damaged(good, how))
    other = Store(folder)
    with pytest.warns(RuntimeWarning, match="damaged") as record:
        assert other.kernel("x + 9", "add", build) == address
    assert len(record) == 1
    assert folder in str(record[0].message)
    assert seen(other) == (1, 0, 0)
    assert path.read_bytes() == good
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Store(folder).kernel("x + 9", "add", build)
    assert build.calls == 2


def test_right_checksum_around_no_object_code(folder):
    """The loader itself refuses what is not an object file; the process goes on."""
    store, build = Store(folder), Builder(4)
    path = Path(store.path("x + 4", "add"))
    path.parent.mkdir()
    path.write_bytes(store_module._pack(store.key("x + 4"), build.symbol, b"not object code"))
    with pytest.warns(RuntimeWarning, match="damaged"):
        assert call(store.kernel("x + 4", "add", build), 1) == 5


def test_one_warning_for_many_damaged_files(folder):
    store = Store(folder)
    fill(store, range(3))
    for i in range(3):
        Path(store.path(f"x + {i}", "add")).write_bytes(b"?")
    store = Store(folder)
    with pytest.warns(RuntimeWarning) as record:
        fill(store, range(3))
    assert len(record) == 1


def test_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    folder = str(tmp_path / "file" / "kernels")
    store = Store(folder)
    with pytest.warns(RuntimeWarning, match="cannot write") as record:
        fill(store, range(3))
    assert len(record) == 1
    assert folder in str(record[0].message)
    assert seen(store) == (3, 0, 0)


def test_full_disk(folder, monkeypatch):
    store = Store(folder)
    store.kernel("x + 1", "add", Builder(1))

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.warns(RuntimeWarning, match="No space left") as record:
        fill(store, (2, 3))
    assert len(record) == 1
    assert len(os.listdir(folder)) == 2  # the temporary files are gone


# ---------------------------------------------------------------------------- size


def age(path: str, days: float) -> None:
    then = time.time() - days * 86400
    for suffix in (".o", ".py"):
        os.utime(Path(path).with_suffix(suffix), (then, then))


def test_oldest_kernels_are_evicted(folder, monkeypatch):
    monkeypatch.setattr(store_module, "_CHECK_EVERY", 1)
    store = Store(folder)
    for i in range(6):
        store.kernel(f"x + {i}", "add", Builder(i))
        age(store.path(f"x + {i}", "add"), 20 - i)
    total = sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder))
    store.limit = total - 1
    # kernel 0 is the oldest, but it is used again now
    again = Store(folder)
    again.kernel("x + 0", "add", Builder(0))
    store.kernel("x + 6", "add", Builder(6))
    left = [i for i in range(7) if os.path.exists(store.path(f"x + {i}", "add"))]
    assert left == [0, 4, 5, 6]  # down to 80% of the bound
    assert store.counters.evicted == 3
    assert len(os.listdir(folder)) == 2 * len(left)


def test_no_bound(folder, monkeypatch):
    monkeypatch.setattr(store_module, "_CHECK_EVERY", 1)
    store = Store(folder, limit=0)
    fill(store, range(3))
    assert len(os.listdir(folder)) == 6


def test_use_is_noted_once_a_day(folder):
    store, build = Store(folder), Builder(3)
    store.kernel("x + 3", "add", build)
    path = store.path("x + 3", "add")
    for days, touched in ((0.5, False), (3, True)):
        age(path, days)
        before = os.path.getmtime(path)
        Store(folder).kernel("x + 3", "add", build)
        assert (os.path.getmtime(path) != before) == touched


def test_clear_deletes_kernels_only(folder):
    store = Store(folder)
    store.kernel("x + 3", "add", Builder(3))
    mine = Path(folder) / "train.py"
    mine.write_text("keep")
    writing = Path(folder) / ".numtorch-tmp-1"
    writing.write_text("another process is writing this")
    orphan = Path(folder) / ".numtorch-tmp-2"
    orphan.write_text("left by a process that died")
    os.utime(orphan, (0, 0))
    store.clear()
    assert sorted(os.listdir(folder)) == [".numtorch-tmp-1", "train.py"]
    store.kernel("x + 3", "add", build := Builder(3))
    assert build.calls == 1


# ---------------------------------------------------------------------------- settings


def test_folder_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.delenv("NUMTORCH_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert Store().folder == str(tmp_path / "numtorch")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    if os.name != "nt":
        assert Store().folder == str(tmp_path / ".cache" / "numtorch")
    monkeypatch.setenv("NUMTORCH_CACHE_DIR", str(tmp_path / "here"))
    assert Store().folder == str(tmp_path / "here")


def test_set_folder(folder, tmp_path):
    store, build = Store(folder), Builder(3)
    address = store.kernel("x + 3", "add", build)
    store.set_folder(str(tmp_path / "other"))
    assert store.kernel("x + 3", "add", build) == address  # still in memory
    store.kernel("x + 4", "add", Builder(4))
    assert len(os.listdir(tmp_path / "other")) == 2


def test_size_from_the_environment(monkeypatch):
    monkeypatch.delenv("NUMTORCH_CACHE_SIZE", raising=False)
    assert store_module.default_limit() == 512 << 20
    monkeypatch.setenv("NUMTORCH_CACHE_SIZE", "1.5")
    assert store_module.default_limit() == 3 << 19
    monkeypatch.setenv("NUMTORCH_CACHE_SIZE", "big")
    with pytest.raises(ValueError, match="NUMTORCH_CACHE_SIZE"):
        store_module.default_limit()


# ---------------------------------------------------------------------------- sharing


def test_threads_build_a_kernel_once(folder):
    store, build = Store(folder), Builder(11)
    results = []

    def body():
        results.append(store.kernel("x + 11", "add", build))

    threads = [threading.Thread(target=body) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(results)) == 1 and len(results) == 8
    assert build.calls == 1


def test_different_kernels_are_built_at_the_same_time(folder):
    store = Store(folder)
    meet = threading.Barrier(2, timeout=20)

    def body(i):
        def build():
            meet.wait()
            return builders[i]()

        store.kernel(f"x + {i}", "add", build)

    builders = [Builder(i) for i in range(2)]
    threads = [threading.Thread(target=body, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.counters.compiled == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fork_during_a_build(folder):
    """A lock that another thread held does not stop the child."""
    store = Store(folder)
    entered, leave = threading.Event(), threading.Event()

    def slow():
        entered.set()
        leave.wait(20)
        return Builder(1)()

    thread = threading.Thread(target=store.kernel, args=("x + 1", "add", slow))
    thread.start()
    entered.wait(20)
    child = os.fork()
    if child == 0:
        try:
            ok = call(store.kernel("x + 1", "add", Builder(1)), 1) == 2
            os._exit(0 if ok else 1)
        finally:
            os._exit(2)
    _, status = os.waitpid(child, 0)
    leave.set()
    thread.join()
    assert status == 0


WORKER = """
import ctypes, sys
from numtorch.jit.runtime import engine
from numtorch.jit.runtime.store import store
for value in range(12):
    symbol = f"add{value}"
    text = f"define i64 @{symbol}(i64 %x) {{\\n %y = add i64 %x, {value}\\n ret i64 %y\\n}}"
    address = store.kernel(text, "add", lambda: (symbol, engine.compile_ir(text)))
    assert ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(address)(30) == 30 + value
assert "numba" not in sys.modules
print(store.counters.compiled, store.counters.loaded)
"""


def test_processes_share_a_folder(folder):
    env = {**os.environ, "NUMTORCH_CACHE_DIR": folder}

    def start():
        return subprocess.Popen(
            [sys.executable, "-W", "error", "-c", WORKER],
            cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    for last in (False, True):
        processes = [start() for _ in range(4)]
        for process in processes:
            out, err = process.communicate(timeout=60)
            assert process.returncode == 0, err
            compiled, loaded = map(int, out.split())
            assert compiled + loaded == 12
            assert not last or loaded == 12
    assert len(os.listdir(folder)) == 24
