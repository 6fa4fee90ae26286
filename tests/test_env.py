"""The debug dial: environment variables, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# No float sum whose order fusion could change: integers, and exact halves.
PROGRAM = """
import numtorch as torch
torch.manual_seed(3)
x = torch.arange(24).reshape(4, 6).to(torch.float32).requires_grad_()
w = (torch.arange(6).to(torch.float32) - 2).requires_grad_()
y = (x * w + 0.5).relu()
z = y.sum(1) + y.amax(1)
z[1:].sum().backward()
p = torch.zeros(4, 6)
p[:, ::2] = x.detach()[:, 1::2] * 2
r = torch.rand(4, 6)
print(z.tolist(), x.grad.tolist(), w.grad.tolist(), p.tolist(), r.tolist())
print((x.detach() @ x.detach().t()).tolist(), r.tanh().tolist(), x.argmax(1).tolist())
"""


def run(folder, code: str = PROGRAM, **env) -> list[str]:
    """Lines that the program prints."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("NUMTORCH_")}
    env = {**clean, "PYTHONPATH": str(ROOT), "NUMTORCH_CACHE_DIR": str(folder), **env}
    out = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], env=env, capture_output=True, text=True
    )
    assert out.returncode == 0, out.stderr
    return out.stdout.splitlines()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("kernels")


@pytest.fixture(scope="module")
def expected(folder):
    return run(folder)


@pytest.mark.parametrize(
    "env",
    [
        {"NUMTORCH_EAGER": "1"}, {"NUMTORCH_INTERP": "1"}, {"NUMTORCH_FUSE_LIMIT": "0"},
        {"NUMTORCH_FUSE_LIMIT": "1"}, {"NUMTORCH_FUSE_LIMIT": "3"}, {"NUMTORCH_NUM_THREADS": "1"},
        {"NUMTORCH_NUM_THREADS": "2"}, {"OMP_NUM_THREADS": "1"}, {"NUMTORCH_VERIFY": "1"},
        {"NUMTORCH_EAGER": "1", "NUMTORCH_INTERP": "1"}, {"NUMTORCH_DEBUG": "0"},
    ],
    ids=lambda env: " ".join(f"{k}={v}" for k, v in env.items()),
)  # fmt: skip
def test_results_are_equal(folder, expected, env):
    assert run(folder, **env) == expected


@pytest.mark.parametrize("level", range(1, 6))
def test_debug_levels(tmp_path, expected, level):
    lines = run(tmp_path, NUMTORCH_DEBUG=str(level))
    for line in expected:
        assert line in lines
    text = "\n".join(lines)
    assert "[numtorch] compiled " in text and " ms" in text
    assert (" us, " in text and "GB/s" in text) == (level >= 2)
    assert ("map over [" in text) == (level >= 3)
    assert ("def kernel(args, begin, end, tid):" in text) == (level >= 4)
    assert ("graph(%in0" in text) == (level >= 5)


def test_debug_on_a_warm_cache_compiles_nothing(folder, expected):
    assert run(folder, NUMTORCH_DEBUG="1") == expected


def test_thread_count(folder):
    code = "import numtorch as torch; print(torch.get_num_threads())"
    assert run(folder, code, NUMTORCH_NUM_THREADS="1") == ["1"]
    assert run(folder, code, NUMTORCH_NUM_THREADS="3") == ["3"]


@pytest.mark.parametrize("name", ["NUMTORCH_DEBUG", "NUMTORCH_EAGER", "NUMTORCH_FUSE_LIMIT"])
def test_nonsense_is_refused(folder, name):
    env = {**os.environ, "PYTHONPATH": str(ROOT), name: "lots"}
    out = subprocess.run(
        [sys.executable, "-c", "import numtorch"], env=env, capture_output=True, text=True
    )
    assert out.returncode == 1
    assert out.stderr.strip().endswith(f"ValueError: {name} must be an integer, got 'lots'")


def test_interpreted_process_never_imports_numba(folder):
    code = PROGRAM + "import sys; print('numba' in sys.modules)"
    assert run(folder, code, NUMTORCH_INTERP="1")[-1] == "False"
