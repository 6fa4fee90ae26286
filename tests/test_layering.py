"""Who may import whom: read from the sources, without running them."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
JIT = sorted((ROOT / "jit").rglob("*.py"))
FRAMEWORK = sorted((ROOT / "numtorch").rglob("*.py"))
# Modules of jit/ that users call; everything else is the lower floor.
UPPER = {"jit/__init__.py", "jit/explain.py"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module_of(path: Path) -> list[str]:
    """Dotted package parts that relative imports in this file count from."""
    return ["numtorch", *path.relative_to(ROOT).parts[:-1]]


def imports(path: Path, top_only: bool = False) -> set[str]:
    """Absolute names of everything a file imports, also inside functions unless `top_only`."""
    tree = ast.parse(path.read_text(), str(path))
    skip = set()
    if top_only:
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                skip.update(map(id, ast.walk(node)))
    found = set()
    for node in ast.walk(tree):
        if id(node) in skip:
            continue
        if isinstance(node, ast.Import):
            found.update(a.name for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module_of(path)[: len(module_of(path)) - node.level + 1] if node.level else []
            prefix = ".".join([*base, *([node.module] if node.module else [])])
            found.add(prefix)
            found.update(f"{prefix}.{a.name}" for a in node.names)
    return found


@pytest.mark.parametrize("path", JIT, ids=name_of)
def test_the_compiler_does_not_know_the_framework(path):
    foreign = {
        m for m in imports(path)
        if m.split(".")[0] == "numtorch" and m != "numtorch" and m.split(".")[1] != "jit"
    }  # fmt: skip
    assert not foreign
    assert "numtorch" not in imports(path)


@pytest.mark.parametrize("path", [p for p in JIT if name_of(p) not in UPPER], ids=name_of)
def test_the_lower_floor_does_not_import_the_upper(path):
    # `describe` is what NUMTORCH_DEBUG prints; it is imported when it prints.
    assert "numtorch.jit.explain" not in imports(path, top_only=True)


@pytest.mark.parametrize(
    "path", [p for p in JIT if name_of(p).startswith(("jit/kernels", "jit/runtime"))], ids=name_of
)
def test_kernels_and_runtime_do_not_know_the_recorder(path):
    above = {"record", "flush", "plan", "lower", "pipeline", "fuse", "codegen", "autograd", "ops",
             "passes", "ir", "link"}  # fmt: skip
    assert not imports(path) & {f"numtorch.jit.{m}" for m in above}


@pytest.mark.parametrize("path", JIT + FRAMEWORK, ids=name_of)
def test_numba_is_imported_inside_functions_only(path):
    assert not {m for m in imports(path, top_only=True) if m.split(".")[0] == "numba"}


def run(code: str, **env) -> str:
    env = {**os.environ, "PYTHONPATH": str(ROOT), **env}
    out = subprocess.run([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, check=True)
    return out.stdout.decode()


def test_a_warm_process_never_imports_numba(tmp_path):
    code = (
        "import sys, numtorch as torch\n"
        "x = torch.ones(4, 4, requires_grad=True)\n"
        "((x @ x).relu() * 2).sum().backward()\n"
        "assert x.grad.tolist()[0][0] == 16\n"
        "print('numba' in sys.modules)"
    )
    assert run("import numtorch, sys; print('numba' in sys.modules)").strip() == "False"
    assert run(code, NUMTORCH_CACHE_DIR=str(tmp_path)).strip() == "True"
    assert run(code, NUMTORCH_CACHE_DIR=str(tmp_path)).strip() == "False"
