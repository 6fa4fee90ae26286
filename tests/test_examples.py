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


SHORT = {
    "linear_regression.py": ["--steps", "5"],
    "mnist.py --model mlp": ["--epochs", "1", "--steps", "2"],
    "mnist.py --model lenet": ["--epochs", "1", "--steps", "2"],
    "mnist.py --model deep": ["--epochs", "1", "--steps", "2"],
    "char_lstm.py": ["--steps", "2"],
    "tiny_gpt.py": ["--steps", "2"],
    "vae.py": ["--epochs", "1", "--steps", "2"],
    "gan.py": ["--epochs", "1", "--steps", "2"],
    "cartpole.py": ["--steps", "1"],
    "tree_network.py": ["--steps", "2"],
    "custom_function.py": ["--steps", "2"],
    "fine_tuning.py": ["--steps", "2"],
    "mixed_precision.py": ["--steps", "2"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the short runs write: one set of digits for all."""
    return tmp_path_factory.mktemp("examples")


@pytest.mark.parametrize("command", SHORT)
def test_examples_run(command, folder, monkeypatch):
    for module in ("sklearn", "tqdm", "PIL"):
        pytest.importorskip(module)
    if command == "cartpole.py":
        pytest.importorskip("gymnasium")
    monkeypatch.chdir(folder)
    script, *options = command.split()
    out = run(script, *options, *SHORT[command])
    assert re.search(r"^goal (reached|missed)$", out, re.M), out
    for name in ("vae", "gan"):
        if script == f"{name}.py":
            assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_the_first_example_reaches_its_goal():
    pytest.importorskip("tqdm")
    assert "goal reached" in run("linear_regression.py")


def test_every_example_is_in_the_readme():
    index = (ROOT / "README.md").read_text().split("## Examples")[1].split("\n## ")[0]
    for path in (ROOT / "examples").glob("*.py"):
        assert f"`{path.name}`" in index, path.name


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
