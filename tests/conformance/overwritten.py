"""`python -m tests.conformance.overwritten [--ops REGEX]`: what gradients keep of each function.

On torch's samples in float64, for each tensor that a function takes or gives: it is overwritten in
place between the function and backward(), so that PyTorch raises where its formula saved that
tensor. The same for the in-place variant, for two backwards through one graph, and (`--data`)
for writes through .data, which the gradient reads without an error. Held against torch: whether it
raises, the gradients, and which results are views.
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import sys
import warnings

if __name__ == "__main__":
    os.environ.setdefault("NUMTORCH_INTERP", "1")  # each kernel runs a few times

import numtorch as nt
import torch

from .__main__ import SKIP
from .runner import RANDOM, describe, flat, same, weights
from .translate import Inexpressible, resolve, to_nt

LOSSES = re.compile(r"nn\.functional\.(?!.*(dropout|rrelu|fractional|scaled_dot|ctc|linear_cross))")


class Case:
    """One sample of a function, to be run on either side."""

    def __init__(self, op, f, sample, inplace: bool = False):
        self.op, self.sample, self.inplace = op, sample, inplace
        self.calls = {torch: op.get_inplace() if inplace else op.op, nt: f}
        if inplace:
            self.calls[nt] = getattr(nt.Tensor, self.calls[torch].__name__)

    def play(self, lib, act):
        """Gradients of the leaves after act(lib, operands, results), or the exception."""
        leaves: list = []

        def fresh(x):
            if isinstance(x, torch.Tensor):
                # torch keeps a copy of the layout in clone(): both sides start row-major.
                t = x.detach().clone(memory_format=torch.contiguous_format)
                t = t if lib is torch else to_nt(t)
                if not x.requires_grad:
                    return t
                leaves.append(t.requires_grad_())
                return t.clone()
            if type(x) in (tuple, list):
                return type(x)(map(fresh, x))
            return x if lib is torch else to_nt(x)

        args = [fresh(x) for x in (self.sample.input, *self.sample.args)]
        kwargs = {k: fresh(v) for k, v in self.sample.kwargs.items()}
        operands = [t for t in flat([args, kwargs]) if isinstance(t, lib.Tensor)]
        try:
            out = self.calls[lib](*args, **kwargs)
            results = [t for t in flat(out) if isinstance(t, lib.Tensor)]
        except Exception as e:
            return Failed(e)
        try:
            return act(lib, operands, results, leaves)
        except Exception as e:
            return e


class Failed(Exception):
    """The call itself raised."""


def backward(lib, results, leaves, retain=None):
    """Gradients of a weighted sum of the results."""
    f = [r for r in results if r.requires_grad]
    root = sum((r * weights(lib, r, k)).sum() for k, r in enumerate(f))
    found = lib.autograd.grad(root, leaves, allow_unused=True, retain_graph=retain)
    return [lib.zeros_like(x) if g is None else g for g, x in zip(found, leaves)]


def overwrite(which: str, k: int, data: bool):
    """Overwrites operand or result k before the backward."""

    def act(lib, operands, results, leaves):
        t = (operands if which == "operand" else results)[k]
        if data:
            t.data.mul_(2)
        else:
            with lib.no_grad():
                t.copy_(t.clone())
        return backward(lib, results, leaves)

    return act


def twice(lib, operands, results, leaves):
    """A second backward through the graph."""
    roots = [r for r in results if r.requires_grad]
    seeds = [weights(lib, r, k) for k, r in enumerate(roots)]
    lib.autograd.grad(roots, leaves, seeds, allow_unused=True)
    found = lib.autograd.grad(roots, leaves, seeds, allow_unused=True)
    return [lib.zeros_like(x) if g is None else g for g, x in zip(found, leaves)]


def views(lib, operands, results, leaves):
    """Which results are views."""
    return [bool(r._is_view()) and r.numel() > 0 for r in results]


def actions(operands: int, results: list, data: bool) -> dict:
    """What is done between a function and its backward, by name."""
    found = {}
    if not data:
        found = {"views": views, "twice": twice}
    for which, n in (("operand", operands), ("result", len(results))):
        for k in range(n):
            found[f"{which} {k}"] = overwrite(which, k, data)
    return found


def difference(got, want) -> str:
    """What is not the same in two outcomes, or nothing."""
    if isinstance(got, Exception) or isinstance(want, Exception):
        if type(got) is type(want):
            return ""
        return f"{short(got)} instead of {short(want)}"
    if want and isinstance(want[0], bool):
        return "" if got == want else f"views {got} instead of {want}"
    try:
        same(tuple(got), tuple(want), 1e-6, 1e-8)
    except AssertionError as e:
        return " ".join(str(e).split())[:200]
    return ""


def short(x) -> str:
    return f"{type(x).__name__}({str(x)[:90]!r})" if isinstance(x, Exception) else "a gradient"


def cases(op, samples: int):
    """The cases of a function: of itself and of its in-place variant."""
    f = resolve(op)
    if f is None:
        return
    torch.manual_seed(0)
    for sample in itertools.islice(op.sample_inputs("cpu", torch.float64, requires_grad=True), samples):
        yield Case(op, f, sample)
        change = op.get_inplace()
        name = getattr(change, "__name__", "<lambda>") if change is not None else "<lambda>"
        if name != "<lambda>" and hasattr(nt.Tensor, name) and isinstance(sample.input, torch.Tensor):
            yield Case(op, f, sample, True)


def check(case: Case, data: bool) -> tuple[int, list[str]]:
    """(number of checks, differences) of one case."""
    counts: list = []

    def look(lib, operands, results, leaves):
        counts.append((len(operands), results, leaves))
        return []

    if isinstance(case.play(torch, look), Exception) or not counts[0][2]:
        return 0, []
    if not any(r.requires_grad for r in counts[0][1]):
        return 0, []
    wrong, done = [], 0
    for name, act in actions(counts[0][0], counts[0][1], data).items():
        want, got = case.play(torch, act), case.play(nt, act)
        if isinstance(got, Failed):
            return done, wrong  # a matter of the other table
        done += 1
        try:
            text = difference(got, want)
        except Exception as e:
            text = f"{type(e).__name__}: {e}"
        if text:
            wrong.append(f"{'in place, ' if case.inplace else ''}{name}: {text}")
    return done, wrong


def main() -> int:
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_methods_invocations import op_db

    parser = argparse.ArgumentParser(prog="python -m tests.conformance.overwritten")
    parser.add_argument("--ops", default="")
    parser.add_argument("--samples", type=int, default=3)
    parser.add_argument("--data", action="store_true", help="writes through .data")
    parser.add_argument("--nn", action="store_true", help="functions of nn.functional")
    parser.add_argument("--verbose", "-v", type=int, nargs="?", const=6, default=3)
    args = parser.parse_args()
    good = functions = checks = 0
    for op in op_db:
        name = op.name + (f".{op.variant_test_name}" if op.variant_test_name else "")
        kind = LOSSES.match(op.name) if args.nn else not SKIP.match(op.name)
        random = op.name in RANDOM or not op.supports_autograd
        if not kind or random or not re.search(args.ops, name):
            continue
        done, wrong = 0, []
        for case in cases(op, args.samples):
            try:
                n, texts = check(case, args.data)
            except Inexpressible:
                continue
            done += n
            wrong += [f"{describe(case.sample)[:60]} {t}" for t in texts]
        if not done:
            continue
        functions, good, checks = functions + 1, good + (not wrong), checks + done
        if wrong:
            print(f"{name:36s}{len(wrong)} of {done}", flush=True)
            for text in wrong[: args.verbose]:
                print(f"      {text}")
    print(f"\n{good} of {functions} functions without a difference, {checks} checks")
    return 0 if good == functions else 1


if __name__ == "__main__":
    sys.exit(main())
