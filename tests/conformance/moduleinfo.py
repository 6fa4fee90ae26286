"""`python -m tests.conformance.moduleinfo [--only REGEX] [--parts LIST]`: torch's own databases.

Read from the installed torch at run time: modules in float64 and bfloat16 (outputs, gradients,
names, repr, words of errors), optimizers (every input of its database over ten steps in both
precisions, state and groups, errors) and the functions of nn.functional on its larger reference
samples. `tests.conformance.modules` holds modules in float32 and the exchange of states.
"""

from __future__ import annotations

import argparse
import re
import sys
import warnings

import numpy as np
import numtorch as nt
import torch

from .modules import RANDOM, gradients_of, leaves, plain, to_nt
from .runner import Run, flat, same
from .translate import to_torch


class Table:
    """What was checked of each row, and the differences."""

    def __init__(self, verbose: int):
        self.verbose, self.rows, self.clean, self.checks = verbose, 0, 0, 0

    def row(self, name: str, checks: int, wrong: list[str]) -> None:
        self.rows, self.checks = self.rows + 1, self.checks + checks
        self.clean += not wrong
        print(f"{name:48s}{f'{len(wrong)} bad of {checks}' if wrong else f'ok {checks}':>16s}", flush=True)
        for text in wrong[: self.verbose]:
            print(f"      {text[:500]}")


def outcome(f):
    """(result, None) or (None, the error), with values read."""
    try:
        out = f()
        for v in flat(plain(out)):
            if isinstance(v, nt.Tensor) and v.numel():
                v.detach().reshape(-1)[0].item()
    except Exception as e:  # noqa: BLE001
        return None, e
    return out, None


def other_error(want: Exception, got: Exception | None) -> str:
    """What differs of two errors; empty if type and words agree."""
    if got is None:
        return f"torch raised {want!r}, numtorch nothing"
    names = [t.__name__ for t in type(got).__mro__]
    text = str(got).replace("numtorch", "torch")
    if type(want).__name__ not in names or text != str(want):
        return f"torch {want!r}, numtorch {got!r}"
    return ""


# ---------------------------------------------------------------- modules


def module_row(info) -> tuple[int, list[str]]:
    wrong: list[str] = []
    checks = 0
    for dtype in (torch.float64, torch.bfloat16):
        for training in (True, False):
            cases = info.module_inputs_func(
                info, "cpu", dtype, requires_grad=True, training=training)
            for k, case in enumerate(cases):
                what = f"{dtype} {'train' if training else 'eval'}[{k}] {case.desc}"
                checks += 1
                try:
                    module_case(info, case, dtype, training)
                except Exception as e:  # noqa: BLE001
                    wrong.append(" ".join(f"{what}: {type(e).__name__}: {e}".split()))
    if info.module_error_inputs_func is not None:
        found = info.module_error_inputs_func(
            info, "cpu", torch.float32, requires_grad=False, training=False)
        for k, case in enumerate(found):
            checks += 1
            text = module_error(info, case.module_error_input)
            if text:
                wrong.append(f"error[{k}]: {text}")
    return checks, wrong


def module_case(info, case, dtype, training: bool) -> None:
    c, f = case.constructor_input, case.forward_input
    name = info.module_cls.__name__
    torch.manual_seed(0)
    theirs = info.module_cls(*c.args, **c.kwargs).to(dtype).train(training)
    ours = getattr(nt.nn, name)(*to_nt(c.args), **to_nt(c.kwargs))
    ours = ours.to(to_nt(dtype)).train(training)
    assert repr(ours) == repr(theirs), f"{ours!r} instead of {theirs!r}"
    if f is None:
        return
    moved = {id(v): to_nt(v) for v in f.args}  # a tensor that is given twice is one here too
    args, kwargs = tuple(moved[id(v)] for v in f.args), to_nt(f.kwargs)
    if name.startswith("Lazy"):
        theirs(*f.args, **f.kwargs), ours(*args, **kwargs)
    for kind in ("parameters", "buffers", "modules", "children"):
        lists = [[n for n, _ in getattr(m, f"named_{kind}")()] for m in (ours, theirs)]
        assert lists[0] == lists[1], f"{kind} {lists[0]} instead of {lists[1]}"
    ours.load_state_dict({k: to_nt(v) for k, v in theirs.state_dict().items()})
    want, error = outcome(lambda: theirs(*f.args, **f.kwargs))
    got, raised = outcome(lambda: ours(*args, **kwargs))
    if error is not None:
        if isinstance(error, NotImplementedError):
            return  # a dtype that torch has no kernel for
        text = other_error(error, raised)
        assert not text, text
        return
    if raised is not None:
        raise raised
    if RANDOM.search(name) and training:
        return
    # A bfloat16 has 8 bits, and the order of sums differs.
    rtol, atol = (1e-7, 1e-9) if dtype is torch.float64 else (4e-2, 4e-2)
    same(plain(got), plain(want), rtol=rtol, atol=atol)
    same([to_torch(v) for v in ours.state_dict().values()], list(theirs.state_dict().values()),
         rtol=rtol, atol=atol)  # fmt: skip
    if dtype is not torch.float64:
        return
    mine = [v for v in flat(args) if isinstance(v, nt.Tensor) and v.requires_grad]
    mine += [p for p in ours.parameters() if p.requires_grad]
    wants = gradients_of(torch, want, leaves(theirs, f.args))
    for g, w in zip(gradients_of(nt, got, mine) or (), wants or (), strict=True):
        if g is None and w is None:
            continue
        g, w = (x.to_dense() if getattr(x, "is_sparse", False) else x for x in (g, w))
        scale = max(1.0, float(w.abs().max())) if w.numel() else 1.0
        same(g, w, rtol=1e-6, atol=1e-8 * scale)


def module_error(info, given) -> str:
    c, f = given.constructor_input, given.forward_input

    def call(cls, move):
        m = cls(*move(c.args), **move(c.kwargs))
        return m(*move(f.args), **move(f.kwargs))

    _, want = outcome(lambda: call(info.module_cls, lambda x: x))
    if want is None:
        return ""
    _, got = outcome(lambda: call(getattr(nt.nn, info.module_cls.__name__), to_nt))
    return other_error(want, got)


# ---------------------------------------------------------------- optimizers


def optimizer_row(info) -> tuple[int, list[str]]:
    wrong: list[str] = []
    checks = 0
    for dtype in ("float64", "float32"):
        for given in info.optim_inputs_func("cpu", getattr(torch, dtype)):
            checks += 1
            try:
                optimizer_case(info.optim_cls, given.kwargs, dtype)
            except Exception as e:  # noqa: BLE001
                wrong.append(" ".join(f"{dtype} {given.kwargs}: {type(e).__name__}: {e}".split()))
    for k, case in enumerate(info.optim_error_inputs_func("cpu", torch.float32)):
        checks += 1
        text = optimizer_error(info.optim_cls, case.optimizer_error_input)
        if text:
            wrong.append(f"error[{k}] {case.optimizer_error_input.desc}: {text}")
    return checks, wrong


def optimizer_error(cls, given) -> str:
    made: dict = {}  # a parameter that is given twice is one here too

    def move(x):
        if isinstance(x, torch.Tensor):
            kind = nt.nn.Parameter if isinstance(x, torch.nn.Parameter) else nt.Tensor.detach
            dense = x.detach().to_dense() if x.is_sparse else x.detach()
            moved = to_nt(dense).to_sparse() if x.is_sparse else to_nt(dense)
            return made.setdefault(id(x), kind(moved))
        if isinstance(x, dict):
            return {k: move(v) for k, v in x.items()}
        return type(x)(map(move, x)) if isinstance(x, (list, tuple)) else x

    params = given.params
    _, want = outcome(lambda: cls(params, **given.kwargs))
    if want is None:
        return ""  # an error of a later step, on another device
    mine = getattr(nt.optim, cls.__name__)
    _, got = outcome(lambda: mine(move(params), **move(given.kwargs)))
    return other_error(want, got)


def optimizer_case(cls, kwargs: dict, dtype: str) -> None:
    rng = np.random.default_rng(0)
    shapes = ((5, 4), (3, 5)) if cls.__name__ == "Muon" else ((5, 4), (5,))
    start = [rng.standard_normal(s).astype(dtype) for s in shapes]
    grads = [[rng.standard_normal(s).astype(dtype) for s in shapes] for _ in range(10)]
    kept = []
    for lib in (nt, torch):
        params = [lib.nn.Parameter(lib.tensor(x)) for x in start]
        moved = {k: to_nt(v) for k, v in kwargs.items()} if lib is nt else kwargs
        opt = getattr(lib.optim, cls.__name__)(params, **moved)
        sparse = cls.__name__ == "SparseAdam"
        for step in grads:
            for p, g in zip(params, step):
                g = lib.tensor(g)
                p.grad = g.to_sparse() if sparse else g
            with lib.no_grad():
                opt.step(lambda params=params, lib=lib: lib.zeros(()))
        kept.append((params, opt))
    (ours, mine), (theirs, other) = kept
    assert repr(mine) == repr(other), f"{mine!r} instead of {other!r}"
    close = {"rtol": 1e-8, "atol": 1e-10} if dtype == "float64" else {"rtol": 1e-4, "atol": 1e-5}
    if cls.__name__ == "Muon":
        close = {"rtol": 5e-2, "atol": 5e-2}  # its iterations are in bfloat16
    same([p.detach() for p in ours], [p.detach() for p in theirs], **close)
    a, b = mine.state_dict(), other.state_dict()
    assert list(a["param_groups"][0]) == list(b["param_groups"][0]), "other keys of groups"
    for k, state in b["state"].items():
        assert list(a["state"][k]) == list(state), f"{list(a['state'][k])} not {list(state)}"
        for name, v in state.items():
            if isinstance(v, torch.Tensor):
                same(a["state"][k][name], v, **close)


# ---------------------------------------------------------------- functions


def function_row(op, samples: int) -> tuple[int, list[str]]:
    run = Run(op, ("float32", "float64"), samples, True).run()
    if run.f is None:
        return 1, ["missing"]
    wrong = [f"{c}: {t}" for c, tally in run.tally.items() for t in tally.wrong]
    return sum(t.checked for t in run.tally.values()), wrong


def main() -> int:
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.moduleinfo")
    parser.add_argument("--only", default="", help="regular expression of names")
    parser.add_argument("--parts", default="modules,optimizers,functions")
    parser.add_argument("--samples", type=int, default=40, help="samples of a function and dtype")
    parser.add_argument("-v", "--verbose", type=int, nargs="?", const=3, default=0)
    args = parser.parse_args()
    table = Table(args.verbose)
    for part in args.parts.split(","):
        for name, row in rows_of(part, args.samples):
            if re.search(args.only, name):
                table.row(name, *row())
    print(f"\n{table.clean} of {table.rows} rows without a difference; {table.checks} checks")
    return 0 if table.clean == table.rows else 1


def rows_of(part: str, samples: int):
    """(name, function that checks it) of a part."""
    if part == "modules":
        from torch.testing._internal.common_modules import module_db

        for info in module_db:
            if "quant" not in info.module_cls.__module__:
                yield info.module_cls.__name__, lambda info=info: module_row(info)
    elif part == "optimizers":
        from torch.testing._internal.common_optimizers import optim_db

        for info in optim_db:
            yield info.optim_cls.__name__, lambda info=info: optimizer_row(info)
    elif part == "functions":
        from torch.testing._internal.common_methods_invocations import op_db

        for op in op_db:
            if op.name.startswith("nn.functional."):
                name = op.name + (f".{op.variant_test_name}" if op.variant_test_name else "")
                yield name, lambda op=op: function_row(op, samples)
    else:
        raise SystemExit(f"no part {part!r}")


if __name__ == "__main__":
    sys.exit(main())
