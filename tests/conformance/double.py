"""`python -m tests.conformance.double [--only REGEX]`: gradients of gradients of every Module.

In float64, on torch's own samples: the gradients of a weighted sum of the outputs, then the
gradients of a weighted sum of those (sine of them, so that it is no linear function), by both.
Where torch has no second derivative, numtorch may have one or raise, but not return another value.
"""

from __future__ import annotations

import argparse
import re
import sys
import warnings

import numtorch as nt
import torch

from .modules import RANDOM, leaves, plain, to_nt
from .runner import flat, same
from .translate import to_torch


def weighted_sum(lib, tensors):
    """A number from all of them, each element with a weight of its own."""
    return sum(
        (v * lib.linspace(0.5, 1.5, v.numel(), dtype=v.dtype).reshape(v.shape)).sum()
        for v in tensors
    )


def second(lib, result, inputs) -> list | None:
    """Gradients of sum(w * sin(first gradients)); None if nothing depends on the inputs."""
    outs = [v for v in flat(plain(result)) if isinstance(v, lib.Tensor) and v.requires_grad]
    if not outs:
        return None
    first = lib.autograd.grad(weighted_sum(lib, outs), inputs, create_graph=True, allow_unused=True)
    kept = [g.to_dense() if g.is_sparse else g for g in first if g is not None]
    kept = [g for g in kept if g.requires_grad]
    if not kept:
        return []
    total = weighted_sum(lib, [g.sin() for g in kept])
    return list(lib.autograd.grad(total, inputs, allow_unused=True))


def zeros_for_none(grads, inputs, lib):
    return [lib.zeros_like(x) if g is None else g for g, x in zip(grads, inputs)]


def compare(info, case, training: bool) -> bool:
    """False if torch has no second derivative of this sample."""
    c, f = case.constructor_input, case.forward_input
    torch.manual_seed(0)
    theirs = info.module_cls(*c.args, **c.kwargs).double().train(training)
    ours = getattr(nt.nn, info.module_cls.__name__)(*to_nt(c.args), **to_nt(c.kwargs))
    ours = ours.double().train(training)
    if f is None:
        return False
    moved = {id(v): to_nt(v) for v in f.args}  # a tensor that is given twice is one here too
    args, kwargs = tuple(moved[id(v)] for v in f.args), to_nt(f.kwargs)
    if info.module_cls.__name__.startswith("Lazy"):
        theirs(*f.args, **f.kwargs), ours(*args, **kwargs)
    ours.load_state_dict({k: to_nt(v) for k, v in theirs.state_dict().items()})
    mine = [v for v in flat(args) if isinstance(v, nt.Tensor) and v.requires_grad]
    mine += [p for p in ours.parameters() if p.requires_grad]
    given = leaves(theirs, f.args)
    try:
        want = second(torch, theirs(*f.args, **f.kwargs), given) if given else None
    except (RuntimeError, NotImplementedError):
        return False
    if want is None:
        return False
    got = second(nt, ours(*args, **kwargs), mine)
    if not want and not got:
        return True
    want = zeros_for_none(want or [None] * len(given), given, torch)
    got = zeros_for_none(got or [None] * len(mine), mine, nt)
    for k, (g, w) in enumerate(zip(got, want, strict=True)):
        scale = max(1.0, float(w.abs().max())) if w.numel() else 1.0
        g = g.to_dense() if g.is_sparse else g
        try:
            same(g, w, rtol=1e-7, atol=1e-8 * scale)
        except AssertionError:
            # What torch's own result changes by when the inputs change in their last digits.
            bound = conditioning(theirs, f, given, k, w)
            if bool(((to_torch(g) - w).abs() > 1e-8 * scale + bound).any()):
                raise
    return True


def conditioning(module, f, given, k: int, want) -> torch.Tensor:
    worst = torch.zeros_like(want)
    before = [x.detach().clone() for x in given]
    for seed in range(5):
        torch.manual_seed(seed)
        with torch.no_grad():
            for x, old in zip(given, before):
                x.copy_(old * (1 + 1e-15 * torch.randn_like(x)))
        found = second(torch, module(*f.args, **f.kwargs), given)[k]
        worst = torch.maximum(worst, (found - want).abs())
    with torch.no_grad():
        for x, old in zip(given, before):
            x.copy_(old)
    return 10 * worst


def main() -> int:
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_modules import module_db

    parser = argparse.ArgumentParser(prog="python -m tests.conformance.double")
    parser.add_argument("--only", default="")
    parser.add_argument("--samples", type=int, default=4, help="samples of each mode")
    args = parser.parse_args()
    good = total = 0
    for info in module_db:
        name = info.module_cls.__name__
        if not re.search(args.only, name) or "quant" in info.module_cls.__module__:
            continue
        done, wrong = 0, []
        for training in (True, False):
            if training and RANDOM.search(name):
                continue
            cases = info.module_inputs_func(
                info, "cpu", torch.float64, requires_grad=True, training=training
            )
            for k, case in enumerate(list(cases)[: args.samples]):
                try:
                    done += compare(info, case, training)
                except Exception as e:
                    text = " ".join(f"{type(e).__name__}: {e}".split())
                    wrong.append(f"{'train' if training else 'eval'}[{k}] {case.desc}: {text[:300]}")
        total += 1
        good += not wrong
        verdict = f"{len(wrong)} bad" if wrong else f"ok {done}" if done else "-"
        print(f"{name:32s}{verdict:>12s}", flush=True)
        for text in wrong[:3]:
            print(f"      {text}")
    print(f"\n{good} of {total} modules without a difference")
    return 0 if good == total else 1


if __name__ == "__main__":
    sys.exit(main())
