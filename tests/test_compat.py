"""Programs that import torch run on numtorch: the import hook, the command line, children."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numtorch
import pytest

ROOT = Path(__file__).parents[1]


def run(*args: str, cwd=None, check: bool = True) -> subprocess.CompletedProcess:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "numtorch", *args]
    done = subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, done.stderr
    return done


PROGRAM = """
import pickle, subprocess, sys
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.backends.cudnn as cudnn
import torch.multiprocessing as mp
from torch.autograd import Variable
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parallel import DataParallel
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader
from torch.utils.data.dataloader import default_collate

CHILD = "from torch.nn import functional; import torch; print(torch.__name__, torch.__version__)"

def work(queue):
    import torch as again
    queue.put((again.__name__, __name__, float(again.ones(3).sum())))

if __name__ == "__main__":
    import numtorch
    assert torch is numtorch and nn is numtorch.nn and F is numtorch.nn.functional
    assert torch.__spec__.name == "numtorch" and nn.__spec__.name == "numtorch.nn"
    assert isinstance(Variable(torch.ones(2)), torch.Tensor)
    assert pickle.loads(b"ctorch.nn.modules.linear\\nLinear\\n.") is nn.Linear
    cudnn.benchmark = True
    print(sys.argv[1:], torch.__version__ >= (2, 0), torch.cuda.is_available())
    queue = mp.get_context("spawn").Queue()
    process = mp.get_context("spawn").Process(target=work, args=(queue,))
    process.start()
    print(queue.get())
    process.join()
    print(subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True).stdout)
"""


def test_a_program_and_its_children(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    lines = run(str(path), "--lr", "1").stdout.splitlines()
    assert lines[0] == "['--lr', '1'] True False"
    assert lines[1] == "('numtorch', '__mp_main__', 3.0)"
    assert lines[2] == "numtorch 2.13.0+numtorch"


def test_modules_and_code(tmp_path):
    (tmp_path / "tool.py").write_text("import sys, torch; print(__name__, sys.argv[1:], torch.e)")
    assert run("-m", "tool", "a", cwd=tmp_path).stdout.startswith("__main__ ['a'] 2.718")
    out = run("-c", "import sys, torch; print(__name__, sys.argv)", "x").stdout
    assert out == "__main__ ['-c', 'x']\n"


def test_command_line_errors(tmp_path):
    assert "usage" in run("--help").stdout
    for args, text in (((), "usage"), (("-z",), "Unknown option"), (("-m",), "Argument expected"),
                       (("missing.py",), "can't open file")):  # fmt: skip
        done = run(*args, check=False, cwd=tmp_path)
        assert done.returncode == 2 and text in done.stderr
    (tmp_path / "fails.py").write_text("import torch\nx = torch.zeros(2)\nx.reshape(3)\n")
    done = run("fails.py", check=False, cwd=tmp_path)
    assert done.returncode == 1 and 'fails.py", line 3' in done.stderr


MISSING = """
import importlib.metadata, importlib.util
import torch
assert torch.nn.modules.sparse.Embedding is torch.nn.Embedding
assert torch.nn.modules.linear.NonDynamicallyQuantizableLinear.__mro__[1] is torch.nn.Linear
for code in ("torch.flor", "torch.nn.Linaer", "import torch.foo", "from torch.nn import Linaer",
             "import torch.nn.foo", "torch.zeros(2).cuda()", "torch.ones(1, device='cuda')",
             "torch.nn.Linear(1, 1).to('cuda:0')", "torch.nn.Linear(1, 1).cuda()",
             "torch.cuda.set_device(0)", "torch.Generator('cuda')", "torch.jit.load('x')"):
    try:
        exec(code)
    except Exception as e:
        print(type(e).__name__, e)
assert torch.jit.script(max) is max and torch.torch is torch
from torch.serialization import MAP_LOCATION
from torch.optim.optimizer import ParamsT, required, _use_grad_for_differentiable
torch._assert(True, "fine")
class Doubled(torch.jit.ScriptModule):
    @torch.jit.script_method
    def forward(self, x):
        return x * 2
assert torch.jit.trace(Doubled(), torch.ones(1))(torch.ones(1)).item() == 2
print(hasattr(torch, "foo"), importlib.util.find_spec("torch.foo"))
print(importlib.metadata.version("torch"))
"""


def test_what_is_missing_is_said():
    lines = run("-c", MISSING).stdout.splitlines()
    tail = "it is not implemented in numtorch; did you mean"
    assert lines[0] == f"AttributeError module 'torch' has no attribute 'flor': {tail} 'floor'?"
    assert lines[1].startswith("AttributeError module 'torch.nn' has no attribute 'Linaer'")
    assert lines[2].startswith("ModuleNotFoundError No module or name 'foo' in 'torch': it is not")
    assert lines[3].startswith("ModuleNotFoundError") and lines[3].endswith("mean 'Linear'?")
    assert lines[4].startswith("ModuleNotFoundError No module or name 'foo' in 'torch.nn'")
    for line in lines[5:11]:
        assert line.startswith("AssertionError Torch not compiled with CUDA enabled: ")
    assert lines[11].startswith("NotImplementedError torch.jit.load is not implemented")
    assert lines[12:] == ["False None", "2.13.0+numtorch"]


HOOKS = """
import os, sys
import numtorch
from numtorch import compat
before = list(sys.path), dict(os.environ), list(sys.meta_path), numtorch.__version__
compat.install()
compat.install()
import torch, torch.optim
assert torch is numtorch and compat.installed()
compat.uninstall()
compat.uninstall()
assert not any(name.partition(".")[0] == "torch" for name in sys.modules)
assert before == (list(sys.path), dict(os.environ), list(sys.meta_path), numtorch.__version__)
import types
sys.modules["torch"] = types.ModuleType("torch")
try:
    compat.install()
except RuntimeError as e:
    print(e)
"""


def test_install_and_uninstall():
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", HOOKS], env=env, capture_output=True, text=True)
    assert done.stdout.startswith("torch is already imported from"), done.stderr


def test_devices_that_are_not_there():
    torch = numtorch
    assert not torch.cuda.is_available() and torch.cuda.device_count() == 0
    assert not torch.backends.mps.is_available() and not torch.accelerator.is_available()
    assert torch.version.cuda is None and not torch.distributed.is_available()
    torch.cuda.manual_seed_all(0)
    torch.cuda.empty_cache()
    with pytest.raises(AssertionError, match="^Torch not compiled with CUDA enabled"):
        torch.cuda.synchronize()
    with pytest.raises(AssertionError, match="^Torch not compiled with XPU enabled"):
        torch.nn.Linear(1, 1).xpu()
    with pytest.raises(RuntimeError, match="Cannot execute emptyCache"):
        torch.mps.empty_cache()
    with pytest.raises(TypeError, match="type torch.cuda.FloatTensor not available"):
        torch.cuda.FloatTensor(2)
    with pytest.raises(RuntimeError, match="none is available"):
        torch.accelerator.synchronize()


def test_flags_are_kept():
    cudnn = numtorch.backends.cudnn
    with cudnn.flags(enabled=False, benchmark=True):
        assert (cudnn.enabled, cudnn.benchmark) == (False, True)
    assert (cudnn.enabled, cudnn.benchmark) == (True, False)
    numtorch.use_deterministic_algorithms(True, warn_only=True)
    assert numtorch.get_deterministic_debug_mode() == 1
    numtorch.set_deterministic_debug_mode("default")
    assert not numtorch.are_deterministic_algorithms_enabled()
    with pytest.raises(TypeError, match="must be bool, not int"):
        numtorch.use_deterministic_algorithms(1)
    numtorch.set_default_tensor_type("torch.DoubleTensor")
    assert numtorch.tensor(1.0).dtype is numtorch.float64
    numtorch.set_default_tensor_type(numtorch.FloatTensor)
    assert numtorch.tensor(1.0).dtype is numtorch.float32


def test_variables():
    torch = numtorch
    x = torch.ones(2)
    v = torch.autograd.Variable(x, requires_grad=True)
    assert v.requires_grad and v.data_ptr() == x.data_ptr() and not x.requires_grad
    assert isinstance(x, torch.autograd.Variable) and type(v) is torch.Tensor
    assert torch.autograd.Variable(v * 2).grad_fn is None
    assert torch.autograd.Variable().shape == (0,)
    with pytest.raises(TypeError, match="has to be a tensor, but got list"):
        torch.autograd.Variable([1.0])
    with pytest.warns(UserWarning, match="volatile was removed"):
        torch.autograd.Variable(x, volatile=True)


def test_names_of_older_programs():
    torch = numtorch
    s = torch.sparse.FloatTensor(torch.tensor([[0, 1], [1, 0]]), torch.ones(2), (2, 2))
    assert torch.spmm(s, torch.eye(2)).tolist() == [[0, 1], [1, 0]]
    assert isinstance(s, torch.sparse.FloatTensor) and torch.sparse.LongTensor(2, 3).shape == (2, 3)
    assert torch.zeros(2, dtype=torch.int64).new(3).dtype is torch.int64
    model = torch.nn.parallel.DataParallel(torch.nn.Linear(2, 1))
    assert list(model.state_dict()) == ["module.weight", "module.bias"]
    assert torch.nn.parallel.data_parallel(model, torch.ones(4, 2)).shape == (4, 1)
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        pass
    with pytest.raises(AssertionError, match="Backend must be an instance"):
        torch.nn.attention.sdpa_kernel("math").__enter__()
    with pytest.raises(NotImplementedError, match="onnx.export"):
        torch.onnx.export(model, torch.ones(1, 2), "model.onnx")
    with pytest.raises(NotImplementedError, match="one process"):
        torch.nn.parallel.DistributedDataParallel(model)


def test_compile_is_the_model_itself():
    model = numtorch.nn.Linear(2, 2)
    assert numtorch.compile(model, mode="max-autotune") is model
    assert numtorch.compile()(model) is model
    with pytest.raises(RuntimeError, match="Unrecognized mode=fast"):
        numtorch.compile(model, mode="fast")
    with pytest.raises(NotImplementedError, match="backend"):
        numtorch.compile(model, backend=lambda graph, inputs: graph)


def test_versions_compare_by_number():
    version = numtorch.torch_version.TorchVersion("2.13.0+numtorch")
    assert version >= "2.9" and version > (1, 13) and version < "10" and version == (2, 13)
    assert version != "2.12" and hash(version) == hash("2.13.0+numtorch")


def test_hub_loads_local_folders(tmp_path):
    (tmp_path / "hubconf.py").write_text(
        "dependencies = ['numpy']\ndef double(x):\n    'Twice.'\n    return 2 * x\n"
    )
    hub = numtorch.hub
    assert hub.load(str(tmp_path), "double", 4, source="local") == 8
    assert hub.list(str(tmp_path), source="local") == ["double"]
    assert hub.help(str(tmp_path), "double", source="local") == "Twice."
    with pytest.raises(RuntimeError, match="Cannot find callable triple"):
        hub.load(str(tmp_path), "triple", source="local")


def test_hub_downloads_and_checks(tmp_path):
    import hashlib

    source = tmp_path / "data.bin"
    source.write_bytes(b"abc" * 1000)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    out = tmp_path / "folder" / "copy.bin"
    numtorch.hub.download_url_to_file(source.as_uri(), str(out), digest[:8], progress=False)
    assert out.read_bytes() == source.read_bytes()
    with pytest.raises(RuntimeError, match="invalid hash value"):
        numtorch.hub.download_url_to_file(source.as_uri(), str(tmp_path / "b"), "0000", False)
    assert not (tmp_path / "b").exists() and len(list(tmp_path.iterdir())) == 2
