"""Every public function has an example, and every example prints what it shows.

Kernels are interpreted here: compiling those of 1,400 examples took two minutes of each run, and
other tests compile them. `python -m tests.doc_examples` runs the examples compiled, and with PyTorch.
"""

from __future__ import annotations

import os
import subprocess
import sys

import doc_examples as examples
import pytest

# Names of PyTorch's without an example; the list may only get shorter.
WITHOUT = {
    "torch.Tensor.cuda", "torch.Tensor.eig", "torch.Tensor.lstsq", "torch.Tensor.pin_memory",
    "torch.Tensor.reinforce", "torch.Tensor.solve", "torch.Tensor.symeig",
    "torch.autograd.variable.VariableMeta", "torch.clear_autocast_cache",
    "torch.compiler.cudagraph_mark_step_begin", "torch.compiler.reset",
    "torch.distributions.constraints.MixtureSameFamilyConstraint",
    "torch.nn.parallel.DistributedDataParallel", "torch.nn.parallel.data_parallel",
    "torch.nn.utils.weight_norm.norm_except_dim", "torch.serialization.set_default_mmap_options",
    "torch.serialization.storage_to_tensor_type", "torch.serialization.validate_cuda_device",
    "torch.utils.checkpoint.CheckpointFunction",
}  # fmt: skip
# Fields of results; devices and processes that are not there: most of these only raise.
NO_EXAMPLE = (
    "torch.accelerator.", "torch.backends.", "torch.cuda.", "torch.distributed.", "torch.mps.",
    "torch.mtia.", "torch.onnx.", "torch.return_types.", "torch.utils.tensorboard.", "torch.xpu.",
)


def run_code(code: str, **env) -> str:
    """What a new process prints that runs code on `doc_examples as e`."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"import doc_examples as e; {code}"],
        cwd=os.path.dirname(__file__), check=True, capture_output=True, text=True,
        env={**os.environ, **env},
    )  # fmt: skip
    return done.stdout.strip()


@pytest.mark.parametrize("part", range(4))
def test_examples_print_what_they_show(part):
    names = [n for n in examples.collected() if n not in examples.ALONE]
    assert len(names) > 1500
    code = f"print(*(e.run(n, *e.collected()[n]) for n in {names[part::4]!r}), sep='')"
    assert run_code(code, NUMTORCH_INTERP="1") == ""


@pytest.mark.parametrize("name", sorted(examples.ALONE))
def test_examples_that_need_a_process(name):
    assert run_code(f"print(e.run({name!r}, *e.collected()[{name!r}]))") == ""


def test_every_public_function_has_an_example():
    pytest.importorskip("torch")
    missing = {
        name
        for name, value in examples.public_names().items()
        if not examples.IMPORT.search(examples.doc_of(value))
        and not examples.in_place(name)
        and not name.startswith(NO_EXAMPLE)
    }
    assert sorted(missing - WITHOUT) == [], "give these an example"
    assert sorted(WITHOUT - missing) == [], "take these from WITHOUT"
