"""`python -m tests.conformance.names`: public names of torch that numtorch does not have."""

from __future__ import annotations

import re
import types

import numtorch as nt
import torch

# Not part of the list of features: back ends, quantised and private rows, CUDA's own, builders.
OUT_OF_SCOPE = re.compile(
    r"cudnn_|miopen_|mkldnn_|mps|xpu|.*quantize|q_|fbgemm|.*_backward|fake_|.*_packed|sym_|vulkan|"
    r"native_|choose_|int_repr|is_vulkan|is_deterministic|.*batch_norm.*|rnn_|gru|lstm|.*embedding|"
    r"per_channel|hip|ipu|to_mkldnn|.*_jvp|nested_|.*nested|refine_names|rename|align_|has_names|names|"
    r"compiled_|sspaddmm|hspmm|smm|smspmm|.*_hook|_.*|cond$|while_loop|map$|typename|.*Storage|"
    r"Script|Jit|[A-Z]\w*Type$|.*Tensor$|import_|export|get_file_path|prepare_|obj|sys|os|math|"
    r"vmap_|unify|merge_|parse_|wait|fork|freeze|set_vital|read_vitals|are_|autocast_.*|.*_autocast.*|"
    r"clear_autocast|.*_cpu_.*|.*_jit.*|is_running.*|.*_deterministic.*|default_generator"
)


def missing(ours, theirs) -> list[str]:
    """Names of callables and properties that `theirs` has and `ours` has not."""
    found = []
    for name in sorted(dir(theirs)):
        if OUT_OF_SCOPE.match(name) or hasattr(ours, name):
            continue
        if isinstance(getattr(theirs, name, None), (types.ModuleType, type)):
            continue
        found.append(name)
    return found


def main() -> None:
    for title, ours, theirs in (
        ("torch", nt, torch), ("torch.Tensor", nt.Tensor, torch.Tensor),
        ("torch.linalg", getattr(nt, "linalg", None), torch.linalg),
        ("torch.fft", getattr(nt, "fft", None), torch.fft),
        ("torch.special", getattr(nt, "special", None), torch.special),
        ("torch.autograd", nt.autograd, torch.autograd),
        ("torch.func", getattr(nt, "func", None), torch.func),
        ("torch.optim", nt.optim, torch.optim),
        ("torch.nn", nt.nn, torch.nn), ("torch.nn.functional", nt.nn.functional, torch.nn.functional),
    ):  # fmt: skip
        names = missing(ours, theirs)
        print(f"{title}: {len(names)} missing\n  {' '.join(names)}")


if __name__ == "__main__":
    main()
