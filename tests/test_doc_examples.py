"""Every public function has an example, and every example prints what it shows.

All examples run in this process, a group of them per test: kernels that they share compile once.
`python -m tests.doc_examples` runs them with PyTorch too.
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


@pytest.mark.parametrize("group", ["torch", "Tensor", "numtorch", *examples.PACKAGES])
def test_examples_print_what_they_show(group):
    left_out = examples.ALONE | {n for k, n in enumerate(examples.derived()) if k % 12}
    reports = [
        examples.run(name, *found)
        for name, found in examples.collected().items()
        if examples.group(name) == group and name not in left_out
    ]
    assert not any(reports), "\n".join(filter(None, reports))


@pytest.mark.parametrize("name", sorted(examples.ALONE))
def test_examples_that_need_a_process(name):
    code = "import doc_examples as e; print(e.run(name, *e.collected()[name]))"
    done = subprocess.run(
        [sys.executable, "-c", f"name = {name!r}; {code}"], cwd=os.path.dirname(__file__), check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    assert not done.stdout.strip(), done.stdout


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
