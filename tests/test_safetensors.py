"""safetensors files: numtorch's own functions, and the package's torch module under the alias."""

from __future__ import annotations

import os
import subprocess
import sys

import numtorch
import pytest
from numtorch import safetensors as ours

pytest.importorskip("safetensors")


def sample(t) -> dict:
    return {
        "f": t.arange(6.0).reshape(2, 3), "bf": t.ones(3, dtype=t.bfloat16) * 1.5,
        "h": t.ones(2, dtype=t.float16), "scalar": t.tensor(3), "empty": t.zeros(0, 4),
        "b": t.tensor([True, False]), "c": t.tensor([1 + 2j]), "u8": t.tensor([7], dtype=t.uint8),
        "d": t.ones(1, dtype=t.float64),
    }  # fmt: skip


def check(a: dict, b: dict) -> None:
    assert sorted(a) == sorted(b)
    for name in a:
        assert a[name].tolist() == b[name].tolist() and a[name].shape == b[name].shape, name
        assert str(a[name].dtype) == str(b[name].dtype), name


def test_files_cross_with_torch(tmp_path):
    torch = pytest.importorskip("torch")
    theirs = pytest.importorskip("safetensors.torch")
    path = tmp_path / "a.safetensors"
    ours.save_file(sample(numtorch), path, {"format": "pt"})
    check(sample(torch), theirs.load_file(path))
    theirs.save_file(sample(torch), path)
    check(ours.load_file(path), sample(torch))
    check(numtorch.load(path), sample(torch))
    check(ours.load(theirs.save(sample(torch))), sample(torch))
    check(theirs.load(ours.save(sample(numtorch))), sample(torch))
    assert os.listdir(tmp_path) == ["a.safetensors"]


def test_loaded_tensors_are_ordinary(tmp_path):
    path = tmp_path / "a.safetensors"
    ours.save_file(sample(numtorch), path, {"k": "v"})
    before = path.read_bytes()
    found = ours.load_file(path)
    found["f"].mul_(2)[0].add_(1)
    assert found["f"].tolist() == [[1, 3, 5], [6, 8, 10]]
    assert path.read_bytes() == before and ours.metadata(path) == {"k": "v"}
    with pytest.raises(AssertionError, match="CUDA"):
        ours.load_file(path, device="cuda")
    with pytest.raises(RuntimeError, match="dict map_location is not supported"):
        numtorch.load(path, map_location={})


def test_models(tmp_path):
    path = tmp_path / "m.safetensors"
    model = numtorch.nn.Sequential(numtorch.nn.Linear(2, 2), numtorch.nn.Linear(2, 2))
    model[1].weight = model[0].weight
    with pytest.raises(RuntimeError, match="share memory"):
        ours.save_file(model.state_dict(), path)
    ours.save_model(model, path)
    assert ours.metadata(path) == {"1.weight": "0.weight"}
    want = model[0].weight.tolist()
    with numtorch.no_grad():
        model[0].weight.zero_()
    assert ours.load_model(model, path) == (set(), [])
    assert model[1].weight.tolist() == want
    with pytest.raises(RuntimeError, match='Missing key.*"2.bias"'):
        ours.load_model(model.append(numtorch.nn.Linear(2, 2)), path)


def test_errors(tmp_path):
    path = tmp_path / "a.safetensors"
    ours.save_file({"a": numtorch.ones(2)}, path)
    before = path.read_bytes()
    for bad, error in (
        ({"a": numtorch.ones(2, 3).t()}, "non contiguous"), ({"a": 1}, "expected torch.Tensor"),
        ([], "Expected a dict"), ({"a": numtorch.eye(2).to_sparse()}, "sparse"),
        ({"a": numtorch.ones(1, dtype=numtorch.complex128)}, "no type for"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=error):
            ours.save_file(bad, path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["a.safetensors"]
    for data in (b"", b"abc", b"\xff" * 20, before[:-2], before[:20]):
        path.write_bytes(data)
        with pytest.raises(Exception, match="[Hh]eader|[Bb]uffer|mmap|empty|offset") as found:
            ours.load_file(path)
        assert type(found.value).__name__ in ("SafetensorError", "ValueError", "OSError")
    with pytest.raises(FileNotFoundError):
        ours.load_file(tmp_path / "none.safetensors")


def test_the_package_works_under_the_alias(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import torch\n"
        "from safetensors import safe_open\n"
        "from safetensors.torch import load_file, load_model, save_file, save_model\n"
        "tensors = {'a': torch.arange(6.).reshape(2, 3), 'b': torch.ones(2).bfloat16()}\n"
        "save_file(tensors, 'x.safetensors')\n"
        "found = load_file('x.safetensors')\n"
        "assert all(torch.equal(found[k], tensors[k]) for k in tensors)\n"
        "with safe_open('x.safetensors', framework='pt') as f:\n"
        "    assert f.get_slice('a')[:, 1:].tolist() == [[1, 2], [4, 5]]\n"
        "model = torch.nn.Linear(2, 2)\n"
        "save_model(model, 'm.safetensors')\n"
        "assert load_model(model, 'm.safetensors') == (set(), [])\n"
        "print(torch.__file__)\n"
    )
    done = subprocess.run([sys.executable, "-m", "numtorch", str(program)], capture_output=True,
                          text=True, timeout=300, cwd=tmp_path, env=_environment())  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "numtorch" in done.stdout


def _environment() -> dict:
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
