"""The generated source of the programs in graphs.py is kept in golden/, and runs without Numba.

After a wanted change of the code generator: NUMTORCH_GOLDEN=write pytest tests/test_golden.py
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from graphs import GRAPHS
from numtorch.jit import explain

FOLDER = Path(__file__).parent / "golden"
REWRITE = os.environ.get("NUMTORCH_GOLDEN") == "write"


def text_of(name: str) -> str:
    """All kernels of a program, with the group that each was made from."""
    report = explain(GRAPHS[name])
    parts = [f"# {group}" for group in report.groups]
    for k in report.kernels:
        parts.append(f"# {k.name} [{k.mode}]\n{k.source.rstrip() or '# native micro-kernel'}")
    return "\n\n".join(parts) + "\n"


@pytest.mark.parametrize("name", GRAPHS)
def test_source_is_the_one_kept(name):
    path = FOLDER / f"{name}.py"
    text = text_of(name)
    if REWRITE:
        path.write_text(text)
    assert text == path.read_text(), f"{path} differs; see the top of this file"


@pytest.mark.parametrize("name", GRAPHS)
def test_same_results_without_numba(name, setting):
    want = [t.numpy().copy() for t in GRAPHS[name]()]
    setting(interp=True)
    got = [t.numpy().copy() for t in GRAPHS[name]()]
    for g, w in zip(got, want):
        assert g.dtype == w.dtype and g.shape == w.shape
        np.testing.assert_allclose(g, w, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", GRAPHS)
def test_same_results_without_fusion(name, setting):
    want = [t.numpy().copy() for t in GRAPHS[name]()]
    setting(fuse_limit=0)
    got = [t.numpy().copy() for t in GRAPHS[name]()]
    for g, w in zip(got, want):
        assert g.dtype == w.dtype and g.shape == w.shape
        np.testing.assert_allclose(g, w, rtol=1e-5, atol=1e-6)


def test_no_golden_is_left_over():
    assert {p.stem for p in FOLDER.glob("*.py")} == set(GRAPHS)


def test_source_does_not_depend_on_hashing():
    code = "from test_golden import *\nprint(*map(text_of, sorted(GRAPHS)[:6]), sep='')"
    out = [
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True,
            cwd=Path(__file__).parent, env={**os.environ, "PYTHONHASHSEED": str(seed),
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])},
        ).stdout for seed in (1, 2)
    ]  # fmt: skip
    assert out[0] == out[1]
