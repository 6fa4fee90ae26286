"""The type stub lists what the package has, and a type checker can use it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from numtorch import _stubs

PROGRAM = """
import numtorch as torch
x = torch.zeros(2, 3)
y: torch.Tensor = x.cumsum(0).add_(1)
z = torch.cat([x, y], 0).permute(1, 0)
a: int = x.cumsum(0)
x.cumsum("a")
torch.zeros(3).no_such_method()
"""


def test_the_stub_is_up_to_date():
    with open(_stubs.path()) as f:
        assert f.read() == _stubs.stub(), "run python -m numtorch._stubs"


def test_a_type_checker_finds_the_wrong_lines(tmp_path):
    pytest.importorskip("mypy")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--follow-imports", "silent", "--cache-dir",
         str(tmp_path / "cache"), str(program)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = [t for t in run.stdout.splitlines() if t.startswith(str(program)) and ": error:" in t]
    lines = [int(text.rsplit(".py:", 1)[1].split(":")[0]) for text in found]
    assert lines == [6, 7, 8], run.stdout
