"""What the README and the docstrings say is true."""

from __future__ import annotations

import importlib
import os
import re
from pathlib import Path

import numtorch
import numtorch as torch
import pytest
from doc_examples import modules
from numtorch.jit import explain
from numtorch.jit.record import local

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
SNIPPETS = re.findall(r"^```python\n(.*?)^```", README, re.M | re.S)


@pytest.mark.parametrize("number", range(len(SNIPPETS)))
def test_readme_snippets_run(number, capsys):
    code = SNIPPETS[number]
    exec(compile(code, f"README.md, snippet {number}", "exec"), {"__name__": "readme"})


def test_quickstart_learns(capsys):
    exec(compile(SNIPPETS[1], "README.md", "exec"), {"__name__": "readme"})
    assert re.fullmatch(r"loss 0\.\d+, accuracy \d+%\n", capsys.readouterr().out)


def test_readme_shows_the_kernel_that_is_generated():
    x, bias = torch.zeros(64, 128), torch.zeros(128)
    local.tape.flush()
    report = explain(lambda: (x * 2 + bias).relu())
    assert report.groups == ["map over [64 x 128]: mul, add, relu"]
    assert report.kernels[0].source.strip() in README
    for line in report.graph.splitlines()[1:4]:
        assert line in README


def test_readme_names_files_that_exist():
    for name in re.findall(r"`((?:jit|numtorch|tests|examples|\.ci)/[\w./]*)`", README):
        assert (ROOT / name).exists(), name


def test_readme_names_variables_that_are_read():
    source = "".join(p.read_text() for p in (ROOT / "jit").rglob("*.py"))
    for name in set(re.findall(r"`((?:NUMTORCH|OMP)_\w+)", README)):
        assert f'"{name}"' in source, name


@pytest.mark.parametrize("name", modules())
def test_modules_say_what_they_are_for(name):
    module = importlib.import_module(name)
    assert module.__doc__ or not (getattr(module, "__file__", "") or "").strip() or _empty(module)


def _empty(module) -> bool:
    return os.path.getsize(module.__file__) == 0


def test_modules_are_found():
    assert {"numtorch.nn.functional", "numtorch.jit.runtime.store"} <= set(modules())
    assert numtorch.__version__
