"""The programs in examples/ do what they say."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run(script: str, *args: str) -> str:
    env = {**os.environ, "TQDM_DISABLE": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(ROOT / "examples" / script), *args]
    return subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout


def test_digits(tmp_path):
    for module in ("sklearn", "tqdm", "matplotlib"):
        pytest.importorskip(module)
    picture = tmp_path / "digits.png"
    out = run("digits_cnn.py", "--out", str(picture))
    accuracy = float(re.search(r"held-out digits: ([\d.]+)%", out)[1])
    assert accuracy >= 98
    assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size > 10_000
    folder = re.search(r"generated kernels: (.*)", out)[1]
    assert list(Path(folder).glob("*.py"))


def comparison():
    path = ROOT / "examples" / "performance" / "compare.py"
    sys.path.insert(0, str(path.parent))  # as when it is run as a program
    spec = importlib.util.spec_from_file_location("compare", path)
    module = sys.modules["compare"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


COMPARE = comparison()
ROWS = [row for row in COMPARE.rows() if row.make is not None]


@pytest.mark.parametrize("lib", ["numtorch", "torch"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_rows_of_the_comparison_run(row, lib):
    pytest.importorskip(lib)
    step = row.make(COMPARE.namespace(lib))
    for _ in range(2):
        step()


def test_comparison_reports(tmp_path, capsys, monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.setattr(COMPARE, "QUIET_SECONDS", 0.0)
    monkeypatch.setattr(COMPARE, "TURN_SECONDS", 0.01)
    report = tmp_path / "report.json"
    COMPARE.main(["--rows", "per op$|import", "--rounds", "1", "--json", str(report)])
    out = capsys.readouterr().out
    assert out.count("99-op chain") >= 3 and "process: import" in out
    assert '"ratio"' in report.read_text()
    monkeypatch.setattr(COMPARE, "verdict", lambda *_: False)
    assert COMPARE.main(["--rows", "import", "--rounds", "1", "--limits"]) == 1
    assert "missed: process: import" in capsys.readouterr().out
