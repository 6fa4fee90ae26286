"""The kernel store seen from outside: whole processes, broken folders, sudden deaths."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Prints the result and how many kernels were compiled and loaded.
PROGRAM = """
import numtorch as torch
x = torch.arange(12).to(torch.float32).reshape(3, 4).requires_grad_()
((x @ x.t()).relu() * 0.5).sum().backward()
print(x.grad.tolist())
c = torch.jit.counters
print(c.kernels_compiled, c.kernels_loaded)
"""


def start(folder, code: str = PROGRAM, **env) -> subprocess.Popen:
    env = {
        **os.environ, "PYTHONPATH": str(ROOT), "NUMTORCH_CACHE_DIR": str(folder),
        "PYTHONWARNINGS": "always", **env,
    }  # fmt: skip
    env.pop("NUMTORCH_VERIFY", None)
    return subprocess.Popen(
        [sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip


def finish(process: subprocess.Popen) -> tuple[str, int, int, list[str]]:
    """(result, compiled, loaded, warnings) of a process that must succeed."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    result, counts = out.strip().splitlines()
    compiled, loaded = map(int, counts.split())
    return result, compiled, loaded, [ln for ln in err.splitlines() if "Warning" in ln]


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """(result, number of kernels, a filled folder)."""
    folder = tmp_path_factory.mktemp("filled")
    result, compiled, loaded, warned = finish(start(folder))
    assert compiled > 2 and loaded == 0 and not warned
    return result, compiled, folder


def objects(folder) -> list[Path]:
    found = sorted(Path(folder).glob("*.o"))
    assert found
    return found


def test_the_second_process_compiles_nothing(expected):
    result, count, folder = expected
    assert finish(start(folder)) == (result, 0, count, [])


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "text"])
def test_damaged_files_are_compiled_again(expected, tmp_path, damage):
    result, count, folder = expected
    for path in objects(folder):
        blob = bytearray(path.read_bytes())
        if damage == "flip":
            blob[len(blob) // 2] ^= 0x10
        elif damage == "truncate":
            blob = blob[: len(blob) * 2 // 3]
        else:
            blob = b"" if damage == "empty" else b"no object code\n" * 99
        (tmp_path / path.name).write_bytes(blob)
    got, compiled, loaded, warned = finish(start(tmp_path))
    # The launcher is a file of the folder too, but none of the counted kernels.
    assert (got, compiled, loaded, len(warned)) == (result, count, 0, 1)
    assert "damaged" in warned[0]
    assert finish(start(tmp_path)) == (result, 0, count, [])


def test_a_folder_that_is_a_file(expected, tmp_path):
    folder = tmp_path / "file"
    folder.write_text("mine")
    got, compiled, _, warned = finish(start(folder))
    assert (got, compiled, len(warned)) == (expected[0], expected[1], 1)
    assert "cannot write" in warned[0] and folder.read_text() == "mine"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_a_read_only_folder(expected, tmp_path):
    tmp_path.chmod(0o500)
    try:
        got, compiled, _, warned = finish(start(tmp_path))
    finally:
        tmp_path.chmod(0o700)
    assert (got, compiled, len(warned)) == (expected[0], expected[1], 1)


def test_two_processes_start_in_an_empty_cache(expected, tmp_path):
    both = [start(tmp_path) for _ in range(2)]
    for process in both:
        got, compiled, loaded, warned = finish(process)
        assert got == expected[0] and compiled + loaded == expected[1] and not warned
    assert finish(start(tmp_path)) == (expected[0], 0, expected[1], [])


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.parametrize("files", [1, 2, 4])
def test_killed_while_it_compiles(expected, tmp_path, files):
    process = start(tmp_path)
    deadline = time.monotonic() + 60
    while len(list(tmp_path.iterdir())) < files and time.monotonic() < deadline:
        time.sleep(0.002)
    process.kill()
    process.communicate()
    got, compiled, loaded, warned = finish(start(tmp_path))
    assert got == expected[0] and compiled + loaded == expected[1] and not warned


KILLED_MID_WRITE = """
import os, signal, sys
import numtorch as torch
from numtorch.jit.runtime import store
class Half:
    def __init__(self, file): self.file = file
    def __enter__(self): return self
    def __exit__(self, *_): pass
    def write(self, data):
        self.file.write(data[:len(data) // 2])
        self.file.flush()
        os.kill(os.getpid(), signal.SIGKILL)
real = os.fdopen
store.os.fdopen = lambda handle, mode: Half(real(handle, mode))
""" + PROGRAM


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_killed_in_the_middle_of_a_write(expected, tmp_path):
    process = start(tmp_path, KILLED_MID_WRITE)
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    assert [p.suffix for p in tmp_path.iterdir()] != [".o"]
    assert finish(start(tmp_path)) == (expected[0], expected[1], 0, [])
